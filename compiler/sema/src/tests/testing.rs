//! Tests in programs: their messages, and their typed form.

use super::codes;
use featc_ir::testing::{Test, Wanted};
use featc_ir::{Literal, Status, Truth};
use featc_syntax::diag::{Code, Outcome, SourceMap};

const SOURCE: &str = "module m
entity card (card: string)
source s {
  columns (
    id: int64, card: string?, x: float64?, y: float64, d: decimal(5, 2)?, b: bool?, day: date?, n: int64?, at: timestamp,
  )
  unique id time at arrival time + 1m
}
transform t from s { where x > 0.0 }
view v of card from s {
  owner \"o\"
  /// Last.
  feature f = last(x) over 1d
  /// Lists.
  feature l = last_n(n, 3) over [1h, 1d] excluding self
  /// Since.
  feature g = time_since_last() over 1d
}
";

fn judged(tests: &str) -> Outcome<Vec<Test>> {
    let mut sources = SourceMap::new();
    let file = sources.add("shop.feat", format!("{SOURCE}{tests}"));
    let parsed = featc_syntax::parse(file, sources.text(file));
    assert_eq!(parsed.diagnostics, []);
    let files = [parsed.value];
    let program = crate::analyse(&files, &sources).value.expect("a sound program");
    crate::tests(&files, &program, &sources)
}

fn row(cells: &str) -> Outcome<Vec<Test>> {
    let header = "| id | card | x | y | d | b | day | n | at |";
    let expect = "expect at @2026-01-01T00:00:00Z (card: \"a\") { f = 1 }";
    judged(&format!("test \"t\" for v {{\ngiven s\n{header}\n{cells}\n{expect} }}"))
}

#[test]
fn cells_are_values_of_their_columns() {
    let found = row("| -5 | null | -1e3 | 2 | 12.5 | true | 2026-01-02 | | 2026-01-01T00:00:00.5+01:00 |");
    assert_eq!(codes(&found.diagnostics), Vec::<&str>::new());
    let expected = [
        Literal::Int64(-5),
        Literal::Null,
        Literal::float(-1000.0),
        Literal::float(2.0),
        Literal::Decimal(1250),
        Literal::Bool(true),
        Literal::Date(20_455),
        Literal::Null,
        Literal::Timestamp(1_767_222_000_500_000),
    ];
    assert_eq!(found.value[0].rows[0].values, expected.map(Wanted::One));
    let found = row("| 1 | \"null\" | 1 | 1 | 1 | true | | | @2026-01-01T00:00:00Z |");
    assert_eq!(
        found.value[0].rows[0].values[1],
        Wanted::One(Literal::String("null".to_owned()))
    );
    // As files have it: NaN is null unless the source keeps it.
    assert_eq!(
        row("| 1 | é 2 | nan | inf | | | | | 2026-01-01T00:00:00Z |").value[0].rows[0].values[2],
        Wanted::One(Literal::Null)
    );
    for (bad, count) in [
        ("| 1.0 | a | 1 | 1 | | | | | 2026-01-01T00:00:00Z |", 1),
        ("| | a | 1 | nan | | | | | 2026-01-01T00:00:00Z |", 2),
        (
            "| 1 | a | one | 1 | 1.234 | True | 2026-02-30 | 9223372036854775808 | 2026-01-01T00:00:00 |",
            6,
        ),
        ("| \"1\" | a | 1 | 1 | 1 | true | | | 2026-01-01 |", 2),
    ] {
        let found = row(bad);
        assert_eq!(codes(&found.diagnostics), vec!["E0431"; count], "{bad}");
        assert_eq!(found.value, []);
    }
}

#[test]
fn a_message_is_at_its_cell() {
    let cells = "| 1 | a | one | 1 | | | | | 2026-01-01T00:00:00Z |";
    let found = row(cells);
    let span = found.diagnostics[0].primary.as_ref().expect("a place").span;
    let line = SOURCE.len() + "test \"t\" for v {\ngiven s\n| id | card | x | y | d | b | day | n | at |\n".len();
    assert_eq!((span.start - line, span.end - line), (10, 13));
}

