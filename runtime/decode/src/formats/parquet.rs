//! Parquet: row groups, which are read from anywhere.

mod at_once;
mod types;

use self::at_once::rows_at_once;
use crate::chunks::Chunks;
use crate::error::DecodeError;
use crate::format::{Format, Opened, Part, Reading};
use crate::guard::guarded;
use crate::layout::{Layout, Place};
use crate::prune;
use crate::reject::Reject;
use crate::said::Said;
use crate::spec::{Decoded, Spec};
use crate::spine::{Spine, Wanted, columns};
use crate::store::{InputFile, RandomRead, Store, of_another_format, open_file};
use crate::way;
use crate::write::{Encoder, ParquetWriter, Target, WriteError, WriteOptions, beyond_milliseconds};
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{ConvertedType, Encoding};
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// The first bytes of a file.
const MAGIC: &[u8] = b"PAR1";

pub(super) struct Parquet;

impl Format for Parquet {
    fn extensions(&self) -> &'static [&'static str] {
        &["parquet"]
    }

    fn open(&'static self, input: InputFile, spec: &Spec, keep_open: bool) -> Result<Arc<dyn Opened>, DecodeError> {
        let file = spec.options.store.open(&input)?;
        let options = ArrowReaderOptions::new().with_offset_index_policy(PageIndexPolicy::Optional);
        let metadata = load(&file, &input.name, options)?;
        let layout = Layout::new(&input, metadata.schema(), spec, |root| {
            has_nulls(metadata.metadata(), root)
        })?;
        Ok(Arc::new(ParquetFile {
            mask: ProjectionMask::leaves(metadata.parquet_schema(), leaves(metadata.schema(), &layout)),
            version: file.version(),
            len: file.len(),
            open: keep_open.then_some(file),
            input,
            metadata,
            layout,
        }))
    }

    fn begins(&self, head: &[u8]) -> bool {
        head.starts_with(MAGIC)
    }

    fn spine(&self, store: &dyn Store, input: &InputFile, wanted: &Wanted<'_>) -> Result<Spine, DecodeError> {
        let (name, file) = (wanted.file, store.open(input)?);
        let metadata = load(&file, name, ArrowReaderOptions::new())?;
        let schema = metadata.schema().clone();
        let groups = 0..metadata.metadata().num_row_groups();
        let all = ProjectionMask::all();
        let spans = groups.flat_map(|group| spans(&metadata, group, &all));
        let spans = guarded(name, || Ok::<_, DecodeError>(spans.collect()))?;
        let chunks = Chunks::new(file, spans);
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(chunks.clone(), metadata);
        let mut reader = guarded(name, || builder.with_batch_size(65_536).build())?;
        let mut next = || {
            let batch = guarded(name, || reader.next().transpose());
            batch.map_err(|error| chunks.failure().unwrap_or(error))
        };
        columns(schema, &mut next, wanted)
    }

    fn output(&self) -> Option<&'static str> {
        Some("parquet")
    }

    fn encoder(
        &self,
        target: Target,
        schema: SchemaRef,
        options: &WriteOptions,
    ) -> Result<Box<dyn Encoder>, WriteError> {
        // The file has these beside its schema, once.
        let mut metadata = schema.metadata().clone();
        metadata.retain(|key, _| !options.metadata.iter().any(|(new, _)| new == key));
        let schema = Schema::clone(&schema).with_metadata(metadata);
        Ok(Box::new(ParquetWriter::new(target, Arc::new(schema), options)?))
    }

    fn metadata(&self, path: &Path, key: &str) -> Result<Option<String>, DecodeError> {
        let name = path.display().to_string();
        let file = open_file(path).map_err(|error| DecodeError::unreadable(&name, &error))?;
        let builder = guarded(&name, || ParquetRecordBatchReaderBuilder::try_new(file))?;
        let pairs = builder.metadata().file_metadata().key_value_metadata();
        let found = pairs.into_iter().flatten().find(|pair| pair.key == key);
        Ok(found.and_then(|pair| pair.value.clone()))
    }
}

impl Encoder for ParquetWriter<Target> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        match beyond_milliseconds(batch) {
            Some(beyond) => Err(WriteError::Beyond(beyond)),
            None => Ok(ParquetWriter::write(self, batch)?),
        }
    }

    fn add_metadata(&mut self, key: &str, value: &str) {
        ParquetWriter::add_metadata(self, key.to_owned(), value.to_owned());
    }

    fn finish(self: Box<Self>) -> Result<Target, WriteError> {
        Ok(ParquetWriter::finish(*self)?)
    }
}

