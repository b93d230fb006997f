//! The content of rows in memory as a hash.
//!
//! It is that of the values: how rows are cut into batches, where a slice begins, and what lies under a null leave no trace.
//! Of types that arrow's rows do not know (in Arrow 59 dictionaries of nested values, and what has such) the pieces of each batch
//! are hashed as Arrow IPC: there the cuts do show.

use arrow::array::{Array, ArrayRef, AsArray as _, OffsetSizeTrait};
use arrow::datatypes::{DataType, Schema};
use arrow::record_batch::RecordBatch;
use arrow::row::{RowConverter, SortField};
use featr_decode::{DecodeError, Rows};
use xxhash_rust::xxh3::Xxh3;

/// Rows that are turned into bytes at a time, where a type needs that.
const ROWS_AT_ONCE: usize = 8_192;

/// About how many bytes the columns that count take in Arrow (4 for each text's offset), and the hash of their schema and values.
///
/// # Errors
/// The temporary file of rows that were spooled cannot be read.
pub(super) fn content(rows: &Rows, counts: &dyn Fn(&str) -> bool) -> Result<(u64, String), DecodeError> {
    let fields = rows.schema().fields().iter().enumerate();
    let fields = fields.filter(|(_, field)| counts(field.name()));
    let mut columns: Vec<_> = fields.map(|(place, field)| (place, field, Column::default())).collect();
    rows.for_each(|batch| {
        for (place, _, column) in &mut columns {
            column.add(batch.column(*place));
        }
    })?;
    let mut all = Xxh3::new();
    all.update(&rows.rows().to_le_bytes());
    for (_, field, column) in &columns {
        let about = format!("{:?}", (field.name(), field.data_type(), field.is_nullable()));
        all.update(&(about.len() as u64).to_le_bytes());
        all.update(about.as_bytes());
        for part in [&column.nulls, &column.lengths, &column.values] {
            all.update(&part.digest128().to_le_bytes());
        }
    }
    let bytes = columns.iter().map(|(_, _, column)| column.bytes).sum();
    Ok((bytes, format!("{:032x}", all.digest128())))
}

/// A column, in parts that do not depend on batches.
#[derive(Default)]
struct Column {
    rows: u64,
    bytes: u64,
    /// The places of nulls.
    nulls: Xxh3,
    /// Of values that have no width of their own.
    lengths: Xxh3,
    values: Xxh3,
}

impl Column {
    fn value(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.values.update(bytes);
    }

    fn sized(&mut self, bytes: &[u8]) {
        self.bytes += 4;
        self.lengths.update(&(bytes.len() as u64).to_le_bytes());
        self.value(bytes);
    }

    fn add(&mut self, array: &ArrayRef) {
        if let Some(nulls) = array.logical_nulls().filter(|nulls| nulls.null_count() > 0) {
            for row in (0..array.len()).filter(|row| nulls.is_null(*row)) {
                self.nulls.update(&(self.rows + row as u64).to_le_bytes());
            }
        }
        self.rows += array.len() as u64;
        match array.data_type() {
            DataType::Null => {}
            DataType::Boolean => {
                for value in array.as_boolean().iter().flatten() {
                    self.value(&[u8::from(value)]);
                }
            }
            DataType::Utf8 => self.texts::<i32>(array),
            DataType::LargeUtf8 => self.texts::<i64>(array),
            ty => match ty.primitive_width() {
                Some(width) => self.numbers(array, width),
                None => self.others(array),
            },
        }
    }

    /// Values of one width: those between nulls at once.
    fn numbers(&mut self, array: &ArrayRef, width: usize) {
        let data = array.to_data();
        let bytes = &data.buffers()[0].as_slice()[data.offset() * width..(data.offset() + data.len()) * width];
        match data.nulls() {
            None => self.value(bytes),
            Some(nulls) => {
                for (from, until) in nulls.valid_slices() {
                    self.value(&bytes[from * width..until * width]);
                }
            }
        }
    }

    /// Texts: those between nulls lie together.
    fn texts<O: OffsetSizeTrait>(&mut self, array: &ArrayRef) {
        let texts = array.as_string::<O>();
        let lengths: Vec<u8> = texts
            .iter()
            .flatten()
            .flat_map(|text| (text.len() as u64).to_le_bytes())
            .collect();
        self.bytes += lengths.len() as u64 / 2;
        self.lengths.update(&lengths);
        let offsets = texts.value_offsets();
        let mut together = |from: usize, until: usize| {
            self.value(&texts.value_data()[offsets[from].as_usize()..offsets[until].as_usize()]);
        };
        match texts.nulls() {
            None => together(0, texts.len()),
            Some(nulls) => nulls.valid_slices().for_each(|(from, until)| together(from, until)),
        }
    }

    /// Values of other types, in the format of arrow's rows; of those that this does not know either, as Arrow IPC.
    fn others(&mut self, array: &ArrayRef) {
        let sort = vec![SortField::new(array.data_type().clone())];
        let converter = RowConverter::supports_fields(&sort).then(|| RowConverter::new(sort).ok());
        let mut converter = converter.flatten();
        for from in (0..array.len()).step_by(ROWS_AT_ONCE) {
            let part = array.slice(from, ROWS_AT_ONCE.min(array.len() - from));
            let rows = converter
                .as_mut()
                .and_then(|converter| converter.convert_columns(std::slice::from_ref(&part)).ok());
            match rows {
                Some(rows) => rows.iter().for_each(|row| self.sized(row.as_ref())),
                None => self.sized(&written(&part)),
            }
        }
    }
}

