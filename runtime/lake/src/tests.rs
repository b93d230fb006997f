use crate::{Committed, DeltaTarget, LakeStore, Mode};
use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use featc_ir::{FileFormat, FileSet};
use featr_decode::{DecodeError, InputFile, LakeCause, Store as _};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

fn rows(ids: std::ops::Range<i64>) -> RecordBatch {
    let at = ids.clone().map(|id| id * 1_000_001).collect::<Vec<i64>>();
    let names: StringArray = ids.clone().map(|id| (id % 3 != 0).then(|| format!("n{id}"))).collect();
    let half: Float64Array = ids.clone().map(|id| Some(id as f64 / 2.0)).collect();
    RecordBatch::try_from_iter([
        ("id", Arc::new(Int64Array::from_iter_values(ids)) as ArrayRef),
        ("name", Arc::new(names)),
        ("half", Arc::new(half)),
        ("at", Arc::new(TimestampMicrosecondArray::from(at).with_timezone("UTC"))),
    ])
    .unwrap()
}

fn open(table: &Path, mode: Mode) -> Result<DeltaTarget, DecodeError> {
    LakeStore::new().delta(table.to_str().unwrap(), mode)
}

fn write(table: &Path, mode: Mode, batches: &[RecordBatch]) -> Result<Committed, DecodeError> {
    let target = open(table, mode)?;
    let mut writer = target.writer(&batches[0].schema())?.with_file_bytes(1 << 10);
    for batch in batches {
        writer.write(batch)?;
    }
    writer.commit(&[("by".to_owned(), "a test".to_owned())])
}

fn set(table: &Path, version: Option<u64>) -> FileSet {
    FileSet {
        format: FileFormat::Delta,
        paths: vec![table.display().to_string()],
        version,
    }
}

fn files(table: &Path, version: Option<u64>) -> Result<Vec<InputFile>, DecodeError> {
    LakeStore::new().snapshot(&set(table, version), Path::new("/"))
}

fn cause(outcome: Result<impl std::fmt::Debug, DecodeError>) -> (LakeCause, String) {
    match outcome.unwrap_err() {
        DecodeError::Lake { cause, why, .. } => (cause, why),
        other => panic!("{other:?}"),
    }
}

/// Every file below a folder.
fn tree(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(tree(&entry.path()));
        } else {
            found.insert(entry.path().display().to_string());
        }
    }
    found
}

/// A table of one data file whose log says something more.
fn table_with(log: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("t");
    write(&table, Mode::Create, &[rows(0..100)]).unwrap();
    let next = table.join("_delta_log/00000000000000000001.json");
    std::fs::write(next, log).unwrap();
    (folder, table)
}

#[test]
fn a_table_keeps_its_versions() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("t");
    assert_eq!(cause(files(&table, None)).0, LakeCause::NoSuchTable);
    let first = write(&table, Mode::Append, &[rows(0..100), rows(100..200)]).unwrap();
    assert_eq!((first.version, first.rows, first.files), (0, 200, 2));
    assert_eq!(
        cause(write(&table, Mode::Create, &[rows(0..1)])).0,
        LakeCause::TableExists
    );
    let second = write(&table, Mode::Append, &[rows(200..210)]).unwrap();
    let third = write(&table, Mode::Overwrite, &[rows(0..5)]).unwrap();
    assert_eq!((second.version, third.version), (1, 2));
    let count = |version| files(&table, version).unwrap().len();
    assert_eq!(
        (count(Some(0)), count(Some(1)), count(Some(2)), count(None)),
        (2, 3, 1, 1)
    );
    let (missing, why) = cause(files(&table, Some(3)));
    assert_eq!(missing, LakeCause::NoSuchTable);
    assert!(why.contains("the latest is 2"), "{why}");
}

#[test]
fn a_store_sees_one_version_of_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("t");
    let first = write(&table, Mode::Create, &[rows(0..10)]).unwrap();
    let store = LakeStore::new();
    let ask = || store.snapshot(&set(&table, None), Path::new("/")).unwrap().len();
    assert_eq!(ask(), 1);
    write(&table, Mode::Append, &[rows(10..20)]).unwrap();
    assert_eq!(ask(), 1);
    assert_eq!(store.snapshot_id(&set(&table, None)).as_ref(), Some(&first.snapshot));
    store.snapshot(&set(&table, Some(1)), Path::new("/")).unwrap();
    assert_eq!(store.snapshot_id(&set(&table, Some(2))), None);
    let read: Vec<String> = store.snapshots().into_values().collect();
    assert_eq!(read, [first.snapshot.clone(), first.snapshot.replace("@0", "@1")]);
    assert_eq!(files(&table, None).unwrap().len(), 2);
}

