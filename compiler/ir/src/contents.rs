//! What tables hold, in programs and plans that are about to run.

use crate::expr::{Lookup, Table, TableRows};
use crate::hash;
use crate::plan::{BatchPlan, RowSpec, Rows, StreamGraph};
use crate::program::Program;
use crate::table::{lookups, lookups_mut, note};
use std::collections::BTreeMap;

/// What tables hold, by name.
pub type Contents = BTreeMap<String, TableRows>;

/// Gives a lookup what its table holds.
fn hold(contents: &Contents) -> impl FnMut(&mut Lookup) {
    |lookup| {
        if let Some(rows) = contents.get(&lookup.table.name) {
            lookup.rows = Some(rows.clone());
        }
    }
}

fn hold_rows(rows: &mut Rows, contents: &Contents) {
    lookups_mut(&mut rows.steps.steps, &mut rows.place.time, &mut hold(contents));
}

/// The tables that rows look into, each once, in order of their names; of those that are `unread` only what holds no rows.
fn tables<'a>(all: impl Iterator<Item = &'a Rows>, unread: bool) -> Vec<Table> {
    let mut found = Vec::new();
    for rows in all {
        lookups(&rows.steps.steps, &rows.place.time, &mut |lookup| {
            if !(unread && lookup.rows.is_some()) {
                note(&lookup.table, &mut found);
            }
        });
    }
    found.sort_by(|left, right| left.name.cmp(&right.name));
    found
}

impl Program {
    /// Takes in what tables hold.
    pub fn hold(&mut self, contents: &Contents) {
        self.lookups_mut(&mut hold(contents));
    }
}

impl RowSpec {
    /// Takes in what tables hold.
    pub fn hold(&mut self, contents: &Contents) {
        lookups_mut(&mut self.steps, &mut self.time, &mut hold(contents));
    }
}

impl BatchPlan {
    /// The tables that it looks into, each once.
    pub fn tables(&self) -> Vec<Table> {
        tables(self.pipelines.iter().map(|pipeline| &pipeline.rows), false)
    }

    /// Those that it was not told the rows of.
    pub fn unread_tables(&self) -> Vec<Table> {
        tables(self.pipelines.iter().map(|pipeline| &pipeline.rows), true)
    }

    /// Takes in what tables hold.
    pub fn hold(&mut self, contents: &Contents) {
        for pipeline in &mut self.pipelines {
            hold_rows(&mut pipeline.rows, contents);
        }
    }
}

impl StreamGraph {
    /// The tables that it looks into, each once.
    pub fn tables(&self) -> Vec<Table> {
        tables(self.rows.iter().map(|rows| &rows.rows), false)
    }

    /// Those that it was not told the rows of.
    pub fn unread_tables(&self) -> Vec<Table> {
        tables(self.rows.iter().map(|rows| &rows.rows), true)
    }

    /// Takes in what tables hold. Events have values of theirs, so logs get the keys of such state.
    pub fn hold(&mut self, contents: &Contents) {
        let is_given = self
            .tables()
            .into_iter()
            .any(|table| contents.contains_key(&table.name));
        if !is_given {
            return;
        }
        for rows in &mut self.rows {
            hold_rows(&mut rows.rows, contents);
        }
        for at in 0..self.logs.len() {
            let input = &self.rows[self.logs[at].input.index()];
            let (source, rows) = (self.source(input.input), input.rows.spec());
            self.logs[at].state_key = hash::state_key(&source, &rows, &input.rows.key.entity);
        }
    }
}
