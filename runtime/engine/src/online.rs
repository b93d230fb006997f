//! Online values: push events, read services.

use crate::error::Error;
use crate::program::Program;
use crate::results::columns_to_batch;
use arrow::array::{Array as _, RecordBatch};
use featc_ir::plan::{OperatorKind, StreamGraph};
use featc_ir::{Key, Source, Truth};
use featr_decode::{Aside, from_arrow};
use featr_kernels::{Batch, Column, Value};
use featr_stream::{Engine, LogStats, Questions, StepReport};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

/// The streaming engine of a program, with Arrow at its borders.
///
/// # Contract
/// - Answers are a function of the *set* of events pushed: order, batches, copies and restarts leave no trace.
/// - Under [`Truth::AsOfArrival`] the caller pushes just those events whose arrival is ≤ `t − delay` before it asks at `t`
///   (a consumer that lags behind by `delay` does so by itself); the truth then decides only what is `stale`.
#[derive(Debug)]
pub struct Online {
    graph: StreamGraph,
    engine: Engine,
}

/// What became of rows that were pushed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PushReport {
    pub rows: u64,
    /// Rows that count as events of the source (copies of known events among them).
    pub accepted: u64,
    /// Position and reason of every other row.
    pub rejected: Vec<(u64, &'static str)>,
    /// Position, transform and reason of accepted rows that a view rejects; they may count for other views.
    pub rejected_by_view: Vec<(u64, String, &'static str)>,
}

impl Program {
    /// An engine without events, for all services of the program.
    ///
    /// # Errors
    /// [`Error::Bug`] for plans that the compiler did not make.
    pub fn online(&self) -> Result<Online, Error> {
        Online::new(self.stream.clone())
    }
}

impl Online {
    pub(crate) fn new(graph: StreamGraph) -> Result<Online, Error> {
        Ok(Online {
            engine: Engine::new(graph.clone())?,
            graph,
        })
    }

    /// An engine of the same program without events.
    pub(crate) fn fresh(&self) -> Result<Online, Error> {
        Online::new(self.graph.clone())
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

    /// Takes in rows of a source, in any order and any number; columns go by name, further columns are ignored.
    ///
    /// # Errors
    /// [`Error::UnknownSource`]; [`Error::Columns`] when a column is missing or of a type that does not decode. Rows that
    /// cannot be used are no error: the report has them.
    pub fn push(&mut self, source: &str, rows: &RecordBatch) -> Result<PushReport, Error> {
        let declared = self.source(source)?;
        let keys: Vec<Key> = declared
            .columns
            .iter()
            .map(|column| Key {
                name: column.name.clone(),
                ty: column.ty,
            })
            .collect();
        let mut columns = named_columns(&format!("rows of `{source}`"), rows, &keys)?;
        if !declared.keep_nan {
            columns.iter_mut().for_each(nan_to_null);
        }
        let batch = Batch {
            rows: rows.num_rows(),
            columns,
        };
        // As in files: a null where none may be rejects the row, the event time apart (acceptance judges that).
        let required: Vec<usize> = (0..declared.columns.len())
            .filter(|place| !declared.columns[*place].nullable && *place != declared.time.index())
            .collect();
        let broken = |row: &u32| {
            required
                .iter()
                .any(|place| batch.columns[*place].is_null(*row as usize))
        };
        let (dropped, kept): (Vec<u32>, Vec<u32>) = (0..batch.rows as u32).partition(broken);
        let step = if dropped.is_empty() {
            self.push_rows(source, &batch)
        } else {
            self.push_rows(source, &batch.take(&kept))
        };
        let late = step
            .rejected
            .iter()
            .map(|reject| (u64::from(kept[reject.row as usize]), reject.reason.name()));
        let nulls = dropped.iter().map(|row| (u64::from(*row), "null_in_required"));
        let mut rejected: Vec<(u64, &'static str)> = late.chain(nulls).collect();
        rejected.sort_unstable();
        let by_view = step.logs.iter().flat_map(|log| {
            let rejected = log.rejected.iter();
            rejected.map(|row| {
                (
                    u64::from(kept[row.row as usize]),
                    log.transform.clone(),
                    row.reason.name(),
                )
            })
        });
        // Views of one transform reject a row for one reason.
        let by_view: BTreeSet<_> = by_view.collect();
        Ok(PushReport {
            rows: batch.rows as u64,
            accepted: step.accepted,
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
    /// [`Error::UnknownService`], [`Error::Columns`].
    pub fn read(
        &self,
        service: &str,
        questions: &RecordBatch,
        at_us: &[i64],
        truth: Truth,
        with_status: bool,
    ) -> Result<RecordBatch, Error> {
        let Some(declared) = self.engine.service(service) else {
            let known = self.engine.services().map(|service| service.name.clone()).collect();
            return Err(Error::UnknownService {
                service: service.to_owned(),
                known,
            });
        };
        if at_us.len() != questions.num_rows() {
            let why = format!("{} instants for {} rows", at_us.len(), questions.num_rows());
            return Err(Error::Columns {
                what: "questions".to_owned(),
                why,
            });
        }
        let asked = Questions {
            times: at_us.to_vec(),
            keys: named_columns("questions", questions, &declared.keys)?,
            self_columns: named_columns("questions", questions, &declared.self_columns)?,
        };
        columns_to_batch(
            &self.field_names(service),
            self.answer(service, &asked, truth)?,
            with_status,
        )
    }

    pub(crate) fn answer(
        &self,
        service: &str,
        questions: &Questions,
        truth: Truth,
    ) -> Result<Vec<(Column, Vec<featc_ir::Status>)>, Error> {
        self.engine
            .read(service, questions, truth)
            .map_err(|error| Error::Bug { why: error.to_string() })
    }

    /// The output columns of a service, in order; empty for an unknown one.
    pub fn field_names(&self, service: &str) -> Vec<String> {
        let Some(service) = self.engine.service(service) else {
            return Vec::new();
        };
        let name = |(id, place): &(featc_ir::plan::OperatorId, u32)| match &self.graph.operators[id.0 as usize].kind {
            OperatorKind::Finish { spec } => {
                let mut outputs = spec.features.iter().filter(|feature| feature.output);
                outputs
                    .nth(*place as usize)
                    .map_or_else(String::new, |feature| feature.name.clone())
            }
            OperatorKind::Source { .. }
            | OperatorKind::Accept
            | OperatorKind::Rows { .. }
            | OperatorKind::Log { .. } => String::new(),
        };
        service.columns.iter().map(name).collect()
    }

    /// The whole state as bytes: canonical (equal sets of events give equal bytes) and checked when read.
    pub fn snapshot(&self) -> Vec<u8> {
        self.engine.snapshot()
    }

    /// Replaces the state by that of a snapshot of the same program.
    ///
    /// # Errors
    /// [`Error::Snapshot`]: damaged bytes, another program or version. The state stays as it was.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let restored = Engine::restore(self.graph.clone(), bytes);
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
        let bytes = std::fs::read(path).map_err(|error| Error::Snapshot {
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

fn nan_to_null(column: &mut Column) {
    if column.ty == featc_ir::Type::Float64 && column.f64s().iter().any(|value| value.is_nan()) {
        let values: Vec<Value> = column
            .values()
            .into_iter()
            .map(|value| match value {
                Value::Float64(float) if float.is_nan() => Value::Null,
                other => other,
            })
            .collect();
        *column = Column::from_values(column.ty, &values);
    }
}
