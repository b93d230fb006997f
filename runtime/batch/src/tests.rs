//! Whole runs over events in memory, and over files.

mod chunks;
mod files;
mod plans;
mod reports;
mod shop;

use crate::{BatchError, Inputs, Output, RejectedRow, RejectedRows, explain, run};
use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{Float64Type, Int64Type};
use featc_ir::plan::BatchPlan;
use featc_ir::{Truth, Type};
use featr_kernels::{Batch, Column, Value};
use shop::{NOW, events, inputs, plan, spine};
use std::sync::{Arc, Mutex};

fn texts(output: &Output, column: &str) -> Vec<Option<String>> {
    let of = |batch: &RecordBatch| {
        let array = batch.column_by_name(column).expect("the column").clone();
        let array = arrow::compute::cast(&array, &arrow::datatypes::DataType::Utf8).expect("as text");
        array
            .as_string::<i32>()
            .iter()
            .map(|text| text.map(str::to_owned))
            .collect::<Vec<_>>()
    };
    output.batches.iter().flat_map(of).collect()
}

fn some(items: &[&str]) -> Vec<Option<String>> {
    items
        .iter()
        .map(|text| (*text != "-").then(|| (*text).to_owned()))
        .collect()
}

#[test]
fn plans_say_what_is_done() {
    let explained = explain(&plan(), inputs()).expect("explains");
    insta::assert_snapshot!(
        explained.logical,
        @"TableScan: risk projection=[user, shop, t, note, u__n, u__n__status, s__sum, s__sum__status, u__last, u__last__status]"
    );
    // Ours; what DataFusion puts between them may change with a release.
    let ours = |text: &str| {
        let lines = text.lines().map(str::trim);
        let is_ours = |line: &&str| {
            ["Assemble", "Spine", "Finish", "PointInTime", "Events"]
                .iter()
                .any(|name| line.starts_with(name))
        };
        lines.filter(is_ours).map(str::to_owned).collect::<Vec<_>>().join("\n")
    };
    let text = ours(&explained.physical);
    insta::assert_snapshot!(text, @r"
    AssembleExec: columns=[user, shop, t, note, u__n, u__n__status, s__sum, s__sum__status, u__last, u__last__status]
    SpineExec: entities=[(user), (user, shop)]
    FinishExec: features=[u__n, u__last]
    PointInTimeExec: slots=2, windows=[over 1d, over lifetime excluding self], truth=complete
    SpineExec: entities=[(user), (user, shop)]
    EventsExec: source=shop_events, transform=shop_events, key=(user), lifts=1, filter=asked, shared_pass=1 of 2
    FinishExec: features=[s__sum]
    PointInTimeExec: slots=1, windows=[over 1d], truth=complete
    SpineExec: entities=[(user), (user, shop)]
    EventsExec: source=shop_events, transform=shop_events, key=(user, shop), lifts=1, filter=asked, shared_pass=2 of 2
    ");
    let mut apart = inputs();
    apart.fuse = false;
    let explained = explain(&plan(), apart).expect("explains");
    assert_eq!(
        ours(&explained.physical),
        text.replace(", shared_pass=1 of 2", "")
            .replace(", shared_pass=2 of 2", "")
    );
}

#[test]
fn features_stand_beside_the_spine_in_its_order() {
    let output = run(&plan(), inputs()).expect("runs");
    let names: Vec<&str> = output
        .schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    assert_eq!(
        names,
        [
            "user",
            "shop",
            "t",
            "note",
            "u__n",
            "u__n__status",
            "s__sum",
            "s__sum__status",
            "u__last",
            "u__last__status"
        ]
    );
    assert_eq!(texts(&output, "note"), some(&["q0", "q1", "q2", "q3", "q4"]));
    // q0: ann at NOW; q1: nobody; q2: a null key; q3: ann an hour before; q4: bob at NOW.
    assert_eq!(texts(&output, "u__n"), some(&["2", "0", "0", "1", "1"]));
    assert_eq!(
        texts(&output, "u__n__status"),
        some(&["ok", "missing", "missing", "ok", "ok"])
    );
    assert_eq!(
        texts(&output, "s__sum"),
        some(&["0.30000000000000004", "-", "-", "0.1", "-"])
    );
    assert_eq!(
        texts(&output, "s__sum__status"),
        some(&["ok", "missing", "missing", "ok", "missing"])
    );
    assert_eq!(texts(&output, "u__last"), some(&["0.2", "-", "-", "0.1", "5.0"]));
    assert_eq!(output.report.rows, 5);
    assert_eq!(
        (output.report.sources[0].decoded, output.report.sources[0].accepted),
        (6, 5)
    );
    let by_user = &output.report.views[0];
    assert_eq!(
        (by_user.entity.as_slice(), by_user.keyless_questions),
        (&["user".to_owned()][..], 1)
    );
    assert_eq!((by_user.events, by_user.copies, by_user.dropped.null_key), (4, 1, 1));
}

#[test]
fn what_had_not_arrived_is_not_seen() {
    let mut inputs = inputs();
    inputs.truth = Truth::AsOfArrival { delay_us: None };
    let output = run(&plan(), inputs).expect("runs");
    // The source is 10 s behind: of ann's events only the first had arrived by NOW - 10 s.
    assert_eq!(texts(&output, "u__n"), some(&["1", "0", "0", "1", "1"]));
    assert_eq!(texts(&output, "u__last"), some(&["0.1", "-", "-", "0.1", "5.0"]));
}

#[test]
fn neither_threads_nor_batches_nor_order_change_a_bit() {
    let expected = run(&plan(), inputs()).expect("runs");
    for threads in [1, 2, 7] {
        for rows in [1, 2, 100] {
            let mut inputs = inputs();
            inputs.threads = threads;
            inputs.memory_bytes = (rows != 100).then_some(0);
            let all = events();
            let mut cut: Vec<Batch> = (0..all.rows)
                .step_by(rows)
                .map(|start| all.slice(start..(start + rows).min(all.rows)))
                .collect();
            cut.reverse();
            inputs.events.insert("shop_events".into(), cut);
            let mut output = run(&plan(), inputs).expect("runs");
            // The rows came in another order, so the late one has another number.
            output.report.sources[0].rejected_examples = expected.report.sources[0].rejected_examples.clone();
            assert_eq!(
                output.batches, expected.batches,
                "{threads} threads, {rows} rows per batch"
            );
            assert_eq!(output.report, expected.report);
        }
    }
}

#[test]
fn everything_may_go_to_disk() {
    let mut inputs = inputs();
    inputs.memory_bytes = Some(0);
    assert_eq!(
        run(&plan(), inputs).expect("runs").batches,
        run(&plan(), self::inputs()).expect("runs").batches
    );
}

struct Kept(Arc<Mutex<Vec<String>>>);

impl RejectedRows for Kept {
    fn reject(&mut self, row: &RejectedRow<'_>) -> Result<(), featr_decode::DecodeError> {
        let text = format!(
            "{} {}:{} {}: {}",
            row.source, row.file, row.line, row.reason, row.detail
        );
        self.0.lock().expect("not poisoned").push(text);
        Ok(())
    }
}

#[test]
fn rejected_rows_reach_the_side_output() {
    let kept = Arc::new(Mutex::new(vec![]));
    let mut inputs = inputs();
    inputs.rejects = Some(Box::new(Kept(kept.clone())));
    run(&plan(), inputs).expect("runs");
    let kept = kept.lock().expect("not poisoned").join("\n");
    insta::assert_snapshot!(
        kept,
        @"shop_events memory:4 late: arrived 2h46m40s after its event time; at most 2h is accepted"
    );
}

#[test]
fn rejected_rows_come_in_order_however_little_memory_there_is() {
    let mut events = vec![];
    for _ in 0..12 {
        events.extend(vec![shop::events(); 100]);
    }
    let told = |threads, memory_bytes| {
        let kept = Arc::new(Mutex::new(vec![]));
        let mut inputs = inputs();
        inputs.events.insert("shop_events".into(), events.clone());
        (inputs.threads, inputs.memory_bytes) = (threads, memory_bytes);
        inputs.rejects = Some(Box::new(Kept(kept.clone())));
        run(&plan(), inputs).expect("runs");
        kept.lock().expect("not poisoned").clone()
    };
    let slow = told(1, None);
    assert_eq!(slow.len(), 1_200);
    for (threads, memory_bytes) in [(4, None), (1, Some(0)), (4, Some(0))] {
        assert_eq!(
            told(threads, memory_bytes),
            slow,
            "{threads} threads, {memory_bytes:?} bytes"
        );
    }
}

#[test]
fn of_two_broken_sources_the_first_in_the_plan_is_told() {
    for threads in [1, 2, 4] {
        for _ in 0..20 {
            let mut inputs = inputs();
            inputs.threads = threads;
            inputs.events.clear();
            let error = run(&shop::plan_of_two("zoo", "ant"), inputs).expect_err("fails");
            assert_eq!(error, BatchError::NoInput { source: "zoo".into() });
        }
        let mut inputs = inputs();
        inputs.threads = threads;
        inputs.events.insert("zoo".into(), vec![events()]);
        let error = run(&shop::plan_of_two("zoo", "ant"), inputs).expect_err("fails");
        assert_eq!(error, BatchError::NoInput { source: "ant".into() });
    }
}

#[test]
fn what_is_wrong_comes_back_as_data() {
    let fails = |change: &dyn Fn(&mut Inputs)| {
        let mut inputs = inputs();
        change(&mut inputs);
        run(&plan(), inputs).expect_err("fails")
    };
    let error = fails(&|inputs| inputs.events.clear());
    assert_eq!(
        error,
        BatchError::NoInput {
            source: "shop_events".into()
        }
    );
    let error = fails(&|inputs| {
        inputs.events.insert(
            "shop_events".into(),
            vec![Batch::from_columns(vec![Column::new(Type::Int64, 1)])],
        );
    });
    assert_eq!(
        error.to_string(),
        "the events given for source `shop_events` have 1 columns, not 7"
    );
    let error = fails(&|inputs| inputs.spine.columns.retain(|(key, _)| key.name != "user"));
    assert_eq!(error.to_string(), "spine column `user` is missing");
    let error = fails(&|inputs| inputs.spine.columns[0].1 = Column::new(Type::Bool, 5));
    assert_eq!(error.to_string(), "spine column `user` is bool, not string");
    let error = fails(&|inputs| {
        let array: Arc<dyn Array> = Arc::new(StringArray::from(vec!["x"; 5]));
        let batch = RecordBatch::try_from_iter([("u__n", array)]).expect("a batch");
        (inputs.spine.schema, inputs.spine.batches) = (batch.schema(), vec![batch]);
    });
    assert_eq!(
        error,
        BatchError::NameClash {
            column: "u__n".into(),
            of_spine: true
        }
    );
}

#[test]
fn a_spine_may_be_empty() {
    let mut inputs = inputs();
    inputs.spine = spine(&[]);
    let output = run(&plan(), inputs).expect("runs");
    assert_eq!(output.batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 0);
    assert_eq!(output.schema.fields().len(), 10);
}

#[test]
fn files_give_what_memory_gives() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("events.jsonl"), shop::jsonl()).expect("writes");
    let mut inputs = inputs();
    inputs.events.clear();
    inputs.base = folder.path().to_owned();
    let plan: BatchPlan = shop::plan_of_files("events.jsonl");
    let output = run(&plan, inputs).expect("runs");
    assert_eq!(
        output.batches,
        run(&self::plan(), self::inputs()).expect("runs").batches
    );
    assert_eq!(output.report.sources[0].undecoded.total(), 1);
}

