//! The source stage: every source is decoded once per run (twice if ids repeat), on all threads, and its events go to the shelves of every
//! lane that reads it.
//!
//! ```text
//! pieces of files ── threads ──▶ decode ─▶ accept ─┬▶ ids                         (is any id there twice?)
//!                                                  └▶ lanes: transform, key, filter ─▶ shelves by entity
//! ```
//!
//! Nothing of a row is kept but what the lanes need. Whether two rows of one identity are copies is decided by the digests
//! of whole rows; those are computed only when some id occurs twice, in a second pass: most logs never need it.

mod ids;
mod lane;
mod order;
mod part;
mod wanted;

pub(crate) use ids::IdColumn;
pub(crate) use lane::{Lane, LaneParts, Rest};

use crate::entities::Memo;
use crate::error::BatchError;
use crate::inputs::{Progress, ProgressSink, RejectedRow, Shared, SharedRejects, lock};
use crate::report::{EXAMPLES_MAX, SourceReport};
use crate::shelves::Room;
use datafusion::error::Result;
use featc_ir::Source;
use featr_decode::{Decoded, Rejects, RowNumbers, Store};
use featr_kernels::Batch;
use featr_kernels::rows::{Reason, Rejected, accept, arrivals, digests, rejected};
use ids::{Duplicates, Ids};
use order::InOrder;
use part::Part;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A source of a run and who reads it.
pub(crate) struct Scan {
    pub source: Arc<Source>,
    base: PathBuf,
    store: Arc<dyn Store>,
    /// Events in memory instead of files.
    events: Option<Vec<Batch>>,
    threads: usize,
    small_memory: bool,
    prune: bool,
    room: Room,
    progress: Option<ProgressSink>,
    rejects: SharedRejects,
    lanes: Mutex<Vec<Arc<Lane>>>,
    /// The source before it in the plan: each scan uses all threads, so they take turns, and of several sources that are
    /// broken always the same one is told.
    earlier: Option<Arc<Scan>>,
    /// How it ended: also a failure is one.
    done: tokio::sync::OnceCell<Outcome<()>>,
    report: Mutex<SourceReport>,
    spent: Mutex<Spent>,
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

impl std::fmt::Debug for Scan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scan")
            .field("source", &self.source.name)
            .finish_non_exhaustive()
    }
}

/// Every batch is cut into slices by shelf: with more rows than this, batches are large, so that slices are worth it.
const ROWS_MANY: u64 = 1 << 25;

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
    counts: [u64; 5],
    /// Of rows that were not accepted.
    examples: Vec<String>,
    /// Accepted rows that a view rejects, each once.
    by_views: u64,
    /// The first of them.
    view_examples: Vec<String>,
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
    fn tell(&self, row: usize, reason: &'static str, detail: &str, examples: &mut Vec<String>) -> Outcome<()> {
        let line = self.rows.number(row);
        if examples.len() < EXAMPLES_MAX {
            examples.push(format!("{}:{line}: {reason}: {detail}", self.file));
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
        self.rejects.put(self.part, &row)
    }
}

type Outcome<T> = std::result::Result<T, BatchError>;

impl Scan {
    pub fn new(source: Arc<Source>, events: Option<Vec<Batch>>, earlier: Option<Arc<Scan>>, shared: &Shared) -> Scan {
        let report = SourceReport {
            source: source.name.clone(),
            ..SourceReport::default()
        };
        Scan {
            source,
            base: shared.base.clone(),
            store: shared.store.clone(),
            events,
            threads: shared.threads,
            small_memory: shared.small_memory,
            prune: shared.prune,
            room: shared.room.clone(),
            progress: shared.progress.clone(),
            rejects: shared.rejects.clone(),
            lanes: Mutex::default(),
            earlier,
            done: tokio::sync::OnceCell::new(),
            report: Mutex::new(report),
            spent: Mutex::default(),
        }
    }

    /// Adds a reader; before [`Scan::run`].
    pub fn join(&self, lane: Arc<Lane>) {
        lock(&self.lanes).push(lane);
    }

    /// What became of its rows so far.
    pub fn report(&self) -> SourceReport {
        lock(&self.report).clone()
    }

    /// What it took so far.
    pub fn spent(&self) -> Spent {
        *lock(&self.spent)
    }

    /// Scans the source after those before it in the plan; the first caller does it, the others wait. Of several that fail
    /// the first in the plan is told.
    pub async fn run(self: &Arc<Self>) -> Result<()> {
        let mut line = vec![self.clone()];
        while let Some(earlier) = line.last().and_then(|scan| scan.earlier.clone()) {
            line.push(earlier);
        }
        for scan in line.iter().rev() {
            scan.done.get_or_init(|| scan.clone().scan_aside()).await.clone()?;
        }
        Ok(())
    }

    /// [`Scan::scan`] on a thread that may block.
    async fn scan_aside(self: Arc<Self>) -> Outcome<()> {
        let done = tokio::task::spawn_blocking(move || self.scan()).await;
        done.unwrap_or_else(|_| {
            Err(BatchError::Bug {
                why: "a thread of the source stage failed".into(),
            })
        })
    }

