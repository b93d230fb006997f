//! A broken piece as a row of words.

use crate::diag::Span;
use crate::scan::{Token, TokenKind, Tokens};
use featc_grammar::RESERVED;

/// A broken piece as a row of words.
pub(super) struct Piece<'b> {
    file: Tokens<'b>,
    /// Up to the end of the piece.
    pub tokens: &'b [Token],
    /// The place of the found token among them; behind the last if the piece ends too early.
    pub at: usize,
    /// Brackets open before each token, and behind the last.
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

    /// Whether nothing beside the tokens `first..=last` binds them: an operator, or brackets of a call.
    pub fn is_alone(&self, first: usize, last: usize) -> bool {
        const BINDS: [&str; 9] = ["+", "-", "*", "/", "div", "mod", "not", ".", ":"];
        let before = first.checked_sub(1).map_or("", |before| self.text(before));
        !BINDS.contains(&before) && !BINDS.contains(&self.text(last + 1)) && self.text(last + 1) != "("
    }

    /// Whether a bracket is open at the end.
    pub fn is_unclosed(&self) -> bool {
        self.depth(self.tokens.len()) > 0
    }

    /// Brackets open at a place.
    pub fn depth(&self, at: usize) -> usize {
        self.depths[at.min(self.depths.len() - 1)]
    }

    /// The first token of the operand that ends here: a name, a literal, a group or a call.
    pub fn operand(&self, last: usize) -> usize {
        if self.text(last) != ")" {
            return last;
        }
        let depth = self.depth(last);
        let open = (0..last)
            .rev()
            .find(|index| self.text(*index) == "(" && self.depth(*index) + 1 == depth)
            .unwrap_or(last);
        let is_call =
            open > 0 && self.kind(open - 1) == Some(TokenKind::Word) && !RESERVED.contains(&self.text(open - 1));
        if is_call { open - 1 } else { open }
    }

    /// The last token of the operand that begins here.
    pub fn operand_from(&self, first: usize) -> Option<usize> {
        let first = first + usize::from(self.text(first) == "-");
        let open = match self.kind(first)? {
            TokenKind::Number | TokenKind::String | TokenKind::Instant => return Some(first),
            TokenKind::Word if matches!(self.text(first), "true" | "false" | "null") => return Some(first),
            TokenKind::Word if RESERVED.contains(&self.text(first)) => return None,
            TokenKind::Word if self.text(first + 1) != "(" => return Some(first),
            TokenKind::Word => first + 1,
            TokenKind::Punctuation if self.text(first) == "(" => first,
            TokenKind::Punctuation | TokenKind::Cell => return None,
        };
        let depth = self.depth(open) + 1;
        (open + 1..self.tokens.len()).find(|index| self.text(*index) == ")" && self.depth(*index) == depth)
    }

    /// The last token of a condition or similar that begins here and ends with its bracket or the next clause.
    pub fn clause_end(&self, first: usize) -> usize {
        let depth = self.depth(first);
        let behind = (first..self.tokens.len()).find(|index| {
            let inside = self.depth(*index) == depth;
            inside
                && matches!(
                    self.text(*index),
                    ")" | "over" | "cap" | "default" | "excluding" | "feature"
                )
        });
        behind.unwrap_or(self.tokens.len()).saturating_sub(1).max(first)
    }
}
