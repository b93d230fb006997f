//! Topics of Apache Kafka, which `tests/kafka/start` runs on loopback: kills of the server and of the broker while rows are
//! written, bursts and idle partitions, records that are gone, TLS and passwords, packed records, partitions that come, transactions, and a topic that is made anew.

use crate::broker::Broker;
use crate::client::{Server, shop};
use crate::followed::{CARDS, answers, exported, keeps, number, rejected, root, until};
use crate::requests::{lines, question, row};
use futures::executor::block_on;
use rdkafka::admin::{AdminOptions, NewPartitions};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::{Offset, TopicPartitionList};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

fn send(producer: &BaseProducer, (topic, partition): (&str, i32), values: &[String]) {
    for value in values {
        let record: BaseRecord<'_, str, str> = BaseRecord::to(topic).partition(partition).key("k").payload(value);
        producer.send(record).map_err(|(error, _)| error).expect("room");
    }
}

fn values(ids: std::ops::Range<u32>) -> Vec<String> {
    ids.map(|id| row(id, CARDS[id as usize % 3], 200 + (id * 13) % 519).to_string())
        .collect()
}

fn accepted(server: &Server, rows: u64) {
    until(server, &format!("{rows} rows"), |server| {
        number(server, "featc_rows_accepted_total") == rows
    });
    until(server, "no lag", |server| {
        number(server, "featc_followed_unread_records") == 0
    });
}

fn told(server: &Server, code: &str) -> bool {
    server.get("/metrics").body.contains(&format!(
        "featc_source_problems_total{{source=\"payments\",code=\"{code}\"}}"
    ))
}

/// The server is killed five times and the broker once while rows are written: each is in the state once.
fn kills(broker: &mut Broker, folder: &Path) {
    let program = shop(folder);
    let rows: Vec<Value> = (0..1500)
        .map(|id| row(id, CARDS[id as usize % 3], 200 + (id * 13) % 519))
        .collect();
    let undisturbed = Server::of(&program, &folder.join("undisturbed"));
    undisturbed.push(&lines(&rows));
    let expected = answers(&undisturbed);
    drop(undisturbed);

    broker.topic("kills", 3);
    let properties = broker.properties(folder).display().to_string();
    let options = [
        "--history",
        "20000d",
        "--source",
        "payments=kafka:kills",
        "--kafka",
        &properties,
    ];
    let start = || Server::start(&program, &folder.join("killed"), &options).unwrap_or_else(|said| panic!("{said}"));
    let mut server = start();
    let (producer, rows) = (broker.producer(&[("linger.ms", "1")]), Arc::new(rows));
    let (written, count) = (rows.clone(), rows.len());
    let writer = std::thread::spawn(move || {
        let mut broken = 0;
        for (place, part) in written.chunks(15).enumerate() {
            let values: Vec<String> = part.iter().map(Value::to_string).collect();
            send(&producer, ("kills", place as i32 % 3), &values);
            if place % 8 == 3 {
                send(&producer, ("kills", place as i32 % 3), &[format!("broken {place}")]);
                broken += 1;
            }
            producer.flush(2 * MINUTE).expect("a broker that takes it");
            std::thread::sleep(Duration::from_millis(40));
        }
        broken
    });
    let mut replayed = 0;
    for life in 0..5 {
        std::thread::sleep(Duration::from_millis(400 + 130 * life));
        server.kill();
        if life == 2 {
            broker.kill();
        }
        server = start();
        replayed += server.said["replayed"].as_u64().expect("a number");
        if life == 2 {
            until(&server, "the broker is missed", |server| told(server, "E0816"));
            broker.again();
        }
    }
    let broken: usize = writer.join().expect("a writer");
    // Not each row is in an answer, and what the brokers told last may be from before the last rows.
    until(&server, "all is kept", |server| keeps(server, count));
    until(&server, "all is answered", |server| answers(server) == expected);
    until(&server, "no lag", |server| {
        number(server, "featc_followed_unread_records") == 0
    });
    assert_eq!(number(&server, "featc_followed_splits"), 3);
    assert!(!told(&server, "E0815"), "{}", server.get("/metrics").body);
    assert!(replayed > 0);
    assert!(server.end(), "it ends in order");
    assert_eq!(
        exported(folder, "killed", "rows"),
        count as u64,
        "each row is there once"
    );
    let rejected = rejected(&folder.join("killed"));
    assert_eq!(rejected.len(), broken);
    assert!(
        rejected.iter().all(|payload| payload.starts_with("broken")),
        "{rejected:?}"
    );
}

