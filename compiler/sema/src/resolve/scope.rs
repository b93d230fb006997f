//! What names can be seen from where.

use super::declare;
use crate::errors::{self, Kind};
use crate::near::{comes_from, views_of};
use crate::res::Rows;
use featc_ir::{ColumnId, SourceId, Table};
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, SourceMap, Span, suggest};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The items of one kind, in the order of the text, and the first of each name.
#[derive(Debug)]
pub(super) struct Namespace<'a, T> {
    pub(super) all: Vec<&'a T>,
    pub(super) by_name: BTreeMap<&'a str, usize>,
}

impl<'a, T> Namespace<'a, T> {
    fn new() -> Self {
        Namespace {
            all: Vec::new(),
            by_name: BTreeMap::new(),
        }
    }

    fn push(&mut self, name: &'a str, item: &'a T, is_first: bool) {
        if is_first {
            self.by_name.insert(name, self.all.len());
        }
        self.all.push(item);
    }
}

/// All items of the module.
#[derive(Debug)]
pub(super) struct Items<'a> {
    /// What the spans point into.
    pub(super) texts: &'a SourceMap,
    pub(super) entities: Namespace<'a, ast::Entity>,
    pub(super) sources: Namespace<'a, ast::Source>,
    pub(super) transforms: Namespace<'a, ast::Transform>,
    pub(super) views: Namespace<'a, ast::View>,
    /// The places of views by the names of their features, and by those that these have over one of their windows.
    views_by_feature: OnceCell<HashMap<String, Vec<usize>>>,
    pub(super) requests: Namespace<'a, ast::Request>,
    pub(super) services: Namespace<'a, ast::Service>,
    pub(super) tables: Namespace<'a, ast::Table>,
    /// Those of `tables`, in their order; `None` where something is wrong, which has been reported.
    pub(super) resolved_tables: Vec<Option<Table>>,
    /// The tables whose versions are read as rows, as sources.
    pub(super) table_rows: BTreeMap<&'a str, SourceId>,
    /// The names of parameters.
    pub(super) params: BTreeSet<&'a str>,
    templates: BTreeSet<&'a str>,
    /// Whether a parameter is not understood.
    pub(super) broken_param: bool,
    /// Names that broken items would have declared.
    broken: BTreeSet<&'a str>,
    /// Whether an item is so broken that not even its name is known.
    broken_nameless: bool,
}

