//! Our nodes as bytes, and back: what an extension codec of DataFusion's plans does for them.
//!
//! A node is written without its inputs, which are written by whoever writes the plan, and is read with them. What several
//! nodes share (the rows of a spine, a pass over a source) has a name in their bytes, under which they find each other
//! again; so one [`NodeCodec`] has to read all nodes of a plan. What is no part of a plan, where files are and who is told,
//! the codec is given.

use crate::error::bug;
use crate::filter::{BuildSide, EntityFilter, Link};
use crate::inputs::{Files, Resources};
use crate::locks::lock;
use crate::nodes::{
    AssembleExec, DeriveExec, DeriveSpec, EventsExec, FinishExec, OutputColumn, PointInTime, PointInTimeExec,
    SpineExec, SpineSpec, Spool,
};
use crate::schema::EventLayout;
use crate::source::{Pipeline, PipelineCounter, SourcePass};
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use datafusion::error::Result;
use datafusion::physical_plan::ExecutionPlan;
use featc_ir::plan::{FinishSpec, FoldSpec, Restrict, RowSpec};
use featc_ir::{ColumnId, Cut, Source};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

/// See the module.
#[derive(Debug)]
pub struct NodeCodec {
    resources: Arc<Resources>,
    shared: Mutex<Shared>,
}

/// What nodes share, as long as one of them lives.
#[derive(Debug, Default)]
struct Shared {
    builds: HashMap<Link, Weak<BuildSide>>,
    spools: HashMap<Link, Weak<Spool>>,
    passes: HashMap<Link, Weak<SourcePass>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Node {
    Spine {
        spec: SpineSpec,
        build: Link,
    },
    Events {
        build: Link,
        kinds: usize,
        pass: Link,
        source: Source,
        pipelines: Vec<PipelineBytes>,
        at: usize,
        partitions: usize,
    },
    PointInTime {
        spec: PointInTime,
    },
    Finish {
        spec: FinishSpec,
        fold: FoldSpec,
        cut: Cut,
        with_status: bool,
    },
    Assemble {
        columns: Vec<OutputColumn>,
        features: Vec<FinishSpec>,
        with_status: bool,
        /// As Arrow IPC.
        schema: Vec<u8>,
    },
    Derive {
        spec: DeriveSpec,
        /// As Arrow IPC.
        schema: Vec<u8>,
    },
}

#[derive(Serialize, Deserialize)]
struct PipelineBytes {
    spec: RowSpec,
    fold: FoldSpec,
    restrict: Restrict,
    read: Vec<ColumnId>,
    layout: EventLayout,
    kind: usize,
}

fn found<T>(known: &mut HashMap<Link, Weak<T>>, link: Link, new: impl FnOnce() -> T) -> Arc<T> {
    known.retain(|_, item| item.strong_count() > 0);
    if let Some(item) = known.get(&link).and_then(Weak::upgrade) {
        return item;
    }
    let item = Arc::new(new());
    known.insert(link, Arc::downgrade(&item));
    item
}

impl NodeCodec {
    /// A codec whose nodes read these files.
    pub fn new(files: Files) -> NodeCodec {
        NodeCodec {
            resources: Arc::new(Resources::files(files)),
            shared: Mutex::default(),
        }
    }

    /// Appends one of our nodes to `bytes`, without its inputs.
    ///
    /// # Errors
    /// When it is not ours.
    pub fn try_encode(&self, node: &dyn ExecutionPlan, bytes: &mut Vec<u8>) -> Result<()> {
        let node = if let Some(spine) = node.downcast_ref::<SpineExec>() {
            Node::Spine {
                spec: (*spine.spec).clone(),
                build: spine.spool.build.link,
            }
        } else if let Some(events) = node.downcast_ref::<EventsExec>() {
            encode_events(events)
        } else if let Some(answers) = node.downcast_ref::<PointInTimeExec>() {
            Node::PointInTime {
                spec: (*answers.spec).clone(),
            }
        } else if let Some(finish) = node.downcast_ref::<FinishExec>() {
            Node::Finish {
                spec: (*finish.spec).clone(),
                fold: (*finish.fold).clone(),
                cut: finish.cut,
                with_status: finish.with_status,
            }
        } else if let Some(assemble) = node.downcast_ref::<AssembleExec>() {
            let schema = schema_bytes(assemble)?;
            Node::Assemble {
                columns: (*assemble.columns).clone(),
                features: assemble.features.iter().map(|spec| (**spec).clone()).collect(),
                with_status: assemble.with_status,
                schema,
            }
        } else if let Some(derive) = node.downcast_ref::<DeriveExec>() {
            Node::Derive {
                spec: (*derive.spec).clone(),
                schema: schema_bytes(derive)?,
            }
        } else {
            return Err(bug(format!("{} is none of our nodes", node.name())));
        };
        serde_json::to_writer(bytes, &node).map_err(|error| bug(error.to_string()))
    }

