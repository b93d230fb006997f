//! `any` and `all`: a group, two counts. As maxima of bools they would have no inverse.

use super::{Aggregate, Asked, Input, Name, Types};
use crate::value::Value;
use featc_ir::ErrorCode;

/// How many conditions, and how many of them are true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllAny {
    taken: i64,
    holding: i64,
}

impl Aggregate for AllAny {
    fn identity(_: Name, _: Types) -> AllAny {
        AllAny { taken: 0, holding: 0 }
    }

    #[inline]
    fn lift(&mut self, input: &Input<'_>, row: usize) {
        self.taken = self.taken.wrapping_add(1);
        self.holding = self.holding.wrapping_add(i64::from(input.argument().bools()[row]));
    }

    fn combine(&mut self, other: &AllAny) {
        self.taken = self.taken.wrapping_add(other.taken);
        self.holding = self.holding.wrapping_add(other.holding);
    }

    fn subtract(&mut self, other: &AllAny) {
        self.taken = self.taken.wrapping_sub(other.taken);
        self.holding = self.holding.wrapping_sub(other.holding);
    }

    fn is_empty(&self) -> bool {
        self.taken == 0
    }

    fn heap_bytes(&self) -> usize {
        0
    }

    fn lower(&self, asked: &Asked) -> Result<Value, ErrorCode> {
        Ok(Value::Bool(match asked.name {
            Name::Any => self.holding != 0,
            Name::All => self.holding == self.taken,
            other => super::other_state(other),
        }))
    }
}
