//! Habits of other languages as a table: what is written, what it means here, what to write instead.

mod features;
mod sources;
mod values;

use super::pattern::{Found, find};
use super::piece::Piece;
use crate::diag::{Code, Diagnostic};
use crate::forms::Context;

/// One habit: where it is looked for, what is written (see [`super::pattern`]), what that means here, and the next step.
/// Letters in braces stand for what the pattern found; `{L_}` has a space behind it unless nothing was found, `{(A)}` stands
/// in parentheses if it could not stand beside `and`.
struct Habit(&'static [Context], &'static str, Code, &'static str, Then);

/// The next step.
enum Then {
    /// The replacement of what was found.
    Write(&'static str),
    /// The replacement of all that was found, where the message points at a part of it; and an example where that is too
    /// long to be quoted.
    Show(&'static str, &'static str),
    /// Words.
    Say(&'static str),
}

use Then::{Say, Show, Write};

const BODIES: &[Context] = &[Context::Step, Context::Statement];
const STEPS: &[Context] = &[Context::Step];
const VIEWS: &[Context] = &[Context::Statement];
const SOURCES: &[Context] = &[Context::Clause];
const SERVICES: &[Context] = &[Context::Entry];
const FILES: &[Context] = &[Context::Item];
const ITEMS: &[Context] = &[Context::Item, Context::Clause, Context::Step, Context::Statement];
const ALL: &[Context] = &Context::ALL;

/// Of another language.
const FOREIGN: Code = Code::UnexpectedText;
/// Of another release.
const ABSENT: Code = Code::NotInRelease;

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

/// Whether a help may quote it.
pub(super) fn is_quotable(text: &str) -> bool {
    text.len() <= 100 && !text.contains(['\n', '`']) && !text.is_empty()
}

impl Habit {
    fn tell(&self, piece: &Piece<'_>, found: &Found) -> Diagnostic {
        let Habit(_, _, code, message, then) = self;
        let filled = |template: &str| {
            let mut text = template.to_owned();
            for (letter, first, last) in &found.letters {
                let written = if last < first { "" } else { piece.slice(*first, *last) };
                let gap = if written.is_empty() { "" } else { " " };
                text = text.replace(&format!("{{{letter}_}}"), &format!("{written}{gap}"));
                text = text.replace(&format!("{{({letter})}}"), &beside_and(written));
                text = text.replace(&format!("{{{letter}}}"), written);
            }
            text
        };
        let span = piece.span(found.start, found.end);
        let diagnostic = Diagnostic::at(*code, filled(message), span, "");
        match then {
            Say(help) => diagnostic.with_help(filled(help)),
            Show(template, otherwise) => {
                let whole = filled(template);
                let (first, last) = found.whole;
                let shown = if is_quotable(&whole) { &whole } else { *otherwise };
                let help = format!("write `{shown}`");
                match !whole.is_empty() && piece.is_alone(first, last) {
                    true => diagnostic.with_edit(help, piece.span(first, last), whole),
                    false => diagnostic.with_help(help),
                }
            }
            Write("") => diagnostic.with_edit("remove it", span, ""),
            Write(template) => {
                let whole = filled(template);
                let shown = if is_quotable(&whole) { &whole } else { *template };
                diagnostic.with_edit(format!("write `{shown}`"), span, whole)
            }
        }
    }
}
