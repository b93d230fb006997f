//! Plans in sessions that are not ours: optimised, written and read, and broken on purpose.

use super::shop::{self, events};
use crate::check::check;
use crate::{Files, NodeCodec, Query, features};
use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, TimestampMicrosecondArray};
use arrow::compute::{concat_batches, sort_to_indices, take_record_batch};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::physical_expr::expressions::lit;
use datafusion::physical_expr::{Distribution, LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::limit::LocalLimitExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{ExecutionPlan, Partitioning, collect};
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext, col};
use featc_ir::Truth;
use featc_ir::plan::BatchPlan;
use featr_decode::{LocalStore, to_arrow};
use std::collections::BTreeMap;
use std::sync::Arc;

fn files() -> Files {
    Files {
        base: ".".into(),
        store: Arc::new(LocalStore),
        events: BTreeMap::from([("shop_events".to_owned(), vec![events()])]),
        prune: false,
    }
}

fn query(fuse: bool) -> Query {
    Query {
        at_column: "timestamp".into(),
        truth: Truth::Complete,
        with_status: true,
        fuse,
        files: files(),
    }
}

/// The questions of the shop as a table, over which a query asks.
fn spine(session: &SessionContext, sorted: bool) -> DataFrame {
    let spine = shop::inputs().spine;
    let times: ArrayRef = Arc::new(TimestampMicrosecondArray::new(spine.times.clone(), None).with_timezone("UTC"));
    let columns = spine
        .columns
        .iter()
        .map(|(key, column)| (key.name.clone(), to_arrow(column), true));
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..spine.times.len() as i64));
    let columns = columns.chain([
        ("timestamp".to_owned(), times, true),
        ("number".to_owned(), numbers, false),
    ]);
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("a batch");
    let table = session.read_batch(batch).expect("a table");
    match sorted {
        true => table
            .sort(vec![col("timestamp").sort(true, false), col("user").sort(true, true)])
            .expect("sorts"),
        false => table,
    }
}

fn session(partitions: usize, batch_size: usize) -> SessionContext {
    let config = SessionConfig::new()
        .with_target_partitions(partitions)
        .with_batch_size(batch_size);
    SessionContext::new_with_config(config)
}

fn execute<T>(work: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).build().expect("threads").block_on(work)
}

async fn planned(session: &SessionContext, plan: &BatchPlan, fuse: bool, sorted: bool) -> Arc<dyn ExecutionPlan> {
    let questions = spine(session, sorted).logical_plan().clone();
    let table = features(plan, questions, &query(fuse)).expect("a table");
    let answers = session.read_table(table).expect("a table");
    answers.create_physical_plan().await.expect("plans")
}

/// In the order in which they come.
async fn unsorted(session: &SessionContext, plan: Arc<dyn ExecutionPlan>) -> RecordBatch {
    let schema = plan.schema();
    let batches = collect(plan, session.task_ctx()).await.expect("answers");
    concat_batches(&schema, &batches).expect("one batch")
}

/// By number.
async fn answers(session: &SessionContext, plan: Arc<dyn ExecutionPlan>) -> RecordBatch {
    let all = unsorted(session, plan).await;
    let order = sort_to_indices(all.column_by_name("number").expect("numbers"), None, None);
    take_record_batch(&all, &order.expect("an order")).expect("taken")
}

/// The node of the answers, below whatever a session puts on top.
fn assembled(plan: &Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    match plan.name() {
        "AssembleExec" => plan.clone(),
        _ => assembled(plan.children()[0]),
    }
}

