//! Of a plan: sources, what is scanned of them, and the rows that are made of it.

use super::{Wrong, are_different, are_names, ensure, is_span};
use crate::expr::{Expr, ExprKind};
use crate::id::ColumnId;
use crate::plan::{RowSpec, Rows, Scan};
use crate::program::{Arrival, Lateness, Source, Step};
use crate::types::Type;
use std::collections::BTreeSet;

pub(super) fn source(source: &Source) -> Result<(), Wrong> {
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
    ensure(columns.iter().all(|column| column.form.fits(column.ty)), || {
        wrong("how files hold a column")
    })?;
    ensure(is_instant(source.time), || wrong("its time is no timestamp column"))?;
    let unique: BTreeSet<ColumnId> = source.unique.iter().copied().collect();
    let arrival = source.arrival_column();
    let is_scalar = |id: &ColumnId| columns.get(id.index()).is_some_and(|column| !column.ty.is_list());
    // Of the versions of a table the arrival is a part.
    let known = unique.iter().all(is_scalar);
    ensure(
        known && !unique.is_empty() && unique.len() == source.unique.len(),
        || wrong("its identity"),
    )?;
    ensure(arrival.is_none_or(|id| is_instant(id) && id != source.time), || {
        wrong("its arrival is no timestamp column of its own")
    })?;
    let offset = match source.arrival {
        Some(Arrival::AfterTime { offset_us }) => offset_us,
        Some(Arrival::Column(_) | Arrival::Static) | None => 0,
    };
    ensure(
        [source.lateness.bound_us(), offset, source.delay_us, source.skew_us]
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
pub(super) fn rows(spec: &RowSpec, source: &Source) -> Result<Vec<Type>, Wrong> {
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

/// Whether the columns that a scan reads are there, ascending, and hold every one that an operator above looks at.
pub(super) fn scan(scan: &Scan, rows: &Rows, source: &Source) -> Result<(), Wrong> {
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

pub(super) fn required(columns: &[ColumnId], scan: &Scan) -> bool {
    columns.is_sorted_by(|left, right| left < right) && columns.iter().all(|id| id.index() < scan.columns.len())
}
