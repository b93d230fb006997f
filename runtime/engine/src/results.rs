//! Features as Arrow columns.

use crate::error::Error;
use crate::feature_report::FeatureReport;
use crate::limits::Limits;
use crate::log_columns;
use crate::sought::LookupReport;
use crate::warning::Warning;
use arrow::array::{Array as _, ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use featc_ir::Status;
use featr_batch::{EXAMPLES_MAX, SilentFeature};
use featr_decode::{Example, Rejects, to_arrow};
use featr_kernels::rows::{Dropped, Reason};
use featr_kernels::{Column, Data};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A training set, or what a replay gives: the spine's columns untouched, then the features.
#[derive(Debug, Clone)]
pub struct Training {
    /// The columns of the spine, then the features.
    pub schema: SchemaRef,
    /// In spine order.
    pub batches: Vec<RecordBatch>,
    /// What the run read, and what became of it.
    pub report: RunReport,
}

/// What a run read.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct RunReport {
    /// Questions answered.
    pub rows: u64,
    /// Per source that was read.
    pub sources: Vec<SourceReport>,
    /// Per view of the service.
    pub views: Vec<ViewReport>,
    /// Features with answers that are errors, truncated or stale; a derived one for errors of its own.
    pub features: Vec<FeatureReport>,
    /// Per transform of the service and what it looks up in tables, of the rows that were read. Of a run in batch.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lookups: Vec<LookupReport>,
    /// Views whose answers are all null or zero, but for defaults, and nothing worse. Of a run in batch.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub silent_views: Vec<String>,
    /// Views of whose answers some are errors, and all others so. Of a run in batch.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed_views: Vec<String>,
    /// Features whose answers are all null or zero, of the other views and of the service's own. Of a run in batch.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub silent_features: Vec<SilentFeature>,
    /// What is allowed, and probably not meant.
    pub warnings: Vec<Warning>,
    /// Per view with questions that find nothing, the first of them: rows of the spine from 0, ascending. Of a run in
    /// batch.
    #[serde(skip)]
    pub missing_rows: BTreeMap<String, Vec<u32>>,
}

impl RunReport {
    /// Refuses a source of which more rows were rejected than the limits allow: by the source itself, or by it and one of
    /// the views.
    ///
    /// # Errors
    /// [`Error::TooManyRejected`].
    pub fn check_rejected(&self, limits: &Limits) -> Result<(), Error> {
        let rows = |source: &SourceReport| source.rejected_total() + source.accepted;
        let is_beyond = |source: &&SourceReport| limits.rejected.is_exceeded(source.rejected_somewhere(), rows(source));
        let Some(source) = self.sources.iter().find(is_beyond) else {
            return Ok(());
        };
        let of_all = self.sources.iter().map(SourceReport::rejected_somewhere);
        Err(Error::TooManyRejected {
            source: source.source.clone(),
            rejected: source.rejected_somewhere(),
            rows: rows(source),
            most: limits.rejected,
            of_any_source: of_all.max().unwrap_or(0),
            example: source.example().cloned(),
        })
    }

    /// Whether there are answers of views, and all of them are errors, null or zero, but for defaults.
    pub(crate) fn says_nothing(&self) -> bool {
        let is_silent =
            |view: &ViewReport| self.silent_views.contains(&view.view) || self.failed_views.contains(&view.view);
        self.rows > 0 && !self.views.is_empty() && self.views.iter().all(is_silent)
    }

    /// Refuses answers that say nothing: all of them errors, null or zero, unless every question may find nothing.
    ///
    /// # Errors
    /// [`Error::NothingSaid`].
    pub fn check_says(&self, limits: &Limits) -> Result<(), Error> {
        let may = limits
            .missing
            .is_some_and(|most| !most.is_exceeded(self.rows, self.rows));
        let failed = self.features.iter().find(|feature| feature.only_fails);
        match self.says_nothing() && !may {
            true => Err(Error::NothingSaid {
                questions: self.rows,
                failed: failed.cloned().map(Box::new),
            }),
            false => Ok(()),
        }
    }
}

/// Questions of a run to one view.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ViewReport {
    /// Its name.
    pub view: String,
    /// How many were asked.
    pub questions: u64,
    /// Those that find nothing: no event of their entity that they see lies within the longest retention of the view's
    /// features.
    pub missing: u64,
}

