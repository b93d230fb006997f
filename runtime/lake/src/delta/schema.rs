//! Columns of a result as columns of a Delta table.

use crate::problem::problem;
use arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType, TimestampNanosecondType,
};
use deltalake_core::kernel::{DataType as DeltaType, StructField, StructType};
use featr_decode::{DecodeError, LakeCause};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What rows become on their way into a table.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    address: String,
    /// What the data files hold.
    pub arrow: SchemaRef,
    pub delta: StructType,
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
        let (mut arrow, mut delta) = (Vec::<FieldRef>::new(), Vec::new());
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
            delta.push(StructField::nullable(name, ty));
        }
        let local = |field: &FieldRef| matches!(field.data_type(), DataType::Timestamp(_, None));
        Ok(Columns {
            address: address.to_owned(),
            local_timestamps: arrow.iter().any(local),
            arrow: Arc::new(Schema::new(arrow)),
            delta: StructType::try_new(delta)
                .map_err(|error| problem(LakeCause::UnfitColumn, address, error.to_string()))?,
            required: BTreeSet::new(),
        })
    }

    /// Compares with an existing table: the same columns with the same types, in any order.
    ///
    /// # Errors
    /// [`LakeCause::SchemaDiffers`].
    pub(crate) fn fit(&mut self, table: &StructType) -> Result<(), DecodeError> {
        let differs = |why: String| Err(problem(LakeCause::SchemaDiffers, &self.address, why));
        for ours in self.delta.fields() {
            match table.field(ours.name()) {
                None => return differs(format!("the table has no column `{}`", ours.name())),
                Some(theirs) if theirs.data_type() != ours.data_type() => {
                    return differs(format!(
                        "column `{}` is {} in the table and {} in the rows",
                        ours.name(),
                        theirs.data_type(),
                        ours.data_type()
                    ));
                }
                Some(_) => {}
            }
        }
        if let Some(more) = table.fields().find(|theirs| self.delta.field(theirs.name()).is_none()) {
            return differs(format!("the rows have no column `{}`", more.name()));
        }
        self.required = table
            .fields()
            .filter(|field| !field.is_nullable())
            .map(|field| field.name().clone())
            .collect();
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
fn held(ty: &DataType) -> Option<(DataType, DeltaType)> {
    let same = |delta: DeltaType| Some((ty.clone(), delta));
    match ty {
        DataType::Boolean => same(DeltaType::BOOLEAN),
        DataType::Int8 => same(DeltaType::BYTE),
        DataType::Int16 => same(DeltaType::SHORT),
        DataType::Int32 => same(DeltaType::INTEGER),
        DataType::Int64 => same(DeltaType::LONG),
        DataType::UInt8 => held(&DataType::Int16),
        DataType::UInt16 => held(&DataType::Int32),
        DataType::UInt32 | DataType::UInt64 => held(&DataType::Int64),
        DataType::Float32 => same(DeltaType::FLOAT),
        DataType::Float16 => held(&DataType::Float32),
        DataType::Float64 => same(DeltaType::DOUBLE),
        DataType::Decimal128(precision, scale) => {
            let scale = u8::try_from(*scale).ok()?;
            same(DeltaType::decimal(*precision, scale).ok()?)
        }
        DataType::Utf8 => same(DeltaType::STRING),
        DataType::LargeUtf8 | DataType::Utf8View => held(&DataType::Utf8),
        DataType::Binary => same(DeltaType::BINARY),
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => held(&DataType::Binary),
        DataType::Date32 => same(DeltaType::DATE),
        DataType::Date64 => held(&DataType::Date32),
        DataType::Timestamp(_, zone) => Some(match zone {
            Some(_) => (
                DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
                DeltaType::TIMESTAMP,
            ),
            None => (
                DataType::Timestamp(TimeUnit::Microsecond, None),
                DeltaType::TIMESTAMP_NTZ,
            ),
        }),
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
    let held = cast_with_options(array, to, &strict).map_err(|error| format!("does not fit {to}: {error}"))?;
    if let (Some(before), Some(after)) = (
        array.as_primitive_opt::<TimestampNanosecondType>(),
        held.as_primitive_opt::<TimestampMicrosecondType>(),
    ) {
        let lost =
            |row: &usize| before.is_valid(*row) && Some(before.value(*row)) != after.value(*row).checked_mul(1_000);
        if (0..before.len()).any(|row| lost(&row)) {
            return Err("has instants finer than microseconds".into());
        }
    }
    Ok(held)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int64Array, TimestampNanosecondArray, UInt64Array};

    fn columns(name: &str, ty: DataType) -> Result<Columns, DecodeError> {
        Columns::of("t", &Schema::new(vec![Field::new(name, ty, true)]))
    }

    fn why(outcome: Result<impl std::fmt::Debug, DecodeError>) -> String {
        outcome.unwrap_err().to_string()
    }

    #[test]
    fn what_delta_cannot_hold_is_refused() {
        assert!(why(columns("a b", DataType::Int64)).contains("`a b` has ' ' in its name"));
        assert!(why(columns("d", DataType::Duration(TimeUnit::Second))).contains("has the type Duration"));
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
            columns("x", ty)
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
        let held = rows(DataType::Int64, Arc::new(Int64Array::from(vec![7]))).unwrap();
        assert_eq!(held.num_rows(), 1);
    }

    #[test]
    fn a_table_must_have_the_same_columns() {
        let table = |fields: Vec<StructField>| StructType::try_new(fields).unwrap();
        let fit = |fields| columns("x", DataType::Int64).unwrap().fit(&table(fields));
        fit(vec![StructField::nullable("x", DeltaType::LONG)]).unwrap();
        assert!(why(fit(vec![StructField::nullable("y", DeltaType::LONG)])).contains("no column `x`"));
        assert!(why(fit(vec![StructField::nullable("x", DeltaType::STRING)])).contains("is string in the table"));
        let more = vec![
            StructField::nullable("x", DeltaType::LONG),
            StructField::nullable("y", DeltaType::LONG),
        ];
        assert!(why(fit(more)).contains("the rows have no column `y`"));
    }
}
