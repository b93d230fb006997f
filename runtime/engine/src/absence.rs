//! That no question, or one, finds its entity in a view, and why, as data.

use featc_ir::display::instant;
use std::fmt;

/// A question that finds nothing in a view in which others do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfound {
    /// Whom it asks about, `card "A1 "`; `None` if one of its keys is null.
    pub asked: Option<String>,
    /// When, in microseconds.
    pub at: i64,
    /// A key that events have, and that is the same but for case, blanks and zeros.
    pub nearest: Option<String>,
    /// The first and last instant of its entity's events.
    pub events: Option<(i64, i64)>,
}

impl fmt::Display for Unfound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(asked) = &self.asked else {
            return write!(f, "the one at {} lacks a key", instant(self.at));
        };
        match (&self.nearest, self.events) {
            (Some(nearest), _) => write!(f, "for example {asked}; the nearest key is {nearest}"),
            (None, Some((first, last))) => write!(
                f,
                "for example {asked} at {}; its events are of {} to {}",
                instant(self.at),
                instant(first),
                instant(last)
            ),
            (None, None) => write!(f, "for example {asked} at {}", instant(self.at)),
        }
    }
}

/// Why a view finds nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absence {
    /// Every question lacks a key.
    NullKeys,
    /// The source has no event for the view.
    NoEvents {
        /// So many rows the `where` of its transform leaves out.
        filtered: u64,
    },
    /// No event has a key that was asked.
    Keys {
        /// One that was asked: `card "A1"`.
        asked: String,
        /// The nearest that events have, if one is near.
        nearest: Option<String>,
    },
    /// There are events of these entities, and no question sees one. Instants are in microseconds since 1970.
    Instants {
        /// The first and the last instant that was asked about.
        asked: (i64, i64),
        /// The first and the last event.
        events: (i64, i64),
        /// From when on an event was known, where that is after the last question.
        known: Option<i64>,
    },
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = |(first, last): (i64, i64)| format!("{} to {}", instant(first), instant(last));
        match self {
            Absence::NullKeys => f.write_str("all of them lack a key"),
            Absence::NoEvents { filtered: 0 } => f.write_str("it has no events"),
            Absence::NoEvents { filtered } => {
                write!(
                    f,
                    "it has no events: the `where` of its transform leaves {filtered} rows out"
                )
            }
            Absence::Keys { asked, nearest: None } => write!(f, "no event has a key that was asked, such as {asked}"),
            Absence::Keys {
                asked,
                nearest: Some(nearest),
            } => write!(f, "no event has {asked}; the nearest is {nearest}"),
            Absence::Instants { asked, events, known } => {
                let (asked, events) = (span(*asked), span(*events));
                write!(
                    f,
                    "they ask at {asked}, and the events of their entities are of {events}"
                )?;
                match known {
                    Some(known) => write!(f, ", none of them known before {}", instant(*known)),
                    None => Ok(()),
                }
            }
        }
    }
}
