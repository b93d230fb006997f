//! What `advance` releases, what it keeps, and what can still be asked.

use super::agree::check_log;
use super::fixture::{
    Ask, Row, asks, batch, deliveries, fold_of, graph, graph_of, paging, questions, row_spec, window,
};
use crate::{AdvanceReport, Engine, Paging, ReadError};
use featc_ir::Truth;
use featc_ir::plan::StreamGraph;
use proptest::prelude::*;

const REACH_US: i64 = 25;

/// Windows and lookbacks of at most [`REACH_US`].
fn bounded() -> Vec<StreamGraph> {
    let kinds = [Some(20), Some(3), Some(1)].map(window);
    let presence = vec![Some(5), Some(REACH_US as u64)];
    graph_of(row_spec(), fold_of(&kinds, presence, &[0, 1, 2, 3, 4, 5]))
}

fn truths() -> impl Strategy<Value = Truth> {
    let delayed = (0u64..9).prop_map(|delay_us| Truth::AsOfArrival {
        delay_us: Some(delay_us),
    });
    prop_oneof![Just(Truth::Complete), delayed]
}

/// The rows that a question at the cut may see.
fn visible(rows: &[Row], truth: Truth, cut_us: i64) -> Vec<Row> {
    let is_visible = |row: &&Row| {
        let delay_us = truth.delay_us(0);
        delay_us.is_none_or(|delay_us| row.arrival().saturating_add_unsigned(delay_us) <= cut_us)
    };
    rows.iter().filter(is_visible).cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever was released, what can be asked is answered from every row that ever came; and the snapshot is that of an
    /// engine which was given all rows before it was moved to the cut, or after.
    #[test]
    fn released_events_are_not_missed(
        (rows, chunks) in deliveries(), asks in asks(), (sizes, other) in (paging(), paging()), truth in truths(),
        mut cuts in prop::collection::vec(prop::option::of(-10i64..90), 12), restarts in prop::collection::vec(any::<bool>(), 12),
    ) {
        let mut engine = Engine::with_paging(bounded(), truth, sizes).unwrap();
        let mut seen: Vec<Row> = Vec::new();
        cuts.sort();
        for (position, chunk) in chunks.iter().enumerate() {
            let report = engine.step("txn", &batch(chunk));
            let log = &report.logs[0];
            let dropped = log.filtered + log.null_time + log.null_key + log.rejected.len() as u64;
            prop_assert_eq!(dropped + log.inserted + log.duplicates + log.expired + log.waiting, report.accepted);
            seen.extend_from_slice(chunk);
            if let Some(cut_us) = cuts.get(position).copied().flatten() {
                engine.advance(cut_us).unwrap();
            }
            if restarts[position % 12] {
                let (again, report) = Engine::restore_with_paging(bounded(), truth, &engine.snapshot(), other).unwrap();
                prop_assert!(report.is_whole(), "{:?}", report);
                prop_assert_eq!(again.snapshot(), engine.snapshot());
                engine = again;
            }
            let at = |t_us: i64| match (truth, engine.cut_us()) {
                (Truth::Complete, None) => t_us,
                (Truth::Complete, Some(cut)) => cut.saturating_add(t_us.max(0)),
                (Truth::AsOfArrival { .. } | Truth::AsServed, cut) => cut.unwrap_or(0),
            };
            let here: Vec<Ask> = asks.iter().map(|(t_us, who, id)| (at(*t_us), *who, *id)).collect();
            check_log(&engine, &visible(&seen, truth, engine.cut_us().unwrap_or(i64::MIN)), &here)?;
        }
        for late in [false, true] {
            let mut again = Engine::with_paging(bounded(), truth, other).unwrap();
            let (early, late) = rows.split_at(if late { rows.len() / 2 } else { rows.len() });
            again.step("txn", &batch(early));
            if let Some(cut_us) = engine.cut_us() {
                again.advance(cut_us).unwrap();
            }
            again.step("txn", &batch(late));
            prop_assert_eq!(again.snapshot(), engine.snapshot());
        }
    }
}

