//! The streaming engine over the rows of a case: in any order, in pieces, with restarts.

use super::{Answers, Case};
use featc_driver::Plans;
use featc_ir::plan::{Operator, OperatorId, StreamGraph};
use featc_ir::{Status, Truth};
use featc_tests::rng::Rng;
use featr_kernels::Value;
use featr_stream::Paging;

/// How rows reach the streaming engine.
#[derive(Debug, Clone, Copy)]
pub struct Delivery {
    /// Disorders the rows between two questions (of `as_of_arrival`) or altogether.
    pub shuffle: Option<u64>,
    pub chunk: usize,
    pub restart_every: Option<usize>,
    pub paging: Paging,
    /// Runs a graph with branches that no lowering makes.
    pub branches: Option<u64>,
    /// In truth `complete`, takes chunks back and hands them over again.
    pub retracts: bool,
}

/// The same graph with up to three twins of every operator. What an operator reads, and what a service asks, is any of the
/// twins.
fn branched(graph: &StreamGraph, rng: &mut Rng) -> StreamGraph {
    let mut operators: Vec<Operator> = Vec::new();
    let mut twins: Vec<Vec<OperatorId>> = Vec::new();
    for operator in &graph.operators {
        let count = 1 + rng.below(3);
        let add = |_| {
            let inputs = operator.inputs.iter();
            let inputs = inputs.map(|id| *rng.pick(&twins[id.0 as usize])).collect();
            let kind = operator.kind.clone();
            operators.push(Operator { kind, inputs });
            OperatorId(operators.len() as u32 - 1)
        };
        let ids = (0..count).map(add).collect();
        twins.push(ids);
    }
    let mut services = graph.services.clone();
    for (id, _) in services.iter_mut().flat_map(|service| &mut service.columns) {
        *id = *rng.pick(&twins[id.0 as usize]);
    }
    StreamGraph {
        program: graph.program.clone(),
        operators,
        services,
    }
}

/// Arrival of a row as the stream's caller knows it; rows without time or arrival come first (they are rejected).
fn arrival(case: &Case, source: usize, row: usize) -> i64 {
    let batch = case.batch(source, &[row]);
    let declared = &case.program.sources[source];
    let usable = featr_kernels::rows::accept(declared, &batch).keep[0] == 0;
    match featr_kernels::rows::arrivals(declared, &batch) {
        Some(arrivals) if usable => arrivals[0],
        Some(_) | None => i64::MIN,
    }
}

pub fn stream(case: &Case, plans: &Plans, delivery: Delivery) -> Answers {
    let mut waiting: Vec<(i128, usize, usize)> = Vec::new();
    for (source, rows) in case.rows.iter().enumerate() {
        let delay = case.program.sources[source].delay_under(case.truth).unwrap_or(0);
        for row in 0..rows.len() {
            // Visible at t iff arrival + delay ≤ t.
            waiting.push((i128::from(arrival(case, source, row)) + i128::from(delay), source, row));
        }
    }
    waiting.sort_unstable();
    let mut order: Vec<usize> = (0..case.questions.len()).collect();
    order.sort_by_key(|question| case.questions[*question].at_us);

    let graph = match delivery.branches {
        Some(seed) => branched(&plans.stream, &mut Rng::new(seed)),
        None => plans.stream.clone(),
    };
    let mut feed = Feed {
        case,
        engine: featr_stream::Engine::with_paging(graph.clone(), case.truth, delivery.paging)
            .expect("lowered graphs are well-formed"),
        graph,
        delivery,
        since_restart: 0,
    };
    let mut answers: Answers = vec![Vec::new(); case.questions.len()];
    let mut fed = 0;
    // Rows that are shuffled wait in the engine, in its order; the others come when a question may see them.
    if case.truth == Truth::Complete || delivery.shuffle.is_some() {
        feed.deliver(&waiting);
        fed = waiting.len();
    }
    for question in order {
        let at_us = case.questions[question].at_us;
        let until = waiting[fed..].partition_point(|(visible, ..)| *visible <= i128::from(at_us)) + fed;
        feed.deliver(&waiting[fed..until]);
        fed = until;
        feed.engine.advance(at_us).expect("questions are asked in order");
        answers[question] = feed.ask(question);
    }
    answers
}

struct Feed<'a> {
    case: &'a Case,
    graph: StreamGraph,
    delivery: Delivery,
    engine: featr_stream::Engine,
    since_restart: usize,
}

impl Feed<'_> {
    fn deliver(&mut self, rows: &[(i128, usize, usize)]) {
        let mut rows = rows.to_vec();
        if let Some(seed) = self.delivery.shuffle {
            Rng::new(seed).shuffle(&mut rows);
        }
        for source in 0..self.case.rows.len() {
            let of_source: Vec<usize> = rows
                .iter()
                .filter(|(_, s, _)| *s == source)
                .map(|(.., row)| *row)
                .collect();
            for chunk in of_source.chunks(self.delivery.chunk) {
                let name = &self.case.program.sources[source].name;
                let batch = self.case.batch(source, chunk);
                self.engine.step(name, &batch);
                if self.delivery.retracts && self.case.truth == Truth::Complete {
                    let taken_back = vec![featr_stream::Weight::Retract; batch.rows];
                    self.engine.step_weighted(name, &batch, &taken_back);
                    self.engine.step(name, &batch);
                }
                self.since_restart += chunk.len();
                if self
                    .delivery
                    .restart_every
                    .is_some_and(|every| self.since_restart >= every)
                {
                    self.since_restart = 0;
                    let bytes = self.engine.snapshot();
                    let graph = self.graph.clone();
                    let restored =
                        featr_stream::Engine::restore_with_paging(graph, self.case.truth, &bytes, self.delivery.paging);
                    let (engine, report) = restored.expect("an engine restores its own snapshot");
                    assert!(report.is_whole(), "{report:?}");
                    self.engine = engine;
                }
            }
        }
    }

    fn ask(&self, question: usize) -> Vec<(Value, Status)> {
        let service = self
            .engine
            .service(&self.case.service)
            .expect("the case names a service");
        let questions = featr_stream::Questions {
            times: vec![self.case.questions[question].at_us],
            keys: self.case.columns(&service.keys, &[question]),
            self_columns: self.case.columns(&service.self_columns, &[question]),
        };
        let read = self
            .engine
            .read(&self.case.service, &questions)
            .expect("well-formed questions");
        read.into_iter()
            .map(|(column, statuses)| (column.value(0), statuses[0]))
            .collect()
    }
}