#[test]
fn appends_race_and_none_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("t");
    let (writers, appends) = (4, 5);
    let versions: Vec<u64> = std::thread::scope(|scope| {
        let append = |writer: i64| {
            let each = (0..appends).map(move |turn| (writer * appends + turn) * 10);
            each.map(|first| write(&table, Mode::Append, &[rows(first..first + 10)]).unwrap().version)
                .collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..writers).map(|writer| scope.spawn(move || append(writer))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let distinct: BTreeSet<u64> = versions.iter().copied().collect();
    assert_eq!(distinct.len() as i64, writers * appends, "{versions:?}");
    assert_eq!(files(&table, None).unwrap().len() as i64, writers * appends);
    let log = table.join("_delta_log").display().to_string();
    let data = tree(&table).into_iter().filter(|file| !file.starts_with(&log)).count();
    assert_eq!(data as i64, writers * appends, "nothing lies about");
}

#[test]
fn an_overwrite_of_a_changed_table_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("t");
    write(&table, Mode::Create, &[rows(0..10)]).unwrap();
    for mode in [Mode::Overwrite, Mode::Create] {
        let place = if mode == Mode::Create {
            folder.path().join("new")
        } else {
            table.clone()
        };
        let mut late = open(&place, mode).unwrap().writer(&rows(0..1).schema()).unwrap();
        late.write(&rows(0..7)).unwrap();
        write(&place, Mode::Append, &[rows(10..20)]).unwrap();
        let log = place.join("_delta_log/00000000000000000001.json");
        let (what, why) = cause(late.commit(&[]));
        match mode {
            Mode::Create => assert_eq!((what, why.contains("in the meantime")), (LakeCause::TableExists, true)),
            Mode::Append | Mode::Overwrite => assert_eq!(what, LakeCause::TableChanged),
        }
        let kept = files(&place, None).unwrap();
        let data = tree(&place)
            .into_iter()
            .filter(|file| file.ends_with(".parquet"))
            .count();
        assert_eq!(kept.len(), data, "{mode:?}: only what the table names");
        assert_eq!(log.exists(), mode == Mode::Overwrite);
    }
}

#[test]
fn what_is_dropped_leaves_the_table_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("t");
    let begin = |table: &Path| {
        let target = open(table, Mode::Append).unwrap();
        let mut writer = target.writer(&rows(0..1).schema()).unwrap().with_file_bytes(1);
        writer.write(&rows(0..10)).unwrap();
        writer.write(&rows(0..10)).unwrap();
        writer
    };
    drop(begin(&table));
    assert!(!table.exists());
    write(&table, Mode::Create, &[rows(0..10)]).unwrap();
    let before = tree(folder.path());
    let writer = begin(&table);
    assert!(tree(folder.path()).len() > before.len());
    drop(writer);
    assert_eq!(tree(folder.path()), before);
}