fn row(id: i64, at: i64) -> Row {
    Row {
        who: Some((id % 3) as u8),
        id,
        at: Some(at),
        delay: 2,
        x: Some(1),
        y: None,
        s: Some(2),
        flag: Some(true),
        d: None,
    }
}

/// An event per microsecond, and the cut close behind: the greatest number of events, and what was released in all.
fn long_run(graph: Vec<StreamGraph>, truth: Truth, rows: i64) -> (u64, u64, Engine) {
    let mut engine = Engine::with_paging(graph, truth, Paging::default()).unwrap();
    let (mut most, mut all) = (0, AdvanceReport::default());
    for id in 0..rows {
        engine.step("txn", &batch(&[row(id, id)]));
        let report = engine.advance(id).unwrap();
        all.released += report.released;
        all.entered += report.entered;
        most = most.max(engine.stats()[0].events + engine.stats()[0].waiting);
    }
    (most, all.released, engine)
}

#[test]
fn memory_is_bounded_where_windows_are() {
    for truth in [Truth::Complete, Truth::AsOfArrival { delay_us: None }] {
        let (most, released, engine) = long_run(bounded(), truth, 5_000);
        assert!(most < 4 * REACH_US as u64, "{truth:?}: {most}");
        assert!(released + most >= 5_000, "{truth:?}: {released}");
        assert_eq!(engine.stats()[0].horizon_us, Some(4_999));
        // Over lifetime every event counts for ever.
        let (most, released, engine) = long_run(graph(), truth, 500);
        assert_eq!((most, released), (500, 0));
        assert_eq!(engine.stats()[0].horizon_us, None);
    }
}

/// Entities that are silent for longer than the windows are forgotten, and come back as new ones.
#[test]
fn silent_entities_take_no_memory() {
    let mut engine = Engine::new(bounded(), Truth::Complete).unwrap();
    for id in 0..3_000 {
        let who = Row {
            who: Some((id / 100 % 200) as u8),
            ..row(id, id)
        };
        engine.step("txn", &batch(&[who]));
        engine.advance(id).unwrap();
        assert!(engine.stats()[0].entities <= 2);
    }
}

#[test]
fn what_waits_is_released_too() {
    let truth = Truth::AsOfArrival { delay_us: Some(1_000) };
    let mut engine = Engine::new(bounded(), truth).unwrap();
    for id in 0..400 {
        engine.step("txn", &batch(&[row(id, id)]));
        engine.advance(id).unwrap();
        assert!(engine.stats()[0].waiting < 4 * REACH_US as u64);
    }
    // An event that no question can reach is not taken in.
    let rows = [row(1, 1), row(2, 399 - REACH_US), row(3, 400 - REACH_US)];
    let report = engine.step("txn", &batch(&rows));
    let log = &report.logs[0];
    assert_eq!((log.expired, log.inserted, log.waiting), (2, 0, 1));
    assert_eq!(report.expired, 2);
}

#[test]
fn a_question_before_the_horizon_is_refused() {
    let mut engine = Engine::new(bounded(), Truth::Complete).unwrap();
    engine.step("txn", &batch(&(0..100).map(|id| row(id, id)).collect::<Vec<Row>>()));
    let ask = |engine: &Engine, t: i64| engine.read("svc", &questions(&[(200, Some(1), None), (t, Some(0), None)]));
    assert!(ask(&engine, 5).is_ok());
    engine.advance(60).unwrap();
    for t in [i64::MIN, 5, 59] {
        let Err(ReadError::BelowHorizon { at_us, horizon_us, log }) = ask(&engine, t) else {
            panic!("refused at {t}");
        };
        assert_eq!((at_us, horizon_us), (t, 60));
        assert_eq!(log.to_string(), "the events of `txn` through `paid` by (who)");
    }
    assert!(ask(&engine, 60).is_ok());
    // The horizon is part of the state.
    let (again, _) = Engine::restore(bounded(), Truth::Complete, &engine.snapshot()).unwrap();
    assert_eq!(again.stats()[0].horizon_us, Some(60));
    assert_eq!(ask(&again, 59), ask(&engine, 59));
    assert_eq!(ask(&again, 60), ask(&engine, 60));
}
