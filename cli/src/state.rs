//! `featc state`: what a folder of online state holds, without a server; all but `compact` change nothing in it.

mod compact;
mod export;
mod list;
mod show;
mod verify;

use crate::args::{Given, StateArgs, StateCommand, StateQuestion};
use crate::errors;
use crate::report::{Refused, Reporter};
use crate::run::compiled as given_or_compiled;
use featc_ir::Program;
use featr_online::{Disk, Folder, Found, inspect};
use std::path::Path;
use std::sync::Arc;

pub fn run(args: &StateCommand, reporter: &Reporter) -> Result<(), Refused> {
    match &args.what {
        StateQuestion::List(args) => list::run(args, reporter),
        StateQuestion::Show(args) => show::run(args, reporter),
        StateQuestion::Verify(args) => verify::run(args, reporter),
        StateQuestion::Compact(args) => compact::run(args, reporter),
        StateQuestion::Export(args) => export::run(args, reporter),
    }
}

/// Takes a folder of state that is there, so that no server changes it meanwhile.
pub fn taken(folder: &Path, reporter: &Reporter) -> Result<Folder, Refused> {
    let name = folder.display().to_string();
    if folder.is_file() {
        let help = "name the folder that `featc serve --state` was given";
        return reporter.refuse(errors::argument("--state", &name, "is a file", help));
    }
    match Folder::existing(folder) {
        Ok(Some(disk)) => Ok(disk),
        Ok(None) => reporter.refuse(errors::busy_state(&name)),
        Err(error) => reporter.refuse(errors::no_state(&name, &error)),
    }
}

/// A program, as it is compiled and as it runs. Of `sources`, `NAME=PATH`, those that name tables say their files.
pub fn compiled(
    (path, given): (&Path, &Given),
    sources: &[String],
    reporter: &Reporter,
) -> Result<(Program, featr::Program), Refused> {
    let (project, ir) = given_or_compiled(path, given, reporter)?;
    let plans = featc_driver::lower(&ir);
    featc_driver::certify(&ir, &plans).or_else(|refusal| reporter.refuse(errors::refused(&refusal)))?;
    let mut program = featr::Program::new(plans.batch, plans.stream, project.base);
    let refuse = |error: featr::Error| reporter.refuse::<()>(errors::run(&error, None)).expect_err("refused");
    let given = sources.iter().filter_map(|given| given.split_once('='));
    for (name, path) in given.filter(|(name, _)| is_table(&program, name)).collect::<Vec<_>>() {
        program.read_from(name, Path::new(path)).map_err(refuse)?;
    }
    program.load_static_tables().map_err(refuse)?;
    Ok((ir, program))
}

/// Whether the program looks into a table of this name that never changes. One with versions is an input, as sources are.
pub fn is_table(program: &featr::Program, name: &str) -> bool {
    let tables = program.tables();
    tables
        .iter()
        .any(|table| table.name == name && table.versions.is_none())
}

/// The length of time that an option says.
pub fn duration(option: &str, text: &str, reporter: &Reporter) -> Result<u64, Refused> {
    match featc_driver::parse_duration(text) {
        Some(us) if us >= 0 => Ok(us.unsigned_abs()),
        Some(_) | None => reporter.refuse(errors::no_duration(option, text, "not a duration", "5s or 1h30m")),
    }
}

/// A state with the program that reads it, which can go on with all of it.
struct Opened {
    ir: Program,
    program: featr::Program,
    found: Found,
}

fn opened(args: &StateArgs, reporter: &Reporter) -> Result<Opened, Refused> {
    let (ir, program) = compiled((&args.program, &args.given), &[], reporter)?;
    let disk: Arc<dyn Disk> = Arc::new(taken(&args.folder.state, reporter)?);
    let folder = args.folder.state.display().to_string();
    let found = inspect(&program, &disk, None);
    let found = found.or_else(|error| reporter.refuse(errors::kept_state(&args.folder.state, &error)))?;
    let Some(found) = found else {
        let error = featr_online::StateError::Nothing { folder };
        return reporter.refuse(errors::kept_state(&args.folder.state, &error));
    };
    match found.refusal(&program, &folder) {
        None => Ok(Opened { ir, program, found }),
        Some(error) => reporter.refuse(errors::state_of_another(&error)),
    }
}
