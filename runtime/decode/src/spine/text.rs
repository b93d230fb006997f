//! Spines from text: columns in the making, cell by cell.

use super::infer::{Days, Kinds, typed};
use super::nested::{Place, Refused};
use super::{Spine, Wanted, instants};
use crate::builder::{Builder, json_string};
use crate::convert::{arrow_type, to_arrow};
use crate::csv;
use crate::detail::BadValue;
use crate::error::{DecodeError, RowPlace};
use crate::json::json_shown;
use crate::names::place;
use crate::reject::shown;
use crate::rules::BadCell;
use arrow::array::{ArrayRef, RecordBatch, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use featc_ir::Type;
use featr_kernels::Column;
use std::sync::Arc;

const CHUNK_ROWS: usize = 65_536;

/// Keys inside the lists and objects of a spine, at most: each is a column of all rows.
const KEYS_MAX: usize = 4_096;

/// So many cells may be empty because their lines lack the key, and for each value so many more.
const EMPTY_MAX: u64 = 1 << 27;
const EMPTY_PER_VALUE: u64 = 64;

/// A column of the file in the making, in chunks of rows.
struct Passing {
    name: String,
    /// The type to decode to, and the builder, of keys and instants.
    declared: Option<Builder>,
    decoded: Vec<Column>,
    /// The texts of all other columns; of JSON strings, what they say, of other JSON values, how they are written.
    open: StringBuilder,
    texts: Vec<StringArray>,
    kinds: Kinds,
    /// Of instants that may be dates; their texts are kept.
    days: Option<Days>,
    strings: bool,
    nested: Option<Place>,
    scalars: bool,
}

/// Whether a table of so many rows and columns is too large for the values in it.
fn is_sparse(rows: u64, columns: u64, values: u64) -> bool {
    rows.saturating_mul(columns) > EMPTY_MAX.saturating_add(EMPTY_PER_VALUE.saturating_mul(values))
}

/// All columns in the making.
pub(crate) struct Table<'a> {
    wanted: &'a Wanted<'a>,
    columns: Vec<Passing>,
    /// Keys that lists and objects may still have, and entries of JSON lines so far.
    keys_left: usize,
    values: u64,
    /// Rows in the open chunk, and the sizes of the closed ones.
    rows: usize,
    chunks: Vec<usize>,
}

impl Wanted<'_> {
    /// Checks that all wanted columns are there, once.
    pub(crate) fn places<N: AsRef<str>>(&self, names: &[N]) -> Result<(), DecodeError> {
        place(names, self.at, self.file)?;
        self.keys
            .iter()
            .try_for_each(|key| place(names, &key.name, self.file).map(|_| ()))
    }

    /// The type that a column must decode to; `None` when it only passes through.
    fn declared(&self, name: &str) -> Option<Type> {
        let key = self.keys.iter().find(|key| key.name == name).map(|key| key.ty);
        key.or_else(|| (name == self.at).then_some(Type::Timestamp))
    }

    /// What a cell of a wanted column must hold.
    fn check(
        &self,
        (name, line): (&str, u64),
        builder: &Builder,
        pushed: Result<(), BadCell>,
        shown: impl Fn() -> String,
    ) -> Result<(), DecodeError> {
        match pushed {
            Err(BadCell::Naive) => {
                let (file, column) = (self.file.to_owned(), name.to_owned());
                Err(DecodeError::NaiveTimestamp {
                    file,
                    line: Some(line),
                    column,
                    asks_by_day: name == self.at && shown().trim_matches('"').len() == "2024-05-01".len(),
                })
            }
            Err(BadCell::Bad(wrong)) => {
                let written = shown();
                let why = format!("holds {written}, which {wrong}");
                let value = Some(BadValue { written, wrong });
                Err(if name == self.at {
                    self.bad_instant(RowPlace::Line(line), why, value)
                } else {
                    self.bad_key(RowPlace::Line(line), name, why, value)
                })
            }
            Ok(()) if name == self.at && builder.last_is_null() => {
                Err(self.bad_instant(RowPlace::Line(line), "is null".into(), None))
            }
            Ok(()) => Ok(()),
        }
    }
}

