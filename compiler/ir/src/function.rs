//! Scalar functions: the table of what every part of the compiler and both engines must know of a function without running
//! it. How one is computed stands in `featr_kernels::eval`, and once more, slowly, in `featr_model::expression`.

use crate::types::Type;
use serde::{Deserialize, Serialize};

/// The most bytes of a string that `concat`, `join` or `replace` makes; a longer one is the error `overflow`, but `replace` may
/// give one that is no longer than its argument. A row of two kilobytes would become one of a megabyte otherwise.
pub const MADE_BYTES_MAX: usize = 65_536;

/// What is known of a function.
#[derive(Debug)]
pub struct Row {
    /// The name in `.feat` files.
    pub name: &'static str,
    /// How it is written, to stand between backticks: the help of every message about its arguments.
    pub usage: &'static str,
    pub signature: Signature,
    /// Whether it may give an error although no argument is one, if its result is no float64.
    pub can_fail: bool,
}

/// How the arguments of a function are typed.
#[derive(Debug, Clone, Copy)]
pub enum Signature {
    /// One entry per argument, and the type of the result.
    Fixed(&'static [Accepts], Type),
    /// One argument; the result has its type.
    Same(Accepts),
    /// At least this many and at most that many of one type, which is the result's.
    Alike(usize, usize),
    /// Two or more strings.
    Strings,
    /// `floor`, `ceil`: a decimal loses its digits after the point.
    Whole,
    Round,
    Div,
    Truncate,
    /// One argument; or a timestamp, and a literal with the zone whose clocks are read. The type of the result.
    Clock(Accepts, Type),
    /// A string, and a literal that says what to look for in it; the type of the result.
    Pattern(Type),
    /// A list and an int64; the result is of the type of the list's items.
    Item,
    /// Two strings, or a list and a value of its items' type.
    Contains,
}

/// What a compiled regular expression may take, in bytes. One that takes more is refused when a program is compiled.
pub const PATTERN_BYTES_MAX: usize = 1 << 20;

/// What an argument may be.
#[derive(Debug, Clone, Copy)]
pub struct Accepts {
    /// The first is the type of a null.
    pub types: &'static [Type],
    pub any_decimal: bool,
    pub any_list: bool,
}

impl Accepts {
    const fn of(types: &'static [Type]) -> Accepts {
        Accepts {
            types,
            any_decimal: false,
            any_list: false,
        }
    }

    /// Whether an argument may have this type.
    pub fn takes(self, ty: Type) -> bool {
        let is_decimal = matches!(ty, Type::Decimal { .. });
        self.types.contains(&ty) || (self.any_decimal && is_decimal) || (self.any_list && ty.is_list())
    }

