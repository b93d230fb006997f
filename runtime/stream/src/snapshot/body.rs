//! The body of a state: the events of a log, and what waits.

use super::{Reader, RestoreError, Section, columns, put_text};
use crate::delta::{Weight, Weights};
use crate::waiting::Run;
use featc_ir::Type;
use featr_kernels::events::Events;
use std::cmp::Ordering;

impl<'a> Reader<'a> {
    /// Reads the events of each entity.
    pub(crate) fn take_entities(
        &mut self,
        section: &Section<'_>,
        mut each: impl FnMut(&'a [u8], Events),
    ) -> Result<(), RestoreError> {
        let types = section.types();
        let mut last: Option<&[u8]> = None;
        for _ in 0..self.u64()? {
            let key = self.text()?;
            if last.is_some_and(|last| last >= key) {
                return Err(RestoreError::Corrupt("entities are not in order"));
            }
            last = Some(key);
            let events = self.entity(&types)?;
            if events.is_empty() {
                return Err(RestoreError::Corrupt("events are not in order"));
            }
            section.check_floor(&events)?;
            each(key, events);
        }
        Ok(())
    }

    /// The events of an entity, in order.
    fn entity(&mut self, types: &[Type]) -> Result<Events, RestoreError> {
        let rows = self.u32()? as usize;
        let events = columns::take_events(self, rows, types)?;
        match (1..rows).all(|row| events.compare(row - 1, &events, row) == Ordering::Less) {
            true => Ok(events),
            false => Err(RestoreError::Corrupt("events are not in order")),
        }
    }

    /// Reads what waits; it comes last. The order is for the caller to check.
    pub(crate) fn take_waiting(mut self, section: &Section<'_>) -> Result<Run, RestoreError> {
        let rows = self.u32()? as usize;
        let arrivals = columns::numbers(&mut self, rows, i64::from_le_bytes)?;
        let weights = self.weights(rows)?;
        let entities = columns::texts(&mut self, rows)?;
        let events = columns::take_events(&mut self, rows, &section.types())?;
        section.check_floor(&events)?;
        match self.bytes.is_empty() {
            true => Ok(Run::of(arrivals, entities, events, weights)),
            false => Err(RestoreError::Corrupt("something follows the end of a state")),
        }
    }

    fn weights(&mut self, rows: usize) -> Result<Weights, RestoreError> {
        match self.u8()? {
            0 => Ok(Weights::INSERTS),
            1 => {
                let weight = |byte: &u8| match byte {
                    0 => Ok(Weight::Insert),
                    1 => Ok(Weight::Retract),
                    _ => Err(RestoreError::Corrupt("a weight is unknown")),
                };
                let weights = self.take(rows)?.iter().map(weight);
                let weights = Weights::new(weights.collect::<Result<Vec<Weight>, RestoreError>>()?);
                match weights.all_inserts() {
                    true => Err(RestoreError::Corrupt("weights are idle")),
                    false => Ok(weights),
                }
            }
            _ => Err(RestoreError::Corrupt("a flag is neither 0 nor 1")),
        }
    }
}

/// Writes the events of an entity.
pub(crate) fn put_entity(out: &mut Vec<u8>, key: &[u8], events: &Events) {
    put_text(out, key);
    out.extend_from_slice(&(events.len() as u32).to_le_bytes());
    columns::put_events(out, events);
}

/// Writes what waits.
pub(super) fn put_waiting(out: &mut Vec<u8>, waiting: &Run) {
    out.extend_from_slice(&(waiting.arrivals.len() as u32).to_le_bytes());
    let arrivals = waiting.arrivals.iter();
    arrivals.for_each(|arrival| out.extend_from_slice(&arrival.to_le_bytes()));
    out.push(u8::from(!waiting.weights.all_inserts()));
    if !waiting.weights.all_inserts() {
        let rows = 0..waiting.arrivals.len();
        out.extend(rows.map(|row| u8::from(waiting.weights.of(row) == Weight::Retract)));
    }
    waiting.entities.iter().for_each(|key| put_text(out, key));
    columns::put_events(out, &waiting.events);
}

/// What stands in front of a record: an entity alone, as [`put_entity`] writes it.
#[derive(Debug)]
pub(crate) struct RecordHead<'a> {
    pub key: &'a [u8],
    pub events: u32,
    /// The greatest of their times.
    pub latest_us: Option<i64>,
}

/// Reads the head of a record.
///
/// # Errors
/// Damaged bytes.
pub(crate) fn record_head(bytes: &[u8]) -> Result<RecordHead<'_>, RestoreError> {
    let mut reader = Reader { bytes };
    let key = reader.text()?;
    let events = reader.u32()?;
    let times = columns::numbers(&mut reader, events as usize, i64::from_le_bytes)?;
    let latest_us = times.last().copied();
    Ok(RecordHead { key, events, latest_us })
}

/// Reads a record, whose events carry values of these types.
///
/// # Errors
/// Damaged bytes.
pub(crate) fn take_record<'a>(bytes: &'a [u8], types: &[Type]) -> Result<(&'a [u8], Events), RestoreError> {
    let mut reader = Reader { bytes };
    let key = reader.text()?;
    let events = reader.entity(types)?;
    match reader.bytes.is_empty() {
        true => Ok((key, events)),
        false => Err(RestoreError::Corrupt("something follows the end of an entity")),
    }
}

impl Section<'_> {
    fn check_floor(&self, events: &Events) -> Result<(), RestoreError> {
        match self.floor_us {
            Some(floor) if events.times.iter().any(|time| *time <= floor) => {
                Err(RestoreError::Corrupt("an event lies where all were released"))
            }
            Some(_) | None => Ok(()),
        }
    }
}
