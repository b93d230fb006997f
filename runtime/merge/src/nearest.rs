//! `first`, `last`, `time_since_last` and presence: the event nearest to an edge of the span that takes part.

use crate::bits::Bits;
use crate::classes::Classes;
use crate::context::{Context, nullable};
use crate::groups::where_taken;
use crate::run::{Lists, Spans, position};
use crate::taken::Taken;
use featc_ir::{ErrorCode, Slot, Status};
use featr_kernels::{Column, Data, Tag};

/// Which end of the span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    First,
    Last,
}

/// No row.
pub(super) const NONE: u32 = u32::MAX;

/// From any row to the nearest one, at it or beyond towards the other end of the span, that takes part.
pub(super) struct Steps {
    end: End,
    /// Nothing where every row takes part.
    to: Option<Vec<u32>>,
}

impl Steps {
    pub fn new(rows: usize, classes: &Classes, end: End) -> Steps {
        let mut nearest = NONE;
        let mut step = |row: u32| {
            if classes.takes(row as usize) {
                nearest = row;
            }
            nearest
        };
        let to = (!classes.all()).then(|| match end {
            End::Last => (0..position(rows)).map(&mut step).collect(),
            End::First => {
                let mut to: Vec<u32> = (0..position(rows)).rev().map(&mut step).collect();
                to.reverse();
                to
            }
        });
        Steps { end, to }
    }

    /// The nearest row to the end among `low..high`, or [`NONE`].
    #[inline]
    fn find(&self, low: u32, high: u32) -> u32 {
        if low >= high {
            return NONE;
        }
        let at = match self.end {
            End::First => low,
            End::Last => high - 1,
        };
        let found = self.to.as_ref().map_or(at, |to| to[at as usize]);
        if low <= found && found < high { found } else { NONE }
    }

    /// The same without `exclusions`, which ascend.
    fn find_around(&self, mut low: u32, mut high: u32, exclusions: &[u32]) -> u32 {
        loop {
            let found = self.find(low, high);
            if found == NONE || exclusions.binary_search(&found).is_err() {
                return found;
            }
            match self.end {
                End::First => low = found + 1,
                End::Last => high = found,
            }
        }
    }
}

/// For each question the visible row in its window nearest to the end that takes part, or [`NONE`].
pub(super) fn in_frame(context: &Context<'_>, frame: usize, classes: &Classes, steps: &Steps) -> Vec<u32> {
    // Law: first_is_of_the_first_event (proofs/theory/Laws.v)
    // Law: last_is_of_the_last_event (proofs/theory/Laws.v)
    let spans = context.spans(frame);
    let mut found = clear(spans, steps);
    let exclusions = context.exclusions(frame);
    for question in exclusions.questions.iter().map(|question| *question as usize) {
        found[question] = steps.find_around(spans.low[question], spans.high[question], exclusions.rows.get(question));
    }
    let own = context.frames[frame].excludes_self.then_some(&context.visibility.own);
    crowded(context, spans, classes, own, steps.end, &mut found);
    found
}

fn clear(spans: &Spans, steps: &Steps) -> Vec<u32> {
    let ends = spans.low.iter().zip(&*spans.high);
    ends.map(|(low, high)| steps.find(*low, *high)).collect()
}

/// The same for crowded entities, in a set of the positions that have arrived.
fn crowded(context: &Context<'_>, spans: &Spans, classes: &Classes, own: Option<&Lists>, end: End, found: &mut [u32]) {
    for group in context.visibility.crowded(context.questions) {
        let start = group.events.start;
        let mut members = Bits::new(group.events.len());
        for question in group.questions.clone() {
            let fresh = context.fresh(question).iter();
            fresh
                .filter(|row| classes.takes(**row as usize))
                .for_each(|row| members.set(*row - start));
            let exclusions = own.map_or(&[][..], |own| own.get(question));
            let (mut low, mut high) = (spans.low[question], spans.high[question]);
            found[question] = NONE;
            while low < high {
                let candidate = match end {
                    End::First => members.at_or_after(low - start),
                    End::Last => members.at_or_before(high - 1 - start),
                };
                let candidate = candidate.map(|member| member + start);
                let Some(candidate) = candidate.filter(|row| (low..high).contains(row)) else {
                    break;
                };
                if exclusions.binary_search(&candidate).is_err() {
                    found[question] = candidate;
                    break;
                }
                match end {
                    End::First => low = candidate + 1,
                    End::Last => high = candidate,
                }
            }
        }
    }
}

