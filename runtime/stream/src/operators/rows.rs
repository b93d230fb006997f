//! `Rows`: transform, key, lift.

use super::accept::AcceptedRows;
use featc_ir::plan::RowSpec;
use featr_kernels::events::Events;
use featr_kernels::rows::{self, Dropped, ViewRejected};
use featr_kernels::{Column, StrData, identity};

/// Keyed, lifted events in the order of delivery.
#[derive(Debug)]
pub(crate) struct KeyedEvents {
    /// The entity of each event.
    pub entities: StrData,
    /// Not sorted, and copies are still in it.
    pub events: Events,
    /// The accepted row that each comes from.
    pub rows: Vec<u32>,
    pub dropped: Dropped,
    /// By position among the accepted rows.
    pub rejected: Vec<ViewRejected>,
}

/// Applies the transform to accepted rows; an event keeps the identity of its row.
///
/// # Contract
/// - **Total**: every accepted row becomes one event or is counted in `dropped` (debug-asserted).
/// - **Record-wise**: an event depends on its row alone.
pub(crate) fn apply(spec: &RowSpec, accepted: &AcceptedRows) -> KeyedEvents {
    let keyed = rows::apply(spec, &accepted.batch);
    let lost = keyed.dropped;
    debug_assert_eq!(keyed.rows.len() as u64 + lost.total(), accepted.batch.rows as u64);
    let keys: Vec<&Column> = keyed.keys.iter().map(AsRef::as_ref).collect();
    let entities = identity::keys_of_columns(&keys, keyed.rows.len());
    let events = Events {
        ids: accepted.ids.take(&keyed.rows),
        digests: keyed.rows.iter().map(|row| accepted.digests[*row as usize]).collect(),
        times: keyed.times,
        poison: keyed.poison,
        lifts: keyed.lifts,
    };
    KeyedEvents {
        entities,
        events,
        rows: keyed.rows,
        dropped: lost,
        rejected: keyed.rejected,
    }
}
