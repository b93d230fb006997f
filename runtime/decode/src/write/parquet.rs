//! Parquet, its columns encoded on several threads.
//!
//! Invariant SAME-BITS: the bytes are a function of the rows and of the options but `threads`. Rows go to the encoders in
//! chunks of a size that depends on the schema and the length of their text, however the batches were cut.

use super::utc::cast_to;
use crate::text_size::{has_text, rows_of_text, text_bytes};
use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, FieldRef, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::KeyValue;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use std::fmt;
use std::io::Write;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// How Parquet is written; other formats only heed `metadata` (Arrow IPC) or nothing.
#[derive(Debug, Clone)]
pub struct WriteOptions {
    /// Threads that encode, the caller's included.
    pub threads: usize,
    /// A row group ends after so many rows,
    pub rows_per_group: usize,
    /// or when it has about so many encoded bytes, which wait in memory until then.
    pub bytes_in_flight: usize,
    /// The columns that the rows are sorted by, ascending, the first one first. It is only written down.
    pub sorted_by: Vec<String>,
    /// Keys and values, kept in the file.
    pub metadata: Vec<(String, String)>,
}

impl Default for WriteOptions {
    fn default() -> WriteOptions {
        WriteOptions {
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            rows_per_group: 1 << 20,
            bytes_in_flight: 32 << 20,
            sorted_by: Vec::new(),
            metadata: Vec::new(),
        }
    }
}

/// A chunk ends with the row with which its text reaches this.
const TEXT_PER_CHUNK: usize = 32 << 20;

/// Rows on their way into Parquet. See [`crate::RowsWriter`] for files.
pub struct ParquetWriter<W: Write + Send> {
    /// Of the batches that are given,
    schema: SchemaRef,
    /// and of the file.
    written: SchemaRef,
    file: SerializedFileWriter<W>,
    factory: ArrowRowGroupWriterFactory,
    threads: usize,
    rows_per_chunk: usize,
    text_per_chunk: usize,
    rows_per_group: usize,
    bytes_in_flight: usize,
    /// The columns of no fixed width.
    texts: Vec<usize>,
    /// Rows that are not a chunk yet.
    waiting: Vec<RecordBatch>,
    waiting_rows: usize,
    waiting_text: usize,
    /// Of the row group that is being encoded.
    group: Option<Vec<Mutex<Root>>>,
    group_rows: usize,
}

/// A column of the schema, and the encoders of its leaves.
struct Root {
    field: FieldRef,
    leaves: Vec<ArrowColumnWriter>,
}

impl<W: Write + Send> fmt::Debug for ParquetWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParquetWriter")
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

fn properties(schema: &SchemaRef, options: &WriteOptions) -> WriterProperties {
    let pair = |(key, value): &(String, String)| KeyValue::new(key.clone(), value.clone());
    let metadata: Vec<KeyValue> = options.metadata.iter().map(pair).collect();
    let zstd = ZstdLevel::try_new(1).map_or(Compression::SNAPPY, Compression::ZSTD);
    let mut builder = WriterProperties::builder()
        .set_compression(zstd)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(None)
        .set_key_value_metadata(Some(metadata).filter(|metadata| !metadata.is_empty()));
    for field in schema.fields().iter().filter(|field| field.data_type().is_floating()) {
        let path = ColumnPath::new(vec![field.name().clone()]);
        builder = builder.set_column_dictionary_enabled(path, false);
    }
    builder.build()
}

