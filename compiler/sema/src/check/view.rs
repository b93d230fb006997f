//! Views: keys, time to live, features.

use super::Context;
use super::feature::{self, Builder};
use super::transform::{self, AllRows, RowTypes};
use crate::errors::{self, Kind};
use crate::res::{self, ExprKind, FeatureKind, Rows};
use featc_ir::{Aggregate, SourceId, TransformId, Type, View};
use featc_syntax::diag::Span;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A view whose transform is not yet placed.
pub(super) struct Checked {
    view: View,
    rows: Rows,
}

impl Checked {
    /// The features, in order of their ids.
    pub(super) fn features(&self) -> &[featc_ir::Feature] {
        &self.view.features
    }
}

pub(super) fn check(file: &res::File, rows: &AllRows, context: &mut Context<'_>) -> Vec<Option<Checked>> {
    let mut without_lateness = BTreeSet::new();
    let mut checked = Vec::new();
    for view in &file.views {
        let row = rows.of(view.from);
        check_key(file, view, row, context);
        check_table_key(file, view, row, context);
        if let Some((0, at)) = view.ttl {
            context.push(errors::zero_length("ttl", at));
        }
        warn_stale(file, view, row, context);
        check_lifetime(file, view, row, &mut without_lateness, context);
        super::delay::warn(file, view, row, context);
        let is_aggregate = |feature: &&res::Feature| matches!(feature.kind, FeatureKind::Aggregate { .. });
        let of_rows = || view.features.iter().filter(is_aggregate).flat_map(res::Feature::exprs);
        transform::ahead::warn(file, row, of_rows(), Kind::View, context);
        transform::refuse_arrival(file, row, of_rows(), context);
        warn_over(file, view, of_rows(), context);
        super::calendar::warn(
            file,
            row,
            &view.features,
            view.features.iter().flat_map(res::Feature::exprs),
            context,
        );
        super::calendar::warn_windows(file, row, &view.features, context);
        super::weeks::warn(view.features.iter().flat_map(res::Feature::exprs), context);
        super::same::warn_beside_itself(view.features.iter().flat_map(res::Feature::exprs), context);
        super::never::warn(file, row, view.features.iter().flat_map(res::Feature::exprs), context);
        let entity = view
            .entity
            .map_or("", |(id, _)| &file.entities[id.index()].declared.name);
        super::same::warn(&row.names, Some((view, entity)), of_rows(), context);
        transform::refuse_arrival_key(file, row, &view.key, context);
        let builder = feature::check(view, &row.types, context);
        warn_undocumented(view, context);
        checked.push(build(view, builder, context));
    }
    checked
}

/// Warns of a view of a table with `valid to` that takes the last version, and does not look whether it is still valid.
fn warn_over<'a>(
    file: &res::File,
    view: &res::View,
    exprs: impl Iterator<Item = &'a res::Expr>,
    context: &mut Context<'_>,
) {
    let Some(Rows::Source(source)) = view.from else { return };
    let source = &file.sources[source.index()];
    let Some(valid_to) = source.valid_to else { return };
    let (mut looks, mut last) = (false, None);
    for expr in exprs {
        expr.walk(&mut |expr| match &expr.kind {
            ExprKind::Column(id) => looks |= *id == valid_to,
            ExprKind::Aggregate(call) if matches!(call.aggregate, Aggregate::Last { .. }) => {
                last = last.or(Some(call.name_at));
            }
            _ => {}
        });
    }
    if let Some(at) = last.filter(|_| !looks) {
        let until = &source.columns[valid_to.index()].name;
        context.push(errors::version_that_is_over(&source.declared.name, until, at));
    }
}

