//! E0111: calls of what is no function here, and what comes near it.

use super::did_you_mean;
use featc_syntax::diag::{Code, Diagnostic, Span};

/// E0111: a call of something that is neither a function nor an aggregate.
#[derive(Debug)]
pub struct UnknownFunction<'a> {
    pub name: &'a str,
    /// The only argument, if that is a name.
    pub argument: Option<&'a str>,
    pub at: Span,
    pub nearest: Option<&'a str>,
}

impl UnknownFunction<'_> {
    pub fn report(self) -> Diagnostic {
        let diagnostic = |message: String| {
            Diagnostic::at(
                Code::UnknownFunction,
                message,
                self.at,
                "no function and no aggregate has this name",
            )
        };
        let name = self.name;
        let lower = name.to_ascii_lowercase();
        if CLOCKS.contains(&lower.as_str()) {
            return diagnostic(format!("`{name}`: there is no clock in a program")).with_help(NO_CLOCK);
        }
        if let Some((_, ty)) = TYPES.iter().find(|(known, _)| *known == lower) {
            let argument = self.argument.unwrap_or("x");
            return diagnostic(format!("`{name}` is a type, not a function"))
                .with_help(format!("write `cast({argument} as {ty})`"));
        }
        if lower == "log" {
            return diagnostic("unknown function `log`".to_owned())
                .with_help("write `ln(x)` for the natural logarithm, `log10(x)` for that to base ten");
        }
        if let Some((_, test)) = NULL_TESTS.iter().find(|(known, _)| *known == lower) {
            let argument = self.argument.unwrap_or("x");
            return diagnostic(format!("unknown function `{name}`")).with_help(format!("write `{argument} {test}`"));
        }
        if let Some((_, help)) = INSTEAD.iter().find(|(known, _)| known.contains(&lower.as_str())) {
            let argument = self.argument.unwrap_or("x");
            return diagnostic(format!("`{name}` is not in this release")).with_help(help.replace("{x}", argument));
        }
        if ABSENT.contains(&lower.as_str()) {
            return diagnostic(format!("`{name}` is not in this release"))
                .with_help("compute it before, as a column of the file; the functions are listed in docs/language.md");
        }
        did_you_mean(
            diagnostic(format!("unknown function `{name}`")),
            self.at,
            self.nearest,
            "see the list of functions in docs/language.md",
        )
    }
}

/// What other languages call the present.
const CLOCKS: [&str; 9] = [
    "now",
    "current_timestamp",
    "current_date",
    "current_time",
    "localtimestamp",
    "sysdate",
    "getdate",
    "today",
    "utcnow",
];

pub(super) const NO_CLOCK: &str =
    "a feature is asked for an instant; the time since the last event is `time_since_last()`";

/// Types that other languages call as functions, and what they are here.
const TYPES: [(&str, &str); 13] = [
    ("bool", "bool"),
    ("boolean", "bool"),
    ("int", "int64"),
    ("integer", "int64"),
    ("bigint", "int64"),
    ("int64", "int64"),
    ("float", "float64"),
    ("double", "float64"),
    ("float64", "float64"),
    ("decimal", "decimal(18, 2)"),
    ("string", "string"),
    ("str", "string"),
    ("timestamp", "timestamp"),
];

/// Functions that test for null elsewhere.
const NULL_TESTS: [(&str, &str); 8] = [
    ("isnull", "is null"),
    ("is_null", "is null"),
    ("isna", "is null"),
    ("is_none", "is null"),
    ("notnull", "is not null"),
    ("isnotnull", "is not null"),
    ("is_not_null", "is not null"),
    ("notna", "is not null"),
];

