//! From the columns of a file to the columns of a source: places, values, and which rows are rejected.

use crate::array::{self, Fit, describe, fit};
use crate::detail::Detail;
use crate::error::DecodeError;
use crate::guard::guarded;
use crate::names::place;
use crate::reject::{Reason, Reject};
use crate::said::{self, Said};
use crate::spec::{Decoded, RowNumbers, Spec};
use crate::store::InputFile;
use crate::undeclared::{self, Undeclared};
use crate::zone::Zone;
use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::Schema;
use featc_ir::{ColumnId, Type};
use featr_kernels::{Batch, Column, Tag};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where a declared column is in a schema, and how it fits.
pub(crate) fn fitting(
    schema: &Schema,
    (name, ty): (&str, Type),
    zone: Option<Zone>,
    file: &str,
) -> Result<(usize, Fit), DecodeError> {
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let at = place(&names, name, file)?;
    let found = schema.field(at).data_type();
    match fit(ty, found, zone) {
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
        }),
        fit @ (Fit::Naive | Fit::Checked | Fit::Whole) => Ok((at, fit)),
    }
}

/// How the columns of a file become those of a source.
pub(crate) struct Layout {
    file: Arc<str>,
    /// Per declared column.
    pub places: Vec<Place>,
    /// The columns of the file that are read, in its order.
    pub read: Vec<usize>,
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
        let mut roots: Vec<Option<usize>> = Vec::with_capacity(spec.columns.len());
        let mut places = Vec::with_capacity(spec.columns.len());
        for (index, column) in spec.columns.iter().enumerate() {
            if let Some(text) = said::text(&input.values, &column.name).filter(|_| !has(schema, &column.name)) {
                places.push(Place::Said(Said::decode(text, column, spec.rules, file)?));
                roots.push(None);
                continue;
            }
            let (root, fit) = fitting(schema, (&column.name, column.ty), spec.rules.zone, file)?;
            let nullable = spec.null_reason(index).is_none();
            let can_be_null = || (column.ty == Type::Float64 && !spec.rules.keep_nan) || can_be_null(root);
            let can_reject = fit != Fit::Whole || (!nullable && can_be_null());
            roots.push((spec.wanted[index] || can_reject).then_some(root));
            places.push(Place::Unread);
        }
        let names = schema.fields().iter().map(|field| field.name().as_str()).enumerate();
        let others = names.filter(|(_, name)| spec.options.undeclared && !spec.declares(name));
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
            read,
        })
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
                Place::Read(at) => arrays
                    .get_mut(*at)
                    .and_then(Option::take)
                    .map_or(Found::Nothing, Found::Array),
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
            columns.push(column(&self.file, (found, rows), index, spec, &mut refused)?);
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
    file: &str,
    (found, rows): (Found<'_>, usize),
    index: usize,
    spec: &Spec,
    refused: &mut BTreeMap<usize, (Reason, Detail)>,
) -> Result<Column, DecodeError> {
    let declared = &spec.columns[index];
    let column = match found {
        Found::Nothing => return Ok(Column::new(declared.ty, rows)),
        Found::Said(said) => {
            if let Said::Refused(detail) = said {
                for row in 0..rows {
                    refused.entry(row).or_insert_with(|| (Reason::BadValue, detail.clone()));
                }
            }
            said.column(declared, rows)
        }
        Found::Array(array) => {
            let decoded = guarded(file, || array::decode(array, declared.ty, spec.rules))?;
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
    Ok(if spec.wanted[index] {
        column
    } else {
        Column::new(declared.ty, rows)
    })
}
