//! A graph with every aggregate over every kind of window, and random rows for it.

use crate::operators::{accept, rows};
use crate::{Engine, Paging, Questions};
use featc_ir::plan::{Compose, Derive, FinishFeature, FinishKind, FinishSpec, FoldSpec, RowSpec, Spine, StreamGraph};
use featc_ir::{
    Aggregate, Arrival, BinaryOp, ColumnId, Excluding, Expr, ExprKind, Key, Lateness, LiftId, Literal, Slot, Source,
    SourceColumn, Status, Step, Truth, Type, Unit, Window, WindowId, WindowKind, Zone,
};
use featr_kernels::events::Events;
use featr_kernels::{Batch, Column, Value};
use proptest::prelude::*;
use std::collections::BTreeMap;

const DECIMAL: Type = Type::Decimal {
    precision: 20,
    scale: 2,
};

/// The columns of the source, in order; lifts are columns 4 to 9, the last one `x + x`.
const COLUMNS: [(&str, Type); 9] = [
    ("who", Type::String),
    ("id", Type::Int64),
    ("at", Type::Timestamp),
    ("seen", Type::Timestamp),
    ("x", Type::Int64),
    ("y", Type::Float64),
    ("s", Type::String),
    ("flag", Type::Bool),
    ("d", DECIMAL),
];
const FLAG: LiftId = LiftId(3);

/// One row of the source.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub who: Option<u8>,
    pub id: i64,
    pub at: Option<i64>,
    pub delay: i64,
    pub x: Option<i64>,
    pub y: Option<f64>,
    pub s: Option<u8>,
    pub flag: Option<bool>,
    pub d: Option<i64>,
}

impl Row {
    /// When it arrived.
    pub fn arrival(&self) -> i64 {
        self.at.unwrap_or(0) + self.delay
    }

    fn values(&self) -> Vec<Value> {
        let or_null = |value: Option<Value>| value.unwrap_or(Value::Null);
        let name = |value: Option<u8>| or_null(value.map(|n| Value::String(format!("n{n}"))));
        vec![
            name(self.who),
            Value::Int64(self.id),
            or_null(self.at.map(Value::Timestamp)),
            Value::Timestamp(self.arrival()),
            or_null(self.x.map(Value::Int64)),
            or_null(self.y.map(Value::float)),
            name(self.s),
            or_null(self.flag.map(Value::Bool)),
            or_null(self.d.map(|d| Value::Decimal(i128::from(d)))),
        ]
    }
}

/// Rows as a batch in source column order.
pub(super) fn batch(rows: &[Row]) -> Batch {
    let values: Vec<Vec<Value>> = rows.iter().map(Row::values).collect();
    let column = |(position, (_, ty)): (usize, &(&str, Type))| {
        let column: Vec<Value> = values.iter().map(|row| row[position].clone()).collect();
        Column::from_values(*ty, &column)
    };
    Batch {
        rows: rows.len(),
        columns: COLUMNS.iter().enumerate().map(column).collect(),
    }
}

pub(super) fn row() -> impl Strategy<Value = Row> {
    let x = prop_oneof![8 => -5i64..5, 1 => Just(i64::MAX), 1 => Just(i64::MIN)];
    let y = prop_oneof![6 => (-8i32..8).prop_map(|n| f64::from(n) * 0.1), 2 => any::<f64>().prop_map(|y| y + 0.0), 1 => Just(1e300), 1 => Just(f64::NAN)];
    let who = prop_oneof![6 => Just(Some(0u8)), 2 => Just(Some(1u8)), 1 => Just(None)];
    let extreme = prop_oneof![Just(i64::MIN), Just(i64::MAX - 200)].prop_map(Some);
    let at = prop_oneof![18 => (0i64..40).prop_map(Some), 1 => Just(None), 1 => extreme];
    let keys = (who, 0i64..30, at, prop_oneof![9 => 0i64..10, 1 => 0i64..100]);
    let values = (
        prop::option::weighted(0.8, x),
        prop::option::weighted(0.8, y),
        prop::option::weighted(0.8, 0u8..4),
        prop::option::weighted(0.8, any::<bool>()),
        prop::option::weighted(0.8, -1000i64..1000),
    );
    (keys, values).prop_map(|((who, id, at, delay), (x, y, s, flag, d))| Row {
        who,
        id,
        at,
        delay,
        x,
        y,
        s,
        flag,
        d,
    })
}

