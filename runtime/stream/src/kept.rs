//! What is kept of one entity, to be looked at.

use crate::restored::LogName;
use featr_kernels::Column;

/// The events that a log keeps of an entity, in the order of their times; those that wait for their cut come last.
#[derive(Debug, Clone)]
pub struct Kept {
    pub log: LogName,
    /// Event times, in microseconds since the epoch.
    pub times: Vec<i64>,
    /// Of an event that waits, its arrival.
    pub arrivals: Vec<Option<i64>>,
    /// What is carried of each event: the text of the expression, and its values.
    pub columns: Vec<(String, Column)>,
}
