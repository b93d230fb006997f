//! A changed program on a state that does not have what it reads: after a fill it answers as if it had been there all along.

use super::disk::SimulatedDisk;
use super::fixture::{NOON, SECOND, SHOP, ask, compiled, push, shared, total};
use crate::disk::Disk as _;
use crate::{Answer, Fill, Options, Runtime, SetClock, StateError, compact, inspect};
use arrow::array::{AsArray as _, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use featc_ir::FileFormat;
use featr::{Program, Table};
use std::collections::BTreeSet;
use std::sync::Arc;

const HOUR: i64 = 3_600 * SECOND;

/// Longer windows, another expression, another entity.
fn wider() -> Program {
    compiled(
        &SHOP
            .replace("sum(amount) over 1h default 0.0", "sum(amount) over 9h default 0.0")
            .replace(
                "service risk { spend.* }",
                r#"
entity id (id: int64)
view each of id from payments {
  owner "payments"
  /// How often.
  feature n = count() over 12h
}
view large of card from payments {
  owner "payments"
  /// What was paid at most, of the larger payments.
  feature most = max(amount * 2.0 where amount > 2.0) over 12h
}
service risk { spend.* large.* }
service ids { each.* }
"#,
            ),
    )
}

/// A source more, which is read by a view more.
fn with_returns(window: &str) -> Program {
    let more = format!(
        r#"
source returns {{
  columns (id: int64, card: string, amount: float64, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  lateness 1d
}}
view back of card from returns {{
  owner "payments"
  /// What came back.
  feature amount = sum(amount) over {window} default 0.0
}}
service risk {{ spend.* back.* }}
"#
    );
    compiled(&SHOP.replace("service risk { spend.* }", &more))
}

fn options(fill: Option<Fill>) -> Options {
    Options {
        history_us: 0,
        fill,
        ..Options::default()
    }
}

fn given(sources: &[&str]) -> Option<Fill> {
    Some(Fill {
        given: sources.iter().map(|source| (*source).to_owned()).collect(),
        ..Fill::default()
    })
}

type Opened = Result<(Runtime, crate::Opened), StateError>;

fn open(disk: &SimulatedDisk, clock: &Arc<SetClock>, program: &Program, fill: Option<Fill>) -> Opened {
    Runtime::open(program.clone(), Arc::new(disk.clone()), clock.clone(), options(fill))
}

/// Ten hours of payments, with checkpoints, some stamped by the server.
fn live(program: &Program, options: Options) -> (SimulatedDisk, Arc<SetClock>) {
    let (disk, clock) = (SimulatedDisk::default(), Arc::new(SetClock::at(NOON)));
    let opened = Runtime::open(program.clone(), Arc::new(disk.clone()), clock.clone(), options);
    let (runtime, _) = opened.expect("a new state");
    for hour in 0..10 {
        let now = NOON + hour * HOUR;
        clock.set(now);
        push(&runtime, 2 * hour, now - 60 * SECOND, Some(now - 50 * SECOND)).expect("pushed");
        push(&runtime, 2 * hour + 1, now - 30 * SECOND, None).expect("pushed");
        clock.set(now + 4 * SECOND);
        ask(&runtime, None).expect("an answer");
        if hour % 3 == 2 {
            runtime.checkpoint_wait().expect("a checkpoint");
        }
    }
    runtime.stop().expect("it ends");
    (disk, clock)
}

fn answer(runtime: &Runtime, service: &str, entity: &str) -> Answer {
    let rows = runtime.program().questions(service, &[entity]).expect("a question");
    let asked = crate::Question {
        service: service.to_owned(),
        rows,
        at_us: None,
        request_id: None,
        is_whole: false,
    };
    runtime.answer_wait(&asked).expect("an answer")
}

/// What is answered now, to the bit.
fn answers(runtime: &Runtime, clock: &SetClock) -> Vec<(RecordBatch, i64)> {
    clock.set(NOON + 9 * HOUR + 60 * SECOND);
    let mut all: Vec<Answer> = vec![answer(runtime, "risk", r#"{"card": "a"}"#)];
    if runtime.program().service("ids").is_ok() {
        let ids = (0..20).map(|id| answer(runtime, "ids", &format!("{{\"id\": {id}}}")));
        all.extend(ids);
    }
    let one = |answer: Answer| (answer.features, answer.cuts.values().sum());
    all.into_iter().map(one).collect()
}

/// Rows as a table in memory, in place of files.
fn table(program: &mut Program, source: &str, lines: &str) {
    let rows = program.incoming(source, FileFormat::Jsonl, lines.as_bytes().to_vec());
    let rows = rows.expect("rows").rows;
    let table = Table {
        schema: rows.schema(),
        batches: vec![rows],
    };
    program.read_rows(source, Arc::new(table)).expect("a source");
}

fn line(id: i64, amount: f64, at_us: i64, seen_us: i64) -> String {
    let (at, seen) = (featc_ir::display::instant(at_us), featc_ir::display::instant(seen_us));
    format!("{{\"id\": {id}, \"card\": \"a\", \"amount\": {amount:?}, \"at\": \"{at}\", \"seen\": \"{seen}\"}}\n")
}

#[test]
fn rows_that_were_pushed_fill_what_a_program_needs() {
    let (all_along, clock) = live(&wider(), options(None));
    let (runtime, _) = open(&all_along, &clock, &wider(), None).expect("its own state");
    let expected = answers(&runtime, &clock);
    runtime.stop().expect("it ends");

    let (disk, clock) = live(&compiled(SHOP), options(None));
    let refused = open(&disk, &clock, &wider(), None).err();
    assert!(matches!(refused, Some(StateError::OtherProgram { .. })), "{refused:?}");
    let found = inspect(&wider(), &shared(&disk), given(&[]).as_ref())
        .expect("whole")
        .expect("a state");
    assert_eq!((found.refusal(&wider(), ""), found.filled.len()), (None, 1));
    let (runtime, opened) = open(&disk, &clock, &wider(), given(&[])).expect("it is filled");
    assert_eq!(opened.filled, found.filled);
    assert_eq!(
        (opened.filled[0].brought.known, opened.filled[0].has_files),
        (20, false)
    );
    assert_eq!(answers(&runtime, &clock), expected);
    runtime.stop().expect("it ends");
    // It is there for good.
    let (runtime, opened) = open(&disk, &clock, &wider(), None).expect("nothing is missing");
    assert_eq!(opened.filled, []);
    assert_eq!(answers(&runtime, &clock), expected);
}

#[test]
fn a_fill_is_done_or_not_done_wherever_it_ends() {
    let (all_along, clock) = live(&wider(), options(None));
    let (runtime, _) = open(&all_along, &clock, &wider(), None).expect("its own state");
    let expected = answers(&runtime, &clock);
    let mut ends = BTreeSet::new();
    for operations in 0..40 {
        let (disk, clock) = live(&compiled(SHOP), options(None));
        disk.stop_after(operations);
        let opened = open(&disk, &clock, &wider(), given(&[]));
        drop(opened.map(|(runtime, _)| runtime.stop()));
        disk.crash(&mut featr::Random::new(operations));
        let again = open(&disk, &clock, &wider(), None);
        ends.insert(again.is_ok());
        let (runtime, _) = again
            .or_else(|_| open(&disk, &clock, &wider(), given(&[])))
            .expect("it can be filled again");
        assert_eq!(answers(&runtime, &clock), expected, "after {operations} operations");
    }
    assert_eq!(ends, BTreeSet::from([false, true]));
}

#[test]
fn files_fill_a_source_that_nobody_read() {
    let (disk, clock) = live(&compiled(SHOP), options(None));
    let mut program = with_returns("12h");
    let refused = open(&disk, &clock, &program, given(&[])).err();
    let is_told = matches!(&refused, Some(StateError::NoHistory { source, .. }) if source == "returns");
    assert!(is_told, "{refused:?}");
    // The last answer was given four seconds after nine.
    let last = NOON + 9 * HOUR;
    let lines = [
        line(1, 1.0, last - HOUR, last - HOUR),
        line(2, 2.0, last - HOUR, last + 4 * SECOND),
        line(3, 4.0, last - HOUR, last + 30 * SECOND),
        line(4, 8.0, last - 40 * HOUR, last),
        "{\"id\": 5}\n".to_owned(),
    ];
    table(&mut program, "returns", &lines[..4].concat());
    let (runtime, opened) = open(&disk, &clock, &program, given(&["returns"])).expect("it is filled");
    let brought = opened.filled[0].brought;
    assert_eq!(
        (brought.of_files, brought.later, brought.unusable),
        (4, 1, 1),
        "{opened:?}"
    );
    assert!(
        opened.filled[0]
            .cut_us
            .is_some_and(|cut| cut >= last + 4 * SECOND && cut < last + 30 * SECOND)
    );
    let amount = |runtime: &Runtime| {
        let answered = answers(runtime, &clock).swap_remove(0).0;
        let column = answered.column_by_name("back__amount").expect("a column");
        column.as_primitive::<Float64Type>().value(0)
    };
    assert_eq!(amount(&runtime), 3.0);
    // What the stream brings goes on after it; a row that the files had is a copy.
    let rows = |lines: &str| {
        let rows = runtime
            .program()
            .incoming("returns", FileFormat::Jsonl, lines.as_bytes().to_vec());
        rows.expect("rows")
    };
    runtime.push_wait(rows(&lines[..3].concat())).expect("pushed");
    clock.set(NOON + 9 * HOUR + 60 * SECOND);
    assert_eq!(amount(&runtime), 7.0);
    runtime.stop().expect("it ends");
    // What came from files is not in the folder: they are needed again for the next change.
    let mut changed = with_returns("13h");
    let refused = open(&disk, &clock, &changed, given(&[])).err();
    assert!(matches!(refused, Some(StateError::NoHistory { .. })), "{refused:?}");
    table(&mut changed, "returns", &lines[..4].concat());
    let (runtime, _) = open(&disk, &clock, &changed, given(&[])).expect("it is filled");
    assert_eq!(amount(&runtime), 7.0);
}

/// Files of `pushed/` that somebody took away are missed; rows of files take their place, and those that are known keep the arrivals
/// that they had.
#[test]
fn what_is_missing_of_the_pushed_rows_is_found() {
    let (disk, clock) = live(&compiled(SHOP), options(None));
    let files = disk.list("pushed/payments").expect("a folder");
    disk.remove(&format!("pushed/payments/{}", files[0])).expect("removed");
    let refused = open(&disk, &clock, &wider(), given(&[])).err();
    let why = refused.as_ref().map(ToString::to_string).unwrap_or_default();
    assert!(
        why.ends_with("of `payments`: of 20 rows that were pushed `pushed/` has 14"),
        "{why}"
    );
    let mut program = wider();
    let all: String = (0..10)
        .flat_map(|hour| {
            let now = NOON + hour * HOUR;
            let known = line(2 * hour, 2.0 * hour as f64 + 0.5, now - 60 * SECOND, now - 50 * SECOND);
            let stamped = line(2 * hour + 1, 2.0 * hour as f64 + 1.5, now - 30 * SECOND, now);
            [known, stamped]
        })
        .collect();
    table(&mut program, "payments", &all);
    let (runtime, opened) = open(&disk, &clock, &program, given(&[])).expect("it is filled");
    let brought = opened.filled[0].brought;
    assert_eq!((brought.known, brought.of_files, brought.again), (14, 20, 14));
    let lacks = opened.filled[0].lacks.as_deref();
    assert_eq!(lacks, Some("of 20 rows that were pushed `pushed/` has 14"));
    let found = answers(&runtime, &clock);
    let (all_along, clock) = live(&wider(), options(None));
    let (other, _) = open(&all_along, &clock, &wider(), None).expect("its own state");
    assert_eq!(found, answers(&other, &clock));
}

#[test]
fn a_state_that_keeps_no_pushed_rows_needs_files() {
    let kept = Options {
        pushed_log: false,
        ..options(None)
    };
    let (disk, clock) = live(&compiled(SHOP), kept);
    let refused = open(&disk, &clock, &wider(), given(&[])).err();
    let why = refused.map(|error| error.to_string()).unwrap_or_default();
    assert!(why.ends_with("of 20 rows that were pushed `pushed/` has 0"), "{why}");
}

/// What did not change keeps what it has, whatever files say.
#[test]
fn files_do_not_reach_what_is_kept() {
    let (disk, clock) = live(&compiled(SHOP), options(None));
    let more = r#"
entity id (id: int64)
view each of id from payments {
  owner "payments"
  /// How often.
  feature n = count() over 12h
}
service risk { spend.* }
service ids { each.* }
"#;
    let mut program = compiled(&SHOP.replace("service risk { spend.* }", more));
    let last = NOON + 9 * HOUR;
    table(&mut program, "payments", &line(100, 1000.0, last - 60 * SECOND, last));
    let (runtime, _) = open(&disk, &clock, &program, given(&["payments"])).expect("it is filled");
    let n = answer(&runtime, "ids", r#"{"id": 100}"#).features;
    let n = n.column(0).as_primitive::<Int64Type>().value(0);
    let total = total(&answer(&runtime, "risk", r#"{"card": "a"}"#));
    assert_eq!((n, total), (1, 18.5 + 19.5));
}

#[test]
fn a_refused_disk_leaves_the_state_as_it_was() {
    let (disk, clock) = live(&compiled(SHOP), options(None));
    disk.refuse(&[("replace", "checkpoint")]);
    let refused = open(&disk, &clock, &wider(), given(&[])).err();
    assert!(matches!(refused, Some(StateError::Io { .. })), "{refused:?}");
    disk.refuse(&[]);
    let (runtime, _) = open(&disk, &clock, &compiled(SHOP), None).expect("its own program goes on");
    push(&runtime, 99, NOON + 9 * HOUR, None).expect("pushed");
}

/// The payments with columns that files call otherwise, of which one is called as another column is here.
fn renamed(window: &str) -> Program {
    compiled(
        &SHOP
            .replace(
                "id: int64, card: string, amount: float64",
                "card: string from \"card\", amount: int64 from \"id\", id: float64 from \"amount\"",
            )
            .replace(
                "sum(amount) over 1h default 0.0",
                &format!("sum(id + 0.0) over {window} default 0.0"),
            )
            .replace("unique id", "unique amount"),
    )
}

#[test]
fn rows_under_other_names_fill_too_also_when_they_were_compacted() {
    let (all_along, clock) = live(&renamed("9h"), options(None));
    let (runtime, _) = open(&all_along, &clock, &renamed("9h"), None).expect("its own state");
    let expected = answers(&runtime, &clock);
    for is_compacted in [false, true] {
        let (disk, clock) = live(&renamed("1h"), options(None));
        if is_compacted {
            assert!(!compact(&disk).expect("it compacts").joined.is_empty());
        }
        let (runtime, opened) = open(&disk, &clock, &renamed("9h"), given(&[])).expect("it is filled");
        assert_eq!(
            (opened.filled[0].brought.known, opened.filled[0].has_files),
            (20, false)
        );
        assert_eq!(answers(&runtime, &clock), expected, "{is_compacted}");
    }
}

/// What rows say was decided when they were pushed: a program that reads fields otherwise does not go on with them.
#[test]
fn rows_that_were_read_otherwise_are_refused() {
    let others = [
        SHOP.replace("amount: float64", "amount: float64 from \"price\""),
        SHOP.replace("lateness 1d", "lateness 1d\n  zone \"Asia/Tokyo\""),
        SHOP.replace("lateness 1d", "lateness 1d\n  keep nan"),
    ];
    for other in others {
        let other = compiled(&other);
        let (disk, clock) = live(&compiled(SHOP), options(None));
        let refused = open(&disk, &clock, &other, given(&[])).err();
        let why = refused.as_ref().map(ToString::to_string).unwrap_or_default();
        assert!(matches!(refused, Some(StateError::NoHistory { .. })), "{why}");
        assert!(why.contains("was read by another"), "{why}");
        // Files that nobody named for this do not take the place of rows that were acknowledged.
        let mut with_files = other.clone();
        table(&mut with_files, "payments", &line(90, 1.5, NOON - HOUR, NOON - HOUR));
        let refused = open(&disk, &clock, &with_files, given(&[])).err();
        assert!(matches!(refused, Some(StateError::NoHistory { .. })), "{refused:?}");
        // In the log alone.
        let (disk, clock) = (SimulatedDisk::default(), Arc::new(SetClock::at(NOON)));
        let (runtime, _) = open(&disk, &clock, &compiled(SHOP), None).expect("a new state");
        push(&runtime, 1, NOON - SECOND, Some(NOON)).expect("pushed");
        disk.stop_after(0);
        drop(runtime);
        disk.crash(&mut featr::Random::new(1));
        let refused = open(&disk, &clock, &other, None).err();
        let why = refused.as_ref().map(ToString::to_string).unwrap_or_default();
        assert!(matches!(refused, Some(StateError::OtherProgram { .. })), "{why}");
        assert!(why.contains("was read by another"), "{why}");
        open(&disk, &clock, &compiled(SHOP), None).expect("its own program goes on");
        // In a log after checkpoints a dry run says of them what a start says.
        let (disk, clock) = live(&compiled(SHOP), options(None));
        let (runtime, _) = open(&disk, &clock, &compiled(SHOP), None).expect("its own state");
        push(&runtime, 99, NOON + 9 * HOUR, Some(NOON + 9 * HOUR)).expect("pushed");
        disk.stop_after(0);
        drop(runtime);
        disk.crash(&mut featr::Random::new(1));
        let found = inspect(&other, &shared(&disk), given(&[]).as_ref()).expect("it is whole");
        let said = found.and_then(|found| found.refusal(&other, ""));
        let refused = open(&disk, &clock, &other, given(&[])).err();
        for refused in [said, refused] {
            assert!(
                matches!(refused, Some(StateError::OtherProgram { of_log: true, .. })),
                "{refused:?}"
            );
        }
    }
}
