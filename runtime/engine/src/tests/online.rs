//! Pushed rows mean what the same rows in a file mean, and as of arrival a question sees what a training set shows it.

use crate::online::Online;
use crate::{Error, Program, PushReport, ReplayOptions, Side, Spine, TrainOptions, Truth, write_rows};
use arrow::array::{
    ArrayRef, AsArray as _, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, UInt64Array,
};
use arrow::datatypes::Int64Type;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const MINUTE: i64 = 60_000_000;

fn program(text: &str, base: &Path) -> Program {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("shop.feat", text);
    let compiled = featc_driver::compile(&sources, &[file]);
    let ir = compiled.value.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    let plans = featc_driver::lower(&ir);
    Program::new(plans.batch, plans.stream, base)
}

/// A program over payments; `clauses` are more of the source's.
fn payments(clauses: &str, base: &Path) -> Program {
    let text = format!(
        r#"
module shop
entity card (card: string)
source payments {{
  columns (id: int64, card: string, amount: decimal(6, 2), score: float64?, at: timestamp)
  unique id
  time at
  zone "Europe/Berlin"
  batch parquet "payments.parquet"
  {clauses}
}}
view spend of card from payments {{
  owner "payments"
  /// Payments.
  feature n = count() over 1d
  /// What was paid.
  feature total = sum(amount) over 1d
  /// Scores that are known.
  feature scores = count(score) over 1d
}}
service risk {{ spend.* }}
"#
    );
    program(&text, base)
}

