//! `featc replay`: the same rows from the streaming engine.

use crate::answered::Answered;
use crate::args::{ReplayArgs, ReplayOptions};
use crate::errors;
use crate::found;
use crate::lake::Out;
use crate::outputs::{Aside, check_columns};
use crate::report::{Refused, Reporter};
use crate::run::{Prepared, prepare};
use crate::settle::{check_found, check_spine, settle};
use featr::{Limits, Recorded, RejectedRows, Side, Spine, Training};

/// Reads the sources and runs the streaming engine over them with a progress bar.
pub fn stream(
    prepared: &Prepared,
    options: &ReplayOptions,
    spine: &Spine,
    with_status: bool,
    rejects: Option<Box<dyn RejectedRows>>,
    reporter: &Reporter,
) -> Result<Training, Refused> {
    let recorded = prepared.program.record(&prepared.service, Side::Stream, rejects);
    let recorded = recorded.or_else(|error| reporter.refuse(errors::run(&error, None)))?;
    stream_recorded(prepared, options, spine, with_status, &recorded, reporter)
}

/// As [`stream`], of rows that have been read.
pub fn stream_recorded(
    prepared: &Prepared,
    options: &ReplayOptions,
    spine: &Spine,
    with_status: bool,
    recorded: &[Recorded],
    reporter: &Reporter,
) -> Result<Training, Refused> {
    let mut bar = reporter.bar();
    let options = featr::ReplayOptions {
        truth: prepared.truth,
        chunk: usize::try_from(options.chunk).unwrap_or(usize::MAX),
        shuffle: options.shuffle,
        restart_every: options.restart_every,
        with_status,
        // What was read is told first, and then judged.
        limits: Limits::NONE,
    };
    let told = &mut |phase: &'static str, done: u64, of: u64| bar.tell(phase, done, of);
    let service = &prepared.service;
    let training = prepared
        .program
        .replay_recorded(service, spine, recorded, &options, told);
    bar.done();
    training.or_else(|error| reporter.refuse(errors::run(&error, None)))
}

pub fn run(args: &ReplayArgs, reporter: &Reporter) -> Result<(), Refused> {
    let train = &args.train;
    let out = Out::check(train, reporter)?;
    let prepared = prepare(&train.program, reporter)?;
    out.check_overwrites(&prepared, train, reporter)?;
    let spine = prepared.spine(&train.spine, reporter)?;
    check_spine(&prepared, &spine, &train.program.run, reporter)?;
    check_columns(&prepared, &spine, train, reporter)?;
    let aside = Aside::new(&train.program.run, reporter)?;
    let rejects = aside.as_ref().map(|aside| aside.sink(reporter)).transpose()?;
    let training = stream(&prepared, &args.options, &spine, train.status, rejects, reporter)?;
    aside.map_or(Ok(()), |aside| aside.keep(reporter))?;
    settle(&training.report, &train.program.run, reporter)?;
    check_found(
        &prepared,
        &training.report,
        &spine,
        Side::Stream,
        &train.program.run,
        reporter,
    )?;
    let mut training = Answered::whole(training);
    found::tell(&prepared, &training, reporter);
    out.write(&prepared, &mut training, train, None, reporter)
}
