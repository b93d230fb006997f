//! A small service: purchases by user, and by user and shop.

use crate::{Inputs, SpineData};
use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};
use featc_ir::plan::{
    BatchPlan, Compose, Derive, FinishFeature, FinishKind, FinishSpec, FoldSpec, Pipeline, RowSpec, Spine,
};
use featc_ir::{
    Aggregate, Arrival, ColumnId, Excluding, Expr, FileFormat, FileSet, Key, Lateness, LiftId, Literal, Slot, Source,
    SourceColumn, Truth, Type, Window, WindowId, WindowKind,
};
use featr_kernels::{Batch, Column, Value};
use std::sync::Arc;

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
/// 2024-01-01T00:00:00Z.
pub(super) const NOW: i64 = 1_704_067_200 * SECOND;

fn key(name: &str) -> Key {
    Key {
        name: name.into(),
        ty: Type::String,
    }
}

fn source(batch: Option<FileSet>) -> Source {
    let columns = [
        ("id", Type::Int64),
        ("at", Type::Timestamp),
        ("seen", Type::Timestamp),
        ("user", Type::String),
        ("shop", Type::String),
        ("amount", Type::Float64),
        ("note", Type::String),
    ];
    Source {
        arrival: Some(Arrival::Column(ColumnId(2))),
        delay_us: 10 * SECOND as u64,
        lateness: Lateness::Within {
            bound_us: 2 * HOUR as u64,
        },
        batch,
        ..Source::plain(
            "shop_events",
            columns
                .map(|(name, ty)| SourceColumn {
                    name: name.into(),
                    ty,
                    nullable: name != "at",
                    form: featc_ir::ColumnForm::default(),
                })
                .to_vec(),
            vec![ColumnId(0)],
            ColumnId(1),
        )
    }
}

/// Id, seconds before NOW, seconds until it was seen, user, shop, amount.
type Row = (i64, i64, i64, Option<&'static str>, &'static str, f64);

const EVENTS: [Row; 6] = [
    (1, 3_700, 0, Some("ann"), "x", 0.1),
    (2, 5, 3, Some("ann"), "x", 0.2),
    (2, 5, 1, Some("ann"), "x", 0.2),           // a copy
    (3, 20_000, 10_000, Some("ann"), "x", 9.0), // late
    (4, 100, 0, Some("bob"), "y", 5.0),
    (5, 50, 0, None, "y", 7.0),
];

pub(super) fn events() -> Batch {
    let column =
        |ty, of: &dyn Fn(usize) -> Value| Column::from_values(ty, &(0..EVENTS.len()).map(of).collect::<Vec<_>>());
    let text = |text: Option<&str>| text.map_or(Value::Null, |text| Value::String(text.into()));
    let time = |row: usize| NOW - EVENTS[row].1 * SECOND;
    Batch::from_columns(vec![
        column(Type::Int64, &|row| Value::Int64(EVENTS[row].0)),
        column(Type::Timestamp, &|row| Value::Timestamp(time(row))),
        column(Type::Timestamp, &|row| {
            Value::Timestamp(time(row) + EVENTS[row].2 * SECOND)
        }),
        column(Type::String, &|row| text(EVENTS[row].3)),
        column(Type::String, &|row| text(Some(EVENTS[row].4))),
        column(Type::Float64, &|row| Value::Float64(EVENTS[row].5)),
        column(Type::String, &|_| Value::Null),
    ])
}

/// The same as a file, and a line that is no record.
pub(super) fn jsonl() -> String {
    let stamp = |us: i64| {
        let seconds = us / SECOND - (NOW - 86_400 * SECOND) / SECOND;
        let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
        if seconds >= 86_400 {
            format!("2024-01-01T{:02}:{minutes:02}:{:02}Z", hours - 24, seconds % 60)
        } else {
            format!("2023-12-31T{hours:02}:{minutes:02}:{:02}Z", seconds % 60)
        }
    };
    let mut text = String::from("{broken\n");
    for (id, before, lag, user, shop, amount) in EVENTS {
        let at = NOW - before * SECOND;
        let user = user.map_or("null".to_owned(), |user| format!("{user:?}"));
        text.push_str(&format!(
            "{{\"id\":{id},\"at\":\"{}\",\"seen\":\"{}\",\"user\":{user},\"shop\":{shop:?},\"amount\":{amount:?}}}\n",
            stamp(at),
            stamp(at + lag * SECOND)
        ));
    }
    text
}

/// Questions of (user, instant), all about shop x.
pub(super) fn spine(asked: &[(Option<&str>, i64)]) -> SpineData {
    let texts = |values: Vec<Option<String>>| Arc::new(StringArray::from(values)) as ArrayRef;
    let users: Vec<Option<String>> = asked.iter().map(|(user, _)| user.map(str::to_owned)).collect();
    let rows = asked.len();
    let times: Vec<i64> = asked.iter().map(|(_, time)| *time).collect();
    let instants = TimestampMicrosecondArray::from(times.clone()).with_timezone("UTC");
    let batch = RecordBatch::try_from_iter([
        ("user", texts(users.clone())),
        ("shop", texts(vec![Some("x".into()); rows])),
        ("t", Arc::new(instants) as ArrayRef),
        ("note", texts((0..rows).map(|row| Some(format!("q{row}"))).collect())),
    ]);
    let batch = batch.expect("a spine");
    let users: Vec<Value> = users
        .into_iter()
        .map(|user| user.map_or(Value::Null, Value::String))
        .collect();
    let shops = vec![Value::String("x".into()); rows];
    let two = rows.min(2);
    SpineData {
        schema: batch.schema(),
        batches: vec![batch.slice(0, two), batch.slice(two, rows - two)],
        times: times.into(),
        columns: vec![
            (key("user"), Column::from_values(Type::String, &users)),
            (key("shop"), Column::from_values(Type::String, &shops)),
            (
                Key {
                    name: "id".into(),
                    ty: Type::Int64,
                },
                Column::new(Type::Int64, rows),
            ),
        ],
    }
}

