//! From a snapshot to an engine, with the records beside it.

use crate::engine::Engine;
use crate::now::Now;
use crate::restored::{Rebuild, RestoreReport, ToRebuild};
use crate::snapshot::{self, RestoreError, Section, State, StateColumn, StateKind};
use crate::stored::Stored;
use featc_ir::{Bug, Type};

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
        for (place, state) in engine.network.states_mut().enumerate() {
            match take_over(state, &sections, &engine.now)? {
                Ok(section) => {
                    let is_first = takers[section].is_empty();
                    takers[section].push(Taker::new((place, state), &sections[section], is_first));
                    if state.kind() != StateKind::Queue {
                        report.kept.push(state.name());
                    }
                }
                Err(_) if state.kind() == StateKind::Queue => {}
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
        let unused = sections
            .into_iter()
            .zip(&takers)
            .filter(|(_, takers)| takers.is_empty());
        report.dropped = unused.map(|(section, _)| section.name).collect();
        Ok(Restoring { engine, report, takers })
    }

    /// Takes up a record of a section: into memory if it `is_here`, or for reading it again when it is needed.
    ///
    /// # Errors
    /// Damaged bytes.
    pub fn put(&mut self, section: usize, (bytes, stored): (&[u8], Stored), is_here: bool) -> Result<(), RestoreError> {
        for taker in self.takers.get(section).into_iter().flatten() {
            let Some(state) = self.engine.network.states_mut().nth(taker.state) else {
                continue;
            };
            let floor_us = state.floor_us();
            let Some(log) = state.log_mut() else {
                return Err(RestoreError::Corrupt("a record is of no log"));
            };
            match &taker.other {
                None => log.put_record(bytes, stored, (floor_us, is_here))?,
                Some((types, places)) => log.put_foreign(bytes, (types, places), floor_us)?,
            }
        }
        Ok(())
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

/// Restores a state from the first section that it can go on with, and tells which one; or why there is none.
fn take_over(
    state: &mut dyn State,
    sections: &[Section<'_>],
    now: &Now,
) -> Result<Result<usize, Rebuild>, RestoreError> {
    let mut refused = None;
    for (place, section) in sections.iter().enumerate() {
        if section.key != state.schema().key {
            continue;
        }
        match state.refuses(section, now) {
            None => return state.restore(section, now).map(|()| Ok(place)),
            Some(why) => refused = refused.or(Some(why)),
        }
    }
    Ok(Err(refused.unwrap_or(Rebuild::NoState)))
}
