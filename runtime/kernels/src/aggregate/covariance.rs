//! `covariance`, `correlation`, `slope` and `intercept`: a group of exact power sums of pairs. What is rational is rounded
//! once; a correlation is the root of an exact fraction, correctly rounded.

use super::number::Number;
use super::{Aggregate, Asked, Input, Name, Types};
use crate::exact::{self, Comoments};
use crate::value::{Value, canonical};
use featc_ir::ErrorCode;

/// How many pairs, and their power sums. Squares are not summed for a covariance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covariance {
    squares: bool,
    sums: Box<Comoments>,
}

impl Aggregate for Covariance {
    fn identity(name: Name, _: Types) -> Covariance {
        Covariance {
            squares: name != Name::Covariance,
            sums: Box::default(),
        }
    }

    fn lift(&mut self, input: &Input<'_>, row: usize) {
        let (x, y) = (Number::at(input.argument(), row), Number::at(input.second(), row));
        let sums = &mut *self.sums;
        sums.count = sums.count.wrapping_add(1);
        x.add_to(&mut sums.x);
        y.add_to(&mut sums.y);
        x.add_product_to(y, &mut sums.xy);
        if self.squares {
            x.add_product_to(x, &mut sums.xx);
            y.add_product_to(y, &mut sums.yy);
        }
    }

    fn combine(&mut self, other: &Covariance) {
        self.sums.combine(&other.sums);
    }

    fn subtract(&mut self, other: &Covariance) {
        self.sums.subtract(&other.sums);
    }

    fn is_empty(&self) -> bool {
        self.sums.count == 0
    }

    fn heap_bytes(&self) -> usize {
        size_of_val(&*self.sums) + self.sums.heap_bytes()
    }

    fn lower(&self, asked: &Asked) -> Result<Value, ErrorCode> {
        let scale = |ty: Option<featc_ir::Type>| u32::from(ty.map_or(0, featc_ir::Type::scale));
        let (first, second) = (scale(asked.types.argument), scale(asked.types.second));
        let result = match asked.name {
            Name::Correlation => exact::correlation(&self.sums),
            Name::Slope => exact::slope(&self.sums, (first, second)),
            Name::Intercept => exact::intercept(&self.sums, first),
            Name::Covariance => exact::covariance(&self.sums, first + second),
            other => super::other_state(other),
        };
        Ok(result.map_or(Value::Null, |result| Value::Float64(canonical(result))))
    }
}
