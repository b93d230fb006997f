//! Deltas with weights, against a set that is changed row by row and a log that is built from what is left.

use super::agree::check_log;
use super::fixture::{Ask, Row, asks, batch, deliveries, events_slow, graph, paging, restarted, run};
use crate::{Engine, LogReport, Paging, StepReport, Weight};
use featc_ir::Truth;
use featr_kernels::events::Events;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Rows with weights, in the order in which they count.
type Deltas = Vec<(Row, Weight)>;

/// The set of rows, by what makes them one event.
#[derive(Default)]
struct Slow {
    rows: BTreeMap<String, Row>,
    unknown: u64,
}

impl Slow {
    /// Only accepted rows that the transform keeps are counted.
    fn apply(&mut self, deltas: &Deltas) {
        for (row, weight) in deltas {
            if events_slow(std::slice::from_ref(row)).is_empty() {
                continue;
            }
            let event = Row {
                delay: 0,
                ..row.clone()
            };
            let event = format!("{event:?}");
            match weight {
                Weight::Insert => drop(self.rows.entry(event).or_insert_with(|| row.clone())),
                Weight::Retract => self.unknown += u64::from(self.rows.remove(&event).is_none()),
            }
        }
    }

    fn left(&self) -> Vec<Row> {
        self.rows.values().cloned().collect()
    }
}

/// Chunks of insertions with retractions between them, most of rows that came before.
fn deltas() -> impl Strategy<Value = Vec<Deltas>> {
    let retractions = prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, 0i64..20), 0..60);
    (deliveries(), retractions).prop_map(|((rows, chunks), retractions)| {
        let inserted = |chunk: Vec<Row>| chunk.into_iter().map(|row| (row, Weight::Insert)).collect();
        let mut chunks: Vec<Deltas> = chunks.into_iter().map(inserted).collect();
        for (row, chunk, delay) in retractions {
            let place = chunk.min(chunks.len().saturating_sub(1));
            if let (Some(chunk), false) = (chunks.get_mut(place), rows.is_empty()) {
                let row = Row {
                    delay,
                    ..row.get(&rows).clone()
                };
                chunk.push((row, Weight::Retract));
            }
        }
        chunks
    })
}

fn step(engine: &mut Engine, deltas: &Deltas) -> StepReport {
    let rows: Vec<Row> = deltas.iter().map(|(row, _)| row.clone()).collect();
    let weights: Vec<Weight> = deltas.iter().map(|(_, weight)| *weight).collect();
    engine.step_weighted("txn", &batch(&rows), &weights)
}

