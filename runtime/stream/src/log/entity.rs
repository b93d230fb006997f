//! The events of one entity, sorted, in counted pages.
//!
//! ```text
//! groups   [ page page … page ] [ page page … page ] [ page page ]     ≤ group_pages_max pages each
//! summary    Σ of the group       Σ of the group       none (last)
//! page     events sorted by (τ, id, digest), ≤ page_rows_max, and Σ of them
//! ```

#[cfg(test)]
mod check;
mod previous;
mod reads;
mod release;
mod retract;

use super::parts::Parts;
use crate::paging::Paging;
use featr_kernels::aggregate::{Latest, State};
use featr_kernels::events::Events;
use featr_kernels::set_room;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// How many rows a combination and a subtraction of states must save to be worth it. No result depends on it.
const SUBTRACTION_ROWS: usize = if cfg!(test) { 1 } else { 12 };
/// How many rows a saved state must save to be worth it. No result depends on it.
const SAVING_ROWS: usize = if cfg!(test) { 1 } else { 8 };
/// For how many more events a page that was split has room: few come late. No result depends on it.
const LATE_ROWS: usize = 16;

/// What all entities of a log have in common.
#[derive(Debug)]
pub(crate) struct Shape {
    pub parts: Parts,
    pub paging: Paging,
    /// Whether some window says `excluding self`.
    pub indexes_ids: bool,
}

/// Where an event is, or would be. The end is `(groups, 0, 0)`; there is no other position past a page's last row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    group: usize,
    page: usize,
    row: usize,
}

#[derive(Debug)]
struct Page {
    /// Never empty.
    events: Events,
    /// One state per part, or nothing.
    summary: Vec<State>,
    /// One per part that counts different values, or nothing.
    previous: Vec<Vec<i64>>,
}

#[derive(Debug)]
struct Group {
    /// Never empty.
    pages: Vec<Page>,
    /// Per page, the τ of its first event.
    fences: Vec<i64>,
    /// One state per part, or nothing.
    summary: Vec<State>,
    /// Where there is a summary, what its pages have, in order.
    previous: Vec<Vec<i64>>,
}

/// The sorted log of one entity.
///
/// INVARIANT (sorted-log): events ascend strictly by (τ, id, digest), through rows, pages and groups.
/// INVARIANT (fences): the fences say what they say, so a search by time touches one page.
/// INVARIANT (summaries): `summarised` iff the log has had `plain_below` events; then every page has the fold of its
/// rows as summary and every group but the last the fold of its pages; a summary is either that or empty.
/// INVARIANT (previous): where the log is summarised, pages say of every event when its value occurred before, and `latest`
/// when each value occurred last. What occurred before the first event, and is released, may be told as it was or not.
#[derive(Debug, Default)]
pub(crate) struct EntityLog {
    groups: Vec<Group>,
    /// Per group, the τ of its first event.
    fences: Vec<i64>,
    len: usize,
    summarised: bool,
    /// Per part that counts different values, where the log is summarised.
    latest: Vec<Latest>,
    /// (hash of the id, τ) of every event, where `Shape::indexes_ids` and the log is summarised.
    ids: BTreeSet<(u64, i64)>,
}

impl Page {
    fn summarise(&mut self, parts: &Parts) {
        self.summary.clear();
        self.summary.extend(parts.identities.iter().cloned());
        let rows = 0..self.events.len();
        for (state, slot) in self.summary.iter_mut().zip(&parts.slots) {
            state.fold(slot, &self.events, rows.clone());
        }
    }
}

impl Page {
    /// Takes out its later half.
    fn split(&mut self) -> Page {
        let half = self.events.len() / 2;
        let previous = self.previous.iter_mut().map(|previous| previous.split_off(half));
        Page {
            previous: previous.collect(),
            events: self.events.split_off(half),
            summary: Vec::new(),
        }
    }

    /// Gives it room for so many more events, and no more.
    fn set_room(&mut self, room: usize) {
        self.events.set_room(room);
        for previous in &mut self.previous {
            set_room(previous, room);
        }
    }

    /// Folds some rows into the state of one part. Of a group, the summary without the other rows is the same, and
    /// cheaper where those are few.
    fn fold_rows(&self, parts: &Parts, part: usize, rows: Range<usize>, state: &mut State) {
        let slot = &parts.slots[part];
        let others = self.events.len() - rows.len();
        if others + SUBTRACTION_ROWS < rows.len() && slot.aggregate.is_group() && !self.summary.is_empty() {
            let mut rest = parts.identities[part].clone();
            rest.fold(slot, &self.events, 0..rows.start);
            rest.fold(slot, &self.events, rows.end..self.events.len());
            state.combine(&self.summary[part]);
            state.subtract(&rest);
        } else {
            state.fold(slot, &self.events, rows);
        }
    }
}

