//! Rows of tables: cells between bars, in which texts may stand without quotes.

use super::{Scanner, TokenKind};
use crate::diag::Diagnostic;
use crate::errors;

impl Scanner<'_> {
    /// Whether the bar at this place begins a row: after `given` and a name, below its line, or after another row.
    pub(super) fn begins_row(&self) -> bool {
        let token = |back: usize| Some(self.scan.tokens[self.scan.tokens.len().checked_sub(back)?]);
        let is = |back: usize, text: &str| token(back).is_some_and(|token| &self.text[token.start..token.end] == text);
        let is_cell = token(1).is_some_and(|token| token.kind == TokenKind::Cell);
        is(2, "given") || self.is_fresh && (is_cell || is(1, "|") || is(2, "|") || self.is_below_given())
    }

    /// Whether a line begins here that stands where rows do, ends as they do, and does not begin as they do.
    pub(super) fn begins_row_without_bar(&self) -> bool {
        let tokens = &self.scan.tokens;
        let is = |back: usize, text: &str| {
            let token = tokens.len().checked_sub(back).and_then(|at| tokens.get(at));
            token.is_some_and(|token| &self.text[token.start..token.end] == text)
        };
        // Only where a line begins: looking for its end takes time.
        if !self.is_fresh || !(is(1, "|") || is(2, "given")) {
            return false;
        }
        let line = self.text[self.at..self.line_end()]
            .split("//")
            .next()
            .unwrap_or_default();
        let word = line.split(|letter: char| !letter.is_ascii_alphanumeric()).next();
        line.trim_end().ends_with('|')
            // A header may stand on the line of its `given`.
            && !matches!(word, Some("given" | "expect"))
            && self.text[..self.at].ends_with([' ', '\t'])
    }

    /// A row without its first bar, which is taken as if it were there.
    pub(super) fn row_without_bar(&mut self) {
        self.report(errors::row_without_bar(self.span(self.at, self.at)));
        self.at -= 1;
        self.masked[self.at] = b'|';
        self.token(TokenKind::Punctuation, 1);
        self.cells(true);
    }

    /// Up to the end of the line, or to a comment.
    pub(super) fn row(&mut self) {
        let end = self.line_end();
        if self.is_below_header() && is_rule(&self.text[self.at..end]) {
            let line = self.text[self.at..end].trim_end().len();
            let span = self.span(self.at, self.at + line);
            self.report(errors::rule_below_a_header(span));
            self.blank(self.at, self.at + line, b' ');
            self.at = end;
            return;
        }
        self.cells(false);
    }

    /// The cells of a row, or what is left of them. `is_closed`: behind a bar.
    fn cells(&mut self, mut is_closed: bool) {
        let end = self.line_end();
        while self.at < end {
            let rest = &self.text[self.at..end];
            let cell = rest.find(['|', '"']).unwrap_or(rest.len());
            let cell = rest[..cell].find("//").unwrap_or(cell);
            let (text, lead) = (rest[..cell].trim(), cell - rest[..cell].trim_start().len());
            let after = rest[cell..].bytes().next();
            let stop = self.at + cell;
            if !text.is_empty() {
                self.at += lead;
                let inner = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
                if let Some(inner) = inner.filter(|inner| !inner.is_empty()) {
                    self.report(errors::cell_in_single_quotes(
                        self.span(self.at, self.at + text.len()),
                        inner,
                    ));
                }
                self.token(TokenKind::Cell, text.len());
                is_closed = false;
            }
            self.at = stop;
            match after {
                Some(b'|') => {
                    self.token(TokenKind::Punctuation, 1);
                    is_closed = true;
                }
                Some(b'"') if is_closed => {
                    self.string();
                    is_closed = false;
                    let rest = self.text[self.at..end].trim_start();
                    if !(rest.is_empty() || rest.starts_with('|') || rest.starts_with("//")) {
                        return self.refuse_row(errors::quote_in_a_cell(self.span(stop, self.at)), stop, end);
                    }
                }
                Some(b'"') => {
                    let at = self.span(stop, stop + 1);
                    let told = match self.text[..stop].trim_end().as_bytes().last() {
                        Some(b'{') => errors::object_in_a_cell(at),
                        Some(b'[') => errors::quotes_in_a_list(at),
                        _ => errors::quote_in_a_cell(at),
                    };
                    return self.refuse_row(told, stop, end);
                }
                Some(_) | None => break,
            }
        }
        if !is_closed {
            let last = self.scan.tokens.last().map_or(self.at, |token| token.end);
            let why = match self.text[self.at..].starts_with("//") {
                true => errors::row_cut_by_a_comment(self.span(self.at, self.at + 2)),
                false => errors::row_without_end(self.span(last, last)),
            };
            self.refuse_row(why, last, self.at);
        }
    }

    /// Rows that stand after no `given`: one report for all that follow each other.
    pub(super) fn stray_rows(&mut self) {
        let span = self.span(self.at, self.at + 1);
        self.report(errors::rows_of_nothing(span));
        self.scan.poison.push(self.at);
        loop {
            let end = self.line_end();
            self.blank_lines(self.at, end);
            self.at = end;
            let rest = &self.text[end..];
            let next = rest.trim_start();
            if !next.starts_with('|') {
                return;
            }
            self.at += rest.len() - next.len();
        }
    }

    fn line_end(&self) -> usize {
        self.at + self.text[self.at..].split('\n').next().map_or(0, str::len)
    }

    /// Whether the row before is the first of its table.
    fn is_below_header(&self) -> bool {
        let first = self.first_of_line();
        self.is_given(first) || first >= 2 && self.is_given(first - 2)
    }

    /// Whether the line before begins with `given`, whatever stands after it.
    fn is_below_given(&self) -> bool {
        self.is_given(self.first_of_line())
    }

    fn is_given(&self, index: usize) -> bool {
        let token = self.scan.tokens.get(index);
        token.is_some_and(|token| &self.text[token.start..token.end] == "given")
    }

    /// The first token of the line in which the last one stands.
    fn first_of_line(&self) -> usize {
        let tokens = &self.scan.tokens;
        let last = tokens.last().map_or(0, |token| token.start);
        let line = self.text[..last].rfind('\n').map_or(0, |at| at + 1);
        tokens.partition_point(|token| token.start < line)
    }

    /// Reports what is wrong with a row, to which the grammar has nothing to add; goes on after it.
    fn refuse_row(&mut self, why: Diagnostic, place: usize, after: usize) {
        self.report(why);
        self.scan.poison.push(place);
        self.at = after;
    }
}

/// The line that separates the header of a table in Markdown: `|---|:--:|`.
fn is_rule(line: &str) -> bool {
    let inside = line.trim().strip_prefix('|').and_then(|line| line.strip_suffix('|'));
    inside.is_some_and(|inside| {
        inside
            .split('|')
            .all(|cell| cell.contains("---") && cell.trim().trim_matches([':', '-']).is_empty())
    })
}
