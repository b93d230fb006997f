//! One entity with very many events, and little memory.

use super::*;
use crate::Run;

const SECOND: i64 = 1_000_000;

/// Numbers that look random and are always the same.
fn draw(seed: &mut u64, below: i64) -> i64 {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    ((*seed >> 33) % below as u64) as i64
}

fn column(ty: Type, values: impl Iterator<Item = Value>) -> Column {
    Column::from_values(ty, &values.collect::<Vec<_>>())
}

/// Most events are of one user; some are copies, some share their instant.
fn many(rows: i64) -> Batch {
    let mut seed = 7;
    let mut drawn: Vec<(i64, i64, i64, &str, f64)> = (0..rows)
        .map(|id| {
            let time = NOW - draw(&mut seed, 3 * 86_400) * SECOND;
            let lag = if draw(&mut seed, 9) == 0 { 6_000 } else { 4 };
            let user = ["zoe", "bob", "ann", "ann", "ann", "ann"][draw(&mut seed, 6) as usize];
            let amount = draw(&mut seed, 2_000) as f64 / 7.0;
            (id, time, draw(&mut seed, lag) * SECOND, user, amount)
        })
        .collect();
    for at in (0..drawn.len()).step_by(50) {
        drawn.push(drawn[at]);
    }
    let text = |text: &str| Value::String(text.into());
    Batch::from_columns(vec![
        column(Type::Int64, drawn.iter().map(|row| Value::Int64(row.0))),
        column(Type::Timestamp, drawn.iter().map(|row| Value::Timestamp(row.1))),
        column(Type::Timestamp, drawn.iter().map(|row| Value::Timestamp(row.1 + row.2))),
        column(Type::String, drawn.iter().map(|row| text(row.3))),
        column(Type::String, drawn.iter().map(|_| text("x"))),
        column(Type::Float64, drawn.iter().map(|row| Value::Float64(row.4))),
        column(Type::String, drawn.iter().map(|_| Value::Null)),
    ])
}

/// Questions, half of them at events, with the identities of events that they do not see or do: some of later events.
fn asked(events: &Batch, questions: i64) -> crate::SpineData {
    let mut seed = 5;
    let (mut asked, mut own) = (vec![], vec![]);
    for question in 0..questions {
        let row = draw(&mut seed, events.rows as i64) as usize;
        let user = Some(["ann", "bob", "ann", "nobody"][draw(&mut seed, 4) as usize]);
        let time = events.columns[1].i64s()[row] + (question % 2) * draw(&mut seed, 90_000) * SECOND;
        asked.push((user.filter(|_| question % 17 > 0), time));
        own.push(match question % 5 {
            0 => Value::Null,
            1 => events.columns[0].value(draw(&mut seed, events.rows as i64) as usize),
            _ => events.columns[0].value(row),
        });
    }
    let mut spine = spine(&asked);
    spine.columns[2].1 = Column::from_values(Type::Int64, &own);
    spine
}

