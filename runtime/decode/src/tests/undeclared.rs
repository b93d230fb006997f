//! What rows hold in columns that their source does not declare, in every format.

use super::*;
use crate::{InputFile, LocalStore, RandomRead, Store, write_rows};
use ::arrow::array::{
    ArrayRef, DictionaryArray, Float64Array, Int8Array, Int64Array, NullArray, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use ::arrow::datatypes::Int8Type;
use std::sync::atomic::{AtomicU64, Ordering};

const COLUMNS: [(&str, Type); 2] = [("id", Type::Int64), ("at", Type::Timestamp)];

/// Id, note, and grade of a row; an id of none makes it a reject.
type Cells = (Option<i64>, Option<&'static str>, Option<f64>);

const ROWS: [Cells; 7] = [
    (None, Some("z"), Some(9.0)),
    (Some(1), Some("x"), Some(1.5)),
    (Some(1), Some("x"), Some(1.5)),
    (Some(1), Some("y"), Some(1.5)),
    (Some(1), None, Some(1.5)),
    (Some(1), Some("x"), None),
    (Some(1), None, None),
];

/// The rows with their columns in one of two orders.
fn rows(turned: bool) -> RecordBatch {
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from_iter(ROWS.map(|row| row.0)))),
        ("note", Arc::new(StringArray::from_iter(ROWS.map(|row| row.1)))),
        (
            "at",
            Arc::new(TimestampMicrosecondArray::from(vec![5; ROWS.len()]).with_timezone("UTC")),
        ),
        ("grade", Arc::new(Float64Array::from_iter(ROWS.map(|row| row.2)))),
    ];
    if turned {
        columns.reverse();
    }
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

/// The hashes of all accepted rows of a file, in batches of two.
fn hashes(format: FileFormat, folder: &Path, name: &str) -> Vec<u128> {
    let options = ReadOptions {
        undeclared: true,
        rows_per_batch: Some(2),
        ..ReadOptions::default()
    };
    let reader = read_source(&source(&COLUMNS), &file_set(format, &[name]), folder, options).unwrap();
    let mut all = vec![];
    for decoded in reader {
        let decoded = decoded.unwrap();
        let rows: Vec<u32> = (0..decoded.batch.rows as u32).collect();
        all.extend(decoded.undeclared.unwrap().hashes(&rows).unwrap());
    }
    all
}

#[test]
fn rows_hash_alike_iff_their_undeclared_columns_hold_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for (format, name) in [
        (FileFormat::Csv, "csv"),
        (FileFormat::Jsonl, "jsonl"),
        (FileFormat::Parquet, "parquet"),
        (FileFormat::Arrow, "arrow"),
    ] {
        for turned in [false, true] {
            let path = folder.path().join(format!("{turned}.{name}"));
            write_rows(&path, rows(turned).schema(), vec![rows(turned)]).unwrap();
        }
        let found = hashes(format, folder.path(), &format!("false.{name}"));
        // The first row is rejected, so that others of its batch have another place.
        let of: Vec<Cells> = ROWS.into_iter().filter(|row| row.0.is_some()).collect();
        assert_eq!(found.len(), of.len(), "{name}");
        for (one, hash) in of.iter().zip(&found) {
            for (other, its) in of.iter().zip(&found) {
                assert_eq!(one == other, hash == its, "{name}: {one:?} and {other:?}");
            }
        }
        assert_eq!(*found.last().unwrap(), 0, "{name}: nothing but nulls is nothing");
        let turned = hashes(format, folder.path(), &format!("true.{name}"));
        assert_eq!(found, turned, "{name}: the order of columns does not show");
        // Who does not ask gets nothing.
        let plain = read_source(
            &source(&COLUMNS),
            &file_set(format, &[&format!("false.{name}")]),
            folder.path(),
            ReadOptions::default(),
        );
        assert!(
            plain.unwrap().all(|decoded| decoded.unwrap().undeclared.is_none()),
            "{name}"
        );
    }
}

