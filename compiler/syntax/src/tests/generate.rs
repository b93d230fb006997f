//! Generated programs, as lists of tokens with random white space and comments between them.

use proptest::collection::vec;
use proptest::prelude::*;

type Tokens = Vec<String>;

fn words(text: &str) -> Tokens {
    text.split(' ')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn join(parts: impl IntoIterator<Item = Tokens>, between: &str) -> Tokens {
    let mut all = vec![];
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 && !between.is_empty() {
            all.push(between.to_owned());
        }
        all.extend(part);
    }
    all
}

fn around(before: &str, inner: Tokens, after: &str) -> Tokens {
    words(before).into_iter().chain(inner).chain(words(after)).collect()
}

fn name() -> impl Strategy<Value = Tokens> {
    prop_oneof![
        "[a-z][a-z0-9_]{3,6}x".prop_map(|name| vec![name]),
        proptest::sample::select(vec![
            "time", "date", "count", "owner", "unique", "all", "div", "cap", "of", "from", "A_1"
        ])
        .prop_map(words),
    ]
}

fn duration() -> impl Strategy<Value = Tokens> {
    proptest::sample::select(vec!["1us", "7d", "1h30m", "0s", "250ms", "1d2h3m4s5ms6us", "{week}"]).prop_map(words)
}

fn string() -> impl Strategy<Value = Tokens> {
    "[a-zé /*]{0,5}(\\\\n|\\\\\"|\\\\\\\\|\\\\u\\{e9\\}|//)?".prop_map(|inner| vec![format!("\"{inner}\"")])
}

fn literal() -> impl Strategy<Value = Tokens> {
    let fixed = [
        "0",
        "12",
        "1.5",
        "1e-3",
        "2E5",
        "true",
        "false",
        "null",
        "@2013-01-01",
        "@2013-01-01T00:00:00Z",
        "@2020-02-29T23:59:59.25+01:30",
    ];
    prop_oneof![
        proptest::sample::select(fixed.to_vec()).prop_map(words),
        duration(),
        string()
    ]
}

fn hole() -> impl Strategy<Value = Tokens> {
    proptest::sample::select(vec!["{week}", "{col}_sum", "mean_{col}_of_{col}"]).prop_map(words)
}

fn expr() -> impl Strategy<Value = Tokens> {
    let leaf = prop_oneof![8 => literal(), 8 => name(), 1 => hole()];
    leaf.prop_recursive(5, 40, 3, |inner| {
        let operators = [
            "or", "and", "+", "-", "*", "/", "div", "mod", "=", "!=", "<", "<=", ">", ">=",
        ];
        let group = inner.clone().prop_map(|inner| around("(", inner, ")"));
        let compared = proptest::sample::select(vec!["=", "!=", "<", ">="]);
        prop_oneof![
            (
                group.clone(),
                proptest::sample::select(operators.to_vec()),
                group.clone()
            )
                .prop_map(|(left, op, right)| join([left, right], op)),
            (
                inner.clone(),
                proptest::sample::select(vec!["or", "and"]),
                inner.clone()
            )
                .prop_map(|(left, op, right)| join([left, right], op)),
            (name(), compared, name()).prop_map(|(left, op, right)| join([left, right], op)),
            (name(), name(), name()).prop_map(|(a, b, c)| join([join([a, b], "+"), c], "*")),
            group.clone(),
            group.clone().prop_map(|inner| around("-", inner, "")),
            inner.clone().prop_map(|inner| around("( not", inner, ")")),
            group.clone().prop_map(|inner| around("", inner, "is not null")),
            (group.clone(), inner.clone()).prop_map(|(list, index)| around("", join([list, index], "["), "]")),
            (group.clone(), vec(inner.clone(), 1..3), any::<bool>())
                .prop_map(|(left, items, comma)| {
                    around(
                        "",
                        join([left, join(items, ",")], "not in ("),
                        if comma { ", )" } else { ")" },
                    )
                })
                .prop_map(|tokens| tokens.iter().flat_map(|token| words_keeping_strings(token)).collect()),
            (name(), vec(inner.clone(), 0..3)).prop_map(|(name, items)| join([name, join(items, ",")], "(")
                .into_iter()
                .chain(words(")"))
                .collect()),
            (name(), inner.clone()).prop_map(|(name, filter)| around(
                "",
                join([name, around("where", filter, "ignoring nulls )")], "("),
                ""
            )),
            (
                name(),
                inner.clone(),
                name(),
                proptest::sample::select(vec!["", "within 1d"])
            )
                .prop_map(|(table, key, column, within)| {
                    let key = around("(", key, ") .");
                    join([words("lookup"), table, key, column, words(within)], "")
                }),
            inner
                .clone()
                .prop_map(|inner| around("cast (", inner, "as decimal ( 12 , 2 ) )")),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(a, b, c)| { join([around("case when", a, "then"), b, around("else", c, "end")], "") }),
        ]
    })
}

