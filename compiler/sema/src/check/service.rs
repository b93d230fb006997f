//! Services: what a question must bring has one type per name.

use super::Context;
use crate::errors::keys::ServiceKeyConflict;
use crate::res::{self, ExprKind, FeatureKind, Rows};
use featc_ir::{Excluding, Service, ServiceField, Type};
use featc_syntax::diag::Span;
use std::collections::{BTreeMap, BTreeSet};

/// Reports names that a question would have to bring with two types.
pub(super) fn check(file: &res::File, context: &mut Context<'_>) {
    for service in &file.services {
        let mut known: BTreeMap<&str, (Type, Span)> = BTreeMap::new();
        let mut reported = BTreeSet::new();
        for field in &service.fields {
            let view = &file.views[field.view.index()];
            for (name, ty) in needs(file, view, field) {
                let Some(ty) = ty else { continue };
                let (first, first_at) = *known.entry(name).or_insert((ty, field.at));
                if first != ty && reported.insert((name, field.at)) {
                    let error = ServiceKeyConflict {
                        service: &service.declared.name,
                        column: name,
                        ty,
                        at: field.at,
                        first,
                        first_at,
                    };
                    context.push(error.report());
                }
            }
        }
    }
}

/// The columns that a question about a field must bring: the keys, and what `excluding self` compares.
fn needs<'a>(file: &'a res::File, view: &'a res::View, field: &res::Field) -> Vec<(&'a str, Option<Type>)> {
    let mut needs = Vec::new();
    if let Some((entity, _)) = view.entity {
        needs.extend(
            file.entities[entity.index()]
                .keys
                .iter()
                .map(|key| (key.name.as_str(), key.ty)),
        );
    }
    if excludes_self(view, field.feature.index())
        && let Some(source) = source_of(file, view.from)
    {
        let columns = source.unique.iter().filter_map(|id| source.columns.get(id.index()));
        needs.extend(columns.map(|column| (column.name.as_str(), column.ty)));
    }
    needs
}

fn source_of(file: &res::File, mut rows: Option<Rows>) -> Option<&res::Source> {
    // Circles are broken, so this ends.
    loop {
        match rows? {
            Rows::Source(source) => return file.sources.get(source.index()),
            Rows::Transform(transform) => rows = file.transforms.get(transform)?.from,
        }
    }
}

/// Whether a feature, or one that it is derived from, says `excluding self`.
fn excludes_self(view: &res::View, feature: usize) -> bool {
    let mut first = 0;
    let mut owner = Vec::new();
    for (position, declared) in view.features.iter().enumerate() {
        owner.extend(std::iter::repeat_n((position, first), declared.width()));
        first += declared.width();
    }
    let mut seen = vec![false; owner.len()];
    let mut stack = vec![feature];
    while let Some(at) = stack.pop() {
        let Some((position, first)) = owner
            .get(at)
            .copied()
            .filter(|_| !std::mem::replace(&mut seen[at], true))
        else {
            continue;
        };
        match &view.features[position].kind {
            FeatureKind::Aggregate { expansions } => {
                if expansions
                    .get(at - first)
                    .is_some_and(|e| e.window.excluding == Excluding::SelfEvent)
                {
                    return true;
                }
            }
            FeatureKind::Derived => view.features[position].value.walk(&mut |expr| {
                if let ExprKind::Feature(id) = expr.kind {
                    stack.push(id.index());
                }
            }),
            FeatureKind::Broken { .. } => {}
        }
    }
    false
}

pub(super) fn build(service: &res::Service, context: &Context<'_>) -> Service {
    let fields = service.fields.iter();
    Service {
        name: service.declared.name.clone(),
        doc: service.declared.doc.clone(),
        fields: fields
            .map(|field| ServiceField {
                name: field.name.clone(),
                view: field.view,
                feature: field.feature,
            })
            .collect(),
        origin: context.origin(service.declared.at),
    }
}
