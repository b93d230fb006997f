//! Columns to Arrow and back, for results and for engines that compute on Arrow batches.

use crate::array;
use crate::rules::Rules;
use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, DurationMicrosecondArray, Float64Array, Int64Array,
    ListArray, StringArray, TimestampMicrosecondArray, make_array, new_null_array,
};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use featc_ir::Type;
use featr_kernels::{Column, Data, Tag, Value};
use std::sync::Arc;

/// The Arrow type of a column: timestamps are microseconds in UTC, decimals are `Decimal128`.
pub fn arrow_type(ty: Type) -> DataType {
    match ty {
        Type::Bool => DataType::Boolean,
        Type::Int64 => DataType::Int64,
        Type::Float64 => DataType::Float64,
        Type::Decimal { precision, scale } => DataType::Decimal128(precision, scale as i8),
        Type::String => DataType::Utf8,
        Type::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Type::Date => DataType::Date32,
        Type::Duration => DataType::Duration(TimeUnit::Microsecond),
        Type::List(of) => DataType::List(item(*of)),
    }
}

/// The items of a list, which may be null.
fn item(of: Type) -> FieldRef {
    Arc::new(Field::new("item", arrow_type(of), true))
}

/// The column as an array of [`arrow_type`]; rows that are null or an error are null.
/// A column whose data does not have the representation of its type (which no engine makes) is all null.
pub fn to_arrow(column: &Column) -> ArrayRef {
    into_arrow(column.clone())
}

/// As [`to_arrow`], without a copy of what Arrow holds the same way.
pub fn into_arrow(column: Column) -> ArrayRef {
    let rows = column.len();
    if let Type::List(of) = column.ty {
        return lists(&column, *of);
    }
    let Column { ty, data, tags } = column;
    let valid = |tags: Vec<u8>| BooleanBuffer::collect_bool(tags.len(), |row| tags[row] == Tag::VALID);
    let nulls = tags.map(|tags| NullBuffer::new(valid(tags)));
    let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
    match (data, ty) {
        (Data::Bool(values), Type::Bool) => Arc::new(BooleanArray::new(values.into(), nulls)),
        (Data::I64(values), Type::Int64) => Arc::new(Int64Array::new(values.into(), nulls)),
        (Data::F64(values), Type::Float64) => Arc::new(Float64Array::new(values.into(), nulls)),
        (Data::I128(values), Type::Decimal { .. }) => {
            let array = Decimal128Array::new(values.into(), nulls);
            Arc::new(array.with_data_type(arrow_type(ty)))
        }
        (Data::Str(values), Type::String) => strings(values, nulls),
        (Data::I64(values), Type::Timestamp) => {
            Arc::new(TimestampMicrosecondArray::new(values.into(), nulls).with_timezone("UTC"))
        }
        (Data::I64(values), Type::Date) => {
            let days: ScalarBuffer<i32> = values.iter().map(|day| *day as i32).collect();
            Arc::new(Date32Array::new(days, nulls))
        }
        (Data::I64(values), Type::Duration) => Arc::new(DurationMicrosecondArray::new(values.into(), nulls)),
        (Data::Bool(_) | Data::I64(_) | Data::F64(_) | Data::I128(_) | Data::Str(_), ty) => {
            new_null_array(&arrow_type(ty), rows)
        }
    }
}

fn lists(column: &Column, of: Type) -> ArrayRef {
    let mut items = Column::empty(of);
    let (mut lengths, mut valid) = (vec![], vec![]);
    for value in column.values() {
        let list = if let Value::List(list) = &value {
            list.as_slice()
        } else {
            &[]
        };
        list.iter().for_each(|item| items.push(item));
        lengths.push(list.len());
        valid.push(value.is_valid());
    }
    let nulls = NullBuffer::from(valid);
    let nulls = Some(nulls).filter(|nulls| nulls.null_count() > 0);
    let offsets = OffsetBuffer::from_lengths(lengths);
    Arc::new(ListArray::new(item(of), offsets, into_arrow(items), nulls))
}

fn strings(values: featr_kernels::StrData, nulls: Option<NullBuffer>) -> ArrayRef {
    let offsets: Option<Vec<i32>> = values
        .offsets
        .iter()
        .map(|offset| i32::try_from(*offset).ok())
        .collect();
    if let Some(offsets) = offsets.filter(|offsets| !offsets.is_empty()) {
        let offsets = OffsetBuffer::new(offsets.into());
        let bytes = Buffer::from_vec(values.bytes);
        if let Ok(array) = StringArray::try_new(offsets, bytes.clone(), nulls.clone()) {
            return Arc::new(array);
        }
        return lossy(&values.offsets, &bytes, nulls);
    }
    lossy(&values.offsets, &values.bytes, nulls)
}

fn lossy(offsets: &[usize], bytes: &[u8], nulls: Option<NullBuffer>) -> ArrayRef {
    // Null rows may hold bytes that are not UTF-8; row by row they are left out.
    let rows = offsets.windows(2).enumerate().map(|(row, ends)| {
        let valid = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        valid.then(|| String::from_utf8_lossy(&bytes[ends[0]..ends[1]]))
    });
    Arc::new(rows.collect::<StringArray>())
}

