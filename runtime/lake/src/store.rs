//! The store of the command line: local paths, `file://`, `s3://`, Delta tables.

use crate::delta::{DeltaTarget, Mode, Tables, versioned};
use crate::folder::ObjectFolder;
use crate::object::{Buckets, Object, exists, input, keys_below};
use crate::place::Place;
use crate::upload;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use featc_ir::FileSet;
use featr_decode::{
    DecodeError, InputFile, LocalStore, RandomRead, Store, WriteOptions, extension, has_extension, no_such_files,
    output_format,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Everything that a program or `--source` may name. Clients of buckets are made when they are first needed.
#[derive(Debug, Default)]
pub struct LakeStore {
    local: LocalStore,
    buckets: Arc<Buckets>,
    tables: Tables,
}

impl LakeStore {
    /// Reads nothing and connects to nothing. Object stores are configured by the environment.
    pub fn new() -> LakeStore {
        LakeStore::default()
    }

    /// As [`LakeStore::new`]; these variables (`AWS_ENDPOINT_URL`, …) stand before those of the environment.
    pub fn with_settings(settings: impl IntoIterator<Item = (String, String)>) -> LakeStore {
        LakeStore {
            buckets: Arc::new(Buckets::with_settings(settings)),
            ..LakeStore::default()
        }
    }

    /// Files wait for their upload in this folder, and not in the system's temporary one.
    #[must_use]
    pub fn with_temp(self, folder: PathBuf) -> LakeStore {
        LakeStore {
            buckets: Arc::new(self.buckets.fresh_in(folder)),
            ..self
        }
    }

    /// What was read of a set of one Delta table: `delta:<table id>@<version>`.
    pub fn snapshot_id(&self, files: &FileSet) -> Option<String> {
        let [path] = files.paths.as_slice() else { return None };
        self.tables.id(path, files.version)
    }

    /// The same places; nothing is known of the versions of tables.
    pub fn fresh(&self) -> LakeStore {
        LakeStore {
            buckets: self.buckets.clone(),
            ..LakeStore::default()
        }
    }

    /// Whether a path or an address, a version after it or not, is the folder of a Delta table.
    ///
    /// # Errors
    /// [`DecodeError::Lake`]: `UnknownStore`, `Refused`.
    pub fn is_table(&self, path: &str) -> Result<bool, DecodeError> {
        let (folder, version) = versioned(path);
        match Place::of(folder)? {
            Place::Local(folder) => Ok(folder.join("_delta_log").is_dir()),
            Place::Object { key, .. } if key.is_empty() || key.contains(['*', '?', '[']) => Ok(false),
            // A file's name: nobody is asked.
            Place::Object { key, .. } if version.is_none() && output_format(Path::new(&key)).is_ok() => Ok(false),
            Place::Object { bucket, key } => {
                let log = keys_below(&self.buckets.get(&bucket)?, &bucket, &format!("{key}/_delta_log"));
                Ok(!log?.is_empty())
            }
        }
    }

    /// Refuses an address that [`LakeStore::write_object`] could not write, before any work is done: its kind, its
    /// extension, its bucket.
    ///
    /// # Errors
    /// [`DecodeError::UnknownExtension`]; [`DecodeError::Lake`]: `UnknownStore`, `Refused`.
    pub fn check_object(&self, address: &str) -> Result<(), DecodeError> {
        upload::check(&self.buckets, address)
    }

    /// Writes batches of one schema to an object, in the format of its extension; returns the number of rows. The rows are
    /// first written into the temporary folder of this machine. The object appears when all of it has arrived; until
    /// then, and after an error, the old one is there.
    ///
    /// # Errors
    /// [`DecodeError::UnknownExtension`], [`DecodeError::Unwritable`]; [`DecodeError::Lake`]: `UnknownStore`, `Refused`.
    pub fn write_object(
        &self,
        address: &str,
        schema: SchemaRef,
        batches: impl IntoIterator<Item = RecordBatch>,
    ) -> Result<u64, DecodeError> {
        self.write_object_with(address, schema, batches.into_iter().map(Ok), &WriteOptions::default())
    }

    /// As [`LakeStore::write_object`], with options. The first error among the batches ends it, and nothing is written.
    ///
    /// # Errors
    /// As [`LakeStore::write_object`].
    pub fn write_object_with(
        &self,
        address: &str,
        schema: SchemaRef,
        batches: impl IntoIterator<Item = Result<RecordBatch, DecodeError>>,
        options: &WriteOptions,
    ) -> Result<u64, DecodeError> {
        upload::write(&self.buckets, address, schema, batches, options)
    }

    /// Looks at the Delta table at a folder or an address, and refuses what could not be written before any work is done.
    /// `Overwrite` replaces what the table holds now: if it changes until the commit, the commit is refused.
    ///
    /// # Errors
    /// [`DecodeError::Unwritable`]; [`DecodeError::Lake`]: `TableExists`, `UnwritableTable`, `UnreadableTable`, `Refused`,
    /// `UnknownStore`.
    pub fn delta(&self, address: &str, mode: Mode) -> Result<DeltaTarget, DecodeError> {
        DeltaTarget::open(&self.buckets, address, mode)
    }

    /// A folder of objects at an address or a path, to be written and read by name; nobody is asked yet.
    ///
    /// # Errors
    /// [`DecodeError::Lake`]: `UnknownStore`, `Refused`.
    pub fn folder(&self, address: &str) -> Result<ObjectFolder, DecodeError> {
        ObjectFolder::at(&self.buckets, address)
    }

    /// The versions of the Delta tables that were read so far: `delta:<table id>@<version>` by address, with `@v12` after it
    /// where a version was asked for. A table without a
    /// version in the program is read at the version that was its latest when it was first asked for, to the end.
    pub fn snapshots(&self) -> BTreeMap<String, String> {
        self.tables.read()
    }
}

/// The place of a listed file, by the name that this store gave it.
fn place(file: &InputFile) -> Result<Place, DecodeError> {
    match file.path.to_str() {
        Some(text) => Place::of(text),
        None => Ok(Place::Local(file.path.clone())),
    }
}

impl Store for LakeStore {
    fn list(&self, pattern: &str, extensions: &[&str], base: &Path) -> Result<Vec<InputFile>, DecodeError> {
        match Place::of(pattern)? {
            Place::Local(path) => match path.to_str() {
                Some(path) => self.local.list(path, extensions, base),
                None => self.local.list(pattern, extensions, base),
            },
            Place::Object { bucket, key } => self.objects(pattern, &bucket, &key, extensions),
        }
    }

    fn open(&self, file: &InputFile) -> Result<Arc<dyn RandomRead>, DecodeError> {
        match place(file)? {
            Place::Local(_) => self.local.open(file),
            Place::Object { bucket, key } => {
                let client = self.buckets.get(&bucket)?;
                Ok(Arc::new(Object::open(client, &bucket, &key)?))
            }
        }
    }

    fn near(&self, file: &InputFile) -> Option<u64> {
        match place(file) {
            Ok(Place::Local(_)) => self.local.near(file),
            Ok(Place::Object { .. }) | Err(_) => None,
        }
    }

    fn snapshot(&self, files: &FileSet, base: &Path) -> Result<Vec<InputFile>, DecodeError> {
        self.tables.files(&self.buckets, &files.paths, files.version, base)
    }
}

impl LakeStore {
    /// The objects that a pattern means: an object of that very name, a folder, or a glob, by the rules of local files.
    fn objects(
        &self,
        pattern: &str,
        bucket: &str,
        key: &str,
        extensions: &[&str],
    ) -> Result<Vec<InputFile>, DecodeError> {
        let nothing = |why: &str, other: Vec<String>| DecodeError::NoFiles {
            pattern: pattern.to_owned(),
            why: why.to_owned(),
            other,
        };
        let none = |why: &str| nothing(why, Vec::new());
        let client = self.buckets.get(bucket)?;
        // An object first where the name looks like a file's: who may read may not always list.
        let named = key.rsplit('/').next().is_some_and(|name| name.contains('.'));
        if named && exists(&client, bucket, key)? {
            return Ok(vec![input(bucket, key)]);
        }
        let special = key.find(['*', '?', '[']);
        let folder = match special {
            None => key,
            Some(first) => key[..first].rsplit_once('/').map_or("", |(folder, _)| folder),
        };
        let keys = keys_below(&client, bucket, folder)?;
        let glob = special.map(|_| glob::Pattern::new(key)).transpose();
        let glob = glob.map_err(|error| none(&format!("not a glob: {}", error.msg)))?;
        let is_meant = |found: &&String| match &glob {
            None => in_folder(found, key, extensions),
            Some(glob) => globbed(glob, key, found, extensions),
        };
        let found: Vec<&String> = keys.iter().filter(is_meant).collect();
        let is_named = |folder: &str| match &glob {
            None => folder == key,
            Some(glob) => glob.matches_with(folder, GLOB),
        };
        // The files of a table are Parquet files: other ones beside its log are none of it.
        let table = table_of(&keys, &found, is_named).filter(|_| extensions.contains(&"parquet"));
        if let Some(table) = table {
            return Err(DecodeError::of_table(input(bucket, table).name.to_string()));
        }
        match found.is_empty() {
            false => Ok(found.into_iter().map(|key| input(bucket, key)).collect()),
            true if !named && exists(&client, bucket, key)? => Ok(vec![input(bucket, key)]),
            true if special.is_some() => Err(none("nothing matches")),
            true if keys.is_empty() => Err(none("no such object or folder")),
            true => Err(nothing(
                &no_such_files(extensions),
                keys.iter().filter_map(extension).collect(),
            )),
        }
    }
}

const GLOB: glob::MatchOptions = glob::MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

fn hidden(part: &str) -> bool {
    part.starts_with(['.', '_'])
}

/// Whether a key is a file of a folder: in it, or below it in folders named `column=value`.
fn in_folder(found: &str, folder: &str, extensions: &[&str]) -> bool {
    let rest = if folder.is_empty() {
        Some(found)
    } else {
        found.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'))
    };
    let Some(rest) = rest else { return false };
    let (folders, file) = rest.rsplit_once('/').unwrap_or(("", rest));
    let partitioned = folders.is_empty() || folders.split('/').all(|part| part.contains('=') && !hidden(part));
    partitioned && !hidden(file) && has_extension(file, extensions)
}

/// The folder of a Delta table that is named and holds one of the keys that are found, by the keys of its log.
fn table_of<'a>(keys: &'a [String], found: &[&String], is_named: impl Fn(&str) -> bool) -> Option<&'a str> {
    let folder = |key: &'a String| key.split_once("/_delta_log/").map(|(folder, _)| folder);
    let holds = |folder: &str| {
        let rest = |key: &&String| key.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        found.iter().any(rest)
    };
    keys.iter()
        .filter_map(folder)
        .find(|folder| is_named(folder) && holds(folder))
}

