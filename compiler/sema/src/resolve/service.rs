//! Services: patterns become fields.

use super::declared;
use super::scope::Items;
use super::service_feature::{ServiceNames, features};
use super::view::ResolvedView;
use crate::errors;
use crate::res;
use featc_ir::{FeatureId, ViewId};
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, Span, suggest};
use std::collections::BTreeMap;

/// Resolves all services.
pub(super) fn services<'a>(
    items: &'a Items<'a>,
    read: (&'a [ResolvedView<'a>], &'a [res::Request]),
    complaints: &mut Vec<Diagnostic>,
) -> Vec<res::Service> {
    items
        .services
        .all
        .iter()
        .map(|service| resolve_service(service, items, read, complaints))
        .collect()
}

fn resolve_service<'a>(
    service: &'a ast::Service,
    items: &'a Items<'a>,
    (views, requests): (&'a [ResolvedView<'a>], &'a [res::Request]),
    complaints: &mut Vec<Diagnostic>,
) -> res::Service {
    let mut fields: Vec<res::Field> = Vec::new();
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    for entry in &service.entries {
        let name = &entry.view;
        let Some(position) = items.views.by_name.get(name.text.as_str()) else {
            if !items.is_broken(&name.text) {
                let nearest = suggest::nearest(&name.text, items.views.all.iter().map(|view| view.name.text.as_str()));
                complaints.push(errors::unknown_view(&name.text, name.span, nearest));
            }
            continue;
        };
        for pattern in &entry.patterns {
            for feature in matching(pattern, &views[*position], complaints) {
                let resolved = &views[*position];
                let field = format!(
                    "{}__{}",
                    resolved.view.declared.name,
                    resolved.features.names()[feature.index()]
                );
                if let Some(first) = seen.get(&field) {
                    let service = &service.name.text;
                    complaints.push(errors::duplicate_field(service, &field, pattern.span, *first));
                    break; // one message per pattern
                }
                seen.insert(field.clone(), pattern.span);
                fields.push(res::Field {
                    name: field,
                    view: ViewId::from(*position),
                    feature,
                    gate: entry.fallback == Some(ast::Fallback::Gate),
                    at: pattern.span,
                });
            }
        }
    }
    for feature in &service.features {
        let (name, at) = (&feature.name.text, feature.name.span);
        let first = *seen.entry(name.clone()).or_insert(at);
        if first != at {
            complaints.push(errors::duplicate_field(&service.name.text, name, at, first));
        }
    }
    if service.entries.is_empty() && service.features.is_empty() && service.broken.is_empty() {
        complaints.push(errors::empty_service(&service.name.text, service.name.span));
    }
    let features = features(ServiceNames::new(items, (views, requests), service), complaints);
    res::Service {
        declared: declared(&service.name, service.doc.as_ref()),
        fields,
        features,
    }
}

/// The features that a pattern names, in declared order.
fn matching(pattern: &ast::Pattern, view: &ResolvedView<'_>, complaints: &mut Vec<Diagnostic>) -> Vec<FeatureId> {
    let features = &view.features;
    let declared = &view.view.declared;
    if pattern.is_glob() {
        let names = features.names().iter().enumerate();
        let found: Vec<FeatureId> = names
            .filter(|(_, name)| pattern.matches(name))
            .map(|(position, _)| FeatureId::from(position))
            .collect();
        if found.is_empty() && !features.has_broken() {
            complaints.push(errors::pattern_matches_nothing(
                &declared.name,
                &pattern.text,
                pattern.span,
                declared.at,
            ));
        }
        return found;
    }
    feature((&pattern.text, pattern.span), view, complaints)
        .into_iter()
        .collect()
}

/// The feature of a name; reports it if there is none.
pub(super) fn feature(
    (name, at): (&str, Span),
    view: &ResolvedView<'_>,
    complaints: &mut Vec<Diagnostic>,
) -> Option<FeatureId> {
    let (features, declared) = (&view.features, &view.view.declared);
    let found = features.find(name);
    if found.is_none() && !features.is_broken(name) {
        let meant = features.meant(name);
        complaints.push(errors::unknown_feature(&declared.name, name, at, meant, declared.at));
    }
    found
}
