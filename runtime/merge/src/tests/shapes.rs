//! Entities with many events, crowded or not; runs without identities; columns of all widths.

use super::super::visibility::Visibility;
use super::*;

/// Some of the slots of a spec: one in `every`.
fn thinned(mut spec: FoldSpec, every: usize) -> FoldSpec {
    let slots = spec.slots.into_iter().enumerate();
    spec.slots = slots.filter(|(at, _)| at % every == 0).map(|(_, slot)| slot).collect();
    spec
}

/// One entity with many events, all of which arrive after some lag.
fn hot(random: &mut Random, style: Style, lag: std::ops::Range<i64>) -> (Run, Questions) {
    let events = (0..700).map(|_| Event {
        entity: 1,
        time: random.within(0..3000),
        lag: random.within(lag.clone()),
        id: random.within(0..200) as u8,
        ..random.event(style)
    });
    let events = events.collect();
    let asked = (0..60).map(|_| (1, random.within(0..3300), Some(random.within(0..200) as u8)));
    let asked = asked.chain([(0, 5, None), (2, 5, None)]).collect();
    build(events, asked)
}

#[test]
fn an_entity_with_many_events() {
    for (seed, style) in (0..).zip([Style::Clean, Style::Nulls, Style::Wild]) {
        for (delay_us, lag, crowded) in [
            (None, 0..1, false),
            (Some(0), 0..9, false),
            // All are late, all alike: spans end earlier.
            (Some(400), 500..504, false),
            // All are late, in all ways.
            (Some(10), 0..1500, true),
        ] {
            let mut random = Random::new(seed);
            let (run, questions) = hot(&mut random, style, lag);
            let visibility = Visibility::new(&run, &questions, delay_us.into(), true);
            assert_eq!(visibility.crowded(&questions).next().is_some(), crowded, "{delay_us:?}");
            let spec = thinned(spec(&[1, 30, 1000, i64::MAX]), 7);
            check(&spec, &run, &questions, delay_us, &format!("seed {seed}"));
        }
    }
}

/// One entity, whose questions and events are nearly all of a few identities.
fn alike(random: &mut Random, n: usize, lag: std::ops::Range<i64>) -> (Run, Questions) {
    let own = |random: &mut Random| {
        if random.once_in(20) {
            random.within(3..40) as u8
        } else {
            random.within(0..2) as u8
        }
    };
    let mut events: Vec<Event> = vec![];
    for _ in 0..n {
        events.push(Event {
            entity: 1,
            time: random.within(0..3000),
            lag: random.within(lag.clone()),
            id: own(random),
            ..random.event(Style::Nulls)
        });
    }
    let asked = (0..n).map(|_| (1, random.within(0..3300), (!random.once_in(9)).then(|| own(random))));
    let asked = asked.chain([(0, 5, Some(1)), (2, 5, None)]).collect();
    build(events, asked)
}

#[test]
fn many_questions_and_events_of_one_identity() {
    for (seed, (delay_us, lag)) in (0..).zip([
        (None, 0..1),
        (Some(0), 0..9),
        (Some(400), 500..504),
        (Some(10), 0..1500),
    ]) {
        let (run, questions) = alike(&mut Random::new(seed), 150, lag);
        let spec = thinned(spec(&[30, 1000, i64::MAX]), 5);
        check(&spec, &run, &questions, delay_us, &format!("seed {seed}"));
    }
}

#[test]
fn questions_of_one_identity_share_a_list() {
    let (run, questions) = alike(&mut Random::new(7), 3000, 0..1);
    for delay_us in [None, Some(0)] {
        let visibility = Visibility::new(&run, &questions, delay_us.into(), true);
        let listed: usize = (0..questions.len())
            .map(|question| visibility.own.get(question).len())
            .sum();
        assert!(listed > 1_000_000, "{listed}");
        let bound = run.events.len() + questions.len();
        assert!(visibility.own.kept() <= bound, "{}", visibility.own.kept());
        assert!(
            visibility.late_and_own.rows.kept() <= bound,
            "{}",
            visibility.late_and_own.rows.kept()
        );
        assert!(
            (0..questions.len())
                .all(|question| visibility.late_and_own.rows.get(question) == visibility.own.get(question))
        );
    }
}

#[test]
fn identities_are_read_only_to_exclude_them() {
    let mut random = Random::new(5);
    let events = (0..50).map(|_| random.event(Style::Nulls)).collect();
    let asked = (0..20).map(|_| random.question()).collect();
    let (mut run, mut questions) = build(events, asked);
    let mut spec = spec(&[7, 20]);
    spec.slots
        .retain(|slot| spec.windows[slot.window.index()].excluding != Excluding::SelfEvent);
    spec.windows.truncate(6);
    for delay_us in [None, Some(2)] {
        let expected = answer_slow(&spec, &run, &questions, delay_us.into());
        let (ids, digests) = (
            std::mem::take(&mut run.events.ids),
            std::mem::take(&mut run.events.digests),
        );
        let selves = questions.selves.take();
        assert_eq!(
            answer((&spec, &methods(&spec, &FASTEST)), &run, &questions, delay_us.into()),
            expected
        );
        (run.events.ids, run.events.digests, questions.selves) = (ids, digests, selves);
    }
}

#[test]
fn sums_of_any_width() {
    // Columns whose sums just fit fixed point, and just do not.
    let mut random = Random::new(11);
    for (low, high) in [
        (-20, 20),
        (-30, 35),
        (-60, 60),
        (-1074, -1000),
        (-1074, 1023),
        (900, 1023),
    ] {
        let events: Vec<Event> = (0..40)
            .map(|_| {
                let mut event = random.event(Style::Clean);
                let power = random.within(low..high + 1) as i32;
                let value = (random.within(-9..10) as f64 / 7.0) * 2f64.powi(power / 2) * 2f64.powi(power - power / 2);
                event.lifts[1] = Value::float(value);
                let wide = 10i128.pow(random.within(0..38) as u32) * i128::from(random.within(-9..10));
                event.lifts[4] = Value::Decimal(wide.clamp(1 - 10i128.pow(38), 10i128.pow(38) - 1));
                event
            })
            .collect();
        let asked = (0..20).map(|_| random.question()).collect();
        let (run, questions) = build(events, asked);
        let mut spec = spec(&[3, 10, 25]);
        spec.slots.retain(|slot| slot.aggregate.is_group());
        for delay_us in [None, Some(3)] {
            check(&spec, &run, &questions, delay_us, &format!("2^{low} to 2^{high}"));
        }
    }
}

#[test]
fn every_slot_alone() {
    let mut random = Random::new(13);
    let events = (0..40).map(|_| random.event(Style::Nulls)).collect();
    let asked = (0..15).map(|_| random.question()).collect();
    let (run, questions) = build(events, asked);
    let all = spec(&[9]);
    for slot in &all.slots {
        let spec = FoldSpec {
            slots: vec![slot.clone()],
            ..all.clone()
        };
        check(&spec, &run, &questions, Some(2), "alone");
    }
}