impl<'a> Items<'a> {
    pub(super) fn collect(files: &'a [ast::File], texts: &'a SourceMap, complaints: &mut Vec<Diagnostic>) -> Items<'a> {
        let mut items = Items {
            texts,
            entities: Namespace::new(),
            sources: Namespace::new(),
            transforms: Namespace::new(),
            views: Namespace::new(),
            views_by_feature: OnceCell::new(),
            requests: Namespace::new(),
            services: Namespace::new(),
            tables: Namespace::new(),
            resolved_tables: Vec::new(),
            table_rows: BTreeMap::new(),
            params: BTreeSet::new(),
            templates: BTreeSet::new(),
            broken_param: false,
            broken: BTreeSet::new(),
            broken_nameless: false,
        };
        let (mut entities, mut rows, mut views, mut services) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (mut params, mut templates) = (BTreeMap::new(), BTreeMap::new());
        for item in files.iter().flat_map(|file| &file.items) {
            match item {
                ast::Item::Entity(item) => {
                    let first = declare(&mut entities, &item.name, Kind::Entity, complaints);
                    items.entities.push(&item.name.text, item, first);
                }
                ast::Item::Source(item) => {
                    let first = declare(&mut rows, &item.name, Kind::Source, complaints);
                    items.sources.push(&item.name.text, item, first);
                }
                ast::Item::Transform(item) => {
                    let first = declare(&mut rows, &item.name, Kind::Transform, complaints);
                    items.transforms.push(&item.name.text, item, first);
                }
                ast::Item::View(item) => {
                    let first = declare(&mut views, &item.name, Kind::View, complaints);
                    items.views.push(&item.name.text, item, first);
                }
                ast::Item::Request(item) => {
                    // What is before the dot of a name: a view or a request.
                    let first = declare(&mut views, &item.name, Kind::Request, complaints);
                    items.requests.push(&item.name.text, item, first);
                }
                ast::Item::Service(item) => {
                    let first = declare(&mut services, &item.name, Kind::Service, complaints);
                    items.services.push(&item.name.text, item, first);
                }
                ast::Item::Table(item) => {
                    // Files are given for one by its name, as for a source.
                    let first = declare(&mut rows, &item.name, Kind::Table, complaints);
                    items.tables.push(&item.name.text, item, first);
                }
                ast::Item::Param(item) => {
                    declare(&mut params, &item.name, Kind::Parameter, complaints);
                }
                ast::Item::Template(item) => {
                    declare(&mut templates, &item.name, Kind::Template, complaints);
                }
                ast::Item::Test(_) => {}
                ast::Item::Broken(broken) => {
                    items.broken_param |= broken.keyword.as_deref() == Some("param");
                    match &broken.name {
                        Some(name) => drop(items.broken.insert(&name.text)),
                        None => items.broken_nameless = true,
                    }
                }
            }
        }
        items.params = params.keys().copied().collect();
        items.templates = templates.keys().copied().collect();
        // What a hole in a template says is the column.
        for item in files.iter().flat_map(|file| &file.items) {
            if let ast::Item::Template(ast::Template { parameter, .. }) = item
                && let Some((first, kind)) = params.get(parameter.text.as_str())
            {
                let (name, at) = (&parameter.text, parameter.span);
                complaints.push(errors::duplicate_item(Kind::Parameter, name, at, *first, *kind));
            }
        }
        items
    }

    /// Whether an unknown item of this name is to be passed over in silence: syntax has complained already.
    pub(super) fn is_broken(&self, name: &str) -> bool {
        self.broken_nameless || self.broken.contains(name)
    }

    /// What a `from` names.
    pub(super) fn rows(&self, name: &str) -> Option<Rows> {
        match (self.sources.by_name.get(name), self.transforms.by_name.get(name)) {
            (Some(source), _) => Some(Rows::Source(SourceId::from(*source))),
            (None, Some(transform)) => Some(Rows::Transform(*transform)),
            (None, None) => self.table_rows.get(name).map(|source| Rows::Source(*source)),
        }
    }

    /// Whether a view or a transform is written to read the rows of this name.
    pub(super) fn is_from(&self, name: &str) -> bool {
        let views = self.views.all.iter().map(|view| &view.from.text);
        let transforms = self.transforms.all.iter().map(|transform| &transform.from.text);
        views.chain(transforms).any(|from| from == name)
    }

    /// What a name that no column has is elsewhere: a `let` of a transform of the same rows, a feature of a view that reads them.
    pub(super) fn elsewhere(&self, rows: &str, name: &ast::Name) -> Option<Diagnostic> {
        let (text, at) = (name.text.as_str(), name.span);
        if let Some(declared) = self.let_below(rows, name) {
            return Some(errors::let_further_below(text, at, declared));
        }
        let has_let = |transform: &&&ast::Transform| {
            let is_it = |step: &ast::Step| matches!(step, ast::Step::Let(written) if written.name.text == text);
            transform.name.text != rows && self.reads(&transform.name.text, rows) && transform.steps.iter().any(is_it)
        };
        if let Some(transform) = self.transforms.all.iter().find(has_let) {
            return Some(errors::let_of_another(text, &transform.name.text, rows, at));
        }
        let view = self.views_with(text).find(|view| view.from.text == rows)?;
        Some(match self.params.contains(text) {
            true => errors::feature_or_parameter(text, &view.name.text, at),
            false => errors::feature_as_a_column(text, &view.name.text, at),
        })
    }

    /// The `let` of a name in the transform that reads it, which stands before: it comes later, and does not read itself.
    fn let_below(&self, rows: &str, name: &ast::Name) -> Option<Span> {
        let transform = self.transforms.all[*self.transforms.by_name.get(rows)?];
        let is_within = |value: Span| value.start <= name.span.start && name.span.end <= value.end;
        transform.steps.iter().find_map(|step| match step {
            ast::Step::Let(written) if written.name.text == name.text && !is_within(written.value.span) => {
                Some(written.name.span)
            }
            ast::Step::Let(_) | ast::Step::Where(_) => None,
        })
    }

    /// The views with a feature of this name, or with one that is called so over one of its windows.
    pub(super) fn views_with(&self, text: &str) -> impl Iterator<Item = &'a ast::View> {
        let by_feature = self.views_by_feature.get_or_init(|| {
            let mut views: HashMap<String, Vec<usize>> = HashMap::new();
            for (place, view) in self.views.all.iter().enumerate() {
                for feature in &view.features {
                    let windows = feature.over.iter().flat_map(|over| over.windows.all());
                    let names = windows.map(|window| feature.name_over(window));
                    for name in names.chain([feature.name.text.clone()]) {
                        views.entry(name).or_default().push(place);
                    }
                }
            }
            views
        });
        let places = by_feature.get(text).into_iter().flatten();
        places.map(|place| self.views.all[*place])
    }

    /// What a name stands for that was meant as something else.
    pub(super) fn kind_of(&self, name: &str) -> Option<Kind> {
        let known = [
            (self.views.by_name.contains_key(name), Kind::View),
            (self.transforms.by_name.contains_key(name), Kind::Transform),
            (self.sources.by_name.contains_key(name), Kind::Source),
            (self.tables.by_name.contains_key(name), Kind::Table),
            (self.requests.by_name.contains_key(name), Kind::Request),
            (self.services.by_name.contains_key(name), Kind::Service),
            (self.entities.by_name.contains_key(name), Kind::Entity),
            (self.templates.contains(name), Kind::Template),
            (self.params.contains(name), Kind::Parameter),
        ];
        known.into_iter().find(|(is_it, _)| *is_it).map(|(_, kind)| kind)
    }

    /// Whether rows are those of this name, or come from them.
    pub(super) fn reads(&self, rows: &str, name: &str) -> bool {
        comes_from(rows, name, &self.transforms.all)
    }

    /// Says that a name which something else has stands in the place of a view.
    pub(super) fn no_view_but(&self, name: &str, kind: Kind, at: Span) -> Diagnostic {
        let views = self.views.all.iter().copied();
        errors::no_view_but(name, kind, at, &views_of(name, kind, views, &self.transforms.all))
    }

    /// The column with the event time of the source that rows come from.
    pub(super) fn time_of(&self, rows: &str) -> Option<&'a str> {
        Some(&self.source_of(rows)?.time.as_ref()?.column.text)
    }

    /// The column that reads this path in the files of the source that rows come from.
    pub(super) fn column_of(&self, rows: &str, path: &str) -> Option<&'a str> {
        let columns = &self.source_of(rows)?.columns.as_ref()?.columns;
        let reads_it = |column: &&ast::Column| column.field.as_ref().is_some_and(|field| field.value == path);
        columns.iter().find(reads_it).map(|column| column.name.text.as_str())
    }

    fn source_of(&self, rows: &str) -> Option<&'a ast::Source> {
        let mut at = rows;
        // A circle of transforms ends too.
        for _ in 0..=self.transforms.all.len() {
            if let Some(source) = self.sources.by_name.get(at) {
                return Some(self.sources.all[*source]);
            }
            at = &self.transforms.all[*self.transforms.by_name.get(at)?].from.text;
        }
        None
    }

    /// Names that a `from` may have.
    pub(super) fn rows_names(&self) -> impl Iterator<Item = &'a str> + '_ {
        let sources = self.sources.all.iter().map(|source| source.name.text.as_str());
        sources.chain(self.transforms.all.iter().map(|transform| transform.name.text.as_str()))
    }
}

