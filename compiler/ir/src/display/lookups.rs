//! The lookups of a plan, as its program says them.

use super::expression;
use super::plan::Names;
use crate::expr::Lookup;
use crate::plan::Pipeline;
use crate::table::lookups_with_operands;

impl Pipeline {
    /// The lookups of its rows, in the order of [`crate::table::lookups`], each with its text: `planes(upper(tail))`.
    pub fn lookups(&self) -> Vec<(&Lookup, String)> {
        let names = Names {
            scan: &self.scan,
            rows: &self.rows,
        };
        let mut found = Vec::new();
        lookups_with_operands(
            &self.rows.steps.steps,
            &self.rows.place.time,
            &mut |lookup, operands| {
                let key = operands.iter().take(lookup.table.key.len());
                let key: Vec<String> = key.map(|operand| expression(operand, &|id| names.column(id))).collect();
                found.push((lookup, format!("{}({})", lookup.table.name, key.join(", "))));
            },
        );
        found
    }
}
