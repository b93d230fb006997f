//! E0111: calls of what is no function here, and what comes near it.

use featc_syntax::diag::{Diagnostic, Span};
use featc_syntax::messages;

messages! {
    E0111 no_such_function(name: &str, at: Span, nearest: Option<&str>) {
        "unknown function `{name}`";
        at: "no function and no aggregate has this name";
        did_you_mean(nearest, at): "see the list of functions in docs/language.md";
    }

    E0111 function_of_another_language(cause: &str, at: Span, help: &str) {
        "{cause}";
        at: "no function and no aggregate has this name";
        help: "{help}";
    }
}

/// E0111 of a call of something that is neither a function nor an aggregate. `argument`: the only one, if that is a name.
pub fn unknown_function(name: &str, argument: Option<&str>, at: Span, nearest: Option<&str>) -> Diagnostic {
    let lower = name.to_ascii_lowercase();
    let is_named = |(names, _, _): &&(&str, _, _)| names.split(' ').any(|known| known == lower);
    match ELSEWHERE.iter().find(is_named) {
        None => no_such_function(name, at, nearest),
        Some((_, cause, help)) => {
            let help = help.replace("{x}", argument.unwrap_or("x"));
            function_of_another_language(&cause.replace("{name}", name), at, &help)
        }
    }
}

pub(super) const NO_CLOCK: &str =
    "a feature is asked for an instant; the time since the last event is `time_since_last()`";

const CLOCK: &str = "`{name}`: there is no clock in a program";
const TYPE: &str = "`{name}` is a type, not a function";
const UNKNOWN: &str = "unknown function `{name}`";
const ABSENT: &str = "`{name}` is not in this release";

/// Functions of other languages: their names in small letters, the cause, and what comes near them here. `{x}` is the
/// argument.
#[rustfmt::skip]
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("now current_timestamp current_date current_time localtimestamp sysdate getdate today utcnow", CLOCK, NO_CLOCK),
    ("bool boolean", TYPE, "write `cast({x} as bool)`"),
    ("int integer bigint int64", TYPE, "write `cast({x} as int64)`"),
    ("float double float64", TYPE, "write `cast({x} as float64)`"),
    ("decimal", TYPE, "write `cast({x} as decimal(18, 2))`"),
    ("string str", TYPE, "write `cast({x} as string)`"),
    ("timestamp", TYPE, "write `cast({x} as timestamp)`"),
    ("log", UNKNOWN, "write `ln(x)` for the natural logarithm, `log10(x)` for that to base ten"),
    ("isnull is_null isna is_none", UNKNOWN, "write `{x} is null`"),
    ("notnull isnotnull is_not_null notna", UNKNOWN, "write `{x} is not null`"),
    ("isin is_in", ABSENT, "write `{x} in (\"a\", \"b\")`: values of the column's type in parentheses"),
    ("fillna ifnull nvl isnull_or zeroifnull", ABSENT, "write `coalesce({x}, 0)`: the value, then what stands for null"),
    ("weekday dayofweek isodow dow", ABSENT, "write `day_of_week({x})`: 1 is Monday, 7 is Sunday"),
    ("distinct nunique n_unique uniq", ABSENT, "write `count_distinct({x})`"),
    ("to_timestamp to_datetime parse_datetime strptime", ABSENT,
        "write `cast({x} as timestamp)`, of texts such as `2025-01-31T12:00:00Z`"),
    ("to_date", ABSENT, "write `cast({x} as date)`, of texts such as `2025-01-31`"),
    ("power", ABSENT, "write `pow({x}, 2)`"),
    ("date_trunc timestamp_trunc datetrunc", ABSENT, "write `truncate(at, 1h)`: the instant, then a duration"),
    ("lag lead nth_value shift", ABSENT,
        "the last value before the question's own event is `last({x})` with `over 30d excluding self`"),
    ("median percentile percentile_cont percentile_disc quantile approx_percentile approx_quantile mode", ABSENT,
        "`mean`, `min`, `max`, `stddev` and `count_distinct` are; compute others where the answers are used"),
    ("array_agg collect_list collect_set list listagg string_agg group_concat map_agg", ABSENT,
        "lists are not values here: `count_distinct({x})` counts, `last({x})` picks"),
    ("explode unnest flatten posexplode struct named_struct", ABSENT,
        "write one row per element, and one column per field, into the file"),
    ("json json_extract json_value get_json_object parse_json from_json", ABSENT,
        "write the fields as columns of their own into the file"),
    ("session session_window tumble hop", ABSENT,
        "use a window such as `over 30m`; `time_since_last()` is the time since the last event"),
    ("arg_max max_by arg_min min_by any_value", ABSENT, "`last({x})` and `first({x})` pick by event time"),
    ("like ilike rlike regexp_like regexp_matches", ABSENT,
        "write `starts_with({x}, \"a\")`, `ends_with({x}, \"a\")` or `contains({x}, \"a\")`"),
    ("date_diff datediff date_add dateadd date_sub timestampdiff", ABSENT,
        "subtract instants and add durations: `days(a - b)`, `a + 7d`"),
    // Nothing here replaces these: the nearest name would mean something else.
    ("asin acos atan atan2 bool_and bool_or cbrt corr cos covar_pop covar_samp cume_dist date_part decode dense_rank \
      entropy every ewma ema extract hash histogram initcap instr kurtosis left log2 lpad ltrim mad md5 mod ntile \
      percent_rank position product quarter rand random range rank regexp_extract regexp_replace repeat reverse right \
      row_number rpad rtrim sha256 sign sin skewness split split_part strftime strpos tan to_char week zscore", ABSENT,
        "compute it before, as a column of the file; the functions are listed in docs/language.md"),
];
