//! Random values, batches and well-typed expressions.
//!
//! They are made from a string of bytes, each a choice; what the bytes do not decide is the simplest thing. So a
//! property test that shrinks the bytes shrinks the expression, and no library of random numbers is needed.

mod expression;

pub use expression::expr;

use featc_ir::{ErrorCode, Type};
use featr_kernels::{Batch, Column, Tag, Value};

/// A row with every type in it.
pub const COLUMNS: [Type; 14] = [
    Type::Bool,
    Type::Int64,
    Type::Int64,
    Type::Float64,
    Type::Float64,
    Type::Decimal {
        precision: 12,
        scale: 2,
    },
    Type::Decimal {
        precision: 38,
        scale: 10,
    },
    Type::String,
    Type::String,
    Type::Timestamp,
    Type::Date,
    Type::Duration,
    Type::List(&Type::Int64),
    Type::List(&Type::String),
];

const INTEGERS: [i64; 16] = [
    0,
    1,
    -1,
    2,
    7,
    10,
    59,
    1_000,
    -86_400_000_000,
    86_399_999_999,
    1_357_002_000_000_000,
    (1 << 53) + 1,
    -(1 << 53) - 1,
    i64::MAX,
    i64::MIN,
    i64::MAX - 1,
];

const FLOATS: [f64; 16] = [
    0.0,
    1.0,
    -1.0,
    0.5,
    2.5,
    0.1,
    -1e-5,
    1e16,
    123_456.789,
    f64::MAX,
    f64::MIN_POSITIVE,
    5e-324,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    9_223_372_036_854_775_808.0,
];

const STRINGS: [&str; 28] = [
    "",
    "a",
    "aB",
    "b",
    "éa",
    "ß",
    " a ",
    "aa",
    "0",
    "12",
    "-3.50",
    "+7.005",
    "1e5",
    ".5",
    "5.",
    "-",
    "NaN",
    "inf",
    "true",
    "False",
    "9223372036854775808",
    "99999999999999999999999999999999999999",
    "2013-01-01",
    "2012-02-29",
    "2013-02-29",
    "2013-01-01T05:00:00.1234567Z",
    "1969-12-31T23:59:59.999999-01:30",
    "0001-01-01T00:00:00+00:01",
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
        let Some((first, rest)) = self.bytes.split_first() else {
            return 0;
        };
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

/// Some type, which may be a list.
pub fn any_ty(choices: &mut Choices<'_>) -> Type {
    let of = ty(choices);
    if choices.below(4) == 3 {
        of.list().unwrap_or(of)
    } else {
        of
    }
}

/// Some type of scalars.
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
        return Type::Decimal {
            precision: 38,
            scale: choices.below(39) as u8,
        };
    }
    let precision = 1 + choices.below(38);
    let scale = choices.below(precision + 1);
    Type::Decimal {
        precision: precision as u8,
        scale: scale as u8,
    }
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
            Value::Decimal(
                match choices.below(4) {
                    0 => i128::from(choices.integer()) % limit,
                    1 => limit - 1,
                    2 => (i128::from(choices.word()) << 64 | i128::from(choices.word())) % limit,
                    _ => 5 * 10i128.pow(choices.below(usize::from(precision)) as u32) - limit,
                } % limit,
            )
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
        Type::List(of) => {
            let item = |choices: &mut Choices<'_>| match choices.below(4) {
                3 => Value::Null,
                _ => valid_value(choices, *of),
            };
            Value::List((0..choices.below(4)).map(|_| item(choices)).collect())
        }
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
        let tags = if choices.below(3) == 2 {
            vec![Tag::VALID; rows]
        } else {
            tags
        };
        Column::with_tags(*ty, column.data, Some(tags))
    });
    Batch {
        rows,
        columns: columns.collect(),
    }
}
