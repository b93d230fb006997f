//! Columns of other types: numbers for models, integers and decimals that pandas has turned into floats, instants that are
//! texts.

use arrow::array::{
    Array, ArrayRef, AsArray as _, Decimal128Array, Float64Array, Int64Array, RecordBatch, TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, DurationMicrosecondType, Field, Float64Type, Schema, TimeUnit};
use arrow::error::ArrowError;
use featc_ir::Type;
use featr::{Table, Value, arrow_type, parse_value};
use std::sync::Arc;

/// Whole floats below this are exact; it is itself also what the number above it is rounded to.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// A column as one that models take, if its type is none: booleans as 0 and 1, decimals as the nearest float64, durations
/// in seconds, dates in days since 1970-01-01, all float64. Nulls stay.
fn number(array: &ArrayRef) -> Result<Option<ArrayRef>, ArrowError> {
    Ok(Some(match array.data_type() {
        DataType::Boolean | DataType::Decimal128(..) => cast(array, &DataType::Float64)?,
        DataType::Date32 => {
            let days: Float64Array = array.as_primitive::<Date32Type>().unary(f64::from);
            Arc::new(days)
        }
        DataType::Duration(TimeUnit::Microsecond) => {
            let spans = array.as_primitive::<DurationMicrosecondType>();
            let seconds: Float64Array = spans.unary(|us| us as f64 / 1e6);
            Arc::new(seconds)
        }
        _ => return Ok(None),
    }))
}

/// Columns that are declared as integers, as instants and as decimals.
#[derive(Debug, Clone, Default)]
pub struct Declared {
    pub integers: Vec<String>,
    pub instants: Vec<String>,
    pub decimals: Vec<(String, Type)>,
}

impl Declared {
    /// Of columns and their types.
    pub fn new<'a>(columns: impl Iterator<Item = (&'a String, Type)>) -> Declared {
        let mut declared = Declared::default();
        for (name, ty) in columns {
            match ty {
                Type::Int64 => declared.integers.push(name.clone()),
                Type::Timestamp => declared.instants.push(name.clone()),
                Type::Decimal { .. } => declared.decimals.push((name.clone(), ty)),
                _ => {}
            }
        }
        declared
    }

    /// The table with integers and decimals where pandas has floats, and instants where there are their texts.
    pub fn fit(&self, table: &Table) -> Result<Table, ArrowError> {
        let mut fit = whole(table, &self.integers)?;
        for name in &self.instants {
            fit = instants(&fit, name).unwrap_or(fit);
        }
        for (name, ty) in &self.decimals {
            fit = decimals(&fit, name, *ty).unwrap_or(fit);
        }
        Ok(fit)
    }
}

/// The columns of these names as numbers.
pub fn numeric(table: &Table, names: &[String]) -> Result<Table, ArrowError> {
    changed(table, |field, array| match names.contains(field.name()) {
        true => number(array),
        false => Ok(None),
    })
}

/// Columns of these names that hold float64, and in it nothing but whole numbers, as int64; NaN becomes null. So pandas
/// keeps integers some of which are missing.
fn whole(table: &Table, names: &[String]) -> Result<Table, ArrowError> {
    let is_whole = |value: f64| value.is_nan() || (value.fract() == 0.0 && value.abs() < WHOLE_MAX);
    let floats = |place: usize| {
        table
            .batches
            .iter()
            .map(move |batch| batch.column(place).as_primitive::<Float64Type>())
    };
    let fields = table.schema.fields().iter().enumerate();
    let chosen = fields.filter(|(place, field)| {
        names.contains(field.name())
            && *field.data_type() == DataType::Float64
            && floats(*place).all(|floats| floats.iter().flatten().all(is_whole))
    });
    let chosen: Vec<&str> = chosen.map(|(_, field)| field.name().as_str()).collect();
    if chosen.is_empty() {
        return Ok(table.clone());
    }
    changed(table, |field, array| {
        if !chosen.contains(&field.name().as_str()) {
            return Ok(None);
        }
        let floats = array.as_primitive::<Float64Type>().iter();
        let whole = floats.map(|value| value.filter(|value| !value.is_nan()).map(|value| value as i64));
        Ok(Some(Arc::new(Int64Array::from_iter(whole)) as ArrayRef))
    })
}

