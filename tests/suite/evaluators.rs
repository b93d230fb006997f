//! One case, three evaluators: the model, the batch engine and the streaming engine.

use featc_driver::Plans;
use featc_ir::{Program, Status, Truth};
use featc_tests::rng::Rng;
use featr_kernels::{Batch, Column, Value};
use featr_stream::Paging;

/// Values of named columns, one question.
#[derive(Debug, Clone)]
pub struct Asked {
    pub at_us: i64,
    pub values: Vec<(String, Value)>,
}

/// A program, what happened, what is asked.
#[derive(Debug, Clone)]
pub struct Case {
    pub program: Program,
    pub service: String,
    /// Per source of the program, rows in its column order.
    pub rows: Vec<Vec<Vec<Value>>>,
    pub questions: Vec<Asked>,
    pub truth: Truth,
}

/// How rows reach the streaming engine.
#[derive(Debug, Clone, Copy)]
pub struct Delivery {
    /// Disorders the rows, which are then handed over before the first question.
    pub shuffle: Option<u64>,
    pub chunk: usize,
    pub restart_every: Option<usize>,
    pub paging: Paging,
}

/// One answer per question and field.
pub type Answers = Vec<Vec<(Value, Status)>>;

impl Case {
    fn batch(&self, source: usize, rows: &[usize]) -> Batch {
        let columns = &self.program.sources[source].columns;
        let column = |position: usize| {
            let values: Vec<Value> = rows
                .iter()
                .map(|row| self.rows[source][*row][position].clone())
                .collect();
            Column::from_values(columns[position].ty, &values)
        };
        Batch {
            rows: rows.len(),
            columns: (0..columns.len()).map(column).collect(),
        }
    }

    fn whole(&self, source: usize) -> Batch {
        self.batch(source, &(0..self.rows[source].len()).collect::<Vec<_>>())
    }

    fn columns(&self, keys: &[featc_ir::Key], questions: &[usize]) -> Vec<Column> {
        let value = |question: usize, name: &str| {
            let found = self.questions[question].values.iter().find(|(known, _)| known == name);
            found.map_or(Value::Null, |(_, value)| value.clone())
        };
        let column = |key: &featc_ir::Key| {
            let values: Vec<Value> = questions.iter().map(|question| value(*question, &key.name)).collect();
            Column::from_values(key.ty, &values)
        };
        keys.iter().map(column).collect()
    }
}

pub fn model(case: &Case) -> Answers {
    let sources = (0..case.program.sources.len())
        .map(|source| vec![case.whole(source)])
        .collect();
    let rows = featr_model::SourceRows { sources };
    let model = featr_model::Model::new(&case.program, &rows);
    let service = case.program.service(&case.service).expect("the case names a service");
    let (keys, own) = (
        case.program.service_keys(service),
        case.program.service_self_columns(service),
    );
    let answer = |asked: &Asked| {
        let named = |wanted: &[featc_ir::Key]| {
            asked
                .values
                .iter()
                .filter(|(name, _)| wanted.iter().any(|key| key.name == *name))
                .cloned()
                .collect()
        };
        let question = featr_model::Question {
            at_us: asked.at_us,
            keys: named(&keys),
            self_columns: named(&own),
        };
        model.answer(service, &question, case.truth)
    };
    case.questions.iter().map(answer).collect()
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
        let delay = case.truth.delay_us(case.program.sources[source].delay_us).unwrap_or(0);
        for row in 0..rows.len() {
            // Visible at t iff arrival + delay ≤ t.
            waiting.push((i128::from(arrival(case, source, row)) + i128::from(delay), source, row));
        }
    }
    waiting.sort_unstable();
    let mut order: Vec<usize> = (0..case.questions.len()).collect();
    order.sort_by_key(|question| case.questions[*question].at_us);

    let mut feed = Feed {
        case,
        plans,
        delivery,
        engine: new_engine(case, plans, delivery),
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
        let until = fed + waiting[fed..].partition_point(|(visible, ..)| *visible <= i128::from(at_us));
        feed.deliver(&waiting[fed..until]);
        fed = until;
        feed.engine.advance(at_us).expect("questions are asked in order");
        answers[question] = feed.ask(question);
    }
    answers
}

