//! Tables and lookups, in the commands that run a program, and in a server.

#[path = "serve/client.rs"]
#[allow(dead_code, reason = "each test binary uses its part")]
mod client;
mod support;

use client::Server;
use std::path::Path;
use support::{ok, refused};

const FLEET: &str = r#"module fleet

entity carrier (carrier: string)

source flights {
  columns (id: int64, carrier: string, tail: string?, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  lateness 1d
  batch csv "flights.csv"
}

table planes {
  columns (tail: string, seats: int64)
  key tail
  static
  batch csv "planes.csv"
}

transform seated from flights {
  let seats = lookup planes(tail).seats
}

view use of carrier from seated {
  owner "ops"
  /// Seats of a day.
  feature seats = sum(seats) over 1d default 0
  /// Flights of a day.
  feature flights = count() over 1d
}

service board {
  use.*
}

test "planes that are known" for use {
  given planes
    | tail | seats |
    | N1   | 7     |

  given flights
    | id | carrier | tail | at                   | seen                 |
    | 1  | AA      | N1   | 2024-01-01T10:00:00Z | 2024-01-01T10:00:00Z |
    | 2  | AA      | N2   | 2024-01-01T10:00:00Z | 2024-01-01T10:00:00Z |

  expect at @2024-01-01T10:00:00Z (carrier: "AA") { seats = 7 ok, flights = 2 }
}
"#;

const VERSIONS: &str = "  columns (tail: string, seats: int64, since: timestamp, loaded: timestamp)
  key tail
  valid from since
  arrival loaded
";

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("a writable folder");
}

fn fleet(text: &str, planes: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write(folder.path(), "fleet.feat", text);
    write(folder.path(), "planes.csv", planes);
    write(
        folder.path(),
        "flights.csv",
        "id,carrier,tail,at,seen\n\
         1,AA,N1,2024-01-01T10:00:00Z,2024-01-01T10:00:00Z\n\
         2,AA,N2,2024-01-01T10:30:00Z,2024-01-01T10:30:00Z\n\
         3,AA,,2024-01-01T11:00:00Z,2024-01-01T11:00:00Z\n",
    );
    write(
        folder.path(),
        "spine.csv",
        "carrier,timestamp\nAA,2024-01-01T10:00:00Z\nAA,2024-01-01T12:00:00Z\nBB,2024-01-01T12:00:00Z\n",
    );
    folder
}

const PLANES: &str = "tail,seats\nN1,180\nN2,90\n";

#[test]
fn every_command_looks_up_the_same() {
    let folder = fleet(FLEET, PLANES);
    let here = folder.path();
    ok(
        here,
        "train fleet.feat --service board --spine spine.csv --out out.csv --status",
    );
    let text = |name: &str| std::fs::read_to_string(here.join(name)).expect("a text");
    assert_eq!(
        text("out.csv"),
        "carrier,timestamp,use__seats,use__seats__status,use__flights,use__flights__status\n\
         AA,2024-01-01T10:00:00Z,180,ok,1,ok\n\
         AA,2024-01-01T12:00:00Z,270,ok,3,ok\n\
         BB,2024-01-01T12:00:00Z,0,missing,0,missing\n"
    );
    let record = text("out.csv.provenance.json");
    assert!(record.contains("\"planes.csv\""), "{record}");
    let said = ok(
        here,
        "get fleet.feat --service board --key carrier=AA --at 2024-01-01T12:00:00Z",
    );
    assert!(said.contains("270"), "{said}");
    let said = ok(
        here,
        "verify fleet.feat --service board --spine spine.csv --shuffle 1 --metamorphic",
    );
    assert!(said.contains("0 differ"), "{said}");
    let said = ok(here, "test fleet.feat");
    assert!(said.contains("1 passed, 0 failed"), "{said}");
    // Made again from its record, and with other rows refused.
    ok(here, "train --from-provenance out.csv --out again.csv");
    assert_eq!(text("again.csv"), text("out.csv"));
    write(here, "planes.csv", "tail,seats\nN1,181\nN2,90\n");
    refused(here, "train --from-provenance out.csv --out third.csv", "E0911");
    write(here, "other.csv", "tail,seats\nN2,1\n");
    ok(
        here,
        "train fleet.feat --service board --spine spine.csv --out other_out.csv --source planes=other.csv",
    );
    assert!(
        text("other_out.csv").contains("12:00:00Z,1,3"),
        "{}",
        text("other_out.csv")
    );
}

