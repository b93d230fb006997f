//! Where the records of text end that is still being written.

use crate::csv::{CsvReader, Record};
use crate::detail::Broken;
use crate::formats;
use crate::lines::{Lines, RECORD_BYTES_MAX, without_end};
use featc_ir::FileFormat;
use memchr::{memchr, memchr_iter, memrchr};
use std::io::Cursor;

/// How much of a text, which begins with a record, is records that more text does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Whole {
    /// Their bytes. The rest waits: a line that has not ended, or a quote that has not closed and still may.
    pub bytes: usize,
    /// Their lines.
    pub lines: u64,
    /// The bytes of the first of them that is not blank, and what stands in front of it: the header, where there is one.
    pub first: Option<usize>,
    /// Whether what waits is longer than a record may be, and its line has not ended: that line is no record, however it goes
    /// on.
    pub is_too_long: bool,
}

/// Looks for the records of a text, which begins with one. `None` for a format that is no text.
///
/// Decoded by themselves they give the rows and the rejects that they give in the whole file.
pub fn whole_records(format: FileFormat, text: &[u8]) -> Option<Whole> {
    whole_records_up_to(format, text, u64::MAX)
}

/// As [`whole_records`], of the records up to the one that ends with so many lines, or with more.
pub fn whole_records_up_to(format: FileFormat, text: &[u8], lines: u64) -> Option<Whole> {
    let whole = match formats::delimiter(format)? {
        Some(delimiter) if memchr(b'"', text).is_some() => quoted(text, delimiter, lines),
        Some(_) | None => {
            let most = usize::try_from(lines).unwrap_or(usize::MAX).saturating_sub(1);
            let end = match lines {
                u64::MAX => None,
                _ => memchr_iter(b'\n', text).nth(most),
            };
            let bytes = end.or_else(|| memrchr(b'\n', text)).map_or(0, |end| end + 1);
            Whole {
                bytes,
                lines: memchr_iter(b'\n', &text[..bytes]).count() as u64,
                first: first_line(&text[..bytes]),
                is_too_long: false,
            }
        }
    };
    let rest = &text[whole.bytes..];
    Some(Whole {
        is_too_long: rest.len() > RECORD_BYTES_MAX && memchr(b'\n', rest).is_none(),
        ..whole
    })
}

/// Where the first line ends that is not blank.
fn first_line(text: &[u8]) -> Option<usize> {
    let mut start = 0;
    while let Some(end) = memchr(b'\n', &text[start..]) {
        let line = &text[start..start + end];
        start += end + 1;
        if !without_end(line).is_empty() {
            return Some(start);
        }
    }
    None
}

/// As [`whole_records`], where quotes may carry records over lines: by the reader of such files.
fn quoted(text: &[u8], delimiter: u8, lines_max: u64) -> Whole {
    let ended = &text[..memrchr(b'\n', text).map_or(0, |end| end + 1)];
    let mut whole = Whole::default();
    let lines = Lines::new(Box::new(Cursor::new(ended.to_vec())));
    let mut reader = CsvReader::new(lines, delimiter);
    // What is no text by its first bytes is for the decoder to say.
    while let Ok(record) = reader.next() {
        if let Record::Broken {
            why: Broken::OpenQuote,
            line,
        } = record
        {
            (whole.bytes, whole.lines) = end_of(ended, line.saturating_sub(1), &whole);
            if ended.len() - whole.bytes <= RECORD_BYTES_MAX {
                break;
            }
        }
        (whole.bytes, whole.lines) = end_of(ended, reader.line(), &whole);
        if record == Record::End {
            break;
        }
        whole.first.get_or_insert(whole.bytes);
        if whole.lines >= lines_max {
            break;
        }
    }
    whole
}

/// Where so many lines end, from where `known` of them do.
fn end_of(text: &[u8], lines: u64, known: &Whole) -> (usize, u64) {
    let more = usize::try_from(lines.saturating_sub(known.lines)).unwrap_or(usize::MAX);
    let mut ends = memchr_iter(b'\n', &text[known.bytes..]).take(more);
    let mut found = (known.bytes, known.lines);
    for end in ends.by_ref() {
        found = (known.bytes + end + 1, found.1 + 1);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(text: &str) -> (usize, u64, Option<usize>) {
        let whole = whole_records(FileFormat::Csv, text.as_bytes()).unwrap();
        (whole.bytes, whole.lines, whole.first)
    }

    #[test]
    fn what_may_still_change_waits() {
        assert_eq!(csv(""), (0, 0, None));
        assert_eq!(csv("id,at"), (0, 0, None));
        assert_eq!(csv("\n\nid,at\n1,2\n3"), (12, 4, Some(8)));
        // A quote that may still close, also after lines that look whole.
        assert_eq!(csv("id,at\n1,\"a\nb\"\n2,\"c\n3,d\n"), (14, 3, Some(6)));
        assert_eq!(csv("id,at\n1,\"a\nb\"\n2,\"c\n3,d\"\n"), (24, 5, Some(6)));
        assert_eq!(csv("\"id\nx\",at\n\n"), (11, 3, Some(10)));
        assert_eq!(csv("a,\"b\"c\n\"\n"), (7, 1, Some(7)));
        let jsonl = whole_records(FileFormat::Jsonl, b"{\"a\": \"\\\"\"}\n{").unwrap();
        assert_eq!((jsonl.bytes, jsonl.lines), (12, 1));
        assert_eq!(whole_records(FileFormat::Parquet, b""), None);
    }

    #[test]
    fn no_more_lines_than_are_wanted() {
        let up_to = |text: &str, lines| {
            let whole = whole_records_up_to(FileFormat::Csv, text.as_bytes(), lines).unwrap();
            (whole.bytes, whole.lines)
        };
        assert_eq!(up_to("id,at\n1,2\n3,4\n5", 2), (10, 2));
        assert_eq!(up_to("id,at\n1,2\n3,4\n5", 4), (14, 3));
        // A record stays whole.
        assert_eq!(up_to("id,at\n1,\"a\nb\"\n2,c\n", 2), (14, 3));
        assert_eq!(up_to("id,at\n1,\"a\nb\"\n2,c\n", 4), (18, 4));
    }

    #[test]
    fn a_quote_that_never_closes_costs_its_own_line() {
        let line = "1,a\n";
        let mut text = format!("id,at\n2,\"b\n{}", line.repeat(RECORD_BYTES_MAX / line.len() - 2));
        assert_eq!(csv(&text).0, 6, "it may still close");
        text += &line.repeat(10);
        let whole = whole_records(FileFormat::Csv, text.as_bytes()).unwrap();
        assert_eq!(whole.bytes, text.len());
        assert_eq!(whole.lines, memchr_iter(b'\n', text.as_bytes()).count() as u64);
    }

    #[test]
    fn a_line_without_an_end_is_too_long_at_some_time() {
        let text = [&b"{}\n"[..], &vec![b'x'; RECORD_BYTES_MAX + 1]].concat();
        for format in [FileFormat::Jsonl, FileFormat::Csv] {
            let whole = whole_records(format, &text).unwrap();
            assert_eq!((whole.bytes, whole.is_too_long), (3, true));
            assert!(!whole_records(format, &text[..text.len() - 1]).unwrap().is_too_long);
        }
    }
}
