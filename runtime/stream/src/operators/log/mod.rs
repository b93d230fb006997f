//! `Log`: per entity, the events sorted by (τ, id, digest) in counted pages; copies are recognised here.
//!
//! All windows of a question share their right edge (but for what they exclude there), so one leftward walk answers all
//! of them, from the shortest to the longest: covered groups and pages by their summaries, edges row by row.

mod entity;
mod parts;
#[cfg(test)]
pub(crate) mod slow;
#[cfg(test)]
mod tests;

use crate::paging::Paging;
use entity::{EntityLog, Place, Shape};
use featc_ir::plan::FoldSpec;
use featc_ir::{Excluding, Status, Type};
use featr_kernels::aggregate::State;
use featr_kernels::events::Events;
use featr_kernels::{Column, StrData};
use parts::Parts;
pub(crate) use parts::{Walk, walks};
use std::collections::HashMap;
use std::ops::Range;
use xxhash_rust::xxh3::Xxh3DefaultBuilder;

/// The state of one `Log` operator.
///
/// # Contract
/// - **Total**: every event is inserted or counted as a copy; nothing is lost.
/// - **Adequate**: after any sequence of steps, in any order, chunking and multiplicity, a read of an entity at `t`
///   equals the fold over the entity's distinct events in the window (tested against `read_slow`: `tests::agree`).
/// - **Canonical**: the snapshot is a function of the set of events (tested: `tests::snapshots`).
#[derive(Debug)]
pub(crate) struct Log {
    spec: FoldSpec,
    shape: Shape,
    /// Entity key to position in `entities`. Only looked up, never iterated: its order reaches no output.
    positions: HashMap<Box<[u8]>, usize, Xxh3DefaultBuilder>,
    /// In order of first appearance; none is without events.
    entities: Vec<(Box<[u8]>, EntityLog)>,
}

/// One question about one entity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogQuestion<'a> {
    pub t_us: i64,
    /// `None`: a null among the keys, which is nobody.
    pub entity: Option<&'a [u8]>,
    /// The order key of the event that `excluding self` takes out.
    pub itself: Option<&'a [u8]>,
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
}

/// Room for the states of a walk, one per part each.
#[derive(Debug)]
struct Scratch {
    states: Vec<State>,
    saved: Vec<State>,
}

impl Log {
    /// An empty log of events with lifts of these types.
    pub fn new(spec: FoldSpec, lift_types: Vec<Type>, paging: Paging) -> Log {
        let indexes_ids = spec
            .windows
            .iter()
            .any(|window| window.excluding == Excluding::SelfEvent);
        let shape = Shape {
            parts: Parts::new(&spec, lift_types),
            paging: paging.normal(),
            indexes_ids,
        };
        Log {
            spec,
            shape,
            positions: HashMap::default(),
            entities: Vec::new(),
        }
    }

    pub fn spec(&self) -> &FoldSpec {
        &self.spec
    }

    /// The walks that answer the needed slots.
    pub fn walks(&self, needed: &[bool]) -> Vec<Walk> {
        walks(&self.spec, &self.shape.parts, needed)
    }

    /// Types of the events' lifts.
    pub fn lift_types(&self) -> &[Type] {
        &self.shape.parts.lift_types
    }

    /// Takes in these rows of events, each with its entity; returns the numbers of new events and of copies.
    pub fn step(&mut self, entities: &StrData, events: &Events, rows: impl Iterator<Item = usize>) -> (u64, u64) {
        // Law: denote_set (proofs/theory/Truth.v)
        let (mut inserted, mut copies) = (0, 0);
        for row in rows {
            let log = Self::entity(&mut self.positions, &mut self.entities, entities.get(row));
            if log.insert(&self.shape, events, row) {
                inserted += 1;
            } else {
                copies += 1;
            }
        }
        (inserted, copies)
    }

    /// Whether a copy of an event is here.
    pub fn holds(&self, entity: &[u8], events: &Events, row: usize) -> bool {
        let position = self.positions.get(entity);
        position.is_some_and(|position| self.entities[*position].1.holds(events, row))
    }