/// An array as Arrow IPC; of one that cannot be written so, as text, in which Arrow leaves out the middle of a long array.
fn written(array: &ArrayRef) -> Vec<u8> {
    let field = arrow::datatypes::Field::new("", array.data_type().clone(), true);
    let schema = std::sync::Arc::new(Schema::new(vec![field]));
    let write = || {
        let batch = RecordBatch::try_new(schema.clone(), vec![array.clone()])?;
        let mut writer = arrow::ipc::writer::StreamWriter::try_new(Vec::new(), &schema)?;
        writer.write(&batch)?;
        writer.into_inner()
    };
    write().unwrap_or_else(|_: arrow::error::ArrowError| format!("{array:?}").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{DictionaryArray, Float64Array, Int64Array, ListArray, StringArray};
    use arrow::compute::concat_batches;
    use arrow::datatypes::{Int32Type, Int64Type};
    use featr_decode::Table;
    use std::sync::Arc;

    fn batch(numbers: Vec<Option<i64>>, texts: Vec<Option<&str>>) -> RecordBatch {
        let lists = numbers
            .iter()
            .map(|number| number.map(|number| vec![Some(number), None]));
        let lists: ListArray = ListArray::from_iter_primitive::<Int64Type, _, _>(lists);
        let words: DictionaryArray<Int32Type> = texts.iter().copied().collect();
        RecordBatch::try_from_iter([
            ("number", Arc::new(Int64Array::from(numbers)) as ArrayRef),
            ("text", Arc::new(StringArray::from(texts)) as ArrayRef),
            ("list", Arc::new(lists) as ArrayRef),
            ("word", Arc::new(words) as ArrayRef),
        ])
        .unwrap()
    }

    fn of(batches: &[RecordBatch]) -> (u64, String) {
        let table = Table {
            schema: batches[0].schema(),
            batches: batches.to_vec(),
        };
        content(&Arc::new(table).into(), &|_| true).unwrap()
    }

    #[test]
    fn equal_values_have_equal_hashes_however_they_are_cut() {
        let whole = batch(
            vec![Some(1), None, Some(3), Some(4), None],
            vec![Some("a"), Some(""), None, Some("bc"), Some("a")],
        );
        let known = of(std::slice::from_ref(&whole));
        for cut in 0..5 {
            let parts = [whole.slice(0, cut), whole.slice(cut, 5 - cut)];
            assert_eq!(of(&parts), known);
            let moved = concat_batches(&whole.schema(), [&whole, &whole]).unwrap().slice(5, 5);
            assert_eq!(of(&[moved.slice(0, cut), moved.slice(cut, 5 - cut)]), known);
        }
    }

    #[test]
    fn columns_that_nobody_reads_leave_no_trace() {
        let rows = |texts: Vec<Option<&str>>| {
            let batch = batch(vec![Some(1), None], texts);
            let batches = vec![batch.clone()];
            Rows::from(Arc::new(Table {
                schema: batch.schema(),
                batches,
            }))
        };
        let (one, other) = (rows(vec![Some("a"), None]), rows(vec![Some("b"), None]));
        let number = |name: &str| name == "number";
        assert_eq!(content(&one, &number).unwrap(), content(&other, &number).unwrap());
        assert_ne!(content(&one, &|_| true).unwrap(), content(&other, &|_| true).unwrap());
    }

    #[test]
    fn every_value_counts() {
        let numbers = vec![Some(1), None, Some(3)];
        let texts = vec![Some("a"), Some("bc"), None];
        let known = of(&[batch(numbers.clone(), texts.clone())]).1;
        for other in [
            batch(vec![Some(1), None, Some(4)], texts.clone()),
            batch(vec![None, Some(1), Some(3)], texts.clone()),
            batch(vec![Some(1), Some(0), Some(3)], texts.clone()),
            batch(numbers.clone(), vec![Some("ab"), Some("c"), None]),
            batch(numbers.clone(), vec![Some("a"), Some("bc"), Some("")]),
            batch(vec![Some(3), None, Some(1)], texts.clone()),
        ] {
            assert_ne!(of(&[other]).1, known);
        }
        let one = |name: &str, array: ArrayRef| of(&[RecordBatch::try_from_iter([(name, array)]).unwrap()]).1;
        let texts = |texts: [&str; 2]| one("x", Arc::new(StringArray::from_iter_values(texts)));
        assert_ne!(texts(["a", "bc"]), texts(["ab", "c"]));
        let zero: ArrayRef = Arc::new(Float64Array::from(vec![0.0]));
        let minus: ArrayRef = Arc::new(Float64Array::from(vec![-0.0]));
        let whole: ArrayRef = Arc::new(Int64Array::from(vec![0]));
        assert_ne!(one("x", zero.clone()), one("x", minus));
        assert_ne!(one("x", zero.clone()), one("x", whole));
        assert_ne!(one("x", zero.clone()), one("y", zero));
    }

    #[test]
    fn what_lies_under_a_null_leaves_no_trace() {
        let nulls = || Some(vec![true, false].into());
        let one = |under: i64| {
            let array: ArrayRef = Arc::new(Int64Array::new(vec![7, under].into(), nulls()));
            of(&[RecordBatch::try_from_iter([("x", array)]).unwrap()])
        };
        assert_eq!(one(0), one(9));
    }
}
