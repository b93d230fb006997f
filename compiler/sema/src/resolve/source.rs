//! Entities and sources.

use super::form::{Instants, form, one_column_each};
use super::nested::flattened;
use super::scope::RowScope;
use super::zone::check_zone;
use super::{declared, types::type_of};
use crate::errors;
use crate::res;
use featc_ir::window::format_duration;
use featc_ir::{ColumnForm, ColumnId, FileFormat, FileSet, KAFKA, ReadAs};
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, Span, suggest};
use std::collections::BTreeMap;

/// An hour, in microseconds.
const HOUR_US: u64 = 3_600_000_000;

/// Resolves an entity; a key named twice is reported.
pub(super) fn entity(entity: &ast::Entity, complaints: &mut Vec<Diagnostic>) -> res::Entity {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for key in &entity.keys {
        if let Some(first) = seen.get(key.name.text.as_str()) {
            complaints.push(errors::duplicate_column(&key.name.text, key.name.span, *first));
        } else {
            seen.insert(&key.name.text, key.name.span);
        }
    }
    for key in &entity.keys {
        let place = key.field.as_ref().map(|field| field.span);
        let place = place.or(key.read_as.as_ref().map(|read_as| read_as.span));
        complaints.extend(place.map(|at| errors::key_held_in_files(&key.name.text, at)));
    }
    let keys = entity.keys.iter().map(|key| column(key, complaints)).collect();
    res::Entity {
        declared: declared(&entity.name, entity.doc.as_ref()),
        keys,
    }
}

/// Resolves requests; a field named twice is reported.
pub(super) fn requests(written: &[&ast::Request], complaints: &mut Vec<Diagnostic>) -> Vec<res::Request> {
    let resolve = |request: &&ast::Request| {
        let (name, at) = (&request.name.text, request.name.span);
        if request.fields.is_empty() {
            complaints.push(errors::request_without_fields(name, at));
        }
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        for field in &request.fields {
            let first = *seen.entry(&field.name.text).or_insert(field.name.span);
            if first != field.name.span {
                complaints.push(errors::duplicate_column(&field.name.text, field.name.span, first));
            }
            let from_clause = field.field.as_ref().map(|text| text.span);
            let clause = from_clause.or(field.read_as.as_ref().map(|read_as| read_as.span));
            complaints.extend(clause.map(|at| errors::field_with_a_form(&field.name.text, at)));
            complaints.extend(field.nullable.map(|at| errors::nullable_field(&field.name.text, at)));
        }
        res::Request {
            declared: declared(&request.name, request.doc.as_ref()),
            fields: request
                .fields
                .iter()
                .map(|written| field(written, complaints))
                .collect(),
        }
    };
    written.iter().map(resolve).collect()
}

fn field(written: &ast::Column, complaints: &mut Vec<Diagnostic>) -> res::Column {
    let field = column(written, complaints);
    let list = field.ty.filter(|ty| ty.is_list());
    complaints.extend(list.map(|ty| errors::field_of_lists(&field.name, ty, field.ty_at)));
    field
}

fn column(written: &ast::Column, complaints: &mut Vec<Diagnostic>) -> res::Column {
    res::Column {
        name: written.name.text.clone(),
        at: written.name.span,
        ty: type_of(&written.ty, complaints),
        ty_at: written.ty.span,
        nullable: written.nullable,
        form: ColumnForm::default(),
    }
}

/// Reports columns of lists where the files hold none.
pub(super) fn lists_of_text(columns: &[res::Column], files: Option<&FileSet>, complaints: &mut Vec<Diagnostic>) {
    let Some(format) = files.map(|files| files.format).filter(|format| !format.holds_lists()) else {
        return;
    };
    for column in columns {
        if let Some(ty) = column.ty.filter(|ty| ty.is_list()) {
            complaints.push(errors::list_in_text(
                &column.name,
                ty,
                &format.name().to_uppercase(),
                column.ty_at,
            ));
        }
    }
}

