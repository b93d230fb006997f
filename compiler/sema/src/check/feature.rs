//! Features: slots, derived expressions, defaults.

use super::Context;
use super::since::{check_since, erring_as};
use crate::errors;
use crate::infer::{Leaves, Refused, Row, Typer};
use crate::res::{self, FeatureKind};
use featc_ir::{
    Aggregate, ColumnId, Expr, ExprKind, Feature, FeatureId, LiftId, Literal, Slot, SlotId, Type, Window, WindowId,
};
use featc_syntax::diag::{Diagnostic, SourceMap};
use std::collections::HashMap;

/// The features of a view and what they share.
#[derive(Debug, Default)]
pub(super) struct Builder {
    pub(super) lifts: Vec<Expr>,
    pub(super) windows: Vec<Window>,
    pub(super) slots: Vec<Slot>,
    pub(super) features: Vec<Feature>,
}

/// An aggregate of one declaration, without its window.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Draft {
    aggregate: Aggregate,
    arguments: Vec<Expr>,
    filter: Option<Expr>,
    ty: Type,
}

/// A declaration whose type is known.
struct Typed {
    /// Over the drafts or the inputs.
    expr: Expr,
    drafts: Vec<Draft>,
    inputs: Vec<FeatureId>,
    /// Per expansion of a feature over aggregates.
    since: Vec<Option<Expr>>,
}

/// What the names in a feature stand for.
struct FeatureLeaves<'a> {
    row: &'a [Option<Type>],
    features: &'a [Option<Type>],
    cap: u32,
    /// How many events a window of it holds, if one is such a number.
    over_events: Option<u32>,
    drafts: Vec<Draft>,
    inputs: Vec<FeatureId>,
}

impl Leaves for FeatureLeaves<'_> {
    fn column(&mut self, _: ColumnId) -> Option<Expr> {
        None
    }

    fn feature(&mut self, id: FeatureId) -> Option<Expr> {
        let ty = self.features.get(id.index()).copied().flatten()?;
        let position = self.inputs.iter().position(|known| *known == id).unwrap_or_else(|| {
            self.inputs.push(id);
            self.inputs.len() - 1
        });
        Some(Expr::column(ColumnId::from(position), ty))
    }

    fn aggregate(&mut self, call: &res::Call, texts: &SourceMap, complaints: &mut Vec<Diagnostic>) -> Option<Expr> {
        let mut row = Row(self.row);
        let mut typer = Typer {
            leaves: &mut row,
            texts,
            complaints,
        };
        let arguments: Vec<Option<Expr>> = call.arguments.iter().map(|argument| typer.expr(argument)).collect();
        let filter = call.filter.as_ref().map(|filter| typer.condition(filter, "where"));
        let arguments: Vec<Expr> = arguments.into_iter().collect::<Option<_>>()?;
        let at = match (call.arguments.first(), call.arguments.last()) {
            (Some(first), Some(last)) => first.span.to(last.span),
            (_, _) => call.name_at,
        };
        let filter = match filter {
            Some(filter) => Some(filter?),
            None => None,
        };
        let aggregate = call.aggregate.with_cap(self.cap).unwrap_or(call.aggregate);
        let types: Vec<Type> = arguments.iter().map(|argument| argument.ty).collect();
        if (aggregate, &types[..]) == (Aggregate::Count, &[Type::Bool]) {
            let argument = texts.slice(at);
            let filter = call
                .filter
                .as_ref()
                .map(|filter| (texts.slice(filter.span), filter.span));
            complaints.push(match self.over_events {
                Some(_) => errors::count_of_condition_of_events(at, argument, call.name_at.to(at)),
                None => errors::count_of(argument, at, filter),
            });
            return None;
        }
        let Some(ty) = aggregate.result(&types) else {
            if let (Some(meant), [first, second]) = (as_floats(call, &types, texts), &types[..]) {
                let name = aggregate.row().name;
                complaints.push(errors::mixed_arguments(name, [*first, *second], at, &meant));
                return None;
            }
            complaints.push(errors::wrong_aggregate_argument(
                aggregate.row(),
                crate::infer::short(texts, at),
                &types,
                at,
            ));
            return None;
        };
        if let (Aggregate::TopK { .. } | Aggregate::BottomK { .. }, [Type::String]) = (aggregate, &types[..]) {
            let value = crate::infer::short(texts, at);
            complaints.push(errors::greatest_texts(aggregate.row().name, value, call.name_at));
        }
        let draft = Draft {
            aggregate,
            arguments,
            filter,
            ty,
        };
        let position = self.drafts.iter().position(|known| *known == draft).unwrap_or_else(|| {
            self.drafts.push(draft);
            self.drafts.len() - 1
        });
        Some(Expr::column(ColumnId::from(position), ty))
    }
}

