//! Topics of Kafka as sources of an online state.
//!
//! ```text
//! a thread per topic:  poll ─▶ a batch per partition ─▶ decode ─▶ Feed::push with the offset after it ─▶ the writer
//! ```
//!
//! - A partition is a split, `TOPIC/PARTITION`; its position is an offset and stands in the record of the log that has the rows.
//!   What the brokers keep of a group is neither read nor written: partitions are assigned here, at these positions.
//! - A record that cannot be used is kept aside with its offset, and counted; it stops nothing.
//! - Offsets that are not there any more (retention, a topic that was made anew) are told with how many those are.
//! - Records are JSON, or Avro with a schema registry, which becomes JSON ([`avro`]). A registry that does not answer holds the topic.
//! - Brokers that cannot be reached are told once, and asked again until they can.
//!
//! Architecture invariant: nothing here knows what rows mean, and only [`connection`] knows the client library.

#![warn(missing_docs)]

mod avro;
mod connection;
mod partition;
mod properties;
mod reader;
mod records;
mod registry;
mod schemas;
mod settings;
mod topic;

#[cfg(test)]
mod tests;

pub use properties::{Properties, Unusable};
pub use topic::{Arrival, Topic};

use featr_online::Feed;

/// Reads a topic until the state is closed.
pub fn read(feed: &Feed, topic: &Topic, properties: &Properties) {
    let _ended = reader::Reader::new(feed.clone(), topic.clone(), properties.clone()).read();
}