/// The columns of files, which become those of the row.
pub(super) fn columns(
    written: Option<&ast::Columns>,
    zone: Option<&ast::TextClause>,
    instants: Instants<'_>,
    scope: &mut RowScope,
    complaints: &mut Vec<Diagnostic>,
) -> Vec<res::Column> {
    let written = flattened(written.map_or(&[], |written| &written.columns), complaints);
    let mut columns = Vec::new();
    for written in &written {
        scope.push(&written.name, complaints);
        let plain = column(written, complaints);
        let zone = zone.map(|zone| zone.value.value.as_str());
        let form = form(written, plain.ty, zone, complaints);
        columns.push(res::Column { form, ..plain });
    }
    one_column_each(&written, &columns, instants, complaints);
    columns
}

/// Resolves a source, and says what its rows look like.
pub(super) fn source(source: &ast::Source, complaints: &mut Vec<Diagnostic>) -> (res::Source, RowScope) {
    let mut scope = RowScope::new(&source.name, source.columns.is_some());
    let (written, zone) = (source.columns.as_ref(), source.zone.as_ref());
    let columns = columns(written, zone, Instants::of_source(source), &mut scope, complaints);
    require_clauses(source, complaints);
    source.zone.iter().for_each(|zone| check_zone(&zone.value, complaints));
    let time = source
        .time
        .as_ref()
        .and_then(|time| column_ref(&time.column, &scope, complaints));
    let is_whole = source.broken.is_empty();
    check_static(source, complaints);
    check_bounds(source, complaints);
    let arrival = source.arrival.as_ref();
    let arrival = arrival.map(|arrival| arrival_of(&arrival.kind, &scope, complaints));
    let delay_us = source.delay.as_ref().map_or(0, |delay| delay.value.us.unsigned_abs());
    complaints.extend(arrival.and_then(|arrival| of_a_day(arrival, source, time, &columns)));
    let arrival = arrival.or(source.static_rows.map(|_| res::Arrival::Static));
    // A clause that was not understood may be the one that is missing.
    let arrival = arrival.or((!is_whole).then_some(res::Arrival::Broken));
    let arrival_column = match arrival {
        Some(res::Arrival::Column(column)) => Some(column.id),
        Some(res::Arrival::AfterTime { .. } | res::Arrival::Static | res::Arrival::Broken) | None => None,
    };
    let unique = unique(source, &scope, arrival_column, complaints);
    if let Some(clause) = &source.unique {
        let lists = unique.iter().map(|id| &columns[id.index()]);
        for (name, ty) in lists.filter_map(|column| Some((&column.name, column.ty.filter(|ty| ty.is_list())?))) {
            complaints.push(errors::identity_of_a_list(name, ty, clause.span));
        }
    }
    let batch = source.batch.as_ref().and_then(|set| files(set, "batch", complaints));
    let stream = source.stream.as_ref().and_then(|set| files(set, "stream", complaints));
    for files in [&batch, &stream] {
        lists_of_text(&columns, files.as_ref(), complaints);
    }
    let resolved = res::Source {
        declared: declared(&source.name, source.doc.as_ref()),
        unique,
        columns,
        time,
        arrival,
        delay_us,
        lateness: match &source.lateness {
            Some(lateness) => Some(res::Lateness {
                bound_us: lateness.bound.as_ref().map(|bound| bound.us.unsigned_abs()),
                at: lateness.span,
            }),
            // What never changes gives up no state.
            None => (!is_whole || source.static_rows.is_some()).then_some(res::Lateness {
                bound_us: None,
                at: source.span,
            }),
        },
        skew_us: source.skew.as_ref().map(|skew| skew.value.us.unsigned_abs()),
        begins_us: source.begins.as_ref().map(|begins| begins.at.us),
        zone: source.zone.as_ref().map(|zone| zone.value.value.clone()),
        keep_nan: source.keep_nan.is_some(),
        batch,
        stream,
        table_key: None,
        valid_to: None,
    };
    (resolved, scope)
}

