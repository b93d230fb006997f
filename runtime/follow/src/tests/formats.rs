use super::{
    Arc, ArrayRef, Duration, FileFormat, Float64Array, Int64Array, RecordBatch, Run, StringArray,
    TimestampMicrosecondArray, add, all, aside, ids, lines, program,
};
use crate::stdin;
use featr_online::{Folder, Options, Runtime, Sender, SystemClock};
use std::path::Path;

const HEADER: &str = "id,card,amount,at,seen\n";

fn row(id: i64) -> String {
    format!("{id},\"a\n{id}\",{id}.5,2024-03-01T11:59:00Z,\n")
}

fn rows(ids: std::ops::Range<i64>) -> String {
    ids.map(row).collect()
}

fn parquet(path: &Path, ids: std::ops::Range<i64>) {
    let count = (ids.end - ids.start) as usize;
    let instant = |at: Option<i64>| -> ArrayRef {
        Arc::new(TimestampMicrosecondArray::from(vec![at; count]).with_timezone("UTC"))
    };
    let amounts: Vec<f64> = ids.clone().map(|id| id as f64).collect();
    let batch = RecordBatch::try_from_iter([
        ("id", Arc::new(Int64Array::from(ids.collect::<Vec<i64>>())) as ArrayRef),
        ("card", Arc::new(StringArray::from(vec!["a"; count]))),
        ("amount", Arc::new(Float64Array::from(amounts))),
        ("at", instant(Some(1_709_294_340_000_000))),
        ("seen", instant(None)),
    ]);
    let batch = batch.expect("columns of one length");
    featr::write_rows(path, batch.schema(), [batch.clone()]).expect("a writable folder");
}

#[test]
fn csv_with_quoted_line_breaks_grows() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let path = folder.join("live.csv");
    add(&path, &HEADER[..5]);
    let run = Run::start(folder, "live.csv");
    std::thread::sleep(Duration::from_millis(100));
    add(&path, &HEADER[5..]);
    add(&path, &rows(0..3));
    run.until_accepted(3);
    // Up to a line break within quotes: no record yet.
    let next = row(3);
    let (front, back) = next.split_at(next.find('\n').expect("a line break") + 1);
    add(&path, front);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(run.accepted(), 3);
    run.end();
    add(&path, &format!("{back}{}x\n", row(4)));
    let run = Run::start(folder, "live.csv");
    run.until_accepted(2);
    assert_eq!(run.problems(), []);
    run.end();
    assert_eq!(ids(folder), all(0..5));
    let aside = aside(folder);
    assert_eq!(
        (aside.len(), &aside[0]["place"], &aside[0]["payload"]),
        (1, &12.into(), &"x".into())
    );
}

#[test]
fn a_file_of_another_form_is_told_and_the_others_are_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    add(&folder.join("1.csv"), &format!("{HEADER}{}", rows(0..2)));
    add(&folder.join("2.csv"), "id,card\n1,a\n");
    add(&folder.join("3.csv"), "\x1f\u{8b}packed\n");
    let run = Run::start(folder, "*.csv");
    run.until("both are told", || run.problems().len() == 2);
    run.until_accepted(2);
    for (code, from, _) in run.problems() {
        assert!(code == "E0816" && !from.ends_with("1.csv"), "{code} {from}");
    }
    run.until("both are counted", || run.runtime.progress()[0].1.refused == 2);
    // Written anew, it is read.
    std::fs::write(folder.join("new"), format!("{HEADER}{}", rows(2..4))).expect("written");
    std::fs::remove_file(folder.join("3.csv")).expect("removed");
    std::fs::rename(folder.join("new"), folder.join("2.csv")).expect("renamed");
    run.until_accepted(4);
    run.end();
}

