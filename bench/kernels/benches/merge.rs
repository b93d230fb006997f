//! The merge, aggregate by aggregate, per chunk of about 32 768 events and 4 096 questions.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use featc_ir::plan::{FoldSpec, Method};
use featc_ir::{Aggregate, Cut, Excluding, LiftId, Slot, Type, Window, WindowId, WindowKind};
use featr_bench::{HOUR, log};
use featr_merge::{Questions, Run, answer};

const ENTITIES: usize = 1365;
const EVENTS: usize = 24;
const ASKED: usize = 3;

fn chunk() -> (Run, Questions) {
    // A few entities have most of the events.
    let factor = |entity: usize| if entity % 100 == 0 { 20 } else { 1 };
    log((0..ENTITIES).map(|entity| (EVENTS * factor(entity), ASKED * factor(entity))))
}

fn spec(aggregates: &[Aggregate]) -> FoldSpec {
    let window = |kind| Window {
        kind,
        excluding: Excluding::Nothing,
    };
    let lengths = [1, 24, 7 * 24, 30 * 24].map(|hours| WindowKind::Last {
        length_us: hours * HOUR,
    });
    let windows = lengths.into_iter().chain([WindowKind::Lifetime]).map(window).collect();
    let slots = aggregates.iter().flat_map(|aggregate| {
        let lasts = matches!(aggregate, Aggregate::Last { .. });
        let windows = if lasts { 4..5 } else { 0..4 };
        windows.map(|window| Slot {
            aggregate: *aggregate,
            argument: (*aggregate != Aggregate::Count).then_some(LiftId(0)),
            second: None,
            filter: None,
            since: None,
            window: WindowId(window),
            ty: if *aggregate == Aggregate::Count {
                Type::Int64
            } else {
                Type::Float64
            },
        })
    });
    FoldSpec {
        entity: vec![],
        windows,
        slots: slots.collect(),
        presence: vec![Some((30 * 24 * HOUR).unsigned_abs())],
        self_columns: vec![],
    }
}

/// The one that plans say.
fn method(aggregate: Aggregate) -> Method {
    let all = [Method::Prefix, Method::Extreme, Method::Edge];
    let found = all.into_iter().find(|method| method.serves(aggregate));
    found.expect("an aggregate of this benchmark")
}

fn answers(c: &mut Criterion) {
    let (run, questions) = chunk();
    let last = Aggregate::Last { ignoring_nulls: false };
    let all = [Aggregate::Count, Aggregate::Sum, Aggregate::Mean, Aggregate::Max, last];
    let mut group = c.benchmark_group("merge");
    group.throughput(Throughput::Elements(questions.len() as u64));
    let mut bench = |name: &str, aggregates: &[Aggregate], delay_us| {
        let spec = spec(aggregates);
        let methods = spec.slots.iter().map(|slot| method(slot.aggregate));
        let methods: Vec<Method> = methods.collect();
        group.bench_function(name, |b| {
            b.iter(|| answer((&spec, &methods), &run, &questions, Cut::from(delay_us)))
        });
    };
    bench("spans and presence", &[], None);
    bench("count", &all[..1], None);
    bench("sum", &all[1..2], None);
    bench("mean", &all[2..3], None);
    bench("max", &all[3..4], None);
    bench("last", &all[4..], None);
    bench("stddev", &[Aggregate::Stddev], None);
    bench("17 slots", &all, None);
    bench("17 slots, as of arrival", &all, Some(0));
    bench(
        "17 slots, as of arrival, an hour behind",
        &all,
        Some(HOUR.unsigned_abs()),
    );
}

criterion_group!(benches, answers);
criterion_main!(benches);
