//! Pane summaries in place of rows that no question tells apart.

use super::super::summarise;
use super::super::visibility::Visibility;
use super::*;
use featc_ir::plan::FoldSpec;
use std::sync::Arc;

/// What a question may tell about an event: which of its windows and look-backs hold it, and whether it is visible.
fn seen_by(spec: &FoldSpec, run: &Run, questions: &Questions, cut: Cut, group: &Group, row: u32) -> Vec<bool> {
    let row = row as usize;
    let (time, mut told) = (run.events.times[row], vec![]);
    for question in group.questions.clone() {
        let t = questions.times[question];
        let arrived = slow::sees(run, questions, question, row, cut);
        let selves = questions.selves.as_ref().expect("identities");
        let own = selves.known[question] && selves.keys.get(question) == run.events.id(row);
        for window in &spec.windows {
            let excluded = own && window.excluding == Excluding::SelfEvent;
            told.push(arrived && window.bounds().contain(time, t) && !excluded);
        }
        for length in &spec.presence {
            let since = length.map(|length| i128::from(t) - i128::from(length));
            told.push(arrived && time <= t && since.is_none_or(|since| i128::from(time) > since));
        }
    }
    told
}

/// The rows of events, in order.
fn take(run: &Run, rows: &[u32]) -> Run {
    let pick = |values: &[i64]| rows.iter().map(|row| values[*row as usize]).collect();
    Run {
        events: Events {
            times: pick(&run.events.times),
            ids: run.events.ids.take(rows),
            digests: rows.iter().map(|row| run.events.digests[*row as usize]).collect(),
            poison: run
                .events
                .poison
                .as_ref()
                .map(|poison| rows.iter().map(|row| poison[*row as usize]).collect()),
            lifts: run.events.lifts.iter().map(|lift| lift.take(rows)).collect(),
        },
        arrivals: run.arrivals.as_deref().map(pick),
        summaries: vec![],
    }
}

/// All that can be summarised is; panes of at most `most` rows. What may be chosen stays.
fn condensed(
    (spec, methods): (&FoldSpec, &[Method]),
    run: &Run,
    questions: &Questions,
    cut: Cut,
    most: usize,
) -> (Run, Questions, usize) {
    let (mut kept, mut summaries, mut groups, mut gone) = (vec![], vec![], vec![], 0);
    let choice = |slot: &Slot| slot.choice(&spec.windows[slot.window.index()]);
    let mut filters: Vec<Option<LiftId>> = spec
        .slots
        .iter()
        .filter_map(choice)
        .map(|choice| choice.filter)
        .collect();
    filters.sort_unstable();
    filters.dedup();
    for group in &questions.groups {
        let rows: Vec<u32> = group.events.clone().collect();
        let alike = |left: &u32, right: &u32| {
            let of = |row: &u32| seen_by(spec, run, questions, cut, group, *row);
            of(left) == of(right)
        };
        let first = kept.len() as u32;
        for chunk in rows.chunk_by(alike).flat_map(|chunk| chunk.chunks(most)) {
            let (stay, summary) = summarise((spec, methods), &take(run, chunk), &filters);
            assert!(stay.is_sorted() && stay.last() == Some(&(chunk.len() as u32 - 1)));
            gone += chunk.len() - stay.len();
            kept.extend(stay.iter().map(|row| chunk[*row as usize]));
            summaries.push((kept.len() as u32 - 1, Arc::new(summary)));
        }
        groups.push(Group {
            questions: group.questions.clone(),
            events: first..kept.len() as u32,
        });
    }
    let mut condensed = take(run, &kept);
    condensed.summaries = summaries;
    let questions = Questions {
        groups,
        ..questions.clone()
    };
    (condensed, questions, gone)
}

