//! `variance`, `stddev` and their `_pop` forms: a group of exact power sums. Numerator and denominator are exact, with one
//! rounding at the end; a standard deviation is the IEEE root of that.

use super::number::Number;
use super::{Aggregate, Asked, Input, Name, Types};
use crate::exact::{self, ExactSum};
use crate::value::{Value, canonical};
use featc_ir::ErrorCode;

/// How many numbers (decimals in units of 10^-scale), their sum and that of their squares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variance(Box<Sums>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Sums {
    taken: i64,
    sum: ExactSum,
    squares: ExactSum,
}

impl Aggregate for Variance {
    fn identity(_: Name, _: Types) -> Variance {
        Variance(Box::default())
    }

    #[inline]
    fn lift(&mut self, input: &Input<'_>, row: usize) {
        let sums = &mut *self.0;
        let number = Number::at(input.argument(), row);
        sums.taken = sums.taken.wrapping_add(1);
        number.add_to(&mut sums.sum);
        match number {
            Number::Float(value) => sums.squares.add_product(value, value),
            Number::Integer(value) => sums.squares.add_square_i128(value),
        }
    }

    fn combine(&mut self, other: &Variance) {
        self.0.taken = self.0.taken.wrapping_add(other.0.taken);
        self.0.sum.combine(&other.0.sum);
        self.0.squares.combine(&other.0.squares);
    }

    fn subtract(&mut self, other: &Variance) {
        self.0.taken = self.0.taken.wrapping_sub(other.0.taken);
        self.0.sum.subtract(&other.0.sum);
        self.0.squares.subtract(&other.0.squares);
    }

    fn is_empty(&self) -> bool {
        self.0.taken == 0
    }

    fn lower(&self, asked: &Asked) -> Result<Value, ErrorCode> {
        let population = matches!(asked.name, Name::VariancePop | Name::StddevPop);
        let root = matches!(asked.name, Name::Stddev | Name::StddevPop);
        let count = u64::try_from(self.0.taken).unwrap_or(0);
        let scale = asked.types.argument.map_or(0, featc_ir::Type::scale);
        let variance = exact::variance(count, &self.0.sum, &self.0.squares, scale, population);
        let result = variance.map(|variance| if root { variance.sqrt() } else { variance });
        Ok(result.map_or(Value::Null, |result| Value::Float64(canonical(result))))
    }
}
