//! Cases with the answers of the oracle of `proofs/`, committed: model, batch and stream are compared with them wherever
//! the tests run, Coq or no Coq.
//!
//! `drawn` are cases of the randomised comparison. `ties` are sums, means, variances and ratios at the middle between two
//! floats and beside it, among values of all sizes (see [`super::ties`]). A case is one question with all its answers.
//!
//! With `FEATC_BLESS=1` the oracle answers anew, which needs `proofs/check`, and the files are rewritten.

use super::draw::{compiled, draw};
use super::engine::{Did, Engine, difference};
use super::ties;
use crate::evaluators::{Asked, Case, Delivery, Setting, model, streams};
use crate::oracle::{Oracle, answer, answer_word, value_word, word_value};
use featc_ir::Truth;
use featc_tests::rng::Rng;
use featc_tests::{blessing, root};
use featr_stream::Paging;
use serde_json::{Value as Json, json};
use std::io::Read as _;
use std::path::PathBuf;

/// Answered cases that the files hold at least.
const LEAST: usize = 20_000;
/// Drawn programs, and programs about ties.
const DRAWN: usize = 640;
const TIES: usize = 150;

/// A program with its log, and what is asked.
struct Entry {
    text: String,
    case: Case,
    /// Per question, a word per field: an answer of the oracle, or `?` where it refused.
    answers: Vec<Vec<String>>,
}

fn place(name: &str) -> PathBuf {
    root().join("tests/corpus").join(format!("{name}.jsonl.zst"))
}

fn truth_word(truth: Truth) -> Json {
    match truth {
        Truth::Complete => json!("complete"),
        Truth::AsOfArrival { delay_us } => json!({ "delay_us": delay_us }),
        Truth::AsServed => json!("as_served"),
    }
}

fn word_truth(word: &Json) -> Truth {
    match word {
        Json::Object(said) => Truth::AsOfArrival {
            delay_us: said["delay_us"].as_u64(),
        },
        Json::String(said) if said == "as_served" => Truth::AsServed,
        Json::String(said) if said == "complete" => Truth::Complete,
        other => panic!("{other} is no truth"),
    }
}

impl Entry {
    fn to_json(&self) -> Json {
        let row = |row: &Vec<featr_kernels::Value>| row.iter().map(value_word).collect::<Vec<_>>().join(" ");
        let rows: Vec<Vec<String>> = self
            .case
            .rows
            .iter()
            .map(|rows| rows.iter().map(row).collect())
            .collect();
        let question = |asked: &Asked| {
            let named = asked
                .values
                .iter()
                .map(|(name, value)| format!("{name}={}", value_word(value)));
            let words: Vec<String> = std::iter::once(asked.at_us.to_string()).chain(named).collect();
            words.join(" ")
        };
        let questions: Vec<String> = self.case.questions.iter().map(question).collect();
        let answers: Vec<String> = self.answers.iter().map(|words| words.join(" ")).collect();
        json!({
            "program": self.text, "truth": truth_word(self.case.truth),
            "rows": rows, "questions": questions, "answers": answers,
        })
    }

    fn from_json(line: &str) -> Entry {
        let read: Json = serde_json::from_str(line).expect("a line of the corpus is JSON");
        let texts = |of: &Json| -> Vec<String> {
            let items = of.as_array().expect("a list").iter();
            items.map(|text| text.as_str().expect("a text").to_owned()).collect()
        };
        let text = read["program"].as_str().expect("a program").to_owned();
        let program = compiled(0, &text).expect("programs of the corpus compile");
        let rows = read["rows"].as_array().expect("rows per source").iter();
        let row = |row: String| row.split(' ').map(word_value).collect();
        let question = |words: String| {
            let mut words = words.split(' ');
            let at_us = words.next().and_then(|at| at.parse().ok()).expect("an instant");
            let named = |word: &str| {
                let (name, value) = word.split_once('=').expect("a name and a value");
                (name.to_owned(), word_value(value))
            };
            Asked {
                at_us,
                values: words.map(named).collect(),
            }
        };
        let case = Case {
            program,
            service: "s".to_owned(),
            rows: rows.map(|of| texts(of).into_iter().map(row).collect()).collect(),
            questions: texts(&read["questions"]).into_iter().map(question).collect(),
            truth: word_truth(&read["truth"]),
        };
        let words = |words: String| words.split(' ').map(str::to_owned).collect();
        let answers = texts(&read["answers"]).into_iter().map(words).collect();
        Entry { text, case, answers }
    }
}

