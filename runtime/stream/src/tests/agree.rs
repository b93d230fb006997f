//! Reads against the definition, under every adversary at once.

use super::fixture::{Ask, Row, asks, batch, deliveries, events_slow, graph, paging, questions, restarted, run};
use crate::log::LogQuestion;
use crate::log::slow::read_slow;
use crate::{Engine, Paging};
use featc_ir::Truth;
use featr_kernels::Value;
use featr_kernels::events::Events;
use featr_kernels::identity::key_of_values;
use proptest::prelude::*;

fn who_key(who: u8) -> Vec<u8> {
    key_of_values(&[Value::String(format!("n{who}"))])
}

/// Compares slots and presence of an engine's log with the definition over `rows`.
pub(super) fn check_log(engine: &Engine, rows: &[Row], asks: &[Ask]) -> Result<(), TestCaseError> {
    let log = engine.log(0);
    let invariants = log.check();
    prop_assert!(invariants.is_ok(), "{invariants:?}");
    let spec = log.spec();
    let events = events_slow(rows);
    let nobody = Events::new(log.lift_types());
    let entities: Vec<Option<Vec<u8>>> = asks.iter().map(|(_, who, _)| who.map(who_key)).collect();
    let ids: Vec<Option<Vec<u8>>> = asks
        .iter()
        .map(|(_, _, id)| id.map(|id| key_of_values(&[Value::Int64(id)])))
        .collect();
    let questions: Vec<LogQuestion<'_>> = asks
        .iter()
        .zip(entities.iter().zip(&ids))
        .map(|((t_us, _, _), (entity, itself))| LogQuestion {
            t_us: *t_us,
            entity: entity.as_deref(),
            itself: itself.as_deref(),
        })
        .collect();
    let answers = log.read(engine.walks(), questions.iter().copied());
    for (row, question) in questions.iter().enumerate() {
        let events = question.entity.and_then(|key| events.get(key)).unwrap_or(&nobody);
        let (slots, presence) = read_slow(spec, events, *question);
        for (slot, expected) in slots.into_iter().enumerate() {
            let found = (answers.slots[slot].0.value(row), answers.slots[slot].1[row]);
            prop_assert_eq!(found, expected, "slot {:?} at {:?}", spec.slots[slot], question);
        }
        let found: Vec<bool> = answers.presence.iter().map(|presence| presence[row]).collect();
        prop_assert_eq!(found, presence, "presence at {:?}", question);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Random order, chunks, copies, page sizes, a restore in the middle: the answers are those of the definition.
    #[test]
    fn any_delivery_reads_as_the_definition_says(
        (rows, chunks) in deliveries(), asks in asks(), sizes in paging(), other in paging(), cut in 0usize..20,
    ) {
        let mut engine = Engine::with_paging(graph(), Truth::Complete, sizes).unwrap();
        let mut seen = Vec::new();
        for (position, chunk) in chunks.iter().enumerate() {
            engine.step("txn", &batch(chunk));
            seen.extend_from_slice(chunk);
            if position == cut {
                check_log(&engine, &seen, &asks)?;
                engine = restarted(&engine, other);
            }
        }
        check_log(&engine, &rows, &asks)?;
    }

    /// Features, too, are a function of the set: delivery and page sizes leave no trace.
    #[test]
    fn features_do_not_depend_on_delivery((rows, chunks) in deliveries(), asks in asks(), sizes in paging()) {
        let questions = questions(&asks);
        let one = run(sizes, &chunks);
        let other = run(Paging::default(), &[rows]);
        for service in ["svc", "few"] {
            let answers = one.read(service, &questions).unwrap();
            prop_assert_eq!(&answers, &other.read(service, &questions).unwrap());
            let asked = graph().into_iter().find(|graph| graph.service == service).unwrap();
            prop_assert_eq!(answers.len(), asked.compose.0.len());
        }
    }

    /// What a service does not ask for changes nothing in what it asks for.
    #[test]
    fn a_small_service_gets_what_a_large_one_gets((_, chunks) in deliveries(), asks in asks()) {
        let engine = run(Paging::default(), &chunks);
        let all = engine.read("svc", &questions(&asks)).unwrap();
        let few = engine.read("few", &questions(&asks)).unwrap();
        let expected = &all[all.len() - 1 - 5];
        prop_assert_eq!(&few, &vec![expected.clone(), expected.clone()]);
    }

    /// Every row of a step is accounted for, and copies are counted as such.
    #[test]
    fn no_row_is_lost_silently((_, chunks) in deliveries()) {
        let mut engine = run(Paging::default(), &[]);
        let mut seen = Vec::new();
        let mut inserted = 0u64;
        for chunk in &chunks {
            let report = engine.step("txn", &batch(chunk));
            seen.extend_from_slice(chunk);
            prop_assert_eq!(report.rows, chunk.len() as u64);
            prop_assert_eq!(report.accepted + report.rejected.len() as u64, report.rows);
            let log = &report.logs[0];
            let dropped = log.filtered + log.null_time + log.null_key + log.rejected.len() as u64;
            prop_assert_eq!(dropped + log.inserted + log.duplicates, report.accepted);
            prop_assert_eq!((report.waiting, report.overdue, log.waiting), (0, 0, 0));
            inserted += log.inserted;
        }
        let events: usize = events_slow(&seen).values().map(Events::len).sum();
        prop_assert_eq!(inserted, events as u64);
        let stats = &engine.stats()[0];
        prop_assert_eq!((stats.events, stats.entities), (inserted, events_slow(&seen).len() as u64));
    }
}

/// Enough events for default pages, groups and super-summaries.
#[test]
fn large_logs_read_as_the_definition_says() {
    let rows: Vec<Row> = (0..6_000i64)
        .map(|n| Row {
            who: Some(0),
            id: n % 700,
            at: Some(n * 7919 % 40),
            delay: 3,
            x: Some(n % 11 - 2),
            y: Some((n % 97) as f64 * 0.3),
            s: Some((n % 5) as u8),
            flag: Some(n % 3 == 0),
            d: Some(n % 1000),
        })
        .collect();
    let chunks: Vec<Vec<Row>> = rows.chunks(997).map(<[Row]>::to_vec).collect();
    let engine = run(Paging::default(), &chunks);
    assert!(engine.stats()[0].pages > 32);
    check_log(
        &engine,
        &rows,
        &[(25, Some(0), Some(25)), (60, Some(0), None), (3, Some(0), Some(3))],
    )
    .unwrap();
}
