//! Numbers, lengths of time and zones that are written as elsewhere.

use super::piece::Piece;
use super::{Failure, as_duration};
use crate::diag::{Diagnostic, Span};
use crate::errors;
use crate::forms::Context;
use crate::scan::TokenKind;
use featc_grammar::Rule;

impl Failure<'_> {
    /// `over 10 purchases`
    pub(super) fn other_things(&self) -> Option<Diagnostic> {
        let (_, things) = self.word().filter(|(_, things)| things.start < self.span.end)?;
        let number = self.previous.filter(|number| number.kind == TokenKind::Number)?;
        let is_whole = self.text(number).bytes().all(|byte| byte.is_ascii_digit());
        let is_window = self.context == Context::Statement && self.expects(Rule::events_kw) && is_whole;
        let on_one_line = !self.is_first_on_line(things) && !self.starts_piece();
        (is_window && on_one_line)
            .then(|| errors::window_of_other_things(self.place(number).to(things), self.text(number)))
    }

    /// `over last 3months`
    pub(super) fn glued_period(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        const PERIODS: [&str; 6] = ["hour", "day", "week", "month", "quarter", "year"];
        // The number and its letters are one word, after which the name of a period is missing.
        let is_window =
            |number: usize| number >= 2 && piece.text(number - 1) == "last" && piece.text(number - 2) == "over";
        let near = [piece.at.checked_sub(1), Some(piece.at), Some(piece.at + 1)];
        let number = near.into_iter().flatten().find(|number| is_window(*number))?;
        let word = piece.text(number);
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, unit) = word.split_at(digits);
        let is_period = PERIODS.contains(&unit.strip_suffix('s').unwrap_or(unit));
        (self.context == Context::Statement && is_period && !digits.is_empty())
            .then(|| errors::number_and_period(piece.span(number, number), &format!("{digits} {unit}")))
    }
}

/// `interval 1 day`; with quotes the scanner has said it.
pub(super) fn interval(piece: &Piece<'_>) -> Option<Diagnostic> {
    let word = [piece.at.checked_sub(1), Some(piece.at)].into_iter().flatten();
    let index = word.into_iter().find(|index| piece.lower(*index) == "interval")?;
    let joined = format!("{}{}", piece.text(index + 1), piece.lower(index + 2));
    let span: Span = piece.span(index, index + 2);
    Some(errors::duration_in_words(span, &as_duration(joined)?))
}

/// `at.dt.floor("15min")`, `at.dt.normalize()`
pub(super) fn rounded_instant(piece: &Piece<'_>) -> Option<Diagnostic> {
    let (open, method) = (piece.at, piece.back(1));
    let is_method = piece.back(2) == "." && matches!(method, "floor" | "round" | "ceil" | "truncate" | "normalize");
    let has_dt = piece.back(3) == "dt" && piece.back(4) == ".";
    let last = open.checked_sub(if has_dt { 5 } else { 3 }).filter(|_| is_method)?;
    let first = piece.operand(last)?;
    let close = piece.closing(open).filter(|_| piece.text(open) == "(")?;
    let length = match close - open {
        1 if method == "normalize" => Some("1d".to_owned()),
        2 if piece.kind(open + 1)? == TokenKind::String => length_of_pandas(piece.text(open + 1).trim_matches('"')),
        _ => return None,
    };
    let (instant, whole) = (piece.slice(first, last), piece.span(first, close));
    let Some(length) = length.filter(|_| super::table::is_quotable(instant)) else {
        return has_dt.then(|| errors::instant_by_a_method(whole));
    };
    let written = format!("truncate({instant}, {length})");
    Some(match method {
        "round" | "ceil" => errors::instant_rounded_up(whole, &written, &length),
        _ if length.ends_with('d') => errors::instant_of_a_day(whole, &written, instant),
        _ => errors::rounded_instant(whole, &written),
    })
}

/// `15m` of `15min` and `15T`, `1d` of `D`.
fn length_of_pandas(written: &str) -> Option<String> {
    let digits = written.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = written.split_at(digits);
    let unit = match unit {
        "T" => "min",
        "w" => return None,
        _ => unit,
    };
    as_duration(format!("{}{unit}", if number.is_empty() { "1" } else { number }))
}

/// What is read of an instant on the clocks of a zone.
const PARTS: [&str; 8] = [
    "year",
    "month",
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "hour",
    "minute",
    "date",
];

/// `ordered_at in "Europe/Paris"`, `hour(ordered_at) in "Europe/Paris"`
pub(super) fn zone_behind_in(piece: &Piece<'_>) -> Option<Diagnostic> {
    let before = piece.at.checked_sub(1)?;
    let zone = piece.text(piece.at);
    let is_zone = zone.contains('/') || matches!(zone.trim_matches('"'), "UTC" | "GMT");
    let is_text = piece.kind(piece.at)? == TokenKind::String && piece.text(before) == "in";
    let operand = before.checked_sub(1).and_then(|last| piece.slice_of_operand(last))?;
    let at = piece.span(before, piece.at);
    let part = operand.strip_suffix(')').and_then(|call| call.split_once('('));
    (is_text && is_zone).then(|| match part.filter(|(part, _)| PARTS.contains(part)) {
        Some((part, instant)) => errors::zone_behind_a_part(at, part, instant, zone),
        None => errors::zone_of_an_instant(at, operand, zone),
    })
}

/// `1,000`, and `1,5` for a fraction.
pub(super) fn thousands(piece: &Piece<'_>) -> Option<Diagnostic> {
    // Of `between 10 and 1,000` the comma is met last.
    let is_between = piece.lower(piece.at) == "between" && piece.text(piece.at + 4) == ",";
    let at = piece.at + if is_between { 4 } else { 0 };
    let first = at.checked_sub(1)?;
    let is_group = |comma: usize| {
        let touches = piece.touch(comma - 1) && piece.touch(comma);
        let digits = piece.text(comma + 1);
        let is_whole = digits.len() == 3 || digits.len() > 3 && digits.as_bytes()[3] == b'.';
        piece.text(comma) == "," && touches && piece.kind(comma + 1) == Some(TokenKind::Number) && is_whole
    };
    let is_fraction = piece.text(at) == "," && piece.touch(first) && piece.touch(at);
    if piece.kind(first)? != TokenKind::Number {
        return None;
    }
    if !is_group(at) {
        let is_number = is_fraction && piece.kind(at + 1) == Some(TokenKind::Number);
        let [whole, fraction] = [first, at + 1].map(|index| piece.text(index));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let plain = format!("{whole}.{fraction}");
        return (is_number && is_digits(whole) && is_digits(fraction))
            .then(|| errors::comma_for_a_point(piece.span(first, at + 1), &plain));
    }
    let last = first + 2 * (at..).step_by(2).take_while(|comma| is_group(*comma)).count();
    let plain = piece.slice(first, last).replace(',', "");
    Some(errors::commas_in_a_number(piece.span(first, last), &plain))
}
