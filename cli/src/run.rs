//! What train, replay, verify and get begin with: the program, the truth, the spine.

use crate::args::{ProgramArgs, RunArgs, SpineArgs, TruthArg};
use crate::check::compile;
use crate::errors;
use crate::report::{Refused, Reporter};
use featr::{SeenEarly, Spine, Table, Truth};
use std::path::Path;
use std::sync::Arc;

/// A compiled program, ready to run one service.
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
}

/// Compiles the program and settles files and truth.
pub fn prepare(args: &ProgramArgs, reporter: &Reporter) -> Result<Prepared, Refused> {
    let (project, ir) = compiled(&args.program, &args.run, reporter)?;
    prepare_compiled(project, ir, &args.service, &args.run, reporter)
}

/// The program that is given, or that of the path.
pub fn compiled(
    path: &Path,
    args: &RunArgs,
    reporter: &Reporter,
) -> Result<(featc_driver::Project, featc_ir::Program), Refused> {
    match &args.given.program {
        Some(given) => Ok((given.project.clone(), given.ir.clone())),
        None => compile(path, reporter),
    }
}

/// As [`prepare`], of a program that is compiled already.
pub fn prepare_compiled(
    project: featc_driver::Project,
    ir: featc_ir::Program,
    service: &str,
    args: &RunArgs,
    reporter: &Reporter,
) -> Result<Prepared, Refused> {
    let plans = featc_driver::lower(&ir);
    featc_driver::certify(&ir, &plans).or_else(|refusal| reporter.refuse(errors::refused(&refusal)))?;
    let mut program = featr::Program::new(plans.batch, plans.stream, project.base.clone());
    let refuse = |error: featr::Error| reporter.refuse::<()>(errors::run(&error, None)).expect_err("refused");
    program.service(service).map_err(refuse)?;
    if let Some(folder) = args.temp_dir.as_deref().filter(|folder| !folder.is_dir()) {
        let help = "make it, or name another";
        let name = folder.display().to_string();
        return reporter.refuse(errors::argument("--temp-dir", &name, "is no folder", help));
    }
    for given in &args.sources {
        let Some((name, path)) = given.split_once('=') else {
            let help = "write it like --source departures=data/flights.parquet";
            return reporter.refuse(errors::argument("--source", given, "no `=` in it", help));
        };
        program.read_from(name, Path::new(path)).map_err(refuse)?;
    }
    for (name, rows) in &args.given.sources {
        program.read_rows(name, rows.clone()).map_err(refuse)?;
    }
    if let Some(interrupt) = &args.given.interrupt {
        program = program.with_interrupt(interrupt.clone());
    }
    let delay_us = match &args.delay {
        None => None,
        Some(text) => match featc_driver::parse_duration(text) {
            Some(us) if us >= 0 => Some(us.unsigned_abs()),
            Some(_) | None => {
                return reporter.refuse(errors::argument(
                    "--delay",
                    text,
                    "not a duration",
                    "write it like 5s or 1h30m",
                ));
            }
        },
    };
    let truth = match args.truth {
        None => program.default_truth(service).map_err(refuse)?,
        Some(TruthArg::Complete) => Truth::Complete,
        Some(TruthArg::AsOfArrival) => Truth::AsOfArrival { delay_us: None },
    };
    let truth = match truth {
        Truth::Complete if delay_us.is_some() => {
            let text = args.delay.clone().unwrap_or_default();
            let help = "pass `--truth as-of-arrival` with it";
            return reporter.refuse(errors::argument(
                "--delay",
                &text,
                "plays no role in truth complete",
                help,
            ));
        }
        Truth::Complete => Truth::Complete,
        Truth::AsOfArrival { .. } => Truth::AsOfArrival { delay_us },
    };
    let seen_early = program.seen_early(service, truth).map_err(refuse)?;
    Ok(Prepared {
        ir,
        program,
        service: service.to_owned(),
        truth,
        seen_early,
        project,
        spine_rows: args.given.spine.clone(),
    })
}

impl Prepared {
    /// Reads the spine.
    pub fn spine(&self, args: &SpineArgs, reporter: &Reporter) -> Result<Spine, Refused> {
        let (service, at_column, zone) = (&self.service, &args.at_column, args.zone.as_deref());
        let read = match &self.spine_rows {
            Some(rows) => self.program.spine_in(service, rows, at_column, zone),
            None => self.program.read_spine(service, &args.spine, at_column, zone),
        };
        read.or_else(|error| reporter.refuse(errors::of_command(&error, Some(&args.at_column))))
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
