//! Random well-typed expressions.

use super::{Choices, any_ty, decimal_type, ty, valid_value};
use featc_ir::{BinaryOp, ColumnId, Expr, ExprKind, Function, Literal, Type, UnaryOp};
use featr_kernels::Value;

fn literal(choices: &mut Choices<'_>, ty: Type) -> Expr {
    if choices.below(12) == 11 {
        return Expr::new(ExprKind::Literal(Literal::Null), ty);
    }
    let literal = match valid_value(choices, ty) {
        Value::Null | Value::Error(_) | Value::List(_) => Literal::Null,
        Value::Bool(value) => Literal::Bool(value),
        Value::Int64(value) => Literal::Int64(value),
        Value::Float64(value) => Literal::float(value),
        Value::Decimal(value) => Literal::Decimal(value),
        Value::String(value) => Literal::String(value),
        Value::Timestamp(value) => Literal::Timestamp(value),
        Value::Date(value) => Literal::Date(value),
        Value::Duration(value) => Literal::Duration(value),
    };
    Expr::new(ExprKind::Literal(literal), ty)
}

fn leaf(choices: &mut Choices<'_>, columns: &[Type], wanted: Type) -> Expr {
    let fitting: Vec<usize> = (0..columns.len()).filter(|at| columns[*at] == wanted).collect();
    if fitting.is_empty() || choices.below(3) == 2 {
        return literal(choices, wanted);
    }
    Expr::column(ColumnId::from(choices.one_of(&fitting)), wanted)
}

/// A well-typed expression of the type over columns of the given types, at most `depth` operations deep.
pub fn expr(choices: &mut Choices<'_>, columns: &[Type], wanted: Type, depth: usize) -> Expr {
    if depth == 0 {
        return leaf(choices, columns, wanted);
    }
    let mut make = Maker {
        choices,
        columns,
        depth: depth - 1,
    };
    let kinds = match wanted {
        Type::List(&Type::String) => 5,
        Type::List(_) => 4,
        _ => 12,
    };
    let kind = match make.choices.below(kinds) {
        0 | 1 => return leaf(choices, columns, wanted),
        2 => {
            let branches = (0..=make.choices.below(2))
                .map(|_| (make.of(Type::Bool), make.of(wanted)))
                .collect();
            let otherwise = (make.choices.below(3) > 0).then(|| Box::new(make.of(wanted)));
            ExprKind::Case { branches, otherwise }
        }
        3 => ExprKind::Coalesce((0..2 + make.choices.below(2)).map(|_| make.of(wanted)).collect()),
        4 if wanted.is_list() => make.call(Function::Split, &[Type::String, Type::String]),
        4 if make.choices.below(2) == 0 => make.item(wanted),
        4 => match make.choices.below(3) {
            0 => ExprKind::Call(Function::NullIf, vec![make.of(wanted), make.of(wanted)]),
            1 => ExprKind::Call(
                Function::Least,
                (0..2 + make.choices.below(2)).map(|_| make.of(wanted)).collect(),
            ),
            _ => ExprKind::Call(
                Function::Greatest,
                (0..2 + make.choices.below(2)).map(|_| make.of(wanted)).collect(),
            ),
        },
        5 | 6 => make.cast(wanted),
        _ => make.special(wanted),
    };
    Expr::new(kind, wanted)
}

struct Maker<'m, 'a, 'c> {
    choices: &'m mut Choices<'a>,
    columns: &'c [Type],
    depth: usize,
}

