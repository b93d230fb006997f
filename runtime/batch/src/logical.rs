//! `BatchPlan` to a DataFusion `LogicalPlan`: one extension node per node of the plan, walked 1:1.
//!
//! The only addition is that a `Spine` below a `PointInTime` says which of its columns are asked: it is the questions
//! about one kind of entity. Everything else (scan order, shuffles, sorts) is DataFusion's, see [`crate::exec`].

use crate::error::{BatchError, bug};
use crate::inputs::Shared;
use crate::packed::Layout;
use crate::schema::{self, EventLayout};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{DFSchema, DFSchemaRef};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};
use featc_ir::Source;
use featc_ir::plan::{BatchNode, BatchPlan, FinishSpec, FoldSpec, RowSpec};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// What a node does. The variants are those of [`BatchNode`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Scan(Arc<Source>),
    Accept(Arc<Source>),
    /// `fold` is who reads them: it tells which events can matter.
    Rows {
        spec: Arc<RowSpec>,
        layout: EventLayout,
        fold: Arc<FoldSpec>,
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
    node(&plan.root, shared)
}

fn plan_node(kind: Kind, inputs: Vec<LogicalPlan>, fields: Vec<Field>) -> Result<LogicalPlan> {
    let schema = Arc::new(DFSchema::try_from(Schema::new(fields))?);
    Ok(LogicalPlan::Extension(Extension {
        node: Arc::new(Node { kind, inputs, schema }),
    }))
}

fn node(node: &BatchNode, shared: &Shared) -> Result<LogicalPlan> {
    match node {
        BatchNode::Scan { source } => scan(source, false, shared),
        BatchNode::Accept { input } => match &**input {
            BatchNode::Scan { source } => scan(source, true, shared),
            other => Err(misplaced("Accept", other)),
        },
        BatchNode::Rows { .. } => Err(misplaced("the root", node)),
        BatchNode::Spine { .. } => plan_node(Kind::Spine, vec![], fields_of(&shared.spine.schema)),
        BatchNode::PointInTime { events, spine, spec } => point_in_time(events, spine, spec, shared),
        BatchNode::Finish { input, spec } => {
            let BatchNode::PointInTime { spec: fold, .. } = &**input else {
                return Err(misplaced("Finish", input));
            };
            let kind = Kind::Finish {
                finish: Arc::new(spec.clone()),
                fold: Arc::new(fold.clone()),
            };
            plan_node(
                kind,
                vec![self::node(input, shared)?],
                schema::feature_fields(&schema::feature_layout(spec, shared.with_status)),
            )
        }
        BatchNode::Zip { spine, inputs, columns } => zip(spine, inputs, columns, shared),
    }
}

fn scan(source: &Source, accepted: bool, shared: &Shared) -> Result<LogicalPlan> {
    let fields: Vec<Field> = source
        .columns
        .iter()
        .map(|column| Field::new(&column.name, featr_decode::arrow_type(column.ty), true))
        .collect();
    let source = Arc::new(source.clone());
    // Its turn is its place in the plan, whoever asks for its events first.
    shared.scan(&source);
    let scan = plan_node(Kind::Scan(source.clone()), vec![], fields.clone())?;
    if accepted {
        plan_node(Kind::Accept(source), vec![scan], fields)
    } else {
        Ok(scan)
    }
}

fn point_in_time(events: &BatchNode, spine: &BatchNode, spec: &FoldSpec, shared: &Shared) -> Result<LogicalPlan> {
    let BatchNode::Rows { input, spec: row_spec } = events else {
        return Err(misplaced("PointInTime", events));
    };
    let BatchNode::Spine { .. } = spine else {
        return Err(misplaced("PointInTime", spine));
    };
    let source = source_of(input)?;
    let fold = Arc::new(spec.clone());
    let questions = Kind::Questions { fold: fold.clone() };
    let questions = plan_node(questions, vec![], vec![])?;
    let delay_us = source.delay_under(shared.truth);
    let layout = EventLayout::new(source, row_spec, delay_us.is_some());
    let rows = Kind::Rows {
        spec: Arc::new(row_spec.clone()),
        layout: layout.clone(),
        fold: fold.clone(),
    };
    let rows = plan_node(rows, vec![node(input, shared)?], vec![])?;
    let fields = schema::answer_fields(spec, shared.with_status);
    plan_node(Kind::PointInTime { fold, delay_us }, vec![rows, questions], fields)
}

fn zip(spine: &BatchNode, inputs: &[BatchNode], columns: &[(u32, u32)], shared: &Shared) -> Result<LogicalPlan> {
    let BatchNode::Spine { .. } = spine else {
        return Err(misplaced("Zip", spine));
    };
    let mut fields = fields_of(&shared.spine.schema);
    for (input, position) in columns {
        let BatchNode::Finish { spec, .. } = inputs
            .get(*input as usize)
            .ok_or_else(|| bug("Zip reads no such input"))?
        else {
            return Err(bug("Zip reads what is no Finish"));
        };
        let feature = spec
            .features
            .iter()
            .filter(|feature| feature.output)
            .nth(*position as usize);
        let feature = feature.ok_or_else(|| bug("Zip reads no such feature"))?;
        fields.push(Field::new(&feature.name, featr_decode::arrow_type(feature.ty), true));
        if shared.with_status {
            fields.push(Field::new(format!("{}__status", feature.name), DataType::Utf8, false));
        }
    }
    if let Some(column) = featr_decode::first_twice(fields.iter().map(Field::name)) {
        let column = column.clone();
        return Err(BatchError::NameClash { column }.into());
    }
    let (mut children, mut layouts) = (vec![node(spine, shared)?], vec![]);
    for input in inputs {
        let BatchNode::Finish { spec, .. } = input else {
            return Err(bug("Zip reads what is no Finish"));
        };
        layouts.push(schema::feature_layout(spec, shared.with_status));
        children.push(node(input, shared)?);
    }
    plan_node(
        Kind::Zip {
            columns: columns.to_vec(),
            layouts,
        },
        children,
        fields,
    )
}

/// The source that events come from.
fn source_of(node: &BatchNode) -> Result<&Source> {
    match node {
        BatchNode::Scan { source } => Ok(source),
        BatchNode::Accept { input } => source_of(input),
        BatchNode::Rows { .. }
        | BatchNode::Spine { .. }
        | BatchNode::PointInTime { .. }
        | BatchNode::Finish { .. }
        | BatchNode::Zip { .. } => Err(misplaced("Rows", node)),
    }
}

fn fields_of(schema: &Schema) -> Vec<Field> {
    schema.fields().iter().map(|field| field.as_ref().clone()).collect()
}

fn misplaced(reader: &str, node: &BatchNode) -> datafusion::error::DataFusionError {
    let name = match node {
        BatchNode::Spine { .. } => "Spine",
        BatchNode::Scan { .. } => "Scan",
        BatchNode::Accept { .. } => "Accept",
        BatchNode::Rows { .. } => "Rows",
        BatchNode::PointInTime { .. } => "PointInTime",
        BatchNode::Finish { .. } => "Finish",
        BatchNode::Zip { .. } => "Zip",
    };
    bug(format!("the plan has {name} below {reader}"))
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
