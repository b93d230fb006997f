//! Habits of other languages: what is written here instead, one next step each. Most are rows of [`super::table`]; here
//! are those that no pattern of words says.

use super::features::{falling_between, format_string};
use super::numbers::{interval, rounded_instant, thousands, zone_behind_in};
use super::pattern::find;
use super::piece::Piece;
use super::{Failure, table};
use crate::diag::Diagnostic;
use crate::errors;
use crate::forms::Context;
use crate::scan::TokenKind;
use featc_grammar::RESERVED;

impl Failure<'_> {
    /// What somebody who writes SQL or Python would write here.
    pub(super) fn habit(&self, is_shown: bool) -> Option<Diagnostic> {
        let piece = Piece::new(self.tokens, self.span, self.at);
        // `NOT NULL` of a type is no keyword in capitals.
        let of_columns = self.context == Context::Clause && piece.text(0) == "columns";
        self.without_format(&piece)
            .or_else(|| self.in_an_item(&piece))
            .or_else(|| table::told(self.context, &piece).filter(|_| of_columns))
            .or_else(|| self.field(&piece))
            .or_else(|| self.parameter(&piece))
            .or_else(|| capitals(&piece))
            .or_else(|| self.decorator(&piece))
            .or_else(|| dashes(&piece))
            .or_else(|| self.bare_path(&piece))
            .or_else(|| self.bare_path_of_a_column(&piece))
            .or_else(|| self.types_first(&piece))
            .or_else(|| self.without_colons(&piece))
            .or_else(|| self.dashes_in_a_name(&piece))
            .or_else(|| thousands(&piece))
            .or_else(|| self.glued_period(&piece))
            .or_else(|| self.clause_behind_a_list(&piece))
            .or_else(|| zone_behind_in(&piece))
            .or_else(|| interval(&piece))
            .or_else(|| self.keys_without_type(&piece, is_shown))
            .or_else(|| self.view_without_entity(&piece, is_shown))
            .or_else(|| self.grouped_feature(&piece, is_shown))
            .or_else(|| self.joined_window(&piece))
            .or_else(|| self.window_of_a_view(&piece))
            .or_else(|| self.quoted_tags(&piece))
            .or_else(|| self.bare_owner(&piece))
            .or_else(|| falling_between(&piece))
            .or_else(|| format_string(&piece))
            .or_else(|| rounded_instant(&piece))
            .or_else(|| like(&piece))
            .or_else(|| self.lookup(&piece))
            .or_else(|| field_of_an_item(&piece))
            .or_else(|| self.role(&piece))
            .or_else(|| self.chain_of_methods(&piece))
            .or_else(|| self.entries_in_a_list(&piece, is_shown))
            .or_else(|| self.comma_behind(&piece))
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

    /// `@on_demand_feature_view(…)`
    fn decorator(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let is_one = self.context == Context::Item && piece.at == 0 && piece.text(0).starts_with('@');
        is_one.then(|| errors::decorator(piece.span(0, 0)))
    }

    /// `owner risk`, `owner: "risk"`
    fn bare_owner(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let is_owner = self.context == Context::Statement && piece.text(0) == "owner" && piece.text(1) != "=";
        if !is_owner || piece.at != 1 {
            return None;
        }
        // What stands on the next line belongs to something else.
        let on_its_line = |last: &usize| !piece.slice(0, *last).contains('\n');
        let last = (1..piece.tokens.len().min(32)).take_while(on_its_line).last()?;
        let first = if piece.text(1) == ":" { 2 } else { 1 };
        let written = match piece.slice(first, last) {
            _ if last < first => return None,
            text if (first, piece.kind(first)) == (last, Some(TokenKind::String)) => text.to_owned(),
            // Something else was begun by the wrong word.
            text if text.contains(['"', '=', '(', '[']) => return None,
            text => format!("\"{text}\""),
        };
        let is_shown = table::is_quotable(&written);
        is_shown.then(|| errors::owner_as_a_text(piece.span(1, last), piece.span(0, last), &written))
    }

    /// `(sum(x) over 1h) / (sum(x) over 1d)`
    fn two_windows(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        const WRITTEN: [&str; 2] = [
            "^ feature V = W ( L ) over N T U ( K ) over M",
            "^ feature V = ( W ( L ) over N ) T ( U ( K ) over M )",
        ];
        const OPERATORS: [&str; 10] = ["+", "-", "*", "/", "=", "!=", "<", "<=", ">", ">="];
        let at = piece.at;
        let is_window = |index: usize| piece.kind(index) == Some(TokenKind::Number) || piece.text(index) == "lifetime";
        let in_group =
            piece.text(at) == "over" && piece.depth(at) > 0 && is_window(at + 1) && piece.text(at + 2) == ")";
        let goes_on = at >= 2 && piece.back(2) == "over" && is_window(at - 1) && OPERATORS.contains(&piece.text(at));
        let is_feature = self.context == Context::Statement && piece.text(0) == "feature";
        if !is_feature || !(in_group || goes_on) {
            return None;
        }
        let at = piece.span(at, if in_group { at + 1 } else { at });
        // What stands behind the second window may belong to both.
        let found = WRITTEN.iter().find_map(|pattern| find(pattern, piece));
        let Some(found) = found.filter(|found| found.whole.1 + 1 == piece.tokens.len()) else {
            return Some(errors::two_windows(at));
        };
        let [name, operator, first, last] = ['V', 'T', 'N', 'M'].map(|letter| found.text(letter, piece));
        let calls = [('W', 'L'), ('U', 'K')]
            .map(|(call, inside)| format!("{}({})", found.text(call, piece), found.text(inside, piece)));
        let whole = piece.span(found.whole.0, found.whole.1);
        let [dividend, divisor] = &calls;
        if first == last {
            let value = format!("{dividend} {operator} {divisor} over {first}");
            return Some(errors::one_window_twice(at, whole, name, &value));
        }
        let parts = [
            format!("feature {name}_{first} = {dividend} over {first}"),
            format!("feature {name}_{last} = {divisor} over {last}"),
            format!("feature {name} = {name}_{first} {operator} {name}_{last}"),
        ];
        Some(errors::windows_of_parts(at, whole, &parts))
    }

    /// `batch "payments.csv"`, `path "payments.csv"`
    fn without_format(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        // A word that begins no clause stands after the clause before it.
        let (keyword, first) = match (piece.text(0), piece.text(piece.at)) {
            (keyword @ ("batch" | "stream"), _) if piece.at == 1 => (keyword, 0),
            (_, "path" | "file" | "files" | "location") if piece.depth(piece.at) == 0 => ("batch", piece.at),
            _ => return None,
        };
        if self.context != Context::Clause || piece.kind(first + 1)? != TokenKind::String {
            return None;
        }
        let path = piece.text(first + 1);
        let name = path.trim_matches('"').trim_end_matches(".gz").trim_end_matches(".zst");
        let format = match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("csv") => "csv",
            Some("tsv") => "tsv",
            Some("jsonl" | "ndjson") => "jsonl",
            Some("arrow") => "arrow",
            Some("parquet") => "parquet",
            Some(_) | None => {
                return Some(errors::files_of_some_format(
                    piece.span(first, first + 1),
                    keyword,
                    path,
                ));
            }
        };
        Some(errors::files_without_format(
            piece.span(first, first + 1),
            keyword,
            format,
            path,
        ))
    }

    /// `feature total-spend = …`
    fn dashes_in_a_name(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let at = piece.at;
        let is_dash = |index: usize| piece.text(index) == "-";
        if !is_dash(at) {
            return None;
        }
        let is_part = |index: usize| {
            let is_word = matches!(piece.kind(index), Some(TokenKind::Word | TokenKind::Number));
            piece.touch(index - 1) && (is_word || is_dash(index))
        };
        let last = (at + 1..).take_while(|index| is_part(*index)).last()?;
        let rest = piece.slice(at, last);
        let is_name = rest
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        let before = self.previous.or_else(|| self.tokens.before(self.at))?;
        let touches = before.kind == TokenKind::Word && before.end == self.at;
        if !is_name || !touches {
            return None;
        }
        let span = self.place(before).to(piece.span(at, last));
        let name = self.tokens.slice(span);
        let plain = name.replace('-', "_");
        match (self.context, piece.text(0)) {
            (Context::Clause, "columns") if at >= 3 && matches!(piece.back(2), "(" | ",") => {
                Some(errors::dash_in_a_column(name, span, &plain))
            }
            (Context::Statement, "feature") | (Context::Step, "let") if at == 2 => {
                Some(errors::dash_in_a_name(name, span, &plain))
            }
            (Context::Item, _) if at == 2 || at == 0 => Some(errors::dash_in_a_name(name, span, &plain)),
            _ => None,
        }
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

    /// `group by card`, `order by at`
    fn grouping(&self, piece: &Piece<'_>) -> Option<Diagnostic> {
        let at = piece.at;
        let word = piece.lower(at);
        if piece.lower(at + 1) != "by" || piece.depth(at) > 0 {
            return None;
        }
        let groups = matches!(word.as_str(), "group" | "partition");
        let ends = |index: &usize| matches!(piece.text(*index), "{" | "from");
        let brace = (at + 2..piece.tokens.len()).find(ends);
        if let Some(brace) = brace.filter(|brace| groups && *brace > at + 2 && piece.text(*brace) == "{")
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

/// `x like "a%"`
fn like(piece: &Piece<'_>) -> Option<Diagnostic> {
    let at = piece.at;
    let word = piece.lower(at);
    let negated = piece.back(1) == "not";
    let last = at.checked_sub(1 + usize::from(negated))?;
    if !matches!(word.as_str(), "like" | "ilike" | "rlike") {
        return None;
    }
    let first = piece.sum(last)?;
    let operand = piece.slice(first, last);
    let place = at + 1;
    let pattern = piece.text(place);
    let (form, otherwise) = match word.as_str() {
        "like" => ("like(x, \"a%\")", format!("like({operand}, {pattern})")),
        "ilike" => (
            "like(lower(x), \"a%\")",
            format!("like(lower({operand}), {})", pattern.to_lowercase()),
        ),
        _ => (
            "regexp_matches(x, \"^a\")",
            format!("regexp_matches({operand}, {pattern})"),
        ),
    };
    let otherwise = format!("{}{otherwise}", if negated { "not " } else { "" });
    let call = as_call(operand, &word, negated, pattern).unwrap_or(otherwise);
    let is_text = piece.kind(place) == Some(TokenKind::String);
    let call = Some(call).filter(|call| is_text && table::is_quotable(call));
    let call = call.map(|call| match piece.takes_a_comparison(first, place) {
        true => call,
        false => format!("({call})"),
    });
    let whole = piece.span(first, place);
    let (operator, at) = (piece.text(at), piece.span(at, at));
    Some(match call {
        Some(call) => errors::pattern_as_a_call(operator, at, whole, &call),
        None => errors::pattern_of_another_language(operator, at, form),
    })
}

/// What a pattern of SQL says of an operand.
fn as_call(operand: &str, word: &str, negated: bool, pattern: &str) -> Option<String> {
    let inner = pattern.get(1..pattern.len().checked_sub(1)?)?;
    let (operand, inner) = match word {
        "like" => (operand.to_owned(), inner.to_owned()),
        "ilike" => (format!("lower({operand})"), inner.to_lowercase()),
        _ => return None,
    };
    let not = if negated { "not " } else { "" };
    let (name, text) = match (inner.strip_prefix('%'), inner.strip_suffix('%')) {
        (Some(_), Some("")) if !negated => return Some(format!("{operand} is not null")),
        (Some(_), Some(_)) => ("contains", inner.get(1..inner.len().checked_sub(1)?)?),
        (Some(rest), None) => ("ends_with", rest),
        (None, Some(rest)) => ("starts_with", rest),
        (None, None) => ("", inner.trim_end_matches('_')),
    };
    if text.is_empty() || text.contains(['%', '_', '\\', '"']) {
        return None;
    }
    let blanks = inner.len() - text.len();
    Some(match name {
        "" if blanks > 0 && negated => return None,
        "" if blanks > 0 => {
            let length = text.chars().count() + blanks;
            format!("starts_with({operand}, \"{text}\") and length({operand}) = {length}")
        }
        "" => format!("{operand} {} \"{text}\"", if negated { "!=" } else { "=" }),
        name => format!("{not}{name}({operand}, \"{text}\")"),
    })
}

/// `items[1].sku`
fn field_of_an_item(piece: &Piece<'_>) -> Option<Diagnostic> {
    let (close, name) = (piece.at.checked_sub(1)?, piece.at + 1);
    let is_field = piece.text(piece.at) == "." && piece.text(close) == "]" && piece.kind(name) == Some(TokenKind::Word);
    let open = piece.opening("[", close).filter(|_| is_field)?;
    let first = piece.operand(open.checked_sub(1)?)?;
    let mut last = name;
    while piece.text(last + 1) == "." && piece.kind(last + 2) == Some(TokenKind::Word) {
        last += 2;
    }
    // `counts[1].abs()` is a call.
    if piece.text(last + 1) == "(" {
        return None;
    }
    let (lists, field) = (piece.slice(first, open - 1), piece.slice(name, last));
    // The first one, as most languages count.
    let item = match piece.slice(open, close) {
        "[0]" => "[1]",
        item => item,
    };
    Some(errors::field_of_an_item(
        piece.span(first, last),
        &format!("{lists}.{field}{item}"),
    ))
}