#[test]
fn summaries_stand_for_their_rows() {
    let mut gone = [0; 3];
    for seed in 0..240 {
        let mut random = Random::new(seed);
        let style = [Style::Wild, Style::Clean, Style::Nulls][seed as usize % 3];
        let events = (0..random.within(0..90)).map(|_| random.event(style)).collect();
        let asked = (0..random.within(0..5)).map(|_| random.question()).collect();
        let lengths: Vec<i64> = (0..random.within(1..3)).map(|_| random.within(1..40)).collect();
        let delay = random.within(0..9) as u64;
        let (run, questions) = build(events, asked);
        let behind = [None, Some(delay), Some(u64::MAX)].map(Cut::from);
        let cut = random.pick(&[&behind[..], &[Cut::Given; 2]].concat());
        let questions = served::with_cuts(&mut random, questions, cut);
        let kinds = [kind(&mut random), kind(&mut random), WindowKind::Lifetime];
        // Many slots, few of them, by all methods and by states.
        let form = seed as usize / 3 % 3;
        let mut spec = if form == 2 { spec_over(&kinds) } else { spec(&lengths) };
        if form > 0 {
            // Without the others, less has to stay.
            let alike = |slot: &Slot| slot.aggregate.is_group() == (seed % 2 == 0);
            let mut places = seed as usize..;
            spec.slots
                .retain(|slot| alike(slot) && places.next().is_none_or(|place| place % 3 == 0));
        }
        let methods = methods(&spec, if random.once_in(2) { &FASTEST } else { &BY_STATES });
        let most = random.within(2..30) as usize;
        let (condensed, places, fewer) = condensed((&spec, &methods), &run, &questions, cut, most);
        gone[form] += fewer;
        let fast = answer((&spec, &methods), &condensed, &places, cut);
        let slow = answer_slow(&spec, &run, &questions, cut);
        for (slot, (fast, slow)) in spec.slots.iter().zip(fast.slots.iter().zip(&slow.slots)) {
            let window = spec.windows[slot.window.index()];
            assert_eq!(fast, slow, "seed {seed}, {cut:?}, {slot:?} {window}");
        }
        assert_eq!(fast.presence, slow.presence, "seed {seed}");
        // Alike are also those at the instant and before; only the last of them stays for sure, and it is at the instant.
        assert_eq!(fast.at_events, slow.at_events, "seed {seed}");
    }
    assert!(gone.iter().all(|gone| *gone > 100), "{gone:?}");
}

#[test]
fn panes_of_a_crowded_entity() {
    let mut random = Random::new(3);
    // At each instant some events that arrive together, and instants that arrive in any order.
    let instants: Vec<(i64, i64)> = (0..60).map(|at| (10 * at, random.within(0..900))).collect();
    let mut events = vec![];
    for (time, lag) in instants {
        events.extend((0..8).map(|id| Event {
            entity: 1,
            time,
            lag,
            id,
            ..random.event(Style::Nulls)
        }));
    }
    // Another entity that is not crowded.
    events.extend((0..5).map(|id| Event {
        entity: 2,
        lag: 0,
        id,
        ..random.event(Style::Nulls)
    }));
    let asked = (0..80).map(|_| (1, random.within(0..1500), None));
    let asked = asked.chain([(2, 29, None)]).collect();
    let (run, questions) = build(events, asked);
    let kinds = [30, 400].map(|length_us| WindowKind::Last { length_us });
    let cut = Cut::from(Some(5));
    for order in [&FASTEST[..], &BY_STATES[1..]] {
        let mut spec = spec_over(&kinds);
        let mut places = 0..;
        // Of what must stay as it is too little would go.
        let goes = |slot: &Slot| order != FASTEST || FASTEST[1..4].iter().all(|method| !method.serves(slot.aggregate));
        spec.slots
            .retain(|slot| goes(slot) && places.next().is_none_or(|place| place % 3 == 0));
        let methods = methods(&spec, order);
        let methods = &methods[..];
        let (condensed, places, gone) = condensed((&spec, methods), &run, &questions, cut, 30);
        assert!(gone > 200, "{gone}");
        let visibility = Visibility::new(&condensed, &places, cut, true);
        assert_eq!(visibility.crowded(&places).count(), 1);
        let fast = answer((&spec, methods), &condensed, &places, cut);
        let slow = answer_slow(&spec, &run, &questions, cut);
        for (slot, (fast, slow)) in spec.slots.iter().zip(fast.slots.iter().zip(&slow.slots)) {
            assert_eq!(fast, slow, "{order:?}, {slot:?} {}", spec.windows[slot.window.index()]);
        }
    }
}
