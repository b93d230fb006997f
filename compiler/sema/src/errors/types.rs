//! E02xx: types.

use featc_ir::Type;
use featc_syntax::diag::{Code, Diagnostic, Span};

/// Labels operands with their types, those that lie outside of the primary label.
fn beside(mut diagnostic: Diagnostic, operands: &[(Type, Span)]) -> Diagnostic {
    let primary = diagnostic.primary.as_ref().map(|label| label.span);
    for (ty, at) in operands {
        if primary.is_none_or(|primary| !primary.contains(*at)) {
            diagnostic = diagnostic.with_label(*at, format!("{ty}"));
        }
    }
    diagnostic
}

/// E0201: numbers of different types meet in an operator.
#[derive(Debug)]
pub struct MixedNumbers<'a> {
    pub symbol: &'a str,
    pub at: Span,
    pub left: (Type, Span),
    pub right: (Type, Span),
    /// The text of the operand that is best converted (`…` if it is long), and to what.
    pub convert: &'a str,
    pub convert_at: Span,
    pub to: Type,
}

impl MixedNumbers<'_> {
    pub fn report(self) -> Diagnostic {
        let Self {
            symbol, left, right, ..
        } = self;
        let message = format!("`{symbol}` between {} and {}", left.0, right.0);
        let cast = format!("cast({} as {})", self.convert, self.to);
        let diagnostic = Diagnostic::at(
            Code::MixedNumbers,
            message,
            self.at,
            "numbers are not converted silently",
        );
        let diagnostic = beside(diagnostic, &[left, right]);
        match self.convert {
            "…" => diagnostic.with_help(format!("write `{cast}`")),
            _ => diagnostic.with_edit(format!("write `{cast}`"), self.convert_at, cast),
        }
    }
}

/// E0202: an operator that does not take the types of its operands.
#[derive(Debug)]
pub struct WrongOperand<'a> {
    pub symbol: &'a str,
    pub at: Span,
    /// In the order of the text: one for unary operators, two for binary ones.
    pub operands: &'a [(Type, Span)],
    pub help: OperandHelp,
}

/// The next step of [`WrongOperand`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperandHelp {
    /// What the operator takes.
    Takes(&'static str),
    /// `date ± duration`
    DateArithmetic,
    /// `"a" + "b"`
    Concat,
    /// `2 * d` where `2` is not a literal, `1h + t`
    OtherOrder,
    /// `duration / int64`
    DurationByNumber,
    /// `decimal / float64`
    DivideDecimalByFloat,
    /// `list = list`
    OfLists,
}

impl WrongOperand<'_> {
    pub fn report(self) -> Diagnostic {
        let types: Vec<String> = self.operands.iter().map(|(ty, _)| ty.to_string()).collect();
        let message = format!("`{}` does not take {}", self.symbol, types.join(" and "));
        let diagnostic = Diagnostic::at(Code::WrongOperand, message, self.at, "not defined for these types");
        beside(diagnostic, self.operands).with_help(match self.help {
            OperandHelp::Takes(takes) => format!("`{}` takes {takes}", self.symbol),
            OperandHelp::DateArithmetic => {
                "a date has no time of day: write `cast(… as timestamp)` around it".to_owned()
            }
            OperandHelp::Concat => "to join strings write `concat(a, b)`".to_owned(),
            OperandHelp::OtherOrder => "exchange the two operands".to_owned(),
            OperandHelp::DurationByNumber => {
                "divide a number: `seconds(…)`, `minutes(…)`, `hours(…)` or `days(…)` of the duration".to_owned()
            }
            OperandHelp::DivideDecimalByFloat => "write `cast(… as float64)` around the decimal".to_owned(),
            OperandHelp::OfLists => "of a list there is `length(…)`, and whether it is null".to_owned(),
        })
    }
}

/// E0203: something that decides is not a bool.
#[derive(Debug)]
pub struct NotABool {
    /// `where`, `when`, `and`, …
    pub role: &'static str,
    pub ty: Type,
    pub at: Span,
}

