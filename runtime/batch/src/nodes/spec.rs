//! What a point-in-time aggregation computes.

use crate::schema::EventLayout;
use featc_ir::Type;
use featc_ir::plan::{FoldSpec, Method};
use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PointInTime {
    pub fold: FoldSpec,
    /// Per slot of the fold.
    pub methods: Vec<Method>,
    pub layout: EventLayout,
    /// Events count from their arrival and this on; `None`: from their time on.
    pub delay_us: Option<u64>,
    pub with_status: bool,
    /// Columns of the spine: instants, numbers of entities, what `excluding self` compares with.
    pub time: usize,
    pub entity: usize,
    pub selves: Vec<(usize, Type)>,
}

impl PointInTime {
    /// What the merge is asked.
    pub fn merge(&self) -> (&FoldSpec, &[Method]) {
        (&self.fold, &self.methods)
    }
}
