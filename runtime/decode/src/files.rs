//! The file system of this machine: which files a pattern means, and their bytes.

use crate::error::DecodeError;
use crate::store::{InputFile, RandomRead, Store, open_file};
use crate::system::{LEADS_NOWHERE, NO_PLAIN_FILE, plain};
use crate::walk::{self, GlobError, Walk};
use bytes::Bytes;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// The file system of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalStore;

impl Store for LocalStore {
    fn list(&self, pattern: &str, extensions: &[&str], base: &Path) -> Result<Vec<InputFile>, DecodeError> {
        local(pattern, extensions, base)
    }

    fn open(&self, file: &InputFile) -> Result<Arc<dyn RandomRead>, DecodeError> {
        let refused = |error: io::Error| DecodeError::unreadable(&file.name, &error);
        let open = open_file(&file.path).map_err(refused)?;
        Ok(Arc::new(LocalFile::of(file.name.clone(), open).map_err(refused)?))
    }

    fn stream(&self, file: &InputFile) -> Result<Box<dyn Read + Send>, DecodeError> {
        let open = open_file(&file.path).map_err(|error| DecodeError::unreadable(&file.name, &error))?;
        Ok(Box::new(open))
    }

    fn near(&self, file: &InputFile) -> Option<u64> {
        let about = std::fs::metadata(&file.path).ok()?;
        about.is_file().then_some(about.len())
    }
}

/// An open file.
#[derive(Debug)]
pub(crate) struct LocalFile {
    name: Arc<str>,
    file: File,
    len: u64,
    modified_ns: u128,
}

impl LocalFile {
    pub(crate) fn of(name: Arc<str>, file: File) -> io::Result<LocalFile> {
        let about = file.metadata()?;
        let modified = about.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        Ok(LocalFile {
            name,
            file,
            len: about.len(),
            modified_ns: modified.map_or(0, |since| since.as_nanos()),
        })
    }
}

impl RandomRead for LocalFile {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, start: u64, len: usize) -> Result<Bytes, DecodeError> {
        if start.checked_add(len as u64).is_none_or(|end| end > self.len) {
            return Err(DecodeError::Unreadable {
                file: self.name.to_string(),
                why: format!("it ends before byte {}", start.saturating_add(len as u64)),
            });
        }
        let mut bytes = vec![0; len];
        read_exact_at(&self.file, &mut bytes, start).map_err(|error| match error.kind() {
            // It was long enough when it was opened.
            io::ErrorKind::UnexpectedEof => {
                let is = self.file.metadata().map_or(start, |about| about.len());
                DecodeError::changed(&self.name, self.len, is)
            }
            _ => DecodeError::unreadable(&self.name, &error),
        })?;
        Ok(bytes.into())
    }

    fn version(&self) -> Option<String> {
        Some(format!("{}+{}", self.modified_ns, self.len))
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], start: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, start)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut start: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, bytes, start)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        start += read as u64;
        bytes = &mut bytes[read..];
    }
    Ok(())
}

/// The files of one pattern on this machine.
fn local(pattern: &str, extensions: &[&str], base: &Path) -> Result<Vec<InputFile>, DecodeError> {
    let named = |path: PathBuf| {
        let name = path.strip_prefix(base).unwrap_or(&path).display().to_string();
        InputFile::new(path, name)
    };
    Ok(matches(pattern, extensions, base)?.into_iter().map(named).collect())
}

