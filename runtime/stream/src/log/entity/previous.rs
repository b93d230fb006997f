//! For `count_distinct`: when the value of each event occurred before.
//!
//! ```text
//! value      a   b   a   a   c   b
//! τ          1   2   4   6   7   9
//! previous   —   —   1   4   —   2        in (3, 9]: τ 4 (1 ≤ 3), 7 (never), 9 (2 ≤ 3), so 3 values
//! ```
//!
//! In a window (a, b] each of its values has one event whose value occurred at `a` or earlier for the last time, or never
//! before: its first one. So a window is answered without a set: by a search in each group of pages, where these instants are in
//! order, and by one comparison for each event at the edges.

use super::{EntityLog, Group, Page, Place, Shape};
use crate::log::parts::Parts;
use featr_kernels::aggregate::{Latest, Member, Occurrence, Occurrences, State};
use std::ops::Range;

/// The value did not occur before. Events at this instant are counted in other ways.
const NEVER: i64 = i64::MIN;
/// The event takes no part, or is an error: it is after the beginning of every window that is not empty.
const APART: i64 = i64::MAX;

impl Page {
    /// Per part that counts different values, nothing yet.
    pub(super) fn no_previous(parts: &Parts) -> Vec<Vec<i64>> {
        vec![Vec::new(); parts.distinct.len()]
    }
}

impl Group {
    /// What its pages have, in order.
    pub(super) fn sorted_previous(&self, parts: &Parts) -> Vec<Vec<i64>> {
        let sorted = |counted: usize| {
            let pages = self.pages.iter();
            let mut all: Vec<i64> = pages.flat_map(|page| page.previous[counted].iter().copied()).collect();
            all.sort_unstable();
            all
        };
        (0..parts.distinct.len()).map(sorted).collect()
    }
}

impl EntityLog {
    /// How many different values the events of a stretch have whose first one comes after `after_us`; `None` where that is not
    /// to be told here: there are no summaries, or errors among the events.
    pub(in crate::log) fn distinct(
        &self,
        shape: &Shape,
        part: usize,
        range: Range<Place>,
        after_us: Option<i64>,
    ) -> Option<usize> {
        let counted = shape.parts.distinct.iter().position(|known| *known == part)?;
        let is_least = after_us.is_none() && self.fences.first() == Some(&NEVER);
        if !self.summarised || is_least {
            return None;
        }
        let after_us = after_us.unwrap_or(NEVER);
        let (mut at, mut count) = (range.start, 0);
        while at < range.end {
            let group = &self.groups[at.group];
            let is_whole = (at.page, at.row) == (0, 0) && at.group < range.end.group;
            if let Some(previous) = group.previous.get(counted).filter(|_| is_whole) {
                if group.summary[part].has_errors() {
                    return None;
                }
                count += previous.partition_point(|previous| *previous <= after_us);
                at = Place {
                    group: at.group + 1,
                    page: 0,
                    row: 0,
                };
                continue;
            }
            let page = &group.pages[at.page];
            if page.summary[part].has_errors() {
                return None;
            }
            let is_last = (at.group, at.page) == (range.end.group, range.end.page);
            let rows = at.row..if is_last { range.end.row } else { page.events.len() };
            let previous = page.previous[counted][rows].iter();
            count += previous
                .map(|previous| usize::from(*previous <= after_us))
                .sum::<usize>();
            if is_last {
                break;
            }
            at = self.place(at.group, at.page, page.events.len());
        }
        Some(count)
    }

    /// Keeps (previous): the event at `place` is new, and its page has no entry for it yet.
    ///
    /// O(1) where the value did not occur at its instant or later; else the next event that has it is looked for.
    pub(super) fn link(&mut self, shape: &Shape, place: Place) {
        if !self.summarised {
            return;
        }
        for (counted, part) in shape.parts.distinct.iter().enumerate() {
            self.put_previous(counted, place, APART);
            let events = &self.groups[place.group].pages[place.page].events;
            let time = events.times[place.row];
            let Occurrence::Of(member) = Occurrences::new(&shape.parts.slots[*part], events).at(place.row) else {
                continue;
            };
            let latest = self.latest[counted].get(&member);
            let next = match latest {
                Some(latest) if latest >= time => self.next_of(&shape.parts, (counted, *part), place, member),
                _ => None,
            };
            let before = match next {
                Some(next) => self.previous_at(counted, next),
                None => latest.unwrap_or(NEVER),
            };
            if next.is_none() {
                self.latest[counted].set(&member, time);
            }
            self.set_previous(counted, place, before);
            if let Some(next) = next {
                self.set_previous(counted, next, time);
            }
        }
    }

    /// Keeps (previous): the event at `place` is about to be taken out.
    pub(super) fn unlink(&mut self, shape: &Shape, place: Place) {
        if !self.summarised {
            return;
        }
        for (counted, part) in shape.parts.distinct.iter().enumerate() {
            let events = &self.groups[place.group].pages[place.page].events;
            let before = self.previous_at(counted, place);
            if let Occurrence::Of(member) = Occurrences::new(&shape.parts.slots[*part], events).at(place.row) {
                match self.next_of(&shape.parts, (counted, *part), place, member) {
                    Some(next) => self.set_previous(counted, next, before),
                    None if before == NEVER => self.latest[counted].remove(&member),
                    None => drop(self.latest[counted].set(&member, before)),
                }
            }
            self.take_previous(counted, place);
        }
    }

