//! Rows of the past, for events that a changed program reads and a state does not have.

use crate::error::Error;
use crate::online::Online;
use crate::program::Program;
use crate::recorded::Side;
use arrow::array::RecordBatch;
use featc_ir::Source;
use featr_decode::{ReadOptions, decode_rows, read_source};
use featr_kernels::{Batch, identity, rows};
use std::collections::HashSet;
use xxhash_rust::xxh3::xxh3_128;

/// Brings the rows of a source to the logs of an engine that are to be rebuilt, and to no others.
///
/// # Contract
/// Rows that were taken in before come first, by [`History::known`], with the arrivals that they had then; of the rows of files
/// those count whose identity is not among them, and whose arrival is not after the cut. So the logs are what they would be, had
/// the engine had them when these rows came (tested: `agree`, lives of states).
#[derive(Debug)]
pub struct History {
    source: Source,
    /// Identities that are known, as hashes of their keys.
    known: HashSet<u128>,
    /// What was brought so far.
    pub brought: Brought,
}

/// Rows of history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Brought {
    /// Rows that had been taken in before.
    pub known: u64,
    /// Further ones that the source rejects as it is declared now, such as a null where a `?` has gone.
    pub rejected: u64,
    /// Rows of files.
    pub of_files: u64,
    /// Of the rows of files, those with an identity that was known.
    pub again: u64,
    /// Of the rows of files, those with an arrival after the cut.
    pub later: u64,
    /// Of the rows of files, those that cannot be used.
    pub unusable: u64,
}

impl Program {
    /// A way for the rows of a source to logs that are to be rebuilt.
    ///
    /// # Errors
    /// [`Error::UnknownSource`].
    pub fn history(&self, source: &str) -> Result<History, Error> {
        Ok(History {
            source: self.declared(source)?,
            known: HashSet::new(),
            brought: Brought::default(),
        })
    }

    /// Whether rows of a source lie in files: those that were given for it, or those of its `batch`.
    pub fn has_batch_files(&self, source: &str) -> bool {
        self.declared(source)
            .is_ok_and(|source| self.files(&source, Side::Batch).is_ok())
    }
}

impl History {
    /// Brings rows that had been taken in before.
    ///
    /// # Errors
    /// [`Error::Decode`]: they are not the rows of the source as it is declared now; nothing of them has been brought.
    pub fn known(&mut self, online: &mut Online, batch: &RecordBatch) -> Result<(), Error> {
        let (decoded, rejected) = decode_rows(&self.source, batch, &format!("rows of {}", self.source.name))?;
        let ids = hashes(&self.source, &decoded.batch);
        self.known.extend(ids);
        self.brought.known += decoded.batch.rows as u64;
        self.brought.rejected += rejected.len() as u64;
        online.refill(&self.source.name, &decoded.batch);
        Ok(())
    }

    /// Brings the rows of files with arrivals up to a cut; without a cut all of them, and rows that never change whatever it is.
    ///
    /// # Errors
    /// [`Error::NoFiles`], [`Error::Decode`].
    pub fn files(&mut self, online: &mut Online, program: &Program, cut_us: Option<i64>) -> Result<(), Error> {
        let options = ReadOptions {
            store: Some(program.store()),
            ..ReadOptions::default()
        };
        let files = program.files(&self.source, Side::Batch)?;
        let mut reader = read_source(&self.source, &files, &program.base, options)?;
        for decoded in reader.by_ref() {
            program.check_interrupt()?;
            self.batch(online, &decoded?.batch, cut_us);
        }
        let undecoded = reader.into_rejects().total();
        self.brought.of_files += undecoded;
        self.brought.unusable += undecoded;
        Ok(())
    }

    fn batch(&mut self, online: &mut Online, batch: &Batch, cut_us: Option<i64>) {
        let verdict = rows::accept(&self.source, batch);
        let arrivals = rows::arrivals(&self.source, batch);
        let is_later = |row: u32| {
            let cut = cut_us.zip(arrivals.as_ref());
            cut.is_some_and(|(cut_us, arrivals)| arrivals[row as usize] > cut_us)
        };
        let ids: Vec<u128> = hashes(&self.source, batch).collect();
        let accepted = verdict.rows();
        let (later, rows): (Vec<u32>, Vec<u32>) = accepted.iter().copied().partition(|row| is_later(*row));
        let is_new = |row: &u32| !self.known.contains(&ids[*row as usize]);
        let new: Vec<u32> = rows.iter().copied().filter(is_new).collect();
        let brought = &mut self.brought;
        brought.of_files += batch.rows as u64;
        brought.unusable += (batch.rows - accepted.len()) as u64;
        brought.later += later.len() as u64;
        brought.again += (rows.len() - new.len()) as u64;
        online.refill(&self.source.name, &batch.take(&new));
    }
}

/// A hash of each row's identity. Two that are equal by chance hide a row of a file: one in 2^64 of as many rows.
fn hashes<'a>(source: &Source, batch: &'a Batch) -> impl Iterator<Item = u128> + use<'a> {
    let ids = identity::order_keys(batch, &source.unique);
    (0..batch.rows).map(move |row| xxh3_128(ids.get(row)))
}