fn matches(pattern: &str, extensions: &[&str], base: &Path) -> Result<Vec<PathBuf>, DecodeError> {
    let nothing = |why: &str, other: Vec<String>| DecodeError::NoFiles {
        pattern: pattern.to_owned(),
        why: why.to_owned(),
        other,
    };
    let none = |why: &str| nothing(why, Vec::new());
    let literal = base.join(pattern);
    if literal.is_dir() {
        refuse_table(&literal, extensions, base)?;
        let mut found = Vec::new();
        folder(&literal, extensions, &mut Walk::default(), &mut found)?;
        found.sort();
        return if found.is_empty() {
            Err(nothing(&no_such_files(extensions), other_files(&literal)))
        } else {
            Ok(found)
        };
    }
    if literal.exists() {
        return Ok(vec![literal]);
    }
    if literal.is_symlink() {
        let unreadable = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => LEADS_NOWHERE.to_owned(),
            _ => plain(&error),
        };
        return Err(none(
            &std::fs::metadata(&literal).map_or_else(unreadable, |_| String::new()),
        ));
    }
    if !pattern.contains(['*', '?', '[']) {
        return Err(none("no such file or folder"));
    }
    let is_skipped = |path: &Path| {
        let said = |part: &[u8]| pattern.split('/').any(|said| said.as_bytes() == part);
        below(path, base).any(|part| hidden(part) && !said(part))
    };
    let paths = walk::glob(pattern, base, &is_skipped).map_err(|error| match error {
        GlobError::Pattern(why) => none(&format!("not a glob: {why}")),
        GlobError::Unreadable(error) => error,
    })?;
    let mut found = Vec::new();
    for path in paths {
        if is_skipped(&path) {
            continue;
        }
        if path.is_dir() {
            refuse_table(&path, extensions, base)?;
            folder(&path, extensions, &mut Walk::default(), &mut found)?;
        } else {
            found.push(path);
        }
    }
    found.sort();
    if found.is_empty() {
        Err(none("nothing matches"))
    } else {
        Ok(found)
    }
}

/// The files of a table are Parquet files: other ones beside its log are none of it.
fn refuse_table(path: &Path, extensions: &[&str], base: &Path) -> Result<(), DecodeError> {
    let Some(table) = table_of(path).filter(|_| extensions.contains(&"parquet")) else {
        return Ok(());
    };
    let name = table.strip_prefix(base).unwrap_or(table).display().to_string();
    // The base folder itself.
    let name = if name.is_empty() { ".".to_owned() } else { name };
    Err(DecodeError::of_table(name))
}

/// The Delta table that a folder is, or that it is a part of by the value of a column.
fn table_of(folder: &Path) -> Option<&Path> {
    let is_value = |path: &&Path| entry_name(path).contains(&b'=');
    let values = folder.ancestors().take_while(is_value).count();
    let mut folders = folder.ancestors().take(values + 1);
    folders.find(|folder| folder.join("_delta_log").is_dir())
}

/// Whether a new file at `target` would be one of the files of a pattern from then on.
pub(crate) fn would_match(pattern: &str, extensions: &[&str], base: &Path, target: &Path) -> bool {
    let (base, target) = (settled(base), settled(target));
    let root = settled(&base.join(pattern));
    if root.is_dir() {
        let mut folders = below(&target, &root).collect::<Vec<_>>();
        let inside = target.starts_with(&root) && folders.pop().is_some();
        let fits = has_extension(entry_name(&target), extensions);
        return inside && fits && folders.iter().all(|folder| folder.contains(&b'='));
    }
    // Folders in front of the first wildcard may be links; what is matched is where they lead.
    let is_wild = |part: &Path| part.to_string_lossy().contains(['*', '?', '[']);
    let pattern = Path::new(pattern);
    let named: PathBuf = pattern
        .iter()
        .map(Path::new)
        .take_while(|part| !is_wild(part))
        .collect();
    let wild = pattern.strip_prefix(&named).unwrap_or(Path::new(""));
    let literal = glob::Pattern::escape(&settled(&base.join(named)).to_string_lossy());
    let rooted = match wild.to_string_lossy() {
        wild if wild.is_empty() => literal,
        wild => format!("{literal}/{wild}"),
    };
    let options = glob::MatchOptions {
        require_literal_separator: true,
        ..glob::MatchOptions::default()
    };
    let target = target.to_string_lossy();
    glob::Pattern::new(&rooted).is_ok_and(|rooted| rooted.matches_with(&target, options))
}

/// An absolute path without links, as far as it exists.
fn settled(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for known in absolute.ancestors() {
        if let Ok(real) = known.canonicalize() {
            return match absolute.strip_prefix(known) {
                Ok(rest) if !rest.as_os_str().is_empty() => real.join(rest),
                _ => real,
            };
        }
    }
    absolute
}

