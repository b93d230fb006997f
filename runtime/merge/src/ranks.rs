//! `median`, `quantile` and `mode`: a count per value, in the order of values, kept up along the window deltas.
//!
//! Counts stand in a Fenwick tree (P. M. Fenwick, A new data structure for cumulative frequency tables, 1994), which finds the
//! value of a rank in as many steps as it has levels. For `mode` there is a tree of the greatest counts, too.

use crate::classes::Classes;
use crate::context::Context;
use crate::deltas::Deltas;
use crate::distinct::{Numbers, numbers_in_order};
use crate::groups::{Answer, where_taken};
use crate::nearest::{NONE, gather};
use crate::questions::Group;
use crate::taken::{Taken, tags};
use featc_ir::{Aggregate, ErrorCode, Slot, Status};
use featr_kernels::aggregate::{middle, ranks};
use featr_kernels::{Data, Value};

/// Per slot and question the two rows whose values it is about, and how many different values are in the window of each
/// question.
pub(super) struct Found {
    rows: Vec<[Vec<u32>; 2]>,
    distinct: Vec<u32>,
}

/// The values in order, of the slot's argument.
pub(super) fn numbers(context: &Context<'_>, slot: &Slot, classes: &Classes) -> Option<Numbers> {
    Some(numbers_in_order(context, context.lift(slot.argument?), classes))
}

/// What slots over one frame are about.
pub(super) fn found(
    context: &Context<'_>,
    slots: &[&Slot],
    classes: &Classes,
    (numbers, _): &Numbers,
    frame: usize,
) -> Found {
    let questions = context.questions.len();
    let mut found = Found {
        rows: slots
            .iter()
            .map(|_| [vec![NONE; questions], vec![NONE; questions]])
            .collect(),
        distinct: vec![0; questions],
    };
    let Some(deltas) = context.deltas(frame) else {
        return found;
    };
    let is_mode = |slot: &&&Slot| matches!(slot.aggregate, Aggregate::Mode { .. });
    let modes = slots.iter().filter(is_mode).count();
    let mut window = Ranked {
        ranks: modes < slots.len(),
        modes: modes > 0,
        ..Ranked::default()
    };
    for group in &context.questions.groups {
        window.start(group, classes, numbers);
        for question in group.questions.clone() {
            window.step((deltas, question), classes, numbers);
            found.distinct[question] = window.distinct;
            if window.len == 0 {
                continue;
            }
            for (slot, rows) in slots.iter().zip(&mut found.rows) {
                if is_mode(&slot) {
                    rows[0][question] = window.mode();
                    continue;
                }
                let [low, high] = ranks(slot.aggregate, window.len.into());
                let first = window.row(low);
                rows[0][question] = first;
                rows[1][question] = if high == low { first } else { window.row(high) };
            }
        }
    }
    found
}

/// The answer of one of those slots.
pub(super) fn answer(context: &Context<'_>, (at, slot): (usize, &Slot), found: &Found, taken: &Taken) -> Answer {
    let [low, high] = &found.rows[at];
    let (mut column, mut statuses) = match (slot.aggregate, slot.argument) {
        (Aggregate::Median { .. }, Some(lift)) => {
            let of = context.lift(lift);
            let value = |row: u32| {
                if row == NONE {
                    Value::Null
                } else {
                    of.value(row as usize)
                }
            };
            let mean = |(low, high): (&u32, &u32)| match *low {
                NONE => 0.0,
                _ => middle([&value(*low), &value(*high)], of.ty),
            };
            where_taken(slot, taken, Data::F64(low.iter().zip(high).map(mean).collect()))
        }
        _ => gather(context, slot, low, taken),
    };
    let cap = slot.aggregate.cap().unwrap_or(u32::MAX);
    let mut exceeds = false;
    for (status, distinct) in statuses.iter_mut().zip(&found.distinct) {
        if *distinct > cap && *status == Status::Ok {
            (*status, exceeds) = (Status::Error(ErrorCode::Cap), true);
        }
    }
    if exceeds {
        column.tags = tags(&statuses, |status| status != Status::Ok);
    }
    (column, statuses)
}

