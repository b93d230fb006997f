//! One engine as several, by the hash of the keys of entities.
//!
//! ```text
//! rows ─▶ stage: accept, transform, lift ─┬─▶ part 0 ─▶ engine 0 ─┬─▶ columns ─▶ compose ─▶ answer
//!         (no state)                      └─▶ part 1 ─▶ engine 1 ─┘
//! ```
//!
//! An entity is in one of them, in every log with its key. What an entity is answered depends on its own events alone, so
//! engines that hold the entities between them answer as one that holds all, and write its snapshot.

use crate::delta::{Delta, EventDeltas, RowDeltas, Weights};
use crate::engine::Engine;
use crate::operators::source;
use crate::place::shard_of;
use crate::question::{Questions, ReadError, check_questions};
use crate::report::{Reason, StepReport};
use crate::snapshot::{Snapshotting, State, StateKind};
use featc_ir::{Bug, Status};
use featr_kernels::{Batch, Column, Value};

/// Rows that were accepted, transformed and lifted, on their way into the logs of the engines that hold their entities.
#[derive(Debug)]
pub struct Staged {
    /// What is known of the rows so far.
    pub report: StepReport,
    /// One per engine.
    pub parts: Vec<StagedPart>,
}

/// What one engine takes in.
#[derive(Debug, Default)]
pub struct StagedPart {
    /// Rows of a source as they came, where there is one engine only.
    rows: Option<(String, Batch)>,
    /// Events, each with the positions of the logs that they go to.
    events: Vec<(Vec<usize>, Delta<'static>)>,
}

impl StagedPart {
    /// Whether there is nothing to take in, and nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.rows.is_none() && self.events.is_empty()
    }
}

/// What a service's columns are asked of: some of the engines.
#[derive(Debug)]
pub struct Owners {
    /// Per column, which of `of_rows` it goes by.
    columns: Vec<usize>,
    /// Per key that the service asks by, the shard of every question.
    of_rows: Vec<Vec<u32>>,
}

impl Owners {
    /// The engines that are asked, ascending.
    pub fn shards(&self) -> Vec<usize> {
        let mut shards: Vec<usize> = self.of_rows.iter().flatten().map(|shard| *shard as usize).collect();
        shards.sort_unstable();
        shards.dedup();
        // Who asks nothing of logs is answered all the same.
        if shards.is_empty() { vec![0] } else { shards }
    }

    /// The questions that an engine is asked.
    pub fn rows(&self, shard: usize) -> Vec<u32> {
        let rows = self.of_rows.first().map_or(0, Vec::len) as u32;
        let is_asked = |row: &u32| self.of_rows.iter().any(|of| of[*row as usize] as usize == shard);
        (0..rows).filter(is_asked).collect()
    }
}

/// What one engine knows of the questions that it was asked: of each column of the service, an answer per question.
#[derive(Debug)]
pub struct Known {
    pub shard: usize,
    pub rows: Vec<u32>,
    pub columns: Vec<(Column, Vec<Status>)>,
}

impl Engine {
    /// Whether it can be several: what is in front of its logs has no state. Tables with versions, and the rows that wait for them,
    /// belong to no entity.
    pub fn can_divide(&self) -> bool {
        self.network.states().all(|state| state.kind() == StateKind::Log)
    }

    /// This engine as so many, itself the first; the others are those given, which are of the same graphs and truth, without
    /// events.
    ///
    /// # Errors
    /// The others are not that.
    pub fn divide(mut self, others: Vec<Engine>) -> Result<Vec<Engine>, Bug> {
        let shards = others.len() + 1;
        if shards > 1 && !self.can_divide() {
            return Err(Bug("an engine whose rows wait for tables is divided".to_owned()));
        }
        let mut engines = Vec::with_capacity(shards);
        for (place, mut other) in others.into_iter().enumerate() {
            if other.now.truth != self.now.truth || other.network.states().count() != self.network.states().count() {
                return Err(Bug("shards of another engine".to_owned()));
            }
            other.now = self.now.clone();
            let is_theirs = |key: &[u8]| shard_of(key, shards) == place + 1;
            for (from, to) in self.network.states_mut().zip(other.network.states_mut()) {
                let moved = from.split_off(&is_theirs);
                moved.into_iter().for_each(|moved| to.put_moved(moved));
            }
            engines.push(other);
        }
        engines.insert(0, self);
        Ok(engines)
    }

