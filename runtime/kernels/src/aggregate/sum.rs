//! `sum` and `mean`: a group of exact sums (see [`crate::exact`] for the source of the algorithm), with one rounding, or
//! one check of the range, at the end.

use super::number::Number;
use super::{Aggregate, Asked, Input, Name, Types};
use crate::column::Data;
use crate::decimal;
use crate::exact::{self, ExactSum};
use crate::ratio::ratio_to_f64;
use crate::value::{Value, canonical};
use featc_ir::{ErrorCode, Type};

/// How many numbers, and their sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    taken: i64,
    total: Total,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Total {
    /// Of int64: 2^64 of them fit.
    Integer(i128),
    /// Of float64, and of decimals in units of 10^-scale.
    Exact(ExactSum),
}

impl Aggregate for Sum {
    fn identity(_: Name, types: Types) -> Sum {
        let total = match types.argument {
            Some(Type::Float64 | Type::Decimal { .. }) => Total::Exact(ExactSum::new()),
            _ => Total::Integer(0),
        };
        Sum { taken: 0, total }
    }

    fn lift(&mut self, input: &Input<'_>, row: usize) {
        self.fold(input, std::iter::once(row));
    }

    #[inline]
    fn fold(&mut self, input: &Input<'_>, rows: impl DoubleEndedIterator<Item = usize>) {
        let mut taken = 0;
        match (&mut self.total, &input.argument().data) {
            (Total::Integer(sum), Data::I64(values)) => rows.for_each(|row| {
                taken += 1;
                *sum = sum.wrapping_add(i128::from(values[row]));
            }),
            (Total::Exact(sum), Data::F64(values)) => rows.for_each(|row| {
                taken += 1;
                sum.add_f64(values[row]);
            }),
            (Total::Exact(sum), _) => rows.for_each(|row| {
                taken += 1;
                Number::at(input.argument(), row).add_to(sum);
            }),
            (Total::Integer(_), _) => super::different_slots(),
        }
        self.taken = self.taken.wrapping_add(taken);
    }

    fn combine(&mut self, other: &Sum) {
        self.taken = self.taken.wrapping_add(other.taken);
        match (&mut self.total, &other.total) {
            (Total::Integer(ours), Total::Integer(theirs)) => *ours = ours.wrapping_add(*theirs),
            (Total::Exact(ours), Total::Exact(theirs)) => ours.combine(theirs),
            (Total::Integer(_), Total::Exact(_)) | (Total::Exact(_), Total::Integer(_)) => super::different_slots(),
        }
    }

    fn subtract(&mut self, other: &Sum) {
        self.taken = self.taken.wrapping_sub(other.taken);
        match (&mut self.total, &other.total) {
            (Total::Integer(ours), Total::Integer(theirs)) => *ours = ours.wrapping_sub(*theirs),
            (Total::Exact(ours), Total::Exact(theirs)) => ours.subtract(theirs),
            (Total::Integer(_), Total::Exact(_)) | (Total::Exact(_), Total::Integer(_)) => super::different_slots(),
        }
    }

    fn is_empty(&self) -> bool {
        self.taken == 0
    }

    fn heap_bytes(&self) -> usize {
        match &self.total {
            Total::Integer(_) => 0,
            Total::Exact(sum) => sum.heap_bytes(),
        }
    }

    fn lower(&self, asked: &Asked) -> Result<Value, ErrorCode> {
        let overflow = ErrorCode::Overflow;
        match (&self.total, asked.name) {
            (Total::Integer(sum), Name::Mean) => Ok(Value::Float64(ratio_to_f64(*sum, i128::from(self.taken)))),
            (Total::Integer(sum), Name::Sum) => i64::try_from(*sum).map(Value::Int64).map_err(|_| overflow),
            (Total::Exact(sum), Name::Mean) => {
                let scale = asked.types.argument.map_or(0, featc_ir::Type::scale);
                let mean = exact::mean_scaled(sum, self.taken.unsigned_abs(), scale);
                Ok(Value::Float64(canonical(mean)))
            }
            (Total::Exact(sum), Name::Sum) => match asked.types.argument {
                Some(Type::Decimal { .. }) => {
                    let sum = sum.to_i128().and_then(|sum| decimal::fitting(sum, 38));
                    sum.map(Value::Decimal).ok_or(overflow)
                }
                _ => Ok(Value::Float64(canonical(sum.round()))),
            },
            (_, other) => super::other_state(other),
        }
    }
}
