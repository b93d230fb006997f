//! The record of a training set: what it holds, that it suffices to make the set again, and that it is never another's.

mod support;

use std::path::Path;
use std::sync::Arc;
use support::{command, featc, featc_with_full_disk, files, names, ok, refused, refused_with, said, shop};

const TRAIN: &str = "train shop.feat --service risk --spine spine.csv --status";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    shop(folder.path(), 2_000);
    folder
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_set_is_made_again_byte_for_byte_with_any_threads() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    for format in ["parquet", "arrow", "csv", "jsonl"] {
        let out = format!("set.{format}");
        ok(folder.path(), &format!("{TRAIN} --out {out} --threads 1"));
        let (set, record) = (read(&at(&out)), read(&at(&format!("{out}.provenance.json"))));
        ok(folder.path(), &format!("{TRAIN} --out {out} --threads 3"));
        assert_eq!(read(&at(&out)), set, "{format}: threads show in the set");
        assert_eq!(
            read(&at(&format!("{out}.provenance.json"))),
            record,
            "{format}: threads show in the record"
        );
        for (from, threads) in [(out.clone(), 4), (format!("{out}.provenance.json"), 2)] {
            let again = format!("again-{threads}.{format}");
            ok(
                folder.path(),
                &format!("train --from-provenance {from} --out {again} --threads {threads}"),
            );
            assert_eq!(read(&at(&again)), set, "{format} from {from}");
            assert_eq!(
                read(&at(&format!("{again}.provenance.json"))),
                record,
                "{format} from {from}"
            );
        }
        std::fs::remove_file(at(&out)).expect("removable");
        ok(folder.path(), &format!("train --from-provenance {out}.provenance.json"));
        assert_eq!(read(&at(&out)), set, "{format}: back in its place");
    }
}

#[test]
fn a_record_says_where_the_set_comes_from_and_nothing_of_the_machine() {
    let folder = folder();
    ok(folder.path(), &format!("{TRAIN} --out set.csv --threads 2"));
    let text = String::from_utf8(read(&folder.path().join("set.csv.provenance.json"))).expect("UTF-8");
    let record: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(record["kind"], "featc.provenance");
    assert_eq!(record["program"]["path"], "shop.feat");
    assert_eq!(record["truth"]["name"], "as-of-arrival");
    assert_eq!(record["sources"][0]["source"], "payments");
    assert_eq!(record["sources"][0]["rows"], 2_000);
    assert_eq!(record["sources"][0]["rejected"]["bad_value"], 1);
    assert_eq!(
        record["sources"][0].get("rejected_by_view"),
        None,
        "no view rejects a row"
    );
    assert_eq!(record["sources"][0]["files"][0]["path"], "payments.csv");
    assert_eq!(record["spine"]["file"]["path"], "spine.csv");
    assert_eq!(record["output"]["rows"], 400);
    assert_eq!(record["features"].as_object().expect("an object").len(), 4);
    let accepted = record["sources"][0]["accepted"].as_u64().expect("a number");
    let late = record["sources"][0]["rejected"]["late"].as_u64().expect("a number");
    assert_eq!(accepted + late + 1, 2_000);
    assert!(!text.contains(&folder.path().display().to_string()), "{text}");
    assert!(!text.contains("threads"), "{text}");
}

#[test]
fn sources_given_on_the_command_line_are_found_again_from_elsewhere() {
    let folder = folder();
    let moved = folder.path().join("data");
    std::fs::create_dir(&moved).expect("writable");
    std::fs::create_dir(folder.path().join("other")).expect("writable");
    std::fs::rename(folder.path().join("payments.csv"), moved.join("other.csv")).expect("writable");
    ok(
        folder.path(),
        &format!("{TRAIN} --source payments=data/other.csv --delay 5m --out set.parquet"),
    );
    let set = read(&folder.path().join("set.parquet"));
    let elsewhere = folder.path().join("other");
    ok(
        &elsewhere,
        "train ../shop.feat --from-provenance ../set.parquet --out again.parquet",
    );
    assert_eq!(read(&elsewhere.join("again.parquet")), set);
    refused(
        &elsewhere,
        "train --from-provenance ../set.parquet --out again.parquet",
        "E0901",
    );
}

