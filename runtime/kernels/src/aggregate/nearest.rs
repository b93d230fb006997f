//! `first` and `last`: a semilattice, the earlier or later of two events by (τ, id, digest). It has no inverse.

use super::{Aggregate, Asked, Input, Name, Types};
use crate::events::{EventKey, Events};
use crate::value::Value;
use featc_ir::ErrorCode;
use std::cmp::Ordering;

/// The event so far, with its argument, which may be null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nearest {
    /// How the event stands to others in their order.
    wanted: Ordering,
    point: Option<Box<Point>>,
}

/// An event's place in the order of the entity's events, and a value there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Point {
    time_us: i64,
    id: Vec<u8>,
    digest: u128,
    pub value: Value,
}

impl Point {
    pub fn at(events: &Events, row: usize, value: Value) -> Point {
        Point {
            time_us: events.times[row],
            id: if events.ids.is_empty() {
                vec![]
            } else {
                events.id(row).to_vec()
            },
            digest: events.digests.get(row).copied().unwrap_or_default(),
            value,
        }
    }

    pub fn heap_bytes(&self) -> usize {
        self.id.capacity() + self.value.heap_bytes()
    }

    pub fn key(&self) -> EventKey<'_> {
        (self.time_us, &self.id, self.digest)
    }
}

/// The memory of a list of points.
pub(super) fn points_bytes(points: &Vec<Point>) -> usize {
    points.capacity() * size_of::<Point>() + points.iter().map(Point::heap_bytes).sum::<usize>()
}

impl Nearest {
    fn keep(&mut self, key: EventKey<'_>, make: impl FnOnce() -> Point) {
        let ours = self.point.as_deref();
        if ours.is_none_or(|ours| key.cmp(&ours.key()) == self.wanted) {
            self.point = Some(Box::new(make()));
        }
    }
}

impl Aggregate for Nearest {
    fn identity(name: Name, _: Types) -> Nearest {
        let wanted = match name {
            Name::First { .. } => Ordering::Less,
            Name::Last { .. } => Ordering::Greater,
            other => super::other_state(other),
        };
        Nearest { wanted, point: None }
    }

    fn lift(&mut self, input: &Input<'_>, row: usize) {
        let make = || Point::at(input.events, row, input.argument().value(row));
        self.keep(input.events.key(row), make);
    }

    #[inline]
    fn fold(&mut self, input: &Input<'_>, mut rows: impl DoubleEndedIterator<Item = usize>) {
        let row = match self.wanted {
            Ordering::Less => rows.next(),
            Ordering::Equal | Ordering::Greater => rows.next_back(),
        };
        if let Some(row) = row {
            self.lift(input, row);
        }
    }

    fn combine(&mut self, other: &Nearest) {
        if let Some(point) = &other.point {
            self.keep(point.key(), || (**point).clone());
        }
    }

    fn is_empty(&self) -> bool {
        self.point.is_none()
    }

    fn heap_bytes(&self) -> usize {
        let point = self.point.as_deref();
        point.map_or(0, |point| size_of::<Point>() + point.heap_bytes())
    }

    fn lower(&self, _: &Asked) -> Result<Value, ErrorCode> {
        Ok(self.point.as_ref().map_or(Value::Null, |point| point.value.clone()))
    }
}
