//! Which messages are printed, and how much of them: output stays small whatever the program is.

use super::diagnostic::{Diagnostic, Label};
use super::span::floor_boundary;
use super::{Code, Severity};

/// Messages that are printed at once.
pub const SHOWN_MAX: usize = 50;

/// Bytes of one text of a message: names and lists of a program may be of any length.
const TEXT_MAX: usize = 1000;

/// At most [`SHOWN_MAX`] messages in their order, errors before warnings if there are more, and the count of the others
/// as a last message. Long texts are cut; edits stay whole.
pub fn shown(diagnostics: &[Diagnostic]) -> Vec<Diagnostic> {
    if diagnostics.len() <= SHOWN_MAX {
        return diagnostics.iter().map(cut).collect();
    }
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let mut warnings = SHOWN_MAX.saturating_sub(errors);
    let mut errors_left = SHOWN_MAX;
    let mut taken = Vec::with_capacity(SHOWN_MAX + 1);
    for diagnostic in diagnostics {
        let left = match diagnostic.severity() {
            Severity::Error => &mut errors_left,
            Severity::Warning => &mut warnings,
        };
        if *left > 0 {
            *left -= 1;
            taken.push(cut(diagnostic));
        }
    }
    let more_errors = errors.saturating_sub(SHOWN_MAX);
    taken.push(more(more_errors, diagnostics.len() - SHOWN_MAX - more_errors));
    taken
}

/// W0002: the count of what is not printed.
fn more(errors: usize, warnings: usize) -> Diagnostic {
    let some = |count: usize, word: &str| {
        let plural = if count == 1 { "" } else { "s" };
        (count > 0).then(|| format!("{count} more {word}{plural}"))
    };
    let counts: Vec<String> = [some(errors, "error"), some(warnings, "warning")]
        .into_iter()
        .flatten()
        .collect();
    let verb = if errors + warnings == 1 { "is" } else { "are" };
    Diagnostic::new(Code::NotShown, format!("{} {verb} not shown", counts.join(" and ")))
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

    #[test]
    fn fifty_are_shown_and_the_others_are_counted() {
        let all = of(Code::UnexpectedText, SHOWN_MAX);
        assert_eq!(shown(&all), all);
        let mixed = [of(Code::DetachedDoc, 60), of(Code::UnexpectedText, 30)].concat();
        let found = shown(&mixed);
        assert_eq!(found.len(), SHOWN_MAX + 1);
        assert_eq!(found.iter().filter(|one| one.is_error()).count(), 30, "errors first");
        let last = |all: &[Diagnostic]| shown(all).last().map(|last| last.message.clone());
        assert_eq!(last(&mixed), Some("40 more warnings are not shown".to_owned()));
        let many = [of(Code::UnexpectedText, 51), of(Code::DetachedDoc, 2)].concat();
        assert_eq!(
            last(&many),
            Some("1 more error and 2 more warnings are not shown".to_owned())
        );
    }

    #[test]
    fn long_texts_are_cut_between_letters() {
        let name = "é".repeat(4000);
        let found = shown(&[Diagnostic::new(Code::UnexpectedText, name.as_str())]);
        assert_eq!(found[0].message, format!("{}…", "é".repeat(500)));
    }
}
