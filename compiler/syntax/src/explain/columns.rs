//! Columns of a source that are written as in other languages.

use super::Failure;
use super::piece::Piece;
use crate::diag::Diagnostic;
use crate::errors;
use crate::forms::Context;
use crate::scan::TokenKind;

/// Words for types, here and elsewhere, that may stand before the name of a column.
const TYPES: [&str; 22] = [
    "int64",
    "float64",
    "decimal",
    "string",
    "bool",
    "timestamp",
    "date",
    "duration",
    "int",
    "int32",
    "integer",
    "bigint",
    "long",
    "float",
    "double",
    "numeric",
    "text",
    "str",
    "varchar",
    "boolean",
    "datetime",
    "timestamptz",
];

impl Failure<'_> {
    /// `columns (int64 id, string? card)`
    pub(super) fn types_first(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let first = piece.at.checked_sub(1).filter(|first| *first >= 2)?;
        let begins = matches!(piece.text(first - 1), "(" | ",") && piece.depth(first) == 1;
        let is_type = |index: usize| TYPES.contains(&piece.lower(index).as_str());
        if self.context != Context::Clause || piece.text(0) != "columns" || !begins || !is_type(first) {
            return None;
        }
        let arguments = match piece.text(first + 1) {
            "(" => (first + 2..piece.tokens.len()).find(|index| piece.text(*index) == ")")?,
            _ => first,
        };
        let last = arguments + usize::from(piece.text(arguments + 1) == "?");
        let is_name = piece.kind(last + 1) == Some(TokenKind::Word) && !is_type(last + 1);
        let ends = matches!(piece.text(last + 2), "," | ")");
        (is_name && ends).then(|| {
            let (ty, name) = (piece.slice(first, last), piece.text(last + 1));
            errors::type_before_the_column(name, ty, piece.span(first, last + 1))
        })
    }

    /// `columns (id int64, card string)`
    pub(super) fn without_colons(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let is_word = |index: usize| piece.kind(index) == Some(TokenKind::Word);
        let is_bare = |index: usize| {
            let begins = matches!(piece.text(index - 1), "(" | ",") && piece.depth(index) == 1;
            begins && is_word(index) && is_word(index + 1)
        };
        let first = piece.at.checked_sub(1).filter(|first| *first >= 2 && is_bare(*first))?;
        if self.context != Context::Clause || piece.text(0) != "columns" {
            return None;
        }
        let last = piece.tokens.len() - 1;
        let mut columns = piece.slice(1, last).to_owned();
        for index in (2..last).rev().filter(|index| is_bare(*index)) {
            columns.insert(piece.tokens[index].end - piece.tokens[1].start, ':');
        }
        let (name, ty) = (piece.text(first), piece.text(first + 1));
        Some(errors::columns_without_colons(
            name,
            ty,
            piece.span(first, first + 1),
            piece.span(1, last),
            &columns,
        ))
    }
}
