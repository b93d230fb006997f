//! Well-formedness of plans: what engines rely on when they run a plan that was read from a file.
//!
//! # Contract
//! - **Complete**: every plan that the lowering makes of a well-formed program is accepted (tested on all programs of
//!   the suites).
//! - **Sufficient**: no engine panics on a plan that is accepted (tested: random edits of builds).

use super::{
    BatchPlan, FinishKind, FinishSpec, Fold, FoldSpec, Method, Order, Pages, Part, Pipeline, Retention, RowSpec, Rows,
    Scan, Spine, StateSchema, StreamAnswer, StreamGraph, StreamLog, Visibility,
};
use crate::aggregate::Aggregate;
use crate::expr::{Expr, ExprKind};
use crate::hash::state_key;
use crate::id::ColumnId;
use crate::program::{Arrival, Key, Lateness, Source, SourceColumn, Step, retention_us};
use crate::types::Type;
use crate::window::{Excluding, Window};
use std::collections::{BTreeSet, HashSet};
use std::hash::Hash;

/// What is wrong, in words.
pub type Wrong = String;

fn ensure(holds: bool, what: impl FnOnce() -> Wrong) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(what()) }
}

/// Whether no name occurs twice, and none is empty.
fn are_names<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let mut seen = BTreeSet::new();
    names.into_iter().all(|name| !name.is_empty() && seen.insert(name))
}

fn are_different<T: Eq + Hash>(items: &[T]) -> bool {
    let seen: HashSet<&T> = items.iter().collect();
    seen.len() == items.len()
}

/// A length of time that the compiler can write.
fn is_span(us: u64) -> bool {
    i64::try_from(us).is_ok()
}

fn source(source: &Source) -> Result<(), Wrong> {
    let wrong = |what: &str| format!("source `{}`: {what}", source.name);
    let columns = &source.columns;
    let is_instant = |id: ColumnId| {
        columns
            .get(id.index())
            .is_some_and(|column| column.ty == Type::Timestamp)
    };
    ensure(are_names(columns.iter().map(|column| column.name.as_str())), || {
        wrong("names of columns")
    })?;
    let is_scalar = |ty: Type| ty.is_valid() && !ty.is_list();
    ensure(columns.iter().all(|column| is_scalar(column.ty)), || {
        wrong("type of a column")
    })?;
    ensure(is_instant(source.time), || wrong("its time is no timestamp column"))?;
    let unique: BTreeSet<ColumnId> = source.unique.iter().copied().collect();
    let arrival = source.arrival_column();
    let known = unique
        .iter()
        .all(|id| id.index() < columns.len() && Some(*id) != arrival);
    ensure(
        known && !unique.is_empty() && unique.len() == source.unique.len(),
        || wrong("its identity"),
    )?;
    ensure(arrival.is_none_or(|id| is_instant(id) && id != source.time), || {
        wrong("its arrival is no timestamp column of its own")
    })?;
    let bound = match source.lateness {
        Lateness::Unbounded => 0,
        Lateness::Within { bound_us } => bound_us,
    };
    let offset = match source.arrival {
        Some(Arrival::AfterTime { offset_us }) => offset_us,
        Some(Arrival::Column(_) | Arrival::Static) | None => 0,
    };
    ensure(
        [bound, offset, source.delay_us, source.skew_us]
            .into_iter()
            .all(is_span),
        || wrong("a length of time"),
    )?;
    let comes_in = !matches!(source.arrival, Some(Arrival::Static) | None);
    ensure(source.lateness == Lateness::Unbounded || comes_in, || {
        wrong("a bound on lateness without arrival")
    })?;
    let is_static = source.arrival == Some(Arrival::Static);
    ensure(!is_static || source.delay_us == 0, || {
        wrong("a delay of rows that never change")
    })
}

