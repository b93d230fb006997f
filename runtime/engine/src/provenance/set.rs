//! A training set and its record, put in place such that no crash leaves a set beside the record of another.
//!
//! ```text
//! target claimed ─▶ set aside, on disk ─▶ record aside, on disk ─▶ old record removed ─▶ set in place ─▶ record in place
//! ```
//!
//! The claim ends after the last step, so that of two writers of one target one comes wholly after the other, or is refused.

use super::{PROVENANCE_KEY, Provenance};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use featr_decode::{Aside, Claim, DecodeError, RowsWriter, Sealed, WriteOptions, sync_folder};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Where the record of a training set stands: `train.csv.provenance.json` beside `train.csv`.
pub fn sidecar(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".provenance.json");
    PathBuf::from(name)
}

/// A training set with its record, whole and on disk, not in their places. Dropped, it leaves nothing behind.
#[derive(Debug)]
pub struct StagedSet {
    set: Sealed,
    record: Option<Aside>,
    sidecar: PathBuf,
    _claim: Claim,
}

/// Writes a training set and its record aside, for a target that is claimed. Parquet and Arrow files hold the record too,
/// in their metadata. Without `record`, a record that stands beside the target is removed. The first error among the
/// batches ends it.
///
/// # Errors
/// [`DecodeError::UnknownExtension`], [`DecodeError::Unwritable`], [`DecodeError::BeyondText`].
pub fn stage_set(
    claim: Claim,
    schema: SchemaRef,
    batches: impl IntoIterator<Item = Result<RecordBatch, DecodeError>>,
    provenance: Option<&Provenance>,
    options: &WriteOptions,
) -> Result<StagedSet, DecodeError> {
    let text = provenance.map(Provenance::to_json);
    let metadata: Vec<(String, String)> = text
        .iter()
        .map(|text| (PROVENANCE_KEY.to_owned(), text.clone()))
        .collect();
    let options = WriteOptions {
        metadata,
        ..options.clone()
    };
    let out = claim.target();
    let mut writer = RowsWriter::create_with(out, schema, &options)?;
    for batch in batches {
        writer.write(&batch?)?;
    }
    let set = writer.seal()?;
    let sidecar = sidecar(out);
    let record = text.map(|text| {
        let aside = Aside::create(&sidecar)?;
        let mut file = aside.file();
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(aside)
    });
    let record = record
        .transpose()
        .map_err(|error: std::io::Error| DecodeError::refused(&sidecar, &error))?;
    Ok(StagedSet {
        set,
        record,
        sidecar,
        _claim: claim,
    })
}

impl StagedSet {
    /// Where the set is now.
    pub fn path(&self) -> &Path {
        self.set.path()
    }

    /// Rows of the set.
    pub fn rows(&self) -> u64 {
        self.set.rows
    }

    /// Puts both in place.
    ///
    /// # Errors
    /// [`DecodeError::Unwritable`]; an old set may then have lost its record, but has none of another set.
    pub fn put(self) -> Result<(), DecodeError> {
        let refused = |error: std::io::Error| DecodeError::refused(&self.sidecar, &error);
        match std::fs::remove_file(&self.sidecar) {
            Ok(()) => {
                let folder = self.sidecar.parent().filter(|folder| !folder.as_os_str().is_empty());
                sync_folder(folder.unwrap_or(Path::new("."))).map_err(refused)?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(refused(error)),
        }
        self.set.put()?;
        match self.record {
            Some(record) => record
                .put()
                .map_err(|error| DecodeError::refused(&self.sidecar, &error)),
            None => Ok(()),
        }
    }
}
