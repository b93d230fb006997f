//! Rows of a source from Parquet.

use crate::array::{self, Fit, describe, fit};
use crate::builder::all_null;
use crate::chunks::Chunks;
use crate::error::DecodeError;
use crate::files::InputFile;
use crate::piece::{Bound, Shared};
use crate::prune;
use crate::reject::{Reason, Reject};
use crate::said::{self, Said};
use crate::source::{Decoded, RowNumbers, Spec};
use crate::store::RandomRead;
use crate::text_rows::place;
use crate::zone::Zone;
use arrow::array::ArrayRef;
use arrow::datatypes::Schema;
use featc_ir::Type;
use featr_kernels::{Batch, Column, Data, StrData, Tag};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs::File;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::{Arc, Once};

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

/// Opens a Parquet file of this machine and reads its schema.
pub(crate) fn open(name: &str, file: File) -> Result<ParquetRecordBatchReaderBuilder<File>, DecodeError> {
    guarded(name, || ParquetRecordBatchReaderBuilder::try_new(file))
}

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
            expected: ty.to_string(),
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

/// A Parquet file whose schema fits a source.
pub(crate) struct ParquetFile {
    input: InputFile,
    metadata: ArrowReaderMetadata,
    /// Per declared column.
    places: Vec<Place>,
    mask: ProjectionMask,
    open: Option<Arc<dyn RandomRead>>,
    version: Option<String>,
}

/// Where the values of a declared column come from.
enum Place {
    /// A column of the batches.
    Read(usize),
    /// Nobody wants them, and none of them can reject its row.
    Unread,
    Said(Said),
}

/// Rows of one row group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub group: usize,
    /// In the row group, from 0.
    pub rows: Range<u64>,
    /// The rows of the file in front of the row group.
    pub before: u64,
}

