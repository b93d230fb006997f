//! Tests of a sound program: their names, and the types of what stands in their tables. They are judged when nothing is
//! wrong with the program itself, and are no part of it.

mod expected;
mod values;

use crate::check::origin;
use crate::{errors, near};
use featc_ir::table::{lookups, note};
use featc_ir::testing::{Expect, Row, Test, Wanted};
use featc_ir::{Literal, Program, Source, SourceColumn, SourceId, Table, Truth, ViewId};
use featc_syntax::ast::{self, TestPart};
use featc_syntax::diag::{Diagnostic, Outcome, SourceMap, Span, suggest};
use std::collections::BTreeMap;

/// The tests of a program, in the order of the text. The value is whole only if no complaint is there.
pub fn tests(files: &[ast::File], program: &Program, texts: &SourceMap) -> Outcome<Vec<Test>> {
    let mut names: BTreeMap<&str, Span> = BTreeMap::new();
    let mut judge = Judge {
        files,
        program,
        texts,
        complaints: Vec::new(),
    };
    let mut value = Vec::new();
    for item in files.iter().flat_map(|file| &file.items) {
        let ast::Item::Test(test) = item else { continue };
        if let Some(first) = names.get(test.name.value.as_str()) {
            let again = errors::duplicate_test(&test.name.value, test.name.span, *first);
            judge.complaints.push(again);
        } else {
            names.insert(&test.name.value, test.name.span);
        }
        value.extend(judge.test(test));
    }
    Outcome {
        value,
        diagnostics: judge.complaints,
    }
}

struct Judge<'a> {
    files: &'a [ast::File],
    program: &'a Program,
    texts: &'a SourceMap,
    complaints: Vec<Diagnostic>,
}

impl<'a> Judge<'a> {
    fn line(&self, at: Span) -> u32 {
        origin(self.texts, at).line
    }

    /// Where an item is declared.
    fn declared(&self, is_it: impl Fn(&ast::Item) -> bool) -> Span {
        let mut items = self.files.iter().flat_map(|file| &file.items);
        let found = items.find(|item| is_it(item));
        found
            .and_then(ast::Item::name)
            .map_or(Span::default(), |name| name.span)
    }

