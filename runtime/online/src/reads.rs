//! The records of a group's rows: what was read of a source, and how far, stand in one record, so that after a crash both are
//! there or neither.

use crate::aside::{About, Aside};
use crate::group::Push;
use crate::log::Entry;
use crate::positions::Positions;
use crate::shared::Shared;
use std::collections::BTreeMap;

/// By source, the positions after a group's rows, as JSON.
pub type Moved = BTreeMap<String, Vec<u8>>;

/// The positions that the pushes of a group move to.
///
/// # Errors
/// None but bugs.
pub fn moved(pushes: &[Push]) -> Result<Moved, String> {
    let mut all: BTreeMap<&str, Positions> = BTreeMap::new();
    for push in pushes {
        if let Some(read) = push.read.as_ref().filter(|read| !read.positions.is_empty()) {
            let of_source = all.entry(&push.incoming.source).or_default();
            of_source.extend(read.positions.clone());
        }
    }
    let json = |(source, positions): (&str, Positions)| {
        let json = serde_json::to_vec(&positions).map_err(|error| error.to_string())?;
        Ok((source.to_owned(), json))
    };
    all.into_iter().map(json).collect()
}

/// The records of a group's rows, by source, with the positions after them.
pub fn entries<'a>(rows: &'a [(String, Vec<u8>)], moved: &'a Moved) -> Vec<Entry<'a>> {
    let mut entries = Vec::with_capacity(rows.len() + moved.len());
    for (place, (source, ipc)) in rows.iter().enumerate() {
        let is_last = rows[place + 1..].iter().all(|(other, _)| other != source);
        entries.push(match moved.get(source).filter(|_| is_last) {
            Some(positions) => Entry::Read { source, positions, ipc },
            None => Entry::Rows { source, ipc },
        });
    }
    let has_rows = |source: &String| rows.iter().any(|(other, _)| other == source);
    let without = moved.iter().filter(|(source, _)| !has_rows(source));
    entries.extend(without.map(|(source, positions)| Entry::Read {
        source,
        positions,
        ipc: &[],
    }));
    entries
}

/// Keeps aside what readers could not decode: nobody brings it again once their positions have moved.
///
/// # Errors
/// The disk refuses. With `true` one may try again.
pub fn keep_undecoded(aside: &mut Aside, shared: &Shared, pushes: &[Push]) -> Result<(), (String, bool)> {
    for push in pushes.iter().filter(|push| push.read.is_some()) {
        let about = About::of(push, shared.clock.now_us());
        let noted = aside.note_undecoded(&push.incoming, about);
        noted.map_err(|error| (error.to_string(), true))?;
    }
    kept(aside, shared)
}

/// Makes durable what was noted aside. After a refusal that leaves unknown what is there nothing more is written.
///
/// # Errors
/// As [`keep_undecoded`].
pub fn kept(aside: &mut Aside, shared: &Shared) -> Result<(), (String, bool)> {
    aside.keep().map_err(|(error, again)| {
        let why = featr::plain(&error);
        if !again {
            shared.fail(&why);
        }
        (why, again)
    })
}