/// `first` and `last`.
pub(super) fn edge(context: &Context<'_>, slot: &Slot, found: &[u32], taken: &Taken) -> (Column, Vec<Status>) {
    let (mut column, statuses) = gather(context, slot, found, taken);
    let of_argument = slot.argument.and_then(|lift| context.lift(lift).tags.as_ref());
    if let Some(of_argument) = of_argument {
        // A null takes part here.
        let tags = column.tags.get_or_insert_with(|| vec![Tag::VALID; found.len()]);
        for (tag, row) in tags.iter_mut().zip(found) {
            if *tag == Tag::VALID && *row != NONE {
                *tag = of_argument[*row as usize];
            }
        }
    }
    (column, statuses)
}

/// The argument at the rows found, of events that take part; anything at [`NONE`].
pub(super) fn gather(context: &Context<'_>, slot: &Slot, found: &[u32], taken: &Taken) -> (Column, Vec<Status>) {
    fn all<T: Copy + Default>(values: &[T], found: &[u32]) -> Vec<T> {
        let value = |row: &u32| values.get(*row as usize).copied().unwrap_or_default();
        found.iter().map(value).collect()
    }
    let Some(lift) = slot.argument else {
        return (Column::new(slot.ty, found.len()), taken.statuses.clone());
    };
    let data = match &context.lift(lift).data {
        Data::Bool(values) => Data::Bool(all(values, found)),
        Data::I64(values) => Data::I64(all(values, found)),
        Data::F64(values) => Data::F64(all(values, found)),
        Data::I128(values) => Data::I128(all(values, found)),
        Data::Str(values) => {
            let text = |row: &u32| {
                if *row == NONE {
                    &b""[..]
                } else {
                    values.get(*row as usize)
                }
            };
            Data::Str(found.iter().map(text).collect())
        }
    };
    where_taken(slot, taken, data)
}

pub(super) fn time_since_last(
    context: &Context<'_>,
    slot: &Slot,
    found: &[u32],
    taken: &Taken,
) -> (Column, Vec<Status>) {
    let (mut values, mut valid) = (vec![0i64; found.len()], vec![false; found.len()]);
    let mut statuses = taken.statuses.clone();
    for (question, row) in found.iter().enumerate() {
        if statuses[question] == Status::Ok && *row != NONE {
            let since = context.questions.times[question].checked_sub(context.run.events.times[*row as usize]);
            (values[question], valid[question]) = (since.unwrap_or_default(), since.is_some());
            if since.is_none() {
                statuses[question] = Status::Error(ErrorCode::Overflow);
            }
        }
    }
    (nullable(slot.ty, Data::I64(values), &valid), statuses)
}

/// Whether each question's entity had any visible event within a frame.
pub(super) fn presence(context: &Context<'_>, frame: usize) -> Vec<bool> {
    let spans = context.spans(frame);
    let ends = spans.low.iter().zip(&*spans.high);
    let mut present: Vec<bool> = ends.map(|(low, high)| low < high).collect();
    let exclusions = &context.visibility.late;
    for question in exclusions.questions.iter().map(|question| *question as usize) {
        let of_span = exclusions
            .rows
            .get(question)
            .iter()
            .filter(|row| spans.contain(question, **row));
        present[question] = spans.high[question] - spans.low[question] > position(of_span.count());
    }
    let mut found = vec![];
    for group in context.visibility.crowded(context.questions) {
        if found.is_empty() {
            found = vec![NONE; context.questions.len()];
            crowded(context, spans, &Classes::everything(), None, End::Last, &mut found);
        }
        for question in group.questions.clone() {
            present[question] = found[question] != NONE;
        }
    }
    present
}

/// How many questions see an event at their very instant. `spans` are those of a window that excludes nothing, so that
/// such events are the last ones of a span.
pub(super) fn at_events(context: &Context<'_>, spans: &Spans) -> u64 {
    let times = &context.run.events.times;
    let questions = context.questions;
    let mut count = 0;
    for group in &questions.groups {
        // Questions of one entity, instant and cut see the same.
        let mut previous = None;
        for question in group.questions.clone() {
            let (t, cut) = (questions.times[question], questions.cuts.get(question));
            let sees = match previous {
                Some((place, sees)) if place == (t, cut) => sees,
                Some(_) | None => (spans.low[question]..spans.high[question])
                    .rev()
                    .take_while(|row| times[*row as usize] == t)
                    .any(|row| context.visibility.sees(context.run, questions, question, row)),
            };
            previous = Some(((t, cut), sees));
            count += u64::from(sees);
        }
    }
    count
}
