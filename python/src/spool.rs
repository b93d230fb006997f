//! Rows that come in parts, some of which can be read once: in memory up to a bound, and beyond it in a temporary file.

use crate::numbers::{Declared, is_text};
use crate::outcome::refusal;
use crate::parts::{cast_to, plain, size};
use crate::table::Table;
use crate::work::{caught, foreign};
use arrow::array::{Array as _, RecordBatch, RecordBatchReader as _};
use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;
use featr::{Error, Rows, Spooling};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3_arrow::input::AnyRecordBatch;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

/// Rows of a source in a temporary file, which is gone with its last owner.
#[pyclass(frozen, from_py_object, module = "featc._featc")]
#[derive(Debug, Clone)]
pub struct Spooled {
    rows: featr::Spooled,
}

/// What stands in place of a source's files.
#[derive(Debug, FromPyObject)]
pub enum Source {
    Table(Table),
    Spooled(Spooled),
}

impl Source {
    /// The rows, with the declared types where they can have them.
    pub fn into_rows(self, declared: &Declared) -> Rows {
        match self {
            Source::Table(table) => table.fit(declared).into(),
            // They were made so before they were written.
            Source::Spooled(spooled) => Rows::Spooled(spooled.rows),
        }
    }
}

/// Takes rows in parts.
#[pyclass(frozen, module = "featc._featc")]
#[derive(Debug)]
pub struct Spool {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    declared: Declared,
    /// So many bytes stay in memory.
    bytes_max: u64,
    temp: PathBuf,
    /// Of the first part, with the declared types where it can have them.
    schema: Option<SchemaRef>,
    /// What is in memory, and about how many bytes that is.
    kept: Vec<RecordBatch>,
    bytes: u64,
    writer: Option<Spooling>,
    /// A run will refuse what is kept: no more is to be read.
    is_refused: bool,
}

impl Spool {
    pub fn new(declared: Declared, bytes_max: u64, temp: PathBuf) -> Spool {
        Spool {
            state: Mutex::new(State {
                declared,
                bytes_max,
                temp,
                schema: None,
                kept: Vec::new(),
                bytes: 0,
                writer: None,
                is_refused: false,
            }),
        }
    }

    /// The state. Who waited for another thread would wait with the interpreter's lock, which that one may need.
    fn taken(&self) -> PyResult<MutexGuard<'_, State>> {
        let busy = |_| PyTypeError::new_err("another thread takes in rows here");
        self.state.try_lock().map_err(busy)
    }
}

#[pymethods]
impl Spool {
    /// One that keeps all in memory.
    #[new]
    fn of_memory() -> Spool {
        Spool::new(Declared::default(), u64::MAX, PathBuf::new())
    }

    /// Takes what an object with the PyCapsule interface holds: a stream is read to its end. Whether more is wanted.
    fn add(&self, py: Python<'_>, part: Bound<'_, PyAny>) -> PyResult<bool> {
        let mut state = self.taken()?;
        let state = &mut *state;
        let opened = foreign(|| {
            let reader = part.extract::<AnyRecordBatch>()?.into_reader()?;
            let schema = reader.schema();
            // Names and types are read here at the latest.
            let first = state.fit(schema.clone(), vec![]).schema;
            Ok::<_, PyErr>((reader, schema, first))
        });
        let (mut reader, schema, first) = opened??;
        if let Some(why) = unlike(state.schema.get_or_insert(first.clone()), &first) {
            return Err(PyTypeError::new_err(why));
        }
        while !state.is_refused {
            // A stream that is written in Python takes the interpreter's lock by itself.
            let next = foreign(|| py.detach(|| reader.next().map(|batch| checked(batch.map_err(words)?, &schema))))?;
            let Some(batch) = next else { break };
            py.check_signals()?;
            let batch = batch.map_err(PyValueError::new_err)?;
            let taken = caught(py, || py.detach(|| state.take(batch)))?;
            taken.map_err(|error| refusal(py, &state.not_written(&error)))?;
        }
        Ok(!state.is_refused)
    }

