//! E02xx: types.

use super::alike::{alike, comparable, number_for_a_text};
use super::{Written, is_short, is_short_part};
use featc_ir::Type;
use featc_syntax::ast;
use featc_syntax::diag::Span;
use featc_syntax::messages;

messages! {
    E0112 type_of_another_language(name: &str, at: Span, ours: &str) {
        "unknown type `{name}`";
        at: "no such type";
        help: "did you mean `{ours}`?", at => ours;
    }

    /// The operands in the order of the text: one of unary operators, two of binary ones.
    E0202 wrong_operand(symbol: &str, at: Span, operands: &[(Type, Span)], help: OperandHelp) {
        let help = help.text(symbol);
        let types = operands.iter().map(|(ty, _)| ty.to_string()).collect::<Vec<_>>().join(" and ");
        "`{symbol}` does not take {types}";
        at: "not defined for these types";
        labels: beside(at, operands);
        help: "{help}";
    }

    /// `paid_at + "1h"`
    E0202 text_as_a_duration(symbol: &str, at: Span, operands: [(Type, Span); 2], duration: &str) {
        let [(left, _), (right, text_at)] = operands;
        "`{symbol}` does not take {left} and {right}";
        at: "not defined for these types";
        labels: beside(at, &operands);
        help: "a duration has no quotes: write `{duration}`", text_at => duration;
    }

    /// `paid_at + 60`
    E0202 number_as_a_duration(symbol: &str, at: Span, operands: [(Type, Span); 2], number: &str) {
        let [(left, _), (right, number_at)] = operands;
        "`{symbol}` does not take {left} and {right}";
        at: "not defined for these types";
        labels: beside(at, &operands);
        offer: "write the unit after the number: `{number}s` if seconds are meant; others are `{number}m`, `{number}h` and \
               `{number}d`", number_at => format!("{number}s");
    }

    E0204 no_such_cast(from: Type, to: Type, at: Span) {
        let way = way(from, to);
        let help = match (from, to) {
            (Type::Duration, Type::Float64 | Type::Decimal { .. }) => {
                "write `seconds(…)`, `minutes(…)`, `hours(…)` or `days(…)`"
            }
            (Type::Duration, Type::Timestamp) => "a length of time is no instant: add it to one, `t + …`",
            (Type::Duration, Type::Date) => "a length of time is no date: add it to an instant, `date(t + …)`",
            (_, Type::Bool) => "write a comparison, for example `x != 0`",
            (Type::Bool, _) => "write `if(x, 1, 0)` with numbers of the type you need",
            (Type::Timestamp, Type::Float64) => {
                "write the time since an instant, for example `minutes(… - @2026-01-01T00:00:00Z)`, or a part of it, such as `year(…)`"
            }
            (Type::Date | Type::Timestamp, _) => "take a part of it first, for example `year(…)`",
            (_, Type::List(_)) => "lists are made of a text, `split(…, \";\")`, or by an aggregate such as `last_n(…, 5)`",
            (Type::List(_), _) => "a list stays one: write `length(…)` for the number of its items",
            _ => &way,
        };
        "no cast from {from} to {to}";
        at: "{from}";
        help: "{help}";
    }

    E0205 wrong_argument_count(name: &str, usage: &str, found: usize, at: Span) {
        let found = arguments(found);
        "`{name}` called {found}";
        at: "wrong number of arguments";
        help: "write `{usage}`";
    }

    /// `sum(amount, refunded)`, `time_since_last(failed)`: the last one may be a condition. `usage` is right without it.
    E0205 argument_or_condition(name: &str, usage: &str, filtered: &str, found: usize, at: Span) {
        let found = arguments(found);
        "`{name}` called {found}";
        at: "wrong number of arguments";
        help: "write `{usage}`; only of the events for which a condition is true it is `{filtered}`";
    }

    /// `other` is what takes these arguments.
    E0205 call_of_another(call: &Written<'_>, other: &str) {
        let (name, at, inside) = (call.name, call.name_at, call.inside);
        let (found, shown) = (arguments(call.arguments.len()), call.shown());
        "`{name}` called {found}";
        at: "wrong number of arguments";
        help: "write `{other}({shown})`", call.at => format!("{other}({inside})");
    }

    /// `max(price, 0)`: which of the two is meant is open.
    E0205 several_values(call: &Written<'_>, other: &str) {
        let (name, at) = (call.name, call.name_at);
        let found = arguments(call.arguments.len());
        let inside = call.shown();
        let is_literal = |argument: &&str| argument.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '"' | '@'));
        let each = call.arguments.iter().map(|argument| match is_literal(&argument) {
            true => (*argument).to_owned(),
            false => format!("{name}({argument})"),
        });
        let each = each.collect::<Vec<_>>().join(", ");
        let each = if is_short(&each) { &each } else { "…" };
        let filtered = match call.arguments[..] {
            [value, condition]
                if may_be_a_condition(condition) && is_short_part(value) && is_short_part(condition) && call.is_plain() =>
            {
                format!(", and if `{condition}` is a condition `{name}({value} where {condition})`")
            }
            _ => String::new(),
        };
        "`{name}` called {found}";
        at: "wrong number of arguments";
        help: "of the values of each event it is `{name}({other}({inside}))`, of all of them `{other}({each})`{filtered}";
    }

    /// `sum(x, window="28d")`
    E0205 named_argument(call: &Written<'_>, option: &ast::Name) {
        let (name, at) = (call.name, option.span);
        let first = call.arguments.first().filter(|first| is_short_part(first)).unwrap_or(&"x");
        let is_window = ["window", "over", "period", "range", "last", "days"].contains(&option.text.as_str());
        let help = match is_window {
            true => format!("the window stands after the aggregate: `{name}({first}) over 28d`"),
            false => format!("leave it out: `{name}({first})`"),
        };
        "`{name}` called with a named argument";
        at: "no column is called so";
        help: "{help}";
    }

    E0205 nulls_by_an_argument(call: &Written<'_>, meant: &str) {
        let (name, at) = (call.name, call.name_at);
        let shown = if is_short(meant) { meant } else { "last(x ignoring nulls)" };
        "`{name}` called with 2 arguments";
        at: "wrong number of arguments";
        help: "write `{shown}`", call.at => meant;
    }

    /// `sum(x, na.rm = TRUE)`
    E0205 nulls_left_out_anyway(call: &Written<'_>) {
        let (name, at) = (call.name, call.name_at);
        let first = call.arguments.first().filter(|first| is_short_part(first)).unwrap_or(&"x");
        "`{name}` called with a named argument";
        at: "nulls take no part in it anyway";
        help: "leave it out: `{name}({first})`";
    }

    E0205 local_time(name: &str, instant: &str, zone: &str, at: Span) {
        let is_text = zone.starts_with('"') && is_short_part(zone) && is_short_part(instant);
        let meant = match is_text {
            true => format!("{name}({instant} in {zone})"),
            false => format!("{name}(at in \"Europe/Paris\")"),
        };
        "`{name}` called with 2 arguments";
        at: "a zone stands after `in`";
        help: "write `{meant}`";
    }

    E0205 zone_of_function(name: &str, at: Span) {
        "`{name}` takes no zone";
        at: "";
        help: "a zone stands after the instant in parts of the calendar, such as `hour(at in \"Europe/Paris\")`; of texts write `x in (\"a\", \"b\")`";
    }

    E0206 wrong_argument_type(name: &str, usage: &str, ty: Type, at: Span) {
        let instead = match ty {
            Type::String if name == "date" => "; a date is written `@2025-01-31`, and of a text it is `cast(… as date)`".to_owned(),
            Type::Int64 | Type::Decimal { .. } if usage == format!("{name}(float64)") => {
                format!(": write `{name}(cast(… as float64))`")
            }
            _ => String::new(),
        };
        "`{name}` does not take {ty} here";
        at: "{ty}";
        help: "`{name}` is used as `{usage}`{instead}";
    }

    E0207 literal_out_of_range(text: &str, ty: Type, at: Span) {
        let help = match ty {
            Type::Decimal { precision, scale } => {
                let whole = precision - scale.min(precision);
                format!("write at most {whole} digits before the point and {scale} after it")
            }
            _ => "write a smaller number".to_owned(),
        };
        "`{text}` does not fit {ty}";
        at: "out of range";
        help: "{help}";
    }

    E0207 literal_too_long(text: &str, at: Span) {
        "`{text}` is too long";
        at: "out of range";
        help: "numbers have at most 38 digits";
    }

    /// `what`: `case`, `if`, `coalesce`, `least`, …; `written`: what stands at `at`.
    E0209 alternatives_differ(what: &str, found: (Type, &str), at: Span, first: Type, first_at: Span) {
        let (ty, written) = found;
        let help = match ty == Type::String && written.starts_with('"') && first.is_numeric() {
            true => number_for_a_text(what, first),
            false => alike(first, ty),
        };
        "`{what}` gives {ty} here and {first} there";
        at: "{ty}";
        first_at: "{first}";
        help: "{help}";
    }

    E0210 untyped_null(at: Span) {
        "the type of this null is unknown";
        at: "could be of any type";
        help: "write the type: `cast(null as int64)`";
    }

    /// `whole` is the comparison.
    E0211 compared_with_null(symbol: &str, other: &str, test: &str, at: Span, whole: Span) {
        "`{symbol}` with null";
        at: "is null for every row";
        help: "write `{other} {test}`", whole => format!("{other} {test}");
    }

    E0211 listed_null(symbol: &str, other: &str, test: &str, at: Span) {
        "`{symbol}` with null";
        at: "is null for every row";
        help: "remove it here: whether there is a value is a condition of its own, such as `{other} {test}`";
    }

    E0212 not_a_literal(name: &str, wanted: &str, example: &str, at: Span) {
        "this argument of `{name}` must be a literal, {wanted}";
        at: "decides about the program, so it must be known before any row";
        help: "write for example `{example}`";
    }

    E0217 not_a_pattern(name: &str, why: &str, help: &str, at: Span) {
        "this text is no pattern of `{name}`";
        at: "{why}";
        help: "{help}";
    }

    /// `unquoted`: what stands between the quotes of a text that is a literal of the type.
    E0213 wrong_default(feature: &str, feature_at: Span, ty: Type, default: Type, unquoted: Option<&str>, at: Span) {
        let help = match unquoted {
            _ if ty.is_list() => "leave the clause out: a list has no default".to_owned(),
            Some(literal) => format!("write it without quotes: `default {literal}`"),
            None => {
                let literal = match ty {
                    Type::Bool => "false",
                    Type::Int64 => "0",
                    Type::Float64 | Type::Decimal { .. } => "0.0",
                    Type::String => "\"none\"",
                    Type::Timestamp => "@2000-01-01T00:00:00Z",
                    Type::Date => "@2000-01-01",
                    Type::Duration | Type::List(_) => "30d",
                };
                format!("write a literal of type {ty}, such as `default {literal}`, or leave the clause out: then it is null")
            }
        };
        "default of type {default} for a feature of type {ty}";
        at: "replaces null";
        feature_at: "`{feature}` is {ty}";
        help: "{help}";
    }

    E0213 default_of_null(feature: &str, feature_at: Span, ty: Type, at: Span) {
        "default null changes nothing";
        at: "replaces null";
        feature_at: "`{feature}` is {ty}";
        help: "leave the clause out";
    }

    E0214 invalid_decimal(at: Span) {
        "invalid decimal type";
        at: "1 ≤ p ≤ 38 and s ≤ p must hold";
        help: "write digits in total and digits after the point, for example `decimal(12, 2)`";
    }

    E0214 type_without_numbers(name: &str, at: Span) {
        "`{name}` takes no numbers";
        at: "has no parameters";
        help: "write `{name}`", at => name;
    }

    /// `meant` is the comparison as it can be written, and where it stands.
    E0215 comparison_of_a_literal(symbol: &str, at: Span, operands: [(Type, Span); 2], whole: Span, meant: &str) {
        let [(left, _), (right, _)] = operands;
        "`{symbol}` compares {left} with {right}";
        at: "of different types";
        labels: beside(at, &operands);
        help: "write `{meant}`", whole => meant;
    }

    /// A text and a number; `meant` is what compares both as numbers.
    E0215 order_of_a_text(symbol: &str, at: Span, operands: [(Type, Span); 2], whole: Span, meant: &str) {
        let [(left, _), (right, _)] = operands;
        "`{symbol}` compares {left} with {right}";
        at: "of different types";
        labels: beside(at, &operands);
        offer: "texts are in the order of their letters, `\"9\"` after `\"20\"`: for that of numbers write `{meant}`", whole => meant;
    }

    /// `written`: the operands.
    E0215 incomparable_types(symbol: &str, at: Span, operands: [(Type, Span); 2], written: [&str; 2]) {
        let [(left, _), (right, _)] = operands;
        let help = comparable(left, right, written);
        "`{symbol}` compares {left} with {right}";
        at: "of different types";
        labels: beside(at, &operands);
        help: "{help}";
    }
}

