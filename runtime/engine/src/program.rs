//! A compiled program: its plans, and where its files are.

use crate::error::Error;
use crate::log_columns::check_names;
use featc_ir::plan::{BatchPlan, Spine, StreamGraph};
use featc_ir::{Arrival, Contents, FileFormat, FileSet, Source, Table, Truth, Type};
use featr_decode::{Rows, Store, Tables, format_of};
use featr_lake::LakeStore;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A compiled program. Made by `featc build` and [`Program::load`]ed, or from the compiler's plans directly.
#[derive(Debug, Clone)]
pub struct Program {
    /// One per service.
    pub(crate) batch: Vec<BatchPlan>,
    /// One per service, in declared order.
    pub(crate) stream: Vec<StreamGraph>,
    /// The folder that paths in the program are relative to.
    pub(crate) base: PathBuf,
    /// Files given for a source instead of its own.
    pub(crate) files: BTreeMap<String, FileSet>,
    pub(crate) lake: Arc<LakeStore>,
    /// Rows that were given for a source.
    tables: BTreeMap<String, Rows>,
    /// What tables hold that were read.
    pub(crate) table_contents: Contents,
    pub(crate) interrupt: Option<Arc<AtomicBool>>,
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
    pub fn new(batch: Vec<BatchPlan>, stream: Vec<StreamGraph>, base: impl Into<PathBuf>) -> Program {
        Program {
            batch,
            stream,
            base: base.into(),
            files: BTreeMap::new(),
            lake: Arc::default(),
            tables: BTreeMap::new(),
            table_contents: Contents::new(),
            interrupt: None,
        }
    }

    /// The versions of the Delta tables that were read so far, by address: `delta:<table id>@<version>`. A program reads a
    /// table without a version in its text at one version, the latest one when it is first read.
    pub fn snapshots(&self) -> BTreeMap<String, String> {
        self.lake.snapshots()
    }

    /// The places that files are read from.
    #[must_use]
    pub fn with_store(mut self, store: LakeStore) -> Program {
        self.lake = Arc::new(store);
        self
    }

    /// Forgets which versions of Delta tables were read: the next run reads the latest ones.
    pub fn refresh(&mut self) {
        self.lake = Arc::new(self.lake.fresh());
    }

    /// Ends runs with [`Error::Interrupted`] soon after somebody sets `interrupt`: they look at it after each batch of rows
    /// that is read or delivered, and after each group of answers; what calls the model asks [`Program::check_interrupt`].
    #[must_use]
    pub fn with_interrupt(mut self, interrupt: Arc<AtomicBool>) -> Program {
        self.interrupt = Some(interrupt);
        self
    }

