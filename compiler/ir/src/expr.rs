//! Typed scalar expressions over the columns of a row.

mod flat;
mod lookup;

pub use lookup::{Lookup, Table, TableRows, Versions};

use crate::function::Function;
use crate::id::ColumnId;
use crate::types::Type;
use serde::{Deserialize, Serialize};

/// An expression and the type of its value. The column ids in it refer to the row that the owner names.
/// On the wire it is a flat list of nodes in postfix order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "flat::FlatExpr", try_from = "flat::FlatExpr")]
pub struct Expr {
    pub kind: ExprKind,
    pub ty: Type,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ExprKind {
    Column(ColumnId),
    Literal(Literal),
    Unary(UnaryOp, Box<Expr>),
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// The first true condition decides; null and false pass on; errors of branches not taken do not count.
    Case {
        branches: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    /// The first argument that is not null (an error is not null).
    Coalesce(Vec<Expr>),
    /// To `Expr::ty`, by the table of casts in `docs/language.md`.
    Cast(Box<Expr>),
    Call(Function, Vec<Expr>),
    /// Of a table, by operands: see [`Lookup`].
    Lookup(Box<Lookup>, Vec<Expr>),
}

/// A constant. Its type is that of the expression that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Literal {
    Null,
    Bool(bool),
    Int64(i64),
    /// The bits of a canonical binary64 (no negative zero, one NaN).
    Float64(#[serde(with = "flat::bits")] u64),
    /// In units of 10^-scale of the type.
    Decimal(#[serde(with = "flat::wide")] i128),
    String(String),
    /// Microseconds since the epoch.
    Timestamp(i64),
    /// Days since the epoch.
    Date(i32),
    /// Microseconds.
    Duration(i64),
}

impl Literal {
    /// The literal of a float, made canonical.
    pub fn float(value: f64) -> Literal {
        let canonical = if value.is_nan() {
            f64::from_bits(0x7ff8_0000_0000_0000)
        } else {
            value + 0.0
        };
        Literal::Float64(canonical.to_bits())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnaryOp {
    Not,
    /// Of int64 (checked), float64, decimal, duration (checked).
    Negate,
    IsNull,
    IsNotNull,
}

/// Binary operators. Operand types, after type checking:
///
/// | operators | operands → result |
/// |---|---|
/// | `Add Subtract Multiply` | int64² → int64 (checked); float64² → float64; decimal(p,s)×decimal(p',s') → the exact decimal of the expression's type |
/// | `Add Subtract` | duration² → duration; timestamp ± duration → timestamp; `Subtract` timestamp² → duration, date² → duration (all checked) |
/// | `Multiply` | duration × int64 → duration (checked) |
/// | `Divide` | int64 or decimal by int64 or decimal → float64, exact quotient rounded once, null by zero; float64 with float64 → IEEE; int64 with float64 → the integer rounds to float64 first; duration² → float64 as for integers |
/// | `Quotient Remainder` | int64² → int64, Euclidean (0 ≤ remainder < |divisor|), null by zero, checked |
/// | comparisons | two of one type; decimals of any scales; → bool; NaN equals itself and is greatest |
/// | `And Or` | bool² → bool, Kleene; `false and error` = false, `true or error` = true, otherwise an error wins |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Quotient,
    Remainder,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
}

impl BinaryOp {
    /// The operator as it is written in `.feat` files.
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
            BinaryOp::Quotient => "div",
            BinaryOp::Remainder => "mod",
            BinaryOp::Equal => "=",
            BinaryOp::NotEqual => "!=",
            BinaryOp::Less => "<",
            BinaryOp::LessOrEqual => "<=",
            BinaryOp::Greater => ">",
            BinaryOp::GreaterOrEqual => ">=",
            BinaryOp::And => "and",
            BinaryOp::Or => "or",
        }
    }
}

impl Expr {
    pub fn new(kind: ExprKind, ty: Type) -> Expr {
        Expr { kind, ty }
    }

    pub fn column(id: ColumnId, ty: Type) -> Expr {
        Expr {
            kind: ExprKind::Column(id),
            ty,
        }
    }

    /// The direct subexpressions, left to right.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Column(_) | ExprKind::Literal(_) => vec![],
            ExprKind::Unary(_, operand) | ExprKind::Cast(operand) => vec![operand],
            ExprKind::Binary(_, left, right) => vec![left, right],
            ExprKind::Case { branches, otherwise } => branches
                .iter()
                .flat_map(|(when, then)| [when, then])
                .chain(otherwise.as_deref())
                .collect(),
            ExprKind::Coalesce(items) | ExprKind::Call(_, items) | ExprKind::Lookup(_, items) => items.iter().collect(),
        }
    }

    /// Calls `visit` for every column that is read.
    pub fn for_each_column(&self, visit: &mut impl FnMut(ColumnId)) {
        if let ExprKind::Column(id) = self.kind {
            visit(id);
        }
        for child in self.children() {
            child.for_each_column(visit);
        }
    }

    /// Whether evaluation may give an error although no input is one (conservative).
    pub fn can_fail(&self) -> bool {
        let itself = match &self.kind {
            ExprKind::Column(_)
            | ExprKind::Literal(_)
            | ExprKind::Case { .. }
            | ExprKind::Coalesce(_)
            | ExprKind::Lookup(..) => false,
            ExprKind::Cast(_) => true,
            ExprKind::Unary(op, _) => matches!(op, UnaryOp::Negate) && self.ty != Type::Float64,
            ExprKind::Binary(op, ..) => {
                matches!(
                    op,
                    BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Quotient | BinaryOp::Remainder
                ) && self.ty != Type::Float64
            }
            ExprKind::Call(function, _) => function.row().can_fail && self.ty != Type::Float64,
        };
        itself || self.children().into_iter().any(Expr::can_fail)
    }
}
