//! The different values of some events, each with a weight: nothing, so that they are a set, or how many events have it.
//! Both are commutative monoids under union, with an absorbing top beyond a cap.
//!
//! They are hashed: membership is all that folding asks, and equality is that of sets.

use super::{Name, Types};
use crate::column::{Column, Data};
use crate::value::{Value, canonical};
use featc_ir::Type;
use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use xxhash_rust::xxh3::xxh3_64;

/// What is known of a value beside that it is there.
pub(super) trait Weight: Copy + Eq + Debug {
    /// Of one event.
    const ONE: Self;

    fn add(&mut self, more: Self);
}

impl Weight for () {
    const ONE: () = ();

    fn add(&mut self, (): ()) {}
}

/// How many events.
impl Weight for u64 {
    const ONE: u64 = 1;

    fn add(&mut self, more: u64) {
        *self += more;
    }
}

/// At most so many values as the cap says; beyond, [`Seen::TooMany`], which absorbs everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Values<W: Weight> {
    cap: u32,
    seen: Seen<W>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen<W: Weight> {
    /// Values of fixed size, see [`word`].
    Words(Weights<i128, W>),
    Texts(Weights<Box<[u8]>, W>),
    TooMany,
}

/// A value in comparison with others of its type; equal where the sets hold one value for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Member<'a> {
    /// Of fixed size: integers, floats, bools, decimals and instants, as one number each.
    Word(i128),
    Text(&'a [u8]),
}

impl<'a> Member<'a> {
    /// Of a (valid) row.
    #[inline]
    pub(super) fn of(column: &'a Column, row: usize) -> Member<'a> {
        match &column.data {
            Data::Str(texts) => Member::Text(texts.get(row)),
            data => Member::Word(word(data, row)),
        }
    }
}

/// Looked into, counted, or put in order, so that its own order shows nowhere.
pub(super) type Weights<T, W> = HashMap<T, W, BuildHasherDefault<Mix>>;

impl<W: Weight> Values<W> {
    /// No values, for an aggregate over arguments of these types.
    pub fn new(name: Name, types: Types) -> Values<W> {
        let seen = if types.argument == Some(Type::String) {
            Seen::Texts(Weights::default())
        } else {
            Seen::Words(Weights::default())
        };
        let cap = name.cap().unwrap_or(u32::MAX);
        Values { cap, seen }
    }

    pub fn seen(&self) -> &Seen<W> {
        &self.seen
    }

    /// How many different values; `None` beyond the cap.
    pub fn count(&self) -> Option<usize> {
        match &self.seen {
            Seen::Words(words) => Some(words.len()),
            Seen::Texts(texts) => Some(texts.len()),
            Seen::TooMany => None,
        }
    }

    /// About how much memory the values take, in bytes.
    pub fn heap_bytes(&self) -> usize {
        match &self.seen {
            Seen::Words(words) => table_bytes(words),
            Seen::Texts(texts) => table_bytes(texts) + texts.keys().map(|text| text.len()).sum::<usize>(),
            Seen::TooMany => 0,
        }
    }

    /// Whether a value is there; beyond the cap it may be.
    pub fn may_hold(&self, member: &Member<'_>) -> bool {
        match (&self.seen, member) {
            (Seen::Words(words), Member::Word(word)) => words.contains_key(word),
            (Seen::Texts(texts), Member::Text(text)) => texts.contains_key(*text),
            (Seen::TooMany, _) => true,
            (Seen::Words(_), Member::Text(_)) | (Seen::Texts(_), Member::Word(_)) => super::different_slots(),
        }
    }

    fn keep_cap(&mut self) {
        // Law: capped_state (proofs/theory/Capped.v)
        // Law: top_absorbs (proofs/theory/Capped.v)
        if self.count().is_some_and(|count| count > self.cap as usize) {
            self.seen = Seen::TooMany;
        }
    }

    /// Adds the (valid) value of a row.
    #[inline]
    pub fn lift(&mut self, column: &Column, row: usize) {
        match &mut self.seen {
            Seen::Words(words) => {
                grow(words);
                add(words, word(&column.data, row), W::ONE);
            }
            Seen::Texts(texts) => add_text(texts, column.strs().get(row), W::ONE),
            Seen::TooMany => return,
        }
        self.keep_cap();
    }

