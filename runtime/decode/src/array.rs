//! Arrow arrays to columns: the table of accepted types, and the conversions.

mod lists;
mod plain;

use self::lists::lists;
use self::plain::taken;
use crate::detail::{BadValue, Wrong};
use crate::rules::Rules;
use crate::text::fits;
use crate::zone::Zone;
use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Date64Type, Decimal128Type, Decimal256Type, DurationMicrosecondType,
    DurationMillisecondType, DurationNanosecondType, DurationSecondType, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type, i256,
};
use featc_ir::Type;
use featr_kernels::{Column, Data, Tag};

/// How well an Arrow type decodes to a declared type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// Every value decodes.
    Whole,
    /// Values may be refused one by one.
    Checked,
    /// A timestamp without time zone: `Checked` under a declared zone, a mistake of the whole file otherwise.
    Naive,
    No,
}

/// The table of the crate's documentation.
pub(crate) fn fit(ty: Type, found: &DataType, zone: Option<Zone>) -> Fit {
    if let DataType::Dictionary(_, values) = found {
        return fit(ty, values, zone);
    }
    if *found == DataType::Null {
        return Fit::Whole;
    }
    let whole = |yes: bool| if yes { Fit::Whole } else { Fit::No };
    match ty {
        Type::Bool => whole(*found == DataType::Boolean),
        Type::Int64 if *found == DataType::UInt64 => Fit::Checked,
        Type::Int64 => whole(found.is_integer()),
        Type::Float64 => whole(found.is_floating()),
        Type::String => whole(matches!(
            found,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
        )),
        Type::Decimal { .. } if found.is_integer() || found.is_decimal() => Fit::Checked,
        Type::Decimal { .. } => Fit::No,
        Type::Timestamp => match found {
            DataType::Timestamp(_, None) if !zone.is_some_and(Zone::is_utc) => Fit::Naive,
            DataType::Timestamp(TimeUnit::Microsecond | TimeUnit::Nanosecond, _) => Fit::Whole,
            DataType::Timestamp(TimeUnit::Second | TimeUnit::Millisecond, _) => Fit::Checked,
            _ => Fit::No,
        },
        Type::Date if *found == DataType::Date64 => Fit::Checked,
        Type::Date => whole(*found == DataType::Date32),
        Type::List(of) => match found {
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
                fit(*of, item.data_type(), zone)
            }
            _ => Fit::No,
        },
        Type::Duration => match found {
            DataType::Duration(TimeUnit::Microsecond | TimeUnit::Nanosecond) => Fit::Whole,
            DataType::Duration(TimeUnit::Second | TimeUnit::Millisecond) => Fit::Checked,
            _ => Fit::No,
        },
    }
}

/// An Arrow type in the words of messages.
pub(crate) fn describe(found: &DataType) -> String {
    match found {
        DataType::Timestamp(unit, None) => format!("a timestamp without time zone ({unit})"),
        DataType::Timestamp(unit, Some(zone)) => format!("a timestamp ({unit}, {zone})"),
        DataType::Dictionary(_, values) => format!("a dictionary of {}", describe(values)),
        DataType::Struct(_) => "a struct".into(),
        DataType::Map(..) => "a map".into(),
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => "a list".into(),
        DataType::ListView(_) | DataType::LargeListView(_) => "a list view".into(),
        other => format!("{other}"),
    }
}

/// A decoded array: rows that were refused are null in the column, and listed in order.
pub(crate) struct Decoded {
    pub column: Column,
    pub refused: Vec<(usize, BadValue)>,
}

/// Decodes an array whose type has a fit other than `No`, and not `Naive` without a zone.
/// An error is a broken array, or a type without fit.
///
/// An array that nobody else has is taken apart without a copy where its values are what columns hold.
pub(crate) fn decode(array: ArrayRef, ty: Type, rules: Rules) -> Result<Decoded, String> {
    let rows = array.len();
    let found = array.data_type().clone();
    let mut out = Output {
        tags: plain::null_tags(array.nulls()),
        refused: Vec::new(),
        rows,
    };
    let array = match &found {
        DataType::Null => {
            return Ok(Decoded {
                column: Column::new(ty, rows),
                refused: Vec::new(),
            });
        }
        DataType::Dictionary(_, values) => {
            if let Some(strings) = Some(ty)
                .filter(|ty| *ty == Type::String)
                .and_then(|_| plain::dictionary(&array))
            {
                return Ok(out.decoded(ty, Data::Str(strings)));
            }
            let values = cast(&array, values).map_err(|error| error.to_string())?;
            return decode(values, ty, rules);
        }
        DataType::Float16 => cast(&array, &DataType::Float64).map_err(|error| error.to_string())?,
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) => {
            cast(&array, &DataType::Decimal128(38, *scale)).map_err(|error| error.to_string())?
        }
        _ => array,
    };
    let data = match ty {
        Type::Bool => array
            .as_boolean_opt()
            .map(|values| Data::Bool(plain::booleans(values.values()))),
        Type::Int64 => integers(array, &mut out).map(Data::I64),
        Type::Float64 => floats(array, rules, &mut out).map(Data::F64),
        Type::Decimal { precision, scale } => decimals(array, precision, scale, &mut out).map(Data::I128),
        Type::String => plain::strings(array).map(Data::Str),
        Type::Timestamp => timestamps(array, rules.zone, &mut out).map(Data::I64),
        Type::Date => dates(&array, &mut out).map(Data::I64),
        Type::Duration => durations(array, &mut out).map(Data::I64),
        Type::List(of) => lists(&array, *of, rules, &mut out)?,
    };
    let data = data.ok_or_else(|| format!("{} does not decode to {ty}", describe(&found)))?;
    Ok(out.decoded(ty, data))
}

