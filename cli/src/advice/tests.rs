use super::*;
use featr::Instants;

const MINUTE_US: i64 = 60_000_000;

fn instants(time: i64, arrival: i64) -> Instants {
    Instants {
        time_us: time * MINUTE_US,
        arrival_us: arrival * MINUTE_US,
        is_of_a_day: false,
    }
}

/// What is said where no row can be used, of rows with these event times and arrivals in minutes.
fn of_rows(reason: Reason, rows: &[(i64, i64)]) -> String {
    let example = |(time, arrival): &(i64, i64)| Example {
        text: String::new(),
        reason: reason.name(),
        fault: Fault::Unaccepted(reason, Some(instants(*time, *arrival))),
    };
    all_rows(&rows.iter().map(example).collect::<Vec<_>>()).unwrap_or_default()
}

#[test]
fn rows_that_are_ahead_are_of_another_zone_or_swapped_or_of_another_unit() {
    let ahead = |rows: &[(i64, i64)]| of_rows(Reason::Ahead, rows);
    let zone = "about the offset of a zone";
    // An hour, less what it took to arrive; five hours and a half; one hour, and two in summer.
    assert!(ahead(&[(60, 10), (120, 61), (150, 90)]).contains(zone));
    assert!(ahead(&[(330, 0), (1_000, 675)]).contains(zone));
    assert!(ahead(&[(60, 5), (9_120, 9_002)]).contains(zone));
    for swapped in [
        &[(60, 10), (120, 80), (150, 90)][..],
        &[(2_880, 0), (5_000, 0)],
        &[(17, 10), (28, 10)],
        &[(60, 0)],
    ] {
        assert!(ahead(swapped).contains("may be swapped"), "{swapped:?}");
    }
    assert!(ahead(&[(28_000_000, 28_000), (28_000_100, 28_000)]).contains("compare the units"));
    // Both may be plans that look ahead.
    assert!(ahead(&[(360, 0), (420, 60)]).contains("a `skew` as long as they look ahead, of these `6h`"));
    assert!(ahead(&[(661, 0), (720, 0), (780, 0)]).contains("one as long as they look ahead, of these `13h`"));
    assert!(ahead(&[(20, 10), (28, 10)]).contains("of these `18m`"));
}

#[test]
fn rows_of_the_day_whose_date_is_their_arrival_are_no_swap() {
    const DAY: i64 = 1_440;
    let of = |rows: &[(i64, i64)]| {
        let examples = rows.iter().map(|(time, arrival)| Example {
            text: String::new(),
            reason: "ahead",
            fault: Fault::Unaccepted(
                Reason::Ahead,
                Some(Instants {
                    is_of_a_day: true,
                    ..instants(*time, *arrival)
                }),
            ),
        });
        let examples: Vec<Example> = examples.collect();
        (
            all_rows(&examples).unwrap_or_default(),
            row(&examples[0].fault, "f.csv").unwrap_or_default(),
        )
    };
    // Some days have 25 hours.
    for told in <[String; 2]>::from(of(&[(1_020, 0), (DAY + 1_499, DAY)])) {
        assert!(
            told.contains("`skew 1d` in the source") && told.contains("beside `delay 1d`"),
            "{told}"
        );
    }
    // 25 hours or more ahead of a date is ahead of all of its day.
    for told in <[String; 2]>::from(of(&[(1_500, 0), (3 * DAY, DAY)])) {
        assert!(told.contains("swapped") || told.contains("exchanged"), "{told}");
    }
}

#[test]
fn rows_that_arrive_together_are_of_a_load_or_have_no_arrival() {
    let late = |rows: &[(i64, i64)]| of_rows(Reason::Late, rows);
    assert!(late(&[(0, 9_000), (5, 9_000)]).contains("as the longest wait, of these `7d`"));
    // Loads of two nights.
    let nightly = late(&[(0, 719), (5, 719), (1_440, 2_159), (1_500, 2_159), (1_510, 2_159)]);
    assert!(
        nightly.contains("the first of them arrive together") && nightly.contains("`12h`"),
        "{nightly}"
    );
    assert!(nightly.contains("`arrival time + 5m`"), "{nightly}");
    assert!(late(&[(0, 9_000), (5, 9_005)]).contains("compare the zones"));
    assert!(late(&[(0, 9_000)]).contains("compare the zones"));
}

