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
