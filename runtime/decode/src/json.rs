//! JSON objects, one per line, with the literal text of every value.

use crate::detail::Broken;
use crate::lines::{Line, Lines, without_end};
use crate::reject::shown;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::io;

/// The next line of a file that is not blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Record {
    /// The text is ready.
    Text {
        line: u64,
    },
    Broken {
        line: u64,
        why: Broken,
    },
    End,
}

pub(crate) struct JsonlReader {
    lines: Lines,
    raw: Vec<u8>,
}

impl JsonlReader {
    pub(crate) fn new(lines: Lines) -> JsonlReader {
        JsonlReader { lines, raw: Vec::new() }
    }

    pub(crate) fn next(&mut self) -> io::Result<Record> {
        loop {
            self.raw.clear();
            let read = self.lines.next(&mut self.raw)?;
            let line = self.lines.number();
            match read {
                Line::End => return Ok(Record::End),
                Line::TooLong => {
                    return Ok(Record::Broken {
                        line,
                        why: Broken::TooLong,
                    });
                }
                Line::Whole if self.raw.trim_ascii().is_empty() => {}
                Line::Whole if std::str::from_utf8(&self.raw).is_err() => {
                    return Ok(Record::Broken {
                        line,
                        why: Broken::NotUtf8,
                    });
                }
                Line::Whole => return Ok(Record::Text { line }),
            }
        }
    }

    /// The current line; empty when it is broken.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(without_end(&self.raw)).unwrap_or("")
    }

    /// Its size.
    pub(crate) fn bytes(&self) -> usize {
        self.raw.len()
    }

    /// The current line for reports.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(without_end(&self.raw)).into_owned()
    }
}

/// The entries of an object: names, and values as they are written. In order, no name twice.
pub(crate) struct Entries<'a>(pub Vec<(Cow<'a, str>, &'a str)>);

/// Parses one line.
pub(crate) fn entries(line: &str) -> Result<Entries<'_>, Broken> {
    let entries: Entries<'_> = serde_json::from_str(line).map_err(|error| {
        let text = error.to_string();
        let cause = text.split(" at line ").next().unwrap_or(&text).to_owned();
        if error.is_data() {
            Broken::NoObject(cause)
        } else {
            Broken::NoJson(format!("{cause} at column {}", error.column()))
        }
    })?;
    match twice(&entries.0) {
        Some(name) => Err(Broken::KeyTwice(shown(name))),
        None => Ok(entries),
    }
}

impl<'a> Entries<'a> {
    /// The value under a name, as it is written.
    pub(crate) fn named(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| *value)
    }
}

/// The items of an array, as they are written.
pub(crate) fn items(array: &str) -> Result<Vec<&str>, Broken> {
    let items: Vec<&RawValue> = serde_json::from_str(array).map_err(|error| Broken::NoJson(error.to_string()))?;
    Ok(items.into_iter().map(RawValue::get).collect())
}

fn twice<'a>(entries: &'a [(Cow<'_, str>, &str)]) -> Option<&'a str> {
    if entries.len() <= 16 {
        let mut rest = entries;
        while let Some(((name, _), tail)) = rest.split_first() {
            if tail.iter().any(|(other, _)| other == name) {
                return Some(name);
            }
            rest = tail;
        }
        return None;
    }
    let mut names: Vec<&str> = entries.iter().map(|(name, _)| name.as_ref()).collect();
    names.sort_unstable();
    names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Vec<(Cow<'de, str>, &'de str)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::with_capacity(16);
                while let Some((name, value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    entries.push((name.0, value.get()));
                }
                Ok(entries)
            }
        }
        deserializer.deserialize_map(Object).map(Entries)
    }
}

/// A key, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// A JSON value as messages show it: a string like any text, everything else as it is written.
pub(crate) fn json_shown(raw: &str) -> String {
    if let Ok(Name(text)) = serde_json::from_str(raw) {
        return shown(&text);
    }
    match raw.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &raw[..end]),
        None => raw.to_owned(),
    }
}
