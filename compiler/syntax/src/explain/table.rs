//! Habits of other languages as a table: what is written, what it means here, what to write instead.

mod features;
mod sources;
mod values;

use super::pattern::{Found, find};
use super::piece::Piece;
use crate::diag::{Code, Diagnostic, Span};
use crate::foreign;
use crate::forms::Context;
use crate::literal;

/// One habit: where it is looked for, what is written (see [`super::pattern`]), what that means here, and the next step.
/// Letters in braces stand for what the pattern found; `{L_}` has a space after it unless nothing was found, `{(A)}` stands
/// in parentheses if it could not stand beside `and`, `{type W}` is a type as it is called here, `{plain Y}` a text without its quotes,
/// `{instant S}` the instant that a text is meant as.
struct Habit(&'static [Context], &'static str, Code, &'static str, Then);

/// The next step.
enum Then {
    /// The replacement of what was found.
    Write(&'static str),
    /// The replacement of all that was found, where the message points at a part of it; and an example where that is too
    /// long to be quoted.
    Show(&'static str, &'static str),
    /// The same of an operand, which means the same wherever it stands: a call, a `case`, or one in parentheses.
    Call(&'static str, &'static str),
    /// The same of a condition: in parentheses where something beside it would bind a part of it.
    Value(&'static str, &'static str),
    /// The replacement of a method `W` by the function that it is here; words where it is none that is known.
    Method(&'static str),
    /// A replacement of what was found about which the writer decides, and what else may be meant.
    Ask(&'static str, &'static str),
    /// Words.
    Say(&'static str),
}

use Then::{Ask, Call, Method, Say, Show, Value, Write};

const EXPRESSIONS: &[Context] = &[Context::Step, Context::Statement, Context::Entry];
const STEPS: &[Context] = &[Context::Step];
const VIEWS: &[Context] = &[Context::Statement];
const SOURCES: &[Context] = &[Context::Clause];
const SERVICES: &[Context] = &[Context::Entry];
const FILES: &[Context] = &[Context::Item];
const ITEMS: &[Context] = &[Context::Item, Context::Clause, Context::Step, Context::Statement];
const ALL: &[Context] = &Context::ALL;

/// Types here that others call by other letters.
pub(super) use values::CONDITIONAL;

pub(super) const TYPES: [&str; 7] = ["bool", "int64", "float64", "string", "timestamp", "date", "duration"];

/// Of another language.
const FOREIGN: Code = Code::UnexpectedText;
/// Of another release.
const ABSENT: Code = Code::NotInRelease;

const NO_METHOD: &str = "no function is called `{W}` here: `featc explain E0111` lists those that there are";

/// What is said of the first habit that fits at the place of the failure.
pub(super) fn told(context: Context, piece: &Piece<'_>) -> Option<Diagnostic> {
    let all = [values::HABITS, features::HABITS, sources::HABITS];
    let here = all.into_iter().flatten().filter(|habit| habit.0.contains(&context));
    here.map(|habit| Some(habit.tell(piece, &find(habit.1, piece)?)))
        .find_map(|told| told)
}

/// A condition as an operand of `and`.
fn beside_and(condition: &str) -> String {
    let words = |word: &str| {
        condition
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .any(|one| one == word)
    };
    match words("or") || condition.contains("||") {
        true => format!("({condition})"),
        false => condition.to_owned(),
    }
}

/// A type of another language by its name here: of `double`, `"double"`, `Float64` and `DoubleType`.
fn type_here(written: &str) -> String {
    let plain = written.trim_matches('"');
    let lower = plain.to_lowercase();
    let short = lower.strip_suffix("type").unwrap_or(&lower);
    match foreign::type_meant(short) {
        Some(ours) => ours.to_owned(),
        None if TYPES.contains(&short) => short.to_owned(),
        None => plain.to_owned(),
    }
}

/// The instant that a text stands for, as a literal; an example where it stands for none.
fn instant_here(written: &str) -> String {
    let meant = literal::meant_instant(written.trim_matches('"'), false);
    meant.unwrap_or_else(|| "@2025-01-31T12:00:00Z".to_owned())
}

/// Whether a help may quote it.
pub(super) fn is_quotable(text: &str) -> bool {
    text.len() <= 100 && !text.contains(['\n', '`']) && !text.is_empty()
}

/// A replacement as a help shows it: what cannot be quoted stands as `…` in its template.
fn quoted(whole: &str, template: &str) -> String {
    if is_quotable(whole) {
        return whole.to_owned();
    }
    let mut shown = String::new();
    for part in template.split('{') {
        match part.split_once('}') {
            Some((_, rest)) => shown.push_str(&format!("…{rest}")),
            None => shown.push_str(part),
        }
    }
    shown
}

/// `sum(x) where a / sum(x)`: what is divided by is no part of the condition.
fn divides(piece: &Piece<'_>, found: &Found) -> bool {
    let condition = found.letters.iter().find(|(letter, ..)| *letter == 'R');
    condition.is_some_and(|(_, first, last)| {
        let is_bare = last >= first && *first > 0 && piece.text(first - 1) == "where";
        is_bare
            && piece
                .slice(*first, *last)
                .split_once('/')
                .is_some_and(|(_, by)| by.contains('('))
    })
}

/// A template with what the letters of a pattern found.
fn filled(template: &str, piece: &Piece<'_>, found: &Found) -> String {
    let mut text = template.to_owned();
    for (letter, first, last) in &found.letters {
        let written = if last < first { "" } else { piece.slice(*first, *last) };
        let gap = if written.is_empty() { "" } else { " " };
        text = text.replace(&format!("{{{letter}_}}"), &format!("{written}{gap}"));
        text = text.replace(&format!("{{({letter})}}"), &beside_and(written));
        text = text.replace(&format!("{{type {letter}}}"), &type_here(written));
        text = text.replace(&format!("{{plain {letter}}}"), written.trim_matches('"'));
        if text.contains("{instant ") {
            text = text.replace(&format!("{{instant {letter}}}"), &instant_here(written));
        }
        text = text.replace(&format!("{{{letter}}}"), written);
    }
    text
}

impl Habit {
    fn tell(&self, piece: &Piece<'_>, found: &Found) -> Diagnostic {
        let Habit(_, _, code, message, then) = self;
        let filled = |template: &str| filled(template, piece, found);
        let span = piece.span(found.start, found.end);
        let diagnostic = Diagnostic::at(*code, filled(message), span, "");
        match then {
            Show(..) if *message == features::FILTER && divides(piece, found) => diagnostic.with_help(
                "write the condition in the parentheses of its aggregate, and divide behind them, such as \
                 `sum(x where a) / sum(x)`",
            ),
            Say(help) => diagnostic.with_help(filled(help)),
            Show(template, otherwise) => {
                let whole = filled(template);
                let (first, last) = found.whole;
                let is_edit = !whole.is_empty() && piece.is_alone(first, last);
                replaced(diagnostic, piece.span(first, last), whole, otherwise, is_edit)
            }
            Call(template, otherwise) => {
                let (first, last) = found.whole;
                replaced(diagnostic, piece.span(first, last), filled(template), otherwise, true)
            }
            Value(template, otherwise) => {
                let (first, last) = found.whole;
                let condition = match piece.takes_a_comparison(first, last) {
                    true => filled(template),
                    false => format!("({})", filled(template)),
                };
                replaced(diagnostic, piece.span(first, last), condition, otherwise, true)
            }
            Method(template) => match foreign::method_meant(found.text('W', piece)) {
                Some(function) => {
                    let whole = filled(&template.replace("{W}", function));
                    let shown = if is_quotable(&whole) {
                        whole.clone()
                    } else {
                        format!("{function}(x)")
                    };
                    match foreign::remark(function) {
                        None => diagnostic.with_edit(format!("write `{shown}`"), span, whole),
                        Some(remark) => diagnostic.with_offer(format!("write `{shown}`, {remark}"), span, whole),
                    }
                }
                None => diagnostic.with_help(filled(NO_METHOD)),
            },
            Ask("", remark) => diagnostic.with_offer(format!("remove it{}", filled(remark)), span, ""),
            Ask(template, remark) => {
                let whole = filled(template);
                let shown = quoted(&whole, template);
                diagnostic.with_offer(format!("write `{shown}`{}", filled(remark)), span, whole)
            }
            Write("") => diagnostic.with_edit("remove it", span, ""),
            Write(template) => {
                let whole = filled(template);
                let shown = quoted(&whole, template);
                diagnostic.with_edit(format!("write `{shown}`"), span, whole)
            }
        }
    }
}

/// Offers the replacement of all that was found; an example instead, where that is too long to be quoted.
fn replaced(diagnostic: Diagnostic, at: Span, whole: String, otherwise: &str, is_edit: bool) -> Diagnostic {
    let shown = if is_quotable(&whole) { &whole } else { otherwise };
    let help = format!("write `{shown}`");
    match is_edit {
        true => diagnostic.with_edit(help, at, whole),
        false => diagnostic.with_help(help),
    }
}
