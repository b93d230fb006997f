//! As of arrival: what waits, what the cut lets in, and what a restart keeps.

use super::agree::check_log;
use super::fixture::{Ask, Row, asks, batch, deliveries, graph, paging, questions, restarted};
use crate::{CutGoesBack, Engine, Paging, ReadError, StepReport};
use featc_ir::Truth;
use proptest::prelude::*;

const AS_OF_ARRIVAL: Truth = Truth::AsOfArrival { delay_us: None };

/// The rows that a question at the cut may see.
fn visible(rows: &[Row], cut_us: Option<i64>, delay_us: u64) -> Vec<Row> {
    let is_visible = |row: &&Row| cut_us.is_some_and(|cut| row.arrival().saturating_add_unsigned(delay_us) <= cut);
    rows.iter().filter(is_visible).cloned().collect()
}

/// Steps rows in and checks what the report says of them.
fn step(engine: &mut Engine, rows: &[Row], delay_us: u64) -> Result<(), TestCaseError> {
    let StepReport {
        accepted,
        waiting,
        overdue,
        logs,
        ..
    } = engine.step("txn", &batch(rows));
    let seen = visible(rows, engine.cut_us(), delay_us);
    let seen = Engine::new(graph(), Truth::Complete)
        .unwrap()
        .step("txn", &batch(&seen))
        .accepted;
    prop_assert_eq!(overdue, seen);
    prop_assert_eq!(waiting, accepted - seen);
    let log = &logs[0];
    let dropped = log.filtered + log.null_time + log.null_key + log.rejected.len() as u64;
    prop_assert_eq!(dropped + log.inserted + log.duplicates + log.waiting, accepted);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Pushes in any order, copies with other arrivals, advances between them, restarts: at each cut the state is that of
    /// the rows which had arrived by then, and only the set of rows and the cut are left in a snapshot.
    #[test]
    fn the_cut_shows_what_had_arrived(
        (rows, chunks) in deliveries(), asks in asks(), (sizes, other) in (paging(), paging()),
        mut cuts in prop::collection::vec(prop::option::of(-10i64..120), 12),
        delay_us in prop_oneof![Just(0u64), 1u64..40], restarts in prop::collection::vec(any::<bool>(), 12),
    ) {
        let truth = Truth::AsOfArrival { delay_us: Some(delay_us) };
        let mut engine = Engine::with_paging(graph(), truth, sizes).unwrap();
        let mut seen: Vec<Row> = Vec::new();
        cuts.sort();
        cuts.truncate(chunks.len());
        for (position, chunk) in chunks.iter().enumerate() {
            step(&mut engine, chunk, delay_us)?;
            seen.extend_from_slice(chunk);
            if let Some(cut_us) = cuts.get(position).copied().flatten() {
                engine.advance(cut_us).unwrap();
            }
            let here: Vec<Ask> = asks.iter().map(|(_, who, id)| (engine.cut_us().unwrap_or(0), *who, *id)).collect();
            check_log(&engine, &visible(&seen, engine.cut_us(), delay_us), &here)?;
            if restarts[position % 12] {
                engine = restarted(&engine, other);
            }
        }
        // All at once, in another order, with other pages, after the cut or before it.
        let mut again = Engine::with_paging(graph(), truth, other).unwrap();
        let (early, late) = rows.split_at(rows.len() / 2);
        step(&mut again, early, delay_us)?;
        if let Some(cut_us) = engine.cut_us() {
            again.advance(cut_us).unwrap();
        }
        step(&mut again, late, delay_us)?;
        prop_assert_eq!(again.snapshot(), engine.snapshot());
        if let Some(cut_us) = engine.cut_us() {
            let here: Vec<Ask> = asks.iter().map(|(_, who, id)| (cut_us, *who, *id)).collect();
            let here = questions(&here);
            prop_assert_eq!(again.read("svc", &here).unwrap(), engine.read("svc", &here).unwrap());
        }
        // Nothing waits for ever.
        engine.advance(i64::MAX).unwrap();
        check_log(&engine, &visible(&rows, Some(i64::MAX), delay_us), &asks)?;
    }

    /// Cut and flipped bytes of a snapshot with waiting rows are refused, or read and written again.
    #[test]
    fn damaged_waiting_rows_are_harmless(
        (_, chunks) in deliveries(), cut in 0i64..60, at in any::<prop::sample::Index>(), flip in 1u8..=255,
    ) {
        let mut engine = Engine::new(graph(), AS_OF_ARRIVAL).unwrap();
        engine.advance(cut).unwrap();
        chunks.iter().for_each(|chunk| drop(engine.step("txn", &batch(chunk))));
        let mut bytes = engine.snapshot();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        prop_assert!(Engine::restore(graph(), AS_OF_ARRIVAL, &bytes).is_err());
        let bytes = super::snapshots::sealed(bytes);
        super::snapshots::check_stable(&bytes, AS_OF_ARRIVAL)?;
    }
}