/// Rows, some of them copies of others that arrived at another time, and the same in a random order, cut into chunks.
pub(super) fn deliveries() -> impl Strategy<Value = (Vec<Row>, Vec<Vec<Row>>)> {
    let copies = prop::collection::vec((any::<prop::sample::Index>(), 0i64..40), 0..25);
    let cuts = prop::collection::vec(1usize..20, 12);
    (prop::collection::vec(row(), 0..90), copies, cuts)
        .prop_flat_map(|(mut rows, copies, cuts)| {
            for (copy, delay) in copies {
                if !rows.is_empty() {
                    rows.push(Row {
                        delay,
                        ..copy.get(&rows).clone()
                    });
                }
            }
            (Just(rows.clone()), Just(rows).prop_shuffle(), Just(cuts))
        })
        .prop_map(|(rows, delivered, cuts)| (rows, chunks(&delivered, &cuts)))
}

fn chunks(rows: &[Row], cuts: &[usize]) -> Vec<Vec<Row>> {
    let mut rest = rows;
    let mut chunks = Vec::new();
    for cut in cuts.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (head, tail) = rest.split_at((*cut).min(rest.len()));
        chunks.push(head.to_vec());
        rest = tail;
    }
    chunks
}

pub(super) fn paging() -> impl Strategy<Value = Paging> {
    (2usize..6, 2usize..4, 0usize..30).prop_map(|(page_rows_max, group_pages_max, plain_below)| Paging {
        page_rows_max,
        group_pages_max,
        plain_below,
    })
}

/// (t, who, id of the question's own event).
pub(super) type Ask = (i64, Option<u8>, Option<i64>);

pub(super) fn asks() -> impl Strategy<Value = Vec<Ask>> {
    let t = prop_oneof![20 => -10i64..60, 1 => Just(i64::MIN), 1 => Just(i64::MAX)];
    prop::collection::vec(
        (
            t,
            prop::option::weighted(0.9, 0u8..3),
            prop::option::weighted(0.8, 0i64..30),
        ),
        1..12,
    )
}

pub(super) fn questions(asks: &[Ask]) -> Questions {
    let who: Vec<Value> = asks
        .iter()
        .map(|(_, who, _)| who.map_or(Value::Null, |n| Value::String(format!("n{n}"))))
        .collect();
    let ids: Vec<Value> = asks
        .iter()
        .map(|(_, _, id)| id.map_or(Value::Null, Value::Int64))
        .collect();
    Questions {
        times: asks.iter().map(|(t, _, _)| *t).collect(),
        keys: vec![Column::from_values(Type::String, &who)],
        self_columns: vec![Column::from_values(Type::Int64, &ids)],
        request: vec![],
    }
}

pub(super) fn source() -> Source {
    let column = |(name, ty): &(&str, Type)| SourceColumn {
        name: (*name).to_owned(),
        ty: *ty,
        nullable: true,
        form: featc_ir::ColumnForm::default(),
    };
    Source {
        name: "txn".to_owned(),
        doc: None,
        columns: COLUMNS.iter().map(column).collect(),
        unique: vec![ColumnId(1)],
        time: ColumnId(2),
        arrival: Some(Arrival::Column(ColumnId(3))),
        delay_us: 0,
        lateness: Lateness::Within { bound_us: 30 },
        skew_us: 5,
        begins_us: Some(10),
        zone: None,
        keep_nan: true,
        batch: None,
        stream: None,
    }
}

fn column(position: u32) -> Expr {
    Expr::column(ColumnId(position), COLUMNS[position as usize].1)
}

/// Where `x + 3 > 0 or flag` (an overflow poisons the row unless `flag`), keyed by `who`.
pub(super) fn row_spec() -> RowSpec {
    let literal = |value: i64| Expr::new(ExprKind::Literal(Literal::Int64(value)), Type::Int64);
    let binary = |op, left: Expr, right: Expr, ty| Expr::new(ExprKind::Binary(op, Box::new(left), Box::new(right)), ty);
    let sum = binary(BinaryOp::Add, column(4), literal(3), Type::Int64);
    let positive = binary(BinaryOp::Greater, sum, literal(0), Type::Bool);
    let keep = binary(BinaryOp::Or, positive, column(7), Type::Bool);
    let mut lifts: Vec<Expr> = (4..9).map(column).collect();
    lifts.push(binary(BinaryOp::Add, column(4), column(4), Type::Int64));
    RowSpec {
        name: "paid".to_owned(),
        steps: vec![Step::Where(keep)],
        lets: vec![],
        time: column(2),
        at: None,
        key: vec![ColumnId(0)],
        lifts,
    }
}

/// Every kind with every exclusion.
fn windows(kinds: &[WindowKind]) -> Vec<Window> {
    let mut windows = Vec::new();
    for excluding in [Excluding::Now, Excluding::Nothing, Excluding::SelfEvent] {
        windows.extend(kinds.iter().map(|kind| Window { kind: *kind, excluding }));
    }
    windows
}

