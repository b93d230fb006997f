//! Habits inside of features and steps that no pattern of words says.

use super::piece::Piece;
use super::{Failure, as_duration};
use crate::diag::Diagnostic;
use crate::errors;
use crate::forms::Context;
use crate::scan::TokenKind;

impl Failure<'_> {
    /// `sum(amount) over1d`
    pub(super) fn joined_window(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let length = piece.text(piece.at).strip_prefix("over")?;
        let is_number = length.starts_with(|c: char| c.is_ascii_digit());
        if self.context != Context::Statement || !is_number {
            return None;
        }
        let written = format!("over {}", as_duration(length.to_owned())?);
        Some(errors::joined_window(piece.span(piece.at, piece.at), &written))
    }

    /// `over [1h, 1d] every 1h in "Europe/Berlin"`: what belongs to a window, behind the list of them.
    pub(super) fn clause_behind_a_list(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let close = piece.at.checked_sub(1).filter(|close| piece.text(*close) == "]")?;
        let open = piece.opening("[", close)?;
        let is_list = open.checked_sub(1).is_some_and(|before| piece.text(before) == "over");
        let last = clause_of_a_window(piece, piece.at).filter(|_| is_list && self.context == Context::Statement)?;
        let (word, clause) = (piece.text(piece.at), piece.slice(piece.at, last));
        let commas: Vec<usize> = (open + 1..close).filter(|index| piece.text(*index) == ",").collect();
        let starts = [open]
            .into_iter()
            .chain(commas.iter().copied())
            .map(|before| before + 1);
        let windows = starts.zip(commas.iter().copied().chain([close]));
        // A comma may stand behind the last one.
        let windows = windows.filter(|(first, end)| first < end).map(|(first, end)| {
            takes(piece, first, end - 1, word).then(|| format!("{} {clause}", piece.slice(first, end - 1)))
        });
        let windows: Option<Vec<String>> = windows.collect();
        let written = windows.map(|windows| format!("[{}]", windows.join(", ")));
        let at = piece.span(piece.at, last);
        Some(match written.filter(|written| super::table::is_quotable(written)) {
            Some(written) => errors::clause_behind_a_list(word, at, piece.span(open, last), &written),
            None => errors::clause_of_some_windows(word, clause, at),
        })
    }

    /// `window 7d` as a statement of a view.
    pub(super) fn window_of_a_view(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let at = piece.at;
        let is_window = matches!(piece.text(at), "window" | "windows" | "over");
        let is_statement = self.context == Context::Statement && piece.text(0) != "feature";
        let (_, span) = self.word().filter(|_| is_window && is_statement)?;
        let is_length = piece.kind(at + 1) == Some(TokenKind::Number);
        (is_length && self.is_first_on_line(span))
            .then(|| errors::window_of_a_view(piece.span(at, at + 1), piece.text(at + 1)))
    }

    /// `tags ["fraud"]`
    pub(super) fn quoted_tags(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let is_list = piece.text(0) == "tags" && piece.text(1) == "[";
        if self.context != Context::Statement || !is_list || piece.kind(piece.at)? != TokenKind::String {
            return None;
        }
        let last = (2..piece.tokens.len()).find(|index| piece.text(*index) == "]")?;
        let plain = piece.slice(1, last).replace('"', "");
        let is_name = |name: &str| {
            let name = name.trim();
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let fits = plain.trim_matches(['[', ']']).split(',').all(is_name);
        Some(match fits {
            true => errors::tags_in_quotes(piece.span(1, last), &plain),
            false => errors::tag_in_quotes(piece.span(piece.at, piece.at)),
        })
    }
}

/// The last token of what stands behind a window from here on: `every 1h after 2h in "Europe/Berlin"`, `offset 1d`.
fn clause_of_a_window(piece: &Piece<'_>, first: usize) -> Option<usize> {
    let mut next = first;
    while matches!(piece.text(next), "every" | "offset" | "after" | "in" | "max") {
        next = match (piece.text(next), piece.kind(next + 1)?) {
            ("in", kind) => (kind == TokenKind::String).then_some(next + 2)?,
            (_, TokenKind::Number) => next + 2,
            _ => piece.closing(next + 1).filter(|_| piece.text(next + 1) == "{")? + 1,
        };
    }
    (next > first).then(|| next - 1)
}

/// Whether a window may have a clause that begins with a word, and has none yet.
fn takes(piece: &Piece<'_>, first: usize, last: usize, word: &str) -> bool {
    let is_length = match piece.text(first) {
        "{" => piece.closing(first) == Some(last),
        _ => first == last && piece.kind(first) == Some(TokenKind::Number),
    };
    match word {
        "every" => is_length,
        "offset" => is_length || piece.slice(first, last) == "lifetime",
        "in" => matches!(piece.text(first), "this" | "last") && piece.kind(last) == Some(TokenKind::Word),
        "max" => piece.text(last) == "events",
        _ => false,
    }
}

/// `hour(at) between 22 and 6`
pub(super) fn falling_between(piece: &Piece<'_>) -> Option<Diagnostic> {
    let at = piece.at;
    let number = |index: usize| piece.text(index).parse::<f64>().ok();
    let is_between = piece.lower(at) == "between" && piece.lower(at + 2) == "and";
    let (first, last) = (number(at + 1)?, number(at + 3)?);
    if !is_between || first <= last {
        return None;
    }
    let last_of = at.checked_sub(1)?;
    // What is negated is always true, and asked for another way.
    let operand = piece.sum(last_of)?;
    if operand
        .checked_sub(1)
        .is_some_and(|before| piece.lower(before) == "not")
    {
        return None;
    }
    let operand = piece.slice(operand, last_of);
    let operand = if super::table::is_quotable(operand) {
        operand
    } else {
        "x"
    };
    let span = piece.span(at, at + 3);
    Some(errors::falling_between(
        operand,
        piece.text(at + 1),
        piece.text(at + 3),
        span,
    ))
}

/// `f"{country}-x"`
pub(super) fn format_string(piece: &Piece<'_>) -> Option<Diagnostic> {
    let letter = piece.at.checked_sub(1)?;
    let is_format = matches!(piece.text(letter), "f" | "F") && piece.touch(letter);
    if !is_format || piece.kind(piece.at)? != TokenKind::String {
        return None;
    }
    let span = piece.span(letter, piece.at);
    let parts = parts_of(piece.text(piece.at).trim_matches('"'));
    Some(match parts {
        Some(parts) => errors::text_with_names(span, &format!("concat({})", parts.join(", "))),
        None => errors::text_of_parts(span),
    })
}

/// The names and texts of a format string; `None` if it has anything else, or fewer than two of them.
fn parts_of(inner: &str) -> Option<Vec<String>> {
    let (mut parts, mut rest) = (vec![], inner);
    while let Some((before, (name, after))) = rest
        .split_once('{')
        .and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_name || before.contains('}') {
            return None;
        }
        parts.extend((!before.is_empty()).then(|| format!("\"{before}\"")));
        parts.push(name.to_owned());
        rest = after;
    }
    parts.extend((!rest.is_empty()).then(|| format!("\"{rest}\"")));
    (parts.len() >= 2 && !rest.contains(['{', '}'])).then_some(parts)
}
