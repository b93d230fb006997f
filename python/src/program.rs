//! Compiled programs, and the commands that run them.

use crate::numbers::whole;
use crate::online::Online;
use crate::outcome::{Outcome, refusal};
use crate::table::Table;
use crate::work::{Watch, caught, detached};
use featc::args::{Command, Compiled, Given};
use featc::report::{Kept, Refused, Reporter};
use featc::run::prepare;
use featc_driver::Project;
use featc_driver::diag::SourceMap;
use featc_ir::{FeatureKind, Program as Ir, Type, View, hash};
use featr::Truth;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// A compiled program.
#[pyclass(frozen, module = "featc._featc")]
#[derive(Debug)]
pub struct Program {
    compiled: Arc<Compiled>,
}

fn of_project(project: Project) -> (Option<Program>, Outcome) {
    let reporter = Reporter::keeping(None);
    let compiled = featc::check::compile_project(project, &reporter);
    told(compiled, reporter)
}

fn told(compiled: Result<(Project, Ir), Refused>, reporter: Reporter) -> (Option<Program>, Outcome) {
    let refused = compiled.is_err();
    let program = compiled.ok().map(|(project, ir)| Program {
        compiled: Arc::new(Compiled { project, ir }),
    });
    (program, Outcome::of(reporter.into_kept(), refused))
}

