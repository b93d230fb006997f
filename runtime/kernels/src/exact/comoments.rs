//! Covariance, correlation, lines of least squares and quotients of exact sums: exact numerator and denominator, one rounding.
//!
//! A correlation is a root: `√(c² / (a·b))` with exact integers. Its floor to some 66 bits, from the integer square root of
//! the quotient, and whether anything follows, decide its one rounding: `⌊√⌊x⌋⌋ = ⌊√x⌋`.

use super::ExactSum;
use crate::ratio::{big_ratio_to_f64, round_bits};
use crate::value::NAN;
use num_bigint::{BigInt, BigUint, Sign};

/// Power sums of pairs of numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comoments {
    pub count: i64,
    pub x: ExactSum,
    pub y: ExactSum,
    pub xx: ExactSum,
    pub yy: ExactSum,
    pub xy: ExactSum,
}

impl Comoments {
    /// The memory that it has allocated, in bytes.
    pub fn heap_bytes(&self) -> usize {
        let sums = [&self.x, &self.y, &self.xx, &self.yy, &self.xy];
        sums.into_iter().map(ExactSum::heap_bytes).sum()
    }

    /// Adds the sums of other pairs.
    pub fn combine(&mut self, other: &Comoments) {
        self.count = self.count.wrapping_add(other.count);
        self.x.combine(&other.x);
        self.y.combine(&other.y);
        self.xx.combine(&other.xx);
        self.yy.combine(&other.yy);
        self.xy.combine(&other.xy);
    }

    /// Takes the sums of other pairs back.
    pub fn subtract(&mut self, other: &Comoments) {
        self.count = self.count.wrapping_sub(other.count);
        self.x.subtract(&other.x);
        self.y.subtract(&other.y);
        self.xx.subtract(&other.xx);
        self.yy.subtract(&other.yy);
        self.xy.subtract(&other.xy);
    }

    /// Whether a NaN or an infinity is among the numbers.
    fn is_special(&self) -> bool {
        [&self.x, &self.y].into_iter().any(|sum| sum.outcome().is_some())
    }

    /// `n·Σlr − Σl·Σr`, for sums of this.
    fn centred(&self, left: &ExactSum, right: &ExactSum, products: &ExactSum) -> Exact {
        let scaled = Exact::of(products).scaled(self.count);
        scaled.minus(Exact::of(left).times(Exact::of(right)))
    }
}

/// `integer · 2^exponent`.
#[derive(Clone)]
pub(super) struct Exact {
    pub(super) integer: BigInt,
    pub(super) exponent: i64,
}

impl Exact {
    pub(super) fn of(sum: &ExactSum) -> Exact {
        let (integer, exponent) = sum.to_bigint();
        Exact {
            integer,
            exponent: i64::from(exponent),
        }
    }

    pub(super) fn is_positive(&self) -> bool {
        self.integer.sign() == Sign::Plus
    }

    pub(super) fn scaled(self, factor: impl Into<BigInt>) -> Exact {
        Exact {
            integer: self.integer * factor.into(),
            ..self
        }
    }

    pub(super) fn times(self, other: Exact) -> Exact {
        Exact {
            integer: self.integer * other.integer,
            exponent: self.exponent + other.exponent,
        }
    }

    pub(super) fn minus(self, other: Exact) -> Exact {
        let exponent = self.exponent.min(other.exponent);
        let aligned = |exact: Exact| exact.integer << (exact.exponent - exponent);
        Exact {
            exponent,
            integer: aligned(self) - aligned(other),
        }
    }

    /// The quotient by another number that is not 0, rounded once.
    pub(super) fn over(self, other: Exact) -> f64 {
        let shift = self.exponent - other.exponent;
        if shift >= 0 {
            big_ratio_to_f64(&(self.integer << shift), &other.integer)
        } else {
            big_ratio_to_f64(&self.integer, &(other.integer << -shift))
        }
    }
}

fn power_of_ten(scale: u32) -> Exact {
    Exact {
        integer: BigInt::from(10).pow(scale),
        exponent: 0,
    }
}

/// `numerator / (denominator · 10^scale)`, rounded once; NaN if a NaN or an infinity was added to either; `None` if the
/// denominator is 0.
pub fn quotient(numerator: &ExactSum, denominator: &ExactSum, scale: u32) -> Option<f64> {
    if numerator.outcome().is_some() || denominator.outcome().is_some() {
        return Some(NAN);
    }
    let denominator = Exact::of(denominator);
    let is_zero = denominator.integer.sign() == Sign::NoSign;
    (!is_zero).then(|| Exact::of(numerator).over(denominator.times(power_of_ten(scale))))
}

