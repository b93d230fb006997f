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
        let own = self_sources(file, service, &mut by_view);
        let mut known: BTreeMap<String, (Type, Span)> = BTreeMap::new();
        let mut reported = BTreeSet::new();
        for field in &service.fields {
            let view = &file.views[field.view.index()];
            let says_self = says_self_of(file, field, &mut by_view);
            for (name, ty) in needs(file, view, says_self, &own) {
                let Some(ty) = ty else { continue };
                let (first, first_at) = *known.entry(name.clone()).or_insert((ty, field.at));
                if first != ty && reported.insert((name.clone(), field.at)) {
                    let error = ServiceKeyConflict {
                        service: &service.declared.name,
                        column: &name,
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

/// The columns that a question about a field must bring: the keys, and what `excluding self` compares. `own` are the
/// sources of the service that are asked about with `excluding self`: a name that two of them share is qualified, as in
/// [`featc_ir::Program::service_self_columns`].
fn needs(file: &res::File, view: &res::View, says_self: bool, own: &[&res::Source]) -> Vec<(String, Option<Type>)> {
    let mut needs = Vec::new();
    if let Some((entity, _)) = view.entity {
        let keys = file.entities[entity.index()].keys.iter();
        needs.extend(keys.map(|key| (key.name.clone(), key.ty)));
    }
    if says_self && let Some(source) = source_of(file, view.from) {
        needs.extend(identity(source).map(|column| {
            let has_it = |other: &&&res::Source| identity(other).any(|known| known.name == column.name);
            let name = match own.iter().filter(has_it).count() > 1 {
                true => format!("{}.{}", source.declared.name, column.name),
                false => column.name.clone(),
            };
            (name, column.ty)
        }));
    }
    needs
}

/// The sources whose events `excluding self` takes out in some feature of the service, each once.
fn self_sources<'a>(
    file: &'a res::File,
    service: &res::Service,
    by_view: &mut BTreeMap<usize, Vec<bool>>,
) -> Vec<&'a res::Source> {
    let mut found: Vec<&res::Source> = Vec::new();
    for field in &service.fields {
        let view = &file.views[field.view.index()];
        let source = source_of(file, view.from).filter(|_| says_self_of(file, field, by_view));
        if let Some(source) = source.filter(|source| !found.iter().any(|known| std::ptr::eq(*known, *source))) {
            found.push(source);
        }
    }
    found
}

/// Whether a field, or an input of it, says `excluding self`; a view is looked through once.
fn says_self_of(file: &res::File, field: &res::Field, by_view: &mut BTreeMap<usize, Vec<bool>>) -> bool {
    let place = field.view.index();
    let of_view = by_view.entry(place).or_insert_with(|| says_self(&file.views[place]));
    of_view.get(field.feature.index()) == Some(&true)
}

/// The `unique` columns of a source.
fn identity(source: &res::Source) -> impl Iterator<Item = &res::Column> {
    source.unique.iter().filter_map(|id| source.columns.get(id.index()))
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