/// The place of a flat column among the leaves.
fn leaf<W: Write + Send>(file: &SerializedFileWriter<W>, name: &str) -> Result<i32> {
    let leaves = file.schema_descr().columns();
    let place = leaves.iter().position(|leaf| leaf.path().parts() == [name]);
    place
        .and_then(|place| i32::try_from(place).ok())
        .ok_or_else(|| ParquetError::General(format!("no column `{name}` to be sorted by")))
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// When the schema has a type that Parquet lacks, when `sorted_by` names no flat column, when the target refuses.
    pub fn new(target: W, schema: SchemaRef, options: &WriteOptions) -> Result<ParquetWriter<W>> {
        let written = types::written(&schema);
        let mut properties = properties(&written, options);
        if !options.sorted_by.is_empty() {
            let probe = ArrowWriter::try_new(Vec::new(), written.clone(), None)?;
            let (probe, _) = probe.into_serialized_writer()?;
            let sorted = |name: &String| {
                Ok(SortingColumn {
                    column_idx: leaf(&probe, name)?,
                    descending: false,
                    nulls_first: false,
                })
            };
            let sorted = options.sorted_by.iter().map(sorted).collect::<Result<Vec<_>>>()?;
            properties = properties.into_builder().set_sorting_columns(Some(sorted)).build();
        }
        let writer = ArrowWriter::try_new(target, written.clone(), Some(properties))?;
        let (file, factory) = writer.into_serialized_writer()?;
        let rows_per_chunk = match schema.fields().len() {
            ..=64 => 1 << 16,
            65..=256 => 1 << 14,
            _ => 1 << 13,
        };
        let texts = schema.fields().iter().enumerate();
        let texts = texts.filter(|(_, field)| has_text(field.data_type()));
        Ok(ParquetWriter {
            texts: texts.map(|(column, _)| column).collect(),
            schema,
            written,
            file,
            factory,
            threads: options.threads.max(1),
            rows_per_chunk,
            text_per_chunk: TEXT_PER_CHUNK,
            rows_per_group: options.rows_per_group.max(1),
            bytes_in_flight: options.bytes_in_flight,
            waiting: Vec::new(),
            waiting_rows: 0,
            waiting_text: 0,
            group: None,
            group_rows: 0,
        })
    }

    /// Appends a batch of the schema.
    ///
    /// # Errors
    /// When the batch is of another schema, and when the target refuses.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        if batch.schema_ref().fields() != self.schema.fields() {
            return Err(ParquetError::General("a batch of another schema".into()));
        }
        let batch = &cast_to(batch, &self.written)?;
        let text = |columns: &[usize], rows: Range<usize>| -> usize {
            let texts = columns
                .iter()
                .map(|column| text_bytes(batch.column(*column), rows.clone()));
            texts.sum()
        };
        let mut start = 0;
        while start < batch.num_rows() {
            let room = self.rows_per_chunk.min(self.rows_per_group - self.group_rows) - self.waiting_rows;
            let most = room.min(batch.num_rows() - start);
            let left = self.text_per_chunk - self.waiting_text;
            let rows = rows_of_text(start..start + most, left, |rows| text(&self.texts, rows));
            self.waiting.push(batch.slice(start, rows));
            self.waiting_rows += rows;
            self.waiting_text += text(&self.texts, start..start + rows);
            start += rows;
            if rows == room || self.waiting_text >= self.text_per_chunk {
                self.encode()?;
            }
        }
        Ok(())
    }

    /// Adds a key and its value to the metadata of the file.
    pub fn add_metadata(&mut self, key: String, value: String) {
        self.file.append_key_value_metadata(KeyValue::new(key, value));
    }

    /// Ends the file and gives the target back.
    ///
    /// # Errors
    /// When the target refuses.
    pub fn finish(mut self) -> Result<W> {
        self.encode()?;
        self.end_group()?;
        self.file.into_inner()
    }

    /// Gives what waits to the encoders.
    fn encode(&mut self) -> Result<()> {
        if self.waiting_rows == 0 {
            return Ok(());
        }
        let batches = std::mem::take(&mut self.waiting);
        let rows = std::mem::take(&mut self.waiting_rows);
        self.waiting_text = 0;
        let group = match self.group.take() {
            Some(group) => group,
            None => self.roots()?,
        };
        each(self.threads, &group, |at, root| {
            let arrays: Vec<&ArrayRef> = batches.iter().map(|batch| batch.column(at)).collect();
            let leaves = compute_leaves(&root.field, &joined(&arrays)?)?;
            let mut writers = root.leaves.iter_mut();
            leaves
                .iter()
                .zip(&mut writers)
                .try_for_each(|(leaf, writer)| writer.write(leaf))
        })?;
        self.group_rows += rows;
        let bytes = |root: &Mutex<Root>| -> usize {
            let root = root.lock().unwrap_or_else(PoisonError::into_inner);
            root.leaves
                .iter()
                .map(ArrowColumnWriter::get_estimated_total_bytes)
                .sum()
        };
        let full = group.iter().map(bytes).sum::<usize>() >= self.bytes_in_flight;
        self.group = Some(group);
        if full || self.group_rows >= self.rows_per_group {
            self.end_group()?;
        }
        Ok(())
    }

    /// The encoders of a row group.
    fn roots(&self) -> Result<Vec<Mutex<Root>>> {
        let leaves = self
            .factory
            .create_column_writers(self.file.flushed_row_groups().len())?;
        let mut roots: Vec<Root> = self
            .written
            .fields()
            .iter()
            .map(|field| Root {
                field: field.clone(),
                leaves: Vec::new(),
            })
            .collect();
        for (at, leaf) in leaves.into_iter().enumerate() {
            let root = self.file.schema_descr().get_column_root_idx(at);
            roots[root].leaves.push(leaf);
        }
        Ok(roots.into_iter().map(Mutex::new).collect())
    }

    fn end_group(&mut self) -> Result<()> {
        self.group_rows = 0;
        let Some(group) = self.group.take() else {
            return Ok(());
        };
        let done: Vec<Mutex<Vec<ArrowColumnChunk>>> = group.iter().map(|_| Mutex::default()).collect();
        each(self.threads, &group, |at, root| {
            let chunks = root.leaves.drain(..).map(ArrowColumnWriter::close);
            *done[at].lock().unwrap_or_else(PoisonError::into_inner) = chunks.collect::<Result<_>>()?;
            Ok(())
        })?;
        let mut target = self.file.next_row_group()?;
        for chunks in done {
            for chunk in chunks.into_inner().unwrap_or_else(PoisonError::into_inner) {
                chunk.append_to_row_group(&mut target)?;
            }
        }
        target.close()?;
        Ok(())
    }
}