/// The codes of a dictionary of strings as an int64 column, and the strings; `None` for any other array.
pub(crate) fn codes(array: &dyn Array) -> Option<(Column, StringArray)> {
    let (codes, texts) = plain::codes(array)?;
    let column = Column {
        ty: Type::Int64,
        data: Data::I64(codes.into_iter().map(|code| code as i64).collect()),
        tags: plain::null_tags(array.nulls()),
    };
    Some((column, texts.clone()))
}

/// What a conversion writes beside its values.
struct Output {
    tags: Option<Vec<u8>>,
    refused: Vec<(usize, BadValue)>,
    rows: usize,
}

impl Output {
    fn decoded(self, ty: Type, data: Data) -> Decoded {
        Decoded {
            column: Column {
                ty,
                data,
                tags: self.tags,
            },
            refused: self.refused,
        }
    }

    fn null(&mut self, row: usize) {
        self.tags.get_or_insert_with(|| vec![Tag::VALID; self.rows])[row] = Tag::NULL;
    }

    fn is_valid(&self, row: usize) -> bool {
        self.tags.as_ref().is_none_or(|tags| tags[row] == Tag::VALID)
    }

    /// Converts row by row; `None` from `convert` refuses the row as `wrong`.
    fn checked<T: ToString + Copy, U: Default>(
        &mut self,
        values: impl Iterator<Item = T>,
        wrong: Wrong,
        convert: impl Fn(T) -> Option<U>,
    ) -> Vec<U> {
        self.converted(values, |value| convert(value).ok_or(wrong))
    }

    /// Converts row by row; `convert` says why it refuses a row.
    fn converted<T: ToString + Copy, U: Default>(
        &mut self,
        values: impl Iterator<Item = T>,
        convert: impl Fn(T) -> Result<U, Wrong>,
    ) -> Vec<U> {
        let mut converted = Vec::with_capacity(self.rows);
        for (row, value) in values.enumerate() {
            let result = if self.is_valid(row) {
                convert(value)
            } else {
                Ok(U::default())
            };
            if let Err(wrong) = result {
                self.null(row);
                let written = value.to_string();
                self.refused.push((row, BadValue { written, wrong }));
            }
            converted.push(result.unwrap_or_default());
        }
        converted
    }
}

/// The values of an array of a primitive type, null rows included.
fn values<T: ArrowPrimitiveType>(array: &dyn Array) -> Option<&[T::Native]> {
    Some(array.as_primitive_opt::<T>()?.values())
}

fn widened<T: ArrowPrimitiveType>(array: &dyn Array) -> Option<Vec<i64>>
where
    T::Native: Into<i64>,
{
    Some(values::<T>(array)?.iter().map(|value| (*value).into()).collect())
}

fn integers(array: ArrayRef, out: &mut Output) -> Option<Vec<i64>> {
    match array.data_type() {
        DataType::Int64 => taken::<Int64Type>(array),
        DataType::Int32 => widened::<Int32Type>(&array),
        DataType::Int16 => widened::<Int16Type>(&array),
        DataType::Int8 => widened::<Int8Type>(&array),
        DataType::UInt32 => widened::<UInt32Type>(&array),
        DataType::UInt16 => widened::<UInt16Type>(&array),
        DataType::UInt8 => widened::<UInt8Type>(&array),
        DataType::UInt64 => {
            let values = values::<UInt64Type>(&array)?.iter().copied();
            Some(out.checked(values, Wrong::BeyondInt64, |value| i64::try_from(value).ok()))
        }
        _ => None,
    }
}

fn floats(array: ArrayRef, rules: Rules, out: &mut Output) -> Option<Vec<f64>> {
    let mut values: Vec<f64> = match array.data_type() {
        DataType::Float64 => taken::<Float64Type>(array)?,
        DataType::Float32 => values::<Float32Type>(&array)?
            .iter()
            .map(|value| f64::from(*value))
            .collect(),
        _ => return None,
    };
    if plain::settled(&mut values) && !rules.keep_nan {
        for (row, _) in values.iter().enumerate().filter(|(_, value)| value.is_nan()) {
            out.null(row);
        }
    }
    Some(values)
}

