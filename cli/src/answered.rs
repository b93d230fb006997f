//! A training set on its way to its file: answered, counted, written, told.

use crate::args::RunArgs;
use crate::errors;
use crate::outputs::Aside;
use crate::report::{Refused, Reporter, counted};
use crate::run::Prepared;
use crate::settle::check_found;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use featr::provenance::{Provenance, StagedSet, stage_set};
use featr::{Claim, DecodeError, Limits, RunReport, Side, Spine, TrainOptions, TrainProgress, TrainRows, Training};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// A training set on its way: everything is answered and counted, the rows come one batch after the other.
#[derive(Debug)]
pub struct Answered {
    pub schema: SchemaRef,
    pub report: RunReport,
    rows: Answers,
}

#[derive(Debug)]
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

    /// Refuses questions that find nothing, beyond `--max-missing`, and answers that say nothing.
    pub fn check_found(&self, prepared: &Prepared, args: &RunArgs, reporter: &Reporter) -> Result<(), Refused> {
        let Answers::Running(rows) = &self.rows else {
            return Ok(());
        };
        check_found(prepared, &self.report, rows.spine(), Side::Batch, args, reporter)?;
        let checked = self.report.check_says(&args.limits());
        checked.or_else(|error| reporter.refuse(errors::run(&error, None)))
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
        "rows": training.report.rows,
        "report": training.report,
    });
    if let Some(snapshot) = snapshot {
        value["snapshot"] = snapshot.into();
    }
    reporter.result(&text, &value);
}

/// The options that arguments stand for.
pub fn options(prepared: &Prepared, args: &RunArgs, with_status: bool) -> TrainOptions {
    TrainOptions {
        with_status,
        threads: args.threads.map_or(0, usize::from),
        memory_bytes: args.memory_limit,
        temp: args.temp_dir.clone(),
        prune: !args.reads_every_row(),
        // What was read is told first, and then judged.
        limits: Limits::NONE,
        ..TrainOptions::new(prepared.truth)
    }
}

/// Runs the batch engine with a progress bar.
pub fn batch(
    prepared: &Prepared,
    args: &RunArgs,
    spine: Spine,
    with_status: bool,
    aside: Option<&Aside>,
    reporter: &Reporter,
) -> Result<Answered, Refused> {
    let bar = Arc::new(Mutex::new((reporter.bar(), 0u64)));
    let shown = bar.clone();
    let questions = spine.times.len() as u64;
    let nodes = prepared.program.answers(&prepared.service).unwrap_or(1) as u64;
    let progress = move |progress: &TrainProgress| {
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        if let TrainProgress::Answered { questions: more } = progress {
            shown.1 += more;
            let done = shown.1;
            shown.0.tell("questions", done, questions * nodes);
        }
    };
    let options = TrainOptions {
        rejects: aside.map(|aside| aside.sink(reporter)).transpose()?,
        progress: Some(Arc::new(progress)),
        ..options(prepared, args, with_status)
    };
    let rows = prepared.program.training(&prepared.service, spine, options);
    bar.lock().unwrap_or_else(PoisonError::into_inner).0.done();
    rows.map(Answered::running)
        .or_else(|error| reporter.refuse(errors::run(&error, None)))
}
