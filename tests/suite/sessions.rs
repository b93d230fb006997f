//! Golden programs in DataFusion sessions as users have them: whatever optimisers, partitions and batches make of a plan,
//! its answers have the bits of a run of our own.

use arrow::array::{ArrayRef, Int64Array, RecordBatch, TimestampMicrosecondArray};
use arrow::compute::concat_batches;
use featc_ir::plan::BatchPlan;
use featc_ir::{Key, Source, Truth, Type};
use featc_tests::logs::PAGES_START_US;
use featc_tests::rng::Rng;
use featc_tests::{files, read, root};
use featr_batch::datafusion::common::Column as ColumnName;
use featr_batch::datafusion::prelude::{Expr, SessionConfig, SessionContext};
use featr_batch::{Files, Inputs, Query, SpineData};
use featr_kernels::{Batch, Column, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

const SECOND_US: i64 = 1_000_000;
const EVENTS: usize = 300;
const QUESTIONS: usize = 40;

fn value(rng: &mut Rng, ty: Type) -> Value {
    match ty {
        Type::Bool => Value::Bool(rng.one_in(2)),
        Type::Int64 => Value::Int64(rng.below(6) as i64 - 1),
        Type::Float64 => Value::Float64(rng.below(1_000) as f64 / 7.0),
        Type::Decimal { .. } => Value::Decimal(rng.below(500) as i128),
        Type::String => Value::String((*rng.pick(&["", "a", "b", "ca"])).to_owned()),
        Type::Timestamp => Value::Timestamp(PAGES_START_US + rng.below(4 * 86_400) as i64 * SECOND_US),
        Type::Date => Value::Date(19_700 + rng.below(9) as i32),
        Type::Duration => Value::Duration(rng.below(90) as i64 * SECOND_US),
        Type::List(of) => Value::List((0..rng.below(4)).map(|_| value(rng, *of)).collect()),
    }
}

/// Rows of a source: few identities and keys, so that there are copies and conflicts.
fn events(rng: &mut Rng, source: &Source) -> Batch {
    let arrival = source.arrival_column().map(featc_ir::ColumnId::index);
    let mut rows: Vec<Vec<Value>> = vec![];
    for _ in 0..EVENTS {
        if rng.one_in(9) && !rows.is_empty() {
            let copy = rng.pick(&rows).clone();
            rows.push(copy);
            continue;
        }
        let columns = source.columns.iter().enumerate();
        let mut row: Vec<Value> = columns
            .map(|(at, column)| match at == source.time.index() {
                false if column.nullable && rng.one_in(6) => Value::Null,
                _ => value(rng, column.ty),
            })
            .collect();
        if let (Some(arrival), Value::Timestamp(at)) = (arrival, &row[source.time.index()]) {
            row[arrival] = Value::Timestamp(at + rng.below(7_200) as i64 * SECOND_US);
        }
        rows.push(row);
    }
    let column = |(at, ty): (usize, Type)| {
        let values: Vec<Value> = rows.iter().map(|row| row[at].clone()).collect();
        Column::from_values(ty, &values)
    };
    let types = source.columns.iter().map(|column| column.ty).enumerate();
    Batch::from_columns(types.map(column).collect())
}

/// Questions with all of these columns, some of them null.
fn questions(rng: &mut Rng, keys: &[Key]) -> SpineData {
    let times: Vec<i64> = (0..QUESTIONS)
        .map(|_| PAGES_START_US + rng.below(5 * 86_400) as i64 * SECOND_US)
        .collect();
    let column = |key: &Key| {
        let values: Vec<Value> = (0..QUESTIONS)
            .map(|_| if rng.one_in(9) { Value::Null } else { value(rng, key.ty) })
            .collect();
        (key.clone(), Column::from_values(key.ty, &values))
    };
    let columns: Vec<(Key, Column)> = keys.iter().map(column).collect();
    let arrays = columns
        .iter()
        .map(|(key, column)| (key.name.clone(), featr_decode::to_arrow(column), true));
    let at: ArrayRef = Arc::new(TimestampMicrosecondArray::from(times.clone()).with_timezone("UTC"));
    let rows: ArrayRef = Arc::new(Int64Array::from_iter_values(0..QUESTIONS as i64));
    let arrays = arrays.chain([
        ("timestamp".to_owned(), at, false),
        ("question row".to_owned(), rows, false),
    ]);
    let batch = RecordBatch::try_from_iter_with_nullable(arrays).expect("a batch");
    SpineData {
        schema: batch.schema(),
        batches: vec![batch],
        times: times.into(),
        columns,
    }
}

/// A plan, what it reads, and what it answers.
struct Scene {
    plan: BatchPlan,
    truth: Truth,
    spine: SpineData,
    events: BTreeMap<String, Vec<Batch>>,
    expected: RecordBatch,
}

fn scenes(text: &str) -> Vec<Scene> {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("golden.feat", text);
    let program = featc_driver::compile(&sources, &[file]).value.expect("goldens compile");
    let plans = featc_driver::lower(&program);
    let mut rng = Rng::new(11);
    let mut scenes = vec![];
    for plan in plans.batch {
        let keys = plan.spine.columns();
        let spine = questions(&mut rng, &keys);
        let events: BTreeMap<String, Vec<Batch>> = plan
            .sources()
            .into_iter()
            .map(|source| (source.name.clone(), vec![events(&mut rng, &source)]))
            .collect();
        let without_arrival = plan.sources().iter().any(|source| source.arrival.is_none());
        let mut truths = vec![Truth::Complete];
        truths.extend((!without_arrival).then_some(Truth::AsOfArrival { delay_us: None }));
        for truth in truths {
            let mut inputs = Inputs::new(spine.clone());
            inputs.events.clone_from(&events);
            (inputs.truth, inputs.with_status, inputs.threads) = (truth, true, 2);
            let output = featr_batch::run(&plan, inputs).expect("runs");
            scenes.push(Scene {
                plan: plan.clone(),
                truth,
                spine: spine.clone(),
                events: events.clone(),
                expected: concat_batches(&output.schema, &output.batches).expect("one batch"),
            });
        }
    }
    scenes
}

async fn answers(scene: &Scene, partitions: usize, batch_size: usize, fuse: bool) -> RecordBatch {
    let config = SessionConfig::new().with_target_partitions(partitions);
    let session = SessionContext::new_with_config(config.with_batch_size(batch_size));
    let spine = session.read_batches(scene.spine.batches.clone()).expect("a spine");
    let query = Query {
        at_column: "timestamp".to_owned(),
        truth: scene.truth,
        with_status: true,
        fuse,
        files: Files {
            base: ".".into(),
            store: Arc::new(featr_decode::LocalStore),
            events: scene.events.clone(),
            prune: false,
        },
    };
    let table = featr_batch::features(&scene.plan, spine.logical_plan().clone(), &query).expect("a table");
    let features = session.read_table(table).expect("a table");
    // A session gives the rows of a table in memory in any order.
    let by_row = Expr::Column(ColumnName::from_name("question row")).sort(true, false);
    let features = features.sort(vec![by_row]).expect("sorts");
    let schema = features.schema().inner().clone();
    let batches = features.collect().await.expect("answers");
    concat_batches(&schema, &batches).expect("one batch")
}

#[test]
fn every_golden_program_gives_its_bits_in_any_session() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build();
    let runtime = runtime.expect("threads");
    let fixtures = files(&root().join("tests/golden"), ".feat");
    assert!(!fixtures.is_empty());
    let mut compared = 0;
    for fixture in fixtures {
        for scene in scenes(&read(&fixture)) {
            assert_eq!(scene.expected.num_rows(), QUESTIONS);
            for partitions in 1..=8 {
                for batch_size in [1, 3, 64, 8192] {
                    let fuse = partitions % 3 > 0;
                    let found = runtime.block_on(answers(&scene, partitions, batch_size, fuse));
                    let what = format!(
                        "{}: {partitions} partitions, batches of {batch_size}",
                        fixture.display()
                    );
                    assert_eq!(found.columns(), scene.expected.columns(), "{what}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared >= 5 * 32, "{compared}");
}
