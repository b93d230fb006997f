//! Records of Avro: the schemas that they were written with, and their values as JSON.
//!
//! A record becomes the line of JSON that says the same, and that is decoded as any other: so its values are those of the same
//! row as JSON. No value is kept in between, and what a record may make of a stack and of memory is bounded.

mod fit;
mod json;
mod schema;

#[cfg(test)]
mod tests;

pub use fit::misfits;
pub use json::to_json;
pub use schema::{Schema, Schemas};

/// The first byte of a record whose schema a registry has; four more are the schema's number.
const MAGIC: u8 = 0;
const HEAD_BYTES: usize = 5;

/// The number of a record's schema, and the record after it.
///
/// # Errors
/// It does not begin as such a record does.
pub fn framed(value: &[u8]) -> Result<(u32, &[u8]), String> {
    match value.split_at_checked(HEAD_BYTES) {
        Some(([MAGIC, id @ ..], record)) => {
            let id = id.iter().fold(0, |id, byte| id << 8 | u32::from(*byte));
            Ok((id, record))
        }
        Some(([first, ..], _)) => Err(format!(
            "no record with a schema of a registry: its first byte is {first}, not 0"
        )),
        Some(([], _)) | None => Err(format!(
            "no record with a schema of a registry: it has {} bytes",
            value.len()
        )),
    }
}
