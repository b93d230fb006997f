//! What checkpoints make of the log, and what is kept aside.

use super::disk::SimulatedDisk;
use super::fixture::{NOON, SECOND, SHOP, ask, compiled, files, logged, open, push, total};
use crate::aside::{About, Aside};
use crate::disk::Disk as _;
use crate::{Options, Runtime, SetClock, StateError};
use arrow::array::{Array as _, AsArray as _, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use featc_ir::FileFormat;
use featr::{Incoming, PushReport, Random};
use std::sync::Arc;

#[test]
fn what_was_pushed_is_in_files_with_the_arrivals_that_it_got() {
    let (disk, clock) = (SimulatedDisk::default(), Arc::new(SetClock::at(NOON)));
    let runtime = open(&disk, &clock, Options::default()).expect("a new state");
    push(&runtime, 1, NOON - 60 * SECOND, Some(NOON - 5 * SECOND)).expect("pushed");
    let line = "{\"id\": 2, \"card\": \"a\", \"amount\": 1, \"at\": \"2024-03-01T11:00:00Z\"}";
    let rows = runtime.program().incoming("payments", FileFormat::Jsonl, line.into());
    let pushed = runtime.push_wait(rows.expect("rows")).expect("pushed");
    let stamp = pushed.arrival_us.expect("it said none");
    runtime.checkpoint_wait().expect("a checkpoint");
    push(&runtime, 3, NOON - 60 * SECOND, Some(NOON - 4 * SECOND)).expect("pushed");
    disk.stop_after(0);
    assert!(runtime.stop().is_err());
    disk.crash(&mut Random::new(5));
    // What came after the checkpoint is in the log, and comes into a file with the next one.
    open(&disk, &clock, Options::default())
        .expect("a state")
        .stop()
        .expect("it ends");
    let rows: Vec<RecordBatch> = files(&disk, "pushed/payments")
        .into_iter()
        .flat_map(|(_, rows)| rows)
        .collect();
    let arrivals = rows.iter().flat_map(|rows| {
        let column = rows.column_by_name("seen").expect("a column");
        column.as_primitive::<TimestampMicrosecondType>().values().to_vec()
    });
    assert_eq!(
        arrivals.collect::<Vec<i64>>(),
        [NOON - 5 * SECOND, stamp, NOON - 4 * SECOND]
    );
    // Who wants none gets none.
    let (disk, none) = (
        SimulatedDisk::default(),
        Options {
            pushed_log: false,
            ..Options::default()
        },
    );
    let runtime = open(&disk, &clock, none).expect("a new state");
    push(&runtime, 1, NOON - 60 * SECOND, Some(NOON - 5 * SECOND)).expect("pushed");
    runtime.stop().expect("it ends");
    assert!(disk.list("pushed").expect("no folder").is_empty());
}

/// Two programs answer in one segment: each file says of the features what its program said.
#[test]
fn files_of_answers_have_the_fingerprints_of_their_program() {
    let (disk, clock) = (SimulatedDisk::default(), Arc::new(SetClock::at(NOON)));
    for (text, fingerprint, crash) in [
        (SHOP.to_owned(), "one", true),
        (SHOP.replace("over 1h", "over 2h"), "two", false),
    ] {
        let features = [("spend__total".to_owned(), fingerprint.to_owned())].into();
        let options = Options {
            fingerprints: [("risk".to_owned(), features)].into(),
            ..Options::default()
        };
        let opened = Runtime::open(compiled(&text), Arc::new(disk.clone()), clock.clone(), options);
        let (runtime, _) = opened.expect("a state");
        ask(&runtime, None).expect("an answer");
        push(&runtime, 1, NOON, None).expect("pushed, and the answer with it");
        if crash {
            disk.stop_after(0);
            assert!(runtime.stop().is_err());
            disk.crash(&mut Random::new(2));
        } else {
            runtime.stop().expect("it ends");
        }
    }
    let found = files(&disk, "served/risk").into_iter();
    let found = found.map(|(said, rows)| {
        (
            said.expect("fingerprints"),
            rows.iter().map(RecordBatch::num_rows).sum(),
        )
    });
    let one = |text: &str| format!("{{\"spend__total\":\"{text}\"}}");
    assert_eq!(
        found.collect::<Vec<(String, usize)>>(),
        [(one("one"), 1), (one("two"), 1)]
    );
}

/// A crash between the files and the manifest: they are made again, as they were.
#[test]
fn a_checkpoint_that_broke_off_makes_the_same_files_again() {
    let (disk, clock) = (SimulatedDisk::default(), Arc::new(SetClock::at(NOON)));
    let runtime = open(&disk, &clock, Options::default()).expect("a new state");
    ask(&runtime, None).expect("an answer");
    push(&runtime, 1, NOON, None).expect("pushed");
    disk.refuse(&[("replace", "checkpoint")]);
    assert!(runtime.checkpoint_wait().is_err());
    ask(&runtime, None).expect("an answer");
    assert!(runtime.stop().is_err());
    disk.refuse(&[]);
    disk.crash(&mut Random::new(2));
    open(&disk, &clock, Options::default())
        .expect("a state")
        .stop()
        .expect("it ends");
    let rows = |batches: &[RecordBatch]| batches.iter().map(RecordBatch::num_rows).sum::<usize>();
    let pushed: usize = files(&disk, "pushed/payments")
        .iter()
        .map(|(_, batches)| rows(batches))
        .sum();
    assert_eq!((rows(&logged(&disk)), pushed), (2, 1));
}

#[test]
fn lines_of_a_group_are_synced_once() {
    let disk = SimulatedDisk::default();
    let program = compiled(SHOP);
    let sources = program.sources();
    let source = &sources[0];
    let mut aside = Aside::new(Arc::new(disk.clone()), 7);
    let broken = || {
        program
            .incoming("payments", FileFormat::Jsonl, b"no\n\nneither\n".to_vec())
            .expect("rows")
    };
    let about = |id| About {
        request_id: Some(id),
        from: None,
        received_us: NOON,
    };
    for id in ["a", "b"] {
        let noted = aside.note(source, (&broken(), &PushReport::default()), about(id));
        assert!(noted.expect("lines"));
    }
    assert_eq!(disk.syncs("aside/rejected-000007.jsonl"), 0);
    aside.keep().expect("a good disk");
    aside.keep().expect("nothing to do");
    assert_eq!(disk.syncs("aside/rejected-000007.jsonl"), 1);
    // What cannot be written counts for nothing, and what follows stands after what did.
    disk.refuse(&[("append", "aside")]);
    aside
        .note(source, (&broken(), &PushReport::default()), about("c"))
        .expect("lines");
    assert!(matches!(aside.keep(), Err((_, true))));
    disk.refuse(&[("sync", "aside")]);
    aside
        .note(source, (&broken(), &PushReport::default()), about("d"))
        .expect("lines");
    assert!(matches!(aside.keep(), Err((_, false))));
    let text = disk
        .read("aside/rejected-000007.jsonl")
        .expect("a good disk")
        .expect("a file");
    let text = String::from_utf8(text).expect("text");
    let ids = text.lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        line["request_id"].as_str().expect("an id").to_owned()
    });
    assert_eq!(ids.collect::<String>(), "aabbdd");
}