#[test]
fn lookups_that_find_nothing_are_told() {
    let train = "train fleet.feat --service board --spine spine.csv --out out.csv";
    let folder = fleet(FLEET, "tail,seats\nn1,180\nN7,90\n");
    let here = folder.path();
    for with in ["", " --max-missing 99%", " --status"] {
        let said = refused(here, &format!("{train}{with}"), "E0716");
        let why = "`lookup planes(tail)` of transform `seated` never finds a row (2 keys): no row has tail \"N1\"; the nearest is \
                   tail \"n1\"";
        assert!(said.contains(why), "{said}");
    }
    refused(here, "verify fleet.feat --service board --spine spine.csv", "E0716");
    ok(here, &format!("{train} --max-missing 100%"));
    // A set that was allowed is made again without being allowed again.
    ok(here, "train --from-provenance out.csv");

    write(here, "planes.csv", "tail,seats\nN1,180\n");
    let said = ok(here, train);
    let line = "lookup planes(tail) of transform seated: 1 of 2 keys find no row: for example no row has tail \"N2\"\n";
    assert!(said.contains(line), "{said}");
    let said = ok(here, &format!("{train} --json"));
    let told: serde_json::Value = serde_json::from_str(said.lines().next().unwrap_or_default()).expect("one document");
    let counts = serde_json::json!([{
        "transform": "seated", "table": "planes", "lookup": "planes(tail)", "asked": 2, "unknown": 1, "not_then": 0,
    }]);
    assert_eq!(told["report"]["lookups"], counts);
    let said = ok(
        here,
        "backfill fleet.feat --service board --out daily --from 2024-01-01T00:00:00Z --to 2024-01-02T00:00:00Z --every 12h",
    );
    assert!(said.contains(line), "{said}");

    // One of twenty is nothing to be told.
    let many: String = (4..22)
        .map(|id| format!("{id},AA,N1,2024-01-01T10:00:00Z,2024-01-01T10:00:00Z\n"))
        .collect();
    let flights = std::fs::read_to_string(here.join("flights.csv")).expect("a text");
    write(here, "flights.csv", &(flights + &many));
    let said = ok(here, train);
    assert!(!said.contains("find no row"), "{said}");
}

#[test]
fn versions_are_looked_up_at_the_time_of_the_event() {
    let static_clauses = "  columns (tail: string, seats: int64)\n  key tail\n  static\n";
    let text = FLEET.replace(static_clauses, VERSIONS);
    let text = text.split("\ntest ").next().expect("a program").to_owned();
    let planes = "tail,seats,since,loaded\n\
                  N1,100,2024-01-01T09:00:00Z,2024-01-01T09:00:00Z\n\
                  N1,200,2024-01-01T09:30:00Z,2024-01-01T10:00:00.000001Z\n\
                  N2,90,2024-01-01T10:30:00Z,2024-01-01T10:30:00Z\n\
                  N2,80,2024-01-01T10:30:00.000001Z,2024-01-01T10:00:00Z\n";
    let folder = fleet(&text, planes);
    let here = folder.path();
    ok(here, "train fleet.feat --service board --spine spine.csv --out out.csv");
    let out = std::fs::read_to_string(here.join("out.csv")).expect("a text");
    assert!(out.contains("12:00:00Z,190,3"), "{out}");
    let said = ok(
        here,
        "verify fleet.feat --service board --spine spine.csv --shuffle 1 --metamorphic",
    );
    assert!(said.contains("0 differ"), "{said}");
}

