//! A record of Avro as the line of JSON that says the same.
//!
//! A value of a union is the value; dates, instants and durations are the texts that the decoder reads, decimals numbers with all
//! of their digits, floats numbers that read back as the same bits, and bytes texts in base64.

use super::schema::{Instant, Schema, Type, TypeId};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use featr::Value;

/// A line may be as long as one of a file.
const LINE_MAX: usize = 16 << 20;
/// So far a record may have values inside of values.
const DEPTH_MAX: usize = 100;
/// Bytes of a decimal: no column has as many digits.
const DECIMAL_MAX: usize = 1_000;
/// Instants and dates beyond are no values of any column.
const YEARS_US: std::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;
const DAY_US: i64 = 86_400_000_000;
/// Digits that are taken out of a long number at once.
const LIMB: u64 = 1_000_000_000;

/// Appends a record to a line.
///
/// # Errors
/// It was not written with this schema, in words; what was appended is to be taken back.
pub fn to_json(schema: &Schema, record: &[u8], line: &mut Vec<u8>) -> Result<(), String> {
    let begin = line.len();
    let mut writer = Writer {
        schema,
        rest: record,
        begin,
        line,
    };
    writer.value(schema.root(), 0)?;
    match writer.rest.len() {
        0 => Ok(()),
        more => Err(format!("{more} bytes after the end of the record")),
    }
}

struct Writer<'a, 'b> {
    schema: &'a Schema,
    rest: &'a [u8],
    begin: usize,
    line: &'b mut Vec<u8>,
}

