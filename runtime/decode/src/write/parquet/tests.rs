use super::*;
use arrow::array::*;
use arrow::datatypes::{Field, Int16Type, Int32Type, Schema};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::sync::Arc;

/// Rows of many kinds: dictionaries that differ, lists, structs, nulls, long runs and noise.
fn rows(count: usize) -> RecordBatch {
    let noise = |i: usize| (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let words: DictionaryArray<Int16Type> = (0..count).map(|i| Some(["x", "yy", "z"][i / 7 % 3])).collect();
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(
        (0..count).map(|i| (i % 5 != 0).then(|| vec![Some(i as i32); i % 3])),
    );
    let texts: StringArray = (0..count)
        .map(|i| (i % 11 != 0).then(|| format!("text {}", noise(i))))
        .collect();
    let structs = StructArray::from(vec![
        (
            Arc::new(Field::new("a", DataType::Utf8, true)),
            Arc::new(texts.clone()) as ArrayRef,
        ),
        (
            Arc::new(Field::new("b", DataType::Int64, false)),
            Arc::new(Int64Array::from_iter_values((0..count as i64).rev())),
        ),
    ]);
    RecordBatch::try_from_iter_with_nullable([
        (
            "n",
            Arc::new(Int64Array::from_iter_values(0..count as i64)) as ArrayRef,
            false,
        ),
        (
            "f",
            Arc::new(
                (0..count)
                    .map(|i| (i % 13 != 0).then_some(noise(i) as f64))
                    .collect::<Float64Array>(),
            ),
            true,
        ),
        (
            "few",
            Arc::new((0..count).map(|i| Some((i % 9) as f64)).collect::<Float64Array>()),
            true,
        ),
        ("w", Arc::new(words), true),
        ("l", Arc::new(lists), true),
        ("t", Arc::new(texts), true),
        ("s", Arc::new(structs), true),
        (
            "b",
            Arc::new((0..count).map(|i| Some(i % 4 == 1)).collect::<BooleanArray>()),
            true,
        ),
    ])
    .unwrap()
}

fn options(threads: usize) -> WriteOptions {
    WriteOptions {
        threads,
        ..WriteOptions::default()
    }
}

fn written(rows: &RecordBatch, cuts: impl Iterator<Item = usize>, options: &WriteOptions) -> Vec<u8> {
    let mut writer = ParquetWriter::new(Vec::new(), rows.schema(), options).unwrap();
    let mut start = 0;
    for rows_now in cuts {
        let len = rows_now.min(rows.num_rows() - start);
        writer.write(&rows.slice(start, len)).unwrap();
        start += len;
        if start == rows.num_rows() {
            break;
        }
    }
    assert_eq!(start, rows.num_rows());
    writer.finish().unwrap()
}

fn read(bytes: Vec<u8>) -> (Vec<usize>, RecordBatch) {
    let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
    let groups = builder
        .metadata()
        .row_groups()
        .iter()
        .map(|group| group.num_rows() as usize)
        .collect();
    let schema = builder.schema().clone();
    let batches: Vec<_> = builder.build().unwrap().map(Result::unwrap).collect();
    (groups, arrow::compute::concat_batches(&schema, &batches).unwrap())
}

#[test]
fn bytes_do_not_depend_on_cuts_or_threads() {
    let rows = rows(150_000);
    let whole = written(&rows, [150_000].into_iter(), &options(1));
    let (groups, back) = read(whole.clone());
    assert_eq!(groups, [150_000]);
    assert_eq!(back.columns(), rows.columns());
    for (cut, threads) in [(150_000, 2), (8_192, 1), (8_192, 3), (999, 2), (65_536, 8), (70_001, 2)] {
        let again = written(&rows, std::iter::repeat(cut), &options(threads));
        assert!(again == whole, "batches of {cut} on {threads} threads");
    }
    let uneven = (0..).map(|i: usize| i * i % 4_001);
    assert!(written(&rows, uneven, &options(2)) == whole);
}

#[test]
fn row_groups_end_by_rows_and_by_bytes() {
    let rows = rows(150_000);
    let small = |options: WriteOptions| {
        let whole = written(&rows, std::iter::repeat(10_000), &options);
        assert!(written(&rows, std::iter::repeat(77_777), &options) == whole);
        let (groups, back) = read(whole);
        assert_eq!(back.num_rows(), 150_000);
        groups
    };
    let by_rows = WriteOptions {
        rows_per_group: 70_000,
        ..options(2)
    };
    assert_eq!(small(by_rows), [70_000, 70_000, 10_000]);
    let by_bytes = WriteOptions {
        bytes_in_flight: 1,
        ..options(2)
    };
    assert_eq!(small(by_bytes), [65_536, 65_536, 18_928]);
}

#[test]
fn chunks_end_where_their_text_is_long() {
    let rows = rows(20_000);
    let options = WriteOptions {
        bytes_in_flight: 1,
        ..options(2)
    };
    let written = |cut: usize| {
        let mut writer = ParquetWriter::new(Vec::new(), rows.schema(), &options).unwrap();
        writer.text_per_chunk = 300_000;
        for start in (0..rows.num_rows()).step_by(cut) {
            writer
                .write(&rows.slice(start, cut.min(rows.num_rows() - start)))
                .unwrap();
        }
        writer.finish().unwrap()
    };
    let whole = written(20_000);
    let (groups, back) = read(whole.clone());
    assert_eq!(back.columns(), rows.columns());
    // The text and that of the struct are 20 bytes each in ten of eleven rows, words and lists some.
    assert!(groups.len() > 2 && groups[0] > 5_000 && groups[1..groups.len() - 1].iter().all(|rows| *rows > 5_000));
    for cut in [1, 7, 999, 6_000] {
        assert!(written(cut) == whole, "batches of {cut}");
    }
}

#[test]
fn what_is_said_about_the_rows_is_kept() {
    let options = WriteOptions {
        sorted_by: vec!["t".into(), "n".into()],
        metadata: vec![("program".into(), "abc".into())],
        ..options(2)
    };
    let rows = rows(10);
    let mut writer = ParquetWriter::new(Vec::new(), rows.schema(), &options).unwrap();
    writer.write(&rows).unwrap();
    writer.add_metadata("rows".into(), "10".into());
    let bytes = Bytes::from(writer.finish().unwrap());
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
    let group = builder.metadata().row_group(0);
    let sorted: Vec<i32> = group
        .sorting_columns()
        .unwrap()
        .iter()
        .map(|column| column.column_idx)
        .collect();
    let at = |name: &str| {
        (0..)
            .find(|at| group.column(*at as usize).column_path().parts() == [name])
            .unwrap()
    };
    assert_eq!(sorted, [at("t"), at("n")]);
    assert_eq!(group.column(0).statistics().unwrap().null_count_opt(), Some(0));
    let pairs = builder.metadata().file_metadata().key_value_metadata().unwrap();
    let value = |key: &str| {
        pairs
            .iter()
            .find(|pair| pair.key == key)
            .and_then(|pair| pair.value.clone())
    };
    assert_eq!(
        (value("program"), value("rows")),
        (Some("abc".into()), Some("10".into()))
    );
    let unknown = WriteOptions {
        sorted_by: vec!["l".into()],
        ..options
    };
    let error = ParquetWriter::new(Vec::new(), rows.schema(), &unknown).unwrap_err();
    assert!(error.to_string().ends_with("no column `l` to be sorted by"));
}

#[test]
fn no_rows_and_no_columns() {
    let (groups, back) = read(written(&rows(0), [0].into_iter(), &options(2)));
    assert_eq!((groups, back.num_rows(), back.num_columns()), (vec![], 0, 8));
    let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)]));
    let mut writer = ParquetWriter::new(Vec::new(), schema, &options(2)).unwrap();
    assert!(writer.write(&rows(1)).is_err());
}

