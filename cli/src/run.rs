//! What train, replay, verify and get begin with: the program, the truth, the spine.

use crate::args::{Given, ProgramArgs, RunArgs, SpineArgs, TruthArg};
use crate::check::compile;
use crate::errors;
use crate::report::{Refused, Reporter, counted};
use featc_driver::diag::SourceMap;
use featr::{SeenEarly, ServedLog, Spine, Table, Truth};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A compiled program, ready to run one service.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub ir: featc_ir::Program,
    pub program: featr::Program,
    pub service: String,
    pub truth: Truth,
    /// The sources that this truth shows though nothing says when their rows were known.
    pub seen_early: SeenEarly,
    /// The text of the program.
    pub project: featc_driver::Project,
    /// The questions, if they are in memory.
    pub spine_rows: Option<Arc<Table>>,
    /// The files of the served log that the questions are; none where they are a spine.
    pub served_log: Vec<PathBuf>,
}

/// Compiles the program and settles files and truth.
pub fn prepare(args: &ProgramArgs, reporter: &Reporter) -> Result<Prepared, Refused> {
    let (project, ir) = compiled(&args.program, &args.run.given, reporter)?;
    prepare_compiled(project, ir, &args.service, &args.run, reporter)
}

/// The program that is given, or that of the path.
pub fn compiled(
    path: &Path,
    given: &Given,
    reporter: &Reporter,
) -> Result<(featc_driver::Project, featc_ir::Program), Refused> {
    match &given.program {
        Some(given) => Ok((given.project.clone(), given.ir.clone())),
        None => compile(path, reporter),
    }
}

/// As [`prepare`], of a program that is compiled already.
pub fn prepare_compiled(
    project: featc_driver::Project,
    mut ir: featc_ir::Program,
    service: &str,
    args: &RunArgs,
    reporter: &Reporter,
) -> Result<Prepared, Refused> {
    let plans = featc_driver::lower(&ir);
    featc_driver::certify(&ir, &plans).or_else(|refusal| reporter.refuse(errors::refused(&refusal)))?;
    let mut program = featr::Program::new(plans.batch, plans.stream, project.base.clone());
    let refuse = |error: featr::Error| reporter.refuse::<()>(errors::run(&error, None)).expect_err("refused");
    program.service(service).or_else(|error| {
        let views: Vec<&str> = ir.views.iter().map(|view| view.name.as_str()).collect();
        reporter.refuse(errors::no_service(&error, &views))
    })?;
    check_temp_dir(args, reporter)?;
    give_sources(args, &mut program, &ir, reporter)?;
    if let Some(interrupt) = &args.given.interrupt {
        program = program.with_interrupt(interrupt.clone());
    }
    // Once, so that all that runs sees the same rows; the model is given them in its program.
    ir.hold(program.load_tables().map_err(refuse)?);
    let truth = truth(args, &program, service, reporter)?;
    let served_log =
        featr::served_files(&args.served_log).or_else(|error| reporter.refuse(errors::no_served_log(&error)))?;
    let seen_early = program.seen_early(service, truth).map_err(refuse)?;
    tell_pushed(args, &program, reporter);
    let left_out = program.left_out(service).map_err(refuse)?;
    let alike = program.alike_versions().map_err(refuse)?;
    let warnings = left_out.iter().map(errors::left_out);
    let of_tables = program.table_warnings().map_err(refuse)?;
    let warnings = warnings.chain(alike.iter().map(errors::alike_versions));
    let warnings: Vec<_> = warnings.chain(of_tables.iter().map(errors::warning)).collect();
    reporter.diagnostics(&warnings, &SourceMap::new())?;
    Ok(Prepared {
        ir,
        program,
        service: service.to_owned(),
        truth,
        seen_early,
        project,
        spine_rows: args.given.spine.clone(),
        served_log,
    })
}

fn check_temp_dir(args: &RunArgs, reporter: &Reporter) -> Result<(), Refused> {
    let Some(folder) = args.temp_dir.as_deref().filter(|folder| !folder.is_dir()) else {
        return Ok(());
    };
    let help = "make it, or name another";
    let name = folder.display().to_string();
    reporter.refuse(errors::argument("--temp-dir", &name, "is no folder", help))
}

