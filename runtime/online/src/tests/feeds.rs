//! Readers: their positions and their rows are one, and what cannot be used is aside before nobody reads it again.

use super::disk::SimulatedDisk;
use super::fixture::{NOON, SECOND, ask, open, total};
use crate::disk::Disk as _;
use crate::{Feed, Options, Positions, Pushed, Reading, Refused, SetClock, pushed};
use arrow::array::AsArray as _;
use arrow::datatypes::Int64Type;
use featc_ir::FileFormat;
use featr::Random;
use serde_json::json;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::channel;

const SPLIT: &str = "live/payments.jsonl";

pub fn text(ids: Range<i64>) -> String {
    let line =
        |id| format!("{{\"id\": {id}, \"card\": \"a\", \"amount\": {id}.5, \"at\": \"2024-03-01T11:59:00Z\"}}\n");
    ids.map(line).collect()
}

/// Brings lines of the file, of which there are `after` then.
pub fn read(feed: &Feed, text: String, after: i64) -> Result<Pushed, Refused> {
    let incoming = feed
        .program()
        .incoming("payments", FileFormat::Jsonl, text.into_bytes());
    let reading = Reading {
        from: SPLIT.to_owned(),
        positions: [(SPLIT.to_owned(), json!({ "lines": after }))].into(),
    };
    let (tell, told) = channel();
    feed.push(
        incoming.expect("rows"),
        reading,
        Box::new(move |result| drop(tell.send(result))),
    )?;
    told.recv().unwrap_or(Err(Refused::Stopping))
}

pub fn position(positions: &Positions) -> i64 {
    positions
        .get(SPLIT)
        .map_or(0, |position| position["lines"].as_i64().expect("a number"))
}

/// The ids of all rows that are durable, in order, as often as they are there.
fn ids(disk: &SimulatedDisk) -> Vec<i64> {
    let mut found = Vec::new();
    let mut each = |_: &str, rows: &arrow::array::RecordBatch| {
        found.extend_from_slice(rows.column(0).as_primitive::<Int64Type>().values());
        Ok(())
    };
    pushed(disk, &mut each).expect("a whole state");
    found
}

#[test]
fn rows_and_their_position_are_there_together_or_not_at_all() {
    let (mut crashes, mut unacknowledged) = (0, 0);
    for seed in 0..120 {
        let mut random = Random::new(seed);
        let (disk, clock) = (SimulatedDisk::default(), Arc::new(SetClock::at(NOON)));
        let mut acknowledged = 0;
        for _ in 0..4 {
            disk.stop_after(random.number() % 90);
            if let Ok(runtime) = open(&disk, &clock, Options::default()) {
                let feed = runtime.feed("payments").expect("a source");
                let mut at = position(&feed.positions());
                assert!(at >= acknowledged, "seed {seed}: {at} of {acknowledged}");
                for _ in 0..random.number() % 12 {
                    if random.number() % 5 == 0 && runtime.checkpoint_wait().is_err() {
                        break;
                    }
                    let more = (random.number() % 5) as i64;
                    if read(&feed, text(at..at + more), at + more).is_err() {
                        crashes += 1;
                        break;
                    }
                    at += more;
                    acknowledged = at;
                }
                if random.number() % 3 > 0 {
                    disk.stop_after(0);
                }
                let _ = runtime.stop();
            }
            disk.crash(&mut random);
            let runtime =
                open(&disk, &clock, Options::default()).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            let at = position(&runtime.feed("payments").expect("a source").positions());
            let expected = (0..at).map(|id| id as f64 + 0.5).sum::<f64>();
            clock.set(clock.0.load(std::sync::atomic::Ordering::SeqCst) + 5 * SECOND);
            assert_eq!(total(&ask(&runtime, None).expect("an answer")), expected, "seed {seed}");
            runtime.stop().expect("a good disk");
            assert!(at >= acknowledged, "seed {seed}: {at} of {acknowledged}");
            assert_eq!(ids(&disk), (0..at).collect::<Vec<i64>>(), "seed {seed}");
            unacknowledged += at - acknowledged;
            acknowledged = at;
        }
    }
    assert!(
        crashes > 40 && unacknowledged > 0,
        "{crashes} crashes, {unacknowledged} rows more than were acknowledged"
    );
}

