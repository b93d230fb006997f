//! Features in sessions that are not ours.

use super::{EVENTS, program};
use crate::datafusion::prelude::*;
use crate::{Error, FeatureOptions, Program, Truth};
use arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{Float64Type, Int64Type};
use std::sync::Arc;

const MINUTE: i64 = 60_000_000;
/// 2024-01-01T10:00:00Z.
const TEN: i64 = 1_704_103_200_000_000;

fn execute<T>(work: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).build().expect("threads").block_on(work)
}

fn shop() -> (Program, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("txn.csv"), EVENTS).expect("writes");
    (program(folder.path()), folder)
}

/// Orders, of which some were paid, and what became of them.
fn session() -> SessionContext {
    let text = |values: &[&str]| -> ArrayRef { Arc::new(StringArray::from(values.to_vec())) };
    let times: Vec<i64> = [20, 20, 30, 25].map(|minutes| TEN + minutes * MINUTE).to_vec();
    let at: ArrayRef = Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC"));
    let numbers = |values: &[i64]| -> ArrayRef { Arc::new(Int64Array::from(values.to_vec())) };
    let orders = RecordBatch::try_from_iter([
        ("number", numbers(&[1, 2, 3, 4])),
        ("card", text(&["a", "b", "b", "a"])),
        ("ordered_at", at),
        ("paid", Arc::new(BooleanArray::from(vec![true, true, true, false]))),
    ]);
    let outcomes = RecordBatch::try_from_iter([
        ("of_order", numbers(&[3, 2, 1])),
        ("outcome", text(&["fraud", "fine", "fine"])),
    ]);
    let session = SessionContext::new();
    session
        .register_batch("orders", orders.expect("orders"))
        .expect("registers");
    session
        .register_batch("outcomes", outcomes.expect("outcomes"))
        .expect("registers");
    session
}

// The same lines stand in docs/embedding.md.
async fn risky_orders(program: &Program, session: &SessionContext) -> Result<DataFrame, Box<dyn std::error::Error>> {
    // begin
    // The spine is a query: keys and instants by name, and whatever else is to come out again.
    let spine = session.table("orders").await?.filter(col("paid"))?.select([
        col("number"),
        col("card"),
        col("ordered_at").alias("timestamp"),
    ])?;
    let features = program.features(session, "risk", spine).await?;

    // The answer is one, too.
    let outcomes = session.table("outcomes").await?;
    let answer = features
        .join(outcomes, JoinType::Inner, &["number"], &["of_order"], None)?
        .filter(col("spend__total").gt(lit(0.5)))?
        .select([col("number"), col("outcome"), col("spend__total")])?;
    // end
    Ok(answer)
}

#[test]
fn a_spine_may_be_a_query_and_so_is_the_answer() {
    let (program, _folder) = shop();
    let (batches, plan) = execute(async {
        let session = session();
        let answer = risky_orders(&program, &session).await.expect("plans");
        let answer = answer.sort(vec![col("number").sort(true, false)]).expect("sorts");
        let explained = answer.clone().explain(false, true).expect("explains");
        let plan = explained.collect().await.expect("explains");
        let batches = answer.collect().await.expect("answers");
        (
            batches,
            crate::datafusion::arrow::util::pretty::pretty_format_batches(&plan)
                .expect("text")
                .to_string(),
        )
    });
    let all = concat_batches(&batches[0].schema(), &batches).expect("one batch");
    let numbers = all.column(0).as_primitive::<Int64Type>().values().to_vec();
    let outcomes: Vec<_> = all.column(1).as_string::<i32>().iter().flatten().collect();
    let totals = all.column(2).as_primitive::<Float64Type>().values().to_vec();
    // Card a at 10:20, and what was told twice of card b at 10:30, once it had arrived: not before 10:31.
    assert_eq!((numbers, outcomes, totals), (vec![1], vec!["fine"], vec![4.0]));
    for said in [
        "AssembleExec: columns=[number, spend__total], metrics=[output_rows=3",
        "PointInTimeExec: slots=1",
        "rows_decoded=5",
        "bytes_scanned=",
        "spilled_bytes=0",
        "elapsed_compute=",
    ] {
        assert!(plan.contains(said), "{said}\n{plan}");
    }
}

