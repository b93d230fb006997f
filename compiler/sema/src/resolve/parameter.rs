//! Literals among the arguments of an aggregate: how many items a list has, which portion of values a quantile is about.

use crate::{errors, infer};
use featc_ir::{Aggregate, Portion};
use featc_syntax::ast;
use featc_syntax::diag::Diagnostic;
use std::collections::BTreeSet;

/// The literal that an aggregate has as its last argument.
pub(super) struct Parameter {
    /// For messages.
    pub wanted: &'static str,
    pub example: &'static str,
    /// The aggregate with what is written; `None` if that is no such literal.
    pub read: fn(Aggregate, &ast::Expr) -> Option<Aggregate>,
}

impl Parameter {
    /// What is said of something else in its place: a parameter of the program stands in braces.
    pub fn refused(
        &self,
        (name, aggregate): (&str, Aggregate),
        written: &ast::Expr,
        params: &BTreeSet<&str>,
    ) -> Diagnostic {
        match &written.kind {
            ast::ExprKind::Name(param) if params.contains(param.text.as_str()) => {
                errors::parameter_as_a_column(&param.text, param.span)
            }
            _ => errors::not_a_literal(name, self.wanted, aggregate.row().usage, written.span),
        }
    }
}

/// That of an aggregate, if it has one.
pub(super) fn of(aggregate: Aggregate) -> Option<Parameter> {
    if aggregate.items().is_some() {
        return Some(Parameter {
            wanted: "a whole number from 1 to 1000",
            example: "10",
            read: |aggregate, written| aggregate.with_items(items(written)?),
        });
    }
    aggregate.portion().map(|_| Parameter {
        wanted: "above 0 and at most 1, with at most 9 digits after the point",
        example: "0.95",
        read: |aggregate, written| aggregate.with_portion(portion(written)?),
    })
}

/// The number of items that a literal says, if a list may have so many.
fn items(written: &ast::Expr) -> Option<u32> {
    let ast::ExprKind::Literal(ast::Literal::Integer(digits)) = &written.kind else {
        return None;
    };
    digits
        .parse()
        .ok()
        .filter(|items| (1..=Aggregate::ITEMS_MAX).contains(items))
}

/// The portion that a literal says, exactly.
fn portion(written: &ast::Expr) -> Option<Portion> {
    let ast::ExprKind::Literal(literal) = &written.kind else {
        return None;
    };
    let billionths = infer::units(literal, Portion::DIGITS)?;
    Portion::of_billionths(u32::try_from(billionths).ok()?)
}