#[test]
fn a_changed_input_is_named() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    ok(folder.path(), &format!("{TRAIN} --out stamp.csv"));
    ok(folder.path(), &format!("{TRAIN} --out hash.csv --hash-inputs"));
    let payments = read(&at("payments.csv"));
    // The same bytes at another time: hashes tell that nothing changed.
    std::fs::remove_file(at("payments.csv")).expect("removable");
    std::fs::write(at("payments.csv"), &payments).expect("writable");
    for set in ["stamp.csv", "hash.csv"] {
        ok(folder.path(), &format!("train --from-provenance {set} --out again.csv"));
        assert_eq!(read(&at("again.csv")), read(&at("hash.csv")));
    }
    // A record that knows time stamps only: the old set decides where it is, and without it nobody can.
    let sidecar = at("stamp.csv.provenance.json");
    let mut record: serde_json::Value = serde_json::from_slice(&read(&sidecar)).expect("JSON");
    let file = record["sources"][0]["files"][0].as_object_mut().expect("a file");
    file.remove("xxh3_128").expect("a hash");
    file.insert("modified_ns".to_owned(), 1.into());
    std::fs::write(&sidecar, record.to_string()).expect("writable");
    ok(folder.path(), "train --from-provenance stamp.csv --out again.csv");
    std::fs::remove_file(at("stamp.csv")).expect("removable");
    let said = refused(
        folder.path(),
        "train --from-provenance stamp.csv.provenance.json --out again.csv",
        "E0911",
    );
    assert!(
        said.contains("`payments.csv` of source `payments`") && said.contains("modified at another time"),
        "{said}"
    );
    let mut other = payments.clone();
    let digit = other.iter().rposition(|byte| *byte == b'1').expect("a digit");
    other[digit] = b'2';
    std::fs::write(at("payments.csv"), other).expect("writable");
    let said = refused(
        folder.path(),
        "train --from-provenance hash.csv --out again.csv",
        "E0911",
    );
    assert!(said.contains("another content"), "{said}");
}

#[test]
fn an_edit_that_changes_no_value_does_not_stop_a_reproduction() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    ok(folder.path(), &format!("{TRAIN} --out set.parquet"));
    let (set, program) = (read(&at("set.parquet")), read(&at("shop.feat")));
    let program = String::from_utf8(program).expect("UTF-8");
    let edits = [
        ("/// Last amount.", "/// The last amount.\n  /// Of a month."),
        ("owner \"payments\"", "owner \"fraud\"\n  tags [cards]"),
        (
            "  /// Greatest payment.",
            "  /// Of a year.\n  feature yearly = count() over 365d\n  /// Greatest payment.",
        ),
        ("service risk", "service other { habits.last }\n\nservice risk"),
    ];
    for (from, to) in edits {
        assert!(program.contains(from), "{from}");
        std::fs::write(at("shop.feat"), program.replacen(from, to, 1)).expect("writable");
        ok(folder.path(), "train --from-provenance set.parquet --out again.parquet");
        assert_eq!(read(&at("again.parquet")), set, "{from}");
    }
    let values = [
        ("over 30d", "over 31d", "`habits__last` does not compute what it did"),
        ("lateness 1d", "lateness 2d", "does not compute what it did"),
        (
            "{total_1h, total_7d",
            "{total_7d, total_1h",
            "its column 2 is `spend__total_7d`",
        ),
    ];
    for (from, to, why) in values {
        assert!(program.contains(from), "{from}");
        std::fs::write(at("shop.feat"), program.replacen(from, to, 1)).expect("writable");
        let said = refused(
            folder.path(),
            "train --from-provenance set.parquet --out other.parquet",
            "E0912",
        );
        assert!(said.contains(why), "{said}");
        assert!(!at("other.parquet").exists());
    }
}

#[test]
fn a_copied_folder_makes_the_set_again() {
    let folder = folder();
    ok(folder.path(), &format!("{TRAIN} --out set.csv"));
    let copy = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in files(folder.path()) {
        std::fs::write(copy.path().join(name), bytes).expect("writable");
    }
    // Whatever the record names is read from the copy.
    folder.close().expect("removable");
    let set = read(&copy.path().join("set.csv"));
    std::fs::remove_file(copy.path().join("set.csv")).expect("removable");
    ok(
        copy.path(),
        "train --from-provenance set.csv.provenance.json --out again.csv",
    );
    assert_eq!(read(&copy.path().join("again.csv")), set);
}

#[test]
fn a_set_without_a_record_takes_the_old_record_away() {
    let folder = folder();
    ok(folder.path(), &format!("{TRAIN} --out set.csv"));
    assert!(folder.path().join("set.csv.provenance.json").exists());
    ok(
        folder.path(),
        "replay shop.feat --service risk --spine spine.csv --out set.csv",
    );
    assert!(!folder.path().join("set.csv.provenance.json").exists());
}

#[test]
fn an_edited_set_is_not_replaced() {
    let folder = folder();
    ok(folder.path(), &format!("{TRAIN} --out set.csv --hash-inputs"));
    std::fs::write(folder.path().join("set.csv"), "mine").expect("writable");
    refused(
        folder.path(),
        "train --from-provenance set.csv.provenance.json",
        "E0915",
    );
    assert_eq!(read(&folder.path().join("set.csv")), b"mine");
}