/// The leaves of the columns that are read; of structs, those on the way to what is.
fn leaves(schema: &Schema, layout: &Layout) -> Vec<usize> {
    let all = way::leaves(schema.fields());
    let of = |wanted: &dyn Fn(&(usize, Vec<String>)) -> bool| -> Vec<usize> {
        let found = all.iter().enumerate().filter(|(_, leaf)| wanted(leaf));
        found.map(|(leaf, _)| leaf).collect()
    };
    let mut read = of(&|(root, inside)| layout.reads(*root, inside));
    for root in &layout.read {
        if !read.iter().any(|leaf| all[*leaf].0 == *root) {
            read.extend(of(&|(other, _)| other == root));
        }
    }
    read
}

/// What the end of a file says.
fn load(
    file: &Arc<dyn RandomRead>,
    name: &str,
    options: ArrowReaderOptions,
) -> Result<ArrowReaderMetadata, DecodeError> {
    let tail = Chunks::tail(file.clone());
    let metadata = guarded(name, || {
        let metadata = ArrowReaderMetadata::load(&tail, options.clone())?;
        match types::read_as(metadata.schema(), metadata.parquet_schema()) {
            None => Ok(metadata),
            Some(schema) => {
                let options = options.with_schema(Arc::new(schema));
                ArrowReaderMetadata::try_new(metadata.metadata().clone(), options)
            }
        }
    });
    metadata.map_err(|error| {
        let of_another = || of_another_format(name, MAGIC, &**file);
        tail.failure().or_else(of_another).unwrap_or(error)
    })
}

/// The column chunks of a row group that are read.
fn spans(metadata: &ArrowReaderMetadata, group: usize, mask: &ProjectionMask) -> Vec<Range<u64>> {
    let read = metadata.metadata().row_group(group).columns().iter().enumerate();
    let read = read.filter(|(leaf, _)| mask.leaf_included(*leaf));
    read.map(|(_, chunk)| chunk.byte_range())
        .map(|(start, len)| start..start.saturating_add(len))
        .collect()
}

/// A Parquet file whose schema fits a source.
struct ParquetFile {
    input: InputFile,
    metadata: ArrowReaderMetadata,
    layout: Layout,
    mask: ProjectionMask,
    open: Option<Arc<dyn RandomRead>>,
    version: Option<String>,
    len: u64,
}

impl Opened for ParquetFile {
    fn name(&self) -> &str {
        &self.input.name
    }

    fn row_groups(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    /// Parts of row groups.
    fn parts(&self, rows_per_piece: usize, spec: &Spec, skipped: &mut u64) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut before = 0u64;
        let keep = self.matters(spec);
        for (group, about) in self.metadata.metadata().row_groups().iter().enumerate() {
            let rows = u64::try_from(about.num_rows()).unwrap_or(0);
            if keep.get(group) == Some(&false) {
                *skipped += rows;
            } else {
                let whole = guarded(self.name(), || {
                    Ok::<_, DecodeError>(spans(&self.metadata, group, &self.mask))
                });
                let whole = whole.unwrap_or_default().into_iter();
                let whole: u128 = whole.map(|span| u128::from(span.end - span.start)).sum();
                let per = rows_per_piece as u64;
                let count = (rows.saturating_add(per / 2) / per).clamp(1, PARTS_MAX);
                let end = |part: u64| (u128::from(rows) * u128::from(part) / u128::from(count)) as u64;
                for part in 0..count {
                    let rows_here = end(part + 1) - end(part);
                    let bytes = (whole * u128::from(rows_here) / u128::from(rows.max(1))) as u64;
                    parts.push(Part {
                        units: group..group + 1,
                        before: before.saturating_add(end(part)),
                        rows: Some(rows_here),
                        bytes,
                        unpacked_bytes: bytes,
                        skipped: std::mem::take(skipped),
                    });
                }
            }
            before = before.saturating_add(rows);
        }
        parts
    }

