use super::*;
use ::arrow::array::*;
use ::arrow::datatypes::{Int8Type, Schema};
use ::arrow::ipc::writer::{FileWriter, StreamWriter};

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
    // Every batch has the same dictionary, so that a file may hold them all.
    let mut writer = FileWriter::try_new(Vec::new(), &schema()).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.into_inner().unwrap()
}

fn stream_of(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &schema()).unwrap();
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
fn broken_files_never_panic() {
    let events = source(&COLUMNS);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    let set = file_set(FileFormat::Arrow, &["f"]);
    let outcome_of = |bytes: &[u8]| {
        let _ = std::fs::remove_file(&path);
        std::fs::write(&path, bytes).unwrap();
        read_with(&events, &set, folder.path(), None, 7)
    };
    for whole in [
        file_of(&[batch(0, 8), batch(8, 10)]),
        stream_of(&[batch(0, 8), batch(8, 10)]),
    ] {
        assert_eq!(outcome_of(&whole).rows.len(), 17);
        for cut in (0..whole.len()).step_by(3) {
            let outcome = outcome_of(&whole[..cut]);
            assert!(
                outcome.error.is_some() || outcome.rows.len() < 17 || cut + 8 >= whole.len(),
                "cut at {cut}"
            );
        }
        for (at, step) in (0..whole.len()).zip([0x01u8, 0x80, 0xff, 0x10].into_iter().cycle()) {
            let mut broken = whole.clone();
            broken[at] ^= step;
            let outcome = outcome_of(&broken);
            assert!(
                outcome.error.is_some() || outcome.rows.len() + outcome.rejects.len() <= 36,
                "byte {at}"
            );
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
