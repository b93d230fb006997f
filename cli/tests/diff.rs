//! `featc diff`: texts, builds and revisions of git, for people, for pull requests, and for machines.

mod support;

use std::path::Path;
use std::process::{Command, Output};
use support::{featc, ok, said};

const SHOP: &str = "module shop

entity card (card: string)

source payments {
  columns (id: int64, card: string, amount: float64, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  lateness 1d
}

view spend of card from payments {
  owner \"payments\"
  /// What was spent.
  feature total = sum(amount) over 7d
  /// How often.
  feature n = count() over 7d
  /// What a payment is.
  feature mean = total / cast(n as float64)
}

service risk { spend.* }
";

fn edited() -> String {
    SHOP.replace("sum(amount) over 7d", "sum(amount) over 30d")
        .replace("feature n", "feature purchases")
        .replace("cast(n", "cast(purchases")
        .replace(
            "  /// What a payment is.",
            "  /// Greatest.\n  feature most = max(amount) over 1d\n  /// What a payment is.",
        )
}

fn git(folder: &Path, words: &str) {
    let who = ["-c", "user.name=n", "-c", "user.email=n@localhost"];
    let git = Command::new("git")
        .args(who)
        .args(words.split(' '))
        .current_dir(folder)
        .output();
    let git = git.expect("git runs");
    assert!(git.status.success(), "git {words}\n{}", said(&git));
}

/// A repository whose branch `main` has the shop, and in its folder what it is edited to.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("writable");
    git(folder.path(), "init -q -b main");
    write("shop.feat", SHOP);
    std::fs::create_dir(folder.path().join("part")).expect("writable");
    write("part/a.feat", SHOP);
    write("part/notes.txt", "no program");
    git(folder.path(), "add .");
    git(folder.path(), "commit -q -m shop");
    write("shop.feat", &edited());
    folder
}

fn exit(output: &Output) -> Option<i32> {
    output.status.code()
}

#[test]
fn the_page_shows_what_is_printed() {
    let folder = repository();
    let output = featc(folder.path(), "diff main:shop.feat shop.feat");
    assert_eq!(exit(&output), Some(1), "{}", said(&output));
    let page = include_str!("../../docs/diff.md");
    let printed = String::from_utf8(output.stdout).expect("text");
    assert!(page.contains(&printed), "{printed}");
    assert!(printed.lines().count() > 6, "{printed}");
}

#[test]
fn a_build_a_revision_and_a_text_are_one_program() {
    let folder = repository();
    ok(folder.path(), "build part");
    for pair in [
        "main:part target/feat/shop",
        "main:shop.feat part",
        "target/feat/shop part/a.feat",
    ] {
        let output = featc(folder.path(), &format!("diff {pair}"));
        assert_eq!(exit(&output), Some(0), "{pair}: {}", said(&output));
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "all 3 features mean the same\n",
            "{pair}"
        );
    }
    // In a folder below, paths are relative to it.
    let below = featc(&folder.path().join("part"), "diff main:a.feat ../shop.feat");
    assert_eq!(exit(&below), Some(1), "{}", said(&below));
    assert!(
        said(&below).contains("renamed  spend.purchases, was spend.n"),
        "{}",
        said(&below)
    );
}

#[test]
fn machines_and_pull_requests_are_told_the_same() {
    let folder = repository();
    let output = featc(folder.path(), "--json diff main:shop.feat shop.feat");
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one document");
    let changes = value["features"].as_array().expect("a list").iter();
    let changes: Vec<(&str, &str)> = changes
        .map(|feature| {
            (
                feature["feature"].as_str().expect("text"),
                feature["change"].as_str().expect("text"),
            )
        })
        .collect();
    let expected = [
        ("spend.total", "changed"),
        ("spend.purchases", "renamed"),
        ("spend.most", "added"),
        ("spend.mean", "changed"),
    ];
    assert_eq!(changes, expected);
    assert_eq!(value["features"][0]["parts"][0]["new"], "over 30d");
    assert_eq!(value["state"][0]["kept"], false);
    assert_eq!(value["keeps_everything"], false);
    let markdown = featc(folder.path(), "diff main:shop.feat shop.feat --markdown");
    let printed = String::from_utf8(markdown.stdout).expect("text");
    for line in [
        "| `spend.total` | **changed** | window: `over 30d`, was `over 7d` |",
        "| `spend.purchases` | renamed | was `spend.n`, with the same values |",
        "| `spend.most` | added |  |",
    ] {
        assert!(printed.contains(line), "{printed}");
    }
    let other = featc(folder.path(), "diff shop.feat other:shop.feat");
    assert_eq!(exit(&other), Some(1));
    assert!(
        said(&other).contains("error[E0901]: no program at `other:shop.feat`: "),
        "{}",
        said(&other)
    );
}

#[test]
fn what_was_agreed_to_is_locked() {
    let folder = repository();
    let folder = folder.path();
    ok(folder, "lock shop.feat");
    ok(folder, "check --locked shop.feat");
    let program = std::fs::read_to_string(folder.join("shop.feat")).expect("a program");
    let of = |text: &str| {
        std::fs::write(folder.join("shop.feat"), text).expect("writable");
        featc(folder, "check --locked shop.feat")
    };
    let same = program.replace("module shop\n", "// Words alone.\nmodule shop\n\n\n");
    assert_eq!(exit(&of(&same)), Some(0), "layout is no meaning");
    let changed = of(&program.replace("over 30d", "over 29d"));
    assert_eq!(exit(&changed), Some(1));
    assert!(
        said(&changed).contains("feature `spend.total` means something else"),
        "{}",
        said(&changed)
    );
    ok(folder, "lock shop.feat");
    ok(folder, "check --locked shop.feat");
    // A program that does not compile leaves the file as it was.
    let lock = std::fs::read_to_string(folder.join("shop.feat.lock")).expect("a lock file");
    std::fs::write(folder.join("shop.feat"), "module").expect("writable");
    assert_eq!(exit(&featc(folder, "lock shop.feat")), Some(1));
    assert_eq!(
        std::fs::read_to_string(folder.join("shop.feat.lock")).expect("it"),
        lock
    );
}
