//! Features: expansion of window lists, names of features, what a feature may read.

use super::declared;
use super::expr::Exprs;
use super::meant::{first_aggregate, names_of};
use super::scope::{Items, RowScope};
use super::window::expansions;
use crate::errors::{self, Beside};
use crate::res::{self, Expr, ExprKind};
use featc_ir::FeatureId;
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, Span, suggest};
use std::collections::{BTreeMap, BTreeSet};

/// The features that a view declares, windows expanded.
pub(super) struct ViewFeatures<'a> {
    pub(super) view: &'a ast::View,
    pub(super) by_name: BTreeMap<String, (FeatureId, Span)>,
    /// Of each feature of the program, the declaration it comes from.
    pub(super) owner: Vec<usize>,
    names: Vec<String>,
    /// The names of features that are not understood; and whether there are some without a name.
    broken: BTreeSet<&'a str>,
    any_broken: bool,
}

/// Whether a statement that is not understood may declare features of any name: those of a template, or of what comes
/// after a clause and begins no statement here.
fn may_have_any_name(broken: &ast::Broken) -> bool {
    match broken.keyword.as_deref() {
        Some("feature") => broken.name.is_none(),
        Some(_) | None => true,
    }
}

/// How the words of a feature say that it is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// From events.
    Aggregate,
    /// From features.
    Derived,
    /// It aggregates, but says no window.
    WithoutWindow,
    /// It has a window, but no aggregate.
    WithoutAggregate,
}

/// What can be seen from within one feature.
pub(super) struct FeatureNames<'a> {
    pub(super) all: &'a ViewFeatures<'a>,
    pub(super) shape: Shape,
    pub(super) own: &'a ast::Name,
    /// All names in its expression.
    pub(super) read: BTreeSet<&'a str>,
    /// Whether it combines features, even where columns have their names.
    reads_features: bool,
    /// What a column outside of an aggregate stands beside.
    beside: Beside,
    /// The column with the event time, which at the question is its instant.
    time: Option<&'a str>,
}

impl<'a> ViewFeatures<'a> {
    /// `broken_param`: whether a parameter is not understood, which may be the length of a window.
    fn collect(view: &'a ast::View, broken_param: bool, complaints: &mut Vec<Diagnostic>) -> ViewFeatures<'a> {
        let mut all = ViewFeatures {
            view,
            by_name: BTreeMap::new(),
            owner: Vec::new(),
            names: Vec::new(),
            broken: view
                .broken
                .iter()
                .filter_map(|broken| Some(broken.name.as_ref()?.text.as_str()))
                .collect(),
            any_broken: broken_param || view.broken.iter().any(may_have_any_name),
        };
        for (position, feature) in view.features.iter().enumerate() {
            match &feature.over {
                Some(over) => {
                    for window in over.windows.all() {
                        let at = if over.windows.is_list() {
                            window.span()
                        } else {
                            feature.name.span
                        };
                        all.push(feature.name_over(window), at, position, complaints);
                    }
                }
                None => all.push(feature.name.text.clone(), feature.name.span, position, complaints),
            }
        }
        all
    }

    fn push(&mut self, name: String, at: Span, owner: usize, complaints: &mut Vec<Diagnostic>) {
        let id = FeatureId::from(self.names.len());
        if let Some((known, first)) = self.by_name.get(&name) {
            let view = &self.view.name.text;
            // Both may come from the windows of one feature.
            complaints.push(match self.owner.get(known.index()) == Some(&owner) {
                true => errors::duplicate_window(view, &name, at, *first),
                false => errors::duplicate_feature(view, &name, at, *first),
            });
        } else {
            self.by_name.insert(name.clone(), (id, at));
        }
        self.names.push(name);
        self.owner.push(owner);
    }

    /// The names of all features, by id.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn find(&self, name: &str) -> Option<FeatureId> {
        self.by_name.get(name).map(|(id, _)| *id)
    }

    /// Whether a feature that is not understood may have this name.
    pub(super) fn is_broken(&self, name: &str) -> bool {
        let mut begins = name.match_indices('_').map(|(at, _)| &name[..at]).chain([name]);
        self.any_broken || begins.any(|begin| self.broken.contains(begin))
    }

    /// Whether a statement of the view is not understood.
    pub(super) fn has_broken(&self) -> bool {
        !self.view.broken.is_empty()
    }
}

