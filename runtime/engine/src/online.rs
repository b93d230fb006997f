//! Online values: push events, read services.

use crate::error::Error;
use crate::log_columns::INSTANT;
use crate::program::Program;
use crate::pushing::{PushReport, Pushing};
use crate::results::columns_to_batch;
use crate::spine::shared_identity;
use arrow::array::{Array as _, RecordBatch};
use featc_ir::plan::StreamGraph;
use featc_ir::{Key, Source, Truth};
use featr_decode::{Aside, from_arrow};
use featr_kernels::{Batch, Column, Value};
use featr_stream::{
    AdvanceReport, Cuts, Engine, FeatureTrouble, Kept, LogName, LogStats, Questions, ReadError, RestoreError,
    RestoreReport, Snapshotting, StepReport,
};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

/// The streaming engine of a program in one truth, with Arrow at its borders.
///
/// # Contract
/// - Answers are a function of the *set* of rows pushed, and as of arrival of the cut: order, batches, copies and
///   restarts leave no trace.
/// - Under [`Truth::AsOfArrival`] pushed rows wait until [`Online::advance`] has moved the cut to the first instant at
///   which they are visible (arrival + delay), and [`Online::read`] is answered at the cut and nowhere else. Under
///   [`Truth::Complete`] nothing waits, and any instant can be asked that is not before the last [`Online::advance`].
///   Under [`Truth::AsServed`] rows wait for [`Online::let_in`], which has a cut per source, and instants are as free as there.
/// - Events are kept while a question that may still be asked can reach them. [`Online::advance`] releases the others, and
///   nothing else does; a question that would need released events is refused.
#[derive(Debug)]
pub struct Online {
    pub(crate) graphs: Vec<StreamGraph>,
    pub(crate) engine: Engine,
    /// The services that cannot be asked in this truth, and why.
    pub(crate) refused: BTreeMap<String, Error>,
}

impl Program {
    /// An engine without events, for all services of the program, in one truth.
    ///
    /// As of arrival and as served a service with a source that has no arrival and is not static cannot be asked; the others
    /// can. As served a question sees what [`Online::let_in`] has let in, at any instant that is not before the last
    /// [`Online::advance`].
    ///
    /// # Errors
    /// [`Error::Bug`] for plans that the compiler did not make.
    pub fn online(&self, truth: Truth) -> Result<Online, Error> {
        let refused = self.services().filter_map(|service| {
            let mut fits = self.check_truth(service, truth);
            if truth == Truth::AsServed {
                fits = fits.and_then(|()| self.check_log(service, Some(INSTANT)));
            }
            fits.err().map(|refused| (service.to_owned(), refused))
        });
        let mut graphs = self.stream.clone();
        self.hold_stream(&mut graphs, truth)?;
        Online::new(graphs, truth, refused.collect())
    }
}

impl Online {
    pub(crate) fn new(
        graphs: Vec<StreamGraph>,
        truth: Truth,
        refused: BTreeMap<String, Error>,
    ) -> Result<Online, Error> {
        Ok(Online {
            engine: Engine::new(graphs.clone(), truth)?,
            graphs,
            refused,
        })
    }

    /// An engine of the same program and truth without events.
    pub(crate) fn fresh(&self) -> Result<Online, Error> {
        Online::new(self.graphs.clone(), self.truth(), self.refused.clone())
    }

    /// As served: per source, the greatest arrival that questions see. A source that is not in the map has no visible rows.
    pub fn cuts(&self) -> Option<&Cuts> {
        self.engine.cuts()
    }

    /// As served, lets in the rows with arrivals up to these cuts, in microseconds since
    /// the epoch. Rows that are pushed later and lie there enter at once, and are counted as [`PushReport::overdue`].
    ///
    /// # Errors
    /// [`Error::CutGoesBack`]; no cut has moved then.
    pub fn let_in(&mut self, cuts: &Cuts) -> Result<AdvanceReport, Error> {
        let moved = self.engine.let_in(cuts);
        moved.map_err(|back| Error::CutGoesBack {
            cut_us: back.cut_us,
            asked_us: back.asked_us,
        })
    }

