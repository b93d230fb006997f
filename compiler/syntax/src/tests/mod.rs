//! Tests of the whole crate: messages, trees, layout, and properties of generated and damaged programs.

mod dump;
mod generate;
mod habits;
mod layout;
mod messages;
mod properties;
mod trees;

use crate::diag::{SourceMap, terminal};
use dump::dump;

/// The tree of a text, and its messages if it has any.
fn tree(text: &str) -> String {
    let mut sources = SourceMap::new();
    let file = sources.add("a.feat", text);
    let outcome = crate::parse(file, text);
    dump(&outcome.value) + &terminal::short(&outcome.diagnostics, &sources)
}

/// The messages of a text as a person sees them.
fn messages(text: &str) -> String {
    let mut sources = SourceMap::new();
    let file = sources.add("a.feat", text);
    terminal::render(&crate::parse(file, text).diagnostics, &sources, false)
}

/// The messages about statements of a view, one line each.
fn in_view(statements: &str) -> String {
    let text = format!("module m\nview v of e from s {{\n{statements}\n}}\n");
    let mut sources = SourceMap::new();
    let file = sources.add("a.feat", text.as_str());
    let lines: String = crate::parse(file, &text)
        .diagnostics
        .iter()
        .map(|found| {
            let help = found.help.as_ref().map_or("", |help| &help.text);
            let place = found.primary.as_ref().map_or("", |label| sources.slice(label.span));
            format!("{} at `{place}`: {}; {help}\n", found.code, found.message)
        })
        .collect();
    lines
}
