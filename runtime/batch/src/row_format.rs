//! Features side by side: all that have a fixed width, of one question, in a few words of 64 bits.
//!
//! Questions are answered in one order and come out in another. Moving a row of them costs a miss of the cache per row;
//! moving them column by column, one per value.
//!
//! ```text
//! | 128 bits … | 64 bits … | 32 bits … | 8 bits … | 1 bit … | a bit per column that can be null: is it? |
//! ```

use crate::error::bug;
use arrow::array::{Array, ArrayData, ArrayRef, AsArray, FixedSizeListArray, UInt64Array, make_array};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, UInt64Type};
use datafusion::error::Result;
use std::sync::Arc;

/// Rows that are moved together; they fit into the fastest cache.
const TILE: usize = 64;

/// Where each column lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    columns: Vec<Field>,
    /// `None` for columns that travel as they are.
    places: Vec<Option<Place>>,
    words: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    bits: usize,
    value: Bit,
    null: Option<Bit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bit {
    word: usize,
    shift: usize,
}

impl Bit {
    fn at(bit: usize) -> Bit {
        Bit {
            word: bit / 64,
            shift: bit % 64,
        }
    }
}

/// The width of a value, if it is one that we know.
fn width(data_type: &DataType) -> Option<usize> {
    match data_type {
        DataType::Boolean => Some(1),
        DataType::UInt8 => Some(8),
        DataType::Date32 => Some(32),
        DataType::Int64 | DataType::Float64 | DataType::Timestamp(..) | DataType::Duration(_) => Some(64),
        DataType::Decimal128(..) => Some(128),
        _ => None,
    }
}

/// The values of a column, in or out.
enum Values {
    Bits(Vec<u64>),
    Bytes(ScalarBuffer<u8>, Vec<u8>),
    Halves(ScalarBuffer<u32>, Vec<u32>),
    Words(ScalarBuffer<u64>, Vec<u64>),
    Pairs(ScalarBuffer<i128>, Vec<i128>),
}

impl Layout {
    /// Of columns of these types.
    pub fn new(columns: Vec<Field>) -> Layout {
        let widths: Vec<Option<usize>> = columns.iter().map(|field| width(field.data_type())).collect();
        let mut places = vec![None; columns.len()];
        let mut end = 0;
        for bits in [128, 64, 32, 8, 1] {
            for (place, _) in places
                .iter_mut()
                .zip(&widths)
                .filter(|(_, width)| **width == Some(bits))
            {
                let value = Bit::at(end);
                *place = Some(Place {
                    bits,
                    value,
                    null: None,
                });
                end += bits;
            }
        }
        for (place, _) in places.iter_mut().zip(&columns).filter(|(_, field)| field.is_nullable()) {
            if let Some(place) = place {
                place.null = Some(Bit::at(end));
                end += 1;
            }
        }
        Layout {
            columns,
            places,
            words: end.div_ceil(64),
        }
    }

    /// Words per row; 0 if nothing is packed.
    pub fn words(&self) -> usize {
        self.words
    }

    /// What travels: the packed columns, if there are any, then the others.
    pub fn fields(&self) -> Vec<Field> {
        let packed = (self.words > 0).then(|| Field::new("packed", self.data_type(), false));
        let columns = self.columns.iter().zip(&self.places);
        let others = columns
            .filter(|(_, place)| place.is_none())
            .map(|(field, _)| field.clone());
        packed.into_iter().chain(others).collect()
    }

    fn item() -> Arc<Field> {
        Arc::new(Field::new("item", DataType::UInt64, false))
    }

    fn data_type(&self) -> DataType {
        DataType::FixedSizeList(Layout::item(), self.words as i32)
    }

