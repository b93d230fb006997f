//! The rows of a source, read whole, with the places that they come from.

use crate::error::Error;
use crate::program::Program;
use crate::results::SourceReport;
use featc_ir::{Arrival, FileSet, Source};
use featr_batch::{EXAMPLES_MAX, RejectedRow, RejectedRows};
use featr_decode::{
    DecodeError, Example, Fault, ReadOptions, RejectSink, Rejects, RowNumbers, SourceReader, read_source,
};
use featr_kernels::{Batch, identity, rows};
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

/// Who is told of rejected rows, from any thread.
#[derive(Clone)]
pub(crate) struct SharedRejects(Arc<Mutex<Box<dyn RejectedRows>>>);

impl SharedRejects {
    pub fn new(rejects: Box<dyn RejectedRows>) -> SharedRejects {
        SharedRejects(Arc::new(Mutex::new(rejects)))
    }

    pub fn reject(&self, row: &RejectedRow<'_>) -> Result<(), DecodeError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).reject(row)
    }
}

/// The decoder's rejects on their way to the caller's.
pub(crate) fn forward(source: &Source, target: &SharedRejects) -> RejectSink {
    let (source, target) = (source.name.clone(), target.clone());
    Box::new(move |row| {
        target.reject(&RejectedRow {
            source: &source,
            file: &row.file,
            line: row.line,
            reason: row.reason.name(),
            detail: &row.detail.to_string(),
            raw: row.raw.as_deref(),
        })
    })
}

/// Decoded rows of one source.
#[derive(Debug)]
pub struct Recorded {
    /// The source that they are of.
    pub source: Source,
    /// All rows, in file order.
    pub rows: Batch,
    pub(crate) rejects: Rejects,
    /// What the views of the service reject.
    by_view: SourceReport,
    /// Events whose copies differ in undeclared columns.
    differing: rows::Conflicts,
    parts: Vec<(usize, Arc<str>, RowNumbers)>,
}

/// Which side of a source is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The batch side: files.
    Batch,
    /// The stream side; the batch side where a source has none.
    Stream,
}

/// Files in a folder of a source that look like its own and are not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The name of the source.
    pub source: String,
    /// As the source names it.
    pub folder: String,
    /// How many there are.
    pub files: usize,
    /// The first, as it is named from the folder.
    pub first: String,
}

impl Program {
    pub(crate) fn files(&self, source: &Source, side: Side) -> Result<FileSet, Error> {
        let declared = match side {
            Side::Batch => source.batch.as_ref(),
            // A topic is for servers: what else reads the stream reads the rows of the past.
            Side::Stream => source
                .stream
                .as_ref()
                .filter(|files| files.topic().is_none())
                .or(source.batch.as_ref()),
        };
        let files = self.files.get(&source.name).or(declared);
        files.cloned().ok_or_else(|| Error::NoFiles {
            source: source.name.clone(),
        })
    }

    /// Whether both sides of a source are read from the same files.
    pub fn sides_are_one(&self, source: &Source) -> bool {
        match (self.files(source, Side::Batch), self.files(source, Side::Stream)) {
            (Ok(batch), Ok(stream)) => batch == stream,
            (Err(_), Err(_)) => true,
            (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
        }
    }

    /// The files that a service's sources are read from, both sides; those that cannot be found are left out.
    ///
    /// # Errors
    /// [`Error::UnknownService`].
    pub fn input_files(&self, service: &str) -> Result<Vec<std::path::PathBuf>, Error> {
        let mut found = Vec::new();
        for source in self.service_sources(service)? {
            for side in [Side::Batch, Side::Stream] {
                let files = self.files(&source, side).ok();
                let files = files.and_then(|files| featr_decode::expand_in(&*self.store(), &files, &self.base).ok());
                found.extend(files.into_iter().flatten().map(|file| file.path));
            }
        }
        Ok(found)
    }

    /// Of the folders that a service's sources are read from, both sides: files that look like theirs and are not read.
    ///
    /// # Errors
    /// [`Error::UnknownService`].
    pub fn left_out(&self, service: &str) -> Result<Vec<LeftOut>, Error> {
        let mut all: Vec<LeftOut> = Vec::new();
        for source in self.service_sources(service)? {
            for side in [Side::Batch, Side::Stream] {
                let files = self.files(&source, side).ok();
                let found = files.map(|files| featr_decode::left_out(&files, &self.base));
                for (folder, files, first) in found.into_iter().flatten() {
                    let left_out = LeftOut {
                        source: source.name.clone(),
                        folder,
                        files,
                        first: first.display().to_string(),
                    };
                    if !all.contains(&left_out) {
                        all.push(left_out);
                    }
                }
            }
        }
        Ok(all)
    }

    /// Whether a new local file would be read by a source of the service from then on.
    pub fn would_read(&self, service: &str, file: &std::path::Path) -> bool {
        let sources = self.service_sources(service).unwrap_or_default();
        let sides = sources
            .iter()
            .flat_map(|source| [(source, Side::Batch), (source, Side::Stream)]);
        sides
            .filter_map(|(source, side)| self.files(source, side).ok())
            .any(|files| featr_decode::would_list(&files, &self.base, file))
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
        let rejects = rejects.map(SharedRejects::new);
        let mut all = Vec::new();
        for source in self.service_sources(service)? {
            let sink = rejects.as_ref().map(|target| forward(&source, target));
            let mut recorded = self.record_source(&source, side, sink)?;
            if let Some(target) = &rejects {
                recorded.reject_unaccepted(target)?;
            }
            let mut by_view = self.view_rejects(service, &source, true)?;
            let verdict = rows::accept(&source, &recorded.rows);
            by_view.add(&recorded.rows, &verdict, |row| recorded.place(row), rejects.as_ref())?;
            by_view.report(&mut recorded.by_view);
            all.push(recorded);
        }
        Ok(all)
    }

    /// Reads all rows of the sources of a service, piece by piece, and keeps none; of those that cannot be read nothing is said.
    ///
    /// # Errors
    /// [`Error::UnknownService`], [`Error::NoFiles`], [`Error::Decode`].
    pub fn each_piece(&self, service: &str, side: Side, mut piece: impl FnMut(&Source, Batch)) -> Result<(), Error> {
        for source in self.service_sources(service)? {
            for decoded in self.pieces(&source, side, None)? {
                self.check_interrupt()?;
                piece(&source, decoded?.batch);
            }
        }
        Ok(())
    }

    fn pieces(&self, source: &Source, side: Side, sink: Option<RejectSink>) -> Result<SourceReader, Error> {
        let options = ReadOptions {
            sink,
            store: Some(self.store()),
            ..ReadOptions::default()
        };
        Ok(read_source(source, &self.files(source, side)?, &self.base, options)?)
    }

    fn record_source(&self, source: &Source, side: Side, sink: Option<RejectSink>) -> Result<Recorded, Error> {
        let mut reader = self.pieces(source, side, sink)?;
        let empty = source
            .columns
            .iter()
            .map(|column| featr_kernels::Column::empty(column.ty))
            .collect();
        let nothing = Batch {
            rows: 0,
            columns: empty,
        };
        let mut all = Recorded::at_hand(source, nothing);
        for decoded in reader.by_ref() {
            self.check_interrupt()?;
            let decoded = decoded?;
            all.parts.push((all.rows.rows, decoded.file, decoded.rows));
            all.rows.append(&decoded.batch);
        }
        all.rejects = reader.into_rejects();
        all.differing = self.differing_copies(source, side, &all.rows)?;
        Ok(all)
    }
}

impl Recorded {
    /// Rows that are at hand, in place of the files of a source: columns in declared order, types as declared. The decoder
    /// rejected none of them, and what views reject is not counted.
    pub fn at_hand(source: &Source, rows: Batch) -> Recorded {
        Recorded {
            source: source.clone(),
            rows,
            rejects: Rejects::default(),
            by_view: SourceReport::default(),
            differing: rows::Conflicts::default(),
            parts: Vec::new(),
        }
    }

