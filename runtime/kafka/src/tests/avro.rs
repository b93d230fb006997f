//! Topics of Avro, whose schemas a registry on loopback has.

use super::{Brokers, Run, aside, ids};
use crate::Properties;
use rdkafka::producer::BaseRecord;
use registry::{Mood, Registry};
use serde_json::json;
use std::time::Duration;

#[path = "../../../../tests/support/registry.rs"]
mod registry;
mod tls;

/// 2024-02-29T23:33:20Z in milliseconds.
const AT_MS: [u8; 6] = [0x80, 0xe8, 0xb8, 0xf3, 0xbe, 0x63];

const TOPIC: &str = "rows?format=avro";

fn schema(fields: &str) -> String {
    format!("{{\"type\": \"record\", \"name\": \"payment\", \"namespace\": \"shop\", \"fields\": [{fields}]}}")
}

fn own() -> String {
    schema(
        r#"{"name": "id", "type": "long"}, {"name": "card", "type": ["null", "string"]}, {"name": "amount", "type": "double"},
           {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}}"#,
    )
}

/// A small number as Avro writes it.
fn small(value: i64) -> Vec<u8> {
    let bits = (value << 1) as u64;
    match bits < 0x80 {
        true => vec![bits as u8],
        false => vec![bits as u8 | 0x80, (bits >> 7) as u8],
    }
}

/// A record of the schema with this number.
fn record(schema: u32, id: i64) -> Vec<u8> {
    let parts = [
        &[0][..],
        &schema.to_be_bytes(),
        &small(id),
        &[2, 2, b'a'],
        &(id as f64 + 0.5).to_le_bytes(),
        &AT_MS,
    ];
    parts.concat()
}

fn send(brokers: &Brokers, partition: i32, value: &[u8]) {
    brokers.send(BaseRecord::to("rows").partition(partition).key("a").payload(value));
    brokers.flush();
}

fn properties(brokers: &Brokers, registry: &str) -> Properties {
    let servers = brokers.cluster.bootstrap_servers();
    Properties::read(&format!("bootstrap.servers={servers}\n{registry}")).expect("properties")
}

#[test]
fn a_registry_that_does_not_answer_holds_the_topic_and_loses_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (brokers, registry) = (Brokers::new("rows", 2), Registry::start());
    registry.has(1, &own());
    (0..5).for_each(|id| send(&brokers, 0, &record(1, id)));
    registry.wants("ZmVhdGM6c2VjcmV0");
    let url = format!("schema.registry.url=http://127.0.0.1:1, {}\n", registry.url);
    let right = properties(&brokers, &format!("{url}basic.auth.user.info=featc:secret"));

    // Who is not let in has nothing, and says nothing of the password.
    let wrong = properties(&brokers, &format!("{url}basic.auth.user.info=featc:guessed"));
    let run = Run::start(folder.path(), TOPIC, wrong);
    run.until_told("E0816");
    let problems = run.problems();
    assert!(
        problems[0].2.contains("the schema registry: ") && problems[0].2.contains("lets nobody in (401)"),
        "{problems:?}"
    );
    assert!(!format!("{problems:?}").contains("guessed"));
    assert!(run.runtime.progress()[0].1.refused > 0);
    assert_eq!(run.accepted(), 0);
    run.end();

    let run = Run::start(folder.path(), TOPIC, right.clone());
    run.until_accepted(5);
    assert_eq!(
        registry.asked().iter().filter(|path| *path == "/schemas/ids/1").count(),
        registry.asked().len()
    );
    let asked = registry.asked().len();
    // What comes with a schema that is known goes on, and what came before one that is not is in the state.
    registry.is(Mood::Gone);
    (5..9).for_each(|id| send(&brokers, 1, &record(1, id)));
    run.until_accepted(9);
    assert_eq!(registry.asked().len(), asked);
    send(&brokers, 1, &record(1, 9));
    (10..15).for_each(|id| send(&brokers, 1, &record(2, id)));
    run.until_told("E0816");
    run.until("what came before", || run.accepted() == 10);
    registry.is(Mood::Broken(503));
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(run.accepted(), 10);
    let codes: Vec<_> = run.problems().into_iter().map(|(code, _, _)| code).collect();
    assert_eq!(codes, ["E0816"], "told once");
    // It ends while it waits, and waits again when it starts.
    run.end();
    let run = Run::start(folder.path(), TOPIC, right);
    run.until_told("E0816");
    registry.has(2, &own());
    registry.is(Mood::Well);
    run.until_accepted(5);
    run.until("it is told to be well", || run.runtime.progress()[0].1.refused == 0);
    run.end();
    assert_eq!(ids(folder.path()), (0..15).collect::<Vec<i64>>());
    assert_eq!(aside(folder.path()), []);
}

