//! Of a plan: what questions bring, and what leaves a service.

use super::{Wrong, are_names, ensure};
use crate::plan::{Derive, DeriveInput, FoldSpec, Order, Spine};
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

/// Checks what questions bring: keys, columns for `excluding self`, fields of requests, and all that is asked of them.
pub(super) fn spine(service: &str, spine: &Spine, folds: &[FoldSpec], derive: &Derive) -> Result<(), Wrong> {
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
    // A field of a request is nothing else.
    let brought = keys.iter().chain(self_columns).map(|key| key.name.as_str());
    let brought: BTreeSet<&str> = brought.collect();
    let own = |field: &Key| !brought.contains(field.name.as_str());
    ensure(names(&spine.request) && spine.request.iter().all(own), || {
        wrong("names of the fields of a request")
    })?;
    let brings = |fold: &FoldSpec| has_all(keys, &fold.entity) && has_all(self_columns, &fold.self_columns);
    ensure(folds.iter().all(brings), || {
        wrong("a question does not bring all that is asked")
    })?;
    // Nothing is asked for nothing.
    let reads = |key: &Key, of: fn(&FoldSpec) -> &[Key]| folds.iter().any(|fold| of(fold).contains(key));
    let all_read = keys.iter().all(|key| reads(key, |fold| &fold.entity))
        && self_columns.iter().all(|key| reads(key, |fold| &fold.self_columns))
        && (0..spine.request.len() as u32).all(|field| derive.reads_field(field));
    ensure(all_read, || wrong("a question brings what nobody reads"))
}

/// Checks what leaves a service; `counts` are how many features leave each answer.
pub(super) fn composed(
    service: &str,
    (columns, derive): (&[(u32, u32)], &Derive),
    counts: &[u32],
    names: Vec<(&str, Type)>,
) -> Result<(), Wrong> {
    let wrong = |what: &str| format!("service `{service}`: {what}");
    let known = |(answer, place): &(u32, u32)| counts.get(*answer as usize).is_some_and(|count| place < count);
    let derived = derive.reads();
    let used: BTreeSet<(u32, u32)> = columns.iter().chain(&derived).copied().collect();
    ensure(!used.is_empty() && used.iter().all(known), || {
        wrong("an output column is not there")
    })?;
    ensure(
        used.len() as u64 == counts.iter().map(|count| u64::from(*count)).sum::<u64>(),
        || wrong("a feature that leaves for nowhere"),
    )?;
    ensure(are_names(names.into_iter().map(|(name, _)| name)), || {
        wrong("names of output columns")
    })
}

/// Checks the features of a service's own; `outputs` are the types of what leaves each answer.
pub(super) fn derived(spine: &Spine, outputs: &[Vec<Type>], derive: &Derive) -> Result<(), Wrong> {
    for (place, feature) in derive.0.iter().enumerate() {
        let wrong = |what: &str| format!("feature `{}`: {what}", feature.name);
        let ty = |input: &DeriveInput| match input {
            DeriveInput::At => Some(Type::Timestamp),
            DeriveInput::Field(field) => spine.request.get(*field as usize).map(|field| field.ty),
            DeriveInput::Answer(answer, place) => outputs.get(*answer as usize)?.get(*place as usize).copied(),
            DeriveInput::Own(own) => derive.0[..place].get(*own as usize).map(|own| own.ty),
        };
        let inputs: Option<Vec<Type>> = feature.inputs.iter().map(ty).collect();
        let inputs = inputs.filter(|inputs| !inputs.is_empty());
        let inputs = inputs.ok_or_else(|| wrong("an input is not there"))?;
        feature.expr.check_types(&inputs).map_err(|why| wrong(&why))?;
        ensure(feature.expr.ty == feature.ty, || wrong("its type"))?;
        let default = feature.default.as_ref();
        ensure(default.is_none_or(|default| default.is_of(feature.ty)), || {
            wrong("its default")
        })?;
    }
    Ok(())
}

/// Whether sources of one name are one.
pub(super) fn same_sources(sources: &[Source]) -> Result<(), Wrong> {
    let clash = |source: &Source| sources.iter().any(|other| other.name == source.name && other != source);
    ensure(!sources.iter().any(clash), || {
        "two different sources have one name".to_owned()
    })
}
