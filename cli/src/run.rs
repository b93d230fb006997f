//! What train, replay, verify and get begin with: the program, the truth, the spine; and what they end with.

use crate::args::{ProgramArgs, SpineArgs, TruthArg};
use crate::check::compile;
use crate::errors;
use crate::report::{Refused, Reporter};
use featr::{JsonlRejects, RejectedRows, RunReport, Spine, Training, Truth};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// A compiled program, ready to run one service.
pub struct Prepared {
    pub ir: featc_ir::Program,
    pub program: featr::Program,
    pub service: String,
    pub truth: Truth,
}

/// Compiles the program and settles files and truth.
pub fn prepare(args: &ProgramArgs, reporter: &Reporter) -> Result<Prepared, Refused> {
    let (project, ir) = compile(&args.program, reporter)?;
    let plans = featc_driver::lower(&ir);
    let mut program = featr::Program::new(plans.batch, plans.stream, project.base);
    let refuse = |error: featr::Error| reporter.refuse::<()>(errors::run(&error, None)).expect_err("refused");
    program.service(&args.service).map_err(refuse)?;
    for given in &args.sources {
        let Some((name, path)) = given.split_once('=') else {
            let help = "write it like --source departures=data/flights.parquet";
            return reporter.refuse(errors::argument("--source", given, "no `=` in it", help));
        };
        program.read_from(name, Path::new(path)).map_err(refuse)?;
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
        None => program.default_truth(&args.service).map_err(refuse)?,
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
    Ok(Prepared {
        ir,
        program,
        service: args.service.clone(),
        truth,
    })
}

impl Prepared {
    /// Reads the spine.
    pub fn spine(&self, args: &SpineArgs, reporter: &Reporter) -> Result<Spine, Refused> {
        let read = self
            .program
            .read_spine(&self.service, &args.spine, &args.at_column, args.zone.as_deref());
        read.or_else(|error| reporter.refuse(errors::run(&error, Some(&args.at_column))))
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

/// Rejected rows on their way to `--rejected FILE`: written beside it, and named so when the run has ended.
pub struct Aside {
    path: PathBuf,
    file: tempfile::NamedTempFile,
}

impl Aside {
    /// `None` when nobody asked for them.
    pub fn new(args: &ProgramArgs, reporter: &Reporter) -> Result<Option<Aside>, Refused> {
        let Some(path) = &args.rejected else { return Ok(None) };
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        match tempfile::NamedTempFile::new_in(folder) {
            Ok(file) => Ok(Some(Aside {
                path: path.clone(),
                file,
            })),
            Err(error) => reporter.refuse(errors::unwritable(&path.display().to_string(), &error.to_string())),
        }
    }

    /// The sink that a run takes.
    pub fn sink(&self, reporter: &Reporter) -> Result<Box<dyn RejectedRows>, Refused> {
        match self.file.reopen() {
            Ok(file) => Ok(Box::new(JsonlRejects::new(
                BufWriter::new(file),
                self.path.display().to_string(),
            ))),
            Err(error) => reporter.refuse(errors::unwritable(&self.path.display().to_string(), &error.to_string())),
        }
    }

    /// Gives the file its name.
    pub fn keep(self, reporter: &Reporter) -> Result<(), Refused> {
        let path = self.path.display().to_string();
        let synced = self.file.as_file().sync_all();
        let kept = synced.and_then(|()| self.file.persist(&self.path).map_err(|error| error.error));
        kept.map(|_| ())
            .or_else(|error| reporter.refuse(errors::unwritable(&path, &error.to_string())))
    }
}

/// Tells people what was rejected; under `--strict` that ends the command.
pub fn settle(report: &RunReport, strict: bool, reporter: &Reporter) -> Result<(), Refused> {
    let mut rejected = 0;
    for source in &report.sources {
        rejected += source.rejected_total();
        if source.rejected_total() > 0 {
            let reasons: Vec<String> = source
                .rejected
                .iter()
                .map(|(reason, count)| format!("{count} {reason}"))
                .collect();
            reporter.note(&format!(
                "source {}: {} rows rejected ({})",
                source.source,
                source.rejected_total(),
                reasons.join(", ")
            ));
            for example in &source.examples {
                reporter.note(&format!("  {example}"));
            }
        }
        for (view, counts) in &source.dropped {
            let counts: Vec<String> = counts
                .iter()
                .map(|(reason, count)| format!("{count} {reason}"))
                .collect();
            reporter.note(&format!(
                "{view}: events that do not count there: {}",
                counts.join(", ")
            ));
        }
    }
    for warning in &report.warnings {
        reporter.note(&format!("warning: {warning}"));
    }
    if strict && rejected > 0 {
        reporter.refuse(errors::strict(rejected))
    } else {
        Ok(())
    }
}

/// Writes a training set, whole or not at all, and tells what it is.
pub fn write(prepared: &Prepared, training: &Training, out: &Path, reporter: &Reporter) -> Result<(), Refused> {
    featr::write_rows(out, training.schema.clone(), training.batches.iter().cloned())
        .or_else(|error| reporter.refuse(errors::run(&error.into(), None)))?;
    let features = training.schema.fields().len();
    let text = format!(
        "{}: {} rows, {features} columns, service {}, truth {}",
        out.display(),
        training.report.rows,
        prepared.service,
        prepared.truth_text()
    );
    let value = serde_json::json!({
        "out": out.display().to_string(),
        "program": prepared.program.hash(),
        "service": prepared.service,
        "truth": prepared.truth_text(),
        "columns": features,
        "report": training.report,
    });
    reporter.result(&text, &value);
    Ok(())
}

/// Refuses an output that could not be written before any work is done.
pub fn check_out(out: &Path, reporter: &Reporter) -> Result<(), Refused> {
    featr::OutputFormat::of(out)
        .map(|_| ())
        .or_else(|error| reporter.refuse(errors::run(&error.into(), None)))?;
    let folder = out
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    match tempfile::NamedTempFile::new_in(folder) {
        Ok(_) => Ok(()),
        Err(error) => reporter.refuse(errors::unwritable(&out.display().to_string(), &plain(&error))),
    }
}

fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such folder".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
