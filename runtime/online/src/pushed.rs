//! The rows that were pushed to a state: those of files, and those that are in the log alone.

use crate::archive::PUSHED;
use crate::disk::Disk;
use crate::error::StateError;
use crate::ipc;
use crate::log::Entry;
use crate::manifest::Manifest;
use crate::recovery::{self, Replay, read_manifest, unreadable};
use crate::refusals::{damaged, refused};
use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use featr::{DecodeError, Stored, guarded};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// The rows of a file.
///
/// # Errors
/// It cannot be read.
pub fn batches(disk: &dyn Disk, file: &str, bytes: Vec<u8>) -> Result<Vec<RecordBatch>, StateError> {
    let read = guarded(file, || -> Result<Vec<RecordBatch>, ArrowError> {
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes))?;
        // Batches come without what the schema says of them.
        let schema = reader.schema().clone();
        reader
            .build()?
            .map(|batch| batch?.with_schema(schema.clone()))
            .collect()
    });
    read.map_err(|error| match error {
        DecodeError::Corrupt { why, .. } => damaged(disk, file, why),
        other => damaged(disk, file, other.to_string()),
    })
}

/// Gives all rows that were pushed, by source, with their arrivals: those of the files, and those that are in the log alone.
///
/// # Errors
/// There is no state, or it is not whole; what `each` refuses.
pub fn pushed(
    disk: &dyn Disk,
    each: &mut dyn FnMut(&str, &RecordBatch) -> Result<(), StateError>,
) -> Result<(), StateError> {
    let Some(manifest) = read_manifest(disk)? else {
        recovery::check_unused(disk)?;
        let folder = disk.name("");
        return Err(StateError::Nothing { folder });
    };
    archived(disk, &manifest, each)?;
    in_log(disk, each)
}

/// As [`pushed`], of the files: what a checkpoint has taken out of the log.
///
/// # Errors
/// As [`pushed`].
pub fn archived(
    disk: &dyn Disk,
    manifest: &Manifest,
    each: &mut dyn FnMut(&str, &RecordBatch) -> Result<(), StateError>,
) -> Result<(), StateError> {
    let list = |folder: &str| disk.list(folder).map_err(refused(disk, folder));
    for source in list(PUSHED)? {
        let folder = format!("{PUSHED}/{source}");
        let names = list(&folder)?;
        let replaced = featr::replaced(names.iter().map(String::as_str));
        for name in &names {
            let file = format!("{folder}/{name}");
            // What is in the log still comes from there.
            let segments = featr::segments_of(name);
            let is_in_log = segments.is_none_or(|segments| *segments.end() >= manifest.first_segment);
            if is_in_log || replaced.contains(&name.as_str()) {
                continue;
            }
            let bytes = disk.read(&file).map_err(refused(disk, &file))?.unwrap_or_default();
            batches(disk, &file, bytes)?
                .iter()
                .try_for_each(|batch| each(&source, batch))?;
        }
    }
    Ok(())
}

/// As [`pushed`], of the log.
///
/// # Errors
/// As [`pushed`].
pub fn in_log(
    disk: &dyn Disk,
    each: &mut dyn FnMut(&str, &RecordBatch) -> Result<(), StateError>,
) -> Result<(), StateError> {
    recovery::replay(disk, &mut InLog(each)).map(drop)
}

/// Gives the rows of the log.
struct InLog<'a>(&'a mut dyn FnMut(&str, &RecordBatch) -> Result<(), StateError>);

impl Replay for InLog<'_> {
    fn checkpoint(&mut self, _: &[u8], _: &str, _: &Manifest) -> Result<(), StateError> {
        Ok(())
    }

    fn record(&mut self, _: u32, _: (&[u8], Stored), _: &str) -> Result<(), StateError> {
        Ok(())
    }

    fn entry(&mut self, entry: Entry<'_>, file: &str) -> Result<(), StateError> {
        let Some((source, ipc)) = entry.rows() else {
            return Ok(());
        };
        let rows = ipc::read(ipc).map_err(|error| unreadable(file, &error))?;
        rows.iter().try_for_each(|batch| (self.0)(source, batch))
    }
}
