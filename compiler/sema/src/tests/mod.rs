//! Fixtures: whole programs, their messages, their typed form.

mod elsewhere;
mod messages;
mod pages;
mod programs;
mod robust;
mod templates;
mod testing;
mod types;

use crate::analyse;
use featc_ir::Program;
use featc_syntax::diag::{Diagnostic, Outcome, SourceMap, terminal};

/// Parses and analyses one file. Syntax's complaints come first.
fn compile(text: &str) -> (Outcome<Option<Program>>, SourceMap) {
    let mut sources = SourceMap::new();
    let file = sources.add("shop.feat", text);
    let parsed = featc_syntax::parse(file, sources.text(file));
    let mut outcome = analyse(&[parsed.value], &sources);
    if let Some(program) = &outcome.value {
        featc_ir::wf::check(program).expect("what is sound is well-formed");
    }
    outcome.diagnostics.splice(0..0, parsed.diagnostics);
    (outcome, sources)
}

/// The codes of all messages, in order.
fn codes(diagnostics: &[Diagnostic]) -> Vec<&'static str> {
    diagnostics.iter().map(|diagnostic| diagnostic.code.code()).collect()
}

fn render(text: &str) -> String {
    let (outcome, sources) = compile(text);
    terminal::render(&outcome.diagnostics, &sources, false)
}
