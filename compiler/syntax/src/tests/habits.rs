//! Habits of other languages: one message each, and its next step.

use crate::diag::{Diagnostic, SourceMap};

/// A statement of a view, and the help of its only message.
const STATEMENTS: &[(&str, &str)] = &[
    ("feature b = count(where a > 1 AND b > 2) over 7d", "write `and`"),
    ("feature b = count(where NOT a > 1) over 7d", "write `not`"),
    ("feature b = count(where a IS NULL) over 7d", "write `is`"),
    ("feature b = count(where a is NULL) over 7d", "write `null`"),
    ("feature b = sum(CASE WHEN a > 1 THEN 1 END) over 7d", "write `case`"),
    (
        "feature b = sum(case when a > 1 then 1 ELSE 0 end) over 7d",
        "write `else`",
    ),
    ("feature b = CAST(a as float64)", "write `cast`"),
    ("feature b = count(*) over 7d", "write `count()`"),
    ("feature b = count(distinct x) over 7d", "write `count_distinct(x)`"),
    ("feature b = sum(a) where b > 1 over 7d", "write `sum(a where b > 1)`"),
    (
        "feature b = sum(a) over 7d where b > 1",
        "write `sum(a where b > 1) over 7d`",
    ),
    (
        "feature b = count() filter (where b > 1) over 7d",
        "write `count(where b > 1)`",
    ),
    (
        "feature b = last(x) ignoring nulls over 7d",
        "write `last(x ignoring nulls)`",
    ),
    ("feature b = sum(x::float64) over 7d", "write `cast(x as float64)`"),
    (
        "feature b = sum(abs(x)::decimal(12, 2)) over 7d",
        "write `cast(abs(x) as decimal(12, 2))`",
    ),
    ("feature b = count() over 7d -- a comment", "write `//`"),
    ("-- a comment\nfeature b = count() over 7d", "write `//`"),
    (
        "feature b = count(where x like \"a%\") over 7d",
        "write `starts_with(x, \"a\")`",
    ),
    (
        "feature b = count(where x not like \"%a%\") over 7d",
        "write `not contains(x, \"a\")`",
    ),
    (
        "feature b = count(where x like \"a_b\") over 7d",
        "write `like(x, \"a_b\")`",
    ),
    (
        "feature b = count(where x between 1 and 2) over 7d",
        "write `x >= 1 and x <= 2`",
    ),
    (
        "feature b = count(where x between -1 and 2) over 7d",
        "write `x >= -1 and x <= 2`",
    ),
    ("feature b = sum(a) over interval '1' day", "write `1d`"),
    ("feature b = sum(a) over interval '2 hours'", "write `2h`"),
    ("feature b = sum(a) over interval 1 day", "write `1d`"),
    ("feature b = sum(a) over 1D", "write `1d`"),
    (
        "feature b = sum(a) over 1M",
        "minutes are `1m`; months vary in length: write days, such as `30d`; a window of the month before this month is `over last 1 month`",
    ),
    (
        "feature b = count() excluding self over 1h",
        "write `count() over 1h excluding self`",
    ),
    ("feature b = count(where a ≠ 1) over 1h", "write `!=`"),
    ("feature b = count(where a ≤ 1) over 1h", "write `<=`"),
    (
        "feature b = (sum(a) over 1h) / (sum(a) over 1d)",
        "make one feature per window, and one that combines them: `feature b_1h = sum(a) over 1h`, `feature b_1d = sum(a) over 1d`, `feature b = b_1h / b_1d`",
    ),
    (
        "feature b = sum(a) over 1h / sum(a) over 1d",
        "make one feature per window, and one that combines them: `feature b_1h = sum(a) over 1h`, `feature b_1d = sum(a) over 1d`, `feature b = b_1h / b_1d`",
    ),
    (
        "group by card",
        "the head of a view groups: `view spend of card from txn by (card)`",
    ),
    (
        "owner \"me\"\ngroup by card",
        "the head of a view groups: `view spend of card from txn by (card)`",
    ),
    ("feature b = sum(x || \"a\") over 1h", "write `concat(x, \"a\")`"),
    (
        "feature b = sum(x || y || z) over 1h",
        "write `concat(x, y)` to join strings, `or` between conditions",
    ),
    ("feature b = count(where x > 1 || y > 1) over 1h", "write `or`"),
    (
        "feature b = true if country != \"NL\" else false",
        "write `case when country != \"NL\" then true else false end`",
    ),
    (
        "feature b = sum(1 if f(x, y) > 1 else g(0)) over 1h",
        "write `case when f(x, y) > 1 then 1 else g(0) end`",
    ),
    (
        "feature b = if country = \"NL\" then 1 else 0",
        "write `case when country = \"NL\" then 1 else 0 end`",
    ),
    (
        "feature b = sum(if (a > 1) then a else 0 end) over 1h",
        "write `case when (a > 1) then a else 0 end`",
    ),
    ("feature b = if a then 1", "write `case when a then 1 end`"),
    (
        "feature b = if (a > 1) { sum(x) } else { 0 } over 7d",
        "write `case when (a > 1) then sum(x) else 0 end`",
    ),
    (
        "feature b = sum(if a > 1 { a }) over 1h",
        "write `case when a > 1 then a end`",
    ),
    (
        "feature b = max(a > 1 ? x + 1 : 0) over 1h",
        "write `case when a > 1 then x + 1 else 0 end`",
    ),
    (
        "feature b = count(where x in [\"NL\", \"DE\"]) over 1h",
        "write `in (\"NL\", \"DE\")`",
    ),
    ("feature b = count(where x not null) over 1h", "write `is not null`"),
    (
        "feature b = select sum(a) over 1h",
        "write the aggregate and its window, such as `feature b = sum(amount) over 7d`; of whom and `from` which rows is said in the head of the view, and a condition stands in the parentheses, such as `sum(amount where amount > 0)`",
    ),
    (
        "feature b = (select avg(a) from t)",
        "write the aggregate and its window, such as `feature b = sum(amount) over 7d`; of whom and `from` which rows is said in the head of the view, and a condition stands in the parentheses, such as `sum(amount where amount > 0)`",
    ),
    (
        "feature b = coalesce((select avg(a) from t), 0)",
        "a feature is an aggregate and its window, such as `feature total = sum(amount) over 7d`; of whom and `from` which rows is said in the head of the view",
    ),
    (
        "sum(amount) over 1d as total",
        "write `feature total = sum(amount) over 1d`",
    ),
    (
        "owner \"me\"\nsum(amount) as total over 1d",
        "write `feature total = sum(amount) over 1d`",
    ),
    (
        "feature sum(amount) over 1d as total",
        "write `feature total = sum(amount) over 1d`",
    ),
    (
        "owner \"me\"\nsum(amount) over 1d",
        "name it and give it a window: `feature total = sum(…) over 7d`",
    ),
    ("feature b = sum(a) over 1d, 7d", "write `over [1d, 7d]`"),
    ("feature b = sum(a) over 1d, 7d, 30d", "write `over [1d, 7d, 30d]`"),
    ("feature b = sum(a) over '7 days'", "write `7d`"),
    ("feature b = sum(a) over \"7 days\"", "write `7d`"),
    ("feature b = sum(a) over \"7d\"", "write `7d`"),
    ("ttl '2h'", "write `2h`"),
    (
        "feature b = sum(a) over 7d..14d",
        "of the week before the last one write `over 7d offset 7d`",
    ),
    (
        "feature b = sum(a) over session(30m)",
        "use a duration such as `over 30m`; `time_since_last()` is the time since the last event",
    ),
    ("feature b = sum(a) over 10 rows", "write `over 10 events`"),
    (
        "feature b = sum(a) over month",
        "write `over this month` for what began on its first day, or `over 30d`",
    ),
    (
        "feature b = count(where x > @now) over 1d",
        "windows end at it, and `time_since_last()` measures from it",
    ),
];