struct Feed<'a> {
    case: &'a Case,
    plans: &'a Plans,
    delivery: Delivery,
    engine: featr_stream::Engine,
    since_restart: usize,
}

fn new_engine(case: &Case, plans: &Plans, delivery: Delivery) -> featr_stream::Engine {
    featr_stream::Engine::with_paging(plans.stream.clone(), case.truth, delivery.paging)
        .expect("lowered graphs are well-formed")
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
                self.engine
                    .step(&self.case.program.sources[source].name, &self.case.batch(source, chunk));
                self.since_restart += chunk.len();
                if self
                    .delivery
                    .restart_every
                    .is_some_and(|every| self.since_restart >= every)
                {
                    self.since_restart = 0;
                    let bytes = self.engine.snapshot();
                    let graph = self.plans.stream.clone();
                    let restored =
                        featr_stream::Engine::restore_with_paging(graph, self.case.truth, &bytes, self.delivery.paging);
                    self.engine = restored.expect("an engine restores its own snapshot");
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

/// The batch engine over rows in memory, cut into several batches.
pub fn batch(case: &Case, plans: &Plans) -> Answers {
    use arrow::array::{ArrayRef, Int64Array, RecordBatch};
    use std::sync::Arc;

    let plan = plans
        .batch
        .iter()
        .find(|plan| plan.service == case.service)
        .expect("a plan per service");
    let service = plans
        .stream
        .services
        .iter()
        .find(|service| service.name == case.service)
        .expect("a service");
    let all: Vec<usize> = (0..case.questions.len()).collect();
    let mut keys = service.keys.clone();
    keys.extend(
        service
            .self_columns
            .iter()
            .filter(|own| !service.keys.iter().any(|key| key.name == own.name))
            .cloned(),
    );
    let columns = case.columns(&keys, &all);
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..case.questions.len() as i64));
    let rows = RecordBatch::try_from_iter([("row", numbers)]).expect("one column");
    let spine = featr_batch::SpineData {
        schema: rows.schema(),
        batches: vec![rows],
        times: case.questions.iter().map(|asked| asked.at_us).collect(),
        columns: keys.into_iter().zip(columns).collect(),
    };
    let mut inputs = featr_batch::Inputs::new(spine);
    inputs.truth = case.truth;
    inputs.with_status = true;
    inputs.threads = 1 + case.questions.len() % 3;
    // With no memory at all, whatever is collected goes to disk; with little, some of it does, and entities with many
    // events are answered in parts.
    inputs.memory_bytes = match case.questions.len() % 4 {
        0 => Some(0),
        2 => Some(case.questions.len() * 7919 % 61 * 512),
        _ => None,
    };
    for (place, source) in case.program.sources.iter().enumerate() {
        let all: Vec<usize> = (0..case.rows[place].len()).collect();
        let batches = all.chunks(7).map(|rows| case.batch(place, rows)).collect();
        inputs.events.insert(source.name.clone(), batches);
    }
    let output = featr_batch::run(plan, inputs).unwrap_or_else(|error| panic!("batch: {error}"));
    let fields = &case.program.service(&case.service).expect("a service").fields;
    let mut answers: Answers = vec![Vec::new(); case.questions.len()];
    let mut from = 0;
    for batch in &output.batches {
        for (place, field) in fields.iter().enumerate() {
            let ty = case.program.view(field.view).feature(field.feature).ty;
            let values = featr_decode::from_arrow(batch.column(1 + 2 * place), ty).expect("its own type");
            let statuses = featr_decode::from_arrow(batch.column(2 + 2 * place), featc_ir::Type::String).expect("text");
            for row in 0..batch.num_rows() {
                answers[from + row].push((values.value(row), status(&statuses.value(row))));
            }
        }
        from += batch.num_rows();
    }
    answers
}

fn status(text: &Value) -> Status {
    let Value::String(text) = text else {
        panic!("a status is text, not {text:?}")
    };
    let plain = [
        Status::Ok,
        Status::Empty,
        Status::Missing,
        Status::Truncated,
        Status::Stale,
    ];
    let errors = featc_ir::ErrorCode::ALL.map(Status::Error);
    let found = plain
        .into_iter()
        .chain(errors)
        .find(|status| status.to_string() == *text);
    found.unwrap_or_else(|| panic!("no status: {text}"))
}
