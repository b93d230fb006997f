//! Expressions: the flat list of operands and operators becomes a tree, by precedence climbing over the operator table.

use super::{Builder, Built, Refused, children, find};
use crate::ast::*;
use crate::diag::Span;
use crate::errors;
use crate::literal::{self, Instant, Numeric};
use crate::operators::{COMPARISON, binary_level, level, unary_level};
use featc_grammar::Rule;
use pest::iterators::{Pair, Pairs};
use std::iter::Peekable;

type Flat<'p> = Peekable<Pairs<'p, Rule>>;

impl Builder<'_> {
    /// The `expr` child of a pair.
    pub(super) fn expr_in(&mut self, pair: &Pair<'_, Rule>) -> Built<Expr> {
        let child = self.child(pair, Rule::expr)?;
        self.expr(child)
    }

    /// Builds an expression; `self.deepest` becomes its depth if that is greater.
    fn expr(&mut self, pair: Pair<'_, Rule>) -> Built<Expr> {
        let outside = std::mem::take(&mut self.deepest);
        let built = self.climb(&mut pair.into_inner().peekable(), 0, 0);
        let (expr, depth) = built?;
        self.deepest = outside.max(depth);
        Ok(expr)
    }

    /// Reads operands and operators that bind at least this strongly; returns the depth of the tree too.
    fn climb(&mut self, flat: &mut Flat<'_>, least: u8, prefixes: usize) -> Built<(Expr, usize)> {
        let (mut left, mut depth) = self.prefixed(flat, prefixes)?;
        while let Some(next) = flat.peek() {
            let next = next.clone();
            let op_span = self.span(&next);
            match next.as_rule() {
                Rule::is_null | Rule::in_list => {
                    if COMPARISON < least {
                        break;
                    }
                    flat.next();
                    self.refuse_chain(&left, op_span, None);
                    self.deepest = depth;
                    left = self.postfix(left, &next)?;
                    depth = self.deeper(self.deepest, left.span)?;
                }
                _ => {
                    let op = self.infix(&next)?;
                    if binary_level(op) < least {
                        break;
                    }
                    flat.next();
                    let joins = next.as_str().trim() == "||";
                    if !joins {
                        self.report_foreign(&next);
                    }
                    let (right, right_depth) = self.climb(flat, binary_level(op) + 1, 0)?;
                    if joins {
                        self.report_bars(&left, op_span, &right);
                    }
                    if op.is_comparison() {
                        self.refuse_chain(&left, op_span, Some(&right));
                    }
                    let span = left.span.to(right.span);
                    depth = self.deeper(depth.max(right_depth), span)?;
                    let kind = ExprKind::Binary {
                        op,
                        op_span,
                        left: Box::new(left),
                        right: Box::new(right),
                    };
                    left = Expr {
                        kind,
                        span,
                        parenthesised: false,
                    };
                }
            }
        }
        Ok((left, depth))
    }

    fn deeper(&mut self, depth: usize, span: Span) -> Built<usize> {
        if depth < Expr::DEPTH_MAX {
            return Ok(depth + 1);
        }
        self.report(errors::expression_too_deep(span));
        Err(Refused)
    }

    fn prefixed(&mut self, flat: &mut Flat<'_>, prefixes: usize) -> Built<(Expr, usize)> {
        let Some(first) = flat.next() else { return Err(Refused) };
        let op = match first.as_rule() {
            Rule::not_op | Rule::compat_not => UnaryOp::Not,
            Rule::negate => UnaryOp::Negate,
            _ => {
                self.deepest = 0;
                let span = self.span(&first);
                let expr = self.primary(first)?;
                let depth = self.deeper(self.deepest, span)?;
                return self.items(flat, expr, depth);
            }
        };
        self.deeper(prefixes, self.span(&first))?;
        self.report_foreign(&first);
        let (operand, depth) = self.climb(flat, unary_level(op), prefixes + 1)?;
        let span = self.span(&first).to(operand.span);
        let depth = self.deeper(depth, span)?;
        Ok((
            Expr {
                kind: ExprKind::Unary {
                    op,
                    operand: Box::new(operand),
                },
                span,
                parenthesised: false,
            },
            depth,
        ))
    }

    /// The items of lists after an operand.
    fn items(&mut self, flat: &mut Flat<'_>, mut list: Expr, mut depth: usize) -> Built<(Expr, usize)> {
        while let Some(item) = flat.next_if(|next| next.as_rule() == Rule::list_item) {
            self.deepest = depth;
            let index = Box::new(self.expr_in(&item)?);
            let span = list.span.to(self.span(&item));
            depth = self.deeper(self.deepest, span)?;
            list = Expr {
                kind: ExprKind::Item {
                    list: Box::new(list),
                    index,
                },
                span,
                parenthesised: false,
            };
        }
        Ok((list, depth))
    }

    fn infix(&mut self, pair: &Pair<'_, Rule>) -> Built<BinaryOp> {
        Ok(match pair.as_rule() {
            Rule::or_op | Rule::compat_or => BinaryOp::Or,
            Rule::and_op | Rule::compat_and => BinaryOp::And,
            Rule::equal | Rule::compat_equal => BinaryOp::Equal,
            Rule::not_equal | Rule::compat_not_equal => BinaryOp::NotEqual,
            Rule::less => BinaryOp::Less,
            Rule::less_equal => BinaryOp::LessOrEqual,
            Rule::greater => BinaryOp::Greater,
            Rule::greater_equal => BinaryOp::GreaterOrEqual,
            Rule::plus => BinaryOp::Add,
            Rule::minus => BinaryOp::Subtract,
            Rule::star => BinaryOp::Multiply,
            Rule::slash => BinaryOp::Divide,
            Rule::div_op => BinaryOp::Quotient,
            Rule::mod_op | Rule::compat_mod => BinaryOp::Remainder,
            _ => return Err(self.impossible(pair)),
        })
    }

    /// Operators of other languages are understood, and refused.
    fn report_foreign(&mut self, pair: &Pair<'_, Rule>) {
        let ours = match pair.as_rule() {
            Rule::compat_equal => "=",
            Rule::compat_not_equal => "!=",
            Rule::compat_and => "and",
            Rule::compat_or => "or",
            Rule::compat_not => "not ",
            Rule::compat_mod => return self.report(errors::foreign_remainder(self.span(pair))),
            _ => return,
        };
        let span = self.span(pair);
        self.report(errors::foreign_operator(pair.as_str().trim(), span, ours));
    }

    /// `||`, which joins strings in SQL and truths elsewhere.
    fn report_bars(&mut self, left: &Expr, at: Span, right: &Expr) {
        let bars =
            |expr: &Expr| matches!(&expr.kind, ExprKind::Binary { op_span, .. } if self.tokens.slice(*op_span) == "||");
        if bars(left) && !left.parenthesised {
            return; // one message for a row of them
        }
        let is_string = |expr: &Expr| matches!(expr.kind, ExprKind::Literal(Literal::String(_)));
        let is_value = |expr: &Expr| match &expr.kind {
            ExprKind::Name(_)
            | ExprKind::Dotted(_)
            | ExprKind::Holed(_)
            | ExprKind::Literal(_)
            | ExprKind::Item { .. }
            | ExprKind::Call(_)
            | ExprKind::Lookup(_)
            | ExprKind::Cast { .. } => true,
            ExprKind::Unary { .. }
            | ExprKind::Binary { .. }
            | ExprKind::IsNull { .. }
            | ExprKind::In { .. }
            | ExprKind::Case { .. } => false,
        };
        let text = |expr: &Expr| self.tokens.slice(expr.span);
        let joined = format!("concat({}, {})", text(left), text(right));
        let joined = if joined.len() <= 60 {
            joined
        } else {
            "concat(a, b)".to_owned()
        };
        self.report(if is_string(left) || is_string(right) {
            errors::bars_between_strings(at, &joined)
        } else if is_value(left) && is_value(right) {
            errors::bars_between_values(at, &joined)
        } else {
            errors::foreign_operator("||", at, "or")
        });
    }

    fn refuse_chain(&mut self, left: &Expr, op_span: Span, right: Option<&Expr>) {
        if left.parenthesised || level(&left.kind) != COMPARISON {
            return;
        }
        let both = match (&left.kind, right) {
            (ExprKind::Binary { right: middle, .. }, Some(right)) => {
                let spans = [left.span, middle.span, op_span, right.span];
                let text = |span: Span| self.tokens.slice(span);
                let is_short = spans.iter().map(|span| text(*span).len()).sum::<usize>() <= 60;
                let both = is_short.then(|| {
                    let [left, middle, op, right] = spans.map(text);
                    format!("{left} and {middle} {op} {right}")
                });
                both.filter(|both| !both.contains('\n'))
            }
            _ => None,
        };
        let instead = match both {
            Some(both) => format!("write `{both}`"),
            None => "put one of the comparisons into parentheses, or join two by `and`".to_owned(),
        };
        self.report(errors::chained_comparison(op_span, left.span, &instead));
    }

    fn postfix(&mut self, operand: Expr, pair: &Pair<'_, Rule>) -> Built<Expr> {
        let span = operand.span.to(self.span(pair));
        let negated = find(pair, Rule::not_kw).is_some();
        let operand = Box::new(operand);
        let kind = if pair.as_rule() == Rule::is_null {
            ExprKind::IsNull { operand, negated }
        } else {
            ExprKind::In {
                operand,
                negated,
                items: self.exprs_in(pair)?,
            }
        };
        Ok(Expr {
            kind,
            span,
            parenthesised: false,
        })
    }

    pub(super) fn exprs_in(&mut self, pair: &Pair<'_, Rule>) -> Built<Vec<Expr>> {
        children(pair, Rule::expr).map(|child| self.expr(child)).collect()
    }

    fn primary(&mut self, pair: Pair<'_, Rule>) -> Built<Expr> {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::group => {
                let inner = self.expr_in(&pair)?;
                return Ok(Expr {
                    span,
                    parenthesised: true,
                    ..inner
                });
            }
            Rule::reference => {
                let mut names = self.names(&pair);
                match names.len() {
                    1 => ExprKind::Name(names.remove(0)),
                    _ => ExprKind::Dotted(names),
                }
            }
            Rule::holed => {
                // What is put there may be a negated literal.
                self.deepest = 1;
                return Ok(self.hole(&pair));
            }
            Rule::call => ExprKind::Call(self.call(&pair)?),
            Rule::lookup => ExprKind::Lookup(self.lookup(&pair)?),
            Rule::cast => {
                let ty = self.child(&pair, Rule::type_name)?;
                ExprKind::Cast {
                    operand: Box::new(self.expr_in(&pair)?),
                    ty: self.type_name(&ty)?,
                }
            }
            Rule::case => self.case(&pair)?,
            _ => ExprKind::Literal(self.literal(&pair)?),
        };
        Ok(Expr {
            kind,
            span,
            parenthesised: false,
        })
    }

    pub(super) fn hole(&self, pair: &Pair<'_, Rule>) -> Expr {
        Expr {
            kind: ExprKind::Holed(self.holed(pair)),
            span: self.span(pair),
            parenthesised: false,
        }
    }

    fn call(&mut self, pair: &Pair<'_, Rule>) -> Built<Call> {
        self.refuse_weeks(pair)?;
        let filter = match find(pair, Rule::filter) {
            Some(filter) => Some(Box::new(self.expr_in(&filter)?)),
            None => None,
        };
        let ignoring_nulls = find(pair, Rule::ignoring).map(|clause| self.span(&clause));
        let (open, close) = (self.child(pair, Rule::lparen)?, self.child(pair, Rule::rparen)?);
        Ok(Call {
            function: self.name(pair)?,
            inside: Span::new(self.tokens.file, self.span(&open).end, self.span(&close).start),
            arguments: self.exprs_in(pair)?,
            zone: find(pair, Rule::local)
                .and_then(|local| find(&local, Rule::string))
                .map(|zone| self.string_of(&zone)),
            filter,
            ignoring_nulls,
        })
    }

    fn case(&mut self, pair: &Pair<'_, Rule>) -> Built<ExprKind> {
        let mut branches = vec![];
        for branch in children(pair, Rule::branch) {
            let parts: Result<[Expr; 2], _> = self.exprs_in(&branch)?.try_into();
            let [when, then] = parts.map_err(|_| self.impossible(&branch))?;
            branches.push(Branch { when, then });
        }
        let otherwise = match find(pair, Rule::otherwise) {
            Some(otherwise) => Some(Box::new(self.expr_in(&otherwise)?)),
            None => None,
        };
        Ok(ExprKind::Case { branches, otherwise })
    }

    fn literal(&mut self, pair: &Pair<'_, Rule>) -> Built<Literal> {
        let span = self.span(pair);
        // As the grammar saw it: what was too deep is a constant there.
        let text = pair.as_str().to_owned();
        Ok(match pair.as_rule() {
            Rule::null_kw => Literal::Null,
            Rule::true_kw => Literal::Bool(true),
            Rule::false_kw => Literal::Bool(false),
            Rule::string => Literal::String(self.string_of(pair).value),
            Rule::numeric => match literal::numeric(&text, span).map_err(|refusal| self.refuse(refusal))? {
                Numeric::Integer => Literal::Integer(text),
                Numeric::Number => Literal::Number(text),
                Numeric::Duration(us) => Literal::Duration { us, text },
            },
            Rule::at_literal => match literal::instant(&text, span).map_err(|refusal| self.refuse(refusal))? {
                Instant::Timestamp(us) => Literal::Timestamp { us, text },
                Instant::Date(days) => Literal::Date { days, text },
            },
            _ => return Err(self.impossible(pair)),
        })
    }

    /// `default_value`: a literal with or without a minus.
    pub(super) fn signed_literal(&mut self, pair: &Pair<'_, Rule>) -> Built<Expr> {
        let span = self.span(pair);
        let mut inner = pair.clone().into_inner();
        let Some(first) = inner.next() else {
            return Err(self.impossible(pair));
        };
        let (negated, value) = match inner.next() {
            Some(value) => (true, value),
            None => (false, first),
        };
        let value_span = self.span(&value);
        let literal = Expr {
            kind: ExprKind::Literal(self.literal(&value)?),
            span: value_span,
            parenthesised: false,
        };
        if !negated {
            return Ok(literal);
        }
        let kind = ExprKind::Unary {
            op: UnaryOp::Negate,
            operand: Box::new(literal),
        };
        Ok(Expr {
            kind,
            span,
            parenthesised: false,
        })
    }
}
