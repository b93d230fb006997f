//! Changes of single nodes of expressions: each kind of node has a name, and another node that is put in its place.

use featc_ir::function::{Accepts, Signature};
use featc_ir::{BinaryOp, Expr, ExprKind, Function, Literal, Program, Step, Type, UnaryOp};

pub const SCALARS: [&str; 8] = [
    "bool",
    "int64",
    "float64",
    "decimal",
    "string",
    "timestamp",
    "date",
    "duration",
];

/// Calls `visit` for every node of every expression, inner nodes last, in an order that never changes.
pub fn for_each_node(program: &mut Program, visit: &mut impl FnMut(&mut Expr)) {
    for transform in &mut program.transforms {
        for step in &mut transform.steps {
            match step {
                Step::Where(expr) | Step::Let(expr) => walk(expr, visit),
            }
        }
        walk(&mut transform.time, visit);
    }
    for view in &mut program.views {
        view.lifts.iter_mut().for_each(|lift| walk(lift, visit));
        for feature in &mut view.features {
            match &mut feature.kind {
                featc_ir::FeatureKind::Aggregate { expr, .. } | featc_ir::FeatureKind::Derived { expr, .. } => {
                    walk(expr, visit);
                }
            }
        }
    }
    for service in &mut program.services {
        for feature in &mut service.features {
            walk(&mut feature.expr, visit);
        }
    }
}

fn walk(expr: &mut Expr, visit: &mut impl FnMut(&mut Expr)) {
    visit(expr);
    match &mut expr.kind {
        ExprKind::Column(_) | ExprKind::Literal(_) => {}
        ExprKind::Unary(_, operand) | ExprKind::Cast(operand) => walk(operand, visit),
        ExprKind::Binary(_, left, right) => {
            walk(left, visit);
            walk(right, visit);
        }
        ExprKind::Case { branches, otherwise } => {
            for (when, then) in branches {
                walk(when, visit);
                walk(then, visit);
            }
            if let Some(otherwise) = otherwise {
                walk(otherwise, visit);
            }
        }
        ExprKind::Coalesce(items) | ExprKind::Call(_, items) | ExprKind::Lookup(_, items) => {
            items.iter_mut().for_each(|item| walk(item, visit));
        }
    }
}

/// The name of a type without its numbers.
pub fn type_name(ty: Type) -> String {
    match ty {
        Type::Decimal { .. } => "decimal".to_owned(),
        Type::List(_) => "list".to_owned(),
        other => other.to_string(),
    }
}

/// What a node is called in the table; `None` for columns and literals.
pub fn construct(expr: &Expr) -> Option<String> {
    let typed = |name: &str, of: &Expr| format!("{name} {}", type_name(of.ty));
    Some(match &expr.kind {
        ExprKind::Column(_) | ExprKind::Literal(_) => return None,
        ExprKind::Unary(UnaryOp::Not, _) => "not".to_owned(),
        ExprKind::Unary(UnaryOp::Negate, operand) => typed("negate", operand),
        ExprKind::Unary(UnaryOp::IsNull, operand) => typed("is null", operand),
        ExprKind::Unary(UnaryOp::IsNotNull, operand) => typed("is not null", operand),
        ExprKind::Binary(BinaryOp::And, ..) => "and".to_owned(),
        ExprKind::Binary(BinaryOp::Or, ..) => "or".to_owned(),
        ExprKind::Binary(op, left, right) => {
            let (one, two) = (type_name(left.ty), type_name(right.ty));
            if one == two {
                format!("{} {one}", op.symbol())
            } else {
                format!("{one} {} {two}", op.symbol())
            }
        }
        ExprKind::Case { branches, otherwise } => match (branches.len(), otherwise.is_some()) {
            (1, true) => "if",
            (_, true) => "case of several",
            (_, false) => "case without else",
        }
        .to_owned(),
        ExprKind::Coalesce(_) => "coalesce".to_owned(),
        ExprKind::Cast(operand) => format!("cast {} to {}", type_name(operand.ty), type_name(expr.ty)),
        ExprKind::Lookup(lookup, _) => match lookup.table.versions {
            None => "lookup of a static table",
            Some(_) => "lookup of a version",
        }
        .to_owned(),
        ExprKind::Call(Function::Round, arguments) if expr.ty == Type::Float64 && arguments.len() == 2 => {
            "round float64 to digits".to_owned()
        }
        ExprKind::Call(function, arguments) => match arguments.first() {
            Some(first) if !types_of(*function).is_empty() => typed(function.name(), first),
            Some(_) | None => function.name().to_owned(),
        },
    })
}

/// The names of the types that a function's first argument may have, where there are several.
pub fn types_of(function: Function) -> Vec<String> {
    let of = |accepts: &Accepts| {
        let decimal = accepts.any_decimal.then(|| "decimal".to_owned());
        let list = accepts.any_list.then(|| "list".to_owned());
        accepts
            .types
            .iter()
            .map(|ty| type_name(*ty))
            .chain(decimal)
            .chain(list)
            .collect::<Vec<String>>()
    };
    let types = match &function.row().signature {
        Signature::Fixed(arguments, _) => arguments.first().map_or_else(Vec::new, of),
        Signature::Same(argument) | Signature::Clock(argument, _) => of(argument),
        Signature::Alike(..) => SCALARS.map(str::to_owned).to_vec(),
        Signature::Contains => of(&Accepts::MEASURED),
        Signature::Whole | Signature::Round => of(&Accepts::FRACTIONAL),
        Signature::Strings | Signature::Div | Signature::Truncate | Signature::Pattern(_) | Signature::Item => {
            Vec::new()
        }
    };
    if types.len() > 1 { types } else { Vec::new() }
}