    fn reject_unaccepted(&self, target: &SharedRejects) -> Result<(), Error> {
        for rows::Rejected {
            row, reason, detail, ..
        } in self.unaccepted(usize::MAX)
        {
            let (file, line) = self.place(row);
            target.reject(&RejectedRow {
                source: &self.source.name,
                file: &file,
                line,
                reason: reason.name(),
                detail: &detail,
                raw: None,
            })?;
        }
        Ok(())
    }

    /// The first `most` decoded rows that are no events.
    fn unaccepted(&self, most: usize) -> Vec<rows::Rejected> {
        let verdict = rows::accept(&self.source, &self.rows);
        rows::rejected(&self.source, &self.rows, &verdict, most)
    }

    /// The ids under which different rows were accepted.
    fn conflicts(&self, accepted: &rows::Accepted) -> rows::Conflicts {
        let batch = match accepted.all() {
            true => Cow::Borrowed(&self.rows),
            false => Cow::Owned(self.rows.take(&accepted.rows())),
        };
        let part = rows::Part {
            batch: &batch,
            ids: &identity::order_keys(&batch, &self.source.unique),
            digests: &rows::digests(&self.source, &batch),
        };
        rows::conflicts(&self.source, &[part], EXAMPLES_MAX)
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
    /// A source without arrival has its event times here; rows that never change come before all.
    pub(crate) fn arrivals(&self) -> Vec<Option<i64>> {
        let accepted = rows::accept(&self.source, &self.rows);
        let arrivals = rows::arrivals(&self.source, &self.rows).unwrap_or_else(|| match self.source.arrival {
            Some(Arrival::Static) => vec![i64::MIN; self.rows.rows],
            Some(Arrival::Column(_) | Arrival::AfterTime { .. }) | None => {
                self.rows.columns[self.source.time.index()].i64s().to_vec()
            }
        });
        accepted
            .keep
            .iter()
            .zip(arrivals)
            .map(|(code, arrival)| (*code == 0).then_some(arrival))
            .collect()
    }

    /// What decoding and acceptance made of the rows.
    pub fn report(&self) -> SourceReport {
        let accepted = rows::accept(&self.source, &self.rows);
        let mut report = SourceReport {
            source: self.source.name.clone(),
            accepted: accepted.counts[0],
            ..self.by_view.clone()
        };
        let reasons = rows::Reason::ALL.map(|reason| (reason, accepted.count(reason)));
        report.add_undecoded(&self.rejects);
        report.add_rejected(reasons.into_iter().filter(|(_, count)| *count > 0));
        for why in self.unaccepted(EXAMPLES_MAX) {
            let (file, line) = self.place(why.row);
            let fault = Fault::Unaccepted(why.reason, why.instants);
            let example = Example::new((&file, line), why.reason.name(), &why.detail, fault);
            report.examples.push(example);
        }
        let conflicts = self.conflicts(&accepted);
        report.conflicting_ids = conflicts.ids;
        report.conflict_examples = conflicts.examples;
        report.differing_copies = self.differing.ids;
        report.differing_copy_examples.clone_from(&self.differing.examples);
        report
    }
}
