//! `ir::Program` to the [`StreamGraph`] that keeps every view of the program.

use crate::group::{groups, planned};
use featc_ir::hash::{program_hash, state_key};
use featc_ir::plan::{Operator, OperatorId, OperatorKind, StreamGraph, StreamService};
use featc_ir::{FeatureId, Program, SourceId, ViewId};
use std::collections::BTreeMap;

/// The stream graph of the whole program: sources and acceptance once, then one log per transform and key.
pub fn lower_stream(program: &Program) -> StreamGraph {
    let every: Vec<(ViewId, FeatureId)> = program
        .views
        .iter()
        .enumerate()
        .flat_map(|(view, declared)| {
            (0..declared.features.len()).map(move |feature| (ViewId::from(view), FeatureId::from(feature)))
        })
        .collect();
    let mut operators: Vec<Operator> = Vec::new();
    let mut accepted: BTreeMap<SourceId, OperatorId> = BTreeMap::new();
    let mut outputs: BTreeMap<(ViewId, FeatureId), (OperatorId, u32)> = BTreeMap::new();
    for group in groups(program, &every) {
        let source = program.source(group.source);
        let accept = *accepted.entry(group.source).or_insert_with(|| {
            let source = planned(source);
            let rows = add(&mut operators, OperatorKind::Source { source }, vec![]);
            add(&mut operators, OperatorKind::Accept, vec![rows])
        });
        let state_key = state_key(source, &group.rows, &group.fold);
        let rows = add(&mut operators, OperatorKind::Rows { spec: group.rows }, vec![accept]);
        let log = add(
            &mut operators,
            OperatorKind::Log {
                spec: group.fold,
                state_key,
            },
            vec![rows],
        );
        let finish = add(&mut operators, OperatorKind::Finish { spec: group.finish }, vec![log]);
        outputs.extend(
            group
                .outputs
                .into_iter()
                .map(|(feature, place)| (feature, (finish, place))),
        );
    }
    let services = program
        .services
        .iter()
        .map(|service| StreamService {
            name: service.name.clone(),
            keys: program.service_keys(service),
            self_columns: program.service_self_columns(service),
            columns: service
                .fields
                .iter()
                .map(|field| outputs[&(field.view, field.feature)])
                .collect(),
        })
        .collect();
    StreamGraph {
        program: program_hash(program),
        operators,
        services,
    }
}

fn add(operators: &mut Vec<Operator>, kind: OperatorKind, inputs: Vec<OperatorId>) -> OperatorId {
    operators.push(Operator { kind, inputs });
    OperatorId(operators.len() as u32 - 1)
}
