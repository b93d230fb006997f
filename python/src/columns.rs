//! Declared columns, as a program or its server names them: what rows of pushes and questions are fitted to.

use crate::numbers::Declared;
use crate::spool::Spool;
use crate::table::Table;
use crate::work::caught;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::{Field, FieldRef, Schema};
use arrow::error::ArrowError;
use featc_ir::Type;
use featr::arrow_type;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;

/// The columns of a source, or of the questions to a service.
#[pyclass(frozen, module = "featc._featc")]
#[derive(Debug)]
pub struct Columns {
    names: Vec<String>,
    declared: Declared,
    /// Those that are null where rows leave them out.
    lenient: Vec<(String, Type)>,
}

#[pymethods]
impl Columns {
    /// Per column its name, its type as a program writes it, and whether rows may leave it out, which is null then. Of a type
    /// that is not known here nothing is fitted.
    #[new]
    fn new(columns: Vec<(String, String, bool)>) -> Columns {
        let known = columns.iter().filter_map(|(name, ty, _)| Some((name, scalar(ty)?)));
        let lenient = columns.iter().filter(|(_, _, may_lack)| *may_lack);
        let lenient = lenient.filter_map(|(name, ty, _)| Some((name.clone(), scalar(ty)?)));
        Columns {
            declared: Declared::new(known),
            lenient: lenient.collect(),
            names: columns.iter().map(|(name, ..)| name.clone()).collect(),
        }
    }

    #[getter]
    fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    /// Of names of columns those that are none of these, and hold none of these inside.
    fn undeclared(&self, names: Vec<String>) -> Vec<String> {
        let is_in = |known: &String, name: &str| {
            let rest = known.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let is_known = |name: &String| self.names.iter().any(|known| is_in(known, name));
        names.into_iter().filter(|name| !is_known(name)).collect()
    }

    /// Takes rows in parts, in memory.
    fn spool(&self) -> Spool {
        Spool::new(self.declared.clone(), u64::MAX, PathBuf::new())
    }

    /// The rows with the declared types, where they can have them, and null in columns that they may leave out.
    fn fit(&self, py: Python<'_>, rows: Table) -> PyResult<Table> {
        let fit = caught(py, || py.detach(|| self.filled(&rows.fit(&self.declared))))?;
        let rows = fit.map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(Table { rows: Arc::new(rows) })
    }
}

impl Columns {
    fn filled(&self, table: &featr::Table) -> Result<featr::Table, ArrowError> {
        let has = |name: &str| table.schema.column_with_name(name).is_some();
        // A field of a struct is there with the struct.
        let leads = |name: &str| name.match_indices('.').any(|(dot, _)| has(&name[..dot]));
        let lacks = |(name, _): &&(String, Type)| !has(name) && !leads(name);
        let absent: Vec<&(String, Type)> = self.lenient.iter().filter(lacks).collect();
        let field = |(name, ty): &&(String, Type)| FieldRef::new(Field::new(name, arrow_type(*ty), true));
        let fields = table.schema.fields().iter().cloned().chain(absent.iter().map(field));
        let metadata = table.schema.metadata().clone();
        let schema = Arc::new(Schema::new_with_metadata(fields.collect::<Vec<_>>(), metadata));
        let batch = |batch: &RecordBatch| {
            let nulls = |(_, ty): &&(String, Type)| new_null_array(&arrow_type(*ty), batch.num_rows());
            let columns: Vec<ArrayRef> = batch
                .columns()
                .iter()
                .cloned()
                .chain(absent.iter().map(nulls))
                .collect();
            let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            RecordBatch::try_new_with_options(schema.clone(), columns, &rows)
        };
        Ok(featr::Table {
            batches: table.batches.iter().map(batch).collect::<Result<_, _>>()?,
            schema: schema.clone(),
        })
    }
}

/// A type of columns, from the text that it is shown as.
fn scalar(text: &str) -> Option<Type> {
    Some(match text {
        "bool" => Type::Bool,
        "int64" => Type::Int64,
        "float64" => Type::Float64,
        "string" => Type::String,
        "timestamp" => Type::Timestamp,
        "date" => Type::Date,
        "duration" => Type::Duration,
        _ if text.starts_with("list<") => scalar(text.strip_prefix("list<")?.strip_suffix('>')?)?.list()?,
        _ => {
            let digits = text.strip_prefix("decimal(")?.strip_suffix(')')?;
            let (precision, scale) = digits.split_once(", ")?;
            let (precision, scale) = (precision.parse().ok()?, scale.parse().ok()?);
            (1..=38).contains(&precision).then_some(())?;
            (scale <= precision).then_some(Type::Decimal { precision, scale })?
        }
    })
}
