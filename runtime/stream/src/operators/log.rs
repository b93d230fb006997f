//! The `Log` operator: gate, log and retention.
//!
//! ```text
//!            floor            cut
//! ───────────┼────────────────┼──────────▶ τ
//!  released  │ reach of the   │ waiting, or not asked for yet
//!            │ longest window │
//! ```
//!
//! The *floor* follows the cut at the distance of the longest window and lookback: events up to it play no role in any
//! question that can still be asked, and are released. The *horizon* is the least instant whose windows lie after the
//! floor; questions before it are refused.

mod answering;
mod carried;
mod moving;

use crate::delta::{Delta, EventDeltas};
use crate::kept::Kept;
use crate::log::{Changes, Log};
use crate::moved::Moved;
use crate::now::{Gate, Now};
use crate::operator::{Answer, Ask, Asked, Operator, Port};
use crate::paging::Paging;
use crate::question::ReadError;
use crate::report::{AdvanceReport, LogReport, LogStats, StepReport};
use crate::restored::{LogName, Rebuild};
use crate::retention::floor_us;
use crate::shared::SharedLog;
use crate::snapshot::{self, RestoreError, Schema, Section, State, StateColumn, StateKind};
use crate::waiting::{Run, Waiting};
use carried::carried;
use featc_ir::hash::lift_keys;
use featc_ir::plan::LogId;
use featc_ir::{Bug, Type};
use featr_kernels::Value;
use featr_kernels::identity;
use std::collections::BTreeMap;

/// Of the reach, the part by which the floor has to move before memory is looked through: released events take at most
/// this part of what is kept. No result depends on it.
const SWEEP_PART: u64 = 8;

/// Keeps the events of a transform by entity.
#[derive(Debug)]
pub(crate) struct LogOperator {
    id: LogId,
    name: LogName,
    gate: Gate,
    log: Log,
    waiting: Waiting,
    reach_us: Option<u64>,
    /// Events with τ ≤ this have been released.
    floor_us: Option<i64>,
    /// Where the floor was when memory was last looked through.
    swept_us: Option<i64>,
    schema: Schema,
    /// The expressions that events carry, as text.
    carried: Vec<String>,
    to_be_rebuilt: bool,
    output: Port,
}

impl LogOperator {
    pub fn new(id: LogId, log: SharedLog, inputs: &[&Port], paging: Paging) -> Result<LogOperator, Bug> {
        let [Port::Events(gate, rows)] = inputs else {
            return Err(Bug("a log needs the events of one transform as its input".to_owned()));
        };
        let (spec, source) = (log.spec, &gate.source);
        let reach_us = spec.reach_us();
        if log
            .keep_us
            .is_some_and(|keep| reach_us.is_none_or(|reach| reach > keep))
        {
            let name = &rows.name;
            return Err(Bug(format!(
                "log after {name}: events are kept for less than its windows reach"
            )));
        }
        let lift_types: Vec<Type> = rows.lifts.iter().map(|lift| lift.ty).collect();
        let columns = lift_keys(source, rows).into_iter().zip(&lift_types);
        let columns = columns.map(|(key, ty)| StateColumn { key, ty: *ty }).collect();
        Ok(LogOperator {
            id,
            name: LogName {
                source: source.name.clone(),
                transform: rows.name.clone(),
                keys: spec.entity.iter().map(|key| key.name.clone()).collect(),
            },
            output: Port::Slots(gate.clone()),
            gate: gate.clone(),
            reach_us: log.keep_us,
            log: Log::new(spec, (&log.parts, log.of_slot), lift_types, paging),
            waiting: Waiting::default(),
            floor_us: None,
            swept_us: None,
            schema: Schema {
                key: gate.state_key(log.state_key),
                columns,
            },
            carried: carried(source, rows),
            to_be_rebuilt: false,
        })
    }

    /// The least instant that can be answered: its windows begin at the floor. `None`: every one can.
    fn horizon_us(&self) -> Option<i64> {
        let reach = self.floor_us.zip(self.reach_us);
        reach.map(|(floor, reach)| floor.saturating_add_unsigned(reach))
    }

    /// Of the deltas, those that enter and those that wait, by position, and the number of released ones.
    fn split(&self, deltas: &EventDeltas, now: &Now) -> Option<(Vec<u32>, Vec<u32>, u64)> {
        let (until_us, arrivals) = now.visible_until(&self.gate).zip(deltas.arrivals.as_deref())?;
        let (mut enter, mut wait, mut expired) = (Vec::new(), Vec::new(), 0);
        for ((row, arrival), time) in (0u32..).zip(arrivals).zip(&deltas.events.times) {
            if self.floor_us.is_some_and(|floor| *time <= floor) {
                expired += 1;
            } else if i128::from(*arrival) <= until_us {
                enter.push(row);
            } else {
                wait.push(row);
            }
        }
        Some((enter, wait, expired))
    }

