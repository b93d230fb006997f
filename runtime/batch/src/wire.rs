//! Columns of the kernels as Arrow arrays *between our own nodes*, and back.
//!
//! The encoding says less than that of files: all integers, instants and durations are Int64, decimals are Decimal128
//! of 38 digits, strings, lists and keys are Binary. A column that can hold errors is followed by its tags as
//! UInt8, which then say of each row what it is; its own nulls say nothing.

use crate::error::bug;
use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Decimal128Array, Float64Array, Int64Array, UInt8Array,
};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Decimal128Type, Field, Float64Type, Int64Type, UInt8Type};
use datafusion::error::Result;
use featc_ir::Type;
use featr_kernels::{Column, Data, StrData, Tag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How a column travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Wire {
    pub ty: Type,
    /// Whether tags travel with it; without them a row is valid or null.
    pub tagged: bool,
}

fn data_type(ty: Type) -> DataType {
    match ty {
        Type::Bool => DataType::Boolean,
        Type::Int64 | Type::Timestamp | Type::Date | Type::Duration => DataType::Int64,
        Type::Float64 => DataType::Float64,
        Type::Decimal { scale, .. } => DataType::Decimal128(38, scale as i8),
        Type::String | Type::List(_) => DataType::Binary,
    }
}

impl Wire {
    /// The fields that carry the column.
    pub fn fields(self, name: &str) -> Vec<Field> {
        let mut fields = vec![Field::new(name, data_type(self.ty), true)];
        if self.tagged {
            fields.push(Field::new(format!("{name}__tag"), DataType::UInt8, true));
        }
        fields
    }

    /// Appends the arrays that carry the column.
    pub fn encode(self, column: Column, arrays: &mut Vec<ArrayRef>) -> Result<()> {
        let nulls = match &column.tags {
            Some(tags) if !self.tagged => {
                if tags.iter().any(|tag| Tag::as_error(*tag).is_some()) {
                    return Err(bug("an error in a column that cannot hold errors"));
                }
                let valid = BooleanBuffer::collect_bool(tags.len(), |row| tags[row] == Tag::VALID);
                Some(NullBuffer::new(valid))
            }
            Some(_) | None => None,
        };
        let rows = column.len();
        arrays.push(match column.data {
            Data::Bool(values) => Arc::new(BooleanArray::new(values.into_iter().collect::<BooleanBuffer>(), nulls)),
            Data::I64(values) => Arc::new(Int64Array::new(ScalarBuffer::from(values), nulls)),
            Data::F64(values) => Arc::new(Float64Array::new(ScalarBuffer::from(values), nulls)),
            Data::I128(values) => {
                Arc::new(Decimal128Array::new(ScalarBuffer::from(values), nulls).with_data_type(data_type(self.ty)))
            }
            Data::Str(values) => Arc::new(binary(values, nulls)?),
        });
        if self.tagged {
            let tags = column.tags.unwrap_or_else(|| vec![Tag::VALID; rows]);
            arrays.push(Arc::new(UInt8Array::from(tags)));
        }
        Ok(())
    }

    /// Takes the arrays that carry the column from the front of `arrays`, and of them the given rows in the given
    /// order.
    pub fn gather(self, arrays: &mut std::slice::Iter<'_, ArrayRef>, order: &[u32]) -> Result<Column> {
        fn of<T: Copy>(values: &[T], order: &[u32]) -> Vec<T> {
            order.iter().map(|row| values[*row as usize]).collect()
        }
        let array = arrays
            .next()
            .ok_or_else(|| bug("a column is missing between two nodes"))?;
        let tags = if self.tagged {
            let tags = arrays.next().ok_or_else(|| bug("tags are missing between two nodes"))?;
            Some(of(tags.as_primitive::<UInt8Type>().values(), order))
        } else {
            let tag = |nulls: &NullBuffer, row: usize| if nulls.is_valid(row) { Tag::VALID } else { Tag::NULL };
            array
                .nulls()
                .map(|nulls| order.iter().map(|row| tag(nulls, *row as usize)).collect())
        };
        let data = match self.ty {
            Type::Bool => {
                let values = array.as_boolean().values();
                Data::Bool(order.iter().map(|row| values.value(*row as usize)).collect())
            }
            Type::Int64 | Type::Timestamp | Type::Date | Type::Duration => {
                Data::I64(of(array.as_primitive::<Int64Type>().values(), order))
            }
            Type::Float64 => Data::F64(of(array.as_primitive::<Float64Type>().values(), order)),
            Type::Decimal { .. } => Data::I128(of(array.as_primitive::<Decimal128Type>().values(), order)),
            Type::String | Type::List(_) => Data::Str(bytes(array.as_binary::<i32>()).take(order)),
        };
        Ok(Column::with_tags(self.ty, data, tags))
    }
}

impl Wire {
    /// Takes the arrays that carry the column from the front of `arrays`: all rows of it.
    pub fn decode(self, arrays: &mut std::slice::Iter<'_, ArrayRef>) -> Result<Column> {
        let array = arrays
            .next()
            .ok_or_else(|| bug("a column is missing between two nodes"))?;
        let tags = if self.tagged {
            let tags = arrays.next().ok_or_else(|| bug("tags are missing between two nodes"))?;
            Some(tags.as_primitive::<UInt8Type>().values().to_vec())
        } else {
            let tag = |valid: bool| if valid { Tag::VALID } else { Tag::NULL };
            array.nulls().map(|nulls| nulls.iter().map(tag).collect())
        };
        let data = match self.ty {
            Type::Bool => Data::Bool(array.as_boolean().values().iter().collect()),
            Type::Int64 | Type::Timestamp | Type::Date | Type::Duration => {
                Data::I64(array.as_primitive::<Int64Type>().values().to_vec())
            }
            Type::Float64 => Data::F64(array.as_primitive::<Float64Type>().values().to_vec()),
            Type::Decimal { .. } => Data::I128(array.as_primitive::<Decimal128Type>().values().to_vec()),
            Type::String | Type::List(_) => Data::Str(bytes(array.as_binary::<i32>())),
        };
        Ok(Column::with_tags(self.ty, data, tags))
    }
}

/// Byte strings as an array.
pub(crate) fn binary(values: StrData, nulls: Option<NullBuffer>) -> Result<BinaryArray> {
    if i32::try_from(values.bytes.len()).is_err() {
        return Err(crate::BatchError::Text {
            of: "one answer, or in one batch of events",
        }
        .into());
    }
    let offsets: Vec<i32> = values.offsets.iter().map(|offset| *offset as i32).collect();
    Ok(BinaryArray::new(
        OffsetBuffer::new(offsets.into()),
        Buffer::from_vec(values.bytes),
        nulls,
    ))
}

/// The byte strings of an array; nulls are empty.
pub(crate) fn bytes(array: &BinaryArray) -> StrData {
    let offsets = array.value_offsets();
    let start = offsets[0];
    let bytes = array.value_data()[start as usize..offsets[array.len()] as usize].to_vec();
    StrData {
        offsets: offsets.iter().map(|offset| (offset - start) as usize).collect(),
        bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use featc_ir::ErrorCode;
    use featr_kernels::Value;

    #[test]
    fn columns_survive_the_round_trip() {
        let error = Value::Error(ErrorCode::Overflow);
        let samples = [
            (
                Type::Bool,
                vec![Value::Bool(true), Value::Null, error.clone(), Value::Bool(false)],
            ),
            (Type::Int64, vec![Value::Int64(i64::MIN), error.clone(), Value::Null]),
            (Type::Timestamp, vec![Value::Timestamp(5), Value::Null]),
            (
                Type::Float64,
                vec![Value::Float64(f64::NAN), Value::Float64(-1.5), Value::Null],
            ),
            (
                Type::Decimal {
                    precision: 38,
                    scale: 2,
                },
                vec![Value::Decimal(10i128.pow(38) - 1), Value::Null],
            ),
            (
                Type::String,
                vec![
                    Value::String("é".into()),
                    Value::Null,
                    Value::String(String::new()),
                    error,
                ],
            ),
            (Type::Date, vec![]),
        ];
        for (ty, values) in samples {
            let column = Column::from_values(ty, &values);
            for tagged in [true, false] {
                let wire = Wire { ty, tagged };
                let mut arrays = vec![];
                let encoded = wire.encode(column.clone(), &mut arrays);
                if !tagged && values.iter().any(|value| matches!(value, Value::Error(_))) {
                    assert!(encoded.is_err());
                    continue;
                }
                encoded.expect("encodes");
                assert_eq!(wire.fields("x").len(), arrays.len());
                assert!(
                    wire.fields("x")
                        .iter()
                        .zip(&arrays)
                        .all(|(field, array)| field.data_type() == array.data_type())
                );
                let order: Vec<u32> = (0..values.len() as u32).rev().chain(0..values.len() as u32).collect();
                let mut left = arrays.iter();
                let gathered = wire.gather(&mut left, &order).expect("decodes");
                assert_eq!(gathered, column.take(&order));
                assert!(left.next().is_none());
                let decoded = wire.decode(&mut arrays.iter()).expect("decodes");
                assert_eq!(decoded, column.take(&(0..values.len() as u32).collect::<Vec<_>>()));
            }
        }
    }
}
