//! The lines of a program that a message shows: long ones are cut around its marks.

use super::diagnostic::{Diagnostic, Label};
use super::span::{FileId, SourceMap, Span, floor_boundary};
use codespan_reporting::files::{Error, Files};
use std::ops::Range;

/// Bytes of a line that is shown whole.
const LINE_MAX: usize = 240;

/// Bytes that stay on both sides of the ends of a mark, in a line that is cut.
const AROUND: usize = 60;

/// What one message shows, file by file. Columns are those of the program.
pub(super) struct Excerpt<'a> {
    sources: &'a SourceMap,
    pages: Vec<Page>,
}

/// The lines of one file from the first mark to the last.
struct Page {
    file: FileId,
    /// Index of its first line in the file.
    first: usize,
    /// Where its lines begin in `text`, and where the last one ends.
    lines: Vec<usize>,
    text: String,
    /// What the text is made of, in order.
    pieces: Vec<Piece>,
}

/// A stretch of the file that is shown.
struct Piece {
    /// In the file.
    from: Range<usize>,
    /// In the page.
    at: usize,
}

impl<'a> Excerpt<'a> {
    pub(super) fn new(diagnostic: &Diagnostic, sources: &'a SourceMap) -> Excerpt<'a> {
        let labels: Vec<&Label> = diagnostic.primary.iter().chain(&diagnostic.secondary).collect();
        let mut pages: Vec<Page> = Vec::new();
        for label in &labels {
            let file = label.span.file;
            if pages.iter().all(|page| page.file != file) && sources.ids().any(|id| id == file) {
                let of_file = labels.iter().filter(|label| label.span.file == file);
                let ends: Vec<usize> = of_file
                    .flat_map(|label| {
                        let range = range(label.span, sources);
                        [range.start, range.end]
                    })
                    .collect();
                pages.push(Page::new(file, &ends, sources));
            }
        }
        Excerpt { sources, pages }
    }

    fn page(&self, file: FileId) -> Option<&Page> {
        self.pages.iter().find(|page| page.file == file)
    }

    /// The place of a mark in what is shown; `None` for a file that is not known.
    pub(super) fn place(&self, span: Span) -> Option<Range<usize>> {
        let page = self.page(span.file)?;
        let range = range(span, self.sources);
        Some(page.shown(range.start)..page.shown(range.end))
    }
}

/// The range, moved to character boundaries inside the text.
fn range(span: Span, sources: &SourceMap) -> Range<usize> {
    let text = sources.text(span.file);
    let start = floor_boundary(text, span.start);
    start..floor_boundary(text, span.end).max(start)
}

impl Page {
    fn new(file: FileId, ends: &[usize], sources: &SourceMap) -> Page {
        let line = |offset: &usize| sources.position(file, *offset).line - 1;
        let first = ends.iter().map(line).min().unwrap_or(0);
        let last = ends.iter().map(line).max().unwrap_or(0);
        let mut page = Page {
            file,
            first,
            lines: vec![],
            text: String::new(),
            pieces: vec![],
        };
        for index in first..=last {
            page.lines.push(page.text.len());
            let Some(bytes) = sources.line_bytes(file, index + 1) else {
                continue;
            };
            page.push_line(bytes, ends, sources.text(file));
        }
        page.lines.push(page.text.len());
        page
    }

    fn push_line(&mut self, line: Range<usize>, ends: &[usize], text: &str) {
        if line.len() <= LINE_MAX {
            self.push_piece(line, text);
            return;
        }
        let body = line.start + text[line.clone()].trim_end_matches(['\n', '\r']).len();
        let mut marks: Vec<usize> = ends.iter().copied().filter(|end| line.contains(end)).collect();
        if ends.contains(&text.len()) && line.end == text.len() {
            marks.push(text.len());
        }
        if marks.is_empty() {
            marks.push(line.start);
        }
        marks.sort_unstable();
        let mut from = line.start;
        for mark in marks {
            let begin = floor_boundary(text, mark.saturating_sub(AROUND)).max(line.start);
            let end = floor_boundary(text, (mark + AROUND).min(body)).max(begin);
            if begin > from {
                self.text.push('…');
                from = begin;
            }
            if end > from {
                self.push_piece(from..end, text);
                from = end;
            }
        }
        if from < body {
            self.text.push('…');
        }
        self.push_piece(from.max(body)..line.end, text);
    }

    fn push_piece(&mut self, range: Range<usize>, text: &str) {
        self.pieces.push(Piece {
            from: range.clone(),
            at: self.text.len(),
        });
        self.text.push_str(&text[range]);
    }

    /// The last piece that begins at or before an offset of the file, or of the page.
    fn piece(&self, begins: impl Fn(&Piece) -> bool) -> Option<&Piece> {
        let after = self.pieces.partition_point(begins);
        self.pieces.get(after.saturating_sub(1))
    }

