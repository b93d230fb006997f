//! One state from its first run to its last.

use super::Tally;
use super::edits::{self, Kind};
use super::followed::Taken;
use super::kept::{self, Given};
use super::log::{self, Row};
use super::topics::{Brokers, Topics};
use super::version::{Tables, Version};
use crate::agree::draw::{compiled, rows_of};
use crate::disk::SimulatedDisk;
use crate::evaluators::{Answers, Asked, Case, model, read};
use crate::objects::Store;
use featc_ir::{Arrival, Program, Source, Truth};
use featc_tests::pools::{DAY_US, MINUTE_US, START_US, Times};
use featc_tests::programs::Shape;
use featc_tests::rng::Rng;
use featc_tests::{logs, programs};
use featr::{Cuts, Error, Incoming, Random, Table as GivenRows};
use featr_kernels::Value;
use featr_online::{
    Backup, Clock as _, Disk, Fill, Options, Pushed, Question, Refused, Runtime, SetClock, StateError, inspect, verify,
};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

const SECOND_US: i64 = 1_000_000;

pub struct Life<'a> {
    pub rng: Rng,
    random: Random,
    pub disk: SimulatedDisk,
    clock: Arc<SetClock>,
    /// The greatest instant that it showed.
    latest_us: i64,
    /// No question after it is refused.
    horizon_us: i64,
    first: String,
    tables: Tables,
    pub version: Rc<Version>,
    shapes: Vec<Shape>,
    keys: Vec<logs::Keys>,
    options: Options,
    /// Where its checkpoints are saved, if they are.
    backup: Option<Store>,
    /// Rows to be pushed, by source.
    pool: Vec<Vec<Row>>,
    /// Rows in the state.
    pub ledger: Vec<Vec<Row>>,
    /// Rows of pushes of which nobody said whether they are there.
    pub attempted: Vec<(usize, Row)>,
    /// What was pushed before, to be pushed again.
    before: Vec<(usize, Vec<Row>)>,
    pub given: Vec<Given>,
    /// The greatest cuts of answers, and those of this run.
    cuts: Cuts,
    shown: Option<Cuts>,
    edits: usize,
    /// By these rows come, if they are not pushed.
    pub topics: Option<Topics<'a>>,
    /// What this run took from them.
    pub taken: Taken,
    /// Whether the state may have been filled for another program, and nobody was told.
    may_be_filled: bool,
    /// What was done, for whoever has to look into it.
    pub trace: Vec<String>,
}

impl Drop for Life<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}\n{}", self.version.text, self.trace.join("\n"));
        }
    }
}

/// What lies on a disk.
pub struct Found {
    /// Rows, by source.
    pub rows: Vec<Vec<Row>>,
    /// Of those that nobody was told of, the ones that are not there, and how many are.
    pub left: Vec<(usize, Row)>,
    pub unasked: u64,
}

/// How a run ended.
enum End {
    /// With everything in a checkpoint.
    InOrder,
    /// Somewhere.
    Broken,
}

