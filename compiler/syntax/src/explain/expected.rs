//! What the grammar expected, where nothing more telling is known.

use super::{Failure, list};
use crate::diag::{Code, Diagnostic, Span};
use crate::forms;
use crate::scan::{Token, TokenKind};
use featc_grammar::{Rule, user_word};

impl Failure<'_> {
    /// Everything else: expected this, found that.
    pub(super) fn unexpected(&self) -> Diagnostic {
        let found = self.found.filter(|token| token.start < self.span.end);
        let described = match self.found {
            None => "the end of the file".to_owned(),
            Some(token) if token.kind == TokenKind::String => "a string".to_owned(),
            Some(token) => format!("`{}`", self.text(token)),
        };
        let message = match self.expected_words() {
            Some(words) => format!("expected {words}, found {described}"),
            None => format!(
                "unexpected {}",
                described.trim_start_matches("a ").trim_start_matches("the ")
            ),
        };
        let same_line = |token: &Token, previous: Token| !self.tokens.text[previous.end..token.start].contains('\n');
        let (span, label) = match (found, self.previous) {
            (Some(token), Some(previous)) if same_line(&token, previous) => (self.place(token), "does not fit here"),
            (Some(token), None) => (self.place(token), "does not fit here"),
            (Some(_) | None, Some(previous)) => (Span::at(self.span.file, previous.end), "something is missing here"),
            (None, None) => (Span::at(self.span.file, self.at), "something is missing here"),
        };
        let diagnostic = Diagnostic::at(Code::UnexpectedText, message, span, label);
        let inner = forms::INNER
            .iter()
            .find(|(rules, _)| rules.iter().any(|rule| self.expects(*rule)))
            // After the type of a column `as` belongs to no cast.
            .filter(|_| !self.expects(Rule::as_kw) || self.tokens.text[self.span.start..self.at].contains("cast"))
            .map(|(_, form)| (*form).to_owned());
        let first = self.tokens.from(self.span.start).map(|token| self.text(token));
        match inner.or_else(|| forms::form(self.context, first)) {
            Some(form) => diagnostic.with_help(form),
            None => diagnostic,
        }
    }

    /// "`)`, `where` or an operator": without repetition, the less telling ones left out where there are many.
    fn expected_words(&self) -> Option<String> {
        let mut words: Vec<&str> = vec![];
        for word in self.expected.iter().filter_map(|rule| user_word(*rule)) {
            if !words.contains(&word) {
                words.push(word);
            }
        }
        if self.context == forms::Context::Statement {
            let stands = |word: &str| {
                self.tokens
                    .within(self.span)
                    .iter()
                    .any(|token| self.text(*token) == word)
            };
            let is_given =
                |word: &str| matches!(word, "`over`" | "`cap`" | "`default`") && stands(word.trim_matches('`'));
            words.retain(|word| !is_given(word));
        }
        if words.contains(&"an operator") {
            words.retain(|word| !matches!(*word, "`(`" | "`=`" | "`.`"));
        }
        if words.contains(&"`)`") {
            words.retain(|word| !matches!(*word, "`(`" | "`?`" | "`from`" | "`as`" | "`in`"));
        }
        if words.contains(&"an expression") {
            words.retain(|word| matches!(*word, "an expression" | "`)`" | "`where`" | "`ignoring nulls`"));
        }
        // That an item or what is inside of a type may follow, too, helps nobody.
        if words.len() > 1 {
            words.retain(|word| !matches!(*word, "`[`" | "`<`"));
        }
        let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        (!words.is_empty()).then(|| list(&words, "or"))
    }
}
