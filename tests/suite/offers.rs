//! Edits that messages offer mean what was written: each operand stands before each operator of another language, in each
//! place; the edited program is the program that says the same in this language.

use featc_driver::diag::{Diagnostic, SourceMap};

const PROGRAM: &str = r#"module shop

entity card (card: string)

source payments {
  columns (
    id: int64, card: string, n: int64, city: string?, shop: string, abroad: bool?, items: list<string>, counts: list<int64>,
    user: struct<id: int64, city: string?, abroad: bool?, items: list<string>>, at: timestamp, seen: timestamp,
  )
  unique id
  time at
  arrival seen
  lateness 1d
}

table shops {
  columns (shop: string, city: string, seats: int64, open: bool, since: timestamp, loaded: timestamp)
  key shop
  valid from since
  arrival loaded
}

transform told from payments {
  let looked = lookup shops(shop).seats
  «let»
}

view spend of card from told {
  owner "payments"
  /// Sum.
  feature total = sum(n) over 7d
  /// Place.
  feature place = last(city) over 7d
  /// Abroad.
  feature was_abroad = last(abroad) over 7d
  /// Another one.
  feature looked = max(looked) over 7d
  «feature»
}

/// What is asked.
request asked (n: int64, city: string, abroad: bool)

service risk {
  spend.*
  «entry»
}
"#;

/// What is written, and what it means. `#` is the operand.
struct Operator(&'static str, &'static str);

#[rustfmt::skip]
const OF_NUMBERS: &[Operator] = &[
    Operator("#::float64", "cast(# as float64)"),
    Operator("#::decimal(12, 2)", "cast(# as decimal(12, 2))"),
    Operator("# between 1 and 5", "(# >= 1 and # <= 5)"),
    Operator("# not between 1 and 5", "(# < 1 or # > 5)"),
    Operator("not # between 1 and 5", "not (# >= 1 and # <= 5)"),
    Operator("true = # between 1 and 5", "true = (# >= 1 and # <= 5)"),
    Operator("# + 1 between 2 - 1 and -n * 2", "(# + 1 >= 2 - 1 and # + 1 <= -n * 2)"),
    Operator("# ?? 0", "coalesce(#, 0)"),
    Operator("1 + # ?? 0", "coalesce(1 + #, 0)"),
    Operator("# ** 2", "pow(#, 2)"),
    Operator("1 + # ^ 2", "1 + pow(#, 2)"),
    Operator("# in [1, 2]", "# in (1, 2)"),
    Operator("# if # > 1 else 0", "case when # > 1 then # else 0 end"),
    Operator("# > 1 ? # : 0", "case when # > 1 then # else 0 end"),
    Operator("#.abs()", "abs(#)"),
    Operator("#.isin(1, 2)", "(# in (1, 2))"),
    Operator("#.isin([1, 2])", "(# in (1, 2))"),
    Operator("# in (1..5)", "(# >= 1 and # <= 5)"),
];

#[rustfmt::skip]
const OF_TEXTS: &[Operator] = &[
    Operator("# like \"a%\"", "starts_with(#, \"a\")"),
    Operator("# not like \"%a%\"", "not contains(#, \"a\")"),
    Operator("true = # not like \"%a%\"", "true = (not contains(#, \"a\"))"),
    Operator("# like \"a_b\"", "like(#, \"a_b\")"),
    Operator("not # like \"a_\"", "not (starts_with(#, \"a\") and length(#) = 2)"),
    Operator("# ilike \"A%\"", "starts_with(lower(#), \"a\")"),
    Operator("# rlike \"^a\"", "regexp_matches(#, \"^a\")"),
    Operator("# ~ \"^a\"", "regexp_matches(#, \"^a\")"),
    Operator("\"a\" in #", "contains(#, \"a\")"),
    Operator("\"a\" not in #", "not contains(#, \"a\")"),
    Operator("# ?? \"x\"", "coalesce(#, \"x\")"),
    Operator("#[:2]", "substring(#, 1, 2)"),
    Operator("#.lower()", "lower(#)"),
    Operator("#.str.contains(\"a\")", "contains(#, \"a\")"),
    Operator("#.isna()", "(# is null)"),
    Operator("not null(#)", "(# is not null)"),
    Operator("#.fillna(\"x\")", "coalesce(#, \"x\")"),
];

#[rustfmt::skip]
const OF_CONDITIONS: &[Operator] = &[
    Operator("# is true", "#"),
    Operator("# is false", "not #"),
    Operator("# is not true", "not coalesce(#, false)"),
    Operator("# is not false", "coalesce(#, true)"),
];