#[test]
fn a_row_aside_decodes_to_the_row_that_came() {
    let text = "module m\nentity e (k: string)\nsource s {\n columns (id: float64, k: string, f: float64, d: decimal(6, 2), \
                on: date, b: bool, at: timestamp, seen: timestamp)\n unique id\n time at\n arrival seen\n lateness 1d\n keep nan\n}\n\
                view v of e from s {\n owner \"x\"\n /// N.\n feature n = max(f) over 1h\n}\nservice risk { v.n }\n";
    let (disk, clock) = (SimulatedDisk::default(), Arc::new(SetClock::at(NOON)));
    let program = compiled(text);
    let opened = Runtime::open(program.clone(), Arc::new(disk.clone()), clock, Options::default());
    let (runtime, _) = opened.expect("a new state");
    let rows = runtime
        .program()
        .questions("risk", &["{\"k\": \"a\"}"])
        .expect("a question");
    let question = crate::Question {
        service: "risk".to_owned(),
        rows,
        at_us: None,
        request_id: None,
        is_whole: false,
    };
    runtime.answer_wait(&question).expect("an answer");
    let line = |id: &str, f: &str| {
        format!(
            "{{\"id\": {id}, \"k\": \"a\\n\", \"f\": {f}, \"d\": 1.50, \"on\": \"2024-02-29\", \"b\": true, \"at\": \
             \"2024-03-01T11:00:00.000001Z\", \"seen\": \"2024-03-01T11:00:05Z\"}}\n"
        )
    };
    let text = line("\"NaN\"", "\"Infinity\"") + &line("1.5", "\"-Infinity\"");
    let incoming = |text: String| {
        program
            .incoming("s", FileFormat::Jsonl, text.into_bytes())
            .expect("rows")
    };
    let came: Incoming = incoming(text);
    let pushed = runtime.push_wait(came.clone()).expect("pushed");
    assert_eq!(pushed.report.overdue, 2);
    let kept = disk
        .read("aside/late-000001.jsonl")
        .expect("a good disk")
        .expect("a file");
    let payloads = std::str::from_utf8(&kept).expect("text").lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        line["payload"].as_str().expect("a row").to_owned() + "\n"
    });
    let again = incoming(payloads.collect());
    assert!(again.rejected.is_empty(), "{:?}", again.rejected);
    let floats = |rows: &RecordBatch| {
        rows.columns()
            .iter()
            .map(|column| format!("{column:?}"))
            .collect::<Vec<String>>()
    };
    assert_eq!(floats(&again.rows), floats(&came.rows));
    assert!(!again.rows.column(0).is_null(0));
}