    pub const STRING: Accepts = Accepts::of(&[Type::String]);
    pub const INT: Accepts = Accepts::of(&[Type::Int64]);
    pub const FLOAT: Accepts = Accepts::of(&[Type::Float64]);
    pub const DURATION: Accepts = Accepts::of(&[Type::Duration]);
    pub const TIMESTAMP: Accepts = Accepts::of(&[Type::Timestamp]);
    pub const DAY: Accepts = Accepts::of(&[Type::Timestamp, Type::Date]);
    pub const SIGNED: Accepts = Accepts {
        any_decimal: true,
        ..Accepts::of(&[Type::Int64, Type::Float64, Type::Duration])
    };
    pub const FRACTIONAL: Accepts = Accepts {
        any_decimal: true,
        ..Accepts::FLOAT
    };
    pub const EXACT: Accepts = Accepts {
        any_decimal: true,
        ..Accepts::INT
    };
    pub const TEXTS: Accepts = Accepts::of(&[Type::List(&Type::String)]);
    pub const SCALAR: Accepts = Accepts {
        any_decimal: true,
        ..Accepts::of(&[
            Type::String,
            Type::Int64,
            Type::Float64,
            Type::Bool,
            Type::Timestamp,
            Type::Date,
            Type::Duration,
        ])
    };
    pub const MEASURED: Accepts = Accepts {
        any_list: true,
        ..Accepts::STRING
    };
}

const STRING: Accepts = Accepts::STRING;
const INT: Accepts = Accepts::INT;
const FLOAT: Accepts = Accepts::FLOAT;
const DURATION: Accepts = Accepts::DURATION;
const TIMESTAMP: Accepts = Accepts::TIMESTAMP;
const DAY: Accepts = Accepts::DAY;

/// Of most rows, what is not said there.
const PLAIN: Row = Row {
    name: "",
    usage: "",
    signature: Signature::Strings,
    can_fail: false,
};

/// Defines the functions, each with its row.
macro_rules! functions {
    ($($(#[$doc:meta])* $variant:ident => $row:expr;)*) => {
        /// A scalar function. Unless said otherwise a null argument gives null, an error argument that error
        /// (of several, the leftmost).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Function { $($(#[$doc])* $variant,)* }

        impl Function {
            /// Every function, in the order of the reference.
            pub const ALL: &'static [Function] = &[$(Function::$variant,)*];

            /// What is known of it.
            pub fn row(self) -> &'static Row {
                match self {
                    $(Function::$variant => {
                        static ROW: Row = $row;
                        &ROW
                    })*
                }
            }
        }
    };
}

impl Function {
    /// The name in `.feat` files.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Whether it is a part of the calendar, of which a zone may be said.
    pub fn reads_clocks(self) -> bool {
        matches!(self.row().signature, Signature::Clock(..))
    }

    pub fn from_name(name: &str) -> Option<Function> {
        Self::ALL.iter().copied().find(|function| function.name() == name)
    }
}

functions! {
    /// int64 (checked), float64, decimal, duration (checked) → the same.
    Abs => Row { name: "abs", usage: "abs(int64, float64, decimal or duration)", signature: Signature::Same(Accepts::SIGNED), can_fail: true, ..PLAIN };
    /// `round(decimal, scale literal)` → decimal with that scale, half even; `round(float64)` → float64, half even to an integer.
    Round => Row { name: "round", usage: "round(x, digits)` or `round(float64)", signature: Signature::Round, can_fail: true, ..PLAIN };
    /// float64 → float64; decimal(p, s) → decimal(p, 0).
    Floor => Row { name: "floor", usage: "floor(float64 or decimal)", signature: Signature::Whole, ..PLAIN };
    /// As `floor`, upwards.
    Ceil => Row { name: "ceil", usage: "ceil(float64 or decimal)", signature: Signature::Whole, ..PLAIN };
    /// float64 → float64, IEEE.
    Sqrt => Row { name: "sqrt", usage: "sqrt(float64)", signature: Signature::Fixed(&[FLOAT], Type::Float64), ..PLAIN };
    /// float64 → float64, natural logarithm (pinned implementation).
    Ln => Row { name: "ln", usage: "ln(float64)", signature: Signature::Fixed(&[FLOAT], Type::Float64), ..PLAIN };
    /// float64 → float64 (pinned implementation).
    Log10 => Row { name: "log10", usage: "log10(float64)", signature: Signature::Fixed(&[FLOAT], Type::Float64), ..PLAIN };
    /// float64 → float64 (pinned implementation).
    Exp => Row { name: "exp", usage: "exp(float64)", signature: Signature::Fixed(&[FLOAT], Type::Float64), ..PLAIN };
    /// float64, float64 → float64 (pinned implementation).
    Pow => Row { name: "pow", usage: "pow(float64, float64)", signature: Signature::Fixed(&[FLOAT, FLOAT], Type::Float64), ..PLAIN };
    /// Two or more of one type → the least that is not null; null when all are.
    Least => Row { name: "least", usage: "least(a, b, …)", signature: Signature::Alike(2, usize::MAX), ..PLAIN };
    /// Two or more of one type → the greatest that is not null; null when all are.
    Greatest => Row { name: "greatest", usage: "greatest(a, b, …)", signature: Signature::Alike(2, usize::MAX), ..PLAIN };
    /// Of one type: null when the two are equal, else the first.
    NullIf => Row { name: "nullif", usage: "nullif(a, b)", signature: Signature::Alike(2, 2), ..PLAIN };
    /// `div(decimal or int64, decimal or int64, scale literal)` → decimal(38, scale), half even; null by zero.
    Div => Row { name: "div", usage: "div(int64 or decimal, int64 or decimal, digits)", signature: Signature::Div, can_fail: true, ..PLAIN };

    /// string → string, by Unicode's full mapping.
    Lower => Row { name: "lower", usage: "lower(string)", signature: Signature::Fixed(&[STRING], Type::String), ..PLAIN };
    /// string → string, by Unicode's full mapping.
    Upper => Row { name: "upper", usage: "upper(string)", signature: Signature::Fixed(&[STRING], Type::String), ..PLAIN };
    /// string → string without leading and trailing Unicode white space.
    Trim => Row { name: "trim", usage: "trim(string)", signature: Signature::Fixed(&[STRING], Type::String), ..PLAIN };
    /// string → int64, in Unicode scalar values; list → int64, its items.
    Length => Row { name: "length", usage: "length(string or list)", signature: Signature::Fixed(&[Accepts::MEASURED], Type::Int64), ..PLAIN };
    /// Two or more strings → string.
    Concat => Row { name: "concat", usage: "concat(string, string, …)", signature: Signature::Strings, can_fail: true, ..PLAIN };
    /// `substring(s, start, length)`, counted in scalar values, start from 1; a part outside the string is empty; a negative length is taken as 0.
    Substring => Row { name: "substring", usage: "substring(string, start as int64, length as int64)", signature: Signature::Fixed(&[STRING, INT, INT], Type::String), ..PLAIN };
    /// string, string → bool.
    StartsWith => Row { name: "starts_with", usage: "starts_with(string, string)", signature: Signature::Fixed(&[STRING, STRING], Type::Bool), ..PLAIN };
    /// string, string → bool.
    EndsWith => Row { name: "ends_with", usage: "ends_with(string, string)", signature: Signature::Fixed(&[STRING, STRING], Type::Bool), ..PLAIN };
    /// string, string → bool; list, value → bool: whether an item equals the value, which none that is null does.
    Contains => Row { name: "contains", usage: "contains(string, string)` or `contains(list, value)", signature: Signature::Contains, ..PLAIN };
    /// `replace(s, from, to)`, all occurrences from the left; an empty `from` changes nothing.
    Replace => Row { name: "replace", usage: "replace(string, string, string)", signature: Signature::Fixed(&[STRING, STRING, STRING], Type::String), can_fail: true, ..PLAIN };

    /// `like(s, pattern literal)` → bool, of the whole string: `%` stands for any number of characters, `_` for one, `\` before
    /// one of the three for that character.
    Like => Row { name: "like", usage: "like(string, \"a%\")", signature: Signature::Pattern(Type::Bool), ..PLAIN };
    /// `regexp_matches(s, pattern literal)` → bool: whether the expression of the pinned crate `regex` matches anywhere.
    RegexpMatches => Row { name: "regexp_matches", usage: "regexp_matches(string, \"^a+$\")", signature: Signature::Pattern(Type::Bool), ..PLAIN };
    /// `regexp_extract(s, pattern literal)` → string: of the leftmost match the first group, or all of it where the pattern has no
    /// group; null where nothing matches, or the group takes no part.
    RegexpExtract => Row { name: "regexp_extract", usage: "regexp_extract(string, \"id=([0-9]+)\")", signature: Signature::Pattern(Type::String), ..PLAIN };

    /// string, string → list of strings: the parts between the occurrences of the second, from the left; all of the first where the
    /// second is empty.
    Split => Row { name: "split", usage: "split(string, \";\")", signature: Signature::Fixed(&[STRING, STRING], Type::List(&Type::String)), ..PLAIN };
    /// list of strings, string → string: the items that are not null, with the second between them.
    Join => Row { name: "join", usage: "join(list of strings, \";\")", signature: Signature::Fixed(&[Accepts::TEXTS, STRING], Type::String), can_fail: true, ..PLAIN };
    /// Any scalar → int64: XXH64 of its bytes, as semantics.md says them.
    Hash => Row { name: "hash", usage: "hash(string, number, bool or instant)", signature: Signature::Fixed(&[Accepts::SCALAR], Type::Int64), ..PLAIN };
    /// `xs[i]`: the i-th item of a list, counted from 1, and from the end for i < 0; null where there is none.
    Item => Row { name: "[]", usage: "list[int64]", signature: Signature::Item, ..PLAIN };

    /// duration → float64, exact quotient rounded once (as the four below).
    Milliseconds => Row { name: "milliseconds", usage: "milliseconds(duration)", signature: Signature::Fixed(&[DURATION], Type::Float64), ..PLAIN };
    Seconds => Row { name: "seconds", usage: "seconds(duration)", signature: Signature::Fixed(&[DURATION], Type::Float64), ..PLAIN };
    Minutes => Row { name: "minutes", usage: "minutes(duration)", signature: Signature::Fixed(&[DURATION], Type::Float64), ..PLAIN };
    Hours => Row { name: "hours", usage: "hours(duration)", signature: Signature::Fixed(&[DURATION], Type::Float64), ..PLAIN };
    Days => Row { name: "days", usage: "days(duration)", signature: Signature::Fixed(&[DURATION], Type::Float64), ..PLAIN };
    /// timestamp or date → int64, in UTC, proleptic Gregorian; timestamp, zone literal → what the clocks of the zone show (as the
    /// following).
    Year => Row { name: "year", usage: "year(timestamp or date)` or `year(timestamp in \"Europe/Paris\")", signature: Signature::Clock(DAY, Type::Int64), ..PLAIN };
    Month => Row { name: "month", usage: "month(timestamp or date)` or `month(timestamp in \"Europe/Paris\")", signature: Signature::Clock(DAY, Type::Int64), ..PLAIN };
    DayOfMonth => Row { name: "day_of_month", usage: "day_of_month(timestamp or date)` or `day_of_month(timestamp in \"Europe/Paris\")", signature: Signature::Clock(DAY, Type::Int64), ..PLAIN };
    /// timestamp or date → 1 (Monday) to 7 (Sunday).
    DayOfWeek => Row { name: "day_of_week", usage: "day_of_week(timestamp or date)` or `day_of_week(timestamp in \"Europe/Paris\")", signature: Signature::Clock(DAY, Type::Int64), ..PLAIN };
    /// timestamp or date → 1 to 366.
    DayOfYear => Row { name: "day_of_year", usage: "day_of_year(timestamp or date)` or `day_of_year(timestamp in \"Europe/Paris\")", signature: Signature::Clock(DAY, Type::Int64), ..PLAIN };
    /// timestamp → 0 to 23.
    Hour => Row { name: "hour", usage: "hour(timestamp)` or `hour(timestamp in \"Europe/Paris\")", signature: Signature::Clock(TIMESTAMP, Type::Int64), ..PLAIN };
    /// timestamp → 0 to 59.
    Minute => Row { name: "minute", usage: "minute(timestamp)` or `minute(timestamp in \"Europe/Paris\")", signature: Signature::Clock(TIMESTAMP, Type::Int64), ..PLAIN };
    /// timestamp → date, in UTC.
    DateOf => Row { name: "date", usage: "date(timestamp)` or `date(timestamp in \"Europe/Paris\")", signature: Signature::Clock(TIMESTAMP, Type::Date), ..PLAIN };
    /// `truncate(timestamp, duration literal)` → the greatest multiple of the (positive) duration since the epoch that is ≤ it.
    Truncate => Row { name: "truncate", usage: "truncate(timestamp, 1h)", signature: Signature::Truncate, can_fail: true, ..PLAIN };
}
