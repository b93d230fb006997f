//! Which parts of a long history a question tells apart.
//!
//! The events of an entity, sorted by τ, lie in panes. The windows of a question hold a pane whole or not at
//! all, unless one of their edges falls between two of its events. Such a pane is *split* by the question.

use featc_ir::plan::FoldSpec;
use featc_ir::{Bounds, Window};
use std::ops::Range;

/// A place in the order of events: entity and τ.
pub(super) type Place = (u32, i64);

/// What lies in a pane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub first: Place,
    pub last: Place,
}

/// The bounds of windows and look-backs, each once.
#[derive(Debug)]
pub(super) struct Edges(Vec<Bounds>);

impl Edges {
    pub fn new(fold: &FoldSpec) -> Edges {
        let of_windows = fold.windows.iter().map(Window::bounds);
        let lookbacks = fold.presence.iter().map(|length| Bounds::lookback(*length));
        let mut bounds: Vec<Bounds> = of_windows.chain(lookbacks).collect();
        bounds.sort_unstable();
        bounds.dedup();
        Edges(bounds)
    }

    /// How many panes a question may split.
    pub fn count(&self) -> usize {
        // Bounds that start or end alike split alike.
        let different = |alike: fn(&Bounds, &Bounds) -> bool| {
            let is_first = |(at, bounds): (usize, &Bounds)| !self.0[..at].iter().any(|known| alike(known, bounds));
            self.0.iter().enumerate().filter(|found| is_first(*found)).count()
        };
        different(Bounds::end_as) + different(Bounds::start_as) + 1
    }

    /// The panes that a question can see anything of.
    pub fn seen(&self, extents: &[Extent], (entity, t): Place) -> Range<usize> {
        // Law: release (proofs/theory/Laws.v)
        let end = extents.partition_point(|extent| extent.first <= (entity, t));
        let afters: Option<Vec<i64>> = self.0.iter().map(|bounds| bounds.after(t)).collect();
        let start = match afters.map(|afters| afters.into_iter().min().unwrap_or(t)) {
            Some(after) => extents.partition_point(|extent| extent.last <= (entity, after)),
            None => extents.partition_point(|extent| extent.last.0 < entity),
        };
        start.min(end)..end
    }

    /// Calls `split` with each pane that the question splits; with some more than once.
    pub fn split(&self, extents: &[Extent], (entity, t): Place, mut split: impl FnMut(usize)) {
        // A cut after (entity, time): the first pane that has something after it, if it has something before it too.
        let mut cut = |time: i64| {
            let at = extents.partition_point(|extent| extent.last <= (entity, time));
            if extents.get(at).is_some_and(|extent| extent.first <= (entity, time)) {
                split(at);
            }
        };
        for bounds in &self.0 {
            bounds.until(t).into_iter().chain(bounds.after(t)).for_each(&mut cut);
        }
        // Where the entity begins.
        let at = extents.partition_point(|extent| extent.last.0 < entity);
        if extents.get(at).is_some_and(|extent| extent.first.0 < entity) {
            split(at);
        }
    }
}
