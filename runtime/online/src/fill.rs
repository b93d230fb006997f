//! Filling what a changed program reads and a state does not have, from history.
//!
//! ```text
//! rows that were pushed here    the Parquet of pushed/, and the log; with the arrivals that they had then
//! rows of files                 where files are given; else where the rows that were pushed are not all there, and the program can
//!                               read those that are: of them those with an identity that no pushed row has, and an arrival up
//!                               to the cut of the last answer
//! ```
//!
//! # Contract
//! Answers afterwards are those of a server that had had the program all along: with nothing but rows that were pushed here
//! to the bit (tested: `agree`, lives of states), with files as if their rows had been pushed as well. Nothing of the folder has
//! changed until a checkpoint has all of it.

use crate::core::cuts_at;
use crate::disk::Disk;
use crate::error::StateError;
use crate::manifest::Manifest;
use crate::pushed::{archived, in_log};
use arrow::array::RecordBatch;
use featc_ir::Source;
use featr::{Brought, Cuts, Error, History, Online, Program, ToRebuild};
use std::collections::{BTreeMap, BTreeSet};

/// Where history may come from, beside the rows that were pushed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fill {
    /// Sources whose files are read in any case: they were given for this.
    pub given: BTreeSet<String>,
    /// Overrides the `delay` of every source, in microseconds, as for answers.
    pub delay_us: Option<u64>,
}

/// What was filled of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// Its name.
    pub source: String,
    /// The events, and why they were missing.
    pub events: Vec<ToRebuild>,
    /// The rows that were read for it.
    pub brought: Brought,
    /// Whether files were read.
    pub has_files: bool,
    /// What rows that were pushed here are missing, if files stand in their place.
    pub lacks: Option<String>,
    /// Up to which arrival they were, in microseconds since the epoch; `None`: up to any.
    pub cut_us: Option<i64>,
}

/// A source that has to be filled.
struct Filling {
    history: History,
    /// Rows of `pushed/`.
    archived: u64,
    /// Why rows that were pushed here are of no use to this program, if some are.
    unusable: Option<Error>,
}

impl Filling {
    /// Brings rows that were pushed here.
    fn known(&mut self, online: &mut Online, rows: &RecordBatch) {
        let known = self.history.known(online, rows);
        self.unusable = self.unusable.take().or(known.err());
    }

    /// Why the rows that were pushed here are not all of the source, if so.
    fn lacks(&self, taken: Option<u64>) -> Option<String> {
        match (&self.unusable, taken) {
            (Some(error), _) => Some(format!("rows that were pushed are not its rows any more: {error}")),
            (None, None) => Some("not all of its rows have been pushed here".to_owned()),
            (None, Some(taken)) if self.archived < taken => Some(format!(
                "of {taken} rows that were pushed `pushed/` has {}",
                self.archived
            )),
            (None, Some(_)) => None,
        }
    }

    /// Reads the rows of files of a source; gives why they do not bring what is missing, if so. `lacks`: what the rows that were
    /// pushed here are missing; `is_given`: the files were named for this.
    fn files(
        &mut self,
        (program, online): (&Program, &mut Online),
        source: &str,
        (lacks, is_given): (Option<&str>, bool),
        cut_us: Option<i64>,
    ) -> Result<Option<String>, StateError> {
        // Acknowledged rows give way only to files that were named for this.
        let is_refused = self.unusable.is_some() && !is_given;
        if is_refused || !program.has_batch_files(source) {
            return Ok(Some(lacks.unwrap_or_default().to_owned()));
        }
        let read = self.history.files(online, program, cut_us);
        read.map_err(StateError::Program)?;
        Ok(self.brings_nothing(lacks))
    }

    /// Why nothing is filled where files have rows, and the program can use none of them.
    fn brings_nothing(&self, lacks: Option<&str>) -> Option<String> {
        let brought = &self.history.brought;
        let is_nothing = brought.unusable > 0 && brought.unusable == brought.of_files;
        let pushed = lacks.map_or_else(String::new, |lacks| format!("; {lacks}"));
        is_nothing.then(|| format!("none of the {} rows of its files can be used{pushed}", brought.of_files))
    }
}

