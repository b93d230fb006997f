//! Transforms, parents before children.

use super::declared;
use super::expr::Exprs;
use super::scope::{Items, RowScope};
use crate::errors;
use crate::res::{self, Rows};
use featc_ir::SourceId;
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, Span, suggest};
use std::collections::{BTreeMap, BTreeSet};

/// All rows that views read.
#[derive(Debug)]
pub(super) struct AllRows {
    pub(super) sources: Vec<RowScope>,
    /// In declared order.
    pub(super) transforms: Vec<res::Transform>,
    /// Of the transforms that views read. The others have no rows of their own: a long chain of transforms would have
    /// all columns many times.
    scopes: BTreeMap<usize, RowScope>,
    /// Parents before children.
    pub(super) order: Vec<usize>,
}

impl AllRows {
    /// The rows that a view reads.
    pub(super) fn scope(&self, rows: Rows) -> Option<&RowScope> {
        match rows {
            Rows::Source(source) => Some(&self.sources[source.index()]),
            Rows::Transform(transform) => self.scopes.get(&transform),
        }
    }

    /// The source at the bottom.
    pub(super) fn source(&self, rows: Rows) -> Option<SourceId> {
        let mut at = rows;
        // No transform is part of a circle any more.
        loop {
            at = match at {
                Rows::Source(source) => return Some(source),
                Rows::Transform(transform) => self.transforms[transform].from?,
            };
        }
    }
}

/// What a transform adds to the rows that it reads.
#[derive(Debug, Default)]
struct Added {
    columns: Vec<(String, Span)>,
    tolerated: Vec<String>,
    is_known: bool,
}

/// What a `from` names; reports it if there is no such thing.
pub(super) fn from(items: &Items<'_>, name: &ast::Name, complaints: &mut Vec<Diagnostic>) -> Option<Rows> {
    let found = items.rows(&name.text);
    if found.is_none() && !items.is_broken(&name.text) {
        if let Some(view) = items.views.by_name.get(name.text.as_str()) {
            let rows = &items.views.all[*view].from.text;
            complaints.push(errors::view_as_rows(&name.text, rows, name.span));
            return None;
        }
        if let Some(place) = items.tables.by_name.get(name.text.as_str()) {
            // What is wrong with another one has been reported.
            if items.resolved_tables[*place].is_some() {
                let declared = items.tables.all[*place].name.span;
                complaints.push(errors::static_table_as_rows(&name.text, name.span, declared));
            }
            return None;
        }
        let nearest = suggest::nearest(&name.text, items.rows_names());
        complaints.push(match items.kind_of(&name.text) {
            Some(kind) => errors::no_rows_but(&name.text, kind, name.span),
            None => errors::unknown_rows(&name.text, name.span, nearest),
        });
    }
    found
}

/// Resolves all transforms.
pub(super) fn transforms(items: &Items<'_>, sources: Vec<RowScope>, complaints: &mut Vec<Diagnostic>) -> AllRows {
    let declared_all = &items.transforms.all;
    let mut parents: Vec<Option<Rows>> = declared_all
        .iter()
        .map(|transform| from(items, &transform.from, complaints))
        .collect();
    let order = order(declared_all, &mut parents, complaints);

    let read = items.views.all.iter().map(|view| items.rows(&view.from.text));
    let is_read: BTreeSet<usize> = read
        .filter_map(|rows| match rows {
            Some(Rows::Transform(transform)) => Some(transform),
            Some(Rows::Source(_)) | None => None,
        })
        .collect();
    let mut scopes = BTreeMap::new();
    let mut added: Vec<Added> = declared_all.iter().map(|_| Added::default()).collect();
    let mut done: Vec<Option<res::Transform>> = vec![None; declared_all.len()];
    // The rows of the transform before: most often those that the next one reads.
    let mut last: Option<(usize, RowScope)> = None;
    for position in &order {
        let written = declared_all[*position];
        let scope = match (parents[*position], last.take()) {
            (Some(Rows::Transform(parent)), Some((at, scope))) if at == parent => scope,
            (Some(from), _) => rebuilt(from, &sources, &parents, &added),
            (None, _) => RowScope::new(&written.name, false),
        };
        let mut scope = scope.into_child(&written.name);
        let width = scope.columns.len();
        let (transform, tolerated) = transform(written, items, parents[*position], &mut scope, complaints);
        added[*position] = Added {
            columns: scope.columns[width..].to_vec(),
            tolerated,
            is_known: scope.is_known,
        };
        done[*position] = Some(transform);
        if is_read.contains(position) {
            featc_ir::work::add(scope.columns.len());
            scopes.insert(*position, scope.clone());
        }
        last = Some((*position, scope));
    }
    // `order` holds every position once, so nothing is lost by flattening.
    AllRows {
        sources,
        transforms: done.into_iter().flatten().collect(),
        scopes,
        order,
    }
}

