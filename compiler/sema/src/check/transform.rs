//! Transforms: types of their columns, flattened steps, event time.

pub(super) mod ahead;
mod at;

use super::Context;
use crate::errors::{self, Kind};
use crate::infer::{Dated, Refused, Row, Typer};
use crate::res::{self, ExprKind, Rows};
use featc_ir::{At, ColumnId, Expr, SourceId, Step, Transform, TransformColumn, Type};
use featc_syntax::diag::Span;
use std::collections::{BTreeMap, BTreeSet};

/// The rows of a source or transform, as far as they are known.
#[derive(Debug, Clone)]
pub(super) struct RowTypes {
    /// The source at the bottom.
    pub(super) source: Option<SourceId>,
    pub(super) names: Vec<String>,
    pub(super) types: Vec<Option<Type>>,
    steps: Vec<Option<Step>>,
    /// `None` only if broken.
    pub(super) time: Option<Expr>,
    /// What holds for a time that is not the source's.
    at: Option<At>,
    /// Whether some transform on the way says `at`, so that rows may arrive before their time.
    says_at: bool,
}

impl RowTypes {
    /// Whether some transform on the way says `at`, so that rows may arrive before their time.
    pub(super) fn says_at(&self) -> bool {
        self.says_at
    }
}

/// The rows of sources and of transforms that views read.
pub(super) struct AllRows {
    sources: Vec<RowTypes>,
    /// By position in declared order; see [`crate::res::File::transforms`].
    rows: BTreeMap<usize, RowTypes>,
    /// The transforms that views read, by position; `None` if broken. What they read is part of them.
    pub(super) transforms: BTreeMap<usize, Option<Transform>>,
    unknown: RowTypes,
}

impl AllRows {
    pub(super) fn of(&self, rows: Option<Rows>) -> &RowTypes {
        match rows {
            Some(Rows::Source(source)) => &self.sources[source.index()],
            Some(Rows::Transform(transform)) => self.rows.get(&transform).unwrap_or(&self.unknown),
            None => &self.unknown,
        }
    }
}

/// What a transform adds to the rows that it reads.
struct Added {
    names: Vec<String>,
    types: Vec<Option<Type>>,
    steps: Vec<Option<Step>>,
    /// Its `at` and what bounds it, if it has one.
    at: Option<(Option<Expr>, Option<At>)>,
}

fn of_source(id: SourceId, source: &res::Source) -> RowTypes {
    let time = source.time.map(|time| Expr::column(time.id, Type::Timestamp));
    RowTypes {
        source: Some(id),
        names: source.columns.iter().map(|column| column.name.clone()).collect(),
        types: source.columns.iter().map(|column| column.ty).collect(),
        steps: Vec::new(),
        time,
        at: None,
        says_at: false,
    }
}

