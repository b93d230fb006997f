//! `Log`: per entity, the events sorted by (τ, id, digest) in counted pages; copies are recognised here.
//!
//! One leftward walk answers all windows that end alike and of which each starts within the next: covered groups and pages
//! by their summaries, edges row by row. Of a window nothing is known but its bounds, and how many events it chooses.

mod change;
mod entity;
mod parts;
#[cfg(test)]
pub(crate) mod slow;
mod stored;
#[cfg(test)]
mod tests;

use crate::paging::Paging;
pub(crate) use change::Changes;
pub(crate) use entity::EntityLog;
use entity::{Place, Shape};
use featc_ir::plan::{FoldSpec, Part};
use featc_ir::{Bounds, Excluding, Status, Type};
use featr_kernels::Column;
use featr_kernels::aggregate::State;
use featr_kernels::events::Events;
use parts::Parts;
pub(crate) use parts::{Stop, Walk};
use std::collections::HashMap;
use std::ops::Range;
use stored::{Entity, Kept};
pub(crate) use stored::{Records, Storing};
use xxhash_rust::xxh3::Xxh3DefaultBuilder;

/// The state of one `Log` operator.
///
/// # Contract
/// - **Total**: every delta changes the set of events, or is counted as a copy, as unknown, or as released; nothing is lost.
/// - **Adequate**: after any sequence of steps, in any order, chunking and multiplicity, a read of an entity at `t`
///   equals the fold over the entity's distinct events in the window (tested against `read_slow`: `tests::agree`).
/// - Events up to the floor may be gone: only questions whose windows begin at it or later may be asked (see `operator`).
/// - **Canonical**: the snapshot is a function of the set of events (tested: `tests::snapshots`).
#[derive(Debug)]
pub(crate) struct Log {
    spec: FoldSpec,
    shape: Shape,
    /// Entity key to position in `entities`. Only looked up, never iterated: its order reaches no output.
    positions: HashMap<Box<[u8]>, usize, Xxh3DefaultBuilder>,
    /// In any order; none is without events.
    entities: Entities,
    storing: Storing,
}

/// Entities with their events.
pub(crate) type Entities = Vec<Entity>;

/// One question about one entity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogQuestion<'a> {
    pub t_us: i64,
    /// `None`: a null among the keys, which is nobody.
    pub entity: Option<&'a [u8]>,
    /// The order key of the event that `excluding self` takes out.
    pub itself: Option<&'a [u8]>,
}

/// How a log answers a service.
#[derive(Debug)]
pub(crate) struct LogAsk {
    /// Per key column of the entity, the position among the service's keys.
    pub keys: Vec<usize>,
    /// Per column that `excluding self` compares, the position among the service's; empty where no slot says so.
    pub self_columns: Vec<usize>,
    pub walks: Vec<Walk>,
}

/// Answers to some questions; every column has one row per question.
#[derive(Debug)]
pub(crate) struct LogAnswers {
    /// One per slot of the spec; slots that were not asked for are null and empty.
    pub slots: Vec<(Column, Vec<Status>)>,
    /// One per entry of the spec's `presence`.
    pub presence: Vec<Vec<bool>>,
}

/// Numbers of a log, for statistics.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Size {
    pub entities: u64,
    pub events: u64,
    pub pages: u64,
    pub bytes: u64,
    /// Entities whose events are not in memory.
    pub away: u64,
}

/// Room for the states of a walk, one per part each.
#[derive(Debug)]
struct Scratch {
    states: Vec<State>,
    saved: Vec<State>,
}

impl Log {
    /// An empty log that keeps these parts of events with lifts of these types; `of_slot` is the part of each slot.
    pub fn new(spec: FoldSpec, (parts, of_slot): (&[Part], Vec<usize>), lift_types: Vec<Type>, paging: Paging) -> Log {
        let indexes_ids = spec
            .windows
            .iter()
            .any(|window| window.excluding == Excluding::SelfEvent);
        let shape = Shape {
            parts: Parts::new(&spec, parts, of_slot, lift_types),
            paging: paging.normal(),
            indexes_ids,
        };
        Log {
            spec,
            shape,
            positions: HashMap::default(),
            entities: Vec::new(),
            storing: Storing::default(),
        }
    }

