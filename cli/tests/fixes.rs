//! `featc fmt -` and `featc check --fix`: texts through a pipe, and files with the edits that messages offer.

mod support;

use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};
use support::{command, featc, names, ok, said};

fn piped(folder: &Path, arguments: &str, text: &[u8]) -> Output {
    let mut command = command(folder, arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    let mut input = child.stdin.take().expect("a pipe");
    // One that refuses before the end closes it.
    let _ = input.write_all(text);
    drop(input);
    child.wait_with_output().expect("it ends")
}

#[test]
fn fmt_reads_standard_input_and_writes_standard_output() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (raw, formatted) = (
        "module  m\nparam week=7d // one\n",
        "module m\n\nparam week = 7d // one\n",
    );
    let output = piped(folder.path(), "fmt -", raw.as_bytes());
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!((output.stdout, output.stderr), (formatted.as_bytes().to_vec(), vec![]));
    let output = piped(folder.path(), "fmt --json -", raw.as_bytes());
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(value["text"], formatted);
    // What is checked is not printed.
    let output = piped(folder.path(), "fmt --check -", formatted.as_bytes());
    assert_eq!((output.status.code(), said(&output).as_str()), (Some(0), ""));
    let output = piped(folder.path(), "fmt --check -", raw.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said(&output), "not formatted: standard input\n");
    // What is broken is not printed, either.
    let output = piped(folder.path(), "fmt -", b"module m\nview {\n");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert!(said(&output).contains("standard input:2:"), "{}", said(&output));
    let output = piped(folder.path(), "fmt -", b"module m\n// \xff\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("error[E0902]"), "{}", said(&output));
    let large = vec![b' '; (4 << 20) + 1];
    let output = piped(folder.path(), "fmt -", &large);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert_eq!(names(folder.path()), [""; 0]);
}

const BROKEN: &str = r#"module shop

entity card (card: string)

source payments {
  columns (id: int64, card: string, amount: float64, fee: float64, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  lateness 1h
}

template totals(col) {
  /// Sum of {col}.
  feature {col}_sum = sum({col}) over last month
}

view spend of card from payments {
  owner "payments"
  use totals for (amuont, fee)
  /// Large ones.
  feature large = count(where amount > 10 AND fee == 1) over 7d
}
"#;

#[test]
fn fix_does_what_messages_offer_and_says_what_it_did() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("shop.feat");
    std::fs::write(&path, BROKEN).expect("writable");
    let text = ok(folder.path(), "check --fix shop.feat");
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("fixed: ")).collect();
    assert_eq!(
        lines,
        [
            "fixed: shop.feat:15:39: `last month` is now `last 1 month` (E0001: how many of the `last` periods is said, also of one)",
            "fixed: shop.feat:22:43: `AND` is now `and` (E0015: `AND` is not a keyword)",
            // What was hidden behind these.
            "fixed: shop.feat:20:19: `amuont` is now `amount` (E0110: unknown column `amuont`)",
            "fixed: shop.feat:22:51: `==` is now `=` (E0006: `==` is not an operator of this language)",
        ],
        "{text}"
    );
    let fixed = std::fs::read_to_string(&path).expect("there");
    let wanted = BROKEN
        .replace("last month", "last 1 month")
        .replace("AND fee == 1", "and fee = 1")
        .replace("amuont", "amount");
    assert_eq!(fixed, wanted);
    assert_eq!(names(folder.path()), ["shop.feat"], "nothing is left aside");
    // Nothing is offered, nothing is written.
    let before = std::fs::metadata(&path)
        .and_then(|about| about.modified())
        .expect("there");
    assert!(!ok(folder.path(), "check --fix shop.feat").contains("fixed:"));
    assert_eq!(
        std::fs::metadata(&path)
            .and_then(|about| about.modified())
            .expect("there"),
        before
    );
}

/// What stands in the middle of a line may be part of what is there.
#[test]
fn fix_begins_nothing_in_the_middle_of_an_expression() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("shop.feat");
    let text = include_str!("../../tests/ui/E0015/column_behind_a_missing_bracket.feat");
    std::fs::write(&path, text).expect("writable");
    let told = said(&featc(folder.path(), "check --fix shop.feat"));
    assert!(told.contains("error[E0015]") && !told.contains("fixed: "), "{told}");
    assert_eq!(std::fs::read_to_string(&path).expect("there"), text);
}

