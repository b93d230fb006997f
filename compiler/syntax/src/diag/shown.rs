//! Which messages are printed, and how much of them: output stays small whatever the program is.

use super::diagnostic::{Diagnostic, Label};
use super::span::floor_boundary;
use super::{Code, Severity};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Messages that are printed at once.
pub const SHOWN_MAX: usize = 50;

/// Of these, messages of one code: more of them say little more.
pub const OF_A_CODE_MAX: usize = 15;

/// So many codes are named with the count of their messages that are not printed.
const CODES_MAX: usize = 5;

/// Bytes of one text of a message: names and lists of a program may be of any length.
const TEXT_MAX: usize = 1000;

/// At most [`SHOWN_MAX`] messages in their order, [`OF_A_CODE_MAX`] of a code, errors before warnings if there are more, and
/// the count of the others as a last message. Long texts are cut; edits stay whole.
pub fn shown(diagnostics: &[Diagnostic]) -> Vec<Diagnostic> {
    let mut of_code: BTreeMap<Code, (usize, usize)> = BTreeMap::new();
    let few: Vec<&Diagnostic> = diagnostics
        .iter()
        .filter(|diagnostic| {
            let (taken, _) = of_code.entry(diagnostic.code).or_default();
            *taken += 1;
            *taken <= OF_A_CODE_MAX
        })
        .collect();
    let errors = few.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let mut warnings_left = SHOWN_MAX.saturating_sub(errors);
    let mut errors_left = SHOWN_MAX;
    let mut taken = Vec::with_capacity(SHOWN_MAX + 1);
    for diagnostic in few {
        let left = match diagnostic.severity() {
            Severity::Error => &mut errors_left,
            Severity::Warning => &mut warnings_left,
        };
        if *left > 0 {
            *left -= 1;
            taken.push(cut(diagnostic));
            of_code.entry(diagnostic.code).or_default().1 += 1;
        }
    }
    let left = of_code.into_iter().map(|(code, (all, shown))| (code, all - shown));
    let left: Vec<(Code, usize)> = left.filter(|(_, count)| *count > 0).collect();
    if !left.is_empty() {
        taken.push(more(&left));
    }
    taken
}

/// W0002: the count of what is not printed, by code.
fn more(left: &[(Code, usize)]) -> Diagnostic {
    let of = |severity: Severity| {
        let counts = left.iter().filter(|(code, _)| code.severity() == severity);
        counts.map(|(_, count)| count).sum::<usize>()
    };
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let some = |count: usize, word: &str| {
        let plural = if count == 1 { "" } else { "s" };
        (count > 0).then(|| format!("{count} more {word}{plural}"))
    };
    let counts: Vec<String> = [some(errors, "error"), some(warnings, "warning")]
        .into_iter()
        .flatten()
        .collect();
    let verb = if errors + warnings == 1 { "is" } else { "are" };
    let mut by_code: Vec<&(Code, usize)> = left.iter().collect();
    by_code.sort_by_key(|(code, count)| (Reverse(*count), *code));
    let named = by_code.iter().take(CODES_MAX);
    let mut named: Vec<String> = named.map(|(code, count)| format!("{count} of {code}")).collect();
    if let Some(rest) = by_code.get(CODES_MAX..).filter(|rest| !rest.is_empty()) {
        let count: usize = rest.iter().map(|(_, count)| count).sum();
        named.push(format!("{count} of others"));
    }
    Diagnostic::new(Code::NotShown, format!("{} {verb} not shown", counts.join(" and ")))
        .with_note(named.join(", "))
        .with_help("mend the messages above first, then check again")
}

fn cut(diagnostic: &Diagnostic) -> Diagnostic {
    let label = |label: &Label| Label {
        span: label.span,
        text: text(&label.text),
    };
    Diagnostic {
        code: diagnostic.code,
        message: text(&diagnostic.message),
        primary: diagnostic.primary.as_ref().map(label),
        secondary: diagnostic.secondary.iter().map(label).collect(),
        notes: diagnostic.notes.iter().map(|note| text(note)).collect(),
        help: diagnostic.help.as_ref().map(|help| super::Help {
            text: text(&help.text),
            edit: help.edit.clone(),
            certainty: help.certainty,
        }),
    }
}

fn text(whole: &str) -> String {
    if whole.len() <= TEXT_MAX {
        return whole.to_owned();
    }
    format!("{}…", &whole[..floor_boundary(whole, TEXT_MAX)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: Code, count: usize) -> Vec<Diagnostic> {
        (0..count).map(|at| Diagnostic::new(code, format!("{at}"))).collect()
    }

    /// As many messages, of as many codes as there need be.
    fn errors(count: usize) -> Vec<Diagnostic> {
        let codes = Code::ALL.iter().filter(|code| code.severity() == Severity::Error);
        codes.flat_map(|code| of(*code, OF_A_CODE_MAX)).take(count).collect()
    }

    #[test]
    fn fifty_are_shown_and_the_others_are_counted() {
        let all = errors(SHOWN_MAX);
        assert_eq!(shown(&all), all);
        let mixed = [
            of(Code::DetachedDoc, 15),
            of(Code::UndocumentedFeatures, 15),
            errors(30),
        ]
        .concat();
        let found = shown(&mixed);
        assert_eq!(found.len(), SHOWN_MAX + 1);
        assert_eq!(found.iter().filter(|one| one.is_error()).count(), 30, "errors first");
        let last = |all: &[Diagnostic]| shown(all).last().map(|last| last.message.clone());
        assert_eq!(last(&mixed), Some("10 more warnings are not shown".to_owned()));
        let many = [errors(51), of(Code::DetachedDoc, 2)].concat();
        assert_eq!(
            last(&many),
            Some("1 more error and 2 more warnings are not shown".to_owned())
        );
    }

    #[test]
    fn one_code_takes_no_more_than_its_share() {
        let all = [of(Code::UnknownColumn, 40), of(Code::UnexpectedText, 3)].concat();
        let found = shown(&all);
        let count = |code: Code| found.iter().filter(|one| one.code == code).count();
        assert_eq!(
            (count(Code::UnknownColumn), count(Code::UnexpectedText)),
            (OF_A_CODE_MAX, 3)
        );
        let last = found.last().expect("messages");
        assert_eq!(last.message, "25 more errors are not shown");
        assert_eq!(last.notes, ["25 of E0110"]);
        // As many as there are messages of it, if they are not too many.
        let all = of(Code::UnknownColumn, OF_A_CODE_MAX);
        assert_eq!(shown(&all), all);
    }

    #[test]
    fn long_texts_are_cut_between_letters() {
        let name = "é".repeat(4000);
        let found = shown(&[Diagnostic::new(Code::UnexpectedText, name.as_str())]);
        assert_eq!(found[0].message, format!("{}…", "é".repeat(500)));
    }
}
