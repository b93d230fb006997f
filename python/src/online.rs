//! Online values: one stream engine, which threads share by a lock.

use crate::errors::exception;
use crate::outcome::refusal;
use crate::parts::whole;
use crate::table::Table;
use crate::work::{caught, detached};
use featr::{Error, LogName, PushReport, RestoreReport};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// The stream engine of a program in one truth.
#[pyclass(frozen, module = "featc._featc")]
#[derive(Debug)]
pub struct Online {
    engine: Mutex<featr::Online>,
}

impl Online {
    pub fn new(engine: featr::Online) -> Online {
        Online {
            engine: Mutex::new(engine),
        }
    }

    /// Works with the engine while other threads of Python run. After a panic in the middle of something its state is
    /// unknown, and it is asked no more.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut featr::Online) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        let done = detached(py, None, |_| match self.engine.lock() {
            Ok(mut engine) => Some(work(&mut engine)),
            Err(_) => None,
        })?;
        match done {
            Some(done) => done.map_err(|error| refusal(py, &error)),
            None => Err(exception(py, "bug", (BROKEN,))),
        }
    }

    /// As [`Online::with`], of work that puts another state in place of whatever there is, if it succeeds.
    fn renew<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut featr::Online) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        let done = detached(py, None, |_| {
            let mut engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
            let done = work(&mut engine);
            if done.is_ok() {
                self.engine.clear_poison();
            }
            done
        })?;
        done.map_err(|error| refusal(py, &error))
    }
}

/// Why an engine is asked no more.
const BROKEN: &str =
    "an earlier call ended in the middle, so the state is unknown until `restore` or `load` gives another";

#[pymethods]
impl Online {
    /// Takes in rows of a source, which were fitted to it; the report as JSON.
    fn push(&self, py: Python<'_>, source: String, rows: Table) -> PyResult<String> {
        self.with(py, |engine| {
            // In one batch: copies that differ are told of within it.
            let batch = whole(&rows.rows);
            let batch = batch.map_err(|error| Error::Resources { why: error.to_string() })?;
            engine.push(&source, &batch).map(|report| pushed(&report).to_string())
        })
    }

    /// Moves the cut; the report as JSON.
    fn advance(&self, py: Python<'_>, cut_us: i64) -> PyResult<String> {
        self.with(py, |engine| {
            let report = engine.advance(cut_us)?;
            let report = json!({
                "entered": report.entered, "duplicates": report.duplicates, "expired": report.expired,
                "released": report.released,
            });
            Ok(report.to_string())
        })
    }

    /// Answers a service for every row, each at its instant; without instants at the cut. `None`: there is no cut.
    #[pyo3(signature = (service, rows, at_us, status))]
    fn read(
        &self,
        py: Python<'_>,
        service: String,
        rows: Table,
        at_us: Option<Vec<i64>>,
        status: bool,
    ) -> PyResult<Option<Table>> {
        self.with(py, |engine| {
            let at_us = at_us.or_else(|| Some(vec![engine.cut_us()?; usize::try_from(rows.rows.rows()).ok()?]));
            let Some(at_us) = at_us else {
                return Ok(None);
            };
            let batch = whole(&rows.rows);
            let batch = batch.map_err(|error| Error::Resources { why: error.to_string() })?;
            let answers = engine.read(&service, &batch, &at_us, status)?;
            Ok(Some(Table::new(answers.schema(), vec![answers])))
        })
    }

    /// The last cut, in microseconds.
    #[getter]
    fn cut_us(&self, py: Python<'_>) -> PyResult<Option<i64>> {
        // Whoever holds the engine may wait for the interpreter's lock.
        let cut = caught(py, || {
            py.detach(|| self.engine.lock().ok().map(|engine| engine.cut_us()))
        })?;
        cut.ok_or_else(|| exception(py, "bug", (BROKEN,)))
    }

    fn snapshot<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = self.with(py, |engine| Ok(engine.snapshot()))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Replaces the state; the report as JSON.
    fn restore(&self, py: Python<'_>, bytes: Vec<u8>) -> PyResult<String> {
        self.renew(py, |engine| {
            engine.restore(&bytes).map(|report| restored(&report).to_string())
        })
    }

    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        self.with(py, |engine| engine.save(&path))
    }

    fn load(&self, py: Python<'_>, path: PathBuf) -> PyResult<String> {
        self.renew(py, |engine| {
            engine.load(&path).map(|report| restored(&report).to_string())
        })
    }

    fn rebuilt(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        self.with(py, |engine| {
            Ok(engine.rebuilt().iter().map(LogName::to_string).collect())
        })
    }

    /// Panics while it holds the engine: what becomes of that is tested with it.
    fn _panic(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, |_| panic!("in the middle of something"))
    }

    /// Sizes of the logs, as JSON.
    fn stats(&self, py: Python<'_>) -> PyResult<String> {
        let stats = self.with(py, |engine| Ok(engine.stats()))?;
        let log = |log: &featr::LogStats| {
            json!({
                "transform": log.transform, "entities": log.entities, "events": log.events, "waiting": log.waiting,
                "bytes": log.bytes,
            })
        };
        serde_json::to_string(&stats.iter().map(log).collect::<Vec<_>>())
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }
}

/// Rows are counted from 1, as in all that is told.
fn pushed(report: &PushReport) -> Value {
    let rejected = report.rejected.iter();
    let rejected = rejected.map(|row| json!({ "place": row.row + 1, "reason": row.reason, "detail": row.detail }));
    let by_view = report.rejected_by_view.iter();
    let by_view = by_view.map(|(row, view, reason)| json!({ "place": row + 1, "transform": view, "reason": reason }));
    json!({
        "rows": report.rows,
        "accepted": report.accepted,
        "waiting": report.waiting,
        "overdue": report.overdue,
        "expired": report.expired,
        "differing_copies": report.differing_copies,
        "rejected": rejected.collect::<Vec<_>>(),
        "rejected_by_view": by_view.collect::<Vec<_>>(),
    })
}

fn restored(report: &RestoreReport) -> Value {
    let names = |logs: &[LogName]| logs.iter().map(LogName::to_string).collect::<Vec<_>>();
    let rebuild = report
        .to_rebuild
        .iter()
        .map(|log| json!({ "source": log.log.source, "why": log.to_string(), "after_us": log.after_us }));
    json!({
        "is_whole": report.is_whole(),
        "kept": names(&report.kept),
        "to_rebuild": rebuild.collect::<Vec<_>>(),
        "dropped": names(&report.dropped),
    })
}
