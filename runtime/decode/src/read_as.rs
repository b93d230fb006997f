//! Columns whose values are not written as values of their type: numbers of an epoch, dates that are instants, texts in a format.
//!
//! A value means the same in every format of files: what is read of a number is its exact value, whether it is written in
//! decimal or binary, and what is read of a text is the text.

use crate::array::Decoded;
use crate::detail::{BadValue, Wrong};
use crate::error::DecodeError;
use crate::reject::shown;
use crate::rules::{BadCell, DAY_US, instant, start_of, within};
use crate::text::{self, Written};
use crate::zone::Zone;
use arrow::array::{Array, ArrayRef, AsArray, StringArrayType};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Date64Type, Float64Type, Int64Type, UInt64Type};
use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{Datelike, Timelike};
use featc_ir::{ReadAs, SourceColumn, Type};
use featr_kernels::{Column, Data, Tag};
use std::sync::Arc;

/// How the values of a column are read.
#[derive(Debug, Clone)]
pub(crate) enum Reader {
    /// Numbers of which so many digits after the point are microseconds.
    Epoch {
        places: u8,
    },
    /// Dates: the first instant of the day.
    Day(Zone),
    Format(Arc<Format>),
}

/// Texts in a format.
#[derive(Debug)]
pub(crate) struct Format {
    items: Vec<Item<'static>>,
    /// Whether dates are to be given, and no instants.
    is_date: bool,
    /// Of texts without an offset.
    zone: Option<Zone>,
}

/// 1970-01-01 counted from the first day of chrono.
const EPOCH_DAY: i64 = 719_163;

impl Reader {
    /// `None` for a column whose values are written as its type says.
    pub(crate) fn of(column: &SourceColumn) -> Result<Option<Reader>, DecodeError> {
        Ok(Some(match &column.form.read_as {
            None => return Ok(None),
            Some(ReadAs::Epoch(unit)) => Reader::Epoch { places: unit.places() },
            Some(ReadAs::Date { zone }) => Reader::Day(Zone::named(zone)?),
            Some(ReadAs::Format { format, zone }) => Reader::Format(Arc::new(Format {
                // The compiler has tried it; by one that is broken no text is read.
                items: StrftimeItems::new(format).parse_to_owned().unwrap_or(vec![Item::Error]),
                is_date: column.ty == Type::Date,
                zone: zone.as_deref().map(Zone::named).transpose()?,
            })),
        }))
    }

