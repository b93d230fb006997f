//! Of a plan: what is folded of rows, and what features make of it.

use super::{Wrong, are_different, are_names, ensure, is_span, rows};
use crate::plan::{FinishKind, FinishSpec, Fold, FoldSpec, Method, RowSpec, Rows, Visibility};
use crate::program::{Arrival, Key, Source, SourceColumn, Step, retention_us};
use crate::types::Type;
use crate::window::Excluding;

/// Checks the fold of what `rows` gives; `lifts` are their types.
fn fold(spec: &FoldSpec, (rows, lifts): (&RowSpec, &[Type]), source: &Source) -> Result<(), Wrong> {
    let wrong = |what: &str| format!("fold of `{}`: {what}", rows.name);
    ensure(
        !spec.entity.is_empty() && are_names(spec.entity.iter().map(|key| key.name.as_str())),
        || wrong("names of keys"),
    )?;
    let mut row: Vec<Type> = source.columns.iter().map(|column| column.ty).collect();
    row.extend(rows.steps.iter().filter_map(|step| match step {
        Step::Let(value) => Some(value.ty),
        Step::Where(_) => None,
    }));
    let keys: Vec<Type> = rows.key.iter().map(|id| row[id.index()]).collect();
    ensure(spec.entity.iter().map(|key| key.ty).eq(keys), || wrong("types of keys"))?;
    ensure(spec.windows.iter().all(|window| window.kind.is_valid()), || {
        wrong("the length of a window")
    })?;
    // Engines keep what is equal once, and answer it once.
    ensure(
        are_different(&spec.windows) && are_different(&spec.slots) && are_different(&spec.presence),
        || wrong("a window, an aggregate or a lookback twice"),
    )?;
    for slot in &spec.slots {
        ensure(slot.window.index() < spec.windows.len(), || {
            wrong("a window is not there")
        })?;
        let ty = |lift: crate::LiftId| lifts.get(lift.index()).copied();
        let arguments: Option<Vec<Type>> = slot.arguments().map(ty).collect();
        let arguments = arguments.ok_or_else(|| wrong("an argument is not there"))?;
        let mut filters = slot.filter.into_iter().chain(slot.since).map(ty);
        ensure(filters.all(|ty| ty == Some(Type::Bool)), || {
            wrong("a filter that is no bool")
        })?;
        ensure(slot.says_since(&spec.windows[slot.window.index()]), || {
            wrong("since when a window holds events")
        })?;
        ensure(slot.is_typed(&arguments), || wrong("the type of an aggregate"))?;
    }
    let says_self = spec
        .windows
        .iter()
        .any(|window| window.excluding == Excluding::SelfEvent);
    // In a batch plan the name says the source where something else of the service has the name of the identity column.
    let is_own = |(key, column): (&Key, &SourceColumn)| {
        key.ty == column.ty && (key.name == column.name || key.name == source.qualified(&column.name))
    };
    ensure(
        if says_self {
            spec.self_columns.len() == source.unique.len()
                && spec.self_columns.iter().zip(source.identity()).all(is_own)
        } else {
            spec.self_columns.is_empty()
        },
        || wrong("the columns of `excluding self`"),
    )
}

