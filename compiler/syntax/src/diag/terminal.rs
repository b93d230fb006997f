//! Messages for people, through codespan-reporting; nothing else in the workspace names that crate.

use super::diagnostic::{Diagnostic, Label};
use super::excerpt::Excerpt;
use super::shown::shown;
use super::span::{FileId, SourceMap};
use codespan_reporting::diagnostic as report;
use codespan_reporting::term::{self, Config, Styles, StylesWriter, termcolor};

/// The messages in order, each with its lines of the program, with an empty line between two. Long lines are cut around
/// the marks; after [`SHOWN_MAX`](super::SHOWN_MAX) messages the others are counted.
pub fn render(diagnostics: &[Diagnostic], sources: &SourceMap, colour: bool) -> String {
    let config = Config {
        tab_width: 2,
        ..Config::default()
    };
    let styles = Styles::default();
    let mut text = String::new();
    for (index, diagnostic) in shown(diagnostics).iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        let excerpt = Excerpt::new(diagnostic, sources);
        let lowered = lower(diagnostic, &excerpt);
        let rendered = if colour {
            let mut buffer = termcolor::Ansi::new(Vec::new());
            term::emit_to_write_style(
                &mut StylesWriter::new(&mut buffer, &styles),
                &config,
                &excerpt,
                &lowered,
            )
            .map(|()| String::from_utf8_lossy(&buffer.into_inner()).into_owned())
        } else {
            term::emit_into_string(&config, &excerpt, &lowered)
        };
        match rendered {
            Ok(rendered) => text.extend(rendered.trim_end().split_inclusive('\n').map(trim_line)),
            Err(_) => text.push_str(&short_line(diagnostic, sources)),
        }
        text.push('\n');
    }
    text
}

/// One line per message: `file:line:col: error[E0203]: message`. As many as [`render`] shows.
pub fn short(diagnostics: &[Diagnostic], sources: &SourceMap) -> String {
    shown(diagnostics)
        .iter()
        .map(|diagnostic| short_line(diagnostic, sources) + "\n")
        .collect()
}

fn short_line(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let place = match &diagnostic.primary {
        Some(label) => {
            let position = sources.position(label.span.file, label.span.start);
            format!(
                "{}:{}:{}: ",
                sources.name(label.span.file),
                position.line,
                position.column
            )
        }
        None => String::new(),
    };
    format!(
        "{place}{}[{}]: {}",
        diagnostic.severity().name(),
        diagnostic.code,
        diagnostic.message
    )
}

/// A rendered line without the blanks that stand before its end.
fn trim_line(line: &str) -> String {
    match line.strip_suffix('\n') {
        Some(body) => format!("{}\n", body.trim_end()),
        None => line.to_owned(),
    }
}

fn lower(diagnostic: &Diagnostic, excerpt: &Excerpt<'_>) -> report::Diagnostic<FileId> {
    let severity = match diagnostic.severity() {
        super::Severity::Error => report::Severity::Error,
        super::Severity::Warning => report::Severity::Warning,
    };
    let label = |style, label: &Label| {
        let place = excerpt.place(label.span)?;
        Some(report::Label::new(style, label.span.file, place).with_message(&label.text))
    };
    let primary = diagnostic
        .primary
        .iter()
        .filter_map(|found| label(report::LabelStyle::Primary, found));
    let secondary = diagnostic
        .secondary
        .iter()
        .filter_map(|found| label(report::LabelStyle::Secondary, found));
    let notes = diagnostic.notes.iter().map(|note| format!("note: {}", note));
    let help = diagnostic.help.iter().map(|help| format!("help: {}", help.text));
    report::Diagnostic::new(severity)
        .with_code(diagnostic.code.code())
        .with_message(&diagnostic.message)
        .with_labels(primary.chain(secondary).collect())
        .with_notes(notes.chain(help).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Code, Span};
    use insta::assert_snapshot;

    fn example() -> (SourceMap, Vec<Diagnostic>) {
        let mut sources = SourceMap::new();
        let file = sources.add("txn.feat", "module txn\r\n\r\n// «é» \r\nentity é card\r\n");
        let place = Diagnostic::at(Code::UnexpectedText, "this is odd", Span::new(file, 29, 31), "here")
            .with_label(Span::new(file, 0, 10), "declared here")
            .with_note("a note")
            .with_edit("write `e`", Span::new(file, 29, 31), "e");
        let none = Diagnostic::new(Code::Bug, "nothing works").with_help("try again");
        (sources, vec![place, none])
    }

    #[test]
    fn messages_show_their_place() {
        let (sources, diagnostics) = example();
        assert_snapshot!(render(&diagnostics, &sources, false), @r#"
    error[E0001]: this is odd
      ┌─ txn.feat:4:4
      │
    1 │ module txn
      │ ---------- declared here
      ·
    4 │ entity é card
      │    ^^ here
      │
      = note: a note
      = help: write `e`

    error[E9999]: nothing works
     = help: try again
    "#);
        assert_snapshot!(short(&diagnostics, &sources), @r#"
    txn.feat:4:4: error[E0001]: this is odd
    error[E9999]: nothing works
    "#);
        assert!(render(&diagnostics, &sources, true).contains("\u{1b}["));
    }

    #[test]
    fn places_outside_the_text_do_not_panic() {
        let (sources, _) = example();
        let beyond = Diagnostic::at(Code::Bug, "beyond", Span::new(FileId(0), 900, 800), "");
        let inside_a_letter = Diagnostic::at(Code::Bug, "inside", Span::new(FileId(0), 30, 30), "");
        let elsewhere = Diagnostic::at(Code::Bug, "elsewhere", Span::new(FileId(9), 0, 1), "");
        for diagnostic in [beyond, inside_a_letter, elsewhere] {
            assert!(render(&[diagnostic], &sources, false).starts_with("error[E9999]: "));
        }
    }
}