#[test]
fn questions_are_typed() {
    let text = "test \"t\" for v {
        expect as known at @2026-01-01T00:00:00Z (id: 7, card: \"a\") { l_1h = [1, null] ok, g = -90m error(overflow) }
        expect at @2026-01-01T00:00:00Z (card: null) { f = -inf, l_1d = null missing } }";
    let found = judged(text);
    assert_eq!(codes(&found.diagnostics), Vec::<&str>::new());
    let [first, second] = &found.value[0].expects[..] else {
        panic!("{found:?}")
    };
    assert_eq!(
        (first.truth, second.truth),
        (Truth::AsOfArrival { delay_us: None }, Truth::Complete)
    );
    let asked: Vec<_> = first
        .asked
        .iter()
        .map(|(key, value)| (key.name.as_str(), value.clone()))
        .collect();
    assert_eq!(
        asked,
        [("card", Literal::String("a".to_owned())), ("id", Literal::Int64(7))]
    );
    assert_eq!(second.asked[0].1, Literal::Null);
    assert_eq!(
        first.features[0].value,
        Wanted::List(vec![Literal::Int64(1), Literal::Null])
    );
    assert_eq!(first.features[1].value, Wanted::One(Literal::Duration(-5_400_000_000)));
    assert_eq!(second.features[1].status, Some(Status::Missing));
}

#[test]
fn what_is_wrong_is_told_once() {
    let expect = "expect at @2026-01-01T00:00:00Z (card: \"a\") { f = 1 }";
    for (part, code) in [
        (expect.replace("card:", "crd:"), "E0434"),
        (expect.replace("(card: \"a\")", ""), "E0434"),
        (expect.replace("card: \"a\"", "card: \"a\", card: \"b\""), "E0435"),
        (expect.replace("f = 1", "f = 1, f = 2"), "E0435"),
        (expect.replace("f = 1", "l = [1]"), "E0109"),
        (expect.replace("f = 1", "l_1h = 1"), "E0431"),
        (expect.replace("f = 1", "f = [1]"), "E0431"),
        (expect.replace("f = 1", "f = \"1\""), "E0431"),
        (expect.replace("f = 1", "f = 1 fine"), "E0431"),
        (expect.replace("f = 1", ""), "E0432"),
        (format!("{expect}\ngiven t\n| id |"), "E0106"),
        (format!("{expect}\ngiven ss\n| id |"), "E0106"),
        (format!("{expect}\ngiven s\n| id | y | when |"), "E0110"),
        (format!("{expect}\ngiven s\n| id | y | at | id |"), "E0435"),
        (format!("{expect}\ngiven s\n| id | y |"), "E0436"),
        (format!("{expect}\ngiven s\n| id | y | at |\n| 1 | 1 |"), "E0430"),
    ] {
        let found = judged(&format!("test \"t\" for v {{ {part}\n}}"));
        assert_eq!(codes(&found.diagnostics), [code], "{part}");
    }
    let twice = format!("test \"t\" for v {{ {expect} }} test \"t\" for v {{ {expect} }}");
    assert_eq!(codes(&judged(&twice).diagnostics), ["E0433"]);
    assert_eq!(codes(&judged("test \"t\" for w { }").diagnostics), ["E0108"]);
    assert_eq!(codes(&judged("test \"t\" for v { }").diagnostics), ["E0432"]);
}

#[test]
fn the_pages_of_tests_keep_their_promises() {
    for code in Code::ALL
        .iter()
        .filter(|code| ("E0430".."E0439").contains(&code.code()))
    {
        let page = code.explain();
        for (info, expected) in [("feat,fails", vec![code.code()]), ("feat,passes", vec![])] {
            let block = page
                .split(&format!("```{info}\n"))
                .nth(1)
                .and_then(|rest| rest.split("```").next());
            let mut sources = SourceMap::new();
            let file = sources.add("shop.feat", block.expect("a block"));
            let parsed = featc_syntax::parse(file, sources.text(file));
            assert_eq!(codes(&parsed.diagnostics), Vec::<&str>::new(), "{code}");
            let files = [parsed.value];
            let program = crate::analyse(&files, &sources).value.expect("a sound program");
            let found = crate::tests(&files, &program, &sources).diagnostics;
            assert_eq!(codes(&found), expected, "{code}");
            assert!(
                found
                    .iter()
                    .all(|found| found.primary.is_some() && found.help.is_some()),
                "{code}"
            );
        }
    }
}