impl FeatureNames<'_> {
    /// Whether the view has this name.
    pub(super) fn is_of(&self, view: &str) -> bool {
        self.all.view.name.text == view
    }

    /// Whether the view has a feature of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.all.find(name).is_some()
    }

    /// Whether a feature that is not understood may have this name.
    pub(super) fn is_broken(&self, name: &str) -> bool {
        self.all.is_broken(name)
    }

    /// A name outside of aggregates.
    pub(super) fn lookup(&self, name: &ast::Name, row: &RowScope, complaints: &mut Vec<Diagnostic>) -> ExprKind {
        let text = name.text.as_str();
        let (column, feature) = (row.find(text), self.all.find(text));
        let prefers_column = match self.shape {
            Shape::Aggregate | Shape::WithoutWindow => true,
            Shape::WithoutAggregate => !self.reads_features,
            Shape::Derived => text == self.own.text,
        };
        match (feature, column) {
            // A column and a list of windows have one name: other features read the list's.
            (None, Some(_)) if matches!(self.shape, Shape::Derived) && self.all.has_windows(text) => {
                complaints.push(self.unknown(name, row));
                ExprKind::Poison
            }
            (None, Some(_)) if self.all.is_broken(text) => ExprKind::Poison,
            (_, Some(_)) if prefers_column || feature.is_none() => {
                complaints.push(match self.beside {
                    Beside::Values if self.time == Some(text) => errors::time_outside_aggregate(text, name.span),
                    beside => errors::column_outside_aggregate(text, name.span, beside),
                });
                ExprKind::Poison
            }
            (Some(feature), _) => match self.shape {
                Shape::Derived | Shape::WithoutAggregate => ExprKind::Feature(feature),
                Shape::Aggregate => {
                    complaints.push(errors::mixed_feature(&self.own.text, text, name.span));
                    ExprKind::Poison
                }
                Shape::WithoutWindow => ExprKind::Poison,
            },
            (None, _) => {
                if !self.all.is_broken(text) && !row.is_silent(text) {
                    complaints.push(self.unknown(name, row));
                }
                ExprKind::Poison
            }
        }
    }

    fn unknown(&self, name: &ast::Name, row: &RowScope) -> Diagnostic {
        let (text, at) = (name.text.as_str(), name.span);
        match self.shape {
            Shape::Derived => {
                let view = &self.all.view.name;
                errors::unknown_feature(&view.text, text, at, self.all.meant(text, Some(self)), view.span)
            }
            Shape::Aggregate | Shape::WithoutWindow if text == "timestamp" => errors::question_as_column(text, at),
            Shape::Aggregate | Shape::WithoutWindow | Shape::WithoutAggregate => {
                let nearest = suggest::nearest(text, row.columns.iter().map(|(name, _)| name.as_str()));
                errors::unknown_value(&row.name, text, at, nearest, row.at)
            }
        }
    }
}

/// The features of a view.
pub(super) struct ResolvedFeatures<'a> {
    /// As declared.
    pub(super) features: Vec<res::Feature>,
    /// Positions in `features`, inputs before what reads them.
    pub(super) order: Vec<usize>,
    pub(super) names: ViewFeatures<'a>,
}

/// Resolves the features of a view over its rows.
pub(super) fn features<'a>(
    view: &'a ast::View,
    items: &Items<'_>,
    row: &RowScope,
    complaints: &mut Vec<Diagnostic>,
) -> ResolvedFeatures<'a> {
    let all = ViewFeatures::collect(view, items.broken_param, complaints);
    let mut resolved: Vec<res::Feature> = view
        .features
        .iter()
        .map(|written| feature(written, &all, items, row, complaints))
        .collect();
    let order = report_circles(&mut resolved, &all, complaints);
    ResolvedFeatures {
        features: resolved,
        order,
        names: all,
    }
}

