//! What is wrong with a whole file, as data: the command line maps these to diagnostics.

use crate::packed::Damaged;
use std::fmt;
use std::path::Path;

/// A reason why reading or writing stopped. Rows that cannot be used are not among these, see [`crate::Reject`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodeError {
    /// No file where the pattern points: nothing matches, or a folder without files of the format.
    NoFiles { pattern: String, why: String },
    /// The operating system refused.
    Unreadable { file: String, why: String },
    /// It was written to while it was read; `how` is `changed`, or `grew from 10 to 12 bytes`.
    Changed { file: String, how: String },
    /// The content is not of the format at all, or broken in a way that loses rows.
    Corrupt { file: String, why: String },
    /// A declared column is not in the file. `found` are the names that are, in file order.
    MissingColumn {
        file: String,
        column: String,
        found: Vec<String>,
    },
    /// A declared column is in the file more than once.
    AmbiguousColumn { file: String, column: String },
    /// The file holds the column with a type that does not decode to the declared one.
    WrongType {
        file: String,
        column: String,
        expected: String,
        found: String,
    },
    /// A timestamp without offset, and no zone was declared for such. `line` from 1, for text formats.
    NaiveTimestamp {
        file: String,
        line: Option<u64>,
        column: String,
    },
    /// Not a name of the time zone database.
    UnknownZone { zone: String },
    /// The format of a spine could be told neither from its name nor from its content.
    UnknownFormat { file: String },
    /// A spine row whose instant is null or does not parse. `row` is a row from 1 (Parquet) or a line (text).
    SpineInstant {
        file: String,
        row: u64,
        column: String,
        why: String,
    },
    /// A spine row with a key that does not decode to its declared type. `row` as above.
    SpineKey {
        file: String,
        row: u64,
        column: String,
        why: String,
    },
    /// A spine line that cannot be split into columns.
    SpineLine { file: String, line: u64, why: String },
    /// A target cannot be written; whatever it held before is still there.
    Unwritable { file: String, why: String },
    /// The name of a target says no known format.
    UnknownExtension { file: String },
    /// A store or a table that is not of this machine's file system; `place` is its address.
    Lake {
        cause: LakeCause,
        place: String,
        why: String,
    },
}

/// What is wrong with a store or a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LakeCause {
    /// An address that no store has.
    UnknownStore,
    /// The store cannot be reached, or refuses.
    Refused,
    /// No table, or not in that version.
    NoSuchTable,
    /// A table with features without which its files cannot be read right.
    UnreadableTable,
    /// Rows of another schema than the table's.
    SchemaDiffers,
    /// A table where there must be none.
    TableExists,
    /// Another writer changed the table meanwhile.
    TableChanged,
    /// A table that cannot be written and keep its promises.
    UnwritableTable,
    /// A column that a table cannot hold.
    UnfitColumn,
}

impl DecodeError {
    /// What the operating system said of a file that was to be read, in plain words; or what is broken in packed data.
    pub fn unreadable(file: &str, error: &std::io::Error) -> Self {
        if let Some(damaged) = error.get_ref().and_then(|error| error.downcast_ref::<Damaged>()) {
            return DecodeError::Corrupt {
                file: file.to_owned(),
                why: damaged.to_string(),
            };
        }
        if let Some(known) = error.get_ref().and_then(|error| error.downcast_ref::<DecodeError>()) {
            return known.clone();
        }
        DecodeError::Unreadable {
            file: file.to_owned(),
            why: plain(error),
        }
    }

    /// What the operating system said of a file that was to be written, in plain words.
    pub fn refused(file: &Path, error: &std::io::Error) -> Self {
        Self::unwritable(file, plain(error))
    }

    /// With the lengths before and after.
    pub(crate) fn changed(file: &str, was: u64, is: u64) -> Self {
        let how = match was.cmp(&is) {
            std::cmp::Ordering::Less => format!("grew from {was} to {is} bytes"),
            std::cmp::Ordering::Equal => "changed".to_owned(),
            std::cmp::Ordering::Greater => format!("shrank from {was} to {is} bytes"),
        };
        DecodeError::Changed {
            file: file.to_owned(),
            how,
        }
    }

    pub(crate) fn unwritable(file: &Path, why: impl fmt::Display) -> Self {
        DecodeError::Unwritable {
            file: file.display().to_string(),
            why: why.to_string(),
        }
    }

