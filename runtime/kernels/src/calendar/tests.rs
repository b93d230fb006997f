use super::*;
use proptest::prelude::*;

#[test]
fn days_follow_each_other_over_eight_centuries() {
    let mut expected = Civil {
        year: 1599,
        month: 1,
        day: 1,
    };
    let first = days_from_civil(expected);
    for days in first..first + 2 * 146_097 {
        assert_eq!(civil_from_days(days), expected);
        assert_eq!(days_from_civil(expected), days);
        assert_eq!(day_of_week(days + 1), day_of_week(days) % 7 + 1);
        expected.day += 1;
        if expected.day > days_of_month(expected.year, expected.month) {
            expected = Civil {
                day: 1,
                month: expected.month + 1,
                ..expected
            };
        }
        if expected.month > 12 {
            expected = Civil {
                month: 1,
                year: expected.year + 1,
                ..expected
            };
        }
    }
    assert_eq!(
        days_from_civil(Civil {
            year: 1970,
            month: 1,
            day: 1
        }),
        0
    );
    assert_eq!(day_of_week(0), 4);
}

#[test]
fn bounds_are_the_first_and_last_microsecond() {
    assert_eq!(render_timestamp(FIRST_US), "0001-01-01T00:00:00Z");
    assert_eq!(render_timestamp(LAST_US), "9999-12-31T23:59:59.999999Z");
    assert_eq!(render_timestamp(FIRST_US - 1), "0000-12-31T23:59:59.999999Z");
    assert_eq!(render_timestamp(i64::MIN), "-290308-12-21T19:59:05.224192Z");
    assert_eq!(render_timestamp(i64::MAX), "+294247-01-10T04:00:54.775807Z");
    assert_eq!(
        (day_of_year(0), day_of_year(-1), day_of_year(11_016 + 365)),
        (1, 365, 59)
    );
}

#[test]
fn timestamps_are_read_as_rfc_3339() {
    let at = |text| parse_timestamp(text);
    assert_eq!(at("1970-01-01T00:00:00Z"), Some(0));
    assert_eq!(at("1970-01-01t00:00:00.5z"), Some(500_000));
    assert_eq!(at("1970-01-01 01:00:00+01:00"), Some(0));
    assert_eq!(at("1969-12-31T23:30:00-00:30"), Some(0));
    assert_eq!(at("1970-01-01T00:00:00.1234567Z"), Some(123_456));
    assert_eq!(at("1969-12-31T23:59:59.9999999Z"), Some(-1)); // dropped digits: towards −∞
    assert_eq!(
        parse_written("1970-01-01T00:00:01"),
        Some(Written {
            local_us: 1_000_000,
            offset_us: None
        })
    );
    for malformed in [
        "",
        "1970-01-01",
        "1970-01-01T00:00:00",
        " 1970-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z ",
        "1970-01-01T00:00Z",
        "1970-01-01T24:00:00Z",
        "1970-01-01T00:60:00Z",
        "1970-01-01T00:00:60Z",
        "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00+0100",
        "1970-01-01T00:00:00+24:00",
        "1970-13-01T00:00:00Z",
        "1970-02-30T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "1970-01-01T00:00:00é",
        "+970-01-01T00:00:00Z",
        "1970-1-01T00:00:00Z",
    ] {
        assert_eq!(at(malformed), None, "{malformed:?}");
    }
}

proptest! {
    #[test]
    fn timestamps_read_back(us in FIRST_US..=LAST_US, offset in -1439i64..1440) {
        prop_assert_eq!(parse_timestamp(&render_timestamp(us)), Some(us));
        let local = us + offset * 60_000_000;
        if (FIRST_US..=LAST_US).contains(&local) {
            let sign = if offset < 0 { '-' } else { '+' };
            let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
            let text = render_timestamp(local).replace('Z', &format!("{sign}{hours:02}:{minutes:02}"));
            prop_assert_eq!(parse_timestamp(&text), Some(us));
        }
        let days = day_of(us);
        prop_assert_eq!(parse_date(&render_date(days)).map(i64::from), Some(days));
    }

    #[test]
    fn any_instant_and_any_text_is_survived(us in any::<i64>(), days in any::<i64>(), text in ".{0,30}") {
        render_timestamp(us);
        render_date(days);
        day_of_year(day_of(us));
        parse_timestamp(&text);
        parse_date(&text);
    }
}
