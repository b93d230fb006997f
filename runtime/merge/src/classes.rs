//! How each event takes part in a slot: not at all, with its argument, or as an error; and what of a question's status
//! that decides.

use super::pane::PaneSummary;
use super::run::Run;
use super::totals::totals;
use super::{Context, is_folded};
use featc_ir::plan::Method;
use featc_ir::{ErrorCode, LiftId, Slot, Status};
use featr_kernels::{Column, Tag};

/// The event takes part.
const TAKEN: u8 = 0;
/// The event plays no role.
const LEFT_OUT: u8 = u8::MAX;

/// What decides how events take part: argument, filter, and whether a null argument does too.
pub(super) type Key = (Option<LiftId>, Option<LiftId>, bool);

/// How many events have which class, those left out not counted.
pub(super) type Counts = [u32; 1 + ErrorCode::ALL.len()];

/// One class per event: [`TAKEN`], [`LEFT_OUT`], or the number of an error code. Nothing where every event takes part.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Classes {
    of: Option<Vec<u8>>,
    has_errors: bool,
    /// The position of its key among [`keys_of`] all slots; counts only where there are summaries.
    pub key: usize,
}

/// The distinct keys of some slots, in their order, of those that are not folded.
pub(super) fn keys_of((slots, methods): (&[Slot], &[Method])) -> Vec<Key> {
    let mut keys = vec![];
    let of_slots = slots.iter().zip(methods);
    for key in of_slots
        .filter(|(_, method)| !is_folded(**method))
        .map(|(slot, _)| key(slot))
    {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

pub(super) fn key(slot: &Slot) -> Key {
    let keeps_nulls = slot.argument.is_some() && !slot.aggregate.skips_null(0);
    (slot.argument, slot.filter, keeps_nulls)
}

/// The distinct classes of some slots, and for each slot the position of its own.
pub(super) fn classes_of(run: &Run, (slots, methods): (&[Slot], &[Method])) -> (Vec<Classes>, Vec<usize>) {
    let (mut classes, mut keys): (Vec<Classes>, Vec<(Key, usize)>) = (vec![], vec![]);
    let of_slots = slots.iter().zip(methods).map(|(slot, method)| {
        let key = key(slot);
        if is_folded(*method) {
            return usize::MAX;
        }
        if let Some((_, at)) = keys.iter().find(|(known, _)| *known == key) {
            return *at;
        }
        let mut made = Classes::new(run, key);
        made.key = keys.len();
        if !run.summaries.is_empty() {
            // Of what is summarised others may be left out.
            made.of.get_or_insert_with(|| vec![TAKEN; run.events.len()]);
            made.has_errors |= run.summaries.iter().any(|(_, summary)| summary.has_errors(made.key));
        }
        // Where all take part, it does not matter in what.
        let alike = classes.iter().position(|known| known.of.is_none() && made.of.is_none());
        let at = alike.unwrap_or_else(|| {
            classes.push(made);
            classes.len() - 1
        });
        keys.push((key, at));
        at
    });
    let of_slots = of_slots.collect();
    (classes, of_slots)
}

impl Classes {
    pub fn new(run: &Run, key: Key) -> Classes {
        let events = &run.events;
        let filter = key.1.map(|filter| &events.lifts[filter.index()]);
        let argument = key.0.map(|argument| &events.lifts[argument.index()]);
        if events.poison.is_none() && filter.is_none() && argument.is_none_or(|column| column.tags.is_none()) {
            return Classes::everything();
        }
        let mut of = vec![TAKEN; events.len()];
        if let Some(poison) = &events.poison {
            mark(&mut of, poison, |_| None);
        }
        if let Some(filter) = filter {
            mark_tags(&mut of, filter, Some(LEFT_OUT));
            for (class, kept) in of.iter_mut().zip(filter.bools()) {
                if *class == TAKEN && !*kept {
                    *class = LEFT_OUT;
                }
            }
        }
        if let Some(argument) = argument {
            mark_tags(&mut of, argument, (!key.2).then_some(LEFT_OUT));
        }
        Classes {
            has_errors: of.iter().any(|class| !matches!(*class, TAKEN | LEFT_OUT)),
            of: of.iter().any(|class| *class != TAKEN).then_some(of),
            key: 0,
        }
    }

    /// Every event takes part.
    pub fn everything() -> Classes {
        Classes {
            of: None,
            has_errors: false,
            key: 0,
        }
    }

    /// Whether every event takes part.
    pub fn all(&self) -> bool {
        self.of.is_none()
    }

    #[inline]
    pub fn takes(&self, row: usize) -> bool {
        self.of.as_ref().is_none_or(|of| of[row] == TAKEN)
    }

    /// Counts a row.
    pub fn count(&self, row: usize, counts: &mut Counts) {
        let class = self.of.as_ref().map_or(TAKEN, |of| of[row]);
        if let Some(count) = counts.get_mut(usize::from(class)) {
            *count += 1;
        }
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

/// How many events have a class, before each row and after the last.
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

/// What the events that take part in a window say about its slots, whatever their aggregates. One entry per question.
#[derive(Debug)]
pub(super) struct Taken {
    /// How many take part.
    pub counts: Vec<u32>,
    /// The least error, `Empty` where nothing takes part, else `Ok`.
    pub statuses: Vec<Status>,
    /// Null where the status is not `Ok`.
    pub tags: Option<Vec<u8>>,
    /// Null where the status is an error.
    pub error_tags: Option<Vec<u8>>,
}

impl Taken {
    pub fn new(context: &Context<'_>, reach: usize, classes: &Classes) -> Taken {
        let of_summary = |class: u8| move |summary: &PaneSummary| summary.counts(classes.key)[usize::from(class)];
        let counts = match &classes.of {
            None => totals(context, reach, &super::totals::Rows, of_summary(TAKEN)),
            Some(of) => totals(context, reach, prefix(of, TAKEN).as_slice(), of_summary(TAKEN)),
        };
        let status = |count: &u32| if *count == 0 { Status::Empty } else { Status::Ok };
        let mut statuses: Vec<Status> = counts.iter().map(status).collect();
        let mut error_tags = None;
        if let (true, Some(of)) = (classes.has_errors, &classes.of) {
            // The least code is put last, and stays.
            for code in ErrorCode::ALL.into_iter().rev() {
                let errors = prefix(of, code as u8);
                if errors.last() == Some(&0) && context.run.summaries.is_empty() {
                    continue;
                }
                let errors = totals(context, reach, errors.as_slice(), of_summary(code as u8));
                for (status, errors) in statuses.iter_mut().zip(errors) {
                    if errors > 0 {
                        *status = Status::Error(code);
                    }
                }
            }
            error_tags = tags(&statuses, |status| matches!(status, Status::Error(_)));
        }
        Taken {
            tags: tags(&statuses, |status| status != Status::Ok),
            counts,
            statuses,
            error_tags,
        }
    }
}

/// Null where the status says so; nothing where it never does.
pub(super) fn tags(statuses: &[Status], null: impl Fn(Status) -> bool) -> Option<Vec<u8>> {
    let tag = |status: &Status| if null(*status) { Tag::NULL } else { Tag::VALID };
    let tags: Vec<u8> = statuses.iter().map(tag).collect();
    tags.contains(&Tag::NULL).then_some(tags)
}