    /// All rows: a table, or what is spooled; `name` is what messages call that. Nothing is left in this.
    fn finish<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let mut state = self.taken()?;
        let state = &mut *state;
        let Some(schema) = state.schema.take() else {
            return Err(PyValueError::new_err("it gives no part, and so no columns"));
        };
        match state.writer.take().filter(|_| !state.is_refused) {
            None => {
                let table = Table::new(schema, std::mem::take(&mut state.kept));
                Ok(Bound::new(py, table)?.into_any())
            }
            Some(writer) => {
                let spooled = caught(py, || py.detach(|| writer.finish(name)))?;
                let rows = spooled.map_err(|error| refusal(py, &state.not_written(&error)))?;
                Ok(Bound::new(py, Spooled { rows })?.into_any())
            }
        }
    }
}

impl State {
    fn fit(&self, schema: SchemaRef, batches: Vec<RecordBatch>) -> featr::Table {
        self.declared.fit(&featr::Table { schema, batches })
    }

    fn take(&mut self, batch: RecordBatch) -> Result<(), ArrowError> {
        let table = self.fit(batch.schema(), vec![batch.clone()]);
        let schema = self.schema.get_or_insert(table.schema.clone()).clone();
        if unlike(&schema, &table.schema).is_some() {
            // Numbers that are not whole in a column of integers, or texts that are no instants.
            self.refuse(batch);
            return Ok(());
        }
        for batch in &table.batches {
            // Parts may say other things beside their columns.
            let batch = cast_to(batch, &schema)?;
            if let Some(writer) = &mut self.writer {
                write(writer, &batch)?;
                continue;
            }
            self.bytes += size(&batch);
            self.kept.push(batch);
            if self.bytes > self.bytes_max {
                self.spill(&schema)?;
            }
        }
        Ok(())
    }

    /// Keeps one batch, for which the run is refused.
    fn refuse(&mut self, batch: RecordBatch) {
        self.schema = Some(batch.schema());
        self.kept = vec![batch];
        self.is_refused = true;
    }

    /// Goes on in a file.
    fn spill(&mut self, schema: &SchemaRef) -> Result<(), ArrowError> {
        if !self.temp.is_dir() {
            // The run says so.
            self.is_refused = true;
            return Ok(());
        }
        let fields: Vec<FieldRef> = schema.fields().iter().map(plain).collect();
        let fields = Schema::new_with_metadata(fields, schema.metadata().clone());
        let mut writer = Spooling::create(&self.temp, Arc::new(fields))?;
        for batch in std::mem::take(&mut self.kept) {
            write(&mut writer, &batch)?;
        }
        self.writer = Some(writer);
        Ok(())
    }

    fn not_written(&self, error: &ArrowError) -> Error {
        let why = format!("cannot write a temporary file in {}: {error}", self.temp.display());
        Error::Resources { why }
    }
}

fn write(writer: &mut Spooling, batch: &RecordBatch) -> Result<(), ArrowError> {
    let schema = writer.schema().clone();
    writer.write(&cast_to(batch, &schema)?)
}

/// Why parts with these columns are not rows of one table. Texts may be held in several ways.
fn unlike(known: &Schema, part: &Schema) -> Option<String> {
    let (known, part) = (known.fields(), part.fields());
    if !known
        .iter()
        .map(|field| field.name())
        .eq(part.iter().map(|field| field.name()))
    {
        return Some("its parts have different columns".to_owned());
    }
    let texts = |a: &DataType, b: &DataType| is_text(a) && is_text(b);
    let differs =
        |(a, b): &(&FieldRef, &FieldRef)| a.data_type() != b.data_type() && !texts(a.data_type(), b.data_type());
    let (a, b) = known.iter().zip(part).find(differs)?;
    Some(format!(
        "column `{}` is {} in one part and {} in another; give all parts one type",
        a.name(),
        a.data_type(),
        b.data_type()
    ))
}

/// A batch of a stream, which has the types of its schema and holds what these say. Nobody has looked before: arrays cross
/// the border as they are.
fn checked(batch: RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, String> {
    for (field, array) in schema.fields().iter().zip(batch.columns()) {
        let valid = array.to_data().validate_full();
        valid.map_err(|error| format!("column `{}` is broken: {}", field.name(), words(error)))?;
    }
    batch.with_schema(schema.clone()).map_err(words)
}

fn words(error: ArrowError) -> String {
    match error {
        ArrowError::InvalidArgumentError(why) => why,
        other => other.to_string(),
    }
}