/// Puts another node of the same type in the place of one that [`construct`] names.
pub fn change(expr: &mut Expr) {
    let ty = expr.ty;
    let null = ExprKind::Literal(Literal::Null);
    expr.kind = match expr.kind.clone() {
        ExprKind::Column(_) | ExprKind::Literal(_) | ExprKind::Cast(_) | ExprKind::Lookup(..) => null,
        ExprKind::Unary(UnaryOp::Not | UnaryOp::Negate, operand) => operand.kind,
        ExprKind::Unary(UnaryOp::IsNull, operand) => ExprKind::Unary(UnaryOp::IsNotNull, operand),
        ExprKind::Unary(UnaryOp::IsNotNull, operand) => ExprKind::Unary(UnaryOp::IsNull, operand),
        ExprKind::Binary(op, left, right) => binary(op, left, right, ty),
        ExprKind::Case {
            mut branches,
            otherwise,
        } => match (branches.len(), otherwise) {
            (1, _) => branches.swap_remove(0).1.kind,
            (_, Some(otherwise)) => {
                branches.pop();
                ExprKind::Case {
                    branches,
                    otherwise: Some(otherwise),
                }
            }
            (_, None) => {
                let otherwise = Some(Box::new(branches[0].1.clone()));
                ExprKind::Case { branches, otherwise }
            }
        },
        ExprKind::Coalesce(mut items) => items.swap_remove(0).kind,
        ExprKind::Call(function, arguments) => call(function, arguments, ty),
    };
}

fn binary(op: BinaryOp, left: Box<Expr>, right: Box<Expr>, ty: Type) -> ExprKind {
    let is_difference = left.ty == right.ty && matches!(left.ty, Type::Timestamp | Type::Date);
    let other = match op {
        // The exact type of a decimal product is that of no other operation.
        BinaryOp::Multiply if matches!(ty, Type::Decimal { .. }) => return ExprKind::Literal(Literal::Null),
        BinaryOp::Multiply if ty == Type::Duration => return left.kind,
        BinaryOp::Subtract if is_difference => return ExprKind::Binary(op, right, left),
        BinaryOp::Divide => return ExprKind::Binary(op, right, left),
        BinaryOp::Multiply | BinaryOp::Subtract => BinaryOp::Add,
        BinaryOp::Add => BinaryOp::Subtract,
        BinaryOp::Quotient => BinaryOp::Remainder,
        BinaryOp::Remainder => BinaryOp::Quotient,
        BinaryOp::Equal => BinaryOp::LessOrEqual,
        BinaryOp::NotEqual | BinaryOp::LessOrEqual => BinaryOp::Less,
        BinaryOp::Less => BinaryOp::LessOrEqual,
        BinaryOp::Greater => BinaryOp::GreaterOrEqual,
        BinaryOp::GreaterOrEqual => BinaryOp::Greater,
        BinaryOp::And => BinaryOp::Or,
        BinaryOp::Or => BinaryOp::And,
    };
    ExprKind::Binary(other, left, right)
}

fn call(function: Function, mut arguments: Vec<Expr>, ty: Type) -> ExprKind {
    use Function as F;
    let sibling = match function {
        F::Round if ty == Type::Float64 && arguments.len() == 2 => return arguments.swap_remove(0).kind,
        F::Round if ty == Type::Float64 => F::Floor,
        F::Floor => F::Ceil,
        F::Ceil => F::Floor,
        F::Ln => F::Log10,
        F::Log10 => F::Ln,
        F::Least => F::Greatest,
        F::Greatest => F::Least,
        F::Lower => F::Upper,
        F::Upper => F::Lower,
        F::Contains if arguments.first().is_some_and(|list| list.ty.is_list()) => {
            return ExprKind::Unary(UnaryOp::IsNull, Box::new(arguments.swap_remove(1)));
        }
        F::StartsWith => F::EndsWith,
        F::EndsWith => F::Contains,
        F::Contains => F::StartsWith,
        F::Milliseconds => F::Seconds,
        F::Seconds => F::Minutes,
        F::Minutes => F::Hours,
        F::Hours => F::Days,
        F::Days => F::Hours,
        F::Year => F::Month,
        F::Month | F::DayOfWeek => F::DayOfMonth,
        F::DayOfMonth => F::DayOfYear,
        F::DayOfYear => F::DayOfWeek,
        F::Hour => F::Minute,
        F::Minute => F::Hour,
        F::Pow | F::Div | F::Concat => {
            arguments.swap(0, 1);
            function
        }
        // Of one that is matched it is whether it is empty.
        F::Like | F::RegexpMatches => {
            let empty = Expr::new(ExprKind::Literal(Literal::String(String::new())), Type::String);
            return ExprKind::Binary(BinaryOp::Equal, Box::new(arguments.swap_remove(0)), Box::new(empty));
        }
        F::Round | F::Length | F::DateOf | F::Item | F::Split | F::Join | F::Hash => {
            return ExprKind::Literal(Literal::Null);
        }
        F::Abs
        | F::Sqrt
        | F::Exp
        | F::NullIf
        | F::Trim
        | F::Substring
        | F::Replace
        | F::RegexpExtract
        | F::Truncate => {
            return arguments.swap_remove(0).kind;
        }
    };
    ExprKind::Call(sibling, arguments)
}
