mod avro;

use crate::{Properties, Topic, read};
use arrow::array::{AsArray as _, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use featr::Program;
use featr_online::{Folder, Options, Problem, Runtime, SystemClock, Unread, pushed};
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const SHOP: &str = r#"
module shop
entity card (card: string)
source payments {
  columns (id: int64, card: string, amount: float64, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  lateness 40000d
}
view spend of card from payments {
  owner "payments"
  /// What was paid.
  feature total = sum(amount) over 20000d default 0.0
}
service risk { spend.* }
"#;

fn program() -> Program {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("shop.feat", SHOP);
    let compiled = featc_driver::compile(&sources, &[file]);
    let ir = compiled.value.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    let plans = featc_driver::lower(&ir);
    Program::new(plans.batch, plans.stream, ".")
}

/// Brokers in this process, and a producer.
struct Brokers {
    cluster: MockCluster<'static, DefaultProducerContext>,
    producer: BaseProducer,
}

impl Brokers {
    fn new(topic: &str, partitions: i32) -> Brokers {
        let cluster = MockCluster::new(1).expect("brokers");
        cluster.create_topic(topic, partitions, 1).expect("a topic");
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", cluster.bootstrap_servers());
        let producer = config.create().expect("a producer");
        Brokers { cluster, producer }
    }

    fn send(&self, record: BaseRecord<'_, str, [u8]>) {
        self.producer.send(record).map_err(|(error, _)| error).expect("room");
    }

    /// Rows with these ids, in this partition.
    fn rows(&self, (topic, partition): (&str, i32), ids: std::ops::Range<i64>) {
        for id in ids {
            self.send(
                BaseRecord::to(topic)
                    .partition(partition)
                    .key("a")
                    .payload(line(id).as_bytes()),
            );
        }
        self.flush();
    }

    fn flush(&self) {
        self.producer
            .flush(Duration::from_secs(20))
            .expect("brokers that take it");
    }

    fn properties(&self) -> Properties {
        let servers = self.cluster.bootstrap_servers();
        let text = format!("# Of the tests\nbootstrap.servers = {servers}\n\ntopic.metadata.refresh.interval.ms=300\n");
        Properties::read(&text).expect("properties")
    }
}

fn line(id: i64) -> String {
    format!("{{\"id\": {id}, \"card\": \"a\", \"amount\": {id}.5, \"at\": \"2024-03-01T11:59:00Z\"}}")
}

/// A state that is open, and the reader of a topic.
struct Run {
    runtime: Runtime,
    reader: JoinHandle<()>,
    problems: RefCell<Vec<Problem>>,
}

impl Run {
    fn start(folder: &Path, topic: &str, properties: Properties) -> Run {
        let disk = Folder::take(&folder.join("state"))
            .expect("a folder")
            .expect("nobody has it");
        let opened = Runtime::open(program(), Arc::new(disk), Arc::new(SystemClock), Options::default());
        let (runtime, _) = opened.expect("a state");
        let feed = runtime.feed("payments").expect("a source");
        let topic: Topic = topic.parse().expect("a topic");
        Run {
            runtime,
            reader: std::thread::spawn(move || read(&feed, &topic, &properties)),
            problems: RefCell::default(),
        }
    }

    fn accepted(&self) -> u64 {
        self.runtime
            .counters()
            .accepted
            .list()
            .into_iter()
            .map(|(_, count)| count)
            .sum()
    }

    fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            let (problems, progress) = (self.problems(), self.runtime.progress());
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "{what}: {problems:?} {progress:?}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until so many rows were taken in since it began, and nothing is left.
    fn until_accepted(&self, rows: u64) {
        self.until(&format!("{rows} rows"), || self.accepted() >= rows);
        self.until("no lag", || {
            self.runtime
                .progress()
                .iter()
                .all(|(_, progress)| progress.unread == Unread::Records(0))
        });
        assert_eq!(self.accepted(), rows, "{:?}", self.problems());
    }

    /// The codes that were told, with what they are about and why.
    fn problems(&self) -> Vec<(&'static str, String, String)> {
        let mut all = self.problems.borrow_mut();
        all.extend(self.runtime.take_problems());
        let told = |one: &Problem| (one.code, one.from.clone(), one.why.clone());
        all.iter().map(told).collect()
    }

    fn until_told(&self, code: &str) {
        self.until(code, || self.problems().iter().any(|(told, _, _)| *told == code));
    }

    fn end(self) {
        self.runtime.stop().expect("it ends");
        self.reader.join().expect("it reads");
    }
}

/// The rows of the state: ids with arrivals, in order, as often as they are there.
fn rows(folder: &Path) -> Vec<(i64, i64)> {
    let disk = Folder::existing(&folder.join("state"))
        .expect("a folder")
        .expect("nobody has it");
    let mut found = Vec::new();
    let mut each = |_: &str, rows: &RecordBatch| {
        let ids = rows.column(0).as_primitive::<Int64Type>().values();
        let arrivals = rows.column(4).as_primitive::<TimestampMicrosecondType>().values();
        found.extend(ids.iter().copied().zip(arrivals.iter().copied()));
        Ok(())
    };
    pushed(&disk, &mut each).expect("a whole state");
    found.sort_unstable();
    found
}

fn ids(folder: &Path) -> Vec<i64> {
    rows(folder).into_iter().map(|(id, _)| id).collect()
}

/// What lies aside: where it was read, its offset, the reason, and its payload.
fn aside(folder: &Path) -> Vec<(String, u64, String, Value)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder.join("state/aside"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let text = std::fs::read_to_string(entry.path()).expect("readable");
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).expect("JSON");
            let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            let place = line["place"].as_u64().expect("a place");
            found.push((text("from"), place, text("reason"), line["payload"].clone()));
        }
    }
    found.sort_by_key(|(from, place, _, _)| (from.clone(), *place));
    found
}

