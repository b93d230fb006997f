//! Changes of what is no expression: clauses, aggregates, windows, keys, the truth.

use super::errors::errors;
use super::identities::{names, qualified};
use super::nodes::type_name;
use super::served::cuts;
use crate::evaluators::Case;
use featc_ir::{
    Aggregate, Arrival, At, Excluding, Expr, ExprKind, FeatureId, FeatureKind, Lateness, LiftId, Literal, Lookup,
    Portion, ServiceInput, SlotId, Step, Transform, Truth, Type, View, Window, WindowKind, Zone,
};
use featc_tests::logs::reach_us;
use featc_tests::programs::CHANGING;
use featr_kernels::Value;
use std::ops::RangeInclusive;

/// Something of a case that has a name in the table, and what changes it.
pub struct Clause {
    pub construct: String,
    pub change: Box<dyn Fn(&mut Case)>,
}

/// What was found so far.
#[derive(Default)]
pub struct Found(Vec<Clause>);

impl Found {
    pub fn add(&mut self, construct: impl Into<String>, change: impl Fn(&mut Case) + 'static) {
        self.0.push(Clause {
            construct: construct.into(),
            change: Box::new(change),
        });
    }
}

/// How an engine reads the files of a case.
#[derive(Debug, Clone, Copy)]
pub struct Read {
    /// Instants have no offset where there is a zone.
    pub naive: bool,
    /// What lies outside of the instants that matter is left out.
    pub pruned: bool,
}

/// Everything of a case that can be changed here.
pub fn clauses(case: &Case, Read { naive, pruned }: Read) -> Vec<Clause> {
    let mut found = Found::default();
    edges(case, pruned, &mut found);
    truth(case, &mut found);
    cuts(case, &mut found);
    names(case, &mut found);
    errors(case, &mut found);
    for (at, source) in case.program.sources.iter().enumerate() {
        if naive && source.zone.is_some() {
            found.add("zone", move |case| shift(&mut case.rows[at]));
        }
        for (place, _) in source
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.ty.is_list())
        {
            found.add("column of lists", move |case| {
                let rows = case.rows[at].iter_mut();
                rows.for_each(|row| row[place] = Value::List(Vec::new()));
            });
        }
    }
    sources(case, &mut found);
    for (at, transform) in case.program.transforms.iter().enumerate() {
        for (step, written) in transform.steps.iter().enumerate() {
            if matches!(written, Step::Where(_)) {
                found.add("where of a transform", move |case| {
                    let always = Expr::new(ExprKind::Literal(Literal::Bool(true)), Type::Bool);
                    case.program.transforms[at].steps[step] = Step::Where(always);
                });
            }
        }
        let source = &case.program.sources[transform.source.index()];
        let time = Expr::column(source.time, Type::Timestamp);
        if transform.time != time {
            found.add("at", move |case| case.program.transforms[at].time = time.clone());
        }
        bounds(at, transform, &mut found);
    }
    for (at, view) in case.program.views.iter().enumerate() {
        keys(case, at, view, &mut found);
        windows(case, at, view, &mut found);
        (0..view.slots.len()).for_each(|slot| slots(at, view, slot, &mut found));
        features(at, view, &mut found);
        if view.ttl_us.is_some() {
            found.add("ttl", move |case| case.program.views[at].ttl_us = None);
        }
    }
    own_features(case, &mut found);
    tables(case, &mut found);
    found.0
}