/// Over TLS, with a password, and packed in every way that Kafka knows.
fn secrets(broker: &Broker, folder: &Path) {
    let program = shop(folder);
    broker.topic("secrets", 1);
    for (place, packing) in ["none", "gzip", "snappy", "lz4", "zstd"].into_iter().enumerate() {
        let producer = broker.producer(&[("compression.type", packing)]);
        let first = 10 * place as u32;
        send(&producer, ("secrets", 0), &values(first..first + 10));
        producer.flush(MINUTE).expect("a broker that takes it");
    }
    let of_broker = |name: &str| broker.folder.path().join(name);
    let address = std::fs::read_to_string(of_broker("secure")).expect("an address");
    let brokers = |authority: &str, password: &str| {
        let path = folder.join("brokers.properties");
        let text = format!(
            "bootstrap.servers={}\nsecurity.protocol=sasl_ssl\n{authority}\nsasl.mechanism=SCRAM-SHA-512\n\
             sasl.username=featc\nsasl.password={password}\n",
            address.trim()
        );
        std::fs::write(&path, text).expect("a writable folder");
        path.display().to_string()
    };
    let authority = format!("ssl.ca.location={}", of_broker("ca.pem").display());
    let start = |properties: &str| {
        let options = [
            "--history",
            "20000d",
            "--source",
            "payments=kafka:secrets",
            "--kafka",
            properties,
        ];
        Server::start(&program, &folder.join("state"), &options).unwrap_or_else(|said| panic!("{said}"))
    };
    // Who is not known, and of whom nobody vouches, is told, without the password.
    for (authority, password, why) in [
        (authority.as_str(), "broker-guess", "uthentication failed"),
        ("", "broker-secret", "certificate verify failed"),
    ] {
        let mut logs = (0..5).map(|_| {
            let server = start(&brokers(authority, password));
            until(&server, why, |server| told(server, "E0816"));
            let (in_order, log) = server.end_saying();
            assert!(in_order && !log.contains("broker-"), "{log}");
            log
        });
        // A broker that has much to do may not answer at all.
        assert!(logs.any(|log| log.contains(why)), "{why}");
    }
    // The program may say which topic it is.
    let text = std::fs::read_to_string(&program).expect("a program");
    let declared = text.replace("  batch parquet", "  stream jsonl \"kafka:secrets\"\n  batch parquet");
    assert_ne!(declared, text);
    std::fs::write(&program, declared).expect("a writable folder");
    let properties = brokers(&authority, "broker-secret");
    let options = ["--history", "20000d", "--follow", "--kafka", &properties];
    let server = Server::start(&program, &folder.join("state"), &options).unwrap_or_else(|said| panic!("{said}"));
    accepted(&server, 50);
    assert!(server.end());
}