/// Checks the finish of a fold of what `rows` gives; gives how many features leave it.
fn finish(spec: &FinishSpec, (rows, fold): (&RowSpec, &FoldSpec), source: &Source) -> Result<u32, Wrong> {
    ensure(
        (spec.begins_us, spec.source_delay_us) == (source.begins_us, source.delay_us),
        || format!("features of source `{}`: `begins` or `delay` is another", source.name),
    )?;
    let within_us = rows.at.map_or(Some(0), |at| at.within_us);
    let moved_us = source.begins_us.map_or(Some(0), |_| within_us);
    ensure(moved_us == Some(spec.moved_us) && is_span(spec.moved_us), || {
        format!("features of transform `{}`: how far events are moved", rows.name)
    })?;
    for (place, feature) in spec.features.iter().enumerate() {
        let wrong = |what: &str| format!("feature `{}`: {what}", feature.name);
        // A name of its own has no view in it.
        let is_own = !feature.name.contains("__");
        ensure(
            is_own || feature.name.starts_with(&format!("{}__", feature.view)),
            || wrong("its view"),
        )?;
        let (expr, inputs) = match &feature.kind {
            FinishKind::Aggregate {
                slots,
                expr,
                presence,
                window,
                ttl_us,
            } => {
                let found: Option<Vec<_>> = slots.iter().map(|slot| fold.slots.get(*slot as usize)).collect();
                let found = found.filter(|found| !found.is_empty());
                let found = found.ok_or_else(|| wrong("an aggregate is not there"))?;
                let is_one = found.iter().all(|slot| fold.windows[slot.window.index()] == *window);
                ensure(is_one, || wrong("its window is another"))?;
                let lookback = fold.presence.get(*presence as usize);
                ensure(lookback == Some(&retention_us([window.kind], source.lateness)), || {
                    wrong("how far it looks back")
                })?;
                let never_behind = source.arrival == Some(Arrival::Static);
                ensure(ttl_us.is_none_or(|us| is_span(us) && !never_behind), || {
                    wrong("its ttl")
                })?;
                (expr, found.into_iter().map(|slot| slot.ty).collect::<Vec<_>>())
            }
            FinishKind::Derived { inputs, expr } => {
                let before = &spec.features[..place];
                let found: Option<Vec<_>> = inputs.iter().map(|input| before.get(*input as usize)).collect();
                let found = found.filter(|found| !found.is_empty());
                let found = found.ok_or_else(|| wrong("an input does not come before it"))?;
                (expr, found.into_iter().map(|input| input.ty).collect())
            }
        };
        expr.check_types(&inputs).map_err(|why| wrong(&why))?;
        ensure(expr.ty == feature.ty, || wrong("its type"))?;
        let default = feature.default.as_ref();
        ensure(default.is_none_or(|default| default.is_of(feature.ty)), || {
            wrong("its default")
        })?;
    }
    Ok(spec.features.iter().map(|feature| u32::from(feature.output)).sum())
}

/// Whether a plan's aggregates and methods are those that engines of this kind can run.
fn methods(fold: &Fold, source: &Source, is_stream: bool) -> Result<(), Wrong> {
    let wrong = |what: &str| format!("fold of events of `{}`: {what}", source.name);
    let seen = Visibility::of(source);
    let visibilities = fold.slots.iter().map(|slot| slot.visibility);
    let mut visibilities = visibilities.chain(fold.presence.iter().map(|presence| presence.visibility));
    ensure(
        !fold.slots.is_empty() && visibilities.all(|of_slot| of_slot == seen),
        || wrong("what is visible"),
    )?;
    for slot in &fold.slots {
        let is_run = match is_stream {
            true => slot.method == Method::Pages,
            false => slot.method.serves(slot.aggregate),
        };
        ensure(is_run && slot.version == slot.aggregate.version(), || {
            wrong("a method or version that no engine has")
        })?;
    }
    Ok(())
}

/// Checks the operators that both plans have from a source to its features; gives how many of these leave.
pub(super) fn events(
    (rows_of, source_of): (&Rows, &Source),
    (fold_of, folded): (&Fold, &FoldSpec),
    finished: &FinishSpec,
    is_stream: bool,
) -> Result<u32, Wrong> {
    let spec = rows_of.spec();
    let lets = spec.steps.iter().filter(|step| matches!(step, Step::Let(_))).count();
    ensure(lets == rows_of.steps.lets.len(), || {
        format!("transform `{}`: names of its columns", spec.name)
    })?;
    let lifts = rows::rows(&spec, source_of)?;
    fold(folded, (&spec, &lifts), source_of)?;
    methods(fold_of, source_of, is_stream)?;
    finish(finished, (&spec, folded), source_of)
}
