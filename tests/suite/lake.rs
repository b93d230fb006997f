//! Object stores and Delta tables: a real S3-speaking server inside the test, and an independent reader of Delta tables.
//!
//! The reader is `tests/support/delta_reader.py`: the log replayed from its JSON by the text of the protocol, data files
//! read by DuckDB.

use crate::witness::{PROGRAM, python, run};
use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use featc_ir::Truth;
use featc_tests::root;
use featr::lake::{LakeStore, Mode};
use featr::{DecodeError, LakeCause, TrainOptions, Training, write_rows};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::S3Result;
use s3s::access::{S3Access, S3AccessContext};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Whether the server refuses a request: by its operation and its key.
type Refuses = fn(&str, &str) -> bool;

struct Access(Refuses);

#[async_trait::async_trait]
impl S3Access for Access {
    async fn check(&self, request: &mut S3AccessContext<'_>) -> S3Result<()> {
        let key = request.s3_path().as_object().map_or("", |(_, key)| key);
        if request.credentials().is_none() || self.0(request.s3_op().name(), key) {
            return Err(s3s::s3_error!(AccessDenied));
        }
        Ok(())
    }
}

/// An S3 server over a temporary folder: buckets are folders, objects are files.
struct Server {
    folder: tempfile::TempDir,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start() -> Server {
        Server::refusing(|_, _| false)
    }

