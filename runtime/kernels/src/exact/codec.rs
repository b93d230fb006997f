//! Bytes of an exact sum: one form per value.
//!
//! `len: u8 │ if len > 0: position of the first limb + 64: u8, len limbs (little endian) │ flag: u8 │ if 1: three i64`

use super::limbs::significant;
use super::{ExactSum, Specials};

/// Limb positions that a sum can have: products reach down to −34, squares of sums of 2^63 values up to about 36.
const POSITIONS: std::ops::Range<i32> = -40..44;

impl ExactSum {
    /// Appends the canonical bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let (base, limbs) = self.parts();
        out.push(u8::try_from(limbs.len()).expect("fewer than 256 limbs"));
        if !limbs.is_empty() {
            out.push(u8::try_from(base + 64).expect("a limb position within ±64"));
            limbs.iter().for_each(|limb| out.extend_from_slice(&limb.to_le_bytes()));
        }
        match self.specials.as_deref() {
            None => out.push(0),
            Some(specials) => {
                out.push(1);
                for counter in [specials.nan, specials.positive, specials.negative] {
                    out.extend_from_slice(&counter.to_le_bytes());
                }
            }
        }
    }

    /// Reads what [`ExactSum::encode`] wrote and moves `bytes` on; anything else is an error. Allocates no more than the
    /// bytes that are there.
    pub fn decode(bytes: &mut &[u8]) -> Result<ExactSum, String> {
        let [len] = take_bytes(bytes)?;
        let (mut base, mut limbs) = (0, Vec::new());
        if len > 0 {
            let [position] = take_bytes(bytes)?;
            base = i32::from(position) - 64;
            if !POSITIONS.contains(&base) || base + i32::from(len) > POSITIONS.end {
                return Err("exact sum: limbs out of range".to_owned());
            }
            for _ in 0..len {
                limbs.push(u64::from_le_bytes(take_bytes(bytes)?));
            }
            if significant(&limbs) != (0, limbs.len()) {
                return Err("exact sum: not canonical".to_owned());
            }
        }
        let [flag] = take_bytes(bytes)?;
        let specials = match flag {
            0 => None,
            1 => {
                let mut counter = || take_bytes(bytes).map(i64::from_le_bytes);
                let specials = Specials {
                    nan: counter()?,
                    positive: counter()?,
                    negative: counter()?,
                };
                if specials == Specials::default() {
                    return Err("exact sum: not canonical".to_owned());
                }
                Some(specials)
            }
            _ => return Err("exact sum: unknown flag".to_owned()),
        };
        Ok(ExactSum::from_window(base, &limbs, specials))
    }
}

/// The next `N` bytes.
pub(crate) fn take_bytes<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], String> {
    let (head, rest) = bytes
        .split_first_chunk()
        .ok_or_else(|| "state: bytes end early".to_owned())?;
    *bytes = rest;
    Ok(*head)
}
