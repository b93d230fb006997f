use super::*;
use crate::write_rows;
use arrow::array::*;
use arrow::datatypes::{DataType, Date32Type, Field, Int8Type, Schema, TimeUnit};
use featr_kernels::{Data, Value};
use std::sync::Arc;

fn keys(keys: &[(&str, Type)]) -> Vec<Key> {
    keys.iter()
        .map(|(name, ty)| Key {
            name: name.to_string(),
            ty: *ty,
        })
        .collect()
}

fn read(name: &str, content: &str, zone: Option<&str>) -> Result<Spine, DecodeError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    let spine = read_spine(&path, &keys(&[("card", Type::String), ("n", Type::Int64)]), "at", zone);
    spine.map_err(|error| shorten(error, folder.path()))
}

/// Errors name the path as given; here without the folder.
fn shorten(error: DecodeError, folder: &Path) -> DecodeError {
    let cut = |file: String| file.replace(&format!("{}/", folder.display()), "");
    match error {
        DecodeError::SpineInstant {
            file,
            row,
            column,
            why,
            value,
        } => DecodeError::SpineInstant {
            file: cut(file),
            row,
            column,
            why,
            value,
        },
        DecodeError::SpineKey {
            file,
            row,
            column,
            why,
            value,
        } => DecodeError::SpineKey {
            file: cut(file),
            row,
            column,
            why,
            value,
        },
        DecodeError::SpineLine {
            file,
            line,
            why,
            broken,
        } => DecodeError::SpineLine {
            file: cut(file),
            line,
            why,
            broken,
        },
        DecodeError::NaiveTimestamp {
            file,
            line,
            column,
            asks_by_day,
        } => DecodeError::NaiveTimestamp {
            file: cut(file),
            line,
            column,
            asks_by_day,
        },
        DecodeError::MissingColumn {
            file,
            column,
            found,
            cased,
            declared,
        } => DecodeError::MissingColumn {
            file: cut(file),
            column,
            found,
            cased,
            declared,
        },
        DecodeError::WrongType {
            file,
            column,
            expected,
            found,
        } => DecodeError::WrongType {
            file: cut(file),
            column,
            expected,
            found,
        },
        DecodeError::UnknownFormat { file, known } => DecodeError::UnknownFormat { file: cut(file), known },
        DecodeError::AmbiguousColumn { file, column } => DecodeError::AmbiguousColumn {
            file: cut(file),
            column,
        },
        other => other,
    }
}

fn types(spine: &Spine) -> Vec<(String, DataType)> {
    spine
        .schema
        .fields()
        .iter()
        .map(|field| (field.name().clone(), field.data_type().clone()))
        .collect()
}

fn utc() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

#[test]
fn csv_keys_by_declaration_and_the_rest_by_its_texts() {
    let content = "label,card,zip,at,n,score,quote\ntrue,17,007,1970-01-01T00:00:01Z,5,1.5,\"a\nb\"\nfalse,,123,1970-01-01 00:00:00+00:00,,2,\"\"\n";
    let spine = read("s.csv", content, None).unwrap();
    assert_eq!(
        types(&spine),
        [
            ("label".into(), DataType::Boolean),
            ("card".into(), DataType::Utf8),
            ("zip".into(), DataType::Utf8),
            ("at".into(), utc()),
            ("n".into(), DataType::Int64),
            ("score".into(), DataType::Float64),
            ("quote".into(), DataType::Utf8),
        ]
    );
    assert_eq!(spine.times, [1_000_000, 0]);
    assert_eq!(spine.keys[0].tags, Some(vec![0, 1]));
    assert_eq!(spine.keys[1].data, Data::I64(vec![5, 0]));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("o.csv");
    write_rows(&out, spine.schema.clone(), spine.batches).unwrap();
    let written = std::fs::read_to_string(&out).unwrap();
    assert_eq!(
        written,
        "label,card,zip,at,n,score,quote\ntrue,17,007,1970-01-01T00:00:01Z,5,1.5,\"a\nb\"\nfalse,,123,1970-01-01T00:00:00Z,,2.0,\"\"\n"
    );
}

