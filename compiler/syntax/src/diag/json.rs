//! Messages for programs.

use super::diagnostic::{Diagnostic, Label};
use super::printable::printable_json;
use super::shown::shown;
use super::span::{SourceMap, Span};
use serde::Serialize;

/// One JSON object per message and line.
///
/// ```json
/// {"code":"E0203","severity":"error","title":"…","message":"…",
///  "primary":{"file":"a.feat","start":{"offset":0,"line":1,"column":1},"end":{…},"label":"…"},
///  "secondary":[…],"notes":["…"],
///  "help":{"text":"…","edit":{"file":"a.feat","start":{…},"end":{…},"replacement":"…","sure":true}}}
/// ```
///
/// What a terminal would obey instead of showing it is escaped (`\u009b`). Offsets are bytes from 0; lines and columns count from 1, columns in characters. `primary`, `help` and `edit` may be
/// null. An edit is `sure` if nothing else can be meant. After [`SHOWN_MAX`](super::SHOWN_MAX) messages a last one, W0002, counts the others.
pub fn render(diagnostics: &[Diagnostic], sources: &SourceMap) -> String {
    shown(diagnostics)
        .iter()
        .map(|diagnostic| to_json(diagnostic, sources) + "\n")
        .collect()
}

fn to_json(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let message = Message {
        code: diagnostic.code.code(),
        severity: diagnostic.severity().name(),
        title: diagnostic.code.title(),
        message: &diagnostic.message,
        primary: diagnostic.primary.as_ref().map(|label| labelled(label, sources)),
        secondary: diagnostic
            .secondary
            .iter()
            .map(|label| labelled(label, sources))
            .collect(),
        notes: &diagnostic.notes,
        help: diagnostic.help.as_ref().map(|help| HelpJson {
            text: &help.text,
            edit: help.edit.as_ref().map(|(span, replacement)| EditJson {
                place: place(*span, sources),
                replacement,
                sure: help.sure_edit(sources).is_some(),
            }),
        }),
    };
    let text = serde_json::to_string(&message).expect("plain data always serialises");
    printable_json(&text).into_owned()
}

#[derive(Serialize)]
struct Message<'a> {
    code: &'a str,
    severity: &'a str,
    title: &'a str,
    message: &'a str,
    primary: Option<LabelJson<'a>>,
    secondary: Vec<LabelJson<'a>>,
    notes: &'a [String],
    help: Option<HelpJson<'a>>,
}

#[derive(Serialize)]
struct LabelJson<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    label: &'a str,
}

#[derive(Serialize)]
struct HelpJson<'a> {
    text: &'a str,
    edit: Option<EditJson<'a>>,
}

#[derive(Serialize)]
struct EditJson<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    replacement: &'a str,
    sure: bool,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    start: Point,
    end: Point,
}

#[derive(Serialize)]
struct Point {
    offset: usize,
    line: usize,
    column: usize,
}

fn labelled<'a>(label: &'a Label, sources: &'a SourceMap) -> LabelJson<'a> {
    LabelJson {
        place: place(label.span, sources),
        label: &label.text,
    }
}

fn place(span: Span, sources: &SourceMap) -> Place<'_> {
    let point = |offset| {
        let position = sources.position(span.file, offset);
        Point {
            offset,
            line: position.line,
            column: position.column,
        }
    };
    Place {
        file: sources.name(span.file),
        start: point(span.start),
        end: point(span.end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;
    use insta::assert_snapshot;

    #[test]
    fn what_a_terminal_obeys_is_escaped() {
        let mut sources = SourceMap::new();
        let file = sources.add("f\u{9b}\u{202e}.feat", "x");
        let message = Diagnostic::at(Code::Bug, "a\u{9b}31m\u{7f}", Span::new(file, 0, 1), "\u{2066}");
        let said = render(&[message], &sources);
        assert!(
            said.contains(r"a\u009b31m\u007f") && said.contains(r"f\u009b\u202e.feat"),
            "{said}"
        );
        assert!(said.contains(r"\u2066"), "{said}");
        let read: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!(read["message"], "a\u{9b}31m\u{7f}");
    }

    #[test]
    fn one_object_per_line() {
        let mut sources = SourceMap::new();
        let file = sources.add("a.feat", "é\nbc\n");
        let span = Span::new(file, 3, 5);
        let diagnostics = [
            Diagnostic::at(Code::UnexpectedText, "odd", span, "here").with_edit("write `x`", span, "x"),
            Diagnostic::new(Code::Bug, "no place").with_note("really"),
        ];
        assert_snapshot!(render(&diagnostics, &sources), @r#"
    {"code":"E0001","severity":"error","title":"unexpected text","message":"odd","primary":{"file":"a.feat","start":{"offset":3,"line":2,"column":1},"end":{"offset":5,"line":2,"column":3},"label":"here"},"secondary":[],"notes":[],"help":{"text":"write `x`","edit":{"file":"a.feat","start":{"offset":3,"line":2,"column":1},"end":{"offset":5,"line":2,"column":3},"replacement":"x","sure":true}}}
    {"code":"E9999","severity":"error","title":"a bug in featc","message":"no place","primary":null,"secondary":[],"notes":["really"],"help":null}
    "#);
    }
}
