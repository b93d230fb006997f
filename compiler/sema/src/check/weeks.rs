//! Weeks that are counted from a Thursday.

use super::Context;
use crate::errors;
use crate::res::{Expr, ExprKind};
use featc_ir::Function;
use featc_syntax::ast::Literal;

const WEEK_US: i64 = 7 * 86_400_000_000;

/// Warns once of `truncate(at, 7d)`, unless the instant is shifted before.
pub(super) fn warn<'a>(exprs: impl Iterator<Item = &'a Expr>, context: &mut Context<'_>) {
    let mut first = None;
    for expr in exprs {
        expr.walk(&mut |expr| {
            let ExprKind::Call { function, arguments } = &expr.kind else {
                return;
            };
            if let (Function::Truncate, [instant, unit]) = (function, arguments.as_slice())
                && let ExprKind::Literal(Literal::Duration { us, .. }) = unit.kind
                && us > 0
                && us % WEEK_US == 0
                && !matches!(instant.kind, ExprKind::Binary { .. })
            {
                first.get_or_insert((instant.span, us / WEEK_US, expr.span));
            }
        });
    }
    if let Some((instant, weeks, at)) = first {
        let text = crate::infer::short(context.texts, instant);
        context.push(errors::weeks_from_thursday(text, weeks * 7, at));
    }
}