#[test]
fn jsonl_columns_by_first_appearance() {
    let content = "{\"z\":1,\"at\":\"1970-01-01T00:00:00Z\",\"card\":\"a\",\"n\":1}\n\n{\"n\":null,\"at\":\"1970-01-01T00:00:00Z\",\"late\":{\"x\":[1,2],\"y\":\"t\"},\"big\":18446744073709551615,\"z\":2.5,\"s\":\"q\\\"\"}\n";
    let spine = read("s.jsonl", content, None).unwrap();
    let names: Vec<String> = types(&spine).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["z", "at", "card", "n", "late", "big", "s"]);
    assert_eq!(spine.schema.field(0).data_type(), &DataType::Float64);
    assert!(matches!(spine.schema.field(4).data_type(), DataType::Struct(_)));
    assert_eq!(spine.schema.field(5).data_type(), &DataType::UInt64);
    assert_eq!(spine.keys[0].tags, Some(vec![0, 1]));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("o.jsonl");
    write_rows(&out, spine.schema.clone(), spine.batches).unwrap();
    let second = std::fs::read_to_string(&out)
        .unwrap()
        .lines()
        .nth(1)
        .unwrap()
        .to_owned();
    assert_eq!(
        second,
        "{\"z\":2.5,\"at\":\"1970-01-01T00:00:00Z\",\"card\":null,\"n\":null,\"late\":{\"x\":[1,2],\"y\":\"t\"},\"big\":18446744073709551615,\"s\":\"q\\\"\"}"
    );
}

#[test]
fn many_rows_in_chunks() {
    let mut content = String::new();
    for row in 0..70_000 {
        let late = if row == 69_000 { ",\"late\":[true]" } else { "" };
        content.push_str(&format!(
            "{{\"at\":\"1970-01-01T00:00:00Z\",\"n\":{row},\"card\":\"c\"{late}}}\n"
        ));
    }
    let spine = read("s.ndjson", &content, None).unwrap();
    assert_eq!((spine.rows(), spine.batches.len()), (70_000, 2));
    assert_eq!(spine.batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 70_000);
    assert_eq!(spine.keys[1].data, Data::I64((0..70_000).collect()));
    let late = spine.batches[1].column_by_name("late").unwrap();
    assert_eq!(late.len() - late.null_count(), 1);
}

#[test]
fn every_broken_row_is_an_error() {
    let csv = |row: &str| {
        read("s.csv", &format!("card,n,at\na,1,1970-01-01T00:00:00Z\n{row}\n"), None)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        csv("a,1,"),
        "line 3 of s.csv has no usable instant: column `at` is null"
    );
    assert_eq!(
        csv("a,1,soon"),
        "line 3 of s.csv has no usable instant: column `at` holds \"soon\", which is not an RFC 3339 timestamp"
    );
    assert_eq!(
        csv("a,x,1970-01-01T00:00:00Z"),
        "line 3 of s.csv cannot be asked: column `n` holds \"x\", which is not an int64"
    );
    let twice = read("s.csv", "card,n,at,x,x\n", None).unwrap_err().to_string();
    assert_eq!(twice, "s.csv has several columns `x`");
    assert_eq!(csv("a,1"), "line 3 of s.csv is broken: 2 fields where the header has 3");
    assert_eq!(
        csv("a,1,1970-01-01T00:00:00"),
        "naive timestamps: column `at` of s.csv has a value without offset on line 3"
    );
    let zoned = read("s.csv", "card,n,at\na,1,1970-01-01T01:00:00\n", Some("Europe/Paris")).unwrap();
    assert_eq!(zoned.times, [0]);
    let json = |line: &str| read("s.jsonl", line, None).unwrap_err().to_string();
    assert_eq!(json("{\"card\":\"a\",\"n\":1}"), "s.jsonl has no column `at`");
    assert_eq!(
        json("{\"card\":5,\"n\":1,\"at\":\"1970-01-01T00:00:00Z\"}"),
        "line 1 of s.jsonl cannot be asked: column `card` holds 5, which is not a string"
    );
    assert_eq!(
        json("\n[]"),
        "line 2 of s.jsonl is broken: invalid type: sequence, expected an object"
    );
    let mixed = "{\"card\":\"a\",\"n\":1,\"at\":\"1970-01-01T00:00:00Z\",\"x\":1}\n{\"card\":\"a\",\"n\":1,\"at\":\"1970-01-01T00:00:00Z\",\"x\":\"1\"}";
    assert_eq!(
        json(mixed),
        "column `x` of s.jsonl is a mixture of strings, numbers, lists or objects, which does not decode to one type"
    );
}

