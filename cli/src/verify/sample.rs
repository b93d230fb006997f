//! What the model is asked: rows of the spine, and questions at edges, both drawn by seed.
//!
//! A question at an edge is about an entity that has events, at an instant where one of them enters or leaves something:
//! its own time, the end of a window or of the retention, the instant at which it becomes visible, the one from which on a
//! window is whole; or one microsecond before or after.

use super::case::Asked;
use super::engines::Ground;
use crate::random::draw;
use featc_ir::{AskedFeature, Key, View, ViewId};
use featr::{Column, Random, Value};
use featr_model::Model;
use featr_model::source::{Event, ViewEvents};
use std::collections::BTreeSet;

/// The rows of a spine, of so many, that the model is asked about beside questions at edges: at most half of the sample,
/// rounded up.
pub fn spine_rows(sample: usize, seed: u64, rows: usize) -> Vec<u32> {
    some_rows(sample.div_ceil(2), seed, rows)
}

/// At most `count` of so many rows, drawn by seed.
pub fn some_rows(count: usize, seed: u64, rows: usize) -> Vec<u32> {
    let drawn = draw(seed, count.min(rows) as u64, rows as u64);
    drawn.into_iter().map(|row| row as u32).collect()
}

/// The views of a service, each once.
pub fn views_of<'a>(ground: &Ground<'a>) -> Vec<(ViewId, &'a View)> {
    let used: BTreeSet<ViewId> = ground.service.reads().into_iter().map(|read| read.view).collect();
    used.into_iter().map(|id| (id, ground.ir.view(id))).collect()
}

/// The views of a service, in each role of theirs once, with what a question calls their keys there.
pub fn asked_views<'a>(ground: &Ground<'a>) -> impl Iterator<Item = (ViewId, &'a View, &'a [Key])> {
    let (ir, service) = (ground.ir, ground.service);
    let mut roles = BTreeSet::new();
    let mut reads = service.reads();
    reads.retain(|read| roles.insert((read.view, read.role)));
    let of_read = move |read: AskedFeature| (read.view, ir.view(read.view), service.keys_of(ir, read));
    reads.into_iter().map(of_read)
}

/// A view of a service, in a role of it, with the events that it has.
struct Known<'a> {
    view: &'a View,
    id: ViewId,
    /// What a question calls its keys.
    keys: &'a [Key],
    /// What a question calls the identity of its events.
    identity: Vec<Key>,
    entities: Vec<(&'a Vec<Value>, &'a Vec<Event>)>,
}

/// `count` questions at edges with the given columns; none if no view has events.
pub fn edges(ground: &Ground<'_>, model: &Model<'_>, columns: &[Key], count: usize) -> Asked {
    let known: Vec<Known<'_>> = asked_views(ground)
        .map(|(id, view, keys)| {
            let events: &ViewEvents = model.view_events(id);
            let entities = events.by_entity.iter().collect();
            let source = ground.ir.transform(view.transform).source;
            let identity = ground.ir.service_identity(ground.service, source);
            Known {
                view,
                id,
                keys,
                identity,
                entities,
            }
        })
        .filter(|known| !known.entities.is_empty())
        .collect();
    let mut asked = Asked {
        times: Vec::new(),
        columns: columns.iter().map(|key| (key.clone(), Column::empty(key.ty))).collect(),
    };
    if known.is_empty() {
        return asked;
    }
    let mut random = Random::new(ground.seed);
    for _ in 0..count {
        let of_view = random.one_of(&known);
        let (entity, events) = *random.one_of(&of_view.entities);
        let event = random.one_of(events);
        asked.times.push(instant(ground, of_view, event, &mut random));
        let mut values = vec![Value::Null; columns.len()];
        fill(of_view.keys, entity, columns, &mut values);
        for other in &known {
            let (entity, _) = *random.one_of(&other.entities);
            fill(other.keys, entity, columns, &mut values);
        }
        if random.below(2) == 0 {
            fill(&of_view.identity, &event.id, columns, &mut values);
        }
        for field in ground.service.request() {
            let value = super::any::value(field.ty, &mut random);
            fill(&[field], &[value], columns, &mut values);
        }
        for ((_, column), value) in asked.columns.iter_mut().zip(&values) {
            column.push(value);
        }
    }
    asked
}

/// Sets columns with these names and types that are still null.
fn fill(named: &[Key], with: &[Value], columns: &[Key], values: &mut [Value]) {
    for (key, value) in named.iter().zip(with) {
        let place = columns.iter().position(|known| known == key);
        if let Some(place) = place.filter(|place| values[*place].is_null()) {
            values[place] = value.clone();
        }
    }
}

/// An instant at which the event enters or leaves something, or one beside it.
fn instant(ground: &Ground<'_>, known: &Known<'_>, event: &Event, random: &mut Random) -> i64 {
    let source = ground.ir.view_source(known.view);
    let reads = ground.service.reads().into_iter().filter(|read| read.view == known.id);
    let time = i128::from(event.time_us);
    let mut bases = vec![time];
    for read in reads {
        let feature = read.feature;
        for window in known.view.windows_of(feature) {
            let bounds = window.bounds();
            bases.push(bounds.ended_from(time));
            bases.extend(bounds.whole_from(time + 1));
            let moved = ground.ir.transform(known.view.transform).at;
            let moved = i128::from(moved.and_then(|at| at.within_us).unwrap_or(0));
            let whole = |begins: i64| bounds.whole_from(i128::from(begins) + moved);
            bases.extend(source.begins_us.and_then(whole));
        }
        let retention = ground.ir.retention_us(known.view, feature);
        bases.extend(retention.map(|us| time + i128::from(us)));
    }
    let visible = event.arrival_us.zip(source.delay_under(ground.truth));
    bases.extend(visible.map(|(arrival, delay)| i128::from(arrival) + i128::from(delay)));
    bases.sort_unstable();
    bases.dedup();
    let beside = random.below(3) as i128 - 1;
    let base = *random.one_of(&bases);
    i64::try_from(base + beside).unwrap_or(event.time_us)
}
