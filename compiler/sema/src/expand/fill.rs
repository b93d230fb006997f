//! Fills the holes of what stands in a file.

use super::params::{Argument, Params};
use crate::errors;
use featc_syntax::ast::{self, Expr, ExprKind, Literal, Name};
use featc_syntax::diag::{Diagnostic, FileId, Span, suggest};
use std::collections::BTreeSet;

/// A length that stands in for one that is not known, and that nobody writes: nothing more is to be said of it.
const UNKNOWN_US: i64 = 86_400_000_001;

/// Fills holes where they stand.
pub(super) struct Fill<'a> {
    params: &'a Params<'a>,
    own: Option<Argument<'a>>,
    /// The file that all places are moved to.
    file: Option<FileId>,
    /// `None` where everything has been said.
    complaints: Option<&'a mut Vec<Diagnostic>>,
    /// Places that hold nothing but the argument.
    pub(super) filled: BTreeSet<Span>,
}

impl<'a> Fill<'a> {
    /// Of what stands in no template.
    pub(super) fn outside(params: &'a Params<'a>, complaints: &'a mut Vec<Diagnostic>) -> Fill<'a> {
        Fill {
            params,
            own: None,
            file: None,
            complaints: Some(complaints),
            filled: BTreeSet::new(),
        }
    }

    /// Of what stands in a template, moved to a file of its own.
    pub(super) fn inside(
        params: &'a Params<'a>,
        own: Argument<'a>,
        file: FileId,
        complaints: Option<&'a mut Vec<Diagnostic>>,
    ) -> Fill<'a> {
        Fill {
            params,
            own: Some(own),
            file: Some(file),
            complaints,
            filled: BTreeSet::new(),
        }
    }

    pub(super) fn source(&mut self, source: &mut ast::Source) {
        let clauses = [&mut source.delay, &mut source.skew];
        clauses.into_iter().flatten().for_each(|clause| self.clause(clause));
        if let Some(bound) = source.lateness.as_mut().and_then(|lateness| lateness.bound.as_mut()) {
            self.duration(bound);
        }
        if let Some(arrival) = &mut source.arrival {
            match &mut arrival.kind {
                ast::ArrivalKind::AfterTime(offset) => self.duration(offset),
                ast::ArrivalKind::Column(_) => {}
            }
        }
    }

    pub(super) fn transform(&mut self, transform: &mut ast::Transform) {
        transform.at.iter_mut().for_each(|at| self.expr(at));
        transform.within.iter_mut().for_each(|within| self.clause(within));
        for step in &mut transform.steps {
            match step {
                ast::Step::Where(step) => self.expr(&mut step.condition),
                ast::Step::Let(step) => self.expr(&mut step.value),
            }
        }
    }

    /// The statements of a view, but for its uses.
    pub(super) fn view(&mut self, view: &mut ast::View) {
        view.ttl.iter_mut().for_each(|ttl| self.clause(ttl));
        self.features(&mut view.features, &mut view.broken);
    }

    /// Features that stand in no template; one that has no name after all is left out.
    pub(super) fn features(&mut self, features: &mut Vec<ast::Feature>, broken: &mut Vec<ast::Broken>) {
        for feature in &mut *features {
            self.feature(feature);
        }
        features.retain(|feature| {
            let named = ast::holes(&feature.name.text).next().is_none();
            broken.extend((!named).then_some(ast::Broken::nameless(feature.span)));
            named
        });
    }

    pub(super) fn feature(&mut self, feature: &mut ast::Feature) {
        self.move_to(&mut feature.span);
        if let (Some(doc), Some(own)) = (&mut feature.doc, self.own) {
            doc.text = ast::filled(&doc.text, |hole| (hole == own.parameter).then_some(&own.name.text));
        }
        self.name_with_holes(&mut feature.name);
        self.expr(&mut feature.value);
        if let Some(over) = &mut feature.over {
            self.move_to(&mut over.span);
            match &mut over.windows {
                ast::Windows::One(window) => self.window(window),
                ast::Windows::List(windows) => windows.iter_mut().for_each(|window| self.window(window)),
            }
            over.excluding
                .iter_mut()
                .for_each(|excluding| self.move_to(&mut excluding.span));
        }
        if let Some(cap) = &mut feature.cap {
            self.move_to(&mut cap.span);
            self.move_to(&mut cap.value.span);
        }
        if let Some(default) = &mut feature.default {
            self.move_to(&mut default.span);
            self.default(&mut default.value);
        }
    }

