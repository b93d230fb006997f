//! `first_n` and `last_n`: a semilattice, of two sets of events by (τ, id, digest) the first or last so many of both. It has no
//! inverse.

use super::nearest::{Point, points_bytes};
use super::{Aggregate, Asked, Input, Name, Types};
use crate::value::Value;
use featc_ir::ErrorCode;
use std::cmp::Ordering;

/// The events so far, in their order, each with its argument, which may be null; at most `items`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Whether the first ones are wanted, or the last.
    first: bool,
    items: usize,
    points: Vec<Point>,
}

impl List {
    /// Merges two lists in order; of two alike ours comes first.
    fn keep(&mut self, others: Vec<Point>) {
        let mut ours = std::mem::take(&mut self.points).into_iter().peekable();
        let mut others = others.into_iter().peekable();
        let mut merged = Vec::with_capacity(ours.len() + others.len());
        while let (Some(our), Some(other)) = (ours.peek(), others.peek()) {
            let next = match our.key().cmp(&other.key()) {
                Ordering::Less | Ordering::Equal => ours.next(),
                Ordering::Greater => others.next(),
            };
            merged.extend(next);
        }
        merged.extend(ours.chain(others));
        if self.first {
            merged.truncate(self.items);
        } else {
            merged.drain(..merged.len().saturating_sub(self.items));
        }
        self.points = merged;
    }
}

impl Aggregate for List {
    fn identity(name: Name, _: Types) -> List {
        let (first, items) = match name {
            Name::FirstN { items, .. } => (true, items),
            Name::LastN { items, .. } => (false, items),
            other => super::other_state(other),
        };
        List {
            first,
            items: items as usize,
            points: vec![],
        }
    }

    fn lift(&mut self, input: &Input<'_>, row: usize) {
        self.fold(input, std::iter::once(row));
    }

    #[inline]
    fn fold(&mut self, input: &Input<'_>, rows: impl DoubleEndedIterator<Item = usize>) {
        let point = |row: usize| Point::at(input.events, row, input.argument().value(row));
        if self.first {
            self.keep(rows.take(self.items).map(point).collect());
        } else {
            let mut points: Vec<Point> = rows.rev().take(self.items).map(point).collect();
            points.reverse();
            self.keep(points);
        }
    }

    fn combine(&mut self, other: &List) {
        self.keep(other.points.clone());
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
