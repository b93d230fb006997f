//! `Rows`: transform, key, lift.

use crate::delta::{AcceptedRows, Delta, EventDeltas};
use crate::now::{Gate, Now};
use crate::operator::{Operator, Port};
use crate::report::StepReport;
use featc_ir::plan::RowSpec;
use featc_ir::{Bug, ColumnId, Expr, Source, Step};
use featr_kernels::events::Events;
use featr_kernels::rows::{self, Dropped, ViewRejected};
use featr_kernels::{Column, StrData, identity};
use std::sync::Arc;

/// Makes keyed, lifted events of accepted rows. An event has the weight of its row.
#[derive(Debug)]
pub(crate) struct RowsOperator {
    spec: Arc<RowSpec>,
    output: Port,
}

impl RowsOperator {
    pub fn new(spec: RowSpec, inputs: &[&Port]) -> Result<RowsOperator, Bug> {
        let [Port::Accepted(source)] = inputs else {
            return Err(Bug(
                "a transform needs the accepted rows of one source as its input".to_owned()
            ));
        };
        check(&spec, source)?;
        let spec = Arc::new(spec);
        Ok(RowsOperator {
            output: Port::Events(Gate::of(source.clone()), spec.clone()),
            spec,
        })
    }
}

impl Operator for RowsOperator {
    fn output(&self) -> &Port {
        &self.output
    }

    fn step<'a>(&mut self, delta: &Delta<'a>, _now: &Now, _report: &mut StepReport) -> Option<Delta<'a>> {
        let Delta::Accepted(delta) = delta else { return None };
        let keyed = apply(&self.spec, &delta.rows);
        let arrivals = delta.arrivals.as_ref();
        Some(Delta::Events(EventDeltas {
            transform: self.spec.clone(),
            weights: delta.weights.take(&keyed.rows),
            arrivals: arrivals.map(|arrivals| keyed.rows.iter().map(|row| arrivals[*row as usize]).collect()),
            waiting: 0,
            rejected: delta.rows.of_view(&keyed.rejected),
            dropped: keyed.dropped,
            rows: keyed.rows,
            entities: keyed.entities,
            events: keyed.events,
        }))
    }
}

/// Every reference leads to a column, and none to the arrival: copies of an event may differ there, and the log takes
/// whichever copy comes first.
pub(super) fn check(spec: &RowSpec, source: &Source) -> Result<(), Bug> {
    let arrival = source.arrival_column();
    let wrong = |what: &str| Err(Bug(format!("transform {}: {what}", spec.name)));
    let check = |column: ColumnId, width: usize| match column {
        column if column.index() >= width => wrong("broken column reference"),
        column if Some(column) == arrival => wrong("it reads the arrival column"),
        _ => Ok(()),
    };
    let check_expr = |expr: &Expr, width: usize| {
        let mut result = Ok(());
        expr.for_each_column(&mut |column| {
            if result.is_ok() {
                result = check(column, width);
            }
        });
        result
    };
    let mut width = source.columns.len();
    for step in &spec.steps {
        match step {
            Step::Where(expr) => check_expr(expr, width)?,
            Step::Let(expr) => {
                check_expr(expr, width)?;
                width += 1;
            }
        }
    }
    check_expr(&spec.time, width)?;
    if spec.at.is_some_and(|at| at.source_time != source.time) {
        return wrong("bounds of another source's time");
    }
    spec.lifts.iter().try_for_each(|lift| check_expr(lift, width))?;
    spec.key.iter().try_for_each(|column| check(*column, width))
}

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
pub(crate) fn apply(spec: &RowSpec, accepted: &AcceptedRows<'_>) -> KeyedEvents {
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