fn feature(
    written: &ast::Feature,
    all: &ViewFeatures<'_>,
    items: &Items<'_>,
    row: &RowScope,
    complaints: &mut Vec<Diagnostic>,
) -> res::Feature {
    let first = first_aggregate(&written.value);
    let shape = match (first, &written.over) {
        (Some(_), Some(_)) => Shape::Aggregate,
        (None, None) => Shape::Derived,
        (Some(_), None) => Shape::WithoutWindow,
        (None, Some(_)) => Shape::WithoutAggregate,
    };
    let expansions = written
        .over
        .as_ref()
        .map_or_else(Vec::new, |over| expansions((written, over), (items, row), complaints));
    let before = complaints.len();
    if let (Shape::WithoutWindow, Some(aggregate)) = (shape, first) {
        complaints.push(errors::missing_window(
            &written.name.text,
            &aggregate.text,
            aggregate.span,
        ));
    }
    let read = names_of(&written.value);
    let is_other = |name: &&&str| **name != written.name.text && all.find(name).is_some();
    let others = read.iter().filter(is_other).count();
    let names = FeatureNames {
        all,
        shape,
        own: &written.name,
        reads_features: others > 1 && others == read.len(),
        read,
        beside: match shape {
            Shape::Aggregate | Shape::WithoutWindow => Beside::Values,
            Shape::Derived | Shape::WithoutAggregate if others > 0 => Beside::Values,
            Shape::WithoutAggregate => Beside::Window,
            Shape::Derived => Beside::Nothing,
        },
        time: items.time_of(&all.view.from.text),
    };
    let value = Exprs::feature(items, row, &names, complaints).expr(&written.value);
    if complaints.len() == before {
        complaints.extend(superfluous(written, shape, &value));
    }
    let default = written
        .default
        .as_ref()
        .map(|default| Exprs::row(items, row, complaints).expr(&default.value));
    let kind = match shape {
        Shape::Aggregate => res::FeatureKind::Aggregate { expansions },
        Shape::Derived => res::FeatureKind::Derived,
        // As many features as were declared, so that ids agree.
        Shape::WithoutWindow | Shape::WithoutAggregate => res::FeatureKind::Broken {
            width: expansions.len().max(1),
        },
    };
    let declared = declared(&written.name, written.doc.as_ref());
    res::Feature {
        declared,
        value,
        kind,
        cap: written.cap.clone(),
        default,
    }
}

/// What a feature says in vain, if nothing else is wrong with it.
fn superfluous(written: &ast::Feature, shape: Shape, value: &Expr) -> Option<Diagnostic> {
    let feature = written.name.text.as_str();
    if let (Shape::WithoutAggregate, Some(over)) = (shape, &written.over) {
        return Some(errors::window_without_aggregate(feature, over.span));
    }
    if shape == Shape::Derived && reads_nothing(value) {
        let at = written.value.span;
        return Some(errors::feature_reads_nothing(feature, at));
    }
    let cap = written.cap.as_ref().filter(|_| !has_cap(value))?;
    Some(errors::cap_without_values(feature, cap.span))
}

fn has_cap(value: &Expr) -> bool {
    let mut found = false;
    value.walk(&mut |expr| {
        if let ExprKind::Aggregate(call) = &expr.kind {
            found |= call.aggregate.cap().is_some();
        }
    });
    found
}

fn reads_nothing(value: &Expr) -> bool {
    let mut reads = false;
    value.walk(&mut |expr| match expr.kind {
        ExprKind::Feature(_) | ExprKind::Poison | ExprKind::Column(_) | ExprKind::Aggregate(_) => reads = true,
        _ => {}
    });
    !reads
}

/// Reports each circle of derived features once, and breaks it. Gives the declarations, inputs before what reads them.
fn report_circles(
    features: &mut [res::Feature],
    all: &ViewFeatures<'_>,
    complaints: &mut Vec<Diagnostic>,
) -> Vec<usize> {
    let mut order = Vec::with_capacity(features.len());
    let reads: Vec<Vec<usize>> = features.iter().map(|feature| read_declarations(feature, all)).collect();
    let mut is_done = vec![false; features.len()];
    let mut on_path = vec![false; features.len()];
    for start in 0..features.len() {
        if is_done[start] {
            continue;
        }
        // Depth first with a stack of our own: a chain may be long.
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        on_path[start] = true;
        while let Some((at, next)) = path.last_mut() {
            let at = *at;
            let Some(target) = reads[at].get(*next).copied() else {
                is_done[at] = true;
                order.push(at);
                on_path[at] = false;
                path.pop();
                continue;
            };
            *next += 1;
            if on_path[target] {
                let from = path.iter().position(|(known, _)| *known == target).unwrap_or(0);
                report_circle(features, path[from..].iter().map(|(at, _)| *at), target, complaints);
                features[at].value = Expr::poison(features[at].value.span);
            } else if !is_done[target] {
                on_path[target] = true;
                path.push((target, 0));
            }
        }
    }
    order
}

fn read_declarations(feature: &res::Feature, all: &ViewFeatures<'_>) -> Vec<usize> {
    let mut read = Vec::new();
    if matches!(feature.kind, res::FeatureKind::Derived) {
        feature.value.walk(&mut |expr| {
            if let ExprKind::Feature(id) = expr.kind {
                read.push(all.owner[id.index()]);
            }
        });
    }
    read
}

fn report_circle(
    features: &[res::Feature],
    circle: impl Iterator<Item = usize>,
    first: usize,
    complaints: &mut Vec<Diagnostic>,
) {
    let mut names: Vec<String> = circle.map(|at| features[at].declared.name.clone()).collect();
    names.push(features[first].declared.name.clone());
    let declared = &features[first].declared;
    complaints.push(errors::circular_feature(&declared.name, declared.at, &names));
}
