//! Places in the text.

use std::sync::Arc;

/// A file of a [`SourceMap`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A byte range of a file. It lies on character boundaries and never ends in white space.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub file: FileId,
    pub start: usize,
    /// Not part of the range.
    pub end: usize,
}

/// Where a byte stands for a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// From 1. Lines end with `\n` (a `\r` before it belongs to the ending).
    pub line: usize,
    /// From 1, in characters (Unicode scalar values), not bytes.
    pub column: usize,
}

/// The texts that spans point into. Files keep the order in which they were added.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

#[derive(Debug, Clone)]
struct SourceFile {
    name: Arc<str>,
    text: Arc<str>,
    /// Byte offsets at which lines begin; the first is 0.
    lines: Arc<[usize]>,
}

impl Span {
    /// The range `start..end` of a file.
    pub fn new(file: FileId, start: usize, end: usize) -> Span {
        Span { file, start, end }
    }

    /// The empty range at a byte.
    pub fn at(file: FileId, offset: usize) -> Span {
        Span {
            file,
            start: offset,
            end: offset,
        }
    }

    /// From the beginning of this one to the end of the other. Both are of one file.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span {
            file: self.file,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// Whether it holds no byte.
    pub fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// Whether the other lies within it.
    pub fn contains(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }
}

impl SourceMap {
    /// A map without files.
    pub fn new() -> SourceMap {
        SourceMap::default()
    }

    /// Adds a file; the name is what messages print.
    pub fn add(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> FileId {
        let text: Arc<str> = text.into();
        let lines = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        self.files.push(SourceFile {
            name: name.into(),
            text,
            lines,
        });
        FileId(u32::try_from(self.files.len() - 1).unwrap_or(u32::MAX))
    }

    /// Adds a file once more, under an id of its own; nothing is copied. An id that is not of this map is given back.
    pub fn add_again(&mut self, file: FileId) -> FileId {
        let Some(known) = self.file(file).cloned() else {
            return file;
        };
        self.files.push(known);
        FileId(u32::try_from(self.files.len() - 1).unwrap_or(u32::MAX))
    }

    /// The files in order.
    pub fn ids(&self) -> impl Iterator<Item = FileId> + '_ {
        (0..self.files.len()).map(|index| FileId(u32::try_from(index).unwrap_or(u32::MAX)))
    }

    /// The name of a file; empty when the id is not of this map.
    pub fn name(&self, file: FileId) -> &str {
        self.file(file).map_or("", |file| &file.name)
    }

    /// The text of a file; empty when the id is not of this map.
    pub fn text(&self, file: FileId) -> &str {
        self.file(file).map_or("", |file| &file.text)
    }

    /// The text under a span.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.file).get(span.start..span.end).unwrap_or("")
    }

    /// The line and column of a byte. An offset after the end counts as the end.
    pub fn position(&self, file: FileId, offset: usize) -> Position {
        let Some(found) = self.file(file) else {
            return Position { line: 1, column: 1 };
        };
        let offset = floor_boundary(&found.text, offset);
        let line = found.lines.partition_point(|start| *start <= offset);
        let start = found.lines[line - 1];
        Position {
            line,
            column: found.text[start..offset].chars().count() + 1,
        }
    }

    /// The bytes of a line, counted from 1, with its ending.
    pub fn line_bytes(&self, file: FileId, line: usize) -> Option<std::ops::Range<usize>> {
        let file = self.file(file)?;
        let start = *file.lines.get(line.checked_sub(1)?)?;
        Some(start..file.lines.get(line).copied().unwrap_or(file.text.len()))
    }

    fn file(&self, file: FileId) -> Option<&SourceFile> {
        self.files.get(file.0 as usize)
    }
}

/// The greatest character boundary that is not after the offset.
pub(crate) fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters() {
        let mut map = SourceMap::new();
        let file = map.add("a.feat", "ab\r\né«x»\n\nlast");
        let at = |offset| {
            let position = map.position(file, offset);
            (position.line, position.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(4), (2, 1));
        assert_eq!(at(6), (2, 2), "after a letter of two bytes");
        assert_eq!(at(9), (2, 4));
        assert_eq!(at(12), (3, 1));
        assert_eq!(at(13), (4, 1));
        assert_eq!(at(1000), (4, 5));
        assert_eq!(map.slice(Span::new(file, 4, 6)), "é");
    }

    #[test]
    fn a_file_is_added_again_under_its_own_id() {
        let mut map = SourceMap::new();
        let first = map.add("a.feat", "one\ntwo");
        let again = map.add_again(first);
        assert_ne!(first, again);
        assert_eq!((map.name(again), map.text(again)), ("a.feat", "one\ntwo"));
        assert_eq!(map.position(again, 4), Position { line: 2, column: 1 });
        assert_eq!(map.add_again(FileId(9)), FileId(9));
    }

    #[test]
    fn unknown_files_are_empty() {
        let map = SourceMap::new();
        assert_eq!(map.text(FileId(7)), "");
        assert_eq!(map.position(FileId(7), 3), Position { line: 1, column: 1 });
    }
}
