//! `StreamGraph`: operators that keep state as events come in, and answer one service from it.

use super::operators::{Accept, Compose, Dedup, Derive, Finish, Fold, Order, Pages, Rows, Scan, Spine, Visibility};
use crate::id::ids;
use crate::program::{Arrival, Key, Source};
use crate::types::Type;
use crate::window::Window;
use serde::{Deserialize, Serialize};

ids! {
    /// Position in `StreamGraph::sources`.
    StreamSourceId;
    /// Position in `StreamGraph::rows`.
    RowsId;
    /// Position in `StreamGraph::logs`.
    LogId;
    /// Position in `StreamGraph::answers`.
    AnswerId;
}

/// The graph of one service: four layers of operators, each reading from the one before, any of them several times.
/// Graphs of several services share sources by their name, row stages that differ in nothing but their lifts, and logs of
/// one row stage by their `state_key`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamGraph {
    /// Hash of the program, in hexadecimal.
    pub program: String,
    pub service: String,
    /// What a request brings.
    pub spine: Spine,
    pub sources: Vec<StreamSource>,
    pub rows: Vec<StreamRows>,
    pub logs: Vec<StreamLog>,
    pub answers: Vec<StreamAnswer>,
    pub compose: Compose,
    #[serde(default, skip_serializing_if = "Derive::is_empty")]
    pub derive: Derive,
    /// The gated columns, by their positions in `compose`, ascending: where one of them has any status but `ok`, nothing
    /// of the answer leaves, but an error that names them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gated: Vec<u32>,
}

/// Decoded rows in the order of delivery, judged one by one. No state but counters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamSource {
    pub scan: Scan,
    pub accept: Accept,
}

/// Rows to events, one by one. No state but counters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamRows {
    pub input: StreamSourceId,
    pub rows: Rows,
}

/// The events of each entity: what has passed the gate, without copies, in order; and what waits in front of it.
/// Equal state keys, equal events: what they carry is told apart by the keys of lifts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamLog {
    pub input: RowsId,
    pub gate: Visibility,
    pub dedup: Dedup,
    pub order: Order,
    pub state: StateSchema,
    pub state_key: String,
    pub retention: Retention,
}

/// What is kept of an event: τ, identity, digest, poison and its lifts, under its entity; and its arrival, while it waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateSchema {
    /// Types of the entity's keys.
    pub entity: Vec<Type>,
    /// The identity's columns.
    pub identity: Vec<Key>,
    /// Types of the lifts, in order.
    pub lifts: Vec<Type>,
    /// Whether events wait in front of the log.
    pub waits: bool,
}

/// How long an event is kept after its τ: as long as some answer may still see it. The sum of what follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// `None`: for ever.
    pub keep_us: Option<u64>,
    /// The window of the answers that reaches back furthest.
    pub window: Window,
    /// The source's lateness; 0 where it is unbounded.
    pub lateness_us: u64,
    /// How long after its instant a question may still come.
    pub read_skew_us: u64,
}

/// Features of one kind of entity at (entity, t), from one log. No state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamAnswer {
    pub input: LogId,
    pub fold: Fold,
    pub pages: Pages,
    pub finish: Finish,
}

impl StateSchema {
    /// What a log keeps of these rows.
    pub fn of(rows: &Rows, source: &Source) -> StateSchema {
        let identity = source.identity().map(|column| Key {
            name: column.name.clone(),
            ty: column.ty,
        });
        StateSchema {
            entity: rows.key.entity.iter().map(|key| key.ty).collect(),
            identity: identity.collect(),
            lifts: rows.lift.0.iter().map(|lift| lift.ty).collect(),
            waits: matches!(source.arrival, Some(Arrival::Column(_) | Arrival::AfterTime { .. })),
        }
    }
}
