//! Values as JSON, a text each, in the form that they have in a JSONL file.

use super::{WriteError, as_text};
use crate::error::DecodeError;
use arrow::array::{Array, AsArray as _, Float64Array, RecordBatch};
use arrow::datatypes::{DataType, FieldRef, Float64Type};
use arrow::error::ArrowError;
use arrow::json::writer::{Encoder, EncoderFactory, EncoderOptions, NullableEncoder, make_encoder};
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// The values of a batch as JSON: what a JSONL file has of them, and floats that JSON has no number for as the texts
/// `NaN`, `Infinity` and `-Infinity`, which the decoder reads.
#[derive(Debug)]
pub struct JsonColumns(Vec<Texts>);

/// The texts of a column, one after the other.
#[derive(Debug, Default)]
struct Texts {
    bytes: Vec<u8>,
    /// Per row, where its text ends.
    ends: Vec<usize>,
}

impl JsonColumns {
    /// `what` is what messages call the result.
    ///
    /// # Errors
    /// [`DecodeError::BeyondText`] for a value that text cannot hold.
    pub fn of(batch: &RecordBatch, what: &str) -> Result<JsonColumns, DecodeError> {
        let columns = columns(batch);
        columns.map(JsonColumns).map_err(|error| error.of(Path::new(what), 0))
    }

    /// A value; `null` where there is no such row or column.
    pub fn value(&self, column: usize, row: usize) -> &str {
        let text = |texts: &Texts| {
            let start = row
                .checked_sub(1)
                .map_or(Some(0), |before| texts.ends.get(before).copied());
            Some(start?..texts.ends.get(row).copied()?)
        };
        let bytes = self.0.get(column).and_then(|texts| texts.bytes.get(text(texts)?));
        bytes
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or("null")
    }
}

fn columns(batch: &RecordBatch) -> Result<Vec<Texts>, WriteError> {
    let batch = as_text(batch)?;
    let options = EncoderOptions::default()
        .with_explicit_nulls(true)
        .with_encoder_factory(Arc::new(Floats));
    let schema = batch.schema();
    let mut all = Vec::with_capacity(batch.num_columns());
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        let mut encoder = make_encoder(field, column, &options)?;
        let mut texts = Texts::default();
        for row in 0..batch.num_rows() {
            match encoder.is_null(row) {
                true => texts.bytes.extend_from_slice(b"null"),
                false => encoder.encode(row, &mut texts.bytes),
            }
            texts.ends.push(texts.bytes.len());
        }
        all.push(texts);
    }
    Ok(all)
}

/// Makes encoders of floats.
#[derive(Debug)]
struct Floats;

static PLAIN: LazyLock<EncoderOptions> = LazyLock::new(EncoderOptions::default);

impl EncoderFactory for Floats {
    fn make_default_encoder<'a>(
        &self,
        field: &'a FieldRef,
        array: &'a dyn Array,
        _: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        if *array.data_type() != DataType::Float64 {
            return Ok(None);
        }
        let encoder = FloatEncoder {
            values: array.as_primitive::<Float64Type>(),
            plain: make_encoder(field, array, &PLAIN)?,
        };
        Ok(Some(NullableEncoder::new(Box::new(encoder), array.nulls().cloned())))
    }
}

struct FloatEncoder<'a> {
    values: &'a Float64Array,
    plain: NullableEncoder<'a>,
}

impl Encoder for FloatEncoder<'_> {
    fn encode(&mut self, row: usize, out: &mut Vec<u8>) {
        let value = self.values.value(row);
        match (value.is_finite(), value.is_nan()) {
            (true, _) => self.plain.encode(row, out),
            (_, true) => out.extend_from_slice(b"\"NaN\""),
            _ if value > 0.0 => out.extend_from_slice(b"\"Infinity\""),
            _ => out.extend_from_slice(b"\"-Infinity\""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows_writer::write_rows;
    use arrow::array::{
        ArrayRef, Decimal128Array, DurationMicrosecondArray, ListArray, StringArray, TimestampMicrosecondArray,
    };

    /// A file of JSONL is put together from the same texts.
    #[test]
    fn values_are_those_of_a_jsonl_file() {
        let at = TimestampMicrosecondArray::from(vec![Some(1_500_000), Some(1_000_001), None]).with_timezone("UTC");
        let decimals = Decimal128Array::from(vec![Some(10i128.pow(37) + 1), Some(-5), None]);
        let columns: [(&str, ArrayRef); 6] = [
            ("at", Arc::new(at)),
            ("d", Arc::new(decimals.with_precision_and_scale(38, 2).unwrap())),
            (
                "t",
                Arc::new(DurationMicrosecondArray::from(vec![
                    Some(5_400_000_001),
                    Some(-1),
                    None,
                ])),
            ),
            ("s", Arc::new(StringArray::from(vec![Some("a\"\n"), Some(""), None]))),
            ("f", Arc::new(Float64Array::from(vec![Some(0.1), Some(1e300), None]))),
            (
                "l",
                Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>([
                    Some(vec![Some(-0.0), None]),
                    None,
                    None,
                ])),
            ),
        ];
        let names = columns.clone().map(|(name, _)| name);
        let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.jsonl");
        write_rows(&path, batch.schema(), [batch.clone()]).unwrap();
        let written = std::fs::read_to_string(path).unwrap();
        let texts = JsonColumns::of(&batch, "rows").unwrap();
        let line = |row: usize| {
            let entry = |(column, name): (usize, &&str)| format!("\"{name}\":{}", texts.value(column, row));
            format!(
                "{{{}}}\n",
                names.iter().enumerate().map(entry).collect::<Vec<_>>().join(",")
            )
        };
        assert_eq!((0..3).map(line).collect::<String>(), written);
        assert!(
            written.contains("\"d\":100000000000000000000000000000000000.01,\"t\":\"PT5400.000001S\""),
            "{written}"
        );
        assert_eq!((texts.value(0, 3), texts.value(6, 0)), ("null", "null"));
    }

    #[test]
    fn floats_that_are_no_numbers_have_the_form_that_is_read() {
        let floats: ArrayRef = Arc::new(Float64Array::from(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY]));
        let batch = RecordBatch::try_from_iter([("f", floats)]).unwrap();
        let texts = JsonColumns::of(&batch, "rows").unwrap();
        let said = [0, 1, 2].map(|row| texts.value(0, row));
        assert_eq!(said, ["\"NaN\"", "\"Infinity\"", "\"-Infinity\""]);
        let late: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![i64::MAX]).with_timezone("UTC"));
        let batch = RecordBatch::try_from_iter([("late", late)]).unwrap();
        assert!(matches!(
            JsonColumns::of(&batch, "the answer"),
            Err(DecodeError::BeyondText { .. })
        ));
    }
}
