//! All instants shifted by one length: what depends on distances alone stays.

use super::super::engines::Ground;
use super::super::sample::views_of;
use super::Changed;
use featc_ir::function::Signature;
use featc_ir::{
    Aggregate, Expr, ExprKind, Feature, FeatureId, FeatureKind, Function, Literal, ServiceInput, SlotId, Step,
    Transform, Type, View, ViewId,
};
use featr::{Column, Value};
use featr_model::Model;

/// 53 weeks: a multiple of every length that programs usually name.
const SHIFT_US: i64 = 53 * 7 * 86_400_000_000;
/// Beyond this, an instant that is moved by a few lengths could leave the range of timestamps: 9 000 years.
const FAR_US: i64 = i64::MAX / 32;
const CALENDAR: &str = "it depends on the calendar, or on instants that the program names";

/// Shifts the timestamps of all rows and questions, and says which features may rightly change by it.
pub fn shift(ground: &Ground<'_>, changed: &mut Changed) -> Result<(), String> {
    changed.excluded = excluded(ground, changed);
    if changed.excluded.iter().all(Option::is_some) {
        let columns = ground.fields.names.iter().zip(&changed.excluded);
        let first = columns.filter_map(|(name, why)| Some(format!(", such as `{name}`: {}", why.as_ref()?)));
        let first = first.take(1).collect::<String>();
        return Err(format!("no feature depends on distances alone{first}"));
    }
    let case = &mut changed.case;
    let mut columns: Vec<&mut Column> = Vec::new();
    for events in &mut case.sources {
        columns.extend(events.rows.columns.iter_mut());
    }
    columns.extend(case.asked.columns.iter_mut().map(|(_, column)| column));
    for column in columns {
        if matches!(column.ty, Type::Timestamp | Type::List(Type::Timestamp)) {
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
    (-FAR_US..FAR_US).contains(&us).then(|| us + SHIFT_US)
}

fn shifted(column: &Column) -> Option<Column> {
    fn shifted_value(value: Value) -> Option<Value> {
        match value {
            Value::Timestamp(us) => moved(us).map(Value::Timestamp),
            Value::List(items) => items
                .into_iter()
                .map(shifted_value)
                .collect::<Option<_>>()
                .map(Value::List),
            other => Some(other),
        }
    }
    let values: Option<Vec<Value>> = column.values().into_iter().map(shifted_value).collect();
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
    let of_feature = |view: ViewId, feature| why(ground, view, feature, tied.contains(&view));
    let fields = ground.service.fields.iter();
    let fields = fields.map(|field| of_feature(field.view, field.feature));
    let own = ground.service.features.iter().enumerate().map(|(place, feature)| {
        if holds_instants(feature.ty) {
            return Some("its value is an instant");
        }
        let named = names_instants(&feature.expr);
        let asks = || feature.inputs.contains(&ServiceInput::At).then_some(CALENDAR);
        let read = ground.service.features_read_by(place);
        named
            .or_else(asks)
            .or_else(|| read.into_iter().find_map(|read| of_feature(read.view, read.feature)))
    });
    fields.chain(own).map(|why| why.map(str::to_owned)).collect()
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
    let view = ground.ir.view(view);
    if holds_instants(view.feature(feature).ty) {
        return Some("its value is an instant");
    }
    let begins = ground.ir.view_source(view).begins_us.is_some();
    let windows = view.windows_of(feature);
    if begins && windows.iter().any(|window| window.bounds().reach_us().is_some()) {
        return Some("its source says when it `begins`");
    }
    if windows
        .iter()
        .any(|window| !window.bounds().shift_by(SHIFT_US.unsigned_abs()))
    {
        return Some("its window lies on a grid or in a calendar that does not move along");
    }
    let transform = ground.ir.transform(view.transform);
    let of_rows = wheres(transform).chain([&transform.time]);
    if let Some(why) = of_rows.chain(lets_read(ground, view, feature)).find_map(names_instants) {
        return Some(why);
    }
    for feature in inputs(view, feature) {
        if holds_instants(feature.ty) && feature.default.is_some() {
            return Some(CALENDAR);
        }
        let (expr, slots) = match &feature.kind {
            FeatureKind::Aggregate { expr, slots } => (expr, &slots[..]),
            FeatureKind::Derived { expr, .. } => (expr, &[][..]),
        };
        let exprs = lifts(view, slots).chain([expr]);
        let slots = || slots.iter().map(|slot| view.slot(*slot));
        if let Some(why) = exprs.into_iter().find_map(names_instants) {
            return Some(why);
        }
        if is_tied && slots().any(|slot| picks(slot.aggregate) || view.window(slot.window).chooses()) {
            return Some("events of one time and identity are ordered by a hash of their rows");
        }
    }
    None
}

/// What decides which rows of a transform count.
fn wheres(transform: &Transform) -> impl Iterator<Item = &Expr> {
    transform.steps.iter().filter_map(|step| match step {
        Step::Where(expr) => Some(expr),
        Step::Let(_) => None,
    })
}

/// The arguments and filters of slots.
fn lifts<'a>(view: &'a View, slots: &'a [SlotId]) -> impl Iterator<Item = &'a Expr> {
    let slots = slots.iter().map(|slot| view.slot(*slot));
    slots.flat_map(featc_ir::Slot::lifts).map(|lift| view.lift(lift))
}

/// The lets that a feature depends on: by its arguments and filters, by the keys, by which rows count and when, and by
/// other such lets.
fn lets_read<'a>(ground: &Ground<'a>, view: &'a View, feature: FeatureId) -> Vec<&'a Expr> {
    let transform = ground.ir.transform(view.transform);
    let columns = ground.ir.view_source(view).columns.len();
    let lets: Vec<&Expr> = transform
        .steps
        .iter()
        .filter_map(|step| match step {
            Step::Let(expr) => Some(expr),
            Step::Where(_) => None,
        })
        .collect();
    let mut left: Vec<usize> = view.key.iter().map(|column| column.index()).collect();
    let read = |expr: &Expr, left: &mut Vec<usize>| expr.for_each_column(&mut |column| left.push(column.index()));
    wheres(transform)
        .chain([&transform.time])
        .for_each(|expr| read(expr, &mut left));
    for feature in inputs(view, feature) {
        if let FeatureKind::Aggregate { slots, .. } = &feature.kind {
            lifts(view, slots).for_each(|expr| read(expr, &mut left));
        }
    }
    let mut is_read = vec![false; lets.len()];
    while let Some(column) = left.pop() {
        let Some(place) = column.checked_sub(columns).filter(|place| !is_read[*place]) else {
            continue;
        };
        is_read[place] = true;
        read(lets[place], &mut left);
    }
    lets.into_iter()
        .zip(is_read)
        .filter(|(_, is_read)| *is_read)
        .map(|(expr, _)| expr)
        .collect()
}

/// Whether an aggregate picks events by their order: those that take a null as it is, and the one that lists last values.
fn picks(aggregate: Aggregate) -> bool {
    !aggregate.row().skips_null[0] || matches!(aggregate, Aggregate::LastDistinctN { .. })
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

/// Why an expression may give another value once all instants are shifted: it reads one as something else than a
/// distance to others, or moves one so far that it could leave the range.
fn names_instants(expr: &Expr) -> Option<&'static str> {
    let mut left = vec![expr];
    while let Some(expr) = left.pop() {
        let names = match &expr.kind {
            ExprKind::Literal(literal) => is_instant(literal),
            ExprKind::Cast(inner) => holds_instants(expr.ty) || holds_instants(inner.ty),
            ExprKind::Call(Function::Hash, items) => items.iter().any(|item| holds_instants(item.ty)),
            ExprKind::Call(function, _) => is_of_calendar(*function),
            ExprKind::Binary(_, one, other) => {
                if expr.ty == Type::Timestamp && ![one, other].into_iter().any(|length| is_near(length)) {
                    return Some("it moves instants by lengths that the program does not name");
                }
                false
            }
            // Versions hold at instants of their own; rows of a static table stay, but may hold some.
            ExprKind::Lookup(lookup, _) => {
                lookup.table.versions.is_some() || lookup.table.columns.iter().any(|column| holds_instants(column.ty))
            }
            ExprKind::Column(_) | ExprKind::Unary(..) | ExprKind::Case { .. } | ExprKind::Coalesce(_) => false,
        };
        // Dates are not shifted: a distance between one and an instant would change.
        if names || expr.ty == Type::Date || expr.ty == Type::List(&Type::Date) {
            return Some(CALENDAR);
        }
        left.extend(expr.children());
    }
    None
}

fn holds_instants(ty: Type) -> bool {
    match ty {
        Type::Timestamp | Type::Date => true,
        Type::List(of) => holds_instants(*of),
        Type::Bool | Type::Int64 | Type::Float64 | Type::Decimal { .. } | Type::String | Type::Duration => false,
    }
}

fn is_instant(literal: &Literal) -> bool {
    match literal {
        Literal::Timestamp(_) | Literal::Date(_) => true,
        Literal::Null
        | Literal::Bool(_)
        | Literal::Int64(_)
        | Literal::Float64(_)
        | Literal::Decimal(_)
        | Literal::String(_)
        | Literal::Duration(_) => false,
    }
}

/// Whether an expression is a length that leaves an instant in the range.
fn is_near(length: &Expr) -> bool {
    matches!(length.kind, ExprKind::Literal(Literal::Duration(us)) if us.unsigned_abs() < FAR_US.unsigned_abs())
}

/// Whether a function reads an instant or a day.
fn is_of_calendar(function: Function) -> bool {
    match &function.row().signature {
        Signature::Fixed(arguments, _) => arguments
            .iter()
            .any(|argument| argument.types.iter().any(|ty| holds_instants(*ty))),
        Signature::Truncate | Signature::Clock(..) => true,
        Signature::Same(_)
        | Signature::Alike(..)
        | Signature::Strings
        | Signature::Whole
        | Signature::Round
        | Signature::Div
        | Signature::Item
        | Signature::Contains
        | Signature::Pattern(_) => false,
    }
}
