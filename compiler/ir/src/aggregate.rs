//! Aggregates: the table of what every part of the compiler and both engines must know of an aggregate without
//! running it. What each aggregate means stands in `docs/semantics.md` §5; how it is computed, in `featr_kernels::aggregate`.

mod parameters;

use crate::method::Method;
use crate::portion::Portion;
use crate::types::Type;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// What is known of an aggregate, whatever its parameters.
#[derive(Debug)]
pub struct Row {
    pub name: &'static str,
    /// How it is written, to stand between backticks.
    pub usage: &'static str,
    /// How many arguments it may have, at most [`Aggregate::ARGUMENTS_MAX`].
    pub arity: RangeInclusive<usize>,
    /// What it takes, for messages: `int64, float64 or decimal`.
    pub takes: &'static str,
    /// The type of the result, by the types of the arguments, of which there are as many as it may have; `None` if it
    /// does not take those.
    pub result: fn(&[Type]) -> Option<Type>,
    /// By argument: whether an event for which it is null does not take part.
    pub skips_null: [bool; Aggregate::ARGUMENTS_MAX],
    pub law: Law,
    pub over_nothing: OverNothing,
    /// Version of its bits: part of the fingerprints and state keys of the features that use it, so that a change of one
    /// aggregate's results changes those alone. What all aggregates share has [`crate::hash::KERNELS_VERSION`].
    pub version: u32,
    /// Whether copying a state costs less than folding some rows: not for sets and lists, nor where a fold ends at its
    /// first row.
    pub cheap_to_copy: bool,
    /// The way of its own in which the point-in-time merge computes it, where that is measurably faster than by its states
    /// (docs/benchmarks.md).
    pub method: Option<Method>,
}

/// What holds for the states of an aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// A commutative monoid with exact inverses: what was added can be taken back, so differences of prefixes are exact.
    Group,
    /// A commutative monoid. What leaves is forgotten by folding the rest.
    Monoid,
}

/// The value of an empty fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverNothing {
    Zero,
    Null,
}

