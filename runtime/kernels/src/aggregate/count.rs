//! `count`: a group, the integers under addition.

use super::{Aggregate, Asked, Input, Name, Types};
use crate::value::Value;
use featc_ir::ErrorCode;

/// How many events take part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count(i64);

impl Count {
    pub(super) fn taken(&self) -> i64 {
        self.0
    }
}

impl Aggregate for Count {
    fn identity(_: Name, _: Types) -> Count {
        Count(0)
    }

    #[inline]
    fn lift(&mut self, _: &Input<'_>, _: usize) {
        self.0 = self.0.wrapping_add(1);
    }

    #[inline]
    fn fold(&mut self, _: &Input<'_>, rows: impl DoubleEndedIterator<Item = usize>) {
        self.0 = self.0.wrapping_add(rows.count() as i64);
    }

    fn combine(&mut self, other: &Count) {
        self.0 = self.0.wrapping_add(other.0);
    }

    fn subtract(&mut self, other: &Count) {
        self.0 = self.0.wrapping_sub(other.0);
    }

    fn is_empty(&self) -> bool {
        self.0 == 0
    }

    fn heap_bytes(&self) -> usize {
        0
    }

    fn lower(&self, _: &Asked) -> Result<Value, ErrorCode> {
        Ok(Value::Int64(self.0))
    }
}