    /// A default: a literal, which no column is.
    fn default(&mut self, value: &mut Expr) {
        let hole = match &value.kind {
            ExprKind::Holed(name) => Some(name.clone()),
            _ => None,
        };
        match hole.filter(|name| hole_of(&name.text).and_then(|hole| self.params.find(hole)).is_none()) {
            None => self.expr(value),
            Some(name) => {
                self.not_a_literal(&name);
                self.move_to(&mut value.span);
            }
        }
    }

    fn window(&mut self, window: &mut ast::Window) {
        match window {
            ast::Window::Lifetime(span) => self.move_to(span),
            ast::Window::Last(length) => self.duration(length),
            ast::Window::Offset { length, offset, span } => {
                length.iter_mut().for_each(|length| self.duration(length));
                self.duration(offset);
                self.move_to(span);
            }
            ast::Window::Events { count, max, span } => {
                self.move_to(&mut count.span);
                max.iter_mut().for_each(|max| self.duration(max));
                self.move_to(span);
            }
            ast::Window::Since { condition, max, span } => {
                self.expr(condition);
                self.duration(max);
                self.move_to(span);
            }
            ast::Window::Grid {
                length,
                every,
                after,
                zone,
                span,
            } => {
                self.duration(length);
                self.duration(every);
                after.iter_mut().for_each(|after| self.duration(after));
                zone.iter_mut().for_each(|zone| self.move_to(&mut zone.span));
                self.move_to(span);
            }
            ast::Window::This { zone, span, .. } => {
                zone.iter_mut().for_each(|zone| self.move_to(&mut zone.span));
                self.move_to(span);
            }
            ast::Window::Past { count, zone, span, .. } => {
                self.move_to(&mut count.span);
                zone.iter_mut().for_each(|zone| self.move_to(&mut zone.span));
                self.move_to(span);
            }
        }
    }

    fn clause(&mut self, clause: &mut ast::DurationClause) {
        self.move_to(&mut clause.span);
        self.duration(&mut clause.value);
    }

    fn duration(&mut self, written: &mut ast::Duration) {
        let hole = hole_of(&written.text).map(|hole| Name {
            text: hole.to_owned(),
            span: written.span,
        });
        self.move_to(&mut written.span);
        let Some(hole) = hole else { return };
        let own = self.own.filter(|own| own.parameter == hole.text);
        let param = self.params.find(&hole.text).filter(|_| own.is_none());
        if let Some(ExprKind::Literal(Literal::Duration { us, text })) = param.map(|param| &param.value.kind) {
            (written.us, written.text) = (*us, text.clone());
            return;
        }
        match param {
            Some(param) => {
                let complaint = errors::no_duration(&hole.text, hole.span, param.value.span);
                self.complain(complaint);
            }
            None => self.not_a_literal(&Name {
                text: written.text.clone(),
                span: hole.span,
            }),
        }
        written.us = UNKNOWN_US;
    }

    fn expr(&mut self, expr: &mut Expr) {
        self.move_to(&mut expr.span);
        match &mut expr.kind {
            ExprKind::Holed(name) => {
                let name = name.clone();
                if let Some(kind) = self.hole(name, expr.span) {
                    expr.kind = kind;
                }
            }
            ExprKind::Literal(Literal::String(text)) => {
                let hole = hole_of(text).filter(|hole| {
                    let is_own = self.own.is_some_and(|own| own.parameter == *hole);
                    is_own || self.params.names().any(|known| known == *hole)
                });
                if let Some(complaint) = hole.map(|hole| errors::parameter_in_quotes(hole, expr.span)) {
                    self.complain(complaint);
                }
            }
            ExprKind::Literal(_) => {}
            ExprKind::Name(name) => self.move_to(&mut name.span),
            ExprKind::Dotted(names) => names.iter_mut().for_each(|name| self.move_to(&mut name.span)),
            ExprKind::Unary { operand, .. } | ExprKind::IsNull { operand, .. } => self.expr(operand),
            ExprKind::Binary {
                op_span, left, right, ..
            } => {
                self.move_to(op_span);
                self.expr(left);
                self.expr(right);
            }
            ExprKind::In { operand, items, .. } => {
                self.expr(operand);
                items.iter_mut().for_each(|item| self.expr(item));
            }
            ExprKind::Item { list, index } => {
                self.expr(list);
                self.expr(index);
            }
            ExprKind::Call(call) => {
                self.move_to(&mut call.function.span);
                self.move_to(&mut call.inside);
                call.arguments.iter_mut().for_each(|argument| self.expr(argument));
                call.zone.iter_mut().for_each(|zone| self.move_to(&mut zone.span));
                call.filter.iter_mut().for_each(|filter| self.expr(filter));
                call.ignoring_nulls.iter_mut().for_each(|span| self.move_to(span));
            }
            ExprKind::Cast { operand, ty } => {
                self.expr(operand);
                self.type_name(ty);
            }
            ExprKind::Case { branches, otherwise } => {
                for branch in branches {
                    self.expr(&mut branch.when);
                    self.expr(&mut branch.then);
                }
                otherwise.iter_mut().for_each(|otherwise| self.expr(otherwise));
            }
            ExprKind::Lookup(lookup) => {
                self.move_to(&mut lookup.table.span);
                self.move_to(&mut lookup.column.span);
                lookup.keys.iter_mut().for_each(|key| self.expr(key));
                lookup.within.iter_mut().for_each(|within| self.clause(within));
            }
        }
    }

