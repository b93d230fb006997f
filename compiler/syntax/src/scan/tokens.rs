//! A text as a row of tokens.

use super::Scan;
use crate::diag::{FileId, Span};

/// A piece of text as a reader sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub kind: TokenKind,
    pub start: usize,
    pub end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Word,
    Number,
    String,
    Instant,
    Punctuation,
    /// In a row of a table, without quotes.
    Cell,
}

/// A file, and what was scanned of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tokens<'a> {
    pub file: FileId,
    /// As the user wrote it.
    pub text: &'a str,
    pub scan: &'a Scan,
}

impl<'a> Tokens<'a> {
    /// The first token at or after an offset.
    pub fn from(self, offset: usize) -> Option<Token> {
        let at = self.scan.tokens.partition_point(|token| token.start < offset);
        self.scan.tokens.get(at).copied()
    }

    /// The last token that ends at or before an offset.
    pub fn before(self, offset: usize) -> Option<Token> {
        let at = self.scan.tokens.partition_point(|token| token.end <= offset);
        at.checked_sub(1).map(|at| self.scan.tokens[at])
    }

    /// Those that lie within a range.
    pub fn within(self, span: Span) -> &'a [Token] {
        let all = &self.scan.tokens;
        let first = all.partition_point(|token| token.start < span.start);
        let end = all.partition_point(|token| token.end <= span.end);
        &all[first..end.max(first)]
    }

    pub fn text(self, token: Token) -> &'a str {
        &self.text[token.start..token.end]
    }

    pub fn span(self, token: Token) -> Span {
        Span::new(self.file, token.start, token.end)
    }

    /// The text under a range.
    pub fn slice(self, span: Span) -> &'a str {
        &self.text[span.start..span.end]
    }

    /// Whether something in the range was reported while scanning that the grammar could not be told.
    pub fn is_poisoned(self, span: Span) -> bool {
        let first = self.scan.poison.partition_point(|at| *at < span.start);
        let poison = self.scan.poison.get(first);
        poison.is_some_and(|at| *at < span.end.max(span.start + 1))
    }
}