    /// A node over its inputs.
    ///
    /// The bytes are trusted: they come from [`NodeCodec::try_encode`] of the same release. What their form allows and no plan has,
    /// such as a position that is not there, is not looked for here, and panics when the node runs.
    ///
    /// # Errors
    /// When the bytes have not the form of [`NodeCodec::try_encode`], or the inputs are too few.
    pub fn try_decode(&self, bytes: &[u8], inputs: &[Arc<dyn ExecutionPlan>]) -> Result<Arc<dyn ExecutionPlan>> {
        let node: Node = serde_json::from_slice(bytes).map_err(|error| bug(error.to_string()))?;
        let input = |place: usize| {
            let input = inputs.get(place).cloned();
            input.ok_or_else(|| bug("a node lacks an input"))
        };
        let resources = self.resources.clone();
        Ok(match node {
            Node::Spine { spec, build } => {
                let mut shared = lock(&self.shared);
                let side = found(&mut shared.builds, build, || BuildSide::new(build, spec.kinds.len()));
                let spool = found(&mut shared.spools, build, || Spool::new(side, true));
                Arc::new(SpineExec::new(input(0)?, Arc::new(spec), spool))
            }
            Node::Events {
                build,
                kinds,
                pass,
                source,
                pipelines,
                at,
                partitions,
            } => {
                let mut shared = lock(&self.shared);
                let build = found(&mut shared.builds, build, || BuildSide::new(build, kinds));
                let pipeline = |bytes: PipelineBytes| {
                    let filter = EntityFilter {
                        build: build.clone(),
                        kind: bytes.kind,
                    };
                    Arc::new(Pipeline {
                        spec: Arc::new(bytes.spec),
                        fold: Arc::new(bytes.fold),
                        restrict: bytes.restrict,
                        read: bytes.read,
                        layout: bytes.layout,
                        filter,
                        counter: PipelineCounter::default(),
                    })
                };
                let pipelines = pipelines.into_iter().map(pipeline).collect();
                let pass = found(&mut shared.passes, pass, || {
                    SourcePass::new(Arc::new(source), resources, pipelines)
                });
                Arc::new(EventsExec::new(pass, at, partitions)?)
            }
            Node::PointInTime { spec } => {
                let inputs = [input(0)?, input(1)?];
                Arc::new(PointInTimeExec::new(inputs, Arc::new(spec), resources, true))
            }
            Node::Finish {
                spec,
                fold,
                cut,
                with_status,
            } => Arc::new(FinishExec::new(
                input(0)?,
                Arc::new(spec),
                Arc::new(fold),
                cut,
                with_status,
            )),
            Node::Assemble {
                columns,
                features,
                with_status,
                schema,
            } => Arc::new(AssembleExec::new(
                inputs.to_vec(),
                Arc::new(columns),
                (Arc::new(features.into_iter().map(Arc::new).collect()), with_status),
                resources,
                schema_of(&schema)?,
            )),
            Node::Derive { spec, schema } => Arc::new(DeriveExec::new(input(0)?, Arc::new(spec), schema_of(&schema)?)),
        })
    }
}

fn schema_bytes(node: &dyn ExecutionPlan) -> Result<Vec<u8>> {
    let mut schema = vec![];
    StreamWriter::try_new(&mut schema, &node.schema())?.finish()?;
    Ok(schema)
}

fn encode_events(events: &EventsExec) -> Node {
    let pass = &events.pass;
    let pipeline = |pipeline: &Arc<Pipeline>| PipelineBytes {
        spec: (*pipeline.spec).clone(),
        fold: (*pipeline.fold).clone(),
        restrict: pipeline.restrict.clone(),
        read: pipeline.read.clone(),
        layout: pipeline.layout.clone(),
        kind: pipeline.filter.kind,
    };
    let build = &events.pipeline.filter.build;
    Node::Events {
        build: build.link,
        kinds: build.kinds(),
        pass: pass.link,
        source: (*pass.source).clone(),
        pipelines: pass.pipelines.iter().map(pipeline).collect(),
        at: events.at,
        partitions: events.partitions(),
    }
}

fn schema_of(bytes: &[u8]) -> Result<SchemaRef> {
    Ok(StreamReader::try_new(bytes, None)?.schema())
}
