//! Scalars from text. Every function is total.

use crate::detail::Wrong;
use featr_kernels::calendar;
use featr_kernels::value::canonical;

/// A timestamp as written: local microseconds since 1970-01-01T00:00:00, and the offset if there was one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    pub local_us: i64,
    pub offset_s: Option<i64>,
}

pub(crate) fn boolean(text: &str) -> Result<bool, Wrong> {
    if text.eq_ignore_ascii_case("true") {
        Ok(true)
    } else if text.eq_ignore_ascii_case("false") {
        Ok(false)
    } else {
        Err(Wrong::NoBool)
    }
}

pub(crate) fn int64(text: &str) -> Result<i64, Wrong> {
    text.parse()
        .map_err(|error: std::num::ParseIntError| match error.kind() {
            std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow => Wrong::BeyondInt64,
            _ => Wrong::NoInt64,
        })
}

/// Canonical; NaN stays NaN here. Finite text beyond the range of float64 is an error.
pub(crate) fn float64(text: &str) -> Result<f64, Wrong> {
    let value: f64 = text.parse().map_err(|_| Wrong::NoFloat64)?;
    if value.is_infinite() && text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(Wrong::BeyondFloat64);
    }
    Ok(canonical(value))
}

/// A float64 as text formats hold it, NaN and infinities too; `None` where a file would be refused.
pub fn parse_float64(text: &str) -> Option<f64> {
    float64(text).ok()
}

/// Exact: `[+-]digits[.digits][e[+-]digits]` in units of 10^-scale.
pub(crate) fn decimal(text: &str, precision: u8, scale: u8) -> Result<i128, Wrong> {
    const NOT: Wrong = Wrong::NoDecimal;
    const WIDE: Wrong = Wrong::BeyondPrecision;
    let (negative, digits) = sign(text);
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, decimal_exponent(exponent).ok_or(NOT)?),
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return Err(NOT);
    }
    let mut value: i128 = 0;
    let mut zeros: u32 = 0; // zeros read after `value` and not yet multiplied in
    for byte in whole.bytes().chain(fraction.bytes()) {
        match byte {
            b'0' => zeros = if value == 0 { 0 } else { zeros + 1 },
            b'1'..=b'9' => {
                let shifted = 10i128.checked_pow(zeros + 1).and_then(|power| value.checked_mul(power));
                value = shifted
                    .and_then(|v| v.checked_add(i128::from(byte - b'0')))
                    .ok_or(WIDE)?;
                zeros = 0;
            }
            _ => return Err(NOT),
        }
    }
    if value == 0 {
        return Ok(0);
    }
    let shift = exponent - fraction.len() as i64 + i64::from(zeros) + i64::from(scale);
    if shift < 0 {
        return Err(Wrong::MorePlaces);
    }
    let power = u32::try_from(shift)
        .ok()
        .and_then(|shift| 10i128.checked_pow(shift))
        .ok_or(WIDE)?;
    let value = value.checked_mul(power).ok_or(WIDE)?;
    if !fits(value, precision) {
        return Err(WIDE);
    }
    Ok(if negative { -value } else { value })
}