/// The columns of a row.
#[derive(Debug, Clone, Default)]
pub(super) struct RowScope {
    /// The source or transform.
    pub(super) name: String,
    pub(super) at: Span,
    pub(super) columns: Vec<(String, Span)>,
    by_name: BTreeMap<String, ColumnId>,
    /// Names that a broken step would have declared.
    tolerated: BTreeSet<String>,
    /// False when there may be columns that are not known because something was broken.
    pub(super) is_known: bool,
}

impl RowScope {
    pub(super) fn new(name: &ast::Name, is_known: bool) -> RowScope {
        RowScope {
            name: name.text.clone(),
            at: name.span,
            columns: Vec::new(),
            by_name: BTreeMap::new(),
            tolerated: BTreeSet::new(),
            is_known,
        }
    }

    /// The same row under another name.
    pub(super) fn into_child(self, name: &ast::Name) -> RowScope {
        RowScope {
            name: name.text.clone(),
            at: name.span,
            ..self
        }
    }

    /// Keeps silent about a name from now on.
    pub(super) fn tolerate(&mut self, name: &str) {
        self.tolerated.insert(name.to_owned());
    }

    /// Whether nothing is to be said about a name that is not there.
    pub(super) fn is_silent(&self, name: &str) -> bool {
        !self.is_known || self.tolerated.contains(name)
    }

