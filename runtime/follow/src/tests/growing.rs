use super::{Run, add, all, aside, ids, line, lines};
use std::time::Duration;

#[test]
fn a_line_counts_when_it_has_ended() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let path = folder.join("live.jsonl");
    let run = Run::start(folder, "live.jsonl");
    add(&path, &lines(0..3));
    run.until_accepted(3);
    let next = line(3);
    let (front, back) = next.split_at(20);
    add(&path, front);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(run.accepted(), 3);
    add(&path, back);
    run.until_accepted(4);
    // A start goes on in the middle of what is there.
    add(&path, &line(4)[..9]);
    run.end();
    assert_eq!(ids(folder), all(0..4));
    add(&path, &line(4)[9..]);
    let run = Run::start(folder, "live.jsonl");
    run.until_accepted(1);
    assert_eq!(run.problems(), []);
    run.end();
    assert_eq!(ids(folder), all(0..5));
}

#[test]
fn a_file_that_is_rotated_is_read_to_its_end() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let path = folder.join("live.jsonl");
    add(&path, &lines(0..3));
    let run = Run::start(folder, "live.jsonl");
    run.until_accepted(3);
    std::fs::rename(&path, folder.join("live.jsonl.1")).expect("renamed");
    add(&path, &lines(5..7));
    // Who had it open goes on for a moment; its last line has no end.
    add(&folder.join("live.jsonl.1"), lines(3..5).trim_end());
    run.until_accepted(7);
    run.until("the old file is forgotten", || run.runtime.progress()[0].1.splits == 1);
    run.end();
    // And while nobody reads.
    add(&path, &lines(7..9));
    std::fs::rename(&path, folder.join("live.jsonl.2")).expect("renamed");
    add(&path, &lines(9..11));
    let run = Run::start(folder, "live.jsonl");
    run.until_accepted(4);
    assert_eq!(run.problems(), []);
    run.end();
    assert_eq!(ids(folder), all(0..11));
}

#[test]
fn a_file_that_is_renamed_within_the_glob_is_not_read_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let (new, old) = (folder.join("app.jsonl"), folder.join("app.1.jsonl"));
    add(&new, &lines(0..3));
    let run = Run::start(folder, "app*.jsonl");
    run.until_accepted(3);
    std::fs::rename(&new, &old).expect("renamed");
    add(&new, &lines(4..6));
    add(&old, &line(3));
    run.until_accepted(6);
    run.end();
    std::fs::rename(&old, folder.join("app.2.jsonl")).expect("renamed");
    std::fs::rename(&new, &old).expect("renamed");
    add(&new, &lines(6..7));
    let run = Run::start(folder, "app*.jsonl");
    run.until_accepted(1);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!((run.accepted(), run.problems()), (1, Vec::new()));
    run.end();
    assert_eq!(ids(folder), all(0..7));
}

#[test]
fn a_file_that_was_cut_or_replaced_is_told_and_read_from_its_beginning() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let path = folder.join("live.jsonl");
    add(&path, &lines(0..5));
    let run = Run::start(folder, "live.jsonl");
    run.until_accepted(5);
    std::fs::write(&path, lines(5..6)).expect("written anew");
    run.until_told("E0815");
    run.until_accepted(6);
    // Longer than what was read, and other bytes in front of that.
    std::fs::write(&path, lines(6..20)).expect("written anew");
    run.until("told twice", || run.problems().len() == 2);
    run.until_accepted(20);
    run.end();
    // The same while nobody reads: its length alone says nothing.
    std::fs::write(&path, lines(20..40)).expect("written anew");
    let run = Run::start(folder, "live.jsonl");
    run.until_told("E0815");
    run.until_accepted(20);
    assert_eq!(run.problems().len(), 1, "{:?}", run.problems());
    run.end();
    assert_eq!(ids(folder), all(0..40));
}

#[test]
fn records_that_cannot_be_used_are_aside_with_their_places() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let path = folder.join("live.jsonl");
    let naive = line(2).replace("11:59:00Z", "11:59:00");
    let ahead = line(4).replace("2024-", "2924-");
    add(&path, &format!("{}nonsense\n{naive}\n{}{ahead}", lines(0..2), line(3)));
    let run = Run::start(folder, "live.jsonl");
    run.until_accepted(3);
    add(&path, &format!("{{\"id\": null}}\n{}", line(5)));
    run.until_accepted(4);
    let rejected = run.runtime.counters().rejected.list();
    let rejected: Vec<(&str, u64)> = rejected
        .iter()
        .map(|((_, reason), count)| (&**reason, *count))
        .collect();
    assert_eq!(
        rejected,
        [
            ("ahead", 1),
            ("bad_value", 1),
            ("null_in_required", 1),
            ("unparsable", 1)
        ]
    );
    run.end();
    let told = aside(folder);
    let mut told: Vec<(u64, &str, &str)> = told
        .iter()
        .map(|row| {
            assert!(
                row["from"].as_str().is_some_and(|from| from.ends_with("live.jsonl")),
                "{row}"
            );
            (
                row["place"].as_u64().expect("a line"),
                row["reason"].as_str().expect("a reason"),
                row["payload"].as_str().expect("the record"),
            )
        })
        .collect();
    told.sort_unstable();
    assert_eq!(told[0], (3, "unparsable", "nonsense"));
    assert_eq!(told[1], (4, "bad_value", naive.trim_end()));
    assert_eq!((told[2].0, told[2].1), (7, "ahead"));
    assert_eq!(told[3], (8, "null_in_required", "{\"id\": null}"));
    assert_eq!(told.len(), 4);
    assert_eq!(
        ids(folder),
        [0, 1, 3, 4, 5],
        "a row that came too early is in the log, and counts for nothing"
    );
}

/// Nothing is lost or there twice, whenever it ends.
#[test]
fn a_reader_that_ends_often_reads_everything_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let path = folder.join("live.jsonl");
    let mut written = 0;
    for round in 0..8 {
        let run = Run::start(folder, "live.jsonl");
        for _ in 0..20 {
            add(&path, &lines(written..written + 7));
            written += 7;
            std::thread::sleep(Duration::from_millis(round));
        }
        run.end();
    }
    let run = Run::start(folder, "live.jsonl");
    run.until("all is read", || {
        let progress = run.runtime.progress();
        progress[0].1.splits == 1 && progress[0].1.unread == featr_online::Unread::Bytes(0)
    });
    run.end();
    assert_eq!(ids(folder), all(0..written));
}