/// Takes some bytes, then none.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if bytes.len() > self.0 {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        self.0 -= bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_target_that_refuses_is_an_error() {
    let rows = rows(1_000);
    for room in [4, 100, 20_000] {
        let mut writer = ParquetWriter::new(Full(room), rows.schema(), &options(2)).unwrap();
        writer.write(&rows).unwrap();
        assert!(writer.finish().is_err(), "{room}");
    }
}

#[test]
fn rows_are_encoded_about_a_million_cells_at_a_time() {
    for width in [16, 64, 65, 256, 257, 512] {
        let field = |at: usize| Field::new(format!("c{at}"), DataType::Int64, false);
        let schema = Arc::new(Schema::new((0..width).map(field).collect::<Vec<_>>()));
        let writer = ParquetWriter::new(Vec::new(), schema, &WriteOptions::default()).unwrap();
        let cells = width * writer.rows_per_chunk;
        assert!((1 << 20..=1 << 22).contains(&cells), "{width} columns: {cells} cells");
        // The widest of each size fill it.
        let is_widest = [64, 256, 512].contains(&width);
        assert_eq!(cells == 1 << 22, is_widest, "{width} columns: {cells} cells");
    }
}

#[test]
fn a_row_group_has_a_million_rows_at_most() {
    let rows = (1 << 20) + 1;
    let column: ArrayRef = Arc::new(BooleanArray::from(vec![true; rows]));
    let batch = RecordBatch::try_from_iter([("b", column)]).unwrap();
    let mut writer = ParquetWriter::new(Vec::new(), batch.schema(), &WriteOptions::default()).unwrap();
    writer.write(&batch).unwrap();
    let bytes = Bytes::from(writer.finish().unwrap());
    let file = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
    let groups = file.metadata().row_groups().iter();
    assert_eq!(groups.map(|group| group.num_rows()).collect::<Vec<_>>(), [1 << 20, 1]);
}

