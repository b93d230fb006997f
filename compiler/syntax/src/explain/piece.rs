//! A broken piece as a row of words.

use crate::diag::Span;
use crate::scan::{Token, TokenKind, Tokens};

/// A broken piece as a row of words.
pub(super) struct Piece<'b> {
    file: Tokens<'b>,
    /// Up to the end of the piece.
    pub tokens: &'b [Token],
    /// The place of the found token among them; after the last if the piece ends too early.
    pub at: usize,
    /// Brackets open before each token, and after the last.
    depths: Vec<usize>,
}

impl<'b> Piece<'b> {
    /// What lies in a range, and breaks at an offset.
    pub fn new(file: Tokens<'b>, span: Span, at: usize) -> Piece<'b> {
        let tokens = file.within(span);
        let at = tokens.partition_point(|token| token.start < at);
        let mut depths = Vec::with_capacity(tokens.len() + 1);
        let mut depth = 0_usize;
        for token in tokens {
            depths.push(depth);
            match file.text(*token) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        depths.push(depth);
        Piece {
            file,
            tokens,
            at,
            depths,
        }
    }

    pub fn text(&self, index: usize) -> &'b str {
        self.tokens.get(index).map_or("", |token| self.file.text(*token))
    }

    pub fn lower(&self, index: usize) -> String {
        self.text(index).to_ascii_lowercase()
    }

    pub fn back(&self, steps: usize) -> &'b str {
        self.at.checked_sub(steps).map_or("", |index| self.text(index))
    }

    pub fn kind(&self, index: usize) -> Option<TokenKind> {
        self.tokens.get(index).map(|token| token.kind)
    }

    pub fn span(&self, from: usize, to: usize) -> Span {
        let end = |token: &Token| (token.start, token.end);
        let (start, _) = self.tokens.get(from).map_or((0, 0), end);
        let (_, stop) = self.tokens.get(to).map_or((0, start), end);
        Span::new(self.file.file, start, stop.max(start))
    }

    /// The text of the tokens `from..=to`.
    pub fn slice(&self, from: usize, to: usize) -> &'b str {
        self.file.slice(self.span(from, to))
    }

    /// Whether two neighbours touch.
    pub fn touch(&self, left: usize) -> bool {
        match (self.tokens.get(left), self.tokens.get(left + 1)) {
            (Some(left), Some(right)) => left.end == right.start,
            _ => false,
        }
    }

    /// Whether a bracket is open at the end.
    pub fn is_unclosed(&self) -> bool {
        self.depth(self.tokens.len()) > 0
    }

    /// Brackets open at a place.
    pub fn depth(&self, at: usize) -> usize {
        self.depths[at.min(self.depths.len() - 1)]
    }

    /// The last token of a condition or similar that begins here and ends with its bracket or the next clause.
    pub fn clause_end(&self, first: usize) -> usize {
        let depth = self.depth(first);
        let after = (first..self.tokens.len()).find(|index| {
            let inside = self.depth(*index) == depth;
            inside
                && matches!(
                    self.text(*index),
                    ")" | "over" | "cap" | "default" | "excluding" | "feature"
                )
        });
        after.unwrap_or(self.tokens.len()).saturating_sub(1).max(first)
    }
}
