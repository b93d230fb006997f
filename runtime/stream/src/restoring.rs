//! From a snapshot to an engine, with the records beside it.

use crate::engine::Engine;
use crate::log::Log;
use crate::now::{Now, without_wait};
use crate::paging::Paging;
use crate::restored::{Rebuild, RestoreReport, ToRebuild};
use crate::snapshot::{self, RecordHead, RestoreError, Section, State, StateColumn, StateKind};
use crate::stored::Stored;
use featc_ir::plan::StreamGraph;
use featc_ir::{Bug, Truth, Type};
use featr_kernels::events::Events;
use std::collections::BTreeSet;

/// An engine that is being restored: [`Engine::begin_restore`](crate::Engine::begin_restore), [`Restoring::put`] for each record in
/// the order in which they were written, [`Restoring::finish`].
#[derive(Debug)]
pub struct Restoring {
    engine: Engine,
    report: RestoreReport,
    /// Per section of the snapshot, who takes up its records.
    takers: Vec<Vec<Taker>>,
}

/// A state of the engine that goes on with a section.
#[derive(Debug)]
struct Taker {
    state: usize,
    /// What its records carry, and where in it the columns of the state are. `None`: the state has the same columns, and no
    /// other has taken up the section as it is.
    other: Option<(Vec<Type>, Vec<usize>)>,
}

impl Restoring {
    /// Takes up what is in the snapshot itself, by an engine without events.
    pub(crate) fn begin(engine: Result<Engine, Bug>, bytes: &[u8]) -> Result<Restoring, RestoreError> {
        let mut engine = engine.map_err(RestoreError::Graph)?;
        let mut reader = snapshot::open(bytes)?;
        engine.now = reader.header(engine.now.truth)?;
        let sections = reader.sections(engine.now.cut_us)?;
        let mut report = RestoreReport::default();
        let mut takers: Vec<Vec<Taker>> = sections.iter().map(|_| Vec::new()).collect();
        // What decides until when rows wait, of the logs that go on from one whose rows waited for other lookups.
        let mut of_others: BTreeSet<String> = BTreeSet::new();
        for (place, state) in engine.network.states_mut().enumerate() {
            if state.kind() == StateKind::Queue {
                continue;
            }
            match take_over(state, &sections, &engine.now)? {
                Ok(section) => {
                    let is_first = takers[section].is_empty();
                    takers[section].push(Taker::new((place, state), &sections[section], is_first));
                    report.kept.push(state.name());
                    if sections[section].key != state.schema().key {
                        of_others.extend(without_wait(&state.schema().key).1.map(str::to_owned));
                    }
                }
                Err(why) => {
                    state.begin_empty(&engine.now);
                    report.to_rebuild.push(ToRebuild {
                        log: state.name(),
                        why,
                        after_us: state.needed_after_us(&engine.now),
                    });
                }
            }
        }
        for (place, state) in engine.network.states_mut().enumerate() {
            if state.kind() == StateKind::Queue {
                for section in take_up_queue(state, &sections, &engine.now, &of_others)? {
                    takers[section].push(Taker::new((place, state), &sections[section], false));
                }
            }
        }
        let unused = sections
            .into_iter()
            .zip(&takers)
            .filter(|(_, takers)| takers.is_empty());
        report.dropped = unused.map(|(section, _)| section.name).collect();
        let lost = report.to_rebuild.iter_mut().filter(|lost| lost.why == Rebuild::NoState);
        for lost in lost.filter(|lost| report.dropped.contains(&lost.log)) {
            lost.why = Rebuild::Redeclared;
        }
        Ok(Restoring { engine, report, takers })
    }

    /// Takes up a record of a section: into memory if it `is_here`, or for reading it again when it is needed. Tells about how
    /// many bytes of memory its events take.
    ///
    /// # Errors
    /// Damaged bytes.
    pub fn put(
        &mut self,
        section: usize,
        (bytes, stored): (&[u8], Stored),
        is_here: bool,
    ) -> Result<u64, RestoreError> {
        let mut taken = 0;
        for taker in self.takers.get(section).into_iter().flatten() {
            let Some(state) = self.engine.network.states_mut().nth(taker.state) else {
                continue;
            };
            let floor_us = state.floor_us();
            let Some(log) = state.log_mut() else {
                return Err(RestoreError::Corrupt("a record is of no log"));
            };
            taken += match &taker.other {
                None => put_record(log, (bytes, stored), (floor_us, is_here))?,
                Some((types, places)) => put_foreign(log, bytes, (types, places), floor_us)?,
            };
        }
        Ok(taken)
    }

    /// Per state of the engine, the section whose records it goes on with as they are.
    pub fn goes_on(&self) -> Vec<Option<usize>> {
        let mut of_states = vec![None; self.engine.network.states().count()];
        for (section, takers) in self.takers.iter().enumerate() {
            let same = takers.iter().filter(|taker| taker.other.is_none());
            same.for_each(|taker| of_states[taker.state] = Some(section));
        }
        of_states
    }

    /// The engine, and what it could take over.
    pub fn finish(self) -> (Engine, RestoreReport) {
        (self.engine, self.report)
    }
}