/// A program that does not read what the state has takes nothing away unless it may.
#[test]
fn events_that_the_program_does_not_read_do_not_go_unsaid() {
    let (declared, _) = SHOP.split_once("service risk").expect("a service");
    let (_, again) = declared.split_once("source payments").expect("a source");
    let again = again.replace("payments", "refunds").replace("view spend", "view back");
    let both = format!("{declared}source refunds{again}service risk {{ spend.* back.* }}");
    let (disk, clock) = (SimulatedDisk::default(), Arc::new(SetClock::at(NOON)));
    let opened = |text: &str, keep_unread: bool| {
        let options = Options {
            keep_unread,
            ..Options::default()
        };
        let opened = Runtime::open(compiled(text), Arc::new(disk.clone()), clock.clone(), options);
        opened.map(|(runtime, _)| runtime)
    };
    let runtime = opened(&both, true).expect("a new state");
    let line = "{\"id\": 2, \"card\": \"a\", \"amount\": 1, \"at\": \"2024-03-01T11:59:00Z\"}";
    let rows = runtime.program().incoming("refunds", FileFormat::Jsonl, line.into());
    runtime.push_wait(rows.expect("rows")).expect("pushed");
    disk.stop_after(0);
    assert!(runtime.stop().is_err());
    disk.crash(&mut Random::new(3));
    // In the log, and then in a checkpoint.
    for events in ["the rows of `refunds` in the log", "the events of `refunds` by (card)"] {
        let refused = opened(SHOP, true).map(drop).expect_err("events would go");
        assert!(
            matches!(&refused, StateError::Removed { events: gone, .. } if *gone == [events.to_owned()]),
            "{refused:?}"
        );
        opened(&both, true).expect("nothing has gone").stop().expect("it ends");
    }
    opened(SHOP, false).expect("they may go").stop().expect("it ends");
    let refused = opened(&both, true).map(drop).expect_err("they have gone");
    assert!(matches!(refused, StateError::OtherProgram { .. }), "{refused:?}");
}

/// Rows come as the program says that files hold them, and are in the log as values of the declared types.
#[test]
fn rows_that_are_held_otherwise_are_read_once() {
    let columns = "id: int64, card: string from \"of.card\", amount: float64 from \"Amount (EUR)\", \
                   at: timestamp as epoch_seconds, seen: timestamp from \"end\" as \"%d.%m.%Y %H:%M:%S\" in \"Asia/Tokyo\"";
    let plain = "id: int64, card: string, amount: float64, at: timestamp, seen: timestamp";
    assert!(SHOP.contains(plain));
    let text = SHOP.replace(plain, columns);
    let (disk, clock) = (SimulatedDisk::default(), Arc::new(SetClock::at(NOON)));
    let open = || {
        let (disk, clock) = (Arc::new(disk.clone()), clock.clone());
        let opened = Runtime::open(compiled(&text), disk, clock, Options::default());
        opened.map(|(runtime, _)| runtime).expect("a state")
    };
    let push = |runtime: &Runtime, id: i64, seen: &str| {
        let at = (NOON / SECOND) - 60;
        let line = format!(
            "{{\"id\": {id}, \"of\": {{\"card\": \"a\"}}, \"Amount (EUR)\": {id}.5, \"at\": {at}, \"end\": {seen}}}"
        );
        let rows = runtime.program().incoming("payments", FileFormat::Jsonl, line.into());
        runtime.push_wait(rows.expect("rows")).expect("pushed").report
    };
    let runtime = open();
    // Noon is 21:00 in Tokyo.
    assert_eq!(push(&runtime, 1, "\"01.03.2024 20:59:55\"").accepted, 1);
    runtime.checkpoint_wait().expect("a checkpoint");
    assert_eq!(push(&runtime, 2, "\"01.03.2024 20:59:55\"").accepted, 1);
    // It says no arrival, and gets one.
    assert_eq!(push(&runtime, 3, "null").accepted, 1);
    clock.set(NOON + 10 * SECOND);
    assert_eq!(total(&ask(&runtime, None).expect("an answer")), 7.5);
    disk.stop_after(0);
    assert!(runtime.stop().is_err());
    disk.crash(&mut Random::new(5));
    clock.set(NOON + 20 * SECOND);
    let runtime = open();
    assert_eq!(total(&ask(&runtime, None).expect("an answer")), 7.5);
    runtime.stop().expect("it ends");
    // What was pushed is in files that the same source reads.
    let mut read = Vec::new();
    for name in disk.list("pushed/payments").expect("a folder") {
        let bytes = disk
            .read(&format!("pushed/payments/{name}"))
            .expect("a disk")
            .expect("a file");
        let rows = runtime
            .program()
            .incoming("payments", FileFormat::Parquet, bytes)
            .expect("rows");
        assert!(rows.rejected.is_empty(), "{:?}", rows.rejected);
        let seen = rows.rows.column_by_name("seen").expect("a column").clone();
        read.extend(seen.as_primitive::<TimestampMicrosecondType>().values().to_vec());
    }
    assert_eq!(read[..2], [NOON - 5 * SECOND; 2]);
    assert_eq!(read.len(), 3);
}
