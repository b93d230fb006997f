//! Calls of other languages: what they become, and that nothing is guessed by letters alone.

use super::compile;
use crate::errors::{names_elsewhere, replacements};
use featc_ir::{Aggregate, Function};
use featc_syntax::diag::Diagnostic;
use featc_syntax::foreign;
use std::collections::BTreeSet;

/// A method becomes a function that there is.
#[test]
fn methods_become_functions_that_there_are() {
    let functions = Function::ALL.iter().map(|function| function.name());
    let aggregates = Aggregate::ALL.iter().map(|aggregate| aggregate.name());
    let here: BTreeSet<&str> = functions
        .chain(aggregates)
        .chain(["coalesce"])
        .filter(|name| *name != "[]")
        .collect();
    assert_eq!(foreign::functions().collect::<BTreeSet<_>>(), here);
    let aggregates: BTreeSet<&str> = Aggregate::ALL.iter().map(|aggregate| aggregate.name()).collect();
    assert_eq!(foreign::aggregates().collect::<BTreeSet<_>>(), aggregates);
}

/// A feature as it is written elsewhere, and after the edit of its message.
#[rustfmt::skip]
const REPLACED: &[(&str, &str)] = &[
    ("max(int(f))", "max(cast(f as int64))"),
    ("max(double(i + 1))", "max(cast(i + 1 as float64))"),
    ("last(to_string(i))", "last(cast(i as string))"),
    ("max(timestamp(y))", "max(cast(y as timestamp))"),
    ("max(div0(i, i))", "max(coalesce(i / nullif(i, 0), 0.0))"),
    ("max(safe_divide(i, i))", "max((i / nullif(i, 0)))"),
    ("any_last(s)", "last(s)"),
    ("max(log2(f))", "max((ln(f) / ln(2.0)))"),
    ("max(log1p(f))", "max(ln(1.0 + f))"),
    ("max(log1p(f * 2))", "max(ln(1.0 + (f * 2)))"),
    ("max(expm1(f))", "max((exp(f) - 1.0))"),
    ("max(power(f, 2))", "max(pow(f, 2))"),
    ("max(square(f - 1))", "max(((f - 1) * (f - 1)))"),
    ("max(ceiling(f))", "max(ceil(f))"),
    ("count(where rlike(s, \"^a\"))", "count(where regexp_matches(s, \"^a\"))"),
    ("last(regexp_substr(s, \"^a\"))", "last(regexp_extract(s, \"^a\"))"),
    ("regr_slope(f, f * 2.0)", "slope(f, f * 2.0)"),
    ("regr_intercept(f, f * 2.0)", "intercept(f, f * 2.0)"),
    ("max(mod(i, 2))", "max((i mod 2))"),
    ("max(clip(f, 0, 10))", "max(case when f < 0 then 0 when f > 10 then 10 else f end)"),
    ("minimum(f)", "min(f)"),
    ("max(fmin(f, 5))", "max(least(f, 5))"),
    ("amax(f)", "max(f)"),
    ("max(maximum(f, 5.0))", "max(greatest(f, 5.0))"),
    ("count(where isna(s))", "count(where s is null)"),
    ("count(where notna(s))", "count(where s is not null)"),
    ("count_distinct(nvl(s, \"x\"))", "count_distinct(coalesce(s, \"x\"))"),
    ("sum(zeroifnull(i))", "sum(coalesce(i, 0))"),
    ("sum(nullifzero(i))", "sum(nullif(i, 0))"),
    ("sum(iif(b, 1, 0))", "sum(if(b, 1, 0))"),
    ("max(len(s))", "max(length(s))"),
    ("max(size(s))", "max(length(s))"),
    ("len()", "count()"),
    ("size()", "count()"),
    ("max(char_length(s))", "max(length(s))"),
    ("last(substr(s, 1, 2))", "last(substring(s, 1, 2))"),
    ("last(substr(s, 2))", "last(substring(s, 2, length(s)))"),
    ("last(left(s, 2))", "last(substring(s, 1, 2))"),
    ("last(right(s, 2))", "last(substring(s, length(s) - 2 + 1, 2))"),
    ("last(strip(s))", "last(trim(s))"),
    ("last(toupper(s))", "last(upper(s))"),
    ("last(lcase(s))", "last(lower(s))"),
    ("max(isodow(t))", "max(day_of_week(t))"),
    ("max(day(t))", "max(day_of_month(t))"),
    ("max(doy(t))", "max(day_of_year(t))"),
    ("max(quarter(t))", "max(((month(t) + 2) div 3))"),
    ("max(second(t))", "max(cast(seconds(t - truncate(t, 1m)) as int64))"),
    ("max(minute_of_day(t))", "max((hour(t) * 60 + minute(t)))"),
    ("max(date_part(\"hour\", t))", "max(hour(t))"),
    ("max(date_part(\"minute\", t))", "max(minute(t))"),
    ("max(date_part(\"day\", t))", "max(day_of_month(t))"),
    ("max(date_part(\"doy\", t))", "max(day_of_year(t))"),
    ("max(date_part(\"month\", t))", "max(month(t))"),
    ("max(date_part(\"YEAR\", t))", "max(year(t))"),
    ("max(date_trunc(\"minute\", t))", "max(truncate(t, 1m))"),
    ("max(date_trunc(\"hour\", t))", "max(truncate(t, 1h))"),
    ("max(date_trunc(\"day\", t))", "max(truncate(t, 1d))"),
    ("max(unix_timestamp(t))", "max((cast(t as int64) div 1000000))"),
    ("max(total_seconds(u))", "max(seconds(u))"),
    ("max(total_minutes(u))", "max(minutes(u))"),
    ("max(total_hours(u))", "max(hours(u))"),
    ("max(total_days(u))", "max(days(u))"),
    ("days_since_last()", "days(time_since_last())"),
    ("hours_since_last()", "hours(time_since_last())"),
    ("minutes_since_last()", "minutes(time_since_last())"),
    ("seconds_since_last()", "seconds(time_since_last())"),
    ("avg(f where b)", "mean(f where b)"),
    ("avg((f + 1.0) * 2.0)", "mean((f + 1.0) * 2.0)"),
    ("stdev(f)", "stddev(f)"),
    ("std_pop(f)", "stddev_pop(f)"),
    ("var(f)", "variance(f)"),
    ("var_pop(f)", "variance_pop(f)"),
    ("countif(b)", "count(where b)"),
    ("max(date_trunc(\"week\", t))", "max((truncate(t - 4d, 7d) + 4d))"),
    ("last_k(s, 3)", "last_n(s, 3)"),
    ("first_k(s, 3)", "first_n(s, 3)"),
    ("count_null(s)", "count(where s is null)"),
    ("nunique(s)", "count_distinct(s)"),
    ("first_value(s)", "first(s)"),
    ("last_value(s ignoring nulls)", "last(s ignoring nulls)"),
    ("max_by(s, f)", "arg_max(s, f)"),
    ("min_by(s, f where b)", "arg_min(s, f where b)"),
    ("bool_and(b)", "all(b)"),
    ("bool_or(b)", "any(b)"),
    ("corr(f, f)", "correlation(f, f)"),
    ("covar_samp(f, f)", "covariance(f, f)"),
    ("wavg(f, f)", "weighted_mean(f, f)"),
    ("range(f) * 2", "(max(f) - min(f)) * 2"),
    ("nanmedian(f)", "median(f)"),
    ("approx_quantile(u, 0.9)", "quantile(u, 0.9)"),
    ("iqr(f)", "(quantile(f, 0.75) - quantile(f, 0.25))"),
    ("most_frequent(s)", "mode(s)"),
    ("approx_top_k(s, 3)", "mode_n(s, 3)"),
    ("topk(f, 3)", "top_k(f, 3)"),
    ("nsmallest(f, 3)", "bottom_k(f, 3)"),
    ("last_distinct(s, 3)", "last_distinct_n(s, 3)"),
    ("skew(f)", "skewness(f)"),
    ("kurt(f)", "kurtosis(f)"),
    ("head(s, 3)", "first_n(s, 3)"),
    ("tail(s, 3)", "last_n(s, 3)"),
    ("last(split_part(s, \",\", 2))", "last(split(s, \",\")[2])"),
    ("max(array_length(split(s, \",\")))", "max(length(split(s, \",\")))"),
    ("last(array_join(split(s, \",\"), \"+\"))", "last(join(split(s, \",\"), \"+\"))"),
    ("count(where list_contains(split(s, \",\"), \"a\"))", "count(where contains(split(s, \",\"), \"a\"))"),
    ("max(length(string_split(s, \",\")))", "max(length(split(s, \",\")))"),
    ("max(xxhash64(s))", "max(hash(s))"),
    ("lag(f)", "last_n(f, 2)[-2]"),
    ("max(weeks(u))", "max((days(u) / 7.0))"),
    ("max(datediff(day, t, t + 1h))", "max(days((t + 1h) - t))"),
    ("max(datediff(t + 1h, t))", "max(days((t + 1h) - t))"),
    ("max(date_diff(\"minute\", t, t + 1h))", "max(minutes((t + 1h) - t))"),
    ("max(timestamp_diff(t + 1h, t, HOUR))", "max(hours((t + 1h) - t))"),
    ("nth_value(s, 3)", "first_n(s, 3)[3]"),
    ("delta(t)", "(last(t) - last_n(t, 2)[-2])"),
    ("pct_change(f)", "(last(f) / last_n(f, 2)[-2] - 1.0)"),
    ("element_at(last_n(s, 3), 2)", "last_n(s, 3)[2]"),
    // Of functions that there are.
    ("last(f, 3)", "last_n(f, 3)"),
    ("first(s, 10)", "first_n(s, 10)"),
    ("max(max(f, 0.0))", "max(greatest(f, 0.0))"),
    ("min(sum(f), 5.0)", "least(sum(f), 5.0)"),
];

