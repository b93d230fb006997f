//! Periods of the calendar (semantics §2): what the clocks of a zone show, looked for instant by instant.

use featc_ir::{Unit, Zone};
use featr_kernels::calendar::{Civil, DAY_US, civil_from_days, day_of_week, days_from_civil};
use std::cell::RefCell;
use std::collections::HashMap;

const HOUR_US: i128 = 3_600_000_000;
const DAY: i128 = DAY_US as i128;

thread_local! {
    /// What [`reached`] has found.
    static FOUND: RefCell<HashMap<(Zone, i128), i128>> = RefCell::new(HashMap::new());
}

/// The longest period, by clocks that are never put forward or back.
fn longest_us(unit: Unit) -> i128 {
    match unit {
        Unit::Hour => HOUR_US,
        Unit::Day => DAY,
        Unit::Week => 7 * DAY,
        Unit::Month => 31 * DAY,
        Unit::Quarter => 92 * DAY,
        Unit::Year => 366 * DAY,
    }
}

/// How far back from an instant so many periods and the one that contains it reach, at most: a clock may be put back by a day.
pub fn reach_us(unit: Unit, zone: Zone, periods: u32) -> i128 {
    longest_us(unit) * (i128::from(periods) + 1) + if zone.is_utc() { 0 } else { DAY }
}

/// The first instant of the period that is so many before the one that contains `t`. It contains `t` if it has begun, and the
/// next one has not.
pub fn period(unit: Unit, zone: Zone, before: u32, t: i128) -> i128 {
    let mut start = start_of(unit, t + offset(zone, t));
    loop {
        let next = start_of(unit, start + longest_us(unit));
        if reached(zone, next) > t {
            break;
        }
        start = next;
    }
    for _ in 0..before {
        start = start_of(unit, start - 1);
    }
    reached(zone, start)
}

/// How much longer than by its clocks a time in a zone may be, at most: what lies between the clocks that are furthest from UTC
/// on either side.
pub fn put_back_us(zone: Zone) -> i128 {
    if zone.is_utc() { 0 } else { 26 * HOUR_US }
}

/// Where a window on a grid begins and ends: the last point that the clocks have reached at `t`, and so long before it by these
/// clocks. Whole weeks are counted from a Monday, 1970-01-05.
pub fn grid(zone: Zone, every_us: i64, length_us: i64, t: i128) -> (i128, i128) {
    let every = i128::from(every_us);
    let origin = if every % (7 * DAY) == 0 { 4 * DAY } else { 0 };
    let mut point = origin + (t + offset(zone, t) - origin).div_euclid(every) * every;
    while !zone.is_utc() && reached(zone, point + every) <= t {
        point += every;
    }
    (reached(zone, point - i128::from(length_us)), reached(zone, point))
}

/// The local time at which the period starts that contains a local time.
fn start_of(unit: Unit, local: i128) -> i128 {
    if unit == Unit::Hour {
        return local.div_euclid(HOUR_US) * HOUR_US;
    }
    let day = local.div_euclid(DAY) as i64;
    let Civil { year, month, .. } = civil_from_days(day);
    let first_of = |month: u32| days_from_civil(Civil { year, month, day: 1 });
    let first = match unit {
        Unit::Hour | Unit::Day => day,
        Unit::Week => day + 1 - day_of_week(day),
        Unit::Month => first_of(month),
        Unit::Quarter => first_of(month - (month - 1) % 3),
        Unit::Year => first_of(1),
    };
    i128::from(first) * DAY
}

/// How far the clocks of a zone are ahead of UTC; not at all where nothing is known of them.
fn offset(zone: Zone, us: i128) -> i128 {
    let known = i64::try_from(us).ok().and_then(|us| Some((us, zone.shown(us)?)));
    known.map_or(0, |(us, shown)| i128::from(shown) - i128::from(us))
}

/// The first instant at which the clocks of a zone show a local time or a later one.
fn reached(zone: Zone, local: i128) -> i128 {
    if zone.is_utc() {
        return local;
    }
    let known = FOUND.with_borrow(|found| found.get(&(zone, local)).copied());
    known.unwrap_or_else(|| {
        let found = look_for(zone, local);
        FOUND.with_borrow_mut(|all| all.insert((zone, local), found));
        found
    })
}