/// Rows with everything that a file rejects one by one; local times without an offset.
fn mixed_rows() -> RecordBatch {
    let time = |minutes: i64| Some(1_711_843_200_000 + minutes * 60_000); // 2024-03-31T00:00:00
    let columns: [(&str, ArrayRef); 6] = [
        ("note", Arc::new(StringArray::from(vec!["x"; 8]))),
        ("id", Arc::new(UInt64Array::from(vec![1, 1 << 63, 3, 4, 5, 6, 7, 7]))),
        (
            "card",
            Arc::new(StringArray::from(vec![
                Some("a"),
                Some("a"),
                Some("a"),
                None,
                Some("a"),
                Some("b"),
                Some("b"),
                Some("b"),
            ])),
        ),
        (
            "amount",
            Arc::new(
                Decimal128Array::from(vec![100, 100, 123_456_789, 100, 100, 200, 300, 300])
                    .with_precision_and_scale(20, 2)
                    .expect("fits"),
            ),
        ),
        (
            "score",
            Arc::new(Float64Array::from(vec![1.0, 1.0, 1.0, 1.0, 1.0, f64::NAN, 1.0, 1.0])),
        ),
        (
            "at",
            // 02:30 does not occur on that day: clocks go from 02:00 to 03:00.
            Arc::new(TimestampMillisecondArray::from(vec![
                time(0),
                time(1),
                time(2),
                time(3),
                time(150),
                time(5),
                time(6),
                time(6),
            ])),
        ),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .expect("columns of one length")
}

fn questions(program: &Program, cards: &[&str], at_us: &[i64]) -> Spine {
    let batch = RecordBatch::try_from_iter([
        ("card", Arc::new(StringArray::from(cards.to_vec())) as ArrayRef),
        (
            "timestamp",
            Arc::new(TimestampMicrosecondArray::from(at_us.to_vec()).with_timezone("UTC")) as ArrayRef,
        ),
    ])
    .expect("columns of one length");
    program.spine("risk", vec![batch], "timestamp").expect("a spine")
}

#[test]
fn pushed_rows_are_rejected_one_by_one_as_in_a_file() {
    for clauses in ["", "keep nan"] {
        let folder = tempfile::tempdir().expect("a folder");
        let program = payments(clauses, folder.path());
        let rows = mixed_rows();
        write_rows(
            &folder.path().join("payments.parquet"),
            rows.schema(),
            vec![rows.clone()],
        )
        .expect("writes");

        let mut online = program.online(Truth::Complete).expect("an engine");
        let pushed: PushReport = online.push("payments", &rows).expect("a report");
        let at = 1_711_850_000_000_000;
        let spine = questions(&program, &["a", "b", "c"], &[at; 3]);
        let trained = program
            .train(
                "risk",
                spine.clone(),
                TrainOptions {
                    with_status: true,
                    limits: crate::Limits::NONE,
                    ..TrainOptions::new(Truth::Complete)
                },
            )
            .expect("trains");

        let source = &trained.report.sources[0];
        let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
        for rejected in &pushed.rejected {
            *reasons.entry(rejected.reason.to_owned()).or_default() += 1;
        }
        assert_eq!((pushed.rows, pushed.accepted), (8, source.accepted));
        assert_eq!(reasons, source.rejected);
        assert_eq!(
            reasons,
            BTreeMap::from([("bad_value".into(), 3), ("null_in_required".into(), 1)])
        );
        let told: Vec<String> = pushed
            .rejected
            .iter()
            .map(|rejected| {
                let (row, reason, detail) = (rejected.row + 1, rejected.reason, &rejected.detail);
                format!("payments.parquet:{row}: {reason}: {detail}")
            })
            .collect();
        assert!(told.iter().eq(source.examples.iter().map(|example| &example.text)));

        let batch =
            RecordBatch::try_from_iter([("card", Arc::new(StringArray::from(vec!["a", "b", "c"])) as ArrayRef)]);
        let answers = online
            .read("risk", &batch.expect("one column"), &[at; 3], true)
            .expect("answers");
        for column in answers.columns().iter().zip(&trained.batches[0].columns()[2..]) {
            assert_eq!(column.0.to_data(), column.1.to_data());
        }
        let scores: &Int64Array = answers.column(4).as_any().downcast_ref().expect("int64");
        assert_eq!(
            scores.value(1),
            if clauses.is_empty() { 1 } else { 2 },
            "a NaN counts where it is kept"
        );

        // The sets are equal, too.
        let mut from_file = program.online(Truth::Complete).expect("an engine");
        let recorded = program.record("risk", Side::Batch, None).expect("rows");
        from_file.push_rows("payments", &recorded[0].rows);
        assert_eq!(from_file.snapshot(), online.snapshot());
    }
}

#[test]
fn what_is_wrong_with_a_whole_file_refuses_a_whole_push() {
    let program = payments("", Path::new("."));
    let mut online = program.online(Truth::Complete).expect("an engine");
    let rows = mixed_rows();
    let without = rows.project(&[1, 2, 3, 4]).expect("columns");
    let refused = online
        .push("payments", &without)
        .expect_err("no column `at`")
        .to_string();
    assert!(
        refused.contains("rows of payments") && refused.contains("at"),
        "{refused}"
    );
    assert!(matches!(online.push("nobody", &rows), Err(Error::UnknownSource { .. })));
    assert_eq!(online.stats()[0].events, 0);
}

/// Accepted rows, late ones, and copies that arrived again, in no order of arrival.
fn deliveries() -> (String, Vec<(i64, i64, String)>) {
    let mut csv = String::from("id,card,amount,at,seen\n");
    let mut rows = Vec::new();
    let mut mixed = 7u64;
    for id in 0..400i64 {
        mixed = mixed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let at = (mixed >> 33) as i64 % 600;
        let delay = (mixed >> 20) as i64 % 90;
        // Beyond 60 minutes a row is late; a copy of every third comes earlier or later.
        let again = (id % 3 == 0).then_some((mixed >> 10) as i64 % 60);
        for delay in std::iter::once(delay).chain(again) {
            let card = format!("c{}", id % 5);
            let stamp = |minutes: i64| {
                format!(
                    "2024-01-0{}T{:02}:{:02}:00Z",
                    1 + minutes / 1440,
                    minutes / 60 % 24,
                    minutes % 60
                )
            };
            csv.push_str(&format!(
                "{id},{card},{}.5,{},{}\n",
                id % 7,
                stamp(at),
                stamp(at + delay)
            ));
            rows.push((id, at, format!("{card}/{}", at + delay)));
        }
    }
    (csv, rows)
}

const START_US: i64 = 1_704_067_200_000_000; // 2024-01-01T00:00:00Z

fn batch(rows: &[(i64, i64, String)]) -> RecordBatch {
    let text = |row: &(i64, i64, String), part: usize| row.2.split('/').nth(part).expect("two parts").to_owned();
    let stamps = |minutes: Vec<i64>| {
        let instants: Vec<i64> = minutes.iter().map(|minute| START_US + minute * MINUTE).collect();
        Arc::new(TimestampMicrosecondArray::from(instants).with_timezone("UTC")) as ArrayRef
    };
    let columns: [(&str, ArrayRef); 5] = [
        (
            "id",
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.0))),
        ),
        (
            "card",
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| text(row, 0)))),
        ),
        (
            "amount",
            Arc::new(Float64Array::from_iter_values(
                rows.iter().map(|row| (row.0 % 7) as f64 + 0.5),
            )),
        ),
        ("at", stamps(rows.iter().map(|row| row.1).collect())),
        (
            "seen",
            stamps(rows.iter().map(|row| text(row, 1).parse().expect("minutes")).collect()),
        ),
    ];
    RecordBatch::try_from_iter(columns).expect("columns of one length")
}