/// What is said of the only mistake of a feature, over columns of every type.
fn of(value: &str) -> (String, Vec<Diagnostic>) {
    let text = format!(
        "module m\nentity k (g: string)\n\
         source rows {{ columns (g: string, b: bool, i: int64, f: float64, d: decimal(10, 2), s: string?, \
         t: timestamp, y: date, u: duration) unique all time t }}\n\
         view v of k from rows {{ owner \"o\"\n /// x\n feature x = {value} over 1d }}\nservice r {{ v.* }}\n"
    );
    let (outcome, _) = compile(&text);
    (text, outcome.diagnostics)
}

#[test]
fn what_replaces_a_call_compiles_and_is_what_the_message_says() {
    for (written, meant) in REPLACED {
        let (text, said) = of(written);
        let [only] = &said[..] else {
            panic!("{written}: {said:?}");
        };
        let help = only.help.as_ref().expect("a next step");
        let (at, replacement) = help.edit.as_ref().unwrap_or_else(|| panic!("{written}: {}", help.text));
        assert!(
            help.text.starts_with(&format!("write `{replacement}`")),
            "{written}: {}",
            help.text
        );
        let edited = format!("{}{replacement}{}", &text[..at.start], &text[at.end..]);
        assert!(edited.contains(&format!("= {meant} over")), "{written}: {edited}");
        assert_eq!(of(meant).1, [], "{meant}");
    }
}

