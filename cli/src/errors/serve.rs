//! What is wrong with the state of a server.

use super::{busy_state, run, unwritable};
use featc_driver::diag::{Code, Diagnostic};
use featr::Error;
use featr_follow::Unfollowable;
use featr_online::{StateError, has_state};
use featr_serve::ServeError;
use std::path::{Path, PathBuf};

/// A server that did not end in order.
pub fn ended(error: &ServeError) -> Diagnostic {
    match error {
        ServeError::State(error) => state(error),
        ServeError::System(_) => Diagnostic::new(Code::NotServing, format!("the server cannot go on: {error}"))
            .with_help("raise the limits of the system (`ulimit -n`, `ulimit -u`), and start it again"),
    }
}

/// A program of which no service can be asked, for the sake of this source.
pub fn unservable(source: &str) -> Diagnostic {
    let source = source.to_owned();
    let help = format!(
        "declare `arrival <column>` or a lag that is sure (`arrival time + 5m`) in source `{source}`, or `static` if its rows \
         never change"
    );
    Diagnostic::new(Code::ArrivalNeeded, Error::ArrivalNeeded { source }.to_string()).with_help(help)
}

/// A program of which Feast can ask nothing.
pub fn nothing_for_feast(module: &str, left_out: &[String]) -> Diagnostic {
    let message = format!("`{module}` has no service that Feast can ask");
    let notes = left_out
        .iter()
        .fold(Diagnostic::new(Code::NothingForFeast, message), |told, left| {
            told.with_note(left.clone())
        });
    notes.with_help("declare a service of features that read no fields of a request and say no `excluding self`")
}

const NAME_STATE: &str = "name the folder that `featc serve --state` was given";

/// A folder in which a state should be.
pub fn no_state(folder: &str, error: &std::io::Error) -> Diagnostic {
    let (code, why) = match error.kind() {
        std::io::ErrorKind::NotFound => (Code::FileNotFound, super::NO_FOLDER.to_owned()),
        _ => (Code::UnreadableFile, featr::plain(error)),
    };
    Diagnostic::new(code, format!("cannot read `{folder}`: {why}")).with_help(NAME_STATE)
}

/// As [`state`], of a folder whose state is to be read: where there is none, the one near it is named.
pub fn kept_state(folder: &Path, error: &StateError) -> Diagnostic {
    match error {
        StateError::Foreign { .. } | StateError::Nothing { .. } => {
            let help = match near(folder) {
                Some(state) => format!("name `{}`, which has a state", state.display()),
                None => NAME_STATE.to_owned(),
            };
            state(error).with_help(help)
        }
        error => state(error),
    }
}

/// A folder with a state that this one lies in, or the only one in it.
fn near(folder: &Path) -> Option<PathBuf> {
    let current = |above: &Path| above.as_os_str().is_empty();
    let mut above = folder
        .ancestors()
        .skip(1)
        .map(|above| if current(above) { Path::new(".") } else { above });
    if let Some(state) = above.find(|above| has_state(above)) {
        return Some(state.to_owned());
    }
    let entries = std::fs::read_dir(folder).ok()?;
    let mut states = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| has_state(path));
    states.next().filter(|_| states.next().is_none())
}

/// A source that cannot be read as it is written.
pub fn unfollowable(why: &Unfollowable) -> Diagnostic {
    Diagnostic::new(Code::UnfollowableSource, why.to_string()).with_help(why.help())
}

/// A state that `featc state` cannot show by this program.
pub fn state_of_another(error: &StateError) -> Diagnostic {
    let told = state(error);
    match error {
        StateError::OtherProgram { of_log: false, .. } | StateError::Unfillable { .. } => told.with_help(
            "name the program that the server runs over this state; to go on with another one, see `featc serve --dry-run`",
        ),
        _ => told,
    }
}

/// A state that cannot be opened.
pub fn state(error: &StateError) -> Diagnostic {
    let of = |code| Diagnostic::new(code, error.to_string()).with_help(error.help());
    match error {
        StateError::Busy { folder } | StateError::Fenced { folder } => busy_state(folder),
        StateError::Io { file, why } => unwritable(file, why),
        StateError::TakenOver { .. } => of(Code::FolderBusy),
        StateError::Unconditional { .. } | StateError::Objects { .. } => of(Code::StoreRefused),
        StateError::Damaged { .. } => of(Code::DamagedState),
        StateError::OtherTable { .. } => of(Code::OtherTable),
        StateError::OtherVersion { .. }
        | StateError::Nothing { .. }
        | StateError::Foreign { .. }
        | StateError::OtherProgram { .. }
        | StateError::Unfillable { .. }
        | StateError::NoHistory { .. }
        | StateError::NotLast { .. }
        | StateError::Removed { .. } => of(Code::UnfitState),
        StateError::ClockBehind { .. } => of(Code::ClockBehind),
        StateError::Broken { .. } => of(Code::Bug),
        StateError::Program(error) => run(error, None),
    }
}
