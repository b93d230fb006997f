//! Pieces whose first word begins none of their kind.

use super::{Failure, list};
use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::forms::{self, Context};
use featc_grammar::{RESERVED, Rule, user_word};

impl Failure<'_> {
    /// The piece begins with a word that begins no such piece.
    pub(super) fn unknown_start(&self) -> Option<Diagnostic> {
        if self.previous.is_some() || self.context == Context::Entry {
            return None;
        }
        let (word, span) = self.word()?;
        Some(self.not_a_start(word, span))
    }

    /// The piece ends with its line, and the next line begins with a word that begins no such piece.
    pub(super) fn fresh_line(&self) -> Option<Diagnostic> {
        let (word, span) = self.word()?;
        let known = self.context.keywords();
        if !self.is_first_on_line(span) || span.start >= self.span.end || self.expects_expression() {
            return None;
        }
        let next = self.next();
        let assigns = next == Some("=") && self.context.naming().is_some()
            || next == Some("(") && self.context == Context::Statement;
        let resembles = suggest::nearest(word, known.iter().copied()).is_some() || self.starts_piece();
        let complete =
            self.expected.iter().any(|rule| user_word(*rule) == Some("an operator")) || self.expected.is_empty();
        let ends = complete || self.expects(Rule::EOI);
        // What stands behind a whole piece, on a line of its own, is meant as the next one.
        let is_next = self.expects(Rule::EOI)
            && matches!(self.context, Context::Clause | Context::Step | Context::Statement)
            && !RESERVED.contains(&word);
        (ends && !known.contains(&word) && (assigns || resembles || is_next)).then(|| self.not_a_start(word, span))
    }

    /// `where` or `let` in a view: a transform of the view's rows, with what is written.
    fn rows_of_a_view(&self, word: &str, owner: Context) -> Option<String> {
        if (self.context, owner) != (Context::Statement, Context::Step) {
            return None;
        }
        let (tokens, until) = (&self.tokens.scan.tokens, self.span.start);
        let before = &tokens[..tokens.partition_point(|token| token.start < until)];
        let view = before.iter().rposition(|token| self.text(*token) == "view")?;
        let head = &before[view..];
        let from = head.iter().position(|token| self.text(*token) == "from")?;
        let rows = self.text(*head.get(from + 1)?);
        let at = self.found.filter(|token| self.text(*token) == word)?.start;
        let step = self.tokens.text.get(at..self.span.end)?.trim_end();
        let step = step.lines().next().unwrap_or(step).trim_end();
        let step = if super::table::is_quotable(step) {
            step
        } else {
            "where amount > 0"
        };
        Some(format!(
            "rows are changed in a transform, which the view then reads: `transform kept from {rows} {{ {step} }}`, and in \
             the head of the view `from kept`"
        ))
    }

    fn not_a_start(&self, word: &str, span: Span) -> Diagnostic {
        let (piece, place) = (self.context.piece(), self.context.place());
        let message = format!("`{word}` begins no {piece} of {place}");
        let diagnostic = Diagnostic::at(Code::UnknownKeyword, message, span, self.context.not_a_piece());
        let next = self.next();
        if let Some(keyword) = self.context.naming().filter(|_| next == Some("=")) {
            let help = format!("write `{keyword}{word} = …`");
            return diagnostic.with_edit(help, Span::at(span.file, span.start), keyword);
        }
        if self.context == Context::Statement && next == Some("(") {
            return diagnostic.with_help(format!(
                "name it and give it a window: `feature total = {word}(…) over 7d`"
            ));
        }
        let owner = Context::ALL.into_iter().find(|other| other.keywords().contains(&word));
        if let Some(owner) = owner {
            if let Some(help) = self.rows_of_a_view(word, owner) {
                return diagnostic.with_help(help);
            }
            return diagnostic.with_help(match owner {
                Context::Item => "close the declaration before it with `}`".to_owned(),
                Context::Clause | Context::Step | Context::Statement | Context::Entry => {
                    format!("`{word}` belongs into {}", owner.place())
                }
            });
        }
        if let Some(near) = suggest::nearest(word, self.context.keywords().iter().copied()) {
            return diagnostic.with_edit(format!("did you mean `{near}`?"), span, near);
        }
        if let Some(help) = forms::instead(self.context, word) {
            return diagnostic.with_help(help);
        }
        let known = list(
            &self
                .context
                .keywords()
                .iter()
                .map(|word| format!("`{word}`"))
                .collect::<Vec<_>>(),
            "or",
        );
        diagnostic.with_help(format!("a {piece} begins with {known}"))
    }
}