/// Known functions of other languages, and what comes near them here. `{x}` is the argument.
const INSTEAD: [(&[&str], &str); 17] = [
    (
        &["isin", "is_in"],
        "write `{x} in (\"a\", \"b\")`: values of the column's type in parentheses",
    ),
    (
        &["fillna", "ifnull", "nvl", "isnull_or", "zeroifnull"],
        "write `coalesce({x}, 0)`: the value, then what stands for null",
    ),
    (
        &["weekday", "dayofweek", "isodow", "dow"],
        "write `day_of_week({x})`: 1 is Monday, 7 is Sunday",
    ),
    (
        &["distinct", "nunique", "n_unique", "uniq"],
        "write `count_distinct({x})`",
    ),
    (
        &["to_timestamp", "to_datetime", "parse_datetime", "strptime"],
        "write `cast({x} as timestamp)`, of texts such as `2025-01-31T12:00:00Z`",
    ),
    (&["to_date"], "write `cast({x} as date)`, of texts such as `2025-01-31`"),
    (&["power"], "write `pow({x}, 2)`"),
    (
        &["date_trunc", "timestamp_trunc", "datetrunc"],
        "write `truncate(at, 1h)`: the instant, then a duration",
    ),
    (
        &["lag", "lead", "nth_value", "shift"],
        "the last value before the question's own event is `last({x})` with `over 30d excluding self`",
    ),
    (
        &[
            "median",
            "percentile",
            "percentile_cont",
            "percentile_disc",
            "quantile",
            "approx_percentile",
            "approx_quantile",
            "mode",
        ],
        "`mean`, `min`, `max`, `stddev` and `count_distinct` are; compute others where the answers are used",
    ),
    (
        &[
            "array_agg",
            "collect_list",
            "collect_set",
            "list",
            "listagg",
            "string_agg",
            "group_concat",
            "map_agg",
        ],
        "lists are not values here: `count_distinct({x})` counts, `last({x})` picks",
    ),
    (
        &["explode", "unnest", "flatten", "posexplode", "struct", "named_struct"],
        "write one row per element, and one column per field, into the file",
    ),
    (
        &[
            "json",
            "json_extract",
            "json_value",
            "get_json_object",
            "parse_json",
            "from_json",
        ],
        "write the fields as columns of their own into the file",
    ),
    (
        &["session", "session_window", "tumble", "hop"],
        "use a window such as `over 30m`; `time_since_last()` is the time since the last event",
    ),
    (
        &["arg_max", "max_by", "arg_min", "min_by", "any_value"],
        "`last({x})` and `first({x})` pick by event time",
    ),
    (
        &["like", "ilike", "rlike", "regexp_like", "regexp_matches"],
        "write `starts_with({x}, \"a\")`, `ends_with({x}, \"a\")` or `contains({x}, \"a\")`",
    ),
    (
        &[
            "date_diff",
            "datediff",
            "date_add",
            "dateadd",
            "date_sub",
            "timestampdiff",
        ],
        "subtract instants and add durations: `days(a - b)`, `a + 7d`",
    ),
];

/// Known functions of other languages that nothing here replaces: the nearest name would mean something else.
const ABSENT: [&str; 61] = [
    "asin",
    "acos",
    "atan",
    "atan2",
    "bool_and",
    "bool_or",
    "cbrt",
    "corr",
    "cos",
    "covar_pop",
    "covar_samp",
    "cume_dist",
    "date_part",
    "decode",
    "dense_rank",
    "entropy",
    "every",
    "ewma",
    "ema",
    "extract",
    "hash",
    "histogram",
    "initcap",
    "instr",
    "kurtosis",
    "left",
    "log2",
    "lpad",
    "ltrim",
    "mad",
    "md5",
    "mod",
    "ntile",
    "percent_rank",
    "position",
    "product",
    "quarter",
    "rand",
    "random",
    "range",
    "rank",
    "regexp_extract",
    "regexp_replace",
    "repeat",
    "reverse",
    "right",
    "row_number",
    "rpad",
    "rtrim",
    "sha256",
    "sign",
    "sin",
    "skewness",
    "split",
    "split_part",
    "strftime",
    "strpos",
    "tan",
    "to_char",
    "week",
    "zscore",
];
