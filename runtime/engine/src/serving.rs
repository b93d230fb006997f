//! Rows and questions as a server gets them: bytes in, canonical columns out.

use crate::error::Error;
use crate::program::Program;
use crate::spine::shared_identity;
use crate::steps;
use arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch, RecordBatchOptions, TimestampMicrosecondArray};
use arrow::datatypes::{Field, TimestampMicrosecondType};
use featc_ir::plan::Spine as Asked;
use featc_ir::{Arrival, ColumnId, FileFormat, Key, Lateness, Source, SourceColumn, Type};
use featr_decode::{Bounds, Decoded, Detail, Reject, decode_bytes, into_arrow, schema_of_decoded};
use featr_kernels::{Batch, Column};
use std::sync::Arc;

/// Rows of a source that were pushed, decoded.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The name of the source.
    pub source: String,
    /// The declared columns in canonical types: what [`Online::push`](crate::Online::push) takes. An arrival may be null; see
    /// [`Incoming::stamp`].
    pub rows: RecordBatch,
    /// Per row, its line (of Arrow: its row) in what was pushed, from 1.
    pub places: Vec<u64>,
    /// What could not be decoded, in order.
    pub rejected: Vec<Undecoded>,
}

/// A pushed row that does not decode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecoded {
    /// Its line or row, from 1.
    pub place: u64,
    /// The word of run reports.
    pub reason: &'static str,
    /// What is wrong with it, for people.
    pub detail: String,
    /// What to do about it, where that is known.
    pub help: Option<String>,
    /// Its text, where it has one.
    pub raw: Option<String>,
}

/// Questions are decoded as rows of a source, so that a value means the same in both; and a source has an event time. This is the
/// name of that column, which no column of a program can have.
const EVENT_TIME: &str = "of no event";

impl Program {
    /// Decodes pushed rows of a source, as a file of this format is decoded; an arrival that is not there is no mistake.
    ///
    /// # Errors
    /// [`Error::UnknownSource`]; [`Error::Decode`] where all of it is of no use.
    pub fn incoming(&self, source: &str, format: FileFormat, bytes: Vec<u8>) -> Result<Incoming, Error> {
        self.incoming_within(source, format, bytes, &Bounds::default())
    }

    /// As [`Program::incoming`], of at most so many rows.
    ///
    /// # Errors
    /// As [`Program::incoming`]; [`DecodeError::BeyondBounds`](featr_decode::DecodeError::BeyondBounds).
    pub fn incoming_within(
        &self,
        source: &str,
        format: FileFormat,
        bytes: Vec<u8>,
        bounds: &Bounds,
    ) -> Result<Incoming, Error> {
        let lenient = lenient(&self.declared(source)?);
        let (decoded, rejects) = decode_bytes(&lenient, format, bytes, &format!("rows of {source}"), bounds)?;
        let mut incoming = joined(&lenient, decoded)?;
        incoming.rejected = rejects.into_iter().map(|reject| undecoded(&lenient, reject)).collect();
        Ok(incoming)
    }

    /// A source of the program, as it is declared, or a table with versions as one.
    pub(crate) fn declared(&self, source: &str) -> Result<Source, Error> {
        let mut known = self.inputs();
        match known.iter().position(|known| known.name == source) {
            Some(place) => Ok(known.swap_remove(place)),
            None => Err(Error::UnknownSource {
                source: source.to_owned(),
                known: known.into_iter().map(|source| source.name).collect(),
            }),
        }
    }

