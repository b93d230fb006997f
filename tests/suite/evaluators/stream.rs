//! The streaming engine over the rows of a case: in any order, in pieces, with restarts.

use super::served::stream_served;
use super::{Answers, Case};
use featc_driver::Plans;
use featc_ir::plan::{DeriveInput, LogId, RowsId, StreamGraph};
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

/// The same graph with up to three twins of row stages, logs and answers. What an operator reads, and what a service asks,
/// is any of the twins.
fn branched(graph: &StreamGraph, rng: &mut Rng) -> StreamGraph {
    let mut branched = graph.clone();
    // Twins differ in name, or they would be one.
    let twins = |count: usize, rng: &mut Rng| -> Vec<Vec<(u32, String)>> {
        let mut next = 0;
        let mut twin = |name: usize| {
            next += 1;
            (next - 1, "'".repeat(name))
        };
        (0..count)
            .map(|_| (0..1 + rng.below(3)).map(&mut twin).collect())
            .collect()
    };
    let of_rows = twins(graph.rows.len(), rng);
    let rows = of_rows.iter().zip(&graph.rows).flat_map(|(twins, rows)| {
        twins.iter().map(|(_, name)| {
            let mut rows = rows.clone();
            rows.rows.steps.transform += name;
            rows
        })
    });
    branched.rows = rows.collect();
    let of_logs = twins(graph.logs.len(), rng);
    branched.logs.clear();
    for (twins, log) in of_logs.iter().zip(&graph.logs) {
        for (_, name) in twins {
            let mut log = log.clone();
            log.input = RowsId(rng.pick(&of_rows[log.input.index()]).0);
            log.state_key += name;
            branched.logs.push(log);
        }
    }
    let of_answers = twins(graph.answers.len(), rng);
    branched.answers.clear();
    for (twins, answer) in of_answers.iter().zip(&graph.answers) {
        for _ in twins {
            let mut answer = answer.clone();
            answer.input = LogId(rng.pick(&of_logs[answer.input.index()]).0);
            branched.answers.push(answer);
        }
    }
    for (answer, _) in &mut branched.compose.0 {
        *answer = rng.pick(&of_answers[*answer as usize]).0;
    }
    for input in branched.derive.0.iter_mut().flat_map(|feature| &mut feature.inputs) {
        if let DeriveInput::Answer(answer, _) = input {
            *answer = rng.pick(&of_answers[*answer as usize]).0;
        }
    }
    branched
}

/// Arrival of a row as the stream's caller knows it; rows without time or arrival come first (they are rejected).
pub fn arrival(case: &Case, source: usize, row: usize) -> i64 {
    let batch = case.batch(source, &[row]);
    let declared = &case.program.sources[source];
    let usable = featr_kernels::rows::accept(declared, &batch).keep[0] == 0;
    match featr_kernels::rows::arrivals(declared, &batch) {
        Some(arrivals) if usable => arrivals[0],
        Some(_) | None => i64::MIN,
    }
}

pub fn stream(case: &Case, plans: &Plans, delivery: Delivery) -> Answers {
    if case.truth == Truth::AsServed {
        return stream_served(case, plans, delivery);
    }
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

    let graphs: Vec<StreamGraph> = match delivery.branches {
        Some(seed) => {
            let mut rng = Rng::new(seed);
            plans.stream.iter().map(|graph| branched(graph, &mut rng)).collect()
        }
        None => plans.stream.clone(),
    };
    let mut feed = Feed {
        case,
        engine: featr_stream::Engine::with_paging(graphs.clone(), case.truth, delivery.paging)
            .expect("lowered graphs are well-formed"),
        graphs,
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
    graphs: Vec<StreamGraph>,
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
                    let graph = self.graphs.clone();
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
            request: self.case.columns(&service.request, &[question]),
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
