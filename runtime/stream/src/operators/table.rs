//! `Table`: the rows of a table with versions, which transforms look into.
//!
//! Rows count from the moment at which they come, whatever their arrival: a lookup asks for versions that were known by an
//! instant, and is made when the table is known up to there (see `awaiting`).

use crate::delta::Delta;
use crate::now::{Gate, Now};
use crate::operator::{Operator, Port};
use crate::report::{AdvanceReport, LogStats, Reason, Rejected, StepReport};
use crate::restored::{LogName, Rebuild};
use crate::retention::floor_us;
use crate::snapshot::{self, RestoreError, Schema, Section, State, StateColumn, StateKind};
use crate::waiting::Run;
use featc_ir::hash::table_key;
use featc_ir::{Bug, ColumnId, Literal, Table, TableRows, Type};
use featr_kernels::events::Events;
use featr_kernels::{Batch, Column, Value, identity, rows, tables};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// What a table holds, as its operator and those that look into it share it.
#[derive(Debug, Clone)]
pub(crate) struct LookedUp(Arc<RwLock<TableRows>>);

impl LookedUp {
    pub fn new(table: &Table) -> LookedUp {
        LookedUp(Arc::new(RwLock::new(TableRows::new(table.key.clone(), Vec::new()))))
    }

    /// What it holds now.
    pub fn rows(&self) -> TableRows {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change<T>(&self, change: impl FnOnce(&mut TableRows) -> T) -> T {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The entities of its state are the keys of the table; the events of one are its versions, at the instants from which on they
/// hold.
#[derive(Debug)]
pub(crate) struct TableOperator {
    table: Table,
    gate: Gate,
    held: LookedUp,
    /// The keys as bytes.
    keys: HashMap<Box<[u8]>, Vec<Literal>>,
    /// How long before a question an event may have looked into it: `None` for ever.
    keep_us: Option<u64>,
    /// No lookup that may still matter is made at this instant, or before it.
    floor_us: Option<i64>,
    /// Where that was when memory was last looked through.
    swept_us: Option<i64>,
    schema: Schema,
    to_be_rebuilt: bool,
    output: Port,
}

/// Of what is kept, the part by which the floor has to move before memory is looked through.
const SWEEP_PART: u64 = 8;

impl TableOperator {
    pub fn new(table: Table, keep_us: Option<u64>, held: LookedUp, inputs: &[&Port]) -> Result<TableOperator, Bug> {
        let [Port::Rows(source)] = inputs else {
            return Err(Bug("a table needs its rows as its input".to_owned()));
        };
        let columns = table.columns.iter().map(|column| StateColumn {
            key: column.name.clone(),
            ty: column.ty,
        });
        Ok(TableOperator {
            schema: Schema {
                key: table_key(&table),
                columns: columns.collect(),
            },
            gate: Gate::of(source.clone()),
            table,
            held,
            keys: HashMap::new(),
            keep_us,
            floor_us: None,
            swept_us: None,
            to_be_rebuilt: false,
            output: Port::Rest,
        })
    }

    fn key_of(&self, row: &[Value]) -> Vec<Value> {
        self.table.key.iter().map(|id| row[id.index()].clone()).collect()
    }

    /// Puts in a row; whether it was not there.
    fn insert(&mut self, row: &[Value]) -> bool {
        let is_new = self.held.change(|held| tables::insert(&self.table, held, row));
        if is_new {
            let key = self.key_of(row);
            let bytes = identity::key_of_values(&key).into_boxed_slice();
            let key = || key.iter().map(Value::to_literal).collect();
            self.keys.entry(bytes).or_insert_with(key);
        }
        is_new
    }

    /// The versions of a key that a lookup after the floor may find, as events.
    fn versions(&self, key: &[u8]) -> Events {
        let Some(key) = self.keys.get(key) else {
            return Events::new(&self.types());
        };
        let held = self.held.rows();
        let found = tables::findable_after(&self.table, held.of_key(key), self.floor_us);
        let column = |(place, column): (usize, &featc_ir::SourceColumn)| {
            let values: Vec<Value> = found.iter().map(|row| Value::from_literal(&row[place])).collect();
            Column::from_values(column.ty, &values)
        };
        let columns = self.table.columns.iter().enumerate().map(column).collect();
        let batch = Batch {
            rows: found.len(),
            columns,
        };
        let (names, time): (Vec<&str>, ColumnId) = (
            self.table.columns.iter().map(|column| column.name.as_str()).collect(),
            self.gate.source.time,
        );
        let events = Events {
            times: batch.column(time).i64s().to_vec(),
            ids: identity::order_keys(&batch, &self.table.key),
            digests: identity::digests(&batch, &names, None),
            poison: None,
            lifts: batch.columns,
        };
        let mut order: Vec<u32> = (0..events.len() as u32).collect();
        order.sort_by(|left, right| events.compare(*left as usize, &events, *right as usize));
        events.take(&order)
    }

    fn types(&self) -> Vec<Type> {
        self.table.columns.iter().map(|column| column.ty).collect()
    }

    /// Gives up versions that no lookup finds any more; tells how many.
    fn release(&mut self) -> u64 {
        let Some((floor, keep)) = self.floor_us.zip(self.keep_us) else {
            return 0;
        };
        let moved = self.swept_us.map_or(u64::MAX, |swept| floor.abs_diff(swept));
        if moved <= keep / SWEEP_PART {
            return 0;
        }
        self.swept_us = Some(floor);
        let table = &self.table;
        self.held.change(|held| {
            let before = held.rows().len();
            let kept = held.keys().flat_map(|key| {
                let kept = tables::findable_after(table, held.of_key(key), Some(floor));
                kept.into_iter().map(<[Literal]>::to_vec)
            });
            let kept = TableRows::new(table.key.clone(), kept.collect());
            *held = kept;
            (before - held.rows().len()) as u64
        })
    }
}

impl Operator for TableOperator {
    fn output(&self) -> &Port {
        &self.output
    }

    fn step<'a>(&mut self, delta: &Delta<'a>, now: &Now, report: &mut StepReport) -> Option<Delta<'a>> {
        let Delta::Rows(delta) = delta else { return None };
        if !delta.weights.all_inserts() {
            *report = StepReport::all_rejected(delta.batch.rows, Reason::WrongShape);
            return None;
        }
        let verdict = rows::accept(&self.gate.source, delta.batch);
        let until_us = now.visible_until(&self.gate).unwrap_or(i128::MIN);
        let arrivals = rows::arrivals(&self.gate.source, delta.batch).unwrap_or_default();
        let mut least_us = report.least_arrival_us;
        for (row, code) in (0u32..).zip(&verdict.keep) {
            if let Some(reason) = rows::Reason::from_code(*code) {
                let reason = Reason::Row(reason);
                report.rejected.push(Rejected { row, reason });
                continue;
            }
            report.accepted += 1;
            let arrival_us = arrivals[row as usize];
            least_us = least_us.into_iter().chain([arrival_us]).min();
            match i128::from(arrival_us) > until_us {
                true => report.waiting += 1,
                false => report.overdue += u64::from(now.has_cut(&self.gate)),
            }
            self.insert(&delta.batch.row(row as usize));
        }
        report.least_arrival_us = least_us;
        None
    }

    fn advance(&mut self, now: &Now, report: &mut AdvanceReport) -> Option<Delta<'static>> {
        let floor = now.cut_us.and_then(|cut_us| floor_us(self.keep_us, cut_us));
        self.floor_us = floor.max(self.floor_us);
        report.released += self.release();
        None
    }

