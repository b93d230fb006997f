//! Views: entity, rows, key columns.

use super::declared;
use super::feature::{ViewFeatures, features};
use super::scope::{Items, RowScope};
use super::transform::{AllRows, from};
use crate::errors::{self, Held, Kind};
use crate::res;
use featc_ir::{ColumnId, EntityId, Table, Type};
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, Span, suggest};

/// A view, and the names of its features.
pub(super) struct ResolvedView<'a> {
    pub(super) view: res::View,
    pub(super) features: ViewFeatures<'a>,
}

/// Resolves all views.
pub(super) fn views<'a>(
    items: &Items<'a>,
    declared: (&[res::Entity], &[res::Source]),
    rows: &AllRows,
    complaints: &mut Vec<Diagnostic>,
) -> Vec<ResolvedView<'a>> {
    items
        .views
        .all
        .iter()
        .map(|view| resolve_view(view, items, declared, rows, complaints))
        .collect()
}

fn resolve_view<'a>(
    view: &'a ast::View,
    items: &Items<'a>,
    (entities, sources): (&[res::Entity], &[res::Source]),
    rows: &AllRows,
    complaints: &mut Vec<Diagnostic>,
) -> ResolvedView<'a> {
    let entity = entity(view, items, complaints);
    let from = from(items, &view.from, complaints);
    let unknown = RowScope::new(&view.from, false);
    let row = from.and_then(|from| rows.scope(from)).unwrap_or(&unknown);
    let key = match (&view.by, entity) {
        (Some(by), entity) => by_columns(
            (view, items),
            by,
            entity.map(|(id, _)| &entities[id.index()]),
            row,
            complaints,
        ),
        (None, Some((id, at))) => {
            let source = from.and_then(|from| rows.source(from)).map(|id| &sources[id.index()]);
            key_columns((view, items), (entities, id, at), row, source, complaints)
        }
        (None, None) => vec![],
    };
    if view.features.is_empty() && view.broken.is_empty() {
        complaints.push(errors::empty_view(&view.name.text, view.name.span));
    }
    let resolved = features(view, items, row, complaints);
    let view = res::View {
        declared: declared(&view.name, view.doc.as_ref()),
        owner: match &view.owner {
            Some(owner) => Some(owner.value.value.clone()),
            // A statement that was not understood may be the owner.
            None => (!view.broken.is_empty()).then(String::new),
        },
        tags: view
            .tags
            .iter()
            .flat_map(|tags| &tags.names)
            .map(|tag| tag.text.clone())
            .collect(),
        entity,
        from,
        key,
        ttl: view
            .ttl
            .as_ref()
            .map(|ttl| (ttl.value.us.unsigned_abs(), ttl.value.span)),
        features: resolved.features,
        feature_order: resolved.order,
    };
    ResolvedView {
        view,
        features: resolved.names,
    }
}

fn entity(view: &ast::View, items: &Items<'_>, complaints: &mut Vec<Diagnostic>) -> Option<(EntityId, Span)> {
    let name = &view.entity;
    let found = items.entities.by_name.get(name.text.as_str());
    if found.is_none() && !items.is_broken(&name.text) {
        let nearest = suggest::nearest(
            &name.text,
            items.entities.all.iter().map(|entity| entity.name.text.as_str()),
        );
        let keys = likely_keys(view, items);
        let is_rows = matches!(
            items.kind_of(&name.text),
            Some(Kind::Source | Kind::Transform | Kind::Table)
        );
        complaints.push(match items.entities.all.first().filter(|_| is_rows) {
            Some(entity) => errors::rows_as_an_entity(&name.text, &entity.name.text, name.span),
            None => {
                let known = items.entities.all.iter().map(|entity| entity.name.text.clone());
                errors::unknown_entity(&name.text, name.span, nearest, &keys, &known.collect::<Vec<_>>())
            }
        });
    }
    found.map(|position| (EntityId::from(*position), name.span))
}

/// What may be the keys of an entity that is not declared: the columns that the view names, or one that is called like it.
fn likely_keys(view: &ast::View, items: &Items<'_>) -> String {
    let entity = &view.entity.text;
    let sources = || {
        items
            .sources
            .all
            .iter()
            .filter(|source| source.name.text == view.from.text)
    };
    let others = || {
        items
            .sources
            .all
            .iter()
            .filter(|source| source.name.text != view.from.text)
    };
    let typed = |wanted: &str| {
        let columns = sources().chain(others()).filter_map(|source| source.columns.as_ref());
        let mut columns = columns.flat_map(|columns| &columns.columns);
        let column = columns.find(|column| column.name.text == wanted)?;
        let numbers: Vec<String> = column
            .ty
            .arguments
            .iter()
            .map(|number| number.value.to_string())
            .collect();
        Some(match numbers.is_empty() {
            true => format!("{wanted}: {}", column.ty.name.text),
            false => format!("{wanted}: {}({})", column.ty.name.text, numbers.join(", ")),
        })
    };
    let by = view.by.iter().flat_map(|by| &by.columns).take(4);
    let by: Option<Vec<String>> = by.map(|column| typed(&column.text)).collect();
    let called = || {
        [entity.clone(), format!("{entity}_id")]
            .iter()
            .find_map(|name| typed(name))
    };
    match by.filter(|by| !by.is_empty()) {
        Some(by) => by.join(", "),
        None => called().unwrap_or_else(|| "id: string".to_owned()),
    }
}

