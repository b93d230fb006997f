//! Services: their own features, and that what a question must bring has one type per name.

use super::Context;
use super::feature::check_default;
use super::view::Checked;
use crate::errors;
use crate::infer::{Leaves, Typer};
use crate::res::{self, Read};
use featc_ir::{
    ColumnId, Expr, FeatureId, Key, Program, Role, RoleId, Service, ServiceFeature, ServiceField, ServiceInput, Type,
    ViewId,
};
use featc_syntax::diag::{Diagnostic, SourceMap, Span};
use std::collections::{BTreeMap, BTreeSet};

/// Checks all services. `None` where something is wrong.
pub(super) fn check(file: &res::File, views: &[Option<Checked>], context: &mut Context<'_>) -> Vec<Option<Service>> {
    let services = file.services.iter();
    let check = |service: &res::Service| {
        let features = features(file, service, views, context);
        one_type_each(file, service, context);
        build(file, service, features?)
    };
    services.map(check).collect()
}

/// Warns of fields of requests that no service reads: no question is asked for them.
pub(super) fn warn_unread_fields(file: &res::File, context: &mut Context<'_>) {
    let mut read = BTreeSet::new();
    for feature in file.services.iter().flat_map(|service| &service.features) {
        feature.value.walk(&mut |expr| {
            if let res::ExprKind::Read(Read::Field { request, field }) = expr.kind {
                read.insert((request, field));
            }
        });
    }
    let views = file.services.iter().flat_map(reads).map(|(view, ..)| view);
    let asked: BTreeSet<usize> = views
        .filter_map(|view| Some(file.views[view.index()].entity.as_ref()?.0.index()))
        .collect();
    // Before there is a service nothing can read them.
    let requests = file.requests.iter().enumerate().filter(|_| !file.services.is_empty());
    for (place, request) in requests {
        let unread = request.fields.iter().enumerate();
        for (_, field) in unread.filter(|(field, _)| !read.contains(&(place, *field))) {
            let (request, field, at) = (&request.declared.name, &field.name, field.at);
            let mut entities = asked.iter().map(|entity| &file.entities[*entity]);
            let of_key = entities.find(|entity| entity.keys.iter().any(|key| key.name == *field));
            context.push(match of_key {
                Some(entity) => errors::field_of_a_key(request, field, &entity.declared.name, at),
                None => errors::unread_field(request, field, at),
            });
        }
    }
}

/// What a service reads of views, with the place.
fn reads(service: &res::Service) -> Vec<(ViewId, Option<RoleId>, Span)> {
    let of_field = |field: &res::Field| (field.view, field.role, field.at);
    let mut reads: Vec<_> = service.fields.iter().map(of_field).collect();
    for feature in &service.features {
        feature.value.walk(&mut |expr| {
            if let res::ExprKind::Read(Read::Feature(view, _, role)) = expr.kind {
                reads.push((view, role, expr.span));
            }
        });
    }
    reads
}

/// What a question brings for a view, by a role or without: the columns, with their types and where a role names them.
fn brings(
    file: &res::File,
    service: &res::Service,
    view: ViewId,
    role: Option<RoleId>,
) -> Option<Vec<(String, Option<Type>, Option<Span>)>> {
    let (entity, _) = file.views[view.index()].entity?;
    let keys = &file.entities[entity.index()].keys;
    let by = role.and_then(|role| service.roles[role.index()].by.as_ref());
    let columns = keys
        .iter()
        .enumerate()
        .map(|(place, key)| match by.map(|by| &by[place]) {
            Some((name, at)) => (name.clone(), key.ty, Some(*at)),
            None => (key.name.clone(), key.ty, None),
        });
    Some(columns.collect())
}

/// Reports keys that a question would have to bring with two types. The columns that `excluding self`
/// compares have names of their own ([`featc_ir::Program::service_identity`]).
fn one_type_each(file: &res::File, service: &res::Service, context: &mut Context<'_>) {
    let mut known: BTreeMap<String, (Type, Span)> = BTreeMap::new();
    let mut reported = BTreeSet::new();
    for (view, role, at) in reads(service) {
        let entity = file.views[view.index()].entity.map(|(entity, _)| entity);
        let brought = brings(file, service, view, role).unwrap_or_default();
        for (place, (name, ty, by_at)) in brought.into_iter().enumerate() {
            let is_mistyped = entity.is_some_and(|entity| context.mistyped.contains(&(entity, place)));
            let Some(ty) = ty.filter(|_| !is_mistyped) else {
                continue;
            };
            let at = by_at.unwrap_or(at);
            let (first, first_at) = *known.entry(name.clone()).or_insert((ty, at));
            if first != ty && reported.insert((name.clone(), at)) {
                let service = &service.declared.name;
                context.push(errors::service_key_conflict(service, &name, ty, at, first, first_at));
            }
        }
    }
}

/// Reports columns of answers that have the name of what a question brings.
fn one_column_each(service: &res::Service, (program, checked): (&Program, &Service), context: &mut Context<'_>) {
    let asked = program.service_keys(checked);
    let fields = service.fields.iter().map(|field| (&field.name, field.at));
    let own = service.features.iter();
    let own = own.map(|feature| (&feature.declared.name, feature.declared.at));
    for (name, at) in fields.chain(own) {
        if asked.iter().any(|key| key.name == *name) {
            context.push(errors::column_is_a_key(&service.declared.name, name, at));
        }
    }
}

