use super::*;
use crate::{Bound, InputFile, LocalStore, RandomRead, Store};
use ::parquet::arrow::ArrowWriter;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use proptest::prelude::*;

const COLUMNS: [(&str, Type); 5] = [
    ("id", Type::Int64),
    ("at", Type::Timestamp),
    ("x", Type::Float64),
    ("s?", Type::String),
    ("n?", Type::Int64),
];

/// Rows that are all different, some of them rejected.
fn rows(count: usize) -> RecordBatch {
    let numbers = 0..count as i64;
    let utc: Option<std::sync::Arc<str>> = Some("UTC".into());
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from_iter_values(numbers.clone()))),
        (
            "at",
            Arc::new(
                numbers
                    .clone()
                    .map(|i| (i % 97 != 5).then_some(i * 1_000))
                    .collect::<TimestampNanosecondArray>()
                    .with_timezone_opt(utc.clone()),
            ),
        ),
        (
            "x",
            Arc::new(
                numbers
                    .clone()
                    .map(|i| Some(if i % 89 == 3 { f64::NAN } else { i as f64 }))
                    .collect::<Float64Array>(),
            ),
        ),
        (
            "s",
            Arc::new(
                numbers
                    .clone()
                    .map(|i| (i % 5 != 0).then(|| format!("text {}", i % 50)))
                    .collect::<StringArray>(),
            ),
        ),
        (
            "n",
            Arc::new(numbers.map(|i| (i % 3 != 0).then_some(-i)).collect::<Int64Array>()),
        ),
    ];
    let nanos = DataType::Timestamp(TimeUnit::Nanosecond, utc);
    assert_eq!(*columns[1].1.data_type(), nanos);
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

fn small_pages() -> WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_data_page_row_count_limit(7)
        .set_write_batch_size(7)
}

/// A folder with one file of these rows.
fn file(rows: &RecordBatch, properties: WriterPropertiesBuilder) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let target = std::fs::File::create(folder.path().join("f")).unwrap();
    let mut writer = ArrowWriter::try_new(target, rows.schema(), Some(properties.build())).unwrap();
    writer.write(rows).unwrap();
    writer.close().unwrap();
    folder
}

fn options(rows_per_piece: usize, rows_per_batch: usize) -> PieceOptions {
    PieceOptions {
        rows_per_piece: Some(rows_per_piece),
        rows_per_batch: Some(rows_per_batch),
        ..PieceOptions::default()
    }
}

