//! The leaves below the point-in-time aggregation: events of a lane, and questions.
//!
//! `Scan` and `Accept` are planned as [`SourceExec`], which only says what is read; `Rows` takes it over as
//! [`EventsExec`]. Neither is streamed: a scan serves all lanes of its source in one pass, and what it leaves on their
//! shelves is taken shelf by shelf, together with the questions to the same entities.

use super::{no_expressions, properties};
use crate::entities::Entities;
use crate::error::bug;
use crate::scan::{Lane, Scan};
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use std::fmt;
use std::sync::Arc;

/// What is at the bottom of a plan.
#[derive(Debug, Clone)]
pub(super) enum Leaf {
    /// A source.
    Source(Arc<Scan>),
    /// A source through a transform.
    Events { scan: Arc<Scan>, lane: Arc<Lane> },
    /// The questions to one kind of entity.
    Questions { keys: Vec<String>, entities: Arc<Entities> },
}

/// A node without inputs that is not streamed. See the module.
#[derive(Debug)]
pub(super) struct LeafExec {
    pub leaf: Leaf,
    properties: Arc<PlanProperties>,
}

impl LeafExec {
    pub fn new(leaf: Leaf, schema: SchemaRef) -> LeafExec {
        LeafExec {
            leaf,
            properties: properties(schema, 1),
        }
    }

    /// What it did, in words.
    pub fn measured(&self) -> String {
        match &self.leaf {
            Leaf::Source(_) => String::new(),
            Leaf::Events { scan, lane } => {
                let (report, spent) = (scan.report(), scan.spent());
                let held = lane.held().unwrap_or_default();
                let passes = if spent.passes > 1 {
                    ", in two passes: some ids occur more than once"
                } else {
                    ""
                };
                let coded = if spent.coded > 0 {
                    format!(", keys of {} from dictionaries", spent.coded)
                } else {
                    String::new()
                };
                format!(
                    "{} rows of {} decoded in {:.2} s{passes}{coded}, {} rows left out by statistics; {} events are asked about, on {} shelves, {} in memory, {} on disk",
                    report.decoded,
                    size(spent.bytes),
                    spent.wall.as_secs_f64(),
                    report.skipped,
                    held.rows,
                    held.shelves,
                    size(held.peak_bytes as u64),
                    size(held.spilled_bytes),
                )
            }
            Leaf::Questions { entities, .. } => {
                format!(
                    "{} entities, {} in memory: events of others are dropped as they are decoded",
                    entities.count(),
                    size(entities.bytes() as u64)
                )
            }
        }
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..100_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        100_000.. => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

impl DisplayAs for LeafExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        match &self.leaf {
            Leaf::Source(scan) => write!(f, "SourceExec: source={}", scan.source.name),
            Leaf::Events { scan, lane } => {
                write!(
                    f,
                    "EventsExec: source={}, transform={}",
                    scan.source.name,
                    lane.transform()
                )
            }
            Leaf::Questions { keys, entities } => {
                write!(
                    f,
                    "QuestionsExec: entity=[{}], entities={}",
                    keys.join(", "),
                    entities.count()
                )
            }
        }
    }
}

impl ExecutionPlan for LeafExec {
    fn name(&self) -> &str {
        match &self.leaf {
            Leaf::Source(_) => "SourceExec",
            Leaf::Events { .. } => "EventsExec",
            Leaf::Questions { .. } => "QuestionsExec",
        }
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        no_expressions(f)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, _: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        Err(bug("events and questions are taken by shelf"))
    }
}
