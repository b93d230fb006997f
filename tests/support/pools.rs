//! Values to draw from, by type and style: columns of drawn logs and literals of drawn programs share them, so that
//! comparisons meet equal values and arithmetic meets its edges.

use crate::rng::Rng;
use featc_ir::Type;
use featr_kernels::Value;
use featr_kernels::calendar;
use featr_kernels::value::{NAN, render_decimal, render_float};

/// 2024-02-28T22:30:00Z in microseconds: the leap day begins in the midst of what happens.
pub const START_US: i64 = 1_709_159_400_000_000;
/// The Monday after it: 2024-03-04T00:00:00Z.
const MONDAY_US: i64 = 1_709_510_400_000_000;
/// Its day.
const START_DAY: i32 = 19_781;
pub const MINUTE_US: i64 = 60_000_000;
pub const DAY_US: i64 = 86_400_000_000;

/// What numbers are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// Small, as prices and counts are.
    Plain,
    /// Close together, far from zero: differences cancel.
    Close,
    /// Multiples k·2^j with odd k of 27 bits, of which sums, squares and quotients end in exact ties.
    Ties,
    /// The ends of the types.
    Wild,
}

/// What instants are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// Within three hours; they collide often and lie on the edges of windows.
    Near,
    /// Within some years, many of them within two weeks.
    Years,
    /// Also at both ends of the range.
    Ends,
}

/// The style of a log, and of the literals beside it.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub numbers: Numbers,
    pub times: Times,
    pub reach: Reach,
    /// Only windows that end at the instant, and aggregates that are not folded by states. Other programs draw all
    /// windows and aggregates.
    pub summarised: bool,
    /// Only what the theory of `proofs/` knows, in expressions as well; `summarised` is a part of it.
    pub of_theory: bool,
}

/// How far the windows of a program reach back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// So little that events lie before all of them.
    Short,
    /// Not for ever.
    Long,
    Ever,
}

impl Style {
    pub fn draw(rng: &mut Rng) -> Style {
        use Numbers::{Close, Plain, Ties, Wild};
        use Reach::{Ever, Long, Short};
        use Times::{Ends, Near, Years};
        Style {
            numbers: *rng.pick(&[Plain, Plain, Plain, Plain, Close, Close, Ties, Ties, Ties, Wild]),
            times: *rng.pick(&[Near, Near, Near, Near, Near, Years, Years, Ends]),
            reach: *rng.pick(&[Short, Short, Long, Ever, Ever, Ever]),
            summarised: rng.one_in(2),
            of_theory: false,
        }
    }
}

/// An odd number of 27 bits, times a power of two.
fn tie(rng: &mut Rng, least: usize) -> i64 {
    let odd = (1 << 26) + rng.below(1 << 26) as i64 | 1;
    let size = odd << (least + rng.below(20));
    if rng.one_in(4) { -size } else { size }
}

fn int(rng: &mut Rng, numbers: Numbers) -> i64 {
    match numbers {
        Numbers::Plain => *rng.pick(&[0, 1, 2, 3, 3, 5, 7, 12, 40, -1, -4, 100]),
        Numbers::Close => 1_000_000_000 + rng.below(5) as i64,
        Numbers::Ties => match rng.below(4) {
            0 => 0,
            1 => rng.below(4) as i64 - 1,
            _ => tie(rng, 0),
        },
        Numbers::Wild => *rng.pick(&[0, 1, -1, 3, 7, 100, i64::MAX, i64::MIN, 1 << 62, (1 << 53) + 1]),
    }
}

fn float(rng: &mut Rng, numbers: Numbers) -> f64 {
    match numbers {
        Numbers::Plain => *rng.pick(&[0.0, 0.1, 0.5, 1.0, 1.5, 2.5, 3.3, 10.0, -0.5, -7.75, -2.25, 99.99, 1e-3]),
        Numbers::Close => 1e9 + rng.below(6) as f64 * 0.25,
        // One with a small unit in the column is enough to make all others long.
        Numbers::Ties => match rng.below(14) {
            0..6 => 0.0,
            6 => *rng.pick(&[0.1, 0.1, 0.5, 1.0]),
            7..10 => tie(rng, 0) as f64,
            _ => tie(rng, 14) as f64,
        },
        Numbers::Wild => *rng.pick(&[
            0.0,
            0.1,
            1.0,
            -2.5,
            3.3,
            1e308,
            -1e308,
            5e-324,
            1e16,
            -1e16,
            NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ]),
    }
}

fn decimal(rng: &mut Rng, numbers: Numbers, precision: u8, scale: u8) -> i128 {
    let one = 10i128.pow(u32::from(scale));
    let most = 10i128.pow(u32::from(precision)) - 1;
    let value = match numbers {
        Numbers::Plain => *rng.pick(&[0, one, one / 2, 2 * one + one / 4, -one, 3, 333, -one / 2, 12 * one, 5]),
        Numbers::Close => 1_000 * one + rng.below(6) as i128,
        Numbers::Ties => match rng.below(3) {
            0 => 0,
            1 => one / 2,
            _ => i128::from(tie(rng, 0)),
        },
        Numbers::Wild => *rng.pick(&[0, 1, -1, 250, most, -most, 333, most / 2]),
    };
    value.clamp(-most, most)
}

