//! `count_distinct`: a semilattice, a set of values under union, or the absorbing top beyond the cap. It has no inverse.

use super::gate::{Admit, Gate};
use super::values::{Values, Weights, table_bytes};
use super::{Aggregate, Asked, Core, Input, Name, State, Types, different_slots};
use crate::column::Column;
use crate::events::Events;
use crate::value::Value;
use featc_ir::{ErrorCode, Slot, Status};

pub use super::values::Member;

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

    fn heap_bytes(&self) -> usize {
        self.0.heap_bytes()
    }

    fn lower(&self, _: &Asked) -> Result<Value, ErrorCode> {
        let count = self.0.count().ok_or(ErrorCode::Cap)?;
        Ok(Value::Int64(count as i64))
    }
}

/// At what instant each value was seen for the last time. Looked into by value, so that its own order shows nowhere.
#[derive(Debug, Clone, Default)]
pub struct Latest {
    words: Weights<i128, i64>,
    texts: Weights<Box<[u8]>, i64>,
}

impl Latest {
    pub fn get(&self, member: &Member<'_>) -> Option<i64> {
        match member {
            Member::Word(word) => self.words.get(word).copied(),
            Member::Text(text) => self.texts.get(*text).copied(),
        }
    }

    /// Sets the instant of a value; what it was before.
    pub fn set(&mut self, member: &Member<'_>, time_us: i64) -> Option<i64> {
        match member {
            Member::Word(word) => self.words.insert(*word, time_us),
            Member::Text(text) => match self.texts.get_mut(*text) {
                Some(known) => Some(std::mem::replace(known, time_us)),
                None => self.texts.insert((*text).into(), time_us),
            },
        }
    }

    pub fn remove(&mut self, member: &Member<'_>) {
        match member {
            Member::Word(word) => drop(self.words.remove(word)),
            Member::Text(text) => drop(self.texts.remove(*text)),
        }
    }

    /// Forgets the values that were not seen from an instant on.
    pub fn forget_before(&mut self, from_us: i64) {
        self.words.retain(|_, time_us| *time_us >= from_us);
        self.texts.retain(|_, time_us| *time_us >= from_us);
    }

    /// An estimate of the memory taken.
    pub fn bytes(&self) -> usize {
        let texts: usize = self.texts.keys().map(|text| text.len()).sum();
        table_bytes(&self.words) + table_bytes(&self.texts) + texts
    }
}

/// What the rows of a block are to a slot of `count_distinct`.
#[derive(Debug)]
pub struct Occurrences<'a> {
    gate: Option<Gate<'a>>,
    column: &'a Column,
}

/// What one row is to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occurrence<'a> {
    Of(Member<'a>),
    /// It takes no part.
    Not,
    Error,
}

impl<'a> Occurrences<'a> {
    /// Of the rows of a block; the slot is one of `count_distinct`.
    pub fn new(slot: &Slot, events: &'a Events) -> Occurrences<'a> {
        Occurrences {
            gate: (!Gate::is_open(slot, events)).then(|| Gate::new(slot, events)),
            column: Input::new(slot, events).argument(),
        }
    }

    /// Of one row.
    #[inline]
    pub fn at(&self, row: usize) -> Occurrence<'a> {
        match self.gate.as_ref().map_or(Admit::Taken, |gate| gate.admit(row)) {
            Admit::Taken => Occurrence::Of(Member::of(self.column, row)),
            Admit::Skip => Occurrence::Not,
            Admit::Error(_) => Occurrence::Error,
        }
    }
}

impl State {
    /// Whether an event in it is an error.
    pub fn has_errors(&self) -> bool {
        self.errors.least().is_some()
    }

    /// Of a `count_distinct`: whether a value is among those seen. Beyond the cap nobody knows, and it may be.
    pub fn may_hold(&self, member: &Member<'_>) -> bool {
        match &self.core {
            Core::Distinct(seen) => seen.0.may_hold(member),
            _ => different_slots(),
        }
    }

    /// The answer of a slot of `count_distinct` over events of so many different values, none of which is an error.
    pub fn lower_distinct(slot: &Slot, count: usize) -> (Value, Status) {
        match slot.aggregate.cap().is_some_and(|cap| count > cap as usize) {
            true => (Value::Null, Status::Error(ErrorCode::Cap)),
            false if count == 0 => (Value::Int64(0), Status::Empty),
            false => (Value::Int64(count as i64), Status::Ok),
        }
    }
}
