//! Files of entities: what checkpoints write of them, each after it has changed, and where the engine reads it again.
//!
//! ```text
//! file     "FEATRENT"  version u32  number u64  xxh3-64 of these
//! record   log u32  length u32  the entity  xxh3-64 of the file's number, the place of the record, and these
//! ```
//!
//! All integers are little-endian. What an entity is says the engine, canonically. Of an entity the last record counts: that
//! of the greatest file, and in it the last one. A log has a number that no other log of the folder ever had, and keeps it while
//! its records mean the same.

use crate::disk::Disk;
use crate::entity_files::FILE_BYTES;
use crate::error::StateError;
use crate::numbered;
use crate::refusals::{damaged, other_version, refused};
use featr::{EntityStore, Record, Stored};
use std::collections::BTreeMap;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: &[u8; 8] = b"FEATRENT";
pub const VERSION: u32 = 1;
const HEADER_BYTES: usize = 28;
/// Of a record, beside the entity.
const FRAME_BYTES: usize = 16;

pub fn file(number: u64) -> String {
    format!("entities/{number:08}.ent")
}

/// Whether a name is that of such a file, with its folder.
pub fn is_file(name: &str) -> bool {
    name.strip_prefix("entities/").and_then(number).is_some()
}

/// The number in the name of a file in the folder `entities`.
pub fn number(name: &str) -> Option<u64> {
    numbered::number(name, ".ent", 8)
}

fn header(number: u64) -> Vec<u8> {
    let mut header = MAGIC.to_vec();
    header.extend_from_slice(&VERSION.to_le_bytes());
    header.extend_from_slice(&number.to_le_bytes());
    let sum = xxh3_64(&header);
    header.extend_from_slice(&sum.to_le_bytes());
    header
}

/// The sum of a record, which is that of no other place.
fn sum(number: u64, offset: u64, record: &[u8]) -> u64 {
    let mut of = xxh3_64(record).to_le_bytes().to_vec();
    of.extend_from_slice(&number.to_le_bytes());
    of.extend_from_slice(&offset.to_le_bytes());
    xxh3_64(&of)
}

/// Records on their way into files.
pub struct Writing {
    disk: Arc<dyn Disk>,
    number: u64,
    bytes: Vec<u8>,
    /// Those that are written, with their bytes.
    files: BTreeMap<u64, u64>,
}

impl Writing {
    /// Writes files from this number on.
    pub fn begin(disk: Arc<dyn Disk>, number: u64) -> Writing {
        Writing {
            disk,
            number,
            bytes: Vec::new(),
            files: BTreeMap::new(),
        }
    }

    /// Writes a record of the log with this number.
    ///
    /// # Errors
    /// The disk refuses; an entity with more than 4 GiB.
    pub fn put(&mut self, log: u32, record: &Record) -> Result<Stored, StateError> {
        if self.bytes.is_empty() {
            self.bytes = header(self.number);
        }
        let offset = self.bytes.len();
        let length = u32::try_from(record.bytes.len()).map_err(|_| StateError::Io {
            file: self.disk.name(&file(self.number)),
            why: "an entity has more than 4 GiB of events".to_owned(),
        })?;
        self.bytes.extend_from_slice(&log.to_le_bytes());
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(&record.bytes);
        let sum = sum(self.number, offset as u64, &self.bytes[offset..]);
        self.bytes.extend_from_slice(&sum.to_le_bytes());
        let stored = Stored {
            file: self.number,
            offset: offset as u64,
            bytes: (self.bytes.len() - offset) as u64,
        };
        if self.bytes.len() >= FILE_BYTES {
            self.end_file()?;
        }
        Ok(stored)
    }

    fn end_file(&mut self) -> Result<(), StateError> {
        if !self.bytes.is_empty() {
            let name = file(self.number);
            let bytes = std::mem::take(&mut self.bytes);
            self.disk.replace(&name, &bytes).map_err(refused(&*self.disk, &name))?;
            self.files.insert(self.number, bytes.len() as u64);
            self.number += 1;
        }
        Ok(())
    }

    /// The files, when there is no more record.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn end(mut self) -> Result<BTreeMap<u64, u64>, StateError> {
        self.end_file()?;
        Ok(self.files)
    }
}

/// Reads a file, and gives each record with the number of its log.
///
/// # Errors
/// What is missing, cut short or changed; what `each` refuses.
pub fn read(
    disk: &dyn Disk,
    (number, wanted): (u64, u64),
    each: &mut dyn FnMut(u32, (&[u8], Stored)) -> Result<(), StateError>,
) -> Result<(), StateError> {
    let name = file(number);
    let broken = |why: &str| damaged(disk, &name, why);
    let bytes = disk.read(&name).map_err(refused(disk, &name))?;
    let bytes = bytes.ok_or_else(|| broken("it is missing"))?;
    if bytes.len() as u64 != wanted {
        return Err(broken(&format!("it has {} bytes in place of {wanted}", bytes.len())));
    }
    let (head, wanted) = (&bytes[..HEADER_BYTES.min(bytes.len())], header(number));
    if *head != *wanted {
        let sum = head
            .get(HEADER_BYTES - 8..)
            .map(|sum| xxh3_64(&head[..HEADER_BYTES - 8]).to_le_bytes() == *sum);
        let version = head
            .get(8..12)
            .and_then(|version| Some(u32::from_le_bytes(version.try_into().ok()?)));
        return Err(match (sum, version) {
            (Some(true), Some(version)) if version != VERSION && head.starts_with(MAGIC) => {
                other_version(disk, &name, version, VERSION)
            }
            _ => broken("its header is broken"),
        });
    }
    let mut offset = HEADER_BYTES;
    while offset < bytes.len() {
        let record = framed(&bytes[offset..], (number, offset as u64));
        let (log, entity) = record.ok_or_else(|| broken(&format!("its byte {offset} begins no whole record")))?;
        let stored = Stored {
            file: number,
            offset: offset as u64,
            bytes: (entity.len() + FRAME_BYTES) as u64,
        };
        each(log, (entity, stored))?;
        offset += entity.len() + FRAME_BYTES;
    }
    Ok(())
}

/// The record in front of some bytes, if it is whole and stands there.
fn framed(bytes: &[u8], (number, offset): (u64, u64)) -> Option<(u32, &[u8])> {
    let log = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
    let length = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?) as usize;
    let record = bytes.get(..8 + length)?;
    let found = u64::from_le_bytes(bytes.get(8 + length..FRAME_BYTES + length)?.try_into().ok()?);
    (found == sum(number, offset, record)).then_some((log, &record[8..]))
}

/// Where the engine reads records again.
#[derive(Debug)]
pub struct OnDisk(pub Arc<dyn Disk>);

impl EntityStore for OnDisk {
    fn read(&self, stored: Stored) -> Result<Vec<u8>, String> {
        let name = file(stored.file);
        let told = |why: &str| format!("`{}`: {why}", self.0.name(&name));
        let bytes = self.0.read_part(&name, stored.offset, stored.bytes);
        let mut bytes = bytes.map_err(|error| told(&featr::plain(&error)))?;
        match framed(&bytes, (stored.file, stored.offset)) {
            Some((_, entity)) if entity.len() + FRAME_BYTES == bytes.len() => {
                bytes.truncate(bytes.len() - 8);
                bytes.drain(..8);
                Ok(bytes)
            }
            _ => Err(told(&format!("its byte {} begins no whole record", stored.offset))),
        }
    }
}
