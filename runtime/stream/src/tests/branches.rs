//! Graphs that branch, made by hand: each branch answers as it would alone.

use super::agree::check_log;
use super::fixture::{Row, asks, batch, deliveries, fold_of, fold_spec, graph_of, questions, row_spec, source, window};
use crate::Engine;
use featc_ir::plan::{FinishSpec, FoldSpec, Operator, OperatorId, OperatorKind, RowSpec, StreamGraph, StreamService};
use featc_ir::{Source, Step, Truth};
use proptest::prelude::*;

/// Operators as they are added; each reads the one that it names.
#[derive(Default)]
struct Sketch {
    operators: Vec<Operator>,
}

impl Sketch {
    fn add(&mut self, kind: OperatorKind, input: Option<OperatorId>) -> OperatorId {
        self.operators.push(Operator {
            kind,
            inputs: input.into_iter().collect(),
        });
        OperatorId(self.operators.len() as u32 - 1)
    }

    fn accepted(&mut self, source: &Source) -> OperatorId {
        let source = OperatorKind::Source { source: source.clone() };
        let rows = self.add(source, None);
        self.add(OperatorKind::Accept, Some(rows))
    }

    /// A log of these events, with a state of its own, and all its features.
    fn answered(&mut self, rows: OperatorId, chain: &StreamGraph) -> OperatorId {
        let mut log = chain.operators[3].kind.clone();
        if let OperatorKind::Log { state_key, .. } = &mut log {
            *state_key = format!("of {}", self.operators.len());
        }
        let log = self.add(log, Some(rows));
        self.add(chain.operators[4].kind.clone(), Some(log))
    }
}

fn finish(chain: &StreamGraph) -> &FinishSpec {
    match &chain.operators[4].kind {
        OperatorKind::Finish { spec } => spec,
        _ => unreachable!("a chain ends so"),
    }
}

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
fn branching(chains: &[StreamGraph; 4]) -> StreamGraph {
    let mut sketch = Sketch::default();
    let txn = sketch.accepted(&source());
    let other = Source {
        name: "other".to_owned(),
        ..source()
    };
    let other = sketch.accepted(&other);
    let paid = sketch.add(OperatorKind::Rows { spec: row_spec() }, Some(txn));
    let all = sketch.add(OperatorKind::Rows { spec: unfiltered() }, Some(txn));
    let else_paid = sketch.add(OperatorKind::Rows { spec: row_spec() }, Some(other));
    let mut columns = Vec::new();
    for (rows, chain) in [paid, paid, all, else_paid].into_iter().zip(chains) {
        let features = sketch.answered(rows, chain);
        let outputs = finish(chain).features.iter().filter(|feature| feature.output).count();
        columns.extend((0..outputs as u32).map(|output| (features, output)));
    }
    StreamGraph {
        program: "p1".to_owned(),
        operators: sketch.operators,
        services: vec![StreamService {
            columns,
            ..chains[0].services[0].clone()
        }],
    }
}

fn run(graph: StreamGraph, chunks: &[Vec<Row>]) -> Engine {
    let mut engine = Engine::new(graph, Truth::Complete).expect("the graph is well formed");
    chunks.iter().for_each(|chunk| drop(engine.step("txn", &batch(chunk))));
    engine
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// One source into two logs, two transforms of one source, two sources, all in one answer.
    #[test]
    fn branches_answer_as_chains((rows, chunks) in deliveries(), (others, other_chunks) in deliveries(), asks in asks()) {
        let chains = [
            graph_of(row_spec(), fold_spec()),
            graph_of(row_spec(), short()),
            graph_of(unfiltered(), short()),
            graph_of(row_spec(), fold_spec()),
        ];
        let mut engine = run(branching(&chains), &chunks);
        for chunk in &other_chunks {
            let report = engine.step("other", &batch(chunk));
            let logs: Vec<u32> = report.logs.iter().map(|log| log.log.0).collect();
            prop_assert_eq!(logs, [13]);
        }
        let asked = questions(&asks);
        let mut expected = Vec::new();
        for (chain, rows) in chains.iter().zip([&rows, &rows, &rows, &others]) {
            let alone = run(chain.clone(), std::slice::from_ref(rows));
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

/// Every operator says what it cannot read.
#[test]
fn an_operator_reads_what_it_can_use() {
    let chain = graph_of(row_spec(), short());
    for (reader, input, why) in [
        (0, Some(0), "a source has an input"),
        (1, Some(1), "the rows of one source"),
        (2, Some(0), "the accepted rows of one source"),
        (3, Some(1), "the events of one transform"),
        (4, Some(2), "the slots of one log"),
        (4, None, "the slots of one log"),
    ] {
        let mut graph = chain.clone();
        graph.operators.push(Operator {
            kind: chain.operators[reader].kind.clone(),
            inputs: input.map(OperatorId).into_iter().collect(),
        });
        let said = Engine::new(graph, Truth::Complete).err().map(|bug| bug.0);
        assert!(
            said.as_ref()
                .is_some_and(|said| said.contains("operator 5") && said.contains(why)),
            "{said:?}"
        );
    }
}
