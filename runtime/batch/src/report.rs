//! What a run says about itself beside its rows.

use featr_decode::{Example, Rejects};
use featr_kernels::eval::Sought;
use featr_kernels::finish::Trouble;
use featr_kernels::rows::{Dropped, Reason};
use std::fmt;

/// How many rejected rows, or conflicting ids, of a source a report shows.
pub const EXAMPLES_MAX: usize = 5;

/// Counts of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunReport {
    /// Rows of the spine, and of the output.
    pub rows: u64,
    /// Per source that was read, by name.
    pub sources: Vec<SourceReport>,
    /// Per use of a transform by an entity, by names.
    pub views: Vec<ViewReport>,
    /// Features of the service's own with answers that are errors: service, feature, counts.
    pub own_troubles: Vec<(String, String, Trouble)>,
    /// Those whose answers are all null, zero or false, but for defaults.
    pub own_silent: Vec<SilentFeature>,
}

/// What became of the rows of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceReport {
    pub source: String,
    /// Rows that were decoded.
    pub decoded: u64,
    /// Rows that were not read at all: the statistics of their files say that no question needs them.
    pub skipped: u64,
    /// Columns of a JSONL file that are read, may be null, and are so in all rows: their key may be misspelt.
    pub null_columns: Vec<String>,
    /// Columns that count time since 1970 and have no instant beyond that year: their unit may be another one.
    pub columns_of_1970: Vec<String>,
    /// Whether every row arrives before its event time: the two may be exchanged.
    pub arrives_before: bool,
    /// Rows among the decoded that are events.
    pub accepted: u64,
    /// Decoded rows that are not, by reason; reasons that did not occur are left out.
    pub rejected: Vec<(Reason, u64)>,
    /// The first [`EXAMPLES_MAX`] of them, in the order of the files.
    pub rejected_examples: Vec<Example>,
    /// Accepted rows that a view rejects (see [`ViewReport::dropped`]), each once.
    pub rejected_by_any_view: u64,
    /// The first [`EXAMPLES_MAX`] of them, likewise.
    pub view_examples: Vec<Example>,
    /// Rows that were not decoded.
    pub undecoded: Rejects,
    /// Ids under which different events were accepted. All of them count; such a source is usually an upsert one.
    pub conflicting_ids: u64,
    /// The first [`EXAMPLES_MAX`] of them, by their first rows in the order of the files: `flight_id=17`.
    pub conflict_examples: Vec<String>,
    /// Events with copies that differ in columns which the source does not declare. Each counts once. Rows that were given
    /// in memory have no such columns.
    pub differing_copies: u64,
    /// The ids of the first [`EXAMPLES_MAX`] of them.
    pub differing_copy_examples: Vec<String>,
}

/// Why a feature says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// No event in its windows fulfils its `where`, and others of the window say something.
    WhereOfNone,
    /// Some questions find events in its window: no such event fulfils its `where`, or what it takes of them says nothing.
    WhereOrValues,
    /// As that, of a feature without a `where`.
    Values,
    /// No question finds an event in its window.
    NoEvents,
}

/// A feature whose answers are all null or zero, but for defaults, in a view that says more.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SilentFeature {
    /// As results name it.
    pub feature: String,
    /// Where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Silence>,
}

/// What became of the events of a source on their way to an entity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ViewReport {
    pub source: String,
    pub transform: String,
    /// Names of the entity's keys.
    pub entity: Vec<String>,
    /// Keyed events, copies included.
    pub events: u64,
    pub dropped: Dropped,
    /// What the lookups of the transform found, in their order.
    pub sought: Vec<Sought>,
    /// Copies of events that were there already. Events of entities that nobody asked about may not have been compared.
    pub copies: u64,
    /// Questions without an entity, because one of the keys is null.
    pub keyless_questions: u64,
    /// The views that are answered here, each with its questions that find no event: none of their entity that they see
    /// lies within the longest retention of the view's features.
    pub missing: Vec<(String, u64)>,
    /// Per view there, the first [`EXAMPLES_MAX`] of these questions, as rows of the spine from 0.
    pub missing_rows: Vec<Vec<u32>>,
    /// Questions with an identity that `excluding self` compares with, and those among them of which an event has
    /// it within the bounds of a window that excludes it, arrived or not.
    pub questions_with_id: u64,
    pub questions_with_own: u64,
    /// Features with answers that are errors, truncated or stale: view, feature, counts.
    pub troubles: Vec<(String, String, Trouble)>,
    /// Views whose answers are all null or zero, but for defaults, and nothing worse.
    pub silent: Vec<String>,
    /// Views of whose answers some are errors, and all others so.
    pub failed: Vec<String>,
    /// Features whose answers are so, of the other views.
    pub silent_features: Vec<SilentFeature>,
    /// Questions at the very instant of an event of their entity that they see, if a window excludes nothing: the event
    /// counts there. Questions whose id is that of an event at another instant are not looked for.
    pub questions_at_events: u64,
}

impl fmt::Display for RunReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} rows", self.rows)?;
        for source in &self.sources {
            write!(f, "source {}: {} events", source.source, source.accepted)?;
            for (reason, count) in &source.rejected {
                write!(f, ", {count} {}", reason.name())?;
            }
            for (reason, count) in source.undecoded.counts() {
                write!(f, ", {count} {reason}")?;
            }
            if source.skipped > 0 {
                write!(f, ", {} not read", source.skipped)?;
            }
            if source.conflicting_ids > 0 {
                write!(f, ", {} conflicting ids", source.conflicting_ids)?;
            }
            if source.differing_copies > 0 {
                write!(f, ", {} with differing copies", source.differing_copies)?;
            }
            writeln!(f)?;
        }
        for view in &self.views {
            write!(
                f,
                "{} by {}: {} events",
                view.transform,
                view.entity.join(", "),
                view.events
            )?;
            let dropped = &view.dropped;
            let counts = [
                ("filtered", dropped.filtered),
                ("without time", dropped.null_time),
                ("without key", dropped.null_key),
                ("before their time", dropped.at_before_time),
                ("too long after their time", dropped.at_too_far),
                ("with an error in the key", dropped.key_error),
                ("copies", view.copies),
                ("questions without key", view.keyless_questions),
                ("questions at events", view.questions_at_events),
            ];
            for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
                write!(f, ", {count} {name}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
