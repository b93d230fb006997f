//! The next step where rows did not arrive in time, by how event times and arrivals lie together.

use featc_ir::window::format_duration;
use featr::{Example, Fault, Instants, Reason};
use std::collections::BTreeSet;

const SECOND_US: i64 = 1_000_000;
const MINUTE_US: i64 = 60 * SECOND_US;
const HOUR_US: i64 = 60 * MINUTE_US;
const DAY_US: i64 = 24 * HOUR_US;
/// No two zones are further apart.
const ZONES_US: i64 = 26 * HOUR_US;
const YEAR_US: i64 = 366 * DAY_US;

/// Event times and arrivals of the rows that were not accepted for them.
fn instants(examples: &[Example]) -> Vec<Instants> {
    let of = |example: &Example| match example.fault {
        Fault::Unaccepted(Reason::Late | Reason::Ahead, instants) => instants,
        Fault::Unaccepted(..) | Fault::Undecoded(_) | Fault::OfView(_) => None,
    };
    examples.iter().filter_map(of).collect()
}

/// How far the event time lies after the arrival.
fn ahead_us(row: &Instants) -> i64 {
    row.time_us.saturating_sub(row.arrival_us)
}

/// A length that is at least as long, as one writes it: whole minutes, hours or days.
fn at_least(us: i64) -> String {
    let unit_us = match us {
        ..HOUR_US => MINUTE_US,
        ..DAY_US => HOUR_US,
        _ => DAY_US,
    };
    let units = us.div_euclid(unit_us) + i64::from(us.rem_euclid(unit_us) > 0);
    format_duration(units.saturating_mul(unit_us))
}

/// Whether a row is ahead because its arrival is a date, which stands for the first instant of its day.
pub(super) fn is_of_that_day(row: &Instants) -> bool {
    row.is_of_a_day && (0..25 * HOUR_US).contains(&ahead_us(row))
}

/// For such rows.
pub(super) const OF_THAT_DAY: &str = "the arrival is a date, and so the first instant of its day: what happens on that day comes after it; write `skew 1d` in the \
     source, with which such rows count, beside `delay 1d`, with which no answer sees them before their day has ended (`25h` both in a zone \
     whose clocks are put back)";

/// For rows that arrived too late.
pub(super) fn where_all_are_late(examples: &[Example]) -> String {
    let instants = instants(examples);
    if arrive_together(&instants) {
        let longest_us = instants.iter().map(|row| ahead_us(row).saturating_neg()).max();
        return format!(
            "the first of them arrive together, as rows of one load or of an export do: if none of them was known earlier, as after a \
             nightly load, write a `lateness` as long as the longest wait, of these `{}`; if that is only when the file was written, \
             declare a lag that is sure instead, such as `arrival time + 5m`",
            at_least(longest_us.unwrap_or_default())
        );
    }
    "if all are late by about as much, compare the zones and units of event time and arrival, and their formats (day and month may \
     be exchanged in one); give the source a longer `lateness` only if rows that come so late are to count"
        .to_owned()
}

/// Whether an arrival has two rows or more, of different event times.
fn arrive_together(rows: &[Instants]) -> bool {
    let arrivals: BTreeSet<i64> = rows.iter().map(|row| row.arrival_us).collect();
    let times: BTreeSet<i64> = rows.iter().map(|row| row.time_us).collect();
    !rows.is_empty() && 2 * arrivals.len() <= times.len()
}

/// For rows whose event times lie after their arrivals.
pub(super) fn where_all_are_ahead(examples: &[Example]) -> String {
    let instants = instants(examples);
    if !instants.is_empty() && instants.iter().all(is_of_that_day) {
        return OF_THAT_DAY.to_owned();
    }
    let ahead: Vec<i64> = instants.iter().map(ahead_us).collect();
    let longest_us = ahead.iter().max().copied();
    let of_these = longest_us.map_or_else(String::new, |us| format!(", of these `{}`", at_least(us)));
    let lead = format!(
        "{of_these}: such rows count from their event time on and not before; what is to count from when it was planned or assigned needs \
         the column of that instant as its `time`"
    );
    let planned = "event times that are planned or forecast";
    if is_a_zone(&ahead) {
        return format!(
            "arrivals lie about the offset of a zone before the event times: `time` and `arrival` may be swapped, where rows arrive after \
             they happen; or one of the two columns is in another zone than it says: where it has no offsets, write its format and zone after its type, such as `timestamp as \"%Y-%m-%d \
             %H:%M:%S\" in \"Europe/Amsterdam\"`; offsets that are wrong, `Z` among them, are mended in the file; if both are right, \
             {planned} need a `skew` as long as they look ahead{lead}"
        );
    }
    if longest_us.is_some_and(|us| us > YEAR_US) {
        return "a year and more lies between arrivals and event times: compare the units and the formats of both columns".to_owned();
    }
    format!(
        "`time` and `arrival` may be swapped: rows arrive after they happen; if they are not, compare the zones of both; a clock that is \
         ahead a little needs a longer `skew`, and {planned} one as long as they look ahead{lead}"
    )
}

/// Whether several rows are ahead by one offset of zones (or by two, where clocks changed between), each less the time that it
/// took to arrive: all leads, less a minute, fall into the same quarter of an hour, and their whole hours differ by at most
/// one.
fn is_a_zone(ahead: &[i64]) -> bool {
    let quarter = |ahead: &i64| (ahead - MINUTE_US).rem_euclid(HOUR_US) / (15 * MINUTE_US);
    let are_alike = ahead.windows(2).all(|pair| quarter(&pair[0]) == quarter(&pair[1]));
    // Lags of whole hours, and of several lengths, are lags: clocks change by one.
    let hours = |ahead: &i64| (ahead - MINUTE_US).div_euclid(HOUR_US);
    let (least, greatest) = (ahead.iter().map(hours).min(), ahead.iter().map(hours).max());
    let is_one = least
        .zip(greatest)
        .is_some_and(|(least, greatest)| greatest - least <= 1);
    ahead.len() > 1 && are_alike && is_one && ahead.iter().all(|ahead| (15 * MINUTE_US..=ZONES_US).contains(ahead))
}