    /// Columns as they travel.
    pub fn pack(&self, rows: usize, arrays: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        let (mut packed, mut others) = (vec![], vec![]);
        for (array, place) in arrays.iter().zip(&self.places) {
            match place {
                None => others.push(array.clone()),
                Some(place) => {
                    let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
                    let valid: Vec<u64> = match nulls {
                        None => vec![],
                        Some(nulls) => nulls.inner().bit_chunks().iter_padded().collect(),
                    };
                    packed.push((*place, Values::of(place.bits, array), valid));
                }
            }
        }
        if self.words == 0 {
            return Ok(others);
        }
        let mut out = vec![0u64; rows * self.words];
        for (number, tile) in out.chunks_mut(TILE * self.words).enumerate() {
            for (place, values, valid) in &packed {
                values.put(*place, number, tile, self.words);
                if let (Some(null), Some(valid)) = (place.null, valid.get(number)) {
                    put_bits(!valid, null, tile, self.words);
                }
            }
        }
        let words = Arc::new(UInt64Array::from(out));
        let packed = FixedSizeListArray::try_new(Layout::item(), self.words as i32, words, None)?;
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(packed)];
        arrays.append(&mut others);
        Ok(arrays)
    }

    /// The columns of rows given one by one; `None` for those that are not packed.
    pub fn unpack<'a>(&self, rows: usize, row: impl Fn(usize) -> &'a [u64]) -> Result<Vec<Option<ArrayRef>>> {
        let mut columns: Vec<(Option<Place>, Values, Vec<u64>)> = vec![];
        for place in &self.places {
            let values = Values::empty(place.map_or(0, |place| place.bits), rows);
            columns.push((*place, values, vec![]));
        }
        let mut tile = vec![0u64; TILE * self.words];
        let mut any = vec![0u64; self.words];
        for start in (0..rows).step_by(TILE) {
            let count = TILE.min(rows - start);
            any.fill(0);
            for (at, to) in tile.chunks_exact_mut(self.words.max(1)).take(count).enumerate() {
                let from = row(start + at);
                to.copy_from_slice(from);
                any.iter_mut().zip(from).for_each(|(any, word)| *any |= *word);
            }
            let tile = &tile[..count * self.words];
            for (place, values, nulls) in &mut columns {
                let Some(place) = place else { continue };
                values.take(*place, tile, self.words);
                if let Some(null) = place.null {
                    let some = any[null.word] >> null.shift & 1 == 1;
                    nulls.push(if some { bits(null, tile, self.words) } else { 0 });
                }
            }
        }
        let columns = columns.into_iter().zip(&self.columns);
        let array = |((place, values, nulls), field): ((Option<Place>, Values, Vec<u64>), &Field)| {
            place.map(|_| values.array(field.data_type(), rows, nulls)).transpose()
        };
        columns.map(array).collect()
    }
}

/// The words of packed rows.
pub(crate) fn words(packed: &dyn Array) -> Result<&[u64]> {
    let words = packed.as_fixed_size_list_opt().map(FixedSizeListArray::values);
    let words = words.and_then(|words| words.as_primitive_opt::<UInt64Type>());
    Ok(words.ok_or_else(|| bug("features are not packed"))?.values())
}

/// Puts a bit per row of a tile.
fn put_bits(bits: u64, to: Bit, tile: &mut [u64], words: usize) {
    if bits != 0 {
        for (at, row) in tile.chunks_exact_mut(words).enumerate() {
            row[to.word] |= (bits >> at & 1) << to.shift;
        }
    }
}

/// The bits of the rows of a tile.
fn bits(from: Bit, tile: &[u64], words: usize) -> u64 {
    let rows = tile.chunks_exact(words).enumerate();
    rows.fold(0, |bits, (at, row)| bits | (row[from.word] >> from.shift & 1) << at)
}

impl Values {
    fn empty(width: usize, rows: usize) -> Values {
        match width {
            8 => Values::Bytes(ScalarBuffer::from(vec![]), Vec::with_capacity(rows)),
            32 => Values::Halves(ScalarBuffer::from(vec![]), Vec::with_capacity(rows)),
            64 => Values::Words(ScalarBuffer::from(vec![]), Vec::with_capacity(rows)),
            128 => Values::Pairs(ScalarBuffer::from(vec![]), Vec::with_capacity(rows)),
            _ => Values::Bits(vec![]),
        }
    }

