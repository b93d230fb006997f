//! `featc train`: a training set from the batch engine.

use crate::args::{ProgramArgs, RunArgs, SpineArgs, TrainCommand};
use crate::errors;
use crate::progress::Bar;
use crate::provenance::{self, Recorder};
use crate::report::{Refused, Reporter};
use crate::run::{Aside, Prepared, check_out, check_overwrites, prepare, settle, write};
use featr::provenance::sidecar;
use featr::{Spine, TrainOptions, TrainProgress, Training};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The options that arguments stand for.
pub fn options(prepared: &Prepared, args: &RunArgs, with_status: bool) -> TrainOptions {
    TrainOptions {
        with_status,
        threads: args.threads.map_or(0, usize::from),
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
) -> Result<Training, Refused> {
    let bar = Arc::new(Mutex::new((Bar::new(reporter.json), 0u64)));
    let shown = bar.clone();
    let questions = spine.times.len() as u64;
    let nodes = prepared.program.service(&prepared.service).map_or(1, |service| {
        let mut finishes: Vec<_> = service.columns.iter().map(|(id, _)| *id).collect();
        finishes.sort_unstable();
        finishes.dedup();
        finishes.len() as u64
    });
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
    let training = prepared.program.train(&prepared.service, spine, options);
    bar.lock().unwrap_or_else(PoisonError::into_inner).0.done();
    training.or_else(|error| reporter.refuse(errors::run(&error, None)))
}

pub fn run(args: &TrainCommand, reporter: &Reporter) -> Result<(), Refused> {
    if let Some(file) = &args.from_provenance {
        return provenance::reproduce(args, file, reporter);
    }
    let (Some(program), Some(service), Some(spine), Some(out)) = (&args.program, &args.service, &args.spine, &args.out)
    else {
        return reporter.refuse(errors::bug("an argument that is required is missing"));
    };
    let program = ProgramArgs {
        program: program.clone(),
        service: service.clone(),
        run: args.run.clone(),
    };
    let spine = SpineArgs {
        spine: spine.clone(),
        at_column: args.at_column.clone(),
        zone: args.zone.clone(),
    };
    check_out(out, reporter)?;
    let prepared = prepare(&program, reporter)?;
    check_outputs(&prepared, &program.run, &spine.spine, out, reporter)?;
    let recorder = Recorder::begin(&prepared, &program, &spine, args.hash_inputs, reporter)?;
    let questions = prepared.spine(&spine, reporter)?;
    let aside = Aside::new(&program.run, reporter)?;
    let training = batch(
        &prepared,
        &program.run,
        questions,
        args.status,
        aside.as_ref(),
        reporter,
    )?;
    aside.map_or(Ok(()), |aside| aside.keep(reporter))?;
    settle(&training.report, program.run.strict, reporter)?;
    let record = recorder.end(&prepared, &training, out, args.status, reporter)?;
    write(&prepared, &training, out, Some(&record), reporter)
}

/// Refuses outputs, the record among them, that would replace inputs or each other.
pub fn check_outputs(
    prepared: &Prepared,
    run: &RunArgs,
    spine: &Path,
    out: &Path,
    reporter: &Reporter,
) -> Result<(), Refused> {
    check_overwrites(prepared, run, Some(spine), Some(out), reporter)?;
    check_overwrites(prepared, run, Some(spine), Some(&sidecar(out)), reporter)
}
