//! Conditions about texts and nulls that say the same of every row.

use super::integer;
use crate::check::same::text;
use crate::errors;
use crate::res::{self, Expr, ExprKind};
use featc_ir::{BinaryOp, ColumnId, Function, Type};
use featc_syntax::ast::Literal;
use featc_syntax::diag::{Diagnostic, SourceMap, Span};

/// What conditions are judged by.
pub(super) struct Judge<'a> {
    /// The names of the row's columns.
    pub(super) columns: &'a [String],
    /// The source at the bottom, whose columns are the row's first ones.
    pub(super) source: Option<&'a res::Source>,
    /// The column that is the event time, if one is.
    pub(super) time: Option<ColumnId>,
    pub(super) texts: &'a SourceMap,
}

impl Judge<'_> {
    /// What is said of one condition, whatever is said of its parts.
    pub(super) fn said_of(&self, expr: &Expr) -> Option<Diagnostic> {
        match &expr.kind {
            ExprKind::Binary {
                op: op @ (BinaryOp::And | BinaryOp::Or),
                left,
                right,
                ..
            } => self.pair(*op, left, right),
            ExprKind::Binary {
                op: BinaryOp::Equal | BinaryOp::NotEqual,
                left,
                right,
                ..
            } => {
                let one_way = self.case(left, std::slice::from_ref(&**right));
                let said = one_way.or_else(|| self.case(right, std::slice::from_ref(&**left)));
                said.or_else(|| self.quoted(expr))
            }
            ExprKind::Binary { .. } => self.quoted(expr),
            ExprKind::In { operand, items, .. } => self.case(operand, items).or_else(|| self.quoted(expr)),
            ExprKind::Call {
                function: Function::StartsWith | Function::EndsWith | Function::Contains | Function::Like,
                arguments,
            } => self.case(arguments.first()?, &arguments[1..]),
            ExprKind::IsNull { operand, negated } => self
                .never_null(operand, *negated, expr.span)
                .or_else(|| self.quoted(expr)),
            _ => None,
        }
    }

    /// `x != "a" or x != "b"`, `x = "a" and x = "b"`.
    fn pair(&self, op: BinaryOp, left: &Expr, right: &Expr) -> Option<Diagnostic> {
        let before = match &left.kind {
            ExprKind::Binary {
                op: same, left, right, ..
            } if *same == op => Some((left, right)),
            _ => None,
        };
        let one = before.map_or(left, |(_, last)| last);
        let (operand, first) = alternatives(one, op)?;
        let (same, second) = alternatives(right, op)?;
        let is_one = self.texts.slice(operand.span) == self.texts.slice(same.span);
        if !is_one {
            return None;
        }
        let items = first.iter().chain(second).map(|item| self.texts.slice(item.span));
        let items = items.collect::<Vec<_>>().join(", ");
        let meant = |word: &str| format!("{} {word} ({items})", self.texts.slice(operand.span));
        let (one_text, other) = (self.texts.slice(one.span), self.texts.slice(right.span));
        let is_short = errors::is_short(&meant("not in"));
        let is_shared = || {
            first
                .iter()
                .any(|item| second.iter().any(|other| is_equal(item, other)))
        };
        // Of three the first two are told.
        let is_told = || before.is_some_and(|(left, last)| self.pair(op, left, last).is_some());
        if !is_short || is_shared() || is_told() {
            return None;
        }
        Some(match op {
            BinaryOp::Or => errors::one_differs(one_text, other, right.span, one.span, &meant("not in")),
            _ => errors::equals_both(one_text, other, right.span, one.span, &meant("in")),
        })
    }

    /// `lower(x) = "NL"`: letters that the function never gives.
    fn case(&self, operand: &Expr, others: &[Expr]) -> Option<Diagnostic> {
        let ExprKind::Call {
            function: function @ (Function::Lower | Function::Upper),
            ..
        } = operand.kind
        else {
            return None;
        };
        let in_case = |text: &str| match function {
            Function::Lower => text.to_lowercase(),
            _ => text.to_uppercase(),
        };
        let other = others
            .iter()
            .find(|other| text(other).is_some_and(|text| in_case(text) != text))?;
        let literal = self.texts.slice(other.span);
        // An escape is no letter.
        if literal.contains('\\') || !errors::is_short(literal) {
            return None;
        }
        let meant = in_case(literal);
        let call = crate::infer::short(self.texts, operand.span);
        Some(errors::letters_of_another_case(
            call,
            function.name(),
            literal,
            other.span,
            &meant,
        ))
    }

    /// `x is null` of a column that is never null, or never in an event.
    fn never_null(&self, operand: &Expr, negated: bool, at: Span) -> Option<Diagnostic> {
        let ExprKind::Column(id) = operand.kind else {
            return None;
        };
        let column = self.source?.columns.get(id.index())?;
        // In a template another column may be null.
        if self.texts.slice(operand.span) != column.name {
            return None;
        }
        if column.nullable.is_some() {
            let source = &self.source?.declared.name;
            let is_time = self.time == Some(id) && !negated;
            return is_time.then(|| errors::null_event_time(&column.name, source, at));
        }
        let test = if negated { "is not null" } else { "is null" };
        Some(errors::never_null(&column.name, test, at, column.at))
    }

    /// Whether a text is the name of a column that may be compared with texts.
    fn may_be_meant(&self, text: &String) -> bool {
        let columns = self.source.map_or(&[][..], |source| source.columns.as_slice());
        let declared = columns.iter().find(|column| column.name == *text);
        let ty = declared.and_then(|column| column.ty);
        self.columns.contains(text) && ty.is_none_or(|ty| ty == Type::String)
    }

    /// `"plan" = "pro"`: a column's name in quotes, and nothing that differs between rows.
    fn quoted(&self, expr: &Expr) -> Option<Diagnostic> {
        let (mut reads, mut texts) = (false, Vec::new());
        expr.walk(&mut |part| match &part.kind {
            ExprKind::Literal(Literal::String(text)) => texts.push((text, part.span)),
            ExprKind::Poison
            | ExprKind::Column(_)
            | ExprKind::Feature(_)
            | ExprKind::Read(_)
            | ExprKind::Aggregate(_)
            | ExprKind::Lookup { .. } => reads = true,
            _ => {}
        });
        if reads {
            return None;
        }
        let (column, at) = texts.into_iter().find(|(text, _)| self.may_be_meant(text))?;
        let comparison = crate::infer::short(self.texts, expr.span);
        Some(errors::text_as_a_column(comparison, column, at))
    }
}

/// What a condition compares and with which literals: after `or` those that it differs from, after `and` those of which it is
/// one.
fn alternatives(condition: &Expr, op: BinaryOp) -> Option<(&Expr, &[Expr])> {
    let is_or = op == BinaryOp::Or;
    let wanted = if is_or { BinaryOp::NotEqual } else { BinaryOp::Equal };
    let is_literal = |item: &Expr| integer(item).is_some() || text(item).is_some();
    let (operand, items) = match &condition.kind {
        ExprKind::Binary { op, left, right, .. } if *op == wanted => (&**left, std::slice::from_ref(&**right)),
        ExprKind::In {
            operand,
            negated,
            items,
        } if *negated == is_or => (&**operand, items.as_slice()),
        _ => return None,
    };
    (!is_literal(operand) && items.iter().all(is_literal)).then_some((operand, items))
}

/// Whether two literals are the same value, as far as that is known.
fn is_equal(one: &Expr, other: &Expr) -> bool {
    match (text(one), text(other)) {
        (Some(one), Some(other)) => one == other,
        _ => integer(one) == integer(other),
    }
}
