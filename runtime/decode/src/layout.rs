//! From the columns of a file to the columns of a source: places, values, and which rows are rejected.

use crate::array::{self, Fit, describe, fit};
use crate::becomes::{self, SLICE_BYTES};
use crate::decoded_rows::{name_in, read_otherwise, were_decoded};
use crate::detail::Detail;
use crate::error::DecodeError;
use crate::guard::guarded;
use crate::names::{place, with_columns};
use crate::reject::{Reason, Reject};
use crate::said::{self, Said};
use crate::spec::{Decoded, RowNumbers, Spec};
use crate::store::InputFile;
use crate::text_size::rows_of_text;
use crate::undeclared::{self, Undeclared};
use crate::way::{Way, follow, way};
use crate::zone::Zone;
use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use featc_ir::{ColumnId, Type};
use featr_kernels::{Batch, Column, Tag};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Where a column is in a schema, and how it fits.
pub(crate) fn fitting(
    schema: &Schema,
    (name, ty): (&str, Type),
    zone: Option<Zone>,
    file: &str,
) -> Result<(usize, Fit), DecodeError> {
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let at = place(&names, name, file)?;
    let found = schema.field(at).data_type();
    usable(fit(ty, found, zone), (name, ty), found, zone, file).map(|fit| (at, fit))
}

/// As [`fitting`], of a declared column.
fn fitting_column(schema: &Schema, index: usize, spec: &Spec, file: &str) -> Result<(Way, Fit), DecodeError> {
    let (column, zone) = (&spec.columns[index], spec.rules.zone);
    if were_decoded(schema) {
        let (root, fit) = fitting(schema, (&column.name, column.ty), zone, file)?;
        return Ok((Way::of(schema, root), fit));
    }
    let way = way(schema, column.field(), file)?;
    let fit = match &spec.readers[index] {
        Some(reader) if reader.fits(&way.found) => Fit::Checked,
        Some(_) => Fit::No,
        None => fit(column.ty, &way.found, zone),
    };
    let fit = usable(fit, (column.field(), column.ty), &way.found, zone, file)?;
    Ok((way, fit))
}

fn usable(
    fit: Fit,
    (name, ty): (&str, Type),
    found: &DataType,
    zone: Option<Zone>,
    file: &str,
) -> Result<Fit, DecodeError> {
    match fit {
        Fit::No => Err(DecodeError::WrongType {
            file: file.to_owned(),
            column: name.to_owned(),
            expected: Some(ty),
            found: describe(found),
        }),
        Fit::Naive if zone.is_none() => Err(DecodeError::NaiveTimestamp {
            file: file.to_owned(),
            line: None,
            column: name.to_owned(),
            asks_by_day: false,
        }),
        fit @ (Fit::Naive | Fit::Checked | Fit::Whole) => Ok(fit),
    }
}

/// How the columns of a file become those of a source.
pub(crate) struct Layout {
    file: Arc<str>,
    /// Per declared column.
    pub places: Vec<Place>,
    /// Per declared column, the names of the fields that lead to it inside of its column of the file; mostly none.
    pub inside: Vec<Vec<String>>,
    /// The columns of the file that are read, in its order.
    pub read: Vec<usize>,
    /// Whether the rows have values of the declared types.
    were_decoded: bool,
    /// Undeclared columns with their places in the batches, if they are read.
    undeclared: Vec<(String, usize)>,
    /// The hash of what is said of undeclared columns for the whole file.
    said: u128,
}

/// Where the values of a declared column come from.
pub(crate) enum Place {
    /// A column of the batches.
    Read(usize),
    /// Nobody wants them, and none of them can reject its row.
    Unread,
    Said(Said),
}