fn timestamps(array: ArrayRef, zone: Option<Zone>, out: &mut Output) -> Option<Vec<i64>> {
    let DataType::Timestamp(unit, offset) = array.data_type().clone() else {
        return None;
    };
    let micros = match unit {
        TimeUnit::Second => scaled(values::<TimestampSecondType>(&array)?, 1_000_000, out),
        TimeUnit::Millisecond => scaled(values::<TimestampMillisecondType>(&array)?, 1_000, out),
        TimeUnit::Microsecond => taken::<TimestampMicrosecondType>(array)?,
        TimeUnit::Nanosecond => floored(values::<TimestampNanosecondType>(&array)?),
    };
    match (offset, zone) {
        (Some(_), _) => Some(micros),
        (None, None) => None,
        (None, Some(zone)) if zone.is_utc() => Some(micros),
        (None, Some(zone)) => Some(out.checked(micros.into_iter(), Wrong::NeverOccurred, |local| zone.instant(local))),
    }
}

fn durations(array: ArrayRef, out: &mut Output) -> Option<Vec<i64>> {
    let DataType::Duration(unit) = *array.data_type() else {
        return None;
    };
    Some(match unit {
        TimeUnit::Second => scaled(values::<DurationSecondType>(&array)?, 1_000_000, out),
        TimeUnit::Millisecond => scaled(values::<DurationMillisecondType>(&array)?, 1_000, out),
        TimeUnit::Microsecond => taken::<DurationMicrosecondType>(array)?,
        TimeUnit::Nanosecond => floored(values::<DurationNanosecondType>(&array)?),
    })
}

fn scaled(values: &[i64], factor: i64, out: &mut Output) -> Vec<i64> {
    out.checked(values.iter().copied(), Wrong::BeyondMicroseconds, |value| {
        value.checked_mul(factor)
    })
}

fn floored(values: &[i64]) -> Vec<i64> {
    values.iter().map(|value| value.div_euclid(1_000)).collect()
}

fn dates(array: &dyn Array, out: &mut Output) -> Option<Vec<i64>> {
    const DAY_MS: i64 = 86_400_000;
    match array.data_type() {
        DataType::Date32 => widened::<Date32Type>(array),
        DataType::Date64 => {
            let values = values::<Date64Type>(array)?.iter().copied();
            Some(out.checked(values, Wrong::NoDay, |value| {
                let days = i32::try_from(value.div_euclid(DAY_MS)).ok()?;
                (value.rem_euclid(DAY_MS) == 0).then_some(i64::from(days))
            }))
        }
        _ => None,
    }
}

fn decimals(array: ArrayRef, precision: u8, scale: u8, out: &mut Output) -> Option<Vec<i128>> {
    let to = i32::from(scale);
    match array.data_type() {
        DataType::Decimal128(_, from) => {
            let shift = to - i32::from(*from);
            let values = values::<Decimal128Type>(&array)?.iter().copied();
            Some(out.converted(values, |value| rescaled(value, shift, precision)))
        }
        DataType::Decimal256(_, from) => {
            let shift = to - i32::from(*from);
            let values = values::<Decimal256Type>(&array)?.iter().copied();
            Some(out.converted(values, |value| rescaled_wide(value, shift, precision)))
        }
        DataType::UInt64 => {
            let values = values::<UInt64Type>(&array)?.iter().copied();
            Some(out.converted(values, |value| rescaled(i128::from(value), to, precision)))
        }
        _ => {
            let values = integers(array, out)?.into_iter();
            Some(out.converted(values, |value| rescaled(i128::from(value), to, precision)))
        }
    }
}

/// `value · 10^shift`, if it is exact and has at most `precision` digits.
fn rescaled(value: i128, shift: i32, precision: u8) -> Result<i128, Wrong> {
    if value == 0 {
        return Ok(0);
    }
    let power = 10i128.checked_pow(shift.unsigned_abs());
    let result = match power {
        Some(power) if shift >= 0 => value.checked_mul(power).ok_or(Wrong::BeyondPrecision)?,
        None if shift >= 0 => return Err(Wrong::BeyondPrecision),
        Some(power) if value % power == 0 => value / power,
        _ => return Err(Wrong::Inexact),
    };
    if fits(result, precision) {
        Ok(result)
    } else {
        Err(Wrong::BeyondPrecision)
    }
}

fn rescaled_wide(value: i256, shift: i32, precision: u8) -> Result<i128, Wrong> {
    let narrow = |value: i256| value.to_i128().ok_or(Wrong::BeyondPrecision);
    if shift >= 0 {
        return rescaled(narrow(value)?, shift, precision);
    }
    let power = i256::from_i128(10).checked_pow(shift.unsigned_abs());
    let power = power.ok_or(Wrong::Inexact)?;
    if value.checked_rem(power) != Some(i256::ZERO) {
        return Err(Wrong::Inexact);
    }
    rescaled(narrow(value.checked_div(power).ok_or(Wrong::Inexact)?)?, 0, precision)
}

#[cfg(test)]
mod tests;
