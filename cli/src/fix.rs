//! `featc check --fix`: does what messages offer, where they offer one certain edit.

use crate::errors;
use crate::report::{Refused, Reporter, counted};
use crate::rewrite::rewrite;
use featc_driver::Project;
use featc_driver::diag::{Code, Diagnostic, FileId, SHOWN_MAX, Span};
use std::collections::BTreeSet;
use std::path::Path;

/// How often a program is read again: an edit may bring to light what was hidden behind it.
const ROUNDS_MAX: usize = 16;

/// An edit that a message offers.
struct Edit<'a> {
    code: Code,
    message: &'a str,
    at: Span,
    text: &'a str,
}

/// Edits the files of a program until no message offers anything; tells each edit, but people no more of them than messages. What
/// is left is told by who checks it then.
pub fn fix(path: &Path, reporter: &Reporter) -> Result<(), Refused> {
    let mut told = 0;
    let fixed = fix_telling(path, reporter, &mut told);
    if told > SHOWN_MAX && !reporter.json {
        let rest = counted(told - SHOWN_MAX, "more edit");
        reporter.note(&format!("fixed: {rest}; `--json` lists all of them"));
    }
    fixed
}

fn fix_telling(path: &Path, reporter: &Reporter, told: &mut usize) -> Result<(), Refused> {
    let mut done: BTreeSet<(Code, String, usize)> = BTreeSet::new();
    for _ in 0..ROUNDS_MAX {
        let Ok(project) = Project::load(path) else {
            return Ok(());
        };
        let diagnostics = featc_driver::compile_with_tests(&project.sources, &project.files).diagnostics;
        let mut edits = offered(&diagnostics);
        // A message that comes back is not ended by its edit.
        edits.retain(|edit| done.insert((edit.code, edit.message.to_owned(), edit.at.start)));
        if edits.is_empty() {
            return Ok(());
        }
        for (file, path) in project.files.iter().zip(&project.paths) {
            let here: Vec<&Edit<'_>> = edits.iter().filter(|edit| edit.at.file == *file).collect();
            if here.is_empty() {
                continue;
            }
            let name = project.sources.name(*file);
            rewrite(path, &edited(project.sources.text(*file), &here))
                .or_else(|why| reporter.refuse(errors::unwritable(name, &why)))?;
            for edit in here {
                *told += 1;
                if reporter.json || *told <= SHOWN_MAX {
                    tell(edit, &project, *file, reporter);
                }
            }
        }
    }
    Ok(())
}

/// The edits of messages, in the order of the text; of those that touch one another the first.
fn offered(diagnostics: &[Diagnostic]) -> Vec<Edit<'_>> {
    let all = diagnostics.iter().filter_map(|diagnostic| {
        let (at, text) = diagnostic.help.as_ref()?.edit.as_ref()?;
        Some(Edit {
            code: diagnostic.code,
            message: &diagnostic.message,
            at: *at,
            text,
        })
    });
    let mut all: Vec<Edit<'_>> = all.collect();
    all.sort_by_key(|edit| edit.at);
    let mut kept: Vec<Edit<'_>> = vec![];
    for edit in all {
        let is_free = kept
            .last()
            .is_none_or(|last| last.at.file != edit.at.file || last.at.end < edit.at.start);
        if is_free {
            kept.push(edit);
        }
    }
    kept
}

/// A text with edits that do not touch one another, in its order.
fn edited(text: &str, edits: &[&Edit<'_>]) -> String {
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for edit in edits {
        out.push_str(&text[from..edit.at.start]);
        out.push_str(edit.text);
        from = edit.at.end;
    }
    out + &text[from..]
}

fn tell(edit: &Edit<'_>, project: &Project, file: FileId, reporter: &Reporter) {
    let name = project.sources.name(file);
    let place = project.sources.position(file, edit.at.start);
    let (was, code) = (project.sources.slice(edit.at), edit.code.code());
    let what = match (was.is_empty(), edit.text.is_empty()) {
        (true, _) => format!("`{}` is added", edit.text),
        (false, true) => format!("`{was}` is removed"),
        (false, false) => format!("`{was}` is now `{}`", edit.text),
    };
    let text = format!(
        "fixed: {name}:{}:{}: {what} ({code}: {})",
        place.line, place.column, edit.message
    );
    let value = serde_json::json!({
        "fixed": name,
        "line": place.line,
        "column": place.column,
        "code": code,
        "from": was,
        "to": edit.text,
    });
    reporter.result(&text, &value);
}
