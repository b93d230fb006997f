//! The schemas of a topic's records, as its reader asks for them.

use crate::avro::{Schema, framed, misfits};
use crate::registry::{Away, Found, Registry};
use crate::settings::Settings;
use featr_online::Feed;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is said of a schema that does not fit.
const UNFIT: &str = "change the source's columns, or what writes to the topic: its records are kept aside";

/// So many are told: what is no record of a schema may name any number.
const TOLD_MAX: u32 = 100;
const LOOKED_AT_MAX: usize = 10_000;
/// Of each so many reasons.
const REASONS_MAX: usize = 3;

/// What a record's value is.
#[derive(Debug, Clone)]
pub enum Written<'a> {
    /// JSON.
    Text(&'a [u8]),
    Avro(Arc<Schema>, &'a [u8]),
    /// Nothing that can be read, and why.
    Unusable(String),
}

/// # Contract
/// A registry that does not answer gives [`Away`], and never a record that cannot be used.
#[derive(Debug)]
pub struct TopicSchemas {
    registry: Registry,
    /// Those of which it was looked whether they fit.
    looked_at: BTreeSet<u32>,
    /// How many were told.
    told: u32,
}

impl TopicSchemas {
    /// # Errors
    /// As [`Registry::new`].
    pub fn new(settings: &Settings) -> Result<TopicSchemas, String> {
        Ok(TopicSchemas {
            registry: Registry::new(settings)?,
            looked_at: BTreeSet::new(),
            told: 0,
        })
    }

    /// What a value is; a schema that does not fit the source is told once, of this topic.
    ///
    /// # Errors
    /// [`Away`].
    pub fn of<'a>(&mut self, value: &'a [u8], feed: &Feed, topic: &str) -> Result<Written<'a>, Away> {
        let (id, record) = match framed(value) {
            Ok(framed) => framed,
            Err(why) => return Ok(Written::Unusable(why)),
        };
        let found = self.registry.get(id)?;
        if self.looked_at.len() >= LOOKED_AT_MAX {
            self.looked_at.clear();
        }
        if self.looked_at.insert(id) && self.told < TOLD_MAX {
            self.look_at(id, &found, feed, topic);
        }
        Ok(match found {
            Found::Schema(schema) => Written::Avro(schema, record),
            Found::Unusable(why) => Written::Unusable(why.to_string()),
        })
    }

    fn look_at(&mut self, id: u32, found: &Found, feed: &Feed, topic: &str) {
        let why = match found {
            Found::Schema(schema) => match misfits(schema, feed.source()) {
                reasons if reasons.is_empty() => return,
                reasons => format!("schema {id}: {}", listed(reasons)),
            },
            Found::Unusable(why) => why.to_string(),
        };
        self.told += 1;
        feed.tell("E0818", topic, why, UNFIT);
    }
}

fn listed(mut reasons: Vec<String>) -> String {
    let more = reasons.len().saturating_sub(REASONS_MAX);
    reasons.truncate(REASONS_MAX);
    if more > 0 {
        reasons.push(format!("and {more} more"));
    }
    reasons.join("; ")
}