    fn scan(&self) -> Outcome<()> {
        let begun = Instant::now();
        let lanes = lock(&self.lanes).clone();
        let parts = self.parts(&lanes, false)?;
        let rows: u64 = parts.iter().map(Part::rows).sum();
        let bytes = parts.iter().map(Part::bytes).sum();
        lock(&self.report).skipped = parts.iter().map(Part::skipped).sum();
        for lane in &lanes {
            lane.open(rows, self.threads, self.small_memory, false, &self.room);
        }
        let first = Pass {
            duplicates: None,
            ids: Ids::new(&self.source, &self.room),
            found: Mutex::default(),
            rejects: InOrder::new(&self.rejects, &self.source.name, &self.room),
        };
        self.pass(&parts, &lanes, &first)?;
        let undecoded = first.rejects.finish();
        let found: Vec<Found> = lock(&first.found).drain(..).collect();
        let coded = found.iter().filter(|found| found.coded);
        let coded = coded.map(|found| found.counts.iter().sum::<u64>()).sum();
        self.settle(found, undecoded);
        let duplicates = first.ids.duplicates(self.threads, &self.room)?;
        drop(first);
        if !duplicates.is_empty() {
            self.second_pass(&self.parts(&lanes, true)?, &lanes, &duplicates, rows)?;
        }
        *lock(&self.spent) = Spent {
            wall: begun.elapsed(),
            passes: if duplicates.is_empty() { 1 } else { 2 },
            bytes,
            coded,
        };
        Ok(())
    }

    /// The same again, with digests: some ids occur more than once.
    fn second_pass(&self, parts: &[Part], lanes: &[Arc<Lane>], duplicates: &Duplicates, rows: u64) -> Outcome<()> {
        for lane in lanes {
            lane.open(rows, self.threads, self.small_memory, true, &self.room);
        }
        let nobody = SharedRejects::none();
        let second = Pass {
            duplicates: Some(duplicates),
            ids: Ids::new(&self.source, &self.room),
            found: Mutex::default(),
            rejects: InOrder::new(&nobody, &self.source.name, &self.room),
        };
        self.pass(parts, lanes, &second)?;
        let accepted: u64 = lock(&second.found).iter().map(|found| found.counts[0]).sum();
        let mut report = lock(&self.report);
        if accepted != report.accepted {
            return Err(BatchError::Changed {
                source: self.source.name.clone(),
            });
        }
        (report.conflicting_ids, report.conflict_examples) = duplicates.conflicts();
        let copies = duplicates.differing_copies();
        (report.differing_copies, report.differing_copy_examples) = (copies.ids, copies.examples);
        Ok(())
    }

    /// Decodes all parts on all threads. Of several errors, that of the first part counts.
    fn pass(&self, parts: &[Part], lanes: &[Arc<Lane>], pass: &Pass<'_>) -> Outcome<()> {
        let next = AtomicUsize::new(0);
        let failed: Mutex<Option<(usize, BatchError)>> = Mutex::new(None);
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(part) = parts.get(at) else { return };
                if let Err(error) = self.part(at, part, lanes, pass) {
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

    fn part(&self, at: usize, part: &Part, lanes: &[Arc<Lane>], pass: &Pass<'_>) -> Outcome<()> {
        let mut undecoded = Rejects::default();
        let mut batch_number = 0;
        let mut memos = vec![vec![]; lanes.len()];
        let mut each = |decoded: Decoded| {
            let place = (at as u64) << 32 | batch_number;
            batch_number += 1;
            if pass.duplicates.is_none() {
                self.tell(decoded.batch.rows);
            }
            self.judge(place, decoded, (lanes, &mut memos), pass)
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
        pass.rejects.end(at, undecoded)?;
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

    /// Accepts a batch and hands its events on.
    fn judge(
        &self,
        place: u64,
        decoded: Decoded,
        (lanes, memos): (&[Arc<Lane>], &mut [Vec<Memo>]),
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
        for Rejected { row, reason, detail } in rejected(source, &decoded.batch, &verdict, most) {
            told.tell(row, reason.name(), &detail, &mut examples)?;
        }
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
        let arrivals = if lanes.iter().any(|lane| lane.reads_arrivals()) {
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
        for (lane, memos) in lanes.iter().zip(memos) {
            let rejected = lane.put(place, &batch, &rest, memos)?;
            rejected_rows.extend(rejected.iter().map(|row| row.row));
            by_views.extend(rejected.iter().take(most).map(|row| {
                let place = kept.as_ref().map_or(row.row, |kept| kept[row.row as usize]);
                (place as usize, row.reason.name(), row.detail(lane.spec()))
            }));
        }
        // Lanes of one transform say the same of a row.
        by_views.sort_unstable();
        by_views.dedup();
        rejected_rows.sort_unstable();
        rejected_rows.dedup();
        let mut view_examples = vec![];
        for (row, reason, detail) in by_views {
            told.tell(row, reason, &detail, &mut view_examples)?;
        }
        lock(&pass.found).push(Found {
            place,
            coded: !decoded.texts.is_empty(),
            counts: verdict.counts,
            examples,
            by_views: rejected_rows.len() as u64,
            view_examples,
        });
        Ok(())
    }

    /// Counts what was not accepted, in order.
    fn settle(&self, mut found: Vec<Found>, undecoded: Rejects) {
        found.sort_by_key(|found| found.place);
        let mut counts = [0u64; 5];
        for found in &found {
            counts
                .iter_mut()
                .zip(found.counts)
                .for_each(|(count, more)| *count += more);
        }
        let mut report = lock(&self.report);
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
