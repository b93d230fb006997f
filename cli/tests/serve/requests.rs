//! Rows in, answers out, over HTTP.

use crate::client::{Server, shop};
use serde_json::{Value, json};

/// A payment at a minute of 2024-03-01, which arrived a second later.
pub fn row(id: u32, card: &str, minute: u32) -> Value {
    let (hour, minute) = (minute / 60, minute % 60);
    json!({
        "id": id, "card": card, "shop": id % 3, "amount": f64::from(id) / 4.0,
        "at": format!("2024-03-01T{hour:02}:{minute:02}:00Z"), "seen": format!("2024-03-01T{hour:02}:{minute:02}:01Z"),
    })
}

pub fn lines(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

pub fn question(card: &str) -> Value {
    json!({
        "service": "risk", "entities": [{ "card": card, "shop": 1 }, { "card": "nobody", "shop": null }],
        "at": "2024-03-01T12:00:00Z", "request_id": "r1",
    })
}

#[test]
fn rows_are_pushed_and_features_are_answered() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = shop(folder.path());
    let server = Server::of(&program, &folder.path().join("state"));
    assert!(server.get("/health").ok()["status"] == "alive" && server.get("/ready").ok()["status"] == "ready");

    let mut rows = vec![row(1, "a", 660), row(2, "a", 700), row(4, "b", 710), row(7, "a", 719)];
    let pushed = server.push(&lines(&rows));
    assert_eq!(
        (&pushed["rows"], &pushed["accepted"]),
        (&json!(4), &json!(4)),
        "{pushed}"
    );
    let answer = server.answer(&question("a"));
    let first = &answer["answers"][0];
    // 11:00 lies on the left edge, which is out.
    assert_eq!(first["values"]["spend__total_1h"], json!(2.25));
    assert_eq!(first["values"]["spend__last_1d"], json!(1.75));
    assert_eq!(first["values"]["spend__shops_30d"], json!(2));
    assert_eq!(first["values"]["sales__n_1h"], json!(2));
    assert_eq!(first["statuses"]["spend__total_1h"], "ok");
    let nobody = &answer["answers"][1];
    assert_eq!(
        (
            &nobody["values"]["spend__total_1h"],
            &nobody["statuses"]["spend__total_1h"]
        ),
        (&json!(0.0), &json!("missing"))
    );
    assert_eq!(
        (&answer["request_id"], &answer["at"]),
        (&json!("r1"), &json!("2024-03-01T12:00:00Z"))
    );
    assert!(
        answer["cuts"]["payments"].as_str().is_some_and(|cut| cut > "2026"),
        "{answer}"
    );

    // Sent again, nothing changes; what is new and cannot be used is counted, shown and kept aside.
    rows.push(json!({ "id": 9, "card": "a", "shop": 1, "amount": "much", "at": "2024-03-01T11:59:00Z" }));
    rows.push(json!({ "id": 10, "card": "a", "shop": 1, "amount": 1.0, "at": "2024-03-01T11:59:00", "sene": null }));
    let text = format!("{}no json\n", lines(&rows));
    let again = server.push(&text);
    assert_eq!((&again["rows"], &again["accepted"]), (&json!(7), &json!(4)));
    assert_eq!(again["rejected"], json!({ "bad_value": 2, "unparsable": 1 }));
    assert_eq!(
        (&again["undeclared"], &pushed["undeclared"]),
        (&json!(["sene"]), &json!([]))
    );
    assert_eq!(again["examples"][0]["place"], 5);
    assert_eq!(
        again["late_for_cut"], 4,
        "their arrivals lie before the cut of the answer"
    );
    assert_eq!(server.answer(&question("a"))["answers"], answer["answers"]);
    let aside = std::fs::read_to_string(folder.path().join("state/aside/rejected-000001.jsonl")).expect("kept");
    assert!(
        aside.lines().count() == 3 && aside.contains("no json") && aside.contains("much"),
        "{aside}"
    );
    let late = std::fs::read_to_string(folder.path().join("state/aside/late-000001.jsonl")).expect("kept");
    assert_eq!(late.lines().count(), 4, "{late}");

    let metrics = server.get("/metrics").body;
    for line in [
        "featc_rows_accepted_total{source=\"payments\"} 8",
        "featc_rows_rejected_total{source=\"payments\",reason=\"bad_value\"} 2",
        "featc_rows_late_for_cut_total{source=\"payments\"} 4",
        "featc_row_lateness_seconds_bucket{source=\"payments\",le=\"+Inf\"} 8",
        "featc_questions_total{service=\"risk\"} 4",
        "featc_answer_seconds_count 2",
    ] {
        assert!(metrics.lines().any(|said| said == line), "{line}\n{metrics}");
    }
    assert!(server.end(), "it ends in order");
    assert!(folder.path().join("state/served/risk/00000001.parquet").is_file());
}

