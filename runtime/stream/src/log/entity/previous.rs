//! For `count_distinct`: when the value of each event occurred before.
//!
//! ```text
//! value      a   b   a   a   c   b
//! τ          1   2   4   6   7   9
//! previous   —   —   1   4   —   2        in (3, 9]: τ 4 (1 ≤ 3), 7 (never), 9 (2 ≤ 3), so 3 values
//! ```
//!
//! In a window (a, b] each of its values has one event whose value occurred at `a` or earlier for the last time, or never
//! before: its first one. So a window is answered by one comparison for each event, without a set.

use super::{EntityLog, Page, Place, Shape};
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
            let pages = &self.groups[at.group].pages;
            let page = &pages[at.page];
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
            self.previous_mut(counted, place).insert(place.row, APART);
            let events = &self.groups[place.group].pages[place.page].events;
            let time = events.times[place.row];
            let Occurrence::Of(member) = Occurrences::new(&shape.parts.slots[*part], events).at(place.row) else {
                continue;
            };
            let latest = self.latest[counted].get(&member);
            let next = match latest {
                Some(latest) if latest >= time => self.next_of(&shape.parts, *part, place, member),
                _ => None,
            };
            let before = match next {
                Some(next) => self.groups[next.group].pages[next.page].previous[counted][next.row],
                None => latest.unwrap_or(NEVER),
            };
            match next {
                Some(next) => self.previous_mut(counted, next)[next.row] = time,
                None => drop(self.latest[counted].set(&member, time)),
            }
            self.previous_mut(counted, place)[place.row] = before;
        }
    }

    /// Keeps (previous): the event at `place` is about to be taken out.
    pub(super) fn unlink(&mut self, shape: &Shape, place: Place) {
        if !self.summarised {
            return;
        }
        for (counted, part) in shape.parts.distinct.iter().enumerate() {
            let page = &mut self.groups[place.group].pages[place.page];
            let before = page.previous[counted].remove(place.row);
            let events = &self.groups[place.group].pages[place.page].events;
            let Occurrence::Of(member) = Occurrences::new(&shape.parts.slots[*part], events).at(place.row) else {
                continue;
            };
            match self.next_of(&shape.parts, *part, place, member) {
                Some(mut next) => {
                    // Of the same page, the entries behind have moved up.
                    next.row -= usize::from((next.group, next.page) == (place.group, place.page));
                    self.previous_mut(counted, next)[next.row] = before;
                }
                None if before == NEVER => self.latest[counted].remove(&member),
                None => drop(self.latest[counted].set(&member, before)),
            }
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

    fn previous_mut(&mut self, counted: usize, place: Place) -> &mut Vec<i64> {
        &mut self.groups[place.group].pages[place.page].previous[counted]
    }

    /// The first event after `place` that has a value.
    fn next_of(&self, parts: &Parts, part: usize, place: Place, member: Member<'_>) -> Option<Place> {
        let may_hold = |summary: &[State]| summary.get(part).is_none_or(|state| state.may_hold(&member));
        for (group, known) in self.groups.iter().enumerate().skip(place.group) {
            let is_own = group == place.group;
            if !is_own && !may_hold(&known.summary) {
                continue;
            }
            let first = if is_own { place.page } else { 0 };
            for (page, known) in known.pages.iter().enumerate().skip(first) {
                let is_own = (group, page) == (place.group, place.page);
                if !is_own && !may_hold(&known.summary) {
                    continue;
                }
                let from = if is_own { place.row + 1 } else { 0 };
                let occurrences = Occurrences::new(&parts.slots[part], &known.events);
                let mut rows = from..known.events.len();
                if let Some(row) = rows.find(|row| occurrences.at(*row) == Occurrence::Of(member)) {
                    return Some(Place { group, page, row });
                }
            }
        }
        None
    }
}
