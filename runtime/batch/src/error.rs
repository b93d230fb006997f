//! Why a run stopped, as data. Rows that cannot be used are not among these: they are counted in the report.

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use featr_decode::DecodeError;
use std::fmt;

/// A run's failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchError {
    /// A file cannot be read, or the spine cannot be used.
    Decode(DecodeError),
    /// The plan reads a source that has neither files nor events in memory.
    NoInput { source: String },
    /// Events in memory do not have the source's columns.
    WrongColumns { source: String, why: String },
    /// The spine lacks a column that the service needs, or has it with another type.
    SpineColumn { column: String, why: String },
    /// The output would have two columns of one name.
    NameClash { column: String, of_spine: bool },
    /// A source was not the same when it was read a second time.
    Changed { source: String },
    /// The memory or disk that DataFusion was allowed is used up.
    Resources { why: String },
    /// More text than the offsets of one array reach: 2 GiB.
    Text { of: &'static str },
    /// Somebody set the interrupt of the run.
    Interrupted,
    /// A broken promise of an earlier phase, or of the engine under us: never the user's fault.
    Bug { why: String },
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BatchError::Decode(error) => error.fmt(f),
            BatchError::NoInput { source } => write!(f, "source `{source}` names no files for batch runs"),
            BatchError::WrongColumns { source, why } => write!(f, "the events given for source `{source}` {why}"),
            BatchError::SpineColumn { column, why } => write!(f, "spine column `{column}` {why}"),
            BatchError::NameClash { column, of_spine: true } => {
                write!(
                    f,
                    "the spine has a column `{column}`, which is also the name of an output column"
                )
            }
            BatchError::NameClash { column, .. } => write!(f, "two output columns would be called `{column}`"),
            BatchError::Changed { source } => write!(f, "the files of source `{source}` changed while they were read"),
            BatchError::Resources { why } => write!(f, "out of memory or temporary disk space: {why}"),
            BatchError::Text { of } => write!(f, "more than 2 GiB of text in {of}"),
            BatchError::Interrupted => f.write_str("interrupted"),
            BatchError::Bug { why } => write!(f, "internal error: {why}"),
        }
    }
}

impl std::error::Error for BatchError {}

impl From<DecodeError> for BatchError {
    fn from(error: DecodeError) -> BatchError {
        BatchError::Decode(error)
    }
}

impl From<DataFusionError> for BatchError {
    /// Our own errors come back out of DataFusion as they went in.
    fn from(error: DataFusionError) -> BatchError {
        match error.find_root() {
            DataFusionError::External(inner) => match inner.downcast_ref::<BatchError>() {
                Some(ours) => ours.clone(),
                None => BatchError::Bug { why: inner.to_string() },
            },
            DataFusionError::ResourcesExhausted(why) => BatchError::Resources { why: first_line(why) },
            DataFusionError::ArrowError(error, _) if matches!(**error, ArrowError::OffsetOverflowError(_)) => {
                BatchError::Text {
                    of: "one answer, or in events that are sorted together",
                }
            }
            DataFusionError::IoError(error) => BatchError::Resources { why: error.to_string() },
            other => BatchError::Bug {
                why: first_line(&other.strip_backtrace()),
            },
        }
    }
}

impl From<BatchError> for DataFusionError {
    fn from(error: BatchError) -> DataFusionError {
        DataFusionError::External(Box::new(error))
    }
}

/// Of a broken promise.
pub(crate) fn bug(why: impl Into<String>) -> DataFusionError {
    BatchError::Bug { why: why.into() }.into()
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
