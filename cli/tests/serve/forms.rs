//! The forms of values: answers as JSON are what a JSONL file of a training set has, answers as Arrow are the values
//! themselves, and what is answered is read again.

use crate::client::{Server, shop};
use crate::requests::{lines, question, row};
use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::Float64Type;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Command;

const FORMS: &str = r#"module forms
entity card (card: string)
source facts {
  columns (id: int64, card: string, f: float64, d: decimal(38, 2), n: int64, on: date, took: duration, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  lateness 400d
  keep nan
}
view v of card from facts {
  feature f = last(f) over 1d
  feature most = max(f) over 1d
  feature d = sum(d) over 1d
  feature n = max(n) over 1d
  feature last_on = max(on) over 1d
  feature took = max(took) over 1d
  feature latest = max(at) over 1d
  feature since = time_since_last() over 1d
  feature kinds = last_n(n, 3) over 1d
}
service all { v.* }
"#;

fn facts() -> Vec<Value> {
    let fact = |id: u32, card: &str, f: Value, d: &str, minute: u32| {
        json!({
            "id": id, "card": card, "f": f, "d": d, "n": i64::MAX - i64::from(id), "on": "2024-02-29", "took": "PT5400.000001S",
            "at": format!("2024-03-01T10:{minute:02}:00.500Z"), "seen": format!("2024-03-01T10:{minute:02}:01.25Z"),
        })
    };
    vec![
        fact(1, "a", json!(0.1), "123456789012345678901234567890123456.78", 1),
        fact(2, "a", json!("Infinity"), "0.01", 2),
        fact(3, "b", json!("-Infinity"), "-1", 3),
        fact(4, "c", json!("NaN"), "0", 4),
    ]
}

fn entries(text: &str) -> BTreeMap<String, Box<RawValue>> {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn answers_have_the_form_of_training_sets_and_are_read_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = folder.path().join("forms.feat");
    std::fs::write(&program, FORMS).expect("writable");
    let server = Server::of(&program, &folder.path().join("state"));
    let rows = lines(&facts());
    let pushed = server.request("POST /v1/push/facts", rows.as_bytes()).ok();
    assert_eq!(pushed["accepted"], 4, "{pushed}");
    let entities: Vec<Value> = ["a", "b", "c", "d"]
        .iter()
        .map(|card| json!({ "card": card }))
        .collect();
    let asked = json!({ "service": "all", "entities": entities, "at": "2024-03-01T12:00:00.250Z" }).to_string();
    let answered = server.request("POST /v1/answer", asked.as_bytes());
    assert_eq!(answered.status, 200, "{}", answered.body);
    let answer = entries(&answered.body);
    let answers: Vec<Box<RawValue>> = serde_json::from_str(answer["answers"].get()).expect("a list");
    let values = |row: usize| entries(entries(answers[row].get())["values"].get());
    assert_eq!(answer["at"].get(), "\"2024-03-01T12:00:00.250Z\"");
    let first = values(0);
    for (feature, text) in [
        ("v__f", "\"Infinity\""),
        ("v__d", "123456789012345678901234567890123456.79"),
        ("v__n", "9223372036854775806"),
        ("v__last_on", "\"2024-02-29\""),
        ("v__took", "\"PT5400.000001S\""),
        ("v__latest", "\"2024-03-01T10:02:00.500Z\""),
        ("v__since", "\"PT7079.75S\""),
    ] {
        assert_eq!(first[feature].get(), text, "{feature}");
    }
    assert_eq!(
        (values(1)["v__f"].get(), values(2)["v__f"].get()),
        ("\"-Infinity\"", "\"NaN\"")
    );
    // What was answered is what is pushed.
    let again = json!({ "id": 5, "card": "e", "n": 1, "at": "2024-03-01T10:00:00Z", "seen": "2024-03-01T10:00:01Z" });
    let mut again = entries(&again.to_string());
    for (column, feature) in [("f", "v__f"), ("d", "v__d"), ("on", "v__last_on"), ("took", "v__took")] {
        again.insert(column.to_owned(), first[feature].clone());
    }
    let again = serde_json::to_string(&again).expect("JSON");
    let pushed = server.request("POST /v1/push/facts", again.as_bytes()).ok();
    assert_eq!(pushed["accepted"], 1, "{pushed}");

    // A training set of the same questions, as a file of JSONL.
    assert!(server.end());
    std::fs::write(folder.path().join("facts.jsonl"), rows).expect("writable");
    let output = Command::new(env!("CARGO_BIN_EXE_featc"))
        .args([
            "train",
            "forms.feat",
            "--service",
            "all",
            "--served-log",
            "state/served/all",
            "--status",
        ])
        .args(["--source", "facts=facts.jsonl", "--out", "set.jsonl"])
        .current_dir(folder.path())
        .output()
        .expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let set = std::fs::read_to_string(folder.path().join("set.jsonl")).expect("written");
    assert_eq!(set.lines().count(), 4, "{set}");
    let mut compared = 0;
    for (place, line) in set.lines().enumerate() {
        let line = entries(line);
        let statuses = entries(entries(answers[place].get())["statuses"].get());
        for (feature, value) in values(place) {
            // Floats that are no numbers are null there.
            let is_number = !["\"NaN\"", "\"Infinity\"", "\"-Infinity\""].contains(&value.get());
            let expected = if is_number { value.get() } else { "null" };
            assert_eq!(line[&feature].get(), expected, "{feature} of {place}");
            assert_eq!(line[&format!("{feature}__status")].get(), statuses[&feature].get());
            compared += 1;
        }
    }
    assert_eq!(compared, 36);
}

#[test]
fn answers_as_arrow_are_those_of_json() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = shop(folder.path());
    let server = Server::of(&program, &folder.path().join("state"));
    server.push(&lines(&[row(1, "a", 660), row(2, "a", 700), row(7, "a", 719)]));
    let asked = question("a");
    let json = server.answer(&asked);
    let head = "POST /v1/answer\nAccept: application/vnd.apache.arrow.stream, application/json;q=0.5";
    let (status, bytes) = server.bytes(head, asked.to_string().as_bytes());
    assert_eq!(status, 200);
    let mut reader = arrow::ipc::reader::StreamReader::try_new(&bytes[..], None).expect("a stream");
    let schema = reader.schema();
    let about = schema.metadata();
    assert_eq!(about["featc.service"], "risk");
    assert_eq!(about["featc.request_id"], "r1");
    assert_eq!(about["featc.at"], "2024-03-01T12:00:00Z");
    assert_eq!(json!(about["featc.program"]), json["program"]);
    let cuts: Value = serde_json::from_str(&about["featc.cuts"]).expect("JSON");
    assert!(cuts["payments"].is_string(), "{cuts}");
    let rows = reader.next().expect("a batch").expect("readable");
    assert!(reader.next().is_none() && rows.num_rows() == 2);
    for (place, answer) in json["answers"].as_array().expect("answers").iter().enumerate() {
        let values = answer["values"].as_object().expect("values");
        assert_eq!(rows.num_columns(), 2 * values.len());
        for (name, value) in values {
            let column = rows.column_by_name(name).expect("a column");
            let found = match column.as_primitive_opt::<Float64Type>() {
                Some(floats) if floats.is_valid(place) => json!(floats.value(place)),
                Some(_) => Value::Null,
                None => json!(column.as_primitive::<arrow::datatypes::Int64Type>().value(place)),
            };
            assert_eq!(found, *value, "{name}");
            let status = rows.column_by_name(&format!("{name}__status")).expect("a column");
            assert_eq!(json!(status.as_string::<i32>().value(place)), answer["statuses"][name]);
        }
    }
    // What is refused is JSON.
    let refused = server.request(head, b"{}");
    assert_eq!(
        (refused.status, &refused.json()["error"]["code"]),
        (400, &json!("E0801"))
    );
}