#[test]
fn an_entity_that_does_not_fit_into_memory_has_the_same_bits() {
    let events = many(1_200);
    let plans = [plan(), shop::plan_excluding_now()];
    let mut summaries = 0;
    for (plan, delay_us) in plans
        .iter()
        .flat_map(|plan| [None, Some(0), Some(5_000 * SECOND as u64)].map(|d| (plan, d)))
    {
        let answers = |memory_bytes: Option<usize>, truth| {
            let mut inputs = Inputs::new(asked(&events, 60));
            inputs.events.insert("shop_events".into(), vec![events.clone()]);
            (inputs.with_status, inputs.threads) = (true, 2);
            (inputs.memory_bytes, inputs.truth) = (memory_bytes, truth);
            let mut rows = Run::new(plan, inputs).and_then(Run::start).expect("runs");
            let batches: Vec<RecordBatch> = rows.by_ref().collect::<Result<_, _>>().expect("runs");
            (batches, rows.report(), rows.measured())
        };
        let truth = match delay_us {
            None => Truth::Complete,
            Some(_) => Truth::AsOfArrival { delay_us },
        };
        let (expected, report, measured) = answers(None, truth);
        assert!(!measured.contains("chunks"), "{measured}");
        let values = expected.iter().map(|batch| {
            batch.column_by_name("s__sum").expect("a sum").len()
                - batch.column_by_name("s__sum").expect("a sum").null_count()
        });
        assert!(values.sum::<usize>() > 8, "{truth:?}");
        for memory_bytes in [0, 7_500, 25_000, 60_000] {
            let (batches, same, measured) = answers(Some(memory_bytes), truth);
            assert_eq!(batches, expected, "{truth:?}, {memory_bytes} bytes");
            assert_eq!(same, report, "{truth:?}, {memory_bytes} bytes");
            assert!(
                measured.contains(" question_chunks"),
                "{memory_bytes} bytes: {measured}"
            );
            summaries += usize::from(measured.contains(" pane_summaries"));
        }
    }
    assert!(summaries >= 12, "{summaries}");
}

/// One row in ten arrives up to five days late: what has partly arrived must not be read again for every question.
#[test]
fn late_events_do_not_make_every_question_a_chunk() {
    let mut events = many(6_000);
    let mut seed = 3;
    let times = events.columns[1].i64s().to_vec();
    let late = |seed: &mut u64| {
        if draw(seed, 10) == 0 {
            draw(seed, 5 * 86_400)
        } else {
            draw(seed, 60)
        }
    };
    let seen = times
        .iter()
        .map(|time| Value::Timestamp(time + late(&mut seed).min(7_000) * SECOND));
    events.columns[2] = column(Type::Timestamp, seen);
    let mut inputs = Inputs::new(asked(&events, 400));
    inputs.events.insert("shop_events".into(), vec![events.clone()]);
    inputs.truth = Truth::AsOfArrival { delay_us: Some(0) };
    let whole = run(&plan(), inputs).expect("runs").batches;
    // With the second, one question alone needs more than there is.
    for memory_bytes in [150_000, 2_000] {
        let mut inputs = Inputs::new(asked(&events, 400));
        inputs.events.insert("shop_events".into(), vec![events.clone()]);
        inputs.truth = Truth::AsOfArrival { delay_us: Some(0) };
        inputs.memory_bytes = Some(memory_bytes);
        let mut rows = Run::new(&plan(), inputs).and_then(Run::start).expect("runs");
        let batches: Vec<RecordBatch> = rows.by_ref().collect::<Result<_, _>>().expect("runs");
        assert_eq!(batches, whole);
        let measured = rows.measured();
        let chunks = measured
            .split(" question_chunks")
            .next()
            .and_then(|text| text.rsplit(' ').next());
        let chunks: usize = chunks
            .and_then(|text| text.parse().ok())
            .expect("a number of question_chunks");
        assert!((2..150).contains(&chunks), "{memory_bytes}: {measured}");
    }
}

#[test]
fn questions_alone_may_be_too_many() {
    let events = events();
    let answers = |memory_bytes: Option<usize>| {
        let asked: Vec<(Option<&str>, i64)> = (0..500).map(|at| (Some("ann"), NOW - at * SECOND)).collect();
        let mut inputs = Inputs::new(spine(&asked));
        inputs.events.insert("shop_events".into(), vec![events.clone()]);
        inputs.memory_bytes = memory_bytes;
        let mut rows = Run::new(&plan(), inputs).and_then(Run::start).expect("runs");
        let batches: Vec<RecordBatch> = rows.by_ref().collect::<Result<_, _>>().expect("runs");
        (batches, rows.measured())
    };
    let (expected, _) = answers(None);
    let (batches, measured) = answers(Some(12_500));
    assert_eq!(batches, expected);
    assert!(measured.contains(" question_chunks"), "{measured}");
}