#[test]
fn a_record_is_read_once_and_what_cannot_be_used_lies_aside_by_its_offset() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let brokers = Brokers::new("shop.rows", 3);
    brokers.rows(("shop.rows", 0), 0..50);
    brokers.rows(("shop.rows", 1), 50..55);
    let to = || BaseRecord::to("shop.rows").partition(1);
    brokers.send(to().key("gone"));
    brokers.send(to().key("a").payload(b" "));
    brokers.send(to().key("a").payload(b"{\"id\": 1, \"card\": \"a\""));
    // A record may have line breaks; an instant without an offset spoils nothing but itself.
    let in_lines = line(55).replace(", ", ",\r\n ");
    brokers.send(to().key("a").payload(in_lines.as_bytes()));
    brokers.send(to().key("a").payload(line(99).replace("00Z", "00").as_bytes()));
    brokers.rows(("shop.rows", 1), 56..60);

    let run = Run::start(folder.path(), "shop.rows", brokers.properties());
    run.until_accepted(60);
    assert_eq!(run.problems(), []);
    assert_eq!(run.runtime.progress()[0].1.splits, 3);
    run.end();
    let found = aside(folder.path());
    let told: Vec<(&str, u64, &str)> = found
        .iter()
        .map(|(from, at, why, _)| (from.as_str(), *at, why.as_str()))
        .collect();
    let broken = [
        (5, "unparsable"),
        (6, "unparsable"),
        (7, "unparsable"),
        (9, "bad_value"),
    ];
    assert_eq!(told, broken.map(|(at, why)| ("shop.rows/1", at, why)));
    let payloads: Vec<&Value> = found.iter().map(|(_, _, _, payload)| payload).collect();
    assert_eq!(
        payloads[..3],
        [&Value::Null, &" ".into(), &"{\"id\": 1, \"card\": \"a\"".into()]
    );

    // A second life goes on where the first one was, whatever came meanwhile.
    brokers.rows(("shop.rows", 2), 60..70);
    brokers.rows(("shop.rows", 0), 70..75);
    let run = Run::start(folder.path(), "shop.rows", brokers.properties());
    run.until_accepted(15);
    brokers.rows(("shop.rows", 1), 75..76);
    run.until_accepted(16);
    assert_eq!(run.problems(), []);
    run.end();
    assert_eq!(ids(folder.path()), (0..76).collect::<Vec<i64>>());
    assert_eq!(aside(folder.path()), found);
}

