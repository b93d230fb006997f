//! `Await`: rows that look into tables with versions, and the transform that they wait in front of.
//!
//! ```text
//! accepted rows ─▶ wait until c ≥ α and c ≥ every instant of a lookup ─▶ transform ─▶ events
//! ```
//!
//! c is the least of the cuts of the source and of the tables. A lookup at an instant up to the cut of its table is what it will
//! always be. An instant may itself be computed from a lookup: of the instants that lie after c one is known for sure, since
//! the lookups that it rests on were made before c; so a row is looked at again when c has come to the least of them.

use super::rows::{apply, check};
use super::table::LookedUp;
use crate::delta::{AcceptedDeltas, AcceptedRows, Delta, EventDeltas};
use crate::now::{Gate, Now};
use crate::operator::{Operator, Port};
use crate::report::{AdvanceReport, LogStats, StepReport};
use crate::restored::{LogName, Rebuild};
use crate::snapshot::{RestoreError, Schema, Section, State, StateColumn, StateKind};
use crate::waiting::{Run, Waiting};
use featc_ir::hash::{state_key, wait_key};
use featc_ir::plan::RowSpec;
use featc_ir::{Bug, Contents, Type};
use featr_kernels::events::Events;
use featr_kernels::rows::lookup_instants;
use featr_kernels::{Batch, Column, StrData, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// Rows wait as events of nobody: at the source's time, with the source's columns, and the arrival after them.
#[derive(Debug)]
pub(crate) struct AwaitOperator {
    spec: Arc<RowSpec>,
    gate: Gate,
    tables: Vec<(String, LookedUp)>,
    waiting: Waiting,
    schema: Schema,
    output: Port,
}

impl AwaitOperator {
    pub fn new(spec: RowSpec, tables: Vec<(String, LookedUp)>, inputs: &[&Port]) -> Result<AwaitOperator, Bug> {
        let [Port::Accepted(source)] = inputs else {
            return Err(Bug(
                "a transform needs the accepted rows of one source as its input".to_owned()
            ));
        };
        check(&spec, source)?;
        let gate = Gate {
            source: source.clone(),
            tables: tables.iter().map(|(name, _)| name.clone()).collect(),
            wait: Some(wait_key(source, &spec)),
        };
        let mut columns: Vec<StateColumn> = Vec::new();
        for column in &source.columns {
            let key = column.name.clone();
            columns.push(StateColumn { key, ty: column.ty });
        }
        columns.push(StateColumn {
            key: String::new(),
            ty: Type::Timestamp,
        });
        let spec = Arc::new(spec);
        Ok(AwaitOperator {
            schema: Schema {
                key: gate.state_key(format!("waiting {}", state_key(source, &spec, &[]))),
                columns,
            },
            output: Port::Events(gate.clone(), spec.clone()),
            spec,
            gate,
            tables,
            waiting: Waiting::default(),
        })
    }

    fn types(&self) -> Vec<Type> {
        self.schema.columns.iter().map(|column| column.ty).collect()
    }

    /// The transform with what the tables hold now.
    fn looking(&self) -> RowSpec {
        let contents: Contents = self
            .tables
            .iter()
            .map(|(name, held)| (name.clone(), held.rows()))
            .collect();
        let mut spec = (*self.spec).clone();
        spec.hold(&contents);
        spec
    }

    /// Accepted rows as they wait.
    fn run(&self, delta: &AcceptedDeltas<'_>) -> Run {
        let AcceptedRows {
            batch, ids, digests, ..
        } = &delta.rows;
        let arrivals = delta.arrivals.clone().unwrap_or_else(|| vec![i64::MIN; batch.rows]);
        let mut lifts = batch.columns.clone();
        lifts.push(instants(&arrivals));
        let events = Events {
            times: batch.column(self.gate.source.time).i64s().to_vec(),
            ids: ids.clone(),
            digests: digests.clone(),
            poison: None,
            lifts,
        };
        Run::of(arrivals, nobody(batch.rows), events, delta.weights.clone())
    }

    /// Of rows the positions of those that are known up to `until_us`, each after when that was, in the order in which they
    /// become events; and of the others until when they wait at least.
    fn judge(&self, spec: &RowSpec, run: &Run, until_us: i128) -> (Vec<(i64, u32)>, Vec<(i64, u32)>) {
        let is_due = |row: &u32| i128::from(run.arrivals[*row as usize]) <= until_us;
        let (due, later): (Vec<u32>, Vec<u32>) = run.rows().partition(is_due);
        let mut wait: Vec<(i64, u32)> = later.iter().map(|row| (run.arrivals[*row as usize], *row)).collect();
        let mut ready = Vec::new();
        let rows = run.events.take(&due);
        let batch = self.batch(&rows);
        let found = lookup_instants(spec, &batch);
        for (place, row) in due.into_iter().enumerate() {
            let own = found.iter().filter(|instants| instants.is_valid(place));
            let own = own.map(|instants| instants.i64s()[place]);
            let arrival = rows.lifts.last().map_or(i64::MIN, |arrivals| arrivals.i64s()[place]);
            let all = std::iter::once(arrival).chain(own);
            let (mut known, mut next) = (i64::MIN, None);
            for instant in all {
                known = known.max(instant);
                if i128::from(instant) > until_us {
                    next = Some(next.map_or(instant, |next: i64| next.min(instant)));
                }
            }
            match next {
                None => ready.push((known, row)),
                Some(next) => wait.push((next, row)),
            }
        }
        // Of one arrival insertions go first.
        ready.sort_by_key(|(known, row)| (*known, run.weights.of(*row as usize), *row));
        (ready, wait)
    }

    /// The columns of the source.
    fn batch(&self, rows: &Events) -> Batch {
        Batch {
            rows: rows.len(),
            columns: rows.lifts[..self.gate.source.columns.len()].to_vec(),
        }
    }

    /// Makes events of what is known by now; the others wait. Gives also the positions of the rows that are known.
    fn let_out(&mut self, run: &Run, now: &Now) -> (EventDeltas, Vec<u32>) {
        let until_us = now.visible_until(&self.gate).unwrap_or(i128::MAX);
        let spec = self.looking();
        let (ready, wait) = self.judge(&spec, run, until_us);
        let rows: Vec<u32> = wait.iter().map(|(_, row)| *row).collect();
        let mut left = run.take(&rows);
        left.arrivals = wait.into_iter().map(|(until, _)| until).collect();
        let waiting = left.len() as u64;
        self.waiting.put_run(left);
        let rows: Vec<u32> = ready.iter().map(|(_, row)| *row).collect();
        let run = run.take(&rows);
        let accepted = AcceptedRows {
            batch: Cow::Owned(self.batch(&run.events)),
            ids: run.events.ids,
            digests: run.events.digests,
            rejected: Vec::new(),
        };
        let keyed = apply(&spec, &accepted);
        let known = keyed.rows.iter().map(|row| ready[*row as usize].0);
        let deltas = EventDeltas {
            transform: self.spec.clone(),
            weights: run.weights.take(&keyed.rows),
            arrivals: Some(known.collect()),
            rejected: accepted.of_view(&keyed.rejected),
            waiting,
            dropped: keyed.dropped,
            rows: keyed.rows,
            entities: keyed.entities,
            events: keyed.events,
        };
        (deltas, rows)
    }
}

fn instants(values: &[i64]) -> Column {
    let values: Vec<Value> = values.iter().map(|us| Value::Timestamp(*us)).collect();
    Column::from_values(Type::Timestamp, &values)
}

fn nobody(rows: usize) -> StrData {
    StrData::empty_rows(rows)
}

impl Operator for AwaitOperator {
    fn output(&self) -> &Port {
        &self.output
    }

    fn step<'a>(&mut self, delta: &Delta<'a>, now: &Now, _report: &mut StepReport) -> Option<Delta<'a>> {
        let Delta::Accepted(delta) = delta else { return None };
        let run = self.run(delta);
        let (mut deltas, rows) = self.let_out(&run, now);
        let place = |row: u32| rows[row as usize];
        let mut rejected = std::mem::take(&mut deltas.rejected);
        rejected
            .iter_mut()
            .for_each(|rejected| rejected.row = place(rejected.row));
        rejected.sort_by_key(|rejected| rejected.row);
        deltas.rejected = delta.rows.placed(rejected);
        deltas.rows.iter_mut().for_each(|row| *row = place(*row));
        Some(Delta::Events(deltas))
    }

    fn advance(&mut self, now: &Now, _report: &mut AdvanceReport) -> Option<Delta<'static>> {
        let until_us = now.visible_until(&self.gate).unwrap_or(i128::MAX);
        let due = self.waiting.take_due(until_us);
        if due.is_empty() {
            return None;
        }
        let mut all = Run::new(&self.types());
        due.iter().for_each(|run| all.append(run));
        let (deltas, _) = self.let_out(&all, now);
        Some(Delta::Events(EventDeltas { waiting: 0, ..deltas }))
    }

    fn state(&self) -> Option<&dyn State> {
        Some(self)
    }

    fn state_mut(&mut self) -> Option<&mut dyn State> {
        Some(self)
    }
}