    /// Refuses to go on when the interrupt is set.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    pub fn check_interrupt(&self) -> Result<(), Error> {
        let is_set = |interrupt: &Arc<AtomicBool>| interrupt.load(Ordering::Relaxed);
        match self.interrupt.as_ref().is_some_and(is_set) {
            true => Err(Error::Interrupted),
            false => Ok(()),
        }
    }

    /// Where files lie, and rows in memory.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        if self.tables.is_empty() {
            return self.lake.clone();
        }
        Arc::new(Tables {
            tables: self.tables.clone(),
            beyond: self.lake.clone(),
        })
    }

    /// The hash of the program, in hexadecimal; empty for one without services, which nothing can be asked.
    pub fn hash(&self) -> &str {
        self.stream.first().map_or("", |graph| &graph.program)
    }

    /// The names of the services, in declared order.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.stream.iter().map(|graph| graph.service.as_str())
    }

    /// What questions to a service bring.
    ///
    /// # Errors
    /// [`Error::UnknownService`].
    pub fn service(&self, name: &str) -> Result<&Spine, Error> {
        Ok(&self.graph(name)?.spine)
    }

    /// How many times a service's questions are answered: once per transform and key that its features read.
    ///
    /// # Errors
    /// [`Error::UnknownService`].
    pub fn answers(&self, service: &str) -> Result<usize, Error> {
        Ok(self.graph(service)?.answers.len())
    }

    /// The output columns of a service with their types, in order; empty for an unknown one.
    pub fn fields(&self, service: &str) -> Vec<(String, Type)> {
        let graph = self.stream.iter().find(|graph| graph.service == service);
        let columns = graph.into_iter().flat_map(StreamGraph::columns);
        columns.map(|(name, ty)| (name.to_owned(), ty)).collect()
    }

    /// The positions among [`Program::fields`] of those that have a gate (`fallback gate`), ascending; empty for an unknown
    /// service. Answers of this crate hold every row all the same: who hands them to a model gives an entity none in which
    /// the status of a gated feature is another than `ok`.
    pub fn gated(&self, service: &str) -> Vec<usize> {
        let graph = self.stream.iter().find(|graph| graph.service == service);
        let gates = graph.into_iter().flat_map(|graph| &graph.gated);
        gates.map(|place| *place as usize).collect()
    }

    /// The stream graph of a service.
    pub(crate) fn graph(&self, name: &str) -> Result<&StreamGraph, Error> {
        let mut graphs = self.stream.iter();
        graphs
            .find(|graph| graph.service == name)
            .ok_or_else(|| Error::UnknownService {
                service: name.to_owned(),
                known: self.services().map(str::to_owned).collect(),
            })
    }

    /// All sources that some service reads, each once.
    pub fn sources(&self) -> Vec<Source> {
        let mut sources: Vec<Source> = Vec::new();
        for source in self.stream.iter().flat_map(StreamGraph::declared) {
            if !sources.iter().any(|known| known.name == source.name) {
                sources.push(source);
            }
        }
        sources
    }

    /// The sources that a service reads.
    ///
    /// # Errors
    /// [`Error::UnknownService`].
    pub fn service_sources(&self, service: &str) -> Result<Vec<Source>, Error> {
        Ok(self.graph(service)?.declared())
    }

    /// What a server takes in: the sources that some service reads, and the tables with versions that it looks into.
    pub fn inputs(&self) -> Vec<Source> {
        with_tables(self.sources(), &self.tables())
    }

    /// As [`Program::inputs`], of a service.
    ///
    /// # Errors
    /// [`Error::UnknownService`].
    pub fn service_inputs(&self, service: &str) -> Result<Vec<Source>, Error> {
        let graph = self.graph(service)?;
        Ok(with_tables(graph.declared(), &graph.tables()))
    }

    /// What files can be given for: sources, and tables.
    pub(crate) fn readable(&self) -> Vec<Source> {
        let tables = self.tables().into_iter().map(|table| table.as_source());
        self.sources().into_iter().chain(tables).collect()
    }

    /// Reads a source, or a table, from `path` (a file, a folder or a glob, relative to the working directory; or an address as
    /// `s3://bucket/key`) instead of the files that it declares. The extension decides the format, a folder with a
    /// `_delta_log` is a Delta table, where `table@v12` says a version; without either the declared format holds.
    ///
    /// # Errors
    /// [`Error::UnknownSource`]; [`Error::Decode`] where an object store has to be asked and refuses.
    pub fn read_from(&mut self, source: &str, path: &Path) -> Result<(), Error> {
        let known = || self.readable().iter().map(|source| source.name.clone()).collect();
        let Some(declared) = self.readable().into_iter().find(|known| known.name == source) else {
            return Err(Error::UnknownSource {
                source: source.to_owned(),
                known: known(),
            });
        };
        let is_table = path.to_str().map_or(Ok(false), |path| self.lake.is_table(path))?;
        let by_name = match is_table {
            true => Some(FileFormat::Delta),
            false => format_of(path).ok(),
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
        self.tables.remove(source);
        self.table_contents.remove(source);
        self.files.insert(source.to_owned(), files);
        Ok(())
    }

    /// Reads a source from rows that are given instead of the files that it declares; columns go by name, further columns are
    /// ignored, and a value means what it means in an Arrow file. Nothing is copied before it is decoded.
    ///
    /// # Errors
    /// [`Error::UnknownSource`]. What is wrong with the rows is found when they are read.
    pub fn read_rows(&mut self, source: &str, rows: impl Into<Rows>) -> Result<(), Error> {
        let sources = self.readable();
        if !sources.iter().any(|known| known.name == source) {
            return Err(Error::UnknownSource {
                source: source.to_owned(),
                known: sources.into_iter().map(|known| known.name).collect(),
            });
        }
        self.table_contents.remove(source);
        self.files.insert(source.to_owned(), Tables::files(source));
        self.tables.insert(source.to_owned(), rows.into());
        Ok(())
    }

    /// The rows that were given for a source.
    pub(crate) fn rows_of(&self, source: &str) -> Option<&Rows> {
        self.tables.get(source)
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
            Truth::AsOfArrival { .. } | Truth::AsServed => {
                if let Some(source) = sources.iter().find(|source| source.arrival.is_none()) {
                    return Err(Error::ArrivalNeeded {
                        source: source.name.clone(),
                    });
                }
                match truth {
                    Truth::AsServed => self.check_log(service, None),
                    Truth::Complete | Truth::AsOfArrival { .. } => Ok(()),
                }
            }
        }
    }

    /// Refuses a service that a served log cannot tell of; `instant` is what the log calls the instant.
    pub(crate) fn check_log(&self, service: &str, instant: Option<&str>) -> Result<(), Error> {
        let sources = self.service_inputs(service)?;
        let graph = self.stream.iter().find(|graph| graph.service == service);
        let outputs = graph
            .into_iter()
            .flat_map(|graph| graph.columns())
            .map(|(name, _)| name);
        check_names(service, self.service(service)?, &sources, outputs, instant)
    }

    /// The batch plan of a service, with the files that were given instead of declared ones.
    pub(crate) fn batch_plan(&self, service: &str) -> Result<BatchPlan, Error> {
        self.service(service)?;
        let plan = self.batch.iter().find(|plan| plan.service == service);
        let mut plan = plan.cloned().ok_or_else(|| Error::Bug {
            why: format!("service {service} has no batch plan"),
        })?;
        for pipeline in &mut plan.pipelines {
            if let Some(files) = self.files.get(&pipeline.scan.source) {
                pipeline.scan.batch = Some(files.clone());
            }
        }
        self.hold_batch(&mut plan)?;
        Ok(plan)
    }

    /// The entities that a question to a service is about, each once: the keys under which events of it are kept, each with the
    /// column of the question that brings it. They differ in roles.
    ///
    /// # Errors
    /// [`Error::UnknownService`].
    pub fn entities(&self, service: &str) -> Result<Vec<Vec<(String, String)>>, Error> {
        let graph = self.graph(service)?;
        let mut found: Vec<Vec<(String, String)>> = Vec::new();
        for answer in &graph.answers {
            let (own, asked) = (&graph.rows_of(answer.input).key.entity, graph.fold_spec(answer).entity);
            let keys = own.iter().zip(asked).map(|(own, asked)| (own.name.clone(), asked.name));
            let keys: Vec<(String, String)> = keys.collect();
            if !found.contains(&keys) {
                found.push(keys);
            }
        }
        Ok(found)
    }

    /// The views of the first [`Program::fields`] of a service; those after them are features of the service's own.
    ///
    /// # Errors
    /// [`Error::UnknownService`].
    pub fn field_views(&self, service: &str) -> Result<Vec<String>, Error> {
        let graph = self.graph(service)?;
        let view = |(answer, place): &(u32, u32)| {
            let finish = &graph.answers.get(*answer as usize)?.finish;
            let mut outputs = finish.features.iter().filter(|feature| feature.output);
            outputs.nth(*place as usize).map(|feature| feature.view.clone())
        };
        let views: Option<Vec<String>> = graph.compose.0.iter().map(view).collect();
        views.ok_or_else(|| Error::Bug {
            why: format!("service {service} has a column of no view"),
        })
    }
}

/// Sources, and the tables with versions whose rows are not among them.
fn with_tables(mut sources: Vec<Source>, tables: &[Table]) -> Vec<Source> {
    for table in tables.iter().filter_map(Table::as_input) {
        if !sources.iter().any(|known| known.name == table.name) {
            sources.push(table);
        }
    }
    sources
}
