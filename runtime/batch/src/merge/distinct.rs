//! `count_distinct`: a count per value, following the tape.

use super::Context;
use super::run::position;
use featc_ir::{ErrorCode, LiftId, Slot, Status};
use featr_kernels::{Column, Data};
use std::collections::HashMap;
use std::hash::Hash;

/// The number of an event's value among the run's distinct values, per row; rows that do not take part hold 0.
fn numbers(context: &Context<'_>, lift: LiftId, class: usize) -> (Vec<u32>, usize) {
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
    let takes = |row: usize| context.classes[class].takes(row);
    match &context.lift(lift).data {
        Data::Bool(values) => number(takes, values.iter()),
        Data::I64(values) => number(takes, values.iter()),
        Data::F64(values) => number(takes, values.iter().map(|value| value.to_bits())),
        Data::I128(values) => number(takes, values.iter()),
        Data::Str(values) => number(takes, values.iter()),
    }
}

pub(super) fn count_distinct(context: &Context<'_>, slot: &Slot, class: usize, cap: u32) -> (Column, Vec<Status>) {
    let rows = context.questions.len();
    let (mut values, mut statuses, mut valid) = (vec![0i64; rows], vec![Status::Empty; rows], vec![true; rows]);
    if let (Some(lift), Some(tape)) = (slot.argument, context.tape(slot.window.index())) {
        let (numbers, distinct) = numbers(context, lift, class);
        let classes = &context.classes[class];
        // Each count belongs to the entity that last touched it.
        let mut counts: Vec<(u32, u32)> = vec![(0, 0); distinct];
        for (entity, group) in (1u32..).zip(&context.questions.groups) {
            let mut inside = 0u32;
            for question in group.questions.clone() {
                for row in tape
                    .enter(question)
                    .iter()
                    .flat_map(|(start, end)| *start as usize..*end as usize)
                {
                    if classes.takes(row) {
                        let (owner, count) = &mut counts[numbers[row] as usize];
                        if *owner != entity {
                            (*owner, *count) = (entity, 0);
                        }
                        inside += u32::from(*count == 0);
                        *count += 1;
                    }
                }
                for row in tape
                    .leave(question)
                    .iter()
                    .flat_map(|(start, end)| *start as usize..*end as usize)
                {
                    if classes.takes(row) {
                        let (_, count) = &mut counts[numbers[row] as usize];
                        *count -= 1;
                        inside -= u32::from(*count == 0);
                    }
                }
                if inside > cap {
                    (valid[question], statuses[question]) = (false, Status::Error(ErrorCode::Cap));
                } else if inside > 0 {
                    (values[question], statuses[question]) = (i64::from(inside), Status::Ok);
                }
            }
        }
    }
    (super::nullable(slot.ty, Data::I64(values), &valid), statuses)
}
