//! Why a state cannot be opened, and why a request was refused.

use featc_ir::display::instant;
use std::fmt;

/// Why a folder of state cannot be opened, or can no longer be written. The fields of a variant are what its message says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "fields are described with their variants, and named as in the messages"
)]
pub enum StateError {
    /// Another process has it.
    Busy { folder: String },
    /// The system refuses.
    Io { file: String, why: String },
    /// A file is not what was written: cut short, changed, missing or foreign.
    Damaged { file: String, why: String },
    /// Written by a release that writes another form: the numbers of the two.
    OtherVersion { file: String, found: u32, known: u32 },
    /// There is no state in the folder.
    Nothing { folder: String },
    /// The folder holds something else.
    Foreign { folder: String, found: String },
    /// The program cannot go on with this state; what it would need. `of_log`: rows of the log are not what it reads, which a
    /// fill does not change.
    OtherProgram { folder: String, why: String, of_log: bool },
    /// What the program needs and the state does not have cannot be filled from any history; what it is.
    Unfillable { folder: String, why: String },
    /// What the program needs of a source is to be filled from history, and there is none that is whole.
    NoHistory {
        folder: String,
        source: String,
        why: String,
    },
    /// The state was made with other rows of a table.
    OtherTable { folder: String, table: String },
    /// The state has events that the program does not read; which.
    Removed { folder: String, events: Vec<String> },
    /// The clock is behind the instant up to which answers were given; both in microseconds since the epoch.
    ClockBehind { now_us: i64, answered_us: i64 },
    /// Another process has taken the folder over meanwhile.
    Fenced { folder: String },
    /// Another process has taken the backup over meanwhile, and the state with it.
    TakenOver { address: String },
    /// The backup is of another folder, or of a later state of this one.
    NotLast { folder: String, address: String },
    /// The store of the backup cannot put an object where none is.
    Unconditional { address: String },
    /// The store of the backup refuses.
    Objects { why: String },
    /// The thread that writes could not begin, or broke off.
    Broken { why: String },
    /// The program itself cannot be run.
    Program(featr::Error),
}

