//! Columns of a result as columns of a Delta table.

use crate::problem::problem;
use arrow::array::{Array as _, ArrayRef, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use featr_decode::{DecodeError, LakeCause};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

const MICROSECONDS: DataType = DataType::Duration(TimeUnit::Microsecond);

/// The columns of a table, in its order.
pub(crate) type Table = Vec<Column>;

/// A column of a table, as the log's schema has it: the Delta transaction protocol, "Schema Serialization Format".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Column {
    pub name: String,
    /// A word such as `long`, or an object.
    #[serde(rename = "type")]
    pub ty: Value,
    pub nullable: bool,
    #[serde(default)]
    pub metadata: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct Struct {
    #[serde(rename = "type")]
    ty: String,
    fields: Table,
}

/// The columns that a log's schema names.
///
/// # Errors
/// A text that is no schema.
pub(crate) fn columns(schema: &str) -> Result<Table, String> {
    let whole: Struct = serde_json::from_str(schema).map_err(|error| format!("its schema is none: {error}"))?;
    match whole.ty.as_str() {
        "struct" => Ok(whole.fields),
        other => Err(format!("its schema is a {other}")),
    }
}

/// Columns as a log's schema.
pub(crate) fn schema_string(columns: &[Column]) -> String {
    let whole = Struct {
        ty: "struct".into(),
        fields: columns.to_vec(),
    };
    serde_json::to_string(&whole).unwrap_or_default()
}

fn column(name: &str, ty: Value) -> Column {
    Column {
        name: name.to_owned(),
        ty,
        nullable: true,
        metadata: Map::new(),
    }
}

/// A type as messages call it.
fn said(ty: &Value) -> String {
    ty.as_str().map_or_else(|| ty.to_string(), str::to_owned)
}

/// What rows become on their way into a table.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    address: String,
    /// What the data files hold.
    pub arrow: SchemaRef,
    pub delta: Table,
    /// Whether a column is a timestamp without zone, which a table must declare as a feature.
    pub local_timestamps: bool,
    /// Columns of an existing table that must not be null.
    required: BTreeSet<String>,
}

impl Columns {
    /// # Errors
    /// [`LakeCause::UnfitColumn`].
    pub(crate) fn of(address: &str, schema: &Schema) -> Result<Columns, DecodeError> {
        let mut seen = BTreeSet::new();
        let (mut arrow, mut delta) = (Vec::<FieldRef>::new(), Table::new());
        for field in schema.fields() {
            let name = field.name();
            let unfit = |why: String| problem(LakeCause::UnfitColumn, address, format!("column `{name}` {why}"));
            if let Some(bad) = name.chars().find(|char| " ,;{}()\n\t=".contains(*char)) {
                return Err(unfit(format!("has {bad:?} in its name")));
            }
            if !seen.insert(name.to_lowercase()) {
                return Err(unfit("is there twice, letter case aside".into()));
            }
            let (held, ty) =
                held(field.data_type()).ok_or_else(|| unfit(format!("has the type {}", field.data_type())))?;
            arrow.push(Arc::new(Field::new(name, held, true)));
            let mut column = column(name, ty);
            if let DataType::Duration(_) = field.data_type() {
                column
                    .metadata
                    .insert("comment".into(), "duration in microseconds".into());
            }
            delta.push(column);
        }
        let local = |field: &FieldRef| matches!(field.data_type(), DataType::Timestamp(_, None));
        Ok(Columns {
            address: address.to_owned(),
            local_timestamps: arrow.iter().any(local),
            arrow: Arc::new(Schema::new(arrow)),
            delta,
            required: BTreeSet::new(),
        })
    }

