//! Values without statuses, for those who do not ask for them.

use super::{evaluate, fill_default, is_stale, readers, strip};
use crate::column::{Column, Tag};
use featc_ir::plan::{FinishKind, FinishSpec};
use featc_ir::{ExprKind, Truth};

/// The values of [`super::finish`], of `rows` questions. Of a slot that is an error, the error is the tag.
pub fn finish_values(spec: &FinishSpec, rows: usize, mut slots: Vec<Column>, truth: Truth) -> Vec<Column> {
    let readers = readers(spec, slots.len());
    let mut done: Vec<Column> = Vec::with_capacity(spec.features.len());
    for feature in &spec.features {
        let mut values = match &feature.kind {
            FinishKind::Aggregate { expr, ttl_us, .. } if is_stale(spec, *ttl_us, truth) => Column::new(expr.ty, rows),
            FinishKind::Aggregate { slots: of, expr, .. } => match (of.as_slice(), &expr.kind) {
                ([slot], ExprKind::Column(_)) if readers[*slot as usize] == 1 => {
                    std::mem::replace(&mut slots[*slot as usize], Column::empty(expr.ty))
                }
                _ => {
                    let inputs: Vec<&Column> = of.iter().map(|slot| &slots[*slot as usize]).collect();
                    without_errors(evaluate(&inputs, expr, rows, true), &inputs)
                }
            },
            FinishKind::Derived { inputs, expr } => {
                let inputs: Vec<&Column> = inputs.iter().map(|input| &done[*input as usize]).collect();
                evaluate(&inputs, expr, rows, false)
            }
        };
        strip(&mut values);
        done.push(fill_default(values, feature));
    }
    let outputs = spec.features.iter().zip(done).filter(|(feature, _)| feature.output);
    outputs.map(|(_, values)| values).collect()
}

/// Null where one of the inputs is an error, whatever the expression made of it.
fn without_errors(mut values: Column, inputs: &[&Column]) -> Column {
    for tags in inputs.iter().filter_map(|input| input.tags.as_ref()) {
        if tags.iter().any(|tag| *tag > Tag::NULL) {
            let of_values = values.tags.get_or_insert_with(|| vec![Tag::VALID; tags.len()]);
            for (value, tag) in of_values.iter_mut().zip(tags) {
                if *tag > Tag::NULL {
                    *value = Tag::NULL;
                }
            }
        }
    }
    values
}
