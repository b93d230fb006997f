//! The window deltas of a frame: which events enter and which leave it from one question of an entity to the next.
//!
//! Groups have exact inverses, so a fold that follows them has, at each question, the same bits as a fold from
//! nothing. An event enters when it has both happened and become visible, leaves when it is too old, and steps out for
//! the one question that excludes it. All slots of a window share them.

use crate::questions::Questions;
use crate::run::{Lists, Run, Spans};
use crate::visibility::Visibility;

/// Row ranges, a list per question.
#[derive(Debug, Default)]
struct Ranges {
    ranges: Vec<(u32, u32)>,
    ends: Vec<usize>,
}

impl Ranges {
    /// Adds rows to the list of the question at hand.
    fn push(&mut self, start: u32, end: u32) {
        if start >= end {
            return;
        }
        let first = self.ends.last().copied().unwrap_or(0);
        match self.ranges[first..].last_mut() {
            Some(last) if last.1 == start => last.1 = end,
            Some(_) | None => self.ranges.push((start, end)),
        }
    }

    fn close(&mut self) {
        self.ends.push(self.ranges.len());
    }

    #[inline]
    fn get(&self, question: usize) -> &[(u32, u32)] {
        let start = if question == 0 { 0 } else { self.ends[question - 1] };
        &self.ranges[start..self.ends[question]]
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Deltas {
    enter: Ranges,
    leave: Ranges,
}

impl Deltas {
    /// The rows that enter at a question, as ranges. They come before those that leave.
    #[inline]
    pub fn enter(&self, question: usize) -> &[(u32, u32)] {
        self.enter.get(question)
    }

    /// The rows that leave at a question, as ranges; all of them have entered.
    #[inline]
    pub fn leave(&self, question: usize) -> &[(u32, u32)] {
        self.leave.get(question)
    }

    /// `own` lists the rows that the window excludes, `fresh` (where arrival decides) those that arrive, by question.
    /// Entities that are not `wanted` have empty lists.
    pub fn new(
        (run, questions): (&Run, &Questions),
        spans: &Spans,
        (visibility, fresh): (&Visibility, Option<&Lists>),
        own: Option<&Lists>,
        wanted: impl Fn(usize) -> bool,
    ) -> Deltas {
        let mut deltas = Deltas::default();
        // Which rows have entered and not left; needed only where being in the span does not say it.
        let mut inside = vec![false; if fresh.is_some() { run.events.len() } else { 0 }];
        let mut out: Vec<u32> = Vec::new();
        for (number, group) in questions.groups.iter().enumerate() {
            let wanted = wanted(number);
            out.clear();
            if wanted && fresh.is_some() {
                // Another group may be about the same events.
                inside[group.events.start as usize..group.events.end as usize].fill(false);
            }
            let (mut low, mut high) = (group.events.start, group.events.start);
            for question in group.questions.clone() {
                if wanted {
                    for row in out.drain(..) {
                        deltas.enter.push(row, row + 1);
                    }
                    let now = (spans.low[question], spans.high[question]);
                    match fresh {
                        None => deltas.slide((low, high), now),
                        Some(fresh) => {
                            let sees = |row: u32| visibility.sees(run, questions, question, row);
                            deltas.slide_by_arrival(fresh.get(question), sees, (low, high), now, &mut inside);
                        }
                    }
                    (low, high) = now;
                    for row in own.map_or(&[][..], |own| own.get(question)) {
                        let counted = (low..high).contains(row) && (fresh.is_none() || inside[*row as usize]);
                        if counted {
                            deltas.leave.push(*row, *row + 1);
                            out.push(*row);
                        }
                    }
                }
                deltas.enter.close();
                deltas.leave.close();
            }
        }
        deltas
    }

    /// Moves from one question's span to the next one's.
    fn slide(&mut self, (old_low, old_high): (u32, u32), (low, high): (u32, u32)) {
        self.enter.push(low, old_low.min(high));
        self.enter.push(old_high.max(low), high);
        self.leave.push(old_low, low.min(old_high));
    }

    /// The same where an event counts once it has arrived.
    fn slide_by_arrival(
        &mut self,
        fresh: &[u32],
        sees: impl Fn(u32) -> bool,
        (old_low, old_high): (u32, u32),
        (low, high): (u32, u32),
        inside: &mut [bool],
    ) {
        for row in fresh {
            if (low..high).contains(row) {
                inside[*row as usize] = true;
                self.enter.push(*row, *row + 1);
            }
        }
        // Those before the last span, if this one starts earlier; and those after it.
        for row in (low..old_low.min(high)).chain(old_high.max(low)..high) {
            if !inside[row as usize] && sees(row) {
                inside[row as usize] = true;
                self.enter.push(row, row + 1);
            }
        }
        for row in old_low..low.min(old_high) {
            if std::mem::take(&mut inside[row as usize]) {
                self.leave.push(row, row + 1);
            }
        }
    }
}
