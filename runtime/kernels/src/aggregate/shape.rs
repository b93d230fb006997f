//! `skewness` and `kurtosis`: a group of exact power sums. A kurtosis is a fraction, rounded once; a skewness is the root of
//! one, correctly rounded.

use super::number::Number;
use super::{Aggregate, Asked, Input, Name, Types};
use crate::exact::{self, Powers};
use crate::value::{Value, canonical};
use featc_ir::ErrorCode;

/// How many numbers, and their power sums. Units cancel, so that a decimal is the integer that it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// How many powers are summed.
    powers: usize,
    sums: Box<Powers>,
}

impl Aggregate for Shape {
    fn identity(name: Name, _: Types) -> Shape {
        let powers = match name {
            Name::Skewness => 3,
            Name::Kurtosis => 4,
            other => super::other_state(other),
        };
        Shape {
            powers,
            sums: Box::default(),
        }
    }

    fn lift(&mut self, input: &Input<'_>, row: usize) {
        match Number::at(input.argument(), row) {
            Number::Float(value) => self.sums.add_f64(value, self.powers),
            Number::Integer(value) => self.sums.add_i128(value, self.powers),
        }
    }

    fn combine(&mut self, other: &Shape) {
        self.sums.combine(&other.sums);
    }

    fn subtract(&mut self, other: &Shape) {
        self.sums.subtract(&other.sums);
    }

    fn is_empty(&self) -> bool {
        self.sums.count == 0
    }

    fn heap_bytes(&self) -> usize {
        size_of_val(&*self.sums) + self.sums.heap_bytes()
    }

    fn lower(&self, asked: &Asked) -> Result<Value, ErrorCode> {
        let shape = match asked.name {
            Name::Skewness => exact::skewness(&self.sums),
            Name::Kurtosis => exact::kurtosis(&self.sums),
            other => super::other_state(other),
        };
        Ok(shape.map_or(Value::Null, |shape| Value::Float64(canonical(shape))))
    }
}