impl<'a> Writer<'a, '_> {
    fn take(&mut self, bytes: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.rest.split_at_checked(bytes).ok_or("it ends within a value")?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or("it ends within a value")?;
        self.rest = rest;
        Ok(*taken)
    }

    /// A number in bytes of seven bits, the lowest first, with the sign in the lowest bit.
    fn long(&mut self) -> Result<i64, String> {
        let mut bits: u64 = 0;
        for place in 0..10_u32 {
            let [byte] = self.array()?;
            if place == 9 && byte > 1 {
                break;
            }
            bits |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return Ok((bits >> 1) as i64 ^ -((bits & 1) as i64));
            }
        }
        Err("a number of more than 64 bits".to_owned())
    }

    fn int(&mut self) -> Result<i64, String> {
        let value = self.long()?;
        i32::try_from(value).map_err(|_| "an int of more than 32 bits".to_owned())?;
        Ok(value)
    }

    fn length(&mut self) -> Result<usize, String> {
        usize::try_from(self.long()?).map_err(|_| "a length below 0".to_owned())
    }

    fn bytes(&mut self) -> Result<&'a [u8], String> {
        let length = self.length()?;
        self.take(length)
    }

    fn string(&mut self) -> Result<&'a str, String> {
        std::str::from_utf8(self.bytes()?).map_err(|_| "a text that is not UTF-8".to_owned())
    }

    fn add(&mut self, text: &str) {
        self.line.extend_from_slice(text.as_bytes());
    }

    fn add_string(&mut self, text: &str) -> Result<(), String> {
        serde_json::to_writer(&mut *self.line, text).map_err(|error| error.to_string())
    }

    fn value(&mut self, id: TypeId, depth: usize) -> Result<(), String> {
        if depth > DEPTH_MAX {
            return Err(format!("values inside of values, more than {DEPTH_MAX} deep"));
        }
        let schema = self.schema;
        match schema.ty(id) {
            Type::Null => self.add("null"),
            Type::Bool => match self.array()? {
                [0] => self.add("false"),
                [1] => self.add("true"),
                [other] => return Err(format!("a boolean that is {other}")),
            },
            Type::Int => {
                let value = self.int()?;
                self.add(&value.to_string());
            }
            Type::Long => {
                let value = self.long()?;
                self.add(&value.to_string());
            }
            Type::Float => {
                let value = f32::from_le_bytes(self.array()?);
                self.float(value.into());
            }
            Type::Double => {
                let value = f64::from_le_bytes(self.array()?);
                self.float(value);
            }
            Type::Bytes => {
                let value = self.bytes()?;
                self.base64(value);
            }
            Type::Fixed(size) => {
                let value = self.take(*size)?;
                self.base64(value);
            }
            Type::String => {
                let value = self.string()?;
                self.add_string(value)?;
            }
            Type::Enum(symbols) => {
                let place = self.int()?;
                let symbol = usize::try_from(place).ok().and_then(|place| symbols.get(place));
                let symbol = symbol.ok_or_else(|| format!("no symbol {place} of an enum of {}", symbols.len()))?;
                self.add_string(symbol)?;
            }
            Type::Union(branches) => {
                let place = self.long()?;
                let branch = usize::try_from(place).ok().and_then(|place| branches.get(place));
                let branch = branch.ok_or_else(|| format!("no branch {place} of a union of {}", branches.len()))?;
                self.value(*branch, depth + 1)?;
            }
            Type::Record(fields) => {
                self.add("{");
                for (place, field) in fields.iter().enumerate() {
                    self.key(place, &field.name)?;
                    self.value(field.ty, depth + 1)?;
                }
                self.add("}");
            }
            Type::Array(of) => {
                self.add("[");
                self.items(|writer, place| {
                    writer.add(if place == 0 { "" } else { "," });
                    writer.value(*of, depth + 1)
                })?;
                self.add("]");
            }
            Type::Map(of) => {
                self.add("{");
                self.items(|writer, place| {
                    let key = writer.string()?;
                    writer.key(place, key)?;
                    writer.value(*of, depth + 1)
                })?;
                self.add("}");
            }
            Type::Date => {
                let days = self.int()?;
                self.date(days);
            }
            Type::Instant(unit) => {
                let value = self.long()?;
                self.instant(value, *unit);
            }
            Type::Decimal { bytes, scale } => {
                let unscaled = match bytes {
                    Some(size) => self.take(*size)?,
                    None => self.bytes()?,
                };
                if unscaled.len() > DECIMAL_MAX {
                    return Err(format!("a decimal of {} bytes", unscaled.len()));
                }
                let number = decimal(unscaled, *scale as usize);
                self.add(&number);
            }
            Type::Uuid => {
                let value = u128::from_be_bytes(self.array()?);
                let hex = format!("{value:032x}");
                let [a, b, c, d, e] = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| hex.get(range).unwrap_or(""));
                self.add(&format!("\"{a}-{b}-{c}-{d}-{e}\""));
            }
            Type::Duration => {
                let [months, days, ms] = [self.array()?, self.array()?, self.array()?].map(u32::from_le_bytes);
                self.duration(months, days, ms);
            }
        }
        self.fits()
    }

    /// What a few bytes may become is bounded as well.
    fn fits(&self) -> Result<(), String> {
        match self.line.len() - self.begin > LINE_MAX {
            true => Err("longer than 16 MiB as JSON".to_owned()),
            false => Ok(()),
        }
    }

    fn key(&mut self, place: usize, name: &str) -> Result<(), String> {
        self.add(if place == 0 { "" } else { "," });
        self.add_string(name)?;
        self.add(":");
        Ok(())
    }

    /// Blocks of items, each with how many they are; below 0 how many bytes they are stands after that.
    fn items(&mut self, mut each: impl FnMut(&mut Self, usize) -> Result<(), String>) -> Result<(), String> {
        let mut place = 0;
        loop {
            let count = self.long()?;
            if count < 0 {
                self.long()?;
            }
            if count == 0 {
                return Ok(());
            }
            for _ in 0..count.unsigned_abs() {
                each(self, place)?;
                place += 1;
            }
        }
    }

    fn float(&mut self, value: f64) {
        match value {
            _ if value.is_finite() => self.add(&format!("{value:?}")),
            f64::INFINITY => self.add("\"Infinity\""),
            f64::NEG_INFINITY => self.add("\"-Infinity\""),
            _ => self.add("\"NaN\""),
        }
    }

    fn base64(&mut self, bytes: &[u8]) {
        let text = BASE64_STANDARD.encode(bytes);
        self.add(&format!("\"{text}\""));
    }

    /// Beyond the years that columns have it is the number that was written, which is none of their values.
    fn date(&mut self, days: i64) {
        let is_within = days.checked_mul(DAY_US).is_some_and(|us| YEARS_US.contains(&us));
        match i32::try_from(days).ok().filter(|_| is_within) {
            Some(days) => {
                let text = Value::Date(days).render(featc_ir::Type::Date);
                self.add(&format!("\"{text}\""));
            }
            None => self.add(&days.to_string()),
        }
    }

    fn instant(&mut self, value: i64, Instant { per_second, is_local }: Instant) {
        const US: i64 = 1_000_000;
        let us = match per_second {
            // Nanoseconds: what is beyond microseconds stands after them.
            per_second if per_second > US => Some(value.div_euclid(per_second / US)),
            per_second => value.checked_mul(US / per_second),
        };
        let Some(us) = us.filter(|us| YEARS_US.contains(us)) else {
            return self.add(&value.to_string());
        };
        let text = Value::Timestamp(us).render(featc_ir::Type::Timestamp);
        let mut text = text.trim_end_matches('Z').to_owned();
        let beyond = if per_second > US {
            value.rem_euclid(per_second / US)
        } else {
            0
        };
        if beyond > 0 {
            let seconds = text.split('.').next().unwrap_or_default();
            text = format!("{seconds}.{:09}", value.rem_euclid(per_second));
        }
        let offset = if is_local { "" } else { "Z" };
        self.add(&format!("\"{text}{offset}\""));
    }

    /// Months have no length: the text is one that no column reads.
    fn duration(&mut self, months: u32, days: u32, ms: u32) {
        let months = if months == 0 {
            String::new()
        } else {
            format!("{months}M")
        };
        let (seconds, ms) = (ms / 1_000, ms % 1_000);
        self.add(&format!("\"P{months}{days}DT{seconds}.{ms:03}S\""));
    }
}

/// The number of these bytes, in two's complement, with so many digits after the point.
fn decimal(bytes: &[u8], scale: usize) -> String {
    let is_negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    // Its absolute value, the highest byte first.
    let mut digits = bytes.to_vec();
    if is_negative {
        let mut carry = true;
        for byte in digits.iter_mut().rev() {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    let mut limbs = Vec::new();
    let mut from = 0;
    loop {
        from += digits
            .get(from..)
            .unwrap_or_default()
            .iter()
            .take_while(|byte| **byte == 0)
            .count();
        let rest = digits.get_mut(from..).unwrap_or_default();
        if rest.is_empty() {
            break;
        }
        let remainder = rest.iter_mut().fold(0, |above, byte| {
            let value = above << 8 | u64::from(*byte);
            *byte = (value / LIMB) as u8;
            value % LIMB
        });
        limbs.push(format!("{remainder:09}"));
    }
    let text: String = limbs.into_iter().rev().collect();
    let text = text.trim_start_matches('0');
    let text = format!("{text:0>width$}", width = scale + 1);
    let (whole, fraction) = text.split_at(text.len() - scale);
    let sign = if is_negative { "-" } else { "" };
    match scale {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{fraction}"),
    }
}
