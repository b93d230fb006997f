//! Aggregates with exact inverses: from totals to values, a column at a time.

use super::classes::{Classes, Taken, tags};
use super::totals::{of_rows, totals};
use super::{Context, argument_type};
use featc_ir::{Aggregate, ErrorCode, Slot, Status, Type};
use featr_kernels::exact::{self, ExactSum, FixedSums, PrefixExact, Specials, Unit};
use featr_kernels::value::canonical;
use featr_kernels::{Column, Data};

/// Decimals have at most 38 digits.
const DECIMAL_BOUND: i128 = 10i128.pow(38);

/// Values and statuses.
pub(super) type Answer = (Column, Vec<Status>);

/// `count`.
pub(super) fn count(slot: &Slot, taken: &Taken) -> Answer {
    let data = Data::I64(taken.counts.iter().map(|count| i64::from(*count)).collect());
    (
        Column {
            ty: slot.ty,
            data,
            tags: taken.error_tags.clone(),
        },
        taken.statuses.clone(),
    )
}

/// The answer of data that is valid where something was taken and nothing failed.
pub(super) fn where_taken(slot: &Slot, taken: &Taken, data: Data) -> Answer {
    (
        Column {
            ty: slot.ty,
            data,
            tags: taken.tags.clone(),
        },
        taken.statuses.clone(),
    )
}

/// The same, where a value may not fit its type.
fn where_fitting(slot: &Slot, taken: &Taken, data: Data, fits: impl Fn(usize) -> bool) -> Answer {
    let mut statuses = taken.statuses.clone();
    let mut overflows = false;
    for (question, status) in statuses.iter_mut().enumerate() {
        if *status == Status::Ok && !fits(question) {
            (*status, overflows) = (Status::Error(ErrorCode::Overflow), true);
        }
    }
    let tags = if overflows {
        tags(&statuses, |status| status != Status::Ok)
    } else {
        taken.tags.clone()
    };
    (
        Column {
            ty: slot.ty,
            data,
            tags,
        },
        statuses,
    )
}

/// Prefix sums of an argument over the events that take part.
pub(super) enum Sums {
    /// Where there are no packs.
    Fixed(FixedSums),
    /// With the key of their classes.
    Exact(PrefixExact, usize),
}

impl Sums {
    /// Of the slot's argument; `None` if it is no number.
    pub fn new(context: &Context<'_>, slot: &Slot, classes: &Classes) -> Option<Sums> {
        let column = context.lift(slot.argument?);
        let takes = |row: usize| classes.takes(row);
        let column = &column.data;
        let fixed = match column {
            // Sums of packs come in limbs.
            _ if !context.run.packs.is_empty() => None,
            Data::F64(values) if classes.all() => FixedSums::floats(values, |_| true),
            Data::F64(values) => FixedSums::floats(values, takes),
            Data::I64(values) => Some(FixedSums::words(values, takes)),
            Data::I128(values) => FixedSums::integers(values.len(), |row| takes(row).then(|| values[row])),
            Data::Bool(_) | Data::Str(_) => None,
        };
        let exact = || match column {
            Data::F64(values) => Some(PrefixExact::floats(values, takes)),
            Data::I64(values) => {
                let value = |row: usize| takes(row).then(|| i128::from(values[row]));
                Some(PrefixExact::integers(values.len(), value))
            }
            Data::I128(values) => {
                let value = |row: usize| takes(row).then(|| values[row]);
                Some(PrefixExact::integers(values.len(), value))
            }
            Data::Bool(_) | Data::Str(_) => None,
        };
        match fixed {
            Some(fixed) => Some(Sums::Fixed(fixed)),
            None => exact().map(|sums| Sums::Exact(sums, classes.key)),
        }
    }
}

/// A sum of the values that take part, in a window, per question.
enum Total {
    Fixed(Unit, Vec<i128>, Option<Vec<Specials>>),
    Exact(Vec<ExactSum>),
}

