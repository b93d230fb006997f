//! How each event takes part in a slot: not at all, with its argument, or as an error.

use crate::run::Run;
use crate::summary::{Counts, Key, key};
use featc_ir::Slot;
use featc_ir::plan::Method;
use featr_kernels::{Column, Tag};

/// The event takes part.
pub(super) const TAKEN: u8 = 0;
/// The event plays no role.
const LEFT_OUT: u8 = u8::MAX;

/// One class per event: [`TAKEN`], [`LEFT_OUT`], or the number of an error code. Nothing where every event takes part.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Classes {
    pub of: Option<Vec<u8>>,
    pub has_errors: bool,
    /// The position of its key among [`crate::summary::keys_of`] all slots; counts only where there are summaries.
    pub key: usize,
}

/// The distinct classes of some slots, and for each slot the position of its own.
pub(super) fn classes_of(run: &Run, (slots, methods): (&[Slot], &[Method])) -> (Vec<Classes>, Vec<usize>) {
    let (mut classes, mut keys): (Vec<Classes>, Vec<(Key, usize)>) = (vec![], vec![]);
    let of_slots = slots.iter().zip(methods).map(|(slot, method)| {
        let key = key(slot);
        if run.folds(*method) {
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
