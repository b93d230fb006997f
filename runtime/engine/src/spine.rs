//! Spines: the questions of a training set.

use crate::error::Error;
use crate::program::Program;
use arrow::array::{ArrayRef, RecordBatch, new_empty_array};
use arrow::compute::concat;
use arrow::datatypes::{Field, Schema, SchemaRef};
use featc_ir::plan::Spine as Asked;
use featc_ir::{Key, Type};
use featr_decode::{DecodeError, Table, first_twice, from_arrow, read_spine, spine_of};
use featr_kernels::Column;
use std::path::Path;
use std::sync::Arc;

/// Questions, in order: the rows as they are to come out again, and in them the instants and the columns that the
/// service needs.
pub use featr_batch::SpineData as Spine;

/// What to say of questions without `column`: they may have it under the name that something else of the service has too.
pub(crate) fn shared_identity(service: &Asked, column: &str, has: impl Fn(&str) -> bool) -> Option<Error> {
    let plain = |key: &Key| key.name.split_once('.').map(|(_, plain)| plain.to_owned());
    let missing = service.self_columns.iter().find(|key| key.name == column)?;
    let plain_name = plain(missing).filter(|name| has(name))?;
    // All that are to be brought so are told at once.
    let names = service.self_columns.iter();
    let names = names.filter(|key| plain(key).is_some() && !has(&key.name));
    Some(Error::SharedIdentity {
        names: names.map(|key| key.name.clone()).collect(),
        is_key: service.keys.iter().any(|key| key.name == plain_name),
        column: plain_name,
    })
}

impl Program {
    /// Reads a spine for a service from Parquet, Arrow IPC, CSV, TSV or JSONL: the entity columns, `at_column` with the instants, and any
    /// further columns, which pass through. `zone` is for timestamps without offset.
    ///
    /// # Errors
    /// [`Error::UnknownService`], [`Error::Decode`]. No row is dropped: one that cannot be asked is an error.
    pub fn read_spine(&self, service: &str, path: &Path, at_column: &str, zone: Option<&str>) -> Result<Spine, Error> {
        self.spine_by(service, |keys| read_spine(path, keys, at_column, zone))
    }

    /// As [`Program::read_spine`], of rows in memory, which are not copied.
    ///
    /// # Errors
    /// As those of an Arrow file; messages call the rows `the spine`.
    pub fn spine_in(&self, service: &str, rows: &Table, at_column: &str, zone: Option<&str>) -> Result<Spine, Error> {
        self.spine_by(service, |keys| spine_of(rows, "the spine", keys, at_column, zone))
    }

    fn spine_by(
        &self,
        service: &str,
        read: impl FnOnce(&[Key]) -> Result<featr_decode::Spine, DecodeError>,
    ) -> Result<Spine, Error> {
        let service = self.service(service)?;
        let keys = service.columns();
        let read = read(&keys).map_err(|error| match &error {
            DecodeError::MissingColumn { column, found, .. } => {
                let has = |name: &str| found.iter().any(|known| known == name);
                shared_identity(service, column, has).unwrap_or(Error::Decode(error))
            }
            _ => Error::Decode(error),
        })?;
        let columns = keys.into_iter().zip(read.keys).collect();
        Ok(Spine {
            schema: read.schema,
            batches: read.batches,
            times: read.times.into(),
            columns,
        })
    }

    /// A spine in memory; columns as in a file.
    ///
    /// # Errors
    /// [`Error::UnknownService`]; [`Error::Columns`] for a missing column, a type that does not decode, a null instant, or
    /// batches that differ in their columns.
    pub fn spine(&self, service: &str, batches: Vec<RecordBatch>, at_column: &str) -> Result<Spine, Error> {
        let service = self.service(service)?;
        let keys = service.columns();
        let schema = batches
            .first()
            .map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
        let refuse = |column: &str, why: String| Error::Columns {
            what: format!("spine column `{column}`"),
            why,
        };
        if batches.iter().any(|batch| batch.schema() != schema) {
            return Err(refuse(at_column, "the batches have different columns".to_owned()));
        }
        if let Some(twice) = first_twice(schema.fields().iter().map(|field| field.name())) {
            return Err(refuse(twice, "occurs twice".to_owned()));
        }
        let column = |name: &str, ty: Type| -> Result<Column, Error> {
            let mut all = Column::empty(ty);
            for batch in &batches {
                let array = batch.column_by_name(name).ok_or_else(|| {
                    let shared = shared_identity(service, name, |plain| batch.column_by_name(plain).is_some());
                    shared.unwrap_or_else(|| refuse(name, "is missing".to_owned()))
                })?;
                all.append(&from_arrow(array, ty).map_err(|why| refuse(name, why))?);
            }
            Ok(all)
        };
        let times = column(at_column, Type::Timestamp)?;
        if let Some(row) = (0..times.len()).find(|row| !times.is_valid(*row)) {
            return Err(refuse(at_column, format!("is null in row {row}")));
        }
        let times = times.i64s().to_vec().into();
        let columns = keys
            .into_iter()
            .map(|key| Ok((key.clone(), column(&key.name, key.ty)?)));
        let columns = columns.collect::<Result<_, Error>>()?;
        Ok(Spine {
            schema,
            batches,
            times,
            columns,
        })
    }
}