/// What the lookups of a case say, and what a view of a table reads.
fn tables(case: &Case, found: &mut Found) {
    let mut sources = case.program.sources.iter();
    if let Some(at) = sources.position(|source| source.name == CHANGING) {
        found.add("view of a table", move |case| case.rows[at].clear());
    }
    let mut add = |name: &str, says: fn(&Lookup) -> bool, change: fn(&mut Lookup)| {
        let mut does = false;
        case.program.clone().lookups_mut(&mut |lookup| does |= says(lookup));
        if does {
            found.add(name, move |case| case.program.lookups_mut(&mut |lookup| change(lookup)));
        }
    };
    let within = |lookup: &Lookup| lookup.within_us.is_some();
    add("within of a lookup", within, |lookup| lookup.within_us = None);
    add(
        "valid to",
        |lookup| {
            lookup
                .table
                .versions
                .is_some_and(|versions| versions.valid_to.is_some())
        },
        |lookup| {
            lookup
                .table
                .versions
                .iter_mut()
                .for_each(|versions| versions.valid_to = None)
        },
    );
    add(
        "arrival of a version",
        |lookup| lookup.table.versions.is_some(),
        |lookup| {
            let versions = lookup.table.versions.iter_mut();
            versions.for_each(|versions| versions.arrival = versions.valid_from);
        },
    );
}

/// Sources without the first or the last events that matter: as if the bound after which the stream gives up events, or
/// by which parts of files are left out, were off by so much.
fn edges(case: &Case, pruned: bool, found: &mut Found) {
    const MINUTE_US: i64 = 60_000_000;
    let instants = case.questions.iter().map(|asked| asked.at_us);
    let (Some(first), Some(last)) = (instants.clone().min(), instants.max()) else {
        return;
    };
    for (at, source) in case.program.sources.iter().enumerate() {
        let of_views = case
            .program
            .views
            .iter()
            .map(|view| case.program.transform(view.transform));
        let mut of_source = of_views.filter(|transform| transform.source.index() == at);
        if of_source.any(|transform| transform.at.is_some()) {
            continue;
        }
        let time = source.time.index();
        let mut without = |name: &str, range: RangeInclusive<i64>| {
            let lies_in = move |row: &Vec<Value>| matches!(row[time], Value::Timestamp(us) if range.contains(&us));
            if case.rows[at].iter().any(&lies_in) {
                found.add(name, move |case| case.rows[at].retain(|row| !lies_in(row)));
            }
        };
        let least = reach_us(&case.program, at).and_then(|reach| first.checked_sub(reach)?.checked_add(1));
        if let Some(least) = least {
            without("first instant that is kept", least..=least);
        }
        if !pruned {
            continue;
        }
        if let Some(least) = least {
            without("first instant that matters", least..=least);
            without("first minute that matters", least..=least.saturating_add(MINUTE_US - 1));
        }
        without("last instant that matters", last..=last);
        without("last minute that matters", last.saturating_sub(MINUTE_US - 1)..=last);
    }
}

/// What a decoder would read under a zone an hour further west.
fn shift(rows: &mut [Vec<Value>]) {
    for value in rows.iter_mut().flatten() {
        if let Value::Timestamp(us) = value {
            *us += 3_600_000_000;
        }
    }
}

fn truth(case: &Case, found: &mut Found) {
    if let Truth::AsOfArrival { delay_us } = case.truth {
        found.add("truth as of arrival", |case| case.truth = Truth::Complete);
        if delay_us.is_some() {
            found.add("delay of the whole run", |case| {
                case.truth = Truth::AsOfArrival { delay_us: None }
            });
        }
    }
    let sources = &case.program.sources;
    if case.truth == (Truth::AsOfArrival { delay_us: None })
        && sources[0].delay_us != sources[sources.len() - 1].delay_us
    {
        found.add("delays of several sources", |case| {
            let first = case.program.sources[0].delay_us;
            case.program
                .sources
                .iter_mut()
                .for_each(|source| source.delay_us = first);
        });
    }
}

/// Which rows the bounds of an event time reject.
fn bounds(at: usize, transform: &Transform, found: &mut Found) {
    let Some(bounds) = transform.at else { return };
    let change = move |case: &mut Case| case.program.transforms[at].at = None;
    match bounds.within_us {
        // Only what lies before the source's time is rejected.
        None => found.add("at before the source's time", change),
        Some(_) => {
            found.add("at in its bounds", change);
            found.add("at within", move |case| {
                let within_us = None;
                case.program.transforms[at].at = Some(At { within_us, ..bounds });
            });
        }
    }
}

