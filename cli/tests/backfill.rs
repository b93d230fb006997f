//! `featc backfill`: chunks cannot be seen, a killed run goes on, and the model agrees.

mod support;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use featc_ir::{Key, Type};
use std::path::Path;
use std::time::{Duration, Instant};
use support::{command, featc_with_full_disk, files, names, ok, refused, refused_with, root, said, shop};

const GRID: &str = "backfill shop.feat --service risk --from 2024-05-02T00:00:00Z --to 2024-05-12T00:00:00Z --every 6h";
const EVENTS: &str =
    "backfill shop.feat --view spend --from 2024-05-02T00:00:00Z --to 2024-05-12T00:00:00Z --at-events";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    shop(folder.path(), 2_000);
    folder
}

/// All rows, in the order of the names of the parts.
fn rows(folder: &Path) -> RecordBatch {
    let key = Key {
        name: "card".to_owned(),
        ty: Type::String,
    };
    let parts = names(folder).into_iter().filter(|name| name.ends_with(".parquet"));
    let batches: Vec<RecordBatch> = parts
        .flat_map(|part| {
            let read = featr::read_rows(&folder.join(part), std::slice::from_ref(&key), "timestamp");
            read.expect("a readable part").batches
        })
        .collect();
    concat_batches(&batches[0].schema(), &batches).expect("one schema")
}

#[test]
fn chunks_and_threads_cannot_be_seen() {
    let folder = folder();
    for (name, command) in [("grid", GRID), ("events", EVENTS)] {
        let mut seen = Vec::new();
        for (number, extra) in ["", "--chunk 1d --threads 1", "--chunk 36h --threads 3"]
            .iter()
            .enumerate()
        {
            let out = format!("{name}-{number}");
            ok(folder.path(), &format!("{command} --status --out {out} {extra}"));
            seen.push(rows(&folder.path().join(out)));
        }
        assert_eq!(seen[0], seen[1], "{name}");
        assert_eq!(seen[0], seen[2], "{name}");
        assert!(seen[0].num_rows() > 500, "{name}: {} rows", seen[0].num_rows());
    }
    assert_eq!(rows(&folder.path().join("grid-0")).num_rows(), 10 * 4 * 23);
}

/// Whether all rows have this status.
fn all_are(rows: &RecordBatch, column: &str, status: &str) -> bool {
    let statuses = rows.column_by_name(column).expect("a status").clone();
    let statuses = featr::from_arrow(&statuses, Type::String).expect("texts");
    (0..rows.num_rows()).all(|row| statuses.value(row) == featr::Value::String(status.to_owned()))
}

#[test]
fn a_grid_is_refused_just_where_a_view_finds_nothing() {
    let folder = folder();
    let (mut refusals, mut runs) = (0, 0);
    let truths = ["--truth complete", "--truth as-of-arrival", "--delay 5d"];
    let days = [
        "04-29", "05-01", "05-04", "05-16", "05-20", "05-24", "06-04", "06-15", "07-15",
    ];
    let mut ranges = days
        .map(|day| format!("--from 2024-{day}T12:00:00Z --to 2024-{day}T12:00:01Z --every 1h"))
        .to_vec();
    // The last event that counts leaves its week: the minute before, and the second from which on it is gone.
    let payments = std::fs::read_to_string(folder.path().join("payments.csv")).expect("a file");
    let accepted = payments.lines().skip(1).filter_map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let id: u64 = cells[0].parse().expect("a number");
        (id % 11 > 0 && cells[2] != "much").then(|| cells[3].to_owned())
    });
    let last = accepted.max().expect("events");
    let day: u32 = last[8..10].parse().expect("a day");
    let gone = format!("{}{:02}{}", &last[..8], day + 7, &last[10..]);
    let minute = &gone[..17];
    ranges.push(format!("--from {minute}00Z --to {gone} --every 1m"));
    ranges.push(format!("--from {gone} --to {minute}59Z --every 1s"));
    for (number, (range, truth)) in ranges
        .iter()
        .flat_map(|range| truths.map(|truth| (range, truth)))
        .enumerate()
    {
        let command = format!("backfill shop.feat --service risk {range} {truth} --status");
        ok(
            folder.path(),
            &format!("{command} --out all-{number} --max-missing 100%"),
        );
        let rows = rows(&folder.path().join(format!("all-{number}")));
        let is_missing = |column: &&str| all_are(&rows, column, "missing");
        let command = format!("{command} --out out-{number}");
        match ["spend__peak__status", "habits__last__status"].iter().any(is_missing) {
            true => {
                refused(folder.path(), &command, "E0712");
                assert!(!folder.path().join(format!("out-{number}")).exists());
                refusals += 1;
            }
            false => {
                ok(folder.path(), &command);
                runs += 1;
            }
        }
    }
    assert!(refusals > 5 && runs > 5, "{refusals} refused, {runs} run");
}

