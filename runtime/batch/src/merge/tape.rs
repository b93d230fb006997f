//! The tape of a window: which events enter and which leave it from one question of an entity to the next.
//!
//! Groups have exact inverses, so a fold that follows the tape has, at each question, the same bits as a fold from
//! nothing. An event enters when it has both happened and become visible, leaves when it is too old, and steps out for
//! the one question that excludes it. All slots of a window share the tape.

use super::Questions;
use super::run::{Lists, Run, Spans, Visible, position};

/// Row ranges, a list per question.
#[derive(Debug, Default)]
struct Ranges {
    ranges: Vec<(u32, u32)>,
    ends: Vec<u32>,
}

impl Ranges {
    /// Adds rows to the list of the question at hand.
    fn push(&mut self, start: u32, end: u32) {
        if start >= end {
            return;
        }
        let first = self.ends.last().map_or(0, |end| *end as usize);
        match self.ranges[first..].last_mut() {
            Some(last) if last.1 == start => last.1 = end,
            Some(_) | None => self.ranges.push((start, end)),
        }
    }

    fn close(&mut self) {
        self.ends.push(position(self.ranges.len()));
    }

    #[inline]
    fn get(&self, question: usize) -> &[(u32, u32)] {
        let start = if question == 0 {
            0
        } else {
            self.ends[question - 1] as usize
        };
        &self.ranges[start..self.ends[question] as usize]
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Tape {
    enter: Ranges,
    leave: Ranges,
}

impl Tape {
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

    /// `own` lists the rows that the window excludes, by question.
    pub fn new(run: &Run, questions: &Questions, spans: &Spans, visible: &Visible, own: Option<&Lists>) -> Tape {
        let mut tape = Tape::default();
        // Which rows are on the tape now; needed only where being in the span does not say it.
        let mut inside = match visible {
            Visible::All => vec![],
            Visible::ByArrival(_) => vec![false; run.events.len()],
        };
        let mut out: Vec<u32> = Vec::new();
        for group in &questions.groups {
            out.clear();
            let (mut low, mut high) = (group.events.start, group.events.start);
            for question in group.questions.clone() {
                for row in out.drain(..) {
                    tape.enter.push(row, row + 1);
                }
                let now = (spans.low[question], spans.high[question]);
                tape.slide(run, visible, question, (low, high), now, &mut inside);
                (low, high) = now;
                for row in own.map_or(&[][..], |own| own.get(question)) {
                    let counted = match visible {
                        Visible::All => (low..high).contains(row),
                        Visible::ByArrival(_) => inside[*row as usize],
                    };
                    if counted {
                        tape.leave.push(*row, *row + 1);
                        out.push(*row);
                    }
                }
                tape.enter.close();
                tape.leave.close();
            }
        }
        tape
    }

    /// Moves from one question's span to the next one's.
    fn slide(
        &mut self,
        run: &Run,
        visible: &Visible,
        question: usize,
        (old_low, old_high): (u32, u32),
        (low, high): (u32, u32),
        inside: &mut [bool],
    ) {
        match visible {
            Visible::All => {
                self.enter.push(old_high.max(low), high);
                self.leave.push(old_low, low.min(old_high));
            }
            Visible::ByArrival(arrived) => {
                for row in arrived.fresh.get(question) {
                    if (low..high).contains(row) {
                        inside[*row as usize] = true;
                        self.enter.push(*row, *row + 1);
                    }
                }
                for row in old_high.max(low)..high {
                    if !inside[row as usize] && visible.sees(run, question, row) {
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
    }
}
