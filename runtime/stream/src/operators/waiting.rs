//! Events that are not visible at the cut yet, in order of arrival, in front of their log.
//!
//! ```text
//! runs     [ α α α α α α α α ] [ α α α ] [ α ]      each sorted; one is more than twice as long as the next
//!              └ from: what stands before has entered the log
//! ```

use super::log::{Log, bytes_of};
use featc_ir::Type;
use featr_kernels::StrData;
use featr_kernels::events::Events;
use std::cmp::Ordering;

/// The waiting room of one log.
///
/// # Contract
/// - **Total**: every event that is put in enters the log when the cut reaches its arrival, and not before.
/// - Several copies of one event may wait; the log recognises them when they enter.
/// - **Canonical**: [`Waiting::sorted`] is a function of the set of events put in and of what the log holds.
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
    /// The rows before it have entered the log.
    from: usize,
}

impl Run {
    /// No events, with one lift column per type.
    pub fn new(lifts: &[Type]) -> Run {
        Run::of(Vec::new(), StrData::new(), Events::new(lifts))
    }

    pub fn of(arrivals: Vec<i64>, entities: StrData, events: Events) -> Run {
        Run {
            arrivals,
            entities,
            events,
            from: 0,
        }
    }

    fn len(&self) -> usize {
        self.arrivals.len() - self.from
    }

    fn take(&self, rows: &[u32]) -> Run {
        let arrivals = rows.iter().map(|row| self.arrivals[*row as usize]).collect();
        Run::of(arrivals, self.entities.take(rows), self.events.take(rows))
    }

    fn append(&mut self, other: &Run) {
        self.arrivals.extend_from_slice(&other.arrivals);
        self.entities.append(&other.entities);
        self.events.append(&other.events);
    }

    /// The rows that wait.
    fn rows(&self) -> impl Iterator<Item = u32> + use<> {
        self.from as u32..self.arrivals.len() as u32
    }

    /// The waiting rows by arrival; of one arrival by τ, so that they enter the log in its order.
    fn by_arrival(&self) -> Run {
        let mut rows: Vec<u32> = self.rows().collect();
        rows.sort_by_key(|row| (self.arrivals[*row as usize], self.events.times[*row as usize]));
        self.take(&rows)
    }

    /// The order of snapshots: by entity, then by (τ, id, digest).
    pub fn compare(&self, row: usize, other: usize) -> Ordering {
        let entities = self.entities.get(row).cmp(self.entities.get(other));
        entities.then_with(|| self.events.compare(row, &self.events, other))
    }
}

impl Waiting {
    /// Puts in some rows of `run`.
    pub fn put(&mut self, run: &Run, rows: &[u32]) {
        if rows.is_empty() {
            return;
        }
        let mut last = run.take(rows).by_arrival();
        while let Some(before) = self.runs.pop_if(|before| before.len() <= 2 * last.len()) {
            let mut joined = if before.from == 0 { before } else { before.by_arrival() };
            joined.append(&last);
            last = joined.by_arrival();
        }
        self.runs.push(last);
    }

    /// Lets the events with arrival ≤ `until_us` into the log.
    pub fn let_in(&mut self, until_us: i128, log: &mut Log) {
        // Law: as_of_delivery (proofs/theory/Truth.v)
        for run in &mut self.runs {
            let due = run.arrivals[run.from..].partition_point(|arrival| i128::from(*arrival) <= until_us);
            log.step(&run.entities, &run.events, run.from..run.from + due);
            run.from += due;
            // What has entered is dropped when it is half of the run: each row is moved a bounded number of times.
            if run.len() > 0 && run.from > run.len() {
                *run = run.take(&run.rows().collect::<Vec<u32>>());
            }
        }
        self.runs.retain(|run| run.len() > 0);
    }

    /// How many events wait, copies included.
    pub fn len(&self) -> usize {
        self.runs.iter().map(Run::len).sum()
    }

    /// An estimate of the bytes that they take.
    pub fn bytes(&self) -> usize {
        let run = |run: &Run| {
            8 * run.arrivals.len() + run.entities.bytes.len() + 8 * run.entities.offsets.len() + bytes_of(&run.events)
        };
        self.runs.iter().map(run).sum()
    }

    /// The events that wait and that the log does not hold, in the order of [`Run::compare`], each once and with its
    /// least arrival.
    pub fn sorted(&self, log: &Log) -> Run {
        let mut all = Run::new(log.lift_types());
        self.runs.iter().for_each(|run| all.append(&run.by_arrival()));
        let is_new = |row: &u32| !log.holds(all.entities.get(*row as usize), &all.events, *row as usize);
        let mut rows: Vec<u32> = all.rows().filter(is_new).collect();
        let place = |row: &u32| *row as usize;
        rows.sort_by(|left, right| {
            let (left, right) = (place(left), place(right));
            all.compare(left, right)
                .then_with(|| all.arrivals[left].cmp(&all.arrivals[right]))
        });
        rows.dedup_by(|later, first| all.compare(place(first), place(later)).is_eq());
        all.take(&rows)
    }
}
