//! Which copy of an event stands for it, where a transform can tell copies apart.
//!
//! Copies of an event differ in their arrival only, and the copy that arrived first stands for the event. A transform
//! that does not read the arrival makes equal events of all copies, which the log then recognises. One that does must
//! be given the first copy alone: this table knows the least arrival of every event, and when an earlier copy comes,
//! the event that the transform made of the later one is taken back.

use super::accept::AcceptedRows;
use featc_ir::plan::RowSpec;
use featc_ir::{Arrival, ColumnId, Expr, Source, Step};
use featr_kernels::{Column, Data};
use std::collections::BTreeMap;

/// The least arrival of every event so far, in microseconds, by identity: order key, then digest (16 bytes).
///
/// # Contract
/// - **Canonical**: a function of the set of accepted rows (tested: `tests::snapshots`).
/// - **Total**: every accepted row is the new first copy of its event, or is counted as a later one.
#[derive(Debug)]
pub(crate) struct Copies {
    arrival: ColumnId,
    least_us: BTreeMap<Box<[u8]>, i64>,
}

/// What a step means for the events.
#[derive(Debug)]
pub(crate) struct Changes {
    /// Rows that stand for their events from now on; their identities are distinct.
    pub firsts: AcceptedRows,
    /// The rows that stood for some of these events before.
    pub replaced: AcceptedRows,
    /// Rows that are later copies.
    pub copies: u64,
}

impl Copies {
    /// The table that a transform of the source needs; `None` where it cannot tell copies apart.
    pub fn new(source: &Source, spec: &RowSpec) -> Option<Copies> {
        let arrival = match source.arrival {
            // As event time or identity the arrival is part of the event: copies have the same.
            Some(Arrival::Column(column)) if column != source.time && !source.unique.contains(&column) => column,
            Some(Arrival::Column(_) | Arrival::AfterTime { .. }) | None => return None,
        };
        let mut reads = spec.key.contains(&arrival);
        let mut note = |expr: &Expr| expr.for_each_column(&mut |column| reads |= column == arrival);
        for step in &spec.steps {
            match step {
                Step::Where(expr) | Step::Let(expr) => note(expr),
            }
        }
        note(&spec.time);
        spec.lifts.iter().for_each(note);
        reads.then(|| Copies {
            arrival,
            least_us: BTreeMap::new(),
        })
    }

    /// Sorts out which accepted rows are first copies.
    pub fn step(&mut self, accepted: &AcceptedRows) -> Changes {
        let arrivals = accepted.batch.column(self.arrival).i64s();
        // Per event of the step, the row that arrived first.
        let mut least: BTreeMap<Box<[u8]>, u32> = BTreeMap::new();
        for (row, arrival) in (0u32..).zip(arrivals) {
            let first = least.entry(identity(accepted, row as usize)).or_insert(row);
            if *arrival < arrivals[*first as usize] {
                *first = row;
            }
        }
        let (mut firsts, mut replaced, mut before_us) = (Vec::new(), Vec::new(), Vec::new());
        for (identity, row) in least {
            let arrival_us = arrivals[row as usize];
            match self.least_us.insert(identity.clone(), arrival_us) {
                None => firsts.push(row),
                Some(known_us) if known_us <= arrival_us => {
                    self.least_us.insert(identity, known_us);
                }
                Some(known_us) => {
                    firsts.push(row);
                    replaced.push(row);
                    before_us.push(known_us);
                }
            }
        }
        let copies = (accepted.batch.rows - firsts.len()) as u64;
        // A copy differs in its arrival only: so the row that stood there before can be written down again.
        let mut replaced = accepted.take(&replaced);
        let column = &mut replaced.batch.columns[self.arrival.index()];
        *column = Column {
            ty: column.ty,
            data: Data::I64(before_us),
            tags: None,
        };
        Changes {
            firsts: accepted.take(&firsts),
            replaced,
            copies,
        }
    }

    /// The table, in the order of the identities.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&[u8], i64)> {
        self.least_us
            .iter()
            .map(|(identity, least_us)| (&identity[..], *least_us))
    }

    /// Puts back what [`Copies::entries`] gave.
    pub fn restore(&mut self, identity: &[u8], least_us: i64) {
        self.least_us.insert(identity.into(), least_us);
    }
}

fn identity(accepted: &AcceptedRows, row: usize) -> Box<[u8]> {
    [accepted.ids.get(row), &accepted.digests[row].to_be_bytes()]
        .concat()
        .into_boxed_slice()
}
