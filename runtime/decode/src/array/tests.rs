use super::*;
use arrow::array::*;
use arrow::datatypes::Int32Type as Key;
use std::sync::Arc;

const RULES: Rules = Rules {
    zone: None,
    keep_nan: false,
    loose: false,
};

/// Of an array that others may have too: everything is copied.
fn decode(array: &dyn Array, ty: Type, rules: Rules) -> Result<Decoded, String> {
    super::decode(make_array(array.to_data()), ty, rules)
}

fn ok(array: impl Array, ty: Type) -> Column {
    assert_ne!(fit(ty, array.data_type(), None), Fit::No);
    let decoded = decode(&array, ty, RULES).unwrap();
    assert!(decoded.refused.is_empty(), "{:?}", decoded.refused);
    decoded.column
}

fn i64s(column: &Column) -> Vec<Option<i64>> {
    let Data::I64(values) = &column.data else {
        panic!("{column:?}")
    };
    rows(column, values)
}

fn rows<T: Copy>(column: &Column, values: &[T]) -> Vec<Option<T>> {
    let valid = |row: usize| column.tags.as_ref().is_none_or(|tags| tags[row] == Tag::VALID);
    values
        .iter()
        .enumerate()
        .map(|(row, value)| valid(row).then_some(*value))
        .collect()
}

fn texts(column: &Column) -> Vec<Option<String>> {
    let Data::Str(values) = &column.data else {
        panic!("{column:?}")
    };
    let texts = values
        .offsets
        .windows(2)
        .map(|ends| String::from_utf8(values.bytes[ends[0]..ends[1]].to_vec()).unwrap());
    let valid = |row: usize| column.tags.as_ref().is_none_or(|tags| tags[row] == Tag::VALID);
    texts
        .enumerate()
        .map(|(row, text)| valid(row).then_some(text))
        .collect()
}

/// What was refused, with its rows.
fn shown(decoded: &Decoded) -> Vec<String> {
    let refused = decoded.refused.iter();
    refused.map(|(row, value)| format!("{row}: {value}")).collect()
}

#[test]
fn integers_of_every_width() {
    let expected = vec![Some(1), None, Some(100)];
    assert_eq!(
        i64s(&ok(Int8Array::from(vec![Some(1), None, Some(100)]), Type::Int64)),
        expected
    );
    assert_eq!(
        i64s(&ok(Int16Array::from(vec![Some(1), None, Some(100)]), Type::Int64)),
        expected
    );
    assert_eq!(
        i64s(&ok(Int32Array::from(vec![Some(1), None, Some(100)]), Type::Int64)),
        expected
    );
    assert_eq!(
        i64s(&ok(Int64Array::from(vec![Some(1), None, Some(100)]), Type::Int64)),
        expected
    );
    assert_eq!(
        i64s(&ok(UInt8Array::from(vec![Some(1), None, Some(100)]), Type::Int64)),
        expected
    );
    assert_eq!(
        i64s(&ok(UInt16Array::from(vec![Some(1), None, Some(100)]), Type::Int64)),
        expected
    );
    assert_eq!(
        i64s(&ok(UInt32Array::from(vec![Some(1), None, Some(100)]), Type::Int64)),
        expected
    );
    assert_eq!(
        i64s(&ok(UInt64Array::from(vec![Some(1), None, Some(100)]), Type::Int64)),
        expected
    );
    let wide = decode(&UInt64Array::from(vec![u64::MAX, 1]), Type::Int64, RULES).unwrap();
    assert_eq!(shown(&wide), ["0: 18446744073709551615 does not fit int64"]);
    assert_eq!(i64s(&wide.column), [None, Some(1)]);
}

#[test]
fn floats_are_canonical_and_nan_is_null_unless_kept() {
    let array = Float64Array::from(vec![Some(-0.0), Some(f64::NAN), None, Some(1.5)]);
    let column = ok(array.clone(), Type::Float64);
    let Data::F64(values) = &column.data else { panic!() };
    assert_eq!(
        rows(&column, values)
            .iter()
            .map(|v| v.map(f64::to_bits))
            .collect::<Vec<_>>(),
        [Some(0), None, None, Some(1.5f64.to_bits())]
    );
    let kept = decode(
        &array,
        Type::Float64,
        Rules {
            keep_nan: true,
            ..RULES
        },
    )
    .unwrap()
    .column;
    assert_eq!(kept.tags, Some(vec![0, 0, 1, 0]));
    let Data::F64(values) = ok(Float32Array::from(vec![0.1f32]), Type::Float64).data else {
        panic!()
    };
    assert_eq!(values, [f64::from(0.1f32)]);
    let half = cast(&Float32Array::from(vec![0.5f32]), &DataType::Float16).unwrap();
    let Data::F64(values) = ok(half, Type::Float64).data else {
        panic!()
    };
    assert_eq!(values, [0.5]);
}

