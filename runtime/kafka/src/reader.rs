//! The thread of a topic.

use crate::connection::{Connection, Event};
use crate::partition::Partition;
use crate::properties::Properties;
use crate::registry::Away;
use crate::schemas::{TopicSchemas, Written};
use crate::topic::Topic;
use featc_ir::FileFormat;
use featr_online::{Ended, Feed, Progress, Sender, Unread};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// So long it waits for records before it looks whether the state is closed.
const TICK: Duration = Duration::from_millis(25);
/// The pause before brokers are asked again that did not answer.
const AGAIN: Duration = Duration::from_millis(500);
/// What is decoded at once, of all partitions.
const BATCH_BYTES: usize = 4 << 20;
const BATCH_RECORDS: usize = 65_536;
/// How often it is told how far it is, while much comes.
const SHOW_EVERY: Duration = Duration::from_millis(100);

/// So long after it was said that all brokers are away it is looked whether they are.
const DOUBT: Duration = Duration::from_secs(1);

/// What is said of a position that is not there.
const ANEW: &str = "nothing, if these records may be missing; else push them. It is read from the first record that is there, \
                    and rows that come again count once";
/// What is said of brokers.
const BROKERS: &str =
    "it is tried again: see that the brokers run, that the topic is there, and what `--kafka` says of them";

/// What is said of a registry.
const REGISTRY: &str = "it is tried again, and nothing more of the topic is read meanwhile: see that the registry runs, and what \
                        `--kafka` says of it";

/// Why reading goes on from positions that are looked for.
enum Stop {
    Ended,
    /// The positions are not those of the topic any more.
    Anew,
}

impl From<Ended> for Stop {
    fn from(_: Ended) -> Stop {
        Stop::Ended
    }
}

pub struct Reader {
    feed: Feed,
    topic: Topic,
    properties: Properties,
    partitions: BTreeMap<i32, Partition>,
    /// By partition, the offset after what was there when it was first read.
    goals: BTreeMap<i32, i64>,
    /// It was told that brokers cannot be read from, and they have not been since.
    is_out: bool,
    shown: Instant,
    /// Since when it is not sure whether a broker can be reached.
    doubt: Option<Instant>,
    /// Of a topic of Avro.
    schemas: Option<TopicSchemas>,
    /// It was told that the registry does not answer, and it has not since.
    is_unknown: bool,
}

impl Reader {
    pub fn new(feed: Feed, topic: Topic, properties: Properties) -> Reader {
        Reader {
            feed,
            topic,
            properties,
            partitions: BTreeMap::new(),
            goals: BTreeMap::new(),
            is_out: false,
            shown: Instant::now(),
            doubt: None,
            schemas: None,
            is_unknown: false,
        }
    }

    /// Reads until the state is closed.
    ///
    /// # Errors
    /// [`Ended`].
    pub fn read(mut self) -> Result<(), Ended> {
        let waits = Sender::new(self.feed.clone());
        let connection = loop {
            match Connection::new(&self.properties, &self.topic.name) {
                Ok(connection) => break connection,
                Err(why) => self.out(&why),
            }
            waits.pause(AGAIN)?;
        };
        while self.topic.format == Some(FileFormat::Avro) && self.schemas.is_none() {
            match TopicSchemas::new(self.properties.registry()) {
                Ok(schemas) => self.schemas = Some(schemas),
                Err(why) => {
                    self.unknown(&why);
                    waits.pause(AGAIN)?;
                }
            }
        }
        loop {
            let begun = match self.begin(&connection) {
                Ok(()) => self.follow(&connection),
                Err(why) => {
                    self.out(&connection.said_of_brokers().unwrap_or(why));
                    Ok(())
                }
            };
            match begun {
                Err(Stop::Ended) => return Err(Ended),
                Ok(()) | Err(Stop::Anew) => waits.pause(AGAIN)?,
            }
        }
    }

    /// Finds out where each partition is read from, and begins there.
    fn begin(&mut self, connection: &Connection) -> Result<(), String> {
        let count = connection.partitions()?;
        self.partitions.retain(|id, _| *id < count);
        let mut from = BTreeMap::new();
        for id in 0..count {
            from.insert(id, self.meet(id, connection)?);
        }
        connection.forget();
        connection.assign(&from)?;
        self.is_out = false;
        Ok(())
    }

    /// The offset from which a partition is read.
    fn meet(&mut self, id: i32, connection: &Connection) -> Result<i64, String> {
        let bounds = connection.bounds(id)?;
        let goal = self.goals.entry(id).or_insert(bounds.1);
        // A topic that was made anew has fewer records.
        *goal = bounds.1.min(*goal);
        let partition = self.partitions.entry(id);
        let partition = partition.or_insert_with(|| Partition::new(&self.feed, &self.topic, id));
        let start = partition.start(bounds);
        if let Some(why) = start.gone {
            self.feed.tell("E0815", &partition.split, why, ANEW);
        }
        Ok(start.offset)
    }

    /// Reads until positions are to be looked for anew.
    fn follow(&mut self, connection: &Connection) -> Result<(), Stop> {
        let every = self.properties.looks_every();
        let mut looked = Instant::now();
        loop {
            let taken = self.batch(connection);
            // Also where it goes on from other positions: those of what was taken are after it.
            for partition in self.partitions.values_mut() {
                partition.send()?;
            }
            let is_idle = taken?;
            if is_idle || self.shown.elapsed() >= SHOW_EVERY {
                let settled = |partition: &&mut Partition| is_idle || partition.is_settled();
                for (id, offset) in connection.next_offsets() {
                    let partition = self.partitions.get_mut(&id).filter(settled);
                    partition
                        .into_iter()
                        .for_each(|partition| partition.has_come_to(offset));
                }
                self.show(connection);
            }
            let is_doubtful = self.doubt.is_some_and(|since| since.elapsed() >= DOUBT);
            if is_doubtful || looked.elapsed() >= every {
                self.doubt = None;
                self.look(connection)?;
                looked = Instant::now();
            }
        }
    }

