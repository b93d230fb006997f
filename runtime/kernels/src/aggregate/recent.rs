//! `last_distinct_n`: a semilattice, of the values in two sets of events the last so many, each at its last event by (τ, id,
//! digest). It has no inverse.
//!
//! A value that is among the last so many of a union is so in each part that has its last event: no more values follow there.

use super::nearest::{Point, points_bytes};
use super::{Aggregate, Asked, Input, Name, Types};
use crate::value::Value;
use featc_ir::ErrorCode;
use std::collections::BTreeSet;

/// The last events of the last values, in their order; at most `items`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    items: usize,
    points: Vec<Point>,
}

impl Recent {
    /// Takes events from the last one back, until there are enough values.
    fn keep(&mut self, backwards: impl Iterator<Item = Point>) {
        let (mut seen, mut points) = (BTreeSet::new(), vec![]);
        for point in backwards {
            if points.len() == self.items {
                break;
            }
            if seen.insert(point.value.clone()) {
                points.push(point);
            }
        }
        points.reverse();
        self.points = points;
    }

    /// Merges with events that are given from the last one back; of two alike ours comes first in order.
    fn merge(&mut self, others: impl Iterator<Item = Point>) {
        let mut ours = std::mem::take(&mut self.points).into_iter().rev().peekable();
        let mut others = others.peekable();
        self.keep(std::iter::from_fn(|| match (ours.peek(), others.peek()) {
            (Some(our), Some(other)) if our.key() > other.key() => ours.next(),
            (_, Some(_)) => others.next(),
            (_, None) => ours.next(),
        }));
    }
}

impl Aggregate for Recent {
    fn identity(name: Name, _: Types) -> Recent {
        Recent {
            items: name.items().unwrap_or(0) as usize,
            points: vec![],
        }
    }

    fn lift(&mut self, input: &Input<'_>, row: usize) {
        self.fold(input, std::iter::once(row));
    }

    #[inline]
    fn fold(&mut self, input: &Input<'_>, rows: impl DoubleEndedIterator<Item = usize>) {
        self.merge(
            rows.rev()
                .map(|row| Point::at(input.events, row, input.argument().value(row))),
        );
    }

    fn combine(&mut self, other: &Recent) {
        self.merge(other.points.iter().rev().cloned());
    }

    fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    fn heap_bytes(&self) -> usize {
        points_bytes(&self.points)
    }

    fn lower(&self, _: &Asked) -> Result<Value, ErrorCode> {
        Ok(Value::List(
            self.points.iter().map(|point| point.value.clone()).collect(),
        ))
    }
}
