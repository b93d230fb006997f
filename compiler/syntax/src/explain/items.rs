//! Slips inside of whole declarations: clauses of sources in tables, questions of tests, values of parameters.

use super::piece::Piece;
use super::{Failure, as_duration};
use crate::diag::{Diagnostic, Span};
use crate::errors;
use crate::forms::Context;
use crate::scan::TokenKind;

/// Clauses that a table has not, with what has them.
const OF_OTHERS: [(&[&str], &str); 2] = [
    (
        &["unique", "time", "delay", "lateness", "skew", "begins", "stream"],
        "sources",
    ),
    (&["owner", "tags", "ttl", "entity"], "views"),
];

/// What other languages call the key of a table.
const KEYS: [&str; 6] = ["unique", "primary_key", "primary", "index", "by", "keys"];

/// The words that begin a clause of a table.
const CLAUSES: [&str; 7] = ["columns", "key", "static", "valid", "arrival", "zone", "batch"];

impl Failure<'_> {
    pub(super) fn in_an_item(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        if self.context != Context::Item {
            return None;
        }
        match piece.text(0) {
            "table" if piece.text(2) == "{" => self.clause_of_a_table(piece),
            "test" => question_of_a_test(piece),
            "use" if piece.text(2) == "for" => Some(errors::template_used_outside(piece.span(0, 0))),
            _ if piece.at == 0 => self.more_than_a_value(piece),
            _ => None,
        }
    }

    /// `unique tail`, `time since`, `lateness 1d` where the clauses of a table stand.
    fn clause_of_a_table(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let at = piece.at;
        let (word, span) = self.word()?;
        if piece.depth(at) != 1 || !self.expects(featc_grammar::Rule::rbrace) {
            return None;
        }
        let clause =
            |word: &str| (3..piece.tokens.len()).any(|index| piece.depth(index) == 1 && piece.text(index) == word);
        let rest = || self.clause_from(piece, span);
        if KEYS.contains(&word) {
            let more = usize::from(word == "primary" && piece.text(at + 1) == "key");
            let place = piece.span(at, at + more);
            return Some(match clause("key") && more == 0 {
                true => errors::second_key_of_a_table(word, place, rest()),
                false => errors::key_of_a_table(word, place),
            });
        }
        match word {
            "valid_from" => return Some(errors::validity_in_one_word(span, "valid from")),
            "valid_to" => return Some(errors::validity_in_one_word(span, "valid to")),
            "time" if !clause("valid") && !clause("static") => return Some(errors::time_of_a_table(span)),
            _ => {}
        }
        let (_, owner) = OF_OTHERS.iter().find(|(words, _)| words.contains(&word))?;
        Some(errors::clause_of_others_in_a_table(word, owner, span, rest()))
    }

    /// From a word to where the next clause begins, or the body ends.
    fn clause_from(&self, piece: &Piece<'_>, span: Span) -> Span {
        let first = piece.at;
        let ends = |index: usize| {
            let is_fresh = piece
                .tokens
                .get(index)
                .is_some_and(|token| self.is_first_on_line(self.place(*token)));
            piece.depth(index) <= 1 && (is_fresh || piece.text(index) == "}" || CLAUSES.contains(&piece.text(index)))
        };
        let last = (first + 1..piece.tokens.len()).take_while(|index| !ends(*index)).last();
        last.map_or(span, |last| piece.span(first, last))
    }

    /// `param week = 7 * 1d`, `param m = 3 months`: what stands after the value.
    fn more_than_a_value(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        const OPERATORS: [&str; 8] = ["+", "-", "*", "/", "div", "mod", "and", "or"];
        let before = |steps: usize| {
            let tokens = &self.tokens.scan.tokens;
            let end = tokens.partition_point(|token| token.start < self.at);
            end.checked_sub(steps).and_then(|index| tokens.get(index)).copied()
        };
        let text = |steps: usize| before(steps).map_or("", |token| self.text(token));
        let negated = usize::from(text(2) == "-");
        let is_param = text(2 + negated) == "=" && text(4 + negated) == "param";
        let found = self
            .found
            .filter(|token| is_param && !self.is_first_on_line(self.place(*token)))?;
        let value = before(1)?;
        if let (TokenKind::Number, TokenKind::Word) = (value.kind, found.kind) {
            let joined = as_duration(format!("{}{}", self.text(value), self.text(found)));
            let span = self.place(value).to(self.place(found));
            return Some(match joined {
                Some(joined) => errors::duration_in_words(span, &joined),
                None => errors::no_unit_of_a_parameter(self.text(found), self.place(found)),
            });
        }
        OPERATORS
            .contains(&piece.text(0))
            .then(|| errors::parameter_computes(piece.span(0, 0)))
    }
}