/// A condition as it is written elsewhere, and after the edit of its message.
#[rustfmt::skip]
const CONDITIONS: &[(&str, &str)] = &[
    ("b = 1", "b"),
    ("b = 0", "not b"),
    ("b != 1", "not b"),
    ("b = \"true\"", "b"),
    ("t > \"2024-01-01\"", "t > @2024-01-01T00:00:00Z"),
    ("t > \"2024-01-01 10:30\"", "t > @2024-01-01T10:30:00Z"),
    ("t >= \"2024-01-01T00:00:00+02:00\"", "t >= @2024-01-01T00:00:00+02:00"),
    ("y < \"2024-01-01\"", "y < @2024-01-01"),
    ("s = null", "s is null"),
    ("s != null", "s is not null"),
];

#[test]
fn a_comparison_is_replaced_by_what_is_meant() {
    for (written, meant) in CONDITIONS {
        let (text, said) = of(&format!("count(where {written})"));
        let [only] = &said[..] else {
            panic!("{written}: {said:?}");
        };
        let help = only.help.as_ref().expect("a next step");
        let (at, replacement) = help.edit.as_ref().unwrap_or_else(|| panic!("{written}: {}", help.text));
        assert!(
            help.text.contains(&format!("`{replacement}`")),
            "{written}: {}",
            help.text
        );
        let edited = format!("{}{replacement}{}", &text[..at.start], &text[at.end..]);
        assert!(edited.contains(&format!("where {meant})")), "{written}: {edited}");
        assert_eq!(of(&format!("count(where {meant})")).1, [], "{meant}");
    }
}

