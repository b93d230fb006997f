//! What lies just at a bound, and what seldom occurs.

use super::*;
use crate::convert::to_arrow;
use crate::lines::{Line, Lines, RECORD_BYTES_MAX};
use crate::{InputFile, JsonlRejects, LocalStore, Store};
use ::arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, TimestampMicrosecondArray};
use ::arrow::ipc::MetadataVersion;
use ::arrow::ipc::writer::{FileWriter, IpcWriteOptions};
use std::io::{self, BufWriter, Write};

fn events() -> RecordBatch {
    let at = TimestampMicrosecondArray::from(vec![1, 2, 3]).with_timezone("UTC");
    RecordBatch::try_from_iter([
        ("id", Arc::new(Int64Array::from(vec![7, 8, 9])) as ArrayRef),
        ("at", Arc::new(at)),
    ])
    .unwrap()
}

#[test]
fn arrow_files_without_the_marker_of_messages() {
    let options = IpcWriteOptions::try_new(8, true, MetadataVersion::V4).unwrap();
    let mut writer = FileWriter::try_new_with_options(Vec::new(), &events().schema(), options).unwrap();
    writer.write(&events()).unwrap();
    writer.write(&events().slice(1, 2)).unwrap();
    let bytes = writer.into_inner().unwrap();
    let columns = [("id", Type::Int64), ("at", Type::Timestamp)];
    let outcome = read_content(&source(&columns), FileFormat::Arrow, bytes);
    assert_eq!(outcome.error, None);
    assert_eq!(outcome.rows, ["f:1 7|1", "f:2 8|2", "f:3 9|3", "f:4 8|2", "f:5 9|3"]);
}

#[test]
fn a_column_of_the_file_goes_before_the_value_of_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("id=1")).unwrap();
    let mut writer = FileWriter::try_new(Vec::new(), &events().schema()).unwrap();
    writer.write(&events()).unwrap();
    std::fs::write(folder.path().join("id=1/a.arrow"), writer.into_inner().unwrap()).unwrap();
    let columns = [("id", Type::Int64), ("at", Type::Timestamp)];
    let outcome = read(&source(&columns), &file_set(FileFormat::Arrow, &["."]), folder.path());
    let cells: Vec<&str> = outcome.rows.iter().filter_map(|row| row.split(' ').nth(1)).collect();
    assert_eq!(cells, ["7|1", "8|2", "9|3"]);
}

#[test]
fn a_quote_right_behind_a_byte_order_mark() {
    let rows: String = (0..40).map(|id| format!("\"1970-01-01T00:00:00Z\",{id}\n")).collect();
    let content = format!("\u{feff}\"a\nt\",\"id\"\n{rows}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f"), &content).unwrap();
    let events = source(&[("a\nt", Type::Timestamp), ("id", Type::Int64)]);
    let set = file_set(FileFormat::Csv, &["f"]);
    let whole = read(&events, &set, folder.path());
    assert_eq!((whole.rows.len(), &whole.error), (40, &None));
    for bytes in 1..60 {
        let options = PieceOptions {
            bytes_per_piece: Some(bytes),
            ..PieceOptions::default()
        };
        assert_eq!(read_pieces(&events, &set, folder.path(), &options).0, whole, "{bytes}");
    }
}

/// Refuses everything.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn rejected_rows_that_wait_in_a_buffer_are_not_lost_in_silence() {
    let mut rejects = JsonlRejects::new(BufWriter::new(Full), "rejects.jsonl");
    rejects.write("f", 1, "bad_value", "", None).unwrap();
    let error = rejects.finish().map(|_| ()).unwrap_err();
    assert!(matches!(error, DecodeError::Unwritable { file, .. } if file == "rejects.jsonl"));
}

#[test]
fn a_read_beyond_all_numbers_is_one_beyond_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    std::fs::write(&path, "abc").unwrap();
    let file = LocalStore.open(&InputFile::new(path, "f")).unwrap();
    assert_eq!(&file.read_at(1, 2).unwrap()[..], b"bc");
    for start in [2, u64::MAX - 1, u64::MAX] {
        let error = file.read_at(start, 2).unwrap_err().to_string();
        assert!(error.contains("it ends before byte"), "{error}");
    }
}

#[test]
fn a_line_of_the_greatest_length() {
    for (len, expected) in [(RECORD_BYTES_MAX, Line::Whole), (RECORD_BYTES_MAX + 1, Line::TooLong)] {
        let text = [vec![b'a'; len - 1], b"\nb\n".to_vec()].concat();
        let mut lines = Lines::new(Box::new(io::Cursor::new(text)));
        let mut buffer = Vec::new();
        assert_eq!(lines.next(&mut buffer).unwrap(), expected);
        assert_eq!(buffer.len() == len, expected == Line::Whole);
        buffer.clear();
        assert_eq!(lines.next(&mut buffer).unwrap(), Line::Whole);
        assert_eq!((&buffer[..], lines.number()), (&b"b\n"[..], 2));
    }
}

#[test]
fn arrays_without_nulls_have_no_room_for_them() {
    let column = |tag| featr_kernels::Column {
        ty: Type::Int64,
        data: Data::I64(vec![1, 2]),
        tags: Some(vec![Tag::VALID, tag]),
    };
    assert!(to_arrow(&column(Tag::VALID)).nulls().is_none());
    assert!(to_arrow(&column(Tag::NULL)).nulls().is_some());
}
