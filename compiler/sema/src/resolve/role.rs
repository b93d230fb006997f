//! Roles: views that a service calls by other names, and asks by other columns of its questions.

use super::declared;
use super::scope::Items;
use super::view::ResolvedView;
use crate::errors;
use crate::res;
use featc_ir::{RoleId, ViewId};
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, suggest};
use std::collections::BTreeMap;

/// What the names before a dot stand for within a service.
pub(super) struct Roles<'a> {
    items: &'a Items<'a>,
    views: &'a [ResolvedView<'a>],
    by_name: BTreeMap<&'a str, RoleId>,
    /// Declared, and reported.
    broken: Vec<&'a str>,
    /// Whether a declaration is not understood: it may have any name.
    any_broken: bool,
    pub(super) resolved: Vec<res::Role>,
}

impl<'a> Roles<'a> {
    /// Resolves the roles of a service.
    pub(super) fn new(
        service: &'a ast::Service,
        items: &'a Items<'a>,
        (views, entities): (&'a [ResolvedView<'a>], &[res::Entity]),
        complaints: &mut Vec<Diagnostic>,
    ) -> Roles<'a> {
        let mut roles = Roles {
            items,
            views,
            by_name: BTreeMap::new(),
            broken: Vec::new(),
            any_broken: service
                .broken
                .iter()
                .any(|broken| broken.keyword.as_deref() == Some("role")),
            resolved: Vec::new(),
        };
        for role in &service.roles {
            match roles.role(role, entities, complaints) {
                Some(resolved) => {
                    roles
                        .by_name
                        .insert(&role.name.text, RoleId::from(roles.resolved.len()));
                    roles.resolved.push(resolved);
                }
                None => roles.broken.push(&role.name.text),
            }
        }
        roles
    }

    fn role(&self, role: &ast::Role, entities: &[res::Entity], complaints: &mut Vec<Diagnostic>) -> Option<res::Role> {
        let (name, at) = (role.name.text.as_str(), role.name.span);
        if let Some(first) = self.by_name.get(name) {
            complaints.push(errors::duplicate_role(
                name,
                at,
                self.resolved[first.index()].declared.at,
            ));
            return None;
        }
        let view = self.items.views.by_name.get(name);
        let view = view.map(|view| ("view", self.items.views.all[*view].name.span));
        let request = self.items.requests.by_name.get(name);
        let request = request.map(|request| ("request", self.items.requests.all[*request].name.span));
        if let Some((what, declared)) = view.or(request) {
            complaints.push(errors::role_is_taken(name, what, at, declared));
            return None;
        }
        let view = role.view.text.as_str();
        if let Some(other) = self.by_name.get(view) {
            let of = &self.views[self.resolved[other.index()].view.index()].view.declared.name;
            complaints.push(errors::role_of_role(view, role.view.span, of));
            return None;
        }
        let Some(view) = self.items.views.by_name.get(view).copied() else {
            if !self.items.is_broken(view) {
                let nearest = suggest::nearest(view, self.items.views.all.iter().map(|view| view.name.text.as_str()));
                complaints.push(match self.items.kind_of(view) {
                    Some(kind) => self.items.no_view_but(view, kind, role.view.span),
                    None => errors::unknown_view(view, role.view.span, nearest),
                });
            }
            return None;
        };
        let by = role.by.as_ref();
        if let Some((entity, _)) = self.views[view].view.entity
            && let Some(by) = by
            && !by_fits(by, &entities[entity.index()], complaints)
        {
            return None;
        }
        let columns = by.map(|by| by.columns.iter().map(|column| (column.text.clone(), column.span)));
        Some(res::Role {
            declared: declared(&role.name, None),
            view: ViewId::from(view),
            by: columns.map(Iterator::collect),
        })
    }

    /// The view of a name, or the view and the role.
    pub(super) fn find(&self, name: &str) -> Option<(ViewId, Option<RoleId>)> {
        if let Some(role) = self.by_name.get(name) {
            return Some((self.resolved[role.index()].view, Some(*role)));
        }
        let view = self.items.views.by_name.get(name)?;
        Some((ViewId::from(*view), None))
    }

    /// The same; reports an entry of neither.
    pub(super) fn entry(&self, name: &ast::Name, complaints: &mut Vec<Diagnostic>) -> Option<(ViewId, Option<RoleId>)> {
        let found = self.find(&name.text);
        if found.is_none() && !self.is_broken(&name.text) {
            let request = self.items.requests.by_name.get(name.text.as_str());
            let field = request.and_then(|request| self.items.requests.all[*request].fields.first());
            complaints.push(match field {
                Some(field) => errors::request_as_a_view(&name.text, &field.name.text, name.span),
                None => match self.items.kind_of(&name.text) {
                    Some(kind) => self.items.no_view_but(&name.text, kind, name.span),
                    None => errors::unknown_view(&name.text, name.span, self.nearest(&name.text)),
                },
            });
        }
        found
    }

    pub(super) fn is_broken(&self, name: &str) -> bool {
        self.any_broken || self.broken.contains(&name) || self.items.is_broken(name)
    }

    fn nearest(&self, name: &str) -> Option<&'a str> {
        let views = self.items.views.all.iter().map(|view| view.name.text.as_str());
        suggest::nearest(name, views.chain(self.names()))
    }

    /// The names of the roles.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.by_name.keys().copied()
    }

    /// What a role is declared as, such as `weather by (dest)`.
    pub(super) fn meaning(&self, role: RoleId) -> String {
        let res::Role { view, by, .. } = &self.resolved[role.index()];
        let view = &self.views[view.index()].view.declared.name;
        match by {
            Some(by) => {
                let columns: Vec<&str> = by.iter().map(|(column, _)| column.as_str()).collect();
                format!("{view} by ({})", columns.join(", "))
            }
            None => view.clone(),
        }
    }

    /// What a service calls a view.
    pub(super) fn name(&self, (view, role): (ViewId, Option<RoleId>)) -> &str {
        match role {
            Some(role) => &self.resolved[role.index()].declared.name,
            None => &self.views[view.index()].view.declared.name,
        }
    }
}

/// Whether there is a column for each key, each once.
fn by_fits(by: &ast::By, entity: &res::Entity, complaints: &mut Vec<Diagnostic>) -> bool {
    let name = &entity.declared.name;
    if by.columns.len() != entity.keys.len() && !entity.keys.is_empty() {
        let keys: Vec<String> = entity.keys.iter().map(|key| key.name.clone()).collect();
        let (found, entity_at) = (by.columns.len(), entity.declared.at);
        complaints.push(errors::key_count_differs(found, name, &keys, by.span, entity_at));
        return false;
    }
    for (place, column) in by.columns.iter().enumerate() {
        let first = by.columns[..place].iter().find(|other| other.text == column.text);
        if let Some(first) = first {
            complaints.push(errors::one_column_for_two_keys_of_a_role(
                &column.text,
                column.span,
                first.span,
            ));
            return false;
        }
    }
    true
}
