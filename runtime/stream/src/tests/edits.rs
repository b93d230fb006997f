//! Restores under another version of the program: what goes on, what has to be rebuilt, and that both answer as an engine
//! that was given every row.

use super::fixture::{Row, batch, deliveries, fold_of, graph_of, paging, questions, row_spec, window};
use crate::{Engine, LogName, Paging, ReadError, Rebuild, RestoreReport};
use featc_ir::Truth;
use featc_ir::plan::{RowsId, StreamGraph};
use proptest::prelude::*;

/// A version of the program: which lifts it has, in which order; how far back it looks; what its transform is called.
#[derive(Debug, Clone, PartialEq)]
struct Version {
    lifts: Vec<u32>,
    reach_us: Option<i64>,
    name: &'static str,
}

impl Version {
    fn graph(&self) -> Vec<StreamGraph> {
        let mut rows = row_spec();
        rows.name = self.name.to_owned();
        rows.lifts = self
            .lifts
            .iter()
            .map(|lift| row_spec().lifts[*lift as usize].clone())
            .collect();
        let kinds = [Some(2), self.reach_us].map(window);
        let presence = vec![self.reach_us.map(i64::unsigned_abs)];
        graph_of(rows, fold_of(&kinds, presence, &self.lifts))
    }
}

fn versions() -> impl Strategy<Value = Version> {
    let lifts = prop::sample::subsequence(vec![0u32, 1, 2, 3, 4, 5], 1..=6).prop_shuffle();
    let reach = prop_oneof![3 => (3i64..40).prop_map(Some), 1 => Just(None)];
    let name = prop_oneof![Just("paid"), Just("settled")];
    (lifts, reach, name).prop_map(|(lifts, reach_us, name)| Version { lifts, reach_us, name })
}

#[derive(Debug, Clone)]
enum Action {
    Step,
    Advance(i64),
    Restart(Version),
    /// With the same program.
    Again,
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let action = prop_oneof![
        4 => Just(Action::Step),
        3 => (0i64..12).prop_map(Action::Advance),
        2 => versions().prop_map(Action::Restart),
        1 => Just(Action::Again),
    ];
    prop::collection::vec(action, 4..24)
}

/// What the report has to say, from what is known of the versions and of the cuts.
#[derive(Debug)]
struct Slow {
    /// Events up to here have been released.
    floor_us: Option<i64>,
}

impl Slow {
    fn floor(version: &Version, cut_us: Option<i64>) -> Option<i64> {
        cut_us?.checked_sub(version.reach_us?)
    }

