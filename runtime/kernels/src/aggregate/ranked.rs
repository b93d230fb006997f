//! `median`, `quantile`, `mode` and `mode_n`: how many events have which value, a commutative monoid of multisets under their sum, or the
//! absorbing top beyond the cap. For the top it has no inverse.

use super::values::{Seen, Values, value};
use super::{Aggregate, Asked, Input, Name, Types};
use crate::exact::{self, ExactSum};
use crate::value::{Value, canonical};
use featc_ir::{ErrorCode, Type};
use std::cmp::Reverse;

/// The values seen, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranked(Values<u64>);

impl Aggregate for Ranked {
    fn identity(name: Name, types: Types) -> Ranked {
        Ranked(Values::new(name, types))
    }

    #[inline]
    fn lift(&mut self, input: &Input<'_>, row: usize) {
        self.0.lift(input.argument(), row);
    }

    fn combine(&mut self, other: &Ranked) {
        self.0.combine(&other.0);
    }

    fn is_empty(&self) -> bool {
        self.0.count() == Some(0)
    }

    fn kept_values(&self) -> usize {
        self.0.count().unwrap_or(0)
    }

    fn heap_bytes(&self) -> usize {
        self.0.heap_bytes()
    }

    fn lower(&self, asked: &Asked) -> Result<Value, ErrorCode> {
        let ty = asked.types.argument.unwrap_or(Type::Int64);
        let picked = match self.0.seen() {
            Seen::Words(words) => {
                let words = words.iter().map(|(word, count)| (*word, *count));
                pick(words.collect(), asked.name, |word| value(word, ty))
            }
            Seen::Texts(texts) => {
                let texts = texts.iter().map(|(text, count)| (&**text, *count));
                pick(texts.collect(), asked.name, |text| {
                    Value::String(String::from_utf8_lossy(text).into_owned())
                })
            }
            Seen::TooMany => return Err(ErrorCode::Cap),
        };
        Ok(match asked.name {
            Name::Median { .. } => Value::Float64(middle([&picked[0], &picked[1]], ty)),
            Name::ModeN { .. } => Value::List(picked),
            _ => picked[0].clone(),
        })
    }
}

/// The values that the aggregate is about, of some at least and how often each occurs: of a median two.
fn pick<K: Ord + Copy, V>(mut counted: Vec<(K, u64)>, name: Name, value: impl Fn(K) -> V) -> Vec<V> {
    if let Name::ModeN { items, .. } = name {
        // Of several that are as frequent the least first.
        counted.sort_unstable_by_key(|(value, count)| (Reverse(*count), *value));
        return counted
            .into_iter()
            .take(items as usize)
            .map(|(key, _)| value(key))
            .collect();
    }
    if matches!(name, Name::Mode { .. }) {
        // Of several that are as frequent the least.
        let most = counted.iter().max_by_key(|(value, count)| (count, Reverse(value)));
        return vec![value(most.unwrap_or(&counted[0]).0)];
    }
    counted.sort_unstable();
    let n = counted.iter().map(|(_, count)| count).sum();
    let ranked = ranks(name, n).map(|rank| {
        let mut before = 0;
        let found = counted.iter().find(|(_, count)| {
            before += count;
            before >= rank
        });
        value(found.unwrap_or(&counted[0]).0)
    });
    ranked.into()
}

/// Which of so many values in order, counted from 1, the aggregate is about: a median about two, which may be the same one.
#[inline]
pub fn ranks(name: Name, n: u64) -> [u64; 2] {
    match name.portion() {
        Some(portion) => [portion.of(n); 2],
        None => [n.div_ceil(2), n / 2 + 1],
    }
}

/// The exact mean of two numbers of a type, rounded once; NaN and infinities as in a mean.
pub fn middle([low, high]: [&Value; 2], ty: Type) -> f64 {
    let mut sum = ExactSum::new();
    for value in [low, high] {
        match value {
            Value::Float64(float) if low == high => return *float,
            Value::Float64(float) => sum.add_f64(*float),
            Value::Decimal(number) => sum.add_i128(*number),
            Value::Int64(number) => sum.add_i128(i128::from(*number)),
            _ => super::different_slots(),
        }
    }
    canonical(exact::mean_scaled(&sum, 2, ty.scale()))
}
