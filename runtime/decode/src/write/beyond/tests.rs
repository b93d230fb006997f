use super::*;
use crate::{DecodeError, write_rows};
use arrow::array::*;
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{Field, Int8Type};
use std::sync::Arc;

fn found(array: impl Array + 'static) -> Option<(usize, String)> {
    let batch = RecordBatch::try_from_iter([("x", Arc::new(array) as ArrayRef)]).unwrap();
    beyond_text(&batch).map(|beyond| {
        assert_eq!(beyond.column, "x");
        (beyond.row, beyond.why)
    })
}

fn row(array: impl Array + 'static) -> Option<usize> {
    found(array).map(|(row, _)| row)
}

#[test]
fn the_bounds_are_the_first_and_the_last_instant_of_four_digits() {
    let us = |values: Vec<i64>| TimestampMicrosecondArray::from(values).with_timezone("UTC");
    assert_eq!(row(us(vec![FIRST_US, 0, LAST_US])), None);
    assert_eq!(row(us(vec![0, FIRST_US - 1])), Some(1));
    let why = "is +010000-01-01T00:00:00Z, beyond the years 1 to 9999 that text holds";
    assert_eq!(found(us(vec![0, 0, LAST_US + 1])), Some((2, why.to_owned())));
    let (first, last) = (FIRST_US / 1_000_000, LAST_US / 1_000_000);
    assert_eq!(row(TimestampSecondArray::from(vec![first, last])), None);
    assert_eq!(row(TimestampSecondArray::from(vec![first, last + 1])), Some(1));
    assert_eq!(row(TimestampSecondArray::from(vec![first - 1])), Some(0));
    assert!(found(TimestampSecondArray::from(vec![i64::MAX])).is_some());
    assert_eq!(
        row(TimestampMillisecondArray::from(vec![first * 1_000, last * 1_000 + 999])),
        None
    );
    assert_eq!(
        row(TimestampMillisecondArray::from(vec![last * 1_000 + 1_000])),
        Some(0)
    );
    assert_eq!(row(TimestampNanosecondArray::from(vec![i64::MIN, i64::MAX])), None);
    assert_eq!(row(Date32Array::from(vec![-719_162, 2_932_896])), None);
    let why = "is 0000-12-31, beyond the years 1 to 9999 that text holds";
    assert_eq!(found(Date32Array::from(vec![0, -719_163])), Some((1, why.to_owned())));
    assert_eq!(row(Date32Array::from(vec![2_932_897])), Some(0));
    assert_eq!(row(Date64Array::from(vec![i64::MAX])), Some(0));
}

#[test]
fn times_and_lengths_have_bounds_of_their_own() {
    assert_eq!(row(Time32SecondArray::from(vec![0, 86_399, 86_400])), Some(2));
    assert_eq!(row(Time32MillisecondArray::from(vec![-1])), Some(0));
    assert_eq!(row(Time64MicrosecondArray::from(vec![DAY_US - 1, DAY_US])), Some(1));
    assert_eq!(row(Time64NanosecondArray::from(vec![DAY_US * 1_000 - 1])), None);
    assert_eq!(row(DurationSecondArray::from(vec![1, i64::MAX])), Some(1));
    assert_eq!(row(DurationMillisecondArray::from(vec![i64::MIN])), Some(0));
    assert_eq!(row(DurationMicrosecondArray::from(vec![i64::MIN])), None);
}

#[test]
fn values_inside_lists_and_objects_are_told_by_their_row_and_nulls_are_none() {
    let days = || Date32Array::from(vec![0, i32::MAX, 1, i32::MAX, i32::MAX]);
    let item = Arc::new(Field::new("item", DataType::Date32, true));
    // Rows: [0], null over [MAX], [1], [MAX], [MAX].
    let nulls = NullBuffer::from(vec![true, false, true, true, true]);
    let lists = ListArray::new(
        item,
        OffsetBuffer::from_lengths([1, 1, 1, 1, 1]),
        Arc::new(days()),
        Some(nulls),
    );
    assert_eq!(row(lists.clone()), Some(3));
    assert_eq!(row(lists.slice(0, 3)), None, "what is cut off is not looked at");
    let nulls = NullBuffer::from(vec![true, false, true, false, true]);
    let fields = vec![Field::new("d", DataType::Date32, true)].into();
    let structs = StructArray::new(fields, vec![Arc::new(days())], Some(nulls));
    assert_eq!(row(structs), Some(4));
    let mut nulls = days();
    nulls = Date32Array::new(
        nulls.values().clone(),
        Some(NullBuffer::from(vec![true, false, true, false, false])),
    );
    assert_eq!(row(nulls), None);
    let keys = Int8Array::from(vec![0, 0, 1]);
    let values: ArrayRef = Arc::new(days().slice(0, 2));
    assert_eq!(
        row(DictionaryArray::<Int8Type>::try_new(keys, values).unwrap()),
        Some(2)
    );
}

#[test]
fn text_refuses_what_it_cannot_hold_and_other_formats_hold_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = TimestampMicrosecondArray::from(vec![0, 8_641_714_557_600_000_000]).with_timezone("UTC");
    let batch = RecordBatch::try_from_iter([("far", Arc::new(at) as ArrayRef)]).unwrap();
    for name in ["o.csv", "o.jsonl"] {
        let path = folder.path().join(name);
        std::fs::write(&path, "old").unwrap();
        let error = write_rows(&path, batch.schema(), [batch.slice(0, 1), batch.clone()]).unwrap_err();
        let DecodeError::BeyondText { column, row, .. } = &error else {
            panic!("{error:?}")
        };
        assert_eq!((column.as_str(), *row), ("far", 3));
        assert!(error.help().is_some_and(|help| help.contains(".parquet")));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
    }
    for name in ["o.parquet", "o.arrow"] {
        assert_eq!(
            write_rows(&folder.path().join(name), batch.schema(), [batch.clone()]),
            Ok(2)
        );
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4);
}
