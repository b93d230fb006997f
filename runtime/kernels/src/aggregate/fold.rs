//! Folding events into states, a column at a time.

use super::{Core, Errors, Moments, Point, State, keep_point, keep_value};
use crate::column::{Column, Data, Tag};
use crate::events::Events;
use crate::exact::ExactSum;
use crate::value::float_order;
use featc_ir::{Aggregate, ErrorCode, Slot};
use std::cmp::Ordering;
use std::ops::Range;

/// What becomes of an event in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admit {
    /// It takes part (its argument, if there is one, is valid).
    Valid,
    /// Its argument is null: only row-atomic aggregates take it.
    Null,
    /// The filter is false or null.
    Skip,
    Error(ErrorCode),
}

/// The columns that decide it: poison, filter, argument, in this order.
#[derive(Debug)]
pub(super) struct Gate<'a> {
    poison: Option<&'a [u8]>,
    filter: Option<&'a Column>,
    argument: Option<&'a [u8]>,
}

impl<'a> Gate<'a> {
    pub(super) fn new(slot: &Slot, events: &'a Events) -> Gate<'a> {
        Gate {
            poison: events.poison.as_deref(),
            filter: slot.filter.map(|lift| &events.lifts[lift.index()]),
            argument: slot
                .argument
                .and_then(|lift| events.lifts[lift.index()].tags.as_deref()),
        }
    }

    /// Whether every event is [`Admit::Valid`].
    pub(super) fn is_open(&self) -> bool {
        self.poison.is_none() && self.filter.is_none() && self.argument.is_none()
    }

    #[inline]
    pub(super) fn admit(&self, row: usize) -> Admit {
        if let Some(code) = self.poison.and_then(|tags| Tag::as_error(tags[row])) {
            return Admit::Error(code);
        }
        if let Some(filter) = self.filter {
            if let Some(code) = filter.error(row) {
                return Admit::Error(code);
            }
            if !filter.is_true(row) {
                return Admit::Skip;
            }
        }
        match self.argument.map_or(Tag::VALID, |tags| tags[row]) {
            Tag::VALID => Admit::Valid,
            tag => Tag::as_error(tag).map_or(Admit::Null, Admit::Error),
        }
    }
}

impl State {
    /// Adds the events in these rows of a block (sorted by time, id, digest), none of which is in the state.
    pub fn fold(&mut self, slot: &Slot, events: &Events, rows: Range<usize>) {
        if rows.is_empty() {
            return;
        }
        let gate = Gate::new(slot, events);
        let argument = slot.argument.map(|lift| &events.lifts[lift.index()]);
        if gate.is_open() {
            self.fold_admitted(slot, events, argument, rows, |_| Admit::Valid);
        } else {
            for row in rows.clone() {
                if let Admit::Error(code) = gate.admit(row) {
                    self.errors.note(code);
                }
            }
            self.fold_admitted(slot, events, argument, rows, |row| gate.admit(row));
        }
    }

    #[inline]
    fn fold_admitted(
        &mut self,
        slot: &Slot,
        events: &Events,
        argument: Option<&Column>,
        rows: Range<usize>,
        admit: impl Fn(usize) -> Admit,
    ) {
        let valid = |row: &usize| admit(*row) == Admit::Valid;
        match &mut self.core {
            Core::Count { taken } => *taken = taken.wrapping_add(rows.filter(valid).count() as i64),
            Core::Integer { taken, sum } => {
                let values = expect(argument).i64s();
                for row in rows.filter(valid) {
                    *taken = taken.wrapping_add(1);
                    *sum = sum.wrapping_add(i128::from(values[row]));
                }
            }
            Core::Exact { taken, sum } => {
                *taken = taken.wrapping_add(add_all(sum, &expect(argument).data, rows.filter(valid)));
            }
            Core::Moments(moments) => moments.fold(expect(argument), rows.filter(valid)),
            Core::Min(value) => {
                let column = expect(argument);
                if let Some(row) = extreme(column, rows.filter(valid), Ordering::Less) {
                    keep_value(value, Some(&column.value(row)), Ordering::Less);
                }
            }
            Core::Max(value) => {
                let column = expect(argument);
                if let Some(row) = extreme(column, rows.filter(valid), Ordering::Greater) {
                    keep_value(value, Some(&column.value(row)), Ordering::Greater);
                }
            }
            Core::First(point) => {
                let nulls = !ignores_nulls(slot.aggregate);
                if let Some(row) = rows.into_iter().find(|row| takes(admit(*row), nulls)) {
                    let make = || point_at(events, expect(argument), row);
                    keep_point(point, events.key(row), make, Ordering::Less);
                }
            }
            Core::Last(point) => {
                let nulls = !ignores_nulls(slot.aggregate);
                if let Some(row) = rows.rev().find(|row| takes(admit(*row), nulls)) {
                    let make = || point_at(events, expect(argument), row);
                    keep_point(point, events.key(row), make, Ordering::Greater);
                }
            }
            Core::Distinct(distinct) => {
                let column = expect(argument);
                rows.filter(valid).for_each(|row| distinct.insert(column, row));
            }
            Core::LastTime(time) => {
                if let Some(row) = rows.rev().find(valid) {
                    *time = (*time).max(Some(events.times[row]));
                }
            }
        }
    }

