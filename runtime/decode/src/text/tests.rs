use super::*;

#[test]
fn days_agree_with_chrono() {
    let epoch = chrono::NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
    let mut day = chrono::NaiveDate::from_ymd_opt(1, 1, 1).unwrap();
    while let Some(next) = day.checked_add_days(chrono::Days::new(13)) {
        let text = day.format("%Y-%m-%d").to_string();
        if text.len() != 10 {
            break;
        }
        assert_eq!(date(&text), Ok((day - epoch).num_days()), "{text}");
        day = next;
    }
    for wrong in [
        "0000-01-01",
        "0000-12-31",
        "2023-02-29",
        "2023-13-01",
        "2023-00-01",
        "2023-01-00",
        "2023-1-1",
        "2023-01-01 ",
        "",
        "20230101",
    ] {
        assert!(date(wrong).is_err(), "{wrong}");
    }
    assert!(date("2024-02-29").is_ok() && date("1900-02-29").is_err() && date("2000-02-29").is_ok());
}

#[test]
fn timestamps_as_written() {
    let at = |text| timestamp(text).unwrap();
    assert_eq!(
        at("1970-01-01T00:00:01Z"),
        Written {
            local_us: 1_000_000,
            offset_s: Some(0)
        }
    );
    assert_eq!(
        at("1970-01-01 00:00:01.5+01:30"),
        Written {
            local_us: 1_500_000,
            offset_s: Some(5_400)
        }
    );
    assert_eq!(at("1970-01-01t00:00:00-0130").offset_s, Some(-5_400));
    assert_eq!(at("1970-01-01t00:00:00-01").offset_s, Some(-3_600));
    assert_eq!(
        at("1970-01-01T00:00:00"),
        Written {
            local_us: 0,
            offset_s: None
        }
    );
    assert_eq!(at("1969-12-31T23:59:59.9999999Z").local_us, -1);
    assert_eq!(at("1970-01-01T00:00:00.123456999Z").local_us, 123_456);
    for wrong in [
        "1970-01-01",
        "1970-01-01T00:00Z",
        "1970-01-01T24:00:00Z",
        "1970-01-01T00:00:60Z",
        "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00+",
        "1970-01-01T00:00:00+1",
        "1970-01-01T00:00:00+01:",
        "1970-01-01T00:00:00+24:00",
        "1970-01-01T00:00:00ZZ",
        "0",
        "é970-01-01T00:00:00Z",
    ] {
        assert!(timestamp(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn decimals_are_exact() {
    assert_eq!(decimal("1.50", 5, 2), Ok(150));
    assert_eq!(
        decimal("-1.5000000000000000000000000000000000000000000000", 5, 2),
        Ok(-150)
    );
    assert_eq!(
        decimal("000000000000000000000000000000000000000000001.5", 5, 2),
        Ok(150)
    );
    assert_eq!(decimal("15e-1", 5, 2), Ok(150));
    assert_eq!(decimal("0.0015E+3", 5, 2), Ok(150));
    assert_eq!(decimal(".5", 5, 2), Ok(50));
    assert_eq!(decimal("5.", 5, 2), Ok(500));
    assert_eq!(decimal("-0", 5, 2), Ok(0));
    assert_eq!(decimal("0e999999999999999999999", 5, 2), Ok(0));
    assert_eq!(decimal("999.99", 5, 2), Ok(99_999));
    assert!(decimal("1000", 5, 2).is_err() && decimal("1.505", 5, 2).is_err());
    assert_eq!(decimal(&"9".repeat(38), 38, 0), Ok(10i128.pow(38) - 1));
    assert!(decimal(&"9".repeat(39), 38, 0).is_err() && decimal("1e99999999999999999999", 38, 0).is_err());
    for wrong in [
        "", "-", ".", "e5", "1e", "1e+", "1 ", "1,5", "--1", "1.2.3", "0x1", "nan",
    ] {
        assert!(decimal(wrong, 38, 10).is_err(), "{wrong}");
    }
}

#[test]
fn numbers_and_booleans() {
    assert_eq!(int64("-9223372036854775808"), Ok(i64::MIN));
    assert_eq!(int64("9223372036854775808"), Err(Wrong::BeyondInt64));
    assert!(
        ["1.0", "1e3", "", " 1", "1_000", "0x1"]
            .iter()
            .all(|text| int64(text).is_err())
    );
    assert_eq!(float64("-0.0").unwrap().to_bits(), 0);
    assert_eq!(float64("1e999"), Err(Wrong::BeyondFloat64));
    assert_eq!(float64("-inf"), Ok(f64::NEG_INFINITY));
    assert!(float64("nan").unwrap().is_nan() && float64("1,5").is_err() && float64("").is_err());
    assert_eq!(
        (boolean("True"), boolean("FALSE"), boolean("1").is_err()),
        (Ok(true), Ok(false), true)
    );
}

#[test]
fn durations() {
    assert_eq!(duration("PT1.5S"), Ok(1_500_000));
    assert_eq!(duration("-PT0.0000001S"), Ok(-1));
    assert_eq!(duration("-PT0.0000000000001S"), Ok(-1));
    assert_eq!(
        duration("P1W2DT3H4M5S"),
        Ok((((9 * 24 + 3) * 60 + 4) * 60 + 5) * 1_000_000)
    );
    for wrong in [
        "", "P", "PT", "P1", "P1H", "PT1D", "PT1S1M", "P1.5D", "1S", "P1Y", "P1DT", "P-1D", "PTT1S", "PT1HT1H",
        "P1DTT1S",
    ] {
        assert!(duration(wrong).is_err(), "{wrong}");
    }
    assert!(duration("P999999999999999999W").is_err());
}
