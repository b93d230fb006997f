//! The events of one entity, sorted, in counted pages.
//!
//! ```text
//! groups   [ page page … page ] [ page page … page ] [ page page ]     ≤ group_pages_max pages each
//! summary    Σ of the group       Σ of the group       none (last)
//! page     events sorted by (τ, id, digest), ≤ page_rows_max, and Σ of them
//! ```

use super::parts::Parts;
use crate::paging::Paging;
use featr_kernels::aggregate::State;
use featr_kernels::events::Events;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// How many rows a combination and a subtraction of states must save to be worth it. No result depends on it.
const SUBTRACTION_ROWS: usize = if cfg!(test) { 1 } else { 12 };
/// How many rows a saved state must save to be worth it. No result depends on it.
const SAVING_ROWS: usize = if cfg!(test) { 1 } else { 8 };

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
}

#[derive(Debug)]
struct Group {
    /// Never empty.
    pages: Vec<Page>,
    /// Per page, the τ of its first event.
    fences: Vec<i64>,
    /// One state per part, or nothing.
    summary: Vec<State>,
}

/// The sorted log of one entity.
///
/// INVARIANT (sorted-log): events ascend strictly by (τ, id, digest), through rows, pages and groups.
/// INVARIANT (fences): the fences say what they say, so a search by time touches one page.
/// INVARIANT (summaries): `summarised` iff the log has had `plain_below` events; then every page has the fold of its
/// rows as summary and every group but the last the fold of its pages; a summary is either that or empty.
#[derive(Debug, Default)]
pub(crate) struct EntityLog {
    groups: Vec<Group>,
    /// Per group, the τ of its first event.
    fences: Vec<i64>,
    len: usize,
    summarised: bool,
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
        self.summary.clear();
        self.summary.extend(parts.identities.iter().cloned());
        for page in &self.pages {
            for (state, other) in self.summary.iter_mut().zip(&page.summary) {
                state.combine(other);
            }
        }
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

