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
    ("feature b = sum(a) over 7d where b > 1", "write `sum(a where b > 1)`"),
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
        "write `starts_with(x, \"a\")` or `contains(x, \"a\")`",
    ),
    (
        "feature b = count(where x between 1 and 2) over 7d",
        "write `x >= 1 and x <= 2`",
    ),
    (
        "feature b = count(where x between -1 and 2) over 7d",
        "write `x >= a and x <= b`",
    ),
    ("feature b = sum(a) over interval '1' day", "write `1d`"),
    ("feature b = sum(a) over interval '2 hours'", "write `2h`"),
    ("feature b = sum(a) over interval 1 day", "write `1d`"),
    ("feature b = sum(a) over 1D", "write `1d`"),
    (
        "feature b = sum(a) over 1M",
        "the units are `d`, `h`, `m`, `s`, `ms` and `us`",
    ),
    ("feature b = spend.total + 1", "write `total`"),
    (
        "feature b = count() excluding self over 1h",
        "write `over 1h excluding self`",
    ),
    ("feature b = count(where a ≠ 1) over 1h", "write `!=`"),
    ("feature b = count(where a ≤ 1) over 1h", "write `<=`"),
    (
        "feature b = (sum(a) over 1h) / (sum(a) over 1d)",
        "make one feature per window, and one that combines them: `feature ratio = spend_1h / spend_1d`",
    ),
    (
        "feature b = sum(a) over 1h / sum(a) over 1d",
        "make one feature per window, and one that combines them: `feature ratio = spend_1h / spend_1d`",
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
];

/// A clause of a source or an entry of a service, likewise.
const OTHERS: &[(&str, &str)] = &[
    ("source s { unique id, card time at }", "write `unique (id, card)`"),
    (
        "source s { columns (a: int64, over: int64) }",
        "choose another name, for example `over_`",
    ),
    (
        "source s { columns (end: int64) }",
        "choose another name, for example `end_`",
    ),
    (
        "source s { columns (excluding: int64?) }",
        "choose another name, for example `excluding_`",
    ),
    ("service s { spend.a,\n spend.b }", "remove it"),
    ("service s { spend }", "write `spend.*`"),
    ("service s { spend.{a, b}\n spend }", "write `spend.*`"),
    ("transform t from s { where txn.amount > 0 }", "write `amount`"),
    ("transform t from s { where at > x - interval '1' day }", "write `1d`"),
];

fn in_view(statements: &str) -> String {
    format!("module m\nview v of e from s {{\n{statements}\n}}\n")
}

fn found(text: &str) -> Vec<Diagnostic> {
    let mut sources = SourceMap::new();
    let file = sources.add("a.feat", text);
    crate::parse(file, text).diagnostics
}

fn programs() -> impl Iterator<Item = (String, &'static str)> {
    let statements = STATEMENTS.iter().map(|(text, help)| (in_view(text), *help));
    statements.chain(OTHERS.iter().map(|(text, help)| (format!("module m\n{text}\n"), *help)))
}

#[test]
fn each_has_one_message_with_its_next_step() {
    for (text, help) in programs() {
        let said: Vec<String> = found(&text)
            .into_iter()
            .map(|one| one.help.map_or_else(String::new, |help| help.text))
            .collect();
        assert_eq!(said, [help], "{text}");
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
        "feature b = a --1",
        "feature b = a\n  - b",
        "feature b = sum(distinct) over 1h",
        "feature b = max(interval) over 1h",
    ] {
        assert_eq!(found(&in_view(statement)), [], "{statement}");
    }
}
