//! Why a piece does not parse, in the user's words: cause, one place, one next step.
//!
//! The piece is parsed again with a rule that is not tolerant. What the grammar expected at the furthest place, and the
//! token that is there instead, decide which message is given.

mod habits;
mod table;

use crate::build::{Builder, literal};
use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::forms;
use crate::scan::{Token, TokenKind};
use featc_grammar::{FeatParser, Parser, RESERVED, Rule, user_word};
use pest::error::{ErrorVariant, InputLocation};

/// Where a broken piece stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    Item,
    Clause,
    Step,
    Statement,
    Entry,
}

impl Context {
    fn rule(self) -> Rule {
        match self {
            Context::Item => Rule::item_only,
            Context::Clause => Rule::clause_only,
            Context::Step => Rule::step_only,
            Context::Statement => Rule::statement_only,
            Context::Entry => Rule::entry_only,
        }
    }

    /// The words that begin such a piece.
    pub fn keywords(self) -> &'static [&'static str] {
        match self {
            Context::Item => &["module", "entity", "source", "transform", "view", "service"],
            Context::Clause => &[
                "columns", "unique", "time", "arrival", "static", "delay", "lateness", "skew", "begins", "zone",
                "keep", "batch", "stream",
            ],
            Context::Step => &["where", "let"],
            Context::Statement => &["owner", "tags", "ttl", "feature"],
            Context::Entry => &[],
        }
    }

    fn place(self) -> &'static str {
        match self {
            Context::Item => "a file",
            Context::Clause => "a source",
            Context::Step => "a transform",
            Context::Statement => "a view",
            Context::Entry => "a service",
        }
    }

    /// What its pieces are called.
    fn piece(self) -> &'static str {
        match self {
            Context::Item => "declaration",
            Context::Clause => "clause",
            Context::Step => "step",
            Context::Statement => "statement",
            Context::Entry => "entry",
        }
    }

    /// What is said of a word that is none.
    fn not_a_piece(self) -> String {
        let article = if self == Context::Entry { "an" } else { "a" };
        format!("not {article} {}", self.piece())
    }

    /// The word before a name and `=`.
    fn naming(self) -> Option<&'static str> {
        match self {
            Context::Statement => Some("feature "),
            Context::Step => Some("let "),
            Context::Item | Context::Clause | Context::Entry => None,
        }
    }

    const ALL: [Context; 5] = [
        Context::Item,
        Context::Clause,
        Context::Step,
        Context::Statement,
        Context::Entry,
    ];
}

/// What the grammar says about a failure.
struct Failure {
    context: Context,
    /// The piece.
    span: Span,
    /// Where it failed.
    at: usize,
    expected: Vec<Rule>,
    found: Option<Token>,
    previous: Option<Token>,
}

/// Reports why a piece is broken; nothing when that is already reported.
pub(crate) fn explain(builder: &mut Builder<'_>, context: Context, span: Span) {
    let slice = builder.scan.masked[span.start..span.end].to_owned();
    let Err(error) = FeatParser::parse(context.rule(), &slice) else {
        return;
    };
    let offset = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let expected = match error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives,
        ErrorVariant::CustomError { .. } => vec![],
    };
    let at = span.start + offset;
    if builder.is_poisoned(Span::new(span.file, span.start, at.max(span.start + 1) + 1)) {
        return;
    }
    let found = builder.token_from(at);
    if found.is_some_and(|token| token.kind == TokenKind::Word && !builder.text[token.start..token.end].is_ascii()) {
        // The scanner has reported its letters.
        return;
    }
    let previous = builder.token_before(at).filter(|token| token.start >= span.start);
    let failure = Failure {
        context,
        span,
        at,
        expected,
        found,
        previous,
    };
    let diagnostic = failure
        .habit(builder)
        .or_else(|| failure.unknown_start(builder))
        .or_else(|| failure.bracket(builder))
        .or_else(|| failure.fresh_line(builder))
        .or_else(|| failure.unit_apart(builder))
        .or_else(|| failure.number_point(builder))
        .or_else(|| failure.instant(builder))
        .or_else(|| failure.reserved(builder))
        .or_else(|| failure.misspelt(builder))
        .unwrap_or_else(|| failure.unexpected(builder));
    builder.report(diagnostic);
}

impl Failure {
    fn text<'b>(&self, builder: &'b Builder<'_>, token: Token) -> &'b str {
        &builder.text[token.start..token.end]
    }

    fn place(&self, token: Token) -> Span {
        Span::new(self.span.file, token.start, token.end)
    }

