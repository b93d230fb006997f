//! The definition of the merge, row by row: the slow twin of its tests.

use crate::{Answered, Group, Questions, Run};
use featc_ir::plan::FoldSpec;
use featc_ir::{Cut, Excluding, LiftId, Window};
use featr_kernels::aggregate::{State, Types};
use featr_kernels::{Column, Tag};

/// As [`crate::answer`], by folding, for each question and slot, every event of its entity that lies in the window,
/// is visible, and is not excluded.
pub fn answer_slow(spec: &FoldSpec, run: &Run, questions: &Questions, cut: Cut) -> Answered {
    let mut slots = vec![];
    for slot in &spec.slots {
        let types = Types::over(slot, &run.events);
        let window = &spec.windows[slot.window.index()];
        let (mut values, mut statuses) = (vec![], vec![]);
        for group in &questions.groups {
            for question in group.questions.clone() {
                let rows = group.events.clone().map(|row| row as usize).filter(|row| {
                    sees(run, questions, question, *row, cut)
                        && window
                            .bounds()
                            .contain(run.events.times[*row], questions.times[question])
                        && !is_excluded(window, run, questions, question, *row)
                });
                let mut rows: Vec<usize> = rows.collect();
                if let Some(count) = window.count() {
                    rows.retain(|row| stands_for_choice(slot.filter, run, *row));
                    rows.drain(..rows.len().saturating_sub(count as usize));
                }
                if slot.since.is_some() {
                    let begin = rows.iter().rposition(|row| stands_for_choice(slot.since, run, *row));
                    rows.drain(..begin.unwrap_or(rows.len()));
                }
                let mut state = State::identity(slot.aggregate, types);
                rows.into_iter()
                    .for_each(|row| state.fold(slot, &run.events, row..row + 1));
                let (value, status) = state.lower(slot, types, questions.times[question]);
                values.push(value);
                statuses.push(status);
            }
        }
        slots.push((Column::from_values(slot.ty, &values), statuses));
    }
    let present = |length: &Option<u64>| presence(run, questions, cut, *length);
    Answered {
        slots,
        presence: spec.presence.iter().map(present).collect(),
        at_events: at_events(spec, run, questions, cut),
        with_own: with_own(spec, run, questions),
    }
}

fn with_own(spec: &FoldSpec, run: &Run, questions: &Questions) -> u64 {
    let is_excluded = |question: usize, row: u32| {
        let (row, t) = (row as usize, questions.times[question]);
        let holds = |window: &Window| {
            window.bounds().contain(run.events.times[row], t) && is_excluded(window, run, questions, question, row)
        };
        spec.windows.iter().any(holds)
    };
    let is_own = |group: &Group, question: usize| group.events.clone().any(|row| is_excluded(question, row));
    let of = |group: &Group| {
        group
            .questions
            .clone()
            .filter(|question| is_own(group, *question))
            .count() as u64
    };
    questions.groups.iter().map(of).sum()
}

/// Whether a window may choose the row: what it is chosen by does not leave it out.
fn stands_for_choice(filter: Option<LiftId>, run: &Run, row: usize) -> bool {
    let filter = filter.map(|lift| &run.events.lifts[lift.index()]);
    let passes = filter.is_none_or(|filter| filter.is_true(row) || filter.error(row).is_some());
    passes || run.events.poison_of(row) != Tag::VALID
}

fn at_events(spec: &FoldSpec, run: &Run, questions: &Questions, cut: Cut) -> u64 {
    let is_open = |window: &Window| window.excluding == Excluding::Nothing && window.bounds().hold_now();
    if !spec.windows.iter().any(is_open) {
        return 0;
    }
    let at_event =
        |group: &Group, question: usize| {
            group.events.clone().map(|row| row as usize).any(|row| {
                run.events.times[row] == questions.times[question] && sees(run, questions, question, row, cut)
            })
        };
    let of = |group: &Group| {
        group
            .questions
            .clone()
            .filter(|question| at_event(group, *question))
            .count() as u64
    };
    questions.groups.iter().map(of).sum()
}

fn presence(run: &Run, questions: &Questions, cut: Cut, length_us: Option<u64>) -> Vec<bool> {
    let mut presence = vec![];
    for group in &questions.groups {
        for question in group.questions.clone() {
            let t = i128::from(questions.times[question]);
            presence.push(group.events.clone().map(|row| row as usize).any(|row| {
                let time = i128::from(run.events.times[row]);
                let near = length_us.is_none_or(|length| time > t - i128::from(length));
                time <= t && near && sees(run, questions, question, row, cut)
            }));
        }
    }
    presence
}

pub fn sees(run: &Run, questions: &Questions, question: usize, row: usize, cut: Cut) -> bool {
    let cut = match cut {
        Cut::Open => return true,
        Cut::Delayed { delay_us } => Some(i128::from(questions.times[question]) - i128::from(delay_us)),
        Cut::Given => questions.cuts[question].map(i128::from),
    };
    match (&run.arrivals, cut) {
        (Some(arrivals), Some(cut)) => i128::from(arrivals[row]) <= cut,
        (None, _) | (_, None) => false,
    }
}

fn is_excluded(window: &Window, run: &Run, questions: &Questions, question: usize, row: usize) -> bool {
    match (window.excluding, &questions.selves) {
        (Excluding::SelfEvent, Some(selves)) => {
            selves.known[question] && selves.keys.get(question) == run.events.id(row)
        }
        (Excluding::SelfEvent, None) | (Excluding::Nothing | Excluding::Now, _) => false,
    }
}
