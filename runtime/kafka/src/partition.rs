//! A partition: how far it was read, and whether what is there is what was read.

use crate::connection::Received;
use crate::records::Waiting;
use crate::schemas::Written;
use crate::topic::Topic;
use featr_online::{Ended, Feed, Reading, Sender};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A partition that has more, of which nothing came for so long, is assigned anew.
const STUCK: Duration = Duration::from_secs(10);

/// How far a partition has been read: what stands in the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The offset of the record that comes next.
    pub offset: i64,
    /// The last one in front of it.
    pub last: Option<Last>,
}

/// By this a record is known again: another topic of the same name has another one there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    pub offset: i64,
    check: u64,
}

impl Last {
    fn of(record: &Received<'_>) -> Last {
        let stamp = record.timestamp_ms().unwrap_or(-1) as u64;
        let key = xxh3_64_with_seed(record.key().unwrap_or_default(), stamp);
        Last {
            offset: record.offset(),
            check: xxh3_64_with_seed(record.value().unwrap_or_default(), key),
        }
    }
}

/// Where a partition is read from, and what is to be told of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Start {
    pub offset: i64,
    pub gone: Option<String>,
}

/// # Contract
/// What it sends is in order, and its position is durable with it.
#[derive(Debug)]
pub struct Partition {
    /// What the state calls it.
    pub split: String,
    /// `None`: it is read from its beginning.
    position: Option<Position>,
    /// The record that has to come first.
    expected: Option<Last>,
    waiting: Waiting,
    sender: Sender,
    /// The offset after what was sent last.
    sent: i64,
    /// The offset up to which rows are durable, or there are none.
    pub durable: i64,
    /// Since when it is there.
    since: (i64, Instant),
}

impl Partition {
    /// A partition of a topic, where the state has it.
    pub fn new(feed: &Feed, topic: &Topic, id: i32) -> Partition {
        let split = format!("{}/{id}", topic.name);
        let known = feed.positions().remove(&split);
        Partition {
            position: known.and_then(|known| serde_json::from_value(known).ok()),
            split,
            expected: None,
            waiting: Waiting::default(),
            sender: Sender::new(feed.clone()),
            sent: 0,
            durable: 0,
            since: (0, Instant::now()),
        }
    }

    /// Where to read from, of a partition that begins and ends at these offsets; nothing waits.
    pub fn start(&mut self, (first, end): (i64, i64)) -> Start {
        self.expected = None;
        let (offset, gone) = match self.position {
            None => (first, None),
            Some(at) if at.offset > end => {
                let why = format!(
                    "it ends at offset {end}, and was read up to {}: it is another one",
                    at.offset
                );
                (first, Some(why))
            }
            Some(at) if at.offset < first => {
                let (from, to, count) = (at.offset, first - 1, first - at.offset);
                let why =
                    format!("its offsets {from} to {to} are gone, {count} of them: the brokers have deleted them");
                (first, Some(why))
            }
            Some(Position { last: Some(last), .. }) if last.offset >= first => {
                self.expected = Some(last);
                (last.offset, None)
            }
            Some(at) => (at.offset, None),
        };
        if gone.is_some() {
            self.position = None;
        }
        self.sent = self.position.map_or(first, |at| at.offset);
        self.durable = self.sent;
        self.since = (self.durable, Instant::now());
        Start { offset, gone }
    }

    /// Takes a record that has come, and what its value is.
    ///
    /// # Errors
    /// It is not the one that was read there; nothing was taken.
    pub fn take(&mut self, record: &Received<'_>, written: Option<Written<'_>>, topic: &Topic) -> Result<(), String> {
        let offset = record.offset();
        if let Some(expected) = self.expected.take()
            && expected.offset == offset
            && expected != Last::of(record)
        {
            self.position = None;
            return Err(format!(
                "the record at offset {offset} is not the one that was read: it is another topic"
            ));
        }
        if self.position.is_some_and(|at| offset < at.offset) {
            return Ok(());
        }
        self.waiting.add(record, written, &topic.arrival);
        self.position = Some(Position {
            offset: offset + 1,
            last: Some(Last::of(record)),
        });
        Ok(())
    }

    /// Sends what waits, when what was sent before is durable.
    ///
    /// # Errors
    /// [`Ended`].
    pub fn send(&mut self) -> Result<(), Ended> {
        let Some(position) = self.position.filter(|_| !self.waiting.is_empty()) else {
            self.sender.settle()?;
            self.durable = self.durable.max(self.sent);
            return Ok(());
        };
        let decoded = self.waiting.decode(&self.sender.feed, &self.split);
        let incoming = match decoded {
            Ok(incoming) => incoming,
            Err(error) => {
                let help = "this is not your fault: please report it with the records at this offset";
                self.sender.feed.tell("E9999", &self.split, error.to_string(), help);
                return Ok(());
            }
        };
        self.sender.send(incoming, self.reading(position))?;
        self.durable = self.durable.max(self.sent);
        self.sent = position.offset;
        Ok(())
    }

    fn reading(&self, position: Position) -> Reading {
        let json = serde_json::to_value(position).unwrap_or_default();
        Reading {
            from: self.split.clone(),
            positions: [(self.split.clone(), json)].into(),
        }
    }

    /// Whether nothing comes of it, though there is something up to `end`.
    pub fn is_stuck(&mut self, end: i64) -> bool {
        if self.durable >= end || self.since.0 != self.durable {
            self.since = (self.durable, Instant::now());
        }
        self.since.1.elapsed() >= STUCK
    }

    /// Whether all that has come is durable.
    pub fn is_settled(&self) -> bool {
        self.waiting.is_empty() && self.durable >= self.sent
    }

    /// Nothing is between this offset and all that has come and is durable.
    pub fn has_come_to(&mut self, offset: i64) {
        self.durable = self.durable.max(offset);
    }
}
