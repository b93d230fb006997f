//! `featc check`: messages only.

use crate::args::CheckArgs;
use crate::errors;
use crate::report::{Refused, Reporter, counted};
use featc_driver::Project;
use featc_ir::Program;
use std::path::Path;

/// Reads and compiles a program, printing its messages.
pub fn compile(path: &Path, reporter: &Reporter) -> Result<(Project, Program), Refused> {
    let project = Project::load(path).or_else(|error| reporter.refuse(errors::load(&error)))?;
    compile_project(project, reporter)
}

/// As [`compile`], of texts that are read.
pub fn compile_project(project: Project, reporter: &Reporter) -> Result<(Project, Program), Refused> {
    let outcome = featc_driver::compile(&project.sources, &project.files);
    reporter.diagnostics(&outcome.diagnostics, &project.sources)?;
    match outcome.value {
        Some(program) => Ok((project, program)),
        None => reporter.refuse(errors::bug("no program and no error")),
    }
}

pub fn run(args: &CheckArgs, reporter: &Reporter) -> Result<(), Refused> {
    let mut refused = None;
    for path in &args.programs {
        match compile(path, reporter) {
            Ok((_, program)) => {
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