impl Layout {
    /// `can_be_null` says of a column of the file whether it may hold nulls.
    pub(crate) fn new(
        input: &InputFile,
        schema: &Schema,
        spec: &Spec,
        can_be_null: impl Fn(usize) -> bool,
    ) -> Result<Layout, DecodeError> {
        let file = &*input.name;
        match read_otherwise(&spec.columns, &spec.readings, schema) {
            Ok(None) => {}
            Ok(Some(column)) => return Err(DecodeError::read_otherwise(file, column)),
            Err(error) => return Err(DecodeError::unread(file, &error)),
        }
        let mut roots: Vec<Option<usize>> = Vec::with_capacity(spec.columns.len());
        let mut places = Vec::with_capacity(spec.columns.len());
        let mut inside = vec![Vec::new(); spec.columns.len()];
        for (index, column) in spec.columns.iter().enumerate() {
            let name = name_in(schema, column);
            if let Some(text) = said::text(&input.values, name).filter(|_| !has(schema, name)) {
                places.push(Place::Said(Said::decode(text, column, spec.rules, file)?));
                roots.push(None);
                continue;
            }
            let fitting = fitting_column(schema, index, spec, file);
            let (way, fit) = fitting.map_err(|error| with_columns(error, &spec.columns))?;
            let nullable = spec.null_reason(index).is_none();
            let nan = column.ty == Type::Float64 && !spec.rules.keep_nan;
            let can_be_null = || nan || !way.inside.is_empty() || can_be_null(way.root);
            let can_reject = fit != Fit::Whole || (!nullable && can_be_null());
            roots.push((spec.wanted[index] || can_reject).then_some(way.root));
            inside[index] = way.inside;
            places.push(Place::Unread);
        }
        let names = schema.fields().iter().map(|field| field.name().as_str()).enumerate();
        let is_ours = |name: &str| match were_decoded(schema) {
            true => spec.columns.iter().any(|column| column.name == name),
            false => spec.declares(name),
        };
        let others = names.filter(|(_, name)| spec.options.undeclared && !is_ours(name));
        let others: Vec<(usize, &str)> = others.collect();
        let others_at = others.iter().map(|(root, _)| *root);
        let mut read: Vec<usize> = roots.iter().flatten().copied().chain(others_at).collect();
        read.sort_unstable();
        read.dedup();
        for (place, root) in places.iter_mut().zip(roots) {
            if let Some(at) = root.and_then(|root| read.binary_search(&root).ok()) {
                *place = Place::Read(at);
            }
        }
        let place = |root: usize| read.binary_search(&root).unwrap_or_default();
        Ok(Layout {
            file: input.name.clone(),
            undeclared: others
                .into_iter()
                .map(|(root, name)| (name.to_owned(), place(root)))
                .collect(),
            said: undeclared::of_said(&input.values, |name| spec.declares(name) || has(schema, name)),
            places,
            inside,
            read,
            were_decoded: were_decoded(schema),
        })
    }

    /// Whether what stands in a column of the file at the end of this way is read.
    pub(crate) fn reads(&self, root: usize, way: &[String]) -> bool {
        let is_root = |at: usize| self.read.get(at) == Some(&root);
        let leads = |(place, inside): (&Place, &Vec<String>)| match place {
            Place::Read(at) => is_root(*at) && way.starts_with(inside),
            Place::Unread | Place::Said(_) => false,
        };
        self.places.iter().zip(&self.inside).any(leads) || self.undeclared.iter().any(|(_, at)| is_root(*at))
    }

    /// For batches that have all columns of the file.
    pub(crate) fn read_all(&mut self) {
        for place in &mut self.places {
            if let Place::Read(at) = place {
                *at = self.read[*at];
            }
        }
        for (_, at) in &mut self.undeclared {
            *at = self.read[*at];
        }
    }

