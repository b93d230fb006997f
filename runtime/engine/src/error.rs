//! Why a request was refused, as data.

use crate::absence::Absence;
use crate::feature_report::FeatureReport;
use crate::limits::Most;
use crate::sought::{LookupReport, Stray};
use featc_ir::display::instant;
use featr_batch::BatchError;
use featr_decode::{DecodeError, Example};
use std::fmt;

/// Why a request was refused. The fields of a variant are what its message says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "fields are described with their variants, and named as in the messages"
)]
pub enum Error {
    /// A file, a spine or an output.
    Decode(DecodeError),
    /// The program has no such service; `known` are those it has.
    UnknownService { service: String, known: Vec<String> },
    /// The program has no such source.
    UnknownSource { source: String, known: Vec<String> },
    /// No truth was named, and these sources do not say when their rows were known.
    TruthNotChosen { service: String, sources: Vec<String> },
    /// More rows of a source were rejected than the limits allow; of no source more than `of_any_source`. `example` is one of
    /// them, rejected for the most frequent reason.
    TooManyRejected {
        source: String,
        rejected: u64,
        rows: u64,
        most: Most,
        of_any_source: u64,
        example: Option<Example>,
    },
    /// No question finds its entity in a view.
    NothingFound {
        view: String,
        questions: u64,
        why: Box<Absence>,
    },
    /// None of the keys that a transform looks up in a table finds a row. `why` is of one of them.
    NothingLookedUp {
        lookup: Box<LookupReport>,
        why: Box<Option<Stray>>,
    },
    /// Every answer of a training set is an error, null or zero, but for defaults. `failed` is the first feature with errors.
    NothingSaid {
        questions: u64,
        failed: Option<Box<FeatureReport>>,
    },
    /// More questions find nothing in a view than the limits allow.
    TooManyMissing {
        view: String,
        missing: u64,
        questions: u64,
        most: Most,
    },
    /// As-of-arrival or as-served was asked, and this source has no arrival.
    ArrivalNeeded { source: String },
    /// As-served was asked of what takes no questions with cuts.
    CutsNeeded,
    /// A served log of the service would have two columns of this name.
    CutsUnnamed { service: String, column: String },
    /// A file that is no served log of the service.
    ServedLog { file: String, why: String, help: String },
    /// The source declares no files, and none were given.
    NoFiles { source: String },
    /// A column of the spine (`of_spine`), or else another output column, has the name of an output column.
    ColumnClash { column: String, of_spine: bool },
    /// Rows or questions in memory do not have the columns that are needed.
    Columns { what: String, why: String },
    /// The questions have a column whose name is that of an identity and of something else of the service: of a key
    /// (`is_key`), or of the identity of another source. `names` are all columns to bring by their sources, beside a key or else instead.
    SharedIdentity {
        column: String,
        is_key: bool,
        names: Vec<String>,
    },
    /// A question as of arrival at an instant other than the cut (`None`: there is none yet).
    NotAtCut { at_us: i64, cut_us: Option<i64> },
    /// The cut was asked to go back.
    CutGoesBack { cut_us: i64, asked_us: i64 },
    /// A question whose windows reach back to events that have been released; `horizon_us` is the least instant that can be
    /// asked.
    BelowHorizon {
        events: String,
        at_us: i64,
        horizon_us: i64,
    },
    /// A question about events that a restore did not find in its snapshot.
    ToBeRebuilt { events: String },
    /// Events that stand in files could not be read: nothing is answered any more.
    Unreadable { events: String, why: String },
    /// A folder does not hold a complete build.
    Build { folder: String, why: String },
    /// A snapshot cannot be restored.
    Snapshot { why: String },
    /// A snapshot was written by a release that writes another format.
    SnapshotVersion { found: u32, known: u32 },
    /// Memory or temporary disk space that the batch engine was allowed is used up.
    Resources { why: String },
    /// One answer, or events that have to be in memory together, have more text than 2 GiB.
    Text { of: &'static str },
    /// The run was interrupted; see [`Program::with_interrupt`](crate::Program::with_interrupt).
    Interrupted,
    /// A static table has two rows of one key: a lookup would not know which holds.
    TwoRowsOfAKey { table: String, key: String },
    /// Rows of a table that do not decode: what they would have said is nobody's guess.
    UnusableRow {
        table: String,
        rows: u64,
        example: Option<Example>,
    },
    /// A broken promise of ours.
    Bug { why: String },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Decode(error) => error.fmt(f),
            Error::UnknownService { service, known } => {
                write!(
                    f,
                    "unknown service `{service}`; the program declares: {}",
                    known.join(", ")
                )
            }
            Error::UnknownSource { source, known } => {
                write!(
                    f,
                    "unknown source `{source}`; the program declares: {}",
                    known.join(", ")
                )
            }
            Error::ArrivalNeeded { source } => {
                write!(
                    f,
                    "source `{source}` has no arrival, so it cannot be asked as of arrival or as served"
                )
            }
            Error::CutsNeeded => f.write_str("questions as served bring their cuts, and these bring none"),
            Error::CutsUnnamed { service, column } => write!(
                f,
                "a served log of service `{service}` would have two columns `{column}`"
            ),
            Error::ServedLog { file, why, .. } => write!(f, "`{file}` {why}"),
            Error::TruthNotChosen { service, sources } => {
                let sources: Vec<String> = sources.iter().map(|source| format!("`{source}`")).collect();
                write!(
                    f,
                    "service `{service}` reads {}: nothing says when {} rows were known",
                    sources.join(", "),
                    if sources.len() == 1 { "its" } else { "their" }
                )
            }
            Error::TooManyRejected {
                source,
                rejected,
                rows,
                most,
                ..
            } => write!(
                f,
                "{rejected} of {rows} rows of source `{source}` are rejected; at most {most} may be"
            ),
            Error::NothingFound { view, questions, why } => {
                let are = if *questions == 1 { "is" } else { "are" };
                write!(
                    f,
                    "no question finds anything in view `{view}` ({questions} {are} asked): {why}"
                )
            }
            Error::NothingLookedUp { lookup, why } => {
                write!(
                    f,
                    "`lookup {}` of transform `{}` never finds a row ({})",
                    lookup.lookup,
                    lookup.transform,
                    lookup.counts()
                )?;
                why.iter().try_for_each(|why| write!(f, ": {why}"))
            }
            Error::NothingSaid { questions, failed } => {
                let are = if *questions == 1 { "is" } else { "are" };
                match failed {
                    None => write!(
                        f,
                        "every answer is null or 0, but for defaults ({questions} {are} asked): nothing that a feature counts lies \
                         in a window"
                    ),
                    Some(failed) => write!(
                        f,
                        "every answer is an error, null or 0, but for defaults ({questions} {are} asked): {failed}"
                    ),
                }
            }
            Error::TooManyMissing {
                view,
                missing,
                questions,
                most,
            } => write!(
                f,
                "{missing} of {questions} questions find nothing in view `{view}`; at most {most} may be missing"
            ),
            Error::NoFiles { source } => write!(f, "source `{source}` declares no files"),
            Error::ColumnClash { column, of_spine } => match of_spine {
                true => write!(f, "spine column `{column}` has the name of an output column"),
                false => write!(f, "two output columns would be called `{column}`"),
            },
            Error::Columns { what, why } => write!(f, "{what}: {why}"),
            Error::SharedIdentity { column, is_key, names } => {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                let (why, bring) = match is_key {
                    true => ("a key of the service, and not the identity of an event", "too"),
                    false => ("the identity of several sources of the service", "instead"),
                };
                write!(
                    f,
                    "`{column}` is {why}, and `excluding self` cannot tell which event is meant; bring {} {bring}, null where a \
                     question is about no event of that source",
                    names.join(if names.len() > 2 { ", " } else { " and " })
                )
            }
            Error::NotAtCut { at_us, cut_us: None } => {
                let at = instant(*at_us);
                write!(
                    f,
                    "asked at {at} as of arrival, but the cut is nowhere yet; call `advance` to {at} first, when all rows \
                     that had arrived by then are pushed"
                )
            }
            Error::NotAtCut {
                at_us,
                cut_us: Some(cut_us),
            } if cut_us < at_us => {
                let at = instant(*at_us);
                write!(
                    f,
                    "asked at {at} as of arrival, but the cut is at {}; call `advance` to {at} first, when all rows that had \
                     arrived by then are pushed",
                    instant(*cut_us)
                )
            }
            Error::NotAtCut {
                at_us,
                cut_us: Some(cut_us),
            } => {
                write!(
                    f,
                    "asked at {} as of arrival, but the cut is at {} and does not go back; ask at the cut, or take another \
                     `Online` and push the rows again",
                    instant(*at_us),
                    instant(*cut_us)
                )
            }
            Error::CutGoesBack { cut_us, asked_us } => {
                write!(
                    f,
                    "the cut is at {} and cannot go back to {}; take another `Online` for earlier questions",
                    instant(*cut_us),
                    instant(*asked_us)
                )
            }
            Error::BelowHorizon {
                events,
                at_us,
                horizon_us,
            } => write!(
                f,
                "asked at {}, but {events} can be asked from {} on: what lies further back was released",
                instant(*at_us),
                instant(*horizon_us)
            ),
            Error::ToBeRebuilt { events } => write!(
                f,
                "{events} are not there: the snapshot that was restored does not have what is needed of them; push their rows, \
                 then call `rebuilt`"
            ),
            Error::Unreadable { events, why } => write!(f, "{events} cannot be read: {why}"),
            Error::Build { folder, why } => write!(f, "`{folder}` is not a complete build: {why}"),
            Error::Snapshot { why } => write!(f, "the snapshot cannot be restored: {why}"),
            Error::SnapshotVersion { found, known } => write!(
                f,
                "the snapshot cannot be restored: it has format version {found}; this release reads {known}"
            ),
            Error::Resources { why } => write!(f, "out of memory or temporary disk space: {why}"),
            Error::Text { of } => write!(f, "more than 2 GiB of text in {of}"),
            Error::Interrupted => f.write_str("interrupted"),
            Error::TwoRowsOfAKey { table, key } => write!(f, "static table `{table}` has two rows of {key}"),
            Error::UnusableRow { table, rows, .. } => {
                let are = if *rows == 1 { "row" } else { "rows" };
                write!(f, "{rows} {are} of table `{table}` cannot be used")
            }
            Error::Bug { why } => write!(f, "internal error: {why}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Error {
        Error::Decode(error)
    }
}

impl From<BatchError> for Error {
    fn from(error: BatchError) -> Error {
        match error {
            BatchError::Decode(error) => Error::Decode(error),
            BatchError::NoInput { source } => Error::NoFiles { source },
            BatchError::WrongColumns { source, why } => Error::Columns {
                what: format!("events of `{source}`"),
                why,
            },
            BatchError::SpineColumn { column, why } => Error::Columns {
                what: format!("spine column `{column}`"),
                why,
            },
            BatchError::NameClash { column, of_spine } => Error::ColumnClash { column, of_spine },
            BatchError::Changed { source } => Error::Decode(DecodeError::Changed {
                file: format!("a file of source `{source}`"),
                how: "changed".into(),
            }),
            BatchError::Resources { why } => Error::Resources { why },
            BatchError::Text { of } => Error::Text { of },
            BatchError::Interrupted => Error::Interrupted,
            BatchError::Bug { why } => Error::Bug { why },
        }
    }
}

impl From<featc_ir::Bug> for Error {
    fn from(bug: featc_ir::Bug) -> Error {
        Error::Bug { why: bug.0 }
    }
}
