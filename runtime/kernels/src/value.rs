//! `Value`: one scalar, for slow paths, messages and results.

use crate::calendar;
use crate::tag::Tag;
use featc_ir::{ErrorCode, Literal, Type};
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

/// One value of some [`featc_ir::Type`], or null, or an error. Floats are canonical: no negative zero, one NaN.
///
/// Two values are equal iff they have the same bits; the total order is [`Value::compare`].
#[derive(Debug, Clone, Default)]
pub enum Value {
    #[default]
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
    /// Scalars of one type, and nulls.
    List(Vec<Value>),
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
    left.partial_cmp(&right)
        .unwrap_or_else(|| left.is_nan().cmp(&right.is_nan()))
}

impl Value {
    /// The memory that it has allocated, in bytes.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Value::String(text) => text.capacity(),
            Value::List(items) => {
                items.capacity() * size_of::<Value>() + items.iter().map(Value::heap_bytes).sum::<usize>()
            }
            Value::Null
            | Value::Error(_)
            | Value::Bool(_)
            | Value::Int64(_)
            | Value::Float64(_)
            | Value::Decimal(_)
            | Value::Timestamp(_)
            | Value::Date(_)
            | Value::Duration(_) => 0,
        }
    }

    /// The value of a constant.
    pub fn from_literal(literal: &Literal) -> Value {
        match literal {
            Literal::Null => Value::Null,
            Literal::Bool(value) => Value::Bool(*value),
            Literal::Int64(value) => Value::Int64(*value),
            Literal::Float64(bits) => Value::float(f64::from_bits(*bits)),
            Literal::Decimal(value) => Value::Decimal(*value),
            Literal::String(value) => Value::String(value.clone()),
            Literal::Timestamp(value) => Value::Timestamp(*value),
            Literal::Date(value) => Value::Date(*value),
            Literal::Duration(value) => Value::Duration(*value),
        }
    }

    /// The constant of a value; a list and an error have none, and are null.
    pub fn to_literal(&self) -> Literal {
        match self {
            Value::Null | Value::Error(_) | Value::List(_) => Literal::Null,
            Value::Bool(value) => Literal::Bool(*value),
            Value::Int64(value) => Literal::Int64(*value),
            Value::Float64(value) => Literal::float(*value),
            Value::Decimal(value) => Literal::Decimal(*value),
            Value::String(value) => Literal::String(value.clone()),
            Value::Timestamp(value) => Literal::Timestamp(*value),
            Value::Date(value) => Literal::Date(*value),
            Value::Duration(value) => Literal::Duration(*value),
        }
    }

    /// A float value, made canonical.
    pub fn float(value: f64) -> Value {
        Value::Float64(canonical(value))
    }

    /// The [`Tag`] of the row that would hold this value.
    pub fn tag(&self) -> u8 {
        match self {
            Value::Null => Tag::NULL,
            Value::Error(code) => Tag::error(*code),
            Value::Bool(_)
            | Value::Int64(_)
            | Value::Float64(_)
            | Value::Decimal(_)
            | Value::String(_)
            | Value::Timestamp(_)
            | Value::Date(_)
            | Value::Duration(_)
            | Value::List(_) => Tag::VALID,
        }
    }

    /// The null or error of a tag; `None` for [`Tag::VALID`].
    pub fn from_tag(tag: u8) -> Option<Value> {
        match tag {
            Tag::VALID => None,
            other => Some(Tag::as_error(other).map_or(Value::Null, Value::Error)),
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// Neither null nor an error.
    pub fn is_valid(&self) -> bool {
        self.tag() == Tag::VALID
    }

    /// The error that this is, if any.
    pub fn as_error(&self) -> Option<ErrorCode> {
        if let Value::Error(code) = self {
            Some(*code)
        } else {
            None
        }
    }

    /// The total order of the values of one type: null, then errors by code, then values: false before true, numbers,
    /// instants and durations by size (NaN greatest), strings bytewise,
    /// lists by their first items that differ. Decimals must have the same scale.
    /// Values of different types are ordered by type, so that the order is total on all values.
    pub fn compare(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Error(left), Value::Error(right)) => left.cmp(right),
            (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
            (Value::Int64(left), Value::Int64(right)) => left.cmp(right),
            (Value::Float64(left), Value::Float64(right)) => float_order(*left, *right),
            (Value::Decimal(left), Value::Decimal(right)) => left.cmp(right),
            (Value::String(left), Value::String(right)) => left.as_bytes().cmp(right.as_bytes()),
            (Value::Timestamp(left), Value::Timestamp(right)) => left.cmp(right),
            (Value::Date(left), Value::Date(right)) => left.cmp(right),
            (Value::Duration(left), Value::Duration(right)) => left.cmp(right),
            (Value::List(left), Value::List(right)) => left.cmp(right),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Value::Null => 0,
            Value::Error(_) => 1,
            Value::Bool(_) => 2,
            Value::Int64(_) => 3,
            Value::Float64(_) => 4,
            Value::Decimal(_) => 5,
            Value::String(_) => 6,
            Value::Timestamp(_) => 7,
            Value::Date(_) => 8,
            Value::Duration(_) => 9,
            Value::List(_) => 10,
        }
    }

    /// How the value prints in CSV and in messages: null is empty, an error its name in brackets, timestamps RFC 3339
    /// with `Z` (microseconds only where they are not 0), decimals with their scale, durations in exact units
    /// (`1h30m`), floats in the shortest form that reads back as the same bits, lists as JSON.
    pub fn render(&self, ty: Type) -> String {
        match self {
            Value::Null => String::new(),
            Value::Error(code) => format!("error({})", code.name()),
            Value::Bool(value) => value.to_string(),
            Value::Int64(value) => value.to_string(),
            Value::Float64(value) => render_float(*value),
            Value::Decimal(value) => render_decimal(*value, ty.scale()),
            Value::String(value) => value.clone(),
            Value::Timestamp(value) => calendar::render_timestamp(*value),
            Value::Date(value) => calendar::render_date(i64::from(*value)),
            Value::Duration(value) => render_duration(*value),
            Value::List(items) => render_list(items, ty),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Float64(left), Value::Float64(right)) => left.to_bits() == right.to_bits(),
            _ => self.compare(other) == Ordering::Equal,
        }
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Value) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// [`Value::compare`]; consistent with equality because floats are canonical.
impl Ord for Value {
    fn cmp(&self, other: &Value) -> Ordering {
        self.compare(other)
    }
}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.rank().hash(state);
        match self {
            Value::Null => {}
            Value::Error(code) => code.hash(state),
            Value::Bool(value) => value.hash(state),
            Value::Int64(value) | Value::Timestamp(value) | Value::Duration(value) => value.hash(state),
            Value::Float64(value) => value.to_bits().hash(state),
            Value::Decimal(value) => value.hash(state),
            Value::String(value) => value.hash(state),
            Value::Date(value) => value.hash(state),
            Value::List(items) => items.hash(state),
        }
    }
}

