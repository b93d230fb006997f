//! Graphs that branch, made by hand: each branch answers as it would alone.

use super::agree::check_log;
use super::fixture::{Row, asks, batch, deliveries, fold_of, fold_spec, graph_of, questions, row_spec, window};
use crate::Engine;
use featc_ir::plan::{Compose, FoldSpec, LogId, RowSpec, RowsId, StreamGraph, StreamSourceId};
use featc_ir::{Step, Truth};
use proptest::prelude::*;

/// Another transform of the source: every row, moved by nothing.
fn unfiltered() -> RowSpec {
    let mut spec = row_spec();
    spec.name = "all".to_owned();
    spec.steps.retain(|step| !matches!(step, Step::Where(_)));
    spec
}

fn short() -> FoldSpec {
    fold_of(&[window(Some(4))], vec![Some(9)], &[0, 1, 2, 3, 4, 5])
}

/// ```text
///              ┌▶ paid ─┬▶ log ─▶ features ─┐
/// txn ─▶ accept┤        └▶ log ─▶ features ─┼▶ service
///              └▶ all ───▶ log ─▶ features ─┤
/// other ─▶ accept ─▶ paid ─▶ log ─▶ features┘
/// ```
fn branching(chains: &[StreamGraph; 4]) -> Vec<StreamGraph> {
    let mut graph = chains[0].clone();
    let mut other = graph.sources[0].clone();
    other.scan.source = "other".to_owned();
    graph.sources.push(other);
    let [paid, _, all, else_paid] = chains;
    graph.rows = [paid, all, else_paid].map(|chain| chain.rows[0].clone()).to_vec();
    graph.rows[2].input = StreamSourceId(1);
    graph.logs.clear();
    graph.answers.clear();
    let mut columns = Vec::new();
    for (place, (rows, chain)) in (0u32..).zip([0, 0, 1, 2].into_iter().zip(chains)) {
        let (mut log, mut answer) = (chain.logs[0].clone(), chain.answers[0].clone());
        log.input = RowsId(rows);
        // Each with a state of its own.
        log.state_key = format!("of {place}");
        answer.input = LogId(place);
        let outputs = answer.finish.outputs().len() as u32;
        columns.extend((0..outputs).map(|output| (place, output)));
        graph.logs.push(log);
        graph.answers.push(answer);
    }
    graph.compose = Compose(columns);
    vec![graph]
}

fn run(graphs: Vec<StreamGraph>, chunks: &[Vec<Row>]) -> Engine {
    let mut engine = Engine::new(graphs, Truth::Complete).expect("the graph is well formed");
    chunks.iter().for_each(|chunk| drop(engine.step("txn", &batch(chunk))));
    engine
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// One source into two logs, two transforms of one source, two sources, all in one answer.
    #[test]
    fn branches_answer_as_chains((rows, chunks) in deliveries(), (others, other_chunks) in deliveries(), asks in asks()) {
        let chains = [
            (row_spec(), fold_spec()),
            (row_spec(), short()),
            (unfiltered(), short()),
            (row_spec(), fold_spec()),
        ]
        .map(|(rows, fold)| graph_of(rows, fold).remove(0));
        let mut engine = run(branching(&chains), &chunks);
        for chunk in &other_chunks {
            let report = engine.step("other", &batch(chunk));
            let logs: Vec<u32> = report.logs.iter().map(|log| log.log.0).collect();
            prop_assert_eq!(logs, [3]);
        }
        let asked = questions(&asks);
        let mut expected = Vec::new();
        for (chain, rows) in chains.iter().zip([&rows, &rows, &rows, &others]) {
            let alone = run(vec![chain.clone()], std::slice::from_ref(rows));
            let mut answers = alone.read("svc", &asked).unwrap();
            // A chain's service takes the outputs from the last one to the first.
            answers.reverse();
            expected.extend(answers);
        }
        prop_assert_eq!(engine.read("svc", &asked).unwrap(), expected);
        check_log(&engine, &rows, &asks)?;
        let (again, report) = Engine::restore(branching(&chains), Truth::Complete, &engine.snapshot()).unwrap();
        prop_assert!(report.is_whole() && report.kept.len() == 4);
        prop_assert_eq!(again.read("svc", &asked).unwrap(), engine.read("svc", &asked).unwrap());
    }
}

/// Services share what they read of one transform and key, though each reads other columns of it; a window of one keeps
/// events for both.
#[test]
fn services_share_logs() {
    let service = |name: &str, length_us: i64, lifts: &[u32]| {
        let mut rows = row_spec();
        rows.lifts = lifts
            .iter()
            .map(|lift| row_spec().lifts[*lift as usize].clone())
            .collect();
        let fold = fold_of(&[window(Some(length_us))], vec![Some(length_us as u64)], lifts);
        let mut graph = graph_of(rows, fold).remove(0);
        graph.service = name.to_owned();
        graph
    };
    let graphs = [service("one", 4, &[0, 1]), service("two", 30, &[4, 1, 3])];
    let rows: Vec<Row> = (0..60)
        .map(|id| Row {
            who: Some((id % 2) as u8),
            id,
            at: Some(id),
            delay: 0,
            x: Some(id),
            y: Some(0.1 * id as f64),
            s: Some(1),
            flag: Some(id % 3 == 0),
            d: Some(id),
        })
        .collect();
    let mut shared = Engine::new(graphs.to_vec(), Truth::Complete).unwrap();
    assert_eq!(shared.stats().len(), 1);
    let asked = questions(&[(50, Some(0), Some(48)), (59, Some(1), None)]);
    shared.step("txn", &batch(&rows));
    shared.advance(50).unwrap();
    assert_eq!(shared.stats()[0].horizon_us, Some(50));
    for graph in &graphs {
        let mut alone = Engine::new(vec![graph.clone()], Truth::Complete).unwrap();
        alone.step("txn", &batch(&rows));
        let name = &graph.service;
        assert_eq!(shared.read(name, &asked).unwrap(), alone.read(name, &asked).unwrap());
        // The state of a service goes on in all services that share it, and the other way round.
        let (_, report) = Engine::restore(vec![graph.clone()], Truth::Complete, &shared.snapshot()).unwrap();
        assert!(report.is_whole() && report.dropped.is_empty(), "{report:?}");
    }
}
