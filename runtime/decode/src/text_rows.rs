//! Rows of a source from CSV and JSONL.

use crate::builder::{BadCell, Builder, all_null};
use crate::csv::{self, CsvReader, Field};
use crate::error::DecodeError;
use crate::json::{self, JsonlReader};
use crate::lines::Lines;
use crate::reject::{Reason, Reject, shown};
use crate::said;
use crate::source::{Decoded, RowNumbers, Spec};
use crate::undeclared::{self, Undeclared};
use featr_kernels::Batch;
use featr_kernels::rows::cell_hash;
use std::sync::Arc;

/// A batch of text ends here even if it has few rows, in bytes of records.
const BATCH_BYTES_MAX: usize = 32 << 20;

pub(crate) struct TextReader {
    file: Arc<str>,
    input: Input,
    builders: Vec<Builder>,
    /// The hash of what is said of undeclared columns for the whole file.
    said_undeclared: u128,
    /// Per row in the builders, the hash of its undeclared cells, if they are read.
    undeclared: Vec<u128>,
}

enum Input {
    Csv {
        reader: CsvReader,
        /// Per declared column, the field it is, or what is said for it.
        places: Vec<Cell>,
        /// Fields of the header.
        fields: usize,
        /// Undeclared fields with their names, if they are read.
        undeclared: Vec<(String, usize)>,
    },
    Jsonl {
        reader: JsonlReader,
        /// Per entry of the line before, the declared column it was.
        hints: Vec<Option<usize>>,
        /// Per declared column, what is said for it where its key is not there, as text; mostly empty, which is null.
        said: Vec<String>,
    },
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

/// What became of a record.
enum Row {
    Pushed,
    Rejected { reason: Reason, detail: String },
}

impl TextReader {
    /// `values` are what is said for columns that the header lacks; `names` those of the header, if it is not the first
    /// of these lines.
    pub(crate) fn csv(
        file: Arc<str>,
        values: &[(String, Option<String>)],
        lines: Lines,
        names: Option<&[String]>,
        spec: &Spec,
    ) -> Result<TextReader, DecodeError> {
        let mut reader = CsvReader::new(lines);
        let names = match names {
            Some(names) => names.to_vec(),
            None => header(&mut reader, &file)?,
        };
        let places = spec
            .columns
            .iter()
            .map(|column| match said::text(values, &column.name) {
                Some(text) if !names.contains(&column.name) => Ok(Cell::Said(text.to_owned())),
                _ => place(&names, &column.name, &file).map(Cell::Field),
            })
            .collect::<Result<_, _>>()?;
        let others = names.iter().enumerate().filter(|(_, name)| !spec.declares(name));
        Ok(TextReader {
            file,
            input: Input::Csv {
                reader,
                places,
                fields: names.len(),
                undeclared: match spec.undeclared {
                    true => others.map(|(at, name)| (name.clone(), at)).collect(),
                    false => Vec::new(),
                },
            },
            builders: builders(spec),
            said_undeclared: undeclared::of_said(values, |name| {
                spec.declares(name) || names.iter().any(|known| known == name)
            }),
            undeclared: Vec::new(),
        })
    }

    /// `values` are what is said for keys that an object lacks.
    pub(crate) fn jsonl(file: Arc<str>, values: &[(String, Option<String>)], lines: Lines, spec: &Spec) -> TextReader {
        let said = spec.columns.iter().map(|column| said::text(values, &column.name));
        TextReader {
            file,
            input: Input::Jsonl {
                reader: JsonlReader::new(lines),
                hints: Vec::new(),
                said: said.map(|text| text.unwrap_or("").to_owned()).collect(),
            },
            builders: builders(spec),
            said_undeclared: undeclared::of_said(values, |name| spec.declares(name)),
            undeclared: Vec::new(),
        }
    }