/// Everything is pushed in one wild order, with restarts: each cut shows what a training set shows.
#[test]
fn the_cut_of_an_online_engine_shows_what_training_shows() {
    let folder = tempfile::tempdir().expect("a folder");
    let (csv, mut rows) = deliveries();
    std::fs::write(folder.path().join("txn.csv"), csv).expect("writes");
    let program = super::program(folder.path());
    let delay_us = Some(3 * MINUTE as u64);
    let truth = Truth::AsOfArrival { delay_us };
    let cards = ["c0", "c1", "c2", "c3", "c4", "nobody"];
    let instants: Vec<i64> = (0..30).map(|step| START_US + step * 23 * MINUTE).collect();
    let (all_cards, all_instants): (Vec<&str>, Vec<i64>) = instants
        .iter()
        .flat_map(|at| cards.iter().map(move |card| (*card, *at)))
        .unzip();
    let spine = questions(&program, &all_cards, &all_instants);
    let options = TrainOptions {
        with_status: true,
        limits: crate::Limits::NONE,
        ..TrainOptions::new(truth)
    };
    let trained = program.train("risk", spine.clone(), options).expect("trains");
    assert!(trained.report.sources[0].rejected["late"] > 20, "{:?}", trained.report);

    rows.sort_by_key(|(id, ..)| id.wrapping_mul(0x9e37_79b9_7f4a_7c15u64 as i64));
    let mut online = program.online(truth).expect("an engine");
    let restart = |online: Online| {
        let mut again = program.online(truth).expect("an engine");
        let report = again.restore(&online.snapshot()).expect("its own snapshot");
        assert!(report.is_whole() && report.dropped.is_empty(), "{report:?}");
        again
    };
    let (early, late) = rows.split_at(rows.len() * 2 / 3);
    let mut waited = 0;
    for part in early.chunks(50) {
        waited += online.push("txn", &batch(part)).expect("pushes").waiting;
        online = restart(online);
    }
    assert!(waited > 200, "{waited}");
    online.advance(instants[0]).expect("ahead");
    let mut overdue = 0;
    for part in late.chunks(7) {
        overdue += online.push("txn", &batch(part)).expect("pushes").overdue;
    }
    assert_eq!(overdue, 0, "nothing had arrived by the first instant");
    let asked = RecordBatch::try_from_iter([("card", Arc::new(StringArray::from(cards.to_vec())) as ArrayRef)]);
    let asked = asked.expect("one column");
    for (step, at) in instants.iter().enumerate() {
        online.advance(*at).expect("ahead");
        let answers = online.read("risk", &asked, &[*at; 6], true).expect("answers");
        for (place, column) in answers.columns().iter().enumerate() {
            let expected = trained.batches[0]
                .column(2 + place)
                .slice(step * cards.len(), cards.len());
            assert_eq!(column.to_data(), expected.to_data(), "at {at}");
        }
        online = restart(online);
    }
    // What comes after the cut enters and is counted.
    let again = online.push("txn", &batch(&rows[..10])).expect("pushes");
    assert_eq!((again.overdue, again.waiting), (again.accepted, 0));

    for shuffle in [None, Some(3)] {
        let options = ReplayOptions {
            limits: crate::Limits::NONE,
            truth,
            chunk: 5,
            shuffle,
            restart_every: Some(37),
            with_status: true,
        };
        let replayed = program
            .replay("risk", &spine, &options, None, &mut |_, _, _| {})
            .expect("replays");
        assert_eq!(replayed.batches, trained.batches);
    }
}

#[test]
fn a_question_that_is_not_at_the_cut_is_told_the_way_out() {
    let program = super::program(Path::new("."));
    let mut online = program
        .online(Truth::AsOfArrival { delay_us: None })
        .expect("an engine");
    let asked = RecordBatch::try_from_iter([("card", Arc::new(StringArray::from(vec!["a"])) as ArrayRef)]);
    let asked = asked.expect("one column");
    let refused = |online: &Online, at: i64, words: &[&str]| {
        let refused = online.read("risk", &asked, &[START_US + at * MINUTE], true);
        let said = refused.expect_err("refused").to_string();
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
    };
    refused(&online, 0, &["2024-01-01T00:00:00Z", "nowhere yet", "`advance`"]);
    online.advance(START_US).expect("ahead");
    refused(
        &online,
        5,
        &["2024-01-01T00:05:00Z", "2024-01-01T00:00:00Z", "`advance`"],
    );
    refused(
        &online,
        -5,
        &["2023-12-31T23:55:00Z", "2024-01-01T00:00:00Z", "another `Online`"],
    );
    let back = online.advance(START_US - 1).expect_err("goes back").to_string();
    assert!(
        back.contains("2023-12-31T23:59:59.999999Z") && back.contains("2024-01-01T00:00:00Z"),
        "{back}"
    );
    assert_eq!(online.cut_us(), Some(START_US));

    // A snapshot says its truth.
    let mut other = program.online(Truth::Complete).expect("an engine");
    let refused = other
        .restore(&online.snapshot())
        .expect_err("another truth")
        .to_string();
    assert!(
        refused.contains("as of arrival") && refused.contains("complete"),
        "{refused}"
    );
}