/// `(n·Σxy − Σx·Σy) / (n·(n − 1))` of pairs whose products are in units of 10^-scale, rounded once; NaN if a NaN or an
/// infinity is among them; `None` below two pairs. Does not look at the squares.
pub fn covariance(sums: &Comoments, scale: u32) -> Option<f64> {
    if sums.count < 2 {
        return None;
    }
    if sums.is_special() {
        return Some(NAN);
    }
    let pairs = Exact {
        integer: BigInt::from(sums.count) * (sums.count - 1),
        exponent: 0,
    };
    let numerator = sums.centred(&sums.x, &sums.y, &sums.xy);
    Some(numerator.over(pairs.times(power_of_ten(scale))))
}

/// Pearson's correlation, rounded once: the root of `c² / (a·b)` with the sign of `c`, where `a = n·Σx² − (Σx)²`, `b` is the
/// same of y, and `c = n·Σxy − Σx·Σy`. NaN if a NaN or an infinity is among the numbers; `None` below two pairs, and where x
/// or y is constant.
pub fn correlation(sums: &Comoments) -> Option<f64> {
    if sums.count < 2 {
        return None;
    }
    if sums.is_special() {
        return Some(NAN);
    }
    let a = sums.centred(&sums.x, &sums.x, &sums.xx);
    let b = sums.centred(&sums.y, &sums.y, &sums.yy);
    let c = sums.centred(&sums.x, &sums.y, &sums.xy);
    let (negative, exponent) = (
        c.integer.sign() == Sign::Minus,
        2 * c.exponent - a.exponent - b.exponent,
    );
    let (top, bottom) = (
        c.integer.magnitude().pow(2),
        (a.integer * b.integer).magnitude().clone(),
    );
    let is_constant = bottom == BigUint::ZERO;
    (!is_constant).then(|| root(negative, top, bottom, exponent))
}

/// Of the line of least squares of x over y, the rise per unit of y: `(n·Σxy − Σx·Σy) / (n·Σy² − (Σy)²)`, of numbers in units of
/// 10^-scales, rounded once. NaN if a NaN or an infinity is among the numbers; `None` below two pairs, and where y is constant.
pub fn slope(sums: &Comoments, (of_x, of_y): (u32, u32)) -> Option<f64> {
    let spread = spread(sums)?;
    if sums.is_special() {
        return Some(NAN);
    }
    let both = sums.centred(&sums.x, &sums.y, &sums.xy);
    spread
        .is_positive()
        .then(|| both.times(power_of_ten(of_y)).over(spread.times(power_of_ten(of_x))))
}

/// The value of the same line where y is 0: `(Σx·Σy² − Σy·Σxy) / (n·Σy² − (Σy)²)`, of x in units of 10^-scale, rounded once. NaN
/// and `None` as for the slope.
pub fn intercept(sums: &Comoments, scale: u32) -> Option<f64> {
    let spread = spread(sums)?;
    if sums.is_special() {
        return Some(NAN);
    }
    let up = Exact::of(&sums.x).times(Exact::of(&sums.yy));
    let top = up.minus(Exact::of(&sums.y).times(Exact::of(&sums.xy)));
    spread
        .is_positive()
        .then(|| top.over(spread.times(power_of_ten(scale))))
}

/// `n·Σy² − (Σy)²`; `None` below two pairs.
fn spread(sums: &Comoments) -> Option<Exact> {
    (sums.count >= 2).then(|| sums.centred(&sums.y, &sums.y, &sums.yy))
}

/// `±√(top / bottom · 2^exponent)`, rounded once; `bottom` is not 0.
pub(super) fn root(negative: bool, top: BigUint, bottom: BigUint, exponent: i64) -> f64 {
    // The quotient gets about 132 bits, the root 66; an even exponent can be halved.
    let shift = 132 - (top.bits() as i64 - bottom.bits() as i64);
    let shift = shift + (exponent - shift).rem_euclid(2);
    let (top, bottom) = if shift >= 0 {
        (top << shift, bottom)
    } else {
        (top, bottom << -shift)
    };
    let quotient = &top / &bottom;
    let root = quotient.sqrt();
    let follows = &root * &root * &bottom != top;
    let bits = root.iter_u64_digits().take(2).enumerate();
    let bits = bits.fold(0, |bits, (at, digit)| bits | u128::from(digit) << (64 * at));
    round_bits(negative, bits, follows, (exponent - shift) / 2)
}
