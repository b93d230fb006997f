//! The arguments of every subcommand.

mod backfill;
mod export;
mod local;
#[cfg(test)]
mod page;
mod run;
mod serve;
mod state;
mod train;

pub use backfill::{BackfillArgs, PARTS_BOUND};
pub use export::{ExportCommand, ExportTarget, FeastArgs};
pub use local::{NOT_LOCAL, is_address};
pub use run::{Compiled, Given, ProgramArgs, RunArgs, SpineArgs, TruthArg, size};
pub use serve::ServeArgs;
pub use state::{ExportArgs, FolderArgs, ShowArgs, StateArgs, StateCommand, StateQuestion};
pub use train::{ModeArg, OutArgs, OutFormat, TrainArgs, TrainCommand};

use local::local;

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Features written once, computed in batch and online with the same bits.
#[derive(Debug, Parser)]
#[command(name = "featc", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// Print results and messages as JSON, one document a line
    #[arg(long, global = true)]
    pub json: bool,
    /// How messages look
    #[arg(long, global = true, value_enum, default_value_t = MessageFormat::Full)]
    pub message_format: MessageFormat,
    /// When to colour messages
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto)]
    pub color: Colour,
    #[command(subcommand)]
    pub command: Command,
}

/// The column of a spine that has the instants, where none is named.
pub const AT_COLUMN: &str = "timestamp";

const EXIT_CODES: &str = "Exit codes:
  0  done
  1  refused: the program, the data or an argument's value (each cause has a code, see `featc explain`),
     or differences found (`verify`, `diff`, `fmt --check`), or a test that failed (`test`)
  2  wrong usage of the command line (E0910): an unknown command or option, a missing or invalid value;
     of `test`: nothing was tested, because the program is refused or has no test";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MessageFormat {
    /// With the lines of the program
    Full,
    /// One line each
    Short,
    /// One JSON object each
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check programs and print what is wrong with them
    Check(CheckArgs),
    /// Compile a program: typed IR, batch plans, stream graph, manifest
    Build(BuildArgs),
    /// Compare the plans of a build with its program again, without its source
    Certify(CertifyArgs),
    /// Compare what two programs mean: features, services, the state of a server
    Diff(DiffArgs),
    /// Write down what the features of programs mean, for `featc check --locked`
    Lock(LockArgs),
    /// Run the tests of programs on the model and both engines
    Test(TestArgs),
    /// Rewrite programs in the canonical format
    Fmt(FmtArgs),
    /// Explain a message code, or a word
    Explain(ExplainArgs),
    /// Compute a training set with the batch engine
    Train(TrainCommand),
    /// Materialise a service or a view over a range of time, in chunks that survive a crash
    Backfill(BackfillArgs),
    /// Compute the same rows from the streaming engine's state, as events come in
    Replay(ReplayArgs),
    /// Run both engines (and the model on a sample) and compare them bit by bit
    Verify(VerifyArgs),
    /// Answer one entity at one instant from the sources, as a server would (of its state: `featc state show`)
    Get(GetArgs),
    /// Answer over HTTP from durable state: push rows, ask for features
    Serve(ServeArgs),
    /// Write what other tools read: a repository of Feast
    Export(ExportCommand),
    /// Look at the durable state of a server that does not run: list, show, verify, compact, export
    State(StateCommand),
    /// The whole tour on real flights
    Demo(DemoArgs),
    /// Print the licences of the crates that this binary contains
    Notices,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// `.feat` files, or folders that each hold one program
    #[arg(required = true, value_name = "PROGRAM")]
    pub programs: Vec<PathBuf>,
    /// Edit the programs as their messages offer, where little else can be meant and no other error comes in place of the message, and print what was changed; then check them
    #[arg(long)]
    pub fix: bool,
    /// Refuse a program whose features, services or their columns are not those of its lock file (see `featc lock`)
    #[arg(long)]
    pub locked: bool,
}