    /// What to do next, where there is one thing to do.
    pub fn help(&self) -> Option<String> {
        match self {
            DecodeError::NaiveTimestamp { .. } => {
                Some("say which zone such values are in, for example `zone \"UTC\"` (for a spine: `--zone UTC`)".into())
            }
            DecodeError::MissingColumn { found, .. } => Some(format!("the file has: {}", found.join(", "))),
            DecodeError::UnknownExtension { .. } => Some("name it .parquet, .csv, .jsonl or .arrow".into()),
            DecodeError::UnknownFormat { .. } => Some("name it .parquet, .csv or .jsonl".into()),
            DecodeError::UnknownZone { .. } => Some("use a name like \"Europe/Paris\" or \"UTC\"".into()),
            DecodeError::Changed { .. } => Some("read a copy, or only files that are no longer written".into()),
            DecodeError::NoFiles { .. }
            | DecodeError::Unreadable { .. }
            | DecodeError::Corrupt { .. }
            | DecodeError::AmbiguousColumn { .. }
            | DecodeError::WrongType { .. }
            | DecodeError::SpineInstant { .. }
            | DecodeError::SpineKey { .. }
            | DecodeError::SpineLine { .. }
            | DecodeError::Unwritable { .. }
            | DecodeError::Lake { .. } => None,
        }
    }
}

/// An input/output error in plain words, without the number of the operating system.
pub(crate) fn plain(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => "no such file or folder".into(),
        ErrorKind::PermissionDenied => "permission denied".into(),
        ErrorKind::IsADirectory => "is a folder".into(),
        ErrorKind::NotADirectory => "a part of its path is not a folder".into(),
        ErrorKind::StorageFull => "no space left".into(),
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only".into(),
        _ => error.to_string(),
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::NoFiles { pattern, why } => write!(f, "no files for \"{pattern}\": {why}"),
            DecodeError::Unreadable { file, why } => write!(f, "cannot read {file}: {why}"),
            DecodeError::Changed { file, how } => write!(f, "{file} {how} while it was read"),
            DecodeError::Corrupt { file, why } => write!(f, "{file} is corrupt or of another format: {why}"),
            DecodeError::MissingColumn { file, column, .. } => write!(f, "{file} has no column `{column}`"),
            DecodeError::AmbiguousColumn { file, column } => write!(f, "{file} has several columns `{column}`"),
            DecodeError::WrongType {
                file,
                column,
                expected,
                found,
            } => {
                write!(
                    f,
                    "column `{column}` of {file} is {found}, which does not decode to {expected}"
                )
            }
            DecodeError::NaiveTimestamp {
                file,
                line: None,
                column,
            } => {
                write!(f, "naive timestamps: column `{column}` of {file} has no time zone")
            }
            DecodeError::NaiveTimestamp {
                file,
                line: Some(line),
                column,
            } => {
                write!(
                    f,
                    "naive timestamps: column `{column}` of {file} has a value without offset on line {line}"
                )
            }
            DecodeError::UnknownZone { zone } => write!(f, "unknown time zone \"{zone}\""),
            DecodeError::UnknownFormat { file } => write!(f, "cannot tell the format of {file}"),
            DecodeError::SpineInstant { file, row, column, why } => {
                write!(f, "row {row} of {file} has no usable instant: column `{column}` {why}")
            }
            DecodeError::SpineKey { file, row, column, why } => {
                write!(f, "row {row} of {file} has no usable key: column `{column}` {why}")
            }
            DecodeError::SpineLine { file, line, why } => write!(f, "line {line} of {file} is broken: {why}"),
            DecodeError::Unwritable { file, why } => write!(f, "cannot write {file}: {why}"),
            DecodeError::UnknownExtension { file } => {
                write!(
                    f,
                    "cannot tell the format of {file} from its name: .parquet, .csv, .jsonl and .arrow are known"
                )
            }
            DecodeError::Lake { cause, place, why } => {
                let what = match cause {
                    LakeCause::UnknownStore => "cannot use the address",
                    LakeCause::Refused => "cannot reach",
                    LakeCause::NoSuchTable => "cannot find the Delta table",
                    LakeCause::UnreadableTable => "cannot read the Delta table",
                    LakeCause::SchemaDiffers => "other columns than those of the Delta table",
                    LakeCause::TableExists => "there is already a Delta table",
                    LakeCause::TableChanged => "another writer changed the Delta table",
                    LakeCause::UnwritableTable => "cannot write the Delta table",
                    LakeCause::UnfitColumn => "a column does not fit into the Delta table",
                };
                write!(f, "{what} {place}: {why}")
            }
        }
    }
}

impl std::error::Error for DecodeError {}