    /// Takes what has come; whether that is nothing.
    fn batch(&mut self, connection: &Connection) -> Result<bool, Stop> {
        let (mut bytes, mut records) = (0, 0);
        while bytes < BATCH_BYTES && records < BATCH_RECORDS {
            let wait = if records == 0 { TICK } else { Duration::ZERO };
            match connection.next(wait) {
                Event::Nothing => break,
                Event::End => self.is_out = false,
                Event::Gone => return Err(Stop::Anew),
                // What was said may be over: it is seen to a little later.
                Event::Away => {
                    self.doubt.get_or_insert_with(Instant::now);
                    break;
                }
                Event::Trouble(why) => {
                    self.out(&why);
                    break;
                }
                Event::Record(id, record) => {
                    self.is_out = false;
                    let written = self.written(record.value())?;
                    let Some(partition) = self.partitions.get_mut(&id) else {
                        continue;
                    };
                    if let Err(why) = partition.take(&record, written, &self.topic) {
                        self.feed.tell("E0815", &partition.split, why, ANEW);
                        return Err(Stop::Anew);
                    }
                    records += 1;
                    bytes += record.value().map_or(0, <[u8]>::len);
                }
            }
        }
        if self.feed.is_ending() {
            return Err(Stop::Ended);
        }
        Ok(records == 0)
    }

    /// What a record's value is. Waits for a registry that does not answer: meanwhile nothing more is read, and what came
    /// before goes into the state.
    fn written<'a>(&mut self, value: Option<&'a [u8]>) -> Result<Option<Written<'a>>, Ended> {
        let Some(value) = value else {
            return Ok(None);
        };
        loop {
            let topic = self.topic.to_string();
            let written = match &mut self.schemas {
                None => Ok(Written::Text(value)),
                Some(schemas) => schemas.of(value, &self.feed, &topic),
            };
            match written {
                Ok(written) => {
                    self.is_unknown = false;
                    return Ok(Some(written));
                }
                Err(Away(why)) => self.unknown(&why),
            }
            for partition in self.partitions.values_mut() {
                partition.send()?;
            }
            Sender::new(self.feed.clone()).pause(AGAIN)?;
        }
    }

    /// Looks for partitions that are new, and whether the others are those that are read.
    fn look(&mut self, connection: &Connection) -> Result<(), Stop> {
        let looked = self.look_at_all(connection);
        match looked {
            Ok(true) => Err(Stop::Anew),
            Ok(false) => Ok(()),
            Err(why) => {
                self.out(&why);
                Ok(())
            }
        }
    }

    fn look_at_all(&mut self, connection: &Connection) -> Result<bool, String> {
        let count = connection.partitions()?;
        let (mut more, ends) = (BTreeMap::new(), connection.ends());
        for id in 0..count {
            match self.partitions.get_mut(&id) {
                Some(partition) => {
                    let (_, end) = connection.bounds(id)?;
                    let known = ends.get(&id).copied().unwrap_or(0);
                    if partition.durable > end || partition.is_stuck(known) {
                        return Ok(true);
                    }
                }
                None => drop(more.insert(id, self.meet(id, connection)?)),
            }
        }
        if !more.is_empty() {
            connection.assign_more(&more)?;
        }
        self.is_out = false;
        Ok(self.partitions.len() > usize::try_from(count).unwrap_or(0))
    }

    /// Tells once that nothing can be read.
    fn out(&mut self, why: &str) {
        if !std::mem::replace(&mut self.is_out, true) {
            self.feed.tell("E0816", &self.topic.to_string(), why, BROKERS);
        }
        self.feed.show(self.progress(&BTreeMap::new()));
    }

    /// Tells once that a schema cannot be asked for.
    fn unknown(&mut self, why: &str) {
        if !std::mem::replace(&mut self.is_unknown, true) {
            let why = format!("the schema registry: {why}");
            self.feed.tell("E0816", &self.topic.to_string(), why, REGISTRY);
        }
        self.feed.show(self.progress(&BTreeMap::new()));
    }

    fn show(&mut self, connection: &Connection) {
        self.shown = Instant::now();
        let ends = connection.ends();
        // Not the records that come meanwhile: of a topic that is always written to there would be no end. Nor those of a
        // transaction that hangs, which lie behind the end.
        let goal = |id: &i32| Some(*self.goals.get(id)?.min(ends.get(id).unwrap_or(&i64::MAX)));
        let is_there = |(id, partition): (&i32, &Partition)| goal(id).is_some_and(|goal| partition.durable >= goal);
        if !self.partitions.is_empty() && self.partitions.iter().all(is_there) {
            self.feed.caught_up();
        }
        self.feed.show(self.progress(&ends));
    }

    fn progress(&self, ends: &BTreeMap<i32, i64>) -> Progress {
        let unread = |(id, partition): (&i32, &Partition)| {
            let end = ends.get(id).copied().unwrap_or(0);
            u64::try_from(end - partition.durable).unwrap_or(0)
        };
        let splits = self.partitions.len() as u64;
        Progress {
            splits,
            unread: Unread::Records(self.partitions.iter().map(unread).sum()),
            refused: if self.is_out || self.is_unknown {
                splits.max(1)
            } else {
                0
            },
            has_ended: false,
        }
    }
}
