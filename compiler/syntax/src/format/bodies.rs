//! Items and what stands in them.

use super::expr::{after_head, expr};
use super::layout::{Layout, Region, Unit};
use super::{Kind, WIDTH, kind};
use crate::ast::*;
use crate::diag::Span;
use crate::literal::quote;

/// `None` for a broken item.
pub(super) fn item(layout: &Layout<'_>, item: &Item) -> Option<Unit> {
    let (span, kind) = (item.span(), kind(item));
    let (text, interior_end) = match item {
        Item::Entity(entity) => {
            let head = format!("entity {} ", entity.name.text);
            named_columns(layout, &head, &entity.name, &entity.keys, span)
        }
        Item::Request(request) => {
            let head = format!("request {} ", request.name.text);
            named_columns(layout, &head, &request.name, &request.fields, span)
        }
        Item::Source(source) => {
            let head = format!("source {}", source.name.text);
            (
                block(layout, &head, source.name.span.end, span, clauses(layout, source)),
                source.name.span.end,
            )
        }
        Item::Transform(transform) => {
            let at = transform
                .at
                .as_ref()
                .map_or(String::new(), |at| format!(" at {}", expr(at)));
            let within = transform.within.as_ref();
            let bound = within.map_or(String::new(), |within| format!(" within {}", within.value.text));
            let at_end = transform.at.as_ref().map_or(transform.from.span.end, |at| at.span.end);
            let head_end = within.map_or(at_end, |within| within.span.end);
            let head = format!(
                "transform {} from {}{at}{bound}",
                transform.name.text, transform.from.text
            );
            let units = transform.steps.iter().map(step).collect();
            (block(layout, &head, head_end, span, units), head_end)
        }
        Item::View(view) => {
            let by = by(view.by.as_ref());
            let head_end = view.by.as_ref().map_or(view.from.span.end, |by| by.span.end);
            let head = format!(
                "view {} of {} from {}{by}",
                view.name.text, view.entity.text, view.from.text
            );
            (block(layout, &head, head_end, span, statements(layout, view)), head_end)
        }
        Item::Service(service) => {
            let head = format!("service {}", service.name.text);
            let roles = service.roles.iter().map(super::service::role);
            let entries = service.entries.iter().map(super::service::entry);
            let own = service.features.iter();
            let own = own.map(|found| Unit::leaf(found.span, Kind::Line, feature(found)));
            let mut units: Vec<Unit> = roles.chain(entries).chain(own).collect();
            units.sort_by_key(|unit| unit.start);
            (
                block(layout, &head, service.name.span.end, span, units),
                service.name.span.end,
            )
        }
        Item::Test(test) => {
            let head = format!("test {} for {}", quote(&test.name.value), test.view.text);
            let units = super::test::parts(layout, test);
            (
                block(layout, &head, test.view.span.end, span, units),
                test.view.span.end,
            )
        }
        Item::Table(table) => {
            let head = format!("table {}", table.name.text);
            let units = super::table::clauses(layout, table);
            (
                block(layout, &head, table.name.span.end, span, units),
                table.name.span.end,
            )
        }
        Item::Param(param) => {
            let value = expr(&param.value);
            (format!("param {} = {value}", param.name.text), span.end)
        }
        Item::Template(template) => {
            let (name, parameter) = (&template.name.text, &template.parameter);
            let head = format!("template {name}({})", parameter.text);
            let features = template.features.iter();
            let features = features.map(|found| Unit::leaf(found.span, Kind::Line, feature(found)));
            (
                block(layout, &head, parameter.span.end, span, features.collect()),
                parameter.span.end,
            )
        }
        Item::Broken(_) => return None,
    };
    Some(Unit {
        start: span.start,
        end: span.end,
        kind,
        text,
        interior_end,
    })
}

fn block(layout: &Layout<'_>, head: &str, head_end: usize, span: Span, units: Vec<Unit>) -> String {
    let region = Region {
        head_end: Some(head_end),
        start: span.start,
        end: span.end,
        indent: 1,
    };
    let comment = layout.head_comment(&region);
    // A comment after the first unit of the head's own line belongs to that unit.
    let first = units.iter().map(|unit| unit.start).min();
    let comment = comment.filter(|comment| first.is_none_or(|first| comment.span.start < first));
    let region = if comment.is_none() {
        layout.without_head_comment(region)
    } else {
        region
    };
    let body = layout.body(&region, units, |_, _, gap| gap);
    let comment = comment.map_or(String::new(), |comment| format!(" {}", comment.text));
    match (body.is_empty(), comment.is_empty()) {
        (true, true) => format!("{head} {{}}"),
        (true, false) => format!("{head} {{{comment}\n}}"),
        (false, _) => format!("{head} {{{comment}\n{body}\n}}"),
    }
}

