use super::*;
use crate::{Rows, Spooling};
use ::arrow::array::*;
use ::arrow::datatypes::{Int8Type, Schema};
use ::arrow::ipc::CompressionType;
use ::arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};

const COLUMNS: [(&str, Type); 4] = [
    ("id", Type::Int64),
    ("at", Type::Timestamp),
    ("x?", Type::Float64),
    ("s?", Type::String),
];

fn batch(from: i64, rows: i64) -> RecordBatch {
    let numbers = from..from + rows;
    let at: TimestampMillisecondArray = numbers.clone().map(|i| (i % 17 != 4).then_some(i)).collect();
    let words = ["a", "b", "c"];
    let words: DictionaryArray<Int8Type> = numbers.clone().map(|i| words.get((i % 4) as usize).copied()).collect();
    RecordBatch::try_from_iter_with_nullable([
        ("s", Arc::new(words) as ArrayRef, true),
        ("unused", Arc::new(Int64Array::from_iter_values(numbers.clone())), false),
        ("at", Arc::new(at.with_timezone("UTC")), true),
        ("id", Arc::new(Int64Array::from_iter_values(numbers.clone())), false),
        (
            "x",
            Arc::new(Float64Array::from_iter_values(numbers.map(|i| i as f64))),
            false,
        ),
    ])
    .unwrap()
}

fn schema() -> Arc<Schema> {
    batch(0, 1).schema()
}

fn file_of(batches: &[RecordBatch]) -> Vec<u8> {
    packed_file_of(batches, None)
}

fn stream_of(batches: &[RecordBatch]) -> Vec<u8> {
    packed_stream_of(batches, None)
}

const PACKED: [Option<CompressionType>; 2] = [Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)];

fn packed_by(packing: Option<CompressionType>) -> IpcWriteOptions {
    IpcWriteOptions::default().try_with_compression(packing).unwrap()
}

fn packed_file_of(batches: &[RecordBatch], packing: Option<CompressionType>) -> Vec<u8> {
    // Every batch has the same dictionary, so that a file may hold them all.
    let mut writer = FileWriter::try_new_with_options(Vec::new(), &schema(), packed_by(packing)).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.into_inner().unwrap()
}

fn packed_stream_of(batches: &[RecordBatch], packing: Option<CompressionType>) -> Vec<u8> {
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), &schema(), packed_by(packing)).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.into_inner().unwrap()
}

#[test]
fn files_and_streams_give_the_same_rows() {
    let batches = [batch(0, 40), batch(40, 4), batch(44, 60)];
    let events = source(&COLUMNS);
    let file = read_content(&events, FileFormat::Arrow, file_of(&batches));
    assert_eq!((file.rows.len(), file.rejects.len()), (98, 6));
    assert_eq!(file.rows[..2], ["f:1 0|0|0.0|a", "f:2 1|1000|1.0|b"]);
    assert_eq!(
        file.rejects[..2],
        ["f:5 null_time column at is null", "f:22 null_time column at is null"]
    );
    assert_eq!(read_content(&events, FileFormat::Arrow, stream_of(&batches)), file);
    let mut narrow = events.clone();
    narrow.columns.truncate(2);
    assert_eq!(
        read_content(&narrow, FileFormat::Arrow, stream_of(&batches)).rows[1],
        "f:2 1|1000"
    );
    for empty in [file_of(&[]), stream_of(&[])] {
        let outcome = read_content(&events, FileFormat::Arrow, empty);
        assert_eq!((outcome.rows.len(), outcome.error), (0, None));
    }
}

