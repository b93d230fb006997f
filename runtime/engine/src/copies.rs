//! Copies of events that differ in columns which their source does not declare, found in rows that are held whole.

use crate::error::Error;
use crate::program::Program;
use crate::recorded::Side;
use featc_ir::Source;
use featr_batch::EXAMPLES_MAX;
use featr_decode::{Decoded, ReadOptions, read_source};
use featr_kernels::rows::{Conflicts, Copies, accept, digests, readable_id};
use featr_kernels::{Batch, identity};
use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

impl Program {
    /// The copies that differ among the `rows` of a source. Where an event has copies, the files are read again, this time
    /// with their undeclared columns.
    pub(crate) fn differing_copies(&self, source: &Source, side: Side, rows: &Batch) -> Result<Conflicts, Error> {
        let copied = copied(source, rows);
        if copied.is_empty() {
            return Ok(Conflicts::default());
        }
        let options = ReadOptions {
            undeclared: true,
            store: Some(self.store()),
            ..ReadOptions::default()
        };
        let mut copies = Copies::default();
        let reader = read_source(source, &self.files(source, side)?, &self.base, options)?;
        for (part, decoded) in (0u64..).zip(reader) {
            note(&mut copies, source, part, &decoded?, &copied)?;
        }
        Ok(copies.differing(EXAMPLES_MAX))
    }
}

/// How many events have copies in one batch that differ.
pub(crate) fn differing_in_batch(source: &Source, decoded: &Decoded) -> Result<u64, Error> {
    let mut copies = Copies::default();
    if decoded.undeclared.as_ref().is_some_and(|others| !others.is_empty()) {
        let copied = copied(source, &decoded.batch);
        if !copied.is_empty() {
            note(&mut copies, source, 0, decoded, &copied)?;
        }
    }
    Ok(copies.differing(0).ids)
}

/// The digests that several accepted rows have. Whole rows are looked at only where ids repeat.
fn copied(source: &Source, rows: &Batch) -> HashSet<u128> {
    let ids = identity::order_keys(rows, &source.unique);
    let hasher = RandomState::new();
    let mut hashed: Vec<(u64, u32)> = ids.iter().map(|id| hasher.hash_one(id)).zip(0u32..).collect();
    hashed.sort_unstable();
    let alike = hashed.chunk_by(|left, right| left.0 == right.0);
    let repeated = alike.filter(|rows| rows.len() > 1).flatten().map(|(_, row)| *row);
    let repeated: Vec<u32> = repeated.collect();
    if repeated.is_empty() {
        return HashSet::new();
    }
    let rows = rows.take(&repeated);
    let rows = rows.take(&accept(source, &rows).rows());
    let mut digests = digests(source, &rows);
    digests.sort_unstable();
    let pairs = digests.windows(2).filter(|pair| pair[0] == pair[1]);
    pairs.map(|pair| pair[0]).collect()
}

/// Notes the accepted rows of a batch that are among the `copied`.
fn note(
    copies: &mut Copies,
    source: &Source,
    part: u64,
    decoded: &Decoded,
    copied: &HashSet<u128>,
) -> Result<(), Error> {
    let Some(undeclared) = &decoded.undeclared else {
        return Ok(());
    };
    let digests = digests(source, &decoded.batch);
    let mut rows = accept(source, &decoded.batch).rows();
    rows.retain(|row| copied.contains(&digests[*row as usize]));
    for (row, hash) in rows.iter().zip(undeclared.hashes(&rows)?) {
        let readable = || readable_id(source, &decoded.batch, *row as usize);
        copies.note(digests[*row as usize], hash, (part, *row), readable);
    }
    Ok(())
}
