//! What flows between operators: rows, each with a weight.

use crate::report::{Reason, Rejected};
use featc_ir::plan::RowSpec;
use featr_kernels::events::Events;
use featr_kernels::rows::{Dropped, ViewRejected};
use featr_kernels::{Batch, StrData};
use std::borrow::Cow;
use std::sync::Arc;

/// What a row of a delta says: the row is in the set from now on (+1), or it no longer is (−1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// +1. To insert what is in the set changes nothing: it is a copy.
    Insert,
    /// −1. To retract what is not in the set changes nothing, and is reported.
    Retract,
}

/// One weight per row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Weights {
    /// Nothing, if every row is an insertion.
    mixed: Option<Vec<Weight>>,
}

impl Weights {
    /// Every row is an insertion.
    pub const INSERTS: Weights = Weights { mixed: None };

    pub fn new(weights: Vec<Weight>) -> Weights {
        let mixed = weights.contains(&Weight::Retract).then_some(weights);
        Weights { mixed }
    }

    pub fn of(&self, row: usize) -> Weight {
        self.mixed.as_ref().map_or(Weight::Insert, |weights| weights[row])
    }

    /// Whether no row is a retraction.
    pub fn all_inserts(&self) -> bool {
        self.mixed.is_none()
    }

    /// The weights of these rows.
    pub fn take(&self, rows: &[u32]) -> Weights {
        let take = |weights: &Vec<Weight>| Weights::new(rows.iter().map(|row| weights[*row as usize]).collect());
        self.mixed.as_ref().map_or(Weights::INSERTS, take)
    }

    /// Appends those of `more` rows to those of `rows` rows.
    pub fn append(&mut self, rows: usize, other: &Weights, more: usize) {
        if self.mixed.is_none() && other.mixed.is_none() {
            return;
        }
        let all = (0..rows).map(|row| self.of(row));
        *self = Weights::new(all.chain((0..more).map(|row| other.of(row))).collect());
    }
}

/// What one operator hands to its readers in one step.
#[derive(Debug)]
pub(crate) enum Delta<'a> {
    Rows(RowDeltas<'a>),
    Accepted(AcceptedDeltas<'a>),
    Events(EventDeltas),
}

/// Decoded rows of a source.
#[derive(Debug)]
pub(crate) struct RowDeltas<'a> {
    pub batch: &'a Batch,
    pub weights: Weights,
}

/// Accepted rows of a source.
#[derive(Debug)]
pub(crate) struct AcceptedDeltas<'a> {
    pub rows: AcceptedRows<'a>,
    pub weights: Weights,
    /// Per accepted row; `None` where no row has to wait for a cut.
    pub arrivals: Option<Vec<i64>>,
}

/// The accepted rows of one step, with what makes them events.
#[derive(Debug)]
pub(crate) struct AcceptedRows<'a> {
    pub batch: Cow<'a, Batch>,
    /// Order keys of the `unique` columns, one per accepted row.
    pub ids: StrData,
    /// Digests of all columns but the arrival, one per accepted row.
    pub digests: Vec<u128>,
    /// In row order, by position in the batch that came in.
    pub rejected: Vec<Rejected>,
}

impl AcceptedRows<'_> {
    /// Rows that a view rejects, by position in the batch that came in.
    pub fn of_view(&self, rejected: &[ViewRejected]) -> Vec<Rejected> {
        let rejected = rejected.iter().map(|rejected| Rejected {
            row: rejected.row,
            reason: Reason::View(rejected.reason),
        });
        self.placed(rejected.collect())
    }

    /// Accepted rows, in order, by position in the batch that came in.
    pub fn placed(&self, mut accepted: Vec<Rejected>) -> Vec<Rejected> {
        // Every row before an accepted one was accepted or rejected, and both are in order.
        let mut before = self.rejected.iter().map(|rejected| rejected.row).peekable();
        let mut skipped = 0;
        for rejected in &mut accepted {
            while before.next_if(|row| *row <= rejected.row + skipped).is_some() {
                skipped += 1;
            }
            rejected.row += skipped;
        }
        accepted
    }
}

/// Keyed, lifted events, in the order of delivery; all columns have as many rows.
#[derive(Debug)]
pub(crate) struct EventDeltas {
    /// What made them.
    pub transform: Arc<RowSpec>,
    /// Per event, the accepted row that it comes from.
    pub rows: Vec<u32>,
    pub entities: StrData,
    pub events: Events,
    pub weights: Weights,
    /// `None` where no event has to wait for a cut.
    pub arrivals: Option<Vec<i64>>,
    /// How many rows wait in front of the transform.
    pub waiting: u64,
    /// What the transform left out.
    pub dropped: Dropped,
    /// The rejected rows among it, by position in the batch that came in.
    pub rejected: Vec<Rejected>,
}
