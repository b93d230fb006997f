//! Compacting a folder: the rows stay, wherever it ends.

use super::disk::SimulatedDisk;
use super::fixture::{NOON, SECOND, ask, files, open, push};
use crate::disk::Disk as _;
use crate::{Options, SetClock, StateError, compact, pushed, verify};
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use featr::Random;
use std::sync::Arc;

/// A state of several checkpoints and processes, rows that cannot be used and rows that came late among its own.
fn state() -> (SimulatedDisk, Arc<SetClock>) {
    let (disk, clock) = (SimulatedDisk::default(), Arc::new(SetClock::at(NOON)));
    for run in 0..4 {
        let runtime = open(&disk, &clock, Options::default()).expect("a state");
        for step in 0..3 {
            let now = NOON + (run * 3 + step) * 60 * SECOND;
            clock.set(now);
            push(&runtime, run * 10 + step, now - 60 * SECOND, Some(now - 5 * SECOND)).expect("pushed");
            let old = runtime.program().incoming(
                "payments",
                featc_ir::FileFormat::Jsonl,
                br#"{"id": 77, "card": "a", "amount": 1.0, "at": "2001-01-01T00:00:00Z", "seen": null}"#.to_vec(),
            );
            runtime.push_wait(old.expect("rows")).expect("pushed");
            ask(&runtime, None).expect("an answer");
            runtime.checkpoint_wait().expect("a checkpoint");
        }
        runtime.stop().expect("it ends");
    }
    (disk, clock)
}

/// The rows that were pushed, and those that were answered, as they are read.
fn rows(disk: &SimulatedDisk) -> (RecordBatch, RecordBatch) {
    let mut all = Vec::new();
    pushed(disk, &mut |_, rows| {
        all.push(rows.clone());
        Ok(())
    })
    .expect("whole");
    let names = disk.list("served/risk").expect("a folder");
    let old = featr::replaced(names.iter().map(String::as_str));
    let mut answers = Vec::new();
    for (name, (_, batches)) in names.iter().zip(files(disk, "served/risk")) {
        answers.extend(batches.into_iter().filter(|_| !old.contains(&name.as_str())));
    }
    let whole = |rows: &[RecordBatch]| concat_batches(&rows[0].schema(), rows).expect("one schema");
    (whole(&all), whole(&answers))
}

fn lines(disk: &SimulatedDisk) -> usize {
    let names = disk.list("aside").expect("a folder");
    let texts = names
        .iter()
        .map(|name| disk.read(&format!("aside/{name}")).expect("a disk").expect("a file"));
    texts
        .map(|text| text.iter().filter(|byte| **byte == b'\n').count())
        .sum()
}

fn damaged(disk: &SimulatedDisk) -> Vec<StateError> {
    verify(disk).expect("a state").damaged
}

#[test]
fn joined_files_have_the_rows_of_their_parts() {
    let (disk, clock) = state();
    let (before, lines_before) = (rows(&disk), lines(&disk));
    let about = files(&disk, "served/risk").remove(0).0;
    assert_eq!((before.0.num_rows(), before.1.num_rows(), lines_before), (24, 12, 12));
    let done = compact(&disk).expect("it compacts");
    assert_eq!(done.unreached, Vec::<String>::new());
    let parts: Vec<usize> = done.joined.iter().map(|(_, parts)| *parts).collect();
    assert_eq!(parts, [12, 12, 3], "{done:?}");
    assert!(done.bytes[1] < done.bytes[0]);
    assert_eq!(
        (
            disk.list("served/risk").unwrap().len(),
            disk.list("pushed/payments").unwrap().len()
        ),
        (1, 1)
    );
    assert_eq!((rows(&disk), lines(&disk)), (before.clone(), lines_before));
    assert_eq!(files(&disk, "served/risk").remove(0).0, about);
    assert_eq!(damaged(&disk), []);
    // What comes later is joined with what was joined; a second time there is nothing to do.
    assert_eq!(compact(&disk).expect("it compacts").joined, []);
    let runtime = open(&disk, &clock, Options::default()).expect("the state goes on");
    push(&runtime, 900, NOON, Some(NOON)).expect("pushed");
    ask(&runtime, None).expect("an answer");
    runtime.stop().expect("it ends");
    let again = rows(&disk);
    let parts: Vec<usize> = compact(&disk)
        .expect("it compacts")
        .joined
        .iter()
        .map(|(_, parts)| *parts)
        .collect();
    assert_eq!(parts, [2, 2, 2]);
    assert_eq!(rows(&disk), again);
}

#[test]
fn wherever_it_ends_nothing_is_lost() {
    let mut ends = 0;
    for operations in 0..40 {
        // The stamps of another state may differ by a microsecond: threads decide what comes first at one instant.
        let (disk, clock) = state();
        let expected = rows(&disk);
        disk.stop_after(operations);
        ends += u64::from(compact(&disk).is_err());
        disk.crash(&mut Random::new(operations));
        assert_eq!(rows(&disk), expected, "after {operations} operations");
        assert_eq!(damaged(&disk), []);
        compact(&disk).expect("it is ended");
        assert_eq!(rows(&disk), expected, "after {operations} operations, and again");
        assert_eq!(disk.list("pushed/payments").expect("a folder").len(), 1);
        open(&disk, &clock, Options::default()).expect("the state goes on");
    }
    assert!(ends > 20, "{ends}");
}

#[test]
fn what_a_killed_process_left_is_removed() {
    let (disk, _) = state();
    let old = ["log/00000001.wal", "checkpoint/00000001.snap", "entities/99999999.ent"];
    for file in old {
        disk.replace(file, b"old").expect("written");
    }
    assert_eq!(compact(&disk).expect("it compacts").unreached, old);
    assert!(old.iter().all(|file| disk.read(file).expect("a disk").is_none()));
}

/// A damaged file is told, and joined with none.
#[test]
fn damage_is_not_spread() {
    let (disk, _) = state();
    let file = format!("pushed/payments/{}", disk.list("pushed/payments").expect("a folder")[1]);
    let len = disk
        .files()
        .into_iter()
        .find(|(name, _)| *name == file)
        .expect("a file")
        .1;
    disk.flip(&file, len - 1);
    let before = disk.list("pushed/payments").expect("a folder");
    let refused = compact(&disk);
    assert!(matches!(refused, Err(StateError::Damaged { .. })), "{refused:?}");
    assert_eq!(disk.list("pushed/payments").expect("a folder"), before);
    assert!(matches!(
        compact(&SimulatedDisk::default()),
        Err(StateError::Nothing { .. })
    ));
}
