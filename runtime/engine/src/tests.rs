//! What runs report.

use crate::Warning;
use crate::{Absence, Error, Limits, Most, Program, ReplayOptions, RunReport, TrainOptions, Truth, ViewReport};
use std::path::Path;

mod copies;
mod online;
mod restores;
mod session;

const PROGRAM: &str = r#"
module shop
entity card (card: string)
source txn {
  columns (id: int64, card: string, amount: float64, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  lateness 1h
  batch csv "txn.csv"
}
view spend of card from txn {
  owner "payments"
  /// What the card spent in an hour.
  feature total = sum(amount) over 1h default 0.0
}
service risk { spend.total }
"#;

const EVENTS: &str = "\
id,card,amount,at,seen
1,a,1.0,2024-01-01T10:00:00Z,2024-01-01T10:00:00Z
2,a,2.0,2024-01-01T10:10:00Z,2024-01-01T12:00:00Z
1,a,3.0,2024-01-01T10:20:00Z,2024-01-01T10:20:00Z
3,a,four,2024-01-01T10:30:00Z,2024-01-01T10:30:00Z
4,b,5.0,2024-01-01T10:30:00Z,2024-01-01T10:31:00Z
4,b,5.0,2024-01-01T10:30:00Z,2024-01-01T10:32:00Z
";

const SPINE: &str = "\
card,timestamp
a,2024-01-01T10:20:00Z
b,2024-01-01T10:20:00Z
b,2024-01-01T10:30:00Z
";

fn program(base: &Path) -> Program {
    program_of(PROGRAM, base)
}

fn program_of(text: &str, base: &Path) -> Program {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("shop.feat", text);
    let ir = featc_driver::compile(&sources, &[file]).value.expect("compiles");
    let plans = featc_driver::lower(&ir);
    Program::new(plans.batch, plans.stream, base)
}

/// The reports of training and of a replay.
fn reports(truth: Truth) -> (RunReport, RunReport) {
    reports_about(PROGRAM, SPINE, truth)
}

fn reports_about(text: &str, questions: &str, truth: Truth) -> (RunReport, RunReport) {
    reports_over(text, EVENTS, questions, truth)
}

fn reports_over(text: &str, events: &str, questions: &str, truth: Truth) -> (RunReport, RunReport) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("txn.csv"), events).expect("writes");
    let spine = folder.path().join("spine.csv");
    std::fs::write(&spine, questions).expect("writes");
    let program = program_of(text, folder.path());
    let spine = program.read_spine("risk", &spine, "timestamp", None).expect("a spine");
    let options = ReplayOptions {
        truth,
        chunk: 2,
        shuffle: None,
        restart_every: None,
        with_status: false,
        limits: Limits::NONE,
    };
    let replayed = program
        .replay("risk", &spine, &options, None, &mut |_, _, _| {})
        .expect("replays");
    let options = TrainOptions {
        limits: Limits::NONE,
        ..TrainOptions::new(truth)
    };
    let trained = program.train("risk", spine, options).expect("trains");
    (trained.report, replayed.report)
}

/// 0 is no number of events; a replay by 0 of them at a time would never end.
#[test]
fn a_replay_by_nothing_at_a_time_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("txn.csv"), EVENTS).expect("writes");
    let path = folder.path().join("spine.csv");
    std::fs::write(&path, SPINE).expect("writes");
    let program = program(folder.path());
    let spine = program.read_spine("risk", &path, "timestamp", None).expect("a spine");
    let replay = |chunk: usize, restart_every: Option<u64>| {
        let options = ReplayOptions {
            truth: Truth::Complete,
            chunk,
            shuffle: None,
            restart_every,
            with_status: true,
            limits: Limits::NONE,
        };
        let set = program.replay("risk", &spine, &options, None, &mut |_, _, _| {});
        set.expect("replays").batches
    };
    assert_eq!(replay(0, Some(0)), replay(2, None));
}