impl serde::Serialize for Warning {
    /// As its words.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What became of a source's rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct SourceReport {
    /// Its name.
    pub source: String,
    /// Rows that came in time and with an event time.
    pub accepted: u64,
    /// Rows that count for nothing, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// The first of them, first those that were not decoded, then those that were not accepted.
    pub examples: Vec<Example>,
    /// Ids under which different rows were accepted. All of them count; such a source is usually an upsert one.
    pub conflicting_ids: u64,
    /// The first of them: `flight_id=17`.
    pub conflict_examples: Vec<String>,
    /// Events with copies that differ in columns which the source does not declare. Each counts once.
    pub differing_copies: u64,
    /// The ids of the first of them.
    pub differing_copy_examples: Vec<String>,
    /// Per view of the source: events that do not count there, by reason (a null key, a null time of the transform).
    pub dropped: ByView,
    /// Per view of the source: accepted rows that are rejected there, by reason (`at_before_time`, `at_too_far`,
    /// `key_error`). They may count for other views.
    pub rejected_by_view: ByView,
    /// Accepted rows that at least one view of the source rejects.
    pub rejected_by_any_view: u64,
    /// The first of them, as above.
    pub view_examples: Vec<Example>,
}

/// Counts of rows by view, as reports name it, and reason.
pub type ByView = BTreeMap<String, BTreeMap<String, u64>>;

/// How reports name what turns rows into events of views: by its transform and the keys of its entity, and by the views
/// where several have these: `txn by (card)`, `txn by (card) of spend, visits`.
pub(crate) fn view_names(nodes: &[(&str, Vec<&str>, Vec<&str>)]) -> Vec<String> {
    let short =
        |(transform, entity, _): &(&str, Vec<&str>, Vec<&str>)| format!("{transform} by ({})", entity.join(", "));
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for node in nodes {
        *times.entry(short(node)).or_default() += 1;
    }
    let name = |node: &(&str, Vec<&str>, Vec<&str>)| {
        let short = short(node);
        match times.get(&short) {
            Some(2..) => format!("{short} of {}", node.2.join(", ")),
            _ => short,
        }
    };
    nodes.iter().map(name).collect()
}

/// Adds counts of a view; zeros leave no trace.
fn count(all: &mut ByView, view: &str, counts: impl IntoIterator<Item = (&'static str, u64)>) {
    for (reason, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        let known = all.entry(view.to_owned()).or_default();
        *known.entry(reason.to_owned()).or_default() += count;
    }
}

impl SourceReport {
    /// Rows that count for nothing.
    pub fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// Rows that are rejected by the source itself, or by it and one of the views.
    fn rejected_somewhere(&self) -> u64 {
        let by_views = self.rejected_by_view.values().map(|reasons| reasons.values().sum());
        self.rejected_total() + by_views.max().unwrap_or(0u64)
    }

    /// The first row that was rejected for the most frequent reason, of those that are shown.
    fn example(&self) -> Option<&Example> {
        let of_views = self.rejected_by_view.values().flatten();
        let (reason, _) = self
            .rejected
            .iter()
            .chain(of_views)
            .min_by_key(|(_, count)| Reverse(**count))?;
        let is_so = |example: &&Example| example.reason == reason;
        let mut examples = self.examples.iter().chain(&self.view_examples);
        let first = examples.clone().next();
        examples.find(is_so).or(first)
    }

    /// Counts the rows that were not decoded and shows the first.
    pub(crate) fn add_undecoded(&mut self, rejects: &Rejects) {
        for (reason, count) in rejects.counts() {
            *self.rejected.entry(reason.name().to_owned()).or_default() += count;
        }
        let kept = rejects.kept().iter().take(EXAMPLES_MAX);
        self.examples.extend(kept.map(Example::from));
    }

    /// Counts accepted rows that are no events of a view.
    pub(crate) fn add_dropped(&mut self, view: &str, dropped: &Dropped) {
        let nulls = [("null_time", dropped.null_time), ("null_key", dropped.null_key)];
        count(&mut self.dropped, view, nulls);
        let rejected = dropped.rejected().map(|(reason, count)| (reason.name(), count));
        count(&mut self.rejected_by_view, view, rejected);
    }

    /// Counts the rows that were not accepted.
    pub(crate) fn add_rejected(&mut self, counts: impl IntoIterator<Item = (Reason, u64)>) {
        for (reason, count) in counts {
            *self.rejected.entry(reason.name().to_owned()).or_default() += count;
        }
    }
}

pub(crate) fn columns_to_batch(
    names: &[String],
    columns: Vec<(Column, Vec<Status>)>,
    with_status: bool,
) -> Result<RecordBatch, Error> {
    let mut fields = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    let rows = columns.first().map_or(0, |(_, statuses)| statuses.len());
    for (name, (column, statuses)) in names.iter().zip(columns) {
        if let Data::Str(texts) = &column.data
            && i32::try_from(texts.bytes.len()).is_err()
        {
            return Err(Error::Columns {
                what: "the answer".to_owned(),
                why: format!("`{name}` takes more than 2 GiB; ask about fewer at a time"),
            });
        }
        let array = to_arrow(&column);
        fields.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(array);
        if with_status {
            fields.push(Field::new(log_columns::status(name), DataType::Utf8, false));
            let texts: Vec<String> = statuses.iter().map(Status::to_string).collect();
            arrays.push(Arc::new(StringArray::from(texts)));
        }
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
        .map_err(|error| Error::Bug { why: error.to_string() })
}