#[test]
fn every_kind_of_row_has_its_step() {
    let step = |fault: Fault| row(&fault, "f.csv").unwrap_or_default();
    let value = |column: &str, written: &str, wrong| {
        let (column, written) = (column.to_owned(), written.to_owned());
        let value = BadValue { written, wrong };
        Fault::Undecoded(Detail::Value { column, value })
    };
    let record = |broken| Fault::Undecoded(Detail::Record(broken));
    let null_of = |is_time, is_arrival| {
        let column = "sku".to_owned();
        Fault::Undecoded(Detail::Null {
            column,
            is_time,
            is_arrival,
        })
    };
    let null = |is_time| null_of(is_time, false);
    assert!(step(null_of(false, true)).contains("`arrival time + 5m`"));
    let of_all =
        |fault: Fault| all_rows(&[Example::new(("f.csv", 2), "bad_value", "it is so", fault)]).unwrap_or_default();
    assert!(of_all(null_of(false, true)).contains("`arrival time + 5m`"));
    assert!(of_all(null(true)).contains("no row has an event time in `sku`"));
    let of_two = |faults: [Fault; 2]| {
        all_rows(&faults.map(|fault| Example::new(("f.csv", 2), "null_time", "", fault))).unwrap_or_default()
    };
    assert!(of_two([null(true), Fault::Unaccepted(Reason::Ahead, None)]).contains("may be swapped"));
    assert!(of_all(null(false)).contains("a file of another source"));
    assert!(of_all(Fault::Unaccepted(Reason::Late, None)).contains("compare the zones"));
    assert!(of_all(Fault::Unaccepted(Reason::Ahead, None)).contains("`time` and `arrival` may be swapped"));
    for (fault, words) in [
        (null(false), "`?` after its type"),
        (value("x", "\"1,50\"", Wrong::NoDecimal), "1.50"),
        (value("x", "\"$1.50\"", Wrong::NoDecimal), ": 1.50"),
        (value("x", "\"NA\"", Wrong::NoDecimal), "in place of `NA`"),
        (value("x", "\"$$\"", Wrong::NoInt64), "if its values are texts"),
        (value("x", "\"<15\"", Wrong::NoFloat64), "`<15` is a bound"),
        (value("x", "\"///\"", Wrong::NoDecimal), "in place of `///`"),
        (
            value("x", "\"\\\\N\"", Wrong::NoInt64),
            "write nothing in place of `\\N`, and a `?`",
        ),
        (value("at", "\"\\\\N\"", Wrong::NotInFormat), "is an empty field"),
        (value("at", "\"NULL\"", Wrong::NoNumber), "in place of `NULL`"),
        (
            value("at", "\"01/05/2024 03:30 PM\"", Wrong::NotInFormat),
            "is `%I:%M %p` in the format of `at`",
        ),
        (value("x", "\"1.505\"", Wrong::MorePlaces), "`decimal(…, 3)`"),
        (value("ok", "\"yes\"", Wrong::NoBool), "`ok = \"yes\"`"),
        (
            value("n", "\"1.0\"", Wrong::NoInt64),
            "write whole numbers without a point",
        ),
        (
            value("at", "\"01/05/2024 10:00\"", Wrong::NoTimestamp),
            "`as \"%d/%m/%Y %H:%M\"` after the type of `at`, or `%m/%d`",
        ),
        (value("at", "\"Mon 3 June\"", Wrong::NoTimestamp), "write instants like"),
        (value("at", "\"3.4.24\"", Wrong::NotInFormat), "after the type of `at`"),
        (
            value("at", "\"30/11/2025 08:00\"", Wrong::NotInFormat),
            "has the format `%d/%m/%Y %H:%M`",
        ),
        (
            value("at", "\"11/30/2025 08:00\"", Wrong::NotInFormat),
            "has the format `%m/%d/%Y %H:%M`",
        ),
        (
            value("at", "\"30/11/2025\"", Wrong::NoTimestamp),
            "`as \"%d/%m/%Y\"` after the type of `at`; ",
        ),
        (
            value("at", "\"17-01-2025 12:36\"", Wrong::NoTimestamp),
            "`as \"%d-%m-%Y %H:%M\"` after the type of `at`; the clock",
        ),
        (
            value("at", "\"05-01-2025 12:36\"", Wrong::NoTimestamp),
            "or `%m-%d` where the month comes first; the clock",
        ),
        (
            value("at", "\"01-17-2025 12:36:00\"", Wrong::NoTimestamp),
            "`as \"%m-%d-%Y %H:%M:%S\"` after the type of `at`; the clock",
        ),
        (value("day", "\"17-01-2025\"", Wrong::NoDate), "`as \"%d-%m-%Y\"`"),
        (
            value("at", "\"2025-11-30\"", Wrong::NotInFormat),
            "has the format `%Y-%m-%d`",
        ),
        (value("at", "1772323256000000000", Wrong::BeyondYears), "nanoseconds"),
        (value("machine", "{\"id\": 1}", Wrong::NoString), "`from \"machine.…\"`"),
        (
            value("title", "\"{\\\"id\\\": 1}\"", Wrong::NoObject),
            "the object itself",
        ),
        (value("at", "45396", Wrong::NotInFormat), "as Excel counts them"),
        (
            value("at", "\"01.03.24\"", Wrong::ShortYear),
            "`%y` in the format of `at`",
        ),
        (value("tags", "[44,71]", Wrong::NoString), "`tags: list<int64>`"),
        (value("tags", "[4.5,71]", Wrong::NoString), "`tags: list<float64>`"),
        (value("tags", "[\"a\"]", Wrong::NoString), "`tags: list<string>`"),
        (
            value("legs", "[{\"km\": 1.5, \"id\": 3}]", Wrong::NoFloat64),
            "`legs: list<struct<km: float64>>`",
        ),
        (
            value("legs", "[{\"unit price\": 1.5}]", Wrong::NoString),
            "declare one field of each by its path",
        ),
        (value("legs.km", "\"a\"", Wrong::NoList), "in brackets"),
        (value("took", "90", Wrong::NoDuration), "`took * 1s`"),
        (value("took", "\"01:19:00\"", Wrong::NoDuration), "[3] as int64) * 1s`"),
        (
            value("took", "\"05:21\"", Wrong::NoDuration),
            "[2] as int64) * 1s` of minutes and seconds",
        ),
        (value("x", "\"5.256\"", Wrong::MorePlaces), "between thousands"),
        (record(Broken::Fields { found: 9, header: 8 }), "ends with a comma"),
        (value("at", "1e20", Wrong::BeyondYears), "said to count"),
        (value("at", "0.1", Wrong::PartOfMicrosecond), "fewer digits"),
        (
            value("user_id", "5", Wrong::NoObject),
            "name in `from` the field in which it is",
        ),
        (
            value("mentions.account", "\"u1\"", Wrong::NoObject),
            "`mentions: list<string>`",
        ),
        (value("kwh", "[{\"kwh\": 1}]", Wrong::NoObject), "each field is a list"),
        (value("x", "\"0,159\"", Wrong::NoDecimal), "a comma is no point"),
        (value("day", "\"03.04.2026\"", Wrong::NoDate), "`as \"%d.%m.%Y\"`"),
        (value("n", "\"1.0\"", Wrong::NoInt64), "`n: float64`"),
        (value("n", "\"1.5\"", Wrong::NoInt64), "declare `n: float64`, or"),
        (value("n", "\"10.00\"", Wrong::NoInt64), "`n: decimal(12, 2)`"),
        (value("n", "\"1\"", Wrong::NoInt64), "declare `n: string`"),
        (value("x", "\"36,14\"", Wrong::NoFloat64), "36.14"),
        (value("ok", "\"1\"", Wrong::NoBool), "`ok = 1`"),
        (
            value("id", "5", Wrong::NoString),
            "`id: int64`; the key of an entity has one type",
        ),
        (
            value("at", "1715336539000", Wrong::NoString),
            "`as epoch_millis` after the type of `at`; if",
        ),
        (
            value("at", "\"1715174759\"", Wrong::NoTimestamp),
            "`as epoch_seconds` after",
        ),
        (
            value("at", "\"2024-05-06\"", Wrong::NoTimestamp),
            "`as date` after the type of `at`",
        ),
        (
            value("at", "\"2024-05-01T10:00:00 Europe/Berlin\"", Wrong::NoTimestamp),
            "`zone \"Europe/Berlin\"`",
        ),
        (
            value("at", "\"01.05.2024 10:25\"", Wrong::NoTimestamp),
            "as \"%d.%m.%Y %H:%M\"",
        ),
        (
            value("at", "\"2026-03-01T06:17:00.571\"", Wrong::NoNumber),
            "declare `at: timestamp`, without",
        ),
        (
            value("x", "\"123456789.00\"", Wrong::BeyondPrecision),
            "9 digits before the point",
        ),
        (
            value("n", "\"9223372036854775808\"", Wrong::BeyondInt64),
            "`n: decimal(20, 0)`",
        ),
        (value("x", "\"27.368000000000002\"", Wrong::MorePlaces), "`x: float64`"),
        (value("x", "105", Wrong::Inexact), "that the file has"),
        (record(Broken::Fields { found: 9, header: 8 }), "in double quotes"),
        (
            record(Broken::NoJson("expected value at column 7".to_owned())),
            "`null` for NaN",
        ),
        (record(Broken::NotUtf8), "write it as UTF-8"),
        (record(Broken::OpenQuote), "opened in that line"),
        (record(Broken::TooLong), "by a line feed"),
        (record(Broken::NoObject("a sequence".to_owned())), "lines=True"),
        (record(Broken::NoObject("a sequence".to_owned())), "date_unit=\"ms\""),
        (Fault::Unaccepted(Reason::Late, None), "`lateness`"),
        (Fault::Unaccepted(Reason::Ahead, None), "`skew`"),
    ] {
        let told = step(fault.clone());
        assert!(told.contains(words), "{fault:?}: {told}");
    }
    let whole_first = ["\"10.0\"", "\"20.125\"", "\"7.0\""].map(|written| Example {
        text: String::new(),
        reason: "bad_value",
        fault: value("n", written, Wrong::NoInt64),
    });
    assert!(all_rows(&whole_first).is_some_and(|told| told.contains("`n: decimal(13, 3)`")));
    for (written, words) in [
        ("2025-06-10T10:00Z", "`2025-06-10T10:00:00Z`"),
        ("2025-06-10 10:00:00 UTC", "`2025-06-10T10:00:00Z`"),
        ("2025/06/10 10:00:00", "`2025-06-10T10:00:00Z`"),
        ("2025/06/10", "`2025-06-10T00:00:00Z`"),
        ("2025-06-10T10:00:00Z ", "`2025-06-10T10:00:00Z`"),
        ("2025-06-10T10:00+02:00", "`2025-06-10T10:00:00+02:00`"),
        ("10/06/2025 10:00", "dayfirst"),
        ("15.03.2026 12:00", "only where the times are those of UTC"),
        ("15-03-2026 12:00", "only where the times are those of UTC"),
        ("2026-03-15 12:00:00 CEST", "`2026-03-15T12:00:00+02:00`"),
        ("2026-03-15 12:00:00 CET", "so `2026-03-15T12:00:00+01:00`"),
        ("2026-03-15 12:00:00 EST", "so `2026-03-15T12:00:00-05:00`"),
        ("2026-03-15 12:00:00 IST", "as `2026-03-15T12:00:00±hh:mm`"),
        ("10 June 2025 10:00", "pd.to_datetime(x, utc=True)"),
        ("NaT", "leave the row out"),
        ("45818.41", "1899-12-30"),
        ("1749549600.5", "unit=\"s\""),
    ] {
        assert!(timestamp(written).contains(words), "{written}: {}", timestamp(written));
    }
    let key = |written: &str| {
        let written = written.to_owned();
        key_of_spine(
            "id",
            &BadValue {
                written,
                wrong: Wrong::NoInt64,
            },
        )
        .unwrap_or_default()
    };
    assert!(key("T5378").contains("declare `id: string`"));
    assert!(key("12.5").contains("declared `float64`"));
    assert!(key("9007199254740992").contains("floats round whole numbers"));
    assert_eq!(as_number("1,500"), None, "a thousand and a half, or one and a half");
    assert!(row(&null(true), "f.csv").is_some_and(|told| told.contains("no event yet")));
    assert!(row(&null(false), "f.jsonl").is_some_and(|told| told.contains("spelt as the columns")));
}

#[test]
fn a_first_line_that_is_no_header_is_told() {
    let told = |names: &[&str]| header(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    assert!(told(&["0", "c11", "36.14"]).is_some_and(|help| help.contains("no header")));
    assert!(told(&["# exported 2024"]).is_some_and(|help| help.contains("before the header")));
    assert!(told(&["id", "known_at\r0"]).is_some_and(|help| help.contains("line feed")));
    for title in [&["Orders export March 2026"][..], &["Orders", "", ""]] {
        assert!(told(title).is_some_and(|help| help.contains("is a title, remove the lines above")));
    }
    assert_eq!(told(&["id"]), None);
    assert_eq!(told(&["id", "card", "at_2024"]), None);
    assert_eq!(told(&[]), None);
}
