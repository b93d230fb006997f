//! What the nodes have in common.

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{EquivalenceProperties, LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::{Partitioning, PlanProperties};
use std::sync::Arc;

/// Bounded output without an order.
pub(super) fn unordered(schema: SchemaRef, partitions: usize, emission: EmissionType) -> Arc<PlanProperties> {
    Arc::new(PlanProperties::new(
        EquivalenceProperties::new(schema),
        Partitioning::UnknownPartitioning(partitions.max(1)),
        emission,
        Boundedness::Bounded,
    ))
}

/// Columns by name, ascending.
pub(super) fn ascending(schema: &Schema, names: &[&str]) -> Result<Option<LexOrdering>> {
    let mut order: Vec<PhysicalSortExpr> = vec![];
    for name in names {
        let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(name, schema.index_of(name)?));
        order.push(PhysicalSortExpr::new_default(column).asc().nulls_first());
    }
    Ok(LexOrdering::new(order))
}

/// The column that events are partitioned by.
pub(super) fn entity_key(schema: &Schema) -> Result<Vec<Arc<dyn PhysicalExpr>>> {
    let column = Column::new("entity", schema.index_of("entity")?);
    Ok(vec![Arc::new(column)])
}

/// What of `ExecutionPlan` is alike in all of our nodes: they keep their properties and metrics, and hold no expressions that
/// DataFusion may rewrite.
macro_rules! alike_in_all_nodes {
    ($name:literal) => {
        fn name(&self) -> &str {
            $name
        }

        fn properties(&self) -> &std::sync::Arc<datafusion::physical_plan::PlanProperties> {
            &self.properties
        }

        fn apply_expressions(
            &self,
            _: &mut dyn FnMut(
                &std::sync::Arc<dyn datafusion::physical_expr::PhysicalExpr>,
            ) -> datafusion::error::Result<datafusion::common::tree_node::TreeNodeRecursion>,
        ) -> datafusion::error::Result<datafusion::common::tree_node::TreeNodeRecursion> {
            Ok(datafusion::common::tree_node::TreeNodeRecursion::Continue)
        }

        fn metrics(&self) -> Option<datafusion::physical_plan::metrics::MetricsSet> {
            Some(self.metrics.clone_inner())
        }
    };
}

pub(super) use alike_in_all_nodes;

/// Bytes for people.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..100_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        100_000.. => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
