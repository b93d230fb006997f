//! What is wrong with the state of a server.

use super::{busy, run, unwritable};
use featc_driver::diag::{Code, Diagnostic};
use featr_online::StateError;
use featr_serve::ServeError;

/// A server that did not end in order.
pub fn ended(error: &ServeError) -> Diagnostic {
    match error {
        ServeError::State(error) => state(error),
        ServeError::System(_) => Diagnostic::new(Code::NotServing, format!("the server cannot go on: {error}"))
            .with_help("raise the limits of the system (`ulimit -n`, `ulimit -u`), and start it again"),
    }
}

/// A state that cannot be opened.
pub fn state(error: &StateError) -> Diagnostic {
    let of = |code| Diagnostic::new(code, error.to_string()).with_help(error.help());
    match error {
        StateError::Busy { folder } | StateError::Fenced { folder } => busy(folder),
        StateError::Io { file, why } => unwritable(file, why),
        StateError::Damaged { .. } => of(Code::DamagedState),
        StateError::OtherVersion { .. } | StateError::Foreign { .. } | StateError::OtherProgram { .. } => {
            of(Code::UnfitState)
        }
        StateError::ClockBehind { .. } => of(Code::ClockBehind),
        StateError::Program(error) => run(error, None),
    }
}
