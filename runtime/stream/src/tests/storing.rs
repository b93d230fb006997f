//! An engine whose entities stand in files, and of which any may be out of memory, is one that has all of them in memory.

use super::fixture::{Row, asks, batch, deliveries, fold_of, graph_of, questions, read, row_spec, snapshot, window};
use crate::{Cuts, Engine, EntityStore, Questions, Record, StepReport, Stored, Weight};
use featc_ir::Truth;
use featc_ir::plan::StreamGraph;
use featr_kernels::Batch;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

fn graph() -> Vec<StreamGraph> {
    let windows = [window(Some(20)), window(Some(3)), window(Some(40))];
    graph_of(
        row_spec(),
        fold_of(&windows, vec![Some(5), Some(40)], &[0, 1, 2, 3, 4, 5]),
    )
}

fn fresh() -> Engine {
    Engine::new(graph(), Truth::AsServed).unwrap()
}

/// Records as a caller keeps them.
#[derive(Debug, Default)]
struct Files {
    records: Mutex<BTreeMap<Stored, (usize, Vec<u8>)>>,
    read: AtomicUsize,
    is_broken: bool,
}

impl EntityStore for Files {
    fn read(&self, stored: Stored) -> Result<Vec<u8>, String> {
        self.read.fetch_add(1, Ordering::Relaxed);
        match self.is_broken {
            true => Err("the disk is broken".to_owned()),
            false => Ok(self.records.lock().unwrap()[&stored].1.clone()),
        }
    }
}

#[derive(Debug, Clone)]
enum Event {
    Rows(Vec<Row>, Vec<Weight>),
    LetIn(i64),
    Advance(i64),
}

/// A state in shards, its last checkpoint, and what came since that was begun.
struct State {
    engines: Vec<Engine>,
    files: Arc<Files>,
    snapshot: Option<Vec<u8>>,
    since: Vec<Event>,
    next_file: u64,
}

impl State {
    fn store(&self) -> Arc<dyn EntityStore> {
        self.files.clone()
    }

    fn divided(&self, mut whole: Engine, shards: usize) -> Vec<Engine> {
        whole.set_store(&self.store());
        whole.divide((1..shards).map(|_| fresh()).collect()).unwrap()
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::Rows(rows, weights) if self.engines.len() == 1 => {
                self.engines[0].step_weighted("txn", &batch(rows), weights);
            }
            Event::Rows(rows, _) => step(&mut self.engines, &batch(rows)),
            Event::LetIn(cut_us) => {
                let cuts = Cuts::from([("txn".to_owned(), *cut_us)]);
                for engine in &mut self.engines {
                    let _ = engine.let_in(&cuts);
                }
            }
            Event::Advance(cut_us) => {
                for engine in &mut self.engines {
                    let _ = engine.advance(*cut_us);
                }
            }
        }
    }

    fn happens(&mut self, event: Event) {
        self.take(&event);
        self.since.push(event);
    }

    /// Writes what changed, and what stands in files that go; some events come meanwhile. Who fails leaves what was there.
    fn checkpoint(&mut self, meanwhile: Vec<Event>, (fails, joins): (bool, bool)) {
        let mut used = BTreeMap::new();
        self.engines.iter().for_each(|engine| engine.used(&mut used));
        let known: BTreeSet<u64> = self
            .files
            .records
            .lock()
            .unwrap()
            .keys()
            .map(|stored| stored.file)
            .collect();
        let joined: BTreeSet<u64> = known
            .into_iter()
            .filter(|file| joins || !used.contains_key(file))
            .collect();
        let rounds = self.engines.iter_mut().map(Engine::begin_round);
        let round = rounds.max().unwrap();
        let begun = self.since.len();
        let others: Vec<&Engine> = self.engines[1..].iter().collect();
        let mut snapshot = self.engines[0].begin_storing(&others, &joined);
        let mut meanwhile = meanwhile.into_iter();
        let (mut bytes, file) = (0, self.next_file);
        self.next_file += 1;
        let mut written: Vec<Vec<(usize, Box<[u8]>, Stored)>> = self.engines.iter().map(|_| Vec::new()).collect();
        loop {
            let others: Vec<&Engine> = self.engines[1..].iter().collect();
            let is_more = self.engines[0].put_part_with(&others, &mut snapshot, 1);
            for record in snapshot.take_records() {
                let Record {
                    state,
                    shard,
                    key,
                    bytes: body,
                } = record;
                let stored = Stored {
                    file,
                    offset: bytes,
                    bytes: body.len() as u64,
                };
                bytes += body.len() as u64;
                self.files.records.lock().unwrap().insert(stored, (state, body));
                written[shard].push((state, key, stored));
            }
            meanwhile.next().into_iter().for_each(|event| self.happens(event));
            if !is_more {
                break;
            }
        }
        let bytes = snapshot.finish();
        let mut records = self.files.records.lock().unwrap();
        if fails {
            records.retain(|stored, _| stored.file != file);
        } else {
            (self.snapshot, self.since) = (Some(bytes), self.since.split_off(begun));
            for (engine, written) in self.engines.iter_mut().zip(&written) {
                engine.set_written(round, written);
            }
            records.retain(|stored, _| !joined.contains(&stored.file));
        }
        drop(records);
        meanwhile.for_each(|event| self.happens(event));
    }

    /// Ends, and goes on from the last checkpoint, with some of its entities in memory.
    fn restart(&mut self, shards: usize, here: &[bool]) {
        let engine = match &self.snapshot {
            None => fresh(),
            Some(bytes) => {
                let mut restoring = Engine::begin_restore(graph(), Truth::AsServed, bytes).unwrap();
                let records = self.files.records.lock().unwrap();
                for ((stored, (state, body)), is_here) in records.iter().zip(here.iter().cycle()) {
                    restoring.put(*state, (body, *stored), *is_here).unwrap();
                }
                assert_eq!(restoring.goes_on(), vec![Some(0)]);
                let (engine, report) = restoring.finish();
                assert!(report.is_whole() && report.dropped.is_empty());
                engine
            }
        };
        self.engines = self.divided(engine, shards);
        for event in self.since.clone() {
            self.take(&event);
        }
    }
}