impl State for AwaitOperator {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn name(&self) -> LogName {
        LogName {
            source: self.gate.source.name.clone(),
            transform: self.spec.name.clone(),
            keys: Vec::new(),
        }
    }

    fn floor_us(&self) -> Option<i64> {
        None
    }

    fn entities(&self) -> Vec<Box<[u8]>> {
        Vec::new()
    }

    fn put_entity(&self, _: &[u8], _: Option<i64>, _: &mut Vec<u8>) -> bool {
        false
    }

    fn kind(&self) -> StateKind {
        StateKind::Queue
    }

    fn waiting(&self) -> Run {
        let mut all = Run::new(&self.types());
        for run in self.waiting.runs() {
            all.append(&run.take(&run.rows().collect::<Vec<u32>>()));
        }
        // Until when a row waits at least depends on when it was looked at last.
        all.arrivals = all
            .events
            .lifts
            .last()
            .map_or_else(Vec::new, |arrivals| arrivals.i64s().to_vec());
        let mut waiting = Waiting::default();
        waiting.put_run(all);
        waiting.sorted(&self.types(), None)
    }

    fn refuses(&self, section: &Section<'_>, _: &Now) -> Option<Rebuild> {
        let has = |column: &&StateColumn| section.columns.iter().any(|known| known == *column);
        let missing = self.schema.columns.iter().filter(|column| !has(column)).count();
        (missing > 0).then_some(Rebuild::Columns { missing })
    }