    /// The found token, if it is a word.
    fn word<'b>(&self, builder: &'b Builder<'_>) -> Option<(&'b str, Span)> {
        let token = self.found.filter(|token| token.kind == TokenKind::Word)?;
        Some((self.text(builder, token), self.place(token)))
    }

    fn expects(&self, rule: Rule) -> bool {
        self.expected.contains(&rule)
    }

    fn expects_expression(&self) -> bool {
        self.expected
            .iter()
            .any(|rule| user_word(*rule) == Some("an expression"))
    }

    /// The piece begins with a word that begins no such piece.
    fn unknown_start(&self, builder: &Builder<'_>) -> Option<Diagnostic> {
        if self.previous.is_some() || self.context == Context::Entry {
            return None;
        }
        let (word, span) = self.word(builder)?;
        Some(self.not_a_start(builder, word, span))
    }

    /// The piece ends with its line, and the next line begins with a word that begins no such piece.
    fn fresh_line(&self, builder: &Builder<'_>) -> Option<Diagnostic> {
        let (word, span) = self.word(builder)?;
        let known = self.context.keywords();
        if !self.is_first_on_line(builder, span) || span.start >= self.span.end || self.expects_expression() {
            return None;
        }
        let next = builder.token_from(span.end).map(|token| self.text(builder, token));
        let assigns = next == Some("=") && self.context.naming().is_some()
            || next == Some("(") && self.context == Context::Statement;
        let resembles = suggest::nearest(word, known.iter().copied()).is_some() || self.starts_piece(builder);
        let complete =
            self.expected.iter().any(|rule| user_word(*rule) == Some("an operator")) || self.expected.is_empty();
        let ends = complete || self.expects(Rule::EOI);
        // What stands behind a whole piece, on a line of its own, is meant as the next one.
        let is_next = self.expects(Rule::EOI)
            && matches!(self.context, Context::Clause | Context::Step | Context::Statement)
            && !RESERVED.contains(&word);
        (ends && !known.contains(&word) && (assigns || resembles || is_next))
            .then(|| self.not_a_start(builder, word, span))
    }

    fn not_a_start(&self, builder: &Builder<'_>, word: &str, span: Span) -> Diagnostic {
        let (piece, place) = (self.context.piece(), self.context.place());
        let message = format!("`{word}` begins no {piece} of {place}");
        let diagnostic = Diagnostic::at(Code::UnknownKeyword, message, span, self.context.not_a_piece());
        let next = builder.token_from(span.end).map(|token| self.text(builder, token));
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

    /// `7 days`
    fn unit_apart(&self, builder: &Builder<'_>) -> Option<Diagnostic> {
        let (unit, span) = self.word(builder)?;
        let number = self.previous.filter(|token| token.kind == TokenKind::Number)?;
        let digits = self.text(builder, number);
        let joined = format!("{digits}{unit}");
        let whole = match literal::duration(&joined) {
            Ok(_) => joined,
            Err(refusal) => refusal.edit?,
        };
        let span = self.place(number).to(span);
        let message = "a duration is written as one word";
        Some(Diagnostic::at(Code::InvalidDuration, message, span, "").with_edit(
            format!("write `{whole}`"),
            span,
            whole,
        ))
    }

    /// Brackets without partner.
    fn bracket(&self, builder: &Builder<'_>) -> Option<Diagnostic> {
        let tokens = &builder.scan.tokens;
        let first = tokens.partition_point(|token| token.start < self.span.start);
        let until = tokens.partition_point(|token| token.start < self.at);
        let mut open: Vec<Token> = vec![];
        for token in &tokens[first..until.max(first)] {
            match self.text(builder, *token) {
                "(" | "[" | "{" => open.push(*token),
                ")" | "]" | "}" => drop(open.pop()),
                _ => {}
            }
        }
        let found = self.found.map(|token| self.text(builder, token));
        let closes = matches!(found, Some(")" | "]" | "}"));
        let Some(innermost) = open.last().copied() else {
            let token = self.found.filter(|token| closes && token.end <= self.span.end)?;
            let text = self.text(builder, token);
            let diagnostic = Diagnostic::at(
                Code::UnclosedBracket,
                format!("`{text}` closes nothing"),
                self.place(token),
                "no bracket is open here",
            );
            return Some(diagnostic.with_edit("remove it", self.place(token), ""));
        };
        let (opener, closer, rule) = match self.text(builder, innermost) {
            "(" => ("(", ")", Rule::rparen),
            "[" => ("[", "]", Rule::rbracket),
            _ => ("{", "}", Rule::rbrace),
        };
        // In an item the brace is expected after each statement, but so it is where a statement is misspelt.
        let ends = self.found.is_none_or(|token| token.start >= self.span.end)
            || closes
            || self.starts_piece(builder)
            || self.next(builder) != Some(":")
                && matches!(
                    found,
                    Some("over" | "default" | "excluding" | "then" | "when" | "else" | "end")
                );
        let fits = self.expects(rule) || (self.expected.is_empty() && opener == "{");
        if !ends || !fits {
            return None;
        }
        let expected_at = self.previous.map_or(self.at, |token| token.end);
        let message = format!("`{opener}` is never closed");
        let diagnostic = Diagnostic::at(Code::UnclosedBracket, message, self.place(innermost), "opened here")
            .with_label(
                Span::at(self.span.file, expected_at),
                format!("`{closer}` is missing here"),
            );
        Some(diagnostic.with_help(format!("write `{closer}`")))
    }

    /// The text of the token behind the found one.
    fn next<'b>(&self, builder: &'b Builder<'_>) -> Option<&'b str> {
        let next = builder.token_from(self.found?.end)?;
        Some(self.text(builder, next))
    }

    /// Whether the found token begins a statement or an item on a new line.
    fn starts_piece(&self, builder: &Builder<'_>) -> bool {
        let Some((word, span)) = self.word(builder) else {
            return false;
        };
        let next = builder.token_from(span.end).map(|token| self.text(builder, token));
        self.is_first_on_line(builder, span)
            && next != Some(":")
            && Context::ALL.iter().any(|context| context.keywords().contains(&word))
    }

    fn is_first_on_line(&self, builder: &Builder<'_>, span: Span) -> bool {
        let before = builder.token_before(span.start).map_or(0, |token| token.end);
        before == 0 || builder.text[before..span.start].contains('\n')
    }

    /// `.5` and `1.`
    fn number_point(&self, builder: &Builder<'_>) -> Option<Diagnostic> {
        let point = self.found.filter(|token| self.text(builder, *token) == ".")?;
        let touching = |left: Token, right: Token| left.end == right.start;
        let before = self
            .previous
            .filter(|token| token.kind == TokenKind::Number && touching(*token, point));
        let after = builder
            .token_from(point.end)
            .filter(|token| token.kind == TokenKind::Number && touching(point, *token));
        let (span, whole) = match (before, after) {
            (None, Some(after)) if self.expects_expression() => (
                self.place(point).to(self.place(after)),
                format!("0.{}", self.text(builder, after)),
            ),
            (Some(before), None) => (
                self.place(before).to(self.place(point)),
                format!("{}.0", self.text(builder, before)),
            ),
            (Some(_) | None, Some(_) | None) => return None,
        };
        let message = "a number has digits on both sides of its point";
        Some(Diagnostic::at(Code::InvalidNumber, message, span, "").with_edit(format!("write `{whole}`"), span, whole))
    }

    /// `@` before something that is no instant, and time behind a date without `T`.
    fn instant(&self, builder: &Builder<'_>) -> Option<Diagnostic> {
        let help = "write `@2025-01-31` or `@2025-01-31T12:00:00Z`";
        let found = self.found?;
        if found.kind == TokenKind::Instant {
            let expects = self.expects_expression() || self.expects(Rule::instant);
            let word = self.text(builder, found);
            if !expects || FeatParser::parse(Rule::at_literal, word).is_ok() {
                return None;
            }
            if matches!(
                word.to_ascii_lowercase().as_str(),
                "@now" | "@today" | "@timestamp" | "@t"
            ) {
                let message = format!("`{word}`: the instant of the question is not in expressions of this release");
                let diagnostic = Diagnostic::at(Code::NotInRelease, message, self.place(found), "");
                return Some(diagnostic.with_help("windows end at it, and `time_since_last()` measures from it"));
            }
            let message = format!("`{word}` is neither a date nor a timestamp");
            return Some(Diagnostic::at(Code::InvalidTimestamp, message, self.place(found), "").with_help(help));
        }
        let previous = self.previous.filter(|token| token.kind == TokenKind::Instant)?;
        if self.at < previous.end || matches!(found.kind, TokenKind::Number) && found.start < self.span.end {
            let span = self.place(previous).to(self.place(found));
            let message = "the instant is not written as one piece";
            return Some(Diagnostic::at(Code::InvalidTimestamp, message, span, "").with_help(help));
        }
        None
    }

    /// A reserved word where a name is needed.
    fn reserved(&self, builder: &Builder<'_>) -> Option<Diagnostic> {
        let (word, span) = self.word(builder)?;
        if !RESERVED.contains(&word) || span.start >= self.span.end {
            return None;
        }
        let next = builder.token_from(span.end).map(|token| self.text(builder, token));
        let names = [Rule::name, Rule::column, Rule::reference, Rule::module_name];
        let as_name = names.iter().any(|rule| self.expects(*rule)) && !self.expects_expression();
        let as_operand = self.expects_expression()
            && !matches!(word, "and" | "or" | "in" | "is")
            && matches!(
                next,
                Some(")" | "," | "=" | "!=" | "<" | "<=" | ">" | ">=" | "+" | "*" | "/" | "and" | "or" | "is" | "in")
            );
        if !as_name && !as_operand {
            return None;
        }
        let message = format!("`{word}` is a reserved word");
        let diagnostic = Diagnostic::at(Code::ReservedWord, message, span, "cannot be a name");
        let first = builder
            .token_from(self.span.start)
            .map(|token| self.text(builder, token));
        let is_of_file =
            self.context == Context::Clause && matches!(first, Some("columns" | "unique" | "time" | "arrival"));
        Some(diagnostic.with_help(if is_of_file {
            format!(
                "rename the column in the file, for example to `{word}_`: this release has no other names for columns"
            )
        } else {
            format!("choose another name, for example `{word}_`")
        }))
    }

    /// A word like one that fits.
    fn misspelt(&self, builder: &Builder<'_>) -> Option<Diagnostic> {
        let (word, span) = self.word(builder)?;
        if span.start >= self.span.end || self.starts_piece(builder) {
            return None;
        }
        let words: Vec<&str> = self.expected.iter().filter_map(|rule| keyword(*rule)).collect();
        if RESERVED.contains(&word) {
            return None;
        }
        let near = suggest::nearest(word, words.iter().copied())?;
        let message = format!("`{word}` is not a keyword");
        Some(
            Diagnostic::at(Code::UnknownKeyword, message, span, "not known here").with_edit(
                format!("did you mean `{near}`?"),
                span,
                near,
            ),
        )
    }

    /// Everything else: expected this, found that.
    fn unexpected(&self, builder: &Builder<'_>) -> Diagnostic {
        let found = self.found.filter(|token| token.start < self.span.end);
        let described = match self.found {
            None => "the end of the file".to_owned(),
            Some(token) if token.kind == TokenKind::String => "a string".to_owned(),
            Some(token) => format!("`{}`", self.text(builder, token)),
        };
        let message = match self.expected_words() {
            Some(words) => format!("expected {words}, found {described}"),
            None => format!("unexpected {described}"),
        };
        let same_line = |token: &Token, previous: Token| !builder.text[previous.end..token.start].contains('\n');
        let (span, label) = match (found, self.previous) {
            (Some(token), Some(previous)) if same_line(&token, previous) => (self.place(token), "does not fit here"),
            (Some(token), None) => (self.place(token), "does not fit here"),
            (Some(_) | None, Some(previous)) => (Span::at(self.span.file, previous.end), "something is missing here"),
            (None, None) => (Span::at(self.span.file, self.at), "something is missing here"),
        };
        let diagnostic = Diagnostic::at(Code::UnexpectedText, message, span, label);
        let inner = forms::INNER
            .iter()
            .find(|(rule, _)| self.expects(*rule))
            .map(|(_, form)| (*form).to_owned());
        let first = builder
            .token_from(self.span.start)
            .map(|token| self.text(builder, token));
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
        if words.contains(&"an operator") {
            words.retain(|word| !matches!(*word, "`(`" | "`=`" | "`.`"));
        }
        if words.contains(&"`)`") {
            words.retain(|word| !matches!(*word, "`(`" | "`?`"));
        }
        if words.contains(&"an expression") {
            words.retain(|word| matches!(*word, "an expression" | "`)`" | "`where`" | "`ignoring nulls`"));
        }
        let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        (!words.is_empty()).then(|| list(&words, "or"))
    }
}

/// The word that a keyword rule takes.
fn keyword(rule: Rule) -> Option<&'static str> {
    match rule {
        Rule::is_null | Rule::is_kw => return Some("is"),
        Rule::in_list | Rule::in_kw => return Some("in"),
        Rule::and_op => return Some("and"),
        Rule::or_op => return Some("or"),
        Rule::not_op | Rule::not_kw => return Some("not"),
        Rule::div_op => return Some("div"),
        Rule::mod_op => return Some("mod"),
        _ => {}
    }
    let word = user_word(rule)?.strip_prefix('`')?.split(['`', ' ']).next()?;
    word.bytes().all(|byte| byte.is_ascii_lowercase()).then_some(word)
}

fn list(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., end] => format!("{} {last} {end}", rest.join(", ")),
    }
}
