//! The command line as a library, for the binary `featc` and for the extension module of Python: what one says, refuses and
//! computes, the other does too.
//!
//! A [`report::Reporter`] prints messages and results, or keeps them. [`args::Given`] is what a caller in the same process
//! has in place of files: the text of a program, rows in memory.

mod advice;
pub mod answered;
pub mod args;
mod backfill;
mod build;
pub mod caller;
mod certify;
pub mod check;
mod demo;
mod diff;
pub mod errors;
mod explain;
mod export;
mod fix;
mod fmt;
mod foreign;
mod found;
mod get;
mod heap;
mod junit;
mod lake;
mod lock;
mod notices;
mod outputs;
pub mod progress;
mod provenance;
mod random;
mod replay;
pub mod report;
mod reproduce;
mod rewrite;
pub mod run;
pub mod serve;
mod settle;
mod state;
mod table;
mod testing;
pub mod train;
mod usage;
mod verify;

use args::{Cli, Command};
use clap::Parser as _;
use report::Reporter;
use std::ffi::OsString;
use std::process::ExitCode;

/// A broken file may make the library that reads it panic: that is told as what is wrong with the file, and nothing else.
pub fn keep_silent_about_what_is_caught() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !featr::panic_is_caught() {
            before(info);
        }
    }));
}

/// The binary.
pub fn main() -> ExitCode {
    keep_silent_about_what_is_caught();
    let words: Vec<_> = std::env::args_os().collect();
    let itself = std::env::current_exe().into_iter().map(Into::into);
    ExitCode::from(command_line(&words, itself.collect(), heap::settle))
}

/// Runs the command of some words, the first of which is the name of the binary, prints what it tells, and gives the exit
/// code. `itself` are the words that start a command line like this one; `before` is done before a command is run.
pub fn command_line(words: &[OsString], itself: Vec<OsString>, before: impl FnOnce(&Command)) -> u8 {
    let mut cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(error) => return usage::end(&error, words),
    };
    before(&cli.command);
    if let Command::Demo(args) = &mut cli.command {
        args.itself = itself;
    }
    featr::lake::file_size_is_an_error();
    let reporter = Reporter::new(&cli);
    match run(&cli.command, &reporter) {
        Ok(()) if !reporter.failed.get() => 0,
        Err(report::Refused) if matches!(cli.command, Command::Test(_)) => 2,
        Ok(()) | Err(report::Refused) => 1,
    }
}

/// The command that words stand for, the first of which is the name of the binary.
///
/// # Errors
/// The words are no command line, which has been told.
pub fn understand(words: &[String], reporter: &Reporter) -> Result<Command, report::Refused> {
    match Cli::try_parse_from(words) {
        Ok(cli) => Ok(cli.command),
        Err(error) => {
            usage::refuse(&error, words, reporter);
            Err(report::Refused)
        }
    }
}

/// Runs a command.
///
/// # Errors
/// The command ended without its result; every cause has been told.
pub fn run(command: &Command, reporter: &Reporter) -> Result<(), report::Refused> {
    match command {
        Command::Check(args) => check::run(args, reporter),
        Command::Build(args) => build::run(args, reporter),
        Command::Certify(args) => certify::run(args, reporter),
        Command::Diff(args) => diff::run(args, reporter),
        Command::Lock(args) => lock::run(args, reporter),
        Command::Test(args) => testing::run(args, reporter),
        Command::Fmt(args) => fmt::run(args, reporter),
        Command::Explain(args) => explain::run(args, reporter),
        Command::Train(args) => train::run(args, reporter),
        Command::Backfill(args) => backfill::run(args, reporter),
        Command::Replay(args) => replay::run(args, reporter),
        Command::Verify(args) => verify::run(args, reporter),
        Command::Get(args) => get::run(args, reporter),
        Command::Serve(args) => serve::run(args, reporter),
        Command::Export(args) => export::run(args, reporter),
        Command::State(args) => state::run(args, reporter),
        Command::Demo(args) => demo::run(args, reporter),
        Command::Notices => notices::run(reporter),
    }
}