/// The rows of a source or transform, from what each transform on the way added.
fn rebuilt(from: Rows, sources: &[RowScope], parents: &[Option<Rows>], added: &[Added]) -> RowScope {
    let mut way = Vec::new();
    let mut at = Some(from);
    let mut scope = loop {
        match at {
            Some(Rows::Source(source)) => {
                let scope = sources[source.index()].clone();
                featc_ir::work::add(scope.columns.len());
                break scope;
            }
            Some(Rows::Transform(transform)) => {
                way.push(transform);
                at = parents[transform];
            }
            None => break RowScope::default(),
        }
    };
    for transform in way.into_iter().rev() {
        let added = &added[transform];
        for (name, at) in &added.columns {
            scope.append(name, *at);
        }
        added.tolerated.iter().for_each(|name| scope.tolerate(name));
        scope.is_known = added.is_known;
    }
    scope
}

/// Parents before children, otherwise as declared. Breaks circles (and reports each once).
fn order(all: &[&ast::Transform], parents: &mut [Option<Rows>], complaints: &mut Vec<Diagnostic>) -> Vec<usize> {
    let mut order = Vec::with_capacity(all.len());
    let mut is_placed = vec![false; all.len()];
    for start in 0..all.len() {
        let mut path = Vec::new();
        let mut on_path = std::collections::BTreeSet::new();
        let mut next = Some(start);
        while let Some(at) = next.filter(|at| !is_placed[*at]) {
            if !on_path.insert(at) {
                report_circle(all, &path, at, complaints);
                parents[at] = None;
                break;
            }
            path.push(at);
            next = match parents[at] {
                Some(Rows::Transform(parent)) => Some(parent),
                Some(Rows::Source(_)) | None => None,
            };
        }
        // In a circle the first of it is now without a parent, and all are placed after what they read.
        if let Some(cut) = path.iter().position(|at| parents[*at].is_none()) {
            let tail = path.split_off(cut);
            for at in tail.first().into_iter().chain(tail.iter().skip(1).rev()) {
                place(*at, &mut order, &mut is_placed);
            }
        }
        for at in path.into_iter().rev() {
            place(at, &mut order, &mut is_placed);
        }
    }
    order
}

fn place(at: usize, order: &mut Vec<usize>, is_placed: &mut [bool]) {
    if !std::mem::replace(&mut is_placed[at], true) {
        order.push(at);
    }
}

fn report_circle(all: &[&ast::Transform], path: &[usize], at: usize, complaints: &mut Vec<Diagnostic>) {
    let start = path.iter().position(|known| *known == at).unwrap_or(0);
    let mut names: Vec<String> = path[start..].iter().map(|at| all[*at].name.text.clone()).collect();
    names.push(all[at].name.text.clone());
    let name = &all[at].name;
    complaints.push(errors::circular_transform(&name.text, name.span, &names));
}

/// The transform, and the names that are not asked about after it.
fn transform(
    written: &ast::Transform,
    items: &Items<'_>,
    from: Option<Rows>,
    scope: &mut RowScope,
    complaints: &mut Vec<Diagnostic>,
) -> (res::Transform, Vec<String>) {
    // A step that was not understood may have declared any name.
    scope.is_known &= written
        .broken
        .iter()
        .all(|broken| match (&broken.keyword, &broken.name) {
            (_, Some(_)) => true,
            (Some(keyword), None) => keyword == "where",
            (None, None) => false,
        });
    let names = written.broken.iter().filter_map(|broken| broken.name.as_ref());
    let tolerated: Vec<String> = names.map(|name| name.text.clone()).collect();
    tolerated.iter().for_each(|name| scope.tolerate(name));
    let mut steps = Vec::new();
    for step in &written.steps {
        match step {
            ast::Step::Where(step) => {
                steps.push(res::Step::Where(
                    Exprs::row(items, scope, complaints).expr(&step.condition),
                ));
            }
            ast::Step::Let(step) => {
                let value = Exprs::row(items, scope, complaints).expr(&step.value);
                if let Some(first) = scope.append(&step.name.text, step.name.span) {
                    complaints.push(errors::let_of_a_column(&step.name.text, step.name.span, first));
                }
                steps.push(res::Step::Let {
                    name: step.name.text.clone(),
                    value,
                });
            }
        }
    }
    let at = written
        .at
        .as_ref()
        .map(|at| Exprs::row(items, scope, complaints).expr(at));
    let within = written.within.as_ref();
    let transform = res::Transform {
        declared: declared(&written.name, written.doc.as_ref()),
        from,
        steps,
        at,
        within: within.map(|within| (within.value.us.unsigned_abs(), within.span)),
    };
    (transform, tolerated)
}
