//! Tables, and lookups into them.

use super::form::Instants;
use super::nested::flattened;
use super::scope::{Items, RowScope};
use super::source::{columns, files, lists_of_text};
use super::zone::check_zone;
use crate::errors::{self, Kind};
use crate::res;
use featc_ir::{ColumnId, Lookup, SourceColumn, Table, Type, Versions};
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, Span, suggest};
use std::collections::BTreeSet;

/// The columns of a table, while its clauses are looked at.
struct Columns<'a> {
    scope: &'a RowScope,
    all: &'a [res::Column],
}

/// Resolves a table; `None` if something is wrong, which has been reported.
pub(super) fn table(written: &ast::Table, complaints: &mut Vec<Diagnostic>) -> Option<Table> {
    let before = complaints.len();
    let name = &written.name.text;
    let mut scope = RowScope::new(&written.name, written.columns.is_some());
    let (of_files, zone) = (written.columns.as_ref(), written.zone.as_ref());
    let all = columns(of_files, zone, Instants::of_table(written), &mut scope, complaints);
    written.zone.iter().for_each(|zone| check_zone(&zone.value, complaints));
    if written.columns.is_none() {
        complaints.push(errors::table_without_columns(name, written.name.span));
    }
    let columns = Columns {
        scope: &scope,
        all: &all,
    };
    let key = key(written, &columns, complaints);
    let versions = versions(written, &columns, complaints);
    let files = written.batch.as_ref().and_then(|set| files(set, "batch", complaints));
    lists_of_text(&all, files.as_ref(), complaints);
    for column in &all {
        let list = column.ty.filter(|ty| ty.is_list());
        complaints.extend(list.map(|ty| errors::list_in_a_table(&column.name, ty, column.ty_at)));
    }
    let columns = all.into_iter().map(|column| {
        Some(SourceColumn {
            name: column.name,
            ty: column.ty?,
            nullable: column.nullable.is_some(),
            form: column.form,
        })
    });
    let table = Table {
        name: name.clone(),
        columns: columns.collect::<Option<Vec<_>>>()?,
        key,
        versions,
        zone: written.zone.as_ref().map(|zone| zone.value.value.clone()),
        keep_nan: written.keep_nan.is_some(),
        files,
    };
    (!complaints[before..].iter().any(Diagnostic::is_error)).then_some(table)
}

fn key(written: &ast::Table, columns: &Columns<'_>, complaints: &mut Vec<Diagnostic>) -> Vec<ColumnId> {
    let Some(clause) = &written.key else {
        let first = columns.all.first().map_or("id", |column| column.name.as_str());
        complaints.push(errors::table_without_key(&written.name.text, first, written.name.span));
        return vec![];
    };
    let mut key: Vec<(ColumnId, Span)> = Vec::new();
    for name in &clause.columns {
        let Some(id) = columns.scope.lookup(name, complaints) else {
            continue;
        };
        if let Some((_, first)) = key.iter().find(|(known, _)| *known == id) {
            complaints.push(errors::duplicate_column(&name.text, name.span, *first));
            continue;
        }
        let column = &columns.all[id.index()];
        let instants = [&written.valid_from, &written.valid_to, &written.arrival];
        if let Some(instant) = instants
            .into_iter()
            .flatten()
            .find(|said| said.column.text == name.text)
        {
            let keys = clause.columns.iter().map(|key| &*key.text);
            let others: Vec<&str> = keys.filter(|other| *other != name.text).collect();
            complaints.push(errors::instant_in_a_key(&name.text, &others, name.span, instant.span));
        } else if let Some(ty) = column.ty.filter(|ty| !ty.may_be_key()) {
            complaints.push(errors::table_key_refused(&name.text, ty, name.span));
        }
        complaints.extend(
            column
                .nullable
                .map(|at| errors::nullable_in_table(&name.text, "key", at)),
        );
        key.push((id, name.span));
    }
    key.into_iter().map(|(id, _)| id).collect()
}

