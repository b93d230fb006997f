//! Results into object stores.

use crate::address::object_address;
use crate::object::{Buckets, ask, exists, key};
use crate::place::Place;
use crate::problem::problem;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use featr_decode::{DecodeError, LakeCause, RowsWriter, Scratch, WriteOptions, output_format};
use object_store::aws::AmazonS3;
use object_store::path::Path as Key;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt as _, PutMultipartOptions};
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::JoinSet;

/// The least size of a part; an object has at most `PARTS_MAX` of them.
const PART_BYTES: u64 = 8 << 20;
const PARTS_MAX: u64 = 9_000;
/// Parts on their way at the same time.
const PARTS_TOGETHER: usize = 4;

pub(crate) fn check(buckets: &Buckets, address: &str) -> Result<(), DecodeError> {
    let (bucket, name) = object(address)?;
    output_format(Path::new(&name))?;
    match exists(&buckets.get(&bucket)?, &bucket, &name) {
        // Some buckets let their users write and not look.
        Ok(_) => Ok(()),
        Err(DecodeError::Lake {
            cause: LakeCause::Refused,
            why,
            ..
        }) if why == "permission denied" => Ok(()),
        Err(other) => Err(other),
    }
}

pub(crate) fn write(
    buckets: &Buckets,
    address: &str,
    schema: SchemaRef,
    batches: impl IntoIterator<Item = Result<RecordBatch, DecodeError>>,
    options: &WriteOptions,
) -> Result<u64, DecodeError> {
    let (bucket, name) = object(address)?;
    let aside = Aside::new(&buckets.temp(), address, name.rsplit('/').next().unwrap_or("rows"))?;
    let mut writer = RowsWriter::create_with(&aside.path, schema, options)?;
    for batch in batches {
        writer.write(&batch?)?;
    }
    let rows = writer.finish()?;
    upload(&buckets.get(&bucket)?, &bucket, &name, &aside.path)?;
    Ok(rows)
}

fn object(address: &str) -> Result<(String, String), DecodeError> {
    match Place::of(address)? {
        Place::Object { bucket, key } if !key.is_empty() => Ok((bucket, key)),
        Place::Object { .. } => Err(problem(LakeCause::UnknownStore, address, "it names no object")),
        Place::Local(_) => Err(problem(
            LakeCause::UnknownStore,
            address,
            "it is a path of this machine",
        )),
    }
}

/// A file in a temporary folder of its own.
#[derive(Debug)]
pub(crate) struct Aside {
    _folder: Scratch,
    pub path: PathBuf,
}

impl Aside {
    pub(crate) fn new(temp: &Path, target: &str, name: &str) -> Result<Aside, DecodeError> {
        let folder = Scratch::create(temp).map_err(|error| DecodeError::Unwritable {
            file: target.to_owned(),
            why: format!("no temporary folder: {error}"),
        })?;
        let path = folder.path().join(name);
        Ok(Aside { _folder: folder, path })
    }
}

/// Puts a file into a bucket, at once or in parts; returns its length. Parts of a failed upload are removed.
pub(crate) fn upload(client: &Arc<AmazonS3>, bucket: &str, name: &str, file: &Path) -> Result<u64, DecodeError> {
    let place = object_address(bucket, name);
    let unreadable = |error: std::io::Error| DecodeError::Unreadable {
        file: file.display().to_string(),
        why: error.to_string(),
    };
    let mut file = File::open(file).map_err(unreadable)?;
    let len = file.metadata().map_err(unreadable)?.len();
    let (client, key) = (client.clone(), key(bucket, name)?);
    ask(&place, async move {
        if len <= PART_BYTES {
            let content = chunk(&mut file, len)?;
            client.put(&key, content.into()).await?;
        } else {
            in_parts(&*client, &key, &mut file, len).await?;
        }
        Ok(len)
    })
}

/// Puts bytes into a store, at once or in parts. Parts of a failed upload are removed.
pub(crate) async fn put_bytes(store: &dyn ObjectStore, key: &Key, bytes: Bytes) -> object_store::Result<()> {
    let len = bytes.len() as u64;
    if len <= PART_BYTES {
        return store.put(key, bytes.into()).await.map(drop);
    }
    in_parts(store, key, &mut Cursor::new(bytes), len).await
}

async fn in_parts(
    store: &dyn ObjectStore,
    key: &Key,
    from: &mut (dyn Read + Send),
    len: u64,
) -> object_store::Result<()> {
    let mut upload = store.put_multipart_opts(key, PutMultipartOptions::default()).await?;
    let done = match parts(upload.as_mut(), from, len).await {
        Ok(()) => upload.complete().await.map(|_| ()),
        failed => failed,
    };
    if done.is_err() {
        // The first error is the one to tell.
        let _ = upload.abort().await;
    }
    done
}

async fn parts(upload: &mut dyn MultipartUpload, from: &mut (dyn Read + Send), len: u64) -> object_store::Result<()> {
    let part = PART_BYTES.max(len.div_ceil(PARTS_MAX));
    let mut together = JoinSet::new();
    let mut left = len;
    while left > 0 {
        if together.len() == PARTS_TOGETHER
            && let Some(done) = together.join_next().await
        {
            done??;
        }
        let now = left.min(part);
        together.spawn(upload.put_part(chunk(from, now)?.into()));
        left -= now;
    }
    while let Some(done) = together.join_next().await {
        done??;
    }
    Ok(())
}

/// The next `len` bytes of what is put.
fn chunk(from: &mut (dyn Read + Send), len: u64) -> object_store::Result<Bytes> {
    let mut content = Vec::with_capacity(usize::try_from(len).unwrap_or(0));
    let read = from.take(len).read_to_end(&mut content);
    match read {
        Ok(read) if read as u64 == len => Ok(content.into()),
        Ok(_) => Err(generic("the file beside it became shorter".into())),
        Err(error) => Err(generic(error.into())),
    }
}

fn generic(source: Box<dyn std::error::Error + Send + Sync>) -> object_store::Error {
    object_store::Error::Generic { store: "S3", source }
}