/// Whether this is no literal, in parentheses or not.
pub fn may_be_a_condition(text: &str) -> bool {
    let bare = text.trim_start_matches(['(', ' ']);
    let is_word = matches!(
        bare.trim_end_matches([')', ' ']).to_ascii_lowercase().as_str(),
        "null" | "true" | "false"
    );
    !is_word && bare.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

fn arguments(found: usize) -> String {
    match found {
        0 => "without arguments".to_owned(),
        1 => "with 1 argument".to_owned(),
        many => format!("with {many} arguments"),
    }
}

/// Labels operands with their types, those that lie outside of the place of the message.
pub(super) fn beside(place: Span, operands: &[(Type, Span)]) -> impl Iterator<Item = (Span, String)> {
    let outside = operands.iter().filter(move |(_, at)| !place.contains(*at));
    outside.map(|(ty, at)| (*at, ty.to_string()))
}

/// The next step of [`wrong_operand`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperandHelp {
    /// What the operator takes.
    Takes(&'static str),
    /// What to do.
    Do(&'static str),
}

impl OperandHelp {
    /// `date ± duration`
    pub const DATE_ARITHMETIC: Self = Self::Do(
        "a date has no time of day: subtract dates, `date(at in \"Europe/Berlin\") - day`, or write `cast(… as timestamp)` around it, \
         which is its first instant in UTC",
    );
    /// `"a" + "b"`
    pub const CONCAT: Self = Self::Do("to join strings write `concat(a, b)`");
    /// `t + "one hour"`
    pub const DURATION: Self = Self::Do("write a duration without quotes and as one word, such as `1h`");
    /// `2 * d` where `2` is not a literal, `1h + t`
    pub const OTHER_ORDER: Self = Self::Do("exchange the two operands");
    /// `duration / int64`
    pub const DURATION_BY_NUMBER: Self =
        Self::Do("divide a number: `seconds(…)`, `minutes(…)`, `hours(…)` or `days(…)` of the duration");
    /// `hour(at) - pause`
    pub const NUMBER_AND_DURATION: Self =
        Self::Do("take a number of the duration: `seconds(…)`, `minutes(…)`, `hours(…)` or `days(…)`");
    /// `float64 * duration`
    pub const DURATION_OF_FLOAT: Self =
        Self::Do("a duration is multiplied by an int64: `cast(x * 1000000.0 as int64) * 1us` if `x` counts seconds");
    /// `count() / 5m`
    pub const NUMBER_BY_DURATION: Self =
        Self::Do("divide by a number: by `300` for a number per second, where the window has 5 minutes");
    /// `decimal / float64`
    pub const DIVIDE_DECIMAL_BY_FLOAT: Self = Self::Do("write `cast(… as float64)` around the decimal");
    /// `list = list`
    pub const OF_LISTS: Self = Self::Do(
        "of a list there is an item, `xs[1]`, whether a value is among them, `contains(xs, x)`, `length(xs)`, and whether it is null",
    );

    /// `list * list`
    pub const ARITHMETIC_OF_LISTS: Self = Self::Do(
        "lists have no arithmetic: take one item, `xs[1]`; what is computed of every item has to be in the file, as a list of its own",
    );

    fn text(self, symbol: &str) -> String {
        match self {
            OperandHelp::Takes(takes) => format!("`{symbol}` takes {takes}"),
            OperandHelp::Do(help) => help.to_owned(),
        }
    }
}

/// What to write where one cast does not lead there.
fn way(from: Type, to: Type) -> String {
    let leads = |through: &Type| from.is_castable_to(*through) && through.is_castable_to(to);
    match [Type::Int64, Type::Timestamp].iter().find(|through| leads(through)) {
        Some(through) => format!("go through {through}: `cast(cast(… as {through}) as {to})`"),
        None => format!("nothing leads from {from} to {to}: leave the value as it is"),
    }
}
