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