    /// The views that something else is about.
    fn views_of(&self, name: &str, kind: errors::Kind) -> Vec<&'a str> {
        let files = self.files;
        let items = || files.iter().flat_map(|file| &file.items);
        let views = items().filter_map(|item| match item {
            ast::Item::View(view) => Some(view),
            _ => None,
        });
        let transforms = items().filter_map(|item| match item {
            ast::Item::Transform(transform) => Some(transform),
            _ => None,
        });
        near::views_of(name, kind, views, &transforms.collect::<Vec<_>>())
    }

    fn test(&mut self, test: &ast::Test) -> Option<Test> {
        let views = &self.program.views;
        let Some(place) = views.iter().position(|view| view.name == test.view.text) else {
            let nearest = suggest::nearest(&test.view.text, views.iter().map(|view| view.name.as_str()));
            let (name, at) = (test.view.text.as_str(), test.view.span);
            let mut items = self.files.iter().flat_map(|file| &file.items);
            let named = items.find(|item| item.name().is_some_and(|known| known.text == name));
            self.complaints.push(match named.and_then(errors::Kind::of) {
                Some(errors::Kind::Service) => errors::service_as_a_view(name, at),
                Some(kind) => errors::no_view_but(name, kind, at, &self.views_of(name, kind)),
                None => errors::unknown_view(name, at, nearest),
            });
            return None;
        };
        let view = ViewId::from(place);
        let before = self.complaints.len();
        let (mut rows, mut expects, mut tables) = (Vec::new(), Vec::new(), BTreeMap::new());
        for part in &test.parts {
            match part {
                TestPart::Given(given) => match self.table(view, &given.source.text) {
                    Some(table) => {
                        let before = self.complaints.len();
                        let found = self.rows(&table.as_source(), given);
                        let of_table: &mut Vec<Vec<Wanted>> = tables.entry(table.name).or_default();
                        of_table.extend(found.into_iter().map(|(values, _)| values));
                        // They may be the view's own rows, too.
                        if self.own_source(view) == given.source.text && self.complaints.len() == before {
                            rows.extend(self.given(view, given));
                        }
                    }
                    None => rows.extend(self.given(view, given)),
                },
                TestPart::Expect(expect) => expects.extend(self.expect(view, expect)),
            }
        }
        if !test.parts.iter().any(|part| matches!(part, TestPart::Expect(_))) {
            self.complaints
                .push(errors::test_without_expect(&test.name.value, test.name.span));
        }
        (self.complaints.len() == before).then(|| Test {
            name: test.name.value.clone(),
            view,
            origin: origin(self.texts, test.name.span),
            rows,
            tables,
            expects,
        })
    }

    /// The table of this name that the view's transform looks into.
    fn table(&self, view: ViewId, name: &str) -> Option<Table> {
        let transform = self.program.transform(self.program.view(view).transform);
        let mut found = Vec::new();
        lookups(&transform.steps, &transform.time, &mut |lookup| {
            note(&lookup.table, &mut found);
        });
        found.into_iter().find(|table| table.name == name)
    }

    /// All declarations.
    fn items(&self) -> impl Iterator<Item = &ast::Item> {
        self.files.iter().flat_map(|file| &file.items)
    }

    /// The name of the source that a view reads.
    fn own_source(&self, view: ViewId) -> &str {
        let reads = self.program.transform(self.program.view(view).transform).source;
        &self.program.source(reads).name
    }

    /// The source of a table: the one that the view reads.
    fn source(&mut self, view: ViewId, name: &ast::Name) -> Option<SourceId> {
        let program = self.program;
        let view = program.view(view);
        let reads = program.transform(view.transform).source;
        let own = &program.source(reads).name;
        if *own == name.text {
            return Some(reads);
        }
        let is_transform =
            |item: &ast::Item| matches!(item, ast::Item::Transform(found) if found.name.text == name.text);
        let is_table = |item: &ast::Item| matches!(item, ast::Item::Table(found) if found.name.text == name.text);
        let tables = self.items().filter_map(|item| match item {
            ast::Item::Table(table) => Some(table.name.text.as_str()),
            _ => None,
        });
        let sources = program.sources.iter().map(|source| source.name.as_str());
        let nearest = suggest::nearest(&name.text, sources.chain(tables));
        self.complaints
            .push(if program.sources.iter().any(|source| source.name == name.text) {
                errors::rows_not_read(&name.text, &view.name, own, name.span)
            } else if self.items().any(is_table) {
                errors::table_not_looked_into(&name.text, &view.name, name.span)
            } else if self.items().any(is_transform) {
                errors::rows_of_a_transform(&name.text, name.span, own)
            } else {
                errors::no_such_source(&name.text, name.span, nearest, own)
            });
        None
    }

    fn given(&mut self, view: ViewId, given: &ast::Given) -> Vec<Row> {
        let Some(id) = self.source(view, &given.source) else {
            return Vec::new();
        };
        let rows = self.rows(self.program.source(id), given).into_iter();
        rows.map(|(values, line)| Row {
            source: id,
            values,
            line,
        })
        .collect()
    }

    /// Values by column, and the line of each row.
    fn rows(&mut self, source: &Source, given: &ast::Given) -> Vec<(Vec<Wanted>, u32)> {
        let columns = self.columns(source, &given.header);
        let mut rows = Vec::new();
        for row in &given.rows {
            if row.cells.len() != given.header.cells.len() {
                let (cells, columns) = (row.cells.len(), given.header.cells.len());
                self.complaints
                    .push(errors::misshapen_row(cells, columns, row.span, given.header.span));
                continue;
            }
            let mut values = vec![Wanted::One(Literal::Null); source.columns.len()];
            for (cell, column) in row.cells.iter().zip(&columns) {
                if let Some(column) = column {
                    values[*column] = self.cell(source, *column, cell);
                }
            }
            rows.push((values, self.line(row.span)));
        }
        rows
    }

    /// The column of each cell of a header, as a place among the columns of the source.
    fn columns(&mut self, source: &Source, header: &ast::Row) -> Vec<Option<usize>> {
        let mut first: Vec<Option<Span>> = vec![None; source.columns.len()];
        let mut places = Vec::new();
        let mut is_known = true;
        for cell in &header.cells {
            let place = source.columns.iter().position(|column| column.name == cell.text);
            match place.map(|place| (place, first[place])) {
                None => {
                    is_known = false;
                    let names = || source.columns.iter().map(|column| column.name.as_str());
                    let is_inside =
                        |name: &&str| name.strip_prefix(&*cell.text).is_some_and(|rest| rest.starts_with('.'));
                    let fields: Vec<&str> = names().filter(is_inside).collect();
                    if !fields.is_empty() {
                        self.complaints
                            .push(errors::struct_in_a_header(&cell.text, cell.span, &fields));
                        places.push(None);
                        continue;
                    }
                    let is_field = |column: &&SourceColumn| column.form.field.as_deref() == Some(&*cell.text);
                    let of_file = source.columns.iter().find(is_field).map(|column| column.name.as_str());
                    let of_file = of_file.filter(|name| header.cells.iter().all(|cell| cell.text != *name));
                    let nearest = of_file.or_else(|| suggest::nearest(&cell.text, names()));
                    let is_table =
                        |item: &ast::Item| matches!(item, ast::Item::Table(found) if found.name.text == source.name);
                    let declared = self.declared(|item| {
                        is_table(item) || matches!(item, ast::Item::Source(found) if found.name.text == source.name)
                    });
                    let what = if self.items().any(is_table) { "table" } else { "source" };
                    let (name, at) = (&cell.text, cell.span);
                    self.complaints.push(errors::no_such_column_in_a_table(
                        (what, &source.name),
                        name,
                        at,
                        nearest,
                        declared,
                    ));
                }
                Some((_, Some(before))) => {
                    self.complaints
                        .push(errors::given_twice("column", &cell.text, cell.span, before));
                }
                Some((place, None)) => first[place] = Some(cell.span),
            }
            places.push(place);
        }
        let missing = source.columns.iter().zip(&first);
        let missing = missing.filter(|(column, first)| !column.nullable && first.is_none());
        let missing: Vec<String> = missing.map(|(column, _)| column.name.clone()).collect();
        if is_known && !missing.is_empty() {
            self.complaints
                .push(errors::left_out_column(&missing, &source.name, header.span));
        }
        places
    }

    fn expect(&mut self, view: ViewId, expect: &ast::Expect) -> Option<Expect> {
        let program = self.program;
        let source = program.view_source(program.view(view));
        let truth = match expect.as_known {
            None => Truth::Complete,
            Some(at) => {
                if source.arrival.is_none() {
                    self.complaints.push(errors::nothing_known(&source.name, at));
                }
                Truth::AsOfArrival { delay_us: None }
            }
        };
        if expect.expected.is_empty() {
            self.complaints.push(errors::expect_without_features(expect.span));
        }
        let asked = self.asked(view, expect);
        let features = self.features(view, &expect.expected);
        Some(Expect {
            truth,
            at_us: expect.at.us,
            asked,
            features,
            line: self.line(expect.span),
        })
    }

    /// What the question brings.
    fn asked(&mut self, view: ViewId, expect: &ast::Expect) -> Vec<(featc_ir::Key, Literal)> {
        let program = self.program;
        let service = program.service_of_view(view, String::new());
        let keys = program.service_keys(&service);
        let own = program.service_self_columns(&service);
        let own = own
            .into_iter()
            .filter(|own| keys.iter().all(|key| key.name != own.name));
        let all: Vec<_> = keys.iter().cloned().chain(own).collect();
        let mut first: BTreeMap<&str, &ast::Asked> = BTreeMap::new();
        for asked in &expect.asked {
            let (name, at) = (asked.name.text.as_str(), asked.name.span);
            if !all.iter().any(|key| key.name == name) {
                let names: Vec<String> = all.iter().map(|key| key.name.clone()).collect();
                let nearest = suggest::nearest(name, names.iter().map(String::as_str));
                let view = &program.view(view).name;
                self.complaints
                    .push(errors::unknown_key(name, view, at, nearest, &names));
            } else if let Some(before) = first.get(name) {
                self.complaints
                    .push(errors::given_twice("key", name, at, before.name.span));
            } else {
                first.insert(name, asked);
            }
        }
        let mut values = Vec::new();
        for (place, key) in all.into_iter().enumerate() {
            let value = match first.get(key.name.as_str()) {
                Some(asked) => self.value(&asked.value, key.ty, &format!("`{}`", key.name)),
                None => {
                    // Of a key that is misspelt enough is said.
                    if place < keys.len() && expect.asked.len() <= first.len() {
                        let missing = errors::missing_key(&key.name, &key.ty.to_string(), expect.at.span);
                        self.complaints.push(missing);
                    }
                    Literal::Null
                }
            };
            values.push((key, value));
        }
        values
    }
}
