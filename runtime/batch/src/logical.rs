//! `BatchPlan` to a DataFusion `LogicalPlan` of extension nodes.
//!
//! | operators | node |
//! |---|---|
//! | `Scan`, `Accept` | `Scan`, `Accept` |
//! | `Steps`, `Place`, `KeyBy`, `Lift`, `Restrict` | `Rows` |
//! | `Spine`, once per kind of entity | `Questions` |
//! | `Dedup`, `Order`, `Fold` | `PointInTime` |
//! | `Finish`, `Compose` | `Finish`, `Zip` |

use crate::error::BatchError;
use crate::inputs::Shared;
use crate::packed::Layout;
use crate::schema::{self, EventLayout};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{DFSchema, DFSchemaRef};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};
use featc_ir::plan::{BatchPlan, FinishSpec, FoldSpec, Pipeline, Restrict, RowSpec};
use featc_ir::{ColumnId, Source};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// What a node does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Scan(Arc<Source>),
    Accept(Arc<Source>),
    /// `fold` is who reads them: it tells which events can matter.
    Rows {
        spec: Arc<RowSpec>,
        layout: EventLayout,
        fold: Arc<FoldSpec>,
        restrict: Restrict,
        /// The columns of the source that are read.
        read: Vec<ColumnId>,
    },
    /// The spine as questions to one kind of entity.
    Questions {
        fold: Arc<FoldSpec>,
    },
    /// The spine's own columns.
    Spine,
    PointInTime {
        fold: Arc<FoldSpec>,
        delay_us: Option<u64>,
    },
    Finish {
        finish: Arc<FinishSpec>,
        fold: Arc<FoldSpec>,
    },
    /// `columns` as in the plan.
    Zip {
        columns: Vec<(u32, u32)>,
        /// How the features of each input travel.
        layouts: Vec<Layout>,
    },
}

/// An extension node.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub kind: Kind,
    pub inputs: Vec<LogicalPlan>,
    pub schema: DFSchemaRef,
}

/// The plan of a service over these inputs.
pub(crate) fn walk(plan: &BatchPlan, shared: &Shared) -> Result<LogicalPlan> {
    let mut fields = fields_of(&shared.spine.schema);
    for (name, ty) in plan.columns() {
        fields.push(Field::new(name, featr_decode::arrow_type(ty), true));
        if shared.with_status {
            fields.push(Field::new(format!("{name}__status"), DataType::Utf8, false));
        }
    }
    if let Some(column) = featr_decode::first_twice(fields.iter().map(Field::name)) {
        let column = column.clone();
        return Err(BatchError::NameClash { column }.into());
    }
    let spine = plan_node(Kind::Spine, vec![], fields_of(&shared.spine.schema))?;
    let (mut children, mut layouts) = (vec![spine], vec![]);
    for pipeline in &plan.pipelines {
        layouts.push(schema::feature_layout(&pipeline.finish_spec(), shared.with_status));
        children.push(answers(pipeline, shared)?);
    }
    let kind = Kind::Zip {
        columns: plan.compose.0.clone(),
        layouts,
    };
    plan_node(kind, children, fields)
}

fn plan_node(kind: Kind, inputs: Vec<LogicalPlan>, fields: Vec<Field>) -> Result<LogicalPlan> {
    let schema = Arc::new(DFSchema::try_from(Schema::new(fields))?);
    Ok(LogicalPlan::Extension(Extension {
        node: Arc::new(Node { kind, inputs, schema }),
    }))
}

