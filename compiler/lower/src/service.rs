//! What both plans of a service begin from: its questions, its groups, and where its columns come out.

use crate::group::{Group, Lifts, groups};
use featc_ir::plan::{Compose, Spine};
use featc_ir::{FeatureId, Program, Service, ViewId};
use std::collections::BTreeMap;

/// A service, its features grouped by transform and key.
pub(crate) struct Grouped {
    pub spine: Spine,
    pub groups: Vec<Group>,
    pub compose: Compose,
}

/// The service's groups; events carry on what `known` says.
pub(crate) fn grouped(program: &Program, service: &Service, known: &Lifts) -> Grouped {
    let requested: Vec<_> = service.fields.iter().map(|field| (field.view, field.feature)).collect();
    let mut groups = groups(program, &requested, known);
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
    let mut outputs: BTreeMap<(ViewId, FeatureId), (u32, u32)> = BTreeMap::new();
    for (place, group) in groups.iter().enumerate() {
        let of_group = group.outputs.iter();
        outputs.extend(of_group.map(|(feature, output)| (*feature, (place as u32, *output))));
    }
    Grouped {
        spine: Spine {
            keys: program.service_keys(service),
            self_columns,
        },
        groups,
        compose: Compose(requested.iter().map(|feature| outputs[feature]).collect()),
    }
}
