//! Engines that hold the entities between them are one engine.

use super::fixture::{asks, batch, deliveries, fold_of, graph_of, questions, read, row_spec, snapshot, window};
use crate::{Cuts, Engine, StepReport};
use featc_ir::Truth;
use featc_ir::plan::StreamGraph;
use proptest::prelude::*;

fn graph() -> Vec<StreamGraph> {
    let windows = [window(Some(20)), window(Some(3)), window(None)];
    graph_of(row_spec(), fold_of(&windows, vec![Some(5), None], &[0, 1, 2, 3, 4, 5]))
}

fn fresh() -> Engine {
    Engine::new(graph(), Truth::AsServed).unwrap()
}

fn divided(engine: Engine, shards: usize) -> Vec<Engine> {
    engine.divide((1..shards).map(|_| fresh()).collect()).unwrap()
}

/// Steps rows in by way of the stage.
fn step(engines: &mut [Engine], chunk: &featr_kernels::Batch) -> StepReport {
    let mut staged = fresh().stage("txn", chunk, engines.len());
    for (engine, part) in engines.iter_mut().zip(&staged.parts) {
        let mut report = StepReport::default();
        engine.take_in(part, &mut report);
        staged.report.add(report);
    }
    staged.report.finish();
    staged.report
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Rows in any order, cuts that move, releases, a restart with another number of shards: answers, what is counted and the
    /// snapshot are those of one engine.
    #[test]
    fn their_number_leaves_no_trace(
        (_, chunks) in deliveries(), asks in asks(), numbers in (1usize..6, 1usize..6), turn in 0usize..12,
        mut moves in prop::collection::vec(prop::option::of(-10i64..120), 12),
    ) {
        moves.sort();
        let mut one = fresh();
        let mut engines = divided(fresh(), numbers.0);
        for (position, chunk) in chunks.iter().enumerate() {
            let chunk = batch(chunk);
            let (alone, staged) = (one.step("txn", &chunk), step(&mut engines, &chunk));
            prop_assert_eq!((staged.rows, staged.accepted, staged.expired), (alone.rows, alone.accepted, alone.expired));
            prop_assert_eq!(&staged.rejected, &alone.rejected);
            prop_assert_eq!(&staged.logs, &alone.logs);
            if let Some(cut_us) = moves.get(position).copied().flatten() {
                let cuts = Cuts::from([("txn".to_owned(), cut_us)]);
                one.let_in(&cuts).unwrap();
                for engine in &mut engines {
                    engine.let_in(&cuts).unwrap();
                }
            }
            if position == turn {
                let bytes = snapshot(&engines);
                let whole = Engine::restore(graph(), Truth::AsServed, &bytes).unwrap().0;
                engines = divided(whole, numbers.1);
            }
        }
        let questions = questions(&asks);
        for service in ["svc", "few"] {
            prop_assert_eq!(read(&fresh(), &engines, service, &questions), one.read(service, &questions).unwrap());
        }
        prop_assert_eq!(snapshot(&engines), one.snapshot());
    }
}