    fn state(&self) -> Option<&dyn State> {
        Some(self)
    }

    fn state_mut(&mut self) -> Option<&mut dyn State> {
        Some(self)
    }
}

impl State for TableOperator {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn name(&self) -> LogName {
        LogName {
            source: self.table.name.clone(),
            transform: self.table.name.clone(),
            keys: self.table.keys().map(|key| key.name).collect(),
        }
    }

    /// A version may hold for ever: those that are released lie before another one.
    fn floor_us(&self) -> Option<i64> {
        None
    }

    fn entities(&self) -> Vec<Box<[u8]>> {
        self.keys.keys().cloned().collect()
    }

    fn put_entity(&self, key: &[u8], _: Option<i64>, out: &mut Vec<u8>) -> bool {
        let versions = self.versions(key);
        if versions.is_empty() {
            return false;
        }
        snapshot::put_entity(out, key, &versions);
        true
    }

    fn waiting(&self) -> Run {
        Run::new(&self.types())
    }

    fn kind(&self) -> StateKind {
        StateKind::Table
    }

    fn arrival_of(&self, row: &[Value]) -> Option<i64> {
        let arrival = self.table.versions?.arrival.index();
        let key = self.keys.get(&identity::key_of_values(&self.key_of(row))[..])?;
        let held = self.held.rows();
        let row: Vec<Literal> = row.iter().map(Value::to_literal).collect();
        let is_it = |version: &&[Literal]| {
            let mut columns = version.iter().zip(&row).enumerate();
            columns.all(|(place, (known, sent))| place == arrival || known == sent)
        };
        let arrivals = held.of_key(key).filter(is_it).map(|version| match version[arrival] {
            Literal::Timestamp(us) => us,
            _ => i64::MAX,
        });
        arrivals.min()
    }

    fn refuses(&self, section: &Section<'_>, _: &Now) -> Option<Rebuild> {
        if section.columns != self.schema.columns {
            return Some(Rebuild::Columns { missing: 1 });
        }
        section.to_be_rebuilt.then_some(Rebuild::NotRebuilt)
    }

    fn restore(&mut self, section: &Section<'_>, now: &Now) -> Result<(), RestoreError> {
        let mut body = section.body();
        let mut all: Vec<Vec<Value>> = Vec::new();
        body.take_entities(section, |_, events| {
            let row = |row: usize| events.lifts.iter().map(|column| column.value(row)).collect();
            all.extend((0..events.len()).map(row));
        })?;
        if body.take_waiting(section)?.len() > 0 {
            return Err(RestoreError::Corrupt("a version waits"));
        }
        for row in &all {
            self.insert(row);
        }
        self.floor_us = self.needed_after_us(now);
        self.swept_us = self.floor_us;
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
        floor_us(self.keep_us, now.cut_us?)
    }

    fn stats(&self) -> LogStats {
        let held = self.held.rows();
        let keys: usize = self.keys.keys().map(|key| 2 * key.len()).sum();
        let row = self.keys.keys().next().map_or(0, |key| {
            let versions = self.versions(key);
            versions.heap_bytes() / versions.len().max(1)
        });
        LogStats {
            name: self.name(),
            transform: self.table.name.clone(),
            entities: self.keys.len() as u64,
            events: held.rows().len() as u64,
            waiting: 0,
            away: 0,
            pages: 0,
            bytes: (keys + row * held.rows().len()) as u64,
            horizon_us: None,
        }
    }
}
