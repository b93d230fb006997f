//! What a command writes to: claims on files, what must not be overwritten, and rejected rows set aside.

use crate::args::{OutFormat, RunArgs, TrainArgs};
use crate::errors;
use crate::report::{Refused, Reporter};
use crate::run::Prepared;
use arrow::datatypes::{Field, Schema};
use featr::provenance::sidecar;
use featr::{Claim, JsonlRejects, RejectedRows, Spine, begins_with_reject, open_file};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

/// Rejected rows on their way to `--rejected FILE`: written beside it, and named so when the run has ended.
#[derive(Debug)]
pub struct Aside {
    claim: Claim,
    file: featr::Aside,
}

impl Aside {
    /// `None` when nobody asked for them.
    pub fn new(args: &RunArgs, reporter: &Reporter) -> Result<Option<Aside>, Refused> {
        let Some(path) = &args.rejected else { return Ok(None) };
        let claim = claim(path, reporter)?;
        match featr::Aside::create(path) {
            Ok(file) => Ok(Some(Aside { claim, file })),
            Err(error) => reporter.refuse(errors::unwritable(&path.display().to_string(), &plain(&error))),
        }
    }

    /// The sink that a run takes.
    pub fn sink(&self, reporter: &Reporter) -> Result<Box<dyn RejectedRows>, Refused> {
        let name = self.claim.target().display().to_string();
        match self.file.file().try_clone() {
            // Unbuffered: an error must show while the run goes on.
            Ok(file) => Ok(Box::new(JsonlRejects::new(file, name))),
            Err(error) => reporter.refuse(errors::unwritable(&name, &plain(&error))),
        }
    }

    /// Gives the file its name.
    pub fn keep(self, reporter: &Reporter) -> Result<(), Refused> {
        let path = self.claim.target().display().to_string();
        let kept = self.file.put();
        kept.or_else(|error| reporter.refuse(errors::unwritable(&path, &plain(&error))))
    }
}

/// Refuses to replace what is not a plain file: a link, a device, a pipe, a folder; and a name that no file can have.
fn check_plain(target: &Path, reporter: &Reporter) -> Result<(), Refused> {
    match std::fs::symlink_metadata(target) {
        Ok(found) if !found.is_file() => {
            let name = target.display().to_string();
            reporter.refuse(errors::unwritable(&name, errors::NOT_PLAIN))
        }
        Ok(_) | Err(_) => check_name(target, reporter),
    }
}

