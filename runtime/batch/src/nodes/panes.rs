//! The events of a large entity in panes, and what stands for a pane that no question tells apart.

use super::answer::Job;
use super::choices::Choices;
use super::in_order::InOrder;
use crate::error::bug;
use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use datafusion::error::Result;
use featc_ir::{Cut, LiftId};
use featr_kernels::aggregate::Candidates;
use featr_merge::{PaneSummary, Run, VALUE_BYTES, state_bytes, summarise};
use std::sync::Arc;

/// Summaries, each with the row that it stands at, ascending.
pub(super) type Summaries = Vec<(u32, Arc<PaneSummary>)>;

/// The least and the greatest arrival, where events carry arrivals.
type Span = Option<(i64, i64)>;

/// A pane of events, in order.
pub(super) struct Pane {
    pub rows: usize,
    /// Of the first and of the last event.
    pub times: (i64, i64),
    classes: Vec<Class>,
    arrivals: Span,
    /// What is there where all classes are summarised; nothing if that would not be less.
    summarised: Option<(RecordBatch, Summaries)>,
}

/// The events of a pane that arrive in some span of time: on time, late, later. A question that is asked between the
/// arrivals of some of them splits its class only.
struct Class {
    arrivals: Span,
    rows: usize,
    /// By filter of [`Choices`]: how many of its events may be chosen.
    candidates: Vec<u32>,
    summary: Summary,
}

/// What stands for the events of a class. See [`featr_merge::summarise`].
#[derive(Clone)]
struct Summary {
    /// The rows that stay, counted in the pane.
    kept: Vec<u32>,
    totals: Arc<PaneSummary>,
}

/// What a question needs of a pane.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub seen: bool,
    /// All of its events, in place of summaries.
    pub whole: bool,
    /// All events of these classes, as bits.
    pub classes: u8,
    /// All candidates by these filters, as bits: see [`Part::filter`].
    pub candidates: u64,
}

/// Of the arrivals of a pane, so many sixty-fourths come first, and make a class each with those after the one before.
const ARRIVED: [usize; 3] = [48, 60, 63];

impl Part {
    /// The bit of a filter. Two share one if there are very many: then of both the candidates are there.
    pub fn filter(filter: usize) -> u64 {
        1 << (filter % 64)
    }

    /// Adds what another question needs.
    pub fn add(&mut self, more: Part) {
        self.seen |= more.seen;
        self.whole |= more.whole;
        self.classes |= more.classes;
        self.candidates |= more.candidates;
    }
}

impl Pane {
    /// Of events in order, some at least.
    pub fn new(job: &Job, choices: &Choices, batch: &RecordBatch) -> Result<Pane> {
        let in_order = InOrder::of(&job.spec.layout, batch)?;
        let (Some(first), Some(last)) = (in_order.times.first(), in_order.times.last()) else {
            return Err(bug("a pane has no events"));
        };
        let by_arrival = in_order.arrivals.filter(|_| job.spec.cut != Cut::Open);
        let mut classes: Vec<Class> = vec![];
        for (rows, arrivals) in by_class(batch.num_rows(), by_arrival) {
            let run = taken(job, batch, &rows)?;
            let count = |filter: &Option<LiftId>| {
                let candidates = Candidates::new(*filter, &run.events);
                (0..rows.len()).filter(|row| candidates.holds(*row)).count() as u32
            };
            classes.push(Class {
                arrivals,
                rows: rows.len(),
                candidates: choices.filters.iter().map(count).collect(),
                summary: Summary::new(job, &run, &rows, &[]),
            });
        }
        let (kept, summaries) = summaries_at(classes.iter().map(|class| class.summary.clone()).collect())?;
        let spans = || classes.iter().filter_map(|class| class.arrivals);
        let least = spans().map(|(least, _)| least).min();
        let greatest = spans().map(|(_, greatest)| greatest).max();
        Ok(Pane {
            rows: batch.num_rows(),
            times: (*first, *last),
            arrivals: least.zip(greatest),
            summarised: match kept.len() < batch.num_rows() {
                true => Some((take_record_batch(batch, &UInt32Array::from(kept))?, summaries)),
                false => None,
            },
            classes,
        })
    }

    /// The rows that are there if nothing is split.
    pub fn least_rows(&self) -> usize {
        self.summarised.as_ref().map_or(self.rows, |(kept, _)| kept.num_rows())
    }

    /// What its summaries take, in bytes, about.
    pub fn summary_bytes(&self, job: &Job) -> usize {
        let kept = self.summarised.as_ref().map(|(kept, _)| kept.get_array_memory_size());
        let values: usize = self
            .classes
            .iter()
            .map(|class| class.summary.totals.kept_values())
            .sum();
        kept.unwrap_or(0) + self.classes.len() * state_bytes(job.spec.merge()).0 + values * VALUE_BYTES
    }