/// `expect (card: "a") { … }`, `{ total == 5.0 }`.
fn question_of_a_test(piece: &Piece<'_>) -> Option<Diagnostic> {
    let at = piece.at;
    if piece.back(1) == "==" {
        return Some(errors::expected_by_two_signs(piece.span(at - 1, at - 1)));
    }
    if piece.back(2) == "given" && matches!(piece.text(at), ":" | "." | "=") {
        // Also covers the name of a file: `given payments.csv`.
        let last = (at..)
            .take_while(|index| piece.touch(*index))
            .last()
            .map_or(at, |last| last + 1);
        return Some(errors::given_with_more(piece.span(at, last), piece.back(1)));
    }
    if piece.back(2) == "given"
        && matches!(piece.back(1), "table" | "source")
        && piece.kind(at) == Some(TokenKind::Word)
    {
        return Some(errors::given_with_a_kind(piece.span(at - 1, at), piece.text(at)));
    }
    if let Some(share) = hundredth(piece.back(1)).filter(|_| piece.text(at) == "%") {
        return Some(errors::percentage(piece.span(at - 1, at), &share));
    }
    if piece.back(1) == "expect" && piece.text(at) == "known" {
        return Some(errors::known_without_as(piece.span(at, at)));
    }
    let is_expected = (0..at).any(|index| piece.depth(index) == 1 && piece.text(index) == "expect");
    match piece.text(at) {
        "where" if is_expected && piece.depth(at) == 1 => {
            return Some(errors::keys_of_a_question(piece.span(at, at)));
        }
        word @ ("let" | "where" | "feature" | "when" | "then") if piece.depth(at) == 1 => {
            return Some(errors::no_statement_of_a_test(word, piece.span(at, at)));
        }
        "and" | "&&" if is_expected && piece.depth(at) == 2 => {
            let place = piece.span(at, at);
            return Some(errors::values_without_a_comma(place, place, ","));
        }
        // What looked like the status of the value before is the next name.
        "=" if is_expected && piece.depth(at) == 2 && at >= 4 && piece.back(3) == "=" => {
            let (value, name) = (piece.slice(at - 2, at - 2), piece.span(at - 1, at - 1));
            let written = format!("{value},");
            return Some(errors::values_without_a_comma(
                name,
                piece.span(at - 2, at - 2),
                &written,
            ));
        }
        _ => {}
    }
    let known = usize::from(piece.back(1) == "known" && piece.back(2) == "as");
    let is_head = piece.back(1 + 2 * known) == "expect" && matches!(piece.text(at), "(" | "{");
    is_head.then(|| errors::question_without_instant(piece.span(at, at)))
}

/// A hundredth of a number, digit by digit: `0.123` of `12.3`.
fn hundredth(number: &str) -> Option<String> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let whole = format!("{whole:0>3}");
    let (above, below) = whole.split_at(whole.len() - 2);
    let below = format!("{below}{fraction}");
    let below = below.trim_end_matches('0');
    Some(format!("{above}.{}", if below.is_empty() { "0" } else { below }))
}
