//! Expressions on the wire: a flat list of nodes, and numbers that JSON cannot carry exactly as strings.

use super::{BinaryOp, Expr, ExprKind, Literal, Lookup, UnaryOp};
use crate::function::Function;
use crate::id::ColumnId;
use crate::types::Type;
use serde::{Deserialize, Serialize};

/// An expression as a list of nodes in postfix order: a node takes its operands from those before it, the last node is
/// the expression. So a deep expression is a long list, and readers of JSON need no deep recursion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FlatExpr(Vec<FlatNode>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct FlatNode {
    op: FlatOp,
    #[serde(rename = "type")]
    ty: Type,
}

/// An operator and, where it varies, how many operands it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FlatOp {
    Column(ColumnId),
    Literal(Literal),
    Unary(UnaryOp),
    Binary(BinaryOp),
    Case { branches: u32, otherwise: bool },
    Coalesce(u32),
    Cast,
    Call(Function, u32),
    Lookup(Box<Lookup>, u32),
}

impl From<Expr> for FlatExpr {
    fn from(expr: Expr) -> FlatExpr {
        fn push(expr: &Expr, nodes: &mut Vec<FlatNode>) {
            for child in expr.children() {
                push(child, nodes);
            }
            let op = match &expr.kind {
                ExprKind::Column(id) => FlatOp::Column(*id),
                ExprKind::Literal(literal) => FlatOp::Literal(literal.clone()),
                ExprKind::Unary(op, _) => FlatOp::Unary(*op),
                ExprKind::Binary(op, ..) => FlatOp::Binary(*op),
                ExprKind::Case { branches, otherwise } => FlatOp::Case {
                    branches: branches.len() as u32,
                    otherwise: otherwise.is_some(),
                },
                ExprKind::Coalesce(items) => FlatOp::Coalesce(items.len() as u32),
                ExprKind::Cast(_) => FlatOp::Cast,
                ExprKind::Call(function, items) => FlatOp::Call(*function, items.len() as u32),
                ExprKind::Lookup(lookup, items) => FlatOp::Lookup(lookup.clone(), items.len() as u32),
            };
            nodes.push(FlatNode { op, ty: expr.ty });
        }
        let mut nodes = Vec::new();
        push(&expr, &mut nodes);
        FlatExpr(nodes)
    }
}

/// Deeper expressions are refused: what walks over them recurses. Programs have less than half of it.
const DEPTH_MAX: u32 = 600;

/// The expressions that nothing took yet, with their depths.
struct Stack(Vec<(Expr, u32)>);

impl Stack {
    /// The last `count`, and the depth of what is made of them.
    fn take(&mut self, count: u32) -> Result<(Vec<Expr>, u32), String> {
        let first = self.0.len().checked_sub(count as usize);
        let taken = self.0.split_off(first.ok_or("an operator without its operands")?);
        let depth = 1 + taken.iter().map(|(_, depth)| *depth).max().unwrap_or(0);
        Ok((taken.into_iter().map(|(expr, _)| expr).collect(), depth))
    }

    fn take_boxed<const N: usize>(&mut self) -> Result<([Box<Expr>; N], u32), String> {
        let (taken, depth) = self.take(N as u32)?;
        let boxed: Vec<Box<Expr>> = taken.into_iter().map(Box::new).collect();
        let boxed = boxed.try_into().map_err(|_| "an operator without its operands")?;
        Ok((boxed, depth))
    }
}

impl TryFrom<FlatExpr> for Expr {
    type Error = String;

    fn try_from(flat: FlatExpr) -> Result<Expr, String> {
        let mut stack = Stack(Vec::new());
        for FlatNode { op, ty } in flat.0 {
            let (kind, depth) = match op {
                FlatOp::Column(id) => (ExprKind::Column(id), 1),
                FlatOp::Literal(literal) => (ExprKind::Literal(literal), 1),
                FlatOp::Unary(op) => {
                    let ([operand], depth) = stack.take_boxed()?;
                    (ExprKind::Unary(op, operand), depth)
                }
                FlatOp::Binary(op) => {
                    let ([left, right], depth) = stack.take_boxed()?;
                    (ExprKind::Binary(op, left, right), depth)
                }
                FlatOp::Case { branches, otherwise } => {
                    let count = branches.saturating_mul(2).saturating_add(u32::from(otherwise));
                    let (mut items, depth) = stack.take(count)?;
                    let otherwise = if otherwise { items.pop().map(Box::new) } else { None };
                    let mut items = items.into_iter();
                    let mut branches = Vec::new();
                    while let (Some(when), Some(then)) = (items.next(), items.next()) {
                        branches.push((when, then));
                    }
                    (ExprKind::Case { branches, otherwise }, depth)
                }
                FlatOp::Coalesce(count) => {
                    let (items, depth) = stack.take(count)?;
                    (ExprKind::Coalesce(items), depth)
                }
                FlatOp::Cast => {
                    let ([operand], depth) = stack.take_boxed()?;
                    (ExprKind::Cast(operand), depth)
                }
                FlatOp::Call(function, count) => {
                    let (items, depth) = stack.take(count)?;
                    (ExprKind::Call(function, items), depth)
                }
                FlatOp::Lookup(lookup, count) => {
                    let (items, depth) = stack.take(count)?;
                    (ExprKind::Lookup(lookup, items), depth)
                }
            };
            if depth > DEPTH_MAX {
                return Err(format!("an expression deeper than {DEPTH_MAX}"));
            }
            stack.0.push((Expr { kind, ty }, depth));
        }
        let (expr, _) = stack.0.pop().ok_or("an expression without nodes")?;
        if stack.0.is_empty() {
            Ok(expr)
        } else {
            Err("operands that nothing takes".to_owned())
        }
    }
}

/// The 64 bits of a float as 16 hexadecimal digits.
pub mod bits {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bits: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{bits:016x}"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16).map_err(D::Error::custom)
    }
}

/// A 128-bit integer as decimal digits.
pub mod wide {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &i128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&value.to_string())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}