#[test]
fn a_full_disk_leaves_what_was_there() {
    let folder = folder();
    ok(folder.path(), &format!("{TRAIN} --out set.csv"));
    let before = files(folder.path());
    let arguments = format!("{TRAIN} --out set.csv --threads 2");
    for blocks in [0, 1, 8] {
        let said = refused_with(
            featc_with_full_disk(folder.path(), &arguments, blocks),
            &arguments,
            "E0903",
        );
        assert!(said.contains("set.csv"), "{said}");
        assert_eq!(files(folder.path()), before, "with {blocks} blocks");
    }
}

#[test]
fn what_a_killed_run_leaves_the_next_one_clears() {
    let folder = folder();
    std::fs::write(folder.path().join("payments.csv.big"), "").expect("writable");
    let before = names(folder.path());
    for wait_ms in [5, 20, 60, 120] {
        let mut child = command(
            folder.path(),
            &format!("{TRAIN} --out set.parquet --rejected bad.jsonl"),
        )
        .stderr(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("the binary runs");
        std::thread::sleep(std::time::Duration::from_millis(wait_ms));
        child.kill().expect("killable");
        child.wait().expect("ends");
    }
    std::fs::write(folder.path().join(".featc-000000.aside"), "of a dead process").expect("writable");
    ok(
        folder.path(),
        &format!("{TRAIN} --out set.parquet --rejected bad.jsonl"),
    );
    let mut expected = before;
    expected.extend(["bad.jsonl", "set.parquet", "set.parquet.provenance.json"].map(str::to_owned));
    expected.sort();
    assert_eq!(names(folder.path()), expected);
}

#[test]
fn a_delta_table_is_read_again_at_its_version() {
    let folder = folder();
    let program = "module asked

entity card (card: string)

source questions {
  columns (card: string, timestamp: timestamp)
  unique (card, timestamp)
  time timestamp
  static
  batch delta \"table\"
}

view asked of card from questions {
  owner \"payments\"
  /// Questions about it.
  feature times = count() over 10d
}

service asked { asked.times }
";
    std::fs::write(folder.path().join("asked.feat"), program).expect("writable");
    let table = "--out table --out-format delta";
    ok(folder.path(), &format!("{TRAIN} {table}"));
    ok(
        folder.path(),
        "train asked.feat --service asked --spine spine.csv --out set.csv --hash-inputs",
    );
    ok(folder.path(), &format!("{TRAIN} {table} --mode append"));
    ok(folder.path(), "train --from-provenance set.csv --out again.csv");
    assert_eq!(
        read(&folder.path().join("again.csv")),
        read(&folder.path().join("set.csv"))
    );
    ok(
        folder.path(),
        "train asked.feat --service asked --spine spine.csv --out now.csv",
    );
    let text = |name: &str| String::from_utf8(read(&folder.path().join(name))).expect("UTF-8");
    assert!(text("set.csv.provenance.json").contains("\"table\": \"delta:"));
    assert!(text("set.csv.provenance.json").contains("@0\""));
    assert!(text("now.csv.provenance.json").contains("@1\""));
}

#[test]
fn a_record_is_found_by_its_address_or_said_to_be_missing() {
    let folder = folder();
    ok(folder.path(), &format!("{TRAIN} --out set.parquet"));
    let address = format!("file://{}", folder.path().join("set.parquet").display());
    ok(
        folder.path(),
        &format!("train --from-provenance {address} --out again.parquet"),
    );
    for name in ["nope", "nope.csv", "nope.parquet", "file:///nope"] {
        let said = refused(
            folder.path(),
            &format!("train --from-provenance {name} --out again.parquet"),
            "E0901",
        );
        assert!(said.contains("give a file that is there"), "{said}");
    }
    let said = refused(
        folder.path(),
        "train --from-provenance s3://shop/set.parquet --out again.parquet",
        "E0913",
    );
    assert!(
        said.contains("fetch the object") && !said.contains("train anew"),
        "{said}"
    );
}

#[test]
fn a_spine_that_is_gone_is_named() {
    let folder = folder();
    ok(folder.path(), &format!("{TRAIN} --out set.parquet"));
    std::fs::remove_file(folder.path().join("spine.csv")).expect("removable");
    let said = refused(folder.path(), "train --from-provenance set.parquet", "E0901");
    assert!(said.contains("bring the spine back"), "{said}");
}

#[test]
fn verify_of_a_log_that_is_being_written_says_so() {
    use std::io::Write as _;
    use std::sync::atomic::{AtomicBool, Ordering};
    const VERIFY: &str = "verify shop.feat --service risk --spine spine.csv";
    let folder = folder();
    let log = std::fs::File::options()
        .append(true)
        .open(folder.path().join("payments.csv"));
    let (mut log, done) = (log.expect("writable"), AtomicBool::new(false));
    let said = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                log.write_all(b"\n").expect("writable");
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        });
        let output = featc(folder.path(), VERIFY);
        done.store(true, Ordering::Relaxed);
        output
    });
    let said = refused_with(said, VERIFY, "E0911");
    assert!(said.contains("read a copy, or only files"), "{said}");
    assert!(!said.contains("bug in featc"), "{said}");
}

