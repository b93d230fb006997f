//! How long an event in order and in disorder, and a read of seven windows take. Prints nanoseconds; asserts nothing.
//!
//! `cargo run --release -p featr-stream --example timing [name of one measurement]`

use featc_ir::plan::{Compose, FinishFeature, FinishKind, FinishSpec, FoldSpec, RowSpec, Spine, StreamGraph};
use featc_ir::{
    Aggregate, ColumnId, Excluding, Expr, Key, LiftId, Slot, Source, SourceColumn, Truth, Type, Window, WindowId,
    WindowKind,
};
use featr_kernels::{Batch, Column, Data};
use featr_stream::{Engine, Questions};
use std::time::Instant;

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
        time: Expr::column(ColumnId(2), Type::Timestamp),
        at: None,
        key: vec![ColumnId(0)],
        lifts: vec![Expr::column(ColumnId(3), Type::Float64)],
    };
    let fold = FoldSpec {
        entity: vec![key(0)],
        windows,
        slots,
        presence: vec![None],
        self_columns: vec![key(1)],
    };
    let finish = FinishSpec {
        begins_us: None,
        moved_us: 0,
        source_delay_us: 0,
        features,
    };
    let (rows, log, answer) = featc_lower::operators(&source, (&rows, &[]), &fold, &finish);
    vec![StreamGraph {
        program: String::new(),
        service: "svc".to_owned(),
        spine: Spine {
            keys: vec![key(0)],
            self_columns: vec![key(1)],
        },
        sources: vec![featc_lower::read(&source, [&rows.rows])],
        rows: vec![rows],
        logs: vec![log],
        answers: vec![answer],
        compose: Compose(columns),
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

/// Nanoseconds of a run.
fn ns(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_nanos() as f64
}

/// The least time of some runs, in nanoseconds: short runs are rarely disturbed.
fn least_ns(mut run: impl FnMut()) -> f64 {
    (0..30).map(|_| ns(&mut run)).fold(f64::INFINITY, f64::min)
}

/// The least time per event of some runs, and the engine after the last one.
fn step_all(graph: &[StreamGraph], chunks: &[Batch]) -> (f64, Engine) {
    let new = || Engine::new(graph.to_vec(), Truth::Complete).expect("a well-formed graph");
    let mut least = vec![f64::INFINITY; chunks.len()];
    let mut engine = new();
    for _ in 0..8 {
        engine = new();
        for (chunk, least) in chunks.iter().zip(&mut least) {
            *least = least.min(ns(|| drop(engine.step("txn", chunk))));
        }
    }
    let events: usize = chunks.iter().map(|chunk| chunk.rows).sum();
    (least.iter().sum::<f64>() / events as f64, engine)
}

fn measure(name: &str, aggregates: &[(Aggregate, Type)], excluding: Excluding) {
    if std::env::args().nth(1).is_some_and(|wanted| wanted != name) {
        return;
    }
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
        let (disorder, _) = step_all(&graph, &chunks(&disordered));
        let (event, engine) = step_all(&graph, &chunks(&in_order));
        let asked = 200;
        let questions = Questions {
            times: (0..asked).map(|n| (9_000 + n * 43 % 1_080) * MINUTE_US).collect(),
            keys: vec![column(
                Type::Int64,
                Data::I64((0..asked).map(|n| n % entities).collect()),
            )],
            self_columns: vec![column(
                Type::Int64,
                Data::I64((0..asked).map(|n| total - 1 - n % entities).collect()),
            )],
        };
        let answers = engine.read("svc", &questions).expect("the service's columns");
        let read = least_ns(|| drop(engine.read("svc", &questions))) / asked as f64;
        let one = |row: usize| {
            let pick = |columns: &[Column]| columns.iter().map(|column| column.slice(row..row + 1)).collect();
            Questions {
                times: vec![questions.times[row]],
                keys: pick(&questions.keys),
                self_columns: pick(&questions.self_columns),
            }
        };
        let single: Vec<Questions> = (0..200).map(one).collect();
        let read_each = || single.iter().for_each(|question| drop(engine.read("svc", question)));
        let alone = least_ns(read_each) / single.len() as f64;
        let bytes = engine.stats()[0].bytes as f64 / total as f64;
        let slots = answers.len();
        println!(
            "{name:>28} {per_entity:>6} events: {event:6.0} ns/event, {disorder:6.0} in disorder, {:6.2} µs/read of {slots} slots ({:6.2} alone), {bytes:.0} B/event",
            read / 1e3,
            alone / 1e3
        );
    }
}

fn main() {
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
    measure("sum", &[sum], Excluding::Nothing);
    measure("sum, count, max", &three, Excluding::Nothing);
    measure("the same, excluding self", &three, Excluding::SelfEvent);
    measure("and stddev, last, distinct", &six, Excluding::Nothing);
}
