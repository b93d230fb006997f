//! What the merge reads, and rows of it.

use crate::questions::Group;
use crate::summary::{PaneSummary, is_folded};
use featc_ir::plan::Method;
use featc_ir::{Bounds, Choice, Excluding, Slot, Window};
use featr_kernels::events::Events;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

/// Events of one or more entities back to back; those of each entity keep the kernels' `(sorted-events)` invariant.
/// Their `ids` are read only where a window says `excluding self`, their `digests` never: both may be empty.
#[derive(Debug, Clone)]
pub struct Run {
    pub events: Events,
    /// The least accepted arrival of each event; `None` when the source has none.
    pub arrivals: Option<Vec<i64>>,
    /// What stands for events that are not here, each with the row that it stands at, ascending. See [`crate::pane`].
    pub summaries: Vec<(u32, Arc<PaneSummary>)>,
}

impl Run {
    /// Whether slots of a method are answered by their states. Those by ranks are where summaries have states of them.
    pub(super) fn folds(&self, method: Method) -> bool {
        is_folded(method) && !(method == Method::Ranks && self.summaries.is_empty())
    }

    /// The summaries that stand at some rows.
    pub(super) fn summaries_at(&self, rows: Range<u32>) -> &[(u32, Arc<PaneSummary>)] {
        let place = |row: u32| self.summaries.partition_point(|(at, _)| *at < row);
        &self.summaries[place(rows.start)..place(rows.end)]
    }
}

/// Lists of numbers, one per question. Questions may share one.
#[derive(Debug, Default, Clone)]
pub(super) struct Lists {
    items: Vec<u32>,
    /// Where the list of each question lies among the items.
    ranges: Vec<(usize, usize)>,
}

impl Lists {
    /// Empty lists.
    pub fn none(questions: usize) -> Lists {
        Lists {
            items: vec![],
            ranges: vec![(0, 0); questions],
        }
    }

    /// No lists yet.
    pub fn with_capacity(questions: usize) -> Lists {
        Lists {
            items: vec![],
            ranges: Vec::with_capacity(questions),
        }
    }

    /// The list of the next question.
    pub fn push(&mut self, items: &[u32]) {
        let start = self.items.len();
        self.items.extend_from_slice(items);
        self.ranges.push((start, self.items.len()));
    }

    /// The list of the next question is that of an earlier one.
    pub fn push_that_of(&mut self, question: usize) {
        self.ranges.push(self.ranges[question]);
    }

    /// Gives a question a list of its own, or none.
    pub fn replace(&mut self, question: usize, items: &[u32]) {
        let start = self.items.len();
        self.items.extend_from_slice(items);
        self.ranges[question] = (start, self.items.len());
    }

    /// Drops all lists from `question` on; none of them is shared.
    pub fn truncate(&mut self, question: usize) {
        if let Some((start, _)) = self.ranges.get(question) {
            self.items.truncate(*start);
        }
        self.ranges.truncate(question);
    }

    #[inline]
    pub fn get(&self, question: usize) -> &[u32] {
        let (start, end) = self.ranges[question];
        &self.items[start..end]
    }

    /// The questions whose lists are not empty.
    pub fn filled(&self) -> Vec<u32> {
        if self.items.is_empty() {
            return vec![];
        }
        let ranges = (0u32..).zip(&self.ranges);
        ranges
            .filter(|(_, (start, end))| start < end)
            .map(|(question, _)| question)
            .collect()
    }

    /// How many numbers are kept.
    #[cfg(test)]
    pub fn kept(&self) -> usize {
        self.items.len()
    }
}

/// What of the past a slot reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    pub bounds: Bounds,
    /// Which of the events within the bounds, if not all.
    pub last: Option<Choice>,
    /// Whether the question's own events are left out.
    pub excludes_self: bool,
}

impl Frame {
    /// Of a slot over a window.
    pub fn of(window: &Window, slot: &Slot) -> Frame {
        Frame {
            bounds: window.bounds(),
            last: slot.choice(window),
            excludes_self: window.excluding == Excluding::SelfEvent,
        }
    }

    /// Whether it holds only some of the events within the bounds, the last ones.
    pub fn chooses(&self) -> bool {
        self.last.is_some()
    }

    /// All events within bounds.
    pub fn plain(bounds: Bounds) -> Frame {
        Frame {
            bounds,
            last: None,
            excludes_self: false,
        }
    }
}

/// The rows of a frame, question by question: `low[q]..high[q]` with `low[q] ≤ high[q]`. `high` never decreases within an
/// entity.
#[derive(Debug)]
pub(super) struct Spans {
    /// Shared by all that start alike.
    pub low: Rc<Vec<u32>>,
    /// Shared by all that end alike.
    pub high: Rc<Vec<u32>>,
    /// Whether `low` never decreases within an entity.
    pub monotone: bool,
}

impl Spans {
    /// Whether a row lies in a question's span.
    #[inline]
    pub fn contain(&self, question: usize, row: u32) -> bool {
        self.low[question] <= row && row < self.high[question]
    }
}

/// The times of an entity's events.
pub(super) struct Rows<'a> {
    start: u32,
    times: &'a [i64],
}

impl<'a> Rows<'a> {
    pub fn of(times: &'a [i64], group: &Group) -> Rows<'a> {
        Rows {
            start: group.events.start,
            times: &times[group.events.start as usize..group.events.end as usize],
        }
    }

    /// The first row later than `last`, which is none before `from`.
    #[inline]
    pub fn after(&self, from: u32, last: i64) -> u32 {
        /// Among so few a search takes the same steps for every question, so that no branch is hard to predict.
        const FEW: usize = 256;
        if self.times.len() <= FEW {
            return self.start + position(self.times.partition_point(|time| *time <= last));
        }
        let from = from - self.start;
        self.start
            + gallop(
                self.times,
                from.min(position(self.times.len())),
                position(self.times.len()),
                last,
            )
    }
}

/// The first of the rows `start..end` that is later than `last`, by doubling steps: cheap when it is near.
fn gallop(times: &[i64], start: u32, end: u32, last: i64) -> u32 {
    let (mut low, mut step) = (start, 1u32);
    let mut high = loop {
        let probe = low.saturating_add(step);
        if probe > end {
            break end;
        }
        if times[probe as usize - 1] > last {
            break probe - 1;
        }
        low = probe;
        step = step.saturating_mul(2);
    };
    while low < high {
        let middle = low + (high - low) / 2;
        if times[middle as usize] <= last {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// A position in a run; a run holds fewer than 2^32 rows (the caller checks that).
pub(super) fn position(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