pub(super) fn check(file: &res::File, context: &mut Context<'_>) -> AllRows {
    let unknown = RowTypes {
        source: None,
        names: Vec::new(),
        types: Vec::new(),
        steps: Vec::new(),
        time: None,
        at: None,
        says_at: false,
    };
    let sources = file.sources.iter().enumerate();
    let mut all = AllRows {
        sources: sources
            .map(|(id, source)| of_source(SourceId::from(id), source))
            .collect(),
        rows: BTreeMap::new(),
        transforms: BTreeMap::new(),
        unknown,
    };
    let read = file.views.iter().filter_map(|view| match view.from {
        Some(Rows::Transform(transform)) => Some(transform),
        Some(Rows::Source(_)) | None => None,
    });
    let is_read: BTreeSet<usize> = read.collect();
    let mut added: BTreeMap<usize, Added> = BTreeMap::new();
    // The rows of the transform before: most often those that the next one reads.
    let mut last: Option<(usize, RowTypes)> = None;
    for position in &file.transform_order {
        let transform = &file.transforms[*position];
        let mut row = match (transform.from, last.take()) {
            (Some(Rows::Transform(parent)), Some((at, row))) if at == parent => row,
            (from, _) => rebuilt(from, file, &all, &added),
        };
        let (width, steps) = (row.names.len(), row.steps.len());
        check_steps(transform, &mut row, context);
        at::check(file, transform, &mut row, context);
        // All fields are named, so that a new one stops the build here.
        let RowTypes {
            source: _,
            names,
            types,
            steps: all_steps,
            time,
            at: bounds,
            says_at: _,
        } = &row;
        let own = Added {
            names: names[width..].to_vec(),
            types: types[width..].to_vec(),
            steps: all_steps[steps..].to_vec(),
            at: transform.at.as_ref().map(|_| (time.clone(), *bounds)),
        };
        featc_ir::work::add(own.names.len() + own.steps.len());
        added.insert(*position, own);
        ahead::warn(file, &row, expressions(transform), Kind::Transform, context);
        super::calendar::warn(file, &row, &[], expressions(transform), context);
        super::weeks::warn(expressions(transform), context);
        super::never::warn(file, &row, expressions(transform), context);
        super::same::warn(&row.names, None, expressions(transform), context);
        super::same::warn_beside_itself(expressions(transform), context);
        refuse_arrival(file, &row, expressions(transform).chain(&transform.at), context);
        if is_read.contains(position) {
            featc_ir::work::add(row.names.len() + row.steps.len());
            all.transforms.insert(*position, build(transform, &row));
            all.rows.insert(*position, row.clone());
        }
        last = Some((*position, row));
    }
    all
}

/// The rows of a source or transform, from what each transform on the way added.
fn rebuilt(from: Option<Rows>, file: &res::File, all: &AllRows, added: &BTreeMap<usize, Added>) -> RowTypes {
    let mut way = Vec::new();
    let mut at = from;
    while let Some(Rows::Transform(transform)) = at {
        way.push(transform);
        at = file.transforms[transform].from;
    }
    let mut row = all.of(at).clone();
    featc_ir::work::add(row.names.len());
    for added in way.iter().rev().filter_map(|transform| added.get(transform)) {
        featc_ir::work::add(added.names.len() + added.steps.len());
        row.names.extend_from_slice(&added.names);
        row.types.extend_from_slice(&added.types);
        row.steps.extend_from_slice(&added.steps);
        if let Some((time, at)) = &added.at {
            row.time.clone_from(time);
            row.at = *at;
            row.says_at = true;
        }
    }
    row
}

fn check_steps(transform: &res::Transform, row: &mut RowTypes, context: &mut Context<'_>) {
    let (texts, complaints) = (context.texts, &mut context.complaints);
    for step in &transform.steps {
        match step {
            res::Step::Where(condition) => {
                let mut leaves = Dated(Row(&row.types), row.time.as_ref());
                let mut typer = Typer {
                    leaves: &mut leaves,
                    texts,
                    complaints,
                };
                let condition = typer.condition(condition, "where");
                row.steps.push(condition.map(Step::Where));
            }
            res::Step::Let { name, value } => {
                let mut leaves = Dated(Row(&row.types), row.time.as_ref());
                let mut typer = Typer {
                    leaves: &mut leaves,
                    texts,
                    complaints,
                };
                let value = typer.expr(value);
                row.names.push(name.clone());
                row.types.push(value.as_ref().map(|value| value.ty));
                row.steps.push(value.map(Step::Let));
            }
        }
    }
    let Some(at) = &transform.at else { return };
    let mut leaves = Dated(Row(&row.types), row.time.as_ref());
    let mut typer = Typer {
        leaves: &mut leaves,
        texts,
        complaints,
    };
    let time = typer.expr_as(at, Type::Timestamp);
    if let Err(Refused::Mismatch(ty)) = time {
        complaints.push(errors::not_a_timestamp("at", ty, at.span, None));
    }
    row.time = time.ok();
    row.says_at = true;
}

fn build(transform: &res::Transform, row: &RowTypes) -> Option<Transform> {
    Some(Transform {
        name: transform.declared.name.clone(),
        doc: transform.declared.doc.clone(),
        source: row.source?,
        steps: row.steps.iter().cloned().collect::<Option<Vec<_>>>()?,
        time: row.time.clone()?,
        at: row.at,
        columns: columns(row)?,
    })
}

