//! What is wrong with a whole file, as data: the command line maps these to diagnostics.

use crate::content;
use crate::detail::{BadValue, Broken};
use crate::lake_cause::LakeCause;
use crate::system::{NOT_FOUND, plain, remedy};
use featc_ir::Type;
use std::fmt;
use std::path::Path;

/// A reason why reading or writing stopped. Rows that cannot be used are not among these, see [`crate::Reject`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodeError {
    /// No file where the pattern points: nothing matches, or a folder without files of the format. `other` are the extensions
    /// of those that the folder has instead, and that are read.
    NoFiles {
        pattern: String,
        why: String,
        other: Vec<String>,
    },
    /// The operating system refused.
    Unreadable { file: String, why: String },
    /// It was written to while it was read; `how` is `changed`, or `grew from 10 to 12 bytes`.
    Changed { file: String, how: String },
    /// The content is not of the format at all, or broken in a way that loses rows.
    Corrupt { file: String, why: String },
    /// The line of a text file that names its columns cannot be read.
    BrokenHeader { file: String, why: Broken },
    /// A declared column is not in the file. `found` are the names that are, in file order; `cased` further columns of the
    /// source, each with the name of the file that has the same letters, in capitals or with other signs between. `declared`: what
    /// the program calls the column, where it says what the files call it.
    MissingColumn {
        file: String,
        column: String,
        found: Vec<String>,
        cased: Vec<(String, String)>,
        declared: Option<String>,
    },
    /// A declared column is in the file more than once.
    AmbiguousColumn { file: String, column: String },
    /// The file holds the column with a type that does not decode to the one `expected`; `None`: to any one type.
    WrongType {
        file: String,
        column: String,
        expected: Option<Type>,
        found: String,
    },
    /// A timestamp without offset, and no zone was declared for such. `line` from 1, for text formats. `asks_by_day`: it is the
    /// instant of a question, and a date.
    NaiveTimestamp {
        file: String,
        line: Option<u64>,
        column: String,
        asks_by_day: bool,
    },
    /// Not a name of the time zone database.
    UnknownZone { zone: String },
    /// The format of a spine could be told neither from its name nor from its content. `known` are the extensions that say one.
    UnknownFormat { file: String, known: Vec<&'static str> },
    /// A spine row whose instant is null or does not parse: then `value` is what is there, if it is text.
    SpineInstant {
        file: String,
        row: RowPlace,
        column: String,
        why: String,
        value: Option<BadValue>,
    },
    /// A spine row with a key that does not decode to its declared type: then `value` is what is there, if it is text.
    SpineKey {
        file: String,
        row: RowPlace,
        column: String,
        why: String,
        value: Option<BadValue>,
    },
    /// A spine line that cannot be split into columns.
    SpineLine {
        file: String,
        line: u64,
        why: String,
        /// Where it is no record at all.
        broken: Option<Broken>,
    },
    /// A spine with more columns than are carried through a run.
    SpineTooWide { file: String, why: String },
    /// Rows that were decoded before, for a source that read this column by another `from`, `as`, `zone` or `keep nan`.
    ReadOtherwise { file: String, column: String },
    /// A target cannot be written; whatever it held before is still there.
    Unwritable { file: String, why: String },
    /// A value of a result that text formats cannot hold. `row` is a row of the result, from 1; `why` completes
    /// "column `x` …".
    BeyondText {
        file: String,
        column: String,
        row: u64,
        why: String,
    },
    /// Another run, in this process or another, is writing to the target.
    Busy { file: String },
    /// The name of a target says no format that can be written; the extensions in `known` do.
    UnknownExtension { file: String, known: Vec<&'static str> },
    /// Rows that are more than was allowed, or that become more. See [`crate::Bounds`] and [`crate::PieceOptions`].
    BeyondBounds { file: String, why: String },
    /// A store or a table that is not of this machine's file system; `place` is its address.
    Lake {
        cause: LakeCause,
        place: String,
        why: String,
    },
}

/// Where a row stands in its file, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowPlace {
    /// In files that have rows.
    Row(u64),
    /// In text, where the row begins: the line of a CSV header is the first.
    Line(u64),
}

