//! `count_distinct`: a semilattice, a set of values under union, or the absorbing top beyond the cap. It has no inverse.
//!
//! Sets are hashed: membership is all that folding asks, and equality is that of sets.

use super::{Aggregate, Asked, Input, Name, Types};
use crate::column::Data;
use crate::value::Value;
use featc_ir::{ErrorCode, Type};
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use xxhash_rust::xxh3::xxh3_64;

/// The distinct values seen, at most `cap`; beyond, [`Seen::TooMany`], which absorbs everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distinct {
    cap: u32,
    seen: Seen,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    /// Values of fixed size: integers as they are, floats as their bits, bools as 0 and 1.
    Words(Set<i128>),
    Texts(Set<Box<[u8]>>),
    TooMany,
}

/// Only looked into and counted, so that its order shows nowhere.
type Set<T> = HashSet<T, BuildHasherDefault<Mix>>;

impl Distinct {
    /// How many values; `None` beyond the cap.
    fn count(&self) -> Option<usize> {
        match &self.seen {
            Seen::Words(words) => Some(words.len()),
            Seen::Texts(texts) => Some(texts.len()),
            Seen::TooMany => None,
        }
    }

    fn keep_cap(&mut self) {
        if self.count().is_some_and(|count| count > self.cap as usize) {
            self.seen = Seen::TooMany;
        }
    }
}

impl Aggregate for Distinct {
    fn identity(name: Name, types: Types) -> Distinct {
        let seen = if types.argument == Some(Type::String) {
            Seen::Texts(Set::default())
        } else {
            Seen::Words(Set::default())
        };
        let cap = name.cap().unwrap_or(u32::MAX);
        Distinct { cap, seen }
    }

    #[inline]
    fn lift(&mut self, input: &Input<'_>, row: usize) {
        let column = input.argument();
        match &mut self.seen {
            Seen::Words(words) => {
                grow(words);
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

    fn combine(&mut self, other: &Distinct) {
        match (&mut self.seen, &other.seen) {
            (Seen::Words(ours), Seen::Words(theirs)) => unite(ours, theirs, |ours, theirs| ours.extend(theirs)),
            (Seen::Texts(ours), Seen::Texts(theirs)) => unite(ours, theirs, |ours, theirs| {
                for text in theirs {
                    if !ours.contains(text) {
                        ours.insert(text.clone());
                    }
                }
            }),
            (Seen::TooMany, _) | (_, Seen::TooMany) => self.seen = Seen::TooMany,
            (Seen::Words(_), Seen::Texts(_)) | (Seen::Texts(_), Seen::Words(_)) => super::different_slots(),
        }
        self.keep_cap();
    }

    fn is_empty(&self) -> bool {
        self.count() == Some(0)
    }

    fn lower(&self, _: &Asked) -> Result<Value, ErrorCode> {
        let count = self.count().ok_or(ErrorCode::Cap)?;
        Ok(Value::Int64(count as i64))
    }
}

/// Adds the members of a set: the smaller one is inserted into (a copy of) the larger, which is copied whole.
///
/// Room is made first. Both sets hash alike, so members come in the order of their buckets; in a table that is too
/// small they would pile up at its front.
fn unite<T: Clone + Eq + Hash>(ours: &mut Set<T>, theirs: &Set<T>, add: impl Fn(&mut Set<T>, &Set<T>)) {
    if ours.len() < theirs.len() {
        let fewer = std::mem::replace(ours, theirs.clone());
        ours.reserve(fewer.len());
        add(ours, &fewer);
    } else {
        ours.reserve(theirs.len());
        add(ours, theirs);
    }
}

/// Makes room for four times as many members in a small set that is full: half the tables on the way to a page's worth.
#[inline]
fn grow<T: Eq + Hash>(set: &mut Set<T>) {
    if set.len() == set.capacity() && set.len() < 64 {
        set.reserve((3 * set.len()).max(1));
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

/// Constants without pattern: digits of the golden ratio and of π.
const SALTS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0x243f_6a88_85a3_08d3];

/// A hasher with a fixed seed: words by a folded multiplication, texts by xxh3-64.
#[derive(Debug, Default, Clone, Copy)]
struct Mix(u64);

impl Mix {
    #[inline]
    fn mix(&mut self, low: u64, high: u64) {
        let product = u128::from(low ^ SALTS[0]) * u128::from(high ^ self.0 ^ SALTS[1]);
        self.0 = product as u64 ^ (product >> 64) as u64;
    }
}

impl Hasher for Mix {
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.mix(xxh3_64(bytes), 0);
    }

    #[inline]
    fn write_i128(&mut self, word: i128) {
        self.mix(word as u64, (word >> 64) as u64);
    }

    /// The length of a text, which its xxh3 covers.
    #[inline]
    fn write_usize(&mut self, _length: usize) {}
}
