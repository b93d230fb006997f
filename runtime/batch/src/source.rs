//! The source stage: decoded once per run, accepted or not, with identities and digests, ready for every view.
//!
//! One thread decodes; the others judge and digest what is decoded. The result is in the order of the files.

use crate::error::BatchError;
use crate::inputs::{FromDecoder, Progress, ProgressSink, RejectedRow, Shared, SharedRejects, lock};
use crate::report::{EXAMPLES_MAX, SourceReport};
use datafusion::error::{DataFusionError, Result};
use featc_ir::Source;
use featr_decode::{Decoded, ReadOptions, RowNumbers, Store, read_source};
use featr_kernels::rows::{Part, Reason, Rejected, accept, arrivals, conflicts, digests, rejected};
use featr_kernels::{Batch, StrData, identity};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};

/// Accepted rows of a source.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub batch: Batch,
    pub arrivals: Option<Vec<i64>>,
    /// Order keys of the `unique` columns.
    pub ids: StrData,
    pub digests: Vec<u128>,
}

impl Prepared {
    fn part(&self) -> Part<'_> {
        Part {
            batch: &self.batch,
            ids: &self.ids,
            digests: &self.digests,
        }
    }
}

/// A source of a run.
pub(crate) struct SharedSource {
    pub source: Arc<Source>,
    base: PathBuf,
    store: Arc<dyn Store>,
    /// Events in memory, until they are read.
    events: Mutex<Option<Vec<Batch>>>,
    threads: usize,
    progress: Option<ProgressSink>,
    rejects: SharedRejects,
    prepared: OnceLock<std::result::Result<Vec<Prepared>, BatchError>>,
    report: Mutex<SourceReport>,
}

impl std::fmt::Debug for SharedSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedSource")
            .field("source", &self.source.name)
            .finish_non_exhaustive()
    }
}

/// A decoded batch, judged.
struct Judged {
    position: usize,
    prepared: Prepared,
    counts: [u64; 5],
    /// With file and line: all of them if they are wanted, else those that a report may show.
    rejected: Vec<(Arc<str>, u64, Rejected)>,
}

impl SharedSource {
    pub fn new(source: Arc<Source>, events: Option<Vec<Batch>>, shared: &Shared) -> SharedSource {
        let report = SourceReport {
            source: source.name.clone(),
            ..SourceReport::default()
        };
        SharedSource {
            source,
            base: shared.base.clone(),
            store: shared.store.clone(),
            events: Mutex::new(events),
            threads: shared.threads,
            progress: shared.progress.clone(),
            rejects: shared.rejects.clone(),
            prepared: OnceLock::new(),
            report: Mutex::new(report),
        }
    }

    /// The accepted rows; the first caller reads them, the others wait.
    pub fn prepared(&self) -> Result<&[Prepared]> {
        match self.prepared.get_or_init(|| self.read()) {
            Ok(prepared) => Ok(prepared),
            Err(error) => Err(DataFusionError::from(error.clone())),
        }
    }

    /// What became of its rows so far.
    pub fn report(&self) -> SourceReport {
        lock(&self.report).clone()
    }

    fn read(&self) -> std::result::Result<Vec<Prepared>, BatchError> {
        let (send, receive) = sync_channel::<(usize, Decoded)>(2 * self.threads);
        let receive = Mutex::new(receive);
        let (decoded, judged) = std::thread::scope(|scope| {
            let judges: Vec<_> = (0..self.threads)
                .map(|_| scope.spawn(|| self.judge_all(&receive)))
                .collect();
            let decoded = self.decode(&mut |position, decoded| {
                // The judges only stop when this end is dropped.
                let _ = send.send((position, decoded));
            });
            drop(send);
            let mut all = vec![];
            for judge in judges {
                match judge.join() {
                    Ok(judged) => all.extend(judged),
                    Err(_) => {
                        return (
                            Err(BatchError::Bug {
                                why: "a thread of the source stage failed".into(),
                            }),
                            all,
                        );
                    }
                }
            }
            (decoded, all)
        });
        decoded?;
        self.settle(judged)
    }