/// A type as it is written elsewhere, and the next step of its message.
#[rustfmt::skip]
const TYPES: &[(&str, &str)] = &[
    ("numeric(10, 4)", "write `decimal(10, 4)`"),
    ("DECIMAL(18,6)", "write `decimal(18, 6)`"),
    ("NUMBER(9)", "write `decimal(9, 0)`"),
    ("numeric", "write how many digits there are in all and how many of them after the point, for example `decimal(12, 2)`"),
    ("money", "write how many digits there are in all and how many of them after the point, for example `decimal(12, 2)`"),
    ("number", "did you mean `float64`?"),
    ("varchar(20)", "did you mean `string`?"),
    ("category", "did you mean `string`?"),
];

#[test]
fn a_decimal_keeps_its_digits() {
    for (written, help) in TYPES {
        let text = format!("module m\nsource r {{ columns (x: {written}, t: timestamp) unique all time t }}\n");
        let said = compile(&text).0.diagnostics;
        let helps: Vec<_> = said.iter().filter_map(|one| one.help.as_ref()).collect();
        assert_eq!(
            helps.iter().map(|help| &help.text).collect::<Vec<_>>(),
            [help],
            "{written}"
        );
        if let Some((at, replacement)) = &helps[0].edit {
            assert!(help.contains(&format!("`{replacement}`")), "{written}");
            let edited = format!("{}{replacement}{}", &text[..at.start], &text[at.end..]);
            assert_eq!(compile(&edited).0.diagnostics, [], "{edited}");
        }
    }
}

#[test]
fn every_replacement_is_tried() {
    let calls = |name: &str| {
        REPLACED.iter().any(|(written, _)| match name.split_once(':') {
            None => written.contains(&format!("{name}(")),
            Some((name, part)) => written.to_lowercase().contains(&format!("{name}(\"{part}\"")),
        })
    };
    for (names, template) in replacements() {
        assert!(names.split_whitespace().any(calls), "{names}: {template}");
    }
}

#[test]
fn nothing_that_is_here_is_said_to_be_elsewhere() {
    for name in names_elsewhere() {
        let is_here = Function::from_name(name).is_some() || Aggregate::named(name).is_some();
        assert!(!is_here && !matches!(name, "if" | "coalesce"), "{name}");
    }
}

