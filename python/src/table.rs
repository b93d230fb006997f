//! Arrow tables between Python and the engine: nothing of them is copied on the way.

use crate::numbers::Declared;
use crate::work::caught;
use crate::{numbers, parts, values};
use arrow::array::{ArrayRef, RecordBatch, StructArray};
use arrow::datatypes::{Field, Schema};
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyList};
use pyo3_arrow::error::PyArrowResult;
use pyo3_arrow::ffi::{ArrayIterator, to_schema_pycapsule, to_stream_pycapsule};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rows in memory, with the Arrow PyCapsule interface.
#[pyclass(frozen, from_py_object, module = "featc._featc")]
#[derive(Debug, Clone)]
pub struct Table {
    pub rows: Arc<featr::Table>,
}

impl Table {
    pub fn new(schema: arrow::datatypes::SchemaRef, batches: Vec<RecordBatch>) -> Table {
        Table {
            rows: Arc::new(featr::Table { schema, batches }),
        }
    }

    /// The rows with the declared types; see `numbers.rs`.
    pub fn fit(&self, declared: &Declared) -> Arc<featr::Table> {
        Arc::new(declared.fit(&self.rows))
    }
}

#[pymethods]
impl Table {
    /// A table of columns: each a name, a kind (see `values.rs`) and a list of its values, `None` for null.
    #[staticmethod]
    fn from_columns(py: Python<'_>, columns: Vec<(String, String, Bound<'_, PyList>)>) -> PyResult<Table> {
        caught(py, || of_columns(columns))?
    }

    #[getter]
    fn num_rows(&self) -> u64 {
        self.rows.rows()
    }

    /// About how many bytes the rows take.
    #[getter]
    fn num_bytes(&self) -> u64 {
        self.rows.bytes()
    }

    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.rows
            .schema
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect()
    }

    /// The types of the columns, as Arrow names them.
    #[getter]
    fn column_types(&self) -> Vec<String> {
        let fields = self.rows.schema.fields().iter();
        fields.map(|field| field.data_type().to_string()).collect()
    }

    /// Columns as lists of plain values, each with its kind (see `values.rs`).
    fn to_columns<'py>(&self, py: Python<'py>) -> PyResult<Vec<(String, String, Bound<'py, PyList>)>> {
        let fields = self.rows.schema.fields().iter().enumerate();
        let column = |(place, field): (usize, &Arc<Field>)| {
            let parts = self.rows.batches.iter().map(|batch| batch.column(place).clone());
            let (kind, values) = values::to_list(py, field.data_type(), &parts.collect::<Vec<_>>())?;
            Ok((field.name().clone(), kind, values))
        };
        caught(py, || fields.map(column).collect())?
    }

    /// At most so many of the first rows.
    fn head(&self, rows: usize) -> Table {
        let mut left = rows;
        let mut batches = Vec::new();
        for batch in &self.rows.batches {
            let taken = left.min(batch.num_rows());
            left -= taken;
            batches.push(batch.slice(0, taken));
        }
        Table::new(self.rows.schema.clone(), batches)
    }

    /// Some of the columns, by their places.
    fn select(&self, columns: Vec<usize>) -> PyResult<Table> {
        let schema = self.rows.schema.project(&columns).map_err(value_error)?;
        let batches = self.rows.batches.iter().map(|batch| batch.project(&columns));
        let batches = batches.collect::<Result<_, _>>().map_err(value_error)?;
        Ok(Table::new(Arc::new(schema), batches))
    }

    /// The rows of an Arrow IPC stream, and the metadata of its schema.
    #[staticmethod]
    fn from_ipc(py: Python<'_>, stream: &[u8]) -> PyResult<(Table, BTreeMap<String, String>)> {
        caught(py, || {
            let reader = StreamReader::try_new(stream, None).map_err(value_error)?;
            let schema = reader.schema();
            let batches = reader.collect::<Result<_, _>>().map_err(value_error)?;
            let about = schema.metadata().clone().into_iter().collect();
            Ok((Table::new(schema, batches), about))
        })?
    }

    /// Whether all instants of a column lie in January 1970; see `numbers.rs`.
    fn is_of_january_1970(&self, py: Python<'_>, column: &str) -> PyResult<bool> {
        caught(py, || py.detach(|| numbers::is_of_january_1970(&self.rows, column)))
    }

    /// So many rows from one on, from 0, of which every part takes no more than its rows do.
    fn cut(&self, py: Python<'_>, start: usize, rows: usize) -> PyResult<Table> {
        let cut = caught(py, || py.detach(|| parts::unshared(&self.rows, start, rows)))?;
        let rows = Arc::new(cut.map_err(value_error)?);
        Ok(Table { rows })
    }

    /// How many rows from one on, from 0, take no more than so many bytes, but one at least.
    fn rows_within(&self, start: usize, bytes: u64) -> usize {
        parts::rows_within(&self.rows, start, bytes)
    }

    /// So many rows from one on, from 0, as an Arrow IPC stream.
    fn to_ipc(&self, py: Python<'_>, start: usize, rows: usize) -> PyResult<Vec<u8>> {
        caught(py, || {
            let part = parts::unshared(&self.rows, start, rows).map_err(value_error)?;
            let mut writer = StreamWriter::try_new(Vec::new(), &part.schema).map_err(value_error)?;
            for batch in &part.batches {
                writer.write(batch).map_err(value_error)?;
            }
            writer.into_inner().map_err(value_error)
        })?
    }

    /// The same with some columns, those of types that models do not take, as numbers; see `numbers.rs`.
    fn numeric(&self, py: Python<'_>, columns: Vec<String>) -> PyResult<Table> {
        let rows = self.rows.clone();
        let outcome = caught(py, || py.detach(|| numbers::numeric(&rows, &columns)))?;
        let rows = outcome.map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(Table { rows: Arc::new(rows) })
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyArrowResult<Bound<'py, PyCapsule>> {
        to_schema_pycapsule(py, self.rows.schema.as_ref())
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyArrowResult<Bound<'py, PyCapsule>> {
        let schema = &self.rows.schema;
        let batches = self.rows.batches.clone().into_iter();
        let arrays = batches.map(|batch| Ok(Arc::new(StructArray::from(batch)) as ArrayRef));
        let field = Field::new_struct("", schema.fields().clone(), false).with_metadata(schema.metadata().clone());
        let arrays = Box::new(ArrayIterator::new(arrays, Arc::new(field)));
        to_stream_pycapsule(py, arrays, requested_schema)
    }

    fn __len__(&self) -> usize {
        usize::try_from(self.rows.rows()).unwrap_or(usize::MAX)
    }
}

fn value_error(error: arrow::error::ArrowError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn of_columns(columns: Vec<(String, String, Bound<'_, PyList>)>) -> PyResult<Table> {
    let mut fields = Vec::with_capacity(columns.len());
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(columns.len());
    for (name, kind, values) in columns {
        let array = values::from_list(&kind, &values)?;
        fields.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(array);
    }
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), arrays);
    let batch = batch.map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok(Table::new(schema, vec![batch]))
}
