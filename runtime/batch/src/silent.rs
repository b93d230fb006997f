//! Views and features whose answers say nothing.

use crate::report::{Silence, SilentFeature};
use featc_ir::plan::{FinishFeature, FinishKind, FinishSpec, FoldSpec};
use featc_ir::{Aggregate, Slot, Window, WindowKind};
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

/// What others of the same window, of one in it, or of one that it is in, say of a feature that is silent.
fn why(feature: &FinishFeature, fold: &FoldSpec, features: &[(&FinishFeature, &Trouble)]) -> Option<Silence> {
    let own = window(feature)?;
    let has_events = |(other, trouble): &(&FinishFeature, &Trouble)| {
        trouble.says && window(other).is_some_and(|other| holds(own, other))
    };
    if features.iter().any(has_events) {
        return match count(feature, fold) {
            Some(slot) => slot.filter.map(|_| Silence::WhereOfNone),
            // Which events a window of these holds may differ from aggregate to aggregate.
            None if matches!(own.kind, WindowKind::Events { .. } | WindowKind::Since { .. }) => None,
            None => match slots(feature, fold).any(|slot| slot.filter.is_some()) {
                true => Some(Silence::WhereOrValues),
                false => Some(Silence::Values),
            },
        };
    }
    let is_empty = |(other, trouble): &(&FinishFeature, &Trouble)| {
        is_silent(trouble)
            && window(other).is_some_and(|other| holds(other, own))
            && count(other, fold).is_some_and(|slot| slot.filter.is_none())
    };
    features.iter().any(is_empty).then_some(Silence::NoEvents)
}

/// Whether a window has all events that another one has.
fn holds(window: &Window, other: &Window) -> bool {
    let is_longer = match (window.kind, other.kind) {
        (WindowKind::Last { length_us }, WindowKind::Last { length_us: other_us }) => length_us > other_us,
        (WindowKind::Lifetime, WindowKind::Last { .. }) => true,
        _ => false,
    };
    window == other || is_longer && window.excluding == other.excluding
}

fn window(feature: &FinishFeature) -> Option<&Window> {
    match &feature.kind {
        FinishKind::Aggregate { window, .. } => Some(window),
        FinishKind::Derived { .. } => None,
    }
}

/// What an aggregate feature is computed from.
fn slots<'a>(feature: &FinishFeature, fold: &'a FoldSpec) -> impl Iterator<Item = &'a Slot> {
    let slots = match &feature.kind {
        FinishKind::Aggregate { slots, .. } => &slots[..],
        FinishKind::Derived { .. } => &[],
    };
    slots.iter().filter_map(|slot| fold.slots.get(*slot as usize))
}

/// The slot of a feature that counts events, all of them or those of its `where`.
fn count<'a>(feature: &FinishFeature, fold: &'a FoldSpec) -> Option<&'a Slot> {
    let mut slots = slots(feature, fold);
    let slot = slots.next().filter(|_| slots.next().is_none())?;
    let counts_events = matches!(slot.aggregate, Aggregate::Count) && slot.argument.is_none();
    counts_events.then_some(slot)
}
