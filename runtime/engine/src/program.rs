//! A compiled program: its plans, and where its files are.

use crate::error::Error;
use featc_ir::plan::{BatchNode, BatchPlan, OperatorId, OperatorKind, StreamGraph, StreamService};
use featc_ir::{Arrival, FileFormat, FileSet, Source, Truth};
use featr_decode::format_of;
use featr_lake::LakeStore;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A compiled program. Made by `featc build` and [`Program::load`]ed, or from the compiler's plans directly.
#[derive(Debug, Clone)]
pub struct Program {
    pub(crate) batch: Vec<BatchPlan>,
    pub(crate) stream: StreamGraph,
    /// The folder that paths in the program are relative to.
    pub(crate) base: PathBuf,
    /// Files given for a source instead of its own.
    pub(crate) files: BTreeMap<String, FileSet>,
    pub(crate) store: Arc<LakeStore>,
}

/// Sources whose rows a question may see before anybody says that they were known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenEarly {
    /// Those without arrival, in truth `complete`.
    pub without_arrival: Vec<String>,
    /// Those whose rows never change.
    #[serde(rename = "static")]
    pub static_rows: Vec<String>,
}

impl SeenEarly {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.without_arrival.is_empty() && self.static_rows.is_empty()
    }
}

impl Program {
    /// A program from its plans; `base` is the folder that paths in it are relative to.
    pub fn new(batch: Vec<BatchPlan>, stream: StreamGraph, base: impl Into<PathBuf>) -> Program {
        Program {
            batch,
            stream,
            base: base.into(),
            files: BTreeMap::new(),
            store: Arc::default(),
        }
    }

    /// The versions of the Delta tables that were read so far, by address: `delta:<table id>@<version>`. A program reads a
    /// table without a version in its text at one version, the latest one when it is first read.
    pub fn snapshots(&self) -> BTreeMap<String, String> {
        self.store.snapshots()
    }

    /// The places that files are read from.
    #[must_use]
    pub fn with_store(mut self, store: LakeStore) -> Program {
        self.store = Arc::new(store);
        self
    }

    /// Forgets which versions of Delta tables were read: the next run reads the latest ones.
    pub fn refresh(&mut self) {
        self.store = Arc::new(self.store.fresh());
    }