/// Decimal digits of `value`·10^-`scale`, always with `scale` digits after the point: `-0.05`.
pub fn render_decimal(value: i128, scale: u8) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let scale = usize::from(scale);
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if scale == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

/// The fewest digits that read back as the same bits: `1.0`, `0.1`, `1e300`; positional from 1e-5 up to below 1e17.
/// `NaN`, `inf` and `-inf` print but do not parse.
pub fn render_float(value: f64) -> String {
    let value = canonical(value);
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "inf"
        } else {
            "-inf"
        }
        .to_owned();
    }
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-5..17).contains(&exponent) {
        return scientific;
    }
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let mut digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    if exponent < 0 {
        let zeros = "0".repeat(exponent.unsigned_abs() as usize - 1);
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = exponent as usize + 1;
    while digits.len() <= whole {
        digits.push('0');
    }
    let (whole, fraction) = digits.split_at(whole);
    format!("{sign}{whole}.{fraction}")
}

/// As JSON: numbers and bools as they are, other items in quotes.
fn render_list(items: &[Value], ty: Type) -> String {
    let Type::List(of) = ty else { return String::new() };
    let render = |item: &Value| match item {
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Int64(_) => item.render(*of),
        Value::Float64(value) if value.is_finite() => item.render(*of),
        Value::Float64(_)
        | Value::Decimal(_)
        | Value::String(_)
        | Value::Timestamp(_)
        | Value::Date(_)
        | Value::Duration(_)
        | Value::List(_)
        | Value::Error(_) => quoted(&item.render(*of)),
    };
    let items: Vec<String> = items.iter().map(render).collect();
    format!("[{}]", items.join(", "))
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\0'..='\x1f' => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A length of time in exact units, the greatest first: `1h30m`, `-2d`, `0s`.
pub fn render_duration(us: i64) -> String {
    const UNITS: [(u64, &str); 6] = [
        (86_400_000_000, "d"),
        (3_600_000_000, "h"),
        (60_000_000, "m"),
        (1_000_000, "s"),
        (1_000, "ms"),
        (1, "us"),
    ];
    if us == 0 {
        return "0s".to_owned();
    }
    let mut text = if us < 0 { "-".to_owned() } else { String::new() };
    let mut rest = us.unsigned_abs();
    for (unit, name) in UNITS {
        if rest >= unit {
            text.push_str(&(rest / unit).to_string());
            text.push_str(name);
            rest %= unit;
        }
    }
    text
}
