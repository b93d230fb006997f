//! The streaming engine: events in order and in disorder, and reads of seven windows, at 500 and 10 000 events per entity.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use featc_ir::plan::{Compose, Derive, FinishFeature, FinishKind, FinishSpec, FoldSpec, RowSpec, Spine, StreamGraph};
use featc_ir::{
    Aggregate, ColumnId, Excluding, Expr, Key, LiftId, Slot, Source, SourceColumn, Truth, Type, Window, WindowId,
    WindowKind,
};
use featr_kernels::{Batch, Column, Data};
use featr_stream::{Engine, Questions};

const MINUTE_US: i64 = 60_000_000;

fn graph(aggregates: &[(Aggregate, Type)], excluding: Excluding) -> Vec<StreamGraph> {
    let columns = [
        ("card", Type::Int64),
        ("id", Type::Int64),
        ("at", Type::Timestamp),
        ("amount", Type::Float64),
    ];
    let declared = columns.map(|(name, ty)| SourceColumn {
        name: name.to_owned(),
        ty,
        nullable: false,
        form: featc_ir::ColumnForm::default(),
    });
    let source = Source::plain("txn", declared.to_vec(), vec![ColumnId(1)], ColumnId(2));
    let key = |position: usize| Key {
        name: columns[position].0.to_owned(),
        ty: columns[position].1,
    };
    let windows: Vec<Window> = [5, 30, 60, 360, 1440, 4320, 10080]
        .map(|minutes| Window {
            kind: WindowKind::Last {
                length_us: minutes * MINUTE_US,
            },
            excluding,
        })
        .to_vec();
    let slot = |(aggregate, ty): &(Aggregate, Type), window: usize| Slot {
        aggregate: *aggregate,
        argument: (*aggregate != Aggregate::Count).then_some(LiftId(0)),
        second: None,
        filter: None,
        since: None,
        window: WindowId::from(window),
        ty: *ty,
    };
    let slots: Vec<Slot> = aggregates
        .iter()
        .flat_map(|a| (0..windows.len()).map(move |w| (a, w)))
        .map(|(a, w)| slot(a, w))
        .collect();
    let feature = |(position, slot): (usize, &Slot)| FinishFeature {
        view: "view".into(),
        name: format!("f{position}"),
        ty: slot.ty,
        kind: FinishKind::Aggregate {
            slots: vec![position as u32],
            expr: Expr::column(ColumnId(0), slot.ty),
            presence: 0,
            window: windows[slot.window.index()],
            ttl_us: None,
        },
        default: None,
        output: true,
    };
    let features: Vec<FinishFeature> = slots.iter().enumerate().map(feature).collect();
    let columns = (0..features.len() as u32).map(|output| (0, output)).collect();
    let rows = RowSpec {
        name: "txn".to_owned(),
        steps: vec![],
        lets: vec![],
        time: Expr::column(ColumnId(2), Type::Timestamp),
        at: None,
        key: vec![ColumnId(0)],
        lifts: vec![Expr::column(ColumnId(3), Type::Float64)],
    };
    let fold = FoldSpec {
        entity: vec![key(0)],
        windows,
        slots,
        presence: vec![Some(10_080 * MINUTE_US as u64)],
        self_columns: vec![key(1)],
    };
    let finish = FinishSpec {
        begins_us: None,
        moved_us: 0,
        source_delay_us: 0,
        features,
    };
    let (rows, log, answer) = featc_lower::operators(&source, &rows, &fold, &finish);
    vec![StreamGraph {
        program: String::new(),
        service: "svc".to_owned(),
        spine: Spine {
            keys: vec![key(0)],
            self_columns: vec![key(1)],
            request: vec![],
        },
        sources: vec![featc_lower::read(&source, [&rows.rows])],
        rows: vec![rows],
        logs: vec![log],
        answers: vec![answer],
        compose: Compose(columns),
        derive: Derive::default(),
        gated: Vec::new(),
    }]
}

fn column(ty: Type, data: Data) -> Column {
    Column { ty, data, tags: None }
}

