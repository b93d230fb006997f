//! `min` and `max`: a monotone queue where windows only slide, a tree of winners where events arrive in any order of
//! event time or where a question's own event is left out.

use super::Context;
use super::nearest::{NONE, gather};
use super::run::Visible;
use featc_ir::{Aggregate, Slot, Status};
use featr_kernels::value::float_order;
use featr_kernels::{Column, Data};
use std::cmp::Ordering;
use std::collections::VecDeque;

pub(super) fn extreme(context: &Context<'_>, slot: &Slot, class: usize) -> (Column, Vec<Status>) {
    let Some(lift) = slot.argument else {
        return gather(context, slot, &vec![NONE; context.questions.len()]);
    };
    let found = match &context.lift(lift).data {
        Data::Bool(v) => winners(context, slot, class, |left, right| {
            v[left as usize].cmp(&v[right as usize])
        }),
        Data::I64(v) => winners(context, slot, class, |left, right| {
            v[left as usize].cmp(&v[right as usize])
        }),
        Data::F64(v) => winners(context, slot, class, |left, right| {
            float_order(v[left as usize], v[right as usize])
        }),
        Data::I128(v) => winners(context, slot, class, |left, right| {
            v[left as usize].cmp(&v[right as usize])
        }),
        Data::Str(v) => winners(context, slot, class, |left, right| {
            v.get(left as usize).cmp(v.get(right as usize))
        }),
    };
    gather(context, slot, &found)
}

fn winners(context: &Context<'_>, slot: &Slot, class: usize, order: impl Fn(u32, u32) -> Ordering) -> Vec<u32> {
    // Equal values have equal bits: which of them wins is not to be seen.
    let wins = if slot.aggregate == Aggregate::Min {
        Ordering::Less
    } else {
        Ordering::Greater
    };
    let beats = |left: u32, right: u32| order(left, right) == wins;
    let slides = matches!(context.visible, Visible::All) && !context.excludes_self[slot.window.index()];
    if slides {
        by_queue(context, slot, class, beats)
    } else {
        by_tree(context, slot, class, beats)
    }
}

fn by_queue(context: &Context<'_>, slot: &Slot, class: usize, beats: impl Fn(u32, u32) -> bool) -> Vec<u32> {
    let (spans, classes) = (&context.spans[slot.window.index()], &context.classes[class]);
    let mut found = vec![NONE; context.questions.len()];
    // Rows that may still win, each beaten by those before it.
    let mut queue: VecDeque<u32> = VecDeque::new();
    for group in &context.questions.groups {
        queue.clear();
        let mut next = group.events.start;
        for question in group.questions.clone() {
            let (low, high) = (spans.low[question], spans.high[question]);
            while queue.front().is_some_and(|row| *row < low) {
                queue.pop_front();
            }
            for row in next.max(low)..high {
                if classes.takes(row as usize) {
                    while queue.back().is_some_and(|last| !beats(*last, row)) {
                        queue.pop_back();
                    }
                    queue.push_back(row);
                }
            }
            next = next.max(high);
            found[question] = queue.front().copied().unwrap_or(NONE);
        }
    }
    found
}

fn by_tree(context: &Context<'_>, slot: &Slot, class: usize, beats: impl Fn(u32, u32) -> bool) -> Vec<u32> {
    let window = slot.window.index();
    let (spans, classes) = (&context.spans[window], &context.classes[class]);
    let mut found = vec![NONE; context.questions.len()];
    let mut tree = Winners {
        nodes: vec![],
        start: 0,
        beats,
    };
    for group in &context.questions.groups {
        tree.clear(group.events.clone());
        if matches!(context.visible, Visible::All) {
            tree.fill(|row| classes.takes(row as usize));
        }
        for question in group.questions.clone() {
            if let Visible::ByArrival(arrived) = &context.visible {
                for row in arrived
                    .fresh
                    .get(question)
                    .iter()
                    .filter(|row| classes.takes(**row as usize))
                {
                    tree.add(*row);
                }
            }
            let (mut low, high) = (spans.low[question], spans.high[question]);
            let (mut best, span) = (NONE, low..high);
            for hole in context
                .holes(window, question)
                .iter()
                .filter(|hole| span.contains(*hole))
            {
                best = tree.better(best, tree.best(low, *hole));
                low = *hole + 1;
            }
            found[question] = tree.better(best, tree.best(low, high));
        }
    }
    found
}

/// A bottom-up binary tree over the rows of one entity: leaf `i` at `leaves + i`, node `n` the winner of `2n`, `2n + 1`.
struct Winners<F> {
    nodes: Vec<u32>,
    start: u32,
    beats: F,
}

impl<F: Fn(u32, u32) -> bool> Winners<F> {
    fn clear(&mut self, rows: std::ops::Range<u32>) {
        self.nodes.clear();
        self.nodes.resize(2 * rows.len(), NONE);
        self.start = rows.start;
    }

    fn better(&self, left: u32, right: u32) -> u32 {
        if left == NONE || (right != NONE && (self.beats)(right, left)) {
            right
        } else {
            left
        }
    }

    fn fill(&mut self, takes: impl Fn(u32) -> bool) {
        let leaves = self.nodes.len() / 2;
        for (row, leaf) in (self.start..).zip(&mut self.nodes[leaves..]) {
            *leaf = if takes(row) { row } else { NONE };
        }
        for node in (1..leaves).rev() {
            self.nodes[node] = self.better(self.nodes[2 * node], self.nodes[2 * node + 1]);
        }
    }

    fn add(&mut self, row: u32) {
        let mut node = self.nodes.len() / 2 + (row - self.start) as usize;
        self.nodes[node] = row;
        while node > 1 {
            node /= 2;
            let winner = self.better(self.nodes[2 * node], self.nodes[2 * node + 1]);
            if self.nodes[node] == winner {
                return;
            }
            self.nodes[node] = winner;
        }
    }

    /// The winner among the rows `low..high`.
    fn best(&self, low: u32, high: u32) -> u32 {
        let leaves = self.nodes.len() / 2;
        let (mut left, mut right) = (
            leaves + (low - self.start) as usize,
            leaves + (high - self.start) as usize,
        );
        let mut best = NONE;
        if low >= high {
            return best;
        }
        while left < right {
            if left % 2 == 1 {
                best = self.better(best, self.nodes[left]);
                left += 1;
            }
            if right % 2 == 1 {
                right -= 1;
                best = self.better(best, self.nodes[right]);
            }
            left /= 2;
            right /= 2;
        }
        best
    }
}
