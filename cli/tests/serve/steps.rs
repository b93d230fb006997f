//! What is said of rows that cannot be used: the next step, to who pushed them, and in the log about those that were read.

use crate::client::{Server, shop};
use crate::followed::{number, until};
use crate::requests::{lines, row};
use serde_json::{Value, json};
use std::path::Path;

/// What the reply to a push of one row says to do about it.
fn step(server: &Server, row: &Value) -> String {
    let pushed = server.push(&lines(std::slice::from_ref(row)));
    assert_eq!(pushed["accepted"], 0, "{pushed}");
    pushed["examples"][0]["help"].as_str().unwrap_or_default().to_owned()
}

/// The shop, with another form of a column.
fn shop_with(folder: &Path, column: &str, other: &str) -> std::path::PathBuf {
    let program = shop(folder);
    let text = std::fs::read_to_string(&program).expect("a program");
    assert!(text.contains(column), "{text}");
    std::fs::write(&program, text.replacen(column, other, 1)).expect("writable");
    program
}

#[test]
fn numbers_for_an_instant_are_told_the_form_that_reads_them() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let program = shop(folder);
    let state = folder.join("state");
    let server = Server::of(&program, &state);
    let pushed = json!({ "id": 1, "card": "a", "shop": 1, "amount": 1.0, "at": 1_764_158_400_000_i64, "seen": null });
    let told = step(&server, &pushed);
    assert!(told.contains("`as epoch_millis` after the type of `at`"), "{told}");
    let mut word = row(1, "a", 600);
    word["at"] = json!("yesterday");
    assert_eq!(step(&server, &word), "", "nothing is known of it");
    drop(server);
    // Followed, the step works.
    let program = shop_with(folder, "at: timestamp", "at: timestamp as epoch_millis");
    let server = Server::of(&program, &folder.join("again"));
    let pushed = server.push(&lines(&[json!({
        "id": 1, "card": "a", "shop": 1, "amount": 1.0, "at": 1_709_287_200_000_i64, "seen": "2024-03-01T10:00:01Z",
    })]));
    assert_eq!(pushed["accepted"], 1, "{pushed}");
}

#[test]
fn the_field_is_named_where_a_row_has_the_name_of_the_column() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let program = shop_with(folder, "card: string, shop", "card: string from \"user.card\", shop");
    let server = Server::of(&program, &folder.join("state"));
    let told = step(&server, &row(1, "a", 600));
    assert!(told.contains("send it as `{\"user\": {\"card\": …}}`"), "{told}");
    // Followed, the step works.
    let mut nested = row(1, "a", 600);
    nested["user"] = json!({ "card": "a" });
    assert_eq!(server.push(&lines(&[nested]))["accepted"], 1);
}

#[test]
fn rows_of_the_past_without_an_arrival_are_told_that_they_were_stamped() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let program = shop_with(folder, "lateness 400d", "lateness 1h");
    let server = Server::of(&program, &folder.join("state"));
    let mut past = row(1, "a", 600);
    past["seen"] = Value::Null;
    let told = step(&server, &past);
    assert!(
        told.contains("the row has no `seen`") && told.contains("value of `at`"),
        "{told}"
    );
    // One that is late by its own arrival was not stamped.
    let mut late = row(2, "a", 600);
    late["seen"] = json!("2024-03-01T20:00:00Z");
    assert_eq!(step(&server, &late), "");
    // Followed, the step works.
    past["seen"] = past["at"].clone();
    assert_eq!(server.push(&lines(&[past]))["accepted"], 1);
}

#[test]
fn the_log_tells_the_first_rejected_row_of_a_file_for_each_reason() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let program = shop(folder);
    std::fs::create_dir(folder.join("live")).expect("a writable folder");
    let number_at = |id: u32| {
        let mut row = row(id, "a", 600);
        row["at"] = json!(1_709_287_200);
        row
    };
    let given = format!("payments={}", folder.join("live/*.jsonl").display());
    for name in ["1.jsonl", "2.jsonl"] {
        let rows: Vec<Value> = (0..5).map(number_at).collect();
        std::fs::write(folder.join("live").join(name), lines(&rows) + "no json\n").expect("writable");
    }
    let server = Server::start(&program, &folder.join("state"), &["--source", &given]);
    let server = server.unwrap_or_else(|said| panic!("{said}"));
    until(&server, "all is read", |server| {
        number(server, "featc_rows_rejected_total") == 12
    });
    let (in_order, log) = server.end_saying();
    assert!(in_order, "{log}");
    let told = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let told: Vec<Value> = told.filter(|line| line["event"] == "rows_rejected").collect();
    assert_eq!(told.len(), 4, "two reasons of two files: {log}");
    let first = &told[0];
    assert_eq!(
        (&first["source"], &first["place"], &first["reason"]),
        (&json!("payments"), &json!(1), &json!("bad_value"))
    );
    assert!(
        first["from"].as_str().is_some_and(|from| from.ends_with("1.jsonl")),
        "{first}"
    );
    let help = |line: &Value| line["help"].as_str().unwrap_or_default().to_owned();
    assert!(
        help(first).contains("`as epoch_seconds` after the type of `at`"),
        "{first}"
    );
    assert!(help(&told[1]).contains("`aside/`"), "{log}");
}