#[test]
fn a_record_arrives_when_its_value_or_its_timestamp_or_a_header_says() {
    let header = |value: &str| {
        OwnedHeaders::new().insert(Header {
            key: "seen",
            value: Some(value),
        })
    };
    let (early_ms, declared_us) = (1_709_294_400_000, 1_709_300_000_000_000);
    let declared = line(3).replace('}', ", \"seen\": \"2024-03-01T13:33:20Z\"}");
    let (plain, mut arrivals) = ([line(1), line(2)], BTreeMap::new());
    for option in ["", "?arrival=timestamp", "?arrival=header:seen"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let brokers = Brokers::new("rows", 1);
        let to = |line: &str| {
            BaseRecord::to("rows")
                .key("a")
                .timestamp(early_ms)
                .payload(line.as_bytes().to_vec().leak() as &[u8])
        };
        brokers.send(to(&plain[0]).headers(header("2024-03-01T12:30:00+00:30")));
        brokers.send(to(&plain[1]).headers(header("1709294400000")));
        brokers.send(to(&declared).headers(header("1709294400000")));
        brokers.send(to(&line(4)));
        brokers.send(to(&line(5)).headers(header("yesterday")));
        brokers.flush();
        let run = Run::start(folder.path(), &format!("rows{option}"), brokers.properties());
        run.until_accepted(if option.contains("header") { 4 } else { 5 });
        run.end();
        arrivals.insert(option, rows(folder.path()));
        let aside: Vec<u64> = aside(folder.path()).into_iter().map(|(_, place, _, _)| place).collect();
        assert_eq!(aside, if option.contains("header") { vec![4] } else { vec![] });
    }
    let early_us = early_ms * 1_000;
    let known = |option: &str| -> Vec<(i64, bool)> {
        let of_option = arrivals[option].iter().filter(|(id, _)| *id != 3);
        of_option.map(|(id, arrival)| (*id, *arrival == early_us)).collect()
    };
    assert_eq!(known(""), [(1, false), (2, false), (4, false), (5, false)]);
    assert_eq!(
        known("?arrival=timestamp"),
        [(1, true), (2, true), (4, true), (5, true)]
    );
    assert_eq!(known("?arrival=header:seen"), [(1, true), (2, true), (4, false)]);
    // What the value says comes first.
    for rows in arrivals.values() {
        assert!(rows.contains(&(3, declared_us)), "{rows:?}");
    }
}

#[test]
fn another_topic_of_the_same_name_is_told_and_read_from_its_beginning() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let first = Brokers::new("rows", 1);
    first.rows(("rows", 0), 0..10);
    let run = Run::start(folder.path(), "rows", first.properties());
    run.until_accepted(10);
    run.end();
    drop(first);

    // Shorter than what was read.
    let shorter = Brokers::new("rows", 1);
    shorter.rows(("rows", 0), 10..14);
    let run = Run::start(folder.path(), "rows", shorter.properties());
    run.until_accepted(4);
    let problems = run.problems();
    assert_eq!(
        (problems.len(), problems[0].0, problems[0].1.as_str()),
        (1, "E0815", "rows/0")
    );
    assert!(
        problems[0].2.contains("ends at offset 4, and was read up to 10"),
        "{problems:?}"
    );
    run.end();
    drop(shorter);

    // As long as what was read, and longer.
    let longer = Brokers::new("rows", 1);
    longer.rows(("rows", 0), 20..30);
    let run = Run::start(folder.path(), "rows", longer.properties());
    run.until_accepted(10);
    let problems = run.problems();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].2.contains("offset 3 is not the one that was read"),
        "{problems:?}"
    );
    run.end();
    assert_eq!(ids(folder.path()), (0..14).chain(20..30).collect::<Vec<i64>>());

    // And the same one is known again.
    let run = Run::start(folder.path(), "rows", longer.properties());
    longer.rows(("rows", 0), 30..31);
    run.until_accepted(1);
    assert_eq!(run.problems(), []);
    run.end();
}