/// Checks the row stage; gives the types of its lifts.
fn rows(spec: &RowSpec, source: &Source) -> Result<Vec<Type>, Wrong> {
    let wrong = |what: &str| format!("transform `{}`: {what}", spec.name);
    let arrival = source.arrival_column();
    let mut row: Vec<Type> = source.columns.iter().map(|column| column.ty).collect();
    let typed = |expr: &Expr, row: &[Type]| -> Result<(), Wrong> {
        expr.check_types(row).map_err(|why| wrong(&why))?;
        let mut reads_arrival = false;
        expr.for_each_column(&mut |id| reads_arrival |= Some(id) == arrival);
        ensure(!reads_arrival, || wrong("it reads the arrival"))
    };
    for step in &spec.steps {
        match step {
            Step::Where(condition) => {
                typed(condition, &row)?;
                ensure(condition.ty == Type::Bool, || wrong("a condition that is no bool"))?;
            }
            Step::Let(value) => {
                typed(value, &row)?;
                row.push(value.ty);
            }
        }
    }
    typed(&spec.time, &row)?;
    ensure(spec.time.ty == Type::Timestamp, || wrong("its time is no timestamp"))?;
    let is_own = spec.time.kind == ExprKind::Column(source.time);
    ensure(spec.at.map_or(is_own, |at| at.source_time == source.time), || {
        wrong("its time is not bounded by its source's")
    })?;
    for id in &spec.key {
        let ty = row.get(id.index());
        ensure(ty.is_some_and(|ty| ty.may_be_key()) && Some(*id) != arrival, || {
            wrong("a key column")
        })?;
    }
    ensure(are_different(&spec.lifts), || wrong("a lift twice"))?;
    for lift in &spec.lifts {
        typed(lift, &row)?;
    }
    Ok(spec.lifts.iter().map(|lift| lift.ty).collect())
}

/// Checks the fold of what `rows` gives; `lifts` are their types.
fn fold(spec: &FoldSpec, (rows, lifts): (&RowSpec, &[Type]), source: &Source) -> Result<(), Wrong> {
    let wrong = |what: &str| format!("fold of `{}`: {what}", rows.name);
    ensure(
        !spec.entity.is_empty() && are_names(spec.entity.iter().map(|key| key.name.as_str())),
        || wrong("names of keys"),
    )?;
    let mut row: Vec<Type> = source.columns.iter().map(|column| column.ty).collect();
    row.extend(rows.steps.iter().filter_map(|step| match step {
        Step::Let(value) => Some(value.ty),
        Step::Where(_) => None,
    }));
    let keys: Vec<Type> = rows.key.iter().map(|id| row[id.index()]).collect();
    ensure(spec.entity.iter().map(|key| key.ty).eq(keys), || wrong("types of keys"))?;
    ensure(spec.windows.iter().all(|window| window.kind.is_valid()), || {
        wrong("the length of a window")
    })?;
    // Engines keep what is equal once, and answer it once.
    ensure(
        are_different(&spec.windows) && are_different(&spec.slots) && are_different(&spec.presence),
        || wrong("a window, an aggregate or a lookback twice"),
    )?;
    for slot in &spec.slots {
        ensure(slot.window.index() < spec.windows.len(), || {
            wrong("a window is not there")
        })?;
        let ty = |lift: crate::LiftId| lifts.get(lift.index()).copied();
        let arguments: Option<Vec<Type>> = slot.arguments().map(ty).collect();
        let arguments = arguments.ok_or_else(|| wrong("an argument is not there"))?;
        let filter = slot.filter.map(ty);
        ensure(filter.is_none_or(|ty| ty == Some(Type::Bool)), || {
            wrong("a filter that is no bool")
        })?;
        ensure(slot.is_typed(&arguments), || wrong("the type of an aggregate"))?;
    }
    let says_self = spec
        .windows
        .iter()
        .any(|window| window.excluding == Excluding::SelfEvent);
    // In a batch plan the name says the source where something else of the service has the name of the identity column.
    let is_own = |(key, column): (&Key, &SourceColumn)| {
        key.ty == column.ty && (key.name == column.name || key.name == source.qualified(&column.name))
    };
    ensure(
        if says_self {
            spec.self_columns.len() == source.unique.len()
                && spec.self_columns.iter().zip(source.identity()).all(is_own)
        } else {
            spec.self_columns.is_empty()
        },
        || wrong("the columns of `excluding self`"),
    )
}

