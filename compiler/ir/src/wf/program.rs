//! Well-formedness: what every later phase may rely on. A violation is a bug of the phase before.

use crate::Bug;
use crate::expr::{Expr, ExprKind};
use crate::id::{RoleId, ViewId};
use crate::program::{
    Arrival, FeatureKind, Key, Lateness, Program, Service, ServiceInput, Source, Step, Transform, View,
};
use crate::types::Type;

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), Bug> {
    if holds { Ok(()) } else { Err(Bug(what())) }
}

fn columns_in_range(expr: &Expr, width: usize, owner: &str) -> Result<(), Bug> {
    let mut worst = None;
    expr.for_each_column(&mut |id| {
        if id.index() >= width {
            worst = Some(id);
        }
    });
    ensure(worst.is_none(), || {
        format!("{owner} reads column {worst:?} of a row of {width}")
    })
}

/// Checks ids, column references and the types that later phases match on.
///
/// # Errors
/// The first violation.
pub fn check(program: &Program) -> Result<(), Bug> {
    for source in &program.sources {
        let width = source.columns.len();
        let ids = source.unique.iter().chain([&source.time]);
        ensure(ids.clone().all(|id| id.index() < width), || {
            format!("source {}: column out of range", source.name)
        })?;
        ensure(!source.unique.is_empty(), || {
            format!("source {} has no identity", source.name)
        })?;
        let is_static = source.arrival == Some(Arrival::Static);
        let bounded = source.delay_us != 0 || source.lateness != Lateness::Unbounded;
        ensure(!(is_static && bounded), || {
            format!("source {} is static and waits for rows", source.name)
        })?;
        let unfit = source.columns.iter().find(|column| !column.form.fits(column.ty));
        ensure(unfit.is_none(), || {
            format!("source {}: a column has a form that its type cannot have", source.name)
        })?;
        let time = source.columns[source.time.index()].ty;
        ensure(time == Type::Timestamp, || {
            format!("source {}: event time is {time}", source.name)
        })?;
    }
    for transform in &program.transforms {
        ensure(transform.source.index() < program.sources.len(), || {
            format!("{}: no such source", transform.name)
        })?;
        let mut width = program.source(transform.source).columns.len();
        for step in &transform.steps {
            match step {
                Step::Where(predicate) => {
                    columns_in_range(predicate, width, &transform.name)?;
                    ensure(predicate.ty == Type::Bool, || {
                        format!("{}: where of {}", transform.name, predicate.ty)
                    })?;
                }
                Step::Let(value) => {
                    columns_in_range(value, width, &transform.name)?;
                    width += 1;
                }
            }
        }
        ensure(width == transform.columns.len(), || {
            format!("{}: columns do not match its steps", transform.name)
        })?;
        columns_in_range(&transform.time, width, &transform.name)?;
        check_at(transform, program.source(transform.source))?;
    }
    for view in &program.views {
        check_view(program, view)?;
    }
    for service in &program.services {
        for field in &service.fields {
            let known = program
                .views
                .get(field.view.index())
                .is_some_and(|v| field.feature.index() < v.features.len());
            ensure(known && is_role(service, field.role, field.view), || {
                format!("service {}: field {} leads nowhere", service.name, field.name)
            })?;
        }
        check_service(program, service)?;
    }
    Ok(())
}

/// Whether a role is one of a view's.
fn is_role(service: &Service, role: Option<RoleId>, view: ViewId) -> bool {
    let Some(role) = role else { return true };
    service.roles.get(role.index()).is_some_and(|role| role.view == view)
}

/// The roles of a service; what its features read, and their types.
fn check_service(program: &Program, service: &Service) -> Result<(), Bug> {
    for role in &service.roles {
        let view = program.views.get(role.view.index());
        let entity = view.and_then(|view| program.entities.get(view.entity.index()));
        let types = |keys: &[Key]| keys.iter().map(|key| key.ty).collect::<Vec<_>>();
        let is_typed = entity.is_some_and(|entity| types(&entity.keys) == types(&role.keys));
        ensure(is_typed, || {
            format!("service {}: role {}: its keys", service.name, role.name)
        })?;
    }
    for (place, feature) in service.features.iter().enumerate() {
        let wrong = |what: &str| Bug(format!("service {}: feature {}: {what}", service.name, feature.name));
        let ty = |input: &ServiceInput| match input {
            ServiceInput::At => Some(Type::Timestamp),
            ServiceInput::Field(field) => Some(field.ty),
            ServiceInput::Feature { view, feature, role } => {
                let features = &program.views.get(view.index())?.features;
                let feature = features.get(feature.index())?;
                is_role(service, *role, *view).then_some(feature.ty)
            }
            ServiceInput::Own(own) => {
                let before = &service.features[..place];
                Some(before.get(*own as usize)?.ty)
            }
        };
        let inputs: Option<Vec<Type>> = feature.inputs.iter().map(ty).collect();
        let inputs = inputs.filter(|inputs| !inputs.is_empty());
        let inputs = inputs.ok_or_else(|| wrong("an input is not there"))?;
        feature.expr.check_types(&inputs).map_err(|why| wrong(&why))?;
        let default = feature.default.as_ref();
        let is_typed = feature.expr.ty == feature.ty && default.is_none_or(|default| default.is_of(feature.ty));
        ensure(is_typed, || wrong("its type").0)?;
    }
    Ok(())
}

