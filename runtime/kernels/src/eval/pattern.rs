//! Patterns of strings: those of `like`, and regular expressions.

use featc_ir::function::PATTERN_BYTES_MAX;
use regex::{Regex, RegexBuilder};
use std::cell::RefCell;
use std::collections::HashMap;

/// What a part of a pattern of `like` stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// `%`
    Any,
    /// `_`
    One,
    This(char),
}

/// A pattern of `like`.
#[derive(Debug)]
pub struct Like(Vec<Part>);

impl Like {
    /// Reads a pattern; a `\` at its end stands for itself.
    pub fn new(pattern: &str) -> Like {
        let mut parts = Vec::new();
        let mut rest = pattern.chars();
        while let Some(next) = rest.next() {
            parts.push(match next {
                '%' => Part::Any,
                '_' => Part::One,
                '\\' => Part::This(rest.next().unwrap_or('\\')),
                other => Part::This(other),
            });
        }
        Like(parts)
    }

    /// Whether it is about the whole of a text. In time by the product of both lengths at most: of several `%` only the last
    /// that was met takes more.
    pub fn matches(&self, text: &str) -> bool {
        let mut rest = text.chars();
        let mut at = 0;
        // After the last `%`: where the pattern goes on, and what it has not taken.
        let mut back: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            if self.0.get(at) == Some(&Part::Any) {
                at += 1;
                back = Some((at, rest.clone()));
                continue;
            }
            let here = rest.clone().next();
            let fits = match (self.0.get(at), here) {
                (None, None) => return true,
                (Some(Part::This(wanted)), Some(found)) => *wanted == found,
                (Some(Part::One), Some(_)) => true,
                _ => false,
            };
            if fits {
                at += 1;
                rest.next();
                continue;
            }
            let Some((after, taken)) = &mut back else { return false };
            if taken.next().is_none() {
                return false;
            }
            at = *after;
            rest = taken.clone();
        }
    }
}

/// How many compiled expressions a thread keeps.
const KEPT: usize = 64;

thread_local! {
    /// Rows may come one by one, and compiling takes a thousand times as long as most matches.
    static COMPILED: RefCell<HashMap<String, Regex>> = RefCell::new(HashMap::new());
}

/// An expression, compiled once per thread; `None` of what is none, which the compiler refuses.
pub fn regex(pattern: &str) -> Option<Regex> {
    COMPILED.with_borrow_mut(|known| {
        if let Some(regex) = known.get(pattern) {
            return Some(regex.clone());
        }
        let regex = RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build().ok()?;
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(pattern.to_owned(), regex.clone());
        Some(regex)
    })
}

/// Of the leftmost match the first group, or all of it where there is no group.
pub fn extract<'a>(regex: &Regex, text: &'a str) -> Option<&'a str> {
    if regex.captures_len() == 1 {
        return regex.find(text).map(|found| found.as_str());
    }
    regex.captures(text)?.get(1).map(|group| group.as_str())
}