/// Checks the finish of a fold of what `rows` gives; gives how many features leave it.
fn finish(spec: &FinishSpec, (rows, fold): (&RowSpec, &FoldSpec), source: &Source) -> Result<u32, Wrong> {
    ensure(
        (spec.begins_us, spec.source_delay_us) == (source.begins_us, source.delay_us),
        || format!("features of source `{}`: `begins` or `delay` is another", source.name),
    )?;
    let within_us = rows.at.map_or(Some(0), |at| at.within_us);
    let moved_us = source.begins_us.map_or(Some(0), |_| within_us);
    ensure(moved_us == Some(spec.moved_us) && is_span(spec.moved_us), || {
        format!("features of transform `{}`: how far events are moved", rows.name)
    })?;
    for (place, feature) in spec.features.iter().enumerate() {
        let wrong = |what: &str| format!("feature `{}`: {what}", feature.name);
        ensure(feature.name.starts_with(&format!("{}__", feature.view)), || {
            wrong("its view")
        })?;
        let (expr, inputs) = match &feature.kind {
            FinishKind::Aggregate {
                slots,
                expr,
                presence,
                window,
                ttl_us,
            } => {
                let found: Option<Vec<_>> = slots.iter().map(|slot| fold.slots.get(*slot as usize)).collect();
                let found = found.filter(|found| !found.is_empty());
                let found = found.ok_or_else(|| wrong("an aggregate is not there"))?;
                let is_one = found.iter().all(|slot| fold.windows[slot.window.index()] == *window);
                ensure(is_one, || wrong("its window is another"))?;
                let lookback = fold.presence.get(*presence as usize);
                ensure(lookback == Some(&retention_us([window.kind], source.lateness)), || {
                    wrong("how far it looks back")
                })?;
                let never_behind = source.arrival == Some(Arrival::Static);
                ensure(ttl_us.is_none_or(|us| is_span(us) && !never_behind), || {
                    wrong("its ttl")
                })?;
                (expr, found.into_iter().map(|slot| slot.ty).collect::<Vec<_>>())
            }
            FinishKind::Derived { inputs, expr } => {
                let before = &spec.features[..place];
                let found: Option<Vec<_>> = inputs.iter().map(|input| before.get(*input as usize)).collect();
                let found = found.filter(|found| !found.is_empty());
                let found = found.ok_or_else(|| wrong("an input does not come before it"))?;
                (expr, found.into_iter().map(|input| input.ty).collect())
            }
        };
        expr.check_types(&inputs).map_err(|why| wrong(&why))?;
        ensure(expr.ty == feature.ty, || wrong("its type"))?;
        let default = feature.default.as_ref();
        ensure(default.is_none_or(|default| default.is_of(feature.ty)), || {
            wrong("its default")
        })?;
    }
    Ok(spec.features.iter().map(|feature| u32::from(feature.output)).sum())
}

/// Whether the columns that a scan reads are there, ascending, and hold every one that an operator above looks at.
fn scan(scan: &Scan, rows: &Rows, source: &Source) -> Result<(), Wrong> {
    let wrong = |what: &str| format!("scan of `{}`: {what}", scan.source);
    let width = scan.columns.len();
    let ascends = |columns: &[ColumnId]| {
        columns.is_sorted_by(|left, right| left < right) && columns.iter().all(|id| id.index() < width)
    };
    ensure(ascends(&scan.read), || wrong("the columns that it reads"))?;
    let mut missing = false;
    let mut look = |id: ColumnId| missing |= id.index() < width && !scan.read.contains(&id);
    look(source.time);
    source
        .unique
        .iter()
        .copied()
        .chain(source.arrival_column())
        .for_each(&mut look);
    rows.for_each_column(&mut look);
    ensure(!missing, || wrong("it leaves out a column that is read"))
}