/// Gives a program the files and rows that are named for its sources.
fn give_sources(
    args: &RunArgs,
    program: &mut featr::Program,
    ir: &featc_ir::Program,
    reporter: &Reporter,
) -> Result<(), Refused> {
    let mut named = BTreeSet::new();
    for given in &args.sources {
        let Some((name, path)) = given.split_once('=') else {
            let source = ir.sources.first().map_or("payments", |source| source.name.as_str());
            let help = format!("write the source before the file, like `--source {source}={given}`");
            return reporter.refuse(errors::argument("--source", given, "no `=` in it", &help));
        };
        if path.is_empty() {
            let help = format!("write the file after the `=`, like `--source {name}=data/*.csv`");
            return reporter.refuse(errors::argument(
                "--source",
                given,
                "nothing stands after the `=`",
                &help,
            ));
        }
        if !named.insert(name) {
            let why = format!("source `{name}` is named twice");
            let help = format!("name all its files by one folder or glob: `--source {name}=data/*.csv`");
            return reporter.refuse(errors::argument("--source", given, &why, &help));
        }
        let read = program.read_from(name, Path::new(path));
        read.or_else(|error| reporter.refuse(errors::run(&error, None)))?;
    }
    for (name, rows) in &args.given.sources {
        let read = program.read_rows(name, rows.clone());
        read.or_else(|error| reporter.refuse(errors::run(&error, None)))?;
    }
    Ok(())
}

/// `--delay`, in microseconds.
fn delay(args: &RunArgs, reporter: &Reporter) -> Result<Option<u64>, Refused> {
    let Some(text) = &args.delay else { return Ok(None) };
    match featc_driver::parse_duration(text) {
        Some(us) if us >= 0 => Ok(Some(us.unsigned_abs())),
        Some(_) | None => reporter.refuse(errors::no_duration("--delay", text, "not a duration", "5s or 1h30m")),
    }
}

/// The truth that is asked for, with its delay; what contradicts it is refused.
fn truth(args: &RunArgs, program: &featr::Program, service: &str, reporter: &Reporter) -> Result<Truth, Refused> {
    let refuse = |error: featr::Error| reporter.refuse::<()>(errors::run(&error, None)).expect_err("refused");
    let delay_us = delay(args, reporter)?;
    let truth = match args.truth {
        None if !args.served_log.is_empty() => Truth::AsServed,
        None => program.default_truth(service).map_err(refuse)?,
        Some(TruthArg::Complete) => Truth::Complete,
        Some(TruthArg::AsOfArrival) => Truth::AsOfArrival { delay_us: None },
        Some(TruthArg::AsServed) => Truth::AsServed,
    };
    if let (Truth::Complete | Truth::AsOfArrival { .. }, [first, ..]) = (truth, args.served_log.as_slice()) {
        let why = "a served log is asked in truth as-served";
        let help = "leave out `--truth`, or pass the questions as `--spine`";
        let first = first.display().to_string();
        return reporter.refuse(errors::argument("--served-log", &first, why, help));
    }
    match truth {
        Truth::Complete | Truth::AsServed if delay_us.is_some() => {
            let text = args.delay.clone().unwrap_or_default();
            let (why, help) = match truth {
                Truth::AsServed => (
                    "plays no role in truth as-served",
                    "leave it out: the log says where the cuts were",
                ),
                Truth::Complete | Truth::AsOfArrival { .. } => (
                    "plays no role in truth complete",
                    "pass `--truth as-of-arrival` with it",
                ),
            };
            reporter.refuse(errors::argument("--delay", &text, why, help))
        }
        Truth::AsServed if args.served_log.is_empty() => Err(refuse(featr::Error::CutsNeeded)),
        Truth::Complete | Truth::AsServed => Ok(truth),
        Truth::AsOfArrival { .. } => Ok(Truth::AsOfArrival { delay_us }),
    }
}