/// A column of texts as instants, if each of them is one: with an offset, as the command line reads them in text files.
fn instants(table: &Table, name: &str) -> Option<Table> {
    let is_text = |ty: &DataType| matches!(ty, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let (_, field) = table.schema.column_with_name(name)?;
    match field.data_type() {
        DataType::Dictionary(_, values) if is_text(values) => {}
        ty if is_text(ty) => {}
        _ => return None,
    }
    let instant = |text: &str| match parse_value(text, Type::Timestamp) {
        Some(Value::Timestamp(us)) => Ok(us),
        _ => Err(ArrowError::ParseError(text.to_owned())),
    };
    let parsed = changed(table, |field, array| {
        if field.name() != name {
            return Ok(None);
        }
        let texts = cast(array, &DataType::Utf8)?;
        let found = texts
            .as_string::<i32>()
            .iter()
            .map(|text| text.map(instant).transpose());
        let found: TimestampMicrosecondArray = found.collect::<Result<_, ArrowError>>()?;
        Ok(Some(Arc::new(found.with_timezone("UTC")) as ArrayRef))
    });
    parsed.ok()
}

/// So many digits come back from a float64 as they were written.
const DIGITS_MAX: usize = 15;

/// A column of float64 as decimals, if each of them is the float of a decimal that fits the type and has no more digits than
/// come back: it is that decimal. NaN becomes null. So libraries keep decimals that they read from text.
fn decimals(table: &Table, name: &str, ty: Type) -> Option<Table> {
    let (_, field) = table.schema.column_with_name(name)?;
    if *field.data_type() != DataType::Float64 {
        return None;
    }
    let decimal = |float: f64| {
        // A float is written in the fewest digits that lead back to it, and never with an exponent.
        let text = match float == 0.0 {
            true => "0".to_owned(),
            false => float.to_string(),
        };
        let digits = text.bytes().filter(u8::is_ascii_digit);
        let few = digits.skip_while(|digit| *digit == b'0').count() <= DIGITS_MAX;
        match parse_value(&text, ty).filter(|_| few) {
            Some(Value::Decimal(decimal)) => Ok(decimal),
            _ => Err(ArrowError::ParseError(text)),
        }
    };
    let made = changed(table, |field, array| {
        if field.name() != name {
            return Ok(None);
        }
        let floats = array.as_primitive::<Float64Type>().iter();
        let found = floats.map(|float| float.filter(|float| !float.is_nan()).map(decimal).transpose());
        let found: Decimal128Array = found.collect::<Result<_, ArrowError>>()?;
        Ok(Some(cast_decimal(found, ty)?))
    });
    made.ok()
}

/// Numbers without a point as those of a type.
fn cast_decimal(numbers: Decimal128Array, ty: Type) -> Result<ArrayRef, ArrowError> {
    match arrow_type(ty) {
        DataType::Decimal128(precision, scale) => Ok(Arc::new(numbers.with_precision_and_scale(precision, scale)?)),
        other => Err(ArrowError::CastError(format!("{other} is no decimal"))),
    }
}

/// The table with other columns in place of some.
fn changed(
    table: &Table,
    change: impl Fn(&Field, &ArrayRef) -> Result<Option<ArrayRef>, ArrowError>,
) -> Result<Table, ArrowError> {
    let fields = table.schema.fields();
    // What a column becomes is decided by its type alone, so that batches agree.
    let empty = RecordBatch::new_empty(table.schema.clone());
    let mut new_fields = Vec::with_capacity(fields.len());
    for (field, array) in fields.iter().zip(empty.columns()) {
        let ty = change(field, array)?.map(|array| array.data_type().clone());
        new_fields.push(match ty {
            Some(ty) => Arc::new(Field::new(field.name(), ty, true)),
            None => field.clone(),
        });
    }
    let schema = Arc::new(Schema::new_with_metadata(new_fields, table.schema.metadata().clone()));
    let batch = |batch: &RecordBatch| {
        let columns = fields.iter().zip(batch.columns());
        let columns = columns.map(|(field, array)| Ok(change(field, array)?.unwrap_or_else(|| array.clone())));
        RecordBatch::try_new(schema.clone(), columns.collect::<Result<_, ArrowError>>()?)
    };
    Ok(Table {
        batches: table.batches.iter().map(batch).collect::<Result<_, _>>()?,
        schema,
    })
}