/// Of conditions, defaults and options.
#[rustfmt::skip]
const HELPS: &[(&str, &str)] = &[
    ("time_since_last() > \"1h\"", "write `time_since_last() > 1h`"),
    ("max(t + \"1h\")", "a duration has no quotes: write `1h`"),
    ("max(t + \"soon\")", "write a duration without quotes and as one word, such as `1h`"),
    ("count(where t.dayofweek >= 5)", "write `day_of_week(t)`: 1 is Monday, 7 is Sunday"),
    ("now - last(t)", "a feature is asked for an instant; the time since the last event is `time_since_last()`, since the first `time_since_first()`; a value of an event, such as `last(x)`, is compared with the instant of the question, `at`, in a feature of a service"),
    ("timestamp - last(t)", "it is `at` in a feature of a service; `time_since_last()` measures from it"),
    ("last(s, dropna=True)", "write `last(s ignoring nulls)`"),
    ("last(s, true)", "write `last(s ignoring nulls)`"),
    ("first(s, True)", "write `first(s ignoring nulls)`"),
    ("last(s, false)", "write `last(s)`"),
    ("last_n(s)", "write `last_n(s, 10)`"),
    ("max(months(u))", "a month has no fixed length: write days, `days(a - b)`, divided by `30.4` where months are meant"),
    ("datediff(day, max(t), now())", "the time since the last event is `days(time_since_last())`; in a feature of a service the instant of the \
      question is `at`: `days(at - x)`"),
    ("mean(seconds(t - lag(t)))", "the mean time between events is `seconds(max(t) - min(t)) / nullif(count() - 1, 0)`, of their instants `t`; the value \
      of the event before the last is `last_n(x, 2)[-2]`, without an aggregate around it"),
    ("count(where t > now() - 7d)", "what lies up to 7d before the question is a window behind the aggregate, `over 7d`"),
    ("lag(s, 2)", "write `last_n(s, 3)[-3]`, of the events of its window; an earlier value of a feature is the feature with `offset 1d` after its window"),
    ("sumif(b, f)", "write the condition after the value: `sum(amount where paid)`"),
    ("avgif(f, b)", "write the condition after the value: `mean(amount where paid)`"),
    ("argmax(f)", "write the value, and by what it is chosen: `arg_max(f, y)`"),
    ("rolling_mean(f, 7)", "the window comes after the aggregate: `mean(f) over 7 events` for a number of rows, or `over 7d`"),
    ("tail(f, 3 where b)", "write `last_n(f, 3)`"),
    ("max(f, 0)", "of the values of each event it is `max(greatest(f, 0))`, of all of them `greatest(max(f), 0)`"),
    ("max(s, \"sum(\")", "of the values of each event it is `max(greatest(s, \"sum(\"))`, of all of them `greatest(max(s), \"sum(\")`"),
    ("last(s, na.rm = TRUE)", "write `last(s ignoring nulls)`"),
    ("sum(f, na.rm = TRUE)", "leave it out: `sum(f)`"),
    ("max(f, b)", "of the values of each event it is `max(greatest(f, b))`, of all of them `greatest(max(f), max(b))`, and if `b` is a condition `max(f where b)`"),
    ("sum(f, b)", "write `sum(f)`; only of the events for which a condition is true it is `sum(f where b)`"),
    ("time_since_last(b)", "write `time_since_last()`; only of the events for which a condition is true it is `time_since_last(where b)`"),
    ("rate(f[5m])", "a rate is a count or a sum over the length of its window: `count() / 60` with `over 1h` is how many in a minute, `sum(f) / 60` how much, of some of them `count(where a > 0) / 60`"),
    ("increase(f[5m])", "how much came in a window is `sum(x)` with `over 5m`; of a counter that only grows, `(last(x) - first(x))`"),
    ("avg_over_time(f[5m])", "the window comes after the aggregate: `mean(x) over 5m`, and so `sum`, `min`, `max`, `last`, `count()`, `quantile(x, 0.95)` and `stddev`"),
    ("count() / 5m", "divide by a number: by `300` for a number per second, where the window has 5 minutes"),
    ("max(f * 1s)", "a duration is multiplied by an int64: `cast(x * 1000000.0 as int64) * 1us` if `x` counts seconds"),
    ("lead(s)", "a feature knows nothing of later events; the event before the last is `last_n(s, 2)[-2]`"),
    ("last(s)[2]", "of a text `substring(…, 1, 1)` is the first character"),
    ("last(f)[2]", "lists are what `last_n(x, 5)` and its kin give: `last_n(x, 5)[-2]` is the value before the last"),
    ("last_n(f, 3)[0]", "write `[1]` for the first item, `[-1]` for the last"),
    ("last_n(f, 3)[1.5]", "`[]` is used as `list[int64]`"),
    ("top_k(s)", "write `top_k(s, 10)`"),
    ("mode_n(s, 0)", "write for example `mode_n(x, 10)`"),
    ("rate()", "a rate is a count or a sum over the length of its window: `count() / 60` with `over 1h` is how many in a minute, \
        `sum(x) / 60` how much, of some of them `count(where a > 0) / 60`"),
    ("rate(f)", "a rate is a count or a sum over the length of its window: `count() / 60` with `over 1h` is how many in a minute, \
        `sum(f) / 60` how much, of some of them `count(where a > 0) / 60`"),
    ("quantile(f)", "write `quantile(f, 0.95)`"),
    ("quantile(f, 95)", "write for example `quantile(x, 0.95)`"),
    ("median(u)", "aggregate a number: `median(seconds(…))`, `median(minutes(…))`, `median(hours(…))`, `median(days(…))`"),
    ("weighted_mean(f, i)", "write `weighted_mean(f, cast(i as float64))`"),
    ("sum(f) or 0", "what stands for null is `default 0` after the window of a feature, or `coalesce(sum(f), 0)`"),
    ("sum(\"f\")", "a column has no quotes: `sum(f)`"),
    ("max(sum(f))", "features are not aggregated in this release: aggregate a column, such as `max(amount)`"),
];

