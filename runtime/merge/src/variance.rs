//! Variances and standard deviations, from totals of values and of their squares.

use crate::classes::Classes;
use crate::context::{Context, argument_type};
use crate::groups::{Answer, where_taken};
use crate::taken::Taken;
use crate::totals::{of_rows, totals};
use featc_ir::Slot;
use featr_kernels::aggregate::VarianceForm;
use featr_kernels::exact::{self, ExactSum, FixedMoments, PrefixExact, Unit, Wide};
use featr_kernels::{Data, Tag};

/// Prefix sums of values and of their squares.
pub(super) enum Moments {
    /// Where there are no summaries.
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
        // Sums of summaries come in limbs.
        let divisor = |scale: u8| divisor(scale, rows).filter(|_| context.run.summaries.is_empty());
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
            Data::I128(values) => integers(&|row| takes(row).then(|| values[row]), column.ty.scale()),
            Data::Bool(_) | Data::Str(_) => return None,
        })
    }

    /// The sums over one window.
    pub fn totals(&self, context: &Context<'_>, frame: usize) -> Totals {
        match self {
            Moments::Fixed(moments) => Totals::Fixed(
                moments.sums().unit(),
                of_rows(context, frame, moments.sums().sums()),
                of_rows(context, frame, moments.squares()),
            ),
            Moments::Exact(sums, squares, key) => Totals::Exact(
                totals(context, frame, sums, |summary| summary.sum(*key).clone()),
                totals(context, frame, squares, |summary| summary.squares(*key).clone()),
            ),
        }
    }
}

/// 100^scale, if so many squared counts of it fit 64 bits.
fn divisor(scale: u8, rows: usize) -> Option<u64> {
    let divisor = 100u64.checked_pow(u32::from(scale))?;
    let rows = u64::try_from(rows).ok()?;
    divisor.checked_mul(rows)?.checked_mul(rows)?;
    Some(divisor)
}

/// Sums of values and of squares in a window, per question.
pub(super) enum Totals {
    Fixed(Unit, Vec<i128>, Vec<Wide>),
    Exact(Vec<ExactSum>, Vec<ExactSum>),
}

impl Totals {
    /// A variance, or its root. One value alone has none: null, and `Ok`.
    pub fn answer(&self, context: &Context<'_>, slot: &Slot, taken: &Taken) -> Answer {
        let form = VarianceForm::of(slot.aggregate);
        let scale = argument_type(context.run, slot).map_or(0, featc_ir::Type::scale);
        let variance = |question: usize, count: u32| match self {
            Totals::Fixed(unit, sums, squares) => {
                let divisor = 100u64.pow(u32::from(scale));
                unit.variance(count, sums[question], squares[question], divisor, form.population)
            }
            Totals::Exact(sums, squares) => exact::variance(
                count.into(),
                &sums[question],
                &squares[question],
                scale,
                form.population,
            ),
        };
        let mut values = Vec::with_capacity(taken.counts.len());
        let mut without: Vec<usize> = vec![];
        for (question, count) in taken.counts.iter().enumerate() {
            let variance = variance(question, *count);
            if variance.is_none() && *count > 0 {
                without.push(question);
            }
            values.push(form.value(variance.unwrap_or(0.0)));
        }
        let rows = values.len();
        let (mut column, statuses) = where_taken(slot, taken, Data::F64(values));
        if !without.is_empty() {
            let tags = column.tags.get_or_insert_with(|| vec![Tag::VALID; rows]);
            without.into_iter().for_each(|question| tags[question] = Tag::NULL);
        }
        (column, statuses)
    }
}