/// The same, as somebody new to the language writes it.
#[rustfmt::skip]
const STATEMENTS_OF_BEGINNERS: &[(&str, &str)] = &[
    ("feature b = sum(a) over 1d / count() over 1d", "write `feature b = sum(a) / count() over 1d`"),
    ("feature b = sum(a, over=7d)", "write `sum(a) over 7d`"),
    ("feature b = count(over=7d)", "write `count() over 7d`"),
    ("feature b = sum(a over 7d)", "write `sum(a) over 7d`"),
    ("feature b = sum(a, over=\"7d\")", "write `sum(a) over 7d`"),
    ("feature b = sum(a).over(7d)", "write `sum(a) over 7d`"),
    ("feature b = sum(a) over 9d default 0 excluding self", "write `excluding self default 0`"),
    ("feature b = last(a) ignore nulls over 7d", "write `last(a ignoring nulls)`"),
    ("feature b = sum(a) over 10 payments", "write `10 events`"),
    ("feature b = sum(a) over 90d max 10 events", "write `10 events max 90d`"),
    ("feature b = sum(a) over range between 7d preceding and current row", "write `7d`"),
    ("feature b = count() over 7d as of at", "remove it"),
    ("feature b = count() as of at over 7d", "remove it"),
    ("feature b = sum(a) over 7d lag 1d", "write `offset 1d`, for a window that ends so long before the question"),
    ("feature b = sum(a) over 7d to 1d", "of the 7d that end 1d before the question write `over 7d offset 1d`"),
    ("feature b = sum(a) over all time", "write `lifetime`"),
    ("feature b = sum(a) over unbounded default 0", "write `lifetime`"),
    ("feature b = sum(a) over (partition by card order by at rows between 10 preceding and current row)",
        "write a duration such as `over 7d`, a number such as `over 10 events`, or `over lifetime`"),
    ("feature total-spend = sum(a) over 1d", "write `total_spend`"),
    ("feature total-spend-7d = sum(a) over 7d", "write `total_spend_7d`"),
    ("feature b = count(where a is not \"NL\") over 1d", "write `!= \"NL\"`, which is null where the value is"),
    ("feature b = count(where a is 5) over 1d", "write `= 5`"),
    ("feature b = count(where a is nan) over 1d", "a NaN of the file is null, unless the source says `keep nan`: write `a is null`"),
    ("feature b = sum(a where a > 1,000) over 1d", "write `1000`"),
    ("feature b = sum(a where a > 1,000,000.5) over 1d", "write `1000000.5`"),
    ("feature b = count(where a > 0.5f) over 1d", "write `0.5`"),
    ("feature b = count(where a > 5L) over 1d", "write `5`"),
    ("feature b = count(where extract(hour from at) < 6) over 1d", "write `hour(at)`"),
    ("feature b = count(where extract(DAY from at) < 6) over 1d", "write `day_of_month(at)`"),
    ("feature b = count(where a.str.contains(\"N\")) over 1d", "write `contains(a, \"N\")`, of a text and not of a pattern"),
    ("feature b = count(where a like \"N_\") over 1d", "write `starts_with(a, \"N\") and length(a) = 2`"),
    ("feature b = count(where a like \"NL\") over 1d", "write `a = \"NL\"`"),
    ("feature b = count(where a like \"%\") over 1d", "write `a is not null`"),
    ("feature b = count(where a ilike \"N%\") over 1d", "write `starts_with(lower(a), \"n\")`"),
    ("ttl = timedelta(days=1)",
        "how old events may be is the window of each feature, such as `over 1d`; a bound on the delay is written `ttl 2h`"),
    ("where amount > 0",
        "`where` belongs into a transform: write `transform kept from s { where amount > 0 }` before the view, and `from kept` in its head"),
    ("let half = amount / 2",
        "`let` belongs into a transform: write `transform kept from s { let half = amount / 2 }` before the view, and `from kept` in its head"),
];

