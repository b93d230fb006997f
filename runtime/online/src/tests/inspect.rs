//! Looking into a state that nobody serves.

use super::disk::SimulatedDisk;
use super::fixture::{NOON, SECOND, ask, open, program, push, shared};
use crate::{Options, SetClock, StateError, inspect, verify};
use std::sync::Arc;

/// A checkpoint, a segment after it, and files of both kinds.
fn state() -> SimulatedDisk {
    let (disk, clock) = (SimulatedDisk::default(), Arc::new(SetClock::at(NOON)));
    let runtime = open(&disk, &clock, Options::default()).expect("a new state");
    push(&runtime, 1, NOON - 60 * SECOND, Some(NOON - 5 * SECOND)).expect("pushed");
    ask(&runtime, None).expect("an answer");
    runtime.checkpoint_wait().expect("a checkpoint");
    push(&runtime, 2, NOON - 60 * SECOND, Some(NOON - 4 * SECOND)).expect("pushed");
    disk.stop_after(0);
    assert!(runtime.stop().is_err());
    disk.restart();
    disk
}

fn damaged(disk: &SimulatedDisk) -> Vec<String> {
    let found = verify(disk).expect("a state").damaged;
    let mut files: Vec<String> = found
        .iter()
        .map(|error| error.file().expect("a file").replacen("disk/", "", 1))
        .collect();
    files.sort();
    files
}

#[test]
fn every_damaged_file_is_told() {
    let disk = state();
    let found = verify(&disk).expect("a state");
    assert_eq!((&found.damaged, &found.torn), (&vec![], &vec![]));
    assert_eq!((found.records > 0, found.rows), (true, 2));
    let sizes = disk.files();
    let last = |file: &str| sizes.iter().find(|(name, _)| name == file).expect("a file").1 - 1;
    // Of Parquet its end, which is read first.
    let files = [
        ("checkpoint/00000001.snap", 40),
        ("log/00000002.wal", 60),
        ("manifest", 20),
        (
            "pushed/payments/00000001.parquet",
            last("pushed/payments/00000001.parquet"),
        ),
        ("served/risk/00000001.parquet", last("served/risk/00000001.parquet")),
    ];
    for (file, place) in files {
        disk.flip(file, place);
        assert_eq!(damaged(&disk), [file]);
        disk.flip(file, place);
    }
    for (file, place) in files {
        disk.flip(file, place);
    }
    disk.flip("mark", 6);
    disk.flip("mark", 518);
    // Without the mark a record that is broken is the end of the last segment: nobody knows that it was acknowledged.
    let mut all: Vec<&str> = files.iter().map(|(file, _)| *file).collect();
    all[1..3].copy_from_slice(&["manifest", "mark"]);
    assert_eq!(damaged(&disk), all);
}

/// A crash of the machine tears a slot of the mark, which does no harm; it is told all the same.
#[test]
fn a_slot_of_the_mark_that_is_torn_is_no_damage() {
    let disk = state();
    disk.flip("mark", 6);
    let found = verify(&disk).expect("a state");
    assert_eq!((found.damaged, found.torn), (vec![], vec!["disk/mark".to_owned()]));
    open(&disk, &Arc::new(SetClock::at(NOON)), Options::default()).expect("the other slot is whole");
}

#[test]
fn a_start_that_the_clock_forbids_is_known_before() {
    let disk = state();
    let found = inspect(&program(), &shared(&disk), None)
        .expect("it is whole")
        .expect("a state");
    assert_eq!(found.check_clock(&SetClock::at(NOON)), Ok(()));
    let early = SetClock::at(NOON - 60 * SECOND);
    assert!(matches!(found.check_clock(&early), Err(StateError::ClockBehind { .. })));
    let opened = open(&disk, &Arc::new(early), Options::default());
    assert!(matches!(opened, Err(StateError::ClockBehind { .. })));
}

#[test]
fn a_gap_in_the_log_is_one_message() {
    use crate::recovery::gaps;
    assert_eq!(gaps(&[2, 3], 2..=3), []);
    assert_eq!(gaps(&[2, 3, 7], 1..=9), [1..=1, 4..=6, 8..=9]);
    assert_eq!(gaps(&[99_999_999], 1..=99_999_999), [1..=99_999_998]);
}
