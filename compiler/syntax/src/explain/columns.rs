//! Columns of a source that are written as in other languages.

use super::Failure;
use super::piece::Piece;
use crate::diag::Diagnostic;
use crate::errors;
use crate::forms::Context;
use crate::scan::TokenKind;

/// Words for types, here and elsewhere, that may stand before the name of a column, and what they are here.
const TYPES: [(&str, &str); 22] = [
    ("int64", "int64"),
    ("float64", "float64"),
    ("decimal", "decimal"),
    ("string", "string"),
    ("bool", "bool"),
    ("timestamp", "timestamp"),
    ("date", "date"),
    ("duration", "duration"),
    ("int", "int64"),
    ("int32", "int64"),
    ("integer", "int64"),
    ("bigint", "int64"),
    ("long", "int64"),
    ("float", "float64"),
    ("double", "float64"),
    ("numeric", "decimal"),
    ("text", "string"),
    ("str", "string"),
    ("varchar", "string"),
    ("boolean", "bool"),
    ("datetime", "timestamp"),
    ("timestamptz", "timestamp"),
];

impl Failure<'_> {
    /// `columns (int64 id, string? card)`
    pub(super) fn types_first(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let first = piece.at.checked_sub(1).filter(|first| *first >= 2)?;
        let begins = matches!(piece.text(first - 1), "(" | ",") && piece.depth(first) == 1;
        let named = |index: usize| TYPES.iter().find(|(name, _)| *name == piece.lower(index));
        let is_type = |index: usize| named(index).is_some();
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
            // What stands in parentheses is of decimals; a text has no length here.
            let ours = named(first).map_or("", |(_, ours)| ours);
            let from = if ours == "decimal" { first } else { arguments };
            let more = piece.slice(from, last).strip_prefix(piece.text(from)).unwrap_or("");
            errors::type_before_the_column(
                piece.text(last + 1),
                &format!("{ours}{more}"),
                piece.span(first, last + 1),
            )
        })
    }

    /// `device: string from device.id`
    pub(super) fn bare_path_of_a_column(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let at = piece.at;
        let is_column = matches!(piece.text(0), "columns" | "table") && piece.back(1) == "from";
        if !is_column || piece.depth(at) == 0 || piece.kind(at)? != TokenKind::Word {
            return None;
        }
        let ends = |index: usize| matches!(piece.text(index), "," | ")" | "?");
        let last = at
            + (at..)
                .take_while(|index| piece.touch(*index) && !ends(index + 1))
                .count();
        let span = piece.span(at, last);
        Some(match way(piece.slice(at, last)) {
            Some(way) => errors::way_without_quotes(&way, span),
            None => errors::way_of_another_language(span),
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
        let opens = matches!(piece.text(first + 2), "(" | "<");
        let end = opens.then(|| piece.closing(first + 2)).flatten().unwrap_or(first + 1);
        let (name, ty) = (piece.text(first), piece.slice(first + 1, end));
        Some(errors::columns_without_colons(
            name,
            ty,
            piece.span(first, first + 1),
            piece.span(1, last),
            &columns,
        ))
    }

    /// `columns (order.id: int64)`, `unique order.id`, `by (user.id)`: a field where the name of a column must stand.
    pub(super) fn field(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let first = piece.at.checked_sub(1).filter(|_| piece.text(piece.at) == ".")?;
        let is_part = |index: &usize| match (index - first) % 2 {
            0 => piece.kind(*index) == Some(TokenKind::Word),
            _ => piece.text(*index) == ".",
        };
        let last = (first..)
            .take_while(is_part)
            .last()
            .filter(|last| (last - first) % 2 == 0)?;
        let path: String = (first..=last).map(|index| piece.text(index)).collect();
        let (path, at) = (path.as_str(), piece.span(first, last));
        let name = path.replace('.', "_");
        match (self.context, piece.text(0)) {
            (Context::Clause, "columns") => {
                let is_end = |index: usize| {
                    piece.depth(index) <= piece.depth(first) && [",", ")", "as", "from"].contains(&piece.text(index))
                };
                let after = (last + 1..piece.tokens.len()).find(|index| is_end(*index));
                let ty = after.filter(|after| piece.text(last + 1) == ":" && *after > last + 2);
                let ty = ty.map_or("int64", |after| piece.slice(last + 2, after - 1));
                let (outer, inner) = path.split_once('.')?;
                let structs = |inside: String, name: &str| format!("struct<{name}: {inside}>");
                let fields = inner.rsplit('.').fold(ty.to_owned(), structs);
                Some(errors::field_as_a_column(
                    path,
                    at,
                    &format!("{outer}: {fields}"),
                    &format!("{name}: {ty}"),
                ))
            }
            (Context::Clause, "unique" | "key") => Some(errors::field_in_a_clause(path, at, &format!("{name}: int64"))),
            (Context::Clause, "time" | "arrival") => {
                Some(errors::field_in_a_clause(path, at, &format!("{name}: timestamp")))
            }
            (Context::Item, "view") if piece.depth(first) > 0 => Some(errors::field_as_a_key(path, at, &name)),
            _ => None,
        }
    }
}

/// `reading.kwh` of `reading["kwh"]`, `reading:kwh`, `reading->kwh`; `None` where the fields have no names.
fn way(written: &str) -> Option<String> {
    let dotted = written
        .replace("[\"", ".")
        .replace("\"]", "")
        .replace("->>", ".")
        .replace("->", ".");
    let dotted = dotted.replace("::", ".").replace(':', ".");
    let is_part = |part: &str| !part.is_empty() && !part.contains(['[', ']', '"', '(', ')', '{', '}', '>']);
    dotted.split('.').all(is_part).then_some(dotted)
}
