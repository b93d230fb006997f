//! Rows that a view rejects, from end to end: counted, written aside, fatal under `--strict`, the same from both engines.

mod support;

use std::path::Path;
use support::{ok, refused};

const PROGRAM: &str = r#"
module shop
entity user (u: string)
entity number (no: int64)
source orders {
  columns (id: int64, u: string, code: string, placed: timestamp, done: timestamp, seen: timestamp)
  unique id
  time placed
  arrival seen
  lateness 1d
  batch csv "orders.csv"
}
transform finished from orders at done within 2h {
  let no = cast(code as int64)
}
view by_user of user from finished {
  owner "shop"
  /// Orders of a day.
  feature n = count() over 1d
}
view by_number of number from finished {
  owner "shop"
  /// Orders of a day.
  feature n = count() over 1d
}
service users { by_user.n }
service both { by_user.n by_number.n }
"#;

const ORDERS: &str = "id,u,code,placed,done,seen
1,a,7,2024-01-01T10:00:00Z,2024-01-01T11:00:00Z,2024-01-01T11:00:00Z
2,a,7,2024-01-01T12:00:00Z,2024-01-01T10:00:00Z,2024-01-01T12:00:00Z
3,a,7,2024-01-01T10:00:00Z,2024-01-01T13:00:00Z,2024-01-01T13:00:00Z
4,a,x,2024-01-01T10:00:00Z,2024-01-01T10:30:00Z,2024-01-01T11:00:00Z
5,a,7,2024-01-01T10:00:00Z,2024-01-01T10:30:00Z,2024-01-01T11:00:00Z
6,a,7,2024-01-01T10:00:00Z,2024-01-01T10:30:00Z,2024-01-03T11:00:00Z
";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a writable folder");
    write("shop.feat", PROGRAM);
    write("orders.csv", ORDERS);
    write("spine.csv", "u,no,timestamp\na,7,2024-01-01T14:00:00Z\n");
    folder
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).expect("a text")
}

/// Line and reason of every row in a file of rejected rows.
fn lines(text: &str) -> Vec<(u64, String)> {
    let row = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let line = row["line"].as_u64().expect("a number");
        (line, row["reason"].as_str().expect("a word").to_owned())
    };
    text.lines().map(row).collect()
}

#[test]
fn what_a_view_rejects_is_told_and_written_aside() {
    let folder = folder();
    let folder = folder.path();
    let expected = [(7, "late"), (3, "at_before_time"), (4, "at_too_far"), (5, "key_error")];
    for command in ["train", "replay"] {
        let files = "--spine spine.csv --out out.csv --rejected aside.jsonl";
        let arguments = format!("{command} shop.feat --service both {files} --max-rejected 100%");
        let said = ok(folder, &arguments);
        assert!(
            said.contains("finished by (u): rows rejected there: 1 at_before_time, 1 at_too_far\n"),
            "{said}"
        );
        assert!(
            said.contains("finished by (no): rows rejected there: 1 at_before_time, 1 at_too_far, 1 key_error\n"),
            "{said}"
        );
        let example = "orders.csv:3: at_before_time: `at` of transform finished lies 2h before its event time";
        assert!(said.contains(example), "{said}");
        assert_eq!(said.matches(example).count(), 1, "once for all views\n{said}");
        let expected = expected.map(|(line, reason)| (line, reason.to_owned()));
        assert_eq!(lines(&read(folder, "aside.jsonl")), expected, "{command}");
        if command == "train" {
            let record: serde_json::Value =
                serde_json::from_str(&read(folder, "out.csv.provenance.json")).expect("JSON");
            let by_view = serde_json::json!({
                "finished by (no)": { "at_before_time": 1, "at_too_far": 1, "key_error": 1 },
                "finished by (u)": { "at_before_time": 1, "at_too_far": 1 },
            });
            assert_eq!(record["sources"][0]["rejected_by_view"], by_view);
        }
        assert!(
            read(folder, "out.csv").ends_with(",3,2\n"),
            "{}",
            read(folder, "out.csv")
        );
    }
    ok(
        folder,
        "verify shop.feat --service both --spine spine.csv --max-rejected 100%",
    );
}

