//! Strings: their escapes.

/// The value of a string literal, and the byte ranges (within the literal) of escapes that do not exist.
pub(crate) fn string(literal: &str) -> (String, Vec<(usize, usize)>) {
    let inner = literal
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or("");
    let mut value = String::with_capacity(inner.len());
    let mut unknown = vec![];
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        value.push_str(&rest[..at]);
        let start = 1 + inner.len() - rest.len() + at;
        let escape = &rest[at..];
        let length = match escape.chars().nth(1) {
            Some('"') => push(&mut value, '"'),
            Some('\\') => push(&mut value, '\\'),
            Some('n') => push(&mut value, '\n'),
            Some('t') => push(&mut value, '\t'),
            Some('u') => {
                let (length, found) = unicode_escape(escape);
                match found {
                    Some(found) => value.push(found),
                    None => unknown.push((start, start + length)),
                }
                length
            }
            Some(other) => {
                unknown.push((start, start + 1 + other.len_utf8()));
                1 + other.len_utf8()
            }
            None => 1,
        };
        rest = &escape[length..];
    }
    value.push_str(rest);
    (value, unknown)
}

fn push(value: &mut String, found: char) -> usize {
    value.push(found);
    2
}

/// The length of `\u{…}` at the beginning, and its character if it names one.
fn unicode_escape(escape: &str) -> (usize, Option<char>) {
    let Some(digits) = escape[2..]
        .strip_prefix('{')
        .and_then(|rest| rest.split_once('}'))
        .map(|(digits, _)| digits)
    else {
        return (2, None);
    };
    let valid = (1..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let found = u32::from_str_radix(digits, 16)
        .ok()
        .filter(|_| valid)
        .and_then(char::from_u32);
    (digits.len() + 4, found)
}

/// The text of a string literal with this value.
pub(crate) fn quote(value: &str) -> String {
    let mut text = String::from("\"");
    for found in value.chars() {
        match found {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            other if other.is_control() => text.push_str(&format!("\\u{{{:x}}}", u32::from(other))),
            other => text.push(other),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_round_trip() {
        for value in ["", "plain", "a\"b\\c\n\t", "é\u{1}\u{7f}😀", "\r"] {
            assert_eq!(string(&quote(value)), (value.to_owned(), vec![]));
        }
        assert_eq!(string(r#""a\u{e9}b""#).0, "aéb");
        assert_eq!(
            string(r#""a\qb\u{110000}c\é""#),
            ("abc".to_owned(), vec![(2, 4), (5, 15), (16, 19)])
        );
    }
}