#[test]
fn strings_of_every_layout_sliced() {
    let given = vec![
        Some("x"),
        Some("é"),
        None,
        Some(""),
        Some("long enough to leave the view"),
    ];
    let expected: Vec<Option<String>> = given[1..].iter().map(|text| text.map(str::to_owned)).collect();
    let dictionary: DictionaryArray<Key> = given.iter().copied().collect();
    for array in [
        Arc::new(StringArray::from(given.clone())) as ArrayRef,
        Arc::new(LargeStringArray::from(given.clone())),
        Arc::new(StringViewArray::from(given.clone())),
        Arc::new(dictionary),
    ] {
        assert_eq!(
            texts(&ok(array.slice(1, 4), Type::String)),
            expected,
            "{}",
            array.data_type()
        );
    }
    assert_eq!(texts(&ok(StringArray::from(Vec::<&str>::new()), Type::String)), []);
}

#[test]
fn instants_of_every_unit() {
    let z = Some(Arc::<str>::from("+02:00"));
    let at = |column: &Column| i64s(column);
    assert_eq!(
        at(&ok(
            TimestampSecondArray::from(vec![Some(-1), None]).with_timezone_opt(z.clone()),
            Type::Timestamp
        )),
        [Some(-1_000_000), None]
    );
    assert_eq!(
        at(&ok(
            TimestampMillisecondArray::from(vec![-1]).with_timezone_opt(z.clone()),
            Type::Timestamp
        )),
        [Some(-1_000)]
    );
    assert_eq!(
        at(&ok(
            TimestampMicrosecondArray::from(vec![-1]).with_timezone_opt(z.clone()),
            Type::Timestamp
        )),
        [Some(-1)]
    );
    assert_eq!(
        at(&ok(
            TimestampNanosecondArray::from(vec![-1, 1_999]).with_timezone_opt(z.clone()),
            Type::Timestamp
        )),
        [Some(-1), Some(1)]
    );
    let beyond = TimestampSecondArray::from(vec![i64::MAX]).with_timezone_opt(z);
    assert_eq!(decode(&beyond, Type::Timestamp, RULES).unwrap().refused.len(), 1);
}

#[test]
fn local_times_need_a_zone() {
    let array = TimestampMillisecondArray::from(vec![Some(1_679_797_800_000), Some(0), None]); // 2023-03-26T02:30
    assert_eq!(fit(Type::Timestamp, array.data_type(), None), Fit::Naive);
    assert!(decode(&array, Type::Timestamp, RULES).is_err());
    let zone = Some(Zone::named("Europe/Paris").unwrap());
    let decoded = decode(&array, Type::Timestamp, Rules { zone, ..RULES }).unwrap();
    assert_eq!(i64s(&decoded.column), [None, Some(-3_600_000_000), None]);
    assert_eq!(
        shown(&decoded),
        ["0: 1679797800000000 is a local time that never occurred"]
    );
}

#[test]
fn dates_and_durations() {
    assert_eq!(
        i64s(&ok(Date32Array::from(vec![-1, 5]), Type::Date)),
        [Some(-1), Some(5)]
    );
    let dates = decode(&Date64Array::from(vec![-86_400_000, 1, i64::MAX]), Type::Date, RULES).unwrap();
    assert_eq!(
        (i64s(&dates.column), dates.refused.len()),
        (vec![Some(-1), None, None], 2)
    );
    assert_eq!(
        i64s(&ok(DurationSecondArray::from(vec![2]), Type::Duration)),
        [Some(2_000_000)]
    );
    assert_eq!(
        i64s(&ok(DurationMillisecondArray::from(vec![2]), Type::Duration)),
        [Some(2_000)]
    );
    assert_eq!(
        i64s(&ok(DurationMicrosecondArray::from(vec![2]), Type::Duration)),
        [Some(2)]
    );
    assert_eq!(
        i64s(&ok(DurationNanosecondArray::from(vec![-2]), Type::Duration)),
        [Some(-1)]
    );
    assert_eq!(fit(Type::Duration, &DataType::Int64, None), Fit::No);
}

