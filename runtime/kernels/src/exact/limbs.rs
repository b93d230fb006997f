//! Limbs: floats and integers as limbs, windows of limbs as two's-complement numbers.

/// Sign, mantissa and exponent of a finite float: `±mantissa · 2^exponent`.
#[inline]
pub(super) fn split(value: f64) -> (bool, u64, i32) {
    let bits = value.to_bits();
    let (exponent, fraction) = ((bits >> 52) as i32 & 0x7ff, bits & ((1 << 52) - 1));
    let negative = bits >> 63 != 0;
    if exponent == 0 {
        (negative, fraction, -1074)
    } else {
        (negative, fraction | 1 << 52, exponent - 1075)
    }
}

/// `mantissa · 2^exponent` as three limbs, the first at the returned position.
#[inline]
pub(super) fn place(mantissa: u128, exponent: i32) -> ([u64; 3], i32) {
    let shift = exponent & 63;
    let low = mantissa << shift;
    let high = if shift == 0 {
        0
    } else {
        (mantissa >> (128 - shift)) as u64
    };
    ([low as u64, (low >> 64) as u64, high], exponent >> 6)
}

/// The square of an integer, as four limbs.
#[inline]
pub(super) fn square(value: i128) -> [u64; 4] {
    let magnitude = value.unsigned_abs();
    let (high, low) = (magnitude >> 64, magnitude & u128::from(u64::MAX));
    let (low_square, cross, high_square) = (low * low, low * high, high * high);
    // value² = high²·2^128 + 2·cross·2^64 + low²; 2·cross may need 129 bits.
    let middle = cross << 1;
    let (sum_low, carry) = low_square.overflowing_add(middle << 64);
    let sum_high = high_square + (middle >> 64) + ((cross >> 127) << 64) + u128::from(carry);
    [
        sum_low as u64,
        (sum_low >> 64) as u64,
        sum_high as u64,
        (sum_high >> 64) as u64,
    ]
}

/// The product of two integers without sign, as four limbs.
pub(super) fn product(left: u128, right: u128) -> [u64; 4] {
    let words = |value: u128| [value as u64, (value >> 64) as u64];
    let mut limbs = [0u64; 4];
    for (position, factor) in words(left).into_iter().enumerate() {
        let mut carry = 0u128;
        for (offset, other) in words(right).into_iter().enumerate() {
            let to = &mut limbs[position + offset];
            let next = u128::from(factor) * u128::from(other) + u128::from(*to) + carry;
            *to = next as u64;
            carry = next >> 64;
        }
        limbs[position + 2] = carry as u64;
    }
    limbs
}

/// Adds (or subtracts) unsigned limbs to the low end of a two's-complement window, modulo its width.
#[inline]
pub(super) fn accumulate<const K: usize>(window: &mut [u64], limbs: [u64; K], negative: bool) {
    let mut carry = false;
    let (low, high) = window.split_at_mut(K);
    for (to, limb) in low.iter_mut().zip(limbs) {
        let (next, overflow) = if negative {
            to.borrowing(limb, carry)
        } else {
            to.carrying(limb, carry)
        };
        *to = next;
        carry = overflow;
    }
    for to in high {
        if !carry {
            return;
        }
        (*to, carry) = if negative {
            to.overflowing_sub(1)
        } else {
            to.overflowing_add(1)
        };
    }
}

/// Addition and subtraction with carry.
pub(super) trait Carry: Sized {
    fn carrying(self, other: Self, carry: bool) -> (Self, bool);
    fn borrowing(self, other: Self, borrow: bool) -> (Self, bool);
}

impl Carry for u64 {
    #[inline]
    fn carrying(self, other: u64, carry: bool) -> (u64, bool) {
        let (sum, first) = self.overflowing_add(other);
        let (sum, second) = sum.overflowing_add(u64::from(carry));
        (sum, first | second)
    }

    #[inline]
    fn borrowing(self, other: u64, borrow: bool) -> (u64, bool) {
        let (difference, first) = self.overflowing_sub(other);
        let (difference, second) = difference.overflowing_sub(u64::from(borrow));
        (difference, first | second)
    }
}

/// Whether the top limb takes one more carry or borrow without changing its sign.
#[inline]
pub(super) fn has_room(window: &[u64]) -> bool {
    let top = window[window.len() - 1];
    top.wrapping_sub(i64::MAX as u64) > 1
}

/// The significant part of a two's-complement number: how many zero limbs at the low end may go, and how many limbs then
/// stay, one of them telling the sign. `(0, 0)` for zero.
pub(super) fn significant(window: &[u64]) -> (usize, usize) {
    let Some(low) = window.iter().position(|limb| *limb != 0) else {
        return (0, 0);
    };
    let sign = ((window[window.len() - 1] as i64) >> 63) as u64;
    let mut high = window.len();
    while high > low + 1 && window[high - 1] == sign && (window[high - 2] ^ sign) >> 63 == 0 {
        high -= 1;
    }
    (low, high - low)
}
