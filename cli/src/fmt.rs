//! `featc fmt`: the canonical format.

use crate::args::FmtArgs;
use crate::errors;
use crate::report::{Refused, Reporter};
use crate::rewrite::rewrite;
use featc_driver::diag::SourceMap;
use featc_driver::{LoadError, PROGRAM_BYTES_MAX, Project};
use std::io::Read as _;
use std::path::Path;

/// What messages call standard input.
const STDIN: &str = "standard input";

pub fn run(args: &FmtArgs, reporter: &Reporter) -> Result<(), Refused> {
    let mut refused = None;
    for path in &args.programs {
        if path == Path::new("-") {
            refused = stdin(args, reporter).err().or(refused);
            continue;
        }
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
                Ok(_) if args.check => refused = Some(not_formatted(name, reporter)),
                Ok(text) => match rewrite(path, &text) {
                    Ok(()) => reporter.result(&format!("formatted: {name}"), &serde_json::json!({ "formatted": name })),
                    Err(why) => refused = reporter.refuse::<()>(errors::unwritable(name, &why)).err(),
                },
            }
        }
    }
    refused.map_or(Ok(()), Err)
}

fn not_formatted(name: &str, reporter: &Reporter) -> Refused {
    reporter.result(
        &format!("not formatted: {name}"),
        &serde_json::json!({ "not_formatted": name }),
    );
    Refused
}

/// From standard input to standard output.
fn stdin(args: &FmtArgs, reporter: &Reporter) -> Result<(), Refused> {
    let text = read().or_else(|error| reporter.refuse(errors::load(&error)))?;
    let mut sources = SourceMap::new();
    let file = sources.add(STDIN, text);
    match featc_driver::format(&sources, file) {
        Err(diagnostics) => reporter.diagnostics(&diagnostics, &sources),
        Ok(text) if args.check && text != sources.text(file) => Err(not_formatted(STDIN, reporter)),
        Ok(_) if args.check => Ok(()),
        Ok(text) => {
            reporter.text(&text, &serde_json::json!({ "text": text }));
            Ok(())
        }
    }
}

fn read() -> Result<String, LoadError> {
    let path = || STDIN.into();
    let mut bytes = vec![];
    let mut input = std::io::stdin().lock().take(PROGRAM_BYTES_MAX + 1);
    let why = |error: &std::io::Error| LoadError::Unreadable {
        path: path(),
        why: featr::plain(error),
    };
    input.read_to_end(&mut bytes).map_err(|error| why(&error))?;
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if length > PROGRAM_BYTES_MAX {
        return Err(LoadError::TooLarge {
            path: path(),
            bytes: length,
        });
    }
    String::from_utf8(bytes).map_err(|_| LoadError::Unreadable {
        path: path(),
        why: "it is not UTF-8".to_owned(),
    })
}
