//! Services: what is answered, and what a question brings for it.

use super::{Key, Program, Service, ServiceField};
use crate::expr::{Expr, Literal};
use crate::id::{FeatureId, RoleId, ViewId};
use crate::types::Type;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A view under another name: a question brings the keys of its entity in columns that have other names than the keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Role {
    pub name: String,
    pub view: ViewId,
    /// What a question calls the keys of the view's entity, in their order, with their types.
    pub keys: Vec<Key>,
}

/// A feature of a view as a service asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskedFeature {
    pub view: ViewId,
    pub feature: FeatureId,
    /// Of the view; `None`: the view itself.
    pub role: Option<RoleId>,
}

/// A feature that a service computes of its question and of the answers of views. Its status is the worst of the features
/// that it reads and of its own error; fields of a request and the instant are never worse than `ok`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ServiceFeature {
    /// The output column.
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    pub ty: Type,
    /// What `expr` reads: column i is the i-th.
    pub inputs: Vec<ServiceInput>,
    pub expr: Expr,
    /// Replaces null, of the feature's type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Literal>,
}

/// What a feature of a service reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceInput {
    /// The instant of the question.
    At,
    /// A field of a request: a column that the question brings, which may be null.
    Field(Key),
    /// The final value of a feature of a view, default included.
    Feature {
        view: ViewId,
        feature: FeatureId,
        /// Of the view; `None`: the view itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<RoleId>,
    },
    /// The final value of a feature of the service that stands before.
    Own(u32),
}

impl Service {
    /// The features of views that are answered or read, each once: the fields, then what features of its own read.
    pub fn reads(&self) -> Vec<AskedFeature> {
        let mut seen = BTreeSet::new();
        let of_fields = self.fields.iter().map(ServiceField::asked);
        let of_features = self.features.iter().flat_map(|feature| &feature.inputs);
        let of_features = of_features.filter_map(ServiceInput::asked);
        of_fields.chain(of_features).filter(|read| seen.insert(*read)).collect()
    }

    /// The features of views that a feature of its own reads, by its position; those of other such features included.
    pub fn features_read_by(&self, own: usize) -> Vec<AskedFeature> {
        let mut wanted = BTreeSet::from([own]);
        let mut read = BTreeSet::new();
        // Each reads none but those before it.
        for place in (0..=own).rev() {
            if !wanted.contains(&place) {
                continue;
            }
            for input in self.features.get(place).into_iter().flat_map(|feature| &feature.inputs) {
                read.extend(input.asked());
                if let ServiceInput::Own(before) = input {
                    wanted.insert(*before as usize);
                }
            }
        }
        read.into_iter().collect()
    }

    /// What the service calls a view: by a role's name, or by the view's own.
    pub fn name_of<'a>(&'a self, program: &'a Program, asked: AskedFeature) -> &'a str {
        match asked.role {
            Some(role) => &self.roles[role.index()].name,
            None => &program.view(asked.view).name,
        }
    }

    /// What a question to the service calls the keys of a view's entity.
    pub fn keys_of<'a>(&'a self, program: &'a Program, asked: AskedFeature) -> &'a [Key] {
        match asked.role {
            Some(role) => &self.roles[role.index()].keys,
            None => &program.entity(program.view(asked.view).entity).keys,
        }
    }

    /// The fields of requests that a question brings, each once, in the order in which they are read.
    pub fn request(&self) -> Vec<Key> {
        let mut fields: Vec<Key> = Vec::new();
        for input in self.features.iter().flat_map(|feature| &feature.inputs) {
            if let ServiceInput::Field(field) = input
                && !fields.contains(field)
            {
                fields.push(field.clone());
            }
        }
        fields
    }

    /// The output columns with their types, in order: fields, then features of its own.
    pub fn columns<'a>(&'a self, program: &'a Program) -> impl Iterator<Item = (&'a str, Type)> {
        let fields = self.fields.iter().map(|field| {
            let feature = program.view(field.view).feature(field.feature);
            (field.name.as_str(), feature.ty)
        });
        let own = self.features.iter().map(|feature| (feature.name.as_str(), feature.ty));
        fields.chain(own)
    }
}

impl ServiceField {
    /// The feature of which it is the answer.
    pub fn asked(&self) -> AskedFeature {
        AskedFeature {
            view: self.view,
            feature: self.feature,
            role: self.role,
        }
    }
}

impl ServiceInput {
    /// The feature of a view, if it is one.
    pub fn asked(&self) -> Option<AskedFeature> {
        match *self {
            ServiceInput::Feature { view, feature, role } => Some(AskedFeature { view, feature, role }),
            ServiceInput::At | ServiceInput::Field(_) | ServiceInput::Own(_) => None,
        }
    }
}
