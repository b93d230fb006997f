//! A pass at work: parts are decoded on all threads, their rows accepted and handed on.

use super::Outcome;
use super::ids::{Duplicates, Ids};
use super::part::Part;
use super::pipeline::{Dealing, Dealt, Pipeline, Rest, Running};
use super::rejects::InOrder;
use super::wanted;
use crate::entities::Memo;
use crate::error::BatchError;
use crate::id_column::IdColumn;
use crate::inputs::{Progress, RejectedRow, Resources, SharedRejects};
use crate::locks::lock;
use crate::report::{EXAMPLES_MAX, SourceReport};
use crate::spill::SpillContext;
use datafusion::error::Result;
use featc_ir::Source;
use featr_decode::{Decoded, Example, Fault, Rejects, RowNumbers};
use featr_kernels::rows::{Reason, accept, arrivals, digests, rejected};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// See the module.
pub(super) struct Scan<'a> {
    pub source: Arc<Source>,
    pub resources: &'a Resources,
    pub threads: usize,
    pub small_memory: bool,
    pub context: SpillContext,
    pub rejects: SharedRejects,
    pub report: &'a Mutex<SourceReport>,
}

/// What a scan took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spent {
    pub wall: Duration,
    /// 2 when some ids occur more than once.
    pub passes: u32,
    /// Of the files, as they are stored.
    pub bytes: u64,
    /// Rows whose keys, or some of their columns, came as codes of a dictionary.
    pub coded: u64,
}

/// Every batch is cut into slices by partition: with more rows than this, batches are large, so that slices are worth it.
pub(super) const ROWS_MANY: u64 = 1 << 25;

/// What one pass over a source collects beside the events.
struct Pass<'a> {
    /// In the second pass: the ids that occur more than once.
    duplicates: Option<&'a Duplicates>,
    ids: Ids,
    found: Mutex<Vec<Found>>,
    rejects: InOrder<'a>,
}

/// What a batch said about its rows.
struct Found {
    place: u64,
    coded: bool,
    counts: [u64; Reason::ALL.len() + 1],
    /// Of rows that were not accepted.
    examples: Vec<Example>,
    /// Accepted rows that a view rejects, each once.
    by_views: u64,
    /// The first of them.
    view_examples: Vec<Example>,
    seen: wanted::Seen,
}

/// Where rows of one batch that are not used are told.
struct Told<'a> {
    source: &'a str,
    file: &'a str,
    rows: &'a RowNumbers,
    part: usize,
    rejects: &'a InOrder<'a>,
}

impl Told<'_> {
    /// Tells of a row of the batch as it was decoded: to whoever wants all of them, and as one of the first examples.
    fn tell(
        &self,
        row: usize,
        (reason, detail): (&'static str, &str),
        fault: Fault,
        examples: &mut Vec<Example>,
    ) -> Outcome<()> {
        let line = self.rows.number(row);
        if examples.len() < EXAMPLES_MAX {
            examples.push(Example::new((self.file, line), reason, detail, fault));
        }
        if !self.rejects.wanted() {
            return Ok(());
        }
        let row = RejectedRow {
            source: self.source,
            file: self.file,
            line,
            reason,
            detail,
            raw: None,
        };
        Ok(self.rejects.put(self.part, &row)?)
    }
}