/// Events spread over seven days; entities in turn.
fn events(rows: &[i64], entities: i64, per_entity: i64) -> Batch {
    let at = |n: i64| n / entities * (10_080 * MINUTE_US / per_entity);
    let amount = |n: i64| (n % 9_973) as f64 * 0.37;
    Batch {
        rows: rows.len(),
        columns: vec![
            column(Type::Int64, Data::I64(rows.iter().map(|n| n % entities).collect())),
            column(Type::Int64, Data::I64(rows.to_vec())),
            column(Type::Timestamp, Data::I64(rows.iter().copied().map(at).collect())),
            column(Type::Float64, Data::F64(rows.iter().copied().map(amount).collect())),
        ],
    }
}

/// An engine that has taken in all chunks.
fn filled(graph: &[StreamGraph], chunks: &[Batch]) -> Engine {
    let mut engine = Engine::new(graph.to_vec(), Truth::Complete).expect("a well-formed graph");
    for chunk in chunks {
        engine.step("txn", chunk);
    }
    engine
}

/// Questions about the last day, entities in turn; each excludes one of the last events.
fn questions(asked: i64, entities: i64, total: i64) -> Questions {
    let of = |value: &dyn Fn(i64) -> i64| column(Type::Int64, Data::I64((0..asked).map(value).collect()));
    Questions {
        times: (0..asked).map(|n| (9_000 + n * 43 % 1_080) * MINUTE_US).collect(),
        keys: vec![of(&|n| n % entities)],
        self_columns: vec![of(&|n| total - 1 - n % entities)],
        request: vec![],
    }
}

fn measure(criterion: &mut Criterion, name: &str, aggregates: &[(Aggregate, Type)], excluding: Excluding) {
    let mut group = criterion.benchmark_group(format!("stream: {name}"));
    group.sample_size(10);
    for (entities, per_entity) in [(200i64, 500i64), (10, 10_000)] {
        let total = entities * per_entity;
        let chunks = |order: &[i64]| -> Vec<Batch> {
            let chunks = order.chunks(1_000);
            chunks.map(|rows| events(rows, entities, per_entity)).collect()
        };
        let graph = graph(aggregates, excluding);
        let in_order: Vec<i64> = (0..total).collect();
        // 7919 is prime, and no factor of the totals.
        let disordered: Vec<i64> = in_order.iter().map(|n| n * 7_919 % total).collect();
        for (order, rows) in [("events in order", &in_order), ("events in disorder", &disordered)] {
            let chunks = chunks(rows);
            group.throughput(Throughput::Elements(total as u64));
            group.bench_function(BenchmarkId::new(order, per_entity), |bencher| {
                bencher.iter_with_large_drop(|| filled(&graph, &chunks));
            });
        }
        let engine = filled(&graph, &chunks(&in_order));
        let asked = 200;
        let together = questions(asked, entities, total);
        group.throughput(Throughput::Elements(asked as u64));
        group.bench_function(BenchmarkId::new("questions together", per_entity), |bencher| {
            bencher.iter(|| engine.read("svc", &together).expect("the service's columns"));
        });
        let one = |row: usize| {
            let pick = |columns: &[Column]| columns.iter().map(|column| column.slice(row..row + 1)).collect();
            Questions {
                times: vec![together.times[row]],
                keys: pick(&together.keys),
                self_columns: pick(&together.self_columns),
                request: vec![],
            }
        };
        let mut next = (0..asked as usize).cycle().map(one);
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("a question alone", per_entity), |bencher| {
            let question = || next.next().expect("without end");
            let answer = |question| engine.read("svc", &question).expect("the service's columns");
            bencher.iter_batched(question, answer, BatchSize::SmallInput);
        });
    }
    group.finish();
}

fn stream(criterion: &mut Criterion) {
    let sum = (Aggregate::Sum, Type::Float64);
    let three = [sum, (Aggregate::Count, Type::Int64), (Aggregate::Max, Type::Float64)];
    let six = [
        three[0],
        three[1],
        three[2],
        (Aggregate::Stddev, Type::Float64),
        (Aggregate::Last { ignoring_nulls: false }, Type::Float64),
        (Aggregate::CountDistinct { cap: 100_000 }, Type::Int64),
    ];
    measure(criterion, "sum", &[sum], Excluding::Nothing);
    measure(criterion, "sum, count, max", &three, Excluding::Nothing);
    measure(criterion, "the same, excluding self", &three, Excluding::SelfEvent);
    measure(criterion, "and stddev, last, distinct", &six, Excluding::Nothing);
}

criterion_group!(benches, stream);
criterion_main!(benches);
