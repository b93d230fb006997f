//! Messages: places, codes, what a message consists of, and how it is printed.

pub mod codes;
pub mod diagnostic;
mod excerpt;
pub mod json;
pub mod printable;
mod shown;
pub mod span;
pub mod suggest;
mod table;
pub mod terminal;

pub use codes::{Code, Severity};
pub use diagnostic::{Certainty, Diagnostic, Help, Label};
pub use printable::{printable, printable_json, printable_messages};
pub use shown::{OF_A_CODE_MAX, SHOWN_MAX, shown};
pub use span::{FileId, Position, SourceMap, Span};

/// What a phase could build, and its complaints. A phase of the front end never fails otherwise.
#[derive(Debug, Clone)]
pub struct Outcome<T> {
    pub value: T,
    pub diagnostics: Vec<Diagnostic>,
}

impl<T> Outcome<T> {
    /// A value without complaints.
    pub fn new(value: T) -> Outcome<T> {
        Outcome {
            value,
            diagnostics: vec![],
        }
    }

    /// Whether a complaint is an error (and not only a warning).
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// The same complaints about another value.
    pub fn map<U>(self, map: impl FnOnce(T) -> U) -> Outcome<U> {
        Outcome {
            value: map(self.value),
            diagnostics: self.diagnostics,
        }
    }
}
