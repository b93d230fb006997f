//! JSONL: one JSON object per line.

use crate::builder::Builder;
use crate::detail::{Broken, Detail, Wrong};
use crate::error::DecodeError;
use crate::format::{Format, Opened};
use crate::json::{self, Entries, JsonlReader, Record, json_shown};
use crate::lines::Lines;
use crate::packed::unpacked;
use crate::reject::{Reason, shown};
use crate::rules::BadCell;
use crate::said;
use crate::spec::Spec;
use crate::spine::text::Table;
use crate::spine::{Spine, Wanted};
use crate::store::{InputFile, Store};
use crate::text_file::TextFile;
use crate::text_rows::{Outcome, Records, Rows, TextFormat};
use crate::undeclared;
use crate::write::{Encoder, Target, WriteError, WriteOptions, as_text};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::json::writer::{LineDelimited, Writer, WriterBuilder};
use featr_kernels::rows::cell_hash;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) struct Jsonl;

impl Format for Jsonl {
    fn extensions(&self) -> &'static [&'static str] {
        &["jsonl", "ndjson", "jsonl.gz", "ndjson.gz", "jsonl.zst", "ndjson.zst"]
    }

    fn open(&'static self, input: InputFile, spec: &Spec, _keep_open: bool) -> Result<Arc<dyn Opened>, DecodeError> {
        Ok(Arc::new(TextFile::open(input, self, spec)))
    }

    fn begins(&self, head: &[u8]) -> bool {
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        text.trim_ascii_start().starts_with(b"{")
    }

    fn spine(&self, store: &dyn Store, input: &InputFile, wanted: &Wanted<'_>) -> Result<Spine, DecodeError> {
        let mut reader = JsonlReader::new(Lines::new(unpacked(store, input)?));
        let mut table = Table::new(wanted);
        let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
        loop {
            match reader
                .next()
                .map_err(|error| DecodeError::unreadable(wanted.file, &error))?
            {
                Record::End => break,
                Record::Broken { line, why } => return Err(wanted.broken_line(line, why)),
                Record::Text { line } => {
                    let entries = json::entries(reader.text());
                    let entries = entries.map_err(|why| wanted.broken_line(line, why))?;
                    let mut cells = vec!["null"; by_name.len()];
                    for (name, value) in &entries.0 {
                        match by_name.get(name.as_ref()) {
                            Some(index) => cells[*index] = value,
                            None => {
                                table.add(name)?;
                                by_name.insert(name.to_string(), cells.len());
                                cells.push(value);
                            }
                        }
                    }
                    table.json_row(&cells, entries.0.len(), line)?;
                }
            }
        }
        table.add_missing()?;
        table.finish()
    }

    fn output(&self) -> Option<&'static str> {
        Some("jsonl")
    }

    fn encoder(
        &self,
        target: Target,
        _schema: SchemaRef,
        _options: &WriteOptions,
    ) -> Result<Box<dyn Encoder>, WriteError> {
        let builder = WriterBuilder::new().with_explicit_nulls(true);
        Ok(Box::new(JsonlEncoder(builder.build(target))))
    }
}

impl TextFormat for Jsonl {
    fn delimiter(&self) -> Option<u8> {
        None
    }

    fn records(
        &self,
        input: &InputFile,
        lines: Lines,
        _names: Option<&[String]>,
        spec: &Spec,
    ) -> Result<Box<dyn Records>, DecodeError> {
        let said = spec
            .columns
            .iter()
            .map(|column| said::text(&input.values, column.field()));
        Ok(Box::new(JsonlRecords {
            reader: JsonlReader::new(lines),
            hints: Vec::new(),
            said: said.map(|text| text.unwrap_or("").to_owned()).collect(),
            said_undeclared: undeclared::of_said(&input.values, |name| spec.declares(name)),
        }))
    }
}

struct JsonlRecords {
    reader: JsonlReader,
    /// Per entry of the line before, the declared column it was.
    hints: Vec<Option<usize>>,
    /// Per declared column, what is said for it where its key is not there, as text; mostly empty, which is null.
    said: Vec<String>,
    /// The hash of what is said of undeclared columns for the whole file.
    said_undeclared: u128,
}

