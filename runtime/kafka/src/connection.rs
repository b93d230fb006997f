//! A consumer whose partitions are assigned by us, and what the brokers say to it.

use crate::properties::Properties;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::statistics::Statistics;
use rdkafka::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So long a broker may take for an answer that nothing goes on without.
const ANSWER: Duration = Duration::from_millis(1500);

/// What was said of brokers explains what goes wrong for so long.
const SAID: Duration = Duration::from_secs(10);
/// So many events are waited for, and each for so long, where nothing can be read.
const EVENTS: usize = 20;
const EVENT: Duration = Duration::from_millis(5);
/// Events that are let go at a time.
const EVENTS_MAX: usize = 100_000;

/// What is told by the way.
#[derive(Debug, Default)]
struct Heard {
    /// By partition, the offset after the last record that may be read.
    ends: Mutex<BTreeMap<i32, i64>>,
    /// What was said last of brokers that cannot be reached, and when.
    reason: Mutex<Option<(Instant, String)>>,
}

impl ClientContext for Heard {
    // What matters comes as an error as well.
    fn log(&self, _level: RDKafkaLogLevel, _facility: &str, _message: &str) {}

    fn stats(&self, statistics: Statistics) {
        let all = statistics.topics.into_values().flat_map(|topic| topic.partitions);
        let ends = all.filter_map(|(id, about)| Some((id, about.ls_offset.max(-1))).filter(|(_, end)| *end >= 0));
        *self.ends.lock().unwrap_or_else(PoisonError::into_inner) = ends.collect();
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::PartitionEOF) {
            return;
        }
        let mut said = self.reason.lock().unwrap_or_else(PoisonError::into_inner);
        // That all are down says less than why the last one is.
        let is_less = error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown);
        let is_known = said.as_ref().is_some_and(|(at, _)| at.elapsed() < SAID);
        if !(is_less && is_known) {
            *said = Some((Instant::now(), reason.to_owned()));
        }
    }
}

impl ConsumerContext for Heard {}

/// A consumer of one topic.
pub struct Connection {
    consumer: BaseConsumer<Heard>,
    topic: String,
}

/// What comes of it.
pub enum Event<'a> {
    /// Nothing so far.
    Nothing,
    Record(i32, Received<'a>),
    /// A partition was read to its end.
    End,
    /// A position is not there any more.
    Gone,
    /// It was said that no broker can be reached, now or some time ago.
    Away,
    /// A partition cannot be read; why. It is tried again.
    Trouble(String),
}

/// A record as it came.
pub struct Received<'a>(BorrowedMessage<'a>);

impl Received<'_> {
    pub fn offset(&self) -> i64 {
        self.0.offset()
    }

    pub fn key(&self) -> Option<&[u8]> {
        self.0.key()
    }

    /// `None`: a tombstone.
    pub fn value(&self) -> Option<&[u8]> {
        self.0.payload()
    }

    pub fn timestamp_ms(&self) -> Option<i64> {
        self.0.timestamp().to_millis()
    }

    /// The last header of a name that says something.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let all = self.0.headers()?;
        all.iter().filter(|header| header.key == name).last()?.value
    }
}

impl Connection {
    /// # Errors
    /// The library makes no client.
    pub fn new(properties: &Properties, topic: &str) -> Result<Connection, String> {
        let consumer = properties.config().create_with_context(Heard::default());
        Ok(Connection {
            consumer: consumer.map_err(|error: KafkaError| error.to_string())?,
            topic: topic.to_owned(),
        })
    }

    /// How many partitions the topic has.
    ///
    /// # Errors
    /// Nobody answers, or there is no such topic.
    pub fn partitions(&self) -> Result<i32, String> {
        let metadata = self.consumer.fetch_metadata(Some(&self.topic), ANSWER);
        let metadata = metadata.map_err(|error| self.reason(&error))?;
        let about = metadata.topics().iter().find(|about| about.name() == self.topic);
        let count = about.map_or(0, |about| about.partitions().len());
        match (about.and_then(|about| about.error()), count) {
            (Some(error), _) => Err(words(RDKafkaErrorCode::from(error))),
            (None, 0) => Err("the brokers know no such topic".to_owned()),
            (None, count) => Ok(i32::try_from(count).unwrap_or(i32::MAX)),
        }
    }