/// Refuses a name that is too long for a file.
pub fn check_name(target: &Path, reporter: &Reporter) -> Result<(), Refused> {
    match std::fs::symlink_metadata(target) {
        Err(error) if error.kind() == std::io::ErrorKind::InvalidFilename => {
            reporter.refuse(errors::unwritable(&target.display().to_string(), &featr::plain(&error)))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Whether two paths lead to one place.
pub fn same_file(left: &Path, right: &Path) -> bool {
    match (std::fs::canonicalize(left), std::fs::canonicalize(right)) {
        (Ok(left), Ok(right)) => left == right,
        _ => std::path::absolute(left).ok() == std::path::absolute(right).ok(),
    }
}

/// Refuses outputs that are inputs of the same command, or each other, or cannot be replaced.
pub fn check_overwrites(
    prepared: &Prepared,
    args: &RunArgs,
    spine: Option<&Path>,
    out: Option<&Path>,
    reporter: &Reporter,
) -> Result<(), Refused> {
    let rejected = args.rejected.as_deref();
    if let (Some(out), Some(rejected)) = (out, rejected)
        && same_file(out, rejected)
    {
        return reporter.refuse(errors::overwrites(
            &out.display().to_string(),
            "the file of rejected rows",
        ));
    }
    let files = prepared.program.input_files(&prepared.service).unwrap_or_default();
    for target in [out, rejected].into_iter().flatten() {
        let name = target.display().to_string();
        check_plain(target, reporter)?;
        if spine.is_some_and(|spine| same_file(target, spine)) {
            return reporter.refuse(errors::overwrites(&name, "the spine"));
        }
        if prepared.served_log.iter().any(|file| same_file(target, file)) {
            return reporter.refuse(errors::overwrites(&name, "a file of the served log"));
        }
        if prepared.project.paths.iter().any(|file| same_file(target, file)) {
            return reporter.refuse(errors::overwrites(&name, "the program"));
        }
        if prepared.project.would_read(target) {
            return reporter.refuse(errors::overwrites(
                &name,
                "a file of the program from now on, and so an input",
            ));
        }
        if files.iter().any(|file| same_file(target, file)) {
            return reporter.refuse(errors::overwrites(&name, "a source file"));
        }
        if prepared.program.would_read(&prepared.service, target) {
            return reporter.refuse(errors::overwrites(
                &name,
                "a file that a source would read from now on, and so an input",
            ));
        }
    }
    match rejected {
        Some(rejected) if !is_rejects(rejected) => reporter.refuse(errors::no_rejects(&rejected.display().to_string())),
        Some(_) | None => Ok(()),
    }
}

/// Whether nothing is lost where rejected rows take the place of this file: it is not there, empty, or held some before.
fn is_rejects(path: &Path) -> bool {
    match open_file(path) {
        Ok(file) => begins_with_reject(file),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

/// Takes an output for this run, before any work is done; refuses one that could not be written, or that another run
/// is writing to. So is one beside which no record could stand.
pub fn check_out(out: &Path, reporter: &Reporter) -> Result<Claim, Refused> {
    let known = featr::output_format(out);
    known.or_else(|error| reporter.refuse(errors::run(&error.into(), None)))?;
    check_name(out, reporter)?;
    let record = std::fs::symlink_metadata(sidecar(out));
    if record.is_err_and(|error| error.kind() == std::io::ErrorKind::InvalidFilename) {
        return reporter.refuse(errors::long_name_of_record(&out.display().to_string()));
    }
    claim(out, reporter)
}

/// Takes a file that is to be written.
pub fn claim(target: &Path, reporter: &Reporter) -> Result<Claim, Refused> {
    let name = target.display().to_string();
    if name.ends_with(std::path::is_separator) {
        return reporter.refuse(errors::named_like_a_folder(&name));
    }
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        return reporter.refuse(errors::unwritable(&name, errors::NO_FOLDER));
    }
    Claim::take(target).or_else(|error| reporter.refuse(errors::run(&error.into(), None)))
}

/// The folder that something stands in.
fn parent(target: &Path) -> &Path {
    let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// A new folder beside `folder`, with the permissions of any new folder, that goes away unless it is put in place.
pub fn folder_aside(folder: &Path, prefix: &str) -> io::Result<tempfile::TempDir> {
    std::fs::create_dir_all(parent(folder))?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    builder.prefix(prefix).tempdir_in(parent(folder))
}

/// Writes a file, to the disk.
pub fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = std::fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Gives a folder its place, where there is none, or an empty one.
pub fn put_folder(aside: &tempfile::TempDir, folder: &Path) -> io::Result<()> {
    featr::sync_folder(aside.path())?;
    std::fs::rename(aside.path(), folder)?;
    featr::sync_folder(parent(folder))
}

/// Refuses columns that the result cannot hold, before anything is computed.
pub fn check_columns(prepared: &Prepared, spine: &Spine, args: &TrainArgs, reporter: &Reporter) -> Result<(), Refused> {
    if args.lake.out_format != OutFormat::File {
        return Ok(());
    }
    let service = prepared.ir.service(&prepared.service);
    let features = service.into_iter().flat_map(|service| service.columns(&prepared.ir));
    let features = features.map(|(name, ty)| Arc::new(Field::new(name, featr::arrow_type(ty), true)));
    let columns = spine.schema.fields().iter().cloned().chain(features);
    let schema = Schema::new(columns.collect::<Vec<_>>());
    let held = featr::check_columns(&args.out, &schema);
    held.or_else(|error| reporter.refuse(errors::run(&error.into(), None)))
}

fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => errors::NO_FOLDER.to_owned(),
        _ => featr::plain(error),
    }
}
