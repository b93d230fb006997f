//! Whole programs: what they are after checking.

use super::{codes, compile};
use featc_ir::Program;
use featc_syntax::diag::SourceMap;

pub(super) const FLIGHTS: &str = r#"
/// Flights of New York.
module flights

entity carrier (carrier: string)
entity route (origin: string, carrier: string)

/// One row per departure.
source departures {
  columns (
    flight_id: int64,
    carrier: string,
    origin: string,
    dest: string?,
    fare: decimal(12, 2)?,
    dep_delay: int64?,
    arr_delay: float64?,
    cancelled: bool,
    event_at: timestamp,
    known_at: timestamp,
  )
  unique flight_id
  time event_at
  arrival known_at
  delay 5s
  lateness 24h
  begins @2013-01-01T00:00:00Z
  zone "America/New_York"
  batch parquet "data/*.parquet"
  stream jsonl "replay/a.jsonl", "replay/b.jsonl"
}

transform flown from departures {
  where not cancelled and dep_delay is not null
  let late = arr_delay > 15
}

transform landed from flown at event_at + 1h {
  let gain = cast(dep_delay as float64) - arr_delay
  where gain in (1, 2.5) or gain < -3
}

view carrier_delay of carrier from landed {
  owner "ops"
  tags [delay, demo]
  ttl 2h
  /// Mean arrival delay.
  feature mean_delay = mean(arr_delay) over [1h, 7d]
  /// Late flights among all.
  feature late_share = count(where late) / count() over 7d excluding now default 0
  /// Fares.
  feature fare = round(sum(fare), 0) over 7d
  /// Destinations.
  feature dests = count_distinct(dest) over 7d cap 1000
  /// Where to, last.
  feature last_dest = last(dest ignoring nulls) over lifetime excluding self default "?"
  /// Silence.
  feature idle = time_since_last() over 30d
  /// Trend.
  feature trend = if(late_share > 0.5, mean_delay_1h - mean_delay_7d, null) default -1
}

view route_delay of route from departures {
  owner "ops"
  /// Flights.
  feature flights = count() over 7d
}

view any_delay of carrier from departures by (carrier) {
  owner "ops"
  /// Largest fare.
  feature fare = coalesce(max(fare), 0) over 7d
}

service eta_v1 {
  carrier_delay.{mean_delay_*, trend}
  route_delay.*
  any_delay.fare
}
"#;

fn program(text: &str) -> Program {
    let (outcome, _) = compile(text);
    assert_eq!(codes(&outcome.diagnostics), [""; 0], "{}", super::render(text));
    outcome.value.expect("a sound program")
}

#[test]
fn a_program_and_all_its_types() {
    insta::assert_snapshot!(featc_ir::display::program(&program(FLIGHTS)), @r#"
module flights

entity carrier (carrier: string)

entity route (origin: string, carrier: string)

source departures
  #0 flight_id: int64
  #1 carrier: string
  #2 origin: string
  #3 dest: string?
  #4 fare: decimal(12, 2)?
  #5 dep_delay: int64?
  #6 arr_delay: float64?
  #7 cancelled: bool
  #8 event_at: timestamp
  #9 known_at: timestamp
  unique (flight_id)
  time event_at
  arrival known_at
  delay 5s, lateness 1d, skew 5m
  begins @2013-01-01T00:00:00Z
  zone "America/New_York"
  batch parquet "data/*.parquet"
  stream jsonl "replay/a.jsonl", "replay/b.jsonl"

transform landed from departures
  where ((not cancelled) and (dep_delay is not null))
  let #10 late: bool = (arr_delay > 15.0)
  let #11 gain: float64 = (cast(dep_delay as float64) - arr_delay)
  where (((gain = 1.0) or (gain = 2.5)) or (gain < -3.0))
  at (event_at + 1h) within 1h

transform departures from departures
  at event_at

view carrier_delay of carrier from landed by (carrier)
  ttl 2h
  feature mean_delay_1h: float64 = mean(arr_delay) over 1h
  feature mean_delay_7d: float64 = mean(arr_delay) over 7d
  feature late_share: float64 = (count(where late) / count()) over 7d excluding now default 0.0
  feature fare: decimal(37, 0) = round(sum(fare), 0) over 7d
  feature dests: int64 = count_distinct(dest cap 1000) over 7d
  feature last_dest: string = last(dest ignoring nulls) over lifetime excluding self default "?"
  feature idle: duration = time_since_last() over 30d
  feature trend: float64 = case when (late_share > 0.5) then (mean_delay_1h - mean_delay_7d) else null end default -1.0

view route_delay of route from departures by (origin, carrier)
  feature flights: int64 = count() over 7d

view any_delay of carrier from departures by (carrier)
  feature fare: decimal(12, 2) = coalesce(max(fare), 0.00) over 7d

service eta_v1
  carrier_delay__mean_delay_1h: float64
  carrier_delay__mean_delay_7d: float64
  carrier_delay__trend: float64
  route_delay__flights: int64
  any_delay__fare: decimal(12, 2)
"#);
}

#[test]
fn views_of_one_source_share_the_transform_that_changes_nothing() {
    let program = program(FLIGHTS);
    let names: Vec<&str> = program
        .transforms
        .iter()
        .map(|transform| transform.name.as_str())
        .collect();
    assert_eq!(names, ["landed", "departures"], "`flown` is read by no view");
    assert_eq!(program.views[1].transform, program.views[2].transform);
}

#[test]
fn origins_are_files_and_lines() {
    let program = program(FLIGHTS);
    let origin = |name: &str| program.origins.0[name].clone();
    let first = origin("entity carrier");
    assert_eq!((first.file.as_str(), first.line), ("shop.feat", 5));
    let view = &program.views[0];
    let [one, other] = [0, 1].map(|at| origin(&format!("feature {}.{}", view.name, view.features[at].name)));
    assert_eq!(one, other, "two windows of one declaration");
}

#[test]
fn files_of_a_module_are_merged() {
    let (head, tail) = FLIGHTS.split_at(FLIGHTS.find("view carrier_delay").unwrap_or(0));
    let mut sources = SourceMap::new();
    let texts = [format!("module flights\n{tail}"), head.to_owned()];
    let files: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(at, text)| featc_syntax::parse(sources.add(format!("{at}.feat"), text.as_str()), text).value)
        .collect();
    let outcome = crate::analyse(&files, &sources);
    let merged = outcome.value.expect("a sound program");
    assert_eq!(
        featc_ir::display::program(&merged),
        featc_ir::display::program(&program(FLIGHTS))
    );
    let view = &merged.origins.0[&format!("view {}", merged.views[0].name)];
    assert_eq!(view.file, "0.feat");
}

#[test]
fn equal_aggregates_share_a_slot() {
    let program = program(
        r#"module m
entity k (k: string)
source s { columns (k: string, x: int64, at: timestamp) unique all time at }
view v of k from s {
  owner "o"
  /// a
  feature a = sum(x) + count() over 1d
  /// b
  feature b = sum(x) - count() over 24h
  /// c
  feature c = sum(x) over 2d
}
"#,
    );
    let view = &program.views[0];
    assert_eq!((view.lifts.len(), view.windows.len(), view.slots.len()), (1, 2, 3));
}
