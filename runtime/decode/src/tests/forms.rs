//! Columns that files hold under other names, inside of others, and as something else than values of their types.

use super::*;
use crate::decoded_rows::{Reading, read_otherwise};
use crate::memory::{Bounds, decode_bytes, decode_rows};
use crate::{DecodeError, schema_of_decoded};
use ::parquet::arrow::ArrowWriter;
use ::parquet::file::properties::WriterProperties;
use arrow::array::*;
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields, Schema, i256};
use featc_ir::{ColumnForm, EpochUnit, ReadAs};

/// A source of columns with what stands after their types.
pub(super) fn held(columns: &[(&str, Type, Option<&str>, Option<ReadAs>)]) -> Source {
    let plain: Vec<(&str, Type)> = columns.iter().map(|(name, ty, _, _)| (*name, *ty)).collect();
    let mut source = source(&plain);
    for (column, (_, _, field, read_as)) in source.columns.iter_mut().zip(columns) {
        column.form = ColumnForm {
            field: field.map(str::to_owned),
            read_as: read_as.clone(),
        };
    }
    source
}

fn format(format: &str, zone: Option<&str>) -> Option<ReadAs> {
    Some(ReadAs::Format {
        format: format.to_owned(),
        zone: zone.map(str::to_owned),
    })
}

fn day(zone: &str) -> Option<ReadAs> {
    Some(ReadAs::Date { zone: zone.to_owned() })
}

fn epoch(unit: EpochUnit) -> Option<ReadAs> {
    Some(ReadAs::Epoch(unit))
}

pub(super) fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

