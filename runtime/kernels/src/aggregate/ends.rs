//! `top_k` and `bottom_k`: a commutative monoid, the greatest or least so many values of two multisets. It has no inverse.

use super::{Aggregate, Asked, Input, Name, Types};
use crate::value::Value;
use featc_ir::ErrorCode;
use std::cmp::Ordering;

/// The values so far, from the one that is wanted most on; at most `items`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ends {
    /// Whether the greatest are wanted, or the least.
    greatest: bool,
    items: usize,
    values: Vec<Value>,
}

impl Ends {
    fn order(&self, left: &Value, right: &Value) -> Ordering {
        if self.greatest {
            right.compare(left)
        } else {
            left.compare(right)
        }
    }

    fn add(&mut self, value: Value) {
        let place = self
            .values
            .partition_point(|known| self.order(known, &value) != Ordering::Greater);
        if place < self.items {
            self.values.truncate(self.items - 1);
            self.values.insert(place, value);
        }
    }
}

impl Aggregate for Ends {
    fn identity(name: Name, _: Types) -> Ends {
        let (greatest, items) = match name {
            Name::TopK { items } => (true, items),
            Name::BottomK { items } => (false, items),
            other => super::other_state(other),
        };
        Ends {
            greatest,
            items: items as usize,
            values: vec![],
        }
    }

    fn lift(&mut self, input: &Input<'_>, row: usize) {
        self.add(input.argument().value(row));
    }

    fn combine(&mut self, other: &Ends) {
        other.values.iter().for_each(|value| self.add(value.clone()));
    }

    fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    fn heap_bytes(&self) -> usize {
        self.values.capacity() * size_of::<Value>() + self.values.iter().map(Value::heap_bytes).sum::<usize>()
    }

    fn lower(&self, _: &Asked) -> Result<Value, ErrorCode> {
        Ok(Value::List(self.values.clone()))
    }
}
