//! The one way to lay out a file: canonical, idempotent, and no comment is lost.
//!
//! - Two spaces of indentation, one clause, step, statement or entry per line. Tables of tests are
//!   aligned, nothing else is.
//! - Clauses of sources and `owner`, `tags`, `ttl` of views come in the order of the reference; their comments move along.
//! - Lists of columns stand on one line if they fit and hold no comment. A `case` that does not fit has a line for each of
//!   its branches.
//! - Items are separated by one empty line (entities, and parameters, may stand together); in bodies at most one empty line stays.
//! - A comment stays on the line of what it follows, or before what follows it. A comment inside a statement moves before
//!   the statement.

mod bodies;
mod expr;
mod layout;
mod service;
mod table;
mod template;
mod test;

use crate::ast::{File, Item};
use layout::{Region, Unit};

/// Lines longer than this are broken where the layout has a place for it.
const WIDTH: usize = 100;

/// The canonical text of a file; `None` if syntax errors were found in it.
pub fn format(file: &File, text: &str) -> Option<String> {
    if !file.is_complete {
        return None;
    }
    let layout = layout::Layout {
        text,
        comments: &file.comments,
    };
    let mut units = vec![];
    if let Some(module) = &file.module {
        let line = format!("module {}", module.name.text);
        units.push(Unit::leaf(module.span, Kind::Module, line));
    }
    for item in &file.items {
        units.push(bodies::item(&layout, item)?);
    }
    let region = Region {
        head_end: None,
        start: 0,
        end: text.len(),
        indent: 0,
    };
    let mut out = layout.body(&region, units, |before, after, gap| match (before, after) {
        (Kind::Entity, Kind::Entity) | (Kind::Param, Kind::Param) => gap,
        _ => true,
    });
    if !out.is_empty() {
        out.push('\n');
    }
    Some(out)
}

/// What a unit is: its place in the canonical order, and where empty lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Module,
    Entity,
    Param,
    Item,
    /// With its place among the clauses.
    Clause(usize),
    Line,
}

fn kind(item: &Item) -> Kind {
    match item {
        Item::Entity(_) => Kind::Entity,
        Item::Param(_) => Kind::Param,
        Item::Source(_)
        | Item::Transform(_)
        | Item::View(_)
        | Item::Request(_)
        | Item::Service(_)
        | Item::Test(_)
        | Item::Table(_)
        | Item::Template(_)
        | Item::Broken(_) => Kind::Item,
    }
}
