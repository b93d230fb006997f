//! Types of columns that only pass through, from their texts: the narrowest one that gives every text back.

use crate::text::date;
use arrow::array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray, UInt64Array};
use arrow::datatypes::DataType;
use std::sync::Arc;

/// What the texts of a column have in common so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kinds {
    pub bool: bool,
    pub int: bool,
    pub uint: bool,
    pub float: bool,
    /// Whether there was any text that is not null.
    pub any: bool,
}

impl Kinds {
    pub(crate) fn new() -> Kinds {
        Kinds {
            bool: true,
            int: true,
            uint: true,
            float: true,
            any: false,
        }
    }

    pub(crate) fn see(&mut self, text: &str) {
        self.any = true;
        self.bool &= text == "true" || text == "false";
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain =
            digits.len() == 1 || !(digits.starts_with('0') && digits.as_bytes().get(1).is_some_and(u8::is_ascii_digit));
        let number = plain && digits.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
        let integer = number && digits.bytes().all(|byte| byte.is_ascii_digit());
        self.int &= integer && text != "-0" && text.parse::<i64>().is_ok();
        self.uint &= integer && text.parse::<u64>().is_ok();
        self.float &= match (number, integer) {
            (_, true) => text.parse::<i64>().is_ok_and(|value| value.unsigned_abs() <= 1 << 53),
            (true, false) => is_exact(text),
            (false, false) => matches!(text, "NaN" | "nan" | "inf" | "-inf"),
        };
    }

    pub(crate) fn data_type(&self) -> DataType {
        match self {
            Kinds { any: false, .. } => DataType::Utf8,
            Kinds { bool: true, .. } => DataType::Boolean,
            Kinds { int: true, .. } => DataType::Int64,
            Kinds { uint: true, .. } => DataType::UInt64,
            Kinds { float: true, .. } => DataType::Float64,
            Kinds { .. } => DataType::Utf8,
        }
    }
}

/// How instants of questions are written, where dates may stand for them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Days {
    some: bool,
    others: bool,
}

impl Days {
    pub(crate) fn see(&mut self, text: &str) {
        match date(text) {
            Ok(_) => self.some = true,
            Err(_) => self.others = true,
        }
    }

    /// Dates as dates; where there are both, texts, in which both come back as what they were. `None` without dates.
    pub(crate) fn arrays(self, chunks: &[StringArray]) -> Option<(DataType, Vec<ArrayRef>)> {
        let day = |text: &str| i32::try_from(date(text).ok()?).ok();
        let days = |texts: &StringArray| texts.iter().map(|text| day(text?)).collect::<Date32Array>();
        match self {
            Days { some: false, .. } => None,
            Days { others: false, .. } => {
                let chunks = chunks.iter().map(|texts| Arc::new(days(texts)) as ArrayRef);
                Some((DataType::Date32, chunks.collect()))
            }
            Days { .. } => {
                let chunks = chunks.iter().map(|texts| Arc::new(texts.clone()) as ArrayRef);
                Some((DataType::Utf8, chunks.collect()))
            }
        }
    }
}

/// Whether the float nearest to a decimal text prints as the same number again.
fn is_exact(text: &str) -> bool {
    text.parse::<f64>()
        .is_ok_and(|value| value.is_finite() && number(&format!("{value:e}")) == number(text))
}

/// Sign, significant digits and exponent of a decimal text: equal for texts of one number.
fn number(text: &str) -> Option<(bool, String, i64)> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{}{fraction}", whole.trim_start_matches('-'));
    let significant = digits.trim_start_matches('0');
    let trimmed = significant.trim_end_matches('0');
    let dropped = (significant.len() - trimmed.len()) as i64;
    let exponent = exponent
        .parse::<i64>()
        .ok()?
        .checked_sub(fraction.len() as i64)?
        .checked_add(dropped)?;
    let exponent = if trimmed.is_empty() { 0 } else { exponent };
    Some((text.starts_with('-'), trimmed.to_owned(), exponent))
}

/// Texts as an array of a type that [`Kinds::data_type`] gave for them.
pub(crate) fn typed(texts: &StringArray, ty: &DataType) -> ArrayRef {
    match ty {
        DataType::Boolean => Arc::new(
            texts
                .iter()
                .map(|text| text.map(|text| text == "true"))
                .collect::<BooleanArray>(),
        ),
        DataType::Int64 => Arc::new(texts.iter().map(|text| text?.parse().ok()).collect::<Int64Array>()),
        DataType::UInt64 => Arc::new(texts.iter().map(|text| text?.parse().ok()).collect::<UInt64Array>()),
        DataType::Float64 => Arc::new(texts.iter().map(|text| text?.parse().ok()).collect::<Float64Array>()),
        _ => Arc::new(texts.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_type_that_loses_nothing() {
        let of = |texts: &[&str]| {
            let mut kinds = Kinds::new();
            texts.iter().for_each(|text| kinds.see(text));
            kinds.data_type()
        };
        assert_eq!(of(&[]), DataType::Utf8);
        assert_eq!(of(&["true", "false"]), DataType::Boolean);
        assert_eq!(of(&["True"]), DataType::Utf8);
        assert_eq!(of(&["0", "-5", "9223372036854775807"]), DataType::Int64);
        assert_eq!(of(&["1", "18446744073709551615"]), DataType::UInt64);
        assert_eq!(of(&["-1", "18446744073709551615"]), DataType::Utf8);
        assert_eq!(of(&["1", "1.5", "-2e5", "0.25", "NaN"]), DataType::Float64);
        assert_eq!(of(&["9007199254740993", "1.5"]), DataType::Utf8);
        assert_eq!(of(&["007"]), DataType::Utf8);
        assert_eq!(of(&["+1"]), DataType::Utf8);
        assert_eq!(of(&["00.5"]), DataType::Utf8);
        assert_eq!(of(&["1 "]), DataType::Utf8);
        assert_eq!(of(&["-"]), DataType::Utf8);
        assert_eq!(of(&["1e999"]), DataType::Utf8);
    }

    #[test]
    fn only_numbers_that_come_back_are_floats() {
        for text in [
            "0.1",
            "1.50",
            "1e3",
            "-2.5E-3",
            "0.0",
            "123456789.25",
            "1.7976931348623157e308",
        ] {
            assert!(super::is_exact(text), "{text}");
        }
        for text in ["12345678901234567.89", "1e-400", "0.123456789012345678901", "1e400"] {
            assert!(!super::is_exact(text), "{text}");
        }
    }
}
