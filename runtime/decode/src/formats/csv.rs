//! Text with a header line and fields between delimiters: CSV after RFC 4180, written with line feeds and such that null
//! and the empty string differ; and TSV, which is the same with tabs in place of commas.

use crate::builder::Builder;
use crate::csv::{CsvReader, Field, Record, header};
use crate::detail::{Broken, Detail};
use crate::error::DecodeError;
use crate::format::{Format, Opened};
use crate::lines::Lines;
use crate::names::{place, with_columns};
use crate::packed::unpacked;
use crate::reject::{Reason, shown};
use crate::said;
use crate::spec::Spec;
use crate::spine::text::Table;
use crate::spine::{Spine, Wanted};
use crate::store::{InputFile, Store};
use crate::system::CANNOT_HOLD;
use crate::text_file::TextFile;
use crate::text_rows::{Outcome, Records, Rows, TextFormat};
use crate::undeclared;
use crate::write::{Encoder, Target, WriteError, WriteOptions, as_text};
use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use featr_kernels::rows::cell_hash;
use std::io::{self, Write};
use std::sync::Arc;

/// One of these formats.
pub(super) struct Delimited {
    /// What messages call it.
    pub name: &'static str,
    pub delimiter: u8,
    /// The first one is that of outputs.
    pub extensions: &'static [&'static str],
}

pub(super) static CSV: Delimited = Delimited {
    name: "CSV",
    delimiter: b',',
    extensions: &["csv", "csv.gz", "csv.zst"],
};

pub(super) static TSV: Delimited = Delimited {
    name: "TSV",
    delimiter: b'\t',
    extensions: &["tsv", "tsv.gz", "tsv.zst"],
};

impl Format for Delimited {
    fn extensions(&self) -> &'static [&'static str] {
        self.extensions
    }

    fn open(&'static self, input: InputFile, spec: &Spec, _keep_open: bool) -> Result<Arc<dyn Opened>, DecodeError> {
        Ok(Arc::new(TextFile::open(input, self, spec)))
    }

    fn spine(&self, store: &dyn Store, input: &InputFile, wanted: &Wanted<'_>) -> Result<Spine, DecodeError> {
        let mut reader = CsvReader::new(Lines::new(unpacked(store, input)?), self.delimiter);
        let names = header(&mut reader, wanted.file)?;
        wanted.few(names.len())?;
        wanted.places(&names)?;
        wanted.once(names.iter().map(String::as_str))?;
        let mut table = Table::new(wanted);
        names.iter().try_for_each(|name| table.add(name))?;
        let unreadable = |error| DecodeError::unreadable(wanted.file, &error);
        loop {
            match next(&mut reader, names.len()).map_err(unreadable)? {
                None => return table.finish(),
                Some((line, Err(why))) => return Err(wanted.broken_line(line, why)),
                Some((line, Ok(()))) => table.text_row(line, |column| reader.field(column))?,
            }
        }
    }

    fn output(&self) -> Option<&'static str> {
        self.extensions.first().copied()
    }

    fn holds(&self, schema: &Schema) -> Result<(), String> {
        let is_nested = |ty: &DataType| match ty {
            DataType::Dictionary(_, values) => values.is_nested(),
            ty => ty.is_nested(),
        };
        let Some(field) = schema.fields().iter().find(|field| is_nested(field.data_type())) else {
            return Ok(());
        };
        let found = crate::array::describe(field.data_type());
        Err(format!(
            "column `{}` is {found}, which {}{CANNOT_HOLD}",
            field.name(),
            self.name
        ))
    }

    fn encoder(
        &self,
        target: Target,
        schema: SchemaRef,
        _options: &WriteOptions,
    ) -> Result<Box<dyn Encoder>, WriteError> {
        self.holds(&schema).map_err(WriteError::Why)?;
        let delimiter = char::from(self.delimiter);
        let mut encoder = DelimitedEncoder { target, delimiter };
        for (index, field) in schema.fields().iter().enumerate() {
            encoder.separate(index)?;
            encoder.text(field.name())?;
        }
        encoder.target.write_all(b"\n")?;
        Ok(Box::new(encoder))
    }
}

/// The next record that has so many fields, or what is wrong with it; with its line. `None` at the end.
fn next(reader: &mut CsvReader, fields: usize) -> io::Result<Option<(u64, Result<(), Broken>)>> {
    Ok(match reader.next()? {
        Record::End => None,
        Record::Broken { line, why } => Some((line, Err(why))),
        Record::Fields { line } if reader.len() != fields => {
            let (found, header) = (reader.len(), fields);
            Some((line, Err(Broken::Fields { found, header })))
        }
        Record::Fields { line } => Some((line, Ok(()))),
    })
}

impl TextFormat for Delimited {
    fn delimiter(&self) -> Option<u8> {
        Some(self.delimiter)
    }

