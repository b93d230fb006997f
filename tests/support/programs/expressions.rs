//! Expressions drawn towards a type, every operator, function and cast of the language among them.

use super::{LONG, SHORT};
use crate::pools::{self, Style};
use crate::rng::Rng;
use featc_ir::Type;

const ALL: [Type; 9] = [
    Type::Bool,
    Type::Int64,
    Type::Float64,
    SHORT,
    LONG,
    Type::String,
    Type::Timestamp,
    Type::Date,
    Type::Duration,
];

pub const COMPARISONS: [&str; 6] = ["=", "!=", "<", "<=", ">", ">="];

/// What an expression may read.
pub struct Scope<'a> {
    pub rng: &'a mut Rng,
    pub names: Vec<(String, Type)>,
    pub style: Style,
    /// A column of texts, and the type that these are values of.
    pub texts: Option<(String, Type)>,
}

impl Scope<'_> {
    pub fn new(rng: &mut Rng, names: Vec<(String, Type)>, style: Style) -> Scope<'_> {
        Scope {
            rng,
            names,
            style,
            texts: None,
        }
    }

    pub fn any_type(&mut self) -> Type {
        *self.rng.pick(&ALL)
    }

    pub fn numeric(&mut self) -> Type {
        *self
            .rng
            .pick(&[Type::Int64, Type::Float64, Type::Float64, Type::Float64, SHORT, LONG])
    }

    /// Something of the type that is there by name; else a literal.
    pub fn name_of(&mut self, ty: Type) -> String {
        let fitting: Vec<usize> = (0..self.names.len()).filter(|at| self.names[*at].1 == ty).collect();
        if fitting.is_empty() {
            return pools::literal(self.rng, ty, self.style);
        }
        self.names[*self.rng.pick(&fitting)].0.clone()
    }

    fn leaf(&mut self, ty: Type) -> String {
        if let Some(list) = ty.list().and_then(|list| self.list_of(list))
            && self.rng.one_in(4)
        {
            return format!("{list}[{}]", self.place());
        }
        if self.rng.one_in(5) {
            pools::literal(self.rng, ty, self.style)
        } else {
            self.name_of(ty)
        }
    }

    /// A type of values, the two of decimals counted as one.
    pub fn kind(&mut self) -> Type {
        match self.any_type() {
            LONG => SHORT,
            ty => ty,
        }
    }

    /// An expression of a type, at most `depth` operations deep.
    pub fn expr(&mut self, ty: Type, depth: usize) -> String {
        if depth == 0 || self.rng.one_in(6) {
            return self.leaf(ty);
        }
        let deeper = depth - 1;
        match self.rng.below(12) {
            0 => self.choice(ty, deeper),
            1 => {
                let function = *self.rng.pick(&["least", "greatest", "nullif"]);
                format!("{function}({}, {})", self.expr(ty, deeper), self.expr(ty, deeper))
            }
            2 | 3 => self.cast(ty, deeper),
            _ => match ty {
                Type::Bool => self.predicate(deeper),
                Type::Int64 => self.int(deeper),
                Type::Float64 => self.float(deeper),
                Type::Decimal { scale, .. } => self.decimal_as(ty, scale, deeper),
                Type::String => self.string(deeper),
                Type::Timestamp => self.timestamp(deeper),
                Type::Date => format!("date({})", self.expr(Type::Timestamp, deeper)),
                Type::Duration => self.duration(deeper),
                Type::List(_) => unreachable!("no expression makes a list"),
            },
        }
    }

    fn choice(&mut self, ty: Type, depth: usize) -> String {
        let mut value = || self.expr(ty, depth);
        let (one, two, three) = (value(), value(), value());
        match self.rng.below(5) {
            0 => format!("coalesce({one}, {two})"),
            1 => format!("coalesce({one}, {two}, {three})"),
            2 => format!("if({}, {one}, {two})", self.predicate(depth)),
            3 => {
                let (first, second) = (self.predicate(depth), self.predicate(depth));
                format!("case when {first} then {one} when {second} then {two} else {three} end")
            }
            _ => {
                let (first, second) = (self.predicate(depth), self.predicate(depth));
                format!("case when {first} then {one} when {second} then {two} end")
            }
        }
    }

    fn cast(&mut self, ty: Type, depth: usize) -> String {
        let from: &[Type] = match ty {
            Type::Bool => &[Type::String],
            Type::Int64 => &[
                Type::Float64,
                SHORT,
                LONG,
                Type::String,
                Type::Bool,
                Type::Timestamp,
                Type::Duration,
            ],
            Type::Float64 => &[Type::Int64, SHORT, Type::String],
            Type::Decimal { .. } => &[Type::Int64, Type::Float64, SHORT, LONG, Type::String],
            Type::String => &[
                Type::Int64,
                Type::Float64,
                SHORT,
                LONG,
                Type::Bool,
                Type::Timestamp,
                Type::Date,
            ],
            Type::Timestamp => &[Type::Int64, Type::Date, Type::String],
            Type::Date => &[Type::Timestamp, Type::String],
            Type::Duration => &[Type::Int64],
            Type::List(_) => unreachable!("no cast to a list"),
        };
        let from = *self.rng.pick(from);
        if from != Type::String {
            return format!("cast({} as {ty})", self.expr(from, depth));
        }
        // Text that is of the type, so that not all is an error.
        match &self.texts {
            Some((name, texts)) if *texts == ty || (*texts == Type::Int64 && ty.is_numeric()) => {
                format!("cast({name} as {ty})")
            }
            _ if self.rng.one_in(2) => {
                let right = pools::text_of(self.rng, ty, self.style);
                let other = pools::text_of(self.rng, ty, self.style);
                format!("cast(if({}, \"{right}\", \"{other}\") as {ty})", self.predicate(depth))
            }
            _ => format!("cast(cast({} as string) as {ty})", self.expr(ty, depth)),
        }
    }

    /// A decimal of the digits that its operators give, and its type.
    fn decimal(&mut self, depth: usize) -> (String, Type) {
        let ty = *self.rng.pick(&[SHORT, SHORT, LONG]);
        let Type::Decimal { precision, scale } = ty else {
            return (self.leaf(ty), ty);
        };
        if depth == 0 {
            return (self.leaf(ty), ty);
        }
        let deeper = depth - 1;
        let made = |precision: u8, scale: u8| Type::Decimal { precision, scale };
        match self.rng.below(9) {
            0 => {
                let (left, right) = (self.expr(SHORT, deeper), self.expr(LONG, deeper));
                (format!("({left} {} {right})", self.rng.pick(&["+", "-"])), made(21, 5))
            }
            1 => {
                let (left, right) = (self.expr(ty, deeper), self.expr(ty, deeper));
                let op = *self.rng.pick(&["+", "-"]);
                (format!("({left} {op} {right})"), made(precision + 1, scale))
            }
            2 => {
                let (left, right) = (self.expr(SHORT, deeper), self.expr(SHORT, deeper));
                (format!("({left} * {right})"), made(20, 4))
            }
            3 => {
                let function = *self.rng.pick(&["floor", "ceil"]);
                (format!("{function}({})", self.expr(ty, deeper)), made(precision, 0))
            }
            4 => {
                let digits = self.rng.below(4) as u8;
                let whole = precision - scale + u8::from(digits < scale);
                (
                    format!("round({}, {digits})", self.expr(ty, deeper)),
                    made((whole + digits).max(1), digits),
                )
            }
            5 => {
                let digits = self.rng.below(6) as u8;
                let left = *self.rng.pick(&[SHORT, LONG, Type::Int64]);
                let right = *self.rng.pick(&[SHORT, Type::Int64]);
                let (left, right) = (self.expr(left, deeper), self.expr(right, deeper));
                (format!("div({left}, {right}, {digits})"), made(38, digits))
            }
            6 => (format!("(-{})", self.bracketed(ty, deeper)), ty),
            7 => (format!("abs({})", self.expr(ty, deeper)), ty),
            _ => (self.expr(ty, deeper), ty),
        }
    }

    fn decimal_as(&mut self, ty: Type, scale: u8, depth: usize) -> String {
        match self.rng.below(6) {
            0 => format!("abs({})", self.expr(ty, depth)),
            1 => format!("(-{})", self.bracketed(ty, depth)),
            2 => format!("cast(round({}, {scale}) as {ty})", self.expr(LONG, depth)),
            _ => format!("cast({} as {ty})", self.decimal(depth + 1).0),
        }
    }

    /// In brackets, because two signs in a row are easily misread.
    fn bracketed(&mut self, ty: Type, depth: usize) -> String {
        format!("({})", self.expr(ty, depth))
    }

    /// A list that is there by name.
    pub fn list_of(&mut self, ty: Type) -> Option<String> {
        let lists: Vec<usize> = (0..self.names.len()).filter(|at| self.names[*at].1 == ty).collect();
        (!lists.is_empty()).then(|| self.names[*self.rng.pick(&lists)].0.clone())
    }

    /// A list of texts.
    pub fn texts(&mut self, depth: usize) -> String {
        if let Some(list) = self.list_of(Type::List(&Type::String))
            && !self.rng.one_in(3)
        {
            return match self.rng.below(4) {
                0 => format!("coalesce({list}, split(\"a b\", \" \"))"),
                1 => format!("if({}, {list}, null)", self.predicate(0)),
                _ => list,
            };
        }
        let separator = *self.rng.pick(&["\"a\"", "\"a\"", "\"\"", "\" \"", "\"b\"", "\"zz\""]);
        format!("split({}, {separator})", self.expr(Type::String, depth))
    }

    /// A place in a list.
    pub fn place(&mut self) -> &'static str {
        *self.rng.pick(&["1", "-1", "2", "-2", "3"])
    }

    fn int(&mut self, depth: usize) -> String {
        match self.rng.below(if self.style.of_theory { 10 } else { 12 }) {
            10 => {
                let ty = self.any_type();
                format!("hash({})", self.expr(ty, depth))
            }
            11 => format!("length({})", self.texts(depth)),
            0 => format!("length({})", self.expr(Type::String, depth)),
            1 | 8 | 9 => {
                let ty = *self.rng.pick(&[Type::Timestamp, Type::Date]);
                let parts = ["year", "month", "day_of_month", "day_of_week", "day_of_year"];
                let part = *self.rng.pick(&parts);
                format!("{part}({})", self.expr(ty, depth))
            }
            2 => {
                let part = *self.rng.pick(&["hour", "minute"]);
                format!("{part}({})", self.expr(Type::Timestamp, depth))
            }
            3 => format!("abs({})", self.expr(Type::Int64, depth)),
            4 => format!("(-{})", self.bracketed(Type::Int64, depth)),
            _ => {
                let op = *self.rng.pick(&["+", "-", "*", "div", "mod", "div", "mod"]);
                format!(
                    "({} {op} {})",
                    self.expr(Type::Int64, depth),
                    self.expr(Type::Int64, depth)
                )
            }
        }
    }

    fn float(&mut self, depth: usize) -> String {
        let float = |scope: &mut Self| scope.expr(Type::Float64, depth);
        match self.rng.below(if self.style.of_theory { 10 } else { 11 }) {
            10 => {
                let digits = *self.rng.pick(&["0", "1", "1", "2", "3", "9", "17", "38"]);
                format!("round({}, {digits})", no_literal(float(self)))
            }
            0 | 8 | 9 => {
                let names = ["sqrt", "ln", "log10", "exp", "round", "floor", "ceil", "abs"];
                let function = *self.rng.pick(&names);
                format!("{function}({})", float(self))
            }
            1 => {
                let unit = *self.rng.pick(&["milliseconds", "seconds", "minutes", "hours", "days"]);
                format!("{unit}({})", self.expr(Type::Duration, depth))
            }
            2 => format!("pow({}, {})", float(self), float(self)),
            3 => format!("(-{})", self.bracketed(Type::Float64, depth)),
            4 | 5 => {
                let pairs = [
                    (Type::Int64, Type::Int64),
                    (SHORT, Type::Int64),
                    (Type::Int64, LONG),
                    (SHORT, SHORT),
                    (Type::Float64, Type::Float64),
                    (Type::Int64, Type::Float64),
                    (Type::Float64, Type::Int64),
                    (Type::Duration, Type::Duration),
                ];
                let (left, right) = *self.rng.pick(&pairs);
                format!("({} / {})", self.expr(left, depth), self.expr(right, depth))
            }
            _ => {
                let op = *self.rng.pick(&["+", "-", "*"]);
                format!("({} {op} {})", float(self), float(self))
            }
        }
    }

    fn string(&mut self, depth: usize) -> String {
        let text = |scope: &mut Self| scope.expr(Type::String, depth);
        match self.rng.below(if self.style.of_theory { 6 } else { 8 }) {
            6 => format!("{}[{}]", self.texts(depth), self.place()),
            7 => {
                let separator = pools::literal(self.rng, Type::String, self.style);
                format!("join({}, {separator})", self.texts(depth))
            }
            0 | 1 => {
                let function = *self.rng.pick(&["lower", "upper", "trim"]);
                format!("{function}({})", text(self))
            }
            2 => format!("concat({}, {})", text(self), text(self)),
            3 => format!("concat({}, {}, {})", text(self), text(self), text(self)),
            4 => {
                // A literal 0 is refused, and as a value it is one place before the first letter.
                let start = *self.rng.pick(&["(1 - 1)", "1", "2", "-1"]);
                let length = *self.rng.pick(&["0", "1", "2", "-1"]);
                format!("substring({}, {start}, {length})", text(self))
            }
            _ => {
                let (from, to) = (pools::literal(self.rng, Type::String, self.style), text(self));
                format!("replace({}, {from}, {to})", text(self))
            }
        }
    }

    fn timestamp(&mut self, depth: usize) -> String {
        match self.rng.below(3) {
            0 => {
                let unit = *self.rng.pick(&["1m", "7m", "1h", "1d", "7d"]);
                format!("truncate({}, {unit})", self.expr(Type::Timestamp, depth))
            }
            _ => {
                let op = *self.rng.pick(&["+", "-"]);
                let (left, right) = (self.expr(Type::Timestamp, depth), self.expr(Type::Duration, depth));
                format!("({left} {op} {right})")
            }
        }
    }

    fn duration(&mut self, depth: usize) -> String {
        let pair = |scope: &mut Self, ty: Type, op: &str| {
            format!("({} {op} {})", scope.expr(ty, depth), scope.expr(ty, depth))
        };
        match self.rng.below(7) {
            0 => pair(self, Type::Timestamp, "-"),
            1 => pair(self, Type::Date, "-"),
            2 => {
                let (left, right) = (self.expr(Type::Duration, depth), self.expr(Type::Int64, depth));
                format!("({left} * {right})")
            }
            3 => format!("abs({})", self.expr(Type::Duration, depth)),
            4 => format!("(-{})", self.bracketed(Type::Duration, depth)),
            5 => pair(self, Type::Duration, "-"),
            _ => pair(self, Type::Duration, "+"),
        }
    }

    /// A condition; the depth is that of its operands.
    pub fn predicate(&mut self, depth: usize) -> String {
        let deeper = depth.saturating_sub(1);
        match self.rng.below(9) {
            0 if depth > 0 => format!("({} and {})", self.predicate(deeper), self.predicate(deeper)),
            1 if depth > 0 => format!("({} or {})", self.predicate(deeper), self.predicate(deeper)),
            2 if depth > 0 => format!("(not {})", self.predicate(deeper)),
            3 => {
                let ty = self.any_type();
                let is = *self.rng.pick(&["is null", "is not null"]);
                let value = if depth > 0 {
                    self.expr(ty, deeper)
                } else {
                    self.name_of(ty)
                };
                format!("({value} {is})")
            }
            4 if !self.style.of_theory && self.rng.one_in(4) => {
                let part = pools::literal(self.rng, Type::String, self.style);
                format!("contains({}, {part})", self.texts(deeper))
            }
            4 if !self.style.of_theory && self.rng.one_in(3) => {
                let function = *self.rng.pick(&["like(T, \"%a_\")", "regexp_matches(T, \"^[a-m]|b$\")"]);
                function.replace('T', &self.expr(Type::String, deeper))
            }
            4 => {
                let function = *self.rng.pick(&["starts_with", "ends_with", "contains"]);
                let part = pools::literal(self.rng, Type::String, self.style);
                format!("{function}({}, {part})", self.expr(Type::String, deeper))
            }
            5 => {
                let ty = self.any_type();
                let is = *self.rng.pick(&["in", "not in"]);
                let items = [0, 1, 2].map(|_| pools::literal(self.rng, ty, self.style));
                format!("({} {is} ({}))", self.expr(ty, deeper), items.join(", "))
            }
            6 => {
                let (left, op) = (self.decimal(deeper).0, *self.rng.pick(&COMPARISONS));
                format!("({left} {op} {})", self.decimal(deeper).0)
            }
            _ => {
                let ty = self.any_type();
                let op = *self.rng.pick(&COMPARISONS);
                format!("({} {op} {})", self.expr(ty, deeper), self.expr(ty, deeper))
            }
        }
    }
}

/// A float that is one whatever stands around it: a literal beside a number of digits is a decimal.
pub(super) fn no_literal(value: String) -> String {
    let is_literal = value.trim_matches(['(', ')', '-', ' ']).parse::<f64>().is_ok();
    if is_literal { format!("ceil({value})") } else { value }
}
