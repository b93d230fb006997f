//! Reading a spine from a file of any format.

use crate::error::DecodeError;
use crate::files::LocalStore;
use crate::formats::{format_in, of};
use crate::rules::Rules;
use crate::spine::{Spine, Wanted, columns};
use crate::store::{InputFile, Table};
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
    let wanted = wanted(&name, keys, at_column, zone)?;
    of(format_in(&LocalStore, &input)?).spine(&LocalStore, &input, &wanted)
}

/// As [`read_spine`], of rows in memory, which stay as they are; `name` is what messages call them.
///
/// # Errors
/// As those of an Arrow file.
pub fn spine_of(
    table: &Table,
    name: &str,
    keys: &[Key],
    at_column: &str,
    zone: Option<&str>,
) -> Result<Spine, DecodeError> {
    let mut batches = table.batches.iter().cloned();
    let wanted = wanted(name, keys, at_column, zone)?;
    columns(table.schema.clone(), &mut || Ok(batches.next()), &wanted)
}

/// What is wanted of a spine; refuses an instant that is a key of another type.
fn wanted<'a>(name: &'a str, keys: &'a [Key], at: &'a str, zone: Option<&str>) -> Result<Wanted<'a>, DecodeError> {
    let zone = zone.map(Zone::named).transpose()?;
    let is_other = |key: &&Key| key.name == at && key.ty != Type::Timestamp;
    if let Some(key) = keys.iter().find(is_other) {
        return Err(DecodeError::WrongType {
            file: name.to_owned(),
            column: at.to_owned(),
            expected: Some(Type::Timestamp),
            found: format!("the key of type {}", key.ty),
        });
    }
    Ok(Wanted {
        file: name,
        keys,
        at,
        // An event that keeps its NaN may have it in its identity.
        rules: Rules {
            zone,
            keep_nan: true,
            loose: true,
        },
    })
}

#[cfg(test)]
mod tests;
