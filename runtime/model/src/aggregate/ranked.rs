//! Aggregates of the values in order.

use super::Outcome;
use featc_ir::{ErrorCode, Portion};
use featr_kernels::Value;
use num_bigint::BigInt;

/// `of_sorted` of some values in order, of which not more than `cap` differ.
pub(super) fn sorted(values: &[&Value], cap: u32, of_sorted: impl Fn(&[&Value]) -> Outcome) -> Outcome {
    let mut sorted = values.to_vec();
    sorted.sort();
    let distinct = sorted.chunk_by(|left, right| left == right).count();
    match distinct {
        0 => Outcome::Empty,
        _ if distinct > cap as usize => Outcome::Error(ErrorCode::Cap),
        _ => of_sorted(&sorted),
    }
}

/// The middle one twice, or the middle two: half of the others stand before them, half after.
pub(super) fn middle_two<'a>(sorted: &[&'a Value]) -> [&'a Value; 2] {
    let half = sorted.len() / 2;
    let before = if sorted.len() % 2 == 0 { half - 1 } else { half };
    [sorted[before], sorted[half]]
}

/// The least value of which it holds that so many values in a billion are not greater.
pub(super) fn quantile(sorted: &[&Value], portion: Portion) -> Outcome {
    let wanted = BigInt::from(portion.billionths()) * sorted.len();
    let is_reached = |value: &&&Value| {
        let not_greater = sorted.iter().filter(|other| **other <= **value).count();
        BigInt::from(not_greater) * 1_000_000_000 >= wanted
    };
    let least = sorted.iter().find(is_reached);
    least.map_or(Outcome::Empty, |value| Outcome::Value((*value).clone()))
}

/// The first value than which no other occurs more often.
pub(super) fn mode(sorted: &[&Value]) -> Outcome {
    let times = |value: &Value| sorted.iter().filter(|other| **other == value).count();
    let unbeaten = |value: &&&Value| sorted.iter().all(|other| times(other) <= times(value));
    let first = sorted.iter().find(unbeaten);
    first.map_or(Outcome::Empty, |value| Outcome::Value((*value).clone()))
}

/// The values that occur most often, from the most frequent one on; of those that occur equally often the least first.
pub(super) fn frequent(sorted: &[&Value], items: usize) -> Outcome {
    let mut runs: Vec<&[&Value]> = sorted.chunk_by(|left, right| left == right).collect();
    // Stable: runs of one length stay in the order of their values.
    runs.sort_by_key(|run| std::cmp::Reverse(run.len()));
    let values = runs.into_iter().take(items).map(|run| run[0].clone());
    Outcome::Value(Value::List(values.collect()))
}
