//! Entities: what may be a key.

use super::Context;
use crate::errors;
use crate::res;
use featc_ir::{Entity, Key};

pub(super) fn check(entity: &res::Entity, context: &mut Context<'_>) -> Option<Entity> {
    let declared = &entity.declared;
    if entity.keys.is_empty() {
        context.push(errors::entity_without_key(&declared.name, declared.at));
    }
    for key in &entity.keys {
        if let Some(at) = key.nullable {
            context.push(errors::nullable_key(&key.name, at));
        }
        if let Some(ty) = key.ty.filter(|ty| !ty.may_be_key()) {
            context.push(errors::key_type_refused(&key.name, ty, key.ty_at));
        }
    }
    let keys = entity.keys.iter().map(|key| {
        Some(Key {
            name: key.name.clone(),
            ty: key.ty?,
        })
    });
    Some(Entity {
        name: declared.name.clone(),
        doc: declared.doc.clone(),
        keys: keys.collect::<Option<Vec<_>>>()?,
    })
}