impl fmt::Display for RowPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RowPlace::Row(row) => write!(f, "row {row}"),
            RowPlace::Line(line) => write!(f, "line {line}"),
        }
    }
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

    /// A folder whose files were to be read, and which is a Delta table: some of them may be its no longer.
    pub fn of_table(folder: String) -> Self {
        DecodeError::Corrupt {
            file: folder,
            why: content::TABLE.to_owned(),
        }
    }

    pub(crate) fn read_otherwise(file: &str, column: &str) -> Self {
        DecodeError::ReadOtherwise {
            file: file.to_owned(),
            column: column.to_owned(),
        }
    }

    /// Decoded rows that do not say how they were read in a way that can be understood.
    pub(crate) fn unread(file: &str, error: &serde_json::Error) -> Self {
        DecodeError::Corrupt {
            file: file.to_owned(),
            why: format!("what it says of how its columns were read is not understood: {error}"),
        }
    }

    /// Whether a file was to be read that is not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, DecodeError::Unreadable { why, .. } if why == NOT_FOUND)
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
            DecodeError::UnknownExtension { known, .. } | DecodeError::UnknownFormat { known, .. } => {
                Some(format!("name it {}", listed(known, "or")))
            }
            DecodeError::UnknownZone { .. } => Some("use a name like \"Europe/Paris\" or \"UTC\"".into()),
            DecodeError::Changed { .. } => Some("read a copy, or only files that are no longer written".into()),
            DecodeError::BeyondText { file, .. } if file.ends_with(".parquet") => {
                Some("write an `.arrow` file, which holds every value, or give the column in milliseconds".into())
            }
            DecodeError::BeyondText { .. } => Some(
                "write a `.parquet` or `.arrow` file, which hold every value, or bound the column where it is made"
                    .into(),
            ),
            DecodeError::Busy { .. } => Some("wait for it, or choose another place".into()),
            DecodeError::NoFiles { why, .. }
            | DecodeError::Unreadable { why, .. }
            | DecodeError::Unwritable { why, .. } => remedy(why).map(str::to_owned),
            DecodeError::Corrupt { why, .. } => content::remedy(why).map(str::to_owned),
            DecodeError::BeyondBounds { .. } => {
                Some("write it in smaller parts, and rows with fewer items and shorter texts".into())
            }
            DecodeError::ReadOtherwise { .. } => Some(
                "give the files that these rows were read from; rows that were read once do not say what else was in them".into(),
            ),
            DecodeError::SpineTooWide { .. } => {
                Some("leave out columns that nobody needs, and write objects whose keys are data as text".into())
            }
            DecodeError::WrongType {
                column,
                expected: Some(Type::List(_)),
                found,
                ..
            } if found.starts_with("text of ") => Some(format!(
                "declare it as `string` and take it apart in a transform, `let parts = split({column}, \";\")`, or give Parquet, \
                 Arrow or JSON lines"
            )),
            DecodeError::BrokenHeader { .. }
            | DecodeError::AmbiguousColumn { .. }
            | DecodeError::WrongType { .. }
            | DecodeError::SpineInstant { .. }
            | DecodeError::SpineKey { .. }
            | DecodeError::SpineLine { .. }
            | DecodeError::Lake { .. } => None,
        }
    }
}

/// `.a, .b or .c`
fn listed(extensions: &[&str], last: &str) -> String {
    match extensions {
        [most @ .., one] if !most.is_empty() => format!(".{} {last} .{one}", most.join(", .")),
        few => few.iter().map(|one| format!(".{one}")).collect(),
    }
}

