//! From a state to a value and the slot's status.

use super::{Core, State};
use crate::exact;
use crate::value::{Value, canonical};
use featc_ir::{Aggregate, ErrorCode, Slot, Status, Type};

/// Decimals have at most 38 digits.
const DECIMAL_BOUND: i128 = 10i128.pow(38);

impl State {
    /// The slot's answer at `t_us`. `argument` is the type of the slot's argument.
    ///
    /// `Error(least code)` and null if an error is counted, or the result does not fit its type; `Empty` if nothing was
    /// taken (0 for counts, null otherwise); else `Ok`, where a value may still be null (a `first` of a null, the
    /// variance of one value).
    pub fn lower(&self, slot: &Slot, argument: Option<Type>, t_us: i64) -> (Value, Status) {
        // Law: errors_counted (proofs/theory/Agg.v)
        // Law: least_error_shows (proofs/theory/Agg.v)
        if let Some(code) = self.errors.least() {
            return (Value::Null, Status::Error(code));
        }
        if self.is_empty() {
            let value = if slot.aggregate.is_zero_when_empty() {
                Value::Int64(0)
            } else {
                Value::Null
            };
            return (value, Status::Empty);
        }
        match self.value(slot, argument, t_us) {
            Ok(value) => (value, Status::Ok),
            Err(code) => (Value::Null, Status::Error(code)),
        }
    }

    fn value(&self, slot: &Slot, argument: Option<Type>, t_us: i64) -> Result<Value, ErrorCode> {
        let scale = if let Some(Type::Decimal { scale, .. }) = argument {
            scale
        } else {
            0
        };
        let overflow = ErrorCode::Overflow;
        let mean = slot.aggregate == Aggregate::Mean;
        match &self.core {
            Core::Count { taken } => Ok(Value::Int64(*taken)),
            Core::Integer { taken, sum } if mean => {
                Ok(Value::Float64(crate::ratio::ratio_to_f64(*sum, i128::from(*taken))))
            }
            Core::Integer { sum, .. } => {
                let sum = i64::try_from(*sum).map_err(|_| overflow)?;
                Ok(if slot.ty == Type::Duration {
                    Value::Duration(sum)
                } else {
                    Value::Int64(sum)
                })
            }
            Core::Exact { taken, sum } if mean => Ok(Value::Float64(canonical(exact::mean_scaled(
                sum,
                taken.unsigned_abs(),
                scale,
            )))),
            Core::Exact { sum, .. } if matches!(argument, Some(Type::Decimal { .. })) => {
                let sum = sum
                    .to_i128()
                    .filter(|sum| -DECIMAL_BOUND < *sum && *sum < DECIMAL_BOUND);
                sum.map(Value::Decimal).ok_or(overflow)
            }
            Core::Exact { sum, .. } => Ok(Value::Float64(canonical(sum.round()))),
            Core::Moments(moments) => {
                let population = matches!(slot.aggregate, Aggregate::VariancePop | Aggregate::StddevPop);
                let root = matches!(slot.aggregate, Aggregate::Stddev | Aggregate::StddevPop);
                let count = u64::try_from(moments.taken).unwrap_or(0);
                let variance = exact::variance(count, &moments.sum, &moments.squares, scale, population);
                let result = variance.map(|variance| if root { variance.sqrt() } else { variance });
                Ok(result.map_or(Value::Null, |result| Value::Float64(canonical(result))))
            }
            Core::Min(value) | Core::Max(value) => Ok(value.clone().unwrap_or(Value::Null)),
            Core::First(point) | Core::Last(point) => {
                Ok(point.as_ref().map_or(Value::Null, |point| point.value.clone()))
            }
            Core::Distinct(distinct) => {
                let count = distinct.count().ok_or(ErrorCode::Cap)?;
                Ok(Value::Int64(count as i64))
            }
            Core::LastTime(time) => match time {
                Some(time) => t_us.checked_sub(*time).map(Value::Duration).ok_or(overflow),
                None => Ok(Value::Null),
            },
        }
    }
}
