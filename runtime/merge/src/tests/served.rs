//! Questions that bring their cuts, in any order.

use super::super::chains;
use super::super::visibility::Visibility;
use super::*;

/// The questions with cuts, where they are to bring them: before the events, among them and after, or none.
pub fn with_cuts(random: &mut Random, questions: Questions, cut: Cut) -> Questions {
    if cut != Cut::Given {
        return questions;
    }
    let mut cuts: Vec<Option<i64>> = vec![];
    for t in &questions.times {
        cuts.push(match random.within(0..12) {
            0 => None,
            1 => Some(i64::MIN),
            2 => Some(i64::MAX),
            3..=5 => Some(t.saturating_sub(random.within(-9..9))),
            _ => Some(random.within(-3..45)),
        });
    }
    ask(&questions, &cuts)
}

/// The questions with these cuts, in groups as the merge wants them.
fn ask(questions: &Questions, cuts: &[Option<i64>]) -> Questions {
    let (mut order, mut groups): (Vec<u32>, Vec<Group>) = (vec![], vec![]);
    for group in &questions.groups {
        let mut of_group: Vec<u32> = group.questions.clone().map(|question| question as u32).collect();
        of_group.sort_by_key(|question| (questions.times[*question as usize], cuts[*question as usize]));
        for chain in chains(&of_group, |question| cuts[question as usize]) {
            groups.push(Group {
                questions: order.len()..order.len() + chain.len(),
                events: group.events.clone(),
            });
            order.extend(chain);
        }
    }
    let selves = questions.selves.as_ref().map(|selves| Selves {
        keys: selves.keys.take(&order),
        known: order.iter().map(|question| selves.known[*question as usize]).collect(),
    });
    Questions {
        times: order
            .iter()
            .map(|question| questions.times[*question as usize])
            .collect(),
        cuts: order.iter().map(|question| cuts[*question as usize]).collect(),
        groups,
        selves,
    }
}

#[test]
fn each_question_sees_up_to_its_cut() {
    let (mut crowded, mut shared, mut seen_early) = (0, 0, 0);
    for seed in 0..260 {
        let mut random = Random::new(2000 + seed);
        let style = [Style::Wild, Style::Clean, Style::Nulls][seed as usize % 3];
        let mut events: Vec<Event> = (0..random.within(0..60)).map(|_| random.event(style)).collect();
        let mut asked: Vec<_> = (0..random.within(0..40)).map(|_| random.question()).collect();
        if seed % 2 == 0 {
            // Of one entity, late in many ways.
            for event in &mut events {
                (event.entity, event.lag) = (0, random.within(-9..60));
            }
            asked.iter_mut().for_each(|question| question.0 = 0);
        }
        let kinds: Vec<WindowKind> = (0..2).map(|_| kind(&mut random)).collect();
        let (run, questions) = build(events, asked);
        let questions = with_cuts(&mut random, questions, Cut::Given);
        let visibility = Visibility::new(&run, &questions, Cut::Given, true);
        crowded += visibility.crowded(&questions).count();
        shared += questions
            .groups
            .windows(2)
            .filter(|pair| pair[0].events == pair[1].events)
            .count();
        let arrivals = run.arrivals.as_ref().expect("arrivals");
        for (t, cut) in questions.times.iter().zip(&questions.cuts) {
            let is_early = |arrival: &&i64| *t < **arrival && cut.is_some_and(|cut| **arrival <= cut);
            seen_early += arrivals.iter().filter(is_early).count();
        }
        let mut spec = spec_over(&kinds);
        let mut places = seed as usize..;
        spec.slots.retain(|_| places.next().is_none_or(|place| place % 2 == 0));
        check(&spec, &run, &questions, Cut::Given, &format!("seed {seed}"));
    }
    assert!(
        crowded > 20 && shared > 100 && seen_early > 1000,
        "{crowded} {shared} {seen_early}"
    );
}

#[test]
fn cuts_behind_the_instants_are_truth_as_of_arrival() {
    for seed in 0..40 {
        let mut random = Random::new(3000 + seed);
        let events = (0..random.within(0..60)).map(|_| random.event(Style::Wild)).collect();
        let asked = (0..random.within(0..25)).map(|_| random.question()).collect();
        let delay = random.pick(&[0, 3, u64::MAX]);
        let (run, questions) = build(events, asked);
        let cuts: Vec<_> = questions.times.iter().map(|t| t.checked_sub_unsigned(delay)).collect();
        let given = Questions {
            cuts,
            ..questions.clone()
        };
        let spec = spec(&[5, 30]);
        let answer = |questions: &Questions, cut: Cut| answer((&spec, &methods(&spec, &FASTEST)), &run, questions, cut);
        assert_eq!(
            answer(&given, Cut::Given),
            answer(&questions, Cut::from(Some(delay))),
            "seed {seed}"
        );
    }
}
