//! Well-formedness of plans: what engines rely on when they run a plan that was read from a file.
//!
//! # Contract
//! - **Complete**: every plan that the lowering makes of a well-formed program is accepted (tested on all programs of
//!   the suites).
//! - **Sufficient**: no engine panics on a plan that is accepted (tested: random edits of builds).

mod plans;

use super::{FinishKind, FinishSpec, FoldSpec, RowSpec};
use crate::expr::{Expr, ExprKind};
use crate::id::ColumnId;
use crate::program::{Arrival, Key, Lateness, Source, SourceColumn, Step, retention_us};
use crate::types::Type;
use crate::window::Excluding;
use std::collections::BTreeSet;

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
    ensure(columns.iter().all(|column| column.ty.is_valid()), || {
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
    // In a batch plan the name says the source where two sources of the service have identity columns of one name.
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
