//! `featc test`: tests of the language on the model and both engines, for people and for machines.

mod support;

use std::path::Path;
use std::process::Output;
use support::{featc, ok, root, said};

const SHOP: &str = r#"module shop

entity card (card: string)

source payments {
  columns (id: int64, card: string, amount: float64, at: timestamp, known: timestamp)
  unique id
  time at
  arrival known
  lateness 1d
}

view spend of card from payments {
  owner "payments"
  /// What was spent.
  feature total = sum(amount) over 1h default 0.0
  /// How often.
  feature n = count(where amount > 1.0) over 1h
}

test "late & early" for spend {
  given payments
    | id | card | amount | at                   | known                |
    | 1  | a    | 5.0    | 2026-01-01T10:00:00Z | 2026-01-01T10:00:05Z |
    | 2  | a    | 0.5    | 2026-01-01T10:10:00Z | 2026-01-01T11:00:00Z |
    | 2  | a    | 0.5    | 2026-01-01T10:10:00Z | 2026-01-01T11:01:00Z |
    | 3  | a    | 9.0    | 2026-01-01T10:20:00Z | 2026-01-03T11:00:00Z |

  expect as known at @2026-01-01T10:30:00Z (card: "a") { total = 5.0 ok, n = 1 }
  expect at @2026-01-01T10:30:00Z (card: "a") { total = 5.5 ok, n = 1 ok }
  expect at @2026-01-01T10:30:00Z (card: "b") { total = 0.0 missing }
}

test "the window ends" for spend {
  given payments
    | id | card | amount | at                   | known                |
    | 1  | a    | 5.0    | 2026-01-01T10:00:00Z | 2026-01-01T10:00:05Z |

  expect at @2026-01-01T10:59:59.999999Z (card: "a") { total = 5.0 }
  expect at @2026-01-01T11:00:00Z (card: "a") { total = 0.0 empty }
}
"#;

fn shop(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("shop.feat"), text).expect("writable");
    folder
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a text")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn code(folder: &Path, words: &str) -> (Option<i32>, Output) {
    let output = featc(folder, words);
    (output.status.code(), output)
}

#[test]
fn tests_pass_on_all_three() {
    let folder = shop(SHOP);
    let (exit, output) = code(folder.path(), "test shop.feat");
    assert_eq!(exit, Some(0), "{}", said(&output));
    assert_eq!(
        out(&output),
        "ok      late & early\nok      the window ends\n\
         shop.feat: 2 tests on model, batch and stream: 2 passed, 0 failed\n"
    );
    let (exit, output) = code(folder.path(), "test shop.feat --filter window");
    assert!(
        exit == Some(0) && out(&output).contains("1 test on model"),
        "{}",
        said(&output)
    );
    let (exit, output) = code(folder.path(), "test shop.feat --list");
    assert_eq!(
        (exit, out(&output).as_str()),
        (Some(0), "late & early\nthe window ends\n")
    );
    assert_eq!(code(folder.path(), "test shop.feat --filter window --exact").0, Some(2));
}

#[test]
fn a_failure_shows_expected_and_found_and_why() {
    let folder = shop(&SHOP.replace("{ total = 5.5 ok, n = 1 ok }", "{ total = 14.5 empty, n = 1 }"));
    let (exit, output) = code(folder.path(), "test shop.feat");
    assert_eq!(exit, Some(1), "{}", said(&output));
    let expected = "FAILED  late & early (shop.feat:21)
  line 30: spend.total at 2026-01-01T10:30:00Z, card = \"a\"
    expected  14.5  empty
    model     5.5   ok
    batch     5.5   ok
    stream    5.5   ok
  2 events contribute:
    line 24 at 2026-01-01T10:00:00Z arrived 2026-01-01T10:00:05Z: id=1, counts with 5.0
    line 25 at 2026-01-01T10:10:00Z arrived 2026-01-01T11:00:00Z: id=2, counts with 0.5
  line 26 does not count: it is a copy of another, equal but for its arrival
  line 27 is rejected: late
ok      the window ends
shop.feat: 2 tests on model, batch and stream: 1 passed, 1 failed
";
    assert_eq!(out(&output), expected);
    // A status alone, and a value alone, are failures too.
    for (is, wanted) in [
        ("total = 5.5 ok", "total = 5.5 empty"),
        ("n = 1 ok", "n = 2 ok"),
        ("0.0 missing", "0.0 empty"),
    ] {
        let folder = shop(&SHOP.replace(is, wanted));
        assert_eq!(code(folder.path(), "test shop.feat").0, Some(1), "{wanted}");
    }
}

