//! Files of entities: what is broken in them is found, and what nobody needs goes.

use super::disk::SimulatedDisk;
use super::fixture::{NOON, SECOND, ask_of, open, push_of, total};
use crate::disk::Disk as _;
use crate::{Options, Refused, Runtime, SetClock, StateError, verify};
use std::sync::Arc;

/// Nothing stays in memory that stands in files.
fn away() -> Options {
    Options {
        memory_max: Some(0),
        shards: 2,
        ..Options::default()
    }
}

/// A running state whose checkpoint has payments of three cards.
fn state() -> (SimulatedDisk, Arc<SetClock>, Runtime) {
    let (disk, clock) = (SimulatedDisk::default(), Arc::new(SetClock::at(NOON)));
    let runtime = open(&disk, &clock, away()).expect("a new state");
    for (id, card) in ["a", "b", "c", "a"].into_iter().enumerate() {
        push_of(&runtime, card, (id as i64, NOON - 60 * SECOND), Some(NOON - 5 * SECOND)).expect("pushed");
    }
    checkpoint(&runtime);
    (disk, clock, runtime)
}

/// A checkpoint that has all that was pushed among the entities: none of it waits for its cut.
fn checkpoint(runtime: &Runtime) {
    ask_of(runtime, "nobody", None).expect("an answer");
    runtime.checkpoint_wait().expect("a checkpoint");
}

fn files(disk: &SimulatedDisk) -> Vec<String> {
    let names = disk.list("entities").expect("a folder");
    names.into_iter().map(|name| format!("entities/{name}")).collect()
}

#[test]
fn entities_that_are_away_are_read_when_they_are_asked_for_or_come() {
    let (disk, clock, runtime) = state();
    let totals =
        |runtime: &Runtime| ["a", "b", "c"].map(|card| total(&ask_of(runtime, card, None).expect("an answer")));
    assert_eq!(totals(&runtime), [4.0, 1.5, 2.5]);
    assert_eq!(disk.parts_read(), 3);
    push_of(&runtime, "b", (9, NOON - 30 * SECOND), Some(NOON - 3 * SECOND)).expect("pushed");
    clock.set(NOON + SECOND);
    assert_eq!(totals(&runtime), [4.0, 11.0, 2.5]);
    // A copy of what is away is found there.
    push_of(&runtime, "c", (2, NOON - 60 * SECOND), Some(NOON - 5 * SECOND)).expect("pushed");
    assert_eq!(totals(&runtime), [4.0, 11.0, 2.5]);
    checkpoint(&runtime);
    drop(runtime);
    disk.restart();
    let runtime = open(&disk, &clock, Options::default()).expect("it is whole");
    assert_eq!(totals(&runtime), [4.0, 11.0, 2.5]);
}

#[test]
fn every_changed_byte_is_found_by_a_start() {
    let (disk, clock, runtime) = state();
    drop(runtime);
    disk.restart();
    let named = files(&disk);
    let [file] = &named[..] else {
        panic!("{named:?}");
    };
    let length = disk.read(file).expect("a good disk").expect("a file").len();
    for place in 0..length {
        disk.flip(file, place);
        let opened = open(&disk, &clock, away()).err();
        let broken = Some(format!("disk/{file}"));
        let is_found = matches!(
            &opened,
            Some(StateError::Damaged { .. } | StateError::OtherVersion { .. })
        );
        assert!(
            is_found && opened.as_ref().and_then(StateError::file) == broken.as_deref(),
            "{place}: {opened:?}"
        );
        let verified = verify(&disk).expect("a state");
        assert_eq!(verified.damaged.len(), 1, "{place}: {verified:?}");
        disk.flip(file, place);
    }
    let bytes = disk.read(file).expect("a good disk").expect("a file");
    for end in [0, 20, length - 1] {
        disk.replace(file, &bytes[..end]).expect("a good disk");
        assert!(
            matches!(open(&disk, &clock, away()), Err(StateError::Damaged { .. })),
            "{end}"
        );
    }
    disk.remove(file).expect("a good disk");
    assert!(matches!(open(&disk, &clock, away()), Err(StateError::Damaged { .. })));
    disk.replace(file, &bytes).expect("a good disk");
    open(&disk, &clock, away()).expect("it is whole again");
}

/// What cannot be read any more while the server runs is neither answered, nor acknowledged, nor written as if it were nothing.
#[test]
fn what_breaks_while_it_is_away_is_never_served() {
    let (disk, clock, runtime) = state();
    let file = files(&disk).remove(0);
    let bytes = disk.read(&file).expect("a good disk").expect("a file");
    (28..bytes.len()).for_each(|place| disk.flip(&file, place));
    assert!(matches!(
        ask_of(&runtime, "a", None),
        Err(Refused::Request(featr::Error::Unreadable { .. }))
    ));
    assert!(runtime.failure().is_some_and(|why| why.contains(&file)));
    let pushed = push_of(&runtime, "a", (7, NOON - 30 * SECOND), Some(NOON - 3 * SECOND));
    assert!(matches!(pushed, Err(Refused::Unwritable { .. })), "{pushed:?}");
    assert!(runtime.checkpoint_wait().is_err());
    drop(runtime);
    disk.restart();
    disk.replace(&file, &bytes).expect("a good disk");
    let runtime = open(&disk, &clock, away()).expect("it is whole again");
    assert_eq!(total(&ask_of(&runtime, "a", None).expect("an answer")), 4.0);
}

/// A checkpoint writes what has changed, and files of which most is out of use go.
#[test]
fn files_stay_few_and_small() {
    let (disk, clock, runtime) = state();
    let before = files(&disk);
    push_of(&runtime, "b", (20, NOON - 30 * SECOND), Some(NOON - 3 * SECOND)).expect("pushed");
    checkpoint(&runtime);
    let after = files(&disk);
    assert_eq!((before.len(), after.len()), (1, 2));
    let length = |file: &String| disk.read(file).expect("a good disk").expect("a file").len();
    assert!(length(&after[1]) < length(&after[0]), "one of three cards has changed");
    for round in 0..40 {
        let card = ["a", "b", "c"][round % 3];
        push_of(
            &runtime,
            card,
            (100 + round as i64, NOON - 30 * SECOND),
            Some(NOON - 3 * SECOND),
        )
        .expect("pushed");
        checkpoint(&runtime);
        assert!(files(&disk).len() <= 16, "{:?}", files(&disk));
    }
    clock.set(NOON + SECOND);
    let totals = ["a", "b", "c"].map(|card| total(&ask_of(&runtime, card, None).expect("an answer")));
    let of = |card: usize| {
        (0..40)
            .filter(|round| round % 3 == card)
            .map(|round| 100.5 + round as f64)
            .sum::<f64>()
    };
    assert_eq!(totals, [4.0 + of(0), 22.0 + of(1), 2.5 + of(2)]);
}