    fn type_name(&mut self, ty: &mut ast::TypeName) {
        self.move_to(&mut ty.span);
        self.move_to(&mut ty.name.span);
        ty.arguments
            .iter_mut()
            .for_each(|number| self.move_to(&mut number.span));
        for field in &mut ty.inside {
            field.name.iter_mut().for_each(|name| self.move_to(&mut name.span));
            self.type_name(&mut field.ty);
            field.nullable.iter_mut().for_each(|mark| self.move_to(mark));
        }
    }

    /// What stands for a hole; `None` where it is not known.
    fn hole(&mut self, mut name: Name, at: Span) -> Option<ExprKind> {
        let own = self.own;
        let param = match hole_of(&name.text) {
            Some(hole) if own.is_some_and(|own| own.parameter == hole) => {
                self.filled.insert(at);
                None
            }
            Some(hole) => self.params.find(hole),
            None => None,
        };
        let Some(param) = param else {
            self.name_with_holes(&mut name);
            let is_whole = ast::holes(&name.text).next().is_none();
            return is_whole.then_some(ExprKind::Name(name));
        };
        let mut value = param.value.kind.clone();
        if let ExprKind::Unary { operand, .. } = &mut value {
            operand.span = at;
        }
        Some(value)
    }

    /// A name that may have the argument in it; what else is in it is reported.
    fn name_with_holes(&mut self, name: &mut Name) {
        let own = self.own;
        let filled = ast::filled(&name.text, |hole| {
            own.filter(|own| own.parameter == hole)
                .map(|own| own.name.text.as_str())
        });
        let strange: Vec<String> = ast::holes(&filled).map(str::to_owned).collect();
        for hole in strange {
            let complaint = match self.params.find(&hole) {
                Some(param) => Some(errors::parameter_in_name(&hole, name.span, param.name.span)),
                None => self.unknown(&hole, name),
            };
            complaint.into_iter().for_each(|complaint| self.complain(complaint));
        }
        self.move_to(&mut name.span);
        if hole_of(&name.text).is_some() {
            self.filled.insert(name.span);
        }
        name.text = filled;
    }

    /// A hole in the place of a literal that names no parameter of the module.
    fn not_a_literal(&mut self, written: &Name) {
        let own = self.own.map(|own| own.parameter);
        let own = own.filter(|own| ast::holes(&written.text).any(|hole| hole == *own));
        let complaint = match own {
            Some(own) => Some(errors::column_as_literal(own, written.span)),
            None => {
                let hole = ast::holes(&written.text).next().unwrap_or("");
                self.unknown(hole, written)
            }
        };
        complaint.into_iter().for_each(|complaint| self.complain(complaint));
    }

    fn unknown(&self, hole: &str, written: &Name) -> Option<Diagnostic> {
        if self.params.is_broken(hole) {
            return None;
        }
        let own = self.own.map(|own| own.parameter);
        let known = self.params.names().chain(own);
        Some(match suggest::nearest(hole, known) {
            Some(nearest) => {
                let braced = |name: &str| format!("{{{name}}}");
                let meant = written.text.replace(&braced(hole), &braced(nearest));
                errors::misspelt_parameter(hole, written.span, nearest, &meant)
            }
            None if self.params.is_column(hole) => errors::column_in_braces(hole, written.span),
            None => errors::unknown_parameter(hole, written.span),
        })
    }

    fn complain(&mut self, complaint: Diagnostic) {
        if let Some(complaints) = &mut self.complaints {
            complaints.push(complaint);
        }
    }

    fn move_to(&self, span: &mut Span) {
        if let Some(file) = self.file {
            span.file = file;
        }
    }
}

/// The name in a text that is one hole and nothing else.
fn hole_of(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('{')?.strip_suffix('}')?;
    (!inside.contains('{')).then_some(inside)
}