/// All that a log says of a step.
fn counted(log: &LogReport) -> u64 {
    let dropped = log.filtered + log.null_time + log.null_key + log.rejected.len() as u64;
    let changed = log.inserted + log.duplicates + log.retracted + log.unknown;
    dropped + changed + log.expired + log.waiting
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// The log is the one of the rows that are left; what was not there to be taken out is counted.
    #[test]
    fn a_log_with_retractions_is_that_of_what_is_left(
        chunks in deltas(), asks in asks(), (sizes, other) in (paging(), paging()), cut in 0usize..12,
    ) {
        let mut engine = run(sizes, &[]);
        let (mut slow, mut unknown) = (Slow::default(), 0);
        for (position, chunk) in chunks.iter().enumerate() {
            let report = step(&mut engine, chunk);
            slow.apply(chunk);
            let log = &report.logs[0];
            prop_assert_eq!(counted(log), report.accepted);
            unknown += log.unknown;
            prop_assert_eq!(unknown, slow.unknown);
            check_log(&engine, &slow.left(), &asks)?;
            if position == cut {
                engine = restarted(&engine, other);
            }
        }
        prop_assert_eq!(engine.snapshot(), run(other, &[slow.left()]).snapshot());
        let stats = &engine.stats()[0];
        let left: usize = events_slow(&slow.left()).values().map(Events::len).sum();
        prop_assert_eq!(stats.events, left as u64);
    }

    /// As of arrival a retraction waits for its own arrival, and what waits goes in by arrival, insertions first.
    #[test]
    fn retractions_wait_as_rows_do(
        chunks in deltas(), asks in asks(), (sizes, other) in (paging(), paging()),
        mut cuts in prop::collection::vec(prop::option::of(-5i64..70), 12), restarts in prop::collection::vec(any::<bool>(), 12),
    ) {
        let truth = Truth::AsOfArrival { delay_us: None };
        let mut engine = Engine::with_paging(graph(), truth, sizes).unwrap();
        let (mut slow, mut waiting, mut unknown) = (Slow::default(), Deltas::new(), 0);
        cuts.sort();
        for (position, chunk) in chunks.iter().enumerate() {
            let report = step(&mut engine, chunk);
            prop_assert_eq!(counted(&report.logs[0]), report.accepted);
            unknown += report.logs[0].unknown;
            let is_due = |(row, _): &(Row, Weight)| engine.cut_us().is_some_and(|cut| row.arrival() <= cut);
            let (due, later): (Deltas, Deltas) = chunk.iter().cloned().partition(is_due);
            slow.apply(&due);
            waiting.extend(later);
            if let Some(cut) = cuts.get(position).copied().flatten() {
                let report = engine.advance(cut).unwrap();
                unknown += report.unknown;
                let (mut due, later): (Deltas, Deltas) = waiting.into_iter().partition(|(row, _)| row.arrival() <= cut);
                due.sort_by_key(|(row, weight)| (row.arrival(), *weight));
                slow.apply(&due);
                waiting = later;
            }
            prop_assert_eq!(unknown, slow.unknown);
            let here: Vec<Ask> = asks.iter().map(|(_, who, id)| (engine.cut_us().unwrap_or(0), *who, *id)).collect();
            check_log(&engine, &slow.left(), &here)?;
            if restarts[position % 12] {
                engine = restarted(&engine, other);
            }
        }
        // Nothing that waits is lost on the way through a snapshot.
        let mut again = restarted(&engine, sizes);
        engine.advance(i64::MAX).unwrap();
        again.advance(i64::MAX).unwrap();
        prop_assert_eq!(engine.snapshot(), again.snapshot());
    }
}

fn row(id: i64, at: i64) -> Row {
    Row {
        who: Some(0),
        id,
        at: Some(at),
        delay: 1,
        x: Some(id),
        y: Some(0.25),
        s: Some(1),
        flag: Some(true),
        d: Some(1),
    }
}

#[test]
fn what_is_not_there_is_reported() {
    let mut engine = run(Paging::default(), &[vec![row(1, 10), row(2, 11)]]);
    let retract = |engine: &mut Engine, row: Row| {
        let report = step(engine, &vec![(row, Weight::Retract)]);
        (report.logs[0].retracted, report.logs[0].unknown)
    };
    let other_value = Row {
        x: Some(7),
        ..row(1, 10)
    };
    assert_eq!(retract(&mut engine, other_value), (0, 1));
    // Another arrival is the same event.
    let seen_later = Row { delay: 9, ..row(1, 10) };
    assert_eq!(retract(&mut engine, seen_later), (1, 0));
    assert_eq!(retract(&mut engine, row(1, 10)), (0, 1));
    let nobody = Row {
        who: Some(5),
        ..row(1, 10)
    };
    assert_eq!(retract(&mut engine, nobody), (0, 1));
    assert_eq!(retract(&mut engine, row(2, 11)), (1, 0));
    let stats = &engine.stats()[0];
    assert_eq!((stats.events, stats.entities, stats.pages), (0, 0, 0));
    assert_eq!(engine.snapshot(), run(Paging::default(), &[]).snapshot());
    // A weight for every row, or none is taken.
    let report = engine.step_weighted("txn", &batch(&[row(1, 10)]), &[]);
    assert_eq!((report.accepted, report.rejected.len()), (0, 1));
}