fn sources(case: &Case, found: &mut Found) {
    for (at, source) in case.program.sources.iter().enumerate() {
        let time = source.time;
        let unique = match source.unique.len() {
            1 => "unique column",
            2 => "unique columns",
            _ => "unique all",
        };
        found.add(unique, move |case| {
            let unique = &mut case.program.sources[at].unique;
            match unique.len() {
                1 | 3.. => *unique = vec![time],
                _ => drop(unique.pop()),
            }
        });
        match source.arrival {
            Some(Arrival::Column(_)) => found.add("arrival column", move |case| {
                case.program.sources[at].arrival = Some(Arrival::AfterTime { offset_us: 0 });
            }),
            Some(Arrival::AfterTime { offset_us }) => found.add("arrival time +", move |case| {
                let offset_us = offset_us + 3_600_000_000;
                case.program.sources[at].arrival = Some(Arrival::AfterTime { offset_us });
            }),
            // Rows that never change, learnt of a day late.
            Some(Arrival::Static) => found.add("static", move |case| {
                let offset_us = 86_400_000_000;
                case.program.sources[at].arrival = Some(Arrival::AfterTime { offset_us });
            }),
            None => {}
        }
        if source.delay_us > 0 {
            found.add("delay", move |case| case.program.sources[at].delay_us = 0);
        }
        if source.lateness != Lateness::Unbounded {
            found.add("lateness", move |case| {
                case.program.sources[at].lateness = Lateness::Unbounded
            });
            found.add("skew", move |case| case.program.sources[at].skew_us = u64::MAX);
        }
        if source.begins_us.is_some() {
            found.add("begins", move |case| case.program.sources[at].begins_us = None);
            let mut transforms = case.program.transforms.iter();
            if transforms.any(|transform| transform.source.index() == at && transform.at.is_some()) {
                found.add("begins under at", move |case| case.program.sources[at].begins_us = None);
            }
        }
        if source.keep_nan {
            found.add("keep nan", move |case| {
                let values = case.rows[at].iter_mut().flatten();
                let nan = |value: &Value| matches!(value, Value::Float64(value) if value.is_nan());
                values.filter(|value| nan(value)).for_each(|value| *value = Value::Null);
            });
        }
    }
}

fn keys(case: &Case, at: usize, view: &View, found: &mut Found) {
    let row = &case.program.transforms[view.transform.index()].columns;
    for (place, key) in view.key.iter().enumerate() {
        let ty = row[key.index()].ty;
        let other = (0..row.len())
            .rev()
            .find(|column| row[*column].ty == ty && *column != key.index());
        let change = move |case: &mut Case| {
            // Without a column of the type no event has the key.
            match other {
                Some(other) => case.program.views[at].key[place] = other.into(),
                None => case.rows.iter_mut().for_each(Vec::clear),
            }
        };
        found.add(format!("key {}", type_name(ty)), change);
        if view.key.len() > 1 {
            found.add("composite key", change);
        }
        if row[key.index()].name.starts_with('x') {
            found.add("key from a let", change);
        }
    }
    let mut others = case.program.views.iter().enumerate();
    if others.any(|(other, known)| other != at && known.entity == view.entity) {
        found.add("entity with several views", move |case| {
            case.program.views[at]
                .lifts
                .iter_mut()
                .for_each(|lift| lift.kind = ExprKind::Literal(Literal::Null));
        });
    }
}

