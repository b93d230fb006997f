//! What events carry, in words of the program.

use featc_ir::display::expression;
use featc_ir::plan::RowSpec;
use featc_ir::{ColumnId, Expr, Source, Step};

/// The expressions that the events of a transform carry, as text.
pub fn carried(source: &Source, rows: &RowSpec) -> Vec<String> {
    let mut texts: Vec<String> = source.columns.iter().map(|column| column.name.clone()).collect();
    let text = |texts: &[String], expr: &Expr| {
        let name = |id: ColumnId| texts.get(id.index()).cloned();
        expression(expr, &|id| name(id).unwrap_or_else(|| format!("#{}", id.0)))
    };
    for step in &rows.steps {
        match step {
            Step::Let(value) => texts.push(text(&texts, value)),
            Step::Where(_) => {}
        }
    }
    rows.lifts.iter().map(|lift| text(&texts, lift)).collect()
}
