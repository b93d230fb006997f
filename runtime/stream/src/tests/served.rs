//! As served: a question sees what its cut lets in, at whatever instant it is asked.

use super::agree::check_log;
use super::fixture::{Ask, Row, asks, batch, deliveries, graph, questions};
use crate::{CutGoesBack, Cuts, Engine, ReadError, RestoreError};
use featc_ir::{Status, Truth};
use featr_kernels::Column;
use proptest::prelude::*;

fn cuts(cut_us: i64) -> Cuts {
    Cuts::from([("txn".to_owned(), cut_us)])
}

fn seen(rows: &[Row], cut_us: Option<i64>) -> Vec<Row> {
    let is_seen = |row: &&Row| cut_us.is_some_and(|cut| row.arrival() <= cut);
    rows.iter().filter(is_seen).cloned().collect()
}

/// What an engine of its own answers to one question: as of arrival with the delay that puts the cut where it is, or, of a
/// cut behind the instant, in truth complete over the rows that are seen.
fn answer_slow(rows: &[Row], cut_us: Option<i64>, ask: Ask) -> Vec<(Column, Vec<Status>)> {
    let delay_us = cut_us.map_or(Some(u64::MAX), |cut| {
        u64::try_from(i128::from(ask.0) - i128::from(cut)).ok()
    });
    let mut engine = match delay_us {
        Some(_) => Engine::new(graph(), Truth::AsOfArrival { delay_us }).unwrap(),
        None => Engine::new(graph(), Truth::Complete).unwrap(),
    };
    engine.step("txn", &batch(&seen(rows, cut_us)));
    engine.advance(ask.0).unwrap();
    engine.read("svc", &questions(&[ask])).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Pushes in any order, copies, cuts that move, restarts: an answer is that of the rows with arrivals up to the cut,
    /// statuses too, and nothing but the set of rows and the cut is left in a snapshot.
    #[test]
    fn an_answer_sees_what_its_cut_lets_in(
        (rows, chunks) in deliveries(), asks in asks(),
        mut moves in prop::collection::vec(prop::option::of(-10i64..120), 12),
        restarts in prop::collection::vec(any::<bool>(), 12),
    ) {
        moves.sort();
        moves.truncate(chunks.len());
        let mut engine = Engine::new(graph(), Truth::AsServed).unwrap();
        let (mut pushed, mut cut): (Vec<Row>, Option<i64>) = (Vec::new(), None);
        for (position, chunk) in chunks.iter().enumerate() {
            let report = engine.step("txn", &batch(chunk));
            let late = Engine::new(graph(), Truth::Complete).unwrap().step("txn", &batch(&seen(chunk, cut))).accepted;
            prop_assert_eq!((report.overdue, report.waiting), (late, report.accepted - late));
            pushed.extend_from_slice(chunk);
            if let Some(cut_us) = moves.get(position).copied().flatten() {
                engine.let_in(&cuts(cut_us)).unwrap();
                cut = Some(cut_us);
            }
            if restarts[position % 12] {
                engine = Engine::restore(graph(), Truth::AsServed, &engine.snapshot()).unwrap().0;
                prop_assert_eq!(engine.cuts().unwrap().get("txn").copied(), cut);
            }
            check_log(&engine, &seen(&pushed, cut), &asks)?;
        }
        let together = engine.read("svc", &questions(&asks)).unwrap();
        for (row, ask) in (0u32..).zip(&asks) {
            let alone = answer_slow(&rows, cut, *ask);
            for ((column, statuses), (expected, status)) in together.iter().zip(&alone) {
                prop_assert_eq!(statuses[row as usize], status[0], "{:?} with cut {:?}", ask, cut);
                prop_assert_eq!(column.value(row as usize), expected.value(0));
            }
        }
        let mut again = Engine::new(graph(), Truth::AsServed).unwrap();
        again.step("txn", &batch(&rows));
        if let Some(cut_us) = cut {
            again.let_in(&cuts(cut_us)).unwrap();
        }
        prop_assert_eq!(again.snapshot(), engine.snapshot());
    }

    /// A snapshot that is taken in parts, while rows come and are let in: with the rows that came since it was begun, and the cut of
    /// its end, it is the state.
    #[test]
    fn a_snapshot_in_parts_misses_nothing(
        (_, chunks) in deliveries(), mut moves in prop::collection::vec(prop::option::of(-10i64..120), 12),
        begin in any::<prop::sample::Index>(),
    ) {
        moves.sort();
        let mut engine = Engine::new(graph(), Truth::AsServed).unwrap();
        let (mut taking, mut since, mut cut) = (None, Vec::new(), None);
        for (position, chunk) in chunks.iter().enumerate() {
            if position == begin.index(chunks.len()) {
                taking = Some(engine.begin_snapshot());
            }
            if let Some(snapshot) = &mut taking {
                engine.put_part(snapshot, 1);
                since.extend_from_slice(chunk);
            }
            engine.step("txn", &batch(chunk));
            if let Some(cut_us) = moves.get(position).copied().flatten() {
                engine.let_in(&cuts(cut_us)).unwrap();
                cut = Some(cut_us);
            }
        }
        let mut snapshot = taking.unwrap_or_else(|| engine.begin_snapshot());
        while engine.put_part(&mut snapshot, 1) {}
        let mut again = Engine::restore(graph(), Truth::AsServed, &snapshot.finish()).unwrap().0;
        again.step("txn", &batch(&since));
        if let Some(cut_us) = cut {
            again.let_in(&cuts(cut_us)).unwrap();
        }
        prop_assert_eq!(again.snapshot(), engine.snapshot());
    }
}

