//! Events that are not visible at the cut yet, in order of arrival, in front of their log.
//!
//! ```text
//! runs     [ α α α α α α α α ] [ α α α ] [ α ]      each sorted; one is more than twice as long as the next
//!              └ from: what stands before has entered the log
//! ```

use crate::delta::{EventDeltas, Weight, Weights};
use crate::log::{Changes, Log};
use featc_ir::Type;
use featr_kernels::StrData;
use featr_kernels::events::Events;
use std::cmp::Ordering;

/// The waiting room of one log.
///
/// # Contract
/// - **Total**: every event that is put in enters the log when the cut reaches its arrival, and not before; so does every
///   retraction of one. Of one arrival, insertions go first.
/// - Several copies of one event may wait; the log recognises them when they enter.
/// - **Canonical**: [`Waiting::sorted`] is a function of the set of deltas put in and not let in.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    runs: Vec<Run>,
}

/// Waiting events with their arrivals; all columns have as many rows.
#[derive(Debug)]
pub(crate) struct Run {
    pub arrivals: Vec<i64>,
    pub entities: StrData,
    pub events: Events,
    pub weights: Weights,
    /// The rows before it have entered the log.
    from: usize,
}

impl Run {
    /// No events, with one lift column per type.
    pub fn new(lifts: &[Type]) -> Run {
        Run::of(Vec::new(), StrData::new(), Events::new(lifts), Weights::INSERTS)
    }

    pub fn of(arrivals: Vec<i64>, entities: StrData, events: Events, weights: Weights) -> Run {
        Run {
            arrivals,
            entities,
            events,
            weights,
            from: 0,
        }
    }

    pub fn len(&self) -> usize {
        self.arrivals.len() - self.from
    }

    pub fn take(&self, rows: &[u32]) -> Run {
        let arrivals = rows.iter().map(|row| self.arrivals[*row as usize]).collect();
        let weights = self.weights.take(rows);
        Run::of(arrivals, self.entities.take(rows), self.events.take(rows), weights)
    }

    pub fn append(&mut self, other: &Run) {
        self.weights
            .append(self.arrivals.len(), &other.weights, other.arrivals.len());
        self.arrivals.extend_from_slice(&other.arrivals);
        self.entities.append(&other.entities);
        self.events.append(&other.events);
    }

    /// The rows that wait.
    pub fn rows(&self) -> impl Iterator<Item = u32> + use<> {
        self.from as u32..self.arrivals.len() as u32
    }

    /// The waiting rows by arrival; of one arrival insertions first, and by τ, so that they enter the log in its order.
    fn by_arrival(&self) -> Run {
        let mut rows: Vec<u32> = self.rows().collect();
        let place = |row: usize| (self.arrivals[row], self.weights.of(row), self.events.times[row]);
        rows.sort_by_key(|row| place(*row as usize));
        self.take(&rows)
    }

    /// Compares two events: by entity, then by (τ, id, digest).
    fn compare(&self, row: usize, other: usize) -> Ordering {
        let entities = self.entities.get(row).cmp(self.entities.get(other));
        entities.then_with(|| self.events.compare(row, &self.events, other))
    }

    /// The order of snapshots: by event; the deltas of one event as they enter the log.
    fn compare_deltas(&self, row: usize, other: usize) -> Ordering {
        let place = |row: usize| (self.arrivals[row], self.weights.of(row));
        self.compare(row, other).then_with(|| place(row).cmp(&place(other)))
    }

    /// Runs of different entities, each in the order of snapshots, as one that is.
    pub fn joined(mut runs: impl Iterator<Item = Run>) -> Run {
        let mut all = runs.next().unwrap_or_else(|| Run::new(&[]));
        let mut is_one = true;
        for run in runs.filter(|run| run.len() > 0) {
            is_one = false;
            all.append(&run);
        }
        if is_one {
            return all;
        }
        let mut rows: Vec<u32> = all.rows().collect();
        rows.sort_by(|left, right| all.compare_deltas(*left as usize, *right as usize));
        all.take(&rows)
    }

    /// Its rows, those of some entities and the others.
    fn split(self, is_theirs: &dyn Fn(&[u8]) -> bool) -> (Run, Run) {
        let (theirs, ours): (Vec<u32>, Vec<u32>) =
            self.rows().partition(|row| is_theirs(self.entities.get(*row as usize)));
        (self.take(&theirs), self.take(&ours))
    }

    /// Whether it is as [`Waiting::sorted`] gives it.
    pub fn is_sorted(&self) -> bool {
        let is_next = |row: usize| match self.compare_deltas(row - 1, row) {
            Ordering::Less => true,
            Ordering::Equal => self.weights.of(row) == Weight::Retract,
            Ordering::Greater => false,
        };
        (1..self.arrivals.len()).all(is_next)
    }
}

impl Waiting {
    /// Puts in some rows of deltas, which have arrivals.
    pub fn put(&mut self, deltas: &EventDeltas, rows: &[u32]) {
        if rows.is_empty() {
            return;
        }
        let arrivals = deltas.arrivals.as_deref().unwrap_or_default();
        self.put_run(Run::of(
            rows.iter().map(|row| arrivals[*row as usize]).collect(),
            deltas.entities.take(rows),
            deltas.events.take(rows),
            deltas.weights.take(rows),
        ));
    }