fn check_key(file: &res::File, view: &res::View, row: &RowTypes, context: &mut Context<'_>) {
    let Some((id, _)) = view.entity else { return };
    let entity = &file.entities[id.index()];
    if let Some(columns) = in_order_of_the_keys(view, entity, row) {
        context.mistyped.extend((0..entity.keys.len()).map(|place| (id, place)));
        let keys: Vec<&str> = entity.keys.iter().map(|key| key.name.as_str()).collect();
        let at = view.key.iter().map(|column| column.at);
        let at = at.reduce(Span::to).unwrap_or(entity.declared.at);
        context.push(errors::keys_in_another_order(
            &entity.declared.name,
            &keys.join(", "),
            &columns.join(", "),
            at,
            entity.declared.at,
        ));
        return;
    }
    for (place, (column, key)) in view.key.iter().zip(&entity.keys).enumerate() {
        let (Some(Some(column_ty)), Some(key_ty)) = (row.types.get(column.id.index()), key.ty) else {
            continue;
        };
        if *column_ty != key_ty {
            context.mistyped.insert((id, place));
            let name = row.names.get(column.id.index()).map_or("", String::as_str);
            let (column, of_column, of_key) = (column.at, (name, *column_ty), (key.name.as_str(), key_ty));
            let entity = &entity.declared.name;
            context.push(match table_column(file, row, name) {
                Some(table) => errors::key_type_of_a_table(table, of_column, entity, of_key, column, key.ty_at),
                None => errors::key_type_differs(of_column, entity, of_key, column, key.ty_at),
            });
        }
    }
}

/// The columns of a view's key in the order in which their types are those of the keys, if that is another one.
fn in_order_of_the_keys<'a>(view: &res::View, entity: &res::Entity, row: &'a RowTypes) -> Option<Vec<&'a str>> {
    let mut rest: Vec<(&str, Type)> = vec![];
    for column in &view.key {
        let place = column.id.index();
        rest.push((row.names.get(place)?, (*row.types.get(place)?)?));
    }
    let wanted: Vec<Type> = entity.keys.iter().map(|key| key.ty).collect::<Option<_>>()?;
    if rest.len() != wanted.len() || rest.iter().map(|(_, ty)| ty).eq(&wanted) {
        return None;
    }
    let take = |ty: Type| {
        let place = rest.iter().position(|(_, other)| *other == ty)?;
        Some(rest.remove(place).0)
    };
    wanted.into_iter().map(take).collect()
}

/// The table whose key a column is, if it is that of one, and where its type is declared.
fn table_column<'a>(file: &'a res::File, row: &RowTypes, column: &str) -> Option<(&'a str, Span)> {
    let source = &file.sources[row.source?.index()];
    let mut key = source
        .table_key
        .as_ref()?
        .iter()
        .map(|key| &source.columns[key.index()]);
    let declared = key.find(|key| key.name == column)?;
    Some((&source.declared.name, declared.ty_at))
}

/// Refuses a view of a table by something else than the table's key: an entity would have the versions of many keys, or one key
/// be those of many entities.
fn check_table_key(file: &res::File, view: &res::View, row: &RowTypes, context: &mut Context<'_>) {
    let Some((source, (entity, at))) = row.source.zip(view.entity) else {
        return;
    };
    let source = &file.sources[source.index()];
    let Some(table_key) = source.table_key.as_ref().filter(|_| !view.key.is_empty()) else {
        return;
    };
    let found: BTreeSet<u32> = view.key.iter().map(|column| column.id.0).collect();
    if found == table_key.iter().map(|column| column.0).collect::<BTreeSet<u32>>() {
        return;
    }
    let names = |ids: &mut dyn Iterator<Item = usize>| {
        let names = ids.map(|id| row.names.get(id).map_or("", String::as_str));
        names.collect::<Vec<_>>().join(", ")
    };
    let (table, table_at) = (&source.declared.name, source.declared.at);
    let key = names(&mut table_key.iter().map(|column| column.index()));
    let by = names(&mut view.key.iter().map(|column| column.id.index()));
    let entity = &file.entities[entity.index()];
    let own: Vec<&str> = entity.keys.iter().map(|key| key.name.as_str()).collect();
    let columns = table_key.iter().map(|key| &source.columns[key.index()]);
    let other = columns.zip(&entity.keys).find(|(column, key)| column.ty != key.ty);
    let other = other.and_then(|(column, key)| Some((column.name.as_str(), key.ty?)));
    context.push(match view.key.first().filter(|_| own.join(", ") == key) {
        Some(column) => errors::view_by_another_column((table, &key), &by, other, column.at, table_at),
        None => errors::view_fans_out(table, &key, &by, &entity.declared.name, at, table_at),
    });
}

/// Warns of a view whose source is always further behind than its `ttl`, unless a run says another delay.
fn warn_stale(file: &res::File, view: &res::View, row: &RowTypes, context: &mut Context<'_>) {
    let (Some((ttl_us, at)), Some(source)) = (view.ttl, row.source) else {
        return;
    };
    let source = &file.sources[source.index()];
    let is_static = matches!(source.arrival, Some(res::Arrival::Static));
    if ttl_us == 0 || ttl_us >= source.delay_us || is_static {
        return;
    }
    context.push(errors::always_stale(
        &view.declared.name,
        &source.declared.name,
        ttl_us,
        source.delay_us,
        at,
        source.declared.at,
    ));
}