/// A hundred times as many records as before come at once, nine of ten about one card, some broken; one partition is idle.
fn bursts(broker: &Broker, folder: &Path) {
    let program = shop(folder);
    let rows: Vec<Value> = (0..6_060)
        .map(|id| {
            row(
                id,
                if id % 10 == 9 { CARDS[id as usize / 10 % 3] } else { "a" },
                200 + (id * 13) % 519,
            )
        })
        .collect();
    let undisturbed = Server::of(&program, &folder.join("undisturbed"));
    rows.chunks(2_000).for_each(|rows| drop(undisturbed.push(&lines(rows))));
    let expected = answers(&undisturbed);
    drop(undisturbed);

    broker.topic("bursts", 4);
    let properties = broker.properties(folder).display().to_string();
    let options = [
        "--history",
        "20000d",
        "--source",
        "payments=kafka:bursts",
        "--kafka",
        &properties,
    ];
    let server = Server::start(&program, &folder.join("state"), &options).unwrap_or_else(|said| panic!("{said}"));
    let producer = broker.producer(&[("linger.ms", "1")]);
    // By their keys: the hot card has a partition, and the last one has none.
    let partition = |row: &Value| {
        if row["card"] == "a" {
            0
        } else {
            1 + (row["card"] == "c") as i32
        }
    };
    let (slow, burst) = rows.split_at(60);
    for row in slow {
        send(&producer, ("bursts", partition(row)), &[row.to_string()]);
        std::thread::sleep(Duration::from_millis(10));
    }
    until(&server, "the first ones", |server| {
        number(server, "featc_rows_accepted_total") > 0
    });
    let mut broken = 0;
    for (place, row) in burst.iter().enumerate() {
        send(&producer, ("bursts", partition(row)), &[row.to_string()]);
        if place % 500 == 7 {
            send(&producer, ("bursts", partition(row)), &[format!("broken {place}")]);
            broken += 1;
        }
    }
    producer.flush(MINUTE).expect("a broker that takes it");
    accepted(&server, rows.len() as u64);
    assert_eq!(number(&server, "featc_followed_splits"), 4);
    assert_eq!(answers(&server), expected);
    assert!(!told(&server, "E0815"), "{}", server.get("/metrics").body);

    // The cut follows the clock, and waits for no partition: not for the one that never had a record.
    let now = |server: &Server| {
        let mut question = question("b");
        question.as_object_mut().expect("an object").remove("at");
        server.answer(&question)
    };
    let cut = |server: &Server| now(server)["cuts"]["payments"].as_str().expect("a cut").to_owned();
    let before = cut(&server);
    std::thread::sleep(Duration::from_millis(20));
    assert!(cut(&server) > before);
    // What it gets in the end is stamped after the cut, and counts.
    let mut first = row(6_060, "b", 718);
    first["at"] = json!(before);
    first.as_object_mut().expect("an object").remove("seen");
    send(&producer, ("bursts", 3), &[first.to_string()]);
    producer.flush(MINUTE).expect("a broker that takes it");
    accepted(&server, rows.len() as u64 + 1);
    assert_eq!(number(&server, "featc_rows_late_for_cut_total"), 0);
    until(&server, "it is answered", |server| {
        now(server)["answers"][0]["values"]["spend__last_1d"] == json!(1515.0)
    });
    assert!(server.end(), "it ends in order");
    assert_eq!(
        exported(folder, "state", "rows"),
        rows.len() as u64 + 1,
        "each row is there once"
    );
    assert_eq!(rejected(&folder.join("state")).len(), broken);
}

