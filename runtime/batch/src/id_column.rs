//! Identities of rows as columns.

use crate::entities::spread;
use featc_ir::{Source, Type};
use featr_kernels::{Batch, Column, Data, StrData, identity};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// The identities of some rows.
#[derive(Debug)]
pub(crate) enum IdColumn<'a> {
    /// Of one 64-bit column that is never null: its order is that of the order keys.
    Words(&'a [i64]),
    /// Order keys.
    Keys(StrData),
}

impl<'a> IdColumn<'a> {
    /// Whether the ids of a source are words.
    pub fn is_words(source: &Source) -> bool {
        let [id] = source.unique.as_slice() else { return false };
        let column = &source.columns[id.index()];
        let word = matches!(column.ty, Type::Int64 | Type::Timestamp | Type::Date | Type::Duration);
        word && !column.nullable
    }

    /// The ids of accepted rows; `None` if a column that is not nullable has nulls.
    pub fn of(source: &Source, batch: &'a Batch) -> Option<IdColumn<'a>> {
        if !IdColumn::is_words(source) {
            return Some(IdColumn::Keys(identity::order_keys(batch, &source.unique)));
        }
        let column: &Column = batch.column(source.unique[0]);
        match &column.data {
            Data::I64(words) if (0..words.len()).all(|row| column.is_valid(row)) => Some(IdColumn::Words(words)),
            _ => None,
        }
    }

    pub fn hash(&self, row: usize) -> u64 {
        match self {
            IdColumn::Words(words) => spread(words[row] as u64),
            IdColumn::Keys(keys) => xxh3_64(keys.get(row)),
        }
    }

    /// What tells ids of one hash apart: exact for words, for keys as exact as the digests of rows.
    pub fn exact(&self, row: usize) -> u128 {
        match self {
            IdColumn::Words(words) => u128::from(words[row] as u64),
            IdColumn::Keys(keys) => xxh3_128(keys.get(row)),
        }
    }
}