#[test]
fn a_spine_is_not_wider_than_can_be_carried() {
    let keys = |count: usize| {
        (0..count)
            .map(|key| format!("\"k{key}\":1"))
            .collect::<Vec<_>>()
            .join(",")
    };
    let line = |count: usize| {
        format!(
            "{{\"card\":\"a\",\"n\":1,\"at\":\"1970-01-01T00:00:00Z\",{}}}\n",
            keys(count)
        )
    };
    let is_wide = |read: Result<Spine, DecodeError>| matches!(read, Err(DecodeError::SpineTooWide { .. }));
    let widest = read("s.jsonl", &line(65_536 - 3), None).unwrap();
    assert_eq!(widest.schema.fields().len(), 65_536);
    assert!(is_wide(read("s.jsonl", &line(65_536 - 2), None)));
    // Line after line, and without the columns that are asked for.
    let many: String = (0..200)
        .map(|line| {
            let keys: Vec<String> = (0..500).map(|key| format!("\"k{}\":1", line * 500 + key)).collect();
            format!("{{{}}}\n", keys.join(","))
        })
        .collect();
    assert!(is_wide(read("s.jsonl", &many, None)));
    let header: Vec<String> = (0..65_537).map(|key| format!("c{key}")).collect();
    assert!(is_wide(read("s.csv", &(header.join(",") + "\n"), None)));
    // Keys inside of objects, of all columns and lines together.
    let nested = |first: usize, count: usize| {
        let keys: Vec<String> = (first..first + count).map(|key| format!("\"k{key}\":1")).collect();
        format!(
            "{{\"card\":\"a\",\"n\":1,\"at\":\"1970-01-01T00:00:00Z\",\"o\":[{{{}}}]}}\n",
            keys.join(",")
        )
    };
    let fits: String = (0..4).map(|line| nested(line * 1_024, 1_024)).collect();
    assert_eq!(read("s.jsonl", &fits, None).unwrap().rows(), 4);
    assert!(is_wide(read("s.jsonl", &(fits + &nested(4_096, 1)), None)));
}

#[test]
fn formats_by_name_else_by_content() {
    let line = "{\"card\":\"a\",\"n\":1,\"at\":\"1970-01-01T00:00:00Z\"}";
    assert_eq!(read("spine", line, None).unwrap().rows(), 1);
    assert_eq!(
        read("spine.txt", "card,n,at\n", None).unwrap_err(),
        DecodeError::UnknownFormat {
            file: "spine.txt".into(),
            known: vec!["parquet", "csv", "tsv", "jsonl", "arrow"],
        }
    );
    let empty = read("s.jsonl", "", None).unwrap();
    assert_eq!((empty.rows(), empty.schema.fields().len()), (0, 3));
    let empty = read("s.csv", "card,n,at\n", None).unwrap();
    assert_eq!((empty.rows(), empty.keys.len(), empty.schema.fields().len()), (0, 2, 3));
    let folder = tempfile::tempdir().unwrap();
    let why = |path: &Path| read_spine(path, &[], "at", None).unwrap_err().to_string();
    assert!(why(folder.path()).ends_with("is a folder"));
    assert!(why(&folder.path().join("gone.csv")).ends_with("no such file or folder"));
}

