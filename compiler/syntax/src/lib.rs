//! Text to syntax tree, formatter and diagnostics.
//!
//! ```
//! use featc_syntax::diag::{SourceMap, terminal};
//!
//! let mut sources = SourceMap::new();
//! let file = sources.add("shop.feat", "module shop\n\nentity card (card: string)\n");
//! let outcome = featc_syntax::parse(file, sources.text(file));
//! assert!(outcome.diagnostics.is_empty());
//! assert_eq!(outcome.value.items.len(), 1);
//! println!("{}", terminal::render(&outcome.diagnostics, &sources, false));
//! ```
//!
//! ```text
//! text ─scan──▶ comments, brackets ─pest──▶ pairs ─build──▶ ast::File ─format──▶ text
//! ```
//!
//! Invariants: parsing never fails and never panics; the types of the parser generator stay in this crate; nothing here
//! knows what a name means.

pub mod ast;
mod build;
pub mod diag;
mod errors;
mod explain;
pub mod foreign;
mod format;
mod forms;
mod literal;
mod operators;
mod parse;
mod scan;

pub use diag::Outcome;
pub use format::format;
pub use literal::{meant_instant, written};
pub use parse::parse;

#[cfg(test)]
mod tests;

/// Whether a word of the language can be no name: `end`, `where`.
pub fn is_reserved(word: &str) -> bool {
    featc_grammar::RESERVED.contains(&word)
}

/// Whether a text is a duration but for its length: more microseconds than an int64 holds.
pub fn is_too_long(text: &str) -> bool {
    !text.is_empty() && matches!(literal::total(text, diag::Span::default()), Ok(None))
}

/// Whether a text is a number of periods of the calendar, which vary in length: `1month`.
pub fn is_of_periods(text: &str) -> bool {
    literal::is_of_periods(text)
}

/// Microseconds of a duration as programs write it (`90m`, `1h30m`); `None` for any other text.
pub fn duration(text: &str) -> Option<i64> {
    if text.is_empty() {
        None
    } else {
        literal::duration(text, diag::Span::default()).ok()
    }
}
