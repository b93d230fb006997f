//! The aggregates: canonical states of commutative monoids, some of them groups. One file per aggregate, or per family
//! whose members share a state; both engines fold, combine and lower through the one trait, [`Aggregate`].
//!
//! ```text
//! identity ── fold(slot, events, rows) ──▶ State ── lower(slot, types, t) ──▶ (Value, Status)
//!                 combine, subtract
//! ```
//!
//! INVARIANT (canonical-states): a state is a function of the *set* of events folded into it. Equal sets give equal
//! states, whatever the order and the split; so any algorithm over states gives the same answer.
//!
//! Every state counts the errors among its events per code (a count has an inverse); what is folded beside them is the
//! same as if the events with errors were not there.
//!
//! What is known of an aggregate without running it (name, types, law) stands in its row of `featc_ir::aggregate`. How one
//! is added: docs/adding/aggregate.md.

mod all_any;
mod arg;
mod count;
mod covariance;
mod distinct;
mod ends;
mod extreme;
mod gate;
mod list;
mod nearest;
mod number;
mod ranked;
mod recent;
mod shape;
mod since;
mod sum;
mod values;
mod variance;
mod weighted;

pub use distinct::{Latest, Member, Occurrence, Occurrences};
pub use ranked::{middle, ranks};
pub use values::float_key;
pub use variance::Form as VarianceForm;

use crate::column::Column;
use crate::events::Events;
use crate::value::Value;
use featc_ir::Aggregate as Name;
use featc_ir::{ErrorCode, LiftId, Slot, Status, Type};
use gate::{Admit, Gate};
use std::ops::Range;

/// What the events without errors fold to: the state of an aggregate.
///
/// # Contract
/// - **Monoid**: `combine` is commutative and associative, and the identity is its neutral element. Two states that are
///   combined share no event where the aggregate counts.
/// - **Canonical**: states of equal sets of events are equal.
/// - **Group**, where the row of the aggregate says so: `subtract` is the inverse of `combine`.
///
/// All are tested on every aggregate and type, in random splits and orders (`tests`).
pub trait Aggregate: Sized + Clone + Eq + std::fmt::Debug {
    /// The state of no events.
    fn identity(name: Name, types: Types) -> Self;

    /// Adds an event that takes part: no argument that a null keeps out is null, and none is an error.
    fn lift(&mut self, input: &Input<'_>, row: usize);

    /// Adds several, which ascend by (τ, id, digest).
    #[inline]
    fn fold(&mut self, input: &Input<'_>, rows: impl DoubleEndedIterator<Item = usize>) {
        rows.for_each(|row| self.lift(input, row));
    }

    /// Adds the events of another state.
    fn combine(&mut self, other: &Self);

    /// Takes back the events of another state, all of which are in this one. Only of groups.
    fn subtract(&mut self, _other: &Self) {
        unreachable!("a state without inverse")
    }

    /// Whether no event took part.
    fn is_empty(&self) -> bool;

    /// How many values it keeps of those that only the events bound.
    fn kept_values(&self) -> usize {
        0
    }

    /// The memory that it has allocated, in bytes; of tables by hash about so much.
    fn heap_bytes(&self) -> usize;

    /// The value, of a state that is not empty; it may be null.
    fn lower(&self, asked: &Asked) -> Result<Value, ErrorCode>;
}

/// The types of a slot's arguments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Types {
    pub argument: Option<Type>,
    pub second: Option<Type>,
}

impl Types {
    /// Of a slot whose lifts have these types.
    pub fn of(slot: &Slot, lift: impl Fn(LiftId) -> Type) -> Types {
        Types {
            argument: slot.argument.map(&lift),
            second: slot.second.map(&lift),
        }
    }

    /// Of a slot over these events.
    pub fn over(slot: &Slot, events: &Events) -> Types {
        Types::of(slot, |lift| events.lifts[lift.index()].ty)
    }
}

/// What a slot reads of a block of events.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub events: &'a Events,
    argument: Option<&'a Column>,
    second: Option<&'a Column>,
}

