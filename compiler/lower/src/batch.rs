//! `ir::Program` to one [`BatchPlan`] per service.

use crate::group::{groups, planned};
use featc_ir::plan::{BatchNode, BatchPlan};
use featc_ir::{Program, Service};
use std::collections::BTreeMap;

/// The batch plans of all services, in declared order.
pub fn lower_batch(program: &Program) -> Vec<BatchPlan> {
    let hash = featc_ir::hash::program_hash(program);
    program
        .services
        .iter()
        .map(|service| lower_service(program, &hash, service))
        .collect()
}

/// The batch plan of one service of the program, which has this hash.
fn lower_service(program: &Program, hash: &str, service: &Service) -> BatchPlan {
    let requested: Vec<_> = service.fields.iter().map(|field| (field.view, field.feature)).collect();
    let mut groups = groups(program, &requested);
    let self_columns = program.service_self_columns(service);
    for group in &mut groups {
        let source = program.source(group.source);
        for own in &mut group.fold.self_columns {
            let qualified = source.qualified(&own.name);
            if self_columns.iter().any(|key| key.name == qualified) {
                own.name = qualified;
            }
        }
    }
    let mut outputs = BTreeMap::new();
    for (place, group) in groups.iter().enumerate() {
        let of_group = group.outputs.iter();
        outputs.extend(of_group.map(|(feature, output)| (*feature, (place as u32, *output))));
    }
    let columns = requested.iter().map(|feature| outputs[feature]).collect();
    let spine = BatchNode::Spine {
        keys: program.service_keys(service),
        self_columns,
    };
    let inputs = groups
        .into_iter()
        .map(|group| {
            let scan = BatchNode::Scan {
                source: planned(program.source(group.source)),
            };
            let accept = BatchNode::Accept { input: Box::new(scan) };
            let rows = BatchNode::Rows {
                input: Box::new(accept),
                spec: group.rows,
            };
            let answers = BatchNode::PointInTime {
                events: Box::new(rows),
                spine: Box::new(spine.clone()),
                spec: group.fold,
            };
            BatchNode::Finish {
                input: Box::new(answers),
                spec: group.finish,
            }
        })
        .collect();
    BatchPlan {
        program: hash.to_owned(),
        service: service.name.clone(),
        root: BatchNode::Zip {
            spine: Box::new(spine),
            inputs,
            columns,
        },
    }
}
