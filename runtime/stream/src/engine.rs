//! The engine: a checked graph and the state of its logs.

use crate::flow::{Ask, Flow, LogFlow};
use crate::operators::log::{Log, LogQuestion, Walk};
use crate::operators::waiting::{Run, Waiting};
use crate::operators::{accept, finish, rows, source};
use crate::paging::Paging;
use crate::report::{LogReport, LogStats, Reason, StepReport};
use crate::snapshot::{self, RestoreError};
use featc_ir::display::instant;
use featc_ir::plan::{StreamGraph, StreamService};
use featc_ir::{Bug, Key, Source, Status, Truth, Type};
use featr_kernels::identity::{self, Keys};
use featr_kernels::{Batch, Column, Tag};
use std::fmt;

/// Takes in rows of sources, answers questions of services, in one truth.
///
/// As of arrival an accepted row waits until the *cut* has reached its arrival and the delay of its source:
/// [`Engine::advance`] moves the cut, and a read is answered at the cut and nowhere else. In truth `complete` nothing
/// waits, there is no cut, and a read is answered at any instant.
///
/// # Contract
/// - **Total**: `step` takes any batch and accounts for every row of it; `read` answers every question about a service
///   of the graph, before or after the latest event.
/// - **Adequate**: after any sequence of steps, `read` equals the meaning of the *set* of accepted events: order,
///   chunking, copies, advances, restarts from a snapshot and paging leave no trace (tested against slow twins).
/// - **NO-CLOCK**: nothing here reads a clock, draws a random number, starts a thread or does I/O.
#[derive(Debug)]
pub struct Engine {
    flow: Flow,
    truth: Truth,
    /// As of arrival: up to where events have been let in. It never goes back.
    cut_us: Option<i64>,
    /// One per `Log` operator, in graph order.
    logs: Vec<Log>,
    /// One per log: what the cut has not reached.
    waiting: Vec<Waiting>,
    /// Per service and ask, the walks over its log.
    walks: Vec<Vec<Vec<Walk>>>,
}

/// Questions to one service. All columns have one row per question.
#[derive(Debug, Clone, Default)]
pub struct Questions {
    /// The instants, in microseconds since the epoch.
    pub times: Vec<i64>,
    // Law: null_key (proofs/theory/Laws.v)
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
    /// As of arrival: a question at an instant other than the cut (`None`: there is none yet).
    NotAtCut { at_us: i64, cut_us: Option<i64> },
}

/// The cut was asked to go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutGoesBack {
    pub cut_us: i64,
    pub asked_us: i64,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::UnknownService(name) => write!(f, "there is no service `{name}`"),
            ReadError::WrongShape { wanted } => write!(f, "the questions do not have the columns {wanted}"),
            ReadError::NotAtCut { at_us, cut_us } => {
                let cut = cut_us.map_or_else(|| "nowhere yet".to_owned(), |cut_us| format!("at {}", instant(cut_us)));
                write!(f, "asked at {}, but the cut is {cut}", instant(*at_us))
            }
        }
    }
}

impl fmt::Display for CutGoesBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cut, asked) = (instant(self.cut_us), instant(self.asked_us));
        write!(f, "the cut is at {cut} and cannot go back to {asked}")
    }
}

impl std::error::Error for CutGoesBack {}

impl std::error::Error for ReadError {}

impl Engine {
    /// An engine without events.
    ///
    /// # Errors
    /// A graph of another shape than source → accept → rows → log → finish, inputs first, with references that lead
    /// nowhere, or with a transform that reads the arrival column of its source.
    pub fn new(graph: StreamGraph, truth: Truth) -> Result<Engine, Bug> {
        Engine::with_paging(graph, truth, Paging::default())
    }

    /// As [`Engine::new`], with other page sizes. No answer and no snapshot depends on them.
    ///
    /// # Errors
    /// As [`Engine::new`].
    pub fn with_paging(graph: StreamGraph, truth: Truth, paging: Paging) -> Result<Engine, Bug> {
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
        Ok(Engine {
            flow,
            truth,
            cut_us: None,
            waiting: logs.iter().map(|_| Waiting::default()).collect(),
            logs,
            walks,
        })
    }

    /// The truth that questions are answered in.
    pub fn truth(&self) -> Truth {
        self.truth
    }

    /// As of arrival: the instant at which questions are answered; `None` before the first [`Engine::advance`].
    pub fn cut_us(&self) -> Option<i64> {
        self.cut_us
    }

