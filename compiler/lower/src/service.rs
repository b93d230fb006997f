//! What both plans of a service begin from: its questions, its groups, and where its columns come out.

use crate::group::{Group, Lifts, groups};
use featc_ir::plan::{Compose, Derive, DeriveFeature, DeriveInput, Spine};
use featc_ir::{AskedFeature, Key, Program, Service, ServiceField, ServiceInput};
use std::collections::BTreeMap;

/// A service, its features grouped by transform, key, and the columns that bring it.
pub(crate) struct Grouped {
    pub spine: Spine,
    pub groups: Vec<Group>,
    pub compose: Compose,
    pub derive: Derive,
}

/// The service's groups; events carry on what `known` says.
pub(crate) fn grouped(program: &Program, service: &Service, known: &Lifts) -> Grouped {
    let mut groups = groups((program, Some(service)), &service.reads(), known);
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
    let mut outputs: BTreeMap<AskedFeature, (u32, u32)> = BTreeMap::new();
    for (place, group) in groups.iter().enumerate() {
        let of_group = group.outputs.iter();
        outputs.extend(of_group.map(|(feature, output)| (*feature, (place as u32, *output))));
    }
    let request = service.request();
    let fields = service.fields.iter().map(ServiceField::asked);
    Grouped {
        compose: Compose(fields.map(|feature| outputs[&feature]).collect()),
        derive: derive(service, &request, &outputs),
        spine: Spine {
            keys: program.service_keys(service),
            self_columns,
            request,
        },
        groups,
    }
}

/// The features of the service's own.
fn derive(service: &Service, request: &[Key], outputs: &BTreeMap<AskedFeature, (u32, u32)>) -> Derive {
    let input = |input: &ServiceInput| match input {
        ServiceInput::At => DeriveInput::At,
        ServiceInput::Field(field) => {
            let place = request.iter().position(|known| known == field);
            DeriveInput::Field(place.map_or(u32::MAX, |place| place as u32))
        }
        ServiceInput::Feature { view, feature, role } => {
            let (view, feature, role) = (*view, *feature, *role);
            let (answer, place) = outputs[&AskedFeature { view, feature, role }];
            DeriveInput::Answer(answer, place)
        }
        ServiceInput::Own(own) => DeriveInput::Own(*own),
    };
    let features = service.features.iter().map(|feature| DeriveFeature {
        name: feature.name.clone(),
        ty: feature.ty,
        inputs: feature.inputs.iter().map(input).collect(),
        expr: feature.expr.clone(),
        default: feature.default.clone(),
    });
    Derive(features.collect())
}
