//! A pass over the characters before the grammar: comments, tokens (for messages only), characters that no token can
//! begin with, and the depth of brackets.
//!
//! What is reported here is blanked out of the text that the grammar sees, in place (so that offsets stay), wherever the
//! rest can be understood without it.

use crate::ast::Comment;
use crate::build::literal;
use crate::diag::{Code, Diagnostic, FileId, Span};

/// Brackets and `case`s within each other beyond this many are refused, so that the recursive parser cannot run out of
/// stack.
pub(crate) const NESTING_MAX: usize = 64;

/// Bytes of a duration in quotes: `'90 milliseconds'`.
const DURATION_MAX: usize = 40;

/// What the characters say.
#[derive(Debug)]
pub(crate) struct Scan {
    /// The text for the grammar, as long as the original.
    pub masked: String,
    pub comments: Vec<Comment>,
    pub tokens: Vec<Token>,
    pub diagnostics: Vec<Diagnostic>,
    /// Where the text could not be repaired, in order: a syntax error at or behind such a place, in the same item, says nothing new.
    pub poison: Vec<usize>,
    /// Bytes that were looked at, some of them twice.
    #[cfg(test)]
    pub looked: usize,
}

/// A piece of text as a reader sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub kind: TokenKind,
    pub start: usize,
    pub end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Word,
    Number,
    String,
    Instant,
    Punctuation,
}

struct Scanner<'a> {
    file: FileId,
    text: &'a str,
    at: usize,
    masked: Vec<u8>,
    scan: Scan,
    /// Whether nothing but blanks stands between the beginning of the line and `at`.
    is_fresh: bool,
    /// The text behind the last single quote, so that none is read once per quote.
    quoted: Option<Quoted>,
    /// Up to here no quotation mark of prose closes anything.
    no_mark_until: usize,
}

