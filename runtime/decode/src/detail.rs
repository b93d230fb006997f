//! What is wrong with a row that was not decoded, as data: its words stand in reports, and whoever has a next step for it asks
//! what it is.

use std::fmt;

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// It is no record.
    Record(Broken),
    /// The column is null, and must not be: it is that of the event time, or is declared without a `?`.
    Null {
        column: String,
        is_time: bool,
        is_arrival: bool,
    },
    /// The column has a value that does not decode to its type.
    Value { column: String, value: BadValue },
}

/// A record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    NotUtf8,
    TooLong,
    /// Of delimited text: a quote is open at the end of the file, or at the bound of the record's length.
    OpenQuote,
    /// Of delimited text: something stands between a closing quote and the end of its field.
    BehindQuote,
    /// Of delimited text: another number of fields than the header has.
    Fields {
        found: usize,
        header: usize,
    },
    /// Of JSON: what the parser says.
    NoJson(String),
    /// Of JSON: another value than an object, as the parser says it.
    NoObject(String),
    /// Of JSON: the key, as messages show it.
    KeyTwice(String),
}

/// A value that does not decode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadValue {
    /// The value as messages show it: texts in quotes, cut after 60 characters.
    pub written: String,
    pub wrong: Wrong,
}

/// Why a value does not decode. Its words complete "`value` …".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    NoBool,
    NoInt64,
    NoFloat64,
    NoDecimal,
    NoString,
    NoTimestamp,
    NoDate,
    /// Milliseconds that are not those of midnight.
    NoDay,
    NoDuration,
    NoList,
    /// An escape in a string of JSON.
    NoCharacter,
    BeyondInt64,
    BeyondFloat64,
    BeyondPrecision,
    BeyondDuration,
    BeyondMicroseconds,
    BeyondYears,
    /// A decimal as text.
    MorePlaces,
    /// A decimal as units of its own scale.
    Inexact,
    /// Where a number of an epoch is to be.
    NoNumber,
    /// An instant between two microseconds.
    PartOfMicrosecond,
    /// A text that is not in the format of its column.
    NotInFormat,
    /// A year of fewer than four digits where the format has all of it.
    ShortYear,
    /// Something else than an object of JSON where the way to a column leads through one.
    NoObject,
    /// A local time where no zone is declared.
    NoOffset,
    /// A local time that the clocks of its zone left out.
    NeverOccurred,
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Detail::Record(broken) => broken.fmt(f),
            Detail::Null { column, .. } => write!(f, "column {column} is null"),
            Detail::Value { column, value } => write!(f, "column {column}: {value}"),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::NotUtf8 => f.write_str("not UTF-8"),
            Broken::TooLong => f.write_str("longer than 16 MiB"),
            Broken::OpenQuote => f.write_str("a quote that never closes"),
            Broken::BehindQuote => f.write_str("text after a closing quote"),
            Broken::Fields { found, header } => write!(f, "{found} fields where the header has {header}"),
            Broken::NoJson(why) => write!(f, "not JSON: {why}"),
            Broken::NoObject(why) => f.write_str(why),
            Broken::KeyTwice(key) => write!(f, "key {key} occurs twice"),
        }
    }
}

impl fmt::Display for BadValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.written, self.wrong)
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Wrong::NoBool => "is not true or false",
            Wrong::NoInt64 => "is not an int64",
            Wrong::NoFloat64 => "is not a float64",
            Wrong::NoDecimal => "is not a decimal",
            Wrong::NoString => "is not a string",
            Wrong::NoTimestamp => "is not an RFC 3339 timestamp",
            Wrong::NoDate => "is not a date (YYYY-MM-DD)",
            Wrong::NoDay => "ms is not a date",
            Wrong::NoDuration => "is not an ISO 8601 duration such as PT1.5S",
            Wrong::NoList => "is no list",
            Wrong::NoCharacter => "has an escape that is not a character",
            Wrong::BeyondInt64 => "does not fit int64",
            Wrong::BeyondFloat64 => "does not fit float64",
            Wrong::BeyondPrecision => "does not fit the column's precision",
            Wrong::BeyondDuration => "does not fit a duration",
            Wrong::BeyondMicroseconds => "does not fit microseconds",
            Wrong::BeyondYears => "is beyond the years 1 to 9999 in UTC",
            Wrong::MorePlaces => "has more decimal places than the column",
            Wrong::Inexact => "(unscaled) is not exact in the column's decimal type",
            Wrong::NoNumber => "is not a number",
            Wrong::PartOfMicrosecond => "is not a whole number of microseconds",
            Wrong::NotInFormat => "is not in the format of the column",
            Wrong::ShortYear => "has a year of fewer than four digits",
            Wrong::NoObject => "is no object, in which the column would be",
            Wrong::NoOffset => "has no offset, and the source declares no zone",
            Wrong::NeverOccurred => "is a local time that never occurred",
        })
    }
}
