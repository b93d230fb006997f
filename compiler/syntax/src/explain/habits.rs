//! Habits of other languages: what is written here instead, one next step each. Most are rows of [`super::table`]; here
//! are those that no pattern of words says.

use super::piece::Piece;
use super::{Failure, as_duration, table};
use crate::diag::{Diagnostic, Span};
use crate::errors;
use crate::forms::Context;
use crate::scan::{Token, TokenKind, Tokens};
use featc_grammar::{RESERVED, Rule};

impl Failure<'_> {
    /// What somebody who writes SQL or Python would write here.
    pub(super) fn habit(&self, is_shown: bool) -> Option<Diagnostic> {
        let piece = Piece::new(self.tokens, self.span, self.at);
        // `NOT NULL` is more than a keyword in capitals.
        let of_clause = || {
            (self.context == Context::Clause)
                .then(|| table::told(self.context, &piece))
                .flatten()
        };
        of_clause()
            .or_else(|| capitals(&piece))
            .or_else(|| dashes(&piece))
            .or_else(|| self.hyphens(&piece))
            .or_else(|| grouped_digits(&piece))
            .or_else(|| self.column_without_colon(&piece))
            .or_else(|| self.files_without_format(&piece))
            .or_else(|| self.bare_path(&piece))
            .or_else(|| interval(&piece))
            .or_else(|| like(&piece))
            .or_else(|| table::told(self.context, &piece))
            .or_else(|| self.two_windows(&piece))
            .or_else(|| self.columns(&piece))
            .or_else(|| self.bare_entry(&piece, is_shown))
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
        is_path.then(|| errors::path_without_quotes(piece.slice(2, last), piece.span(2, last)))
    }

    /// `total-spend`, `home-country: string`
    fn hyphens(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let at = piece.at;
        if at == 0 && self.context == Context::Item {
            return self.hyphen_behind_an_item();
        }
        let is_part = |index: usize| matches!(piece.kind(index), Some(TokenKind::Word | TokenKind::Number));
        let first = at.checked_sub(1)?;
        let names = match (self.context, piece.text(0)) {
            (Context::Item, "module") | (Context::Statement, "feature") | (Context::Step, "let") => at == 2,
            (Context::Item, _) => at >= 2,
            (Context::Clause, "columns") => {
                piece.depth(at) == 1 && matches!(piece.text(first.checked_sub(1)?), "(" | ",")
            }
            _ => false,
        };
        let mut last = first;
        while piece.text(last + 1) == "-" && piece.touch(last) && piece.touch(last + 1) && is_part(last + 2) {
            last += 2;
        }
        if !names || last == first || !is_part(first) {
            return None;
        }
        let span = piece.span(first, last);
        let name = piece.slice(first, last).replace('-', "_");
        Some(match self.context {
            Context::Clause => errors::hyphen_in_a_column(span, &name),
            _ => errors::hyphen_in_a_name(span, &name),
        })
    }

    /// `module shop-v2`: what stands before the hyphen is a whole item.
    fn hyphen_behind_an_item(&self) -> Option<Diagnostic> {
        let minus = self.found.filter(|token| self.text(*token) == "-")?;
        let is_word = |token: &Token| token.kind == TokenKind::Word;
        let before = self
            .tokens
            .before(minus.start)
            .filter(|token| is_word(token) && token.end == minus.start)?;
        let after = self
            .tokens
            .from(minus.end)
            .filter(|token| is_word(token) && token.start == minus.end)?;
        let name = format!("{}_{}", self.text(before), self.text(after));
        Some(errors::hyphen_in_a_name(
            self.place(before).to(self.place(after)),
            &name,
        ))
    }

    /// `columns (id int64)`
    fn column_without_colon(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let at = piece.at;
        let is_word = |index: usize| piece.kind(index) == Some(TokenKind::Word);
        let is_column = (self.context, piece.text(0)) == (Context::Clause, "columns") && at >= 3;
        if !is_column || piece.depth(at) != 1 || !matches!(piece.text(at - 2), "(" | ",") {
            return None;
        }
        let both = is_word(at) && is_word(at - 1);
        both.then(|| errors::column_without_colon(piece.span(at - 1, at), piece.text(at - 1), piece.text(at)))
    }

    /// `batch "payments.csv"`
    fn files_without_format(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let is_files = self.context == Context::Clause && matches!(piece.text(0), "batch" | "stream");
        if !is_files || piece.at != 1 || piece.kind(1) != Some(TokenKind::String) {
            return None;
        }
        let path = piece
            .text(1)
            .trim_matches('"')
            .trim_end_matches(".gz")
            .trim_end_matches(".zst");
        let format = match path.rsplit('.').next()? {
            "csv" | "txt" => "csv",
            "tsv" | "tab" => "tsv",
            "jsonl" | "ndjson" | "json" => "jsonl",
            "parquet" | "pq" => "parquet",
            "arrow" | "feather" | "ipc" => "arrow",
            _ => return None,
        };
        Some(errors::files_without_format(
            piece.span(0, 0),
            piece.text(0),
            format,
            piece.text(1),
        ))
    }

    /// `(sum(x) over 1h) / (sum(x) over 1d)`
    fn two_windows(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        const OPERATORS: [&str; 10] = ["+", "-", "*", "/", "=", "!=", "<", "<=", ">", ">="];
        let at = piece.at;
        let is_window = |index: usize| piece.kind(index) == Some(TokenKind::Number) || piece.text(index) == "lifetime";
        let in_group =
            piece.text(at) == "over" && piece.depth(at) > 0 && is_window(at + 1) && piece.text(at + 2) == ")";
        let goes_on = at >= 2 && piece.back(2) == "over" && is_window(at - 1) && OPERATORS.contains(&piece.text(at));
        let is_feature = self.context == Context::Statement && piece.text(0) == "feature";
        let last = if in_group { at + 1 } else { at };
        (is_feature && (in_group || goes_on)).then(|| errors::two_windows(piece.span(at, last)))
    }

    /// `unique a, b`
    fn columns(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let at = piece.at;
        if self.context != Context::Clause || piece.text(0) != "unique" || piece.text(at) != "," || at != 2 {
            return None;
        }
        let is_list = |index: usize| match index % 2 {
            0 => piece.text(index) == ",",
            _ => piece.kind(index) == Some(TokenKind::Word),
        };
        let last = (1..piece.tokens.len()).take_while(|index| is_list(*index)).last()?;
        let columns = piece.slice(1, last).trim_end_matches(',');
        Some(errors::columns_without_parentheses(columns, piece.span(1, last)))
    }

    /// `total`, `spend`: an entry without its view or its features.
    fn bare_entry(&self, piece: &Piece<'_>, is_shown: bool) -> Option<Diagnostic> {
        let last = piece.at.checked_sub(1)?;
        let is_bare = self.context == Context::Entry && self.expects(Rule::dot);
        if !is_bare || piece.kind(last) != Some(TokenKind::Word) {
            return None;
        }
        let (name, span) = (piece.text(last), piece.span(last, last));
        let (is_view, views) = match is_shown {
            true => declared(self.tokens, name),
            false => (false, vec![]),
        };
        Some(match &views[..] {
            _ if is_view => errors::view_as_entry(name, span),
            [] => errors::entry_without_view(name, span),
            [view] => errors::entry_of_one_view(name, span, view),
            [first, second, ..] => errors::entry_of_several_views(name, span, first, second),
        })
    }

    /// `group by card`, `order by at`
    fn grouping(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let at = piece.at;
        let word = piece.lower(at);
        if piece.lower(at + 1) != "by" || piece.depth(at) > 0 {
            return None;
        }
        let groups = matches!(word.as_str(), "group" | "partition");
        let brace = (at + 2..piece.tokens.len()).find(|index| piece.text(*index) == "{");
        if let Some(brace) = brace.filter(|brace| groups && *brace > at + 2)
            && (self.context, piece.text(0)) == (Context::Item, "view")
        {
            let columns = piece.slice(at + 2, brace - 1);
            let columns = columns
                .strip_prefix('(')
                .map_or(format!("({columns})"), |_| columns.to_owned());
            return Some(errors::grouping_in_a_head(&word, piece.span(at, brace - 1), &columns));
        }
        let instead = match word.as_str() {
            _ if groups => "the head of a view groups: `view spend of card from txn by (card)`",
            "order" => "remove it: events are always in the order of their time",
            _ => return None,
        };
        let (place, label) = (self.context.place(), self.context.not_a_piece());
        Some(errors::grouping_elsewhere(
            &word,
            place,
            piece.span(at, at + 1),
            &label,
            instead,
        ))
    }
}

