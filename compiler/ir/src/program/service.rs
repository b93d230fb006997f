//! Services: what is answered, and what a question brings for it.

use super::{Key, Program, Service};
use crate::expr::{Expr, Literal};
use crate::id::{FeatureId, ViewId};
use crate::types::Type;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

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
    Feature { view: ViewId, feature: FeatureId },
    /// The final value of a feature of the service that stands before.
    Own(u32),
}

impl Service {
    /// The features of views that are answered or read, each once: the fields, then what features of its own read.
    pub fn reads(&self) -> Vec<(ViewId, FeatureId)> {
        let mut seen = BTreeSet::new();
        let of_fields = self.fields.iter().map(|field| (field.view, field.feature));
        let of_features = self.features.iter().flat_map(|feature| &feature.inputs);
        let of_features = of_features.filter_map(|input| match input {
            ServiceInput::Feature { view, feature } => Some((*view, *feature)),
            ServiceInput::At | ServiceInput::Field(_) | ServiceInput::Own(_) => None,
        });
        of_fields.chain(of_features).filter(|read| seen.insert(*read)).collect()
    }

    /// The features of views that a feature of its own reads, by its position; those of other such features included.
    pub fn features_read_by(&self, own: usize) -> Vec<(ViewId, FeatureId)> {
        let mut wanted = BTreeSet::from([own]);
        let mut read = BTreeSet::new();
        // Each reads none but those before it.
        for place in (0..=own).rev() {
            if !wanted.contains(&place) {
                continue;
            }
            for input in self.features.get(place).into_iter().flat_map(|feature| &feature.inputs) {
                match input {
                    ServiceInput::Feature { view, feature } => {
                        read.insert((*view, *feature));
                    }
                    ServiceInput::Own(before) => {
                        wanted.insert(*before as usize);
                    }
                    ServiceInput::At | ServiceInput::Field(_) => {}
                }
            }
        }
        read.into_iter().collect()
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