    /// Accepts, transforms and lifts rows for so many engines; changes nothing. Every one is an insertion. For one engine that
    /// is left to it: [`StagedPart`] has the rows as they are.
    pub fn stage(&mut self, source: &str, batch: &Batch, shards: usize) -> Staged {
        let parts = (0..shards.max(1)).map(|_| StagedPart::default()).collect();
        let mut staged = Staged {
            report: StepReport::all_rejected(batch.rows, Reason::UnknownSource),
            parts,
        };
        let mut sources = self.network.sources();
        let Some((place, declared)) = sources.find(|(_, known)| known.name == source) else {
            return staged;
        };
        if !source::has_shape(declared, batch) {
            staged.report = StepReport::all_rejected(batch.rows, Reason::WrongShape);
            return staged;
        }
        drop(sources);
        staged.report = StepReport {
            rows: batch.rows as u64,
            ..StepReport::default()
        };
        if let [only] = &mut staged.parts[..] {
            only.rows = Some((source.to_owned(), batch.clone()));
            return staged;
        }
        let weights = Weights::INSERTS;
        let rows = RowDeltas { batch, weights };
        for (logs, events) in self.network.stage(place, rows, &self.now, &mut staged.report) {
            for (part, events) in staged.parts.iter_mut().zip(events.divide(shards.max(1))) {
                if let Some(events) = events {
                    part.events.push((logs.clone(), Delta::Events(events)));
                }
            }
        }
        staged
    }

    /// When a version of a table was known first that is this row but for its arrival, of those that are held.
    pub fn arrival_of(&self, table: &str, row: &[Value]) -> Option<i64> {
        let mut states = self.network.states().filter(|state| state.name().source == table);
        states.find_map(|state| state.arrival_of(row))
    }

    /// Takes in a part that was staged for this engine; adds to the report what became of it.
    pub fn take_in(&mut self, part: &StagedPart, report: &mut StepReport) {
        if let Some((source, batch)) = &part.rows {
            self.step_staged(source, batch, report);
        }
        for (logs, events) in &part.events {
            self.network.step(logs, events, &self.now, report);
        }
    }

    /// Which engines are asked what.
    ///
    /// # Errors
    /// As [`Engine::read`], of services and the shape of questions.
    pub fn owners(&self, service: &str, questions: &Questions, shards: usize) -> Result<Owners, ReadError> {
        let asked = self.asked(service)?;
        check_questions(&asked.spine, questions)?;
        let (columns, keys) = asked.keys();
        let of_rows = keys.into_iter().map(|keys| {
            let columns: Vec<&Column> = keys.iter().map(|key| &questions.keys[*key]).collect();
            let keys = featr_kernels::identity::keys_of_columns(&columns, questions.times.len());
            keys.iter().map(|key| shard_of(key, shards) as u32).collect()
        });
        let of_rows: Vec<Vec<u32>> = of_rows.collect();
        Ok(Owners { columns, of_rows })
    }

    /// What this engine, which has this place among the shards, knows of questions.
    ///
    /// # Errors
    /// As [`Engine::read`].
    pub fn known(
        &self,
        service: &str,
        questions: &Questions,
        (shard, rows): (usize, Vec<u32>),
    ) -> Result<Known, ReadError> {
        let some = (rows.len() != questions.times.len()).then(|| questions.take(&rows));
        let now = self.at(some.as_ref().unwrap_or(questions), false)?;
        let columns = self.network.columns(self.asked(service)?, now, &mut Vec::new())?;
        Ok(Known { shard, rows, columns })
    }

    /// The answers, of what the engines know.
    ///
    /// # Errors
    /// As [`Engine::read`], of services.
    pub fn compose(
        &self,
        service: &str,
        questions: &Questions,
        owners: &Owners,
        mut known: Vec<Known>,
    ) -> Result<Vec<(Column, Vec<Status>)>, ReadError> {
        let rows = questions.times.len();
        let columns = match &mut known[..] {
            [one] if one.rows.len() == rows => std::mem::take(&mut one.columns),
            _ => joined(owners, &known, rows),
        };
        let asked = self.asked(service)?;
        Ok(asked.with_own(columns, self.at(questions, false)?, &mut Vec::new()))
    }

