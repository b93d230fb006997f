//! `parse`: the one entry to scanner, grammar and builder.

use crate::ast::File;
use crate::build;
use crate::diag::{Diagnostic, FileId, Outcome, Span};
use crate::errors;
use crate::scan::scan;
use featc_grammar::{FeatParser, Parser, Rule};

/// Reads a file. Never fails and never panics: what is not understood is reported and left out of the tree, item by item
/// and, inside items, statement by statement. Linear in the length of the text for all but pathological input.
///
/// Diagnostics come in the order of their places.
pub fn parse(file: FileId, text: &str) -> Outcome<File> {
    let scan = scan(file, text);
    let mut diagnostics = scan.diagnostics.clone();
    let mut value = match FeatParser::parse(Rule::file, &scan.masked).map(|mut pairs| pairs.next()) {
        Ok(Some(pair)) => {
            let (value, found) = build::build(file, text, &scan, pair);
            diagnostics.extend(found);
            value
        }
        Ok(None) | Err(_) => {
            // The rule takes any text, so this is our bug, unless the stack is too small.
            diagnostics.push(errors::not_parsed(Span::at(file, 0)));
            let span = Span::new(file, 0, text.trim_end().len());
            File {
                module: None,
                items: vec![],
                comments: scan.comments.clone(),
                span,
                is_complete: false,
            }
        }
    };
    value.is_complete = !diagnostics.iter().any(Diagnostic::is_error);
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.as_ref().map(|label| label.span.start));
    Outcome { value, diagnostics }
}