/// What is written of windows, conditions and defaults.
#[rustfmt::skip]
const STATEMENTS_IN_OTHER_WORDS: &[(&str, &str)] = &[
    ("feature b = count() over 1d including now", "remove it"),
    ("feature b = count() over 1d except self", "write `excluding self`"),
    ("feature b = count() over 1d until now", "remove it, or write `excluding now` to leave out events of that very instant"),
    ("feature b = sum(a) over 1d offset 1d ago", "remove it"),
    ("feature b = sum(a if x = \"NL\") over 1d", "write `sum(a where x = \"NL\")`"),
    ("feature b = sum(a when ok) over 1d", "write `sum(a where ok)`"),
    ("feature b = sum(a unless ok or x) over 1d", "write `sum(a where not (ok or x))`"),
    ("feature b = sum(a where ok where x or y) over 1d", "write `sum(a where ok and (x or y))`"),
    ("feature b = sum(a where ok, x) over 1d", "write `sum(a where ok and x)`"),
    ("feature b = count(a distinct) over 1d", "write `count_distinct(a)`"),
    ("feature b = sum(*) over 1d", "`sum` takes a value, for example `sum(amount)`; `count()` counts events"),
    ("feature b = count(where a + b between 1 and 2) over 7d", "write `a + b >= 1 and a + b <= 2`"),
    ("feature b = count(where not a.b between 1 and 2) over 7d", "write `(a.b >= 1 and a.b <= 2)`"),
    ("feature b = count(where a + b like \"N%\") over 7d", "write `starts_with(a + b, \"N\")`"),
    ("feature b = sum(a) for 1d", "write `over 1d`"),
    ("feature b = sum(a) in last 1d", "write `over 1d`"),
    ("feature b = sum(a) within 1d", "write `over 1d`"),
    ("feature b = sum(a) window 1d", "write `over 1d`"),
    ("feature b = sum(a) over1d", "write `over 1d`"),
    ("feature b = sum(a) over past 7d", "write `over 7d`"),
    ("feature b = sum(a) over [1d 7d]", "write `[1d, 7d]`"),
    ("feature b = max(a) over next 7d", "a window ends at the question, at the latest; a label is a column of the file, or of the spine"),
    ("feature b = max(a) over -7d", "the time before the question is `over 7d`; a label is a column of the file, or of the spine"),
    ("feature b = max(a) over 1 month", "whole months before this one are `over last 3 months`, days `over 30d`"),
    ("feature b = max(a) over last month", "write `last 1 month`"),
    ("feature b = max(a) over previous week in \"UTC\"", "write `last 1 week`"),
    ("feature b = max(a) over [7d, last day]",
        "write `last 1 day` for the whole one before this one, or `1d` for the day up to the question"),
    ("feature b = max(a) over past month",
        "write `last 1 month` for the whole one before this one, or `30d` for the time up to the question"),
    ("feature b = max(a) over 7d every day", "write `1d`"),
    ("feature b = count(where hour(at at time zone \"UTC\") < 6) over 7d", "write `in \"UTC\"`"),
    ("feature b = last(at at time zone \"UTC\") over 7d", "parts of it are read on the clocks of a zone: `hour(at in \"UTC\")`, `date(at in \"UTC\")`"),
    ("feature b = max(a) over yesterday", "write for example `over this week`, `over last 1 day` or `over 7d`"),
    ("feature b = max(a) over 10", "write the unit after the number: `10d`, `10h`, `10m`, `10s`, or `10 events`"),
    ("feature b = sum(a).fillna(0) over 1d excluding self", "remove it, and write `default 0` at the end of the feature, after its window; of one value in an expression it is `coalesce(x, 0)`"),
    ("feature b = sum(a).fillna(value=0) over 1d", "remove it, and write `default 0` at the end of the feature, after its window"),
    ("feature b = sum(a).fillna(method=\"ffill\") over 1d", "nothing is filled in from other rows: `last(x)` is the last value that is there, `default 0` stands for null"),
    ("feature b = last_n(a where ok, 3) over 1d", "write it last: `last_n(x, 3 where a)`, `arg_max(x, y where a)`"),
    ("feature b float64 = sum(a) over 1d", "remove it, or say it in the expression: `cast(… as float64)`"),
    ("feature b = sum(a) ?? 0 over 1d", "remove it, and write `default 0` at the end of the feature, after its window"),
    ("feature b = sum(a) over 1d fillna 0", "write `default 0`"),
    ("feature b = t.groupby(\"k\").a.rolling(\"90D\").mean()", "write `mean(a) over 90d`"),
    ("feature b = a.rolling(\"90D\").skew()", "write `skewness(a) over 90d`"),
    ("feature b = t.groupby(\"k\").a.nlargest(3)", "write `top_k(a, 3) over 7d`"),
    ("feature b = a.rolling(\"90D\").quantile(0.9)", "write `quantile(a, 0.9) over 90d`"),
    ("feature b = t.groupby(\"k\").a.sum().nlargest(3)", "write `sum(a) over 7d`"),
    ("feature b = t.groupby(\"k\").agg(x=(\"mode\", \"sum\"))", "write `sum(mode) over 7d`"),
    ("feature b = a.rolling(\"90D\").quantile()", "write for example `mean(amount) over 7d`"),
    ("feature b = a.rolling(\"90D\").cov(other)", "write for example `mean(amount) over 7d`"),
    ("feature b = t.groupby(\"k\")[\"a\"].cumsum()", "write for example `mean(amount) over 7d`"),
    ("feature b = sum(a) over 3mo",
        "months and years vary in length: write days, such as `90d`; a window of the 3 whole months before this month is `over last 3 months`"),
    ("feature b = sum(a::varchar(20)) over 7d", "write `cast(a as string)`"),
    ("schema = [x]", "a view has no schema: each feature says how it is computed, such as `feature mean_90d = mean(amount) over 90d`"),
    ("online = True", "remove it: each feature can be asked online and for training sets"),
    ("online = sum(a) over 7d", "write `feature online = …`"),
    ("source = s", "it stands in the head: `view spend of card from txn { … }`"),
    ("Field(name = \"a\")", "a view has no schema: each feature says how it is computed, such as `feature mean_90d = mean(amount) over 90d`"),
    ("feature b = sum(a) over 1d default none", "remove it"),
    ("feature b = last_n(a, 3) over 1d default []", "remove it"),
    ("feature b = sum(a) over 1d default n",
        "write for example `default 0`; in a feature of its own it may be another feature: `coalesce(total, other)`"),
    ("feature b: float64 = sum(a) over 1d", "remove it, or say it in the expression: `cast(… as float64)`"),
    ("feature b: sum(a) over 1d", "write `feature b =`"),
    ("feature b sum(a) over 1d", "write `feature b = sum(a)`"),
    ("feature my total = sum(a) over 1d", "write `my_total`"),
    ("owner payments team", "write `owner \"payments team\"`"),
    ("tags [\"fraud\", \"b\"]", "write `[fraud, b]`"),
    ("feature b = last_n(a, 3)[0, 1] over 1d",
        "write `last_n(a, 3)[2]` for the second item of a list, `last_n(a, 3)[-1]` for the last; a part of a text is \
         `substring(last_n(a, 3), 1, 2)`, from its first letter on two"),
    ("feature b = last_n(a, 3)[] over 1d",
        "write `last_n(a, 3)[2]` for the second item of a list, `last_n(a, 3)[-1]` for the last; a part of a text is \
         `substring(last_n(a, 3), 1, 2)`, from its first letter on two"),
    ("feature b = count(where \"N\" in a) over 1d", "write `contains(a, \"N\")`"),
    ("feature b = count(where a in \"NL\") over 1d", "write `in (\"NL\")`"),
    ("feature b = count(where hour(a) between 22 and 6) over 1d",
        "write `(hour(a) >= 22 or hour(a) <= 6)` if it goes on past the end, as the hours of a night do; `hour(a) >= 6 and \
         hour(a) <= 22` if the two are exchanged"),
    ("feature b = sum(a) over 1d per country",
        "declare an entity that has `country` among its keys, and a view of it; or choose one `country` by `where` in the aggregate"),
    ("feature b = sum(a) over [1h, {week}] every 1h in \"Europe/Berlin\"",
        "write `[1h every 1h in \"Europe/Berlin\", {week} every 1h in \"Europe/Berlin\"]`"),
    ("feature b = sum(a) over [7d, lifetime] offset 1d default 0", "write `[7d offset 1d, lifetime offset 1d]`"),
    ("feature b = sum(a) over [this day, last 3 months] in \"Europe/Berlin\"",
        "write `[this day in \"Europe/Berlin\", last 3 months in \"Europe/Berlin\"]`"),
    ("feature b = sum(a) over [1d, lifetime] every 1h",
        "remove it here, and write `every 1h` in the list, behind each window that it is meant for"),
    ("feature b = max(a.dt.floor(\"15min\")) over 1d", "write `truncate(a, 15m)`"),
    ("feature b = max(a.round(\"H\")) over 1d", "write `truncate(a, 1h)`, which goes back to the last full 1h"),
    ("feature b = max(a.dt.normalize()) over 1d",
        "write `truncate(a, 1d)`, days of UTC; those of a zone are `date(a in \"Europe/Berlin\")`"),
    ("feature b = max(a.dt.floor(\"MS\")) over 1d", "write `truncate(at, 15m)`: the instant, then a duration"),
    ("feature b = max(a + x ** 2) over 1d", "write `(x * x)`"),
    ("feature b = max(a + x ^ 2) over 1d", "write `(x * x)`, if a square is meant"),
    ("feature b = max(a + x ** 0.5) over 1d", "write `pow(cast(x as float64), 0.5)`, or without the cast where the value is a float64"),
    ("feature b = max(a + x ^ y) over 1d", "write `pow(cast(x as float64), y)`, or without the cast where the value is a float64"),
    ("feature b = count() over 30d per day",
        "a number per day is a quotient, as `count() / 30 over 30d` is a number per day; for a value of each day, declare an entity that has \
         it among its keys, and a view of it"),
    ("feature b = count(where a in stores) over 30d",
        "the values of a list stand in parentheses, `in (\"a\", \"b\")`, a zone in quotes, `in \"Europe/Amsterdam\"`; whether a table has a key \
         is `lookup planes(tail).seats is not null`, of a column that is never null"),
    ("feature b = count() over last 4 mondays",
        "write how long the window is, and which of its days count as a condition in the aggregate, such as \
         `count(where day_of_week(at) = 1) over 28d` for four Mondays"),
    ("feature b = count() over quarter to date", "write `this quarter`"),
    ("feature b = count() over ytd", "write `this year`"),
    ("feature b = count() over last 5 business days",
        "write `over 7d` for the last seven of them; which events count is a condition in the aggregate, such as \
         `count(where day_of_week(at) <= 5)` for Monday to Friday"),
    ("feature b = count() over {long}d", "write the unit where the parameter is declared, such as `param long = 7d`"),
    ("feature b = mean(count() over 1d) over 30d", "divide by how many 1d there are in 30d, as there are 7 of `1d` in `7d`: `count() / … over 30d`"),
    ("feature b = mean(sum(x) over 1d) over 7d", "divide by how many 1d there are in 7d, as there are 7 of `1d` in `7d`: `sum(x) / … over 7d`"),
    ("feature b = max($a) over 1d", "write `a`"),
    ("feature b = count(where a ~ \"N.*\") over 1d", "write `regexp_matches(a, \"N.*\")`"),
    ("feature b = count(where a rlike \"N.*\") over 1d", "write `regexp_matches(a, \"N.*\")`"),
    ("feature b = count(where a not ilike \"N_x%\") over 1d", "write `not like(lower(a), \"n_x%\")`"),
];