/// The window of this length; `None`: over lifetime.
pub(super) fn window(length_us: Option<i64>) -> WindowKind {
    length_us.map_or(WindowKind::Lifetime, |length_us| WindowKind::Last { length_us })
}

/// Every aggregate over every pair of lifts that it takes: aggregate, lifts, result type.
fn aggregates() -> Vec<(Aggregate, Vec<u32>, Type)> {
    let mut aggregates = Aggregate::ALL.to_vec();
    aggregates.extend(Aggregate::ALL.iter().filter_map(|aggregate| aggregate.ignoring_nulls()));
    aggregates.extend(Aggregate::ALL.iter().filter_map(|aggregate| aggregate.with_cap(2)));
    let types = [
        Type::Int64,
        Type::Float64,
        Type::String,
        Type::Bool,
        DECIMAL,
        Type::Int64,
    ];
    let lifts = 0..types.len() as u32;
    let mut arguments: Vec<Vec<u32>> = vec![vec![]];
    arguments.extend(lifts.clone().map(|lift| vec![lift]));
    arguments.extend(
        lifts
            .clone()
            .flat_map(|left| lifts.clone().map(move |right| vec![left, right])),
    );
    let mut all = vec![];
    for aggregate in aggregates {
        for lifts in &arguments {
            // Of two arguments the second ones decide most: all of them with two first ones.
            let is_one_of_many = lifts.len() == 2 && lifts[0] % 3 != 1;
            let types: Vec<Type> = lifts.iter().map(|lift| types[*lift as usize]).collect();
            if let Some(ty) = aggregate.result(&types).filter(|_| !is_one_of_many) {
                all.push((aggregate, lifts.clone(), ty));
            }
        }
    }
    all
}

pub(super) fn fold_spec() -> FoldSpec {
    let mut kinds = [Some(20), Some(3), Some(300), Some(1), None].map(window).to_vec();
    kinds.push(WindowKind::Offset {
        length_us: Some(20),
        offset_us: 3,
    });
    kinds.push(WindowKind::Events {
        count: 3,
        max_us: Some(30),
    });
    kinds.push(WindowKind::Events {
        count: 40,
        max_us: None,
    });
    kinds.push(WindowKind::Since { max_us: 30 });
    // Of one grid, so that they are walked together, and of another.
    kinds.extend(
        [(20, 7), (5, 7), (20, 3)].map(|(length_us, every_us)| WindowKind::Grid {
            length_us,
            every_us,
            after_us: 2,
            zone: Zone::UTC,
        }),
    );
    kinds.push(WindowKind::This {
        unit: Unit::Hour,
        zone: Zone::UTC,
    });
    fold_of(
        &kinds,
        vec![Some(5), None, Some(u64::MAX), Some(1)],
        &[0, 1, 2, 3, 4, 5],
    )
}

/// Every aggregate over these windows that has its argument among these lifts of [`row_spec`], which are numbered anew.
pub(super) fn fold_of(kinds: &[WindowKind], presence: Vec<Option<u64>>, lifts: &[u32]) -> FoldSpec {
    let windows = windows(kinds);
    let place = |lift: u32| lifts.iter().position(|known| *known == lift).map(LiftId::from);
    let mut slots = Vec::new();
    for (position, (aggregate, of, ty)) in aggregates().into_iter().enumerate() {
        if of.iter().any(|lift| place(*lift).is_none()) {
            continue;
        }
        for window in 0..windows.len() {
            let filter = place(FLAG.0).filter(|_| position % 3 == 2);
            slots.push(Slot {
                aggregate,
                argument: of.first().and_then(|lift| place(*lift)),
                second: of.get(1).and_then(|lift| place(*lift)),
                filter,
                since: place(FLAG.0).filter(|_| matches!(windows[window].kind, WindowKind::Since { .. })),
                window: WindowId::from(window),
                ty,
            });
        }
    }
    FoldSpec {
        entity: vec![Key {
            name: "who".to_owned(),
            ty: Type::String,
        }],
        windows,
        slots,
        presence,
        self_columns: vec![Key {
            name: "id".to_owned(),
            ty: Type::Int64,
        }],
    }
}

pub(super) fn graph() -> Vec<StreamGraph> {
    graph_of(row_spec(), fold_spec())
}