/// Where it stands: of which place the operands are, and what is written around them.
struct Place {
    hole: &'static str,
    written: &'static str,
    numbers: &'static [&'static str],
    texts: &'static [&'static str],
    conditions: &'static [&'static str],
}

#[rustfmt::skip]
const PLACES: &[Place] = &[
    Place {
        hole: "«let»",
        written: "let x = @",
        numbers: &[
            "n", "user.id", "abs(n)", "abs(user.id)", "lookup shops(shop).seats", "lookup shops(shop).seats within 30d",
            "lookup shops(lower(shop)).seats", "counts[1]", "length(split(shop, \",\")[n])", "(n + 1)",
            "cast(n as int64)", "case when abroad then n else 2 end",
        ],
        texts: &[
            "city", "user.city", "lower(city)", "lookup shops(shop).city", "items[1]", "user.items[-1]", "split(user.city, \";\")[2]",
            "(city)", "case when abroad then city end",
        ],
        conditions: &["abroad", "user.abroad", "(n > 1)", "contains(items, \"a\")", "lookup shops(shop).open"],
    },
    Place {
        hole: "«feature»",
        written: "/// One.\n  feature x = last(@) over 7d",
        numbers: &["n", "user.id", "abs(user.id)", "counts[1]"],
        texts: &["city", "user.city", "items[1]"],
        conditions: &["abroad", "user.abroad"],
    },
    Place {
        hole: "«entry»",
        written: "feature x = @",
        numbers: &["spend.total", "asked.n", "abs(asked.n)", "(spend.total + asked.n)"],
        texts: &["spend.place", "asked.city", "lower(asked.city)"],
        conditions: &["spend.was_abroad", "asked.abroad", "(asked.n > 1)"],
    },
];

fn compiled(text: &str) -> (Result<String, String>, Vec<Diagnostic>) {
    let mut sources = SourceMap::new();
    let file = sources.add("a.feat", text);
    let outcome = featc_driver::compile(&sources, &[file]);
    let said = featc_driver::diag::terminal::render(&outcome.diagnostics, &sources, false);
    let program = outcome
        .value
        .map(|program| featc_ir::hash::program_hash(&program))
        .ok_or(said);
    (program, outcome.diagnostics)
}

fn program(place: &Place, written: &str) -> String {
    let written = place.written.replace('@', written);
    ["«let»", "«feature»", "«entry»"]
        .into_iter()
        .fold(PROGRAM.replace(place.hole, &written), |text, hole| {
            text.replace(hole, "")
        })
}

/// What the offers of a program lead to, one by one.
fn followed(mut text: String) -> (String, Result<String, String>) {
    for _ in 0..4 {
        let (program, said) = compiled(&text);
        let edit = said
            .iter()
            .filter(|one| one.is_error())
            .find_map(|one| one.help.as_ref()?.edit.clone());
        let Some((span, replacement)) = edit.filter(|_| program.is_err()) else {
            return (text, program);
        };
        text.replace_range(span.start..span.end, &replacement);
    }
    let (program, _) = compiled(&text);
    (text, program)
}

#[test]
fn an_offered_edit_means_what_was_written() {
    let (mut offers, mut wrong) = (0, Vec::new());
    for place in PLACES {
        let of = [
            (OF_NUMBERS, place.numbers),
            (OF_TEXTS, place.texts),
            (OF_CONDITIONS, place.conditions),
        ];
        for (operators, operands) in of {
            for (Operator(written, meant), operand) in operators
                .iter()
                .flat_map(|one| operands.iter().map(move |all| (one, *all)))
            {
                // In parentheses stand the values of a list.
                if written.ends_with(" in #") && operand.starts_with('(') {
                    continue;
                }
                let n = if place.hole == "«entry»" { "asked.n" } else { "n" };
                let [written, meant] =
                    [written, meant].map(|text| text.replace("-n", &format!("-{n}")).replace('#', operand));
                let (Ok(wanted), _) = compiled(&program(place, &meant)) else {
                    // Of another type.
                    continue;
                };
                let (edited, found) = followed(program(place, &written));
                offers += 1;
                if found.as_ref() != Ok(&wanted) {
                    let line = edited.lines().find(|line| line.contains(" x = ")).unwrap_or("");
                    let said = found.err().unwrap_or_default();
                    wrong.push(format!("{written}\n  became {}\n  not {meant}\n{said}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {offers}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(offers > 300, "{offers}");
}