    /// Appends a column; a name that is there already is reported and stays with the first.
    pub(super) fn push(&mut self, name: &ast::Name, complaints: &mut Vec<Diagnostic>) {
        if let Some(first) = self.append(&name.text, name.span) {
            complaints.push(errors::duplicate_column(&name.text, name.span, first));
        }
    }

    /// Appends a column; gives the place of the first one of that name.
    pub(super) fn append(&mut self, name: &str, at: Span) -> Option<Span> {
        featc_ir::work::add(1);
        let id = ColumnId::from(self.columns.len());
        let first = self.by_name.get(name).map(|first| self.columns[first.index()].1);
        if first.is_none() {
            self.by_name.insert(name.to_owned(), id);
        }
        self.columns.push((name.to_owned(), at));
        first
    }

    pub(super) fn find(&self, name: &str) -> Option<ColumnId> {
        self.by_name.get(name).copied()
    }

    /// The first field of a struct of this name.
    pub(super) fn field_of(&self, name: &str) -> Option<&str> {
        let is_field = |column: &&str| column.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        self.columns.iter().map(|(column, _)| column.as_str()).find(is_field)
    }

    /// The first field of this name, of any struct.
    fn field_called(&self, name: &str) -> Option<&str> {
        let is_it = |column: &&str| column.rsplit_once('.').is_some_and(|(_, field)| field == name);
        self.columns.iter().map(|(column, _)| column.as_str()).find(is_it)
    }

    /// The column of a name in a clause; reports it if there is none.
    pub(super) fn lookup(&self, name: &ast::Name, complaints: &mut Vec<Diagnostic>) -> Option<ColumnId> {
        self.find_or(name, complaints, errors::unknown_column)
    }

    /// The column of a name in an expression; reports it if there is none.
    pub(super) fn value(&self, name: &ast::Name, complaints: &mut Vec<Diagnostic>) -> Option<ColumnId> {
        let is_unknown = self.find(&name.text).is_none() && !self.is_silent(&name.text);
        if is_unknown
            && self.field_of(&name.text).is_none()
            && let Some(field) = self.field_called(&name.text)
        {
            complaints.push(errors::field_without_its_struct(
                (&name.text, field),
                &self.name,
                name.span,
                self.at,
            ));
            return None;
        }
        self.find_or(name, complaints, errors::unknown_value)
    }

    fn find_or(
        &self,
        name: &ast::Name,
        complaints: &mut Vec<Diagnostic>,
        unknown: fn(&str, &str, Span, Option<&str>, Span) -> Diagnostic,
    ) -> Option<ColumnId> {
        let found = self.find(&name.text);
        if found.is_none() && !self.is_silent(&name.text) {
            if let Some(field) = self.field_of(&name.text) {
                complaints.push(errors::struct_as_a_value(&name.text, name.span, field));
                return None;
            }
            let nearest = suggest::nearest(&name.text, self.columns.iter().map(|(name, _)| name.as_str()));
            complaints.push(unknown(&self.name, &name.text, name.span, nearest, self.at));
        }
        found
    }
}
