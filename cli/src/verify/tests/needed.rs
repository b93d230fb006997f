//! Which rows the model is given.

use super::super::needed::at_most;
use super::Ready;
use crate::report::Reporter;
use featr::Side;
use featr_model::{Model, SourceRows};

fn held(rows: &SourceRows) -> usize {
    rows.sources.iter().flatten().map(|batch| batch.rows).sum()
}

#[test]
fn what_is_left_answers_as_all_rows_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let ready = Ready::of_shop(folder.path());
    let ground = ready.ground();
    let all = ready.case.model_rows(ground.ir, Some(Side::Batch));
    let asked = &ready.case.asked;
    let questions: Vec<_> = (0..asked.len()).map(|row| asked.question(row)).collect();
    let mut answered_by = Vec::new();
    for (most, questions) in [
        (1_000, &questions[..1]),
        (1_000, &questions),
        (50, &questions),
        (5, &questions),
    ] {
        let found = at_most(most, &ready.prepared, questions, &Reporter::of_words(&[]));
        let (rows, answered) = found.expect("readable");
        assert!(held(&rows) <= most.min(held(&all)), "{} rows of {most}", held(&rows));
        for (question, _) in questions.iter().zip(&answered).filter(|(_, answered)| **answered) {
            let of = |rows: &SourceRows| Model::new(ground.ir, rows).answer(ground.service, question, ground.truth);
            assert_eq!(of(&rows), of(&all));
        }
        answered_by.push((held(&rows), answered.iter().filter(|answered| **answered).count()));
    }
    let [(of_one, 1), (_, 20), (_, some), (_, 0)] = answered_by[..] else {
        panic!("{answered_by:?}");
    };
    assert!(of_one < held(&all) && 0 < some && some < 20, "{answered_by:?}");
}
