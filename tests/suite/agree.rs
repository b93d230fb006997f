//! Random typed programs × random event logs × random engines: model, batch and stream give the same bits.
//!
//! engine == model here; the model is the semantics by its own tests and the spec pages. So the engines agree with the
//! semantics, and with each other, on every case drawn. Each case is answered by the batch engine in memory, from disk,
//! and with entities in parts, by the streaming engine, and some over files; threads, memory, sizes of batches and pages,
//! orders and restarts are drawn as well. Where the oracle of `proofs/` is built, it answers each case too; one case in five is of
//! the language that the theory knows, since it refuses a case with anything else.
//!
//! `FEATC_AGREE_CASES` sets how many cases are drawn (20 000 are a full run), `FEATC_AGREE_BASE` their first seed: a full
//! run takes a new one unless it is told. `FEATC_AGREE_SEED` repeats one case. A case that fails is shrunk under the engine
//! that failed, as it ran then, and printed whole.

#[path = "agree/clauses.rs"]
mod clauses;
#[path = "agree/corpus.rs"]
mod corpus;
#[path = "agree/coverage.rs"]
mod coverage;
#[path = "agree/draw.rs"]
mod draw;
#[path = "agree/engine.rs"]
mod engine;
#[path = "agree/errors.rs"]
mod errors;
#[path = "agree/identities.rs"]
mod identities;
#[path = "agree/nodes.rs"]
mod nodes;
#[path = "agree/online.rs"]
mod online;
#[path = "agree/served.rs"]
mod served;
#[path = "agree/shrink.rs"]
mod shrink;
#[path = "agree/ties.rs"]
mod ties;

use crate::evaluators::model;
use crate::oracle::Oracle;
use clauses::Read;
use coverage::Coverage;
use draw::{OF_THEORY, draw};
use engine::{Did, Engine, difference};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

/// Of a plain run of the tests.
const CASES: u64 = 1_200;
/// From here on a run is a full one.
const FULL: u64 = 20_000;
/// Each construct of the language is of use in so many cases of a full run, of a plain run in one.
const LIVE: u64 = 100;

/// What the cases were, to see that they are not all alike.
struct Seen {
    values: u64,
    not_null: u64,
    by_status: BTreeMap<String, u64>,
    did: Did,
    coverage: Coverage,
    /// Values that the oracle of `proofs/` answered, and that it refused; where it is built.
    oracle: Option<Oracle>,
    answered: u64,
    refused: u64,
    /// Those among them that are about programs of the theory's language.
    answered_of_theory: u64,
    refused_of_theory: u64,
}

impl Seen {
    fn new(target: u64) -> Seen {
        Seen {
            values: 0,
            not_null: 0,
            by_status: BTreeMap::new(),
            did: Did::default(),
            coverage: Coverage::new(target),
            oracle: Oracle::start(),
            answered: 0,
            refused: 0,
            answered_of_theory: 0,
            refused_of_theory: 0,
        }
    }

    fn merge(&mut self, other: Seen) {
        self.values += other.values;
        self.not_null += other.not_null;
        for (status, count) in other.by_status {
            *self.by_status.entry(status).or_default() += count;
        }
        self.did.merge(&other.did);
        self.answered += other.answered;
        self.refused += other.refused;
        self.answered_of_theory += other.answered_of_theory;
        self.refused_of_theory += other.refused_of_theory;
        self.coverage.merge(other.coverage);
    }
}

