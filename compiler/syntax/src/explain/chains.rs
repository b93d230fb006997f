//! Chains of methods that group and aggregate, as data frames have them.

use super::piece::Piece;
use super::{Failure, as_duration, table};
use crate::diag::Diagnostic;
use crate::errors;
use crate::foreign;
use crate::forms::Context;
use crate::scan::TokenKind;

/// Methods that say which rows an aggregate takes.
const GROUPING: [&str; 9] = [
    "groupby",
    "group_by",
    "groupBy",
    "rolling",
    "resample",
    "expanding",
    "agg",
    "aggregate",
    "window",
];

/// So many tokens before the place of the failure a chain may begin.
const REACH: usize = 64;

/// An aggregate of data frames.
#[derive(Clone, Copy)]
enum Meant {
    /// `size()`
    OfRows,
    OfColumn(&'static str),
    /// `nlargest(3)`
    WithNumber(&'static str),
}

/// What a chain says, as far as it says it.
#[derive(Default)]
struct Chain<'b> {
    /// By its name here, and the number behind the column, of one that takes such.
    aggregate: Option<Meant>,
    number: Option<&'b str>,
    column: Option<&'b str>,
    window: Option<String>,
    /// Its last token, and whether the piece ends before it does, as before the brace of `agg({…})`.
    last: usize,
    is_cut: bool,
}

impl Failure<'_> {
    /// `tx.groupby("card").amount.rolling("90D").mean()`, `amount.rolling("90D").mean()`
    pub(super) fn chain_of_methods(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        if !matches!(self.context, Context::Statement | Context::Step | Context::Entry) {
            return None;
        }
        let starts = piece.at.saturating_sub(REACH)..=piece.at;
        let (first, chain) = starts
            .filter(|first| first.checked_sub(1).is_none_or(|before| piece.text(before) != "."))
            .find_map(|first| Some((first, chain(piece, first)?)))?;
        let at = piece.span(first, chain.last);
        let has_window = piece.text(chain.last + 1) == "over";
        let window = match chain.window {
            _ if has_window => String::new(),
            Some(ref window) => format!(" over {window}"),
            None => " over 7d".to_owned(),
        };
        let written = chain.call().map(|call| format!("{call}{window}"));
        let written = written.filter(|written| table::is_quotable(written));
        let (is_told, written) = match &written {
            Some(written) => (true, written.as_str()),
            None => (false, "mean(amount) over 7d"),
        };
        Some(match (self.context, is_told) {
            (Context::Statement, true) => errors::chain_of_methods(at, written),
            (Context::Statement, false) => errors::chain_of_other_methods(at, written),
            (Context::Item | Context::Clause | Context::Step | Context::Entry, _) => errors::chain_outside(at, written),
        })
    }
}

/// The chain that begins here, if it is around the place of the failure and groups.
fn chain<'b>(piece: &Piece<'b>, first: usize) -> Option<Chain<'b>> {
    if piece.kind(first) != Some(TokenKind::Word) {
        return None;
    }
    let mut found = Chain {
        last: first,
        ..Chain::default()
    };
    let (mut groups, mut is_of_rows) = (false, false);
    if piece.text(first + 1) == "(" {
        (groups, is_of_rows) = (is_groupby(piece.text(first)), true);
        found.last = piece.closing(first + 1)?;
    }
    let head = found.last;
    loop {
        let next = found.last + 1;
        let name = next + 1;
        found.last = match piece.text(next) {
            "[" => {
                let close = piece.closing(next)?;
                found.column = texts(piece, next, close).last().map(|(_, name)| name).or(found.column);
                close
            }
            "." if piece.kind(name) == Some(TokenKind::Word) && piece.text(name + 1) == "(" => {
                let method = piece.text(name);
                groups |= GROUPING.contains(&method);
                let Some(close) = piece.closing(name + 1) else {
                    (found.last, found.is_cut) = (piece.tokens.len() - 1, true);
                    break;
                };
                match method {
                    name if is_groupby(name) => is_of_rows = true,
                    "expanding" => found.window = Some("lifetime".to_owned()),
                    "rolling" | "resample" | "window" => found.window = window(piece, name + 2).or(found.window),
                    "agg" | "aggregate" => found.aggregated(piece, name + 1, close),
                    _ => found.method(piece, name, close),
                }
                close
            }
            "." if piece.kind(name) == Some(TokenKind::Word) => {
                found.column = Some(piece.text(name));
                name
            }
            _ => break,
        };
    }
    if !is_of_rows && found.column.is_none() {
        found.column = Some(piece.text(first));
    }
    let is_here = first <= piece.at && piece.at <= found.last + 1;
    (groups && is_here && found.last > head).then_some(found)
}