    /// Puts in a whole run.
    pub fn put_run(&mut self, run: Run) {
        if run.len() == 0 {
            return;
        }
        let mut last = run.by_arrival();
        while let Some(before) = self.runs.pop_if(|before| before.len() <= 2 * last.len()) {
            let mut joined = if before.from == 0 { before } else { before.by_arrival() };
            joined.append(&last);
            last = joined.by_arrival();
        }
        self.runs.push(last);
    }

    /// Lets the events with arrival ≤ `until_us` into the log, but for those with τ ≤ `floor_us`.
    pub fn let_in(&mut self, until_us: i128, floor_us: Option<i64>, log: &mut Log) -> Changes {
        // Law: as_of_delivery (proofs/theory/Truth.v)
        let mut changes = Changes::default();
        if self.runs.iter().any(|run| !run.weights.all_inserts()) {
            self.join(log.lift_types());
        }
        for run in &mut self.runs {
            let due = run.arrivals[run.from..].partition_point(|arrival| i128::from(*arrival) <= until_us);
            let rows = run.from..run.from + due;
            changes += log.apply((&run.entities, &run.events, &run.weights), rows, floor_us);
            run.from += due;
            // What has entered is dropped when it is half of the run: each row is moved a bounded number of times.
            if run.len() > 0 && run.from > run.len() {
                *run = run.take(&run.rows().collect::<Vec<u32>>());
            }
        }
        self.runs.retain(|run| run.len() > 0);
        changes
    }

    /// Takes out what has arrived up to `until_us`: run by run, in order of arrival within each; who takes them orders them.
    pub fn take_due(&mut self, until_us: i128) -> Vec<Run> {
        let mut taken = Vec::new();
        for run in &mut self.runs {
            let due = run.arrivals[run.from..].partition_point(|arrival| i128::from(*arrival) <= until_us);
            if due > 0 {
                let rows: Vec<u32> = run.rows().collect();
                taken.push(run.take(&rows[..due]));
                *run = run.take(&rows[due..]);
            }
        }
        self.runs.retain(|run| run.len() > 0);
        taken
    }

    /// All that wait.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Takes out what waits of some entities.
    pub fn split_off(&mut self, is_theirs: &dyn Fn(&[u8]) -> bool) -> Waiting {
        let runs = std::mem::take(&mut self.runs).into_iter();
        let (mut theirs, ours): (Vec<Run>, Vec<Run>) = runs.map(|run| run.split(is_theirs)).unzip();
        self.runs = ours;
        self.runs.retain(|run| run.len() > 0);
        theirs.retain(|run| run.len() > 0);
        Waiting { runs: theirs }
    }

    /// Makes one run of all: where some retract, the order of arrival counts between runs, too.
    fn join(&mut self, lifts: &[Type]) {
        if let [_, _, ..] = self.runs[..] {
            let all = self.all(lifts);
            self.runs = vec![all.by_arrival()];
        }
    }

    fn all(&self, lifts: &[Type]) -> Run {
        let mut all = Run::new(lifts);
        self.runs.iter().for_each(|run| all.append(&run.by_arrival()));
        all
    }

    /// Gives up the events with τ ≤ `floor_us`; tells how many deltas that were.
    pub fn release(&mut self, floor_us: i64) -> u64 {
        let before = self.len();
        for run in &mut self.runs {
            let rows: Vec<u32> = run
                .rows()
                .filter(|row| run.events.times[*row as usize] > floor_us)
                .collect();
            if rows.len() < run.len() {
                *run = run.take(&rows);
            }
        }
        self.runs.retain(|run| run.len() > 0);
        (before - self.len()) as u64
    }

    /// How many events wait, copies included.
    pub fn len(&self) -> usize {
        self.runs.iter().map(Run::len).sum()
    }

    /// An estimate of the bytes that they take.
    pub fn bytes(&self) -> usize {
        let run = |run: &Run| 8 * run.arrivals.capacity() + run.entities.heap_bytes() + run.events.heap_bytes();
        self.runs.iter().map(run).sum()
    }

    /// The deltas that wait, of events with τ > `floor_us`, in the order of snapshots; copies of one arrival are one.
    pub fn sorted(&self, lifts: &[Type], floor_us: Option<i64>) -> Run {
        let all = self.all(lifts);
        let is_kept = |row: &u32| floor_us.is_none_or(|floor| all.events.times[*row as usize] > floor);
        let mut rows: Vec<u32> = all.rows().filter(is_kept).collect();
        let compare = |left: u32, right: u32| all.compare_deltas(left as usize, right as usize);
        rows.sort_by(|left, right| compare(*left, *right));
        // What two retractions do not find is counted twice.
        let is_copy = |row: u32| all.weights.of(row as usize) == Weight::Insert;
        rows.dedup_by(|later, first| is_copy(*later) && compare(*first, *later).is_eq());
        all.take(&rows)
    }
}
