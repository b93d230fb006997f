//! How much may be wrong with the data of a run: rows that are rejected, questions that find nothing.

use std::fmt;
use std::str::FromStr;

/// A bound on how many of some things may be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Most {
    /// So many.
    Count(u64),
    /// Such a share of all.
    Share {
        /// Millionths: 100 000 is 10 %.
        millionths: u32,
    },
}

impl Most {
    /// Any number of them.
    pub const ALL: Most = Most::Share { millionths: 1_000_000 };

    /// Whether `count` of `all` are too many.
    pub fn is_exceeded(self, count: u64, all: u64) -> bool {
        match self {
            Most::Count(most) => count > most,
            Most::Share { millionths } => u128::from(count) * 1_000_000 > u128::from(all) * u128::from(millionths),
        }
    }
}

impl fmt::Display for Most {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Most::Count(most) => write!(f, "{most}"),
            Most::Share { millionths } => {
                let (whole, rest) = (millionths / 10_000, millionths % 10_000);
                let digits = format!("{rest:04}");
                match digits.trim_end_matches('0') {
                    "" => write!(f, "{whole}%"),
                    digits => write!(f, "{whole}.{digits}%"),
                }
            }
        }
    }
}

/// A share `10%` or `0.5%`, with at most four digits after the point and at most 100 %; or a count `12`.
impl FromStr for Most {
    type Err = String;

    fn from_str(text: &str) -> Result<Most, String> {
        let bad = || "write a share such as 10% or 0.5%, or a number such as 12".to_owned();
        let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => text.parse::<u64>().map_err(|_| bad()),
            false => Err(bad()),
        };
        let Some(share) = text.strip_suffix('%') else {
            return Ok(Most::Count(number(text)?));
        };
        let (whole, digits) = share.split_once('.').unwrap_or((share, "0"));
        if digits.is_empty() || digits.len() > 4 {
            return Err(bad());
        }
        let millionths = number(whole)?
            .checked_mul(10_000)
            .and_then(|whole| whole.checked_add(number(&format!("{digits:0<4}")).ok()?))
            .filter(|millionths| *millionths <= 1_000_000)
            .ok_or_else(|| "a share is at most 100%".to_owned())?;
        number(digits)?;
        Ok(Most::Share {
            millionths: millionths as u32,
        })
    }
}

/// What a run refuses for its data. No value depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Rows of one source that may be rejected; 10 % unless said.
    pub rejected: Most,
    /// Questions that may find nothing in one view. `None`: not all of them.
    pub missing: Option<Most>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            rejected: Most::Share { millionths: 100_000 },
            missing: None,
        }
    }
}

impl Limits {
    /// Whatever the data are.
    pub const NONE: Limits = Limits {
        rejected: Most::ALL,
        missing: Some(Most::ALL),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read_and_written_alike() {
        for text in ["0", "12", "10%", "0.5%", "0.0001%", "100%", "33.25%"] {
            assert_eq!(text.parse::<Most>().map(|most| most.to_string()), Ok(text.to_owned()));
        }
        for text in [
            "", "%", "-1", "+1", "1.5", "10 %", "100.1%", "101%", "0.00001%", ".5%", "1.%", "1.+1%", "9e9%",
        ] {
            assert!(text.parse::<Most>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_bound_is_met_and_not_exceeded_by_itself() {
        let tenth = Limits::default().rejected;
        assert_eq!([1, 2].map(|count| tenth.is_exceeded(count, 10)), [false, true]);
        assert!(!tenth.is_exceeded(0, 0));
        assert!(!Most::ALL.is_exceeded(u64::MAX, u64::MAX));
        assert_eq!(
            [3, 4].map(|count| Most::Count(3).is_exceeded(count, 1_000)),
            [false, true]
        );
    }
}