#[test]
fn two_ranges_agree_where_they_overlap() {
    let folder = folder();
    ok(folder.path(), &format!("{GRID} --out whole --chunk 1d"));
    let part = "--from 2024-05-03T01:00:00Z --to 2024-05-05T00:00:00Z --every 6h --chunk 1d --out part";
    ok(folder.path(), &format!("backfill shop.feat --service risk {part}"));
    let read = |folder_name: &str, file: &str| files(&folder.path().join(folder_name)).remove(file);
    let day = "part-20240504T000000Z-20240505T000000Z.parquet";
    assert!(read("part", day).is_some());
    assert_eq!(read("part", day), read("whole", day));
}

#[test]
fn the_model_agrees() {
    let folder = folder();
    for (name, command) in [("grid", GRID), ("events", EVENTS)] {
        for truth in ["complete", "as-of-arrival"] {
            let text = ok(
                folder.path(),
                &format!("{command} --status --truth {truth} --out {name}-{truth} --verify 60"),
            );
            assert!(
                text.contains("verify: 60 rows") && text.contains(": 0 differ"),
                "{text}"
            );
        }
    }
    let flights = root().join("examples/flights/flights.feat");
    let range = "--from 2013-02-01T00:00:00Z --to 2013-02-08T00:00:00Z";
    let asked = [
        ("route_traffic", "--at-events"),
        ("aircraft_history", "--every 1d"),
        ("route_traffic", "--every 12h"),
    ];
    for (number, (view, when)) in asked.into_iter().enumerate() {
        let command = format!("backfill {} --view {view} {range} {when}", flights.display());
        let text = ok(
            folder.path(),
            &format!("{command} --status --out {view}-{number} --verify 20"),
        );
        assert!(text.contains(": 0 differ"), "{text}");
    }
}

#[test]
fn a_part_that_was_changed_is_found_by_verify() {
    let folder = folder();
    ok(folder.path(), &format!("{GRID} --out out --chunk 5d"));
    let part = folder.path().join("out").join(&names(&folder.path().join("out"))[1]);
    let mut bytes = std::fs::read(&part).expect("readable");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&part, bytes).expect("writable");
    refused(
        folder.path(),
        &format!("{GRID} --out out --chunk 5d --verify 10"),
        "E0922",
    );
}

/// Whole parts with other values, which the checkpoint knows by their hashes.
#[test]
fn values_that_are_not_those_of_the_model_are_found_by_verify() {
    let folder = folder();
    let arguments = |truth: &str, out: &str| format!("{GRID} --chunk 5d --status --truth {truth} --out {out}");
    ok(folder.path(), &arguments("as-of-arrival", "right"));
    ok(folder.path(), &arguments("complete", "wrong"));
    let [right, wrong] = ["right", "wrong"].map(|name| folder.path().join(name));
    for part in names(&wrong).iter().filter(|name| name.ends_with(".parquet")) {
        std::fs::copy(wrong.join(part), right.join(part)).expect("copied");
    }
    let mut done = serde_json::Value::Null;
    change_checkpoint(&wrong, |state| done = state["done"].clone());
    change_checkpoint(&right, |state| state["done"] = done);
    let said = refused(
        folder.path(),
        &format!("{} --verify 300", arguments("as-of-arrival", "right")),
        "E0709",
    );
    assert!(
        said.contains("first difference: part-") && said.contains("; 0 parts made in this run"),
        "{said}"
    );
}

