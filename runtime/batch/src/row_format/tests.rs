//! Packed rows, and back.

use super::*;
use arrow::array::{
    BooleanArray, Date32Array, Decimal128Array, DurationMicrosecondArray, Float64Array, Int64Array, StringArray,
    TimestampMicrosecondArray, UInt8Array,
};
use arrow::compute::take;

/// A column of each type, with and without nulls; `n` rows after `skipped` ones.
fn arrays(n: i64, skipped: usize) -> Vec<(ArrayRef, bool)> {
    let some = |at: i64, every: i64| (at % every != 0).then_some(at.wrapping_mul(0x9e37_79b9_7f4a_7c15u64 as i64));
    let of = |every: i64| (0..n + skipped as i64).map(move |at| some(at, every));
    let decimal = |value: i64| i128::from(value) * i128::from(i64::MAX) - 7;
    let decimals = Decimal128Array::from_iter(of(5).map(|value| value.map(decimal)));
    let times = TimestampMicrosecondArray::from_iter(of(3)).with_timezone("UTC");
    let full = |at: i64| at.wrapping_mul(n);
    let arrays: Vec<(ArrayRef, bool)> = vec![
        (
            Arc::new(BooleanArray::from_iter(of(4).map(|v| v.map(|v| v % 3 == 0)))),
            true,
        ),
        (Arc::new(Int64Array::from_iter(of(7))), true),
        (
            Arc::new(UInt8Array::from_iter_values((0..n + skipped as i64).map(|at| at as u8))),
            false,
        ),
        (
            Arc::new(StringArray::from_iter(of(6).map(|v| v.map(|v| v.to_string())))),
            true,
        ),
        (
            Arc::new(Float64Array::from_iter(
                of(9).map(|v| v.map(|v| f64::from_bits(v as u64))),
            )),
            true,
        ),
        (
            Arc::new(Date32Array::from_iter(of(2).map(|v| v.map(|v| v as i32)))),
            true,
        ),
        (
            Arc::new(decimals.with_precision_and_scale(38, 2).expect("a decimal")),
            true,
        ),
        (Arc::new(times), true),
        (
            Arc::new(DurationMicrosecondArray::from_iter_values(
                (0..n + skipped as i64).map(full),
            )),
            true,
        ),
        (Arc::new(UInt8Array::from_iter(of(8).map(|v| v.map(|v| v as u8)))), true),
    ];
    let slice = |(array, nullable): (ArrayRef, bool)| (array.slice(skipped, n as usize), nullable);
    arrays.into_iter().map(slice).collect()
}

#[test]
fn rows_come_back_in_any_order() {
    for (n, skipped) in [(0, 0), (1, 0), (63, 0), (64, 3), (65, 64), (1000, 7)] {
        let (arrays, nullable): (Vec<_>, Vec<_>) = arrays(n, skipped).into_iter().unzip();
        let field = |(array, nullable): (&ArrayRef, &bool)| Field::new("x", array.data_type().clone(), *nullable);
        let layout = Layout::new(arrays.iter().zip(&nullable).map(field).collect());
        assert_eq!(layout.words(), 7); // 128 + 4 · 64 + 32 + 2 · 8 + 1 bits, and 8 for nulls
        let packed = layout.pack(n as usize, &arrays).expect("packs");
        let types: Vec<&DataType> = packed.iter().map(|array| array.data_type()).collect();
        let fields = layout.fields();
        assert!(fields.iter().map(Field::data_type).eq(types));
        let packed = words(&packed[0]).expect("words");
        let order: Vec<u64> = (0..n as u64).map(|at| at * 7919 % n as u64).collect();
        let row = |at: usize| &packed[order[at] as usize * 7..][..7];
        let columns = layout.unpack(n as usize, row).expect("unpacks");
        for (array, column) in arrays.iter().zip(columns) {
            let expected = take(array, &UInt64Array::from(order.clone()), None).expect("taken");
            match column {
                None => assert_eq!(array.data_type(), &DataType::Utf8),
                Some(column) => assert_eq!(&column, &expected),
            }
        }
    }
}

#[test]
fn what_has_no_width_travels_as_it_is() {
    let layout = Layout::new(vec![Field::new("x", DataType::Utf8, true)]);
    let array: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    assert_eq!(layout.words(), 0);
    assert_eq!(&layout.pack(2, std::slice::from_ref(&array)).expect("packs"), &[array]);
    assert_eq!(layout.unpack(2, |_| &[]).expect("unpacks"), [None]);
}