#[test]
fn parts_of_a_snapshot_end_where_entities_have_many_events() {
    let mut engine = Engine::new(graph(), Truth::AsServed).unwrap();
    let row = |id: i64| Row {
        who: Some((id % 3) as u8),
        id,
        at: Some(id % 40),
        delay: 0,
        x: Some(id),
        y: Some(0.5),
        s: None,
        flag: Some(true),
        d: None,
    };
    engine.step("txn", &batch(&(0..90_000).map(row).collect::<Vec<_>>()));
    engine.let_in(&cuts(100)).unwrap();
    let whole = engine.snapshot();
    assert!(whole.len() > 3 << 20, "{}", whole.len());
    let (mut snapshot, mut parts) = (engine.begin_snapshot(), 1);
    while engine.put_part(&mut snapshot, usize::MAX) {
        parts += 1;
    }
    assert!(parts >= 3, "{parts}");
    assert_eq!(snapshot.finish(), whole);
}

#[test]
fn cuts_do_not_go_back_and_are_in_snapshots() {
    let mut engine = Engine::new(graph(), Truth::AsServed).unwrap();
    engine.let_in(&cuts(7)).unwrap();
    let back = CutGoesBack { cut_us: 7, asked_us: 6 };
    assert_eq!(engine.let_in(&cuts(6)), Err(back));
    assert_eq!(engine.cuts(), Some(&cuts(7)));
    engine.let_in(&cuts(7)).unwrap();

    let bytes = engine.snapshot();
    let (found, wanted) = (Truth::AsServed, Truth::Complete);
    assert_eq!(
        Engine::restore(graph(), Truth::Complete, &bytes).err(),
        Some(RestoreError::OtherTruth { found, wanted })
    );
    assert_eq!(
        Engine::restore(graph(), Truth::AsServed, &bytes).unwrap().0.snapshot(),
        bytes
    );
}

/// What is released is what no question from the horizon on can reach, wherever the cuts are.
#[test]
fn the_horizon_moves_by_itself() {
    use super::fixture::{fold_of, graph_of, row_spec, window};
    let short = || {
        graph_of(
            row_spec(),
            fold_of(&[window(Some(10))], vec![Some(5)], &[0, 1, 2, 3, 4, 5]),
        )
    };
    let mut engine = Engine::new(short(), Truth::AsServed).unwrap();
    engine.let_in(&cuts(1_000)).unwrap();
    let ask = |t: i64| questions(&[(t, Some(0), None)]);
    assert!(engine.read("svc", &ask(5)).is_ok(), "the cut releases nothing");
    engine.advance(100).unwrap();
    assert!(engine.read("svc", &ask(100)).is_ok());
    assert!(matches!(
        engine.read("svc", &ask(50)),
        Err(ReadError::BelowHorizon { .. })
    ));
}