#[test]
fn brokers_that_are_away_are_told_once_and_asked_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let brokers = Brokers::new("rows", 1);
    brokers.rows(("rows", 0), 0..5);
    brokers.cluster.broker_down(1).expect("it goes");
    let run = Run::start(folder.path(), "rows", brokers.properties());
    run.until_told("E0816");
    run.until("it is refused", || run.runtime.progress()[0].1.refused > 0);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(run.problems().len(), 1, "{:?}", run.problems());
    brokers.cluster.broker_up(1).expect("it comes");
    run.until_accepted(5);
    run.until("it is told to be well", || run.runtime.progress()[0].1.refused == 0);
    // In the midst of reading, too.
    brokers.cluster.broker_down(1).expect("it goes");
    run.until("told again", || run.problems().len() == 2);
    brokers.cluster.broker_up(1).expect("it comes");
    brokers.rows(("rows", 0), 5..9);
    run.until_accepted(9);
    assert!(
        run.problems()
            .iter()
            .all(|(code, from, _)| *code == "E0816" && from == "kafka:rows")
    );
    run.end();

    // There is no such topic.
    let run = Run::start(folder.path(), "other", brokers.properties());
    run.until_told("E0816");
    run.end();
    assert_eq!(ids(folder.path()), (0..9).collect::<Vec<i64>>());
}

#[test]
fn what_is_no_topic_and_what_are_no_properties_is_refused() {
    for (text, word) in [
        ("", "no name of a topic"),
        ("a/b", "no name of a topic"),
        ("rows?arrival=broker", "no arrival"),
        ("rows?arrival=header:", "no arrival"),
        ("rows?offset=1", "means nothing"),
        ("rows?format=csv", "no format of records"),
        ("rows?format=avro&format=avro", "said twice"),
    ] {
        let said = text.parse::<Topic>().expect_err("refused");
        assert!(said.contains(word), "{text}: {said}");
    }
    for (text, word) in [
        ("", "no `bootstrap.servers`"),
        ("bootstrap.servers", "line 1 has no `=`"),
        ("bootstrap.servers=a:1\nbootstrap=b", "`bootstrap` is no property"),
        (
            "bootstrap.servers=a:1\nsecurity.protocol=secret",
            "`security.protocol` cannot have",
        ),
        (
            "bootstrap.servers=a:1\nisolation.level=read_uncommitted",
            "not for you to say",
        ),
        (
            "bootstrap.servers=a:1\nsasl.mechanism=PLAIN\nsecurity.protocol=sasl_plaintext\nsasl.password=secret",
            "no client",
        ),
    ] {
        let said = Properties::read(text).expect_err("refused");
        assert!(said.why.contains(word), "{text}: {said:?}");
        assert!(!said.why.contains("secret"), "{said:?}");
    }
    for (text, word) in [
        ("schema.registry.url=registry:8081", "no address"),
        ("basic.auth.user.info=secret", "has no `:`"),
        ("basic.auth.credentials.source=SASL_INHERIT", "`USER_INFO` alone"),
        ("schema.registry.ssl.ca.location=/nowhere/ca.pem", "cannot be read"),
        ("schema.registry.ssl.keystore.location=a", "no property of a registry"),
    ] {
        let said = Properties::read(&format!("bootstrap.servers=a:1\n{text}")).expect_err("refused");
        assert!(
            said.why.contains(word) && !said.why.contains("secret"),
            "{text}: {said:?}"
        );
    }
    let all = "bootstrap.servers=a:1\nschema.registry.url=http://r:1\nbasic.auth.credentials.source=USER_INFO\n";
    assert!(Properties::read(all).expect("usable").has_registry());
    assert!(!Properties::of("a:1").expect("usable").has_registry());
}