#[test]
fn events_of_a_derived_feature_stand_by_what_it_reads() {
    let program = SHOP.replace(
        "test \"the window ends\"",
        "view rates of card from payments {
  owner \"payments\"
  /// Large ones.
  feature large = count(where amount > 1.0) over 1h
  /// All.
  feature paid = count() over 1h
  /// The share of the large ones.
  feature share = large / paid
}

test \"share\" for rates {
  given payments
    | id | card | amount | at                   | known                |
    | 1  | a    | 5.0    | 2026-01-01T10:00:00Z | 2026-01-01T10:00:05Z |
    | 2  | a    | 0.5    | 2026-01-01T10:10:00Z | 2026-01-01T10:10:05Z |

  expect at @2026-01-01T10:30:00Z (card: \"a\") { share = 0.4 }
}

test \"the window ends\"",
    );
    let folder = shop(&program);
    let (exit, output) = code(folder.path(), "test shop.feat --filter share");
    assert_eq!(exit, Some(1), "{}", said(&output));
    let expected = "  1 event contributes to `rates.large`, 1 is left out:
    line 47 at 2026-01-01T10:00:00Z arrived 2026-01-01T10:00:05Z: id=1, counts
    line 48 at 2026-01-01T10:10:00Z arrived 2026-01-01T10:10:05Z: id=2, left out by `where`
  2 events contribute to `rates.paid`:
    line 47 at 2026-01-01T10:00:00Z arrived 2026-01-01T10:00:05Z: id=1, counts
    line 48 at 2026-01-01T10:10:00Z arrived 2026-01-01T10:10:05Z: id=2, counts
";
    assert!(out(&output).contains(expected), "{}", out(&output));
}

#[test]
fn rows_that_do_not_count_are_told_with_why() {
    let program = SHOP.replace("count(where amount > 1.0)", "count()").replace(
        "test \"the window ends\"",
        "table cards {
  columns (card: string, kind: string)
  key card
  static
}

transform known from payments {
  let kind = lookup cards(card).kind
  where kind is null
  where amount < 100.0
}

view kinds of card from known {
  owner \"payments\"
  /// How many.
  feature n = count() over 1h
}

test \"why\" for kinds {
  given payments
    | id | card | amount | at                   | known                |
    | 1  | a    | 1.0    | 2026-01-01T10:00:00Z | 2026-01-01T10:00:05Z |
    | 2  | a    | 1.0    | 2026-01-01T09:00:00Z | 2026-01-01T10:00:05Z |
    | 3  | a    | 1.0    | 2026-01-01T10:30:00Z | 2026-01-01T11:00:05Z |
    | 4  | a    | 1.0    | 2026-01-01T11:00:01Z | 2026-01-01T11:00:05Z |
    | 5  | a    | 200.0  | 2026-01-01T10:30:00Z | 2026-01-01T10:30:00Z |
    | 6  | b    | 1.0    | 2026-01-01T10:30:00Z | 2026-01-01T10:30:00Z |
    | 7  | b    | 1.0    | 2026-01-01T10:30:00Z | 2026-01-01T10:30:00Z |
    | 7  | b    | 1.0    | 2026-01-01T10:30:00Z | 2026-01-01T10:31:00Z |

  expect as known at @2026-01-01T11:00:00Z (card: \"a\") { n = 1 }
}

test \"the window ends\"",
    );
    let folder = shop(&program);
    let (exit, output) = code(folder.path(), "test shop.feat --filter why");
    assert_eq!(exit, Some(1), "{}", said(&output));
    let expected = "  no event contributes
  line 55 does not count: it lies on the left edge of the window, which is out
  line 56 does not count: it lies outside of the window
  line 57 does not count: it had not arrived: it arrives at 2026-01-01T11:00:05Z
  line 58 does not count: it happens after the question, at 2026-01-01T11:00:01Z
  line 59 does not count: a `where` of the transform is not true of it, or its time or its key is null
  line 60 does not count: its key is another
  line 61 does not count: its key is another
  line 62 does not count: it is a copy of another, equal but for its arrival
  table cards is not given: lookups into it find nothing
";
    assert!(out(&output).contains(expected), "{}", out(&output));
}

#[test]
fn lookups_that_find_nothing_are_told_with_why() {
    let program = SHOP.replace("count(where amount > 1.0)", "count()").replace(
        "test \"the window ends\"",
        "table cards {
  columns (card: string, kind: string, since: timestamp, written: timestamp)
  key card
  valid from since
  arrival written
}

transform known from payments {
  let kind = lookup cards(card).kind
}

view kinds of card from known {
  owner \"payments\"
  /// The last one.
  feature kind = last(kind) over 1h
}

test \"why\" for kinds {
  given payments
    | id | card | amount | at                   | known                |
    | 1  | a    | 1.0    | 2026-01-01T10:30:00Z | 2026-01-01T10:30:05Z |

  given cards
    | card | kind | since                | written              |
    | a    | gold | 2026-01-01T10:45:00Z | 2026-01-01T10:40:00Z |

  expect at @2026-01-01T11:00:00Z (card: \"a\") { kind = \"gold\" }
}

test \"the window ends\"",
    );
    let folder = shop(&program);
    let (exit, output) = code(folder.path(), "test shop.feat --filter why");
    assert_eq!(exit, Some(1), "{}", said(&output));
    let expected = "  lookup cards(card): 1 of 1 find no row: no row of card \"a\" was valid and known at 2026-01-01T10:30:00Z; its \
                    rows are valid from 2026-01-01T10:45:00Z on and known from 2026-01-01T10:40:00Z on\n";
    assert!(out(&output).contains(expected), "{}", out(&output));
}