#[test]
fn entities_of_a_file_are_asked_about_also_without_events() {
    let folder = folder();
    std::fs::write(folder.path().join("cards.csv"), "card\nc3\nnobody\nc1\nc3\n").expect("writable");
    let text = ok(
        folder.path(),
        &format!("{GRID} --entities cards.csv --status --out out --verify 1000"),
    );
    assert!(
        text.contains("verify: 120 rows") && text.contains(": 0 differ"),
        "{text}"
    );
    ok(folder.path(), &format!("{EVENTS} --entities cards.csv --out events"));
    let cards = rows(&folder.path().join("events"));
    let cards = cards.column_by_name("card").expect("the key").as_string::<i32>();
    assert!(cards.len() > 10 && cards.iter().flatten().all(|card| card != "c7"));
    std::fs::write(folder.path().join("cards.csv"), "card\nc3\n\"\"\n\n,\n").expect("writable");
    refused(
        folder.path(),
        &format!("{GRID} --entities cards.csv --out other"),
        "E0706",
    );
}

/// Changes the checkpoint of a backfill.
fn change_checkpoint(folder: &Path, change: impl FnOnce(&mut serde_json::Value)) {
    let path = folder.join("_checkpoint.json");
    let text = std::fs::read_to_string(&path).expect("a checkpoint");
    let mut state: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    change(&mut state);
    std::fs::write(path, state.to_string()).expect("writable");
}

#[test]
fn a_checkpoint_that_forgets_a_source_is_refused() {
    let folder = folder();
    let arguments = format!("{GRID} --out out --chunk 5d");
    ok(folder.path(), &arguments);
    change_checkpoint(&folder.path().join("out"), |state| {
        state["sources"] = serde_json::json!([])
    });
    let said = refused(folder.path(), &arguments, "E0911");
    assert!(
        said.contains("of source `payments` changed since the backfill was begun"),
        "{said}"
    );
}

#[test]
fn a_part_that_the_checkpoint_forgets_is_made_again() {
    let folder = folder();
    let arguments = format!("{GRID} --out out --chunk 5d --verify 10");
    ok(folder.path(), &arguments);
    let out = folder.path().join("out");
    let before = files(&out);
    change_checkpoint(&out, |state| {
        drop(state["done"].as_array_mut().expect("parts").remove(0))
    });
    let part = out.join(&names(&out)[1]);
    std::fs::write(&part, "not what it was").expect("writable");
    let text = ok(folder.path(), &arguments);
    assert!(
        text.contains("is there, but not as `_checkpoint.json` has it: it is made again"),
        "{text}"
    );
    assert!(text.contains("1 part made in this run"), "{text}");
    assert_eq!(files(&out), before);
}