/// Whether a plan's aggregates and methods are those that engines of this kind can run.
fn methods(fold: &Fold, source: &Source, is_stream: bool) -> Result<(), Wrong> {
    let wrong = |what: &str| format!("fold of events of `{}`: {what}", source.name);
    let seen = Visibility::of(source);
    let visibilities = fold.slots.iter().map(|slot| slot.visibility);
    let mut visibilities = visibilities.chain(fold.presence.iter().map(|presence| presence.visibility));
    ensure(
        !fold.slots.is_empty() && visibilities.all(|of_slot| of_slot == seen),
        || wrong("what is visible"),
    )?;
    for slot in &fold.slots {
        let is_run = match is_stream {
            true => slot.method == Method::Pages,
            false => slot.method.serves(slot.aggregate),
        };
        ensure(is_run && slot.version == slot.aggregate.version(), || {
            wrong("a method or version that no engine has")
        })?;
    }
    Ok(())
}

/// Whether every slot has its part, and is answered once, at a stop of its window, and the windows of a walk nest.
fn pages(fold: &Fold, pages: &Pages) -> Result<(), Wrong> {
    let wrong = |what: &str| Err(what.to_owned());
    if pages.of_slots.len() != fold.slots.len() {
        return wrong("a part per slot");
    }
    for (slot, part) in fold.slots.iter().zip(&pages.of_slots) {
        let reads = |part: &Part| {
            (part.aggregate, part.argument, part.second, part.filter)
                == (slot.aggregate, slot.argument, slot.second, slot.filter)
        };
        if !pages.parts.get(*part as usize).is_some_and(reads) {
            return wrong("the part of a slot");
        }
    }
    let used: BTreeSet<u32> = pages.of_slots.iter().copied().collect();
    if used.len() != pages.parts.len() {
        return wrong("a part that nobody reads");
    }
    let reach = |window: &Window| window.bounds().reach_us().map_or((1, 0), |us| (0, us));
    let nest = |pair: &[&Window]| {
        let (left, right) = (reach(pair[0]), reach(pair[1]));
        let ends_alike = pair[0].bounds().end_as(&pair[1].bounds());
        let alike = ends_alike && pair[0].excluding == pair[1].excluding;
        alike && left < right
    };
    let mut answered = vec![0u32; fold.slots.len()];
    for walk in &pages.walks {
        for stop in &walk.stops {
            ensure(stop.window.index() < fold.windows.len(), || {
                "a stop at no window".to_owned()
            })?;
            for slot in &stop.slots {
                let found = fold.slots.get(*slot as usize);
                let here = found.is_some_and(|slot| slot.window == stop.window);
                ensure(here, || "a slot at a foreign stop".to_owned())?;
                answered[*slot as usize] += 1;
            }
        }
        let windows = walk.stops.iter().map(|stop| &fold.windows[stop.window.index()]);
        let windows: Vec<&Window> = windows.collect();
        ensure(!windows.is_empty() && windows.windows(2).all(nest), || {
            "windows of one walk that do not nest".to_owned()
        })?;
        let filters = walk.stops[0].slots.iter().map(|slot| fold.slots[*slot as usize].filter);
        let filters: BTreeSet<_> = filters.collect();
        let chooses = windows.iter().any(|window| window.count().is_some());
        ensure(!chooses || (windows.len() == 1 && filters.len() <= 1), || {
            "a walk that chooses among events for others too".to_owned()
        })?;
    }
    ensure(answered.iter().all(|times| *times == 1), || {
        "a slot that is not answered once".to_owned()
    })
}

fn order(order: &Order) -> Result<(), Wrong> {
    ensure(order.by == Order::EVENTS, || "the order of events".to_owned())
}

