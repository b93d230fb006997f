//! Files where an output is to go, and that featc did not write: they are not replaced.

use crate::errors;
use crate::outputs::check_name;
use crate::report::{Refused, Reporter};
use crate::run::Prepared;
use featr::open_file;
use featr::provenance::{Provenance, sidecar};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// So much is looked at, at the beginning and at the end of a file: headers, first rows, footers.
const LOOKED_BYTES: u64 = 1 << 16;

/// Refuses to put a result in the place of a file that has neither a record beside it nor a column of a feature,
/// and a record in the place of what is none.
pub fn check_result(prepared: &Prepared, out: &Path, reporter: &Reporter) -> Result<(), Refused> {
    let columns = prepared
        .ir
        .services
        .iter()
        .flat_map(|service| service.columns(&prepared.ir));
    let names: Vec<&str> = columns.map(|(name, _)| name).collect();
    let (record, name) = (sidecar(out), sidecar(out).display().to_string());
    if !is_marked(&record, &[&record_mark()]) {
        let mark = "it is no record of a training set";
        return reporter.refuse(errors::no_result(&name, "--out", mark));
    }
    let has_record = std::fs::metadata(&record).is_ok_and(|about| about.len() > 0);
    let mark = "it has no record and no column of a feature of the program";
    match has_record || is_marked(out, &names) {
        true => Ok(()),
        false => reporter.refuse(errors::no_result(&out.display().to_string(), "--out", mark)),
    }
}

/// What records have at their beginning.
fn record_mark() -> String {
    format!("\"kind\": \"{}\"", Provenance::KIND)
}

/// What JUnit files of `featc verify` and `featc test` have at their beginning.
pub const JUNIT_MARK: &str = "<testsuites name=\"feat";
/// What its reports have.
pub const REPORT_MARK: &str = "\"checks\": [";

/// Refuses to put a text in the place of a file that has not its mark.
pub fn check_text(path: &Path, (option, mark): (&str, &str), reporter: &Reporter) -> Result<(), Refused> {
    check_name(path, reporter)?;
    match is_marked(path, &[mark]) {
        true => Ok(()),
        false => reporter.refuse(errors::no_result(
            &path.display().to_string(),
            option,
            "featc did not write it",
        )),
    }
}

/// Whether nothing is lost where an output takes the place of this file: it is not there, empty, or has one of the marks.
fn is_marked(path: &Path, marks: &[&str]) -> bool {
    match open_file(path).and_then(ends) {
        Ok(bytes) => bytes.is_empty() || marks.iter().any(|mark| contains(&bytes, mark.as_bytes())),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len().max(1)).any(|window| window == part)
}

fn ends(mut file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut read = |file: &File| file.take(LOOKED_BYTES).read_to_end(&mut bytes);
    read(&file)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOOKED_BYTES)))?;
    read(&file)?;
    Ok(bytes)
}
