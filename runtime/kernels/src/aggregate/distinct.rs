//! `count_distinct`: a semilattice, a set of values under union, or the absorbing top beyond the cap. It has no inverse.

use super::values::Values;
use super::{Aggregate, Asked, Input, Name, Types};
use crate::value::Value;
use featc_ir::ErrorCode;

/// The distinct values seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distinct(Values<()>);

impl Aggregate for Distinct {
    fn identity(name: Name, types: Types) -> Distinct {
        Distinct(Values::new(name, types))
    }

    #[inline]
    fn lift(&mut self, input: &Input<'_>, row: usize) {
        self.0.lift(input.argument(), row);
    }

    fn combine(&mut self, other: &Distinct) {
        self.0.combine(&other.0);
    }

    fn is_empty(&self) -> bool {
        self.0.count() == Some(0)
    }

    fn lower(&self, _: &Asked) -> Result<Value, ErrorCode> {
        let count = self.0.count().ok_or(ErrorCode::Cap)?;
        Ok(Value::Int64(count as i64))
    }
}