#[test]
fn large_entities_are_cut_nowhere() {
    // More rows than a round of the merge takes, all of one entity, and many entities of one row.
    let rows = 100_000usize;
    let user = |row: usize| {
        if row.is_multiple_of(2) {
            "ann".to_owned()
        } else {
            format!("user{row}")
        }
    };
    let column = |ty, values: Vec<Value>| Column::from_values(ty, &values);
    let time = |row: usize| NOW - 86_400_000_000 + row as i64;
    let batch = Batch::from_columns(vec![
        column(Type::Int64, (0..rows).map(|row| Value::Int64(row as i64)).collect()),
        column(
            Type::Timestamp,
            (0..rows).map(|row| Value::Timestamp(time(row))).collect(),
        ),
        column(
            Type::Timestamp,
            (0..rows).map(|row| Value::Timestamp(time(row))).collect(),
        ),
        column(Type::String, (0..rows).map(|row| Value::String(user(row))).collect()),
        column(Type::String, vec![Value::String("x".into()); rows]),
        column(Type::Float64, vec![Value::Float64(0.1); rows]),
        column(Type::String, vec![Value::Null; rows]),
    ]);
    let mut inputs = inputs();
    inputs.events.insert("shop_events".into(), vec![batch.clone()]);
    let asked: Vec<(Option<String>, i64)> = (0..rows).map(|row| (Some(user(row)), time(row))).collect();
    let asked: Vec<(Option<&str>, i64)> = asked.iter().map(|(user, time)| (user.as_deref(), *time)).collect();
    inputs.spine = spine(&asked);
    let output = run(&plan(), inputs).expect("runs");
    let answers = arrow::compute::concat_batches(&output.schema, &output.batches).expect("one batch");
    let counts = answers
        .column_by_name("u__n")
        .expect("n")
        .as_primitive::<Int64Type>()
        .clone();
    let sums = answers
        .column_by_name("s__sum")
        .expect("sum")
        .as_primitive::<Float64Type>()
        .clone();
    for row in 0..rows {
        let expected = if row.is_multiple_of(2) { row as i64 / 2 + 1 } else { 1 };
        assert_eq!(counts.value(row), expected, "row {row}");
        assert!((sums.value(row) - 0.1 * expected as f64).abs() < 1e-9);
    }
    // Few questions about many events: the leaf leaves out what cannot matter.
    let few = [77_777usize, 500, 501];
    let mut inputs = self::inputs();
    inputs.events.insert("shop_events".into(), vec![batch]);
    inputs.spine = spine(&few.map(|row| asked[row]));
    let output = run(&plan(), inputs).expect("runs");
    assert_eq!(texts(&output, "u__n"), some(&["1", "251", "1"]));
    assert_eq!(output.report.views[0].events, rows as u64);
}