    /// Takes in events; returns also how many wait.
    fn take_in(&mut self, deltas: &EventDeltas, now: &Now) -> (Changes, u64) {
        let all = (&deltas.entities, &deltas.events, &deltas.weights);
        let rows = deltas.events.len();
        let Some((enter, wait, expired)) = self.split(deltas, now) else {
            return (self.log.apply(all, 0..rows, self.floor_us), 0);
        };
        self.waiting.put(deltas, &wait);
        let mut changes = Changes {
            expired,
            ..Changes::default()
        };
        for stretch in enter.chunk_by(|left, right| left + 1 == *right) {
            let from = stretch[0] as usize;
            changes += self.log.apply(all, from..from + stretch.len(), None);
        }
        (changes, wait.len() as u64)
    }

    /// Moves the floor along with the cut, and gives up memory from time to time.
    fn release(&mut self, cut_us: i64) -> u64 {
        // Law: release_is_invisible (proofs/theory/Laws.v)
        let floor = floor_us(self.reach_us, cut_us).max(self.floor_us);
        self.floor_us = floor;
        let Some((floor, reach)) = floor.zip(self.reach_us) else {
            return 0;
        };
        let moved = self.swept_us.map_or(u64::MAX, |swept| floor.abs_diff(swept));
        if moved <= reach / SWEEP_PART {
            return 0;
        }
        self.swept_us = Some(floor);
        self.log.release(floor) + self.waiting.release(floor)
    }
}

impl Operator for LogOperator {
    fn output(&self) -> &Port {
        &self.output
    }

    fn step<'a>(&mut self, delta: &Delta<'a>, now: &Now, report: &mut StepReport) -> Option<Delta<'a>> {
        let Delta::Events(deltas) = delta else { return None };
        report.note(&deltas.rows, &deltas.events.times, self.floor_us);
        let (changes, waiting) = self.take_in(deltas, now);
        report.logs.push(LogReport {
            log: self.id,
            transform: deltas.transform.name.clone(),
            filtered: deltas.dropped.filtered,
            null_time: deltas.dropped.null_time,
            null_key: deltas.dropped.null_key,
            rejected: deltas.rejected.clone(),
            inserted: changes.inserted,
            duplicates: changes.duplicates,
            retracted: changes.retracted,
            unknown: changes.unknown,
            expired: changes.expired,
            waiting: waiting + deltas.waiting,
        });
        None
    }

    fn advance(&mut self, now: &Now, report: &mut AdvanceReport) -> Option<Delta<'static>> {
        let released = now.cut_us.map_or(0, |cut_us| self.release(cut_us));
        let mut changes = Changes::default();
        if let Some(until_us) = now.visible_until(&self.gate) {
            changes = self.waiting.let_in(until_us, self.floor_us, &mut self.log);
        }
        report.entered += changes.inserted;
        report.duplicates += changes.duplicates;
        report.retracted += changes.retracted;
        report.unknown += changes.unknown;
        report.expired += changes.expired;
        report.released += released;
        None
    }

    fn read(&self, ask: &Ask, asked: Asked<'_>, _: Vec<Answer>) -> Result<Answer, ReadError> {
        let questions = asked.questions;
        let Ask::Log(ask) = ask else {
            return Ok(Answer::Nothing);
        };
        if self.to_be_rebuilt {
            return Err(ReadError::ToBeRebuilt { log: self.name.clone() });
        }
        let least = questions.times.iter().min().zip(self.horizon_us());
        if let Some((at_us, horizon_us)) = least.filter(|(at_us, horizon_us)| *at_us < horizon_us) {
            return Err(ReadError::BelowHorizon {
                log: self.name.clone(),
                at_us: *at_us,
                horizon_us,
            });
        }
        let answer = self.answer(ask, questions);
        match self.log.failure() {
            None => Ok(Answer::Slots(answer)),
            Some(why) => Err(ReadError::Unreadable {
                log: self.name.clone(),
                why: why.to_owned(),
            }),
        }
    }

    fn state(&self) -> Option<&dyn State> {
        Some(self)
    }

    fn state_mut(&mut self) -> Option<&mut dyn State> {
        Some(self)
    }
}

impl State for LogOperator {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn name(&self) -> LogName {
        self.name.clone()
    }

    fn kind(&self) -> StateKind {
        StateKind::Log
    }

    fn floor_us(&self) -> Option<i64> {
        self.floor_us
    }

    fn entities(&self) -> Vec<Box<[u8]>> {
        self.log.keys()
    }