/// What tells versions apart, if the table has any.
fn versions(written: &ast::Table, columns: &Columns<'_>, complaints: &mut Vec<Diagnostic>) -> Option<Versions> {
    let name = &written.name.text;
    let clauses = [
        ("valid from", &written.valid_from),
        ("valid to", &written.valid_to),
        ("arrival", &written.arrival),
    ];
    let mut said = clauses
        .into_iter()
        .filter_map(|(words, clause)| Some((words, clause.as_ref()?.span)));
    match (said.next(), written.static_rows, &written.valid_from) {
        (None, None, _) => {
            let is_instant = |name: &str| {
                let mut columns = columns.all.iter();
                columns.any(|column| column.name == name && column.ty == Some(Type::Timestamp))
            };
            let mut keys = written
                .key
                .iter()
                .flat_map(|clause| &clause.columns)
                .map(|key| &*key.text);
            let instant = keys.find(|key| is_instant(key));
            complaints.push(errors::table_without_rules(name, instant, written.name.span));
        }
        (Some((words, at)), Some(static_at), _) => {
            complaints.push(errors::static_and_versions(name, words, at, static_at));
        }
        (Some((words, at)), None, None) => complaints.push(errors::versions_without_start(name, words, at)),
        (None, Some(_), _) | (Some(_), None, Some(_)) => {}
    }
    let [from, to, arrival] = clauses.map(|(words, clause)| instant(words, clause.as_ref(), columns, complaints));
    let from = from.filter(|_| written.static_rows.is_none())?;
    let Some(arrival) = arrival else {
        if written.arrival.is_none() {
            complaints.push(errors::versions_without_arrival(name, written.name.span));
        }
        return None;
    };
    if let Some(clause) = written.arrival.as_ref().filter(|_| arrival == from) {
        complaints.push(errors::arrival_is_validity(&clause.column.text, clause.span));
    }
    Some(Versions {
        valid_from: from,
        valid_to: to,
        arrival,
    })
}

/// The timestamp column that a clause names.
fn instant(
    words: &str,
    clause: Option<&ast::ColumnClause>,
    columns: &Columns<'_>,
    complaints: &mut Vec<Diagnostic>,
) -> Option<ColumnId> {
    let clause = clause?;
    let id = columns.scope.lookup(&clause.column, complaints)?;
    let column = &columns.all[id.index()];
    if let Some(ty) = column.ty.filter(|ty| *ty != Type::Timestamp) {
        complaints.push(errors::no_instant_in_table(&column.name, words, ty, clause.column.span));
    }
    // A version without an end holds until the next one.
    if let Some(at) = column.nullable.filter(|_| words != "valid to") {
        complaints.push(match words {
            "valid from" => errors::nullable_beginning(&column.name, at),
            _ => errors::nullable_in_table(&column.name, words, at),
        });
    }
    Some(id)
}

/// The versions of a table as the rows of a source: events of its key, known from their arrival on, in the order in which lookups
/// find them. `None` for a static one, whose rows have no time.
pub(super) fn as_rows(written: &ast::Table, table: &Table) -> Option<(res::Source, RowScope)> {
    let versions = table.versions?;
    let mut scope = RowScope::new(&written.name, true);
    let mut columns = Vec::new();
    let declared = written.columns.as_ref().map_or(&[][..], |columns| &columns.columns);
    for (column, declared) in table.columns.iter().zip(flattened(declared, &mut Vec::new())) {
        scope.push(&declared.name, &mut Vec::new());
        columns.push(res::Column {
            name: column.name.clone(),
            at: declared.name.span,
            ty: Some(column.ty),
            ty_at: declared.ty.span,
            nullable: declared.nullable,
            form: column.form.clone(),
        });
    }
    let instant = |clause: Option<&ast::ColumnClause>, id: ColumnId| res::ColumnRef {
        id,
        at: clause.map_or(written.name.span, |clause| clause.column.span),
    };
    // Of versions from one instant on the one that was known last counts, and of those the greatest row.
    let others = (0..table.columns.len()).map(ColumnId::from);
    let others = others.filter(|id| *id != versions.arrival);
    let source = res::Source {
        declared: super::declared(&written.name, written.doc.as_ref()),
        columns,
        unique: std::iter::once(versions.arrival).chain(others).collect(),
        time: Some(instant(written.valid_from.as_ref(), versions.valid_from)),
        arrival: Some(res::Arrival::Column(instant(
            written.arrival.as_ref(),
            versions.arrival,
        ))),
        delay_us: 0,
        lateness: Some(res::Lateness {
            bound_us: None,
            at: written.span,
        }),
        skew_us: None,
        begins_us: None,
        zone: table.zone.clone(),
        keep_nan: table.keep_nan,
        batch: table.files.clone(),
        stream: None,
        table_key: Some(table.key.clone()),
        valid_to: versions.valid_to,
    };
    Some((source, scope))
}

