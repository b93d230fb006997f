//! Rows whose event time or key is an error: they count as of use where an answer changes once they are taken for
//! something else.

use super::clauses::Found;
use crate::evaluators::Case;
use featc_ir::{BinaryOp, ColumnId, Expr, ExprKind, Program, Source, Step, Transform, TransformColumn, Type, UnaryOp};
use featr_kernels::Value;
use featr_model::expression::eval_row;

/// Cases with more rows are not changed anyway.
const ROWS_MAX: usize = 200;

pub fn errors(case: &Case, found: &mut Found) {
    if case.rows.iter().map(Vec::len).sum::<usize>() > ROWS_MAX {
        return;
    }
    for (at, transform) in case.program.transforms.iter().enumerate() {
        let is_error = |row: &[Value]| eval_row(&transform.time, row).as_error().is_some();
        if let Some(these) = transform.at.and_then(|_| rows_where(case, transform, is_error)) {
            // As if the time were null: the row is out.
            found.add("error in `at` poisons", move |case| {
                let kept = choice(these.clone(), literal(&Value::Bool(false)), literal(&Value::Bool(true)));
                case.program.transforms[at].steps.push(Step::Where(kept));
            });
        }
    }
    for (at, view) in case.program.views.iter().enumerate() {
        let transform = case.program.transform(view.transform);
        let is_error = |row: &[Value]| {
            let mut key = view.key.iter().map(|column| &row[column.index()]);
            key.clone().all(|value| !value.is_null()) && key.any(|value| value.as_error().is_some())
        };
        if let Some(these) = rows_where(case, transform, is_error)
            && let Some(asked) = asked_key(case, at)
        {
            found.add("key error rejected", move |case| {
                for (place, value) in asked.iter().enumerate() {
                    take_key(&mut case.program, (at, place), these.clone(), value);
                }
            });
        }
    }
}

/// The key of the last question that has all of it.
fn asked_key(case: &Case, view: usize) -> Option<Vec<Value>> {
    let entity = case.program.entity(case.program.views[view].entity);
    let mut questions: Vec<_> = case.questions.iter().collect();
    questions.sort_by_key(|asked| std::cmp::Reverse(asked.at_us));
    questions.into_iter().find_map(|asked| {
        let value = |name: &String| {
            let found = asked.values.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).filter(Value::is_valid)
        };
        entity.keys.iter().map(|key| value(&key.name)).collect()
    })
}

/// Gives the rows of a condition another value in a column of the key.
fn take_key(program: &mut Program, (view, place): (usize, usize), these: Expr, value: &Value) {
    let view = &mut program.views[view];
    let transform = &mut program.transforms[view.transform.index()];
    let old = view.key[place];
    let ty = transform.columns[old.index()].ty;
    let taken = Expr::new(literal(value).kind, ty);
    view.key[place] = transform.columns.len().into();
    transform
        .steps
        .push(Step::Let(choice(these, taken, Expr::column(old, ty))));
    transform.columns.push(TransformColumn {
        name: "x_taken".to_owned(),
        ty,
    });
}

/// A condition that holds for the rows of a source that are so after all lets; `None` if no row is.
fn rows_where(case: &Case, transform: &Transform, is_so: impl Fn(&[Value]) -> bool) -> Option<Expr> {
    let source = case.program.source(transform.source);
    let with_lets = |row: &&Vec<Value>| {
        let mut row = (*row).clone();
        for step in &transform.steps {
            if let Step::Let(expr) = step {
                row.push(eval_row(expr, &row));
            }
        }
        is_so(&row)
    };
    let these = case.rows[transform.source.index()].iter().filter(with_lets);
    these
        .map(|row| is_row(source, row))
        .reduce(|left, right| binary(BinaryOp::Or, left, right))
}

/// Whether a row has these values in all columns but the arrival: copies of one event are one.
fn is_row(source: &Source, row: &[Value]) -> Expr {
    let arrival = source.arrival_column();
    let columns = (0..source.columns.len())
        .map(ColumnId::from)
        .filter(|column| Some(*column) != arrival);
    let equals = columns.map(|column| {
        let ty = source.columns[column.index()].ty;
        let (own, value) = (Expr::column(column, ty), &row[column.index()]);
        match value {
            Value::Null => Expr::new(ExprKind::Unary(UnaryOp::IsNull, Box::new(own)), Type::Bool),
            value => binary(BinaryOp::Equal, own, Expr::new(literal(value).kind, ty)),
        }
    });
    equals
        .reduce(|left, right| binary(BinaryOp::And, left, right))
        .expect("a source has columns")
}

fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    Expr::new(ExprKind::Binary(op, Box::new(left), Box::new(right)), Type::Bool)
}

/// `then` where the condition is true.
fn choice(when: Expr, then: Expr, otherwise: Expr) -> Expr {
    let ty = otherwise.ty;
    let kind = ExprKind::Case {
        branches: vec![(when, then)],
        otherwise: Some(Box::new(otherwise)),
    };
    Expr::new(kind, ty)
}

/// A value as a literal; the type is right for booleans alone.
fn literal(value: &Value) -> Expr {
    Expr::new(ExprKind::Literal(value.to_literal()), Type::Bool)
}