    /// Compares with an existing table: the same columns with the same types, in any order.
    ///
    /// # Errors
    /// [`LakeCause::SchemaDiffers`].
    pub(crate) fn fit(&mut self, table: &[Column]) -> Result<(), DecodeError> {
        let differs = |why: String| Err(problem(LakeCause::SchemaDiffers, &self.address, why));
        for ours in &self.delta {
            match table.iter().find(|theirs| theirs.name == ours.name) {
                None => return differs(format!("the table has no column `{}`", ours.name)),
                Some(theirs) if theirs.ty != ours.ty => {
                    return differs(format!(
                        "column `{}` is {} in the table and {} in the rows",
                        ours.name,
                        said(&theirs.ty),
                        said(&ours.ty)
                    ));
                }
                Some(_) => {}
            }
        }
        let known = |theirs: &&Column| self.delta.iter().all(|ours| ours.name != theirs.name);
        if let Some(more) = table.iter().find(known) {
            return differs(format!("the rows have no column `{}`", more.name));
        }
        let required = table.iter().filter(|column| !column.nullable);
        self.required = required.map(|column| column.name.clone()).collect();
        Ok(())
    }

    /// The rows as the data files hold them.
    ///
    /// # Errors
    /// [`LakeCause::UnfitColumn`] for a value that cannot be held exactly, [`LakeCause::SchemaDiffers`] for a null where
    /// the table has none.
    pub(crate) fn rows(&self, batch: &RecordBatch) -> Result<RecordBatch, DecodeError> {
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (array, field) in batch.columns().iter().zip(self.arrow.fields()) {
            let held = exact(array, field.data_type()).map_err(|why| {
                problem(
                    LakeCause::UnfitColumn,
                    &self.address,
                    format!("column `{}` {why}", field.name()),
                )
            })?;
            if held.null_count() > 0 && self.required.contains(field.name()) {
                let why = format!("column `{}` must not be null in the table", field.name());
                return Err(problem(LakeCause::SchemaDiffers, &self.address, why));
            }
            columns.push(held);
        }
        RecordBatch::try_new(self.arrow.clone(), columns)
            .map_err(|error| problem(LakeCause::UnfitColumn, &self.address, error.to_string()))
    }
}

/// The type that a column has in the data files and in the table; `None` where Delta has nothing that holds it.
fn held(ty: &DataType) -> Option<(DataType, Value)> {
    let same = |delta: &str| Some((ty.clone(), delta.into()));
    match ty {
        DataType::Boolean => same("boolean"),
        DataType::Int8 => same("byte"),
        DataType::Int16 => same("short"),
        DataType::Int32 => same("integer"),
        DataType::Int64 => same("long"),
        DataType::UInt8 => held(&DataType::Int16),
        DataType::UInt16 => held(&DataType::Int32),
        DataType::UInt32 | DataType::UInt64 => held(&DataType::Int64),
        DataType::Float32 => same("float"),
        DataType::Float16 => held(&DataType::Float32),
        DataType::Float64 => same("double"),
        DataType::Decimal128(precision, scale) => {
            let fits = (1..=38).contains(precision) && u8::try_from(*scale).is_ok_and(|scale| scale <= *precision);
            fits.then(|| (ty.clone(), format!("decimal({precision},{scale})").into()))
        }
        DataType::Utf8 => same("string"),
        DataType::LargeUtf8 | DataType::Utf8View => held(&DataType::Utf8),
        DataType::Binary => same("binary"),
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => held(&DataType::Binary),
        DataType::Date32 => same("date"),
        DataType::Date64 => held(&DataType::Date32),
        DataType::Timestamp(_, zone) => Some(match zone {
            Some(_) => (
                DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
                "timestamp".into(),
            ),
            None => (DataType::Timestamp(TimeUnit::Microsecond, None), "timestamp_ntz".into()),
        }),
        // Delta has none: its microseconds, as `cast(d as int64)` gives them.
        DataType::Duration(_) => Some((DataType::Int64, "long".into())),
        DataType::Dictionary(_, values) => held(values),
        _ => None,
    }
}

