//! The engine: a checked graph and the state of its logs.

use crate::flow::{Ask, Flow, LogFlow};
use crate::operators::log::{Log, LogQuestion, Walk};
use crate::operators::{accept, finish, rows, source};
use crate::paging::Paging;
use crate::report::{LogReport, LogStats, Reason, StepReport};
use crate::snapshot::{self, RestoreError};
use featc_ir::plan::{StreamGraph, StreamService};
use featc_ir::{Bug, Key, Status, Truth, Type};
use featr_kernels::identity::{self, Keys};
use featr_kernels::{Batch, Column, Tag};
use std::fmt;

/// Takes in rows of sources, answers questions of services.
///
/// # Contract
/// - **Total**: `step` takes any batch and accounts for every row of it; `read` answers every question about a service
///   of the graph, at any `t`, before or after the latest event.
/// - **Adequate**: after any sequence of steps, `read` equals the meaning of the *set* of accepted events: order,
///   chunking, copies, restarts from a snapshot and paging leave no trace (tested against slow twins).
/// - **NO-CLOCK**: nothing here reads a clock, draws a random number, starts a thread or does I/O.
#[derive(Debug)]
pub struct Engine {
    flow: Flow,
    /// One per `Log` operator, in graph order.
    logs: Vec<Log>,
    /// Per service and ask, the walks over its log.
    walks: Vec<Vec<Vec<Walk>>>,
}

/// Questions to one service. All columns have one row per question.
#[derive(Debug, Clone, Default)]
pub struct Questions {
    /// The instants, in microseconds since the epoch.
    pub times: Vec<i64>,
    /// The service's key columns, in its order. A null is nobody: nothing is known of it.
    pub keys: Vec<Column>,
    /// The service's self columns, in its order: the identity of the event that `excluding self` takes out.
    /// A question with a null among them takes nothing out.
    pub self_columns: Vec<Column>,
}

/// Why questions could not be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// The graph has no such service.
    UnknownService(String),
    /// The questions' columns are not the service's: their number, types or lengths differ.
    WrongShape { wanted: String },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::UnknownService(name) => write!(f, "there is no service `{name}`"),
            ReadError::WrongShape { wanted } => write!(f, "the questions do not have the columns {wanted}"),
        }
    }
}

impl std::error::Error for ReadError {}

impl Engine {
    /// An engine without events.
    ///
    /// # Errors
    /// A graph of another shape than source → accept → rows → log → finish, inputs first, with references that lead
    /// nowhere, or with a transform that reads the arrival column of its source.
    pub fn new(graph: StreamGraph) -> Result<Engine, Bug> {
        Engine::with_paging(graph, Paging::default())
    }

    /// As [`Engine::new`], with other page sizes. No answer and no snapshot depends on them.
    ///
    /// # Errors
    /// As [`Engine::new`].
    pub fn with_paging(graph: StreamGraph, paging: Paging) -> Result<Engine, Bug> {
        let flow = Flow::new(graph)?;
        let log = |log: &LogFlow| {
            let lifts = flow.rows[log.rows].spec.lifts.iter().map(|lift| lift.ty).collect();
            Log::new(log.spec.clone(), lifts, paging)
        };
        let logs: Vec<Log> = flow.logs.iter().map(log).collect();
        let walks = |ask: &Ask| logs[flow.finishes[ask.finish].log].walks(&ask.slots);
        let walks = flow
            .services
            .iter()
            .map(|service| service.asks.iter().map(walks).collect())
            .collect();
        Ok(Engine { flow, logs, walks })
    }

    /// Hash of the program, in hexadecimal.
    pub fn program(&self) -> &str {
        &self.flow.program
    }

    /// The service with this name.
    pub fn service(&self, name: &str) -> Option<&StreamService> {
        self.flow
            .services
            .iter()
            .map(|flow| &flow.service)
            .find(|service| service.name == name)
    }

