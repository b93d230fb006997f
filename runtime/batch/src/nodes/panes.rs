//! The events of a large entity in panes, and what stands for a pane that no question tells apart.

use super::answer::Job;
use super::in_order::InOrder;
use crate::error::bug;
use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use datafusion::error::Result;
use featr_merge::{PaneSummary, may_summarise, summarise};
use std::sync::Arc;

/// Summaries, each with the row that it stands at, ascending.
pub(super) type Summaries = Vec<(u32, Arc<PaneSummary>)>;

/// The least and the greatest arrival, where events carry arrivals.
type Span = Option<(i64, i64)>;

/// A pane of events, in order.
pub(super) struct Pane {
    pub rows: usize,
    /// What stands for them; nothing if that would not be less.
    pub summary: Option<Summary>,
}

/// See [`featr_merge::summarise`].
pub(super) struct Summary {
    /// The rows that stay, in order.
    batch: RecordBatch,
    classes: Vec<Class>,
    arrivals: Span,
}

/// The events of a pane that arrive in some span of time: on time, late, later. A question that is asked between the
/// arrivals of some of them splits its class only.
struct Class {
    arrivals: Span,
    rows: usize,
    /// The rows that stay, counted in the pane; and where the last of them is among all that stay.
    kept: Vec<u32>,
    last: u32,
    totals: Arc<PaneSummary>,
}

/// Of the arrivals of a pane, so many sixty-fourths come first, and make a class each with those behind the one before.
const ARRIVED: [usize; 3] = [48, 60, 63];

impl Pane {
    /// The rows that are there if nothing is split.
    pub fn least_rows(&self) -> usize {
        self.summary
            .as_ref()
            .map_or(self.rows, |summary| summary.batch.num_rows())
    }

    /// Calls `split` with each class that has partly arrived at `cutoff`, and its rows.
    pub fn partly_arrived(&self, cutoff: i64, mut split: impl FnMut(usize, usize)) {
        let partly = |arrivals: Span| arrivals.is_some_and(|(least, greatest)| least <= cutoff && cutoff < greatest);
        if let Some(summary) = self.summary.as_ref().filter(|summary| partly(summary.arrivals)) {
            for (at, class) in summary.classes.iter().enumerate() {
                if partly(class.arrivals) {
                    split(at, class.rows);
                }
            }
        }
    }
}

impl Summary {
    /// Summarises the events of a pane, if that makes them fewer.
    pub fn new(job: &Job, batch: &RecordBatch) -> Result<Option<Summary>> {
        if !may_summarise(job.spec.merge()) {
            return Ok(None);
        }
        let layout = &job.spec.layout;
        let arrivals = InOrder::of(layout, batch)?.arrivals;
        let by_arrival = arrivals.filter(|_| job.spec.delay_us.is_some());
        let mut classes: Vec<Class> = vec![];
        for (rows, arrivals) in by_class(batch.num_rows(), by_arrival) {
            let of_class = take_record_batch(batch, &UInt32Array::from(rows.clone()))?;
            let (kept, totals) = summarise(job.spec.merge(), &InOrder::of(layout, &of_class)?.run(layout)?);
            classes.push(Class {
                arrivals,
                rows: rows.len(),
                kept: kept.iter().map(|row| rows[*row as usize]).collect(),
                last: 0,
                totals: Arc::new(totals),
            });
        }
        let mut kept: Vec<u32> = classes.iter().flat_map(|class| &class.kept).copied().collect();
        kept.sort_unstable();
        for class in &mut classes {
            class.last = place(&kept, class)?;
        }
        if kept.len() == batch.num_rows() {
            return Ok(None);
        }
        let spans = || classes.iter().filter_map(|class| class.arrivals);
        let least = spans().map(|(least, _)| least).min();
        let greatest = spans().map(|(_, greatest)| greatest).max();
        Ok(Some(Summary {
            batch: take_record_batch(batch, &UInt32Array::from(kept))?,
            classes,
            arrivals: least.zip(greatest),
        }))
    }

    /// The rows that stay, and which totals stand at which of them.
    pub fn whole(&self) -> (RecordBatch, Summaries) {
        let of_class = |class: &Class| (class.last, class.totals.clone());
        let mut totals: Vec<_> = self.classes.iter().map(of_class).collect();
        totals.sort_unstable_by_key(|(row, _)| *row);
        (self.batch.clone(), totals)
    }

    /// The same with all rows of the classes that are `split`, from all rows of the pane.
    pub fn split(
        &self,
        arrivals: Option<&[i64]>,
        batch: &RecordBatch,
        split: impl Fn(usize) -> bool,
    ) -> Result<(RecordBatch, Summaries)> {
        let mut rows: Vec<u32> = vec![];
        for (at, class) in self.classes.iter().enumerate() {
            match (class.arrivals, arrivals) {
                (Some((least, greatest)), Some(arrivals)) if split(at) => {
                    let of_class = |arrival: &i64| least <= *arrival && *arrival <= greatest;
                    let arrived = (0u32..).zip(arrivals).filter(|(_, arrival)| of_class(arrival));
                    rows.extend(arrived.map(|(row, _)| row));
                }
                _ => rows.extend(&class.kept),
            }
        }
        rows.sort_unstable();
        let mut totals = vec![];
        for (_, class) in self.classes.iter().enumerate().filter(|(at, _)| !split(*at)) {
            totals.push((place(&rows, class)?, class.totals.clone()));
        }
        totals.sort_unstable_by_key(|(row, _)| *row);
        Ok((take_record_batch(batch, &UInt32Array::from(rows))?, totals))
    }
}

/// Where the last row of a class is among rows.
fn place(rows: &[u32], class: &Class) -> Result<u32> {
    let found = class.kept.last().and_then(|last| rows.binary_search(last).ok());
    found.map(|at| at as u32).ok_or_else(|| bug("a summary lost its place"))
}

/// The rows of each class, and its span of arrivals. No two classes share an arrival.
fn by_class(rows: usize, arrivals: Option<&[i64]>) -> Vec<(Vec<u32>, Span)> {
    let Some(arrivals) = arrivals else {
        return vec![((0..rows as u32).collect(), None)];
    };
    let mut sorted = arrivals.to_vec();
    sorted.sort_unstable();
    let mut bounds: Vec<i64> = ARRIVED.iter().map(|part| sorted[rows * part / 64]).collect();
    bounds.dedup();
    let mut classes: Vec<(Vec<u32>, Span)> = vec![(vec![], None); bounds.len() + 1];
    for (row, arrival) in (0u32..).zip(arrivals) {
        let (of_class, span) = &mut classes[bounds.partition_point(|bound| bound < arrival)];
        of_class.push(row);
        let (least, greatest) = span.get_or_insert((*arrival, *arrival));
        (*least, *greatest) = ((*least).min(*arrival), (*greatest).max(*arrival));
    }
    classes.retain(|(rows, _)| !rows.is_empty());
    classes
}