#[derive(Debug, Args)]
pub struct LockArgs {
    /// `.feat` files, or folders that each hold one program
    #[arg(required = true, value_name = "PROGRAM")]
    pub programs: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct TestArgs {
    /// `.feat` files, or folders that each hold one program
    #[arg(required = true, value_name = "PROGRAM")]
    pub programs: Vec<PathBuf>,
    /// Run the tests whose name holds this text
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Run the test whose name is the text of --filter
    #[arg(long, requires = "filter")]
    pub exact: bool,
    /// Print the names of the tests, and run none
    #[arg(long)]
    pub list: bool,
    /// Write what came of them as JUnit XML: a test case per test
    #[arg(long, value_name = "FILE", conflicts_with = "list", value_parser = local())]
    pub junit: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct BuildArgs {
    /// A `.feat` file, or a folder that holds one program
    #[arg(value_name = "PROGRAM")]
    pub program: PathBuf,
    /// Where builds go; this one into `<DIR>/<module>/`
    #[arg(long, value_name = "DIR", default_value = "target/feat", value_parser = local())]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct CertifyArgs {
    /// The folder of a build, such as `target/feat/<module>`
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The older program: a `.feat` file, a folder, the folder of a build, or REVISION:PATH of git
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// The newer one
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// Print Markdown, for a pull request
    #[arg(long)]
    pub markdown: bool,
}

#[derive(Debug, Args)]
pub struct FmtArgs {
    /// `.feat` files, or folders; `-` is standard input, formatted to standard output
    #[arg(required = true, value_name = "PROGRAM")]
    pub programs: Vec<PathBuf>,
    /// Write nothing; list the files that are not formatted and exit with 1 if there are any
    #[arg(long)]
    pub check: bool,
}

#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A code such as E0203, or a word of the glossary such as `missing`
    #[arg(value_name = "CODE")]
    pub code: String,
}

#[derive(Debug, Args)]
pub struct ReplayOptions {
    /// Events handed over at a time
    #[arg(long, value_name = "N", default_value_t = 4096, value_parser = clap::value_parser!(u64).range(1..))]
    pub chunk: u64,
    /// Hand over all rows before the first question, in a random order of this seed
    #[arg(long, value_name = "SEED")]
    pub shuffle: Option<u64>,
    /// Snapshot, drop and restore the engine every N events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub restart_every: Option<u64>,
}

#[derive(Debug, Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    pub train: TrainArgs,
    #[command(flatten)]
    pub options: ReplayOptions,
}

#[derive(Debug, Args)]
#[command(mut_arg("spine", |spine| {
    spine.required(false).required_unless_present("served_log").default_value(".").hide_default_value(true)
}))]
pub struct VerifyArgs {
    #[command(flatten)]
    pub program: ProgramArgs,
    #[command(flatten)]
    pub spine: SpineArgs,
    /// In place of --spine: compare the answers of a served log, Parquet files, folders or globs, with what they are when they
    /// are computed again, in truth as-served
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = [
        "spine", "shuffle", "restart_every", "metamorphic", "junit", "case",
    ])]
    pub served_log: Vec<PathBuf>,
    #[command(flatten)]
    pub options: ReplayOptions,
    /// Questions that the slow model answers too: rows of the spine, and as many or more at the edges of windows, about any
    /// entity that has events; of a served log answers of it alone
    #[arg(long, value_name = "N", default_value_t = VerifyArgs::SAMPLE)]
    pub sample: usize,
    /// Which questions --sample and --metamorphic draw
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub seed: u64,
    /// Answer the spine again after changes that must not change a bit: other questions, other entities, shifted instants,
    /// events outside all windows, split files, a memory limit, other threads, another order of delivery
    #[arg(long)]
    pub metamorphic: bool,
    /// Write what was compared as JUnit XML: a test case per check and feature
    #[arg(long, value_name = "FILE", value_parser = local())]
    pub junit: Option<PathBuf>,
    /// Write what --json prints to a file
    #[arg(long, value_name = "FILE", value_parser = local())]
    pub report: Option<PathBuf>,
    /// Where a difference goes, shrunk to the fewest events and questions: a folder that is not there yet, or is empty. Without
    /// it, `target/feat/case-1` or the next number that is free
    #[arg(long, value_name = "FOLDER", value_parser = local())]
    pub case: Option<PathBuf>,
}

impl VerifyArgs {
    /// The sample where nobody says.
    pub const SAMPLE: usize = 100;
}

#[derive(Debug, Args)]
pub struct GetArgs {
    #[command(flatten)]
    pub program: ProgramArgs,
    /// A key of the entity, an `excluding self` column or a field of a request, for example origin=JFK (may be repeated)
    #[arg(long = "key", value_name = "NAME=VALUE")]
    pub keys: Vec<String>,
    /// The instant of the question, for example 2013-03-01T12:00:00Z
    #[arg(long, value_name = "INSTANT")]
    pub at: String,
}

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Keep the files of the tour in this folder instead of a temporary one
    #[arg(long, value_name = "DIR", value_parser = local())]
    pub keep: Option<PathBuf>,
    /// The words that start this command line: the tour starts a server
    #[arg(skip)]
    pub itself: Vec<OsString>,
}
