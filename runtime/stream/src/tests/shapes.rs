//! What is refused, and how.

use super::fixture::{Row, batch, graph, questions, run, source};
use crate::{Engine, Paging, Questions, ReadError, Reason, Rejected};
use featc_ir::plan::{FinishKind, LogId, Rows, RowsId, StreamGraph, StreamSourceId};
use featc_ir::{Arrival, BinaryOp, ColumnId, Expr, ExprKind, LiftId, Status, Step, Truth, Type, WindowId};
use featr_kernels::{Batch, Column, Value, rows};

fn row(id: i64, at: Option<i64>, delay: i64) -> Row {
    Row {
        who: Some(0),
        id,
        at,
        delay,
        x: Some(1),
        y: Some(0.5),
        s: Some(1),
        flag: Some(true),
        d: Some(1),
    }
}

#[test]
fn rejected_rows_are_named_with_their_reason() {
    let mut engine = run(Paging::default(), &[]);
    let report = engine.step(
        "txn",
        &batch(&[
            row(1, None, 0),
            row(2, Some(0), 31),
            row(3, Some(9), -6),
            row(4, Some(1), 0),
        ]),
    );
    let rejected = |row, reason| Rejected { row, reason };
    assert_eq!(
        report.rejected,
        [
            rejected(0, Reason::Row(rows::Reason::NullTime)),
            rejected(1, Reason::Row(rows::Reason::Late)),
            rejected(2, Reason::Row(rows::Reason::Ahead))
        ]
    );
    assert_eq!((report.accepted, report.logs[0].inserted), (1, 1));
    assert_eq!(report.rejected_for(Reason::Row(rows::Reason::Late)), 1);
    assert_eq!(engine.stats()[0].events, 1);
}

#[test]
fn a_batch_of_another_source_or_shape_is_rejected_whole() {
    let mut engine = run(Paging::default(), &[]);
    let rows = batch(&[row(1, Some(1), 0), row(2, Some(2), 0)]);
    let report = engine.step("other", &rows);
    assert_eq!((report.accepted, report.rejected_for(Reason::UnknownSource)), (0, 2));

    let mut narrow = rows.clone();
    narrow.columns.pop();
    let mut wrong_type = rows.clone();
    wrong_type.columns.swap(0, 1);
    let mut short = rows.clone();
    short.columns[4] = short.columns[4].slice(0..1);
    let lying = Batch {
        rows: 3,
        ..rows.clone()
    };
    for batch in [narrow, wrong_type, short, lying] {
        let report = engine.step("txn", &batch);
        assert_eq!(report.rejected_for(Reason::WrongShape), batch.rows as u64);
    }
    assert_eq!(engine.stats()[0].events, 0);
    assert_eq!(engine.step("txn", &batch(&[])).rows, 0);
}

#[test]
fn questions_of_another_shape_are_refused() {
    let engine = run(Paging::default(), &[]);
    let good = questions(&[(1, Some(0), Some(1))]);
    let read = |service: &str, questions: &Questions| engine.read(service, questions);
    assert!(read("svc", &good).is_ok());
    assert_eq!(read("no", &good), Err(ReadError::UnknownService("no".to_owned())));
    let without_self = Questions {
        self_columns: vec![],
        ..good.clone()
    };
    let wrong_type = Questions {
        keys: vec![Column::from_values(Type::Int64, &[Value::Int64(1)])],
        ..good.clone()
    };
    let too_long = Questions {
        times: vec![1, 2],
        ..good
    };
    for questions in [without_self, wrong_type, too_long] {
        let refused = read("svc", &questions).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the questions do not have the columns (who: string, id: int64)"
        );
    }
}

#[test]
fn nobody_gets_defaults_and_the_status_missing() {
    let engine = run(Paging::default(), &[vec![row(1, Some(20), 0)]]);
    let answers = engine
        .read("svc", &questions(&[(20, None, None), (3_600_000_400, Some(2), None)]))
        .unwrap();
    assert!(answers.iter().all(|(_, statuses)| statuses[1] == Status::Missing));
    assert!(
        answers
            .iter()
            .all(|(_, statuses)| matches!(statuses[0], Status::Missing | Status::Truncated))
    );
}