#[test]
fn a_server_goes_on_with_the_same_rows_of_a_table_alone() {
    let folder = fleet(FLEET, PLANES);
    let (program, state) = (folder.path().join("fleet.feat"), folder.path().join("state"));
    let server = Server::of(&program, &state);
    let rows = "{\"id\":1,\"carrier\":\"AA\",\"tail\":\"N1\",\"at\":\"2024-01-01T10:00:00Z\",\"seen\":\"2024-01-01T10:00:00Z\"}\n\
                {\"id\":2,\"carrier\":\"AA\",\"tail\":\"N9\",\"at\":\"2024-01-01T10:00:00Z\",\"seen\":\"2024-01-01T10:00:00Z\"}\n";
    server.request("POST /v1/push/flights", rows.as_bytes()).ok();
    let refused = server.request("POST /v1/push/planes", b"{\"tail\":\"N1\",\"seats\":1}\n");
    assert_eq!(
        (refused.status, refused.json()["error"]["code"].as_str()),
        (404, Some("E0804"))
    );
    assert!(
        refused
            .body
            .contains("table `planes` is static: it is read when the server starts"),
        "{}",
        refused.body
    );
    let ask = |server: &Server| {
        let question = "{\"service\":\"board\",\"entities\":[{\"carrier\":\"AA\"}],\"at\":\"2024-01-01T12:00:00Z\"}";
        server.request("POST /v1/answer", question.as_bytes()).ok()["answers"][0].to_string()
    };
    let answered = ask(&server);
    assert!(answered.contains("180"), "{answered}");
    server.kill();
    // Rows in another order are the same rows.
    write(folder.path(), "planes.csv", "tail,seats\nN2,90\nN1,180\n");
    let server = Server::of(&program, &state);
    assert_eq!(ask(&server), answered);
    assert!(server.end());
    write(folder.path(), "other.csv", "tail,seats\nN2,90\nN1,181\n");
    let other = format!("planes={}", folder.path().join("other.csv").display());
    let told = Server::start(&program, &state, &["--source", &other])
        .err()
        .expect("refused");
    assert!(told.contains("E0944") && told.contains("planes"), "{told}");
    write(folder.path(), "planes.csv", "tail,seats\nN1,180\n");
    let told = Server::start(&program, &state, &[]).err().expect("refused");
    assert!(told.contains("E0944"), "{told}");
    write(folder.path(), "planes.csv", PLANES);
    let server = Server::of(&program, &state);
    assert_eq!(ask(&server), answered);
    assert!(server.end());
}

/// A view of a table whose transform looks into the same table: what a test gives are both.
#[test]
fn a_test_gives_a_table_to_its_view_and_to_lookups() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = r#"module chain

entity shop (shop: string)

table shops {
  columns (shop: string, parent: string?, size: int64, since: timestamp, loaded: timestamp)
  key shop
  valid from since
  arrival loaded
}

transform grown from shops {
  let parent_size = lookup shops(parent).size
}

view facts of shop from grown {
  owner "ops"
  /// Its size.
  feature size = last(size) over 1 events
  /// That of its parent, when it was written.
  feature parent_size = last(parent_size) over 1 events
}

service board {
  facts.*
}

test "both" for facts {
  given shops
    | shop | parent | size | since                | loaded               |
    | A    |        | 7    | 2026-01-01T00:00:00Z | 2026-01-01T00:00:00Z |
    | B    | A      | 2    | 2026-01-02T00:00:00Z | 2026-01-02T00:00:00Z |

  expect at @2026-01-03T00:00:00Z (shop: "B") { size = 2, parent_size = 7 }
}
"#;
    write(folder.path(), "chain.feat", program);
    let said = ok(folder.path(), "test chain.feat");
    assert!(said.contains("1 passed, 0 failed"), "{said}");
}
