//! Tables with versions as inputs of a server: pushed, late, waited for, killed, and the training set of what was served.

#[path = "../support/mod.rs"]
mod support;

use crate::client::Server;
use featc_ir::display::instant;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use support::ok;

const FLEET: &str = r#"module fleet

entity carrier (carrier: string)

source flights {
  columns (id: int64, carrier: string, tail: string?, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  lateness 1d
}

table planes {
  columns (tail: string, seats: int64, since: timestamp, loaded: timestamp)
  key tail
  valid from since
  arrival loaded
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
"#;

struct Fleet {
    folder: tempfile::TempDir,
    program: PathBuf,
    state: PathBuf,
}

impl Fleet {
    fn new() -> Fleet {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (program, state) = (folder.path().join("fleet.feat"), folder.path().join("state"));
        std::fs::write(&program, FLEET).expect("a writable folder");
        Fleet { folder, program, state }
    }

    fn serve(&self) -> Server {
        Server::of(&self.program, &self.state)
    }
}

/// An instant so many milliseconds from now.
fn in_millis(millis: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = i64::try_from(now.expect("after 1970").as_micros()).expect("an instant");
    instant(now + millis * 1_000)
}

fn ago(seconds: i64) -> String {
    in_millis(-seconds * 1_000)
}

fn flight(id: u32, tail: &str, at: &str) -> String {
    format!("{{\"id\":{id},\"carrier\":\"AA\",\"tail\":\"{tail}\",\"at\":\"{at}\"}}\n")
}

fn plane(tail: &str, seats: u32, since: &str, loaded: &str) -> String {
    format!("{{\"tail\":\"{tail}\",\"seats\":{seats},\"since\":\"{since}\",\"loaded\":\"{loaded}\"}}\n")
}

/// How many of the rows were late for the cut.
fn push(server: &Server, input: &str, rows: &str) -> u64 {
    let reply = server.request(&format!("POST /v1/push/{input}"), rows.as_bytes()).ok();
    reply["late_for_cut"].as_u64().expect("a count")
}

/// Seats and flights of the carrier.
fn ask(server: &Server) -> (i64, i64) {
    let question = "{\"service\":\"board\",\"entities\":[{\"carrier\":\"AA\"}]}";
    let reply = server.request("POST /v1/answer", question.as_bytes()).ok();
    let value = |name: &str| reply["answers"][0]["values"][name].as_i64().expect("a number");
    let (seats, flights) = (value("use__seats"), value("use__flights"));
    // What a table has not been read for is not known.
    assert!(flights == 0 || reply["cuts"]["planes"].is_string(), "{reply}");
    (seats, flights)
}

/// Asks until so many flights are known, and returns the seats.
fn seats_of(server: &Server, flights: i64) -> i64 {
    let begun = Instant::now();
    loop {
        let (seats, known) = ask(server);
        if known == flights {
            return seats;
        }
        assert!(
            known < flights && begun.elapsed().as_secs() < 120,
            "{known} flights are known"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_server_takes_in_the_versions_of_tables() {
    let fleet = Fleet::new();
    let server = fleet.serve();
    assert_eq!(server.said["tables_without_rows"], json!(["planes"]));
    // The history of a plane first, then flights of now, one of an unknown plane.
    assert_eq!(
        push(
            &server,
            "planes",
            &plane("N1", 100, "2024-01-01T00:00:00Z", &ago(86_400))
        ),
        0
    );
    push(
        &server,
        "flights",
        &(flight(1, "N1", &ago(600)) + &flight(2, "N2", &ago(600))),
    );
    assert_eq!(seats_of(&server, 2), 100);
    server.kill();
    let server = fleet.serve();
    assert_eq!(server.said["tables_without_rows"], Value::Null);
    assert_eq!(seats_of(&server, 2), 100);
    // A version that says that it was known before both: it is stamped anew, and what was looked up stays.
    assert_eq!(
        push(&server, "planes", &plane("N2", 7, "2024-01-01T00:00:00Z", &ago(900))),
        1
    );
    // A version that holds from now on, and flights after both and before.
    let row = format!("{{\"tail\":\"N1\",\"seats\":200,\"since\":\"{}\"}}\n", ago(0));
    assert_eq!(push(&server, "planes", &row), 0);
    std::thread::sleep(Duration::from_millis(5));
    let now = ago(0);
    let rows = [
        flight(3, "N1", &now),
        flight(4, "N2", &now),
        flight(5, "N1", &ago(300)),
        flight(6, "N2", &ago(300)),
    ];
    push(&server, "flights", &rows.concat());
    assert_eq!(seats_of(&server, 6), 100 + 200 + 7 + 100);
    // A flight that is ahead of the clock waits, in a checkpoint too.
    push(&server, "flights", &flight(7, "N1", &in_millis(20_000)));
    assert_eq!(ask(&server), (407, 6));
    assert!(server.end());
    let server = fleet.serve();
    assert_eq!(seats_of(&server, 7), 607);
    assert!(server.end());

    let sources = "--source flights=state/pushed/flights/*.parquet --source planes=state/pushed/planes/*.parquet";
    let here = fleet.folder.path();
    let log = "fleet.feat --service board --served-log state/served/board";
    ok(here, &format!("train {log} --status --out served.parquet {sources}"));
    let said = ok(here, &format!("verify {log} {sources}"));
    assert!(said.contains(" 0 differ"), "{said}");
    let aside = std::fs::read_dir(fleet.state.join("aside"))
        .expect("a folder")
        .flatten();
    let aside: Vec<String> = aside
        .map(|file| std::fs::read_to_string(file.path()).expect("lines"))
        .collect();
    assert_eq!(aside.concat().matches("\"planes\"").count(), 1, "{aside:?}");
}

#[test]
fn a_version_that_is_sent_again_changes_nothing() {
    let fleet = Fleet::new();
    let server = fleet.serve();
    let since = "2024-01-01T00:00:00Z";
    let said = [plane("N1", 100, since, &ago(20)), plane("N1", 200, since, &ago(10))];
    push(&server, "planes", &said.concat());
    let unsaid = [5, 6].map(|seats| format!("{{\"tail\":\"N2\",\"seats\":{seats},\"since\":\"{since}\"}}\n"));
    for row in &unsaid {
        assert_eq!(push(&server, "planes", row), 0);
    }
    std::thread::sleep(Duration::from_millis(5));
    push(
        &server,
        "flights",
        &(flight(1, "N1", &ago(0)) + &flight(2, "N2", &ago(0))),
    );
    assert_eq!(seats_of(&server, 2), 206);
    // Both are corrections; what they corrected comes once more, as from somebody who was not answered.
    for again in [&said[0], &said[0], &unsaid[0], &said.concat()] {
        assert_eq!(push(&server, "planes", again), 0);
    }
    std::thread::sleep(Duration::from_millis(5));
    push(
        &server,
        "flights",
        &(flight(3, "N1", &ago(0)) + &flight(4, "N2", &ago(0))),
    );
    assert_eq!(seats_of(&server, 4), 412);
    server.kill();
    let server = fleet.serve();
    assert_eq!(seats_of(&server, 4), 412);
    assert!(server.end());
}

#[test]
fn events_wait_until_the_history_of_a_table_is_read() {
    let fleet = Fleet::new();
    let mut rows = "tail,seats,since,loaded\n".to_owned();
    for number in 0..20_000 {
        rows += &format!("N{number},{number},2024-01-01T00:00:00Z,2024-01-01T00:00:00Z\n");
    }
    let file = fleet.folder.path().join("history.csv");
    std::fs::write(&file, rows).expect("a writable folder");
    let from = format!("planes={}", file.display());
    let server = Server::start(&fleet.program, &fleet.state, &["--source", &from]).expect("a server");
    push(&server, "flights", &flight(1, "N19999", &ago(10)));
    assert_eq!(seats_of(&server, 1), 19_999);
    assert!(server.end());
}

#[test]
fn events_that_look_into_versions_are_filled_by_no_history() {
    let fleet = Fleet::new();
    let server = fleet.serve();
    push(
        &server,
        "planes",
        &plane("N1", 100, "2024-01-01T00:00:00Z", &ago(86_400)),
    );
    push(&server, "flights", &flight(1, "N1", &ago(600)));
    assert_eq!(seats_of(&server, 1), 100);
    assert!(server.end(), "it ends in order");
    std::fs::write(&fleet.program, FLEET.replace("lateness 1d", "lateness 2d")).expect("writable");
    let Err(said) = Server::start(
        &fleet.program,
        &fleet.state,
        &["--history", "20000d", "--fill", "--allow-removed"],
    ) else {
        panic!("another program goes on with the state");
    };
    let told = "is another program's, and no history fills what it lacks: ";
    assert!(said.contains("E0812") && said.contains(told), "{said}");
    assert!(
        said.contains("`planes`, which they look into, may have given up versions"),
        "{said}"
    );
}