    fn restart(&mut self, old: &Version, new: &Version, cut_us: Option<i64>) -> Option<Rebuild> {
        let missing = new.lifts.iter().filter(|lift| !old.lifts.contains(lift)).count();
        let needed_us = Slow::floor(new, cut_us);
        let why = match self.floor_us {
            _ if missing > 0 => Some(Rebuild::Columns { missing }),
            Some(until_us) if needed_us.is_none_or(|needed| needed < until_us) => Some(Rebuild::Released { until_us }),
            Some(_) | None => None,
        };
        self.floor_us = needed_us;
        why
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Steps, advances and restarts under other versions, in any sequence.
    #[test]
    fn edited_programs_answer_as_if_they_had_seen_every_row(
        (_, chunks) in deliveries(), first in versions(), actions in actions(), sizes in paging(), is_complete in any::<bool>(),
    ) {
        let truth = if is_complete { Truth::Complete } else { Truth::AsOfArrival { delay_us: None } };
        let mut chunks = chunks.into_iter();
        let mut version = first;
        let mut engine = Engine::with_paging(version.graph(), truth, sizes).unwrap();
        let mut slow = Slow { floor_us: None };
        let mut seen: Vec<Row> = Vec::new();
        for action in actions {
            match action {
                Action::Step => {
                    let chunk = chunks.next().unwrap_or_default();
                    engine.step("txn", &batch(&chunk));
                    seen.extend(chunk);
                }
                Action::Advance(by) => {
                    let cut_us = engine.cut_us().unwrap_or(0) + by;
                    engine.advance(cut_us).unwrap();
                    slow.floor_us = Slow::floor(&version, Some(cut_us));
                }
                Action::Restart(_) | Action::Again => {
                    let next = match action {
                        Action::Restart(next) => next,
                        Action::Step | Action::Advance(_) | Action::Again => version.clone(),
                    };
                    let bytes = engine.snapshot();
                    let (mut again, report) = Engine::restore_with_paging(next.graph(), truth, &bytes, sizes).unwrap();
                    let why = slow.restart(&version, &next, engine.cut_us());
                    prop_assert_eq!(report.to_rebuild.first().map(|rebuild| rebuild.why), why);
                    prop_assert_eq!(report.kept.len() + report.to_rebuild.len(), 1);
                    // What cannot be used is not used by anything.
                    prop_assert_eq!(report.dropped.len(), report.to_rebuild.len());
                    if let Some(rebuild) = report.to_rebuild.first() {
                        prop_assert_eq!(rebuild.after_us, Slow::floor(&next, engine.cut_us()));
                        let asked = questions(&[(engine.cut_us().unwrap_or(0), Some(0), None)]);
                        let refused = matches!(again.read("svc", &asked), Err(ReadError::ToBeRebuilt { .. } | ReadError::NotAtCut { .. }));
                        prop_assert!(refused);
                        // Only what the report asks for has to be brought.
                        let is_needed = |row: &&Row| row.at.is_none_or(|at| rebuild.after_us.is_none_or(|after| at > after));
                        let history: Vec<Row> = seen.iter().filter(is_needed).cloned().collect();
                        again.step("txn", &batch(&history));
                        prop_assert_eq!(again.rebuilt().len(), 1);
                    }
                    prop_assert!(again.rebuilt().is_empty());
                    (engine, version) = (again, next);
                }
            }
            let mut fresh = Engine::new(version.graph(), truth).unwrap();
            fresh.step("txn", &batch(&seen));
            if let Some(cut_us) = engine.cut_us() {
                fresh.advance(cut_us).unwrap();
            }
            prop_assert_eq!(fresh.snapshot(), engine.snapshot());
            let cut_us = engine.cut_us().unwrap_or(0);
            let later = if is_complete { 7 } else { 0 };
            let asked = questions(&[(cut_us, Some(0), Some(3)), (cut_us + later, Some(1), None), (cut_us, None, None)]);
            prop_assert_eq!(fresh.read("svc", &asked), engine.read("svc", &asked));
        }
    }
}

fn row(id: i64, at: i64) -> Row {
    Row {
        who: Some(0),
        id,
        at: Some(at),
        delay: 0,
        x: Some(id),
        y: Some(0.5),
        s: Some(1),
        flag: Some(true),
        d: Some(3),
    }
}

fn version(lifts: &[u32], reach_us: Option<i64>) -> Version {
    Version {
        lifts: lifts.to_vec(),
        reach_us,
        name: "paid",
    }
}

fn snapshot(version: &Version, cut_us: Option<i64>) -> Vec<u8> {
    let mut engine = Engine::with_paging(version.graph(), Truth::Complete, Paging::default()).unwrap();
    let rows: Vec<Row> = (0..50).map(|id| row(id, id)).collect();
    engine.step("txn", &batch(&rows));
    if let Some(cut_us) = cut_us {
        engine.advance(cut_us).unwrap();
    }
    engine.snapshot()
}

fn restore(graph: Vec<StreamGraph>, bytes: &[u8]) -> (Engine, RestoreReport) {
    Engine::restore(graph, Truth::Complete, bytes).unwrap()
}

fn set_state_key(graphs: &mut [StreamGraph], key: &str) {
    for graph in graphs {
        graph.logs[0].state_key = key.to_owned();
    }
}

#[test]
fn names_and_new_aggregates_keep_state() {
    let bytes = snapshot(&version(&[0, 1], Some(10)), None);
    let mut renamed = Version {
        name: "settled",
        ..version(&[1], Some(30))
    }
    .graph();
    renamed.iter_mut().for_each(|graph| graph.program = "p2".to_owned());
    let (engine, report) = restore(renamed, &bytes);
    let name = LogName {
        source: "txn".to_owned(),
        transform: "settled".to_owned(),
        keys: vec!["who".to_owned()],
    };
    assert_eq!((&report.kept, report.is_whole()), (&vec![name], true));
    assert!(report.dropped.is_empty());
    assert_eq!(engine.stats()[0].events, 50);
}

#[test]
fn what_has_to_be_rebuilt_is_named() {
    let old = version(&[0, 1], Some(10));
    let why = |graph: Vec<StreamGraph>, cut_us: Option<i64>| {
        let (engine, report) = restore(graph, &snapshot(&old, cut_us));
        assert_eq!((report.kept.len(), engine.stats()[0].events), (0, 0));
        (
            report.to_rebuild[0].why,
            report.to_rebuild[0].after_us,
            report.dropped.len(),
        )
    };
    let columns = version(&[0, 4, 5], Some(10));
    assert_eq!(why(columns.graph(), None), (Rebuild::Columns { missing: 2 }, None, 1));
    let mut other = old.graph();
    set_state_key(&mut other, "s2");
    assert_eq!(why(other, Some(30)), (Rebuild::Redeclared, Some(20), 1));
    let longer = version(&[0], Some(11));
    let released = Rebuild::Released { until_us: 20 };
    assert_eq!(why(longer.graph(), Some(30)), (released, Some(19), 1));
    let for_ever = version(&[0], None);
    assert_eq!(why(for_ever.graph(), Some(30)), (released, None, 1));
    // Nothing was released before the first advance.
    assert!(restore(for_ever.graph(), &snapshot(&old, None)).1.is_whole());
}

/// A log that was not rebuilt is no state, also after another restart.
#[test]
fn what_was_not_rebuilt_stays_so() {
    let old = version(&[0], Some(10));
    let new = version(&[0, 1], Some(10));
    let (mut engine, report) = restore(new.graph(), &snapshot(&old, Some(30)));
    assert_eq!(
        report.to_rebuild[0].to_string(),
        "the events of `txn` through `paid` by (who): the snapshot has them without 1 of the expressions that are read now"
    );
    engine.step("txn", &batch(&[row(60, 60)]));
    let asked = questions(&[(60, Some(0), None)]);
    let refused = Err(ReadError::ToBeRebuilt {
        log: report.to_rebuild[0].log.clone(),
    });
    assert_eq!(engine.read("svc", &asked), refused);
    let (mut engine, report) = restore(new.graph(), &engine.snapshot());
    assert_eq!(report.to_rebuild[0].why, Rebuild::NotRebuilt);
    assert_eq!(engine.read("svc", &asked), refused);
    assert_eq!(engine.rebuilt().len(), 1);
    assert!(engine.read("svc", &asked).is_ok());
    assert!(restore(new.graph(), &engine.snapshot()).1.is_whole());
}

/// Of several logs each goes on by itself; one of the snapshot may feed two.
#[test]
fn each_log_is_restored_for_itself() {
    let one = version(&[0, 1], Some(10));
    let mut two = one.graph();
    let graph = &mut two[0];
    let mut rows = graph.rows[0].clone();
    rows.rows.steps.transform = "again".to_owned();
    graph.rows.push(rows);
    let mut log = graph.logs[0].clone();
    log.input = RowsId(1);
    graph.logs.push(log);
    let (engine, report) = restore(two.clone(), &snapshot(&one, Some(30)));
    assert_eq!((report.kept.len(), report.is_whole()), (2, true));
    let stats = engine.stats();
    assert_eq!((stats[0].events, stats[1].events), (stats[1].events, 29));

    let bytes = engine.snapshot();
    two[0].logs[1].state_key = "s2".to_owned();
    let (engine, report) = restore(two, &bytes);
    let counts = (report.kept.len(), report.to_rebuild.len(), report.dropped.len());
    assert_eq!(counts, (1, 1, 1));
    assert_eq!((engine.stats()[0].events, engine.stats()[1].events), (29, 0));
    let asked = questions(&[(30, Some(0), None)]);
    // The services read the log that goes on.
    assert!(engine.read("svc", &asked).is_ok());
}
