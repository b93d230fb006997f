//! Where expressions stand, and the resolvers of each place.

use super::super::feature::FeatureNames;
use super::super::scope::{Items, RowScope};
use super::super::service_feature::ServiceNames;
use super::{ExprKind, Exprs, Function};
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
    Aggregate { name: &'a str, at: Span },
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
            place: Place::Aggregate { name: "since", at },
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
            self.complaints.push(match self.row.find(column) {
                Some(_) => errors::column_in_brackets(&rows.text, column, at),
                None => errors::name_in_brackets(&rows.text, column, at),
            });
            return ExprKind::Poison;
        }
        ExprKind::Call {
            function: Function::Item,
            arguments: vec![self.expr(list), self.expr(index)],
        }
    }

    /// A call as it is written.
    pub(super) fn written<'w>(&self, call: &'w ast::Call) -> errors::Written<'w>
    where
        'a: 'w,
    {
        let texts: &'a featc_syntax::diag::SourceMap = self.items.texts;
        let name_at = call.function.span;
        let spans = call.arguments.iter().map(|argument| argument.span);
        let filter = call.filter.iter().map(|filter| filter.span);
        let last = spans
            .clone()
            .chain(filter)
            .chain(call.ignoring_nulls)
            .map(|at| at.end)
            .max();
        let last = last.unwrap_or(name_at.end);
        let rest = texts.text(name_at.file).get(last..).unwrap_or("");
        let end = rest.find(')').map_or(last, |close| last + close);
        let inside = Span::new(name_at.file, name_at.end, end);
        errors::Written {
            name: &call.function.text,
            name_at,
            at: Span::new(name_at.file, name_at.start, end + 1),
            inside: texts.slice(inside).trim_start().trim_start_matches('(').trim(),
            arguments: spans.map(|at| texts.slice(at)).collect(),
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