#[test]
fn decimals_are_rescaled_exactly_or_refused() {
    let ty = Type::Decimal { precision: 6, scale: 2 };
    let of = |array: &dyn Array| {
        let decoded = decode(array, ty, RULES).unwrap();
        let Data::I128(values) = &decoded.column.data else {
            panic!()
        };
        (rows(&decoded.column, values), decoded.refused.len())
    };
    let d128 = |values: Vec<i128>, scale| {
        Decimal128Array::from(values)
            .with_precision_and_scale(38, scale)
            .unwrap()
    };
    assert_eq!(
        of(&d128(vec![15, 99_999, 100_000], 1)),
        (vec![Some(150), Some(999_990), None], 1)
    );
    assert_eq!(of(&d128(vec![1_500, 1_505], 3)), (vec![Some(150), None], 1));
    assert_eq!(of(&d128(vec![3], -2)), (vec![Some(30_000)], 0));
    let d256 = |value: i256, scale| {
        Decimal256Array::from(vec![value])
            .with_precision_and_scale(76, scale)
            .unwrap()
    };
    let power = i256::from_i128(10).wrapping_pow(60);
    assert_eq!(
        of(&d256(power.wrapping_mul(i256::from_i128(7)), 60)),
        (vec![Some(700)], 0)
    );
    assert_eq!(of(&d256(power.wrapping_add(i256::from_i128(1)), 60)), (vec![None], 1));
    assert_eq!(of(&d256(power, 0)), (vec![None], 1));
    let small = Decimal32Array::from(vec![15]).with_precision_and_scale(9, 1).unwrap();
    assert_eq!(of(&small), (vec![Some(150)], 0));
    assert_eq!(
        of(&Int32Array::from(vec![Some(9_999), None, Some(10_000)])),
        (vec![Some(999_900), None, None], 1)
    );
    assert_eq!(of(&UInt64Array::from(vec![u64::MAX])), (vec![None], 1));
}

#[test]
fn null_columns_dictionaries_and_booleans() {
    assert_eq!(i64s(&ok(NullArray::new(2), Type::Timestamp)), [None, None]);
    let values = Arc::new(Int64Array::from(vec![Some(7), None]));
    let keys = Int32Array::from(vec![Some(0), Some(1), None, Some(0)]);
    let dictionary = DictionaryArray::<Key>::try_new(keys, values).unwrap();
    assert_eq!(i64s(&ok(dictionary, Type::Int64)), [Some(7), None, None, Some(7)]);
    let column = ok(
        BooleanArray::from(vec![Some(true), None, Some(false)]).slice(1, 2),
        Type::Bool,
    );
    assert_eq!(
        (column.data, column.tags),
        (Data::Bool(vec![false, false]), Some(vec![1, 0]))
    );
}

#[test]
fn what_does_not_fit_is_refused_and_what_fits_decodes() {
    let types = [
        Type::Bool,
        Type::Int64,
        Type::Float64,
        Type::Decimal { precision: 5, scale: 1 },
        Type::String,
        Type::Timestamp,
        Type::Date,
        Type::Duration,
    ];
    let found = [
        DataType::Null,
        DataType::Boolean,
        DataType::Int8,
        DataType::Int64,
        DataType::UInt64,
        DataType::Float16,
        DataType::Float32,
        DataType::Float64,
        DataType::Utf8,
        DataType::LargeUtf8,
        DataType::Utf8View,
        DataType::Binary,
        DataType::Date32,
        DataType::Date64,
        DataType::Time64(TimeUnit::Microsecond),
        DataType::Decimal32(5, 1),
        DataType::Decimal64(5, 1),
        DataType::Decimal128(5, 1),
        DataType::Decimal256(5, 1),
        DataType::Timestamp(TimeUnit::Second, None),
        DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
        DataType::Duration(TimeUnit::Second),
        DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8)),
        DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Date32)),
        DataType::Struct(arrow::datatypes::Fields::empty()),
    ];
    let rules = Rules {
        zone: Some(Zone::named("UTC").unwrap()),
        keep_nan: false,
        loose: false,
    };
    for ty in types {
        for data_type in &found {
            let array = new_null_array(data_type, 3);
            let decoded = decode(&array, ty, rules);
            assert_eq!(
                decoded.is_ok(),
                fit(ty, data_type, None) != Fit::No,
                "{ty} from {data_type}"
            );
            assert!(!describe(data_type).is_empty());
            if let Ok(decoded) = decoded {
                assert_eq!((decoded.column.tags, decoded.refused.len()), (Some(vec![1; 3]), 0));
            }
        }
    }
}

