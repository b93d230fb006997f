//! The bits of a row in a training set depend on its question and its entity's events: not on what else is asked, on other
//! entities, threads or memory, nor on whether statuses are written.

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::Float64Type;
use featc_driver::Plans;
use featc_ir::{Key, Truth, Type};
use featc_tests::logs::PAGES_START_US;
use featc_tests::rng::Rng;
use featr_kernels::{Batch, Column, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const MINUTE_US: i64 = 60_000_000;

const PROGRAM: &str = r#"
module alone
entity user (user: string)
source facts {
  columns (id: int64, user: string, f: float64?, i: int64?, d: decimal(38, 0)?, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  lateness unbounded
  delay 1m
  begins @2024-01-01T00:10:00Z
}
view spread of user from facts {
  feature var = variance(f) over 20m
  feature var_pop = variance_pop(f) over 20m
  feature dev = stddev(f) over 40m
  feature whole = variance(d) over 20m
  feature total = sum(f) over 20m
  feature middle = mean(f) over 20m
}
view told of user from facts {
  feature total = sum(i) over 20m
  feature again = sum(i) over 20m
  feature or_nothing = coalesce(sum(i), 0) over 20m default 7
  feature ratio = sum(i) / count(f) over 20m default 0.5
  feature both = sum(f) + mean(f) over 20m
  feature kinds = coalesce(count_distinct(i), 1) over 20m cap 2
  feature twice = coalesce(total, 3) + or_nothing
  feature checked = case when total is null then 1 else 2 end
}
view late of user from facts {
  ttl 30s
  feature total = sum(f) over 20m
  feature filled = sum(f) over 20m default 1.5
  feature derived = filled + 1.0
}
service spread { spread.* }
service all { spread.* told.* late.* }
"#;

fn plans() -> Plans {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("alone.feat", PROGRAM);
    let outcome = featc_driver::compile(&sources, &[file]);
    let said = featc_driver::diag::terminal::render(&outcome.diagnostics, &sources, false);
    featc_driver::lower(&outcome.value.unwrap_or_else(|| panic!("{said}")))
}

/// Events of three users. Floats are k·2^j with k of 27 bits, so that many variances are middles between two floats.
fn events(rng: &mut Rng) -> Batch {
    let mut rows = vec![];
    for id in 0..24 {
        let wide = (1 << 26 | rng.below(1 << 26) | 1) as i128;
        let float = match rng.below(8) {
            0 => *rng.pick(&[0.1, 0.5, 1.0, -3.0]),
            1..4 => 0.0,
            _ => wide as f64 * 2f64.powi(rng.below(20) as i32),
        };
        let at = PAGES_START_US + rng.below(90) as i64 * MINUTE_US;
        let seen = at + rng.below(4) as i64 * MINUTE_US;
        rows.push([
            Value::Int64(id),
            Value::String((*rng.pick(&["ann", "bob", "eve"])).to_owned()),
            if rng.one_in(9) {
                Value::Null
            } else {
                Value::Float64(float)
            },
            Value::Int64(*rng.pick(&[0, 1, 1, 5, i64::MAX])),
            Value::Decimal(if rng.one_in(2) { 0 } else { wide << 72 }),
            Value::Timestamp(at),
            Value::Timestamp(seen),
        ]);
    }
    let types = [
        Type::Int64,
        Type::String,
        Type::Float64,
        Type::Int64,
        Type::Decimal {
            precision: 38,
            scale: 0,
        },
        Type::Timestamp,
        Type::Timestamp,
    ];
    let column = |place: usize| rows.iter().map(|row| row[place].clone()).collect::<Vec<_>>();
    let columns = types.into_iter().enumerate();
    Batch::from_columns(
        columns
            .map(|(place, ty)| Column::from_values(ty, &column(place)))
            .collect(),
    )
}

/// User and instant.
type Question = (&'static str, i64);

#[derive(Clone, Copy)]
struct Way {
    truth: Truth,
    with_status: bool,
    threads: usize,
    memory_bytes: Option<usize>,
}

fn run(plans: &Plans, service: &str, events: &Batch, asked: &[Question], way: Way) -> RecordBatch {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..asked.len() as i64));
    let rows = RecordBatch::try_from_iter([("row", numbers)]).expect("one column");
    let users: Vec<Value> = asked
        .iter()
        .map(|(user, _)| Value::String((*user).to_owned()))
        .collect();
    let key = Key {
        name: "user".to_owned(),
        ty: Type::String,
    };
    let mut inputs = featr_batch::Inputs::new(featr_batch::SpineData {
        schema: rows.schema(),
        batches: vec![rows],
        times: asked.iter().map(|(_, at)| *at).collect(),
        columns: vec![(key, Column::from_values(Type::String, &users))],
    });
    inputs.events = BTreeMap::from([("facts".to_owned(), vec![events.clone()])]);
    (inputs.truth, inputs.with_status) = (way.truth, way.with_status);
    (inputs.threads, inputs.memory_bytes) = (way.threads, way.memory_bytes);
    let plan = plans.batch.iter().find(|plan| plan.service == service).expect("a plan");
    let output = featr_batch::run(plan, inputs).unwrap_or_else(|error| panic!("batch: {error}"));
    arrow::compute::concat_batches(&output.schema, &output.batches).expect("one schema")
}

fn questions(rng: &mut Rng, count: usize) -> Vec<Question> {
    let draw = |_| {
        let at = PAGES_START_US + rng.below(100) as i64 * MINUTE_US;
        (*rng.pick(&["ann", "bob", "eve", "nobody"]), at)
    };
    (0..count).map(draw).collect()
}

const ALL: Way = Way {
    truth: Truth::Complete,
    with_status: false,
    threads: 1,
    memory_bytes: None,
};

#[test]
fn the_bits_of_a_row_do_not_depend_on_other_rows_nor_on_memory() {
    let plans = plans();
    let (mut values, mut variances) = (0, 0);
    for seed in 0..40 {
        let mut rng = Rng::new(seed);
        let events = events(&mut rng);
        let asked = questions(&mut rng, 12);
        let together = run(&plans, "spread", &events, &asked, ALL);
        for memory_bytes in [0, 2_000, 20_000] {
            let way = Way {
                threads: 3,
                memory_bytes: Some(memory_bytes),
                ..ALL
            };
            assert_eq!(
                run(&plans, "spread", &events, &asked, way),
                together,
                "seed {seed}, {memory_bytes} bytes"
            );
        }
        for (row, question) in asked.iter().enumerate() {
            let alone = run(&plans, "spread", &events, &[*question], ALL);
            let was = together.slice(row, 1);
            assert_eq!(alone.columns()[1..], was.columns()[1..], "seed {seed}, question {row}");
            values += alone.columns()[1..].iter().filter(|column| column.is_valid(0)).count();
            variances += usize::from(
                alone.column(1).is_valid(0) && alone.column(1).as_primitive::<Float64Type>().value(0) > 0.0,
            );
        }
    }
    println!("alone: {values} values, {variances} variances");
    assert!(
        values > 1_000 && variances > 100,
        "{values} values, {variances} variances"
    );
}

#[test]
fn values_are_the_same_with_and_without_statuses() {
    let plans = plans();
    let (mut statuses, mut filled) = (BTreeSet::new(), 0);
    for seed in 0..60 {
        let mut rng = Rng::new(seed);
        let events = events(&mut rng);
        let asked = questions(&mut rng, 40);
        for truth in [
            Truth::Complete,
            Truth::AsOfArrival { delay_us: None },
            Truth::AsOfArrival { delay_us: Some(0) },
        ] {
            let memory_bytes = [None, Some(0)][seed as usize % 2];
            let way = Way {
                truth,
                memory_bytes,
                ..ALL
            };
            let plain = run(&plans, "all", &events, &asked, way);
            let told = run(
                &plans,
                "all",
                &events,
                &asked,
                Way {
                    with_status: true,
                    ..way
                },
            );
            let told_of = |name: &str| told.column_by_name(name).expect("the column of the other run");
            assert_eq!(told.num_columns(), 2 * plain.num_columns() - 1);
            for (field, values) in plain.schema().fields().iter().zip(plain.columns()) {
                let name = field.name();
                assert_eq!(values, told_of(name), "seed {seed}, {truth:?}: {name}");
                if name != "row" {
                    let of = told_of(&format!("{name}__status"));
                    statuses.extend(
                        of.as_string::<i32>()
                            .iter()
                            .flatten()
                            .map(|status| format!("{name}: {status}")),
                    );
                    filled += values.len() - values.null_count();
                }
            }
        }
    }
    println!("statuses: {statuses:?}, {filled} values");
    for status in [
        "told__total: error(overflow)",
        "told__or_nothing: error(overflow)",
        "told__twice: error(overflow)",
        "told__kinds: error(cap)",
        "told__ratio: missing",
        "told__both: empty",
        "late__filled: stale",
        "late__derived: stale",
        "late__total: truncated",
        "late__total: ok",
    ] {
        assert!(statuses.contains(status), "no {status} in {statuses:?}");
    }
    assert!(filled > 50_000, "{filled}");
}
