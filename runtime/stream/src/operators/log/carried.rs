//! What events carry, in words of the program.

use featc_ir::display::expression;
use featc_ir::plan::RowSpec;
use featc_ir::{ColumnId, Source};

/// The expressions that the events of a transform carry, as text. A `let` stands there by its name.
pub fn carried(source: &Source, rows: &RowSpec) -> Vec<String> {
    let columns = source.columns.iter().map(|column| &column.name);
    let names: Vec<&String> = columns.chain(&rows.lets).collect();
    let name = |id: ColumnId| {
        names
            .get(id.index())
            .map_or_else(|| format!("#{}", id.0), |name| (*name).clone())
    };
    rows.lifts.iter().map(|lift| expression(lift, &name)).collect()
}