    fn put_entity(&self, key: &[u8], floor_us: Option<i64>, out: &mut Vec<u8>) -> bool {
        let events = self.log.events_of(key, floor_us);
        if events.is_empty() {
            return false;
        }
        snapshot::put_entity(out, key, &events);
        true
    }

    fn waiting(&self) -> Run {
        self.waiting.sorted(self.log.lift_types(), self.floor_us)
    }

    fn split_off(&mut self, is_theirs: &dyn Fn(&[u8]) -> bool) -> Option<Moved> {
        Some(self.moved_from(is_theirs))
    }

    fn put_moved(&mut self, moved: Moved) {
        self.moved_to(moved);
    }

    fn refuses(&self, section: &Section<'_>, now: &Now) -> Option<Rebuild> {
        let has = |column: &&StateColumn| section.columns.iter().any(|known| known == *column);
        let missing = self.schema.columns.iter().filter(|column| !has(column)).count();
        if missing > 0 {
            return Some(Rebuild::Columns { missing });
        }
        if section.to_be_rebuilt {
            return Some(Rebuild::NotRebuilt);
        }
        let released_us = section.floor_us?;
        let is_gone = self.needed_after_us(now).is_none_or(|needed| needed < released_us);
        is_gone.then_some(Rebuild::Released { until_us: released_us })
    }

    fn restore(&mut self, section: &Section<'_>, now: &Now) -> Result<(), RestoreError> {
        let wanted = self.schema.columns.iter();
        let places = wanted.map(|column| section.columns.iter().position(|known| known == column));
        let places: Option<Vec<usize>> = places.collect();
        let places = places.ok_or(RestoreError::Corrupt("a column is missing"))?;
        self.floor_us = self.needed_after_us(now).max(section.floor_us);
        self.swept_us = self.floor_us;
        let mut body = section.body();
        body.take_entities(section, |key, mut events| {
            let from = self.floor_us.map_or(0, |floor| events.upper_bound(floor));
            if from > 0 {
                events = events.split_off(from);
            }
            events.lifts = places.iter().map(|place| events.lifts[*place].clone()).collect();
            if !events.is_empty() {
                self.log.restore_entity(key, &events);
            }
        })?;
        let mut run = body.take_waiting(section)?;
        run.events.lifts = places.iter().map(|place| run.events.lifts[*place].clone()).collect();
        let until_us = now.visible_until(&self.gate);
        let waits = |arrival: &i64| until_us.is_some_and(|until| i128::from(*arrival) > until);
        if !run.arrivals.iter().all(waits) || !run.is_sorted() {
            return Err(RestoreError::Corrupt("an event waits that should not, or out of order"));
        }
        self.waiting.put_run(run);
        if let Some(floor) = self.floor_us {
            self.waiting.release(floor);
        }
        Ok(())
    }

    fn begin_empty(&mut self, now: &Now) {
        self.to_be_rebuilt = true;
        self.floor_us = self.needed_after_us(now);
        self.swept_us = self.floor_us;
    }

    fn is_to_be_rebuilt(&self) -> bool {
        self.to_be_rebuilt
    }

    fn set_rebuilt(&mut self) {
        self.to_be_rebuilt = false;
    }

    fn needed_after_us(&self, now: &Now) -> Option<i64> {
        floor_us(self.reach_us, now.cut_us?)
    }

    fn stats(&self) -> LogStats {
        let size = self.log.size();
        LogStats {
            name: self.name.clone(),
            transform: self.name.transform.clone(),
            entities: size.entities,
            events: size.events,
            waiting: self.waiting.len() as u64,
            away: size.away,
            pages: size.pages,
            bytes: size.bytes + self.waiting.bytes() as u64,
            horizon_us: self.horizon_us(),
        }
    }

    fn kept(&self, entity: &BTreeMap<String, Value>) -> Option<Kept> {
        let keys = self.name.keys.iter().map(|name| entity.get(name).cloned());
        let key = identity::key_of_values(&keys.collect::<Option<Vec<Value>>>()?);
        let mut events = self.log.events_of(&key, self.floor_us);
        let mut arrivals = vec![None; events.len()];
        let waiting = State::waiting(self);
        let rows = (0u32..).zip(waiting.entities.iter());
        let own: Vec<u32> = rows.filter(|(_, entity)| *entity == key).map(|(row, _)| row).collect();
        arrivals.extend(own.iter().map(|row| Some(waiting.arrivals[*row as usize])));
        events.append(&waiting.events.take(&own));
        Some(Kept {
            log: self.name.clone(),
            columns: self.carried.iter().cloned().zip(events.lifts).collect(),
            times: events.times,
            arrivals,
        })
    }

    fn log(&self) -> Option<&Log> {
        Some(&self.log)
    }

    fn log_mut(&mut self) -> Option<&mut Log> {
        Some(&mut self.log)
    }
}