    /// Keeps (previous) when the log reaches the threshold: no page has entries yet.
    pub(super) fn link_all(&mut self, shape: &Shape) {
        let parts = &shape.parts;
        self.latest = vec![Latest::default(); parts.distinct.len()];
        for page in self.groups.iter_mut().flat_map(|group| &mut group.pages) {
            let of_part = |(part, latest): (&usize, &mut Latest)| {
                let occurrences = Occurrences::new(&parts.slots[*part], &page.events);
                let rows = page.events.times.iter().enumerate();
                let before = rows.map(|(row, time)| match occurrences.at(row) {
                    Occurrence::Of(member) => latest.set(&member, *time).unwrap_or(NEVER),
                    Occurrence::Not | Occurrence::Error => APART,
                });
                before.collect()
            };
            page.previous = parts.distinct.iter().zip(&mut self.latest).map(of_part).collect();
        }
    }

    fn previous_at(&self, counted: usize, place: Place) -> i64 {
        self.groups[place.group].pages[place.page].previous[counted][place.row]
    }

    fn set_previous(&mut self, counted: usize, place: Place, time_us: i64) {
        let group = &mut self.groups[place.group];
        let known = std::mem::replace(&mut group.pages[place.page].previous[counted][place.row], time_us);
        if let Some(sorted) = group.previous.get_mut(counted) {
            sorted.remove(sorted.partition_point(|other| *other < known));
            sorted.insert(sorted.partition_point(|other| *other < time_us), time_us);
        }
    }

    fn put_previous(&mut self, counted: usize, place: Place, time_us: i64) {
        let group = &mut self.groups[place.group];
        group.pages[place.page].previous[counted].insert(place.row, time_us);
        if let Some(sorted) = group.previous.get_mut(counted) {
            sorted.insert(sorted.partition_point(|other| *other < time_us), time_us);
        }
    }

    fn take_previous(&mut self, counted: usize, place: Place) {
        let group = &mut self.groups[place.group];
        let known = group.pages[place.page].previous[counted].remove(place.row);
        if let Some(sorted) = group.previous.get_mut(counted) {
            sorted.remove(sorted.partition_point(|other| *other < known));
        }
    }

    /// The first event after `place` that has a value. A value that is rare is followed from its last event back; one that is
    /// not is near.
    fn next_of(
        &self,
        parts: &Parts,
        (counted, part): (usize, usize),
        place: Place,
        member: Member<'_>,
    ) -> Option<Place> {
        let latest = self.latest[counted].get(&member)?;
        let mut next = self.last_at(parts, part, (latest, self.end()), (place, member))?;
        for _ in 0..STEPS_MAX {
            if next < place {
                return None;
            }
            let before = (self.previous_at(counted, next), next);
            match self.last_at(parts, part, before, (place, member)) {
                Some(before) if before > place => next = before,
                _ => return Some(next),
            }
        }
        let is_it = |page: &Page, row: usize, occurrences: &Occurrences<'_>| {
            page.previous[counted][row] <= self.time_at(place) && occurrences.at(row) == Occurrence::Of(member)
        };
        let mut at = self.place(place.group, place.page, place.row + 1);
        while at < self.end() {
            let page = &self.groups[at.group].pages[at.page];
            if (at.group, at.page) == (place.group, place.page) || may_hold(&page.summary, part, &member) {
                let occurrences = Occurrences::new(&parts.slots[part], &page.events);
                if let Some(row) = (at.row..page.events.len()).find(|row| is_it(page, *row, &occurrences)) {
                    return Some(Place { row, ..at });
                }
            }
            at = self.place(at.group, at.page, page.events.len());
        }
        None
    }

    fn time_at(&self, place: Place) -> i64 {
        self.groups[place.group].pages[place.page].events.times[place.row]
    }

    /// The last event at an instant and before a place that has a value, but for the one at `other`.
    fn last_at(
        &self,
        parts: &Parts,
        part: usize,
        (time_us, until): (i64, Place),
        (other, member): (Place, Member<'_>),
    ) -> Option<Place> {
        let mut until = self.after(time_us).min(until);
        while let Some(end) = self.page_before(until) {
            let page = &self.groups[end.group].pages[end.page];
            let occurrences = Occurrences::new(&parts.slots[part], &page.events);
            let first = page.events.times[..end.row].partition_point(|time| *time < time_us);
            let is_it =
                |row: &usize| Place { row: *row, ..end } != other && occurrences.at(*row) == Occurrence::Of(member);
            if may_hold(&page.summary, part, &member)
                && let Some(row) = (first..end.row).rev().find(is_it)
            {
                return Some(Place { row, ..end });
            }
            if first > 0 {
                return None;
            }
            until = Place { row: 0, ..end };
        }
        None
    }
}

/// So many events of a value are followed back.
const STEPS_MAX: usize = if cfg!(test) { 2 } else { 32 };

fn may_hold(summary: &[State], part: usize, member: &Member<'_>) -> bool {
    summary.get(part).is_none_or(|state| state.may_hold(member))
}