/// One chain of operators, and two services over it.
pub(super) fn graph_of(row_spec: RowSpec, fold: FoldSpec) -> Vec<StreamGraph> {
    let feature = |(position, slot): (usize, &Slot)| FinishFeature {
        view: "view".into(),
        name: format!("v__f{position}"),
        ty: slot.ty,
        kind: FinishKind::Aggregate {
            slots: vec![position as u32],
            expr: Expr::column(ColumnId(0), slot.ty),
            presence: (position % fold.presence.len()) as u32,
            window: fold.windows[slot.window.index()],
            ttl_us: Some(100),
        },
        default: None,
        output: position % 7 != 3,
    };
    let features: Vec<FinishFeature> = fold.slots.iter().enumerate().map(feature).collect();
    let outputs = features.iter().filter(|feature| feature.output).count() as u32;
    let spec = FinishSpec {
        begins_us: Some(10),
        moved_us: 0,
        source_delay_us: 0,
        features,
    };
    let (rows, mut log, answer) = featc_lower::operators(&source(), &row_spec, &fold, &spec);
    log.state_key = "s1".to_owned();
    // Without the hour for late questions, which would hide everything here.
    log.retention.keep_us = fold.reach_us();
    let service = StreamGraph {
        program: "p1".to_owned(),
        service: "svc".to_owned(),
        spine: Spine {
            keys: fold.entity.clone(),
            self_columns: fold.self_columns.clone(),
            request: vec![],
        },
        sources: vec![featc_lower::read(&source(), [&rows.rows])],
        rows: vec![rows],
        logs: vec![log],
        answers: vec![answer],
        compose: Compose((0..outputs).rev().map(|output| (0, output)).collect()),
        derive: Derive::default(),
        gated: Vec::new(),
    };
    let few = StreamGraph {
        service: "few".to_owned(),
        compose: Compose(vec![(0, 5), (0, 5)]),
        ..service.clone()
    };
    vec![service, few]
}

/// The distinct events per entity, sorted: of the accepted rows, one of each set of copies.
pub(super) fn events_slow(rows_in: &[Row]) -> BTreeMap<Vec<u8>, Events> {
    let verdict = featr_kernels::rows::accept(&source(), &batch(rows_in));
    let mut events: BTreeMap<String, Row> = BTreeMap::new();
    for row in verdict.rows() {
        let row = &rows_in[row as usize];
        let event = Row {
            delay: 0,
            ..row.clone()
        };
        events.insert(format!("{event:?}"), row.clone());
    }
    let events: Vec<Row> = events.into_values().collect();
    let spec = row_spec();
    let events = batch(&events);
    let keyed = rows::apply(&spec, &accept::accept(&source(), &events).0);
    let lifts: Vec<Type> = spec.lifts.iter().map(|lift| lift.ty).collect();
    let mut found: BTreeMap<Vec<u8>, Events> = BTreeMap::new();
    for row in 0..keyed.events.len() {
        let events = found
            .entry(keyed.entities.get(row).to_vec())
            .or_insert_with(|| Events::new(&lifts));
        events.push_from(&keyed.events, row);
    }
    for events in found.values_mut() {
        let mut order: Vec<u32> = (0..events.len() as u32).collect();
        order.sort_by(|left, right| events.key(*left as usize).cmp(&events.key(*right as usize)));
        *events = events.take(&order);
    }
    found
}

/// An engine in truth complete that was given the chunks, in order.
pub(super) fn run(paging: Paging, chunks: &[Vec<Row>]) -> Engine {
    let mut engine = Engine::with_paging(graph(), Truth::Complete, paging).expect("the graph is well formed");
    for chunk in chunks {
        engine.step("txn", &batch(chunk));
    }
    engine
}

/// An engine that goes on from its own snapshot, with other pages.
pub(super) fn restarted(engine: &Engine, paging: Paging) -> Engine {
    let (again, report) = Engine::restore_with_paging(graph(), engine.truth(), &engine.snapshot(), paging)
        .expect("an engine restores its own snapshot");
    assert!(report.is_whole() && report.dropped.is_empty(), "{report:?}");
    again
}

/// What engines that hold the entities between them answer; `front` is of the same graphs, without events.
pub(super) fn read(
    front: &Engine,
    engines: &[Engine],
    service: &str,
    questions: &Questions,
) -> Vec<(Column, Vec<Status>)> {
    let owners = front.owners(service, questions, engines.len()).unwrap();
    let known = owners.shards().into_iter().map(|shard| {
        let rows = owners.rows(shard);
        engines[shard].known(service, questions, (shard, rows)).unwrap()
    });
    let known = known.collect();
    front.compose(service, questions, &owners, known).unwrap()
}

/// The snapshot of engines that hold the entities between them, in parts.
pub(super) fn snapshot(engines: &[Engine]) -> Vec<u8> {
    let others: Vec<&Engine> = engines[1..].iter().collect();
    let mut snapshot = engines[0].begin_snapshot_with(&others);
    while engines[0].put_part_with(&others, &mut snapshot, 2) {}
    snapshot.finish()
}
