use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn decimals_of_any_scales_are_ordered_by_value(
        left in prop_oneof![-1_000i128..1_000, any::<i128>()], left_scale in 0u8..=38,
        right in prop_oneof![-1_000i128..1_000, any::<i128>()], right_scale in 0u8..=38,
    ) {
        for (right, right_scale) in [(right, right_scale), (right, left_scale), (left, left_scale)] {
            let exact = BigInt::from(left) * big_power(right_scale.into());
            let expected = exact.cmp(&(BigInt::from(right) * big_power(left_scale.into())));
            prop_assert_eq!(compare(left, left_scale, right, right_scale), expected);
        }
    }
}

#[test]
fn products_beyond_128_bits_lose_digits_half_to_even() {
    let ten = |power: u32| 10i128.pow(power);
    assert_eq!(multiply((ten(30), 10), (ten(15), 10), 38, 2), Some(ten(27)));
    assert_eq!(multiply((-ten(30), 10), (ten(15), 10), 38, 2), Some(-ten(27)));
    // 5 * 10^39 units of 10^-40: half of a unit, and three halves.
    assert_eq!(multiply((5 * ten(19), 20), (ten(20), 20), 38, 0), Some(0));
    assert_eq!(multiply((15 * ten(19), 20), (ten(20), 20), 38, 0), Some(2));
    assert_eq!(multiply((ten(30), 10), (ten(30), 10), 38, 2), None);
}