pub(super) fn parquet(batch: &RecordBatch) -> Vec<u8> {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(2)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

pub(super) fn ipc(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = arrow::ipc::writer::FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

/// The same rows in every format.
fn in_all(source: &Source, rows: &RecordBatch, csv: &str, jsonl: &str) -> Outcome {
    let ours = |outcome: Outcome, lines: u64| {
        // Lines of text in place of rows.
        let moved = |text: &String| {
            let (place, rest) = text.split_once(' ').unwrap();
            let line: u64 = place.split(':').nth(1).unwrap().parse().unwrap();
            format!("f:{} {rest}", line - lines)
        };
        Outcome {
            rows: outcome.rows.iter().map(moved).collect(),
            rejects: outcome.rejects.iter().map(moved).collect(),
            error: outcome.error,
        }
    };
    let first = read_content(source, FileFormat::Parquet, parquet(rows));
    assert_eq!(read_content(source, FileFormat::Arrow, ipc(rows)), first);
    for (format, text, lines) in [
        (FileFormat::Csv, csv.to_owned(), 1),
        (FileFormat::Tsv, csv.replace(',', "\t"), 1),
        (FileFormat::Jsonl, jsonl.to_owned(), 0),
    ] {
        let read = ours(read_content(source, format, text), lines);
        assert_eq!((&read.rows, &read.error), (&first.rows, &first.error), "{format:?}");
        assert_eq!(
            read.rejects.len(),
            first.rejects.len(),
            "{:?} {:?}",
            read.rejects,
            first.rejects
        );
    }
    first
}

#[test]
fn names_and_epochs_are_one_in_every_format() {
    let source = held(&[
        ("id", Type::Int64, Some("Trip ID"), None),
        ("at", Type::Timestamp, Some("end"), epoch(EpochUnit::Millis)),
        ("seen?", Type::Timestamp, Some("a.b"), epoch(EpochUnit::Seconds)),
        ("day", Type::Timestamp, None, day("America/Sao_Paulo")),
    ]);
    let rows = batch(vec![
        ("Trip ID", Arc::new(Int32Array::from(vec![1, 2, 3, 4]))),
        (
            "end",
            Arc::new(Int64Array::from(vec![1_700_000_000_123, -1, 253_402_300_800_000, 0])),
        ),
        (
            "a.b",
            Arc::new(Float64Array::from(vec![
                Some(1_700_000_000.25),
                None,
                Some(0.0),
                Some(1e-7),
            ])),
        ),
        // The clocks there left out the first hour of 2018-11-04.
        ("day", Arc::new(Date32Array::from(vec![17_839, 0, 0, 0]))),
    ]);
    let csv = "end,day,Trip ID,a.b\n1700000000123,2018-11-04,1,1700000000.25\n-1,1970-01-01,2,\n\
               253402300800000,1970-01-01,3,0\n0,1970-01-01,4,1e-7\n";
    let jsonl = r#"{"Trip ID": 1, "end": 1700000000123, "a.b": 1700000000.250, "day": "2018-11-04"}
{"Trip ID": 2, "end": "-1", "day": "1970-01-01"}
{"Trip ID": 3, "end": 253402300800000, "a.b": 0, "day": "1970-01-01"}
{"Trip ID": 4, "end": 0, "a.b": 1e-7, "day": "1970-01-01"}
"#;
    let outcome = in_all(&source, &rows, csv, jsonl);
    assert_eq!(
        outcome.rows,
        [
            "f:1 1|1700000000123000|1700000000250000|1541300400000000",
            "f:2 2|-1000|∅|10800000000",
        ]
    );
    assert_eq!(
        outcome.rejects,
        [
            "f:3 bad_value column at: 253402300800000 is beyond the years 1 to 9999 in UTC",
            "f:4 bad_value column seen: 0.0000001 is not a whole number of microseconds",
        ]
    );
}

#[test]
fn years_have_as_many_digits_as_their_format_says() {
    let source = held(&[
        ("at", Type::Timestamp, None, format("%d.%m.%Y", Some("UTC"))),
        ("due", Type::Date, None, format("%d.%m.%y", None)),
    ]);
    let texts = |texts: [&str; 4]| -> ArrayRef { Arc::new(StringArray::from(texts.to_vec())) };
    let at = ["05.11.2024", "05.11.24", "05.11.0024", "05.11.924"];
    let rows = batch(vec![("at", texts(at)), ("due", texts(["05.11.24"; 4]))]);
    let csv: String = at.iter().map(|at| format!("{at},05.11.24\n")).collect();
    let jsonl = at
        .iter()
        .map(|at| format!("{{\"at\": \"{at}\", \"due\": \"05.11.24\"}}\n"));
    let outcome = in_all(&source, &rows, &format!("at,due\n{csv}"), &jsonl.collect::<String>());
    assert_eq!(
        outcome.rows,
        ["f:1 1730764800000000|20032", "f:3 -61383139200000000|20032"]
    );
    assert_eq!(
        outcome.rejects,
        [
            "f:2 bad_value column at: \"05.11.24\" has a year of fewer than four digits",
            "f:4 bad_value column at: \"05.11.924\" has a year of fewer than four digits",
        ]
    );
}

#[test]
fn formats_of_texts_have_zones_and_offsets() {
    let source = held(&[
        (
            "at",
            Type::Timestamp,
            None,
            format("%d.%m.%Y %H:%M", Some("Europe/Amsterdam")),
        ),
        ("sent", Type::Timestamp, None, format("%a %b %e %T%.f %z %Y", None)),
        ("on", Type::Timestamp, None, format("%Y%m%d", Some("Asia/Tokyo"))),
        ("due?", Type::Date, None, format("%m/%d/%y", None)),
    ]);
    let sent = "Tue Nov  5 14:30:00.5 +0100 2024";
    let texts = |texts: [&str; 4]| -> ArrayRef { Arc::new(StringArray::from(texts.to_vec())) };
    // Twice 2:30, never 2:30, and no such day.
    let at = [
        "27.10.2024 02:30",
        "31.03.2024 02:30",
        "31.04.2024 02:30",
        "01.02.2024 00:00",
    ];
    let rows = batch(vec![
        ("at", texts(at)),
        ("sent", texts([sent; 4])),
        ("on", Arc::new(UInt32Array::from(vec![20_241_105; 4]))),
        ("due", texts(["02/29/24", "02/29/24", "02/29/24", "2/30/24"])),
    ]);
    let line = |row: usize, due: &str| format!("{},{sent},20241105,{due}\n", at[row]);
    let csv = format!(
        "at,sent,on,due\n{}{}{}{}",
        line(0, "02/29/24"),
        line(1, "02/29/24"),
        line(2, "02/29/24"),
        line(3, "2/30/24")
    );
    let json = |row: usize, due: &str| {
        format!(
            "{{\"at\": \"{}\", \"sent\": \"{sent}\", \"on\": 20241105, \"due\": \"{due}\"}}\n",
            at[row]
        )
    };
    let jsonl = [
        json(0, "02/29/24"),
        json(1, "02/29/24"),
        json(2, "02/29/24"),
        json(3, "2/30/24"),
    ]
    .concat();
    let outcome = in_all(&source, &rows, &csv, &jsonl);
    assert_eq!(
        outcome.rows,
        ["f:1 1729989000000000|1730813400500000|1730732400000000|19782"]
    );
    assert_eq!(
        outcome.rejects,
        [
            "f:2 bad_value column at: \"31.03.2024 02:30\" is a local time that never occurred",
            "f:3 bad_value column at: \"31.04.2024 02:30\" is not in the format of the column",
            "f:4 bad_value column due: \"2/30/24\" is not in the format of the column",
        ]
    );
}

#[test]
fn a_leap_second_and_a_text_with_more_behind_it_are_in_no_format() {
    let source = held(&[("at", Type::Timestamp, None, format("%F %T", Some("UTC")))]);
    let outcome = read_content(
        &source,
        FileFormat::Csv,
        "at\n2016-12-31 23:59:60\n2024-01-01 00:00:00x\n2024-01-01 00:00:01\n",
    );
    assert_eq!(outcome.rows, ["f:4 1704067201000000"]);
    assert_eq!(outcome.rejects.len(), 2);
    // A format that no compiler lets through reads nothing.
    let source = held(&[("at", Type::Timestamp, None, format("%Q", Some("UTC")))]);
    let outcome = read_content(&source, FileFormat::Csv, "at\n2016-12-31\n");
    assert_eq!((outcome.rows.len(), outcome.rejects.len()), (0, 1));
}

#[test]
fn numbers_of_every_arrow_type_are_epochs() {
    let of = |unit: EpochUnit, array: ArrayRef| {
        let source = held(&[("at?", Type::Timestamp, None, epoch(unit))]);
        let outcome = read_content(&source, FileFormat::Arrow, ipc(&batch(vec![("at", array)])));
        assert_eq!(outcome.error, None);
        let told = |text: &String| text.split_once(' ').unwrap().1.to_owned();
        outcome
            .rows
            .iter()
            .chain(&outcome.rejects)
            .map(told)
            .collect::<Vec<String>>()
    };
    use EpochUnit::{Micros, Millis, Seconds};
    let decimals = |values: Vec<i128>, scale| {
        Decimal128Array::from(values)
            .with_precision_and_scale(20, scale)
            .unwrap()
    };
    assert_eq!(of(Seconds, Arc::new(Int8Array::from(vec![-1]))), ["-1000000"]);
    assert_eq!(
        of(Micros, Arc::new(UInt64Array::from(vec![7, u64::MAX]))),
        [
            "7",
            "bad_value column at: 18446744073709551615 is beyond the years 1 to 9999 in UTC"
        ]
    );
    assert_eq!(
        of(Seconds, Arc::new(decimals(vec![15, 1_000_001], 1))),
        ["1500000", "100000100000"]
    );
    assert_eq!(
        of(Millis, Arc::new(decimals(vec![15_000, 1], 4))),
        [
            "1500",
            "bad_value column at: 0.0001 is not a whole number of microseconds"
        ]
    );
    let wide = Decimal256Array::from(vec![i256::from_i128(25)])
        .with_precision_and_scale(40, 1)
        .unwrap();
    assert_eq!(of(Seconds, Arc::new(wide)), ["2500000"]);
    assert_eq!(
        of(Seconds, Arc::new(Float32Array::from(vec![-0.5, -0.0]))),
        ["-500000", "0"]
    );
    assert_eq!(
        of(
            Seconds,
            Arc::new(Float64Array::from(vec![f64::INFINITY, 0.1, f64::MIN_POSITIVE]))
        )
        .len(),
        3
    );
    let keys: DictionaryArray<arrow::datatypes::Int8Type> = vec![Some("1.5"), None, Some("x")].into_iter().collect();
    assert_eq!(of(Seconds, Arc::new(keys)).len(), 3);
    let source = held(&[("at", Type::Timestamp, None, epoch(Seconds))]);
    let dates: ArrayRef = Arc::new(Date32Array::from(vec![1]));
    let wrong = read_content(&source, FileFormat::Arrow, ipc(&batch(vec![("at", dates)]))).error;
    assert!(matches!(wrong, Some(DecodeError::WrongType { .. })), "{wrong:?}");
}

/// `user: {id, "geo.lat", name}` with a null user whose fields have values.
fn users() -> RecordBatch {
    let fields: Fields = vec![
        Field::new("id", DataType::Int64, true),
        Field::new("geo.lat", DataType::Float64, true),
        Field::new("name", DataType::Utf8, true),
    ]
    .into();
    let children: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![Some(7), None, Some(9)])),
        Arc::new(Float64Array::from(vec![1.5, 2.5, 3.5])),
        Arc::new(StringArray::from(vec!["a", "b", "c"])),
    ];
    let user = StructArray::new(fields, children, Some(NullBuffer::from(vec![true, true, false])));
    let deep = StructArray::from(vec![(
        Arc::new(Field::new("user", user.data_type().clone(), true)),
        Arc::new(user.clone()) as ArrayRef,
    )]);
    let at = TimestampMicrosecondArray::from(vec![1, 2, 3]).with_timezone("UTC");
    batch(vec![
        ("at", Arc::new(at)),
        ("user", Arc::new(user)),
        ("o", Arc::new(deep)),
    ])
}