impl StateError {
    /// The file that it is about, where it is about one.
    pub fn file(&self) -> Option<&str> {
        match self {
            StateError::Io { file, .. } | StateError::Damaged { file, .. } | StateError::OtherVersion { file, .. } => {
                Some(file)
            }
            StateError::Busy { .. }
            | StateError::Nothing { .. }
            | StateError::Foreign { .. }
            | StateError::OtherProgram { .. }
            | StateError::Unfillable { .. }
            | StateError::NoHistory { .. }
            | StateError::OtherTable { .. }
            | StateError::Removed { .. }
            | StateError::ClockBehind { .. }
            | StateError::Fenced { .. }
            | StateError::TakenOver { .. }
            | StateError::NotLast { .. }
            | StateError::Unconditional { .. }
            | StateError::Objects { .. }
            | StateError::Broken { .. }
            | StateError::Program(_) => None,
        }
    }

    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            StateError::Busy { .. } => "end the other process, or choose another folder".to_owned(),
            StateError::Io { .. } => "make the folder writable, free space, or choose another place".to_owned(),
            StateError::Damaged { .. } => {
                "bring the folder back from a copy; or begin a new one and push the rows again: nothing is served from a \
                 state of which a part is wrong"
                    .to_owned()
            }
            StateError::OtherVersion { .. } => "run the release that wrote it, or begin a new folder".to_owned(),
            StateError::Nothing { .. } => "name the folder that `featc serve --state` was given".to_owned(),
            StateError::Foreign { .. } => "name an empty folder, or one that does not exist".to_owned(),
            StateError::OtherProgram { of_log: true, .. } => {
                "run the program that the state was made with, and end it in order; then `--fill` fills what is missing, and \
                 `--fill-from NAME=PATH` what was read otherwise; or begin a new folder and push the history again"
                    .to_owned()
            }
            StateError::OtherProgram { .. } => {
                "pass `--fill` to fill what is missing from history; or run the program that the state was made with, or begin a \
                 new folder and push the history again"
                    .to_owned()
            }
            StateError::Unfillable { .. } => {
                "run the program that the state was made with, or begin a new folder and push the history again".to_owned()
            }
            StateError::NoHistory { source, .. } => {
                format!("name files that have all of its rows, with their arrivals: `--fill-from {source}=PATH`")
            }
            StateError::OtherTable { .. } => {
                "start with the rows that it was made with, or begin a new state from the sources; a table that grows or changes is \
                 one with versions, `valid from` in place of `static`, and takes new rows while the server runs"
                    .to_owned()
            }
            StateError::Removed { .. } => {
                "run the program that the state was made with, or begin a new folder; if these events may go for good, pass \
                 `--allow-removed`"
                    .to_owned()
            }
            StateError::ClockBehind { .. } => "set the clock right: cuts never go back".to_owned(),
            StateError::Fenced { .. } => "end this process: it no longer owns the folder".to_owned(),
            StateError::TakenOver { .. } => "end this process: another one serves this state now".to_owned(),
            StateError::NotLast { .. } => {
                "name a folder that does not exist, to go on from the backup; or another place for the backup of this folder"
                    .to_owned()
            }
            StateError::Unconditional { .. } => {
                "choose a store that knows conditional puts (`If-None-Match: *`), or a folder".to_owned()
            }
            StateError::Objects { .. } => {
                "check the address, the variables `AWS_…`, and that the store can be reached, written and listed".to_owned()
            }
            StateError::Broken { .. } => "start the server again: what was acknowledged is there".to_owned(),
            StateError::Program(_) => "mend the program".to_owned(),
        }
    }
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StateError::Busy { folder } => write!(f, "another process serves from `{folder}`"),
            StateError::Io { file, why } => write!(f, "`{file}`: {why}"),
            StateError::Damaged { file, why } => write!(f, "`{file}` is damaged: {why}"),
            StateError::OtherVersion { file, found, known } => {
                write!(f, "`{file}` has format version {found}; this release reads {known}")
            }
            StateError::Nothing { folder } => write!(f, "there is no online state in `{folder}`"),
            StateError::Foreign { folder, found } => {
                write!(f, "`{folder}` is no folder of online state: it holds `{found}`")
            }
            StateError::OtherProgram { folder, why, .. } => {
                write!(f, "the state in `{folder}` is another program's: {why}")
            }
            StateError::Unfillable { folder, why } => {
                write!(
                    f,
                    "the state in `{folder}` is another program's, and no history fills what it lacks: {why}"
                )
            }
            StateError::NoHistory { folder, source, why } => {
                write!(
                    f,
                    "the state in `{folder}` cannot be filled with the history of `{source}`: {why}"
                )
            }
            StateError::OtherTable { folder, table } => {
                write!(f, "the state in `{folder}` was made with other rows of table `{table}`")
            }
            StateError::Removed { folder, events } => {
                let (first, more) = events
                    .split_first()
                    .map_or(("events", 0), |(first, more)| (first.as_str(), more.len()));
                write!(
                    f,
                    "the state in `{folder}` has what this program does not read, and would lose: {first}"
                )?;
                match more {
                    0 => Ok(()),
                    more => write!(f, ", and {more} more"),
                }
            }
            StateError::ClockBehind { answered_us, .. } => write!(
                f,
                "the clock is behind the answers that were given from this state: they go up to {}",
                instant(*answered_us)
            ),
            StateError::Fenced { folder } => write!(f, "another process has taken `{folder}` over"),
            StateError::TakenOver { address } => {
                write!(
                    f,
                    "another process has taken over the state that `{address}` is the backup of"
                )
            }
            StateError::NotLast { folder, address } => {
                write!(
                    f,
                    "`{address}` is the backup of another state, or of a later one, than the one in `{folder}`"
                )
            }
            StateError::Unconditional { address } => {
                write!(f, "`{address}` replaces objects that are only to be put where none is")
            }
            StateError::Broken { why } | StateError::Objects { why } => f.write_str(why),
            StateError::Program(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StateError {}

/// Why a push or a question was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// As many requests wait as may.
    Busy,
    /// The state cannot be written; nothing was acknowledged.
    Unwritable {
        /// The error of the disk, or what broke off.
        why: String,
    },
    /// The server is ending.
    Stopping,
    /// The request itself.
    Request(featr::Error),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Busy => f.write_str("too many requests wait"),
            Refused::Unwritable { why } => write!(f, "the state cannot be written: {why}"),
            Refused::Stopping => f.write_str("the server is ending"),
            Refused::Request(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}