#[test]
fn the_batches_of_a_file_are_its_pieces() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("f.ipc"),
        file_of(&[batch(0, 40), batch(40, 4), batch(44, 60)]),
    )
    .unwrap();
    let cut = |rows| {
        let options = PieceOptions {
            rows_per_piece: Some(rows),
            ..PieceOptions::default()
        };
        let all = pieces(
            &source(&COLUMNS),
            &file_set(FileFormat::Arrow, &["."]),
            folder.path(),
            &options,
        )
        .unwrap();
        assert!(all.iter().all(|piece| piece.bytes() > 0));
        all.iter().map(|piece| piece.rows().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(cut(1), [40, 4, 60]);
    assert_eq!(cut(50), [44, 60]);
    assert_eq!(cut(1_000), [104]);
}

#[test]
fn a_column_that_is_missing_or_of_another_type() {
    let mut events = source(&COLUMNS);
    events.columns[0].ty = Type::String;
    for bytes in [file_of(&[batch(0, 3)]), stream_of(&[batch(0, 3)])] {
        let error = read_content(&events, FileFormat::Arrow, bytes).error.unwrap();
        assert_eq!(
            error.to_string(),
            "column `id` of f is Int64, which does not decode to string"
        );
    }
    events.columns[0].name = "gone".into();
    let error = read_content(&events, FileFormat::Arrow, file_of(&[])).error.unwrap();
    assert_eq!(error.to_string(), "f has no column `gone`");
}

#[test]
fn packed_files_and_streams_give_the_same_rows() {
    let batches = [batch(0, 4_000), batch(4_000, 4), batch(4_004, 600)];
    let events = source(&COLUMNS);
    let plain_file = file_of(&batches);
    let plain = read_content(&events, FileFormat::Arrow, &plain_file);
    for packing in PACKED {
        let packed = packed_file_of(&batches, packing);
        assert!(packed.len() < plain_file.len());
        assert_eq!(read_content(&events, FileFormat::Arrow, packed), plain);
        assert_eq!(
            read_content(&events, FileFormat::Arrow, packed_stream_of(&batches, packing)),
            plain
        );
    }
}

/// Reads a changed file: never a panic, nor the end of the process.
fn outcome_of(folder: &Path, bytes: &[u8]) -> Outcome {
    let path = folder.join("f");
    let _ = std::fs::remove_file(&path);
    std::fs::write(&path, bytes).unwrap();
    let set = file_set(FileFormat::Arrow, &["f"]);
    read_with(&source(&COLUMNS), &set, folder, None, 7)
}

/// Whether the blame is put on the reading.
fn is_unreadable(outcome: &Outcome) -> bool {
    matches!(outcome.error, Some(DecodeError::Unreadable { .. }))
}

#[test]
fn broken_files_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let outcome_of = |bytes: &[u8]| outcome_of(folder.path(), bytes);
    let batches = [batch(0, 8), batch(8, 10)];
    let packed = PACKED.map(|packing| [packed_file_of(&batches, packing), packed_stream_of(&batches, packing)]);
    for whole in packed
        .into_iter()
        .chain([[file_of(&batches), stream_of(&batches)]])
        .flatten()
    {
        assert_eq!(outcome_of(&whole).rows.len(), 17);
        for cut in (0..whole.len()).step_by(5) {
            let outcome = outcome_of(&whole[..cut]);
            assert!(!is_unreadable(&outcome), "cut at {cut}: {:?}", outcome.error);
            assert!(
                outcome.error.is_some() || outcome.rows.len() < 17 || cut + 8 >= whole.len(),
                "cut at {cut}"
            );
        }
        for (at, step) in (0..whole.len())
            .step_by(3)
            .zip([0x01u8, 0x80, 0xff, 0x10].into_iter().cycle())
        {
            let mut broken = whole.clone();
            broken[at] ^= step;
            let outcome = outcome_of(&broken);
            assert!(!is_unreadable(&outcome), "byte {at}: {:?}", outcome.error);
            assert!(
                outcome.error.is_some() || outcome.rows.len() + outcome.rejects.len() <= 36,
                "byte {at}"
            );
        }
    }
}

