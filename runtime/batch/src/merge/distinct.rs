//! `count_distinct`: a count per value, following the tape.

use super::Context;
use super::classes::{Classes, Taken, tags};
use super::run::position;
use featc_ir::{ErrorCode, LiftId, Slot, Status};
use featr_kernels::{Column, Data};
use std::collections::HashMap;
use std::hash::Hash;

/// The number of an event's value among the run's distinct values, per row; rows that do not take part hold 0.
fn numbers(context: &Context<'_>, lift: LiftId, classes: &Classes) -> (Vec<u32>, usize) {
    fn number<K: Hash + Eq>(takes: impl Fn(usize) -> bool, values: impl Iterator<Item = K>) -> (Vec<u32>, usize) {
        let mut known: HashMap<K, u32> = HashMap::new();
        let mut numbers = Vec::new();
        for (row, value) in values.enumerate() {
            let next = position(known.len());
            numbers.push(if takes(row) {
                *known.entry(value).or_insert(next)
            } else {
                0
            });
        }
        (numbers, known.len())
    }
    let takes = |row: usize| classes.takes(row);
    match &context.lift(lift).data {
        Data::Bool(values) => number(takes, values.iter()),
        Data::I64(values) => number(takes, values.iter()),
        Data::F64(values) => number(takes, values.iter().map(|value| value.to_bits())),
        Data::I128(values) => number(takes, values.iter()),
        Data::Str(values) => number(takes, values.iter()),
    }
}

pub(super) fn count_distinct(
    context: &Context<'_>,
    slot: &Slot,
    classes: &Classes,
    taken: &Taken,
    cap: u32,
) -> (Column, Vec<Status>) {
    let rows = context.questions.len();
    let (mut values, mut statuses) = (vec![0i64; rows], taken.statuses.clone());
    if let (Some(lift), Some(tape)) = (slot.argument, context.tape(slot.window.index())) {
        let (numbers, distinct) = numbers(context, lift, classes);
        let taken_of = |ranges: &[(u32, u32)], each: &mut dyn FnMut(usize)| {
            let rows = ranges.iter().flat_map(|(start, end)| *start as usize..*end as usize);
            rows.filter(|row| classes.takes(*row)).for_each(each);
        };
        // Each count belongs to the entity that last touched it.
        let mut counts: Vec<(u32, u32)> = vec![(0, 0); distinct];
        for (entity, group) in (1u32..).zip(&context.questions.groups) {
            let mut inside = 0u32;
            for question in group.questions.clone() {
                taken_of(tape.enter(question), &mut |row| {
                    let (owner, count) = &mut counts[numbers[row] as usize];
                    if *owner != entity {
                        (*owner, *count) = (entity, 0);
                    }
                    inside += u32::from(*count == 0);
                    *count += 1;
                });
                taken_of(tape.leave(question), &mut |row| {
                    let (_, count) = &mut counts[numbers[row] as usize];
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
    let tags = tags(&statuses, |status| matches!(status, Status::Error(_)));
    (
        Column {
            ty: slot.ty,
            data: Data::I64(values),
            tags,
        },
        statuses,
    )
}
