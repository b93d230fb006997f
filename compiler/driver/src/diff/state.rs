//! What a server of one program finds in the state of another: logs, matched by their state keys.

use featc_ir::Program;
use featc_ir::hash::lift_keys;
use featc_ir::plan::{StreamGraph, StreamLog};
use std::collections::{BTreeMap, BTreeSet};

/// The events of a source by the keys of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogDiff {
    /// The name of the source.
    pub source: String,
    /// The name of the source where it is read as it is.
    pub transform: String,
    /// Key columns of the entity.
    pub keys: Vec<String>,
    /// Whether it serves.
    pub kept: Kept,
}

/// Whether what is kept of events serves the new program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// As it is.
    Whole,
    /// The events are others: another source, acceptance, transform, event time or key.
    No,
    /// Events do not carry all expressions that are read now.
    Columns {
        /// How many they lack.
        missing: usize,
    },
    /// Windows reach back further than events were kept, in microseconds after their event time; `None`: for ever.
    Released {
        /// How long events were kept.
        kept_us: Option<u64>,
        /// How far windows reach back.
        needed_us: Option<u64>,
    },
    /// Nothing of the new program reads them.
    Unread,
}

/// What all services of a program keep under one state key.
struct Log {
    source: String,
    transform: String,
    keys: Vec<String>,
    lifts: BTreeSet<String>,
    /// `None`: for ever.
    keep_us: Option<u64>,
}

/// The logs of a program by their state keys, and the keys in the order of the graphs.
fn logs(program: &Program, graphs: &[StreamGraph]) -> (BTreeMap<String, Log>, Vec<String>) {
    let (mut found, mut order) = (BTreeMap::<String, Log>::new(), Vec::new());
    for graph in graphs {
        for log in &graph.logs {
            let one = of(program, graph, log);
            match found.get_mut(&log.state_key) {
                Some(known) => {
                    known.lifts.extend(one.lifts);
                    known.keep_us = known.keep_us.zip(one.keep_us).map(|(a, b)| a.max(b));
                }
                None => {
                    order.push(log.state_key.clone());
                    found.insert(log.state_key.clone(), one);
                }
            }
        }
    }
    (found, order)
}

fn of(program: &Program, graph: &StreamGraph, log: &StreamLog) -> Log {
    let rows = &graph.rows[log.input.index()];
    let scan = &graph.sources[rows.input.index()].scan;
    let source = program.sources.iter().find(|source| source.name == scan.source);
    let lifts = source.map_or_else(Vec::new, |source| lift_keys(source, &rows.rows.spec()));
    Log {
        source: scan.source.clone(),
        transform: rows.rows.steps.transform.clone(),
        keys: rows.rows.key.entity.iter().map(|key| key.name.clone()).collect(),
        lifts: lifts.into_iter().collect(),
        keep_us: log.retention.keep_us,
    }
}

/// See [`super::Diff::state`].
pub fn compare(old: (&Program, &[StreamGraph]), new: (&Program, &[StreamGraph])) -> Vec<LogDiff> {
    let (before, order_before) = logs(old.0, old.1);
    let (now, order) = logs(new.0, new.1);
    let diff = |log: &Log, kept: Kept| LogDiff {
        source: log.source.clone(),
        transform: log.transform.clone(),
        keys: log.keys.clone(),
        kept,
    };
    let mut found: Vec<LogDiff> = order
        .iter()
        .map(|key| {
            diff(
                &now[key],
                before.get(key).map_or(Kept::No, |before| serves(before, &now[key])),
            )
        })
        .collect();
    let gone = order_before.iter().filter(|key| !now.contains_key(*key));
    found.extend(gone.map(|key| diff(&before[key], Kept::Unread)));
    found
}

fn serves(before: &Log, now: &Log) -> Kept {
    let missing = now.lifts.difference(&before.lifts).count();
    if missing > 0 {
        return Kept::Columns { missing };
    }
    let reaches = match (before.keep_us, now.keep_us) {
        (None, _) => true,
        (Some(kept), Some(needed)) => needed <= kept,
        (Some(_), None) => false,
    };
    match reaches {
        true => Kept::Whole,
        false => Kept::Released {
            kept_us: before.keep_us,
            needed_us: now.keep_us,
        },
    }
}