pub(super) fn inputs() -> Inputs {
    let asked = [
        (Some("ann"), NOW),
        (Some("zoe"), NOW),
        (None, NOW),
        (Some("ann"), NOW - HOUR),
        (Some("bob"), NOW),
    ];
    let mut inputs = Inputs::new(spine(&asked));
    inputs.events.insert("shop_events".into(), vec![events()]);
    inputs.with_status = true;
    inputs.truth = Truth::Complete;
    inputs.threads = 2;
    inputs
}

fn feature(name: &str, ty: Type, slot: u32, window: Window, default: Option<Literal>) -> FinishFeature {
    let kind = FinishKind::Aggregate {
        slots: vec![slot],
        expr: Expr::column(ColumnId(0), ty),
        presence: 0,
        window,
        ttl_us: None,
    };
    FinishFeature {
        view: "view".into(),
        name: name.into(),
        ty,
        kind,
        default,
        output: true,
    }
}

fn view(
    source: &Source,
    entity: &[&str],
    slots: Vec<Slot>,
    windows: Vec<Window>,
    features: Vec<FinishFeature>,
) -> Pipeline {
    let rows = RowSpec {
        name: source.name.clone(),
        steps: vec![],
        lets: vec![],
        time: Expr::column(source.time, Type::Timestamp),
        at: None,
        key: entity
            .iter()
            .map(|name| ColumnId(if *name == "user" { 3 } else { 4 }))
            .collect(),
        lifts: vec![Expr::column(ColumnId(5), Type::Float64)],
    };
    let mut self_columns = vec![];
    if windows.iter().any(|window| window.excluding == Excluding::SelfEvent) {
        self_columns.push(Key {
            name: "id".into(),
            ty: Type::Int64,
        });
    }
    let keys = entity.iter().map(|name| key(name)).collect();
    let fold = FoldSpec {
        entity: keys,
        windows,
        slots,
        presence: vec![None],
        self_columns,
    };
    let finish = FinishSpec {
        begins_us: None,
        moved_us: 0,
        source_delay_us: source.delay_us,
        features,
    };
    featc_lower::pipeline(source, &rows, &fold, &finish)
}

/// The two views; `excluding` is what their windows of a day exclude.
fn plan_over(source: &Source, excluding: Excluding) -> BatchPlan {
    let day = Window {
        kind: WindowKind::Last { length_us: 24 * HOUR },
        excluding,
    };
    let ever = Window {
        kind: WindowKind::Lifetime,
        excluding: Excluding::SelfEvent,
    };
    let slot = |aggregate, argument: Option<u32>, window, ty| Slot {
        aggregate,
        argument: argument.map(LiftId),
        second: None,
        filter: None,
        since: None,
        window: WindowId(window),
        ty,
    };
    let by_user = view(
        source,
        &["user"],
        vec![
            slot(Aggregate::Count, None, 0, Type::Int64),
            slot(Aggregate::Last { ignoring_nulls: false }, Some(0), 1, Type::Float64),
        ],
        vec![day, ever],
        vec![
            feature("u__n", Type::Int64, 0, day, Some(Literal::Int64(0))),
            feature("u__last", Type::Float64, 1, ever, None),
        ],
    );
    let by_both = view(
        source,
        &["user", "shop"],
        vec![slot(Aggregate::Sum, Some(0), 0, Type::Float64)],
        vec![day],
        vec![feature("s__sum", Type::Float64, 0, day, None)],
    );
    let id = Key {
        name: "id".into(),
        ty: Type::Int64,
    };
    BatchPlan {
        program: "0".into(),
        service: "risk".into(),
        spine: Spine {
            keys: vec![key("user"), key("shop")],
            self_columns: vec![id],
            request: vec![],
        },
        pipelines: vec![by_user, by_both],
        compose: Compose(vec![(0, 0), (1, 0), (0, 1)]),
        derive: Derive::default(),
    }
}

pub(super) fn plan() -> BatchPlan {
    plan_over(&source(None), Excluding::Nothing)
}

/// The first view over one source, the second over another.
pub(super) fn plan_of_two(first: &str, second: &str) -> BatchPlan {
    let named = |name: &str| Source {
        name: name.into(),
        ..source(None)
    };
    let mut plan = plan_over(&named(first), Excluding::Nothing);
    let mut other = plan_over(&named(second), Excluding::Nothing);
    plan.pipelines[1] = other.pipelines.remove(1);
    plan
}

pub(super) fn plan_excluding_now() -> BatchPlan {
    plan_over(&source(None), Excluding::Now)
}

pub(super) fn plan_of_parquet(path: &str) -> BatchPlan {
    let files = FileSet {
        format: FileFormat::Parquet,
        version: None,
        paths: vec![path.into()],
    };
    plan_over(&source(Some(files)), Excluding::Nothing)
}

pub(super) fn plan_of_files(path: &str) -> BatchPlan {
    let files = FileSet {
        format: FileFormat::Jsonl,
        version: None,
        paths: vec![path.into()],
    };
    plan_over(&source(Some(files)), Excluding::Nothing)
}