fn step(engines: &mut [Engine], chunk: &Batch) {
    let staged = fresh().stage("txn", chunk, engines.len());
    for (engine, part) in engines.iter_mut().zip(&staged.parts) {
        engine.take_in(part, &mut StepReport::default());
    }
}

#[derive(Debug, Clone)]
enum Action {
    Rows,
    LetIn(i64),
    Advance(i64),
    /// How many chunks come meanwhile.
    Checkpoint(usize, bool, bool),
    Unload(u64),
    Restart(usize, Vec<bool>),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let here = prop::collection::vec(any::<bool>(), 1..4);
    let action = prop_oneof![
        5 => Just(Action::Rows),
        2 => (0i64..60).prop_map(Action::LetIn),
        1 => (0i64..60).prop_map(Action::Advance),
        4 => (0usize..3, prop::bool::weighted(0.2), any::<bool>()).prop_map(|(n, fails, joins)| Action::Checkpoint(n, fails, joins)),
        3 => prop_oneof![3 => Just(0), 1 => Just(500)].prop_map(Action::Unload),
        2 => (1usize..4, here).prop_map(|(shards, here)| Action::Restart(shards, here)),
    ];
    prop::collection::vec(action, 8..24)
}

/// Does all of it to a state and to one engine; tells how many records were read.
fn check(
    chunks: &[Vec<Row>],
    weights: &[bool],
    actions: &[Action],
    questions: &Questions,
    retracts: bool,
) -> Result<usize, TestCaseError> {
    let mut one = fresh();
    let files = Arc::new(Files::default());
    let mut state = State {
        engines: Vec::new(),
        files: files.clone(),
        snapshot: None,
        since: Vec::new(),
        next_file: 1,
    };
    state.engines = state.divided(fresh(), if retracts { 1 } else { 2 });
    let mut chunks = chunks.iter();
    let mut next = |one: &mut Engine| {
        let rows = chunks.next()?.clone();
        let weight = |is_insert: &bool| {
            if *is_insert || !retracts {
                Weight::Insert
            } else {
                Weight::Retract
            }
        };
        let weights: Vec<Weight> = weights.iter().cycle().take(rows.len()).map(weight).collect();
        one.step_weighted("txn", &batch(&rows), &weights);
        Some(Event::Rows(rows, weights))
    };
    for action in actions {
        match action {
            Action::Rows => next(&mut one).into_iter().for_each(|event| state.happens(event)),
            Action::LetIn(cut_us) => {
                let _ = one.let_in(&Cuts::from([("txn".to_owned(), *cut_us)]));
                state.happens(Event::LetIn(*cut_us));
            }
            Action::Advance(cut_us) => {
                let _ = one.advance(*cut_us);
                state.happens(Event::Advance(*cut_us));
            }
            Action::Checkpoint(meanwhile, fails, joins) => {
                let meanwhile = if retracts { 0 } else { *meanwhile };
                let meanwhile = (0..meanwhile).map_while(|_| next(&mut one)).collect();
                state.checkpoint(meanwhile, (*fails, *joins));
            }
            Action::Unload(bytes) => state.engines.iter_mut().for_each(|engine| engine.unload(*bytes)),
            Action::Restart(shards, here) => state.restart(if retracts { 1 } else { *shards }, here),
        }
        if !matches!(action, Action::Unload(_) | Action::Restart(..)) {
            continue;
        }
        let horizon_us = one.cut_us().unwrap_or(i64::MIN);
        let asked: Vec<u32> = (0..questions.times.len() as u32)
            .filter(|row| questions.times[*row as usize] >= horizon_us)
            .collect();
        let questions = questions.take(&asked);
        for service in ["svc", "few"] {
            prop_assert_eq!(
                read(&fresh(), &state.engines, service, &questions),
                one.read(service, &questions).unwrap()
            );
        }
    }
    prop_assert_eq!(snapshot(&state.engines), one.snapshot());
    prop_assert!(state.engines.iter().all(|engine| engine.failure().is_none()));
    let read = files.read.load(Ordering::Relaxed);
    let away: u64 = state
        .engines
        .iter()
        .flat_map(Engine::stats)
        .map(|stats| stats.away)
        .sum();
    prop_assert!(read > 0 || away == 0);
    Ok(read)
}

