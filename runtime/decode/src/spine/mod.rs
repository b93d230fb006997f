//! Reading questions: the original columns untouched, and beside them the keys and the instants.

mod infer;
mod loose;
mod nested;
pub(crate) mod text;

use crate::detail::{BadValue, Broken};
use crate::error::{DecodeError, RowPlace};
use crate::guard::guarded;
use crate::names::first_twice;
use crate::rules::Rules;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use featc_ir::{Key, Type};
use featr_kernels::{Column, Data, Tag};
use loose::fitted;

/// Questions of a training set or a backfill, in file order.
#[derive(Debug, Clone)]
pub struct Spine {
    pub schema: SchemaRef,
    /// All columns of the file in its order, to be written back as they are. Of text formats, the keys and the
    /// instants have their declared types and other columns the narrowest type that loses nothing.
    pub batches: Vec<RecordBatch>,
    /// One column per key that was asked for, in that order, over all rows. Keys may be null.
    pub keys: Vec<Column>,
    /// The instant of every row, in microseconds since 1970-01-01T00:00:00Z.
    pub times: Vec<i64>,
}

impl Spine {
    /// The number of questions.
    pub fn rows(&self) -> usize {
        self.times.len()
    }
}

/// The columns that a spine must have.
pub(crate) struct Wanted<'a> {
    pub file: &'a str,
    pub keys: &'a [Key],
    pub at: &'a str,
    pub rules: Rules,
}

/// Columns of a spine, at most: each is carried through every step of a run.
const COLUMNS_MAX: usize = 65_536;

/// A spine from batches of a schema.
pub(crate) fn columns(
    schema: SchemaRef,
    next: &mut dyn FnMut() -> Result<Option<RecordBatch>, DecodeError>,
    wanted: &Wanted<'_>,
) -> Result<Spine, DecodeError> {
    wanted.few(schema.fields().len())?;
    let (at, instant) = fitted(&schema, (wanted.at, Type::Timestamp), wanted)?;
    wanted.once(schema.fields().iter().map(|field| field.name().as_str()))?;
    let mut places = Vec::with_capacity(wanted.keys.len());
    for key in wanted.keys {
        places.push(fitted(&schema, (&key.name, key.ty), wanted)?);
    }
    let mut spine = Spine {
        schema,
        batches: Vec::new(),
        keys: wanted.keys.iter().map(|key| Column::empty(key.ty)).collect(),
        times: Vec::new(),
    };
    while let Some(batch) = next()? {
        let above = spine.times.len();
        let row = |row: usize| RowPlace::Row((above + row + 1) as u64);
        for ((key, (place, form)), all) in wanted.keys.iter().zip(&places).zip(&mut spine.keys) {
            let decoded = guarded(wanted.file, || {
                loose::decode(batch.column(*place).clone(), form, key.ty, wanted)
            })?;
            if let Some((at, why)) = decoded.refused.first() {
                return Err(wanted.bad_key(
                    row(*at),
                    &key.name,
                    format!("holds a value that does not decode: {why}"),
                    None,
                ));
            }
            all.append(&decoded.column);
        }
        let decoded = guarded(wanted.file, || {
            loose::decode(batch.column(at).clone(), &instant, Type::Timestamp, wanted)
        })?;
        if let Some((at, why)) = decoded.refused.first() {
            let why = format!("holds a value that does not decode: {why}");
            return Err(wanted.bad_instant(row(*at), why, None));
        }
        if let Some(at) = decoded.column.tags.iter().flatten().position(|tag| *tag != Tag::VALID) {
            return Err(wanted.bad_instant(row(at), "is null".into(), None));
        }
        spine.times.extend(instants(decoded.column));
        // The reader's batches lack the metadata of the file's schema.
        spine
            .batches
            .push(guarded(wanted.file, || batch.with_schema(spine.schema.clone()))?);
    }
    Ok(spine)
}

impl Wanted<'_> {
    /// Refuses a file of more columns than a spine may have.
    pub(crate) fn few(&self, columns: usize) -> Result<(), DecodeError> {
        match columns > COLUMNS_MAX {
            true => Err(self.too_wide(format!("it has more than {COLUMNS_MAX} columns"))),
            false => Ok(()),
        }
    }

    pub(crate) fn too_wide(&self, why: String) -> DecodeError {
        DecodeError::SpineTooWide {
            file: self.file.to_owned(),
            why,
        }
    }

    /// Refuses a file in which a column occurs twice: the result could not be read by names.
    pub(crate) fn once<'a>(&self, names: impl Iterator<Item = &'a str>) -> Result<(), DecodeError> {
        match first_twice(names) {
            None => Ok(()),
            Some(column) => Err(DecodeError::AmbiguousColumn {
                file: self.file.to_owned(),
                column: column.to_owned(),
            }),
        }
    }

    pub(crate) fn bad_line(&self, line: u64, why: String) -> DecodeError {
        DecodeError::SpineLine {
            file: self.file.to_owned(),
            line,
            why,
            broken: None,
        }
    }

    /// Of a line that is no record.
    pub(crate) fn broken_line(&self, line: u64, broken: Broken) -> DecodeError {
        DecodeError::SpineLine {
            file: self.file.to_owned(),
            line,
            why: broken.to_string(),
            broken: Some(broken),
        }
    }

    fn bad_key(&self, row: RowPlace, column: &str, why: String, value: Option<BadValue>) -> DecodeError {
        DecodeError::SpineKey {
            file: self.file.to_owned(),
            row,
            column: column.to_owned(),
            why,
            value,
        }
    }

    fn bad_instant(&self, row: RowPlace, why: String, value: Option<BadValue>) -> DecodeError {
        DecodeError::SpineInstant {
            file: self.file.to_owned(),
            row,
            column: self.at.to_owned(),
            why,
            value,
        }
    }
}

/// The data of a timestamp column.
fn instants(column: Column) -> Vec<i64> {
    match column.data {
        Data::I64(values) => values,
        Data::Bool(_) | Data::F64(_) | Data::I128(_) | Data::Str(_) => Vec::new(),
    }
}
