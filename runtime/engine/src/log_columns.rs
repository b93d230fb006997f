//! The columns that every served log has, whatever the service.

use crate::error::Error;
use featc_ir::plan::Spine as Asked;
use featc_ir::{Cut, Key, Source, Truth};

/// The name of the service.
pub(crate) const SERVICE: &str = "service";
/// The hash of the program that answered.
pub(crate) const PROGRAM: &str = "program";
/// What the caller called its question; a log may do without.
pub(crate) const REQUEST: &str = "request_id";

/// Refuses a service whose questions have a column with the name of one of a served log.
pub(crate) fn check_names(service: &str, asked: &Asked, sources: &[Source]) -> Result<(), Error> {
    let given = sources
        .iter()
        .filter(|source| source.cut_under(Truth::AsServed) == Cut::Given);
    let cuts: Vec<String> = given.map(|source| source.cut_key().name).collect();
    let taken = |key: &&Key| [SERVICE, PROGRAM, REQUEST].contains(&key.name.as_str()) || cuts.contains(&key.name);
    match asked.columns().iter().find(taken) {
        None => Ok(()),
        Some(key) => Err(Error::CutsUnnamed {
            service: service.to_owned(),
            column: key.name.clone(),
        }),
    }
}
