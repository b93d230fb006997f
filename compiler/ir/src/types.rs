//! Scalar types, statuses, error codes and truths: the vocabulary of `docs/semantics.md`.

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// The type of a value: a scalar, or a list of them. Every value of every type may also be null or an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    Bool,
    /// 64-bit signed, checked: it never wraps.
    Int64,
    /// IEEE binary64 with one NaN (greatest) and no negative zero.
    Float64,
    /// An exact decimal: an `i128` counted in units of 10^-scale, |unscaled| < 10^precision, precision ≤ 38.
    Decimal {
        precision: u8,
        scale: u8,
    },
    /// UTF-8, ordered bytewise.
    String,
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamp,
    /// Days since 1970-01-01.
    Date,
    /// Microseconds.
    Duration,
    /// A list of scalars of this type, of which some may be null and none is an error. Only features are lists.
    List(#[serde(deserialize_with = "scalar")] &'static Type),
}

/// Every decimal, by precision and scale.
static DECIMALS: [[Type; 39]; 39] = {
    let mut decimals = [[Type::Bool; 39]; 39];
    let mut at = 0;
    while at < 39 * 39 {
        let (precision, scale) = (at / 39, at % 39);
        decimals[precision][scale] = Type::Decimal {
            precision: precision as u8,
            scale: scale as u8,
        };
        at += 1;
    }
    decimals
};

impl Type {
    pub fn is_numeric(self) -> bool {
        matches!(self, Type::Int64 | Type::Float64 | Type::Decimal { .. })
    }

    /// The digits after the point of a decimal; 0 of other types, which count as integers there.
    pub fn scale(self) -> u8 {
        match self {
            Type::Decimal { scale, .. } => scale,
            Type::Bool
            | Type::Int64
            | Type::Float64
            | Type::String
            | Type::Timestamp
            | Type::Date
            | Type::Duration
            | Type::List(_) => 0,
        }
    }

    pub fn is_list(self) -> bool {
        matches!(self, Type::List(_))
    }

    /// The type of lists of its values; `None` of a list, or of a decimal that is none.
    pub fn list(self) -> Option<Type> {
        Some(Type::List(match self {
            Type::Bool => &Type::Bool,
            Type::Int64 => &Type::Int64,
            Type::Float64 => &Type::Float64,
            Type::Decimal { precision, scale } => DECIMALS.get(usize::from(precision))?.get(usize::from(scale))?,
            Type::String => &Type::String,
            Type::Timestamp => &Type::Timestamp,
            Type::Date => &Type::Date,
            Type::Duration => &Type::Duration,
            Type::List(_) => return None,
        }))
    }
}

fn scalar<'de, D: Deserializer<'de>>(from: D) -> Result<&'static Type, D::Error> {
    match Type::deserialize(from)?.list() {
        Some(Type::List(of)) => Ok(of),
        _ => Err(serde::de::Error::custom("a list of what is no scalar")),
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Bool => f.write_str("bool"),
            Type::Int64 => f.write_str("int64"),
            Type::Float64 => f.write_str("float64"),
            Type::Decimal { precision, scale } => write!(f, "decimal({precision}, {scale})"),
            Type::String => f.write_str("string"),
            Type::Timestamp => f.write_str("timestamp"),
            Type::Date => f.write_str("date"),
            Type::Duration => f.write_str("duration"),
            Type::List(of) => write!(f, "list<{of}>"),
        }
    }
}

/// Why a value could not be computed. Errors are values: they are counted per code inside aggregates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum ErrorCode {
    /// An integer, decimal, duration or timestamp result outside its type.
    Overflow = 1,
    /// A cast whose argument has no counterpart in the target type.
    InvalidCast = 2,
    /// More different values in the window than the aggregate's `cap`.
    Cap = 3,
}

impl ErrorCode {
    /// All codes, in the order of their numbers. When several apply, the least is reported.
    pub const ALL: [ErrorCode; 3] = [ErrorCode::Overflow, ErrorCode::InvalidCast, ErrorCode::Cap];