/// Whether |unscaled| < 10^precision.
pub(crate) fn fits(unscaled: i128, precision: u8) -> bool {
    10i128
        .checked_pow(u32::from(precision))
        .is_some_and(|bound| unscaled.unsigned_abs() < bound.unsigned_abs())
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn decimal_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = sign(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Beyond this the value is 0 or out of range whatever the exponent is.
    let value = digits.parse::<i64>().unwrap_or(i64::MAX).min(1 << 40);
    Some(if negative { -value } else { value })
}

/// `YYYY-MM-DD` to days since 1970-01-01.
pub(crate) fn date(text: &str) -> Result<i64, Wrong> {
    calendar::parse_date(text).map(i64::from).ok_or(Wrong::NoDate)
}

/// RFC 3339, with `T`, `t` or a blank; the offset may be missing.
pub(crate) fn timestamp(text: &str) -> Result<Written, Wrong> {
    let mut cursor = Cursor(text.as_bytes());
    cursor
        .timestamp()
        .filter(|_| cursor.0.is_empty())
        .ok_or(Wrong::NoTimestamp)
}

/// ISO 8601 `[-]P[nW][nD][T[nH][nM][n[.f]S]]` in microseconds; cut towards −∞.
pub(crate) fn duration(text: &str) -> Result<i64, Wrong> {
    const NOT: Wrong = Wrong::NoDuration;
    let (negative, body) = sign(text);
    let mut cursor = Cursor(body.as_bytes());
    cursor.expect(b"Pp").ok_or(NOT)?;
    let mut nanos: i128 = 0;
    let mut units: &[(u8, i128)] = &[(b'W', 7 * 86_400), (b'D', 86_400)];
    let mut parts = 0;
    let mut of_day = false;
    while !cursor.0.is_empty() {
        if !of_day && cursor.expect(b"Tt").is_some() {
            of_day = true;
            units = &[(b'H', 3_600), (b'M', 60), (b'S', 1)];
        }
        let count = i128::from(cursor.integer().ok_or(NOT)?);
        let fraction = cursor.fraction_nanos().ok_or(NOT)?;
        let unit = cursor.byte().ok_or(NOT)?.to_ascii_uppercase();
        let at = units.iter().position(|(name, _)| *name == unit).ok_or(NOT)?;
        if fraction.is_some() && unit != b'S' {
            return Err(NOT);
        }
        nanos += count * units[at].1 * 1_000_000_000 + i128::from(fraction.unwrap_or(0));
        units = &units[at + 1..];
        parts += 1;
    }
    if parts == 0 {
        return Err(NOT);
    }
    let signed = if negative { -nanos } else { nanos };
    i64::try_from(signed.div_euclid(1_000)).map_err(|_| Wrong::BeyondDuration)
}

/// A duration in microseconds, as [`duration`] reads it; `None` if the text is none, or beyond 64 bits.
pub fn parse_duration(text: &str) -> Option<i64> {
    duration(text).ok()
}

/// What a fraction of so many digits is multiplied with to be nanoseconds.
const NANOS: [i64; 10] = [
    1_000_000_000,
    100_000_000,
    10_000_000,
    1_000_000,
    100_000,
    10_000,
    1_000,
    100,
    10,
    1,
];

/// What is left to read.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn expect(&mut self, any_of: &[u8]) -> Option<u8> {
        let first = *self.0.first()?;
        any_of.contains(&first).then(|| self.0 = &self.0[1..])?;
        Some(first)
    }

    /// Exactly `count` digits.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let head = self.0.get(..count)?;
        let mut value = 0;
        for byte in head {
            value = value * 10 + i64::from(byte.is_ascii_digit().then(|| byte - b'0')?);
        }
        self.0 = &self.0[count..];
        Some(value)
    }

    /// One to eighteen digits.
    fn integer(&mut self) -> Option<i64> {
        let count = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 || count > 18 {
            None
        } else {
            self.digits(count)
        }
    }

    /// `Some(None)` when there is no fraction; digits beyond the ninth are cut, but a ninth is kept non-zero
    /// when they are not all zero, so that rounding towards −∞ is right for negative durations too.
    fn fraction_nanos(&mut self) -> Option<Option<i64>> {
        if self.expect(b".,").is_none() {
            return Some(None);
        }
        let count = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return None;
        }
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        let kept = &digits[..count.min(9)];
        let read = kept.iter().fold(0, |value, byte| value * 10 + i64::from(byte - b'0'));
        let value = read * NANOS[kept.len()];
        let lost = digits.iter().skip(9).any(|byte| *byte != b'0');
        Some(Some(if lost && value % 1_000 == 0 { value + 1 } else { value }))
    }

    fn date(&mut self) -> Option<i64> {
        let (text, rest) = self.0.split_first_chunk::<10>()?;
        self.0 = rest;
        calendar::parse_date_bytes(text)
    }

    fn timestamp(&mut self) -> Option<Written> {
        let days = self.date()?;
        self.expect(b"Tt ")?;
        let hour = self.digits(2)?;
        self.expect(b":")?;
        let minute = self.digits(2)?;
        self.expect(b":")?;
        let second = self.digits(2)?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let micros = self.fraction_nanos()?.unwrap_or(0) / 1_000;
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second;
        Some(Written {
            local_us: seconds * 1_000_000 + micros,
            offset_s: self.offset()?,
        })
    }

    /// `Z`, `±hh`, `±hhmm`, `±hh:mm`; `Some(None)` at the end of the text.
    fn offset(&mut self) -> Option<Option<i64>> {
        if self.0.is_empty() {
            return Some(None);
        }
        match self.byte()? {
            b'Z' | b'z' => Some(Some(0)),
            sign @ (b'+' | b'-') => {
                let hours = self.digits(2)?;
                let colon = self.expect(b":").is_some();
                let minutes = if colon || !self.0.is_empty() {
                    self.digits(2)?
                } else {
                    0
                };
                if hours > 23 || minutes > 59 {
                    return None;
                }
                let seconds = hours * 3_600 + minutes * 60;
                Some(Some(if sign == b'-' { -seconds } else { seconds }))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