    /// Decodes questions to a service: JSON lines, each an object with the columns that [`Program::service`] names. A null
    /// is a value.
    ///
    /// # Errors
    /// [`Error::UnknownService`], [`Error::SharedIdentity`]; [`Error::Columns`], with the number of the question from 1.
    pub fn questions(&self, service: &str, lines: &[&str]) -> Result<RecordBatch, Error> {
        let asked = self.service(service)?;
        let columns = asked.columns();
        let mut text = Vec::new();
        for (place, line) in lines.iter().enumerate() {
            check_names(asked, &columns, line).map_err(|problem| problem.about(place, lines.len()))?;
            let (_, entries) = line.split_once('{').unwrap_or_default();
            let comma = if columns.is_empty() { "" } else { "," };
            text.extend_from_slice(format!("{{\"{EVENT_TIME}\":\"1970-01-01T00:00:00Z\"{comma}").as_bytes());
            // What is a line break in JSON is a blank as well.
            let one_line = |byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte };
            text.extend(entries.bytes().map(one_line));
            text.push(b'\n');
        }
        let source = source_of_questions(&columns);
        let (decoded, rejects) = decode_bytes(&source, FileFormat::Jsonl, text, "questions", &Bounds::default())?;
        if let Some(reject) = rejects.first() {
            let place = usize::try_from(reject.line).unwrap_or(1).saturating_sub(1);
            let several = match &reject.detail {
                Detail::Value { column, value }
                    if value.written.starts_with('[') && asked.keys.iter().any(|key| key.name == *column) =>
                {
                    ": a question has one value there; several are asked about by an object each, in `entities`"
                }
                _ => "",
            };
            let why = format!("{}{several}", reject.detail);
            return Err(Problem::Wrong(why).about(place, lines.len()));
        }
        let incoming = joined(&source, decoded)?;
        let keys: Vec<usize> = (0..columns.len()).collect();
        incoming.rows.project(&keys).map_err(bug)
    }
}

/// A source whose rows may come without an arrival.
pub(crate) fn lenient(declared: &Source) -> Source {
    let mut lenient = declared.clone();
    if let Some(arrival) = declared.arrival_column() {
        lenient.columns[arrival.index()].nullable = true;
    }
    lenient
}

fn bug(error: arrow::error::ArrowError) -> Error {
    Error::Bug { why: error.to_string() }
}

/// What is wrong with a question.
enum Problem {
    Wrong(String),
    Refused(Error),
}

impl Problem {
    fn about(self, place: usize, of: usize) -> Error {
        let what = match of {
            1 => "the question".to_owned(),
            _ => format!("question {}", place + 1),
        };
        match self {
            Problem::Wrong(why) => Error::Columns { what, why },
            Problem::Refused(error) => error,
        }
    }
}