    fn read(self: Arc<Self>, part: &Part, spec: &Spec) -> Result<Box<dyn Reading>, DecodeError> {
        let (name, group, len) = (self.name(), part.units.start, part.rows.unwrap_or(0));
        let input = self.reopened(spec)?;
        let spans = guarded(name, || Ok::<_, DecodeError>(spans(&self.metadata, group, &self.mask)))?;
        let chunks = Chunks::new(input, spans);
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(chunks.clone(), self.as_read(group, spec))
            .with_projection(self.mask.clone())
            .with_row_groups(vec![group])
            .with_batch_size(rows_at_once(
                self.metadata.metadata().row_group(group),
                &self.mask,
                spec,
            ));
        let groups = self.metadata.metadata().row_groups();
        if groups[group].num_rows() != len as i64 {
            let rows = groups[..group]
                .iter()
                .map(|group| u64::try_from(group.num_rows()).unwrap_or(0));
            let offset = part.before - rows.fold(0u64, u64::saturating_add);
            builder = builder
                .with_offset(usize::try_from(offset).unwrap_or(usize::MAX))
                .with_limit(usize::try_from(len).unwrap_or(usize::MAX));
        }
        let reader = guarded(name, || builder.build());
        let reader = reader.map_err(|error| chunks.failure().unwrap_or(error))?;
        Ok(Box::new(ParquetReader {
            row: part.before,
            end: part.before.saturating_add(len),
            file: self,
            chunks,
            reader,
            left: None,
        }))
    }
}

impl ParquetFile {
    /// Per row group, whether a row of it can be within the bounds.
    fn matters(&self, spec: &Spec) -> Vec<bool> {
        let mut keep = vec![true; self.metadata.metadata().num_row_groups()];
        for bound in &spec.options.prune {
            match self.layout.places.get(bound.column.index()) {
                Some(Place::Said(Said::Value(value))) if !prune::within(value, bound) => keep.fill(false),
                Some(Place::Said(_)) | None => {}
                // Only columns of the file have statistics that are looked at.
                Some(_) if !self.layout.inside[bound.column.index()].is_empty() => {}
                Some(Place::Read(_) | Place::Unread) => {
                    prune::clear(self.name(), &self.metadata, bound, spec, &mut keep);
                }
            }
        }
        keep
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
            if spec.is_coded(index) && self.layout.inside[index].is_empty() && chunk.is_some_and(is_dictionary) {
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

    fn reopened(&self, spec: &Spec) -> Result<Arc<dyn RandomRead>, DecodeError> {
        if let Some(open) = &self.open {
            return Ok(open.clone());
        }
        let file = spec.options.store.open(&self.input)?;
        if file.version() == self.version {
            return Ok(file);
        }
        Err(DecodeError::changed(self.name(), self.len, file.len()))
    }
}

/// At most so many parts are made of a row group: a broken file may claim any number of rows.
const PARTS_MAX: u64 = 1_024;

/// A part being read.
struct ParquetReader {
    file: Arc<ParquetFile>,
    chunks: Chunks,
    reader: ParquetRecordBatchReader,
    /// What is left of the rows that were read last.
    left: Option<RecordBatch>,
    /// Rows of the file in front of the next one.
    row: u64,
    end: u64,
}

impl Reading for ParquetReader {
    fn next(&mut self, spec: &Spec, rejects: &mut Vec<Reject>) -> Result<Option<Decoded>, DecodeError> {
        let next = match self.left.take() {
            Some(left) => Ok(Some(left)),
            None => guarded(self.file.name(), || self.reader.next().transpose()),
        };
        let Some(arrow) = next.map_err(|error| self.chunks.failure().unwrap_or(error))? else {
            return if self.row == self.end {
                Ok(None)
            } else {
                Err(self.other_rows())
            };
        };
        let first = self.row + 1;
        if self.row + arrow.num_rows() as u64 > self.end {
            return Err(self.other_rows());
        }
        let layout = &self.file.layout;
        let (now, left) = guarded(self.file.name(), || layout.cut(arrow, first, spec))?;
        self.left = left;
        self.row += now.num_rows() as u64;
        layout.decode(now, first, spec, rejects).map(Some)
    }
}

impl ParquetReader {
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
    // How many lists are null is not among the statistics of their items.
    if schema.column(leaf).max_rep_level() > 0 {
        return true;
    }
    schema.column(leaf).max_def_level() > 0
        && !metadata.row_groups().iter().all(|group| {
            let statistics = group.columns().get(leaf).and_then(|column| column.statistics());
            statistics.and_then(|statistics| statistics.null_count_opt()) == Some(0)
        })
}
