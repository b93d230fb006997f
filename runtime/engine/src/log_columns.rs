//! The columns of a served log that are not the service's own: one definition for who writes and who reads it.

use crate::error::Error;
use featc_ir::Source;
use featc_ir::plan::Spine as Asked;
use std::collections::BTreeSet;

/// The name of the service.
pub const SERVICE: &str = "service";
/// The hash of the program that answered.
pub const PROGRAM: &str = "program";
/// What the caller called its question; a log may do without.
pub const REQUEST: &str = "request_id";
/// The instant of the question, in a log that a server writes.
pub const INSTANT: &str = "timestamp";
/// The key of the features' fingerprints in the metadata of a file of a log: a JSON object, by output column.
pub const FINGERPRINTS_KEY: &str = "featc.fingerprints";

/// The column of the cuts of a source.
pub fn cut(source: &str) -> String {
    format!("{}{source}", Source::CUT)
}

/// The column of the statuses of an output column.
pub fn status(output: &str) -> String {
    featc_ir::status_column(output)
}

/// Refuses a service of which a log would have two columns of one name; `instant` is the name of the instant, if it is known.
pub(crate) fn check_names<'a>(
    service: &str,
    asked: &Asked,
    sources: &[Source],
    outputs: impl Iterator<Item = &'a str>,
    instant: Option<&str>,
) -> Result<(), Error> {
    let fixed = [SERVICE, PROGRAM, REQUEST].into_iter().chain(instant);
    let mut names: Vec<String> = fixed.map(str::to_owned).collect();
    // A server writes one of each source, null where it is static.
    names.extend(sources.iter().map(|source| cut(&source.name)));
    names.extend(asked.columns().into_iter().map(|key| key.name));
    names.extend(outputs.flat_map(|output| [output.to_owned(), status(output)]));
    let mut known = BTreeSet::new();
    match names.into_iter().find(|name| !known.insert(name.clone())) {
        None => Ok(()),
        Some(column) => Err(Error::CutsUnnamed {
            service: service.to_owned(),
            column,
        }),
    }
}
