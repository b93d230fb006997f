//! Instants that rows read although they may lie ahead of the event.

use super::{Context, RowTypes};
use crate::errors::{self, Kind};
use crate::res::{self, Expr, ExprKind};
use featc_ir::{ColumnId, Type};
use featc_syntax::diag::Span;

/// An instant of the source's row that is neither its time nor its arrival, and what is read of it.
struct Other {
    id: ColumnId,
    at: Span,
    /// Whether expressions ask only whether it is null, wherever they read such an instant.
    is_asked_for_null: bool,
}

/// Where expressions read such an instant first.
fn first_other_instant<'a>(file: &res::File, row: &RowTypes, exprs: impl Iterator<Item = &'a Expr>) -> Option<Other> {
    let source = &file.sources[row.source?.index()];
    let arrival = super::arrival_column(file, row);
    let time = source.time?.id;
    let other = |expr: &Expr| {
        let ExprKind::Column(id) = expr.kind else { return None };
        let is_instant = source
            .columns
            .get(id.index())
            .is_some_and(|column| column.ty == Some(Type::Timestamp));
        // Until when a version is valid is known when it is.
        let is_known = [arrival, source.valid_to].contains(&Some(id));
        (is_instant && id != time && !is_known).then_some(id)
    };
    let mut first: Option<(ColumnId, Span)> = None;
    let (mut reads, mut tests) = (0, 0);
    for expr in exprs {
        expr.walk(&mut |expr| match &expr.kind {
            ExprKind::IsNull { operand, .. } => tests += usize::from(other(operand).is_some()),
            _ => {
                let Some(id) = other(expr) else { return };
                reads += 1;
                first = first.or(Some((id, expr.span)));
            }
        });
    }
    first.map(|(id, at)| Other {
        id,
        at,
        is_asked_for_null: reads == tests,
    })
}

/// Warns once about a transform or view whose rows have the source's event time and that reads another instant.
pub(in crate::check) fn warn<'a>(
    file: &res::File,
    row: &RowTypes,
    exprs: impl Iterator<Item = &'a Expr>,
    reader: Kind,
    context: &mut Context<'_>,
) {
    if row.says_at {
        return;
    }
    let Some(other) = first_other_instant(file, row, exprs) else {
        return;
    };
    let Some(source) = row.source.map(|source| &file.sources[source.index()]) else {
        return;
    };
    let (Some(column), Some(time)) = (source.columns.get(other.id.index()), source.time) else {
        return;
    };
    let time = row.names.get(time.id.index()).map_or("time", String::as_str);
    let (name, is_nullable) = (&column.name, column.nullable.is_some());
    context.push(match other.is_asked_for_null && is_nullable {
        true => errors::asks_whether_it_comes(name, time, &source.declared.name, other.at, column.at),
        false => errors::reads_ahead((name, is_nullable), time, other.at, column.at, reader),
    });
}