/// Heads, steps, clauses and entries in words of other languages.
#[rustfmt::skip]
const HEADS: &[(&str, &str)] = &[
    ("entity card\nsource s { columns (card: string) }", "write `entity card (card: string)`"),
    ("entity card\nsource s { columns (card_id: decimal(9, 0)?) }", "write `entity card (card_id: decimal(9, 0))`"),
    ("entity card\n", "write the columns that identify it as the source declares them, such as `entity card (card_id: string)`"),
    ("entity card: string\n", "write `entity card (card: string)`"),
    ("entity card { key card: string }\n", "write `entity card (card: string)`"),
    ("entity card (card)\nsource s { columns (card: string) }", "write `card: string`"),
    ("entity card (card)\n", "write the type of the column that holds it, such as `card: string`"),
    ("entity card (card: string)\nview v from s { feature a = b }", "write `view v of card from`"),
    ("view v for card from s { feature a = b }", "write `of card`"),
    ("view v of card on s { feature a = b }", "write `from s`"),
    ("view v of card from s, t { feature a = b }",
        "look up what `t` knows of a key, `lookup t(key).column` of a `table`; if both have the same columns, name their files in one source, `batch csv \"a.csv\", \"b.csv\"`; else make a view of each"),
    ("view v of card from s by card as card { feature a = b }", "write `(card)`"),
    ("transform t of card from s { }", "remove it"),
    ("transform t from s { filter ok }", "`where` keeps rows: `where ok`"),
    ("transform t from s { rename a as b }", "`let` gives a column a second name: `let other = amount`"),
    ("transform t from s { limit 100 }", "remove it: a feature says how many events it looks at, such as `over 100 events`"),
    ("transform t from s { let x: float64 = a }", "remove it, or say it in the expression: `cast(… as float64)`"),
    ("transform t from s { let x a * 2 }", "write `let x = a * 2`"),
    ("transform t from s { where a, b }", "write `where a and b`"),
    ("transform t from s { let x = case when a then 1 elif b then 2 else 0 end }", "write `when`"),
    ("transform t from s { let x = a[:2] }", "write `substring(a, 1, 2)`"),
    ("transform t from s { let x = a[0:2] }", "write `substring(a, 1, 2)`"),
    ("transform t from s { let x = a[1:3] }",
        "write `a[2]` for the second item of a list, `a[-1]` for the last; a part of a text is `substring(a, 1, 2)`, from its first \
         letter on two"),
    ("transform t from s { let x = f\"{a}-x\" }", "write `concat(a, \"-x\")`"),
    ("service r { view spend }", "write `spend.*`, which are all of them"),
    ("service r { feature spend.total }", "remove it"),
    ("service r { features spend.total }", "remove it"),
    ("service r {\n  view spend\n}", "write `spend.*`, which are all of them"),
    ("service r {\n  entity card\n  spend.*\n}", "remove it"),
    ("service r { * }", "write an entry for each view, such as `spend.*`"),
    ("source s { columns (a: enum(\"NL\", \"DE\")) }", "write `string`"),
    ("source s { time a \"%Y\" }",
        "remove it here, and declare `a: timestamp as \"%Y\"`"),
    ("source s { time a as epoch_millis }", "remove it here, and declare `a: timestamp as epoch_millis`"),
    ("source s { arrival a as \"%Y\" in \"UTC\" }", "remove it here, and declare `a: timestamp as \"%Y\"`"),
    ("source s { batch csv [\"a\", \"b\"] }", "write `\"a\", \"b\"`"),
    ("source s { batch csv \"a\" delimiter \";\" }",
        "remove it: CSV has a header line, commas, double quotes and UTF-8; with tabs it is `tsv`; other files have to be written anew"),
    ("source s { batch csv \"a\" batch csv \"b\", \"c\" }", "name all files in one: `batch csv \"a\", \"b\", \"c\"`"),
];

