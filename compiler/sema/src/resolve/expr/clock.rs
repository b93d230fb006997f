//! Clocks of other languages beside columns.

use super::place::Place;
use super::{Exprs, ast, errors};

impl Exprs<'_> {
    /// Reports a comparison of a column with a clock, as in `due_on < today()`; whether it is one. What is compared with the
    /// event time is a matter of the window, and no such.
    pub(super) fn reports_a_clock(&mut self, left: &ast::Expr, right: &ast::Expr) -> bool {
        if matches!(self.place, Place::Service(_)) {
            return false;
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
