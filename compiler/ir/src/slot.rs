//! Slots: an aggregate of some values of events over a window.

use crate::aggregate::Aggregate;
use crate::id::{LiftId, WindowId};
use crate::portion::Portion;
use crate::types::Type;
use crate::window::{Choice, Window, WindowKind};
use serde::{Deserialize, Serialize};

/// One aggregate over one window: the unit that the engines fold.
///
/// An event takes part iff it lies in the window and `filter` (if any) is true for it. An event whose row is poisoned
/// (a `where` of its transform failed, or its `at`), whose filter is an error, or of whose arguments one is an error, is
/// counted as that error instead (in this order).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Slot {
    pub aggregate: Aggregate,
    pub argument: Option<LiftId>,
    /// The second argument, of aggregates that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<LiftId>,
    /// A boolean lift: the aggregate's own `where`.
    pub filter: Option<LiftId>,
    /// A boolean lift: of which event a window `since` begins with the last one. Where it is an error, `filter` is as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<LiftId>,
    pub window: WindowId,
    /// Type of the result.
    pub ty: Type,
}

impl Slot {
    /// Its arguments, in order.
    pub fn arguments(&self) -> impl Iterator<Item = LiftId> {
        self.argument.into_iter().chain(self.second)
    }

    /// All that it reads of an event.
    pub fn lifts(&self) -> impl Iterator<Item = LiftId> {
        self.arguments().chain(self.filter).chain(self.since)
    }

    /// How its window chooses events, if it does.
    pub fn choice(&self, window: &Window) -> Option<Choice> {
        match window.kind {
            WindowKind::Events { count, .. } => Some(Choice {
                count,
                filter: self.filter,
                or_none: false,
            }),
            WindowKind::Since { .. } => Some(Choice {
                count: 1,
                filter: self.since,
                or_none: true,
            }),
            WindowKind::Last { .. } | WindowKind::Lifetime | WindowKind::Offset { .. } => None,
            WindowKind::Grid { .. } | WindowKind::This { .. } | WindowKind::Past { .. } => None,
        }
    }

    /// Whether it says since when exactly if its window asks for that.
    pub(crate) fn says_since(&self, window: &Window) -> bool {
        self.since.is_some() == matches!(window.kind, WindowKind::Since { .. })
    }

    /// Whether another slot differs at most in its window: the two have one state.
    pub fn folds_as(&self, other: &Slot) -> bool {
        let what = |slot: &Slot| (slot.aggregate, slot.argument, slot.second, slot.filter);
        what(self) == what(other)
    }

    /// Whether its type is that of its aggregate over arguments of these types, and its parameters are in range.
    pub(crate) fn is_typed(&self, arguments: &[Type]) -> bool {
        let in_place = self.argument.is_some() || self.second.is_none();
        let in_range = self.aggregate.cap() != Some(0)
            && self
                .aggregate
                .items()
                .is_none_or(|items| (1..=Aggregate::ITEMS_MAX).contains(&items))
            && self.aggregate.portion().is_none_or(Portion::is_valid);
        in_place && in_range && self.aggregate.result(arguments) == Some(self.ty)
    }
}