impl NotABool {
    pub fn report(self) -> Diagnostic {
        let message = format!("`{}` needs a bool, this is {}", self.role, self.ty);
        Diagnostic::at(Code::NotABool, message, self.at, format!("{}", self.ty))
            .with_help("write a comparison, for example `x > 0` or `x is not null`")
    }
}

/// E0204: a cast that the table of casts does not have.
#[derive(Debug)]
pub struct NoSuchCast {
    pub from: Type,
    pub to: Type,
    /// The operand.
    pub at: Span,
}

impl NoSuchCast {
    pub fn report(self) -> Diagnostic {
        let help = match (self.from, self.to) {
            (Type::Duration, Type::Float64 | Type::Decimal { .. }) => {
                "write `seconds(…)`, `minutes(…)`, `hours(…)` or `days(…)`"
            }
            (_, Type::Bool) => "write a comparison, for example `x != 0`",
            (Type::Bool, _) => "write `if(x, 1, 0)` with numbers of the type you need",
            (Type::Date | Type::Timestamp, _) => "take a part of it first, for example `year(…)`",
            (Type::List(_), _) => "a list stays one: write `length(…)` for the number of its items",
            _ => "go through a type that both can be cast to; the table stands in docs/language.md",
        };
        Diagnostic::at(
            Code::NoSuchCast,
            format!("no cast from {} to {}", self.from, self.to),
            self.at,
            format!("{}", self.from),
        )
        .with_help(help)
    }
}

/// E0205: a call with too few or too many arguments.
#[derive(Debug)]
pub struct WrongArgumentCount<'a> {
    pub name: &'a str,
    pub usage: &'a str,
    pub found: usize,
    pub at: Span,
}

impl WrongArgumentCount<'_> {
    pub fn report(self) -> Diagnostic {
        let found = match self.found {
            0 => "without arguments".to_owned(),
            1 => "with 1 argument".to_owned(),
            many => format!("with {many} arguments"),
        };
        Diagnostic::at(
            Code::WrongArgumentCount,
            format!("`{}` called {found}", self.name),
            self.at,
            "wrong number of arguments",
        )
        .with_help(format!("write `{}`", self.usage))
    }
}

/// E0206: an argument of the wrong type.
#[derive(Debug)]
pub struct WrongArgumentType<'a> {
    pub name: &'a str,
    pub usage: &'a str,
    pub ty: Type,
    pub at: Span,
}

impl WrongArgumentType<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("`{}` does not take {} here", self.name, self.ty);
        Diagnostic::at(Code::WrongArgumentType, message, self.at, format!("{}", self.ty))
            .with_help(format!("`{}` is used as `{}`", self.name, self.usage))
    }
}

/// E0207: a literal outside the type it must have.
#[derive(Debug)]
pub struct LiteralOutOfRange<'a> {
    pub text: &'a str,
    /// `None`: too long for any number.
    pub ty: Option<Type>,
    pub at: Span,
}

impl LiteralOutOfRange<'_> {
    pub fn report(self) -> Diagnostic {
        let (message, help) = match self.ty {
            Some(ty @ Type::Decimal { precision, scale }) => (
                format!("`{}` does not fit {ty}", self.text),
                format!(
                    "write at most {} digits before the point and {scale} behind it",
                    precision - scale.min(precision)
                ),
            ),
            Some(ty) => (
                format!("`{}` does not fit {ty}", self.text),
                "write a smaller number".to_owned(),
            ),
            None => (
                format!("`{}` is too long", self.text),
                "numbers have at most 38 digits".to_owned(),
            ),
        };
        Diagnostic::at(Code::LiteralOutOfRange, message, self.at, "out of range").with_help(help)
    }
}

/// E0208: a decimal result of more than 38 digits.
#[derive(Debug)]
pub struct DecimalTooWide<'a> {
    pub what: &'a str,
    pub precision: u32,
    pub scale: u32,
    pub operands: &'a [(Type, Span)],
    pub at: Span,
    /// The whole expression, narrowed so that it fits.
    pub narrowed: Option<&'a str>,
}

