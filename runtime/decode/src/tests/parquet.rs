use super::*;
use ::parquet::arrow::ArrowWriter;
use ::parquet::file::properties::WriterProperties;
use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema};

fn file_of(batch: &RecordBatch) -> Vec<u8> {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(3)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    RecordBatch::try_new(
        Arc::new(Schema::new(fields)),
        columns.into_iter().map(|(_, array)| array).collect(),
    )
    .unwrap()
}

fn at(values: Vec<Option<i64>>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC"))
}

fn check(columns: &[(&str, Type)], found: Vec<(&str, ArrayRef)>) -> Outcome {
    read_content(&source(columns), FileFormat::Parquet, file_of(&batch(found)))
}

#[test]
fn columns_by_name_nulls_and_rejects_with_row_numbers() {
    let columns = [
        ("id", Type::Int64),
        ("at", Type::Timestamp),
        ("name?", Type::String),
        ("x", Type::Float64),
        ("d?", Type::Decimal { precision: 4, scale: 1 }),
        ("b?", Type::Bool),
    ];
    let names: DictionaryArray<arrow::datatypes::Int8Type> = vec![Some("a"), None, Some("a"), Some("b"), Some("é")]
        .into_iter()
        .collect();
    let d = Decimal128Array::from(vec![Some(15), None, Some(155), Some(20), Some(99_990)])
        .with_precision_and_scale(10, 2)
        .unwrap();
    let found: Vec<(&str, ArrayRef)> = vec![
        ("extra", Arc::new(Int64Array::from(vec![0; 5]))),
        ("x", Arc::new(Float32Array::from(vec![1.5, 2.5, f32::NAN, -0.0, 5.0]))),
        ("name", Arc::new(names)),
        ("at", at(vec![Some(1), None, Some(3), Some(4), Some(5)])),
        (
            "b",
            Arc::new(BooleanArray::from(vec![Some(true), None, None, Some(false), None])),
        ),
        ("d", Arc::new(d)),
        ("id", Arc::new(UInt16Array::from(vec![10, 20, 30, 40, 50]))),
    ];
    let outcome = check(&columns, found);
    assert_eq!(outcome.rows, ["f:4 40|4|b|0.0|2|false", "f:5 50|5|é|5.0|9999|∅"]);
    assert_eq!(
        outcome.rejects,
        [
            "f:1 bad_value column d: 15 (unscaled) is not exact in the column's decimal type",
            "f:2 null_time column at is null",
            "f:3 null_in_required column x is null",
        ]
    );
}

#[test]
fn wanted_columns_only() {
    let columns = [("id", Type::Int64), ("at", Type::Timestamp), ("s?", Type::String)];
    let found: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from(vec![1, 2]))),
        ("at", at(vec![Some(1), Some(2)])),
        ("s", Arc::new(StringArray::from(vec!["a", "b"]))),
    ];
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f"), file_of(&batch(found))).unwrap();
    let set = file_set(FileFormat::Parquet, &["f"]);
    let outcome = read_with(&source(&columns), &set, folder.path(), Some(vec![ColumnId(1)]), 10);
    assert_eq!(outcome.rows, ["f:1 ∅|1|∅", "f:2 ∅|2|∅"]);
}

#[test]
fn whole_file_mistakes() {
    let columns = [("id", Type::Int64), ("at", Type::Timestamp)];
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let wrong = check(
        &columns,
        vec![
            ("id", Arc::new(Float64Array::from(vec![1.0]))),
            ("at", at(vec![Some(0)])),
        ],
    )
    .error
    .unwrap();
    assert_eq!(
        wrong.to_string(),
        "column `id` of f is Float64, which does not decode to int64"
    );
    let missing = check(&columns, vec![("ID", ids.clone()), ("at", at(vec![Some(0)]))])
        .error
        .unwrap();
    let found = vec!["ID".to_owned(), "at".into()];
    assert_eq!(
        missing,
        DecodeError::MissingColumn {
            file: "f".into(),
            column: "id".into(),
            found,
            cased: vec![],
            declared: None,
        }
    );
    let twice = check(
        &columns,
        vec![("id", ids.clone()), ("id", ids.clone()), ("at", at(vec![Some(0)]))],
    )
    .error
    .unwrap();
    assert_eq!(
        twice,
        DecodeError::AmbiguousColumn {
            file: "f".into(),
            column: "id".into()
        }
    );
    let local: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![3_600_000_000_999]));
    let naive = check(&columns, vec![("id", ids.clone()), ("at", local.clone())])
        .error
        .unwrap();
    assert_eq!(naive.to_string(), "naive timestamps: column `at` of f has no time zone");
    let mut zoned = source(&columns);
    zoned.zone = Some("Europe/Paris".into());
    let outcome = read_content(
        &zoned,
        FileFormat::Parquet,
        file_of(&batch(vec![("id", ids), ("at", local)])),
    );
    assert_eq!(outcome.rows, ["f:1 1|0"]);
}

