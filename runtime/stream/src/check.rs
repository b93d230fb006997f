//! What operators rely on in the specs that they are made of.

use featc_ir::plan::{FinishKind, FinishSpec, FoldSpec, RowSpec};
use featc_ir::{Bug, Excluding, LiftId, Source, Type};

/// Checks that the fold is one of events of this transform.
pub(crate) fn log(spec: &FoldSpec, rows: &RowSpec, source: &Source) -> Result<(), Bug> {
    let ensure = |holds: bool, what: &str| match holds {
        true => Ok(()),
        false => Err(Bug(format!("log after {}: {what}", rows.name))),
    };
    ensure(spec.entity.len() == rows.key.len(), "as many keys as the rows have")?;
    let lifted = |lift: LiftId| rows.lifts.get(lift.index());
    for slot in &spec.slots {
        ensure(
            slot.window.index() < spec.windows.len(),
            "a slot's window does not exist",
        )?;
        let argument = slot.arguments().all(|lift| lifted(lift).is_some());
        ensure(argument, "an argument does not exist")?;
        let is_bool = |lift| lifted(lift).is_some_and(|expr| expr.ty == Type::Bool);
        let mut filters = slot.filter.into_iter().chain(slot.since);
        ensure(filters.all(is_bool), "a filter is no boolean lift")?;
        let arity = slot.aggregate.row().arity.contains(&slot.arguments().count());
        ensure(arity, "an aggregate has a wrong number of arguments")?;
    }
    let unique = source.identity().map(|column| column.ty);
    let mut windows = spec.windows.iter();
    let says_self = windows.any(|window| window.excluding == Excluding::SelfEvent);
    ensure(
        !says_self || spec.self_columns.iter().map(|key| key.ty).eq(unique),
        "the self columns are not the unique columns",
    )
}

/// Checks that the features are made of slots that there are, and of features before them.
pub(crate) fn finish(spec: &FinishSpec, fold: &FoldSpec) -> Result<(), Bug> {
    for (position, feature) in spec.features.iter().enumerate() {
        let fits = match &feature.kind {
            FinishKind::Aggregate { slots, presence, .. } => {
                slots.iter().all(|slot| (*slot as usize) < fold.slots.len())
                    && (*presence as usize) < fold.presence.len()
            }
            FinishKind::Derived { inputs, .. } => inputs.iter().all(|input| (*input as usize) < position),
        };
        if !fits {
            let name = &feature.name;
            return Err(Bug(format!("feature {name}: an input does not come before it")));
        }
    }
    Ok(())
}