impl Group {
    fn summarise(&mut self, parts: &Parts) {
        // Law: groups_of_pages (proofs/theory/Laws.v)
        self.summary.clear();
        self.summary.extend(parts.identities.iter().cloned());
        for page in &self.pages {
            for (state, other) in self.summary.iter_mut().zip(&page.summary) {
                state.combine(other);
            }
        }
        self.previous = self.sorted_previous(parts);
    }
}

/// Adds one row to a summary that exists.
fn count_row(summary: &mut [State], parts: &Parts, events: &Events, row: usize) {
    for (state, slot) in summary.iter_mut().zip(&parts.slots) {
        state.fold(slot, events, row..row + 1);
    }
}

impl EntityLog {
    /// Number of different events.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Number of pages.
    pub fn page_count(&self) -> usize {
        self.groups.iter().map(|group| group.pages.len()).sum()
    }

    /// The pages' events, from left to right.
    pub fn pages(&self) -> impl Iterator<Item = &Events> {
        self.groups
            .iter()
            .flat_map(|group| &group.pages)
            .map(|page| &page.events)
    }

    /// An estimate of the memory taken by its events, their summaries, what is known of values before, and its identity
    /// index.
    pub fn bytes(&self) -> u64 {
        let of_previous = |previous: &[Vec<i64>]| 8 * previous.iter().map(Vec::capacity).sum::<usize>();
        let of_states = |states: &[State]| states.iter().map(State::bytes).sum::<usize>();
        let of_page = |page: &Page| page.events.heap_bytes() + of_states(&page.summary) + of_previous(&page.previous);
        let of_group = |group: &Group| of_states(&group.summary) + of_previous(&group.previous);
        let groups: usize = self.groups.iter().map(of_group).sum();
        let pages = self.groups.iter().flat_map(|group| &group.pages);
        let latest: usize = self.latest.iter().map(Latest::bytes).sum();
        (pages.map(of_page).sum::<usize>() + groups + latest + 16 * self.ids.len()) as u64
    }

    /// Adds the event of row `row`; false when it is a copy of one that is here.
    ///
    /// Amortised O(1) for the newest event, O(log events + page) for any other.
    pub fn insert(&mut self, shape: &Shape, incoming: &Events, row: usize) -> bool {
        let newest = match self.groups.last().and_then(|group| group.pages.last()) {
            None => Ordering::Less,
            Some(page) => page.events.compare(page.events.len() - 1, incoming, row),
        };
        match newest {
            Ordering::Less => self.append(shape, incoming, row),
            Ordering::Equal => return false,
            Ordering::Greater => {
                let place = self.first(|events, at| events.compare(at, incoming, row) == Ordering::Less);
                let page = &self.groups[place.group].pages[place.page];
                if page.events.compare(place.row, incoming, row) == Ordering::Equal {
                    return false;
                }
                self.insert_at(shape, place, incoming, row);
            }
        }
        self.len += 1;
        if self.summarised {
            self.index_id(shape, incoming, row);
        } else if self.len >= shape.paging.plain_below {
            self.summarise(shape);
        }
        true
    }

    /// Whether a copy of the event of row `row` is here.
    pub fn holds(&self, other: &Events, row: usize) -> bool {
        let place = self.first(|events, at| events.compare(at, other, row) == Ordering::Less);
        let group = self.groups.get(place.group);
        let page = group.and_then(|group| group.pages.get(place.page));
        page.is_some_and(|page| page.events.compare(place.row, other, row) == Ordering::Equal)
    }

