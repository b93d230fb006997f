//! Operands in a row of words: how far to the left and to the right of an operator they reach.

use super::piece::Piece;
use crate::scan::TokenKind;
use featc_grammar::RESERVED;

/// So many tokens are looked through for the other end of an operand.
const REACH: usize = 512;

/// Operators that bind closer than a comparison.
const ARITHMETIC: [&str; 7] = ["+", "-", "*", "/", "%", "div", "mod"];

impl Piece<'_> {
    /// Whether nothing beside the tokens `first..=last` binds them: an operator, or brackets of a call.
    pub fn is_alone(&self, first: usize, last: usize) -> bool {
        let before = first.checked_sub(1).map_or("", |before| self.text(before));
        let is_bound = |word: &str| ARITHMETIC.contains(&word) || matches!(word, "not" | "." | ":");
        !is_bound(before) && !is_bound(self.text(last + 1)) && self.text(last + 1) != "("
    }

    /// Whether a comparison could stand in place of the tokens `first..=last` as it is: nothing beside them binds closer
    /// than `and`.
    pub fn takes_a_comparison(&self, first: usize, last: usize) -> bool {
        let compares = |word: &str| matches!(word, "=" | "!" | "<" | ">" | "is" | "in");
        let before = first.checked_sub(1).map_or("", |before| self.text(before));
        // `=` after the name of a feature or a column compares nothing.
        let names = first == 3 && before == "=" && matches!(self.text(0), "feature" | "let");
        self.is_alone(first, last) && (names || !compares(before)) && !compares(self.text(last + 1))
    }

    /// The first token of the operand that ends here, with everything that belongs to it: the names before a dot, the
    /// table of a lookup, the call or the list before brackets. `None` if none ends here.
    pub fn operand(&self, last: usize) -> Option<usize> {
        let mut at = last;
        loop {
            let first = match self.text(at) {
                "]" => {
                    at = self.opening("[", at)?.checked_sub(1)?;
                    continue;
                }
                ")" => {
                    let open = self.opening("(", at)?;
                    match open.checked_sub(1).filter(|name| self.is_callable(*name)) {
                        Some(name) => name,
                        None => return Some(open),
                    }
                }
                "end" => return self.case_before(at),
                "}" => self.name_with_holes(at)?,
                word if RESERVED.contains(&word) => {
                    return matches!(word, "null" | "true" | "false").then_some(at);
                }
                _ => match self.kind(at)? {
                    TokenKind::String | TokenKind::Instant => return Some(at),
                    TokenKind::Number => return Some(self.lookup_within(at).unwrap_or(at)),
                    TokenKind::Word => self.name_with_holes(at)?,
                    TokenKind::Punctuation | TokenKind::Cell => return None,
                },
            };
            let before = first.checked_sub(1).map_or("", |before| self.text(before));
            match before {
                "." => at = first.checked_sub(2)?,
                "lookup" => return Some(first - 1),
                _ => return Some(first),
            }
        }
    }

    /// The operand that ends here, as written.
    pub fn slice_of_operand(&self, last: usize) -> Option<&str> {
        Some(self.slice(self.operand(last)?, last))
    }

    /// The last token of the operand that begins here, likewise.
    pub fn operand_from(&self, first: usize) -> Option<usize> {
        let first = first + usize::from(self.text(first) == "-");
        let mut last = match (self.text(first), self.kind(first)?) {
            (_, TokenKind::Number | TokenKind::String | TokenKind::Instant) => return Some(first),
            ("null" | "true" | "false", _) => return Some(first),
            ("(", _) => self.closing(first)?,
            ("{", _) => self.name_with_holes_from(first)?,
            ("case", _) => self.case_from(first)?,
            ("cast", _) => self.closing(first + 1)?,
            ("lookup", _) if self.kind(first + 1) == Some(TokenKind::Word) => first + 1,
            (word, TokenKind::Word) if !RESERVED.contains(&word) => self.name_with_holes_from(first)?,
            (_, TokenKind::Word | TokenKind::Punctuation | TokenKind::Cell) => return None,
        };
        loop {
            last = match self.text(last + 1) {
                "(" | "[" => self.closing(last + 1)?,
                "." if self.kind(last + 2) == Some(TokenKind::Word) => last + 2,
                "within" if self.text(first) == "lookup" => last + 2,
                _ => return (last < self.tokens.len()).then_some(last),
            };
        }
    }

    /// The first token of the sum that ends here: operands and the operators between them that bind closer than a
    /// comparison.
    pub fn sum(&self, last: usize) -> Option<usize> {
        let mut first = self.operand(last)?;
        while let Some(before) = first.checked_sub(1) {
            first = match self.text(before) {
                "-" if self.begins(before) => before,
                word if ARITHMETIC.contains(&word) => self.operand(before.checked_sub(1)?)?,
                _ => break,
            };
        }
        Some(first)
    }

    /// The last token of the sum that begins here.
    pub fn sum_from(&self, first: usize) -> Option<usize> {
        let mut last = self.operand_from(first)?;
        while ARITHMETIC.contains(&self.text(last + 1)) {
            last = self.operand_from(last + 2)?;
        }
        Some(last)
    }

    /// Whether an operand begins here, so that a `-` is a sign.
    fn begins(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1) else { return true };
        let word = self.text(before);
        let is_value = matches!(word, "null" | "true" | "false" | "end");
        match self.kind(before) {
            Some(TokenKind::Word) => RESERVED.contains(&word) && !is_value || matches!(word, "div" | "mod"),
            Some(TokenKind::Punctuation) => !matches!(word, ")" | "]" | "}"),
            Some(TokenKind::Number | TokenKind::String | TokenKind::Instant | TokenKind::Cell) | None => false,
        }
    }

    /// Whether parentheses after this word are those of a call.
    fn is_callable(&self, at: usize) -> bool {
        self.kind(at) == Some(TokenKind::Word) && (self.text(at) == "cast" || !RESERVED.contains(&self.text(at)))
    }

    /// The first token of `lookup t(k).c within 1d`, which ends here.
    fn lookup_within(&self, last: usize) -> Option<usize> {
        let column = last.checked_sub(2)?;
        let is_within = self.text(last - 1) == "within" && self.kind(column) == Some(TokenKind::Word);
        let first = is_within.then(|| self.operand(column))??;
        (self.text(first) == "lookup").then_some(first)
    }

    /// The bracket that one closes.
    pub fn opening(&self, open: &str, close: usize) -> Option<usize> {
        let depth = self.depth(close);
        let is_open = |index: &usize| self.text(*index) == open && self.depth(*index) + 1 == depth;
        (close.saturating_sub(REACH)..close).rev().find(is_open)
    }

    /// The bracket that closes one.
    pub fn closing(&self, open: usize) -> Option<usize> {
        let close = match self.text(open) {
            "(" => ")",
            "[" => "]",
            "{" => "}",
            _ => return None,
        };
        let depth = self.depth(open) + 1;
        let is_close = |index: &usize| self.text(*index) == close && self.depth(*index) == depth;
        (open + 1..self.tokens.len().min(open + REACH)).find(is_close)
    }

    /// The first token of the name that ends here: a word, or words and holes that touch, as `{col}_sum`.
    fn name_with_holes(&self, last: usize) -> Option<usize> {
        let part = |last: usize| match self.text(last) {
            "}" => self.opening("{", last).filter(|open| open + 2 == last),
            _ => (self.kind(last) == Some(TokenKind::Word)).then_some(last),
        };
        let mut first = part(last)?;
        let has_holes = |index: usize| self.text(index) == "}" || self.text(index + 1) == "{";
        while let Some(before) = first
            .checked_sub(1)
            .filter(|before| self.touch(*before) && has_holes(*before))
        {
            let Some(more) = part(before) else { break };
            first = more;
        }
        Some(first)
    }

    /// The last token of the name that begins here, likewise.
    fn name_with_holes_from(&self, first: usize) -> Option<usize> {
        let part = |first: usize| match self.text(first) {
            "{" => self.closing(first).filter(|close| first + 2 == *close),
            _ => (self.kind(first) == Some(TokenKind::Word)).then_some(first),
        };
        let mut last = part(first)?;
        while self.touch(last) && (self.text(last) == "}" || self.text(last + 1) == "{") {
            let Some(more) = part(last + 1) else { break };
            last = more;
        }
        Some(last)
    }

    /// The `case` that an `end` closes.
    pub fn case_before(&self, end: usize) -> Option<usize> {
        let mut open = 0_usize;
        (end.saturating_sub(REACH)..=end).rev().find(|index| {
            match self.text(*index) {
                "end" => open += 1,
                "case" => open = open.saturating_sub(1),
                _ => return false,
            }
            open == 0
        })
    }

    /// The `end` that closes a `case`.
    pub fn case_from(&self, case: usize) -> Option<usize> {
        let mut open = 0_usize;
        (case..self.tokens.len().min(case + REACH)).find(|index| {
            match self.text(*index) {
                "case" => open += 1,
                "end" => open = open.saturating_sub(1),
                _ => return false,
            }
            open == 0
        })
    }
}
