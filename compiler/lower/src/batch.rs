//! `ir::Program` to one [`BatchPlan`] per service.

use crate::choose::{self, Engine};
use crate::group::Lifts;
use crate::service::grouped;
use featc_ir::hash::program_hash;
use featc_ir::plan::{BatchPlan, FinishSpec, FoldSpec, Pipeline, RowSpec};
use featc_ir::{Program, Source};

/// The batch plans of all services, in declared order.
pub fn lower_batch(program: &Program) -> Vec<BatchPlan> {
    let hash = program_hash(program);
    let plan = |service: &featc_ir::Service| {
        let grouped = grouped(program, service, &Lifts::new());
        let pipelines = grouped.groups.iter().map(|group| {
            let source = program.source(group.source);
            let mut pipeline = pipeline(source, &group.rows, &group.fold, &group.finish);
            pipeline.fold.asked_by.clone_from(&group.asked_by);
            pipeline
        });
        BatchPlan {
            program: hash.clone(),
            service: service.name.clone(),
            pipelines: pipelines.collect(),
            spine: grouped.spine,
            compose: grouped.compose,
            derive: grouped.derive,
        }
    };
    program.services.iter().map(plan).collect()
}

/// From the rows of a source to features.
pub fn pipeline(source: &Source, rows: &RowSpec, fold: &FoldSpec, finish: &FinishSpec) -> Pipeline {
    let rows = choose::rows(rows, &fold.entity);
    Pipeline {
        scan: choose::scan(source, [&rows]),
        accept: choose::accept(source),
        rows,
        dedup: choose::dedup(source),
        order: choose::order(),
        restrict: choose::restrict(fold),
        fold: choose::fold(fold, source, Engine::Batch),
        finish: choose::finish(finish),
    }
}