const USERS: &str = r#"{"at": "1970-01-01T00:00:00.000001Z", "user": {"id": 7, "geo.lat": 1.5, "name": "a"}, "o": {"user": {"id": 7, "name": "a"}}}
{"at": "1970-01-01T00:00:00.000002Z", "user": {"geo.lat": 2.5, "name": "b"}, "o": {"user": {"name": "b"}}}
{"at": "1970-01-01T00:00:00.000003Z", "user": null, "o": {}}
"#;

#[test]
fn ways_lead_into_structs_and_objects() {
    let source = held(&[
        ("at", Type::Timestamp, None, None),
        ("user_id?", Type::Int64, Some("user.id"), None),
        ("lat?", Type::Float64, Some("user.geo.lat"), None),
        ("name?", Type::String, Some("o.user.name"), None),
    ]);
    let rows = users();
    let told = ["f:1 1|7|1.5|a", "f:2 2|∅|2.5|b", "f:3 3|∅|∅|∅"];
    assert_eq!(read_content(&source, FileFormat::Parquet, parquet(&rows)).rows, told);
    assert_eq!(read_content(&source, FileFormat::Arrow, ipc(&rows)).rows, told);
    assert_eq!(read_content(&source, FileFormat::Jsonl, USERS).rows, told);
    let (frame, _) = decode_rows(&source, &rows, "rows of events").unwrap();
    assert_eq!(row(&frame.batch, 0), "1|7|1.5|a");
    let bytes = decode_bytes(&source, FileFormat::Jsonl, USERS.into(), "rows", &Bounds::default()).unwrap();
    assert_eq!(row(&bytes.0[0].batch, 2), "3|∅|∅|∅");
    // A field of the whole name comes first.
    let mut both = held(&[
        ("at", Type::Timestamp, None, None),
        ("user_id?", Type::Int64, Some("user.id"), None),
    ]);
    let jsonl = "{\"at\": \"1970-01-01T00:00:01Z\", \"user\": {\"id\": 1}, \"user.id\": 2}\n{\"at\": \"1970-01-01T00:00:01Z\", \"user\": 5}\n";
    let outcome = read_content(&both, FileFormat::Jsonl, jsonl);
    assert_eq!(outcome.rows, ["f:1 1000000|2"]);
    assert_eq!(
        outcome.rejects,
        ["f:2 bad_value column user_id: 5 is no object, in which the column would be"]
    );
    let whole: ArrayRef = Arc::new(Int64Array::from(vec![4, 5, 6]));
    let named = batch(vec![
        ("at", rows.column(0).clone()),
        ("user", rows.column(1).clone()),
        ("user.id", whole),
    ]);
    assert_eq!(
        read_content(&both, FileFormat::Parquet, parquet(&named)).rows[0],
        "f:1 1|4"
    );
    // What is not there is told with what stands beside it.
    both.columns[1].form.field = Some("user.idd".to_owned());
    assert_eq!(
        read_content(&both, FileFormat::Parquet, parquet(&rows)).error,
        Some(DecodeError::MissingColumn {
            file: "f".into(),
            column: "user.idd".into(),
            found: vec!["user.id".into(), "user.geo.lat".into(), "user.name".into()],
            cased: vec![],
            declared: Some("user_id".into()),
        })
    );
}