    fn refusing(refuses: Refuses) -> Server {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("lake")).expect("a bucket");
        let files = s3s_fs::FileSystem::new(folder.path()).expect("a file system");
        let mut service = s3s::service::S3ServiceBuilder::new(files);
        service.set_auth(s3s::auth::SimpleAuth::from_single("key", "secret"));
        service.set_access(Access(refuses));
        let service = service.build();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let serve = async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
            loop {
                let (socket, _) = listener.accept().await.expect("a connection");
                let service = service.clone();
                tokio::spawn(async move {
                    let server = Builder::new(TokioExecutor::new());
                    // A client that goes away is no failure of the server.
                    let _ = server.serve_connection(TokioIo::new(socket), service).await;
                });
            }
        };
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(async {
                tokio::select! {
                    () = serve => {}
                    _ = stopped => {}
                }
            });
        });
        Server {
            folder,
            address,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    fn store_with(&self, secret: &str) -> LakeStore {
        let settings = [
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "key".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", secret.to_owned()),
        ];
        LakeStore::with_settings(settings.map(|(name, value)| (name.to_owned(), value)))
    }

    fn store(&self) -> LakeStore {
        self.store_with("secret")
    }

    /// The file of an object.
    fn file(&self, key: &str) -> PathBuf {
        self.folder.path().join("lake").join(key)
    }

    /// Puts a file where the server finds it.
    fn put(&self, key: &str, from: &Path) {
        let to = self.file(key);
        std::fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        std::fs::copy(from, to).expect("copied");
    }

    /// Parts of uploads that were neither completed nor given up.
    fn parts_left(&self) -> usize {
        let entries = std::fs::read_dir(self.folder.path()).expect("readable").flatten();
        entries
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(".upload"))
            .count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn flights() -> PathBuf {
    root().join("examples/flights/data/flights-2013-q1.parquet")
}

/// The training set of the witness program, from its own files or from elsewhere.
fn training(store: LakeStore, from: Option<&str>) -> Training {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("witness.feat", PROGRAM);
    let compiled = featc_driver::compile(&sources, &[file]).value.expect("compiles");
    let plans = featc_driver::lower(&compiled);
    let base = root().join("examples/flights");
    let mut program = featr::Program::new(plans.batch, plans.stream, &base).with_store(store);
    if let Some(from) = from {
        program
            .read_from("departures", Path::new(from))
            .expect("a known source");
    }
    let spine = base.join("data/spine-q1.csv");
    let spine = program
        .read_spine("w", &spine, "timestamp", None)
        .expect("the spine is fine");
    program
        .train("w", spine, TrainOptions::new(Truth::Complete))
        .expect("trains")
}

fn refused(outcome: Result<impl std::fmt::Debug, DecodeError>) -> LakeCause {
    match outcome.expect_err("refused") {
        DecodeError::Lake { cause, .. } => cause,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_training_set_from_objects_is_that_from_files_byte_for_byte() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let local = folder.path().join("local.parquet");
    let plain = training(LakeStore::new(), None);
    write_rows(&local, plain.schema, plain.batches).expect("writes");
    server.put("flights/year=2013/q1.parquet", &flights());
    server.put(
        "flights/_tmp/half.parquet",
        &root().join("examples/flights/data/spine-q1.csv"),
    );
    for pattern in [
        "s3://lake/flights/year=2013/q1.parquet",
        "s3://lake/flights",
        "s3://lake/flights/*/q?.parquet",
        "s3://lake/f*/**/*.parquet",
    ] {
        let away = training(server.store(), Some(pattern));
        let out = "s3://lake/out/training.parquet";
        server.store().check_object(out).expect("may be written");
        server
            .store()
            .write_object(out, away.schema, away.batches)
            .expect("writes");
        let (here, there) = (
            std::fs::read(&local),
            std::fs::read(server.file("out/training.parquet")),
        );
        assert!(here.expect("written") == there.expect("written"), "{pattern}");
    }
    let text = folder.path().join("local.csv");
    let away = training(server.store(), Some("s3://lake/flights"));
    write_rows(&text, away.schema.clone(), away.batches.clone()).expect("writes");
    server
        .store()
        .write_object("s3://lake/training.csv", away.schema, away.batches)
        .expect("writes");
    assert_eq!(
        std::fs::read(text).expect("written"),
        std::fs::read(server.file("training.csv")).expect("written")
    );
}

#[test]
fn a_training_set_from_packed_text_is_that_from_parquet() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = std::fs::File::open(flights()).expect("readable");
    let rows = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
    let schema = rows.schema().clone();
    let rows: Result<Vec<RecordBatch>, _> = rows.build().expect("readable").collect();
    let text = folder.path().join("q1.csv");
    write_rows(&text, schema, rows.expect("readable")).expect("writes");
    let text = std::fs::read(&text).expect("written");
    let (first, second) = text.split_at(text.len() / 2);
    let frames = [first, second].map(|part| zstd::bulk::compress(part, 1).expect("packs"));
    let packed = folder.path().join("q1.csv.zst");
    std::fs::write(&packed, frames.concat()).expect("writes");
    server.put("text/q1.csv.zst", &packed);
    let expected = training(LakeStore::new(), None).batches;
    let local = packed.to_str().expect("UTF-8");
    for from in ["s3://lake/text/q1.csv.zst", "s3://lake/text/*.csv.zst", local] {
        assert!(training(server.store(), Some(from)).batches == expected, "{from}");
    }
}

/// More than two parts of an upload, and hard to compress.
fn many_rows() -> RecordBatch {
    let mixed = (0..3_000_000i64).map(|id| id.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64));
    let column: ArrayRef = Arc::new(Int64Array::from_iter_values(mixed));
    RecordBatch::try_from_iter([("x", column)]).expect("a batch")
}

#[test]
fn an_object_is_replaced_as_a_whole_or_not_at_all() {
    let server = Server::start();
    let rows = many_rows();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let local = folder.path().join("x.parquet");
    write_rows(&local, rows.schema(), [rows.clone()]).expect("writes");
    let written = std::fs::read(&local).expect("written");
    assert!(
        written.len() > 17 << 20,
        "{} bytes are more than two parts",
        written.len()
    );
    server
        .store()
        .write_object("s3://lake/x.parquet", rows.schema(), [rows.clone()])
        .expect("writes");
    assert!(std::fs::read(server.file("x.parquet")).expect("written") == written);
    assert_eq!(server.parts_left(), 0);

    let again = server
        .store_with("wrong")
        .write_object("s3://lake/x.parquet", rows.schema(), [rows]);
    assert_eq!(refused(again), LakeCause::Refused);
    assert!(std::fs::read(server.file("x.parquet")).expect("still there") == written);
    assert_eq!(server.parts_left(), 0);
}

