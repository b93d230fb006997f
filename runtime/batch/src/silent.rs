//! Views and features whose answers say nothing.

use crate::report::{Silence, SilentFeature};
use featc_ir::plan::{FinishFeature, FinishKind, FinishSpec, FoldSpec};
use featc_ir::{Aggregate, Slot, Window};
use featr_kernels::finish::Trouble;
use std::collections::BTreeMap;

/// Of the views of a node those that say nothing, and of the others the features.
#[derive(Debug, Default)]
pub(crate) struct Silent {
    /// Views whose answers are all null or zero, but for defaults, and nothing worse.
    pub views: Vec<String>,
    /// Views of whose answers some are errors, and all others so.
    pub failed: Vec<String>,
    /// Features whose answers are all null or zero, of the other views.
    pub features: Vec<SilentFeature>,
}

/// `counted` are the answers of the features of the spec. A derived feature is neither silent nor not: it sees defaults.
pub(crate) fn silent(spec: &FinishSpec, fold: &FoldSpec, counted: &[Trouble]) -> Silent {
    let is_aggregate = |(feature, _): &(&FinishFeature, &Trouble)| matches!(feature.kind, FinishKind::Aggregate { .. });
    let features: Vec<_> = spec.features.iter().zip(counted).filter(is_aggregate).collect();
    // Whether all is silent, and whether all is silent or an error.
    let mut views: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
    for (feature, trouble) in &features {
        let (all_silent, all_failed) = views.entry(&feature.view).or_insert((true, true));
        *all_silent &= is_silent(trouble);
        *all_failed &= is_silent(trouble) || trouble.only_fails();
    }
    let of_live_views = features
        .iter()
        .filter(|(feature, trouble)| says_nothing(trouble) && feature.output && !views[feature.view.as_str()].0);
    let silent_features = of_live_views.map(|(feature, _)| SilentFeature {
        feature: feature.name.clone(),
        why: why(feature, fold, &features),
    });
    let names = |is_meant: fn((bool, bool)) -> bool| {
        let views = views.iter().filter(|(_, says)| is_meant(**says));
        views.map(|(view, _)| (*view).to_owned()).collect()
    };
    Silent {
        views: names(|(all_silent, _)| all_silent),
        failed: names(|(all_silent, all_failed)| all_failed && !all_silent),
        features: silent_features.collect(),
    }
}

/// The features of a service's own whose answers say nothing.
pub(crate) fn own_silent(counted: Vec<(String, Trouble)>) -> Vec<SilentFeature> {
    let silent = counted.into_iter().filter(|(_, trouble)| is_silent(trouble));
    silent
        .map(|(feature, _)| SilentFeature { feature, why: None })
        .collect()
}

/// As [`is_silent`], though the window of some may be cut off.
fn says_nothing(trouble: &Trouble) -> bool {
    !trouble.says && trouble.stale == 0 && trouble.errors.iter().all(|count| *count == 0)
}

/// Whether all answers are null or zero, but for defaults, and nothing worse.
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
