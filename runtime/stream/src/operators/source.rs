//! `Source`: decoded rows, in the order of delivery.

use crate::engine::has_type;
use featc_ir::Source;
use featr_kernels::Batch;

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