/// Checks the operators that both plans have from a source to its features; gives how many of these leave.
fn events(
    (rows_of, source_of): (&Rows, &Source),
    (fold_of, folded): (&Fold, &FoldSpec),
    finished: &FinishSpec,
    is_stream: bool,
) -> Result<u32, Wrong> {
    let spec = rows_of.spec();
    let lets = spec.steps.iter().filter(|step| matches!(step, Step::Let(_))).count();
    ensure(lets == rows_of.steps.lets.len(), || {
        format!("transform `{}`: names of its columns", spec.name)
    })?;
    let lifts = rows(&spec, source_of)?;
    fold(folded, (&spec, &lifts), source_of)?;
    methods(fold_of, source_of, is_stream)?;
    finish(finished, (&spec, folded), source_of)
}

/// Whether `asked` has every one of the columns.
fn has_all(asked: &[Key], columns: &[Key]) -> bool {
    columns.iter().all(|column| asked.contains(column))
}

/// Checks what questions bring: keys and columns for `excluding self`, and all that the folds ask.
fn spine(service: &str, spine: &Spine, folds: &[FoldSpec]) -> Result<(), Wrong> {
    let wrong = |what: &str| format!("service `{service}`: {what}");
    let (keys, self_columns) = (&spine.keys, &spine.self_columns);
    let names = |keys: &[Key]| are_names(keys.iter().map(|key| key.name.as_str()));
    ensure(!keys.is_empty() && names(keys) && names(self_columns), || {
        wrong("names of what a question brings")
    })?;
    let one_type = |key: &Key| keys.iter().all(|known| known.name != key.name || known.ty == key.ty);
    ensure(self_columns.iter().all(one_type), || {
        wrong("two types of what a question brings")
    })?;
    let brings = |fold: &FoldSpec| has_all(keys, &fold.entity) && has_all(self_columns, &fold.self_columns);
    ensure(folds.iter().all(brings), || {
        wrong("a question does not bring all that is asked")
    })?;
    // Nothing is asked for nothing.
    let reads = |key: &Key, of: fn(&FoldSpec) -> &[Key]| folds.iter().any(|fold| of(fold).contains(key));
    let all_read = keys.iter().all(|key| reads(key, |fold| &fold.entity))
        && self_columns.iter().all(|key| reads(key, |fold| &fold.self_columns));
    ensure(all_read, || wrong("a question brings what nobody reads"))
}

/// Checks what leaves a service; `counts` are how many features leave each answer.
fn composed(service: &str, columns: &[(u32, u32)], counts: &[u32], names: Vec<(&str, Type)>) -> Result<(), Wrong> {
    let wrong = |what: &str| format!("service `{service}`: {what}");
    let known = |(answer, place): &(u32, u32)| counts.get(*answer as usize).is_some_and(|count| place < count);
    ensure(!columns.is_empty() && columns.iter().all(known), || {
        wrong("an output column is not there")
    })?;
    let used: BTreeSet<(u32, u32)> = columns.iter().copied().collect();
    ensure(
        used.len() as u64 == counts.iter().map(|count| u64::from(*count)).sum::<u64>(),
        || wrong("a feature that leaves for nowhere"),
    )?;
    ensure(are_names(names.into_iter().map(|(name, _)| name)), || {
        wrong("names of output columns")
    })
}

/// Whether sources of one name are one.
fn same_sources(sources: &[Source]) -> Result<(), Wrong> {
    let clash = |source: &Source| sources.iter().any(|other| other.name == source.name && other != source);
    ensure(!sources.iter().any(clash), || {
        "two different sources have one name".to_owned()
    })
}

impl Rows {
    /// Every column that the steps, the time, the key and the lifts look at.
    pub fn for_each_column(&self, look: &mut dyn FnMut(ColumnId)) {
        for step in &self.steps.steps {
            match step {
                Step::Where(expr) | Step::Let(expr) => expr.for_each_column(&mut |id| look(id)),
            }
        }
        self.place.time.for_each_column(&mut |id| look(id));
        self.place.at.iter().for_each(|at| look(at.source_time));
        self.key.columns.iter().for_each(|id| look(*id));
        self.lift
            .0
            .iter()
            .for_each(|lift| lift.for_each_column(&mut |id| look(id)));
    }
}