    fn entity<'a>(
        positions: &mut HashMap<Box<[u8]>, usize, Xxh3DefaultBuilder>,
        entities: &'a mut Vec<(Box<[u8]>, EntityLog)>,
        key: &[u8],
    ) -> &'a mut EntityLog {
        let position = match positions.get(key) {
            Some(position) => *position,
            None => {
                positions.insert(key.into(), entities.len());
                entities.push((key.into(), EntityLog::default()));
                entities.len() - 1
            }
        };
        &mut entities[position].1
    }

    /// Answers questions from what was stepped in.
    pub fn read<'a>(&self, walks: &[Walk], questions: impl ExactSizeIterator<Item = LogQuestion<'a>>) -> LogAnswers {
        let mut answers = LogAnswers {
            slots: self
                .spec
                .slots
                .iter()
                .map(|slot| (Column::empty(slot.ty), Vec::with_capacity(questions.len())))
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
            let log = position.map_or(&nobody, |position| &self.entities[*position].1);
            for walk in walks {
                self.walk(log, walk, question, &mut scratch, &mut answers.slots);
            }
            let latest = log.latest_until(question.t_us);
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

    /// Answers the slots of one walk.
    ///
    /// After each stop, `scratch.states` is the fold from the stop's left end on. In front of a page in which a window
    /// begins, `scratch.saved` keeps the fold from that page's right end on: a longer window continues from there with
    /// the page's summary, and the rest of the page's rows need not be folded.
    fn walk(
        &self,
        log: &EntityLog,
        walk: &Walk,
        question: LogQuestion<'_>,
        scratch: &mut Scratch,
        slots: &mut [(Column, Vec<Status>)],
    ) {
        // Law: window_split (proofs/theory/Laws.v)
        let (shape, t_us) = (&self.shape, question.t_us);
        let (mut right, holes) = match (walk.excluding, question.itself) {
            (Excluding::Nothing, _) | (Excluding::SelfEvent, None) => (log.after(t_us), Vec::new()),
            (Excluding::Now, _) => (log.at_or_after(t_us), Vec::new()),
            (Excluding::SelfEvent, Some(id)) => (log.after(t_us), log.with_id(shape, id)),
        };
        let Scratch { states, saved } = scratch;
        for part in walk.stops.first().map_or(&[][..], |stop| &stop.parts) {
            states[*part].clone_from(&shape.parts.identities[*part]);
        }
        let mut page: Option<Range<Place>> = None;
        for (position, stop) in walk.stops.iter().enumerate() {
            let left = log.left(self.spec.windows[stop.window].after_us(t_us)).min(right);
            if let Some(left_behind) = page.take_if(|page| left <= page.start) {
                stop.parts
                    .iter()
                    .for_each(|part| std::mem::swap(&mut states[*part], &mut saved[*part]));
                right = left_behind.end;
            }
            let next = walk.stops.get(position + 1).filter(|_| walk.saves && page.is_none());
            if let Some((next, around)) = next.zip(log.page_to_save(left, right)) {
                log.fold_around(shape, around.end..right, &holes, &stop.parts, states);
                next.parts
                    .iter()
                    .for_each(|part| saved[*part].clone_from(&states[*part]));
                right = around.end;
                page = Some(around);
            }
            log.fold_around(shape, left..right, &holes, &stop.parts, states);
            right = left;
            for slot in &stop.slots {
                let spec = &self.spec.slots[*slot];
                let state = &states[shape.parts.of_slot[*slot]];
                let (value, status) = state.lower(spec, shape.parts.argument_type(spec), t_us);
                slots[*slot].0.push(&value);
                slots[*slot].1.push(status);
            }
        }
    }

    /// The entities, in key order.
    pub fn sorted(&self) -> Vec<(&[u8], &EntityLog)> {
        let mut sorted: Vec<(&[u8], &EntityLog)> = self.entities.iter().map(|(key, log)| (&key[..], log)).collect();
        sorted.sort_unstable_by_key(|(key, _)| *key);
        sorted
    }

    /// Puts in an entity that is not here yet, with events that ascend strictly.
    pub fn restore_entity(&mut self, key: &[u8], events: &Events) {
        let log = EntityLog::from_sorted(&self.shape, events);
        *Self::entity(&mut self.positions, &mut self.entities, key) = log;
    }

    /// Counts and an estimate of the memory taken by keys, events and identity indexes.
    pub fn size(&self) -> Size {
        let mut size = Size::default();
        for (key, log) in &self.entities {
            size.entities += 1;
            size.events += log.len() as u64;
            size.pages += log.page_count() as u64;
            let events: usize = log.pages().map(bytes_of).sum();
            size.bytes += (2 * key.len() + events + 16 * log.indexed_ids() + size_of::<EntityLog>()) as u64;
        }
        size
    }

    /// Whether the invariants of all entities hold, by recomputation.
    #[cfg(test)]
    pub fn check(&self) -> Result<(), String> {
        self.entities.iter().try_for_each(|(_, log)| log.check(&self.shape))
    }
}

/// Whether the latest event until `t` lies in (t − length, t].
fn is_present(latest_us: Option<i64>, t_us: i64, length_us: Option<u64>) -> bool {
    match (latest_us, length_us) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(latest_us), Some(length_us)) => i128::from(t_us) - i128::from(latest_us) < i128::from(length_us),
    }
}

/// Bytes that a block of events holds.
pub(crate) fn bytes_of(events: &Events) -> usize {
    use featr_kernels::Data;
    let text = |text: &featr_kernels::StrData| text.bytes.len() + 8 * text.offsets.len();
    let tags = |tags: &Option<Vec<u8>>| tags.as_ref().map_or(0, Vec::len);
    let column = |column: &Column| {
        let data = match &column.data {
            Data::Bool(values) => values.len(),
            Data::I64(values) => 8 * values.len(),
            Data::F64(values) => 8 * values.len(),
            Data::I128(values) => 16 * values.len(),
            Data::Str(values) => text(values),
        };
        data + tags(&column.tags)
    };
    let fixed = 24 * events.len() + text(&events.ids) + tags(&events.poison);
    fixed + events.lifts.iter().map(column).sum::<usize>()
}
