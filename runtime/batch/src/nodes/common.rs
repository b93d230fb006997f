//! What the nodes have in common.

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
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

/// None of our nodes holds expressions that DataFusion may rewrite.
pub(super) fn no_expressions(
    _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
) -> Result<TreeNodeRecursion> {
    Ok(TreeNodeRecursion::Continue)
}

/// Bytes for people.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..100_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        100_000.. => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
