//! What stands in services.

use super::Kind;
use super::bodies::by;
use super::layout::Unit;
use crate::ast::{Fallback, Role, ServiceEntry};

pub(super) fn entry(entry: &ServiceEntry) -> Unit {
    let patterns: Vec<&str> = entry.patterns.iter().map(|pattern| pattern.text.as_str()).collect();
    let text = match patterns[..] {
        [only] => format!("{}.{only}", entry.view.text),
        _ => format!("{}.{{{}}}", entry.view.text, patterns.join(", ")),
    };
    let text = match &entry.alias {
        Some(alias) => format!("{text} as {}", alias.text),
        None => text,
    };
    let text = match entry.fallback {
        None => text,
        Some(Fallback::Impute) => format!("{text} fallback impute"),
        Some(Fallback::Gate) => format!("{text} fallback gate"),
    };
    Unit::leaf(entry.span, Kind::Line, text)
}

pub(super) fn role(role: &Role) -> Unit {
    let text = format!("role {} = {}{}", role.name.text, role.view.text, by(role.by.as_ref()));
    Unit::leaf(role.span, Kind::Line, text)
}