#[test]
fn an_upload_that_breaks_off_leaves_the_old_object_and_no_parts() {
    for refuses in [
        |operation: &str, _: &str| operation == "CompleteMultipartUpload",
        |operation: &str, key: &str| operation == "UploadPart" && key == "x.parquet",
    ] {
        let server = Server::refusing(refuses);
        server.put("x.parquet", &flights());
        let rows = many_rows();
        let written = server
            .store()
            .write_object("s3://lake/x.parquet", rows.schema(), [rows]);
        assert_eq!(refused(written), LakeCause::Refused);
        assert_eq!(
            std::fs::read(server.file("x.parquet")).expect("kept"),
            std::fs::read(flights()).expect("kept")
        );
        assert_eq!(server.parts_left(), 0);
    }
}

#[test]
fn a_commit_that_is_refused_leaves_no_files() {
    let server = Server::refusing(|operation, key| operation == "PutObject" && key.contains("_delta_log/"));
    let rows = many_rows().slice(0, 10);
    let target = server.store().delta("s3://lake/t", Mode::Create).expect("no table");
    let mut writer = target.writer(&rows.schema()).expect("fits");
    writer.write(&rows).expect("writes");
    assert_eq!(refused(writer.commit(&[])), LakeCause::Refused);
    let left = std::fs::read_dir(server.file("t")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "the data file is gone");
}

/// Asks the independent reader.
fn check(table: &Path, version: u64, expected: &[&Path]) {
    let script = root().join("tests/support/delta_reader.py");
    let said = run(Command::new(python())
        .arg(script)
        .arg(table)
        .arg(version.to_string())
        .args(expected));
    assert!(said.contains(" 0 too many, 0 missing"), "{said}");
}

#[test]
fn delta_tables_say_the_same_to_an_independent_reader() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let all = training(LakeStore::new(), None);
    let rows = arrow::compute::concat_batches(&all.schema, &all.batches).expect("one batch");
    let half = rows.num_rows() / 2;
    let parts = [rows.slice(0, half), rows.slice(half, rows.num_rows() - half)];
    let expected = ["first.parquet", "second.parquet"].map(|name| folder.path().join(name));
    for (part, file) in parts.iter().zip(&expected) {
        write_rows(file, part.schema(), [part.clone()]).expect("writes");
    }
    let [first, second] = expected.each_ref().map(PathBuf::as_path);
    let local = folder.path().join("table");
    for (address, place) in [
        (local.display().to_string(), local.clone()),
        ("s3://lake/a b/table".to_owned(), server.file("a b/table")),
    ] {
        let write = |mode, part: &RecordBatch| {
            let target = server.store().delta(&address, mode).expect("a table");
            let mut writer = target.writer(&part.schema()).expect("fits").with_file_bytes(1 << 16);
            (0..part.num_rows()).step_by(500).for_each(|start| {
                let len = (part.num_rows() - start).min(500);
                writer.write(&part.slice(start, len)).expect("writes");
            });
            writer.commit(&[]).expect("commits")
        };
        assert_eq!(write(Mode::Create, &parts[0]).version, 0);
        assert_eq!(write(Mode::Append, &parts[1]).version, 1);
        let again = write(Mode::Append, &parts[0]);
        assert!(again.files > 1, "{again:?}");
        assert_eq!(write(Mode::Overwrite, &parts[1]).version, 3);
        check(&place, 0, &[first]);
        check(&place, 1, &[first, second]);
        check(&place, 2, &[first, second, first]);
        check(&place, 3, &[second]);
        let id = again.snapshot.strip_suffix("@2").expect("version 2");
        assert!(id.starts_with("delta:") && id.len() == 42, "{id}");
    }
}

