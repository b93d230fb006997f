//! Numbers whose sums, means, variances and ratios lie at the middle between two floats, or one unit beside it.
//!
//! Each entity is such a set of numbers, and is asked once. The sets of one log lie far apart from each other or close
//! together, since the engines keep exact sums in other ways there.

use crate::evaluators::Asked;
use featc_tests::logs::PAGES_START_US;
use featc_tests::rng::Rng;
use featr_kernels::Value;

const PROGRAM: &str = "module ties

entity e (k: int64)

source log {
  columns (id: int64, k: int64, f: float64?, i: int64?, j: int64?, d: decimal(30, 4)?, at: timestamp)
  unique id
  time at
  static
}

view v of e from log {
  owner \"nobody\"
  feature sum_f = sum(f) over lifetime
  feature mean_f = mean(f) over lifetime
  feature var_f = variance(f) over lifetime
  feature pop_f = variance_pop(f) over lifetime
  feature dev_f = stddev(f) over lifetime
  feature dev_pop_f = stddev_pop(f) over 30d
  feature mean_i = mean(i) over lifetime
  feature var_i = variance(i) over 30d
  feature pop_i = variance_pop(i) over lifetime
  feature mean_d = mean(d) over lifetime
  feature var_d = variance(d) over lifetime
  feature pop_d = variance_pop(d) over 30d
  feature ratio_i = sum(i) / sum(j) over lifetime
  feature ratio_d = sum(d) / sum(j) over lifetime
  feature share = sum(i) / count() over lifetime
  feature root = sqrt(sum(f)) over lifetime
}

service s {
  v.*
}
";

/// Entities of one log.
const ENTITIES: i64 = 60;

/// The numbers of one entity.
struct Numbers {
    floats: Vec<f64>,
    integers: Vec<i64>,
    divisors: Vec<i64>,
    decimals: Vec<i128>,
}

/// A whole number of so many bits, the first and the last of them 1.
fn odd(rng: &mut Rng, bits: u32) -> i64 {
    let mask = (1u64 << bits) - 1;
    ((rng.word() & mask) | 1 | (1 << (bits - 1))) as i64
}

/// Parts with this sum, none of them much greater.
fn split(rng: &mut Rng, sum: i128, parts: usize) -> Vec<i128> {
    let mut left = sum;
    let mut found: Vec<i128> = (1..parts)
        .map(|_| {
            let part = sum / parts as i128 + i128::from(rng.word() as i64 >> 24);
            left -= part;
            part
        })
        .collect();
    found.push(left);
    rng.shuffle(&mut found);
    found
}

/// One unit up or down, or none.
fn beside(rng: &mut Rng) -> i128 {
    [0, 0, 1, -1][rng.below(4)]
}

/// A difference whose square, over `2`, `3` or `4`, ends in a tie: its odd part has 54 bits.
fn tied_difference(rng: &mut Rng, parts: i128) -> i64 {
    loop {
        let bits = 26 + rng.below(2) as u32;
        let root = odd(rng, bits);
        let square = parts * i128::from(root) * i128::from(root);
        let bits = 128 - (square >> square.trailing_zeros()).leading_zeros();
        if bits == 54 {
            return root;
        }
    }
}

fn floats(rng: &mut Rng, exponent: i32, kind: usize) -> Vec<f64> {
    let scale = |value: f64| value * 2f64.powi(exponent);
    match kind {
        // A sum of 54 bits, and what lies far below it.
        0 => {
            let whole = odd(rng, 54);
            let half = (whole >> 1) as f64;
            let mut all = vec![scale(half), scale(half + 1.0)];
            match rng.below(4) {
                0 => all.push(scale(2f64.powi(-60 - rng.below(200) as i32))),
                1 => all.push(scale(-(2f64.powi(-60 - rng.below(200) as i32)))),
                2 => all.extend([scale(1e30), scale(-1e30)]),
                _ => {}
            }
            all
        }
        // A mean of 54 bits: the sum of a power of two of them.
        1 => {
            let parts = *rng.pick(&[2usize, 4, 8]);
            let middle = i128::from(odd(rng, 54)) * parts as i128 / 2;
            let sum = middle + beside(rng);
            let near = sum / parts as i128;
            let mut all: Vec<i128> = (1..parts).map(|at| near + at as i128 - parts as i128 / 2).collect();
            all.push(sum - all.iter().sum::<i128>());
            all.into_iter().map(|value| scale(value as f64)).collect()
        }
        // Two values: (a − b)² / 2 and / 4.
        2 => {
            let difference = tied_difference(rng, 1);
            let base = *rng.pick(&[0, 1, 1 << 20, -(1 << 24)]);
            vec![scale((base + difference) as f64), scale(base as f64)]
        }
        // n − 1 times the same, and one that lies n·E away: n·E² and (n − 1)·E².
        3 => {
            let parts = 2 + rng.below(4);
            let which = if rng.one_in(2) { parts } else { parts - 1 };
            let root = tied_difference(rng, which as i128);
            let mut all = vec![0.0; parts - 1];
            all.push(scale((root * parts as i64) as f64));
            all
        }
        // The same, with something small beside it.
        _ => {
            let difference = tied_difference(rng, 1);
            let small = 2f64.powi(-(rng.below(90) as i32));
            vec![
                scale(difference as f64),
                scale(if rng.one_in(2) { small } else { -small }),
            ]
        }
    }
}