#[pymethods]
impl Program {
    /// Reads and compiles a file or a folder.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<(Option<Program>, Outcome)> {
        detached(py, None, |_| {
            let reporter = Reporter::keeping(None);
            let compiled = featc::check::compile(&path, &reporter);
            told(compiled, reporter)
        })
    }

    /// Compiles a text; `name` is what messages call it, `base` the folder that its paths are relative to.
    #[staticmethod]
    fn text(py: Python<'_>, text: String, name: String, base: PathBuf) -> PyResult<(Option<Program>, Outcome)> {
        detached(py, None, |_| {
            let mut sources = SourceMap::new();
            let files = vec![sources.add(name, text)];
            of_project(Project::at_hand(sources, files, base))
        })
    }

    /// The program of a build, whose plans are compared with it.
    #[staticmethod]
    fn build(py: Python<'_>, folder: PathBuf, base: PathBuf) -> PyResult<(Option<Program>, Outcome)> {
        detached(py, None, |_| {
            let reporter = Reporter::keeping(None);
            let ir = featc_driver::program_of_folder(&folder);
            let name = folder.display().to_string();
            let ir = ir.or_else(|error| reporter.refuse(featc::errors::certify(&name, &error)));
            let project = |ir| {
                let project = Project::at_hand(SourceMap::new(), vec![], base);
                (project, ir)
            };
            told(ir.map(project), reporter)
        })
    }

    /// The names and texts of its files.
    #[getter]
    fn files(&self) -> Vec<(String, String)> {
        let project = &self.compiled.project;
        let file = |file| {
            (
                project.sources.name(file).to_owned(),
                project.sources.text(file).to_owned(),
            )
        };
        project.files.iter().copied().map(file).collect()
    }

    /// Its files in the canonical format.
    fn formatted(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        let project = &self.compiled.project;
        let format = |file| featc_driver::format(&project.sources, file).unwrap_or_default();
        caught(py, || project.files.iter().copied().map(format).collect())
    }

    /// Writes the build into a folder of its own in `out`; gives its name.
    fn write(&self, py: Python<'_>, out: PathBuf) -> PyResult<(Option<PathBuf>, Outcome)> {
        detached(py, None, |_| {
            let reporter = Reporter::keeping(None);
            let plans = featc_driver::lower(&self.compiled.ir);
            let built = featc_driver::build(&self.compiled.ir, &plans, &out);
            let built = built.or_else(|error| reporter.refuse(featc::errors::build(&error)));
            let refused = built.is_err();
            (built.ok(), Outcome::of(reporter.into_kept(), refused))
        })
    }

    /// What it declares, as JSON.
    fn about(&self, py: Python<'_>) -> PyResult<String> {
        caught(py, || about(&self.compiled.ir).to_string())
    }

    /// Its plans for a service: of the batch engine, of the stream engine, and that as a drawing in Mermaid.
    fn plan(&self, py: Python<'_>, service: &str) -> PyResult<Option<(String, String, String)>> {
        caught(py, || self.plans(service))
    }

    /// A stream engine of all services in one truth: `complete`, or `as-of-arrival` with its delay.
    #[pyo3(signature = (complete, delay_us=None))]
    fn online(&self, py: Python<'_>, complete: bool, delay_us: Option<u64>) -> PyResult<Online> {
        let truth = match complete {
            true => Truth::Complete,
            false => Truth::AsOfArrival { delay_us },
        };
        let made = caught(py, || {
            py.detach(|| {
                let program = self.engine();
                program.online(truth).map(|online| (program, online))
            })
        })?;
        let (program, online) = made.map_err(|error| refusal(py, &error))?;
        Ok(Online::new(program, online))
    }

    /// Answers the questions of the words of `featc train`; the result is a table.
    #[pyo3(signature = (words, sources, spine=None, progress=None))]
    fn train(
        &self,
        py: Python<'_>,
        words: Vec<String>,
        sources: BTreeMap<String, Table>,
        spine: Option<Table>,
        progress: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Outcome> {
        detached(py, progress.as_ref(), |watch| {
            self.trained(&words, sources, spine, watch)
        })
    }

    /// Runs the command of some words.
    #[pyo3(signature = (words, sources, spine=None, entities=None, progress=None))]
    fn run(
        &self,
        py: Python<'_>,
        words: Vec<String>,
        sources: BTreeMap<String, Table>,
        spine: Option<Table>,
        entities: Option<Table>,
        progress: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Outcome> {
        detached(py, progress.as_ref(), |watch| {
            let mut given = self.given(sources, spine, watch);
            given.entities = entities.map(|table| as_integers(&table.rows, &self.int_keys()));
            let reporter = Reporter::keeping(Some(watch.listener()));
            let done = command(&words, given, &reporter).and_then(|command| featc::run(&command, &reporter));
            Outcome::of(reporter.into_kept(), done.is_err())
        })
    }
}

impl Program {
    fn engine(&self) -> featr::Program {
        let plans = featc_driver::lower(&self.compiled.ir);
        featr::Program::new(plans.batch, plans.stream, self.compiled.project.base.clone())
    }

    fn plans(&self, service: &str) -> Option<(String, String, String)> {
        let plans = featc_driver::lower(&self.compiled.ir);
        let batch = plans.batch.iter().find(|plan| plan.service == service)?;
        let stream = plans.stream.iter().find(|graph| graph.service == service)?;
        Some((
            featc_ir::display::batch_plan(batch),
            featc_ir::display::stream_graph(stream),
            featc_ir::display::mermaid(stream),
        ))
    }

    /// Keys of entities that are declared as integers.
    fn int_keys(&self) -> Vec<&str> {
        let keys = self.compiled.ir.entities.iter().flat_map(|entity| &entity.keys);
        let ints = keys.filter(|key| key.ty == Type::Int64);
        ints.map(|key| key.name.as_str()).collect()
    }

    /// What a run finds in place of files.
    fn given(&self, sources: BTreeMap<String, Table>, spine: Option<Table>, watch: &Watch) -> Given {
        let ints = |name: &str| {
            let declared = self.compiled.ir.sources.iter().find(|source| source.name == name);
            let columns = declared.into_iter().flat_map(|source| &source.columns);
            let ints = columns.filter(|column| column.ty == Type::Int64);
            ints.map(|column| column.name.as_str()).collect::<Vec<_>>()
        };
        let rows = |(name, table): (String, Table)| {
            let rows = as_integers(&table.rows, &ints(&name));
            (name, rows)
        };
        Given {
            program: Some(self.compiled.clone()),
            sources: sources.into_iter().map(rows).collect(),
            spine: spine.map(|table| table.rows),
            entities: None,
            interrupt: Some(watch.interrupt.clone()),
        }
    }

    fn trained(
        &self,
        words: &[String],
        sources: BTreeMap<String, Table>,
        spine: Option<Table>,
        watch: &Watch,
    ) -> Outcome {
        let given = self.given(sources, spine, watch);
        let reporter = Reporter::keeping(Some(watch.listener()));
        let mut result = None;
        let mut train = || -> Result<(), Refused> {
            let Command::Train(args) = command(words, given.clone(), &reporter)? else {
                return reporter.refuse(featc::errors::bug("other words than those of `train`"));
            };
            let set = featc::train::set(&args, &reporter)?;
            let mut prepared = prepare(&set.program, &reporter)?;
            if let (Some(rows), Ok(asked)) = (&prepared.spine_rows, prepared.program.service(&prepared.service)) {
                let keys = asked.keys.iter().chain(&asked.self_columns);
                let keys = keys.filter(|key| key.ty == Type::Int64).map(|key| key.name.as_str());
                prepared.spine_rows = Some(as_integers(rows, &keys.collect::<Vec<_>>()));
            }
            let (answered, record) = featc::train::answer(&prepared, &set, args.hash_inputs, "memory", &reporter)?;
            let training = answered.collect(&reporter)?;
            result = Some((training, record));
            Ok(())
        };
        let refused = train().is_err();
        let mut outcome = Outcome::of(reporter.into_kept(), refused);
        let Some((training, record)) = result else {
            return outcome;
        };
        let service = self.compiled.ir.service(&record.service);
        let fields = service.into_iter().flat_map(|service| &service.fields);
        outcome.features = fields.map(|field| field.name.clone()).collect();
        outcome.report = serde_json::to_string(&training.report).ok();
        outcome.record = Some(record.to_json());
        outcome.table = Some(Table::new(training.schema, training.batches));
        outcome
    }
}

/// Columns that are declared as integers, and that pandas has made floats since some are missing.
fn as_integers(table: &Arc<featr::Table>, columns: &[&str]) -> Arc<featr::Table> {
    whole(table, columns).map_or_else(|_| table.clone(), Arc::new)
}

/// The command that words stand for, with what is at hand in place of files.
fn command(words: &[String], given: Given, reporter: &Reporter) -> Result<Command, Refused> {
    let words: Vec<String> = std::iter::once("featc".to_owned())
        .chain(words.iter().cloned())
        .collect();
    let mut command = featc::understand(&words, reporter)?;
    match &mut command {
        Command::Train(args) => args.run.given = given,
        Command::Backfill(args) => args.run.given = given,
        Command::Replay(args) => args.train.program.run.given = given,
        Command::Verify(args) => args.program.run.given = given,
        Command::Get(args) => args.program.run.given = given,
        Command::Check(_)
        | Command::Build(_)
        | Command::Certify(_)
        | Command::Fmt(_)
        | Command::Serve(_)
        | Command::Explain(_)
        | Command::Demo(_)
        | Command::Notices => {}
    }
    Ok(command)
}

/// Runs a command that needs no program at hand.
#[pyfunction]
pub fn run(py: Python<'_>, words: Vec<String>) -> PyResult<Outcome> {
    detached(py, None, |_| {
        let reporter = Reporter::keeping(None);
        let done = command(&words, Given::default(), &reporter).and_then(|command| featc::run(&command, &reporter));
        let kept: Kept = reporter.into_kept();
        Outcome::of(kept, done.is_err())
    })
}

/// An instant or a duration as the command line reads it, in microseconds.
#[pyfunction]
pub fn parse_instant(py: Python<'_>, text: &str, is_duration: bool) -> PyResult<i64> {
    let us = caught(py, || match is_duration {
        true => featc_driver::parse_duration(text),
        false => match featr::parse_value(text, Type::Timestamp) {
            Some(featr::Value::Timestamp(us)) => Some(us),
            _ => None,
        },
    })?;
    let (what, example) = match is_duration {
        true => ("a duration", "5s or 1h30m"),
        false => ("an instant with an offset", "2013-03-01T12:00:00Z"),
    };
    us.ok_or_else(|| PyValueError::new_err(format!("`{text}` is not {what}: write it like {example}")))
}

/// The windows of a feature: its own, or those of the features that it is derived from.
fn windows(view: &View, kind: &FeatureKind, found: &mut Vec<String>) {
    match kind {
        FeatureKind::Aggregate { slots, .. } => {
            for slot in slots {
                let window = view.windows[view.slots[slot.index()].window.index()].to_string();
                let window = window.strip_prefix("over ").unwrap_or(&window).to_owned();
                if !found.contains(&window) {
                    found.push(window);
                }
            }
        }
        FeatureKind::Derived { inputs, .. } => {
            for input in inputs {
                windows(view, &view.features[input.index()].kind, found);
            }
        }
    }
}

fn about(ir: &Ir) -> Value {
    let features = ir.views.iter().flat_map(|view| {
        let entity = ir.entity(view.entity);
        let keys: Vec<&str> = entity.keys.iter().map(|key| key.name.as_str()).collect();
        let fingerprints = hash::view_fingerprints(ir, view);
        let feature = move |(feature, fingerprint): (&featc_ir::Feature, String)| {
            let mut of = Vec::new();
            windows(view, &feature.kind, &mut of);
            json!({
                "name": format!("{}.{}", view.name, feature.name),
                "view": view.name,
                "type": feature.ty.to_string(),
                "entity": entity.name,
                "keys": keys,
                "owner": view.owner,
                "doc": feature.doc,
                "tags": view.tags,
                "window": of.join(", "),
                "fingerprint": fingerprint,
            })
        };
        view.features.iter().zip(fingerprints).map(feature).collect::<Vec<_>>()
    });
    let plans = featc_driver::lower(ir);
    let services = ir.services.iter().zip(&plans.stream).map(|(service, graph)| {
        let named = |keys: &[featc_ir::Key]| keys.iter().map(|key| (key.name.clone(), key.ty.to_string())).collect();
        let (keys, own): (Vec<(String, String)>, Vec<(String, String)>) =
            (named(&graph.spine.keys), named(&graph.spine.self_columns));
        let mut views: Vec<&str> = service
            .fields
            .iter()
            .map(|field| ir.view(field.view).name.as_str())
            .collect();
        views.dedup();
        json!({
            "name": service.name,
            "doc": service.doc,
            "keys": keys,
            "self_columns": own,
            "views": views,
            "columns": service.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(),
            "sources": graph.declared().iter().map(|source| source.name.clone()).collect::<Vec<_>>(),
        })
    });
    let views = ir.views.iter().map(|view| {
        let transform = ir.transform(view.transform);
        json!({
            "name": view.name,
            "doc": view.doc,
            "entity": ir.entity(view.entity).name,
            "transform": transform.name,
            "source": ir.view_source(view).name,
            "features": view.features.len(),
        })
    });
    let sources = ir.sources.iter().map(|source| {
        let columns = source.columns.iter();
        let columns = columns.map(|column| {
            json!({
                "name": column.name, "type": column.ty.to_string(), "nullable": column.nullable,
            })
        });
        json!({ "name": source.name, "doc": source.doc, "columns": columns.collect::<Vec<_>>() })
    });
    json!({
        "module": ir.module,
        "hash": hash::program_hash(ir),
        "features": features.collect::<Vec<_>>(),
        "services": services.collect::<Vec<_>>(),
        "views": views.collect::<Vec<_>>(),
        "sources": sources.collect::<Vec<_>>(),
    })
}
