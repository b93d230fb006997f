//! Names in expressions.

mod clock;
mod place;

use super::meant::{
    before_the_member, dots, function_of, has_aggregate, ignoring_nulls, leaves_out_nulls, named_argument,
    part_of_calendar, unit_of_time, unit_of_truncate, with_more_arguments, wrong_arguments,
};
use super::parameter;
use super::scope::{Items, RowScope};
use super::types::{binary_op, type_of};
use super::zone::zone_of_call;
use crate::errors;
use crate::res::{Call, Expr, ExprKind};
use featc_ir::{Aggregate, Function};
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, Span};
use place::Place;

/// Resolves expressions over a row, or of a feature.
pub(super) struct Exprs<'a> {
    items: &'a Items<'a>,
    row: &'a RowScope,
    place: Place<'a>,
    complaints: &'a mut Vec<Diagnostic>,
}

impl<'a> Exprs<'a> {
    /// Resolves an expression. Depth is bounded by [`ast::Expr::DEPTH_MAX`].
    pub(super) fn expr(&mut self, expr: &ast::Expr) -> Expr {
        let kind = match &expr.kind {
            ast::ExprKind::Literal(literal) => ExprKind::Literal(literal.clone()),
            ast::ExprKind::Name(name) => self.name(name),
            // Filled before, or refused.
            ast::ExprKind::Holed(_) => ExprKind::Poison,
            ast::ExprKind::Dotted(names) => self.dotted(names, expr.span),
            ast::ExprKind::Unary { op, operand } => {
                let operand = self.boxed(operand);
                match op {
                    ast::UnaryOp::Not => ExprKind::Not(operand),
                    ast::UnaryOp::Negate => ExprKind::Negate(operand),
                }
            }
            // A chained comparison has been reported; what its parts are compared with is unknown.
            ast::ExprKind::Binary { op, left, .. } if op.is_comparison() && is_open_comparison(left) => {
                drop(self.expr(left));
                ExprKind::Poison
            }
            ast::ExprKind::Binary { op, left, right, .. }
                if op.is_comparison() && self.reports_a_clock(left, right) =>
            {
                ExprKind::Poison
            }
            ast::ExprKind::Binary {
                op,
                op_span,
                left,
                right,
            } => ExprKind::Binary {
                op: binary_op(*op),
                op_at: *op_span,
                left: self.boxed(left),
                right: self.boxed(right),
            },
            ast::ExprKind::IsNull { operand, negated } => ExprKind::IsNull {
                operand: self.boxed(operand),
                negated: *negated,
            },
            ast::ExprKind::In {
                operand,
                negated,
                items,
            } => ExprKind::In {
                operand: self.boxed(operand),
                negated: *negated,
                items: self.all(items),
            },
            ast::ExprKind::Item { list, index } => self.item(list, index, expr.span),
            ast::ExprKind::Call(call) => self.call(call, expr.span),
            ast::ExprKind::Lookup(written) => self.lookup(written, expr.span),
            ast::ExprKind::Cast { operand, ty } => {
                let operand = self.boxed(operand);
                ExprKind::Cast(operand, type_of(ty, self.complaints))
            }
            ast::ExprKind::Case { branches, otherwise } => ExprKind::Case {
                branches: branches
                    .iter()
                    .map(|branch| (self.expr(&branch.when), self.expr(&branch.then)))
                    .collect(),
                otherwise: otherwise.as_ref().map(|otherwise| self.boxed(otherwise)),
            },
        };
        Expr { kind, span: expr.span }
    }

    fn boxed(&mut self, expr: &ast::Expr) -> Box<Expr> {
        Box::new(self.expr(expr))
    }

    fn all(&mut self, items: &[ast::Expr]) -> Vec<Expr> {
        items.iter().map(|item| self.expr(item)).collect()
    }

