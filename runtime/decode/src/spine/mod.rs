//! Reading questions: the original columns untouched, and beside them the keys and the instants.

mod infer;
mod nested;
mod text;

use crate::array;
use crate::arrow_file::{MAGIC, batch, footer};
use crate::arrow_stream::Stream;
use crate::builder::Rules;
use crate::chunks::Chunks;
use crate::error::{DecodeError, RowPlace};
use crate::files::{InputFile, format_of};
use crate::guard::guarded;
use crate::layout::fitting;
use crate::lines::Lines;
use crate::names::first_twice;
use crate::packed::unpacked;
use crate::store::{LocalStore, RandomRead, Store};
use crate::zone::Zone;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use featc_ir::{FileFormat, Key, Type};
use featr_kernels::{Column, Data, Tag};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Questions of a training set or a backfill, in file order.
#[derive(Debug, Clone)]
pub struct Spine {
    pub schema: SchemaRef,
    /// All columns of the file in its order, to be written back as they are. Of text formats, the keys and the
    /// instants have their declared types and other columns the narrowest type that loses nothing.
    pub batches: Vec<RecordBatch>,
    /// One column per key that was asked for, in that order, over all rows. Keys may be null.
    pub keys: Vec<Column>,
    /// The instant of every row, in microseconds since 1970-01-01T00:00:00Z.
    pub times: Vec<i64>,
}

impl Spine {
    /// The number of questions.
    pub fn rows(&self) -> usize {
        self.times.len()
    }
}

/// The columns that a spine must have.
pub(crate) struct Wanted<'a> {
    pub file: &'a str,
    pub keys: &'a [Key],
    pub at: &'a str,
    pub rules: Rules,
}

/// Reads a spine from Parquet, Arrow IPC, CSV or JSONL, told apart by extension, else by content.
///
/// `keys` are the columns to decode (entity keys and the columns that `excluding self` compares with), `at_column` has
/// the instants, `zone` is for timestamps without offset. No row is dropped: one that cannot be used is an error.
///
/// # Errors
/// Every [`DecodeError`] about reading; text formats tell rows by their lines.
pub fn read_spine(path: &Path, keys: &[Key], at_column: &str, zone: Option<&str>) -> Result<Spine, DecodeError> {
    let input = InputFile::new(path.to_owned(), path.display().to_string());
    read_spine_in(&LocalStore, &input, keys, at_column, zone)
}

/// As [`read_spine`], from any store.
///
/// # Errors
/// As [`read_spine`].
pub fn read_spine_in(
    store: &dyn Store,
    input: &InputFile,
    keys: &[Key],
    at_column: &str,
    zone: Option<&str>,
) -> Result<Spine, DecodeError> {
    let name = input.name.to_string();
    let zone = zone.map(Zone::named).transpose()?;
    if let Some(key) = keys
        .iter()
        .find(|key| key.name == at_column && key.ty != Type::Timestamp)
    {
        return Err(DecodeError::WrongType {
            file: name,
            column: at_column.to_owned(),
            expected: "timestamp".into(),
            found: format!("the key of type {}", key.ty),
        });
    }
    let wanted = Wanted {
        file: &name,
        keys,
        at: at_column,
        // An event that keeps its NaN may have it in its identity.
        rules: Rules { zone, keep_nan: true },
    };
    let lines = || unpacked(store, input).map(Lines::new);
    match format(store, input)? {
        FileFormat::Parquet => parquet(store.open(input)?, &wanted),
        FileFormat::Arrow => arrow(store, input, &wanted),
        FileFormat::Delta => Err(DecodeError::UnknownFormat { file: name.clone() }),
        FileFormat::Csv => text::csv(lines()?, &wanted),
        FileFormat::Jsonl => text::jsonl(lines()?, &wanted),
    }
}

fn format(store: &dyn Store, input: &InputFile) -> Result<FileFormat, DecodeError> {
    if let Some(format) = format_of(&input.path) {
        return Ok(format);
    }
    let mut head = Vec::new();
    let read = unpacked(store, input)?.take(4_096).read_to_end(&mut head);
    read.map_err(|error| DecodeError::unreadable(&input.name, &error))?;
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head).trim_ascii_start();
    if head.starts_with(b"PAR1") {
        Ok(FileFormat::Parquet)
    } else if head.starts_with(MAGIC) {
        Ok(FileFormat::Arrow)
    } else if text.starts_with(b"{") {
        Ok(FileFormat::Jsonl)
    } else {
        let file = input.name.to_string();
        Err(DecodeError::UnknownFormat { file })
    }
}

