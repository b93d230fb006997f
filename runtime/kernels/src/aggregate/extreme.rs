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
    fn keep(&mut self, other: &Value) {
        if self.best.as_ref().is_none_or(|best| other.compare(best) == self.wanted) {
            self.best = Some(other.clone());
        }
    }
}

impl Aggregate for Extreme {
    fn identity(name: Name, _: Types) -> Extreme {
        let wanted = if name == Name::Min {
            Ordering::Less
        } else {
            Ordering::Greater
        };
        Extreme { wanted, best: None }
    }

    fn lift(&mut self, input: &Input<'_>, row: usize) {
        self.keep(&input.argument().value(row));
    }

    #[inline]
    fn fold(&mut self, input: &Input<'_>, rows: impl DoubleEndedIterator<Item = usize>) {
        let column = input.argument();
        if let Some(row) = best_row(column, rows, self.wanted) {
            self.keep(&column.value(row));
        }
    }

    fn combine(&mut self, other: &Extreme) {
        if let Some(best) = &other.best {
            self.keep(best);
        }
    }

    fn is_empty(&self) -> bool {
        self.best.is_none()
    }

    fn lower(&self, _: &Asked) -> Result<Value, ErrorCode> {
        Ok(self.best.clone().unwrap_or(Value::Null))
    }
}

/// The first row whose (valid) value is the best.
pub(super) fn best_row(column: &Column, rows: impl Iterator<Item = usize>, wanted: Ordering) -> Option<usize> {
    fn best(
        rows: impl Iterator<Item = usize>,
        wanted: Ordering,
        compare: impl Fn(usize, usize) -> Ordering,
    ) -> Option<usize> {
        rows.reduce(|best, row| if compare(row, best) == wanted { row } else { best })
    }
    match &column.data {
        Data::Bool(values) => best(rows, wanted, |left, right| values[left].cmp(&values[right])),
        Data::I64(values) => best(rows, wanted, |left, right| values[left].cmp(&values[right])),
        Data::F64(values) => best(rows, wanted, |left, right| float_order(values[left], values[right])),
        Data::I128(values) => best(rows, wanted, |left, right| values[left].cmp(&values[right])),
        Data::Str(values) => best(rows, wanted, |left, right| values.get(left).cmp(values.get(right))),
    }
}
