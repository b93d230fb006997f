//! The evaluator against that of the model.

use crate::arbitrary::{COLUMNS, Choices, batch, expr, ty};
use featc_ir::{BinaryOp, ColumnId, ErrorCode, Expr, ExprKind, Function, Literal, Type};
use featr_kernels::eval::eval;
use featr_kernels::{Batch, Column, Value};
use featr_model::expression::eval_row;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn agrees(random: &Expr, input: &Batch) -> Result<(), TestCaseError> {
    let column = eval(random, input);
    prop_assert_eq!(column.len(), input.rows);
    prop_assert_eq!(column.ty, random.ty);
    for row in 0..input.rows {
        let slow = eval_row(random, &input.row(row));
        prop_assert_eq!(column.value(row), slow.clone(), "{:?} in {:?}", random, input.row(row));
        if let Value::Float64(float) = slow {
            prop_assert_eq!(float.to_bits(), featr_kernels::value::canonical(float).to_bits());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn agrees_with_the_slow_evaluator(
        data in prop::collection::vec(any::<u8>(), 0..400),
        code in prop::collection::vec(any::<u8>(), 1..120),
        rows in 0usize..5,
        depth in 1usize..5,
    ) {
        let input = batch(&mut Choices::new(&data), &COLUMNS, rows);
        let mut choices = Choices::new(&code);
        let wanted = ty(&mut choices);
        agrees(&expr(&mut choices, &COLUMNS, wanted, depth), &input)?;
    }

    #[test]
    fn single_operations_agree(
        data in prop::collection::vec(any::<u8>(), 200..600),
        code in prop::collection::vec(any::<u8>(), 20),
    ) {
        let input = batch(&mut Choices::new(&data), &COLUMNS, 6);
        let mut choices = Choices::new(&code);
        let wanted = ty(&mut choices);
        agrees(&expr(&mut choices, &COLUMNS, wanted, 1), &input)?;
    }
}

/// The random tests above are worth something only if every operation yields values in them often enough.
#[test]
fn random_expressions_reach_every_operation() {
    let mut seen = BTreeMap::new();
    let mut state = 1u64;
    for _ in 0..10_000 {
        let mut bytes = [0; 150];
        for byte in &mut bytes {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            *byte = (state >> 56) as u8;
        }
        let mut choices = Choices::new(&bytes);
        let wanted = ty(&mut choices);
        let random = expr(&mut choices, &COLUMNS, wanted, 3);
        count_valid(&random, &batch(&mut choices, &COLUMNS, 1).row(0), &mut seen);
    }
    for function in Function::ALL {
        assert!(
            seen.get(&format!("{function:?}")).is_some_and(|count| *count > 5),
            "{function:?}"
        );
    }
    let casts = seen
        .iter()
        .filter(|(name, count)| name.starts_with("cast") && **count > 0);
    assert!(casts.count() >= 25, "{seen:?}");
}

fn count_valid(random: &Expr, row: &[Value], seen: &mut BTreeMap<String, usize>) {
    let name = match &random.kind {
        ExprKind::Column(_) => "column".to_owned(),
        ExprKind::Literal(_) => "literal".to_owned(),
        ExprKind::Unary(op, _) => format!("{op:?}"),
        ExprKind::Binary(op, ..) => format!("{op:?}"),
        ExprKind::Case { .. } => "case".to_owned(),
        ExprKind::Coalesce(_) => "coalesce".to_owned(),
        ExprKind::Cast(operand) => {
            format!(
                "cast {:?} {:?}",
                std::mem::discriminant(&operand.ty),
                std::mem::discriminant(&random.ty)
            )
        }
        ExprKind::Call(function, _) => format!("{function:?}"),
        ExprKind::Lookup(..) => "lookup".to_owned(),
    };
    *seen.entry(name).or_default() += usize::from(eval_row(random, row).is_valid());
    random
        .children()
        .into_iter()
        .for_each(|child| count_valid(child, row, seen));
}

fn number(value: i64) -> Expr {
    Expr::new(ExprKind::Literal(Literal::Int64(value)), Type::Int64)
}

fn text(value: &str) -> Expr {
    Expr::new(ExprKind::Literal(Literal::String(value.to_owned())), Type::String)
}

fn decimal(units: i128, precision: u8, scale: u8) -> Expr {
    Expr::new(
        ExprKind::Literal(Literal::Decimal(units)),
        Type::Decimal { precision, scale },
    )
}

fn error(ty: Type) -> Expr {
    // The greatest integer plus one, in any type.
    let sum = apply(BinaryOp::Add, number(i64::MAX), number(1), Type::Int64);
    let branch = (
        apply(BinaryOp::Equal, sum, number(0), Type::Bool),
        Expr::new(ExprKind::Literal(Literal::Null), ty),
    );
    Expr::new(
        ExprKind::Case {
            branches: vec![branch],
            otherwise: None,
        },
        ty,
    )
}

fn apply(op: BinaryOp, left: Expr, right: Expr, ty: Type) -> Expr {
    Expr::new(ExprKind::Binary(op, Box::new(left), Box::new(right)), ty)
}

fn call(function: Function, arguments: Vec<Expr>, ty: Type) -> Expr {
    Expr::new(ExprKind::Call(function, arguments), ty)
}

fn cast_to(operand: Expr, ty: Type) -> Expr {
    Expr::new(ExprKind::Cast(Box::new(operand)), ty)
}

/// The value of an expression without columns, by both evaluators.
fn constant(expr: &Expr) -> Value {
    let column = eval(
        expr,
        &Batch {
            rows: 2,
            columns: vec![],
        },
    );
    let value = eval_row(expr, &[]);
    assert_eq!(column.values(), [value.clone(), value.clone()], "{expr:?}");
    value
}

const OVERFLOW: Value = Value::Error(ErrorCode::Overflow);
const INVALID: Value = Value::Error(ErrorCode::InvalidCast);

#[test]
fn integers_are_checked_and_divide_euclidean() {
    let of = |op, left, right| constant(&apply(op, number(left), number(right), Type::Int64));
    assert_eq!(of(BinaryOp::Add, i64::MAX, 1), OVERFLOW);
    assert_eq!(of(BinaryOp::Quotient, -7, 2), Value::Int64(-4));
    assert_eq!(of(BinaryOp::Remainder, -7, 2), Value::Int64(1));
    assert_eq!(of(BinaryOp::Quotient, -7, -2), Value::Int64(4));
    assert_eq!(of(BinaryOp::Remainder, -7, -2), Value::Int64(1));
    assert_eq!(of(BinaryOp::Quotient, 1, 0), Value::Null);
    assert_eq!(of(BinaryOp::Quotient, i64::MIN, -1), OVERFLOW);
    assert_eq!(of(BinaryOp::Remainder, i64::MIN, -1), Value::Int64(0));
    let ratio = |left, right| constant(&apply(BinaryOp::Divide, number(left), number(right), Type::Float64));
    assert_eq!(ratio(0, -3), Value::Float64(0.0));
    assert_eq!(ratio(1, 0), Value::Null);
    assert_eq!(ratio(i64::MAX, i64::MAX - 1), Value::Float64(1.0));
}

#[test]
fn decimals_are_exact_or_refused() {
    let ty = Type::Decimal {
        precision: 38,
        scale: 2,
    };
    let big = 10i128.pow(38) - 1;
    assert_eq!(
        constant(&apply(BinaryOp::Add, decimal(big, 38, 2), decimal(1, 38, 2), ty)),
        OVERFLOW
    );
    let wide = Type::Decimal {
        precision: 38,
        scale: 38,
    };
    // 9 has no 38 digits after the point in 128 bits, the difference to 9.99… has.
    let sum = apply(BinaryOp::Subtract, decimal(9, 1, 0), decimal(big, 38, 37), wide);
    assert_eq!(constant(&sum), Value::Decimal(10 - 10i128.pow(38)));
    let sum = apply(BinaryOp::Subtract, decimal(8, 1, 0), decimal(big, 38, 37), wide);
    assert_eq!(constant(&sum), OVERFLOW);
    let quotient = |left, right, scale| {
        let ty = Type::Decimal { precision: 38, scale };
        constant(&call(
            Function::Div,
            vec![number(left), number(right), number(i64::from(scale))],
            ty,
        ))
    };
    assert_eq!(quotient(1, 8, 2), Value::Decimal(12));
    assert_eq!(quotient(3, 8, 2), Value::Decimal(38));
    assert_eq!(quotient(-1, 8, 2), Value::Decimal(-12));
    assert_eq!(quotient(1, 0, 2), Value::Null);
    assert_eq!(quotient(1, 3, 38), Value::Decimal(10i128.pow(38) / 3));
    assert_eq!(quotient(1, 1, 38), OVERFLOW);
}

#[test]
fn the_leftmost_error_wins_and_errors_win_over_null() {
    let null = Expr::new(ExprKind::Literal(Literal::Null), Type::Int64);
    let invalid = cast_to(text("x"), Type::Int64);
    assert_eq!(
        constant(&apply(BinaryOp::Add, null.clone(), error(Type::Int64), Type::Int64)),
        OVERFLOW
    );
    assert_eq!(
        constant(&apply(BinaryOp::Add, invalid.clone(), error(Type::Int64), Type::Int64)),
        INVALID
    );
    assert_eq!(
        constant(&call(
            Function::Least,
            vec![null.clone(), number(1), invalid.clone()],
            Type::Int64
        )),
        INVALID
    );
    assert_eq!(
        constant(&call(
            Function::Least,
            vec![null.clone(), number(2), number(1)],
            Type::Int64
        )),
        Value::Int64(1)
    );
    assert_eq!(
        constant(&Expr::new(
            ExprKind::Coalesce(vec![null, number(1), invalid]),
            Type::Int64
        )),
        Value::Int64(1)
    );
}

#[test]
fn logic_is_kleene_with_errors() {
    let bool = |value| Expr::new(ExprKind::Literal(Literal::Bool(value)), Type::Bool);
    let null = || Expr::new(ExprKind::Literal(Literal::Null), Type::Bool);
    let of = |op, left, right| constant(&apply(op, left, right, Type::Bool));
    assert_eq!(of(BinaryOp::And, bool(false), error(Type::Bool)), Value::Bool(false));
    assert_eq!(of(BinaryOp::And, error(Type::Bool), bool(false)), Value::Bool(false));
    assert_eq!(of(BinaryOp::Or, error(Type::Bool), bool(true)), Value::Bool(true));
    assert_eq!(of(BinaryOp::Or, null(), bool(true)), Value::Bool(true));
    assert_eq!(of(BinaryOp::And, null(), bool(true)), Value::Null);
    assert_eq!(of(BinaryOp::And, null(), error(Type::Bool)), OVERFLOW);
    assert_eq!(of(BinaryOp::And, bool(true), error(Type::Bool)), OVERFLOW);
}

#[test]
fn untaken_branches_do_not_count() {
    let input = Batch::from_columns(vec![Column::from_values(
        Type::Int64,
        &[
            Value::Int64(0),
            Value::Int64(4),
            Value::Null,
            Value::Error(ErrorCode::Cap),
        ],
    )]);
    let column = || Expr::column(ColumnId(0), Type::Int64);
    let branch = (apply(BinaryOp::Equal, column(), number(0), Type::Bool), number(-1));
    let otherwise = apply(
        BinaryOp::Add,
        number(i64::MAX),
        apply(BinaryOp::Quotient, number(0), column(), Type::Int64),
        Type::Int64,
    );
    let case = Expr::new(
        ExprKind::Case {
            branches: vec![branch],
            otherwise: Some(Box::new(otherwise)),
        },
        Type::Int64,
    );
    let expected = [
        Value::Int64(-1),
        Value::Int64(i64::MAX),
        Value::Null,
        Value::Error(ErrorCode::Cap),
    ];
    assert_eq!(eval(&case, &input).values(), expected);
    agrees(&case, &input).expect("both evaluators agree");
}

#[test]
fn strings_are_read_strictly() {
    let of = |value, ty| constant(&cast_to(text(value), ty));
    let decimal = Type::Decimal { precision: 5, scale: 2 };
    for (value, ty, expected) in [
        ("12", Type::Int64, Value::Int64(12)),
        ("+12", Type::Int64, Value::Int64(12)),
        (" 12", Type::Int64, INVALID),
        ("1.0", Type::Int64, INVALID),
        ("9223372036854775808", Type::Int64, INVALID),
        ("-9223372036854775808", Type::Int64, Value::Int64(i64::MIN)),
        ("1.005", decimal, Value::Decimal(100)),
        ("1.0051", decimal, Value::Decimal(101)),
        ("-1.015", decimal, Value::Decimal(-102)),
        (".5", decimal, Value::Decimal(50)),
        ("999.995", decimal, INVALID),
        ("1e2", decimal, INVALID),
        ("", decimal, INVALID),
        (".", decimal, INVALID),
        ("1e2", Type::Float64, Value::Float64(100.0)),
        ("-0", Type::Float64, Value::Float64(0.0)),
        ("NaN", Type::Float64, INVALID),
        ("inf", Type::Float64, INVALID),
        ("1e999", Type::Float64, INVALID),
        ("1e", Type::Float64, INVALID),
        ("true", Type::Bool, Value::Bool(true)),
        ("True", Type::Bool, INVALID),
        (
            "2013-01-01T00:00:00Z",
            Type::Timestamp,
            Value::Timestamp(1_356_998_400_000_000),
        ),
        ("2013-01-01T00:00:00", Type::Timestamp, INVALID),
        ("2013-02-29", Type::Date, INVALID),
        ("1970-01-02", Type::Date, Value::Date(1)),
    ] {
        assert_eq!(of(value, ty), expected, "{value:?} as {ty}");
    }
}

#[test]
fn floats_become_decimals_exactly() {
    let of = |value: f64, precision, scale| {
        let literal = Expr::new(ExprKind::Literal(Literal::float(value)), Type::Float64);
        constant(&cast_to(literal, Type::Decimal { precision, scale }))
    };
    assert_eq!(of(0.125, 5, 2), Value::Decimal(12));
    assert_eq!(of(0.375, 5, 2), Value::Decimal(38));
    assert_eq!(of(1.005, 5, 2), Value::Decimal(100)); // the float lies below
    assert_eq!(of(0.1, 38, 30), Value::Decimal(100_000_000_000_000_005_551_115_123_126));
    assert_eq!(of(5e-324, 38, 38), Value::Decimal(0));
    assert_eq!(of(2e38, 38, 0), INVALID);
    assert_eq!(of(f64::NAN, 38, 0), INVALID);
}

/// Whether `operand` is among `literals`, as a program says it.
fn among(operand: &Expr, literals: impl Iterator<Item = Expr>) -> Expr {
    let equal = literals.map(|literal| apply(BinaryOp::Equal, operand.clone(), literal, Type::Bool));
    let either = |left, right| apply(BinaryOp::Or, left, right, Type::Bool);
    equal.reduce(either).expect("a list is not empty")
}

#[test]
fn a_long_list_of_literals_is_the_equalities_that_it_stands_for() {
    let float = |value: f64| Expr::new(ExprKind::Literal(Literal::Float64(value.to_bits())), Type::Float64);
    let dec = Type::Decimal {
        precision: 10,
        scale: 2,
    };
    let columns: [(Type, Vec<Value>, Vec<Expr>); 5] = [
        (
            Type::Int64,
            vec![
                Value::Int64(3),
                Value::Int64(1),
                Value::Null,
                Value::Error(ErrorCode::Overflow),
            ],
            (0..40).map(|n| number(n * 3)).collect(),
        ),
        (
            Type::Float64,
            [0.0, 2.5, f64::NAN, 0.1]
                .map(Value::float)
                .into_iter()
                .chain([Value::Null])
                .collect(),
            (0..40)
                .map(|n| float(f64::from(n) * 0.5))
                .chain([float(f64::NAN), float(-0.0)])
                .collect(),
        ),
        (
            dec,
            vec![
                Value::Decimal(250),
                Value::Decimal(251),
                Value::Null,
                Value::Error(ErrorCode::InvalidCast),
            ],
            (0..40).map(|n| decimal(n * 50, 10, 2)).collect(),
        ),
        // Of other scales: each is compared by itself.
        (
            dec,
            vec![Value::Decimal(250), Value::Decimal(251), Value::Null],
            (0..40).map(|n| decimal(n * 5, 10, (n % 2) as u8)).collect(),
        ),
        (
            Type::String,
            vec![Value::String("7".into()), Value::String(String::new()), Value::Null],
            (0..40).map(|n| text(&n.to_string())).collect(),
        ),
    ];
    for (ty, values, literals) in columns {
        let rows = values.len();
        let input = Batch {
            rows,
            columns: vec![Column::from_values(ty, &values)],
        };
        let own = Expr::column(ColumnId(0), ty);
        let list = among(&own, literals.iter().cloned());
        agrees(&list, &input).expect("equal");
        let valid: Vec<Value> = (0..rows).map(|row| eval(&list, &input).value(row)).collect();
        assert!(
            valid.contains(&Value::Bool(true)) && valid.contains(&Value::Bool(false)),
            "{valid:?}"
        );
        // With another equality in it, with a null, and over what is no column.
        let other = apply(BinaryOp::Equal, literals[1].clone(), own.clone(), Type::Bool);
        agrees(&apply(BinaryOp::Or, list.clone(), other, Type::Bool), &input).expect("equal");
        let null = Expr::new(ExprKind::Literal(Literal::Null), ty);
        agrees(&among(&own, literals.iter().cloned().chain([null])), &input).expect("equal");
        let whole = call(Function::Greatest, vec![own.clone(), literals[0].clone()], ty);
        if literals.iter().all(|literal| literal.ty == ty) {
            agrees(&among(&whole, literals.iter().cloned()), &input).expect("equal");
        }
    }
}
