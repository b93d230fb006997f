//! Where the brokers are, and what they want to know of who asks: a file of properties, as the client library names them.

use crate::settings::Settings;
use rdkafka::ClientConfig;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaConfRes;
use std::fmt;

/// Properties of the client library, and of a schema registry. What they say is not shown: secrets are among it.
#[derive(Clone)]
pub struct Properties {
    config: ClientConfig,
    registry: Settings,
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Properties").finish_non_exhaustive()
    }
}

/// What is wrong with properties, without what they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// What is wrong.
    pub why: String,
    /// What to do.
    pub help: String,
}

/// What is decided here: positions stand in the state, and of transactions only what was committed counts.
const OURS: [(&str, &str); 8] = [
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "error"),
    ("isolation.level", "read_committed"),
    ("enable.partition.eof", "true"),
    ("allow.auto.create.topics", "false"),
    ("statistics.interval.ms", "1000"),
    // A state that cannot be written for long stops the polling.
    ("max.poll.interval.ms", "86400000"),
];

/// What is taken unless properties say otherwise.
const UNLESS_TOLD: [(&str, &str); 5] = [
    // Partitions are assigned, and nobody joins; the library wants a name all the same.
    ("group.id", "featc"),
    ("client.id", "featc"),
    ("queued.max.messages.kbytes", "16384"),
    ("reconnect.backoff.max.ms", "1000"),
    (LOOKS, "30000"),
];

/// How often new partitions are looked for.
const LOOKS: &str = "topic.metadata.refresh.interval.ms";

const PROTOCOLS: &str = "`security.protocol` is `plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`";

const PAGE: &str = "see CONFIGURATION.md of librdkafka for its properties";

impl Properties {
    /// Reads `name=value`, one to a line; `#` begins a line that says nothing.
    ///
    /// # Errors
    /// A line is none, a property is not known or is decided here, or no client can be made with them. No broker is asked.
    pub fn read(text: &str) -> Result<Properties, Unusable> {
        let unusable = |why: String, help: &str| {
            let help = help.to_owned();
            Err(Unusable { why, help })
        };
        let (mut config, mut registry) = (ClientConfig::new(), Settings::default());
        for (name, value) in UNLESS_TOLD {
            config.set(name, value);
        }
        for (place, line) in text.lines().map(str::trim).enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((name, value)) = line.split_once('=').map(|(name, value)| (name.trim(), value.trim())) else {
                let why = format!("line {} has no `=`", place + 1);
                return unusable(why, "write a property to a line, like `bootstrap.servers=broker:9092`");
            };
            if OURS.iter().any(|(ours, _)| *ours == name) {
                return unusable(
                    format!("`{name}` is not for you to say"),
                    "leave it out: positions stand in the state",
                );
            }
            match registry.take(name, value) {
                Ok(true) => {}
                Ok(false) => drop(config.set(name, value)),
                Err((why, help)) => return unusable(why, help),
            }
        }
        if config.get("bootstrap.servers").is_none_or(str::is_empty) {
            let help = "write where brokers are, like `bootstrap.servers=broker-1:9092,broker-2:9092`";
            return unusable("no `bootstrap.servers` in it".to_owned(), help);
        }
        for (name, value) in OURS {
            config.set(name, value);
        }
        match config.create::<BaseConsumer>() {
            Ok(_) => Ok(Properties { config, registry }),
            Err(KafkaError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, _, name, _)) => {
                unusable(format!("`{name}` is no property of librdkafka"), PAGE)
            }
            Err(KafkaError::ClientConfig(_, _, name, _)) => {
                let help = if name == "security.protocol" { PROTOCOLS } else { PAGE };
                unusable(
                    format!("`{name}` cannot have its value in this build of librdkafka"),
                    help,
                )
            }
            Err(KafkaError::ClientCreation(why)) => unusable(format!("no client can be made with it: {why}"), PAGE),
            Err(error) => unusable(error.to_string(), PAGE),
        }
    }

    /// For tests, and for who has no file.
    ///
    /// # Errors
    /// As [`Properties::read`].
    pub fn of(servers: &str) -> Result<Properties, Unusable> {
        Properties::read(&format!("bootstrap.servers={servers}"))
    }

    pub(crate) fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// The registry of schemas; without addresses where nothing says where one is.
    pub(crate) fn registry(&self) -> &Settings {
        &self.registry
    }

    /// Whether they say where a schema registry is.
    pub fn has_registry(&self) -> bool {
        !self.registry.urls.is_empty()
    }

    /// How often new partitions are looked for.
    pub(crate) fn looks_every(&self) -> std::time::Duration {
        let said = self.config.get(LOOKS).and_then(|text| text.parse().ok());
        std::time::Duration::from_millis(said.unwrap_or(30_000).max(100))
    }
}
