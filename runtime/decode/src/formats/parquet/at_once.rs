//! How many rows of a row group are read at once.

use crate::becomes::{ITEM_BYTES, SLICE_BYTES};
use crate::spec::Spec;
use parquet::arrow::ProjectionMask;
use parquet::basic::Type as Physical;
use parquet::file::metadata::RowGroupMetaData;

/// What an item of a list becomes, about: what it costs beside its bytes, and a number of eight bytes. Texts count beside.
const LISTED_BYTES: usize = ITEM_BYTES + 8;

/// How many rows of a row group are read at once: as many as a batch has, or as many as become [`SLICE_BYTES`] by their items and
/// their texts, as far as the metadata tell, if those are fewer.
pub(super) fn rows_at_once(group: &RowGroupMetaData, mask: &ProjectionMask, spec: &Spec) -> usize {
    let rows = usize::try_from(group.num_rows()).unwrap_or(0);
    let read = group.columns().iter().enumerate();
    let read = read.filter(|(leaf, _)| mask.leaf_included(*leaf));
    let bytes = read.map(|(_, chunk)| {
        let is_listed = chunk.column_descr().max_rep_level() > 0;
        let items = if is_listed { chunk.num_values() } else { 0 };
        let texts = match chunk.column_type() {
            Physical::BYTE_ARRAY => chunk
                .unencoded_byte_array_data_bytes()
                .unwrap_or(0)
                .max(chunk.uncompressed_size()),
            _ => 0,
        };
        let of = |count: i64| usize::try_from(count).unwrap_or(0);
        of(items).saturating_mul(LISTED_BYTES).saturating_add(of(texts))
    });
    let bytes = bytes.fold(0, usize::saturating_add);
    let fit = (SLICE_BYTES as u128 * rows as u128) / (bytes.max(1) as u128);
    spec.rows_per_batch
        .min(usize::try_from(fit).unwrap_or(usize::MAX))
        .max(1)
}