#[test]
fn views_of_one_entity_by_other_columns_reject_rows_each_for_itself() {
    let folder = folder();
    let folder = folder.path();
    let other = "view by_number of number from finished {";
    let both = PROGRAM.replace(
        other,
        "view by_code of user from finished by (code) {
  owner \"shop\"
  /// Orders of a day.
  feature n = count() over 1d
}
view by_number of number from finished {",
    );
    let both = both.replace("by_user.n by_number.n", "by_user.n by_code.n");
    std::fs::write(folder.join("shop.feat"), both).expect("a writable folder");
    for command in ["train", "replay"] {
        // Three of six rows: the late one, and two that the views reject.
        let with = |most: u64| {
            format!(
                "{command} shop.feat --service both --spine spine.csv --out out.csv --max-missing 100% --max-rejected {most}"
            )
        };
        let said = refused(folder, &with(2), "E0711");
        assert!(said.contains("3 of 6 rows"), "{said}");
        let said = ok(folder, &with(3));
        for view in ["by_user", "by_code"] {
            let line = format!("finished by (u) of {view}: rows rejected there: 1 at_before_time, 1 at_too_far\n");
            assert!(said.contains(&line), "{said}");
        }
    }
    // Each row counts once, whoever looks.
    for command in [
        "train shop.feat --spine spine.csv --out out.csv",
        "replay shop.feat --spine spine.csv --out out.csv",
        "backfill shop.feat --from 2024-01-01T00:00:00Z --to 2024-01-02T00:00:00Z --every 6h --out parts",
    ] {
        let said = refused(folder, &format!("{command} --service both --strict"), "E0707");
        assert!(said.contains("3 rows were rejected"), "{said}");
    }
}

#[test]
fn what_a_view_rejects_is_fatal_under_strict() {
    let folder = folder();
    let folder = folder.path();
    let kept: Vec<&str> = ORDERS.lines().filter(|line| !line.starts_with('6')).collect();
    std::fs::write(folder.join("orders.csv"), format!("{}\n", kept.join("\n"))).expect("a writable folder");
    for command in ["train", "replay"] {
        let with =
            |service: &str| format!("{command} shop.feat --service {service} --spine spine.csv --out out.csv --strict");
        let said = refused(folder, &with("users"), "E0707");
        assert!(said.contains("2 rows were rejected"), "{said}");
        let said = refused(folder, &with("both"), "E0707");
        assert!(said.contains("3 rows were rejected"), "{said}");
    }
    let strict = "backfill shop.feat --service users --every 1d --from 2024-01-01T00:00:00Z --to 2024-01-03T00:00:00Z \
                  --out filled --strict";
    refused(folder, strict, "E0707");
}

#[test]
fn rejected_rows_take_the_place_of_nothing_else() {
    let folder = folder();
    let folder = folder.path();
    let train = "train shop.feat --service users --spine spine.csv --out out.csv --max-rejected 100% --rejected";
    ok(folder, &format!("{train} aside.jsonl"));
    let once = read(folder, "aside.jsonl");
    ok(folder, &format!("{train} aside.jsonl"));
    assert_eq!(
        read(folder, "aside.jsonl"),
        once,
        "its own take the place of each other"
    );
    std::fs::write(folder.join("empty.jsonl"), "").expect("a writable folder");
    ok(folder, &format!("{train} empty.jsonl"));
    let record = "out.csv.provenance.json";
    ok(folder, "build shop.feat --out target");
    let range = "--from 2024-01-01T00:00:00Z --to 2024-01-02T00:00:00Z --every 6h --out daily --max-rejected 100%";
    ok(folder, &format!("backfill shop.feat --view by_user {range}"));
    std::fs::copy(folder.join("shop.feat"), folder.join("other.feat")).expect("a writable folder");
    std::fs::copy(folder.join(record), folder.join("old.json")).expect("a writable folder");
    let others = [
        "other.feat",
        "old.json",
        "target/shop/manifest.json",
        "target/shop/program.txt",
        "daily/_checkpoint.json",
        "spine.csv",
        record,
    ];
    for other in others {
        let before = read(folder, other);
        refused(folder, &format!("{train} {other}"), "E0903");
        assert_eq!(read(folder, other), before, "{other}");
    }
    // Also before they are there.
    for own in ["_checkpoint.json", "part-20240101T000000Z-20240102T000000Z.parquet"] {
        std::fs::remove_dir_all(folder.join("daily")).expect("a folder");
        std::fs::create_dir(folder.join("daily")).expect("a writable folder");
        let rejected = format!("--rejected daily/{own}");
        refused(
            folder,
            &format!("backfill shop.feat --view by_user {range} {rejected}"),
            "E0903",
        );
        assert!(!folder.join("daily").join(own).exists());
    }
}