#[test]
fn records_of_avro_that_cannot_be_used_lie_aside_and_a_schema_that_does_not_fit_is_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (brokers, registry) = (Brokers::new("rows", 1), Registry::start());
    let money = json!({"name": "money", "subject": "shop/money", "version": 3});
    let amount = json!({"schema": "{\"type\": \"fixed\", \"name\": \"m\", \"namespace\": \"shop\", \"size\": 2, \"logicalType\": \"decimal\", \"precision\": 4, \"scale\": 1}"});
    registry.has(1, &own());
    // Amounts of a type that another subject has.
    registry.says(
        "/schemas/ids/2",
        json!({"schema": own().replace("\"double\"", "\"shop.m\""), "references": [money]}),
    );
    registry.says("/subjects/shop%2Fmoney/versions/3", amount);
    registry.has(3, &own().replace("\"double\"", "\"string\""));
    registry.says(
        "/schemas/ids/4",
        json!({"schema": "syntax = \"proto3\";", "schemaType": "PROTOBUF"}),
    );
    send(&brokers, 0, &record(1, 0));
    let head = [&[0, 0, 0, 0, 2][..], &small(1), &[2, 2, b'a'], &[0x00, 0x0f]].concat();
    send(&brokers, 0, &[head, AT_MS.to_vec()].concat());
    let unfit = [&[0, 0, 0, 0, 3][..], &small(2), &[2, 2, b'a', 4, b'1', b'2'], &AT_MS].concat();
    send(&brokers, 0, &unfit);
    send(&brokers, 0, &record(4, 3));
    send(&brokers, 0, &record(9, 4));
    send(&brokers, 0, b"{\"id\": 5}");
    send(&brokers, 0, &record(1, 6)[..9]);
    brokers.send(BaseRecord::to("rows").partition(0).key("gone"));
    send(&brokers, 0, &[record(1, 8), vec![0]].concat());
    send(&brokers, 0, &record(1, 9));

    let run = Run::start(
        folder.path(),
        TOPIC,
        properties(&brokers, &format!("schema.registry.url={}/", registry.url)),
    );
    run.until_accepted(3);
    let told: Vec<_> = run
        .problems()
        .into_iter()
        .filter(|(code, _, _)| *code == "E0818")
        .map(|(_, from, why)| (from, why))
        .collect();
    let expected = [
        "schema 3: `amount` is string, which column `amount`, float64, cannot be",
        "schema 4 cannot be used: it is one of PROTOBUF, not of Avro",
        "schema 9 is not in the registry",
    ];
    assert_eq!(told, expected.map(|why| ("kafka:rows".to_owned(), why.to_owned())));
    run.end();
    assert_eq!(ids(folder.path()), [0, 1, 9]);
    let aside = aside(folder.path());
    let found: Vec<(u64, &str)> = aside.iter().map(|(_, at, why, _)| (*at, why.as_str())).collect();
    let broken = [
        (2, "bad_value"),
        (3, "unparsable"),
        (4, "unparsable"),
        (5, "unparsable"),
        (6, "unparsable"),
        (7, "unparsable"),
        (8, "unparsable"),
    ];
    assert_eq!(found, broken);
    let payloads: Vec<&serde_json::Value> = aside.iter().map(|(_, _, _, payload)| payload).collect();
    assert_eq!(
        payloads[0],
        "{\"id\":2,\"card\":\"a\",\"amount\":\"12\",\"at\":\"2024-02-29T23:33:20Z\"}"
    );
    // What is no text is there byte by byte.
    assert_eq!(payloads[3], "eyJpZCI6IDV9");
    assert_eq!(payloads[5], &serde_json::Value::Null);
    // A number that nobody knows was asked for some times, and the others once.
    let asked = registry.asked();
    assert_eq!(asked.iter().filter(|path| *path == "/schemas/ids/9").count(), 4);
    assert_eq!(asked.iter().filter(|path| *path == "/schemas/ids/1").count(), 1);
}
