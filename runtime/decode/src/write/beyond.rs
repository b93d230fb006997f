//! Values that text cannot hold: instants and dates beyond the years 1 to 9999, and times that are none.
//!
//! Text formats say instants as RFC 3339 and dates as `YYYY-MM-DD`, which have four digits for the year; readers take
//! no more. Parquet and Arrow hold every value of their types.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, DurationMillisecondType, DurationSecondType, Time32MillisecondType,
    Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use featr_kernels::calendar::{self, DAY_US, FIRST_US, LAST_US};
use std::ops::RangeInclusive;

/// A value that text cannot hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beyond {
    pub column: String,
    /// Of the batch, from 0.
    pub row: usize,
    /// The value, and why text cannot hold it: completes "column `x` …".
    pub why: String,
}

/// The first value of a batch, by columns, that text cannot hold. Dictionaries are looked at as what they stand for.
pub fn beyond_text(batch: &RecordBatch) -> Option<Beyond> {
    let schema = batch.schema();
    batch.columns().iter().zip(schema.fields()).find_map(|(column, field)| {
        let (row, why) = first(column, &|_| true)?;
        let column = field.name().clone();
        Some(Beyond { column, row, why })
    })
}

/// The first bad value among the rows that are `alive`: those of no parent that is null.
fn first(array: &ArrayRef, alive: &dyn Fn(usize) -> bool) -> Option<(usize, String)> {
    let alive = |row: usize| array.is_valid(row) && alive(row);
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => instants::<TimestampSecondType>(array, 1_000_000, 1, &alive),
        DataType::Timestamp(TimeUnit::Millisecond, _) => instants::<TimestampMillisecondType>(array, 1_000, 1, &alive),
        DataType::Timestamp(TimeUnit::Microsecond, _) => instants::<TimestampMicrosecondType>(array, 1, 1, &alive),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => instants::<TimestampNanosecondType>(array, 1, 1_000, &alive),
        DataType::Date64 => instants::<Date64Type>(array, 1_000, 1, &alive),
        DataType::Date32 => {
            let (first, last) = (calendar::day_of(FIRST_US), calendar::day_of(LAST_US));
            let (row, days) = outside::<Date32Type>(array, first..=last, &alive)?;
            Some((row, years(&calendar::render_date(days))))
        }
        DataType::Time32(TimeUnit::Second) => times::<Time32SecondType>(array, 86_400, "s", &alive),
        DataType::Time32(_) => times::<Time32MillisecondType>(array, 86_400_000, "ms", &alive),
        DataType::Time64(TimeUnit::Microsecond) => times::<Time64MicrosecondType>(array, DAY_US, "us", &alive),
        DataType::Time64(_) => times::<Time64NanosecondType>(array, DAY_US * 1_000, "ns", &alive),
        DataType::Duration(TimeUnit::Second) => lengths::<DurationSecondType>(array, i64::MAX / 1_000, "s", &alive),
        DataType::Duration(TimeUnit::Millisecond) => lengths::<DurationMillisecondType>(array, i64::MAX, "ms", &alive),
        DataType::Struct(_) => {
            let mut fields = array.as_struct().columns().iter();
            fields.find_map(|field| first(field, &alive))
        }
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            items(list.values(), &ends(list.value_offsets()), &alive)
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            items(list.values(), &ends(list.value_offsets()), &alive)
        }
        DataType::Map(..) => {
            let map = array.as_map();
            let entries: ArrayRef = std::sync::Arc::new(map.entries().clone());
            items(&entries, &ends(map.value_offsets()), &alive)
        }
        DataType::FixedSizeList(_, size) => {
            let list = array.as_fixed_size_list();
            let size = usize::try_from(*size).unwrap_or(0);
            let ends: Vec<usize> = (0..=list.len()).map(|row| row * size).collect();
            items(list.values(), &ends, &alive)
        }
        DataType::Dictionary(_, values) => {
            let plain = arrow::compute::cast(array, values).ok()?;
            first(&plain, &alive)
        }
        _ => None,
    }
}

fn ends<T: Copy + TryInto<usize>>(offsets: &[T]) -> Vec<usize> {
    offsets.iter().map(|end| (*end).try_into().unwrap_or(0)).collect()
}

/// The first bad item of lists: those of row `r` stand at `ends[r]..ends[r + 1]`.
fn items(values: &ArrayRef, ends: &[usize], alive: &dyn Fn(usize) -> bool) -> Option<(usize, String)> {
    let owner = |item: usize| ends.partition_point(|end| *end <= item).checked_sub(1);
    let owned = |item: usize| owner(item).is_some_and(|row| row + 1 < ends.len() && alive(row));
    let (item, why) = first(values, &owned)?;
    Some((owner(item)?, why))
}

/// The first value outside of a range.
fn outside<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    range: RangeInclusive<i64>,
    alive: &dyn Fn(usize) -> bool,
) -> Option<(usize, i64)>
where
    T::Native: Into<i64>,
{
    let values = array.as_primitive::<T>().values().iter().map(|value| (*value).into());
    let mut bad = values.enumerate().filter(|(_, value)| !range.contains(value));
    bad.find(|(row, _)| alive(*row))
}

/// Instants of which one is `us` microseconds divided by `parts`.
fn instants<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    us: i64,
    parts: i64,
    alive: &dyn Fn(usize) -> bool,
) -> Option<(usize, String)>
where
    T::Native: Into<i64>,
{
    let (low, high) = (FIRST_US / us, LAST_US.div_euclid(us));
    let range = low.saturating_mul(parts)..=high.saturating_mul(parts).saturating_add(parts - 1);
    let (row, value) = outside::<T>(array, range, alive)?;
    let text = match value.checked_mul(us) {
        Some(value) => calendar::render_timestamp(value.div_euclid(parts)),
        None => format!("{value} times {us} us after 1970"),
    };
    Some((row, years(&text)))
}

fn years(text: &str) -> String {
    format!("is {text}, beyond the years 1 to 9999 that text holds")
}

/// Times of a day of so many units.
fn times<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    day: i64,
    unit: &str,
    alive: &dyn Fn(usize) -> bool,
) -> Option<(usize, String)>
where
    T::Native: Into<i64>,
{
    let (row, value) = outside::<T>(array, 0..=day - 1, alive)?;
    Some((row, format!("is {value} {unit}, which is no time of a day")))
}

/// Lengths of time of at most so many units.
fn lengths<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    most: i64,
    unit: &str,
    alive: &dyn Fn(usize) -> bool,
) -> Option<(usize, String)>
where
    T::Native: Into<i64>,
{
    let (row, value) = outside::<T>(array, -most..=most, alive)?;
    Some((row, format!("is {value} {unit}, longer than text holds")))
}

#[cfg(test)]
mod tests;
