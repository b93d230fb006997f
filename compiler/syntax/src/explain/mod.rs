//! Why a piece does not parse, in the user's words: cause, one place, one next step.
//!
//! The piece is parsed again with a rule that is not tolerant. What the grammar expected at the furthest place, and the
//! token that is there instead, decide which message is given.

mod chains;
mod columns;
mod entries;
mod expected;
mod features;
mod habits;
mod heads;
mod items;
mod named;
mod numbers;
mod operand;
mod pattern;
mod piece;
mod start;
mod table;

use crate::diag::{Diagnostic, Span, suggest};
use crate::forms::Context;
use crate::scan::{Token, TokenKind, Tokens};
use crate::{errors, literal};
use featc_grammar::{FeatParser, Parser, RESERVED, Rule, user_word};
use pest::error::{ErrorVariant, InputLocation};
use piece::Piece;

/// What the grammar says about a failure.
struct Failure<'a> {
    tokens: Tokens<'a>,
    context: Context,
    /// The piece.
    span: Span,
    /// Where it failed.
    at: usize,
    expected: Vec<Rule>,
    found: Option<Token>,
    previous: Option<Token>,
    /// Whether there is still room for its message.
    is_shown: bool,
}

/// Why a piece is broken; nothing when that is already reported. What is not shown needs no search for a next step.
pub(crate) fn explain(tokens: Tokens<'_>, context: Context, span: Span, is_shown: bool) -> Option<Diagnostic> {
    let slice = &tokens.scan.masked[span.start..span.end];
    let error = FeatParser::parse(context.rule(), slice).err()?;
    let offset = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let expected = match error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives,
        ErrorVariant::CustomError { .. } => vec![],
    };
    let at = span.start + offset;
    if tokens.is_poisoned(Span::new(span.file, span.start, at.max(span.start + 1) + 1)) {
        return None;
    }
    let found = tokens.from(at);
    if found.is_some_and(|token| token.kind == TokenKind::Word && !tokens.text(token).is_ascii()) {
        // The scanner has reported its letters.
        return None;
    }
    let failure = Failure {
        tokens,
        context,
        span,
        at,
        expected,
        found,
        previous: tokens.before(at).filter(|token| token.start >= span.start),
        is_shown,
    };
    let diagnostic = failure
        .habit(is_shown)
        .or_else(|| failure.unknown_start())
        .or_else(|| failure.bracket())
        .or_else(|| failure.fresh_line())
        .or_else(|| failure.unit_apart())
        .or_else(|| failure.number_point())
        .or_else(|| failure.instant())
        .or_else(|| failure.reserved())
        .or_else(|| failure.misspelt())
        .or_else(|| failure.other_things());
    Some(diagnostic.unwrap_or_else(|| failure.unexpected()))
}

