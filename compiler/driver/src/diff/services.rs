//! Services of two programs, matched by name.

use super::features::{FeatureChange, FeatureDiff};
use featc_ir::{Key, Program, Service, hash};
use std::collections::{BTreeMap, BTreeSet};

/// A service in which something differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceDiff {
    /// Its name.
    pub name: String,
    /// Whether only one of the programs has it, and which: the new one (`Some(true)`) or the old one.
    pub is_new: Option<bool>,
    /// Columns of both whose values may differ.
    pub changed: Vec<String>,
    /// Columns that only the new program has.
    pub added: Vec<String>,
    /// Columns that only the old program had.
    pub removed: Vec<String>,
    /// Whether columns that stay come in another order.
    pub reordered: bool,
    /// Columns that have a gate now and had none, new ones among them: an entity that was answered may be refused.
    pub gated: Vec<String>,
    /// Columns of both that had a gate and have none now: what was refused is answered with what stands in.
    pub released: Vec<String>,
    /// What a question brings now and did not, or not with this type: keys, what `excluding self` compares with, and fields of
    /// a request. Whoever asks as before is refused.
    pub asks: Vec<String>,
    /// What a question brought and brings no longer: a name that requests may not have.
    pub unasked: Vec<String>,
}

impl ServiceDiff {
    /// Whether whoever asks the old service finds everything in the new one: at most columns are added, a question brings
    /// what it brought, and each entity is answered that was answered, and no other.
    pub fn keeps_everything(&self) -> bool {
        let lists = [
            &self.changed,
            &self.removed,
            &self.gated,
            &self.released,
            &self.asks,
            &self.unasked,
        ];
        self.is_new != Some(false) && lists.iter().all(|names| names.is_empty())
    }
}

/// A column and the feature behind it, in order; of a feature of the service's own its fingerprint, and of one that is asked
/// by other columns than the keys of its entity.
fn columns<'a>(program: &'a Program, service: &'a Service) -> Vec<(&'a str, String)> {
    let fingerprints = hash::service_fingerprints(program, service);
    let column = |(field, (_, fingerprint)): (&'a featc_ir::ServiceField, &(String, String))| {
        let view = program.view(field.view);
        let entity = program.entity(view.entity);
        let feature = match service.keys_of(program, field.asked()) == entity.keys {
            true => format!("{}.{}", view.name, view.feature(field.feature).name),
            false => fingerprint.clone(),
        };
        (field.name.as_str(), feature)
    };
    let fields = service.fields.iter().zip(&fingerprints).map(column);
    let own = fingerprints.iter().skip(service.fields.len());
    let own = own.map(|(_, fingerprint)| fingerprint.clone());
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
        let changed = was.map_or_else(Terms::default, |was| Terms::of((old, was), (new, service)));
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
                asks: Vec::new(),
                unasked: Vec::new(),
            });
        }
    }
    found
}

/// What else of an old service and a new one differs than their columns.
#[derive(Default)]
struct Terms {
    gated: Vec<String>,
    released: Vec<String>,
    asks: Vec<String>,
    unasked: Vec<String>,
}

impl Terms {
    fn of((old, was): (&Program, &Service), (new, is): (&Program, &Service)) -> Terms {
        let (before, now) = (gates(was), gates(is));
        let names = is.fields.iter().map(|field| field.name.as_str());
        let of = |has: &BTreeSet<&str>, lacks: &BTreeSet<&str>| {
            let names = names.clone().filter(|name| has.contains(name) && !lacks.contains(name));
            names.map(str::to_owned).collect()
        };
        let (brought, brings) = (old.service_questions(was), new.service_questions(is));
        let lacking = |of: &[Key], in_: &[Key]| {
            let lacking = of.iter().filter(|key| !in_.contains(key));
            lacking.map(|key| key.name.clone()).collect()
        };
        Terms {
            gated: of(&now, &before),
            released: of(&before, &now),
            asks: lacking(&brings, &brought),
            unasked: lacking(&brought, &brings),
        }
    }
}

/// `None` where nothing differs.
fn compared(
    name: &str,
    then: Option<Vec<(&str, String)>>,
    now: Vec<(&str, String)>,
    terms: Terms,
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
    let Terms {
        gated,
        released,
        asks,
        unasked,
    } = terms;
    let lists = [&changed, &added, &removed, &gated, &released, &asks, &unasked];
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
        asks,
        unasked,
    })
}