/// An event time that is not the source's own has its bounds.
fn check_at(transform: &Transform, source: &Source) -> Result<(), Bug> {
    let name = &transform.name;
    let own = transform.time.kind == ExprKind::Column(source.time);
    match transform.at {
        None => ensure(own, || format!("{name}: a time of its own without bounds")),
        Some(at) => {
            ensure(at.source_time == source.time, || {
                format!("{name}: bounds of another source's time")
            })?;
            ensure(at.within_us.is_some() || source.begins_us.is_none(), || {
                format!("{name}: the source begins, and nothing bounds the time")
            })
        }
    }
}

fn check_view(program: &Program, view: &View) -> Result<(), Bug> {
    let name = &view.name;
    ensure(view.transform.index() < program.transforms.len(), || {
        format!("view {name}: no such transform")
    })?;
    ensure(view.entity.index() < program.entities.len(), || {
        format!("view {name}: no such entity")
    })?;
    let row = &program.transform(view.transform).columns;
    let keys = &program.entity(view.entity).keys;
    let same = view.key.len() == keys.len()
        && view
            .key
            .iter()
            .zip(keys)
            .all(|(id, key)| row.get(id.index()).is_some_and(|c| c.ty == key.ty));
    ensure(same, || format!("view {name}: key columns do not match its entity"))?;
    for lift in &view.lifts {
        columns_in_range(lift, row.len(), name)?;
    }
    for slot in &view.slots {
        ensure(slot.lifts().all(|lift| lift.index() < view.lifts.len()), || {
            format!("view {name}: lift out of range")
        })?;
        ensure(slot.window.index() < view.windows.len(), || {
            format!("view {name}: window out of range")
        })?;
        ensure(slot.says_since(view.window(slot.window)), || {
            format!("view {name}: since when a window holds events")
        })?;
        let mut filters = slot.filter.into_iter().chain(slot.since);
        let boolean = filters.all(|filter| view.lift(filter).ty == Type::Bool);
        ensure(boolean, || format!("view {name}: filter is not a bool"))?;
    }
    for feature in &view.features {
        let owner = format!("{name}.{}", feature.name);
        match &feature.kind {
            FeatureKind::Aggregate { slots, expr } => {
                ensure(slots.iter().all(|s| s.index() < view.slots.len()), || {
                    format!("{owner}: slot out of range")
                })?;
                columns_in_range(expr, slots.len(), &owner)?;
                ensure(!slots.is_empty(), || format!("{owner} folds nothing"))?;
                let window = view.slot(slots[0]).window;
                ensure(slots.iter().all(|s| view.slot(*s).window == window), || {
                    format!("{owner}: two windows")
                })?;
                ensure(expr.ty == feature.ty, || format!("{owner}: type of its expression"))?;
            }
            FeatureKind::Derived { inputs, expr } => {
                ensure(inputs.iter().all(|i| i.index() < view.features.len()), || {
                    format!("{owner}: input out of range")
                })?;
                columns_in_range(expr, inputs.len(), &owner)?;
                ensure(expr.ty == feature.ty, || format!("{owner}: type of its expression"))?;
            }
        }
    }
    acyclic(view)
}

/// Whether no feature is derived from itself: features are taken away while all their inputs have been.
fn acyclic(view: &View) -> Result<(), Bug> {
    let mut done = vec![false; view.features.len()];
    loop {
        let mut progress = false;
        for (position, feature) in view.features.iter().enumerate() {
            let ready = match &feature.kind {
                FeatureKind::Aggregate { .. } => true,
                FeatureKind::Derived { inputs, .. } => inputs.iter().all(|input| done[input.index()]),
            };
            if ready && !done[position] {
                done[position] = true;
                progress = true;
            }
        }
        if !progress {
            break;
        }
    }
    ensure(done.into_iter().all(|done| done), || {
        format!("view {}: a feature is derived from itself", view.name)
    })
}
