//! `featc fmt`: the canonical format.

use crate::args::FmtArgs;
use crate::errors;
use crate::report::{Refused, Reporter};
use featc_driver::Project;
use featr::Aside;
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
        for (file, path) in project.files.iter().zip(&project.paths) {
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
                Ok(text) => match rewrite(path, &text) {
                    Ok(()) => reporter.result(&format!("formatted: {name}"), &serde_json::json!({ "formatted": name })),
                    Err(why) => refused = reporter.refuse::<()>(errors::unwritable(name, &why)).err(),
                },
            }
        }
    }
    refused.map_or(Ok(()), Err)
}

/// Replaces a file's content, keeping its permissions: whole or not at all. A link stays, and where it leads is rewritten.
/// A file with several names is refused: replacing it would part them.
fn rewrite(path: &Path, text: &str) -> Result<(), String> {
    let about = std::fs::metadata(path).map_err(|error| featr::plain(&error))?;
    let names = names(&about);
    if names > 1 {
        return Err(format!(
            "it has {names} names (hard links), and would keep its content under the others"
        ));
    }
    let replace = || {
        let aside = Aside::create(path)?;
        let mut file = aside.file();
        file.write_all(text.as_bytes())?;
        file.set_permissions(about.permissions())?;
        aside.put()
    };
    replace().map_err(|error: std::io::Error| featr::plain(&error))
}

#[cfg(unix)]
fn names(about: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(about)
}

#[cfg(not(unix))]
fn names(_about: &std::fs::Metadata) -> u64 {
    1
}