    /// The greatest arrival that is visible at the cut: `None` where nothing waits.
    fn visible_until(&self, source: &Source) -> Option<i128> {
        let delay_us = self.truth.delay_us(source.delay_us)?;
        let cut_us = self.cut_us.map_or(i128::MIN, i128::from);
        Some(cut_us.saturating_sub(i128::from(delay_us)))
    }

    /// As of arrival: moves the cut, and lets in the rows that are visible there (arrival + delay ≤ cut). In truth
    /// `complete` nothing waits, and nothing happens.
    ///
    /// # Errors
    /// [`CutGoesBack`]; nothing has changed then. To move to the same cut again is no error.
    pub fn advance(&mut self, cut_us: i64) -> Result<(), CutGoesBack> {
        // Law: cut (proofs/theory/Truth.v)
        if self.truth == Truth::Complete {
            return Ok(());
        }
        match self.cut_us {
            Some(known) if cut_us < known => {
                return Err(CutGoesBack {
                    cut_us: known,
                    asked_us: cut_us,
                });
            }
            Some(_) | None => self.cut_us = Some(cut_us),
        }
        for position in 0..self.logs.len() {
            if let Some(until_us) = self.visible_until(self.flow.source_of(position)) {
                self.waiting[position].let_in(until_us, &mut self.logs[position]);
            }
        }
        Ok(())
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
        // Law: complete_delivery (proofs/theory/Truth.v)
        let Some(flow) = self.flow.sources.iter().find(|flow| flow.source.name == source) else {
            return StepReport::all_rejected(batch.rows, Reason::UnknownSource);
        };
        if !source::has_shape(&flow.source, batch) {
            return StepReport::all_rejected(batch.rows, Reason::WrongShape);
        }
        let accepted = accept::accept(&flow.source, batch);
        let gate = self.visible_until(&flow.source);
        let gate = gate.and_then(|until_us| Gate::new(until_us, &flow.source, &accepted.batch));
        let waiting = gate.as_ref().map_or(0, Gate::waiting);
        let mut report = StepReport {
            rows: batch.rows as u64,
            accepted: accepted.batch.rows as u64,
            waiting,
            overdue: match (&gate, self.cut_us) {
                (Some(_), Some(_)) => accepted.batch.rows as u64 - waiting,
                (Some(_), None) | (None, _) => 0,
            },
            rejected: Vec::new(),
            logs: Vec::new(),
        };
        for position in &flow.rows {
            let rows_flow = &self.flow.rows[*position];
            let keyed = rows::apply(&rows_flow.spec, &accepted);
            let dropped = keyed.dropped;
            let rejected = accepted.of_view(&keyed.rejected);
            let (enter, wait, run) = split(keyed, gate.as_ref());
            for log in &rows_flow.logs {
                let rows = enter.iter().map(|row| *row as usize);
                let (inserted, duplicates) = self.logs[*log].step(&run.entities, &run.events, rows);
                self.waiting[*log].put(&run, &wait);
                report.logs.push(LogReport {
                    log: self.flow.logs[*log].id,
                    transform: rows_flow.spec.name.clone(),
                    filtered: dropped.filtered,
                    null_time: dropped.null_time,
                    null_key: dropped.null_key,
                    rejected: rejected.clone(),
                    inserted,
                    duplicates,
                    waiting: wait.len() as u64,
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
    /// # Errors
    /// A service that the graph has not, questions that have not its columns, and as of arrival a question that is not
    /// asked at the cut.
    pub fn read(&self, service: &str, questions: &Questions) -> Result<Vec<(Column, Vec<Status>)>, ReadError> {
        let position = self.flow.services.iter().position(|flow| flow.service.name == service);
        let position = position.ok_or_else(|| ReadError::UnknownService(service.to_owned()))?;
        let flow = &self.flow.services[position];
        check_questions(&flow.service, questions)?;
        let elsewhere = |at_us: &&i64| self.truth != Truth::Complete && Some(**at_us) != self.cut_us;
        if let Some(at_us) = questions.times.iter().find(elsewhere) {
            return Err(ReadError::NotAtCut {
                at_us: *at_us,
                cut_us: self.cut_us,
            });
        }
        let mut answers: Vec<Option<(Column, Vec<Status>)>> = vec![None; flow.service.columns.len()];
        for (ask, walks) in flow.asks.iter().zip(&self.walks[position]) {
            let mut outputs: Vec<Option<(Column, Vec<Status>)>> =
                self.read_one(ask, walks, questions).into_iter().map(Some).collect();
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
    fn read_one(&self, ask: &Ask, walks: &[Walk], questions: &Questions) -> Vec<(Column, Vec<Status>)> {
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
        finish::finish(&finish.spec, log.spec(), &questions.times, answers, self.truth)
    }

    /// The state as bytes: a function of the program, the truth, the cut and the set of rows accepted, and of nothing
    /// else.
    pub fn snapshot(&self) -> Vec<u8> {
        let header = snapshot::Header {
            program: self.flow.program.clone(),
            truth: self.truth,
            cut_us: self.cut_us,
        };
        let keys = self.flow.logs.iter().map(|flow| flow.state_key.as_str());
        let logs: Vec<(&str, &Log, &Waiting)> = keys
            .zip(self.logs.iter().zip(&self.waiting))
            .map(|(key, (log, waiting))| (key, log, waiting))
            .collect();
        snapshot::write(&header, &logs)
    }

    /// An engine in the state of a snapshot of the same program and truth.
    ///
    /// # Errors
    /// A broken graph, damaged bytes, or a snapshot of another program, truth or format. Never panics, whatever the
    /// bytes.
    pub fn restore(graph: StreamGraph, truth: Truth, bytes: &[u8]) -> Result<Engine, RestoreError> {
        Engine::restore_with_paging(graph, truth, bytes, Paging::default())
    }

    /// As [`Engine::restore`], with other page sizes.
    ///
    /// # Errors
    /// As [`Engine::restore`].
    pub fn restore_with_paging(
        graph: StreamGraph,
        truth: Truth,
        bytes: &[u8],
        paging: Paging,
    ) -> Result<Engine, RestoreError> {
        // Law: restart (proofs/theory/Laws.v)
        let mut engine = Engine::with_paging(graph, truth, paging).map_err(RestoreError::Graph)?;
        let mut reader = snapshot::open(bytes)?;
        engine.cut_us = reader.header(&engine.flow.program, truth)?;
        let gates = (0..engine.logs.len()).map(|log| engine.visible_until(engine.flow.source_of(log)));
        let gates: Vec<Option<i128>> = gates.collect();
        let flows = engine.flow.logs.iter();
        let states = engine.logs.iter_mut().zip(&mut engine.waiting).zip(gates);
        let mut states: Vec<snapshot::LogState<'_>> = flows
            .zip(states)
            .map(|(flow, ((log, waiting), visible_until))| snapshot::LogState {
                key: flow.state_key.as_str(),
                log,
                waiting,
                visible_until,
            })
            .collect();
        snapshot::read(reader, &mut states)?;
        Ok(engine)
    }

    /// Sizes of the logs, in graph order.
    pub fn stats(&self) -> Vec<LogStats> {
        let logs = self.logs.iter().zip(&self.waiting);
        let stats = self.flow.logs.iter().zip(logs).map(|(flow, (log, waiting))| {
            let size = log.size();
            LogStats {
                log: flow.id,
                transform: self.flow.rows[flow.rows].spec.name.clone(),
                entities: size.entities,
                events: size.events,
                waiting: waiting.len() as u64,
                pages: size.pages,
                bytes: size.bytes + waiting.bytes() as u64,
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

/// Which rows of a step may enter.
struct Gate {
    /// Per accepted row.
    arrivals: Vec<i64>,
    /// The greatest arrival that is visible at the cut.
    until_us: i128,
}

impl Gate {
    /// `None` for rows of a static source, and of one without arrival, which wait for nothing.
    fn new(until_us: i128, source: &Source, accepted: &Batch) -> Option<Gate> {
        let arrivals = featr_kernels::rows::arrivals(source, accepted)?;
        Some(Gate { arrivals, until_us })
    }

    fn is_open(&self, row: u32) -> bool {
        i128::from(self.arrivals[row as usize]) <= self.until_us
    }

    /// Rows that do not enter.
    fn waiting(&self) -> u64 {
        let rows = 0..self.arrivals.len() as u32;
        rows.filter(|row| !self.is_open(*row)).count() as u64
    }
}

/// The events that enter and those that wait, by their places in the run.
fn split(keyed: rows::KeyedEvents, gate: Option<&Gate>) -> (Vec<u32>, Vec<u32>, Run) {
    let places = 0..keyed.events.len() as u32;
    let (enter, wait) = match gate {
        None => (places.collect(), Vec::new()),
        Some(gate) => places.partition(|place| gate.is_open(keyed.rows[*place as usize])),
    };
    let arrivals = match gate {
        Some(gate) => keyed.rows.iter().map(|row| gate.arrivals[*row as usize]).collect(),
        None => Vec::new(),
    };
    (enter, wait, Run::of(arrivals, keyed.entities, keyed.events))
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
