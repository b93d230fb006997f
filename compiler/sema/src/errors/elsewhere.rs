//! Functions of other languages, and what is written here.

use super::meant::CLOCKS;

pub(super) const NO_CLOCK: &str = "a feature is asked for an instant; the time since the last event is `time_since_last()`, since the first \
     `time_since_first()`; a value of an event, such as `last(x)`, is compared with the instant of the question, `at`, in a feature of a service";

const CLOCK: &str = "`{name}`: there is no clock in a program";
const TYPE: &str = "`{name}` is a type, not a function";
pub(super) const UNKNOWN: &str = "unknown function `{name}`";
const ABSENT: &str = "`{name}` is not in this release";
const WINDOW: &str = "`{name}` is not a function here";

/// What comes near a function of another language.
#[derive(Clone, Copy)]
pub(super) enum Then {
    /// What means the same, in place of the call; a remark.
    Write(&'static str, &'static str),
    /// What comes near it, in words.
    Say(&'static str),
}

use Then::{Say, Write};

/// Functions of other languages: their names in small letters, the cause, and what is written here; of several rows of a
/// name the first with so many arguments. After a colon stands a first argument that is a text.
pub(super) struct Elsewhere(pub &'static str, pub &'static str, pub Then);

#[rustfmt::skip]
pub(super) const ELSEWHERE: &[Elsewhere] = &[
    Elsewhere(CLOCKS, CLOCK, Say(NO_CLOCK)),
    Elsewhere("bool boolean", TYPE, Say("of a text write `cast({x} as bool)`, of a number a comparison: `{x} != 0`")),
    Elsewhere("int integer bigint int64 to_int toint toint64", TYPE, Write("cast({x} as int64)", "")),
    Elsewhere("float double float64 to_float tofloat64", TYPE, Write("cast({x} as float64)", "")),
    Elsewhere("decimal numeric", TYPE, Say("write `cast({x} as decimal(18, 2))`")),
    Elsewhere("string str to_string tostring to_str to_varchar", TYPE, Write("cast({x} as string)", "")),
    Elsewhere("timestamp", TYPE, Write("cast({x} as timestamp)", "")),
    // Numbers.
    Elsewhere("log", UNKNOWN, Say("write `ln({x})` for the natural logarithm, `log10({x})` for that to base ten")),
    Elsewhere("log2", UNKNOWN, Write("(ln({x}) / ln(2.0))", ", rounded once more")),
    Elsewhere("log1p", UNKNOWN, Write("ln(1.0 + {(x)})", ", rounded once more")),
    Elsewhere("expm1", UNKNOWN, Write("(exp({x}) - 1.0)", ", rounded once more")),
    Elsewhere("power", UNKNOWN, Write("pow({x}, {y})", "")),
    Elsewhere("square sqr", UNKNOWN, Write("({(x)} * {(x)})", "")),
    Elsewhere("ceiling", UNKNOWN, Write("ceil({x})", "")),
    Elsewhere("trunc fix", UNKNOWN, Say("`cast({x} as int64)` cuts a number towards zero, `truncate({x}, 1d)` an instant to its day")),
    Elsewhere("mod fmod modulo", UNKNOWN, Write("({(x)} mod {(y)})", ", which is never negative")),
    Elsewhere("clip clamp", UNKNOWN, Write("case when {(x)} < {(y)} then {y} when {(x)} > {(z)} then {z} else {x} end", "")),
    Elsewhere("minimum fmin amin", UNKNOWN, Write("min({x})", "")),
    Elsewhere("minimum fmin", UNKNOWN, Write("least({x}, {y})", "")),
    Elsewhere("maximum fmax amax", UNKNOWN, Write("max({x})", "")),
    Elsewhere("maximum fmax", UNKNOWN, Write("greatest({x}, {y})", "")),
    // Nulls and choices.
    Elsewhere("isnull is_null isna is_none", UNKNOWN, Write("{(x)} is null", "")),
    Elsewhere("notnull isnotnull is_not_null notna", UNKNOWN, Write("{(x)} is not null", "")),
    Elsewhere("isnan is_nan", ABSENT, Say("a NaN of the file is null, unless the source says `keep nan`: write `{x} is null`")),
    Elsewhere("isin is_in", UNKNOWN, Say("write `{x} in (\"a\", \"b\")`: values of the column's type in parentheses")),
    Elsewhere("fillna fill_null ifnull nvl isnull", UNKNOWN, Write("coalesce({x}, {y})", "")),
    Elsewhere("fillna fill_null ifnull nvl", UNKNOWN, Say("write `coalesce({x}, 0)`: the value, then what stands for null")),
    Elsewhere("div0 div0null divide0", UNKNOWN, Write("coalesce({(x)} / nullif({y}, 0), 0.0)", ", with `0.0` in place of `0` beside a float64")),
    Elsewhere("safe_divide try_divide", UNKNOWN, Write("({(x)} / nullif({y}, 0))", ", with `0.0` in place of `0` beside a float64")),
    Elsewhere("zeroifnull", UNKNOWN, Write("coalesce({x}, 0)", "")),
    Elsewhere("nullifzero", UNKNOWN, Write("nullif({x}, 0)", "")),
    Elsewhere("iif iff ifelse if_else", UNKNOWN, Write("if({*})", "")),
    // Texts.
    Elsewhere("len size", UNKNOWN, Write("length({x})", "")),
    Elsewhere("len size n count_star", UNKNOWN, Write("count()", "")),
    Elsewhere("char_length character_length strlen len_chars", UNKNOWN, Write("length({x})", "")),
    Elsewhere("substr mid", UNKNOWN, Write("substring({x}, {y}, {z})", ", whose first letter is 1 and not 0")),
    Elsewhere("substr", UNKNOWN, Write("substring({x}, {y}, length({x}))", ", counted from the first letter")),
    Elsewhere("left", UNKNOWN, Write("substring({x}, 1, {y})", "")),
    Elsewhere("right", UNKNOWN, Write("substring({x}, length({x}) - {(y)} + 1, {y})", "")),
    Elsewhere("strip btrim", UNKNOWN, Write("trim({x})", "")),
    Elsewhere("uppercase ucase toupper to_uppercase", UNKNOWN, Write("upper({x})", "")),
    Elsewhere("lowercase lcase tolower to_lowercase", UNKNOWN, Write("lower({x})", "")),
    Elsewhere("concat_ws", UNKNOWN, Say("put the separator between: `concat({y}, {x}, {z})`")),
    Elsewhere("ilike", UNKNOWN, Say("write `like(lower({x}), \"a%\")`")),
    Elsewhere("rlike regexp_like regexp", UNKNOWN, Write("regexp_matches({x}, {y})", "")),
    Elsewhere("regexp_substr", UNKNOWN, Write("regexp_extract({x}, {y})", ", the first group of the pattern if it has one")),
    Elsewhere("string_split str_split split_string strsplit regexp_split_to_array string_to_array", UNKNOWN, Write("split({x}, {y})", ", at a text and not at a pattern")),
    Elsewhere("split_part", UNKNOWN, Write("split({x}, {y})[{z}]", ", null where there is no such part")),
    Elsewhere("array_contains list_contains array_has list_has has", UNKNOWN, Write("contains({x}, {y})", "")),
    Elsewhere("array_to_string list_to_string array_join", UNKNOWN, Write("join({x}, {y})", "")),
    Elsewhere("array_length list_length array_size cardinality array_len list_len", UNKNOWN, Write("length({x})", "")),
    Elsewhere("hash64 xxhash xxhash64 xxh64 farm_fingerprint murmur3 cityhash64 siphash64", UNKNOWN, Write("hash({x})", ", which is XXH64")),
    // Time.
    Elsewhere("isodow", UNKNOWN, Write("day_of_week({x})", "")),
    Elsewhere("weekday dayofweek dow wday", UNKNOWN, Say("write `day_of_week({x})`: 1 is Monday, 7 is Sunday")),
    Elsewhere("day dayofmonth mday", UNKNOWN, Write("day_of_month({x})", "")),
    Elsewhere("doy yday", UNKNOWN, Write("day_of_year({x})", "")),
    Elsewhere("quarter", UNKNOWN, Write("((month({x}) + 2) div 3)", "")),
    Elsewhere("second", UNKNOWN, Write("cast(seconds({x} - truncate({x}, 1m)) as int64)", "")),
    Elsewhere("minute_of_day", UNKNOWN, Write("(hour({x}) * 60 + minute({x}))", "")),
    Elsewhere("date_part:hour datepart:hour", UNKNOWN, Write("hour({x})", "")),
    Elsewhere("date_part:minute datepart:minute", UNKNOWN, Write("minute({x})", "")),
    Elsewhere("date_part:day datepart:day", UNKNOWN, Write("day_of_month({x})", "")),
    Elsewhere("date_part:doy datepart:dayofyear", UNKNOWN, Write("day_of_year({x})", "")),
    Elsewhere("date_part:month datepart:month", UNKNOWN, Write("month({x})", "")),
    Elsewhere("date_part:year datepart:year", UNKNOWN, Write("year({x})", "")),
    Elsewhere("date_part datepart extract strftime date_format format_datetime to_char", UNKNOWN,
        Say("a part of an instant is a number: `hour(t)`, `day_of_week(t)`, `day_of_month(t)`, `month(t)`, `year(t)`")),
    Elsewhere("date_trunc:minute", UNKNOWN, Write("truncate({x}, 1m)", "")),
    Elsewhere("date_trunc:hour", UNKNOWN, Write("truncate({x}, 1h)", "")),
    Elsewhere("date_trunc:day", UNKNOWN, Write("truncate({x}, 1d)", ", days of UTC; those of a zone are `date({x} in \"Europe/Berlin\")`")),
    Elsewhere("date_trunc:week", UNKNOWN, Write("(truncate({x} - 4d, 7d) + 4d)", ", weeks from Monday on, in UTC")),
    Elsewhere("date_trunc:month date_trunc:quarter date_trunc:year", UNKNOWN, Say("of an instant there are `month({x})` and `year({x})`; events \
        since a period of the calendar began are a window: `over this month`, `over this quarter`, `over this year`")),
    Elsewhere("date_trunc timestamp_trunc datetrunc", UNKNOWN, Say("write `truncate(t, 1h)`: the instant `t`, then a duration; events since a \
        period of the calendar began are a window, such as `over this month`")),
    Elsewhere("to_timestamp to_datetime parse_datetime strptime", UNKNOWN,
        Say("write `cast({x} as timestamp)`, of texts such as `2025-01-31T12:00:00Z`")),
    Elsewhere("to_date", UNKNOWN, Say("write `cast({x} as date)`, of texts such as `2025-01-31`")),
    Elsewhere("unix_timestamp to_unixtime unix_seconds", UNKNOWN, Write("(cast({x} as int64) div 1000000)", "")),
    Elsewhere("epoch", UNKNOWN, Say("`cast({x} as int64)` is an instant as microseconds since 1970")),
    Elsewhere("total_seconds", UNKNOWN, Write("seconds({x})", "")),
    Elsewhere("total_minutes", UNKNOWN, Write("minutes({x})", "")),
    Elsewhere("total_hours", UNKNOWN, Write("hours({x})", "")),
    Elsewhere("total_days", UNKNOWN, Write("days({x})", "")),
    Elsewhere("weeks", UNKNOWN, Write("(days({x}) / 7.0)", "")),
    Elsewhere("months months_between", UNKNOWN, Say("a month has no fixed length: write days, `days(a - b)`, divided by `30.4` where months are meant")),
    Elsewhere("years years_between", UNKNOWN, Say("a year has no fixed length: write days, `days(a - b)`, divided by `365.25` where years are meant; the year of an instant is `year(a)`")),
    Elsewhere("date_diff datediff date_add dateadd date_sub timestampdiff timestamp_diff difftime", UNKNOWN,
        Say("subtract instants and add durations: `days(a - b)`, `a + 7d`")),
    Elsewhere("age time_since", UNKNOWN,
        Say("the time since the last event is `time_since_last()`; between two instants of a row it is `a - b`")),
    Elsewhere("convert_timezone from_utc_timestamp to_utc_timestamp at_timezone tz_convert tz_localize to_timezone astimezone", UNKNOWN,
        Say("an instant is the same in every zone; its parts are read on the clocks of one: `hour(at in \"Europe/Berlin\")`; of times \
            without offsets the source says whose they are, `zone \"Europe/Berlin\"`")),
    Elsewhere("days_since_last", UNKNOWN, Write("days(time_since_last())", "")),
    Elsewhere("hours_since_last", UNKNOWN, Write("hours(time_since_last())", "")),
    Elsewhere("minutes_since_last", UNKNOWN, Write("minutes(time_since_last())", "")),
    Elsewhere("seconds_since_last", UNKNOWN, Write("seconds(time_since_last())", "")),
    Elsewhere("recency", UNKNOWN, Say("the time since the last event is `time_since_last()`")),
    // Aggregates.
    Elsewhere("avg average", UNKNOWN, Write("mean({*})", "")),
    Elsewhere("std stdev stddev_samp stdev_samp", UNKNOWN, Write("stddev({*})", ", of a sample")),
    Elsewhere("std_pop stdev_pop stdevp", UNKNOWN, Write("stddev_pop({*})", "")),
    Elsewhere("var var_samp", UNKNOWN, Write("variance({*})", ", of a sample")),
    Elsewhere("var_pop varp", UNKNOWN, Write("variance_pop({*})", "")),
    Elsewhere("countif count_if countifs", UNKNOWN, Write("count(where {x})", "")),
    Elsewhere("countif count_if countifs", UNKNOWN, Write("count(where {x} = {y})", ", with the comparison that is meant")),
    Elsewhere("sumif sum_if averageif sumifs averageifs", UNKNOWN, Say("write the condition after the value: `sum(amount where paid)`")),
    Elsewhere("avgif avg_if", UNKNOWN, Say("write the condition after the value: `mean(amount where paid)`")),
    Elsewhere("count_null null_count", UNKNOWN, Write("count(where {(x)} is null)", "")),
    Elsewhere("distinct n_distinct nunique n_unique uniq countdistinct approx_count_distinct approx_distinct", UNKNOWN,
        Write("count_distinct({x})", "")),
    Elsewhere("first_value", UNKNOWN, Write("first({*})", "")),
    Elsewhere("last_value", UNKNOWN, Write("last({*})", "")),
    Elsewhere("max_by argmax", UNKNOWN, Write("arg_max({*})", "")),
    Elsewhere("min_by argmin", UNKNOWN, Write("arg_min({*})", "")),
    Elsewhere("bool_and logical_and every", UNKNOWN, Write("all({*})", "")),
    Elsewhere("bool_or logical_or some", UNKNOWN, Write("any({*})", "")),
    Elsewhere("regr_slope", UNKNOWN, Write("slope({*})", "")),
    Elsewhere("regr_intercept", UNKNOWN, Write("intercept({*})", "")),
    Elsewhere("corr", UNKNOWN, Write("correlation({*})", "")),
    Elsewhere("cov covar_samp", UNKNOWN, Write("covariance({*})", "")),
    Elsewhere("wavg weighted_avg weighted_average", UNKNOWN, Write("weighted_mean({*})", "")),
    Elsewhere("range", UNKNOWN, Write("(max({x}) - min({x}))", "")),
    Elsewhere("head first_k", UNKNOWN, Write("first_n({x}, {y})", "")),
    Elsewhere("tail last_k", UNKNOWN, Write("last_n({x}, {y})", "")),
    Elsewhere("array_agg collect_list list group_array implode", UNKNOWN,
        Say("write `last_n({x}, 100)`: the values of the last 100 events of the window, as a list")),
    Elsewhere("collect_set array_unique_agg group_uniq_array", ABSENT,
        Say("`last_distinct_n({x}, 100)` lists the last different values, `count_distinct({x})` counts all of them")),
    Elsewhere("listagg string_agg group_concat map_agg", ABSENT,
        Say("`last_n({x}, 100)` lists the last values, `count_distinct({x})` counts the different ones")),
    Elsewhere("sum_distinct mean_distinct", ABSENT, Say("of different values there is `count_distinct({x})`, their number")),
    Elsewhere("lag shift", UNKNOWN, Write("last_n({x}, 2)[-2]",
        ", of the event before the last; before the question's own event it is `last({x})` with `over 30d excluding self`")),
    Elsewhere("lag shift", UNKNOWN, Say("one event before the last it is `last_n({x}, 2)[-2]`, two before it `last_n({x}, 3)[-3]`, and so on; an \
            earlier value of a feature is the feature with `offset 1d` after its window")),
    Elsewhere("nth_value", UNKNOWN, Write("first_n({x}, {y})[{y}]", "; from the end of the window it is `last_n({x}, {y})[-{y}]`")),
    Elsewhere("diff delta", UNKNOWN, Write("(last({x}) - last_n({x}, 2)[-2])", ", of the last event and the one before it")),
    Elsewhere("pct_change", UNKNOWN, Write("(last({x}) / last_n({x}, 2)[-2] - 1.0)", ", of the last event and the one before it")),
    Elsewhere("lead", ABSENT, Say("a feature knows nothing of later events; the event before the last is `last_n({x}, 2)[-2]`")),
    Elsewhere("element_at list_element list_extract list_get array_get array_element arrayelement array_extract nth getitem get_item",
        UNKNOWN, Write("{x}[{y}]", ", counted from 1, below 0 from the end")),
    Elsewhere("get get_path", UNKNOWN, Say("an item of a list is `xs[1]`, counted from 1, a field of a struct `user.id`")),
    Elsewhere("value_counts", ABSENT,
        Say("the most frequent values are `mode_n({x}, 10)`; how often one occurs is `count(where {x} = \"a\")`, how many there are \
            `count_distinct({x})`")),
    Elsewhere("one_hot onehot get_dummies", ABSENT,
        Say("write a feature for each value, such as `if(last({x}) = \"a\", 1, 0)`, or encode it where the answers are used")),
    Elsewhere("bucket bin cut qcut digitize width_bucket", ABSENT,
        Say("write it in a transform: `let band = case when {x} < 10 then 0 when {x} < 100 then 1 else 2 end`")),
    Elsewhere("any_value", ABSENT, Say("`last({x})` and `first({x})` pick by event time")),
    Elsewhere("nanmedian approx_median", UNKNOWN, Write("median({x})", "")),
    Elsewhere("percentile percentile_cont percentile_disc quantile_cont quantile_disc approx_percentile approx_quantile", UNKNOWN,
        Write("quantile({x}, {y})", ", which is one of the values")),
    Elsewhere("p1 p5 p10 p25 p50 p75 p90 p95 p99", UNKNOWN, Say("the 95th percentile is `quantile({x}, 0.95)`")),
    Elsewhere("iqr", UNKNOWN, Write("(quantile({x}, 0.75) - quantile({x}, 0.25))", "")),
    Elsewhere("most_frequent most_common", UNKNOWN, Write("mode({x})", "")),
    Elsewhere("topk top_n topn nlargest", UNKNOWN, Write("top_k({x}, {y})", ", the greatest values; the most frequent ones are `mode_n({x}, {y})`")),
    Elsewhere("topk top_n topn", UNKNOWN, Say("the greatest values are `top_k({x}, 10)`, the most frequent ones `mode_n({x}, 10)`")),
    Elsewhere("bottomk nsmallest", UNKNOWN, Write("bottom_k({x}, {y})", "")),
    Elsewhere("approx_top_k frequent_k frequent_items most_common", UNKNOWN, Write("mode_n({x}, {y})", "")),
    Elsewhere("last_distinct", UNKNOWN, Write("last_distinct_n({x}, {y})", "")),
    Elsewhere("skew", UNKNOWN, Write("skewness({*})", ", of a sample")),
    Elsewhere("kurt", UNKNOWN, Write("kurtosis({*})", ", of a sample; that of a normal distribution is 0")),
    Elsewhere("rate irate per_second per_minute per_hour per_day velocity frequency", ABSENT,
        Say("a rate is a count or a sum over the length of its window: `count() / 60` with `over 1h` is how many in a minute, \
            `sum({x}) / 60` how much, of some of them `count(where a > 0) / 60`")),
    Elsewhere("approx_quantiles", ABSENT, Say("a quantile is one of the values: `quantile({x}, 0.5)`, a feature for each")),
    Elsewhere("vlookup xlookup hlookup index_match", ABSENT,
        Say("a table is looked into in a transform, by its key: `let price = lookup products(sku).price`")),
    Elsewhere("increase delta_over_time", ABSENT,
        Say("how much came in a window is `sum(x)` with `over 5m`; of a counter that only grows, `(last(x) - first(x))`")),
    Elsewhere("avg_over_time sum_over_time min_over_time max_over_time last_over_time count_over_time quantile_over_time stddev_over_time", WINDOW,
        Say("the window comes after the aggregate: `mean(x) over 5m`, and so `sum`, `min`, `max`, `last`, `count()`, `quantile(x, 0.95)` and `stddev`")),
    Elsewhere("deriv predict_linear", ABSENT,
        Say("the slope of a line through the events is `slope(x, seconds(at - @2026-01-01T00:00:00Z))`, with the column of their time")),
    Elsewhere("histogram_quantile", ABSENT, Say("a quantile is one of the values themselves: `quantile(x, 0.95)`")),
    Elsewhere("anylast any_last lastvalue", UNKNOWN, Write("last({x})", "")),
    Elsewhere("cumsum cumulative_sum running_sum", WINDOW, Say("all up to the question is a window: `sum({x}) over lifetime`")),
    Elsewhere("rolling", WINDOW, Say("the window comes after the aggregate: `sum({x}) over 7d`, or `over 7 events` for a number of rows")),
    Elsewhere("rolling_sum", WINDOW, Say("the window comes after the aggregate: `sum({x}) over 7 events` for a number of rows, or `over 7d`")),
    Elsewhere("rolling_mean", WINDOW, Say("the window comes after the aggregate: `mean({x}) over 7 events` for a number of rows, or `over 7d`")),
    Elsewhere("explode unnest flatten posexplode struct named_struct", ABSENT,
        Say("write one row per element, and one column per field, into the file")),
    Elsewhere("json json_extract json_value get_json_object parse_json from_json", ABSENT,
        Say("write the fields as columns of their own into the file")),
    Elsewhere("session session_window tumble hop", ABSENT,
        Say("use a window such as `over 30m`; `time_since_last()` is the time since the last event")),
    // Nothing here replaces these: the nearest name would mean something else.
    Elsewhere("asin acos array_position atan atan2 cbrt corr_spearman cos cosh covar_pop cume_dist dayname decode degrees dense_rank entropy \
      ewm ewma ema exp2 gmean histogram hmean initcap instr kurtosis_pop lg list_position lpad ltrim mad md5 microsecond millisecond \
      monthname ntile percent_rank pi position product radians rand random rank regexp_replace repeat reverse \
      row_number rpad rsqrt rtrim sha256 sign sin sinh skewness_pop strpos tan tanh week weekofyear \
      zscore", ABSENT,
        Say("compute it before, as a column of the file; `featc explain E0111` lists what there is")),
];

/// All names of the table, for tests.
#[cfg(test)]
pub fn names_elsewhere() -> impl Iterator<Item = &'static str> {
    ELSEWHERE
        .iter()
        .flat_map(|Elsewhere(names, ..)| names.split_whitespace())
}

/// The rows whose calls are replaced, for tests: a name of each, and its template.
#[cfg(test)]
pub fn replacements() -> impl Iterator<Item = (&'static str, &'static str)> {
    ELSEWHERE.iter().filter_map(|Elsewhere(names, _, then)| match then {
        Write(template, _) => Some((*names, *template)),
        Say(_) => None,
    })
}