/// The cases of the randomised comparison that the corpus has: many questions, few rows.
fn drawn() -> Vec<(String, Case)> {
    let fit = |case: &Case| {
        streams(case) && case.questions.len() >= 12 && case.rows.iter().map(Vec::len).sum::<usize>() <= 100
    };
    let seeds = (0..).map(|seed| draw(70_000_000 + seed));
    let cases = seeds
        .map(|drawn| (drawn.text, drawn.case))
        .filter(|(_, case)| fit(case));
    cases.take(DRAWN).collect()
}

fn tied() -> Vec<(String, Case)> {
    let case = |seed| {
        let (text, rows, questions) = ties::case(&mut Rng::new(seed));
        let program = compiled(seed, &text).expect("programs about ties compile");
        let case = Case {
            program,
            service: "s".to_owned(),
            rows: vec![rows],
            questions,
            truth: Truth::Complete,
        };
        (text, case)
    };
    (0..TIES as u64).map(case).collect()
}

fn write(name: &str, cases: Vec<(String, Case)>) {
    let mut oracle = Oracle::start().expect("proofs/check builds the oracle that answers the corpus");
    let mut text = String::new();
    for (program, case) in cases {
        let word = |said: &crate::oracle::Answer| {
            let said = said.as_ref();
            said.map_or("?".to_owned(), |(value, status)| answer_word(value, *status))
        };
        let answers = oracle.ask(&case);
        let answers = answers.iter().map(|row| row.iter().map(word).collect()).collect();
        let entry = Entry {
            text: program,
            case,
            answers,
        };
        text += &entry.to_json().to_string();
        text.push('\n');
    }
    let packed = zstd::encode_all(text.as_bytes(), 19).expect("memory to pack in");
    std::fs::create_dir_all(place(name).parent().expect("a folder")).expect("the folder of the corpus");
    std::fs::write(place(name), packed).expect("the corpus is writable when blessing");
}

fn read(name: &str) -> Vec<Entry> {
    let file = std::fs::File::open(place(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut text = String::new();
    let mut decoder = zstd::Decoder::new(file).expect("the corpus is packed by zstd");
    decoder.read_to_string(&mut text).expect("the corpus is text");
    text.lines().map(Entry::from_json).collect()
}

/// How the engines run the entry of a number: no answer depends on it.
fn engines(number: usize) -> [Engine; 2] {
    let batch = Setting {
        memory_bytes: [None, None, Some(60_000), Some(2_000)][number % 4],
        batch_rows: [1_000, 7, 64][number % 3],
        ..Setting::PLAIN
    };
    let stream = Delivery {
        shuffle: (!number.is_multiple_of(3)).then_some(number as u64),
        chunk: [1_000, 5, 1][number % 3],
        restart_every: (number % 5 == 1).then_some(23),
        paging: if number.is_multiple_of(2) {
            Paging::default()
        } else {
            Paging {
                page_rows_max: 4,
                group_pages_max: 3,
                plain_below: 3,
            }
        },
        branches: None,
        retracts: false,
    };
    [Engine::Batch(batch), Engine::Stream(stream)]
}

/// Holds model, batch and stream against the answers; gives the numbers of answered questions and of answers.
fn replay(name: &str) -> (usize, usize) {
    let (mut cases, mut count) = (0, 0);
    for (number, entry) in read(name).into_iter().enumerate() {
        let said = model(&entry.case);
        assert_eq!(said.len(), entry.answers.len(), "{name}, line {}", number + 1);
        for (question, (words, said)) in entry.answers.iter().zip(&said).enumerate() {
            assert_eq!(words.len(), said.len(), "{name}, line {}", number + 1);
            for (field, (word, said)) in words.iter().zip(said).enumerate() {
                let Some(oracle) = answer(word) else { continue };
                count += 1;
                assert!(
                    oracle == *said,
                    "{name}, line {}: field {field} of question {question}: the oracle says {oracle:?}, the model {said:?}\n{}",
                    number + 1,
                    entry.text
                );
            }
            cases += usize::from(words.iter().any(|word| word != "?"));
        }
        let plans = featc_driver::lower(&entry.case.program);
        for engine in engines(number) {
            if let Some(found) = difference(&entry.case, &plans, engine, &said, &mut Did::default()) {
                let asked = &entry.case.questions[found.question];
                panic!(
                    "{name}, line {}: field {} of {asked:?}\n{}\n{}",
                    number + 1,
                    found.field,
                    found.text,
                    entry.text
                );
            }
        }
    }
    (cases, count)
}

#[test]
fn model_batch_and_stream_give_the_answers_of_the_corpus() {
    if blessing() {
        write("drawn", drawn());
        write("ties", tied());
    }
    let replayed = ["ties", "drawn"].map(replay);
    println!("corpus: answered questions and answers of ties and drawn cases: {replayed:?}");
    let cases: usize = replayed.iter().map(|(cases, _)| cases).sum();
    assert!(cases >= LEAST, "{cases} answered cases are too few");
}
