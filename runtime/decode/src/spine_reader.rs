//! Reading a spine from a file of any format.

use crate::builder::Rules;
use crate::error::DecodeError;
use crate::files::LocalStore;
use crate::formats::{format_in, of};
use crate::spine::{Spine, Wanted};
use crate::store::InputFile;
use crate::zone::Zone;
use featc_ir::{Key, Type};
use std::path::Path;

/// Reads a spine from Parquet, Arrow IPC, CSV or JSONL, told apart by extension, else by content.
///
/// `keys` are the columns to decode (entity keys and the columns that `excluding self` compares with), `at_column` has
/// the instants, `zone` is for timestamps without offset. No row is dropped: one that cannot be used is an error.
///
/// # Errors
/// Every [`DecodeError`] about reading; text formats tell rows by their lines.
pub fn read_spine(path: &Path, keys: &[Key], at_column: &str, zone: Option<&str>) -> Result<Spine, DecodeError> {
    let input = InputFile::new(path.to_owned(), path.display().to_string());
    let name = input.name.to_string();
    let zone = zone.map(Zone::named).transpose()?;
    if let Some(key) = keys
        .iter()
        .find(|key| key.name == at_column && key.ty != Type::Timestamp)
    {
        return Err(DecodeError::WrongType {
            file: name,
            column: at_column.to_owned(),
            expected: "timestamp".into(),
            found: format!("the key of type {}", key.ty),
        });
    }
    let wanted = Wanted {
        file: &name,
        keys,
        at: at_column,
        // An event that keeps its NaN may have it in its identity.
        rules: Rules { zone, keep_nan: true },
    };
    of(format_in(&LocalStore, &input)?).spine(&LocalStore, &input, &wanted)
}

#[cfg(test)]
mod tests;
