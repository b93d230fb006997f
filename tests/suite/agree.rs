//! Random typed programs × random event logs × random deliveries: model, batch and stream give the same bits.
//!
//! engine == model here; the model is the semantics by its own tests and the spec pages. So the engines agree with the
//! semantics, and with each other, on every case drawn.
//!
//! `FEATC_AGREE_CASES` sets how many cases are drawn, `FEATC_AGREE_SEED` repeats one. A case that fails is shrunk (events,
//! then questions) and printed whole.

use crate::evaluators::{Answers, Asked, Case, Delivery, batch, model, stream};
use featc_driver::Plans;
use featc_ir::Truth;
use featc_tests::rng::Rng;
use featc_tests::{logs, programs};
use featr_stream::Paging;

const CASES: u64 = 2_000;

struct Drawn {
    text: String,
    case: Case,
    plans: Plans,
    deliveries: Vec<Delivery>,
}

fn draw(seed: u64) -> Drawn {
    let mut rng = Rng::new(seed);
    let generated = programs::program(&mut rng);
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("drawn.feat", generated.text.as_str());
    let outcome = featc_driver::compile(&sources, &[file]);
    let Some(program) = outcome.value else {
        let said = featc_driver::diag::terminal::render(&outcome.diagnostics, &sources, false);
        panic!(
            "seed {seed}: a drawn program does not compile\n{}\n{said}",
            generated.text
        )
    };
    let count = *rng.pick(&[0, 3, 20, 20, 60]);
    let rows = logs::events(&mut rng, count);
    let questions = logs::questions(&mut rng, &rows, 12)
        .into_iter()
        .map(|asked| {
            let mut values: Vec<(String, featr_kernels::Value)> = programs::COLUMNS
                .iter()
                .zip(asked.row)
                .map(|((name, _), value)| ((*name).to_owned(), value))
                .collect();
            for (name, value) in &mut values {
                match name.as_str() {
                    "k1" => *value = asked.k1.clone(),
                    "k2" => *value = asked.k2.clone(),
                    _ => {}
                }
            }
            Asked {
                at_us: asked.at_us,
                values,
            }
        })
        .collect();
    let truth = if generated.has_arrival {
        *rng.pick(&[
            Truth::Complete,
            Truth::AsOfArrival { delay_us: None },
            Truth::AsOfArrival { delay_us: Some(0) },
            Truth::AsOfArrival {
                delay_us: Some(600_000_000),
            },
        ])
    } else {
        Truth::Complete
    };
    let small = Paging {
        page_rows_max: 4,
        group_pages_max: 2,
        plain_below: 6,
    };
    let deliveries = (0..3)
        .map(|place| Delivery {
            shuffle: (place > 0).then(|| rng.word()),
            chunk: *rng.pick(&[1, 2, 5, 1000]),
            restart_every: *rng.pick(&[None, Some(1), Some(7)]),
            paging: if rng.one_in(3) { Paging::default() } else { small },
        })
        .collect();
    let plans = featc_driver::lower(&program);
    let case = Case {
        program,
        service: "s".to_owned(),
        rows: vec![rows],
        questions,
        truth,
    };
    Drawn {
        text: generated.text,
        case,
        plans,
        deliveries,
    }
}

/// The first disagreement with the model: who, question, field.
fn disagreement(drawn: &Drawn, case: &Case) -> Option<(String, usize, usize)> {
    let expected = model(case);
    let differs = |who: &str, answers: &Answers| {
        for (question, (left, right)) in expected.iter().zip(answers).enumerate() {
            assert_eq!(left.len(), right.len());
            if let Some(field) = left.iter().zip(right).position(|(a, b)| a != b) {
                return Some((
                    format!("{who}: {:?}, model: {:?}", right[field], left[field]),
                    question,
                    field,
                ));
            }
        }
        assert_eq!(expected.len(), answers.len());
        None
    };
    differs("batch", &batch(case, &drawn.plans)).or_else(|| {
        drawn
            .deliveries
            .iter()
            .find_map(|delivery| differs(&format!("stream {delivery:?}"), &stream(case, &drawn.plans, *delivery)))
    })
}

/// Leaves out events, then questions, while the disagreement stays.
fn shrink(drawn: &Drawn) -> Case {
    let mut case = drawn.case.clone();
    let mut place = 0;
    while place < case.rows[0].len() {
        let mut smaller = case.clone();
        smaller.rows[0].remove(place);
        if disagreement(drawn, &smaller).is_some() {
            case = smaller
        } else {
            place += 1
        }
    }
    if let Some((_, question, _)) = disagreement(drawn, &case) {
        let mut smaller = case.clone();
        smaller.questions = vec![case.questions[question].clone()];
        if disagreement(drawn, &smaller).is_some() {
            case = smaller;
        }
    }
    case
}

/// What the model said, to see that the cases are not all alike.
#[derive(Debug, Default)]
struct Seen {
    values: u64,
    not_null: u64,
    by_status: std::collections::BTreeMap<String, u64>,
}

fn check(seed: u64, seen: &mut Seen) {
    let drawn = draw(seed);
    for (value, status) in model(&drawn.case).into_iter().flatten() {
        seen.values += 1;
        seen.not_null += u64::from(value.is_valid());
        *seen.by_status.entry(status.to_string()).or_default() += 1;
    }
    if disagreement(&drawn, &drawn.case).is_some() {
        let case = shrink(&drawn);
        let (what, question, field) = disagreement(&drawn, &case).expect("shrinking keeps it");
        let name = &case.program.service("s").expect("drawn").fields[field].name;
        let rows: Vec<String> = case.rows[0].iter().map(|row| format!("  {row:?}")).collect();
        panic!(
            "seed {seed}: {name} disagrees\n{what}\nquestion {:?}\ntruth {:?}\nrows\n{}\n{}\n(FEATC_AGREE_SEED={seed} repeats it)",
            case.questions[question],
            case.truth,
            rows.join("\n"),
            drawn.text
        );
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn model_batch_and_stream_agree_on_drawn_cases() {
    let mut seen = Seen::default();
    if let Some(seed) = number("FEATC_AGREE_SEED") {
        check(seed, &mut seen);
        return;
    }
    let cases = number("FEATC_AGREE_CASES").unwrap_or(CASES);
    (0..cases).for_each(|seed| check(seed, &mut seen));
    println!("agree: {cases} cases, 0 differ; {seen:?}");
    if cases >= CASES {
        assert!(seen.not_null * 3 > seen.values, "too many nulls to mean much: {seen:?}");
        for status in [
            "ok",
            "empty",
            "missing",
            "truncated",
            "stale",
            "error(overflow)",
            "error(invalid_cast)",
            "error(cap)",
        ] {
            assert!(seen.by_status.contains_key(status), "no {status} in {seen:?}");
        }
    }
}