#[test]
fn a_column_that_may_not_be_null_is_not_null_inside_of_a_null() {
    let source = held(&[
        ("at", Type::Timestamp, None, None),
        ("name", Type::String, Some("user.name"), None),
    ]);
    for (format, content) in [
        (FileFormat::Parquet, parquet(&users())),
        (FileFormat::Jsonl, USERS.into()),
    ] {
        let outcome = read_content(&source, format, content);
        assert_eq!(outcome.rows, ["f:1 1|a", "f:2 2|b"]);
        assert_eq!(outcome.rejects, ["f:3 null_in_required column name is null"]);
    }
}

#[test]
fn row_groups_are_left_out_by_what_their_numbers_mean() {
    let folder = tempfile::tempdir().unwrap();
    let rows = batch(vec![("ms", Arc::new(Int64Array::from(vec![0, 1, 2, 3, 40, 50])))]);
    std::fs::write(folder.path().join("f"), parquet(&rows)).unwrap();
    let skipped = |unit, read_as: Option<ReadAs>| {
        let read_as = read_as.or(epoch(unit));
        let source = held(&[("at", Type::Timestamp, Some("ms"), read_as)]);
        let options = PieceOptions {
            prune: vec![crate::Bound {
                column: ColumnId(0),
                least: 2_000,
                greatest: 3_000,
            }],
            ..PieceOptions::default()
        };
        let (outcome, skipped) = read_pieces(&source, &file_set(FileFormat::Parquet, &["f"]), folder.path(), &options);
        assert_eq!(outcome.error, None);
        skipped
    };
    assert_eq!(skipped(EpochUnit::Millis, None), 4);
    assert_eq!(skipped(EpochUnit::Micros, None), 6);
    // Numbers that are days by a format are in no order of their own.
    assert_eq!(skipped(EpochUnit::Micros, format("%d%m%Y", Some("UTC"))), 0);
}

