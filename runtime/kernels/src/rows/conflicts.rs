//! Ids under which a source has different events.

use crate::column::{Batch, StrData};
use crate::value::Value;
use featc_ir::Source;
use xxhash_rust::xxh3::xxh3_64;

/// Accepted rows of a source: `ids` are the order keys of its `unique` columns, `digests` those of [`super::digests`].
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    pub batch: &'a Batch,
    pub ids: &'a StrData,
    pub digests: &'a [u128],
}

/// What [`conflicts`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conflicts {
    /// How many ids have different rows.
    pub ids: u64,
    /// Some of them, readable: `flight_id=17`.
    pub examples: Vec<String>,
}

/// A row: its part, its row there.
type Place = (u32, u32);

/// Finds the ids under which there are different rows. Copies of a row are no conflict. The `most` ids that are shown
/// are those that come up first. Neither the cut into parts nor, for the count, their order matters.
///
/// Rows are sorted by a hash of their ids; only rows of equal hashes are compared.
pub fn conflicts(source: &Source, parts: &[Part<'_>], most: usize) -> Conflicts {
    let mut hashed: Vec<(u64, Place)> = Vec::with_capacity(parts.iter().map(|part| part.digests.len()).sum());
    for (at, part) in (0u32..).zip(parts) {
        let rows = (0u32..).zip(part.ids.iter());
        hashed.extend(rows.map(|(row, id)| (xxh3_64(id), (at, row))));
    }
    hashed.sort_unstable_by_key(|(hash, _)| *hash);
    let id = |(at, row): Place| parts[at as usize].ids.get(row as usize);
    let digest = |(at, row): Place| parts[at as usize].digests[row as usize];
    let mut found: Vec<Place> = vec![];
    for alike in hashed
        .chunk_by(|left, right| left.0 == right.0)
        .filter(|alike| alike.len() > 1)
    {
        let mut places: Vec<Place> = alike.iter().map(|(_, place)| *place).collect();
        places.sort_unstable_by_key(|place| (id(*place), *place));
        for same in places.chunk_by(|left, right| id(*left) == id(*right)) {
            if same.iter().any(|place| digest(*place) != digest(same[0])) {
                found.push(same[0]);
            }
        }
    }
    found.sort_unstable();
    let shown = found.iter().take(most);
    Conflicts {
        ids: found.len() as u64,
        examples: shown
            .map(|(at, row)| readable_id(source, parts[*at as usize].batch, *row as usize))
            .collect(),
    }
}

/// The id of a row of a source, for people: `flight_id=17`, several columns with commas.
pub fn readable_id(source: &Source, batch: &Batch, row: usize) -> String {
    let column = |id: &featc_ir::ColumnId| {
        let column = batch.column(*id);
        let value = match column.value(row) {
            Value::Null => "null".to_owned(),
            // Quoted, so that blanks and controls can be told.
            Value::String(text) => format!("{text:?}"),
            value => value.render(column.ty),
        };
        format!("{}={value}", source.columns[id.index()].name)
    };
    let columns: Vec<String> = source.unique.iter().map(column).collect();
    columns.join(", ")
}