impl DecimalTooWide<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!(
            "`{}` may need {} digits, {} of them behind the point",
            self.what, self.precision, self.scale
        );
        let mut diagnostic = Diagnostic::at(
            Code::DecimalTooWide,
            message,
            self.at,
            "does not fit a decimal of 38 digits",
        );
        for (ty, at) in self.operands {
            diagnostic = diagnostic.with_label(*at, format!("{ty}"));
        }
        diagnostic.with_help(match self.narrowed {
            Some(narrowed) => format!("say how many digits there can be: `{narrowed}`"),
            None => "make it narrower first: `cast(x as decimal(p, s))`, or `cast(x as float64)`".to_owned(),
        })
    }
}

/// E0209: alternatives of one value with different types.
#[derive(Debug)]
pub struct AlternativesDiffer<'a> {
    /// `case`, `if`, `coalesce`, `least`, …
    pub what: &'a str,
    pub ty: Type,
    pub at: Span,
    pub first: Type,
    pub first_at: Span,
}

impl AlternativesDiffer<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("`{}` gives {} here and {} there", self.what, self.ty, self.first);
        Diagnostic::at(Code::AlternativesDiffer, message, self.at, format!("{}", self.ty))
            .with_label(self.first_at, format!("{}", self.first))
            .with_help(format!(
                "bring all to one type, for example `cast(… as {})`",
                wider(self.first, self.ty)
            ))
    }
}

/// A type that holds the values of both, if they are numbers and there is one; or else the first.
fn wider(first: Type, second: Type) -> Type {
    let exact = |ty: Type| match ty {
        Type::Decimal { precision, scale } => Some((precision - scale, scale)),
        Type::Int64 => Some((19, 0)),
        _ => None,
    };
    match (exact(first), exact(second)) {
        (Some((left, left_scale)), Some((right, right_scale))) => {
            let scale = left_scale.max(right_scale);
            let precision = left.max(right) + scale;
            match precision <= 38 {
                true => Type::Decimal { precision, scale },
                false => first,
            }
        }
        _ if first == Type::Float64 || second == Type::Float64 && exact(first).is_some() => Type::Float64,
        _ => first,
    }
}

/// E0210: a null whose type nothing tells.
#[derive(Debug)]
pub struct UntypedNull {
    pub at: Span,
}

impl UntypedNull {
    pub fn report(self) -> Diagnostic {
        Diagnostic::at(
            Code::UntypedNull,
            "the type of this null is unknown",
            self.at,
            "could be of any type",
        )
        .with_help("write the type: `cast(null as int64)`")
    }
}

/// E0211: a comparison with null, which is never true.
#[derive(Debug)]
pub struct ComparedWithNull<'a> {
    pub symbol: &'a str,
    pub other: &'a str,
    pub negated: bool,
    pub at: Span,
}

impl ComparedWithNull<'_> {
    pub fn report(self) -> Diagnostic {
        let right = format!(
            "{} {}",
            self.other,
            if self.negated { "is not null" } else { "is null" }
        );
        Diagnostic::at(
            Code::ComparedWithNull,
            format!("`{}` with null", self.symbol),
            self.at,
            "is null for every row",
        )
        .with_help(format!("write `{right}`"))
    }
}

/// E0212: an argument that must be written as a literal.
#[derive(Debug)]
pub struct NotALiteral<'a> {
    pub name: &'a str,
    pub wanted: &'a str,
    pub example: &'a str,
    pub at: Span,
}

impl NotALiteral<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("this argument of `{}` must be a literal, {}", self.name, self.wanted);
        Diagnostic::at(
            Code::NotALiteral,
            message,
            self.at,
            "decides about the program, so it must be known before any row",
        )
        .with_help(format!("write for example `{}`", self.example))
    }
}

