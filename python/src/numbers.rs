//! Columns of other types: numbers for models, and declared types where libraries have others for the same values.

use arrow::array::{Array as _, ArrayRef, AsArray as _, Float64Array, RecordBatch, new_empty_array, new_null_array};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Field, FieldRef, Float64Type, Int64Type, Schema,
    TimeUnit, TimestampMicrosecondType,
};
use arrow::error::ArrowError;
use arrow::util::display::FormatOptions;
use featc_ir::{SourceColumn, Type};
use featr::{Column, Table, Value, arrow_type, parse_value, to_arrow};
use std::sync::Arc;

/// Whole floats below this are exact; it is itself also what the number above it is rounded to.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// A column as one that models take, if its type is none: booleans as 0 and 1, decimals as the nearest float64, durations
/// in seconds, dates in days since 1970-01-01, all float64. Nulls stay.
fn number(array: &ArrayRef) -> Result<Option<ArrayRef>, ArrowError> {
    Ok(Some(match array.data_type() {
        DataType::Boolean => cast(array, &DataType::Float64)?,
        DataType::Decimal128(_, scale) => {
            let scale = u32::try_from(*scale).unwrap_or(0);
            let decimals = array.as_primitive::<Decimal128Type>();
            let nearest: Float64Array = decimals.unary(|decimal| quotient(decimal, scale));
            Arc::new(nearest)
        }
        DataType::Date32 => {
            let days: Float64Array = array.as_primitive::<Date32Type>().unary(f64::from);
            Arc::new(days)
        }
        DataType::Duration(TimeUnit::Microsecond) => {
            let spans = array.as_primitive::<DurationMicrosecondType>();
            let seconds: Float64Array = spans.unary(|us| quotient(us.into(), 6));
            Arc::new(seconds)
        }
        _ => return Ok(None),
    }))
}

/// `number` in units of 10^-`places`, rounded once: the nearest float64.
fn quotient(number: i128, places: u32) -> f64 {
    // Both sides of the division are exact up to here, and it rounds once.
    if number.unsigned_abs() < 1 << 53 && places <= 22 {
        return number as f64 / 10f64.powi(places.cast_signed());
    }
    // Text is read as the nearest float.
    format!("{number}e-{places}").parse().unwrap_or(f64::NAN)
}

/// Declared columns with their types.
#[derive(Debug, Clone, Default)]
pub struct Declared {
    columns: Vec<(String, Type)>,
}

impl Declared {
    /// The columns of a source, by what their rows call them; those that are read in another way than their types say are
    /// left as they are.
    pub fn of_source<'a>(columns: impl Iterator<Item = &'a SourceColumn>) -> Declared {
        let plain = columns.filter(|column| column.form.read_as.is_none());
        Declared {
            columns: plain.map(|column| (column.field().to_owned(), column.ty)).collect(),
        }
    }

    /// Of columns and their types.
    pub fn new<'a>(columns: impl Iterator<Item = (&'a String, Type)>) -> Declared {
        let columns = columns.map(|(name, ty)| (name.clone(), ty));
        Declared {
            columns: columns.collect(),
        }
    }

    /// The same, and one more column.
    pub fn with(mut self, name: &str, ty: Type) -> Declared {
        self.columns.push((name.to_owned(), ty));
        self
    }

    /// The table with the declared types where libraries have others for the very same values: floats for integers and
    /// decimals, integers for floats, texts for all but texts, anything for what is missing throughout.
    pub fn fit(&self, table: &Table) -> Table {
        let mut fit = table.clone();
        for (name, ty) in &self.columns {
            if let Some(column) = FrameColumn::new(&fit, name) {
                fit = column.fit(*ty).unwrap_or(fit);
            }
        }
        fit
    }
}

/// Of what does not fit there is no result.
const EXACT: CastOptions<'static> = CastOptions {
    safe: false,
    format_options: FormatOptions::new(),
};

/// A column of a table.
struct FrameColumn<'a> {
    table: &'a Table,
    place: usize,
    ty: &'a DataType,
}