    /// The truth that questions are answered in.
    pub fn truth(&self) -> Truth {
        self.engine.truth()
    }

    /// The last [`Online::advance`], in microseconds since the epoch; `None` before the first. As of arrival questions are
    /// answered there, under [`Truth::Complete`] from there on.
    pub fn cut_us(&self) -> Option<i64> {
        self.engine.cut_us()
    }

    /// Says that no question will be asked before this instant, in microseconds since the epoch: moves the cut there. As of
    /// arrival, lets in the rows that are visible there (arrival + delay ≤ cut); rows that are pushed later and are visible
    /// at the cut enter at once, and are counted as [`PushReport::overdue`]. In every truth, releases events that no window
    /// of a question at the cut or later reaches; under [`Truth::Complete`] a question before the cut is refused then, if
    /// its windows are bounded. To move the cut to where it is changes nothing.
    ///
    /// # Errors
    /// [`Error::CutGoesBack`]; the cut stays where it is.
    pub fn advance(&mut self, cut_us: i64) -> Result<AdvanceReport, Error> {
        let advanced = self.engine.advance(cut_us);
        advanced.map_err(|back| Error::CutGoesBack {
            cut_us: back.cut_us,
            asked_us: back.asked_us,
        })
    }

    fn source(&self, name: &str) -> Result<&Source, Error> {
        let known = self.engine.sources();
        let mut found = known.clone();
        found
            .find(|source| source.name == name)
            .ok_or_else(|| Error::UnknownSource {
                source: name.to_owned(),
                known: known.map(|source| source.name.clone()).collect(),
            })
    }

    /// Takes in rows of a source, in any order and any number; columns go by name, further columns are ignored. A value
    /// means what it means in a Parquet file.
    ///
    /// # Errors
    /// [`Error::UnknownSource`]; [`Error::Decode`] when a column is missing or of a type that does not decode. Rows that
    /// cannot be used are no error: the report has them.
    pub fn push(&mut self, source: &str, rows: &RecordBatch) -> Result<PushReport, Error> {
        let mut pushing = Pushing::new(self.source(source)?, rows)?;
        while self.take_in(&mut pushing, usize::MAX, None) {}
        Ok(pushing.finish())
    }

    /// Takes in the next `rows` rows of a push, or what is left of it; tells whether there is more. Answers between two parts see
    /// what was taken in. Who lets rows in before questions come says up to where these were `answered`: as served, rows after
    /// that are not overdue.
    pub fn take_in(&mut self, pushing: &mut Pushing, rows: usize, answered: Option<&Cuts>) -> bool {
        let part = pushing.part(rows);
        let (rows, step) = (part.rows, self.engine.step(pushing.source(), &part));
        let known = self.engine.cuts().map(|cuts| answered.unwrap_or(cuts));
        let cut_us = known.map(|cuts| cuts.get(pushing.source()).copied());
        pushing.note(rows, &step, cut_us);
        pushing.is_left()
    }

    /// Takes in decoded rows of a source, in its column order.
    pub(crate) fn push_rows(&mut self, source: &str, rows: &Batch) -> StepReport {
        self.engine.step(source, rows)
    }

    /// Takes in decoded rows of the past for what is to be rebuilt; what is not does not look at them.
    pub(crate) fn refill(&mut self, source: &str, rows: &Batch) {
        self.engine.refill(source, rows);
    }

    /// Answers `service` for every row of `questions` at the instant of that row.
    ///
    /// `questions` holds the service's key columns (and the `unique` columns of sources that `excluding self` compares
    /// with) by name; `at_us` is in microseconds since the epoch, one per row. The result has one column per feature of
    /// the service, each followed by `<name>__status` if `with_status`.
    ///
    /// # Errors
    /// [`Error::UnknownService`], [`Error::Columns`]; as of arrival [`Error::ArrivalNeeded`], and [`Error::NotAtCut`] for
    /// any instant but that of the last [`Online::advance`]; [`Error::BelowHorizon`] for an instant whose windows reach back
    /// to released events; [`Error::ToBeRebuilt`] for events that a restore did not find.
    pub fn read(
        &self,
        service: &str,
        questions: &RecordBatch,
        at_us: &[i64],
        with_status: bool,
    ) -> Result<RecordBatch, Error> {
        let asked = self.questions(service, questions, at_us.to_vec())?;
        columns_to_batch(&self.field_names(service), self.answer(service, &asked)?, with_status)
    }

