//! Online values: push events, read services.

use crate::copies::differing_in_batch;
use crate::error::Error;
use crate::program::Program;
use crate::results::columns_to_batch;
use crate::spine::shared_identity;
use arrow::array::{Array as _, RecordBatch};
use featc_ir::plan::StreamGraph;
use featc_ir::{Key, Source, Truth};
use featr_decode::{Aside, decode_rows, from_arrow};
use featr_kernels::{Batch, Column, rows as rules};
use featr_stream::{Engine, LogStats, Questions, ReadError, StepReport};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;

/// The streaming engine of a program in one truth, with Arrow at its borders.
///
/// # Contract
/// - Answers are a function of the *set* of rows pushed, and as of arrival of the cut: order, batches, copies and
///   restarts leave no trace.
/// - Under [`Truth::AsOfArrival`] pushed rows wait until [`Online::advance`] has moved the cut to the first instant at
///   which they are visible (arrival + delay), and [`Online::read`] is answered at the cut and nowhere else. Under
///   [`Truth::Complete`] nothing waits, and any instant can be asked.
#[derive(Debug)]
pub struct Online {
    graph: StreamGraph,
    engine: Engine,
    /// The services that cannot be asked in this truth, and why.
    refused: BTreeMap<String, Error>,
}

/// What became of rows that were pushed. `accepted + rejected.len()` = `rows`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PushReport {
    pub rows: u64,
    /// Rows that count as events of the source (copies of known events among them).
    pub accepted: u64,
    /// Of these, as of arrival, those that no question at the cut may see: they wait.
    pub waiting: u64,
    /// Of these, as of arrival, those that a question at the cut may see: they came after it, and answers that were given
    /// at the cut or before it lack them.
    pub overdue: u64,
    /// Events with copies in this batch that differ in columns which the source does not declare. Each counts once. Rows of
    /// one push are compared with each other, not with those of earlier ones, of which such columns are not kept.
    pub differing_copies: u64,
    /// Every other row, in order.
    pub rejected: Vec<PushRejected>,
    /// Position, transform and reason of accepted rows that a view rejects; they may count for other views.
    pub rejected_by_view: Vec<(u64, String, &'static str)>,
}

/// A row that counts for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushRejected {
    /// Its position in the batch.
    pub row: u64,
    /// The word of run reports: `bad_value`, `null_in_required`, `null_time`, `null_arrival`, `late` or `ahead`.
    pub reason: &'static str,
    /// The reason in words, with the values of this row.
    pub detail: String,
}

impl Program {
    /// An engine without events, for all services of the program, in one truth.
    ///
    /// As of arrival a service with a source that has no arrival and is not static cannot be asked; the others can.
    ///
    /// # Errors
    /// [`Error::Bug`] for plans that the compiler did not make.
    pub fn online(&self, truth: Truth) -> Result<Online, Error> {
        let services = self.services().iter();
        let refused = services.filter_map(|service| {
            let refused = self.check_truth(&service.name, truth).err()?;
            Some((service.name.clone(), refused))
        });
        Online::new(self.stream.clone(), truth, refused.collect())
    }
}

impl Online {
    pub(crate) fn new(graph: StreamGraph, truth: Truth, refused: BTreeMap<String, Error>) -> Result<Online, Error> {
        Ok(Online {
            engine: Engine::new(graph.clone(), truth)?,
            graph,
            refused,
        })
    }

    /// An engine of the same program and truth without events.
    pub(crate) fn fresh(&self) -> Result<Online, Error> {
        Online::new(self.graph.clone(), self.truth(), self.refused.clone())
    }

    /// The truth that questions are answered in.
    pub fn truth(&self) -> Truth {
        self.engine.truth()
    }

    /// As of arrival, the instant at which questions are answered, in microseconds since the epoch; `None` before the
    /// first [`Online::advance`].
    pub fn cut_us(&self) -> Option<i64> {
        self.engine.cut_us()
    }

    /// As of arrival, moves the cut to this instant, in microseconds since the epoch, and lets in the rows that are visible
    /// there (arrival + delay ≤ cut). To move it to where it is changes nothing, nor does any move under
    /// [`Truth::Complete`]. Rows that are pushed later and are visible at the cut enter at once, and are counted as
    /// [`PushReport::overdue`].
    ///
    /// # Errors
    /// [`Error::CutGoesBack`]; the cut stays where it is.
    pub fn advance(&mut self, cut_us: i64) -> Result<(), Error> {
        let advanced = self.engine.advance(cut_us);
        advanced.map_err(|back| Error::CutGoesBack {
            cut_us: back.cut_us,
            asked_us: back.asked_us,
        })
    }

    fn source(&self, name: &str) -> Result<&Source, Error> {
        let known: Vec<&Source> = self.graph.sources().collect();
        known
            .iter()
            .find(|source| source.name == name)
            .copied()
            .ok_or_else(|| Error::UnknownSource {
                source: name.to_owned(),
                known: known.iter().map(|source| source.name.clone()).collect(),
            })
    }

