//! Records of a partition that wait to be decoded, all at once.

use crate::avro::to_json;
use crate::connection::Received;
use crate::schemas::Written;
use crate::topic::Arrival;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use featc_ir::{FileFormat, Type};
use featr::{Error, Incoming, TextPiece, Undecoded, Value};
use featr_online::Feed;

/// The line that pieces begin at: the decoder takes a first line that is none for a text of another format.
const FIRST_LINE: u64 = 2;
/// So much of a key is shown.
const SHOWN_BYTES: usize = 100;

/// Records that wait.
#[derive(Debug, Default)]
pub struct Waiting {
    /// Values, a line each.
    text: Vec<u8>,
    /// Of each line.
    offsets: Vec<i64>,
    arrivals_us: Vec<Option<i64>>,
    /// What needs no decoder to be refused.
    rejected: Vec<Undecoded>,
}

impl Waiting {
    pub fn is_empty(&self) -> bool {
        self.offsets.is_empty() && self.rejected.is_empty()
    }

    /// A record, and what its value is; `None` of one without a value.
    pub fn add(&mut self, record: &Received<'_>, written: Option<Written<'_>>, arrival: &Arrival) {
        let refuse = |reason, detail, raw| Undecoded {
            place: u64::try_from(record.offset()).unwrap_or(0),
            reason,
            detail,
            help: None,
            raw,
        };
        // What is no text is kept as it came.
        let packed = || record.value().map(|value| BASE64_STANDARD.encode(value));
        let Some(written) = written else {
            let key = record.key().unwrap_or_default();
            let key = String::from_utf8_lossy(&key[..key.len().min(SHOWN_BYTES)]);
            let detail = format!("no value, with the key `{key}`: rows are not deleted");
            return self.rejected.push(refuse("unparsable", detail, None));
        };
        let begin = self.text.len();
        let held = match &written {
            Written::Text(value) if value.trim_ascii().is_empty() => Err("an empty value".to_owned()),
            Written::Text(value) => {
                // What is a line break in JSON is a blank as well.
                let one_line = |byte: &u8| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte };
                self.text.extend(value.iter().map(one_line));
                Ok(())
            }
            Written::Avro(schema, value) => to_json(schema, value, &mut self.text),
            Written::Unusable(why) => Err(why.clone()),
        };
        let held = held.map_err(|detail| {
            let raw = match &written {
                Written::Text(value) => Some(String::from_utf8_lossy(value).into_owned()),
                Written::Avro(..) | Written::Unusable(_) => packed(),
            };
            refuse("unparsable", detail, raw)
        });
        let arrival_us = held.and_then(|()| {
            arrival_us(record, arrival).map_err(|detail| {
                let text = self.text.get(begin..).unwrap_or_default();
                refuse("bad_value", detail, Some(String::from_utf8_lossy(text).into_owned()))
            })
        });
        match arrival_us {
            Ok(arrival_us) => {
                self.arrivals_us.push(arrival_us);
                self.offsets.push(record.offset());
                self.text.push(b'\n');
            }
            Err(refused) => {
                self.text.truncate(begin);
                self.rejected.push(refused);
            }
        }
    }

    /// Decodes what waits; then nothing does. Places are offsets.
    ///
    /// # Errors
    /// None but bugs.
    pub fn decode(&mut self, feed: &Feed, split: &str) -> Result<Incoming, Error> {
        let Waiting {
            text,
            offsets,
            arrivals_us,
            rejected,
        } = std::mem::take(self);
        let piece = TextPiece {
            name: split,
            header: b"",
            records: &text,
            lines_before: FIRST_LINE - 1,
        };
        let source = feed.source();
        let mut incoming = feed.program().incoming_piece(&source.name, FileFormat::Jsonl, &piece)?;
        let line = |place: u64| usize::try_from(place.saturating_sub(FIRST_LINE)).unwrap_or(usize::MAX);
        let arrivals = incoming
            .places
            .iter()
            .map(|place| arrivals_us.get(line(*place)).copied().flatten());
        let arrivals: Vec<Option<i64>> = arrivals.collect();
        incoming.arrive(source, &arrivals)?;
        let offset = |place: u64| {
            offsets
                .get(line(place))
                .map_or(0, |offset| u64::try_from(*offset).unwrap_or(0))
        };
        incoming.places.iter_mut().for_each(|place| *place = offset(*place));
        incoming
            .rejected
            .iter_mut()
            .for_each(|row| row.place = offset(row.place));
        incoming.rejected.extend(rejected);
        incoming.rejected.sort_by_key(|row| row.place);
        Ok(incoming)
    }
}

/// When a record arrived, as far as it says.
fn arrival_us(record: &Received<'_>, arrival: &Arrival) -> Result<Option<i64>, String> {
    match arrival {
        Arrival::Clock => Ok(None),
        Arrival::Timestamp => Ok(record.timestamp_ms().and_then(|ms| ms.checked_mul(1_000))),
        Arrival::Header(name) => {
            let Some(value) = record.header(name) else {
                return Ok(None);
            };
            let text = std::str::from_utf8(value).unwrap_or_default().trim();
            let us = match text.parse::<i64>() {
                Ok(ms) => ms.checked_mul(1_000),
                Err(_) => match featr::parse_value(text, Type::Timestamp) {
                    Some(Value::Timestamp(us)) => Some(us),
                    _ => None,
                },
            };
            let what = || format!("header {name}: neither an instant with an offset nor milliseconds");
            us.map(Some).ok_or_else(what)
        }
    }
}
