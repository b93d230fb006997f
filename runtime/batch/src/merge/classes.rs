//! How each event takes part in a slot: not at all, with its argument, or as an error.

use super::Context;
use super::run::Run;
use featc_ir::{Aggregate, ErrorCode, LiftId, Slot, Status};
use featr_kernels::{Column, Tag};

/// The event takes part.
pub(super) const TAKEN: u8 = 0;
/// The event plays no role.
pub(super) const LEFT_OUT: u8 = u8::MAX;

/// What decides how events take part: argument, filter, and whether a null argument does too.
pub(super) type Key = (Option<LiftId>, Option<LiftId>, bool);

/// One class per event: [`TAKEN`], [`LEFT_OUT`], or the number of an error code.
#[derive(Debug)]
pub(super) struct Classes {
    pub key: Key,
    pub of: Vec<u8>,
    pub has_errors: bool,
    /// Every event takes part.
    pub all_taken: bool,
}

pub(super) fn key(slot: &Slot) -> Key {
    let keeps_nulls = match slot.aggregate {
        Aggregate::First { ignoring_nulls } | Aggregate::Last { ignoring_nulls } => !ignoring_nulls,
        Aggregate::Count
        | Aggregate::Sum
        | Aggregate::Mean
        | Aggregate::Min
        | Aggregate::Max
        | Aggregate::Variance
        | Aggregate::Stddev
        | Aggregate::VariancePop
        | Aggregate::StddevPop
        | Aggregate::CountDistinct { .. }
        | Aggregate::TimeSinceLast => false,
    };
    (slot.argument, slot.filter, keeps_nulls)
}

impl Classes {
    pub fn new(run: &Run, key: Key) -> Classes {
        let events = &run.events;
        let mut of = vec![TAKEN; events.len()];
        if let Some(poison) = &events.poison {
            mark(&mut of, poison, |_| None);
        }
        if let Some(filter) = key.1 {
            let filter = &events.lifts[filter.index()];
            mark_tags(&mut of, filter, Some(LEFT_OUT));
            for (row, class) in of.iter_mut().enumerate() {
                if *class == TAKEN && !filter.is_true(row) {
                    *class = LEFT_OUT;
                }
            }
        }
        if let Some(argument) = key.0 {
            mark_tags(&mut of, &events.lifts[argument.index()], (!key.2).then_some(LEFT_OUT));
        }
        let has_errors = of.iter().any(|class| !matches!(*class, TAKEN | LEFT_OUT));
        let all_taken = of.iter().all(|class| *class == TAKEN);
        Classes {
            key,
            of,
            has_errors,
            all_taken,
        }
    }

    #[inline]
    pub fn takes(&self, row: usize) -> bool {
        self.of[row] == TAKEN
    }

    /// How many events take part, before each row and after the last.
    pub fn counts(&self) -> Vec<u32> {
        prefix(&self.of, TAKEN)
    }
}

fn mark_tags(of: &mut [u8], column: &Column, null: Option<u8>) {
    if let Some(tags) = &column.tags {
        mark(of, tags, |tag| null.filter(|_| tag == Tag::NULL));
    }
}

/// Errors among the tags of events that still take part become their class; so does what `null` says.
fn mark(of: &mut [u8], tags: &[u8], null: impl Fn(u8) -> Option<u8>) {
    for (class, tag) in of.iter_mut().zip(tags) {
        if *class == TAKEN && *tag != Tag::VALID {
            if let Some(code) = Tag::as_error(*tag) {
                *class = code as u8;
            } else if let Some(null) = null(*tag) {
                *class = null;
            }
        }
    }
}

fn prefix(of: &[u8], wanted: u8) -> Vec<u32> {
    let mut counts = Vec::with_capacity(of.len() + 1);
    let mut count = 0;
    counts.push(count);
    counts.extend(of.iter().map(|class| {
        count += u32::from(*class == wanted);
        count
    }));
    counts
}

/// The least error in each question's window.
pub(super) struct Errors {
    least: Vec<Option<ErrorCode>>,
}

impl Errors {
    /// Nothing when the classes have no errors.
    pub fn on(context: &Context<'_>, window: usize, classes: &Classes) -> Errors {
        let (true, Some(tape)) = (classes.has_errors, context.tape(window)) else {
            return Errors { least: vec![] };
        };
        let mut least = vec![None; context.questions.len()];
        for code in ErrorCode::ALL.into_iter().rev() {
            let counts = prefix(&classes.of, code as u8);
            if counts.last() == Some(&0) {
                continue;
            }
            let of = |(start, end): &(u32, u32)| counts[*end as usize] - counts[*start as usize];
            for group in &context.questions.groups {
                let mut inside = 0u32;
                for question in group.questions.clone() {
                    inside += tape.enter(question).iter().map(of).sum::<u32>();
                    inside -= tape.leave(question).iter().map(of).sum::<u32>();
                    if inside > 0 {
                        least[question] = Some(code);
                    }
                }
            }
        }
        Errors { least }
    }

    /// Makes the answers of windows with errors those errors.
    pub fn put(&self, (column, statuses): &mut (Column, Vec<Status>)) {
        if self.least.iter().all(Option::is_none) {
            return;
        }
        let rows = column.len();
        let tags = column.tags.get_or_insert_with(|| vec![Tag::VALID; rows]);
        for (row, least) in self.least.iter().enumerate() {
            if let Some(code) = least {
                tags[row] = Tag::NULL;
                statuses[row] = Status::Error(*code);
            }
        }
    }
}
