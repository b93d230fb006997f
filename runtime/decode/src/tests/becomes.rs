//! Rows that become far more than their bytes.

use super::forms::{held, ipc};
use super::*;
use crate::{Bounds, decode_bytes};
use ::arrow::array::*;
use ::arrow::buffer::OffsetBuffer;
use ::arrow::datatypes::{DataType, Field};
use ::arrow::ipc::writer::StreamWriter;

const MIB: usize = 1 << 20;

fn with_at(name: &str, column: ArrayRef) -> RecordBatch {
    let at: TimestampMicrosecondArray = (0..column.len() as i64).map(Some).collect();
    RecordBatch::try_from_iter_with_nullable([
        ("at", Arc::new(at.with_timezone("UTC")) as ArrayRef, true),
        (name, column, true),
    ])
    .unwrap()
}

fn nulls(rows: usize, items: usize) -> ArrayRef {
    let of = Arc::new(Field::new_list_field(DataType::Null, true));
    let ends = (0..=rows).map(|row| (row * items) as i64).collect::<Vec<_>>();
    let values = Arc::new(NullArray::new(rows * items));
    Arc::new(LargeListArray::new(of, OffsetBuffer::new(ends.into()), values, None))
}

/// 20 000 rows that share a list of 20 000 texts.
fn shared_lists() -> ArrayRef {
    let mut lists = ListBuilder::new(StringBuilder::new());
    (0..20_000).for_each(|_| lists.values().append_value("t"));
    lists.append(true);
    let keys = Int32Array::from(vec![0; 20_000]);
    Arc::new(DictionaryArray::new(keys, Arc::new(lists.finish())))
}

fn lists() -> Source {
    let of = Type::String.list().unwrap();
    held(&[("at", Type::Timestamp, None, None), ("tags?", of, None, None)])
}

#[test]
fn pushed_lists_are_bounded_by_what_they_become() {
    let of = Arc::new(Field::new_list_field(DataType::Null, true));
    let values = Arc::new(NullArray::new(100_000_000));
    let fixed = FixedSizeListArray::new(of, 10_000_000, values, None);
    for column in [nulls(1, 400_000_000), Arc::new(fixed), shared_lists()] {
        let rows = with_at("tags", column);
        let mut writer = StreamWriter::try_new(Vec::new(), &rows.schema()).unwrap();
        writer.write(&rows).unwrap();
        let bytes = writer.into_inner().unwrap();
        assert!(bytes.len() < MIB, "{}", bytes.len());
        let bounds = Bounds {
            unpacked_bytes: 32 * MIB as u64,
            ..Bounds::default()
        };
        let refused = decode_bytes(&lists(), FileFormat::Arrow, bytes, "rows", &bounds);
        assert!(
            matches!(refused, Err(DecodeError::BeyondBounds { .. })),
            "{}",
            rows.schema()
        );
    }
}

#[test]
fn pushed_lists_of_json_are_bounded_by_what_they_become() {
    let names: Vec<(String, String)> = (0..20).map(|n| (format!("f{n}?"), format!("lines.f{n}"))).collect();
    let of = Type::String.list().unwrap();
    let mut columns = vec![("at", Type::Timestamp, None, None)];
    columns.extend(
        names
            .iter()
            .map(|(name, way)| (name.as_str(), of, Some(way.as_str()), None)),
    );
    let decode = |items: usize| {
        let lines = vec!["{}"; items].join(",");
        let row = format!("{{\"at\": \"1970-01-01T00:00:00Z\", \"lines\": [{lines}]}}\n");
        let bounds = Bounds {
            unpacked_bytes: MIB as u64,
            ..Bounds::default()
        };
        decode_bytes(
            &held(&columns),
            FileFormat::Jsonl,
            row.repeat(2).into(),
            "rows",
            &bounds,
        )
    };
    let (decoded, _) = decode(10_000).unwrap();
    assert_eq!(decoded.iter().map(|part| part.batch.rows).sum::<usize>(), 2);
    // Each row is less than may be, and both are more; then one alone.
    for items in [60_000, 120_000] {
        let refused = decode(items);
        assert!(matches!(refused, Err(DecodeError::BeyondBounds { .. })), "{items}");
    }
}

#[test]
fn rows_that_share_much_are_decoded_few_at_a_time() {
    let long = "x".repeat(MIB);
    let keys: Int32Array = (0..200).map(|row| Some(row % 2)).collect();
    let texts = Arc::new(StringArray::from(vec![long.as_str(), "y"]));
    let file = ipc(&with_at("s", Arc::new(DictionaryArray::new(keys, texts))));
    let source = held(&[("at", Type::Timestamp, None, None), ("s?", Type::String, None, None)]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.arrow"), file).unwrap();
    let read = |most: Option<u64>| {
        let options = ReadOptions {
            batch_bytes_max: most,
            ..ReadOptions::default()
        };
        let files = file_set(FileFormat::Arrow, &["x.arrow"]);
        read_source(&source, &files, folder.path(), options).unwrap()
    };
    let mut next = 0;
    for decoded in read(None) {
        let decoded = decoded.unwrap();
        let Data::Str(texts) = &decoded.batch.columns[1].data else {
            panic!("texts")
        };
        assert!(texts.bytes.len() <= 65 * MIB, "{}", texts.bytes.len());
        for row in 0..decoded.batch.rows {
            assert_eq!(decoded.rows.number(row), next + 1);
            assert_eq!(decoded.batch.columns[0].i64s()[row], next as i64);
            assert_eq!(texts.get(row).len(), if next % 2 == 0 { MIB } else { 1 });
            next += 1;
        }
    }
    assert_eq!(next, 200);
    // Where that is asked for, they are refused.
    let refused = read(Some(50 * MIB as u64)).next();
    assert!(
        matches!(refused, Some(Err(DecodeError::BeyondBounds { .. }))),
        "{refused:?}"
    );
}

#[test]
fn a_row_that_becomes_too_much_is_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f"), ipc(&with_at("tags", nulls(2, 100_000_000)))).unwrap();
    let files = file_set(FileFormat::Arrow, &["f"]);
    let mut reader = read_source(&lists(), &files, folder.path(), ReadOptions::default()).unwrap();
    let told = reader.next().unwrap().unwrap_err().to_string();
    assert!(told.contains("row 1 becomes more than"), "{told}");
    // Lists of few nulls are lists of nulls.
    let outcome = read_content(&lists(), FileFormat::Arrow, ipc(&with_at("tags", nulls(2, 2))));
    assert_eq!(
        (outcome.rows, outcome.error),
        (vec!["f:1 0|[∅ ∅]".into(), "f:2 1|[∅ ∅]".into()], None)
    );
}
