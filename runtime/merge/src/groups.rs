//! Aggregates with exact inverses: from totals to values, a column at a time.

use crate::classes::Classes;
use crate::context::{Context, argument_type};
use crate::taken::{Taken, tags};
use crate::totals::{of_rows, totals};
use featc_ir::{Aggregate, ErrorCode, Slot, Status, Type};
use featr_kernels::exact::{self, ExactSum, FixedSums, PrefixExact, Specials, Unit};
use featr_kernels::value::canonical;
use featr_kernels::{Column, Data, decimal};

/// Values and statuses.
pub(super) type Answer = (Column, Vec<Status>);

/// `count`.
pub(super) fn count(slot: &Slot, taken: &Taken) -> Answer {
    let data = Data::I64(taken.counts.iter().map(|count| i64::from(*count)).collect());
    let column = Column {
        ty: slot.ty,
        data,
        tags: taken.error_tags.clone(),
    };
    (column, taken.statuses.clone())
}

/// The answer of data that is valid where something was taken and nothing failed.
pub(super) fn where_taken(slot: &Slot, taken: &Taken, data: Data) -> Answer {
    let column = Column {
        ty: slot.ty,
        data,
        tags: taken.tags.clone(),
    };
    (column, taken.statuses.clone())
}

/// The same of whole numbers, given by question; `None` does not fit its type.
fn where_fitting(slot: &Slot, taken: &Taken, number: impl Fn(usize) -> Option<i128>) -> Answer {
    let questions = 0..taken.counts.len();
    let numbers = questions.clone().map(|question| number(question).unwrap_or(0));
    let data = match slot.ty {
        Type::Decimal { .. } => Data::I128(numbers.collect()),
        _ => Data::I64(numbers.map(|number| number as i64).collect()),
    };
    let (mut column, mut statuses) = where_taken(slot, taken, data);
    let mut overflows = false;
    for (question, status) in questions.zip(&mut statuses) {
        if *status == Status::Ok && number(question).is_none() {
            (*status, overflows) = (Status::Error(ErrorCode::Overflow), true);
        }
    }
    if overflows {
        column.tags = tags(&statuses, |status| status != Status::Ok);
    }
    (column, statuses)
}

/// Prefix sums of an argument over the events that take part.
pub(super) enum Sums {
    /// Where there are no summaries.
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
            // Sums of summaries come in limbs.
            _ if !context.run.summaries.is_empty() => None,
            Data::F64(values) if classes.all() => FixedSums::floats(values, |_| true),
            Data::F64(values) => FixedSums::floats(values, takes),
            Data::I64(values) => Some(FixedSums::words(values, takes)),
            Data::I128(values) => FixedSums::integers(values.len(), |row| takes(row).then(|| values[row])),
            Data::Bool(_) | Data::Str(_) => None,
        };
        if let Some(fixed) = fixed {
            return Some(Sums::Fixed(fixed));
        }
        let integers = |value: &dyn Fn(usize) -> i128| {
            PrefixExact::integers(context.run.events.len(), |row| takes(row).then(|| value(row)))
        };
        let exact = match column {
            Data::F64(values) => PrefixExact::floats(values, takes),
            Data::I64(values) => integers(&|row| i128::from(values[row])),
            Data::I128(values) => integers(&|row| values[row]),
            Data::Bool(_) | Data::Str(_) => return None,
        };
        Some(Sums::Exact(exact, classes.key))
    }

    /// The sums over one window.
    pub fn total(&self, context: &Context<'_>, frame: usize) -> Total {
        match self {
            Sums::Fixed(sums) => Total::Fixed(
                sums.unit(),
                of_rows(context, frame, sums.sums()),
                sums.specials().map(|specials| of_rows(context, frame, specials)),
            ),
            Sums::Exact(sums, key) => Total::Exact(totals(context, frame, sums, |summary| summary.sum(*key).clone())),
        }
    }
}

/// A sum of the values that take part, in a window, per question.
pub(super) enum Total {
    Fixed(Unit, Vec<i128>, Option<Vec<Specials>>),
    Exact(Vec<ExactSum>),
}

impl Total {
    /// The sum or the mean.
    pub fn answer(&self, context: &Context<'_>, slot: &Slot, taken: &Taken) -> Answer {
        let of = argument_type(context.run, slot);
        match (slot.aggregate, of) {
            (Aggregate::Mean, _) => {
                let scale = of.map_or(0, Type::scale);
                where_taken(slot, taken, Data::F64(self.means(&taken.counts, scale)))
            }
            (_, Some(Type::Float64)) => where_taken(slot, taken, Data::F64(self.rounded())),
            (_, Some(Type::Decimal { .. })) => {
                let fits = |total: &i128| decimal::fits(*total, 38);
                where_fitting(slot, taken, |question| self.whole(question).filter(fits))
            }
            _ => {
                let fits = |total: &i128| i64::try_from(*total).is_ok();
                where_fitting(slot, taken, |question| self.whole(question).filter(fits))
            }
        }
    }

    /// The total of a question, if it is an integer of 128 bits.
    #[inline]
    fn whole(&self, question: usize) -> Option<i128> {
        match self {
            Total::Fixed(_, totals, _) => Some(totals[question]),
            Total::Exact(totals) => totals[question].to_i128(),
        }
    }

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
