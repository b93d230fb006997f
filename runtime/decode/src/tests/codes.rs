//! Which columns come as codes, and from where. That they say the same is checked by [`super::read`], for every file.

use super::*;
use ::arrow::array::*;
use ::arrow::datatypes::Int8Type;
use ::arrow::ipc::writer::FileWriter;
use ::parquet::arrow::ArrowWriter;
use ::parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};

const COLUMNS: [(&str, Type); 4] = [
    ("id", Type::Int64),
    ("at", Type::Timestamp),
    ("few?", Type::String),
    ("many", Type::String),
];

/// Rows with a column of three texts and one of as many as there are rows; every 50th row is rejected.
fn rows(count: usize) -> RecordBatch {
    let at = (0..count as i64).map(|i| (i % 50 != 7).then_some(i));
    let few = (0..count).map(|i| ["a", "b", "c"].get(i % 4).copied());
    RecordBatch::try_from_iter_with_nullable([
        (
            "id",
            Arc::new(Int64Array::from_iter_values(0..count as i64)) as ArrayRef,
            false,
        ),
        (
            "at",
            Arc::new(at.collect::<TimestampMicrosecondArray>().with_timezone("UTC")),
            true,
        ),
        ("few", Arc::new(few.collect::<StringArray>()), true),
        (
            "many",
            Arc::new(StringArray::from_iter_values((0..count).map(|i| format!("text {i}")))),
            false,
        ),
    ])
    .unwrap()
}

fn parquet(batch: &RecordBatch, change: impl Fn(WriterPropertiesBuilder) -> WriterPropertiesBuilder) -> Vec<u8> {
    let properties = change(
        WriterProperties::builder()
            .set_data_page_row_count_limit(100)
            .set_write_batch_size(100),
    );
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build())).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

/// Per batch the columns that came as codes, where columns 2 and 3 may.
fn coded(format: FileFormat, content: Vec<u8>) -> Vec<Vec<(ColumnId, StringArray)>> {
    let whole = read_content(&source(&COLUMNS), format, &content);
    assert_eq!((whole.rows.len(), whole.rejects.len()), (392, 8));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f"), content).unwrap();
    let options = PieceOptions {
        coded: vec![ColumnId(2), ColumnId(3)],
        rows_per_batch: Some(150),
        ..PieceOptions::default()
    };
    let mut found = vec![];
    for piece in pieces(&source(&COLUMNS), &file_set(format, &["f"]), folder.path(), &options).unwrap() {
        let mut each = |decoded: Decoded| {
            found.push(decoded.texts);
            Ok(())
        };
        piece.read::<DecodeError>(&mut |_| Ok(()), &mut each).unwrap();
    }
    found
}

fn ids(found: &[Vec<(ColumnId, StringArray)>]) -> Vec<Vec<u32>> {
    let of = |texts: &Vec<(ColumnId, StringArray)>| texts.iter().map(|(id, _)| id.0).collect();
    found.iter().map(of).collect()
}

#[test]
fn dictionary_pages_give_codes_and_batches_share_their_texts() {
    let found = coded(FileFormat::Parquet, parquet(&rows(400), |properties| properties));
    assert_eq!(ids(&found), [[2, 3], [2, 3], [2, 3]]);
    let texts = found.iter().map(|texts| &texts[0].1);
    assert!(texts.clone().all(|texts| texts.len() == 3));
    let places: Vec<_> = texts.map(|texts| texts.values().as_ptr()).collect();
    assert!(places.iter().all(|place| *place == places[0]));
}

#[test]
fn a_column_that_is_not_a_dictionary_throughout_is_text() {
    let plain = parquet(&rows(400), |properties| properties.set_dictionary_enabled(false));
    assert_eq!(ids(&coded(FileFormat::Parquet, plain)), [[0u32; 0]; 3]);
    // The dictionary of the many texts ends after 100 rows or so.
    let mixed = parquet(&rows(400), |properties| properties.set_dictionary_page_size_limit(500));
    assert_eq!(ids(&coded(FileFormat::Parquet, mixed)), [[2], [2], [2]]);
}

#[test]
fn dictionaries_of_arrow_files_are_codes() {
    let all = rows(400);
    let few: DictionaryArray<Int8Type> = all.column(2).as_string::<i32>().iter().collect();
    let mut columns: Vec<(&str, ArrayRef)> = ["id", "at", "few", "many"]
        .into_iter()
        .zip(all.columns().iter().cloned())
        .collect();
    columns[2].1 = Arc::new(few);
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap();
    let mut writer = FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    let found = coded(FileFormat::Arrow, writer.into_inner().unwrap());
    assert_eq!(ids(&found), [[2], [2], [2]]);
}
