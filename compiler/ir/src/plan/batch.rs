//! `BatchPlan`: how one service's training set is computed. A tree of relational nodes.

use super::{FinishSpec, FoldSpec, RowSpec};
use crate::program::{Key, Source};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchPlan {
    /// Hash of the program, in hexadecimal.
    pub program: String,
    pub service: String,
    /// Always a `Zip`.
    pub root: BatchNode,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchNode {
    /// The questions, in order: row number, instant, the named columns; and further columns that pass through.
    Spine {
        /// Entity keys, each once.
        keys: Vec<Key>,
        /// Further columns that `excluding self` needs, each once.
        self_columns: Vec<Key>,
    },
    /// The decoded rows of a source's batch side, in any order.
    Scan { source: Source },
    /// Rows with an event time that came in time (`lateness`, `skew`); the rest is counted by reason.
    Accept { input: Box<BatchNode> },
    /// Transform, key, lift; identical copies of an event become one, with the least arrival of its accepted copies.
    Rows { input: Box<BatchNode>, spec: RowSpec },
    /// One row per spine row: all slots (value and status) in one sorted merge per entity.
    PointInTime {
        events: Box<BatchNode>,
        spine: Box<BatchNode>,
        spec: FoldSpec,
    },
    /// Slots to features: status, stale, default, derived.
    Finish { input: Box<BatchNode>, spec: FinishSpec },
    /// The spine's own columns and the features of all inputs, side by side, in spine order; `columns` names the output
    /// in service order as (input, position among that input's outputs).
    Zip {
        spine: Box<BatchNode>,
        inputs: Vec<BatchNode>,
        columns: Vec<(u32, u32)>,
    },
}
