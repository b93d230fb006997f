//! The next step where no row of a source arrived in time, by how event times and arrivals lie together.

use featr::{Example, Fault, Reason};

const SECOND_US: i64 = 1_000_000;
const MINUTE_US: i64 = 60 * SECOND_US;
const HOUR_US: i64 = 60 * MINUTE_US;
/// No two zones are further apart.
const ZONES_US: i64 = 26 * HOUR_US;
const YEAR_US: i64 = 366 * 24 * HOUR_US;

/// Event times and arrivals of the rows that were not accepted for them.
fn instants(examples: &[Example]) -> Vec<(i64, i64)> {
    let of = |example: &Example| match example.fault {
        Fault::Unaccepted(Reason::Late | Reason::Ahead, instants_us) => instants_us,
        Fault::Unaccepted(..) | Fault::Undecoded(_) | Fault::OfView(_) => None,
    };
    examples.iter().filter_map(of).collect()
}

/// Whether several rows arrived at one instant and did not happen at one.
pub(super) fn have_one_arrival(examples: &[Example]) -> bool {
    let instants = instants(examples);
    let differ = |instant: fn(&(i64, i64)) -> i64| instants.iter().any(|row| instant(row) != instant(&instants[0]));
    !instants.is_empty() && !differ(|row| row.1) && differ(|row| row.0)
}

/// For rows whose event times lie after their arrivals.
pub(super) fn where_all_are(examples: &[Example]) -> &'static str {
    let instants = instants(examples).into_iter();
    let ahead: Vec<i64> = instants.map(|(time, arrival)| time.saturating_sub(arrival)).collect();
    if is_a_zone(&ahead) {
        return "arrivals lie about the offset of a zone before the event times: one of the two columns is in another zone than it \
                says; where it has no offsets, write its format and zone after its type, such as `timestamp as \"%Y-%m-%d \
                %H:%M:%S\" in \"Europe/Amsterdam\"`; offsets that are wrong, `Z` among them, are mended in the file";
    }
    if ahead.iter().any(|ahead| *ahead > YEAR_US) {
        return "a year and more lies between arrivals and event times: compare the units and the formats of both columns";
    }
    "`time` and `arrival` may be swapped: rows arrive after they happen; if they are not, compare the zones of both; a longer \
     `skew` is for clocks that are ahead a little"
}

/// Whether several rows are ahead by one offset of zones (or by two, where clocks changed between), each less the time that it
/// took to arrive: what is beyond whole hours lies in one quarter of an hour, to a minute.
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
