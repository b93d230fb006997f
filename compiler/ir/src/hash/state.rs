//! Keys of what a server keeps.

use super::{KERNELS_VERSION, expr_hash, hex, list, node, row_hashes, wire};
use crate::expr::{Expr, Table};
use crate::plan::RowSpec;
use crate::program::{Key, Source};
use crate::table::lookups;
use std::collections::BTreeMap;

/// What the stored events of a log depend on: source, acceptance, transform, event time and key. Not what the events carry
/// (see [`lift_keys`]), and nothing that is derived from them: aggregates, windows, statuses, defaults, names.
pub fn state_key(source: &Source, rows: &RowSpec, entity: &[Key]) -> String {
    // `begins` decides a status, and no event.
    let source = &Source {
        begins_us: None,
        ..source.clone()
    };
    let (columns, row) = row_hashes(source, &rows.steps, &rows.time, rows.at);
    let key = list("key", rows.key.iter().map(|id| columns[id.index()]));
    let types = wire(&entity.iter().map(|key| key.ty).collect::<Vec<_>>());
    let state = list("state", [row, key]).to_le_bytes();
    let unicode = wire(&char::UNICODE_VERSION);
    let mut parts: Vec<&[u8]> = vec![KERNELS_VERSION.as_bytes(), &unicode, &types, &state];
    let tables = wire(&held_tables(rows));
    if tables != b"{}" {
        parts.push(&tables);
    }
    hex(node("state_key", &parts))
}

/// All that a row stage computes of a row, whether events carry it or not: rows of equal keys wait for the same lookups.
pub fn wait_key(source: &Source, rows: &RowSpec) -> String {
    let (columns, row) = row_hashes(source, &rows.steps, &rows.time, rows.at);
    hex(list("wait", columns.into_iter().chain([row])))
}

/// What the versions of a table depend on that a server keeps: all of its declaration but its files.
pub fn table_key(table: &Table) -> String {
    let table = Table {
        files: None,
        ..table.clone()
    };
    hex(node("table", &[KERNELS_VERSION.as_bytes(), &wire(&table)]))
}

/// The hashes of what the tables hold that a row stage looks into, by name, of those that have been read: events have the
/// values in them.
fn held_tables(rows: &RowSpec) -> BTreeMap<&str, &str> {
    let mut hashes = BTreeMap::new();
    lookups(&rows.steps, &rows.time, &mut |lookup| {
        let hash = lookup.rows.as_ref().map(|rows| rows.hash());
        hashes.extend(hash.map(|hash| (lookup.table.name.as_str(), hash)));
    });
    hashes
}

/// The meaning of each lift of a transform: events of one [`state_key`] carry equal values under equal lift keys.
pub fn lift_keys(source: &Source, rows: &RowSpec) -> Vec<String> {
    let (columns, _) = row_hashes(source, &rows.steps, &rows.time, rows.at);
    let key = |lift: &Expr| hex(node("lift", &[&expr_hash(lift, &columns).to_le_bytes()]));
    rows.lifts.iter().map(key).collect()
}
