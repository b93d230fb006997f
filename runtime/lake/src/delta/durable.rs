//! The local file system under a Delta log, with commits that are on disk when they are said to be.
//!
//! The object store crate writes a new file aside and links it into place, but syncs nothing: after a loss of power the
//! log could hold an empty commit, and the table would be broken. Here the content and the folders are synced.

use async_trait::async_trait;
use featr_decode::{Aside, open_file, sync_folder};
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};
use std::io::{ErrorKind, Write as _};
use std::path::Path as FilePath;

/// The whole file system, `/` at its root.
#[derive(Debug, Default)]
pub(crate) struct Durable(LocalFileSystem);

impl std::fmt::Display for Durable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Durable({})", self.0)
    }
}

#[async_trait]
impl ObjectStore for Durable {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let target = self.0.path_to_filesystem(location)?;
        let put = match opts.mode {
            PutMode::Create => write(&target, &payload, Aside::put_new),
            PutMode::Overwrite => write(&target, &payload, Aside::put),
            PutMode::Update(_) => return self.0.put_opts(location, payload, opts).await,
        };
        put.map_err(|source| match source.kind() {
            ErrorKind::AlreadyExists => Error::AlreadyExists {
                path: target.display().to_string(),
                source: source.into(),
            },
            _ => failed(source),
        })?;
        Ok(PutResult {
            e_tag: None,
            version: None,
        })
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let path = self.0.path_to_filesystem(location)?;
        match open_file(&path) {
            // A pipe, for one: the object store would wait for its other end.
            Err(error) if error.kind() == ErrorKind::Other => Err(failed(error)),
            Ok(_) | Err(_) => self.0.get_opts(location, options).await,
        }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.0.rename_opts(from, to, options).await
    }
}

fn failed(error: std::io::Error) -> Error {
    Error::Generic {
        store: "local",
        source: error.into(),
    }
}

/// Writes a file: aside, synced, put to its name, folders synced.
fn write(
    target: &FilePath,
    payload: &PutPayload,
    put: impl FnOnce(Aside) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let folder = target.parent().unwrap_or(FilePath::new("/"));
    std::fs::create_dir_all(folder)?;
    let aside = Aside::create(target)?;
    let mut file = aside.file();
    for part in payload {
        file.write_all(part)?;
    }
    put(aside)?;
    // The log folder and the table's may be as new as the file.
    for folder in folder.ancestors().skip(1).take(2) {
        sync_folder(folder)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_created_once_and_nothing_lies_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("t/_delta_log/0.json");
        let create = |text: &'static str| write(&target, &text.into(), Aside::put_new);
        create("first").unwrap();
        let second = create("second").unwrap_err();
        assert_eq!(second.kind(), ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "first");
        assert_eq!(std::fs::read_dir(target.parent().unwrap()).unwrap().count(), 1);
    }
}