    /// Questions as the engine takes them.
    pub(crate) fn questions(
        &self,
        service: &str,
        questions: &RecordBatch,
        at_us: Vec<i64>,
    ) -> Result<Questions, Error> {
        let Some(declared) = self.engine.service(service) else {
            let known = self.engine.services().map(str::to_owned).collect();
            return Err(Error::UnknownService {
                service: service.to_owned(),
                known,
            });
        };
        if let Some(refused) = self.refused.get(service) {
            return Err(refused.clone());
        }
        if at_us.len() != questions.num_rows() {
            let why = format!("{} instants for {} rows", at_us.len(), questions.num_rows());
            return Err(Error::Columns {
                what: "questions".to_owned(),
                why,
            });
        }
        let missing = declared
            .self_columns
            .iter()
            .find(|key| questions.column_by_name(&key.name).is_none());
        let has = |name: &str| questions.column_by_name(name).is_some();
        if let Some(shared) = missing.and_then(|key| shared_identity(declared, &key.name, has)) {
            return Err(shared);
        }
        Ok(Questions {
            times: at_us,
            keys: named_columns("questions", questions, &declared.keys)?,
            self_columns: named_columns("questions", questions, &declared.self_columns)?,
            request: named_columns("questions", questions, &declared.request)?,
        })
    }

    pub(crate) fn answer(
        &self,
        service: &str,
        questions: &Questions,
    ) -> Result<Vec<(Column, Vec<featc_ir::Status>)>, Error> {
        self.engine.read(service, questions).map_err(refused)
    }

    /// As [`Online::answer`]; adds to the troubles of each feature that answers are made of, in their order.
    pub(crate) fn answer_counted(
        &self,
        service: &str,
        questions: &Questions,
        troubles: &mut Vec<FeatureTrouble>,
    ) -> Result<Vec<(Column, Vec<featc_ir::Status>)>, Error> {
        let mut more = Vec::new();
        let answers = self.engine.read_counted(service, questions, Some(&mut more));
        match troubles.is_empty() {
            true => *troubles = more,
            false => {
                let all = troubles.iter_mut().zip(&more);
                all.for_each(|(all, more)| all.trouble.add(&more.trouble));
            }
        }
        answers.map_err(refused)
    }

    /// The output columns of a service, in order; empty for an unknown one.
    pub fn field_names(&self, service: &str) -> Vec<String> {
        let graph = self.graphs.iter().find(|graph| graph.service == service);
        let columns = graph.into_iter().flat_map(StreamGraph::columns);
        columns.map(|(name, _)| name.to_owned()).collect()
    }

    /// The whole state as bytes, waiting rows and the cut included: canonical (equal sets of rows up to one cut give equal
    /// bytes) and checked when read.
    pub fn snapshot(&self) -> Vec<u8> {
        self.engine.snapshot()
    }

    /// Begins a snapshot that is taken in parts, between which rows may be pushed and let in, and nothing may be released; see
    /// [`Snapshotting`].
    pub fn begin_snapshot(&self) -> Snapshotting {
        self.engine.begin_snapshot()
    }

    /// Adds the next `entities` entities to a snapshot of this engine, or fewer where they have many events; tells whether there is
    /// more.
    pub fn put_part(&self, snapshot: &mut Snapshotting, entities: usize) -> bool {
        self.engine.put_part(snapshot, entities)
    }

