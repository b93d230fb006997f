//! Views and features whose answers say nothing.

use crate::report::{Silence, SilentFeature};
use featc_ir::plan::{FinishFeature, FinishKind, FinishSpec, FoldSpec};
use featc_ir::{Aggregate, Slot, Window};
use featr_kernels::finish::Trouble;
use std::collections::BTreeMap;

/// The views whose answers are all null or zero, but for defaults, and nothing worse; and of the others the features whose answers
/// are so. `counted` are the answers of the features of the spec. A derived feature is neither: it sees defaults.
pub(crate) fn silent(spec: &FinishSpec, fold: &FoldSpec, counted: &[Trouble]) -> (Vec<String>, Vec<SilentFeature>) {
    let is_aggregate = |(feature, _): &(&FinishFeature, &Trouble)| matches!(feature.kind, FinishKind::Aggregate { .. });
    let features: Vec<_> = spec.features.iter().zip(counted).filter(is_aggregate).collect();
    let mut views: BTreeMap<&str, bool> = BTreeMap::new();
    for (feature, trouble) in &features {
        *views.entry(&feature.view).or_insert(true) &= is_silent(trouble);
    }
    let of_live_views = features
        .iter()
        .filter(|(feature, trouble)| is_silent(trouble) && feature.output && !views[feature.view.as_str()]);
    let silent_features = of_live_views.map(|(feature, _)| SilentFeature {
        feature: feature.name.clone(),
        why: why(feature, fold, &features),
    });
    let silent_features = silent_features.collect();
    let silent_views = views.into_iter().filter(|(_, is_silent)| *is_silent);
    (silent_views.map(|(view, _)| view.to_owned()).collect(), silent_features)
}

fn is_silent(trouble: &Trouble) -> bool {
    !trouble.says && trouble.counts().next().is_none()
}

/// What others of the same window say of a feature that is silent.
fn why(feature: &FinishFeature, fold: &FoldSpec, features: &[(&FinishFeature, &Trouble)]) -> Option<Silence> {
    let own = window(feature)?;
    let mut of_window = features.iter().filter(|(other, _)| window(other) == Some(own));
    if of_window.clone().any(|(_, trouble)| trouble.says) {
        return count(feature, fold)?.filter.map(|_| Silence::WhereOfNone);
    }
    let is_empty = |(other, trouble): &(&FinishFeature, &Trouble)| {
        is_silent(trouble) && count(other, fold).is_some_and(|slot| slot.filter.is_none())
    };
    of_window.any(is_empty).then_some(Silence::NoEvents)
}

fn window(feature: &FinishFeature) -> Option<&Window> {
    match &feature.kind {
        FinishKind::Aggregate { window, .. } => Some(window),
        FinishKind::Derived { .. } => None,
    }
}

/// The slot of a feature that counts events, all of them or those of its `where`.
fn count<'a>(feature: &FinishFeature, fold: &'a FoldSpec) -> Option<&'a Slot> {
    let FinishKind::Aggregate { slots, .. } = &feature.kind else {
        return None;
    };
    let [slot] = slots[..] else { return None };
    let slot = fold.slots.get(slot as usize)?;
    let counts_events = matches!(slot.aggregate, Aggregate::Count) && slot.argument.is_none();
    counts_events.then_some(slot)
}
