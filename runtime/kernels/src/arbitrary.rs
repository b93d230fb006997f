//! Random values, batches and well-typed expressions, for tests of this crate and of the engines.
//!
//! They are made from a string of bytes, each a choice; what the bytes do not decide is the simplest thing. So a
//! property test that shrinks the bytes shrinks the expression, and no library of random numbers is needed:
//!
//! ```
//! use featr_kernels::arbitrary::{COLUMNS, Choices, batch, expr, ty};
//! let mut choices = Choices::new(&[7, 1, 4, 200, 31, 8]);
//! let input = batch(&mut choices, &COLUMNS, 3);
//! let wanted = ty(&mut choices);
//! let random = expr(&mut choices, &COLUMNS, wanted, 4);
//! assert_eq!(featr_kernels::eval::eval(&random, &input).ty, wanted);
//! ```

use crate::column::{Batch, Column, Tag};
use crate::value::Value;
use featc_ir::{BinaryOp, ColumnId, ErrorCode, Expr, ExprKind, Function, Literal, Type, UnaryOp};

/// A row with every type in it.
pub const COLUMNS: [Type; 12] = [
    Type::Bool,
    Type::Int64,
    Type::Int64,
    Type::Float64,
    Type::Float64,
    Type::Decimal { precision: 12, scale: 2 },
    Type::Decimal { precision: 38, scale: 10 },
    Type::String,
    Type::String,
    Type::Timestamp,
    Type::Date,
    Type::Duration,
];

const INTEGERS: [i64; 16] = [
    0, 1, -1, 2, 7, 10, 59, 1_000, -86_400_000_000, 86_399_999_999, 1_357_002_000_000_000, (1 << 53) + 1, -(1 << 53) - 1,
    i64::MAX, i64::MIN, i64::MAX - 1,
];

const FLOATS: [f64; 16] = [
    0.0, 1.0, -1.0, 0.5, 2.5, 0.1, -1e-5, 1e16, 123_456.789, f64::MAX, f64::MIN_POSITIVE, 5e-324, f64::INFINITY,
    f64::NEG_INFINITY, f64::NAN, 9_223_372_036_854_775_808.0,
];

const STRINGS: [&str; 28] = [
    "", "a", "aB", "b", "éa", "ß", " a ", "aa", "0", "12", "-3.50", "+7.005", "1e5", ".5", "5.", "-", "NaN", "inf", "true",
    "False", "9223372036854775808", "99999999999999999999999999999999999999", "2013-01-01", "2012-02-29", "2013-02-29",
    "2013-01-01T05:00:00.1234567Z", "1969-12-31T23:59:59.999999-01:30", "0001-01-01T00:00:00+00:01",
];

/// A supply of choices.
#[derive(Debug, Clone)]
pub struct Choices<'a> {
    bytes: &'a [u8],
}

