//! Services: what a question must bring has one type per name.

use super::Context;
use crate::errors;
use crate::res;
use featc_ir::{Service, ServiceField, Type};
use featc_syntax::diag::Span;
use std::collections::{BTreeMap, BTreeSet};

/// Reports keys that a question would have to bring with two types. The columns that `excluding self` compares have names
/// of their own ([`featc_ir::Program::service_identity`]).
pub(super) fn check(file: &res::File, context: &mut Context<'_>) {
    for service in &file.services {
        let mut known: BTreeMap<&str, (Type, Span)> = BTreeMap::new();
        let mut reported = BTreeSet::new();
        for field in &service.fields {
            let Some((entity, _)) = file.views[field.view.index()].entity else {
                continue;
            };
            for key in &file.entities[entity.index()].keys {
                let (name, Some(ty)) = (key.name.as_str(), key.ty) else {
                    continue;
                };
                let (first, first_at) = *known.entry(name).or_insert((ty, field.at));
                if first != ty && reported.insert((name, field.at)) {
                    context.push(errors::service_key_conflict(
                        &service.declared.name,
                        name,
                        ty,
                        field.at,
                        first,
                        first_at,
                    ));
                }
            }
        }
    }
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
