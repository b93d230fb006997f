//! What a folder of state holds and nothing reaches, and what of it can be smaller.
//!
//! ```text
//! log/, checkpoint/, entities/
//!                            segments, checkpoints and files of entities that the manifest does not reach: a process was killed
//!                            before it removed them
//! served/SERVICE/, pushed/SOURCE/
//!                            small files, joined: 00000003-00000009.parquet has the rows of segments 3 to 9
//! aside/                     files of processes that have ended, joined
//! ```
//!
//! # Contract
//! A joined file is written whole, and read again, before what it joins is removed. Wherever it ends, the rows of the folder are
//! the same to who reads it by [`featr::replaced`]: all that joins and is joined may lie side by side (tested on a disk that stops
//! anywhere).

use crate::archive::{PUSHED, SERVED, parquet_of};
use crate::disk::Disk;
use crate::error::StateError;
use crate::pushed::batches;
use crate::recovery::{check_unused, needless, read_manifest};
use crate::refusals::{damaged, refused};
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use featr::{FINGERPRINTS_KEY, replaced, segments_of};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeSet;

/// Files are joined up to so many bytes of Parquet, or lines.
const JOINED_BYTES: usize = 32 << 20;

/// What compacting did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Files that nothing reached.
    pub unreached: Vec<String>,
    /// Files that were made, each with how many it joins.
    pub joined: Vec<(String, usize)>,
    /// The bytes of the folder before and afterwards.
    pub bytes: [u64; 2],
}

/// Compacts the state in a folder that the caller owns.
///
/// # Errors
/// There is no state; a file is not whole; the disk refuses. What was done until then holds.
pub fn compact(disk: &dyn Disk) -> Result<Compacted, StateError> {
    let Some(manifest) = read_manifest(disk)? else {
        check_unused(disk)?;
        let folder = disk.name("");
        return Err(StateError::Nothing { folder });
    };
    let mut done = Compacted::default();
    done.bytes[0] = bytes(disk)?;
    for file in needless(disk, &manifest)? {
        done.remove(disk, file)?;
    }
    for kind in [SERVED, PUSHED] {
        for name in list(disk, kind)? {
            done.archive(disk, &format!("{kind}/{name}"), manifest.first_segment)?;
        }
    }
    for what in ["rejected", "late"] {
        done.lines(disk, what, manifest.epoch)?;
    }
    done.bytes[1] = bytes(disk)?;
    Ok(done)
}

fn list(disk: &dyn Disk, folder: &str) -> Result<Vec<String>, StateError> {
    disk.list(folder).map_err(refused(disk, folder))
}

fn bytes(disk: &dyn Disk) -> Result<u64, StateError> {
    let mut all = 0;
    for file in crate::inspect::files(disk)? {
        all += read(disk, &file)?.len() as u64;
    }
    Ok(all)
}

fn read(disk: &dyn Disk, file: &str) -> Result<Vec<u8>, StateError> {
    let bytes = disk.read(file).map_err(refused(disk, file))?;
    bytes.ok_or_else(|| damaged(disk, file, "it is missing"))
}

/// A file that may be joined with its neighbours.
struct Part {
    name: String,
    first: u64,
    last: u64,
    bytes: Vec<u8>,
}

/// Parts that become one file.
#[derive(Default)]
struct Run {
    parts: Vec<Part>,
    bytes: usize,
}

impl Run {
    fn has_room(&self, bytes: usize) -> bool {
        self.parts.is_empty() || self.bytes + bytes <= JOINED_BYTES
    }

    fn put(&mut self, part: Part) {
        self.bytes += part.bytes.len();
        self.parts.push(part);
    }

    /// The name of the file that joins them.
    fn name(&self, extension: &str) -> String {
        let (first, last) = (
            self.parts.first().map_or(0, |part| part.first),
            self.parts.last().map_or(0, |part| part.last),
        );
        format!("{first:08}-{last:08}.{extension}")
    }
}

impl Compacted {
    fn remove(&mut self, disk: &dyn Disk, file: String) -> Result<(), StateError> {
        disk.remove(&file).map_err(refused(disk, &file))?;
        self.unreached.push(file);
        Ok(())
    }

    /// Joins small files of a folder of Parquet, of segments that are no part of the log any more.
    fn archive(&mut self, disk: &dyn Disk, folder: &str, first_segment: u64) -> Result<(), StateError> {
        let names = list(disk, folder)?;
        let old = replaced(names.iter().map(String::as_str));
        for name in &old {
            self.remove(disk, format!("{folder}/{name}"))?;
        }
        // Segments of which there are several files stay as they are.
        let several: BTreeSet<u64> = names
            .iter()
            .filter(|name| name.contains('_'))
            .filter_map(|name| segments_of(name).map(|segments| *segments.start()))
            .collect();
        let mut parts = Vec::new();
        for name in names.iter().filter(|name| !old.contains(&name.as_str())) {
            let Some(segments) = segments_of(name).filter(|segments| *segments.end() < first_segment) else {
                continue;
            };
            parts.push((name.clone(), *segments.start(), *segments.end()));
        }
        parts.sort_by_key(|(_, first, _)| *first);
        let (mut run, mut of) = (Run::default(), None);
        for (name, first, last) in parts {
            let file = format!("{folder}/{name}");
            let bytes = read(disk, &file)?;
            let about = about(disk, &file, &bytes)?;
            let is_whole = !several.contains(&first) && bytes.len() < JOINED_BYTES / 2;
            if !is_whole || !run.has_room(bytes.len()) || of.as_ref() != Some(&about) {
                self.join(disk, folder, std::mem::take(&mut run))?;
            }
            if is_whole {
                of = Some(about);
                run.put(Part {
                    name,
                    first,
                    last,
                    bytes,
                });
            }
        }
        self.join(disk, folder, run)
    }