    /// Takes in rows of a source, in any order and any number; columns go by name, further columns are ignored. A value
    /// means what it means in a Parquet file.
    ///
    /// # Errors
    /// [`Error::UnknownSource`]; [`Error::Decode`] when a column is missing or of a type that does not decode. Rows that
    /// cannot be used are no error: the report has them.
    pub fn push(&mut self, source: &str, rows: &RecordBatch) -> Result<PushReport, Error> {
        let declared = self.source(source)?.clone();
        let (decoded, undecoded) = decode_rows(&declared, rows, &format!("rows of {source}"))?;
        let differing_copies = differing_in_batch(&declared, &decoded)?;
        let step = self.push_rows(source, &decoded.batch);
        let undecoded = undecoded.into_iter().map(|reject| PushRejected {
            row: reject.line - 1,
            reason: reject.reason.name(),
            detail: reject.detail,
        });
        let mut rejected: Vec<PushRejected> = undecoded.collect();
        if !step.rejected.is_empty() {
            let verdict = rules::accept(&declared, &decoded.batch);
            let late = rules::rejected(&declared, &decoded.batch, &verdict, usize::MAX);
            rejected.extend(late.into_iter().map(|reject| PushRejected {
                row: decoded.rows.number(reject.row) - 1,
                reason: reject.reason.name(),
                detail: reject.detail,
            }));
            rejected.sort_by_key(|reject| reject.row);
        }
        let by_view = step.logs.iter().flat_map(|log| {
            log.rejected.iter().map(|row| {
                let position = decoded.rows.number(row.row as usize) - 1;
                (position, log.transform.clone(), row.reason.name())
            })
        });
        // Views of one transform reject a row for one reason.
        let by_view: BTreeSet<_> = by_view.collect();
        Ok(PushReport {
            rows: rows.num_rows() as u64,
            accepted: step.accepted,
            waiting: step.waiting,
            overdue: step.overdue,
            differing_copies,
            rejected,
            rejected_by_view: by_view.into_iter().collect(),
        })
    }

    /// Takes in decoded rows of a source, in its column order.
    pub(crate) fn push_rows(&mut self, source: &str, rows: &Batch) -> StepReport {
        self.engine.step(source, rows)
    }

    /// Answers `service` for every row of `questions` at the instant of that row.
    ///
    /// `questions` holds the service's key columns (and the `unique` columns of sources that `excluding self` compares
    /// with) by name; `at_us` is in microseconds since the epoch, one per row. The result has one column per feature of
    /// the service, each followed by `<name>__status` if `with_status`.
    ///
    /// # Errors
    /// [`Error::UnknownService`], [`Error::Columns`]; as of arrival [`Error::ArrivalNeeded`], and [`Error::NotAtCut`] for
    /// any instant but that of the last [`Online::advance`].
    pub fn read(
        &self,
        service: &str,
        questions: &RecordBatch,
        at_us: &[i64],
        with_status: bool,
    ) -> Result<RecordBatch, Error> {
        let Some(declared) = self.engine.service(service) else {
            let known = self.engine.services().map(|service| service.name.clone()).collect();
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
        let asked = Questions {
            times: at_us.to_vec(),
            keys: named_columns("questions", questions, &declared.keys)?,
            self_columns: named_columns("questions", questions, &declared.self_columns)?,
        };
        columns_to_batch(&self.field_names(service), self.answer(service, &asked)?, with_status)
    }

    pub(crate) fn answer(
        &self,
        service: &str,
        questions: &Questions,
    ) -> Result<Vec<(Column, Vec<featc_ir::Status>)>, Error> {
        self.engine.read(service, questions).map_err(|error| match error {
            ReadError::NotAtCut { at_us, cut_us } => Error::NotAtCut { at_us, cut_us },
            ReadError::UnknownService(_) | ReadError::WrongShape { .. } => Error::Bug { why: error.to_string() },
        })
    }

    /// The output columns of a service, in order; empty for an unknown one.
    pub fn field_names(&self, service: &str) -> Vec<String> {
        let Some(service) = self.engine.service(service) else {
            return Vec::new();
        };
        let columns = self.graph.columns(service).into_iter();
        columns.map(|(name, _)| name.to_owned()).collect()
    }

    /// The whole state as bytes, waiting rows and the cut included: canonical (equal sets of rows up to one cut give equal
    /// bytes) and checked when read.
    pub fn snapshot(&self) -> Vec<u8> {
        self.engine.snapshot()
    }

    /// Replaces the state by that of a snapshot of the same program and truth.
    ///
    /// # Errors
    /// [`Error::Snapshot`]: damaged bytes, another program, truth or version. The state stays as it was.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let restored = Engine::restore(self.graph.clone(), self.truth(), bytes);
        self.engine = restored.map_err(|error| Error::Snapshot { why: error.to_string() })?;
        Ok(())
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

    /// Replaces the state by that of a file that [`Online::save`] wrote.
    ///
    /// # Errors
    /// [`Error::Snapshot`]. The state stays as it was.
    pub fn load(&mut self, path: &Path) -> Result<(), Error> {
        let bytes = featr_decode::read_file(path).map_err(|error| Error::Snapshot {
            why: format!("{}: {error}", path.display()),
        })?;
        self.restore(&bytes)
    }

    /// Sizes of the logs.
    pub fn stats(&self) -> Vec<LogStats> {
        self.engine.stats()
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