fn row(id: i64, at: i64, delay: i64) -> Row {
    Row {
        who: Some(0),
        id,
        at: Some(at),
        delay,
        x: Some(1),
        y: None,
        s: None,
        flag: Some(true),
        d: None,
    }
}

#[test]
fn a_question_is_answered_at_the_cut_alone() {
    let mut engine = Engine::new(graph(), AS_OF_ARRIVAL).unwrap();
    let ask = |t: i64| questions(&[(t, Some(0), None)]);
    let refused = |at_us, cut_us| Err(ReadError::NotAtCut { at_us, cut_us });
    assert_eq!(engine.read("svc", &ask(5)), refused(5, None));
    engine.advance(5).unwrap();
    assert!(engine.read("svc", &ask(5)).is_ok());
    for t in [4, 6, i64::MIN, i64::MAX] {
        assert_eq!(engine.read("svc", &ask(t)), refused(t, Some(5)));
    }
    // One of several is enough.
    let two = questions(&[(5, Some(0), None), (6, Some(0), None)]);
    assert_eq!(engine.read("svc", &two), refused(6, Some(5)));

    engine.advance(5).unwrap();
    let back = CutGoesBack { cut_us: 5, asked_us: 4 };
    assert_eq!(engine.advance(4), Err(back));
    assert_eq!(engine.cut_us(), Some(5));
    assert_eq!(restarted(&engine, Paging::default()).cut_us(), Some(5));
}

#[test]
fn nothing_waits_in_truth_complete() {
    let mut engine = Engine::new(graph(), Truth::Complete).unwrap();
    engine.step("txn", &batch(&[row(1, 3, 9)]));
    assert_eq!((engine.cut_us(), engine.stats()[0].events), (None, 1));
    let both = questions(&[(1, Some(0), None), (9, None, None)]);
    assert!(engine.read("svc", &both).is_ok());
    engine.advance(10).unwrap();
    assert_eq!(
        engine.advance(1),
        Err(CutGoesBack {
            cut_us: 10,
            asked_us: 1
        })
    );
    assert_eq!((engine.cut_us(), engine.stats()[0].events), (Some(10), 1));
    // Windows over lifetime need every event: all instants can be asked still.
    assert!(engine.read("svc", &both).is_ok());
}

/// Far in the future, and alone there.
#[test]
fn one_row_from_far_ahead_holds_up_nobody() {
    let mut engine = Engine::with_paging(graph(), AS_OF_ARRIVAL, Paging::default()).unwrap();
    let future = 1 << 52;
    engine.step("txn", &batch(&[row(0, future, 0)]));
    for id in 1..=1_000 {
        engine.step("txn", &batch(&[row(id, id, 2)]));
        engine.advance(id).unwrap();
        let stats = &engine.stats()[0];
        assert_eq!(
            (stats.events, stats.waiting),
            ((id - 2).max(0) as u64, (id.min(2) + 1) as u64)
        );
    }
    engine.advance(future).unwrap();
    assert_eq!((engine.stats()[0].events, engine.stats()[0].waiting), (1_001, 0));
}