fn windows(case: &Case, at: usize, view: &View, found: &mut Found) {
    for (place, window) in view.windows.iter().enumerate() {
        let set = move |case: &mut Case, window: Window| case.program.views[at].windows[place] = window;
        let window = *window;
        match window.kind {
            WindowKind::Last { length_us } => {
                let name = match length_us {
                    1 => "over 1us",
                    2..2_592_000_000_000 => "over a length",
                    _ => "over years",
                };
                let length_us = if length_us == 1 { 2 } else { length_us - 1 };
                let kind = WindowKind::Last { length_us };
                found.add(name, move |case| set(case, Window { kind, ..window }));
            }
            WindowKind::Lifetime => {
                let kind = WindowKind::Last {
                    length_us: 3_600_000_000,
                };
                found.add("over lifetime", move |case| set(case, Window { kind, ..window }));
            }
            WindowKind::Offset { length_us, offset_us } => {
                let name = match length_us {
                    Some(_) => "over a length offset",
                    None => "over lifetime offset",
                };
                let shifted_us = if offset_us == 1 { 2 } else { offset_us - 1 };
                let kind = match length_us {
                    Some(_) => WindowKind::Offset {
                        length_us,
                        offset_us: shifted_us,
                    },
                    // Without its offset; by one instant it seldom differs.
                    None => WindowKind::Lifetime,
                };
                found.add(name, move |case| set(case, Window { kind, ..window }));
                // The right edge alone, a microsecond to either side.
                for (name, us) in [("last instant of an offset", 1), ("after an offset", -1)] {
                    let kind = WindowKind::Offset {
                        length_us: length_us.map(|length| length - us),
                        offset_us: offset_us + us,
                    };
                    if kind.is_valid() {
                        found.add(name, move |case| set(case, Window { kind, ..window }));
                    }
                }
            }
            WindowKind::Grid {
                length_us,
                every_us,
                after_us,
                zone,
            } => {
                // An edge ten minutes away, the points further apart, and the window ending at them.
                let changed = [
                    ("over a grid", (length_us + 600_000_000, every_us, after_us)),
                    ("points of a grid", (length_us, every_us * 2, after_us)),
                    ("after a point", (length_us, every_us, 0)),
                ];
                for (name, (length_us, every_us, other_us)) in changed {
                    let kind = WindowKind::Grid {
                        length_us,
                        every_us,
                        after_us: other_us,
                        zone,
                    };
                    if kind.is_valid() && (name != "after a point" || after_us > 0) {
                        found.add(name, move |case| set(case, Window { kind, ..window }));
                    }
                }
                if !zone.is_utc() {
                    let kind = WindowKind::Grid {
                        length_us,
                        every_us,
                        after_us,
                        zone: Zone::UTC,
                    };
                    found.add("zone of a grid", move |case| set(case, Window { kind, ..window }));
                }
            }
            WindowKind::This { unit, zone } => {
                // The period before as well; and another zone, in which it begins at another instant.
                let kind = WindowKind::Last {
                    length_us: unit.longest_us().cast_signed(),
                };
                found.add(format!("this {unit}"), move |case| set(case, Window { kind, ..window }));
                if !zone.is_utc() {
                    let kind = WindowKind::This { unit, zone: Zone::UTC };
                    found.add("zone of a window", move |case| set(case, Window { kind, ..window }));
                }
            }
            WindowKind::Past { count, unit, zone } => {
                let kind = WindowKind::Past {
                    count: count + 1,
                    unit,
                    zone,
                };
                found.add("last periods", move |case| set(case, Window { kind, ..window }));
                let kind = WindowKind::This { unit, zone };
                found.add("end of the last periods", move |case| {
                    set(case, Window { kind, ..window })
                });
            }
            WindowKind::Since { max_us } => {
                let all = WindowKind::Last { length_us: max_us };
                found.add("over since", move |case| set(case, Window { kind: all, ..window }));
                let kind = WindowKind::Since {
                    max_us: max_us - max_us / 2,
                };
                if max_us > 1 {
                    found.add("over since max", move |case| set(case, Window { kind, ..window }));
                }
            }
            WindowKind::Events { count, max_us } => {
                let kind = WindowKind::Events {
                    count: count + 1,
                    max_us,
                };
                found.add("over events", move |case| set(case, Window { kind, ..window }));
                if max_us.is_some() {
                    let kind = WindowKind::Events { count, max_us: None };
                    found.add("over events max", move |case| set(case, Window { kind, ..window }));
                }
            }
        }
        let name = match window.excluding {
            Excluding::Nothing => continue,
            Excluding::Now => "excluding now",
            // Where sources share a name, the change would rename the question's columns.
            Excluding::SelfEvent if qualified(case).is_empty() => "excluding self",
            Excluding::SelfEvent => continue,
        };
        let excluding = Excluding::Nothing;
        found.add(name, move |case| set(case, Window { excluding, ..window }));
    }
}

