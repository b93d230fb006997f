//! What runs report.

use crate::{Program, ReplayOptions, RunReport, TrainOptions, Truth};
use std::path::Path;

mod online;

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
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("shop.feat", PROGRAM);
    let ir = featc_driver::compile(&sources, &[file]).value.expect("compiles");
    let plans = featc_driver::lower(&ir);
    Program::new(plans.batch, plans.stream, base)
}

/// The reports of training and of a replay.
fn reports(truth: Truth) -> (RunReport, RunReport) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("txn.csv"), EVENTS).expect("writes");
    let spine = folder.path().join("spine.csv");
    std::fs::write(&spine, SPINE).expect("writes");
    let program = program(folder.path());
    let spine = program.read_spine("risk", &spine, "timestamp", None).expect("a spine");
    let options = ReplayOptions {
        truth,
        chunk: 2,
        shuffle: None,
        restart_every: None,
        with_status: false,
    };
    let replayed = program
        .replay("risk", &spine, &options, None, &mut |_, _, _| {})
        .expect("replays");
    let trained = program.train("risk", spine, TrainOptions::new(truth)).expect("trains");
    (trained.report, replayed.report)
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
        "txn.csv:3: late: arrived 110m after its event time; ",
    ];
    assert_eq!(source.examples.len(), places.len());
    for (example, place) in source.examples.iter().zip(places) {
        assert!(example.contains(place), "{example}");
    }
}

#[test]
fn training_warns_of_questions_at_the_instant_of_an_event() {
    let warning = |count: u64| {
        format!(
            "{count} of 3 questions are asked at the very instant of an event of `txn by (card)`; that event counts in \
             windows without `excluding now` or `excluding self`"
        )
    };
    assert_eq!(reports(Truth::Complete).0.warnings, [warning(2)]);
    // The event of card b had not arrived.
    let delay_us = Some(0);
    assert_eq!(reports(Truth::AsOfArrival { delay_us }).0.warnings, [warning(1)]);
}
