//! Messages for programs.

use super::diagnostic::{Diagnostic, Label};
use super::shown::shown;
use super::span::{SourceMap, Span};
use serde::Serialize;

/// One JSON object per message and line.
///
/// ```json
/// {"code":"E0203","severity":"error","title":"…","message":"…",
///  "primary":{"file":"a.feat","start":{"offset":0,"line":1,"column":1},"end":{…},"label":"…"},
///  "secondary":[…],"notes":["…"],
///  "help":{"text":"…","edit":{"file":"a.feat","start":{…},"end":{…},"replacement":"…"}}}
/// ```
///
/// Offsets are bytes from 0; lines and columns count from 1, columns in characters. `primary`, `help` and `edit` may be
/// null. Behind [`SHOWN_MAX`](super::SHOWN_MAX) messages a last one, W0002, counts the others.
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
            }),
        }),
    };
    serde_json::to_string(&message).unwrap_or_default()
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
    fn one_object_per_line() {
        let mut sources = SourceMap::new();
        let file = sources.add("a.feat", "é\nbc\n");
        let span = Span::new(file, 3, 5);
        let diagnostics = [
            Diagnostic::at(Code::UnexpectedText, "odd", span, "here").with_edit("write `x`", span, "x"),
            Diagnostic::new(Code::Bug, "no place").with_note("really"),
        ];
        assert_snapshot!(render(&diagnostics, &sources), @r#"
    {"code":"E0001","severity":"error","title":"unexpected text","message":"odd","primary":{"file":"a.feat","start":{"offset":3,"line":2,"column":1},"end":{"offset":5,"line":2,"column":3},"label":"here"},"secondary":[],"notes":[],"help":{"text":"write `x`","edit":{"file":"a.feat","start":{"offset":3,"line":2,"column":1},"end":{"offset":5,"line":2,"column":3},"replacement":"x"}}}
    {"code":"E9999","severity":"error","title":"a bug in featc","message":"no place","primary":null,"secondary":[],"notes":["really"],"help":null}
    "#);
    }
}