/// Reports fields of requests whose name is that of something else that a question brings, or of an output column.
pub(super) fn one_field_each(file: &res::File, program: &Program, context: &mut Context<'_>) {
    for (service, checked) in file.services.iter().zip(&program.services) {
        let name_of = &service.declared.name;
        one_column_each(service, (program, checked), context);
        let mut others: BTreeMap<String, &str> = BTreeMap::new();
        let of_sources = program.service_self_columns(checked).into_iter();
        others.extend(of_sources.map(|own| (own.name, "a column that `excluding self` compares with")));
        let keys = program.service_keys(checked).into_iter();
        others.extend(keys.map(|key| (key.name, "a key of an entity")));
        let outputs = checked.columns(program);
        others.extend(outputs.map(|(name, _)| (name.to_owned(), "a column of the answer")));
        let mut known: BTreeMap<&str, Type> = BTreeMap::new();
        let mut reported = BTreeSet::new();
        for feature in &service.features {
            feature.value.walk(&mut |expr| {
                let res::ExprKind::Read(Read::Field { request, field }) = expr.kind else {
                    return;
                };
                let declared = &file.requests[request].fields[field];
                let (name, Some(ty)) = (declared.name.as_str(), declared.ty) else {
                    return;
                };
                let first = *known.entry(name).or_insert(ty);
                let complaint = match others.get(name) {
                    Some(other) => errors::field_clash(name_of, name, other, expr.span),
                    None if first != ty => errors::field_types(name_of, name, [first, ty], expr.span),
                    None => return,
                };
                if reported.insert(name) {
                    context.push(complaint);
                }
            });
        }
    }
}

/// What the names in a feature of a service stand for.
struct ServiceLeaves<'a> {
    file: &'a res::File,
    views: &'a [Option<Checked>],
    /// The types of the features before.
    own: &'a [Option<Type>],
    inputs: Vec<ServiceInput>,
}

impl Leaves for ServiceLeaves<'_> {
    fn column(&mut self, _: ColumnId) -> Option<Expr> {
        None
    }

    fn feature(&mut self, _: FeatureId) -> Option<Expr> {
        None
    }

    fn read(&mut self, read: Read) -> Option<Expr> {
        let (input, ty) = match read {
            Read::At => (ServiceInput::At, Type::Timestamp),
            Read::Field { request, field } => {
                let field = &self.file.requests[request].fields[field];
                let name = field.name.clone();
                (ServiceInput::Field(Key { name, ty: field.ty? }), field.ty?)
            }
            Read::Feature(view, feature, role) => {
                let features = self.views[view.index()].as_ref()?.features();
                (
                    ServiceInput::Feature { view, feature, role },
                    features.get(feature.index())?.ty,
                )
            }
            Read::Own(own) => (ServiceInput::Own(own as u32), self.own[own]?),
        };
        let known = self.inputs.iter().position(|known| *known == input);
        let position = known.unwrap_or_else(|| {
            self.inputs.push(input);
            self.inputs.len() - 1
        });
        Some(Expr::column(ColumnId::from(position), ty))
    }

    fn aggregate(&mut self, _: &res::Call, _: &SourceMap, _: &mut Vec<Diagnostic>) -> Option<Expr> {
        None
    }
}

fn features(
    file: &res::File,
    service: &res::Service,
    views: &[Option<Checked>],
    context: &mut Context<'_>,
) -> Option<Vec<ServiceFeature>> {
    let mut own: Vec<Option<Type>> = Vec::new();
    let mut features = Some(Vec::new());
    if !service.features.is_empty() && reads(service).is_empty() && file.complete {
        let declared = &service.declared;
        context.push(errors::service_without_view(&declared.name, declared.at));
    }
    for feature in &service.features {
        let mut leaves = ServiceLeaves {
            file,
            views,
            own: &own,
            inputs: Vec::new(),
        };
        let mut typer = Typer {
            leaves: &mut leaves,
            texts: context.texts,
            complaints: &mut context.complaints,
        };
        let expr = typer.expr(&feature.value);
        let (inputs, ty) = (leaves.inputs, expr.as_ref().map(|expr| expr.ty));
        let default = check_default((&feature.declared, feature.default.as_ref()), ty, context);
        own.push(ty);
        features = match (features, expr, default) {
            (Some(mut features), Some(expr), Ok(default)) => {
                features.push(ServiceFeature {
                    name: feature.declared.name.clone(),
                    doc: feature.declared.doc.clone(),
                    ty: expr.ty,
                    inputs,
                    expr,
                    default,
                });
                Some(features)
            }
            (_, _, _) => None,
        };
    }
    features
}

fn build(file: &res::File, service: &res::Service, features: Vec<ServiceFeature>) -> Option<Service> {
    let role = |(role, declared): (usize, &res::Role)| {
        let columns = brings(file, service, declared.view, Some(RoleId::from(role)))?;
        let keys = columns.into_iter().map(|(name, ty, _)| Some(Key { name, ty: ty? }));
        Some(Role {
            name: declared.declared.name.clone(),
            view: declared.view,
            keys: keys.collect::<Option<_>>()?,
        })
    };
    let roles = service.roles.iter().enumerate().map(role);
    let fields = service.fields.iter();
    Some(Service {
        name: service.declared.name.clone(),
        doc: service.declared.doc.clone(),
        roles: roles.collect::<Option<_>>()?,
        fields: fields
            .map(|field| ServiceField {
                name: field.name.clone(),
                view: field.view,
                feature: field.feature,
                role: field.role,
                gate: field.gate,
            })
            .collect(),
        features,
    })
}