    /// What it answers, for tests.
    #[cfg(test)]
    pub fn spec(&self) -> &FoldSpec {
        &self.spec
    }

    /// Types of the events' lifts.
    pub fn lift_types(&self) -> &[Type] {
        &self.shape.parts.lift_types
    }

    /// Where an entity is, or begins to be.
    fn position_of(&mut self, key: &[u8]) -> usize {
        match self.positions.get(key) {
            Some(position) => *position,
            None => {
                self.positions.insert(key.into(), self.entities.len());
                let entity = Entity::new(key, EntityLog::default(), self.storing.round());
                self.entities.push(entity);
                self.entities.len() - 1
            }
        }
    }

    /// Answers questions from what was stepped in.
    pub fn read<'a>(&self, walks: &[Walk], questions: impl ExactSizeIterator<Item = LogQuestion<'a>>) -> LogAnswers {
        let mut answers = LogAnswers {
            slots: self
                .spec
                .slots
                .iter()
                .map(|slot| {
                    (
                        Column::with_room(slot.ty, questions.len()),
                        Vec::with_capacity(questions.len()),
                    )
                })
                .collect(),
            presence: vec![Vec::with_capacity(questions.len()); self.spec.presence.len()],
        };
        let (nobody, rows) = (EntityLog::default(), questions.len());
        let identities = &self.shape.parts.identities;
        let mut scratch = Scratch {
            states: identities.clone(),
            saved: identities.clone(),
        };
        for question in questions {
            let position = question.entity.and_then(|key| self.positions.get(key));
            let mut room = None;
            let log = position.and_then(|position| self.events_at(*position, &mut room));
            let log = log.unwrap_or(&nobody);
            let now = log.after(question.t_us);
            for walk in walks {
                self.walk((log, now), walk, question, &mut scratch, &mut answers.slots);
            }
            let latest = log.latest_before(now);
            for (present, length_us) in answers.presence.iter_mut().zip(&self.spec.presence) {
                present.push(is_present(latest, question.t_us, *length_us));
            }
        }
        for (column, statuses) in &mut answers.slots {
            if statuses.is_empty() {
                *column = Column::new(column.ty, rows);
                statuses.resize(rows, Status::Empty);
            }
        }
        answers
    }

    /// Answers the slots of one walk over a log, of which the first event after the question's instant is at `now`.
    ///
    /// After each stop, `scratch.states` is the fold from the stop's left end on. In front of a page in which a window
    /// begins, `scratch.saved` keeps the fold from that page's right end on: a longer window continues from there with
    /// the page's summary, and the rest of the page's rows need not be folded.
    fn walk(
        &self,
        (log, now): (&EntityLog, Place),
        walk: &Walk,
        question: LogQuestion<'_>,
        scratch: &mut Scratch,
        slots: &mut [(Column, Vec<Status>)],
    ) {
        // Law: window_split (proofs/theory/Laws.v)
        let (shape, t_us) = (&self.shape, question.t_us);
        let exclusions = match question.itself.filter(|_| walk.excludes_self) {
            Some(id) => log.with_id(shape, id),
            None => Vec::new(),
        };
        let mut right = match walk.bounds.hold_now() {
            true => now,
            false => log.until(walk.bounds.until(t_us)),
        };
        let end = right;
        let Scratch { states, saved } = scratch;
        for part in walk.stops.first().map_or(&[][..], |stop| &stop.parts) {
            states[*part].clone_from(&shape.parts.identities[*part]);
        }
        let mut page: Option<Range<Place>> = None;
        for (position, stop) in walk.stops.iter().enumerate() {
            let mut left = log.left(stop.bounds.after(t_us)).min(right);
            if let Some(last) = stop.last {
                left = log.last(shape, last, left..right, &exclusions);
            }
            for slot in &stop.distinct {
                let (part, after_us) = (shape.parts.of_slot[*slot], stop.bounds.after(t_us));
                let (value, status) = match log.distinct(shape, part, left..end, after_us) {
                    Some(count) => State::lower_distinct(&self.spec.slots[*slot], count),
                    None => {
                        states[part].clone_from(&shape.parts.identities[part]);
                        log.fold_around(shape, left..end, &[], &[part], states);
                        states[part].lower(&self.spec.slots[*slot], shape.parts.types[part], t_us)
                    }
                };
                slots[*slot].0.push(&value);
                slots[*slot].1.push(status);
            }
            if let Some(left_behind) = page.take_if(|page| left <= page.start) {
                stop.parts
                    .iter()
                    .for_each(|part| std::mem::swap(&mut states[*part], &mut saved[*part]));
                right = left_behind.end;
            }
            let next = walk.stops.get(position + 1).filter(|_| walk.saves && page.is_none());
            if let Some((next, around)) = next.zip(log.page_to_save(left, right)) {
                log.fold_around(shape, around.end..right, &exclusions, &stop.parts, states);
                next.parts
                    .iter()
                    .for_each(|part| saved[*part].clone_from(&states[*part]));
                right = around.end;
                page = Some(around);
            }
            log.fold_around(shape, left..right, &exclusions, &stop.parts, states);
            right = left;
            for slot in &stop.slots {
                let part = shape.parts.of_slot[*slot];
                let (value, status) = states[part].lower(&self.spec.slots[*slot], shape.parts.types[part], t_us);
                slots[*slot].0.push(&value);
                slots[*slot].1.push(status);
            }
        }
    }

    /// The events of an entity after a floor.
    pub fn events_of(&self, key: &[u8], floor_us: Option<i64>) -> Events {
        let mut events = Events::new(self.lift_types());
        let mut room = None;
        let position = self.positions.get(key);
        let log = position.and_then(|position| self.events_at(*position, &mut room));
        log.iter()
            .flat_map(|log| log.pages())
            .for_each(|page| events.append(page));
        let from = floor_us.map_or(0, |floor| events.upper_bound(floor));
        if from > 0 { events.split_off(from) } else { events }
    }

    /// The keys of the entities, in any order.
    pub fn keys(&self) -> Vec<Box<[u8]>> {
        self.entities.iter().map(|entity| entity.key.clone()).collect()
    }

    /// Takes out some entities.
    pub fn split_off(&mut self, is_theirs: &dyn Fn(&[u8]) -> bool) -> Entities {
        let all = std::mem::take(&mut self.entities).into_iter();
        let (theirs, ours) = all.partition(|entity| is_theirs(&entity.key));
        self.put_entities(ours);
        theirs
    }

    /// Puts in entities in the place of those that are here.
    pub fn put_entities(&mut self, entities: Entities) {
        let keys = entities.iter().enumerate();
        self.positions = keys.map(|(position, entity)| (entity.key.clone(), position)).collect();
        self.entities = entities;
    }

    /// Puts in an entity that is not here yet, with events that ascend strictly; tells how many bytes of memory they take.
    pub fn restore_entity(&mut self, key: &[u8], events: &Events) -> u64 {
        let log = EntityLog::from_sorted(&self.shape, events);
        let bytes = log.bytes();
        let position = self.position_of(key);
        self.entities[position] = Entity::new(key, log, self.storing.round());
        bytes
    }

    /// Counts, and an estimate of the memory taken by keys, events, their summaries and identity indexes.
    pub fn size(&self) -> Size {
        let mut size = Size::default();
        for entity in &self.entities {
            size.entities += 1;
            size.events += entity.events.len() as u64;
            size.bytes += (2 * entity.key.len() + size_of::<Entity>()) as u64;
            match &entity.events {
                Kept::Here(log) => {
                    size.pages += log.page_count() as u64;
                    size.bytes += log.bytes();
                }
                Kept::Away { .. } => size.away += 1,
            }
        }
        size
    }

    /// Whether the invariants of all entities hold, by recomputation.
    #[cfg(test)]
    pub fn check(&self) -> Result<(), String> {
        let mut logs = self.entities.iter().filter_map(|entity| match &entity.events {
            Kept::Here(log) => Some(log),
            Kept::Away { .. } => None,
        });
        logs.try_for_each(|log| log.check(&self.shape))
    }
}

/// Whether the latest event until `t` lies in (t − length, t].
fn is_present(latest_us: Option<i64>, t_us: i64, length_us: Option<u64>) -> bool {
    latest_us.is_some_and(|latest_us| Bounds::lookback(length_us).contain(latest_us, t_us))
}