#[test]
fn both_engines_report_the_same_of_a_source() {
    let (trained, replayed) = reports(Truth::Complete);
    assert_eq!(trained.sources, replayed.sources);
    let source = &trained.sources[0];
    assert_eq!((source.accepted, source.rejected_total()), (4, 2));
    // Id 4 has a copy, which is no conflict.
    assert_eq!(
        (source.conflicting_ids, source.conflict_examples.as_slice()),
        (1, &["id=1".to_owned()][..])
    );
    let places = [
        "txn.csv:5: bad_value: ",
        "txn.csv:3: late: arrived 1h50m after its event time; ",
    ];
    assert_eq!(source.examples.len(), places.len());
    for (example, place) in source.examples.iter().zip(places) {
        assert!(example.text.contains(place), "{example:?}");
    }
}

#[test]
fn both_engines_drop_and_warn_alike() {
    let nullable = PROGRAM.replace("card: string, amount", "card: string?, amount");
    let own = nullable
        .replace("over 1h default", "over 1h excluding self default")
        .replace("lateness 1h", "lateness 3h");
    let events = EVENTS.replace("3,a,four", "3,,4.0").replace("1,a,3.0", "9,,3.0");
    let spine = "card,timestamp,id\na,2024-01-01T10:00:00Z,4\na,2024-01-01T10:10:00Z,77\nb,2024-01-01T10:30:00Z,\n,2024-01-01T10:30:00Z,1\n";
    let mut told = Vec::new();
    for text in [&nullable, &own] {
        for truth in [Truth::Complete, Truth::AsOfArrival { delay_us: None }] {
            for questions in [spine.to_owned(), spine.replace(",4\n", ",1\n")] {
                let (trained, replayed) = reports_over(text, &events, &questions, truth);
                assert_eq!(trained.sources, replayed.sources);
                assert_eq!(trained.features, replayed.features);
                assert_eq!(trained.warnings, replayed.warnings, "{text} {truth:?} {questions}");
                assert_eq!(trained.sources[0].dropped["txn by (card)"]["null_key"], 2);
                told.push(replayed.warnings.iter().map(Warning::to_string).collect::<Vec<_>>());
            }
        }
    }
    let heads = |told: &[String]| told.iter().map(|text| text[..24].to_owned()).collect::<Vec<_>>();
    let told: Vec<Vec<String>> = told.iter().map(|told| heads(told)).collect();
    let at_events = |count: usize| vec![format!("{count} of 4 questions are ask")];
    let nothing = vec!["`excluding self` exclude".to_owned()];
    // The second event of `a` is late, and rejected; as of arrival the one of `b` is not known yet.
    assert_eq!(told[..4], [at_events(2), at_events(2), at_events(1), at_events(1)]);
    assert_eq!(told[4..], [nothing.clone(), vec![], nothing, vec![]]);
}

#[test]
fn both_engines_count_answers_that_are_not_what_was_asked_for() {
    let text = PROGRAM
        .replace("  lateness 1h\n", "  lateness 1h\n  begins @2024-01-01T09:50:00Z\n")
        .replace(
            "service risk { spend.total }",
            "view habits of card from txn {
  owner \"payments\"
  ttl 1h
  feature amounts = count_distinct(amount) over 1h cap 1
  feature twice = amounts * 2
  feature since = sum(cast(amount as decimal(3, 2))) over 20m
}
service risk { spend.total habits.* }",
        )
        .replace(
            "default 0.0\n",
            "default 0.0\n  feature exact = cast(total as decimal(2, 2))\n",
        )
        .replace("{ spend.total habits", "{ spend.exact spend.total habits");
    let mut all = std::collections::BTreeSet::new();
    for truth in [
        Truth::Complete,
        Truth::AsOfArrival { delay_us: None },
        Truth::AsOfArrival {
            delay_us: Some(7_200_000_000),
        },
    ] {
        let (trained, replayed) = reports_about(&text, SPINE, truth);
        assert_eq!(replayed.features, trained.features, "{truth:?}");
        all.extend(
            trained
                .features
                .into_iter()
                .flat_map(|feature| feature.answers.into_keys()),
        );
    }
    assert_eq!(
        all.into_iter().collect::<Vec<_>>(),
        ["error(cap)", "error(invalid_cast)", "stale", "truncated"]
    );
}