#[test]
fn optimisers_change_no_bit() {
    execute(async {
        let expected = {
            let session = session(2, 8192);
            let plan = planned(&session, &shop::plan(), true, false).await;
            answers(&session, plan).await
        };
        assert_eq!(expected.num_rows(), 5);
        for (partitions, batch_size) in (1..=8).flat_map(|partitions| [1, 2, 8192].map(|size| (partitions, size))) {
            for (fuse, sorted) in [(true, false), (false, false), (true, true)] {
                let session = session(partitions, batch_size);
                let plan = planned(&session, &shop::plan(), fuse, sorted).await;
                check(assembled(&plan).as_ref()).expect("a plan as it was meant");
                if !sorted {
                    let found = answers(&session, plan).await;
                    assert_eq!(
                        found, expected,
                        "{partitions} partitions, batches of {batch_size}, fused: {fuse}"
                    );
                    continue;
                }
                // The rows in the order of the query, the answers beside them.
                let found = unsorted(&session, plan).await;
                let times = found.column_by_name("timestamp").expect("instants").to_data();
                let mut sorted: Vec<i64> = times.buffer::<i64>(0).to_vec();
                sorted.sort_unstable();
                assert_eq!(times.buffer::<i64>(0), sorted);
                assert_eq!(found.num_rows(), 5);
            }
        }
    });
}

#[test]
fn a_query_reads_only_the_views_that_it_needs() {
    execute(async {
        let session = session(2, 8192);
        let table = features(
            &shop::plan(),
            spine(&session, false).logical_plan().clone(),
            &query(true),
        );
        let answers = session.read_table(table.expect("a table")).expect("a table");
        let one = answers
            .clone()
            .select(vec![col("s__sum"), col("shop")])
            .expect("selects");
        let plan = one.clone().create_physical_plan().await.expect("plans");
        let text = datafusion::physical_plan::displayable(plan.as_ref())
            .indent(false)
            .to_string();
        assert_eq!(text.matches("PointInTimeExec").count(), 1, "{text}");
        let (one, all) = (
            one.collect().await.expect("answers"),
            answers.clone().collect().await.expect("answers"),
        );
        let all = concat_batches(&all[0].schema(), &all).expect("one batch");
        assert_eq!(one[0].column(0), all.column_by_name("s__sum").expect("a sum"));
        // No column at all, and two readers in one query, each with its own spine.
        assert_eq!(answers.clone().count().await.expect("counts"), 5);
        let twice = answers.clone().union(answers).expect("a union");
        assert_eq!(twice.count().await.expect("counts"), 10);
    });
}

/// The plan with one of its inputs replaced, for each input that `change` changes.
fn variants(
    plan: &Arc<dyn ExecutionPlan>,
    change: &dyn Fn(&Arc<dyn ExecutionPlan>, usize, &Arc<dyn ExecutionPlan>) -> Option<Arc<dyn ExecutionPlan>>,
) -> Vec<(String, Arc<dyn ExecutionPlan>)> {
    let mut found = vec![];
    for (place, child) in plan.children().into_iter().enumerate() {
        let with = |child: Arc<dyn ExecutionPlan>| {
            let mut children: Vec<Arc<dyn ExecutionPlan>> = plan.children().into_iter().cloned().collect();
            children[place] = child;
            #[expect(deprecated, reason = "what optimisers of this release call, too")]
            plan.clone().with_new_children(children).expect("the same node")
        };
        if let Some(changed) = change(plan, place, child) {
            found.push((format!("input {place} of {}", plan.name()), with(changed)));
        }
        if plan.name() != "SpineExec" {
            let below = variants(child, change);
            found.extend(below.into_iter().map(|(what, changed)| (what, with(changed))));
        }
    }
    found
}

const OURS: [&str; 5] = [
    "AssembleExec",
    "FinishExec",
    "PointInTimeExec",
    "SpineExec",
    "EventsExec",
];

async fn refused(session: &SessionContext, plan: Arc<dyn ExecutionPlan>, what: &str) {
    let said = check(plan.as_ref()).expect_err(what);
    let ran = plan.execute(0, session.task_ctx()).err().expect(what);
    assert_eq!(said.to_string(), ran.to_string(), "{what}");
}