#[test]
fn sizes_that_cannot_be_are_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let batches = [batch(0, 400)];
    for packing in PACKED {
        for whole in [packed_file_of(&batches, packing), packed_stream_of(&batches, packing)] {
            let mut refused = 0;
            for at in (0..whole.len() - 8).step_by(8) {
                for size in [1i64 << 46, i64::MAX] {
                    let mut broken = whole.clone();
                    broken[at..at + 8].copy_from_slice(&size.to_le_bytes());
                    let error = outcome_of(folder.path(), &broken).error;
                    let error = error.map(|error| error.to_string()).unwrap_or_default();
                    refused += usize::from(error.contains("says that it becomes"));
                }
            }
            // Two sizes of each of the four columns, their nulls and texts, at least.
            assert!(refused >= 10, "{refused} with {packing:?}");
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_is_not_called_broken() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f"), file_of(&[batch(0, 40)])).unwrap();
    let options = PieceOptions {
        store: Arc::new(pieces::Small {
            granule: 1,
            fails: true,
        }),
        ..PieceOptions::default()
    };
    let (outcome, _) = read_pieces(
        &source(&COLUMNS),
        &file_set(FileFormat::Arrow, &["f"]),
        folder.path(),
        &options,
    );
    assert_eq!(outcome.error.unwrap().to_string(), "cannot read f: the line is dead");
}

#[test]
fn delta_tables_need_a_store_that_knows_them() {
    let error = read_content(&source(&COLUMNS), FileFormat::Delta, "").error.unwrap();
    assert_eq!(error.to_string(), "cannot read f: Delta tables cannot be read here");
}

#[test]
fn rows_in_memory_and_spooled_ones_are_those_of_a_file() {
    let batches = [batch(0, 40), batch(40, 4), batch(44, 60)];
    let events = source(&COLUMNS);
    let file = read_content(&events, FileFormat::Arrow, file_of(&batches));
    let named = |lines: &[String]| -> Vec<String> {
        let names = lines.iter().map(|line| line.strip_prefix("f:").expect("of the file"));
        names.map(|line| format!("rows of events:{line}")).collect()
    };
    let table = Table {
        schema: schema(),
        batches: batches.to_vec(),
    };
    assert_eq!((table.rows(), table.bytes() > 104 * 16), (104, true));
    let temp = tempfile::tempdir().unwrap();
    let mut spool = Spooling::create(temp.path(), schema()).unwrap();
    batches.iter().for_each(|batch| spool.write(batch).unwrap());
    let spooled = Rows::Spooled(spool.finish("rows of events").unwrap());
    let stores: [Arc<dyn Store>; 2] = [Arc::new(table).into(), spooled].map(|rows| -> Arc<dyn Store> {
        Arc::new(Tables {
            tables: [("events".to_owned(), rows)].into(),
            beyond: Arc::new(LocalStore),
        })
    });
    let files = Tables::files("events");
    for (store, rows_per_batch) in stores.iter().flat_map(|store| [1, 3, 10_000].map(|rows| (store, rows))) {
        let sink = Collect::default();
        let options = ReadOptions {
            rows_per_batch: Some(rows_per_batch),
            sink: Some(sink.sink()),
            store: Some(store.clone()),
            ..ReadOptions::default()
        };
        let (rows, error) = drain(&mut read_source(&events, &files, Path::new("."), options).unwrap());
        assert_eq!((rows, error), (named(&file.rows), None));
        let rejects: Vec<String> = sink.0.lock().unwrap().iter().map(shown).collect();
        assert_eq!(rejects, named(&file.rejects));
    }
    let [store, _] = stores;
    let options = PieceOptions {
        rows_per_piece: Some(44),
        store: store.clone(),
        ..PieceOptions::default()
    };
    let cut = pieces(&events, &files, Path::new("."), &options).unwrap();
    assert_eq!(cut.iter().filter_map(Piece::rows).collect::<Vec<_>>(), [44, 60]);
    // A source whose rows are not there is looked for among files.
    let other = read_source(
        &events,
        &Tables::files("other"),
        Path::new("."),
        ReadOptions {
            store: Some(store),
            ..ReadOptions::default()
        },
    );
    assert!(matches!(other, Err(DecodeError::NoFiles { .. })));
}