/// The table and the column of a lookup; `None` if there is none, or something is wrong, which has been reported.
pub(super) fn lookup(
    items: &Items<'_>,
    written: &ast::Lookup,
    at: Span,
    complaints: &mut Vec<Diagnostic>,
) -> Option<Box<Lookup>> {
    let name = written.table.text.as_str();
    let Some(place) = items.tables.by_name.get(name) else {
        if !items.is_broken(name) {
            let names = items.tables.all.iter().map(|table| table.name.text.as_str());
            let nearest = suggest::nearest(name, names);
            let no_table = |kind: Kind| errors::no_table(name, kind, written.table.span, nearest);
            complaints.push(match items.rows(name) {
                Some(res::Rows::Source(_)) => no_table(Kind::Source),
                Some(res::Rows::Transform(_)) => no_table(Kind::Transform),
                None if items.views.by_name.contains_key(name) => errors::view_for_a_table(name, written.table.span),
                None if items.requests.by_name.contains_key(name) => no_table(Kind::Request),
                None if items.entities.by_name.contains_key(name) => no_table(Kind::Entity),
                None => errors::unknown_table(name, written.table.span, nearest),
            });
        }
        return None;
    };
    let declared = items.tables.all[*place];
    let table = items.resolved_tables[*place].as_ref()?;
    let wanted: Vec<String> = table.keys().map(|key| key.name).collect();
    if wanted.len() != written.keys.len() {
        let found = written.keys.len();
        let has_versions = declared.valid_from.is_some() && found < wanted.len();
        let wanted = wanted.join(", ");
        complaints.push(errors::lookup_key_count(name, &wanted, found, has_versions, at));
        return None;
    }
    let names = || table.columns.iter().map(|column| column.name.as_str());
    let column = names().position(|known| known == written.column.text);
    let Some(column) = column else {
        let nearest = suggest::nearest(&written.column.text, names());
        let (column, at) = (&written.column.text, written.column.span);
        let known: Vec<String> = names().take(8).map(str::to_owned).collect();
        let table_at = declared.name.span;
        complaints.push(errors::no_such_column_of_a_table(
            name, column, at, nearest, &known, table_at,
        ));
        return None;
    };
    if let Some(within) = written.within.as_ref().filter(|_| table.versions.is_none()) {
        complaints.push(errors::within_of_static(name, within.span, declared.name.span));
        return None;
    }
    Some(Box::new(Lookup {
        table: table.clone(),
        column: ColumnId::from(column),
        within_us: written.within.as_ref().map(|within| within.value.us.unsigned_abs()),
        rows: None,
    }))
}