#[test]
fn each_lost_distribution_is_refused() {
    execute(async {
        let session = session(3, 8192);
        let plan = assembled(&planned(&session, &shop::plan(), true, false).await);
        let scattered = variants(&plan, &|node, place, child| {
            let required = node.input_distribution_requirements().into_per_child();
            let needs =
                OURS.contains(&node.name()) && !matches!(required[place], Distribution::UnspecifiedDistribution);
            let scatter =
                || RepartitionExec::try_new(child.clone(), Partitioning::RoundRobinBatch(5)).expect("scatters");
            needs.then(|| Arc::new(scatter()) as _)
        });
        // Of the answers: spine and two views; of each view: spine and events; of three spines: what they collect.
        assert_eq!(scattered.len(), 3 + 2 * 2 + 3, "{scattered:?}");
        for (what, plan) in scattered {
            refused(&session, plan, &what).await;
        }
    });
}

#[test]
fn each_lost_order_is_refused() {
    execute(async {
        let session = session(3, 8192);
        let plan = assembled(&planned(&session, &shop::plan(), true, true).await);
        let reversed = variants(&plan, &|node, place, child| {
            let required = node.required_input_ordering()[place].clone()?;
            let ours = OURS.contains(&node.name());
            let reverse = required.first().iter().map(|by| {
                let options = by.options.unwrap_or_default();
                PhysicalSortExpr::new(by.expr.clone(), !options)
            });
            let order = LexOrdering::new(reverse).expect("an order");
            ours.then(|| Arc::new(SortExec::new(order, child.clone()).with_preserve_partitioning(true)) as _)
        });
        // The events of two views, and what three spines collect.
        assert_eq!(reversed.len(), 2 + 3, "{reversed:?}");
        for (what, plan) in reversed {
            refused(&session, plan, &what).await;
        }
    });
}

#[test]
fn nothing_that_drops_rows_comes_between() {
    execute(async {
        let session = session(3, 8192);
        let plan = assembled(&planned(&session, &shop::plan(), true, false).await);
        let filtered = variants(&plan, &|node, _, child| {
            let filter = || FilterExec::try_new(lit(true), child.clone()).expect("filters");
            (node.name() != "SpineExec").then(|| Arc::new(filter()) as _)
        });
        let limited = variants(&plan, &|node, _, child| {
            let limit = || LocalLimitExec::new(child.clone(), 1);
            (node.name() != "SpineExec").then(|| Arc::new(limit()) as _)
        });
        let exchanged = variants(&plan, &|node, place, _| {
            (node.name() == "PointInTimeExec" && place == 1).then(|| node.children()[0].clone())
        });
        assert!(filtered.len() >= 9 && limited.len() >= 9 && exchanged.len() == 2);
        for (what, plan) in filtered.into_iter().chain(limited).chain(exchanged) {
            refused(&session, plan, &what).await;
        }
    });
}

#[test]
fn plans_are_written_and_read() {
    execute(async {
        for (plan, fuse) in [
            (shop::plan(), true),
            (shop::plan(), false),
            (shop::plan_excluding_now(), true),
        ] {
            let session = session(3, 8192);
            let planned = planned(&session, &plan, fuse, false).await;
            let codec = NodeCodec::new(files());
            let mut bytes_of_nodes = vec![];
            let read = planned.clone().transform_up(|node| {
                if !OURS.contains(&node.name()) {
                    return Ok(Transformed::no(node));
                }
                let mut bytes = vec![];
                codec.try_encode(node.as_ref(), &mut bytes)?;
                let inputs: Vec<Arc<dyn ExecutionPlan>> = node.children().into_iter().cloned().collect();
                bytes_of_nodes.push(bytes.clone());
                Ok(Transformed::yes(codec.try_decode(&bytes, &inputs)?))
            });
            let read = read.expect("written and read").data;
            assert_eq!(bytes_of_nodes.len(), 10);
            let text = |plan: &Arc<dyn ExecutionPlan>| {
                datafusion::physical_plan::displayable(plan.as_ref())
                    .indent(true)
                    .to_string()
            };
            assert_eq!(text(&read), text(&planned));
            let (expected, found) = (answers(&session, planned).await, answers(&session, read).await);
            assert_eq!(found, expected);
            for bytes in bytes_of_nodes {
                assert!(codec.try_decode(&bytes[..bytes.len() - 1], &[]).is_err());
            }
        }
    });
}
