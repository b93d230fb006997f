//! Nothing panics, whatever the tree.

use super::{codes, compile};
use std::fmt::Write as _;

const PROGRAM: &str = include_str!("../../../../tests/ui/E0406/one_name_two_types.feat");

/// Every program that lacks one stretch of words of a good one, and every one that repeats it.
fn tear(program: &str, lengths: &[usize]) {
    let words: Vec<&str> = program
        .split_inclusive(|c: char| c.is_whitespace() || "(){}[],.:".contains(c))
        .collect();
    for start in 0..words.len() {
        for length in lengths {
            let end = (start + length).min(words.len());
            let without: String = words[..start].iter().chain(&words[end..]).copied().collect();
            let twice: String = words[..end].iter().chain(&words[start..]).copied().collect();
            for text in [without, twice] {
                let (outcome, _) = compile(&text);
                let is_error = outcome.diagnostics.iter().any(featc_syntax::diag::Diagnostic::is_error);
                assert_eq!(outcome.value.is_none(), is_error, "{text}");
            }
        }
    }
}

#[test]
fn torn_programs_are_survived() {
    tear(PROGRAM, &[1, 2, 5, 17]);
    tear(super::programs::FLIGHTS, &[1, 4]);
    tear(&super::templates::whole(), &[1, 3]);
}

const HEAD: &str = "module m\nentity k (k: string)\n\
    source s { columns (k: string, x: int64, at: timestamp) unique all time at }\n";

#[test]
fn long_chains_need_no_deep_stack() {
    let mut text = HEAD.to_owned();
    let mut from = "s".to_owned();
    for step in 0..2000 {
        let _ = writeln!(text, "transform t{step} from {from} {{ where x > {step} }}");
        from = format!("t{step}");
    }
    let _ = writeln!(
        text,
        "view v of k from {from} {{ owner \"o\"\n /// d\n feature f0 = sum(x) over 1d"
    );
    for feature in 1..2000 {
        let _ = writeln!(text, " /// d\n feature f{feature} = f{} + 1", feature - 1);
    }
    text.push_str("}\n");
    let (outcome, _) = {
        let mut sources = featc_syntax::diag::SourceMap::new();
        let file = sources.add("m.feat", text.as_str());
        let parsed = featc_syntax::parse(file, &text);
        assert!(parsed.diagnostics.is_empty());
        (crate::analyse(&[parsed.value], &sources), sources)
    };
    assert_eq!(codes(&outcome.diagnostics), [""; 0]);
    assert!(outcome.value.is_some());
}

#[test]
fn long_lists_make_shallow_trees() {
    let items: Vec<String> = (0..5000).map(|item| item.to_string()).collect();
    let text = format!(
        "{HEAD}view v of k from s {{ owner \"o\"\n /// d\n feature f = count(where x in ({})) over 1d }}\n",
        items.join(", ")
    );
    let (outcome, _) = compile(&text);
    assert_eq!(codes(&outcome.diagnostics), [""; 0]);
    fn depth(expr: &featc_ir::Expr) -> usize {
        1 + expr.children().into_iter().map(depth).max().unwrap_or(0)
    }
    let program = outcome.value.expect("a sound program");
    assert!(depth(&program.views[0].lifts[0]) < 20);
}

#[test]
fn a_circle_behind_a_chain_is_reported_once() {
    let text = format!(
        "{HEAD}transform a from b {{ where y > 0 }}\ntransform b from c {{ where y > 0 }}\ntransform c from d {{ }}\n\
         transform d from b {{ }}\nview v of k from a {{ owner \"o\"\n /// d\n feature f = sum(y) over 1d }}\n"
    );
    assert_eq!(codes(&compile(&text).0.diagnostics), ["E0113"]);
}
