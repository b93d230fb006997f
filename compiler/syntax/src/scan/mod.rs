//! A pass over the characters before the grammar: comments, tokens (for messages only), characters that no token can
//! begin with, and the depth of brackets.
//!
//! What is reported here is blanked out of the text that the grammar sees, in place (so that offsets stay), wherever the
//! rest can be understood without it.

mod braces;
mod nesting;
mod quotes;
mod rows;
mod tokens;

#[cfg(test)]
pub(crate) use nesting::NESTING_MAX;
pub(crate) use tokens::{Token, TokenKind, Tokens};

use crate::ast::Comment;
use crate::diag::{Diagnostic, FileId, Span};
use crate::errors;
use quotes::Quoted;

/// What the characters say.
#[derive(Debug)]
pub(crate) struct Scan {
    /// The text for the grammar, as long as the original.
    pub masked: String,
    pub comments: Vec<Comment>,
    pub tokens: Vec<Token>,
    pub diagnostics: Vec<Diagnostic>,
    /// Where the text could not be repaired, in order: a syntax error at or after such a place, in the same item, says nothing new.
    pub poison: Vec<usize>,
    /// Bytes that were looked at, some of them twice.
    #[cfg(test)]
    pub looked: usize,
}

/// So many tokens are looked back for a parenthesis that is open.
const ARGUMENT_TOKENS: usize = 64;

struct Scanner<'a> {
    file: FileId,
    text: &'a str,
    at: usize,
    masked: Vec<u8>,
    scan: Scan,
    /// Whether nothing but blanks stands between the beginning of the line and `at`.
    is_fresh: bool,
    /// The text after the last single quote, so that none is read once per quote.
    quoted: Option<Quoted>,
    /// Up to here no quotation mark of prose closes anything.
    no_mark_until: usize,
}

/// Reads the whole text. Linear.
pub(crate) fn scan(file: FileId, text: &str) -> Scan {
    let empty = Scan {
        masked: String::new(),
        comments: vec![],
        tokens: vec![],
        diagnostics: vec![],
        poison: vec![],
        #[cfg(test)]
        looked: 0,
    };
    let mut scanner = Scanner {
        file,
        text,
        at: 0,
        masked: text.as_bytes().to_vec(),
        scan: empty,
        is_fresh: true,
        quoted: None,
        no_mark_until: 0,
    };
    if text.starts_with('\u{feff}') {
        scanner.blank(0, 3, b' ');
        scanner.at = 3;
    }
    while scanner.at < text.len() {
        let from = scanner.at;
        scanner.step();
        scanner.look(scanner.at - from);
        let last = text[from..scanner.at].trim_end_matches([' ', '\t', '\r']);
        scanner.is_fresh = last.ends_with('\n') || last.trim().is_empty() && scanner.is_fresh;
    }
    scanner.bound_types();
    scanner.bound_nesting();
    let Scanner { masked, mut scan, .. } = scanner;
    scan.poison.sort_unstable();
    match String::from_utf8(masked) {
        Ok(masked) => scan.masked = masked,
        Err(_) => {
            scan.masked = text.to_owned();
            scan.poison.push(0);
            scan.diagnostics.push(errors::split_character());
        }
    }
    scan
}