#[test]
fn what_nobody_else_has_is_the_same_as_a_copy() {
    let days = [Some("mo"), None, Some(""), Some("tue"), Some("mo")];
    let floats = || vec![Some(1.5), Some(-0.0), None, Some(f64::NAN), Some(f64::INFINITY)];
    let whole: [(Type, ArrayRef); 7] = [
        (Type::Int64, Arc::new(Int64Array::from(vec![Some(5), None, Some(-1)]))),
        (Type::Int64, Arc::new(Int64Array::from(vec![5, 7, -1]))),
        (
            Type::Timestamp,
            Arc::new(TimestampMicrosecondArray::from(vec![3, 4]).with_timezone("UTC")),
        ),
        (Type::Float64, Arc::new(Float64Array::from(floats()))),
        (Type::String, Arc::new(StringArray::from(days.to_vec()))),
        (
            Type::String,
            Arc::new(days.into_iter().collect::<DictionaryArray<Key>>()),
        ),
        (
            Type::Bool,
            Arc::new(
                (0..200)
                    .map(|i| (i % 7 != 0).then_some(i % 3 == 0))
                    .collect::<BooleanArray>(),
            ),
        ),
    ];
    for (ty, array) in whole {
        for (start, len) in [(0, array.len()), (1, array.len() - 1), (1, 0)] {
            let slice = array.slice(start, len);
            let copied = decode(&slice, ty, RULES).unwrap().column;
            assert_eq!(copied.len(), len);
            let kept = array.clone();
            assert_eq!(super::decode(slice, ty, RULES).unwrap().column, copied);
            drop(kept);
        }
        let copied = decode(&array, ty, RULES).unwrap().column;
        let values: Vec<_> = copied.values();
        assert_eq!(super::decode(array, ty, RULES).unwrap().column.values(), values);
    }
}

#[test]
fn a_plain_column_is_taken_without_a_copy() {
    let values = vec![1i64, 2, 3];
    let place = values.as_ptr();
    let array: ArrayRef = Arc::new(Int64Array::from(values));
    let column = super::decode(array, Type::Int64, RULES).unwrap().column;
    let Data::I64(values) = &column.data else { panic!() };
    assert_eq!(values.as_ptr(), place);
}

#[test]
fn strings_of_a_slice_keep_no_bytes_of_others() {
    let all = StringArray::from(vec!["ab", "cde", "f"]);
    for (start, len, bytes) in [(0, 1, "ab"), (0, 2, "abcde"), (1, 1, "cde"), (3, 0, "")] {
        for shared in [true, false] {
            let slice = StringArray::from(vec!["ab", "cde", "f"]).slice(start, len);
            let slice: ArrayRef = if shared {
                Arc::new(all.slice(start, len))
            } else {
                Arc::new(slice)
            };
            let strings = plain::strings(slice).unwrap();
            assert_eq!(strings.bytes, bytes.as_bytes());
            assert_eq!(strings.offsets.len(), len + 1);
        }
    }
}

#[test]
fn texts_of_a_slice_end_with_it() {
    use arrow::buffer::{Buffer, OffsetBuffer};
    // Bytes that nobody else has, and that come from a vector: they are taken and not copied.
    let bytes = Buffer::from_vec(b"abcdef".to_vec());
    let array = StringArray::new(OffsetBuffer::from_lengths([2, 1, 3]), bytes, None);
    let slice = array.slice(0, 2);
    drop(array);
    let strings = plain::strings(Arc::new(slice)).unwrap();
    assert_eq!((strings.offsets, strings.bytes), (vec![0, 2, 3], b"abc".to_vec()));
}
