//! Heads of entities and views, in the names and types of the program at hand.

use super::Failure;
use super::piece::Piece;
use crate::diag::Diagnostic;
use crate::errors;
use crate::forms::Context;
use crate::scan::{TokenKind, Tokens};

impl Failure<'_> {
    /// `entity card`, `entity card: string`, `entity card { key card: string }`, `entity card (card)`
    pub(super) fn keys_without_type(&self, piece: &Piece<'_>, is_shown: bool) -> Option<Diagnostic> {
        let is_head = self.context == Context::Item && piece.text(0) == "entity";
        if !is_head || piece.kind(1) != Some(TokenKind::Word) {
            return None;
        }
        let entity = piece.text(1);
        let type_of = |name: &str| column_type(self.tokens, name).filter(|_| is_shown);
        let of_its_name = || {
            let names = [entity.to_owned(), format!("{entity}_id")];
            let known = names.into_iter().find_map(|name| Some((type_of(&name)?, name)));
            known.map(|(ty, name)| format!("{name}: {ty}"))
        };
        let mut is_guess = false;
        let (last, keys) = match (piece.text(2), piece.at) {
            ("", 2) => {
                is_guess = true;
                (1, of_its_name())
            }
            (":", 2) => {
                let last = piece.type_end(3)?;
                (last, Some(format!("{entity}: {}", piece.slice(3, last))))
            }
            ("{", 2) => {
                let last = (3..piece.tokens.len()).find(|index| piece.text(*index) == "}")?;
                let first = 3 + usize::from(matches!(piece.text(3), "key" | "keys" | "id") && piece.text(4) != ":");
                let is_column = piece.text(first + 1) == ":" && first + 2 < last && piece.text(first + 2) != "[";
                let written = is_column.then(|| piece.slice(first, last - 1).to_owned());
                is_guess = written.is_none();
                (last, written.or_else(of_its_name))
            }
            ("(", at) => {
                let name = piece.text(at.checked_sub(1)?);
                let is_bare = matches!(piece.text(at), ")" | ",") && piece.kind(at - 1) == Some(TokenKind::Word);
                let starts = at >= 4 && matches!(piece.text(at - 2), "(" | ",");
                if !is_bare || !starts {
                    return None;
                }
                let (span, name_at) = (piece.span(at, at), piece.span(at - 1, at - 1));
                return Some(match type_of(name) {
                    Some(ty) => errors::key_with_its_type(name, span, name_at, &ty),
                    None => errors::key_without_type(name, span),
                });
            }
            _ => return None,
        };
        let (at, whole) = (piece.span(0, last), piece.span(0, last));
        Some(match keys {
            Some(keys) => {
                let tell = if is_guess {
                    errors::keys_like_an_entity
                } else {
                    errors::keys_of_an_entity
                };
                tell(at, whole, &format!("entity {entity} ({keys})"))
            }
            None => errors::unknown_keys_of_an_entity(entity, at),
        })
    }

    /// `view spend from payments`
    pub(super) fn view_without_entity(&self, piece: &Piece<'_>, is_shown: bool) -> Option<Diagnostic> {
        let is_head = self.context == Context::Item && piece.text(0) == "view" && piece.text(2) == "from";
        if !is_head || piece.at != 2 {
            return None;
        }
        let at = piece.span(2, 2);
        let mut entities = declared(self.tokens, "entity").filter(|_| is_shown);
        Some(match (entities.next(), entities.next()) {
            (Some(only), None) => errors::view_of_the_entity(piece.text(1), only, at),
            _ => errors::view_without_entity(piece.text(1), at),
        })
    }

    /// `sum(amount) over 1d per country`
    pub(super) fn grouped_feature(&self, piece: &Piece<'_>, is_shown: bool) -> Option<Diagnostic> {
        let at = piece.at;
        let groups = self.context == Context::Statement && matches!(piece.text(at), "per" | "by" | "partition");
        let named = at + 1 + usize::from(piece.text(at + 1) == "by");
        if !groups || piece.depth(at) > 0 || piece.kind(named) != Some(TokenKind::Word) {
            return None;
        }
        let (column, span) = (piece.text(named), piece.span(at, named));
        let head = self.tokens.text.get(..self.span.start).unwrap_or("");
        let words = head.rfind("view ").map_or("", |view| &head[view..]);
        let words: Vec<&str> = words.split_whitespace().take(6).collect();
        let keys = match words[..] {
            ["view", _, "of", entity, "from", _] if is_shown => keys_of(self.tokens, entity).map(|keys| (entity, keys)),
            _ => None,
        };
        let is_own = |keys: &str| {
            keys.split(',')
                .any(|key| key.split(':').next().is_some_and(|key| key.trim() == column))
        };
        if keys.is_some_and(|(_, keys)| is_own(keys)) {
            return Some(errors::feature_by_its_own_key(column, span));
        }
        let ty = keys.and_then(|_| column_type(self.tokens, column));
        Some(match (keys, ty) {
            (Some((entity, keys)), Some(ty)) => {
                let written = format!("entity {entity}_{column} ({keys}, {column}: {ty})");
                errors::feature_by_another_entity(column, span, &written)
            }
            (_, None) if piece.text(at) == "per" && matches!(column, "hour" | "day" | "week" | "month" | "year") => {
                errors::feature_per_unit(column, span)
            }
            _ => errors::feature_by_a_column(column, span),
        })
    }
}

