//! Rows of a source from Parquet.

use crate::array::{self, Fit, describe, fit};
use crate::builder::all_null;
use crate::error::DecodeError;
use crate::reject::{Reason, Reject};
use crate::source::{Decoded, RowNumbers, Spec};
use crate::text_rows::place;
use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use featc_ir::Type;
use featr_kernels::{Batch, Column, Data, StrData};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::ParquetMetaData;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::{Arc, Once};

pub(crate) struct ParquetReader {
    file: Arc<str>,
    reader: ParquetRecordBatchReader,
    /// Per declared column, its place in the batches; `None` when it need not be read.
    places: Vec<Option<usize>>,
    /// Rows read so far.
    row: u64,
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a step of the Parquet library; its errors, and its panics on broken files, become `Corrupt`.
///
/// The library does panic on some broken files. Such a panic is a finding about the file, so the process's panic hook
/// is wrapped, once, to keep silent about it; all other panics reach the hook that was there before.
pub(crate) fn guarded<T, E: Display>(file: &str, step: impl FnOnce() -> Result<T, E>) -> Result<T, DecodeError> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                before(info);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(step));
    GUARDED.set(outer);
    let why = match outcome {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "its content contradicts itself".to_owned(),
    };
    let why = why.strip_prefix("Parquet error: ").unwrap_or(&why).to_owned();
    Err(DecodeError::Corrupt {
        file: file.to_owned(),
        why,
    })
}

/// Opens a Parquet file and reads its schema.
pub(crate) fn open(name: &str, file: File) -> Result<ParquetRecordBatchReaderBuilder<File>, DecodeError> {
    guarded(name, || ParquetRecordBatchReaderBuilder::try_new(file))
}

/// Where a declared column is in a schema, and how it fits.
pub(crate) fn fitting(
    schema: &Schema,
    (name, ty): (&str, Type),
    has_zone: bool,
    file: &str,
) -> Result<(usize, Fit), DecodeError> {
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let at = place(&names, name, file)?;
    let found = schema.field(at).data_type();
    match fit(ty, found) {
        Fit::No => Err(DecodeError::WrongType {
            file: file.to_owned(),
            column: name.to_owned(),
            expected: ty.to_string(),
            found: describe(found),
        }),
        Fit::Naive if !has_zone => Err(DecodeError::NaiveTimestamp {
            file: file.to_owned(),
            line: None,
            column: name.to_owned(),
        }),
        fit @ (Fit::Naive | Fit::Checked | Fit::Whole) => Ok((at, fit)),
    }
}

impl ParquetReader {
    pub(crate) fn open(file: Arc<str>, input: File, spec: &Spec) -> Result<ParquetReader, DecodeError> {
        let builder = open(&file, input)?;
        let schema = builder.schema().clone();
        let mut roots: Vec<Option<usize>> = Vec::with_capacity(spec.columns.len());
        for (index, column) in spec.columns.iter().enumerate() {
            let has_zone = spec.rules.zone.is_some();
            let (root, fit) = fitting(&schema, (&column.name, column.ty), has_zone, &file)?;
            let nullable = spec.null_reason(index).is_none();
            let can_be_null =
                || (column.ty == Type::Float64 && !spec.rules.keep_nan) || has_nulls(builder.metadata(), root);
            let can_reject = fit != Fit::Whole || (!nullable && can_be_null());
            roots.push((spec.wanted[index] || can_reject).then_some(root));
        }
        let mut read: Vec<usize> = roots.iter().flatten().copied().collect();
        read.sort_unstable();
        read.dedup();
        let places = roots
            .iter()
            .map(|root| root.and_then(|root| read.binary_search(&root).ok()))
            .collect();
        let mask = ProjectionMask::roots(builder.parquet_schema(), read);
        let rows = spec.rows_per_batch;
        let reader = guarded(&file, || builder.with_projection(mask).with_batch_size(rows).build())?;
        Ok(ParquetReader {
            file,
            reader,
            places,
            row: 0,
        })
    }

