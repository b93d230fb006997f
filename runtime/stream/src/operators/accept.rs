//! `Accept`: decides on the record alone whether it came in time, and gives each record its identity.

use crate::report::{Reason, Rejected};
use featc_ir::Source;
use featr_kernels::rows::{self, ViewRejected};
use featr_kernels::{Batch, StrData, identity};

/// The accepted rows of one step, with what makes them events.
#[derive(Debug)]
pub(crate) struct AcceptedRows {
    pub batch: Batch,
    /// Order keys of the `unique` columns, one per accepted row.
    pub ids: StrData,
    /// Digests of all columns but the arrival, one per accepted row.
    pub digests: Vec<u128>,
    /// In row order, by position in the batch that came in.
    pub rejected: Vec<Rejected>,
}

impl AcceptedRows {
    /// Rows that a view rejects, by position in the batch that came in.
    pub fn of_view(&self, rejected: &[ViewRejected]) -> Vec<Rejected> {
        // Every row before an accepted one was accepted or rejected, and both are in order.
        let mut before = self.rejected.iter().map(|rejected| rejected.row).peekable();
        let mut skipped = 0;
        let position = |rejected: &ViewRejected| {
            while before.next_if(|row| *row <= rejected.row + skipped).is_some() {
                skipped += 1;
            }
            Rejected {
                row: rejected.row + skipped,
                reason: Reason::from(rejected.reason),
            }
        };
        rejected.iter().map(position).collect()
    }
}

/// Splits a batch into events and rejected rows.
///
/// # Contract
/// - **Total**: every row is accepted or rejected with a reason (debug-asserted).
/// - **Record-wise**: the verdict on a row depends on that row alone, so chunking and order play no role
///   (tested: `tests::agree`).
/// - The batch has the source's shape (see `source::has_shape`).
pub(crate) fn accept(source: &Source, batch: &Batch) -> AcceptedRows {
    let verdict = rows::accept(source, batch);
    let rejected: Vec<Rejected> = (0u32..)
        .zip(&verdict.keep)
        .filter_map(|(row, code)| {
            rows::Reason::from_code(*code).map(|reason| Rejected {
                row,
                reason: Reason::from(reason),
            })
        })
        .collect();
    let batch = if verdict.all() {
        batch.clone()
    } else {
        batch.take(&verdict.rows())
    };
    debug_assert_eq!(batch.rows + rejected.len(), verdict.keep.len());
    let names: Vec<&str> = source.columns.iter().map(|column| column.name.as_str()).collect();
    let ids = identity::order_keys(&batch, &source.unique);
    let digests = identity::digests(&batch, &names, source.arrival_column());
    AcceptedRows {
        batch,
        ids,
        digests,
        rejected,
    }
}