impl Method {
    /// Whether the merge can compute an aggregate so.
    pub fn serves(self, aggregate: Aggregate) -> bool {
        match self {
            Method::Prefix => matches!(
                aggregate,
                Aggregate::Count
                    | Aggregate::Sum
                    | Aggregate::Mean
                    | Aggregate::Variance
                    | Aggregate::Stddev
                    | Aggregate::VariancePop
                    | Aggregate::StddevPop
            ),
            Method::Extreme => matches!(aggregate, Aggregate::Min | Aggregate::Max),
            Method::Edge => matches!(
                aggregate,
                Aggregate::First { .. } | Aggregate::Last { .. } | Aggregate::TimeSinceLast
            ),
            Method::Values => matches!(aggregate, Aggregate::CountDistinct { .. }),
            Method::Deltas => aggregate.is_group(),
            // States of `first` and `last` compare identities, which the merge reads for `excluding self` alone.
            Method::States => !matches!(aggregate, Aggregate::First { .. } | Aggregate::Last { .. }),
            Method::Pages => false,
        }
    }
}

impl Pipeline {
    fn check(&self) -> Result<u32, Wrong> {
        let declared = self.source();
        source(&declared)?;
        ensure(required(&self.accept.required, &self.scan), || {
            format!("source `{}`: its required columns", declared.name)
        })?;
        scan(&self.scan, &self.rows, &declared)?;
        order(&self.order)?;
        let (folded, finished) = (self.fold_spec(), self.finish_spec());
        let count = events((&self.rows, &declared), (&self.fold, &folded), &finished, false)?;
        let reach = |us: Option<u64>| us.map_or((1, 0), |us| (0, us));
        let lengths = self.fold.windows.iter().map(|window| window.bounds().reach_us());
        let lengths = lengths.chain(self.fold.presence.iter().map(|presence| presence.reach_us));
        ensure(
            lengths
                .into_iter()
                .all(|length| reach(length) <= reach(self.restrict.after_us)),
            || {
                format!(
                    "events of `{}`: it leaves out events that a window reaches",
                    declared.name
                )
            },
        )?;
        Ok(count)
    }
}

fn required(columns: &[ColumnId], scan: &Scan) -> bool {
    columns.is_sorted_by(|left, right| left < right) && columns.iter().all(|id| id.index() < scan.columns.len())
}

impl BatchPlan {
    /// Checks positions, references and types.
    ///
    /// # Errors
    /// The first thing that no lowering makes, in words.
    pub fn check(&self) -> Result<(), Wrong> {
        let wrong = |what: &str| format!("service `{}`: {what}", self.service);
        let checked = self.pipelines.iter().map(Pipeline::check);
        let counts: Vec<u32> = checked.collect::<Result<_, Wrong>>().map_err(|why| wrong(&why))?;
        let folds: Vec<FoldSpec> = self.pipelines.iter().map(Pipeline::fold_spec).collect();
        spine(&self.service, &self.spine, &folds)?;
        let sources: Vec<Source> = self.pipelines.iter().map(Pipeline::source).collect();
        same_sources(&sources).map_err(|why| wrong(&why))?;
        composed(&self.service, &self.compose.0, &counts, self.columns())
    }
}

impl StreamGraph {
    /// Checks positions, references and types.
    ///
    /// # Errors
    /// The first thing that no lowering makes, in words.
    pub fn check(&self) -> Result<(), Wrong> {
        let wrong = |what: &str| format!("service `{}`: {what}", self.service);
        self.check_layers().map_err(|what| wrong(&what))?;
        let checked = self.answers.iter().map(|answer| self.check_answer(answer));
        let counts: Vec<u32> = checked.collect::<Result<_, Wrong>>().map_err(|why| wrong(&why))?;
        let folds: Vec<FoldSpec> = self.answers.iter().map(|answer| self.fold_spec(answer)).collect();
        spine(&self.service, &self.spine, &folds)?;
        composed(&self.service, &self.compose.0, &counts, self.columns())
    }