    /// Cuts rows, the first of which has the number `first`, where they become too much to be decoded at once: what is decoded
    /// now, and the rest.
    ///
    /// # Errors
    /// [`DecodeError::BeyondBounds`]: a row, or all of them where that is asked for, become more than they may.
    pub(crate) fn cut(
        &self,
        batch: RecordBatch,
        first: u64,
        spec: &Spec,
    ) -> Result<(RecordBatch, Option<RecordBatch>), DecodeError> {
        // Texts that are there already are no more when they are decoded: the bytes of these rows, not of all that their buffers may
        // reach, as each buffer of a stream reaches all of its message.
        let there = batch
            .columns()
            .iter()
            .map(|column| column.to_data().get_slice_memory_size());
        let there = there.map(Result::unwrap_or_default).fold(0, usize::saturating_add);
        let (all, most) = (batch.num_rows(), spec.bytes_max().saturating_add(there));
        let rows = spec.rows_per_batch.min(all);
        let becomes = |rows: Range<usize>| self.becomes(&batch, rows, spec);
        let whole = becomes(0..rows);
        if whole > most && spec.options.batch_bytes_max.is_some() {
            return Err(self.beyond(format!(
                "rows become more than {most} bytes when each has its own values"
            )));
        }
        let rows = match whole > SLICE_BYTES {
            true => rows_of_text(0..rows, SLICE_BYTES, becomes),
            false => rows,
        };
        // Many rows become less than a slice and one row.
        if whole > SLICE_BYTES.min(most) && becomes(rows - 1..rows) > most {
            let row = first + rows as u64 - 1;
            return Err(self.beyond(format!("row {row} becomes more than {most} bytes")));
        }
        if rows == all {
            return Ok((batch, None));
        }
        Ok((batch.slice(0, rows), Some(batch.slice(rows, all - rows))))
    }

    fn becomes(&self, batch: &RecordBatch, rows: Range<usize>, spec: &Spec) -> usize {
        let places = self.places.iter().zip(&self.inside).enumerate();
        let bytes = places.map(|(index, (place, inside))| match place {
            // It comes as codes.
            Place::Read(_) if inside.is_empty() && spec.is_coded(index) => 0,
            Place::Read(at) => batch
                .columns()
                .get(*at)
                .map_or(0, |array| becomes::bytes(array, inside, rows.clone())),
            Place::Unread | Place::Said(_) => 0,
        });
        bytes.fold(0, usize::saturating_add)
    }

    /// What rows say that become too much.
    fn beyond(&self, why: String) -> DecodeError {
        let file = self.file.to_string();
        DecodeError::BeyondBounds { file, why }
    }

    /// Rows of the file, the first of which has the number `first`; the batch has the columns that are read.
    pub(crate) fn decode(
        &self,
        arrow: RecordBatch,
        first: u64,
        spec: &Spec,
        rejects: &mut Vec<Reject>,
    ) -> Result<Decoded, DecodeError> {
        let rows = arrow.num_rows();
        let mut refused: BTreeMap<usize, (Reason, Detail)> = BTreeMap::new();
        let mut arrays: Vec<Option<ArrayRef>> = arrow.into_parts().1.into_iter().map(Some).collect();
        let mut columns = Vec::with_capacity(spec.columns.len());
        let mut texts = Vec::new();
        for (index, place) in self.places.iter().enumerate() {
            let found = match place {
                Place::Unread => Found::Nothing,
                Place::Said(said) => Found::Said(said),
                Place::Read(at) if self.inside[index].is_empty() => arrays
                    .get_mut(*at)
                    .and_then(Option::take)
                    .map_or(Found::Nothing, Found::Array),
                Place::Read(at) => match arrays.get(*at).cloned().flatten() {
                    Some(array) => Found::Array(guarded(&self.file, || follow(array, &self.inside[index]))?),
                    None => Found::Nothing,
                },
            };
            let found = match found {
                Found::Array(array) if spec.is_coded(index) => match array::codes(&array) {
                    Some((codes, of)) => {
                        texts.push((ColumnId::from(index), of));
                        Found::Codes(codes)
                    }
                    None => Found::Array(array),
                },
                found => found,
            };
            let decode = |array: ArrayRef| match self.were_decoded {
                true => array::decode(array, spec.columns[index].ty, spec.rules),
                false => spec.decode(index, array),
            };
            let found = match found {
                Found::Array(array) => Found::Decoded(guarded(&self.file, || decode(array))?),
                found => found,
            };
            columns.push(column((found, rows), index, spec, &mut refused));
        }
        let undeclared = spec.options.undeclared.then(|| {
            let take = |(name, at): &(String, usize)| Some((name.clone(), arrays.get_mut(*at)?.take()?));
            let columns = self.undeclared.iter().filter_map(take).collect();
            let is_kept = |row: &u32| !refused.contains_key(&(*row as usize));
            let kept = (!refused.is_empty()).then(|| (0..rows as u32).filter(is_kept).collect());
            Undeclared::of_columns(&self.file, self.said, columns, kept)
        });
        let (batch, rows) = accepted(&self.file, first, Batch { rows, columns }, refused, rejects);
        Ok(Decoded {
            batch,
            file: self.file.clone(),
            rows,
            texts,
            undeclared,
        })
    }
}