/// The column of an array, by the decoding table of this crate (NaN stays NaN, timestamps need a time zone).
///
/// # Errors
/// In words, when the array's type does not decode to `ty` or a value of it does not.
pub fn from_arrow(array: &dyn Array, ty: Type) -> Result<Column, String> {
    let decoded = array::decode(
        make_array(array.to_data()),
        ty,
        Rules {
            zone: None,
            keep_nan: true,
            loose: false,
        },
    )?;
    match decoded.refused.first() {
        Some((row, why)) => Err(format!("row {row}: {why}")),
        None => Ok(decoded.column),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::Field;
    use featr_kernels::StrData;

    #[test]
    fn every_type_there_and_back() {
        let tags = Some(vec![Tag::VALID, Tag::NULL, Tag::VALID]);
        let str_data = StrData {
            offsets: vec![0, 1, 1, 3],
            bytes: "aé".into(),
        };
        let cases = [
            (Type::Bool, Data::Bool(vec![true, false, false])),
            (Type::Int64, Data::I64(vec![i64::MIN, 0, i64::MAX])),
            (Type::Float64, Data::F64(vec![1.5, 0.0, f64::INFINITY])),
            (
                Type::Decimal {
                    precision: 38,
                    scale: 10,
                },
                Data::I128(vec![10i128.pow(38) - 1, 0, -7]),
            ),
            (Type::String, Data::Str(str_data)),
            (Type::Timestamp, Data::I64(vec![-1, 0, i64::MAX])),
            (Type::Date, Data::I64(vec![i64::from(i32::MIN), 0, 19_000])),
            (Type::Duration, Data::I64(vec![-1, 0, 5])),
        ];
        for (ty, data) in cases {
            for tags in [None, tags.clone()] {
                let column = Column {
                    ty,
                    data: data.clone(),
                    tags,
                };
                let array = to_arrow(&column);
                assert_eq!(*array.data_type(), arrow_type(ty));
                let back = from_arrow(&array, ty).unwrap();
                assert_eq!((back.ty, &back.tags), (ty, &column.tags));
                assert_eq!(back.data, column.data);
            }
        }
    }

    #[test]
    fn lists_of_every_type_there_and_back() {
        let decimal = Type::Decimal { precision: 5, scale: 2 };
        let items = [
            (Type::Bool, Value::Bool(true)),
            (Type::Int64, Value::Int64(i64::MIN)),
            (Type::Float64, Value::Float64(f64::NAN)),
            (decimal, Value::Decimal(-150)),
            (Type::String, Value::String("é, \"".into())),
            (Type::Timestamp, Value::Timestamp(-1)),
            (Type::Date, Value::Date(19_000)),
            (Type::Duration, Value::Duration(5)),
        ];
        for (of, item) in items {
            let ty = of.list().unwrap();
            let rows = [
                Value::List(vec![item.clone(), Value::Null, item.clone()]),
                Value::Null,
                Value::List(vec![]),
                Value::List(vec![item]),
            ];
            for rows in [&rows[..], &rows[2..]] {
                let column = Column::from_values(ty, rows);
                let array = to_arrow(&column);
                assert_eq!(*array.data_type(), arrow_type(ty));
                assert_eq!(from_arrow(&array, ty).unwrap(), column);
                assert_eq!(from_arrow(&array.slice(1, 1), ty).unwrap(), column.slice(1..2));
            }
        }
        let texts = to_arrow(&Column::empty(Type::List(&Type::String)));
        assert_eq!(
            from_arrow(&texts, Type::List(&Type::Int64)).unwrap_err(),
            "Utf8 does not decode to int64"
        );
    }

    #[test]
    fn errors_become_null_and_wrong_types_are_said() {
        let tags = Some(vec![Tag::error(featc_ir::ErrorCode::Overflow)]);
        let array = to_arrow(&Column {
            ty: Type::Int64,
            data: Data::I64(vec![1]),
            tags,
        });
        assert_eq!(array.null_count(), 1);
        assert_eq!(
            from_arrow(&array, Type::Float64).unwrap_err(),
            "Int64 does not decode to float64"
        );
        let lists = new_null_array(&DataType::List(Arc::new(Field::new("item", DataType::Int64, true))), 2);
        assert_eq!(
            from_arrow(&lists, Type::Int64).unwrap_err(),
            "a list does not decode to int64"
        );
    }

    #[test]
    fn null_rows_with_broken_bytes_do_no_harm() {
        let data = Data::Str(StrData {
            offsets: vec![0, 1, 2],
            bytes: vec![b'a', 0xff],
        });
        let array = to_arrow(&Column {
            ty: Type::String,
            data,
            tags: Some(vec![Tag::VALID, Tag::NULL]),
        });
        assert_eq!(
            from_arrow(&array, Type::String).unwrap().tags,
            Some(vec![Tag::VALID, Tag::NULL])
        );
    }
}