/// However many edits there are, people are shown as many as of messages; machines are given all.
#[test]
fn fix_tells_no_more_edits_than_messages() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("shop.feat");
    let large = "  feature large = count(where amount > 10 AND fee == 1) over 7d\n";
    let features: String = (0..200).map(|n| large.replace("large", &format!("large{n}"))).collect();
    let text = BROKEN.replace(large, &features).replace("amuont", "amount");
    std::fs::write(&path, &text).expect("writable");
    let told = said(&featc(folder.path(), "check --fix shop.feat"));
    let lines = told
        .lines()
        .filter(|line| line.starts_with("fixed: shop.feat:"))
        .count();
    assert_eq!(lines, 50, "{told}");
    assert!(told.contains("more edits; `--json` lists all of them"), "{told}");
    std::fs::write(&path, &text).expect("writable");
    let output = featc(folder.path(), "check --fix --json shop.feat");
    let all = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter(|line| line.contains("\"fixed\""))
        .count();
    assert!(all > 200, "{all}");
}

#[test]
fn fix_leaves_what_has_no_certain_edit_and_tells_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("shop.feat");
    let text = BROKEN.replace("amuont", "colour").replace("last month", "7d");
    std::fs::write(&path, &text).expect("writable");
    let output = featc(folder.path(), "check --fix --json shop.feat");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let fixed = String::from_utf8_lossy(&output.stdout).into_owned();
    let fixed: Vec<serde_json::Value> = fixed
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let edits: Vec<(&str, &str)> = fixed
        .iter()
        .map(|edit| (edit["from"].as_str().expect("text"), edit["to"].as_str().expect("text")))
        .collect();
    assert_eq!(edits, [("AND", "and"), ("==", "=")]);
    assert!(said(&output).contains("E0110"), "{}", said(&output));
    let wanted = text.replace("AND fee == 1", "and fee = 1");
    assert_eq!(std::fs::read_to_string(&path).expect("there"), wanted);
}

/// What may mean several things, and what would not be the better for it, stays as it is written.
#[test]
fn fix_guesses_nothing() {
    let program = |lines: &str, arrival: &str, feature: &str| {
        format!(
            "module shop\n\nentity card (card: string)\n\nsource payments {{\n  columns (id: int64, card: string, shop: \
             string, country: string?, ok: bool, qty: int64, amount: float64, at: timestamp{lines}, seen: \
             timestamp)\n  unique id\n  time at\n  {arrival}\n  lateness 1h\n}}\n\nview spend of card from payments \
             {{\n  owner \"payments\"\n  /// One.\n  feature total = {feature}\n}}\n"
        )
    };
    let (seen, count) = ("arrival seen", "count() over 7d");
    let told = [
        // Of several meanings one is offered.
        program("", "arrival seen + 5m", count),
        program(" as epoch", seen, count),
        program(" as \"%d.%m.%Y\" in \"CET+1\"", seen, count),
        program("", seen, "count(ok) over 7d"),
        program("", seen, "last(at - 7) over 7d"),
        program("", seen, "topk(shop, 3) over 7d"),
        program("", seen, "lag(amount, 1) over 7d"),
        program("", seen, "std(amount) over 7d"),
        program("", seen, "last_n(amount, 3)[last] over 7d"),
        program("", seen, "sum(amount) over last hour"),
        // What is offered does not fit where it would stand.
        program("", seen, "sum(amount) over last 10"),
        program("", seen, "sum(amount) over lifetime excluding last 7d"),
        program("", seen, "sum(amount) over 7d as other"),
        program("", seen, "last(amount where ok, 2) over 7d"),
        program("", seen, "sum(qty ** 3) over 7d"),
        program("", seen, "count(distinct shop, country) over 7d"),
    ];
    for text in told {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("shop.feat");
        std::fs::write(&path, &text).expect("writable");
        let output = featc(folder.path(), "check --fix shop.feat");
        assert_eq!(output.status.code(), Some(1), "{text}\n{}", said(&output));
        assert_eq!(
            std::fs::read_to_string(&path).expect("there"),
            text,
            "{}",
            said(&output)
        );
        assert!(
            output.stdout.is_empty() && said(&output).contains("help: "),
            "{}",
            said(&output)
        );
    }
    let fixed = [
        (
            "count(where qty in (1..5)) over 7d",
            "count(where qty >= 1 and qty <= 5) over 7d",
        ),
        (
            "count(where not null(country)) over 7d",
            "count(where country is not null) over 7d",
        ),
        ("sum(amount) over window 7d", "sum(amount) over 7d"),
        (
            "count(where shop.isin([\"a\", \"b\"])) over 7d",
            "count(where shop in (\"a\", \"b\")) over 7d",
        ),
        ("avg(amount) over 10min", "mean(amount) over 10m"),
    ];
    for (written, meant) in fixed {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("shop.feat");
        std::fs::write(&path, program("", seen, written)).expect("writable");
        ok(folder.path(), "check --fix shop.feat");
        assert_eq!(std::fs::read_to_string(&path).expect("there"), program("", seen, meant));
    }
}