/// Checkpoints that are written beside rows, that fail, that join files; entities that leave memory; restarts with other shards.
#[test]
fn what_is_in_memory_leaves_no_trace() {
    let read = std::cell::Cell::new(0);
    let weights = prop::collection::vec(prop::bool::weighted(0.7), 1..8);
    let strategy = (deliveries(), weights, actions(), asks(), any::<bool>());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 96,
        ..ProptestConfig::default()
    });
    let run = runner.run(&strategy, |((_, chunks), weights, actions, asks, retracts)| {
        let now = check(&chunks, &weights, &actions, &questions(&asks), retracts)?;
        read.set(read.get() + now);
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    assert!(read.get() > 60, "{} records were read", read.get());
}

/// Its events lie before the floor, and were not released yet: its record has none, and who asks about it is told that there are none.
#[test]
fn an_entity_behind_the_floor_can_be_away() {
    let mut state = State {
        engines: Vec::new(),
        files: Arc::new(Files::default()),
        snapshot: None,
        since: Vec::new(),
        next_file: 1,
    };
    state.engines = state.divided(fresh(), 1);
    state.happens(Event::LetIn(100));
    state.happens(Event::Advance(38));
    state.happens(Event::Rows(early(), vec![Weight::Insert; 4]));
    // A step that is too small to look through memory.
    state.happens(Event::Advance(43));
    assert_eq!(state.engines[0].stats()[0].events, 4);
    let asked = questions(&[(43, Some(0), None)]);
    let expected = state.engines[0].read("svc", &asked).unwrap();
    state.checkpoint(Vec::new(), (false, false));
    state.engines[0].unload(0);
    assert_eq!(state.engines[0].stats()[0].away, 1);
    assert_eq!(state.engines[0].read("svc", &asked).unwrap(), expected);
    state.restart(1, &[true]);
    assert_eq!(state.engines[0].read("svc", &asked).unwrap(), expected);
}

/// Four events of one entity.
fn early() -> Vec<Row> {
    let row = |id| Row {
        who: Some(0),
        id,
        at: Some(id),
        delay: 0,
        x: Some(id),
        y: None,
        s: None,
        flag: None,
        d: None,
    };
    (0..4).map(row).collect()
}

/// Nothing is answered once a record cannot be read.
#[test]
fn a_record_that_cannot_be_read_is_no_entity_without_events() {
    let files = Arc::new(Files {
        is_broken: true,
        ..Files::default()
    });
    let mut state = State {
        engines: vec![fresh()],
        files,
        snapshot: None,
        since: Vec::new(),
        next_file: 1,
    };
    state.engines = state.divided(fresh(), 1);
    state.happens(Event::LetIn(50));
    state.happens(Event::Rows(early(), vec![Weight::Insert; 4]));
    let asked = questions(&[(30, Some(0), None)]);
    assert!(state.engines[0].read("svc", &asked).is_ok());
    state.checkpoint(Vec::new(), (false, false));
    state.engines[0].unload(0);
    assert_eq!(state.engines[0].stats()[0].away, 1);
    assert!(state.engines[0].read("svc", &asked).is_err());
    assert_eq!(state.engines[0].failure(), Some("the disk is broken"));
}
