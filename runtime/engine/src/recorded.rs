//! The rows of a source, read whole, with the places that they come from.

use crate::error::Error;
use crate::program::Program;
use crate::results::SourceReport;
use featc_ir::{FileSet, Source};
use featr_batch::{RejectedRow, RejectedRows};
use featr_decode::{DecodeError, ReadOptions, Reject, RejectSink, Rejects, RowNumbers, read_source};
use featr_kernels::{Batch, rows};
use std::sync::{Arc, Mutex, PoisonError};

/// How many rejected rows a report shows.
pub(crate) const EXAMPLES_MAX: usize = 5;

type SharedRejects = Arc<Mutex<Box<dyn RejectedRows>>>;

/// The decoder's rejects on their way to the caller's.
struct Forward {
    source: String,
    target: SharedRejects,
}

impl RejectSink for Forward {
    fn reject(&mut self, row: &Reject) -> Result<(), DecodeError> {
        self.target
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .reject(&RejectedRow {
                source: &self.source,
                file: &row.file,
                line: row.line,
                reason: row.reason.name(),
                detail: &row.detail,
                raw: row.raw.as_deref(),
            })
    }
}

/// Decoded rows of one source.
#[derive(Debug)]
pub struct Recorded {
    pub source: Source,
    /// All rows, in file order.
    pub rows: Batch,
    pub(crate) rejects: Rejects,
    parts: Vec<(usize, Arc<str>, RowNumbers)>,
}

/// Which side of a source is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Batch,
    /// The stream side; the batch side where a source has none.
    Stream,
}

impl Program {
    fn files(&self, source: &Source, side: Side) -> Result<FileSet, Error> {
        let declared = match side {
            Side::Batch => source.batch.as_ref(),
            Side::Stream => source.stream.as_ref().or(source.batch.as_ref()),
        };
        let files = self.files.get(&source.name).or(declared);
        files.cloned().ok_or_else(|| Error::NoFiles {
            source: source.name.clone(),
        })
    }

    /// Reads all rows of the sources of a service.
    ///
    /// # Errors
    /// [`Error::UnknownService`], [`Error::NoFiles`], [`Error::Decode`].
    pub fn record(
        &self,
        service: &str,
        side: Side,
        rejects: Option<Box<dyn RejectedRows>>,
    ) -> Result<Vec<Recorded>, Error> {
        let rejects = rejects.map(|target| Arc::new(Mutex::new(target)));
        let mut all = Vec::new();
        for source in self.service_sources(service)? {
            let forward = |target: &SharedRejects| -> Box<dyn RejectSink> {
                Box::new(Forward {
                    source: source.name.clone(),
                    target: target.clone(),
                })
            };
            let recorded = self.record_source(source, side, rejects.as_ref().map(forward))?;
            if let Some(target) = &rejects {
                recorded.reject_unaccepted(target)?;
            }
            all.push(recorded);
        }
        Ok(all)
    }

    fn record_source(&self, source: &Source, side: Side, sink: Option<Box<dyn RejectSink>>) -> Result<Recorded, Error> {
        let options = ReadOptions {
            sink,
            ..ReadOptions::default()
        };
        let mut reader = read_source(source, &self.files(source, side)?, &self.base, options)?;
        let empty = source
            .columns
            .iter()
            .map(|column| featr_kernels::Column::empty(column.ty))
            .collect();
        let mut all = Recorded {
            source: source.clone(),
            rows: Batch {
                rows: 0,
                columns: empty,
            },
            rejects: Rejects::default(),
            parts: Vec::new(),
        };
        for decoded in reader.by_ref() {
            let decoded = decoded?;
            all.parts.push((all.rows.rows, decoded.file, decoded.rows));
            all.rows.append(&decoded.batch);
        }
        all.rejects = reader.into_rejects();
        Ok(all)
    }
}

impl Recorded {
    fn reject_unaccepted(&self, target: &SharedRejects) -> Result<(), Error> {
        let mut target = target.lock().unwrap_or_else(PoisonError::into_inner);
        for (row, code) in rows::accept(&self.source, &self.rows).keep.iter().enumerate() {
            if let Some(reason) = rows::Reason::from_code(*code) {
                let (file, line) = self.place(row);
                let reason = reason.name();
                let source = &self.source.name;
                target.reject(&RejectedRow {
                    source,
                    file: &file,
                    line,
                    reason,
                    detail: "",
                    raw: None,
                })?;
            }
        }
        Ok(())
    }

    /// File and line (Parquet: row) of a row.
    pub fn place(&self, row: usize) -> (Arc<str>, u64) {
        let part = self
            .parts
            .partition_point(|(first, ..)| *first <= row)
            .saturating_sub(1);
        match self.parts.get(part) {
            Some((first, file, numbers)) => (file.clone(), numbers.number(row - first)),
            None => ("".into(), 0),
        }
    }

    /// Arrival and acceptance of every row: `None` for rows that are rejected.
    /// A source without arrival has its event times here.
    pub(crate) fn arrivals(&self) -> Vec<Option<i64>> {
        let accepted = rows::accept(&self.source, &self.rows);
        let arrivals = rows::arrivals(&self.source, &self.rows)
            .unwrap_or_else(|| self.rows.columns[self.source.time.index()].i64s().to_vec());
        accepted
            .keep
            .iter()
            .zip(arrivals)
            .map(|(code, arrival)| (*code == 0).then_some(arrival))
            .collect()
    }

    /// What decoding and acceptance made of the rows.
    pub fn report(&self) -> SourceReport {
        let mut report = SourceReport {
            source: self.source.name.clone(),
            ..SourceReport::default()
        };
        for (reason, count) in self.rejects.counts() {
            *report.rejected.entry(reason.name().to_owned()).or_default() += count;
        }
        let kept = self.rejects.kept().iter().take(EXAMPLES_MAX);
        report.examples = kept
            .map(|r| format!("{}:{}: {}: {}", r.file, r.line, r.reason, r.detail))
            .collect();
        let accepted = rows::accept(&self.source, &self.rows);
        for (row, code) in accepted.keep.iter().enumerate() {
            let Some(reason) = rows::Reason::from_code(*code) else {
                report.accepted += 1;
                continue;
            };
            *report.rejected.entry(reason.name().to_owned()).or_default() += 1;
            if report.examples.len() < EXAMPLES_MAX {
                let (file, line) = self.place(row);
                report.examples.push(format!("{file}:{line}: {}", reason.name()));
            }
        }
        report
    }
}
