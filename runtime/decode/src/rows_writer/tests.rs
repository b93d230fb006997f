use super::*;
use crate::tests::{file_set, read, source};
use crate::to_arrow;
use crate::write::WriteError;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use featc_ir::{FileFormat, Type};
use featr_kernels::{Column, Data, StrData};
use parquet::errors::ParquetError;
use std::fs::File;
use std::sync::Arc;

const TYPES: [(&str, Type); 8] = [
    ("at", Type::Timestamp),
    ("b?", Type::Bool),
    ("i?", Type::Int64),
    ("f?", Type::Float64),
    (
        "d?",
        Type::Decimal {
            precision: 30,
            scale: 4,
        },
    ),
    ("s?", Type::String),
    ("day?", Type::Date),
    ("long?", Type::Duration),
];

fn rows() -> RecordBatch {
    let text = "plain,\"quoted\"\nline\r\n";
    let nulls = || Some(vec![0, 1, 0]);
    let columns = [
        Column {
            ty: Type::Timestamp,
            data: Data::I64(vec![-1, 1_700_000_000_123_456, 0]),
            tags: None,
        },
        Column {
            ty: Type::Bool,
            data: Data::Bool(vec![true, false, false]),
            tags: nulls(),
        },
        Column {
            ty: Type::Int64,
            data: Data::I64(vec![i64::MIN, 0, i64::MAX]),
            tags: nulls(),
        },
        Column {
            ty: Type::Float64,
            data: Data::F64(vec![0.1, 0.0, 5e-324]),
            tags: nulls(),
        },
        Column {
            ty: TYPES[4].1,
            data: Data::I128(vec![-12_345_678_901_234_567_890, 0, 1]),
            tags: nulls(),
        },
        Column {
            ty: Type::String,
            data: Data::Str(StrData {
                offsets: vec![0, text.len(), text.len(), text.len()],
                bytes: text.into(),
            }),
            tags: nulls(),
        },
        Column {
            ty: Type::Date,
            data: Data::I64(vec![-1, 0, 20_000]),
            tags: nulls(),
        },
        Column {
            ty: Type::Duration,
            data: Data::I64(vec![-1_500_000, 0, 90_061_000_001]),
            tags: nulls(),
        },
    ];
    let fields: Vec<Field> = TYPES
        .iter()
        .map(|(name, ty)| Field::new(name.trim_end_matches('?'), crate::arrow_type(*ty), true))
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.iter().map(to_arrow).collect()).unwrap()
}

#[test]
fn what_is_written_reads_back_alike_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let batch = rows();
    let mut seen = Vec::new();
    for (name, format) in [
        ("o.parquet", FileFormat::Parquet),
        ("o.csv", FileFormat::Csv),
        ("o.tsv", FileFormat::Tsv),
        ("o.jsonl", FileFormat::Jsonl),
    ] {
        assert_eq!(
            write_rows(
                &folder.path().join(name),
                batch.schema(),
                [batch.clone(), batch.clone()]
            )
            .unwrap(),
            6
        );
        let outcome = read(&source(&TYPES), &file_set(format, &[name]), folder.path());
        assert_eq!((outcome.rejects, outcome.error), (vec![], None), "{name}");
        let values: Vec<String> = outcome
            .rows
            .iter()
            .map(|row| row.split_once(' ').unwrap().1.to_owned())
            .collect();
        seen.push(values);
    }
    assert_eq!(seen[0][1], "1700000000123456|∅|∅|∅|∅|∅|∅|∅");
    assert_eq!(seen[0][2], "0|false|9223372036854775807|5e-324|1||20000|90061000001");
    assert_eq!(seen[0].len(), 6);
    assert!(seen.iter().all(|values| *values == seen[0]));
    let path = folder.path().join("o.ARROW");
    assert_eq!(write_rows(&path, batch.schema(), [batch.clone()]).unwrap(), 3);
    let reader = arrow::ipc::reader::FileReader::try_new(File::open(path).unwrap(), None).unwrap();
    assert_eq!(reader.map(Result::unwrap).collect::<Vec<_>>(), [batch]);
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 5, "{names:?}");
}

#[test]
fn an_error_leaves_the_old_file_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("o.parquet");
    std::fs::write(&path, "old").unwrap();
    let batch = rows();
    let other = batch.project(&[0]).unwrap();
    let error = write_rows(&path, batch.schema(), [batch.clone(), other]).unwrap_err();
    assert!(matches!(error, DecodeError::Unwritable { .. }), "{error:?}");
    let mut dropped = RowsWriter::create(&path, batch.schema()).unwrap();
    dropped.write(&batch).unwrap();
    drop(dropped);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(write_rows(&path, batch.schema(), [batch]).unwrap(), 3);
    assert!(std::fs::read(&path).unwrap().starts_with(b"PAR1"));
}

#[test]
fn what_the_system_says_of_a_write_is_told_in_plain_words() {
    let why = |error: WriteError| error.of(Path::new("o"), 0).to_string();
    let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
    assert_eq!(why(ParquetError::from(full()).into()), "cannot write o: no space left");
    assert_eq!(why(ArrowError::from(full()).into()), "cannot write o: no space left");
    let large = ParquetError::from(std::io::Error::from(std::io::ErrorKind::FileTooLarge));
    assert_eq!(
        why(large.into()),
        "cannot write o: the limit on the size of files is reached"
    );
    assert_eq!(
        why(ParquetError::General("broken".into()).into()),
        "cannot write o: broken"
    );
}

#[test]
fn targets_that_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    let schema = rows().schema();
    let why = |name: &str| {
        let error = write_rows(&folder.path().join(name), schema.clone(), []).unwrap_err();
        error.to_string().replace(&format!("{}", folder.path().display()), "F")
    };
    assert_eq!(
        why("o.xlsx"),
        "cannot tell the format of F/o.xlsx from its name: .parquet, .csv, .tsv, .jsonl and .arrow are known"
    );
    assert_eq!(why("gone/o.csv"), "cannot write F/gone/o.csv: no folder F/gone");
    std::fs::create_dir(folder.path().join("d.csv")).unwrap();
    assert_eq!(why("d.csv"), "cannot write F/d.csv: is a folder");
    let lists = Schema::new(vec![Field::new_list(
        "l",
        Field::new("item", DataType::Int64, true),
        true,
    )]);
    let error = write_rows(&folder.path().join("o.csv"), Arc::new(lists), []).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("column `l` is a list, which CSV cannot hold"),
        "{error}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn permissions_and_links_are_those_of_any_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (real, link, plain) = (
        folder.path().join("real.csv"),
        folder.path().join("link.csv"),
        folder.path().join("plain"),
    );
    std::fs::write(&real, "old").unwrap();
    std::fs::write(&plain, "").unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let batch = rows();
    write_rows(&link, batch.schema(), [batch]).unwrap();
    assert!(link.is_symlink());
    assert!(std::fs::read_to_string(&real).unwrap().starts_with("at,b,i"));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&real), mode(&plain));
}