    /// Whether some value of an Arrow type can be read so.
    pub(crate) fn fits(&self, found: &DataType) -> bool {
        if let DataType::Dictionary(_, values) = found {
            return self.fits(values);
        }
        let is_text = matches!(found, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        is_text
            || *found == DataType::Null
            || match self {
                Reader::Epoch { .. } => found.is_integer() || found.is_floating() || found.is_decimal(),
                Reader::Day(_) => matches!(found, DataType::Date32 | DataType::Date64),
                Reader::Format(_) => found.is_integer(),
            }
    }

    /// Whether a number of JSON is one of its values; texts always are.
    pub(crate) fn takes_numbers(&self) -> bool {
        match self {
            Reader::Epoch { .. } | Reader::Format(_) => true,
            Reader::Day(_) => false,
        }
    }

    /// What a text says: microseconds, or days of a date.
    pub(crate) fn text(&self, text: &str) -> Result<i64, Wrong> {
        match self {
            Reader::Epoch { places } => match text::decimal(text, 38, *places) {
                Ok(us) => within(us),
                Err(Wrong::MorePlaces) => Err(Wrong::PartOfMicrosecond),
                Err(Wrong::BeyondPrecision) => Err(Wrong::BeyondYears),
                Err(_) => Err(Wrong::NoNumber),
            },
            Reader::Day(zone) => start_of(*zone, text::date(text)?),
            Reader::Format(format) => format.read(text),
        }
    }

    /// The column of an array whose type [`Reader::fits`].
    pub(crate) fn decode(&self, array: ArrayRef, ty: Type) -> Result<Decoded, String> {
        let plain = |error: arrow::error::ArrowError| error.to_string();
        let array = match array.data_type() {
            DataType::Dictionary(_, values) => cast(&array, values).map_err(plain)?,
            _ => array,
        };
        let mut rows = Rows::of(&array);
        match (array.data_type(), self) {
            (DataType::Null, _) => {}
            (DataType::Utf8, _) => self.texts(array.as_string::<i32>(), &mut rows),
            (DataType::LargeUtf8, _) => self.texts(array.as_string::<i64>(), &mut rows),
            (DataType::Utf8View, _) => self.texts(array.as_string_view(), &mut rows),
            (DataType::Date32, Reader::Day(zone)) => {
                let days = array.as_primitive::<Date32Type>().values();
                let read = |row: usize| start_of(*zone, days[row].into());
                rows.read(|row| read(row).map_err(|wrong| (days[row].to_string(), wrong)));
            }
            (DataType::Date64, Reader::Day(zone)) => {
                const DAY_MS: i64 = DAY_US / 1_000;
                let values = array.as_primitive::<Date64Type>().values();
                let read = |row: usize| match values[row].rem_euclid(DAY_MS) {
                    0 => start_of(*zone, values[row].div_euclid(DAY_MS)),
                    _ => Err(Wrong::NoDay),
                };
                rows.read(|row| read(row).map_err(|wrong| (values[row].to_string(), wrong)));
            }
            (found, Reader::Epoch { places }) if found.is_floating() => {
                let array = cast(&array, &DataType::Float64).map_err(plain)?;
                let values = array.as_primitive::<Float64Type>().values();
                // What is missing among floats is NaN.
                let nan = |row: &usize| values[*row].is_nan();
                (0..array.len()).filter(nan).for_each(|row| rows.tags[row] = Tag::NULL);
                rows.read(|row| float(values[row], *places).map_err(|wrong| (values[row].to_string(), wrong)));
            }
            (DataType::UInt64, _) => {
                let values = array.as_primitive::<UInt64Type>().values();
                rows.read(|row| self.integer(values[row].into()));
            }
            (found, _) if found.is_integer() => {
                let array = cast(&array, &DataType::Int64).map_err(plain)?;
                let values = array.as_primitive::<Int64Type>().values();
                rows.read(|row| self.integer(values[row].into()));
            }
            (found, Reader::Epoch { .. }) if found.is_decimal() => {
                let texts = cast(&array, &DataType::Utf8).map_err(plain)?;
                let texts = texts.as_string::<i32>();
                rows.read(|row| {
                    let text = texts.value(row);
                    self.text(text).map_err(|wrong| (text.to_owned(), wrong))
                });
            }
            (found, _) => return Err(format!("{found} is not read so")),
        }
        Ok(rows.decoded(ty))
    }

    fn texts<'a>(&self, texts: impl StringArrayType<'a>, rows: &mut Rows) {
        rows.read(|row| {
            self.text(texts.value(row))
                .map_err(|wrong| (shown(texts.value(row)), wrong))
        });
    }

    fn integer(&self, value: i128) -> Result<i64, (String, Wrong)> {
        let read = match self {
            Reader::Epoch { places } => scaled(value, i32::from(*places)),
            Reader::Day(_) => Err(Wrong::NoDate),
            Reader::Format(format) => format.read(&value.to_string()),
        };
        read.map_err(|wrong| (value.to_string(), wrong))
    }
}

