//! What each method of the merge gains over states, in processor time: a table for docs/benchmarks.md. Asserts nothing.
//!
//! `cargo bench --manifest-path bench/kernels/Cargo.toml --bench methods [name of an aggregate]` (Linux)

use featc_ir::plan::{FoldSpec, Method};
use featc_ir::{Aggregate, Cut, Excluding, LiftId, Slot, Type, Window, WindowId, WindowKind};
use featr_bench::{HOUR, TYPES, log};
use featr_merge::answer;
use std::hint::black_box;

const RUNS: usize = 7;

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
        since: None,
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
    // Cargo says `--bench` as well.
    let only = std::env::args().skip(1).find(|said| !said.starts_with('-'));
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
        (Aggregate::Median { cap: 1_000_000 }, Some(0), Method::Ranks),
        (Aggregate::Mode { cap: 1_000_000 }, Some(1), Method::Ranks),
    ];
    let shapes = [
        ("1 000 entities, 100 events, 10 questions", log([(100, 10); 1000])),
        ("one entity, 200 000 events, 20 000 questions", log([(200_000, 20_000)])),
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
                            black_box(answer((&spec, &[method; 4]), run, questions, Cut::from(delay_us)));
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