#[test]
fn writers_of_one_table_in_a_bucket_do_not_lose_rows() {
    let server = Server::start();
    let column: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    let rows = RecordBatch::try_from_iter([("x", column)]).expect("a batch");
    let begin = |mode| {
        let target = server.store().delta("s3://lake/t", mode).expect("a table");
        let mut writer = target.writer(&rows.schema()).expect("fits");
        writer.write(&rows).expect("writes");
        writer
    };
    let (one, two) = (begin(Mode::Append), begin(Mode::Append));
    assert_eq!(two.commit(&[]).expect("creates").version, 0);
    assert_eq!(
        one.commit(&[]).expect("appends to what was created meanwhile").version,
        1
    );
    let (late, append) = (begin(Mode::Overwrite), begin(Mode::Append));
    assert_eq!(append.commit(&[]).expect("appends").version, 2);
    assert_eq!(refused(late.commit(&[])), LakeCause::TableChanged);
    assert_eq!(
        refused(server.store().delta("s3://lake/t", Mode::Create)),
        LakeCause::TableExists
    );
    let data = std::fs::read_dir(server.file("t")).expect("readable").flatten();
    let data = data.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "parquet"));
    assert_eq!(data.count(), 3, "nothing lies about");
}

#[test]
fn a_delta_table_as_a_source_travels_in_time() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let events = std::fs::File::open(flights()).expect("the example has its data");
    let events = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(events).expect("Parquet");
    let batches: Vec<RecordBatch> = events
        .build()
        .expect("Parquet")
        .collect::<Result<_, _>>()
        .expect("Parquet");
    let all = arrow::compute::concat_batches(&batches[0].schema(), &batches).expect("one batch");
    let third = all.num_rows() / 3;
    let early = all.slice(0, third);
    let file = folder.path().join("early.parquet");
    write_rows(&file, early.schema(), [early.clone()]).expect("writes");
    let of_early = training(LakeStore::new(), file.to_str()).batches;
    let of_all = training(LakeStore::new(), None).batches;
    assert!(of_early != of_all);
    let local = folder.path().join("table").display().to_string();
    for address in [local.as_str(), "s3://lake/table"] {
        for (mode, part) in [
            (Mode::Create, early.clone()),
            (Mode::Append, all.slice(third, all.num_rows() - third)),
        ] {
            let target = server.store().delta(address, mode).expect("a table");
            let mut writer = target.writer(&part.schema()).expect("fits");
            writer.write(&part).expect("writes");
            writer.commit(&[]).expect("commits");
        }
        assert!(training(server.store(), Some(address)).batches == of_all, "{address}");
        assert!(
            training(server.store(), Some(&format!("{address}@v0"))).batches == of_early,
            "{address}"
        );
    }
}

/// A folder of objects is one over a server that speaks S3 and over files: an object is created once, and long ones go in parts.
#[test]
fn objects_are_created_once_wherever_they_lie() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let local = folder.path().join("a b/state").display().to_string();
    for address in [local.as_str(), "s3://lake/backup/a b"] {
        let objects = server.store().folder(address).expect("a place");
        assert_eq!(objects.get("manifest/0000000001").expect("asked"), None, "{address}");
        assert_eq!(
            objects.list("manifest").expect("asked"),
            Vec::<String>::new(),
            "{address}"
        );
        let create = |text: &str| objects.create("manifest/0000000001", text.into()).expect("asked");
        assert_eq!([create("first"), create("second")], [true, false], "{address}");
        let long: Vec<u8> = (0..20_000_000_u32).map(|byte| (byte % 251) as u8).collect();
        objects.put("data/1/entities/1.ent", long.clone()).expect("put");
        objects.put("data/1/mark", b"old".to_vec()).expect("put");
        objects.put("data/1/mark", b"new".to_vec()).expect("put");
        let get = |object| objects.get(object).expect("asked");
        assert_eq!(get("manifest/0000000001"), Some(b"first".to_vec()), "{address}");
        assert!(get("data/1/entities/1.ent") == Some(long), "{address}");
        assert_eq!(get("data/1/mark"), Some(b"new".to_vec()), "{address}");
        assert_eq!(
            objects.list("data").expect("asked"),
            ["data/1/entities/1.ent", "data/1/mark"],
            "{address}"
        );
        objects.remove("data/1/mark").expect("removed");
        objects.remove("data/1/mark").expect("it is gone already");
        assert_eq!(objects.list("data").expect("asked").len(), 1, "{address}");
    }
    assert_eq!(server.parts_left(), 0);
    let refused = server.store_with("wrong").folder("s3://lake/backup").expect("a place");
    assert!(refused.list("data").is_err() && refused.create("data/2", Vec::new()).is_err());
}
