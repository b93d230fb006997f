//! A broker of Apache Kafka on loopback, which `tests/kafka/start` runs. Without Java or Maven a test that asks for one fails.
//!
//! It is compiled into the tests of the binary and into those of all engines.

use futures::executor::block_on;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::BaseProducer;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A broker; it ends with this.
#[derive(Debug)]
pub struct Broker {
    pub folder: tempfile::TempDir,
    pub address: String,
}

impl Broker {
    pub fn start() -> Broker {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut broker = Broker {
            folder,
            address: String::new(),
        };
        broker.again();
        broker
    }

    /// Starts it where it does not run.
    pub fn again(&mut self) {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a repository");
        let script = repository.join("tests/kafka/start");
        let output = Command::new(script)
            .arg(self.folder.path())
            .output()
            .expect("the script runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "there has to be a broker: {said}");
        self.address = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    }

    pub fn kill(&self) {
        let Ok(pid) = std::fs::read_to_string(self.folder.path().join("pid")) else {
            return;
        };
        let _ = Command::new("kill").args(["-9", pid.trim()]).status();
        while Path::new("/proc").join(pid.trim()).join("fd/0").exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// A client's configuration.
    pub fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.address);
        config
    }

    pub fn admin(&self) -> AdminClient<DefaultClientContext> {
        self.config().create().expect("a client")
    }

    pub fn topic(&self, name: &str, partitions: i32) {
        let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
        let made = block_on(self.admin().create_topics([&topic], &AdminOptions::new()));
        made.expect("an answer").remove(0).expect("a topic");
    }

    pub fn producer(&self, options: &[(&str, &str)]) -> BaseProducer {
        let mut config = self.config();
        config
            .set("enable.idempotence", "true")
            .set("message.timeout.ms", "60000");
        for (name, value) in options {
            config.set(*name, *value);
        }
        config.create().expect("a producer")
    }

    /// The file of `--kafka`.
    pub fn properties(&self, folder: &Path) -> PathBuf {
        let path = folder.join("brokers.properties");
        let text = format!(
            "bootstrap.servers={}\ntopic.metadata.refresh.interval.ms=500\n",
            self.address
        );
        std::fs::write(&path, text).expect("a writable folder");
        path
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}
