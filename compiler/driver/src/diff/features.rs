//! Features of two programs, matched by name, and by fingerprint where the name is new.

use featc_ir::display::{Clause, clauses};
use featc_ir::hash::view_fingerprints;
use featc_ir::{FeatureId, FeatureKind, Program, View};
use std::collections::{BTreeMap, BTreeSet};

/// A feature of either program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureDiff {
    /// `view.feature`, as the new program calls it; the old one's where it is gone.
    pub name: String,
    /// What became of it.
    pub change: FeatureChange,
}

/// What became of a feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeatureChange {
    /// The same values and statuses.
    Same,
    /// The same values and statuses under another name.
    Renamed {
        /// `view.feature`, as the old program called it.
        from: String,
    },
    /// Values or statuses may differ.
    Changed {
        /// What differs, in the order of the text.
        parts: Vec<Part>,
    },
    /// Only the new program has it.
    Added,
    /// Only the old program had it.
    Removed,
}

/// What differs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "fields are described with their variants")]
pub enum Part {
    /// A clause, of the feature itself, its view, the steps that it reads or its source; `None` where it is not written.
    Clause {
        clause: String,
        old: Option<String>,
        new: Option<String>,
    },
    /// A feature that it is derived from means something else.
    Input { name: String },
    /// No clause: the release that compares computes it in another way than the one that built.
    Kernels,
}

/// A feature in its program.
struct Known<'a> {
    program: &'a Program,
    view: &'a View,
    id: FeatureId,
    fingerprint: String,
}

impl Known<'_> {
    /// The names of the features that it is derived from, with the view's.
    fn inputs(&self) -> BTreeSet<String> {
        match &self.view.feature(self.id).kind {
            FeatureKind::Aggregate { .. } => BTreeSet::new(),
            FeatureKind::Derived { inputs, .. } => inputs.iter().map(|input| name(self.view, *input)).collect(),
        }
    }
}

fn name(view: &View, id: FeatureId) -> String {
    format!("{}.{}", view.name, view.feature(id).name)
}

/// The features of a program in declared order, by name.
fn known(program: &Program) -> Vec<(String, Known<'_>)> {
    let mut all = Vec::new();
    for view in &program.views {
        for (place, fingerprint) in view_fingerprints(program, view).into_iter().enumerate() {
            let id = FeatureId::from(place);
            let known = Known {
                program,
                view,
                id,
                fingerprint,
            };
            all.push((name(view, id), known));
        }
    }
    all
}

/// See [`super::Diff::features`].
pub fn compare(old: &Program, new: &Program) -> Vec<FeatureDiff> {
    let (old, new) = (known(old), known(new));
    let of_old: BTreeMap<&str, &Known<'_>> = old.iter().map(|(name, known)| (name.as_str(), known)).collect();
    let of_new: BTreeSet<&str> = new.iter().map(|(name, _)| name.as_str()).collect();
    // What is gone, by what it meant: the first that is left becomes what has that meaning under a new name.
    let mut gone: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, known) in old.iter().rev() {
        if !of_new.contains(name.as_str()) {
            gone.entry(&known.fingerprint).or_default().push(name);
        }
    }
    let mut renamed = BTreeSet::new();
    let mut found = Vec::new();
    for (name, known) in &new {
        let change = match of_old.get(name.as_str()) {
            Some(before) if before.fingerprint == known.fingerprint => FeatureChange::Same,
            Some(before) => FeatureChange::Changed {
                parts: parts(before, known, &of_old, &new),
            },
            None => match gone.get_mut(known.fingerprint.as_str()).and_then(Vec::pop) {
                Some(from) => {
                    renamed.insert(from);
                    FeatureChange::Renamed { from: from.to_owned() }
                }
                None => FeatureChange::Added,
            },
        };
        let name = name.clone();
        found.push(FeatureDiff { name, change });
    }
    for (name, _) in &old {
        if !of_new.contains(name.as_str()) && !renamed.contains(name.as_str()) {
            let (name, change) = (name.clone(), FeatureChange::Removed);
            found.push(FeatureDiff { name, change });
        }
    }
    found
}

/// What differs between two features of one name.
fn parts(
    old: &Known<'_>,
    new: &Known<'_>,
    of_old: &BTreeMap<&str, &Known<'_>>,
    of_new: &[(String, Known<'_>)],
) -> Vec<Part> {
    let mut parts = clauses_that_differ(
        clauses(old.program, old.view, old.id),
        clauses(new.program, new.view, new.id),
    );
    let inputs = new.inputs();
    for (name, known) in of_new.iter().filter(|(name, _)| inputs.contains(name)) {
        if of_old
            .get(name.as_str())
            .is_some_and(|before| before.fingerprint != known.fingerprint)
        {
            parts.push(Part::Input { name: name.clone() });
        }
    }
    if parts.is_empty() {
        parts.push(Part::Kernels);
    }
    parts
}

/// Clauses that differ, in the order of the new feature. One that may be written several times (`where`) differs where one
/// of its texts is not among those of the other feature.
fn clauses_that_differ(old: Vec<Clause>, new: Vec<Clause>) -> Vec<Part> {
    let only = |of: &[Clause], other: &[Clause]| -> Vec<Clause> {
        of.iter().filter(|clause| !other.contains(clause)).cloned().collect()
    };
    let (mut before, after) = (only(&old, &new), only(&new, &old));
    let mut parts = Vec::new();
    for (clause, text) in after {
        let place = before.iter().position(|(name, _)| *name == clause);
        let old = place.map(|place| before.remove(place).1);
        let new = Some(text);
        parts.push(Part::Clause { clause, old, new });
    }
    let left = before.into_iter().map(|(clause, text)| Part::Clause {
        clause,
        old: Some(text),
        new: None,
    });
    parts.extend(left);
    parts
}
