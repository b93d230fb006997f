//! Services: patterns become fields.

use super::declared;
use super::role::Roles;
use super::scope::Items;
use super::service_feature::{ServiceNames, features};
use super::view::ResolvedView;
use crate::errors;
use crate::res;
use featc_ir::{FeatureId, RoleId, ViewId};
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, Span};
use std::collections::{BTreeMap, BTreeSet};

/// Resolves all services.
pub(super) fn services<'a>(
    items: &'a Items<'a>,
    read: (&'a [res::Entity], &'a [ResolvedView<'a>], &'a [res::Request]),
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
    (entities, views, requests): (&'a [res::Entity], &'a [ResolvedView<'a>], &'a [res::Request]),
    complaints: &mut Vec<Diagnostic>,
) -> res::Service {
    let before = complaints.len();
    let roles = Roles::new(service, items, (views, entities), complaints);
    let mut fields: Vec<res::Field> = Vec::new();
    let mut listed: BTreeMap<(ViewId, Option<RoleId>, FeatureId), Span> = BTreeMap::new();
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    for entry in &service.entries {
        let Some((view, role)) = roles.entry(&entry.view, complaints) else {
            continue;
        };
        let alias = entry.alias.as_ref();
        if let Some(alias) = alias
            && !may_be_alias(alias, entry, role.map(|role| roles.meaning(role)), complaints)
        {
            continue;
        }
        for pattern in &entry.patterns {
            for feature in matching(pattern, &views[view.index()], complaints) {
                let name = &views[view.index()].features.names()[feature.index()];
                let whole = || format!("{}__{name}", roles.name((view, role)));
                let field = alias.map_or_else(whole, |alias| alias.text.clone());
                let at = alias.map_or(pattern.span, |alias| alias.span);
                let again = listed.get(&(view, role, feature)).map(|first| (whole(), *first));
                let first = again.or_else(|| Some((field.clone(), *seen.get(&field)?)));
                if let Some((name, first)) = first {
                    let service = &service.name.text;
                    complaints.push(errors::duplicate_field(service, &name, at, first));
                    break; // one message per pattern
                }
                seen.insert(field.clone(), at);
                listed.insert((view, role, feature), at);
                fields.push(res::Field {
                    name: field,
                    view,
                    feature,
                    role,
                    gate: entry.fallback == Some(ast::Fallback::Gate),
                    at,
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
    let features = features(
        ServiceNames::new(items, (views, requests), (service, &roles)),
        complaints,
    );
    let resolved = res::Service {
        declared: declared(&service.name, service.doc.as_ref()),
        roles: roles.resolved,
        fields,
        features,
    };
    // What is wrong elsewhere may have read them.
    if complaints.len() == before && service.broken.is_empty() {
        report_roles(&resolved, complaints);
    }
    resolved
}

/// Whether a column may be called so; reports it where not. `role`: what the role is declared as of which it is.
fn may_be_alias(
    alias: &ast::Name,
    entry: &ast::ServiceEntry,
    role: Option<String>,
    complaints: &mut Vec<Diagnostic>,
) -> bool {
    let name = alias.text.as_str();
    let is_one = matches!(&entry.patterns[..], [pattern] if !pattern.is_glob());
    complaints.push(match role {
        Some(meaning) if !is_one => errors::alias_of_a_role(name, &meaning, alias.span),
        None if !is_one => errors::alias_of_several(name, &entry.view.text, alias.span),
        _ if name.contains("__") => errors::alias_with_a_view(name, alias.span),
        _ => return true,
    });
    false
}

/// Warns of roles that neither an entry nor a feature of the service names, of those that ask as their view does, which the
/// service reads by itself as well, and of those that ask as another role does.
fn report_roles(service: &res::Service, complaints: &mut Vec<Diagnostic>) {
    let mut read: BTreeSet<RoleId> = service.fields.iter().filter_map(|field| field.role).collect();
    let bare = service.fields.iter().filter(|field| field.role.is_none());
    let mut bare: BTreeSet<ViewId> = bare.map(|field| field.view).collect();
    for feature in &service.features {
        feature.value.walk(&mut |expr| match expr.kind {
            res::ExprKind::Read(res::Read::Feature(_, _, Some(role))) => drop(read.insert(role)),
            res::ExprKind::Read(res::Read::Feature(view, _, None)) => drop(bare.insert(view)),
            _ => {}
        });
    }
    for (place, role) in service.roles.iter().enumerate() {
        let declared = &role.declared;
        if !read.contains(&RoleId::from(place)) {
            complaints.push(errors::unused_role(&declared.name, declared.at));
        } else if role.by.is_none() && bare.contains(&role.view) {
            complaints.push(errors::role_of_the_same_keys(&declared.name, declared.at));
        } else if let Some(other) = service.roles[..place].iter().find(|other| asks_alike(other, role)) {
            let other = &other.declared;
            complaints.push(errors::role_like_another(
                &declared.name,
                &other.name,
                declared.at,
                other.at,
            ));
        }
    }
}

/// Whether two roles ask the same view by the same columns.
fn asks_alike(one: &res::Role, other: &res::Role) -> bool {
    let by = |role: &res::Role| -> Option<Vec<String>> {
        let columns = role.by.as_ref()?;
        Some(columns.iter().map(|(column, _)| column.clone()).collect())
    };
    one.view == other.view && by(one) == by(other)
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
        let meant = features.meant(name, None);
        complaints.push(errors::unknown_feature(&declared.name, name, at, meant, declared.at));
    }
    found
}
