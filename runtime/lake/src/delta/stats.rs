//! Statistics of a data file for the log: how many rows and nulls, and between which values a column lies.
//!
//! A bound may be wider than the values, never narrower; where a bound cannot be said exactly in JSON there is none.

use arrow::array::{Array, ArrowPrimitiveType, AsArray as _, RecordBatch};
use arrow::compute;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    SchemaRef, TimestampMicrosecondType,
};
use featc_ir::calendar::{Civil, civil_from_days};
use std::fmt::Write as _;

/// As many columns as other writers describe.
const COLUMNS_MAX: usize = 32;
/// Longer strings give a cut lower bound and no upper one.
const CHARS_MAX: usize = 32;

/// The statistics of the rows so far.
#[derive(Debug)]
pub(crate) struct Stats {
    schema: SchemaRef,
    rows: u64,
    columns: Vec<Column>,
}

#[derive(Debug, Clone, Default)]
struct Column {
    nulls: u64,
    range: Range,
}

#[derive(Debug, Clone, Default, PartialEq)]
enum Range {
    /// No value so far.
    #[default]
    Empty,
    Whole(i128, i128),
    Float(f64, f64),
    Text(String, String),
    /// A value that has no place in JSON, or a type without order there.
    Unknown,
}

impl Stats {
    pub(crate) fn new(schema: SchemaRef) -> Stats {
        let columns = vec![Column::default(); schema.fields().len().min(COLUMNS_MAX)];
        Stats {
            schema,
            rows: 0,
            columns,
        }
    }

    pub(crate) fn add(&mut self, batch: &RecordBatch) {
        self.rows += batch.num_rows() as u64;
        for (column, array) in self.columns.iter_mut().zip(batch.columns()) {
            column.nulls += array.null_count() as u64;
            let before = std::mem::take(&mut column.range);
            column.range = before.with(Range::of(array));
        }
    }

    /// The text that goes into the log.
    pub(crate) fn json(&self) -> String {
        let (mut least, mut greatest, mut nulls) = (String::new(), String::new(), String::new());
        for (column, field) in self.columns.iter().zip(self.schema.fields()) {
            let name = quoted(field.name());
            let say = |out: &mut String, value: Option<String>| {
                if let Some(value) = value {
                    let comma = if out.is_empty() { "" } else { "," };
                    // Writing to a string cannot fail.
                    let _ = write!(out, "{comma}{name}:{value}");
                }
            };
            let (low, high) = column.range.bounds(field.data_type());
            say(&mut least, low);
            say(&mut greatest, high);
            say(&mut nulls, Some(column.nulls.to_string()));
        }
        format!(
            r#"{{"numRecords":{},"minValues":{{{least}}},"maxValues":{{{greatest}}},"nullCount":{{{nulls}}}}}"#,
            self.rows
        )
    }
}

impl Range {
    fn of(array: &dyn Array) -> Range {
        if array.null_count() == array.len() {
            return Range::Empty;
        }
        match array.data_type() {
            DataType::Int8 => whole::<Int8Type>(array),
            DataType::Int16 => whole::<Int16Type>(array),
            DataType::Int32 => whole::<Int32Type>(array),
            DataType::Int64 => whole::<Int64Type>(array),
            DataType::Date32 => whole::<Date32Type>(array),
            DataType::Timestamp(..) => whole::<TimestampMicrosecondType>(array),
            DataType::Decimal128(..) => whole::<Decimal128Type>(array),
            DataType::Float32 => floats::<Float32Type>(array),
            DataType::Float64 => floats::<Float64Type>(array),
            DataType::Utf8 => {
                let strings = array.as_string::<i32>();
                match (compute::min_string(strings), compute::max_string(strings)) {
                    (Some(least), Some(greatest)) => Range::Text(least.to_owned(), greatest.to_owned()),
                    _ => Range::Unknown,
                }
            }
            _ => Range::Unknown,
        }
    }

    /// Both together.
    fn with(self, other: Range) -> Range {
        match (self, other) {
            (Range::Empty, range) | (range, Range::Empty) => range,
            (Range::Whole(a, b), Range::Whole(c, d)) => Range::Whole(a.min(c), b.max(d)),
            (Range::Float(a, b), Range::Float(c, d)) => Range::Float(a.min(c), b.max(d)),
            (Range::Text(a, b), Range::Text(c, d)) => Range::Text(a.min(c), b.max(d)),
            _ => Range::Unknown,
        }
    }

    /// Lower and upper bound as JSON.
    fn bounds(&self, ty: &DataType) -> (Option<String>, Option<String>) {
        match (self, ty) {
            (Range::Empty | Range::Unknown, _) => (None, None),
            (Range::Whole(least, greatest), DataType::Date32) => {
                let date = |day| date(day).map(|date| quoted(&date));
                (date(*least), date(*greatest))
            }
            (Range::Whole(least, greatest), DataType::Timestamp(_, zone)) => {
                let z = if zone.is_some() { "Z" } else { "" };
                // Whole milliseconds, away from the values.
                (
                    timestamp(least.div_euclid(1_000), z),
                    timestamp(-(-greatest).div_euclid(1_000), z),
                )
            }
            (Range::Whole(least, greatest), DataType::Decimal128(_, scale)) => {
                (Some(decimal(*least, *scale)), Some(decimal(*greatest, *scale)))
            }
            (Range::Whole(least, greatest), _) => (Some(least.to_string()), Some(greatest.to_string())),
            (Range::Float(least, greatest), _) => (Some(format!("{least:e}")), Some(format!("{greatest:e}"))),
            (Range::Text(least, greatest), _) => {
                let cut: String = least.chars().take(CHARS_MAX).collect();
                let short = greatest.chars().nth(CHARS_MAX).is_none();
                (Some(quoted(&cut)), short.then(|| quoted(greatest)))
            }
        }
    }
}