fn words_keeping_strings(token: &str) -> Tokens {
    if token.starts_with('"') {
        vec![token.to_owned()]
    } else {
        words(token)
    }
}

fn column() -> impl Strategy<Value = Tokens> {
    let types = [
        "int64",
        "string ?",
        "decimal ( 12 , 2 )",
        "timestamp",
        "decimal ( 3 , 0 ) ?",
    ];
    let held = [
        "",
        "",
        "from \"a.b\"",
        "as epoch_millis",
        "from \"end\" as \"%F\" in \"UTC\"",
        "as date from \"day\"",
    ];
    let parts = (
        name(),
        proptest::sample::select(types.to_vec()),
        proptest::sample::select(held.to_vec()),
    );
    parts.prop_map(|(name, ty, held)| join([name, words(&format!("{ty} {held}"))], ":"))
}

fn source() -> impl Strategy<Value = Tokens> {
    let clause = (
        vec(column(), 0..6).prop_map(|columns| around("columns (", join(columns, ","), ")")),
        prop_oneof![
            Just(words("unique all")),
            name().prop_map(|name| around("unique (", name, ")")),
            (name(), name()).prop_map(|(a, b)| around("unique (", join([a, b], ","), ", )")),
        ],
        name().prop_map(|name| around("time", name, "")),
        prop_oneof![
            duration().prop_map(|offset| around("arrival time +", offset, "")),
            Just(words("arrival seen_at")),
            Just(words("static"))
        ],
        duration().prop_map(|delay| around("delay", delay, "")),
        prop_oneof![
            duration().prop_map(|bound| around("lateness", bound, "")),
            Just(words("lateness unbounded"))
        ],
        Just(words("begins @2013-01-01T00:00:00Z keep nan")),
        string().prop_map(|zone| around("zone", zone, "")),
        vec(string(), 1..3).prop_map(|paths| around("batch delta", join(paths, ","), "version 7 stream csv \"a\"")),
    );
    let shuffled = clause
        .prop_map(|(a, b, c, d, e, f, g, h, i)| vec![a, b, c, d, e, f, g, h, i])
        .prop_shuffle();
    (name(), shuffled, 0..9_usize).prop_map(|(name, clauses, count)| {
        let body = join(clauses.into_iter().take(count), "");
        join([around("source", name, "{"), body, words("}")], "")
    })
}

fn transform() -> impl Strategy<Value = Tokens> {
    let step = prop_oneof![
        expr().prop_map(|condition| around("where", condition, "")),
        (name(), expr()).prop_map(|(name, value)| around("let", join([name, value], "="), "")),
    ];
    let at = (expr(), proptest::option::of(duration())).prop_map(|(at, within)| {
        let within = within.map_or(vec![], |within| around("within", within, ""));
        join([around("at", at, ""), within], "")
    });
    (name(), name(), proptest::option::of(at), vec(step, 0..4)).prop_map(|(name, from, at, steps)| {
        let at = at.unwrap_or_default();
        join(
            [
                around("transform", name, "from"),
                from,
                at,
                words("{"),
                join(steps, ""),
                words("}"),
            ],
            "",
        )
    })
}