/// Tells of the rows that a server took in, of sources and of tables, where its answers are read with other ones.
fn tell_pushed(args: &RunArgs, program: &featr::Program, reporter: &Reporter) {
    let served_log = &args.served_log;
    let is_given = |input: &str| {
        let named = |given: &String| given.split_once('=').is_some_and(|(name, _)| name == input);
        args.sources.iter().any(named) || args.given.sources.contains_key(input)
    };
    let pushed = |log: &PathBuf| {
        let served = log.ancestors().find(|folder| folder.ends_with("served"))?;
        Some(served.with_file_name("pushed"))
    };
    let Some(pushed) = served_log.iter().find_map(pushed) else {
        return;
    };
    for input in program.inputs() {
        let folder = pushed.join(&input.name);
        if folder.is_dir() && !is_given(&input.name) {
            let (name, folder) = (&input.name, folder.display());
            reporter.note(&format!(
                "the rows that the server took in are not read: `--source '{name}={folder}/*.parquet'` names those of `{name}`"
            ));
        }
    }
}

impl Prepared {
    /// What messages call the questions.
    pub fn questions(&self) -> &'static str {
        match self.served_log.is_empty() {
            true => "the spine",
            false => "the served log",
        }
    }

    /// The files that the questions are read from.
    pub fn question_files<'a>(&'a self, spine: &'a Path) -> Vec<&'a Path> {
        match self.served_log.as_slice() {
            [] => vec![spine],
            files => files.iter().map(PathBuf::as_path).collect(),
        }
    }

    /// Reads the served log; with `answers`, what was answered as well.
    pub fn served(&self, args: &SpineArgs, answers: bool, reporter: &Reporter) -> Result<ServedLog, Refused> {
        let how = (args.at_column.as_str(), args.zone.as_deref());
        let read = self.program.read_served(&self.service, &self.served_log, how, answers);
        let log = read.or_else(|error| reporter.refuse(errors::of_log(&error, &args.at_column)))?;
        for (column, answers) in &log.without_identity {
            reporter.note(&format!(
                "{answers} of {} of the served log do not say `{column}`, which the program that gave them did not ask for: \
                 it is null there, and `excluding self` takes nothing out",
                counted(log.spine.times.len() as u64, "answer"),
            ));
        }
        Ok(log)
    }

    /// Reads the spine, or the questions of the served log.
    pub fn spine(&self, args: &SpineArgs, reporter: &Reporter) -> Result<Spine, Refused> {
        if !self.served_log.is_empty() {
            return Ok(self.served(args, false, reporter)?.spine);
        }
        let (service, at_column, zone) = (&self.service, &args.at_column, args.zone.as_deref());
        let read = match &self.spine_rows {
            Some(rows) => self.program.spine_in(service, rows, at_column, zone),
            None => self.program.read_spine(service, &args.spine, at_column, zone),
        };
        read.or_else(|error| {
            let asked = self.program.service(service).ok();
            let keys = asked.map_or(&[][..], |asked| asked.keys.as_slice());
            let own = asked.into_iter().flat_map(|asked| &asked.self_columns);
            let own = own.filter(|own| keys.iter().all(|key| key.name != own.name));
            let own: Vec<&str> = own.map(|key| key.name.as_str()).collect();
            let declared = self.ir.service(service);
            let roles = declared.into_iter().flat_map(|declared| &declared.roles);
            let roles = roles.flat_map(|role| role.keys.iter().map(|key| (key.name.as_str(), role.name.as_str())));
            let roles: Vec<(&str, &str)> = roles.collect();
            let zone = self.ir.sources.iter().find_map(|source| source.zone.as_deref());
            reporter.refuse(errors::of_spine(&error, &args.at_column, (keys, &own, &roles), zone))
        })
    }

    /// As [`Prepared::truth_text`], with the sources that it shows though nothing says when their rows were known.
    pub fn truth_words(&self) -> String {
        let mut words = self.truth_text();
        let early = &self.seen_early;
        if !early.without_arrival.is_empty() {
            words += &format!(" ({} seen early: no arrival)", list(&early.without_arrival));
        }
        if !early.static_rows.is_empty() {
            words += &format!(" ({} static)", list(&early.static_rows));
        }
        words
    }

    /// The words for the truth.
    pub fn truth_text(&self) -> String {
        match self.truth {
            Truth::Complete => "complete".to_owned(),
            Truth::AsOfArrival { delay_us: None } => "as-of-arrival".to_owned(),
            Truth::AsOfArrival { delay_us: Some(us) } => {
                format!(
                    "as-of-arrival, delay {}",
                    featc_ir::window::format_duration(i64::try_from(us).unwrap_or(i64::MAX))
                )
            }
            Truth::AsServed => "as-served".to_owned(),
        }
    }
}

/// `planes` or `planes and airports`.
fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
