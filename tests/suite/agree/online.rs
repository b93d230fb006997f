//! The online runtime over drawn programs: what it answered, over crashes, restarts and changes of the program, are the
//! values that the model gives for the same rows and cuts; and what it logged, trained on, gives them again.
//!
//! A *life* is a state on a simulated disk. In each of its runs rows are pushed in drawn batches, with copies, in disorder, with
//! arrivals of their own or the server's; questions are asked; checkpoints are made; the disk is full now and then. A run
//! ends in order, and another machine may go on from the backup then; or by a kill of the process, or with the machine, which loses and tears what was not synced. Between runs the
//! program may change. In the end what was served is read back, and of some lives trained on.
//!
//! `FEATC_AGREE_CASES` scales it, `FEATC_AGREE_LIFE` repeats one life (threads are not repeated to the letter). `FEATC_AGREE_KAFKA`
//! says how many lives go through a broker, `FEATC_AGREE_KAFKA_LIFE` repeats one of these.

#[path = "online/avro.rs"]
mod avro;
#[path = "online/edits.rs"]
mod edits;
#[path = "online/followed.rs"]
mod followed;
#[path = "online/kept.rs"]
mod kept;
#[path = "online/life.rs"]
mod life;
#[path = "online/log.rs"]
mod log;
#[path = "online/topics.rs"]
mod topics;
#[path = "online/version.rs"]
mod version;

use super::{CASES, number};
use life::Life;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use topics::Brokers;

/// Lives of a plain run of the tests.
const LIVES: u64 = 160;

/// What the lives were, to see that they are not all alike.
#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    pub runs: u64,
    /// Runs that the machine ended, and of these those that were still beginning.
    pub crashes: u64,
    pub crashed_openings: u64,
    /// Runs that ended with the process alone.
    pub kills: u64,
    pub in_order: u64,
    /// Of these, those after which another machine went on from the backup.
    pub moved: u64,
    /// Files that lost what was not synced; torn segments among them.
    pub lost: u64,
    pub torn: u64,
    pub checkpoints: u64,
    pub pushes: u64,
    pub stamped: u64,
    pub late: u64,
    /// Rows that nobody was told of and that were there all the same.
    pub unasked: u64,
    pub full_disks: u64,
    pub failed_syncs: u64,
    pub edited_docs: u64,
    pub added: u64,
    pub removed: u64,
    /// Programs that mean something else and were taken, and that were refused.
    pub others: u64,
    pub refused: u64,
    /// Of these, those that were filled from history, and of these the ones with files.
    pub filled: u64,
    pub filled_from_files: u64,
    pub answers: u64,
    pub values: u64,
    pub not_null: u64,
    pub below_horizon: u64,
    /// Answers that were read back from the served log, and that a training set was made of.
    pub served: u64,
    pub trained: u64,
    /// Of these, those that rows which came late have changed since.
    pub changed: u64,
    pub several_sources: u64,
    /// Entities that a gate kept from an answer.
    pub gated: u64,
    /// Lives whose programs look into a table with versions; rows of such, and those that came late.
    pub changing_tables: u64,
    pub views_of_tables: u64,
    pub table_rows: u64,
    pub late_table_rows: u64,
    /// Versions that were pushed again.
    pub versions_again: u64,
    /// Entities that were read from files again.
    pub read_again: u64,
    /// Rows that were written to topics, those that were seen to come into the state, and records that are none.
    pub written: u64,
    pub taken: u64,
    pub broken: u64,
    /// Lives whose records are of Avro.
    pub avro: u64,
}