impl Piece<'_> {
    /// The last token of the type that begins here.
    fn type_end(&self, first: usize) -> Option<usize> {
        (self.kind(first)? == TokenKind::Word).then_some(())?;
        match self.text(first + 1) {
            "(" => (first + 2..self.tokens.len()).find(|index| self.text(*index) == ")"),
            _ => Some(first),
        }
    }
}

/// The names that are declared with a word.
pub(super) fn declared<'a>(tokens: Tokens<'a>, word: &'a str) -> impl Iterator<Item = &'a str> {
    let pairs = tokens.scan.tokens.windows(2);
    pairs
        .filter(move |pair| tokens.text(pair[0]) == word && pair[1].kind == TokenKind::Word)
        .map(move |pair| tokens.text(pair[1]))
}

/// The keys of an entity, as written.
fn keys_of<'a>(tokens: Tokens<'a>, entity: &str) -> Option<&'a str> {
    let all = &tokens.scan.tokens;
    let is_head = |three: &[crate::scan::Token]| {
        let [word, name, open] = [0, 1, 2].map(|index| tokens.text(three[index]));
        word == "entity" && name == entity && open == "("
    };
    let from = all.windows(3).position(is_head)? + 3;
    let close = all[from..].iter().position(|token| tokens.text(*token) == "{");
    let limit = close.map_or(all.len(), |close| from + close);
    let mut depth = 0_i32;
    let end = (from..limit).find(|index| {
        depth += i32::from(tokens.text(all[*index]) == "(") - i32::from(tokens.text(all[*index]) == ")");
        depth < 0
    })?;
    let keys = tokens.text[all[from].start..all[end].start].trim_end();
    (!keys.is_empty() && keys.len() <= 60 && !keys.contains('\n')).then_some(keys)
}

/// The type of the first column of a name, without `?`.
fn column_type(tokens: Tokens<'_>, name: &str) -> Option<String> {
    let all = &tokens.scan.tokens;
    let at = all.windows(3).position(|three| {
        tokens.text(three[0]) == name && tokens.text(three[1]) == ":" && three[2].kind == TokenKind::Word
    })?;
    let ty = all[at + 2];
    let is_open = all.get(at + 3).is_some_and(|token| tokens.text(*token) == "(");
    let close = all[at + 3..].iter().take(5).find(|token| tokens.text(**token) == ")");
    let end = close.filter(|_| is_open).map_or(ty.end, |close| close.end);
    Some(tokens.text[ty.start..end].to_owned())
}
