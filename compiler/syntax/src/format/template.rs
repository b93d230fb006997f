//! Uses of templates.

use super::Kind;
use super::bodies::listed;
use super::layout::{Layout, Region, Unit};
use crate::ast::Use;

/// `use spend for (amount, fee)`, with a line for each name where they are many.
pub(super) fn use_template(layout: &Layout<'_>, found: &Use) -> Unit {
    let (start, end) = (found.span.start, found.span.end);
    let region = Region {
        head_end: Some(found.template.span.end),
        start,
        end,
        indent: 2,
    };
    let arguments = found.arguments.iter();
    let items = arguments.map(|name| (name.span, name.text.clone())).collect();
    let head = format!("use {} for ", found.template.text);
    Unit {
        start,
        end,
        kind: Kind::Line,
        text: listed(layout, &head, ["(", ")"], items, &region),
        interior_end: found.template.span.end,
    }
}
