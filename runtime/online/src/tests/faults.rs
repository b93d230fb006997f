//! Disks that refuse, threads that break off, rows of callers that are none.

use super::disk::SimulatedDisk;
use super::fixture::{NOON, SECOND, ask, compiled, logged, open, push, total};
use crate::counters::BUCKETS_US;
use crate::disk::Disk as _;
use crate::{Options, Question, Refused, Runtime, SetClock};
use arrow::array::{Int64Array, RecordBatch};
use featr::{Error, Incoming, Random};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

fn state(options: Options) -> (SimulatedDisk, Arc<SetClock>, Runtime) {
    let (disk, clock) = (SimulatedDisk::default(), Arc::new(SetClock::at(NOON)));
    let runtime = open(&disk, &clock, options).expect("a new state");
    (disk, clock, runtime)
}

/// Waits for what another thread does.
fn until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_writer_that_breaks_off_says_so() {
    let (disk, _, runtime) = state(Options::default());
    push(&runtime, 1, NOON - 60 * SECOND, Some(NOON - 5 * SECOND)).expect("pushed");
    assert_eq!(total(&ask(&runtime, None).expect("an answer")), 1.5);
    disk.panic_from_now();
    assert!(push(&runtime, 2, NOON - 60 * SECOND, None).is_err());
    until(|| runtime.failure().is_some());
    let refused = push(&runtime, 3, NOON - 60 * SECOND, None);
    assert!(matches!(refused, Err(Refused::Unwritable { .. })), "{refused:?}");
    assert_eq!(total(&ask(&runtime, None).expect("what is there is answered")), 1.5);
    assert!(runtime.stop().is_err());
}

#[test]
fn a_checkpoint_that_fails_is_told_and_tried_again_after_a_pause() {
    let options = Options {
        checkpoint_bytes: 1,
        ..Options::default()
    };
    let (disk, _, runtime) = state(options);
    until(|| runtime.counters().checkpoints.load(Ordering::Relaxed) > 0);
    assert_eq!(runtime.checkpoint_failure(), None);
    disk.refuse(&[("replace", "checkpoint")]);
    let failed = || runtime.counters().checkpoints_failed.load(Ordering::Relaxed);
    until(|| failed() > 0);
    let segments = disk.list("log").expect("a folder").len();
    for id in 0..20 {
        push(&runtime, id, NOON - 60 * SECOND, Some(NOON - 5 * SECOND)).expect("pushed");
    }
    assert!(failed() < 5, "{} checkpoints were tried without a pause", failed());
    // Who asks for one does not wait for the pause.
    assert!(runtime.checkpoint_wait().is_err() && runtime.checkpoint_wait().is_err());
    assert_eq!(
        disk.list("log").expect("a folder").len(),
        segments,
        "each began a segment"
    );
    assert!(
        runtime
            .checkpoint_failure()
            .is_some_and(|why| why.contains("checkpoint/"))
    );
    assert_eq!(runtime.failure(), None);
    disk.refuse(&[]);
    runtime.checkpoint_wait().expect("a checkpoint");
    assert_eq!(runtime.checkpoint_failure(), None);
    runtime.stop().expect("it ends");
}

#[test]
fn the_time_of_an_answer_is_that_of_its_disk_too() {
    let (disk, _, runtime) = state(Options::default());
    disk.slow(Duration::from_millis(150));
    ask(&runtime, None).expect("the first answer waits for its bound");
    let answers = &runtime.counters().answers;
    let within = |bound_us: u64| {
        let place = BUCKETS_US.iter().position(|bound| *bound == bound_us).expect("a bound");
        answers.buckets[place].load(Ordering::Relaxed)
    };
    assert_eq!(answers.count.load(Ordering::Relaxed), 1);
    assert_eq!(within(100_000), 0, "{answers:?}");
    disk.slow(Duration::ZERO);
    runtime.stop().expect("it ends");
}

#[test]
fn answers_wait_for_a_disk_that_is_full_and_lost_ones_are_counted() {
    let (disk, clock, runtime) = state(Options::default());
    let lost = || runtime.counters().answers_lost.load(Ordering::Relaxed);
    ask(&runtime, None).expect("an answer");
    disk.refuse(&[("append", "log")]);
    clock.set(NOON + SECOND / 10);
    ask(&runtime, None).expect("an answer");
    assert!(push(&runtime, 1, NOON, Some(NOON)).is_err(), "the disk is full");
    disk.refuse(&[]);
    runtime.checkpoint_wait().expect("a checkpoint");
    let rows = |disk: &SimulatedDisk| logged(disk).iter().map(RecordBatch::num_rows).sum::<usize>();
    assert_eq!((rows(&disk), lost()), (2, 0));
    disk.stop_after(0);
    ask(&runtime, None).expect("an answer");
    assert!(runtime.stop().is_err());
    assert_eq!(lost(), 1);
}

#[test]
fn a_full_disk_is_told_and_tried_again() {
    let (disk, _, runtime) = state(Options::default());
    push(&runtime, 1, NOON, Some(NOON)).expect("pushed");
    assert_eq!(runtime.refusal(), None);
    disk.refuse(&[("append", "log")]);
    assert!(push(&runtime, 2, NOON, Some(NOON)).is_err());
    assert!(runtime.refusal().is_some_and(|why| why.contains("log/")));
    assert_eq!(runtime.failure(), None);
    // Nobody pushes or asks any more.
    disk.refuse(&[]);
    until(|| runtime.refusal().is_none());
    runtime.stop().expect("it ends");
}