fn arrival_of(kind: &ast::ArrivalKind, scope: &RowScope, complaints: &mut Vec<Diagnostic>) -> res::Arrival {
    match kind {
        ast::ArrivalKind::Column(name) if name.text == "time" && scope.find("time").is_none() => {
            complaints.push(errors::arrival_without_lag(name.span));
            res::Arrival::Broken
        }
        ast::ArrivalKind::Column(name) => {
            column_ref(name, scope, complaints).map_or(res::Arrival::Broken, res::Arrival::Column)
        }
        ast::ArrivalKind::AfterTime(offset) => res::Arrival::AfterTime {
            offset_us: offset.us.unsigned_abs(),
        },
    }
}

/// Warns of an arrival that is before the end of its day, and is read as its beginning.
fn of_a_day(
    arrival: res::Arrival,
    source: &ast::Source,
    time: Option<res::ColumnRef>,
    columns: &[res::Column],
) -> Option<Diagnostic> {
    let res::Arrival::Column(found) = arrival else {
        return None;
    };
    let of_days = |id: ColumnId| {
        let column = columns.get(id.index())?;
        column
            .form
            .read_as
            .as_ref()
            .is_some_and(ReadAs::is_of_days)
            .then_some(column)
    };
    let column = of_days(found.id)?;
    let hours = column.form.read_as.as_ref().map_or(24, ReadAs::longest_day_hours);
    let is_bounded = source
        .lateness
        .as_ref()
        .is_some_and(|lateness| lateness.bound.is_some());
    let skew_us = source.skew.as_ref().map_or(0, |skew| skew.value.us.unsigned_abs());
    // Event times of the day itself are later than its first instant.
    let rejects = is_bounded && skew_us < hours * HOUR_US && time.is_none_or(|time| of_days(time.id).is_none());
    let delay_us = source.delay.as_ref().map_or(0, |delay| delay.value.us.unsigned_abs());
    (delay_us < hours * HOUR_US).then(|| errors::arrival_of_a_day(&column.name, hours, rejects, found.at))
}

/// Reports clauses that say when rows come in, in a source whose rows never change.
fn check_static(source: &ast::Source, complaints: &mut Vec<Diagnostic>) {
    let Some(static_at) = source.static_rows else { return };
    let bounded = source.lateness.as_ref().filter(|lateness| lateness.bound.is_some());
    let clauses = [
        ("arrival", source.arrival.as_ref().map(|clause| clause.span)),
        ("delay", source.delay.as_ref().map(|clause| clause.span)),
        ("lateness", bounded.map(|clause| clause.span)),
        ("skew", source.skew.as_ref().map(|clause| clause.span)),
    ];
    for (clause, at) in clauses {
        if let Some(at) = at {
            let source = &source.name.text;
            complaints.push(errors::static_and_coming(source, clause, at, static_at));
        }
    }
}

/// Reports a lag of all rows that is longer than the lateness which is accepted, and warns of a skew that bounds nothing.
fn check_bounds(source: &ast::Source, complaints: &mut Vec<Diagnostic>) {
    check_skew(source, complaints);
    let bound = source.lateness.as_ref().and_then(|lateness| lateness.bound.as_ref());
    let (Some(arrival), Some(bound)) = (&source.arrival, bound) else {
        return;
    };
    if let ast::ArrivalKind::AfterTime(lag) = &arrival.kind
        && lag.us > bound.us
    {
        let (name, lag) = (&source.name.text, format_duration(lag.us));
        let bound_text = format_duration(bound.us);
        complaints.push(errors::lag_beyond_lateness(
            name,
            &lag,
            &bound_text,
            bound.span,
            arrival.span,
        ));
    }
}

/// Warns of a skew that bounds nothing.
fn check_skew(source: &ast::Source, complaints: &mut Vec<Diagnostic>) {
    let is_bounded = source
        .lateness
        .as_ref()
        .is_some_and(|lateness| lateness.bound.is_some());
    if let Some(skew) = source
        .skew
        .as_ref()
        .filter(|_| !is_bounded && source.static_rows.is_none())
    {
        complaints.push(errors::skew_without_lateness(&source.name.text, skew.span));
    }
}

