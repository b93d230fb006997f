//! `featc explain`: the page of a code, the meaning of a word.

use crate::args::ExplainArgs;
use crate::errors;
use crate::report::{Refused, Reporter};
use featc_driver::diag::{Code, suggest};

/// One word per idea: rows `| word | meaning |`.
const GLOSSARY: &str = include_str!("../../docs/glossary.md");

pub fn run(args: &ExplainArgs, reporter: &Reporter) -> Result<(), Refused> {
    if let Some(code) = Code::from_code(&args.code) {
        let value = serde_json::json!({ "code": code.code(), "title": code.title(), "since": code.since(), "page": code.explain() });
        reporter.result(code.explain().trim_end(), &value);
        return Ok(());
    }
    if let Some((word, meaning)) = words().find(|(word, _)| is_named(word, &args.code)) {
        let value = serde_json::json!({ "word": word, "meaning": meaning });
        reporter.result(&format!("{word}: {meaning}"), &value);
        return Ok(());
    }
    let codes = Code::ALL.iter().map(|code| code.code());
    let nearest = suggest::nearest(&args.code.to_uppercase(), codes)
        .or_else(|| suggest::nearest(&args.code, words().flat_map(|(word, _)| names(word))));
    reporter.refuse(errors::unknown_code(&args.code, nearest))
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
    let name = name.replace('_', " ");
    names(word).any(|known| known.eq_ignore_ascii_case(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_other_words_have_a_meaning() {
        for name in [
            "missing",
            "Truncated",
            "as_of_arrival",
            "id",
            "delay",
            "lateness",
            "event time",
        ] {
            assert!(
                words().any(|(word, meaning)| is_named(word, name) && meaning.len() > 20),
                "{name}"
            );
        }
        assert!(!words().any(|(word, _)| is_named(word, "α")));
        assert!(words().count() > 50);
    }
}
