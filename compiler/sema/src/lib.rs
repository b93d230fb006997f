//! Names, types, time: syntax trees to a typed program.
//!
//! ```text
//! [ast::File] ─expand─▶ [ast::File] ─resolve─▶ res::File ─check─▶ Option<ir::Program>
//! ```
//!
//! ```
//! use featc_syntax::diag::SourceMap;
//!
//! let mut sources = SourceMap::new();
//! let file = sources.add("shop.feat", "module shop\n\nentity card (card: strin)\n");
//! let parsed = featc_syntax::parse(file, sources.text(file));
//! let outcome = featc_sema::analyse(&[parsed.value], &sources);
//! assert!(outcome.value.is_none());
//! assert_eq!(outcome.diagnostics[0].message, "unknown type `strin`");
//! ```
//!
//! Invariants: nothing here panics on any syntax tree; what is wrong is reported once, where it is wrong, and hides
//! nothing in its siblings; there is a program only if there is no error. No plans, no arithmetic on values.

mod check;
mod errors;
mod expand;
mod infer;
mod near;
mod res;
mod resolve;
mod testing;

#[cfg(test)]
mod tests;

use featc_ir::Program;
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, Outcome, SourceMap};

pub use resolve::step_for_zone;
pub use testing::tests;

use check::check;
use resolve::resolve;

/// Resolves and checks the files of one module, in the given order.
///
/// `sources` must be the map that the spans of the files point into: origins and the text in messages come from it.
/// The program is there only if no error was found, here or by syntax ([`ast::File::is_complete`]); the complaints are
/// those found here, sorted by place.
pub fn analyse(files: &[ast::File], sources: &SourceMap) -> Outcome<Option<Program>> {
    let expanded = expand::expand(files, sources);
    let mut resolved = resolve(&expanded.files, &expanded.texts);
    resolved.value.complete &= !expanded.complaints.iter().any(Diagnostic::is_error);
    let checked = check(&resolved.value, &expanded.texts);
    let mut diagnostics = expanded.complaints;
    diagnostics.extend(resolved.diagnostics);
    diagnostics.extend(checked.diagnostics);
    let mut diagnostics = expanded.places.told(diagnostics);
    if !resolved.value.complete || diagnostics.iter().any(Diagnostic::is_error) {
        diagnostics.retain(|diagnostic| !check::is_only_for_sound_programs(diagnostic.code));
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.as_ref().map(|label| (label.span, diagnostic.code)));
    Outcome {
        value: checked.value,
        diagnostics,
    }
}