    /// Writes the file that joins a run, reads it again, and removes its parts.
    fn join(&mut self, disk: &dyn Disk, folder: &str, run: Run) -> Result<(), StateError> {
        if run.parts.len() < 2 {
            return Ok(());
        }
        let file = format!("{folder}/{}", run.name("parquet"));
        let mut rows = Vec::new();
        let mut fingerprints = None;
        for part in &run.parts {
            let of = format!("{folder}/{}", part.name);
            fingerprints = about(disk, &of, &part.bytes)?.1;
            rows.extend(batches(disk, &of, part.bytes.clone())?);
        }
        rows.retain(|batch| batch.num_rows() > 0);
        if rows.is_empty() {
            return Ok(());
        }
        let unwritable = |why: String| refused(disk, &file)(std::io::Error::other(why));
        let joined = parquet_of(&rows, fingerprints).map_err(|error| unwritable(error.to_string()))?;
        disk.replace(&file, &joined).map_err(refused(disk, &file))?;
        let again = batches(disk, &file, read(disk, &file)?)?;
        let whole = |rows: &[RecordBatch]| concat_batches(&rows[0].schema(), rows);
        match (whole(&rows), whole(&again)) {
            (Ok(rows), Ok(again)) if rows == again => {}
            (Ok(_), Ok(_)) => return Err(damaged(disk, &file, "it does not hold what was written")),
            (Err(error), _) | (_, Err(error)) => return Err(unwritable(error.to_string())),
        }
        for part in &run.parts {
            let old = format!("{folder}/{}", part.name);
            disk.remove(&old).map_err(refused(disk, &old))?;
        }
        self.joined.push((file, run.parts.len()));
        Ok(())
    }

    /// Joins files of lines of processes that have ended; of each the last line may be torn, which nobody was told of.
    fn lines(&mut self, disk: &dyn Disk, what: &str, epoch: u64) -> Result<(), StateError> {
        let folder = "aside";
        let all = list(disk, folder)?;
        let names = all.iter().filter_map(|name| name.strip_prefix(what)?.strip_prefix('-'));
        let names: Vec<&str> = names.filter(|name| name.ends_with(".jsonl")).collect();
        let full = |name: &str| format!("{folder}/{what}-{name}");
        let old = replaced(names.iter().copied());
        for name in &old {
            self.remove(disk, full(name))?;
        }
        let left = names.iter().filter(|name| !old.contains(name));
        let mut known: Vec<(u64, u64, &str)> = left
            .filter_map(|name| segments_of(name).map(|epochs| (*epochs.start(), *epochs.end(), *name)))
            .collect();
        known.sort_unstable();
        let mut run = Run::default();
        for (first, last, name) in known {
            // The last process may be the one that is asked about.
            if last >= epoch {
                continue;
            }
            let bytes = read(disk, &full(name))?;
            if !run.has_room(bytes.len()) {
                self.join_lines(disk, what, std::mem::take(&mut run))?;
            }
            run.put(Part {
                name: full(name),
                first,
                last,
                bytes,
            });
        }
        self.join_lines(disk, what, run)
    }

    fn join_lines(&mut self, disk: &dyn Disk, what: &str, run: Run) -> Result<(), StateError> {
        if run.parts.len() < 2 {
            return Ok(());
        }
        let file = format!("aside/{what}-{}", run.name("jsonl"));
        let mut text = Vec::new();
        for part in &run.parts {
            let whole = part
                .bytes
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(0, |end| end + 1);
            text.extend_from_slice(&part.bytes[..whole]);
        }
        disk.replace(&file, &text).map_err(refused(disk, &file))?;
        for part in &run.parts {
            disk.remove(&part.name).map_err(refused(disk, &part.name))?;
        }
        self.joined.push((file, run.parts.len()));
        Ok(())
    }
}

/// What files have to share to be joined: their columns, and what they say of features.
type About = (arrow::datatypes::SchemaRef, Option<String>);

fn about(disk: &dyn Disk, file: &str, bytes: &[u8]) -> Result<About, StateError> {
    let broken = |error: parquet::errors::ParquetError| damaged(disk, file, error.to_string());
    let bytes = bytes::Bytes::copy_from_slice(bytes);
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(broken)?;
    let metadata = builder.metadata().file_metadata().key_value_metadata();
    let entry = metadata
        .into_iter()
        .flatten()
        .find(|entry| entry.key == FINGERPRINTS_KEY);
    let fingerprints = entry.and_then(|entry| entry.value.clone());
    Ok((builder.schema().clone(), fingerprints))
}