fn has(schema: &Schema, column: &str) -> bool {
    schema.fields().iter().any(|field| field.name() == column)
}

/// The values of a declared column in a batch of a file.
enum Found<'a> {
    Array(ArrayRef),
    Decoded(array::Decoded),
    Codes(Column),
    Said(&'a Said),
    Nothing,
}

/// Takes the rows that were refused out of a batch whose first row has the number `first`.
fn accepted(
    file: &Arc<str>,
    first: u64,
    batch: Batch,
    refused: BTreeMap<usize, (Reason, Detail)>,
    rejects: &mut Vec<Reject>,
) -> (Batch, RowNumbers) {
    if refused.is_empty() {
        return (batch, RowNumbers { first, numbers: None });
    }
    let rows = (0_u32..).zip(0..batch.rows);
    let kept: Vec<u32> = rows
        .filter(|(_, row)| !refused.contains_key(row))
        .map(|(row, _)| row)
        .collect();
    let batch = batch.take(&kept);
    rejects.extend(refused.into_iter().map(|(row, (reason, detail))| Reject {
        file: file.clone(),
        line: first + row as u64,
        reason,
        detail,
        raw: None,
    }));
    let numbers = kept.into_iter().map(|row| first + u64::from(row)).collect();
    (batch, RowNumbers::new(numbers))
}

/// One declared column of a batch of so many rows; those that it rejects are added to `refused` unless an earlier
/// column did.
fn column(
    (found, rows): (Found<'_>, usize),
    index: usize,
    spec: &Spec,
    refused: &mut BTreeMap<usize, (Reason, Detail)>,
) -> Column {
    let declared = &spec.columns[index];
    let column = match found {
        Found::Nothing | Found::Array(_) => return Column::new(declared.ty, rows),
        Found::Said(said) => {
            if let Said::Refused(detail) = said {
                for row in 0..rows {
                    refused.entry(row).or_insert_with(|| (Reason::BadValue, detail.clone()));
                }
            }
            said.column(declared, rows)
        }
        Found::Decoded(decoded) => {
            for (row, value) in decoded.refused {
                let column = declared.name.clone();
                let detail = || (Reason::BadValue, Detail::Value { column, value });
                refused.entry(row).or_insert_with(detail);
            }
            decoded.column
        }
        Found::Codes(column) => column,
    };
    if let (Some(reason), Some(tags)) = (spec.null_reason(index), &column.tags) {
        for (row, _) in tags.iter().enumerate().filter(|(_, tag)| **tag != Tag::VALID) {
            refused.entry(row).or_insert_with(|| (reason, spec.null(index)));
        }
    }
    match spec.wanted[index] {
        true => column,
        false => Column::new(declared.ty, rows),
    }
}
