//! Commits under stores that answer badly, and what is said of them.

use super::*;
use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path as Location;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt as _,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use std::sync::Arc;

/// A store that loses the answer to each new object: the request is sent again, and meets what it made itself.
#[derive(Debug, Default)]
struct Forgetful(InMemory);

impl std::fmt::Display for Forgetful {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Forgetful({})", self.0)
    }
}

#[async_trait]
impl ObjectStore for Forgetful {
    async fn put_opts(
        &self,
        location: &Location,
        payload: PutPayload,
        opts: PutOptions,
    ) -> object_store::Result<PutResult> {
        let first = self.0.put_opts(location, payload.clone(), opts.clone()).await;
        match opts.mode {
            PutMode::Create => self.0.put_opts(location, payload, opts).await,
            _ => first,
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Location,
        opts: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Location, options: GetOptions) -> object_store::Result<GetResult> {
        self.0.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Location>>,
    ) -> BoxStream<'static, object_store::Result<Location>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Location>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.0.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Location>) -> object_store::Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Location, to: &Location, options: CopyOptions) -> object_store::Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}

#[test]
fn a_commit_that_is_sent_twice_is_made_once() {
    let log = Log {
        address: "s3://bucket/t".to_owned(),
        store: Arc::new(Forgetful::default()),
        folder: Location::from("t/_delta_log"),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let text = |token: &str| commit_text(0, "Append", token, &[], &[]);
    let append = |first: u64, token: &str| {
        let put = put(&log, first..first + APPENDS_MAX, text(token), token);
        runtime.block_on(put).unwrap()
    };
    assert_eq!(append(0, "mine"), 0);
    // After that of another writer.
    assert_eq!(append(0, "theirs"), 1);
    let commits = runtime
        .block_on(log.store.list_with_delimiter(Some(&log.folder)))
        .unwrap();
    assert_eq!(commits.objects.len(), 2);
    let first = log.folder.clone().join("00000000000000000000.json");
    let said = runtime.block_on(async { log.store.get(&first).await.unwrap().bytes().await.unwrap() });
    assert_eq!(said, text("mine").into_bytes());
}

#[test]
fn a_full_disk_is_no_store_that_cannot_be_reached() {
    let error = || object_store::Error::Generic {
        store: "local",
        source: Box::new(std::io::Error::from(std::io::ErrorKind::StorageFull)),
    };
    let told = |address: &str| not_put(address, &error());
    assert_eq!(told("/data/t").to_string(), "cannot write /data/t: no space left");
    assert!(matches!(told("file:///data/t"), DecodeError::Unwritable { .. }));
    let of_a_store = told("s3://bucket/t");
    assert!(
        matches!(
            of_a_store,
            DecodeError::Lake {
                cause: LakeCause::Refused,
                ..
            }
        ),
        "{of_a_store:?}"
    );
    let read = refused("/data/t", &error()).to_string();
    assert_eq!(read, "cannot read /data/t: no space left");
}