    /// Those of an array of values so wide.
    fn of(width: usize, array: &ArrayRef) -> Values {
        if let Some(array) = array.as_boolean_opt() {
            return Values::Bits(array.values().bit_chunks().iter_padded().collect());
        }
        let data = array.to_data();
        let (buffer, from, len) = (data.buffers()[0].clone(), data.offset(), data.len());
        match width {
            8 => Values::Bytes(ScalarBuffer::new(buffer, from, len), vec![]),
            32 => Values::Halves(ScalarBuffer::new(buffer, from, len), vec![]),
            64 => Values::Words(ScalarBuffer::new(buffer, from, len), vec![]),
            _ => Values::Pairs(ScalarBuffer::new(buffer, from, len), vec![]),
        }
    }

    /// Puts the values of tile `number` into its words, which are zero there.
    fn put(&self, place: Place, number: usize, tile: &mut [u64], words: usize) {
        let Bit { word, shift } = place.value;
        let start = number * TILE;
        let rows = tile.chunks_exact_mut(words);
        match self {
            Values::Bits(bits) => put_bits(bits.get(number).copied().unwrap_or(0), place.value, tile, words),
            Values::Bytes(values, _) => {
                rows.zip(&values[start..])
                    .for_each(|(row, value)| row[word] |= u64::from(*value) << shift);
            }
            Values::Halves(values, _) => {
                rows.zip(&values[start..])
                    .for_each(|(row, value)| row[word] |= u64::from(*value) << shift);
            }
            Values::Words(values, _) => {
                rows.zip(&values[start..]).for_each(|(row, value)| row[word] = *value);
            }
            Values::Pairs(values, _) => {
                rows.zip(&values[start..]).for_each(|(row, value)| {
                    row[word] = *value as u64;
                    row[word + 1] = (*value >> 64) as u64;
                });
            }
        }
    }

    /// Adds the values of the rows of a tile.
    fn take(&mut self, place: Place, tile: &[u64], words: usize) {
        let Bit { word, shift } = place.value;
        let rows = tile.chunks_exact(words);
        match self {
            Values::Bits(masks) => masks.push(bits(place.value, tile, words)),
            Values::Bytes(_, values) => values.extend(rows.map(|row| (row[word] >> shift) as u8)),
            Values::Halves(_, values) => values.extend(rows.map(|row| (row[word] >> shift) as u32)),
            Values::Words(_, values) => values.extend(rows.map(|row| row[word])),
            Values::Pairs(_, values) => {
                values.extend(rows.map(|row| i128::from(row[word + 1] as i64) << 64 | i128::from(row[word])));
            }
        }
    }

    /// The values that were taken, as an array; `nulls` has a bit for each that is none.
    fn array(self, data_type: &DataType, rows: usize, nulls: Vec<u64>) -> Result<ArrayRef> {
        let buffer = match self {
            Values::Bits(masks) => Buffer::from_vec(masks),
            Values::Bytes(_, values) => Buffer::from_vec(values),
            Values::Halves(_, values) => Buffer::from_vec(values),
            Values::Words(_, values) => Buffer::from_vec(values),
            Values::Pairs(_, values) => Buffer::from_vec(values),
        };
        let nulls = nulls.iter().any(|nulls| *nulls != 0).then(|| {
            let valid: Vec<u64> = nulls.iter().map(|nulls| !nulls).collect();
            NullBuffer::new(BooleanBuffer::new(Buffer::from_vec(valid), 0, rows))
        });
        let data = ArrayData::builder(data_type.clone())
            .len(rows)
            .add_buffer(buffer)
            .nulls(nulls);
        Ok(make_array(data.build()?))
    }
}

#[cfg(test)]
mod tests;