impl Scan<'_> {
    /// What the pipelines have of the source, and what reading it took.
    pub fn run(&self, pipelines: &[Arc<Pipeline>]) -> Outcome<(Vec<Dealt>, Spent)> {
        let begun = Instant::now();
        let parts = self.parts(pipelines, false)?;
        let rows: u64 = parts.iter().map(Part::rows).sum();
        let bytes = parts.iter().map(Part::bytes).sum();
        lock(self.report).skipped = parts.iter().map(Part::skipped).sum();
        let running = self.running(pipelines, rows, false)?;
        let first = Pass {
            duplicates: None,
            ids: Ids::new(&self.source, &self.context),
            found: Mutex::default(),
            rejects: InOrder::new(&self.rejects, &self.source.name),
        };
        self.pass(&parts, &running, &first)?;
        let undecoded = first.rejects.finish();
        let found: Vec<Found> = lock(&first.found).drain(..).collect();
        let seen = wanted::Seen::all(found.iter().map(|found| &found.seen));
        let coded = found.iter().filter(|found| found.coded);
        let coded = coded.map(|found| found.counts.iter().sum::<u64>()).sum();
        self.count(found, undecoded);
        self.tell_columns(&seen, pipelines, &mut lock(self.report));
        let duplicates = first.ids.duplicates(self.threads, &self.context)?;
        drop(first);
        let (running, passes) = if duplicates.is_empty() {
            (running, 1)
        } else {
            drop(running);
            let parts = self.parts(pipelines, true)?;
            (self.second_pass(&parts, pipelines, &duplicates, rows)?, 2)
        };
        let spent = Spent {
            wall: begun.elapsed(),
            passes,
            bytes,
            coded,
        };
        Ok((running.into_iter().map(Running::dealt).collect(), spent))
    }

    fn running(&self, pipelines: &[Arc<Pipeline>], rows: u64, has_digests: bool) -> Result<Vec<Running>> {
        let dealing = Dealing {
            rows,
            threads: self.threads,
            small: self.small_memory,
            has_digests,
            context: &self.context,
        };
        pipelines
            .iter()
            .map(|pipeline| Running::new(pipeline, dealing))
            .collect()
    }

    /// The same again, with digests: some ids occur more than once.
    fn second_pass(
        &self,
        parts: &[Part],
        pipelines: &[Arc<Pipeline>],
        duplicates: &Duplicates,
        rows: u64,
    ) -> Outcome<Vec<Running>> {
        let running = self.running(pipelines, rows, true)?;
        let nobody = SharedRejects::none();
        let second = Pass {
            duplicates: Some(duplicates),
            ids: Ids::new(&self.source, &self.context),
            found: Mutex::default(),
            rejects: InOrder::new(&nobody, &self.source.name),
        };
        self.pass(parts, &running, &second)?;
        let accepted: u64 = lock(&second.found).iter().map(|found| found.counts[0]).sum();
        let mut report = lock(self.report);
        if accepted != report.accepted {
            return Err(BatchError::Changed {
                source: self.source.name.clone(),
            });
        }
        (report.conflicting_ids, report.conflict_examples) = duplicates.conflicts();
        let copies = duplicates.differing_copies();
        (report.differing_copies, report.differing_copy_examples) = (copies.ids, copies.examples);
        Ok(running)
    }

    /// Decodes all parts on all threads. Of several errors, that of the first part counts.
    fn pass(&self, parts: &[Part], pipelines: &[Running], pass: &Pass<'_>) -> Outcome<()> {
        let next = AtomicUsize::new(0);
        let failed: Mutex<Option<(usize, BatchError)>> = Mutex::new(None);
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(part) = parts.get(at) else { return };
                if let Err(error) = self.part(at, part, pipelines, pass) {
                    let mut failed = lock(&failed);
                    if failed.as_ref().is_none_or(|(known, _)| at < *known) {
                        *failed = Some((at, error));
                    }
                    // What comes later cannot matter any more; what came before is at work already.
                    next.store(parts.len(), Ordering::Relaxed);
                }
            }
        };
        let threads = self.threads.min(parts.len()).max(1);
        let whole = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            work();
            // Every one is waited for.
            let failed = others.into_iter().map(|other| other.join()).filter(Result::is_err);
            failed.count() == 0
        });
        if !whole {
            return Err(BatchError::Bug {
                why: "a thread of the source stage failed".into(),
            });
        }
        match failed.into_inner() {
            Ok(Some((_, error))) => Err(error),
            Ok(None) | Err(_) => Ok(()),
        }
    }

    fn part(&self, at: usize, part: &Part, pipelines: &[Running], pass: &Pass<'_>) -> Outcome<()> {
        let begun = pass.rejects.begin(at);
        let mut undecoded = Rejects::default();
        let mut batch_number = 0;
        let mut memos = vec![vec![]; pipelines.len()];
        let mut each = |decoded: Decoded| {
            let place = (at as u64) << 32 | batch_number;
            batch_number += 1;
            if pass.duplicates.is_none() {
                self.tell(decoded.batch.rows)?;
            }
            self.judge(place, decoded, (pipelines, &mut memos), pass)
        };
        let outcome = match part {
            Part::Memory { first, batch } => each(Decoded {
                batch: batch.clone(),
                file: "memory".into(),
                rows: RowNumbers {
                    first: *first,
                    numbers: None,
                },
                texts: vec![],
                undeclared: None,
            }),
            Part::File(piece) => {
                let mut reject = |reject| -> Outcome<()> {
                    pass.rejects.undecoded(at, &reject)?;
                    undecoded.add(reject);
                    Ok(())
                };
                piece.read(&mut reject, &mut each)
            }
        };
        outcome?;
        begun.end(undecoded)?;
        Ok(())
    }

    fn tell(&self, rows: usize) -> Outcome<()> {
        self.resources.tell(&Progress::Decoded {
            source: self.source.name.clone(),
            rows: rows as u64,
        })
    }

    /// Accepts a batch and hands its events on.
    fn judge(
        &self,
        place: u64,
        decoded: Decoded,
        (pipelines, memos): (&[Running], &mut [Vec<Memo>]),
        pass: &Pass<'_>,
    ) -> Outcome<()> {
        let source = &*self.source;
        let verdict = accept(source, &decoded.batch);
        let most = match pass.duplicates {
            // All was told in the first pass.
            Some(_) => 0,
            None if pass.rejects.wanted() => usize::MAX,
            None => EXAMPLES_MAX,
        };
        let told = Told {
            source: &source.name,
            file: &decoded.file,
            rows: &decoded.rows,
            part: (place >> 32) as usize,
            rejects: &pass.rejects,
        };
        let mut examples = vec![];
        for why in rejected(source, &decoded.batch, &verdict, most) {
            let fault = Fault::Unaccepted(why.reason, why.instants);
            told.tell(why.row, (why.reason.name(), &why.detail), fault, &mut examples)?;
        }
        let seen = wanted::Seen::of(source, &decoded.batch);
        let kept = (!verdict.all()).then(|| verdict.rows());
        let batch = match &kept {
            None => decoded.batch,
            Some(kept) => decoded.batch.take(kept),
        };
        let ids = IdColumn::of(source, &batch).ok_or_else(|| BatchError::WrongColumns {
            source: source.name.clone(),
            why: "hold nulls in a column that is not nullable".into(),
        })?;
        let row_digests = match pass.duplicates {
            None => {
                pass.ids.put(place, &ids)?;
                None
            }
            Some(duplicates) => {
                let row_digests = digests(source, &batch);
                duplicates.note(place, source, &batch, &ids, &row_digests);
                if let Some(undeclared) = &decoded.undeclared {
                    let rows = duplicates.among(&ids, batch.rows);
                    let in_file = |row: &u32| kept.as_ref().map_or(*row, |kept| kept[*row as usize]);
                    let hashes = undeclared.hashes(&rows.iter().map(in_file).collect::<Vec<u32>>())?;
                    duplicates.note_copies(place, (source, &batch), rows.into_iter().zip(hashes), &row_digests);
                }
                Some(row_digests)
            }
        };
        let arrivals = if pipelines.iter().any(|running| running.pipeline.reads_arrivals()) {
            arrivals(source, &batch)
        } else {
            None
        };
        let rest = Rest {
            texts: &decoded.texts,
            arrivals: arrivals.as_deref(),
            ids: &ids,
            digests: row_digests.as_deref(),
        };
        let mut by_views = vec![];
        let mut rejected_rows = vec![];
        for (running, memos) in pipelines.iter().zip(memos) {
            let rejected = running.put(place, &batch, &rest, memos)?;
            rejected_rows.extend(rejected.iter().map(|row| row.row));
            by_views.extend(rejected.iter().take(most).map(|row| {
                let place = kept.as_ref().map_or(row.row, |kept| kept[row.row as usize]);
                (place as usize, row.reason, row.detail(&running.pipeline.spec))
            }));
        }
        // Pipelines of one transform say the same of a row.
        by_views.sort_unstable();
        by_views.dedup();
        rejected_rows.sort_unstable();
        rejected_rows.dedup();
        let mut view_examples = vec![];
        for (row, reason, detail) in by_views {
            told.tell(row, (reason.name(), &detail), Fault::OfView(reason), &mut view_examples)?;
        }
        lock(&pass.found).push(Found {
            place,
            coded: !decoded.texts.is_empty(),
            counts: verdict.counts,
            examples,
            by_views: rejected_rows.len() as u64,
            view_examples,
            seen,
        });
        Ok(())
    }

    /// Counts what was not accepted, in order.
    fn count(&self, mut found: Vec<Found>, undecoded: Rejects) {
        found.sort_by_key(|found| found.place);
        let mut counts = [0u64; Reason::ALL.len() + 1];
        for found in &found {
            counts
                .iter_mut()
                .zip(found.counts)
                .for_each(|(count, more)| *count += more);
        }
        let mut report = lock(self.report);
        report.decoded = counts.iter().sum();
        report.accepted = counts[0];
        report.rejected = Reason::ALL
            .into_iter()
            .map(|reason| (reason, counts[reason as usize]))
            .filter(|(_, count)| *count > 0)
            .collect();
        let examples = found.iter_mut().flat_map(|found| found.examples.drain(..));
        report.rejected_examples = examples.take(EXAMPLES_MAX).collect();
        report.rejected_by_any_view = found.iter().map(|found| found.by_views).sum();
        let examples = found.iter_mut().flat_map(|found| found.view_examples.drain(..));
        report.view_examples = examples.take(EXAMPLES_MAX).collect();
        report.undecoded = undecoded;
    }
}
