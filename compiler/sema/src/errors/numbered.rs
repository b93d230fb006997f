//! E0111 of calls that their arguments tell apart: percentiles, lags, differences of instants, the value of the greatest.

use super::elsewhere::UNKNOWN;
use super::functions::{Written, call_like_another, call_of_another_language, function_of_another_language};
use super::meant::clock_of_a_question;
use super::{is_short, whole};
use featc_syntax::diag::Diagnostic;

/// A percentile, a lag, or the value of the greatest without what is the greatest, with what says it here.
pub(super) fn call_with_a_number(call: &Written<'_>, name: &str) -> Option<Diagnostic> {
    if let ([value], "col" | "column" | "lit") = (&call.arguments[..], name) {
        return Some(value_by_a_call(call, name, value));
    }
    if let ([value], "argmax" | "argmin" | "max_by" | "min_by") = (&call.arguments[..], name) {
        let ours = if name.contains("max") { "arg_max" } else { "arg_min" };
        let value = if is_short(value) { value } else { "x" };
        let help = format!("write the value, and by what it is chosen: `{ours}({value}, y)`");
        let cause = UNKNOWN.replace("{name}", call.name);
        return Some(function_of_another_language(&cause, call.name_at, &help));
    }
    if let [share] = call.arguments[..]
        && (name.contains("percentile") || name.contains("quantile"))
        && share.parse::<f64>().is_ok()
    {
        let help = format!("write the values before the share: `quantile(amount, {share})`");
        let cause = UNKNOWN.replace("{name}", call.name);
        return Some(function_of_another_language(&cause, call.name_at, &help));
    }
    if let Some((of_hundred, share)) = percentile(name, &call.arguments) {
        let cause = format!("unknown function `{}`", call.name);
        let meant = format!("quantile({of_hundred}, {share})");
        let shown = if is_short(&meant) { &meant } else { "quantile(x, 0.95)" };
        let shown = format!("`{shown}`, which is one of the values");
        return Some(call_like_another(&cause, call.name_at, &shown, call.at, &meant));
    }
    let is_lag = matches!(name, "lag" | "shift") && call.arguments.len() == 2;
    if let Some(number) = events_listed(&call.arguments).filter(|_| is_lag) {
        let cause = format!("unknown function `{}`", call.name);
        let meant = format!("last_n({}, {number})[-{number}]", call.arguments[0]);
        let shown = if is_short(&meant) { &meant } else { "last_n(x, 2)[-2]" };
        let shown = format!(
            "`{shown}`, of the events of its window; an earlier value of a feature is the feature with `offset 1d` after its \
             window"
        );
        return Some(call_like_another(&cause, call.name_at, &shown, call.at, &meant));
    }
    None
}

/// `datediff(day, a, b)` of SQL, `datediff(b, a)` of MySQL and Spark, `timestamp_diff(b, a, DAY)` of BigQuery: in days from `a`
/// to `b`.
pub(super) fn difference(call: &Written<'_>, name: &str) -> Option<Diagnostic> {
    let (unit, end, start) = match (name, &call.arguments[..]) {
        ("datediff" | "date_diff", [end, start]) => ("days", end, start),
        ("datediff" | "date_diff" | "timestampdiff" | "timestamp_diff", [one, two, three]) => {
            match (unit_of_a_duration(one), unit_of_a_duration(three)) {
                (Some(unit), _) => (unit, three, two),
                (None, Some(unit)) => (unit, one, two),
                (None, None) => return None,
            }
        }
        _ => return None,
    };
    let cause = UNKNOWN.replace("{name}", call.name);
    let is_clock = |text: &str| clock_of_a_question(text.split('(').next().unwrap_or_default()).is_some();
    let from_or_to_now = match (is_clock(end), is_clock(start)) {
        (true, _) => Some(*start),
        (false, true) => Some(*end),
        (false, false) => None,
    };
    if let Some(other) = from_or_to_now {
        let other = if is_short(other) && !other.contains('(') {
            other
        } else {
            "x"
        };
        let help = format!(
            "the time since the last event is `{unit}(time_since_last())`; in a feature of a service the instant of the question is `at`: \
             `{unit}(at - {other})`"
        );
        return Some(function_of_another_language(&cause, call.name_at, &help));
    }
    let meant = format!("{unit}({} - {})", whole(end), whole(start));
    if !is_short(&meant) || !call.is_plain() {
        return None;
    }
    let shown = format!(
        "`{meant}`, a float64 with its fractions; where only one of the two is a date, write `date(…)` around the other"
    );
    Some(call_like_another(&cause, call.name_at, &shown, call.at, &meant))
}

/// The function that gives a duration in a unit, of its word: `days` of `day` and of `"DAY"`.
fn unit_of_a_duration(word: &str) -> Option<&'static str> {
    let word = word.trim_matches(['"', '\'']).to_ascii_lowercase();
    let units = ["milliseconds", "seconds", "minutes", "hours", "days"];
    units
        .into_iter()
        .find(|unit| unit.trim_end_matches('s') == word.trim_end_matches('s'))
}

/// `col("amount")`, `lit(1)`
fn value_by_a_call(call: &Written<'_>, name: &str, value: &str) -> Diagnostic {
    let cause = UNKNOWN.replace("{name}", call.name);
    let plain = value.trim_matches('"');
    let is_name = plain
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
    if name != "lit" && !is_name {
        let help =
            "a column stands by the name that the source gives it: what the file calls it stands there after `from`";
        return function_of_another_language(&cause, call.name_at, help);
    }
    let meant = if name == "lit" { value } else { plain };
    let (shown, what) = match (is_short(meant), name) {
        (true, "lit") => (meant, "a literal stands by itself"),
        (true, _) => (meant, "a column stands by its name"),
        (false, _) => ("1", "a literal stands by itself"),
    };
    call_of_another_language(&cause, call.name_at, &format!("`{shown}`: {what}"), call.at, meant)
}

/// Of `percentile(x, 95)` the value and the share of it, `0.95`.
fn percentile<'a>(name: &str, arguments: &[&'a str]) -> Option<(&'a str, String)> {
    let [value, number] = arguments else { return None };
    let number: f64 = number.parse().ok()?;
    let is_share = name.contains("percentile") && number > 1.0 && number <= 100.0;
    let share = is_share.then(|| format!("{:.9}", number / 100.0))?;
    Some((value, share.trim_end_matches('0').trim_end_matches('.').to_owned()))
}

/// Of `lag(x)` and `lag(x, 1)` how many events are listed to have it first, 2.
pub fn events_listed(arguments: &[&str]) -> Option<u32> {
    let number: u32 = match arguments {
        [_] => 1,
        [_, number, ..] => number.parse().ok()?,
        [] => return None,
    };
    (1..100).contains(&number).then_some(number + 1)
}
