//! Rows and questions at hand: what a difference is shrunk to, and what `--metamorphic` changes.

use crate::args::AT_COLUMN;
use crate::run::Prepared;
use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use featc_ir::{Key, Program, Source, Type};
use featr::{Batch, Column, Error, Recorded, Side, Spine, Value};
use featr_model::{Question, SourceRows};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The output columns of a service.
#[derive(Debug, Clone)]
pub struct Fields {
    pub names: Vec<String>,
    pub types: Vec<Type>,
}

/// Which side of its source has a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    Both,
    Batch,
    Stream,
}

/// The rows of a source.
#[derive(Debug, Clone)]
pub struct Events {
    pub source: Source,
    /// Of both sides.
    pub rows: Batch,
    /// One per row.
    pub on: Vec<On>,
    /// Whether a view of the service looks into it, as into a table: any row may then be found, so none comes, goes or changes.
    pub is_looked_into: bool,
}

/// Questions.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Their instants, in microseconds since the epoch.
    pub times: Vec<i64>,
    /// The columns that the service needs.
    pub columns: Vec<(Key, Column)>,
}

/// The rows of the sources of a service, and questions to it.
#[derive(Debug, Clone)]
pub struct Case {
    pub sources: Vec<Events>,
    pub asked: Asked,
}

impl Events {
    /// The rows of one side.
    pub fn side(&self, side: Side) -> Batch {
        let other = match side {
            Side::Batch => On::Stream,
            Side::Stream => On::Batch,
        };
        let rows: Vec<u32> = (0..self.rows.rows as u32)
            .filter(|row| self.on[*row as usize] != other)
            .collect();
        self.rows.take(&rows)
    }

    /// Whether both sides have the same rows.
    pub fn sides_are_one(&self) -> bool {
        self.on.iter().all(|on| *on == On::Both)
    }

    /// The given rows, in the given order.
    pub fn take(&self, rows: &[u32]) -> Events {
        Events {
            source: self.source.clone(),
            rows: self.rows.take(rows),
            on: rows.iter().map(|row| self.on[*row as usize]).collect(),
            is_looked_into: self.is_looked_into,
        }
    }

    /// Appends rows to both sides.
    pub fn add(&mut self, rows: &[Vec<Value>]) {
        for row in rows {
            for (column, value) in self.rows.columns.iter_mut().zip(row) {
                column.push(value);
            }
            self.rows.rows += 1;
            self.on.push(On::Both);
        }
    }

    /// The rows of two sides: those that both have are one.
    fn of_sides(source: &Source, batch: &Batch, stream: &Batch) -> Events {
        let mut of_stream: BTreeMap<Vec<Value>, u32> = BTreeMap::new();
        for row in 0..stream.rows {
            *of_stream.entry(stream.row(row)).or_default() += 1;
        }
        let mut on = Vec::new();
        for row in 0..batch.rows {
            let left = of_stream.get_mut(&batch.row(row)).filter(|left| **left > 0);
            on.push(if left.is_some() { On::Both } else { On::Batch });
            if let Some(left) = left {
                *left -= 1;
            }
        }
        let mut events = Events {
            source: source.clone(),
            rows: batch.clone(),
            on,
            is_looked_into: false,
        };
        let only: Vec<u32> = (0..stream.rows as u32)
            .filter(|row| match of_stream.get_mut(&stream.row(*row as usize)) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    true
                }
                Some(_) | None => false,
            })
            .collect();
        events.rows.append(&stream.take(&only));
        events.on.extend(only.iter().map(|_| On::Stream));
        events
    }
}

impl Asked {
    pub fn of(spine: &Spine) -> Asked {
        Asked {
            times: spine.times.to_vec(),
            columns: spine.columns.clone(),
        }
    }

    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// The given questions, in the given order.
    pub fn take(&self, rows: &[u32]) -> Asked {
        Asked {
            times: rows.iter().map(|row| self.times[*row as usize]).collect(),
            columns: self
                .columns
                .iter()
                .map(|(key, column)| (key.clone(), column.take(rows)))
                .collect(),
        }
    }

    /// Appends questions with the same columns.
    pub fn append(&mut self, more: &Asked) {
        self.times.extend(&more.times);
        for ((_, column), (_, more)) in self.columns.iter_mut().zip(&more.columns) {
            column.append(more);
        }
    }

    /// The question of a row, as the model takes it.
    pub fn question(&self, row: usize) -> Question {
        let values: Vec<(String, Value)> = self
            .columns
            .iter()
            .map(|(key, column)| (key.name.clone(), column.value(row)))
            .collect();
        Question {
            at_us: self.times[row],
            keys: values.clone(),
            self_columns: values.clone(),
            request: values.clone(),
            cuts: values,
        }
    }

    /// A name for the column with the instants: the preferred one, if no other column has it.
    pub fn at_column(&self, preferred: &str) -> String {
        let mut name = preferred.to_owned();
        while self.columns.iter().any(|(key, _)| key.name == name) {
            name.push('_');
        }
        name
    }

    /// As a file has them: the columns that the service needs, then the instants, under a name that no other column has.
    pub fn to_arrow(&self, at_column: &str) -> Result<RecordBatch, Error> {
        let times: Vec<Value> = self.times.iter().map(|us| Value::Timestamp(*us)).collect();
        let times = Column::from_values(Type::Timestamp, &times);
        let columns = self
            .columns
            .iter()
            .map(|(key, column)| (key.name.as_str(), column.clone()));
        record_batch(columns.chain([(at_column, times)]).collect())
    }

