//! `Accept`: decides on the record alone whether it came in time, and gives each record its identity.

use crate::delta::{AcceptedDeltas, AcceptedRows, Delta};
use crate::now::{Gate, Now};
use crate::operator::{Operator, Port};
use crate::report::{Reason, Rejected, StepReport};
use featc_ir::{Bug, Source};
use featr_kernels::rows;
use featr_kernels::{Batch, identity};
use std::borrow::Cow;

/// Splits the rows of one source into accepted and rejected ones.
#[derive(Debug)]
pub(crate) struct AcceptOperator {
    gate: Gate,
    output: Port,
}

impl AcceptOperator {
    pub fn new(inputs: &[&Port]) -> Result<AcceptOperator, Bug> {
        match inputs {
            [Port::Rows(source)] => Ok(AcceptOperator {
                gate: Gate::of(source.clone()),
                output: Port::Accepted(source.clone()),
            }),
            _ => Err(Bug("acceptance needs the rows of one source as its input".to_owned())),
        }
    }
}

impl Operator for AcceptOperator {
    fn output(&self) -> &Port {
        &self.output
    }

    fn step<'a>(&mut self, delta: &Delta<'a>, now: &Now, report: &mut StepReport) -> Option<Delta<'a>> {
        let Delta::Rows(delta) = delta else { return None };
        let (rows, kept) = accept(&self.gate.source, delta.batch);
        let weights = match &kept {
            Some(kept) => delta.weights.take(kept),
            None => delta.weights.clone(),
        };
        let until_us = now.visible_until(&self.gate);
        let gate = until_us.zip(until_us.and_then(|_| rows::arrivals(&self.gate.source, &rows.batch)));
        report.accepted = rows.batch.rows as u64;
        report.rejected.clone_from(&rows.rejected);
        if let Some((until_us, arrivals)) = &gate {
            let waiting = arrivals.iter().filter(|arrival| i128::from(**arrival) > *until_us);
            report.waiting = waiting.count() as u64;
            if now.has_cut(&self.gate) {
                report.overdue = report.accepted - report.waiting;
            }
        }
        Some(Delta::Accepted(AcceptedDeltas {
            rows,
            weights,
            arrivals: gate.map(|(_, arrivals)| arrivals),
        }))
    }
}

/// Splits a batch into events and rejected rows; `None` as the kept rows means all.
///
/// # Contract
/// - **Total**: every row is accepted or rejected with a reason (debug-asserted).
/// - **Record-wise**: the verdict on a row depends on that row alone, so chunking and order play no role
///   (tested: `tests::agree`).
/// - The batch has the source's shape (see `source::has_shape`).
pub(crate) fn accept<'a>(source: &Source, batch: &'a Batch) -> (AcceptedRows<'a>, Option<Vec<u32>>) {
    let verdict = rows::accept(source, batch);
    let rejected: Vec<Rejected> = (0u32..)
        .zip(&verdict.keep)
        .filter_map(|(row, code)| {
            rows::Reason::from_code(*code).map(|reason| Rejected {
                row,
                reason: Reason::Row(reason),
            })
        })
        .collect();
    let kept = (!verdict.all()).then(|| verdict.rows());
    let batch = match &kept {
        None => Cow::Borrowed(batch),
        Some(kept) => Cow::Owned(batch.take(kept)),
    };
    debug_assert_eq!(batch.rows + rejected.len(), verdict.keep.len());
    let names: Vec<&str> = source.columns.iter().map(|column| column.name.as_str()).collect();
    let ids = identity::order_keys(&batch, &source.unique);
    let digests = identity::digests(&batch, &names, source.arrival_column());
    let rows = AcceptedRows {
        batch,
        ids,
        digests,
        rejected,
    };
    (rows, kept)
}
