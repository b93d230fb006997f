//! Numbers of a column, as exact sums take them.

use crate::column::{Column, Data};
use crate::exact::ExactSum;

/// A number, exactly: a float, or an integer in units of 10^-scale.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Float(f64),
    Integer(i128),
}

impl Number {
    /// The (valid) value of a row.
    #[inline]
    pub fn at(column: &Column, row: usize) -> Number {
        match &column.data {
            Data::F64(values) => Number::Float(values[row]),
            Data::I64(values) => Number::Integer(i128::from(values[row])),
            Data::I128(values) => Number::Integer(values[row]),
            Data::Bool(_) | Data::Str(_) => super::different_slots(),
        }
    }

    #[inline]
    pub fn add_to(self, sum: &mut ExactSum) {
        match self {
            Number::Float(value) => sum.add_f64(value),
            Number::Integer(value) => sum.add_i128(value),
        }
    }

    /// Adds the product with another number of the same kind.
    #[inline]
    pub fn add_product_to(self, other: Number, sum: &mut ExactSum) {
        match (self, other) {
            (Number::Float(left), Number::Float(right)) => sum.add_product(left, right),
            (Number::Integer(left), Number::Integer(right)) => sum.add_product_i128(left, right),
            (Number::Float(_), Number::Integer(_)) | (Number::Integer(_), Number::Float(_)) => super::different_slots(),
        }
    }
}