impl Format {
    fn read(&self, text: &str) -> Result<i64, Wrong> {
        const NOT: Wrong = Wrong::NotInFormat;
        let mut parsed = Parsed::new();
        parse(&mut parsed, text, self.items.iter()).map_err(|_| NOT)?;
        let date = parsed.to_naive_date().map_err(|_| NOT)?;
        if !(1..=9999).contains(&date.year()) {
            return Err(Wrong::BeyondYears);
        }
        // By `%Y` the library reads `24` as the year 24.
        if date.year() < 1000 && !text.contains(&format!("{:04}", date.year())) {
            return Err(Wrong::ShortYear);
        }
        let day = i64::from(date.num_days_from_ce()) - EPOCH_DAY;
        if self.is_date {
            return Ok(day);
        }
        let of_day = match parsed.hour_mod_12() {
            None => 0,
            Some(_) => {
                let time = parsed.to_naive_time().map_err(|_| NOT)?;
                // A leap second has more nanoseconds than a second.
                if time.nanosecond() >= 1_000_000_000 {
                    return Err(NOT);
                }
                i64::from(time.num_seconds_from_midnight()) * 1_000_000 + i64::from(time.nanosecond()) / 1_000
            }
        };
        match (parsed.offset(), parsed.hour_mod_12(), self.zone) {
            (None, None, Some(zone)) => start_of(zone, day),
            (offset, _, zone) => {
                let written = Written {
                    local_us: day * DAY_US + of_day,
                    offset_s: offset.map(i64::from),
                };
                instant(written, zone).map_err(|bad| match bad {
                    BadCell::Bad(wrong) => wrong,
                    BadCell::Naive => Wrong::NoOffset,
                })
            }
        }
    }
}

/// `value · 10^shift` microseconds.
fn scaled(value: i128, shift: i32) -> Result<i64, Wrong> {
    let power = 10i128.checked_pow(shift.unsigned_abs());
    match (value, power) {
        (0, _) => Ok(0),
        (_, None) if shift < 0 => Err(Wrong::PartOfMicrosecond),
        (value, Some(power)) if shift < 0 && value % power != 0 => Err(Wrong::PartOfMicrosecond),
        (value, Some(power)) if shift < 0 => within(value / power),
        (value, power) => power
            .and_then(|power| value.checked_mul(power))
            .map_or(Err(Wrong::BeyondYears), within),
    }
}

/// `value · 10^places` microseconds, exactly.
fn float(value: f64, places: u8) -> Result<i64, Wrong> {
    // Beyond all years in any unit, infinities included.
    if value.is_nan() || value.abs() >= 1e18 {
        return Err(Wrong::BeyondYears);
    }
    let (bits, power) = (value.to_bits(), 10i128.pow(u32::from(places)));
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    let fraction = i128::from(bits & ((1 << 52) - 1));
    let mantissa = if exponent == 0 { fraction } else { fraction | 1 << 52 };
    // |value| = mantissa · 2^shift, with shift at most 7.
    let shift = exponent.max(1) - 1_075;
    let signed = if value.is_sign_negative() { -mantissa } else { mantissa };
    let exact = signed * power;
    if shift >= 0 {
        return within(exact << shift);
    }
    let down = shift.unsigned_abs();
    if exact != 0 && exact.trailing_zeros() < down {
        return Err(Wrong::PartOfMicrosecond);
    }
    within(if exact == 0 { 0 } else { exact >> down })
}

/// Rows being read.
struct Rows {
    values: Vec<i64>,
    tags: Vec<u8>,
    refused: Vec<(usize, BadValue)>,
}

impl Rows {
    fn of(array: &ArrayRef) -> Rows {
        let nulls = array.logical_nulls();
        let tag = |row| match nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            true => Tag::NULL,
            false => Tag::VALID,
        };
        Rows {
            values: vec![0; array.len()],
            tags: (0..array.len()).map(tag).collect(),
            refused: Vec::new(),
        }
    }

    /// Reads every row that is not null; what is refused is null, and shown with its reason.
    fn read(&mut self, value: impl Fn(usize) -> Result<i64, (String, Wrong)>) {
        for row in 0..self.values.len() {
            if self.tags[row] != Tag::VALID {
                continue;
            }
            match value(row) {
                Ok(read) => self.values[row] = read,
                Err((written, wrong)) => {
                    self.tags[row] = Tag::NULL;
                    self.refused.push((row, BadValue { written, wrong }));
                }
            }
        }
    }

    fn decoded(self, ty: Type) -> Decoded {
        Decoded {
            column: Column::with_tags(ty, Data::I64(self.values), Some(self.tags)),
            refused: self.refused,
        }
    }
}