/// Arrays one after the other, as one; dictionaries as what they stand for, because theirs may differ.
fn joined(arrays: &[&ArrayRef]) -> Result<ArrayRef> {
    let mut plain = Vec::with_capacity(arrays.len());
    for array in arrays {
        plain.push(match array.data_type() {
            DataType::Dictionary(_, values) => cast(array, values)?,
            _ => (*array).clone(),
        });
    }
    if let [one] = &plain[..] {
        return Ok(one.clone());
    }
    let all: Vec<&dyn Array> = plain.iter().map(|array| &**array).collect();
    Ok(concat(&all)?)
}

/// Runs a step on every root, on some threads; of several errors the one of the first root.
fn each(threads: usize, group: &[Mutex<Root>], step: impl Fn(usize, &mut Root) -> Result<()> + Sync) -> Result<()> {
    let next = AtomicUsize::new(0);
    let failed: Mutex<Option<(usize, ParquetError)>> = Mutex::new(None);
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(root) = group.get(at) else { return };
            let mut root = root.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = step(at, &mut root) {
                let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                if failed.as_ref().is_none_or(|(first, _)| at < *first) {
                    *failed = Some((at, error));
                }
            }
        }
    };
    let whole = std::thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads.min(group.len())).map(|_| scope.spawn(work)).collect();
        work();
        // Every one is waited for.
        let failed = helpers.into_iter().map(|helper| helper.join()).filter(Result::is_err);
        failed.count() == 0
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, error)) => Err(error),
        None if whole => Ok(()),
        None => Err(ParquetError::General("a thread of the encoders failed".into())),
    }
}

mod types;

pub(crate) use types::beyond_milliseconds;

#[cfg(test)]
mod tests;