/// Refuses a question without a column of the service, or with one that it has not.
fn check_names(asked: &Asked, columns: &[Key], line: &str) -> Result<(), Problem> {
    let object: std::collections::BTreeMap<String, serde::de::IgnoredAny> =
        serde_json::from_str(line).map_err(|_| Problem::Wrong(no_object(columns)))?;
    let names = || {
        columns
            .iter()
            .map(|key| key.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    if let Some(missing) = columns.iter().find(|key| !object.contains_key(&key.name)) {
        let has = |name: &str| object.contains_key(name);
        if let Some(shared) = shared_identity(asked, &missing.name, has) {
            return Err(Problem::Refused(shared));
        }
        let (name, names) = (&missing.name, names());
        return Err(Problem::Wrong(format!("no `{name}`; the service asks for: {names}")));
    }
    match object.keys().find(|name| !columns.iter().any(|key| key.name == **name)) {
        None => Ok(()),
        Some(name) => Err(Problem::Wrong(format!(
            "`{name}` means nothing here; the service asks for: {}",
            names()
        ))),
    }
}

/// What to say of a question that is no object.
fn no_object(columns: &[Key]) -> String {
    let entries = columns.iter().map(|key| format!("\"{}\": …", key.name));
    format!(
        "is no JSON object; write {{{}}}",
        entries.collect::<Vec<_>>().join(", ")
    )
}

/// A source whose rows are questions: its columns, all of which may be null, and NaN stays NaN.
fn source_of_questions(columns: &[Key]) -> Source {
    let column = |name: &str, ty: Type| SourceColumn {
        name: name.to_owned(),
        ty,
        nullable: true,
        form: featc_ir::ColumnForm::default(),
    };
    let mut all: Vec<SourceColumn> = columns.iter().map(|key| column(&key.name, key.ty)).collect();
    all.push(column(EVENT_TIME, Type::Timestamp));
    Source {
        name: "questions".to_owned(),
        doc: None,
        unique: Vec::new(),
        time: ColumnId::from(all.len() - 1),
        columns: all,
        arrival: Some(Arrival::Static),
        delay_us: 0,
        lateness: Lateness::Unbounded,
        skew_us: 0,
        begins_us: None,
        zone: None,
        keep_nan: true,
        batch: None,
        stream: None,
    }
}

pub(crate) fn undecoded(source: &Source, reject: Reject) -> Undecoded {
    Undecoded {
        place: reject.line,
        reason: reject.reason.name(),
        detail: reject.detail.to_string(),
        help: steps::undecoded(source, &reject.detail, reject.raw.as_deref()),
        raw: reject.raw,
    }
}

/// Decoded rows as one batch of Arrow.
pub(crate) fn joined(source: &Source, decoded: Vec<Decoded>) -> Result<Incoming, Error> {
    let columns = source.columns.iter().map(|column| Column::empty(column.ty)).collect();
    let mut all = Batch { rows: 0, columns };
    let mut places = Vec::new();
    for part in decoded {
        places.extend((0..part.batch.rows).map(|row| part.rows.number(row)));
        all.append(&part.batch);
    }
    let arrays: Vec<ArrayRef> = all.columns.into_iter().map(into_arrow).collect();
    let fields: Vec<Field> = source
        .columns
        .iter()
        .zip(&arrays)
        .map(|(column, array)| Field::new(&column.name, array.data_type().clone(), true))
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(all.rows));
    let schema = Arc::new(schema_of_decoded(source, fields));
    let rows = RecordBatch::try_new_with_options(schema, arrays, &options).map_err(bug)?;
    Ok(Incoming {
        source: source.name.clone(),
        rows,
        places,
        rejected: Vec::new(),
    })
}

impl Incoming {
    /// Gives the rows that say no arrival the one of `arrival_us`; `declared` is their source. Tells how many those are.
    ///
    /// # Errors
    /// [`Error::Bug`] for rows that are not those of the source.
    pub fn stamp(&mut self, declared: &Source, arrival_us: i64) -> Result<usize, Error> {
        self.fill(declared, |_| Some(arrival_us))
    }

    /// Gives each row that says no arrival its own of `arrivals_us`, if there is one; `declared` is their source. Tells how many
    /// said none.
    ///
    /// # Errors
    /// As [`Incoming::stamp`].
    pub fn arrive(&mut self, declared: &Source, arrivals_us: &[Option<i64>]) -> Result<usize, Error> {
        self.fill(declared, |row| arrivals_us.get(row).copied().flatten())
    }

    /// When each row says that it arrived.
    pub fn arrivals(&self, declared: &Source) -> Vec<Option<i64>> {
        let column = declared.arrival_column().map(ColumnId::index);
        let array = column.and_then(|column| self.rows.columns().get(column));
        let array = array.and_then(|array| array.as_primitive_opt::<TimestampMicrosecondType>());
        array.map_or_else(Vec::new, |array| array.iter().collect())
    }

    /// Says when each row arrived, instead of what the rows say.
    ///
    /// # Errors
    /// As [`Incoming::stamp`].
    pub fn set_arrivals(&mut self, declared: &Source, arrivals_us: Vec<Option<i64>>) -> Result<(), Error> {
        let Some(column) = declared.arrival_column().map(ColumnId::index) else {
            return Ok(());
        };
        let mut arrays = self.rows.columns().to_vec();
        let set = TimestampMicrosecondArray::from(arrivals_us);
        arrays[column] = Arc::new(set.with_data_type(arrays[column].data_type().clone()));
        self.rows = RecordBatch::try_new(self.rows.schema(), arrays).map_err(bug)?;
        Ok(())
    }

    fn fill(&mut self, declared: &Source, arrival_us: impl Fn(usize) -> Option<i64>) -> Result<usize, Error> {
        let Some(column) = declared.arrival_column().map(ColumnId::index) else {
            return Ok(0);
        };
        let arrival = self.rows.columns().get(column).filter(|array| array.null_count() > 0);
        let Some(arrival) = arrival.and_then(|array| array.as_primitive_opt::<TimestampMicrosecondType>()) else {
            return Ok(0);
        };
        let stamped = arrival.null_count();
        let filled: TimestampMicrosecondArray = arrival
            .iter()
            .enumerate()
            .map(|(row, known)| known.or_else(|| arrival_us(row)))
            .collect();
        let mut arrays = self.rows.columns().to_vec();
        arrays[column] = Arc::new(filled.with_data_type(arrival.data_type().clone()));
        self.rows = RecordBatch::try_new(self.rows.schema(), arrays).map_err(bug)?;
        Ok(stamped)
    }
}