    fn lookup(&mut self, written: &ast::Lookup, at: Span) -> ExprKind {
        if !matches!(self.place, Place::Row) {
            let is_service = matches!(self.place, Place::Service(_));
            self.complaints.push(match is_service {
                true => {
                    let mut tables = self.items.tables.all.iter();
                    let table =
                        tables.find(|table| table.name.text == written.table.text && table.valid_from.is_some());
                    errors::lookup_of_a_question(&written.column.text, table.map(|table| &*table.name.text), at)
                }
                false => errors::lookup_outside(&written.column.text, self.items.texts.slice(at), at),
            });
            return ExprKind::Poison;
        }
        if let Some(complaint) = super::table::named_keys(self.items, written) {
            self.complaints.push(complaint);
            return ExprKind::Poison;
        }
        let keys = self.all(&written.keys);
        match super::table::lookup(self.items, written, at, self.complaints) {
            Some(lookup) => ExprKind::Lookup { lookup, keys },
            None => ExprKind::Poison,
        }
    }

    fn name(&mut self, name: &ast::Name) -> ExprKind {
        let is_name = self.row.find(&name.text).is_some()
            || match self.place {
                Place::Row | Place::Aggregate { .. } => false,
                Place::Feature(names) => names.has(&name.text),
                Place::Service(names) => names.has(&name.text),
            };
        if !is_name
            && self.row.is_known
            && let Some(complaint) = self.known_elsewhere(name)
        {
            self.complaints.push(complaint);
            return ExprKind::Poison;
        }
        if !is_name && !self.row.is_silent(&name.text) && self.items.params.contains(name.text.as_str()) {
            self.complaints
                .push(errors::parameter_as_a_column(&name.text, name.span));
            return ExprKind::Poison;
        }
        match self.place {
            Place::Row | Place::Aggregate { .. } => self
                .row
                .value(name, self.complaints)
                .map_or(ExprKind::Poison, ExprKind::Column),
            Place::Feature(names) => names.lookup(name, self.row, self.complaints),
            Place::Service(names) => names.lookup(name, self.complaints),
        }
    }

    /// A name with a dot means nothing but in a service; what it was meant to be decides the message.
    fn dotted(&mut self, names: &[ast::Name], at: Span) -> ExprKind {
        if let Place::Service(service) = self.place {
            return service.dotted(names, at, self.complaints);
        }
        let ([first, ..], [.., last]) = (names, names) else {
            return ExprKind::Poison;
        };
        let whole = ast::Name {
            text: dots(names),
            span: at,
        };
        let before = before_the_member(names);
        let is_member = self.row.find(&whole.text).is_none() && self.row.find(&before).is_some();
        let is_member = is_member && function_of(&last.text).or(part_of_calendar(&last.text)).is_some();
        if !is_member && (self.row.find(&whole.text).is_some() || self.row.field_of(&first.text).is_some()) {
            return self.name(&whole);
        }
        let (first, last) = (first.text.as_str(), last.text.as_str());
        if self.items.is_broken(first) || self.row.is_silent(first) {
            return ExprKind::Poison;
        }
        let is_own_view = matches!(self.place, Place::Feature(names) if names.is_of(first));
        let is_view = self.items.views.by_name.contains_key(first);
        let is_simple = names.len() == 2 && self.row.find(first).is_none();
        if is_simple && is_view && !is_own_view && !self.items.reads(&self.row.name, first) {
            self.complaints.push(errors::feature_of_another_view(first, last, at));
            return ExprKind::Poison;
        }
        let whole = whole.text;
        let reads_it = self.items.column_of(&self.row.name, &whole);
        if let Some(column) = reads_it.filter(|column| self.row.find(column).is_some()) {
            self.complaints.push(errors::path_of_a_column(&whole, column, at));
            return ExprKind::Poison;
        }
        let is_owner = is_own_view || self.items.reads(&self.row.name, first);
        let field = dots(&names[1..]);
        let is_field = self.row.find(first).is_none() && self.row.find(&field).is_some();
        self.complaints.push(if is_owner && is_field && names.len() > 2 {
            errors::field_behind_its_source(&whole, &field, at)
        } else if is_owner && is_simple {
            errors::dot_behind_its_owner(&whole, last, at)
        } else if is_simple && self.items.rows(first).is_some() {
            errors::dot_behind_other_rows(&whole, first, at)
        } else if is_simple && self.items.tables.by_name.contains_key(first) {
            let in_transform = matches!(self.place, Place::Row);
            super::table::dotted(self.items, self.row, in_transform, (first, last), at)
        } else {
            self.member(names, (first, last), at)
        });
        ExprKind::Poison
    }