/// Two arguments of which one is float64, with the other one cast to it.
fn as_floats(call: &res::Call, types: &[Type], texts: &SourceMap) -> Option<String> {
    let ([Type::Float64, other] | [other, Type::Float64]) = types else {
        return None;
    };
    let is_cast = other.is_numeric() && *other != Type::Float64 && call.aggregate.result(&[Type::Float64; 2]).is_some();
    let written = call.arguments.iter().zip(types).map(|(argument, ty)| {
        let text = crate::infer::short(texts, argument.span);
        match ty {
            Type::Float64 => text.to_owned(),
            _ => format!("cast({text} as float64)"),
        }
    });
    let written = written.collect::<Vec<_>>().join(", ");
    (is_cast && !written.contains('…')).then_some(written)
}

/// Checks the features of a view over its row. `None` if one of them is broken.
pub(super) fn check(view: &res::View, row: &[Option<Type>], context: &mut Context<'_>) -> Option<Builder> {
    let mut first_id = Vec::new();
    let mut count = 0;
    for feature in &view.features {
        first_id.push(count);
        count += feature.width();
    }
    let mut types: Vec<Option<Type>> = vec![None; count];
    let mut checked: Vec<Option<Typed>> = view.features.iter().map(|_| None).collect();
    for position in &view.feature_order {
        let feature = &view.features[*position];
        let typed = check_value(feature, row, &types, context);
        let ty = typed.as_ref().map(|typed| typed.expr.ty);
        types[first_id[*position]..][..feature.width()].fill(ty);
        checked[*position] = typed;
    }
    let mut builder = Interner::default();
    let mut is_sound = true;
    for (feature, typed) in view.features.iter().zip(checked) {
        let ty = typed.as_ref().map(|typed| typed.expr.ty);
        let default = check_default((&feature.declared, feature.default.as_ref()), ty, context);
        match (typed, default) {
            (Some(typed), Ok(default)) => builder.declare(feature, typed, default),
            (None, _) | (_, Err(())) => is_sound = false,
        }
    }
    is_sound.then_some(builder.builder)
}

fn check_value(
    feature: &res::Feature,
    row: &[Option<Type>],
    features: &[Option<Type>],
    context: &mut Context<'_>,
) -> Option<Typed> {
    let cap = match &feature.cap {
        Some(cap) => match u32::try_from(cap.value.value) {
            Ok(cap @ 1..) => cap,
            Ok(0) | Err(_) => {
                context.push(errors::invalid_cap(cap.value.value, cap.value.span));
                Aggregate::DEFAULT_CAP
            }
        },
        None => Aggregate::DEFAULT_CAP,
    };
    let mut leaves = FeatureLeaves {
        row,
        features,
        cap,
        over_events: over_events(feature),
        drafts: Vec::new(),
        inputs: Vec::new(),
    };
    let mut typer = Typer {
        leaves: &mut leaves,
        texts: context.texts,
        complaints: &mut context.complaints,
    };
    let expr = typer.expr(&feature.value)?;
    let (drafts, inputs) = (leaves.drafts, leaves.inputs);
    let since = check_since(feature, row, context)?;
    warn_chosen(feature, &drafts, context);
    Some(Typed {
        expr,
        drafts,
        inputs,
        since,
    })
}

/// How many events the first window holds that is such a number.
fn over_events(feature: &res::Feature) -> Option<u32> {
    match &feature.kind {
        FeatureKind::Aggregate { expansions } => expansions.iter().find_map(|expansion| expansion.window.count()),
        FeatureKind::Derived | FeatureKind::Broken { .. } => None,
    }
}

/// Warns of a `where` that chooses the last events where it seems to be asked of them.
fn warn_chosen(feature: &res::Feature, drafts: &[Draft], context: &mut Context<'_>) {
    let Some(events) = over_events(feature) else { return };
    let differ = drafts.iter().any(|draft| draft.filter != drafts[0].filter);
    let FeatureKind::Aggregate { expansions } = &feature.kind else {
        return;
    };
    // With `max` it is a count of those of a time, up to a bound.
    let is_for_ever = expansions
        .iter()
        .any(|expansion| expansion.window.count().is_some() && expansion.window.bounds().reach_us().is_none());
    let mut first = None;
    feature.value.walk(&mut |expr| {
        if let res::ExprKind::Aggregate(call) = &expr.kind
            && let Some(filter) = &call.filter
            && (differ || is_for_ever && call.aggregate == Aggregate::Count && call.arguments.is_empty())
        {
            first.get_or_insert(filter.span);
        }
    });
    let Some(at) = first else { return };
    let condition = context.texts.slice(at);
    context.push(errors::chosen_by_condition(condition, events, differ, at));
}