#[test]
fn rows_without_an_arrival_are_stamped_and_seen_at_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = shop(folder.path());
    let state = folder.path().join("state");
    let server = Server::start(&program, &state, &["--no-served-log"]).expect("it starts");
    let now = json!({ "service": "cards", "entity": { "card": "a" } });
    assert_eq!(
        server.answer(&now)["answers"][0]["statuses"]["spend__last_1d"],
        "missing"
    );
    for id in 1..=20 {
        // An event of the moment: the clock of the answer before, to the minute.
        let at = server.answer(&now)["at"].as_str().expect("an instant").to_owned();
        let mut payment = row(id, "a", 0);
        payment["at"] = format!("{}:00Z", &at[..16]).into();
        payment.as_object_mut().expect("an object").remove("seen");
        let pushed = server.push(&lines(&[payment]));
        assert_eq!(
            (&pushed["accepted"], &pushed["late_for_cut"]),
            (&json!(1), &json!(0)),
            "{pushed}"
        );
        let answer = server.answer(&now);
        assert_eq!(
            answer["answers"][0]["values"]["spend__last_1d"],
            f64::from(id) / 4.0,
            "{answer}"
        );
        assert_eq!(answer["at"], answer["cuts"]["payments"], "without a delay");
    }
    assert!(server.end() && !state.join("served").exists());
}

#[test]
fn a_delay_hides_what_has_just_come() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = shop(folder.path());
    let server = Server::start(&program, &folder.path().join("state"), &["--delay", "1h"]).expect("it starts");
    let now = json!({ "service": "cards", "entity": { "card": "a" } });
    let at = server.answer(&now)["at"].as_str().expect("an instant").to_owned();
    let mut payment = row(1, "a", 0);
    payment["at"] = format!("{}:00Z", &at[..16]).into();
    payment.as_object_mut().expect("an object").remove("seen");
    assert_eq!(server.push(&lines(&[payment]))["accepted"], 1);
    let answer = server.answer(&now);
    assert_eq!(answer["answers"][0]["statuses"]["spend__last_1d"], "missing");
    let micros = |text: &Value| match featr::parse_value(text.as_str().expect("text"), featc_ir::Type::Timestamp) {
        Some(featr::Value::Timestamp(us)) => us,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        micros(&answer["at"]) - micros(&answer["cuts"]["payments"]),
        3_600_000_000
    );
}

#[test]
fn arrow_is_taken_and_the_description_tells_what_is_served() {
    use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
    use std::sync::Arc;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = shop(folder.path());
    let server = Server::of(&program, &folder.path().join("state"));
    let at: i64 = 1_709_294_400_000_000; // 2024-03-01T12:00:00Z
    let instant = |us: i64| -> ArrayRef { Arc::new(TimestampMicrosecondArray::from(vec![us]).with_timezone("UTC")) };
    let columns: [(&str, ArrayRef); 6] = [
        ("id", Arc::new(Int64Array::from(vec![1]))),
        ("card", Arc::new(StringArray::from(vec!["a"]))),
        ("shop", Arc::new(Int64Array::from(vec![1]))),
        ("amount", Arc::new(Float64Array::from(vec![0.25]))),
        ("at", instant(at)),
        ("seen", instant(at + 1)),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let mut writer = arrow::ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema()).expect("a writer");
    writer.write(&batch).expect("written");
    let bytes = writer.into_inner().expect("finished");
    let head = "POST /v1/push/payments\nContent-Type: application/vnd.apache.arrow.stream";
    assert_eq!(server.request(head, &bytes).ok()["accepted"], 1);
    assert_eq!(
        server.answer(&question("a"))["answers"][0]["values"]["spend__total_1h"],
        0.25
    );
    for cut in 0..bytes.len() {
        let reply = server.request(head, &bytes[..cut]);
        assert!(
            reply.status == 400 || reply.ok()["accepted"] == 0 || cut > bytes.len() - 16,
            "{cut}"
        );
    }

    let services = server.get("/v1/services").ok();
    assert_eq!(
        services["services"][1]["keys"],
        json!([{ "name": "card", "type": "string" }])
    );
    assert_eq!(services["sources"][0]["arrival"], "seen");
    let openapi = server.get("/openapi.json").ok();
    assert_eq!(
        openapi["components"]["schemas"]["cards.entity"]["required"],
        json!(["card"])
    );
    assert!(openapi["paths"]["/v1/answer"]["post"].is_object());
}