    fn records(
        &self,
        input: &InputFile,
        lines: Lines,
        names: Option<&[String]>,
        spec: &Spec,
    ) -> Result<Box<dyn Records>, DecodeError> {
        let mut reader = CsvReader::new(lines, self.delimiter);
        let names = match names {
            Some(names) => names.to_vec(),
            None => header(&mut reader, &input.name)?,
        };
        let places = spec
            .columns
            .iter()
            .map(|column| match said::text(&input.values, column.field()) {
                Some(text) if !names.iter().any(|name| name == column.field()) => Ok(Cell::Said(text.to_owned())),
                _ => place(&names, column.field(), &input.name).map(Cell::Field),
            })
            .collect::<Result<_, _>>()
            .map_err(|error| with_columns(error, &spec.columns))?;
        if let Some(column) = spec.columns.iter().find(|column| column.ty.is_list()) {
            return Err(DecodeError::WrongType {
                file: input.name.to_string(),
                column: column.name.clone(),
                expected: Some(column.ty),
                found: format!("text of {}", self.name),
            });
        }
        let is_other = |(_, name): &(usize, &String)| spec.options.undeclared && !spec.declares(name);
        let others = names.iter().enumerate().filter(is_other);
        Ok(Box::new(DelimitedRecords {
            reader,
            places,
            fields: names.len(),
            undeclared: others.map(|(at, name)| (name.clone(), at)).collect(),
            said: undeclared::of_said(&input.values, |name| {
                spec.declares(name) || names.iter().any(|known| known == name)
            }),
        }))
    }
}

struct DelimitedRecords {
    reader: CsvReader,
    /// Per declared column.
    places: Vec<Cell>,
    /// Fields of the header.
    fields: usize,
    /// Undeclared fields with their names, if they are read.
    undeclared: Vec<(String, usize)>,
    /// The hash of what is said of undeclared columns for the whole file.
    said: u128,
}

/// Where the cells of a declared column are.
enum Cell {
    Field(usize),
    Said(String),
}

impl Cell {
    fn field<'a>(&'a self, reader: &'a CsvReader) -> Field<'a> {
        match self {
            Cell::Field(place) => reader.field(*place),
            Cell::Said(text) => Field { text, quoted: false },
        }
    }
}

impl Records for DelimitedRecords {
    fn next(&mut self, rows: &mut Rows, spec: &Spec) -> Result<Option<(u64, Outcome)>, DecodeError> {
        let read = next(&mut self.reader, self.fields);
        let line = match read.map_err(|error| DecodeError::unreadable(&rows.file, &error))? {
            None => return Ok(None),
            Some((line, Err(why))) => return Ok(Some((line, Err((Reason::Unparsable, Detail::Record(why)))))),
            Some((line, Ok(()))) => line,
        };
        let (reader, places) = (&self.reader, &self.places);
        let push = |column: usize, builder: &mut Builder| {
            let field = places[column].field(reader);
            builder.push_text(field.text, field.quoted, spec.rules)
        };
        let text = |column: usize| shown(places[column].field(reader).text);
        let undeclared = || {
            let cells = self.undeclared.iter().map(|(name, at)| (name, reader.field(*at).text));
            let hashes = cells
                .filter(|(_, text)| !text.is_empty())
                .map(|(name, text)| cell_hash(name, text));
            hashes.fold(self.said, u128::wrapping_add)
        };
        let outcome = rows.push((line, spec), push, text, undeclared)?;
        Ok(Some((line, outcome)))
    }

    fn raw(&self) -> String {
        self.reader.raw()
    }

    fn bytes(&self) -> usize {
        self.reader.bytes()
    }
}

struct DelimitedEncoder {
    target: Target,
    delimiter: char,
}

impl DelimitedEncoder {
    /// What stands in front of a field.
    fn separate(&mut self, index: usize) -> io::Result<()> {
        match index {
            0 => Ok(()),
            _ => write!(self.target, "{}", self.delimiter),
        }
    }

    /// A text, quoted where it must be.
    fn text(&mut self, text: &str) -> io::Result<()> {
        if text.is_empty() || text.contains(['"', self.delimiter, '\n', '\r']) {
            return write!(self.target, "\"{}\"", text.replace('"', "\"\""));
        }
        self.target.write_all(text.as_bytes())
    }
}

impl Encoder for DelimitedEncoder {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        let batch = as_text(batch)?;
        let options = FormatOptions::default();
        let columns = batch.columns().iter().map(|column| {
            let formatter = ArrayFormatter::try_new(column.as_ref(), &options)?;
            Ok((formatter, column.logical_nulls(), is_text(column.data_type())))
        });
        let columns = columns.collect::<Result<Vec<_>, WriteError>>()?;
        let mut text = String::new();
        for row in 0..batch.num_rows() {
            for (index, (formatter, nulls, is_text)) in columns.iter().enumerate() {
                self.separate(index)?;
                if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                    continue;
                }
                text.clear();
                formatter.value(row).write(&mut text)?;
                match is_text {
                    true => self.text(&text)?,
                    false => self.target.write_all(text.as_bytes())?,
                }
            }
            self.target.write_all(b"\n")?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Target, WriteError> {
        Ok(self.target)
    }
}

/// Dictionaries are unpacked by now.
fn is_text(ty: &DataType) -> bool {
    matches!(ty, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}