/// Which events a question reaches is said by its windows and its truth, so neither memory, threads nor the engine decides.
#[test]
fn what_excluding_self_meets_does_not_depend_on_how_a_run_goes() {
    let text = PROGRAM.replace("over 1h default", "over 1h excluding self default");
    let events: String = (0..200)
        .map(|id| {
            format!(
                "{id},a,1.0,2024-01-01T10:{:02}:00Z,2024-01-01T10:{:02}:30Z\n",
                id / 4,
                id / 4
            )
        })
        .collect();
    let events = format!("id,card,amount,at,seen\n{events}");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("txn.csv"), events).expect("writes");
    let program = program_of(&text, folder.path());
    let told = |questions: &str, truth: Truth| {
        let path = folder.path().join("spine.csv");
        std::fs::write(&path, format!("card,timestamp,id\n{questions}")).expect("writes");
        let spine = || program.read_spine("risk", &path, "timestamp", None).expect("a spine");
        let replay = ReplayOptions {
            truth,
            chunk: 50,
            shuffle: None,
            restart_every: None,
            with_status: false,
            limits: Limits::NONE,
        };
        let replayed = program.replay("risk", &spine(), &replay, None, &mut |_, _, _| {});
        let expected = replayed.expect("replays").report.warnings;
        for (memory_bytes, threads) in [(None, 1), (None, 3), (Some(0), 1), (Some(4_000), 2), (Some(40_000), 2)] {
            let options = TrainOptions {
                limits: Limits::NONE,
                memory_bytes,
                threads,
                ..TrainOptions::new(truth)
            };
            let trained = program.train("risk", spine(), options).expect("trains").report;
            assert_eq!(
                trained.warnings, expected,
                "{truth:?} {memory_bytes:?} {threads} {questions}"
            );
        }
        !expected.is_empty()
    };
    let arrived = Truth::AsOfArrival { delay_us: None };
    // An hour back; the event itself; one that is still to come; one that is too old; one that has not arrived yet.
    for (question, complete, as_of_arrival) in [
        ("a,2024-01-01T10:49:00Z,5\n", false, false),
        ("a,2024-01-01T10:10:00Z,40\n", false, false),
        ("a,2024-01-01T10:10:00Z,80\n", true, true),
        ("a,2024-01-01T11:30:00Z,5\n", true, true),
        ("a,2024-01-01T10:10:20Z,41\n", false, false),
        ("a,2024-01-01T10:10:30Z,41\n", false, false),
    ] {
        assert_eq!(told(question, Truth::Complete), complete, "{question}");
        assert_eq!(told(question, arrived), as_of_arrival, "{question}");
        let more = format!("{question}a,2024-01-01T10:30:00Z,199\na,2024-01-01T10:00:00Z,150\n");
        assert_eq!(told(&more, Truth::Complete), complete, "{more}");
    }
}

/// `truncated`, `stale` and errors stand before `missing`, and a derived feature is as `missing` as the shortest of its
/// windows: what finds nothing is judged by events.
#[test]
fn a_question_finds_its_entity_whatever_the_status() {
    let derived = "sum(amount) over 1us
  /// How many in a month.
  feature longer = count() over 30d
  /// Of both.
  feature both = coalesce(total, 0.0) + cast(longer as float64)";
    let programs = [
        PROGRAM.to_owned(),
        PROGRAM.replace("lateness 1h", "lateness 1h\n  begins @2030-01-01T00:00:00Z"),
        PROGRAM
            .replace("lateness 1h", "lateness 1h\n  delay 3m")
            .replace("owner", "ttl 1m\n  owner"),
        PROGRAM.replace(
            "sum(amount) over 1h default 0.0",
            "cast(coalesce(last(card), \"x\") as int64) over 1h",
        ),
        PROGRAM
            .replace("sum(amount) over 1h default 0.0", derived)
            .replace("lateness 1h", "lateness 0s")
            .replace("{ spend.total }", "{ spend.both }"),
    ];
    let spine = SPINE.replace("a,2024-01-01T10:20", "a,2024-01-01T12:20");
    for text in &programs {
        for truth in [Truth::Complete, Truth::AsOfArrival { delay_us: None }] {
            let (trained, replayed) = reports_about(text, &spine, truth);
            assert_eq!(trained.views, replayed.views, "{text}");
            assert!((1..3).contains(&trained.views[0].missing), "{:?} {text}", trained.views);
        }
    }
}