#[test]
fn folders_say_values_under_the_names_of_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dt=2024-07-01");
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("a.csv"), "id\n1\n").unwrap();
    std::fs::write(path.join("b.jsonl"), "{\"id\": 2}\n").unwrap();
    let source = held(&[
        ("id", Type::Int64, None, None),
        ("at", Type::Timestamp, Some("dt"), day("Europe/Amsterdam")),
    ]);
    for (format, place, id) in [(FileFormat::Csv, "a.csv:2", 1), (FileFormat::Jsonl, "b.jsonl:1", 2)] {
        let outcome = read(&source, &file_set(format, &["."]), folder.path());
        assert_eq!(outcome.rows.len(), 1, "{outcome:?}");
        assert!(
            outcome.rows[0].ends_with(&format!("{place} {id}|1719784800000000")),
            "{outcome:?}"
        );
    }
}

#[test]
fn rows_that_were_decoded_are_not_read_again() {
    let source = held(&[("at", Type::Timestamp, Some("user.at"), epoch(EpochUnit::Seconds))]);
    let at: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![5]).with_timezone("UTC"));
    let field = Field::new("at", at.data_type().clone(), true);
    let schema = Arc::new(schema_of_decoded(&source, vec![field.clone()]));
    let rows = RecordBatch::try_new(schema, vec![at.clone()]).unwrap();
    let (decoded, rejects) = decode_rows(&source, &rows, "rows of events").unwrap();
    assert_eq!((row(&decoded.batch, 0), rejects.len()), ("5".to_owned(), 0));
    assert!(decoded.undeclared.unwrap().is_empty());
    assert_eq!(
        read_content(&source, FileFormat::Parquet, parquet(&rows)).rows,
        ["f:1 5"]
    );
    let unmarked = RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![at]).unwrap();
    assert!(decode_rows(&source, &unmarked, "rows of events").is_err());
}