/// Reads rows from Parquet, CSV or JSONL with the given keys and instants: as [`Program::read_spine`], of no service.
///
/// # Errors
/// [`Error::Decode`].
pub fn read_rows(path: &Path, keys: &[Key], at_column: &str) -> Result<Spine, Error> {
    let read = read_spine(path, keys, at_column, None)?;
    Ok(Spine {
        schema: read.schema,
        batches: read.batches,
        times: read.times.into(),
        columns: keys.iter().cloned().zip(read.keys).collect(),
    })
}

/// Columns of a spine, as questions bring them: keys, self columns, fields of requests.
pub(crate) type Brought<'a> = (Vec<&'a Column>, Vec<&'a Column>, Vec<&'a Column>);

/// The spine's columns in the service's order.
pub(crate) fn split<'a>(spine: &'a Spine, service: &Asked) -> Result<Brought<'a>, Error> {
    let find = |key: &Key| {
        let found = spine
            .columns
            .iter()
            .find(|(known, column)| known.name == key.name && column.ty == key.ty);
        found.map(|(_, column)| column).ok_or_else(|| Error::Columns {
            what: format!("spine column `{}`", key.name),
            why: "is missing".to_owned(),
        })
    };
    let all = |keys: &[Key]| keys.iter().map(find).collect::<Result<Vec<_>, _>>();
    Ok((all(&service.keys)?, all(&service.self_columns)?, all(&service.request)?))
}

/// The spine's own columns beside those of `features` (one row per spine row), cut as the spine is.
pub(crate) fn join_columns(spine: &Spine, features: &RecordBatch) -> Result<(SchemaRef, Vec<RecordBatch>), Error> {
    let own = spine.schema.fields().iter().cloned();
    let added = features.schema();
    let names: std::collections::HashSet<&String> = spine.schema.fields().iter().map(|field| field.name()).collect();
    for field in added.fields() {
        if names.contains(field.name()) {
            return Err(Error::ColumnClash {
                column: field.name().clone(),
                of_spine: true,
            });
        }
    }
    let fields: Vec<Arc<Field>> = own.chain(added.fields().iter().cloned()).collect();
    // Metadata speak of the file that they stand in, not of this one.
    let schema = Arc::new(Schema::new(fields));
    let mut from = 0;
    let mut batches = Vec::with_capacity(spine.batches.len());
    for batch in &spine.batches {
        let part = features.slice(from, batch.num_rows());
        from += batch.num_rows();
        let columns = batch.columns().iter().chain(part.columns()).cloned().collect();
        let joined = RecordBatch::try_new(schema.clone(), columns);
        batches.push(joined.map_err(|error| Error::Bug { why: error.to_string() })?);
    }
    Ok((schema, batches))
}

/// A column of a result, over all its batches.
///
/// # Errors
/// [`Error::Bug`] when the batches do not share a type.
pub fn whole_column(schema: &Schema, batches: &[RecordBatch], place: usize) -> Result<ArrayRef, Error> {
    let parts: Vec<&dyn arrow::array::Array> = batches.iter().map(|batch| batch.column(place).as_ref()).collect();
    match parts.as_slice() {
        [] => Ok(new_empty_array(schema.field(place).data_type())),
        [only] => Ok(only.slice(0, only.len())),
        parts => concat(parts).map_err(|error| Error::Bug { why: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::DataType;

    #[test]
    fn a_column_without_rows_has_its_type() {
        let schema = Schema::new(vec![Field::new("total", DataType::Float64, true)]);
        let column = whole_column(&schema, &[], 0).expect("a column");
        assert_eq!((column.len(), column.data_type()), (0, &DataType::Float64));
    }
}
