//! The depth of brackets, which is bounded.

use super::{Scanner, Token, TokenKind};
use crate::errors;

/// Brackets and `case`s within each other beyond this many are refused, so that the recursive parser cannot run out of
/// stack.
pub(crate) const NESTING_MAX: usize = 64;

/// Types within each other beyond this many end here; the builder refuses fewer of them.
const TYPES_MAX: usize = 1000;

impl Scanner<'_> {
    /// Blanks what lies too deep in `list<…>` and `struct<…>`, and reports it.
    pub(super) fn bound_types(&mut self) {
        let mut depth = 0_usize;
        for index in 1..self.scan.tokens.len() {
            let [before, token] = [self.scan.tokens[index - 1], self.scan.tokens[index]];
            match (&self.text[before.start..before.end], &self.text[token.start..token.end]) {
                ("list" | "struct", "<") => depth += 1,
                (_, ">") => depth = depth.saturating_sub(1),
                // Where no type goes on.
                (_, "{" | "}" | "feature" | "let" | "where" | "and" | "or") => depth = 0,
                _ => {}
            }
            if depth > TYPES_MAX {
                // What is wrong with the rest says nothing new.
                self.blank_lines(token.start, self.text.len());
                self.scan.poison.push(token.start);
                self.scan.tokens.truncate(index);
                self.report(errors::type_too_deep(self.span(before.start, before.end)));
                return;
            }
        }
    }

    /// Replaces what lies too deep by a constant, and reports it.
    pub(super) fn bound_nesting(&mut self) {
        let mut depth = 0_usize;
        let mut index = 0;
        while index < self.scan.tokens.len() {
            let token = self.scan.tokens[index];
            match self.nesting(token) {
                Nesting::Opens => depth += 1,
                Nesting::Closes => depth = depth.saturating_sub(1),
                Nesting::Neither => {}
                Nesting::Resets => depth = 0,
            }
            index += 1;
            if depth > NESTING_MAX {
                index = self.cut(index - 1);
                depth -= 1;
            }
        }
    }

    fn nesting(&self, token: Token) -> Nesting {
        match token.kind {
            TokenKind::Cell => Nesting::Neither,
            _ => nesting(&self.text[token.start..token.end]),
        }
    }

    /// Blanks the bracket at this token up to its partner; returns the index after it.
    fn cut(&mut self, first: usize) -> usize {
        let mut depth = 0_usize;
        let mut last = first;
        while last < self.scan.tokens.len() {
            let token = self.scan.tokens[last];
            match self.nesting(token) {
                Nesting::Opens => depth += 1,
                Nesting::Closes => depth = depth.saturating_sub(1),
                Nesting::Neither => {}
                Nesting::Resets => break,
            }
            last += 1;
            if depth == 0 {
                break;
            }
        }
        let start = self.scan.tokens[first].start;
        let end = self.scan.tokens[last - 1].end;
        self.blank_lines(start, end);
        self.masked[start] = b'0';
        self.scan.poison.push(start);
        let span = self.span(start, self.scan.tokens[first].end);
        self.report(errors::too_many_brackets(NESTING_MAX, span));
        last
    }
}

enum Nesting {
    Opens,
    Closes,
    Neither,
    /// A keyword that begins a statement: brackets left open before it count no more.
    Resets,
}

fn nesting(text: &str) -> Nesting {
    match text {
        "(" | "[" | "{" | "case" => Nesting::Opens,
        ")" | "]" | "}" | "end" => Nesting::Closes,
        "feature" | "let" => Nesting::Resets,
        _ => Nesting::Neither,
    }
}
