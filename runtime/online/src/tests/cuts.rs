//! Cuts and stamps, with a clock that is set by hand.

use super::disk::SimulatedDisk;
use super::fixture::{NOON, SECOND, ask, logged, open, push, total};
use crate::{Options, Refused, SetClock, StateError};
use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::TimestampMicrosecondType;
use featr::Random;
use std::sync::Arc;

#[test]
fn an_answer_sees_arrivals_up_to_its_cut() {
    let (disk, clock) = (SimulatedDisk::default(), Arc::new(SetClock::at(NOON)));
    let runtime = open(&disk, &clock, Options::default()).expect("a new state");
    push(&runtime, 1, NOON - 60 * SECOND, Some(NOON - 2 * SECOND)).expect("pushed");
    push(&runtime, 2, NOON - 60 * SECOND, Some(NOON - 2 * SECOND + 1)).expect("pushed");
    let first = ask(&runtime, None).expect("an answer");
    assert_eq!(
        (first.at_us, first.cuts["payments"], total(&first)),
        (NOON, NOON - 2 * SECOND, 1.5)
    );
    // Another instant, the same cut.
    let before = ask(&runtime, Some(NOON - 61 * SECOND)).expect("an answer");
    assert_eq!((before.cuts["payments"], total(&before)), (NOON - 2 * SECOND, 0.0));
    clock.set(NOON + 1);
    assert_eq!(total(&ask(&runtime, None).expect("an answer")), 4.0);
    // A row that should have been seen is seen from now on, and told.
    assert_eq!(push(&runtime, 3, NOON - 60 * SECOND, Some(NOON - 3 * SECOND)), Ok(1));
    assert_eq!(total(&ask(&runtime, None).expect("an answer")), 7.5);
    runtime.stop().expect("it ends");
    assert!(matches!(ask(&runtime, None), Err(Refused::Stopping)));
    assert!(matches!(push(&runtime, 4, NOON, None), Err(Refused::Stopping)));
}

/// Crashes and clocks that go back: no cut is before an earlier one, and no stamp is at or before a cut.
#[test]
fn cuts_never_go_back() {
    for seed in 0..12 {
        let mut random = Random::new(seed);
        let (disk, clock) = (SimulatedDisk::default(), Arc::new(SetClock::at(NOON)));
        let (mut now, mut cut, mut sum, mut id) = (NOON, i64::MIN, 0.0, 0);
        for _ in 0..4 {
            let options = Options {
                delay_us: Some(0),
                ..Options::default()
            };
            let runtime = open(&disk, &clock, options).expect("a state");
            for _ in 0..random.number() % 12 {
                now += (random.number() % 3_000_000) as i64 - 1_000_000;
                clock.set(now);
                if random.number() % 2 == 0 {
                    id += 1;
                    assert_eq!(
                        push(&runtime, id, NOON - 60 * SECOND, None),
                        Ok(0),
                        "a stamp is after every cut"
                    );
                    sum += id as f64 + 0.5;
                }
                let answer = ask(&runtime, None).expect("an answer");
                assert!(answer.cuts["payments"] >= cut, "seed {seed}");
                assert_eq!(
                    (answer.at_us, total(&answer)),
                    (answer.cuts["payments"], sum),
                    "seed {seed}"
                );
                cut = answer.at_us;
            }
            match random.number() % 2 {
                0 => runtime.stop().expect("it ends"),
                _ => {
                    disk.stop_after(0);
                    assert!(runtime.stop().is_err());
                    disk.crash(&mut random);
                }
            }
        }
        clock.set(cut.saturating_sub(60 * SECOND));
        let behind = open(&disk, &clock, Options::default());
        assert!(
            matches!(behind, Err(StateError::ClockBehind { .. })) || cut < NOON,
            "{behind:?}"
        );
    }
}

