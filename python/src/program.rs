//! Compiled programs, and the commands that run them.

use crate::about::about;
use crate::numbers::Declared;
use crate::online::Online;
use crate::outcome::{Outcome, refusal};
use crate::server::Server;
use crate::spool::{Source, Spool};
use crate::table::Table;
use crate::work::{Watch, caught, detached};
use featc::args::{Command, Compiled, Given, ServeArgs, StateQuestion};
use featc::caller::Caller;
use featc::report::{Kept, Refused, Reporter};
use featc::run::prepare;
use featc_driver::Project;
use featc_driver::diag::SourceMap;
use featc_ir::{Program as Ir, Type};
use featr::Truth;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// So many bytes of rows that can be read once stay in memory where there is no limit.
const SPOOL_BYTES: u64 = 256 << 20;

/// A compiled program.
#[pyclass(frozen, module = "featc._featc")]
#[derive(Debug)]
pub struct Program {
    compiled: Arc<Compiled>,
}

fn of_project(project: Project) -> (Option<Program>, Outcome) {
    let reporter = Reporter::keeping(Caller::Python, None);
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
            let reporter = Reporter::keeping(Caller::Python, None);
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
            let reporter = Reporter::keeping(Caller::Python, None);
            let compiled = featc::check::of_build(&folder, base, &reporter);
            told(compiled, reporter)
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
            let reporter = Reporter::keeping(Caller::Python, None);
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

    /// Takes the rows of a source: beyond a quarter of the memory limit, or 256 MiB without one, they go to a temporary file.
    /// What is wrong with the limit or the folder is told by the run.
    #[pyo3(signature = (source, memory_limit=None, temp_dir=None))]
    fn spool(&self, source: &str, memory_limit: Option<&str>, temp_dir: Option<PathBuf>) -> Spool {
        let limit = memory_limit.and_then(|text| featc::args::size(text).ok());
        let bytes_max = limit.map_or(SPOOL_BYTES, |bytes| bytes as u64 / 4);
        Spool::new(
            self.columns(source),
            bytes_max,
            temp_dir.unwrap_or_else(std::env::temp_dir),
        )
    }

    /// Takes the rows of a spine, in memory.
    fn spool_of_spine(&self, service: &str, at_column: &str) -> Spool {
        Spool::new(self.asked(service, at_column), u64::MAX, PathBuf::new())
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
        let made = caught(py, || py.detach(|| self.engine().online(truth)))?;
        Ok(Online::new(made.map_err(|error| refusal(py, &error))?))
    }

    /// Answers the questions of the words of `featc train`; the result is a table.
    #[pyo3(signature = (words, sources, spine=None, progress=None))]
    fn train(
        &self,
        py: Python<'_>,
        words: Vec<String>,
        sources: BTreeMap<String, Source>,
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
        sources: BTreeMap<String, Source>,
        spine: Option<Table>,
        entities: Option<Table>,
        progress: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Outcome> {
        detached(py, progress.as_ref(), |watch| {
            let mut given = self.given(sources, spine, watch);
            given.entities = entities.map(|table| table.fit(&self.keys()));
            let reporter = Reporter::keeping(Caller::Python, Some(watch.listener()));
            let done = self.command(&words, given, &reporter);
            let done = done.and_then(|command| featc::run(&command, &reporter));
            Outcome::of(reporter.into_kept(), done.is_err())
        })
    }

    /// Starts the server of the words of `featc serve`.
    fn serve(&self, words: Vec<String>) -> PyResult<Server> {
        let given = Given {
            program: Some(self.compiled.clone()),
            ..Given::default()
        };
        Server::start(move |reporter| match understood(&words, reporter)? {
            Command::Serve(args) => Ok(ServeArgs { given, ..args }),
            _ => reporter.refuse(featc::errors::bug("other words than those of `serve`")),
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

    /// The keys of all entities.
    fn keys(&self) -> Declared {
        let keys = self.compiled.ir.entities.iter().flat_map(|entity| &entity.keys);
        Declared::new(keys.map(|key| (&key.name, key.ty)))
    }

    /// The columns of a source.
    fn columns(&self, source: &str) -> Declared {
        let declared = self.compiled.ir.sources.iter().find(|known| known.name == source);
        let columns = declared.into_iter().flat_map(|source| &source.columns);
        Declared::of_source(columns)
    }

    /// What a run finds in place of files.
    fn given(&self, sources: BTreeMap<String, Source>, spine: Option<Table>, watch: &Watch) -> Given {
        let rows = |(name, source): (String, Source)| {
            let rows = source.into_rows(&self.columns(&name));
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

    /// The command that words stand for, with what is at hand in place of files.
    fn command(&self, words: &[String], mut given: Given, reporter: &Reporter) -> Result<Command, Refused> {
        let mut command = understood(words, reporter)?;
        if let (Some(rows), Some((service, at))) = (given.spine.take(), asked(&command)) {
            given.spine = Some(self.questions(rows, service, at));
        }
        give(&mut command, given);
        Ok(command)
    }

    /// A spine with integers in keys that are declared so, and instants in place of their texts.
    fn questions(&self, rows: Arc<featr::Table>, service: &str, at_column: &str) -> Arc<featr::Table> {
        Table { rows }.fit(&self.asked(service, at_column))
    }

    /// The columns of questions to a service, none of one that is not there.
    fn asked(&self, service: &str, at_column: &str) -> Declared {
        let program = self.engine();
        let Ok(asked) = program.service(service) else {
            return Declared::default();
        };
        let keys = asked.columns();
        Declared::new(keys.iter().map(|key| (&key.name, key.ty))).with(at_column, Type::Timestamp)
    }

    fn trained(
        &self,
        words: &[String],
        sources: BTreeMap<String, Source>,
        spine: Option<Table>,
        watch: &Watch,
    ) -> Outcome {
        let given = self.given(sources, spine, watch);
        let reporter = Reporter::keeping(Caller::Python, Some(watch.listener()));
        let mut result = None;
        let mut train = || -> Result<(), Refused> {
            let Command::Train(args) = self.command(words, given.clone(), &reporter)? else {
                return reporter.refuse(featc::errors::bug("other words than those of `train`"));
            };
            let set = featc::train::set(&args, &reporter)?;
            let prepared = prepare(&set.program, &reporter)?;
            let (answered, record) =
                featc::train::answer(&prepared, &set, args.hash_inputs, featr::provenance::MEMORY, &reporter)?;
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
        let columns = service
            .into_iter()
            .flat_map(|service| service.columns(&self.compiled.ir));
        outcome.features = columns.map(|(name, _)| name.to_owned()).collect();
        outcome.report = serde_json::to_string(&training.report).ok();
        outcome.record = Some(record.to_json());
        outcome.table = Some(Table::new(training.schema, training.batches));
        outcome
    }
}

/// The service that the spine of a command is for, and the column with its instants.
fn asked(command: &Command) -> Option<(&str, &str)> {
    let (service, spine) = match command {
        Command::Train(args) => return Some((args.service.as_deref()?, args.at_column.as_str())),
        Command::Replay(args) => (&args.train.program.service, &args.train.spine),
        Command::Verify(args) => (&args.program.service, &args.spine),
        _ => return None,
    };
    Some((service.as_str(), spine.at_column.as_str()))
}

/// The command that words stand for.
fn understood(words: &[String], reporter: &Reporter) -> Result<Command, Refused> {
    let name = std::iter::once("featc".to_owned());
    let words: Vec<String> = name.chain(words.iter().cloned()).collect();
    featc::understand(&words, reporter)
}

fn give(command: &mut Command, given: Given) {
    match command {
        Command::Train(args) => args.run.given = given,
        Command::Backfill(args) => args.run.given = given,
        Command::Replay(args) => args.train.program.run.given = given,
        Command::Verify(args) => args.program.run.given = given,
        Command::Get(args) => args.program.run.given = given,
        Command::Serve(args) => args.given = given,
        Command::State(args) => match &mut args.what {
            StateQuestion::List(state) => state.given = given,
            StateQuestion::Show(show) => show.state.given = given,
            StateQuestion::Verify(_) | StateQuestion::Compact(_) | StateQuestion::Export(_) => {}
        },
        _ => {}
    }
}

/// Runs a command that needs no program at hand.
#[pyfunction]
#[pyo3(signature = (words, progress=None))]
pub fn run(py: Python<'_>, words: Vec<String>, progress: Option<Bound<'_, PyAny>>) -> PyResult<Outcome> {
    detached(py, progress.as_ref(), |watch| {
        let reporter = Reporter::keeping(Caller::Python, Some(watch.listener()));
        let given = Given {
            interrupt: Some(watch.interrupt.clone()),
            ..Given::default()
        };
        let done = understood(&words, &reporter).and_then(|mut command| {
            give(&mut command, given);
            featc::run(&command, &reporter)
        });
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