    fn call(&mut self, call: &ast::Call, span: Span) -> ExprKind {
        let name = call.function.text.as_str();
        if let Some(aggregate) = Aggregate::named(name) {
            return self.named_aggregate(call, aggregate);
        }
        if name == "lookup" {
            self.complaints.push(super::table::called(self.items, call, span));
            return ExprKind::Poison;
        }
        let function = Function::from_name(name);
        if function.is_some() || matches!(name, "if" | "coalesce") {
            let filter = call.filter.as_ref().map(|filter| filter.span);
            self.complaints
                .extend(filter.map(|at| errors::filter_of_function(name, at)));
            let ignoring = call.ignoring_nulls;
            self.complaints
                .extend(ignoring.map(|at| errors::function_ignoring_nulls(name, at)));
        } else {
            let complaint = self.unknown_function(call);
            self.complaints.push(complaint);
            match self.place {
                // It may have been meant as an aggregate: what its names mean is unknown too.
                Place::Feature(_) => {}
                Place::Row | Place::Aggregate { .. } | Place::Service(_) => {
                    let is_value = |argument: &&ast::Expr| unit_of_time(argument).is_none();
                    let values = call.arguments.iter().filter(is_value);
                    values.for_each(|value| drop(self.expr(value)));
                }
            }
            return ExprKind::Poison;
        }
        if let Some(complaint) = unit_of_truncate(call, &self.items.params) {
            self.complaints.push(complaint);
            return ExprKind::Poison;
        }
        let mut arguments = self.all(&call.arguments);
        match zone_of_call(call, function, span, self.items.texts) {
            Ok(zone) => arguments.extend(zone),
            Err(complaint) => {
                self.complaints.push(complaint);
                return ExprKind::Poison;
            }
        }
        match name {
            "if" => self.conditional(arguments, span),
            "coalesce" if arguments.len() >= 2 => ExprKind::Coalesce(arguments),
            "coalesce" => {
                self.complaints.push(errors::wrong_argument_count(
                    name,
                    "coalesce(a, b, …)",
                    arguments.len(),
                    span,
                ));
                ExprKind::Poison
            }
            _ => function.map_or(ExprKind::Poison, |function| ExprKind::Call { function, arguments }),
        }
    }

    /// A call of an aggregate, or of what is meant by its arguments.
    fn named_aggregate(&mut self, call: &ast::Call, aggregate: Aggregate) -> ExprKind {
        let name = call.function.text.as_str();
        let written = self.written(call);
        if let ("first" | "last", [_, second]) = (name, &call.arguments[..])
            && let Some(edit) = ignoring_nulls(&written, second)
        {
            self.complaints.push(errors::nulls_by_an_argument(&written, &edit));
            return ExprKind::Poison;
        }
        if call.arguments.iter().any(leaves_out_nulls) {
            self.complaints.push(errors::nulls_left_out_anyway(&written));
            return ExprKind::Poison;
        }
        let mut named = call.arguments.iter().skip(1).filter_map(named_argument);
        if let Some(option) = named.find(|option| self.row.find(&option.text).is_none()) {
            self.complaints.push(errors::named_argument(&written, option));
            return ExprKind::Poison;
        }
        let is_number =
            |argument: &ast::Expr| matches!(argument.kind, ast::ExprKind::Literal(ast::Literal::Integer(_)));
        let fits = !matches!(name, "first" | "last") || call.arguments.get(1).is_some_and(is_number);
        let other = with_more_arguments(name, call.arguments.len()).filter(|_| fits);
        let Some(other) = other.filter(|_| !matches!(self.place, Place::Row | Place::Service(_))) else {
            return self.aggregate(call, aggregate);
        };
        // Within an aggregate, and of aggregates, one thing alone can be meant.
        let of_columns = matches!(self.place, Place::Feature(_)) && !has_aggregate(call);
        let tell = match other {
            "greatest" | "least" if of_columns => errors::several_values,
            _ => errors::call_of_another,
        };
        let complaint = tell(&self.written(call), other);
        self.complaints.push(complaint);
        ExprKind::Poison
    }

