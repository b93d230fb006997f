//! `featc check --fix`: does what messages offer, where nothing else can be meant and the program is the better for it.

use crate::errors;
use crate::report::{Refused, Reporter, counted};
use crate::rewrite::rewrite;
use featc_driver::Project;
use featc_driver::diag::{Code, Diagnostic, FileId, SHOWN_MAX, SourceMap, Span};
use std::collections::BTreeSet;
use std::path::Path;

/// How often a program is read again: an edit may bring to light what was hidden behind it.
const ROUNDS_MAX: usize = 16;

/// An edit that a message offers.
struct Edit<'a> {
    code: Code,
    message: &'a str,
    /// Where the message points.
    place: Option<Span>,
    at: Span,
    text: &'a str,
}

/// Edits the files of a program until no message offers anything that is sure; tells each edit, but people no more of them than
/// messages. What is left is told by who checks it then.
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
    let mut tried: BTreeSet<(Code, String, usize)> = BTreeSet::new();
    for _ in 0..ROUNDS_MAX {
        let Ok(project) = Project::load(path) else {
            return Ok(());
        };
        let diagnostics = featc_driver::compile_with_tests(&project.sources, &project.files).diagnostics;
        let mut edits = offered(&diagnostics, &project.sources);
        // A message that comes back is not ended by its edit.
        edits.retain(|edit| tried.insert((edit.code, edit.message.to_owned(), edit.at.start)));
        keep_good(&mut edits, &diagnostics, &project);
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

/// The sure edits of messages, in the order of the text; of those that touch one another the first.
fn offered<'a>(diagnostics: &'a [Diagnostic], sources: &SourceMap) -> Vec<Edit<'a>> {
    let all = diagnostics.iter().filter_map(|diagnostic| {
        let (at, text) = diagnostic.help.as_ref()?.sure_edit(sources)?;
        Some(Edit {
            code: diagnostic.code,
            message: &diagnostic.message,
            place: diagnostic.primary.as_ref().map(|label| label.span),
            at,
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

/// Leaves the edits after which the program is the better for each of them: they are made on a copy, which is checked. An
/// edit is dropped if its message is still there, or if another error has come to its place; the rest is tried once more.
fn keep_good(edits: &mut Vec<Edit<'_>>, before: &[Diagnostic], project: &Project) {
    while !edits.is_empty() {
        let mut sources = SourceMap::new();
        for file in project.sources.ids() {
            let here: Vec<&Edit<'_>> = edits.iter().filter(|edit| edit.at.file == file).collect();
            sources.add(project.sources.name(file), edited(project.sources.text(file), &here));
        }
        let after = featc_driver::compile_with_tests(&sources, &project.files).diagnostics;
        let good: Vec<bool> = (0..edits.len())
            .map(|index| is_good(edits, index, before, &after, &sources))
            .collect();
        if good.iter().all(|good| *good) {
            return;
        }
        let mut good = good.iter();
        edits.retain(|_| good.next() == Some(&true));
    }
}

/// Whether the edited program has no error at the place of an edit, or of its message, that was not there before, and not its
/// message again.
fn is_good(edits: &[Edit<'_>], index: usize, before: &[Diagnostic], after: &[Diagnostic], sources: &SourceMap) -> bool {
    let edit = &edits[index];
    let moved = |offset: usize| moved(edits, edit.at.file, offset);
    let start = moved(edit.at.start);
    let end = start + edit.text.len();
    // With the word after it: what does not fit is found there.
    let text = sources.text(edit.at.file);
    let rest = text[end..].trim_start();
    let next = text.len() - rest.len();
    let word = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .map_or(rest.len(), |length| length.max(1));
    let last = next + word;
    let place = |one: &Diagnostic| one.primary.as_ref().map(|label| label.span);
    let was_there = |one: &Diagnostic, at: Span| {
        before.iter().any(|old| {
            (old.code, &old.message) == (one.code, &one.message)
                && place(old).is_some_and(|old| old.file == at.file && moved(old.start) == at.start)
        })
    };
    !after.iter().any(|one| {
        let in_place = |at: Span| {
            let is_same =
                |place: Span| place.file == at.file && (moved(place.start), moved(place.end)) == (at.start, at.end);
            at.start < last && start <= at.end || edit.place.is_some_and(is_same)
        };
        let Some(at) = place(one).filter(|at| at.file == edit.at.file && in_place(*at)) else {
            return false;
        };
        let is_same = (one.code, one.message.as_str()) == (edit.code, edit.message);
        is_same || one.is_error() && !was_there(one, at)
    })
}

/// Where a byte of a file is after the edits: one within an edited range, where that begins.
fn moved(edits: &[Edit<'_>], file: FileId, offset: usize) -> usize {
    let before = edits
        .iter()
        .filter(|edit| edit.at.file == file && edit.at.start < offset);
    before.fold(offset, |at, edit| {
        let was = edit.at.end.min(offset) - edit.at.start;
        at - was + if edit.at.end <= offset { edit.text.len() } else { 0 }
    })
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