fn check(seed: u64, seen: &mut Seen) {
    let drawn = draw(seed);
    let expected = model(&drawn.case);
    let long = drawn.case.rows[0].len() >= 600;
    seen.did.note("600 events and more of one entity", long);
    for (value, status) in expected.iter().flatten() {
        seen.values += 1;
        seen.not_null += u64::from(value.is_valid());
        *seen.by_status.entry(status.to_string()).or_default() += 1;
    }
    if let Some(oracle) = &mut seen.oracle {
        let (answered, refused) = shrink::held_against(oracle, seed, &drawn, &expected);
        seen.answered += answered;
        seen.refused += refused;
        if seed & OF_THEORY != 0 {
            seen.answered_of_theory += answered;
            seen.refused_of_theory += refused;
        }
    }
    for engine in &drawn.engines {
        if difference(&drawn.case, &drawn.plans, *engine, &expected, &mut seen.did).is_some() {
            shrink::report(seed, &drawn, *engine);
        }
    }
    let layouts = drawn.engines.iter().filter_map(|engine| match engine {
        Engine::Files(layout) => Some(layout),
        Engine::Batch(_) | Engine::Stream(_) => None,
    });
    let read = Read {
        naive: layouts.clone().any(|layout| layout.naive),
        pruned: layouts.clone().any(|layout| layout.prunes()),
    };
    seen.coverage.visit((&drawn.case, read), &expected, &drawn.rng);
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// The first seed: the same for plain runs, a new one for full runs.
fn base(cases: u64) -> u64 {
    let new = || {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |now| now.as_secs()) * 1_000_000
    };
    number("FEATC_AGREE_BASE").unwrap_or_else(|| if cases >= FULL { new() } else { 0 })
}

/// Runs the cases on some threads, and to four of them one of the theory's language.
fn run(base: u64, cases: u64, target: u64) -> Seen {
    let all = cases + cases / 4;
    let next = AtomicU64::new(0);
    let work = || {
        let mut seen = Seen::new(target);
        loop {
            let seed = match next.fetch_add(1, Ordering::Relaxed) {
                place if place >= all => return seen,
                place if place >= cases => OF_THEORY | (base + place - cases),
                place => base + place,
            };
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(seed, &mut seen))) {
                next.store(all, Ordering::Relaxed);
                eprintln!("FEATC_AGREE_SEED={seed} repeats it");
                resume_unwind(panic);
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get().min(4));
    let mut seen = Seen::new(target);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            seen.merge(worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
    });
    seen
}

#[test]
fn model_batch_and_stream_agree_on_drawn_cases() {
    if let Some(seed) = number("FEATC_AGREE_SEED") {
        check(seed, &mut Seen::new(0));
        return;
    }
    let cases = number("FEATC_AGREE_CASES").unwrap_or(CASES);
    let base = base(cases);
    let live = if cases >= FULL { LIVE } else { 1 };
    println!(
        "agree: cases {base} to {}, and {} of the theory's language",
        base + cases - 1,
        cases / 4
    );
    let seen = run(base, cases, live);
    println!("{}", seen.coverage.table());
    println!(
        "agree: {} cases, 0 differ; {} values, {} not null",
        cases + cases / 4,
        seen.values,
        seen.not_null
    );
    match &seen.oracle {
        Some(_) => println!(
            "oracle: {} answered, {} refused; of the theory's language {} and {}",
            seen.answered, seen.refused, seen.answered_of_theory, seen.refused_of_theory
        ),
        None => println!("oracle: not built (proofs/check)"),
    }
    let did: Vec<_> = seen.did.counts().collect();
    println!("{:?}\n{did:?}", seen.by_status);
    if cases < CASES {
        return;
    }
    if seen.oracle.is_some() {
        // What is refused there needs a table that the theory leaves open.
        let (answered, refused) = (seen.answered_of_theory, seen.refused_of_theory);
        assert!(answered > 4 * refused, "{answered} answered, {refused} refused");
        assert!(
            seen.answered * 10 > seen.values,
            "few of {} values: {}",
            seen.values,
            seen.answered
        );
    }
    assert!(seen.not_null * 3 > seen.values, "too many nulls to mean much");
    let statuses = [
        "ok",
        "empty",
        "missing",
        "truncated",
        "stale",
        "error(overflow)",
        "error(invalid_cast)",
        "error(cap)",
    ];
    for status in statuses {
        assert!(seen.by_status.contains_key(status), "no {status}");
    }
    let few = did
        .into_iter()
        .filter(|(_, count, least)| count * 1_000 < least * cases);
    let few: Vec<_> = few.collect();
    assert!(
        few.is_empty(),
        "engines ran so too rarely (found, of a thousand cases): {few:?}"
    );
    let below = seen.coverage.below(live);
    assert!(
        below.is_empty(),
        "of use in fewer than {live} cases:\n{}",
        below.join("\n")
    );
}
