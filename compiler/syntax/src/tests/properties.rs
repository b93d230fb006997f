//! What holds for every text, and for every program.

use super::dump::dump;
use super::generate::program;
use crate::diag::{Code, Diagnostic, FileId, SourceMap, json, terminal};
use crate::{format, parse};
use proptest::prelude::*;

/// Parses, and checks what must hold for any text.
fn survives(text: &str) -> Result<Vec<Diagnostic>, TestCaseError> {
    let mut sources = SourceMap::new();
    let file = sources.add("a.feat", text);
    let outcome = parse(file, text);
    for diagnostic in &outcome.diagnostics {
        prop_assert_ne!(diagnostic.code, Code::Bug, "{:?}", diagnostic);
        let labels = diagnostic.primary.iter().chain(&diagnostic.secondary);
        for label in labels {
            prop_assert!(
                label.span.start <= label.span.end && label.span.end <= text.len(),
                "{:?}",
                diagnostic
            );
            let under = text.get(label.span.start..label.span.end);
            prop_assert!(under.is_some(), "character boundaries: {:?}", diagnostic);
            let is_invisible = diagnostic.code == Code::InvalidCharacter;
            prop_assert!(
                is_invisible || under.is_some_and(|under| under.trim_end() == under),
                "{:?}",
                diagnostic
            );
        }
        prop_assert!(
            diagnostic.primary.is_some() && diagnostic.message.len() < 400,
            "{:?}",
            diagnostic
        );
    }
    terminal::render(&outcome.diagnostics, &sources, false);
    terminal::short(&outcome.diagnostics, &sources);
    json::render(&outcome.diagnostics, &sources);
    prop_assert_eq!(format(&outcome.value, text).is_some(), outcome.value.is_complete);
    Ok(outcome.diagnostics)
}

/// The words of all comments, sorted; the slashes do not count, since a misplaced `///` becomes `//`.
fn comment_words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = parse(FileId(0), text)
        .value
        .comments
        .iter()
        .map(|c| c.text.trim_start_matches('/').to_owned())
        .collect();
    words.sort();
    words
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_survives(text in any::<String>()) {
        survives(&text)?;
    }

    #[test]
    fn text_of_tokens_survives(
        tokens in proptest::collection::vec(
            proptest::sample::select(vec![
                "module", "m", "view", "v", "of", "from", "source", "transform", "service", "entity", "{", "}", "(", ")",
                "[", "]", "feature", "x", "=", "sum", "where", "let", "over", "7d", ",", ".", "*", "-", "not", "case",
                "when", "then", "end", "is", "null", "in", "\"s\"", "\"", "'", "@", "@2013-01-01", "//", "///", "\n", "\n",
                "1.", "==", "&&", "é", "“", "\\", "#", ";", "?", ":", "columns", "time", "default", "cap", "owner",
                "test", "for", "given", "\n|", "|", "expect", "at", "as", "known",
            ]),
            0..80,
        ),
    ) {
        survives(&tokens.join(" "))?;
        survives(&tokens.concat())?;
    }

    #[test]
    fn programs_parse_and_format(text in program()) {
        let outcome = parse(FileId(0), &text);
        prop_assert!(outcome.diagnostics.iter().all(|found| found.code == Code::DetachedDoc), "{:?}", outcome.diagnostics);
        let once = format(&outcome.value, &text).unwrap_or_default();
        let again = parse(FileId(0), &once);
        prop_assert!(again.value.is_complete, "{once}\n{:?}", again.diagnostics);
        prop_assert_eq!(dump(&outcome.value), dump(&again.value), "{}", once);
        prop_assert_eq!(comment_words(&text), comment_words(&once), "{}", &once);
        let twice = format(&again.value, &once).unwrap_or_default();
        prop_assert_eq!(&once, &twice, "not idempotent");
        prop_assert!(once.lines().all(|line| line.trim_end() == line), "{}", once);
        prop_assert!(!once.contains("\n\n\n"), "{}", once);
    }

    #[test]
    fn damaged_programs_survive(
        text in program(),
        at in any::<prop::sample::Index>(),
        length in 0..12_usize,
        insert in prop_oneof![Just(String::new()), "[(){}\\[\\]\"'@=,.a-z0-9 \n;é]{1,4}"],
    ) {
        let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let from = at.index(boundaries.len());
        let to = (from + length).min(boundaries.len() - 1);
        let damaged = format!("{}{insert}{}", &text[..boundaries[from]], &text[boundaries[to]..]);
        survives(&damaged)?;
    }
}

