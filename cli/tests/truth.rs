//! The truth of a run, and what is wrong with its data: what must be said aloud, and what may be allowed.

mod support;

use std::path::Path;
use support::{names, ok, refused};

const PROGRAM: &str = "module fly

entity plane (plane: string)

source flights {
  columns (id: int64, plane: string, delay: int64, at: timestamp, known_at: timestamp)
  unique id
  time at
  arrival known_at
  batch csv \"flights.csv\"
}

source planes {
  columns (plane: string, seats: int64, since: timestamp)
  unique plane
  time since
  batch csv \"planes.csv\"
}

view delays of plane from flights {
  owner \"ops\"
  /// Of the last flight.
  feature last_delay = last(delay) over 7d
}

view fleet of plane from planes {
  owner \"ops\"
  /// Of the aircraft.
  feature seats = last(seats) over 3650d
}

service late { delays.last_delay fleet.seats }
";

const TRAIN: &str = "train fly.feat --service late --spine spine.csv --out out.csv";

/// A program in which `planes` has this clause, its events, and a spine that asks at the instant of each flight.
fn fly(folder: &Path, clause: &str) {
    let program = PROGRAM.replace("  time since\n", &format!("  time since\n{clause}"));
    let flights = "id,plane,delay,at,known_at
1,n1,5,2024-01-01T10:00:00Z,2024-01-01T11:00:00Z
2,n1,90,2024-01-02T10:00:00Z,2024-01-02T11:00:00Z
3,n2,7,2024-01-02T10:00:00Z,2024-01-02T11:00:00Z
";
    let planes = "plane,seats,since\nn1,180,2020-01-01T00:00:00Z\nn2,50,2020-01-01T00:00:00Z\n";
    let spine = "plane,timestamp\nn1,2024-01-01T10:00:00Z\nn1,2024-01-02T10:00:00Z\nn2,2024-01-02T10:00:00Z\n";
    let files = [
        ("fly.feat", program.as_str()),
        ("flights.csv", flights),
        ("planes.csv", planes),
        ("spine.csv", spine),
    ];
    for (name, text) in files {
        std::fs::write(folder.join(name), text).expect("writable");
    }
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).expect("a text")
}

#[test]
fn a_static_source_leaves_the_truth_of_others_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fly(folder, "");
    refused(folder, TRAIN, "E0916");
    assert!(
        !names(folder).iter().any(|name| name.starts_with("out")),
        "nothing is written"
    );

    fly(folder, "  static\n");
    let said = ok(folder, TRAIN);
    assert!(said.contains("truth as-of-arrival (planes static)"), "{said}");
    // No flight is known at its own instant; the fleet always is.
    let honest = "n1,2024-01-01T10:00:00Z,,180\nn1,2024-01-02T10:00:00Z,5,180\nn2,2024-01-02T10:00:00Z,,50\n";
    assert_eq!(
        read(folder, "out.csv"),
        format!("plane,timestamp,delays__last_delay,fleet__seats\n{honest}")
    );
    let record = read(folder, "out.csv.provenance.json");
    let record: serde_json::Value = serde_json::from_str(&record).expect("a record");
    assert_eq!(
        record["seen_early"],
        serde_json::json!({ "without_arrival": [], "static": ["planes"] })
    );
    // A delay is about pipelines, and a static source has none.
    ok(folder, &format!("{TRAIN} --delay 20000d --max-missing 100%"));
    assert!(read(folder, "out.csv").contains("n1,2024-01-02T10:00:00Z,,180"));

    let commands = [
        "replay fly.feat --service late --spine spine.csv --out replayed.csv",
        "verify fly.feat --service late --spine spine.csv --shuffle 1",
        "verify fly.feat --service late --spine spine.csv --delay 3h",
    ];
    for command in commands {
        let said = ok(folder, command);
        assert!(said.contains("(planes static)"), "{said}");
    }
    assert!(read(folder, "replayed.csv").ends_with(honest));
    let got = ok(
        folder,
        "get fly.feat --service late --key plane=n1 --at 2024-01-02T10:00:00Z",
    );
    assert!(got.contains("180") && got.contains(" 5 "), "{got}");
}

#[test]
fn truth_complete_is_said_and_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fly(folder, "");
    let said = ok(folder, &format!("{TRAIN} --truth complete"));
    assert!(
        said.contains("truth complete (planes seen early: no arrival)"),
        "{said}"
    );
    // The delay of the flight itself.
    assert!(read(folder, "out.csv").contains("n1,2024-01-02T10:00:00Z,90,180"));
    let said = ok(folder, &format!("{TRAIN} --truth complete --json"));
    let told: serde_json::Value = serde_json::from_str(said.lines().next().unwrap_or_default()).expect("one document");
    assert_eq!(told["truth"], "complete");
    assert_eq!(
        told["seen_early"],
        serde_json::json!({ "without_arrival": ["planes"], "static": [] })
    );
    // The record says the truth, so that making the set again needs no word.
    ok(folder, "train --from-provenance out.csv");

    fly(folder, "  arrival time + 5m\n");
    let said = ok(folder, TRAIN);
    let summary = said.lines().next().unwrap_or_default();
    assert!(summary.ends_with("truth as-of-arrival"), "{said}");
}