impl<'a> Input<'a> {
    /// The columns of a slot's arguments.
    pub fn new(slot: &Slot, events: &'a Events) -> Input<'a> {
        let column = |lift: LiftId| &events.lifts[lift.index()];
        Input {
            events,
            argument: slot.argument.map(column),
            second: slot.second.map(column),
        }
    }

    /// The argument. The type checker saw to it that those aggregates which read one have it.
    #[inline]
    pub fn argument(&self) -> &'a Column {
        self.argument.expect("an aggregate with an argument")
    }

    /// The second argument; as above.
    #[inline]
    pub fn second(&self) -> &'a Column {
        self.second.expect("an aggregate with two arguments")
    }
}

/// What a value is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub name: Name,
    pub types: Types,
    /// The instant of the question.
    pub t_us: i64,
}

/// Makes the sum of all states: which aggregates each of them serves.
macro_rules! states {
    ($($variant:ident($state:ty): $names:pat,)*) => {
        #[derive(Debug, Clone, PartialEq, Eq)]
        enum Core {
            $($variant($state),)*
        }

        impl Core {
            fn identity(name: Name, types: Types) -> Core {
                match name {
                    $($names => Core::$variant(<$state>::identity(name, types)),)*
                }
            }

            #[inline]
            fn fold(&mut self, input: &Input<'_>, rows: impl DoubleEndedIterator<Item = usize>) {
                match self {
                    $(Core::$variant(state) => state.fold(input, rows),)*
                }
            }

            fn combine(&mut self, other: &Core) {
                match (self, other) {
                    $((Core::$variant(state), Core::$variant(other)) => state.combine(other),)*
                    _ => different_slots(),
                }
            }

            fn subtract(&mut self, other: &Core) {
                match (self, other) {
                    $((Core::$variant(state), Core::$variant(other)) => state.subtract(other),)*
                    _ => different_slots(),
                }
            }

            fn is_empty(&self) -> bool {
                match self {
                    $(Core::$variant(state) => state.is_empty(),)*
                }
            }

            fn kept_values(&self) -> usize {
                match self {
                    $(Core::$variant(state) => state.kept_values(),)*
                }
            }

            fn heap_bytes(&self) -> usize {
                match self {
                    $(Core::$variant(state) => state.heap_bytes(),)*
                }
            }

            fn lower(&self, asked: &Asked) -> Result<Value, ErrorCode> {
                match self {
                    $(Core::$variant(state) => state.lower(asked),)*
                }
            }
        }
    };
}

states! {
    Count(count::Count): Name::Count,
    Sum(sum::Sum): Name::Sum | Name::Mean,
    Variance(variance::Variance): Name::Variance | Name::Stddev | Name::VariancePop | Name::StddevPop,
    Shape(shape::Shape): Name::Skewness | Name::Kurtosis,
    Extreme(extreme::Extreme): Name::Min | Name::Max,
    Nearest(nearest::Nearest): Name::First { .. } | Name::Last { .. },
    Distinct(distinct::Distinct): Name::CountDistinct { .. },
    Ranked(ranked::Ranked): Name::Median { .. } | Name::Quantile { .. } | Name::Mode { .. } | Name::ModeN { .. },
    List(list::List): Name::FirstN { .. } | Name::LastN { .. },
    Recent(recent::Recent): Name::LastDistinctN { .. },
    Ends(ends::Ends): Name::TopK { .. } | Name::BottomK { .. },
    Since(since::Since): Name::TimeSinceLast | Name::TimeSinceFirst,
    AllAny(all_any::AllAny): Name::Any | Name::All,
    Covariance(covariance::Covariance): Name::Covariance | Name::Correlation | Name::Slope | Name::Intercept,
    Weighted(weighted::Weighted): Name::WeightedMean,
    Arg(arg::Arg): Name::ArgMin | Name::ArgMax,
}

/// The state of one slot over a set of events. See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    errors: Errors,
    core: Core,
}

