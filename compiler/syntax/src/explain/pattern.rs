//! Patterns of words, and where they fit a piece.
//!
//! The words of a pattern are those of the program in small letters, several with `|` between them; and capitals:
//! `A B C` stand for expressions, `P` and `Q` for operands before and after a word, `D` and `E F` likewise for the operands
//! of a comparison, `R` for the rest of a clause, `L K` for anything up to the next word of the pattern (nothing included),
//! `N M O` for numbers, `I` for one without a unit, `V W` for words, `S` for a string, `Y` for one that is a
//! name, `T U X` for any one token. `^` before them all: at the beginning of the piece. `~`: outside of all brackets.
//! Between `«` and `»` stands what the message points at; the piece breaks at its beginning, or at the `!`. Without them it
//! is all that was found, and the piece breaks somewhere in it. `F` among several words is a capital: the module of Spark.

use super::piece::Piece;
use crate::scan::TokenKind;
use featc_grammar::RESERVED;

/// Where a pattern fits.
pub(super) struct Found {
    /// What a letter stands for: indices of its first and last token; the last is before the first if it is empty.
    pub letters: Vec<(char, usize, usize)>,
    /// The first and the last token that the message points at.
    pub start: usize,
    pub end: usize,
    /// The first and the last token of all that was found.
    pub whole: (usize, usize),
    /// Where the piece must break, if the pattern says it.
    breaks: Option<usize>,
}

/// Longest expression that is quoted, in tokens.
const TOKENS_MAX: usize = 64;

/// The first place around that of the failure where a pattern fits.
pub(super) fn find(pattern: &str, piece: &Piece<'_>) -> Option<Found> {
    let is_first = pattern.starts_with('^');
    let is_outside = pattern.starts_with('~');
    let words: Vec<&str> = pattern.trim_start_matches(['^', '~', ' ']).split(' ').collect();
    let anchor = words.iter().position(|word| !is_letter(word) && !is_mark(word))?;
    let nearest = piece.at.saturating_sub(2 * TOKENS_MAX);
    let last = (piece.at + 2).min(piece.tokens.len());
    (nearest..last)
        .filter(|at| is_word(words[anchor], piece.text(*at)))
        .filter_map(|at| fit(&words, anchor, at, piece))
        // What `not` says after `is` is right.
        .filter(|(start, _)| words[0] != "not" || start.checked_sub(1).is_none_or(|before| piece.text(before) != "is"))
        .find(|(start, found)| {
            let is_near = found.start <= piece.at + 1 && piece.at <= found.end + 1;
            found.breaks.map_or(is_near, |at| at == piece.at)
                && (!is_first || *start == 0)
                && (!is_outside || piece.depth(*start) == 0)
        })
        .map(|(_, found)| found)
}

fn is_letter(word: &str) -> bool {
    word.len() == 1 && word.as_bytes()[0].is_ascii_uppercase()
}

fn is_mark(word: &str) -> bool {
    matches!(word, "«" | "»" | "!")
}

fn is_word(alternatives: &str, text: &str) -> bool {
    alternatives
        .split('|')
        .any(|word| word == text || word != "F" && word.eq_ignore_ascii_case(text) && !text.is_empty())
}

/// Fits the words of a pattern around the token that its first plain word is; gives the first of all tokens, too.
fn fit(words: &[&str], anchor: usize, at: usize, piece: &Piece<'_>) -> Option<(usize, Found)> {
    let mut letters = Vec::new();
    let (mut opens, mut closes, mut breaks) = (None, None, None);
    let mut start = at;
    for word in words[..anchor].iter().rev() {
        let last = start.checked_sub(1);
        let first = match *word {
            "«" => {
                opens = Some(start);
                continue;
            }
            "!" => {
                breaks = Some(start);
                continue;
            }
            "A" => expression_before(piece, start)?,
            "P" => piece.operand(last?)?,
            "D" => piece.sum(last?)?,
            _ => last.filter(|index| is_kind(word, piece, *index))?,
        };
        letters.push((letter(word), first, start - 1));
        start = first;
    }
    let mut next = at;
    for (position, word) in words.iter().enumerate().skip(anchor) {
        let until = words[position + 1..].iter().find(|word| !is_mark(word));
        let until = until.filter(|word| !is_letter(word)).copied();
        let after = match *word {
            "«" => {
                opens = Some(next);
                continue;
            }
            "»" => {
                closes = Some(next);
                continue;
            }
            "!" => {
                breaks = Some(next);
                continue;
            }
            "A" | "B" | "C" => expression_from(piece, next, until)?,
            "Q" => piece.operand_from(next)? + 1,
            "E" | "F" => piece.sum_from(next)? + 1,
            "R" => (next < piece.tokens.len()).then(|| piece.clause_end(next) + 1)?,
            "L" | "K" => {
                let depth = piece.depth(next);
                let limit = piece.tokens.len().min(next + TOKENS_MAX);
                let until = until?;
                (next..limit).find(|index| piece.depth(*index) == depth && is_word(until, piece.text(*index)))?
            }
            word if is_letter(word) => is_kind(word, piece, next).then_some(next + 1)?,
            word => is_word(word, piece.text(next)).then_some(next + 1)?,
        };
        if is_letter(word) {
            letters.push((letter(word), next, after.wrapping_sub(1)));
        }
        next = after;
    }
    let found = Found {
        letters,
        start: opens.unwrap_or(start),
        end: closes.unwrap_or(next) - 1,
        whole: (start, next - 1),
        breaks: breaks.or(opens),
    };
    Some((start, found))
}