impl ParquetFile {
    pub(crate) fn open(input: InputFile, shared: &Shared, keep_open: bool) -> Result<ParquetFile, DecodeError> {
        let (spec, name) = (&shared.spec, &*input.name);
        let file = shared.store.open(&input)?;
        let chunks = Chunks::tail(file.clone());
        let options = ArrowReaderOptions::new().with_offset_index_policy(PageIndexPolicy::Optional);
        let metadata = guarded(name, || ArrowReaderMetadata::load(&chunks, options));
        let metadata = metadata.map_err(|error| chunks.failure().unwrap_or(error))?;
        let schema = metadata.schema().clone();
        let zone = spec.rules.zone;
        let mut roots: Vec<Option<usize>> = Vec::with_capacity(spec.columns.len());
        let mut places = Vec::with_capacity(spec.columns.len());
        for (index, column) in spec.columns.iter().enumerate() {
            if let Some(text) = said::text(&input.values, &column.name).filter(|_| !has(&schema, &column.name)) {
                places.push(Place::Said(Said::decode(text, column, spec.rules, name)?));
                roots.push(None);
                continue;
            }
            let (root, fit) = fitting(&schema, (&column.name, column.ty), zone, name)?;
            let nullable = spec.null_reason(index).is_none();
            let can_be_null =
                || (column.ty == Type::Float64 && !spec.rules.keep_nan) || has_nulls(metadata.metadata(), root);
            let can_reject = fit != Fit::Whole || (!nullable && can_be_null());
            roots.push((spec.wanted[index] || can_reject).then_some(root));
            places.push(Place::Unread);
        }
        let mut read: Vec<usize> = roots.iter().flatten().copied().collect();
        read.sort_unstable();
        read.dedup();
        for (place, root) in places.iter_mut().zip(roots) {
            if let Some(at) = root.and_then(|root| read.binary_search(&root).ok()) {
                *place = Place::Read(at);
            }
        }
        Ok(ParquetFile {
            mask: ProjectionMask::roots(metadata.parquet_schema(), read),
            version: file.version(),
            open: keep_open.then_some(file),
            input,
            metadata,
            places,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.input.name
    }

    /// Cuts the file, each part with the rows of the row groups in front of it that were left out; `skipped` counts on
    /// from before, and is left with those behind the last part.
    pub(crate) fn parts(
        &self,
        rows_per_piece: usize,
        prune: &[Bound],
        spec: &Spec,
        skipped: &mut u64,
    ) -> Vec<(Part, u64)> {
        let mut parts = Vec::new();
        let mut before = 0u64;
        let keep = self.matters(prune, spec);
        for (group, about) in self.metadata.metadata().row_groups().iter().enumerate() {
            let rows = u64::try_from(about.num_rows()).unwrap_or(0);
            if keep.get(group) == Some(&false) {
                *skipped += rows;
            } else {
                let count = (rows / rows_per_piece as u64).clamp(1, PARTS_MAX);
                for part in 0..count {
                    let end = |part: u64| (u128::from(rows) * u128::from(part) / u128::from(count)) as u64;
                    let rows = end(part)..end(part + 1);
                    parts.push((Part { group, rows, before }, std::mem::take(skipped)));
                }
            }
            before = before.saturating_add(rows);
        }
        parts
    }

    /// Per row group, whether a row of it can be within the bounds.
    fn matters(&self, prune: &[Bound], spec: &Spec) -> Vec<bool> {
        let mut keep = vec![true; self.metadata.metadata().num_row_groups()];
        for bound in prune {
            match self.places.get(bound.column.index()) {
                Some(Place::Said(Said::Value(value))) if !prune::within(value, bound) => keep.fill(false),
                Some(Place::Said(_)) | None => {}
                Some(Place::Read(_) | Place::Unread) => {
                    prune::clear(self.name(), &self.metadata, bound, spec, &mut keep);
                }
            }
        }
        keep
    }

    pub(crate) fn row_groups(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    /// The column chunks of a row group that are read.
    fn spans(&self, group: usize) -> Vec<Range<u64>> {
        let group = self.metadata.metadata().row_group(group);
        let read = group.columns().iter().enumerate();
        let read = read.filter(|(leaf, _)| self.mask.leaf_included(*leaf));
        read.map(|(_, chunk)| chunk.byte_range())
            .map(|(start, len)| start..start.saturating_add(len))
            .collect()
    }

    /// About how many bytes of the file a part is.
    pub(crate) fn bytes(&self, part: &Part) -> u64 {
        let rows = self.metadata.metadata().row_group(part.group).num_rows().max(1) as u128;
        let bytes = guarded(self.name(), || Ok::<_, DecodeError>(self.spans(part.group))).unwrap_or_default();
        let bytes: u128 = bytes.iter().map(|span| u128::from(span.end - span.start)).sum();
        (bytes * u128::from(part.rows.end - part.rows.start) / rows) as u64
    }

    fn reopened(&self, shared: &Shared) -> Result<Arc<dyn RandomRead>, DecodeError> {
        if let Some(open) = &self.open {
            return Ok(open.clone());
        }
        let file = shared.store.open(&self.input)?;
        if file.version() == self.version {
            return Ok(file);
        }
        Err(DecodeError::Unreadable {
            file: self.name().to_owned(),
            why: "it changed while it was read".into(),
        })
    }
}

/// At most so many parts are made of a row group: a broken file may claim any number of rows.
const PARTS_MAX: u64 = 1_024;

fn has(schema: &Schema, column: &str) -> bool {
    schema.fields().iter().any(|field| field.name() == column)
}

/// A part being read.
pub(crate) struct ParquetReader {
    file: Arc<ParquetFile>,
    chunks: Chunks,
    reader: ParquetRecordBatchReader,
    /// Rows of the file in front of the next one.
    row: u64,
    end: u64,
}

impl ParquetReader {
    pub(crate) fn open(file: &Arc<ParquetFile>, part: &Part, shared: &Shared) -> Result<ParquetReader, DecodeError> {
        let input = file.reopened(shared)?;
        let spans = guarded(file.name(), || Ok::<_, DecodeError>(file.spans(part.group)))?;
        let chunks = Chunks::new(input, spans);
        let rows = file.metadata.metadata().row_group(part.group).num_rows();
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(chunks.clone(), file.metadata.clone())
            .with_projection(file.mask.clone())
            .with_row_groups(vec![part.group])
            .with_batch_size(shared.spec.rows_per_batch);
        let len = part.rows.end - part.rows.start;
        let builder = if rows >= 0 && len == rows as u64 {
            builder
        } else {
            let (offset, limit) = (usize::try_from(part.rows.start), usize::try_from(len));
            builder
                .with_offset(offset.unwrap_or(usize::MAX))
                .with_limit(limit.unwrap_or(usize::MAX))
        };
        let reader = guarded(file.name(), || builder.build());
        let reader = reader.map_err(|error| chunks.failure().unwrap_or(error))?;
        Ok(ParquetReader {
            row: part.before.saturating_add(part.rows.start),
            end: part.before.saturating_add(part.rows.end),
            file: file.clone(),
            chunks,
            reader,
        })
    }

    /// The next rows; `None` at the end of the part.
    pub(crate) fn next(&mut self, spec: &Spec, rejects: &mut Vec<Reject>) -> Result<Option<Decoded>, DecodeError> {
        let next = guarded(self.file.name(), || self.reader.next().transpose());
        let Some(arrow) = next.map_err(|error| self.chunks.failure().unwrap_or(error))? else {
            return if self.row == self.end {
                Ok(None)
            } else {
                Err(self.other_rows())
            };
        };
        let first = self.row + 1;
        let rows = arrow.num_rows();
        self.row += rows as u64;
        if self.row > self.end {
            return Err(self.other_rows());
        }
        let mut refused: BTreeMap<usize, (Reason, String)> = BTreeMap::new();
        let mut arrays: Vec<Option<ArrayRef>> = arrow.into_parts().1.into_iter().map(Some).collect();
        let mut columns = Vec::with_capacity(spec.columns.len());
        for (index, place) in self.file.places.iter().enumerate() {
            let found = match place {
                Place::Unread => Found::Nothing,
                Place::Said(said) => Found::Said(said),
                Place::Read(at) => arrays
                    .get_mut(*at)
                    .and_then(Option::take)
                    .map_or(Found::Nothing, Found::Array),
            };
            columns.push(column(self.file.name(), (found, rows), index, spec, &mut refused)?);
        }
        let file = &self.file.input.name;
        Ok(Some(accepted(file, first, Batch { rows, columns }, refused, rejects)))
    }

    fn other_rows(&self) -> DecodeError {
        DecodeError::Corrupt {
            file: self.file.name().to_owned(),
            why: "a row group does not have the rows that its metadata says".into(),
        }
    }
}

/// The values of a declared column in a batch of a file.
pub(crate) enum Found<'a> {
    Array(ArrayRef),
    Said(&'a Said),
    Nothing,
}

/// Takes the rows that were refused out of a batch whose first row has the number `first`.
pub(crate) fn accepted(
    file: &Arc<str>,
    first: u64,
    mut batch: Batch,
    refused: BTreeMap<usize, (Reason, String)>,
    rejects: &mut Vec<Reject>,
) -> Decoded {
    let file = file.clone();
    if refused.is_empty() {
        let rows = RowNumbers { first, numbers: None };
        return Decoded { batch, file, rows };
    }
    let mut keep = vec![true; batch.rows];
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
    batch.columns.iter_mut().for_each(|column| retain(column, &keep));
    let numbers: Vec<u64> = (first..)
        .zip(&keep)
        .filter(|(_, keep)| **keep)
        .map(|(number, _)| number)
        .collect();
    batch.rows = numbers.len();
    let rows = RowNumbers::new(numbers);
    Decoded { batch, file, rows }
}

/// One declared column of a batch of so many rows; those that it rejects are added to `refused` unless an earlier
/// column did.
pub(crate) fn column(
    file: &str,
    (found, rows): (Found<'_>, usize),
    index: usize,
    spec: &Spec,
    refused: &mut BTreeMap<usize, (Reason, String)>,
) -> Result<Column, DecodeError> {
    let declared = &spec.columns[index];
    let column = match found {
        Found::Nothing => return Ok(all_null(declared.ty, rows)),
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
            for (row, why) in decoded.refused {
                let detail = || (Reason::BadValue, format!("column {}: {why}", declared.name));
                refused.entry(row).or_insert_with(detail);
            }
            decoded.column
        }
    };
    if let (Some(reason), Some(tags)) = (spec.null_reason(index), &column.tags) {
        for (row, _) in tags.iter().enumerate().filter(|(_, tag)| **tag != Tag::VALID) {
            refused
                .entry(row)
                .or_insert_with(|| (reason, format!("column {} is null", declared.name)));
        }
    }
    Ok(if spec.wanted[index] {
        column
    } else {
        all_null(declared.ty, rows)
    })
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
        if tags.iter().all(|tag| *tag == Tag::VALID) {
            column.tags = None;
        }
    }
}
