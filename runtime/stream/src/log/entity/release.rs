//! Giving up events that no question can reach any more.

use super::{EntityLog, Place, Shape};
use featr_kernels::events::Events;
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

impl EntityLog {
    /// Gives up events with τ ≤ `floor_us`; tells how many. Whole pages go; of the page in which the floor lies the rows in
    /// front of it go when they are more than half of it, so each row is moved a bounded number of times.
    ///
    /// Keeps (sorted-log), (fences) and (summaries): the log is the one of the other events.
    pub fn release(&mut self, shape: &Shape, floor_us: i64) -> u64 {
        if self.fences.first().is_none_or(|first| *first > floor_us) {
            return 0;
        }
        let before = self.len;
        let is_old = |events: &Events| events.times.last().is_some_and(|last| *last <= floor_us);
        let old = self
            .groups
            .partition_point(|group| group.pages.last().is_none_or(|page| is_old(&page.events)));
        self.groups.drain(..old);
        self.fences.drain(..old);
        let is_last = self.groups.len() == 1;
        if let Some(group) = self.groups.first_mut() {
            let old = group.pages.partition_point(|page| is_old(&page.events));
            group.pages.drain(..old);
            group.fences.drain(..old);
            let page = &mut group.pages[0];
            let rows = page.events.upper_bound(floor_us);
            let half = 2 * rows > page.events.len();
            if half {
                page.events = page.events.split_off(rows);
                for previous in &mut page.previous {
                    *previous = previous.split_off(rows);
                }
                if self.summarised {
                    page.summarise(&shape.parts);
                }
            }
            group.fences[0] = page.events.times[0];
            self.fences[0] = group.fences[0];
            if self.summarised && !is_last && (old > 0 || half) {
                group.summarise(&shape.parts);
            }
        }
        let first = self.fences.first().copied().unwrap_or(i64::MAX);
        self.latest.iter_mut().for_each(|latest| latest.forget_before(first));
        self.len = self.pages().map(Events::len).sum();
        self.release_ids();
        (before - self.len) as u64
    }

    /// Takes released events out of the index of identities.
    fn release_ids(&mut self) {
        let Some(first) = self.fences.first().copied() else {
            self.ids.clear();
            return;
        };
        if self.ids.is_empty() {
            return;
        }
        self.ids.retain(|(_, time)| *time > first);
        let again = self.rows(Self::start()..self.after(first));
        let again: Vec<(u64, i64)> = again.map(|(events, row)| (xxh3_64(events.id(row)), first)).collect();
        self.ids.extend(again);
    }

    /// The rows of a stretch, in order.
    pub(super) fn rows(&self, range: Range<Place>) -> impl Iterator<Item = (&Events, usize)> {
        let mut at = range.start;
        std::iter::from_fn(move || {
            if at >= range.end {
                return None;
            }
            let events = &self.groups[at.group].pages[at.page].events;
            let found = (events, at.row);
            at = self.place(at.group, at.page, at.row + 1);
            Some(found)
        })
    }
}
