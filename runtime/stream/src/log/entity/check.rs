//! The invariants of an entity's log, by recomputation.

use super::{EntityLog, Group, Shape, count_row};
use featr_kernels::events::Events;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use xxhash_rust::xxh3::xxh3_64;

impl EntityLog {
    /// Whether (sorted-log) and (summaries) hold, by recomputation.
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
        let ids: BTreeSet<(u64, i64)> = rows
            .iter()
            .map(|(e, row)| (xxh3_64(e.id(*row)), e.times[*row]))
            .collect();
        ensure(
            self.ids
                == if self.summarised && shape.indexes_ids {
                    ids
                } else {
                    BTreeSet::new()
                },
            "ids",
        )?;
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
        self.check_previous(shape)
    }

    /// Whether (previous) holds, of pages and groups. What came before released events may still be told as it was.
    fn check_previous(&self, shape: &Shape) -> Result<(), String> {
        let Some(first) = self.fences.first().filter(|_| self.summarised) else {
            let mut pages = self.groups.iter().flat_map(|group| &group.pages);
            let is_plain = pages.all(|page| page.previous.is_empty());
            return is_plain
                .then_some(())
                .ok_or_else(|| "previous of a plain log".to_owned());
        };
        let is_sorted = |group: &Group| match group.summary.is_empty() {
            true => group.previous.is_empty(),
            false => group.previous == group.sorted_previous(&shape.parts),
        };
        if !self.groups.iter().all(is_sorted) {
            return Err("previous of a group".to_owned());
        }
        let mut fresh = EntityLog::from_sorted(shape, &self.pages().fold(Events::new(&shape.parts.lift_types), joined));
        fresh.link_all(shape);
        let of = |log: &EntityLog| -> Vec<Vec<i64>> {
            let of_part = |counted: usize| {
                let pages = log.groups.iter().flat_map(|group| &group.pages);
                pages.flat_map(|page| page.previous[counted].clone()).collect()
            };
            (0..shape.parts.distinct.len()).map(of_part).collect()
        };
        let is_so = |known: &i64, fresh: &i64| known == fresh || (*fresh == i64::MIN && known <= first);
        let same = of(self).iter().zip(of(&fresh)).all(|(known, fresh)| {
            let mut pairs = known.iter().zip(&fresh);
            known.len() == fresh.len() && pairs.all(|(known, fresh)| is_so(known, fresh))
        });
        same.then_some(()).ok_or_else(|| "previous".to_owned())
    }
}

fn joined(mut all: Events, page: &Events) -> Events {
    all.append(page);
    all
}
