//! Types of expressions: [`res::Expr`] → [`ir::Expr`](featc_ir::Expr).
//!
//! Numbers and nulls written in the text have no type of their own: they stay open ([`Value::Number`], [`Value::Null`])
//! until their neighbour tells it. Everything else has exactly one type, and nothing is converted silently.

mod alternatives;
mod call;
mod cast;
mod literal;
mod operator;
mod rule;

use crate::errors;
use crate::res::{self, ExprKind};
use featc_ir::{ColumnId, Expr, FeatureId, Literal, Lookup, Type, UnaryOp};
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, SourceMap, Span};
use literal::Number;
pub(crate) use literal::literal_in;
pub(crate) use literal::units;

/// What the names in an expression stand for.
pub(crate) trait Leaves {
    /// A column of the row; `None` if its type is not known, which has been reported.
    fn column(&mut self, id: ColumnId) -> Option<Expr>;
    /// A feature of the view.
    fn feature(&mut self, id: FeatureId) -> Option<Expr>;
    /// What a feature of a service reads; nothing else has any.
    fn read(&mut self, _: res::Read) -> Option<Expr> {
        None
    }
    /// When the event happened whose row it is; nothing but rows of transforms has one.
    fn instant(&mut self) -> Option<Expr> {
        None
    }
    /// An aggregate over the row of the view.
    fn aggregate(&mut self, call: &res::Call, texts: &SourceMap, complaints: &mut Vec<Diagnostic>) -> Option<Expr>;
}

/// The columns of a row, and nothing else.
#[derive(Debug)]
pub(crate) struct Row<'a>(pub &'a [Option<Type>]);

impl Leaves for Row<'_> {
    fn column(&mut self, id: ColumnId) -> Option<Expr> {
        self.0.get(id.index()).copied().flatten().map(|ty| Expr::column(id, ty))
    }

    fn feature(&mut self, _: FeatureId) -> Option<Expr> {
        None
    }

    fn aggregate(&mut self, _: &res::Call, _: &SourceMap, _: &mut Vec<Diagnostic>) -> Option<Expr> {
        None
    }
}

/// The columns of a row, and when its event happened: by the transforms before this one.
#[derive(Debug)]
pub(crate) struct Dated<'a>(pub Row<'a>, pub Option<&'a Expr>);

impl Leaves for Dated<'_> {
    fn column(&mut self, id: ColumnId) -> Option<Expr> {
        self.0.column(id)
    }

    fn feature(&mut self, id: FeatureId) -> Option<Expr> {
        self.0.feature(id)
    }

    fn instant(&mut self) -> Option<Expr> {
        self.1.cloned()
    }

    fn aggregate(&mut self, call: &res::Call, texts: &SourceMap, complaints: &mut Vec<Diagnostic>) -> Option<Expr> {
        self.0.aggregate(call, texts, complaints)
    }
}

/// An expression whose type may still be open.
#[derive(Debug, Clone)]
pub(crate) struct Typed {
    value: Value,
    span: Span,
}

#[derive(Debug, Clone)]
enum Value {
    Known(Expr),
    Number(Number),
    Null,
    /// Reported.
    Poison,
}

/// Why something cannot be had in a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It has this type instead; the caller says what that means.
    Mismatch(Type),
    Reported,
}

/// Types expressions over the given leaves.
pub(crate) struct Typer<'a> {
    pub(crate) leaves: &'a mut dyn Leaves,
    pub(crate) texts: &'a SourceMap,
    pub(crate) complaints: &'a mut Vec<Diagnostic>,
}

impl Typed {
    /// The type that it has, or would have alone; `None` for null and poison.
    fn ty(&self) -> Option<Type> {
        match &self.value {
            Value::Known(expr) => Some(expr.ty),
            Value::Number(number) => Some(number.default_type()),
            Value::Null | Value::Poison => None,
        }
    }
}