impl Found {
    /// What a letter stands for, as written.
    pub fn text<'b>(&self, letter: char, piece: &Piece<'b>) -> &'b str {
        let found = self.letters.iter().find(|(known, _, _)| *known == letter);
        found
            .filter(|(_, first, last)| first <= last)
            .map_or("", |(_, first, last)| piece.slice(*first, *last))
    }
}

fn letter(word: &str) -> char {
    word.chars().next().unwrap_or(' ')
}

fn is_kind(word: &str, piece: &Piece<'_>, index: usize) -> bool {
    let kind = match word {
        "N" | "M" | "O" => TokenKind::Number,
        "I" => return is_whole(piece, index),
        "S" => TokenKind::String,
        "Y" => return piece.kind(index) == Some(TokenKind::String) && is_name(piece.text(index).trim_matches('"')),
        "T" | "U" | "X" => return piece.kind(index).is_some(),
        _ => TokenKind::Word,
    };
    piece.kind(index) == Some(kind)
}

/// Whether a text is a name, or several with dots between them.
fn is_name(text: &str) -> bool {
    let is_part = |part: &str| {
        let begins = part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        begins && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !RESERVED.contains(&part)
    };
    text.split('.').all(is_part)
}

/// Whether a token is a number without a unit.
fn is_whole(piece: &Piece<'_>, index: usize) -> bool {
    let text = piece.text(index);
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Words at which an expression ends, whatever follows.
#[rustfmt::skip]
const ENDS: &[&str] = &[
    ",", ")", "]", "}", "over", "cap", "default", "excluding", "feature", "let", "where", "when", "then", "else", "end",
];

/// Words after which an expression begins.
const BEGINS: &[&str] = &[
    ",", ":", "let", "feature", "where", "when", "then", "else", "over", "default", "at",
];

/// After the last token of the expression that begins here; `None` if there is none.
fn expression_from(piece: &Piece<'_>, first: usize, until: Option<&str>) -> Option<usize> {
    let depth = piece.depth(first);
    let limit = piece.tokens.len().min(first + TOKENS_MAX);
    let is_end = |index: &usize| {
        let word = piece.text(*index);
        piece.depth(*index) <= depth && (ENDS.contains(&word) || until.is_some_and(|until| is_word(until, word)))
    };
    let mut after = first;
    while after < limit {
        after = match piece.text(after) {
            // A whole `case` is an operand.
            "case" => piece.case_from(after).map_or(after, |end| end) + 1,
            _ if is_end(&after) => break,
            _ => after + 1,
        };
    }
    (after > first).then_some(after.min(limit))
}

/// The first token of the expression that ends before this one; `None` if there is none.
fn expression_before(piece: &Piece<'_>, end: usize) -> Option<usize> {
    let depth = piece.depth(end);
    let is_begin = |index: &usize| {
        let names = *index == 2 && matches!(piece.text(0), "let" | "feature") && piece.text(2) == "=";
        piece.depth(*index) < depth || piece.depth(*index) == depth && (names || BEGINS.contains(&piece.text(*index)))
    };
    let least = end.saturating_sub(TOKENS_MAX);
    let mut first = end;
    while let Some(before) = first.checked_sub(1).filter(|before| *before >= least) {
        first = match piece.text(before) {
            "end" => piece.case_before(before).unwrap_or(before),
            _ if is_begin(&before) => break,
            _ => before,
        };
    }
    (first < end).then_some(first)
}
