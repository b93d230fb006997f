//! Searching an entity's log, and folding stretches of it.

use super::{EntityLog, Group, Page, Place, SAVING_ROWS, Shape};
use featc_ir::Choice;
use featr_kernels::aggregate::{Candidates, State};
use featr_kernels::events::Events;
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

impl EntityLog {
    pub(super) fn start() -> Place {
        Place {
            group: 0,
            page: 0,
            row: 0,
        }
    }

    pub(in crate::log) fn end(&self) -> Place {
        Place {
            group: self.groups.len(),
            page: 0,
            row: 0,
        }
    }

    /// The first event for which `before` is false, `before` being true on a prefix of the log.
    pub(super) fn first(&self, before: impl Fn(&Events, usize) -> bool) -> Place {
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
    pub(super) fn place(&self, group: usize, page: usize, row: usize) -> Place {
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

    /// The end of a window that is closed on the right; `None`: it holds nothing.
    pub fn until(&self, until_us: Option<i64>) -> Place {
        until_us.map_or(Self::start(), |until_us| self.after(until_us))
    }

    /// The first event of a window whose left end is open at `after_us`.
    pub fn left(&self, after_us: Option<i64>) -> Place {
        after_us.map_or(Self::start(), |after_us| self.after(after_us))
    }

    /// The event time before a place.
    pub fn latest_before(&self, place: Place) -> Option<i64> {
        let Place { group, page, row } = self.page_before(place)?;
        self.groups[group].pages[page].events.times.get(row - 1).copied()
    }

    /// The page in which the event before a place lies, with the number of its events before that place.
    pub(super) fn page_before(&self, place: Place) -> Option<Place> {
        let of_page = |group: usize, page: usize| Place {
            group,
            page,
            row: self.groups[group].pages[page].events.len(),
        };
        match place {
            Place { row: 1.., .. } => Some(place),
            Place { group, page: 1.., .. } => Some(of_page(group, place.page - 1)),
            Place { group: 1.., .. } => Some(of_page(place.group - 1, self.groups[place.group - 1].pages.len() - 1)),
            Place { .. } => None,
        }
    }

    /// The place from which the last `count` events of `range` lie that pass a filter, or are an error, and are not excluded;
    /// where `range` starts if they are not so many.
    pub fn last(&self, shape: &Shape, choice: Choice, range: Range<Place>, exclusions: &[Range<Place>]) -> Place {
        // Law: counted_pages (proofs/theory/Laws.v)
        let counting = shape.parts.counting(choice.filter);
        let (mut left, mut wanted) = (range.end, u64::from(choice.count));
        while let Some(end) = self.page_before(left).filter(|_| wanted > 0 && left > range.start) {
            let page = &self.groups[end.group].pages[end.page];
            let first = Place { row: 0, ..end };
            let touched = exclusions
                .iter()
                .any(|excluded| excluded.start < end && first < excluded.end);
            let is_whole = end.row == page.events.len() && range.start <= first && !touched;
            let counted = counting.and_then(|part| page.summary.get(part)).map(State::considered);
            // What lies before the first one of a page may belong to a window since it.
            let most = if choice.or_none { 0 } else { wanted };
            if let Some(counted) = counted.filter(|counted| is_whole && *counted <= most) {
                (left, wanted) = (first, wanted - counted);
                continue;
            }
            let candidates = Candidates::new(choice.filter, &page.events);
            let mut row = end.row;
            while row > 0 && wanted > 0 && (Place { row, ..end }) > range.start {
                row -= 1;
                let place = Place { row, ..end };
                let left_out = exclusions.iter().any(|excluded| excluded.contains(&place));
                wanted -= u64::from(candidates.holds(row) && !left_out);
            }
            left = Place { row, ..end };
        }
        match (wanted, choice.or_none) {
            (0, _) => left,
            (_, true) => range.end,
            (_, false) => range.start,
        }
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
    /// lies wholly in front of `right`, and enough of it lies to the left of `left`.
    pub fn page_to_save(&self, left: Place, right: Place) -> Option<Range<Place>> {
        let page = self.groups.get(left.group)?.pages.get(left.page)?;
        let around = Place { row: 0, ..left }..self.place(left.group, left.page, page.events.len());
        (left.row >= SAVING_ROWS && !page.summary.is_empty() && around.end <= right).then_some(around)
    }

    /// Folds the events of `range` outside the exclusions into the states of `active` parts.
    ///
    /// `exclusions` ascend and are disjoint.
    pub fn fold_around(
        &self,
        shape: &Shape,
        range: Range<Place>,
        exclusions: &[Range<Place>],
        active: &[usize],
        states: &mut [State],
    ) {
        let mut from = range.start;
        for excluded in exclusions {
            if excluded.end <= from {
                continue;
            }
            if excluded.start >= range.end {
                break;
            }
            self.fold(shape, from..excluded.start, active, states);
            from = excluded.end;
        }
        self.fold(shape, from..range.end, active, states);
    }

    /// Folds the events of `range` into the states of `active` parts: summaries where a group or a page is covered,
    /// rows at the edges.
    fn fold(&self, shape: &Shape, range: Range<Place>, active: &[usize], states: &mut [State]) {
        // Law: pages_and_summaries (proofs/theory/Laws.v)
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
}
