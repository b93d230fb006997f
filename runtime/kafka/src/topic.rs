//! What is read: a topic, and what says when its records arrived.

use std::fmt;
use std::str::FromStr;

/// A topic that is read into a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    pub name: String,
    pub arrival: Arrival,
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

    /// Reads `TOPIC`, `TOPIC?arrival=timestamp` or `TOPIC?arrival=header:NAME`.
    fn from_str(text: &str) -> Result<Topic, String> {
        let (name, arrival) = match text.split_once('?') {
            None => (text, Arrival::Clock),
            Some((name, option)) => (name, arrival(option)?),
        };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let is_topic = (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(is_name) && name != "." && name != "..";
        if !is_topic {
            return Err(format!("`{name}` is no name of a topic"));
        }
        let name = name.to_owned();
        Ok(Topic { name, arrival })
    }
}

fn arrival(option: &str) -> Result<Arrival, String> {
    match option.strip_prefix("arrival=") {
        Some("timestamp") => Ok(Arrival::Timestamp),
        Some(value) => match value.strip_prefix("header:") {
            Some(name) if !name.is_empty() => Ok(Arrival::Header(name.to_owned())),
            _ => Err(format!("`{value}` is no arrival: it is `timestamp` or `header:NAME`")),
        },
        None => Err(format!("`{option}` means nothing here")),
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kafka:{}", self.name)
    }
}