impl<'a> Choices<'a> {
    pub fn new(bytes: &'a [u8]) -> Choices<'a> {
        Choices { bytes }
    }

    /// A number below `count` (which is 1 to 256); 0 when nothing is left.
    pub fn below(&mut self, count: usize) -> usize {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        usize::from(*first) % count
    }

    fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    fn word(&mut self) -> u64 {
        (0..8).fold(0, |word, _| word << 8 | self.below(256) as u64)
    }

    fn integer(&mut self) -> i64 {
        match self.below(4) {
            0 => self.one_of(&INTEGERS),
            1 => self.below(21) as i64 - 10,
            2 => self.word() as i64 >> self.below(64),
            _ => self.one_of(&INTEGERS).wrapping_add(self.below(5) as i64 - 2),
        }
    }
}

/// Some type.
pub fn ty(choices: &mut Choices<'_>) -> Type {
    match choices.below(9) {
        0 => Type::Int64,
        1 => Type::Bool,
        2 => Type::Float64,
        3 => Type::String,
        4 => Type::Timestamp,
        5 => Type::Date,
        6 => Type::Duration,
        _ => decimal_type(choices),
    }
}

fn decimal_type(choices: &mut Choices<'_>) -> Type {
    if choices.below(3) == 0 {
        return Type::Decimal { precision: 38, scale: choices.below(39) as u8 };
    }
    let precision = 1 + choices.below(38);
    let scale = choices.below(precision + 1);
    Type::Decimal { precision: precision as u8, scale: scale as u8 }
}

/// A value of the type that is neither null nor an error.
pub fn valid_value(choices: &mut Choices<'_>, ty: Type) -> Value {
    match ty {
        Type::Bool => Value::Bool(choices.below(2) == 1),
        Type::Int64 => Value::Int64(choices.integer()),
        Type::Float64 => match choices.below(3) {
            0 => Value::float(choices.one_of(&FLOATS)),
            1 => Value::float(choices.integer() as f64 / 8.0),
            _ => Value::float(f64::from_bits(choices.word())),
        },
        Type::Decimal { precision, .. } => {
            let limit = 10i128.pow(u32::from(precision));
            Value::Decimal(match choices.below(4) {
                0 => i128::from(choices.integer()) % limit,
                1 => limit - 1,
                2 => (i128::from(choices.word()) << 64 | i128::from(choices.word())) % limit,
                _ => 5 * 10i128.pow(choices.below(usize::from(precision)) as u32) - limit,
            } % limit)
        }
        Type::String => {
            let mut text = choices.one_of(&STRINGS).to_owned();
            if choices.below(4) == 3 {
                text.push_str(choices.one_of(&STRINGS));
            }
            Value::String(text)
        }
        Type::Timestamp => Value::Timestamp(choices.integer()),
        Type::Date => Value::Date(match choices.below(3) {
            0 => 15_706 + choices.below(256) as i32,
            1 => choices.integer() as i32,
            _ => choices.integer() as i32 >> 8,
        }),
        Type::Duration => Value::Duration(choices.integer()),
    }
}

/// A value of the type, null or (rarely) an error.
pub fn value(choices: &mut Choices<'_>, ty: Type) -> Value {
    match choices.below(10) {
        8 => Value::Null,
        9 if choices.below(3) == 2 => Value::Error(choices.one_of(&ErrorCode::ALL)),
        _ => valid_value(choices, ty),
    }
}

/// Random rows. The data under nulls and errors is random too.
pub fn batch(choices: &mut Choices<'_>, types: &[Type], rows: usize) -> Batch {
    let columns = types.iter().map(|ty| {
        let mut tags = Vec::new();
        let values = (0..rows).map(|_| {
            let tag = value(choices, Type::Bool).tag();
            tags.push(tag);
            valid_value(choices, *ty)
        });
        let column = Column::from_values(*ty, &values.collect::<Vec<_>>());
        let tags = if choices.below(3) == 2 { vec![Tag::VALID; rows] } else { tags };
        Column::with_tags(*ty, column.data, Some(tags))
    });
    Batch { rows, columns: columns.collect() }
}

fn literal(choices: &mut Choices<'_>, ty: Type) -> Expr {
    if choices.below(12) == 11 {
        return Expr::new(ExprKind::Literal(Literal::Null), ty);
    }
    let literal = match valid_value(choices, ty) {
        Value::Null | Value::Error(_) => Literal::Null,
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
    let mut make = Maker { choices, columns, depth: depth - 1 };
    let kind = match make.choices.below(12) {
        0 | 1 => return leaf(choices, columns, wanted),
        2 => {
            let branches = (0..=make.choices.below(2)).map(|_| (make.of(Type::Bool), make.of(wanted))).collect();
            let otherwise = (make.choices.below(3) > 0).then(|| Box::new(make.of(wanted)));
            ExprKind::Case { branches, otherwise }
        }
        3 => ExprKind::Coalesce((0..2 + make.choices.below(2)).map(|_| make.of(wanted)).collect()),
        4 => match make.choices.below(3) {
            0 => ExprKind::Call(Function::NullIf, vec![make.of(wanted), make.of(wanted)]),
            1 => ExprKind::Call(Function::Least, (0..2 + make.choices.below(2)).map(|_| make.of(wanted)).collect()),
            _ => ExprKind::Call(Function::Greatest, (0..2 + make.choices.below(2)).map(|_| make.of(wanted)).collect()),
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
            Type::Decimal { .. } => self.choices.one_of(&[Type::Int64, Type::Float64, decimal, Type::String]),
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
        };
        ExprKind::Cast(self.boxed(from))
    }

    fn numeric(&mut self) -> Type {
        if self.choices.below(2) == 0 { Type::Int64 } else { decimal_type(self.choices) }
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
                let of = ty(self.choices);
                ExprKind::Unary(op, self.boxed(of))
            }
            3 => ExprKind::Unary(UnaryOp::Not, self.boxed(Type::Bool)),
            4 => {
                let function =
                    self.choices.one_of(&[Function::StartsWith, Function::EndsWith, Function::Contains]);
                self.call(function, &[Type::String, Type::String])
            }
            _ => {
                let op = self.choices.one_of(&COMPARISONS);
                let left = ty(self.choices);
                let right = if let Type::Decimal { .. } = left { decimal_type(self.choices) } else { left };
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
        match self.choices.below(6) {
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
            4 => self.call(Function::Length, &[Type::String]),
            _ => {
                let function = self.choices.one_of(&PARTS);
                let of_date = !matches!(function, Function::Hour | Function::Minute) && self.choices.below(2) == 1;
                self.call(function, &[if of_date { Type::Date } else { Type::Timestamp }])
            }
        }
    }

    fn float64(&mut self) -> ExprKind {
        match self.choices.below(7) {
            0 => {
                let op = self.choices.one_of(&[
                    BinaryOp::Add,
                    BinaryOp::Subtract,
                    BinaryOp::Multiply,
                    BinaryOp::Divide,
                ]);
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
                self.call(function, if function == Function::Pow { &arguments } else { &arguments[..1] })
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

    fn string(&mut self) -> ExprKind {
        match self.choices.below(5) {
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