impl<'b> Chain<'b> {
    /// A method that may be an aggregate. One with a number, behind another, chooses among its results.
    fn method(&mut self, piece: &Piece<'b>, name: usize, close: usize) {
        match meant(piece.text(name)) {
            Some(Meant::WithNumber(_)) if self.aggregate.is_some() => {}
            Some(aggregate) => {
                let is_number = piece.kind(name + 2) == Some(TokenKind::Number) && name + 3 == close;
                self.aggregate = Some(aggregate);
                self.number = is_number.then(|| piece.text(name + 2));
            }
            None => {}
        }
    }

    /// `agg("mean")`, `agg({"amount": "mean"})`, `agg(total=("amount", "sum"))`
    fn aggregated(&mut self, piece: &Piece<'b>, open: usize, close: usize) {
        for (place, text) in texts(piece, open, close) {
            let is_named = piece.text(place - 2) == "=" && piece.text(place - 1) == "(";
            match meant(text).filter(|_| !is_named) {
                Some(aggregate) => self.aggregate = self.aggregate.or(Some(aggregate)),
                None => self.column = self.column.or(Some(text)),
            }
        }
    }

    /// The call here, if all of it is said.
    fn call(&self) -> Option<String> {
        let column = || self.column.filter(|_| !self.is_cut);
        match self.aggregate? {
            Meant::OfRows => (!self.is_cut).then(|| "count()".to_owned()),
            Meant::OfColumn(ours) => Some(format!("{ours}({})", column()?)),
            Meant::WithNumber(ours) => Some(format!("{ours}({}, {})", column()?, self.number?)),
        }
    }
}

fn is_groupby(name: &str) -> bool {
    matches!(name, "groupby" | "group_by" | "groupBy")
}

/// The names in double quotes between two tokens, and their places.
fn texts<'b>(piece: &Piece<'b>, open: usize, close: usize) -> impl Iterator<Item = (usize, &'b str)> {
    let inside = (open + 1..close).filter(|index| piece.kind(*index) == Some(TokenKind::String));
    let names: Vec<_> = inside
        .map(|index| (index, piece.text(index).trim_matches('"')))
        .collect();
    let is_name = |(_, name): &(usize, &str)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    names.into_iter().filter(is_name)
}

/// `90d` of `"90D"`, `20 events` of `20`.
fn window(piece: &Piece<'_>, at: usize) -> Option<String> {
    let written = piece.text(at).trim_matches('"');
    if written.is_empty() {
        return None;
    }
    if written.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(format!("{written} events"));
    }
    let counted = if written.starts_with(|c: char| c.is_ascii_digit()) {
        written
    } else {
        &format!("1{written}")
    };
    as_duration(counted.to_owned())
}

/// An aggregate of data frames.
fn meant(name: &str) -> Option<Meant> {
    if name == "size" {
        return Some(Meant::OfRows);
    }
    let (ours, takes_number) = foreign::aggregate_meant(name)?;
    Some(match takes_number {
        true => Meant::WithNumber(ours),
        false => Meant::OfColumn(ours),
    })
}