impl Tally {
    /// The counts by name, each with how many there are at least in a thousand lives.
    fn counts(&self) -> [(&'static str, u64, u64); 37] {
        [
            ("runs", self.runs, 2_000),
            ("crashes", self.crashes, 300),
            ("crashed openings", self.crashed_openings, 15),
            ("kills", self.kills, 100),
            ("ended in order", self.in_order, 400),
            ("moved to another machine", self.moved, 60),
            ("unsynced writes lost", self.lost, 100),
            ("torn tails", self.torn, 10),
            ("checkpoints", self.checkpoints, 700),
            ("pushes", self.pushes, 3_000),
            ("rows stamped", self.stamped, 800),
            ("late rows", self.late, 100),
            ("rows nobody was told of", self.unasked, 10),
            ("full disks", self.full_disks, 80),
            ("failed syncs", self.failed_syncs, 30),
            ("docs edited", self.edited_docs, 40),
            ("features added", self.added, 40),
            ("features removed", self.removed, 40),
            ("other programs taken", self.others, 15),
            ("other programs refused", self.refused, 15),
            ("states filled from history", self.filled, 10),
            ("states filled from files as well", self.filled_from_files, 5),
            ("answers", self.answers, 3_000),
            ("values", self.values, 15_000),
            ("values not null", self.not_null, 3_000),
            ("questions below the horizon", self.below_horizon, 20),
            ("answers of the served log", self.served, 1_500),
            ("answers trained on", self.trained, 150),
            ("answers that late rows changed", self.changed, 1),
            ("lives of several sources", self.several_sources, 300),
            ("entities gated", self.gated, 100),
            ("lives with a table that changes", self.changing_tables, 100),
            ("lives with a view of a table", self.views_of_tables, 50),
            ("rows of tables", self.table_rows, 300),
            ("late rows of tables", self.late_table_rows, 30),
            ("versions pushed again", self.versions_again, 30),
            ("entities read from files again", self.read_again, 2_000),
        ]
    }

    /// As [`Tally::counts`], of lives through a broker.
    fn of_topics(&self) -> [(&'static str, u64, u64); 20] {
        [
            ("runs", self.runs, 2_000),
            ("crashes", self.crashes, 200),
            ("kills", self.kills, 50),
            ("ended in order", self.in_order, 200),
            ("unsynced writes lost", self.lost, 50),
            ("checkpoints", self.checkpoints, 500),
            ("batches written", self.pushes, 2_000),
            ("rows written", self.written, 8_000),
            ("rows seen to come", self.taken, 6_000),
            ("records that are none", self.broken, 400),
            ("late rows", self.late, 50),
            ("lives of Avro", self.avro, 200),
            ("full disks", self.full_disks, 20),
            ("failed syncs", self.failed_syncs, 5),
            (
                "programs changed",
                self.edited_docs + self.added + self.removed + self.others,
                100,
            ),
            ("moved to another machine", self.moved, 20),
            ("lives with a table that changes", self.changing_tables, 50),
            ("rows of tables", self.table_rows, 100),
            ("answers", self.answers, 2_000),
            ("values not null", self.not_null, 1_500),
        ]
    }

    fn merge(&mut self, other: &Tally) {
        self.runs += other.runs;
        self.crashes += other.crashes;
        self.crashed_openings += other.crashed_openings;
        self.kills += other.kills;
        self.in_order += other.in_order;
        self.moved += other.moved;
        self.lost += other.lost;
        self.torn += other.torn;
        self.checkpoints += other.checkpoints;
        self.pushes += other.pushes;
        self.stamped += other.stamped;
        self.late += other.late;
        self.unasked += other.unasked;
        self.full_disks += other.full_disks;
        self.failed_syncs += other.failed_syncs;
        self.edited_docs += other.edited_docs;
        self.added += other.added;
        self.removed += other.removed;
        self.others += other.others;
        self.refused += other.refused;
        self.filled += other.filled;
        self.filled_from_files += other.filled_from_files;
        self.answers += other.answers;
        self.values += other.values;
        self.not_null += other.not_null;
        self.below_horizon += other.below_horizon;
        self.served += other.served;
        self.trained += other.trained;
        self.changed += other.changed;
        self.several_sources += other.several_sources;
        self.gated += other.gated;
        self.changing_tables += other.changing_tables;
        self.views_of_tables += other.views_of_tables;
        self.table_rows += other.table_rows;
        self.late_table_rows += other.late_table_rows;
        self.versions_again += other.versions_again;
        self.read_again += other.read_again;
        self.written += other.written;
        self.taken += other.taken;
        self.broken += other.broken;
        self.avro += other.avro;
    }
}

fn run(base: u64, lives: u64, brokers: Option<&Brokers>) -> Tally {
    let next = AtomicU64::new(0);
    let work = || {
        let mut tally = Tally::default();
        loop {
            let seed = base + next.fetch_add(1, Ordering::Relaxed);
            if seed >= base + lives {
                return tally;
            }
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| Life::draw(seed, brokers).live(&mut tally))) {
                next.store(lives, Ordering::Relaxed);
                let of_topics = if brokers.is_some() { "_KAFKA" } else { "" };
                eprintln!("FEATC_AGREE{of_topics}_LIFE={seed} repeats it");
                resume_unwind(panic);
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, |threads| threads.get().min(4));
    // Lives through a broker wait for most of the time.
    let threads = if brokers.is_some() { 8 } else { cores };
    let mut tally = Tally::default();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            tally.merge(&worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
    });
    tally
}

#[test]
fn the_runtime_agrees_over_crashes_and_changes_of_the_program() {
    if let Some(seed) = number("FEATC_AGREE_LIFE") {
        Life::draw(seed, None).live(&mut Tally::default());
        return;
    }
    let cases = number("FEATC_AGREE_CASES").unwrap_or(CASES);
    let lives = (cases * LIVES).div_ceil(CASES);
    let base = super::base(cases);
    println!("agree online: lives {base} to {}", base + lives - 1);
    let tally = run(base, lives, None);
    println!("agree online: {lives} lives, 0 differ\n{:?}", tally.counts());
    if lives < LIVES {
        return;
    }
    let few = tally.counts().into_iter();
    let few: Vec<_> = few.filter(|(_, count, least)| count * 1_000 < least * lives).collect();
    assert!(few.is_empty(), "too few (found, of a thousand lives): {few:?}");
}

/// Lives through a real broker in a plain run of the tests.
const LIVES_OF_TOPICS: u64 = 40;

/// The same lives, with rows that come through a broker of Kafka: topics of several partitions, as JSON and as Avro. Every record
/// that was written is in the state once, however the machine ended, and what is answered is what the model answers.
#[test]
fn the_runtime_agrees_through_kafka() {
    let brokers = Brokers::start();
    if let Some(seed) = number("FEATC_AGREE_KAFKA_LIFE") {
        Life::draw(seed, Some(&brokers)).live(&mut Tally::default());
        return;
    }
    let lives = number("FEATC_AGREE_KAFKA").unwrap_or(LIVES_OF_TOPICS);
    let base = super::base(lives);
    println!("agree through Kafka: lives {base} to {}", base + lives - 1);
    let tally = run(base, lives, Some(&brokers));
    println!("agree through Kafka: {lives} lives, 0 differ\n{:?}", tally.of_topics());
    let few = tally.of_topics().into_iter();
    let few: Vec<_> = few.filter(|(_, count, least)| count * 1_000 < least * lives).collect();
    assert!(
        lives < LIVES_OF_TOPICS || few.is_empty(),
        "too few (found, of a thousand lives): {few:?}"
    );
}
