//! Brokers of the client library in this process, with a topic `payments`, and a schema registry: for sessions of the log.

use crate::registry::Registry;
use rdkafka::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use std::path::Path;
use std::time::Duration;

const TOPIC: &str = "payments";

pub struct Mocked {
    _cluster: MockCluster<'static, DefaultProducerContext>,
    producer: BaseProducer,
    registry: Registry,
}

impl Mocked {
    /// Says in the folder's `brokers.properties` where they are.
    pub fn start(folder: &Path) -> Mocked {
        let cluster = MockCluster::new(1).expect("brokers");
        cluster.create_topic(TOPIC, 1, 1).expect("a topic");
        let (servers, registry) = (cluster.bootstrap_servers(), Registry::start());
        let text = format!("bootstrap.servers={servers}\nschema.registry.url={}\n", registry.url);
        std::fs::write(folder.join("brokers.properties"), text).expect("a writable folder");
        let producer = ClientConfig::new().set("bootstrap.servers", &servers).create();
        Mocked {
            producer: producer.expect("a producer"),
            _cluster: cluster,
            registry,
        }
    }

    pub fn schema(&self, id: &str, schema: &str) {
        self.registry.has(id.parse().expect("a number"), schema);
    }

    /// A record in hexadecimal; blanks say nothing.
    pub fn record(&self, hex: &str) {
        let digits: Vec<u8> = hex.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let byte = |pair: &[u8]| u8::from_str_radix(&String::from_utf8_lossy(pair), 16).expect("hexadecimal");
        let value: Vec<u8> = digits.chunks(2).map(byte).collect();
        let record: BaseRecord<'_, str, [u8]> = BaseRecord::to(TOPIC).partition(0).payload(&value);
        self.producer.send(record).map_err(|(error, _)| error).expect("room");
        self.producer
            .flush(Duration::from_secs(20))
            .expect("brokers that take it");
    }
}