impl Typer<'_> {
    /// The expression with the type that it has by itself.
    pub(crate) fn expr(&mut self, expr: &res::Expr) -> Option<Expr> {
        let typed = self.infer(expr);
        self.known(typed)
    }

    /// The expression as a bool; `role` is the word that needs one.
    pub(crate) fn condition(&mut self, expr: &res::Expr, role: &'static str) -> Option<Expr> {
        let typed = self.infer(expr);
        self.boolean(typed, role)
    }

    /// The expression in a type; literals adapt.
    pub(crate) fn expr_as(&mut self, expr: &res::Expr, ty: Type) -> Result<Expr, Refused> {
        let typed = self.infer(expr);
        self.adapt(typed, ty)
    }

    /// Whether the expression is the literal null.
    pub(crate) fn is_null(expr: &res::Expr) -> bool {
        matches!(expr.kind, ExprKind::Literal(ast::Literal::Null))
    }

    fn boolean(&mut self, typed: Typed, role: &'static str) -> Option<Expr> {
        let at = typed.span;
        match self.adapt(typed, Type::Bool) {
            Ok(expr) => Some(expr),
            Err(Refused::Mismatch(ty)) => {
                self.complaints.push(errors::not_a_bool(role, ty, at));
                None
            }
            Err(Refused::Reported) => None,
        }
    }

    fn infer(&mut self, expr: &res::Expr) -> Typed {
        let value = match &expr.kind {
            ExprKind::Poison => Value::Poison,
            ExprKind::Column(id) => self.leaves.column(*id).into(),
            ExprKind::Feature(id) => self.leaves.feature(*id).into(),
            ExprKind::Read(read) => self.leaves.read(*read).into(),
            ExprKind::Literal(literal) => literal::value(literal),
            ExprKind::Not(operand) => self
                .condition(operand, "not")
                .map(|operand| unary(UnaryOp::Not, operand, Type::Bool))
                .into(),
            ExprKind::Negate(operand) => self.negate(operand, expr.span),
            ExprKind::IsNull { operand, negated } => {
                let op = if *negated { UnaryOp::IsNotNull } else { UnaryOp::IsNull };
                self.expr(operand).map(|operand| unary(op, operand, Type::Bool)).into()
            }
            ExprKind::Binary { op, op_at, left, right } => self.binary(*op, *op_at, left, right),
            ExprKind::In {
                operand,
                negated,
                items,
            } => self.membership(operand, *negated, items),
            ExprKind::Case { branches, otherwise } => self.case(branches, otherwise.as_deref(), expr.span),
            ExprKind::Coalesce(items) => {
                let items = items.iter().map(|item| self.infer(item)).collect();
                let unified = self.unify(items, "coalesce", expr.span);
                unified
                    .map(|(items, ty)| Expr::new(featc_ir::ExprKind::Coalesce(items), ty))
                    .into()
            }
            ExprKind::Cast(operand, ty) => self.cast(operand, *ty),
            ExprKind::Call { function, arguments } => self.call(*function, arguments, expr.span).into(),
            ExprKind::Lookup { lookup, keys } => self.lookup(lookup, keys).into(),
            ExprKind::Aggregate(call) => self.leaves.aggregate(call, self.texts, self.complaints).into(),
        };
        Typed { value, span: expr.span }
    }

    fn case(&mut self, branches: &[(res::Expr, res::Expr)], otherwise: Option<&res::Expr>, at: Span) -> Value {
        let mut conditions = Vec::new();
        let mut values = Vec::new();
        for (when, then) in branches {
            conditions.push(self.condition(when, "when"));
            values.push(self.infer(then));
        }
        let has_otherwise = otherwise.is_some();
        if let Some(otherwise) = otherwise {
            values.push(self.infer(otherwise));
        }
        let Some((mut values, ty)) = self.unify(values, "case", at) else {
            return Value::Poison;
        };
        let otherwise = if has_otherwise {
            values.pop().map(Box::new)
        } else {
            None
        };
        let Some(conditions) = conditions.into_iter().collect::<Option<Vec<_>>>() else {
            return Value::Poison;
        };
        let branches = conditions.into_iter().zip(values).collect();
        Value::Known(Expr::new(featc_ir::ExprKind::Case { branches, otherwise }, ty))
    }

    /// A lookup by its key, at the event's own time where the table has versions.
    fn lookup(&mut self, lookup: &Lookup, keys: &[res::Expr]) -> Option<Expr> {
        let wanted: Vec<_> = lookup.table.keys().collect();
        let mut operands = Some(Vec::new());
        for (key, wanted) in keys.iter().zip(&wanted) {
            let typed = self.expr_as(key, wanted.ty);
            if let Err(Refused::Mismatch(found)) = typed {
                let text = self.texts.slice(key.span);
                let (table, column) = (&lookup.table.name, (wanted.name.as_str(), wanted.ty));
                self.complaints
                    .push(errors::lookup_key_type(table, column, (found, text), key.span));
            }
            operands = operands.zip(typed.ok()).map(|(mut all, key)| {
                all.push(key);
                all
            });
        }
        let mut operands = operands?;
        if lookup.table.versions.is_some() {
            operands.push(self.leaves.instant()?);
        }
        let kind = featc_ir::ExprKind::Lookup(Box::new(lookup.clone()), operands);
        Some(Expr::new(kind, lookup.ty()?))
    }

    /// Brings alternatives to one type: that of the first that has one; numbers and nulls adapt to it.
    fn unify(&mut self, items: Vec<Typed>, what: &'static str, at: Span) -> Option<(Vec<Expr>, Type)> {
        let known = items.iter().find_map(|item| match &item.value {
            Value::Known(expr) => Some((expr.ty, item.span)),
            Value::Number(_) | Value::Null | Value::Poison => None,
        });
        let is_poisoned = items.iter().any(|item| matches!(item.value, Value::Poison));
        let numbers = || items.iter().filter(|item| matches!(item.value, Value::Number(_)));
        let float = numbers().find(|item| item.ty() == Some(Type::Float64));
        let open = float
            .or_else(|| numbers().next())
            .and_then(|item| Some((item.ty()?, item.span)));
        let Some((ty, first_at)) = known.or(open) else {
            if !is_poisoned {
                self.complaints.push(errors::untyped_null(at));
            }
            return None;
        };
        if is_poisoned && known.is_none() {
            return None; // the type might be that of the broken one
        }
        let mut unified = Some(Vec::new());
        for item in items {
            let at = item.span;
            match self.adapt(item, ty) {
                Ok(expr) => {
                    unified = unified.map(|mut all| {
                        all.push(expr);
                        all
                    })
                }
                Err(Refused::Mismatch(found)) => {
                    unified = None;
                    let found = (found, self.texts.slice(at));
                    self.complaints
                        .push(errors::alternatives_differ(what, found, at, ty, first_at));
                }
                Err(Refused::Reported) => unified = None,
            }
        }
        unified.map(|all| (all, ty))
    }

    /// With the type that it has by itself.
    fn known(&mut self, typed: Typed) -> Option<Expr> {
        match typed.value {
            Value::Known(expr) => Some(expr),
            Value::Number(ref number) => {
                let ty = number.default_type();
                self.adapt(typed, ty).ok()
            }
            Value::Null => {
                self.complaints.push(errors::untyped_null(typed.span));
                None
            }
            Value::Poison => None,
        }
    }

    /// In exactly the given type.
    fn adapt(&mut self, typed: Typed, ty: Type) -> Result<Expr, Refused> {
        match typed.value {
            Value::Known(expr) if expr.ty == ty => Ok(expr),
            Value::Known(expr) => Err(Refused::Mismatch(expr.ty)),
            Value::Null => Ok(Expr::new(featc_ir::ExprKind::Literal(Literal::Null), ty)),
            Value::Poison => Err(Refused::Reported),
            Value::Number(number) => {
                if !number.may_be(ty) {
                    return Err(Refused::Mismatch(number.default_type()));
                }
                let Some(literal) = number.in_type(ty) else {
                    self.complaints
                        .push(errors::literal_out_of_range(&number.text(), ty, typed.span));
                    return Err(Refused::Reported);
                };
                Ok(Expr::new(featc_ir::ExprKind::Literal(literal), ty))
            }
        }
    }

    /// A number as the decimal that its digits say.
    fn natural_decimal(&mut self, number: &Number, at: Span) -> Option<Expr> {
        match number.natural_decimal() {
            Some((literal, ty)) => Some(Expr::new(featc_ir::ExprKind::Literal(literal), ty)),
            None => {
                self.complaints.push(errors::literal_too_long(&number.text(), at));
                None
            }
        }
    }

    /// The text of a place, shortened to `…` when it is long.
    fn text(&self, at: Span) -> &str {
        short(self.texts, at)
    }
}

impl From<Option<Expr>> for Value {
    fn from(expr: Option<Expr>) -> Value {
        expr.map_or(Value::Poison, Value::Known)
    }
}

fn unary(op: UnaryOp, operand: Expr, ty: Type) -> Expr {
    Expr::new(featc_ir::ExprKind::Unary(op, Box::new(operand)), ty)
}

/// The text at a place, for a message; `…` if it is long.
pub(crate) fn short(texts: &SourceMap, at: Span) -> &str {
    let text = texts.slice(at);
    if text.is_empty() || text.len() > 60 || text.contains('\n') {
        "…"
    } else {
        text
    }
}