    fn restore(&mut self, section: &Section<'_>, _: &Now) -> Result<(), RestoreError> {
        let wanted = self.schema.columns.iter();
        let places = wanted.map(|column| section.columns.iter().position(|known| known == column));
        let places: Option<Vec<usize>> = places.collect();
        let places = places.ok_or(RestoreError::Corrupt("a column is missing"))?;
        let mut body = section.body();
        let mut entities = 0;
        body.take_entities(section, |_, _| entities += 1)?;
        let mut run = body.take_waiting(section)?;
        run.events.lifts = places.iter().map(|place| run.events.lifts[*place].clone()).collect();
        let is_nobodys = run.entities.iter().all(<[u8]>::is_empty);
        let arrivals = run.events.lifts.last().map(|arrivals| arrivals.i64s());
        if entities > 0 || !is_nobodys || !run.is_sorted() || arrivals != Some(&run.arrivals[..]) {
            return Err(RestoreError::Corrupt("a row waits that should not, or out of order"));
        }
        self.waiting.put_run(run);
        Ok(())
    }

    fn begin_empty(&mut self, _: &Now) {}

    fn is_to_be_rebuilt(&self) -> bool {
        false
    }

    fn set_rebuilt(&mut self) {}

    fn needed_after_us(&self, _: &Now) -> Option<i64> {
        None
    }

    fn stats(&self) -> LogStats {
        LogStats {
            name: self.name(),
            transform: self.spec.name.clone(),
            entities: 0,
            events: 0,
            waiting: self.waiting.len() as u64,
            away: 0,
            pages: 0,
            bytes: self.waiting.bytes() as u64,
            horizon_us: None,
        }
    }
}