    /// Begins a snapshot that is taken in parts.
    pub fn begin_snapshot(&self) -> Snapshotting {
        self.begin_snapshot_with(&[])
    }

    /// As [`Engine::begin_snapshot`], of this engine and of the others that hold the entities with it, in their order; all are at
    /// one cut.
    pub fn begin_snapshot_with(&self, others: &[&Engine]) -> Snapshotting {
        let states = states_of(self, others).into_iter();
        Snapshotting::begin(&self.program, &self.now, states, None)
    }

    /// Adds the next `entities` entities of a log to a snapshot of this engine, or fewer where they have many events; tells whether
    /// there is more.
    pub fn put_part(&self, snapshot: &mut Snapshotting, entities: usize) -> bool {
        self.put_part_with(&[], snapshot, entities)
    }

    /// As [`Engine::put_part`], of this engine and the others.
    pub fn put_part_with(&self, others: &[&Engine], snapshot: &mut Snapshotting, entities: usize) -> bool {
        snapshot.put_part(entities, states_of(self, others).into_iter())
    }
}

/// By log, its state in each of the engines.
pub(crate) fn states_of<'a>(first: &'a Engine, others: &[&'a Engine]) -> Vec<Vec<&'a dyn State>> {
    let mut states: Vec<Vec<&dyn State>> = first.network.states().map(|state| vec![state]).collect();
    for other in others {
        let more = states.iter_mut().zip(other.network.states());
        more.for_each(|(of_log, state)| of_log.push(state));
    }
    states
}

/// Every column, each row from the engine that holds its entity.
fn joined(owners: &Owners, known: &[Known], rows: usize) -> Vec<(Column, Vec<Status>)> {
    // Where the answer of a question stands after those of all engines, by shard.
    let mut places: Vec<(usize, Vec<u32>)> = Vec::new();
    let mut before = 0;
    for of in known {
        let mut place = vec![0; rows];
        (before..).zip(&of.rows).for_each(|(at, row)| place[*row as usize] = at);
        before += of.rows.len() as u32;
        places.push((of.shard, place));
    }
    let place = |shard: u32, row: usize| {
        let of = places.iter().find(|(known, _)| *known == shard as usize);
        of.map_or(0, |(_, place)| place[row])
    };
    let column = |(column, of): (usize, &usize)| {
        let mut all: Option<(Column, Vec<Status>)> = None;
        for (values, statuses) in known.iter().map(|known| &known.columns[column]) {
            match &mut all {
                None => all = Some((values.clone(), statuses.clone())),
                Some((known, of)) => {
                    known.append(values);
                    of.extend_from_slice(statuses);
                }
            }
        }
        let (values, statuses) = all?;
        let shards = owners.of_rows[*of].iter().enumerate();
        let taken: Vec<u32> = shards.map(|(row, shard)| place(*shard, row)).collect();
        let statuses = taken.iter().map(|at| statuses[*at as usize]).collect();
        Some((values.take(&taken), statuses))
    };
    owners.columns.iter().enumerate().filter_map(column).collect()
}

impl EventDeltas {
    /// Its events by shard; nothing where a shard has none. What the transform left out goes with the first.
    fn divide(self, shards: usize) -> Vec<Option<EventDeltas>> {
        if shards == 1 {
            return vec![Some(self)];
        }
        let mut rows: Vec<Vec<u32>> = vec![Vec::new(); shards];
        for (row, key) in (0u32..).zip(self.entities.iter()) {
            rows[shard_of(key, shards)].push(row);
        }
        let part = |(shard, rows): (usize, Vec<u32>)| {
            let is_first = shard == 0;
            (is_first || !rows.is_empty()).then(|| EventDeltas {
                transform: self.transform.clone(),
                rows: rows.iter().map(|row| self.rows[*row as usize]).collect(),
                entities: self.entities.take(&rows),
                events: self.events.take(&rows),
                weights: self.weights.take(&rows),
                arrivals: self
                    .arrivals
                    .as_ref()
                    .map(|arrivals| rows.iter().map(|row| arrivals[*row as usize]).collect()),
                dropped: if is_first { self.dropped } else { Default::default() },
                waiting: if is_first { self.waiting } else { 0 },
                rejected: if is_first { self.rejected.clone() } else { Vec::new() },
            })
        };
        rows.into_iter().enumerate().map(part).collect()
    }
}
