//! From a stored state to an engine.

use crate::error::StateError;
use crate::ipc;
use crate::log::Entry;
use crate::manifest::{Manifest, checkpoint_file};
use crate::recovery::Replay;
use crate::served::Served;
use featr::{Cuts, Error, Online};

/// An engine that takes up a state.
#[derive(Debug)]
pub struct Replayed {
    pub online: Online,
    pub served: Served,
    pub bound_us: Option<i64>,
    /// The greatest cuts that answers may have been given with.
    pub cuts: Cuts,
    /// What messages call the folder.
    pub folder: String,
    /// Rows of the log that were taken in.
    pub rows: u64,
}

impl Replay for Replayed {
    fn checkpoint(&mut self, bytes: &[u8], manifest: &Manifest) -> Result<(), StateError> {
        let report = self.online.restore(bytes).map_err(|error| StateError::Damaged {
            file: format!("{}/{}", self.folder, checkpoint_file(manifest.checkpoint)),
            why: error.to_string(),
        })?;
        match report.to_rebuild.first() {
            None => Ok(()),
            Some(missing) => Err(self.of_another_program(&missing.to_string())),
        }
    }

    fn entry(&mut self, entry: Entry<'_>, file: &str) -> Result<(), StateError> {
        let unreadable = |error: arrow::error::ArrowError| StateError::Damaged {
            file: file.to_owned(),
            why: format!("a record holds no rows: {error}"),
        };
        match entry {
            Entry::Rows { source, ipc } => {
                for batch in ipc::read(ipc).map_err(unreadable)? {
                    self.rows += batch.num_rows() as u64;
                    match self.online.push(source, &batch) {
                        // A source that the program no longer reads.
                        Ok(_) | Err(Error::UnknownSource { .. }) => {}
                        Err(error) => return Err(self.of_another_program(&error.to_string())),
                    }
                }
            }
            Entry::Answers { service, ipc } => {
                for batch in ipc::read(ipc).map_err(unreadable)? {
                    self.served.add(service, batch);
                }
            }
            Entry::Bound { us, cuts } => {
                self.bound_us = self.bound_us.max(Some(us));
                let cuts: Cuts = serde_json::from_slice(cuts).map_err(|error| StateError::Damaged {
                    file: file.to_owned(),
                    why: format!("a record holds no cuts: {error}"),
                })?;
                for (source, cut_us) in cuts {
                    let known_us = self.cuts.entry(source).or_insert(cut_us);
                    *known_us = cut_us.max(*known_us);
                }
            }
            Entry::End => {}
        }
        Ok(())
    }
}

impl Replayed {
    fn of_another_program(&self, why: &str) -> StateError {
        StateError::OtherProgram {
            folder: self.folder.clone(),
            why: why.to_owned(),
        }
    }
}