    /// The next rows; `None` at the end of the file.
    pub(crate) fn next(&mut self, spec: &Spec, rejects: &mut Vec<Reject>) -> Result<Option<Decoded>, DecodeError> {
        let Some(arrow) = guarded(&self.file, || self.reader.next().transpose())? else {
            return Ok(None);
        };
        let mut refused: BTreeMap<usize, (Reason, String)> = BTreeMap::new();
        let mut columns = Vec::with_capacity(spec.columns.len());
        for index in 0..spec.columns.len() {
            columns.push(self.column(&arrow, index, spec, &mut refused)?);
        }
        let rows = arrow.num_rows();
        let first = self.row + 1;
        self.row += rows as u64;
        let file = self.file.clone();
        if refused.is_empty() {
            let rows_at = RowNumbers { first, numbers: None };
            return Ok(Some(Decoded {
                batch: Batch { rows, columns },
                file,
                rows: rows_at,
            }));
        }
        let mut keep = vec![true; rows];
        for (row, (reason, detail)) in refused {
            keep[row] = false;
            rejects.push(Reject {
                file: file.clone(),
                line: first + row as u64,
                reason,
                detail,
                raw: None,
            });
        }
        columns.iter_mut().for_each(|column| retain(column, &keep));
        let numbers: Vec<u64> = (first..)
            .zip(&keep)
            .filter(|(_, keep)| **keep)
            .map(|(number, _)| number)
            .collect();
        let batch = Batch {
            rows: numbers.len(),
            columns,
        };
        Ok(Some(Decoded {
            batch,
            file,
            rows: RowNumbers::new(numbers),
        }))
    }

    /// One declared column; rows it rejects are added to `refused` unless an earlier column did.
    fn column(
        &self,
        arrow: &RecordBatch,
        index: usize,
        spec: &Spec,
        refused: &mut BTreeMap<usize, (Reason, String)>,
    ) -> Result<Column, DecodeError> {
        let declared = &spec.columns[index];
        let Some(place) = self.places[index] else {
            return Ok(all_null(declared.ty, arrow.num_rows()));
        };
        let decoded = guarded(&self.file, || {
            array::decode(arrow.column(place), declared.ty, spec.rules)
        })?;
        for (row, why) in decoded.refused {
            let detail = || (Reason::BadValue, format!("column {}: {why}", declared.name));
            refused.entry(row).or_insert_with(detail);
        }
        if let (Some(reason), Some(tags)) = (spec.null_reason(index), &decoded.column.tags) {
            for (row, _) in tags
                .iter()
                .enumerate()
                .filter(|(_, tag)| **tag != featr_kernels::Tag::VALID)
            {
                refused
                    .entry(row)
                    .or_insert_with(|| (reason, format!("column {} is null", declared.name)));
            }
        }
        Ok(if spec.wanted[index] {
            decoded.column
        } else {
            all_null(declared.ty, arrow.num_rows())
        })
    }
}

/// Whether a column may hold nulls, by the statistics of its row groups.
fn has_nulls(metadata: &ParquetMetaData, root: usize) -> bool {
    let schema = metadata.file_metadata().schema_descr();
    let mut leaves = (0..schema.num_columns()).filter(|leaf| schema.get_column_root_idx(*leaf) == root);
    let (Some(leaf), None) = (leaves.next(), leaves.next()) else {
        return true;
    };
    schema.column(leaf).max_def_level() > 0
        && !metadata.row_groups().iter().all(|group| {
            let statistics = group.columns().get(leaf).and_then(|column| column.statistics());
            statistics.and_then(|statistics| statistics.null_count_opt()) == Some(0)
        })
}

/// Takes out the rows that are not to be kept.
fn retain(column: &mut Column, keep: &[bool]) {
    fn only<T>(values: &mut Vec<T>, keep: &[bool]) {
        let mut flags = keep.iter();
        values.retain(|_| flags.next() == Some(&true));
    }
    match &mut column.data {
        Data::Bool(values) => only(values, keep),
        Data::I64(values) => only(values, keep),
        Data::F64(values) => only(values, keep),
        Data::I128(values) => only(values, keep),
        Data::Str(values) => {
            let mut kept = StrData {
                offsets: vec![0],
                bytes: Vec::with_capacity(values.bytes.len()),
            };
            for (ends, _) in values.offsets.windows(2).zip(keep).filter(|(_, keep)| **keep) {
                kept.bytes.extend_from_slice(&values.bytes[ends[0]..ends[1]]);
                kept.offsets.push(kept.bytes.len());
            }
            *values = kept;
        }
    }
    if let Some(tags) = &mut column.tags {
        only(tags, keep);
        if tags.iter().all(|tag| *tag == featr_kernels::Tag::VALID) {
            column.tags = None;
        }
    }
}