/// Decoded rows of a source whose column `at` is read of the field `due`, and the other way round.
fn exchanged() -> (Source, RecordBatch) {
    let source = held(&[
        ("at", Type::Timestamp, Some("due"), None),
        ("due", Type::Timestamp, Some("at"), None),
    ]);
    let instants = |all: Vec<i64>| -> ArrayRef { Arc::new(TimestampMicrosecondArray::from(all).with_timezone("UTC")) };
    let arrays = vec![instants(vec![1, 2, 30, 40]), instants(vec![100, 200, 300, 400])];
    let field = |name: &str| Field::new(name, arrays[0].data_type().clone(), true);
    let schema = schema_of_decoded(&source, vec![field("at"), field("due")]);
    let rows = RecordBatch::try_new(Arc::new(schema), arrays).unwrap();
    (source, rows)
}

#[test]
fn row_groups_of_decoded_rows_are_left_out_by_their_own_columns() {
    let (source, rows) = exchanged();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f"), parquet(&rows)).unwrap();
    let options = PieceOptions {
        prune: vec![crate::Bound {
            column: ColumnId(0),
            least: 0,
            greatest: 10,
        }],
        ..PieceOptions::default()
    };
    let (outcome, skipped) = read_pieces(&source, &file_set(FileFormat::Parquet, &["f"]), folder.path(), &options);
    assert_eq!(
        (outcome.rows, skipped),
        (vec!["f:1 1|100".to_owned(), "f:2 2|200".into()], 2)
    );
}

#[test]
fn a_folder_says_nothing_of_a_column_that_decoded_rows_have() {
    let source = held(&[("at", Type::Timestamp, Some("dt"), None)]);
    let at: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![5]).with_timezone("UTC"));
    let schema = schema_of_decoded(&source, vec![Field::new("at", at.data_type().clone(), true)]);
    let rows = RecordBatch::try_new(Arc::new(schema), vec![at]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dt=2024-07-01T00:00:00Z");
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("f.parquet"), parquet(&rows)).unwrap();
    let outcome = read(&source, &file_set(FileFormat::Parquet, &["."]), folder.path());
    assert!(outcome.rows[0].ends_with("f.parquet:1 5"), "{outcome:?}");
}