fn check_lifetime(
    file: &res::File,
    view: &res::View,
    row: &RowTypes,
    reported: &mut BTreeSet<SourceId>,
    context: &mut Context<'_>,
) {
    let Some(id) = row.source else { return };
    let source = &file.sources[id.index()];
    if source.lateness.is_some() {
        return;
    }
    let lifetime = view.features.iter().find_map(|feature| match &feature.kind {
        FeatureKind::Aggregate { expansions } => expansions
            .iter()
            .find(|expansion| expansion.window.bounds().reach_us().is_none()),
        FeatureKind::Derived | FeatureKind::Broken { .. } => None,
    });
    let Some(lifetime) = lifetime.filter(|_| reported.insert(id)) else {
        return;
    };
    context.push(errors::lifetime_without_lateness(
        match lifetime.window.count() {
            None => "lifetime window",
            Some(_) => "window of events without `max`",
        },
        &source.declared.name,
        lifetime.at,
        source.declared.at,
    ));
}

fn warn_undocumented(view: &res::View, context: &mut Context<'_>) {
    let declared = &view.declared;
    if view.owner.is_none() {
        context.push(errors::no_owner(&declared.name, declared.at));
    }
    let mut bare = view
        .features
        .iter()
        .filter(|feature| feature.declared.doc.is_none())
        .peekable();
    if let Some(at) = bare.peek().map(|first| first.declared.at) {
        let features: Vec<String> = bare.map(|feature| feature.declared.name.clone()).collect();
        context.push(errors::undocumented_features(&declared.name, &features, at));
    }
}

fn warn_twins(view: &res::View, features: &[featc_ir::Feature], context: &mut Context<'_>) {
    let places = view.features.iter().flat_map(|feature| match &feature.kind {
        FeatureKind::Aggregate { expansions } if expansions.len() > 1 => expansions.iter().map(|e| e.at).collect(),
        FeatureKind::Aggregate { .. } | FeatureKind::Derived | FeatureKind::Broken { .. } => vec![feature.declared.at],
    });
    let mut seen = HashMap::new();
    for (feature, at) in features.iter().zip(places) {
        let (twin, twin_at) = *seen
            .entry((&feature.kind, &feature.default))
            .or_insert((feature.name.as_str(), at));
        // One name twice is refused already.
        if twin != feature.name {
            context.push(errors::twin_features(&feature.name, twin, at, twin_at));
        }
    }
}

fn build(view: &res::View, builder: Option<Builder>, context: &mut Context<'_>) -> Option<Checked> {
    let Builder {
        lifts,
        windows,
        slots,
        features,
    } = builder?;
    warn_twins(view, &features, context);
    let declared = &view.declared;
    let view_ir = View {
        name: declared.name.clone(),
        doc: declared.doc.clone(),
        owner: view.owner.clone(),
        tags: view.tags.clone(),
        entity: view.entity?.0,
        transform: TransformId(0), // set by `place`
        key: view.key.iter().map(|column| column.id).collect(),
        lifts,
        windows,
        slots,
        features,
        ttl_us: view.ttl.map(|(ttl_us, _)| ttl_us),
    };
    Some(Checked {
        view: view_ir,
        rows: view.from?,
    })
}

/// Gives every view its transform, which `places` finds by position; a view that reads a source gets one that changes nothing, shared by all such views.
pub(super) fn place(
    views: Vec<Checked>,
    sources: &[featc_ir::Source],
    (places, transforms): (&BTreeMap<usize, TransformId>, &mut Vec<featc_ir::Transform>),
) -> Vec<View> {
    let mut identities = BTreeMap::new();
    let mut placed = Vec::new();
    for Checked { mut view, rows } in views {
        view.transform = match rows {
            Rows::Transform(transform) => places[&transform],
            Rows::Source(source) => *identities.entry(source).or_insert_with(|| {
                transforms.push(transform::identity(source, &sources[source.index()]));
                TransformId::from(transforms.len() - 1)
            }),
        };
        placed.push(view);
    }
    placed
}
