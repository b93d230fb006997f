//! `Source`: decoded rows, in the order of delivery.

use crate::delta::Delta;
use crate::now::Now;
use crate::operator::{Operator, Port};
use crate::question::has_type;
use crate::report::StepReport;
use featc_ir::{Arrival, Bug, Source, Type};
use featr_kernels::Batch;
use std::sync::Arc;

/// Hands on the rows that are stepped in.
#[derive(Debug)]
pub(crate) struct SourceOperator {
    output: Port,
}

impl SourceOperator {
    pub fn new(source: Source, inputs: &[&Port]) -> Result<SourceOperator, Bug> {
        if !inputs.is_empty() {
            return Err(Bug("a source has an input".to_owned()));
        }
        check(&source)?;
        Ok(SourceOperator {
            output: Port::Rows(Arc::new(source)),
        })
    }
}

impl Operator for SourceOperator {
    fn output(&self) -> &Port {
        &self.output
    }

    /// Rows come from outside, not from an input.
    fn step<'a>(&mut self, _delta: &Delta<'a>, _now: &Now, _report: &mut StepReport) -> Option<Delta<'a>> {
        None
    }
}

fn check(source: &Source) -> Result<(), Bug> {
    let is_there = |column: featc_ir::ColumnId| column.index() < source.columns.len();
    let is_instant =
        |column: featc_ir::ColumnId| is_there(column) && source.columns[column.index()].ty == Type::Timestamp;
    let arrival = match source.arrival {
        Some(Arrival::Column(column)) => is_instant(column),
        Some(Arrival::AfterTime { .. } | Arrival::Static) | None => true,
    };
    let unique = !source.unique.is_empty() && source.unique.iter().all(|column| is_there(*column));
    if is_instant(source.time) && unique && arrival {
        Ok(())
    } else {
        Err(Bug(format!("source {}: broken column reference", source.name)))
    }
}

/// Whether the batch has the source's columns: their number, types and storage, and `rows` rows of each.
///
/// # Contract
/// - **Total**: any batch is judged; one that is not of this shape goes to the side output whole.
/// - **Adequate**: what passes can be read by every expression that the graph's check let through.
pub(crate) fn has_shape(source: &Source, batch: &Batch) -> bool {
    source.columns.len() == batch.columns.len()
        && u32::try_from(batch.rows).is_ok()
        && source
            .columns
            .iter()
            .zip(&batch.columns)
            .all(|(declared, column)| has_type(column, declared.ty, batch.rows))
}