/// What is filled.
pub struct Missing<'a> {
    pub program: &'a Program,
    pub online: &'a mut Online,
    /// What is to be rebuilt in it.
    pub events: &'a [ToRebuild],
    /// Beside those of the manifest, the greatest cuts that answers may have been given with, and what they follow from.
    pub cuts: &'a Cuts,
    pub answered_us: Option<i64>,
}

/// Why these events cannot be filled from history, if nothing can.
pub fn unfillable(program: &Program, log: &ToRebuild, folder: &str) -> Option<StateError> {
    let table = program.versions_behind(&log.log)?;
    let which = match log.log.source == table {
        true => "",
        false => ", which they look into,",
    };
    Some(StateError::Unfillable {
        folder: folder.to_owned(),
        why: format!("{log}; table `{table}`{which} may have given up versions"),
    })
}

/// Fills what is to be rebuilt in an engine.
///
/// # Errors
/// History that is not there, or cannot be read.
pub fn fill(
    missing: Missing<'_>,
    fill: &Fill,
    disk: &dyn Disk,
    manifest: &Manifest,
) -> Result<Vec<Filled>, StateError> {
    let mut events: BTreeMap<String, Vec<ToRebuild>> = BTreeMap::new();
    for log in missing.events {
        if let Some(refused) = unfillable(missing.program, log, &disk.name("")) {
            return Err(refused);
        }
        events.entry(log.log.source.clone()).or_default().push(log.clone());
    }
    let mut fillings = BTreeMap::new();
    for source in events.keys() {
        let filling = Filling {
            history: missing.program.history(source).map_err(StateError::Program)?,
            archived: 0,
            unusable: None,
        };
        fillings.insert(source.clone(), filling);
    }
    let cuts: BTreeMap<String, Option<i64>> = events
        .keys()
        .map(|source| (source.clone(), missing.cut(source, fill, manifest)))
        .collect();
    let Missing { program, online, .. } = missing;
    archived(disk, manifest, &mut |source, rows| {
        if let Some(filling) = fillings.get_mut(source) {
            filling.archived += rows.num_rows() as u64;
            filling.known(online, rows);
        }
        Ok(())
    })?;
    in_log(disk, &mut |source, rows| {
        if let Some(filling) = fillings.get_mut(source) {
            filling.known(online, rows);
        }
        Ok(())
    })?;
    let mut filled = Vec::new();
    for (source, mut filling) in fillings {
        let taken = manifest.taken.get(&source).copied();
        let lacks = filling.lacks(taken);
        let is_given = fill.given.contains(&source);
        let has_files = lacks.is_some() || is_given;
        let cut_us = cuts.get(&source).copied().flatten().filter(|_| has_files);
        if has_files {
            let refused = filling.files((program, online), &source, (lacks.as_deref(), is_given), cut_us)?;
            if let Some(why) = refused {
                let folder = disk.name("");
                return Err(StateError::NoHistory { folder, source, why });
            }
        }
        let were_pushed = filling.unusable.is_some() || taken.is_some();
        filled.push(Filled {
            events: events.remove(&source).unwrap_or_default(),
            source,
            brought: filling.history.brought,
            has_files,
            lacks: lacks.filter(|_| were_pushed),
            cut_us,
        });
    }
    online.rebuilt();
    Ok(filled)
}

impl Missing<'_> {
    /// Up to which arrival rows of files belong to what answers have shown; `None`: nothing was answered, or the source has none.
    fn cut(&self, source: &str, fill: &Fill, manifest: &Manifest) -> Option<i64> {
        let known = manifest.cuts.get(source).max(self.cuts.get(source));
        let base_us = self.answered_us.max(manifest.answered_us)?;
        let sources: Vec<Source> = self.program.sources();
        let declared: Vec<Source> = sources.into_iter().filter(|known| known.name == source).collect();
        let cut = cuts_at(None, base_us, &declared, fill.delay_us).remove(source);
        known.copied().or(cut)
    }
}
