//! What other languages call our types and functions.

const TYPES: [(&str, &str); 6] = [
    (
        "int integer bigint long int8 int16 int32 uint8 uint16 uint32 smallint tinyint i64",
        "int64",
    ),
    ("float double real float16 float32 f64 number", "float64"),
    (
        "text str varchar nvarchar char character utf8 category enum uuid guid objectid",
        "string",
    ),
    ("boolean", "bool"),
    (
        "datetime datetime64 timestamptz timestamp_ntz timestamp_tz",
        "timestamp",
    ),
    ("interval timedelta timedelta64", "duration"),
];

/// The type here that another language calls so, in small letters or capitals.
pub fn type_meant(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let is_so = |(theirs, _): &&(&str, &str)| theirs.split(' ').any(|one| one == lower);
    TYPES.iter().find(is_so).map(|(_, ours)| *ours)
}

/// The functions that a method may become, by their names here.
const FUNCTIONS: &str = "abs round floor ceil sqrt ln log10 exp pow least greatest nullif div lower upper trim length concat substring \
    starts_with ends_with contains replace like regexp_matches regexp_extract split join hash milliseconds seconds minutes hours days \
    year month day_of_month day_of_week day_of_year hour minute date truncate coalesce";

/// Aggregates of one value.
const OF_A_VALUE: &str = "count sum mean min max first last variance stddev variance_pop stddev_pop skewness kurtosis count_distinct median \
    mode any all";

/// Aggregates of a value and a number, which stands behind it.
const WITH_A_NUMBER: &str = "first_n last_n last_distinct_n top_k bottom_k quantile mode_n";

/// Aggregates of no value, or of two.
const OTHER_AGGREGATES: &str =
    "time_since_last time_since_first covariance correlation slope intercept weighted_mean arg_min arg_max";

/// Methods of other languages that take the arguments of the function here.
const METHODS: [(&str, &str); 32] = [
    ("power", "pow"),
    ("ceiling", "ceil"),
    ("log", "ln"),
    ("len size len_chars char_length", "length"),
    ("substr", "substring"),
    ("strip strip_chars btrim", "trim"),
    ("toupper to_upper to_uppercase uppercase ucase", "upper"),
    ("tolower to_lower to_lowercase lowercase lcase", "lower"),
    ("startswith", "starts_with"),
    ("endswith", "ends_with"),
    ("rlike", "regexp_matches"),
    ("array_contains list_contains", "contains"),
    ("fillna fill_null ifnull", "coalesce"),
    ("day dayofmonth", "day_of_month"),
    ("dayofyear ordinal_day", "day_of_year"),
    ("total_milliseconds", "milliseconds"),
    ("total_seconds", "seconds"),
    ("total_minutes", "minutes"),
    ("total_hours", "hours"),
    ("total_days", "days"),
    ("avg average", "mean"),
    ("minimum", "min"),
    ("maximum", "max"),
    ("nunique n_unique approx_count_distinct countdistinct", "count_distinct"),
    ("std stddev_samp", "stddev"),
    ("var var_samp", "variance"),
    ("skew", "skewness"),
    ("kurt", "kurtosis"),
    ("head", "first_n"),
    ("tail", "last_n"),
    ("nlargest", "top_k"),
    ("nsmallest", "bottom_k"),
];

/// The functions and aggregates that a method may become, by their names here.
pub fn functions() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.split_whitespace().chain(aggregates())
}

/// Of these the aggregates.
pub fn aggregates() -> impl Iterator<Item = &'static str> {
    let all = [OF_A_VALUE, WITH_A_NUMBER, OTHER_AGGREGATES];
    all.into_iter().flat_map(str::split_whitespace)
}

/// The function or aggregate that a method of a value becomes: the value is its first argument, those of the method come after it.
pub fn method_meant(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let same = functions().find(|known| *known == lower);
    let is_so = |(theirs, _): &&(&str, &'static str)| theirs.split(' ').any(|one| one == lower);
    same.or_else(|| METHODS.iter().find(is_so).map(|(_, ours)| *ours))
}

/// The aggregate that a method of a column becomes, and whether it takes a number behind the column.
pub fn aggregate_meant(name: &str) -> Option<(&'static str, bool)> {
    let ours = method_meant(name)?;
    let is_in = |names: &str| names.split_whitespace().any(|known| known == ours);
    let takes_number = is_in(WITH_A_NUMBER);
    (takes_number || is_in(OF_A_VALUE)).then_some((ours, takes_number))
}

/// What a function here does that one of its name in another language may do otherwise.
pub fn remark(function: &str) -> Option<&'static str> {
    Some(match function {
        "hash" => "which is XXH64",
        "quantile" => "which is one of the values",
        "variance" | "stddev" | "skewness" | "kurtosis" => "of a sample",
        "contains" | "replace" | "split" => "of a text and not of a pattern",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_become_functions() {
        for (theirs, ours) in METHODS {
            assert!(functions().any(|known| known == ours), "{ours}");
            for name in theirs.split(' ') {
                assert_eq!(method_meant(name), Some(ours), "{name}");
            }
        }
    }
}
