//! What a run reports beside its rows.

use super::shop::{self, NOW, events, inputs, plan, spine};
use crate::{Inputs, RunReport, run};
use featc_ir::{Truth, Type};
use featr_kernels::{Batch, Column, Value};

fn report(inputs: Inputs) -> RunReport {
    run(&plan(), inputs).expect("runs").report
}

/// A purchase by ann, seen at once; given seconds before NOW.
fn purchase(id: i64, before: i64, amount: f64) -> Batch {
    let at = Value::Timestamp(NOW - before * 1_000_000);
    let one = |ty, value: Value| Column::from_values(ty, &[value]);
    Batch::from_columns(vec![
        one(Type::Int64, Value::Int64(id)),
        one(Type::Timestamp, at.clone()),
        one(Type::Timestamp, at),
        one(Type::String, Value::String("ann".into())),
        one(Type::String, Value::String("x".into())),
        one(Type::Float64, Value::Float64(amount)),
        one(Type::String, Value::Null),
    ])
}

#[test]
fn ids_with_different_rows_are_listed() {
    assert_eq!(report(inputs()).sources[0].conflicting_ids, 0, "copies are no conflict");
    // Id 3 of the sample was late: it is no event, so it conflicts with nothing.
    let more = [4, 3, 1, 1, 2].map(|id| purchase(id, 60, id as f64));
    let runs = [1, 2, 7].map(|threads| {
        let mut inputs = inputs();
        inputs.threads = threads;
        let batches = [events()].into_iter().chain(more.clone()).collect();
        inputs.events.insert("shop_events".into(), batches);
        report(inputs)
    });
    let source = &runs[0].sources[0];
    assert_eq!(source.conflicting_ids, 3);
    assert_eq!(
        source.conflict_examples,
        ["id=1", "id=2", "id=4"],
        "by their first rows"
    );
    assert!(runs[0].to_string().contains("3 conflicting ids"));
    assert!(runs.iter().all(|report| *report == runs[0]));
}

#[test]
fn rows_that_are_not_accepted_are_shown_with_their_places() {
    let mut inputs = inputs();
    let late = events().slice(3..4);
    inputs.events.insert("shop_events".into(), vec![late; 7]);
    let source = report(inputs).sources[0].clone();
    let words = "late: arrived 2h46m40s after its event time; at most 2h is accepted";
    let expected: Vec<String> = (1..=5).map(|line| format!("memory:{line}: {words}")).collect();
    let shown: Vec<String> = source.rejected_examples.iter().map(|row| row.text.clone()).collect();
    assert_eq!(shown, expected);
    assert_eq!(source.rejected[0].1, 7);

    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("events.jsonl"), shop::jsonl()).expect("writes");
    let mut inputs = super::inputs();
    inputs.events.clear();
    inputs.base = folder.path().to_owned();
    let output = run(&shop::plan_of_files("events.jsonl"), inputs).expect("runs");
    // The first line is no record, the fifth is the late one.
    let shown = &output.report.sources[0].rejected_examples;
    assert_eq!(shown.len(), 1);
    assert!(
        shown[0].text.ends_with(&format!("events.jsonl:5: {words}")),
        "{shown:?}"
    );
}

#[test]
fn questions_at_the_instant_of_an_event_are_counted() {
    let second = 1_000_000;
    // Ann's event of 5 s before NOW, twice; nobody's; just beside it; bob's event, asked about ann; her first one.
    let asked = [
        (Some("ann"), NOW - 5 * second),
        (Some("ann"), NOW - 5 * second),
        (None, NOW - 50 * second),
        (Some("ann"), NOW - 5 * second + 1),
        (Some("ann"), NOW - 100 * second),
        (Some("ann"), NOW - 3_700 * second),
    ];
    let counts = |truth| {
        let mut inputs = inputs();
        inputs.spine = spine(&asked);
        inputs.truth = truth;
        let views = report(inputs).views;
        views.iter().map(|view| view.questions_at_events).collect::<Vec<_>>()
    };
    assert_eq!(counts(Truth::Complete), [3, 3]);
    // Seen 1 s and 0 s after they happened.
    assert_eq!(counts(Truth::AsOfArrival { delay_us: Some(0) }), [1, 1]);
    assert_eq!(counts(Truth::AsOfArrival { delay_us: None }), [0, 0]);
}

#[test]
fn windows_that_all_exclude_something_need_no_warning() {
    let mut inputs = inputs();
    inputs.spine = spine(&[(Some("ann"), NOW - 5_000_000)]);
    let output = run(&shop::plan_excluding_now(), inputs).expect("runs");
    assert!(output.report.views.iter().all(|view| view.questions_at_events == 0));
}
