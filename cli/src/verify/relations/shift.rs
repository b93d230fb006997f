//! All instants shifted by one length: what depends on distances alone stays.

use super::super::engines::Ground;
use super::super::sample::views_of;
use super::Changed;
use featc_ir::{
    Aggregate, Expr, ExprKind, Feature, FeatureId, FeatureKind, Function, LiftId, Literal, Step, Type, View, ViewId,
    WindowKind,
};
use featr::{Column, Value};
use featr_model::Model;

/// 53 weeks: a multiple of every length that programs usually name.
const SHIFT_US: i64 = 53 * 7 * 86_400_000_000;
/// Beyond this, sums of instants and lengths could leave the range of timestamps.
const FAR_US: i64 = i64::MAX / 4;

/// Shifts the timestamps of all rows and questions, and says which features may rightly change by it.
pub fn shift(ground: &Ground<'_>, changed: &mut Changed) -> Result<(), String> {
    changed.excluded = excluded(ground, changed);
    if changed.excluded.iter().all(Option::is_some) {
        let why = changed.excluded.iter().flatten().next().cloned().unwrap_or_default();
        return Err(format!("no feature depends on distances alone: {why}"));
    }
    let case = &mut changed.case;
    let mut columns: Vec<&mut Column> = Vec::new();
    for events in &mut case.sources {
        columns.extend(events.rows.columns.iter_mut());
    }
    columns.extend(case.asked.columns.iter_mut().map(|(_, column)| column));
    for column in columns {
        if column.ty == Type::Timestamp {
            *column = shifted(column).ok_or("an instant lies near the end of the range of timestamps")?;
        }
    }
    for time in &mut case.asked.times {
        *time = moved(*time).ok_or("an instant lies near the end of the range of timestamps")?;
    }
    changed.what = format!("by {}", featc_ir::window::format_duration(SHIFT_US));
    Ok(())
}

fn moved(us: i64) -> Option<i64> {
    (-FAR_US..FAR_US).contains(&us).then_some(us + SHIFT_US)
}

fn shifted(column: &Column) -> Option<Column> {
    let values = column.values().into_iter().map(|value| match value {
        Value::Timestamp(us) => moved(us).map(Value::Timestamp),
        other => Some(other),
    });
    let values: Option<Vec<Value>> = values.collect();
    Some(Column::from_values(column.ty, &values?))
}

/// Per feature of the service: why a shift may change it.
fn excluded(ground: &Ground<'_>, changed: &Changed) -> Vec<Option<String>> {
    let rows = changed.case.model_rows(ground.ir, None);
    let model = Model::new(ground.ir, &rows);
    let tied: Vec<ViewId> = views_of(ground)
        .into_iter()
        .map(|(id, _)| id)
        .filter(|id| has_ties(&model, *id))
        .collect();
    let fields = ground.service.fields.iter();
    fields
        .map(|field| why(ground, field.view, field.feature, tied.contains(&field.view)).map(str::to_owned))
        .collect()
}

/// Whether events of an entity have one time and identity: a hash of the rows orders them, which instants are part of.
fn has_ties(model: &Model<'_>, view: ViewId) -> bool {
    let tied = |events: &[featr_model::source::Event]| {
        let same = |pair: &[featr_model::source::Event]| pair[0].time_us == pair[1].time_us && pair[0].id == pair[1].id;
        events.windows(2).any(same)
    };
    model.view_events(view).by_entity.values().any(|events| tied(events))
}

fn why(ground: &Ground<'_>, view: ViewId, feature: FeatureId, is_tied: bool) -> Option<&'static str> {
    const CALENDAR: &str = "it depends on the calendar, or on instants that the program names";
    let view = ground.ir.view(view);
    if is_instant(view.feature(feature).ty) {
        return Some("its value is an instant");
    }
    let windows = view.windows_of(feature);
    let is_last = |kind: WindowKind| matches!(kind, WindowKind::Last { .. });
    if ground.ir.view_source(view).begins_us.is_some() && windows.iter().any(|window| is_last(window.kind)) {
        return Some("its source says when it `begins`");
    }
    let transform = ground.ir.transform(view.transform);
    let steps = transform.steps.iter().map(|step| match step {
        Step::Where(expr) | Step::Let(expr) => expr,
    });
    if steps.chain([&transform.time]).any(names_instants) {
        return Some(CALENDAR);
    }
    for feature in inputs(view, feature) {
        if names_instants(feature_expr(feature)) || (is_instant(feature.ty) && feature.default.is_some()) {
            return Some(CALENDAR);
        }
        let FeatureKind::Aggregate { slots, .. } = &feature.kind else {
            continue;
        };
        for slot in slots.iter().map(|slot| view.slot(*slot)) {
            let lifts: Vec<LiftId> = slot.argument.into_iter().chain(slot.filter).collect();
            if lifts.into_iter().any(|lift| names_instants(view.lift(lift))) {
                return Some(CALENDAR);
            }
            let picks = matches!(slot.aggregate, Aggregate::First { .. } | Aggregate::Last { .. });
            let picks = picks || slot.aggregate.items().is_some();
            if is_tied && picks {
                return Some("events of one time and identity are ordered by a hash of their rows");
            }
        }
    }
    None
}

/// A feature with all that it is derived from.
fn inputs(view: &View, feature: FeatureId) -> Vec<&Feature> {
    let mut found = vec![feature];
    let mut next = 0;
    while next < found.len() {
        if let FeatureKind::Derived { inputs, .. } = &view.feature(found[next]).kind {
            let new: Vec<FeatureId> = inputs.iter().copied().filter(|input| !found.contains(input)).collect();
            found.extend(new);
        }
        next += 1;
    }
    found.into_iter().map(|id| view.feature(id)).collect()
}

fn feature_expr(feature: &Feature) -> &Expr {
    match &feature.kind {
        FeatureKind::Aggregate { expr, .. } | FeatureKind::Derived { expr, .. } => expr,
    }
}

/// Whether values of the type are instants, or lists of them.
fn is_instant(ty: Type) -> bool {
    match ty {
        Type::Timestamp | Type::Date => true,
        Type::List(of) => is_instant(*of),
        _ => false,
    }
}

/// Whether an expression reads an instant as something else than a distance to others.
fn names_instants(expr: &Expr) -> bool {
    let mut left = vec![expr];
    while let Some(expr) = left.pop() {
        let names = match &expr.kind {
            ExprKind::Literal(Literal::Timestamp(_) | Literal::Date(_)) => true,
            ExprKind::Cast(inner) => is_instant(expr.ty) || is_instant(inner.ty),
            ExprKind::Call(function, _) => is_of_calendar(*function),
            // Dates are not shifted: a distance between one and an instant would change.
            _ => expr.ty == Type::Date || expr.ty == Type::List(&Type::Date),
        };
        if names {
            return true;
        }
        left.extend(expr.children());
    }
    false
}

fn is_of_calendar(function: Function) -> bool {
    matches!(
        function,
        Function::Year
            | Function::Month
            | Function::DayOfMonth
            | Function::DayOfWeek
            | Function::DayOfYear
            | Function::Hour
            | Function::Minute
            | Function::DateOf
            | Function::Truncate
    )
}