fn feature() -> impl Strategy<Value = Tokens> {
    let offset = (prop_oneof![duration(), Just(words("lifetime"))], duration());
    let events = proptest::option::of(duration());
    let zone = proptest::sample::select(vec!["", "", "in \"Europe/Paris\""]);
    let grid = (duration(), duration(), proptest::option::of(duration()), zone);
    let window = prop_oneof![
        2 => duration(),
        1 => grid.prop_map(|(length, every, after, zone)| {
            let after = after.map(|after| around("after", after, "")).unwrap_or_default();
            join([length, words("every"), every, after, words(zone)], "")
        }),
        1 => Just(words("lifetime")),
        1 => offset.prop_map(|(length, offset)| join([length, words("offset"), offset], "")),
        1 => proptest::sample::select(vec![
            "this day",
            "this month in \"Europe/Paris\"",
            "last 3 weeks",
            "last 1 hour in \"UTC\"",
        ])
        .prop_map(words),
        1 => (expr(), duration()).prop_map(|(condition, max)| {
            join([around("since (", condition, ") max"), max], "")
        }),
        1 => events.prop_map(|max| match max {
            Some(max) => join([words("10 events max"), max], ""),
            None => words("3 events"),
        }),
    ];
    let window = window.boxed();
    let windows = prop_oneof![
        window.clone(),
        vec(window, 1..3).prop_map(|list| around("[", join(list, ","), "]")),
    ];
    let excluding = proptest::sample::select(vec!["", "excluding now", "excluding self"]);
    let tail = (
        proptest::option::of((windows, excluding).prop_map(|(windows, out)| around("over", windows, out))),
        proptest::option::of(Just(words("cap 1000"))),
        proptest::option::of(prop_oneof![literal(), hole()].prop_map(|value| around("default", value, ""))),
    );
    let tail = tail
        .prop_map(|(a, b, c)| [a, b, c].into_iter().flatten().collect::<Vec<_>>())
        .prop_shuffle();
    (prop_oneof![8 => name(), 1 => hole()], expr(), tail)
        .prop_map(|(name, value, tail)| join([words("feature"), name, words("="), value, join(tail, "")], ""))
}

fn view() -> impl Strategy<Value = Tokens> {
    let statements = vec(feature(), 0..4).prop_flat_map(|features| {
        let uses = words("use t for ( a , long_name_of_a_column , )");
        // Clauses of the view are refused on the line of a feature, after it.
        let clauses = vec![words("owner \"ops\""), words("tags [ a , b ]"), words("ttl 2h")];
        let mut others = vec![uses];
        others.extend(features);
        (Just(clauses).prop_shuffle(), Just(others).prop_shuffle())
    });
    let statements = statements.prop_map(|(clauses, others)| [clauses, others].concat());
    (name(), name(), name(), any::<bool>(), statements).prop_map(|(name, entity, from, by, statements)| {
        let by = if by { words("by ( a , b )") } else { vec![] };
        let head = [
            words("view"),
            name,
            words("of"),
            entity,
            words("from"),
            from,
            by,
            words("{"),
        ];
        join([join(head, ""), join(statements, ""), words("}")], "")
    })
}

fn service() -> impl Strategy<Value = Tokens> {
    let entry = (
        name(),
        proptest::sample::select(vec!["*", "a", "mean_*_1h", "{ a }", "{ a , b_* , }"]),
        proptest::sample::select(vec!["", "", "as x"]),
        proptest::sample::select(vec!["", "", "fallback impute", "fallback gate"]),
    )
        .prop_map(|(view, patterns, alias, fallback)| {
            join([join([view, words(patterns)], "."), words(alias), words(fallback)], "")
        });
    let role = (
        name(),
        name(),
        proptest::sample::select(vec!["", "by ( a )", "by ( a , b , )"]),
    )
        .prop_map(|(name, view, by)| join([words("role"), name, words("="), view, words(by)], ""));
    let part = prop_oneof![3 => entry, 1 => role, 1 => feature()];
    (name(), vec(part, 0..5))
        .prop_map(|(name, parts)| join([around("service", name, "{"), join(parts, ""), words("}")], ""))
}