fn by_columns(
    (view, items): (&ast::View, &Items<'_>),
    by: &ast::By,
    entity: Option<&res::Entity>,
    row: &RowScope,
    complaints: &mut Vec<Diagnostic>,
) -> Vec<res::ColumnRef> {
    let columns: Vec<Option<res::ColumnRef>> = by
        .columns
        .iter()
        .map(|name| {
            let is_nowhere = row.find(&name.text).is_none() && !row.is_silent(&name.text);
            if let Some(table) = table_with(items, (&name.text, None), row).filter(|_| is_nowhere) {
                complaints.push(errors::key_column_of_a_table(&row.name, &name.text, name.span, table));
                return None;
            }
            row.lookup(name, complaints)
                .map(|id| res::ColumnRef { id, at: name.span })
        })
        .collect();
    let Some(entity) = entity else { return vec![] };
    if columns.len() != entity.keys.len() && !entity.keys.is_empty() {
        let keys: Vec<String> = entity.keys.iter().map(|key| key.name.clone()).collect();
        let (found, entity_at) = (columns.len(), entity.declared.at);
        complaints.push(errors::key_count_differs(
            found,
            &view.entity.text,
            &keys,
            by.span,
            entity_at,
        ));
        return vec![];
    }
    warn_exchanged(&view.name.text, by, entity, complaints);
    columns.into_iter().collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// Warns of columns that are called like the keys, and stand in another order: each key is taken from the column in its place.
fn warn_exchanged(view: &str, by: &ast::By, entity: &res::Entity, complaints: &mut Vec<Diagnostic>) {
    let keys: Vec<&str> = entity.keys.iter().map(|key| key.name.as_str()).collect();
    let columns: Vec<&str> = by.columns.iter().map(|column| column.text.as_str()).collect();
    let sorted = |names: &[&str]| {
        let mut names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        names.sort_unstable();
        names
    };
    let differs = keys.iter().zip(&columns).find(|(key, column)| key != column);
    if let Some((key, column)) = differs.filter(|_| sorted(&keys) == sorted(&columns)) {
        complaints.push(errors::keys_exchanged(
            view,
            &entity.declared.name,
            (key, column),
            &keys.join(", "),
            by.span,
            entity.declared.at,
        ));
    }
}

/// The column of the source that may hold the only key of an entity. It has the key's type, and is called like the entity or the
/// key; or one of the two names has something more than the other, as `card_id` and `card_no` have; or they are nearly the same.
fn holder<'a>(entity: &res::Entity, key: &res::Column, source: &'a res::Source) -> Option<&'a str> {
    const MORE: [&str; 8] = ["id", "no", "nr", "num", "number", "key", "code", "uuid"];
    let is_only = entity.keys.len() == 1;
    let fits = |column: &&res::Column| is_only && (key.ty.is_none() || column.ty == key.ty);
    let names = || source.columns.iter().filter(fits).map(|column| column.name.as_str());
    let plain = |name: &str| name.to_lowercase().replace('_', "");
    let wanted = [plain(&entity.declared.name), plain(&key.name)];
    let has_more = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|more| MORE.contains(&more));
    let is_alike = |name: &&str| {
        let name = plain(name);
        let mut wanted = wanted.iter().filter(|wanted| !wanted.is_empty());
        wanted.any(|wanted| has_more(&name, wanted) || has_more(wanted, &name))
    };
    let same = names().find(|name| wanted.contains(&plain(name)));
    same.or_else(|| names().find(is_alike))
        .or_else(|| suggest::close(&key.name, names()))
}

/// The table with a column of this name, and of this type if it is known, that the rows find by columns called like its keys.
fn table_with<'a>(items: &'a Items<'_>, (name, ty): (&str, Option<Type>), row: &RowScope) -> Option<&'a Table> {
    let mut tables = items.resolved_tables.iter().flatten();
    let holds = |table: &&Table| {
        let column = table.columns.iter().position(|column| column.name == name);
        let is_value = |id: usize| {
            let is_of_type = ty.is_none_or(|ty| ty == table.columns[id].ty);
            is_of_type && !table.key.contains(&ColumnId::from(id))
        };
        column.is_some_and(is_value) && table.keys().all(|key| row.find(&key.name).is_some())
    };
    tables.find(holds)
}

fn key_columns(
    (view, items): (&ast::View, &Items<'_>),
    (entities, id, at): (&[res::Entity], EntityId, Span),
    row: &RowScope,
    source: Option<&res::Source>,
    complaints: &mut Vec<Diagnostic>,
) -> Vec<res::ColumnRef> {
    let entity = &entities[id.index()];
    let has_keys = |other: &&res::Entity| {
        let mut keys = other.keys.iter();
        !other.keys.is_empty() && keys.all(|key| row.find(&key.name).is_some())
    };
    let held = |key| match (
        source.and_then(|source| holder(entity, key, source)),
        table_with(items, (&key.name, key.ty), row),
    ) {
        (Some(column), _) => Held::By(column),
        (None, Some(table)) => Held::InTable(table),
        (None, None) => {
            // Whose keys are there in part is meant.
            let has_none = entity.keys.iter().all(|key| row.find(&key.name).is_none());
            let other = entities.iter().find(|other| has_none && has_keys(other));
            other.map_or(Held::Nowhere, |other| Held::OfAnother(&other.declared.name))
        }
    };
    let mut columns = Vec::new();
    for key in &entity.keys {
        if let Some(id) = row.find(&key.name) {
            columns.push(res::ColumnRef { id, at });
        } else if !row.is_silent(&key.name) {
            complaints.push(errors::missing_key_column(
                &view.name.text,
                &entity.declared.name,
                &key.name,
                &row.name,
                held(key),
                view.from.span,
                key.at,
            ));
        }
    }
    if columns.len() == entity.keys.len() {
        columns
    } else {
        vec![]
    }
}
