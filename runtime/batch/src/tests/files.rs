//! Whole runs over Parquet files: what is left out by statistics, keys that come as codes, and ids that occur more than
//! once.

use super::shop::{self, NOW, inputs};
use crate::{Inputs, Output, Run, run};
use featc_ir::Type;
use featr_decode::{RowsWriter, WriteOptions, to_arrow};
use featr_kernels::{Batch, Column, Value};
use std::path::Path;

const MINUTE: i64 = 60_000_000;
const USERS: [&str; 3] = ["ann", "bob", "eve"];

/// An event every ten minutes, number 400 at NOW; `amount` makes rows of one id differ.
fn events(ids: std::ops::Range<i64>, amount: f64) -> Batch {
    let column = |ty, of: &dyn Fn(i64) -> Value| Column::from_values(ty, &ids.clone().map(of).collect::<Vec<_>>());
    let at = |id: i64| NOW - (400 - id) * 10 * MINUTE;
    let text = |text: &str| Value::String(text.into());
    Batch::from_columns(vec![
        column(Type::Int64, &Value::Int64),
        column(Type::Timestamp, &|id| Value::Timestamp(at(id))),
        column(Type::Timestamp, &|id| Value::Timestamp(at(id) + id % 7 * MINUTE)),
        column(Type::String, &|id| text(USERS[id as usize % 3])),
        column(Type::String, &|_| text("x")),
        column(Type::Float64, &|id| Value::Float64(amount + id as f64 / 8.0)),
        column(Type::String, &|_| Value::Null),
    ])
}

/// Row groups of 50 rows, each with its own statistics.
fn write(path: &Path, batches: &[Batch]) {
    let names = ["id", "at", "seen", "user", "shop", "amount", "note"];
    let rows = |batch: &Batch| {
        let columns = names.iter().zip(&batch.columns);
        arrow::array::RecordBatch::try_from_iter(columns.map(|(name, column)| (*name, to_arrow(column)))).expect("rows")
    };
    let options = WriteOptions {
        rows_per_group: 50,
        ..WriteOptions::default()
    };
    let schema = rows(&batches[0]).schema();
    let mut writer = RowsWriter::create_with(path, schema, &options).expect("opens");
    batches
        .iter()
        .for_each(|batch| writer.write(&rows(batch)).expect("writes"));
    writer.finish().expect("in place");
}

/// Questions within the day before NOW.
fn asked() -> Inputs {
    let asked: Vec<(Option<&str>, i64)> = (0..40)
        .map(|n| (Some(USERS[n % 3]), NOW - n as i64 * 17 * MINUTE))
        .collect();
    Inputs {
        spine: shop::spine(&asked),
        ..inputs()
    }
}

fn over_files(folder: &Path, change: impl Fn(&mut Inputs)) -> Output {
    let mut inputs = asked();
    inputs.events.clear();
    inputs.base = folder.to_owned();
    change(&mut inputs);
    run(&shop::plan_of_parquet("*.parquet"), inputs).expect("runs")
}

fn over_memory(batches: Vec<Batch>) -> Output {
    let mut inputs = asked();
    inputs.events.insert("shop_events".into(), batches);
    run(&shop::plan_of_parquet("*.parquet"), inputs).expect("runs")
}

#[test]
fn what_statistics_leave_out_changes_no_value() {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder.path().join("a.parquet"), &[events(0..700, 0.0)]);
    write(&folder.path().join("b.parquet"), &[events(700..1_000, 0.0)]);
    let whole = over_memory(vec![events(0..1_000, 0.0)]);
    for memory_bytes in [None, Some(0)] {
        let all = over_files(folder.path(), |inputs| inputs.memory_bytes = memory_bytes);
        let some = over_files(folder.path(), |inputs| {
            (inputs.prune, inputs.memory_bytes) = (true, memory_bytes);
        });
        assert_eq!(all.batches, whole.batches);
        assert_eq!(some.batches, whole.batches);
        let (all, some) = (&all.report.sources[0], &some.report.sources[0]);
        assert_eq!((all.skipped, all.decoded), (0, 1_000));
        assert!(some.skipped >= 550, "{}", some.skipped);
        assert_eq!(some.skipped + some.decoded, 1_000);
    }
}

#[test]
fn copies_in_other_files_are_found_and_different_rows_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let parts = [
        ("a", vec![events(0..1_000, 0.0)]),
        ("b", vec![events(300..400, 0.0), events(390..395, 1.0)]),
    ];
    for (name, batches) in &parts {
        write(&folder.path().join(format!("{name}.parquet")), batches);
    }
    let all = parts.into_iter().flat_map(|(_, batches)| batches).collect();
    let whole = over_memory(all);
    for (threads, memory_bytes) in [(1, None), (3, None), (2, Some(0))] {
        let output = over_files(folder.path(), |inputs| {
            (inputs.threads, inputs.memory_bytes) = (threads, memory_bytes);
        });
        assert_eq!(output.batches, whole.batches);
        let (source, view) = (&output.report.sources[0], &output.report.views[0]);
        assert_eq!(source.accepted, 1_105);
        assert_eq!(source.conflicting_ids, 5);
        assert_eq!(source.conflict_examples[0], "id=390");
        assert_eq!((view.events, view.copies > 0), (1_105, true));
    }
    let once = over_memory(vec![events(0..1_000, 0.0), events(390..395, 1.0)]);
    assert_eq!(once.batches, whole.batches, "copies add nothing");
}

/// Such that some rows are late, some users null, and some users and shops in no question.
fn of_many(ids: std::ops::Range<i64>) -> Batch {
    let mut batch = events(ids.clone(), 0.0);
    let texts = |of: &dyn Fn(i64) -> Option<String>| {
        let values = ids.clone().map(|id| of(id).map_or(Value::Null, Value::String));
        Column::from_values(Type::String, &values.collect::<Vec<_>>())
    };
    batch.columns[3] = texts(&|id| {
        (id % 11 != 3).then(|| {
            USERS
                .get(id as usize % 7)
                .map_or(format!("u{id}"), |user| (*user).into())
        })
    });
    batch.columns[4] = texts(&|id| Some(["x", "y", "z"][id as usize % 3].into()));
    let late = |id: i64| if id % 31 == 0 { 5 * 60 * MINUTE } else { 0 };
    let seen = ids.map(|id| Value::Timestamp(NOW - (400 - id) * 10 * MINUTE + late(id)));
    batch.columns[2] = Column::from_values(Type::Timestamp, &seen.collect::<Vec<_>>());
    batch
}

#[test]
fn keys_that_come_as_codes_are_those_that_come_as_text() {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder.path().join("a.parquet"), &[of_many(0..700)]);
    write(&folder.path().join("b.parquet"), &[of_many(700..1_000)]);
    let whole = over_memory(vec![of_many(0..1_000)]);
    for memory_bytes in [None, Some(0)] {
        let coded = over_files(folder.path(), |inputs| inputs.memory_bytes = memory_bytes);
        assert_eq!(coded.batches, whole.batches);
        assert_eq!(coded.report.views, whole.report.views);
        assert_eq!(coded.report.sources[0].rejected, whole.report.sources[0].rejected);
        assert!(coded.report.views[0].dropped.null_key > 0 && !coded.report.sources[0].rejected.is_empty());
    }
    let mut inputs = asked();
    inputs.events.clear();
    inputs.base = folder.path().to_owned();
    let rows = Run::new(&shop::plan_of_parquet("*.parquet"), inputs)
        .and_then(Run::start)
        .expect("runs");
    let measured = rows.measured();
    assert!(measured.contains("1000 rows_coded"), "{measured}");
}