    /// Counts and passes on what was not accepted, in order.
    fn settle(&self, mut judged: Vec<Judged>) -> std::result::Result<Vec<Prepared>, BatchError> {
        judged.sort_by_key(|judged| judged.position);
        let mut counts = [0u64; 5];
        let mut examples = vec![];
        let mut prepared: Vec<Prepared> = Vec::with_capacity(judged.len());
        for part in judged {
            counts
                .iter_mut()
                .zip(part.counts)
                .for_each(|(count, more)| *count += more);
            for (file, line, Rejected { reason, detail, .. }) in &part.rejected {
                let reason = reason.name();
                if examples.len() < EXAMPLES_MAX {
                    examples.push(format!("{file}:{line}: {reason}: {detail}"));
                }
                self.rejects.put(&RejectedRow {
                    source: &self.source.name,
                    file,
                    line: *line,
                    reason,
                    detail,
                    raw: None,
                })?;
            }
            prepared.push(part.prepared);
        }
        let parts: Vec<Part<'_>> = prepared.iter().map(Prepared::part).collect();
        let conflicts = conflicts(&self.source, &parts, EXAMPLES_MAX);
        let mut report = lock(&self.report);
        report.decoded = counts.iter().sum();
        report.accepted = counts[0];
        report.rejected = Reason::ALL
            .into_iter()
            .map(|reason| (reason, counts[reason as usize]))
            .filter(|(_, count)| *count > 0)
            .collect();
        report.rejected_examples = examples;
        report.conflicting_ids = conflicts.ids;
        report.conflict_examples = conflicts.examples;
        Ok(prepared)
    }

    fn decode(&self, each: &mut dyn FnMut(usize, Decoded)) -> std::result::Result<(), BatchError> {
        if let Some(batches) = lock(&self.events).take() {
            let mut first = 1;
            for (position, batch) in batches.into_iter().enumerate() {
                self.check(&batch)?;
                self.tell(batch.rows);
                let rows = RowNumbers { first, numbers: None };
                first += batch.rows as u64;
                each(
                    position,
                    Decoded {
                        batch,
                        file: "memory".into(),
                        rows,
                    },
                );
            }
            return Ok(());
        }
        let no_input = || BatchError::NoInput {
            source: self.source.name.clone(),
        };
        let files = self.source.batch.as_ref().ok_or_else(no_input)?;
        let mut options = ReadOptions {
            store: Some(self.store.clone()),
            ..ReadOptions::default()
        };
        if self.rejects.wanted() {
            let sink = FromDecoder {
                source: self.source.name.clone(),
                rejects: self.rejects.clone(),
            };
            options.sink = Some(Box::new(sink));
        }
        let mut reader = read_source(&self.source, files, &self.base, options)?;
        for (position, decoded) in reader.by_ref().enumerate() {
            let decoded = decoded?;
            self.tell(decoded.batch.rows);
            each(position, decoded);
        }
        lock(&self.report).undecoded = reader.into_rejects();
        Ok(())
    }

    fn tell(&self, rows: usize) {
        if let Some(sink) = &self.progress {
            sink(&Progress::Decoded {
                source: self.source.name.clone(),
                rows: rows as u64,
            });
        }
    }

    /// Events in memory come from strangers.
    fn check(&self, batch: &Batch) -> std::result::Result<(), BatchError> {
        let declared = &self.source.columns;
        let wrong = |why: String| {
            Err(BatchError::WrongColumns {
                source: self.source.name.clone(),
                why,
            })
        };
        if batch.columns.len() != declared.len() {
            return wrong(format!("have {} columns, not {}", batch.columns.len(), declared.len()));
        }
        for (column, declared) in batch.columns.iter().zip(declared) {
            if column.ty != declared.ty || column.len() != batch.rows {
                return wrong(format!(
                    "do not have {} rows of {} as `{}`",
                    batch.rows, declared.ty, declared.name
                ));
            }
            if (0..column.len()).any(|row| column.error(row).is_some()) {
                return wrong(format!("hold errors as `{}`", declared.name));
            }
        }
        Ok(())
    }

    fn judge_all(&self, receive: &Mutex<Receiver<(usize, Decoded)>>) -> Vec<Judged> {
        let mut judged = vec![];
        loop {
            let next = lock(receive).recv();
            match next {
                Ok((position, decoded)) => judged.push(self.judge(position, decoded)),
                Err(_) => return judged,
            }
        }
    }

    fn judge(&self, position: usize, decoded: Decoded) -> Judged {
        let source = &*self.source;
        let verdict = accept(source, &decoded.batch);
        let most = if self.rejects.wanted() {
            usize::MAX
        } else {
            EXAMPLES_MAX
        };
        let place = |rejected: Rejected| (decoded.file.clone(), decoded.rows.number(rejected.row), rejected);
        let rejected = rejected(source, &decoded.batch, &verdict, most);
        let rejected = rejected.into_iter().map(place).collect();
        let batch = if verdict.all() {
            decoded.batch
        } else {
            decoded.batch.take(&verdict.rows())
        };
        let prepared = Prepared {
            arrivals: arrivals(source, &batch),
            ids: identity::order_keys(&batch, &source.unique),
            digests: digests(source, &batch),
            batch,
        };
        Judged {
            position,
            prepared,
            counts: verdict.counts,
            rejected,
        }
    }
}