    pub(super) fn with_errors(errors: [i64; 3], core: Core) -> State {
        State {
            errors: Errors(errors),
            core,
        }
    }
}

/// Adds the values of these rows to a sum and returns how many they are.
#[inline]
fn add_all(sum: &mut ExactSum, data: &Data, rows: impl Iterator<Item = usize>) -> i64 {
    let mut taken = 0;
    match data {
        Data::F64(values) => rows.for_each(|row| {
            taken += 1;
            sum.add_f64(values[row]);
        }),
        Data::I128(values) => rows.for_each(|row| {
            taken += 1;
            sum.add_i128(values[row]);
        }),
        Data::Bool(_) | Data::I64(_) | Data::Str(_) => super::different_slots(),
    }
    taken
}

impl Moments {
    fn fold(&mut self, column: &Column, rows: impl Iterator<Item = usize>) {
        let mut taken = 0;
        match &column.data {
            Data::I64(values) => rows.for_each(|row| {
                taken += 1;
                self.add_integer(i128::from(values[row]));
            }),
            Data::F64(values) => rows.for_each(|row| {
                taken += 1;
                self.sum.add_f64(values[row]);
                self.squares.add_product(values[row], values[row]);
            }),
            Data::I128(values) => rows.for_each(|row| {
                taken += 1;
                self.add_integer(values[row]);
            }),
            Data::Bool(_) | Data::Str(_) => super::different_slots(),
        }
        self.taken = self.taken.wrapping_add(taken);
    }

    fn add_integer(&mut self, value: i128) {
        self.sum.add_i128(value);
        self.squares.add_square_i128(value);
    }
}

/// The first row whose value is extreme in the wanted direction.
fn extreme(column: &Column, rows: impl Iterator<Item = usize>, wanted: Ordering) -> Option<usize> {
    fn best(
        rows: impl Iterator<Item = usize>,
        wanted: Ordering,
        compare: impl Fn(usize, usize) -> Ordering,
    ) -> Option<usize> {
        rows.reduce(|best, row| if compare(row, best) == wanted { row } else { best })
    }
    match &column.data {
        Data::Bool(values) => best(rows, wanted, |left, right| values[left].cmp(&values[right])),
        Data::I64(values) => best(rows, wanted, |left, right| values[left].cmp(&values[right])),
        Data::F64(values) => best(rows, wanted, |left, right| float_order(values[left], values[right])),
        Data::I128(values) => best(rows, wanted, |left, right| values[left].cmp(&values[right])),
        Data::Str(values) => best(rows, wanted, |left, right| values.get(left).cmp(values.get(right))),
    }
}

fn point_at(events: &Events, column: &Column, row: usize) -> Point {
    Point {
        time_us: events.times[row],
        id: events.id(row).to_vec(),
        digest: events.digests[row],
        value: column.value(row),
    }
}

fn takes(admit: Admit, nulls: bool) -> bool {
    match admit {
        Admit::Valid => true,
        Admit::Null => nulls,
        Admit::Skip | Admit::Error(_) => false,
    }
}

fn ignores_nulls(aggregate: Aggregate) -> bool {
    matches!(
        aggregate,
        Aggregate::First { ignoring_nulls: true } | Aggregate::Last { ignoring_nulls: true }
    )
}

/// Every aggregate but `count` and `time_since_last` has an argument: the type checker saw to that.
fn expect(argument: Option<&Column>) -> &Column {
    argument.expect("an aggregate with an argument")
}
