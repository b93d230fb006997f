//! What a point-in-time aggregation computes.

use crate::schema::EventLayout;
use featc_ir::plan::{FoldSpec, Method};
use featc_ir::{Cut, Type};
use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PointInTime {
    pub fold: FoldSpec,
    /// Per slot of the fold.
    pub methods: Vec<Method>,
    pub layout: EventLayout,
    /// Up to which arrival questions see events.
    pub cut: Cut,
    pub with_status: bool,
    /// Columns of the spine: instants, numbers of entities, what `excluding self` compares with.
    pub time: usize,
    pub entity: usize,
    pub selves: Vec<(usize, Type)>,
    /// The columns of the spine with the cuts, of a source and of the tables that it waits for, where questions bring them: the
    /// least one holds.
    pub cuts: Vec<usize>,
}

impl PointInTime {
    /// What the merge is asked.
    pub fn merge(&self) -> (&FoldSpec, &[Method]) {
        (&self.fold, &self.methods)
    }
}