#[test]
fn parquet_passes_through_untouched() {
    let dictionary: DictionaryArray<Int8Type> = vec![Some("a"), None, Some("a")].into_iter().collect();
    let decimals = Decimal128Array::from(vec![1, 2, 3])
        .with_precision_and_scale(20, 3)
        .unwrap();
    let lists = ListArray::from_iter_primitive::<arrow::datatypes::Int32Type, _, _>(vec![
        Some(vec![Some(1)]),
        None,
        Some(vec![]),
    ]);
    let structs = StructArray::from(vec![(
        Arc::new(Field::new("x", DataType::Utf8View, true)),
        Arc::new(StringViewArray::from(vec!["1", "2", "3"])) as ArrayRef,
    )]);
    let at = TimestampMillisecondArray::from(vec![1, 2, 3]).with_timezone("Europe/Paris");
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("card", Arc::new(dictionary)),
        ("d", Arc::new(decimals)),
        ("l", Arc::new(lists)),
        ("s", Arc::new(structs)),
        ("n", Arc::new(UInt8Array::from(vec![1, 2, 3]))),
        ("at", Arc::new(at)),
        ("nan", Arc::new(Float64Array::from(vec![f64::NAN, -0.0, 1.0]))),
    ];
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    let metadata = [("pandas".to_owned(), "{}".to_owned())].into();
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    let batch = RecordBatch::try_new(schema.clone(), columns.into_iter().map(|(_, array)| array).collect()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.parquet");
    write_rows(&path, schema.clone(), [batch.clone()]).unwrap();
    let keys = keys(&[
        ("n", Type::Int64),
        ("card", Type::String),
        ("n", Type::Decimal { precision: 5, scale: 1 }),
    ]);
    let spine = read_spine(&path, &keys, "at", None).unwrap();
    assert_eq!(spine.schema, schema);
    let but_nan: Vec<usize> = (0..6).collect();
    assert_eq!(
        spine.batches[0].project(&but_nan).unwrap(),
        batch.project(&but_nan).unwrap()
    );
    let floats = spine.batches[0]
        .column(6)
        .as_primitive::<arrow::datatypes::Float64Type>();
    assert!(floats.value(0).is_nan() && floats.value(1).is_sign_negative());
    assert_eq!(spine.times, [1_000, 2_000, 3_000]);
    assert_eq!(spine.keys[0].data, Data::I64(vec![1, 2, 3]));
    assert_eq!(spine.keys[1].tags, Some(vec![0, 1, 0]));
    assert_eq!(spine.keys[2].data, Data::I128(vec![10, 20, 30]));
    let short = read_spine(&path, &[], "nan", None).unwrap_err();
    assert!(short.to_string().contains("column `nan`") && short.to_string().ends_with("does not decode to timestamp"));
}

#[test]
fn parquet_rows_that_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.parquet");
    let write = |at: ArrayRef, n: ArrayRef| {
        let fields = vec![
            Field::new("at", at.data_type().clone(), true),
            Field::new("n", n.data_type().clone(), true),
        ];
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(schema.clone(), vec![at, n]).unwrap();
        write_rows(&path, schema, [batch]).unwrap();
        read_spine(&path, &keys(&[("n", Type::Int64)]), "at", None).map_err(|error| shorten(error, folder.path()))
    };
    let good = || Arc::new(TimestampMicrosecondArray::from(vec![1, 2]).with_timezone("UTC"));
    let null = Arc::new(TimestampMicrosecondArray::from(vec![Some(1), None]).with_timezone("UTC"));
    let n = || Arc::new(Int64Array::from(vec![None, Some(2)]));
    assert_eq!(write(good(), n()).unwrap().keys[0].tags, Some(vec![1, 0]));
    assert_eq!(
        write(null, n()).unwrap_err().to_string(),
        "row 2 of s.parquet has no usable instant: column `at` is null"
    );
    let twice = RecordBatch::try_from_iter([("at", good() as ArrayRef), ("n", n()), ("x", n()), ("x", n())]).unwrap();
    write_rows(&path, twice.schema(), [twice]).unwrap();
    let twice = read_spine(&path, &keys(&[("n", Type::Int64)]), "at", None).unwrap_err();
    assert_eq!(
        shorten(twice, folder.path()).to_string(),
        "s.parquet has several columns `x`"
    );
    let wide = Arc::new(UInt64Array::from(vec![1, u64::MAX]));
    assert_eq!(
        write(good(), wide).unwrap_err().to_string(),
        "row 2 of s.parquet cannot be asked: column `n` holds a value that does not decode: 18446744073709551615 does not fit int64"
    );
    let naive = Arc::new(TimestampMicrosecondArray::from(vec![1, 2]));
    assert_eq!(
        write(naive, n()).unwrap_err(),
        DecodeError::NaiveTimestamp {
            file: "s.parquet".into(),
            line: None,
            column: "at".into(),
            asks_by_day: false,
        }
    );
}