#[test]
fn columns_that_a_file_lacks_are_null_and_folders_say_some() {
    let folder = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let at = "1970-01-01T00:00:05Z";
    put("bare.csv", &format!("id,at\n1,{at}\n"));
    put("empty.csv", &format!("id,note,at\n1,,{at}\n"));
    put("note.csv", &format!("id,note,at\n1,x,{at}\n"));
    put("e/note=x/a.csv", &format!("id,at\n1,{at}\n"));
    let of = |name: &str| hashes(FileFormat::Csv, folder.path(), name);
    assert_eq!(of("bare.csv"), [0]);
    assert_eq!(of("empty.csv"), [0]);
    assert_ne!(of("note.csv"), [0]);
    assert_eq!(of("e"), of("note.csv"), "a folder says what a column says");
}

/// The files of this machine, with the bytes that were read of them.
#[derive(Debug, Clone, Default)]
struct Counting(Arc<AtomicU64>);

struct CountingFile(Arc<dyn RandomRead>, Arc<AtomicU64>);

impl Store for Counting {
    fn list(&self, pattern: &str, extensions: &[&str], base: &Path) -> Result<Vec<InputFile>, DecodeError> {
        LocalStore.list(pattern, extensions, base)
    }

    fn open(&self, file: &InputFile) -> Result<Arc<dyn RandomRead>, DecodeError> {
        Ok(Arc::new(CountingFile(LocalStore.open(file)?, self.0.clone())))
    }
}

impl RandomRead for CountingFile {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read_at(&self, start: u64, len: usize) -> Result<bytes::Bytes, DecodeError> {
        self.1.fetch_add(len as u64, Ordering::Relaxed);
        self.0.read_at(start, len)
    }

    fn version(&self) -> Option<String> {
        self.0.version()
    }
}

#[test]
fn undeclared_columns_of_parquet_are_read_only_where_they_are_asked_for() {
    const MANY: usize = 100_000;
    let folder = tempfile::tempdir().unwrap();
    // Nothing that shrinks.
    let notes = (0..MANY as u64).map(|row| row.wrapping_mul(0x9e37_79b9_7f4a_7c15) as i64);
    let columns: [(&str, ArrayRef); 3] = [
        ("id", Arc::new(Int64Array::from_iter_values(0..MANY as i64))),
        ("note", Arc::new(Int64Array::from_iter_values(notes))),
        (
            "at",
            Arc::new(TimestampMicrosecondArray::from(vec![5; MANY]).with_timezone("UTC")),
        ),
    ];
    let rows = RecordBatch::try_from_iter(columns).unwrap();
    write_rows(&folder.path().join("f.parquet"), rows.schema(), vec![rows]).unwrap();
    let bytes_read = |undeclared: bool| {
        let store = Counting::default();
        let options = ReadOptions {
            undeclared,
            store: Some(Arc::new(store.clone())),
            ..ReadOptions::default()
        };
        let files = file_set(FileFormat::Parquet, &["f.parquet"]);
        let reader = read_source(&source(&COLUMNS), &files, folder.path(), options).unwrap();
        let rows: usize = reader.map(|decoded| decoded.unwrap().batch.rows).sum();
        assert_eq!(rows, MANY);
        store.0.load(Ordering::Relaxed)
    };
    let (without, with) = (bytes_read(false), bytes_read(true));
    assert!(
        without > 0 && without + 8 * MANY as u64 / 2 < with,
        "{without} bytes, {with} bytes"
    );
}

/// What pyarrow makes of a column of nothing but `None`, and a dictionary that has null among its values.
#[test]
fn nulls_without_a_mask_of_their_own_are_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let values: ArrayRef = Arc::new(StringArray::from(vec![None, Some("x")]));
    let dictionary = DictionaryArray::<Int8Type>::new(Int8Array::from(vec![0, 1, 0]), values);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from(vec![1, 2, 3]))),
        (
            "at",
            Arc::new(TimestampMicrosecondArray::from(vec![5; 3]).with_timezone("UTC")),
        ),
        ("nothing", Arc::new(NullArray::new(3))),
        ("note", Arc::new(dictionary)),
    ];
    let rows = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)));
    let rows = rows.unwrap();
    let file = std::fs::File::create(folder.path().join("rows.arrow")).unwrap();
    let mut writer = ::arrow::ipc::writer::FileWriter::try_new(file, &rows.schema()).unwrap();
    writer.write(&rows).unwrap();
    writer.finish().unwrap();
    let found = hashes(FileFormat::Arrow, folder.path(), "rows.arrow");
    assert_eq!((found[0], found[2]), (0, 0));
    assert_ne!(found[1], 0);
}