/// The values in a window of one entity.
#[derive(Default)]
struct Ranked {
    /// Events by number of their value.
    counts: Vec<u32>,
    /// Whether it is asked for ranks, and for the mode.
    ranks: bool,
    modes: bool,
    /// Of the counts: at place i, from 1, the sum of the last `i & -i` up to it. As many as a power of two.
    tree: Vec<u32>,
    /// The greatest count: node n is the greater one of `2n` and `2n + 1`, and the counts are the leaves.
    greatest: Vec<u32>,
    /// A row for each value.
    rows: Vec<u32>,
    len: u32,
    distinct: u32,
}

impl Ranked {
    /// Nothing of the next entity.
    fn start(&mut self, group: &Group, classes: &Classes, numbers: &[u32]) {
        self.rows.clear();
        for row in group.events.clone().filter(|row| classes.takes(*row as usize)) {
            let number = numbers[row as usize] as usize;
            if self.rows.len() <= number {
                self.rows.resize(number + 1, row);
            }
            self.rows[number] = row;
        }
        let places = self.rows.len().next_power_of_two();
        self.counts.clear();
        self.counts.resize(self.rows.len(), 0);
        self.tree.clear();
        self.tree.resize(if self.ranks { places + 1 } else { 0 }, 0);
        self.greatest.clear();
        self.greatest.resize(if self.modes { 2 * places } else { 0 }, 0);
        (self.len, self.distinct) = (0, 0);
    }

    fn step(&mut self, (deltas, question): (&Deltas, usize), classes: &Classes, numbers: &[u32]) {
        let taken = |ranges: &[(u32, u32)], each: &mut dyn FnMut(usize)| {
            let rows = ranges.iter().flat_map(|(start, end)| *start as usize..*end as usize);
            let taken = rows.filter(|row| classes.takes(*row));
            taken.for_each(|row| each(numbers[row] as usize));
        };
        taken(deltas.enter(question), &mut |number| self.enter(number));
        taken(deltas.leave(question), &mut |number| self.leave(number));
    }

    fn enter(&mut self, number: usize) {
        self.distinct += u32::from(self.counts[number] == 0);
        self.counts[number] += 1;
        self.len += 1;
        self.add(number, 1);
    }

    fn leave(&mut self, number: usize) {
        self.counts[number] -= 1;
        self.distinct -= u32::from(self.counts[number] == 0);
        self.len -= 1;
        self.add(number, 1u32.wrapping_neg());
    }

    fn add(&mut self, number: usize, count: u32) {
        let mut node = self.greatest.len() / 2 + number;
        if let Some(leaf) = self.greatest.get_mut(node) {
            *leaf = self.counts[number];
            while node > 1 {
                node /= 2;
                let greater = self.greatest[2 * node].max(self.greatest[2 * node + 1]);
                if self.greatest[node] == greater {
                    break;
                }
                self.greatest[node] = greater;
            }
        }
        let mut place = number + 1;
        while place < self.tree.len() {
            self.tree[place] = self.tree[place].wrapping_add(count);
            place += place & place.wrapping_neg();
        }
    }

    /// A row with the value of a rank, from 1 to `len`.
    fn row(&self, rank: u64) -> u32 {
        let (mut before, mut left) = (0, rank as u32);
        let mut step = self.tree.len() - 1;
        while step > 0 {
            if let Some(count) = self.tree.get(before + step).filter(|count| **count < left) {
                (before, left) = (before + step, left - count);
            }
            step /= 2;
        }
        self.rows[before]
    }

    /// A row with the least of the most frequent values, of which there are some.
    fn mode(&self) -> u32 {
        let (mut node, leaves) = (1, self.greatest.len() / 2);
        while node < leaves {
            node *= 2;
            if self.greatest[node] < self.greatest[node + 1] {
                node += 1;
            }
        }
        self.rows[node - leaves]
    }
}