/// A clause of a source, likewise.
#[rustfmt::skip]
const SOURCES_OF_BEGINNERS: &[(&str, &str)] = &[
    ("source s { columns (a: string NOT NULL) }", "write `string`"),
    ("source s { columns (a: Optional[string]) }", "write `string?`"),
    ("source s { columns (a: nullable string) }", "write `string?`"),
    ("source s { columns (a: string nullable) }", "write `string?`"),
    ("source s { columns (a: datetime64[ns]) }", "write `timestamp`"),
    ("source s { columns (id int64, a decimal(12, 2)?, b: string) }", "write `id: int64`, and so each of them"),
    ("source s { columns (a: int64, home-country: string?) }",
        "choose another name, and write after its type what the file calls the column: `home_country: … from \"home-country\"`"),
    ("source s { primary key id }", "`unique` says which columns identify an event: `unique id`"),
    ("source s { timestamp_field = at }", "`time` says which column is the event time: `time at`"),
    ("source s { created_timestamp known_at }", "`arrival` says when a row was known: `arrival known_at`"),
    ("source s { batch \"payments.csv\" }", "write `batch csv \"payments.csv\"`"),
    ("source s { stream \"live.jsonl.gz\" }", "write `stream jsonl \"live.jsonl.gz\"`"),
    ("source s { path \"a.parquet\" }", "write `batch parquet \"a.parquet\"`"),
    ("view v of e from s by card { feature a = b }", "write `by (card)`"),
    ("view v of e from s by card, shop { feature a = b }", "write `by (card, shop)`"),
    ("view my-view of e from s { feature a = b }", "write `my_view`"),
];

const SERVICE: &str = "write it after each entry that has one: `spend.* fallback gate`";
const SIGNS: &str = "write `//`";
const CHOSEN: &str =
    "write `excluding self` to leave out the event that is asked about; a number of the last events cannot be left out";
const EARLIER: &str = "write lengths of time: `over 30d offset 1d` are the 30 days before the last one";
const MONDAY: &str =
    "weeks from Monday on are `truncate(t - 4d, 7d) + 4d`, those from Thursday on `truncate(t, 7d)`, in UTC";
const WHOLE_VIEW: &str = "write it on a line of its own, before the features, if it is meant for all of them; else remove it, or \
    move the feature into a view of its own";

