//! `arg_min` and `arg_max`: a semilattice on the total order of (what is chosen by, then the event): of several events with
//! the best value, the first by (τ, id, digest). It has no inverse.

use super::extreme::best_row;
use super::nearest::Point;
use super::{Aggregate, Asked, Input, Name, Types};
use crate::value::Value;
use featc_ir::ErrorCode;
use std::cmp::Ordering;

/// The event so far, with its first argument, which may be null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arg {
    /// How its second argument stands to others.
    wanted: Ordering,
    best: Option<Box<Best>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Best {
    by: Value,
    point: Point,
}

impl Arg {
    fn keep(&mut self, other: &Best) {
        let better = |ours: &Best| match other.by.compare(&ours.by) {
            Ordering::Equal => other.point.key() < ours.point.key(),
            order => order == self.wanted,
        };
        if self.best.as_deref().is_none_or(better) {
            self.best = Some(Box::new(other.clone()));
        }
    }
}

impl Aggregate for Arg {
    fn identity(name: Name, _: Types) -> Arg {
        let wanted = match name {
            Name::ArgMin => Ordering::Less,
            Name::ArgMax => Ordering::Greater,
            other => super::other_state(other),
        };
        Arg { wanted, best: None }
    }

    fn lift(&mut self, input: &Input<'_>, row: usize) {
        self.keep(&Best {
            by: input.second().value(row),
            point: Point::at(input.events, row, input.argument().value(row)),
        });
    }

    #[inline]
    fn fold(&mut self, input: &Input<'_>, rows: impl DoubleEndedIterator<Item = usize>) {
        // Rows ascend: of several alike the first is found.
        if let Some(row) = best_row(input.second(), rows, self.wanted) {
            self.lift(input, row);
        }
    }

    fn combine(&mut self, other: &Arg) {
        if let Some(best) = &other.best {
            self.keep(best);
        }
    }

    fn is_empty(&self) -> bool {
        self.best.is_none()
    }

    fn heap_bytes(&self) -> usize {
        let best = self.best.as_deref();
        best.map_or(0, |best| {
            size_of::<Best>() + best.by.heap_bytes() + best.point.heap_bytes()
        })
    }

    fn lower(&self, _: &Asked) -> Result<Value, ErrorCode> {
        Ok(self.best.as_ref().map_or(Value::Null, |best| best.point.value.clone()))
    }
}