/// What an aggregate is called in the table.
pub fn aggregate_name(aggregate: Aggregate, arguments: &[Type]) -> String {
    let nulls = if aggregate.ignores_nulls() {
        " ignoring nulls"
    } else {
        ""
    };
    let of = match (aggregate, arguments) {
        (_, []) => "no argument".to_owned(),
        // What it is chosen by is of any type.
        (Aggregate::ArgMin | Aggregate::ArgMax, [value, ..]) => type_name(*value),
        (_, types) => types.iter().copied().map(type_name).collect::<Vec<_>>().join(" and "),
    };
    format!("{}{nulls} of {of}", aggregate.name())
}

fn slots(at: usize, view: &View, slot: usize, found: &mut Found) {
    let written = &view.slots[slot];
    let of = |aggregate: Aggregate| move |case: &mut Case| case.program.views[at].slots[slot].aggregate = aggregate;
    let types: Vec<Type> = written.arguments().map(|lift| view.lift(lift).ty).collect();
    let name = aggregate_name(written.aggregate, &types);
    let cap = Aggregate::DEFAULT_CAP;
    match written.aggregate {
        Aggregate::Sum | Aggregate::Min => found.add(name, of(Aggregate::Max)),
        Aggregate::Max => found.add(name, of(Aggregate::Min)),
        Aggregate::Variance => found.add(name, of(Aggregate::VariancePop)),
        Aggregate::VariancePop => found.add(name, of(Aggregate::Variance)),
        Aggregate::Stddev => found.add(name, of(Aggregate::StddevPop)),
        Aggregate::StddevPop => found.add(name, of(Aggregate::Stddev)),
        Aggregate::First { ignoring_nulls } => found.add(name, of(Aggregate::Last { ignoring_nulls })),
        Aggregate::Last { ignoring_nulls } => found.add(name, of(Aggregate::First { ignoring_nulls })),
        Aggregate::FirstN { items, ignoring_nulls } => {
            let items = items + 1;
            found.add(name, of(Aggregate::LastN { items, ignoring_nulls }));
        }
        Aggregate::LastN { items, ignoring_nulls } => {
            let items = items + 1;
            found.add(name, of(Aggregate::FirstN { items, ignoring_nulls }));
        }
        Aggregate::Count if written.argument.is_some() => found.add(name, of(Aggregate::CountDistinct { cap })),
        Aggregate::CountDistinct { .. } => found.add(name, of(Aggregate::Count)),
        Aggregate::Mode { .. } => found.add(name, of(Aggregate::Max)),
        Aggregate::Median { .. } => found.add(name, of(Aggregate::Mean)),
        Aggregate::Quantile { portion, .. } if portion.of(2) == 1 => found.add(name, of(Aggregate::Max)),
        Aggregate::Quantile { .. } => found.add(name, of(Aggregate::Min)),
        Aggregate::Any => found.add(name, of(Aggregate::All)),
        Aggregate::All => found.add(name, of(Aggregate::Any)),
        Aggregate::ArgMin => found.add(name, of(Aggregate::ArgMax)),
        Aggregate::ArgMax => found.add(name, of(Aggregate::ArgMin)),
        Aggregate::TimeSinceFirst => found.add(name, of(Aggregate::TimeSinceLast)),
        Aggregate::Skewness => found.add(name, of(Aggregate::Kurtosis)),
        Aggregate::Kurtosis => found.add(name, of(Aggregate::Skewness)),
        Aggregate::TopK { items } => found.add(name, of(Aggregate::BottomK { items: items + 1 })),
        Aggregate::BottomK { items } | Aggregate::ModeN { items, .. } => {
            found.add(name, of(Aggregate::TopK { items: items + 1 }));
        }
        Aggregate::LastDistinctN { items } => {
            let (items, ignoring_nulls) = (items + 1, true);
            found.add(name, of(Aggregate::LastN { items, ignoring_nulls }));
        }
        Aggregate::Covariance => found.add(name, of(Aggregate::Correlation)),
        Aggregate::Correlation => found.add(name, of(Aggregate::Covariance)),
        Aggregate::Slope => found.add(name, of(Aggregate::Intercept)),
        Aggregate::Intercept => found.add(name, of(Aggregate::Slope)),
        Aggregate::WeightedMean => found.add(name, of(Aggregate::Correlation)),
        Aggregate::Count | Aggregate::Mean | Aggregate::TimeSinceLast => {
            found.add(name, move |case| blank(&mut case.program.views[at], SlotId::from(slot)));
        }
    }
    match written.aggregate {
        Aggregate::First { ignoring_nulls: true } => {
            found.add("ignoring nulls", of(Aggregate::First { ignoring_nulls: false }));
        }
        Aggregate::Last { ignoring_nulls: true } => {
            found.add("ignoring nulls", of(Aggregate::Last { ignoring_nulls: false }));
        }
        Aggregate::FirstN {
            items,
            ignoring_nulls: true,
        } => {
            let ignoring_nulls = false;
            found.add("ignoring nulls", of(Aggregate::FirstN { items, ignoring_nulls }));
        }
        Aggregate::LastN {
            items,
            ignoring_nulls: true,
        } => {
            let ignoring_nulls = false;
            found.add("ignoring nulls", of(Aggregate::LastN { items, ignoring_nulls }));
        }
        _ => {}
    }
    if let Some(said) = written.aggregate.cap()
        && said != cap
        && let Some(wider) = written.aggregate.with_cap(said + 1)
    {
        found.add("cap", of(wider));
    }
    // Matters where so many in a billion of the values are a whole number of them.
    let portion = written.aggregate.portion().map(|portion| portion.billionths() + 1);
    if let Some(more) = portion.and_then(Portion::of_billionths)
        && let Some(greater) = written.aggregate.with_portion(more)
    {
        found.add("portion", of(greater));
    }
    if let Some(more) = written
        .aggregate
        .items()
        .and_then(|items| written.aggregate.with_items(items + 1))
    {
        found.add("items", of(more));
    }
    if let Some(filter) = written.filter {
        let name = format!("where in {}", written.aggregate.name());
        found.add(name, move |case| case.program.views[at].slots[slot].filter = None);
        counted_first(at, view, (slot, filter), found);
    }
}

