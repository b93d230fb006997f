//! `ir::Program` to one [`BatchPlan`] per service.

use crate::group::groups;
use featc_ir::plan::{BatchNode, BatchPlan};
use featc_ir::{Program, Service};

/// The batch plans of all services, in declared order.
pub fn lower_batch(program: &Program) -> Vec<BatchPlan> {
    program
        .services
        .iter()
        .map(|service| lower_service(program, service))
        .collect()
}

/// The batch plan of one service of the program.
pub fn lower_service(program: &Program, service: &Service) -> BatchPlan {
    let requested: Vec<_> = service.fields.iter().map(|field| (field.view, field.feature)).collect();
    let groups = groups(program, &requested);
    let columns = service
        .fields
        .iter()
        .map(|field| {
            let find = |(place, group): (usize, &crate::group::Group)| {
                group
                    .outputs
                    .get(&(field.view, field.feature))
                    .map(|output| (place as u32, *output))
            };
            groups
                .iter()
                .enumerate()
                .find_map(find)
                .expect("every requested feature is in a group")
        })
        .collect();
    let spine = BatchNode::Spine {
        keys: program.service_keys(service),
        self_columns: program.service_self_columns(service),
    };
    let inputs = groups
        .into_iter()
        .map(|group| {
            let scan = BatchNode::Scan {
                source: program.source(group.source).clone(),
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
        program: featc_ir::hash::program_hash(program),
        service: service.name.clone(),
        root: BatchNode::Zip {
            spine: Box::new(spine),
            inputs,
            columns,
        },
    }
}