/// A graph that refers to what is not there is a bug.
#[test]
fn broken_graphs_are_refused() {
    let change = |what: fn(&mut StreamGraph)| {
        let mut graphs = graph();
        what(&mut graphs[0]);
        Engine::new(graphs, Truth::Complete).err().map(|bug| bug.0)
    };
    assert_eq!(change(|_| {}), None);
    let broken: [fn(&mut StreamGraph); 17] = [
        |graph| graph.rows[0].input = StreamSourceId(1),
        |graph| graph.logs[0].input = RowsId(1),
        |graph| graph.answers[0].input = LogId(1),
        |graph| graph.compose.0[0].0 = 1,
        |graph| graph.compose.0[0].1 = 100_000,
        |graph| graph.spine.keys.clear(),
        |graph| graph.spine.self_columns[0].ty = Type::String,
        |graph| graph.answers[0].fold.slots[0].argument = Some(LiftId(6)),
        |graph| graph.answers[0].fold.slots[0].filter = Some(LiftId(0)),
        |graph| graph.answers[0].fold.slots[0].window = WindowId(99),
        |graph| graph.answers[0].pages.of_slots[0] = 100_000,
        |graph| graph.answers[0].pages.walks[0].stops[0].slots[0] = 100_000,
        |graph| graph.answers[0].pages.walks[0].stops.reverse(),
        |graph| drop(graph.answers[0].pages.walks.pop()),
        |graph| graph.answers[0].fold.self_columns.clear(),
        |graph| graph.program = "p2".to_owned(),
        |graph| graph.service = "few".to_owned(),
    ];
    for (position, what) in broken.into_iter().enumerate() {
        assert!(change(what).is_some(), "change {position}");
    }
    let mut graphs = graph();
    for graph in &mut graphs {
        // One of the windows is over lifetime.
        graph.logs[0].retention.keep_us = Some(1 << 60);
    }
    let bug = Engine::new(graphs, Truth::Complete).err().map(|bug| bug.0);
    assert!(bug.is_some_and(|bug| bug.contains("kept for less")));
    let rows: fn(&mut StreamGraph) = |graph| graph.rows[0].rows.key.columns[0] = ColumnId(9);
    assert_eq!(change(rows), Some("transform paid: broken column reference".to_owned()));
    let finish: fn(&mut StreamGraph) = |graph| {
        if let FinishKind::Aggregate { slots, .. } = &mut graph.answers[0].finish.features[0].kind {
            slots[0] = 100_000;
        }
    };
    assert!(change(finish).is_some_and(|bug| bug.contains("v__f0")));
}

/// Copies of an event may differ in their arrival: a transform that reads it, wherever, is a bug.
#[test]
fn transforms_that_read_the_arrival_are_refused() {
    let seen = || Expr::column(ColumnId(3), Type::Timestamp);
    let again = || {
        let same = ExprKind::Binary(BinaryOp::Equal, Box::new(seen()), Box::new(seen()));
        Expr::new(same, Type::Bool)
    };
    let changes: [&dyn Fn(&mut Rows); 5] = [
        &|rows| rows.steps.steps.push(Step::Where(again())),
        &|rows| rows.steps.steps.insert(0, Step::Let(seen())),
        &|rows| rows.place.time = seen(),
        &|rows| rows.key.columns[0] = ColumnId(3),
        &|rows| rows.lift.0.push(again()),
    ];
    for (position, change) in changes.into_iter().enumerate() {
        let refused = |arrival: Option<Arrival>| {
            let mut graphs = graph();
            for graph in &mut graphs {
                graph.sources[0].accept.arrival = arrival;
                change(&mut graph.rows[0].rows);
            }
            Engine::new(graphs, Truth::Complete).err().map(|bug| bug.0)
        };
        let bug = "transform paid: it reads the arrival column".to_owned();
        assert_eq!(refused(source().arrival), Some(bug), "change {position}");
        // Of a source that has no arrival column, this one may be read.
        assert_eq!(refused(None), None, "change {position}");
        assert_eq!(refused(Some(Arrival::Static)), None, "change {position}");
        assert_eq!(
            refused(Some(Arrival::AfterTime { offset_us: 0 })),
            None,
            "change {position}"
        );
    }
}

/// Two transforms read one source, in one graph or in two; a log of one state key is kept once.
#[test]
fn readers_of_one_source_share_its_acceptance() {
    let mut graphs = graph();
    let first = &mut graphs[0];
    first.rows.push(first.rows[0].clone());
    first.rows[1].rows.steps.transform = "paid again".to_owned();
    first.logs.push(first.logs[0].clone());
    first.logs[1].input = RowsId(1);
    first.logs.push(first.logs[0].clone());
    first.logs[2].state_key = "s2".to_owned();
    let mut engine = Engine::new(graphs, Truth::Complete).unwrap();
    let report = engine.step("txn", &batch(&[row(1, Some(1), 0), row(2, None, 0)]));
    assert_eq!((report.rows, report.accepted, report.rejected.len()), (2, 1, 1));
    let inserted: Vec<(u32, u64)> = report.logs.iter().map(|log| (log.log.0, log.inserted)).collect();
    assert_eq!(inserted, [(0, 1), (1, 1), (2, 1)]);
}