    /// As a spine of the service.
    pub fn spine(&self, program: &featr::Program, service: &str) -> Result<Spine, Error> {
        let at = self.at_column(AT_COLUMN);
        program.spine(service, vec![self.to_arrow(&at)?], &at)
    }
}

impl Case {
    /// The rows that were read of the stream sides, those of batch sides that have other files, and the questions.
    pub fn read(prepared: &Prepared, stream: &[Recorded], asked: Asked) -> Result<Case, Error> {
        let two_sided = |recorded: &Recorded| !prepared.program.sides_are_one(&recorded.source);
        let batch = match stream.iter().any(two_sided) {
            true => prepared.program.record(&prepared.service, Side::Batch, None)?,
            false => Vec::new(),
        };
        let tables = tables_read(prepared);
        let sources = stream.iter().map(|recorded| {
            let source = &recorded.source;
            let other = batch.iter().find(|other| other.source.name == source.name);
            let events = match other.filter(|_| two_sided(recorded)) {
                Some(other) => Events::of_sides(source, &other.rows, &recorded.rows),
                None => Events {
                    source: source.clone(),
                    rows: recorded.rows.clone(),
                    on: vec![On::Both; recorded.rows.rows],
                    is_looked_into: false,
                },
            };
            Events {
                is_looked_into: tables.contains(source.name.as_str()),
                ..events
            }
        });
        Ok(Case {
            sources: sources.collect(),
            asked,
        })
    }

    /// How many rows all sources have together.
    pub fn events(&self) -> usize {
        self.sources.iter().map(|events| events.rows.rows).sum()
    }

    /// The rows as the model takes them; `side` is that of all sources, or both.
    pub fn model_rows(&self, ir: &Program, side: Option<Side>) -> SourceRows {
        let mut sources = vec![Vec::new(); ir.sources.len()];
        for events in &self.sources {
            if let Some(place) = ir.sources.iter().position(|known| known.name == events.source.name) {
                sources[place].push(side.map_or_else(|| events.rows.clone(), |side| events.side(side)));
            }
        }
        SourceRows { sources }
    }
}

/// The names of the tables that the views of the service look into.
fn tables_read(prepared: &Prepared) -> BTreeSet<&str> {
    let ir = &prepared.ir;
    let reads = ir.service(&prepared.service).map(|service| service.reads());
    let mut found = BTreeSet::new();
    for read in reads.into_iter().flatten() {
        let transform = ir.transform(ir.view(read.view).transform);
        featc_ir::table::lookups(&transform.steps, &transform.time, &mut |lookup| {
            found.insert(lookup.table.name.as_str());
        });
    }
    found
}

/// Named columns as Arrow.
fn record_batch(columns: Vec<(&str, Column)>) -> Result<RecordBatch, Error> {
    let arrays: Vec<(&str, ArrayRef)> = columns
        .iter()
        .map(|(name, column)| (*name, featr::to_arrow(column)))
        .collect();
    let field = |(name, array): &(&str, ArrayRef)| Field::new(*name, DataType::clone(array.data_type()), true);
    let schema: SchemaRef = Arc::new(Schema::new(arrays.iter().map(field).collect::<Vec<_>>()));
    let batch = RecordBatch::try_new(schema, arrays.into_iter().map(|(_, array)| array).collect());
    batch.map_err(|error| Error::Bug { why: error.to_string() })
}

/// Rows of a source as a file has them.
pub fn source_rows(source: &Source, rows: &Batch) -> Result<RecordBatch, Error> {
    let columns = source.columns.iter().zip(&rows.columns);
    let columns = columns.map(|(column, values)| (column.name.as_str(), values.clone()));
    let batch = record_batch(columns.collect())?;
    let fields = batch
        .schema()
        .fields()
        .iter()
        .map(|field| Field::clone(field))
        .collect();
    let marked = batch.with_schema(Arc::new(featr::schema_of_decoded(source, fields)));
    marked.map_err(|error| Error::Bug { why: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use featc_ir::{ColumnId, SourceColumn};

    fn source() -> Source {
        let column = |name: &str| SourceColumn {
            name: name.to_owned(),
            ty: Type::Int64,
            nullable: true,
            form: featc_ir::ColumnForm::default(),
        };
        Source::plain("txn", vec![column("id")], vec![ColumnId::from(0)], ColumnId::from(0))
    }

    fn rows(ids: &[i64]) -> Batch {
        let values: Vec<Value> = ids.iter().map(|id| Value::Int64(*id)).collect();
        Batch::from_columns(vec![Column::from_values(Type::Int64, &values)])
    }

    #[test]
    fn rows_of_both_sides_are_kept_together() {
        let events = Events::of_sides(&source(), &rows(&[1, 1, 2, 3]), &rows(&[3, 4, 1, 1, 1]));
        use On::{Batch, Both, Stream};
        assert_eq!(events.on, [Both, Both, Batch, Both, Stream, Stream]);
        let sorted = |side: Side| {
            let mut values = events.side(side).columns[0].i64s().to_vec();
            values.sort_unstable();
            values
        };
        assert_eq!(sorted(Side::Batch), [1, 1, 2, 3]);
        assert_eq!(sorted(Side::Stream), [1, 1, 1, 3, 4]);
        assert!(!events.sides_are_one() && events.take(&[0, 3]).sides_are_one());
    }
}