/// The same, hour by hour, through days before and after.
fn look_for(zone: Zone, local: i128) -> i128 {
    let mut from = local - 2 * DAY;
    loop {
        let (ahead, mut until) = (offset(zone, from), from + HOUR_US);
        if offset(zone, until) != ahead {
            // Within the hour the clocks are put forward or back.
            let mut before = from;
            while until - before > 1 {
                let middle = before + (until - before) / 2;
                match offset(zone, middle) == ahead {
                    true => before = middle,
                    false => until = middle,
                }
            }
        }
        let first = from.max(local - ahead);
        if first < until {
            return first;
        }
        from = until;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use featr_kernels::calendar::parse_written;

    fn us(text: &str) -> i128 {
        parse_written(text).unwrap().local_us.into()
    }

    #[test]
    fn clocks_that_are_put_forward_and_back_change_the_length_of_days() {
        let begins = |zone: &str, unit, t: &str| period(unit, zone.parse().unwrap(), 0, us(t));
        let day = |zone: &str, t: &str| begins(zone, Unit::Day, t);
        // 23 hours, and 25.
        assert_eq!(
            day("Europe/Paris", "2023-03-26 21:59:59.999999"),
            us("2023-03-25 23:00:00")
        );
        assert_eq!(day("Europe/Paris", "2023-03-26 22:00:00"), us("2023-03-26 22:00:00"));
        assert_eq!(
            day("Europe/Paris", "2023-10-29 22:59:59.999999"),
            us("2023-10-28 22:00:00")
        );
        // There is no midnight, there are two, and there is no day.
        assert_eq!(
            day("America/Sao_Paulo", "2018-11-04 12:00:00"),
            us("2018-11-04 03:00:00")
        );
        assert_eq!(day("America/Havana", "2023-11-05 05:30:00"), us("2023-11-05 04:00:00"));
        assert_eq!(day("Pacific/Apia", "2011-12-30 10:00:00"), us("2011-12-30 10:00:00"));
        // The last minutes of a day come again when the next one has begun.
        assert_eq!(
            day("America/St_Johns", "2006-10-29 02:31:30"),
            us("2006-10-29 02:30:00")
        );
        // An hour that comes twice is one.
        assert_eq!(
            begins("Europe/Paris", Unit::Hour, "2023-10-29 01:59:59"),
            us("2023-10-29 00:00:00")
        );
    }

    #[test]
    fn both_definitions_of_periods_are_one() {
        use featc_ir::{Excluding, Window, WindowKind};
        let zones = [
            "UTC",
            "Europe/Paris",
            "America/Havana",
            "America/St_Johns",
            "Australia/Lord_Howe",
            "Pacific/Apia",
            "Asia/Kathmandu",
        ];
        let around = [
            "2011-12-30 10:00:00",
            "2006-10-29 02:31:00",
            "2024-03-31 01:00:00",
            "2023-11-05 05:00:00",
            "1900-01-01 00:00:00",
        ];
        for zone in zones.map(|zone| zone.parse::<Zone>().unwrap()) {
            for unit in Unit::ALL {
                for (count, hours) in around.iter().flat_map(|t| (-60..60).map(move |hours| (t, hours))) {
                    for beside in [-1, 0, 1] {
                        let t = us(count) + hours * HOUR_US / 2 + beside;
                        for before in [0, 1, 3] {
                            let kind = match before {
                                0 => WindowKind::This { unit, zone },
                                count => WindowKind::Past { count, unit, zone },
                            };
                            let window = Window {
                                kind,
                                excluding: Excluding::Nothing,
                            };
                            let first = period(unit, zone, before, t);
                            let after = window.bounds().after(t as i64).map(|after| i128::from(after) + 1);
                            assert_eq!(after, Some(first), "{window} at {t}");
                            // From when on there is nothing from before it.
                            let whole = window.bounds().whole_from(first).unwrap();
                            assert!(whole <= t, "{window} at {t}");
                            assert!(period(unit, zone, before, whole) >= first, "{window} at {t}");
                            assert!(period(unit, zone, before, whole - 1) < first, "{window} at {t}");
                            assert!(t - first < reach_us(unit, zone, before), "{window} at {t}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn both_definitions_of_grids_are_one() {
        use featc_ir::{Excluding, Window, WindowKind};
        let (minute, day) = (60_000_000, 86_400_000_000);
        let around = [
            ("Europe/Amsterdam", "2024-03-31 01:00:00"),
            ("Europe/Amsterdam", "2024-10-27 01:00:00"),
            ("America/Havana", "2023-11-05 05:00:00"),
            ("America/Sao_Paulo", "2018-11-04 03:00:00"),
            ("America/St_Johns", "2006-10-29 02:31:00"),
            ("Pacific/Apia", "2011-12-30 10:00:00"),
            ("America/Juneau", "1867-10-19 00:31:13"),
        ];
        for (zone, instant) in around {
            let zone: Zone = zone.parse().unwrap();
            for (every_us, after_us) in [
                (day, 0),
                (day, 120 * minute),
                (7 * day, 0),
                (7 * minute, 1),
                (5 * 60 * minute, 0),
            ] {
                for length_us in [1, 90 * minute, day, 30 * day] {
                    let kind = WindowKind::Grid {
                        length_us,
                        every_us,
                        after_us,
                        zone,
                    };
                    let window = Window {
                        kind,
                        excluding: Excluding::Nothing,
                    };
                    let bounds = window.bounds();
                    for (minutes, beside) in (-1600..1600).step_by(13).flat_map(|at| [(at, -1), (at, 0), (at, 1)]) {
                        let t = us(instant) + i128::from(minutes) * i128::from(minute) + beside;
                        let (first, end) = grid(zone, every_us, length_us, t - i128::from(after_us));
                        let after = bounds.after(t as i64).map(|after| i128::from(after) + 1);
                        let until = bounds.until(t as i64).map(|until| i128::from(until) + 1);
                        assert_eq!((after, until), (Some(first), Some(end)), "{window} at {t}");
                        let whole = bounds.whole_from(first).unwrap();
                        assert!(whole <= t, "{window} at {t}");
                        let at = |t: i128| grid(zone, every_us, length_us, t - i128::from(after_us)).0;
                        assert!(at(whole) >= first && at(whole - 1) < first, "{window} at {t}");
                        assert!(t - first < i128::from(bounds.reach_us().unwrap()), "{window} at {t}");
                    }
                }
            }
        }
    }
}
