//! `featc train`: a training set from the batch engine.

use crate::args::{ProgramArgs, TrainArgs};
use crate::errors;
use crate::lake::Out;
use crate::progress::Bar;
use crate::report::{Refused, Reporter};
use crate::run::{Aside, Prepared, prepare, settle};
use featr::{Spine, TrainOptions, TrainProgress, Training};
use std::sync::{Arc, Mutex, PoisonError};

/// Runs the batch engine with a progress bar.
pub fn batch(
    prepared: &Prepared,
    args: &ProgramArgs,
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
        with_status,
        threads: args.threads.map_or(0, usize::from),
        rejects: aside.map(|aside| aside.sink(reporter)).transpose()?,
        progress: Some(Arc::new(progress)),
        ..TrainOptions::new(prepared.truth)
    };
    let training = prepared.program.train(&prepared.service, spine, options);
    bar.lock().unwrap_or_else(PoisonError::into_inner).0.done();
    training.or_else(|error| reporter.refuse(errors::run(&error, None)))
}

pub fn run(args: &TrainArgs, reporter: &Reporter) -> Result<(), Refused> {
    let out = Out::check(args, reporter)?;
    let prepared = prepare(&args.program, reporter)?;
    out.check_overwrites(&prepared, args, reporter)?;
    let spine = prepared.spine(&args.spine, reporter)?;
    let aside = Aside::new(&args.program, reporter)?;
    let training = batch(&prepared, &args.program, spine, args.status, aside.as_ref(), reporter)?;
    aside.map_or(Ok(()), |aside| aside.keep(reporter))?;
    settle(&training.report, args.program.strict, reporter)?;
    out.write(&prepared, &training, args, reporter)
}
