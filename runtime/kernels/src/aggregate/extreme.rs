//! `min` and `max`: a semilattice, the better of two values. It has no inverse.

use super::{Aggregate, Asked, Input, Name, Types};
use crate::column::{Column, Data};
use crate::value::{Value, float_order};
use featc_ir::ErrorCode;
use std::cmp::Ordering;

/// The best value so far. Equal values are identical, so ties do not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extreme {
    /// How the best stands to others.
    wanted: Ordering,
    best: Option<Value>,
}

impl Extreme {
    fn is_beaten_by(&self, other: &Value) -> bool {
        self.best.as_ref().is_none_or(|best| other.compare(best) == self.wanted)
    }

    fn keep(&mut self, other: Value) {
        if self.is_beaten_by(&other) {
            self.best = Some(other);
        }
    }
}

impl Aggregate for Extreme {
    fn identity(name: Name, _: Types) -> Extreme {
        let wanted = match name {
            Name::Min => Ordering::Less,
            Name::Max => Ordering::Greater,
            other => super::other_state(other),
        };
        Extreme { wanted, best: None }
    }

    fn lift(&mut self, input: &Input<'_>, row: usize) {
        self.keep(input.argument().value(row));
    }

    #[inline]
    fn fold(&mut self, input: &Input<'_>, rows: impl DoubleEndedIterator<Item = usize>) {
        let column = input.argument();
        if let Some(row) = best_row(column, rows, self.wanted) {
            self.keep(column.value(row));
        }
    }

    fn combine(&mut self, other: &Extreme) {
        if let Some(best) = other.best.as_ref().filter(|best| self.is_beaten_by(best)) {
            self.best = Some(best.clone());
        }
    }

    fn is_empty(&self) -> bool {
        self.best.is_none()
    }

    fn heap_bytes(&self) -> usize {
        self.best.as_ref().map_or(0, Value::heap_bytes)
    }

    fn lower(&self, _: &Asked) -> Result<Value, ErrorCode> {
        Ok(self.best.clone().unwrap_or(Value::Null))
    }
}

/// The first row whose (valid) value is the best.
pub(super) fn best_row(column: &Column, rows: impl Iterator<Item = usize>, wanted: Ordering) -> Option<usize> {
    // A loop for each direction, which it need not look at.
    match wanted {
        Ordering::Less => first_row(column, rows, Ordering::is_lt),
        Ordering::Equal | Ordering::Greater => first_row(column, rows, Ordering::is_gt),
    }
}

#[inline]
fn first_row(
    column: &Column,
    rows: impl Iterator<Item = usize>,
    is_better: impl Fn(Ordering) -> bool,
) -> Option<usize> {
    fn best<T: Copy>(
        rows: impl Iterator<Item = usize>,
        value: impl Fn(usize) -> T,
        is_better: impl Fn(T, T) -> bool,
    ) -> Option<usize> {
        let valued = rows.map(|row| (row, value(row)));
        let best = valued.reduce(|best, next| if is_better(next.1, best.1) { next } else { best });
        best.map(|(row, _)| row)
    }
    match &column.data {
        Data::Bool(values) => best(rows, |row| values[row], |value, best| is_better(value.cmp(&best))),
        Data::I64(values) => best(rows, |row| values[row], |value, best| is_better(value.cmp(&best))),
        Data::F64(values) => best(
            rows,
            |row| values[row],
            |value, best| is_better(float_order(value, best)),
        ),
        Data::I128(values) => best(rows, |row| values[row], |value, best| is_better(value.cmp(&best))),
        Data::Str(values) => best(rows, |row| values.get(row), |value, best| is_better(value.cmp(best))),
    }
}
