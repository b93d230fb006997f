//! Tables.

use super::Kind;
use super::bodies::{columns_clause, files, names};
use super::layout::{Layout, Unit};
use crate::ast::Table;
use crate::diag::Span;
use crate::literal::quote;

/// The clauses of a table, each with its place.
pub(super) fn clauses(layout: &Layout<'_>, table: &Table) -> Vec<Unit> {
    let columns = table.columns.iter().map(|found| columns_clause(layout, found));
    let mut units: Vec<Unit> = columns.collect();
    let mut clause = |place: usize, span: Span, text: String| units.push(Unit::leaf(span, Kind::Clause(place), text));
    if let Some(found) = &table.key {
        let text = match &found.columns[..] {
            [one] => format!("key {}", one.text),
            columns => format!("key ({})", names(columns)),
        };
        clause(1, found.span, text);
    }
    if let Some(span) = table.static_rows {
        clause(2, span, "static".to_owned());
    }
    let columns = [
        (3, "valid from", &table.valid_from),
        (4, "valid to", &table.valid_to),
        (5, "arrival", &table.arrival),
    ];
    for (place, words, found) in columns {
        if let Some(found) = found {
            clause(place, found.span, format!("{words} {}", found.column.text));
        }
    }
    if let Some(found) = &table.zone {
        clause(6, found.span, format!("zone {}", quote(&found.value.value)));
    }
    if let Some(span) = table.keep_nan {
        clause(7, span, "keep nan".to_owned());
    }
    if let Some(found) = &table.batch {
        clause(8, found.span, files("batch", found));
    }
    units
}
