//! Functions of strings. Case and white space follow the Unicode tables of the pinned toolchain's standard library.

use super::operand::{Frame, OVERFLOW, Operand, Texts};
use super::pattern::{self, Like};
use crate::column::{Data, Tag, list_len};
use featc_ir::function::MADE_BYTES_MAX;
use featc_ir::{Function, Type};

/// The value of a call of a string function; `ty` is the type of the result.
pub fn call<'a>(function: Function, ty: Type, arguments: &[Operand<'_>], rows: usize) -> Operand<'a> {
    let mut frame = Frame::strict(&arguments.iter().collect::<Vec<_>>(), rows);
    let data = match (function, arguments) {
        (Function::Lower, [text]) => mapped(&mut frame, text.texts(), |text, out| write(out, &text.to_lowercase())),
        (Function::Upper, [text]) => mapped(&mut frame, text.texts(), |text, out| write(out, &text.to_uppercase())),
        (Function::Trim, [text]) => mapped(&mut frame, text.texts(), |text, out| write(out, text.trim())),
        (Function::Length, [list]) if list.ty().is_list() => {
            let lists = list.texts();
            Data::I64(frame.by_row(|row| Ok(list_len(lists.bytes(row)) as i64)))
        }
        (Function::Length, [text]) => {
            let texts = text.texts();
            Data::I64(frame.by_row(|row| Ok(characters(texts.bytes(row)) as i64)))
        }
        (Function::Concat, parts) => {
            let parts: Vec<Texts<'_>> = parts.iter().map(Operand::texts).collect();
            frame.texts_by_row(|row, out| {
                let bytes = parts.iter().map(|part| part.bytes(row).len()).sum::<usize>();
                if bytes > MADE_BYTES_MAX {
                    return OVERFLOW;
                }
                parts.iter().for_each(|part| out.extend_from_slice(part.bytes(row)));
                Tag::VALID
            })
        }
        (Function::Substring, [text, start, length]) => {
            let (texts, starts, lengths) = (text.texts(), start.i64s(), length.i64s());
            frame.texts_by_row(|row, out| {
                write(out, substring(texts.text(row), starts.at(row), lengths.at(row)));
                Tag::VALID
            })
        }
        (Function::StartsWith, [text, part]) => tested(&mut frame, text.texts(), part.texts(), |text, part| {
            text.as_bytes().starts_with(part.as_bytes())
        }),
        (Function::EndsWith, [text, part]) => tested(&mut frame, text.texts(), part.texts(), |text, part| {
            text.as_bytes().ends_with(part.as_bytes())
        }),
        (Function::Contains, [text, part]) => {
            tested(&mut frame, text.texts(), part.texts(), |text, part| text.contains(part))
        }
        (Function::Replace, [text, from, to]) => {
            let (texts, from, to) = (text.texts(), from.texts(), to.texts());
            frame.texts_by_row(|row, out| replace(texts.text(row), from.text(row), to.text(row), out))
        }
        (Function::Like, [text, pattern]) => {
            let (texts, patterns) = (text.texts(), pattern.texts());
            let like = Like::new(if rows == 0 { "" } else { patterns.text(0) });
            Data::Bool(frame.by_row(|row| Ok(like.matches(texts.text(row)))))
        }
        (Function::RegexpMatches | Function::RegexpExtract, [_, pattern]) if rows > 0 => {
            let Some(regex) = pattern::regex(pattern.texts().text(0)) else {
                return super::null_operand(ty);
            };
            let texts = arguments[0].texts();
            match function {
                Function::RegexpMatches => Data::Bool(frame.by_row(|row| Ok(regex.is_match(texts.text(row))))),
                _ => frame.texts_by_row(|row, out| match pattern::extract(&regex, texts.text(row)) {
                    Some(found) => {
                        write(out, found);
                        Tag::VALID
                    }
                    None => Tag::NULL,
                }),
            }
        }
        _ => return super::null_operand(ty),
    };
    frame.finish(ty, data)
}

fn write(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// Writes the text with other parts in the place of some, if it is not too long; the tag.
fn replace(text: &str, from: &str, to: &str, out: &mut Vec<u8>) -> u8 {
    if from.is_empty() {
        write(out, text);
        return Tag::VALID;
    }
    // Each part that goes is in the text, so that nothing is below zero; no product of two lengths of memory overflows 128 bits.
    let parts = text.matches(from).count();
    let bytes = text.len() as u128 - (parts * from.len()) as u128 + parts as u128 * to.len() as u128;
    if bytes > text.len().max(MADE_BYTES_MAX) as u128 {
        return OVERFLOW;
    }
    write(out, &text.replace(from, to));
    Tag::VALID
}

fn mapped(frame: &mut Frame, texts: Texts<'_>, each: impl Fn(&str, &mut Vec<u8>)) -> Data {
    frame.texts_by_row(|row, out| {
        each(texts.text(row), out);
        Tag::VALID
    })
}

fn tested(frame: &mut Frame, texts: Texts<'_>, parts: Texts<'_>, each: impl Fn(&str, &str) -> bool) -> Data {
    Data::Bool(frame.by_row(|row| Ok(each(texts.text(row), parts.text(row)))))
}

/// The number of Unicode scalar values: the bytes that do not continue one.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// The characters at positions `start` to `start + length − 1`, counted from 1, as far as they exist.
fn substring(text: &str, start: i64, length: i64) -> &str {
    let end = start.saturating_add(length.max(0)); // exclusive
    let (first, end) = (start.max(1), end.max(1));
    if first >= end {
        return "";
    }
    let position = |character: i64| {
        let skipped = usize::try_from(character - 1).unwrap_or(usize::MAX);
        text.char_indices().nth(skipped).map_or(text.len(), |(at, _)| at)
    };
    &text[position(first)..position(end)]
}
