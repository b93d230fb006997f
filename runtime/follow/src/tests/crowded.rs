use super::{Run, add, all, aside, ids, line, lines};
use std::path::Path;
use std::time::Duration;

/// How many files of a folder this process has open.
fn open(folder: &Path) -> usize {
    let all = std::fs::read_dir("/proc/self/fd").expect("a folder").flatten();
    let places = all.filter_map(|entry| std::fs::read_link(entry.path()).ok());
    places.filter(|place| place.starts_with(folder)).count()
}

#[test]
fn more_files_than_may_be_open_are_read_by_turns() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let live = folder.join("live");
    std::fs::create_dir(&live).expect("a folder");
    let path = |number: i64| live.join(format!("{number:03}.jsonl"));
    (0..60).for_each(|number| add(&path(number), &line(number)));
    let run = Run::within(folder, "live/*.jsonl", 4);
    run.until_accepted(60);
    // All of them at once, and then the last one alone.
    (0..60).for_each(|number| add(&path(number), &line(60 + number)));
    run.until_accepted(120);
    add(&path(59), &lines(120..123));
    run.until_accepted(123);
    run.until("most are closed", || open(&live) <= 4);
    // A closed one that is rotated to where nobody looks is found, and read to its end.
    std::fs::rename(path(7), live.join("007.old")).expect("renamed");
    add(&live.join("007.old"), &line(123));
    // One that is renamed goes on, one that is replaced is read from its beginning.
    std::fs::rename(path(8), path(80)).expect("renamed");
    add(&path(80), &line(124));
    std::fs::remove_file(path(9)).expect("removed");
    run.until("they are gone", || run.runtime.progress()[0].1.splits == 59);
    add(&path(9), &lines(125..127));
    run.until_accepted(127);
    assert_eq!((run.problems(), open(&live).min(5)), (Vec::new(), open(&live)));
    run.end();
    add(&path(59), &line(127));
    let run = Run::within(folder, "live/*.jsonl", 4);
    run.until_accepted(1);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!((run.accepted(), run.problems()), (1, Vec::new()));
    run.end();
    assert_eq!(ids(folder), all(0..128));
}

#[test]
fn many_short_lines_hold_up_no_other_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let live = folder.join("live");
    std::fs::create_dir(&live).expect("a folder");
    // A quote that is open for more than 16 MiB, and lines that are no records.
    let text = format!(
        "id,card,amount,at,seen\n1,a,1.5,2024-03-01T11:00:00Z,\n2,\"{}",
        "x\n".repeat(150_000)
    );
    std::fs::write(
        live.join("a.csv"),
        text + &"long enough to be no record any more\n".repeat(470_000),
    )
    .expect("writable");
    add(
        &live.join("b.csv"),
        "id,card,amount,at,seen\n2,a,1.5,2024-03-01T11:00:00Z,\n",
    );
    let run = Run::start(folder, "live/*.csv");
    run.until_accepted(2);
    let rejected = || {
        let all = run.runtime.counters().rejected.list();
        all.into_iter().map(|(_, count)| count).sum::<u64>()
    };
    assert!(rejected() < 620_000, "{}", rejected());
    run.end();
    assert!(!aside(folder).is_empty());
}

#[test]
fn lines_that_end_otherwise_are_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let path = folder.join("live.csv");
    std::fs::write(&path, "id,card,amount,at,seen\r1,a,1.5,2024-03-01T11:00:00Z,\r").expect("writable");
    let run = Run::start(folder, "live.csv");
    run.until_told("E0816");
    assert!(run.problems()[0].2.contains("carriage returns"), "{:?}", run.problems());
    std::fs::write(&path, "id,card,amount,at,seen\n1,a,1.5,2024-03-01T11:00:00Z,\n").expect("writable");
    run.until_accepted(1);
    run.end();
}
