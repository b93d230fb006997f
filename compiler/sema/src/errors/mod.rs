//! Every message of this crate, an entry for each: its words stand here and nowhere else.

mod alike;
mod conditions;
mod digits;
mod dots;
mod elsewhere;
mod files;
mod form;
mod functions;
mod keys;
mod lists;
mod meant;
mod names;
mod numbered;
mod service;
mod table;
mod templates;
mod testing;
mod time;
mod types;
mod warnings;

pub use conditions::*;
pub use digits::*;
pub use dots::*;
#[cfg(test)]
pub use elsewhere::{names_elsewhere, replacements};
pub use files::*;
pub use form::*;
pub use functions::*;
pub use keys::*;
pub use lists::*;
pub use meant::*;
pub use names::*;
pub use numbered::events_listed;
pub use service::*;
pub use table::*;
pub use templates::*;
pub use testing::*;
pub use time::*;
pub use types::*;
pub use warnings::*;

use featc_syntax::ast;
pub use std::fmt;

/// What kind of thing a name stands for, in the words of the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Entity,
    Source,
    Transform,
    View,
    Request,
    Service,
    Table,
    Parameter,
    Template,
}

impl Kind {
    /// What an item with a name declares.
    pub fn of(item: &ast::Item) -> Option<Kind> {
        Some(match item {
            ast::Item::Entity(_) => Kind::Entity,
            ast::Item::Source(_) => Kind::Source,
            ast::Item::Transform(_) => Kind::Transform,
            ast::Item::View(_) => Kind::View,
            ast::Item::Request(_) => Kind::Request,
            ast::Item::Service(_) => Kind::Service,
            ast::Item::Table(_) => Kind::Table,
            ast::Item::Param(_) => Kind::Parameter,
            ast::Item::Template(_) => Kind::Template,
            ast::Item::Test(_) | ast::Item::Broken(_) => return None,
        })
    }
}

impl Kind {
    /// `a source`, `an entity`
    fn with_article(self) -> String {
        let article = if self == Kind::Entity { "an" } else { "a" };
        format!("{article} {self}")
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Entity => "entity",
            Kind::Source => "source",
            Kind::Transform => "transform",
            Kind::View => "view",
            Kind::Request => "request",
            Kind::Service => "service",
            Kind::Table => "table",
            Kind::Parameter => "parameter",
            Kind::Template => "template",
        })
    }
}

/// `a`, `b` and `c`
fn list(names: &[String]) -> String {
    listed(names, "and")
}

/// The same with another word before the last.
fn listed<S: std::fmt::Display>(names: &[S], word: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} {word} {last}", rest.join(", ")),
    }
}

/// Whether a text or a number stands there.
fn is_literal(argument: &str) -> bool {
    argument.starts_with(|first: char| first == '"' || first == '-' || first.is_ascii_digit())
}

/// Whether a help may quote what is written, as the one thing that it shows.
pub fn is_short(written: &str) -> bool {
    is_quotable(written, 100)
}

/// Whether a help may quote what is written as a part of what it shows.
pub fn is_short_part(written: &str) -> bool {
    is_quotable(written, 60)
}

fn is_quotable(written: &str, bytes_max: usize) -> bool {
    written.len() <= bytes_max && !written.contains(['\n', '`'])
}