/// After a crash rows that come too late for answers of before are told, and no cut lies before theirs, however long the delay
/// is now.
#[test]
fn cuts_are_known_after_a_crash() {
    for checkpoint in [false, true] {
        let (disk, clock) = (SimulatedDisk::default(), Arc::new(SetClock::at(NOON)));
        let runtime = open(&disk, &clock, Options::default()).expect("a new state");
        push(&runtime, 1, NOON - 60 * SECOND, Some(NOON - 9 * SECOND)).expect("pushed");
        let before = ask(&runtime, None).expect("an answer");
        if checkpoint {
            runtime.checkpoint_wait().expect("a checkpoint");
        }
        disk.stop_after(0);
        assert!(runtime.stop().is_err());
        disk.crash(&mut Random::new(1));
        let longer = Options {
            delay_us: Some(3_600_000_000),
            ..Options::default()
        };
        let runtime = open(&disk, &clock, longer).expect("a state");
        assert_eq!(push(&runtime, 2, NOON - 60 * SECOND, Some(NOON - 5 * SECOND)), Ok(1));
        assert_eq!(push(&runtime, 3, NOON - 60 * SECOND, Some(NOON + SECOND)), Ok(0));
        let after = ask(&runtime, None).expect("an answer");
        assert!(after.cuts["payments"] >= before.cuts["payments"]);
        assert_eq!((total(&before), total(&after)), (1.5, 4.0));
    }
}

#[test]
fn answers_are_logged_once_over_a_crash() {
    let (disk, clock) = (SimulatedDisk::default(), Arc::new(SetClock::at(NOON)));
    let mut random = Random::new(3);
    let runtime = open(&disk, &clock, Options::default()).expect("a new state");
    push(&runtime, 1, NOON - 60 * SECOND, Some(NOON - 5 * SECOND)).expect("pushed");
    let first = ask(&runtime, None).expect("an answer");
    runtime.checkpoint_wait().expect("a checkpoint");
    clock.set(NOON + SECOND);
    ask(&runtime, Some(NOON)).expect("an answer");
    // What comes after it in the log is synced, and so is the answer.
    push(&runtime, 2, NOON, None).expect("pushed");
    disk.stop_after(0);
    assert!(runtime.stop().is_err());
    disk.crash(&mut random);
    let runtime = open(&disk, &clock, Options::default()).expect("a state");
    runtime.stop().expect("it ends");
    let rows = logged(&disk);
    let instants = |name: &str| -> Vec<i64> {
        let columns = rows.iter().map(|batch| batch.column_by_name(name).expect("a column"));
        columns
            .flat_map(|column| column.as_primitive::<TimestampMicrosecondType>().values().to_vec())
            .collect()
    };
    assert_eq!(instants("timestamp"), [NOON, NOON]);
    assert_eq!(instants("cut_payments"), [first.cuts["payments"], NOON - SECOND]);
    let names: Vec<String> = rows[0]
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    let wanted = [
        "service",
        "card",
        "timestamp",
        "request_id",
        "program",
        "cut_payments",
        "spend__total",
        "spend__total__status",
    ];
    assert_eq!(names, wanted);
    assert_eq!(rows[0].column(0).as_string::<i32>().value(0), "risk");
    assert!(rows[0].column_by_name("request_id").expect("a column").is_null(0));
    assert_eq!(
        rows[0].column_by_name("spend__total").expect("a column"),
        first.features.column(0)
    );
}

#[test]
fn a_full_disk_acknowledges_nothing_and_answers_go_on() {
    let (disk, clock) = (SimulatedDisk::default(), Arc::new(SetClock::at(NOON)));
    let runtime = open(&disk, &clock, Options::default()).expect("a new state");
    push(&runtime, 1, NOON - 60 * SECOND, Some(NOON - 5 * SECOND)).expect("pushed");
    assert_eq!(total(&ask(&runtime, None).expect("an answer")), 1.5);
    disk.stop_after(0);
    let refused = push(&runtime, 2, NOON - 60 * SECOND, None);
    assert!(matches!(refused, Err(Refused::Unwritable { .. })), "{refused:?}");
    assert!(runtime.failure().is_some());
    assert_eq!(total(&ask(&runtime, None).expect("an answer")), 1.5);
    // Answers with later cuts would have to be recorded first.
    clock.set(NOON + 60 * SECOND);
    assert!(matches!(ask(&runtime, None), Err(Refused::Unwritable { .. })));
    assert!(runtime.stop().is_err());
}
