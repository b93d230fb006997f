//! Copies that differ in undeclared columns count once, and every run and push says so.

use crate::{Limits, Program, ReplayOptions, Side, SourceReport, TrainOptions, Truth, write_rows};
use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use std::path::Path;
use std::sync::Arc;

const TEN: i64 = 1_704_103_200_000_000; // 2024-01-01T10:00:00Z

/// `columns` are declared besides the usual ones.
fn program(format: &str, columns: &str, base: &Path) -> Program {
    let text = format!(
        r#"
module shop
entity card (card: string)
source txn {{
  columns (id: int64, card: string, amount: float64, at: timestamp, seen: timestamp{columns})
  unique id
  time at
  arrival seen
  batch {format} "*.{format}"
}}
view spend of card from txn {{
  owner "payments"
  /// What the card spent in an hour.
  feature total = sum(amount) over 1h default 0.0
}}
service risk {{ spend.total }}
"#
    );
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("shop.feat", text);
    let ir = featc_driver::compile(&sources, &[file]).value.expect("compiles");
    let plans = featc_driver::lower(&ir);
    Program::new(plans.batch, plans.stream, base)
}

/// Id, amount, minutes until it was seen, and what the undeclared column says.
type Row = (i64, f64, i64, Option<&'static str>);

/// Ids 1 and 6 have copies that differ in the note. Ids 2 and 3 have copies that do not, but for the arrival. Id 4 has two
/// different rows. Of id 5 the one row that differs is rejected, as it has no amount.
const ROWS: [Row; 13] = [
    (2, 2.0, 0, Some("a")),
    (1, 1.0, 0, Some("a")),
    (5, 5.0, 0, Some("a")),
    (5, f64::NAN, 0, Some("b")),
    (5, 5.0, 0, Some("a")),
    (3, 3.0, 0, None),
    (3, 3.0, 5, None),
    (2, 2.0, 1, Some("a")),
    (4, 4.0, 0, Some("a")),
    (4, 4.5, 0, Some("b")),
    (6, 6.0, 0, Some("a")),
    (1, 1.0, 2, Some("b")),
    (6, 6.0, 0, None),
];

fn batch(rows: &[Row]) -> RecordBatch {
    let time = |of: &dyn Fn(&Row) -> i64| -> ArrayRef {
        let times: Vec<i64> = rows.iter().map(of).collect();
        Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC"))
    };
    let columns: [(&str, ArrayRef); 6] = [
        ("note", Arc::new(StringArray::from_iter(rows.iter().map(|row| row.3)))),
        (
            "id",
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.0))),
        ),
        (
            "card",
            Arc::new(StringArray::from_iter_values(rows.iter().map(|_| "a"))),
        ),
        (
            "amount",
            Arc::new(Float64Array::from_iter(
                rows.iter().map(|row| Some(row.1).filter(|amount| !amount.is_nan())),
            )),
        ),
        ("at", time(&|row| TEN + row.0)),
        ("seen", time(&|row| TEN + row.0 + row.2 * 60_000_000)),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .expect("columns of one length")
}

/// What training, on several threads and with little memory, and a replay report of the source.
fn reports(program: &Program) -> Vec<SourceReport> {
    let spine = program.spine("risk", vec![questions()], "timestamp").expect("a spine");
    let mut all = vec![];
    for (threads, memory_bytes) in [(1, None), (3, None), (2, Some(0))] {
        let options = TrainOptions {
            limits: Limits::NONE,
            threads,
            memory_bytes,
            ..TrainOptions::new(Truth::Complete)
        };
        let trained = program.train("risk", spine.clone(), options).expect("trains");
        all.push(trained.report.sources[0].clone());
    }
    let options = ReplayOptions {
        truth: Truth::Complete,
        chunk: 2,
        shuffle: None,
        restart_every: None,
        with_status: false,
        limits: Limits::NONE,
    };
    let replayed = program.replay("risk", &spine, &options, None, &mut |_, _, _| {});
    all.push(replayed.expect("replays").report.sources[0].clone());
    all
}

fn questions() -> RecordBatch {
    let at = TimestampMicrosecondArray::from(vec![TEN + 60_000_000]).with_timezone("UTC");
    RecordBatch::try_from_iter([
        ("card", Arc::new(StringArray::from(vec!["a"])) as ArrayRef),
        ("timestamp", Arc::new(at) as ArrayRef),
    ])
    .expect("columns of one length")
}

#[test]
fn copies_that_differ_in_an_undeclared_column_are_told_in_every_format() {
    for format in ["csv", "jsonl", "parquet", "arrow"] {
        let folder = tempfile::tempdir().expect("a folder");
        // Copies are in one file and in two.
        for (name, rows) in [("a", &ROWS[..9]), ("b", &ROWS[9..])] {
            let path = folder.path().join(format!("{name}.{format}"));
            write_rows(&path, batch(rows).schema(), vec![batch(rows)]).expect("writes");
        }
        for report in reports(&program(format, "", folder.path())) {
            assert_eq!((report.accepted, report.rejected_total()), (12, 1), "{format}");
            assert_eq!(report.differing_copies, 2, "{format}");
            assert_eq!(report.differing_copy_examples, ["id=1", "id=6"], "{format}");
            assert_eq!(
                (report.conflicting_ids, report.conflict_examples[0].as_str()),
                (1, "id=4")
            );
        }
        // Once declared, the column makes them different rows.
        for report in reports(&program(format, ", note: string?", folder.path())) {
            assert_eq!((report.differing_copies, report.conflicting_ids), (0, 3), "{format}");
            assert!(report.differing_copy_examples.is_empty(), "{format}");
        }
    }
}

#[test]
fn nothing_is_read_again_where_no_id_repeats() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.csv");
    for (rows, reads_again) in [(&ROWS[..3], false), (&ROWS[8..11], false), (&ROWS[..5], true)] {
        write_rows(&path, batch(rows).schema(), vec![batch(rows)]).expect("writes");
        let program = program("csv", "", folder.path());
        let recorded = program.record("risk", Side::Batch, None).expect("rows");
        std::fs::remove_file(&path).expect("is there");
        let again = program.differing_copies(&recorded[0].source, Side::Batch, &recorded[0].rows);
        assert_eq!(again.is_err(), reads_again, "{rows:?}");
    }
}

#[test]
fn copies_of_one_push_that_differ_in_an_undeclared_column_are_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = program("csv", "", folder.path());
    let push = |batches: &[&[Row]]| -> Vec<u64> {
        let mut online = program.online(Truth::Complete).expect("an engine");
        let reports = batches.iter().map(|rows| online.push("txn", &batch(rows)));
        reports
            .map(|report| report.expect("a report").differing_copies)
            .collect()
    };
    assert_eq!(push(&[&ROWS]), [2]);
    // What earlier pushes held in undeclared columns is not kept.
    assert_eq!(push(&[&ROWS[..9], &ROWS[9..]]), [0, 1]);
    assert_eq!(push(&[&ROWS[..10]]), [0]);
    // Without undeclared columns there is nothing to differ.
    let declared = batch(&ROWS).project(&[1, 2, 3, 4, 5]).expect("columns");
    let mut online = program.online(Truth::Complete).expect("an engine");
    let report = online.push("txn", &declared).expect("a report");
    assert_eq!((report.accepted, report.differing_copies), (12, 0));
}