impl<'a> Life<'a> {
    /// One whose rows are pushed, or come through brokers.
    pub fn draw(seed: u64, brokers: Option<&'a Brokers>) -> Life<'a> {
        // Others than the cases of the same seeds.
        let mut rng = Rng::new(seed ^ 0x6f6e_6c69_6e65);
        let (generated, program) = loop {
            let generated = programs::program_with_tables(&mut rng);
            let program = compiled(seed, &generated.text);
            let has_arrivals = |program: &Program| program.sources.iter().all(|source| source.arrival.is_some());
            if let Some(program) = program.filter(has_arrivals) {
                break (generated, program);
            }
        };
        let shapes = generated.shapes;
        let entities = 1 + rng.below(3);
        let keys = logs::keys(&mut rng, &shapes[0], entities);
        let mut pool = Vec::new();
        for (place, source) in program.sources.iter().enumerate().take(shapes.len()) {
            let count = *rng.pick(&[0, 10, 20, 30, 40]);
            pool.push(logs::events(&mut rng, (source, place), &shapes[place], &keys, count));
        }
        let mut tables = Tables::default();
        let mut held = programs::contents(&mut rng, &program, &pool, shapes[0].style);
        for source in &program.sources[shapes.len()..] {
            let mut rows = match held.get(&source.name) {
                Some(versions) => rows_of(versions),
                None => programs::rows_of_table(&mut rng, source, (&program, &pool), shapes[0].style),
            };
            rng.shuffle(&mut rows);
            pool.push(rows);
        }
        for table in program.tables() {
            let rows = held.remove(&table.name).expect("drawn");
            match table.versions {
                None => drop(tables.fixed.insert(table.name.clone(), rows)),
                Some(_) => {
                    if !program.sources.iter().any(|source| source.name == table.name) {
                        let mut rows = rows_of(&rows);
                        rng.shuffle(&mut rows);
                        pool.push(rows);
                    }
                    tables.changing.push(table);
                }
            }
        }
        let version = Version::new(generated.text.clone(), program, &tables);
        let topics = brokers.map(|brokers| {
            for (rows, input) in pool.iter_mut().zip(&version.inputs) {
                rows.retain(|row| Topics::can_say(input, row));
            }
            Topics::draw(&mut rng, brokers, seed, &version.inputs)
        });
        let begin_us = START_US
            + match shapes[0].style.times {
                Times::Years => -700 * DAY_US,
                Times::Near | Times::Ends => (rng.below(90) as i64 - 30) * MINUTE_US,
            };
        let options = Options {
            delay_us: *rng.pick(&[None, None, Some(0), Some(600_000_000)]),
            history_us: *rng.pick(&[0, 3_600_000_000, 30 * DAY_US, 36_500 * DAY_US]) as u64,
            checkpoint_bytes: *rng.pick(&[30, 4_000, 40_000, 64 << 20]),
            checkpoint_answers: *rng.pick(&[1, 8, 200_000]),
            memory_max: *rng.pick(&[None, Some(0), Some(0), Some(3_000)]),
            ..Options::default()
        };
        Life {
            random: Random::new(rng.word()),
            disk: SimulatedDisk::default(),
            clock: Arc::new(SetClock::at(begin_us)),
            latest_us: begin_us,
            horizon_us: i64::MIN,
            first: generated.text,
            ledger: vec![Vec::new(); pool.len()],
            version: Rc::new(version),
            tables,
            shapes,
            keys,
            options,
            backup: rng.one_in(2).then(Store::default),
            pool,
            attempted: Vec::new(),
            before: Vec::new(),
            given: Vec::new(),
            cuts: Cuts::new(),
            shown: None,
            edits: 0,
            topics,
            taken: Taken::default(),
            may_be_filled: false,
            trace: vec![format!("life {seed}")],
            rng,
        }
    }

    pub fn live(mut self, tally: &mut Tally) {
        tally.changing_tables += u64::from(!self.tables.changing.is_empty());
        tally.views_of_tables += u64::from(self.version.program.sources.len() > self.shapes.len());
        tally.several_sources += u64::from(self.version.program.sources.len() > 1);
        for _ in 0..1 + self.rng.below(6) {
            let first = self.given.len();
            let end = self.run(true, tally);
            self.end_of_run(first, end, tally);
        }
        let first = self.given.len();
        match self.run(false, tally) {
            End::InOrder => self.given[first..].iter_mut().for_each(|given| given.is_kept = true),
            End::Broken => panic!("nothing was in the way of the last run"),
        }
        self.leave(tally);
        let found = self.settle(tally);
        if let Some(topics) = &self.topics {
            self.ledger = found.rows;
            tally.written += topics.written.iter().map(Vec::len).sum::<usize>() as u64;
            tally.broken += topics.broken.iter().sum::<usize>() as u64;
            tally.avro += u64::from(topics.is_avro());
        }
        kept::check_served(&self.disk, &self.given, tally);
        if self.rng.one_in(3) {
            kept::check_trained(&self.disk, &self.version, &self.ledger, &self.given, tally);
        }
    }

    /// Leaves the disk as a run that ended so leaves it.
    fn end_of_run(&mut self, first: usize, end: End, tally: &mut Tally) {
        match end {
            End::InOrder => {
                tally.in_order += 1;
                self.given[first..].iter_mut().for_each(|given| given.is_kept = true);
                self.disk.restart();
                if self.backup.is_some() && self.rng.one_in(2) {
                    self.move_to_another_machine(tally);
                }
            }
            End::Broken if self.rng.one_in(4) => {
                tally.kills += 1;
                self.trace.push("the process is killed".to_owned());
                self.disk.restart();
            }
            End::Broken => {
                tally.crashes += 1;
                self.trace.push("the machine crashes".to_owned());
                self.disk.crash(&mut self.random);
            }
        }
    }

    /// What the disk has done.
    fn leave(&self, tally: &mut Tally) {
        let lost = self.disk.lost();
        tally.lost += lost.files;
        tally.torn += lost.torn;
        tally.read_again += self.disk.parts_read();
    }

    /// Goes on from the backup, on a disk that has nothing but the files beside the state.
    fn move_to_another_machine(&mut self, tally: &mut Tally) {
        self.leave(tally);
        let disk = SimulatedDisk::default();
        for (file, _) in self.disk.files() {
            if ["served/", "pushed/", "aside/"]
                .iter()
                .any(|beside| file.starts_with(beside))
            {
                let bytes = self.disk.read(&file).expect("a good disk").expect("a file");
                disk.replace(&file, &bytes).expect("a good disk");
            }
        }
        if let Some(store) = &self.backup {
            // What is looked at before the start; that restores it anew.
            let (_, restored) = Backup::prepare(Arc::new(store.clone()), &disk).expect("a backup");
            assert!(restored.is_some(), "an end in order saved all");
        }
        self.disk = disk;
        tally.moved += 1;
        self.trace.push("goes on from the backup on another machine".to_owned());
    }

    /// What of the pushes is there: all that was acknowledged, and of the others nothing that was not pushed.
    fn settle(&mut self, tally: &mut Tally) -> Found {
        let recorded = || log::recorded(&self.disk, &self.version.inputs);
        let rows = recorded().or_else(|error| {
            // A start from the backup that broke off: the next one restores it anew.
            let store = self.backup.as_ref().filter(|_| tally.moved > 0);
            let store = store.unwrap_or_else(|| panic!("what was pushed cannot be read: {error}"));
            let (_, restored) = Backup::prepare(Arc::new(store.clone()), &self.disk)?;
            assert!(restored.is_some(), "what was pushed cannot be read: {error}");
            recorded()
        });
        let found = self.compare(rows.unwrap_or_else(|error| panic!("what was pushed cannot be read: {error}")));
        tally.unasked += found.unasked;
        found
    }

    /// As [`Life::settle`], of these rows.
    pub fn compare(&self, rows: Vec<Vec<Row>>) -> Found {
        let (mut left, mut unasked) = (self.attempted.clone(), 0);
        for (place, source) in self.version.inputs.iter().enumerate() {
            let is_table = self.is_table(place);
            for row in &log::without(&rows[place], &self.ledger[place]) {
                // One that said this arrival, or else one that said none.
                let of = |(of, known): &(usize, Row)| *of == place && known == row;
                let stamped = |(of, known): &(usize, Row)| *of == place && is_same(source, known, row, is_table);
                let known = left.iter().position(of).or_else(|| left.iter().position(stamped));
                let known = known.unwrap_or_else(|| panic!("nobody pushed {row:?} to {}", source.name));
                left.swap_remove(known);
                unasked += 1;
            }
        }
        Found { rows, left, unasked }
    }

    /// One process, from its start to its end; in danger it may end anywhere.
    fn run(&mut self, in_danger: bool, tally: &mut Tally) -> End {
        tally.runs += 1;
        self.shown = None;
        let found = self.settle(tally);
        if in_danger && !self.rng.one_in(3) {
            let operations = self.rng.below(160) as u64;
            self.trace.push(format!("stops after {operations} operations"));
            self.disk.stop_after(operations);
        }
        if self.rng.one_in(6) {
            self.options.delay_us = *self.rng.pick(&[None, Some(0), Some(5_000_000)]);
        }
        let Some(runtime) = self.open(in_danger, &found.rows, tally) else {
            tally.crashed_openings += 1;
            return End::Broken;
        };
        // Now it is durable.
        self.ledger = found.rows;
        self.attempted = found.left;
        self.see_clock();
        let mut is_whole = self.follow(&runtime, tally);
        for _ in 0..1 + self.rng.below(12) {
            if !is_whole {
                break;
            }
            self.move_clock();
            is_whole = match self.rng.below(12) {
                0..5 => self.push(&runtime, tally),
                5..10 => self.ask(&runtime, tally),
                10 => self.checkpoint(&runtime),
                _ if !in_danger => true,
                _ if self.rng.one_in(3) => self.fail_a_sync(&runtime, tally),
                _ => self.fill_the_disk(&runtime, tally),
            };
        }
        tally.checkpoints += runtime.counters().checkpoints.load(Ordering::Relaxed);
        if is_whole && in_danger && self.rng.one_in(3) {
            self.trace.push("stops here".to_owned());
            self.disk.stop_after(0);
        }
        let stopped = runtime.stop();
        self.topics.iter_mut().for_each(Topics::join);
        match stopped {
            Ok(()) => End::InOrder,
            Err(error) => {
                assert!(!is_whole || self.disk.has_stopped(), "{error}");
                End::Broken
            }
        }
    }

    /// Opens the state, perhaps with another program; `None`: the machine stopped meanwhile.
    fn open(&mut self, in_danger: bool, found: &[Vec<Row>], tally: &mut Tally) -> Option<Runtime> {
        if let Ok(verified) = verify(&self.disk) {
            // Lines of one write that was not synced may be torn anywhere: they have no sums.
            let is_told = |error: &&StateError| !error.file().is_some_and(|file| file.contains("aside/"));
            let damaged: Vec<&StateError> = verified.damaged.iter().filter(is_told).collect();
            assert!(damaged.is_empty(), "{damaged:?}");
        }
        let mut kind = Kind::Same;
        let mut version = self.version.clone();
        if in_danger && self.rng.one_in(3) {
            self.edits += 1;
            let texts = (self.first.as_str(), self.version.text.as_str());
            if let Some((drawn, text, program)) = edits::edit(&mut self.rng, texts, self.edits) {
                (kind, version) = (drawn, Rc::new(Version::new(text, program, &self.tables)));
            }
        }
        match self.opened(&version, None) {
            Ok(runtime) => {
                match kind {
                    Kind::Same => {}
                    Kind::Docs => tally.edited_docs += 1,
                    Kind::Added => tally.added += 1,
                    Kind::Removed => tally.removed += 1,
                    Kind::Other => tally.others += 1,
                }
                self.trace.push(format!(
                    "opened, {kind:?}\n{}",
                    changes(&self.version.text, &version.text)
                ));
                self.version = version;
                Some(runtime)
            }
            Err(StateError::OtherProgram { why, .. } | StateError::Unfillable { why, .. }) => {
                assert!(
                    kind == Kind::Other || self.may_be_filled,
                    "{why}\n{}",
                    changes(&self.version.text, &version.text)
                );
                tally.refused += 1;
                self.trace.push(format!("refused: {why}"));
                // After tables with versions nothing is filled.
                let is_filled = self.tables.changing.is_empty() && (self.may_be_filled || !self.rng.one_in(8));
                match is_filled {
                    true => self.fill(version, found, tally),
                    // It goes on as it was.
                    false => {
                        let version = self.version.clone();
                        let opened = self.opened(&version, None);
                        opened.map_err(|error| self.has_stopped(&error)).ok()
                    }
                }
            }
            Err(error) => {
                self.has_stopped(&error);
                None
            }
        }
    }

    /// Opens the state with a program that needs more, which is filled in from the rows that were pushed. There are files, too: with
    /// these rows, which arrived at other instants there, and with rows that nobody has pushed yet. They are read where they are
    /// given, and where a program before did not read the source.
    fn fill(&mut self, version: Rc<Version>, found: &[Vec<Row>], tally: &mut Tally) -> Option<Runtime> {
        let mut with_files = Version::new(version.text.clone(), version.program.clone(), &self.tables);
        let known = with_files.featr.sources();
        for (place, source) in version.program.sources.iter().enumerate() {
            if !known.iter().any(|known| known.name == source.name) {
                continue;
            }
            let mut rows = found[place].clone();
            if let Some(Arrival::Column(column)) = source.arrival {
                for row in &mut rows {
                    if let Value::Timestamp(us) = &mut row[column.index()] {
                        *us = us.saturating_add(*self.rng.pick(&[-1, 0, 1, SECOND_US]));
                    }
                }
                // After every cut that may have been answered with.
                let until_us = self.latest_us + 20 * SECOND_US;
                let later = |row: &&Row| log::arrived(source, std::slice::from_ref(row), until_us) == 0;
                // Before the first answer there is no cut.
                let is_cut = !self.given.is_empty();
                rows.extend(self.pool[place].iter().filter(later).filter(|_| is_cut).cloned());
            }
            let rows = log::incoming(source, &rows).rows;
            let table = GivenRows {
                schema: rows.schema(),
                batches: vec![rows],
            };
            let read = with_files.featr.read_rows(&source.name, Arc::new(table));
            read.expect("a source");
        }
        let mut fill = Fill {
            delay_us: self.options.delay_us,
            ..Fill::default()
        };
        if self.rng.one_in(2) {
            fill.given.extend(known.into_iter().map(|source| source.name));
            tally.filled_from_files += 1;
        }
        self.trace.push(format!("filled, {:?}", fill.given));
        match self.opened(&with_files, Some(fill)) {
            Ok(runtime) => {
                tally.filled += 1;
                self.trace.push(changes(&self.version.text, &version.text));
                (self.version, self.may_be_filled) = (version, false);
                Some(runtime)
            }
            Err(error) => {
                self.has_stopped(&error);
                self.may_be_filled = true;
                None
            }
        }
    }

    fn has_stopped(&self, error: &StateError) {
        assert!(self.disk.has_stopped(), "{error}");
    }

    /// Opens the state; what a dry run says of it is so.
    fn opened(&self, version: &Version, fill: Option<Fill>) -> Result<Runtime, StateError> {
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        let backup = match &self.backup {
            Some(store) => Some(Arc::new(Backup::prepare(Arc::new(store.clone()), &*disk)?.0)),
            None => None,
        };
        let found = inspect(&version.featr, &disk, fill.as_ref())?;
        let refusal = found.and_then(|found| found.refusal(&version.featr, "a state"));
        // Every opening has another number of shards than the one before.
        let options = Options {
            shards: [1, 2, 5, 3][self.trace.len() % 4],
            fill,
            backup,
            ..self.options.clone()
        };
        let opened = Runtime::open(version.featr.clone(), disk, self.clock.clone(), options);
        use StateError::{OtherProgram, Unfillable};
        let is_refused = matches!(opened, Err(OtherProgram { .. } | Unfillable { .. }));
        assert_eq!(refusal.is_some(), is_refused, "a dry run says {refusal:?}");
        opened.map(|(runtime, _)| runtime)
    }

    fn see_clock(&mut self) {
        self.latest_us = self.latest_us.max(self.clock.now_us());
        // As far as kills can leave it ahead of the clock.
        let base_us = self.latest_us + 10 * SECOND_US;
        let horizon_us = base_us.saturating_sub_unsigned(self.options.history_us);
        self.horizon_us = self.horizon_us.max(horizon_us);
    }

    fn move_clock(&mut self) {
        let hour_us = 60 * MINUTE_US;
        let steps = match self.shapes[0].style.times {
            Times::Years => [0, 1, SECOND_US, hour_us, DAY_US, 30 * DAY_US, 200 * DAY_US],
            Times::Near | Times::Ends => [0, 1, 1, SECOND_US, 30 * SECOND_US, 10 * MINUTE_US, hour_us],
        };
        let now_us = self.clock.now_us();
        let to_us = match self.rng.one_in(8) {
            true => (now_us - self.rng.pick(&[1, SECOND_US])).max(self.latest_us - 2 * SECOND_US),
            false => now_us + self.rng.pick(&steps),
        };
        self.clock.set(to_us);
        self.trace.push(format!("at {to_us}"));
        self.see_clock();
    }

    pub fn is_table(&self, place: usize) -> bool {
        let input = &self.version.inputs[place];
        self.tables.changing.iter().any(|table| table.name == input.name)
    }

    /// Rows of a source that the program reads: new ones, or some that were pushed before. Rows of a column of arrivals may
    /// say none.
    fn rows(&mut self) -> Option<(usize, Vec<Row>)> {
        let known = self.version.featr.inputs();
        let is_known = |source: &Source| known.iter().any(|known| known.name == source.name);
        let sources = &self.version.inputs;
        let places: Vec<usize> = (0..sources.len()).filter(|place| is_known(&sources[*place])).collect();
        let place = *self.rng.pick(&places);
        if self.pool[place].is_empty() || self.rng.one_in(8) {
            let again: Vec<_> = self.before.iter().filter(|(of, _)| *of == place).collect();
            return (!again.is_empty()).then(|| (*self.rng.pick(&again)).clone());
        }
        let count = (*self.rng.pick(&[1, 1, 2, 4, 9])).min(self.pool[place].len());
        let mut rows: Vec<Row> = self.pool[place].drain(..count).collect();
        if let Some(Arrival::Column(column)) = sources[place].arrival {
            for row in &mut rows {
                if self.rng.one_in(3) {
                    row[column.index()] = Value::Null;
                }
            }
        }
        self.before.push((place, rows.clone()));
        Some((place, rows))
    }

    /// Pushes some batches at once; whether all were acknowledged.
    fn push(&mut self, runtime: &Runtime, tally: &mut Tally) -> bool {
        let count = *self.rng.pick(&[1, 1, 1, 2, 4]);
        let batches: Vec<_> = (0..count).filter_map(|_| self.rows()).collect();
        if self.topics.is_some() {
            tally.pushes += batches.len() as u64;
            self.write(batches);
            return self.drained(runtime, tally);
        }
        let mut waiting = Vec::new();
        for (place, rows) in batches {
            let source = &self.version.inputs[place];
            self.trace.push(format!("push to {}: {rows:?}", source.name));
            let (tell, told) = std::sync::mpsc::channel();
            let incoming: Incoming = log::incoming(source, &rows);
            let sent = runtime.push(incoming, None, Box::new(move |done| drop(tell.send(done))));
            waiting.push((place, rows, sent.map(|()| told)));
        }
        let mut is_whole = true;
        for (place, rows, sent) in waiting {
            match sent.and_then(|told| told.recv().unwrap_or(Err(Refused::Stopping))) {
                Ok(pushed) => self.acknowledged(place, rows, &pushed, tally),
                Err(refused) => {
                    assert!(self.disk.has_stopped(), "{refused}");
                    self.trace.push(format!("refused: {refused}"));
                    self.attempted.extend(rows.into_iter().map(|row| (place, row)));
                    is_whole = false;
                }
            }
        }
        is_whole
    }

    /// Of rows that have come, as many are counted late as arrived up to a cut that was answered with.
    pub fn check_late(&self, place: usize, rows: &[Row], overdue: u64) {
        let source = &self.version.inputs[place];
        let cuts = self.shown.as_ref().unwrap_or(&self.cuts);
        let known = cuts.get(&source.name);
        let late = known.map_or(0, |cut_us| log::arrived(source, rows, *cut_us)) as u64;
        match self.shown.as_ref().is_some_and(|cuts| cuts.contains_key(&source.name)) {
            true if !self.is_table(place) => assert_eq!(overdue, late, "{rows:?}"),
            // Cuts go on where they may have been when it ended.
            _ => assert!(overdue >= late, "{rows:?}"),
        }
    }

    fn acknowledged(&mut self, place: usize, mut rows: Vec<Row>, pushed: &Pushed, tally: &mut Tally) {
        let source = &self.version.inputs[place];
        if let Some(Arrival::Column(column)) = source.arrival {
            for (row, arrival_us) in &pushed.copies {
                rows[*row as usize][column.index()] = Value::Timestamp(*arrival_us);
            }
            tally.versions_again += pushed.copies.len() as u64;
            let nulls = rows.iter_mut().filter(|row| row[column.index()].is_null());
            for row in nulls {
                let stamp_us = pushed.arrival_us.expect("a row without an arrival gets one");
                row[column.index()] = Value::Timestamp(stamp_us);
                tally.stamped += 1;
            }
        }
        assert_eq!(pushed.rows, rows.len() as u64);
        let report = &pushed.report;
        let is_table = self.is_table(place);
        let is_new = |(row, _): &(u64, &Row)| pushed.copies.iter().all(|(copy, _)| copy != row);
        let new: Vec<Row> = (0..).zip(&rows).filter(is_new).map(|(_, row)| row.clone()).collect();
        self.check_late(place, &new, report.overdue);
        if is_table && let Some(Arrival::Column(column)) = source.arrival {
            // They are known from now on.
            for row in &report.overdue_rows {
                let stamp_us = pushed.arrival_us.expect("a late row of a table gets one");
                rows[*row as usize][column.index()] = Value::Timestamp(stamp_us);
            }
            tally.table_rows += rows.len() as u64;
            tally.late_table_rows += report.overdue;
        }
        assert_eq!(report.overdue_rows.len() as u64, report.overdue);
        tally.pushes += 1;
        tally.late += report.overdue;
        self.ledger[place].extend(rows);
    }

    /// Asks about some entities; whether it was answered as the model answers.
    fn ask(&mut self, runtime: &Runtime, tally: &mut Tally) -> bool {
        let version = self.version.clone();
        let keys = version.featr.service("s").expect("a service").columns();
        let count = 1 + self.rng.below(3);
        let drawn = logs::questions(
            &mut self.rng,
            &version.program,
            &self.shapes,
            &self.ledger[..version.program.sources.len()],
            &self.keys,
            count,
        );
        let now_us = self.clock.now_us();
        let at_us = match self.rng.below(6) {
            0..3 => None,
            3 => Some(now_us - self.rng.below(600) as i64 * SECOND_US),
            _ => Some(drawn[0].at_us),
        };
        let asked: Vec<_> = drawn.into_iter().map(|asked| asked.values).collect();
        let id = self.given.len().to_string();
        self.trace.push(format!("question {id} at {at_us:?}: {asked:?}"));
        let question = Question {
            service: "s".to_owned(),
            rows: log::questions(&keys, &asked),
            at_us,
            request_id: Some(id),
            is_whole: false,
        };
        let answer = match runtime.answer_wait(&question) {
            Ok(answer) => answer,
            Err(Refused::Request(Error::BelowHorizon { .. })) => {
                assert!(at_us.is_some_and(|at_us| at_us < self.horizon_us), "{at_us:?}");
                tally.below_horizon += 1;
                return true;
            }
            Err(refused) => {
                assert!(self.disk.has_stopped() || runtime.failure().is_some(), "{refused}");
                return false;
            }
        };
        self.trace
            .push(format!("answered at {} by {:?}", answer.at_us, answer.cuts));
        assert_eq!(at_us.unwrap_or(answer.at_us), answer.at_us);
        for (source, cut_us) in &answer.cuts {
            let before_us = self.cuts.insert(source.clone(), *cut_us);
            assert!(
                before_us.is_none_or(|before_us| before_us <= *cut_us),
                "the cut of {source} went back"
            );
        }
        let asked = asked.into_iter().map(|values| Asked {
            at_us: answer.at_us,
            values: kept::with_cuts(&version.inputs, values, &answer.cuts),
        });
        let mut case = Case {
            program: version.holding(&self.ledger),
            service: "s".to_owned(),
            rows: self.ledger.clone(),
            questions: asked.collect(),
            truth: Truth::AsServed,
        };
        let whole = model(&case);
        let expected = kept::gate(&mut case, &answer, whole);
        tally.gated += answer.gated.len() as u64;
        let features = kept::answered(&answer);
        let found: Answers = read(&case, &[features], 0, true, String::new()).answers();
        assert_eq!(found, expected, "question {}", question.request_id.unwrap_or_default());
        tally.answers += found.len() as u64;
        for (value, _) in found.iter().flatten() {
            tally.values += 1;
            tally.not_null += u64::from(value.is_valid());
        }
        self.shown = Some(answer.cuts);
        self.given.push(Given {
            version,
            asked: case.questions,
            answers: found,
            seen: self.ledger.iter().map(Vec::len).collect(),
            is_kept: false,
        });
        true
    }

    fn checkpoint(&mut self, runtime: &Runtime) -> bool {
        self.trace.push("a checkpoint".to_owned());
        match runtime.checkpoint_wait() {
            Ok(_) => true,
            Err(refused) => {
                assert!(self.disk.has_stopped(), "{refused}");
                false
            }
        }
    }

    /// A push that finds the disk full is refused, and nothing of it is there.
    fn fill_the_disk(&mut self, runtime: &Runtime, tally: &mut Tally) -> bool {
        let Some((place, rows)) = self.rows() else { return true };
        self.trace.push(format!("a full disk, and {rows:?}"));
        self.disk.refuse(&[("append", "log")]);
        if self.topics.is_some() {
            self.write(vec![(place, rows)]);
            let is_refused = self.until(|disk| disk.has_stopped() || runtime.refusal().is_some());
            assert!(is_refused, "a full disk is told");
            self.disk.refuse(&[]);
            tally.full_disks += 1;
            return self.drained(runtime, tally);
        }
        let refused = runtime.push_wait(log::incoming(&self.version.inputs[place], &rows));
        assert!(matches!(refused, Err(Refused::Unwritable { .. })), "{refused:?}");
        assert!(self.disk.has_stopped() || runtime.refusal().is_some() && runtime.failure().is_none());
        self.disk.refuse(&[]);
        tally.full_disks += 1;
        // It may have stopped before what was half written was taken back.
        let has_stopped = self.disk.has_stopped();
        if has_stopped {
            self.attempted.extend(rows.into_iter().map(|row| (place, row)));
        }
        !has_stopped
    }

    /// After a sync that failed nobody knows what is there, and nothing more is written; what is known is answered.
    fn fail_a_sync(&mut self, runtime: &Runtime, tally: &mut Tally) -> bool {
        let Some((place, rows)) = self.rows() else { return true };
        self.trace.push(format!("a sync that fails, and {rows:?}"));
        self.disk.refuse(&[("sync", "log")]);
        if self.topics.is_some() {
            self.write(vec![(place, rows)]);
            assert!(
                self.until(|disk| disk.has_stopped() || runtime.failure().is_some()),
                "it is told"
            );
        } else {
            let refused = runtime.push_wait(log::incoming(&self.version.inputs[place], &rows));
            assert!(matches!(refused, Err(Refused::Unwritable { .. })), "{refused:?}");
            assert!(runtime.failure().is_some());
            self.attempted.extend(rows.into_iter().map(|row| (place, row)));
        }
        tally.failed_syncs += 1;
        self.move_clock();
        self.ask(runtime, tally);
        self.disk.refuse(&[]);
        false
    }
}

/// Whether a row that is there is one that was pushed, whatever arrival it got; one of a table may get another one than it said.
fn is_same(source: &Source, pushed: &Row, found: &Row, is_table: bool) -> bool {
    let mut pushed = pushed.clone();
    if let Some(Arrival::Column(column)) = source.arrival
        && (is_table || pushed[column.index()].is_null())
    {
        pushed[column.index()] = found[column.index()].clone();
    }
    pushed == *found
}

/// The lines that are not the same.
fn changes(before: &str, after: &str) -> String {
    let lines = |sign: char, text: &str, other: &str| {
        let new = text.lines().filter(|line| !other.lines().any(|known| known == *line));
        new.map(|line| format!("{sign}{line}\n")).collect::<String>()
    };
    lines('-', before, after) + &lines('+', after, before)
}
