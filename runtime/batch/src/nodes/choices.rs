//! Windows of so many events over a long history: in which panes the events may lie that they choose.
//!
//! From the end of a window back, pane by pane: once as many candidates are found as it holds, which the question sees for
//! sure, it chooses none of those before. A window since an event holds what follows its candidate too, so that it needs those
//! panes whole.

use super::panes::Pane;
use featc_ir::plan::FoldSpec;
use featc_ir::{Bounds, LiftId};
use std::ops::Range;

/// See the module.
#[derive(Debug)]
pub(super) struct Choices {
    /// What decides which events are candidates, each once.
    pub filters: Vec<Option<LiftId>>,
    /// Each once.
    windows: Vec<Choosing>,
}

/// A window that chooses events.
#[derive(Debug, PartialEq)]
struct Choosing {
    bounds: Bounds,
    count: u32,
    /// Its position among the filters.
    filter: usize,
    /// Whether it holds what follows the candidates as well.
    holds_others: bool,
}

/// What of a pane a question may choose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Chosen {
    /// Candidates of a filter.
    Candidates(usize),
    All,
}

impl Choices {
    pub fn new(fold: &FoldSpec) -> Choices {
        let (mut filters, mut windows) = (vec![], vec![]);
        for slot in &fold.slots {
            let window = &fold.windows[slot.window.index()];
            let Some(choice) = slot.choice(window) else { continue };
            let known = filters.iter().position(|filter| *filter == choice.filter);
            let filter = known.unwrap_or_else(|| {
                filters.push(choice.filter);
                filters.len() - 1
            });
            let choosing = Choosing {
                bounds: window.bounds(),
                count: choice.count,
                filter,
                holds_others: choice.or_none,
            };
            if !windows.contains(&choosing) {
                windows.push(choosing);
            }
        }
        Choices { filters, windows }
    }

    /// Calls `near` with each of the `seen` panes of which a question at `t` may choose events.
    /// `cutoff` is the last arrival that it sees, where arrival decides; of panes that hold its `own` events nothing is sure.
    pub fn near(
        &self,
        panes: &[Pane],
        seen: &Range<usize>,
        (t, cutoff): (i64, Option<i64>),
        own: impl Fn(usize) -> bool,
        mut near: impl FnMut(usize, Chosen),
    ) {
        for window in &self.windows {
            let (Some(until), after) = (window.bounds.until(t), window.bounds.after(t)) else {
                continue;
            };
            let mut left = window.count;
            for at in seen.clone().rev() {
                let (pane, (first, last)) = (&panes[at], panes[at].times);
                if left == 0 || after.is_some_and(|after| last <= after) {
                    break;
                }
                let (any, arrived) = pane.candidates(window.filter, cutoff);
                if window.holds_others && first <= until {
                    near(at, Chosen::All);
                }
                if any && first <= until {
                    near(at, Chosen::Candidates(window.filter));
                    if last <= until && !own(at) {
                        left = left.saturating_sub(arrived);
                    }
                }
            }
        }
    }
}