#[test]
fn arrow_files_and_streams_pass_through_untouched() {
    use arrow::ipc::writer::{FileWriter, StreamWriter};
    let folder = tempfile::tempdir().unwrap();
    let columns: [(&str, ArrayRef); 3] = [
        ("n", Arc::new(Int64Array::from(vec![1, 2]))),
        (
            "at",
            Arc::new(TimestampMicrosecondArray::from(vec![5, 6]).with_timezone("UTC")),
        ),
        ("extra", Arc::new(StringArray::from(vec![Some("x"), None]))),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap();
    let mut file = FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    file.write(&batch).unwrap();
    file.write(&batch).unwrap();
    std::fs::write(folder.path().join("file"), file.into_inner().unwrap()).unwrap();
    let mut stream = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    stream.write(&batch).unwrap();
    stream.write(&batch).unwrap();
    std::fs::write(folder.path().join("stream.arrow"), stream.into_inner().unwrap()).unwrap();
    for name in ["file", "stream.arrow"] {
        let spine = read_spine(&folder.path().join(name), &keys(&[("n", Type::Int64)]), "at", None).unwrap();
        assert_eq!(spine.batches, [batch.clone(), batch.clone()]);
        assert_eq!(spine.times, [5, 6, 5, 6]);
        assert_eq!(spine.keys[0].i64s(), [1, 2, 1, 2]);
    }
}

#[test]
fn nan_stays_nan_because_events_may_have_it_in_their_identity() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = keys(&[("amount", Type::Float64)]);
    let instants = TimestampMicrosecondArray::from(vec![1, 2, 3]).with_timezone("UTC");
    let columns: [(&str, ArrayRef); 2] = [
        ("at", Arc::new(instants)),
        (
            "amount",
            Arc::new(Float64Array::from(vec![Some(f64::NAN), None, Some(0.5)])),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let parquet = folder.path().join("spine.parquet");
    write_rows(&parquet, batch.schema(), [batch]).unwrap();
    let at = "1970-01-01T00:00:00Z";
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let csv = write("spine.csv", format!("at,amount\n{at},nan\n{at},\n{at},0.5\n"));
    let row = |amount: &str| format!("{{\"at\": \"{at}\", \"amount\": {amount}}}\n");
    let jsonl = write("spine.jsonl", ["\"NaN\"", "null", "0.5"].map(row).concat());
    for path in [parquet, csv, jsonl] {
        let spine = read_spine(&path, &wanted, "at", None).unwrap();
        let values: Vec<Value> = (0..3).map(|row| spine.keys[0].value(row)).collect();
        assert_eq!(
            values,
            [Value::float(f64::NAN), Value::Null, Value::float(0.5)],
            "{}",
            path.display()
        );
    }
}

#[test]
fn dates_are_the_first_instants_of_their_days_in_the_zone_that_is_given() {
    let text = "card,n,at\na,1,2024-07-01\nb,2.0,2024-07-01T12:00:00Z\n";
    let spine = read("s.csv", text, Some("Europe/Amsterdam")).unwrap();
    assert_eq!(spine.times, [1_719_784_800_000_000, 1_719_835_200_000_000]);
    assert_eq!(spine.keys[1].i64s(), [1, 2]);
    // They come back as the dates that they are; beside instants, as texts.
    let at = spine.batches[0].column(2);
    assert_eq!(
        at.as_string::<i32>().iter().flatten().collect::<Vec<_>>(),
        ["2024-07-01", "2024-07-01T12:00:00Z"]
    );
    let days = read("s.csv", "card,n,at\na,1,2024-07-01\n", Some("Europe/Amsterdam")).unwrap();
    assert_eq!(days.times, [1_719_784_800_000_000]);
    let at = days.batches[0].column(2);
    assert_eq!(at.as_primitive::<Date32Type>().values(), &[19_905]);
    assert_eq!(days.schema.field(2).data_type(), &DataType::Date32);
    let instants = read("s.csv", "card,n,at\na,1,2024-07-01T12:00:00\n", Some("UTC")).unwrap();
    assert!(matches!(instants.schema.field(2).data_type(), DataType::Timestamp(..)));
    assert!(matches!(
        read("s.csv", text, None),
        Err(DecodeError::NaiveTimestamp { line: Some(2), .. })
    ));
    let jsonl = "{\"card\": \"a\", \"n\": 1.0, \"at\": \"2024-07-01\"}\n";
    let spine = read("s.jsonl", jsonl, Some("UTC")).unwrap();
    assert_eq!(
        (spine.times, spine.keys[1].i64s()),
        (vec![1_719_792_000_000_000], &[1][..])
    );
    assert_eq!(
        spine.batches[0].column(2).as_primitive::<Date32Type>().values(),
        &[19_905]
    );
    for (text, why) in [
        ("card,n,at\na,1.5,2024-07-01\n", "holds \"1.5\", which is not an int64"),
        (
            "card,n,at\na,1e19,2024-07-01\n",
            "holds \"1e19\", which is not an int64",
        ),
    ] {
        let told = read("s.csv", text, Some("UTC")).unwrap_err().to_string();
        assert!(told.ends_with(why), "{told}");
    }
}

#[test]
fn integers_that_became_floats_are_taken_where_they_are_exact() {
    let table = |n: Vec<Option<f64>>, at: ArrayRef| {
        let rows = n.len();
        let card: ArrayRef = Arc::new(StringArray::from(vec!["a"; rows]));
        let n: ArrayRef = Arc::new(Float64Array::from(n));
        let batch = RecordBatch::try_from_iter_with_nullable([("card", card, true), ("n", n, true), ("at", at, true)]);
        let batch = batch.unwrap();
        Table {
            schema: batch.schema(),
            batches: vec![batch],
        }
    };
    let wanted = keys(&[("n", Type::Int64)]);
    let days: ArrayRef = Arc::new(Date32Array::from(vec![0, 1, 2, 3]));
    let floats = vec![Some(9_007_199_254_740_991.0), Some(-0.0), Some(f64::NAN), None];
    let spine = spine_of(&table(floats, days.clone()), "s", &wanted, "at", Some("UTC")).unwrap();
    let found = spine.keys[0].values();
    assert_eq!(
        found,
        [Value::Int64((1 << 53) - 1), Value::Int64(0), Value::Null, Value::Null]
    );
    assert_eq!(spine.times, [0, 86_400_000_000, 172_800_000_000, 259_200_000_000]);
    // They pass through as they are.
    assert_eq!(spine.schema.field(1).data_type(), &DataType::Float64);
    // What is rounded to 2^53 may have been another number.
    for wrong in [
        0.5,
        9_007_199_254_740_992.0,
        -9_007_199_254_740_992.0,
        1e19,
        f64::INFINITY,
    ] {
        let told = spine_of(
            &table(vec![Some(wrong); 4], days.clone()),
            "s",
            &wanted,
            "at",
            Some("UTC"),
        );
        assert!(matches!(told, Err(DecodeError::SpineKey { .. })), "{wrong}");
    }
    let told = spine_of(&table(vec![Some(1.0); 4], days), "s", &wanted, "at", None);
    assert!(matches!(told, Err(DecodeError::NaiveTimestamp { line: None, .. })));
}
