//! Gates: which entities are answered, what is told of the others, and what is logged.

use super::disk::SimulatedDisk;
use super::fixture::{NOON, SECOND, compiled, logged};
use crate::{Answer, Gated, Options, Question, Runtime, SetClock};
use arrow::array::{Array as _, AsArray as _, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use featc_ir::FileFormat;
use std::sync::Arc;

/// Cards with a payment of this hour, of today, of none; what is gated has a derived feature above it.
const SHOP: &str = r#"
module shop
entity card (card: string)
source payments {
  columns (id: int64, card: string, amount: float64, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  lateness 1d
}
view spend of card from payments {
  owner "payments"
  /// What was paid.
  feature total = sum(amount) over 1h default 0.0
  /// Payments.
  feature n = count() over 7d
  /// Whole cents that a payment has.
  feature cents = cast(amount_max * 100.0 as int64) default 0
  /// The largest.
  feature amount_max = max(amount) over 7d
}
service free { spend.{n, total, cents} fallback impute }
service risk {
  spend.n
  spend.total fallback gate
  spend.cents fallback gate
}
"#;

fn open(disk: &SimulatedDisk, options: Options) -> Runtime {
    let clock = Arc::new(SetClock::at(NOON));
    let opened = Runtime::open(compiled(SHOP), Arc::new(disk.clone()), clock, options);
    let (runtime, _) = opened.expect("it opens");
    for (id, card, amount, age_s) in [
        (1, "now", "2.5", 600),
        (2, "today", "3.0", 7_200),
        (3, "large", "1e30", 600),
    ] {
        let at = featc_ir::display::instant(NOON - age_s * SECOND);
        let line = format!(
            "{{\"id\": {id}, \"card\": \"{card}\", \"amount\": {amount}, \"at\": \"{at}\", \"seen\": \"{at}\"}}"
        );
        let incoming = runtime
            .program()
            .incoming("payments", FileFormat::Jsonl, line.into_bytes());
        let pushed = runtime.push_wait(incoming.expect("rows")).expect("pushed");
        assert_eq!(pushed.report.accepted, 1, "{pushed:?}");
    }
    runtime
}

fn ask(runtime: &Runtime, service: &str, cards: &[&str]) -> Answer {
    ask_for(runtime, service, cards, false)
}

fn ask_for(runtime: &Runtime, service: &str, cards: &[&str], is_whole: bool) -> Answer {
    let lines: Vec<String> = cards.iter().map(|card| format!("{{\"card\": \"{card}\"}}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let question = Question {
        service: service.to_owned(),
        rows: runtime.program().questions(service, &lines).expect("questions"),
        at_us: None,
        request_id: None,
        is_whole,
    };
    runtime.answer_wait(&question).expect("an answer")
}

fn gated(row: usize, features: &[(&str, &str)]) -> Gated {
    let features = features.iter();
    Gated {
        row,
        features: features
            .map(|(name, status)| ((*name).to_owned(), (*status).to_owned()))
            .collect(),
    }
}

const CARDS: [&str; 5] = ["today", "now", "nobody", "large", "now"];

#[test]
fn an_entity_without_an_answer_of_a_gated_feature_is_told_nothing() {
    let disk = SimulatedDisk::default();
    let runtime = open(&disk, Options::default());
    let answer = ask(&runtime, "risk", &CARDS);
    let expected = [
        gated(0, &[("spend__total", "empty")]),
        gated(2, &[("spend__total", "missing"), ("spend__cents", "missing")]),
        gated(3, &[("spend__cents", "error(invalid_cast)")]),
    ];
    assert_eq!(answer.gated, expected);
    for row in 0..CARDS.len() {
        let nulls = answer
            .features
            .columns()
            .iter()
            .filter(|column| column.is_null(row))
            .count();
        let closed = [0, 2, 3].contains(&row);
        assert_eq!(nulls, if closed { 6 } else { 0 }, "row {row}");
    }
    let counts = answer.features.column(0).as_primitive::<Int64Type>();
    let totals = answer.features.column(2).as_primitive::<Float64Type>();
    assert_eq!((counts.value(1), totals.value(4)), (1, 2.5));

    // Of the same entities another service says what stands in.
    let free = ask(&runtime, "free", &CARDS);
    assert!(free.gated.is_empty());
    assert_eq!(free.features.column(2).as_primitive::<Float64Type>().value(2), 0.0);
    assert!(free.features.columns().iter().all(|column| column.null_count() == 0));
}

#[test]
fn who_takes_all_answers_or_none_is_answered_nothing_where_one_is_gated() {
    let disk = SimulatedDisk::default();
    let runtime = open(&disk, Options::default());
    assert_eq!(ask_for(&runtime, "risk", &CARDS, true).gated.len(), 3);
    assert_eq!(runtime.counters().questions.list(), []);
    assert!(ask_for(&runtime, "risk", &["now", "now"], true).gated.is_empty());
    let of = |count: u64| [(("risk".to_owned(), String::new()), count)];
    assert_eq!(runtime.counters().questions.list(), of(2));
    assert_eq!(runtime.counters().gated.list(), of(3));
    runtime.stop().expect("it stops");
    assert_eq!(logged(&disk).iter().map(RecordBatch::num_rows).sum::<usize>(), 2);
}

#[test]
fn the_log_and_the_counts_have_what_was_answered() {
    let disk = SimulatedDisk::default();
    let runtime = open(&disk, Options::default());
    ask(&runtime, "risk", &CARDS);
    ask(&runtime, "risk", &["nobody"]);
    ask(&runtime, "free", &CARDS);
    let of = |service: &str, count: u64| ((service.to_owned(), String::new()), count);
    assert_eq!(runtime.counters().questions.list(), [of("free", 5), of("risk", 2)]);
    assert_eq!(runtime.counters().gated.list(), [of("risk", 4)]);
    // `today` has no payment of the hour, `nobody` none at all, and the cents of `large` no number holds.
    let of = |service: &str, feature: &str, count: u64| ((service.to_owned(), feature.to_owned()), count);
    let stand_ins = [("spend__cents", 2), ("spend__n", 1), ("spend__total", 2)];
    assert_eq!(
        runtime.counters().stand_ins.list(),
        stand_ins.map(|(feature, count)| of("free", feature, count))
    );
    runtime.stop().expect("it stops");
    let rows = logged(&disk);
    let cards: Vec<String> = rows
        .iter()
        .flat_map(|rows| {
            let statuses = rows
                .column_by_name("spend__total__status")
                .expect("a status")
                .as_string::<i32>();
            assert!(statuses.iter().all(|status| status == Some("ok")));
            let cards = rows.column_by_name("card").expect("a key").as_string::<i32>();
            cards
                .iter()
                .map(|card| card.expect("a card").to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(cards, ["now", "now"]);
}

#[test]
fn answers_of_a_service_have_one_schema() {
    let disk = SimulatedDisk::default();
    let runtime = open(&disk, Options::default());
    let all = ask(&runtime, "risk", &["now"]);
    let none = ask(&runtime, "risk", &["nobody"]);
    assert!(all.gated.is_empty() && none.gated.len() == 1);
    assert_eq!(all.features.schema(), none.features.schema());
}