#[test]
fn broken_files_never_panic() {
    let columns = [("id", Type::Int64), ("at", Type::Timestamp), ("s?", Type::String)];
    let found: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from((0..20).collect::<Vec<i64>>()))),
        ("at", at((0..20).map(Some).collect())),
        (
            "s",
            Arc::new(StringArray::from(
                (0..20).map(|i| format!("text {i}")).collect::<Vec<_>>(),
            )),
        ),
    ];
    let whole = file_of(&batch(found));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    let set = file_set(FileFormat::Parquet, &["f"]);
    let events = source(&columns);
    let outcome_of = |bytes: &[u8]| {
        let _ = std::fs::remove_file(&path); // rewriting in place would wait for the disk
        std::fs::write(&path, bytes).unwrap();
        read_with(&events, &set, folder.path(), None, 7)
    };
    assert_eq!(outcome_of(&whole).rows.len(), 20);
    for cut in 0..whole.len() {
        assert!(
            matches!(outcome_of(&whole[..cut]).error, Some(DecodeError::Corrupt { .. })),
            "cut at {cut}"
        );
    }
    assert!(matches!(
        outcome_of(b"id,at\n1,2\n").error,
        Some(DecodeError::Corrupt { .. })
    ));
    // Any byte may be wrong: rows or an error, but no panic.
    for (at, step) in (0..whole.len()).zip([0x01u8, 0x80, 0xff, 0x10].into_iter().cycle()) {
        let mut broken = whole.clone();
        broken[at] ^= step;
        let outcome = outcome_of(&broken);
        assert!(
            outcome.error.is_some() || outcome.rows.len() + outcome.rejects.len() <= 40,
            "byte {at}"
        );
    }
}

#[test]
fn no_rows_and_a_null_column() {
    let columns = [("at", Type::Timestamp), ("x?", Type::Int64)];
    let outcome = check(
        &columns,
        vec![("at", at(vec![])), ("x", Arc::new(Int64Array::from(Vec::<i64>::new())))],
    );
    assert_eq!(
        outcome,
        Outcome {
            rows: vec![],
            rejects: vec![],
            error: None
        }
    );
    let outcome = check(
        &columns,
        vec![("at", at(vec![Some(0)])), ("x", Arc::new(NullArray::new(1)))],
    );
    assert_eq!(outcome.rows, ["f:1 0|∅"]);
    assert_eq!(DataType::Null, *NullArray::new(1).data_type());
}

/// Instants of INT96, as days since 4713 BC and nanoseconds of the day.
fn int96(us: &[i64]) -> Vec<u8> {
    use ::parquet::data_type::{Int96, Int96Type};
    use ::parquet::file::writer::SerializedFileWriter;
    use ::parquet::schema::parser::parse_message_type;
    const EPOCH: i64 = 2_440_588;
    let schema =
        parse_message_type("message m { required int96 at; required group s { required int96 at; } }").unwrap();
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let values: Vec<Int96> = us
        .iter()
        .map(|us| {
            let (days, nanos) = (us.div_euclid(86_400_000_000), us.rem_euclid(86_400_000_000) * 1_000);
            let mut value = Int96::new();
            value.set_data(nanos as u32, (nanos >> 32) as u32, (days + EPOCH) as u32);
            value
        })
        .collect();
    while let Some(mut column) = group.next_column().unwrap() {
        column.typed::<Int96Type>().write_batch(&values, None, None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.into_inner().unwrap()
}

/// Beyond what 64 bits of nanoseconds hold, too.
#[test]
fn instants_of_96_bits() {
    let instants = [
        253_402_214_400_000_000,
        9_223_372_036_854_776,
        0,
        -11_676_096_000_000_000,
        -62_135_596_800_000_000,
    ];
    let mut at = source(&[("at", Type::Timestamp)]);
    at.zone = Some("UTC".into());
    let outcome = read_content(&at, FileFormat::Parquet, int96(&instants));
    let expected: Vec<String> = (1..).zip(instants).map(|(row, us)| format!("f:{row} {us}")).collect();
    assert_eq!((outcome.rows, outcome.rejects), (expected, Vec::new()));
    assert!(outcome.error.is_none());
}

#[test]
fn dictionaries_of_decimals() {
    let decimals = Decimal128Array::from(vec![150, 250])
        .with_precision_and_scale(10, 2)
        .unwrap();
    let keys = Int32Array::from(vec![Some(1), Some(0), None, Some(1)]);
    let coded: ArrayRef = Arc::new(DictionaryArray::new(keys, Arc::new(decimals)));
    let decimal = Type::Decimal {
        precision: 10,
        scale: 2,
    };
    let columns = [("at", Type::Timestamp), ("d?", decimal)];
    let outcome = check(&columns, vec![("at", at(vec![Some(0); 4])), ("d", coded)]);
    assert_eq!(outcome.rows, ["f:1 0|250", "f:2 0|150", "f:3 0|∅", "f:4 0|250"]);
}
