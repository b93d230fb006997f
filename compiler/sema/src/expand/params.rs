//! What holes may name.

use featc_syntax::ast::{self, Name};
use featc_syntax::diag::Span;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The parameters of a module.
#[derive(Debug, Default)]
pub(super) struct Params<'a> {
    /// The first of each name.
    declared: BTreeMap<&'a str, &'a ast::Param>,
    used: RefCell<BTreeSet<String>>,
    /// The names of columns, and of what is computed from them.
    columns: BTreeSet<&'a str>,
    /// Names that broken items would have declared, and whether one has no name.
    broken: BTreeSet<&'a str>,
    any_broken: bool,
}

impl<'a> Params<'a> {
    pub(super) fn declare(&mut self, param: &'a ast::Param) {
        self.declared.entry(&param.name.text).or_insert(param);
    }

    /// Notes the columns of an item.
    pub(super) fn note_columns(&mut self, item: &'a ast::Item) {
        match item {
            ast::Item::Source(source) => {
                let columns = source.columns.iter().flat_map(|columns| &columns.columns);
                self.columns.extend(columns.map(|column| column.name.text.as_str()));
            }
            ast::Item::Transform(transform) => {
                self.columns
                    .extend(transform.steps.iter().filter_map(|step| match step {
                        ast::Step::Let(written) => Some(written.name.text.as_str()),
                        ast::Step::Where(_) => None,
                    }));
            }
            _ => {}
        }
    }

    pub(super) fn is_column(&self, name: &str) -> bool {
        self.columns.contains(name)
    }

    /// Keeps silent about these names.
    pub(super) fn tolerate(&mut self, broken: BTreeSet<&'a str>, any_broken: bool) {
        (self.broken, self.any_broken) = (broken, any_broken);
    }

    /// Whether nothing is to be said of a name that is not there.
    pub(super) fn is_broken(&self, name: &str) -> bool {
        self.any_broken || self.broken.contains(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.declared.keys().copied()
    }

    /// Those that no hole names.
    pub(super) fn unused(&self) -> Vec<(&'a str, Span)> {
        let used = self.used.borrow();
        let all = self.declared.iter().filter(|(name, _)| !used.contains(**name));
        all.map(|(name, param)| (*name, param.name.span)).collect()
    }

    /// The parameter of a hole, which counts as read from now on.
    pub(super) fn find(&self, name: &str) -> Option<&'a ast::Param> {
        let found = self.declared.get(name).copied();
        if found.is_some() {
            self.used.borrow_mut().insert(name.to_owned());
        }
        found
    }
}

/// What the parameter of a template stands for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Argument<'a> {
    pub(super) parameter: &'a str,
    pub(super) name: &'a Name,
}