    /// Whether every operator reads one that is there, and is read.
    fn check_layers(&self) -> Result<(), Wrong> {
        let reads = |inputs: Vec<usize>, layer: usize| {
            (0..layer).all(|at| inputs.contains(&at)) && inputs.iter().all(|at| *at < layer)
        };
        let of_rows = self.rows.iter().map(|rows| rows.input.index()).collect();
        let of_logs = self.logs.iter().map(|log| log.input.index()).collect();
        let of_answers = self.answers.iter().map(|answer| answer.input.index()).collect();
        ensure(
            reads(of_rows, self.sources.len()) && reads(of_logs, self.rows.len()) && reads(of_answers, self.logs.len()),
            || "an operator reads what is not there, or nobody reads it".to_owned(),
        )?;
        ensure(
            are_names(self.sources.iter().map(|source| source.scan.source.as_str())),
            || "names of sources".to_owned(),
        )
    }

    fn check_answer(&self, answer: &StreamAnswer) -> Result<u32, Wrong> {
        let log = &self.logs[answer.input.index()];
        let node = &self.rows[log.input.index()];
        let (read, declared) = (&self.sources[node.input.index()], self.source(node.input));
        source(&declared)?;
        ensure(required(&read.accept.required, &read.scan), || {
            format!("source `{}`: its required columns", declared.name)
        })?;
        scan(&read.scan, &node.rows, &declared)?;
        let (folded, finished) = (self.fold_spec(answer), self.finish_spec(answer));
        let count = events((&node.rows, &declared), (&answer.fold, &folded), &finished, true)?;
        pages(&answer.fold, &answer.pages).map_err(|what| format!("log of `{}`: {what}", declared.name))?;
        log.check(&node.rows, &declared)?;
        let reach = |us: Option<u64>| us.map_or((1, 0), |us| (0, us));
        let within = |presence: &super::Presence| reach(presence.reach_us) <= reach(log.retention.keep_us);
        ensure(answer.fold.presence.iter().all(within), || {
            format!("log of `{}`: it forgets what is still asked for", declared.name)
        })?;
        Ok(count)
    }
}

impl StreamLog {
    fn check(&self, rows: &Rows, source: &Source) -> Result<(), Wrong> {
        let wrong = |what: &str| format!("log of `{}`: {what}", source.name);
        order(&self.order)?;
        ensure(self.dedup.identity == source.unique, || {
            wrong("its identity is not its source's")
        })?;
        ensure(self.gate.delay_us() == source.delay_us, || wrong("its gate"))?;
        ensure(
            (self.gate == Visibility::Always) == (source.arrival == Some(Arrival::Static)),
            || wrong("its gate"),
        )?;
        ensure(self.state == StateSchema::of(rows, source), || {
            wrong("what it keeps of an event")
        })?;
        let Retention {
            keep_us,
            window,
            lateness_us,
            read_skew_us,
        } = &self.retention;
        let length = window.bounds().reach_us();
        let sum = length.and_then(|length| length.checked_add(*lateness_us)?.checked_add(*read_skew_us));
        ensure(*keep_us == sum, || wrong("how long it keeps events"))?;
        ensure(
            self.state_key == state_key(source, &rows.spec(), &rows.key.entity),
            || wrong("its state key"),
        )
    }
}

impl StateSchema {
    /// What a log keeps of these rows.
    pub fn of(rows: &Rows, source: &Source) -> StateSchema {
        let identity = source.identity().map(|column| Key {
            name: column.name.clone(),
            ty: column.ty,
        });
        StateSchema {
            entity: rows.key.entity.iter().map(|key| key.ty).collect(),
            identity: identity.collect(),
            lifts: rows.lift.0.iter().map(|lift| lift.ty).collect(),
            waits: matches!(source.arrival, Some(Arrival::Column(_) | Arrival::AfterTime { .. })),
        }
    }
}
