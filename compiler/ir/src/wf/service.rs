//! Of a plan: what questions bring, and what leaves a service.

use super::{Wrong, are_names, ensure};
use crate::plan::{FoldSpec, Order, Spine};
use crate::program::{Key, Source};
use crate::types::Type;
use std::collections::BTreeSet;

pub(super) fn order(order: &Order) -> Result<(), Wrong> {
    ensure(order.by == Order::EVENTS, || "the order of events".to_owned())
}

/// Whether `asked` has every one of the columns.
fn has_all(asked: &[Key], columns: &[Key]) -> bool {
    columns.iter().all(|column| asked.contains(column))
}

/// Checks what questions bring: keys and columns for `excluding self`, and all that the folds ask.
pub(super) fn spine(service: &str, spine: &Spine, folds: &[FoldSpec]) -> Result<(), Wrong> {
    let wrong = |what: &str| format!("service `{service}`: {what}");
    let (keys, self_columns) = (&spine.keys, &spine.self_columns);
    let names = |keys: &[Key]| are_names(keys.iter().map(|key| key.name.as_str()));
    ensure(!keys.is_empty() && names(keys) && names(self_columns), || {
        wrong("names of what a question brings")
    })?;
    let one_type = |key: &Key| keys.iter().all(|known| known.name != key.name || known.ty == key.ty);
    ensure(self_columns.iter().all(one_type), || {
        wrong("two types of what a question brings")
    })?;
    let brings = |fold: &FoldSpec| has_all(keys, &fold.entity) && has_all(self_columns, &fold.self_columns);
    ensure(folds.iter().all(brings), || {
        wrong("a question does not bring all that is asked")
    })?;
    // Nothing is asked for nothing.
    let reads = |key: &Key, of: fn(&FoldSpec) -> &[Key]| folds.iter().any(|fold| of(fold).contains(key));
    let all_read = keys.iter().all(|key| reads(key, |fold| &fold.entity))
        && self_columns.iter().all(|key| reads(key, |fold| &fold.self_columns));
    ensure(all_read, || wrong("a question brings what nobody reads"))
}

/// Checks what leaves a service; `counts` are how many features leave each answer.
pub(super) fn composed(
    service: &str,
    columns: &[(u32, u32)],
    counts: &[u32],
    names: Vec<(&str, Type)>,
) -> Result<(), Wrong> {
    let wrong = |what: &str| format!("service `{service}`: {what}");
    let known = |(answer, place): &(u32, u32)| counts.get(*answer as usize).is_some_and(|count| place < count);
    ensure(!columns.is_empty() && columns.iter().all(known), || {
        wrong("an output column is not there")
    })?;
    let used: BTreeSet<(u32, u32)> = columns.iter().copied().collect();
    ensure(
        used.len() as u64 == counts.iter().map(|count| u64::from(*count)).sum::<u64>(),
        || wrong("a feature that leaves for nowhere"),
    )?;
    ensure(are_names(names.into_iter().map(|(name, _)| name)), || {
        wrong("names of output columns")
    })
}

/// Whether sources of one name are one.
pub(super) fn same_sources(sources: &[Source]) -> Result<(), Wrong> {
    let clash = |source: &Source| sources.iter().any(|other| other.name == source.name && other != source);
    ensure(!sources.iter().any(clash), || {
        "two different sources have one name".to_owned()
    })
}
