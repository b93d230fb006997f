//! Which parts of a long history a question tells apart.
//!
//! The events of a shelf, sorted by entity and τ, lie in buckets. The windows of a question hold a bucket whole or not at
//! all, unless one of their edges falls between two of its events. Such a bucket is *split* by the question.

use featc_ir::plan::FoldSpec;
use featc_ir::{Excluding, WindowKind};
use std::ops::Range;

/// A place in the order of events: entity and τ.
pub(super) type Place = (u32, i64);

/// What lies in a bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub first: Place,
    pub last: Place,
}

/// What windows and look-backs reach.
#[derive(Debug)]
pub(super) struct Edges {
    /// Bounded lengths, each once.
    lengths: Vec<u64>,
    /// Whether something reaches back for ever.
    lifetime: bool,
    /// Whether something leaves out the very instant.
    before_now: bool,
}

impl Edges {
    pub fn new(fold: &FoldSpec) -> Edges {
        let of_windows = fold.windows.iter().map(|window| match window.kind {
            WindowKind::Last { length_us } => Some(length_us.unsigned_abs()),
            WindowKind::Lifetime => None,
        });
        let reaches: Vec<Option<u64>> = of_windows.chain(fold.presence.iter().copied()).collect();
        let mut lengths: Vec<u64> = reaches.iter().copied().flatten().collect();
        lengths.sort_unstable();
        lengths.dedup();
        Edges {
            lengths,
            lifetime: reaches.contains(&None),
            before_now: fold.windows.iter().any(|window| window.excluding == Excluding::Now),
        }
    }

    /// How many buckets a question may split.
    pub fn count(&self) -> usize {
        self.lengths.len() + 3
    }

    /// The buckets that a question can see anything of.
    pub fn seen(&self, extents: &[Extent], (entity, t): Place) -> Range<usize> {
        // Law: release (proofs/theory/Laws.v)
        let end = extents.partition_point(|extent| extent.first <= (entity, t));
        let longest = self.lengths.last().and_then(|length| t.checked_sub_unsigned(*length));
        let start = match longest {
            Some(after) if !self.lifetime => extents.partition_point(|extent| extent.last <= (entity, after)),
            Some(_) | None => extents.partition_point(|extent| extent.last.0 < entity),
        };
        start.min(end)..end
    }

    /// Calls `split` with each bucket that the question splits; with some more than once.
    pub fn split(&self, extents: &[Extent], (entity, t): Place, mut split: impl FnMut(usize)) {
        // A cut behind (entity, time): the first bucket that has something behind it, if it has something before it too.
        let mut cut = |time: i64| {
            let at = extents.partition_point(|extent| extent.last <= (entity, time));
            if extents.get(at).is_some_and(|extent| extent.first <= (entity, time)) {
                split(at);
            }
        };
        cut(t);
        if let (true, Some(before)) = (self.before_now, t.checked_sub(1)) {
            cut(before);
        }
        let starts = self.lengths.iter().filter_map(|length| t.checked_sub_unsigned(*length));
        starts.for_each(&mut cut);
        // Where the entity begins.
        let at = extents.partition_point(|extent| extent.last.0 < entity);
        if extents.get(at).is_some_and(|extent| extent.first.0 < entity) {
            split(at);
        }
    }
}