/// One row that does not decode, one that came too late for its source, one that is good: at whatever instant the machine
/// stops, a position after them means that the first two are aside.
#[test]
fn what_cannot_be_used_is_aside_before_its_position_counts() {
    let late = text(2..3).replace("2024-03-01", "2024-02-01");
    let text = format!("{}nonsense\n{late}", text(1..2));
    let (mut moved, mut stayed) = (0, 0);
    for seed in 0..120 {
        let mut random = Random::new(seed);
        let (disk, clock) = (SimulatedDisk::default(), Arc::new(SetClock::at(NOON)));
        let runtime = open(&disk, &clock, Options::default()).expect("a new state");
        disk.stop_after(seed % 12);
        let feed = runtime.feed("payments").expect("a source");
        let done = read(&feed, text.clone(), 3);
        disk.stop_after(0);
        assert!(runtime.stop().is_err());
        disk.crash(&mut random);
        let runtime = open(&disk, &clock, Options::default()).expect("a whole state");
        let at = position(&runtime.feed("payments").expect("a source").positions());
        drop(runtime);
        assert!(done.is_err() || at == 3, "seed {seed}");
        if at == 0 {
            stayed += 1;
            continue;
        }
        moved += 1;
        let mut aside = String::new();
        for name in disk.list("aside").expect("a folder") {
            let bytes = disk
                .read(&format!("aside/{name}"))
                .expect("a good disk")
                .expect("a file");
            aside += &String::from_utf8_lossy(&bytes);
        }
        let has = |reason: &str| {
            aside
                .lines()
                .any(|line| line.contains(&format!("\"reason\":\"{reason}\"")))
        };
        assert!(has("unparsable") && has("late"), "seed {seed}: {aside}");
        assert!(
            aside.contains("\"from\":\"live/payments.jsonl\",\"place\":2"),
            "seed {seed}: {aside}"
        );
    }
    assert!(moved > 20 && stayed > 20, "{moved} moved, {stayed} stayed");
}

#[test]
fn a_split_that_is_forgotten_has_no_position() {
    let (disk, clock) = (SimulatedDisk::default(), Arc::new(SetClock::at(NOON)));
    let runtime = open(&disk, &clock, Options::default()).expect("a new state");
    let feed = runtime.feed("payments").expect("a source");
    read(&feed, text(0..2), 2).expect("read");
    assert!(feed.positions().is_empty(), "those of the start");
    assert!(runtime.feed("logins").is_err());
    runtime.stop().expect("it ends");
    assert!(matches!(read(&feed, text(2..3), 3), Err(Refused::Stopping)));
    let runtime = open(&disk, &clock, Options::default()).expect("a state");
    let feed = runtime.feed("payments").expect("a source");
    assert_eq!(position(&feed.positions()), 2);
    let reading = Reading {
        from: SPLIT.to_owned(),
        positions: [(SPLIT.to_owned(), serde_json::Value::Null)].into(),
    };
    let nothing = feed
        .program()
        .incoming("payments", FileFormat::Jsonl, Vec::new())
        .expect("no rows");
    let (tell, told) = channel();
    feed.push(nothing, reading, Box::new(move |result| drop(tell.send(result))))
        .expect("a good disk");
    told.recv().expect("told").expect("a good disk");
    disk.stop_after(0);
    assert!(runtime.stop().is_err());
    disk.crash(&mut Random::new(1));
    let runtime = open(&disk, &clock, Options::default()).expect("a state");
    assert!(runtime.feed("payments").expect("a source").positions().is_empty());
}
