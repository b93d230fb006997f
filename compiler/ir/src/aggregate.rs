//! Aggregates and slots. What each aggregate means stands in `docs/semantics.md` §5.

use crate::id::{LiftId, WindowId};
use crate::types::Type;
use serde::{Deserialize, Serialize};

/// An aggregate function. Its fold is a commutative monoid with canonical states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// Without an argument: events. With one: non-null arguments. Int64.
    Count,
    /// Int64 → int64 (range checked when finalised), decimal(p, s) → decimal(38, s), float64 → float64 (exact, rounded once).
    Sum,
    /// The exact quotient rounded once to float64, for all numeric types.
    Mean,
    Min,
    Max,
    /// The argument of the least event by (τ, id, digest). Row-atomic: null when that event's argument is null,
    /// unless `ignoring_nulls`.
    First {
        ignoring_nulls: bool,
    },
    /// As `First`, of the greatest event.
    Last {
        ignoring_nulls: bool,
    },
    /// Sample variance (null below two values): exact numerator and denominator, one rounding. Float64.
    Variance,
    /// Square root (IEEE) of the rounded sample variance. Float64.
    Stddev,
    VariancePop,
    StddevPop,
    /// Number of different non-null arguments; more than `cap` in the window is `error(cap)`. Int64.
    CountDistinct {
        cap: u32,
    },
    /// `t −` the event time of the last event (after `where`); takes no argument. Duration.
    TimeSinceLast,
}

impl Aggregate {
    /// Cap of `count_distinct` where the program names none.
    pub const DEFAULT_CAP: u32 = 100_000;

    pub fn name(self) -> &'static str {
        match self {
            Aggregate::Count => "count",
            Aggregate::Sum => "sum",
            Aggregate::Mean => "mean",
            Aggregate::Min => "min",
            Aggregate::Max => "max",
            Aggregate::First { .. } => "first",
            Aggregate::Last { .. } => "last",
            Aggregate::Variance => "variance",
            Aggregate::Stddev => "stddev",
            Aggregate::VariancePop => "variance_pop",
            Aggregate::StddevPop => "stddev_pop",
            Aggregate::CountDistinct { .. } => "count_distinct",
            Aggregate::TimeSinceLast => "time_since_last",
        }
    }

    /// Version of its bits: part of the fingerprints and state keys of the features that use it, so that a change of one
    /// aggregate's results changes those alone. What all aggregates share has [`crate::hash::KERNELS_VERSION`].
    pub fn version(self) -> u32 {
        match self {
            Aggregate::Variance | Aggregate::Stddev | Aggregate::VariancePop | Aggregate::StddevPop => 2,
            Aggregate::Count
            | Aggregate::Sum
            | Aggregate::Mean
            | Aggregate::Min
            | Aggregate::Max
            | Aggregate::First { .. }
            | Aggregate::Last { .. }
            | Aggregate::CountDistinct { .. }
            | Aggregate::TimeSinceLast => 1,
        }
    }

    /// The value over an empty fold: 0 for counts, null for the rest.
    pub fn is_zero_when_empty(self) -> bool {
        matches!(self, Aggregate::Count | Aggregate::CountDistinct { .. })
    }

    /// Whether states form a group, so that prefix differences and retraction are exact.
    pub fn is_group(self) -> bool {
        // Law: groups_of_the_language (proofs/theory/Agg.v)
        match self {
            Aggregate::Count
            | Aggregate::Sum
            | Aggregate::Mean
            | Aggregate::Variance
            | Aggregate::Stddev
            | Aggregate::VariancePop
            | Aggregate::StddevPop => true,
            Aggregate::Min
            | Aggregate::Max
            | Aggregate::First { .. }
            | Aggregate::Last { .. }
            | Aggregate::CountDistinct { .. }
            | Aggregate::TimeSinceLast => false,
        }
    }
}

/// One aggregate over one window: the unit that the engines fold.
///
/// An event takes part iff it lies in the window and `filter` (if any) is true for it. An event whose row is poisoned
/// (a `where` of its transform failed, or its `at`), whose filter is an error, or whose argument is an error is counted as that error
/// instead (in this order).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Slot {
    pub aggregate: Aggregate,
    pub argument: Option<LiftId>,
    /// A boolean lift: the aggregate's own `where`.
    pub filter: Option<LiftId>,
    pub window: WindowId,
    /// Type of the result.
    pub ty: Type,
}