impl<'a> Table<'a> {
    pub(crate) fn new(wanted: &'a Wanted<'a>) -> Table<'a> {
        Table {
            wanted,
            columns: Vec::new(),
            keys_left: KEYS_MAX,
            values: 0,
            rows: 0,
            chunks: Vec::new(),
        }
    }

    /// Adds a column that is null in all rows so far.
    pub(crate) fn add(&mut self, name: &str) -> Result<(), DecodeError> {
        self.wanted.few(self.columns.len() + 1)?;
        let mut column = Passing {
            name: name.to_owned(),
            declared: self.wanted.declared(name).map(Builder::new),
            decoded: Vec::new(),
            // Most columns of a wide spine have few rows.
            open: StringBuilder::with_capacity(0, 0),
            texts: Vec::new(),
            kinds: Kinds::new(),
            days: (self.wanted.at == name && self.wanted.rules.zone.is_some()).then(Days::default),
            strings: false,
            nested: None,
            scalars: false,
        };
        for rows in self.chunks.iter().copied().chain([self.rows]) {
            (0..rows).for_each(|_| {
                if let Some(builder) = &mut column.declared {
                    builder.push_null();
                }
                if column.declared.is_none() || column.days.is_some() {
                    column.open.append_null();
                }
            });
            if column.closed() < self.chunks.len() {
                column.close();
            }
        }
        self.columns.push(column);
        Ok(())
    }

    fn end_row(&mut self) {
        self.rows += 1;
        if self.rows == CHUNK_ROWS {
            self.close();
        }
    }

    fn close(&mut self) {
        self.columns.iter_mut().for_each(Passing::close);
        self.chunks.push(self.rows);
        self.rows = 0;
    }

    /// A row of fields, one per column.
    pub(crate) fn text_row<'f>(
        &mut self,
        line: u64,
        field: impl Fn(usize) -> csv::Field<'f>,
    ) -> Result<(), DecodeError> {
        for (index, column) in self.columns.iter_mut().enumerate() {
            let csv::Field { text, quoted } = field(index);
            match &mut column.declared {
                Some(builder) => {
                    let pushed = builder.push_text(text, quoted, self.wanted.rules);
                    self.wanted
                        .check((&column.name, line), builder, pushed, || shown(text))?;
                    if let Some(days) = &mut column.days {
                        days.see(text);
                        column.open.append_value(text);
                    }
                }
                None if text.is_empty() && !quoted => column.open.append_null(),
                None => {
                    column.kinds.see(text);
                    column.open.append_value(text);
                }
            }
        }
        self.end_row();
        Ok(())
    }

    /// A row of JSON values, one per column; the line has so many entries.
    pub(crate) fn json_row(&mut self, cells: &[&str], entries: usize, line: u64) -> Result<(), DecodeError> {
        self.values += entries as u64;
        let rows = (self.chunks.len() * CHUNK_ROWS + self.rows) as u64;
        if is_sparse(rows, cells.len() as u64, self.values) {
            let columns = cells.len();
            return Err(self.wanted.too_wide(format!(
                "up to line {line} it has {columns} columns, of which most lines lack most"
            )));
        }
        for (column, raw) in self.columns.iter_mut().zip(cells) {
            if let Some(builder) = &mut column.declared {
                let pushed = builder.push_json(raw, self.wanted.rules);
                self.wanted
                    .check((&column.name, line), builder, pushed, || json_shown(raw))?;
                if let Some(days) = &mut column.days {
                    let text = json_string(raw).unwrap_or_else(|_| (*raw).into());
                    days.see(&text);
                    column.open.append_value(text);
                }
                continue;
            }
            match raw.as_bytes().first() {
                Some(b'n') => column.open.append_null(),
                Some(b'"') => {
                    let bad = |_| {
                        self.wanted
                            .bad_line(line, format!("column {} has a broken escape", column.name))
                    };
                    column.open.append_value(json_string(raw).map_err(bad)?);
                    column.strings = true;
                }
                Some(b'{' | b'[') => {
                    let place = column.nested.get_or_insert_with(|| Place::new(&column.name));
                    let bad = |why| self.wanted.bad_line(line, format!("column {} {why}", column.name));
                    let refused = place.see(raw, &mut self.keys_left);
                    refused.map_err(|refused| match refused {
                        Refused::Why(why) => bad(why),
                        Refused::Keys => self.wanted.too_wide(format!(
                            "the lists and objects of its column `{}` bring more than {KEYS_MAX} keys",
                            column.name
                        )),
                    })?;
                    column.open.append_value(raw);
                }
                _ => {
                    column.open.append_value(raw);
                    column.kinds.see(raw);
                    column.scalars = true;
                }
            }
        }
        self.end_row();
        Ok(())
    }

    /// Columns that no line has: they are missing, unless there is no line.
    pub(crate) fn add_missing(&mut self) -> Result<(), DecodeError> {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        if self.rows > 0 || !self.chunks.is_empty() {
            return self.wanted.places(&names);
        }
        let wanted = self.wanted;
        for name in wanted.keys.iter().map(|key| key.name.as_str()).chain([wanted.at]) {
            if self.columns.iter().all(|column| column.name != name) {
                self.add(name)?;
            }
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Spine, DecodeError> {
        if self.rows > 0 || self.chunks.is_empty() {
            self.close();
        }
        let wanted = self.wanted;
        let (mut fields, mut arrays): (Vec<Field>, Vec<Vec<ArrayRef>>) = (Vec::new(), Vec::new());
        for column in &self.columns {
            let (field, chunks) = column.arrays().map_err(|found| DecodeError::WrongType {
                file: wanted.file.to_owned(),
                column: column.name.clone(),
                expected: None,
                found,
            })?;
            fields.push(field);
            arrays.push(chunks);
        }
        let schema = Arc::new(Schema::new(fields));
        let mut batches = Vec::with_capacity(self.chunks.len());
        for chunk in 0..self.chunks.len() {
            let columns = arrays.iter().map(|chunks| chunks[chunk].clone()).collect();
            let corrupt = |error: arrow::error::ArrowError| wanted.bad_line(0, error.to_string());
            batches.push(RecordBatch::try_new(schema.clone(), columns).map_err(corrupt)?);
        }
        let decoded = |name: &str, ty: Type| {
            let column = self.columns.iter().find(|column| column.name == name);
            let parts = column.into_iter().flat_map(|column| &column.decoded);
            let mut whole = Column::empty(ty);
            parts.for_each(|part| whole.append(part));
            whole
        };
        let keys = wanted.keys.iter().map(|key| decoded(&key.name, key.ty)).collect();
        let times = decoded(wanted.at, Type::Timestamp);
        // A JSON line may leave the instant out before any line has it: such rows were never seen cell by cell.
        if let Some(row) = times
            .tags
            .iter()
            .flatten()
            .position(|tag| *tag != featr_kernels::Tag::VALID)
        {
            return Err(wanted.bad_instant(RowPlace::Row(row as u64 + 1), "is null".into(), None));
        }
        let times = instants(times);
        Ok(Spine {
            schema,
            batches,
            keys,
            times,
        })
    }
}

impl Passing {
    fn closed(&self) -> usize {
        self.texts.len().max(self.decoded.len())
    }

    fn close(&mut self) {
        match &mut self.declared {
            Some(builder) => {
                self.decoded.push(builder.take());
                if self.days.is_some() {
                    self.texts.push(self.open.finish());
                }
            }
            None => self.texts.push(self.open.finish()),
        }
    }

    /// The chunks with their field; an error says what the column mixes.
    fn arrays(&self) -> Result<(Field, Vec<ArrayRef>), String> {
        if let Some((ty, chunks)) = self.days.and_then(|days| days.arrays(&self.texts)) {
            return Ok((Field::new(&self.name, ty, true), chunks));
        }
        if self.declared.is_some() {
            let ty = self
                .decoded
                .first()
                .map_or(DataType::Utf8, |column| arrow_type(column.ty));
            return Ok((
                Field::new(&self.name, ty, true),
                self.decoded.iter().map(to_arrow).collect(),
            ));
        }
        let ty = match (self.strings, &self.nested, self.scalars) {
            (true, None, false) => DataType::Utf8,
            (false, Some(place), false) => return place.arrays(&self.texts),
            (false, None, _) => {
                let ty = self.kinds.data_type();
                if self.scalars && ty == DataType::Utf8 {
                    return Err("numbers and booleans, or numbers that no numeric type holds exactly".into());
                }
                ty
            }
            (true, Some(_), _) | (true, _, true) | (_, Some(_), true) => {
                return Err("a mixture of strings, numbers, lists or objects".into());
            }
        };
        let chunks = self.texts.iter().map(|texts| typed(texts, &ty));
        Ok((Field::new(&self.name, ty.clone(), true), chunks.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::is_sparse;

    #[test]
    fn what_is_mostly_empty_is_bounded_by_what_is_there() {
        // A key of its own in every line.
        assert!(!is_sparse(10_000, 10_000, 10_000) && is_sparse(12_000, 12_000, 12_000));
        // One key in a hundred lines, and one in fifty.
        assert!(is_sparse(1_000_000, 1_000, 10_000_000) && !is_sparse(1_000_000, 1_000, 20_000_000));
        assert!(!is_sparse(100_000_000, 1, 0));
    }
}