/// Whether a name is that of a view of the file, and the views that have a feature of this name.
fn declared<'a>(tokens: Tokens<'a>, name: &str) -> (bool, Vec<&'a str>) {
    let text = |token: &Token| tokens.text(*token);
    let (mut view, mut is_view, mut views) = ("", false, vec![]);
    for pair in tokens.scan.tokens.windows(2) {
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
    let span = piece.span(index, index);
    Some(errors::keyword_in_capitals(
        piece.text(index),
        span,
        &piece.lower(index),
    ))
}

/// `-- comment`
fn dashes(piece: &Piece<'_>) -> Option<Diagnostic> {
    let is_pair = |index: usize| piece.text(index) == "-" && piece.text(index + 1) == "-" && piece.touch(index);
    let index = (piece.at.saturating_sub(3)..=piece.at).find(|index| is_pair(*index) && !piece.touch(index + 1))?;
    Some(errors::dashes(piece.span(index, index + 1)))
}

/// `interval 1 day`; with quotes the scanner has said it.
fn interval(piece: &Piece<'_>) -> Option<Diagnostic> {
    let word = [piece.at.checked_sub(1), Some(piece.at)].into_iter().flatten();
    let index = word.into_iter().find(|index| piece.lower(*index) == "interval")?;
    let joined = format!("{}{}", piece.text(index + 1), piece.lower(index + 2));
    let span: Span = piece.span(index, index + 2);
    Some(errors::duration_in_words(span, &as_duration(joined)?))
}

/// `amount > 1,000`
fn grouped_digits(piece: &Piece<'_>) -> Option<Diagnostic> {
    let comma = piece.at;
    let is_group = |index: usize| piece.kind(index) == Some(TokenKind::Number) && piece.text(index).len() == 3;
    let first = comma
        .checked_sub(1)
        .filter(|first| piece.kind(*first) == Some(TokenKind::Number))?;
    let mut last = first;
    while piece.text(last + 1) == "," && piece.touch(last) && piece.touch(last + 1) && is_group(last + 2) {
        last += 2;
    }
    let digits = piece.slice(first, last).replace(',', "");
    (last > first).then(|| errors::grouped_digits(piece.span(first, last), &digits))
}

/// `x like "a%"`
fn like(piece: &Piece<'_>) -> Option<Diagnostic> {
    let at = piece.at;
    let word = piece.lower(at);
    let negated = piece.back(1) == "not";
    let last = at.checked_sub(1 + usize::from(negated))?;
    if !matches!(word.as_str(), "like" | "ilike" | "rlike") {
        return None;
    }
    let not = if negated { "not " } else { "" };
    let written = piece.slice(piece.operand(last), last);
    let (operand, pattern) = match word.as_str() {
        "ilike" => (format!("lower({written})"), piece.text(at + 1).to_lowercase()),
        _ => (written.to_owned(), piece.text(at + 1).to_owned()),
    };
    let call = as_call(&pattern).filter(|_| word != "rlike");
    let call = call.map(|(name, text)| format!("{not}{name}({operand}, \"{text}\")"));
    let any = (pattern == "\"%\"" && !negated).then(|| format!("{written} is not null"));
    let example = call.or(any).filter(|call| table::is_quotable(call));
    let example = example.unwrap_or_else(|| match table::is_quotable(&operand) {
        true => format!("starts_with({operand}, \"a\")` or `contains({operand}, \"a\")"),
        false => "starts_with(x, \"a\")` or `contains(x, \"a\")".to_owned(),
    });
    Some(errors::pattern_of_another_language(
        piece.text(at),
        piece.span(at, at),
        &example,
    ))
}

/// The function that a pattern of SQL stands for, and its text.
fn as_call(pattern: &str) -> Option<(&'static str, &str)> {
    let inner = pattern.get(1..pattern.len().checked_sub(1)?)?;
    let (name, text) = match (inner.strip_prefix('%'), inner.strip_suffix('%')) {
        (Some(_), Some(_)) => ("contains", inner.get(1..inner.len().checked_sub(1)?)?),
        (Some(rest), None) => ("ends_with", rest),
        (None, Some(rest)) => ("starts_with", rest),
        (None, None) => return None,
    };
    (!text.is_empty() && !text.contains(['%', '_', '\\', '"'])).then_some((name, text))
}