    /// Adds those of other events.
    pub fn combine(&mut self, other: &Values<W>) {
        match (&mut self.seen, &other.seen) {
            (Seen::Words(ours), Seen::Words(theirs)) => unite(ours, theirs, |ours, word, weight| {
                add(ours, *word, weight);
            }),
            (Seen::Texts(ours), Seen::Texts(theirs)) => unite(ours, theirs, |ours, text, weight| {
                add_text(ours, text, weight);
            }),
            (Seen::TooMany, _) | (_, Seen::TooMany) => self.seen = Seen::TooMany,
            (Seen::Words(_), Seen::Texts(_)) | (Seen::Texts(_), Seen::Words(_)) => super::different_slots(),
        }
        self.keep_cap();
    }
}

#[inline]
fn add<W: Weight>(words: &mut Weights<i128, W>, word: i128, weight: W) {
    let known = words.entry(word);
    known.and_modify(|known| known.add(weight)).or_insert(weight);
}

/// A text is copied only where it is new.
#[inline]
fn add_text<W: Weight>(texts: &mut Weights<Box<[u8]>, W>, text: &[u8], weight: W) {
    if let Some(known) = texts.get_mut(text) {
        known.add(weight);
    } else {
        texts.insert(text.into(), weight);
    }
}

/// Adds the members of a set: the smaller one is inserted into (a copy of) the larger, which is copied whole.
///
/// Room is made first. Both sets hash alike, so members come in the order of their buckets; in a table that is too
/// small they would pile up at its front.
fn unite<T: Clone + Eq + Hash, W: Weight>(
    ours: &mut Weights<T, W>,
    theirs: &Weights<T, W>,
    add: impl Fn(&mut Weights<T, W>, &T, W),
) {
    if ours.len() < theirs.len() {
        let fewer = std::mem::replace(ours, theirs.clone());
        ours.reserve(fewer.len());
        fewer.iter().for_each(|(value, weight)| add(ours, value, *weight));
    } else {
        ours.reserve(theirs.len());
        theirs.iter().for_each(|(value, weight)| add(ours, value, *weight));
    }
}

/// The buckets of a table, of which seven in eight may be taken, with a byte of control each.
pub(super) fn table_bytes<T, W>(table: &Weights<T, W>) -> usize {
    (table.capacity() * 8).div_ceil(7) * (size_of::<(T, W)>() + 1)
}

/// Makes room for four times as many members in a small set that is full: half the tables on the way to a page's worth.
#[inline]
fn grow<T: Eq + Hash, W>(set: &mut Weights<T, W>) {
    if set.len() == set.capacity() && set.len() < 64 {
        set.reserve((3 * set.len()).max(1));
    }
}

/// A value of fixed size as a number in the order of such values: integers as they are, floats as [`float_key`] has them,
/// bools as 0 and 1.
fn word(data: &Data, row: usize) -> i128 {
    match data {
        Data::Bool(values) => i128::from(values[row]),
        Data::I64(values) => i128::from(values[row]),
        Data::F64(values) => i128::from(float_key(values[row])),
        Data::I128(values) => values[row],
        Data::Str(_) => super::different_slots(),
    }
}

/// The value of a word.
pub(super) fn value(word: i128, ty: Type) -> Value {
    match ty {
        Type::Bool => Value::Bool(word != 0),
        Type::Int64 => Value::Int64(word as i64),
        Type::Float64 => Value::Float64(canonical(f64::from_bits(float_bits(word as i64)))),
        Type::Decimal { .. } => Value::Decimal(word),
        Type::Timestamp => Value::Timestamp(word as i64),
        Type::Date => Value::Date(word as i32),
        Type::Duration => Value::Duration(word as i64),
        Type::String | Type::List(_) => super::different_slots(),
    }
}

/// A number in the order of canonical floats, NaN last; one for each.
pub fn float_key(value: f64) -> i64 {
    float_bits(value.to_bits() as i64) as i64
}

/// Turns around what is below 0: there floats fall as their bits rise.
fn float_bits(bits: i64) -> u64 {
    (if bits < 0 { bits ^ i64::MAX } else { bits }) as u64
}

/// Constants without pattern: digits of the golden ratio and of π.
const SALTS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0x243f_6a88_85a3_08d3];

/// A hasher with a fixed seed: words by a folded multiplication, texts by xxh3-64.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Mix(u64);

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
