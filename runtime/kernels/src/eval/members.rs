//! Lists of literals: `x in (1, 2, 3)`, which a program has as `x = 1 or x = 2 or x = 3`, looked up in a set.

use super::operand::{Frame, Operand};
use crate::column::{Column, Data};
use crate::value::{Value, canonical};
use featc_ir::{BinaryOp, Expr, ExprKind, Literal, Type};
use std::collections::HashSet;

/// From how many literals on a set is made.
const LITERALS_MIN: usize = 16;

/// What an expression asks: whether one operand is among literals of its own type, none of which is null.
pub struct Members<'e> {
    pub operand: &'e Expr,
    literals: Vec<&'e Literal>,
}

impl<'e> Members<'e> {
    /// Of `or` over equalities, many of them and all of one operand; else nothing. A lookup is made where it stands.
    pub fn of(expr: &'e Expr) -> Option<Members<'e>> {
        let mut operand: Option<&Expr> = None;
        let mut literals = Vec::new();
        let mut open = vec![expr];
        while let Some(expr) = open.pop() {
            let ExprKind::Binary(op, left, right) = &expr.kind else {
                return None;
            };
            match (op, &right.kind) {
                (BinaryOp::Or, _) => open.extend([&**left, &**right]),
                (BinaryOp::Equal, ExprKind::Literal(literal)) if right.ty == left.ty && *literal != Literal::Null => {
                    if **operand.get_or_insert(left) != **left {
                        return None;
                    }
                    literals.push(literal);
                }
                _ => return None,
            }
        }
        let operand = operand.filter(|operand| literals.len() >= LITERALS_MIN && operand.ty != Type::Bool)?;
        let mut looks_up = false;
        operand.lookups(&mut |_| looks_up = true);
        (!looks_up).then_some(Members { operand, literals })
    }

    /// In every row: as the operand is null or an error, so is this; else whether an equal literal is there.
    pub fn any<'a>(&self, operand: &Operand<'_>, rows: usize) -> Operand<'a> {
        let frame = Frame::strict(&[operand], rows);
        let values: Vec<Value> = self
            .literals
            .iter()
            .map(|literal| Value::from_literal(literal))
            .collect();
        let results = match Column::from_values(operand.ty(), &values).data {
            Data::Bool(_) => vec![false; frame.rows],
            Data::I64(known) => {
                let known: HashSet<i64> = known.into_iter().collect();
                frame.map(operand.i64s(), |value| known.contains(&value))
            }
            Data::F64(known) => {
                let bits = |value: f64| canonical(value).to_bits();
                let known: HashSet<u64> = known.into_iter().map(bits).collect();
                frame.map(operand.f64s(), |value| known.contains(&bits(value)))
            }
            Data::I128(known) => {
                let known: HashSet<i128> = known.into_iter().collect();
                frame.map(operand.i128s(), |value| known.contains(&value))
            }
            Data::Str(known) => {
                let known: HashSet<&[u8]> = known.iter().collect();
                let texts = operand.texts();
                (0..frame.rows).map(|row| known.contains(texts.bytes(row))).collect()
            }
        };
        frame.finish(Type::Bool, Data::Bool(results))
    }
}
