//! Entities: what may be a key.

use super::Context;
use crate::errors::keys::{EntityWithoutKey, KeyTypeRefused, NullableKey};
use crate::res;
use featc_ir::{Entity, Key};

pub(super) fn check(entity: &res::Entity, context: &mut Context<'_>) -> Option<Entity> {
    let declared = &entity.declared;
    if entity.keys.is_empty() {
        context.push(
            EntityWithoutKey {
                entity: &declared.name,
                at: declared.at,
            }
            .report(),
        );
    }
    for key in &entity.keys {
        if let Some(at) = key.nullable {
            context.push(NullableKey { key: &key.name, at }.report());
        }
        if let Some(ty) = key.ty.filter(|ty| !ty.may_be_key()) {
            context.push(
                KeyTypeRefused {
                    key: &key.name,
                    ty,
                    at: key.ty_at,
                }
                .report(),
            );
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
