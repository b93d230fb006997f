//! Transforms, parents before children.

use super::declared;
use super::expr::Exprs;
use super::scope::{Items, RowScope};
use crate::errors::names::{CircularTransform, UnknownRows};
use crate::res::{self, Rows};
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, suggest};

/// All rows that views may read.
#[derive(Debug)]
pub(super) struct AllRows {
    pub(super) sources: Vec<RowScope>,
    /// In declared order.
    pub(super) transforms: Vec<res::Transform>,
    scopes: Vec<RowScope>,
    /// Parents before children.
    pub(super) order: Vec<usize>,
}

impl AllRows {
    pub(super) fn scope(&self, rows: Rows) -> &RowScope {
        match rows {
            Rows::Source(source) => &self.sources[source.index()],
            Rows::Transform(transform) => &self.scopes[transform],
        }
    }
}

/// What a `from` names; reports it if there is no such thing.
pub(super) fn from(items: &Items<'_>, name: &ast::Name, complaints: &mut Vec<Diagnostic>) -> Option<Rows> {
    let found = items.rows(&name.text);
    if found.is_none() && !items.is_broken(&name.text) {
        let nearest = suggest::nearest(&name.text, items.rows_names());
        complaints.push(
            UnknownRows {
                name: &name.text,
                at: name.span,
                nearest,
            }
            .report(),
        );
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

    let mut scopes: Vec<Option<RowScope>> = vec![None; declared_all.len()];
    let mut done: Vec<Option<res::Transform>> = vec![None; declared_all.len()];
    for position in &order {
        let written = declared_all[*position];
        let parent = match parents[*position] {
            Some(Rows::Source(source)) => Some(&sources[source.index()]),
            Some(Rows::Transform(transform)) => scopes[transform].as_ref(),
            None => None,
        };
        let mut scope = parent.map_or_else(
            || RowScope::new(&written.name, false),
            |parent| parent.child(&written.name),
        );
        done[*position] = Some(transform(written, parents[*position], &mut scope, complaints));
        scopes[*position] = Some(scope);
    }
    // `order` holds every position once, so nothing is lost by flattening.
    AllRows {
        sources,
        transforms: done.into_iter().flatten().collect(),
        scopes: scopes.into_iter().flatten().collect(),
        order,
    }
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
    complaints.push(
        CircularTransform {
            name: &name.text,
            at: name.span,
            path: &names,
        }
        .report(),
    );
}

fn transform(
    written: &ast::Transform,
    from: Option<Rows>,
    scope: &mut RowScope,
    complaints: &mut Vec<Diagnostic>,
) -> res::Transform {
    // A step that was not understood may have declared any name.
    scope.is_known &= written
        .broken
        .iter()
        .all(|broken| match (&broken.keyword, &broken.name) {
            (_, Some(_)) => true,
            (Some(keyword), None) => keyword == "where",
            (None, None) => false,
        });
    for name in written.broken.iter().filter_map(|broken| broken.name.as_ref()) {
        scope.tolerate(&name.text);
    }
    let mut steps = Vec::new();
    for step in &written.steps {
        match step {
            ast::Step::Where(step) => {
                steps.push(res::Step::Where(Exprs::row(scope, complaints).expr(&step.condition)));
            }
            ast::Step::Let(step) => {
                let value = Exprs::row(scope, complaints).expr(&step.value);
                scope.push(&step.name, complaints);
                steps.push(res::Step::Let {
                    name: step.name.text.clone(),
                    value,
                });
            }
        }
    }
    let at = written.at.as_ref().map(|at| Exprs::row(scope, complaints).expr(at));
    res::Transform {
        declared: declared(&written.name, written.doc.as_ref()),
        from,
        steps,
        at,
    }
}
