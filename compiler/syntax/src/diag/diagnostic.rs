//! What a message consists of.

use super::codes::{Code, Severity};
use super::span::Span;

/// One message: the cause, the place, at most one next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    /// The cause in this case, lower-case, no period at the end.
    pub message: String,
    /// What is there. `None` for messages without a place in a program: files, the command line, data.
    pub primary: Option<Label>,
    /// Why: "declared here".
    pub secondary: Vec<Label>,
    pub notes: Vec<String>,
    pub help: Option<Help>,
}

/// A place and a few words about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    pub span: Span,
    /// May be empty.
    pub text: String,
}

/// The next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Help {
    /// What to write.
    pub text: String,
    /// The replacement, when it is certain.
    pub edit: Option<(Span, String)>,
}

impl Diagnostic {
    /// A message without a place.
    pub fn new(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            message: message.into(),
            primary: None,
            secondary: vec![],
            notes: vec![],
            help: None,
        }
    }

    /// A message about a place.
    pub fn at(code: Code, message: impl Into<String>, span: Span, label: impl Into<String>) -> Diagnostic {
        Diagnostic {
            primary: Some(Label {
                span,
                text: label.into(),
            }),
            ..Diagnostic::new(code, message)
        }
    }

    /// Adds a label: the first is the primary one.
    #[must_use]
    pub fn with_label(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        let label = Label {
            span,
            text: text.into(),
        };
        match self.primary {
            None => self.primary = Some(label),
            Some(_) => self.secondary.push(label),
        }
        self
    }

    /// Adds labels.
    #[must_use]
    pub fn with_labels(self, labels: impl IntoIterator<Item = (Span, String)>) -> Diagnostic {
        let add = |said: Diagnostic, (span, text)| said.with_label(span, text);
        labels.into_iter().fold(self, add)
    }

    /// Adds a note.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// Sets the next step, in words.
    #[must_use]
    pub fn with_help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help = Some(Help {
            text: text.into(),
            edit: None,
        });
        self
    }

    /// Sets the next step, with the replacement that does it.
    #[must_use]
    pub fn with_edit(mut self, text: impl Into<String>, span: Span, replacement: impl Into<String>) -> Diagnostic {
        self.help = Some(Help {
            text: text.into(),
            edit: Some((span, replacement.into())),
        });
        self
    }

    /// Sets the next step to "did you mean", where there is a nearest name.
    #[must_use]
    pub fn with_nearest(self, nearest: Option<&str>, span: Span, otherwise: impl Into<String>) -> Diagnostic {
        match nearest {
            Some(name) => self.with_edit(format!("did you mean `{name}`?"), span, name),
            None => self.with_help(otherwise),
        }
    }

    /// Error or warning, by the code.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// Whether it refuses the program.
    pub fn is_error(&self) -> bool {
        self.severity() == Severity::Error
    }
}
