//! Services: what a question must bring has one type per name.

use super::Context;
use crate::errors::keys::ServiceKeyConflict;
use crate::res::{self, ExprKind, FeatureKind, Rows};
use featc_ir::{Excluding, Service, ServiceField, Type};
use featc_syntax::diag::Span;
use std::collections::{BTreeMap, BTreeSet};

/// Reports names that a question would have to bring with two types.
pub(super) fn check(file: &res::File, context: &mut Context<'_>) {
    let mut by_view: BTreeMap<usize, Vec<bool>> = BTreeMap::new();
    for service in &file.services {
        let mut known: BTreeMap<&str, (Type, Span)> = BTreeMap::new();
        let mut reported = BTreeSet::new();
        for field in &service.fields {
            let view = &file.views[field.view.index()];
            let says_self = by_view.entry(field.view.index()).or_insert_with(|| says_self(view));
            let says_self = says_self.get(field.feature.index()) == Some(&true);
            for (name, ty) in needs(file, view, says_self) {
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
fn needs<'a>(file: &'a res::File, view: &'a res::View, says_self: bool) -> Vec<(&'a str, Option<Type>)> {
    let mut needs = Vec::new();
    if let Some((entity, _)) = view.entity {
        needs.extend(
            file.entities[entity.index()]
                .keys
                .iter()
                .map(|key| (key.name.as_str(), key.ty)),
        );
    }
    if says_self && let Some(source) = source_of(file, view.from) {
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

/// Whether each feature, or one that it is derived from, says `excluding self`.
fn says_self(view: &res::View) -> Vec<bool> {
    let mut first = Vec::new();
    let mut count = 0;
    for feature in &view.features {
        first.push(count);
        count += feature.width();
    }
    featc_ir::work::add(count);
    let mut says_self = vec![false; count];
    for position in &view.feature_order {
        let feature = &view.features[*position];
        match &feature.kind {
            FeatureKind::Aggregate { expansions } => {
                for (place, expansion) in expansions.iter().enumerate() {
                    says_self[first[*position] + place] = expansion.window.excluding == Excluding::SelfEvent;
                }
            }
            FeatureKind::Derived => {
                let mut says = false;
                feature.value.walk(&mut |expr| {
                    if let ExprKind::Feature(id) = expr.kind {
                        says |= says_self.get(id.index()) == Some(&true);
                    }
                });
                says_self[first[*position]] = says;
            }
            FeatureKind::Broken { .. } => {}
        }
    }
    says_self
}

pub(super) fn build(service: &res::Service) -> Service {
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
    }
}
