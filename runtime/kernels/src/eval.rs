//! The evaluator: an expression over the columns of a batch, one column at a time.
//!
//! It is total: a well-typed expression has a value — perhaps null, perhaps an error — in every row of any data.
//! Unless an operation says otherwise, a null operand gives null, and an error operand gives that error: of several
//! the leftmost, and an error wins over a null. Subexpressions without columns are computed once for all rows.
//! The model has another, obvious evaluator; the two agree on every bit (`tests/values`).

mod arithmetic;
mod cast;
mod choose;
mod compare;
mod function;
mod list;
mod lookup;
mod members;
mod operand;
mod pattern;
mod text;

pub use cast::parse_float;
pub use lookup::{Astray, Sought};

use crate::column::{Batch, Column};
use crate::value::Value;
use arithmetic::Ring;
use featc_ir::{BinaryOp, Expr, ExprKind, Type, UnaryOp};
use members::Members;
use operand::Operand;

/// The value of the expression in every row of the input, whose columns the column ids number.
pub fn eval(expr: &Expr, input: &Batch) -> Column {
    // Law: eval_typed (proofs/theory/Typing.v)
    eval_seeking(expr, input, &mut Vec::new())
}

/// As [`eval`]; of each lookup, in the order of [`Expr::lookups`], it adds what was found.
pub fn eval_seeking(expr: &Expr, input: &Batch, sought: &mut Vec<Sought>) -> Column {
    evaluate(expr, input, sought).into_column(input.rows)
}

fn evaluate<'a>(expr: &Expr, input: &'a Batch, sought: &mut Vec<Sought>) -> Operand<'a> {
    let rows = input.rows;
    match &expr.kind {
        ExprKind::Column(id) => Operand::borrowed(input.column(*id)),
        ExprKind::Literal(literal) => Operand::constant(Column::from_values(expr.ty, &[Value::from_literal(literal)])),
        ExprKind::Unary(op, operand) => unary(*op, expr.ty, &evaluate(operand, input, sought), rows),
        ExprKind::Binary(BinaryOp::Or, ..) if let Some(members) = Members::of(expr) => {
            members.any(&evaluate(members.operand, input, sought), rows)
        }
        ExprKind::Binary(op, left, right) => {
            let left = evaluate(left, input, sought);
            binary(*op, expr.ty, &left, &evaluate(right, input, sought), rows)
        }
        ExprKind::Case { branches, otherwise } => {
            let branches = branches.iter();
            let (conditions, values) = branches
                .map(|(when, then)| (evaluate(when, input, sought), evaluate(then, input, sought)))
                .unzip();
            let otherwise = otherwise.as_ref().map(|otherwise| evaluate(otherwise, input, sought));
            choose::case(expr.ty, conditions, values, otherwise, rows)
        }
        ExprKind::Coalesce(items) => choose::coalesce(expr.ty, all(items, input, sought), rows),
        ExprKind::Cast(operand) => cast::cast(evaluate(operand, input, sought), expr.ty, rows),
        ExprKind::Call(called, arguments) => function::call(*called, expr.ty, all(arguments, input, sought), rows),
        ExprKind::Lookup(lookup, operands) => {
            // Its place is before those of lookups in its key.
            let place = sought.len();
            sought.push(Sought::default());
            let operands = all(operands, input, sought);
            let (value, found) = lookup::lookup(lookup, expr.ty, &operands, rows);
            sought[place] = found;
            value
        }
    }
}

fn all<'a>(exprs: &[Expr], input: &'a Batch, sought: &mut Vec<Sought>) -> Vec<Operand<'a>> {
    exprs.iter().map(|expr| evaluate(expr, input, sought)).collect()
}

fn unary<'a>(op: UnaryOp, ty: Type, operand: &Operand<'_>, rows: usize) -> Operand<'a> {
    match op {
        UnaryOp::Negate => arithmetic::negate(ty, operand, rows),
        UnaryOp::Not | UnaryOp::IsNull | UnaryOp::IsNotNull => compare::unary_logic(op, operand, rows),
    }
}

fn binary<'a>(op: BinaryOp, ty: Type, left: &Operand<'_>, right: &Operand<'_>, rows: usize) -> Operand<'a> {
    match op {
        BinaryOp::Add => arithmetic::ring(Ring::Add, ty, left, right, rows),
        BinaryOp::Subtract => arithmetic::ring(Ring::Subtract, ty, left, right, rows),
        BinaryOp::Multiply => arithmetic::ring(Ring::Multiply, ty, left, right, rows),
        BinaryOp::Divide => arithmetic::divide(left, right, rows),
        BinaryOp::Quotient => arithmetic::quotient(ty, left, right, rows),
        BinaryOp::Remainder => arithmetic::remainder(ty, left, right, rows),
        BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessOrEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterOrEqual => compare::compare(op, left, right, rows),
        BinaryOp::And => compare::connect(false, left, right, rows),
        BinaryOp::Or => compare::connect(true, left, right, rows),
    }
}

/// Null in every row: for calls without the arguments they need, which well-typed expressions do not hold.
fn null_operand<'a>(ty: Type) -> Operand<'a> {
    Operand::constant(Column::new(ty, 1))
}