/// All sums and means of one argument over one window.
pub(super) fn sums_and_means<'s>(
    context: &Context<'_>,
    reach: usize,
    slots: impl Iterator<Item = (usize, &'s Slot)>,
    taken: &Taken,
    sums: &Sums,
    mut put: impl FnMut(usize, Answer),
) {
    let total = match sums {
        Sums::Fixed(sums) => Total::Fixed(
            sums.unit(),
            of_rows(context, reach, sums.sums()),
            sums.specials().map(|specials| of_rows(context, reach, specials)),
        ),
        Sums::Exact(sums, key) => Total::Exact(totals(context, reach, sums, |pack| pack.sum(*key).clone())),
    };
    for (at, slot) in slots {
        let answer = match (&total, argument_type(context.run, slot), slot.aggregate) {
            (_, Some(Type::Float64), Aggregate::Sum) => where_taken(slot, taken, Data::F64(total.rounded())),
            (_, ty, Aggregate::Mean) => {
                let scale = if let Some(Type::Decimal { scale, .. }) = ty {
                    scale
                } else {
                    0
                };
                where_taken(slot, taken, Data::F64(total.means(&taken.counts, scale)))
            }
            (Total::Fixed(_, totals, _), Some(Type::Decimal { .. }), _) => {
                let fits = |question: usize| totals[question].unsigned_abs() < DECIMAL_BOUND.unsigned_abs();
                where_fitting(slot, taken, Data::I128(totals.clone()), fits)
            }
            (Total::Fixed(_, totals, _), _, _) => {
                let words = totals.iter().map(|total| *total as i64).collect();
                let fits = |question: usize| i64::try_from(totals[question]).is_ok();
                where_fitting(slot, taken, Data::I64(words), fits)
            }
            (Total::Exact(totals), Some(Type::Decimal { .. }), _) => {
                let fitting = |total: &ExactSum| {
                    let total = total.to_i128();
                    total.filter(|total| total.unsigned_abs() < DECIMAL_BOUND.unsigned_abs())
                };
                let fitting: Vec<Option<i128>> = totals.iter().map(fitting).collect();
                let data = Data::I128(fitting.iter().map(|total| total.unwrap_or(0)).collect());
                where_fitting(slot, taken, data, |question| fitting[question].is_some())
            }
            (Total::Exact(totals), _, _) => {
                let word = |total: &ExactSum| total.to_i128().and_then(|total| i64::try_from(total).ok());
                let fitting: Vec<Option<i64>> = totals.iter().map(word).collect();
                let data = Data::I64(fitting.iter().map(|total| total.unwrap_or(0)).collect());
                where_fitting(slot, taken, data, |question| fitting[question].is_some())
            }
        };
        put(at, answer);
    }
}

impl Total {
    fn rounded(&self) -> Vec<f64> {
        match self {
            Total::Fixed(unit, totals, specials) => {
                let values = totals.iter().map(|total| unit.round(*total)).collect();
                with_specials(values, specials.as_deref())
            }
            Total::Exact(totals) => totals.iter().map(|total| canonical(total.round())).collect(),
        }
    }

    /// Quotients by counts of values in units of 10^-scale.
    fn means(&self, counts: &[u32], scale: u8) -> Vec<f64> {
        match self {
            Total::Fixed(unit, totals, specials) => {
                let power = 10u64.checked_pow(u32::from(scale));
                let divisor = power.filter(|power| *power < 1 << 32).unwrap_or(0);
                let mean = |(total, count): (&i128, &u32)| {
                    if divisor == 0 {
                        let mut sum = ExactSum::new();
                        sum.add_i128(*total);
                        canonical(exact::mean_scaled(&sum, u64::from(*count), scale))
                    } else {
                        unit.divide(*total, u64::from(*count) * divisor)
                    }
                };
                let values = totals.iter().zip(counts).map(mean).collect();
                with_specials(values, specials.as_deref())
            }
            Total::Exact(totals) => {
                let mean = |(total, count): (&ExactSum, &u32)| exact::mean_scaled(total, u64::from(*count), scale);
                totals.iter().zip(counts).map(mean).map(canonical).collect()
            }
        }
    }
}

/// Puts what NaNs and infinities make of sums in their place.
fn with_specials(mut values: Vec<f64>, specials: Option<&[Specials]>) -> Vec<f64> {
    for (value, specials) in values.iter_mut().zip(specials.unwrap_or_default()) {
        *value = specials.outcome().unwrap_or(*value);
    }
    values
}
