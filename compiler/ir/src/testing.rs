//! Tests of programs: rows, and what features are then. They are no part of a program: no hash, no plan and no build knows
//! of them.

use crate::expr::Literal;
use crate::id::{FeatureId, SourceId, ViewId};
use crate::program::{Key, Origin, Program, Service, ServiceField};
use crate::types::{Status, Truth};
use std::collections::BTreeMap;

/// A test of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    pub name: String,
    pub view: ViewId,
    /// Where its name stands.
    pub origin: Origin,
    pub rows: Vec<Row>,
    /// Rows of tables that the view's transform looks into, by name; one that is not given has none.
    pub tables: BTreeMap<String, Vec<Vec<Wanted>>>,
    /// Never empty.
    pub expects: Vec<Expect>,
}

/// A row of the source that the view reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub source: SourceId,
    /// Of its columns, in their order; of their types, or null.
    pub values: Vec<Wanted>,
    /// From 1.
    pub line: u32,
}

/// A question, and what the answer is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    pub truth: Truth,
    /// In microseconds since the epoch.
    pub at_us: i64,
    /// Of the columns that a question to the view may bring, in [`Program::service_keys`] order and then those that
    /// `excluding self` compares with; what the test does not say is null.
    pub asked: Vec<(Key, Literal)>,
    /// Never empty.
    pub features: Vec<Expected>,
    /// From 1.
    pub line: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub feature: FeatureId,
    pub value: Wanted,
    /// `None`: any.
    pub status: Option<Status>,
    /// From 1.
    pub line: u32,
}

/// A value that a row has, or that a feature is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Of the column's or the feature's type, or null.
    One(Literal),
    /// Of the type of the items of a list, or null.
    List(Vec<Literal>),
}

impl Program {
    /// A service of all features of a view, in declared order.
    pub fn service_of_view(&self, view: ViewId, name: String) -> Service {
        let declared = self.view(view);
        let fields = declared.features.iter().enumerate().map(|(feature, of)| ServiceField {
            name: format!("{}__{}", declared.name, of.name),
            view,
            feature: feature.into(),
            role: None,
            gate: false,
        });
        Service {
            name,
            doc: None,
            roles: Vec::new(),
            fields: fields.collect(),
            features: Vec::new(),
        }
    }
}
