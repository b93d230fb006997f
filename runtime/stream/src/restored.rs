//! What a restore took over.

use featc_ir::display::instant;
use std::fmt;

/// What became of the state in a snapshot. Every log of the graph is in `kept` or in `to_rebuild`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "logs that are to be rebuilt answer no questions"]
pub struct RestoreReport {
    /// Logs that go on from where the snapshot left them, in graph order.
    pub kept: Vec<LogName>,
    /// Logs that are empty and answer no question until they are rebuilt, in graph order.
    pub to_rebuild: Vec<ToRebuild>,
    /// Logs of the snapshot that nothing in the graph goes on with, in the order of the snapshot.
    pub dropped: Vec<LogName>,
}

impl RestoreReport {
    /// Whether every question can be answered.
    pub fn is_whole(&self) -> bool {
        self.to_rebuild.is_empty()
    }

    /// Logs whose events go though nothing is to be rebuilt for them: nothing in the graph reads them any more.
    pub fn removed(&self) -> impl Iterator<Item = &LogName> {
        let is_needed = |log: &LogName| self.to_rebuild.iter().any(|missing| missing.log == *log);
        self.dropped.iter().filter(move |log| !is_needed(log))
    }
}

/// The events of a source by entity, as people know them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogName {
    pub source: String,
    pub transform: String,
    /// The key columns of the entity.
    pub keys: Vec<String>,
}

/// A log without the rows that came before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToRebuild {
    pub log: LogName,
    pub why: Rebuild,
    /// Questions need the rows with event times after this; `None`: all rows.
    pub after_us: Option<i64>,
}

/// Why a log has to be rebuilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rebuild {
    /// The snapshot has no events of this source, acceptance, transform, event time and key.
    NoState,
    /// It has events of that name of another declaration.
    Redeclared,
    /// It has the events, without so many of the columns that aggregates read now.
    Columns { missing: usize },
    /// It has the events, but those up to this event time have been released, and windows reach back further now.
    Released { until_us: i64 },
    /// The log was to be rebuilt when the snapshot was written.
    NotRebuilt,
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the events of `{}`", self.source)?;
        if self.transform != self.source {
            write!(f, " through `{}`", self.transform)?;
        }
        match self.keys.is_empty() {
            true => f.write_str(", which wait for tables"),
            false => write!(f, " by ({})", self.keys.join(", ")),
        }
    }
}

impl fmt::Display for Rebuild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rebuild::NoState => f.write_str("the snapshot does not have them"),
            Rebuild::Redeclared => f.write_str(
                "the snapshot has them as they were declared otherwise: with other types of columns, another lateness, other steps or \
                 times",
            ),
            Rebuild::Columns { missing } => {
                write!(
                    f,
                    "the snapshot has them without {missing} of the expressions that are read now"
                )
            }
            Rebuild::Released { until_us } => write!(
                f,
                "events until {} have been released, and windows reach back further now",
                instant(*until_us)
            ),
            Rebuild::NotRebuilt => f.write_str("they were to be rebuilt when the snapshot was written"),
        }
    }
}

impl fmt::Display for ToRebuild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.log, self.why)
    }
}
