//! Windows of so many events over a long history: in which panes the events may lie that they choose.
//!
//! From the end of a window back, pane by pane: once as many candidates are found as it holds, which the question sees for
//! sure, it chooses none of those before.

use super::panes::Pane;
use featc_ir::plan::FoldSpec;
use featc_ir::{Bounds, LiftId};
use std::ops::Range;

/// See the module.
#[derive(Debug)]
pub(super) struct Choices {
    /// What decides which events are candidates, each once.
    pub filters: Vec<Option<LiftId>>,
    /// Windows, with the filters of their slots as positions; each once.
    windows: Vec<(Bounds, u32, usize)>,
}

impl Choices {
    pub fn new(fold: &FoldSpec) -> Choices {
        let (mut filters, mut windows) = (vec![], vec![]);
        for slot in &fold.slots {
            let window = &fold.windows[slot.window.index()];
            let Some(count) = window.count() else { continue };
            let known = filters.iter().position(|filter| *filter == slot.filter);
            let filter = known.unwrap_or_else(|| {
                filters.push(slot.filter);
                filters.len() - 1
            });
            let choice = (window.bounds(), count, filter);
            if !windows.contains(&choice) {
                windows.push(choice);
            }
        }
        Choices { filters, windows }
    }

    /// Calls `near` with each of the `seen` panes, and each filter, of whose candidates a question at `t` may choose some.
    /// `cutoff` is the last arrival that it sees, where arrival decides; of panes that hold its `own` events nothing is sure.
    pub fn near(
        &self,
        panes: &[Pane],
        seen: &Range<usize>,
        (t, cutoff): (i64, Option<i64>),
        own: impl Fn(usize) -> bool,
        mut near: impl FnMut(usize, usize),
    ) {
        for (bounds, count, filter) in &self.windows {
            let (Some(until), after) = (bounds.until(t), bounds.after(t)) else {
                continue;
            };
            let mut left = *count;
            for at in seen.clone().rev() {
                let (pane, (first, last)) = (&panes[at], panes[at].times);
                if left == 0 || after.is_some_and(|after| last <= after) {
                    break;
                }
                let (any, arrived) = pane.candidates(*filter, cutoff);
                if any && first <= until {
                    near(at, *filter);
                    if last <= until && !own(at) {
                        left = left.saturating_sub(arrived);
                    }
                }
            }
        }
    }
}