fn template() -> impl Strategy<Value = Tokens> {
    (name(), name(), vec(feature(), 0..3)).prop_map(|(name, parameter, parts)| {
        let head = join([around("template", name, "("), parameter, words(") {")], "");
        join([head, join(parts, ""), words("}")], "")
    })
}

fn param() -> impl Strategy<Value = Tokens> {
    let value = proptest::sample::select(vec!["7d", "1.5", "\"x\"", "@2013-01-01", "null"]).prop_map(words);
    (name(), value, any::<bool>()).prop_map(|(name, value, negated)| {
        let minus = words(if negated { "-" } else { "" });
        join([around("param", name, "="), minus, value], "")
    })
}

fn table() -> impl Strategy<Value = Tokens> {
    let clauses = [
        "",
        "key a static",
        "columns ( a : int64 , b : string ? ) key ( a , b ) static batch csv \"a.csv\"",
        "key key valid from from valid to to arrival arrival zone \"UTC\" keep nan",
    ];
    (name(), proptest::sample::select(clauses.to_vec()))
        .prop_map(|(name, clauses)| join([around("table", name, "{"), words(clauses), words("}")], ""))
}

fn test() -> impl Strategy<Value = Tokens> {
    // Rows stand on lines of their own.
    let tables = [
        "| a | b |\n",
        "\n| a |long name|\n|1|\"x | y\" | // c\n\n// own\n| | caf\u{e9} 2 |\n",
        "\n  |a|\n  | - |\t\r\n  /// doc\n  | @2013-01-01 |\n",
    ];
    let given = (name(), proptest::sample::select(tables.to_vec()))
        .prop_map(|(source, table)| join([around("given", source, ""), vec![table.to_owned()]], ""));
    let expects = [
        "expect at @2013-01-01T00:00:00Z { }",
        "expect as known at @2013-01-01T00:00:00Z ( a : - 5 , b . c : \"x\" , ) { f = 1.5 , }",
        "expect at @2013-01-01T00:00:00Z ( ) { f = null missing , g = [ 1 , - inf , ] error ( cap ) }",
    ];
    let expect = proptest::sample::select(expects.to_vec()).prop_map(words);
    (string(), name(), vec(prop_oneof![given, expect], 0..4)).prop_map(|(name, view, parts)| {
        join(
            [
                around("test", name, "for"),
                view,
                words("{"),
                join(parts, ""),
                words("}"),
            ],
            "",
        )
    })
}

fn item() -> impl Strategy<Value = Tokens> {
    let of_columns = (
        proptest::sample::select(vec!["entity", "request"]),
        name(),
        vec(column(), 0..3),
    )
        .prop_map(|(word, name, columns)| join([around(word, name, "("), join(columns, ","), words(")")], ""));
    prop_oneof![
        of_columns,
        source(),
        transform(),
        view(),
        service(),
        test(),
        table(),
        template(),
        param()
    ]
}

/// Text that parses, with comments and line breaks anywhere.
pub(super) fn program() -> impl Strategy<Value = String> {
    let gaps = [
        " ",
        " ",
        " ",
        " ",
        " ",
        " ",
        "  ",
        "\n",
        "\n",
        "\n\n",
        "\n\n\n",
        "\t",
        "\r\n",
        " // c\n",
        "\n// own é\n",
        "\n\n  // apart\n\n",
        "\n/// doc\n",
        "\n/// two\n/// lines\n",
        " /// behind\n",
        " //\n",
    ];
    vec(item(), 0..4)
        .prop_map(|items| join([words("module m . n"), join(items, "")], ""))
        .prop_flat_map(move |tokens| {
            let count = tokens.len() + 1;
            (Just(tokens), vec(proptest::sample::select(gaps.to_vec()), count))
        })
        .prop_map(|(tokens, gaps)| {
            let mut text = String::from(gaps[0]);
            for (token, gap) in tokens.iter().zip(&gaps[1..]) {
                text.push_str(token);
                text.push_str(gap);
            }
            text
        })
}
