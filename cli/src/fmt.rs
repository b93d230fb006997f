//! `featc fmt`: the canonical format.

use crate::args::FmtArgs;
use crate::errors;
use crate::report::{Refused, Reporter};
use featc_driver::Project;
use std::io::Write as _;
use std::path::Path;

pub fn run(args: &FmtArgs, reporter: &Reporter) -> Result<(), Refused> {
    let mut refused = None;
    for path in &args.programs {
        let project = match Project::load(path) {
            Ok(project) => project,
            Err(error) => {
                refused = reporter.refuse::<()>(errors::load(&error)).err();
                continue;
            }
        };
        for file in &project.files {
            let name = project.sources.name(*file);
            match featc_driver::format(&project.sources, *file) {
                Err(diagnostics) => refused = reporter.diagnostics(&diagnostics, &project.sources).err(),
                Ok(text) if text == project.sources.text(*file) => {}
                Ok(_) if args.check => {
                    reporter.result(
                        &format!("not formatted: {name}"),
                        &serde_json::json!({ "not_formatted": name }),
                    );
                    refused = Some(Refused);
                }
                Ok(text) => match rewrite(Path::new(name), &text) {
                    Ok(()) => reporter.result(&format!("formatted: {name}"), &serde_json::json!({ "formatted": name })),
                    Err(error) => {
                        refused = reporter
                            .refuse::<()>(errors::unwritable(name, &error.to_string()))
                            .err()
                    }
                },
            }
        }
    }
    refused.map_or(Ok(()), Err)
}

/// Replaces a file's content, keeping its permissions: beside it, flushed, renamed.
fn rewrite(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut aside = tempfile::NamedTempFile::new_in(folder)?;
    aside.write_all(text.as_bytes())?;
    aside
        .as_file()
        .set_permissions(std::fs::metadata(path)?.permissions())?;
    aside.as_file().sync_all()?;
    aside.persist(path).map_err(|error| error.error)?;
    Ok(())
}
