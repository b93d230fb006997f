//! `count_distinct`: a count per value, kept up along the window deltas.

use crate::classes::Classes;
use crate::context::Context;
use crate::run::position;
use crate::taken::{Taken, tags};
use featc_ir::{ErrorCode, Slot, Status};
use featr_kernels::aggregate::float_key;
use featr_kernels::{Column, Data};
use std::collections::HashMap;
use std::hash::Hash;

/// The number of an event's value among the distinct values of its entity, per row, and the greatest count of them;
/// rows that do not take part hold 0.
pub(super) type Numbers = (Vec<u32>, usize);

/// Of the slot's argument.
pub(super) fn numbers(context: &Context<'_>, slot: &Slot, classes: &Classes) -> Option<Numbers> {
    let column = context.lift(slot.argument?);
    Some(match &column.data {
        Data::Str(values) => by_hash(context, classes, |row| values.get(row)),
        _ => numbers_in_order(context, column, classes),
    })
}

/// The same where greater values have greater numbers.
pub(super) fn numbers_in_order(context: &Context<'_>, column: &Column, classes: &Classes) -> Numbers {
    match &column.data {
        Data::Bool(values) => by_order(context, classes, |row| values[row]),
        Data::I64(values) => by_order(context, classes, |row| values[row]),
        Data::F64(values) => by_order(context, classes, |row| float_key(values[row])),
        Data::I128(values) => by_order(context, classes, |row| values[row]),
        Data::Str(values) => by_order(context, classes, |row| values.get(row)),
    }
}

fn by_order<K: Ord + Copy>(context: &Context<'_>, classes: &Classes, key: impl Fn(usize) -> K) -> Numbers {
    let mut numbers = vec![0; context.run.events.len()];
    let (mut most, mut ordered): (u32, Vec<(K, u32)>) = (0, vec![]);
    for group in &context.questions.groups {
        ordered.clear();
        let taken = group.events.clone().filter(|row| classes.takes(*row as usize));
        ordered.extend(taken.map(|row| (key(row as usize), row)));
        ordered.sort_unstable();
        let mut number = 0;
        for same in ordered.chunk_by(|left, right| left.0 == right.0) {
            same.iter().for_each(|(_, row)| numbers[*row as usize] = number);
            number += 1;
        }
        most = most.max(number);
    }
    (numbers, most as usize)
}

/// For values that are slow to compare.
fn by_hash<K: Hash + Eq>(context: &Context<'_>, classes: &Classes, key: impl Fn(usize) -> K) -> Numbers {
    let mut numbers = vec![0; context.run.events.len()];
    let mut most = 0;
    for group in &context.questions.groups {
        let mut known: HashMap<K, u32> = HashMap::new();
        for row in group.events.clone().filter(|row| classes.takes(*row as usize)) {
            let next = position(known.len());
            numbers[row as usize] = *known.entry(key(row as usize)).or_insert(next);
        }
        most = most.max(known.len());
    }
    (numbers, most)
}

pub(super) fn count_distinct(
    context: &Context<'_>,
    slot: &Slot,
    classes: &Classes,
    taken: &Taken,
    (numbers, distinct): &Numbers,
    frame: usize,
) -> (Column, Vec<Status>) {
    let rows = context.questions.len();
    let (mut values, mut statuses) = (vec![0i64; rows], taken.statuses.clone());
    let cap = slot.aggregate.cap().unwrap_or(u32::MAX);
    if let Some(deltas) = context.deltas(frame) {
        let taken_of = |ranges: &[(u32, u32)], each: &mut dyn FnMut(usize)| {
            let rows = ranges.iter().flat_map(|(start, end)| *start as usize..*end as usize);
            rows.filter(|row| classes.takes(*row)).for_each(each);
        };
        let mut counts = vec![0u32; *distinct];
        for group in &context.questions.groups {
            counts[..group.events.len().min(*distinct)].fill(0);
            let mut inside = 0u32;
            for question in group.questions.clone() {
                taken_of(deltas.enter(question), &mut |row| {
                    let count = &mut counts[numbers[row] as usize];
                    inside += u32::from(*count == 0);
                    *count += 1;
                });
                taken_of(deltas.leave(question), &mut |row| {
                    let count = &mut counts[numbers[row] as usize];
                    *count -= 1;
                    inside -= u32::from(*count == 0);
                });
                values[question] = i64::from(inside);
                if inside > cap && statuses[question] == Status::Ok {
                    statuses[question] = Status::Error(ErrorCode::Cap);
                }
            }
        }
    }
    let column = Column {
        ty: slot.ty,
        data: Data::I64(values),
        tags: tags(&statuses, |status| matches!(status, Status::Error(_))),
    };
    (column, statuses)
}
