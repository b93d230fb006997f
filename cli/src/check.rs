//! `featc check`: messages, with `--fix` what they offer, and with `--locked` the lock file.

use crate::args::CheckArgs;
use crate::errors;
use crate::fix::fix;
use crate::report::{Refused, Reporter, counted};
use featc_driver::diag::SourceMap;
use featc_driver::{Compiled, Lock, Project};
use featc_ir::Program;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Reads and compiles a program, printing its messages; of a build, takes the program that was built. Its paths are relative to
/// the folder of the process then, since a build does not know where its program lay.
pub fn compile(path: &Path, reporter: &Reporter) -> Result<(Project, Program), Refused> {
    match featc_driver::is_build(path) {
        true => of_build(path, PathBuf::from("."), reporter),
        false => compile_project(load(path, reporter)?, reporter),
    }
}

/// The program of a build, once its plans are compared with it; `base` is the folder that its paths are relative to.
pub fn of_build(folder: &Path, base: PathBuf, reporter: &Reporter) -> Result<(Project, Program), Refused> {
    let program = featc_driver::program_of_folder(folder)
        .or_else(|error| reporter.refuse(errors::certify(&folder.display().to_string(), &error)))?;
    Ok((Project::at_hand(SourceMap::new(), vec![], base), program))
}

/// Reads a program.
pub fn load(path: &Path, reporter: &Reporter) -> Result<Project, Refused> {
    Project::load(path).or_else(|error| reporter.refuse(errors::load(&error)))
}

/// As [`compile`], of texts that are read.
pub fn compile_project(project: Project, reporter: &Reporter) -> Result<(Project, Program), Refused> {
    let (project, compiled) = compile_tests(project, reporter)?;
    Ok((project, compiled.program))
}

/// As [`compile_project`], with the tests.
pub fn compile_tests(project: Project, reporter: &Reporter) -> Result<(Project, Compiled), Refused> {
    let outcome = featc_driver::compile_with_tests(&project.sources, &project.files);
    reporter.diagnostics(&outcome.diagnostics, &project.sources)?;
    match outcome.value {
        Some(compiled) => Ok((project, compiled)),
        None => reporter.refuse(errors::bug("no program and no error")),
    }
}

pub fn run(args: &CheckArgs, reporter: &Reporter) -> Result<(), Refused> {
    let mut refused = None;
    for path in &args.programs {
        if args.fix
            && let Err(cause) = fix(path, reporter)
        {
            refused = Some(cause);
            continue;
        }
        match compile(path, reporter) {
            Ok((_, program)) => {
                if args.locked
                    && let Err(cause) = as_locked(path, &program, reporter)
                {
                    refused = Some(cause);
                    continue;
                }
                let features: usize = program.views.iter().map(|view| view.features.len()).sum();
                let text = format!(
                    "{}: {}, {}, {}: no errors",
                    path.display(),
                    counted(program.views.len(), "view"),
                    counted(features, "feature"),
                    counted(program.services.len(), "service")
                );
                let value = serde_json::json!({
                    "program": path.display().to_string(),
                    "module": program.module,
                    "views": program.views.len(),
                    "features": features,
                    "services": program.services.len(),
                });
                reporter.result(&text, &value);
            }
            Err(cause) => refused = Some(cause),
        }
    }
    refused.map_or(Ok(()), Err)
}

/// Refuses a program that is not what its lock file says.
fn as_locked(program: &Path, of: &Program, reporter: &Reporter) -> Result<(), Refused> {
    let path = Lock::path(program);
    let (name, asked) = (path.display().to_string(), program.display().to_string());
    // A device may have no end.
    if std::fs::metadata(&path).is_ok_and(|about| !about.is_file()) {
        return reporter.refuse(errors::bad_lock(&name, &asked, "it is no plain file"));
    }
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return reporter.refuse(errors::no_lock(&name, &asked)),
        Err(error) => return reporter.refuse(errors::bad_lock(&name, &asked, &featr::plain(&error))),
    };
    let lock = Lock::read(&text).or_else(|why| reporter.refuse(errors::bad_lock(&name, &asked, &why)))?;
    match lock.differences(&Lock::of(of)) {
        found if found.is_empty() => Ok(()),
        found => reporter.refuse(errors::not_as_locked(&name, &asked, &found)),
    }
}