    /// Whether a filter lets events be chosen, and how many of them have arrived for sure.
    pub fn candidates(&self, filter: usize, cutoff: Option<i64>) -> (bool, u32) {
        let arrived = |class: &&Class| match (class.arrivals, cutoff) {
            (Some((_, greatest)), Some(cutoff)) => greatest <= cutoff,
            (None, _) | (_, None) => true,
        };
        let of = |class: &Class| class.candidates[filter];
        let all = self.classes.iter().any(|class| of(class) > 0);
        (all, self.classes.iter().filter(arrived).map(of).sum())
    }

    /// How many rows the candidates by a filter add, at most.
    pub fn candidate_rows(&self, filter: usize) -> usize {
        match self.summarised {
            Some(_) => self.candidates(filter, None).1 as usize,
            None => 0,
        }
    }

    /// Calls `split` with each class that has partly arrived at `cutoff`, and its rows.
    pub fn partly_arrived(&self, cutoff: i64, mut split: impl FnMut(usize, usize)) {
        let partly = |arrivals: Span| arrivals.is_some_and(|(least, greatest)| least <= cutoff && cutoff < greatest);
        if self.summarised.is_some() && partly(self.arrivals) {
            for (at, class) in self.classes.iter().enumerate() {
                if partly(class.arrivals) {
                    split(at, class.rows);
                }
            }
        }
    }

    /// What is there of it, and which summaries stand at which rows; `all` loads its events.
    pub fn part(
        &self,
        job: &Job,
        filters: &[Option<LiftId>],
        part: Part,
        all: impl FnOnce() -> Result<RecordBatch>,
    ) -> Result<(RecordBatch, Summaries)> {
        let Some(summarised) = self.summarised.as_ref().filter(|_| !part.whole) else {
            return Ok((all()?, vec![]));
        };
        if part.classes == 0 && part.candidates == 0 {
            return Ok(summarised.clone());
        }
        let near = (0..filters.len()).filter(|filter| part.candidates & Part::filter(*filter) != 0);
        let near: Vec<Option<LiftId>> = near.map(|filter| filters[filter]).collect();
        let batch = all()?;
        let arrivals = InOrder::of(&job.spec.layout, &batch)?.arrivals;
        let (mut rows, mut summaries): (Vec<u32>, Vec<Summary>) = (vec![], vec![]);
        for (at, class) in self.classes.iter().enumerate() {
            let of_class = || class.rows(self.rows, arrivals);
            if part.classes >> at & 1 == 1 {
                rows.extend(of_class());
            } else if near.is_empty() {
                summaries.push(class.summary.clone());
            } else {
                let of_class = of_class();
                summaries.push(Summary::new(job, &taken(job, &batch, &of_class)?, &of_class, &near));
            }
        }
        let (of_summaries, mut places) = summaries_at(summaries)?;
        if !rows.is_empty() {
            rows.extend(&of_summaries);
            rows.sort_unstable();
            for (place, _) in &mut places {
                let at = rows.binary_search(&of_summaries[*place as usize]);
                *place = at.map_err(|_| bug("a summary lost its place"))? as u32;
            }
        } else {
            rows = of_summaries;
        }
        Ok((take_record_batch(&batch, &UInt32Array::from(rows))?, places))
    }
}

impl Class {
    /// The rows of a pane of so many that are of this class.
    fn rows(&self, rows: usize, arrivals: Option<&[i64]>) -> Vec<u32> {
        match (self.arrivals, arrivals) {
            (Some((least, greatest)), Some(arrivals)) => {
                let of_class = |arrival: &i64| least <= *arrival && *arrival <= greatest;
                let arrived = (0u32..).zip(arrivals).filter(|(_, arrival)| of_class(arrival));
                arrived.map(|(row, _)| row).collect()
            }
            (None, _) | (_, None) => (0..rows as u32).collect(),
        }
    }
}

impl Summary {
    /// Of the events of a run, which are these rows of a pane; the candidates by some filters stay.
    fn new(job: &Job, run: &Run, rows: &[u32], filters: &[Option<LiftId>]) -> Summary {
        let (kept, totals) = summarise(job.spec.merge(), run, filters);
        Summary {
            kept: kept.iter().map(|row| rows[*row as usize]).collect(),
            totals: Arc::new(totals),
        }
    }
}

/// Some rows of a pane, as the merge reads them.
fn taken(job: &Job, batch: &RecordBatch, rows: &[u32]) -> Result<Run> {
    let layout = &job.spec.layout;
    let taken = take_record_batch(batch, &UInt32Array::from(rows.to_vec()))?;
    InOrder::of(layout, &taken)?.run(layout, job.ties())
}

/// The rows that stay of some classes, in order, and at which of them the summaries stand.
fn summaries_at(summaries: Vec<Summary>) -> Result<(Vec<u32>, Summaries)> {
    let mut rows: Vec<u32> = summaries.iter().flat_map(|summary| &summary.kept).copied().collect();
    rows.sort_unstable();
    let place = |summary: Summary| {
        let found = summary.kept.last().and_then(|last| rows.binary_search(last).ok());
        let at = found.ok_or_else(|| bug("a summary lost its place"))?;
        Ok((at as u32, summary.totals))
    };
    let mut places = summaries.into_iter().map(place).collect::<Result<Summaries>>()?;
    places.sort_unstable_by_key(|(row, _)| *row);
    Ok((rows, places))
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