/// The last events of a window chosen before the `where` of an aggregate, in place of from those that pass it. Can be
/// written where an aggregate makes nothing of null.
fn counted_first(at: usize, view: &View, (slot, filter): (usize, LiftId), found: &mut Found) {
    use Aggregate::{Count, Max, Mean, Min, Sum};
    let written = &view.slots[slot];
    let chooses = view.windows[written.window.index()].count().is_some();
    let (true, Some(argument), Sum | Mean | Min | Max | Count) = (chooses, written.argument, written.aggregate) else {
        return;
    };
    let value = view.lift(argument).clone();
    let passing = Expr::new(
        ExprKind::Case {
            branches: vec![(view.lift(filter).clone(), value.clone())],
            otherwise: None,
        },
        value.ty,
    );
    found.add("where before over events", move |case| {
        let view = &mut case.program.views[at];
        let slot = &mut view.slots[slot];
        (slot.argument, slot.filter) = (Some(LiftId::from(view.lifts.len())), None);
        view.lifts.push(passing.clone());
    });
}

/// Puts null in the place of an aggregate, wherever it is read.
fn blank(view: &mut View, slot: SlotId) {
    for feature in &mut view.features {
        if let FeatureKind::Aggregate { slots, expr } = &mut feature.kind
            && let Some(place) = slots.iter().position(|known| *known == slot)
        {
            blank_column(expr, place);
        }
    }
}

