//! E0109, E0110: what a name may mean that is nothing here.

use super::names::*;
use featc_syntax::diag::{Diagnostic, Span};

/// What a name may mean that no feature has.
#[derive(Debug)]
pub enum Meant<'a> {
    /// The first names that there are, and how many more.
    Nothing(Vec<&'a str>, usize),
    /// The same by a slip of the hand.
    Name(&'a str),
    /// A near one with another number.
    OtherNumber(&'a str),
    /// The names that a list of windows makes, and whether there are more.
    Windows(Vec<&'a str>, bool),
    /// A feature that has one window, and the one that was asked for.
    OneWindow {
        feature: &'a str,
        window: String,
        asked: String,
    },
}

/// `: a, b and 3 more`; nothing where there is none.
fn listed(known: &[&str], more: usize) -> String {
    let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    match (names.is_empty(), more) {
        (true, _) => String::new(),
        (false, 0) => format!(": {}", names.join(", ")),
        (false, more) => format!(": {} and {more} more", names.join(", ")),
    }
}

/// `a`, `b` or `c`; `a`, `b`, … where there are more.
fn one_of(names: &[&str], more: bool) -> String {
    match more {
        false => super::listed(names, "or"),
        true => names.iter().map(|name| format!("`{name}`, ")).collect::<String>() + "…",
    }
}

/// Clocks of other languages, in small letters.
pub(super) const CLOCKS: &str =
    "now current_timestamp current_date current_time localtimestamp sysdate getdate today utcnow";

/// What a clock of another language is in a feature of a service: the instant of the question, or its day.
pub fn clock_of_a_question(name: &str) -> Option<&'static str> {
    let small = name.to_ascii_lowercase();
    let is_clock = CLOCKS.split(' ').any(|clock| clock == small);
    is_clock.then(|| match small.as_str() {
        "current_date" | "today" => "date(at)",
        _ => "at",
    })
}

/// E0109, or what the name is elsewhere.
pub fn unknown_feature(view: &str, name: &str, at: Span, meant: Meant<'_>, view_at: Span) -> Diagnostic {
    let elsewhere = not_a_name(name, at);
    if let Some(elsewhere) = elsewhere {
        return elsewhere;
    }
    match (name, meant) {
        ("timestamp" | "now" | "today", _) => instant_of_the_question(name, at),
        (_, Meant::Nothing(known, more)) => no_such_feature(view, name, at, None, &listed(&known, more), view_at),
        (_, Meant::Name(near)) => no_such_feature(view, name, at, Some(near), "", view_at),
        (_, Meant::OtherNumber(near)) => feature_of_another_number(view, name, at, near, view_at),
        (_, Meant::Windows(windows, more)) => {
            feature_of_several_windows(view, name, at, &one_of(&windows, more), view_at)
        }
        (_, Meant::OneWindow { feature, window, asked }) => {
            feature_of_one_window(view, name, at, feature, &window, &asked, view_at)
        }
    }
}

/// E0110 in a clause, or what the name is elsewhere.
pub fn unknown_column(rows: &str, name: &str, at: Span, nearest: Option<&str>, rows_at: Span) -> Diagnostic {
    not_a_name(name, at).unwrap_or_else(|| no_such_column(rows, name, at, nearest, rows_at))
}

/// E0110 in an expression, or what the name is elsewhere.
pub fn unknown_value(rows: &str, name: &str, at: Span, nearest: Option<&str>, rows_at: Span) -> Diagnostic {
    not_a_name(name, at).unwrap_or_else(|| match name {
        "now" | "today" => clock_as_column(name, at),
        _ if nearest
            .and_then(|nearest| nearest.strip_prefix(name))
            .is_some_and(|rest| rest.starts_with('_')) =>
        {
            part_of_a_name_or_text(rows, name, at, nearest.unwrap_or_default(), rows_at)
        }
        _ => neither_column_nor_text(rows, name, at, nearest, rows_at),
    })
}

/// A name that is a literal in capitals, or a clock: nothing of the kind can be declared to help.
fn not_a_name(name: &str, at: Span) -> Option<Diagnostic> {
    let small = name.to_ascii_lowercase();
    Some(match (name, small.as_str()) {
        (_, "true" | "false" | "null") => literal_in_capitals(name, at, &small),
        ("nan" | "NaN" | "NAN", _) => no_literal_of_nan(name, at),
        ("None" | "nil" | "NA", _) => null_of_another_language(name, at),
        (_, "current_timestamp" | "current_date" | "current_time" | "localtimestamp") => clock_as_column(name, at),
        _ => return None,
    })
}