/// An item that is a name and columns, and where what is inside of it begins.
fn named_columns(layout: &Layout<'_>, head: &str, name: &Name, all: &[Column], span: Span) -> (String, usize) {
    let region = Region {
        head_end: Some(name.span.end),
        start: span.start,
        end: span.end,
        indent: 1,
    };
    (columns(layout, head, all, &region), name.span.end)
}

/// `(a: int64, b: string)` after a head, on one line if it fits and has no comments inside.
fn columns(layout: &Layout<'_>, head: &str, columns: &[Column], region: &Region) -> String {
    let items = columns.iter().map(|found| (found.span, column(found))).collect();
    listed(layout, head, ["(", ")"], items, region)
}

/// Items with commas between them after a head, on one line if they fit and hold no comments.
pub(super) fn listed(
    layout: &Layout<'_>,
    head: &str,
    [open, close]: [&str; 2],
    items: Vec<(Span, String)>,
    region: &Region,
) -> String {
    let texts: Vec<&str> = items.iter().map(|(_, text)| text.as_str()).collect();
    let line = match texts[..] {
        [] => format!("{head}{}{}", open.trim_end(), close.trim_start()),
        _ => format!("{head}{open}{}{close}", texts.join(", ")),
    };
    let comments = layout.within(region.head_end.unwrap_or(region.start), region.end);
    let outer = region.indent - 1;
    if comments.is_empty() && outer * 2 + line.chars().count() <= WIDTH {
        return line;
    }
    let first = items.first().map(|(span, _)| span.start);
    let units: Vec<Unit> = items
        .into_iter()
        .map(|(span, text)| Unit::leaf(span, Kind::Line, format!("{text},")))
        .collect();
    let comment = layout
        .head_comment(region)
        .filter(|comment| first.is_none_or(|first| comment.span.start < first));
    let plain = Region { ..*region };
    let region = if comment.is_none() {
        layout.without_head_comment(plain)
    } else {
        plain
    };
    let body = layout.body(&region, units, |_, _, gap| gap);
    let comment = comment.map_or(String::new(), |comment| format!(" {}", comment.text));
    let body = if body.is_empty() { body } else { format!("{body}\n") };
    let (open, close) = (open.trim_end(), close.trim_start());
    format!("{head}{open}{comment}\n{body}{}{close}", "  ".repeat(outer))
}

fn column(column: &Column) -> String {
    let mark = if column.nullable.is_some() { "?" } else { "" };
    let mut text = format!("{}: {}{mark}", column.name.text, column.ty);
    if let Some(field) = &column.field {
        text.push_str(&format!(" from {}", quote(&field.value)));
    }
    if let Some(read_as) = &column.read_as {
        let form = match &read_as.form {
            Form::Word(word) => word.text.clone(),
            Form::Format(format) => quote(&format.value),
        };
        let zone = read_as.zone.as_ref();
        let zone = zone.map_or(String::new(), |zone| format!(" in {}", quote(&zone.value)));
        text.push_str(&format!(" as {form}{zone}"));
    }
    text
}