    /// Entries of the identity index.
    pub fn indexed_ids(&self) -> usize {
        self.ids.len()
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
                summary,
            });
        }
        let Some(page) = group.pages.last_mut() else { return };
        page.events.push_from(incoming, row);
        let at = page.events.len() - 1;
        count_row(&mut page.summary, parts, &page.events, at);
    }

    /// Keeps (sorted-log): the event is less than the one at `place`, and greater than those before.
    fn insert_at(&mut self, shape: &Shape, place: Place, incoming: &Events, row: usize) {
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
        if page.events.len() <= shape.paging.page_rows_max {
            return;
        }
        let mut right = Page {
            events: page.events.split_off(page.events.len() / 2),
            summary: Vec::new(),
        };
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

    /// Takes out the event of row `row`; false when it is not here. O(log events + page + group).
    pub fn remove(&mut self, shape: &Shape, gone: &Events, row: usize) -> bool {
        let place = self.first(|events, at| events.compare(at, gone, row) == Ordering::Less);
        let Some(group) = self.groups.get_mut(place.group) else {
            return false;
        };
        let page = &mut group.pages[place.page];
        if page.events.compare(place.row, gone, row) != Ordering::Equal {
            return false;
        }
        let mut tail = page.events.split_off(place.row);
        page.events.append(&tail.split_off(1));
        self.len -= 1;
        if page.events.is_empty() {
            group.pages.remove(place.page);
            group.fences.remove(place.page);
        } else {
            group.fences[place.page] = page.events.times[0];
            if self.summarised {
                page.summarise(&shape.parts);
            }
        }
        if group.pages.is_empty() {
            self.groups.remove(place.group);
            self.fences.remove(place.group);
        } else {
            self.fences[place.group] = group.fences[0];
            if !group.summary.is_empty() {
                group.summarise(&shape.parts);
            }
        }
        // Keeps (summaries): a group that has become the last has none.
        if let Some(group) = self.groups.last_mut() {
            group.summary.clear();
        }
        let (time_us, id) = (gone.times[row], gone.id(row));
        if self.stretch(time_us, id).is_empty() {
            self.ids.remove(&(xxh3_64(id), time_us));
        }
        true
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

    fn start() -> Place {
        Place {
            group: 0,
            page: 0,
            row: 0,
        }
    }

    fn end(&self) -> Place {
        Place {
            group: self.groups.len(),
            page: 0,
            row: 0,
        }
    }

    /// The first event for which `before` is false, `before` being true on a prefix of the log.
    fn first(&self, before: impl Fn(&Events, usize) -> bool) -> Place {
        let starts_before = |page: &Page| before(&page.events, 0);
        let group = self
            .groups
            .partition_point(|group| starts_before(&group.pages[0]))
            .saturating_sub(1);
        let Some(pages) = self.groups.get(group).map(|group| &group.pages) else {
            return self.end();
        };
        let page = pages.partition_point(starts_before).saturating_sub(1);
        let events = &pages[page].events;
        let mut rows = 0..events.len();
        while rows.start < rows.end {
            let middle = rows.start + (rows.end - rows.start) / 2;
            if before(events, middle) {
                rows.start = middle + 1;
            } else {
                rows.end = middle;
            }
        }
        self.place(group, page, rows.start)
    }

    /// The position of a row, or of what follows the page if the row is its length.
    fn place(&self, group: usize, page: usize, row: usize) -> Place {
        let pages = &self.groups[group].pages;
        if row < pages[page].events.len() {
            Place { group, page, row }
        } else if page + 1 < pages.len() {
            Place {
                group,
                page: page + 1,
                row: 0,
            }
        } else {
            Place {
                group: group + 1,
                page: 0,
                row: 0,
            }
        }
    }

    /// The first event whose time is not `before`, which is true on a prefix of the instants.
    fn first_by_time(&self, before: impl Fn(&i64) -> bool) -> Place {
        let group = self.fences.partition_point(&before).saturating_sub(1);
        let Some(Group { pages, fences, .. }) = self.groups.get(group) else {
            return self.end();
        };
        let page = fences.partition_point(&before).saturating_sub(1);
        self.place(group, page, pages[page].events.times.partition_point(before))
    }

    /// The first event with τ > `t_us` (the end of the window that is closed on the right).
    pub fn after(&self, t_us: i64) -> Place {
        self.first_by_time(|time| *time <= t_us)
    }

    /// The first event with τ ≥ `t_us`.
    pub fn at_or_after(&self, t_us: i64) -> Place {
        self.first_by_time(|time| *time < t_us)
    }

    /// The first event of a window whose left end is open at `after_us`.
    pub fn left(&self, after_us: Option<i64>) -> Place {
        after_us.map_or(Self::start(), |after_us| self.after(after_us))
    }

    /// The greatest event time ≤ `t_us`.
    pub fn latest_until(&self, t_us: i64) -> Option<i64> {
        let place = self.after(t_us);
        let (group, page, row) = match place {
            Place {
                group: 0,
                page: 0,
                row: 0,
            } => return None,
            Place { group, page: 0, row: 0 } => (group - 1, None, None),
            Place { group, page, row: 0 } => (group, Some(page - 1), None),
            Place { group, page, row } => (group, Some(page), Some(row - 1)),
        };
        let pages = &self.groups[group].pages;
        let times = &pages[page.unwrap_or(pages.len() - 1)].events.times;
        times.get(row.unwrap_or(times.len() - 1)).copied()
    }

    /// The stretches of events with this identity, ascending and disjoint.
    pub fn with_id(&self, shape: &Shape, id: &[u8]) -> Vec<Range<Place>> {
        let mut times: Vec<i64> = if self.summarised && shape.indexes_ids {
            let hash = xxh3_64(id);
            self.ids
                .range((hash, i64::MIN)..=(hash, i64::MAX))
                .map(|(_, time)| *time)
                .collect()
        } else {
            let matching = |e: &Events| -> Vec<i64> {
                (0..e.len())
                    .filter(|row| e.id(*row) == id)
                    .map(|row| e.times[row])
                    .collect()
            };
            self.pages().flat_map(matching).collect()
        };
        times.dedup();
        times
            .into_iter()
            .map(|time_us| self.stretch(time_us, id))
            .filter(|stretch| !stretch.is_empty())
            .collect()
    }

    /// The events with this event time and identity.
    fn stretch(&self, time_us: i64, id: &[u8]) -> Range<Place> {
        let start = self.first(|events, row| (events.times[row], events.id(row)) < (time_us, id));
        let end = self.first(|events, row| (events.times[row], events.id(row)) <= (time_us, id));
        start..end
    }

    /// The page around `left` if a walk had better remember its states at the page's right end: the page is summarised,
    /// lies wholly in front of `right` and outside the holes, and enough of it lies to the left of `left`.
    pub fn page_to_save(&self, left: Place, right: Place, holes: &[Range<Place>]) -> Option<Range<Place>> {
        let page = self.groups.get(left.group)?.pages.get(left.page)?;
        let around = Place { row: 0, ..left }..self.place(left.group, left.page, page.events.len());
        let whole = holes
            .iter()
            .all(|hole| hole.end <= around.start || around.end <= hole.start);
        (left.row >= SAVING_ROWS && !page.summary.is_empty() && around.end <= right && whole).then_some(around)
    }

    /// Folds the events of `range` outside the holes into the states of `active` parts.
    ///
    /// `holes` ascend and are disjoint.
    pub fn fold_around(
        &self,
        shape: &Shape,
        range: Range<Place>,
        holes: &[Range<Place>],
        active: &[usize],
        states: &mut [State],
    ) {
        let mut from = range.start;
        for hole in holes {
            if hole.end <= from {
                continue;
            }
            if hole.start >= range.end {
                break;
            }
            self.fold(shape, from..hole.start, active, states);
            from = hole.end;
        }
        self.fold(shape, from..range.end, active, states);
    }

    /// Folds the events of `range` into the states of `active` parts: summaries where a group or a page is covered,
    /// rows at the edges.
    fn fold(&self, shape: &Shape, range: Range<Place>, active: &[usize], states: &mut [State]) {
        let (mut at, end) = (range.start, range.end);
        while at < end {
            let group = &self.groups[at.group];
            if at.page == 0 && at.row == 0 && at.group < end.group && !group.summary.is_empty() {
                active
                    .iter()
                    .for_each(|part| states[*part].combine(&group.summary[*part]));
                at = Place {
                    group: at.group + 1,
                    page: 0,
                    row: 0,
                };
                continue;
            }
            let page = &group.pages[at.page];
            let last = (at.group, at.page) == (end.group, end.page);
            if at.row == 0 && !last && !page.summary.is_empty() {
                active
                    .iter()
                    .for_each(|part| states[*part].combine(&page.summary[*part]));
            } else {
                let rows = at.row..if last { end.row } else { page.events.len() };
                active
                    .iter()
                    .for_each(|part| page.fold_rows(&shape.parts, *part, rows.clone(), &mut states[*part]));
            }
            at = match () {
                () if last => end,
                () if at.page + 1 < group.pages.len() => Place {
                    group: at.group,
                    page: at.page + 1,
                    row: 0,
                },
                () => Place {
                    group: at.group + 1,
                    page: 0,
                    row: 0,
                },
            };
        }
    }

    /// Whether (sorted-log) and (summaries) hold, by recomputation.
    #[cfg(test)]
    pub fn check(&self, shape: &Shape) -> Result<(), String> {
        let ensure = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_owned()) };
        let pages: Vec<&Events> = self.pages().collect();
        ensure(
            pages
                .iter()
                .all(|page| !page.is_empty() && page.len() <= shape.paging.page_rows_max),
            "page size",
        )?;
        ensure(pages.iter().map(|page| page.len()).sum::<usize>() == self.len, "length")?;
        let rows: Vec<(&Events, usize)> = pages
            .iter()
            .flat_map(|e| (0..e.len()).map(move |row| (*e, row)))
            .collect();
        let ascend = rows
            .windows(2)
            .all(|two| two[0].0.compare(two[0].1, two[1].0, two[1].1) == Ordering::Less);
        ensure(ascend, "order")?;
        ensure(self.fences.len() == self.groups.len(), "number of fences")?;
        for (position, group) in self.groups.iter().enumerate() {
            ensure(
                !group.pages.is_empty() && group.pages.len() <= shape.paging.group_pages_max,
                "group size",
            )?;
            let summarised = self.summarised && position + 1 < self.groups.len();
            let fences: Vec<i64> = group.pages.iter().map(|page| page.events.times[0]).collect();
            ensure(
                group.fences == fences && self.fences.get(position) == fences.first(),
                "fences",
            )?;
            ensure(
                group.summary.is_empty() != summarised || shape.parts.slots.is_empty(),
                "which groups",
            )?;
            let mut all = shape.parts.identities.clone();
            for page in &group.pages {
                let mut fresh = shape.parts.identities.clone();
                for row in 0..page.events.len() {
                    count_row(&mut fresh, &shape.parts, &page.events, row);
                    count_row(&mut all, &shape.parts, &page.events, row);
                }
                ensure(page.summary.is_empty() || page.summary == fresh, "page summary")?;
                ensure(
                    page.summary.is_empty() != self.summarised || fresh.is_empty(),
                    "which pages",
                )?;
            }
            ensure(group.summary.is_empty() || group.summary == all, "group summary")?;
        }
        Ok(())
    }
}