/// An array in another type, every value exactly.
fn exact(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, String> {
    if array.data_type() == to {
        return Ok(array.clone());
    }
    let strict = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let cast = |array: &ArrayRef, to: &DataType| {
        cast_with_options(array, to, &strict).map_err(|error| format!("does not fit {to}: {error}"))
    };
    let from = array.data_type();
    let held = match from {
        DataType::Duration(_) => cast(&cast(array, &MICROSECONDS)?, to)?,
        _ => cast(array, to)?,
    };
    let back = match from {
        DataType::Timestamp(TimeUnit::Nanosecond, _) => cast(&held, from)?,
        DataType::Duration(TimeUnit::Nanosecond) => cast(&cast(&held, &MICROSECONDS)?, from)?,
        _ => return Ok(held),
    };
    if back.as_ref() != array.as_ref() {
        return Err("has values finer than microseconds".into());
    }
    Ok(held)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{
        AsArray as _, DurationNanosecondArray, DurationSecondArray, Int64Array, TimestampNanosecondArray, UInt64Array,
    };
    use arrow::datatypes::{Int64Type, TimestampMicrosecondType};

    fn rows_of(name: &str, ty: DataType) -> Result<Columns, DecodeError> {
        Columns::of("t", &Schema::new(vec![Field::new(name, ty, true)]))
    }

    fn why(outcome: Result<impl std::fmt::Debug, DecodeError>) -> String {
        outcome.unwrap_err().to_string()
    }

    #[test]
    fn what_delta_cannot_hold_is_refused() {
        assert!(why(rows_of("a b", DataType::Int64)).contains("`a b` has ' ' in its name"));
        assert!(why(rows_of("d", DataType::Time64(TimeUnit::Microsecond))).contains("has the type Time64"));
        let twice = vec![
            Field::new("a", DataType::Int64, true),
            Field::new("A", DataType::Int64, true),
        ];
        assert!(why(Columns::of("t", &Schema::new(twice))).contains("`A` is there twice"));
    }

    #[test]
    fn values_are_held_exactly_or_refused() {
        let rows = |ty: DataType, array: ArrayRef| {
            let schema = Arc::new(Schema::new(vec![Field::new("x", ty.clone(), true)]));
            rows_of("x", ty)
                .unwrap()
                .rows(&RecordBatch::try_new(schema, vec![array]).unwrap())
        };
        let nanos = DataType::Timestamp(TimeUnit::Nanosecond, Some("Europe/Paris".into()));
        let stamps = |values: Vec<i64>| Arc::new(TimestampNanosecondArray::from(values).with_timezone("Europe/Paris"));
        let held = rows(nanos.clone(), stamps(vec![-1_000, 5_000])).unwrap();
        assert_eq!(
            held.column(0).as_primitive::<TimestampMicrosecondType>().values(),
            &[-1, 5]
        );
        assert!(why(rows(nanos, stamps(vec![1]))).contains("finer than microseconds"));
        assert!(why(rows(DataType::UInt64, Arc::new(UInt64Array::from(vec![u64::MAX])))).contains("does not fit"));
        let seconds = DurationSecondArray::from(vec![Some(-3), None]);
        let held = rows(DataType::Duration(TimeUnit::Second), Arc::new(seconds)).unwrap();
        assert_eq!(
            held.column(0).as_primitive::<Int64Type>(),
            &Int64Array::from(vec![Some(-3_000_000), None])
        );
        let nanos = DurationNanosecondArray::from(vec![1_001]);
        assert!(why(rows(DataType::Duration(TimeUnit::Nanosecond), Arc::new(nanos))).contains("finer than"));
        let held = rows(DataType::Int64, Arc::new(Int64Array::from(vec![7]))).unwrap();
        assert_eq!(held.num_rows(), 1);
    }

    #[test]
    fn a_table_must_have_the_same_columns() {
        let fit = |fields: Vec<Column>| rows_of("x", DataType::Int64).unwrap().fit(&fields);
        fit(vec![column("x", "long".into())]).unwrap();
        assert!(why(fit(vec![column("y", "long".into())])).contains("no column `x`"));
        assert!(why(fit(vec![column("x", "string".into())])).contains("is string in the table"));
        let more = vec![column("x", "long".into()), column("y", "long".into())];
        assert!(why(fit(more)).contains("the rows have no column `y`"));
    }
}