fn parquet(file: Arc<dyn RandomRead>, wanted: &Wanted<'_>) -> Result<Spine, DecodeError> {
    let name = wanted.file;
    let tail = Chunks::tail(file.clone());
    let metadata = guarded(name, || ArrowReaderMetadata::load(&tail, ArrowReaderOptions::new()));
    let metadata = metadata.map_err(|error| tail.failure().unwrap_or(error))?;
    let schema = metadata.schema().clone();
    let groups = metadata.metadata().row_groups();
    let spans = groups.iter().flat_map(|group| group.columns()).map(|chunk| {
        let (start, len) = chunk.byte_range();
        start..start.saturating_add(len)
    });
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

fn arrow(store: &dyn Store, input: &InputFile, wanted: &Wanted<'_>) -> Result<Spine, DecodeError> {
    let name = wanted.file;
    let file = store.open(input)?;
    let is_file = file.len() >= MAGIC.len() as u64 && file.read_at(0, MAGIC.len())?.starts_with(MAGIC);
    if !is_file {
        let bytes = store.stream(input)?;
        let (schema, mut stream) = guarded(name, || Stream::open(name, bytes))?;
        return columns(schema, &mut || guarded(name, || stream.next()), wanted);
    }
    let footer = guarded(name, || footer(&*file))?;
    let decoder = guarded(name, || footer.decoder(&*file, None))?;
    let mut batches = footer.batches.iter();
    let mut next = || {
        let about = batches.next();
        guarded(name, || about.map(|about| batch(&decoder, &*file, about)).transpose())
    };
    columns(footer.schema.clone(), &mut next, wanted)
}

fn columns(
    schema: SchemaRef,
    next: &mut dyn FnMut() -> Result<Option<RecordBatch>, DecodeError>,
    wanted: &Wanted<'_>,
) -> Result<Spine, DecodeError> {
    let zone = wanted.rules.zone;
    let (at, _) = fitting(&schema, (wanted.at, Type::Timestamp), zone, wanted.file)?;
    wanted.once(schema.fields().iter().map(|field| field.name().as_str()))?;
    let mut places = Vec::with_capacity(wanted.keys.len());
    for key in wanted.keys {
        places.push(fitting(&schema, (&key.name, key.ty), zone, wanted.file)?.0);
    }
    let mut spine = Spine {
        schema,
        batches: Vec::new(),
        keys: Vec::new(),
        times: Vec::new(),
    };
    let mut keys: Vec<Vec<Column>> = wanted.keys.iter().map(|_| Vec::new()).collect();
    while let Some(batch) = next()? {
        let row = |row: usize| RowPlace::Row((spine.times.len() + row + 1) as u64);
        for ((key, place), parts) in wanted.keys.iter().zip(&places).zip(&mut keys) {
            let decoded = guarded(wanted.file, || {
                array::decode(batch.column(*place).clone(), key.ty, wanted.rules)
            })?;
            if let Some((at, why)) = decoded.refused.first() {
                return Err(wanted.bad_key(
                    row(*at),
                    &key.name,
                    format!("holds a value that does not decode: {why}"),
                ));
            }
            parts.push(decoded.column);
        }
        let decoded = guarded(wanted.file, || {
            array::decode(batch.column(at).clone(), Type::Timestamp, wanted.rules)
        })?;
        if let Some((at, why)) = decoded.refused.first() {
            return Err(wanted.bad_instant(row(*at), format!("holds a value that does not decode: {why}")));
        }
        if let Some(at) = decoded.column.tags.iter().flatten().position(|tag| *tag != Tag::VALID) {
            return Err(wanted.bad_instant(row(at), "is null".into()));
        }
        spine.times.extend(instants(decoded.column));
        // The reader's batches lack the metadata of the file's schema.
        spine
            .batches
            .push(guarded(wanted.file, || batch.with_schema(spine.schema.clone()))?);
    }
    spine.keys = wanted
        .keys
        .iter()
        .zip(keys)
        .map(|(key, parts)| concat(key.ty, parts))
        .collect();
    Ok(spine)
}

impl Wanted<'_> {
    /// Refuses a file in which a column occurs twice: the result could not be read by names.
    fn once<'a>(&self, names: impl Iterator<Item = &'a str>) -> Result<(), DecodeError> {
        match first_twice(names) {
            None => Ok(()),
            Some(column) => Err(DecodeError::AmbiguousColumn {
                file: self.file.to_owned(),
                column: column.to_owned(),
            }),
        }
    }

    fn bad_key(&self, row: RowPlace, column: &str, why: String) -> DecodeError {
        DecodeError::SpineKey {
            file: self.file.to_owned(),
            row,
            column: column.to_owned(),
            why,
        }
    }

    fn bad_instant(&self, row: RowPlace, why: String) -> DecodeError {
        DecodeError::SpineInstant {
            file: self.file.to_owned(),
            row,
            column: self.at.to_owned(),
            why,
        }
    }
}

/// The data of a timestamp column.
fn instants(column: Column) -> Vec<i64> {
    match column.data {
        Data::I64(values) => values,
        Data::Bool(_) | Data::F64(_) | Data::I128(_) | Data::Str(_) => Vec::new(),
    }
}

/// Columns of one type behind each other.
fn concat(ty: Type, parts: Vec<Column>) -> Column {
    let mut whole = Column {
        ty,
        data: crate::builder::empty_data(ty),
        tags: None,
    };
    let mut rows = 0;
    for part in parts {
        let added = match (&mut whole.data, part.data) {
            (Data::Bool(all), Data::Bool(values)) => extended(all, values),
            (Data::I64(all), Data::I64(values)) => extended(all, values),
            (Data::F64(all), Data::F64(values)) => extended(all, values),
            (Data::I128(all), Data::I128(values)) => extended(all, values),
            (Data::Str(all), Data::Str(values)) => {
                let start = all.bytes.len();
                all.bytes.extend_from_slice(&values.bytes);
                all.offsets
                    .extend(values.offsets.iter().skip(1).map(|offset| start + offset));
                values.offsets.len() - 1
            }
            (Data::Bool(_) | Data::I64(_) | Data::F64(_) | Data::I128(_) | Data::Str(_), _) => 0,
        };
        if part.tags.is_some() || whole.tags.is_some() {
            let tags = whole.tags.get_or_insert_with(|| vec![Tag::VALID; rows]);
            tags.extend(part.tags.unwrap_or_else(|| vec![Tag::VALID; added]));
        }
        rows += added;
    }
    whole
}

fn extended<T>(all: &mut Vec<T>, values: Vec<T>) -> usize {
    let added = values.len();
    all.extend(values);
    added
}

#[cfg(test)]
mod tests;
