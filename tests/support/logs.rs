//! Random event logs and questions for the source of [`crate::programs`].

use crate::rng::Rng;
use featr_kernels::Value;
use featr_kernels::value::NAN;

/// 2024-01-01T00:00:00Z in microseconds.
pub const START_US: i64 = 1_704_067_200_000_000;
const MINUTE_US: i64 = 60_000_000;

/// A question: instant, values of the keys `k1`, `k2`, and of the source's columns (for `excluding self`).
#[derive(Debug, Clone)]
pub struct Asked {
    pub at_us: i64,
    pub k1: Value,
    pub k2: Value,
    /// A whole row of the source whose identity the question claims.
    pub row: Vec<Value>,
}

/// Rows in the order of `programs::COLUMNS`, in order of generation.
pub fn events(rng: &mut Rng, count: usize) -> Vec<Vec<Value>> {
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for _ in 0..count {
        if !rows.is_empty() && rng.one_in(6) {
            let mut copy = rng.pick(&rows).clone();
            match rng.below(3) {
                0 => {}                                         // a copy in every respect
                1 => copy[11] = Value::Timestamp(instant(rng)), // a copy that came at another time
                _ => copy[3] = int(rng),                        // another row under the same id
            }
            rows.push(copy);
        } else {
            rows.push(row(rng));
        }
    }
    rows
}

fn row(rng: &mut Rng) -> Vec<Value> {
    let at = instant(rng);
    let seen = match rng.below(4) {
        0 => at,
        1 => instant(rng),
        _ => at + (rng.below(30) as i64) * MINUTE_US / 2,
    };
    let floats = [
        0.0,
        0.1,
        -2.5,
        1e308,
        -1e308,
        5e-324,
        3.3,
        1e16,
        -1e16,
        NAN,
        f64::INFINITY,
    ];
    vec![
        Value::Int64(rng.below(20) as i64),
        nullable(rng, |rng| Value::String((*rng.pick(&["a", "b"])).to_owned())),
        nullable(rng, |rng| Value::Int64(rng.below(2) as i64)),
        nullable(rng, int),
        nullable(rng, |rng| Value::Float64(*rng.pick(&floats))),
        nullable(rng, |rng| {
            Value::Decimal(*rng.pick(&[0, 1, -1, 250, 9_999_999_999, -9_999_999_999, 333]))
        }),
        nullable(rng, |rng| Value::String((*rng.pick(&["", "a", "é", "zz"])).to_owned())),
        nullable(rng, |rng| Value::Bool(rng.one_in(2))),
        nullable(rng, |rng| Value::Date(19_723 + rng.below(3) as i32)),
        nullable(rng, |rng| {
            let minutes = *rng.pick(&[0, 1, 2, 0, 1, 2, 0, 1, -1, 25]);
            let longest = rng.one_in(20).then_some(i64::MAX);
            Value::Duration(longest.unwrap_or(minutes * MINUTE_US))
        }),
        if rng.one_in(25) {
            Value::Null
        } else {
            Value::Timestamp(at)
        },
        Value::Timestamp(seen),
    ]
}

fn nullable(rng: &mut Rng, draw: impl Fn(&mut Rng) -> Value) -> Value {
    if rng.one_in(8) { Value::Null } else { draw(rng) }
}

fn int(rng: &mut Rng) -> Value {
    Value::Int64(*rng.pick(&[0, 1, -1, 3, 7, 100, i64::MAX, i64::MIN, 1 << 62]))
}

/// Instants that collide often and lie on the edges of the windows.
fn instant(rng: &mut Rng) -> i64 {
    let coarse = START_US + rng.below(180) as i64 * MINUTE_US;
    match rng.below(6) {
        0 => coarse + 1,
        1 => coarse - 1,
        2 => START_US + rng.below(4) as i64 * 60 * MINUTE_US,
        _ => coarse,
    }
}

/// Questions: at events, on both sides of window edges, far away.
pub fn questions(rng: &mut Rng, rows: &[Vec<Value>], count: usize) -> Vec<Asked> {
    (0..count)
        .map(|_| {
            let row = if rows.is_empty() || rng.one_in(4) {
                row(rng)
            } else {
                rng.pick(rows).clone()
            };
            let base = match row[10] {
                Value::Timestamp(us) => us,
                _ => instant(rng),
            };
            let lengths = [
                0,
                1,
                MINUTE_US,
                10 * MINUTE_US,
                60 * MINUTE_US,
                120 * MINUTE_US,
                24 * 60 * MINUTE_US,
            ];
            let nudge = rng.below(3) as i64 - 1;
            let at_us = base + *rng.pick(&lengths) + nudge;
            let k1 = if rng.one_in(6) {
                Value::Null
            } else {
                Value::String((*rng.pick(&["a", "b", "c"])).to_owned())
            };
            let k2 = if rng.one_in(10) {
                Value::Null
            } else {
                Value::Int64(rng.below(3) as i64)
            };
            let (k1, k2) = if rng.one_in(2) {
                (row[1].clone(), row[2].clone())
            } else {
                (k1, k2)
            };
            Asked { at_us, k1, k2, row }
        })
        .collect()
}
