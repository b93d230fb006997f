//! `Value`: one scalar, for slow paths, messages and results.

use featc_ir::ErrorCode;
use std::cmp::Ordering;

/// One scalar of some [`featc_ir::Type`], or null, or an error. Floats are canonical: no negative zero, one NaN.
#[derive(Debug, Clone)]
pub enum Value {
    Null,
    Error(ErrorCode),
    Bool(bool),
    Int64(i64),
    Float64(f64),
    /// In units of 10^-scale of the type.
    Decimal(i128),
    String(String),
    /// Microseconds since the epoch.
    Timestamp(i64),
    /// Days since the epoch.
    Date(i32),
    /// Microseconds.
    Duration(i64),
}

/// The one NaN.
pub const NAN: f64 = f64::from_bits(0x7ff8_0000_0000_0000);

/// Makes a float canonical: −0.0 becomes +0.0, every NaN the one NaN.
#[inline]
pub fn canonical(value: f64) -> f64 {
    if value.is_nan() { NAN } else { value + 0.0 }
}

/// The total order of canonical floats: NaN equals itself and is greatest.
#[inline]
pub fn float_order(left: f64, right: f64) -> Ordering {
    left.partial_cmp(&right).unwrap_or_else(|| left.is_nan().cmp(&right.is_nan()))
}
