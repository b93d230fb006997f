//! Variances and standard deviations, from totals of values and of their squares.

use super::classes::{Classes, Taken};
use super::groups::{Answer, where_taken};
use super::totals::{of_rows, totals};
use super::{Context, argument_type};
use featc_ir::{Aggregate, Slot, Type};
use featr_kernels::exact::{self, FixedMoments, PrefixExact};
use featr_kernels::value::canonical;
use featr_kernels::{Data, Tag};

/// Prefix sums of values and of their squares.
pub(super) enum Moments {
    /// Where there are no packs.
    Fixed(FixedMoments),
    /// With the key of their classes.
    Exact(PrefixExact, PrefixExact, usize),
}

impl Moments {
    /// Of the slot's argument; `None` if it is no number.
    pub fn new(context: &Context<'_>, slot: &Slot, classes: &Classes) -> Option<Moments> {
        let column = context.lift(slot.argument?);
        let takes = |row: usize| classes.takes(row);
        let rows = column.len();
        let exact = |value: &dyn Fn(usize) -> Option<i128>| {
            Moments::Exact(
                PrefixExact::integers(rows, value),
                PrefixExact::integer_squares(rows, value),
                classes.key,
            )
        };
        // Sums of packs come in limbs.
        let divisor = |scale: u8| divisor(scale, rows).filter(|_| context.run.packs.is_empty());
        let integers = |value: &dyn Fn(usize) -> Option<i128>, scale: u8| {
            let fits = divisor(scale).is_some();
            let fixed = fits.then(|| FixedMoments::integers(rows, value)).flatten();
            fixed.map_or_else(|| exact(value), Moments::Fixed)
        };
        Some(match &column.data {
            Data::F64(values) => {
                let fixed = divisor(0).and_then(|_| FixedMoments::floats(values, takes));
                let exact = || {
                    Moments::Exact(
                        PrefixExact::floats(values, takes),
                        PrefixExact::float_squares(values, takes),
                        classes.key,
                    )
                };
                fixed.map_or_else(exact, Moments::Fixed)
            }
            Data::I64(values) => integers(&|row| takes(row).then(|| i128::from(values[row])), 0),
            Data::I128(values) => integers(&|row| takes(row).then(|| values[row]), scale_of(column.ty)),
            Data::Bool(_) | Data::Str(_) => return None,
        })
    }
}

/// 100^scale, if so many squared counts of it fit 64 bits.
fn divisor(scale: u8, rows: usize) -> Option<u64> {
    let divisor = 100u64.checked_pow(u32::from(scale))?;
    let rows = u64::try_from(rows).ok()?;
    divisor.checked_mul(rows)?.checked_mul(rows)?;
    Some(divisor)
}

fn scale_of(ty: Type) -> u8 {
    if let Type::Decimal { scale, .. } = ty { scale } else { 0 }
}

/// All variances and standard deviations of one argument over one window.
pub(super) fn variances<'s>(
    context: &Context<'_>,
    reach: usize,
    slots: impl Iterator<Item = (usize, &'s Slot)>,
    taken: &Taken,
    moments: &Moments,
    mut put: impl FnMut(usize, Answer),
) {
    let answer = |slot: &Slot, variance: &dyn Fn(usize, u32, bool) -> Option<f64>| {
        let population = matches!(slot.aggregate, Aggregate::VariancePop | Aggregate::StddevPop);
        let root = matches!(slot.aggregate, Aggregate::Stddev | Aggregate::StddevPop);
        let mut values = Vec::with_capacity(taken.counts.len());
        // One value alone has no variance: null, and `Ok`.
        let mut without: Vec<usize> = vec![];
        for (question, count) in taken.counts.iter().enumerate() {
            let variance = variance(question, *count, population);
            if variance.is_none() && *count > 0 {
                without.push(question);
            }
            let variance = variance.unwrap_or(0.0);
            values.push(canonical(if root { variance.sqrt() } else { variance }));
        }
        let rows = values.len();
        let (mut column, statuses) = where_taken(slot, taken, Data::F64(values));
        if !without.is_empty() {
            let tags = column.tags.get_or_insert_with(|| vec![Tag::VALID; rows]);
            without.into_iter().for_each(|question| tags[question] = Tag::NULL);
        }
        (column, statuses)
    };
    match moments {
        Moments::Fixed(moments) => {
            let unit = moments.sums().unit();
            let sums = of_rows(context, reach, moments.sums().sums());
            let squares = of_rows(context, reach, moments.squares());
            for (at, slot) in slots {
                let scale = argument_type(context.run, slot).map_or(0, scale_of);
                let divisor = 100u64.pow(u32::from(scale));
                let variance = |question: usize, count: u32, population: bool| {
                    unit.variance(count, sums[question], squares[question], divisor, population)
                };
                put(at, answer(slot, &variance));
            }
        }
        Moments::Exact(sums, squares, key) => {
            let sums = totals(context, reach, sums, |pack| pack.sum(*key).clone());
            let squares = totals(context, reach, squares, |pack| pack.squares(*key).clone());
            for (at, slot) in slots {
                let scale = argument_type(context.run, slot).map_or(0, scale_of);
                let variance = |question: usize, count: u32, population: bool| {
                    exact::variance(count.into(), &sums[question], &squares[question], scale, population)
                };
                put(at, answer(slot, &variance));
            }
        }
    }
}
