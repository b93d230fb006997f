//! Questions, answers, and what explains one.

use featc_ir::{ErrorCode, FeatureId, Key, SlotId, Status, Type};
use featr_kernels::Value;

/// One question: an instant and the entities it is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// `t`, in microseconds since the epoch.
    pub at_us: i64,
    /// Entity keys by name (see `Program::service_keys`). A key that is left out is null.
    pub keys: Vec<(String, Value)>,
    /// What `excluding self` compares with, by name (see `Program::service_self_columns`). One that is left out is null.
    pub self_columns: Vec<(String, Value)>,
    /// Fields of requests, by name (see `Service::request`). One that is left out is null.
    pub request: Vec<(String, Value)>,
    /// Cuts by name (see `Source::cut_key`), for truth `as_served`. One that is left out is null.
    pub cuts: Vec<(String, Value)>,
}

/// A value and its status.
pub type Answer = (Value, Status);

/// What an event does in a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// It is folded, with this argument and its type (`None` for aggregates without one). The argument may be null.
    Taken(Option<(Value, Type)>),
    /// The aggregate's own `where` is false or null for it.
    FilteredOut,
    /// It is counted as an error.
    Error(ErrorCode),
}

/// An event in the window of a slot, to explain an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// The aggregate feature that reads the slot: the one asked for, or an input of it.
    pub feature: FeatureId,
    pub slot: SlotId,
    /// Position of the row among all rows of the source, counted through its batches: of the copies, the one that counts.
    pub source_row: usize,
    /// Event time τ, in microseconds since the epoch.
    pub time_us: i64,
    /// Arrival time α, in microseconds since the epoch; `None` for a source without arrival.
    pub arrival_us: Option<i64>,
    /// The `unique` columns.
    pub id: Vec<(Key, Value)>,
    pub part: Part,
}
