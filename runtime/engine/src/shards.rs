//! One online state as several, each with some of the entities: they can be written and asked at the same time.
//!
//! ```text
//! Pushing ─▶ Stage ─▶ Staged { part, part, … } ─▶ Online, Online, …        rows, without a state up to there
//! Asking  ─▶ Online, Online, … ─▶ Known, Known, … ─▶ Stage ─▶ answers
//! ```
//!
//! Neither answers nor snapshots tell in how many.

use crate::error::Error;
use crate::online::{Online, refused};
use crate::pushing::Pushing;
use crate::results::columns_to_batch;
use arrow::array::{Array as _, RecordBatch, TimestampMicrosecondArray};
use featc_ir::{ColumnId, Source};
use featr_kernels::{Value, identity};
use featr_stream::{Engine, Known, Owners, Questions, Snapshotting, Staged, StagedPart, StepReport};
use std::sync::Arc;

/// What is done to rows and questions before and after the states: an engine without events.
#[derive(Debug)]
pub struct Stage {
    online: Online,
    shards: usize,
}

/// Questions whose instant is not said yet, and who can answer them.
#[derive(Debug)]
pub struct Asking {
    service: String,
    questions: Questions,
    owners: Owners,
}

/// Questions at an instant, and who can answer them.
#[derive(Debug)]
pub struct TimedAsking(Asking);

/// A row of a table with versions.
#[derive(Debug, Clone)]
pub struct Version {
    /// Its position among those that were pushed.
    pub row: usize,
    /// Arrival, in microseconds since 1970, of the earliest version in the state that equals this one in every column but the
    /// arrival; `None` if there is none.
    pub known_us: Option<i64>,
    /// All of it but its arrival.
    pub bytes: Vec<u8>,
}

impl Asking {
    /// The states that have to be asked, ascending.
    pub fn shards(&self) -> Vec<usize> {
        self.owners.shards()
    }

    /// Says at which instant it is asked, in microseconds since the epoch.
    #[must_use]
    pub fn at(mut self, at_us: i64) -> TimedAsking {
        self.questions.times.fill(at_us);
        TimedAsking(self)
    }
}

impl Online {
    /// This state as so many, and what they have in common. Each has its place from then on. A state that takes in tables with
    /// versions stays one.
    ///
    /// # Errors
    /// [`Error::Bug`].
    pub fn divide(self, shards: usize) -> Result<(Stage, Vec<Online>), Error> {
        let shards = match self.engine.can_divide() {
            true => shards.max(1),
            false => 1,
        };
        let stage = Stage {
            online: self.fresh()?,
            shards,
        };
        let others = (1..shards).map(|_| Ok(self.fresh()?.engine));
        let others = others.collect::<Result<Vec<Engine>, Error>>()?;
        let (graphs, refused) = (self.graphs, self.refused);
        let online = |engine| Online {
            graphs: graphs.clone(),
            engine,
            refused: refused.clone(),
        };
        let engines = self.engine.divide(others)?;
        Ok((stage, engines.into_iter().map(online).collect()))
    }

    /// What rows of a table are, and whether they are held.
    ///
    /// # Errors
    /// As [`Pushing::new`].
    pub fn versions(&self, declared: &Source, rows: &RecordBatch) -> Result<Vec<Version>, Error> {
        let arrival = declared.arrival_column().map(ColumnId::index);
        // Rows without an arrival are no rows yet; which one they get does not matter here.
        let mut arrays = rows.columns().to_vec();
        if let Some(array) = arrival.and_then(|arrival| arrays.get_mut(arrival)) {
            let any = TimestampMicrosecondArray::from(vec![0; rows.num_rows()]);
            *array = Arc::new(any.with_data_type(array.data_type().clone()));
        }
        let rows =
            RecordBatch::try_new(rows.schema(), arrays).map_err(|error| Error::Bug { why: error.to_string() })?;
        let pushing = Pushing::new(declared, &rows)?;
        let version = |(row, mut values): (usize, Vec<Value>)| {
            let known_us = self.engine.arrival_of(&declared.name, &values);
            if let Some(arrival) = arrival {
                values[arrival] = Value::Null;
            }
            let bytes = identity::key_of_values(&values);
            Version { row, known_us, bytes }
        };
        Ok(pushing.rows().map(version).collect())
    }

    /// Takes in what was staged for this state; adds what became of it to a report that begins empty.
    pub fn take_in_part(&mut self, part: &StagedPart, report: &mut StepReport) {
        self.engine.take_in(part, report);
    }

    /// What this state, which has this place, knows of questions.
    ///
    /// # Errors
    /// As [`Online::read`], of the instant.
    pub fn known(&self, TimedAsking(asking): &TimedAsking, shard: usize) -> Result<Known, Error> {
        let rows = asking.owners.rows(shard);
        let known = self.engine.known(&asking.service, &asking.questions, (shard, rows));
        known.map_err(refused)
    }

    /// As [`Online::begin_snapshot`], of this state, the first, and all others in their order. All are let in up to one cut.
    pub fn begin_snapshot_with(&self, others: &[&Online]) -> Snapshotting {
        self.engine.begin_snapshot_with(&engines(others))
    }

    /// As [`Online::put_part`], of the states that it was begun with.
    pub fn put_part_with(&self, others: &[&Online], snapshot: &mut Snapshotting, entities: usize) -> bool {
        self.engine.put_part_with(&engines(others), snapshot, entities)
    }
}

pub(crate) fn engines<'a>(onlines: &[&'a Online]) -> Vec<&'a Engine> {
    onlines.iter().map(|online| &online.engine).collect()
}

impl Stage {
    /// Another one, for another thread.
    ///
    /// # Errors
    /// [`Error::Bug`].
    pub fn another(&self) -> Result<Stage, Error> {
        Ok(Stage {
            online: self.online.fresh()?,
            shards: self.shards,
        })
    }

    /// The rows of a push on their way, so many at a time.
    pub fn stage(&mut self, pushing: &Pushing, rows: usize) -> Vec<Staged> {
        let mut staged = Vec::new();
        let mut from = 0;
        while let Some(part) = pushing.part_from(from, rows) {
            from += part.rows;
            let source = pushing.source();
            staged.push(self.online.engine.stage(source, &part, self.shards));
        }
        staged
    }

    /// Questions to a service, as [`Online::read`] takes them; [`Asking::at`] says when they are asked.
    ///
    /// # Errors
    /// As [`Online::read`], but of instants.
    pub fn asking(&self, service: &str, rows: &RecordBatch) -> Result<Asking, Error> {
        let questions = self.online.questions(service, rows, vec![0; rows.num_rows()])?;
        let owners = self.online.engine.owners(service, &questions, self.shards);
        Ok(Asking {
            service: service.to_owned(),
            owners: owners.map_err(refused)?,
            questions,
        })
    }

    /// The answers, of what all states know that were asked; each feature is followed by its status.
    ///
    /// # Errors
    /// None but bugs.
    pub fn answers(&self, TimedAsking(asking): &TimedAsking, known: Vec<Known>) -> Result<RecordBatch, Error> {
        let (service, questions) = (&asking.service, &asking.questions);
        let composed = self.online.engine.compose(service, questions, &asking.owners, known);
        columns_to_batch(&self.online.field_names(service), composed.map_err(refused)?, true)
    }
}