#[test]
fn machines_are_told_the_same() {
    let folder = shop(&SHOP.replace("total = 0.0 empty", "total = 1.0"));
    let (exit, output) = code(folder.path(), "test shop.feat --json --junit junit.xml");
    assert_eq!(exit, Some(1), "{}", said(&output));
    let value: serde_json::Value = serde_json::from_str(&out(&output)).expect("JSON");
    assert_eq!((&value["passed"], &value["failed"]), (&1.into(), &1.into()));
    assert_eq!(value["tests"][0]["passed"], true);
    let failure = &value["tests"][1]["failures"][0];
    assert_eq!(
        (&failure["feature"], &failure["line"]),
        (&"spend.total".into(), &40.into())
    );
    assert_eq!(
        failure["found"][2],
        serde_json::json!({ "who": "stream", "value": "0.0", "status": "empty" })
    );
    let junit = read(&folder.path().join("junit.xml"));
    assert!(
        junit.contains("<testsuites name=\"featc test\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\">"),
        "{junit}"
    );
    assert!(
        junit.contains("<testcase classname=\"shop\" name=\"late &amp; early\"/>"),
        "{junit}"
    );
    assert!(
        junit.contains("message=\"line 40: spend.total: expected 1.0, found 0.0 empty\""),
        "{junit}"
    );
    // What it wrote it may replace, and nothing else.
    std::fs::write(folder.path().join("notes.txt"), "notes").expect("writable");
    assert_eq!(code(folder.path(), "test shop.feat --junit junit.xml").0, Some(1));
    assert_eq!(code(folder.path(), "test shop.feat --junit notes.txt").0, Some(2));
    assert_eq!(read(&folder.path().join("notes.txt")), "notes");
}

#[test]
fn a_program_that_is_refused_is_no_test_that_failed() {
    for (is, wanted) in [("sum(amount)", "sum(amnt)"), ("total = 5.5", "ttal = 5.5")] {
        let folder = shop(&SHOP.replacen(is, wanted, 1));
        let (exit, output) = code(folder.path(), "test shop.feat");
        assert!(
            exit == Some(2) && said(&output).contains("error[E01"),
            "{}",
            said(&output)
        );
        assert_eq!(code(folder.path(), "check shop.feat").0, Some(1));
    }
    let folder = shop(SHOP.split("\ntest ").next().unwrap_or(""));
    let (exit, output) = code(folder.path(), "test shop.feat");
    assert!(
        exit == Some(2) && said(&output).contains("error[E0931]"),
        "{}",
        said(&output)
    );
}

#[test]
fn formatting_changes_no_test() {
    let folder = shop(&SHOP.replace("| 5.0    |", "|5.0|").replace("  given", "given"));
    ok(folder.path(), "fmt shop.feat");
    assert_eq!(read(&folder.path().join("shop.feat")), SHOP);
    assert_eq!(code(folder.path(), "fmt --check shop.feat").0, Some(0));
}

/// The programs in the pages, and the examples, pass their own tests.
#[test]
fn pages_and_examples_pass_their_tests() {
    let mut tested = 0;
    let pages = std::fs::read_dir(root().join("docs")).expect("the pages").flatten();
    let pages = pages
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|x| x == "md"));
    for page in pages.chain([root().join("README.md")]) {
        let text = read(&page);
        for block in text
            .split("```feat\n")
            .skip(1)
            .filter_map(|rest| rest.split("\n```").next())
        {
            if block.contains("\ntest \"") {
                let folder = shop(&format!("{block}\n"));
                ok(folder.path(), "test shop.feat");
                ok(folder.path(), "fmt --check shop.feat");
                tested += 1;
            }
        }
    }
    let examples = std::fs::read_dir(root().join("examples")).expect("examples");
    for example in examples.flatten().filter(|entry| entry.path().is_dir()) {
        let name = example.file_name().to_string_lossy().into_owned();
        let program = format!("examples/{name}/{name}.feat");
        ok(&root(), &format!("test {program}"));
        ok(&root(), &format!("fmt --check {program}"));
        assert!(
            read(&root().join(&program)).contains("\ntest \""),
            "{program} has no test"
        );
        tested += 1;
    }
    assert!(tested >= 9, "{tested}");
}