fn whole<T: ArrowPrimitiveType>(array: &dyn Array) -> Range
where
    T::Native: Into<i128>,
{
    let values = array.as_primitive::<T>();
    match (compute::min(values), compute::max(values)) {
        (Some(least), Some(greatest)) => Range::Whole(least.into(), greatest.into()),
        _ => Range::Unknown,
    }
}

fn floats<T: ArrowPrimitiveType>(array: &dyn Array) -> Range
where
    T::Native: Into<f64>,
{
    let mut range = Range::Empty;
    for value in array.as_primitive::<T>().iter().flatten() {
        let value: f64 = value.into();
        if !value.is_finite() {
            return Range::Unknown;
        }
        range = match range {
            Range::Float(least, greatest) => Range::Float(least.min(value), greatest.max(value)),
            _ => Range::Float(value, value),
        };
    }
    range
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A day since 1970-01-01, if it is of the years that have four digits.
fn date(day: i128) -> Option<String> {
    let Civil { year, month, day } = civil_from_days(i64::try_from(day).ok()?);
    (1..=9999)
        .contains(&year)
        .then(|| format!("{year:04}-{month:02}-{day:02}"))
}

fn timestamp(ms: i128, zone: &str) -> Option<String> {
    let date = date(ms.div_euclid(86_400_000))?;
    let of_day = ms.rem_euclid(86_400_000);
    let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (second, ms) = (of_day / 1_000 % 60, of_day % 1_000);
    Some(format!("\"{date}T{hour:02}:{minute:02}:{second:02}.{ms:03}{zone}\""))
}

fn decimal(unscaled: i128, scale: i8) -> String {
    let scale = usize::try_from(scale).unwrap_or(0);
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if unscaled < 0 { "-" } else { "" };
    let point = if scale > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{
        ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray,
        TimestampMicrosecondArray,
    };
    use std::sync::Arc;

    fn json(batches: Vec<Vec<ArrayRef>>) -> serde_json::Value {
        let named = |columns: Vec<ArrayRef>| {
            let names = (b'a'..).map(|name| char::from(name).to_string());
            RecordBatch::try_from_iter(names.zip(columns)).unwrap()
        };
        let batches: Vec<RecordBatch> = batches.into_iter().map(named).collect();
        let mut stats = Stats::new(batches[0].schema());
        batches.iter().for_each(|batch| stats.add(batch));
        serde_json::from_str(&stats.json()).unwrap()
    }

    #[test]
    fn bounds_hold_all_values_of_all_batches() {
        let instants = |values: Vec<i64>| Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC"));
        let decimals = |values: Vec<i128>| {
            Arc::new(Decimal128Array::from(values).with_precision_and_scale(38, 2).unwrap()) as ArrayRef
        };
        let said = json(vec![
            vec![
                Arc::new(Int64Array::from(vec![Some(3), None])),
                instants(vec![-1, 1]),
                decimals(vec![-5, 12_345]),
                Arc::new(Date32Array::from(vec![19_782, 0])),
                Arc::new(Float64Array::from(vec![1e300, -0.5])),
                Arc::new(StringArray::from(vec!["b", "a\""])),
            ],
            vec![
                Arc::new(Int64Array::from(vec![Some(i64::MAX), Some(-7)])),
                instants(vec![1_700_000_000_123_456, 0]),
                decimals(vec![0, 10i128.pow(37)]),
                Arc::new(Date32Array::from(vec![-1, 59])),
                Arc::new(Float64Array::from(vec![0.1, 0.2])),
                Arc::new(StringArray::from(vec!["x".repeat(33), "c".into()])),
            ],
        ]);
        let expected = serde_json::json!({
            "numRecords": 4,
            "minValues": {"a": -7, "b": "1969-12-31T23:59:59.999Z", "c": -0.05, "d": "1969-12-31", "e": -0.5, "f": "a\""},
            "maxValues": {"a": i64::MAX, "b": "2023-11-14T22:13:20.124Z", "c": 1e35, "d": "2024-02-29", "e": 1e300},
            "nullCount": {"a": 1, "b": 0, "c": 0, "d": 0, "e": 0, "f": 0},
        });
        assert_eq!(said, expected);
    }

    #[test]
    fn what_json_cannot_say_has_no_bounds() {
        let said = json(vec![vec![
            Arc::new(Float64Array::from(vec![1.0, f64::NAN])),
            Arc::new(Float64Array::from(vec![f64::INFINITY, 0.0])),
            Arc::new(BooleanArray::from(vec![true, false])),
            Arc::new(Int64Array::from(vec![None, None])),
            Arc::new(TimestampMicrosecondArray::from(vec![i64::MIN, i64::MAX])),
        ]]);
        assert_eq!(said["minValues"], serde_json::json!({}));
        assert_eq!(said["maxValues"], serde_json::json!({}));
        assert_eq!(said["nullCount"]["d"], 2);
    }

    #[test]
    fn decimals_are_exact() {
        for (unscaled, scale, text) in [
            (0, 2, "0.00"),
            (-5, 3, "-0.005"),
            (12_345, 0, "12345"),
            (12_345, 2, "123.45"),
        ] {
            assert_eq!(decimal(unscaled, scale), text);
        }
    }
}