fn blank_column(expr: &mut Expr, place: usize) {
    match &mut expr.kind {
        ExprKind::Column(id) if id.index() == place => expr.kind = ExprKind::Literal(Literal::Null),
        ExprKind::Column(_) | ExprKind::Literal(_) => {}
        ExprKind::Unary(_, operand) | ExprKind::Cast(operand) => blank_column(operand, place),
        ExprKind::Binary(_, left, right) => {
            blank_column(left, place);
            blank_column(right, place);
        }
        ExprKind::Case { branches, otherwise } => {
            let parts = branches.iter_mut().flat_map(|(when, then)| [when, then]);
            parts
                .chain(otherwise.as_deref_mut())
                .for_each(|part| blank_column(part, place));
        }
        ExprKind::Coalesce(items) | ExprKind::Call(_, items) | ExprKind::Lookup(_, items) => {
            items.iter_mut().for_each(|item| blank_column(item, place));
        }
    }
}

/// How many features lie between a feature and its aggregates.
fn depth(view: &View, feature: FeatureId) -> usize {
    match &view.feature(feature).kind {
        FeatureKind::Aggregate { .. } => 0,
        FeatureKind::Derived { inputs, .. } => 1 + inputs.iter().map(|input| depth(view, *input)).max().unwrap_or(0),
    }
}

fn features(at: usize, view: &View, found: &mut Found) {
    for (place, feature) in view.features.iter().enumerate() {
        if feature.default.is_some() {
            found.add(format!("default of {}", type_name(feature.ty)), move |case| {
                case.program.views[at].features[place].default = None;
            });
        }
        let FeatureKind::Derived { inputs, .. } = &feature.kind else {
            continue;
        };
        let name = match depth(view, FeatureId::from(place)) {
            1 => "derived feature",
            2 => "derived from derived",
            _ => "derived at depth 3",
        };
        let inputs = inputs.clone();
        // What it reads is null, so that a whole chain has to matter.
        found.add(name, move |case| {
            let view = &mut case.program.views[at];
            if let FeatureKind::Derived { expr, .. } = &mut view.features[place].kind {
                (0..inputs.len()).for_each(|input| blank_column(expr, input));
            }
        });
    }
}

/// Roles, and features of the service's own: what they read, and in which of its forms.
fn own_features(case: &Case, found: &mut Found) {
    for (at, service) in case.program.services.iter().enumerate() {
        for (place, role) in service.roles.iter().enumerate() {
            let own = case.program.entity(case.program.view(role.view).entity).keys.clone();
            found.add("role", move |case| {
                case.program.services[at].roles[place].keys.clone_from(&own);
            });
        }
        for (place, feature) in service.features.iter().enumerate() {
            if feature.default.is_some() {
                found.add("default in a service", move |case| {
                    case.program.services[at].features[place].default = None;
                });
            }
            for (column, input) in feature.inputs.iter().enumerate() {
                let name = match input {
                    ServiceInput::At => "instant of the question",
                    ServiceInput::Field(_) => "field of a request",
                    ServiceInput::Feature { .. } => "feature read by a service",
                    ServiceInput::Own(_) => "feature of a service read by another",
                };
                found.add(name, move |case| {
                    blank_column(&mut case.program.services[at].features[place].expr, column);
                });
            }
        }
    }
}
