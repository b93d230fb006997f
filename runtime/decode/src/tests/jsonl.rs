use super::*;

const EVENTS: &[(&str, Type)] = &[("id", Type::Int64), ("at", Type::Timestamp), ("note?", Type::String)];

fn check(columns: &[(&str, Type)], content: impl AsRef<[u8]>) -> Outcome {
    read_content(&source(columns), FileFormat::Jsonl, content)
}

fn clean(columns: &[(&str, Type)], content: impl AsRef<[u8]>) -> Vec<String> {
    let outcome = check(columns, content);
    assert_eq!((outcome.rejects, outcome.error), (vec![], None));
    outcome.rows
}

#[test]
fn objects_with_blank_lines_bom_crlf_and_extra_keys() {
    let content = "\u{feff}{\"id\": 1, \"at\": \"1970-01-01T00:00:00Z\", \"note\": \"a\\n\\u00e9\"}\r\n\r\n  \n{\"more\":{\"id\":[1]},\"note\":null,\"at\":\"1970-01-01T00:00:01Z\",\"id\":2}\r\n{\"i\\u0064\":3,\"at\":\"1970-01-01T00:00:00Z\"}";
    assert_eq!(clean(EVENTS, content), ["f:1 1|0|a\né", "f:4 2|1000000|∅", "f:5 3|0|∅"]);
    assert_eq!(clean(EVENTS, ""), Vec::<String>::new());
    assert_eq!(clean(EVENTS, "\u{feff}"), Vec::<String>::new());
}

#[test]
fn every_type() {
    let columns = [
        ("at", Type::Timestamp),
        ("b?", Type::Bool),
        ("f?", Type::Float64),
        (
            "d?",
            Type::Decimal {
                precision: 20,
                scale: 2,
            },
        ),
        ("day?", Type::Date),
        ("long?", Type::Duration),
    ];
    let content = r#"{"at":"1970-01-01T00:00:00Z","b":true,"f":-0.0,"d":123456789012345678.10,"day":"1970-01-02","long":"PT1S"}
{"at":"1970-01-01T00:00:00Z","b":false,"f":"-Infinity","d":"0.10","f2":1}
{"at":"1970-01-01T00:00:00Z","f":"NaN","d":1e2}
{"at":"1970-01-01T00:00:00Z","f":5,"d":-0.0}"#;
    assert_eq!(
        clean(&columns, content),
        [
            "f:1 0|true|0.0|12345678901234567810|1|1000000",
            "f:2 0|false|-inf|10|∅|∅",
            "f:3 0|∅|∅|10000|∅|∅",
            "f:4 0|∅|5.0|0|∅|∅"
        ]
    );
}

#[test]
fn broken_rows_are_counted_with_their_reason() {
    let at = "\"at\":\"1970-01-01T00:00:00Z\"";
    let mut content =
        format!("{{\"id\":1,{at}}}\n{{\"id\":1.0,{at}}}\n{{\"id\":\"1\",{at}}}\n{{{at}}}\n{{\"id\":1}}\n").into_bytes();
    content.extend(
        format!("{{\"id\":1,{at}\n[1]\n{{\"id\":1,\"id\":1,{at}}}\n{{\"id\":1,{at},\"x\":1,\"x\":2}}\n").into_bytes(),
    );
    content.extend(
        format!("{{\"id\":1,{at},\"note\":5}}\n{{\"id\":1,{at},\"note\":\"\\ud800\"}}\n{{\"id\":NaN,{at}}}\n")
            .into_bytes(),
    );
    content.extend(b"{\"id\":1,\"note\":\"\xff\"}\n{\"id\":1,\"at\":0}\n{\"id\":1e3} x\n");
    let outcome = check(EVENTS, content);
    assert_eq!(outcome.rows, ["f:1 1|0|∅"]);
    assert_eq!(
        outcome.rejects,
        [
            "f:2 bad_value column id: 1.0 is not an int64",
            "f:3 bad_value column id: \"1\" is not an int64",
            "f:4 null_in_required column id is null",
            "f:5 null_time column at is null",
            "f:6 unparsable not JSON: EOF while parsing an object at column 35",
            "f:7 unparsable invalid type: sequence, expected an object",
            "f:8 unparsable key \"id\" occurs twice",
            "f:9 unparsable key \"x\" occurs twice",
            "f:10 bad_value column note: 5 is not a string",
            "f:11 bad_value column note: \"\\ud800\" has an escape that is not a character",
            "f:12 unparsable not JSON: expected value at column 7",
            "f:13 unparsable not UTF-8",
            "f:14 bad_value column at: 0 is not an RFC 3339 timestamp",
            "f:15 unparsable not JSON: trailing characters at column 12",
        ]
    );
}

#[test]
fn many_keys_are_checked_for_twins() {
    let mut object = String::from("{\"id\":1,\"at\":\"1970-01-01T00:00:00Z\"");
    (0..50).for_each(|key| object.push_str(&format!(",\"k{key}\":0")));
    assert_eq!(clean(EVENTS, format!("{object}}}")).len(), 1);
    assert_eq!(
        check(EVENTS, format!("{object},\"k7\":0}}")).rejects,
        ["f:1 unparsable key \"k7\" occurs twice"]
    );
}

#[test]
fn timestamps_without_offset_are_fatal_with_their_line() {
    let outcome = check(EVENTS, "\n{\"id\":1,\"at\":\"1970-01-01T00:00:00\"}\n");
    assert_eq!(
        outcome.error,
        Some(DecodeError::NaiveTimestamp {
            file: "f".into(),
            line: Some(2),
            column: "at".into(),
            asks_by_day: false,
        })
    );
}

#[test]
fn deep_nesting_does_no_harm() {
    let deep = format!(
        "{{\"id\":1,\"at\":\"1970-01-01T00:00:00Z\",\"x\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let outcome = check(EVENTS, deep);
    assert_eq!(outcome.rows.len() + outcome.rejects.len(), 1);
}