fn require_clauses(source: &ast::Source, complaints: &mut Vec<Diagnostic>) {
    if !source.broken.is_empty() {
        return; // the clause may be the one that was not understood
    }
    let (name, at) = (&source.name.text, source.name.span);
    if source.columns.is_none() {
        complaints.push(errors::source_without_columns(name, at));
    }
    if source.unique.is_none() {
        complaints.push(errors::source_without_identity(name, at));
    }
    if source.time.is_none() {
        complaints.push(match source.static_rows {
            Some(_) => errors::static_source_without_time(name, at),
            None => errors::source_without_time(name, at),
        });
    }
}

fn column_ref(name: &ast::Name, scope: &RowScope, complaints: &mut Vec<Diagnostic>) -> Option<res::ColumnRef> {
    scope
        .lookup(name, complaints)
        .map(|id| res::ColumnRef { id, at: name.span })
}

fn unique(
    source: &ast::Source,
    scope: &RowScope,
    arrival: Option<ColumnId>,
    complaints: &mut Vec<Diagnostic>,
) -> Vec<ColumnId> {
    let Some(unique) = &source.unique else { return vec![] };
    match &unique.kind {
        ast::UniqueKind::All => {
            let all = (0..scope.columns.len()).map(ColumnId::from);
            let columns: Vec<ColumnId> = all.filter(|id| Some(*id) != arrival).collect();
            if columns.is_empty() && scope.is_known {
                complaints.push(errors::identity_without_columns(&source.name.text, unique.span));
            }
            columns
        }
        ast::UniqueKind::Columns(names) => {
            let mut seen: BTreeMap<ColumnId, Span> = BTreeMap::new();
            let mut columns = Vec::new();
            for name in names {
                let is_none = matches!(name.text.as_str(), "none" | "nothing" | "no") && names.len() == 1;
                if is_none && scope.is_known && scope.find(&name.text).is_none() {
                    complaints.push(errors::identity_of_nothing(&name.text, name.span));
                    continue;
                }
                let Some(id) = scope.lookup(name, complaints) else {
                    continue;
                };
                if let Some(first) = seen.insert(id, name.span) {
                    complaints.push(errors::duplicate_column(&name.text, name.span, first));
                } else {
                    columns.push(id);
                }
            }
            columns
        }
    }
}

/// Looks up the format of files; one that is not known, and a version of what has none, are reported.
pub(super) fn files(files: &ast::Files, keyword: &str, complaints: &mut Vec<Diagnostic>) -> Option<FileSet> {
    let (word, at) = (&files.format.text, files.format.span);
    let known = FileFormat::ALL.iter().copied().filter(|format| format.is_of_files());
    let is_topic = |path: &ast::Text| path.value.starts_with(KAFKA);
    let of_topics = FileFormat::ALL.iter().copied().find(|format| {
        format.name() == word && !format.is_of_files() && keyword == "stream" && files.paths.iter().any(is_topic)
    });
    let Some(format) = known.clone().find(|format| format.name() == word).or(of_topics) else {
        let nearest = suggest::nearest(word, known.clone().map(FileFormat::name));
        let all: Vec<String> = known.map(|format| format.name().to_owned()).collect();
        let path = files
            .paths
            .first()
            .map_or(String::new(), |path| format!("\"{}\"", path.value));
        complaints.push(errors::unknown_files(word, at, keyword, &path, nearest, &all));
        return None;
    };
    if let Some(version) = files.version.as_ref().filter(|_| format != FileFormat::Delta) {
        complaints.push(errors::version_of_files(word, version.span));
        return None;
    }
    for path in files.paths.iter().filter(|path| is_topic(path)) {
        let name = path.value[KAFKA.len()..].split('?').next().unwrap_or_default();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let why = match keyword {
            _ if name.is_empty() || !name.bytes().all(is_name) => "no name of a topic",
            "stream" if !format.is_of_topics() => "records of a topic are read as `jsonl` or as `avro`",
            "stream" if files.paths.len() > 1 => "not the only place",
            "stream" => continue,
            _ => "a topic is no file",
        };
        complaints.push(errors::misplaced_topic(&path.value, path.span, why));
        return None;
    }
    Some(FileSet {
        format,
        paths: files.paths.iter().map(|path| path.value.clone()).collect(),
        version: files.version.as_ref().map(|version| version.value),
    })
}
