//! Which rows the model is given.

use super::super::needed::at_most;
use super::{PROGRAM, Ready};
use crate::report::Reporter;
use featr::Side;
use featr_model::{Model, Question, SourceRows};

fn held(rows: &SourceRows) -> usize {
    rows.sources.iter().flatten().map(|batch| batch.rows).sum()
}

/// Of so many rows at most: how many were kept, and how many of the questions they answer as all rows do.
fn kept(ready: &Ready, questions: &[Question], most: usize) -> (usize, usize) {
    let ground = ready.ground();
    let all = ready.case.model_rows(ground.ir, Some(Side::Batch));
    let found = at_most(most, &ready.prepared, questions, &Reporter::of_words(&[]));
    let (rows, answered) = found.expect("readable");
    assert!(held(&rows) <= most.min(held(&all)), "{} rows of {most}", held(&rows));
    for (question, _) in questions.iter().zip(&answered).filter(|(_, answered)| **answered) {
        let of = |rows: &SourceRows| Model::new(ground.ir, rows).answer(ground.service, question, ground.truth);
        assert_eq!(of(&rows), of(&all));
    }
    (held(&rows), answered.iter().filter(|answered| **answered).count())
}

fn questions(ready: &Ready) -> Vec<Question> {
    let asked = &ready.case.asked;
    (0..asked.len()).map(|row| asked.question(row)).collect()
}

#[test]
fn what_is_left_answers_as_all_rows_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let ready = Ready::of_shop(folder.path());
    let all = questions(&ready);
    let (rows, answered) = kept(&ready, &all[..1], 1_000);
    assert!(0 < rows && rows < 60 && answered == 1, "{rows}");
    assert_eq!(kept(&ready, &all, 1_000), (60, 20));
    assert_eq!(kept(&ready, &all, 5), (0, 0));
}

/// A program of one view, over the rows of the other one.
fn of_cards(text: &str) -> (tempfile::TempDir, Ready) {
    let folder = tempfile::tempdir().expect("a folder");
    drop(Ready::of_shop(folder.path()));
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("shop.feat"), text).expect("writable");
    let ready = super::ready(&at("shop.feat"), &at("spine.csv"), &at("other"));
    (folder, ready)
}

#[test]
fn keys_with_the_most_rows_go() {
    let (_folder, ready) = of_cards(&PROGRAM.replace("  sold.*\n", ""));
    let all = questions(&ready);
    assert_eq!(kept(&ready, &all, 1_000), (60, 20));
    let (rows, answered) = kept(&ready, &all, 40);
    assert!(0 < rows && 0 < answered && answered < 20, "{rows} rows for {answered}");
}

/// Which rows a question needs is not known before they are computed: all of them, or none.
#[test]
fn where_a_key_is_computed_all_rows_count() {
    let text = PROGRAM.replace("  sold.*\n", "");
    let text = text.replace(
        "view spend of card from txn {",
        "transform low from txn {\n  let low = lower(card)\n}\n\nview spend of card from low by (low) {",
    );
    let (_folder, ready) = of_cards(&text);
    let all = questions(&ready);
    assert_eq!(kept(&ready, &all[..1], 1_000), (60, 1));
    assert_eq!(kept(&ready, &all, 40), (0, 0));
}
