//! A program on disk: reading its files, writing its build.

use crate::diag::{FileId, SourceMap};
use crate::{Manifest, Plans};
use featc_ir::wire::Wire;
use featc_ir::{Program, display};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The files of one program, read.
#[derive(Debug, Clone)]
pub struct Project {
    pub sources: SourceMap,
    pub files: Vec<FileId>,
    /// The folder that paths in the program are relative to.
    pub base: PathBuf,
}

/// Why a program's files could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadError {
    NotFound { path: PathBuf, why: String },
    Unreadable { path: PathBuf, why: String },
}

/// Why a build could not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildError {
    pub path: PathBuf,
    pub why: String,
}

impl Project {
    /// Reads a program: a `.feat` file, or a folder whose `.feat` files make one module.
    ///
    /// # Errors
    /// A path that is not there or holds no `.feat` file; a file that cannot be read or is not UTF-8.
    pub fn load(path: &Path) -> Result<Project, LoadError> {
        let not_found = |why: &str| LoadError::NotFound {
            path: path.to_owned(),
            why: why.to_owned(),
        };
        let unreadable = |path: &Path, why: String| LoadError::Unreadable {
            path: path.to_owned(),
            why,
        };
        let kind = std::fs::metadata(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => not_found("no such file or folder"),
            _ => unreadable(path, error.to_string()),
        })?;
        let paths = if kind.is_dir() {
            let entries = std::fs::read_dir(path).map_err(|error| unreadable(path, error.to_string()))?;
            let mut found: Vec<PathBuf> = entries
                .flatten()
                .map(|e| e.path())
                .filter(|p| p.extension().is_some_and(|x| x == "feat"))
                .collect();
            found.sort();
            found
        } else {
            vec![path.to_owned()]
        };
        if paths.is_empty() {
            return Err(not_found("the folder holds no .feat file"));
        }
        let mut sources = SourceMap::new();
        let mut files = Vec::new();
        for path in paths {
            let bytes = std::fs::read(&path).map_err(|error| unreadable(&path, error.to_string()))?;
            let text = String::from_utf8(bytes).map_err(|error| {
                unreadable(
                    &path,
                    format!(
                        "it is not UTF-8 (first bad byte at {})",
                        error.utf8_error().valid_up_to()
                    ),
                )
            })?;
            files.push(sources.add(path.display().to_string(), text));
        }
        let base = if kind.is_dir() {
            path.to_owned()
        } else {
            path.parent().unwrap_or(Path::new("")).to_owned()
        };
        let base = if base.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            base
        };
        Ok(Project { sources, files, base })
    }
}

/// Writes a build into `<out>/<module>/`: the typed program, both plans as text and JSON, the stream graph as Mermaid,
/// and the manifest. Each file is written aside, flushed and renamed; the manifest comes last. Returns the folder.
///
/// # Errors
/// The first path that could not be written; nothing half-written stays.
pub fn build(program: &Program, plans: &Plans, out: &Path) -> Result<PathBuf, BuildError> {
    let folder = out.join(&program.module);
    let mut files: BTreeMap<String, String> = BTreeMap::from([
        ("program.txt".to_owned(), display::program(program)),
        ("program.json".to_owned(), program.to_json()),
        ("stream.txt".to_owned(), display::stream_graph(&plans.stream)),
        ("stream.json".to_owned(), plans.stream.to_json()),
        ("stream.mmd".to_owned(), display::mermaid(&plans.stream)),
    ]);
    for plan in &plans.batch {
        files.insert(format!("batch/{}.txt", plan.service), display::batch_plan(plan));
        files.insert(format!("batch/{}.json", plan.service), plan.to_json());
    }
    let hashes = files
        .iter()
        .map(|(name, text)| {
            (
                name.clone(),
                format!("{:032x}", xxhash_rust::xxh3::xxh3_128(text.as_bytes())),
            )
        })
        .collect();
    let manifest = Manifest::new(program, hashes);
    let mut manifest_text = serde_json::to_string_pretty(&manifest).expect("plain data always serialises");
    manifest_text.push('\n');
    for (name, text) in &files {
        write_whole(&folder.join(name), text)?;
    }
    write_whole(&folder.join("manifest.json"), &manifest_text)?;
    remove_unlisted(&folder.join("batch"), &folder, &files);
    Ok(folder)
}

/// Plans of services that are gone would mislead a reader. Failing to remove one is no failure of the build:
/// readers go by the manifest.
fn remove_unlisted(batch: &Path, folder: &Path, files: &BTreeMap<String, String>) {
    for entry in std::fs::read_dir(batch).into_iter().flatten().flatten() {
        let path = entry.path();
        let listed = path
            .strip_prefix(folder)
            .is_ok_and(|name| files.contains_key(&*name.to_string_lossy()));
        if !listed && path.is_file() {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Writes beside the target, flushes to disk, renames.
fn write_whole(path: &Path, text: &str) -> Result<(), BuildError> {
    let attempt = || -> std::io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let mut aside = tempfile::Builder::new().permissions(readable()).tempfile_in(folder)?;
        aside.write_all(text.as_bytes())?;
        aside.as_file().sync_all()?;
        aside.persist(path).map_err(|error| error.error)?;
        std::fs::File::open(folder)?.sync_all()
    };
    attempt().map_err(|error| BuildError {
        path: path.to_owned(),
        why: error.to_string(),
    })
}

/// What a newly made file gets, before the umask takes its part (temporary files are private otherwise).
fn readable() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::Permissions::from_mode(0o666)
}
