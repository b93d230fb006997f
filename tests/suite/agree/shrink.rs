//! A case that fails, made small: the engine stays as it was when it failed.

use super::draw::Drawn;
use super::engine::{Did, Difference, Engine, difference};
use crate::evaluators::{Answers, Case, model};
use crate::oracle::Oracle;

/// Leaves out questions and events while the engine, run in the same way, disagrees.
fn shrink(drawn: &Drawn, engine: Engine) -> (Case, Difference) {
    let differs = |case: &Case| difference(case, &drawn.plans, engine, &model(case), &mut Did::default());
    let mut case = drawn.case.clone();
    let mut found = differs(&case).expect("a case that disagrees");
    let mut only = case.clone();
    only.questions = vec![case.questions[found.question].clone()];
    if let Some(difference) = differs(&only) {
        (case, found) = (only, difference);
    }
    for source in 0..case.rows.len() {
        // Halves first, then quarters, and so on to single rows.
        let mut size = case.rows[source].len().div_ceil(2);
        while size > 0 {
            let mut place = 0;
            while place < case.rows[source].len() {
                let mut smaller = case.clone();
                let end = (place + size).min(smaller.rows[source].len());
                smaller.rows[source].drain(place..end);
                match differs(&smaller) {
                    Some(difference) => (case, found) = (smaller, difference),
                    None => place += size,
                }
            }
            size /= 2;
        }
    }
    (case, found)
}

/// Ends the test with the smallest case that is found.
pub fn report(seed: u64, drawn: &Drawn, engine: Engine) -> ! {
    let (case, difference) = shrink(drawn, engine);
    let service = case.program.service("s").expect("drawn");
    let mut columns = service.columns(&case.program);
    let name = columns.nth(difference.field).map_or("?", |(name, _)| name);
    let mut rows = String::new();
    for (source, of_source) in case.program.sources.iter().zip(&case.rows) {
        let names: Vec<&str> = source.columns.iter().map(|column| column.name.as_str()).collect();
        rows += &format!("rows of {}: {}\n", source.name, names.join(", "));
        rows.extend(of_source.iter().map(|row| format!("  {row:?}\n")));
    }
    panic!(
        "seed {seed}: {name} disagrees\n{}\nquestion {:?}\ntruth {:?}\n{rows}{}\n(FEATC_AGREE_SEED={seed} repeats it)",
        difference.text, case.questions[difference.question], case.truth, drawn.text
    );
}

/// Holds the model against the oracle: how many answers there are, and how many it refuses.
///
/// # Panics
/// Where an answer differs.
pub fn held_against(oracle: &mut Oracle, seed: u64, drawn: &Drawn, expected: &Answers) -> (u64, u64) {
    let (mut answered, mut refused) = (0, 0);
    let said = oracle.ask(&drawn.case);
    for (question, (said, expected)) in said.iter().zip(expected).enumerate() {
        for (field, (said, expected)) in said.iter().zip(expected).enumerate() {
            let Some(said) = said else {
                refused += 1;
                continue;
            };
            answered += 1;
            assert!(
                said == expected,
                "seed {seed}: field {field} of question {question}: the oracle says {said:?}, the model {expected:?}\n{:?}\n{:?}\n{}\n{:?}",
                drawn.case.truth,
                drawn.case.questions[question],
                drawn.text,
                drawn.case.rows
            );
        }
    }
    (answered, refused)
}
