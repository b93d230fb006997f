//! The state of `count_distinct`: a set of values, or the absorbing top beyond the cap.

use crate::column::{Column, Data};
use featc_ir::Type;
use std::collections::BTreeSet;

/// The distinct values seen, at most `cap`; beyond, [`Seen::TooMany`], which absorbs everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Distinct {
    pub(super) cap: u32,
    pub(super) seen: Seen,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// Values of fixed size: integers as they are, floats as their bits, bools as 0 and 1.
    Words(BTreeSet<i128>),
    Texts(BTreeSet<Box<[u8]>>),
    TooMany,
}

impl Distinct {
    pub(super) fn new(cap: u32, argument: Option<Type>) -> Distinct {
        let seen = match argument {
            Some(Type::String) => Seen::Texts(BTreeSet::new()),
            Some(
                Type::Bool
                | Type::Int64
                | Type::Float64
                | Type::Decimal { .. }
                | Type::Timestamp
                | Type::Date
                | Type::Duration,
            )
            | None => Seen::Words(BTreeSet::new()),
        };
        Distinct { cap, seen }
    }

    /// How many values; `None` beyond the cap.
    pub(super) fn count(&self) -> Option<usize> {
        match &self.seen {
            Seen::Words(words) => Some(words.len()),
            Seen::Texts(texts) => Some(texts.len()),
            Seen::TooMany => None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count() == Some(0)
    }

    /// Adds the (valid) value of a row.
    pub(super) fn insert(&mut self, column: &Column, row: usize) {
        match &mut self.seen {
            Seen::Words(words) => {
                words.insert(word(&column.data, row));
            }
            Seen::Texts(texts) => {
                let text = column.strs().get(row);
                if !texts.contains(text) {
                    texts.insert(text.into());
                }
            }
            Seen::TooMany => return,
        }
        self.keep_cap();
    }

    pub(super) fn combine(&mut self, other: &Distinct) {
        match (&mut self.seen, &other.seen) {
            (Seen::Words(ours), Seen::Words(theirs)) => ours.extend(theirs),
            (Seen::Texts(ours), Seen::Texts(theirs)) => {
                for text in theirs {
                    if !ours.contains(text) {
                        ours.insert(text.clone());
                    }
                }
            }
            (Seen::TooMany, _) | (_, Seen::TooMany) => self.seen = Seen::TooMany,
            (Seen::Words(_), Seen::Texts(_)) | (Seen::Texts(_), Seen::Words(_)) => super::different_slots(),
        }
        self.keep_cap();
    }

    fn keep_cap(&mut self) {
        if self.count().is_some_and(|count| count > self.cap as usize) {
            self.seen = Seen::TooMany;
        }
    }
}

fn word(data: &Data, row: usize) -> i128 {
    match data {
        Data::Bool(values) => i128::from(values[row]),
        Data::I64(values) => i128::from(values[row]),
        Data::F64(values) => i128::from(values[row].to_bits()),
        Data::I128(values) => values[row],
        Data::Str(_) => super::different_slots(),
    }
}
