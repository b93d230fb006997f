//! The ways to compute a slot.

use serde::{Deserialize, Serialize};

/// How a slot is computed. Each is the fold of the window's events for the aggregates that have its law. The merge of a
/// batch plan does what its slots say; logs of a stream graph have pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The difference of two prefix totals. Law: the states form a group.
    Prefix,
    /// A stack of the candidates from every right edge to the left. Law: the winner of two ranges is the winner of their
    /// winners, and a longer window's winner is never worse.
    Extreme,
    /// The nearest event that takes part from an edge of the window. Law: the value is that of one event of the order.
    Edge,
    /// A count per value, kept up as events enter and leave the window. Law: retraction undoes insertion.
    Values,
    /// A count per value, in the order of values, kept up as events enter and leave the window. Law: retraction undoes
    /// insertion.
    Ranks,
    /// A state, kept up as events enter and leave the window. Law: retraction undoes insertion.
    Deltas,
    /// The states of the events of a window, one after the other or by a tree of them. Law: they form a commutative monoid.
    States,
    /// The summaries of whole pages and the rows at their edges, from the right edge to the left. Law: the states form a
    /// commutative monoid.
    Pages,
}
