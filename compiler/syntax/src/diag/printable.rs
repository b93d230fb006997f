//! Texts without what a terminal would obey: control characters, ends of lines that are none of ours, and marks that
//! change the direction of writing.
//!
//! Names of columns, paths, values and program lines come from files, and may hold such.

use super::diagnostic::{Diagnostic, Label};
use super::span::SourceMap;
use std::borrow::Cow;

/// Whether a terminal obeys the character instead of showing it. Ends of lines and tabs are shown.
fn is_obeyed(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{61c}' | '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with escapes like `\u{1b}` for what a terminal obeys.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match is_obeyed(c) {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// JSON with escapes like `\u009b` for what a terminal obeys: the same JSON. Outside of strings there is nothing such.
pub fn printable_json(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match is_obeyed(c) {
            true => shown.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Messages and programs as [`printable`] shows them. In programs each such character is one of as many bytes, so that
/// places stay what they are.
pub fn printable_messages<'a>(
    diagnostics: &'a [Diagnostic],
    sources: &'a SourceMap,
) -> (Cow<'a, [Diagnostic]>, Cow<'a, SourceMap>) {
    let is_plain = |text: &str| !text.contains(is_obeyed);
    let plain_label = |label: &Label| is_plain(&label.text);
    let is_plain_message = |diagnostic: &Diagnostic| {
        is_plain(&diagnostic.message)
            && diagnostic.primary.iter().chain(&diagnostic.secondary).all(plain_label)
            && diagnostic.notes.iter().all(|note| is_plain(note))
            && diagnostic.help.iter().all(|help| is_plain(&help.text))
    };
    let diagnostics = match diagnostics.iter().all(is_plain_message) {
        true => Cow::Borrowed(diagnostics),
        false => Cow::Owned(diagnostics.iter().cloned().map(shown).collect()),
    };
    let is_plain_file = |file| is_plain(sources.name(file)) && is_plain_program(sources.text(file));
    let sources = match sources.ids().all(is_plain_file) {
        true => Cow::Borrowed(sources),
        false => Cow::Owned(programs(sources)),
    };
    (diagnostics, sources)
}

fn shown(mut diagnostic: Diagnostic) -> Diagnostic {
    let show = |text: &mut String| {
        if let Cow::Owned(shown) = printable(text) {
            *text = shown;
        }
    };
    show(&mut diagnostic.message);
    let labels = diagnostic.primary.iter_mut().chain(&mut diagnostic.secondary);
    labels.for_each(|label| show(&mut label.text));
    diagnostic.notes.iter_mut().for_each(show);
    diagnostic.help.iter_mut().for_each(|help| show(&mut help.text));
    diagnostic
}

/// A carriage return before a line feed is part of the end of a line.
fn is_plain_program(text: &str) -> bool {
    !text.replace("\r\n", "\n").contains(is_obeyed)
}

fn programs(sources: &SourceMap) -> SourceMap {
    let mut shown = SourceMap::new();
    for file in sources.ids() {
        let mut text = String::with_capacity(sources.text(file).len());
        let mut chars = sources.text(file).chars().peekable();
        while let Some(c) = chars.next() {
            let is_end = c == '\r' && chars.peek() == Some(&'\n');
            text.push(match (is_obeyed(c) && !is_end, c.len_utf8()) {
                (false, _) => c,
                (true, 1) => '?',
                (true, 2) => '\u{bf}',
                (true, _) => '\u{fffd}',
            });
        }
        shown.add(printable(sources.name(file)).into_owned(), text);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Code, Span};

    #[test]
    fn what_a_terminal_obeys_is_shown_and_places_stay() {
        assert_eq!(
            printable("a\u{1b}]0;x\u{7}\u{9b}\u{202e}b"),
            "a\\u{1b}]0;x\\u{7}\\u{9b}\\u{202e}b"
        );
        assert_eq!(printable("a\u{2028}b\u{2029}\u{61c}"), "a\\u{2028}b\\u{2029}\\u{61c}");
        assert!(matches!(printable("é\tb\nc"), Cow::Borrowed(_)));
        let text = "\u{7f}\u{9b}\u{202e}\u{2028}é\n";
        let json = serde_json::json!({ text: text }).to_string();
        let shown = printable_json(&json);
        assert_eq!(
            shown,
            r#"{"\u007f\u009b\u202e\u2028é\n":"\u007f\u009b\u202e\u2028é\n"}"#
        );
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap()[text], text);
        assert!(matches!(printable_json("{\"é\": 1}\n"), Cow::Borrowed(_)));
        let mut sources = SourceMap::new();
        let text = "a\u{1b}\u{7f}\u{85}\u{2066}\u{2028}b\r\nc\rd\n";
        let file = sources.add("x\u{1b}.feat", text);
        let message = Diagnostic::at(Code::Bug, "m\u{7}", Span::new(file, 1, 2), "l\u{8}")
            .with_note("n\u{0}")
            .with_help("h\r");
        let (messages, programs) = printable_messages(std::slice::from_ref(&message), &sources);
        assert_eq!(programs.text(file), "a??\u{bf}\u{fffd}\u{fffd}b\r\nc?d\n");
        assert_eq!(
            (programs.name(file), programs.text(file).len()),
            ("x\\u{1b}.feat", text.len())
        );
        let said = super::super::terminal::render(&messages, &programs, false);
        assert!(!said.contains(is_obeyed), "{said:?}");
        let plain = Diagnostic::new(Code::Bug, "plain");
        let none = SourceMap::new();
        let (messages, programs) = printable_messages(std::slice::from_ref(&plain), &none);
        assert!(matches!((messages, programs), (Cow::Borrowed(_), Cow::Borrowed(_))));
    }
}