/// Events per error code, in the order of [`ErrorCode::ALL`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Errors([i64; ErrorCode::ALL.len()]);

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
    /// The state of no events.
    pub fn identity(name: Name, types: Types) -> State {
        State {
            errors: Errors::default(),
            core: Core::identity(name, types),
        }
    }

    /// Adds the events in these rows of a block (sorted by time, id, digest), none of which is in the state.
    pub fn fold(&mut self, slot: &Slot, events: &Events, rows: Range<usize>) {
        if rows.is_empty() {
            return;
        }
        let input = Input::new(slot, events);
        if Gate::is_open(slot, events) {
            self.core.fold(&input, rows);
        } else {
            let gate = Gate::new(slot, events);
            for row in rows.clone() {
                if let Admit::Error(code) = gate.admit(row) {
                    self.errors.note(code);
                }
            }
            self.core
                .fold(&input, rows.filter(|row| gate.admit(*row) == Admit::Taken));
        }
    }

    /// Adds the events of another state of the same slot; the two must not share events where the aggregate counts.
    /// Commutative and associative.
    pub fn combine(&mut self, other: &State) {
        for (ours, theirs) in self.errors.0.iter_mut().zip(other.errors.0) {
            *ours = ours.wrapping_add(theirs);
        }
        self.core.combine(&other.core);
    }

    /// Takes back the events of another state, all of which are in this one. Only where `featc_ir::Aggregate::is_group`
    /// holds.
    pub fn subtract(&mut self, other: &State) {
        for (ours, theirs) in self.errors.0.iter_mut().zip(other.errors.0) {
            *ours = ours.wrapping_sub(theirs);
        }
        self.core.subtract(&other.core);
    }

    /// How many values it keeps beside what every state of its slot takes.
    pub fn kept_values(&self) -> usize {
        self.core.kept_values()
    }

    /// About how much memory it takes, in bytes.
    pub fn bytes(&self) -> usize {
        size_of::<State>() + self.core.heap_bytes()
    }

    /// Of a `count`: the events that take part, and those that are an error.
    pub fn considered(&self) -> u64 {
        let errors: i64 = self.errors.0.iter().sum();
        match &self.core {
            Core::Count(count) => u64::try_from(count.taken() + errors).unwrap_or(0),
            _ => different_slots(),
        }
    }

    /// The slot's answer at `t_us`.
    ///
    /// `Error(least code)` and null if an error is counted, or the result does not fit its type; `Empty` if nothing was
    /// taken (0 for counts, null otherwise); else `Ok`, where a value may still be null (a `first` of a null, the
    /// variance of one value).
    pub fn lower(&self, slot: &Slot, types: Types, t_us: i64) -> (Value, Status) {
        // Law: errors_counted (proofs/theory/Agg.v)
        // Law: least_error_shows (proofs/theory/Agg.v)
        if let Some(code) = self.errors.least() {
            return (Value::Null, Status::Error(code));
        }
        if self.core.is_empty() {
            let value = if slot.aggregate.is_zero_when_empty() {
                Value::Int64(0)
            } else {
                Value::Null
            };
            return (value, Status::Empty);
        }
        let asked = Asked {
            name: slot.aggregate,
            types,
            t_us,
        };
        match self.core.lower(&asked) {
            Ok(value) => (value, Status::Ok),
            Err(code) => (Value::Null, Status::Error(code)),
        }
    }
}

/// How an event stands to a slot, as [`State::fold`] sees it; for searches over the rows of a block.
#[derive(Debug)]
pub struct Candidates<'a>(Gate<'a>);

impl<'a> Candidates<'a> {
    /// Of the events that a window of so many events chooses from.
    pub fn new(filter: Option<LiftId>, events: &'a Events) -> Candidates<'a> {
        Candidates(Gate::of_filter(filter, events))
    }

    /// Whether an event is one: the filter is true or an error, or the row is poisoned.
    #[inline]
    pub fn holds(&self, row: usize) -> bool {
        self.0.admit(row) != Admit::Skip
    }
}

/// Two states are combined only if they belong to one slot.
fn different_slots() -> ! {
    unreachable!("states of one slot")
}

/// A state serves only the aggregates that the table of states says.
fn other_state(name: Name) -> ! {
    unreachable!("{name:?} has another state")
}

#[cfg(test)]
mod tests;
