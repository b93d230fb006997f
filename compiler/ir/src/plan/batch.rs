//! `BatchPlan`: how one service's training set is computed.

use super::operators::{Accept, Compose, Dedup, Derive, Finish, Fold, Order, Restrict, Rows, Scan, Spine};
use serde::{Deserialize, Serialize};

/// The questions, answered by every pipeline and composed: a function of the spine and of the rows of the sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchPlan {
    /// Hash of the program, in hexadecimal.
    pub program: String,
    pub service: String,
    pub spine: Spine,
    /// One per transform and key.
    pub pipelines: Vec<Pipeline>,
    pub compose: Compose,
    #[serde(default, skip_serializing_if = "Derive::is_empty")]
    pub derive: Derive,
}

/// From the rows of one source to features about one kind of entity. The fields are applied in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pipeline {
    pub scan: Scan,
    pub accept: Accept,
    pub rows: Rows,
    pub dedup: Dedup,
    pub order: Order,
    pub restrict: Restrict,
    pub fold: Fold,
    pub finish: Finish,
}
