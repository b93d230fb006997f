//! The way of a life's rows through a real broker of Kafka: a topic for each source and each table with versions, of several
//! partitions, written in drawn batches, with copies and in disorder, as JSON or as Avro.

use super::avro;
use super::log::{self, Row};
use crate::broker::Broker;
use crate::disk::SimulatedDisk;
use crate::registry::Registry;
use featc_ir::{Source, Type};
use featc_tests::rng::Rng;
use featr_kafka::{Properties, Topic, read};
use featr_kernels::Value;
use featr_online::Runtime;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use std::thread::JoinHandle;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// What lives share: brokers, a registry of schemas, and how both are reached.
pub struct Brokers {
    pub broker: Broker,
    pub registry: Registry,
    producer: BaseProducer,
    properties: Properties,
}

impl Brokers {
    pub fn start() -> Brokers {
        let (broker, registry) = (Broker::start(), Registry::start());
        let text = format!(
            "bootstrap.servers={}\nschema.registry.url={}\n",
            broker.address, registry.url
        );
        Brokers {
            producer: broker.producer(&[("linger.ms", "0")]),
            properties: Properties::read(&text).expect("properties"),
            broker,
            registry,
        }
    }
}

/// The topics of a life, by source.
pub struct Topics<'a> {
    brokers: &'a Brokers,
    topics: Vec<Topic>,
    partitions: i32,
    /// Numbers of the schemas, of topics of Avro.
    schemas: Option<Vec<u32>>,
    /// What was written, by source.
    pub written: Vec<Vec<Row>>,
    /// How many records that are no rows were written, by source.
    pub broken: Vec<usize>,
    /// The reader of each source that the program reads.
    readers: Vec<JoinHandle<()>>,
}

impl<'a> Topics<'a> {
    pub fn draw(rng: &mut Rng, brokers: &'a Brokers, seed: u64, inputs: &[Source]) -> Topics<'a> {
        let partitions = 1 + rng.below(3) as i32;
        let is_avro = rng.one_in(2);
        let topic = |source: &Source| {
            let name = format!("life-{seed}.{}", source.name);
            brokers.broker.topic(&name, partitions);
            let option = if is_avro { "?format=avro" } else { "" };
            format!("{name}{option}").parse().expect("a topic")
        };
        let schemas = inputs.iter().enumerate().map(|(place, source)| {
            let id = (seed as u32).wrapping_mul(16) + place as u32;
            brokers.registry.has(id, &avro::schema(source));
            id
        });
        Topics {
            topics: inputs.iter().map(topic).collect(),
            partitions,
            schemas: is_avro.then(|| schemas.collect()),
            written: vec![Vec::new(); inputs.len()],
            broken: vec![0; inputs.len()],
            readers: Vec::new(),
            brokers,
        }
    }

    pub fn is_avro(&self) -> bool {
        self.schemas.is_some()
    }

    /// Whether a record is this row when it is decoded: texts have no years beyond those of four digits, a row without an event
    /// time or with a null in a column that may not be null is kept aside, and NaN is null where the source does not keep it.
    pub fn can_say(source: &Source, row: &Row) -> bool {
        let arrival = source.arrival_column().map(|column| column.index());
        let columns = source.columns.iter().zip(row).enumerate();
        columns.into_iter().all(|(place, (column, value))| match value {
            Value::Null => place != source.time.index() && (column.nullable || arrival == Some(place)),
            value => is_sayable(source, column.ty, value),
        })
    }

    /// Writes rows of a source, each into any partition, and now and then a record that is none.
    pub fn write(&mut self, rng: &mut Rng, place: usize, source: &Source, rows: &[Row]) {
        for row in rows {
            if rng.one_in(16) {
                self.broken[place] += 1;
                self.send(rng, place, b"broken");
            }
            let value = match &self.schemas {
                Some(schemas) => avro::record(schemas[place], row),
                None => json(source, row).into_bytes(),
            };
            self.send(rng, place, &value);
        }
        self.written[place].extend(rows.iter().cloned());
    }

    fn send(&self, rng: &mut Rng, place: usize, value: &[u8]) {
        let partition = rng.below(self.partitions as usize) as i32;
        let to: BaseRecord<'_, str, [u8]> = BaseRecord::to(&self.topics[place].name);
        let sent = self.brokers.producer.send(to.partition(partition).payload(value));
        sent.map_err(|(error, _)| error).expect("room");
    }

    /// Whether all records that are no rows lie aside, of these sources.
    pub fn are_aside(&self, disk: &SimulatedDisk, places: &[usize]) -> bool {
        let found = log::unparsable(disk);
        let of = |place: usize| {
            let begin = format!("{}/", self.topics[place].name);
            found.iter().filter(|(from, _)| from.starts_with(&begin)).count()
        };
        places.iter().all(|place| of(*place) == self.broken[*place])
    }

    /// Waits until the broker has what was written.
    pub fn flush(&self) {
        self.brokers.producer.flush(MINUTE).expect("a broker that takes it");
    }

    /// Begins to read the topics of sources and tables that the program of a state reads.
    pub fn follow(&mut self, runtime: &Runtime, inputs: &[Source]) {
        for (input, topic) in inputs.iter().zip(&self.topics) {
            let Ok(feed) = runtime.feed(&input.name) else {
                continue;
            };
            let (topic, properties) = (topic.clone(), self.brokers.properties.clone());
            self.readers
                .push(std::thread::spawn(move || read(&feed, &topic, &properties)));
        }
    }

    /// Waits until the readers of a state that was closed have ended.
    pub fn join(&mut self) {
        for reader in self.readers.drain(..) {
            reader.join().expect("a reader that does not panic");
        }
    }
}

/// Whether a value that is there, or an item, is read as itself.
fn is_sayable(source: &Source, ty: Type, value: &Value) -> bool {
    match (value, ty) {
        (Value::Float64(value), _) => source.keep_nan || !value.is_nan(),
        (Value::Timestamp(_) | Value::Date(_), _) => featr::parse_value(&value.render(ty), ty).as_ref() == Some(value),
        (Value::List(items), Type::List(of)) => items.iter().all(|item| is_sayable(source, *of, item)),
        _ => true,
    }
}

fn json(source: &Source, row: &Row) -> String {
    let columns = source.columns.iter().zip(row);
    let entries = columns.map(|(column, value)| (column.name.clone(), json_value(column.ty, value)));
    serde_json::Value::Object(entries.collect()).to_string()
}

fn json_value(ty: Type, value: &Value) -> serde_json::Value {
    match (value, ty) {
        (Value::Float64(value), _) if value.is_nan() => "NaN".into(),
        (Value::Duration(us), _) => avro::duration(*us).into(),
        (Value::List(items), Type::List(of)) => items.iter().map(|item| json_value(*of, item)).collect(),
        (value, ty) => featr::json_value(value, ty),
    }
}