pub(super) fn names(names: &[Name]) -> String {
    names
        .iter()
        .map(|name| name.text.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

fn clauses(layout: &Layout<'_>, source: &Source) -> Vec<Unit> {
    let mut units: Vec<Unit> = source
        .columns
        .iter()
        .map(|found| columns_clause(layout, found))
        .collect();
    let mut clause = |place: usize, span: Span, text: String| units.push(Unit::leaf(span, Kind::Clause(place), text));
    if let Some(found) = &source.unique {
        clause(
            1,
            found.span,
            match &found.kind {
                UniqueKind::All => "unique all".to_owned(),
                // A lone column called `all` needs its parentheses.
                UniqueKind::Columns(columns) if columns.len() == 1 && columns[0].text != "all" => {
                    format!("unique {}", columns[0].text)
                }
                UniqueKind::Columns(columns) => format!("unique ({})", names(columns)),
            },
        );
    }
    if let Some(found) = &source.time {
        clause(2, found.span, format!("time {}", found.column.text));
    }
    if let Some(found) = &source.arrival {
        clause(
            3,
            found.span,
            match &found.kind {
                ArrivalKind::Column(column) => format!("arrival {}", column.text),
                ArrivalKind::AfterTime(offset) => format!("arrival time + {}", offset.text),
            },
        );
    }
    if let Some(span) = source.static_rows {
        clause(4, span, "static".to_owned());
    }
    if let Some(found) = &source.delay {
        clause(5, found.span, format!("delay {}", found.value.text));
    }
    if let Some(found) = &source.lateness {
        let bound = found.bound.as_ref().map_or("unbounded", |bound| &bound.text);
        clause(6, found.span, format!("lateness {bound}"));
    }
    if let Some(found) = &source.skew {
        clause(7, found.span, format!("skew {}", found.value.text));
    }
    if let Some(found) = &source.begins {
        clause(8, found.span, format!("begins {}", found.at.text));
    }
    if let Some(found) = &source.zone {
        clause(9, found.span, format!("zone {}", quote(&found.value.value)));
    }
    if let Some(span) = source.keep_nan {
        clause(10, span, "keep nan".to_owned());
    }
    for (place, word, found) in [(11, "batch", &source.batch), (12, "stream", &source.stream)] {
        if let Some(found) = found {
            clause(place, found.span, files(word, found));
        }
    }
    units
}

pub(super) fn files(word: &str, found: &Files) -> String {
    let paths: Vec<String> = found.paths.iter().map(|path| quote(&path.value)).collect();
    let version = found.version.as_ref();
    let version = version.map_or(String::new(), |version| format!(" version {}", version.value));
    format!("{word} {} {}{version}", found.format.text, paths.join(", "))
}

pub(super) fn columns_clause(layout: &Layout<'_>, found: &Columns) -> Unit {
    let (start, end) = (found.span.start, found.span.end);
    let region = Region {
        head_end: Some(start + "columns".len()),
        start,
        end,
        indent: 2,
    };
    let text = columns(layout, "columns ", &found.columns, &region);
    Unit {
        start,
        end,
        kind: Kind::Clause(0),
        text,
        interior_end: start,
    }
}

fn step(step: &Step) -> Unit {
    let text = match step {
        Step::Where(step) => after_head("where ", &step.condition, 2),
        Step::Let(step) => after_head(&format!("let {} = ", step.name.text), &step.value, 2),
    };
    Unit::leaf(step.span(), Kind::Line, text)
}

fn statements(layout: &Layout<'_>, view: &View) -> Vec<Unit> {
    let mut units = vec![];
    if let Some(found) = &view.owner {
        units.push(Unit::leaf(
            found.span,
            Kind::Clause(0),
            format!("owner {}", quote(&found.value.value)),
        ));
    }
    if let Some(found) = &view.tags {
        units.push(Unit::leaf(
            found.span,
            Kind::Clause(1),
            format!("tags [{}]", names(&found.names)),
        ));
    }
    if let Some(found) = &view.ttl {
        units.push(Unit::leaf(
            found.span,
            Kind::Clause(2),
            format!("ttl {}", found.value.text),
        ));
    }
    units.extend(
        view.features
            .iter()
            .map(|found| Unit::leaf(found.span, Kind::Line, feature(found))),
    );
    let uses = view.uses.iter();
    units.extend(uses.map(|found| super::template::use_template(layout, found)));
    units
}

fn window(found: &Window) -> String {
    match found {
        Window::Since { condition, max, .. } => format!("since ({}) max {}", expr(condition), max.text),
        other => other.label(),
    }
}

fn feature(feature: &Feature) -> String {
    let head = after_head(&format!("feature {} = ", feature.name.text), &feature.value, 2);
    let over = feature.over.as_ref().map(|over| {
        let labels: Vec<String> = over.windows.all().iter().map(window).collect();
        let windows = match &over.windows {
            Windows::One(one) => window(one),
            Windows::List(_) => format!("[{}]", labels.join(", ")),
        };
        match over.excluding.as_ref().map(|excluding| excluding.kind) {
            None => format!("over {windows}"),
            Some(ExcludingKind::Now) => format!("over {windows} excluding now"),
            Some(ExcludingKind::SelfEvent) => format!("over {windows} excluding self"),
        }
    });
    let cap = feature.cap.as_ref().map(|cap| format!("cap {}", cap.value.value));
    let default = feature
        .default
        .as_ref()
        .map(|default| format!("default {}", expr(&default.value)));
    let tail: Vec<String> = [over, cap, default].into_iter().flatten().collect();
    if tail.is_empty() {
        return head;
    }
    let line = format!("{head} {}", tail.join(" "));
    // Of a head of several lines the last one.
    let last = line.lines().last().map_or(0, |last| last.chars().count());
    let last = if head.contains('\n') { last } else { last + 2 };
    if last <= WIDTH {
        line
    } else {
        format!("{head}\n    {}", tail.join(" "))
    }
}

/// ` by (a, b)`, where there is one.
pub(super) fn by(by: Option<&By>) -> String {
    by.map_or(String::new(), |by| format!(" by ({})", names(&by.columns)))
}
