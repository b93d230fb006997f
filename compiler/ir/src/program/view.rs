//! Views: features of an entity.

use crate::expr::{Expr, Literal};
use crate::id::{ColumnId, EntityId, FeatureId, LiftId, SlotId, TransformId, WindowId};
use crate::slot::Slot;
use crate::types::Type;
use crate::window::{Excluding, Window};
use serde::{Deserialize, Serialize};

/// Features of an entity, from one transform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    pub name: String,
    pub doc: Option<String>,
    pub owner: Option<String>,
    pub tags: Vec<String>,
    pub entity: EntityId,
    pub transform: TransformId,
    /// Columns of the transform's row, one per key of the entity, in the entity's order.
    pub key: Vec<ColumnId>,
    /// Distinct expressions over the transform's row that aggregates take as arguments or filters.
    pub lifts: Vec<Expr>,
    /// Distinct windows.
    pub windows: Vec<Window>,
    /// Distinct aggregates over windows.
    pub slots: Vec<Slot>,
    /// In declared order, which need not be the order of evaluation: a derived feature may be declared before its inputs.
    pub features: Vec<Feature>,
    /// `ttl`: how far the cut may be behind the instant, in microseconds.
    pub ttl_us: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    pub name: String,
    pub doc: Option<String>,
    pub ty: Type,
    pub kind: FeatureKind,
    /// Replaces null, of the feature's type.
    pub default: Option<Literal>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureKind {
    /// `expr` over the values of `slots`: column i is the i-th of them. All slots share one window.
    Aggregate { slots: Vec<SlotId>, expr: Expr },
    /// `expr` over the final values of other features of the view: column i is the i-th of `inputs`. Acyclic.
    Derived { inputs: Vec<FeatureId>, expr: Expr },
}

impl View {
    pub fn window(&self, id: WindowId) -> &Window {
        &self.windows[id.index()]
    }

    pub fn slot(&self, id: SlotId) -> &Slot {
        &self.slots[id.index()]
    }

    pub fn lift(&self, id: LiftId) -> &Expr {
        &self.lifts[id.index()]
    }

    pub fn feature(&self, id: FeatureId) -> &Feature {
        &self.features[id.index()]
    }

    /// Whether each feature, or one that it is derived from, says `excluding self`. Visits every feature and every input
    /// once. No recursion: chains may be long.
    pub fn says_self(&self) -> Vec<bool> {
        let mut readers: Vec<Vec<usize>> = vec![Vec::new(); self.features.len()];
        crate::work::add(self.features.len());
        let mut says_self = vec![false; self.features.len()];
        let mut found = Vec::new();
        for (place, feature) in self.features.iter().enumerate() {
            match &feature.kind {
                FeatureKind::Aggregate { slots, .. } => {
                    let excluding = |slot: &SlotId| self.window(self.slot(*slot).window).excluding;
                    if slots.iter().any(|slot| excluding(slot) == Excluding::SelfEvent) {
                        found.push(place);
                    }
                }
                FeatureKind::Derived { inputs, .. } => {
                    crate::work::add(inputs.len());
                    inputs.iter().for_each(|input| readers[input.index()].push(place));
                }
            }
        }
        while let Some(place) = found.pop() {
            if !std::mem::replace(&mut says_self[place], true) {
                found.append(&mut readers[place]);
            }
        }
        says_self
    }

    /// All windows that a feature reads, its inputs' included; distinct, in order.
    pub fn windows_of(&self, feature: FeatureId) -> Vec<Window> {
        let mut found = std::collections::BTreeSet::new();
        let mut seen = std::collections::BTreeSet::new();
        let mut stack = vec![feature];
        while let Some(id) = stack.pop() {
            crate::work::add(1);
            if !seen.insert(id) {
                continue;
            }
            match &self.feature(id).kind {
                FeatureKind::Aggregate { slots, .. } => {
                    found.extend(slots.iter().map(|slot| *self.window(self.slot(*slot).window)));
                }
                FeatureKind::Derived { inputs, .. } => stack.extend(inputs.iter().copied()),
            }
        }
        found.into_iter().collect()
    }
}