/// Whether a glob means a key: it matches the key itself, or a folder that the key is a file of.
fn globbed(glob: &glob::Pattern, pattern: &str, found: &str, extensions: &[&str]) -> bool {
    let said = |part: &str| pattern.split('/').any(|said| said == part);
    if found.split('/').any(|part| hidden(part) && !said(part)) {
        return false;
    }
    let ends = found.match_indices('/').map(|(end, _)| &found[..end]);
    // `**` at the end means folders alone, as it does on this machine.
    let means_files = pattern != "**" && !pattern.ends_with("/**");
    means_files && glob.matches_with(found, GLOB)
        || ends
            .filter(|folder| glob.matches_with(folder, GLOB))
            .any(|folder| in_folder(found, folder, extensions))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_among_keys_is_known_by_its_log() {
        let keys = ["a/t/_delta_log/0.json", "a/t/x.parquet", "a/u/y.parquet"].map(str::to_owned);
        let of = |found: &str, named: &str| table_of(&keys, &[&found.to_owned()], |folder| folder == named);
        assert_eq!(of("a/t/x.parquet", "a/t"), Some("a/t"));
        assert_eq!(of("a/t/x.parquet", "a"), None);
        assert_eq!(of("a/u/y.parquet", "a/u"), None);
        assert_eq!(of("a/u/y.parquet", "a/t"), None);
    }

    #[test]
    fn folders_and_globs_of_keys_are_those_of_paths() {
        let parquet = &["parquet"][..];
        assert!(in_folder("a/b/x.parquet", "a/b", parquet));
        assert!(in_folder("x.parquet", "", parquet));
        assert!(in_folder("a/day=1/x.parquet", "a", parquet));
        assert!(in_folder("a/x.csv.gz", "a", &["csv", "csv.gz"]));
        assert!(!in_folder("a/x.gz", "a", &["csv", "csv.gz"]));
        for no in [
            "a/bc/x.parquet",
            "a/b/c/x.parquet",
            "a/b/_x.parquet",
            "a/b/x.csv",
            "a/b/_d=1/x.parquet",
        ] {
            assert!(!in_folder(no, "a/b", parquet), "{no}");
        }
        let check = |pattern: &str, key: &str| globbed(&glob::Pattern::new(pattern).unwrap(), pattern, key, parquet);
        assert!(check("a/*.parquet", "a/x.parquet"));
        assert!(check("a/**/*.parquet", "a/b/c/x.parquet"));
        assert!(check("a/day=*", "a/day=1/x.parquet"));
        assert!(check("a/_tmp/*.parquet", "a/_tmp/x.parquet"));
        assert!(check("a/**", "a/b/x.parquet") && check("a/**", "a/b/c/x.parquet"));
        for (pattern, key) in [
            ("a/*.parquet", "a/b/x.parquet"),
            ("a/*.parquet", "a/_x.parquet"),
            ("a/*", "a/_tmp/x.parquet"),
            ("a/day=*", "a/day=1/x.csv"),
            ("a/**", "a/x.parquet"),
            ("a/**", "a/b/x.csv"),
        ] {
            assert!(!check(pattern, key), "{pattern} {key}");
        }
    }
}
