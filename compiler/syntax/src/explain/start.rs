//! Pieces whose first word begins none of their kind.

use super::table::{CONDITIONAL, TYPES, is_quotable};
use super::{Failure, list};
use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::foreign;
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
        // What stands after a whole piece, on a line of its own, is meant as the next one.
        let is_next = self.expects(Rule::EOI)
            && matches!(self.context, Context::Clause | Context::Step | Context::Statement)
            && !RESERVED.contains(&word);
        (ends && !known.contains(&word) && (assigns || resembles || is_next)).then(|| self.not_a_start(word, span))
    }

    /// `let late = 1 if delay = 2 else 0`: what stands before `if` is a whole step or statement.
    fn choice(&self, word: &str, span: Span) -> Option<Diagnostic> {
        let may_choose = matches!(self.context, Context::Step | Context::Statement);
        if word != "if" || !may_choose || self.is_first_on_line(span) {
            return None;
        }
        let (condition, otherwise) = self.rest_of_line(span)["if".len()..].split_once(" else ")?;
        let line = self.tokens.text[..span.start].lines().last().unwrap_or("");
        let value = line.split_once('=')?.1.trim();
        let (condition, otherwise) = (condition.trim(), otherwise.trim_end_matches([' ', '}']).trim());
        let whole = format!("case when {condition} then {value} else {otherwise} end");
        let help = match is_quotable(&whole) {
            true => format!("write `{whole}` after the `=`"),
            false => "write `case when … then … else … end` after the `=`".to_owned(),
        };
        Some(Diagnostic::at(Code::UnexpectedText, CONDITIONAL, span, "the condition stands first").with_help(help))
    }

    fn not_a_start(&self, word: &str, span: Span) -> Diagnostic {
        if let Some(choice) = self.choice(word, span) {
            return choice;
        }
        let (piece, place) = (self.context.piece(), self.context.place());
        let message = format!("`{word}` begins no {piece} of {place}");
        let diagnostic = Diagnostic::at(Code::UnknownKeyword, message, span, self.context.not_a_piece());
        let next = self.next();
        let naming = self.context.naming().filter(|_| next == Some("="));
        if let Some(keyword) = naming.filter(|_| !self.is_at_a_start(span)) {
            let help = format!("write the bracket or operator that is missing before it, or `{keyword}{word} = …`");
            return diagnostic.with_help(help);
        }
        if let Some(help) = self.column(word, span) {
            return diagnostic.with_help(help);
        }
        if let Some(help) = self.setting(word, span) {
            return diagnostic.with_help(help);
        }
        if let Some(keyword) = naming {
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
            return diagnostic.with_help(match owner {
                Context::Item => "close the declaration before it with `}`".to_owned(),
                Context::Step if self.context == Context::Statement => self.as_transform(word, span),
                Context::Clause | Context::Step | Context::Statement | Context::Entry => {
                    format!("`{word}` belongs into {}", owner.place())
                }
            });
        }
        if let Some(near) = suggest::slip(word, self.context.keywords().iter().copied()) {
            return diagnostic.with_edit(format!("did you mean `{near}`?"), span, near);
        }
        if let Some(help) = forms::instead(self.context, word, self.named(span)) {
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

    /// Whether a word begins its line or its block: in the middle of a line it may go on with an expression.
    fn is_at_a_start(&self, span: Span) -> bool {
        self.is_first_on_line(span) || self.tokens.text[..span.start].trim_end().ends_with('{')
    }

    /// `id: int64` in a source, without `columns`.
    fn column(&self, word: &str, span: Span) -> Option<String> {
        let rest = self.rest_of_line(span).get(word.len()..)?.trim_start();
        let ty = rest
            .strip_prefix(':')
            .filter(|_| self.context == Context::Clause)?
            .trim_start();
        let end = ty
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(ty.len());
        let ty = &ty[..end];
        let meant = foreign::type_meant(&ty.to_lowercase());
        let is_type = meant.is_some() || TYPES.contains(&ty) || matches!(ty, "decimal" | "list" | "struct");
        let shown = meant.unwrap_or(if ty == "decimal" { "decimal(12, 2)" } else { ty });
        is_type.then(|| {
            format!("the columns stand in one clause, with commas between them: `columns ({word}: {shown}, …)`")
        })
    }

    /// `schema = […]`, `online = true`, `Field(…)` in a view, and `cards = FeatureView(…)`: what no expression can be.
    fn setting(&self, word: &str, span: Span) -> Option<String> {
        let rest = self.rest_of_line(span).get(word.len()..)?.trim_start();
        let is_capital = |text: &str| text.starts_with(|c: char| c.is_ascii_uppercase());
        let Some(value) = rest.strip_prefix('=') else {
            let is_call = rest.starts_with('(') && is_capital(word);
            return is_call.then(|| forms::instead(self.context, word, None))?;
        };
        let value = value.trim().trim_end_matches(',');
        let called = value.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
        if self.context == Context::Item {
            return forms::instead(self.context, called, None);
        }
        let is_call = value
            .get(called.len()..)
            .is_some_and(|rest| rest.trim_start().starts_with('('));
        let is_constant = matches!(called.to_ascii_lowercase().as_str(), "true" | "false" | "none");
        let is_setting = is_constant || value.starts_with(['[', '{', '"']) || is_call && is_capital(called);
        let is_name = called == value && !value.is_empty();
        let told = forms::instead(self.context, word, None).filter(|_| is_setting || is_name);
        let unknown = || "a view has no such setting: remove it".to_owned();
        told.or_else(|| (is_setting && self.context == Context::Statement).then(unknown))
    }

    /// The name after a word on its line, of `primary key id`, `timestamp_field = at`.
    fn named(&self, span: Span) -> Option<&str> {
        let rest = self.rest_of_line(span);
        let words = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let words = words.trim_start_matches([' ', ':', '=']);
        let name = words
            .strip_prefix("key ")
            .unwrap_or(words)
            .trim_end_matches([' ', ',', '}']);
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (is_name && !RESERVED.contains(&name)).then_some(name)
    }

    fn rest_of_line(&self, span: Span) -> &str {
        self.tokens.text[span.start..].lines().next().unwrap_or("").trim_end()
    }

    /// A step of a transform in a view, as the transform that the view could read.
    fn as_transform(&self, word: &str, span: Span) -> String {
        let before = self.tokens.text.get(..span.start).unwrap_or("");
        let head = before.rfind("view ").map_or("", |view| &before[view..]);
        let rows = head.split_whitespace().skip_while(|word| *word != "from").nth(1);
        let (rows, step) = (rows.unwrap_or("payments"), self.rest_of_line(span));
        let step = if step.len() > 60 || step.contains(['`', '{', '}']) {
            &format!("{word} …")
        } else {
            step
        };
        format!(
            "`{word}` belongs into a transform: write `transform kept from {rows} {{ {step} }}` before the view, and \
             `from kept` in its head"
        )
    }
}