    pub fn name(self) -> &'static str {
        match self {
            ErrorCode::Overflow => "overflow",
            ErrorCode::InvalidCast => "invalid_cast",
            ErrorCode::Cap => "cap",
        }
    }

    pub fn from_number(number: u8) -> Option<ErrorCode> {
        Self::ALL.into_iter().find(|code| *code as u8 == number)
    }
}

/// The status of a feature value. The order of the variants is the order of severity:
/// a derived feature has the greatest status of its inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Ok,
    /// Nothing was folded: no event of the view in the window passed the aggregate.
    Empty,
    /// No event of the entity within the feature's retention.
    Missing,
    /// The window reaches before the source's `begins`.
    Truncated,
    /// The cut is further behind the instant than the view's `ttl`.
    Stale,
    Error(ErrorCode),
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Status::Ok => f.write_str("ok"),
            Status::Empty => f.write_str("empty"),
            Status::Missing => f.write_str("missing"),
            Status::Truncated => f.write_str("truncated"),
            Status::Stale => f.write_str("stale"),
            Status::Error(code) => write!(f, "error({})", code.name()),
        }
    }
}

/// Which events a question about instant `t` may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// All accepted events.
    Complete,
    /// Accepted events with arrival ≤ t − delay.
    AsOfArrival {
        /// Overrides every source's own `delay`, in microseconds.
        delay_us: Option<u64>,
    },
    /// Accepted events with arrival ≤ the cut of their source, which the question brings.
    AsServed,
}

/// Up to which arrival questions see the events of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// Arrival plays no role.
    Open,
    /// Up to so many microseconds before the instant.
    Delayed { delay_us: u64 },
    /// Each question brings its own, or none: then it sees no event.
    Given,
}

impl From<Option<u64>> for Cut {
    /// Of a delay; without one arrival plays no role.
    fn from(delay_us: Option<u64>) -> Cut {
        delay_us.map_or(Cut::Open, |delay_us| Cut::Delayed { delay_us })
    }
}

impl Truth {
    /// The cut of a source with arrival.
    pub fn cut(self, source_delay_us: u64) -> Cut {
        match self {
            Truth::Complete => Cut::Open,
            Truth::AsOfArrival { delay_us } => Cut::Delayed {
                delay_us: delay_us.unwrap_or(source_delay_us),
            },
            Truth::AsServed => Cut::Given,
        }
    }

    /// The pipeline delay that holds for a source; `None` where the cut is no function of the instant.
    pub fn delay_us(self, source_delay_us: u64) -> Option<u64> {
        match self.cut(source_delay_us) {
            Cut::Delayed { delay_us } => Some(delay_us),
            Cut::Open | Cut::Given => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_of_scalars_and_travel_as_such() {
        let decimal = |precision, scale| Type::Decimal { precision, scale };
        let scalars = [
            Type::Bool,
            Type::Int64,
            Type::Float64,
            decimal(1, 0),
            decimal(38, 38),
            Type::String,
            Type::Timestamp,
            Type::Date,
            Type::Duration,
        ];
        for of in scalars {
            let list = of.list().expect("a list of scalars");
            assert!(matches!(list, Type::List(item) if *item == of));
            assert_eq!(list.to_string(), format!("list<{of}>"));
            assert!(list.is_valid() && list.list().is_none());
            let text = serde_json::to_string(&list).expect("text");
            assert_eq!(serde_json::from_str::<Type>(&text).expect("a list"), list);
        }
        assert_eq!(
            serde_json::to_string(&Type::List(&Type::Int64)).expect("text"),
            r#"{"list":"int64"}"#
        );
        assert!(serde_json::from_str::<Type>(r#"{"list":{"list":"int64"}}"#).is_err());
        assert!(decimal(39, 0).list().is_none() && decimal(4, 39).list().is_none());
        assert!(!decimal(2, 3).list().expect("well-formed elsewhere").is_valid());
    }
}