/// Rows may be in the log that nobody was told of: answers stay before their stamp, which a restart would see.
#[test]
fn no_base_passes_rows_that_may_come_back() {
    let (disk, clock, runtime) = state(Options::default());
    ask(&runtime, None).expect("an answer");
    clock.set(NOON + SECOND / 10);
    disk.refuse(&[("sync", "log")]);
    assert!(push(&runtime, 1, NOON, None).is_err());
    clock.set(NOON + SECOND / 5);
    let answer = ask(&runtime, None).expect("an answer");
    assert!(answer.at_us < NOON + SECOND / 10, "{}", answer.at_us - NOON);
    assert!(runtime.stop().is_err());
}

/// What a crash leaves ahead of the clock is waited for, so that no kill moves it further.
#[test]
fn a_restart_begins_at_the_clock() {
    let (disk, clock) = (SimulatedDisk::default(), Arc::new(SetClock::at(NOON)));
    let options = Options {
        delay_us: Some(0),
        ..Options::default()
    };
    for kill in 1..4 {
        let runtime = open(&disk, &clock, options.clone()).expect("a state");
        let now_us = clock.0.load(Ordering::SeqCst);
        let late = push(&runtime, kill, NOON - 60 * SECOND, Some(now_us + 1)).expect("pushed");
        assert_eq!(late, 0, "it has just arrived");
        let answer = ask(&runtime, None).expect("an answer");
        assert!(answer.at_us <= now_us, "{} µs before its time", answer.at_us - now_us);
        assert!(
            now_us <= NOON + (kill - 1) * SECOND,
            "each kill moves it by no more than it was ahead"
        );
        disk.stop_after(0);
        assert!(runtime.stop().is_err());
        disk.crash(&mut Random::new(kill.unsigned_abs()));
    }
}

#[test]
fn rows_that_are_none_of_their_source_do_not_come_into_the_log() {
    let (disk, clock, runtime) = state(Options::default());
    let column = Arc::new(Int64Array::from(vec![1]));
    let rows = RecordBatch::try_from_iter([("id", column as _)]).expect("rows");
    let foreign = |source: &str| Incoming {
        source: source.to_owned(),
        rows: rows.clone(),
        places: vec![1],
        rejected: Vec::new(),
    };
    let refused = runtime.push_wait(foreign("payments"));
    assert!(
        matches!(refused, Err(Refused::Request(Error::Columns { .. }))),
        "{refused:?}"
    );
    let refused = runtime.push_wait(foreign("logins"));
    assert!(
        matches!(refused, Err(Refused::Request(Error::UnknownSource { .. }))),
        "{refused:?}"
    );
    runtime.stop().expect("it ends");
    open(&disk, &clock, Options::default()).expect("the state is as it was");
}

#[test]
fn a_service_whose_log_would_have_two_columns_of_one_name_is_not_asked() {
    let text = |key: &str, view: &str, features: [&str; 2]| {
        format!(
            "module shop\nentity card ({key}: string)\nsource a__b {{\n columns (id: int64, {key}: string, at: timestamp)\n \
             unique id\n time at\n arrival time + 1s\n}}\nview {view} of card from a__b {{\n owner \"x\"\n /// N.\n \
             feature {} = count() over 1h\n /// M.\n feature {} = count() over 2h\n}}\nservice risk {{ {view}.* }}\n",
            features[0], features[1]
        )
    };
    for (key, view, features, column) in [
        ("timestamp", "spend", ["n", "m"], Some("timestamp")),
        ("card", "cut_a", ["n", "b"], Some("cut_a__b")),
        ("card", "spend", ["n", "n__status"], Some("spend__n__status")),
        ("program", "spend", ["n", "m"], Some("program")),
        ("card", "spend", ["n", "m"], None),
    ] {
        let clock = Arc::new(SetClock::at(NOON));
        let program = compiled(&text(key, view, features));
        let disk = Arc::new(SimulatedDisk::default());
        let (runtime, _) = Runtime::open(program, disk, clock, Options::default()).expect("a new state");
        let question = format!("{{\"{key}\": \"a\"}}");
        let rows = runtime.program().questions("risk", &[&question]);
        let answer = runtime.answer_wait(&Question {
            service: "risk".to_owned(),
            rows: rows.expect("a question"),
            at_us: None,
            request_id: None,
            is_whole: false,
        });
        let found = match answer {
            Ok(_) => None,
            Err(Refused::Request(Error::CutsUnnamed { column, .. })) => Some(column),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(found.as_deref(), column);
    }
}

/// What is asked about the state is known while somebody holds the engine.
#[test]
fn nobody_waits_for_the_engine_to_know_how_it_is() {
    let (_, clock, runtime) = state(Options::default());
    push(&runtime, 1, NOON - 60 * SECOND, Some(NOON - 5 * SECOND)).expect("pushed");
    let answer = ask(&runtime, None).expect("an answer");
    runtime.stats();
    until(|| runtime.stats().iter().any(|log| log.events + log.waiting == 1));
    clock.set(NOON - SECOND);
    let held = runtime.shared.core();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let known = (
                runtime.cuts(),
                runtime.stats().len(),
                runtime.failure(),
                runtime.checkpoint_failure(),
            );
            tell.send(known).expect("somebody waits");
        });
        let known = told.recv_timeout(Duration::from_secs(20));
        drop(held);
        assert_eq!(known, Ok(((answer.cuts.clone(), SECOND), 1, None, None)));
    });
}