/// As served: what is let in of one source says nothing of another.
#[test]
fn each_source_has_a_cut_of_its_own() {
    let source = |name: &str| {
        format!(
            "source {name} {{\n  columns (id: int64, card: string, amount: float64, at: timestamp, seen: timestamp)\n  unique id\n  \
             time at\n  arrival seen\n  lateness 1d\n}}\n"
        )
    };
    let view = |name: &str, source: &str| {
        format!(
            "view {name} of card from {source} {{\n  owner \"shop\"\n  /// How many.\n  feature n = count() over 1h default \
             0\n}}\n"
        )
    };
    let text = format!(
        "module shop\nentity card (card: string)\n{}{}{}{}service risk {{ came.n paid.n }}\n",
        source("logins"),
        source("payments"),
        view("came", "logins"),
        view("paid", "payments"),
    );
    let program = program(&text, Path::new("."));
    let mut online = program.online(Truth::AsServed).expect("an engine");
    for (source, rows) in [("logins", 3), ("payments", 4)] {
        let rows: Vec<(i64, i64, String)> = (0..rows).map(|id| (id, id, format!("a/{id}"))).collect();
        let pushed = online.push(source, &batch(&rows)).expect("pushed");
        assert_eq!(
            (pushed.accepted, pushed.waiting),
            (rows.len() as u64, rows.len() as u64)
        );
    }
    let asked = RecordBatch::try_from_iter([("card", Arc::new(StringArray::from(vec!["a"])) as ArrayRef)]);
    let asked = asked.expect("one column");
    let counts = |online: &Online| {
        let answers = online
            .read("risk", &asked, &[START_US + 10 * MINUTE], false)
            .expect("answers");
        [0, 1].map(|column| answers.column(column).as_primitive::<Int64Type>().value(0))
    };
    let mut let_in = |cuts: &[(&str, i64)]| {
        let cuts = cuts
            .iter()
            .map(|(source, minute)| ((*source).to_owned(), START_US + minute * MINUTE));
        online.let_in(&cuts.collect()).expect("ahead");
        counts(&online)
    };
    assert_eq!(let_in(&[]), [0, 0]);
    assert_eq!(let_in(&[("payments", 2)]), [0, 3]);
    assert_eq!(let_in(&[("logins", 0), ("payments", 2)]), [1, 3]);
    assert_eq!(let_in(&[("logins", 1)]), [2, 3]);
    assert_eq!(let_in(&[("logins", 9), ("payments", 9)]), [3, 4]);
}

#[test]
fn both_engines_leave_out_the_metadata_of_a_spine() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("txn.csv"), super::EVENTS).expect("writes");
    let program = super::program(folder.path());
    let spine = questions(&program, &["a", "b"], &[START_US; 2]);
    let schema = spine.schema.as_ref().clone();
    let schema = Arc::new(schema.with_metadata([("pandas".to_owned(), "{}".to_owned())].into()));
    let batches = spine
        .batches
        .iter()
        .map(|batch| batch.clone().with_schema(schema.clone()).expect("fits"));
    let spine = program.spine("risk", batches.collect(), "timestamp").expect("a spine");
    let options = ReplayOptions {
        limits: crate::Limits::NONE,
        truth: Truth::Complete,
        chunk: 5,
        shuffle: None,
        restart_every: None,
        with_status: true,
    };
    let replayed = program
        .replay("risk", &spine, &options, None, &mut |_, _, _| {})
        .expect("replays");
    let options = TrainOptions {
        with_status: true,
        limits: crate::Limits::NONE,
        ..TrainOptions::new(Truth::Complete)
    };
    let trained = program.train("risk", spine, options).expect("trains");
    assert_eq!(trained.schema, replayed.schema);
    assert_eq!(trained.batches, replayed.batches);
}
