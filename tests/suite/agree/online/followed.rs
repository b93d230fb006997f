//! A life whose rows come through topics: they are written to a broker, and looked for in the state.

use super::Tally;
use super::life::Life;
use super::log::{self, Row};
use crate::disk::SimulatedDisk;
use featr_kernels::rows::ViewReason;
use featr_online::Runtime;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

/// What came since a state was opened, as it counts that.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Taken {
    rows: u64,
    /// Of these, by source, those that came late for a cut.
    late: BTreeMap<String, u64>,
}

impl Taken {
    fn by(runtime: &Runtime) -> Taken {
        let counters = runtime.counters();
        // Rows that a view rejects are accepted, and what lies aside as no row is none.
        let is_row = |reason: &str| reason != "unparsable" && ViewReason::ALL.iter().all(|view| view.name() != reason);
        let rejected = counters.rejected.list().into_iter();
        let rejected = rejected.filter(|((_, reason), _)| is_row(reason));
        let all = counters.accepted.list().into_iter().chain(rejected);
        let late = counters.late.list().into_iter();
        Taken {
            rows: all.map(|(_, count)| count).sum(),
            late: late.map(|((source, _), count)| (source, count)).collect(),
        }
    }

    fn late(&self, source: &str) -> u64 {
        self.late.get(source).copied().unwrap_or(0)
    }
}

impl Life<'_> {
    /// Begins to read the topics, if rows come by these, and waits for what was written before; `false` if the machine stops
    /// meanwhile.
    pub fn follow(&mut self, runtime: &Runtime, tally: &mut Tally) -> bool {
        let Some(topics) = &mut self.topics else {
            // What was pushed and is not there will never be.
            self.attempted.clear();
            return true;
        };
        topics.follow(runtime, &self.version.inputs);
        self.taken = Taken::default();
        self.drained(runtime, tally)
    }

    /// Writes batches to the topics.
    pub fn write(&mut self, batches: Vec<(usize, Vec<Row>)>) {
        let Some(topics) = &mut self.topics else { return };
        for (place, rows) in batches {
            let source = &self.version.inputs[place];
            self.trace.push(format!("written to {}: {rows:?}", source.name));
            topics.write(&mut self.rng, place, source, &rows);
            self.attempted.extend(rows.into_iter().map(|row| (place, row)));
        }
        topics.flush();
    }

    /// Waits until all that was written is in the state, each record once, and what is no row lies aside; `false` if the machine
    /// stops meanwhile.
    pub fn drained(&mut self, runtime: &Runtime, tally: &mut Tally) -> bool {
        let known = self.version.featr.inputs();
        let sources = &self.version.inputs;
        let is_read = |place: usize| known.iter().any(|known| known.name == sources[place].name);
        let of = |place: usize| self.attempted.iter().filter(|(of, _)| *of == place).count();
        let count = |place: usize| self.ledger[place].len() + if is_read(place) { of(place) } else { 0 };
        let expected: Vec<usize> = (0..sources.len()).map(count).collect();
        let read: Vec<usize> = (0..sources.len()).filter(|place| is_read(*place)).collect();
        let there = self.ledger.iter().map(Vec::len).sum::<usize>();
        let wanted = self.taken.rows + (expected.iter().sum::<usize>() - there) as u64;
        let begun = Instant::now();
        loop {
            if self.disk.has_stopped() || runtime.failure().is_some() {
                return false;
            }
            let taken = Taken::by(runtime);
            // What is read of a disk that is being written to may be half of something; what is whole is what it will be.
            let found = log::try_recorded(&self.disk, &self.version.inputs).filter(|_| taken.rows >= wanted);
            match found {
                Some(rows) if rows.iter().map(Vec::len).eq(expected.iter().copied()) && self.are_aside(&read) => {
                    assert_eq!(taken.rows, wanted, "each record comes once");
                    self.took(rows, taken, tally);
                    return true;
                }
                found if begun.elapsed() > MINUTE => {
                    let found: Option<Vec<usize>> = found.map(|found| found.iter().map(Vec::len).collect());
                    let rejected = runtime.counters().rejected.list();
                    let (problems, progress) = (runtime.take_problems(), runtime.progress());
                    panic!(
                        "{expected:?} rows are to be there, {found:?} are; {taken:?}, {wanted} were to come, rejected: {rejected:?}; \
                         {problems:?} {progress:?}"
                    );
                }
                _ => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    fn are_aside(&self, places: &[usize]) -> bool {
        let topics = self.topics.as_ref();
        topics.is_none_or(|topics| topics.are_aside(&self.disk, places))
    }

    /// These rows are there, and durable.
    fn took(&mut self, rows: Vec<Vec<Row>>, taken: Taken, tally: &mut Tally) {
        let found = self.compare(rows);
        for (place, source) in self.version.inputs.iter().enumerate() {
            let new = log::without(&found.rows[place], &self.ledger[place]);
            let late = taken.late(&source.name) - self.taken.late(&source.name);
            // Of versions, those that came again are told nowhere here.
            if !self.is_table(place) {
                self.check_late(place, &new, late);
            }
            tally.late += late;
            if self.is_table(place) {
                tally.table_rows += new.len() as u64;
                tally.late_table_rows += late;
            }
        }
        (self.ledger, self.attempted, self.taken) = (found.rows, found.left, taken);
        tally.taken += found.unasked;
    }

    /// Whether something becomes true within a minute.
    pub fn until(&self, is_so: impl Fn(&SimulatedDisk) -> bool) -> bool {
        let begun = Instant::now();
        while !is_so(&self.disk) && begun.elapsed() < MINUTE {
            std::thread::sleep(Duration::from_millis(2));
        }
        is_so(&self.disk)
    }
}
