//! What a run gives to Python: whether it was refused, all that was told, and its result.

use crate::errors::exception;
use crate::table::Table;
use featc::caller::Caller;
use featc::report::{Kept, Reporter};
use featc_driver::diag::Diagnostic;
use featr::Error;
use pyo3::prelude::*;

/// A message: its code, whether it is an error, as a terminal shows it, and as JSON.
type Message = (String, bool, String, String);

/// What became of a run.
#[pyclass(frozen, get_all, module = "featc._featc")]
#[derive(Default)]
pub struct Outcome {
    /// Whether there is no result; the messages say why.
    refused: bool,
    messages: Vec<Message>,
    /// Lines for people.
    notes: Vec<String>,
    /// Results for people, and as JSON.
    results: Vec<(String, String)>,
    pub table: Option<Table>,
    /// What was read, as JSON.
    pub report: Option<String>,
    /// The record of the training set, as JSON.
    pub record: Option<String>,
    /// The columns that are features, without their statuses.
    pub features: Vec<String>,
}

impl Outcome {
    /// Of a run that ended; `refused` if it has no result.
    pub fn of(kept: Kept, refused: bool) -> Outcome {
        Outcome {
            refused,
            messages: messages(&kept),
            notes: kept.notes,
            results: kept
                .results
                .into_iter()
                .map(|(text, value)| (text, value.to_string()))
                .collect(),
            ..Outcome::default()
        }
    }
}

fn messages(kept: &Kept) -> Vec<Message> {
    let message = |message: &featc::report::Message| {
        (
            message.code.to_owned(),
            message.is_error,
            message.text.clone(),
            message.json.clone(),
        )
    };
    kept.messages.iter().map(message).collect()
}

/// The exception for an error of the engine, in the words of the command line where it can happen there.
pub fn refusal(py: Python<'_>, error: &Error) -> PyErr {
    let told: Vec<Message> = match error {
        Error::Interrupted
        | Error::Build { .. }
        | Error::Snapshot { .. }
        | Error::SnapshotVersion { .. }
        | Error::NotAtCut { .. }
        | Error::CutGoesBack { .. }
        | Error::BelowHorizon { .. }
        | Error::Unreadable { .. }
        | Error::ToBeRebuilt { .. } => vec![(String::new(), true, error.to_string(), String::new())],
        // Nobody said where it is read from.
        Error::UnknownSource { source, .. } => kept(Diagnostic {
            message: format!("unknown source `{source}`"),
            ..featc::errors::run(error, None)
        }),
        _ => kept(featc::errors::run(error, None)),
    };
    exception(py, "refusal", (told,))
}

/// A message as a run keeps it.
fn kept(diagnostic: Diagnostic) -> Vec<Message> {
    let reporter = Reporter::keeping(Caller::Python, None);
    let _ = reporter.refuse::<()>(diagnostic);
    messages(&reporter.into_kept())
}