/// Row groups that can matter to no question are left out, unless somebody wants to hear of every row.
#[test]
fn a_set_with_rejected_rows_is_made_again_from_row_groups() {
    use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let program = "module shop
entity card (card: string)
source txn {
  columns (id: int64, card: string, amount: int64, paid_at: timestamp)
  unique id
  time paid_at
  static
  batch parquet \"txn.parquet\"
}
view spend of card from txn {
  owner \"payments\"
  /// Spent.
  feature total = sum(amount) over 1h
}
service risk { spend.* }
";
    std::fs::write(at("shop.feat"), program).expect("writable");
    std::fs::write(at("spine.csv"), "card,timestamp\na,1970-01-01T02:00:00Z\n").expect("writable");
    let cards: StringArray = (0..1000).map(|row| (row < 500 || row >= 520).then_some("a")).collect();
    let minutes = (0..1000).map(|row: i64| row * 60_000_000);
    let batch = RecordBatch::try_from_iter([
        ("id", Arc::new(Int64Array::from_iter_values(0..1000)) as ArrayRef),
        ("card", Arc::new(cards)),
        ("amount", Arc::new(Int64Array::from_iter_values(0..1000))),
        (
            "paid_at",
            Arc::new(TimestampMicrosecondArray::from_iter_values(minutes).with_timezone("UTC")),
        ),
    ])
    .expect("columns of one length");
    let options = featr::WriteOptions {
        rows_per_group: 50,
        ..featr::WriteOptions::default()
    };
    let mut writer = featr::RowsWriter::create_with(&at("txn.parquet"), batch.schema(), &options).expect("writable");
    writer.write(&batch).expect("writable");
    writer.finish().expect("writable");
    let train = "train shop.feat --service risk --spine spine.csv";
    for (out, more) in [("all.csv", "--rejected aside.jsonl"), ("some.csv", "")] {
        ok(folder.path(), &format!("{train} --out {out} {more}"));
        ok(
            folder.path(),
            &format!("train --from-provenance {out} --out again-{out}"),
        );
        assert_eq!(read(&at(out)), read(&at(&format!("again-{out}"))), "{out}");
    }
}

/// What was built and looked at is what runs: every command takes a build as it takes the text, and gives the same.
#[test]
fn a_build_runs_as_the_text_it_was_made_of() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    ok(folder.path(), "build shop.feat");
    let build = "target/feat/shop";
    let of_build = |command: &str| command.replace("shop.feat", build);
    ok(folder.path(), &format!("{TRAIN} --out set.csv"));
    std::fs::rename(at("shop.feat"), at("elsewhere.txt")).expect("movable");
    ok(folder.path(), &of_build(&format!("{TRAIN} --out built.csv")));
    assert_eq!(read(&at("set.csv")), read(&at("built.csv")));
    // The record names the build, and the set is made again from it.
    let record = String::from_utf8(read(&at("built.csv.provenance.json"))).expect("UTF-8");
    assert!(record.contains(&format!("\"path\": \"{build}\"")), "{record}");
    ok(folder.path(), "train --from-provenance built.csv --out again.csv");
    assert_eq!(read(&at("set.csv")), read(&at("again.csv")));
    ok(folder.path(), &format!("check {build}"));
    ok(
        folder.path(),
        &of_build("verify shop.feat --service risk --spine spine.csv --sample 5 --max-rejected 100%"),
    );
    let range = "--from 2024-01-01T00:00:00Z --to 2024-01-03T00:00:00Z --every 1d --max-missing 100%";
    ok(
        folder.path(),
        &of_build(&format!("backfill shop.feat --service risk {range} --out daily")),
    );
    // Its tests are in its text, which it has not.
    let told = featc(folder.path(), &format!("test {build}"));
    assert_eq!(told.status.code(), Some(2), "{}", said(&told));
    assert!(said(&told).contains("which has not the text"), "{}", said(&told));

    // A plan that is not what the compiler makes of the program does not run.
    let plan = at(build).join("batch/risk.json");
    std::fs::write(&plan, [read(&plan), b" ".to_vec()].concat()).expect("writable");
    refused(folder.path(), &of_build(&format!("{TRAIN} --out other.csv")), "E0902");
    assert!(!at("other.csv").exists());
}