impl<'a> Failure<'a> {
    fn text(&self, token: Token) -> &'a str {
        self.tokens.text(token)
    }

    fn place(&self, token: Token) -> Span {
        self.tokens.span(token)
    }

    /// The found token, if it is a word.
    fn word(&self) -> Option<(&'a str, Span)> {
        let token = self.found.filter(|token| token.kind == TokenKind::Word)?;
        Some((self.text(token), self.place(token)))
    }

    fn expects(&self, rule: Rule) -> bool {
        self.expected.contains(&rule)
    }

    fn expects_expression(&self) -> bool {
        self.expected
            .iter()
            .any(|rule| user_word(*rule) == Some("an expression"))
    }

    /// `7 days`
    fn unit_apart(&self) -> Option<Diagnostic> {
        let (unit, span) = self.word()?;
        let number = self.previous.filter(|token| token.kind == TokenKind::Number)?;
        let digits = self.text(number);
        let joined = format!("{digits}{unit}");
        let is_week = matches!(unit, "w" | "week" | "weeks");
        if is_week && self.tokens.text[self.span.start..self.at].contains("truncate(") {
            return Some(errors::weeks_of_truncate(
                &format!("{digits} {unit}"),
                self.place(number).to(span),
            ));
        }
        Some(errors::duration_in_words(
            self.place(number).to(span),
            &as_duration(joined)?,
        ))
    }

    /// Brackets without partner.
    fn bracket(&self) -> Option<Diagnostic> {
        let tokens = &self.tokens.scan.tokens;
        let first = tokens.partition_point(|token| token.start < self.span.start);
        let until = tokens.partition_point(|token| token.start < self.at);
        let mut open: Vec<Token> = vec![];
        for token in &tokens[first..until.max(first)] {
            match self.text(*token) {
                "(" | "[" | "{" => open.push(*token),
                ")" | "]" | "}" => drop(open.pop()),
                _ => {}
            }
        }
        let found = self.found.map(|token| self.text(token));
        let closes = matches!(found, Some(")" | "]" | "}"));
        let Some(innermost) = open.last().copied() else {
            let token = self.found.filter(|token| closes && token.end <= self.span.end)?;
            return Some(errors::bracket_closes_nothing(self.text(token), self.place(token)));
        };
        if let Some((word, at)) = self.word().filter(|_| self.text(innermost) == "{" && self.is_shown)
            && Context::Item.keywords().contains(&word)
            && self.starts_piece()
            && !self.tokens.text[..at.start].ends_with('\n')
            && is_in_a_block(self.tokens, self.at)
        {
            return Some(errors::declaration_inside(word, at, self.place(innermost)));
        }
        let (opener, closer, rule) = match self.text(innermost) {
            "(" => ("(", ")", Rule::rparen),
            "[" => ("[", "]", Rule::rbracket),
            _ => ("{", "}", Rule::rbrace),
        };
        // In an item the brace is expected after each statement, but so it is where a statement is misspelt.
        let ends = self.found.is_none_or(|token| token.start >= self.span.end)
            || closes
            || self.starts_piece()
            || self.next() != Some(":")
                && Piece::new(self.tokens, self.span, self.at).is_unclosed()
                && matches!(
                    found,
                    Some("over" | "default" | "excluding" | "then" | "when" | "else" | "end")
                );
        let fits = self.expects(rule) || (self.expected.is_empty() && opener == "{");
        if !ends || !fits {
            return None;
        }
        let expected_at = self.previous.map_or(self.at, |token| token.end);
        let end = Span::at(self.span.file, expected_at);
        Some(errors::bracket_never_closed(opener, closer, self.place(innermost), end))
    }

    /// The text of the token after the found one.
    fn next(&self) -> Option<&'a str> {
        let next = self.tokens.from(self.found?.end)?;
        Some(self.text(next))
    }

    /// Whether the found token begins a statement or an item on a new line.
    fn starts_piece(&self) -> bool {
        let Some((word, span)) = self.word() else {
            return false;
        };
        let next = self.next();
        self.is_first_on_line(span)
            && next != Some(":")
            && Context::ALL.iter().any(|context| context.keywords().contains(&word))
    }

    fn is_first_on_line(&self, span: Span) -> bool {
        let before = self.tokens.before(span.start).map_or(0, |token| token.end);
        before == 0 || self.tokens.text[before..span.start].contains('\n')
    }

    /// `.5` and `1.`
    fn number_point(&self) -> Option<Diagnostic> {
        let point = self.found.filter(|token| self.text(*token) == ".")?;
        let touching = |left: Token, right: Token| left.end == right.start;
        let before = self
            .previous
            .filter(|token| token.kind == TokenKind::Number && touching(*token, point));
        let after = self
            .tokens
            .from(point.end)
            .filter(|token| token.kind == TokenKind::Number && touching(point, *token));
        let (span, whole) = match (before, after) {
            (None, Some(after)) if self.expects_expression() => (
                self.place(point).to(self.place(after)),
                format!("0.{}", self.text(after)),
            ),
            (Some(before), None) => (
                self.place(before).to(self.place(point)),
                format!("{}.0", self.text(before)),
            ),
            (Some(_) | None, Some(_) | None) => return None,
        };
        Some(errors::point_without_digits(span, &whole))
    }

    /// `@` before something that is no instant, and time after a date without `T`.
    fn instant(&self) -> Option<Diagnostic> {
        let found = self.found?;
        if found.kind == TokenKind::Instant {
            let expects = self.expects_expression() || self.expects(Rule::instant);
            let word = self.text(found);
            if !expects || FeatParser::parse(Rule::at_literal, word).is_ok() {
                return None;
            }
            if matches!(
                word.to_ascii_lowercase().as_str(),
                "@now" | "@today" | "@timestamp" | "@t"
            ) {
                return Some(errors::instant_of_the_question(word, self.place(found)));
            }
            return Some(errors::not_an_instant(word, self.place(found)));
        }
        let previous = self.previous.filter(|token| token.kind == TokenKind::Instant)?;
        if self.at < previous.end || matches!(found.kind, TokenKind::Number) && found.start < self.span.end {
            return Some(errors::instant_in_pieces(self.place(previous).to(self.place(found))));
        }
        None
    }

    /// A reserved word where a name is needed.
    fn reserved(&self) -> Option<Diagnostic> {
        let (word, span) = self.word()?;
        if !RESERVED.contains(&word) || span.start >= self.span.end {
            return None;
        }
        let next = self.next();
        if next == Some(":")
            && [Rule::type_name, Rule::type_field]
                .iter()
                .any(|rule| self.expects(*rule))
        {
            return Some(errors::reserved_field(word, span));
        }
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
        let first = self.tokens.from(self.span.start).map(|token| self.text(token));
        let is_of_file =
            self.context == Context::Clause && matches!(first, Some("columns" | "unique" | "time" | "arrival"));
        Some(match is_of_file {
            true => errors::reserved_column(word, span),
            false => errors::reserved_word(word, span),
        })
    }

    /// A word like one that fits.
    fn misspelt(&self) -> Option<Diagnostic> {
        let (word, span) = self.word()?;
        if span.start >= self.span.end || self.starts_piece() {
            return None;
        }
        let words: Vec<&str> = self.expected.iter().filter_map(|rule| keyword(*rule)).collect();
        if RESERVED.contains(&word) {
            return None;
        }
        let lacks_a_letter = |known: &&str| {
            let shorter = |at: usize| format!("{}{}", &known[..at], &known[at + 1..]);
            word.len() >= 3 && (1..known.len()).any(|at| shorter(at) == word)
        };
        let near = suggest::slip(word, words.iter().copied());
        let near = near.or_else(|| words.iter().copied().find(lacks_a_letter))?;
        Some(errors::misspelt_keyword(word, span, near))
    }
}

/// Whether a place lies between braces, in a file all of whose braces have partners.
pub(crate) fn is_in_a_block(tokens: Tokens<'_>, at: usize) -> bool {
    let (mut open, mut there) = (0_i64, 0);
    for token in &tokens.scan.tokens {
        match tokens.text(*token) {
            _ if token.kind != TokenKind::Punctuation => {}
            "{" => open += 1,
            "}" => open -= 1,
            _ => {}
        }
        if open < 0 {
            return false;
        }
        if token.start < at {
            there = open;
        }
    }
    open == 0 && there > 0
}

/// The duration that a number and a unit make, or the one that is meant by them.
fn as_duration(joined: String) -> Option<String> {
    match literal::duration(&joined, Span::default()) {
        Ok(_) => Some(joined),
        // `0.0 where` is none, and what is offered for it is a number.
        Err(refusal) => refusal
            .replacement()
            .filter(|written| literal::duration(written, Span::default()).is_ok()),
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
