//! Where expressions stand, and the resolvers of each place.

use super::super::feature::{FeatureNames, Shape};
use super::super::meant::{
    before_the_member, dots, function_of, nearest_function, part_of_calendar, ratio_to_a_feature,
};
use super::super::scope::{Items, RowScope};
use super::super::service_feature::ServiceNames;
use super::{Aggregate, ExprKind, Exprs, Function};
use crate::errors;
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, Span};

/// Where an expression stands.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// In a transform.
    Row,
    /// In a feature, outside of aggregates.
    Feature(&'a FeatureNames<'a>),
    /// In a feature, inside of an aggregate.
    Aggregate {
        name: &'a str,
        at: Span,
        /// In what chooses the events, not in an argument.
        is_condition: bool,
    },
    /// In a feature of a service.
    Service(&'a ServiceNames<'a>),
}

impl<'a> Exprs<'a> {
    /// Of a transform.
    pub(in crate::resolve) fn row(
        items: &'a Items<'a>,
        row: &'a RowScope,
        complaints: &'a mut Vec<Diagnostic>,
    ) -> Exprs<'a> {
        Exprs {
            items,
            row,
            place: Place::Row,
            complaints,
        }
    }

    /// Of a feature.
    pub(in crate::resolve) fn feature(
        items: &'a Items<'a>,
        row: &'a RowScope,
        names: &'a FeatureNames<'a>,
        complaints: &'a mut Vec<Diagnostic>,
    ) -> Exprs<'a> {
        Exprs {
            items,
            row,
            place: Place::Feature(names),
            complaints,
        }
    }

    /// Of a window since an event: what an event is chosen by.
    pub(in crate::resolve) fn since(
        items: &'a Items<'a>,
        row: &'a RowScope,
        at: Span,
        complaints: &'a mut Vec<Diagnostic>,
    ) -> Exprs<'a> {
        Exprs {
            place: Place::Aggregate {
                name: "since",
                at,
                is_condition: true,
            },
            ..Exprs::row(items, row, complaints)
        }
    }

    /// An item of a list; `payments["amount"]` is a column of another language.
    pub(super) fn item(&mut self, list: &ast::Expr, index: &ast::Expr, at: Span) -> ExprKind {
        if let (ast::ExprKind::Name(rows), ast::ExprKind::Literal(ast::Literal::String(column))) =
            (&list.kind, &index.kind)
            && self.row.is_known
            && self.row.find(&rows.text).is_none()
        {
            let path = format!("{}.{column}", rows.text);
            self.complaints
                .push(match (self.row.find(&path), self.row.find(column)) {
                    (Some(_), _) => errors::field_in_brackets(&rows.text, &path, at),
                    (None, Some(_)) => errors::column_in_brackets(&rows.text, column, at),
                    (None, None) => errors::name_in_brackets(&rows.text, column, at),
                });
            return ExprKind::Poison;
        }
        ExprKind::Call {
            function: Function::Item,
            arguments: vec![self.expr(list), self.expr(index)],
        }
    }

    /// What is said of a name that is nothing here, and something elsewhere: a `let`, a feature, a function without its
    /// parentheses, the instant of the question.
    pub(super) fn known_elsewhere(&self, name: &ast::Name) -> Option<Diagnostic> {
        let (text, at) = (name.text.as_str(), name.span);
        match self.place {
            Place::Service(_) => return None,
            Place::Feature(names) if names.is_broken(text) || self.row.is_silent(text) => return None,
            Place::Feature(names) if names.shape == Shape::Derived => {
                let view = self.items.views_with(text).find(|view| !names.is_of(&view.name.text));
                if let Some(view) = view.filter(|_| !self.items.params.contains(text)) {
                    return Some(errors::feature_of_another_view(&view.name.text, text, at));
                }
            }
            Place::Feature(_) => {}
            Place::Row | Place::Aggregate { .. } if self.row.is_silent(text) => return None,
            // A struct, which is no value by itself.
            Place::Row | Place::Aggregate { .. } if self.row.field_of(text).is_some() => return None,
            Place::Row | Place::Aggregate { .. } => {
                let elsewhere = self.items.elsewhere(&self.row.name, name);
                if elsewhere.is_some() {
                    return elsewhere;
                }
            }
        }
        if self.row.field_of(text).is_some() || self.items.params.contains(text) {
            return None;
        }
        let Some(aggregate) = Aggregate::named(text) else {
            let time = self.items.time_of(&self.row.name).filter(|_| text == "at");
            let function = Function::from_name(text);
            return time
                .map(|time| errors::instant_of_event_or_question(text, time, at))
                .or_else(|| {
                    function.map(|function| errors::function_without_arguments(text, function.row().usage, at))
                });
        };
        Some(match self.place {
            Place::Row | Place::Service(_) => errors::aggregate_outside_view(text, 0, at),
            Place::Aggregate { .. } => self.nested(name, &[]),
            Place::Feature(_) if aggregate.row().arity.contains(&0) => errors::aggregate_without_parentheses(text, at),
            Place::Feature(_) => errors::function_without_arguments(text, aggregate.row().usage, at),
        })
    }

    /// What is said of a name with dots that no rows and no table explain: a field of a request, or a member that values have
    /// in other languages.
    pub(super) fn member(&self, names: &[ast::Name], (first, last): (&str, &str), at: Span) -> Diagnostic {
        let (whole, before) = (dots(names), before_the_member(names));
        let call = |function: &str| format!("{function}({before})");
        if let Some(function) = part_of_calendar(last) {
            let tell = match function {
                "day_of_week" => errors::dot_behind_a_weekday,
                _ => errors::dot_behind_an_instant,
            };
            return tell(&whole, &call(function), at);
        }
        if self.items.requests.by_name.contains_key(first) {
            let ratio = match self.place {
                Place::Feature(names) => ratio_to_a_feature(self.items, names, (first, last)),
                Place::Row | Place::Aggregate { .. } | Place::Service(_) => None,
            };
            return errors::request_outside(&whole, first, at, ratio.as_deref());
        }
        match function_of(last).filter(|_| self.row.find(&before).is_some()) {
            Some(function) => errors::dot_behind_an_instant(&whole, &call(function), at),
            None if self.row.find(first).is_some() => errors::dot_behind_a_scalar(&whole, first, &names[1..], at),
            None => errors::dot_behind_a_value(&whole, at),
        }
    }

    /// What is said of an aggregate inside of another.
    pub(super) fn nested(&self, inner: &ast::Name, arguments: &[&str]) -> Diagnostic {
        let (name, at) = (inner.text.as_str(), inner.span);
        match (self.place, arguments) {
            (
                Place::Aggregate {
                    name: outer,
                    at: outer_at,
                    is_condition: true,
                },
                _,
            ) => errors::aggregate_in_a_condition(name, at, outer, outer_at),
            (
                Place::Aggregate {
                    name: outer,
                    at: outer_at,
                    ..
                },
                [value, number],
            ) if name == "last_n" => errors::aggregate_of_last_events((name, at), (outer, outer_at), value, number),
            (
                Place::Aggregate {
                    name: outer,
                    at: outer_at,
                    ..
                },
                _,
            ) => errors::nested_aggregate(name, at, outer, outer_at),
            (Place::Row | Place::Feature(_) | Place::Service(_), _) => errors::aggregate_outside_view(name, 0, at),
        }
    }

    /// What is said of an aggregate in a transform.
    pub(super) fn outside_of_a_view(&self, call: &ast::Call) -> Diagnostic {
        let (name, at) = (call.function.text.as_str(), call.function.span);
        if let ("any", [ast::Expr { kind, .. }]) = (name, &call.arguments[..])
            && let ast::ExprKind::Binary {
                op: ast::BinaryOp::Equal,
                left,
                right,
                ..
            } = kind
        {
            let (list, item) = match left.kind {
                ast::ExprKind::Literal(_) => (right, left),
                _ => (left, right),
            };
            let [list, item] = [list, item].map(|part| self.items.texts.slice(part.span));
            let call = format!("contains({list}, {item})");
            if errors::is_short(&call) {
                return errors::any_item_outside_view(at, &call);
            }
        }
        errors::aggregate_outside_view(name, call.arguments.len(), at)
    }

    /// What is said of a call of what is neither a function nor an aggregate.
    pub(super) fn unknown_function(&self, call: &ast::Call) -> Diagnostic {
        let written = self.written(call);
        match (self.place, errors::clock_of_a_question(written.name)) {
            (Place::Service(_), Some(meant)) => {
                errors::clock_in_a_service(written.name, written.name_at, written.at, meant)
            }
            _ if matches!(self.place, Place::Aggregate { .. }) && errors::is_of_the_event_before(written.name) => {
                errors::event_before_in_an_aggregate(written.name, written.name_at)
            }
            _ => match errors::events_listed(&written.arguments) {
                Some(listed) if matches!(self.place, Place::Row) && errors::is_of_the_event_before(written.name) => {
                    errors::event_before_in_a_transform(written.name, written.name_at, listed)
                }
                _ => errors::unknown_function(&written, nearest_function(written.name)),
            },
        }
    }

    /// A call as it is written.
    pub(super) fn written<'w>(&self, call: &'w ast::Call) -> errors::Written<'w>
    where
        'a: 'w,
    {
        let texts: &'a featc_syntax::diag::SourceMap = self.items.texts;
        let name_at = call.function.span;
        errors::Written {
            name: &call.function.text,
            name_at,
            at: Span::new(name_at.file, name_at.start, call.inside.end + 1),
            inside: texts.slice(call.inside),
            arguments: call
                .arguments
                .iter()
                .map(|argument| texts.slice(argument.span))
                .collect(),
        }
    }

    /// Of a feature of a service.
    pub(in crate::resolve) fn service(
        names: &'a ServiceNames<'a>,
        row: &'a RowScope,
        complaints: &'a mut Vec<Diagnostic>,
    ) -> Exprs<'a> {
        Exprs {
            place: Place::Service(names),
            ..Exprs::row(names.items, row, complaints)
        }
    }
}
