//! What is read: a topic, and what says when its records arrived.

use featc_ir::FileFormat;
use std::fmt;
use std::str::FromStr;

/// A topic that is read into a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// What says when a record arrived.
    pub arrival: Arrival,
    /// What its records are in; `None`: nothing after its name says it.
    pub format: Option<FileFormat>,
}

/// What says the arrival of a record whose value says none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// The clock of the server, when it is taken in.
    Clock,
    /// The timestamp of the record.
    Timestamp,
    /// A header: an instant with an offset, or milliseconds since the epoch.
    Header(String),
}

/// The longest name that brokers take.
const NAME_MAX: usize = 249;

impl FromStr for Topic {
    type Err = String;

    /// Reads `TOPIC`, and after a `?` and between `&` what is said of it: `arrival=timestamp` or `arrival=header:NAME`, and
    /// `format=avro` or `format=jsonl`.
    fn from_str(text: &str) -> Result<Topic, String> {
        let (name, options) = text
            .split_once('?')
            .map_or((text, None), |(name, rest)| (name, Some(rest)));
        let (mut arrival, mut format) = (None, None);
        for option in options.into_iter().flat_map(|options| options.split('&')) {
            let (key, value) = option.split_once('=').unwrap_or((option, ""));
            let is_second = match key {
                "arrival" => arrival.replace(arrival_of(value)?).is_some(),
                "format" => format.replace(format_of(value)?).is_some(),
                _ => return Err(format!("`{option}` means nothing here")),
            };
            if is_second {
                return Err(format!("`{key}` is said twice"));
            }
        }
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let is_topic = (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(is_name) && name != "." && name != "..";
        if !is_topic {
            return Err(format!("`{name}` is no name of a topic"));
        }
        let name = name.to_owned();
        let arrival = arrival.unwrap_or(Arrival::Clock);
        Ok(Topic { name, arrival, format })
    }
}

fn arrival_of(value: &str) -> Result<Arrival, String> {
    match (value, value.strip_prefix("header:")) {
        ("timestamp", _) => Ok(Arrival::Timestamp),
        (_, Some(name)) if !name.is_empty() => Ok(Arrival::Header(name.to_owned())),
        _ => Err(format!("`{value}` is no arrival: it is `timestamp` or `header:NAME`")),
    }
}

fn format_of(value: &str) -> Result<FileFormat, String> {
    let mut of_topics = FileFormat::ALL.iter().copied().filter(|format| format.is_of_topics());
    let found = of_topics.find(|format| format.name() == value);
    found.ok_or_else(|| format!("`{value}` is no format of records: it is `jsonl` or `avro`"))
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kafka:{}", self.name)
    }
}
