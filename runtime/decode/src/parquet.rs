//! Rows of a source from Parquet.

use crate::chunks::Chunks;
use crate::error::DecodeError;
use crate::files::InputFile;
use crate::guard::guarded;
use crate::layout::{Layout, Place};
use crate::piece::{Bound, Shared};
use crate::prune;
use crate::reject::Reject;
use crate::said::Said;
use crate::source::{Decoded, Spec};
use crate::store::RandomRead;
use arrow::datatypes::{DataType, FieldRef, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{ConvertedType, Encoding};
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData};
use std::ops::Range;
use std::sync::Arc;

/// A Parquet file whose schema fits a source.
pub(crate) struct ParquetFile {
    input: InputFile,
    metadata: ArrowReaderMetadata,
    layout: Layout,
    mask: ProjectionMask,
    open: Option<Arc<dyn RandomRead>>,
    version: Option<String>,
    len: u64,
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
        let layout = Layout::new(&input, metadata.schema(), spec, |root| {
            has_nulls(metadata.metadata(), root)
        })?;
        Ok(ParquetFile {
            mask: ProjectionMask::roots(metadata.parquet_schema(), layout.read.iter().copied()),
            version: file.version(),
            len: file.len(),
            open: keep_open.then_some(file),
            input,
            metadata,
            layout,
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
                let per = rows_per_piece as u64;
                let count = (rows.saturating_add(per / 2) / per).clamp(1, PARTS_MAX);
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
            match self.layout.places.get(bound.column.index()) {
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

    /// What the reader is to make of a row group. A column that may come as codes is read as a dictionary where it is one
    /// throughout: of other pages the reader would build it by hashing, which costs more than plain text.
    fn as_read(&self, group: usize, spec: &Spec) -> ArrowReaderMetadata {
        let group = self.metadata.metadata().row_group(group);
        let mut fields: Vec<FieldRef> = self.metadata.schema().fields().iter().cloned().collect();
        let mut changed = false;
        for (index, place) in self.layout.places.iter().enumerate() {
            let Place::Read(at) = place else { continue };
            let root = self.layout.read[*at];
            let descriptor = self.metadata.parquet_schema();
            let leaf = (0..descriptor.num_columns()).find(|leaf| descriptor.get_column_root_idx(*leaf) == root);
            let chunk = leaf.and_then(|leaf| group.columns().get(leaf));
            if spec.is_coded(index) && chunk.is_some_and(is_dictionary) {
                let ty = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
                fields[root] = Arc::new(fields[root].as_ref().clone().with_data_type(ty));
                changed = true;
            }
        }
        if !changed {
            return self.metadata.clone();
        }
        let schema = Schema::new_with_metadata(fields, self.metadata.schema().metadata().clone());
        let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
        let read = || ArrowReaderMetadata::try_new(self.metadata.metadata().clone(), options);
        guarded(self.name(), read).unwrap_or_else(|_| self.metadata.clone())
    }

    fn reopened(&self, shared: &Shared) -> Result<Arc<dyn RandomRead>, DecodeError> {
        if let Some(open) = &self.open {
            return Ok(open.clone());
        }
        let file = shared.store.open(&self.input)?;
        if file.version() == self.version {
            return Ok(file);
        }
        Err(DecodeError::changed(self.name(), self.len, file.len()))
    }
}

/// At most so many parts are made of a row group: a broken file may claim any number of rows.
const PARTS_MAX: u64 = 1_024;

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
        let metadata = file.as_read(part.group, &shared.spec);
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(chunks.clone(), metadata)
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
        self.row += arrow.num_rows() as u64;
        if self.row > self.end {
            return Err(self.other_rows());
        }
        self.file.layout.decode(arrow, first, spec, rejects).map(Some)
    }

    fn other_rows(&self) -> DecodeError {
        DecodeError::Corrupt {
            file: self.file.name().to_owned(),
            why: "a row group does not have the rows that its metadata says".into(),
        }
    }
}

/// Whether all values of a column chunk are text in a dictionary, as far as the metadata tell.
fn is_dictionary(chunk: &ColumnChunkMetaData) -> bool {
    // Without statistics of pages these are the encodings of all pages, that of the dictionary (which may be called plain)
    // and that of levels included.
    let encodings = chunk.page_encoding_stats_mask().unwrap_or(chunk.encodings_mask());
    let mut encodings = encodings.encodings().filter(|encoding| *encoding != Encoding::RLE);
    chunk.column_descr().converted_type() == ConvertedType::UTF8
        && chunk.dictionary_page_offset().is_some()
        && encodings.all(|encoding| matches!(encoding, Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY))
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
