//! What train, replay, verify and get begin with: the program, the truth, the spine; and what they end with.

use crate::args::{ProgramArgs, RunArgs, SpineArgs, TruthArg};
use crate::check::compile;
use crate::errors;
use crate::report::{Refused, Reporter, counted};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use featc_driver::diag::{Diagnostic, SourceMap};
use featr::provenance::{Provenance, StagedSet, stage_set};
use featr::{
    Claim, DecodeError, JsonlRejects, RejectedRows, RunReport, SeenEarly, Side, SourceReport, Spine, TrainRows,
    Training, Truth, begins_with_reject, open_file,
};
use std::collections::BTreeMap;
use std::path::Path;

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
}

/// Compiles the program and settles files and truth.
pub fn prepare(args: &ProgramArgs, reporter: &Reporter) -> Result<Prepared, Refused> {
    let (project, ir) = compile(&args.program, reporter)?;
    prepare_compiled(project, ir, &args.service, &args.run, reporter)
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
    })
}

impl Prepared {
    /// Reads the spine.
    pub fn spine(&self, args: &SpineArgs, reporter: &Reporter) -> Result<Spine, Refused> {
        let read = self
            .program
            .read_spine(&self.service, &args.spine, &args.at_column, args.zone.as_deref());
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

/// Rejected rows on their way to `--rejected FILE`: written beside it, and named so when the run has ended.
pub struct Aside {
    claim: Claim,
    file: featr::Aside,
}

impl Aside {
    /// `None` when nobody asked for them.
    pub fn new(args: &RunArgs, reporter: &Reporter) -> Result<Option<Aside>, Refused> {
        let Some(path) = &args.rejected else { return Ok(None) };
        let claim = claim(path, reporter)?;
        match featr::Aside::create(path) {
            Ok(file) => Ok(Some(Aside { claim, file })),
            Err(error) => reporter.refuse(errors::unwritable(&path.display().to_string(), &plain(&error))),
        }
    }

    /// The sink that a run takes.
    pub fn sink(&self, reporter: &Reporter) -> Result<Box<dyn RejectedRows>, Refused> {
        let name = self.claim.target().display().to_string();
        match self.file.file().try_clone() {
            // Unbuffered: an error must show while the run goes on.
            Ok(file) => Ok(Box::new(JsonlRejects::new(file, name))),
            Err(error) => reporter.refuse(errors::unwritable(&name, &plain(&error))),
        }
    }

    /// Gives the file its name.
    pub fn keep(self, reporter: &Reporter) -> Result<(), Refused> {
        let path = self.claim.target().display().to_string();
        let kept = self.file.put();
        kept.or_else(|error| reporter.refuse(errors::unwritable(&path, &plain(&error))))
    }
}

/// Tells people what was rejected; under `--strict`, or beyond `--max-rejected`, that ends the command.
pub fn settle(report: &RunReport, args: &RunArgs, reporter: &Reporter) -> Result<(), Refused> {
    let mut rejected = 0;
    let mut told = Vec::new();
    for source in &report.sources {
        rejected += source.rejected_total();
        if source.rejected_total() > 0 {
            let line = format!(
                "source {}: {} of {} rejected ({})",
                source.source,
                source.rejected_total(),
                counted(source.rejected_total() + source.accepted, "row"),
                words(&source.rejected)
            );
            reporter.note(&line);
            told.push(line);
            for example in &source.examples {
                reporter.note(&format!("  {example}"));
            }
            if source.accepted == 0 {
                let example = source.examples.first().map(String::as_str);
                return reporter.refuse(errors::nothing_accepted(
                    &source.source,
                    source.rejected_total(),
                    example,
                ));
            }
        }
        rejected += source.rejected_by_any_view;
        for (view, counts) in &source.rejected_by_view {
            let line = format!("{view}: rows rejected there: {}", words(counts));
            reporter.note(&line);
            told.push(line);
        }
        for example in &source.view_examples {
            reporter.note(&format!("  {example}"));
        }
        if source.conflicting_ids > 0 {
            reporter.note(&conflicts(source));
        }
        if source.differing_copies > 0 {
            reporter.note(&differing_copies(source));
        }
        for (view, counts) in &source.dropped {
            reporter.note(&format!("{view}: events that do not count there: {}", words(counts)));
        }
    }
    let warnings: Vec<Diagnostic> = report.warnings.iter().map(errors::warning).collect();
    reporter.diagnostics(&warnings, &SourceMap::new())?;
    if args.strict && rejected > 0 {
        return reporter.refuse(errors::strict(rejected, if reporter.json { &told } else { &[] }));
    }
    let limits = args.limits();
    let checked = report.sources.iter().try_for_each(|source| source.check(&limits));
    checked.or_else(|error| reporter.refuse(errors::run(&error, None)))
}

/// Refuses questions that find nothing, beyond `--max-missing`. `side` is what was read.
pub fn check_found(
    prepared: &Prepared,
    report: &RunReport,
    questions: &Spine,
    side: Side,
    args: &RunArgs,
    reporter: &Reporter,
) -> Result<(), Refused> {
    let checked = prepared
        .program
        .check_limits(&prepared.service, report, questions, side, &args.limits());
    checked.or_else(|error| reporter.refuse(errors::run(&error, None)))
}

/// `3 late, 1 null_time`
fn words(counts: &BTreeMap<String, u64>) -> String {
    let counts: Vec<String> = counts
        .iter()
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    counts.join(", ")
}

/// Tells of ids under which a source has different rows.
fn conflicts(source: &SourceReport) -> String {
    let ids = if source.conflicting_ids == 1 {
        "1 id has".to_owned()
    } else {
        format!("{} ids have", source.conflicting_ids)
    };
    format!(
        "source {}: {ids} different rows, which all count ({})",
        source.source,
        examples(&source.conflict_examples, source.conflicting_ids)
    )
}

/// Tells of events whose copies differ in columns that the source does not declare.
fn differing_copies(source: &SourceReport) -> String {
    let events = if source.differing_copies == 1 {
        "1 event has".to_owned()
    } else {
        format!("{} events have", source.differing_copies)
    };
    format!(
        "source {}: {events} copies that differ in undeclared columns and count once; declare the columns if these are \
         different events ({})",
        source.source,
        examples(&source.differing_copy_examples, source.differing_copies)
    )
}

/// The examples, and how many more there are.
fn examples(shown: &[String], all: u64) -> String {
    match all.saturating_sub(shown.len() as u64) {
        0 => shown.join("; "),
        more => format!("{} and {more} more", shown.join("; ")),
    }
}

/// A training set on its way: everything is answered and counted, the rows come one batch after the other.
pub struct Answered {
    pub schema: SchemaRef,
    pub report: RunReport,
    rows: Answers,
}

enum Answers {
    /// All at hand.
    Whole(std::vec::IntoIter<RecordBatch>),
    Running(Box<TrainRows>),
}

impl Answered {
    pub fn whole(training: Training) -> Answered {
        Answered {
            schema: training.schema,
            report: training.report,
            rows: Answers::Whole(training.batches.into_iter()),
        }
    }

    pub fn running(rows: TrainRows) -> Answered {
        Answered {
            schema: rows.schema(),
            report: rows.report(),
            rows: Answers::Running(Box::new(rows)),
        }
    }

    /// Refuses questions that find nothing, beyond `--max-missing`.
    pub fn check_found(&self, prepared: &Prepared, args: &RunArgs, reporter: &Reporter) -> Result<(), Refused> {
        match &self.rows {
            Answers::Whole(_) => Ok(()),
            Answers::Running(rows) => check_found(prepared, &self.report, rows.spine(), Side::Batch, args, reporter),
        }
    }

    /// The questions, if they are not answered by replay.
    pub fn questions(&self) -> Option<&Spine> {
        match &self.rows {
            Answers::Whole(_) => None,
            Answers::Running(rows) => Some(rows.spine()),
        }
    }

    /// The rows that were not taken yet.
    pub fn rows(&mut self) -> impl Iterator<Item = Result<RecordBatch, DecodeError>> {
        std::iter::from_fn(|| match &mut self.rows {
            Answers::Whole(batches) => batches.next().map(Ok),
            Answers::Running(rows) => rows.next().map(|batch| {
                batch.map_err(|error| match error {
                    featr::Error::Decode(error) => error,
                    other => DecodeError::Unreadable {
                        file: "the answers".into(),
                        why: other.to_string(),
                    },
                })
            }),
        })
    }

    /// All of it.
    pub fn collect(mut self, reporter: &Reporter) -> Result<Training, Refused> {
        let batches: Result<Vec<RecordBatch>, DecodeError> = self.rows().collect();
        let batches = batches.or_else(|error| reporter.refuse(errors::run(&error.into(), None)))?;
        Ok(Training {
            schema: self.schema,
            batches,
            report: self.report,
        })
    }

    /// What the nodes of the plan did, if a plan ran.
    pub fn measured(&self) -> Option<String> {
        match &self.rows {
            Answers::Whole(_) => None,
            Answers::Running(rows) => Some(rows.measured()),
        }
    }
}

/// Writes a training set aside, with its record if it has one.
pub fn stage(
    training: &mut Answered,
    out: Claim,
    record: Option<&Provenance>,
    args: &RunArgs,
    reporter: &Reporter,
) -> Result<StagedSet, Refused> {
    let schema = training.schema.clone();
    let staged = stage_set(out, schema, training.rows(), record, &args.write_options());
    staged.or_else(|error| reporter.refuse(errors::run(&error.into(), None)))
}

/// Writes a training set, whole or not at all, and tells what it is.
pub fn write(
    prepared: &Prepared,
    training: &mut Answered,
    out: Claim,
    record: Option<&Provenance>,
    args: &RunArgs,
    reporter: &Reporter,
) -> Result<(), Refused> {
    let target = out.target().to_owned();
    let staged = stage(training, out, record, args, reporter)?;
    put(staged, prepared, training, &target, reporter)
}

/// Puts a training set in place and tells what it is.
pub fn put(
    staged: StagedSet,
    prepared: &Prepared,
    training: &Answered,
    out: &Path,
    reporter: &Reporter,
) -> Result<(), Refused> {
    staged
        .put()
        .or_else(|error| reporter.refuse(errors::run(&error.into(), None)))?;
    tell(prepared, training, &out.display().to_string(), None, reporter);
    Ok(())
}

/// Tells what was written; `snapshot` is what a table is now.
pub fn tell(prepared: &Prepared, training: &Answered, out: &str, snapshot: Option<&str>, reporter: &Reporter) {
    let features = training.schema.fields().len();
    let version = snapshot.map(|snapshot| format!(", {snapshot}")).unwrap_or_default();
    let text = format!(
        "{out}: {}, {}, service {}, truth {}{version}",
        counted(training.report.rows, "row"),
        counted(features, "column"),
        prepared.service,
        prepared.truth_words()
    );
    let mut value = serde_json::json!({
        "out": out,
        "program": prepared.program.hash(),
        "service": prepared.service,
        "truth": prepared.truth_text(),
        "seen_early": prepared.seen_early,
        "columns": features,
        "report": training.report,
    });
    if let Some(snapshot) = snapshot {
        value["snapshot"] = snapshot.into();
    }
    reporter.result(&text, &value);
}

/// Refuses to replace what is not a plain file: a link, a device, a pipe, a folder.
fn check_plain(target: &Path, reporter: &Reporter) -> Result<(), Refused> {
    match std::fs::symlink_metadata(target) {
        Ok(found) if !found.is_file() => {
            let name = target.display().to_string();
            reporter.refuse(errors::unwritable(&name, "it exists and is not a plain file"))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Whether two paths lead to one place.
pub fn same_file(left: &Path, right: &Path) -> bool {
    match (std::fs::canonicalize(left), std::fs::canonicalize(right)) {
        (Ok(left), Ok(right)) => left == right,
        _ => std::path::absolute(left).ok() == std::path::absolute(right).ok(),
    }
}

/// Refuses outputs that are inputs of the same command, or each other, or cannot be replaced.
pub fn check_overwrites(
    prepared: &Prepared,
    args: &RunArgs,
    spine: Option<&Path>,
    out: Option<&Path>,
    reporter: &Reporter,
) -> Result<(), Refused> {
    let rejected = args.rejected.as_deref();
    if let (Some(out), Some(rejected)) = (out, rejected)
        && same_file(out, rejected)
    {
        return reporter.refuse(errors::overwrites(
            &out.display().to_string(),
            "the file of rejected rows",
        ));
    }
    let files = prepared.program.input_files(&prepared.service).unwrap_or_default();
    for target in [out, rejected].into_iter().flatten() {
        let name = target.display().to_string();
        check_plain(target, reporter)?;
        if spine.is_some_and(|spine| same_file(target, spine)) {
            return reporter.refuse(errors::overwrites(&name, "the spine"));
        }
        if prepared.project.paths.iter().any(|file| same_file(target, file)) {
            return reporter.refuse(errors::overwrites(&name, "the program"));
        }
        if files.iter().any(|file| same_file(target, file)) {
            return reporter.refuse(errors::overwrites(&name, "a source file"));
        }
        if prepared.program.would_read(&prepared.service, target) {
            return reporter.refuse(errors::overwrites(
                &name,
                "a file that a source would read from now on, and so an input",
            ));
        }
    }
    match rejected {
        Some(rejected) if !is_rejects(rejected) => reporter.refuse(errors::no_rejects(&rejected.display().to_string())),
        Some(_) | None => Ok(()),
    }
}

/// Whether nothing is lost where rejected rows take the place of this file: it is not there, empty, or held some before.
fn is_rejects(path: &Path) -> bool {
    match open_file(path) {
        Ok(file) => begins_with_reject(file),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

/// Takes an output for this run, before any work is done; refuses one that could not be written, or that another run
/// is writing to.
pub fn check_out(out: &Path, reporter: &Reporter) -> Result<Claim, Refused> {
    let known = featr::output_format(out);
    known.or_else(|error| reporter.refuse(errors::run(&error.into(), None)))?;
    claim(out, reporter)
}

/// Takes a file that is to be written.
pub fn claim(target: &Path, reporter: &Reporter) -> Result<Claim, Refused> {
    let name = target.display().to_string();
    if name.ends_with(std::path::is_separator) {
        return reporter.refuse(errors::named_like_a_folder(&name));
    }
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        return reporter.refuse(errors::unwritable(&name, "no such folder"));
    }
    Claim::take(target).or_else(|error| reporter.refuse(errors::run(&error.into(), None)))
}

fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such folder".to_owned(),
        _ => featr::plain(error),
    }
}
