//! What kernels are given: the operators of a plan, regrouped by the three kernels that run them.
//!
//! | spec | operators |
//! |---|---|
//! | [`RowSpec`] | `Steps`, `Place`, `KeyBy`, `Lift` |
//! | [`FoldSpec`] | `Fold` and the entity of `KeyBy` |
//! | [`FinishSpec`] | `Finish` and the delay of the visibility |

use crate::expr::{Expr, Literal};
use crate::id::ColumnId;
use crate::program::{At, Key, Step};
use crate::slot::Slot;
use crate::types::Type;
use crate::window::Window;
use serde::{Deserialize, Serialize};

/// From a source's accepted rows to keyed, lifted events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowSpec {
    /// The transform's name, for messages.
    pub name: String,
    /// Over the source's columns and the lets before.
    pub steps: Vec<Step>,
    /// The names of the lets, in order, for people.
    pub lets: Vec<String>,
    /// Event time over the transform's row. Null: the event does not count, and the run report says so. An error: it is
    /// poisoned, at the source's time.
    pub time: Expr,
    /// What holds for `time` where it is not the source's time column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<At>,
    /// Key columns of the transform's row, in the entity's order. A null among them: the event does not count for this
    /// node. An error: the row is rejected for it.
    pub key: Vec<ColumnId>,
    /// What events carry on, over the transform's row.
    pub lifts: Vec<Expr>,
}

/// What is answered about one entity at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoldSpec {
    /// The keys by which a question finds its entity, in the order of `RowSpec::key`.
    pub entity: Vec<Key>,
    pub windows: Vec<Window>,
    /// Over `RowSpec::lifts` and `windows`.
    pub slots: Vec<Slot>,
    /// Distinct lookback lengths in microseconds for the status `missing` (`None`: for ever): "was there any event of
    /// the entity with τ in (t − length, t]?". Exclusions play no role here.
    pub presence: Vec<Option<u64>>,
    /// The columns of the question that `excluding self` compares with the event's identity; empty when no window says so.
    pub self_columns: Vec<Key>,
}

impl FoldSpec {
    /// The longest of windows and lookbacks, in microseconds: an event with τ ≤ t − reach plays no role at `t` or later.
    /// `None`: every event plays one for ever.
    pub fn reach_us(&self) -> Option<u64> {
        let windows = self.windows.iter().map(|window| window.bounds().reach_us());
        let mut reaches = windows.chain(self.presence.iter().copied());
        reaches.try_fold(0, |longest: u64, reach| Some(longest.max(reach?)))
    }
}

/// From slot values to features.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishSpec {
    /// The instant from which the source is complete.
    pub begins_us: Option<i64>,
    /// How much later than the source's time event times may lie, in microseconds: `begins` is about the source's time, windows
    /// are about the transform's.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub moved_us: u64,
    pub source_delay_us: u64,
    /// In evaluation order: inputs come before what is derived from them.
    pub features: Vec<FinishFeature>,
}

impl FinishSpec {
    /// The views whose features leave the node, in order, each with the longest lookback for `missing` that a feature of
    /// it has: a position in `FoldSpec::presence`.
    pub fn views(&self, fold: &FoldSpec) -> Vec<(String, u32)> {
        let length = |place: u32| match fold.presence.get(place as usize) {
            Some(Some(length_us)) => (false, *length_us),
            Some(None) | None => (true, 0),
        };
        let longer = |left: u32, right: u32| if length(right) > length(left) { right } else { left };
        let mut reach: Vec<u32> = Vec::with_capacity(self.features.len());
        let mut views: Vec<(String, u32)> = Vec::new();
        for feature in &self.features {
            let longest = match &feature.kind {
                FinishKind::Aggregate { presence, .. } => *presence,
                FinishKind::Derived { inputs, .. } => {
                    let inputs = inputs.iter().filter_map(|input| reach.get(*input as usize).copied());
                    inputs.reduce(longer).unwrap_or(0)
                }
            };
            reach.push(longest);
            if feature.output {
                match views.iter_mut().find(|(view, _)| *view == feature.view) {
                    Some((_, known)) => *known = longer(*known, longest),
                    None => views.push((feature.view.clone(), longest)),
                }
            }
        }
        views
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishFeature {
    /// `view__feature`.
    pub name: String,
    pub view: String,
    pub ty: Type,
    pub kind: FinishKind,
    pub default: Option<Literal>,
    /// Whether the feature leaves the node, or is only an input of another.
    pub output: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishKind {
    Aggregate {
        /// Positions in `FoldSpec::slots`; column i of `expr` is the i-th.
        slots: Vec<u32>,
        expr: Expr,
        /// Position in `FoldSpec::presence`.
        presence: u32,
        /// The window of the slots: decides `truncated`.
        window: Window,
        /// The view's `ttl`: how far the cut may be behind the instant, in microseconds.
        ttl_us: Option<u64>,
    },
    Derived {
        /// Positions in `FinishSpec::features`, all smaller than this one's.
        inputs: Vec<u32>,
        expr: Expr,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(us: &u64) -> bool {
    *us == 0
}