#[test]
fn rows_that_were_read_otherwise_are_known() {
    let schema = |source: &Source| {
        let fields = source
            .columns
            .iter()
            .map(|column| Field::new(&column.name, DataType::Null, true));
        schema_of_decoded(source, fields.collect())
    };
    let of = |field: Option<&str>, read_as: Option<ReadAs>| {
        let mut source = held(&[
            ("at", Type::Timestamp, field, read_as),
            ("x", Type::Float64, None, None),
        ]);
        source.columns[1].nullable = true;
        source
    };
    let plain = of(None, None);
    let in_zone = Source {
        zone: Some("Asia/Tokyo".to_owned()),
        ..plain.clone()
    };
    let with_nan = Source {
        keep_nan: true,
        ..plain.clone()
    };
    let renamed = held(&[("when", Type::Timestamp, Some("at"), None)]);
    let read = |now: &Source, schema: &Schema| {
        let readings: Vec<Reading> = now.columns.iter().map(|column| Reading::of(now, column)).collect();
        let other = read_otherwise(&now.columns, &readings, schema).unwrap();
        other.map(str::to_owned)
    };
    let otherwise = |now: &Source, then: &Source| read(now, &schema(then));
    let all = [
        plain.clone(),
        of(Some("due"), None),
        of(None, epoch(EpochUnit::Millis)),
        in_zone.clone(),
        with_nan,
    ];
    for (place, now) in all.iter().enumerate() {
        for (other, then) in all.iter().enumerate() {
            let is_of_time = [place, other].iter().any(|one| (1..4).contains(one));
            let expected = (place != other).then_some(if is_of_time { "at" } else { "x" });
            assert_eq!(otherwise(now, then).as_deref(), expected, "{place} {other}");
        }
    }
    // Rows that are not marked hold the field itself; a column more is a matter of who reads them.
    assert_eq!(otherwise(&renamed, &plain), None);
    assert_eq!(otherwise(&renamed, &in_zone).as_deref(), Some("when"));
    assert_eq!(otherwise(&plain, &renamed), None);
    // What does not say it is taken as it is.
    let unsaid = Schema::new(vec![Field::new("at", DataType::Null, true)]);
    assert_eq!(read(&in_zone, &unsaid), None);
    // A zone that reads nothing.
    let of_millis = of(None, epoch(EpochUnit::Millis));
    let in_no_zone = Source {
        zone: Some("Asia/Tokyo".to_owned()),
        ..of_millis.clone()
    };
    assert_eq!(otherwise(&of_millis, &in_no_zone), None);
    // They are refused wherever they come from.
    let rows = |source: &Source| {
        let at: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![5]).with_timezone("UTC"));
        let x: ArrayRef = Arc::new(Float64Array::from(vec![1.0]));
        let field = |name: &str, array: &ArrayRef| Field::new(name, array.data_type().clone(), true);
        let schema = schema_of_decoded(source, vec![field("at", &at), field("x", &x)]);
        RecordBatch::try_new(Arc::new(schema), vec![at, x]).unwrap()
    };
    assert!(decode_rows(&in_zone, &rows(&in_zone), "rows").is_ok());
    let refused = decode_rows(&plain, &rows(&in_zone), "rows").unwrap_err();
    assert!(matches!(refused, DecodeError::ReadOtherwise { .. }), "{refused}");
    let outcome = read_content(&plain, FileFormat::Parquet, parquet(&rows(&in_zone)));
    assert!(matches!(outcome.error, Some(DecodeError::ReadOtherwise { .. })));
    let broken = Schema::new_with_metadata(
        rows(&plain).schema().fields().clone(),
        [("featc.read".to_owned(), "{".to_owned())].into(),
    );
    let broken = RecordBatch::try_new(Arc::new(broken), rows(&plain).columns().to_vec()).unwrap();
    let refused = decode_rows(&plain, &broken, "rows").unwrap_err();
    assert!(matches!(refused, DecodeError::Corrupt { .. }), "{refused}");
}
