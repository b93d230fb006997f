//! What a message consists of.

use super::codes::{Code, Severity};
use super::span::{SourceMap, Span};
use super::suggest::is_slip;

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
    /// The replacement that does it.
    pub edit: Option<(Span, String)>,
    pub certainty: Certainty,
}

/// Whether an edit may be made without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// It says the same in this language, and nothing else can be meant.
    Sure,
    /// It is a name like the one that is written: sure if that is it by a slip of the hand.
    Near,
    /// It is one of several things that may be meant, or changes what is meant: the writer decides.
    Offered,
}

impl Help {
    /// The edit, if it may be made without asking.
    pub fn sure_edit(&self, sources: &SourceMap) -> Option<(Span, &str)> {
        let (at, text) = self.edit.as_ref()?;
        let is_sure = match self.certainty {
            Certainty::Sure => true,
            Certainty::Near => is_slip(sources.slice(*at), text),
            Certainty::Offered => false,
        };
        is_sure.then_some((*at, text.as_str()))
    }
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
            certainty: Certainty::Offered,
        });
        self
    }

    /// Sets the next step, with the replacement that does it; nothing else can be meant.
    #[must_use]
    pub fn with_edit(self, text: impl Into<String>, span: Span, replacement: impl Into<String>) -> Diagnostic {
        self.with_replacement(text, span, replacement, Certainty::Sure)
    }

    /// Sets the next step, with a replacement about which the writer decides.
    #[must_use]
    pub fn with_offer(self, text: impl Into<String>, span: Span, replacement: impl Into<String>) -> Diagnostic {
        self.with_replacement(text, span, replacement, Certainty::Offered)
    }

    /// Sets the next step, with a replacement and how certain it is.
    #[must_use]
    pub fn with_replacement(
        mut self,
        text: impl Into<String>,
        span: Span,
        replacement: impl Into<String>,
        certainty: Certainty,
    ) -> Diagnostic {
        self.help = Some(Help {
            text: text.into(),
            edit: Some((span, replacement.into())),
            certainty,
        });
        self
    }

    /// Sets the next step to "did you mean", where there is a nearest name.
    #[must_use]
    pub fn with_nearest(self, nearest: Option<&str>, span: Span, otherwise: impl Into<String>) -> Diagnostic {
        match nearest {
            Some(name) => self.with_replacement(format!("did you mean `{name}`?"), span, name, Certainty::Near),
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
