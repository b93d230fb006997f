//! A table that rows are going to be written to, looked at before any work is done.

use super::check::{readable, writable};
use super::log::State;
use super::schema::Columns;
use super::table::{Root, Table};
use super::write::DeltaWriter;
use crate::object::Buckets;
use crate::place::Place;
use crate::problem::problem;
use arrow::datatypes::Schema;
use featr_decode::{DecodeError, LakeCause};
use std::io;
use std::path::Path;

/// What happens with rows that the table has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// There must be no table yet.
    Create,
    /// They stay. A table that is missing is created.
    Append,
    /// They go, in the same commit. A table that is missing is created.
    Overwrite,
}

/// A table that rows are going to be written to.
#[derive(Debug)]
pub struct DeltaTarget {
    pub(super) table: Table,
    pub(super) state: Option<State>,
    pub(super) mode: Mode,
}

impl DeltaTarget {
    /// See [`crate::LakeStore::delta`].
    pub(crate) fn open(buckets: &Buckets, address: &str, mode: Mode) -> Result<DeltaTarget, DecodeError> {
        let table = Table::at(buckets, address, Path::new(""))?;
        if let Place::Local(path) = Place::of(address)? {
            check_folder(&path)?;
        }
        let state = table.state_if_any()?;
        match &state {
            Some(state) if mode == Mode::Create => {
                let why = format!("it is at version {}", state.version);
                return Err(problem(LakeCause::TableExists, address, why));
            }
            Some(state) => {
                readable(address, state)?;
                writable(address, state, mode)?;
            }
            None => check_empty(&table)?,
        }
        Ok(DeltaTarget { table, state, mode })
    }

    /// Begins with the data files, for rows of one schema.
    ///
    /// # Errors
    /// [`LakeCause::UnfitColumn`], [`LakeCause::SchemaDiffers`].
    pub fn writer(self, schema: &Schema) -> Result<DeltaWriter, DecodeError> {
        let mut columns = Columns::of(&self.table.address, schema)?;
        if let Some(state) = &self.state {
            columns.fit(&state.columns)?;
        }
        Ok(DeltaWriter::begin(self, columns))
    }
}

fn check_folder(path: &Path) -> Result<(), DecodeError> {
    let no = |why: &str| {
        Err(DecodeError::Unwritable {
            file: path.display().to_string(),
            why: why.to_owned(),
        })
    };
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    if path.exists() && !path.is_dir() {
        no("a Delta table is a folder, and this is none")
    } else if !path.exists() && !parent.is_dir() {
        no("no such folder")
    } else {
        Ok(())
    }
}

/// A folder with a purpose of its own does not become a table. Data files of a table in the making, or of one that was
/// never finished, are no such purpose.
fn check_empty(table: &Table) -> Result<(), DecodeError> {
    let Root::Local(folder) = &table.root else {
        return Ok(());
    };
    let foreign = |name: &str| {
        let ours = name.starts_with("part-") && name.ends_with(".parquet");
        !ours && !name.starts_with('.') && name != "_delta_log"
    };
    let unreadable = |error: io::Error| DecodeError::unreadable(&table.address, &error);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        // It comes with the table.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unreadable(error)),
    };
    for entry in entries {
        if foreign(&entry.map_err(unreadable)?.file_name().to_string_lossy()) {
            return Err(problem(
                LakeCause::UnwritableTable,
                &table.address,
                "the folder holds other files and no table",
            ));
        }
    }
    Ok(())
}
