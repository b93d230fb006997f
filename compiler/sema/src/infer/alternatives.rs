//! `x = "a" or "b"`: what is meant is a list.

use super::Typer;
use crate::errors;
use crate::res::{Expr, ExprKind};
use featc_ir::BinaryOp;
use featc_syntax::diag::{Diagnostic, Span};

impl Typer<'_> {
    /// What is said of a literal after `or`, where the comparison before it is with another one.
    pub(super) fn alternatives(&self, left: &Expr, right: &Expr) -> Option<Diagnostic> {
        if !matches!(right.kind, ExprKind::Literal(_)) {
            return None;
        }
        let (operand, items, at) = compared(left)?;
        let whole = at.to(right.span);
        // One that stands in parentheses with something else is not replaced.
        let count = |bracket: char| self.texts.slice(whole).matches(bracket).count();
        if count('(') != count(')') {
            return None;
        }
        let items = items.into_iter().chain([right.span]);
        let items: Vec<&str> = items.map(|item| self.texts.slice(item)).collect();
        let meant = format!("{} in ({})", self.texts.slice(operand), items.join(", "));
        let shown = if errors::is_short(&meant) { &meant } else { "x in (…)" };
        Some(errors::or_of_literals(right.span, whole, shown, &meant))
    }
}

/// What the last comparison of a condition compares, with which literals, and where it stands.
fn compared(expr: &Expr) -> Option<(Span, Vec<Span>, Span)> {
    let is_literal = |expr: &Expr| matches!(expr.kind, ExprKind::Literal(_));
    match &expr.kind {
        ExprKind::Binary {
            op: BinaryOp::Equal,
            left,
            right,
            ..
        } if is_literal(right) && !is_literal(left) => Some((left.span, vec![right.span], expr.span)),
        ExprKind::In {
            operand,
            negated: false,
            items,
        } => Some((operand.span, items.iter().map(|item| item.span).collect(), expr.span)),
        ExprKind::Binary {
            op: BinaryOp::Or,
            left,
            right,
            ..
        } => match (&right.kind, compared(left)) {
            // `x = "a" or "b" or "c"`
            (ExprKind::Literal(_), Some((operand, items, at))) => {
                let items = items.into_iter().chain([right.span]).collect();
                Some((operand, items, at.to(right.span)))
            }
            _ => compared(right),
        },
        _ => None,
    }
}