#[test]
fn training_warns_of_questions_at_the_instant_of_an_event() {
    let warning = |at_events: u64| Warning::AskedAtEvents {
        view: "txn by (card)".to_owned(),
        at_events,
        questions: 3,
    };
    assert_eq!(reports(Truth::Complete).0.warnings, [warning(2)]);
    // The event of card b had not arrived.
    let delay_us = Some(0);
    assert_eq!(reports(Truth::AsOfArrival { delay_us }).0.warnings, [warning(1)]);
}

#[test]
fn the_library_refuses_what_the_command_line_refuses() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("txn.csv"), EVENTS).expect("writes");
    let program = program(folder.path());
    let spine = |text: &str| {
        let path = folder.path().join("spine.csv");
        std::fs::write(&path, text).expect("writes");
        program.read_spine("risk", &path, "timestamp", None).expect("a spine")
    };
    let train = |text: &str, limits: Limits, with_status: bool| {
        let options = TrainOptions {
            limits,
            with_status,
            ..TrainOptions::new(Truth::Complete)
        };
        program
            .train("risk", spine(text), options)
            .map(|training| training.report)
    };
    // Two of six rows are rejected.
    let refused = train(SPINE, Limits::default(), false).expect_err("a third of the rows");
    let Error::TooManyRejected {
        rejected: 2, rows: 6, ..
    } = refused
    else {
        panic!("{refused:?}")
    };
    let half = Limits {
        rejected: Most::Count(2),
        ..Limits::default()
    };
    let options = ReplayOptions {
        truth: Truth::Complete,
        chunk: 2,
        shuffle: None,
        restart_every: None,
        with_status: false,
        limits: half,
    };
    let replay = |text: &str| {
        let replayed = program.replay("risk", &spine(text), &options, None, &mut |_, _, _| {});
        replayed.map(|training| training.report)
    };
    // The first question about card b asks before its event.
    let views = [ViewReport {
        view: "spend".into(),
        questions: 3,
        missing: 1,
    }];
    for report in [train(SPINE, half, false), train(SPINE, half, true), replay(SPINE)] {
        assert_eq!(report.expect("allowed").views, views);
    }
    let upper = SPINE.to_uppercase().replace("CARD,TIMESTAMP", "card,timestamp");
    for refused in [train(&upper, half, false), train(&upper, half, true), replay(&upper)] {
        let Err(Error::NothingFound {
            view,
            questions: 3,
            why,
        }) = refused
        else {
            panic!("{refused:?}")
        };
        let why = (view.as_str(), *why);
        let keys = Absence::Keys {
            asked: "card \"A\"".into(),
            nearest: Some("card \"a\"".into()),
        };
        assert_eq!(why, ("spend", keys));
    }
    let two_thirds = Limits {
        missing: Some(Most::Share { millionths: 300_000 }),
        ..half
    };
    let refused = train(SPINE, two_thirds, false).expect_err("a third is missing");
    assert!(
        matches!(
            refused,
            Error::TooManyMissing {
                missing: 1,
                questions: 3,
                ..
            }
        ),
        "{refused:?}"
    );
    train(&upper, Limits::NONE, false).expect("whatever the data are");
}