/// An instant.
pub fn instant(rng: &mut Rng, times: Times) -> i64 {
    let coarse = match times {
        Times::Near => START_US + rng.below(180) as i64 * MINUTE_US,
        Times::Years => START_US + (rng.below(1500) as i64 - 700) * DAY_US + rng.below(3) as i64 * 60 * MINUTE_US,
        Times::Ends => {
            let little = rng.below(6) as i64 * MINUTE_US + rng.below(3) as i64;
            return *rng.pick(&[
                i64::MIN + little,
                i64::MAX - little,
                little,
                START_US + little,
                START_US,
            ]);
        }
    };
    match rng.below(6) {
        0 => coarse + 1,
        1 => coarse - 1,
        // Around the beginning of a week.
        2 | 3 if times == Times::Years => MONDAY_US + (rng.below(12) as i64 - 6) * DAY_US,
        2 => START_US + rng.below(4) as i64 * 60 * MINUTE_US,
        _ => coarse,
    }
}

/// A value of the type, not null.
pub fn value(rng: &mut Rng, ty: Type, style: Style) -> Value {
    match ty {
        Type::Bool => Value::Bool(rng.one_in(2)),
        Type::Int64 => Value::Int64(int(rng, style.numbers)),
        Type::Float64 => Value::float(float(rng, style.numbers)),
        Type::Decimal { precision, scale } => Value::Decimal(decimal(rng, style.numbers, precision, scale)),
        Type::String => {
            let texts = [
                "", "a", "A", "é", "É", "ab", " ab ", " a", "zz ", "aab", "ß", "zz", "b\"a", "x, y",
            ];
            Value::String((*rng.pick(&texts)).to_owned())
        }
        Type::Timestamp => Value::Timestamp(instant(rng, style.times)),
        Type::Date => Value::Date(match style.numbers {
            Numbers::Wild if rng.one_in(3) => *rng.pick(&[i32::MIN, i32::MAX, -719_162, 2_932_896]),
            _ => START_DAY + rng.below(4) as i32 * *rng.pick(&[1, 1, 30, 366]),
        }),
        Type::Duration => Value::Duration(match style.numbers {
            Numbers::Wild if rng.one_in(3) => *rng.pick(&[i64::MIN, i64::MAX, 1, -1]),
            _ => (rng.below(5) as i64 - 1) * *rng.pick(&[MINUTE_US, MINUTE_US, 30 * MINUTE_US, DAY_US, 1, 1_500]),
        }),
        Type::List(of) => {
            let items = 0..*rng.pick(&[0, 1, 2, 3, 4]);
            let item = |_| match rng.one_in(6) {
                true => Value::Null,
                false => value(rng, *of, style),
            };
            Value::List(items.map(item).collect())
        }
    }
}

/// A value as text that a cast from string to the type reads; in the years that such text can say.
pub fn text_of(rng: &mut Rng, ty: Type, style: Style) -> String {
    match value(rng, ty, style) {
        Value::Timestamp(us) if style.times == Times::Ends => calendar::render_timestamp(us % (400 * DAY_US)),
        Value::Date(days) => calendar::render_date(i64::from(days % 30_000)),
        Value::Float64(value) if !value.is_finite() => "0.5".to_owned(),
        value => value.render(ty),
    }
}

/// A literal of the type, as it is written in a program.
pub fn literal(rng: &mut Rng, ty: Type, style: Style) -> String {
    match value(rng, ty, style) {
        Value::Bool(value) => value.to_string(),
        Value::Int64(i64::MIN) => "-9223372036854775807".to_owned(),
        Value::Int64(value) => value.to_string(),
        // A cast of a literal to decimal is refused where it has too many digits.
        Value::Float64(value) if !(1e-9..1e17).contains(&value.abs()) && value != 0.0 => "0.5".to_owned(),
        Value::Float64(value) => render_float(value),
        Value::Decimal(value) => {
            let Type::Decimal { scale, .. } = ty else {
                return "0".to_owned();
            };
            format!("cast(\"{}\" as {ty})", render_decimal(value, scale))
        }
        Value::String(value) => format!("\"{}\"", value.replace('"', "\\\"")),
        Value::Timestamp(us) => match style.times {
            Times::Near | Times::Years => format!("@{}", calendar::render_timestamp(us)),
            Times::Ends => format!("cast({} as timestamp)", us.max(i64::MIN + 1)),
        },
        Value::Date(days) => format!("@{}", calendar::render_date(i64::from(days % 30_000))),
        Value::Duration(us) => match us.checked_abs() {
            None | Some(0) => "1m".to_owned(),
            Some(size) => format!("{}{}", if us < 0 { "-" } else { "" }, duration(size)),
        },
        Value::Null | Value::Error(_) | Value::List(_) => format!("cast(null as {ty})"),
    }
}

/// A positive length, as it is written in a program.
pub fn duration(us: i64) -> String {
    featc_ir::window::format_duration(us)
}
