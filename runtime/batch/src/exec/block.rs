//! A block of the spine: pieces of batches, whose rows say where they belong, to columns in the order of the spine.
//!
//! A column is put together piece by piece: what is read lies close together, and what is written fits into the cache.

use crate::error::bug;
use crate::shelves::{Piece, Shelves};
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, downcast_primitive};
use arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow::compute::interleave;
use arrow::datatypes::UInt32Type;
use datafusion::error::Result;
use std::ops::Range;
use std::sync::Arc;

/// See the module.
pub(super) struct Block {
    pieces: Vec<Piece>,
    /// Of the rows of each piece, one after the other: where they belong.
    places: Vec<u32>,
}

impl Block {
    /// The rows of the spine that stand on a shelf; each must be there once.
    pub fn new(shelves: &Shelves, shelf: usize, rows: &Range<usize>) -> Result<Block> {
        let pieces = shelves.pieces(shelf)?;
        let mut places = Vec::with_capacity(rows.len());
        let mut known = vec![false; rows.len()];
        for piece in &pieces {
            let of_spine = piece.batch.column(0).as_primitive::<UInt32Type>().values();
            for row in &of_spine[piece.rows.clone()] {
                let place = (*row as usize).wrapping_sub(rows.start);
                let known = known.get_mut(place).ok_or_else(|| bug("an answer to no question"))?;
                if std::mem::replace(known, true) {
                    return Err(bug("a question was answered twice"));
                }
                places.push(place as u32);
            }
        }
        if places.len() != rows.len() {
            return Err(bug("a question was not answered"));
        }
        Ok(Block { pieces, places })
    }

    /// A column in the order of the spine.
    pub fn column(&self, column: usize) -> Result<ArrayRef> {
        let Some(first) = self.pieces.first() else {
            return Err(bug("a block without rows"));
        };
        let data_type = first.batch.column(column).data_type();
        macro_rules! primitive {
            ($t:ty) => {
                self.primitive::<$t>(column)
            };
        }
        downcast_primitive! {
            data_type => (primitive),
            _ => self.any(column),
        }
    }

    /// The pieces of a column, each with the places of its rows.
    fn parts(&self, column: usize) -> impl Iterator<Item = (&ArrayRef, &Range<usize>, &[u32])> {
        let mut rest = self.places.as_slice();
        self.pieces.iter().map(move |piece| {
            let (places, others) = rest.split_at(piece.rows.len());
            rest = others;
            (piece.batch.column(column), &piece.rows, places)
        })
    }

    fn primitive<T: ArrowPrimitiveType>(&self, column: usize) -> Result<ArrayRef> {
        let mut values = vec![T::default_value(); self.places.len()];
        let mut valid: Option<Vec<bool>> = None;
        for (array, rows, places) in self.parts(column) {
            let array = array.as_primitive::<T>();
            for (place, value) in places.iter().zip(&array.values()[rows.clone()]) {
                values[*place as usize] = *value;
            }
            if let Some(nulls) = array.nulls() {
                let valid = valid.get_or_insert_with(|| vec![true; self.places.len()]);
                for (place, row) in places.iter().zip(rows.clone()) {
                    valid[*place as usize] = nulls.is_valid(row);
                }
            }
        }
        let nulls = valid.map(|valid| NullBuffer::new(BooleanBuffer::collect_bool(valid.len(), |row| valid[row])));
        let data_type = self.pieces[0].batch.column(column).data_type();
        let array = PrimitiveArray::<T>::new(ScalarBuffer::from(values), nulls);
        Ok(Arc::new(array.with_data_type(data_type.clone())))
    }

    /// A column of any type.
    fn any(&self, column: usize) -> Result<ArrayRef> {
        let mut sources = vec![(0, 0); self.places.len()];
        for (piece, (_, rows, places)) in self.parts(column).enumerate() {
            for (place, row) in places.iter().zip(rows.clone()) {
                sources[*place as usize] = (piece, row);
            }
        }
        let arrays: Vec<&dyn Array> = self
            .pieces
            .iter()
            .map(|piece| piece.batch.column(column).as_ref())
            .collect();
        Ok(interleave(&arrays, &sources)?)
    }
}