#[test]
fn of_several_errors_the_one_of_the_first_column_is_told() {
    let root = |_| {
        Mutex::new(Root {
            field: Arc::new(Field::new("c", DataType::Int64, true)),
            leaves: vec![],
        })
    };
    let group: Vec<Mutex<Root>> = (0..40).map(root).collect();
    for threads in [1, 2, 4] {
        let failed = each(threads, &group, |at, _| match at {
            0..17 => Ok(()),
            _ => Err(ParquetError::General(format!("column {at}"))),
        });
        let said = failed.expect_err("most fail").to_string();
        assert!(said.ends_with("column 17"), "{threads} threads: {said}");
    }
    assert!(each(2, &group, |_, _| Ok(())).is_ok());
}

/// Whoever reads the file sees instants, times and days, and not their numbers.
#[test]
fn seconds_and_days_keep_what_they_are() {
    let zone = "Europe/Amsterdam";
    let seconds = TimestampSecondArray::from(vec![Some(1_704_153_600), None, Some(-1)]);
    let days = Date64Array::from(vec![Some(86_400_000), Some(-86_400_000), None]);
    let times = Time32SecondArray::from(vec![Some(0), Some(86_399), None]);
    let lists = FixedSizeListArray::new(
        Arc::new(Field::new("item", DataType::Date64, true)),
        1,
        Arc::new(days.clone()),
        None,
    );
    let rows = RecordBatch::try_from_iter_with_nullable([
        ("at", Arc::new(seconds.clone().with_timezone(zone)) as ArrayRef, true),
        ("local", Arc::new(seconds), true),
        ("day", Arc::new(days), true),
        ("time", Arc::new(times), true),
        ("days", Arc::new(lists), true),
    ])
    .unwrap();
    let (_, back) = read(written(&rows, [3].into_iter(), &options(1)));
    let in_ms = TimestampMillisecondArray::from(vec![Some(1_704_153_600_000), None, Some(-1_000)]);
    let days = Date32Array::from(vec![Some(1), Some(-1), None]);
    let expected: [ArrayRef; 4] = [
        Arc::new(in_ms.clone().with_timezone(zone)),
        Arc::new(in_ms),
        Arc::new(days.clone()),
        Arc::new(Time32MillisecondArray::from(vec![Some(0), Some(86_399_000), None])),
    ];
    assert_eq!(back.columns()[..4], expected);
    assert_eq!(
        back.column(4).as_fixed_size_list().values().as_ref(),
        &days as &dyn Array
    );
    let beyond = TimestampSecondArray::from(vec![i64::MAX]);
    let beyond = RecordBatch::try_from_iter([("at", Arc::new(beyond) as ArrayRef)]).unwrap();
    let mut writer = ParquetWriter::new(Vec::new(), beyond.schema(), &options(1)).unwrap();
    assert!(writer.write(&beyond).is_err());
}
