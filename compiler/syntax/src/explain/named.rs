//! Slips with what has a name elsewhere in the file: parameters, tables, views.

use super::Failure;
use super::heads::declared;
use super::piece::Piece;
use crate::diag::Diagnostic;
use crate::errors;
use crate::forms::Context;
use crate::scan::{Token, TokenKind, Tokens};

impl Failure<'_> {
    /// `over week`, `default $big`, `ttl :week`, where `param week` is declared.
    pub(super) fn parameter(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        const BEFORE: [&str; 14] = [
            "over", "[", ",", "offset", "every", "after", "max", "default", "ttl", "within", "delay", "lateness",
            "skew", "+",
        ];
        let at = piece.at;
        let (name, last) = match piece.text(at) {
            "$" | ":" if piece.text(at + 1) == "{" && piece.text(at + 3) == "}" => (at + 2, at + 3),
            "$" => (at + 1, at + 1),
            ":" if piece.touch(at) && !at.checked_sub(1).is_some_and(|before| piece.touch(before)) => (at + 1, at + 1),
            _ if BEFORE.contains(&piece.back(1)) && self.context != Context::Item => (at, at),
            _ => return None,
        };
        let name = match piece.kind(name)? {
            TokenKind::Word => piece.text(name),
            TokenKind::String => piece.text(name).trim_matches('"').trim_matches(['{', '}']),
            TokenKind::Number | TokenKind::Instant | TokenKind::Punctuation | TokenKind::Cell => return None,
        };
        let is_parameter = declared(self.tokens, "param").any(|known| known == name);
        is_parameter.then(|| errors::parameter_without_braces(name, piece.span(at, last)))
    }

    /// What is no lookup, but would be one.
    pub(super) fn lookup(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        if !matches!(self.context, Context::Step | Context::Statement | Context::Entry) {
            return None;
        }
        let at = piece.at;
        self.table_without_lookup(piece)
            .or_else(|| self.lookup_in_parentheses(piece))
            .or_else(|| self.piece_of_a_lookup(piece, at))
            .or_else(|| {
                // `lookup` may stand before the place of the failure, in its own parentheses.
                let start = (at.saturating_sub(64)..at)
                    .rev()
                    .find(|index| piece.text(*index) == "lookup")?;
                self.incomplete_lookup(piece, start)
            })
    }

    /// `shops(shop).city`, `shops[shop].city`
    fn table_without_lookup(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let at = piece.at;
        let close = (at.saturating_sub(1)..=at).find(|index| matches!(piece.text(*index), ")" | "]"));
        let dot = close.map_or(at, |close| close + 1);
        let is_column = piece.text(dot) == "." && piece.kind(dot + 1) == Some(TokenKind::Word);
        let first = piece.operand(dot.checked_sub(1)?).filter(|_| is_column)?;
        let (table, open) = (piece.text(first), first + 1);
        let is_table =
            matches!(piece.text(open), "(" | "[") && declared(self.tokens, "table").any(|known| known == table);
        // `lookup(shops, shop).city`
        let is_call = table == "lookup" && piece.text(open + 2) == ",";
        if is_call && piece.kind(open + 1) == Some(TokenKind::Word) {
            let (name, column) = (piece.text(open + 1), piece.text(dot + 1));
            let written = format!("lookup {name}({}).{column}", piece.slice(open + 3, dot - 2));
            return Some(errors::lookup_in_parentheses(piece.span(first, dot + 1), &written));
        }
        is_table.then(|| {
            let (keys, column) = (piece.slice(open + 1, dot - 2), piece.text(dot + 1));
            let written = format!("lookup {table}({keys}).{column}");
            errors::table_without_lookup(piece.span(first, dot + 1), &written)
        })
    }

    /// `(lookup shops(shop)).city`
    fn lookup_in_parentheses(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let at = piece.at;
        let open = piece.operand(at.checked_sub(1)?)?.checked_sub(1)?;
        let lookup = piece.slice(open + 1, at - 1);
        let fits = [
            piece.text(open),
            piece.text(open + 1),
            piece.text(at),
            piece.text(at + 1),
        ] == ["(", "lookup", ")", "."];
        let column = piece.text(at + 2);
        let whole = piece.span(open, at + 2);
        (fits && piece.kind(at + 2) == Some(TokenKind::Word))
            .then(|| errors::lookup_in_parentheses(whole, &format!("{lookup}.{column}")))
    }

    /// `lookup shops(shop).city default "x"`, `… as of at`, `… at seen`, `… as c`
    fn piece_of_a_lookup(&self, piece: &Piece<'_>, at: usize) -> Option<Diagnostic> {
        let first = piece.operand(at.checked_sub(1)?)?;
        if piece.text(first) != "lookup" {
            return None;
        }
        let lookup = piece.slice(first, at - 1);
        let (word, next) = (piece.lower(at), at + 1);
        Some(match word.as_str() {
            "default" | "otherwise" | "else" => {
                let last = piece.operand_from(next)?;
                let written = format!("coalesce({lookup}, {})", piece.slice(next, last));
                errors::default_of_a_lookup(piece.span(at, last), piece.span(first, last), &written)
            }
            "as" if piece.lower(next) == "of" => {
                errors::instant_of_a_lookup(piece.span(at, piece.operand_from(at + 2)?))
            }
            "at" | "asof" | "for" => errors::instant_of_a_lookup(piece.span(at, piece.operand_from(next)?)),
            "as" => {
                let name = piece.text(next);
                errors::lookup_named_behind(piece.span(at, next), &format!("let {name} = {lookup}"))
            }
            _ => return None,
        })
    }

    /// `lookup shops.city`, `lookup shops(shop)`, `lookup shops().city`
    fn incomplete_lookup(&self, piece: &Piece<'_>, start: usize) -> Option<Diagnostic> {
        let table = Some(start + 1).filter(|table| piece.kind(*table) == Some(TokenKind::Word))?;
        let name = piece.text(table);
        let known = table_of(self.tokens, name);
        let (keys, other) = known.unwrap_or_else(|| ("key".to_owned(), "column".to_owned()));
        let open = table + 1;
        let close = (piece.text(open) == "(").then(|| piece.closing(open)).flatten();
        Some(match (piece.text(open), close) {
            ("." | "[", _) if piece.at == open => {
                let (column, after) = match piece.text(open) {
                    "." => (piece.text(open + 1), open + 2),
                    _ => (other.as_str(), open),
                };
                // `lookup shops.city(shop)`
                let given = (piece.text(after) == "(").then(|| piece.closing(after)).flatten();
                let given = given.filter(|close| *close > after + 1 && *close < after + 10);
                let keys = given.map_or(keys.as_str(), |close| piece.slice(after + 1, close - 1));
                errors::lookup_without_key(piece.span(start, open), &format!("lookup {name}({keys}).{column}"))
            }
            ("on" | "by" | "using" | "with" | "for", _) if piece.at == open => {
                let last = piece.operand_from(open + 1)?;
                let key = piece.slice(open + 1, last);
                let key = key
                    .strip_prefix('(')
                    .and_then(|key| key.strip_suffix(')'))
                    .unwrap_or(key);
                (piece.text(last + 1) != "=").then_some(())?;
                errors::lookup_without_key(piece.span(start, last), &format!("lookup {name}({key}).{other}"))
            }
            ("(", _) if piece.at == open + 1 && piece.text(piece.at) == ")" => {
                errors::lookup_without_key(piece.span(start, piece.at), &format!("lookup {name}({keys}).{other}"))
            }
            ("(", Some(close)) if piece.at == close + 1 => {
                let lookup = piece.slice(start, close);
                errors::lookup_without_column(piece.span(start, close), &format!("{lookup}.{other}"))
            }
            ("(", _) if matches!(piece.text(piece.at), "where" | "as" | "at") => errors::lookup_by_values(
                piece.span(piece.at, piece.at),
                &format!("lookup {name}({keys}).{other}"),
            ),
            _ => return None,
        })
    }

    /// `role w as ow by (origin)`: the view first.
    pub(super) fn role(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let is_role = self.context == Context::Entry && piece.text(0) == "role" && piece.at == 2;
        let [view, word, role] = [1, 2, 3].map(|index| piece.text(index));
        let is_view = |name: &str| declared(self.tokens, "view").any(|known| known == name);
        let swapped =
            is_role && word == "as" && piece.kind(3) == Some(TokenKind::Word) && is_view(view) && !is_view(role);
        swapped.then(|| errors::role_behind_its_view(piece.span(1, 3), &format!("{role} = {view}")))
    }
}

/// The keys of a table of the file, and the first other column of it.
fn table_of(tokens: Tokens<'_>, table: &str) -> Option<(String, String)> {
    const REACH: usize = 400;
    let all = &tokens.scan.tokens;
    let text = |index: usize| all.get(index).map_or("", |token: &Token| tokens.text(*token));
    let is_head = |index: &usize| text(*index) == "table" && text(index + 1) == table && text(index + 2) == "{";
    let head = (0..all.len()).find(is_head)?;
    let words = head + 3..all.len().min(head + REACH);
    let key = words
        .clone()
        .find(|index| text(*index) == "key" && text(index + 1) != ":")?;
    let keys: Vec<&str> = match text(key + 1) {
        "(" => (key + 2..words.end)
            .map(text)
            .take_while(|word| *word != ")")
            .filter(|word| *word != ",")
            .collect(),
        only => vec![only],
    };
    let columns = words.filter(|index| text(index + 1) == ":").map(text);
    let other = columns.into_iter().find(|column| !keys.contains(column))?;
    Some((keys.join(", "), other.to_owned()))
}
