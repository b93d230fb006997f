//! The aggregates: canonical states of commutative monoids, some of them groups.
//!
//! ```text
//! identity ── fold(slot, events, rows) ──▶ State ── lower(slot, type, t) ──▶ (Value, Status)
//!                 combine, subtract, encode, decode
//! ```
//!
//! INVARIANT (canonical-states): a state is a function of the *set* of events folded into it. Equal sets give equal
//! states and equal bytes, whatever the order and the split; so any algorithm over states gives the same answer.
//!
//! Every state counts the errors among its events per code (a count has an inverse); what is folded beside them is the
//! same as if the events with errors were not there.

mod codec;
mod distinct;
mod fold;
mod lower;
mod prefix;

pub use prefix::Prefix;

use crate::events::EventKey;
use crate::exact::ExactSum;
use crate::value::Value;
use distinct::Distinct;
use featc_ir::{Aggregate, ErrorCode, Type};
use std::cmp::Ordering;

/// The state of one slot over a set of events. See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    errors: Errors,
    core: Core,
}

/// Events per error code, in the order of [`ErrorCode::ALL`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Errors([i64; 3]);

/// What the events without errors fold to. `taken` counts those that took part.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Core {
    Count {
        taken: i64,
    },
    /// Sum and mean of int64.
    Integer {
        taken: i64,
        sum: i128,
    },
    /// Sum and mean of float64 and decimal.
    Exact {
        taken: i64,
        sum: ExactSum,
    },
    Moments(Box<Moments>),
    Min(Option<Value>),
    Max(Option<Value>),
    First(Option<Box<Point>>),
    Last(Option<Box<Point>>),
    Distinct(Distinct),
    LastTime(Option<i64>),
}

/// Power sums of the values (decimals in units of 10^-scale).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Moments {
    taken: i64,
    sum: ExactSum,
    squares: ExactSum,
}

/// An event with its place in the order of the entity's events, and the argument there (may be null).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Point {
    time_us: i64,
    id: Vec<u8>,
    digest: u128,
    value: Value,
}

impl Point {
    fn key(&self) -> EventKey<'_> {
        (self.time_us, &self.id, self.digest)
    }
}

impl Errors {
    fn note(&mut self, code: ErrorCode) {
        let counter = &mut self.0[code as usize - 1];
        *counter = counter.wrapping_add(1);
    }

    /// The least code that is counted.
    fn least(&self) -> Option<ErrorCode> {
        ErrorCode::ALL
            .into_iter()
            .zip(self.0)
            .find(|(_, count)| *count != 0)
            .map(|(code, _)| code)
    }
}

impl State {
    /// The state of no events. `argument` is the type of the slot's argument.
    pub fn identity(aggregate: Aggregate, argument: Option<Type>) -> State {
        let core = match aggregate {
            Aggregate::Count => Core::Count { taken: 0 },
            Aggregate::Sum | Aggregate::Mean => match argument {
                Some(Type::Float64 | Type::Decimal { .. }) => Core::Exact {
                    taken: 0,
                    sum: ExactSum::new(),
                },
                Some(Type::Bool | Type::Int64 | Type::String | Type::Timestamp | Type::Date | Type::Duration)
                | None => Core::Integer { taken: 0, sum: 0 },
            },
            Aggregate::Variance | Aggregate::Stddev | Aggregate::VariancePop | Aggregate::StddevPop => {
                Core::Moments(Box::new(Moments {
                    taken: 0,
                    sum: ExactSum::new(),
                    squares: ExactSum::new(),
                }))
            }
            Aggregate::Min => Core::Min(None),
            Aggregate::Max => Core::Max(None),
            Aggregate::First { .. } => Core::First(None),
            Aggregate::Last { .. } => Core::Last(None),
            Aggregate::CountDistinct { cap } => Core::Distinct(Distinct::new(cap, argument)),
            Aggregate::TimeSinceLast => Core::LastTime(None),
        };
        State {
            errors: Errors::default(),
            core,
        }
    }

