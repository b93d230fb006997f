//! Services of two programs, matched by name.

use super::features::{FeatureChange, FeatureDiff};
use featc_ir::{Program, Service, hash};
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
    /// Columns that have a gate now and had none, new ones among them: an entity that was answered may be refused.
    pub gated: Vec<String>,
    /// Columns of both that had a gate and have none now: what was refused is answered with what stands in.
    pub released: Vec<String>,
}

impl ServiceDiff {
    /// Whether whoever asks the old service finds everything in the new one: at most columns are added, and each entity is
    /// answered that was answered, and no other.
    pub fn keeps_everything(&self) -> bool {
        let same_gates = self.gated.is_empty() && self.released.is_empty();
        self.is_new != Some(false) && self.changed.is_empty() && self.removed.is_empty() && same_gates
    }
}

/// A column and the feature behind it, in order; of a feature of the service's own its fingerprint.
fn columns<'a>(program: &'a Program, service: &'a Service) -> Vec<(&'a str, String)> {
    let column = |field: &'a featc_ir::ServiceField| {
        let view = program.view(field.view);
        (
            field.name.as_str(),
            format!("{}.{}", view.name, view.feature(field.feature).name),
        )
    };
    let fields = service.fields.iter().map(column);
    let own = hash::service_fingerprints(program, service).into_iter();
    let own = own.skip(service.fields.len()).map(|(_, fingerprint)| fingerprint);
    let names = service.features.iter().map(|feature| feature.name.as_str());
    fields.chain(names.zip(own)).collect()
}

/// The columns that have a gate.
fn gates(service: &Service) -> BTreeSet<&str> {
    let fields = service.fields.iter().filter(|field| field.gate);
    fields.map(|field| field.name.as_str()).collect()
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
        let was = old.service(&service.name);
        let then = was.map(|service| columns(old, service));
        // A new service refuses nobody who was answered.
        let changed = was.map_or_else(Gates::default, |was| Gates::of(was, service));
        let diff = compared(&service.name, then, now, changed, &before);
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
                gated: Vec::new(),
                released: Vec::new(),
            });
        }
    }
    found
}

/// The columns whose gate is new, and those whose gate is gone.
#[derive(Default)]
struct Gates {
    gated: Vec<String>,
    released: Vec<String>,
}

impl Gates {
    fn of(was: &Service, is: &Service) -> Gates {
        let (before, now) = (gates(was), gates(is));
        let names = is.fields.iter().map(|field| field.name.as_str());
        let of = |has: &BTreeSet<&str>, lacks: &BTreeSet<&str>| {
            let names = names.clone().filter(|name| has.contains(name) && !lacks.contains(name));
            names.map(str::to_owned).collect()
        };
        Gates {
            gated: of(&now, &before),
            released: of(&before, &now),
        }
    }
}

/// `None` where nothing differs.
fn compared(
    name: &str,
    then: Option<Vec<(&str, String)>>,
    now: Vec<(&str, String)>,
    Gates { gated, released }: Gates,
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
            // A fingerprint has no dot.
            Some(was) if !feature.contains('.') && feature == was => {}
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
    let lists = [&changed, &added, &removed, &gated, &released];
    let differs = is_new.is_some() || reordered || lists.iter().any(|names| !names.is_empty());
    differs.then(|| ServiceDiff {
        name: name.to_owned(),
        is_new,
        changed,
        added,
        removed,
        reordered,
        gated,
        released,
    })
}