impl<'a> FrameColumn<'a> {
    fn new(table: &'a Table, name: &str) -> Option<FrameColumn<'a>> {
        let (place, field) = table.schema.column_with_name(name)?;
        let ty = field.data_type();
        Some(FrameColumn { table, place, ty })
    }

    /// The table in which it has the declared type, if it has not, and each value stands for one of that type.
    fn fit(&self, ty: Type) -> Option<Table> {
        match (self.ty, ty) {
            (found, declared) if *found == arrow_type(declared) => None,
            (DataType::Null, _) => self.changed(|array| Some(new_null_array(&arrow_type(ty), array.len()))),
            (DataType::Float64, Type::Int64) => self.by(ty, floats, |float| match float {
                float if float.fract() == 0.0 && float.abs() < WHOLE_MAX => Some(Value::Int64(float as i64)),
                _ => None,
            }),
            (DataType::Float64, Type::Decimal { .. }) => self.by(ty, floats, |float| decimal(float, ty)),
            // Where nothing is there libraries have floats.
            (DataType::Float64, _) => self.by(ty, floats, |_| None),
            (DataType::Int64, Type::Float64) => self.by(ty, integers, |whole| {
                (whole.unsigned_abs() <= 1 << 53).then_some(Value::Float64(whole as f64))
            }),
            (DataType::Decimal128(_, from), Type::Decimal { scale, .. }) if i64::from(*from) <= i64::from(scale) => {
                self.changed(|array| cast_with_options(array, &arrow_type(ty), &EXACT).ok())
            }
            (found, declared) if is_text(found) && declared != Type::String => {
                self.by(ty, texts, |text| parse_value(&text, ty))
            }
            _ => None,
        }
    }

    /// The table with each value of the column as another, null as null; `None` if there is a value that stands for none.
    fn by<T>(
        &self,
        ty: Type,
        values: impl Fn(&ArrayRef) -> Option<Vec<Option<T>>>,
        one: impl Fn(T) -> Option<Value>,
    ) -> Option<Table> {
        self.changed(|array| {
            let values = values(array)?.into_iter().map(|value| match value {
                None => Some(Value::Null),
                Some(value) => one(value),
            });
            Some(to_arrow(&Column::from_values(
                ty,
                &values.collect::<Option<Vec<Value>>>()?,
            )))
        })
    }

    /// The table with another array in place of each of the column.
    fn changed(&self, change: impl Fn(&ArrayRef) -> Option<ArrayRef>) -> Option<Table> {
        let mut fields: Vec<FieldRef> = self.table.schema.fields().iter().cloned().collect();
        let ty = change(&new_empty_array(self.ty))?.data_type().clone();
        fields[self.place] = Arc::new(Field::new(fields[self.place].name(), ty, true));
        let schema = Arc::new(Schema::new_with_metadata(fields, self.table.schema.metadata().clone()));
        let batch = |batch: &RecordBatch| {
            let mut columns = batch.columns().to_vec();
            columns[self.place] = change(&columns[self.place])?;
            RecordBatch::try_new(schema.clone(), columns).ok()
        };
        Some(Table {
            batches: self.table.batches.iter().map(batch).collect::<Option<_>>()?,
            schema: schema.clone(),
        })
    }
}

/// The floats of a column. Of libraries that have no other null, NaN is one.
fn floats(array: &ArrayRef) -> Option<Vec<Option<f64>>> {
    let floats = array.as_primitive::<Float64Type>().iter();
    Some(floats.map(|float| float.filter(|float| !float.is_nan())).collect())
}

fn integers(array: &ArrayRef) -> Option<Vec<Option<i64>>> {
    Some(array.as_primitive::<Int64Type>().iter().collect())
}

pub fn is_text(ty: &DataType) -> bool {
    match ty {
        DataType::Dictionary(_, values) => is_text(values),
        ty => matches!(ty, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
    }
}

fn texts(array: &ArrayRef) -> Option<Vec<Option<String>>> {
    let texts = cast(array, &DataType::Utf8).ok()?;
    let texts = texts.as_string::<i32>().iter();
    Some(texts.map(|text| text.map(str::to_owned)).collect())
}

/// So many digits come back from a float64 as they were written.
const DIGITS_MAX: usize = 15;

/// The decimal that was written where a library has its float: it fits the type, and has no more digits than come back.
fn decimal(float: f64, ty: Type) -> Option<Value> {
    // A float is written in the fewest digits that lead back to it, and never with an exponent.
    let text = match float == 0.0 {
        true => "0".to_owned(),
        false => float.to_string(),
    };
    let digits = text.bytes().filter(u8::is_ascii_digit);
    let few = digits.skip_while(|digit| *digit == b'0').count() <= DIGITS_MAX;
    parse_value(&text, ty).filter(|_| few)
}

/// January 1970, in microseconds.
const JANUARY_US: std::ops::Range<i64> = 0..31 * 86_400_000_000;

/// Whether a column has instants, and all of them lie in January 1970: numbers of seconds do that are taken for parts of one.
pub fn is_of_january_1970(table: &Table, name: &str) -> bool {
    let Some((place, field)) = table.schema.column_with_name(name) else {
        return false;
    };
    let DataType::Timestamp(_, zone) = field.data_type() else {
        return false;
    };
    let us = DataType::Timestamp(TimeUnit::Microsecond, zone.clone());
    let mut is_found = false;
    for batch in &table.batches {
        // The first rows of most columns tell.
        for start in (0..batch.num_rows()).step_by(1024) {
            let rows = batch.column(place).slice(start, 1024.min(batch.num_rows() - start));
            let Ok(instants) = cast(&rows, &us) else {
                return false;
            };
            for instant in instants.as_primitive::<TimestampMicrosecondType>().iter().flatten() {
                if !JANUARY_US.contains(&instant) {
                    return false;
                }
                is_found = true;
            }
        }
    }
    is_found
}

/// The columns of these names as numbers.
pub fn numeric(table: &Table, names: &[String]) -> Result<Table, ArrowError> {
    changed(table, |field, array| match names.contains(field.name()) {
        true => number(array),
        false => Ok(None),
    })
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
