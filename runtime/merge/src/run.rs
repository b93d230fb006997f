//! What the merge reads, and for each window the rows that lie in it.

use super::pack::Pack;
use super::sight::Sight;
use super::{Group, Questions};
use featc_ir::{Excluding, Window, WindowKind};
use featr_kernels::events::Events;
use std::rc::Rc;
use std::sync::Arc;

/// Events of one or more entities back to back; those of each entity keep the kernels' `(sorted-events)` invariant.
/// Their `ids` are read only where a window says `excluding self`, their `digests` never: both may be empty.
#[derive(Debug, Clone)]
pub struct Run {
    pub events: Events,
    /// The least accepted arrival of each event; `None` when the source has none.
    pub arrivals: Option<Vec<i64>>,
    /// What stands for events that are not here, each with the row that it stands at, ascending. See [`super::pack`].
    pub packs: Vec<(u32, Arc<Pack>)>,
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

/// A length (`None`: for ever), and whether events at the very instant are left out.
pub(super) type Reach = (Option<u64>, bool);

/// The rows of a window, question by question: `low[q]..high[q]` with `low[q] ≤ high[q]`, both nondecreasing within an
/// entity.
#[derive(Debug)]
pub(super) struct Spans {
    pub low: Vec<u32>,
    /// Shared by all windows that end alike.
    pub high: Rc<Vec<u32>>,
}

impl Spans {
    /// Whether a row lies in a question's window.
    #[inline]
    pub fn contain(&self, question: usize, row: u32) -> bool {
        self.low[question] <= row && row < self.high[question]
    }
}

/// The spans of all reaches that occur, each once.
#[derive(Debug)]
pub(super) struct Edges {
    reaches: Vec<Reach>,
    spans: Vec<Spans>,
}

/// What of the past a window reaches; exclusions by identity are not its concern.
pub(super) fn reach(window: &Window) -> Reach {
    let length = match window.kind {
        WindowKind::Last { length_us } => Some(length_us.unsigned_abs()),
        WindowKind::Lifetime => None,
    };
    (length, matches!(window.excluding, Excluding::Now))
}

impl Edges {
    pub fn new(run: &Run, questions: &Questions, sight: &Sight, mut reaches: Vec<Reach>) -> Edges {
        // The longest first: where it starts, no shorter one starts earlier.
        reaches.sort_unstable_by_key(|(length, before_now)| {
            (
                std::cmp::Reverse(length.unwrap_or(u64::MAX)),
                length.is_some(),
                *before_now,
            )
        });
        reaches.dedup();
        let mut highs: [Option<Rc<Vec<u32>>>; 2] = [None, None];
        let mut spans: Vec<Spans> = Vec::with_capacity(reaches.len());
        for (length, before_now) in &reaches {
            let high = highs[usize::from(*before_now)]
                .get_or_insert_with(|| Rc::new(sight.highs(run, questions, *before_now)))
                .clone();
            let low = lows(run, questions, *length, spans.last().map(|longer| &*longer.low), &high);
            spans.push(Spans { low, high });
        }
        Edges { reaches, spans }
    }

    pub fn of(&self, reach: Reach) -> &Spans {
        let at = self.reaches.iter().position(|known| *known == reach);
        &self.spans[at.expect("a reach that was given to `new`")]
    }
}

/// For each question the first row in its window. `floor` are rows before which it cannot start.
fn lows(run: &Run, questions: &Questions, length_us: Option<u64>, floor: Option<&[u32]>, high: &[u32]) -> Vec<u32> {
    let mut lows = Vec::with_capacity(questions.len());
    for group in &questions.groups {
        let rows = Rows::of(&run.events.times, group);
        let mut low = group.events.start;
        for question in group.questions.clone() {
            let until = high[question];
            let bound = length_us.and_then(|length| questions.times[question].checked_sub_unsigned(length));
            if let Some(bound) = bound {
                low = rows.after(low.max(floor.map_or(0, |floor| floor[question])), bound);
            }
            lows.push(low.min(until));
        }
    }
    lows
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