/// From the rows of a source to its features.
fn answers(pipeline: &Pipeline, shared: &Shared) -> Result<LogicalPlan> {
    let source = Arc::new(pipeline.source());
    let fields = source.columns.iter();
    let fields = fields.map(|column| Field::new(&column.name, featr_decode::arrow_type(column.ty), true));
    let fields: Vec<Field> = fields.collect();
    // Its turn is its place in the plan, whoever asks for its events first.
    shared.scan(&source);
    let scan = plan_node(Kind::Scan(source.clone()), vec![], fields.clone())?;
    let accepted = plan_node(Kind::Accept(source.clone()), vec![scan], fields)?;
    let (spec, fold, finish) = (pipeline.rows.spec(), pipeline.fold_spec(), pipeline.finish_spec());
    let delay_us = source.delay_under(shared.truth);
    let layout = EventLayout::new(&source, &spec, delay_us.is_some());
    let (fold, finish) = (Arc::new(fold), Arc::new(finish));
    let rows = Kind::Rows {
        spec: Arc::new(spec),
        layout,
        fold: fold.clone(),
        restrict: pipeline.restrict.clone(),
        read: pipeline.scan.read.clone(),
    };
    let rows = plan_node(rows, vec![accepted], vec![])?;
    let questions = plan_node(Kind::Questions { fold: fold.clone() }, vec![], vec![])?;
    let fields = schema::answer_fields(&fold, shared.with_status);
    let point_in_time = Kind::PointInTime {
        fold: fold.clone(),
        delay_us,
    };
    let slots = plan_node(point_in_time, vec![rows, questions], fields)?;
    let fields = schema::feature_fields(&schema::feature_layout(&finish, shared.with_status));
    plan_node(Kind::Finish { finish, fold }, vec![slots], fields)
}

fn fields_of(schema: &Schema) -> Vec<Field> {
    schema.fields().iter().map(|field| field.as_ref().clone()).collect()
}

impl Node {
    fn line(&self) -> String {
        match &self.kind {
            Kind::Scan(source) | Kind::Accept(source) => format!("source={}", source.name),
            Kind::Rows { spec, .. } => format!("transform={}, lifts={}", spec.name, spec.lifts.len()),
            Kind::Questions { fold } => {
                let names =
                    |keys: &[featc_ir::Key]| keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>().join(", ");
                let mut line = format!("entity=[{}]", names(&fold.entity));
                if !fold.self_columns.is_empty() {
                    line.push_str(&format!(", self=[{}]", names(&fold.self_columns)));
                }
                line
            }
            Kind::Spine => String::new(),
            Kind::PointInTime { fold, delay_us } => {
                let windows: Vec<String> = fold.windows.iter().map(ToString::to_string).collect();
                let truth = match delay_us {
                    None => "complete".to_owned(),
                    Some(delay) => format!("arrived {delay}us before"),
                };
                format!(
                    "slots={}, windows=[{}], truth={truth}",
                    fold.slots.len(),
                    windows.join(", ")
                )
            }
            Kind::Finish { finish, .. } => {
                let names = finish
                    .features
                    .iter()
                    .filter(|feature| feature.output)
                    .map(|feature| feature.name.as_str());
                format!("features=[{}]", names.collect::<Vec<_>>().join(", "))
            }
            Kind::Zip { columns, .. } => {
                let columns: Vec<String> = columns
                    .iter()
                    .map(|(input, position)| format!("{input}.{position}"))
                    .collect();
                format!("columns=[{}]", columns.join(", "))
            }
        }
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Node) -> bool {
        self.kind == other.kind && self.inputs == other.inputs && self.schema == other.schema
    }
}

impl Eq for Node {}

impl Hash for Node {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
        self.line().hash(state);
        self.inputs.hash(state);
    }
}

impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Node) -> Option<Ordering> {
        if self == other {
            return Some(Ordering::Equal);
        }
        let by_line = (self.name(), self.line()).partial_cmp(&(other.name(), other.line()));
        by_line.filter(|order| *order != Ordering::Equal)
    }
}

impl UserDefinedLogicalNodeCore for Node {
    fn name(&self) -> &str {
        match &self.kind {
            Kind::Scan(_) => "Scan",
            Kind::Accept(_) => "Accept",
            Kind::Rows { .. } => "Rows",
            Kind::Questions { .. } => "Questions",
            Kind::Spine => "Spine",
            Kind::PointInTime { .. } => "PointInTime",
            Kind::Finish { .. } => "Finish",
            Kind::Zip { .. } => "Zip",
        }
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        self.inputs.iter().collect()
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        vec![]
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let line = self.line();
        if line.is_empty() {
            f.write_str(self.name())
        } else {
            write!(f, "{}: {line}", self.name())
        }
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        Ok(Node {
            kind: self.kind.clone(),
            inputs,
            schema: self.schema.clone(),
        })
    }
}