    /// Replaces the state by that of a snapshot of the same truth, of this program or of another version of it. What can be
    /// used goes on: the events of a source by an entity, if source, acceptance, transform and key mean the same, the
    /// snapshot has every expression that aggregates read now, and nothing that they need was released. The report names
    /// what has to be rebuilt: questions about it are refused until its history has been pushed and [`Online::rebuilt`]
    /// says so.
    ///
    /// # Errors
    /// [`Error::Snapshot`]: damaged bytes, another truth; [`Error::SnapshotVersion`]. The state stays as it was.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<RestoreReport, Error> {
        let restored = Engine::restore(self.graphs.clone(), self.truth(), bytes);
        let (engine, report) = restored.map_err(unusable)?;
        self.engine = engine;
        Ok(report)
    }

    /// Says that all rows which [`RestoreReport::to_rebuild`] asked for have been pushed: what was to be rebuilt answers from
    /// now on. Tells what that is.
    pub fn rebuilt(&mut self) -> Vec<LogName> {
        self.engine.rebuilt()
    }

    /// Writes a snapshot to a file: beside it, flushed, renamed.
    ///
    /// # Errors
    /// [`Error::Snapshot`] with what the operating system said; a former file is still there then.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let attempt = || -> std::io::Result<()> {
            let aside = Aside::create(path)?;
            aside.file().write_all(&self.snapshot())?;
            aside.put()
        };
        attempt().map_err(|error| Error::Snapshot {
            why: format!("{}: {error}", path.display()),
        })
    }

    /// Replaces the state by that of a file that [`Online::save`] wrote, as [`Online::restore`] does.
    ///
    /// # Errors
    /// [`Error::Snapshot`], [`Error::SnapshotVersion`]. The state stays as it was.
    pub fn load(&mut self, path: &Path) -> Result<RestoreReport, Error> {
        let bytes = featr_decode::read_file(path).map_err(|error| Error::Snapshot {
            why: format!("{}: {error}", path.display()),
        })?;
        self.restore(&bytes)
    }

    /// What is kept of an entity, whose keys go by name, in each log that has no other keys.
    pub fn kept(&self, entity: &BTreeMap<String, Value>) -> Vec<Kept> {
        self.engine.kept(entity)
    }

    /// Sizes of the logs.
    pub fn stats(&self) -> Vec<LogStats> {
        self.engine.stats()
    }
}

/// Why questions were refused.
pub(crate) fn refused(error: ReadError) -> Error {
    match error {
        ReadError::NotAtCut { at_us, cut_us } => Error::NotAtCut { at_us, cut_us },
        ReadError::BelowHorizon { log, at_us, horizon_us } => Error::BelowHorizon {
            events: log.to_string(),
            at_us,
            horizon_us,
        },
        ReadError::ToBeRebuilt { log } => Error::ToBeRebuilt {
            events: log.to_string(),
        },
        ReadError::Unreadable { log, why } => Error::Unreadable {
            events: log.to_string(),
            why,
        },
        ReadError::UnknownService(_) | ReadError::WrongShape { .. } => Error::Bug { why: error.to_string() },
    }
}

/// Checks that bytes are a whole snapshot, of whatever program and truth.
///
/// # Errors
/// [`Error::Snapshot`], [`Error::SnapshotVersion`].
pub fn check_snapshot(bytes: &[u8]) -> Result<(), Error> {
    featr_stream::check_snapshot(bytes).map_err(unusable)
}

pub(crate) fn unusable(error: RestoreError) -> Error {
    match error {
        RestoreError::OtherVersion { found, known } => Error::SnapshotVersion { found, known },
        other => Error::Snapshot { why: other.to_string() },
    }
}

/// Columns by name, decoded to their types.
fn named_columns(what: &str, rows: &RecordBatch, keys: &[Key]) -> Result<Vec<Column>, Error> {
    let refuse = |why: String| Error::Columns {
        what: what.to_owned(),
        why,
    };
    let column = |key: &Key| {
        let array = rows
            .column_by_name(&key.name)
            .ok_or_else(|| refuse(format!("no column `{}`", key.name)))?;
        if array.null_count() == array.len() {
            return Ok(Column::new(key.ty, array.len()));
        }
        from_arrow(array, key.ty).map_err(|why| refuse(format!("column `{}`: {why}", key.name)))
    };
    keys.iter().map(column).collect()
}