/// What newcomers with the documentation at hand write.
#[rustfmt::skip]
const NEWCOMERS: &[(&str, &str)] = &[
    ("view v of e from s { feature b = sum(a * 2 -- a\n) over 1d }", SIGNS),
    ("transform t from s { where a > 0 -- refunds\n let b = a }", SIGNS),
    ("transform t from s { let b = a --\n let c = a }", SIGNS),
    ("transform t from s {\n where a is not null\n feature n = count() over 1d\n}", "`feature` belongs into a view"),
    ("transform t from s {\n where a is not null\n order by a\n}", "remove it: events are always in the order of their time"),
    ("view v of e from s { feature b = count(where a is not null over 1d }", "write `)`"),
    ("view v of e from s { feature b = count(a not null) over 1d }", "remove it"),
    ("view v of e from s { feature b = last(a) over 1d ttl 1h }", WHOLE_VIEW),
    ("view v of e from s {\n feature b = last(a) over 1d tags [pii]\n feature c = last(a) over 2d\n}", WHOLE_VIEW),
    ("transform t from s { let b = truncate(a, 1w) }", MONDAY),
    ("transform t from s { let b = truncate(a, 2 weeks) }", MONDAY),
    ("view v of e from s { feature b = count(where a > 1,50) over 1d }",
        "write `1.50` if this is one number; a list has a blank after each comma"),
    ("transform t from s { where a between 10 and 1,000 }", "write `1000`"),
    ("view v of e from s { feature b = sum(a) over 7d excluding last 1 events }", CHOSEN),
    ("view v of e from s { feature b = sum(a) over 7d excluding last 1 }", EARLIER),
    ("view v of e from s { feature b = sum(a) over 10 events offset 1 }",
        "remove it, or write a length of time for both: `over 7d offset 1d`"),
    ("view v of e from s { feature b = sum(a) over last 3months }", "write `3 months`"),
    ("view v of e from s { feature b = sum(a) over 10events }", "write `10 events`"),
    ("entity e (k: string)\nview v of e from s { feature b = sum(a) over 7d by k }", "remove it"),
    ("view v of e from s { ttl 0 feature b = last(a) over 1d }",
        "leave out what has no length, such as a `ttl` or an `offset` of none; where it may be 0, write `0s`"),
    ("view v of e from s { feature b = last_n(a, 3)[0:2] over 1d }",
        "write the number of items into the call, such as `last_n(x, 2)`; `[1]` after it is one of them"),
    ("transform t from s { let b = a.cast(float64) }", "write `cast(a as float64)`"),
    ("transform t from s { let b = a.cast(\"double\") }", "write `cast(a as float64)`"),
    ("transform t from s { let b = (a * 2).alias(\"d\") }", "write `(a * 2)`"),
    ("transform t from s { let b = a.getItem(0) }", "write `a[1]`"),
    ("transform t from s { let b = a.startswith(\"x\") }", "write `starts_with(a, \"x\")`"),
    (
        "transform t from s { let b = a.tanh() }",
        "no function is called `tanh` here: `featc explain E0111` lists those that there are",
    ),
    ("transform t from s { let b = F.col(\"price\") * 2 }", "write `price`"),
    ("transform t from s { let b = np.log(a) }", "write `ln(a)`"),
    ("transform t from s { let b = when(a > 10, 1).otherwise(0) }", "write `if(a > 10, 1, 0)`"),
    ("transform t from s { let b = a / mean(a) over 7d }", "write it in a view: `feature usual = mean(a) over 7d`"),
    ("transform t from s { let b = a in \"Europe/Paris\" }",
        "parts of it are read on the clocks of a zone: `hour(a in \"Europe/Paris\")`, `date(a in \"Europe/Paris\")`"),
    ("transform t from s where a is not null at b within 14d { let c = a }",
        "write `transform t from s at b within 14d {`, and `where a is not null` between its braces"),
    ("service s { v.{a; b} }", "write `,`"),
    ("service s { v.b fallback gate as c }", "write it before `fallback`: `spend.total as c fallback gate`"),
    ("service s {\n v.* gate\n}", "write `fallback gate` or `fallback impute`"),
    ("service s {\n fallback gate\n v.b\n}", SERVICE),
    ("service s {\n c = v.b\n}", "write `v.b as c`"),
    ("service s {\n c = v.b / 7\n}", "write `feature c = …`"),
    ("service s {\n v.b c\n}", "write `as c` if it is another name of the feature before it"),
    ("service s {\n v.b as \"c\"\n}", "write it as a name, such as `spend.total as total_30d`"),
    ("service s {\n request basket\n}", "remove it, and write for example `feature total = basket.total`"),
    ("service s {\n use amounts for (a)\n}",
        "move it between the braces of a view; an entry here names the features that it makes there"),
    ("test \"a\" for v { given s\n | a |\n | 1 |\n expect at @2026-03-01T13:00:00Z { b = 2 and c = 0.5 } }", "write `,`"),
    ("test \"a\" for v { given s\n | a |\n | 1 |\n expect at @2026-03-01T13:00:00Z { b = 2\n c = 0.5 } }", "write `,`"),
    ("test \"a\" for v { given s\n | a |\n | 1 |\n let t = @2026-03-01T13:00:00Z\n expect at @2026-03-01T13:00:00Z { b = 2 } }",
        "write the value itself where it is needed, in a row or after `expect`"),
];

/// A clause of a source or an entry of a service, likewise.
const OTHERS: &[(&str, &str)] = &[
    ("source s { unique id, card time at }", "write `unique (id, card)`"),
    (
        "source s { columns (a: int64, over: int64) }",
        "choose another name, and write after its type what the file calls the column: `over_: … from \"over\"`",
    ),
    (
        "source s { columns (end: int64) }",
        "choose another name, and write after its type what the file calls the column: `end_: … from \"end\"`",
    ),
    (
        "source s { columns (excluding: int64?) }",
        "choose another name, and write after its type what the file calls the column: `excluding_: … from \"excluding\"`",
    ),
    ("service s { spend.a,\n spend.b }", "remove it"),
    (
        "view spend of e from s { feature a = b + c }\nservice s { spend }",
        "write `spend.*`",
    ),
    (
        "view spend of e from s { feature a = b + c }\nservice s { spend.{a, b}\n spend }",
        "write `spend.*`",
    ),
    (
        "view spend of e from s { feature total = b + c }\nservice s { total }",
        "write `spend.total`",
    ),
    (
        "view u of e from s { feature total = b }\nview v of e from s { feature total = b }\nservice s { total }",
        "write which view is meant: `u.total` or `v.total`",
    ),
    (
        "service s { total }",
        "write the view before the feature, `view.total`, or the features after a view: `total.*`",
    ),
    (
        "service s { here.* as dep by (origin) }",
        "declare `role dep = here by (origin)`, and list its features: `dep.*`",
    ),
    (
        "service s { here.* by (origin, day) }",
        "declare a role, for example `role other = here by (origin, day)`, and list its features: `other.*`",
    ),
    (
        "service s { here as dep by (origin) }",
        "declare `role dep = here by (origin)`, and list its features: `dep.*`",
    ),
    (
        "service s {\n  a.b\n  weather at dest\n}",
        "declare `role dest = weather by (dest)`, and list its features: `dest.*`",
    ),
    (
        "service s { weather.* at dest }",
        "declare `role dest = weather by (dest)`, and list its features: `dest.*`",
    ),
    (
        "service s { here as dep }",
        "declare `role dep = here`, and list its features: `dep.*`",
    ),
    (
        "service s { role dest = weather(dest) dest.* }",
        "write `role dest = weather by (dest)`",
    ),
    ("service s { role dest = weather by dest }", "write `(dest)`"),
    ("service s { role dest as weather by (dest) }", "write `= weather`"),
    (
        "service s { dest = weather by (dest) }",
        "write `role dest = weather by (dest)`",
    ),
    ("transform t from s { where at > x - interval '1' day }", "write `1d`"),
    ("transform t from a join b on x { }", JOIN),
    (
        "view v of e from s where a > 1 { feature b = count() over 1d }",
        "declare `transform kept from s { where a > 1 }` and read `kept`, or filter one aggregate: `count(where a > 1)`",
    ),
    (
        "transform t from s where a > 1 { let b = a }",
        "move `where a > 1` between the braces of the transform",
    ),
    (
        "view v of e from s group by card { feature b = count() over 1d }",
        "write `by (card)`",
    ),
    (
        "view v of e from s group by (card, shop) { feature b = count() over 1d }",
        "write `by (card, shop)`",
    ),
    ("transform t from a left join b on x { }", JOIN),
    ("transform t from a {\n where x > 1\n join b on x = y\n}", JOIN),
    ("view v of e from a join b { feature x = y }", JOIN),
    (
        "transform t from a union b { }",
        "name the files of both in one source: `batch csv \"a.csv\", \"b.csv\"`",
    ),
    ("import \"base.feat\"", FOLDER),
    ("from base import cards", FOLDER),
    ("source s { time cast(ts * 1000 as timestamp) }", TIMESTAMPS),
    ("source s { time to_timestamp(ts) }", TIMESTAMPS),
    ("source s { time ts * 1000 }", TIMESTAMPS),
    (
        "source s { columns (a: int64, user.id: int64) }",
        "write `user: struct<id: int64>` with all fields that are needed, or a column of its own, `user_id: int64 from \"user.id\"`",
    ),
    (
        "source s { columns (a: struct(id: int64, name: string?)) }",
        "write `struct<id: int64, name: string?>`",
    ),
    (
        "source s { columns (a: row { id: int64 }) }",
        "write `struct<id: int64>`",
    ),
    ("source s { columns (a: struct<id int64>) }", "write `id: int64`"),
    ("source s { columns (a: list[int64]) }", "write `list<int64>`"),
    ("source s { columns (a: array(int64)) }", "write `list<int64>`"),
    ("source s { columns (a: string[]) }", "write `list<string>`"),
    (
        "source s { columns (a: decimal(12, 2) null) }",
        "write `decimal(12, 2)?`",
    ),
    ("source s { columns (a: string not null) }", "write `string`"),
    ("source s { lateness '1 day' }", "write `1d`"),
];

