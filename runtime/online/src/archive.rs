//! What a checkpoint takes out of the log, as Parquet: what was answered, and what was pushed, with its arrivals.
//!
//! ```text
//! served/<service>/<segment>.parquet    answers; with the fingerprints of the features that gave them
//! pushed/<source>/<segment>.parquet     rows as they were taken in
//! ```
//!
//! A segment that is read again gives the same files. Other columns in one segment make further files: `00000003_1.parquet`.

use crate::disk::Disk;
use crate::error::StateError;
use crate::ipc::{self, Parts};
use crate::log::{self, Entry};
use crate::refusals::{damaged, refused};
use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use featr::FINGERPRINTS_KEY;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use std::collections::BTreeMap;

pub const SERVED: &str = "served";
pub const PUSHED: &str = "pushed";

/// Of each service, the fingerprints of its features by output column.
pub type Fingerprints = BTreeMap<String, BTreeMap<String, String>>;

/// A folder of files, and what their metadata has to say.
type Of = (String, Option<String>);

/// Makes files of a segment that has ended, of whose bytes `len` count; tells how many rows of each source it has.
///
/// # Errors
/// The disk refuses; the segment is not what was written.
pub fn put(disk: &dyn Disk, (segment, len): (u64, u64), pushed: bool) -> Result<BTreeMap<String, u64>, StateError> {
    let file = log::file(segment);
    let bytes = disk.read(&file).map_err(refused(disk, &file))?;
    let bytes = bytes.ok_or_else(|| damaged(disk, &file, "it is missing"))?;
    let scan = log::scan(&bytes, segment).map_err(|_| damaged(disk, &file, "its header is broken"))?;
    if scan.valid < len {
        return Err(damaged(
            disk,
            &file,
            format!("what follows its byte {} is broken", scan.valid),
        ));
    }
    let mut counts = BTreeMap::new();
    let parts = parts(&scan.entries, pushed, &mut counts);
    let parts = parts.map_err(|error| damaged(disk, &file, format!("a record holds no rows: {error}")))?;
    let mut files: BTreeMap<&str, u32> = BTreeMap::new();
    for ((folder, fingerprints), rows) in parts.each() {
        let number = files.entry(folder).or_default();
        let file = match number {
            0 => format!("{folder}/{segment:08}.parquet"),
            _ => format!("{folder}/{segment:08}_{number}.parquet"),
        };
        *number += 1;
        let bytes = parquet_of(rows, fingerprints.clone());
        let bytes = bytes.map_err(|error| refused(disk, &file)(std::io::Error::other(error)))?;
        disk.replace(&file, &bytes).map_err(refused(disk, &file))?;
    }
    Ok(counts)
}

/// The rows of a segment, by the files that they go to.
fn parts(entries: &[Entry<'_>], pushed: bool, counts: &mut BTreeMap<String, u64>) -> Result<Parts<Of>, ArrowError> {
    let mut parts = Parts::default();
    let mut fingerprints = Fingerprints::new();
    for entry in entries {
        match entry {
            Entry::Program {
                fingerprints: known, ..
            } => {
                let read = serde_json::from_slice(known);
                fingerprints = read.map_err(|error| ArrowError::ParseError(error.to_string()))?;
            }
            Entry::Answers { service, ipc } => {
                let of_service = fingerprints.get(*service);
                let text = of_service.and_then(|known| serde_json::to_string(known).ok());
                for batch in ipc::read(ipc)? {
                    parts.add((format!("{SERVED}/{service}"), text.clone()), batch);
                }
            }
            Entry::Rows { .. } | Entry::Read { .. } => {
                if let Some((source, ipc)) = entry.rows() {
                    for batch in ipc::read(ipc)? {
                        *counts.entry(source.to_owned()).or_default() += batch.num_rows() as u64;
                        if pushed {
                            parts.add((format!("{PUSHED}/{source}"), None), batch);
                        }
                    }
                }
            }
            Entry::Bound { .. } | Entry::End => {}
        }
    }
    Ok(parts)
}

/// Rows as a file, with what its metadata says of features.
///
/// # Errors
/// None but bugs.
pub fn parquet_of(rows: &[RecordBatch], fingerprints: Option<String>) -> Result<Vec<u8>, ParquetError> {
    let metadata = fingerprints.map(|text| vec![KeyValue::new(FINGERPRINTS_KEY.to_owned(), text)]);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_key_value_metadata(metadata)
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), rows[0].schema(), Some(properties))?;
    rows.iter().try_for_each(|rows| writer.write(rows))?;
    writer.into_inner()
}
