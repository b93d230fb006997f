//! What lookups find, as data: counts, and why one finds nothing.

use featc_ir::Literal;
use featc_ir::display::instant;
use std::fmt;

/// The keys that a transform looks up in a table: of each row that was read one, unless it is null or an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct LookupReport {
    /// The name of the transform.
    pub transform: String,
    /// The name of the table.
    pub table: String,
    /// As the program says it: `shops(lower(shop)) within 30d`.
    pub lookup: String,
    /// How many keys were looked up.
    pub asked: u64,
    /// Those that no row of the table has.
    pub unknown: u64,
    /// Those that rows of the table have, none of which holds, and is known, at the event's instant.
    pub not_then: u64,
    /// What the first of the unknown ones asks, or of the others, if these are more.
    #[serde(skip)]
    pub(crate) first: Option<Vec<Literal>>,
}

impl LookupReport {
    /// Those that find nothing.
    pub fn missing(&self) -> u64 {
        self.unknown + self.not_then
    }

    /// How many there are, and how many of those that find nothing do so for the instant.
    pub fn counts(&self) -> String {
        let keys = if self.asked == 1 { "key" } else { "keys" };
        let not_then = match self.not_then {
            0 => String::new(),
            all if all == self.missing() => ", the table has rows of them that were not valid then".to_owned(),
            some => format!(", the table has rows of {some} of them that were not valid then"),
        };
        format!("{} {keys}{not_then}", self.asked)
    }
}

/// Why a lookup finds nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stray {
    /// The table has no rows.
    NoRows,
    /// No row has the key.
    Key {
        /// `tail "n1"`.
        asked: String,
        /// The nearest that a row has, if one is near.
        nearest: Option<String>,
    },
    /// No version of the key was valid, and known, at that instant.
    NotYet {
        /// `tail "n1"`.
        asked: String,
        /// The instant of the lookup, in microseconds since 1970.
        at_us: i64,
        /// From when on the first version is valid, in microseconds since 1970.
        valid_from_us: i64,
        /// Since when one is known, in microseconds since 1970.
        known_us: i64,
    },
    /// The last version then had ended.
    Ended {
        /// `tail "n1"`.
        asked: String,
        /// The instant of the lookup, in microseconds since 1970.
        at_us: i64,
        /// When it had ended, in microseconds since 1970.
        end_us: i64,
    },
    /// The last version then was too old for the lookup.
    TooOld {
        /// `tail "n1"`.
        asked: String,
        /// The instant of the lookup, in microseconds since 1970.
        at_us: i64,
        /// From when on it was valid, in microseconds since 1970.
        valid_from_us: i64,
    },
}

impl fmt::Display for Stray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stray::NoRows => f.write_str("the table has no rows"),
            Stray::Key { asked, nearest: None } => write!(f, "no row has {asked}"),
            Stray::Key {
                asked,
                nearest: Some(nearest),
            } => write!(f, "no row has {asked}; the nearest is {nearest}"),
            Stray::NotYet {
                asked,
                at_us,
                valid_from_us,
                known_us,
            } => write!(
                f,
                "no row of {asked} was valid and known at {}; its rows are valid from {} on and known from {} on",
                instant(*at_us),
                instant(*valid_from_us),
                instant(*known_us)
            ),
            Stray::Ended { asked, at_us, end_us } => write!(
                f,
                "no row of {asked} was valid at {}; the last one had ended at {}",
                instant(*at_us),
                instant(*end_us)
            ),
            Stray::TooOld {
                asked,
                at_us,
                valid_from_us,
            } => write!(
                f,
                "no row of {asked} that was valid at {} is young enough; the last one is of {}",
                instant(*at_us),
                instant(*valid_from_us)
            ),
        }
    }
}
