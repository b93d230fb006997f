//! Parsing is linear in the length of a line: rules of the grammar that are tried per byte are bounded, counted by the
//! parser itself. The limit holds for the whole process, so this is a program of one test.

use featc_syntax::diag::{Code, SourceMap};
use std::num::NonZeroUsize;

/// Rules tried per byte of a text; a scan that is begun anew at each quote takes thousands.
const CALLS_PER_BYTE: usize = 70;

fn repeated(text: &str) -> String {
    text.repeat(20_000 / text.len())
}

#[test]
fn no_line_is_read_once_per_character() {
    let in_view = |text: &str| format!("module m\nview v of e from s {{\n  {text}\n}}\n");
    let texts = [
        format!("\"{}", repeated("\\\"")),
        format!("'{}", repeated("\\'")),
        format!("'{}\"{}'", repeated("\\'"), repeated("\\'")),
        format!("x {}", repeated("-- ")),
        repeated(";x"),
        repeated("'\""),
        repeated("„"),
        repeated("interval '"),
        repeated("{\""),
        repeated("{ "),
        repeated("<div class=\"a\" style='b'>c; d &amp; e</div>"),
        in_view(&format!("owner \"{}", repeated("\\\""))),
        in_view(&format!("feature a = \"{}", repeated("\\\""))),
        in_view(&format!("feature a = f({}", repeated("x "))),
        in_view(&format!("feature a = x {}", repeated("is null "))),
        in_view(&format!("feature a = x{} over 1d where x", repeated(" + f(x)"))),
        in_view(&repeated("feature a = if x then y else z ")),
    ];
    for text in texts {
        pest::set_call_limit(NonZeroUsize::new(text.len() * CALLS_PER_BYTE));
        let mut sources = SourceMap::new();
        let file = sources.add("a.feat", text.as_str());
        let found = featc_syntax::parse(file, sources.text(file)).diagnostics;
        pest::set_call_limit(None);
        assert!(!found.is_empty());
        let bug = found.iter().find(|one| one.code == Code::Bug);
        assert_eq!(bug, None, "{} … of {} bytes", &text[..text.len().min(40)], text.len());
    }
}
