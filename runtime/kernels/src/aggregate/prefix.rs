//! Prefix states of a group's slot over a sorted block: the state of any range of rows is one subtraction.

use super::fold::{Admit, Gate};
use super::{Core, Moments, State};
use crate::column::{Column, Data};
use crate::events::Events;
use crate::exact::PrefixExact;
use featc_ir::{Aggregate, Slot};
use std::ops::Range;

/// See the module. Columnar: a few words per event, whatever the aggregate.
#[derive(Debug, Clone)]
pub struct Prefix {
    /// Events taken among the first i; `None`: all of them.
    taken: Option<Vec<u32>>,
    /// Errors among the first i, when there are any.
    errors: Option<Vec<[u32; 3]>>,
    sums: Sums,
}

#[derive(Debug, Clone)]
enum Sums {
    Count,
    Integer(Vec<i128>),
    Exact(PrefixExact),
    Moments(PrefixExact, PrefixExact),
}

impl Prefix {
    /// Prefix states of a slot over all events of a block; `None` if the aggregate is not a group.
    pub fn build(slot: &Slot, events: &Events) -> Option<Prefix> {
        let gate = Gate::new(slot, events);
        let open = gate.is_open();
        let admitted: Vec<Admit> = if open {
            vec![]
        } else {
            (0..events.len()).map(|row| gate.admit(row)).collect()
        };
        let valid = |row: usize| open || admitted[row] == Admit::Valid;
        let argument = slot.argument.map(|lift| &events.lifts[lift.index()]);
        let sums = match slot.aggregate {
            Aggregate::Count => Sums::Count,
            Aggregate::Sum | Aggregate::Mean => sums(argument?, valid),
            Aggregate::Variance | Aggregate::Stddev | Aggregate::VariancePop | Aggregate::StddevPop => {
                moments(argument?, valid)
            }
            Aggregate::Min
            | Aggregate::Max
            | Aggregate::First { .. }
            | Aggregate::Last { .. }
            | Aggregate::CountDistinct { .. }
            | Aggregate::TimeSinceLast => return None,
        };
        Some(Prefix {
            taken: (!open).then(|| count_taken(&admitted)),
            errors: count_errors(&admitted),
            sums,
        })
    }

    /// The state of the events in these rows: as [`State::fold`] over them. Does not allocate for sums of usual width.
    pub fn range(&self, rows: Range<usize>) -> State {
        let taken = match &self.taken {
            None => rows.len() as i64,
            Some(taken) => i64::from(taken[rows.end] - taken[rows.start]),
        };
        let errors = self.errors.as_ref().map_or([0; 3], |errors| {
            let (from, to) = (errors[rows.start], errors[rows.end]);
            std::array::from_fn(|code| i64::from(to[code] - from[code]))
        });
        let core = match &self.sums {
            Sums::Count => Core::Count { taken },
            Sums::Integer(sums) => Core::Integer {
                taken,
                sum: sums[rows.end] - sums[rows.start],
            },
            Sums::Exact(sums) => Core::Exact {
                taken,
                sum: sums.range(rows),
            },
            Sums::Moments(sums, squares) => Core::Moments(Box::new(Moments {
                taken,
                sum: sums.range(rows.clone()),
                squares: squares.range(rows),
            })),
        };
        State::with_errors(errors, core)
    }
}

fn count_taken(admitted: &[Admit]) -> Vec<u32> {
    running(admitted, 0, |count, admit| *count += u32::from(admit == Admit::Valid))
}

fn count_errors(admitted: &[Admit]) -> Option<Vec<[u32; 3]>> {
    let any = admitted.iter().any(|admit| matches!(admit, Admit::Error(_)));
    any.then(|| {
        running(admitted, [0; 3], |counts, admit| match admit {
            Admit::Error(code) => counts[code as usize - 1] += 1,
            Admit::Valid | Admit::Null | Admit::Skip => {}
        })
    })
}

/// The start, then what it becomes after each row.
fn running<T: Copy>(admitted: &[Admit], start: T, step: impl Fn(&mut T, Admit)) -> Vec<T> {
    let mut all = Vec::with_capacity(admitted.len() + 1);
    let mut now = start;
    all.push(now);
    for admit in admitted {
        step(&mut now, *admit);
        all.push(now);
    }
    all
}

fn sums(argument: &Column, valid: impl Fn(usize) -> bool) -> Sums {
    match &argument.data {
        Data::I64(values) => {
            let mut sums = Vec::with_capacity(values.len() + 1);
            let mut sum = 0i128;
            sums.push(sum);
            for (row, value) in values.iter().enumerate() {
                sum += if valid(row) { i128::from(*value) } else { 0 };
                sums.push(sum);
            }
            Sums::Integer(sums)
        }
        Data::F64(values) => Sums::Exact(PrefixExact::floats(values, valid)),
        Data::I128(values) => Sums::Exact(PrefixExact::integers(values.len(), |row| {
            valid(row).then(|| values[row])
        })),
        Data::Bool(_) | Data::Str(_) => super::different_slots(),
    }
}

fn moments(argument: &Column, valid: impl Fn(usize) -> bool) -> Sums {
    let integers = |rows: usize, value: &dyn Fn(usize) -> i128| {
        let taken = |row: usize| valid(row).then(|| value(row));
        Sums::Moments(
            PrefixExact::integers(rows, taken),
            PrefixExact::integer_squares(rows, taken),
        )
    };
    match &argument.data {
        Data::I64(values) => integers(values.len(), &|row| i128::from(values[row])),
        Data::F64(values) => Sums::Moments(
            PrefixExact::floats(values, &valid),
            PrefixExact::float_squares(values, &valid),
        ),
        Data::I128(values) => integers(values.len(), &|row| values[row]),
        Data::Bool(_) | Data::Str(_) => super::different_slots(),
    }
}
