use super::*;
use crate::arbitrary::{Choices, ty, value};
use proptest::prelude::*;

#[test]
fn values_print_as_documented() {
    let cents = Type::Decimal { precision: 5, scale: 2 };
    for (value, ty, text) in [
        (Value::Null, Type::Int64, ""),
        (Value::Error(ErrorCode::Cap), Type::Int64, "error(cap)"),
        (Value::Bool(true), Type::Bool, "true"),
        (Value::Int64(-3), Type::Int64, "-3"),
        (Value::Decimal(-5), cents, "-0.05"),
        (Value::Decimal(12_345), cents, "123.45"),
        (Value::Decimal(0), cents, "0.00"),
        (Value::Decimal(7), Type::Decimal { precision: 5, scale: 0 }, "7"),
        (Value::String("a,b".into()), Type::String, "a,b"),
        (Value::Timestamp(0), Type::Timestamp, "1970-01-01T00:00:00Z"),
        (Value::Timestamp(-1), Type::Timestamp, "1969-12-31T23:59:59.999999Z"),
        (Value::Date(-1), Type::Date, "1969-12-31"),
        (Value::Duration(5_400_000_000), Type::Duration, "1h30m"),
        (Value::Duration(-172_800_000_001), Type::Duration, "-2d1us"),
        (Value::Duration(0), Type::Duration, "0s"),
        (Value::Duration(i64::MIN), Type::Duration, "-106751991d4h54s775ms808us"),
        (
            Value::List(vec![Value::Int64(1), Value::Null]),
            Type::List(&Type::Int64),
            "[1, null]",
        ),
        (
            Value::List(vec![Value::Float64(0.5), Value::Float64(NAN)]),
            Type::List(&Type::Float64),
            "[0.5, \"NaN\"]",
        ),
        (
            Value::List(vec![Value::String("a\"\n".into()), Value::String("é".into())]),
            Type::List(&Type::String),
            r#"["a\"\u000a", "é"]"#,
        ),
        (
            Value::List(vec![Value::Date(0)]),
            Type::List(&Type::Date),
            r#"["1970-01-01"]"#,
        ),
    ] {
        assert_eq!(value.render(ty), text);
    }
}

#[test]
fn floats_print_in_the_shortest_form() {
    for (value, text) in [
        (0.0, "0.0"),
        (-0.0, "0.0"),
        (1.0, "1.0"),
        (-1.5, "-1.5"),
        (0.1, "0.1"),
        (100.0, "100.0"),
        (123_456.789, "123456.789"),
        (0.000_012, "0.000012"),
        (0.000_001_2, "1.2e-6"),
        (12_345_678_901_234_568.0, "12345678901234568.0"),
        (1e17, "1e17"),
        (1e300, "1e300"),
        (5e-324, "5e-324"),
        (f64::INFINITY, "inf"),
        (f64::NEG_INFINITY, "-inf"),
        (-f64::NAN, "NaN"),
    ] {
        assert_eq!(render_float(value), text);
    }
}

proptest! {
    #[test]
    fn finite_floats_read_back(bits in any::<u64>()) {
        let value = canonical(f64::from_bits(bits));
        let text = render_float(value);
        if value.is_finite() {
            prop_assert_eq!(crate::eval::parse_float(&text).map(f64::to_bits), Some(value.to_bits()));
        }
        prop_assert_eq!(text.parse::<f64>().map(|read| canonical(read).to_bits()), Ok(value.to_bits()));
    }

    #[test]
    fn the_order_is_total_and_fits_equality(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let mut choices = Choices::new(&bytes);
        let of = ty(&mut choices);
        let values = [0; 3].map(|_| value(&mut choices, of));
        for left in &values {
            prop_assert_eq!(left.is_valid(), left.tag() == Tag::VALID);
            for right in &values {
                prop_assert_eq!(left.compare(right), right.compare(left).reverse());
                prop_assert_eq!(left.compare(right).is_eq(), left == right);
                for third in &values {
                    if left <= right && right <= third {
                        prop_assert!(left <= third);
                    }
                }
            }
        }
    }
}