/// A quote, and what was found behind it on its line. A quote inside of such a text is escaped there, so it ends where
/// this one does.
#[derive(Debug, Clone, Copy)]
struct Quoted {
    start: usize,
    /// Behind the closing quote; the end of the line if there is none.
    end: usize,
    is_closed: bool,
    /// The last double quote in it.
    last_double: Option<usize>,
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
    scanner.bound_nesting();
    let Scanner { masked, mut scan, .. } = scanner;
    scan.poison.sort_unstable();
    match String::from_utf8(masked) {
        Ok(masked) => scan.masked = masked,
        Err(_) => {
            scan.masked = text.to_owned();
            scan.poison.push(0);
            scan.diagnostics
                .push(Diagnostic::new(Code::Bug, "the scanner split a character"));
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
            '-' if rest.starts_with("-- ") && self.is_fresh => self.dashes(),
            '/' if rest.starts_with("/*") => self.block_comment(),
            '"' if self.quoted_duration(b'"') => {}
            '"' => self.string(),
            '@' => {
                let length = 1 + rest[1..].bytes().take_while(|b| is_instant_byte(*b)).count();
                self.token(TokenKind::Instant, length);
            }
            '0'..='9' => self.token(TokenKind::Number, number_length(rest.as_bytes())),
            'a'..='z' | 'A'..='Z' | '_' => self.word(),
            '=' | '<' | '>' | '!' | '&' | '|' if is_pair(rest) => self.token(TokenKind::Punctuation, 2),
            '(' | ')' | '{' | '}' | '[' | ']' | ',' | ':' | '=' | '?' | '.' | '*' | '+' | '-' | '/' | '<' | '>'
            | '!' | '%' => self.token(TokenKind::Punctuation, 1),
            '≠' | '≤' | '≥' | '×' | '÷' | '−' => self.sign(first),
            '\'' if self.quoted_duration(b'\'') => {}
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

    /// A line of SQL that is a comment there.
    fn dashes(&mut self) {
        let span = self.span(self.at, self.at + 2);
        let diagnostic = Diagnostic::at(Code::InvalidCharacter, "`--` begins no comment here", span, "");
        self.scan
            .diagnostics
            .push(diagnostic.with_edit("write `//`", span, "//"));
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
        let message = format!("`{sign}` is not an operator of this language");
        let diagnostic = Diagnostic::at(Code::ForeignOperator, message, span, "");
        self.scan
            .diagnostics
            .push(diagnostic.with_edit(format!("write `{ours}`"), span, ours));
        self.blank(self.at, self.at + length, b' ');
        self.masked[self.at..self.at + ours.len()].copy_from_slice(ours.as_bytes());
        self.token(TokenKind::Punctuation, length);
    }

    /// `interval '1' day`, `over '7 days'`, `lateness "1d"`: taken as the duration.
    fn quoted_duration(&mut self, quote: u8) -> bool {
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
            let behind = rest[length..].trim_start_matches([' ', '\t']);
            let letters = behind.bytes().take_while(u8::is_ascii_alphabetic).count();
            unit = &behind[..letters];
            end = self.at + rest.len() - behind.len() + letters;
        }
        let joined = format!("{number}{}", unit.to_ascii_lowercase());
        let whole = match literal::duration(&joined) {
            Ok(_) => Some(joined),
            Err(refusal) => refusal.edit,
        };
        let Some(whole) = whole.filter(|whole| digits > 0 && whole.len() <= end - begin) else {
            return false;
        };
        let span = self.span(begin, end);
        let message = if is_interval {
            "a duration is written as one word"
        } else {
            "a duration is written as one word, without quotes"
        };
        let diagnostic = Diagnostic::at(Code::InvalidDuration, message, span, "");
        self.blank(begin, end, b' ');
        // At the end, so that the token ends where the grammar's does.
        let start = end - whole.len();
        self.masked[start..end].copy_from_slice(whole.as_bytes());
        self.scan
            .diagnostics
            .push(diagnostic.with_edit(format!("write `{whole}`"), span, whole));
        if is_interval {
            self.scan.tokens.pop();
        }
        self.at = start;
        self.token(TokenKind::Number, end - start);
        true
    }

    fn block_comment(&mut self) {
        let rest = &self.text[self.at..];
        let length = rest.find("*/").map_or(rest.len(), |at| at + 2);
        let span = self.span(self.at, self.at + 2);
        let message = "comments begin with `//` and end with the line";
        self.report(
            Diagnostic::at(Code::InvalidCharacter, message, span, "no such comment"),
            "write `//` before each line of it",
        );
        for at in self.at..self.at + length {
            if !matches!(self.masked[at], b'\n' | b'\r') {
                self.masked[at] = b' ';
            }
        }
        self.at += length;
    }

    fn string(&mut self) {
        let rest = &self.text[self.at..];
        match closing_quote(rest, b'"') {
            Some(length) => self.token(TokenKind::String, length),
            None => {
                let line = rest.split(['\n', '\r']).next().unwrap_or(rest).trim_end();
                let span = self.span(self.at, self.at + line.len());
                let diagnostic = Diagnostic::at(
                    Code::UnterminatedString,
                    "the string is not closed on its line",
                    span,
                    "begins here",
                );
                self.report(
                    diagnostic,
                    "close it with `\"`; a line break inside a string is written `\\n`",
                );
                self.scan.poison.push(self.at);
                // One quote is enough to say that no string is here, and the grammar looks behind each.
                for at in self.at + 1..self.at + line.len() {
                    if matches!(self.masked[at], b'"' | b'\\') {
                        self.masked[at] = b'_';
                    }
                }
                self.token(TokenKind::String, line.len());
            }
        }
    }

    /// What stands behind the single quote at this place.
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
    fn quoted(&mut self) {
        let rest = &self.text[self.at..];
        let quoted = self.single_quote();
        let is_string = quoted.is_closed && quoted.last_double.is_none_or(|at| at < self.at);
        let length = if is_string { quoted.end - self.at } else { 1 };
        let span = self.span(self.at, self.at + length);
        let diagnostic = Diagnostic::at(Code::InvalidCharacter, "strings stand in double quotes", span, "");
        if is_string {
            let inner = &rest[1..length - 1];
            let help = format!("write `\"{inner}\"`");
            self.scan
                .diagnostics
                .push(diagnostic.with_edit(help, span, format!("\"{inner}\"")));
            self.masked[self.at] = b'"';
            self.masked[self.at + length - 1] = b'"';
            self.token(TokenKind::String, length);
        } else {
            self.report(diagnostic, "write `\"` on both sides");
            self.scan.poison.push(self.at);
            self.blank(self.at, self.at + 1, b' ');
            self.at += 1;
        }
    }

    /// Quotation marks of prose: a pair of them is taken as a string.
    fn typographic(&mut self, first: char) {
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
        let message = "strings stand in plain double quotes";
        let Some((end, close)) = partner.and_then(|at| rest[at..].chars().next().map(|found| (at, found.len_utf8())))
        else {
            let span = self.span(self.at, self.at + open);
            self.scan
                .diagnostics
                .push(Diagnostic::at(Code::InvalidCharacter, message, span, "").with_help("write `\"`"));
            self.scan.poison.push(self.at);
            self.blank(self.at, self.at + open, b' ');
            self.at += open;
            return;
        };
        let whole = literal::quote(&rest[open..end]);
        let span = self.span(self.at, self.at + end + close);
        let diagnostic = Diagnostic::at(Code::InvalidCharacter, message, span, "");
        self.scan
            .diagnostics
            .push(diagnostic.with_edit(format!("write `{whole}`"), span, whole));
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
            let message = format!("the name `{word}` has letters that names cannot have");
            let diagnostic = Diagnostic::at(Code::InvalidCharacter, message, span, "not a name");
            self.report(diagnostic, "use the letters a to z, digits and `_`");
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
        let code = Code::InvalidCharacter;
        let diagnostic = match first {
            ';' => Diagnostic::at(code, "`;` is not used in .feat files", span, "").with_edit(
                "remove it: a statement ends where the next one begins",
                span,
                "",
            ),
            '#' => Diagnostic::at(code, "`#` begins no comment here", span, "").with_edit("write `//`", span, "//"),
            '`' => Diagnostic::at(code, "names take no quotes", span, "").with_edit("remove the backquote", span, ""),
            '&' | '|' => {
                Diagnostic::at(code, format!("`{first}` is not an operator"), span, "").with_help("write `and` or `or`")
            }
            other if other.is_whitespace() || other.is_control() => {
                let message = format!("invisible character U+{:04X}", u32::from(other));
                Diagnostic::at(code, message, span, "").with_edit("replace it by a space", span, " ")
            }
            other => Diagnostic::at(code, format!("the character `{other}` means nothing here"), span, "")
                .with_help("remove it, or put it into a string"),
        };
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
        } else {
            self.scan.diagnostics.push(diagnostic);
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

    fn report(&mut self, diagnostic: Diagnostic, help: &str) {
        self.scan.diagnostics.push(diagnostic.with_help(help));
    }

    /// Replaces what lies too deep by a constant, and reports it.
    fn bound_nesting(&mut self) {
        let mut depth = 0_usize;
        let mut index = 0;
        while index < self.scan.tokens.len() {
            let token = self.scan.tokens[index];
            match nesting(&self.text[token.start..token.end]) {
                Nesting::Opens => depth += 1,
                Nesting::Closes => depth = depth.saturating_sub(1),
                Nesting::Neither => {}
                Nesting::Resets => depth = 0,
            }
            index += 1;
            if depth > NESTING_MAX {
                index = self.cut(index - 1);
                depth -= 1;
            }
        }
    }

    /// Blanks the bracket at this token up to its partner; returns the index behind it.
    fn cut(&mut self, first: usize) -> usize {
        let mut depth = 0_usize;
        let mut last = first;
        while last < self.scan.tokens.len() {
            let token = self.scan.tokens[last];
            match nesting(&self.text[token.start..token.end]) {
                Nesting::Opens => depth += 1,
                Nesting::Closes => depth = depth.saturating_sub(1),
                Nesting::Neither => {}
                Nesting::Resets => break,
            }
            last += 1;
            if depth == 0 {
                break;
            }
        }
        let start = self.scan.tokens[first].start;
        let end = self.scan.tokens[last - 1].end;
        for at in start..end {
            if !matches!(self.masked[at], b'\n' | b'\r') {
                self.masked[at] = b' ';
            }
        }
        self.masked[start] = b'0';
        self.scan.poison.push(start);
        let span = self.span(start, self.scan.tokens[first].end);
        let message = format!("more than {NESTING_MAX} brackets within each other");
        let diagnostic = Diagnostic::at(Code::NestedTooDeeply, message, span, "this one is too deep");
        self.report(diagnostic, "name a part of the expression with `let`");
        last
    }
}

enum Nesting {
    Opens,
    Closes,
    Neither,
    /// A keyword that begins a statement: brackets left open before it count no more.
    Resets,
}

fn nesting(token: &str) -> Nesting {
    match token {
        "(" | "[" | "{" | "case" => Nesting::Opens,
        ")" | "]" | "}" | "end" => Nesting::Closes,
        "feature" | "let" => Nesting::Resets,
        _ => Nesting::Neither,
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