/// What analysts write in their first hour.
#[rustfmt::skip]
const FIRST_HOUR: &[(&str, &str)] = &[
    ("feature b = coalesce(sum(a) over 7d, 0)", "write both at the end of the feature: `sum(a) over 7d default 0`"),
    ("feature b = coalesce(last(a) over 7d, \"none\")", "write both at the end of the feature: `last(a) over 7d default \"none\"`"),
    ("feature b = sum(a) over 7d default = 0", "remove it"),
    ("feature b = sum(a) over 7d default(0)", "write `default 0`"),
    ("feature b = sum(a) over 7d default (-1)", "write `default -1`"),
    ("feature b = sum(a) over 7d having sum(a) > 10",
        "remove it; a condition over features is a feature of its own, without a window: `feature is_large = total > 10`"),
    ("feature b = sum(a) rolling 7d", "write `over 7d`"),
    ("feature b = sum(a) over rolling 7d", "write `7d`"),
    ("feature b = sum(a) last 7 days", "write `over 7d` for those up to the question, or `over last 7 days` for whole ones before this one"),
    ("feature b = sum(a) over 7d exclude current",
        "write `excluding self` to leave out the event that is asked about, `excluding now` for all events of the question's instant"),
    ("feature b = sum(a) over 7d,\n  feature c = count() over 7d", "remove it"),
    ("owner \"me\",\n  feature c = count() over 7d", "remove it"),
    ("feature b := sum(a) over 7d", "remove it"),
    ("feature b = count(where a isin (\"NL\")) over 7d", "write `in`"),
    ("feature b = count(where a isin [\"NL\"]) over 7d", "write `in (\"NL\")`"),
    ("feature b = count(where a is None) over 7d", "write `null`"),
    ("feature b = count(where a is not None) over 7d", "write `null`"),
];

const LISTED: &str = "remove the word, the brackets and the commas: `service risk { spend.total spend.mean_* }`";

/// Items, likewise.
#[rustfmt::skip]
const ITEMS_OF_THE_FIRST_HOUR: &[(&str, &str)] = &[
    ("transform t from s { let x = (select avg(a) from s) }", NO_SUBQUERY),
    ("transform t from s { let x = select avg(a) from s }", NO_SUBQUERY),
    ("transform t from s { where exists (select 1 from u) }", NO_SUBQUERY),
    ("transform t from s { let b := a * 2 }", "remove it"),
    ("source s {\n  unique id,\n  time at\n}", "remove it"),
    ("source s { time: at }", "remove it"),
    ("source s { unique = id }", "remove it"),
    ("source s { lateness: 1d }", "remove it"),
    ("source s {\n  id: int64\n}", "the columns stand in one clause, with commas between them: `columns (id: int64, …)`"),
    ("source s { columns (id: int64 primary key) }",
        "remove it here, and write `unique id` after the columns of a source, `key id` after those of a table"),
    ("source s { columns (at: timestamp with time zone) }", "remove it"),
    ("source s { columns (a: float64 default 0) }",
        "remove it, and write `?` after the type if files may lack the value; what stands for null is said where it is read, as `coalesce(amount, 0)`"),
    ("source s { columns (a: Optional[float]) }", "write `float64?`"),
    ("view v of e from (select * from s) { feature b = count() over 1d }",
        "declare what stands in the parentheses before it, such as `transform kept from payments { where amount > 0 }`, and write `from kept`"),
    ("transform t from s { let n = 1 if a = \"x\" else 0 }", "write `case when a = \"x\" then 1 else 0 end` after the `=`"),
    ("transform t from s {\n let n = 1 if a = 2 else 0\n let m = a }", "write `case when a = 2 then 1 else 0 end` after the `=`"),
    ("service s { features = [spend.n] }", LISTED),
    ("service s { features [spend.n, spend.m] }", LISTED),
    ("test one for v { given s\n | a |\n | 1 |\n expect at @2026-03-01T13:00:00Z { b = 2 } }", "write `\"one\"`"),
    ("test \"a\" { given s\n | a |\n | 1 |\n expect at @2026-03-01T13:00:00Z { b = 2 } }",
        "write the view after its name, such as `test \"a\" for spend`"),
    ("test \"a\" for v { given s \"rows.csv\"\n expect at @2026-03-01T13:00:00Z { b = 2 } }",
        "write them under `given s`: `| id | card |`, then `| 1 | a |`"),
    ("test \"a\" for v { given s\n | a |\n | 1 |\n expect at \"2026-03-01T13:00:00Z\" { b = 2 } }", "write `@2026-03-01T13:00:00Z`"),
    ("test \"a\" for v { given s\n | a |\n | 1 |\n expect at \"2026-03-01 13:00\" { b = 2 } }", "write `@2026-03-01T13:00:00Z`"),
    ("test \"a\" for v { given s\n | a |\n | 1 |\n expect at \"noon\" { b = 2 } }", "write `@2025-01-31T12:00:00Z`"),
    ("test \"a\" for v { given s\n | a |\n | 1 |\n expect at 2026-03-01T13:00:00Z { b = 2 } }",
        "write it in front, such as `@2025-01-01T00:00:00Z`"),
    ("test \"a\" for v { given s\n | a |\n | 1 |\n expect at @2026-03-01T13:00:00Z (card = \"a\") { b = 2 } }", "write `:`"),
    ("test \"a\" for v { given s\n | a |\n | 1 |\n expect at @2026-03-01T13:00:00Z (\"a\") { b = 2 } }",
        "write the name of the key of the view's entity before it, such as `card: \"a\"`"),
    ("test \"a\" for v { given s\n | a |\n | 1 |\n expect at @2026-03-01T13:00:00Z (card: a) { b = 2 } }", "write `\"a\"`, if it is a text"),
    ("test \"a\" for v { given s\n | a |\n | 1 |\n expect at @2026-03-01T13:00:00Z { b: 2 } }", "write `=`"),
    ("test \"a\" for v { given s\n | a |\n | 1 |\n expect at @2026-03-01T13:00:00Z { v.b = 2 } }", "write `b`, if `v` is the view that is tested"),
    ("source s { columns (id: int64, time: timestamp) unique id, time\n time time }", "write `unique (id, time)`"),
    ("test \"a\" for v { given s\n | a |\n | 1 |\n expect at @2026-03-01T13:00:00Z { b is missing } }",
        "write the value, and after it the status: `b = null missing`"),
];