impl Records for JsonlRecords {
    fn next(&mut self, rows: &mut Rows, spec: &Spec) -> Result<Option<(u64, Outcome)>, DecodeError> {
        let read = self.reader.next();
        let unparsable = |line, why| Ok(Some((line, Err((Reason::Unparsable, Detail::Record(why))))));
        let line = match read.map_err(|error| DecodeError::unreadable(&rows.file, &error))? {
            Record::End => return Ok(None),
            Record::Broken { line, why } => return unparsable(line, why),
            Record::Text { line } => line,
        };
        let entries = match json::entries(self.reader.text()) {
            Ok(entries) => entries,
            Err(why) => return unparsable(line, why),
        };
        let (mut cells, said) = (by_column(&entries, spec, &mut self.hints), &self.said);
        for (cell, column) in cells.iter_mut().zip(&spec.columns).filter(|(cell, _)| cell.is_none()) {
            let in_lists = column.ty.is_list();
            match nested(&entries, column.field(), in_lists) {
                Ok(found) => *cell = found,
                Err(why) => return unparsable(line, why),
            }
        }
        let push = |column: usize, builder: &mut Builder| match &cells[column] {
            Some(Cell::Value(raw)) => builder.push_json(raw, spec.rules),
            Some(Cell::NoObject(_)) => Err(BadCell::Bad(Wrong::NoObject)),
            None => builder.push_text(&said[column], false, spec.rules),
        };
        let text = |column: usize| match &cells[column] {
            Some(Cell::Value(raw)) => json_shown(raw),
            Some(Cell::NoObject(raw)) => json_shown(raw),
            None => shown(&said[column]),
        };
        let undeclared = || {
            let others = entries.0.iter().filter(|(name, _)| !spec.declares(name));
            let others = others.filter(|(_, value)| *value != "null");
            let hashes = others.map(|(name, value)| cell_hash(name, value));
            hashes.fold(self.said_undeclared, u128::wrapping_add)
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

/// What an object has for a declared column.
#[derive(Clone)]
enum Cell<'a> {
    /// Its literal text, or that of the list of what the objects in an array say.
    Value(Cow<'a, str>),
    /// What stands on the way to it, and is no object.
    NoObject(&'a str),
}

/// The value of each declared column that is an entry of the object itself, `None` where it is not.
fn by_column<'a>(entries: &Entries<'a>, spec: &Spec, hints: &mut Vec<Option<usize>>) -> Vec<Option<Cell<'a>>> {
    let mut cells = vec![None; spec.columns.len()];
    hints.resize(entries.0.len(), None);
    for ((name, value), hint) in entries.0.iter().zip(hints) {
        let is = |column: usize| spec.columns[column].field() == *name;
        if !hint.is_some_and(is) {
            *hint = (0..spec.columns.len()).find(|column| is(*column));
        }
        if let Some(column) = *hint {
            cells[column] = Some(Cell::Value(Cow::Borrowed(value)));
        }
    }
    cells
}

/// What stands at the end of a way that leads through an entry, which is named by what stands before its first dot. In the
/// object there the entry of the rest's name is the end, or else the way goes on. `in_lists`: it may lead through an array of
/// objects as well, and what these say is a list.
fn nested<'a>(entries: &Entries<'a>, field: &str, in_lists: bool) -> Result<Option<Cell<'a>>, Broken> {
    let Some((head, rest)) = field.split_once('.') else {
        return Ok(None);
    };
    let found = match entries.named(head) {
        None | Some("null") => None,
        Some(inner) if inner.starts_with('{') => said_inside(inner, rest, in_lists)?,
        Some(inner) if in_lists && inner.starts_with('[') => Some(listed(inner, rest)?),
        Some(other) => Some(Cell::NoObject(other)),
    };
    Ok(found)
}

/// What an object says under a name, or at the end of a way.
fn said_inside<'a>(object: &'a str, field: &str, in_lists: bool) -> Result<Option<Cell<'a>>, Broken> {
    let inner = json::entries(object)?;
    match inner.named(field) {
        Some(value) => Ok(Some(Cell::Value(Cow::Borrowed(value)))),
        None => nested(&inner, field, in_lists),
    }
}

/// What each object of an array says; null where it says nothing.
fn listed<'a>(array: &'a str, field: &str) -> Result<Cell<'a>, Broken> {
    let mut list = String::from("[");
    for item in json::items(array)? {
        let found = match item {
            "null" => None,
            object if object.starts_with('{') => said_inside(object, field, false)?,
            other => Some(Cell::NoObject(other)),
        };
        if list.len() > 1 {
            list.push(',');
        }
        match found {
            None => list.push_str("null"),
            Some(Cell::Value(value)) => list.push_str(&value),
            Some(other) => return Ok(other),
        }
    }
    list.push(']');
    Ok(Cell::Value(Cow::Owned(list)))
}

struct JsonlEncoder(Writer<Target, LineDelimited>);

impl Encoder for JsonlEncoder {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        Ok(self.0.write(&as_text(batch)?)?)
    }

    fn finish(mut self: Box<Self>) -> Result<Target, WriteError> {
        self.0.finish()?;
        Ok(self.0.into_inner())
    }
}
