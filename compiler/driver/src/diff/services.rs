//! Services of two programs, matched by name.

use super::features::{FeatureChange, FeatureDiff};
use featc_ir::{Program, Service};
use std::collections::{BTreeMap, BTreeSet};

/// A service in which something differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceDiff {
    pub name: String,
    /// Whether only one of the programs has it, and which: the new one (`Some(true)`) or the old one.
    pub is_new: Option<bool>,
    /// Columns of both whose values may differ.
    pub changed: Vec<String>,
    pub added: Vec<String>,
    pub removed: Vec<String>,
    /// Whether columns that stay come in another order.
    pub reordered: bool,
}

impl ServiceDiff {
    /// Whether whoever asks the old service finds everything in the new one: at most columns are added.
    pub fn keeps_everything(&self) -> bool {
        self.is_new != Some(false) && self.changed.is_empty() && self.removed.is_empty()
    }
}

/// A column and the feature behind it, in order.
fn columns<'a>(program: &'a Program, service: &'a Service) -> Vec<(&'a str, String)> {
    let column = |field: &'a featc_ir::ServiceField| {
        let view = program.view(field.view);
        (
            field.name.as_str(),
            format!("{}.{}", view.name, view.feature(field.feature).name),
        )
    };
    service.fields.iter().map(column).collect()
}

/// See [`super::Diff::services`].
pub fn compare(old: &Program, new: &Program, features: &[FeatureDiff]) -> Vec<ServiceDiff> {
    // What each feature of the new program is called in the old one, where it has the same values.
    let before: BTreeMap<&str, &str> = features
        .iter()
        .filter_map(|feature| match &feature.change {
            FeatureChange::Same => Some((feature.name.as_str(), feature.name.as_str())),
            FeatureChange::Renamed { from } => Some((feature.name.as_str(), from.as_str())),
            FeatureChange::Changed { .. } | FeatureChange::Added | FeatureChange::Removed => None,
        })
        .collect();
    let mut found = Vec::new();
    for service in &new.services {
        let now = columns(new, service);
        let then = old.service(&service.name).map(|service| columns(old, service));
        let diff = compared(&service.name, then, now, &before);
        found.extend(diff);
    }
    for service in &old.services {
        if new.service(&service.name).is_none() {
            let removed = columns(old, service).into_iter().map(|(name, _)| name.to_owned());
            found.push(ServiceDiff {
                name: service.name.clone(),
                is_new: Some(false),
                changed: Vec::new(),
                added: Vec::new(),
                removed: removed.collect(),
                reordered: false,
            });
        }
    }
    found
}

/// `None` where nothing differs.
fn compared(
    name: &str,
    then: Option<Vec<(&str, String)>>,
    now: Vec<(&str, String)>,
    before: &BTreeMap<&str, &str>,
) -> Option<ServiceDiff> {
    let is_new = then.is_none().then_some(true);
    let then = then.unwrap_or_default();
    let features: BTreeMap<&str, &str> = then
        .iter()
        .map(|(column, feature)| (*column, feature.as_str()))
        .collect();
    let current: BTreeSet<&str> = now.iter().map(|(column, _)| *column).collect();
    let (mut changed, mut added) = (Vec::new(), Vec::new());
    for (column, feature) in &now {
        match features.get(column) {
            None => added.push((*column).to_owned()),
            Some(was) if before.get(feature.as_str()) == Some(was) => {}
            Some(_) => changed.push((*column).to_owned()),
        }
    }
    let removed = then.iter().filter(|(column, _)| !current.contains(column));
    let removed: Vec<String> = removed.map(|(column, _)| (*column).to_owned()).collect();
    let stay_then = then
        .iter()
        .map(|(column, _)| *column)
        .filter(|column| current.contains(column));
    let stay_now = now
        .iter()
        .map(|(column, _)| *column)
        .filter(|column| features.contains_key(column));
    let reordered = !stay_then.eq(stay_now);
    let differs = is_new.is_some() || reordered || !(changed.is_empty() && added.is_empty() && removed.is_empty());
    differs.then(|| ServiceDiff {
        name: name.to_owned(),
        is_new,
        changed,
        added,
        removed,
        reordered,
    })
}
