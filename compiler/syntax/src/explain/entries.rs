//! Entries of services that name no view and its features.

use super::Failure;
use super::piece::Piece;
use crate::diag::Diagnostic;
use crate::errors;
use crate::forms::Context;
use crate::scan::{Token, TokenKind, Tokens};
use featc_grammar::Rule;

/// So many tokens of a list of entries are looked at.
const ENTRIES_TOKENS_MAX: usize = 64;

impl Failure<'_> {
    /// `total`, `spend`: an entry without its view or its features.
    pub(super) fn bare_entry(&self, piece: &Piece<'_>, is_shown: bool) -> Option<Diagnostic> {
        let last = piece.at.checked_sub(1)?;
        let is_bare = self.context == Context::Entry && self.expects(Rule::dot);
        // Behind the value of a feature a name begins no entry.
        if !is_bare || self.goes_on_behind_a_feature() || piece.kind(last) != Some(TokenKind::Word) {
            return None;
        }
        let (name, span) = (piece.text(last), piece.span(last, last));
        if piece.text(last + 1) == "=" {
            let is_path = piece.text(last + 3) == "." && piece.kind(last + 4) == Some(TokenKind::Word);
            let ends = |token: &Token| self.is_first_on_line(self.place(*token));
            let is_one = is_path && piece.tokens.get(last + 5).is_none_or(ends);
            return Some(match is_one {
                true => errors::entry_named_in_front(name, piece.slice(last + 2, last + 4), piece.span(last, last + 4)),
                false => errors::feature_without_its_word(name, span),
            });
        }
        let (is_view, views) = match is_shown {
            true => declared(self.tokens, name),
            false => (false, vec![]),
        };
        // What stands beside it belongs to it.
        let next = piece.tokens.get(last + 1);
        let goes_on = next.is_some_and(|next| !self.is_first_on_line(self.place(*next)));
        Some(match &views[..] {
            [] if goes_on && matches!(name, "on" | "using") => {
                errors::entry_on_a_key(piece.span(last, last + 1), piece.text(last + 1))
            }
            _ if is_view && goes_on => errors::entry_without_dot(name, span),
            _ if is_view => errors::view_as_entry(name, span),
            [] if !self.is_first_on_line(span) && !self.tokens.text[..span.start].trim_end().ends_with(['{', '}']) => {
                errors::entry_renamed_without_as(name, span)
            }
            [] => errors::entry_without_view(name, span),
            [view] => errors::entry_of_one_view(name, span, view),
            [first, second, ..] => errors::entry_of_several_views(name, span, first, second),
        })
    }

    /// `activity, popularity, history`; `activity.*, popularity.total`
    pub(super) fn entries_in_a_list(&self, piece: &Piece<'_>, is_shown: bool) -> Option<Diagnostic> {
        let tokens = 0..piece.tokens.len().min(ENTRIES_TOKENS_MAX);
        let is_list = self.context == Context::Entry && piece.text(piece.at) == "," && piece.depth(piece.at) == 0;
        if !is_list || !is_shown || tokens.end < piece.tokens.len() {
            return None;
        }
        let is_comma = |index: &usize| piece.text(*index) == "," && piece.depth(*index) == 0;
        let commas: Vec<usize> = tokens.clone().filter(is_comma).chain([tokens.end]).collect();
        let (mut first, mut entries, mut has_view) = (0, Vec::new(), false);
        for comma in commas {
            // Before the first entry, and after the last one.
            if first < comma {
                let entry = piece.slice(first, comma - 1);
                let is_view = || comma == first + 1 && declared(self.tokens, entry).0;
                match piece.text(first + 1) {
                    "." if comma > first + 2 => entries.push(entry.to_owned()),
                    _ if is_view() => {
                        entries.push(format!("{entry}.*"));
                        has_view = true;
                    }
                    _ => return None,
                }
            }
            first = comma + 1;
        }
        let (shown, list) = (entries.join(" "), piece.span(0, tokens.end - 1));
        let written = piece.slice(0, tokens.end - 1);
        // Comments between them would be lost; of one that is whole the comma is removed.
        let is_plain = !written.contains("//") && super::table::is_quotable(&shown);
        if !is_plain || entries.len() < 2 && !has_view {
            return None;
        }
        let between = if written.contains('\n') { "\n  " } else { " " };
        let gap = if written.starts_with(',') { " " } else { "" };
        let edit = format!("{gap}{}", entries.join(between));
        Some(errors::entries_in_a_list(
            piece.span(piece.at, piece.at),
            list,
            &shown,
            &edit,
        ))
    }

    /// `feature a = count() over 7d,`: a comma behind a whole piece.
    pub(super) fn comma_behind(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let pieces = match self.context {
            Context::Clause => "clauses",
            Context::Step => "steps",
            Context::Statement => "statements",
            Context::Item | Context::Entry => return None,
        };
        let at = piece.at;
        let next = piece.text(at + 1);
        // On the same line a column may be called like a clause: `unique id, time`.
        let begins = self.context.keywords().contains(&next) && self.is_first_on_line(piece.span(at + 1, at + 1));
        let is_last = next.is_empty() || next.starts_with("///") || begins;
        let is_one = piece.text(at) == "," && piece.depth(at) == 0 && is_last;
        is_one.then(|| errors::comma_behind(pieces, self.context.place(), piece.span(at, at)))
    }

    /// Whether the piece begins after a feature on the same line.
    fn goes_on_behind_a_feature(&self) -> bool {
        let line = self.tokens.text[..self.span.start].rsplit('\n').next().unwrap_or("");
        line.split_whitespace().any(|word| word == "feature")
            || self.tokens.text[self.span.start..].starts_with("feature ")
    }
}

/// Whether a name is that of a view of the file, and the views that have a feature of this name, or one whose windows are
/// told apart by what follows its name: `mean_6h` of `mean`.
fn declared<'a>(tokens: Tokens<'a>, name: &str) -> (bool, Vec<&'a str>) {
    let text = |token: &Token| tokens.text(*token);
    let base = name
        .rsplit_once('_')
        .filter(|(_, window)| window.starts_with(|c: char| c.is_ascii_digit()));
    let is_named = |found: &str| found == name || base.is_some_and(|(base, _)| found == base);
    let (mut view, mut is_view, mut views) = ("", false, vec![]);
    for pair in tokens.scan.tokens.windows(2) {
        match text(&pair[0]) {
            "view" => {
                view = text(&pair[1]);
                is_view |= view == name;
            }
            "feature" if is_named(text(&pair[1])) && !view.is_empty() && !views.contains(&view) => views.push(view),
            _ => {}
        }
    }
    (is_view, views)
}