/// The default in the feature's type. `Err` if it is broken, or the feature is.
pub(super) fn check_default(
    (declared, default): (&res::Declared, Option<&res::Expr>),
    ty: Option<Type>,
    context: &mut Context<'_>,
) -> Result<Option<Literal>, ()> {
    let Some(default) = default else {
        return Ok(None);
    };
    let Some(ty) = ty else { return Err(()) };
    let (name, at, feature_at) = (&declared.name, default.span, declared.at);
    if Typer::is_null(default) {
        context.push(errors::default_of_null(name, feature_at, ty, at));
        return Err(());
    }
    let mut leaves = Row(&[]);
    let mut typer = Typer {
        leaves: &mut leaves,
        texts: context.texts,
        complaints: &mut context.complaints,
    };
    match typer.expr_as(default, ty).map(|expr| expr.kind) {
        Ok(ExprKind::Literal(literal)) => Ok(Some(literal)),
        // Syntax lets only literals through, so anything else has been reported.
        Ok(_) | Err(Refused::Reported) => Err(()),
        Err(Refused::Mismatch(found)) => {
            let unquoted = unquoted(context.texts.slice(at), ty);
            context.push(errors::wrong_default(name, feature_at, ty, found, unquoted, at));
            Err(())
        }
    }
}

/// What stands in a text, if it is a literal of the type.
fn unquoted(text: &str, ty: Type) -> Option<&str> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let is_number = inner.bytes().all(|byte| byte.is_ascii_digit() || b"-.".contains(&byte));
    let fits = match ty {
        Type::Int64 => is_number && inner.parse::<i64>().is_ok(),
        Type::Float64 | Type::Decimal { .. } => is_number && inner.parse::<f64>().is_ok(),
        Type::Bool => inner == "true" || inner == "false",
        Type::String | Type::Timestamp | Type::Date | Type::Duration | Type::List(_) => false,
    };
    fits.then_some(inner)
}

/// A builder that finds what it already has. The maps are only looked into, never walked.
#[derive(Default)]
struct Interner {
    builder: Builder,
    lifts: HashMap<Expr, LiftId>,
    windows: HashMap<Window, WindowId>,
    slots: HashMap<Slot, SlotId>,
}

impl Interner {
    fn declare(&mut self, feature: &res::Feature, typed: Typed, default: Option<Literal>) {
        let push = |builder: &mut Builder, name: &str, kind| {
            builder.features.push(Feature {
                name: name.to_owned(),
                doc: feature.declared.doc.clone(),
                ty: typed.expr.ty,
                kind,
                default: default.clone(),
            });
        };
        match &feature.kind {
            FeatureKind::Aggregate { expansions } => {
                for (expansion, since) in expansions.iter().zip(&typed.since) {
                    let window = intern(&mut self.windows, &mut self.builder.windows, expansion.window);
                    let slots = typed
                        .drafts
                        .iter()
                        .map(|draft| self.slot(draft, window, since.as_ref()));
                    let slots = slots.collect();
                    let kind = featc_ir::FeatureKind::Aggregate {
                        slots,
                        expr: typed.expr.clone(),
                    };
                    push(&mut self.builder, &expansion.name, kind);
                }
            }
            FeatureKind::Derived => {
                let kind = featc_ir::FeatureKind::Derived {
                    inputs: typed.inputs.clone(),
                    expr: typed.expr.clone(),
                };
                push(&mut self.builder, &feature.declared.name, kind);
            }
            FeatureKind::Broken { .. } => {}
        }
    }

    fn slot(&mut self, draft: &Draft, window: WindowId, since: Option<&Expr>) -> SlotId {
        let filter = match since {
            Some(since) => Some(erring_as(since, draft.filter.as_ref())),
            None => draft.filter.clone(),
        };
        let mut lift =
            |expr: Option<&Expr>| expr.map(|expr| intern(&mut self.lifts, &mut self.builder.lifts, expr.clone()));
        let (argument, second) = (lift(draft.arguments.first()), lift(draft.arguments.get(1)));
        let (filter, since) = (lift(filter.as_ref()), lift(since));
        let slot = Slot {
            aggregate: draft.aggregate,
            argument,
            second,
            filter,
            since,
            window,
            ty: draft.ty,
        };
        intern(&mut self.slots, &mut self.builder.slots, slot)
    }
}

fn intern<T: Clone + Eq + std::hash::Hash, I: Copy + From<usize>>(
    known: &mut HashMap<T, I>,
    all: &mut Vec<T>,
    item: T,
) -> I {
    *known.entry(item).or_insert_with_key(|item| {
        all.push(item.clone());
        I::from(all.len() - 1)
    })
}