impl Engine {
    /// An engine that goes on from a snapshot of the same truth, of this program or of another one, and what it could take
    /// over. A log is kept if the snapshot has one with the same state key, with all columns that this graph's log carries,
    /// and no event that a question at the cut or later needs has been released from it. Every other log is empty, and
    /// questions to it are refused until [`Engine::rebuilt`].
    ///
    /// # Errors
    /// A broken graph, damaged bytes, or a snapshot of another truth or format. Never panics, whatever the bytes.
    pub fn restore(
        graphs: Vec<StreamGraph>,
        truth: Truth,
        bytes: &[u8],
    ) -> Result<(Engine, RestoreReport), RestoreError> {
        Engine::restore_with_paging(graphs, truth, bytes, Paging::default())
    }

    /// As [`Engine::restore`], with other page sizes.
    ///
    /// # Errors
    /// As [`Engine::restore`].
    pub fn restore_with_paging(
        graphs: Vec<StreamGraph>,
        truth: Truth,
        bytes: &[u8],
        paging: Paging,
    ) -> Result<(Engine, RestoreReport), RestoreError> {
        // Law: restart (proofs/theory/Laws.v)
        let restoring = Restoring::begin(Engine::with_paging(graphs, truth, paging), bytes)?;
        Ok(restoring.finish())
    }
}

impl Taker {
    fn new((place, state): (usize, &dyn State), section: &Section<'_>, is_first: bool) -> Taker {
        let wanted = &state.schema().columns;
        let place_of = |column: &StateColumn| section.columns.iter().position(|known| known == column);
        let is_same = is_first && *wanted == section.columns;
        // A section with other columns was refused.
        let other = (!is_same).then(|| (section.types(), wanted.iter().filter_map(place_of).collect()));
        Taker { state: place, other }
    }
}

/// The sections that a state may go on with by their keys: those of equal keys first, then those whose rows waited for other
/// lookups.
fn candidates<'a>(state: &dyn State, sections: &'a [Section<'a>]) -> Vec<(usize, &'a Section<'a>)> {
    let key = &state.schema().key;
    let may = |(_, section): &(usize, &Section<'_>)| without_wait(&section.key).0 == without_wait(key).0;
    let mut found: Vec<_> = sections.iter().enumerate().filter(may).collect();
    found.sort_by_key(|(_, section)| section.key != *key);
    found
}

/// Restores a state from the first section that it can go on with, and tells which one; or why there is none.
fn take_over(
    state: &mut dyn State,
    sections: &[Section<'_>],
    now: &Now,
) -> Result<Result<usize, Rebuild>, RestoreError> {
    let mut refused = None;
    for (place, section) in candidates(state, sections) {
        match state.refuses(section, now) {
            None => return state.restore(section, now).map(|()| Ok(place)),
            Some(why) => refused = refused.or(Some(why)),
        }
    }
    Ok(Err(refused.unwrap_or(Rebuild::NoState)))
}

/// Restores rows that wait: those of its own section; where a log after them goes on from another one, or there is none of its
/// own, those of all that it may go on with. A row too many becomes a copy of its event, which the log has; one too few would be
/// lost.
fn take_up_queue(
    state: &mut dyn State,
    sections: &[Section<'_>],
    now: &Now,
    of_others: &BTreeSet<String>,
) -> Result<Vec<usize>, RestoreError> {
    let key = state.schema().key.clone();
    let has_own = sections.iter().any(|section| section.key == key);
    let is_exact = has_own && without_wait(&key).1.is_none_or(|wait| !of_others.contains(wait));
    let mut taken = Vec::new();
    for (place, section) in candidates(state, sections) {
        if (section.key == key || !is_exact) && state.refuses(section, now).is_none() {
            state.restore(section, now)?;
            taken.push(place);
        }
    }
    Ok(taken)
}

/// Takes up a record: of an entity the last one counts, and events up to the floor had been released.
fn put_record(
    log: &mut Log,
    (bytes, stored): (&[u8], Stored),
    (floor_us, is_here): (Option<i64>, bool),
) -> Result<u64, RestoreError> {
    let RecordHead { key, events, latest_us } = snapshot::record_head(bytes)?;
    let latest_us = latest_us.filter(|latest_us| floor_us.is_none_or(|floor| *latest_us > floor));
    let Some(latest_us) = latest_us else {
        log.remove(key);
        return Ok(0);
    };
    let here = match is_here {
        true => Some(above(snapshot::take_record(bytes, log.lift_types())?.1, floor_us)),
        false => None,
    };
    Ok(log.put_stored(key, stored, (events, latest_us), here.as_ref()))
}

/// As [`put_record`], of another log with more columns: those at `places` of it, which are of these types. The next checkpoint
/// writes it anew.
fn put_foreign(
    log: &mut Log,
    bytes: &[u8],
    (types, places): (&[Type], &[usize]),
    floor_us: Option<i64>,
) -> Result<u64, RestoreError> {
    let (key, events) = snapshot::take_record(bytes, types)?;
    let mut events = above(events, floor_us);
    events.lifts = places.iter().map(|place| events.lifts[*place].clone()).collect();
    log.remove(key);
    Ok(match events.is_empty() {
        true => 0,
        false => log.restore_entity(key, &events),
    })
}

/// Events after a floor.
fn above(mut events: Events, floor_us: Option<i64>) -> Events {
    let from = floor_us.map_or(0, |floor| events.upper_bound(floor));
    if from > 0 { events.split_off(from) } else { events }
}