    /// The next rows; `None` at the end of the file.
    pub(crate) fn next(&mut self, spec: &Spec, rejects: &mut Vec<Reject>) -> Result<Option<Decoded>, DecodeError> {
        let mut numbers: Vec<u64> = Vec::new();
        let mut bytes = 0;
        while numbers.len() < spec.rows_per_batch && rejects.len() < spec.rows_per_batch && bytes < BATCH_BYTES_MAX {
            let Some((line, row)) = self.record(spec, numbers.len())? else {
                break;
            };
            match row {
                Row::Pushed => {
                    numbers.push(line);
                    bytes += self.input.bytes();
                }
                Row::Rejected { reason, detail } => {
                    let raw = self.input.raw();
                    bytes += raw.len();
                    rejects.push(Reject {
                        file: self.file.clone(),
                        line,
                        reason,
                        detail,
                        raw: Some(raw),
                    });
                }
            }
        }
        if numbers.is_empty() && rejects.is_empty() {
            return Ok(None);
        }
        let columns = self.builders.iter_mut().zip(&spec.columns).zip(&spec.wanted);
        let columns = columns.map(|((builder, column), wanted)| {
            let built = builder.take();
            if *wanted {
                built
            } else {
                all_null(column.ty, numbers.len())
            }
        });
        let batch = Batch {
            rows: numbers.len(),
            columns: columns.collect(),
        };
        Ok(Some(Decoded {
            batch,
            file: self.file.clone(),
            rows: RowNumbers::new(numbers),
            texts: Vec::new(),
            undeclared: spec
                .undeclared
                .then(|| Undeclared::of_hashes(&self.file, std::mem::take(&mut self.undeclared))),
        }))
    }

    /// One record, pushed behind `rows` rows; with its line. `None` at the end of the file.
    fn record(&mut self, spec: &Spec, rows: usize) -> Result<Option<(u64, Row)>, DecodeError> {
        let file = self.file.clone();
        let unreadable = |error: std::io::Error| DecodeError::unreadable(&file, &error);
        let unparsable = |detail: String| Row::Rejected {
            reason: Reason::Unparsable,
            detail,
        };
        match &mut self.input {
            Input::Csv {
                reader,
                places,
                fields,
                undeclared,
            } => match reader.next().map_err(unreadable)? {
                csv::Record::End => Ok(None),
                csv::Record::Broken { line, why } => Ok(Some((line, unparsable(why)))),
                csv::Record::Fields { line } if reader.len() != *fields => {
                    let detail = format!("{} fields where the header has {fields}", reader.len());
                    Ok(Some((line, unparsable(detail))))
                }
                csv::Record::Fields { line } => {
                    let push = |column: usize, builder: &mut Builder| {
                        let field = places[column].field(reader);
                        builder.push_text(field.text, field.quoted, spec.rules)
                    };
                    let text = |column: usize| shown(places[column].field(reader).text);
                    let row = push_row(&mut self.builders, spec, (&file, line, rows), push, text)?;
                    if spec.undeclared && matches!(row, Row::Pushed) {
                        let cells = undeclared
                            .iter()
                            .map(|(name, at)| (name.as_str(), reader.field(*at).text));
                        let cells = cells.filter(|(_, text)| !text.is_empty());
                        let hashes = cells.map(|(name, text)| cell_hash(name, text));
                        self.undeclared
                            .push(hashes.fold(self.said_undeclared, u128::wrapping_add));
                    }
                    Ok(Some((line, row)))
                }
            },
            Input::Jsonl { reader, hints, said } => match reader.next().map_err(unreadable)? {
                json::Record::End => Ok(None),
                json::Record::Broken { line, why } => Ok(Some((line, unparsable(why)))),
                json::Record::Text { line } => {
                    let entries = match json::entries(reader.text()) {
                        Ok(entries) => entries,
                        Err(why) => return Ok(Some((line, unparsable(why)))),
                    };
                    let cells = by_column(&entries, spec, hints);
                    let push = |column: usize, builder: &mut Builder| match cells[column] {
                        Some(raw) => builder.push_json(raw, spec.rules),
                        None => builder.push_text(&said[column], false, spec.rules),
                    };
                    let text = |column: usize| cells[column].map_or_else(|| shown(&said[column]), json_shown);
                    let row = push_row(&mut self.builders, spec, (&file, line, rows), push, text)?;
                    if spec.undeclared && matches!(row, Row::Pushed) {
                        let others = entries.0.iter().filter(|(name, _)| !spec.declares(name));
                        let others = others.filter(|(_, value)| *value != "null");
                        let hashes = others.map(|(name, value)| cell_hash(name, value));
                        self.undeclared
                            .push(hashes.fold(self.said_undeclared, u128::wrapping_add));
                    }
                    Ok(Some((line, row)))
                }
            },
        }
    }
}

impl Input {
    fn raw(&self) -> String {
        match self {
            Input::Csv { reader, .. } => reader.raw(),
            Input::Jsonl { reader, .. } => reader.raw(),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Input::Csv { reader, .. } => reader.bytes(),
            Input::Jsonl { reader, .. } => reader.text().len(),
        }
    }
}

fn builders(spec: &Spec) -> Vec<Builder> {
    spec.columns.iter().map(|column| Builder::new(column.ty)).collect()
}

/// The names in the header line of a CSV file.
pub(crate) fn header(reader: &mut CsvReader, file: &str) -> Result<Vec<String>, DecodeError> {
    let corrupt = |why: String| DecodeError::Corrupt {
        file: file.to_owned(),
        why,
    };
    match reader.next().map_err(|error| DecodeError::unreadable(file, &error))? {
        csv::Record::End => Err(corrupt("no header line".into())),
        csv::Record::Broken { why, .. } => Err(corrupt(format!("the header line is broken: {why}"))),
        csv::Record::Fields { .. } => Ok((0..reader.len())
            .map(|index| reader.field(index).text.to_owned())
            .collect()),
    }
}

/// Where a column is among the names of a file.
pub(crate) fn place<N: AsRef<str>>(names: &[N], column: &str, file: &str) -> Result<usize, DecodeError> {
    let mut places = names
        .iter()
        .enumerate()
        .filter(|(_, name)| name.as_ref() == column)
        .map(|(place, _)| place);
    match (places.next(), places.next()) {
        (Some(place), None) => Ok(place),
        (Some(_), Some(_)) => Err(DecodeError::AmbiguousColumn {
            file: file.to_owned(),
            column: column.to_owned(),
        }),
        (None, _) => {
            let found = names.iter().map(|name| name.as_ref().to_owned()).collect();
            Err(DecodeError::MissingColumn {
                file: file.to_owned(),
                column: column.to_owned(),
                found,
            })
        }
    }
}

/// The literal text of each declared column, `None` where the object lacks it.
fn by_column<'a>(entries: &json::Entries<'a>, spec: &Spec, hints: &mut Vec<Option<usize>>) -> Vec<Option<&'a str>> {
    let mut cells = vec![None; spec.columns.len()];
    hints.resize(entries.0.len(), None);
    for ((name, value), hint) in entries.0.iter().zip(hints) {
        let is = |column: usize| spec.columns[column].name == *name;
        if !hint.is_some_and(is) {
            *hint = (0..spec.columns.len()).find(|column| is(*column));
        }
        if let Some(column) = *hint {
            cells[column] = Some(*value);
        }
    }
    cells
}

