//! The physical nodes, and the planner that puts them in place of the logical ones.
//!
//! ```text
//! EventsExec (Scan + Accept + Rows) ┐
//! QuestionsExec ──────────────────── ┴ PitAggExec ─ FinishExec ─ CoalescePartitionsExec ┐
//! SpineExec ──────────────────────────────────────────────────────────────────── ZipExec ┴▶
//! ```
//!
//! Events are not shuffled and sorted by DataFusion: a scan deals them onto shelves by entity ([`crate::shelves`]), and
//! a shelf is sorted when it is answered; see ADR 4. DataFusion plans, schedules, measures and counts memory. No arithmetic,
//! comparison or aggregate of DataFusion ever computes a feature.

mod block;
mod buckets;
mod edges;
mod events;
mod finish;
mod leaf;
mod pit;
mod settle;
mod shelf;
mod slabs;
mod zip;

use crate::error::bug;
use crate::inputs::Shared;
use crate::logical::{Kind, Node};
use crate::scan::{Lane, LaneParts};
use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::{ExecutionPlan, Partitioning, PlanProperties};
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use events::{Leaf, LeafExec};
use std::sync::Arc;

/// Plans our nodes.
#[derive(Debug)]
pub(crate) struct Planner {
    pub shared: Arc<Shared>,
}

#[async_trait]
impl ExtensionPlanner for Planner {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        _session: &dyn Session,
        _context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(node) = node.as_any().downcast_ref::<Node>() else {
            return Ok(None);
        };
        let schema: SchemaRef = Arc::new(Schema::new(node.schema.fields().clone()));
        let input = |position: usize| {
            inputs
                .get(position)
                .cloned()
                .ok_or_else(|| bug("a node lacks an input"))
        };
        let shared = self.shared.clone();
        let exec: Arc<dyn ExecutionPlan> = match &node.kind {
            Kind::Scan(source) => Arc::new(LeafExec::new(Leaf::Source(shared.scan(source)), schema)),
            // A source stage answers both what there is and what is accepted of it.
            Kind::Accept(_) => input(0)?,
            Kind::Rows {
                spec,
                layout,
                fold,
                restrict,
                read,
            } => {
                let input = input(0)?;
                let Some(Leaf::Source(scan)) = input.downcast_ref::<LeafExec>().map(|exec| &exec.leaf) else {
                    return Err(bug("Rows reads no source"));
                };
                let names: Vec<String> = fold.entity.iter().map(|key| key.name.clone()).collect();
                let lane = Arc::new(Lane::new(LaneParts {
                    spec: spec.clone(),
                    restrict: restrict.clone(),
                    read: read.clone(),
                    layout: layout.clone(),
                    spine: shared.spine.clone(),
                    entities: shared.entities(&fold.entity)?,
                    counter: shared.counter(&scan.source.name, &spec.name, &names),
                }));
                scan.join(lane.clone());
                let scan = scan.clone();
                Arc::new(LeafExec::new(Leaf::Events { scan, lane }, schema))
            }
            Kind::Questions { fold } => {
                let keys = fold.entity.iter().map(|key| key.name.clone()).collect();
                let entities = shared.entities(&fold.entity)?;
                Arc::new(LeafExec::new(Leaf::Questions { keys, entities }, schema))
            }
            Kind::Spine => Arc::new(leaf::SpineExec::new(shared.spine.clone(), schema)),
            Kind::PointInTime { fold, delay_us } => Arc::new(pit::PitAggExec::new(
                [input(0)?, input(1)?],
                fold,
                *delay_us,
                shared,
                schema,
            )?),
            Kind::Finish { finish, fold } => {
                let answers = input(0)?;
                let Some(of_views) = answers.downcast_ref::<pit::PitAggExec>() else {
                    return Err(bug("Finish reads no answers"));
                };
                of_views.serve(finish);
                Arc::new(finish::FinishExec::new(
                    answers,
                    finish.clone(),
                    fold.clone(),
                    shared.truth,
                    shared.with_status,
                    schema,
                ))
            }
            Kind::Zip { columns, layouts } => Arc::new(zip::ZipExec::new(
                inputs.to_vec(),
                (columns.clone(), layouts.clone()),
                shared.with_status,
                shared.room.clone(),
                schema,
            )),
        };
        Ok(Some(exec))
    }
}

/// What a leaf did, in words.
pub(crate) fn measured_leaf(plan: &dyn ExecutionPlan) -> Option<String> {
    plan.downcast_ref::<LeafExec>().map(LeafExec::measured)
}

/// Bounded output without an order.
fn properties(schema: SchemaRef, partitions: usize) -> Arc<PlanProperties> {
    Arc::new(PlanProperties::new(
        EquivalenceProperties::new(schema),
        Partitioning::UnknownPartitioning(partitions.max(1)),
        EmissionType::Incremental,
        Boundedness::Bounded,
    ))
}

/// None of our nodes holds expressions that DataFusion may rewrite.
fn no_expressions(_: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>) -> Result<TreeNodeRecursion> {
    Ok(TreeNodeRecursion::Continue)
}