#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_checkpoint_is_no_wait() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("out")).expect("writable");
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path().join("out/_checkpoint.json"))
        .status();
    assert!(made.expect("mkfifo runs").success());
    let mut child = command(folder.path(), &format!("{GRID} --out out"))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the binary runs");
    let began = Instant::now();
    loop {
        if let Some(ended) = child.try_wait().expect("a child") {
            assert_eq!(ended.code(), Some(1));
            return;
        }
        if began.elapsed() > Duration::from_secs(30) {
            child.kill().expect("killable");
            child.wait().expect("ends");
            panic!("it waits for the other end of the pipe");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn checkpointed(folder: &Path) -> usize {
    let text = std::fs::read_to_string(folder.join("_checkpoint.json")).unwrap_or_default();
    let state: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    state["done"].as_array().map_or(0, Vec::len)
}

#[test]
fn a_killed_run_goes_on_where_it_was() {
    let folder = folder();
    let arguments = format!("{GRID} --chunk 6h --status --out");
    ok(folder.path(), &format!("{arguments} calm"));
    let killed = folder.path().join("killed");
    let mut kills = 0;
    for wanted in [1, 3, 8, 20] {
        let mut child = command(folder.path(), &format!("{arguments} killed"))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("the binary runs");
        let began = Instant::now();
        while checkpointed(&killed) < wanted && began.elapsed() < Duration::from_secs(120) {
            std::thread::sleep(Duration::from_millis(1));
        }
        if child.try_wait().expect("a child").is_none() {
            child.kill().expect("killable");
            kills += 1;
        }
        child.wait().expect("ends");
        let done = checkpointed(&killed);
        assert!(done >= wanted, "{done} of {wanted} parts");
    }
    assert!(kills > 0, "every run ended before it could be killed");
    let first = killed.join("part-20240502T000000Z-20240502T060000Z.parquet");
    let modified = |path: &Path| {
        std::fs::metadata(path)
            .and_then(|found| found.modified())
            .expect("a part")
    };
    let before = modified(&first);
    ok(folder.path(), &format!("{arguments} killed"));
    assert_eq!(modified(&first), before, "finished parts are not computed again");
    assert_eq!(files(&killed), files(&folder.path().join("calm")));
    let text = ok(folder.path(), &format!("{arguments} killed"));
    assert!(text.contains("; 0 parts made in this run"), "{text}");
}

#[test]
fn a_lost_part_is_made_again() {
    let folder = folder();
    let arguments = format!("{GRID} --chunk 1d --out out");
    ok(folder.path(), &arguments);
    let before = files(&folder.path().join("out"));
    std::fs::remove_file(folder.path().join("out/part-20240503T000000Z-20240504T000000Z.parquet")).expect("a part");
    let text = ok(folder.path(), &arguments);
    assert!(text.contains("; 1 part made in this run"), "{text}");
    assert_eq!(files(&folder.path().join("out")), before);
}

#[test]
fn a_full_disk_ends_the_run_and_the_next_goes_on() {
    let folder = folder();
    let calm = format!("{GRID} --chunk 1d --status --out calm");
    let arguments = format!("{GRID} --chunk 1d --status --out full");
    ok(folder.path(), &calm);
    let sources: Vec<String> = names(folder.path());
    let full = folder.path().join("full");
    for blocks in [0, 3, 4, 5] {
        let output = featc_with_full_disk(folder.path(), &arguments, blocks);
        if output.status.success() {
            continue;
        }
        refused_with(output, &arguments, "E0903");
        for name in names(folder.path()).iter().filter(|name| !sources.contains(name)) {
            assert!(
                name.starts_with("full/part-") || name == "full/_checkpoint.json",
                "{name} is left"
            );
        }
    }
    ok(folder.path(), &arguments);
    assert_eq!(files(&full), files(&folder.path().join("calm")));
}

#[test]
fn a_changed_program_or_input_is_refused() {
    let folder = folder();
    let arguments = format!("{GRID} --chunk 5d --out out");
    ok(folder.path(), &arguments);
    let before = files(&folder.path().join("out"));
    let program = std::fs::read_to_string(folder.path().join("shop.feat")).expect("readable");
    std::fs::write(folder.path().join("shop.feat"), program.replace("over 30d", "over 29d")).expect("writable");
    refused(folder.path(), &arguments, "E0912");
    std::fs::write(folder.path().join("shop.feat"), &program).expect("writable");
    let mut payments = std::fs::read_to_string(folder.path().join("payments.csv")).expect("readable");
    payments.push_str("9999,c1,1.0,2024-05-03T00:00:00Z,2024-05-03T00:00:00Z\n");
    std::fs::write(folder.path().join("payments.csv"), payments).expect("writable");
    let text = refused(folder.path(), &arguments, "E0911");
    assert!(text.contains("since the backfill was begun"), "{text}");
    assert_eq!(files(&folder.path().join("out")), before);
}

#[test]
fn an_edit_that_changes_no_value_does_not_stop_a_backfill() {
    let folder = folder();
    let arguments = format!("{GRID} --chunk 1d --out out");
    ok(folder.path(), &arguments);
    let before = files(&folder.path().join("out"));
    let program = std::fs::read_to_string(folder.path().join("shop.feat")).expect("readable");
    let edited = program.replace("/// Last amount.", "/// The last amount.\n  /// Of a month.");
    assert_ne!(edited, program);
    std::fs::write(folder.path().join("shop.feat"), &edited).expect("writable");
    std::fs::remove_file(folder.path().join("out/part-20240503T000000Z-20240504T000000Z.parquet")).expect("a part");
    let text = ok(folder.path(), &arguments);
    assert!(text.contains("; 1 part made in this run"), "{text}");
    let parts = |files: &std::collections::BTreeMap<String, Vec<u8>>| {
        let mut parts = files.clone();
        parts.remove("_checkpoint.json").expect("a checkpoint");
        parts
    };
    let after = files(&folder.path().join("out"));
    assert_eq!(parts(&after), parts(&before));
    ok(folder.path(), &format!("{GRID} --chunk 1d --out anew"));
    assert_eq!(
        after,
        files(&folder.path().join("anew")),
        "the checkpoint too is that of the program as it is now"
    );
    // The same features in another order are other columns.
    let ordered = program.replace("spend.{total_1h, total_7d, peak}", "spend.{total_7d, total_1h, peak}");
    assert_ne!(ordered, program);
    std::fs::write(folder.path().join("shop.feat"), &ordered).expect("writable");
    refused(folder.path(), &arguments, "E0912");
    assert_eq!(after, files(&folder.path().join("out")));
}

#[test]
fn a_copied_folder_goes_on() {
    let folder = folder();
    // No file is known by the folder that it lay in.
    std::fs::write(folder.path().join("cards.csv"), "card\nc3\nc1\nc7\n").expect("writable");
    let arguments = format!("{GRID} --entities cards.csv --chunk 1d --out out");
    ok(folder.path(), &arguments);
    let copy = tempfile::tempdir().expect("a temporary folder");
    std::fs::create_dir(copy.path().join("out")).expect("writable");
    for (name, bytes) in files(folder.path()) {
        std::fs::write(copy.path().join(name), bytes).expect("writable");
    }
    std::fs::remove_file(copy.path().join("out/part-20240503T000000Z-20240504T000000Z.parquet")).expect("a part");
    let text = ok(copy.path(), &arguments);
    assert!(text.contains("; 1 part made in this run"), "{text}");
    assert_eq!(files(&copy.path().join("out")), files(&folder.path().join("out")));
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_made() {
    let folder = folder();
    let before = files(folder.path());
    let view = "backfill shop.feat --view spend --out out";
    let years = "--from 0001-01-01T00:00:00Z --to 9999-12-31T23:59:59Z --every 1us";
    let year = "--from 2024-01-01T00:00:00Z --to 2025-01-01T00:00:00Z";
    let said = refused(folder.path(), &format!("{view} {year} --every 1ms"), "E0925");
    assert!(
        said.contains("727315200000 rows") && said.contains("or `--max-parts 693936`"),
        "{said}"
    );
    for more in ["", " --chunk 1000000d", " --max-parts 1000000", " --chunk 1us"] {
        refused(folder.path(), &format!("{view} {years}{more}"), "E0925");
    }
    refused(
        folder.path(),
        &format!("{GRID} --chunk 6h --out out --max-parts 39"),
        "E0925",
    );
    let named = [("spend__peak", ""), ("spend__peak__status", " --status"), ("card", "")];
    for (name, status) in named {
        let command = format!("{GRID} --out out --at-column {name}{status}");
        let said = refused(folder.path(), &command, "E0905");
        assert!(said.contains("`--at-column") && !said.contains("spine"), "{said}");
    }
    assert_eq!(files(folder.path()), before);
    let said = ok(folder.path(), &format!("{GRID} --chunk 6h --out out --max-parts 40"));
    assert!(said.contains("plan: 40 parts with 920 rows, about "), "{said}");
    ok(
        folder.path(),
        &format!("{GRID} --out unlike --at-column spend__peak__status"),
    );
}

/// All leaves of a document, as pointers.
fn leaves(document: &serde_json::Value, at: &str, found: &mut Vec<String>) {
    match document {
        serde_json::Value::Object(map) => map
            .iter()
            .for_each(|(name, value)| leaves(value, &format!("{at}/{name}"), found)),
        serde_json::Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(place, value)| leaves(value, &format!("{at}/{place}"), found));
        }
        _ => found.push(at.to_owned()),
    }
}

#[test]
fn a_checkpoint_is_not_trusted() {
    let folder = folder();
    let arguments = format!("{GRID} --chunk 5d --out out");
    ok(folder.path(), &arguments);
    let before = files(&folder.path().join("out"));
    let checkpoint = folder.path().join("out/_checkpoint.json");
    let document: serde_json::Value = serde_json::from_slice(&before["_checkpoint.json"]).expect("JSON");
    let mut places = Vec::new();
    leaves(&document, "", &mut places);
    let mut edits: Vec<(String, serde_json::Value)> = Vec::new();
    for place in &places {
        let was = document.pointer(place).expect("a leaf");
        let others = match was {
            serde_json::Value::Number(_) => vec![u64::MAX.into(), 0.into()],
            serde_json::Value::String(_) => vec!["../../x".into()],
            _ => vec![serde_json::Value::from(-1)],
        };
        edits.extend(others.into_iter().map(|other| (place.clone(), other)));
    }
    for (place, other) in [
        ("/rows", 1.into()),
        ("/done/0/rows", 1.into()),
        ("/done/0/rows", (1_u64 << 40).into()),
    ] {
        edits.push((place.to_owned(), other));
    }
    let doubled = serde_json::Value::from(vec![document["done"][0].clone(), document["done"][0].clone()]);
    let turned = serde_json::Value::from(vec![document["done"][1].clone(), document["done"][0].clone()]);
    edits.push(("/done".to_owned(), doubled));
    edits.push(("/done".to_owned(), turned));
    let (mut refusals, mut same) = (0, 0);
    for (number, (place, other)) in edits.iter().enumerate() {
        let mut edited = document.clone();
        *edited.pointer_mut(place).expect("a place") = other.clone();
        std::fs::write(&checkpoint, edited.to_string()).expect("writable");
        let verify = if number % 2 == 0 { " --verify 3" } else { "" };
        let output = support::featc(folder.path(), &format!("{arguments}{verify}"));
        let said = said(&output);
        assert!(
            !said.contains("panicked") && !said.contains("E9999") && matches!(output.status.code(), Some(0 | 1)),
            "{place} = {other}: {said}"
        );
        if place.starts_with("/done/") && place.ends_with("/rows") || place == "/rows" || place == "/parts" {
            assert!(said.contains("error[E0922]"), "{place} = {other}: {said}");
        }
        if output.status.success() {
            same += 1;
            assert_eq!(files(&folder.path().join("out")), before, "{place} = {other}");
        } else {
            refusals += 1;
            assert!(said.contains("error[E09"), "{place} = {other}: {said}");
        }
    }
    println!("{} checkpoints: {refusals} refused, {same} made good", edits.len());
    assert!(refusals > 35 && same > 3, "{refusals} refused, {same} made good");
}

#[test]
fn files_that_are_not_of_the_backfill_are_refused_before_anything_is_written() {
    let folder = folder();
    let arguments = format!("{GRID} --chunk 1d --out out");
    let at = |name: &str| folder.path().join("out").join(name);
    ok(folder.path(), &arguments);
    // Names that readers leave out, files that the command names, and folders that hold nothing.
    std::fs::write(at("_SUCCESS"), "").expect("writable");
    std::fs::write(at(".part.crc"), "x").expect("writable");
    std::fs::create_dir(at("lost+found")).expect("writable");
    ok(folder.path(), &format!("{arguments} --rejected out/bad.jsonl"));
    ok(folder.path(), &format!("{arguments} --rejected out/bad.jsonl"));
    std::fs::remove_file(at("bad.jsonl")).expect("removable");
    std::fs::remove_file(at("part-20240503T000000Z-20240504T000000Z.parquet")).expect("a part");
    for name in [
        "old.parquet",
        "notes.txt",
        "lost+found/old.parquet",
        "part-20300101T000000Z.parquet",
    ] {
        std::fs::write(at(name), "PAR1").expect("writable");
        let before = files(folder.path());
        let text = refused(folder.path(), &arguments, "E0922");
        assert!(
            text.contains(&format!("`{name}` in it is not of this backfill")),
            "{text}"
        );
        assert_eq!(files(folder.path()), before, "{name}");
        std::fs::remove_file(at(name)).expect("removable");
    }
    let text = ok(folder.path(), &arguments);
    assert!(text.contains("; 1 part made in this run"), "{text}");
}

#[test]
fn rejected_rows_are_told_once_and_strict_writes_nothing() {
    let folder = folder();
    let output = support::featc(
        folder.path(),
        &format!("{GRID} --chunk 1d --out out --rejected bad.jsonl"),
    );
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    assert_eq!(text.matches("rows rejected").count(), 1, "{text}");
    let rejected = std::fs::read_to_string(folder.path().join("bad.jsonl")).expect("written");
    assert!(rejected.lines().count() > 100 && rejected.contains("bad_value"));
    refused(folder.path(), &format!("{GRID} --out strict --strict"), "E0707");
    assert!(!folder.path().join("strict").exists());
}

/// Seconds since the first of May 2024.
fn seconds(text: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| text[range].parse::<i64>().expect("digits");
    ((number(8..10) - 1) * 24 + number(11..13)) * 3_600 + number(14..16) * 60 + number(17..19)
}

/// Card, instant and id of the events that count, read from the text in the most obvious way.
fn events_slow(folder: &Path) -> Vec<(String, i64, i64)> {
    let text = std::fs::read_to_string(folder.join("payments.csv")).expect("readable");
    let rows = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    rows.filter(|row| row[2] != "much" && seconds(row[4]) - seconds(row[3]) <= 86_400)
        .map(|row| (row[1].to_owned(), seconds(row[3]), row[0].parse().expect("an id")))
        .collect()
}

#[test]
fn exactly_the_known_entities_and_events_are_asked_about() {
    let folder = folder();
    let events = events_slow(folder.path());
    let may_us = 1_714_521_600_000_000;
    let key = |name: &str, ty: Type| Key {
        name: name.to_owned(),
        ty,
    };
    let asked = |out: &str, keys: &[Key]| -> Vec<(i64, Vec<featr::Value>)> {
        let parts = names(&folder.path().join(out))
            .into_iter()
            .filter(|name| name.ends_with(".parquet"));
        let read = |part: String| featr::read_rows(&folder.path().join(out).join(part), keys, "timestamp");
        let spines = parts.map(|part| read(part).expect("a readable part"));
        let rows = |spine: featr::Spine| {
            let row = |row: usize| {
                let values = spine.columns.iter().map(|(_, column)| column.value(row));
                ((spine.times[row] - may_us) / 1_000_000, values.collect())
            };
            (0..spine.times.len()).map(row).collect::<Vec<_>>()
        };
        spines.flat_map(rows).collect()
    };
    let text = |card: &String| featr::Value::String(card.clone());

    ok(folder.path(), &format!("{GRID} --out grid --chunk 1d"));
    let cards: std::collections::BTreeSet<String> = events.iter().map(|(card, ..)| card.clone()).collect();
    let instants = (4..44).map(|quarter| quarter * 6 * 3_600);
    let grid: Vec<_> = instants
        .flat_map(|at| cards.iter().map(move |card| (at, vec![text(card)])))
        .collect();
    assert_eq!(asked("grid", &[key("card", Type::String)]), grid);

    ok(folder.path(), &format!("{EVENTS} --out events --chunk 1d"));
    let in_range = events.iter().filter(|(_, at, _)| (86_400..11 * 86_400).contains(at));
    let mut found: Vec<_> = in_range
        .map(|(card, at, id)| (*at, vec![text(card), featr::Value::Int64(*id)]))
        .collect();
    found.sort_by(|left, right| {
        let order = |row: &(i64, Vec<featr::Value>)| (row.0, format!("{:?}", row.1[0]));
        let id = |row: &(i64, Vec<featr::Value>)| match row.1[1] {
            featr::Value::Int64(id) => id,
            _ => 0,
        };
        (order(left), id(left)).cmp(&(order(right), id(right)))
    });
    assert_eq!(
        asked("events", &[key("card", Type::String), key("id", Type::Int64)]),
        found
    );
}

/// A day of payments and logins of one card, numbered alike; `key` is the name of the card's key, `more` ends the program.
fn numbered_alike(folder: &Path, key: &str, more: &str) {
    let source = |name: &str| {
        format!(
            "source {name} {{\n  columns (id: int64, card: int64, at: timestamp)\n  unique id\n  time at\n  static\n  \
             batch csv \"{name}.csv\"\n}}\n"
        )
    };
    let program = format!(
        "module shop\nentity card ({key}: int64)\n{}{}view pay of card from payments by (card) {{\n  owner \"p\"\n  \
         /// Other payments.\n  feature others = count() over 1d excluding self\n}}\n{more}",
        source("payments"),
        source("logins"),
    );
    std::fs::write(folder.join("shop.feat"), program).expect("a writable folder");
    let rows = |ids: [i64; 2], hours: [&str; 2]| {
        let row = |place: usize| format!("{},1,2024-05-01T{}:00Z\n", ids[place], hours[place]);
        format!("id,card,at\n{}{}", row(0), row(1))
    };
    for (name, rows) in [
        ("payments", rows([5, 1], ["10:00", "10:30"])),
        ("logins", rows([5, 77], ["11:00", "12:00"])),
    ] {
        std::fs::write(folder.join(format!("{name}.csv")), rows).expect("a writable folder");
    }
}

#[test]
fn a_question_of_an_event_brings_the_identity_of_its_source_alone() {
    const DAY: &str = "backfill shop.feat --service s --at-events --from 2024-05-01T00:00:00Z --to 2024-05-02T00:00:00Z \
                       --truth complete --verify 10 --out out";
    let logins = "view log of card from logins {\n  owner \"p\"\n  /// Logins.\n  feature n = count() over 1d";
    let both = format!("{logins}\n}}\nservice s {{ pay.* log.* }}\n");
    let each = format!("{logins} excluding self\n}}\nservice s {{ pay.* log.* }}\n");
    let payments = "service s { pay.* }\n".to_owned();
    let (of_payments, of_all) = (
        vec![(Some(5), 0), (Some(1), 1)],
        vec![(Some(5), 0), (Some(1), 1), (None, 2), (None, 2)],
    );
    for (key, own, more, expected) in [
        ("card", "payments.id", &both, &of_all),
        ("card", "payments.id", &each, &of_all),
        ("card", "id", &payments, &of_payments),
        // Card 1 is not payment 1.
        ("id", "payments.id", &payments, &of_payments),
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        numbered_alike(folder.path(), key, more);
        ok(folder.path(), DAY);
        let keys = [own, "pay__others"].map(|name| Key {
            name: name.to_owned(),
            ty: Type::Int64,
        });
        let parts = names(&folder.path().join("out")).into_iter();
        let found: Vec<(Option<i64>, i64)> = parts
            .filter(|name| name.ends_with(".parquet"))
            .flat_map(|part| {
                let read = featr::read_rows(&folder.path().join("out").join(part), &keys, "timestamp");
                let columns = read.expect("a readable part").columns;
                let number = |column: usize, row: usize| match columns[column].1.value(row) {
                    featr::Value::Int64(number) => Some(number),
                    _ => None,
                };
                let row = |row: usize| (number(0, row), number(1, row).expect("a count"));
                (0..columns[0].1.len()).map(row).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(&found, expected, "{more}");
    }
}