#[test]
fn tables_that_would_be_read_wrong_are_refused() {
    let deleted = |file: &str| {
        format!(
            r#"{{"remove":{{"path":"{file}","dataChange":true,"deletionTimestamp":0}}}}
{{"add":{{"path":"{file}","partitionValues":{{}},"size":1,"modificationTime":0,"dataChange":true,
"deletionVector":{{"storageType":"u","pathOrInlineDv":"ab^-aqEH.-t@S}}K{{vb[*k^","offset":4,"sizeInBytes":40,"cardinality":2}}}}}}
{{"protocol":{{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors"]}}}}"#
        )
        .replace(",\n\"deletionVector", ",\"deletionVector")
    };
    let (_folder, table) = table_with("");
    let data = tree(&table)
        .into_iter()
        .find(|file| file.ends_with(".parquet"))
        .unwrap();
    let name = Path::new(&data).file_name().unwrap().to_str().unwrap().to_owned();
    std::fs::write(table.join("_delta_log/00000000000000000001.json"), deleted(&name)).unwrap();
    let (refused, why) = cause(files(&table, None));
    assert_eq!(refused, LakeCause::UnreadableTable);
    assert!(why.contains("deletion vector"), "{why}");
    assert_eq!(files(&table, Some(0)).unwrap().len(), 1, "before the rows were deleted");
    let target = open(&table, Mode::Append);
    assert_eq!(cause(target).0, LakeCause::UnreadableTable);

    let unknown = r#"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["fromTheFuture"],"writerFeatures":["fromTheFuture"]}}"#;
    let later = r#"{"protocol":{"minReaderVersion":4,"minWriterVersion":7}}"#;
    for log in [unknown, later] {
        let (_folder, table) = table_with(log);
        let (refused, why) = cause(files(&table, None));
        assert_eq!(refused, LakeCause::UnreadableTable, "{why}");
    }
}

#[test]
fn tables_with_rules_are_not_written() {
    let metadata = |more: &str, partition: &str, field: &str| {
        let schema = format!(
            r#"{{\"type\":\"struct\",\"fields\":[{{\"name\":\"id\",\"type\":\"long\",\"nullable\":true,\"metadata\":{{{field}}}}}]}}"#
        );
        format!(
            r#"{{"metaData":{{"id":"x","format":{{"provider":"parquet","options":{{}}}},"schemaString":"{schema}","partitionColumns":[{partition}],"configuration":{{{more}}}}}}}"#
        )
    };
    for (log, expected) in [
        (metadata("", r#""id""#, ""), "partitioned by id"),
        (
            metadata(r#""delta.constraints.c":"id > 0""#, "", ""),
            "delta.constraints.c",
        ),
        (metadata(r#""delta.appendOnly":"true""#, "", ""), "delta.appendOnly"),
        (
            metadata("", "", r#"\"delta.invariants\":\"id > 0\""#),
            "delta.invariants",
        ),
    ] {
        let (_folder, table) = table_with(&log);
        let (refused, why) = cause(open(&table, Mode::Overwrite));
        assert_eq!(refused, LakeCause::UnwritableTable, "{why}");
        assert!(why.contains(expected), "{why}");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.txt"), "").unwrap();
    let (refused, _) = cause(open(folder.path(), Mode::Create));
    assert_eq!(refused, LakeCause::UnwritableTable);
}

#[test]
fn values_of_partitions_and_columns_that_came_later_are_said_beside_the_file() {
    let log = r#"{"metaData":{"id":"x","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"id\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}},{\"name\":\"day\",\"type\":\"timestamp\",\"nullable\":true,\"metadata\":{}},{\"name\":\"land\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":["day","land"],"configuration":{}}}
{"add":{"path":"day=1/a%20b.parquet","partitionValues":{"day":"2024-01-02 00:00:00","land":null},"size":1,"modificationTime":0,"dataChange":true}}"#;
    let (_folder, table) = table_with(log);
    let found = files(&table, None).unwrap();
    let file = found
        .iter()
        .find(|file| file.path.ends_with("day=1/a b.parquet"))
        .expect("decoded path");
    let day = ("day".to_owned(), Some("2024-01-02 00:00:00Z".to_owned()));
    assert_eq!(file.values, [("id".to_owned(), None), day, ("land".to_owned(), None)]);
}

#[test]
fn addresses_mean_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a b.csv");
    std::fs::write(&path, "id\n1\n").unwrap();
    let store = LakeStore::new();
    let list = |pattern: &str| store.list(pattern, &["csv"], Path::new("/"));
    let address = format!("file://{}/a%20b.csv", folder.path().display());
    let found = list(&address).unwrap();
    assert_eq!(found[0].path, path);
    assert_eq!(store.open(&found[0]).unwrap().read_at(0, 2).unwrap().as_ref(), b"id");
    assert_eq!(
        list(&format!("file://{}/*.csv", folder.path().display()))
            .unwrap()
            .len(),
        1
    );
    for unknown in ["gs://bucket/x.csv", "s3:///x.csv", "file://x.csv"] {
        assert_eq!(cause(list(unknown)).0, LakeCause::UnknownStore, "{unknown}");
    }
}

#[test]
fn requests_may_come_from_workers_of_another_runtime() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("t");
    write(&table, Mode::Create, &[rows(0..10)]).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let found = runtime.block_on(async move { tokio::spawn(async move { files(&table, None).unwrap().len() }).await });
    assert_eq!(found.unwrap(), 1);
}

#[test]
fn checkpoints_are_made_when_the_table_wants_them() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("t");
    write(&table, Mode::Append, &[rows(0..1)]).unwrap();
    let first = table.join("_delta_log/00000000000000000000.json");
    let log = std::fs::read_to_string(&first).unwrap();
    assert!(log.contains(r#""configuration":{}"#), "{log}");
    std::fs::write(
        &first,
        log.replace(
            r#""configuration":{}"#,
            r#""configuration":{"delta.checkpointInterval":"3"}"#,
        ),
    )
    .unwrap();
    for turn in 1..8 {
        write(&table, Mode::Append, &[rows(turn..turn + 1)]).unwrap();
    }
    let made = tree(&table)
        .into_iter()
        .filter(|file| file.contains(".checkpoint."))
        .count();
    assert_eq!(made, 2);
    // The log before a checkpoint is not needed any more.
    std::fs::remove_file(first).unwrap();
    assert_eq!(files(&table, None).unwrap().len(), 8);
    assert_eq!(files(&table, Some(6)).unwrap().len(), 7);
}

#[cfg(unix)]
#[test]
fn pipes_in_a_log_hold_up_nobody() {
    let names = ["00000000000000000001.json", "00000000000000000000.checkpoint.parquet"];
    for name in names {
        let (_folder, table) = table_with("{}");
        let pipe = table.join("_delta_log").join(name);
        let _ = std::fs::remove_file(&pipe);
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        // On a thread of its own: a reader of the pipe would wait for ever.
        let (said, heard) = std::sync::mpsc::channel();
        let asked = table.clone();
        std::thread::spawn(move || said.send((files(&asked, None), write(&asked, Mode::Append, &[rows(0..1)]))));
        let (read, written) = heard
            .recv_timeout(std::time::Duration::from_secs(20))
            .expect("it does not wait");
        let expected = format!(
            "cannot read {}: it is a pipe, a socket or a device, and no file",
            pipe.display()
        );
        assert_eq!(read.unwrap_err().to_string(), expected);
        assert_eq!(written.unwrap_err().to_string(), expected);
    }
}