/// What a topic may do to its reader.
fn changes(broker: &Broker, folder: &Path) {
    let program = shop(folder);
    broker.topic("changes", 1);
    let properties = broker.properties(folder).display().to_string();
    let options = [
        "--history",
        "20000d",
        "--source",
        "payments=kafka:changes",
        "--kafka",
        &properties,
    ];
    let start = || Server::start(&program, &folder.join("state"), &options).unwrap_or_else(|said| panic!("{said}"));
    let producer = broker.producer(&[]);
    let write = |partition, ids| {
        send(&producer, ("changes", partition), &values(ids));
        producer.flush(MINUTE).expect("a broker that takes it");
    };
    write(0, 0..20);
    let server = start();
    accepted(&server, 20);
    assert!(server.end());

    // Retention takes what was not read yet.
    write(0, 20..50);
    let mut gone = TopicPartitionList::new();
    gone.add_partition_offset("changes", 0, Offset::Offset(30))
        .expect("a list");
    block_on(broker.admin().delete_records(&gone, &AdminOptions::new())).expect("records go");
    let server = start();
    accepted(&server, 20);
    assert!(told(&server, "E0815"));

    // A partition comes.
    let more = NewPartitions::new("changes", 2);
    let made = block_on(broker.admin().create_partitions([&more], &AdminOptions::new()));
    made.expect("an answer").remove(0).expect("a partition");
    until(&server, "a second partition", |server| {
        number(server, "featc_followed_splits") == 2
    });
    let producer = broker.producer(&[]);
    send(&producer, ("changes", 1), &values(50..55));
    producer.flush(MINUTE).expect("a broker that takes it");
    accepted(&server, 25);

    // Of transactions only what was committed counts; the marks of their ends are no lag.
    let producer = broker.producer(&[("transactional.id", "t")]);
    producer.init_transactions(MINUTE).expect("transactions");
    for (ids, is_committed) in [(60..65, false), (65..70, true), (70..75, false)] {
        producer.begin_transaction().expect("one begins");
        send(&producer, ("changes", 0), &values(ids));
        producer.flush(MINUTE).expect("a broker that takes it");
        match is_committed {
            true => producer.commit_transaction(MINUTE).expect("it is committed"),
            false => producer.abort_transaction(MINUTE).expect("it is broken off"),
        }
    }
    accepted(&server, 30);
    let (in_order, log) = server.end_saying();
    assert!(in_order);
    page_says("E0815", &log);
    assert_eq!(exported(folder, "state", "rows"), 50);

    // The topic is made anew while it is read.
    let server = start();
    until(&server, "it reads", |server| {
        number(server, "featc_followed_splits") == 2
    });
    let deleted = block_on(broker.admin().delete_topics(&["changes"], &AdminOptions::new()));
    deleted.expect("an answer").remove(0).expect("it goes");
    until(&server, "it is missed", |server| told(server, "E0816"));
    broker.topic("changes", 1);
    let producer = broker.producer(&[]);
    send(&producer, ("changes", 0), &values(80..83));
    producer.flush(MINUTE).expect("a broker that takes it");
    until(&server, "the new topic is read", |server| {
        number(server, "featc_rows_accepted_total") == 3
    });
    assert!(told(&server, "E0815"));
    let (in_order, log) = server.end_saying();
    assert!(in_order);
    page_says("E0816", &log);
    assert_eq!(exported(folder, "state", "rows-anew"), 53);
}

/// The second example of a page is what the log says, but for why.
fn page_says(code: &str, log: &str) {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut said = lines.filter(|line| line["code"] == code);
    let mut said = said.next().unwrap_or_else(|| panic!("{code}: not told:\n{log}"));
    said["time"] = json!("$NOW");
    let page = std::fs::read_to_string(root().join(format!("docs/errors/{code}.md"))).expect("a page");
    let example = page.split("```json\n").nth(2).and_then(|rest| rest.split("```").next());
    let mut example: Value =
        serde_json::from_str(example.unwrap_or_else(|| panic!("{code}: no second block"))).expect("JSON");
    if code == "E0816" {
        example["why"] = said["why"].clone();
    }
    example["from"] = json!(
        example["from"]
            .as_str()
            .unwrap_or_default()
            .replace("payments", "changes")
    );
    assert_eq!(said, example);
}

#[test]
fn a_topic_is_a_source() {
    let mut broker = Broker::start();
    for test in ["secrets", "bursts", "kills", "changes"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        match test {
            "secrets" => secrets(&broker, folder.path()),
            "bursts" => bursts(&broker, folder.path()),
            "kills" => kills(&mut broker, folder.path()),
            _ => changes(&broker, folder.path()),
        }
    }
}