fn numbers(rng: &mut Rng, exponents: (i32, i32), kinds: &[usize]) -> Numbers {
    let (low, high) = exponents;
    let exponent = low + rng.below((high - low + 1) as usize) as i32;
    let parts = *rng.pick(&[2usize, 4, 8]);
    // sum = n · M with 2M of 54 bits.
    let sum = i128::from(odd(rng, 54)) * parts as i128 / 2 + beside(rng);
    let mut integers: Vec<i64> = split(rng, sum, parts).into_iter().map(|part| part as i64).collect();
    if rng.one_in(2) {
        let difference = tied_difference(rng, 1);
        let base = rng.word() as i64 >> 8;
        integers = vec![base, base + difference];
    }
    // sum(i) / sum(j) with a quotient of 54 bits.
    let mut divisors = vec![1i64; integers.len()];
    let whole: i128 = integers.iter().map(|value| i128::from(*value)).sum();
    if whole % 3 == 0 {
        divisors[0] = 3 - (integers.len() as i64 - 1);
    }
    // Decimals of four digits: 54 bits and a power of ten.
    let decimals = match rng.below(3) {
        0 => {
            let sum = i128::from(odd(rng, 54)) * 5_000 * parts as i128 + beside(rng);
            split(rng, sum, parts)
        }
        1 => {
            let difference = i128::from(tied_difference(rng, 1)) * 10_000;
            let base = i128::from(rng.word() as i64);
            vec![base, base + difference]
        }
        _ => {
            let sum = i128::from(rng.word()) << 20;
            split(rng, sum, parts)
        }
    };
    Numbers {
        floats: {
            let kind = *rng.pick(kinds);
            floats(rng, exponent, kind)
        },
        integers,
        divisors,
        decimals,
    }
}

/// A program, rows, and a question per entity.
pub fn case(rng: &mut Rng) -> (String, Vec<Vec<Value>>, Vec<Asked>) {
    // Variances over as many digits as fixed point holds; all kinds close together, over some limbs, over all of the range.
    let all: &[usize] = &[0, 1, 2, 3, 4];
    let (exponents, kinds) = *rng.pick(&[
        ((0, 84), &[2, 3][..]),
        ((0, 84), &[2, 3]),
        ((-2, 2), all),
        ((-40, 10), all),
        ((-300, 300), all),
        ((-1_000, 400), all),
        ((200, 440), all),
    ]);
    let (mut rows, mut questions) = (Vec::new(), Vec::new());
    let day_us = 86_400_000_000;
    for entity in 0..ENTITIES {
        let Numbers {
            floats,
            integers,
            divisors,
            decimals,
        } = numbers(rng, exponents, kinds);
        let count = floats.len().max(integers.len()).max(decimals.len());
        for at in 0..count {
            rows.push(vec![
                Value::Int64(rows.len() as i64),
                Value::Int64(entity),
                floats.get(at).map_or(Value::Null, |value| Value::float(*value)),
                integers.get(at).map_or(Value::Null, |value| Value::Int64(*value)),
                divisors.get(at).map_or(Value::Null, |value| Value::Int64(*value)),
                decimals.get(at).map_or(Value::Null, |value| Value::Decimal(*value)),
                Value::Timestamp(PAGES_START_US + at as i64 * day_us),
            ]);
        }
        questions.push(Asked {
            at_us: PAGES_START_US + 20 * day_us,
            values: vec![("k".to_owned(), Value::Int64(entity))],
        });
    }
    rng.shuffle(&mut rows);
    (PROGRAM.to_owned(), rows, questions)
}
