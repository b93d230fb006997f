//! Output stays small: whatever is in a program, its messages are bounded by its length.

use featc_driver::diag::{Diagnostic, OF_A_CODE_MAX, SHOWN_MAX, SourceMap, json, terminal};

/// A text of about this many bytes.
const BYTES: usize = 16_000;

/// Each printed form is at most so many times as long as the program.
const TIMES: usize = 4;

fn repeated(text: &str) -> String {
    text.repeat(BYTES / text.len())
}

fn in_transform(text: &str) -> String {
    format!(
        "module m\nsource s {{ columns (a: int64, at: timestamp) unique all time at }}\ntransform t from s {{ {text} }}\n"
    )
}

/// Whether there are more messages than are printed.
fn is_more(found: &[Diagnostic]) -> bool {
    let of_code = |code| found.iter().filter(|one| one.code == code).count();
    found.len() > SHOWN_MAX || found.iter().any(|one| of_code(one.code) > OF_A_CODE_MAX)
}

#[test]
fn messages_are_bounded_by_the_program() {
    let many: String = (0..600).map(|at| format!("  let a{at} = nowhere_{at}\n")).collect();
    let texts = [
        repeated(";x"),
        repeated("x;\n"),
        repeated("'\""),
        repeated("„"),
        repeated("interval '"),
        repeated("interval '1 day' "),
        format!(
            "<!DOCTYPE html>{}</html>",
            repeated("<a href=\"x\" class='y'>z; &amp; “q”</a>")
        ),
        in_transform(&format!("where a {}", repeated("is null "))),
        in_transform(&format!("where a {}", repeated("< b "))),
        in_transform(&format!("let b = {}", repeated("a == ") + "a")),
        in_transform(&format!("let {} = nowhere", repeated("x"))),
        in_transform(&format!("let b = '{}'", repeated("x"))),
        in_transform(&many),
        in_transform(&many.replace('\n', " ")),
        repeated("\u{1b}[2J"),
        format!("module m\n{}", repeated("view v of e from s { } ")),
    ];
    let mut floods = 0;
    for text in texts {
        let mut sources = SourceMap::new();
        let file = sources.add("a.feat", text.as_str());
        let found = featc_driver::compile(&sources, &[file]).diagnostics;
        assert!(!found.is_empty());
        floods += usize::from(found.len() > SHOWN_MAX);
        for said in [
            terminal::render(&found, &sources, false),
            terminal::render(&found, &sources, true),
            terminal::short(&found, &sources),
            json::render(&found, &sources),
        ] {
            let begin: String = text.chars().take(60).collect();
            assert!(
                said.len() <= TIMES * text.len(),
                "{begin}: {} of {}",
                said.len(),
                text.len()
            );
            let counted = said.contains("W0002");
            assert_eq!(counted, is_more(&found), "{begin}: {} messages", found.len());
        }
    }
    assert!(floods >= 10, "{floods} programs with more than {SHOWN_MAX} messages");
}
