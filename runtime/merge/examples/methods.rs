//! What each method of the merge gains over states, in processor time: a table for docs/benchmarks.md. Asserts nothing.
//!
//! `cargo run -p featr-merge --example methods [name of an aggregate]` (Linux; the repository's one profile)

use featc_ir::plan::{FoldSpec, Method};
use featc_ir::{Aggregate, Excluding, LiftId, Slot, Type, Window, WindowId, WindowKind};
use featr_kernels::events::Events;
use featr_kernels::{Column, Data, StrData};
use featr_merge::{Group, Questions, Run, answer};
use std::hint::black_box;

const HOUR: i64 = 3_600_000_000;
const DAYS: i64 = 60;
const RUNS: usize = 7;
const TYPES: [Type; 3] = [Type::Float64, Type::Int64, Type::String];

/// The same numbers each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ((self.0 >> 33) % end as u64) as i64
    }

    fn sorted(&mut self, count: usize) -> Vec<i64> {
        let mut times: Vec<i64> = (0..count).map(|_| self.below(DAYS * 24 * HOUR / 1000) * 1000).collect();
        times.sort_unstable();
        times
    }
}

/// So many entities, each with so many events and questions.
fn shape(entities: usize, events: usize, asked: usize) -> (Run, Questions) {
    let mut random = Random(7);
    let (mut times, mut questions, mut groups) = (vec![], vec![], vec![]);
    for _ in 0..entities {
        let (row, question) = (times.len() as u32, questions.len());
        times.extend(random.sorted(events));
        questions.extend(random.sorted(asked));
        groups.push(Group {
            questions: question..questions.len(),
            events: row..times.len() as u32,
        });
    }
    let amounts = times.iter().map(|_| random.below(500_000) as f64 / 100.0).collect();
    let shops: Vec<i64> = times.iter().map(|_| random.below(300)).collect();
    let names: Vec<String> = shops.iter().map(|shop| format!("shop {shop}")).collect();
    // One in fifty comes an hour late.
    let arrivals = times.iter().map(|time| {
        let delay = if random.below(50) == 0 { HOUR } else { 1_000_000 };
        time + random.below(delay)
    });
    let data = [
        Data::F64(amounts),
        Data::I64(shops),
        Data::Str(names.iter().map(String::as_bytes).collect()),
    ];
    let lifts = TYPES.into_iter().zip(data);
    let run = Run {
        summaries: vec![],
        arrivals: Some(arrivals.collect()),
        events: Events {
            times,
            ids: StrData::new(),
            digests: vec![],
            poison: None,
            lifts: lifts.map(|(ty, data)| Column { ty, data, tags: None }).collect(),
        },
    };
    let questions = Questions {
        times: questions,
        groups,
        selves: None,
    };
    (run, questions)
}

/// The aggregate over one hour, a day, a week and a month.
fn spec(aggregate: Aggregate, lift: Option<u32>) -> FoldSpec {
    let window = |hours: i64| Window {
        kind: WindowKind::Last {
            length_us: hours * HOUR,
        },
        excluding: Excluding::Nothing,
    };
    let types: Vec<Type> = lift.iter().map(|lift| TYPES[*lift as usize]).collect();
    let slot = |window: u32| Slot {
        aggregate,
        argument: lift.map(LiftId),
        second: None,
        filter: None,
        window: WindowId(window),
        ty: aggregate.result(&types).expect("an argument that it takes"),
    };
    FoldSpec {
        entity: vec![],
        windows: [1, 24, 7 * 24, 30 * 24].map(window).to_vec(),
        slots: (0..4).map(slot).collect(),
        presence: vec![],
        self_columns: vec![],
    }
}

/// What this process has had of processors, in nanoseconds.
fn processor_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").expect("Linux");
    let first = text.split(' ').next().and_then(|word| word.parse().ok());
    first.expect("nanoseconds")
}

fn main() {
    let only = std::env::args().nth(1);
    let distinct = Aggregate::CountDistinct { cap: 100_000 };
    let cases = [
        (Aggregate::Count, None, Method::Prefix),
        (Aggregate::Sum, Some(0), Method::Prefix),
        (Aggregate::Sum, Some(1), Method::Prefix),
        (Aggregate::Mean, Some(0), Method::Prefix),
        (Aggregate::Stddev, Some(0), Method::Prefix),
        (Aggregate::Max, Some(0), Method::Extreme),
        (Aggregate::Max, Some(2), Method::Extreme),
        (Aggregate::TimeSinceLast, None, Method::Edge),
        (distinct, Some(1), Method::Values),
        (distinct, Some(2), Method::Values),
    ];
    let shapes = [
        ("1 000 entities, 100 events, 10 questions", shape(1000, 100, 10)),
        (
            "one entity, 200 000 events, 20 000 questions",
            shape(1, 200_000, 20_000),
        ),
    ];
    println!("| aggregate | shape | truth | method | its ms | by states, ms | gain |\n|---|---|---|---|---|---|---|");
    for (aggregate, lift, method) in cases {
        if only.as_deref().is_some_and(|only| only != aggregate.name()) {
            continue;
        }
        let spec = spec(aggregate, lift);
        let by_states = if aggregate.is_group() {
            Method::Deltas
        } else {
            Method::States
        };
        for (shape, (run, questions)) in &shapes {
            for (truth, delay_us) in [("complete", None), ("as of arrival", Some(0))] {
                let mut taken = [vec![], vec![]];
                for _ in 0..RUNS {
                    for (taken, method) in taken.iter_mut().zip([method, by_states]) {
                        let (before, mut times) = (processor_ns(), 0);
                        // The counter has a resolution of some milliseconds.
                        while processor_ns() - before < 60_000_000 {
                            black_box(answer((&spec, &[method; 4]), run, questions, delay_us));
                            times += 1;
                        }
                        taken.push((processor_ns() - before) / times);
                    }
                }
                let [fast, slow] = taken.map(|mut taken| {
                    taken.sort_unstable();
                    taken[RUNS / 2] as f64 / 1e6
                });
                let argument = lift.map_or_else(String::new, |lift| TYPES[lift as usize].to_string());
                println!(
                    "| {}({argument}) | {shape} | {truth} | {method:?} against {by_states:?} | {fast:.2} | {slow:.2} | {:.1} |",
                    aggregate.name(),
                    slow / fast
                );
            }
        }
    }
}