    fn conditional(&mut self, arguments: Vec<Expr>, at: Span) -> ExprKind {
        match <[Expr; 3]>::try_from(arguments) {
            Ok([when, then, otherwise]) => ExprKind::Case {
                branches: vec![(when, then)],
                otherwise: Some(Box::new(otherwise)),
            },
            Err(arguments) => {
                let usage = "if(condition, value, otherwise)";
                self.complaints
                    .push(errors::wrong_argument_count("if", usage, arguments.len(), at));
                ExprKind::Poison
            }
        }
    }

    fn aggregate(&mut self, call: &ast::Call, mut aggregate: Aggregate) -> ExprKind {
        let (name, name_at) = (call.function.text.as_str(), call.function.span);
        match self.place {
            Place::Row => {
                let complaint = self.outside_of_a_view(call);
                self.complaints.push(complaint);
                return ExprKind::Poison;
            }
            Place::Aggregate { .. } => {
                let complaint = self.nested(&call.function, &self.written(call).arguments);
                self.complaints.push(complaint);
                return ExprKind::Poison;
            }
            Place::Service(_) => {
                let count = call.arguments.len();
                self.complaints.push(errors::aggregate_in_service(name, count, name_at));
                return ExprKind::Poison;
            }
            Place::Feature(_) => {}
        }
        if let Some(at) = call.ignoring_nulls {
            match aggregate.ignoring_nulls() {
                Some(form) => aggregate = form,
                None => self.complaints.push(errors::aggregate_ignoring_nulls(name, at)),
            }
        }
        let mut inner = Exprs {
            items: self.items,
            row: self.row,
            place: Place::Aggregate {
                name,
                at: name_at,
                is_condition: false,
            },
            complaints: &mut *self.complaints,
        };
        // A literal that decides about the program is no expression over the row.
        let (literal, written) = match (aggregate.literal(), call.arguments.split_last()) {
            (Some(_), Some((literal, arguments))) if call.arguments.len() == 2 => (Some(literal), arguments),
            (_, _) => (None, call.arguments.as_slice()),
        };
        let arguments = inner.all(written);
        inner.place = Place::Aggregate {
            name,
            at: name_at,
            is_condition: true,
        };
        let filter = call.filter.as_ref().map(|filter| inner.expr(filter));
        let is_complete = aggregate.literal().is_some() == literal.is_some();
        if !(is_complete && aggregate.row().arity.contains(&arguments.len())) {
            let complaint = wrong_arguments(&self.written(call), aggregate);
            self.complaints.push(complaint);
            return ExprKind::Poison;
        }
        if let (Some(written), Some(parameter)) = (literal, parameter::of(aggregate)) {
            match (parameter.read)(aggregate, written) {
                Some(form) => aggregate = form,
                None => {
                    let params = &self.items.params;
                    self.complaints
                        .push(parameter.refused((name, aggregate), written, params));
                    return ExprKind::Poison;
                }
            }
        }
        ExprKind::Aggregate(Box::new(Call {
            aggregate,
            name_at,
            arguments,
            filter,
        }))
    }
}

fn is_open_comparison(expr: &ast::Expr) -> bool {
    !expr.parenthesised && matches!(&expr.kind, ast::ExprKind::Binary { op, .. } if op.is_comparison())
}