    /// The services, in graph order.
    pub fn services(&self) -> impl Iterator<Item = &StreamService> {
        self.flow.services.iter().map(|flow| &flow.service)
    }

    /// Takes in decoded rows of a source (in its column order): acceptance, transforms, logs.
    ///
    /// Never fails: rows that do not count are in the report, with reasons, so that the caller can write them aside.
    pub fn step(&mut self, source: &str, batch: &Batch) -> StepReport {
        let Some(flow) = self.flow.sources.iter().find(|flow| flow.source.name == source) else {
            return StepReport::all_rejected(batch.rows, Reason::UnknownSource);
        };
        if !source::has_shape(&flow.source, batch) {
            return StepReport::all_rejected(batch.rows, Reason::WrongShape);
        }
        let accepted = accept::accept(&flow.source, batch);
        let mut report = StepReport {
            rows: batch.rows as u64,
            accepted: accepted.batch.rows as u64,
            rejected: Vec::new(),
            logs: Vec::new(),
        };
        for position in &flow.rows {
            let rows_flow = &self.flow.rows[*position];
            let keyed = rows::apply(&rows_flow.spec, &accepted);
            for log in &rows_flow.logs {
                let (inserted, duplicates) = self.logs[*log].step(&keyed);
                let dropped = keyed.dropped;
                report.logs.push(LogReport {
                    log: self.flow.logs[*log].id,
                    transform: rows_flow.spec.name.clone(),
                    filtered: dropped.filtered,
                    null_time: dropped.null_time,
                    null_key: dropped.null_key,
                    rejected: accepted.of_view(&keyed.rejected),
                    inserted,
                    duplicates,
                });
            }
        }
        report.logs.sort_by_key(|log| log.log);
        report.rejected = accepted.rejected;
        report
    }

    /// Answers questions: one column (valid or null) and one status per question for each column of the service, in
    /// service order.
    ///
    /// The state holds no arrival times. With `Truth::AsOfArrival` **the caller sees to it that exactly the rows with
    /// arrival ≤ t − delay have been stepped in before the read**; `truth` here only decides staleness.
    ///
    /// # Errors
    /// A service that the graph has not, or questions that have not its columns.
    pub fn read(
        &self,
        service: &str,
        questions: &Questions,
        truth: Truth,
    ) -> Result<Vec<(Column, Vec<Status>)>, ReadError> {
        let position = self.flow.services.iter().position(|flow| flow.service.name == service);
        let position = position.ok_or_else(|| ReadError::UnknownService(service.to_owned()))?;
        let flow = &self.flow.services[position];
        check_questions(&flow.service, questions)?;
        let mut answers: Vec<Option<(Column, Vec<Status>)>> = vec![None; flow.service.columns.len()];
        for (ask, walks) in flow.asks.iter().zip(&self.walks[position]) {
            let mut outputs: Vec<Option<(Column, Vec<Status>)>> = self
                .read_one(ask, walks, questions, truth)
                .into_iter()
                .map(Some)
                .collect();
            for (index, (column, output)) in ask.columns.iter().enumerate() {
                let again = ask.columns[index + 1..].iter().any(|(_, later)| later == output);
                answers[*column] = if again {
                    outputs[*output].clone()
                } else {
                    outputs[*output].take()
                };
            }
        }
        Ok(answers.into_iter().flatten().collect())
    }

    /// Every output of one `Finish`.
    fn read_one(&self, ask: &Ask, walks: &[Walk], questions: &Questions, truth: Truth) -> Vec<(Column, Vec<Status>)> {
        let finish = &self.flow.finishes[ask.finish];
        let log = &self.logs[finish.log];
        let keys_of = |positions: &[usize], columns: &[Column]| {
            let columns: Vec<&Column> = positions.iter().map(|position| &columns[*position]).collect();
            identity::entity_keys(&columns, questions.times.len())
        };
        let entities = keys_of(&ask.keys, &questions.keys);
        let self_columns = ask.self_columns.as_ref().filter(|columns| !columns.is_empty());
        let itself = self_columns.map(|columns| keys_of(columns, &questions.self_columns));
        let rows = (0..questions.times.len()).map(|row| LogQuestion {
            t_us: questions.times[row],
            entity: whole_key(&entities, row),
            itself: itself.as_ref().and_then(|keys| whole_key(keys, row)),
        });
        let answers = log.read(walks, rows);
        finish::finish(&finish.spec, log.spec(), &questions.times, answers, truth)
    }