    /// The hash of the program, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.stream.program
    }

    /// The services, with the keys that their questions bring.
    pub fn services(&self) -> &[StreamService] {
        &self.stream.services
    }

    /// A service by name.
    ///
    /// # Errors
    /// [`Error::UnknownService`].
    pub fn service(&self, name: &str) -> Result<&StreamService, Error> {
        self.stream
            .services
            .iter()
            .find(|service| service.name == name)
            .ok_or_else(|| Error::UnknownService {
                service: name.to_owned(),
                known: self
                    .stream
                    .services
                    .iter()
                    .map(|service| service.name.clone())
                    .collect(),
            })
    }

    /// All sources that some view reads.
    pub fn sources(&self) -> Vec<&Source> {
        self.stream.sources().collect()
    }

    /// The sources that a service reads.
    ///
    /// # Errors
    /// [`Error::UnknownService`].
    pub fn service_sources(&self, service: &str) -> Result<Vec<&Source>, Error> {
        let graph = self.pruned(service)?;
        let used: BTreeSet<&str> = graph
            .operators
            .iter()
            .filter_map(|operator| source_name(&operator.kind))
            .collect();
        Ok(self
            .sources()
            .into_iter()
            .filter(|source| used.contains(source.name.as_str()))
            .collect())
    }

    /// Reads a source from `path` (a file, a folder or a glob, relative to the working directory; or an address as
    /// `s3://bucket/key`) instead of the files that it declares. The extension decides the format, a folder with a
    /// `_delta_log` is a Delta table, where `table@v12` says a version; without either the declared format holds.
    ///
    /// # Errors
    /// [`Error::UnknownSource`]; [`Error::Decode`] where an object store has to be asked and refuses.
    pub fn read_from(&mut self, source: &str, path: &Path) -> Result<(), Error> {
        let known = || self.sources().iter().map(|source| source.name.clone()).collect();
        let Some(declared) = self.sources().into_iter().find(|known| known.name == source) else {
            return Err(Error::UnknownSource {
                source: source.to_owned(),
                known: known(),
            });
        };
        let is_table = path.to_str().map_or(Ok(false), |path| self.store.is_table(path))?;
        let by_name = match is_table {
            true => Some(FileFormat::Delta),
            false => format_of(path),
        };
        let own = declared
            .batch
            .as_ref()
            .or(declared.stream.as_ref())
            .map(|files| files.format);
        let format = by_name.or(own).unwrap_or(FileFormat::Parquet);
        let path = match path.to_str() {
            Some(text) if featr_lake::is_address(text) => path.to_owned(),
            _ => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
        };
        let Some(place) = path.to_str() else {
            let file = path.display().to_string();
            let why = "its name is no text in UTF-8".to_owned();
            return Err(featr_decode::DecodeError::Unreadable { file, why }.into());
        };
        let files = FileSet {
            format,
            paths: vec![place.to_owned()],
            version: None,
        };
        self.files.insert(source.to_owned(), files);
        Ok(())
    }

    /// The truth that holds when none is named: as of arrival.
    ///
    /// # Errors
    /// [`Error::UnknownService`]; [`Error::TruthNotChosen`] when a source of the service has no arrival and is not static:
    /// truth `complete` holds only where somebody names it.
    pub fn default_truth(&self, service: &str) -> Result<Truth, Error> {
        let sources = self.seen_early(service, Truth::Complete)?.without_arrival;
        match sources.is_empty() {
            true => Ok(Truth::AsOfArrival { delay_us: None }),
            false => Err(Error::TruthNotChosen {
                service: service.to_owned(),
                sources,
            }),
        }
    }

    /// The sources of a service whose rows a truth shows though nothing says when they were known.
    ///
    /// # Errors
    /// [`Error::UnknownService`].
    pub fn seen_early(&self, service: &str, truth: Truth) -> Result<SeenEarly, Error> {
        let mut seen = SeenEarly::default();
        for source in self.service_sources(service)? {
            match source.arrival {
                None if truth == Truth::Complete => seen.without_arrival.push(source.name.clone()),
                Some(Arrival::Static) => seen.static_rows.push(source.name.clone()),
                None | Some(Arrival::Column(_) | Arrival::AfterTime { .. }) => {}
            }
        }
        Ok(seen)
    }

    /// Refuses a truth that the service's sources cannot support.
    pub(crate) fn check_truth(&self, service: &str, truth: Truth) -> Result<(), Error> {
        let sources = self.service_sources(service)?;
        match truth {
            Truth::Complete => Ok(()),
            Truth::AsOfArrival { .. } => match sources.iter().find(|source| source.arrival.is_none()) {
                None => Ok(()),
                Some(source) => Err(Error::ArrivalNeeded {
                    source: source.name.clone(),
                }),
            },
        }
    }

    /// The batch plan of a service, with the files that were given instead of declared ones.
    pub(crate) fn batch_plan(&self, service: &str) -> Result<BatchPlan, Error> {
        self.service(service)?;
        let plan = self.batch.iter().find(|plan| plan.service == service);
        let mut plan = plan.cloned().ok_or_else(|| Error::Bug {
            why: format!("service {service} has no batch plan"),
        })?;
        self.redirect(&mut plan.root);
        Ok(plan)
    }

    fn redirect(&self, node: &mut BatchNode) {
        match node {
            BatchNode::Spine { .. } => {}
            BatchNode::Scan { source } => {
                if let Some(files) = self.files.get(&source.name) {
                    source.batch = Some(files.clone());
                }
            }
            BatchNode::Accept { input } | BatchNode::Rows { input, .. } | BatchNode::Finish { input, .. } => {
                self.redirect(input);
            }
            BatchNode::PointInTime { events, spine, .. } => {
                self.redirect(events);
                self.redirect(spine);
            }
            BatchNode::Zip { spine, inputs, .. } => {
                self.redirect(spine);
                inputs.iter_mut().for_each(|input| self.redirect(input));
            }
        }
    }

    /// The view of each output column of a service.
    pub(crate) fn field_views(&self, service: &str) -> Result<Vec<String>, Error> {
        let BatchNode::Zip { inputs, columns, .. } = self.batch_plan(service)?.root else {
            return Ok(vec![]);
        };
        let view = |(input, place): &(u32, u32)| match inputs.get(*input as usize) {
            Some(BatchNode::Finish { spec, .. }) => {
                let mut outputs = spec.features.iter().filter(|feature| feature.output);
                outputs.nth(*place as usize).map(|feature| feature.view.clone())
            }
            _ => None,
        };
        let views: Option<Vec<String>> = columns.iter().map(view).collect();
        views.ok_or_else(|| Error::Bug {
            why: format!("service {service} has a column of no view"),
        })
    }

    /// The part of the stream graph that one service reads, operators renumbered.
    pub(crate) fn pruned(&self, service: &str) -> Result<StreamGraph, Error> {
        let service = self.service(service)?;
        let mut needed: BTreeSet<OperatorId> = service.columns.iter().map(|(id, _)| *id).collect();
        for place in (0..self.stream.operators.len()).rev() {
            if needed.contains(&OperatorId(place as u32)) {
                needed.extend(self.stream.operators[place].inputs.iter().copied());
            }
        }
        let renumbered: BTreeMap<OperatorId, OperatorId> = needed
            .iter()
            .enumerate()
            .map(|(place, id)| (*id, OperatorId(place as u32)))
            .collect();
        let operators = needed
            .iter()
            .map(|id| {
                let mut operator = self.stream.operators[id.0 as usize].clone();
                operator.inputs.iter_mut().for_each(|input| *input = renumbered[input]);
                operator
            })
            .collect();
        let mut service = service.clone();
        service.columns.iter_mut().for_each(|(id, _)| *id = renumbered[id]);
        Ok(StreamGraph {
            program: self.stream.program.clone(),
            operators,
            services: vec![service],
        })
    }
}

fn source_name(kind: &OperatorKind) -> Option<&str> {
    match kind {
        OperatorKind::Source { source } => Some(&source.name),
        OperatorKind::Accept | OperatorKind::Rows { .. } | OperatorKind::Log { .. } | OperatorKind::Finish { .. } => {
            None
        }
    }
}
