//! `featc replay`: the same rows from the streaming engine.

use crate::args::{ReplayArgs, ReplayOptions};
use crate::errors;
use crate::progress::Bar;
use crate::report::{Refused, Reporter};
use crate::run::{Aside, Prepared, check_out, check_overwrites, prepare, settle, write};
use featr::{RejectedRows, Spine, Training};

/// Runs the streaming engine over the recorded sources with a progress bar.
pub fn stream(
    prepared: &Prepared,
    options: &ReplayOptions,
    spine: &Spine,
    with_status: bool,
    rejects: Option<Box<dyn RejectedRows>>,
    reporter: &Reporter,
) -> Result<Training, Refused> {
    let mut bar = Bar::new(reporter.json);
    let options = featr::ReplayOptions {
        truth: prepared.truth,
        chunk: usize::try_from(options.chunk).unwrap_or(usize::MAX),
        shuffle: options.shuffle,
        restart_every: options.restart_every,
        with_status,
    };
    let told = &mut |phase: &'static str, done: u64, of: u64| bar.tell(phase, done, of);
    let training = prepared
        .program
        .replay(&prepared.service, spine, &options, rejects, told);
    bar.done();
    training.or_else(|error| reporter.refuse(errors::run(&error, None)))
}

pub fn run(args: &ReplayArgs, reporter: &Reporter) -> Result<(), Refused> {
    let train = &args.train;
    check_out(&train.out, reporter)?;
    let prepared = prepare(&train.program, reporter)?;
    check_overwrites(
        &prepared,
        &train.program.run,
        Some(&train.spine.spine),
        Some(&train.out),
        reporter,
    )?;
    let spine = prepared.spine(&train.spine, reporter)?;
    let aside = Aside::new(&train.program.run, reporter)?;
    let rejects = aside.as_ref().map(|aside| aside.sink(reporter)).transpose()?;
    let training = stream(&prepared, &args.options, &spine, train.status, rejects, reporter)?;
    aside.map_or(Ok(()), |aside| aside.keep(reporter))?;
    settle(&training.report, train.program.run.strict, reporter)?;
    write(&prepared, &training, &train.out, None, reporter)
}