    /// Where an offset of the file is shown.
    fn shown(&self, offset: usize) -> usize {
        self.piece(|piece| piece.from.start <= offset).map_or(0, |piece| {
            let inside = offset.saturating_sub(piece.from.start).min(piece.from.len());
            floor_boundary(&self.text, piece.at + inside)
        })
    }

    /// The offset of the file that is shown here.
    fn original(&self, shown: usize) -> usize {
        self.piece(|piece| piece.at <= shown).map_or(0, |piece| {
            piece.from.start + shown.saturating_sub(piece.at).min(piece.from.len())
        })
    }
}

impl<'a> Files<'a> for Excerpt<'_> {
    type FileId = FileId;
    type Name = String;
    type Source = &'a str;

    fn name(&'a self, id: FileId) -> Result<String, Error> {
        Ok(self.sources.name(id).to_owned())
    }

    fn source(&'a self, id: FileId) -> Result<&'a str, Error> {
        Ok(self.page(id).map_or("", |page| &page.text))
    }

    fn line_index(&'a self, id: FileId, byte_index: usize) -> Result<usize, Error> {
        let page = self.page(id).ok_or(Error::FileMissing)?;
        let lines = &page.lines[..page.lines.len() - 1];
        let after = lines.partition_point(|start| *start <= byte_index);
        Ok(page.first + after.saturating_sub(1))
    }

    fn column_number(&'a self, id: FileId, _line: usize, byte_index: usize) -> Result<usize, Error> {
        let page = self.page(id).ok_or(Error::FileMissing)?;
        Ok(self.sources.position(id, page.original(byte_index)).column)
    }

    fn line_range(&'a self, id: FileId, line_index: usize) -> Result<Range<usize>, Error> {
        let page = self.page(id).ok_or(Error::FileMissing)?;
        let outside = Error::LineTooLarge {
            given: line_index,
            max: page.first + page.lines.len(),
        };
        let at = line_index
            .checked_sub(page.first)
            .filter(|at| at + 1 < page.lines.len());
        at.map(|at| page.lines[at]..page.lines[at + 1]).ok_or(outside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Code, terminal};

    fn rendered(text: &str, spans: &[Range<usize>]) -> String {
        let mut sources = SourceMap::new();
        let file = sources.add("a.feat", text);
        let mut found = Diagnostic::at(
            Code::UnexpectedText,
            "odd",
            Span::new(file, spans[0].start, spans[0].end),
            "here",
        );
        for span in &spans[1..] {
            found = found.with_label(Span::new(file, span.start, span.end), "and here");
        }
        terminal::render(&[found], &sources, false)
    }

    #[test]
    fn a_long_line_is_cut_around_its_marks_and_columns_stay() {
        let text = format!(
            "first\n{}MARK{}FAR{}\nlast\n",
            "é".repeat(500),
            "b".repeat(700),
            "c".repeat(300)
        );
        let said = rendered(&text, &[1006..1010, 1710..1713]);
        assert!(said.contains("─ a.feat:2:501\n"), "{said}");
        let parts = [
            "2 │ …",
            &"é".repeat(30),
            "MARK",
            &"b".repeat(60),
            "…",
            &"b".repeat(60),
            "FAR",
            &"c".repeat(60),
            "…\n",
        ];
        assert!(said.contains(&parts.concat()), "{said}");
        assert!(
            said.contains(&format!(
                "\n  │ {}^^^^ {}--- and here\n",
                " ".repeat(31),
                " ".repeat(120)
            )),
            "{said}"
        );
    }

    #[test]
    fn ends_of_lines_are_places_too() {
        let short = format!("{}MARK", "a".repeat(LINE_MAX - 4));
        assert!(
            !rendered(&short, &[LINE_MAX - 4..LINE_MAX]).contains('…'),
            "as long as may be"
        );
        let line = format!("{}MARK", "a".repeat(LINE_MAX));
        let end = line.len();
        for (mark, place, under) in [
            (end - 4..end, 241, "^^^^ here\n"),
            (end..end, 245, "^ here\n"),
            (0..end, 1, "^^^ here\n"),
        ] {
            let said = rendered(&line, &[mark]);
            assert!(
                said.contains(&format!("a.feat:1:{place}\n")) && said.contains(under),
                "{said}"
            );
            assert!(said.contains("MARK\n") && said.len() < 700, "{said}");
        }
    }

    #[test]
    fn a_mark_over_long_lines_shows_both_ends() {
        let text = format!("{}{{\n{}\n{}}}", "a".repeat(400), "b".repeat(400), "c".repeat(400));
        let said = rendered(&text, &[400..text.len()]);
        let parts = [
            format!("1 │   …{}{{\n", "a".repeat(60)),
            format!("2 │ │ {}…\n", "b".repeat(60)),
            format!("3 │ │ …{}}}\n", "c".repeat(59)),
        ];
        assert!(parts.iter().all(|part| said.contains(part)), "{said}");
    }
}