impl Maker<'_, '_, '_> {
    fn of(&mut self, wanted: Type) -> Expr {
        expr(self.choices, self.columns, wanted, self.depth)
    }

    fn boxed(&mut self, wanted: Type) -> Box<Expr> {
        Box::new(self.of(wanted))
    }

    fn binary(&mut self, op: BinaryOp, left: Type, right: Type) -> ExprKind {
        ExprKind::Binary(op, self.boxed(left), self.boxed(right))
    }

    fn call(&mut self, function: Function, arguments: &[Type]) -> ExprKind {
        ExprKind::Call(function, arguments.iter().map(|ty| self.of(*ty)).collect())
    }

    /// An item of a list, mostly one that may be there.
    fn item(&mut self, wanted: Type) -> ExprKind {
        let list = self.of(wanted.list().unwrap_or(wanted));
        let index = match self.choices.below(4) {
            0 => self.of(Type::Int64),
            _ => {
                let place = self.choices.one_of(&[1, 2, -1, -2, 0]);
                Expr::new(ExprKind::Literal(Literal::Int64(place)), Type::Int64)
            }
        };
        ExprKind::Call(Function::Item, vec![list, index])
    }

    fn cast(&mut self, wanted: Type) -> ExprKind {
        let decimal = decimal_type(self.choices);
        let from = match wanted {
            Type::Bool => self.choices.one_of(&[Type::String, Type::Bool]),
            Type::Int64 => self.choices.one_of(&[
                Type::Float64,
                decimal,
                Type::String,
                Type::Bool,
                Type::Timestamp,
                Type::Duration,
                Type::Int64,
            ]),
            Type::Float64 => self.choices.one_of(&[Type::Int64, decimal, Type::String]),
            Type::Decimal { .. } => self
                .choices
                .one_of(&[Type::Int64, Type::Float64, decimal, Type::String]),
            Type::String => self.choices.one_of(&[
                Type::Int64,
                Type::Float64,
                decimal,
                Type::Bool,
                Type::Timestamp,
                Type::Date,
            ]),
            Type::Timestamp => self.choices.one_of(&[Type::Int64, Type::Date, Type::String]),
            Type::Date => self.choices.one_of(&[Type::Timestamp, Type::String]),
            Type::Duration => self.choices.one_of(&[Type::Int64, Type::Duration]),
            Type::List(_) => unreachable!("no cast to a list"),
        };
        ExprKind::Cast(self.boxed(from))
    }

    fn numeric(&mut self) -> Type {
        if self.choices.below(2) == 0 {
            Type::Int64
        } else {
            decimal_type(self.choices)
        }
    }

    fn special(&mut self, wanted: Type) -> ExprKind {
        match wanted {
            Type::Bool => self.bool(),
            Type::Int64 => self.int64(),
            Type::Float64 => self.float64(),
            Type::Decimal { scale, .. } => self.decimal(wanted, scale),
            Type::String => self.string(),
            Type::Timestamp => match self.choices.below(4) {
                0 => self.binary(BinaryOp::Add, Type::Timestamp, Type::Duration),
                1 => self.binary(BinaryOp::Subtract, Type::Timestamp, Type::Duration),
                2 => self.binary(BinaryOp::Add, Type::Duration, Type::Timestamp),
                _ => self.call(Function::Truncate, &[Type::Timestamp, Type::Duration]),
            },
            Type::Date => self.call(Function::DateOf, &[Type::Timestamp]),
            Type::Duration => match self.choices.below(7) {
                0 => self.binary(BinaryOp::Add, Type::Duration, Type::Duration),
                1 => self.binary(BinaryOp::Subtract, Type::Duration, Type::Duration),
                2 => self.binary(BinaryOp::Subtract, Type::Timestamp, Type::Timestamp),
                3 => self.binary(BinaryOp::Subtract, Type::Date, Type::Date),
                4 => self.binary(BinaryOp::Multiply, Type::Duration, Type::Int64),
                5 => ExprKind::Unary(UnaryOp::Negate, self.boxed(Type::Duration)),
                _ => self.call(Function::Abs, &[Type::Duration]),
            },
            Type::List(_) => unreachable!("no expression makes a list"),
        }
    }

    fn bool(&mut self) -> ExprKind {
        const COMPARISONS: [BinaryOp; 6] = [
            BinaryOp::Equal,
            BinaryOp::NotEqual,
            BinaryOp::Less,
            BinaryOp::LessOrEqual,
            BinaryOp::Greater,
            BinaryOp::GreaterOrEqual,
        ];
        match self.choices.below(8) {
            0 => self.binary(BinaryOp::And, Type::Bool, Type::Bool),
            1 => self.binary(BinaryOp::Or, Type::Bool, Type::Bool),
            2 => {
                let op = self.choices.one_of(&[UnaryOp::IsNull, UnaryOp::IsNotNull]);
                let of = any_ty(self.choices);
                ExprKind::Unary(op, self.boxed(of))
            }
            3 => ExprKind::Unary(UnaryOp::Not, self.boxed(Type::Bool)),
            4 if self.choices.below(3) == 0 => {
                let of = self.choices.one_of(&[Type::String, Type::Int64]);
                self.call(Function::Contains, &[of.list().unwrap_or(of), of])
            }
            4 if self.choices.below(2) == 0 => {
                let function = self.choices.one_of(&[Function::Like, Function::RegexpMatches]);
                self.pattern(function)
            }
            4 => {
                let function = self
                    .choices
                    .one_of(&[Function::StartsWith, Function::EndsWith, Function::Contains]);
                self.call(function, &[Type::String, Type::String])
            }
            _ => {
                let op = self.choices.one_of(&COMPARISONS);
                let left = ty(self.choices);
                let right = if let Type::Decimal { .. } = left {
                    decimal_type(self.choices)
                } else {
                    left
                };
                self.binary(op, left, right)
            }
        }
    }

    fn int64(&mut self) -> ExprKind {
        const PARTS: [Function; 7] = [
            Function::Year,
            Function::Month,
            Function::DayOfMonth,
            Function::DayOfWeek,
            Function::DayOfYear,
            Function::Hour,
            Function::Minute,
        ];
        match self.choices.below(7) {
            6 => {
                let of = ty(self.choices);
                self.call(Function::Hash, &[of])
            }
            0 | 1 => {
                let op = self.choices.one_of(&[
                    BinaryOp::Add,
                    BinaryOp::Subtract,
                    BinaryOp::Multiply,
                    BinaryOp::Quotient,
                    BinaryOp::Remainder,
                ]);
                self.binary(op, Type::Int64, Type::Int64)
            }
            2 => ExprKind::Unary(UnaryOp::Negate, self.boxed(Type::Int64)),
            3 => self.call(Function::Abs, &[Type::Int64]),
            4 => {
                let of = self
                    .choices
                    .one_of(&[Type::String, Type::List(&Type::Int64), Type::List(&Type::String)]);
                self.call(Function::Length, &[of])
            }
            _ => {
                let function = self.choices.one_of(&PARTS);
                let of_date = !matches!(function, Function::Hour | Function::Minute) && self.choices.below(2) == 1;
                let mut call = self.call(function, &[if of_date { Type::Date } else { Type::Timestamp }]);
                if let ExprKind::Call(_, arguments) = &mut call
                    && !of_date
                    && self.choices.below(2) == 1
                {
                    let zone = *self
                        .choices
                        .one_of(&[&"Europe/Paris", &"Asia/Kolkata", &"America/St_Johns", &"UTC"]);
                    let zone = Literal::String(zone.to_owned());
                    arguments.push(Expr::new(ExprKind::Literal(zone), Type::String));
                }
                call
            }
        }
    }

    fn float64(&mut self) -> ExprKind {
        match self.choices.below(7) {
            0 => {
                let op =
                    self.choices
                        .one_of(&[BinaryOp::Add, BinaryOp::Subtract, BinaryOp::Multiply, BinaryOp::Divide]);
                self.binary(op, Type::Float64, Type::Float64)
            }
            1 | 2 => {
                let (left, right) = (self.numeric(), self.numeric());
                self.binary(BinaryOp::Divide, left, right)
            }
            3 => {
                let (left, right) = self.choices.one_of(&[
                    (Type::Duration, Type::Duration),
                    (Type::Int64, Type::Float64),
                    (Type::Float64, Type::Int64),
                ]);
                self.binary(BinaryOp::Divide, left, right)
            }
            4 => ExprKind::Unary(UnaryOp::Negate, self.boxed(Type::Float64)),
            5 => {
                let function = self.choices.one_of(&[
                    Function::Abs,
                    Function::Round,
                    Function::Floor,
                    Function::Ceil,
                    Function::Sqrt,
                    Function::Ln,
                    Function::Log10,
                    Function::Exp,
                    Function::Pow,
                ]);
                let arguments = [Type::Float64; 2];
                if function == Function::Round && self.choices.below(2) == 0 {
                    let digits = self.choices.below(39) as i64;
                    let literal = Expr::new(ExprKind::Literal(Literal::Int64(digits)), Type::Int64);
                    return ExprKind::Call(function, vec![self.of(Type::Float64), literal]);
                }
                self.call(
                    function,
                    if function == Function::Pow {
                        &arguments
                    } else {
                        &arguments[..1]
                    },
                )
            }
            _ => {
                let function = self.choices.one_of(&[
                    Function::Milliseconds,
                    Function::Seconds,
                    Function::Minutes,
                    Function::Hours,
                    Function::Days,
                ]);
                self.call(function, &[Type::Duration])
            }
        }
    }

    fn decimal(&mut self, wanted: Type, scale: u8) -> ExprKind {
        let other = decimal_type(self.choices);
        let scaled = |precision: usize, scale: usize| Type::Decimal {
            precision: precision.max(scale).clamp(1, 38) as u8,
            scale: scale as u8,
        };
        let digits = 1 + self.choices.below(38);
        let own = usize::from(scale);
        match self.choices.below(6) {
            0 | 1 => {
                // The exact result has the greater of the two scales.
                let lesser = self.choices.below(own + 1);
                let op = self.choices.one_of(&[BinaryOp::Add, BinaryOp::Subtract]);
                self.binary(op, scaled(digits, lesser), scaled(38, own))
            }
            2 => {
                let part = self.choices.below(own + 1);
                self.binary(BinaryOp::Multiply, scaled(digits, part), scaled(digits, own - part))
            }
            3 => ExprKind::Unary(UnaryOp::Negate, self.boxed(wanted)),
            4 => {
                let literal = Expr::new(ExprKind::Literal(Literal::Int64(i64::from(scale))), Type::Int64);
                if self.choices.below(2) == 0 {
                    return ExprKind::Call(Function::Round, vec![self.of(other), literal]);
                }
                let (left, right) = (self.numeric(), self.numeric());
                ExprKind::Call(Function::Div, vec![self.of(left), self.of(right), literal])
            }
            _ if own == 0 => {
                let function = self.choices.one_of(&[Function::Floor, Function::Ceil]);
                self.call(function, &[other])
            }
            _ => self.call(Function::Abs, &[wanted]),
        }
    }

    /// A text, and one of some patterns that find much of what the texts hold.
    fn pattern(&mut self, function: Function) -> ExprKind {
        let pattern = match function {
            Function::Like => *self.choices.one_of(&[
                &"", &"%", &"_", &"a%", &"%a", &"%_b%", &"_%_", &"%a%b%", &"\\%%", &"%é", &"a\\_b",
            ]),
            _ => *self.choices.one_of(&[
                &"",
                &"a",
                &"^a|b$",
                &"(a*)*b?",
                &"(?:a|ab)(c|bcd)?",
                &"(x*?)y|z+",
                &"\\b\\w+\\b",
                &"[^a-c]{2,3}?",
                &"(?i)É",
                &"(\\d+)",
                &"(?m)^.$",
                &"(a|b|())*c?",
                &"(?s).(.)$",
                &"\\p{L}+",
                &"(a{0,2}?b){1,2}",
                &"\\B",
            ]),
        };
        let pattern = Expr::new(ExprKind::Literal(Literal::String(pattern.to_owned())), Type::String);
        ExprKind::Call(function, vec![self.of(Type::String), pattern])
    }

    fn string(&mut self) -> ExprKind {
        match self.choices.below(7) {
            6 => self.call(Function::Join, &[Type::List(&Type::String), Type::String]),
            5 => self.pattern(Function::RegexpExtract),
            0 => {
                let function = self.choices.one_of(&[Function::Lower, Function::Upper, Function::Trim]);
                self.call(function, &[Type::String])
            }
            1 => self.call(Function::Concat, &[Type::String, Type::String]),
            2 => self.call(Function::Concat, &[Type::String, Type::String, Type::String]),
            3 => self.call(Function::Substring, &[Type::String, Type::Int64, Type::Int64]),
            _ => self.call(Function::Replace, &[Type::String, Type::String, Type::String]),
        }
    }
}