    /// The state as bytes: a function of the program and of the set of events seen, and of nothing else.
    pub fn snapshot(&self) -> Vec<u8> {
        let logs = self
            .flow
            .logs
            .iter()
            .map(|flow| flow.state_key.as_str())
            .zip(&self.logs);
        snapshot::write(&self.flow.program, logs)
    }

    /// An engine in the state of a snapshot of the same program.
    ///
    /// # Errors
    /// A broken graph, damaged bytes, or a snapshot of another program or format. Never panics, whatever the bytes.
    pub fn restore(graph: StreamGraph, bytes: &[u8]) -> Result<Engine, RestoreError> {
        Engine::restore_with_paging(graph, bytes, Paging::default())
    }

    /// As [`Engine::restore`], with other page sizes.
    ///
    /// # Errors
    /// As [`Engine::restore`].
    pub fn restore_with_paging(graph: StreamGraph, bytes: &[u8], paging: Paging) -> Result<Engine, RestoreError> {
        let mut engine = Engine::with_paging(graph, paging).map_err(RestoreError::Graph)?;
        let keys = engine.flow.logs.iter().map(|flow| flow.state_key.as_str());
        let mut logs: Vec<(&str, &mut Log)> = keys.zip(&mut engine.logs).collect();
        snapshot::read(bytes, &engine.flow.program, &mut logs)?;
        Ok(engine)
    }

    /// Sizes of the logs, in graph order.
    pub fn stats(&self) -> Vec<LogStats> {
        let stats = self.flow.logs.iter().zip(&self.logs).map(|(flow, log)| {
            let size = log.size();
            LogStats {
                log: flow.id,
                transform: self.flow.rows[flow.rows].spec.name.clone(),
                entities: size.entities,
                events: size.events,
                pages: size.pages,
                bytes: size.bytes,
            }
        });
        stats.collect()
    }

    /// The logs, for tests of their invariants.
    #[cfg(test)]
    pub(crate) fn logs(&self) -> &[Log] {
        &self.logs
    }
}

/// A key without nulls and errors in it.
fn whole_key(keys: &Keys, row: usize) -> Option<&[u8]> {
    let tag = keys.tags.as_ref().map_or(Tag::VALID, |tags| tags[row]);
    (tag == Tag::VALID).then(|| keys.bytes.get(row))
}

fn check_questions(service: &StreamService, questions: &Questions) -> Result<(), ReadError> {
    let rows = questions.times.len();
    let fits = |keys: &[Key], columns: &[Column]| {
        keys.len() == columns.len()
            && keys
                .iter()
                .zip(columns)
                .all(|(key, column)| has_type(column, key.ty, rows))
    };
    if fits(&service.keys, &questions.keys) && fits(&service.self_columns, &questions.self_columns) {
        return Ok(());
    }
    let name = |key: &Key| format!("{}: {}", key.name, key.ty);
    let wanted: Vec<String> = service.keys.iter().chain(&service.self_columns).map(name).collect();
    Err(ReadError::WrongShape {
        wanted: format!("({})", wanted.join(", ")),
    })
}

/// Whether a column is of a type, in its storage, with this many rows.
pub(crate) fn has_type(column: &Column, ty: Type, rows: usize) -> bool {
    let storage = featr_kernels::Data::zeros(ty, 0);
    column.ty == ty
        && std::mem::discriminant(&column.data) == std::mem::discriminant(&storage)
        && column.data.len() == rows
        && column.tags.as_ref().is_none_or(|tags| tags.len() == rows)
}
