//! Tests: tables with aligned columns, and what is expected.

use super::Kind;
use super::bodies::listed;
use super::layout::{Layout, Region, Unit};
use crate::ast::*;

pub(super) fn parts(layout: &Layout<'_>, test: &Test) -> Vec<Unit> {
    let part = |part: &TestPart| match part {
        TestPart::Given(found) => given(layout, found),
        TestPart::Expect(found) => expect(layout, found),
    };
    test.parts.iter().map(part).collect()
}

fn given(layout: &Layout<'_>, given: &Given) -> Unit {
    let rows = || std::iter::once(&given.header).chain(&given.rows);
    let mut widths: Vec<usize> = vec![];
    for row in rows() {
        widths.resize(widths.len().max(row.cells.len()), 0);
        for (width, cell) in widths.iter_mut().zip(&row.cells) {
            *width = (*width).max(cell.text.chars().count());
        }
    }
    let line = |row: &Row| {
        let cells = row.cells.iter().zip(&widths);
        let cells = cells.map(|(cell, width)| format!(" {:<width$} |", cell.text));
        format!("|{}", cells.collect::<String>())
    };
    let units = rows().map(|row| Unit::leaf(row.span, Kind::Line, line(row)));
    let head_end = given.source.span.end;
    let region = Region {
        head_end: Some(head_end),
        start: given.span.start,
        end: given.span.end,
        indent: 2,
    };
    let comment = layout.head_comment(&region);
    let comment = comment.map_or(String::new(), |comment| format!(" {}", comment.text));
    let body = layout.body(&region, units.collect(), |_, _, gap| gap);
    Unit {
        start: given.span.start,
        end: given.span.end,
        kind: Kind::Line,
        text: format!("given {}{comment}\n{body}", given.source.text),
        interior_end: head_end,
    }
}

fn expect(layout: &Layout<'_>, expect: &Expect) -> Unit {
    let known = if expect.as_known.is_some() { "as known " } else { "" };
    let asked = expect.asked.iter();
    let asked: Vec<String> = asked
        .map(|key| format!("{}: {}", key.name.text, key.value.text))
        .collect();
    let asked = match asked.is_empty() {
        true => String::new(),
        false => format!("({}) ", asked.join(", ")),
    };
    let head = format!("expect {known}at {} {asked}", expect.at.text);
    let region = Region {
        head_end: Some(expect.head_end),
        start: expect.span.start,
        end: expect.span.end,
        indent: 2,
    };
    let items = expect.expected.iter().map(|found| (found.span, expected(found)));
    Unit {
        start: expect.span.start,
        end: expect.span.end,
        kind: Kind::Line,
        text: listed(layout, &head, ["{ ", " }"], items.collect(), &region),
        interior_end: expect.head_end,
    }
}

fn expected(expected: &Expected) -> String {
    let value = match &expected.value {
        Wanted::One(cell) => cell.text.clone(),
        Wanted::List(items, _) => {
            let items: Vec<&str> = items.iter().map(|item| item.text.as_str()).collect();
            format!("[{}]", items.join(", "))
        }
    };
    let status = expected.status.as_ref();
    let status = status.map_or(String::new(), |status| format!(" {}", status.text));
    format!("{} = {value}{status}", expected.feature.text)
}