#[test]
fn row_groups_are_cut_and_nothing_shows() {
    let set = file_set(FileFormat::Parquet, &["f"]);
    let rows = rows(1_000);
    let groups = [1_000, 300].map(|rows| small_pages().set_max_row_group_row_count(Some(rows)));
    let no_index = small_pages()
        .set_offset_index_disabled(true)
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for properties in groups.into_iter().chain([no_index]) {
        let folder = file(&rows, properties);
        let events = source(&COLUMNS);
        let whole = read_with(&events, &set, folder.path(), None, 10_000);
        assert_eq!((whole.rows.len(), whole.rejects.len()), (977, 23));
        for (piece, batch) in [(1, 10), (10, 3), (64, 65_536), (333, 100), (5_000, 7)] {
            let (pieced, skipped) = read_pieces(&events, &set, folder.path(), &options(piece, batch));
            assert_eq!(
                (pieced, skipped),
                (
                    Outcome {
                        error: None,
                        rows: whole.rows.clone(),
                        rejects: whole.rejects.clone()
                    },
                    0
                )
            );
        }
        let all = pieces(&events, &set, folder.path(), &options(100, 100)).unwrap();
        assert!(all.len() >= 9 && all.iter().all(|piece| piece.rows().unwrap() >= 100));
        let bytes: u64 = all.iter().map(Piece::bytes).sum();
        let size = std::fs::metadata(folder.path().join("f")).unwrap().len();
        assert!(bytes > size / 2 && bytes < size, "{bytes} of {size}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_cut_shows(count in 0usize..400, group in 1usize..400, piece in 1usize..400, batch in 1usize..400, index: bool) {
        let properties = small_pages().set_max_row_group_row_count(Some(group)).set_offset_index_disabled(!index);
        let properties = properties.set_statistics_enabled(EnabledStatistics::Chunk);
        let folder = file(&rows(count), properties);
        let set = file_set(FileFormat::Parquet, &["f"]);
        let events = source(&COLUMNS);
        let whole = read_with(&events, &set, folder.path(), None, 10_000);
        let (pieced, _) = read_pieces(&events, &set, folder.path(), &options(piece, batch));
        prop_assert_eq!(pieced, whole);
    }
}

#[test]
fn row_groups_that_cannot_matter_are_skipped() {
    let folder = file(&rows(1_000), small_pages().set_max_row_group_row_count(Some(100)));
    let set = file_set(FileFormat::Parquet, &["f"]);
    let events = source(&COLUMNS);
    let whole = read_with(&events, &set, folder.path(), None, 10_000);
    let at = |row: &String| row.split('|').nth(1).unwrap().parse::<i64>().unwrap();
    // Instants are 0 to 999 microseconds; statistics are nanoseconds.
    let bounds = [
        (250, 549, 600),
        (0, 0, 900),
        (-5, -1, 1_000),
        (i64::MIN, i64::MAX, 0),
        (99, 100, 800),
        (999, 2_000, 900),
    ];
    for (least, greatest, expected) in bounds {
        let bound = |column: u32| Bound {
            column: ColumnId(column),
            least,
            greatest,
        };
        for prune in [vec![bound(1)], vec![bound(0), bound(1)]] {
            let options = PieceOptions {
                prune,
                ..options(30, 1_000)
            };
            let (pieced, skipped) = read_pieces(&events, &set, folder.path(), &options);
            let within = |rows: &[String]| -> Vec<String> {
                rows.iter()
                    .filter(|row| (least..=greatest).contains(&at(row)))
                    .cloned()
                    .collect()
            };
            assert_eq!(within(&pieced.rows), within(&whole.rows));
            assert_eq!(skipped, expected);
            assert_eq!((pieced.rows.len() + pieced.rejects.len()) as u64 + skipped, 1_000);
        }
    }
    // Nulls of a column that may have them are kept, and strings have no bounds.
    for column in [3, 4, 9] {
        let prune = vec![Bound {
            column: ColumnId(column),
            least: 5,
            greatest: 6,
        }];
        let (pieced, skipped) = read_pieces(
            &events,
            &set,
            folder.path(),
            &PieceOptions {
                prune,
                ..options(30, 1_000)
            },
        );
        assert_eq!((pieced.rows.len(), skipped), (whole.rows.len(), 0));
    }
    let plain = file(
        &rows(1_000),
        small_pages().set_statistics_enabled(EnabledStatistics::None),
    );
    let prune = vec![Bound {
        column: ColumnId(1),
        least: -5,
        greatest: -1,
    }];
    let (pieced, skipped) = read_pieces(
        &events,
        &set,
        plain.path(),
        &PieceOptions {
            prune,
            ..options(30, 1_000)
        },
    );
    assert_eq!((pieced, skipped), (whole, 0));
}

#[test]
fn local_times_are_pruned_by_their_instants() {
    let hours: Vec<i64> = (0..48).map(|hour| hour * 3_600_000_000).collect();
    let array: ArrayRef = Arc::new(TimestampMicrosecondArray::from(hours));
    let batch = RecordBatch::try_from_iter([("at", array)]).unwrap();
    let folder = file(
        &batch,
        WriterProperties::builder().set_max_row_group_row_count(Some(12)),
    );
    let mut events = source(&[("at", Type::Timestamp)]);
    for (zone, first, skipped_rows) in [
        ("UTC", 12, 12),
        ("Europe/Paris", 13, 12),
        ("Asia/Tokyo", 21, 12),
        ("America/New_York", 7, 0),
    ] {
        events.zone = Some(zone.into());
        let prune = vec![Bound {
            column: ColumnId(0),
            least: 12 * 3_600_000_000,
            greatest: i64::MAX,
        }];
        let set = file_set(FileFormat::Parquet, &["f"]);
        let (pieced, skipped) = read_pieces(
            &events,
            &set,
            folder.path(),
            &PieceOptions {
                prune,
                ..options(12, 12)
            },
        );
        assert_eq!(
            (pieced.rows.len() as u64 + skipped, skipped),
            (48, skipped_rows),
            "{zone}"
        );
        let number = |row: &String| row.split([':', ' ']).nth(1).unwrap().parse::<u64>().unwrap();
        assert!(number(&pieced.rows[0]) <= first + 1, "{zone}");
    }
}

#[test]
fn partitions_are_pruned_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    for day in ["2026-01-01", "2026-01-02", "2026-01-03"] {
        let part = file(&rows(10), small_pages());
        let to = folder.path().join(format!("day={day}"));
        std::fs::create_dir(&to).unwrap();
        std::fs::rename(part.path().join("f"), to.join("f.parquet")).unwrap();
    }
    let mut columns = COLUMNS.to_vec();
    columns.push(("day", Type::Date));
    let events = source(&columns);
    let set = file_set(FileFormat::Parquet, &["."]);
    let whole = read(&events, &set, folder.path());
    assert_eq!((whole.rows.len(), whole.rejects.len()), (24, 6));
    let prune = |least, greatest| PieceOptions {
        prune: vec![Bound {
            column: ColumnId(5),
            least,
            greatest,
        }],
        ..PieceOptions::default()
    };
    let (pieced, skipped) = read_pieces(&events, &set, folder.path(), &prune(20_455, 20_455));
    assert_eq!((&pieced.rows[..], skipped), (&whole.rows[8..16], 20));
    let (pieced, skipped) = read_pieces(&events, &set, folder.path(), &prune(0, 1));
    assert_eq!((pieced.rows.len(), skipped), (0, 30));
}