    /// Adds the events of another state of the same slot; the two must not share events where the aggregate counts.
    /// Commutative and associative.
    pub fn combine(&mut self, other: &State) {
        for (ours, theirs) in self.errors.0.iter_mut().zip(other.errors.0) {
            *ours = ours.wrapping_add(theirs);
        }
        match (&mut self.core, &other.core) {
            (Core::Count { taken }, Core::Count { taken: more }) => *taken = taken.wrapping_add(*more),
            (
                Core::Integer { taken, sum },
                Core::Integer {
                    taken: more,
                    sum: other,
                },
            ) => {
                *taken = taken.wrapping_add(*more);
                *sum = sum.wrapping_add(*other);
            }
            (
                Core::Exact { taken, sum },
                Core::Exact {
                    taken: more,
                    sum: other,
                },
            ) => {
                *taken = taken.wrapping_add(*more);
                sum.combine(other);
            }
            (Core::Moments(ours), Core::Moments(theirs)) => {
                ours.taken = ours.taken.wrapping_add(theirs.taken);
                ours.sum.combine(&theirs.sum);
                ours.squares.combine(&theirs.squares);
            }
            (Core::Min(ours), Core::Min(theirs)) => keep_value(ours, theirs.as_ref(), Ordering::Less),
            (Core::Max(ours), Core::Max(theirs)) => keep_value(ours, theirs.as_ref(), Ordering::Greater),
            (Core::First(ours), Core::First(Some(theirs))) => {
                keep_point(ours, theirs.key(), || (**theirs).clone(), Ordering::Less);
            }
            (Core::Last(ours), Core::Last(Some(theirs))) => {
                keep_point(ours, theirs.key(), || (**theirs).clone(), Ordering::Greater);
            }
            (Core::First(_), Core::First(None)) | (Core::Last(_), Core::Last(None)) => {}
            (Core::Distinct(ours), Core::Distinct(theirs)) => ours.combine(theirs),
            (Core::LastTime(ours), Core::LastTime(theirs)) => *ours = (*ours).max(*theirs),
            (
                Core::Count { .. }
                | Core::Integer { .. }
                | Core::Exact { .. }
                | Core::Moments(_)
                | Core::Min(_)
                | Core::Max(_)
                | Core::First(_)
                | Core::Last(_)
                | Core::Distinct(_)
                | Core::LastTime(_),
                _,
            ) => different_slots(),
        }
    }

    /// Takes back the events of another state, all of which are in this one. Only where
    /// [`Aggregate::is_group`] holds.
    pub fn subtract(&mut self, other: &State) {
        for (ours, theirs) in self.errors.0.iter_mut().zip(other.errors.0) {
            *ours = ours.wrapping_sub(theirs);
        }
        match (&mut self.core, &other.core) {
            (Core::Count { taken }, Core::Count { taken: less }) => *taken = taken.wrapping_sub(*less),
            (
                Core::Integer { taken, sum },
                Core::Integer {
                    taken: less,
                    sum: other,
                },
            ) => {
                *taken = taken.wrapping_sub(*less);
                *sum = sum.wrapping_sub(*other);
            }
            (
                Core::Exact { taken, sum },
                Core::Exact {
                    taken: less,
                    sum: other,
                },
            ) => {
                *taken = taken.wrapping_sub(*less);
                sum.subtract(other);
            }
            (Core::Moments(ours), Core::Moments(theirs)) => {
                ours.taken = ours.taken.wrapping_sub(theirs.taken);
                ours.sum.subtract(&theirs.sum);
                ours.squares.subtract(&theirs.squares);
            }
            (
                Core::Count { .. }
                | Core::Integer { .. }
                | Core::Exact { .. }
                | Core::Moments(_)
                | Core::Min(_)
                | Core::Max(_)
                | Core::First(_)
                | Core::Last(_)
                | Core::Distinct(_)
                | Core::LastTime(_),
                _,
            ) => different_slots(),
        }
    }

    /// Whether nothing was folded: no event taken and no error counted.
    pub fn is_identity(&self) -> bool {
        self.errors == Errors::default() && self.is_empty()
    }

    /// Whether no event was taken (errors aside).
    fn is_empty(&self) -> bool {
        match &self.core {
            Core::Count { taken } | Core::Integer { taken, .. } | Core::Exact { taken, .. } => *taken == 0,
            Core::Moments(moments) => moments.taken == 0,
            Core::Min(value) | Core::Max(value) => value.is_none(),
            Core::First(point) | Core::Last(point) => point.is_none(),
            Core::Distinct(distinct) => distinct.is_empty(),
            Core::LastTime(time) => time.is_none(),
        }
    }
}

/// Keeps the value that is `wanted` relative to the other. Equal values are identical, so ties do not matter.
fn keep_value(ours: &mut Option<Value>, theirs: Option<&Value>, wanted: Ordering) {
    let Some(theirs) = theirs else { return };
    if ours.as_ref().is_none_or(|ours| theirs.compare(ours) == wanted) {
        *ours = Some(theirs.clone());
    }
}

/// As [`keep_value`], by the events' order; `make` is called only for a point that is kept.
fn keep_point(ours: &mut Option<Box<Point>>, key: EventKey<'_>, make: impl FnOnce() -> Point, wanted: Ordering) {
    if ours.as_deref().is_none_or(|ours| key.cmp(&ours.key()) == wanted) {
        *ours = Some(Box::new(make()));
    }
}

/// Two states are combined only if they belong to one slot (and subtracted only if that is a group).
fn different_slots() -> ! {
    unreachable!("states of one slot, of a group where subtracted")
}

#[cfg(test)]
pub(crate) mod slow;
#[cfg(test)]
mod tests;