fn columns(row: &RowTypes) -> Option<Vec<TransformColumn>> {
    let pairs = row.names.iter().zip(&row.types);
    pairs
        .map(|(name, ty)| {
            Some(TransformColumn {
                name: name.clone(),
                ty: (*ty)?,
            })
        })
        .collect()
}

/// The transform that changes nothing: what a view reads that reads a source.
pub(super) fn identity(id: SourceId, source: &featc_ir::Source) -> Transform {
    let columns = source.columns.iter();
    Transform {
        name: source.name.clone(),
        doc: None,
        source: id,
        steps: Vec::new(),
        time: Expr::column(source.time, Type::Timestamp),
        at: None,
        columns: columns
            .map(|column| TransformColumn {
                name: column.name.clone(),
                ty: column.ty,
            })
            .collect(),
    }
}

/// The arrival column of the source below, if it has one.
fn arrival_column(file: &res::File, row: &RowTypes) -> Option<ColumnId> {
    match file.sources[row.source?.index()].arrival {
        Some(res::Arrival::Column(column)) => Some(column.id),
        Some(res::Arrival::AfterTime { .. } | res::Arrival::Static | res::Arrival::Broken) | None => None,
    }
}

/// Refuses (once) an arrival that expressions read: copies of an event may differ in it, so it is no part of the event.
pub(super) fn refuse_arrival<'a>(
    file: &res::File,
    row: &RowTypes,
    exprs: impl Iterator<Item = &'a res::Expr>,
    context: &mut Context<'_>,
) {
    let Some(arrival) = arrival_column(file, row) else {
        return;
    };
    let mut first = None;
    for expr in exprs {
        expr.walk(&mut |expr| {
            if first.is_none() && matches!(expr.kind, ExprKind::Column(id) if id == arrival) {
                first = Some(expr.span);
            }
        });
    }
    refuse_arrival_at(file, row, first, context);
}

/// As [`refuse_arrival`], for key columns.
pub(super) fn refuse_arrival_key(file: &res::File, row: &RowTypes, key: &[res::ColumnRef], context: &mut Context<'_>) {
    let Some(arrival) = arrival_column(file, row) else {
        return;
    };
    let first = key.iter().find(|column| column.id == arrival).map(|column| column.at);
    refuse_arrival_at(file, row, first, context);
}

fn refuse_arrival_at(file: &res::File, row: &RowTypes, at: Option<Span>, context: &mut Context<'_>) {
    let (Some(at), Some(source), Some(arrival)) = (at, row.source, arrival_column(file, row)) else {
        return;
    };
    let source = &file.sources[source.index()];
    // An arrival that is the event time too is refused at the source.
    if source.time.is_some_and(|time| time.id == arrival) {
        return;
    }
    // One that is no timestamp too: it may be no arrival at all.
    if let Some(column) = source.columns.get(arrival.index())
        && column.ty.is_none_or(|ty| ty == Type::Timestamp)
    {
        context.push(errors::reads_arrival(&column.name, at, column.at));
    }
}

/// The expressions of a transform's steps, in order.
fn expressions(transform: &res::Transform) -> impl Iterator<Item = &res::Expr> + Clone {
    transform.steps.iter().map(|step| match step {
        res::Step::Where(expr) | res::Step::Let { value: expr, .. } => expr,
    })
}

/// Warns about transforms that nothing reads.
pub(super) fn warn_unused(file: &res::File, context: &mut Context<'_>) {
    let reads = file
        .transforms
        .iter()
        .map(|transform| transform.from)
        .chain(file.views.iter().map(|view| view.from));
    let mut is_used = vec![false; file.transforms.len()];
    for rows in reads.flatten() {
        if let Rows::Transform(transform) = rows {
            is_used[transform] = true;
        }
    }
    for (transform, is_used) in file.transforms.iter().zip(is_used) {
        if !is_used {
            let declared = &transform.declared;
            context.push(errors::unused_transform(&declared.name, declared.at));
        }
    }
}
