//! The manifest: which checkpoint and which part of the log are the state. It is replaced whole.

use crate::entities;
use crate::entity_files::EntityFiles;
use crate::positions::Read;
use crate::sealed::{Broken, seal, unseal};
use featr::Cuts;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub const FILE: &str = "manifest";
pub const VERSION: u8 = 2;
/// The oldest form that is read: it had all entities in the checkpoint.
const OLDEST: u8 = 1;
const MAGIC: &str = "FEATRSTATE";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// One more each time a process takes the folder.
    pub epoch: u64,
    /// The program that wrote last.
    pub program: String,
    /// The number of the checkpoint; 0: there is none yet.
    pub checkpoint: u64,
    /// The log goes on from the checkpoint with this segment.
    pub first_segment: u64,
    /// Answers have been given whose cuts follow from instants up to this one, in microseconds.
    pub answered_us: Option<i64>,
    /// The greatest cuts of these answers, by source.
    #[serde(default)]
    pub cuts: Cuts,
    /// Up to where readers had read the rows that it holds.
    #[serde(default, skip_serializing_if = "Read::is_empty")]
    pub read: Read,
    /// A hash of what each table held that events were made with, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: BTreeMap<String, String>,
    /// Of the sources all of whose rows have been pushed here, how many rows checkpoints have taken out of the log.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub taken: BTreeMap<String, u64>,
    /// The entities that stand beside the checkpoint.
    #[serde(default, skip_serializing_if = "EntityFiles::is_empty")]
    pub entities: EntityFiles,
    /// Where the log ends, if the process ended in order.
    pub end: Option<(u64, u64)>,
}

/// The name of a checkpoint's file.
pub fn checkpoint_file(number: u64) -> String {
    format!("checkpoint/{number:08}.snap")
}

impl Manifest {
    pub fn write(&self) -> Vec<u8> {
        let body = serde_json::to_string(self).expect("plain data always serialises");
        seal((MAGIC, VERSION), &body)
    }

    /// Reads what [`Manifest::write`] wrote.
    ///
    /// # Errors
    /// Anything else.
    pub fn read(bytes: &[u8]) -> Result<Manifest, Broken> {
        let body = unseal(bytes, MAGIC, OLDEST..=VERSION)?;
        serde_json::from_str(body).map_err(|_| Broken::Damaged("it does not say what it should"))
    }

    /// As it is when so many rows of sources have come out of the log, and with these files of entities.
    #[must_use]
    pub fn with(mut self, rows: &BTreeMap<String, u64>, entities: EntityFiles) -> Manifest {
        for (source, taken) in &mut self.taken {
            *taken += rows.get(source).copied().unwrap_or_default();
        }
        Manifest { entities, ..self }
    }

    /// The files that it names, beside the log.
    pub fn files(&self) -> Vec<String> {
        let checkpoint = (self.checkpoint > 0).then(|| checkpoint_file(self.checkpoint));
        let entities = self.entities.files.keys().map(|number| entities::file(*number));
        checkpoint.into_iter().chain(entities).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_is_found() {
        let manifest = Manifest {
            epoch: 3,
            program: "abc".to_owned(),
            checkpoint: 2,
            first_segment: 5,
            answered_us: Some(-1),
            cuts: Cuts::from([("txn".to_owned(), -3)]),
            read: Read::default(),
            tables: BTreeMap::from([("planes".to_owned(), "0f".to_owned())]),
            taken: BTreeMap::from([("txn".to_owned(), 7)]),
            entities: EntityFiles {
                files: BTreeMap::from([(3, 1_000)]),
                logs: vec![1, 0],
                next_log: 2,
            },
            end: Some((5, 25)),
        };
        let bytes = manifest.write();
        assert_eq!(Manifest::read(&bytes), Ok(manifest));
        for at in 0..bytes.len() {
            assert!(Manifest::read(&bytes[..at]).is_err(), "{at}");
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            assert!(Manifest::read(&flipped).is_err(), "{at}");
        }
        let newer = String::from_utf8(bytes).unwrap().replace("STATE 2", "STATE 3");
        assert_eq!(Manifest::read(newer.as_bytes()), Err(Broken::OtherVersion(3)));
    }
}
