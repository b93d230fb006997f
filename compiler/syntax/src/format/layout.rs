//! Comments and empty lines: which comment goes with which line.

use super::Kind;
use crate::ast::Comment;
use crate::diag::Span;

/// A line or block of lines, without indentation, and the piece of text it comes from.
pub(super) struct Unit {
    pub start: usize,
    pub end: usize,
    pub kind: Kind,
    /// Lines, the first without indentation, the others with that of the file.
    pub text: String,
    /// Comments up to here that lie inside are not in `text` and move before it.
    pub interior_end: usize,
}

impl Unit {
    /// One that has no place for comments inside.
    pub fn leaf(span: Span, kind: Kind, text: String) -> Unit {
        Unit {
            start: span.start,
            end: span.end,
            kind,
            text,
            interior_end: span.end,
        }
    }
}

/// A sequence of units and the piece of text around them.
pub(super) struct Region {
    /// The end of the head (`view … {`), whose line may end in a comment.
    pub head_end: Option<usize>,
    pub start: usize,
    pub end: usize,
    pub indent: usize,
}

pub(super) struct Layout<'a> {
    pub text: &'a str,
    pub comments: &'a [Comment],
}

struct Leading<'a> {
    comment: &'a Comment,
    /// Whether an empty line stands before it.
    gap: bool,
    /// Something else than white space and comments parts it from what follows, so that as a doc comment it documents
    /// nothing.
    is_detached: bool,
}

/// A unit and the comments around it.
struct Placed<'a> {
    unit: Unit,
    leading: Vec<Leading<'a>>,
    interior: Vec<&'a Comment>,
    trailing: Option<&'a Comment>,
    /// Whether an empty line stands before the unit itself.
    gap: bool,
}

impl<'a> Layout<'a> {
    /// The comments that begin in a range.
    pub fn within(&self, start: usize, end: usize) -> &'a [Comment] {
        let from = self.comments.partition_point(|comment| comment.span.start < start);
        let to = self.comments.partition_point(|comment| comment.span.start < end);
        &self.comments[from..to.max(from)]
    }

    fn same_line(&self, from: usize, to: usize) -> bool {
        !self.text[from.min(to)..to].contains('\n')
    }

    fn has_gap(&self, from: usize, to: usize) -> bool {
        self.text[from.min(to)..to].matches('\n').count() >= 2
    }

    /// The comment after a head: the first one on its line.
    pub fn head_comment(&self, region: &Region) -> Option<&'a Comment> {
        let head_end = region.head_end?;
        self.within(head_end, region.end)
            .first()
            .filter(|found| self.same_line(head_end, found.span.start))
    }

    /// The same region where the comment on the head's line is not the head's.
    pub fn without_head_comment(&self, region: Region) -> Region {
        Region {
            start: region.head_end.unwrap_or(region.start),
            head_end: None,
            ..region
        }
    }

    /// The lines of a body, the first one with its indentation too, without a line ending at the end. `separate` decides
    /// whether an empty line goes between two units, given whether one is there.
    pub fn body(&self, region: &Region, mut units: Vec<Unit>, separate: impl Fn(Kind, Kind, bool) -> bool) -> String {
        units.sort_by_key(|unit| unit.start);
        let mut at = match self.head_comment(region) {
            Some(comment) => comment.span.end,
            None => region.head_end.unwrap_or(region.start),
        };
        let mut placed: Vec<Placed<'a>> = vec![];
        let starts: Vec<usize> = units
            .iter()
            .map(|unit| unit.start)
            .skip(1)
            .chain([region.end])
            .collect();
        for (unit, next_start) in units.into_iter().zip(starts) {
            let leading;
            (leading, at) = self.leading(at, unit.start);
            let gap = (!placed.is_empty() || !leading.is_empty()) && self.has_gap(at, unit.start);
            let interior = self.within(unit.start, unit.interior_end).iter().collect();
            at = unit.end;
            // Of several units on one line, the comment at its end goes with the last.
            let after = self.within(at, next_start).first();
            let trailing = after.filter(|found| self.same_line(at, found.span.start));
            at = trailing.map_or(at, |comment| comment.span.end);
            placed.push(Placed {
                unit,
                leading,
                interior,
                trailing,
                gap,
            });
        }
        let (dangling, _) = self.leading(at, region.end);
        placed.sort_by_key(|placed| match placed.unit.kind {
            Kind::Clause(place) => place,
            Kind::Module | Kind::Entity | Kind::Param | Kind::Item | Kind::Line => usize::MAX,
        });
        self.print(region, &placed, &dangling, separate)
    }

    fn leading(&self, mut at: usize, end: usize) -> (Vec<Leading<'a>>, usize) {
        let mut found = vec![];
        for comment in self.within(at, end) {
            found.push(Leading {
                comment,
                gap: self.has_gap(at, comment.span.start),
                is_detached: false,
            });
            at = comment.span.end;
        }
        let (mut next, mut is_detached) = (end, false);
        for leading in found.iter_mut().rev() {
            let span = leading.comment.span;
            is_detached |= !leading.comment.own_line || !self.text[span.end..next.max(span.end)].trim().is_empty();
            leading.is_detached = is_detached;
            next = span.start;
        }
        (found, at)
    }

    fn print(
        &self,
        region: &Region,
        placed: &[Placed<'_>],
        dangling: &[Leading<'_>],
        separate: impl Fn(Kind, Kind, bool) -> bool,
    ) -> String {
        let indent = "  ".repeat(region.indent);
        let mut lines: Vec<String> = vec![];
        let mut before: Option<Kind> = None;
        let gap_line = |lines: &mut Vec<String>, wanted: bool| {
            if wanted && !lines.is_empty() {
                lines.push(String::new());
            }
        };
        for placed in placed {
            let mut gaps = placed.leading.iter().map(|leading| leading.gap).chain([placed.gap]);
            let first = gaps.next().unwrap_or(false);
            let first = before.map_or(first, |before| separate(before, placed.unit.kind, first));
            let gaps = [first].into_iter().chain(gaps);
            for (leading, gap) in placed.leading.iter().zip(gaps.clone()) {
                gap_line(&mut lines, gap);
                lines.push(format!(
                    "{indent}{}",
                    if leading.is_detached {
                        plain(leading.comment)
                    } else {
                        &leading.comment.text
                    }
                ));
            }
            gap_line(&mut lines, gaps.last().unwrap_or(false));
            for comment in &placed.interior {
                lines.push(format!("{indent}{}", plain(comment)));
            }
            let trailing: String = placed
                .trailing
                .map_or(String::new(), |comment| format!(" {}", comment.text));
            lines.push(format!("{indent}{}{trailing}", placed.unit.text));
            before = Some(placed.unit.kind);
        }
        for leading in dangling {
            gap_line(&mut lines, leading.gap);
            lines.push(format!("{indent}{}", leading.comment.text));
        }
        lines.join("\n")
    }
}

/// As an ordinary comment: a doc comment that documents nothing must not begin to where it is moved.
fn plain(comment: &Comment) -> &str {
    if comment.is_doc {
        &comment.text[1..]
    } else {
        &comment.text
    }
}