/// Defines the aggregates, each with its parameters and its row.
macro_rules! aggregates {
    ($($(#[$doc:meta])* $variant:ident $({ $($field:ident : $ty:ty = $default:expr),* })? => $row:expr;)*) => {
        /// An aggregate function with its parameters. Its fold is a commutative monoid with canonical states.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Aggregate {
            $($(#[$doc])* $variant $({ $($field: $ty),* })?,)*
        }

        impl Aggregate {
            /// Every aggregate, with the parameters it has where a program names none (of `first_n` and `quantile` one has to), in the order of the reference.
            pub const ALL: &'static [Aggregate] = &[$(Aggregate::$variant $({ $($field: $default),* })?),*];

            /// What is known of it.
            pub fn row(self) -> &'static Row {
                match self {
                    $(Aggregate::$variant $({ $($field: _),* })? => {
                        static ROW: Row = $row;
                        &ROW
                    })*
                }
            }
        }
    };
}

/// Of most rows, what is not said there: null arguments are skipped, states are copied cheaply and have no inverses.
const PLAIN: Row = Row {
    name: "",
    usage: "",
    arity: 1..=1,
    takes: "",
    result: |_| None,
    skips_null: [true; Aggregate::ARGUMENTS_MAX],
    law: Law::Monoid,
    over_nothing: OverNothing::Null,
    version: 1,
    cheap_to_copy: true,
    method: None,
};

const OF_NUMBERS: Row = Row {
    takes: "int64, float64 or decimal",
    result: of_number,
    law: Law::Group,
    ..PLAIN
};

const OF_ANY: Row = Row {
    takes: "values of any type",
    result: same,
    ..PLAIN
};

const OF_LISTS: Row = Row {
    result: |types| types[0].list(),
    skips_null: [false; Aggregate::ARGUMENTS_MAX],
    cheap_to_copy: false,
    ..OF_ANY
};

const OF_LISTS_OF_VALUES: Row = Row {
    skips_null: [true; Aggregate::ARGUMENTS_MAX],
    ..OF_LISTS
};

const OF_PAIRS: Row = Row {
    arity: 2..=2,
    takes: "two float64, or two of int64 and decimal",
    result: of_pair,
    law: Law::Group,
    ..PLAIN
};

const OF_CHOICE: Row = Row {
    arity: 2..=2,
    takes: "a value of any type and what it is chosen by, of any type",
    result: same,
    skips_null: [false, true],
    cheap_to_copy: false,
    ..PLAIN
};

const OF_CONDITION: Row = Row {
    takes: "bool",
    result: |types| (types == [Type::Bool]).then_some(Type::Bool),
    law: Law::Group,
    ..PLAIN
};

const OF_COUNTED: Row = Row {
    cheap_to_copy: false,
    method: Some(Method::Ranks),
    ..PLAIN
};

const OF_EVENTS: Row = Row {
    arity: 0..=0,
    takes: "events",
    result: |_| Some(Type::Duration),
    cheap_to_copy: false,
    ..PLAIN
};

aggregates! {
    /// Without an argument: events. With one: non-null arguments.
    Count => Row {
        name: "count",
        usage: "count()` or `count(x)",
        arity: 0..=1,
        result: |_| Some(Type::Int64),
        law: Law::Group,
        over_nothing: OverNothing::Zero,
        method: Some(Method::Prefix),
        ..PLAIN
    };
    /// Int64 → int64 (range checked when finalised), decimal(p, s) → decimal(38, s), float64 → float64 (exact, rounded once).
    Sum => Row { name: "sum", usage: "sum(x)", result: sum, method: Some(Method::Prefix), ..OF_NUMBERS };
    /// The exact quotient rounded once to float64, for all numeric types.
    Mean => Row { name: "mean", usage: "mean(x)", method: Some(Method::Prefix), ..OF_NUMBERS };
    Min => Row { name: "min", usage: "min(x)", method: Some(Method::Extreme), ..OF_ANY };
    Max => Row { name: "max", usage: "max(x)", method: Some(Method::Extreme), ..OF_ANY };
    /// The argument of the least event by (τ, id, digest). Row-atomic: null when that event's argument is null,
    /// unless `ignoring_nulls`.
    First { ignoring_nulls: bool = false } => Row {
        name: "first",
        usage: "first(x)",
        skips_null: [false; Aggregate::ARGUMENTS_MAX],
        cheap_to_copy: false,
        method: Some(Method::Edge),
        ..OF_ANY
    };
    /// As `First`, of the greatest event.
    Last { ignoring_nulls: bool = false } => Row {
        name: "last",
        usage: "last(x)",
        skips_null: [false; Aggregate::ARGUMENTS_MAX],
        cheap_to_copy: false,
        method: Some(Method::Edge),
        ..OF_ANY
    };
    /// The arguments of the least `items` events, from the first to the last of them. Row-atomic, as `First`.
    FirstN { items: u32 = 3, ignoring_nulls: bool = false } => Row { name: "first_n", usage: "first_n(x, 10)", ..OF_LISTS };
    /// As `FirstN`, of the greatest events.
    LastN { items: u32 = 3, ignoring_nulls: bool = false } => Row { name: "last_n", usage: "last_n(x, 10)", ..OF_LISTS };
    /// The `items` different arguments that occur last, from the one whose last event is first to the one whose is last.
    LastDistinctN { items: u32 = 3 } => Row { name: "last_distinct_n", usage: "last_distinct_n(x, 10)", ..OF_LISTS_OF_VALUES };
    /// The `items` greatest arguments, from the greatest on, each as often as events have it.
    TopK { items: u32 = 3 } => Row { name: "top_k", usage: "top_k(x, 10)", ..OF_LISTS_OF_VALUES };
    /// The `items` least arguments, from the least on, each as often as events have it.
    BottomK { items: u32 = 3 } => Row { name: "bottom_k", usage: "bottom_k(x, 10)", ..OF_LISTS_OF_VALUES };
    /// Sample variance (null below two values): exact numerator and denominator, one rounding.
    Variance => Row { name: "variance", usage: "variance(x)", version: 2, method: Some(Method::Prefix), ..OF_NUMBERS };
    /// Square root (IEEE) of the rounded sample variance.
    Stddev => Row { name: "stddev", usage: "stddev(x)", version: 2, method: Some(Method::Prefix), ..OF_NUMBERS };
    /// The same of all values, not of a sample (null below one value).
    VariancePop => Row { name: "variance_pop", usage: "variance_pop(x)", version: 2, method: Some(Method::Prefix), ..OF_NUMBERS };
    /// Square root (IEEE) of the rounded variance of all values.
    StddevPop => Row { name: "stddev_pop", usage: "stddev_pop(x)", version: 2, method: Some(Method::Prefix), ..OF_NUMBERS };
    /// How lopsided the values lie, of a sample (null below three values, and where all are equal): the root of an exact
    /// fraction, one rounding.
    Skewness => Row { name: "skewness", usage: "skewness(x)", ..OF_NUMBERS };
    /// How heavy their tails are beside those of a normal distribution, of a sample (null below four values, and where all are
    /// equal): an exact fraction, one rounding.
    Kurtosis => Row { name: "kurtosis", usage: "kurtosis(x)", ..OF_NUMBERS };
    /// Number of different non-null arguments; more than `cap` in the window is `error(cap)`.
    CountDistinct { cap: u32 = Aggregate::DEFAULT_CAP } => Row {
        name: "count_distinct",
        usage: "count_distinct(x)",
        result: |_| Some(Type::Int64),
        over_nothing: OverNothing::Zero,
        cheap_to_copy: false,
        method: Some(Method::Values),
        ..OF_ANY
    };
    /// The middle one of the arguments in order, or the exact mean of the middle two, rounded once to float64; more than
    /// `cap` different ones in the window are `error(cap)`.
    Median { cap: u32 = Aggregate::DEFAULT_CAP } => Row {
        name: "median",
        usage: "median(x)",
        takes: OF_NUMBERS.takes,
        result: of_number,
        ..OF_COUNTED
    };
    /// Of n arguments in order the ⌈portion · n⌉-th, exactly; capped as the median.
    Quantile { portion: Portion = Portion::EXAMPLE, cap: u32 = Aggregate::DEFAULT_CAP } => Row {
        name: "quantile",
        usage: "quantile(x, 0.95)",
        takes: OF_ANY.takes,
        result: same,
        ..OF_COUNTED
    };
    /// The argument that most events have, of several such the least; capped as the median.
    Mode { cap: u32 = Aggregate::DEFAULT_CAP } => Row {
        name: "mode",
        usage: "mode(x)",
        takes: OF_ANY.takes,
        result: same,
        ..OF_COUNTED
    };
    /// The `items` arguments that most events have, from the most frequent on, of several such the least first; capped as the
    /// median.
    ModeN { items: u32 = 3, cap: u32 = Aggregate::DEFAULT_CAP } => Row {
        name: "mode_n",
        usage: "mode_n(x, 10)",
        ..OF_LISTS_OF_VALUES
    };
    /// `t −` the event time of the last event (after `where`).
    TimeSinceLast => Row {
        name: "time_since_last",
        usage: "time_since_last()",
        method: Some(Method::Edge),
        ..OF_EVENTS
    };
    /// `t −` the event time of the first event (after `where`).
    TimeSinceFirst => Row { name: "time_since_first", usage: "time_since_first()", ..OF_EVENTS };
    /// Whether the argument is true for some event.
    Any => Row { name: "any", usage: "any(condition)", ..OF_CONDITION };
    /// Whether the argument is true for every event.
    All => Row { name: "all", usage: "all(condition)", ..OF_CONDITION };
    /// Sample covariance (null below two pairs): exact numerator and denominator, one rounding.
    Covariance => Row { name: "covariance", usage: "covariance(x, y)", ..OF_PAIRS };
    /// Pearson's correlation (null where one side is constant): a root of an exact fraction, one rounding.
    Correlation => Row { name: "correlation", usage: "correlation(x, y)", ..OF_PAIRS };
    /// Of the line of least squares of the first argument over the second: how much it rises per unit (null where the second is
    /// constant): an exact fraction, one rounding.
    Slope => Row { name: "slope", usage: "slope(y, x)", ..OF_PAIRS };
    /// Of the same line: its value at 0 (null where the second argument is constant): an exact fraction, one rounding.
    Intercept => Row { name: "intercept", usage: "intercept(y, x)", ..OF_PAIRS };
    /// `Σ weight · x / Σ weight` (null where the weights sum up to 0): an exact fraction, one rounding.
    WeightedMean => Row { name: "weighted_mean", usage: "weighted_mean(x, weight)", ..OF_PAIRS };
    /// The first argument of the event whose second argument is least; of several such the first event. May be null.
    ArgMin => Row { name: "arg_min", usage: "arg_min(value, by)", ..OF_CHOICE };
    /// As `ArgMin`, where the second argument is greatest.
    ArgMax => Row { name: "arg_max", usage: "arg_max(value, by)", ..OF_CHOICE };
}

impl Aggregate {
    /// The greatest number of arguments of an aggregate.
    pub const ARGUMENTS_MAX: usize = 2;
    /// Cap of aggregates that keep the values of a window, where the program names none.
    pub const DEFAULT_CAP: u32 = 100_000;
    /// The greatest number of items of a list.
    pub const ITEMS_MAX: u32 = 1000;

    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The aggregate of a name, with the parameters it has where a program names none.
    pub fn named(name: &str) -> Option<Aggregate> {
        Aggregate::ALL
            .iter()
            .copied()
            .find(|aggregate| aggregate.name() == name)
    }

    /// See [`Row::version`].
    pub fn version(self) -> u32 {
        self.row().version
    }

    /// The value over an empty fold: 0 for counts, null for the rest.
    pub fn is_zero_when_empty(self) -> bool {
        self.row().over_nothing == OverNothing::Zero
    }

    /// Whether states form a group, so that prefix differences and retraction are exact.
    pub fn is_group(self) -> bool {
        // Law: groups_of_the_language (proofs/theory/Agg.v)
        self.row().law == Law::Group
    }

    /// How the point-in-time merge computes it.
    pub fn method(self) -> Method {
        let by_states = if self.is_group() {
            Method::Deltas
        } else {
            Method::States
        };
        self.row().method.unwrap_or(by_states)
    }

    /// Whether an event for which an argument is null does not take part.
    pub fn skips_null(self, argument: usize) -> bool {
        self.row().skips_null[argument] || self.ignores_nulls()
    }

    /// The type of the result, by the types of the arguments; `None` if it does not take those.
    pub fn result(self, arguments: &[Type]) -> Option<Type> {
        let row = self.row();
        if row.arity.contains(&arguments.len()) && !arguments.iter().any(|ty| ty.is_list()) {
            (row.result)(arguments)
        } else {
            None
        }
    }
}

fn same(types: &[Type]) -> Option<Type> {
    types.first().copied()
}

fn sum(types: &[Type]) -> Option<Type> {
    match types[0] {
        Type::Decimal { scale, .. } => Some(Type::Decimal { precision: 38, scale }),
        ty => ty.is_numeric().then_some(ty),
    }
}

fn of_number(types: &[Type]) -> Option<Type> {
    types[0].is_numeric().then_some(Type::Float64)
}

/// Two floats, or two exact numbers: no type becomes another without being told to.
fn of_pair(types: &[Type]) -> Option<Type> {
    let are_numbers = types.iter().all(|ty| ty.is_numeric());
    let floats = types.iter().filter(|ty| **ty == Type::Float64).count();
    (are_numbers && (floats == 0 || floats == types.len())).then_some(Type::Float64)
}
