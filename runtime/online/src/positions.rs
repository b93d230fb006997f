//! How far the runtime's readers have read: positions, which are committed with the rows that they stand after.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Of one source, by split: up to where it has been read. What a position says is known to its reader alone; null forgets the
/// split.
pub type Positions = BTreeMap<String, Value>;

/// Where rows come from that a reader has read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// What messages call the place, such as the name of a file.
    pub from: String,
    /// The positions of the splits that have moved, after these rows.
    pub positions: Positions,
}

/// The positions of all sources.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Read(BTreeMap<String, Positions>);

impl Read {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The positions of a source.
    pub fn of(&self, source: &str) -> Positions {
        self.0.get(source).cloned().unwrap_or_default()
    }

    /// Moves splits of a source.
    pub fn moved(&mut self, source: &str, positions: &Positions) {
        let known = self.0.entry(source.to_owned()).or_default();
        for (split, position) in positions {
            match position {
                Value::Null => drop(known.remove(split)),
                position => drop(known.insert(split.clone(), position.clone())),
            }
        }
        if known.is_empty() {
            self.0.remove(source);
        }
    }
}
