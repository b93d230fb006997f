//! `featc`: the command line.
//!
//! Exit codes: 0 done; 1 refused (every cause is a diagnostic with a code) or, for `fmt --check`, not formatted;
//! 2 wrong usage of the command line, which is a diagnostic too.

mod advice;
mod answered;
mod args;
mod backfill;
mod build;
mod certify;
mod check;
mod demo;
mod errors;
mod explain;
mod fmt;
mod foreign;
mod found;
mod get;
mod heap;
mod lake;
mod notices;
mod outputs;
mod progress;
mod provenance;
mod random;
mod replay;
mod report;
mod run;
mod settle;
mod table;
mod train;
mod usage;
mod verify;

use args::{Cli, Command};
use clap::Parser as _;
use report::Reporter;
use std::process::ExitCode;

/// A broken file may make the library that reads it panic: that is told as what is wrong with the file, and nothing else.
fn keep_silent_about_what_is_caught() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !featr::panic_is_caught() {
            before(info);
        }
    }));
}

fn main() -> ExitCode {
    keep_silent_about_what_is_caught();
    let words: Vec<_> = std::env::args_os().collect();
    let cli = match Cli::try_parse_from(&words) {
        Ok(cli) => cli,
        Err(error) => return usage::end(&error, &words),
    };
    if matches!(
        cli.command,
        Command::Train(_) | Command::Backfill(_) | Command::Verify(_)
    ) {
        heap::per_core();
    }
    featr::lake::file_size_is_an_error();
    let reporter = Reporter::new(&cli);
    let outcome = match &cli.command {
        Command::Check(args) => check::run(args, &reporter),
        Command::Build(args) => build::run(args, &reporter),
        Command::Certify(args) => certify::run(args, &reporter),
        Command::Fmt(args) => fmt::run(args, &reporter),
        Command::Explain(args) => explain::run(args, &reporter),
        Command::Train(args) => train::run(args, &reporter),
        Command::Backfill(args) => backfill::run(args, &reporter),
        Command::Replay(args) => replay::run(args, &reporter),
        Command::Verify(args) => verify::run(args, &reporter),
        Command::Get(args) => get::run(args, &reporter),
        Command::Demo(args) => demo::run(args, &reporter),
        Command::Notices => notices::run(&reporter),
    };
    match outcome {
        Ok(()) if !reporter.failed.get() => ExitCode::SUCCESS,
        Ok(()) | Err(report::Refused) => ExitCode::from(1),
    }
}
