//! Taking one event out.

use super::{EntityLog, Shape};
use crate::log::parts::Parts;
use featr_kernels::aggregate::State;
use featr_kernels::events::Events;
use std::cmp::Ordering;
use xxhash_rust::xxh3::xxh3_64;

/// The states of a summary without the one event of `gone`: of groups by subtraction, of others by `again`.
fn without(summary: &mut [State], parts: &Parts, gone: &Events, again: impl Fn(usize) -> State) {
    for (part, (state, slot)) in summary.iter_mut().zip(&parts.slots).enumerate() {
        if slot.aggregate.is_group() {
            let mut one = parts.identities[part].clone();
            one.fold(slot, gone, 0..1);
            state.subtract(&one);
        } else {
            *state = again(part);
        }
    }
}

impl EntityLog {
    /// Takes out the event of row `row`; false when it is not here. O(log events + page).
    ///
    /// Keeps (sorted-log), (fences) and (summaries): the log is the one of the other events.
    pub fn retract(&mut self, shape: &Shape, other: &Events, row: usize) -> bool {
        if !self.holds(other, row) {
            return false;
        }
        let parts = &shape.parts;
        let place = self.first(|events, at| events.compare(at, other, row) == Ordering::Less);
        self.unlink(shape, place);
        let group = &mut self.groups[place.group];
        let page = &mut group.pages[place.page];
        let gone = page.events.take(&[place.row as u32]);
        let kept: Vec<u32> = (0..page.events.len() as u32)
            .filter(|at| *at as usize != place.row)
            .collect();
        page.events = page.events.take(&kept);
        let (events, summary) = (&page.events, &mut page.summary);
        without(summary, parts, &gone, |part| {
            let mut state = parts.identities[part].clone();
            state.fold(&parts.slots[part], events, 0..events.len());
            state
        });
        if page.events.is_empty() {
            group.pages.remove(place.page);
            group.fences.remove(place.page);
        } else {
            group.fences[place.page] = page.events.times[0];
        }
        if group.pages.is_empty() {
            self.groups.remove(place.group);
            self.fences.remove(place.group);
            // The group that is the last one now has no summary.
            if let Some(last) = self.groups.last_mut().filter(|_| place.group == self.fences.len()) {
                last.summary.clear();
                last.previous.clear();
            }
        } else {
            let (pages, summary) = (&group.pages, &mut group.summary);
            without(summary, parts, &gone, |part| {
                let mut state = parts.identities[part].clone();
                pages.iter().for_each(|page| state.combine(&page.summary[part]));
                state
            });
            self.fences[place.group] = group.fences[0];
        }
        self.len -= 1;
        self.forget_id(&gone);
        true
    }

    /// Takes the event out of the index of identities, unless another one has its entry.
    fn forget_id(&mut self, gone: &Events) {
        let entry = (xxh3_64(gone.id(0)), gone.times[0]);
        if !self.ids.contains(&entry) {
            return;
        }
        let at = self.until(entry.1.checked_sub(1))..self.after(entry.1);
        let mut again = self.rows(at).map(|(events, row)| xxh3_64(events.id(row)));
        if !again.any(|hash| hash == entry.0) {
            drop(again);
            self.ids.remove(&entry);
        }
    }
}