/// The verb after the name of a file, or of rows that have none.
fn has(file: &str) -> &'static str {
    match file.starts_with("rows of ") {
        true => "have",
        false => "has",
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::NoFiles { pattern, why, other } => {
                let other = other.iter().min().map(|other| format!(", but .{other} files"));
                write!(f, "no files for \"{pattern}\": {why}{}", other.unwrap_or_default())
            }
            DecodeError::Unreadable { file, why } => write!(f, "cannot read {file}: {why}"),
            DecodeError::Changed { file, how } => write!(f, "{file} {how} while it was read"),
            DecodeError::Corrupt { file, why } => write!(f, "{file} is corrupt or of another format: {why}"),
            DecodeError::BrokenHeader { file, why } => {
                write!(
                    f,
                    "{file} is corrupt or of another format: the header line is broken: {why}"
                )
            }
            DecodeError::MissingColumn { file, column, .. } => write!(f, "{file} {} no column `{column}`", has(file)),
            DecodeError::AmbiguousColumn { file, column } => {
                write!(f, "{file} {} several columns `{column}`", has(file))
            }
            DecodeError::WrongType {
                file,
                column,
                expected: Some(Type::Timestamp),
                found,
            } if found.starts_with("a timestamp") => {
                write!(
                    f,
                    "column `{column}` of {file} is {found}, and the form after its type reads another"
                )
            }
            DecodeError::WrongType {
                file,
                column,
                expected,
                found,
            } => {
                write!(f, "column `{column}` of {file} is {found}, which does not decode to ")?;
                match expected {
                    Some(ty) => ty.fmt(f),
                    None => f.write_str("one type"),
                }
            }
            DecodeError::NaiveTimestamp {
                file,
                line: None,
                column,
                ..
            } => {
                write!(f, "naive timestamps: column `{column}` of {file} has no time zone")
            }
            DecodeError::NaiveTimestamp {
                file,
                line: Some(line),
                column,
                ..
            } => {
                write!(
                    f,
                    "naive timestamps: column `{column}` of {file} has a value without offset on line {line}"
                )
            }
            DecodeError::UnknownZone { zone } => write!(f, "unknown time zone \"{zone}\""),
            DecodeError::UnknownFormat { file, .. } => write!(f, "cannot tell the format of {file}"),
            DecodeError::SpineInstant {
                file, row, column, why, ..
            } => {
                write!(f, "{row} of {file} has no usable instant: column `{column}` {why}")
            }
            DecodeError::SpineKey {
                file, row, column, why, ..
            } => {
                write!(f, "{row} of {file} cannot be asked: column `{column}` {why}")
            }
            DecodeError::ReadOtherwise { file, column } => write!(
                f,
                "{file}: column `{column}` was read by another `from`, `as`, `zone` or `keep nan` than it has now"
            ),
            DecodeError::SpineTooWide { file, why } => write!(f, "{file} is too wide for a spine: {why}"),
            DecodeError::SpineLine { file, line, why, .. } => write!(f, "line {line} of {file} is broken: {why}"),
            DecodeError::Unwritable { file, why } => write!(f, "cannot write {file}: {why}"),
            DecodeError::BeyondText { file, column, row, why } => {
                write!(
                    f,
                    "cannot write {file}: in row {row} of the result, column `{column}` {why}"
                )
            }
            DecodeError::Busy { file } => write!(f, "another run is writing to {file}"),
            DecodeError::BeyondBounds { file, why } => write!(f, "{file}: {why}"),
            DecodeError::UnknownExtension { file, known } => {
                let known = listed(known, "and");
                write!(f, "cannot tell the format of {file} from its name: {known} are known")
            }
            DecodeError::Lake { cause, place, why } => write!(f, "{} {place}: {why}", cause.in_words()),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Packed data that cannot be unpacked, as the error of a read.
#[derive(Debug)]
pub(crate) struct Damaged(pub String);

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Damaged {}
