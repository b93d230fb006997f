//! Clocks of other languages beside columns.

use super::place::Place;
use super::{Diagnostic, Exprs, ast, errors};

impl Exprs<'_> {
    /// Reports a comparison of a column with a clock, as in `due_on < today()`; whether it is one. What is compared with the
    /// event time is a matter of the window, and no such, unless a length is taken from the clock.
    pub(super) fn reports_a_clock(&mut self, left: &ast::Expr, right: &ast::Expr) -> bool {
        if matches!(self.place, Place::Service(_)) {
            return false;
        }
        if let Some(complaint) = self
            .since_a_length(left, right)
            .or_else(|| self.since_a_length(right, left))
        {
            self.complaints.push(complaint);
            return true;
        }
        let (clock, other) = match (self.clock(left), self.clock(right)) {
            (Some(clock), None) => (clock, right),
            (None, Some(clock)) => (clock, left),
            _ => return false,
        };
        let ast::ExprKind::Name(column) = &other.kind else {
            return false;
        };
        let text = column.text.as_str();
        if self.row.find(text).is_none() || self.items.time_of(&self.row.name) == Some(text) {
            return false;
        }
        let (name, is_call) = clock;
        self.complaints.push(match is_call {
            true => errors::clock_called_beside_a_column(&name.text, name.span, text),
            false => errors::clock_beside_a_column(&name.text, name.span, text),
        });
        true
    }

    /// What is said of `at > now() - 7d`, a column beside a clock less a length of time.
    fn since_a_length(&self, column: &ast::Expr, since: &ast::Expr) -> Option<Diagnostic> {
        let ast::ExprKind::Binary {
            op: ast::BinaryOp::Subtract,
            left,
            right,
            ..
        } = &since.kind
        else {
            return None;
        };
        let (ast::ExprKind::Name(column), ast::ExprKind::Literal(ast::Literal::Duration { .. })) =
            (&column.kind, &right.kind)
        else {
            return None;
        };
        let (name, true) = self.clock(left)? else { return None };
        let (column, length) = (column.text.as_str(), self.items.texts.slice(right.span));
        self.row.find(column)?;
        let is_time = self.items.time_of(&self.row.name) == Some(column);
        Some(errors::length_before_a_clock(
            &name.text, name.span, column, length, is_time,
        ))
    }

    /// The name of a clock that stands there, and whether it is called.
    fn clock<'e>(&self, expr: &'e ast::Expr) -> Option<(&'e ast::Name, bool)> {
        let (name, is_call) = match &expr.kind {
            ast::ExprKind::Call(call) => (&call.function, true),
            ast::ExprKind::Name(name) if self.row.find(&name.text).is_none() => (name, false),
            _ => return None,
        };
        errors::clock_of_a_question(&name.text).map(|_| (name, is_call))
    }
}
