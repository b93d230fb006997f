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

/// Which of the variances an aggregate is.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// Whether of all values, not of a sample.
    pub population: bool,
    root: bool,
}

impl Form {
    /// # Panics
    /// If the aggregate is none of them.
    pub fn of(name: Name) -> Form {
        let (population, root) = match name {
            Name::Variance => (false, false),
            Name::Stddev => (false, true),
            Name::VariancePop => (true, false),
            Name::StddevPop => (true, true),
            other => super::other_state(other),
        };
        Form { population, root }
    }

    /// The value of the aggregate where the variance, of all values or of a sample as it says, is this.
    pub fn value(self, variance: f64) -> f64 {
        canonical(if self.root { variance.sqrt() } else { variance })
    }
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

    fn heap_bytes(&self) -> usize {
        size_of::<Sums>() + self.0.sum.heap_bytes() + self.0.squares.heap_bytes()
    }

    fn lower(&self, asked: &Asked) -> Result<Value, ErrorCode> {
        let form = Form::of(asked.name);
        let count = u64::try_from(self.0.taken).unwrap_or(0);
        let scale = asked.types.argument.map_or(0, featc_ir::Type::scale);
        let variance = exact::variance(count, &self.0.sum, &self.0.squares, scale, form.population);
        Ok(variance.map_or(Value::Null, |variance| Value::Float64(form.value(variance))))
    }
}