const NO_SUBQUERY: &str = "aggregate in a view, such as `feature usual = mean(amount) over 7d`; what a table knows of a key is looked up: `lookup planes(tail).seats`";
const JOIN: &str = "look up what is known of a key, `lookup planes(tailnum).seats` of a `table`; or make a view of each source, and list both in one service";
const FOLDER: &str =
    "put the files into one folder, give them one `module` line, and name the folder: `featc check FOLDER`";
const TIMESTAMPS: &str = "say after the column's type how it is read: `ts: timestamp as epoch_seconds`, `as epoch_millis`, `as \"%d.%m.%Y %H:%M\"`";

fn in_view(statements: &str) -> String {
    format!("module m\nview v of e from s {{\n{statements}\n}}\n")
}

fn found(text: &str) -> Vec<Diagnostic> {
    let mut sources = SourceMap::new();
    let file = sources.add("a.feat", text);
    crate::parse(file, text).diagnostics
}

fn programs() -> impl Iterator<Item = (String, &'static str)> {
    let statements = STATEMENTS
        .iter()
        .chain(STATEMENTS_OF_BEGINNERS)
        .chain(STATEMENTS_IN_OTHER_WORDS)
        .chain(FIRST_HOUR)
        .map(|(text, help)| (in_view(text), *help));
    statements.chain(
        OTHERS
            .iter()
            .chain(SOURCES_OF_BEGINNERS)
            .chain(HEADS)
            .chain(NEWCOMERS)
            .chain(ITEMS_OF_THE_FIRST_HOUR)
            .map(|(text, help)| (format!("module m\n{text}\n"), *help)),
    )
}

#[test]
fn each_has_one_message_with_its_next_step() {
    let mut wrong = Vec::new();
    for (text, help) in programs() {
        let said: Vec<String> = found(&text)
            .into_iter()
            .map(|one| one.help.map_or_else(String::new, |help| help.text))
            .collect();
        if said != [help] {
            wrong.push(format!("{text}says {said:?}\nand not {help}\n"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Who does what the message says does not read it again.
#[test]
fn offered_edits_end_their_message() {
    let mut edits = 0;
    for (text, _) in programs() {
        for one in found(&text) {
            let Some((span, replacement)) = one.help.as_ref().and_then(|help| help.edit.as_ref()) else {
                continue;
            };
            edits += 1;
            let edited = format!("{}{replacement}{}", &text[..span.start], &text[span.end..]);
            let again = found(&edited).into_iter().find(|again| again.message == one.message);
            assert_eq!(again, None, "{text}\n{edited}");
        }
    }
    assert!(edits > 40, "{edits}");
}

/// What is bound by what stands beside it is not replaced: the edit would mean something else.
#[test]
fn a_condition_behind_a_quotient_is_of_neither() {
    for statement in ["feature b = sum(x) / count() over 7d where y > 1"] {
        for one in found(&in_view(statement)) {
            assert!(one.help.is_some_and(|help| help.edit.is_none()), "{statement}");
        }
    }
}

#[test]
fn torn_ones_are_survived() {
    for (text, _) in programs() {
        for (at, letter) in text.char_indices() {
            drop(found(&text[..at]));
            drop(found(&format!("{}{}", &text[..at], &text[at + letter.len_utf8()..])));
        }
    }
}

#[test]
fn what_only_looks_like_a_habit_is_left_alone() {
    for statement in [
        "feature b = a - -1",
        "feature b = a * --c",
        "feature b = sum(a) over 1h\n  ttl 1h",
        "ttl 1h feature b = sum(a) over 1h feature c = count() over 1h",
        "feature b = max(truncate(a, 7d)) over 1h",
        "feature b = count(where a in (1,50)) over 1h",
        "feature b = a --1",
        "feature b = a\n  - b",
        "feature b = sum(distinct) over 1h",
        "feature b = max(interval) over 1h",
        "feature b = if(a, c, d)",
        "feature b = sum(if(a = \"if\", c, d)) over 1h",
        "feature b = cast(select as int64)",
        "feature b = sum(join) over 1h",
        "feature b = sum(x where union is not null) over 1h",
        "feature b = max(case when a is not null then \"7 days\" end) over 1h",
    ] {
        assert_eq!(found(&in_view(statement)), [], "{statement}");
    }
}