    /// The first offset of a partition that is there, and the one after the last.
    ///
    /// # Errors
    /// Nobody answers.
    pub fn bounds(&self, partition: i32) -> Result<(i64, i64), String> {
        let bounds = self.consumer.fetch_watermarks(&self.topic, partition, ANSWER);
        bounds.map_err(|error| self.reason(&error))
    }

    fn list(&self, from: &BTreeMap<i32, i64>) -> Result<TopicPartitionList, String> {
        let mut list = TopicPartitionList::new();
        for (partition, offset) in from {
            let added = list.add_partition_offset(&self.topic, *partition, Offset::Offset(*offset));
            added.map_err(|error| error.to_string())?;
        }
        Ok(list)
    }

    /// Reads these partitions from these offsets on, and no others.
    ///
    /// # Errors
    /// None but bugs.
    pub fn assign(&self, from: &BTreeMap<i32, i64>) -> Result<(), String> {
        let assigned = self.consumer.assign(&self.list(from)?);
        assigned.map_err(|error| error.to_string())
    }

    /// Reads these partitions as well.
    ///
    /// # Errors
    /// None but bugs.
    pub fn assign_more(&self, from: &BTreeMap<i32, i64>) -> Result<(), String> {
        let assigned = self.consumer.incremental_assign(&self.list(from)?);
        assigned.map_err(|error| error.to_string())
    }

    /// By partition, the offset after what has come of it. Records of transactions that were broken off, and the marks that
    /// end transactions, lie before it and never come.
    pub fn next_offsets(&self) -> BTreeMap<i32, i64> {
        let positions = self.consumer.position();
        let positions = positions.as_ref().map(TopicPartitionList::elements).unwrap_or_default();
        let known = positions.iter().filter_map(|about| match about.offset() {
            Offset::Offset(offset) => Some((about.partition(), offset)),
            _ => None,
        });
        known.collect()
    }

    /// By partition, the offset after the last record that may be read, as it was a second ago.
    pub fn ends(&self) -> BTreeMap<i32, i64> {
        let heard = &self.consumer.client().context().ends;
        heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What comes next, within a time.
    pub fn next(&self, wait: Duration) -> Event<'_> {
        use RDKafkaErrorCode as Code;
        match self.consumer.poll(wait) {
            None => Event::Nothing,
            Some(Ok(message)) => Event::Record(message.partition(), Received(message)),
            Some(Err(KafkaError::PartitionEOF(_))) => Event::End,
            Some(Err(KafkaError::MessageConsumption(Code::AutoOffsetReset | Code::OffsetOutOfRange))) => Event::Gone,
            // One broker of several, or a connection that was idle; when none is left that is told.
            Some(Err(KafkaError::MessageConsumption(Code::BrokerTransportFailure))) => Event::Nothing,
            Some(Err(KafkaError::MessageConsumption(Code::AllBrokersDown | Code::Resolve))) => Event::Away,
            Some(Err(error)) => Event::Trouble(self.reason(&error)),
        }
    }

    /// What was said of brokers, if anything. Records that have come are let go: partitions are to be assigned anew.
    pub fn said_of_brokers(&self) -> Option<String> {
        for _ in 0..EVENTS {
            drop(self.consumer.poll(EVENT));
            let heard = self.heard();
            if heard.is_some() {
                return heard;
            }
        }
        None
    }

    /// Lets go what came before partitions are assigned: records, and what was said while brokers were away.
    pub fn forget(&self) {
        for _ in 0..EVENTS_MAX {
            if self.consumer.poll(Duration::ZERO).is_none() {
                break;
            }
        }
        drop(self.heard());
    }

    /// What was said last of brokers, once.
    fn heard(&self) -> Option<String> {
        let heard = &self.consumer.client().context().reason;
        let heard = heard.lock().unwrap_or_else(PoisonError::into_inner).take();
        heard.filter(|(at, _)| at.elapsed() < SAID).map(|(_, reason)| reason)
    }

    /// Why it does not go on: what was said of the brokers last, or else the error.
    fn reason(&self, error: &KafkaError) -> String {
        let code = error.rdkafka_error_code().map(words);
        self.heard().or(code).unwrap_or_else(|| error.to_string())
    }
}

/// What the library calls an error, without the name of its code.
fn words(code: RDKafkaErrorCode) -> String {
    let text = code.to_string();
    let words = text.split_once(" (").map(|(_, words)| words.trim_end_matches(')'));
    words.unwrap_or(&text).to_owned()
}
