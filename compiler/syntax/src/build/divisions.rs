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
            } else if ends_of_features.contains(&before) && is_aggregate(operand) {
                self.diagnostics
                    .push(errors::aggregate_in_comment(operand, comment.span));
            }
        }
    }
}

/// `count()`, `sum(amount) over 7d default 0`: a call, and nothing else than clauses after it.
fn is_aggregate(text: &str) -> bool {
    let Some((name, rest)) = text.split_once('(') else {
        return false;
    };
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let behind = rest.rsplit_once(')').map(|(_, behind)| behind.trim_start());
    is_name
        && behind
            .is_some_and(|behind| behind.is_empty() || behind.starts_with("over ") || behind.starts_with("default "))
}
