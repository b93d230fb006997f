//! Chains of methods that group and aggregate, as data frames have them.

use super::piece::Piece;
use super::{Failure, as_duration, table};
use crate::diag::Diagnostic;
use crate::errors;
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

/// What a chain says, as far as it says it.
#[derive(Default)]
struct Chain<'b> {
    aggregate: Option<&'b str>,
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
            Some(window) => format!(" over {window}"),
            None => " over 7d".to_owned(),
        };
        let written = match (chain.aggregate, chain.column) {
            (Some("size"), _) => format!("count(){window}"),
            (aggregate, column) => {
                let aggregate = aggregate_here(aggregate.unwrap_or("mean"));
                format!("{aggregate}({}){window}", column.unwrap_or("amount"))
            }
        };
        let is_whole = !chain.is_cut
            && chain
                .aggregate
                .is_some_and(|name| name == "size" || chain.column.is_some());
        let (is_told, written) = match is_whole && table::is_quotable(&written) {
            true => (true, written.as_str()),
            false => (false, "mean(amount) over 7d"),
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
                found.column = texts(piece, next, close).last().or(found.column);
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
                    _ if is_aggregate(method) => found.aggregate = Some(method),
                    _ => {}
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
    /// `agg("mean")`, `agg({"amount": "mean"})`, `agg(total=("amount", "sum"))`
    fn aggregated(&mut self, piece: &Piece<'b>, open: usize, close: usize) {
        for text in texts(piece, open, close) {
            match is_aggregate(text) {
                true => self.aggregate = self.aggregate.or(Some(text)),
                false => self.column = self.column.or(Some(text)),
            }
        }
    }
}

fn is_groupby(name: &str) -> bool {
    matches!(name, "groupby" | "group_by" | "groupBy")
}

/// The names in double quotes between two tokens.
fn texts<'b>(piece: &Piece<'b>, open: usize, close: usize) -> impl Iterator<Item = &'b str> {
    let inside = (open + 1..close).filter(|index| piece.kind(*index) == Some(TokenKind::String));
    let names: Vec<&str> = inside.map(|index| piece.text(index).trim_matches('"')).collect();
    let is_name =
        |name: &&str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
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

fn is_aggregate(name: &str) -> bool {
    const NAMES: [&str; 14] = [
        "sum", "mean", "avg", "average", "min", "max", "count", "size", "nunique", "median", "std", "var", "first",
        "last",
    ];
    NAMES.contains(&name)
}

/// An aggregate of data frames by its name here.
fn aggregate_here(name: &str) -> &str {
    match name {
        "avg" | "average" => "mean",
        "nunique" => "count_distinct",
        "std" => "stddev",
        "var" => "variance",
        same => same,
    }
}
