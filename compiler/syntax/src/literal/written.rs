//! A value that stands alone: in a cell of a table, after a key, after `=` in a test.

use super::{Instant, Numeric, instant, numeric};
use crate::ast::Literal;
use crate::diag::Span;

/// A number, `true`, `false`, a duration, an instant or a date as it is written, and whether a `-` stands before it; an
/// instant and a date may go without their `@`. `None` for anything else, texts and `null` among them.
pub fn written(text: &str) -> Option<(bool, Literal)> {
    let (is_negative, body) = match text.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, text),
    };
    let place = Span::default();
    let literal = match body {
        "true" | "false" if !is_negative => Literal::Bool(body == "true"),
        _ if !is_negative && is_instant(body) => {
            let text = format!("@{}", body.strip_prefix('@').unwrap_or(body));
            match instant(&text, place).ok()? {
                Instant::Timestamp(us) => Literal::Timestamp { us, text },
                Instant::Date(days) => Literal::Date { days, text },
            }
        }
        _ if body.starts_with(|c: char| c.is_ascii_digit()) => {
            let text = body.to_owned();
            match numeric(body, place).ok()? {
                Numeric::Integer => Literal::Integer(text),
                Numeric::Number => Literal::Number(text),
                Numeric::Duration(us) => Literal::Duration { us, text },
            }
        }
        _ => return None,
    };
    Some((is_negative, literal))
}

/// Whether a text begins as an instant does: `@`, or a year and a month.
fn is_instant(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |from: usize, to: usize| {
        bytes
            .get(from..to)
            .is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    text.starts_with('@') || digits(0, 4) && bytes.get(4) == Some(&b'-') && digits(5, 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_alone() {
        let is = |text: &str| written(text).map(|(is_negative, literal)| (is_negative, format!("{literal:?}")));
        assert_eq!(is("12"), Some((false, "Integer(\"12\")".to_owned())));
        assert_eq!(is("-1.5"), Some((true, "Number(\"1.5\")".to_owned())));
        assert_eq!(is("-90m").map(|(is_negative, _)| is_negative), Some(true));
        assert_eq!(is("2026-01-01T00:00:00Z"), is("@2026-01-01T00:00:00Z"));
        assert_eq!(is("2026-01-01"), is("@2026-01-01"));
        for none in [
            "",
            "-",
            "null",
            "five",
            "-true",
            "2026-13-01",
            "2026-01-01T00:00:00",
            "1 2",
            "-@2026-01-01",
            "@@2026-01-01",
            "@@@2026-01-01T00:00:00Z",
        ] {
            assert_eq!(is(none), None, "{none}");
        }
    }
}
