//! What rows hold beyond the declared columns: whether rows that are copies by those differ all the same.

use crate::error::DecodeError;
use crate::guard::guarded;
use arrow::array::{Array, ArrayRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use featr_kernels::rows::cell_hash;
use std::fmt::Write as _;
use std::sync::Arc;

/// The columns of some rows that the source does not declare.
///
/// Two rows have one hash iff their undeclared columns hold the same, whatever the order of the columns; a column that a
/// file lacks holds null. Values of Parquet and Arrow are compared as text, those of CSV and JSONL as they are written.
/// Types that Arrow cannot show as text are not compared.
#[derive(Debug, Clone)]
pub struct Undeclared {
    file: Arc<str>,
    /// Of what is said for the whole file.
    said: u128,
    cells: Cells,
}

#[derive(Debug, Clone)]
enum Cells {
    /// Of the rows of a batch; `kept` are those that were not rejected.
    Columns {
        columns: Vec<(String, ArrayRef)>,
        kept: Option<Vec<u32>>,
    },
    /// One hash per row.
    Hashes(Vec<u128>),
}

/// The hash of what is said of undeclared columns for a whole file.
pub(crate) fn of_said(values: &[(String, Option<String>)], is_ours: impl Fn(&str) -> bool) -> u128 {
    let undeclared = values.iter().filter(|(name, _)| !is_ours(name));
    undeclared.fold(0, |hash, (name, text)| match text {
        Some(text) => hash.wrapping_add(cell_hash(name, text)),
        None => hash,
    })
}

impl Undeclared {
    pub(crate) fn of_columns(
        file: &Arc<str>,
        said: u128,
        columns: Vec<(String, ArrayRef)>,
        kept: Option<Vec<u32>>,
    ) -> Undeclared {
        Undeclared {
            file: file.clone(),
            said,
            cells: Cells::Columns { columns, kept },
        }
    }

    pub(crate) fn of_hashes(file: &Arc<str>, hashes: Vec<u128>) -> Undeclared {
        Undeclared {
            file: file.clone(),
            said: 0,
            cells: Cells::Hashes(hashes),
        }
    }

    /// Whether there are no such columns.
    pub fn is_empty(&self) -> bool {
        match &self.cells {
            Cells::Columns { columns, .. } => columns.is_empty() && self.said == 0,
            Cells::Hashes(hashes) => hashes.iter().all(|hash| *hash == 0),
        }
    }

    /// The hashes of these rows of the batch, in their order.
    ///
    /// # Errors
    /// [`DecodeError::Corrupt`] for values that cannot be read.
    pub fn hashes(&self, rows: &[u32]) -> Result<Vec<u128>, DecodeError> {
        match &self.cells {
            Cells::Hashes(hashes) => Ok(rows.iter().map(|row| hashes[*row as usize]).collect()),
            Cells::Columns { columns, kept } => {
                let place = |row: u32| kept.as_ref().map_or(row, |kept| kept[row as usize]) as usize;
                let mut hashes = vec![self.said; rows.len()];
                for (name, array) in columns {
                    let places = rows.iter().map(|row| place(*row));
                    guarded(&self.file, || add_column(name, array, places, &mut hashes))?;
                }
                Ok(hashes)
            }
        }
    }
}

fn add_column(
    name: &str,
    array: &ArrayRef,
    places: impl Iterator<Item = usize>,
    hashes: &mut [u128],
) -> Result<(), DecodeError> {
    let options = FormatOptions::new();
    let Ok(formatter) = ArrayFormatter::try_new(array, &options) else {
        return Ok(());
    };
    // Of the values: an array of type null and a dictionary have nulls beside those of their slots.
    let nulls = array.logical_nulls();
    let mut text = String::new();
    for (hash, place) in hashes.iter_mut().zip(places) {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(place)) {
            continue;
        }
        text.clear();
        // An error of the value itself is text as well, the same for the same value.
        let _ = write!(text, "{}", formatter.value(place));
        *hash = hash.wrapping_add(cell_hash(name, &text));
    }
    Ok(())
}
