//! Each kernel of the batch path alone, per chunk of 32 768 rows (4 096 questions).

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use featc_ir::plan::{FinishFeature, FinishKind, FinishSpec, RowSpec};
use featc_ir::{Arrival, ColumnId, Excluding, Expr, Lateness, Source, SourceColumn, Status, Type, Window, WindowKind};
use featr_kernels::exact::{ExactSum, FixedSums, PrefixExact};
use featr_kernels::finish::{Answers, Lag, finish};
use featr_kernels::{Batch, Column, Data, identity, rows};

const ROWS: usize = 32_768;
const QUESTIONS: usize = 4096;

/// Amounts of money that look random and are the same each time.
fn amounts() -> Vec<f64> {
    let word = |row: usize| (row as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    (0..ROWS).map(|row| (word(row) % 500_000) as f64 / 100.0).collect()
}

fn exact(c: &mut Criterion) {
    let values = amounts();
    let mut group = c.benchmark_group("exact");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("add", |b| {
        b.iter(|| {
            let mut sum = ExactSum::new();
            values.iter().for_each(|value| sum.add_f64(*value));
            sum.round()
        });
    });
    group.bench_function("prefix, limbs", |b| b.iter(|| PrefixExact::floats(&values, |_| true)));
    group.bench_function("prefix, fixed point", |b| {
        b.iter(|| FixedSums::floats(&values, |_| true))
    });
    let (limbs, fixed) = (
        PrefixExact::floats(&values, |_| true),
        FixedSums::floats(&values, |_| true),
    );
    let ranges: Vec<(usize, usize)> = (0..QUESTIONS).map(|at| (at * 7, at * 7 + at % 23 + 1)).collect();
    group.throughput(Throughput::Elements(QUESTIONS as u64));
    group.bench_function("mean of a range, limbs", |b| {
        let mean = |(low, high): &(usize, usize)| limbs.range(*low..*high).div_round((high - low) as u64);
        b.iter(|| ranges.iter().map(mean).sum::<f64>());
    });
    let Some(fixed) = fixed else { return };
    let difference = |low: usize, high: usize| fixed.sums()[high] - fixed.sums()[low];
    group.bench_function("sum of a range, fixed point", |b| {
        let sum = |(low, high): &(usize, usize)| fixed.unit().round(difference(*low, *high));
        b.iter(|| ranges.iter().map(sum).sum::<f64>());
    });
    group.bench_function("mean of a range, fixed point", |b| {
        let mean = |(low, high): &(usize, usize)| fixed.unit().divide(difference(*low, *high), (high - low) as u64);
        b.iter(|| ranges.iter().map(mean).sum::<f64>());
    });
}

fn source() -> Source {
    let columns = [
        ("id", Type::Int64),
        ("user", Type::Int64),
        ("amount", Type::Float64),
        ("at", Type::Timestamp),
        ("seen", Type::Timestamp),
    ];
    let columns = columns.map(|(name, ty)| SourceColumn {
        name: name.to_owned(),
        ty,
        nullable: true,
        form: featc_ir::ColumnForm::default(),
    });
    Source {
        name: "orders".to_owned(),
        doc: None,
        columns: columns.to_vec(),
        unique: vec![ColumnId(0)],
        time: ColumnId(3),
        arrival: Some(Arrival::Column(ColumnId(4))),
        delay_us: 0,
        lateness: Lateness::Within {
            bound_us: 86_400_000_000,
        },
        skew_us: 0,
        begins_us: None,
        zone: None,
        keep_nan: false,
        batch: None,
        stream: None,
    }
}

fn batch() -> Batch {
    let column = |ty, data| Column { ty, data, tags: None };
    let words = |step: i64, from: i64| Data::I64((0..ROWS as i64).map(|row| from + row * step).collect());
    Batch::from_columns(vec![
        column(Type::Int64, words(1, 0)),
        column(Type::Int64, words(7919, 0)),
        column(Type::Float64, Data::F64(amounts())),
        column(Type::Timestamp, words(1_000_003, 0)),
        column(Type::Timestamp, words(1_000_003, 900_000)),
    ])
}

fn row_stage(c: &mut Criterion) {
    let (source, batch) = (source(), batch());
    let mut group = c.benchmark_group("rows");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("accept", |b| b.iter(|| rows::accept(&source, &batch)));
    group.bench_function("digests", |b| b.iter(|| rows::digests(&source, &batch)));
    group.bench_function("order keys", |b| {
        b.iter(|| identity::order_keys(&batch, &source.unique))
    });
    let spec = RowSpec {
        name: "spend".to_owned(),
        steps: vec![],
        lets: vec![],
        time: Expr::column(ColumnId(3), Type::Timestamp),
        at: None,
        key: vec![ColumnId(1)],
        lifts: vec![Expr::column(ColumnId(2), Type::Float64)],
    };
    group.bench_function("apply", |b| b.iter(|| rows::apply(&spec, &batch)));
}

/// 17 features over 17 slots; `empty_every`-th questions have empty windows.
fn finishing(c: &mut Criterion) {
    const FEATURES: u32 = 17;
    let window = Window {
        kind: WindowKind::Last {
            length_us: 3_600_000_000,
        },
        excluding: Excluding::Nothing,
    };
    let feature = |slot: u32| FinishFeature {
        view: "view".into(),
        name: format!("f{slot}"),
        ty: Type::Float64,
        kind: FinishKind::Aggregate {
            slots: vec![slot],
            expr: Expr::column(ColumnId(0), Type::Float64),
            presence: 0,
            window,
            ttl_us: None,
        },
        default: None,
        output: true,
    };
    let spec = FinishSpec {
        begins_us: Some(0),
        moved_us: 0,
        source_delay_us: 0,
        features: (0..FEATURES).map(feature).collect(),
    };
    let times: Vec<i64> = (0..QUESTIONS as i64).map(|row| row * 2_000_000).collect();
    let empty = |row: usize| row.is_multiple_of(3);
    let tags = (0..QUESTIONS).map(|row| u8::from(empty(row))).collect();
    let values = Data::F64(amounts()[..QUESTIONS].to_vec());
    let status = |row| if empty(row) { Status::Empty } else { Status::Ok };
    let slot = (
        Column::with_tags(Type::Float64, values, Some(tags)),
        (0..QUESTIONS).map(status).collect(),
    );
    let answers = || Answers {
        times: &times,
        slots: vec![slot.clone(); FEATURES as usize],
        presence: vec![(0..QUESTIONS).map(|row| row % 7 != 0).collect()],
    };
    let mut group = c.benchmark_group("finish");
    group.throughput(Throughput::Elements(QUESTIONS as u64));
    group.bench_function("17 features", |b| {
        b.iter_batched(
            answers,
            |answers| finish(&spec, answers, Lag::All(None), None),
            criterion::BatchSize::LargeInput,
        );
    });
}

criterion_group!(benches, exact, row_stage, finishing);
criterion_main!(benches);