#[test]
fn the_page_shows_what_is_compiled_here() {
    let page = include_str!("../../../../docs/embedding.md");
    let text = include_str!("session.rs");
    let shown = text
        .split("    // begin\n")
        .nth(1)
        .and_then(|rest| rest.split("    // end\n").next());
    let shown = shown.expect("the lines between the marks").replace("\n    ", "\n");
    assert!(page.contains(shown.trim()), "docs/embedding.md lacks:\n{shown}");
}

#[test]
fn a_session_with_little_memory_gives_the_same() {
    let (program, _folder) = shop();
    let truth = Some(Truth::Complete);
    let answers = |bytes: Option<usize>, partitions, fuse| {
        let config = SessionConfig::new()
            .with_target_partitions(partitions)
            .with_batch_size(2);
        let session = match bytes {
            None => SessionContext::new_with_config(config),
            Some(bytes) => {
                let runtime = crate::datafusion::execution::runtime_env::RuntimeEnvBuilder::new();
                let runtime = runtime.with_memory_limit(bytes, 1.0).build_arc().expect("a runtime");
                SessionContext::new_with_config_rt(config, runtime)
            }
        };
        let options = FeatureOptions {
            truth,
            with_status: true,
            fuse,
            at_column: "ordered_at".into(),
            ..FeatureOptions::default()
        };
        execute(async {
            let orders = self::session().table("orders").await.expect("orders");
            let features = program
                .features_with(&session, "risk", orders, &options)
                .expect("plans");
            let batches = features.collect().await.expect("answers");
            concat_batches(&batches[0].schema(), &batches).expect("one batch")
        })
    };
    let expected = answers(None, 4, true);
    let statuses: Vec<_> = expected.column(5).as_string::<i32>().iter().flatten().collect();
    assert_eq!(statuses, ["ok", "missing", "ok", "ok"]);
    for (bytes, partitions, fuse) in [(None, 1, false), (Some(20_000), 2, true), (Some(20_000), 3, false)] {
        assert_eq!(
            answers(bytes, partitions, fuse),
            expected,
            "{bytes:?} {partitions} {fuse}"
        );
    }
}

#[test]
fn what_is_wrong_with_a_query_is_said_before_it_runs() {
    let (program, _folder) = shop();
    execute(async {
        let session = session();
        let refused = async |service: &str, table: &str, at: &str| {
            let spine = session.table(table).await.expect("a table");
            let options = FeatureOptions {
                at_column: at.into(),
                ..FeatureOptions::default()
            };
            let answer = program.features_with(&session, service, spine, &options);
            answer.err().map(|error| error.to_string())
        };
        let said = refused("nothing", "orders", "ordered_at").await;
        assert_eq!(
            said.as_deref(),
            Some("unknown service `nothing`; the program declares: risk")
        );
        let said = refused("risk", "outcomes", "ordered_at").await;
        assert_eq!(said.as_deref(), Some("spine column `ordered_at`: is missing"));
        let said = refused("risk", "orders", "number").await.expect("an error");
        assert!(said.starts_with("spine column `number`: "), "{said}");
        assert_eq!(refused("risk", "orders", "ordered_at").await, None);
    });
    // A source that cannot be read is an error of the query.
    let nowhere = super::program(std::path::Path::new("/nowhere/at/all"));
    let said = execute(async {
        let orders = session().table("orders").await.expect("orders");
        let options = FeatureOptions {
            at_column: "ordered_at".into(),
            ..FeatureOptions::default()
        };
        let features = nowhere
            .features_with(&session(), "risk", orders, &options)
            .expect("plans");
        features
            .collect()
            .await
            .map_err(|error| Error::from(featr_batch::BatchError::from(error)))
    });
    assert!(matches!(said, Err(Error::Decode(_))), "{said:?}");
}
