//! What stands in quotes of any kind: strings, and what is taken as one.

use super::{Scanner, TokenKind};
use crate::diag::Span;
use crate::{errors, literal};

/// Bytes of a duration in quotes: `'90 milliseconds'`.
const DURATION_MAX: usize = 40;

/// Bytes of an instant in quotes.
const INSTANT_MAX: usize = 40;

/// A quote, and what was found after it on its line. A quote inside of such a text is escaped there, so it ends where
/// this one does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quoted {
    start: usize,
    /// After the closing quote; the end of the line if there is none.
    end: usize,
    is_closed: bool,
    /// The last double quote in it.
    last_double: Option<usize>,
}

impl Scanner<'_> {
    /// `interval '1' day`, `over '7 days'`, `lateness "1d"`: taken as the duration.
    pub(super) fn quoted_duration(&mut self, quote: u8) -> bool {
        let Some(word) = self.scan.tokens.last().copied() else {
            return false;
        };
        let before = &self.text[word.start..word.end];
        let is_interval = before.eq_ignore_ascii_case("interval") && quote == b'\'';
        if !is_interval && !matches!(before, "over" | "lateness" | "delay" | "skew" | "ttl") {
            return false;
        }
        let rest = &self.text[self.at..];
        let closing = match quote {
            b'"' => closing_quote(rest, quote),
            _ => Some(self.single_quote())
                .filter(|quoted| quoted.is_closed)
                .map(|quoted| quoted.end - self.at),
        };
        let Some(length) = closing.filter(|length| *length <= DURATION_MAX) else {
            return false;
        };
        let begin = if is_interval { word.start } else { self.at };
        let inner = rest[1..length - 1].trim();
        let digits = inner.bytes().take_while(u8::is_ascii_digit).count();
        let (number, mut unit) = (&inner[..digits], inner[digits..].trim());
        let mut end = self.at + length;
        if unit.is_empty() && is_interval {
            let after = rest[length..].trim_start_matches([' ', '\t']);
            let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
            unit = &after[..letters];
            end = self.at + rest.len() - after.len() + letters;
        }
        let joined = format!("{number}{}", unit.to_ascii_lowercase());
        let whole = match literal::duration(&joined, Span::default()) {
            Ok(_) => Some(joined),
            Err(refusal) => refusal.replacement(),
        };
        let Some(whole) = whole.filter(|whole| digits > 0 && whole.len() <= end - begin) else {
            return false;
        };
        let span = self.span(begin, end);
        self.report(match is_interval {
            true => errors::duration_in_words(span, &whole),
            false => errors::duration_in_quotes(span, &whole),
        });
        self.blank(begin, end, b' ');
        // At the end, so that the token ends where the grammar's does.
        let start = end - whole.len();
        self.masked[start..end].copy_from_slice(whole.as_bytes());
        if is_interval {
            self.scan.tokens.pop();
        }
        self.at = start;
        self.token(TokenKind::Number, end - start);
        true
    }

    /// `timestamp '2025-06-01'`, `date "2025-06-01"`: taken as the instant, or as the day.
    pub(super) fn quoted_instant(&mut self, quote: u8) -> bool {
        let Some(word) = self.scan.tokens.last().copied() else {
            return false;
        };
        let before = self.text[word.start..word.end].to_ascii_lowercase();
        if !matches!(before.as_str(), "timestamp" | "timestamptz" | "datetime" | "date") {
            return false;
        }
        let rest = &self.text[self.at..];
        // Of a long text that is none only its beginning is looked at.
        let ends = rest.bytes().skip(1).take(INSTANT_MAX).position(|byte| byte == quote);
        let Some(length) = ends.map(|end| end + 2) else {
            return false;
        };
        let (begin, end) = (word.start, self.at + length);
        let whole = literal::meant_instant(&rest[1..length - 1], before == "date");
        let Some(whole) = whole.filter(|whole| whole.len() <= end - begin) else {
            return false;
        };
        self.report(errors::instant_in_quotes(self.span(begin, end), &whole));
        self.blank(begin, end, b' ');
        // At the end, so that the token ends where the grammar's does.
        let start = end - whole.len();
        self.masked[start..end].copy_from_slice(whole.as_bytes());
        self.scan.tokens.pop();
        self.at = start;
        self.token(TokenKind::Instant, end - start);
        true
    }

    pub(super) fn string(&mut self) {
        let rest = &self.text[self.at..];
        match closing_quote(rest, b'"') {
            Some(length) => self.token(TokenKind::String, length),
            None => {
                let line = rest.split(['\n', '\r']).next().unwrap_or(rest).trim_end();
                let span = self.span(self.at, self.at + line.len());
                self.report(errors::unterminated_string(span));
                self.scan.poison.push(self.at);
                // One quote is enough to say that no string is here, and the grammar looks at what follows each.
                for at in self.at + 1..self.at + line.len() {
                    if matches!(self.masked[at], b'"' | b'\\') {
                        self.masked[at] = b'_';
                    }
                }
                self.token(TokenKind::String, line.len());
            }
        }
    }

    /// What stands after the single quote at this place.
    fn single_quote(&mut self) -> Quoted {
        let within = |known: &Quoted| (known.start..known.end - usize::from(known.is_closed)).contains(&self.at);
        if let Some(known) = self.quoted.filter(within) {
            return Quoted {
                start: self.at,
                ..known
            };
        }
        let rest = &self.text[self.at..];
        let closing = closing_quote(rest, b'\'');
        let length = closing.unwrap_or_else(|| rest.find(['\n', '\r']).unwrap_or(rest.len()));
        let quoted = Quoted {
            start: self.at,
            end: self.at + length,
            is_closed: closing.is_some(),
            last_double: rest[..length].rfind('"').map(|at| self.at + at),
        };
        self.quoted = Some(quoted);
        self.look(length);
        quoted
    }

    /// Single quotes: taken as a string.
    pub(super) fn quoted(&mut self) {
        let rest = &self.text[self.at..];
        let quoted = self.single_quote();
        let is_string = quoted.is_closed && quoted.last_double.is_none_or(|at| at < self.at);
        let length = if is_string { quoted.end - self.at } else { 1 };
        let span = self.span(self.at, self.at + length);
        if is_string {
            self.report(errors::single_quotes(span, &rest[1..length - 1]));
            self.masked[self.at] = b'"';
            self.masked[self.at + length - 1] = b'"';
            self.token(TokenKind::String, length);
        } else {
            self.report(errors::single_quote(span));
            self.scan.poison.push(self.at);
            self.blank(self.at, self.at + 1, b' ');
            self.at += 1;
        }
    }

    /// Quotation marks of prose: a pair of them is taken as a string.
    pub(super) fn typographic(&mut self, first: char) {
        let rest = &self.text[self.at..];
        let open = first.len_utf8();
        let marks = ['“', '”', '‘', '’', '«', '»', '\n', '\r'];
        let is_open = self.at < self.no_mark_until;
        let end = if is_open {
            None
        } else {
            rest[open..].find(marks).map(|at| open + at)
        };
        let partner = end.filter(|at| !rest[*at..].starts_with(['\n', '\r']));
        if !is_open {
            let looked = end.unwrap_or(rest.len());
            self.look(looked);
            if partner.is_none() {
                self.no_mark_until = self.at + looked;
            }
        }
        let Some((end, close)) = partner.and_then(|at| rest[at..].chars().next().map(|found| (at, found.len_utf8())))
        else {
            let span = self.span(self.at, self.at + open);
            self.report(errors::quotation_mark(span));
            self.scan.poison.push(self.at);
            self.blank(self.at, self.at + open, b' ');
            self.at += open;
            return;
        };
        let whole = literal::quote(&rest[open..end]);
        let span = self.span(self.at, self.at + end + close);
        self.report(errors::quotation_marks(span, &whole));
        // For the grammar the marks are a quote each, and what stands between them stays if it can.
        let inner = self.at + open..self.at + end;
        if rest[open..end].contains(['"', '\\']) {
            self.blank(inner.start, inner.end, b'_');
        }
        self.blank(self.at, inner.start, b' ');
        self.blank(inner.end, inner.end + close, b' ');
        self.masked[self.at] = b'"';
        self.masked[inner.end + close - 1] = b'"';
        self.token(TokenKind::String, end + close);
    }
}

/// The length of a quoted text that begins here and ends on its line, quotes included.
fn closing_quote(rest: &str, quote: u8) -> Option<usize> {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\n' | b'\r' => return None,
            b'\\' if !matches!(bytes.get(at + 1), Some(b'\n' | b'\r') | None) => at += 2,
            b'\\' => return None,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}