/// The local files, with small reads, and able to fail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Small {
    pub granule: usize,
    pub fails: bool,
}

struct SmallFile(Arc<dyn RandomRead>, Small);

impl Store for Small {
    fn list(&self, pattern: &str, extensions: &[&str], base: &Path) -> Result<Vec<InputFile>, DecodeError> {
        LocalStore.list(pattern, extensions, base)
    }

    fn open(&self, file: &InputFile) -> Result<Arc<dyn RandomRead>, DecodeError> {
        Ok(Arc::new(SmallFile(LocalStore.open(file)?, *self)))
    }

    fn near(&self, file: &InputFile) -> Option<u64> {
        LocalStore.near(file)
    }
}

impl RandomRead for SmallFile {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read_at(&self, start: u64, len: usize) -> Result<bytes::Bytes, DecodeError> {
        if self.1.fails && start < 5_000 {
            return Err(DecodeError::Unreadable {
                file: "f".into(),
                why: "the line is dead".into(),
            });
        }
        self.0.read_at(start, len)
    }

    fn version(&self) -> Option<String> {
        None
    }

    fn granule(&self) -> usize {
        self.1.granule
    }
}

#[test]
fn any_store_and_any_size_of_reads() {
    let folder = file(
        &rows(1_000),
        small_pages()
            .set_offset_index_disabled(true)
            .set_statistics_enabled(EnabledStatistics::Chunk),
    );
    let set = file_set(FileFormat::Parquet, &["f"]);
    let events = source(&COLUMNS);
    let whole = read_with(&events, &set, folder.path(), None, 10_000);
    for granule in [1, 9, 100, 1_000, 1 << 20] {
        let store = Small { granule, fails: false };
        let options = PieceOptions {
            store: Arc::new(store),
            ..options(300, 1_000)
        };
        assert_eq!(read_pieces(&events, &set, folder.path(), &options).0.rows, whole.rows);
    }
    let options = PieceOptions {
        store: Arc::new(Small {
            granule: 100,
            fails: true,
        }),
        ..options(300, 1_000)
    };
    let (outcome, _) = read_pieces(&events, &set, folder.path(), &options);
    assert_eq!(outcome.error.unwrap().to_string(), "cannot read f: the line is dead");
    std::fs::write(
        folder.path().join("c"),
        "at\n1970-01-01T00:00:01Z\n1970-01-01T00:00:02Z\n",
    )
    .unwrap();
    let set = file_set(FileFormat::Csv, &["c"]);
    let timed = source(&[("at", Type::Timestamp)]);
    for bytes_per_piece in [None, Some(5)] {
        let options = |fails| PieceOptions {
            store: Arc::new(Small { granule: 3, fails }),
            bytes_per_piece,
            ..PieceOptions::default()
        };
        assert_eq!(
            read_pieces(&timed, &set, folder.path(), &options(false)).0.rows,
            ["c:2 1000000", "c:3 2000000"]
        );
        let (outcome, _) = read_pieces(&timed, &set, folder.path(), &options(true));
        assert_eq!(outcome.error.unwrap().to_string(), "cannot read c: the line is dead");
    }
}

#[test]
fn a_file_that_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let batch = rows(20);
    for name in 0..70 {
        let part = file(&batch, small_pages());
        std::fs::rename(part.path().join("f"), folder.path().join(format!("{name:02}.parquet"))).unwrap();
    }
    let set = file_set(FileFormat::Parquet, &["."]);
    let all = pieces(&source(&COLUMNS), &set, folder.path(), &PieceOptions::default()).unwrap();
    assert_eq!(all.len(), 70);
    let longer = file(&rows(21), small_pages());
    let len = || folder.path().join("03.parquet").metadata().unwrap().len();
    let was = len();
    std::fs::rename(longer.path().join("f"), folder.path().join("03.parquet")).unwrap();
    let is = len();
    let read = |piece: &Piece| piece.read::<DecodeError>(&mut |_| Ok(()), &mut |_| Ok(()));
    assert_eq!(read(&all[2]), Ok(()));
    assert_eq!(
        read(&all[3]).unwrap_err().to_string(),
        format!("03.parquet grew from {was} to {is} bytes while it was read")
    );
    // Either side may stop the reading.
    let full = || DecodeError::Busy { file: "full".into() };
    assert_eq!(all[4].read(&mut |_| Err(full()), &mut |_| Ok(())), Err(full()));
    assert_eq!(all[4].read(&mut |_| Ok(()), &mut |_| Err(full())), Err(full()));
}

#[test]
fn pieces_are_for_any_thread() {
    fn sent<T: Send + Sync>() {}
    sent::<Piece>();
    sent::<PieceOptions>();
}
