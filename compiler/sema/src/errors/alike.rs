//! How values of two types become comparable, or of one type.

use featc_ir::Type;

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

/// Of a number beside a duration.
const SECONDS: &str = "a number becomes a duration by its unit: `x * 1s` if it counts seconds, `x * 1m` minutes; or write numbers of its own unit";

/// How two types become one.
pub(super) fn alike(first: Type, second: Type) -> String {
    match (first, second) {
        (Type::Duration, other) | (other, Type::Duration) if other.is_numeric() => SECONDS.to_owned(),
        _ => format!(
            "bring all to one type, for example `cast(… as {})`",
            wider(first, second)
        ),
    }
}

/// What to write in place of `"none"` beside numbers.
pub(super) fn number_for_a_text(what: &str, numbers: Type) -> String {
    let number = if numbers == Type::Float64 { "0.0" } else { "0" };
    let absent = match what {
        "coalesce" => "; without `coalesce` what is absent stays null",
        "case" | "if" => ", or `null` for what is absent",
        _ => "",
    };
    format!(
        "write a number in place of the text, such as `{number}`{absent}; or `cast(… as string)` around the numbers, if texts are meant"
    )
}

/// How values of two types can be compared after all; `written` are both.
pub(super) fn comparable(left: Type, right: Type, written: [&str; 2]) -> String {
    // A number beside a duration counts seconds, most likely.
    let [first, second] = written.map(|text| text.parse::<i64>().ok());
    let seconds = second.or(first);
    let is_of = |function: &str| written.iter().any(|text| text.starts_with(function));
    let help = match (left, right) {
        (Type::Timestamp, Type::String) | (Type::String, Type::Timestamp) => {
            "write the instant as `@2013-01-01T00:00:00Z`, without quotes"
        }
        (Type::Date, Type::String) | (Type::String, Type::Date) => "write the date as `@2013-01-01`, without quotes",
        (Type::Timestamp, Type::Date) | (Type::Date, Type::Timestamp) => {
            "write `date(…)` around the timestamp, or `cast(… as timestamp)` around the date"
        }
        (Type::Timestamp, other) | (other, Type::Timestamp) if other.is_numeric() => {
            "write the instant as `@2013-01-01T00:00:00Z`"
        }
        (Type::Date, other) | (other, Type::Date) if other.is_numeric() => "write the date as `@2013-01-01`",
        (Type::Timestamp, Type::Duration) | (Type::Duration, Type::Timestamp) => {
            "a length of time is compared with lengths: `a - b` is the one between two instants; an instant is compared with instants, in \
             a feature of a service with that of the question, `at`"
        }
        (Type::Date, Type::Duration) | (Type::Duration, Type::Date) => {
            "a length of time is compared with lengths: `a - b` is the one between two dates; a date is compared with dates"
        }
        (Type::Duration, other) | (other, Type::Duration) if other.is_numeric() => {
            let counted = seconds.and_then(|number| Some((number, number.checked_mul(1_000_000)?)));
            return match counted {
                Some((number, us)) => format!(
                    "write a duration with its unit: `{number}d` if it counts days, `{}` if it counts seconds",
                    featc_ir::window::format_duration(us)
                ),
                None => "a number becomes a duration by its unit: `x * 1s` if it counts seconds, `x * 1m` minutes; or write a number of its own unit"
                    .to_owned(),
            };
        }
        (Type::Duration, Type::String) | (Type::String, Type::Duration) => {
            "write a duration without quotes and as one word, for example `15m`"
        }
        (Type::String, Type::Int64) | (Type::Int64, Type::String) if is_of("day_of_week(") => {
            "days of the week are numbers: 1 is Monday, 6 Saturday and 7 Sunday"
        }
        (Type::String, Type::Int64) | (Type::Int64, Type::String) if is_of("month(") => {
            "months are numbers: 1 is January and 12 December"
        }
        (Type::String, other) | (other, Type::String) if other.is_numeric() => {
            return format!(
                "a text is compared with texts, in quotes (`\"20\"`), a number with numbers, without; a text becomes a number by \
                 `cast(… as {other})`"
            );
        }
        _ => return format!("compare values of one type, for example with `cast(… as {left})`"),
    };
    help.to_owned()
}