/// Of many entities those are answered that can be, in either form.
#[test]
fn a_gated_entity_has_an_error_in_its_place() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = shop(folder.path());
    let server = Server::of(&program, &folder.path().join("state"));
    server.push(&lines(&[row(1, "a", 660), row(2, "b", 700)]));
    let cards = ["a", "nobody", "b"].map(|card| json!({ "card": card }));
    let asked = json!({ "service": "strict", "entities": cards, "at": "2024-03-01T12:00:00Z" });
    let answer = server.answer(&asked);
    let answers = answer["answers"].as_array().expect("answers");
    assert_eq!(answers.len(), 3, "{answer}");
    for (place, last) in [(0, 0.25), (2, 0.5)] {
        assert_eq!(answers[place]["values"]["spend__last_1d"], json!(last), "{answer}");
        assert!(answers[place]["error"].is_null(), "{answer}");
    }
    let error = &answers[1]["error"];
    assert_eq!(answers[1].as_object().map(serde_json::Map::len), Some(1), "{answer}");
    assert_eq!(
        (&error["code"], &error["gated"]),
        (&json!("E0817"), &json!({ "spend__last_1d": "missing" }))
    );
    let message = error["message"].as_str().expect("a message");
    assert!(message.contains("`spend__last_1d` is missing"), "{message}");

    let head = "POST /v1/answer\nAccept: application/vnd.apache.arrow.stream";
    let (status, bytes) = server.bytes(head, asked.to_string().as_bytes());
    assert_eq!(status, 200);
    let mut reader = arrow::ipc::reader::StreamReader::try_new(&bytes[..], None).expect("a stream");
    let schema = reader.schema();
    let gated: Value = serde_json::from_str(&schema.metadata()["featc.gated"]).expect("JSON");
    assert_eq!(
        gated,
        json!([{ "row": 1, "features": { "spend__last_1d": "missing" } }])
    );
    let rows = reader.next().expect("a batch").expect("readable");
    assert_eq!(rows.num_rows(), 3);
    for column in rows.columns() {
        assert_eq!(
            (column.is_null(0), column.is_null(1), column.is_null(2)),
            (false, true, false)
        );
    }
    // Where all are answered there is nothing to say.
    let all = json!({ "service": "strict", "entities": [{ "card": "a" }], "at": "2024-03-01T12:00:00Z" });
    let (_, bytes) = server.bytes(head, all.to_string().as_bytes());
    let reader = arrow::ipc::reader::StreamReader::try_new(&bytes[..], None).expect("a stream");
    assert!(!reader.schema().metadata().contains_key("featc.gated"));

    let services = server.get("/v1/services").ok();
    let strict = services["services"].as_array().expect("services").iter();
    let strict = strict
        .clone()
        .find(|service| service["name"] == "strict")
        .expect("it is served");
    assert_eq!(strict["features"][0]["fallback"], "gate", "{strict}");
    assert!(strict["features"][1]["fallback"].is_null(), "{strict}");
    let metrics = server.get("/metrics").body;
    for line in [
        "featc_questions_gated_total{service=\"strict\"} 2",
        "featc_questions_total{service=\"strict\"} 5",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
}