#[test]
fn an_interrupt_ends_both_engines() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("txn.csv"), EVENTS).expect("writes");
    let path = folder.path().join("spine.csv");
    std::fs::write(&path, SPINE).expect("writes");
    let interrupt = Arc::new(AtomicBool::new(true));
    let program = program(folder.path()).with_interrupt(interrupt.clone());
    let spine = program.read_spine("risk", &path, "timestamp", None).expect("a spine");
    let replay = ReplayOptions {
        truth: Truth::Complete,
        chunk: 2,
        shuffle: None,
        restart_every: None,
        with_status: false,
        limits: Limits::NONE,
    };
    let train = || {
        let options = TrainOptions {
            limits: Limits::NONE,
            ..TrainOptions::new(Truth::Complete)
        };
        program.train("risk", spine.clone(), options).map(|set| set.report.rows)
    };
    let replayed = || {
        program
            .replay("risk", &spine, &replay, None, &mut |_, _, _| {})
            .map(|set| set.report.rows)
    };
    assert_eq!(
        (train(), replayed()),
        (Err(Error::Interrupted), Err(Error::Interrupted))
    );
    interrupt.store(false, Ordering::Relaxed);
    assert_eq!((train(), replayed()), (Ok(3), Ok(3)));
}

#[test]
fn rows_in_memory_stand_in_place_of_files() {
    use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
    use std::sync::Arc;
    const HOUR: i64 = 1_704_103_200_000_000;
    let mut program = program(Path::new("/nowhere"));
    let stamps = |minutes: Vec<i64>| -> ArrayRef {
        let us = minutes.into_iter().map(|minutes| HOUR + minutes * 60_000_000);
        Arc::new(TimestampMicrosecondArray::from_iter_values(us).with_timezone("UTC"))
    };
    let rows = |columns: Vec<(&str, ArrayRef)>| {
        let batch = RecordBatch::try_from_iter(columns).expect("a batch");
        Arc::new(crate::Table {
            schema: batch.schema(),
            batches: vec![batch],
        })
    };
    let cards = |cards: &[&str]| -> ArrayRef { Arc::new(StringArray::from(cards.to_vec())) };
    let events = rows(vec![
        ("seen", stamps(vec![0, 120, 20])),
        ("amount", Arc::new(Float64Array::from(vec![1.0, 2.0, 4.0]))),
        ("card", cards(&["a", "a", "b"])),
        ("id", Arc::new(Int64Array::from(vec![1, 2, 3]))),
        ("at", stamps(vec![0, 10, 20])),
    ]);
    assert!(matches!(
        program.read_rows("txm", events.clone()),
        Err(Error::UnknownSource { .. })
    ));
    program.read_rows("txn", events).expect("a source");
    let questions = rows(vec![("card", cards(&["a", "b"])), ("timestamp", stamps(vec![30, 30]))]);
    let spine = program
        .spine_in("risk", &questions, "timestamp", None)
        .expect("a spine");
    let options = TrainOptions {
        limits: Limits::NONE,
        ..TrainOptions::new(Truth::Complete)
    };
    let set = program.train("risk", spine, options).expect("trains");
    let totals = set.batches[0]
        .column(2)
        .as_any()
        .downcast_ref::<Float64Array>()
        .expect("floats");
    // The second row is late.
    assert_eq!(totals.values().to_vec(), [1.0, 4.0]);
    assert!(
        set.report.sources[0].examples[0]
            .text
            .starts_with("rows of txn:2: late: ")
    );
    let files = program
        .source_files("risk", crate::provenance::HashInputs::All)
        .expect("files");
    assert_eq!((files[0].format.as_str(), files[0].files.len()), ("memory", 1));
    let recorded = program.record("risk", crate::Side::Stream, None).expect("rows");
    assert_eq!(recorded[0].rows.rows, 3);
    let lacking = rows(vec![("card", cards(&["a"]))]);
    let refused = program
        .spine_in("risk", &lacking, "timestamp", None)
        .expect_err("no instants");
    assert!(refused.to_string().contains("the spine"), "{refused}");
}
