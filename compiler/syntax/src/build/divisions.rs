//! `//` where other languages divide: it begins a comment, and what stands before it is the whole value.

use super::Builder;
use crate::ast::{File, Item, Service, Step, Template, View};
use crate::errors;
use std::collections::HashSet;

impl Builder<'_> {
    /// Warns of comments after a value that hold nothing but an operand, a number or a name that the file declares, or an
    /// aggregate.
    pub(super) fn report_divisions(&mut self, file: &File) {
        let mut names: HashSet<&str> = HashSet::new();
        let mut ends: HashSet<usize> = HashSet::new();
        // Of features that have a window, too.
        let mut ends_of_features: HashSet<usize> = HashSet::new();
        for item in &file.items {
            match item {
                Item::Source(source) => {
                    let columns = source.columns.iter().flat_map(|columns| &columns.columns);
                    names.extend(columns.map(|column| column.name.text.as_str()));
                }
                Item::Transform(transform) => {
                    for step in &transform.steps {
                        if let Step::Let(written) = step {
                            names.insert(&written.name.text);
                            ends.insert(written.span.end);
                        }
                    }
                }
                Item::View(View { features, .. })
                | Item::Service(Service { features, .. })
                | Item::Template(Template { features, .. }) => {
                    for feature in features {
                        names.insert(&feature.name.text);
                        ends_of_features.insert(feature.span.end);
                        if feature.over.is_none() && feature.cap.is_none() && feature.default.is_none() {
                            ends.insert(feature.span.end);
                        }
                    }
                }
                Item::Entity(_)
                | Item::Request(_)
                | Item::Test(_)
                | Item::Table(_)
                | Item::Param(_)
                | Item::Broken(_) => {}
            }
        }
        for comment in &self.tokens.scan.comments {
            let operand = comment.text.trim_start_matches('/').trim();
            let is_number = operand.starts_with(|c: char| c.is_ascii_digit())
                && operand.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '_');
            let before = self.tokens.before(comment.span.start).map_or(0, |token| token.end);
            if comment.is_doc || comment.own_line {
                continue;
            }
            if ends.contains(&before) && (is_number || names.contains(operand)) {
                self.diagnostics
                    .push(errors::division_in_comment(operand, comment.span));
            } else if ends_of_features.contains(&before) && is_aggregate(operand, !ends.contains(&before)) {
                self.diagnostics
                    .push(errors::aggregate_in_comment(operand, comment.span));
            }
        }
    }
}

/// Aggregates that are divided by.
const AGGREGATES: &str =
    "count sum mean min max first last count_distinct median quantile stddev variance any all mode rate";

/// `count()`, `sum(amount) over 7d default 0`: an aggregate, and nothing else than clauses after it. `has_window`: of what stands
/// before it; a comment on a whole feature says less.
fn is_aggregate(text: &str, has_window: bool) -> bool {
    let Some((name, rest)) = text.split_once('(') else {
        return false;
    };
    let mut depth = 1_u32;
    let end = rest.find(|c: char| {
        depth = match c {
            '(' => depth + 1,
            ')' => depth - 1,
            _ => depth,
        };
        depth == 0
    });
    let behind = end.map(|end| rest[end + 1..].trim_start());
    let is_window = |behind: &str| {
        let window = behind.strip_prefix("over ").map(str::trim_start);
        window.is_some_and(|window| {
            let word = window.split(' ').next().unwrap_or_default();
            word.starts_with(|first: char| first.is_ascii_digit() || first == '[')
                || ["lifetime", "last", "this"].contains(&word)
        })
    };
    AGGREGATES.split(' ').any(|known| known == name)
        && behind.is_some_and(|behind| {
            is_window(behind) || !has_window && (behind.is_empty() || behind.starts_with("default "))
        })
}
