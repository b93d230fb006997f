//! Features of a service's own in its table: what is put together for them, and what is computed of that.

use crate::nodes::{DeriveSpec, DerivedColumn, OutputColumn, SpineSpec};
use crate::plan::ServicePlan;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::error::Result;
use featr_decode::arrow_type;
use std::sync::Arc;

/// Where a column of a service's table comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TableColumn {
    /// The spine or a view.
    Out(OutputColumn),
    /// A feature of the service's own.
    Own(usize),
    /// The same, of its status.
    OwnStatus(usize),
}

impl TableColumn {
    /// What is put together for it.
    pub fn out(self) -> Option<OutputColumn> {
        match self {
            TableColumn::Out(column) => Some(column),
            TableColumn::Own(_) | TableColumn::OwnStatus(_) => None,
        }
    }
}

/// Columns that are put together, and what is computed of them.
pub(crate) struct Derived {
    pub columns: Vec<OutputColumn>,
    pub schema: SchemaRef,
    pub spec: DeriveSpec,
}

impl Derived {
    /// For the chosen columns, whose fields are those of `schema`.
    pub fn new(
        plan: &ServicePlan,
        (chosen, schema): (&[TableColumn], &Schema),
        spine: &SpineSpec,
        with_status: bool,
    ) -> Result<Derived> {
        let mut columns: Vec<OutputColumn> = vec![];
        let mut fields: Vec<FieldRef> = vec![];
        let mut out = Vec::with_capacity(chosen.len());
        for (column, field) in chosen.iter().zip(schema.fields()) {
            out.push(match *column {
                TableColumn::Out(column) => {
                    columns.push(column);
                    fields.push(field.clone());
                    DerivedColumn::Input(columns.len() - 1)
                }
                TableColumn::Own(at) => DerivedColumn::Value(at),
                TableColumn::OwnStatus(at) => DerivedColumn::Status(at),
            });
        }
        // The names of what only goes into features are of no matter, as long as nothing else has them.
        let mut add = |column: OutputColumn, data_type: DataType| {
            columns.push(column);
            let mut name = format!("read {}", columns.len());
            while schema.fields().iter().any(|field| *field.name() == name) {
                name.push('\'');
            }
            fields.push(Arc::new(Field::new(name, data_type, true)));
            columns.len() - 1
        };
        let time = add(OutputColumn::Own(spine.time_out()), DataType::Int64);
        let mut request = vec![];
        for key in &plan.request {
            let field = spine.field_of(key);
            request.push((
                key.clone(),
                add(OutputColumn::Own(spine.key_out(key)?), field.data_type().clone()),
            ));
        }
        let (mut answers, width) = (vec![], 1 + usize::from(with_status));
        for (view, at) in plan.derive.reads() {
            let ty = plan.feature((view as usize, at as usize))?.ty;
            let (from, place) = (view as usize, width * at as usize);
            let value = add(OutputColumn::Feature(from, place), arrow_type(ty));
            let status = with_status.then(|| add(OutputColumn::StatusByte(from, place + 1), DataType::UInt8));
            answers.push(((view, at), ty, value, status));
        }
        Ok(Derived {
            columns,
            schema: Arc::new(Schema::new(fields)),
            spec: DeriveSpec {
                service: plan.service.clone(),
                derive: plan.derive.clone(),
                time,
                request,
                answers,
                columns: out,
            },
        })
    }
}