#[test]
fn each_has_its_next_step() {
    for (written, wanted) in HELPS {
        let (text, said) = of(written);
        let helps: Vec<_> = said.iter().filter_map(|one| one.help.as_ref()).collect();
        let texts: Vec<&str> = helps.iter().map(|help| help.text.as_str()).collect();
        assert_eq!(texts, [*wanted], "{written}");
        if let Some((at, replacement)) = &helps[0].edit {
            let edited = format!("{}{replacement}{}", &text[..at.start], &text[at.end..]);
            assert_eq!(compile(&edited).0.diagnostics, [], "{edited}");
        }
    }
}

#[test]
fn what_is_said_of_rates_compiles() {
    for rate in [
        "count() / 60",
        "sum(f) / 60",
        "sum(i) / 60",
        "sum(d) / 60",
        "count(where f > 0) / 60",
        "seconds(max(t) - min(t)) / nullif(count() - 1, 0)",
    ] {
        assert_eq!(of(rate).1, [], "{rate}");
    }
}

/// Functions of SQL, pandas, Polars, Spark, Feast and dbt that mean nothing that a name here is near to.
#[rustfmt::skip]
const FOREIGN: &str = "acos acosh age any_value approx_quantile asin atan cbrt ceil_div chr clip cos cosh cot \
    crc32 cube cummax cumsum dateadd dayname days360 dcount decode degrees delta diff entropy epoch erf exp10 exp2 expm1 \
    factorial fmax fmin gamma gcd gmean nth_last grouping head histogram hll hmean hypot ilike iqr isqrt kurt lag \
    lcm lead lg lgamma list_sum log1p ltrim mad md5 microsecond mid monthname months_between nanmean \
    next_day ntile nvl2 octet_length overlay pct_change pi position product quarter radians rand range rank rate \
    regexp_replace repeat reverse rint rolling rpad rsqrt rtrim sem sha1 shift sign sin sinh skew soundex sqr \
    square stem sum_distinct tail tan tanh total_seconds trunc truncate_date unhex union uuid value_counts week weekofyear \
    width_bucket xor zscore";

#[test]
fn no_function_of_another_meaning_is_offered() {
    for name in FOREIGN.split_whitespace() {
        for argument in ["f", "t", "s", "u"] {
            let (_, said) = of(&format!("max({name}({argument}))"));
            for one in said {
                let help = one.help.map_or_else(String::new, |help| help.text);
                assert!(!help.starts_with("did you mean"), "{name}: {help}");
            }
        }
    }
}