#[test]
fn whole_files_are_read_when_they_are_whole_and_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    parquet(&folder.join("b.parquet"), 100_000..200_000);
    let run = Run::start(folder, "*.parquet");
    run.until_accepted(100_000);
    // A file in the making, and a name that comes before.
    std::fs::create_dir(folder.join("made")).expect("a writable folder");
    let whole = folder.join("made/c.parquet");
    parquet(&whole, 200_000..200_003);
    let bytes = std::fs::read(&whole).expect("readable");
    std::fs::write(folder.join("a.parquet"), &bytes[..bytes.len() / 2]).expect("a writable folder");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!((run.accepted(), run.problems()), (100_000, Vec::new()));
    std::fs::write(folder.join("a.parquet"), &bytes).expect("a writable folder");
    run.until_accepted(100_003);
    run.end();
    let run = Run::start(folder, "*.parquet");
    parquet(&folder.join("d.parquet"), 0..5);
    run.until_accepted(5);
    std::fs::remove_file(folder.join("a.parquet")).expect("removed");
    std::fs::rename(folder.join("d.parquet"), folder.join("e.parquet")).expect("renamed");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!((run.accepted(), run.problems()), (5, Vec::new()));
    // Another content under a name that was read.
    parquet(&folder.join("b.parquet"), 5..9);
    run.until_told("E0815");
    run.until_accepted(9);
    run.end();
    let expected: Vec<i64> = (0..9).chain(100_000..200_003).collect();
    assert_eq!(ids(folder), expected);
}

#[test]
fn standard_input_is_read_to_its_end() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let disk = Folder::take(&folder.join("state"))
        .expect("a folder")
        .expect("nobody has it");
    let opened = Runtime::open(program(), Arc::new(disk), Arc::new(SystemClock), Options::default());
    let (runtime, _) = opened.expect("a state");
    let mut sender = Sender::new(runtime.feed("payments").expect("a source"));
    let text = format!("{}no\n{}", lines(0..40_000), lines(40_000..40_001).trim_end());
    let input = std::io::Cursor::new(text.into_bytes());
    stdin::read(&mut sender, FileFormat::Jsonl, input).expect("to its end");
    assert!(runtime.progress()[0].1.has_ended);
    runtime.stop().expect("it ends");
    drop((runtime, sender));
    assert_eq!(ids(folder), all(0..40_001));
    let aside = aside(folder);
    assert_eq!(
        (&aside[0]["place"], &aside[0]["from"]),
        (&40_001.into(), &"standard input".into())
    );
}

#[test]
fn a_file_whose_rows_share_too_much_is_told_and_the_others_are_read() {
    use arrow::array::{DictionaryArray, Int32Array};
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let write = |name: &str, ids: std::ops::Range<i64>, card: &str| {
        let at = TimestampMicrosecondArray::from(vec![1_000_000_000; ids.clone().count()]).with_timezone("UTC");
        let keys = Int32Array::from(vec![0; ids.clone().count()]);
        let cards = DictionaryArray::new(keys, Arc::new(StringArray::from(vec![card])));
        let rows = RecordBatch::try_from_iter([
            ("id", Arc::new(Int64Array::from_iter_values(ids.clone())) as ArrayRef),
            ("card", Arc::new(cards)),
            (
                "amount",
                Arc::new(Float64Array::from_iter_values(ids.map(|id| id as f64))),
            ),
            ("at", Arc::new(at.clone())),
            ("seen", Arc::new(at)),
        ]);
        let rows = rows.expect("columns");
        let file = std::fs::File::create(folder.join(name)).expect("a writable folder");
        let mut writer = arrow::ipc::writer::FileWriter::try_new(file, &rows.schema()).expect("a writer");
        writer.write(&rows).expect("written");
        writer.finish().expect("written");
    };
    write("a.arrow", 0..10_000, &"x".repeat(1_000_000));
    write("b.arrow", 10_000..10_003, "b");
    for start in 0..2 {
        let run = Run::start(folder, "*.arrow");
        run.until("it is told", || run.problems().len() == 1);
        let (code, from, _) = &run.problems()[0];
        assert!(*code == "E0816" && from.ends_with("a.arrow"), "{code} {from}");
        if start == 0 {
            run.until_accepted(3);
        }
        run.end();
        assert_eq!(ids(folder), all(10_000..10_003));
    }
}