/// What is said of `lookup shops(shop = shop).city`: a comparison with a column of the key stands for its value.
pub(super) fn named_keys(items: &Items<'_>, written: &ast::Lookup) -> Option<Diagnostic> {
    let place = items.tables.by_name.get(written.table.text.as_str())?;
    let table = items.resolved_tables.get(*place)?.as_ref()?;
    let keys: Vec<String> = table.keys().map(|key| key.name).collect();
    let named = |key: &ast::Expr| match &key.kind {
        ast::ExprKind::Binary {
            op: ast::BinaryOp::Equal,
            left,
            right,
            ..
        } if !key.parenthesised => match &left.kind {
            ast::ExprKind::Name(name) => Some((keys.iter().position(|key| *key == name.text)?, right.span)),
            _ => None,
        },
        _ => None,
    };
    let mut named: Vec<(usize, Span)> = written.keys.iter().map(named).collect::<Option<_>>()?;
    let (first, last) = (written.keys.first()?.span, written.keys.last()?.span);
    named.sort_by_key(|(place, _)| *place);
    let is_each = named.len() == keys.len() && named.iter().enumerate().all(|(at, (place, _))| at == *place);
    let values: Vec<&str> = named.iter().map(|(_, value)| items.texts.slice(*value)).collect();
    is_each.then(|| errors::lookup_by_names(&table.name, first.to(last), &values.join(", ")))
}

/// What is said of `lookup(shops, shop, city)`.
pub(super) fn called(items: &Items<'_>, call: &ast::Call, at: Span) -> Diagnostic {
    let names = call.arguments.iter().map(|argument| match &argument.kind {
        ast::ExprKind::Name(name) => Some(name.text.as_str()),
        _ => None,
    });
    let names: Option<Vec<&str>> = names.collect();
    let declared = |name: &str| items.resolved_tables.get(*items.tables.by_name.get(name)?)?.as_ref();
    let meant = names.as_deref().and_then(|names| {
        let (table, [keys @ .., column]) = (names.first()?, names.get(1..)?) else {
            return None;
        };
        let fits = declared(table)?.columns.iter().any(|known| known.name == *column)
            && declared(table)?.key.len() == keys.len();
        fits.then(|| format!("lookup {table}({}).{column}", keys.join(", ")))
    });
    match meant {
        Some(meant) => errors::lookup_as_a_call(at, &meant),
        None => errors::lookup_without_a_table(at),
    }
}

/// What is said of `planes.seats`, where `planes` is a table.
pub(super) fn dotted(
    items: &Items<'_>,
    row: &RowScope,
    in_transform: bool,
    (table, column): (&str, &str),
    at: Span,
) -> Diagnostic {
    let declared = items.tables.by_name.get(table);
    let declared = declared.and_then(|place| items.resolved_tables.get(*place)?.as_ref());
    let keys = declared.map(|table| table.key.iter().map(|key| table.columns[key.index()].name.as_str()));
    let keys: Vec<&str> = keys.into_iter().flatten().collect();
    let has_keys = !keys.is_empty() && keys.iter().all(|key| row.find(key).is_some());
    let keys = if keys.is_empty() {
        "…".to_owned()
    } else {
        keys.join(", ")
    };
    let meant = format!("lookup {table}({keys}).{column}");
    match (in_transform, has_keys) {
        (true, true) => errors::dot_for_a_lookup(table, column, &meant, at),
        (true, false) => errors::dot_behind_a_table(table, column, &meant, at),
        (false, _) => errors::dot_behind_a_table_outside(table, column, &meant, at),
    }
}

/// Reports tables that no transform looks into.
pub(super) fn report_unused(items: &Items<'_>, complaints: &mut Vec<Diagnostic>) {
    fn note<'a>(expr: &'a ast::Expr, found: &mut BTreeSet<&'a str>) {
        if let ast::ExprKind::Lookup(lookup) = &expr.kind {
            found.insert(&lookup.table.text);
        }
        expr.children().into_iter().for_each(|child| note(child, found));
    }
    let mut read = BTreeSet::new();
    for transform in &items.transforms.all {
        for step in &transform.steps {
            let (ast::Step::Where(ast::Where { condition: value, .. }) | ast::Step::Let(ast::Let { value, .. })) = step;
            note(value, &mut read);
        }
        transform.at.iter().for_each(|at| note(at, &mut read));
    }
    let unread = items
        .tables
        .all
        .iter()
        .filter(|table| !read.contains(table.name.text.as_str()) && !items.is_from(&table.name.text));
    complaints.extend(unread.map(|table| errors::unused_table(&table.name.text, table.name.span)));
}
