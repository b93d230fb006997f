//! Habits of other languages: what is written here instead, one next step each.

use super::table::table;
use super::{Context, Failure};
use crate::build::{Builder, literal};
use crate::diag::{Code, Diagnostic, SHOWN_MAX, Span};
use crate::scan::{Token, TokenKind};
use featc_grammar::{RESERVED, Rule};

/// A broken piece as a row of words.
pub(super) struct Piece<'b> {
    builder: &'b Builder<'b>,
    /// Up to the end of the piece.
    pub tokens: &'b [Token],
    /// The place of the found token among them; behind the last if the piece ends too early.
    pub at: usize,
    /// Brackets open before each token, and behind the last.
    depths: Vec<usize>,
}

/// Longest help that quotes the program.
pub(super) const QUOTED_MAX: usize = 100;

impl<'b> Piece<'b> {
    fn new(builder: &'b Builder<'b>, tokens: &'b [Token], at: usize) -> Piece<'b> {
        let mut depths = Vec::with_capacity(tokens.len() + 1);
        let mut depth = 0_usize;
        for token in tokens {
            depths.push(depth);
            match &builder.text[token.start..token.end] {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        depths.push(depth);
        Piece {
            builder,
            tokens,
            at,
            depths,
        }
    }

    pub fn text(&self, index: usize) -> &'b str {
        self.tokens
            .get(index)
            .map_or("", |token| &self.builder.text[token.start..token.end])
    }

    fn lower(&self, index: usize) -> String {
        self.text(index).to_ascii_lowercase()
    }

    fn back(&self, steps: usize) -> &'b str {
        self.at.checked_sub(steps).map_or("", |index| self.text(index))
    }

    pub fn kind(&self, index: usize) -> Option<TokenKind> {
        self.tokens.get(index).map(|token| token.kind)
    }

    pub fn span(&self, from: usize, to: usize) -> Span {
        let end = |token: &Token| (token.start, token.end);
        let (start, _) = self.tokens.get(from).map_or((0, 0), end);
        let (_, stop) = self.tokens.get(to).map_or((0, start), end);
        Span::new(self.builder.file, start, stop.max(start))
    }

    /// The text of the tokens `from..=to`.
    pub fn slice(&self, from: usize, to: usize) -> &'b str {
        let span = self.span(from, to);
        &self.builder.text[span.start..span.end]
    }

    /// Whether two neighbours touch.
    fn touch(&self, left: usize) -> bool {
        match (self.tokens.get(left), self.tokens.get(left + 1)) {
            (Some(left), Some(right)) => left.end == right.start,
            _ => false,
        }
    }

    /// Brackets open at a place.
    pub fn depth(&self, at: usize) -> usize {
        self.depths[at.min(self.depths.len() - 1)]
    }

    /// Whether a token is a closing bracket.
    pub fn closes(&self, index: usize) -> bool {
        matches!(self.text(index), ")" | "]" | "}")
    }