#[test]
fn deep_nesting_is_refused_without_a_crash() {
    for (open, close) in [
        ("(", ")"),
        ("f(", ")"),
        ("case when ", " then 1 end"),
        ("-", ""),
        ("not ", ""),
        ("[", "]"),
        ("cast(", " as int64)"),
        ("1 in (", ")"),
    ] {
        let text = format!(
            "module m\ntransform t from s {{ where {}a{} }}",
            open.repeat(50_000),
            close.repeat(50_000)
        );
        let diagnostics = survives(&text).unwrap_or_default();
        assert!(!diagnostics.is_empty(), "{open}");
        assert!(diagnostics.len() < 5, "{open}: {}", diagnostics.len());
        if open != "[" {
            assert!(
                diagnostics.iter().any(|found| found.code == Code::NestedTooDeeply),
                "{open}: {:?}",
                diagnostics[0]
            );
        }
    }
    for operator in [" or ", " = ", " + ", " is null and "] {
        let text = format!(
            "module m\ntransform t from s {{ where a{} }}",
            format!("{operator}a").repeat(50_000)
        );
        assert!(
            survives(&text)
                .unwrap_or_default()
                .iter()
                .any(|found| found.code == Code::NestedTooDeeply)
        );
    }
}

#[test]
fn allowed_nesting_parses_on_a_small_stack() {
    let depth = crate::scan::NESTING_MAX - 1;
    let run = move || {
        for (open, close) in [
            ("(", ")"),
            ("f(", ")"),
            ("case when a then ", " end"),
            ("cast(", " as int64)"),
        ] {
            let text = format!(
                "module m\ntransform t from s {{ where {}a{} }}",
                open.repeat(depth),
                close.repeat(depth)
            );
            assert_eq!(survives(&text).unwrap_or_default(), vec![], "{open}");
        }
        let text = format!("module m\ntransform t from s {{ where a{} }}", " or a = 1".repeat(250));
        assert_eq!(survives(&text).unwrap_or_default(), vec![]);
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run);
    assert!(thread.is_ok_and(|thread| thread.join().is_ok()));
}

#[test]
fn many_broken_statements_take_linear_time() {
    let statement = "  feature x = sum(a over 7d\n";
    let text = format!("module m\nview v of e from s {{\n{}}}\n", statement.repeat(2_000));
    assert_eq!(survives(&text).unwrap_or_default().len(), 2_000);
}

/// Texts on which a careless scanner or grammar takes quadratic time; here they take a moment.
#[test]
fn monotonous_texts_survive() {
    for (before, piece) in [
        ("module m\nview v of e from s {", "\n'"),
        ("module m\nview v of e from s {", "f(\n"),
        ("module m\nview v of e from s {", "“"),
        ("module m\n", "{ \" ' ( /// x\n"),
        ("module m\nservice s {", "a.{b\n"),
        ("", "/// x\n"),
        ("", "view v of e from s {\n"),
    ] {
        let diagnostics = survives(&format!("{before}{}", piece.repeat(5_000))).unwrap_or_default();
        assert!(!diagnostics.is_empty(), "{piece}");
    }
}

/// A file may have 4 MB; of a tenth of it in one character quadratic time would be minutes. How often the scanner looks at each is
/// asserted below.
#[test]
fn a_long_row_of_one_character_is_read() {
    let marks = (' '..='~').filter(|mark| !mark.is_ascii_alphanumeric() || ['a', '1'].contains(mark));
    for mark in marks {
        let text = format!("module m\n{}", mark.to_string().repeat(400_000));
        let file = SourceMap::new().add("a.feat", text.as_str());
        let found = parse(file, &text);
        assert_eq!(found.value.is_complete, mark == ' ' || mark == '/', "{mark}");
    }
}

/// Characters are looked at a bounded number of times, whatever quotes and dashes a line has.
#[test]
fn the_scanner_is_linear() {
    for line in [
        "\\\"",
        "\\'",
        "'",
        "'\"",
        "„",
        "“",
        "interval '",
        "interval '1",
        "over '",
        "-- ",
        ";x",
        "/*",
        "@",
        "# ",
        "{",
        "{{x",
        "{{f( ",
        "{{ }",
        "}}",
    ] {
        for first in ["", "'", "\"", "x ", "'\"", "over '", "{{ "] {
            for last in ["", "'", "\"", "'\"'", "}}"] {
                let text = format!("{first}{}{last}", line.repeat(5_000));
                let looked = crate::scan::scan(crate::diag::FileId(0), &text).looked;
                assert!(
                    looked >= text.len() && looked <= 4 * text.len(),
                    "{first}{line}…{last}: {looked} of {}",
                    text.len()
                );
            }
        }
    }
}
