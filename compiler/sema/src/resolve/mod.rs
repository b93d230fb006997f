//! Names: `ast::File` → [`res::File`].

mod expr;
mod feature;
mod form;
mod format;
mod meant;
mod nested;
mod parameter;
mod role;
mod scope;
mod service;
mod service_feature;
mod source;
mod table;
mod transform;
mod types;
mod view;
mod window;
mod zone;

pub use zone::step_for_zone;

use crate::errors::{self, Kind};
use crate::res;
use featc_ir::SourceId;
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, FileId, Outcome, SourceMap, Span};
use scope::Items;
use std::collections::BTreeMap;

/// Looks up every name of a module that may be spread over several files.
///
/// The result has a place for every declaration; what could not be resolved is marked and reported once. `texts` are what
/// the spans point into.
pub fn resolve(files: &[ast::File], texts: &SourceMap) -> Outcome<res::File> {
    let mut complaints = Vec::new();
    let mut items = Items::collect(files, texts, &mut complaints);
    complaints = once_per_pair_of_files(complaints);
    let tables = items.tables.all.iter();
    items.resolved_tables = tables.map(|written| table::table(written, &mut complaints)).collect();

    let entities = items
        .entities
        .all
        .iter()
        .map(|entity| source::entity(entity, &mut complaints))
        .collect::<Vec<_>>();
    let mut sources = Vec::new();
    let mut source_scopes = Vec::new();
    for declared in &items.sources.all {
        let (source, scope) = source::source(declared, &mut complaints);
        sources.push(source);
        source_scopes.push(scope);
    }
    for (place, written) in items.tables.all.iter().enumerate() {
        let table = items.resolved_tables[place].as_ref();
        let table = table.filter(|_| items.is_from(&written.name.text));
        if let Some((source, scope)) = table.and_then(|table| table::as_rows(written, table)) {
            items
                .table_rows
                .insert(&written.name.text, SourceId::from(sources.len()));
            sources.push(source);
            source_scopes.push(scope);
        }
    }
    let rows = transform::transforms(&items, source_scopes, &mut complaints);
    let resolved = view::views(&items, (&entities, &sources), &rows, &mut complaints);
    let requests = source::requests(&items.requests.all, &mut complaints);
    let services = service::services(&items, (&entities, &resolved, &requests), &mut complaints);
    table::report_unused(&items, &mut complaints);

    let value = res::File {
        module: files
            .iter()
            .find_map(|file| file.module.as_ref())
            .map_or_else(String::new, |m| m.name.text.clone()),
        entities,
        sources,
        transforms: rows.transforms,
        transform_order: rows.order,
        views: resolved.into_iter().map(|view| view.view).collect(),
        requests,
        services,
        complete: files.iter().all(|file| file.is_complete) && !complaints.iter().any(Diagnostic::is_error),
    };
    Outcome {
        value,
        diagnostics: complaints,
    }
}

/// Of names that are declared in two files the first, with the count of the others: most likely the folder holds several
/// programs.
fn once_per_pair_of_files(complaints: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut pairs: BTreeMap<(FileId, FileId), (usize, usize)> = BTreeMap::new();
    let mut kept: Vec<Diagnostic> = Vec::new();
    for complaint in complaints {
        let files = |complaint: &Diagnostic| {
            Some((
                complaint.secondary.first()?.span.file,
                complaint.primary.as_ref()?.span.file,
            ))
        };
        match files(&complaint).filter(|(first, second)| first != second) {
            None => kept.push(complaint),
            Some(pair) => match pairs.get_mut(&pair) {
                Some((_, more)) => *more += 1,
                None => {
                    pairs.insert(pair, (kept.len(), 0));
                    kept.push(complaint);
                }
            },
        }
    }
    for (position, more) in pairs.into_values() {
        kept[position] = errors::in_two_files(kept[position].clone(), more);
    }
    kept
}

fn declared(name: &ast::Name, doc: Option<&ast::Doc>) -> res::Declared {
    res::Declared {
        name: name.text.clone(),
        at: name.span,
        doc: doc.map(|doc| doc.text.clone()),
    }
}

/// Reports a second declaration; gives whether it is the first.
fn declare<'a>(
    seen: &mut BTreeMap<&'a str, (Span, Kind)>,
    name: &'a ast::Name,
    kind: Kind,
    complaints: &mut Vec<Diagnostic>,
) -> bool {
    match seen.get(name.text.as_str()) {
        Some((first, first_kind)) => {
            complaints.push(errors::duplicate_item(kind, &name.text, name.span, *first, *first_kind));
            false
        }
        None => {
            seen.insert(&name.text, (name.span, kind));
            true
        }
    }
}