    /// Keeps (sorted-log): the event is greater than every other.
    fn append(&mut self, shape: &Shape, incoming: &Events, row: usize) {
        let parts = &shape.parts;
        let full = |group: &Group| {
            let rows = group.pages.last().map_or(0, |page| page.events.len());
            (
                rows >= shape.paging.page_rows_max,
                group.pages.len() >= shape.paging.group_pages_max,
            )
        };
        let (page_full, group_full) = self.groups.last().map_or((true, true), full);
        if page_full && group_full {
            // Keeps (summaries): the group that was last is so no more.
            if let Some(group) = self.groups.last_mut().filter(|_| self.summarised) {
                group.summarise(parts);
            }
            self.groups.push(Group {
                pages: Vec::new(),
                fences: Vec::new(),
                summary: Vec::new(),
                previous: Vec::new(),
            });
            self.fences.push(incoming.times[row]);
        }
        let Some(group) = self.groups.last_mut() else { return };
        if page_full {
            group.fences.push(incoming.times[row]);
            let summary = if self.summarised {
                parts.identities.clone()
            } else {
                Vec::new()
            };
            group.pages.push(Page {
                events: Events::new(&parts.lift_types),
                previous: if self.summarised {
                    Page::no_previous(parts)
                } else {
                    Vec::new()
                },
                summary,
            });
        }
        let page = group.pages.len() - 1;
        let known = &mut group.pages[page];
        known.events.push_from(incoming, row);
        let row = known.events.len() - 1;
        count_row(&mut known.summary, parts, &known.events, row);
        let group = self.groups.len() - 1;
        self.link(shape, Place { group, page, row });
    }

    /// Keeps (sorted-log): the event is less than the one at `place`, and greater than those before.
    fn insert_at(&mut self, shape: &Shape, place: Place, incoming: &Events, row: usize) {
        // Law: page_insert (proofs/theory/Laws.v)
        // Law: page_cut (proofs/theory/Laws.v)
        let parts = &shape.parts;
        let last_group = place.group + 1 == self.groups.len();
        let group = &mut self.groups[place.group];
        let page = &mut group.pages[place.page];
        page.events.insert_from(place.row, incoming, row);
        count_row(&mut page.summary, parts, &page.events, place.row);
        count_row(&mut group.summary, parts, &page.events, place.row);
        if place.row == 0 {
            group.fences[place.page] = page.events.times[0];
            self.fences[place.group] = group.fences[0];
        }
        self.link(shape, place);
        let group = &mut self.groups[place.group];
        let is_last = last_group && place.page + 1 == group.pages.len();
        let page = &mut group.pages[place.page];
        if page.events.len() <= shape.paging.page_rows_max {
            return;
        }
        let mut right = page.split();
        // Most events come in the order of their times, and are appended.
        let filled = shape.paging.page_rows_max.saturating_sub(right.events.len());
        page.set_room(LATE_ROWS);
        right.set_room(if is_last { filled } else { LATE_ROWS });
        if self.summarised {
            page.summarise(parts);
            right.summarise(parts);
        }
        group.fences.insert(place.page + 1, right.events.times[0]);
        group.pages.insert(place.page + 1, right);
        if group.pages.len() <= shape.paging.group_pages_max {
            return;
        }
        let half = group.pages.len() / 2;
        let (pages, fences) = (group.pages.split_off(half), group.fences.split_off(half));
        let mut right = Group {
            pages,
            fences,
            summary: Vec::new(),
            previous: Vec::new(),
        };
        if self.summarised {
            group.summarise(parts);
            if !last_group {
                right.summarise(parts);
            }
        }
        self.fences.insert(place.group + 1, right.fences[0]);
        self.groups.insert(place.group + 1, right);
    }

    /// The log of events that ascend strictly: pages are cut from the left. The caller checked the order.
    pub fn from_sorted(shape: &Shape, events: &Events) -> EntityLog {
        let mut log = EntityLog::default();
        for row in 0..events.len() {
            log.append(shape, events, row);
            log.len += 1;
        }
        if log.len >= shape.paging.plain_below {
            log.summarise(shape);
        }
        log
    }

    /// Keeps (summaries) when the log reaches the threshold.
    fn summarise(&mut self, shape: &Shape) {
        self.summarised = true;
        self.link_all(shape);
        let last = self.groups.len().saturating_sub(1);
        for (position, group) in self.groups.iter_mut().enumerate() {
            for page in &mut group.pages {
                page.summarise(&shape.parts);
            }
            if position < last {
                group.summarise(&shape.parts);
            }
        }
        if shape.indexes_ids {
            let events = self
                .groups
                .iter()
                .flat_map(|group| &group.pages)
                .map(|page| &page.events);
            self.ids = events
                .flat_map(|e| (0..e.len()).map(|row| (xxh3_64(e.id(row)), e.times[row])))
                .collect();
        }
    }

    fn index_id(&mut self, shape: &Shape, incoming: &Events, row: usize) {
        if shape.indexes_ids {
            self.ids.insert((xxh3_64(incoming.id(row)), incoming.times[row]));
        }
    }
}