/// E0213: a default that is not of the feature's type.
#[derive(Debug)]
pub struct WrongDefault<'a> {
    pub feature: &'a str,
    pub ty: Type,
    pub default: Option<Type>,
    /// What stands between the quotes of a text that is a literal of the type.
    pub unquoted: Option<&'a str>,
    pub at: Span,
    pub feature_at: Span,
}

impl WrongDefault<'_> {
    pub fn report(self) -> Diagnostic {
        let (message, help) = match self.default {
            Some(default) => (
                format!("default of type {default} for a feature of type {}", self.ty),
                match self.unquoted {
                    _ if self.ty.is_list() => "leave the clause out: a list has no default".to_owned(),
                    Some(literal) => format!("write it without quotes: `default {literal}`"),
                    None => format!("write a literal of type {}", self.ty),
                },
            ),
            None => (
                "default null changes nothing".to_owned(),
                "leave the clause out".to_owned(),
            ),
        };
        Diagnostic::at(Code::WrongDefault, message, self.at, "replaces null")
            .with_label(self.feature_at, format!("`{}` is {}", self.feature, self.ty))
            .with_help(help)
    }
}

/// E0214: a type with the wrong numbers in parentheses.
#[derive(Debug)]
pub struct InvalidTypeArguments<'a> {
    pub name: &'a str,
    pub at: Span,
}

impl InvalidTypeArguments<'_> {
    pub fn report(self) -> Diagnostic {
        if self.name == "decimal" {
            return Diagnostic::at(
                Code::InvalidTypeArguments,
                "invalid decimal type",
                self.at,
                "1 ≤ p ≤ 38 and s ≤ p must hold",
            )
            .with_help("write digits in total and digits behind the point, for example `decimal(12, 2)`");
        }
        Diagnostic::at(
            Code::InvalidTypeArguments,
            format!("`{}` takes no numbers", self.name),
            self.at,
            "has no parameters",
        )
        .with_edit(format!("write `{}`", self.name), self.at, self.name)
    }
}

/// E0215: a comparison of values of different types that are not both numbers.
#[derive(Debug)]
pub struct IncomparableTypes<'a> {
    pub symbol: &'a str,
    pub at: Span,
    pub left: (Type, Span),
    pub right: (Type, Span),
}

impl IncomparableTypes<'_> {
    pub fn report(self) -> Diagnostic {
        let Self {
            symbol, left, right, ..
        } = self;
        let help = match (left.0, right.0) {
            (Type::Timestamp, Type::String) | (Type::String, Type::Timestamp) => {
                "write the instant as `@2013-01-01T00:00:00Z`, without quotes".to_owned()
            }
            (Type::Date, Type::String) | (Type::String, Type::Date) => {
                "write the date as `@2013-01-01`, without quotes".to_owned()
            }
            (Type::Timestamp, Type::Date) | (Type::Date, Type::Timestamp) => {
                "write `date(…)` around the timestamp, or `cast(… as timestamp)` around the date".to_owned()
            }
            (Type::Timestamp, other) | (other, Type::Timestamp) if other.is_numeric() => {
                "write the instant as `@2013-01-01T00:00:00Z`".to_owned()
            }
            (Type::Date, other) | (other, Type::Date) if other.is_numeric() => {
                "write the date as `@2013-01-01`".to_owned()
            }
            (Type::Duration, other) | (other, Type::Duration) if other.is_numeric() => {
                "write a duration with its unit, for example `15m`".to_owned()
            }
            (Type::String, other) | (other, Type::String) if other.is_numeric() => {
                "write a number without quotes; a column of strings is converted by `cast(… as decimal(12, 2))`"
                    .to_owned()
            }
            _ => format!("compare values of one type, for example with `cast(… as {})`", left.0),
        };
        let message = format!("`{symbol}` compares {} with {}", left.0, right.0);
        let diagnostic = Diagnostic::at(Code::IncomparableTypes, message, self.at, "of different types");
        beside(diagnostic, &[left, right]).with_help(help)
    }
}