impl Scanner<'_> {
    /// Counts bytes that are looked at; only tests read the count.
    fn look(&mut self, bytes: usize) {
        #[cfg(test)]
        {
            self.scan.looked += bytes;
        }
        let _ = bytes;
    }

    fn step(&mut self) {
        let rest = &self.text[self.at..];
        let Some(first) = rest.chars().next() else { return };
        match first {
            ' ' | '\t' | '\r' | '\n' => self.at += 1,
            '/' if rest.starts_with("//") => self.comment(),
            '-' if self.begins_dashes() => self.dashes(),
            '/' if rest.starts_with("/*") => self.block_comment(),
            _ if first != '|' && self.begins_row_without_bar() => self.row_without_bar(),
            '"' if self.quoted_duration(b'"') || self.quoted_instant(b'"') => {}
            '"' => self.string(),
            '@' => {
                let length = 1 + rest[1..].bytes().take_while(|b| is_instant_byte(*b)).count();
                self.token(TokenKind::Instant, length);
            }
            '0'..='9' => self.token(TokenKind::Number, number_length(rest.as_bytes())),
            'a'..='z' | 'A'..='Z' | '_' => self.word(),
            '{' if self.double_braces() => {}
            '|' if self.begins_row() => self.row(),
            '|' if self.is_fresh && !is_pair(rest) => self.stray_rows(),
            '|' if rest.starts_with("|>") => self.illegal(first),
            '=' | '<' | '>' | '!' | '&' | '|' if is_pair(rest) => self.token(TokenKind::Punctuation, 2),
            '(' | ')' | '{' | '}' | '[' | ']' | ',' | ':' | '=' | '?' | '.' | '*' | '+' | '-' | '/' | '<' | '>'
            | '!' | '%' | '^' | '~' | '$' | '&' | '|' => self.token(TokenKind::Punctuation, 1),
            '≠' | '≤' | '≥' | '×' | '÷' | '−' => self.sign(first),
            '\'' if self.quoted_duration(b'\'') || self.quoted_instant(b'\'') => {}
            '\'' => self.quoted(),
            '“' | '”' | '„' | '‘' | '’' | '«' | '»' => self.typographic(first),
            other if other.is_alphabetic() => self.word(),
            other => self.illegal(other),
        }
    }

    fn token(&mut self, kind: TokenKind, length: usize) {
        self.scan.tokens.push(Token {
            kind,
            start: self.at,
            end: self.at + length,
        });
        self.at += length;
    }

    fn blank(&mut self, start: usize, end: usize, with: u8) {
        self.masked[start..end].fill(with);
    }

    /// As [`Scanner::blank`], but lines stay lines.
    fn blank_lines(&mut self, start: usize, end: usize) {
        for byte in &mut self.masked[start..end] {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    fn comment(&mut self) {
        let rest = &self.text[self.at..];
        let text = rest.split('\n').next().unwrap_or(rest).trim_end();
        self.scan.comments.push(Comment {
            text: text.to_owned(),
            is_doc: text.starts_with("///") && !text.starts_with("////"),
            own_line: self.is_fresh,
            span: self.span(self.at, self.at + text.len()),
        });
        self.at += text.len();
    }

    /// Whether a comment of SQL begins here: `--` between blanks, which nobody writes for two signs.
    fn begins_dashes(&self) -> bool {
        let blank = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
        let ends = |rest: &str| rest.is_empty() || rest.starts_with(blank);
        let is_apart = self.is_fresh || self.text[..self.at].ends_with(blank);
        is_apart && self.text[self.at..].strip_prefix("--").is_some_and(ends)
    }

    /// The rest of a line that is a comment of SQL.
    fn dashes(&mut self) {
        let span = self.span(self.at, self.at + 2);
        self.report(errors::dashes(span));
        let line = self.text[self.at..].split(['\n', '\r']).next().map_or(2, str::len);
        self.blank(self.at, self.at + line, b' ');
        self.at += line;
    }

    /// A mathematical sign: taken as the operator that is meant.
    fn sign(&mut self, sign: char) {
        let ours = match sign {
            '≠' => "!=",
            '≤' => "<=",
            '≥' => ">=",
            '×' => "*",
            '÷' => "/",
            _ => "-",
        };
        let length = sign.len_utf8();
        let span = self.span(self.at, self.at + length);
        self.report(errors::foreign_operator(&sign.to_string(), span, ours));
        self.blank(self.at, self.at + length, b' ');
        self.masked[self.at..self.at + ours.len()].copy_from_slice(ours.as_bytes());
        self.token(TokenKind::Punctuation, length);
    }

    fn block_comment(&mut self) {
        let rest = &self.text[self.at..];
        let length = rest.find("*/").map_or(rest.len(), |at| at + 2);
        let span = self.span(self.at, self.at + 2);
        self.report(errors::block_comment(span));
        self.blank_lines(self.at, self.at + length);
        self.at += length;
    }

    /// A name; letters beyond ASCII are reported once per name and taken as `_`.
    fn word(&mut self) {
        let rest = &self.text[self.at..];
        let length: usize = rest
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .map(char::len_utf8)
            .sum();
        let word = &rest[..length];
        if !word.is_ascii() {
            let span = self.span(self.at, self.at + length);
            self.report(errors::letters_of_a_name(word, span));
            for at in self.at..self.at + length {
                if !self.masked[at].is_ascii() {
                    self.masked[at] = b'_';
                }
            }
        }
        self.token(TokenKind::Word, length);
    }

    fn illegal(&mut self, first: char) {
        let length = first.len_utf8();
        let span = self.span(self.at, self.at + length);
        // One message for a run of such characters is enough.
        let follows = self
            .scan
            .diagnostics
            .last()
            .and_then(|last| last.primary.as_ref())
            .is_some_and(|last| {
                last.span.end == self.at
                    && last.span.end > last.span.start
                    && self.text[last.span.start..].starts_with(first)
            });
        if follows {
            if let Some(label) = self.scan.diagnostics.last_mut().and_then(|last| last.primary.as_mut()) {
                label.span.end += length;
            }
        } else if first == ';' && (self.is_in_a_list() || self.is_between_arguments()) {
            self.report(errors::semicolon_for_a_comma(span));
            self.blank(self.at, self.at + length, b',');
            self.token(TokenKind::Punctuation, length);
            return;
        } else if self.text[self.at..].starts_with("|>") {
            let span = self.span(self.at, self.at + 2);
            self.report(errors::pipe(span));
            self.blank(self.at, self.at + 2, b' ');
            self.at += 2;
            return;
        } else {
            self.report(errors::illegal(first, span));
        }
        if first == '#' {
            let line = self.text[self.at..].split(['\n', '\r']).next().map_or(length, str::len);
            self.blank(self.at, self.at + line, b' ');
            self.at += line;
            return;
        }
        self.blank(self.at, self.at + length, b' ');
        self.at += length;
    }

    /// Whether this is between parentheses that are open, and more follows on the line: `if(missed; 1; 0)`.
    fn is_between_arguments(&self) -> bool {
        let line = self.text[self.at + 1..].lines().next().unwrap_or("");
        let texts = self
            .scan
            .tokens
            .iter()
            .rev()
            .map(|token| &self.text[token.start..token.end]);
        let near = texts
            .take(ARGUMENT_TOKENS)
            .take_while(|text| !matches!(*text, "{" | "}"));
        let mut depth = 0_i32;
        let is_open = near
            .map(|text| i32::from(text == "(") - i32::from(text == ")"))
            .any(|step| {
                depth += step;
                depth > 0
            });
        is_open && !line.trim_start().is_empty()
    }

    /// Whether this is between the braces of `expect at @… (…) { a = 1, b = 2 }`, or of the entry `spend.{a, b}`.
    fn is_in_a_list(&self) -> bool {
        let before = &self.text[..self.at];
        let Some(open) = before.rfind(['{', '}']).filter(|open| before[*open..].starts_with('{')) else {
            return false;
        };
        let head = before[..open].rsplit('\n').next().unwrap_or("");
        head.trim_start().starts_with("expect ") || head.ends_with('.')
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.scan.diagnostics.push(diagnostic);
    }
}

fn is_pair(rest: &str) -> bool {
    ["==", "<=", ">=", "<>", "!=", "&&", "||"]
        .iter()
        .any(|pair| rest.starts_with(pair))
}

fn is_instant_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':' | b'.' | b'+')
}

/// As the rule `numeric` of the grammar.
fn number_length(bytes: &[u8]) -> usize {
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut at = 1;
    loop {
        match bytes.get(at) {
            Some(b'e' | b'E') if matches!(bytes.get(at + 1), Some(b'+' | b'-')) && digit(at + 2) => at += 2,
            Some(byte) if byte.is_ascii_alphanumeric() || *byte == b'_' => at += 1,
            Some(b'.') if digit(at + 1) => at += 1,
            Some(_) | None => return at,
        }
    }
}
