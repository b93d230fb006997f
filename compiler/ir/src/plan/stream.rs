//! `StreamGraph`: operators that keep state as events come in, and answer questions from it.

use super::{FinishSpec, FoldSpec, RowSpec};
use crate::program::{Key, Source};
use serde::{Deserialize, Serialize};

/// Position in `StreamGraph::operators`; inputs come before their readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperatorId(pub u32);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamGraph {
    /// Hash of the program, in hexadecimal.
    pub program: String,
    pub operators: Vec<Operator>,
    pub services: Vec<StreamService>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    pub kind: OperatorKind,
    pub inputs: Vec<OperatorId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorKind {
    /// Decoded rows, in the order of delivery. No state.
    Source { source: Source },
    /// Decides on the record alone whether it came in time. No state but counters.
    Accept,
    /// Transform, key, lift. No state but counters.
    Rows { spec: RowSpec },
    /// The entity's events sorted by (τ, id, digest) in counted pages; copies are recognised there.
    /// `state_key` changes exactly when stored state can no longer be used.
    Log { spec: FoldSpec, state_key: String },
    /// Slots at `t` to features. No state.
    Finish { spec: FinishSpec },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamService {
    pub name: String,
    pub keys: Vec<Key>,
    pub self_columns: Vec<Key>,
    /// In service order: a `Finish` operator and the position among its outputs.
    pub columns: Vec<(OperatorId, u32)>,
}