/// A JSON value as messages show it: a string like any text, everything else as it is written.
pub(crate) fn json_shown(raw: &str) -> String {
    if raw.starts_with('"') {
        return shown(raw.trim_matches('"'));
    }
    match raw.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &raw[..end]),
        None => raw.to_owned(),
    }
}

/// Pushes a row to all builders, or to none. `at` is the file, the line, and the rows that are there already.
fn push_row(
    builders: &mut [Builder],
    spec: &Spec,
    at: (&Arc<str>, u64, usize),
    push: impl Fn(usize, &mut Builder) -> Result<(), BadCell>,
    text: impl Fn(usize) -> String,
) -> Result<Row, DecodeError> {
    let (file, line, rows) = at;
    let mut first: Option<(Reason, String)> = None;
    for (index, (builder, column)) in builders.iter_mut().zip(&spec.columns).enumerate() {
        let name = &column.name;
        match push(index, builder) {
            Err(BadCell::Naive) => {
                let column = name.clone();
                return Err(DecodeError::NaiveTimestamp {
                    file: file.to_string(),
                    line: Some(line),
                    column,
                });
            }
            Err(BadCell::Bad(why)) => {
                builder.push_null();
                first.get_or_insert_with(|| (Reason::BadValue, format!("column {name}: {} {why}", text(index))));
            }
            Ok(()) if builder.last_is_null() => {
                if let Some(reason) = spec.null_reason(index) {
                    first.get_or_insert_with(|| (reason, format!("column {name} is null")));
                }
            }
            Ok(()) => {}
        }
    }
    Ok(match first {
        None => Row::Pushed,
        Some((reason, detail)) => {
            builders.iter_mut().for_each(|builder| builder.truncate(rows));
            Row::Rejected { reason, detail }
        }
    })
}
