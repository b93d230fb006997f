//! One correct rounding of limbs, or of their quotient by an integer, to float64.

/// The magnitude of a number in limbs, computed limb by limb. Limbs at either end may be zero.
#[derive(Debug, Clone, Copy)]
pub(super) struct Magnitude<'a> {
    limbs: &'a [u64],
    negative: bool,
    /// The position of the least limb that is not zero; as many as there are limbs if all are.
    least: usize,
}

impl<'a> Magnitude<'a> {
    /// Of limbs in two's complement.
    pub(super) fn of(limbs: &'a [u64]) -> Magnitude<'a> {
        Magnitude::new(limbs, limbs.last().is_some_and(|top| (*top as i64) < 0))
    }

    /// Of limbs without sign.
    pub(super) fn unsigned(limbs: &'a [u64]) -> Magnitude<'a> {
        Magnitude::new(limbs, false)
    }

    #[inline]
    fn new(limbs: &'a [u64], negative: bool) -> Magnitude<'a> {
        let least = limbs.iter().position(|limb| *limb != 0).unwrap_or(limbs.len());
        Magnitude { limbs, negative, least }
    }

    /// −x = ¬x + 1, and the carry stops in the least limb that is not zero.
    #[inline]
    fn limb(self, position: usize) -> u64 {
        let limb = self.limbs[position];
        if !self.negative || position < self.least {
            limb
        } else if position == self.least {
            limb.wrapping_neg()
        } else {
            !limb
        }
    }

    pub(super) fn limbs(self) -> impl Iterator<Item = u64> + 'a {
        (0..self.limbs.len()).map(move |position| self.limb(position))
    }

    /// The 128 leading bits (the first is 1), the exponent of the last of them relative to the first limb's weight, and
    /// whether anything but zeros follows. `None` for zero.
    fn leading(self) -> Option<(u128, i32, bool)> {
        let top = (0..self.limbs.len()).rev().find(|position| self.limb(*position) != 0)?;
        let at = |below: usize| top.checked_sub(below).map_or(0, |position| self.limb(position));
        let (first, second, third) = (at(0), at(1), at(2));
        let shift = first.leading_zeros();
        let mut bits = (u128::from(first) << 64 | u128::from(second)) << shift;
        let mut rest = third;
        if shift > 0 {
            bits |= u128::from(third >> (64 - shift));
            rest = third << shift;
        }
        let follows = rest != 0 || self.least + 2 < top;
        Some((bits, 64 * top as i32 - 64 - shift as i32, follows))
    }
}

/// `Σ limbs[i]·2^(64·(base + i)) / divisor`, rounded once, half to even. `limbs` are in two's complement, `divisor` ≥ 1.
pub(super) fn quotient(base: i32, limbs: &[u64], divisor: u64) -> f64 {
    let magnitude = Magnitude::of(limbs);
    let value = positive_quotient(base, magnitude, divisor);
    if magnitude.negative && value != 0.0 {
        -value
    } else {
        value
    }
}

/// As [`quotient`], of a magnitude.
pub(super) fn positive_quotient(base: i32, magnitude: Magnitude<'_>, divisor: u64) -> f64 {
    quotient_at(64 * base, magnitude, divisor)
}

/// `magnitude · 2^unit / divisor`, rounded once, half to even.
pub(super) fn quotient_at(unit: i32, magnitude: Magnitude<'_>, divisor: u64) -> f64 {
    // Law: rnd_nearest (proofs/theory/Round.v)
    // Law: rnd_tie (proofs/theory/Round.v)
    let Some((mut bits, mut exponent, mut sticky)) = magnitude.leading() else {
        return 0.0;
    };
    if divisor > 1 {
        // bits ≥ 2^127 and divisor < 2^64, so at least 64 leading bits of the quotient are exact; what is cut off below,
        // here or in `leading`, shows in `sticky` only: ⌊⌊x⌋/n⌋ = ⌊x/n⌋.
        let divisor = u128::from(divisor);
        sticky |= bits % divisor != 0;
        bits /= divisor;
        let shift = bits.leading_zeros();
        bits <<= shift;
        exponent -= shift as i32;
    }
    round_bits(bits, exponent + unit, sticky)
}

/// `(bits + ε)·2^exponent` with `bits ≥ 2^127` and 0 < ε < 1 iff `sticky`, rounded half to even; beyond the range: infinity.
pub(super) fn round_bits(bits: u128, exponent: i32, sticky: bool) -> f64 {
    let highest = exponent + 127;
    if highest > 1023 {
        return f64::INFINITY;
    }
    // The weight of the last bit that the result keeps: 53 bits, fewer among the subnormals.
    let last = (highest - 52).max(-1074);
    let cut = last - exponent;
    if cut > 128 {
        return 0.0; // below half of the least subnormal
    }
    let (kept, half, below) = match cut {
        128 => (0, true, bits << 1 != 0),
        _ => (bits >> cut, bits >> (cut - 1) & 1 == 1, bits << (128 - (cut - 1)) != 0),
    };
    let mantissa = kept as u64 + u64::from(half && (below || sticky || kept & 1 == 1));
    // For normal numbers the implicit bit adds 1 to the exponent field, as does a mantissa that rounded up to 2^53.
    f64::from_bits((((last + 1074) as u64) << 52) + mantissa)
}