/// The files of a folder, and of its folders that are named `column=value`.
fn folder(path: &Path, extensions: &[&str], walk: &mut Walk, found: &mut Vec<PathBuf>) -> Result<(), DecodeError> {
    walk.enter_once(path, path.is_symlink())?;
    for entry in walk::entries(path)? {
        let name = entry_name(&entry.path);
        if hidden(name) {
            continue;
        }
        if entry.is_file {
            if has_extension(name, extensions) {
                found.push(entry.path);
            }
        } else if entry.is_dir {
            if name.contains(&b'=') {
                folder(&entry.path, extensions, walk, found)?;
            }
        } else if has_extension(name, extensions) {
            // Rows that are not read must not be missing in silence.
            let why = match entry.path.exists() {
                true => NO_PLAIN_FILE,
                false => LEADS_NOWHERE,
            };
            return Err(DecodeError::Unreadable {
                file: entry.path.display().to_string(),
                why: why.into(),
            });
        }
    }
    walk.leave();
    Ok(())
}

/// Files of a folder that look like its own and are not read: how many, and the first, as it is named from there. Those of
/// which the extension is written otherwise, and those in folders that are not named `column=value`; what is hidden is
/// meant to be. Links are not followed.
pub(crate) fn left_out(pattern: &str, extensions: &[&str], base: &Path) -> Option<(usize, PathBuf)> {
    let root = base.join(pattern);
    if !root.is_dir() {
        return None;
    }
    let (mut found, mut looked) = (Vec::new(), 0);
    let mut folders = vec![(root.clone(), true)];
    while let Some((folder, is_read)) = folders.pop() {
        // What cannot be listed is told where the files are read.
        for entry in walk::entries(&folder).unwrap_or_default() {
            looked += 1;
            let name = entry_name(&entry.path);
            if hidden(name) || looked > LOOKED_MAX {
                continue;
            }
            if entry.is_dir && !entry.is_link {
                let is_value = name.contains(&b'=');
                folders.push((entry.path, is_read && is_value));
            } else if entry.is_file
                && has_extension(name.to_ascii_lowercase(), extensions)
                && !(is_read && has_extension(name, extensions))
            {
                found.push(entry.path);
            }
        }
    }
    let first = found.iter().min()?;
    let first = first.strip_prefix(&root).unwrap_or(first);
    Some((found.len(), first.to_owned()))
}

/// So many entries of a folder are looked at for files that are left out.
const LOOKED_MAX: usize = 100_000;

/// The bytes of a name, which need not be UTF-8.
pub(crate) fn entry_name(path: &Path) -> &[u8] {
    path.file_name().map_or(&[], |name| name.as_encoded_bytes())
}

/// The parts of a path, after the base folder where it lies below it.
fn below<'a>(path: &'a Path, base: &Path) -> impl Iterator<Item = &'a [u8]> {
    let parts = path.strip_prefix(base).unwrap_or(path).iter();
    parts.map(|part| part.as_encoded_bytes())
}

fn hidden(name: &[u8]) -> bool {
    (name.starts_with(b".") && name != b"." && name != b"..") || name.starts_with(b"_")
}

/// Whether the name of a file ends in one of these, after a dot.
pub fn has_extension(name: impl AsRef<[u8]>, extensions: &[&str]) -> bool {
    let ends = |extension: &&str| {
        let stem = name.as_ref().strip_suffix(extension.as_bytes());
        stem.is_some_and(|stem| stem.ends_with(b"."))
    };
    extensions.iter().any(ends)
}

/// The extensions of the files in a folder.
fn other_files(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = files.filter(|entry| entry.path().is_file());
    let extensions = files.filter_map(|file| extension(file.file_name().as_encoded_bytes()));
    extensions.collect()
}

/// What is said of a folder without files that have one of these.
pub fn no_such_files(extensions: &[&str]) -> String {
    let plain: Vec<&str> = extensions
        .iter()
        .copied()
        .filter(|known| !known.contains('.'))
        .collect();
    format!("the folder has no .{} files", plain.join(" or ."))
}

/// The extension that the name of a file says, if it is no hidden one, with that of what it is packed by.
pub fn extension(name: impl AsRef<[u8]>) -> Option<String> {
    let name = std::str::from_utf8(name.as_ref()).ok()?;
    let (stem, extension) = name.rsplit_once('.').filter(|_| !hidden(name.as_bytes()))?;
    Some(match (extension, stem.rsplit_once('.')) {
        ("gz" | "zst", Some((_, inner))) => format!("{inner}.{extension}"),
        _ => extension.to_owned(),
    })
}
