//! Holes of dbt: `{{ week }}` for `{week}`, `{{ ref("big") }}` for a name.

use super::{Scanner, TokenKind};
use crate::errors;

impl Scanner<'_> {
    /// Takes two braces for one; whether there are two, and what closes them on the line.
    pub(super) fn double_braces(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let Some(inside) = rest.strip_prefix("{{") else {
            return false;
        };
        // No further than to the next brace, so that a row of them is read once.
        let end = inside.find(['{', '}', '\n']).unwrap_or(inside.len());
        self.look(end);
        if !inside[end..].starts_with("}}") {
            return false;
        }
        let inside = &inside[..end];
        let (start, end) = (self.at, self.at + inside.len() + 4);
        let span = self.span(start, end);
        let name = inside.trim();
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let is_name = name.bytes().all(is_letter) && name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
        if !is_name {
            if !name.contains('(') {
                return false;
            }
            let after = self.text[end..].trim_start_matches([' ', '\t']);
            let before = self.text[..start].trim_end_matches([' ', '\t']);
            let is_number = after.starts_with("events") || before.ends_with(" cap") || before.ends_with("over last");
            self.report(match is_number {
                true => errors::number_in_braces(span),
                false => errors::call_in_braces(span),
            });
            self.blank(start, end, b' ');
            self.scan.poison.push(start);
            self.at = end;
            return true;
        }
        self.report(errors::hole_in_two_braces(span, &format!("{{{name}}}")));
        self.blank(start, start + 1, b' ');
        self.blank(end - 1, end, b' ');
        self.at += 1;
        self.token(TokenKind::Punctuation, 1);
        self.at += inside.len() - inside.trim_start().len();
        self.token(TokenKind::Word, name.len());
        self.at = end - 2;
        self.token(TokenKind::Punctuation, 1);
        self.at = end;
        true
    }
}