#[test]
fn what_a_message_allows_is_allowed() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fly(folder, "  static\n");
    let asked = "plane,timestamp\nN1,2024-01-01T10:00:00Z\nN2,2024-01-02T10:00:00Z\n";
    std::fs::write(folder.join("spine.csv"), asked).expect("writable");
    for with in [
        "",
        " --status",
        " --memory-limit 32MiB",
        " --max-missing 1",
        " --max-missing 99.9999%",
    ] {
        let said = refused(folder, &format!("{TRAIN}{with}"), "E0712");
        assert!(
            said.contains("no event has plane \"N1\"; the nearest is plane \"n1\""),
            "{said}"
        );
    }
    let said = ok(folder, &format!("{TRAIN} --max-missing 100% --json"));
    let told: serde_json::Value = serde_json::from_str(said.trim()).expect("one document");
    let view = |view: &str| serde_json::json!({ "view": view, "questions": 2, "missing": 2 });
    assert_eq!(
        told["report"]["views"],
        serde_json::json!([view("delays"), view("fleet")])
    );
    ok(folder, &format!("{TRAIN} --max-missing 2"));
    // A set that was allowed is made again without being allowed again.
    ok(folder, "train --from-provenance out.csv");

    let rows: String = (0..10)
        .map(|id| format!("{id},n1,five,2024-01-01T10:00:00Z,2024-01-01T10:00:00Z\n"))
        .collect();
    let flights = read(folder, "flights.csv") + &rows;
    std::fs::write(folder.join("flights.csv"), flights).expect("writable");
    fly_spine(folder);
    let said = refused(folder, TRAIN, "E0711");
    assert!(said.contains("10 of 13 rows of source `flights`"), "{said}");
    refused(folder, &format!("{TRAIN} --max-rejected 9"), "E0711");
    refused(folder, &format!("{TRAIN} --strict --max-rejected 100%"), "E0707");
    ok(folder, &format!("{TRAIN} --max-rejected 10"));
    ok(folder, "train --from-provenance out.csv");
    ok(folder, &format!("{TRAIN} --max-rejected 77%"));
}

/// Questions that find what they ask for.
fn fly_spine(folder: &Path) {
    std::fs::write(folder.join("spine.csv"), "plane,timestamp\nn1,2024-01-03T10:00:00Z\n").expect("writable");
}

#[test]
fn answers_that_say_nothing_are_allowed_if_all_may_be_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fly(folder, "  static\n");
    let program = read(folder, "fly.feat").replace("last(delay) over 7d", "count() over 1h");
    let flights = "service flown { delays.last_delay }\n";
    std::fs::write(folder.join("fly.feat"), program + flights).expect("writable");
    let train = TRAIN.replace("late", "flown");
    refused(folder, &train, "E0712");
    let said = ok(folder, &format!("{train} --max-missing 100%"));
    assert!(
        said.contains("view delays: every answer is null or 0, but for defaults"),
        "{said}"
    );
}

#[test]
fn features_that_say_nothing_beside_others_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fly(folder, "  static\n");
    let features = "last(delay) over 7d
  /// All of them.
  feature n = count() over 7d
  /// Long ones.
  feature long = count(where delay > 1000) over 7d
  /// Long ones in a longer time.
  feature longer = count(where delay > 1000) over 8d
  /// The longest of the long ones.
  feature longest = max(delay where delay > 1000) over 7d
  /// What is the same for all.
  feature same = sum(0 * delay) over 7d
  /// Those of minutes, where months are meant.
  feature recent = count() over 3m";
    let program = read(folder, "fly.feat").replace("last(delay) over 7d", features);
    let flights = "service flown {
  delays.*
  /// What no question brings about.
  feature many = delays.n > 1000
}
";
    std::fs::write(folder.join("fly.feat"), program + flights).expect("writable");
    let train = TRAIN.replace("late", "flown");
    let spine = |rows: usize| {
        let row = |hour: usize| format!("n1,2024-01-03T{hour:02}:00:00Z\n");
        "plane,timestamp\n".to_owned() + &(0..rows).map(row).collect::<String>()
    };
    std::fs::write(folder.join("spine.csv"), spine(10)).expect("writable");
    let said = ok(folder, &train);
    let expected = "null, zero or false in all 10 answers, but for defaults: delays__long (no event in its window \
                    fulfils its `where`), delays__longer (no event in its window fulfils its `where`), \
                    delays__longest (events lie in its window: look at its `where`, and at what it takes of them), \
                    delays__same (events lie in its window: look at what it takes of them), delays__recent (no event \
                    that had arrived by then lies in its window) and 1 more\n";
    assert!(said.contains(expected), "{said}");
    let said = ok(folder, &format!("{train} --truth complete"));
    assert!(said.contains("delays__recent (no event lies in its window)"), "{said}");
    // So few say nothing of a feature.
    std::fs::write(folder.join("spine.csv"), spine(9)).expect("writable");
    let said = ok(folder, &train);
    assert!(!said.contains("null, zero or false"), "{said}");
}
