//! Expressions.

use super::{DurationClause, Name, Text, TypeName};
use crate::diag::Span;

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr {
    pub kind: ExprKind,
    /// With its parentheses, if it has them.
    pub span: Span,
    /// Whether it was written in parentheses; only the formatter asks.
    pub parenthesised: bool,
}

/// The forms of expressions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExprKind {
    Literal(Literal),
    /// A column, a `let`, or (in a derived feature) a feature.
    Name(Name),
    /// `spend.total`: two or more names with dots between them. No phase gives it a meaning.
    Dotted(Vec<Name>),
    /// `{week}`, `{col}_sum`: a name with holes, with its braces.
    Holed(Name),
    Unary {
        op: UnaryOp,
        operand: Box<Expr>,
    },
    Binary {
        op: BinaryOp,
        op_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `x is null`, `x is not null`
    IsNull {
        operand: Box<Expr>,
        negated: bool,
    },
    /// `x in (a, b)`, `x not in (a, b)`
    In {
        operand: Box<Expr>,
        negated: bool,
        /// Never empty.
        items: Vec<Expr>,
    },
    /// `xs[2]`: an item of a list
    Item {
        list: Box<Expr>,
        index: Box<Expr>,
    },
    /// A function or an aggregate, `coalesce` and `if` included.
    Call(Call),
    /// `cast(x as float64)`
    Cast {
        operand: Box<Expr>,
        ty: TypeName,
    },
    /// `case when c then x else y end`
    Case {
        /// Never empty.
        branches: Vec<Branch>,
        otherwise: Option<Box<Expr>>,
    },
    /// `lookup planes(tailnum).seats within 30d`
    Lookup(Lookup),
}

/// A constant as written. Numbers adapt to their neighbours, so they stay digits here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    Null,
    Bool(bool),
    /// Decimal digits only; any number of them.
    Integer(String),
    /// Digits with a point, an exponent or both: `1.5`, `1e-3`.
    Number(String),
    /// Escapes resolved.
    String(String),
    /// Microseconds, never negative, and the text.
    Duration {
        us: i64,
        text: String,
    },
    /// Microseconds since the epoch, and the text with its `@`.
    Timestamp {
        us: i64,
        text: String,
    },
    /// Days since the epoch, and the text with its `@`.
    Date {
        days: i32,
        text: String,
    },
}

/// Operators before their operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnaryOp {
    Not,
    Negate,
}

/// Operators between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BinaryOp {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Quotient,
    Remainder,
}

/// `f(a, b)`, `hour(at in "Europe/Paris")`, `count(where late)`, `last(dest ignoring nulls)`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub function: Name,
    /// All between its parentheses.
    pub inside: Span,
    pub arguments: Vec<Expr>,
    /// `in "Europe/Paris"`: parts of the calendar only.
    pub zone: Option<Text>,
    /// `where late`: aggregates only.
    pub filter: Option<Box<Expr>>,
    /// The place of `ignoring nulls`: aggregates only.
    pub ignoring_nulls: Option<Span>,
}

/// `lookup planes(tailnum).seats within 30d`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    pub table: Name,
    /// Never empty.
    pub keys: Vec<Expr>,
    pub column: Name,
    pub within: Option<DurationClause>,
}

/// `when c then x`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    pub when: Expr,
    pub then: Expr,
}
