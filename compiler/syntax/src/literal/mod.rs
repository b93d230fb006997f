//! Numbers, durations, instants and strings: from their text to their value. Pure; the builder reports.

mod duration;
mod instant;
mod string;
mod written;

pub(crate) use duration::{duration, is_of_periods, total};
pub use instant::meant_instant;
pub(crate) use instant::{Instant, instant};
pub(crate) use string::{quote, string};
pub use written::written;

use crate::diag::{Diagnostic, Span};
use crate::errors;

/// Why a literal is refused.
pub(crate) type Refusal = Box<Diagnostic>;

/// A text that begins with a digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numeric {
    /// Digits only.
    Integer,
    /// With a point or an exponent; finite as a binary64.
    Number,
    /// Microseconds.
    Duration(i64),
}

/// What a `numeric` of the grammar is.
pub(crate) fn numeric(text: &str, at: Span) -> Result<Numeric, Refusal> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Numeric::Integer);
    }
    if is_number(text) {
        return match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Numeric::Number),
            Ok(_) | Err(_) => Err(errors::number_out_of_range(at).into()),
        };
    }
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    if plain != text && (is_number(&plain) || plain.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(errors::underscores_in_a_number(at, &plain).into());
    }
    // `0.5f`, `5L`: no units of time.
    let plain = text.trim_end_matches(['f', 'F', 'l', 'L', 'u', 'U', 'n']);
    if plain != text && (is_number(plain) || plain.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(errors::letter_behind_a_number(text, at, plain).into());
    }
    let digits = text.bytes().take_while(|b| b.is_ascii_digit()).count();
    if matches!(text.as_bytes().get(digits), Some(b'.' | b'_')) && !text.contains(|c: char| c.is_ascii_alphabetic())
        || text.starts_with("0x")
        || text.contains(['+', '-'])
    {
        return Err(errors::not_a_number(text, at).into());
    }
    duration(text, at).map(Numeric::Duration)
}

/// `digits [. digits] [e [+-] digits]` with a point or an exponent.
fn is_number(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    (fraction.is_some() || exponent.is_some())
        && digits(whole)
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;

    fn numeric(text: &str) -> Result<Numeric, Code> {
        super::numeric(text, Span::default()).map_err(|refusal| refusal.code)
    }

    #[test]
    fn numbers_are_told_apart() {
        assert_eq!(numeric("12"), Ok(Numeric::Integer));
        for number in ["1.5", "1e-3", "0.0", "12E+4", "1e5"] {
            assert_eq!(numeric(number), Ok(Numeric::Number), "{number}");
        }
        for bad in ["1_000", "0x1f", "1.2.3", "1e999", "1.5_0"] {
            assert_eq!(numeric(bad), Err(Code::InvalidNumber), "{bad}");
        }
        for bad in ["7days", "1.5h", "3w", "1m1h", "5x", "1h30", "99999999999999d"] {
            assert_eq!(numeric(bad), Err(Code::InvalidDuration), "{bad}");
        }
    }
}