    /// The first token of the operand that ends here: a name, a literal, a group or a call.
    fn operand(&self, last: usize) -> usize {
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

    /// The last token of a condition or similar that begins here and ends with its bracket or the next clause.
    fn clause_end(&self, first: usize) -> usize {
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

fn written(code: Code, message: impl Into<String>, span: Span, example: &str, otherwise: &str) -> Diagnostic {
    let fits = example.len() <= QUOTED_MAX && !example.contains(['\n', '`']) && !example.is_empty();
    let example = if fits { example } else { otherwise };
    Diagnostic::at(code, message, span, "").with_help(format!("write `{example}`"))
}

fn replaced(code: Code, message: impl Into<String>, span: Span, with: &str) -> Diagnostic {
    Diagnostic::at(code, message, span, "").with_edit(format!("write `{with}`"), span, with)
}

impl Failure {
    /// What somebody who writes SQL or Python would write here.
    pub(super) fn habit(&self, builder: &Builder<'_>) -> Option<Diagnostic> {
        let all = &builder.scan.tokens;
        let first = all.partition_point(|token| token.start < self.span.start);
        let end = all.partition_point(|token| token.end <= self.span.end);
        let tokens = &all[first..end.max(first)];
        let at = tokens.partition_point(|token| token.start < self.at);
        let piece = Piece::new(builder, tokens, at);
        capitals(&piece)
            .or_else(|| dashes(&piece))
            .or_else(|| self.bare_path(&piece))
            .or_else(|| arguments(&piece))
            .or_else(|| interval(&piece))
            .or_else(|| operators(&piece))
            .or_else(|| table(self.context, &piece))
            .or_else(|| self.of_feature(&piece))
            .or_else(|| self.lists(&piece))
            .or_else(|| self.grouping(&piece))
    }

    /// `batch csv payments.csv`
    fn bare_path(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let is_files = self.context == Context::Clause && matches!(piece.text(0), "batch" | "stream");
        if !is_files || piece.at != 2 || matches!(piece.kind(2)?, TokenKind::String) {
            return None;
        }
        let last = 2 + (2..).take_while(|index| piece.touch(*index)).count();
        let is_path = (2..=last).any(|index| matches!(piece.text(index), "." | "/"));
        let whole = format!("\"{}\"", piece.slice(2, last));
        let message = "the path of a file stands in double quotes";
        is_path.then(|| replaced(Code::UnexpectedText, message, piece.span(2, last), &whole))
    }

    /// Clauses of a feature in another order than ours.
    fn of_feature(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let at = piece.at;
        if self.context != Context::Statement || piece.text(0) != "feature" {
            return None;
        }
        if let Some(windows) = two_windows(piece) {
            return Some(windows);
        }
        if piece.depth(at) > 0 {
            return None;
        }
        let over = (0..at).find(|index| piece.text(*index) == "over");
        let call_end = over
            .unwrap_or(at)
            .checked_sub(1)
            .filter(|last| piece.text(*last) == ")")?;
        let insert = |words: &str| {
            let open = piece.slice(piece.operand(call_end), call_end - 1);
            let gap = if open.ends_with('(') { "" } else { " " };
            format!("{open}{gap}{words})")
        };
        match piece.lower(at).as_str() {
            "where" | "filter" => {
                let from = if piece.lower(at) == "filter" { at + 2 } else { at };
                let words = piece.slice(from, piece.clause_end(from));
                let message = "the condition of an aggregate stands inside its parentheses";
                let span = piece.span(at, at);
                Some(written(
                    Code::UnexpectedText,
                    message,
                    span,
                    &insert(words),
                    "sum(x where x > 0)",
                ))
            }
            "ignoring" if over.is_none() => {
                let message = "`ignoring nulls` stands inside the parentheses";
                let whole = insert("ignoring nulls");
                let end = at + usize::from(piece.text(at + 1) == "nulls");
                Some(written(
                    Code::UnexpectedText,
                    message,
                    piece.span(at, end),
                    &whole,
                    "last(x ignoring nulls)",
                ))
            }
            "excluding" if over.is_none() => {
                let message = "`excluding` stands behind the window";
                let what = piece.text(at + 1);
                let whole = if piece.text(at + 2) == "over" {
                    let end = piece.clause_end(at + 3);
                    format!("{} excluding {what}", piece.slice(at + 2, end))
                } else {
                    String::new()
                };
                Some(written(
                    Code::UnexpectedText,
                    message,
                    piece.span(at, at + 1),
                    &whole,
                    "over 1h excluding self",
                ))
            }
            _ => None,
        }
    }

    /// Commas and dots of clauses and entries.
    fn lists(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let at = piece.at;
        match self.context {
            Context::Clause if piece.text(0) == "unique" && piece.text(at) == "," && at == 2 => {
                let is_list = |index: usize| match index % 2 {
                    0 => piece.text(index) == ",",
                    _ => piece.kind(index) == Some(TokenKind::Word),
                };
                let last = (1..piece.tokens.len()).take_while(|index| is_list(*index)).last()?;
                let whole = format!("({})", piece.slice(1, last).trim_end_matches(','));
                let message = "several columns stand in parentheses";
                let diagnostic = Diagnostic::at(Code::UnexpectedText, message, piece.span(1, last), "");
                Some(diagnostic.with_edit(format!("write `unique {whole}`"), piece.span(1, last), whole))
            }
            Context::Entry if piece.text(at) == "," && piece.depth(at) == 0 => {
                let message = "the entries of a service stand one behind the other, without commas";
                let diagnostic = Diagnostic::at(Code::UnexpectedText, message, piece.span(at, at), "");
                Some(diagnostic.with_edit("remove it", piece.span(at, at), ""))
            }
            Context::Entry if self.expects(Rule::dot) && at > 0 && piece.kind(at - 1) == Some(TokenKind::Word) => {
                Some(bare_entry(piece))
            }
            Context::Item | Context::Clause | Context::Step | Context::Statement | Context::Entry => None,
        }
    }

    /// `group by card`, `order by at`
    fn grouping(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let at = piece.at;
        let word = piece.lower(at);
        if piece.lower(at + 1) != "by" || piece.depth(at) > 0 {
            return None;
        }
        let brace = (at + 2..piece.tokens.len()).find(|index| piece.text(*index) == "{");
        if let (Context::Item, "view", "group" | "partition", Some(brace)) = (
            self.context,
            piece.text(0),
            word.as_str(),
            brace.filter(|brace| *brace > at + 2),
        ) {
            let columns = piece.slice(at + 2, brace - 1);
            let whole = match columns.starts_with('(') {
                true => format!("by {columns}"),
                false => format!("by ({columns})"),
            };
            let message = format!("`{word} by` is `by` with parentheses here");
            return Some(replaced(
                Code::UnknownKeyword,
                message,
                piece.span(at, brace - 1),
                &whole,
            ));
        }
        let help = match word.as_str() {
            "group" | "partition" => "the head of a view groups: `view spend of card from txn by (card)`",
            "order" => "remove it: events are always in the order of their time",
            _ => return None,
        };
        let place = self.context.place();
        let message = format!("`{word} by` has no place in {place}");
        let label = self.context.not_a_piece();
        Some(Diagnostic::at(Code::UnknownKeyword, message, piece.span(at, at + 1), label).with_help(help))
    }
}

/// `total`, `spend`: an entry without its view or its features.
fn bare_entry(piece: &Piece<'_>) -> Diagnostic {
    let (name, span) = (piece.back(1), piece.span(piece.at - 1, piece.at - 1));
    // A message that is not shown needs no next step.
    let is_shown = piece.builder.diagnostics.len() < SHOWN_MAX;
    let (is_view, views) = if is_shown {
        declared(piece.builder, name)
    } else {
        (false, vec![])
    };
    if is_view {
        let message = format!("`{name}` is a view: an entry says which of its features");
        return replaced(Code::UnexpectedText, message, span, &format!("{name}.*"));
    }
    let message = format!("`{name}` alone is no entry: an entry is a view and its features");
    match &views[..] {
        [] => {
            let help = format!(
                "write the view before the feature, `view.{name}`, or behind a view which features: `{name}.*`"
            );
            Diagnostic::at(Code::UnexpectedText, message, span, "").with_help(help)
        }
        [view] => replaced(Code::UnexpectedText, message, span, &format!("{view}.{name}")),
        [first, second, ..] => {
            let help = format!("write which view is meant: `{first}.{name}` or `{second}.{name}`");
            Diagnostic::at(Code::UnexpectedText, message, span, "").with_help(help)
        }
    }
}

/// Whether a name is that of a view of the file, and the views that have a feature of this name.
fn declared<'b>(builder: &Builder<'b>, name: &str) -> (bool, Vec<&'b str>) {
    let text = |token: &Token| &builder.text[token.start..token.end];
    let (mut view, mut is_view, mut views) = ("", false, vec![]);
    for pair in builder.scan.tokens.windows(2) {
        match text(&pair[0]) {
            "view" => {
                view = text(&pair[1]);
                is_view |= view == name;
            }
            "feature" if text(&pair[1]) == name && !view.is_empty() && !views.contains(&view) => views.push(view),
            _ => {}
        }
    }
    (is_view, views)
}

/// `AND`, `CASE`: keywords in capitals.
fn capitals(piece: &Piece<'_>) -> Option<Diagnostic> {
    let last = piece.at.min(piece.tokens.len().checked_sub(1)?);
    let index = (0..=last).find(|index| {
        let text = piece.text(*index);
        let is_name = piece.text(index + 1) == ":";
        text.bytes().all(|byte| byte.is_ascii_uppercase())
            && RESERVED.contains(&piece.lower(*index).as_str())
            && !is_name
    })?;
    let message = format!("`{}` is not a keyword", piece.text(index));
    Some(replaced(
        Code::UnknownKeyword,
        message,
        piece.span(index, index),
        &piece.lower(index),
    ))
}

/// `-- comment`
fn dashes(piece: &Piece<'_>) -> Option<Diagnostic> {
    let is_pair = |index: usize| piece.text(index) == "-" && piece.text(index + 1) == "-" && piece.touch(index);
    let index = (piece.at.saturating_sub(3)..=piece.at).find(|index| is_pair(*index) && !piece.touch(index + 1))?;
    let span = piece.span(index, index + 1);
    let message = "`--` begins no comment here";
    Some(replaced(Code::InvalidCharacter, message, span, "//"))
}

/// `count(*)`, `count(distinct x)`
fn arguments(piece: &Piece<'_>) -> Option<Diagnostic> {
    let at = piece.at;
    if piece.text(at) == "*" && piece.back(1) == "(" && piece.text(at + 1) == ")" && at >= 2 {
        let message = format!("`{}` takes no `*`", piece.back(2));
        return Some(replaced(
            Code::UnexpectedText,
            message,
            piece.span(at - 2, at + 1),
            "count()",
        ));
    }
    if piece.back(1).eq_ignore_ascii_case("distinct") && piece.back(2) == "(" && at >= 3 {
        let message = "`distinct` is not a keyword";
        let span = piece.span(at - 1, at - 1);
        let end = piece.clause_end(at);
        let is_count = piece.back(3).eq_ignore_ascii_case("count");
        let whole = if is_count {
            format!("count_distinct({})", piece.slice(at, end))
        } else {
            String::new()
        };
        return Some(written(
            Code::UnknownKeyword,
            message,
            span,
            &whole,
            "count_distinct(x)",
        ));
    }
    None
}

/// `interval 1 day`; with quotes the scanner has said it.
fn interval(piece: &Piece<'_>) -> Option<Diagnostic> {
    let word = [piece.at.checked_sub(1), Some(piece.at)].into_iter().flatten();
    let index = word.into_iter().find(|index| piece.lower(*index) == "interval")?;
    let joined = format!("{}{}", piece.text(index + 1), piece.lower(index + 2));
    let message = "a duration is written as one word";
    let whole = match literal::duration(&joined) {
        Ok(_) => joined,
        Err(refusal) => refusal.edit?,
    };
    Some(replaced(
        Code::InvalidDuration,
        message,
        piece.span(index, index + 2),
        &whole,
    ))
}

/// `x::int64`, `x like "a%"`, `x between 1 and 2`
fn operators(piece: &Piece<'_>) -> Option<Diagnostic> {
    let at = piece.at;
    let negated = piece.back(1) == "not";
    let last = at.checked_sub(1 + usize::from(negated))?;
    let first = piece.operand(last);
    let operand = piece.slice(first, last);
    let not = if negated { "not " } else { "" };
    match piece.lower(at).as_str() {
        ":" if piece.text(at + 1) == ":" && piece.touch(at) => {
            let wide = piece.text(at + 3) == "(" && piece.text(at + 7) == ")";
            let end = if wide { at + 7 } else { at + 2 };
            let whole = format!("cast({operand} as {})", piece.slice(at + 2, end));
            let message = "`::` is not an operator of this language";
            Some(written(
                Code::UnexpectedText,
                message,
                piece.span(at, at + 1),
                &whole,
                "cast(x as float64)",
            ))
        }
        "like" | "ilike" | "rlike" => {
            let call = like(piece.text(at + 1)).map(|(name, text)| format!("{not}{name}({operand}, \"{text}\")"));
            let message = format!("`{}` is not in this release", piece.text(at));
            let call = call.filter(|_| piece.lower(at) == "like").unwrap_or_default();
            let span = piece.span(at, at);
            Some(written(
                Code::UnexpectedText,
                message,
                span,
                &call,
                "starts_with(x, \"a\")` or `contains(x, \"a\")",
            ))
        }
        "between" => {
            let and = (at + 1..piece.tokens.len()).find(|index| piece.lower(*index) == "and");
            let range = and
                .filter(|and| *and == at + 2)
                .map(|and| (piece.text(at + 1), piece.text(and + 1)));
            let whole = match range {
                Some((low, high)) if negated => format!("({operand} < {low} or {operand} > {high})"),
                Some((low, high)) => format!("{operand} >= {low} and {operand} <= {high}"),
                None => String::new(),
            };
            let other = if negated {
                "(x < a or x > b)"
            } else {
                "x >= a and x <= b"
            };
            let message = "`between` is not in this release";
            Some(written(
                Code::UnexpectedText,
                message,
                piece.span(at, at),
                &whole,
                other,
            ))
        }
        _ => None,
    }
}

/// The function that a pattern of SQL stands for, and its text.
fn like(pattern: &str) -> Option<(&'static str, &str)> {
    let inner = pattern.get(1..pattern.len().checked_sub(1)?)?;
    let (name, text) = match (inner.strip_prefix('%'), inner.strip_suffix('%')) {
        (Some(_), Some(_)) => ("contains", inner.get(1..inner.len().checked_sub(1)?)?),
        (Some(rest), None) => ("ends_with", rest),
        (None, Some(rest)) => ("starts_with", rest),
        (None, None) => return None,
    };
    (!text.is_empty() && !text.contains(['%', '_', '\\', '"'])).then_some((name, text))
}

/// `(sum(x) over 1h) / (sum(x) over 1d)`
fn two_windows(piece: &Piece<'_>) -> Option<Diagnostic> {
    let at = piece.at;
    let is_window = |index: usize| piece.kind(index) == Some(TokenKind::Number) || piece.text(index) == "lifetime";
    let in_group = piece.text(at) == "over" && piece.depth(at) > 0 && is_window(at + 1) && piece.text(at + 2) == ")";
    let goes_on = at >= 2
        && piece.back(2) == "over"
        && is_window(at - 1)
        && matches!(
            piece.text(at),
            "+" | "-" | "*" | "/" | "=" | "!=" | "<" | "<=" | ">" | ">="
        );
    if !in_group && !goes_on {
        return None;
    }
    let span = if in_group {
        piece.span(at, at + 1)
    } else {
        piece.span(at, at)
    };
    let message = "a feature has one window, at its end";
    let help = "make one feature per window, and one that combines them: `feature ratio = spend_1h / spend_1d`";
    Some(Diagnostic::at(Code::UnexpectedText, message, span, "").with_help(help))
}
