//! Functions of the calendar, which are in UTC, over sources that say a zone.

use super::Context;
use super::transform::RowTypes;
use crate::errors;
use crate::res::{self, ExprKind};
use featc_ir::{ColumnId, Function, Type};

/// Warns once about a part of the calendar, in UTC, of an instant of a source that says another zone.
pub(super) fn warn<'a>(
    file: &res::File,
    row: &RowTypes,
    exprs: impl Iterator<Item = &'a res::Expr>,
    context: &mut Context<'_>,
) {
    const IN_UTC: [Function; 8] = [
        Function::Hour,
        Function::Minute,
        Function::DayOfWeek,
        Function::DayOfMonth,
        Function::DayOfYear,
        Function::Month,
        Function::Year,
        Function::DateOf,
    ];
    let Some(source) = row.source.map(|source| &file.sources[source.index()]) else {
        return;
    };
    let Some(zone) = source.zone.as_deref().filter(|zone| !zone.ends_with("UTC")) else {
        return;
    };
    let is_instant = |id: ColumnId| {
        let column = source.columns.get(id.index());
        column.is_some_and(|column| column.ty == Some(Type::Timestamp))
    };
    let mut first = None;
    for expr in exprs {
        expr.walk(&mut |expr| {
            if let ExprKind::Call {
                function, arguments, ..
            } = &expr.kind
                && IN_UTC.contains(function)
                && let [argument] = arguments.as_slice()
                && matches!(argument.kind, ExprKind::Column(id) if is_instant(id))
            {
                first.get_or_insert((*function, argument.span, expr.span));
            }
        });
    }
    if let Some((function, argument, at)) = first {
        let text = context.texts.slice(argument);
        context.push(errors::calendar_in_utc(function.name(), text, zone, at));
    }
}
