//! Names of aggregates, and how they are written.

use featc_ir::Aggregate;

/// Every aggregate with its usage, in the order of the reference.
pub(super) const ALL: [(Aggregate, &str); 13] = [
    (Aggregate::Count, "count()` or `count(x)"),
    (Aggregate::Sum, "sum(x)"),
    (Aggregate::Mean, "mean(x)"),
    (Aggregate::Min, "min(x)"),
    (Aggregate::Max, "max(x)"),
    (Aggregate::First { ignoring_nulls: false }, "first(x)"),
    (Aggregate::Last { ignoring_nulls: false }, "last(x)"),
    (Aggregate::Variance, "variance(x)"),
    (Aggregate::Stddev, "stddev(x)"),
    (Aggregate::VariancePop, "variance_pop(x)"),
    (Aggregate::StddevPop, "stddev_pop(x)"),
    (
        Aggregate::CountDistinct {
            cap: Aggregate::DEFAULT_CAP,
        },
        "count_distinct(x)",
    ),
    (Aggregate::TimeSinceLast, "time_since_last()"),
];

/// The aggregate of a name.
pub(super) fn named(name: &str) -> Option<(Aggregate, &'static str)> {
    ALL.into_iter().find(|(aggregate, _)| aggregate.name() == name)
}

/// How many arguments it may have.
pub(super) fn takes(aggregate: Aggregate, arguments: usize) -> bool {
    match aggregate {
        Aggregate::Count => arguments <= 1,
        Aggregate::TimeSinceLast => arguments == 0,
        Aggregate::Sum
        | Aggregate::Mean
        | Aggregate::Min
        | Aggregate::Max
        | Aggregate::First { .. }
        | Aggregate::Last { .. }
        | Aggregate::Variance
        | Aggregate::Stddev
        | Aggregate::VariancePop
        | Aggregate::StddevPop
        | Aggregate::CountDistinct { .. } => arguments == 1,
    }
}

/// The same aggregate with `ignoring nulls`, if it has that form.
pub(super) fn ignoring_nulls(aggregate: Aggregate) -> Option<Aggregate> {
    match aggregate {
        Aggregate::First { .. } => Some(Aggregate::First { ignoring_nulls: true }),
        Aggregate::Last { .. } => Some(Aggregate::Last { ignoring_nulls: true }),
        Aggregate::Count
        | Aggregate::Sum
        | Aggregate::Mean
        | Aggregate::Min
        | Aggregate::Max
        | Aggregate::Variance
        | Aggregate::Stddev
        | Aggregate::VariancePop
        | Aggregate::StddevPop
        | Aggregate::CountDistinct { .. }
        | Aggregate::TimeSinceLast => None,
    }
}
