//! `featc explain`: the page of a code, the meaning of a word.

use crate::args::ExplainArgs;
use crate::errors;
use crate::report::{Refused, Reporter};
use featc_driver::diag::{Code, suggest};

/// One word per idea: rows `| word | meaning |`.
const GLOSSARY: &str = include_str!("../../docs/glossary.md");

pub fn run(args: &ExplainArgs, reporter: &Reporter) -> Result<(), Refused> {
    if let Some(code) = code_in(&args.code) {
        let value = serde_json::json!({ "code": code.code(), "title": code.title(), "since": code.since(), "page": code.explain() });
        reporter.result(code.explain().trim_end(), &value);
        return Ok(());
    }
    if let Some((word, meaning)) = words().find(|(word, _)| is_named(word, &args.code)) {
        let value = serde_json::json!({ "word": word, "meaning": meaning });
        reporter.result(&format!("{word}: {meaning}"), &value);
        return Ok(());
    }
    // `self` of `excluding self`, where no row has just this name.
    let near: Vec<_> = words().filter(|(word, _)| has_word(word, &args.code)).collect();
    if !near.is_empty() {
        let lines: Vec<String> = near
            .iter()
            .map(|(word, meaning)| format!("{word}: {meaning}"))
            .collect();
        let value = near
            .iter()
            .map(|(word, meaning)| serde_json::json!({ "word": word, "meaning": meaning }));
        reporter.result(
            &lines.join("\n"),
            &serde_json::json!({ "words": value.collect::<Vec<_>>() }),
        );
        return Ok(());
    }
    let codes = Code::ALL.iter().map(|code| code.code());
    let numbered = pieces(&args.code).find(|piece| piece.contains(|c: char| c.is_ascii_digit()));
    let nearest = suggest::nearest(&numbered.unwrap_or(&args.code).to_uppercase(), codes)
        .or_else(|| suggest::close(&args.code, words().flat_map(|(word, _)| names(word))));
    reporter.refuse(errors::unknown_code(&args.code, nearest))
}

/// The first code in a text, which may be a line of a message: `error[E0716]: …`.
fn code_in(text: &str) -> Option<Code> {
    pieces(text).find_map(Code::from_code)
}

fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
}

/// The words of the glossary with their meanings.
fn words() -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = GLOSSARY.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    rows.filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "))
}

/// `identity, id` is one idea of two names; a sign in brackets is none: `arrival (α)`.
fn names(word: &'static str) -> impl Iterator<Item = &'static str> {
    let plain = word.split(" (").next().unwrap_or(word);
    plain.split(", ")
}

fn is_named(word: &'static str, name: &str) -> bool {
    let name = name.replace(['_', '-'], " ");
    // `copies` of `copy`, `cuts` of `cut`.
    let single = name.strip_suffix("ies").map(|begin| format!("{begin}y"));
    let single = single.or_else(|| name.strip_suffix('s').map(str::to_owned));
    let is = |known: &str, name: &str| known.replace(['_', '-'], " ").eq_ignore_ascii_case(name);
    names(word).any(|known| is(known, &name) || single.as_deref().is_some_and(|single| is(known, single)))
}

/// Whether a word is one of several that make a name.
fn has_word(row: &'static str, word: &str) -> bool {
    names(row).any(|name| name.contains(' ') && name.split(' ').any(|one| one.eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_taken_out_of_the_text_of_a_message() {
        let found = |text: &str| code_in(text).map(Code::code);
        for text in [
            "E0716",
            "e0716",
            "error[E0716]",
            "E0716:",
            "error[E0716]: no row of card",
            "[E0716]",
        ] {
            assert_eq!(found(text), Some("E0716"), "{text}");
        }
        assert_eq!(found("warning[W0703]: different rows"), Some("W0703"));
        for text in ["E07160", "missing", "losses.worst", "error[E0299]", ""] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    #[test]
    fn statuses_and_other_words_have_a_meaning() {
        for name in [
            "missing",
            "Truncated",
            "as_of_arrival",
            "id",
            "as-of-arrival",
            "copies",
            "Cuts",
            "excluding self",
            "delay",
            "lateness",
            "event time",
            "late",
            "ahead",
            "expired",
            "late_for_cut",
            "bad_value",
            "null_in_required",
            "null_time",
            "null_arrival",
            "unparsable",
            "at_too_far",
            "at_before_time",
            "key_error",
            "poisoned",
            "excluding now",
        ] {
            assert!(
                words().any(|(word, meaning)| is_named(word, name) && meaning.len() > 20),
                "{name}"
            );
        }
        let of = |one: &str| {
            words()
                .filter(|(word, _)| has_word(word, one))
                .map(|(word, _)| word)
                .collect::<Vec<_>>()
        };
        assert_eq!(of("self"), ["excluding self"]);
        assert_eq!(of("excluding"), ["excluding now", "excluding self"]);
        assert!(!words().any(|(word, _)| is_named(word, "α")));
        assert!(words().count() > 50);
    }
}
